"""Protocols of neurons, connections, layers and networks for the modules below them,
with the attributes that give their positions in a store.

Only annotations import this module. The order of activation, the live graph and all
edits therefore depend on rows, but on no class that users see.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

import numpy as np

from .._squash import Squash
from .._typing import Ints
from ..engine.store import Store
from .metadata import Metadata


class NeuronHandle(Protocol):
    """A neuron."""

    _store: Store
    _row: int
    name: str
    sign: int | None

    def _require(self) -> Store: ...
    @property
    def squash(self) -> Squash: ...  # noqa: D102
    @property
    def metadata(self) -> Metadata: ...  # noqa: D102


class ConnectionHandle(Protocol):
    """A connection."""

    _store: Store
    _identity: int

    @property
    def _at(self) -> int: ...
    @property
    def gater(self) -> NeuronHandle | None: ...  # noqa: D102


Neurons = Sequence[NeuronHandle]


class LayerHandle(Collection[NeuronHandle], Protocol):
    """A layer."""

    @property
    def name(self) -> str | None: ...  # noqa: D102


class NetworkHandle(Collection[NeuronHandle], Protocol):
    """A network, as a collection of its neurons in the order of activation."""

    _live: Callable[[], Any]
    _unplaced: list[Any]
    _made: Any
    synchronous: bool

    def __getitem__(self, index: int) -> NeuronHandle: ...
    def _admit(self, neurons: Any) -> None: ...
    def _renumber(self, layers: Any) -> None: ...
    def _connection_rows(self) -> Ints: ...
    @property
    def _layers(self) -> Sequence[Any]: ...
    @property
    def _number_now(self) -> int: ...
    @property
    def _store(self) -> Store: ...
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def dtype(self) -> np.dtype[Any]: ...  # noqa: D102
    @property
    def input(self) -> LayerHandle: ...  # noqa: D102
    @property
    def output(self) -> LayerHandle: ...  # noqa: D102
