"""Facts about a network's topology, which are cached until the topology changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from .._cost import Cost
from ..engine.locking import ExclusiveAccess
from ..engine.online import Kernels

Found = TypeVar("Found")


class Facts:
    """The facts that a network has computed about one topology.

    A network has one such object. Because an edit creates another topology, the network
    then takes a new and empty object, which drops all facts together. Properties that
    are a :class:`fact` cache their values here.
    """

    span: NDArray[np.int64] | None = None  # its rows, for kernels; None: not lowered
    kernels: Kernels | None = None  # those of its learning rule

    # the two costs that were asked for last: as they were given, and which they are
    costs: Sequence[tuple[str | Cost | None, Cost]] = ()

    def __init__(self, version: int = 0, doubled: int = 0) -> None:
        self.version = version
        # pairs of connections that a warning has named, in the topology before, too
        self.doubled = doubled


class fact(Generic[Found]):  # noqa: N801 - a decorator, as `property` is
    """A decorator for a network's property that is computed once per topology."""

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
            if network._is_used_elsewhere:
                return self.find(network)
            with ExclusiveAccess(network):  # the facts of one topology
                found = self.find(network)
                network._present_facts().__dict__[self.name] = found
            return found
