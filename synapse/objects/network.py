"""Network: layers of neurons that activate in a fixed order."""

from __future__ import annotations

import copyreg
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, count
from operator import attrgetter, eq
from typing import Any, ClassVar, Literal, Self, Unpack, cast, overload

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks as checks
from .._initializer import Seed, random_generator
from .._typing import Floats, Ints
from ..engine.functions.activations import RANDOM
from ..engine.locking import ExclusiveAccess, atomic, consistent_read
from ..engine.schema import HIDDEN, INPUT, OUTPUT
from ..engine.store import Store
from ..errors import (
    ArgumentError,
    ArgumentTypeError,
    SynapseError,
    TopologyError,
    UnknownNameError,
)
from . import anew, edits, graph, order, parameters
from .calling import locked
from .connection import Connection
from .connection_sequence import Connections
from .facts import Facts, fact
from .groups import require_neighbors
from .layer import ExclusiveLayerAccess, Layer, flat_layers
from .neuron import Neuron, require_neuron
from .neuron_rows import NeuronRows
from .projection import GateKind, Kind, Projection, ProjectOptions
from .propagating import Propagating

ERRORS = "responsibility", "projected", "gated"
"""Columns that hold a neuron's error."""


@checks.fixed_attributes
@checks.suggests_attributes("Network")
class Network(NeuronRows, Propagating, metaclass=checks.AbstractOwnNames):
    """Layers that activate in a fixed order: inputs, hidden layers, outputs.

    Within a layer, too, one neuron activates after the other. Connections with
    ``delay=1`` carry activations of the previous step in any order, and a layer whose
    own connections all have this delay therefore steps as a whole, see :class:`Layer`.
    With ``synchronous=True``, the whole network does.

    Parameters
    ----------
    *layers : Layer or list of Layer
        Input layer, hidden layers and output layer, in their order of activation, such
        as ``Network(a, b, c)``. You can put the hidden layers into a list:
        ``Network(a, [b], c)``.
    input, output : Layer, optional
        Input layer and output layer as keywords, instead of by position.
    hidden : list of Layer, optional
        Hidden layers as a keyword. They follow the layers that are given by position.
    name : str, optional
        Name of the network. Default: the name of its class.
    synchronous : bool
        Whether all neurons except the inputs activate together, so that a connection
        between two of them always arrives one step later, see :attr:`synchronous`.
        Default: False, so that neurons activate in order.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there are fewer than two layers, or one of the parts is not a layer.
    TopologyError
        If a neuron is in two layers or belongs to another network.

    Warns
    -----
    TopologyWarning
        If a network runs without any connection into its outputs. The warning appears
        once for each topology.

    See Also
    --------
    Trainer : Train a network on data.
    record : Record values of neurons and connections over time.
    save : Write a network to a file.
    load : Read a network from a file.
    from_networkx : Make a network from a graph.

    Notes
    -----
    As soon as you hold no reference to a network, another network can use its neurons.
    Until then they keep their order of activation, so that no result depends on when
    Python collects the object.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> a, b = Layer(2), Layer(1)
    >>> _ = a.project(b, weights=1.0)
    >>> net = Network(a, b)
    >>> net.activate([1.0, -1.0])
    array([0.5])
    >>> net
    <Network 2-1, 3 neurons, 2 connections>
    """

    # weak reference to its graph
    _live: Callable[[], graph.LiveGraph | None] = staticmethod(lambda: None)
    _noun = "network"
    _made: anew.Made | None = None
    """Arguments that made the network, if its class takes a seed."""
    _copied: ClassVar[Callable[[Any], Network]]
    """Function that returns a copy. The package sets it, because only the package knows
    all classes of networks."""
    _drawn: ClassVar[Callable[[Any], str]]
    """Function that returns a drawing. The package sets it, because it imports the
    module that draws."""
    _left_out: ClassVar[tuple[str, ...]] = ()
    """Prefixes of layer names. ``repr`` leaves out the sizes of layers with them."""

    @classmethod
    def _provide(cls, **functions: Callable[[Any], Any]) -> None:
        """Set methods that need higher modules. The higher modules call this."""
        for name, function in functions.items():
            setattr(cls, name, function)

    @checks.suggests_arguments("Network")
    def __init__(
        self,
        *layers: Layer | Iterable[Layer],
        input: Layer | None = None,
        hidden: Iterable[Layer] = (),
        output: Layer | None = None,
        name: str | None = None,
        synchronous: bool = False,
    ) -> None:
        together = checks.boolean("synchronous of a network", synchronous)
        ends = [[] if layer is None else [layer] for layer in (input, output)]
        parts = flat_layers([*ends[0], *layers, hidden, *ends[1]])
        label = None if name is None else checks.text("name of a network", name)
        with ExclusiveLayerAccess(*parts, columns=False):
            neurons = [neuron for layer in parts for neuron in layer]
            if len(set(neurons)) < len(neurons):
                raise TopologyError(
                    "Expected each neuron of a network in one layer, got a neuron in"
                    " two."
                )
            edits.require_free(neurons)
            edits.refuse_softmax(neurons[: -len(parts[-1])])
            self._begin(parts, label)
            require_neighbors(parts)
            store = edits.join(neurons)
            store.make_columns()
            rows = edits.rows_of(neurons)
            store["synchronous"][rows] = together
            if self._made is None:  # else its class gives them again
                store["initial_bias"][rows] = store["bias"][rows]
            self._enter(store)

    def _begin(self, layers: list[Layer], name: str | None) -> None:
        """Make this a network of these layers, which do not refer to it yet, nor does
        their store.
        """
        self._layers = layers
        # new layers without a fixed place, until the next step
        self._unplaced: list[Layer] = []
        self._name = name
        self._metadata: dict[str, Any] = {}
        self._anchor = layers[0]._neurons[0]
        self._n_inputs = len(layers[0])
        self._n_outputs = len(layers[-1])

    def _enter(self, store: Store) -> None:
        """Enter the network into the store and into its layers."""
        store["network"][self._anchor._row] = store.new_network(self)
        self._renumber(self._layers)
        self._name_layers()

    def _copy_from(self, network: Network, layers: list[Layer], store: Store) -> None:
        """Make this a copy of `network`, given the copied layers and store."""
        self._begin(layers, network.name)
        self._made = network._made
        self._metadata = checks.json_object("net.metadata", network.metadata)
        self._facts = Facts(doubled=network._facts.doubled)
        reference = store.networks[network._number_now] = weakref.ref(self)
        for layer in layers:
            layer._network = reference
        if network._is_untraced:
            self._note_untraced()

    # --- parts ------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Name of the network. Default: the name of its class."""
        return self._name or type(self).__name__

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Layers, in the order in which they activate."""
        return checks.HintTuple(self._layers)

    @property
    def input(self) -> Layer:
        """Input layer."""
        return self._layers[0]

    @property
    def hidden(self) -> tuple[Layer, ...]:
        """Hidden layers, which lie between the input layer and the output layer."""
        return tuple(self._layers[1:-1])

    @property
    def neurons(self) -> list[Neuron]:
        """Neurons, in the order in which they activate."""
        return checks.UncallableList(self, "net.neurons")

    @overload
    def __getitem__(self, index: int) -> Neuron: ...
    @overload
    def __getitem__(self, index: slice) -> list[Neuron]: ...
    @overload
    def __getitem__(self, index: str) -> Any: ...
    def __getitem__(self, index: int | slice | str) -> Neuron | list[Neuron] | Layer:
        """Return a layer or a neuron by its name, a neuron by its index, or a list of
        neurons by a slice.

        If a layer and a neuron have the same name, the layer is returned.

        >>> import synapse
        >>> edges = {"source": ["ASH", "AVA"], "target": ["AVA", "VA01"]}
        >>> net = synapse.from_edges(edges, seed=0)
        >>> net["AVA"], net["input"]
        (<Neuron AVA, logistic>, <Layer input, 1 neuron>)
        """
        if isinstance(index, slice):
            return self.neurons[index]
        if not isinstance(index, str):
            neurons = self.neurons
            return neurons[
                checks.index_within("An index of a network", index, len(neurons))
            ]
        for layer in self._layers:
            if layer.name == index:
                return layer
        return self._neuron_named(index)

    @consistent_read
    def _neuron_named(self, name: str) -> Neuron:
        """Return the neuron with this name, or raise ArgumentError if there is not
        exactly one.
        """
        store = self._store
        rows = self._rows().tolist()
        names = [store.names[row] or f"neuron {row}" for row in rows]
        if names.count(name) == 1:
            return store.handles[rows[names.index(name)]]
        if name in names:
            count = names.count(name)
            raise ArgumentError(
                f"{self!r} has {count} neurons named {name!r}. Use their indices."
            )
        labels = [layer._label for layer in self._layers]
        hint = checks.suggestion(name, [*labels, *names])
        raise ArgumentError(
            f"{self!r} has no layer and no neuron named {name!r}.{hint} Its layers are:"
            f" {', '.join(labels)}."
        )

    def __len__(self) -> int:
        return sum([len(layer._neurons) for layer in self._layers])

    def __iter__(self) -> Iterator[Neuron]:
        return chain.from_iterable(self._layers)

    @property
    @consistent_read
    def connections(self) -> Connections:
        """Connections between the network's neurons, including self-connections, in the
        order of creation.

        The sequence contains the connections that exist now, but creates their objects
        only when you access them.
        """
        store = self._store
        store.ensure_lowered()  # it may renumber the connections
        return Connections(store, self._connection_identities)

    @fact
    def _connection_identities(self) -> NDArray[np.uint32]:
        """Identities of the network's connections, in the order of creation."""
        return self._store["identity"][self._connection_rows()]

    @overload
    def select(
        self, what: Literal["neurons"] = "neurons", /, **wanted: Any
    ) -> list[Neuron]: ...
    @overload
    def select(
        self, what: Literal["connections"], /, **wanted: Any
    ) -> list[Connection]: ...
    @consistent_read
    def select(self, what: str = "neurons", /, **wanted: Any) -> list[Any]:
        """Find neurons or connections by their metadata.

        Parameters
        ----------
        what : {"neurons", "connections"}
            Whether to find neurons or connections. Default: neurons.
        **wanted : value or callable
            Wanted values by metadata name. A function selects the values for which it
            returns true.

        Returns
        -------
        list of Neuron, or list of Connection
            The neurons or connections that match in every name, in the order of
            ``neurons`` or ``connections``.

        Raises
        ------
        ArgumentError, UnknownNameError
            If `what` has another value, or if no neuron or connection has metadata of
            this name.

        See Also
        --------
        Neuron.metadata : Set these values.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> for neuron in net["hidden"]:
        ...     neuron.metadata["kind"] = "inter" if neuron is net[2] else "motor"
        >>> net.select(kind="inter")
        [<Neuron hidden 0, logistic>]
        >>> len(net.select(kind=lambda kind: kind in ("inter", "motor")))
        3
        """
        checks.require(
            what in ("neurons", "connections"),
            "what",
            '"neurons" or "connections"',
            what,
        )
        store = self._store
        columns = getattr(self._store.notes, what, {})
        for name, value in wanted.items():
            if name not in columns:
                raise _no_metadata(what, name, value, map(str, columns))
        members: list[Any] = self.neurons
        if what == "connections":
            members = np.sort(store["identity"][self._connection_rows()]).tolist()
        for name, value in wanted.items():
            column = columns[name]
            fits = value if callable(value) else partial(eq, value)
            members = [key for key in members if key in column and fits(column[key])]
        return (
            members
            if what == "neurons"
            else [store.edge(identity) for identity in members]
        )

    @property
    @consistent_read
    def graph(self) -> nx.DiGraph[Any]:
        """Live networkx graph whose nodes are the neurons, and whose edge data are the
        connections.

        :class:`synapse.objects.graph.NeuronData` lists the data of nodes. You cannot
        add or remove neurons and connections through networkx, but ``graph.copy()``
        returns an ordinary graph. If other threads edit the network meanwhile, iterate
        over this copy.

        See Also
        --------
        synapse.to_networkx : Ordinary graph, with numbers or names as nodes.
        from_networkx : Make a network from a graph.
        """
        return graph.view(self)

    def _name_layers(self) -> None:
        """Name the unnamed layers by their position, appending the next number if a
        name is taken.
        """
        for layer, name in ((self.input, "input"), (self.output, "output")):
            if layer.name is None:
                layer.name = name
        taken = {layer.name for layer in self._layers}
        hidden = self.hidden
        for i, layer in enumerate(hidden):
            if layer.name is None:
                names = (
                    f"hidden {number}"
                    for number in count(i + 1)
                    if f"hidden {number}" not in taken
                )
                layer.name = "hidden" if len(hidden) == 1 else next(names)
                taken.add(layer.name)

    def _admit(self, neurons: Sequence[Neuron]) -> None:
        """Move neurons into the store. They must not belong to another network."""
        edits.require_free(neurons)
        store = edits.join([self._anchor, *neurons])
        rows = edits.rows_of(neurons)
        store["synchronous"][rows] = False
        store["initial_bias"][rows] = store["bias"][rows]

    def _renumber(self, layers: list[Layer]) -> None:
        """Replace the layers, and write the order and the roles of their neurons into
        the store.
        """
        store = self._store
        rows = edits.rows_of(chain.from_iterable(layers))
        columns = store.columns
        number = self._number_now
        positions = np.arange(len(rows))
        inputs = len(layers[0])
        outputs = len(layers[-1])
        stale = self._rows_with_stale_errors(rows[:inputs])
        clock = self._clock_of(rows, inputs)
        reference = weakref.ref(self)
        store.touch()  # from here on, nothing can fail
        self._layers = layers
        self._n_inputs = inputs
        self._n_outputs = outputs
        for layer in layers:
            layer._network = reference
        columns["network"][rows] = number
        columns["position"][rows] = positions
        for name in ERRORS:
            columns[name][stale] = 0.0
        columns["role"][rows] = HIDDEN
        columns["role"][rows[:inputs]] = INPUT
        columns["role"][rows[len(rows) - outputs :]] = OUTPUT
        columns["synchronous"][rows] = clock
        graph.refresh(store)

    def _rows_with_stale_errors(self, inputs: Ints) -> Ints:
        """Return the rows of inputs whose errors date from before they were inputs.

        Because no connection leads into them, no step would compute new errors.
        """
        store = self._store
        new: Ints = inputs[store["role"][inputs] != INPUT]
        if any(np.count_nonzero(store[name][new]) for name in ERRORS):
            return new[~np.isin(new, store["target"])]
        return new[:0]

    @checks.suggests_arguments()
    def add(
        self, neurons: Neuron | Layer, before: Layer | Neuron | None = None
    ) -> Layer:
        """Add a hidden layer, or a hidden neuron. To add a neuron to an existing layer,
        use `Layer.append`.

        Parameters
        ----------
        neurons : Layer or Neuron
            Layer to add. A neuron becomes a layer of one.
        before : Layer or Neuron, optional
            Layer of this network, or a neuron in it, before which the new layer
            activates. Default: the new layer activates after the other hidden layers,
            or earlier if its connections and gates would act one step late there, see
            the notes.

        Returns
        -------
        Layer
            The new hidden layer.

        Raises
        ------
        ArgumentTypeError
            If `neurons` is neither a layer nor a neuron.
        TopologyError
            If a neuron belongs to another network, or if `before` is the input layer or
            not in this network.

        Warns
        -----
        TopologyWarning
            If a connection or gate of the layer acts one step late although it closes
            no cycle.

        See Also
        --------
        remove : Remove a hidden neuron.
        sort_layers : Find an order in which nothing is unnecessarily late.

        Notes
        -----
        If you omit `before`, the layer has no fixed position until the network
        activates next. The layer moves when you call ``project`` or ``gate`` and the
        new connection or gate would act late although it closes no cycle. To keep all
        other timing unchanged, the layer only moves past layers to which it has no
        connection or gate. You can therefore split a connection in any order, by
        adding the neuron, connecting it, and disconnecting the connection that it
        replaces. With `before`, the layer stays at this position. All other layers keep
        their order until you call :meth:`sort_layers`.

        Examples
        --------
        >>> from synapse import Layer, Network, Neuron
        >>> a, b, c = Layer(2), Layer(3), Layer(1)
        >>> _ = a.project(b), b.project(c)
        >>> net = Network(a, c)
        >>> net.add(b)
        <Layer hidden, 3 neurons>
        >>> net
        <Network 2-3-1, 6 neurons, 9 connections>

        Split a connection; the new neuron activates between its ends:

        >>> middle = net.add(Neuron())[0]
        >>> _ = a[0].project(middle), middle.project(b[0])
        >>> a[0].disconnect(b[0])
        >>> a[0] < middle < b[0]
        True
        """
        layer = Layer([neurons]) if isinstance(neurons, Neuron) else neurons
        checks.require_type(
            isinstance(layer, Layer), "neurons", "a Neuron or a Layer", neurons
        )
        with ExclusiveLayerAccess(self, layer):
            index = (
                len(self._layers) - 1 if before is None else self._place_before(before)
            )
            edits.refuse_softmax(layer)
            layers = [*self._layers[:index], layer, *self._layers[index:]]
            require_neighbors(layers)
            self._admit(list(layer))
            self._renumber(layers)
            self._name_layers()
            if before is None:
                self._unplaced.append(layer)
            order.place_new_layers(self, *order.attached(self, layer))
        return layer

    def _place_before(self, before: Layer | Neuron) -> int:
        """Return the index of the layer before which a new layer activates."""
        following = before._alive()[0] if isinstance(before, Layer) else before
        neuron = require_neuron("before of a network", following)
        for i, layer in enumerate(self._layers):
            if i and neuron in layer._neurons:
                return i
        raise TopologyError(
            f"`before` must be a hidden layer or the output layer of {self!r}, or"
            f" a neuron of one, got {before!r}."
        )

    @atomic
    def sort_layers(self) -> None:
        """Reorder the neurons to avoid connections and gates that are unnecessarily
        late.

        Every neuron then activates after its sources and after the gaters of its
        incoming connections. Because neurons on a common cycle allow no such order,
        they keep their order, and inputs and outputs do, too. Layers whose neurons have
        to activate in turns are merged into the largest of them. Weights, biases,
        states and traces stay with their neurons and connections.

        Do not sort a network that contains a delay line, in which each neuron copies
        the previous activation of another neuron. It depends on late connections that
        close no cycle.

        See Also
        --------
        synapse.analysis.late_connections : List the connections that act late.
        Topology.late : Mask of these connections.

        Examples
        --------
        >>> from synapse import Layer, Network
        >>> x, a, b, y = Layer(1), Layer(1, name="a"), Layer(1, name="b"), Layer(1)
        >>> _ = x.project(a), a.project(b), b.project(y)
        >>> net = Network(x, b, a, y)
        >>> net.sort_layers()
        >>> [layer.name for layer in net.layers]
        ['input', 'a', 'b', 'output']
        """
        neurons = self.neurons
        chosen = [
            [neurons[i] for i in layer_places]
            for layer_places in order.sorted_layers(self)
        ]
        if [
            neuron for layer_places in chosen for neuron in layer_places
        ] == neurons and len(chosen) == len(self._layers):
            return
        layers = []
        for layer_places in chosen:
            members = set(layer_places)
            merged = [layer for layer in self._layers if layer._neurons[0] in members]
            layer = max(merged, key=len)
            for other in merged:
                other._network = None
            layer._neurons = layer_places
            layers.append(layer)
        self._renumber(layers)
        self._unplaced.clear()

    @atomic
    def remove(self, neuron: Neuron) -> None:
        """Remove a neuron and all its connections.

        Parameters
        ----------
        neuron : Neuron
            Neuron of this network. If a hidden layer contains no other neuron, the
            layer is removed, too.

        Raises
        ------
        TopologyError
            If `neuron` is not in this network, is its last input or output, or gates
            connections between other neurons.

        See Also
        --------
        add : Add a hidden layer or neuron.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> net.remove(net["hidden"][0])
        >>> net
        <Perceptron 2-2-1, 5 neurons, 6 connections>
        """
        require_neuron("neuron", neuron)
        layer = next(
            (layer for layer in self._layers if neuron in layer._neurons), None
        )
        if layer is None:
            raise TopologyError(f"{neuron!r} is not a neuron of {self!r}.")
        if len(layer._neurons) == 1 and layer in (self._layers[0], self._layers[-1]):
            raise TopologyError(
                f"{neuron!r} is the last neuron of the {layer.name} layer of {self!r}."
            )
        edits.remove([neuron])

    def _drop_removed(self) -> None:
        """Update the layers after some of their neurons have been removed."""
        for layer in self._layers:
            layer._neurons = [neuron for neuron in layer._neurons if neuron._row >= 0]
        self._anchor = self._layers[0]._neurons[0]
        self._renumber([layer for layer in self._layers if layer._neurons])

    @atomic
    def _disconnect(self, numbers: Ints) -> None:
        """Remove connections by their indices in ``connections``."""
        rows = self._connection_rows()[numbers]
        edits.disconnect(self._store, self._store["identity"][rows])

    # --- hooks for subclasses, see `architect.register` -------------------------------

    @property
    def settings(self) -> dict[str, Any]:
        """Arguments of the network's class that cannot be derived from the layers, as a
        dict for JSON. Default: empty.

        Override it in a subclass that has such arguments, see
        :func:`architect.register`.
        """
        return {}

    @classmethod
    def find_parts(
        cls, layers: Sequence[Layer], settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Find the additional attributes of a network of this class in its layers.

        When a network is copied or read from a file, ``__init__`` is not called,
        because it would build new layers. Instead the network gets its layers, and then
        these attributes. Override this method in a subclass that has attributes of its
        own, see :func:`architect.register`.

        Parameters
        ----------
        layers : sequence of Layer
            Layers of the network, in their order of activation.
        settings : mapping
            The network's :attr:`settings`.

        Returns
        -------
        dict
            Values of the attributes by name. Default: empty.

        Raises
        ------
        TopologyError
            If the layers do not fit this class, or no longer fit it.
        """
        return {}

    @property
    @consistent_read
    def parts(self) -> dict[str, Any]:
        """Result of :meth:`find_parts` for this network, computed again after each
        edit.

        Raises TopologyError if the network no longer has the neurons and connections
        with which it was built.
        """
        return dict(self._checked_parts)

    @fact
    def _checked_parts(self) -> dict[str, Any]:
        """Result of `find_parts`. Raises TopologyError if the network no longer fits
        its class.
        """
        architecture = type(self)
        try:
            return architecture.find_parts(self.layers, self.settings)
        except SynapseError as error:
            name = architecture.__name__
            raise TopologyError(
                f"This {name} must have the neurons and connections that it was built"
                f" with. {error} Build a new {name} of the size that you need."
            ) from None

    # --- connections ------------------------------------------------------------------

    @checks.suggests_arguments()
    def project(
        self,
        target: Layer | Neuron | Network,
        kind: Kind | None = None,
        **options: Unpack[ProjectOptions],
    ) -> Projection:
        """Connect the output layer to another layer or network, see
        :meth:`Layer.project`.
        """
        return self.output.project(target, kind, **options)

    @checks.suggests_arguments()
    def gate(self, projection: Projection, kind: GateKind) -> None:
        """Gate a projection with the output layer, see :meth:`Layer.gate`."""
        self.output.gate(projection, kind)

    # --- contexts and parameters ------------------------------------------------------

    @atomic
    def clear(self) -> None:
        """Clear the context: states, activations, errors and traces. No weight changes.

        See Also
        --------
        reset_parameters : Also draw new weights and biases.

        Examples
        --------
        >>> import architect
        >>> net = architect.LSTM(1, 3, 1, seed=0)
        >>> first = net.activate([1.0])
        >>> net.clear()
        >>> net.activate([1.0]) == first
        array([ True])
        """
        self._clear_in_use()

    @atomic
    def reseed(self, seed: Seed = None) -> None:
        """Restart the random streams of the neurons, see :meth:`Neuron.reseed`.

        Parameters
        ----------
        seed : int or numpy.random.Generator, optional
            Seed of the streams. Default: an unrecorded random seed.
        """
        rng = random_generator(seed)
        store = self._store
        rows = self._rows()
        drawing = rows[np.isin(store["squash"][rows], RANDOM)]
        store["random"][drawing] = rng.integers(1, 1 << 53, len(drawing))

    # --- values -----------------------------------------------------------------------

    @property
    @consistent_read
    def weights(self) -> Floats:
        """Weights in the order of ``connections``, shape (connections,), as a read-only
        copy.

        Settable as a whole: ``net.weights = 2 * net.weights``. Tied connections must
        get the same value. To set some weights in place, use
        :attr:`Projection.weights`.
        """
        return checks.read_only(
            self._parameter_places[0].read(self._store.columns["weight"])
        )

    @weights.setter
    def weights(self, values: ArrayLike) -> None:
        self._set_parameters(0, "weight", "weights", values)

    @property
    @consistent_read
    def biases(self) -> Floats:
        """Biases in the order of ``neurons``, shape (neurons,), as a read-only copy.

        Settable as a whole: ``net.biases = 2 * net.biases``. Tied neurons must get the
        same value.
        """
        return checks.read_only(
            self._parameter_places[1].read(self._store.columns["bias"])
        )

    @biases.setter
    def biases(self, values: ArrayLike) -> None:
        self._set_parameters(1, "bias", "biases", values)

    @locked
    def _set_parameters(
        self, number: int, name: str, title: str, values: ArrayLike
    ) -> None:
        """Set all weights, or all biases."""
        if (
            type(values) is np.ndarray
            and values.dtype == checks.FLOAT64
            and values.ndim == 1
        ):
            # so all are finite, and fit the dtype
            fit = checks.sum_of_squares(values) < checks.MAX_SAFE_NUMBER**2
            places = vars(self._present_facts()).get("_parameter_places")
            at = places[number] if fit and places else None
            if at is not None and not at.checked and len(values) == at.size:
                at.write(self._store.columns[name], values)
                return
        with ExclusiveAccess(self):
            at = self._parameter_places[number]
            numbers = self._vector(title, checks.finite_array(title, values), at.size)
            parameters.assign(self._store, name, at.every, numbers)

    @property
    @consistent_read
    def synchronous(self) -> bool:
        """Whether all neurons except the inputs activate together, as if driven by one
        clock. Settable.

        In each step, activity then crosses a single synapse. Whatever the order of the
        layers, all connections and gates carry the activation of the previous step
        unless they start at an input. An input reaches an output that is d connections
        away d - 1 steps later. You cannot activate the neurons one by one. Because the
        online rule sends no error to the previous step, it only trains the incoming
        connections of outputs. To train all connections of a synchronous network, use
        "bptt" or "rtrl".

        >>> from synapse import Layer, Network
        >>> a, b, c = Layer(1), Layer(1, "identity"), Layer(1, "identity")
        >>> _ = a.project(b, weights=1.0), b.project(c, weights=1.0)
        >>> net = Network(a, b, c, synchronous=True)
        >>> net.run([[1.0], [2.0], [3.0]]).ravel()
        array([0., 1., 2.])
        """
        return bool(self._store["synchronous"][self.output[0]._row])

    @synchronous.setter
    @atomic
    def synchronous(self, value: bool) -> None:
        together = checks.boolean("synchronous of a network", value)
        store = self._store
        rows = self._rows()
        clock = self._clock_of(rows, self._n_inputs, together)
        store.touch()
        store["synchronous"][rows] = clock

    def _clock_of(
        self, rows: Ints, inputs: int, together: bool | None = None
    ) -> NDArray[np.bool_]:
        """Return the mask of neurons in these rows that share one clock, which are all
        but the inputs.

        With None, they share it if any of them does now.
        """
        column = self._store.columns["synchronous"]
        any_has = bool(column[rows].any()) if together is None else together
        return any_has & (np.arange(len(rows)) >= inputs)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Precision of the network's numbers, float64 or float32."""
        return self._store.dtype

    @property
    def metadata(self) -> dict[str, Any]:
        """Your own notes on the network, such as its data, units, scales and author.
        Default: empty.

        You can change this dict, whose keys are strings. Its values are strings, finite
        numbers, booleans, None, and lists and dicts that contain these types. Copies,
        pickles and the formats ``json`` and ``npz`` include it. If it contains any
        other value, they raise :class:`~synapse.errors.ArgumentTypeError` with a
        message that names the key.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(1, 1, seed=0)
        >>> net.metadata["columns"] = ["month", "passengers"]
        >>> net.clone().metadata
        {'columns': ['month', 'passengers']}
        """
        return self._metadata

    @metadata.setter
    def metadata(self, values: Mapping[str, Any]) -> None:
        self._metadata = checks.json_object("net.metadata", values)

    # --- rows in the store ------------------------------------------------------------

    # Every edit creates a new version of the topology, which no other store has.
    _version: int = property(  # type: ignore[assignment]
        attrgetter("_anchor._store.topology_version")
    )

    def _column(self, name: str) -> NDArray[Any]:
        """Return a column of the store, indexed by the rows of neurons or
        connections.
        """
        return self._store[name]

    @property
    def _size(self) -> int:
        """Number of neurons plus connections. The time of a step is proportional to
        it.
        """
        store = self._store
        return store.n_neurons + store.n_connections

    def _by_store(self) -> list[tuple[Store, Ints]]:
        """Return the store, with the rows of the network's neurons."""
        return [(self._store, self._rows())]

    def _parameters(self) -> list[tuple[Store, Ints, Ints]]:
        """Return the same as a layer's method, limited to connections within the
        network.
        """
        return [(self._store, self._connection_rows(), self._rows())]

    # --- copies -----------------------------------------------------------------------

    @atomic
    def clone(self) -> Self:
        """Return an independent copy of the network, including its context.

        The copy has the network's class if this is an architecture of the library or
        was registered by :func:`architect.register`. Otherwise it is a
        :class:`Network` with the same name. The same holds for pickle, the module
        ``copy``, and :func:`synapse.save`.

        Returns
        -------
        Network
            The copy.

        Raises
        ------
        TopologyError
            If a connection or gate links the network to neurons outside it.

        See Also
        --------
        save : Write a network to a file.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> twin = net.clone()
        >>> twin
        <Perceptron 2-3-1, 6 neurons, 9 connections>
        >>> twin.run([[0.0, 1.0]]) == net.run([[0.0, 1.0]])
        array([[ True]])
        """
        # of an architecture that is not registered, a Network, which a type cannot say
        return cast(Self, self._copied())

    def __deepcopy__(self, memo: dict[int, Any]) -> Network:
        return self.clone()

    def __reduce__(self) -> tuple[Any, ...]:
        return copyreg.dispatch_table[Network](self)  # type: ignore[return-value]  # registered by readwrite

    def __repr__(self) -> str:
        shown = (
            layer
            for layer in (self.input, *self.hidden, self.output)
            if not (layer.name or "").startswith(self._left_out)
        )
        return self._described("-".join(str(len(layer)) for layer in shown))

    def _repr_html_(self) -> str:
        """Return a small drawing, for notebooks."""
        return self._drawn()

    def _described(self, sizes: str) -> str:
        links = checks.pluralize(len(self.connections), "connection")
        class_name = type(self).__name__
        links += ", synchronous" if self.synchronous else ""
        # a file may have a name alone
        title = class_name if self.name == class_name else f"{class_name} {self.name!r}"
        return f"<{title} {sizes}, {checks.pluralize(len(self), 'neuron')}, {links}>"


def require_network(title: str, network: Any) -> Network:
    """Return `network` if it is a Network, or raise ArgumentTypeError."""
    if not isinstance(network, Network):
        advice = checks.about_network(network)
        raise ArgumentTypeError(checks.expected(title, "a Network", network, advice))
    return network


def _no_metadata(
    of: str, name: str, value: Any, names: Iterable[str]
) -> UnknownNameError:
    """Make the error for metadata that no neuron or connection has. The name may be one
    of their attributes.
    """
    if of == "neurons" and name in ("name", "layer"):
        return UnknownNameError(
            f"{name!r} is no metadata. net[{checks.short_repr(value)}] finds a layer or"
            " a neuron by its name."
        )
    noun = of.removesuffix("s")
    owner = Neuron if of == "neurons" else Connection
    if isinstance(getattr(owner, name, None), property):
        attribute = f"{noun}.squash.name" if name == "squash" else f"{noun}.{name}"
        return UnknownNameError(
            f"{name!r} is no metadata but an attribute of every {noun}. Use"
            f" [{noun} for {noun} in net.{of} if {attribute} == ...]."
        )
    return checks.unknown_name(f"metadata of {of}", name, names)
