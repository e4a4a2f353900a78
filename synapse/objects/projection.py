"""Projection: the connections from one layer to another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import answers, boolean, counted, expected, is_among, is_number, place, require_range
from .._typing import Floats, Indices, Ints
from ..engine.guard import InUse, steady
from ..engine.schema import NONE
from ..engine.store import Store
from ..errors import ArgumentError, ArgumentTypeError, TopologyError
from ..initializers import Initializer
from . import _ties, _wiring
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
from .connection import Connection, connection_at

if TYPE_CHECKING:
    from .layer import Layer


class gate:  # noqa: N801 - a namespace of constants, read as gate.INPUT
    """Ways in which a layer gates a projection, see :meth:`Layer.gate`.

    With ``gate.INPUT``, neuron i of the layer gates the connections into target i. With ``gate.OUTPUT``,
    it gates the connections from source i. With ``gate.ONE_TO_ONE``, it gates connection i. If there are
    k times as many targets, sources or connections as gaters, each neuron gates k neighbours.

    Examples
    --------
    >>> from synapse import Layer, gate
    >>> gaters, source, target = Layer(3), Layer(2), Layer(3)
    >>> projection = source.project(target, seed=0)
    >>> gaters.gate(projection, gate.INPUT)
    >>> len(gaters[0].gated), target[0].incoming[0].gater is gaters[0]
    (2, True)
    """

    INPUT = "input"
    OUTPUT = "output"
    ONE_TO_ONE = "one_to_one"


@answers("Projection")
class Projection:
    """The connections made by one call of ``layer.project``, in the order of creation.

    Self-connections, which carry a neuron's state to the next step, are among them only if they were
    requested: by the pattern ``ONE_TO_ONE`` of a layer to itself, or by ``self_connections=True``. See
    the notes of :meth:`Layer.project`.

    See Also
    --------
    Layer.project : Make a projection.
    Layer.gate : Gate the connections of a projection.
    tie : Let the connections of a projection share weights.

    Examples
    --------
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
        self._whole = True  # False once an identity of a removed connection has been dropped
        self._shape = (len(target), len(source)) if full else None  # stored, because layers may grow
        self.source, self.target = source, target
        store.followers.add(self)

    def _moved(self, store: Store, offset: int) -> None:
        """Follow its store, which has been absorbed by another."""
        self._store = store
        self._first += offset

    def _renumbered(self, new: NDArray[np.uint32]) -> None:
        """Take over new identities of its connections, which are in the same order."""
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
            raise TopologyError(
                "Connections of this projection have been removed, so its weights are no longer one array. "
                "Iterate over the projection for the remaining connections."
            )
        rows = rows if self._shape is None else rows.reshape(self._shape).T
        for key in keys:
            rows = rows[key]
        return rows

    @steady
    def _values(self, *keys: Any) -> Any:
        return self._store["weight"][self._rows(*keys)]

    @property
    def weights(self) -> Weights:
        """Weights as a live array. Settable.

        The shape is (sources, targets) if all pairs are connected, otherwise (connections,).
        """
        return Weights(self)

    @weights.setter
    def weights(self, values: ArrayLike) -> None:
        if not (isinstance(values, Weights) and values.is_whole(self)):  # `projection.weights *= 2`
            Weights(self)[...] = values

    @property
    @steady
    def trainable(self) -> bool:
        """Whether learning updates all of its weights. Settable, for all connections that still exist.

        Setting it also sets the connections that share a weight with one of them, see :func:`synapse.tie`.
        It applies to constant error carousels too, as ``connection.trainable`` does.

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
        at = place("An index of a projection", index, len(identities))
        return connection_at(self._store, int(identities[at]))

    def _gaters(self, layer: Layer, kind: str) -> tuple[Ints, Ints]:
        """Return the identities of the connections, and for each the index in `layer` of its gater."""
        if not is_among(kind, (gate.INPUT, gate.OUTPUT, gate.ONE_TO_ONE)):
            raise ArgumentError(
                expected("The kind of a gate", "gate.INPUT, gate.OUTPUT or gate.ONE_TO_ONE", kind)
            )
        identities = self._identities()
        rows = self._store.row_of[identities]
        if not len(rows):
            raise TopologyError("All connections of this projection have been removed; none can be gated.")
        if kind == gate.INPUT:
            place, count = _index_in(self.target, self._store["target"][rows]), len(self.target)
        elif kind == gate.OUTPUT:
            place, count = _index_in(self.source, self._store["source"][rows]), len(self.source)
        else:
            place, count = np.arange(len(identities)), len(identities)
        if count == 0 or count % len(layer):
            what = {gate.INPUT: "targets", gate.OUTPUT: "sources"}.get(kind, "connections")
            raise TopologyError(
                f"Expected the number of {what} to be a multiple of the number of gaters, "
                f"got {count} {what} and {len(layer)} gater{'s' * (len(layer) != 1)}."
            )
        return identities, place * len(layer) // count

    def __repr__(self) -> str:
        return f"<Projection {self.source.label} -> {self.target.label}, {counted(len(self), 'connection')}>"


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
    """Make the projection of ``source.project(target)`` from checked arguments.

    The caller holds the stores in use.
    """
    itself = target is source or list(target) == list(source)
    chosen: Any = kind if kind is not None else (ONE_TO_ONE if itself else ALL_TO_ALL)
    if weights is not None and weights.ndim == 1 and is_number(chosen):
        advice = "With a density, the number of connections is random."
        raise ArgumentError(expected("Weights of random pairs", "a number or a matrix", weights, advice))
    pairs = pairs_of(chosen, source, target, rng, self_connections)
    if not len(pairs[0]):
        raise TopologyError(
            "Expected the projection to have at least one connection, got none. Give a higher density or "
            "another mask, or self_connections=True to connect neurons to themselves."
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
    learns = not carousel if trainable is None else bool(trainable)
    store, first = _wiring.connect_many(source, target, pairs, values, learns)
    return Projection(store, first, len(pairs[0]), source, target, full)


def _index_in(layer: Layer, rows: NDArray[Any]) -> Ints:
    """Return the positions in a layer of the neurons in these rows."""
    mine = _wiring.rows_of(layer)
    order = np.argsort(mine)
    return order[np.searchsorted(mine[order], rows)]


def rows_between(source: Layer, target: Layer) -> Ints:
    """Return the rows of all connections from one layer to another, in the order of creation."""
    store = source._store
    ends = zip(("source", "target"), (source, target), strict=True)
    rows = np.flatnonzero(
        np.all([np.isin(store[end], _wiring.rows_of(layer)) for end, layer in ends], axis=0)
    )
    return rows[np.argsort(store["identity"][rows])]


def between(source: Layer, target: Layer, kind: str | tuple[Indices, Indices]) -> Projection:
    """Return the projection that ``source.project(target, kind)`` made earlier.

    `kind` is a named pattern, or two lists of numbers.

    Raises
    ------
    TopologyError
        If some of these connections no longer exist, or were made in another order.
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
    """Return `projection` if it is a Projection, or raise ArgumentTypeError."""
    if not isinstance(projection, Projection):
        raise ArgumentTypeError(expected(what, "a Projection, as layer.project returns it", projection))
    return projection
