"""Projection: the connections that one layer sends to another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _ties, _wiring
from ._checks import boolean, expected, is_among, is_number, place, require_range
from ._live_weights import Weights
from ._patterns import (
    ALL_TO_ALL,
    ALL_TO_ELSE,
    ONE_TO_ONE,
    drawn_weights,
    given_weights,
    is_carousel,
    is_listed,
    is_named,
    pairs_of,
)
from ._typing import Floats, Ints
from .connection import Connection, connection_at
from .engine.guard import InUse, steady
from .engine.schema import NONE
from .engine.store import Store
from .errors import ArgumentError, KindError, TopologyError
from .initializers import Initializer

if TYPE_CHECKING:
    from .layer import Layer


class gate:  # noqa: N801 - a namespace of constants, read as gate.INPUT
    """What a layer gates of a projection: gater i gates ...

    ``INPUT``: what comes into target i; ``OUTPUT``: what leaves source i; ``ONE_TO_ONE``:
    connection i. A layer of n may gate k n of them: each neuron gates k neighbours.
    """

    INPUT = "input"
    OUTPUT = "output"
    ONE_TO_ONE = "one_to_one"


class Projection:
    """What ``layer.project`` returns: connections made together, in the order of making.

    Connections of a neuron with itself, which carry its state to the next step, are among them only where
    they were asked for: the pattern ``ONE_TO_ONE`` of a layer to itself, or ``self_connections=True``. See
    the notes of :meth:`Layer.project`.

    >>> from synapse import Layer
    >>> projection = Layer(2).project(Layer(3), seed=0)
    >>> len(projection), projection.weights.shape
    (6, (2, 3))
    >>> projection.weights[0, 1] = 0.5
    >>> [connection.weight for connection in projection][2]
    0.5
    """

    __slots__ = ("__weakref__", "_count", "_first", "_shape", "_store", "_whole", "source", "target")

    def __init__(
        self, store: Store, first: int, count: int, source: Layer, target: Layer, full: bool
    ) -> None:
        self._store, self._first, self._count = store, first, count
        self._whole = True  # none of its connections has been removed and forgotten
        self._shape = (len(target), len(source)) if full else None  # layers may grow
        self.source, self.target = source, target
        store.followers.add(self)

    def _moved(self, store: Store, offset: int) -> None:
        """Its store has been absorbed by another."""
        self._store = store
        self._first += offset

    def _renumbered(self, new: NDArray[np.uint32]) -> None:
        """Its store has given connections other identities, in the same order."""
        mine = new[self._first : self._first + self._count]
        left = mine[mine != NONE]
        self._whole = self._whole and len(left) == self._count
        self._first, self._count = int(left[0]) if len(left) else 0, len(left)

    @steady
    def _identities(self) -> Ints:
        """Identities of the connections that still exist."""
        every = np.arange(self._first, self._first + self._count)
        alive: Ints = every[self._store.row_of[every] != NONE]
        return alive

    @steady
    def _rows(self, *keys: Any) -> Ints:
        """Rows of the connections, in the shape of the weights; indexed by each key in turn."""
        rows = self._store.row_of[self._first : self._first + self._count].astype(np.int64)
        if not self._whole or (rows == NONE).any():
            raise TopologyError("Connections of this projection have been removed: iterate over those left.")
        rows = rows if self._shape is None else rows.reshape(self._shape).T
        for key in keys:
            rows = rows[key]
        return rows

    @steady
    def _values(self, *keys: Any) -> Any:
        return self._store["weight"][self._rows(*keys)]

    @property
    def weights(self) -> Weights:
        """Its weights as a live array, shape (sources, targets) if full, else (connections,). Settable."""
        return Weights(self)

    @weights.setter
    def weights(self, values: ArrayLike) -> None:
        if not (isinstance(values, Weights) and values.is_whole(self)):  # `projection.weights *= 2`
            Weights(self)[...] = values

    @property
    @steady
    def trainable(self) -> bool:
        """Whether learning moves all of its weights. Settable, for all connections that still exist.

        Connections that share a weight with one of them, see :func:`synapse.tie`, are set with it. A
        constant error carousel is set, too: this names its connections, as ``connection.trainable`` does.

        >>> from synapse import Layer
        >>> projection = Layer(2).project(Layer(2))
        >>> projection.trainable = False
        >>> [connection.trainable for connection in projection]
        [False, False, False, False]
        """
        return bool(self._store["trainable"][self._store.row_of[self._identities()]].all())

    @trainable.setter
    def trainable(self, value: bool) -> None:
        learns = boolean("The trainable of a projection", value)
        with InUse(self):
            rows = self._store.row_of[self._identities()].astype(np.int64)
            self._store.touch()
            _ties.set_trainable(self._store, "trainable", rows, learns)

    def __len__(self) -> int:
        return len(self._identities())

    def __iter__(self) -> Iterator[Connection]:
        return (connection_at(self._store, int(i)) for i in self._identities())

    def __getitem__(self, index: int) -> Connection:
        identities = self._identities()
        at = place("A place in a projection", index, len(identities))
        return connection_at(self._store, int(identities[at]))

    def _gaters(self, layer: Layer, kind: str) -> tuple[Ints, Ints]:
        """Which connection (by identity) is gated by which neuron (by index in `layer`)."""
        if not is_among(kind, (gate.INPUT, gate.OUTPUT, gate.ONE_TO_ONE)):
            raise ArgumentError(
                expected("The kind of a gate", "gate.INPUT, gate.OUTPUT or gate.ONE_TO_ONE", kind)
            )
        identities = self._identities()
        rows = self._store.row_of[identities]
        if not len(rows):
            raise TopologyError("All connections of this projection have been removed: none can be gated.")
        if kind == gate.INPUT:
            place, count = _index_in(self.target, self._store["target"][rows]), len(self.target)
        elif kind == gate.OUTPUT:
            place, count = _index_in(self.source, self._store["source"][rows]), len(self.source)
        else:
            place, count = np.arange(len(identities)), len(identities)
        if count == 0 or count % len(layer):
            what = {gate.INPUT: "targets", gate.OUTPUT: "sources"}.get(kind, "connections")
            raise TopologyError(
                f"A layer of {len(layer)} cannot gate {count} {what}: "
                f"each gater needs a whole number of {what}."
            )
        return identities, place * len(layer) // count

    def __repr__(self) -> str:
        return f"<Projection {self.source.label} -> {self.target.label}, {len(self)} connections>"


def connect_layers(
    source: Layer,
    target: Layer,
    kind: Any,
    weights: Floats | None,
    initializer: str | Initializer,
    trainable: bool | None,
    rng: np.random.Generator,
    self_connections: bool,
) -> Projection:
    """What ``source.project(target)`` does with checked arguments; the caller has the stores in use."""
    itself = target is source or list(target) == list(source)
    chosen: Any = kind if kind is not None else (ONE_TO_ONE if itself else ALL_TO_ALL)
    if weights is not None and weights.ndim == 1 and is_number(chosen):
        raise ArgumentError(expected("Weights of random pairs", "a number or a matrix", weights))
    pairs = pairs_of(chosen, source, target, rng, self_connections)
    if not len(pairs[0]):
        raise TopologyError(
            "The projection would have no connection. Give a higher density or another mask, "
            "or self_connections=True to connect neurons with themselves."
        )
    full, dtype = len(pairs[0]) == len(source) * len(target) and not is_listed(chosen), source._store.dtype
    carousel = is_carousel(chosen, source, target)
    if weights is not None:
        values = given_weights(weights, len(source), len(target), pairs, is_named(chosen, ALL_TO_ALL))
    elif carousel:
        values = np.ones(len(source))
    else:
        values = drawn_weights(initializer, rng, len(source), len(target), pairs, full, dtype)
    require_range("Weights", values, dtype)
    learns = np.full(len(values), not carousel if trainable is None else bool(trainable))
    store, first = _wiring.connect_many(source, target, pairs, values, learns)
    return Projection(store, first, len(pairs[0]), source, target, full)


def _index_in(layer: Layer, rows: NDArray[Any]) -> Ints:
    """The positions in a layer of the neurons in these rows."""
    mine = _wiring.rows_of(layer)
    order = np.argsort(mine)
    return order[np.searchsorted(mine[order], rows)]


def rows_between(source: Layer, target: Layer) -> Ints:
    """The rows of all connections from one layer to another, in the order of making."""
    store = source._store
    ends = zip(("source", "target"), (source, target), strict=True)
    rows = np.flatnonzero(
        np.all([np.isin(store[end], _wiring.rows_of(layer)) for end, layer in ends], axis=0)
    )
    return rows[np.argsort(store["identity"][rows])]


def between(source: Layer, target: Layer, kind: str | tuple[Ints, Ints]) -> Projection:
    """The projection that ``source.project(target, kind)`` returned; of a named pattern or listed pairs.

    Raises
    ------
    TopologyError
        If the connections are not all there, or were not made in that order.
    """
    store, rows = source._store, rows_between(source, target)
    sources, targets = pairs_of(kind, source, target, np.random.default_rng())
    if not is_carousel(kind, source, target):
        rows = rows[store["source"][rows] != store["target"][rows]]
    numbers = store["identity"][rows].astype(np.int64)
    found = _index_in(source, store["source"][rows]), _index_in(target, store["target"][rows])
    same = np.array_equal(found[0], sources) and np.array_equal(found[1], targets)
    if not same or not len(rows) or (np.diff(numbers) != 1).any():
        raise TopologyError(
            f"Connections {source.label} -> {target.label} have changed since they were made."
        )
    full = is_named(kind, ALL_TO_ALL, ALL_TO_ELSE) and len(rows) == len(source) * len(target)
    return Projection(store, int(numbers[0]), len(rows), source, target, full=full)


def require_projection(what: str, projection: Any) -> Projection:
    """Return `projection` if it is a Projection, or raise KindError."""
    if not isinstance(projection, Projection):
        raise KindError(expected(what, "a Projection, as layer.project returns it", projection))
    return projection
