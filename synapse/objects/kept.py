"""What a network has found out, kept for as long as it stays true."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Generic, TypeVar, overload

Found = TypeVar("Found")
NEVER = 0, None
"""A version that no store has, and no answer."""


class Kept(Generic[Found]):
    """A property of a network that is found once for each version of its store.

    Reading one takes 70 to 200 ns more than comparing versions by hand, as
    :class:`~.stepping.Stepping` does for single steps.
    """

    def __init__(self, find: Callable[[Any], Found], version: str) -> None:
        self.find = find
        self.version = attrgetter(f"_anchor._store.{version}")
        self.__doc__ = find.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = f"{name}_known"

    @overload
    def __get__(self, network: None, owner: type) -> Kept[Found]: ...
    @overload
    def __get__(self, network: Any, owner: type) -> Found: ...
    def __get__(self, network: Any, owner: type) -> Found | Kept[Found]:
        if network is None:
            return self
        version, answer = network.__dict__.get(self.name, NEVER)
        if version != self.version(network):
            answer = self.find(network)
            # Read afterwards: to find the answer may have lowered the store
            network.__dict__[self.name] = self.version(network), answer
        return answer  # type: ignore[no-any-return]


def for_topology(find: Callable[[Any], Found]) -> Kept[Found]:
    """A decorator: a property that is found again after any edit."""
    return Kept(find, "topology_version")


def for_structure(find: Callable[[Any], Found]) -> Kept[Found]:
    """A decorator: a property that is found again after a new neuron, connection, gate
    or squash; weights, biases and what is trainable do not matter.
    """
    return Kept(find, "structure_version")
