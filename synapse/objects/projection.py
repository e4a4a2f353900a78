"""Projection: the connections from one layer to another, with their patterns and with
their weights as an array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict, get_args

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import ArrayLike, NDArray

from .. import _checks as checks
from .._initializer import Initializer, Seed, draw, random_generator
from .._typing import Floats, Indices, Ints
from ..engine.draft import every_pair
from ..engine.follower import IdentityObserver
from ..engine.locking import ExclusiveAccess, consistent_read
from ..engine.schema import NONE
from ..engine.store import Store
from ..errors import ArgumentError, ArgumentTypeError, TopologyError
from . import edits, parameters
from .connection import Connection, traces_of
from .parameters import ParameterRows

if TYPE_CHECKING:
    from .layer import Layer


Pattern = Literal["all_to_all", "one_to_one", "all_to_else"]
Kind = Pattern | float | NDArray[Any] | list[Any] | tuple[Any, ...]
"""A connection pattern, given by name, density, mask, or two arrays of ends."""
GateKind = Literal["input", "output", "one_to_one"]

ALL_TO_ALL: Final = "all_to_all"
"""Connect every source to every target, but a neuron to itself only with
``self_connections=True``."""
ONE_TO_ONE: Final = "one_to_one"
"""Connect source i to target i, or in blocks if one layer's size is a multiple of the
other's."""
ALL_TO_ELSE: Final = "all_to_else"
"""Connect every source to every target except itself, even with a delay."""

DRAWN = 1 << 16
"""Number of random numbers that are drawn at a time. According to
``python -m benchmarks.variants projection.DRAWN``, rows take 1.25 times as long with a
tenth, and 1.33 times with ten times."""


GATES = get_args(GateKind)
"""Kinds that select which connections of a projection each neuron gates, see
:meth:`Layer.gate`."""

_NO_ROWS = np.zeros(0, np.int64)
NUMBERS = float, int, np.float64
"""Number types to which weights can be set without a conversion."""


class ProjectOptions(TypedDict, total=False):
    """The options of :meth:`Layer.project`."""

    weights: ArrayLike | None
    initializer: str | Initializer | None
    trainable: bool | None
    self_connections: bool
    sign: int | None
    delay: int | ArrayLike
    seed: Seed


@checks.made_elsewhere
@checks.suggests_attributes("Projection")
class Projection(IdentityObserver, metaclass=checks.AbstractOwnNames):
    """The connections made by one call of ``layer.project``, in the order of creation.

    It contains self-connections, which carry a neuron's state to the next step, only if
    you requested them by the pattern "one_to_one" from a layer to itself, or by
    ``self_connections=True``. See the notes of :meth:`Layer.project`.

    See Also
    --------
    Layer.project : Make a projection.
    Layer.gate : Gate the connections of a projection.
    tie : Make the connections of a projection share weights.

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

    __slots__ = (
        "__weakref__",
        "_count",
        "_first",
        "_found",
        "_shape",
        "_store",
        "_whole",
        "source",
        "target",
    )

    def __init__(
        self,
        store: Any = None,
        first: int = 0,
        count: int = 0,
        source: Any = None,
        target: Any = None,
        full: bool = False,
    ) -> None:
        if not isinstance(store, Store):
            raise ArgumentTypeError("A Projection is made by layer.project(other).")
        self._store = store
        self._first = first
        self._count = count
        # where its weights are, of one program of the store
        self._found: tuple[Any, Ints, ParameterRows] | None = None
        self._whole = (
            True  # False once an identity of a removed connection has been dropped
        )
        # stored, because layers may grow
        self._shape = (len(target), len(source)) if full else None
        self.source: Layer = source
        self.target: Layer = target
        store.follow(self)

    def _moved(self, store: Store, offset: int) -> None:
        """Follow the store, which another store has absorbed."""
        self._store = store
        self._first += offset

    def _renumbered(self, new: NDArray[np.uint32]) -> None:
        """Take over new identities for the connections, whose order has not changed."""
        mine = new[self._first : self._first + self._count]
        left = mine[mine != NONE]
        self._whole = self._whole and len(left) == self._count
        self._first = int(left[0]) if len(left) else 0
        self._count = len(left)

    def _existing(self) -> Ints:
        """Return identities of the connections that still exist. The caller has the
        store in use.
        """
        store = self._store
        return store.editor.identities(store, self._first, self._count)

    _identities = consistent_read(_existing)

    @consistent_read
    def _rows(self, *keys: Any) -> Ints:
        """Return rows of the connections in the shape of the weights, indexed by each
        key in turn. Do not write to them.
        """
        places = self._places()
        rows = self._found_rows() if places is None else places[0]
        for key in keys:
            rows = rows[key]
        return rows

    def _found_rows(self) -> Ints:
        rows = self._store.row_of[self._first : self._first + self._count]
        if not self._whole or (rows == NONE).any():
            raise TopologyError(
                "Connections of this projection have been removed, so its weights are"
                " no longer one array. Iterate over the projection for the remaining"
                " connections."
            )
        rows = rows if self._shape is None else rows.reshape(self._shape).T
        return rows.astype(np.int64)

    def _places(self) -> tuple[Ints, ParameterRows] | None:
        """Return the rows with the positions of their weights, or None if the store is
        not lowered. They are computed once for each topology.
        """
        store = self._store
        program = store.program
        if program.version != store.topology_version:
            return None
        found = self._found
        if found is None or found[0] is not program:
            rows = self._found_rows()
            places = ParameterRows.of(store, "weight", rows.T.reshape(-1))
            found = self._found = program, rows, places
        return found[1:]

    @consistent_read
    def _values(self, *keys: Any) -> Any:
        return self._store["weight"][self._rows(*keys)]

    @property
    def weights(self) -> Weights:
        """Weights as a live array. Settable.

        The shape is (sources, targets) if all pairs are connected, otherwise
        (connections,).
        """
        return Weights(self)

    @weights.setter
    def weights(self, values: ArrayLike) -> None:
        mine = (
            isinstance(values, Weights)
            and values._projection is self
            and not values._keys
        )
        if not mine:  # otherwise `projection.weights *= 2` has set them
            Weights(self)[...] = values

    @property
    def traces(self) -> dict[str, NDArray[Any]]:
        """Traces of the network's rule of synapses, by name, each in the shape of
        :attr:`weights`. Without such a rule, the dict is empty.

        The rule reads these values in the next step, see
        :func:`synapse.plasticity.trace`.
        """
        with ExclusiveAccess(self):
            self._store.ensure_lowered()
            rows = self._rows()
            traces = traces_of(self._store, rows.reshape(-1))
            return {name: values.reshape(rows.shape) for name, values in traces.items()}

    @property
    @consistent_read
    def trainable(self) -> bool:
        """Whether learning updates any of the weights. Settable, for all connections
        that still exist.

        Setting it sets ``connection.trainable`` of each connection. True therefore also
        makes constant error carousels trainable, whereas :meth:`unfreeze` does not.
        Connections that share a weight with one of them are set, too, see
        :func:`synapse.tie`.

        >>> from synapse import Layer
        >>> projection = Layer(2).project(Layer(2))
        >>> projection.trainable = False
        >>> [connection.trainable for connection in projection]
        [False, False, False, False]
        """
        return bool((self._store["trainable"][self._alive_rows()] != 0).any())

    @trainable.setter
    def trainable(self, value: bool) -> None:
        learns = checks.boolean("trainable of a projection", value)
        with ExclusiveAccess(self):
            parameters.set_trainable(
                self._store, "trainable", self._alive_rows(), learns
            )

    def freeze(self) -> None:
        """Freeze the weights, which learning no longer updates until :meth:`unfreeze`.

        Weights tied to a frozen one are frozen with it, see :func:`synapse.tie`.

        See Also
        --------
        Layer.freeze : Freeze all incoming weights and the biases.
        """
        with ExclusiveAccess(self):
            parameters.freeze(self._store, self._alive_rows(), _NO_ROWS)

    def unfreeze(self) -> None:
        """Make frozen weights trainable again, whether they were frozen by
        :meth:`freeze` or by their targets' layer or network.

        Weights that were not trainable before do not change.

        >>> from synapse import Layer
        >>> a, b = Layer(2), Layer(2)
        >>> projection = a.project(b)
        >>> projection.freeze()
        >>> b.trainable, b.trainable_bias  # the biases of b still learn
        (True, True)
        >>> projection.unfreeze()
        >>> projection.trainable
        True
        """
        with ExclusiveAccess(self):
            parameters.freeze(self._store, self._alive_rows(), _NO_ROWS, frozen=False)

    def _alive_rows(self) -> Ints:
        """Return the rows of its connections that still exist."""
        return self._store.row_of[self._identities()].astype(np.int64)

    def __len__(self) -> int:
        return len(self._identities())

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._connections())

    @consistent_read
    def _connections(self) -> list[Connection]:
        return [self._store.edge(identity) for identity in self._identities().tolist()]

    @consistent_read
    def __getitem__(self, index: int) -> Connection:
        identities = self._identities()
        at = checks.index_within("An index of a projection", index, len(identities))
        return self._store.edge(int(identities[at]))

    def _gaters(self, layer: Layer, gate_kind: str) -> Ints:
        """Return the index in `layer` of each connection's gater."""
        checks.choice("kind of a gate", gate_kind, GATES)
        exist = len(self._existing())
        gated, count = {
            "input": ("targets", len(self.target)),
            "output": ("sources", len(self.source)),
            "one_to_one": ("connections", exist),
        }[gate_kind]
        if not exist:
            raise TopologyError(
                "All connections of this projection have been removed; none can be"
                " gated."
            )
        if count == 0 or count % len(layer):
            raise TopologyError(
                f"The number of {gated} must be a multiple of the number"
                f" of gaters, got {count} {gated} and {len(layer)}"
                f" gater{'s' * (len(layer) != 1)}."
            )
        if gate_kind == "one_to_one":
            return np.arange(count) * len(layer) // count
        return self._ends(gate_kind == "input") * len(layer) // count

    def _ends(self, of_targets: bool) -> Ints:
        """Return the index of each connection's source or target in its layer."""
        pairs = self._store.editor.pairs_of(self._first)
        if pairs is not None:
            return pairs[of_targets].astype(np.int64)
        layer, name = (self.target, "target") if of_targets else (self.source, "source")
        return _index_in(layer, self._store[name][self._alive_rows()])

    def __repr__(self) -> str:
        count = checks.pluralize(len(self), "connection")
        return f"<Projection {self.source._label} -> {self.target._label}, {count}>"


class Weights(NDArrayOperatorsMixin):
    """The weights of a projection as an array that reads and writes the weights of the
    network.

    The shape is (sources, targets) for a full projection, otherwise (connections,). The
    object behaves like a NumPy array whose memory is the network. Therefore
    ``w[0, 1] = 0.5``, ``w *= 2`` and ``np.add(w, 1, out=w)`` change the network, and so
    does ``part *= 2`` after ``part = w[1:]``. As in NumPy, ``w * 2``, ``w.copy()``,
    ``np.array(w)``, ``w[mask]`` and ``w[[0, 2]]`` are copies. ``np.asarray(w)`` is a
    read-only copy.

    See Also
    --------
    Projection.weights : Returns this object.

    Examples
    --------
    >>> from synapse import Layer
    >>> projection = Layer(2).project(Layer(2), weights=[[1.0, 2.0], [3.0, 4.0]])
    >>> w = projection.weights
    >>> w *= 2
    >>> row = w[1]
    >>> row -= 6
    >>> projection.weights
    Weights(array([[2., 4.],
           [0., 2.]]))
    """

    __slots__ = ("_keys", "_projection")

    def __init__(self, projection: Projection, keys: tuple[Any, ...] = ()) -> None:
        self._projection = projection
        self._keys = keys

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError(
                "The weights of a projection cannot be converted to an array without a"
                " copy."
            )
        values = np.array(self._projection._values(*self._keys), dtype)
        # np.array(w) asks for a copy of its own
        return values if copy else checks.read_only(values)

    def __array_ufunc__(
        self,
        ufunc: np.ufunc,
        method: str,
        *inputs: Any,
        out: tuple[Any, ...] = (),
        **kwargs: Any,
    ) -> Any:
        changed = inputs[:1] if method == "at" else out
        alone = method == "__call__" and len(out) == 1 and isinstance(out[0], Weights)
        if alone and out[0]._computed(ufunc, inputs, kwargs):
            return out[0]
        live = {
            id(weights): weights for weights in changed if isinstance(weights, Weights)
        }
        with ExclusiveAccess(*(weights._projection for weights in live.values())):
            arrays = {number: np.array(weights) for number, weights in live.items()}

            def plain(operand: Any) -> Any:
                array = np.asarray(operand) if isinstance(operand, Weights) else operand
                return arrays.get(id(operand), array)

            if out:
                kwargs["out"] = tuple(map(plain, out))
            result = getattr(ufunc, method)(*map(plain, inputs), **kwargs)
            for number, weights in live.items():
                weights[...] = arrays[number]
        answer = {id(arrays[number]): weights for number, weights in live.items()}
        if isinstance(result, tuple):
            return tuple(answer.get(id(output), output) for output in result)
        return answer.get(id(result), result)

    def _computed(
        self, ufunc: np.ufunc, passed: Sequence[Any], kwargs: dict[str, Any]
    ) -> bool:
        """Compute all weights of a projection, which may be among the arguments.

        Returns False without changing anything if there is something to check, or if
        another thread may hold the store.
        """
        if self._keys or any(isinstance(p, Weights) and p is not self for p in passed):
            return False

        def compute(column: Floats, places: ParameterRows) -> bool:
            shaped = self._shaped(places.read(column, copy=False))
            new = np.empty_like(shaped)
            ufunc(*(shaped if p is self else p for p in passed), out=(new,), **kwargs)
            values = new.T.reshape(-1)
            fits = checks.sum_of_squares(values) < checks.MAX_SAFE_NUMBER**2
            if fits:
                places.write(column, values)
            return fits

        return self._changed(compute)

    def _shaped(self, values: Floats) -> Floats:
        """Return all weights, given in the order of creation, in their shape."""
        shape = self._projection._shape
        return values if shape is None else values.reshape(shape).T

    def _changed(self, change: Callable[[Floats, ParameterRows], bool]) -> bool:
        """Change a projection's weights by a function of their column and of their
        positions in it. Returns False without changing anything under the conditions of
        :meth:`_computed`.
        """
        projection = self._projection
        store = projection._store
        if store.busy or store.turns:
            return False
        with store.lock:
            found = projection._places() if store is projection._store else None
            if found is None or found[1].checked:
                return False
            try:
                return change(store.columns["weight"], found[1])
            except (IndexError, ValueError):  # of shapes, which are checked again
                return False

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape, which is (sources, targets) or (connections,), or smaller for a
        part.
        """
        return self._projection._rows(*self._keys).shape

    def __len__(self) -> int:
        return len(self._projection._rows(*self._keys))

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        rows = self._projection._rows(*self._keys)
        chosen_rows = rows[key]
        if isinstance(chosen_rows, np.ndarray) and np.may_share_memory(
            chosen_rows, rows
        ):  # NumPy returns a view
            return Weights(self._projection, (*self._keys, key))
        return self._projection._values(*self._keys, key)

    def __setitem__(self, key: Any, values: Any) -> None:
        if type(values) in NUMBERS:
            plain = abs(values) < checks.MAX_SAFE_NUMBER
        else:
            plain = type(values) is np.ndarray and values.dtype == checks.FLOAT64
            plain = plain and checks.sum_of_squares(values) < checks.MAX_SAFE_NUMBER**2

        def assign(column: Floats, places: ParameterRows) -> bool:
            if places.order is None and isinstance(places.rows, slice):
                weights = self._shaped(column[places.rows])
                for of_part in self._keys:
                    weights = weights[of_part]
                weights[key] = values
            else:
                column[self._projection._rows(*self._keys, key)] = values
            return True

        if plain and self._changed(assign):
            return
        weights = checks.finite_array("Weights", values, self._projection._store.dtype)
        with ExclusiveAccess(self._projection):
            rows = self._projection._rows(*self._keys, key)
            parameters.assign(
                self._projection._store, "weight", rows, _fitting(weights, rows)
            )

    def __getattr__(self, name: str) -> Any:
        """Return any other attribute of an array, such as ``dtype`` or ``mean``, from a
        read-only copy.
        """
        if name.startswith("_"):  # looked up by protocols of NumPy, pickle and copy
            raise checks.attribute_error(f"Weights have no {name!r}.")
        return getattr(np.asarray(self), name)

    def __repr__(self) -> str:
        return f"Weights({np.asarray(self)!r})"

    def __str__(self) -> str:
        return str(np.asarray(self))


def _fitting(values: NDArray[Any], rows: Any) -> NDArray[Any]:
    """Broadcast values to the shape of the rows, or raise an error."""
    shape = np.shape(rows)
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        raise ArgumentError(
            checks.expected("Weights", f"of shape {shape}", values.shape)
        ) from None


def connect_layers(
    source: Layer,
    target: Layer,
    pattern: Any,
    weights: Floats | None,
    initializer: str | Initializer | None,
    trainable: bool | None,
    rng: np.random.Generator | None,
    self_connections: bool,
    sign: int = 0,
    delay: int | Floats = 0,
) -> Projection:
    """Make the projection for ``source.project(target)`` from checked arguments, while
    the caller has the stores in use.
    """
    sources: Sequence[Any] = source._neurons
    targets = target._neurons
    is_delayed = bool(delay) if isinstance(delay, int) else True
    if is_delayed and not is_named(pattern, ALL_TO_ELSE):
        sources = [None] * len(source)  # its past: no pair is a self-connection
    chosen: Any = pattern
    if pattern is None:
        itself = sources == targets and (weights is None or weights.ndim < 2)
        chosen = ONE_TO_ONE if itself else ALL_TO_ALL
    if weights is not None and weights.ndim and checks.is_number(chosen):
        raise ArgumentError(
            "`weights` of a projection whose kind is a density must be a number, got an"
            f" array of shape {weights.shape}: its pairs are random. Leave out `kind`"
            " and put NaN where nothing is connected, or pass a mask as the `kind`."
        )
    pairs = pairs_of(chosen, sources, targets, rng, self_connections)
    shape = len(sources), len(targets)
    gaps: Any = weights is not None and weights.shape == shape and np.isnan(weights)
    if pattern is None and gaps is not False and gaps.any():
        pairs = pairs or _numbered(source, target)
        there = ~gaps[pairs]
        pairs = pairs[0][there], pairs[1][there]
    count = shape[0] * shape[1] if pairs is None else len(pairs[0])
    if not count:
        raise TopologyError(
            "The projection must have at least one connection, got none. Pass a"
            " higher density, another mask, weights that are not all NaN, or"
            " self_connections=True to connect neurons to themselves."
        )
    steps = given_delays(delay, source._neurons, targets, pairs, count)
    edits.refuse(source._neurons, targets, pairs, steps)
    full = count == shape[0] * shape[1] and not is_listed(chosen)
    dtype = source._store.dtype
    carousel = is_carousel(chosen, sources, targets)
    if carousel and initializer is not None:
        raise checks.void("initializer", "kind", ONE_TO_ONE)
    signs = edits.signs_of_new(source._neurons, targets, pairs, sign, is_delayed)
    if weights is not None:
        values = given_weights(weights, sources, targets, pairs, count)
        if signs is not None:
            parameters.require_signs(signs, values)
    elif carousel:
        values = np.full(count, 1.0 * (sign or 1))
    else:
        fans = shape if full else (-(-count // shape[1]), -(-count // shape[0]))
        drawn = draw(
            "glorot" if initializer is None else initializer,
            random_generator(rng),
            shape if full else (count,),
            *fans,
            dtype,
        )
        values = parameters.with_signs(drawn.T.ravel(), signs)
    learns = not carousel if trainable is None else bool(trainable)
    store, first_identity = edits.connect_many(
        source._neurons, targets, pairs, values, learns, signs, steps
    )
    return Projection(store, first_identity, count, source, target, full=full)


def _index_in(layer: Layer, rows: NDArray[Any]) -> Ints:
    """Return the positions in a layer of the neurons in these rows."""
    mine = edits.rows_of(layer)
    order = np.argsort(mine)
    return order[np.searchsorted(mine[order], rows)]


def rows_between(source: Layer, target: Layer) -> Ints:
    """Return the rows of all connections without a delay from one layer to another, in
    the order of creation.
    """
    store = source._store
    ends = zip(("source", "target"), (source, target), strict=True)
    here = [np.isin(store[end], edits.rows_of(layer)) for end, layer in ends]
    rows = np.flatnonzero(np.all([*here, store["delay"] == 0], axis=0))
    return rows[np.argsort(store["identity"][rows])]


def between(
    source: Layer, target: Layer, pattern: str | tuple[Indices, Indices]
) -> Projection:
    """Return the projection that ``source.project(target, kind)`` made earlier.

    Raises TopologyError if some of these connections no longer exist or were made in
    another order.
    """
    store = source._store
    rows = rows_between(source, target)
    sources, targets = pairs_of(pattern, source, target) or _numbered(source, target)
    if not is_carousel(pattern, source, target):
        rows = rows[store["source"][rows] != store["target"][rows]]
    numbers = store["identity"][rows].astype(np.int64)
    same = np.array_equal(_index_in(source, store["source"][rows]), sources)
    same = same and np.array_equal(_index_in(target, store["target"][rows]), targets)
    if not same or not len(rows) or (np.diff(numbers) != 1).any():
        ends = f"{source._label} -> {target._label}"
        raise TopologyError(f"Connections {ends} have changed since they were made.")
    full = is_named(pattern, ALL_TO_ALL, ALL_TO_ELSE) and len(rows) == len(
        source
    ) * len(target)
    return Projection(store, int(numbers[0]), len(rows), source, target, full=full)


def require_projection(title: str, projection: Any) -> Projection:
    """Return `projection` if it is a Projection, or raise ArgumentTypeError."""
    checks.require_type(
        isinstance(projection, Projection),
        title,
        "a Projection, as layer.project returns it",
        projection,
    )
    return projection


# --- patterns -------------------------------------------------------------------------


def pairs_of(
    pattern: Any,
    source: Sequence[Any],
    target: Sequence[Any],
    rng: np.random.Generator | None = None,
    self_connections: bool = False,
) -> tuple[Indices, Indices] | None:
    """Return the indices of a pattern's sources and targets, sorted by target, as new
    arrays.

    Returns None if the pattern contains every pair. Pairs of a neuron with itself are
    left out unless `self_connections` is True or the pattern contains no other pairs,
    see :func:`is_carousel`. A mask or list with such pairs raises ArgumentError.
    """
    pairs = _every_pair(pattern, len(source), len(target), rng)
    if (
        self_connections
        or set(source).isdisjoint(target)
        or is_carousel(pattern, source, target)
    ):
        return pairs
    pairs = pairs or _numbered(source, target)
    to_itself = _are_self_connections(source, target, pairs)
    if (
        to_itself.any()
        and not isinstance(pattern, str)
        and not checks.is_number(pattern)
    ):
        form = "list" if is_listed(pattern) else "mask"
        count = checks.pluralize(int(to_itself.sum()), "self-connection")
        raise ArgumentError(
            f"The {form} has {count}. A self-connection carries a neuron's state to the"
            " next step: pass self_connections=True to make them, or leave these pairs"
            " out."
        )
    return (pairs[0][~to_itself], pairs[1][~to_itself]) if to_itself.any() else pairs


def _are_self_connections(
    source: Sequence[Any], target: Sequence[Any], pairs: tuple[Indices, Indices]
) -> NDArray[np.bool_]:
    """Return the mask of pairs in which a neuron is connected to itself."""
    number = {neuron: i for i, neuron in enumerate(source)}
    own_source = np.array([number.get(neuron, -1) for neuron in target])
    return np.asarray(own_source[pairs[1]] == pairs[0])


def given_delays(
    delay: int | Floats,
    source: Sequence[Any],
    target: Sequence[Any],
    pairs: tuple[Indices, Indices] | None,
    count: int,
) -> int | Ints:
    """Return the delays of some pairs in whole steps, as one for all or one for each.
    If `pairs` is None, they are the delays of all pairs.
    """
    if isinstance(delay, int):
        return delay
    shape = len(source), len(target)
    if delay.shape == shape:
        delay = delay.T.ravel() if pairs is None else delay[pairs]
    if delay.shape != (count,):
        raise ArgumentError(
            f"`delay` must be a number or an array of shape {shape} or ({count},), got"
            f" {checks.shape_of(delay)}."
        )
    for value in delay[~((delay >= 0) & (delay % 1 == 0))][:1].tolist():
        message = checks.expected("A delay", checks.DELAYS, value, checks.OF_TIMES)
        raise ArgumentError(message)
    checks.delay("A delay", int(delay.max()))
    steps = delay.astype(np.int64)
    pairs = pairs or every_pair(*map(np.arange, shape))
    if (_are_self_connections(source, target, pairs) & (steps == 0)).any():
        raise ArgumentError(
            "With an array of delays, a connection of a neuron to itself needs a delay"
            " of 1 or more, got 0."
        )
    return steps


def is_named(pattern: Any, *names: str) -> bool:
    """Return whether a pattern has one of these names."""
    return isinstance(pattern, str) and pattern in names


def is_carousel(pattern: Any, source: Sequence[Any], target: Sequence[Any]) -> bool:
    """Return whether a pattern only connects each neuron to itself, which is
    one-to-one within the same layer.
    """
    return is_named(pattern, ONE_TO_ONE) and list(source) == list(target)


def _every_pair(
    pattern: Any, n_sources: int, n_targets: int, rng: np.random.Generator | None
) -> tuple[Indices, Indices] | None:
    """Return all pairs of a pattern, including neurons with themselves, or None if the
    pattern contains every pair.
    """
    whole = not is_listed(pattern) and not is_named(pattern, ONE_TO_ONE)
    checks.require(
        not whole or n_sources * n_targets <= checks.MAX_CONNECTIONS,
        "A projection",
        f"of at most {checks.MAX_CONNECTIONS} pairs",
        f"{n_sources} and {n_targets} neurons",
    )
    if isinstance(pattern, str):
        return _named_pairs(pattern, n_sources, n_targets)
    if checks.is_number(pattern):
        # checked before anything is drawn
        density = checks.fraction("kind of a projection, as a density,", pattern)
        return _random_pairs(density, n_sources, n_targets, random_generator(rng))
    if is_listed(pattern):
        return _listed_pairs(pattern, n_sources, n_targets)
    return _masked_pairs(pattern, n_sources, n_targets)


def _masked_pairs(
    pattern: Any, n_sources: int, n_targets: int
) -> tuple[Indices, Indices]:
    """Return the pairs of a mask, or raise ArgumentError if it is not a mask."""
    mask = _array(pattern)
    if mask.dtype != bool or mask.shape != (n_sources, n_targets):
        condition = (
            f"{ALL_TO_ALL!r}, {ONE_TO_ONE!r}, {ALL_TO_ELSE!r}, a density, a mask of"
            f" booleans of shape ({n_sources}, {n_targets}), or a tuple of two"
            " lists of indices (sources, targets)"
        )
        of_pairs = mask.dtype.kind in "iu" and mask.ndim == 2 and mask.shape[1] == 2
        advice = (
            "For pairs (source, target), pass tuple(zip(*pairs))." if of_pairs else ""
        )
        raise ArgumentError(
            checks.expected("kind of a projection", condition, pattern, advice)
        )
    targets, sources = np.nonzero(mask.T)
    return sources.astype(np.uint32), targets.astype(np.uint32)


def _random_pairs(
    density: float, n_sources: int, n_targets: int, rng: np.random.Generator
) -> tuple[Indices, Indices]:
    """Return pairs drawn at random, each with the probability `density`."""
    parts = []
    some = max(1, DRAWN // n_sources)
    for start in range(
        0, n_targets, some
    ):  # some targets at a time: the draws need much memory
        targets, sources = np.nonzero(
            rng.random((min(some, n_targets - start), n_sources)) < density
        )
        parts.append((sources.astype(np.uint32), (targets + start).astype(np.uint32)))
    return np.concatenate([pairs[0] for pairs in parts]), np.concatenate(
        [pairs[1] for pairs in parts]
    )


def is_listed(pattern: Any) -> bool:
    """Return whether a pattern is a tuple of two lists of indices."""
    return (
        isinstance(pattern, tuple)
        and len(pattern) > 0
        and _array(pattern[0]).dtype.kind in "iu"
    )


def _array(values: Any) -> NDArray[Any]:
    """Return `values` as an array, which is an empty array of objects if that is
    impossible.
    """
    try:
        return checks.any_array("kind of a projection", values, "")
    except ArgumentTypeError:
        return np.empty(0, object)


def _listed_pairs(
    pattern: tuple[Any, ...], n_sources: int, n_targets: int
) -> tuple[Indices, Indices]:
    """Check two lists of indices and return their pairs."""
    title = "A list of pairs"
    condition = (
        f"two lists of equal length: indices of sources below {n_sources} and of"
        f" targets below {n_targets}"
    )
    checks.require(len(pattern) == 2, title, condition, pattern)
    sources, targets = (_array(places) for places in pattern)
    fits = (
        sources.shape == targets.shape
        and sources.ndim == 1
        and targets.dtype.kind in "iu"
    )
    for numbers, stop in ((sources, n_sources), (targets, n_targets)) if fits else ():
        fits = fits and bool(((numbers >= 0) & (numbers < stop)).all())
    checks.require(fits, title, condition, pattern)
    sources, targets = sources.astype(np.int64), targets.astype(np.int64)
    pairs = np.sort(sources * n_targets + targets)  # sooner than by `np.unique`
    if (pairs[1:] == pairs[:-1]).any():
        raise TopologyError(
            "Expected distinct pairs, got one twice. A pair of neurons has one"
            " connection."
        )
    return sources, targets


def _numbered(source: Sequence[Any], target: Sequence[Any]) -> tuple[Indices, Indices]:
    """Return every pair by the indices of its ends."""
    return every_pair(np.arange(len(source)), np.arange(len(target)))


def _named_pairs(
    pattern: str, n_sources: int, n_targets: int
) -> tuple[Indices, Indices] | None:
    if pattern == ONE_TO_ONE:
        larger = max(n_sources, n_targets)
        if larger % min(n_sources, n_targets):
            raise ArgumentError(
                "Expected layers of the same size for a one-to-one projection, or one"
                f" size a multiple of the other, got {n_sources} and {n_targets}."
            )
        index = np.arange(larger)
        return index * n_sources // larger, index * n_targets // larger
    checks.choice(
        "kind of a projection", pattern, (ALL_TO_ALL, ONE_TO_ONE, ALL_TO_ELSE)
    )
    return None


def given_weights(
    values: Floats,
    sources: Sequence[Any],
    targets: Sequence[Any],
    pairs: tuple[Indices, Indices] | None,
    count: int,
) -> Floats:
    """Return the weights of some pairs, or of all pairs if `pairs` is None.

    `values` are one number, one for each pair, or a matrix that is 0 or NaN everywhere
    else.
    """
    shape = len(sources), len(targets)
    if values.shape == shape:
        chosen: Floats = values.T.ravel() if pairs is None else values[pairs]
        lost = values[:0] if pairs is None else np.nan_to_num(values)
        lost[pairs] = 0.0
        for i, j in np.argwhere(lost)[:1].tolist():
            advice = (
                "Pass self_connections=True to connect neurons to themselves."
                if sources[i] is targets[j]
                else "Leave out `kind` to connect all pairs that have a number."
            )
            raise ArgumentError(
                "`weights` must be 0 or NaN where the `kind` connects nothing, got"
                f" {values[i, j]:g} from source {i} to target {j}. {advice}"
            )
        if np.isnan(chosen).any():
            raise ArgumentError(
                "`weights` must be finite where the `kind` connects neurons, got nan. A"
                " matrix without a `kind` has NaN where nothing is connected."
            )
    elif values.shape in ((), (count,)):
        chosen = np.full(count, values)
    else:
        raise ArgumentError(
            f"`weights` must be a number or an array of shape {shape} or ({count},),"
            f" got {checks.shape_of(values)}."
        )
    return chosen
