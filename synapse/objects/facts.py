"""What a network has found out, for as long as it stays true."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from .._cost import Cost
from ..engine.online import Kernels
from .parameters import ParameterRows

Found = TypeVar("Found")


class Facts:
    """What a network has found out about one topology; nothing of a new one is known.

    A network has one such object. An edit makes another topology, for which it takes a
    new one, so that all facts are dropped together. Properties that are a :class:`fact`
    keep their answers here.
    """

    span: NDArray[np.int64] | None = None  # its rows, for kernels; None: not lowered
    kernels: Kernels | None = None  # those of its learning rule
    places: tuple[ParameterRows, ...] | None = None  # of its weights and biases

    # the two costs that were asked for last: as they were given, and which they are
    costs: Sequence[tuple[str | Cost | None, Cost]] = ()

    def __init__(self, version: int = 0, doubled: int = 0) -> None:
        self.version = version
        # pairs of connections that a warning has named, in the topology before, too
        self.doubled = doubled


class fact(Generic[Found]):  # noqa: N801 - a decorator, as `property` is
    """A decorator: a property of a network that is found once for each topology."""

    def __init__(self, find: Callable[[Any], Found]) -> None:
        self.find = find
        self.__doc__ = find.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, network: None, owner: type | None = None) -> fact[Found]: ...
    @overload
    def __get__(self, network: Any, owner: type | None = None) -> Found: ...
    def __get__(self, network: Any, owner: type | None = None) -> Found | fact[Found]:
        if network is None:
            return self
        facts = network._facts
        if facts.version != network._anchor._store.topology_version:
            facts = network._present_facts()
        try:
            return facts.__dict__[self.name]
        except KeyError:
            found = facts.__dict__[self.name] = self.find(network)
            return found
