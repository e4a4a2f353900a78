"""Projection: the connections that one layer sends to another, and the patterns they follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import ArrayLike, NDArray

from . import _ties, _wiring
from ._checks import (
    MOST_CONNECTIONS,
    array_of,
    expected,
    finite_array,
    finite_number,
    is_among,
    is_number,
    place,
)
from ._typing import Ints
from .connection import Connection, connection_at
from .engine.guard import InUse, steady
from .engine.schema import NONE
from .engine.store import Store
from .errors import ArgumentError, KindError, TopologyError

if TYPE_CHECKING:
    from .layer import Layer


ALL_TO_ALL = "all_to_all"
"""Every source to every target."""
ONE_TO_ONE = "one_to_one"
"""Source i to target i; of unequal layers, where one size divides the other, blockwise."""
ALL_TO_ELSE = "all_to_else"
"""Every source to every target but itself."""


class gate:  # noqa: N801 - a namespace of constants, read as gate.INPUT
    """What a layer gates of a projection: gater i gates ...

    ``INPUT``: what comes into target i; ``OUTPUT``: what leaves source i; ``ONE_TO_ONE``:
    connection i. A layer of n may gate k n of them: each neuron gates k neighbours.
    """

    INPUT = "input"
    OUTPUT = "output"
    ONE_TO_ONE = "one_to_one"


def pairs_of(kind: Any, n_sources: int, n_targets: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Index pairs (source, target) of a pattern, target by target.

    Those of a neuron with itself are among them; `ALL_TO_ELSE` leaves them out later.
    """
    whole = not is_listed(kind) and not (isinstance(kind, str) and kind == ONE_TO_ONE)
    if whole and n_sources * n_targets > MOST_CONNECTIONS:
        pairs = f"{n_sources} and {n_targets} neurons"
        raise ArgumentError(expected("A projection", f"of at most {MOST_CONNECTIONS} pairs", pairs))
    if isinstance(kind, str):
        return _named_pairs(kind, n_sources, n_targets)
    if is_number(kind):
        density = finite_number("The density of a projection", kind)
        if not 0 < density <= 1:
            raise ArgumentError(expected("The density of a projection", "above 0 and at most 1", kind))
        mask = rng.random((n_targets, n_sources)) < density
    elif is_listed(kind):
        return _listed_pairs(kind, n_sources, n_targets)
    else:
        given = _array(kind)
        if given.dtype != bool or given.shape != (n_sources, n_targets):
            condition = (
                f"{ALL_TO_ALL!r}, {ONE_TO_ONE!r}, {ALL_TO_ELSE!r}, a density, a mask of booleans of shape "
                f"({n_sources}, {n_targets}), or a tuple of the numbers of sources and of targets"
            )
            raise ArgumentError(expected("The kind of a projection", condition, kind))
        mask = given.T
    targets, sources = np.nonzero(mask)
    return sources, targets


def is_listed(kind: Any) -> bool:
    """Whether a pattern is given pair by pair, as two lists of numbers."""
    return isinstance(kind, tuple) and len(kind) > 0 and _array(kind[0]).dtype.kind in "iu"


def _array(values: Any) -> NDArray[Any]:
    """`values` as an array without masked entries; one of objects if that cannot be."""
    try:
        return array_of("The kind of a projection", "", values)
    except KindError:
        return np.empty(0, object)


def _listed_pairs(kind: tuple[Any, ...], n_sources: int, n_targets: int) -> tuple[Ints, Ints]:
    """The pairs that were given one by one, checked."""
    what, condition = "A list of pairs", f"two lists of one length, below {n_sources} and {n_targets}"
    if len(kind) != 2:
        raise ArgumentError(expected(what, condition, kind))
    sources, targets = (_array(part) for part in kind)
    fits = sources.shape == targets.shape and sources.ndim == 1 and targets.dtype.kind in "iu"
    if not fits or not (_within(sources, n_sources) and _within(targets, n_targets)):
        raise ArgumentError(expected(what, condition, kind))
    sources, targets = sources.astype(np.int64), targets.astype(np.int64)
    if len(np.unique(sources * n_targets + targets)) < len(sources):
        raise TopologyError("A pair stands twice in the list. A pair of neurons has one connection at most.")
    return sources, targets


def _within(numbers: NDArray[Any], stop: int) -> bool:
    return not len(numbers) or bool(numbers.min() >= 0 and numbers.max() < stop)


def _named_pairs(kind: str, n_sources: int, n_targets: int) -> tuple[Ints, Ints]:
    if kind == ONE_TO_ONE:
        larger, smaller = max(n_sources, n_targets), min(n_sources, n_targets)
        if larger % smaller:
            raise ArgumentError(
                f"A one-to-one projection needs layers of one size, or one a multiple of the other. "
                f"Got {n_sources} and {n_targets}."
            )
        index = np.arange(larger)
        return index * n_sources // larger, index * n_targets // larger
    if kind not in (ALL_TO_ALL, ALL_TO_ELSE):
        raise ArgumentError(
            expected("The kind of a projection", f"{ALL_TO_ALL!r}, {ONE_TO_ONE!r} or {ALL_TO_ELSE!r}", kind)
        )
    sources = np.tile(np.arange(n_sources), n_targets)
    targets = np.repeat(np.arange(n_targets), n_sources)
    return sources, targets


class Weights(NDArrayOperatorsMixin):
    """The weights of a projection, as an array that reads and writes the live numbers.

    Shape (sources, targets) for a full projection, else (connections,).
    """

    __slots__ = ("_projection",)

    def __init__(self, projection: Projection) -> None:
        self._projection = projection

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        values = self._projection._values()
        return values if dtype is None else values.astype(dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        arrays = [np.asarray(x) if isinstance(x, Weights) else x for x in inputs]
        kwargs.pop("out", None)  # `w *= 2` makes an array, which the projection then takes
        return getattr(ufunc, method)(*arrays, **kwargs)

    @property
    def shape(self) -> tuple[int, ...]:
        """(sources, targets) or (connections,)."""
        return self._projection._rows().shape

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        return np.asarray(self)[key]

    def __setitem__(self, key: Any, values: ArrayLike) -> None:
        weights = finite_array("Weights", values, self._projection._store.dtype)
        with InUse(self._projection):
            rows = self._projection._rows()[key]
            _ties.put(self._projection._store, "weight", rows, _fitting(weights, rows))

    def __repr__(self) -> str:
        return f"Weights({np.asarray(self)!r})"


def _fitting(values: NDArray[Any], rows: Any) -> NDArray[Any]:
    """Values that can be laid onto rows, else an error."""
    shape = np.shape(rows)
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        raise ArgumentError(expected("Weights", f"of shape {shape}", values.shape)) from None


class Projection:
    """What ``layer.project`` returns: connections made together, in the order of making.

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
    def _rows(self) -> Ints:
        """Rows of the connections, in the shape of the weights."""
        rows = self._store.row_of[self._first : self._first + self._count].astype(np.int64)
        if not self._whole or (rows == NONE).any():
            raise TopologyError("Connections of this projection have been removed: iterate over those left.")
        return rows if self._shape is None else rows.reshape(self._shape).T

    @steady
    def _values(self) -> NDArray[Any]:
        values: NDArray[Any] = self._store["weight"][self._rows()]
        return values

    @property
    def weights(self) -> Weights:
        """Its weights, live: shape (sources, targets) for a full projection, else (connections,)."""
        return Weights(self)

    @weights.setter
    def weights(self, values: ArrayLike) -> None:
        Weights(self)[...] = values

    def __len__(self) -> int:
        return len(self._identities())

    def __iter__(self) -> Iterator[Connection]:
        return (connection_at(self._store, int(i)) for i in self._identities())

    def __getitem__(self, index: int) -> Connection:
        identities = self._identities()
        return connection_at(
            self._store, int(identities[place("A place in a projection", index, len(identities))])
        )

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


def _index_in(layer: Layer, rows: NDArray[Any]) -> Ints:
    """Ints, in a layer, of the neurons in these rows."""
    mine = _wiring.rows_of(layer)
    order = np.argsort(mine)
    return order[np.searchsorted(mine[order], rows)]


def between(source: Layer, target: Layer, kind: str | tuple[Ints, Ints]) -> Projection:
    """What ``source.project(target, kind)`` returned, found again; of a named pattern or listed pairs.

    Raises
    ------
    TopologyError
        If the connections are not all there, or were not made in that order.
    """
    store = source._store
    mine = np.isin(store["source"], _wiring.rows_of(source)) & np.isin(
        store["target"], _wiring.rows_of(target)
    )
    sources, targets = pairs_of(kind, len(source), len(target), np.random.default_rng())
    full = isinstance(kind, str) and kind == ALL_TO_ALL
    if isinstance(kind, str) and kind == ALL_TO_ELSE:
        mine &= store["source"] != store["target"]
        sources, targets = sources[sources != targets], targets[sources != targets]
    rows = np.flatnonzero(mine)
    rows = rows[np.argsort(store["identity"][rows])]
    numbers = store["identity"][rows].astype(np.int64)
    found = _index_in(source, store["source"][rows]), _index_in(target, store["target"][rows])
    same = np.array_equal(found[0], sources) and np.array_equal(found[1], targets)
    if not same or not len(rows) or (np.diff(numbers) != 1).any():
        raise TopologyError(
            f"Connections {source.label} -> {target.label} have changed since they were made."
        )
    return Projection(store, int(numbers[0]), len(rows), source, target, full=full)


def require_projection(what: str, projection: Any) -> Projection:
    """`projection` if it is one, else an error."""
    if not isinstance(projection, Projection):
        raise KindError(expected(what, "a Projection, as layer.project returns it", projection))
    return projection
