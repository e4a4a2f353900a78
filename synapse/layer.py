"""Layer: a sequence of neurons with the verbs of one."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _ties, _wiring, graph, initializers
from . import cost as costs
from . import squash as squashes
from ._checks import (
    FLOAT32,
    FLOAT64,
    MOST_NEURONS,
    boolean,
    expected,
    finite_array,
    finite_number,
    float_type,
    integer,
    is_number,
    listed,
    non_negative_number,
    place,
    positive_integer,
    require_range,
    shape_of,
    text,
    vector,
)
from ._random import Seed, random_generator
from ._typing import Floats
from .cost import Cost
from .engine.guard import InUse, steady
from .engine.store import Store
from .errors import ArgumentError, KindError, TopologyError
from .initializers import Initializer, draw
from .neuron import Neuron, require_neuron
from .projection import (
    ALL_TO_ALL,
    ALL_TO_ELSE,
    ONE_TO_ONE,
    Projection,
    is_listed,
    pairs_of,
    require_projection,
)
from .squash import Squash

if TYPE_CHECKING:
    from .network import Network


class Layer(Sequence[Neuron]):
    """A sequence of neurons.

    Parameters
    ----------
    neurons : int or iterable of Neuron
        How many to make, at most 10,000,000, or the neurons themselves.
    squash : str or Squash
        The activation function of neurons that are made.
    bias : float
        Their bias.
    name : str, optional
        What the layer, and with a number each neuron without a name, is called.
    dtype : numpy dtype
        The float of neurons that are made.

    Raises
    ------
    ArgumentError
        If the layer would be empty, or have a neuron twice.

    >>> layer = Layer(3, squash="tanh", name="hidden")
    >>> layer, layer[0]
    (<Layer hidden, 3 neurons>, <Neuron hidden 0, tanh>)
    """

    ALL_TO_ALL = "all_to_all"
    ONE_TO_ONE = "one_to_one"
    ALL_TO_ELSE = "all_to_else"

    def __init__(
        self,
        neurons: int | Iterable[Neuron],
        squash: str | Squash = "logistic",
        bias: float = 0.0,
        name: str | None = None,
        *,
        dtype: Any = np.float64,
    ) -> None:
        squashes.get(squash)
        value = finite_number("The bias of a layer", bias, float_type("The dtype", dtype))
        if name is not None:
            text("The name of a layer", name)
        new = not isinstance(neurons, Iterable) or integer(neurons) is not None
        if new:
            self._neurons = _made(positive_integer("The size of a layer", neurons, MOST_NEURONS), dtype)
        else:
            given = listed("The neurons of a layer", neurons, "how many, or a list of Neurons")
            self._neurons = [require_neuron("What a layer holds", neuron) for neuron in given]
        if not self._neurons:
            raise ArgumentError("A layer must have at least one neuron. Got none.")
        if len(set(self._neurons)) < len(self._neurons):
            raise ArgumentError("A layer cannot hold a neuron twice.")
        self._network: weakref.ref[Network] | None = None
        self._name: str | None = None
        if new:
            self.squash = squash
            self.biases = np.full(len(self), value)
        if name is not None:
            self.name = name

    # --- a sequence ------------------------------------------------------------------------

    @overload
    def __getitem__(self, index: int) -> Neuron: ...
    @overload
    def __getitem__(self, index: slice) -> Layer: ...
    def __getitem__(self, index: int | slice) -> Neuron | Layer:
        if isinstance(index, slice):
            return Layer(self._neurons[index])
        return self._neurons[place("A place in a layer", index, len(self._neurons))]

    def __len__(self) -> int:
        return len(self._neurons)

    def __iter__(self) -> Iterator[Neuron]:
        return iter(self._neurons)

    def append(self, neuron: Neuron) -> None:
        """Add a neuron at the end; where the layer is part of a network, to the network."""
        require_neuron("What a layer holds", neuron)
        with InUse(neuron, *self._alive()):
            neuron._require()
            if neuron in self._neurons:
                raise ArgumentError("A layer cannot hold a neuron twice.")
            network = self._network() if self._network else None
            if network is not None:
                network._admit([neuron])
            self._neurons.append(neuron)
            if self._name and neuron._store.names[neuron._row] is None:
                neuron.name = f"{self._name} {len(self) - 1}"
            if network is not None:
                network._renumber()

    # --- its numbers -----------------------------------------------------------------------

    def _alive(self) -> list[Neuron]:
        """Its neurons, if none of them has been removed from its network.

        Raises
        ------
        TopologyError
            If one has been removed, or the layer has lost all of them.
        """
        if not self._neurons:
            raise TopologyError(
                f"The layer {self.label} has left its network with its last neuron. "
                "Add a new layer: network.add(Layer(...))."
            )
        for neuron in self._neurons:
            neuron._require()
        return self._neurons

    @property
    def _store(self) -> Store:
        return self._alive()[0]._store

    def _vector(self, what: str, values: ArrayLike) -> Floats:
        """A number for each of its neurons, which may be in several stores, that fits their floats."""
        floats = {neuron._store.dtype for neuron in self._alive()}
        return vector(what, values, len(self), FLOAT32 if FLOAT32 in floats else FLOAT64)

    @steady
    def _column(self, name: str) -> NDArray[Any]:
        stores = {neuron._store for neuron in self._alive()}
        if len(stores) == 1:
            return stores.pop()[name][_wiring.rows_of(self._neurons)]
        return np.array([neuron._store[name][neuron._row] for neuron in self._neurons])

    def _set_column(self, name: str, values: NDArray[Any]) -> None:
        with InUse(*self._alive()):
            kept = np.array([neuron._store.serial for neuron in self._neurons])
            rows = _wiring.rows_of(self._neurons)
            for set_them in (_ties.require_agreement, _ties.put):  # nothing is set where any is refused
                for store in {neuron._store for neuron in self._neurons}:
                    mine = kept == store.serial
                    set_them(store, name, rows[mine], values[mine])

    @property
    def name(self) -> str | None:
        """What the layer is called."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = text("The name of a layer", name)
        for i, neuron in enumerate(self._neurons):
            if neuron._row >= 0 and neuron._store.names[neuron._row] is None:
                neuron.name = f"{name} {i}"

    @property
    def label(self) -> str:
        """Its name, or its size where it has none."""
        return self._name or f"of {len(self)}"

    @property
    def activations(self) -> Floats:
        """The activations of its neurons, shape (n,); a copy."""
        return self._column("activation")

    @property
    def states(self) -> Floats:
        """The states of its neurons, shape (n,); a copy."""
        return self._column("state")

    @property
    def biases(self) -> Floats:
        """The biases of its neurons, shape (n,); a copy. Settable."""
        return self._column("bias")

    @biases.setter
    def biases(self, values: ArrayLike) -> None:
        what = "The biases of a layer"
        self._set_column("bias", self._vector(what, finite_array(what, values)))

    @property
    @steady
    def squash(self) -> Squash | None:
        """The activation function of its neurons, None where they differ. Settable.

        Set to `winner`, `maxout` or `softmax`, its neurons compete as one group.
        """
        found = {neuron.squash for neuron in self._alive()}
        return found.pop() if len(found) == 1 else None

    @squash.setter
    def squash(self, squash: str | Squash) -> None:
        function = squashes.get(squash)
        with InUse(*self._alive()):
            for neuron in self._neurons:
                neuron._require_squash(function)
            store = _wiring.join(self._neurons) if function.grouped else None
            for neuron in self._neurons:
                neuron.squash = function
            if store is not None:
                store.join_group(_wiring.rows_of(self._neurons))

    @property
    @steady
    def trainable(self) -> bool:
        """Whether learning moves the biases of all its neurons. Settable."""
        return all(neuron.trainable for neuron in self._alive())

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._set_column("trainable_bias", np.full(len(self), boolean("The trainable of a layer", value)))

    @property
    @steady
    def deterministic(self) -> bool:
        """Whether all its neurons are deterministic, see :attr:`Neuron.deterministic`. Settable."""
        return all(neuron.deterministic for neuron in self._alive())

    @deterministic.setter
    def deterministic(self, value: bool) -> None:
        deterministic = boolean("The deterministic of a layer", value)
        with InUse(*self._alive()):
            for neuron in self._neurons:
                neuron.deterministic = deterministic

    # --- its links -------------------------------------------------------------------------

    def project(
        self,
        target: Layer | Neuron | Network,
        kind: str | float | ArrayLike | tuple[ArrayLike, ArrayLike] | None = None,
        *,
        weights: ArrayLike | None = None,
        initializer: str | Initializer = "uniform",
        trainable: bool | None = None,
        seed: Seed = None,
    ) -> Projection:
        """Connect its neurons to those of another layer, or of itself.

        Parameters
        ----------
        target : Layer, Neuron or Network
            Where to; of a network its input layer.
        kind : str, float, array of bool or tuple of two lists of int
            ``ALL_TO_ALL`` (the default), ``ONE_TO_ONE`` (the default to itself:
            self-connections), ``ALL_TO_ELSE``, a density, a mask of shape (sources, targets), or a
            tuple of two lists of numbers: connection i leads from source ``kind[0][i]`` to target
            ``kind[1][i]``.
        weights : array_like, optional
            The weights: a number, shape (sources, targets) for a full projection, or
            (connections,). Default: drawn by the initializer; 1 for self-connections.
        initializer : str or callable
            See :mod:`synapse.initializers`.
        trainable : bool, optional
            Whether learning moves the weights. Default: all but those of self-connections.
        seed : int or numpy.random.Generator, optional
            Where densities and weights are drawn from.

        Raises
        ------
        KindError
            If the target holds no neurons.
        TopologyError
            If a pair of neurons is connected already; nothing is connected then.
        """
        to = _as_layer("The target of a projection", target)
        rng = random_generator(seed)
        if trainable is not None:
            boolean("The trainable of a projection", trainable)
        if weights is not None:
            weights = finite_array("Weights", weights, self._store.dtype)
        initializers.get(initializer)
        with InUse(*self._alive(), *to._alive()):
            return self._projected(to, kind, weights, initializer, trainable, rng)

    def _receive(
        self, source: Neuron, weight: float | None, trainable: bool | None, seed: Seed
    ) -> Projection:
        """Connect one neuron to every neuron: what ``neuron.project(layer)`` does."""
        weights = None if weight is None else finite_number("A weight", weight, source._store.dtype)
        return Layer([source]).project(self, weights=weights, trainable=trainable, seed=seed)

    def _projected(
        self,
        to: Layer,
        kind: Any,
        weights: Floats | None,
        initializer: str | Initializer,
        trainable: bool | None,
        rng: np.random.Generator,
    ) -> Projection:
        """The same, with the stores in use and defaults to be filled in."""
        itself = to is self or to._neurons == self._neurons
        chosen: Any = kind if kind is not None else (ONE_TO_ONE if itself else ALL_TO_ALL)
        if weights is not None and weights.ndim == 1 and is_number(chosen):
            raise ArgumentError(expected("Weights of random pairs", "a number or a matrix", weights))
        pairs = pairs_of(chosen, len(self), len(to), rng)
        own = _same_neuron(self, to, pairs)
        if isinstance(chosen, str) and chosen == ALL_TO_ELSE:
            pairs, own = (pairs[0][~own], pairs[1][~own]), own[~own]
        if not len(pairs[0]):
            raise TopologyError(
                "The projection would have no connection. Give a higher density or another mask."
            )
        full = len(pairs[0]) == len(self) * len(to) and not is_listed(chosen)
        if weights is None:
            values = _drawn(initializer, rng, len(self), len(to), pairs, full, self._store.dtype)
            values[own] = 1.0
        else:
            values = _given(weights, len(self), len(to), pairs)
        require_range("Weights", values, self._store.dtype)
        learns = ~own if trainable is None else np.full(len(own), bool(trainable))
        store, first = _wiring.connect_many(self, to, pairs, values, learns)
        return Projection(store, first, len(pairs[0]), self, to, full)

    def gate(self, projection: Projection, kind: str) -> None:
        """Let its neurons gate the connections of a projection; see :class:`synapse.gate`.

        Raises
        ------
        TopologyError
            If the numbers do not match or a connection is gated already; nothing is gated then.
        """
        require_projection("What a layer gates", projection)
        with InUse(projection, *self._alive()):
            identities, place = projection._gaters(self, kind)
            _wiring.require_ungated(projection._store, identities)
            store = _wiring.join([*self._neurons, projection[0].source])
            identities, _ = projection._gaters(self, kind)  # joined, they may have other numbers
            _wiring.gate_many([self._neurons[i] for i in place], store, identities)

    # --- its doing -------------------------------------------------------------------------

    def activate(self, values: ArrayLike | None = None) -> Floats:
        """Let its neurons fire, one after the other; shape (n,) of activations.

        Parameters
        ----------
        values : array_like, shape (n,), optional
            Their activations, where they are inputs.
        """
        self._alive()
        if values is None:
            return np.array([neuron.activate() for neuron in self._neurons])
        row = self._vector("The values of a layer", values)
        return np.array(
            [neuron.activate(value) for neuron, value in zip(self._neurons, row.tolist(), strict=True)]
        )

    def propagate(
        self, rate: float = 0.1, targets: ArrayLike | None = None, cost: str | Cost | None = None
    ) -> None:
        """Let its neurons propagate, the last one first; see :meth:`Neuron.propagate`.

        With targets the neurons are the outputs that the cost is of, as in :meth:`Network.propagate`: a mean
        is over all of them. What they share, see :func:`synapse.tie`, moves when all have propagated.

        Parameters
        ----------
        rate : float
            How far weights move; 0 only computes the errors.
        targets : array_like, shape (n,), optional
            What their activations should have been.
        cost : str or Cost, optional
            By what measure. Default: the one that goes with the squashes of the layer.
        """
        step, code = non_negative_number("The rate", rate), 0
        aims = np.full(len(self), np.nan)
        if targets is not None:
            aims = self._vector("The targets of a layer", targets)
            squash = [neuron.squash for neuron in self._neurons]
            measure = costs.matching(squash) if cost is None else costs.get(cost)
            measure.check(squash)
            measure.check_targets(aims[None])
            code = measure.code
        with InUse(*self._alive()), _ties.one_step(neuron._store for neuron in self._neurons):
            for neuron, aim in zip(reversed(self._neurons), reversed(aims.tolist()), strict=True):
                neuron._propagate(step, aim, code, len(self))

    def clear(self) -> None:
        """Forget the context of every neuron; weights stay."""
        for neuron in self._alive():
            neuron.clear()

    def reset(self, seed: Seed = None, initializer: str | Initializer = "uniform") -> None:
        """Forget context and learning: new random biases, and weights of incoming connections.

        What learning does not move keeps its value, see :meth:`Network.reset`.
        """
        rng = random_generator(seed)
        with InUse(*self._alive()):
            for store in {neuron._store: None for neuron in self._neurons}:
                store.ready()
                rows = _wiring.rows_of(neuron for neuron in self._neurons if neuron._store is store)
                _ties.renew(store, np.flatnonzero(np.isin(store["target"], rows)), rows, rng, initializer)
            self.clear()

    def __repr__(self) -> str:
        name = f" {self._name}," if self._name else ""
        return f"<Layer{name} {len(self)} neuron{'' if len(self) == 1 else 's'}>"


def _made(count: int, dtype: Any) -> list[Neuron]:
    """New neurons, all in one store."""
    store = Store(float_type("The dtype", dtype))
    store.add_neurons(count)
    neurons = []
    for row in range(count):
        neuron = Neuron.__new__(Neuron)
        neuron._store, neuron._row = store, row
        neurons.append(neuron)
    store.views = list(neurons)
    graph.follow_added(store, neurons)
    return neurons


def _as_layer(what: str, target: Any) -> Layer:
    """A layer, the layer of one neuron, or the input layer of a network."""
    if isinstance(target, Neuron):
        return Layer([target])
    layer = getattr(target, "input", target)
    if not isinstance(layer, Layer):
        raise KindError(expected(what, "a Layer, a Neuron or a Network", target))
    return layer


def _same_neuron(source: Layer, target: Layer, pairs: tuple[Any, Any]) -> NDArray[np.bool_]:
    """Which pairs connect a neuron with itself."""
    if not set(source._neurons) & set(target._neurons):
        return np.zeros(len(pairs[0]), bool)
    number = {neuron: i for i, neuron in enumerate(source)}
    places = np.array([number.get(neuron, -1) for neuron in target])
    return np.asarray(places[pairs[1]] == pairs[0])


def _drawn(
    initializer: str | Initializer,
    rng: np.random.Generator,
    n_sources: int,
    n_targets: int,
    pairs: tuple[Any, Any],
    full: bool,
    dtype: Any,
) -> Floats:
    if full:
        matrix = draw(initializer, rng, (n_sources, n_targets), n_sources, n_targets, dtype)
        return np.ascontiguousarray(matrix.T).ravel()
    count = len(pairs[0])
    return draw(initializer, rng, (count,), -(-count // n_targets), -(-count // n_sources), dtype)


def _given(values: Floats, n_sources: int, n_targets: int, pairs: tuple[Any, Any]) -> Floats:
    if values.shape == (n_sources, n_targets):
        chosen: Floats = values[pairs]
        return chosen
    if values.shape not in ((), (len(pairs[0]),)):
        raise ArgumentError(
            f"Weights must be a number, ({n_sources}, {n_targets}) or ({len(pairs[0])},) numbers. "
            f"Got {shape_of(values)}."
        )
    return np.broadcast_to(values, (len(pairs[0]),)).copy()
