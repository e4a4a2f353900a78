"""Network: layers of neurons that activate in a fixed order."""

from __future__ import annotations

import copyreg
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial, wraps
from itertools import chain, count
from operator import eq
from typing import Any, ClassVar, NamedTuple, NoReturn, TypeGuard, overload

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks as checks, cost as costs, engine
from .._registration import require_sound
from .._typing import Floats, Ints
from ..cost import Cost
from ..engine.functions.activations import RANDOM, SOFTMAX
from ..engine.guard import InUse, atomic, consistent_read
from ..engine.lowering.flags import DELAYED, DELAYED_GATE
from ..engine.records import Span
from ..engine.rtrl import Plan
from ..engine.schema import GIVEN_ERRORS, HIDDEN, INPUT, NONE, OUTPUT, SHARED_BY
from ..engine.status import DIVERGED, DONE, FAILED, REFUSED, RESIZED, ROW
from ..engine.store import Store
from ..errors import (
    ArgumentError,
    ArgumentTypeError,
    DivergenceError,
    SynapseError,
    TopologyError,
    TopologyWarning,
)
from ..initializers import Initializer, Seed, random_generator
from . import graph, order, parameters, wiring
from .connection import connection_at
from .connections import Connections
from .layer import Layer, LayersInUse, flat_layers
from .neuron import Neuron, require_neuron
from .parameters import ParameterPlaces
from .projection import Projection
from .relays import with_relays
from .sensitivities import RTRL, LearningRule, Sensitivities, checked_rule

NOTHING = np.empty(0)
MEDIUM = 1 << 18
"""Connections up to which a network keeps where its parameters are."""


def locked(method: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator for a call of a kernel: the store is locked and given, and Ctrl-C is
    not deferred.
    """

    @wraps(method)
    def held(self: Any, *given: Any) -> Any:
        store = self._anchor._store
        with store.lock:
            if store is self._anchor._store:
                return method(self, store, *given)
        return held(self, *given)  # its store was absorbed by another during the wait

    return held


class Slopes(NamedTuple):
    """Derivatives with respect to the parameters of a network, see
    :meth:`Network.slopes`.
    """

    weights: Floats
    biases: Floats


@checks.fixed_attributes
@checks.answers("Network")
class Network(Sequence[Neuron]):
    """Layers that activate in a fixed order: inputs, hidden layers, outputs.

    Parameters
    ----------
    *layers : Layer or list of Layer
        Input layer, hidden layers, and output layer, in the order in which they
        activate: ``Network(a, b, c)``, or with the hidden layers in a list,
        ``Network(a, [b], c)``.
    input, output : Layer, optional
        Input layer and output layer as keywords, instead of by position.
    hidden : list of Layer, optional
        Hidden layers as a keyword; they come after those given by position.
    name : str, optional
        Name of the network. Default: the name of its class.
    synchronous : bool
        Whether all neurons but the inputs activate together, so that a connection
        between two of them always arrives one step later. Default: False, they activate
        in order. See :attr:`synchronous`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there are fewer than two layers, or anything other than a layer is given.
    TopologyError
        If a neuron is in two layers, or belongs to another network.

    Warns
    -----
    TopologyWarning
        If a network runs without any connection into its outputs; once for each
        topology.

    See Also
    --------
    Trainer : Train a network on data.
    record : Record values of neurons and connections over time.
    save : Write a network to a file.
    load : Read a network from a file.
    from_networkx : Make a network from a graph.

    Notes
    -----
    Once you no longer hold a reference to a network, its neurons may be used in another
    one. Until then they keep their order of activation, so that no result depends on
    when Python collects the object.

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

    _rtrl: Sensitivities | None = None  # what it learns by; None: the online rule
    _sensitivities: Sensitivities | None = (
        None  # those of `_rtrl`, or of its latest training by rtrl
    )
    _live: Callable[[], graph.LiveGraph | None] = staticmethod(
        lambda: None
    )  # weak reference to its graph
    _left_out: ClassVar[tuple[str, ...]] = ()
    """Prefixes of layer names; ``repr`` leaves out the sizes of these layers."""

    @checks.understands("Network")
    def __init__(
        self,
        *layers: Layer | Iterable[Layer],
        input: Layer | None = None,
        hidden: Iterable[Layer] = (),
        output: Layer | None = None,
        name: str | None = None,
        synchronous: bool = False,
    ) -> None:
        together = checks.boolean("The synchronous of a network", synchronous)
        ends = [[] if layer is None else [layer] for layer in (input, output)]
        parts = flat_layers([*ends[0], *layers, hidden, *ends[1]])
        label = None if name is None else checks.text("The name of a network", name)
        with LayersInUse(*parts):
            neurons = [neuron for layer in parts for neuron in layer]
            if len(set(neurons)) < len(neurons):
                raise TopologyError(
                    "Expected each neuron of a network in one layer, got a neuron in"
                    " two."
                )
            wiring.require_free(neurons)
            wiring.refuse_softmax(neurons[: -len(parts[-1])])
            self._begin(parts, label)
            store = wiring.join(neurons)
            store["synchronous"][wiring.rows_of(neurons)] = together
            self._enter(store)

    def _begin(self, layers: list[Layer], name: str | None) -> None:
        """Be a network of these layers, of which neither they nor their store know
        yet.
        """
        self._layers = layers
        self._loose: list[
            Layer
        ] = []  # new layers without a fixed place, until the next step
        self._name = name
        self._metadata: dict[str, Any] = {}
        self._anchor = layers[0]._neurons[0]
        self._parts_known: tuple[int, dict[str, Any]] = (
            0,
            {},
        )  # a version of the topology, and them
        self._span = (
            0,
            np.zeros(len(Span), np.int64),
        )  # a version of the topology, the numbers for kernels
        self._costs_known: tuple[int, list[tuple[Any, Cost]]] = (
            0,
            [],
        )  # by what was asked for
        self._memory_known = (
            0,
            False,
        )  # a version of the structure, and whether it has memory
        self._connections_known = (
            0,
            np.empty(0, np.uint32),
        )  # a version, and their identities
        self._places_known: tuple[int, tuple[ParameterPlaces, ...]] = (
            0,
            (),
        )  # by a version, too
        self._untraced_known: engine.exact.StoreTapes | None = None  # for `run`
        self._untraced_stamp = 0  # when it last ran without traces, see `_latest_stamp`
        self._aside_known: engine.untraced.Aside | None = None  # for `peek`
        self._accumulator_known: Any = None  # an accumulator, for `slopes`
        self._n_inputs = len(layers[0])
        self._n_outputs = len(layers[-1])

    def _enter(self, store: Store) -> None:
        """Let the store and the layers know that it is the network of these layers."""
        store["network"][self._anchor._row] = store.new_network(self)
        self._renumber(self._layers)
        self._name_layers()
        for layer in self._layers:
            layer._network = weakref.ref(self)

    # --- parts ------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Name of the network. Default: the name of its class."""
        return self._name or type(self).__name__

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Layers, in the order in which they activate."""
        return checks.NoAttributes(self._layers)

    @property
    def input(self) -> Layer:
        """Input layer."""
        return self._layers[0]

    @property
    def hidden(self) -> tuple[Layer, ...]:
        """Hidden layers: those between inputs and outputs."""
        return tuple(self._layers[1:-1])

    @property
    def output(self) -> Layer:
        """Output layer."""
        return self._layers[-1]

    @property
    def neurons(self) -> list[Neuron]:
        """Neurons, in the order in which they activate."""
        return checks.NotCalled(self, "net.neurons")

    @overload
    def __getitem__(self, index: int) -> Neuron: ...
    @overload
    def __getitem__(self, index: slice) -> list[Neuron]: ...
    @overload
    def __getitem__(self, index: str) -> Any: ...
    def __getitem__(self, index: int | slice | str) -> Neuron | list[Neuron] | Layer:
        """Return a layer or a neuron by its name, a neuron by its index, or a list of
        neurons by a slice.

        If a layer and a neuron have the same name, it is the layer.

        >>> import synapse
        >>> net = synapse.from_edges({"source": ["ASH", "AVA"], "target": ["AVA", "VA01"]}, seed=0)
        >>> net["AVA"], net["input"]
        (<Neuron AVA, logistic>, <Layer input, 1 neuron>)
        """
        if isinstance(index, slice):
            return self.neurons[index]
        if not isinstance(index, str):
            neurons = self.neurons
            return neurons[checks.place("An index of a network", index, len(neurons))]
        for layer in self._layers:
            if layer.name == index:
                return layer
        return self._neuron_named(index)

    @consistent_read
    def _neuron_named(self, name: str) -> Neuron:
        """The one neuron of this name; ArgumentError if there is none, or another
        one.
        """
        store = self._store
        rows = self._rows().tolist()
        names = [store.names[row] or f"neuron {row}" for row in rows]
        if names.count(name) == 1:
            return store.views[rows[names.index(name)]]  # type: ignore[no-any-return]
        if name in names:
            count = names.count(name)
            raise ArgumentError(
                f"{self!r} has {count} neurons named {name!r}. Use their indices."
            )
        labels = [layer.label for layer in self._layers]
        hint = checks.suggestion(name, [*labels, *names])
        raise ArgumentError(
            f"{self!r} has no layer and no neuron named {name!r}.{hint} Its layers are:"
            f" {', '.join(labels)}."
        )

    def __len__(self) -> int:
        return sum(map(len, self._layers))

    def __iter__(self) -> Iterator[Neuron]:
        return chain.from_iterable(self._layers)

    @property
    @consistent_read
    def connections(self) -> Connections:
        """Connections between its neurons, including self-connections, in the order of
        creation.

        A sequence of those that exist now; the object of a connection is made when you
        ask for it.
        """
        store = self._store
        store.ready()
        version = store.topology_version
        if self._connections_known[0] != version:
            self._connections_known = (
                version,
                store["identity"][self._connection_rows()],
            )
        return Connections(store, self._connections_known[1])

    @consistent_read
    def select(self, of: str = "neurons", /, **wanted: Any) -> list[Any]:
        """Find neurons or connections by their metadata.

        Parameters
        ----------
        of : {"neurons", "connections"}
            What is found. Default: neurons.
        **wanted : value or callable
            By name, the value that the metadata have, or a function that is true of
            that value.

        Returns
        -------
        list of Neuron, or list of Connection
            Those that have every one of these values, in the order of ``neurons`` or
            ``connections``.

        Raises
        ------
        ArgumentError, UnknownNameError
            If `of` is something else, or no neuron or connection has a value of this
            name.

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
        if of not in ("neurons", "connections"):
            raise ArgumentError(
                checks.expected("What is selected", '"neurons" or "connections"', of)
            )
        notes = self._store.notes
        store = self._store
        columns = getattr(notes, of, {})
        for name in wanted:
            if name not in columns:
                raise checks.unknown_name(f"metadata of {of}", name, map(str, columns))
        members: list[Any] = self.neurons
        if of == "connections":
            members = np.sort(store["identity"][self._connection_rows()]).tolist()
        for name, value in wanted.items():
            column = columns[name]
            fits = value if callable(value) else partial(eq, value)
            members = [key for key in members if key in column and fits(column[key])]
        return (
            members
            if of == "neurons"
            else [connection_at(store, identity) for identity in members]
        )

    @property
    @consistent_read
    def graph(self) -> nx.DiGraph[Any]:
        """Live networkx graph of the network: nodes are its neurons, edge data are its
        connections.

        :class:`synapse.objects.graph.NeuronData` lists the data of nodes. Neurons and
        connections cannot be added or removed through networkx; ``graph.copy()``
        returns an ordinary graph. Iterate over the copy if other threads edit the
        network meanwhile.

        See Also
        --------
        Topology.to_networkx : Ordinary graph with numbers as nodes.
        from_networkx : Make a network from a graph.
        """
        return graph.view(self)

    def _name_layers(self) -> None:
        """Name the layers without a name by their position but for relays, with the
        next number if taken.
        """
        for layer, name in ((self.input, "input"), (self.output, "output")):
            if layer.name is None:
                layer.name = name
        taken = {layer.name for layer in self._layers}
        hidden = [
            layer
            for layer in self.hidden
            if not self._store["relay"][wiring.rows_of(layer)].any()
        ]
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
        """Move neurons to its store; they must not belong to another network."""
        wiring.require_free(neurons)
        store = wiring.join([self._anchor, *neurons])
        store["synchronous"][wiring.rows_of(neurons)] = False

    def _renumber(self, layers: list[Layer]) -> None:
        """Let these be its layers, and write the order and the roles of their neurons
        into the store.
        """
        layers = with_relays(layers)
        store = self._store
        rows = wiring.rows_of(chain.from_iterable(layers))
        columns = store.columns
        number = self._number_now
        positions = np.arange(len(rows))
        inputs = len(layers[0])
        outputs = len(layers[-1])
        new = rows[:inputs][columns["role"][rows[:inputs]] != INPUT]
        errors = [columns[name] for name in ("responsibility", "projected", "gated")]
        wrong = any(
            np.count_nonzero(error[new]) for error in errors
        )  # clamped neurons have none
        new = new[~np.isin(new, store["target"])] if wrong else new[:0]
        clock = self._clock_of(rows, inputs)
        reference = weakref.ref(self)
        store.touch()  # from here on, nothing can fail
        self._layers = layers
        self._n_inputs = inputs
        self._n_outputs = outputs
        layers[1]._network = reference  # it may be new, of relays
        columns["network"][rows] = number
        columns["position"][rows] = positions
        for error in errors if wrong else ():
            error[new] = 0.0
        columns["role"][rows] = HIDDEN
        columns["role"][rows[:inputs]] = INPUT
        columns["role"][rows[len(rows) - outputs :]] = OUTPUT
        columns["synchronous"][rows] = clock
        store.forget_single_calls()
        graph.refresh(store)

    def add(
        self, neurons: Neuron | Layer, before: Layer | Neuron | None = None
    ) -> Layer:
        """Add a hidden layer, or a hidden neuron. To add a neuron to an existing layer,
        use `Layer.append`.

        Parameters
        ----------
        neurons : Layer or Neuron
            Layer to add; a neuron becomes a layer of one.
        before : Layer or Neuron, optional
            Layer of this network, or a neuron in it, that activates next. Default: the
            layer activates after the other hidden layers, or earlier if its connections
            and gates would arrive one step late there; see the notes.

        Returns
        -------
        Layer
            The new hidden layer.

        Raises
        ------
        ArgumentTypeError
            If it is neither a layer nor a neuron.
        TopologyError
            If a neuron belongs to another network, or `before` is the input layer or
            not in this network.

        Warns
        -----
        TopologyWarning
            If a connection or gate of the layer arrives one step late although it
            closes no cycle.

        See Also
        --------
        remove : Remove a hidden neuron.
        sort : Find an order in which nothing is late without need.

        Notes
        -----
        A layer that is added without `before` has no fixed place until the network
        activates next. It moves when a connection or gate of it, made by ``project`` or
        ``gate``, would arrive late although it closes no cycle. It moves only past
        layers that it has no connection or gate with, so that nothing else changes its
        timing. So you can split a connection in any order: add the neuron, connect it,
        and disconnect what it replaces. With `before` the layer stays where you put it.
        All other layers keep their order until you call :meth:`sort`.

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
        if not isinstance(layer, Layer):
            raise ArgumentTypeError(
                checks.expected("What is added", "a Neuron or a Layer", neurons)
            )
        with LayersInUse(self, layer):
            place = (
                len(self._layers) - 1 if before is None else self._place_before(before)
            )
            wiring.refuse_softmax(layer)
            self._admit(list(layer))
            self._renumber([*self._layers[:place], layer, *self._layers[place:]])
            layer._network = weakref.ref(self)
            self._name_layers()
            if before is None:
                self._loose.append(layer)
            order.settle(self, *order.attached(self, layer))
        return layer

    def _place_before(self, before: Layer | Neuron) -> int:
        """The index of the layer that a new one precedes."""
        following = before._alive()[0] if isinstance(before, Layer) else before
        neuron = require_neuron("The before of a network", following)
        for i, layer in enumerate(self._layers):
            if i and neuron in layer._neurons:
                return i
        raise TopologyError(
            f"Expected before to be a hidden layer or the output layer of {self!r}, or"
            f" a neuron of one, got {before!r}."
        )

    @atomic
    def sort(self) -> None:
        """Change the order of activation so that no connection or gate is late without
        need.

        Every neuron then activates after its sources and after the gaters of its
        incoming connections. Neurons on a common cycle allow no such order and keep
        theirs; so do inputs and outputs. Layers whose neurons have to activate in turns
        are merged into the largest of them. Weights, biases, states and traces stay
        with their neurons and connections.

        A delay line, in which each neuron copies the previous activation of another
        one, depends on late connections that close no cycle. Do not sort a network that
        has one.

        See Also
        --------
        architect.delayed : List the connections that arrive one step late.
        Topology.delayed : Mask of these connections.

        Examples
        --------
        >>> from synapse import Layer, Network
        >>> x, a, b, y = Layer(1), Layer(1, name="a"), Layer(1, name="b"), Layer(1)
        >>> _ = x.project(a), a.project(b), b.project(y)
        >>> net = Network(x, b, a, y)
        >>> net.sort()
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
            layer._network = weakref.ref(self)
            layer._neurons = layer_places
            layers.append(layer)
        self._renumber(layers)
        self._loose.clear()

    @atomic
    def remove(self, neuron: Neuron) -> None:
        """Remove a neuron and all its connections.

        Parameters
        ----------
        neuron : Neuron
            Neuron of this network. If it is the last one of a hidden layer, the layer
            is removed too, and so are relays (see :attr:`synapse.Connection.delay`)
            that only delay its connections.

        Raises
        ------
        TopologyError
            If it is not a neuron of this network, is its last input or output, or gates
            connections of other neurons.

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
        require_neuron("What is removed from a network", neuron)
        layer = next(
            (layer for layer in self._layers if neuron in layer._neurons), None
        )
        if layer is None:
            raise TopologyError(f"{neuron!r} is not a neuron of {self!r}.")
        if len(layer._neurons) == 1 and layer in (self._layers[0], self._layers[-1]):
            raise TopologyError(
                f"{neuron!r} is the last neuron of the {layer.name} layer of {self!r}."
            )
        wiring.remove([neuron])

    def _drop_removed(self) -> None:
        """Follow the removal of some of its neurons."""
        for layer in self._layers:
            layer._neurons = [neuron for neuron in layer._neurons if neuron._row >= 0]
        self._anchor = self._layers[0]._neurons[0]
        self._renumber([layer for layer in self._layers if layer._neurons])

    @atomic
    def _disconnect(self, numbers: Ints) -> None:
        """Remove connections by their indices in ``connections``."""
        rows = self._connection_rows()[numbers]
        wiring.disconnect(self._store, self._store["identity"][rows])

    # --- hooks for subclasses, see `architectures` ------------------------------------

    @property
    def settings(self) -> dict[str, Any]:
        """Arguments of its class that cannot be derived from the layers, as a dict for
        JSON. Default: empty.

        A subclass overrides this, see :func:`synapse.objects.architectures.register`.
        """
        return {}

    @classmethod
    def find_parts(
        cls, layers: Sequence[Layer], settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Find the additional attributes of a network of this class in its layers.

        A copy, or a network that is read from a file, is not made by ``__init__``,
        which would build new layers. It gets its layers, and then these attributes. A
        subclass with attributes of its own overrides this, see
        :func:`synapse.objects.architectures.register`.

        Parameters
        ----------
        layers : sequence of Layer
            Layers of the network, in order.
        settings : mapping
            Value of :attr:`settings`.

        Returns
        -------
        dict
            Values of the attributes by name. Default: empty.

        Raises
        ------
        TopologyError
            If the layers do not, or no longer, fit this class.
        """
        return {}

    @property
    @consistent_read
    def parts(self) -> dict[str, Any]:
        """Result of :meth:`find_parts` for this network, computed again after each
        edit.

        Raises TopologyError if the network no longer has the neurons and connections it
        was built with.
        """
        version = self._store.structure_version
        if self._parts_known[0] != version:
            network_class = type(self)
            try:
                parts = network_class.find_parts(self.layers, self.settings)
            except SynapseError as error:
                raise TopologyError(
                    f"This {network_class.__name__} must have the neurons and connections that"
                    f" it was built with. {error} Build a new {network_class.__name__} of the"
                    " size that you need."
                ) from None
            self._parts_known = version, parts
        return dict(self._parts_known[1])

    # --- connections ------------------------------------------------------------------

    def project(
        self, target: Layer | Neuron | Network, kind: Any = None, **options: Any
    ) -> Projection:
        """Connect the output layer to another layer or network; see
        :meth:`Layer.project`.
        """
        return self.output.project(target, kind, **options)

    def gate(self, projection: Projection, kind: str) -> None:
        """Gate a projection with the output layer; see :meth:`Layer.gate`."""
        self.output.gate(projection, kind)

    # --- steps ------------------------------------------------------------------------

    def activate(self, inputs: ArrayLike | None = None) -> Floats:
        """Run one step of the network.

        Parameters
        ----------
        inputs : array_like, shape (n,), optional
            One number per input neuron. Default: the input neurons compute their
            activations from their incoming connections. A contiguous float64 array is
            not copied; lists, tuples, float32 and non-contiguous arrays are.

        Returns
        -------
        ndarray, shape (m,)
            The activations of the output neurons.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the inputs are not n finite numbers; nothing has changed then.
        FunctionError
            If a registered activation function raises. Call :meth:`clear` then to
            discard this step.

        See Also
        --------
        run : Run many steps in one compiled call.
        propagate : Learn from the error of this step.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> net.activate([0.0, 1.0]).round(2)
        array([0.41])
        """
        return self._run(self._input_row(inputs), np.empty(self._n_outputs))

    def _input_row(self, inputs: ArrayLike | None) -> Floats:
        """The inputs of one step as kernels take them, which check that they are
        finite.
        """
        if inputs is None:
            return NOTHING
        if is_row(inputs, self._n_inputs):
            return inputs  # nothing to copy
        return checks.row_of("The inputs", inputs, self._n_inputs)

    @overload
    def run(
        self, inputs: list[NDArray[Any]], *, traces: bool = True
    ) -> list[Floats]: ...
    @overload
    def run(self, inputs: ArrayLike, *, traces: bool = True) -> Floats: ...
    def run(self, inputs: Any, *, traces: bool = True) -> Floats | list[Floats]:
        """Run one step for every row, in one compiled call.

        Parameters
        ----------
        inputs : array_like, shape (T, n) or (B, T, n), or list of array_like, each of shape (T_i, n)
            One row per step, which continues from the present context; or several
            sequences, and the context is cleared before each. A network with one input
            also takes shape (T,). The forms are those of :meth:`Trainer.train`.
        traces : bool, default=True
            Whether these steps count when the network learns online later. Without, no
            eligibility trace and no sensitivity is computed, which takes less than half
            of the time with gates and memory, and learning begins with the next step:
            until then, :meth:`propagate` and :meth:`slopes` raise. The outputs are
            those of single steps to the last bit with traces, and up to rounding
            without, because sums are split.

        Returns
        -------
        ndarray, shape (T, m) or (B, T, m), or list of ndarray
            The outputs of every step, in the form of the inputs. The network then has
            the context of the last step; empty sequences do not change it.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the inputs have another shape, or are not finite; nothing has changed
            then.
        FunctionError
            If a registered activation function raises. Call :meth:`clear` then to
            discard that step.

        See Also
        --------
        activate : Run one step.
        Trainer.test : Cost of the outputs for given targets.

        Examples
        --------
        >>> import architect
        >>> net = architect.LSTM(2, 3, 1, seed=0)
        >>> net.run([[0.0, 1.0], [1.0, 1.0]]).shape
        (2, 1)
        >>> net.run(np.zeros((5, 7, 2))).shape
        (5, 7, 1)
        >>> [outputs.shape for outputs in net.run([np.zeros((4, 2)), np.zeros((6, 2))])]
        [(4, 1), (6, 1)]
        """
        n, dtype, traces = (
            self._n_inputs,
            self._store.dtype,
            checks.boolean("`traces`", traces),
        )
        parts = [inputs]
        together = type(inputs) is np.ndarray and inputs.ndim == 2
        if not together:
            parts, together = checks.parts_of("The inputs", inputs, n)
        if together:
            rows = checks.as_matrix("The inputs", parts[0], n, dtype, finite=not traces)
            return self._run_rows(rows, traces)
        title = "The inputs of sequence"
        sequences = [
            checks.as_matrix(f"{title} {i}", part, n, dtype)
            for i, part in enumerate(parts)
        ]
        outputs = []
        with InUse(self):
            if self._rtrl is not None:
                self._rtrl.ready(
                    self
                )  # a network that cannot step raises before it is cleared
            for rows in sequences:
                if len(rows):
                    self.clear()
                outputs.append(self._run_rows(rows, traces))
        if isinstance(inputs, list | tuple):
            return outputs
        return np.concatenate(outputs or [NOTHING]).reshape(
            *np.shape(inputs)[:2], self._n_outputs
        )

    def _run_rows(self, rows: Floats, traces: bool = True) -> Floats:
        """Run rows, starting from the present context."""
        outputs = np.empty(len(rows) * self._n_outputs)
        run = self._run if traces else self._run_untraced
        return run(rows.reshape(-1), outputs).reshape(len(rows), self._n_outputs)

    @locked
    def _run_untraced(self, store: Store, inputs: Floats, outputs: Floats) -> Floats:
        """`_run` without traces and sensitivities, which are then those of a cleared
        network.
        """
        span = self._ready()[2]
        engine.untraced.forget_traces(store, span)
        if store.recorder is not None and store.recorder.records(self):
            store.recorder.make_room(outputs.size // self._n_outputs)
        tapes = self._untraced_known
        if tapes is None or tapes.store is not store or tapes.rows != store.n_neurons:
            tapes = self._untraced_known = engine.exact.StoreTapes(store)
        run = engine.exact.calls_for(store).run_untraced
        status = run(store.address, store.unit, tapes.renewed(), span, inputs, outputs)
        if status != DONE:
            self._refuse(status, store, inputs)
        if outputs.size:
            self._note_untraced(store)
        return outputs

    def _note_untraced(self, store: Store) -> None:
        """Remember that the latest step left no traces."""
        self._untraced_stamp = self._latest_stamp(store)
        store.any_untraced = True

    def _is_untraced(self, store: Store) -> bool:
        """Whether the latest step left no traces, so that there is nothing to learn
        from.
        """
        return bool(
            self._untraced_stamp
        ) and self._untraced_stamp == self._latest_stamp(store)

    def _latest_stamp(self, store: Store) -> int:
        """The time at which its last neuron activated; a later step, or a cleared
        context, has another.
        """
        return int(store["stamp"][self.output[-1]._row])

    def _require_traces(self, store: Store) -> None:
        """Raise if the latest step left no traces."""
        if self._is_untraced(store):
            raise TopologyError(
                f"{self!r} has nothing to learn from, because its latest step ran with"
                " traces=False. Call network.activate first, or run with traces."
            )

    def _run(self, inputs: Floats, outputs: Floats) -> Floats:
        """Run flat rows of inputs in one kernel call, which writes `outputs`."""
        store = self._anchor._store
        with store.lock:
            if store is self._anchor._store:
                version, span = self._span
                if version != store.topology_version:
                    span = self._ready()[2]
                if store.recorder is not None and store.recorder.records(self):
                    store.recorder.make_room(outputs.size // self._n_outputs)
                if self._rtrl is None:
                    run = (store.calls or engine.online.calls_for(store)).run_network
                    status = run(store.address, store.unit, span, inputs, outputs)
                else:
                    plan = self._plan(store, self._rtrl)
                    run = engine.rtrl.loops.calls_for(store).run_network
                    status = run(
                        plan.store_table(),
                        store.unit,
                        plan.address,
                        plan.span,
                        inputs,
                        outputs,
                    )
                if status != DONE:
                    self._refuse(status, store, inputs)
                return outputs
        return self._run(
            inputs, outputs
        )  # its store was absorbed by another during the wait

    @atomic
    def _feed(
        self, inputs: Floats, outputs: Floats, feedback: NDArray[np.int64]
    ) -> None:
        """Run rows of inputs in one kernel call; output o is added to input
        ``feedback[o]`` of the next row.

        An output with a negative number there is not fed back. `inputs` and `outputs`
        are contiguous and written.
        """
        sizes = inputs.shape[1], outputs.shape[1], len(feedback)
        if sizes != (self._n_inputs, self._n_outputs, self._n_outputs):
            self._refuse(RESIZED, self._store)
        _, store, span = self._ready()
        if store.recorder is not None and store.recorder.records(self):
            store.recorder.make_room(len(outputs))
        run = (store.calls or engine.online.calls_for(store)).feed_network
        flat = inputs.reshape(-1)
        status = run(
            store.address, store.unit, span, feedback, flat, outputs.reshape(-1)
        )
        if status != DONE:
            self._refuse(status, store, flat)

    def _plan(self, store: Store, by: Sensitivities) -> Plan:
        """The plan of its sensitivities for the present topology."""
        plan = by.plan
        if (
            plan is None
            or plan.store is not store
            or plan.topology != store.topology_version
        ):
            return by.ready(self)
        return (
            plan if store.recorder is None else by.ready(self)
        )  # a recorder follows the plan

    def _refuse(self, status: int, store: Store, inputs: Floats = NOTHING) -> NoReturn:
        """Raise the error for a call of a kernel that is not complete."""
        if status == RESIZED:
            raise TopologyError(
                f"Another thread has changed the inputs or outputs of {self!r} during"
                " this call. Call again with data of the new size."
            )
        require_sound(status, store["failed"])
        step = int(store["failed"][ROW])
        if status == DIVERGED:
            raise DivergenceError(
                f"What {self!r} feeds back to itself is no longer a finite"
                f" {store.dtype} after {checks.counted(step + 1, 'step')}. Train it to"
                " lower errors, or ask for fewer steps."
            )
        row = inputs[step * self._n_inputs : (step + 1) * self._n_inputs]
        checks.require_range("The inputs", row, store.dtype)
        got = checks.shown(row.tolist())
        raise ArgumentError(
            f"Expected the inputs to be finite, got {got} in step {step}."
        )

    def peek(self, inputs: ArrayLike | None = None) -> Floats:
        """Compute the outputs of the next step without making it.

        States, traces, sensitivities, the streams of random neurons, the clock and a
        recording stay as they are: the next :meth:`activate` with these inputs returns
        the same outputs.

        Parameters
        ----------
        inputs : array_like, shape (n,), optional
            As in :meth:`activate`.

        Returns
        -------
        ndarray, shape (m,)
            The activations that the output neurons would have.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the inputs are not n finite numbers.
        FunctionError
            If a registered activation function raises; nothing has changed then.

        Examples
        --------
        >>> import architect
        >>> net = architect.LSTM(1, 3, 1, seed=0)
        >>> expected = net.peek([1.0])
        >>> bool(net.activate([1.0]) == expected)
        True
        """
        return self._peek(self._input_row(inputs), np.empty(self._n_outputs))  # type: ignore[no-any-return]

    @locked
    def _peek(self, store: Store, inputs: Floats, outputs: Floats) -> Floats:
        """Run one step in one kernel call, by which only `outputs` changes."""
        aside = self._aside(store)
        run = (store.calls or engine.online.calls_for(store)).run_network
        status = run(aside.begin(), store.unit, self._span[1], inputs, outputs)
        if status != DONE:
            self._refuse(status, store, inputs)
        return outputs

    def _aside(self, store: Store) -> engine.untraced.Aside:
        """Where a step leaves no trace; the network is lowered then."""
        aside = self._aside_known
        if (
            aside is None
            or aside.topology != store.topology_version
            or self._span[0] != aside.topology
        ):
            self._ready()
            aside = self._aside_known = engine.untraced.Aside(store)
        return aside

    def propagate(
        self,
        rate: float = 0.1,
        targets: ArrayLike | None = None,
        cost: str | Cost | None = None,
        errors: ArrayLike | None = None,
    ) -> float:
        """Propagate the error of the last step back through the network, and update the
        weights.

        Parameters
        ----------
        rate : float
            Learning rate, the factor of all updates; 0 only computes the errors.
            Default: 0.1.
        targets : array_like, shape (m,), optional
            Target outputs, NaN for an output without one; for softmax outputs also the
            number of a class, counted from 0. Default: the errors come from the
            networks that this one is connected to.
        cost : str or Cost, optional
            Cost that is minimized. Default: cross-entropy for logistic outputs,
            categorical cross-entropy for softmax outputs, otherwise squared error.
        errors : array_like, shape (m,), optional
            Error of each output instead of targets and a cost: minus the derivative of
            what is minimized with respect to the state of the neuron, as
            :attr:`Neuron.error` has it afterwards. Any finite numbers for any squash,
            NaN for an output without one.

        Returns
        -------
        float
            The cost of the step; 0 with `errors`.

        Raises
        ------
        ArgumentError, ArgumentTypeError, UnknownNameError
            If rate, targets, cost or errors cannot be used; no weight has changed then.
        FunctionError
            If a registered cost raises; no weight has changed then.

        See Also
        --------
        activate : Run a step first.
        slopes : Derivatives of the outputs, without an update.
        Trainer : Train on data, with this rule or with backpropagation through time.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> before = net.activate([0.0, 1.0])
        >>> cost = net.propagate(rate=0.5, targets=[1.0])
        >>> bool(net.activate([0.0, 1.0]) > before)
        True
        """
        if errors is not None:
            if targets is not None or cost is not None:
                raise ArgumentError(
                    "Expected errors, or targets with their cost, got both."
                )
            return self._propagate_errors(rate, self._error_row(errors))
        if type(rate) is float and 0.0 <= rate < checks.SAFE:
            measure = self._cost(cost)
            row: Floats | None = None
            if targets is None:
                row = NOTHING
            elif is_row(targets, self._n_outputs):
                row = targets
            elif isinstance(targets, list | tuple):
                row = checks.row_of("The target", targets, self._n_outputs)
            if row is not None:
                status, value = self._learn(rate, row, measure.code, True)
                if status != REFUSED:
                    return value
        return self._propagate_checked(rate, targets, cost)

    def _propagate_checked(
        self, rate: float, targets: ArrayLike | None, cost: str | Cost | None
    ) -> float:
        """Propagate after checking and converting all arguments in Python, which raises
        the errors.
        """
        rate = checks.non_negative_number("The rate", rate, self._store.dtype)
        measure = self._cost(cost)
        if (
            measure is costs.categorical_cross_entropy
            and checks.integer(targets) is not None
        ):
            targets = checks.class_row("The target", targets, self._n_outputs)
        row = NOTHING
        if targets is not None:
            row = self._vector("The target", targets, self._n_outputs, nan=True)
            measure.check_targets(row[None])
        return self._learn(rate, row, measure.code, False)[1]

    def _propagate_errors(self, rate: float, errors: Floats) -> float:
        """Propagate given errors of the outputs."""
        rate = checks.non_negative_number("The rate", rate, self._store.dtype)
        status, cost = self._learn(rate, errors, GIVEN_ERRORS, True)
        if status == REFUSED:
            self._refuse_errors(errors)
        return cost

    def _refuse_errors(self, errors: Floats) -> None:
        """Raise the error for errors of the outputs that kernels have refused."""
        self._vector("The errors", errors, self._n_outputs, nan=True)

    def slopes(
        self, errors: ArrayLike | None = None, out: tuple[Floats, Floats] | None = None
    ) -> Slopes:
        """Derivatives of one sum over the outputs of the last step with respect to all
        weights and biases.

        With `errors`, the sum is that of error times state over the outputs: the
        derivatives are what ``propagate(1.0, errors=errors)`` would add to the weights.
        They are those of the learning rule of the network: with ``"rtrl"`` exact
        derivatives through all steps (of an order, what it keeps), with ``"online"``
        those along its traces. No weight changes; neurons have the errors of this call.

        Parameters
        ----------
        errors : array_like, shape (m,), optional
            Factor of the state of each output; NaN counts as 0. Default: the slopes of
            the activations, so that the sum is that of the outputs; 0 for softmax
            outputs, whose sum is constant.
        out : tuple of two ndarrays, optional
            Arrays of the dtype of the network for the result, shapes (connections,) and
            (neurons,). Default: new ones.

        Returns
        -------
        Slopes
            A pair of arrays: `weights` in the order of :attr:`connections`, `biases` in
            that of
            :attr:`neurons`; 0 for what is not trainable. Each of several tied
            connections has the derivative with respect to their shared weight.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the errors are not m finite numbers or NaN, or the arrays do not have
            this form.
        TopologyError
            If there is no step to learn from, as in :meth:`propagate`.

        See Also
        --------
        synapse.gradient : Exact gradient of the cost of whole sequences.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(1, 1, squash="identity", seed=0)
        >>> outputs = net.activate([0.5])
        >>> net.slopes(errors=[2.0])
        Slopes(weights=array([1.]), biases=array([0., 2.]))
        """
        row = None if errors is None else self._error_row(errors)
        return self._find_slopes(row, out)  # type: ignore[no-any-return]

    def _error_row(self, errors: ArrayLike) -> Floats:
        """The errors of the outputs as kernels take them, which check their range."""
        if is_row(errors, self._n_outputs):
            return errors
        return checks.row_of("The errors", errors, self._n_outputs)

    @locked
    def _find_slopes(
        self, store: Store, errors: Floats | None, out: tuple[Floats, Floats] | None
    ) -> Slopes:
        """The slopes, by one kernel call that adds the updates of a propagation to
        buffers.
        """
        span = self._ready()[2]
        moves = self._accumulator_known
        places = self._parameter_places()
        if store.any_untraced:
            self._require_traces(store)
        if moves is None or moves.topology != store.topology_version:
            moves = self._accumulator_known = engine.online.Accumulator(
                store, recorded=False
            )
        sizes = places[0].size, places[1].size
        if out is None:
            out = np.empty(sizes[0], store.dtype), np.empty(sizes[1], store.dtype)
        else:
            _require_room(out, sizes, store.dtype)
        moves.clear()
        if (
            errors is None
        ):  # of softmax outputs 0, because the sum of their activations is constant
            rows = slice(int(span[Span.STOP]) - self._n_outputs, int(span[Span.STOP]))
            columns = store.columns
            errors = columns["derivative"][rows].astype(np.float64)
            errors[columns["squash"][rows] == SOFTMAX] = 0.0
        if self._rtrl is None:
            run = (store.calls or engine.online.calls_for(store)).propagate_targets
            status, _ = run(
                moves.address, store.unit, span, errors, GIVEN_ERRORS, 1.0, True
            )
        else:
            status, _ = self._learn_exactly(
                store, self._rtrl, errors, GIVEN_ERRORS, 1.0, True, moves
            )
        if status == REFUSED:
            self._refuse_errors(errors)
        places[0].read(moves.weights, out[0])
        places[1].read(moves.biases, out[1])
        for name, at, slopes in zip(("weight", "bias"), places, out, strict=True):
            if at.tied:
                slopes[:] = parameters.sum_of_group(
                    store[SHARED_BY[name]], at.every, slopes
                )
        return Slopes(*out)

    def _learn(
        self, rate: float, targets: Floats, cost: int, check: bool
    ) -> tuple[int, float]:
        """Propagate in one kernel call; returns its status, REFUSED if `check` fails,
        and the cost.
        """
        store = self._anchor._store
        with store.lock:
            if store is self._anchor._store:
                version, span = self._span
                if version != store.topology_version:
                    span = self._ready()[2]
                if store.any_untraced:
                    self._require_traces(store)
                if self._rtrl is None:
                    run = (
                        store.calls or engine.online.calls_for(store)
                    ).propagate_targets
                    ended: tuple[int, float] = run(
                        store.address, store.unit, span, targets, cost, rate, check
                    )
                else:
                    ended = self._learn_exactly(
                        store, self._rtrl, targets, cost, rate, check
                    )
                if ended[0] != DONE and ended[0] in (FAILED, RESIZED):
                    self._refuse(ended[0], store)
                return ended  # a cost that has diverged is returned too
        return self._learn(
            rate, targets, cost, check
        )  # its store was absorbed by another during the wait

    def _learn_exactly(
        self,
        store: Store,
        by: Sensitivities,
        targets: Floats,
        cost: int,
        rate: float,
        check: bool,
        moves: Any = None,
    ) -> tuple[int, float]:
        """Propagate along the sensitivities in one kernel call, see :meth:`_learn`;
        updates go to `moves`.
        """
        plan = self._open_plan(store, by)
        run = engine.rtrl.loops.calls_for(store).propagate_targets
        address = plan.store_table(moves)
        ended: tuple[int, float]
        ended = run(
            address, store.unit, plan.address, plan.span, targets, cost, rate, check
        )
        return ended

    def _open_plan(self, store: Store, by: Sensitivities) -> Plan:
        """The plan of its sensitivities, with a step to learn from."""
        plan = self._plan(store, by)
        if not plan.can_learn:
            raise TopologyError(
                f"{self!r} has not been activated by rtrl since its context was cleared"
                " or changed, so it has nothing to learn from. Call network.activate"
                " first."
            )
        return plan

    @property
    def learning_rule(self) -> LearningRule:
        """What :meth:`propagate` learns by: a pair (method, order). Settable; saved
        with the network.

        ``"online"``, the default, is the rule of Monner and Reggia 2012. ``"rtrl"`` is
        real-time recurrent learning (Williams and Zipser 1989): every step keeps how
        each parameter has moved each recurrent state, :attr:`Connection.sensitivity`,
        so that updates are the exact gradient while weights stand still. A pair
        ``("rtrl", n)`` keeps what reaches a state within n steps (SnAp-n, Menick and
        others 2021).

        A network that learns by rtrl is stepped as a whole: its neurons and layers
        cannot be activated or propagated alone. The traces of the online rule do not
        move meanwhile. Setting a rule clears the sensitivities.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the method or the order does not exist, or the sensitivities do not fit
            into memory.
        TopologyError
            If the network is connected with neurons outside of it.

        See Also
        --------
        synapse.learning.reach : What each order keeps, and costs.

        Examples
        --------
        >>> import architect
        >>> net = architect.Elman(2, 3, 1, seed=0)
        >>> net.learning_rule = "rtrl"
        >>> net.learning_rule
        LearningRule(method='rtrl', order=None)
        >>> outputs = net.activate([0.0, 1.0])
        >>> cost = net.propagate(rate=0.1, targets=[1.0])
        """
        by = self._rtrl
        return LearningRule() if by is None else LearningRule(RTRL, by.order)

    @learning_rule.setter
    @atomic
    def learning_rule(self, rule: str | tuple[str, int | None]) -> None:
        method, order = checked_rule(rule)
        by = None
        if method == RTRL:
            by = Sensitivities(order)
            plan = by.ready(self)
            engine.untraced.forget_traces(plan.store, plan.span)
        self._rtrl = self._sensitivities = by

    def _cost(self, cost: str | Cost | None) -> Cost:
        """Return the cost, by default the one that matches the squashes of the outputs,
        checked.
        """
        version = self._store.structure_version  # setting a squash changes it
        at, measures = self._costs_known
        for asked, measure in measures if at == version else ():
            if asked is cost:
                return measure
        measure = costs.of_outputs(cost, [neuron.squash for neuron in self._layers[-1]])
        self._costs_known = (
            version,
            [(cost, measure), *(measures[:1] if at == version else ())],
        )
        return measure

    @atomic
    def clear(self) -> None:
        """Clear the context: states, activations, errors and traces. No weight changes.

        See Also
        --------
        reset : Also draw new weights and biases.

        Examples
        --------
        >>> import architect
        >>> net = architect.LSTM(1, 3, 1, seed=0)
        >>> first = net.activate([1.0])
        >>> net.clear()
        >>> net.activate([1.0]) == first
        array([ True])
        """
        address, store, span = self._ready()
        engine.online.clear_rows(
            address,
            store.unit,
            np.arange(span[Span.FIRST], span[Span.STOP], dtype=np.int64),
        )
        if self._sensitivities is not None:
            self._sensitivities.forget()
        if store.recorder is not None and store.recorder.records(self):
            store.recorder.step_over()

    @atomic
    def reset(
        self, seed: Seed = None, initializer: str | Initializer = "glorot"
    ) -> None:
        """Draw new weights and biases, and clear the context.

        Weights and biases that are not trainable do not change: constant error
        carousels, fixed copies, and everything that :meth:`Layer.freeze` has frozen.
        Neither do the biases of inputs. A trainable self-connection gets a random
        weight like any other connection. The streams of random neurons continue, see
        :meth:`reseed`.

        Parameters
        ----------
        seed : int or numpy.random.Generator, optional
            Seed for the new values. Default: an unrecorded random seed.
        initializer : str or callable
            Initializer of weights and biases, see :mod:`synapse.initializers`. Default:
            "glorot".

        See Also
        --------
        clear : Clear the context only.
        reseed : Restart the streams of random neurons.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> net.reset(seed=1, initializer="zeros")
        >>> net.activate([0.0, 1.0])
        array([0.5])
        """
        connections = self._connection_rows()
        parameters.reset(
            self._store, connections, self._rows(), random_generator(seed), initializer
        )
        self.clear()

    @atomic
    def reseed(self, seed: Seed = None) -> None:
        """Restart the random streams of its neurons, see :meth:`Neuron.reseed`.

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
        """Weights in the order of ``connections``, shape (connections,); a read-only
        copy.

        Settable as a whole: ``net.weights = 2 * net.weights``. Tied connections must
        get the same value. To set some weights in place, use
        :attr:`Projection.weights`.
        """
        return checks.read_only(
            self._parameter_places()[0].read(self._store.columns["weight"])
        )

    @weights.setter
    def weights(self, values: ArrayLike) -> None:
        self._set_parameters(0, "weight", "The weights of the network", values)

    @property
    @consistent_read
    def biases(self) -> Floats:
        """Biases in the order of ``neurons``, shape (neurons,); a read-only copy.

        Settable as a whole: ``net.biases = 2 * net.biases``. Tied neurons must get the
        same value.
        """
        return checks.read_only(
            self._parameter_places()[1].read(self._store.columns["bias"])
        )

    @biases.setter
    def biases(self, values: ArrayLike) -> None:
        self._set_parameters(1, "bias", "The biases of the network", values)

    def _set_parameters(
        self, number: int, name: str, title: str, values: ArrayLike
    ) -> None:
        """Set all weights, or all biases."""
        if (
            type(values) is np.ndarray
            and values.dtype == checks.FLOAT64
            and values.ndim == 1
        ):
            fit = (
                checks.sum_of_squares(values) < checks.SAFE**2
            )  # so all are finite, and fit the dtype
            store = self._anchor._store
            with store.lock:
                version, places = self._places_known
                at = (
                    places[number]
                    if fit and version == store.topology_version
                    else None
                )
                if at is not None and not at.checked and len(values) == at.size:
                    at.write(store.columns[name], values)
                    return
        with InUse(self):
            at = self._parameter_places()[number]
            numbers = self._vector(title, checks.finite_array(title, values), at.size)
            parameters.assign(self._store, name, at.every, numbers)

    def _parameter_places(self) -> tuple[ParameterPlaces, ...]:
        """Where its weights and its biases are, kept for small and medium networks."""
        store: Store = self._store
        version = store.topology_version
        if self._places_known[0] == version:
            return self._places_known[1]
        connections = self._connection_rows()
        neurons = self._rows()
        weights = ParameterPlaces.of(store, "weight", connections)
        places = weights, ParameterPlaces.of(store, "bias", neurons)
        if len(connections) <= MEDIUM:
            self._places_known = version, places
        return places

    @property
    @consistent_read
    def deterministic(self) -> bool:
        """Whether all its neurons output their mean, see :attr:`Neuron.deterministic`.
        Settable.

        Set it to True to test a network with random neurons, and to False to train it.
        """
        return bool(self._store["deterministic"][self._rows()].all())

    @deterministic.setter
    @atomic
    def deterministic(self, value: bool) -> None:
        self._store["deterministic"][self._rows()] = checks.boolean(
            "The deterministic of a network", value
        )

    @property
    @consistent_read
    def synchronous(self) -> bool:
        """Whether all neurons but the inputs activate together, by one clock. Settable.

        Then a step is one synapse: whatever the order of the layers, every connection
        and gate that does not start at an input carries the activation of the previous
        step. An input reaches an output that is d connections away d - 1 steps later.
        The neurons cannot be activated one by one. By the online rule, which sends no
        error to the previous step, only the incoming connections of outputs learn:
        train synchronous networks by "bptt" or "rtrl".

        >>> from synapse import Layer, Network
        >>> a, b, c = Layer(1), Layer(1, "identity"), Layer(1, "identity")
        >>> _ = a.project(b, weights=1.0), b.project(c, weights=1.0)
        >>> net = Network(a, b, c, synchronous=True)
        >>> net.run([[1.0], [2.0], [3.0]]).ravel(), net.delayed
        (array([0., 1., 2.]), 1)
        """
        return bool(self._store["synchronous"][self.output[0]._row])

    @synchronous.setter
    @atomic
    def synchronous(self, value: bool) -> None:
        together = checks.boolean("The synchronous of a network", value)
        store = self._store
        rows = self._rows()
        clock = self._clock_of(rows, self._n_inputs, together)
        store.touch()
        store["synchronous"][rows] = clock
        store.forget_single_calls()

    def _clock_of(
        self, rows: Ints, inputs: int, together: bool | None = None
    ) -> NDArray[np.bool_]:
        """Which neurons in these rows have one clock: all but inputs and relays. None:
        as any has it now.
        """
        columns = self._store.columns
        any_has = (
            bool(columns["synchronous"][rows].any()) if together is None else together
        )
        clock = any_has & (columns["relay"][rows] == 0)
        clock[:inputs] = False
        return clock  # type: ignore[no-any-return]

    @property
    def delayed(self) -> int:
        """Number of connections that arrive one step late.

        In a synchronous network, these are all whose source is not an input; in others,
        those that lead backward in the order of activation, and those between neurons
        that compete. ``architect.delayed(net)`` lists them, with gates that act late.
        """
        rows = self._connection_rows()
        store = self._store
        source, target = (
            store[end][rows].astype(np.int64) for end in ("source", "target")
        )
        together = store["synchronous"][source] & store["synchronous"][target] != 0
        compete = store["group_first"][source] == store["group_first"][target]
        return int(
            np.count_nonzero(
                (source != target) & ((source > target) | together | compete)
            )
        )

    @property
    def has_memory(self) -> bool:
        """Whether its outputs can depend on earlier inputs."""
        if self._memory_known[0] != self._store.structure_version:
            self._memory_known = self._find_memory()
        return self._memory_known[1]

    @consistent_read
    def _find_memory(self) -> tuple[int, bool]:
        """The version of its structure, and whether it has memory."""
        _, store, span = self._ready()
        columns = store.columns
        first_row = int(span[Span.FIRST])
        stop = int(span[Span.STOP])
        runs = slice(
            int(columns["first_run"][first_row]), int(columns["last_run"][stop - 1])
        )
        late = columns["run_flags"][runs] & (DELAYED | DELAYED_GATE)
        return store.structure_version, bool(
            late.any() or (columns["self_row"][first_row:stop] != NONE).any()
        )

    @property
    @consistent_read
    def is_random(self) -> bool:
        """Whether a neuron draws random numbers: its squash is random and it is not
        deterministic.
        """
        store = self._store
        rows = self._rows()
        return bool(
            (
                np.isin(store["squash"][rows], RANDOM)
                & (store["deterministic"][rows] == 0)
            ).any()
        )

    @property
    def dtype(self) -> np.dtype[Any]:
        """Precision of its numbers: float64 or float32."""
        float_type: np.dtype[Any] = self._store.dtype
        return float_type

    @property
    def metadata(self) -> dict[str, Any]:
        """What you want to know of the network later: its data, units, scales, author.
        Default: empty.

        A dict with strings as keys, which you may change. Its values are strings,
        finite numbers, booleans, None, and lists and dicts of these. Copies, pickles
        and the formats ``json`` and ``npz`` have it. They raise
        :class:`~synapse.errors.ArgumentTypeError` if it has any other value; the
        message names the key.

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

    @property
    def _store(self) -> Store:
        return self._anchor._store

    @property
    def _version(self) -> int:
        """The version of its topology: every edit makes another, which no other store
        has.
        """
        return self._store.topology_version

    @property
    def _recorder(self) -> Any:
        """The recorder that records it, or None."""
        recorder = self._store.recorder
        return recorder if recorder is not None and recorder.records(self) else None

    def _column(self, name: str) -> NDArray[Any]:
        """A column of its store, by the rows of neurons or connections."""
        return self._store[name]

    @property
    def _size(self) -> int:
        """The numbers of neurons and connections together, by which the time of a step
        grows.
        """
        return self._store.n_neurons + self._store.n_connections

    @property
    def _number_now(self) -> int:
        return int(self._store["network"][self._anchor._row])

    def _vector(
        self, title: str, values: ArrayLike, size: int, nan: bool = False
    ) -> Floats:
        """Return `size` numbers, checked to be within the range of its dtype, or NaN if
        `nan`.
        """
        return checks.vector(title, values, size, self._store.dtype, nan)

    def _rows(self) -> NDArray[np.int64]:
        """Return the rows of its neurons; contiguous after lowering."""
        return wiring.rows_of(self)

    @consistent_read
    def _connection_rows(self) -> NDArray[np.int64]:
        """Return the rows of the connections within the network, in the order of
        creation.
        """
        store = self._store
        store.ready()
        return wiring.rows_within(
            store, np.append(store["network"] == self._number_now, False)
        )

    def _ready(self) -> tuple[int, Store, NDArray[np.int64]]:
        """Return the arguments of kernels: address of the store's table, store, span of
        the network.
        """
        store = self._anchor._store
        address = store.ready()
        version = store.topology_version
        if self._span[0] != version:
            first_row = self._anchor._row
            inputs = self._n_inputs
            stop = first_row + len(self)
            incoming = store.columns["first_incoming"]
            learning = (
                first_row + inputs
                if incoming[first_row] == incoming[first_row + inputs]
                else first_row
            )
            self._span = (
                version,
                np.array(
                    [first_row, inputs, self._n_outputs, stop, learning], np.int64
                ),
            )
            self._loose.clear()
            self._warn_of_unreached(store, stop)
        return address, store, self._span[1]

    def _warn_of_unreached(self, store: Store, stop: int) -> None:
        """Warn if no connection leads into any output; called once for each
        topology.
        """
        columns = store.columns
        first_output = stop - self._n_outputs
        without_runs = (
            columns["first_run"][first_output] == columns["last_run"][stop - 1]
        )
        if without_runs and (columns["self_row"][first_output:stop] == NONE).all():
            warnings.warn(
                f"{self!r}: no connection leads into its outputs, so they depend on no"
                " input. Connect a layer to them with project().",
                TopologyWarning,
                stacklevel=checks.level_of_caller(),
            )

    # --- copies -----------------------------------------------------------------------

    @atomic
    def clone(self) -> Network:
        """Return an independent copy of the network, including its context.

        The copy has the class of the network if this is an architecture of the library,
        or a class that
        :func:`synapse.objects.architectures.register` has registered; otherwise it is a
        :class:`Network` with the same name. The same holds for pickle, the module copy,
        and :func:`synapse.save`.

        Returns
        -------
        Network
            The copy.

        Raises
        ------
        TopologyError
            If a connection or gate links the network to neurons outside of it.

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
        from .state import copied  # it makes networks

        return copied(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Network:
        return self.clone()

    def __reduce__(self) -> tuple[Any, ...]:
        return copyreg.dispatch_table[Network](self)  # type: ignore[return-value]  # registered by readwrite

    def __repr__(self) -> str:
        shown = (
            layer
            for layer in self._layers
            if not (layer.name or "").startswith(self._left_out)
        )
        return self._described("-".join(str(len(layer)) for layer in shown))

    def _repr_html_(self) -> str:
        """Small drawing for notebooks."""
        from ..draw._small import (
            small_picture,
        )  # imported here: drawings import networks

        return small_picture(self)

    def _described(self, sizes: str) -> str:
        links = checks.counted(len(self.connections), "connection")
        class_name = type(self).__name__
        links += ", synchronous" if self.synchronous else ""
        title = (
            class_name if self.name == class_name else f"{class_name} {self.name!r}"
        )  # a file may have a name alone
        return f"<{title} {sizes}, {checks.counted(len(self), 'neuron')}, {links}>"


def require_network(title: str, network: Any) -> Network:
    """Return `network` if it is a Network, or raise ArgumentTypeError."""
    if not isinstance(network, Network):
        raise ArgumentTypeError(checks.expected(title, "a Network", network))
    return network


def _require_room(out: Any, sizes: tuple[int, int], dtype: np.dtype[Any]) -> None:
    """Raise ArgumentError if `out` is not a pair of arrays for the slopes of a
    network.
    """
    if not isinstance(out, tuple | list) or len(out) != 2:
        raise ArgumentTypeError(
            checks.expected("The out", "a pair of arrays, for weights and biases", out)
        )
    for array, size in zip(out, sizes, strict=True):
        if not isinstance(array, np.ndarray) or (array.dtype, array.shape) != (
            dtype,
            (size,),
        ):
            form = f"arrays of {dtype} with {sizes[0]} and {sizes[1]} numbers"
            raise ArgumentError(checks.expected("The out", form, out))


def is_row(values: Any, size: int) -> TypeGuard[Floats]:
    """Whether kernels can read `values` as they are: `size` numbers of float64 side by
    side.
    """
    return (
        type(values) is np.ndarray
        and values.dtype is checks.FLOAT64
        and values.shape == (size,)
        and values.flags.carray
    )
