"""Layer: a sequence of neurons with the methods of a neuron, applied to all of them."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _html, initializers, squash as squashes
from .._checks import (
    MOST_NEURONS,
    answers,
    boolean,
    counted,
    expected,
    finite_array,
    finite_number,
    float_type,
    integer,
    listed,
    place,
    positive_integer,
    read_only,
    text,
    understands,
)
from .._random import Seed, random_generator
from .._typing import Floats
from ..engine.guard import InUse, steady
from ..engine.store import Store
from ..errors import ArgumentError, ArgumentTypeError
from ..initializers import Initializer
from ..squash import Squash
from . import _placing, _ties, _wiring
from ._layer_steps import LayerSteps
from ._patterns import ALL_TO_ALL, ALL_TO_ELSE, ONE_TO_ONE
from .neuron import SPAN, Neuron, require_neuron
from .projection import Projection, connect_layers, require_projection

if TYPE_CHECKING:
    from .network import Network


@answers("Layer")
class Layer(LayerSteps):
    """A sequence of neurons.

    Parameters
    ----------
    neurons : int or iterable of Neuron
        Number of neurons to make, at most 10,000,000; or existing neurons.
    squash : str or Squash
        Activation function of new neurons. Default: "logistic".
    bias : float
        Initial bias of new neurons. Default: 0.
    name : str, optional
        Name of the layer. Neurons without a name get this name and a number.
    dtype : numpy dtype
        Precision of new neurons, float64 (the default) or float32.

    Raises
    ------
    ArgumentError
        If the layer would be empty, or contain a neuron twice.
    ArgumentTypeError
        If `neurons` is neither a whole number nor an iterable of neurons.
    TopologyError
        If one of the neurons has been removed from its network.

    See Also
    --------
    Network : Layers that activate in a fixed order.
    Neuron : A single neuron.

    Examples
    --------
    >>> layer = Layer(3, squash="tanh", name="hidden")
    >>> layer, layer[0]
    (<Layer hidden, 3 neurons>, <Neuron hidden 0, tanh>)
    """

    ALL_TO_ALL, ONE_TO_ONE, ALL_TO_ELSE = ALL_TO_ALL, ONE_TO_ONE, ALL_TO_ELSE

    @understands("Layer")
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
            self._neurons = new_neurons(positive_integer("The size of a layer", neurons, MOST_NEURONS), dtype)
        else:
            given = listed("The neurons of a layer", neurons, "a whole number or a list of Neurons")
            self._neurons = [require_neuron("What a layer holds", neuron) for neuron in given]
        if not self._neurons:
            raise ArgumentError("Expected a layer to have at least one neuron, got none.")
        if len(set(self._neurons)) < len(self._neurons):
            raise ArgumentError("Expected the neurons of a layer to be distinct, got one of them twice.")
        self._network: weakref.ref[Network] | None = None
        self._name: str | None = None
        if new:
            self.squash = squash
            self.biases = np.full(len(self), value)
        if name is not None:
            self.name = name

    # --- neurons ---------------------------------------------------------------------------

    @overload
    def __getitem__(self, index: int) -> Neuron: ...
    @overload
    def __getitem__(self, index: slice) -> Layer: ...
    def __getitem__(self, index: int | slice) -> Neuron | Layer:
        if isinstance(index, slice):
            return Layer(self._neurons[index])
        return self._neurons[place("An index of a layer", index, len(self._neurons))]

    def __len__(self) -> int:
        return len(self._neurons)

    def __iter__(self) -> Iterator[Neuron]:
        return iter(self._neurons)

    def append(self, neuron: Neuron) -> None:
        """Add a neuron at the end. If the layer is part of a network, the neuron joins the network.

        Parameters
        ----------
        neuron : Neuron
            Neuron to add. Without a name, it gets the name of the layer and a number.

        Raises
        ------
        ArgumentError
            If the neuron is in the layer already.
        TopologyError
            If the neuron belongs to another network.

        Warns
        -----
        TopologyWarning
            If a connection or gate of the neuron is late by one step although it closes no cycle.

        Examples
        --------
        >>> layer = Layer(2, name="hidden")
        >>> layer.append(Neuron())
        >>> layer[2]
        <Neuron hidden 2, logistic>
        """
        require_neuron("What a layer holds", neuron)
        with InUse(neuron, *self._alive()):
            neuron._require()
            if neuron in self._neurons:
                raise ArgumentError(f"{neuron!r} is in this layer already.")
            network = self._network() if self._network else None
            if network is not None:
                network._admit([neuron])
            self._neurons.append(neuron)
            if self._name and neuron._store.names[neuron._row] is None:
                neuron.name = f"{self._name} {len(self) - 1}"
            if network is not None:
                network._renumber()
                _placing.settle(network, *_placing.attached(network, [neuron]))

    # --- values ----------------------------------------------------------------------------

    @steady
    def _column(self, name: str) -> NDArray[Any]:
        stores = {neuron._store for neuron in self._alive()}
        if len(stores) == 1:
            return stores.pop()[name][_wiring.rows_of(self._neurons)]
        return np.array([neuron._store[name][neuron._row] for neuron in self._neurons])

    def _set_column(self, name: str, values: NDArray[Any]) -> None:
        with InUse(*self._alive()):
            serials = np.array([neuron._store.serial for neuron in self._neurons])
            rows = _wiring.rows_of(self._neurons)
            for set_them in (_ties.require_agreement, _ties.assign):  # check all before any is set
                for store in {neuron._store for neuron in self._neurons}:
                    mine = serials == store.serial
                    set_them(store, name, rows[mine], values[mine])

    @property
    def name(self) -> str | None:
        """Name of the layer; None if it has none. Settable. Neurons without a name get it with a number."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = text("The name of a layer", name)
        for i, neuron in enumerate(self._neurons):
            if neuron._row >= 0 and neuron._store.names[neuron._row] is None:
                neuron.name = f"{name} {i}"

    @property
    def activations(self) -> Floats:
        """Activations of its neurons, shape (n,); a read-only copy."""
        return read_only(self._column("activation"))

    @property
    def states(self) -> Floats:
        """States of its neurons, shape (n,); a read-only copy."""
        return read_only(self._column("state"))

    @property
    def biases(self) -> Floats:
        """Biases of its neurons, shape (n,); a read-only copy.

        Settable as a whole: ``layer.biases = 2 * layer.biases``.
        """
        return read_only(self._column("bias"))

    @biases.setter
    def biases(self, values: ArrayLike) -> None:
        what = "The biases of a layer"
        self._set_column("bias", self._vector(what, finite_array(what, values)))

    @property
    def cost_weights(self) -> Floats:
        """Factors of its neurons' costs, shape (n,), see :attr:`Neuron.cost_weight`; a read-only copy.

        Settable as a whole: ``net.output.cost_weights = [1.0, 0.1]``.
        """
        return read_only(self._column("cost_weight"))

    @cost_weights.setter
    def cost_weights(self, values: ArrayLike) -> None:
        what = "The cost_weights of a layer"
        weights = self._vector(what, finite_array(what, values))
        if (weights < 0).any():
            raise ArgumentError(expected(what, "0 or above", float(weights.min())))
        with InUse(*self._alive()):
            for neuron, weight in zip(self._neurons, weights.tolist(), strict=True):
                neuron.cost_weight = weight

    @property
    @steady
    def squash(self) -> Squash | None:
        """Activation function of its neurons; None if they differ. Settable.

        If it is set to `winner`, `maxout` or `softmax`, the neurons of the layer compete as one group.
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
        """Whether learning updates the biases of all its neurons, see :attr:`Neuron.trainable`. Settable.

        This does not affect weights; :meth:`freeze` also freezes the weights of incoming connections.
        """
        return all(neuron.trainable for neuron in self._alive())

    @trainable.setter
    def trainable(self, value: bool) -> None:
        learns = boolean("The trainable of a layer", value)
        with InUse(*self._alive()):
            for neuron in self._neurons:
                neuron.trainable = learns

    @property
    @steady
    def deterministic(self) -> bool:
        """Whether all its neurons output their mean, see :attr:`Neuron.deterministic`. Settable."""
        return all(neuron.deterministic for neuron in self._alive())

    @deterministic.setter
    def deterministic(self, value: bool) -> None:
        deterministic = boolean("The deterministic of a layer", value)
        with InUse(*self._alive()):
            for neuron in self._neurons:
                neuron.deterministic = deterministic

    # --- connections -----------------------------------------------------------------------

    @understands("project")
    def project(
        self,
        target: Layer | Neuron | Network,
        kind: str | float | ArrayLike | tuple[ArrayLike, ArrayLike] | None = None,
        *,
        weights: ArrayLike | None = None,
        initializer: str | Initializer = "glorot",
        trainable: bool | None = None,
        self_connections: bool = False,
        seed: Seed = None,
    ) -> Projection:
        """Connect the neurons of this layer to those of another layer, or to each other.

        Parameters
        ----------
        target : Layer, Neuron or Network
            Layer to connect to; for a network, its input layer.
        kind : str, float, array of bool or tuple of two lists of int
            Pattern of the connections: ``ALL_TO_ALL``, ``ONE_TO_ONE``, ``ALL_TO_ELSE``, a density (the
            probability of each connection, above 0 and at most 1), a mask of shape (sources, targets), or
            a tuple of two lists of indices: connection i leads from source ``kind[0][i]`` to target
            ``kind[1][i]``. Default: ``ALL_TO_ALL``; ``ONE_TO_ONE`` from a layer to itself, which makes
            constant error carousels, see the notes.
        weights : array_like, optional
            Weights: a number, or an array of shape (sources, targets) or (connections,). Default: drawn by
            the initializer; 1 for carousels.
        initializer : str or callable
            Initializer of the weights, see :mod:`synapse.initializers`. Default: "glorot", within
            ±sqrt(6 / (fan-in + fan-out)) of the pattern.
        trainable : bool, optional
            Whether learning updates the weights. Default: False for carousels, otherwise True.
        self_connections : bool
            Whether to connect neurons that are in both layers to themselves, too. Default: False. See the
            notes.
        seed : int or numpy.random.Generator, optional
            Seed for densities and weights.

        Returns
        -------
        Projection
            The new connections.

        Raises
        ------
        ArgumentTypeError
            If the target is not a layer, a neuron or a network.
        ArgumentError
            If `kind` or `weights` does not fit the layers. Also if a mask or a list contains a pair of a
            neuron with itself, or a matrix of weights has a weight other than 0 for such a pair, and
            `self_connections` is False.
        TopologyError
            If a pair of neurons is connected already; no connection is made then.

        Warns
        -----
        TopologyWarning
            If a connection is late by one step although it closes no cycle; see :meth:`Network.add`.

        See Also
        --------
        Neuron.disconnect : Remove a connection.
        gate : Gate the connections of a projection.

        Notes
        -----
        A self-connection carries the state of a neuron to its next step, see :meth:`Neuron.project`. It
        differs from other recurrent connections, so patterns leave it out by default. If a layer projects
        to itself, or to a layer with some of its neurons, ``ALL_TO_ALL`` is the same as ``ALL_TO_ELSE``, a
        density applies to the other pairs, and masks and lists with such pairs raise an error. With
        ``self_connections=True`` self-connections are made like the other connections: their weights are
        drawn and trainable, so that each neuron is a leaky integrator.

        The pattern ``ONE_TO_ONE`` from a layer to itself does make self-connections: constant error
        carousels, with weight 1 and not trainable, so that neurons preserve their whole state.

        >>> layer = Layer(3)
        >>> len(layer.project(layer, Layer.ALL_TO_ALL)), layer[0].self_connection
        (6, None)
        >>> [(link.weight, link.trainable) for link in layer.project(layer)]
        [(1.0, False), (1.0, False), (1.0, False)]
        """
        to = _as_layer("The target of a projection", target)
        rng = random_generator(seed)
        if trainable is not None:
            boolean("The trainable of a projection", trainable)
        own = boolean("The self_connections of a projection", self_connections)
        if weights is not None:
            weights = finite_array("Weights", weights, self._store.dtype)
        initializers.get(initializer)
        with InUse(*self._alive(), *to._alive()):
            return connect_layers(self, to, kind, weights, initializer, trainable, rng, own)

    def _receive(
        self, source: Neuron, weight: float | None, trainable: bool | None, seed: Seed
    ) -> Projection:
        """Connect a neuron to every neuron of the layer, for ``neuron.project(layer)``."""
        weights = None if weight is None else finite_number("A weight", weight, source._store.dtype)
        return Layer([source]).project(
            self, weights=weights, initializer=initializers.uniform(SPAN), trainable=trainable, seed=seed
        )

    def gate(self, projection: Projection, kind: str) -> None:
        """Gate the connections of a projection with the neurons of this layer.

        Parameters
        ----------
        projection : Projection
            Connections to gate.
        kind : str
            ``gate.INPUT``, ``gate.OUTPUT`` or ``gate.ONE_TO_ONE``, see :class:`synapse.gate`.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If `kind` is none of these, or `projection` is not a projection.
        TopologyError
            If the number of targets, sources or connections is not a multiple of the number of neurons,
            or a connection is gated already; nothing is gated then.

        Warns
        -----
        TopologyWarning
            If a gate acts late by one step although it closes no cycle; see :meth:`Network.add`.

        See Also
        --------
        Neuron.gate : Gate single connections.
        Neuron.ungate : Stop gating connections.

        Examples
        --------
        >>> from synapse import gate
        >>> inputs, cells, gates = Layer(3), Layer(2), Layer(2)
        >>> projection = inputs.project(cells, seed=0)
        >>> gates.gate(projection, gate.INPUT)
        >>> [connection.gater is gates[1] for connection in cells[1].incoming]
        [True, True, True]
        """
        require_projection("What a layer gates", projection)
        with InUse(projection, *self._alive()):
            identities, place = projection._gaters(self, kind)
            _wiring.require_ungated(projection._store, identities)
            store = _wiring.join([*self._neurons, projection[0].source])
            identities, _ = projection._gaters(self, kind)  # joining stores may change identities
            _wiring.gate_many([self._neurons[i] for i in place], store, identities)

    def __repr__(self) -> str:
        name = f" {self._name}," if self._name else ""
        return f"<Layer{name} {counted(len(self), 'neuron')}>"

    def _repr_html_(self) -> str:
        """The neurons as a table, for notebooks."""
        first = list(self)[: _html.MOST_ROWS]
        names = ("name", "squash", "activation", "state", "bias")
        columns = {name: [getattr(neuron, name) for neuron in first] for name in names}
        columns["squash"] = [getattr(squash, "name", squash) for squash in columns["squash"]]
        return _html.view(repr(self), _html.table(columns, len(self)))


def new_neurons(count: int, dtype: Any) -> list[Neuron]:
    """Make neurons in one store."""
    store = Store(float_type("The dtype", dtype))
    store.add_neurons(count)
    neurons = []
    for row in range(count):
        neuron = Neuron.__new__(Neuron)
        neuron._store, neuron._row = store, row
        neurons.append(neuron)
    store.views = list(neurons)
    return neurons


def _as_layer(what: str, target: Any) -> Layer:
    """Return a layer as it is, a layer of one neuron, or the input layer of a network."""
    if isinstance(target, Neuron):
        return Layer([target])
    layer = getattr(target, "input", target)
    if not isinstance(layer, Layer):
        raise ArgumentTypeError(expected(what, "a Layer, a Neuron or a Network", target))
    return layer


LAYERS = "a Layer or a list of Layers"
"""Accepted parts of a network, for messages."""


def flat_layers(given: Iterable[Any]) -> list[Layer]:
    """Return layers, and lists of layers, as one list of at least two; an error for anything else."""
    layers: list[Layer] = []
    for one in given:
        if isinstance(one, Layer | Neuron | int):
            layers.append(_require_layer(one))
        elif isinstance(one, Mapping) and one:
            raise _not_a_layer(one, "Use Network(input=a, hidden=[b], output=c).")
        else:
            layers += map(_require_layer, listed("A part of a network", one, LAYERS))
    if len(layers) < 2:
        raise ArgumentError(
            f"Expected an input layer and an output layer, got {'1 layer' if layers else 'none'}."
        )
    return layers


def _require_layer(layer: Any) -> Layer:
    if isinstance(layer, Layer):
        return layer
    if isinstance(layer, Neuron):
        raise _not_a_layer(layer, "Wrap neurons in a layer: Layer([neuron]).")
    sizes = isinstance(layer, int) and not isinstance(layer, bool)
    raise _not_a_layer(layer, "architect.Perceptron(2, 3, 1) takes sizes." if sizes else "")


def _not_a_layer(given: Any, advice: str) -> ArgumentTypeError:
    return ArgumentTypeError(expected("A part of a network", LAYERS, given, advice))
