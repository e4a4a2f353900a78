"""Network: layers of neurons that activate in a fixed order."""

from __future__ import annotations

import copyreg
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, ClassVar, overload

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike

from .. import cost as costs
from .._checks import (
    NotCalled,
    counted,
    expected,
    finite_array,
    json_object,
    place,
    read_only,
    suggestion,
    text,
    understands,
)
from .._typing import Floats, Ints
from ..engine.guard import InUse, steady, whole
from ..engine.schema import HIDDEN, INPUT, OUTPUT
from ..engine.store import NOBODY
from ..errors import ArgumentError, ArgumentTypeError, SynapseError, TopologyError
from . import _placing, _ties, _wiring, graph
from ._network_steps import NetworkSteps
from .connection import Connection, connections_at
from .layer import Layer, flat_layers
from .neuron import Neuron, require_neuron
from .projection import Projection


class Network(NetworkSteps):
    """Layers that activate in a fixed order: inputs, hidden layers, outputs.

    Parameters
    ----------
    *layers : Layer or list of Layer
        Input layer, hidden layers, and output layer, in the order in which they activate:
        ``Network(a, b, c)``, or with the hidden layers in a list, ``Network(a, [b], c)``.
    input, output : Layer, optional
        Input layer and output layer as keywords, instead of by position.
    hidden : list of Layer, optional
        Hidden layers as a keyword; they come after those given by position.
    name : str, optional
        Name of the network. Default: the name of its class.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there are fewer than two layers, or anything other than a layer is given.
    TopologyError
        If a neuron is in two layers, or belongs to another network.

    Warns
    -----
    TopologyWarning
        If a network runs without any connection into its outputs; once for each topology.

    See Also
    --------
    Trainer : Train a network on data.
    record : Record values of neurons and connections over time.
    save : Write a network to a file.
    load : Read a network from a file.
    from_networkx : Make a network from a graph.

    Notes
    -----
    Once you no longer hold a reference to a network, its neurons may be used in another one. Until then
    they keep their order of activation, so that no result depends on when Python collects the object.

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

    _left_out: ClassVar[tuple[str, ...]] = ()
    """Prefixes of layer names; ``repr`` leaves out the sizes of these layers."""

    @understands("Network")
    def __init__(
        self,
        *layers: Layer | Iterable[Layer],
        input: Layer | None = None,
        hidden: Iterable[Layer] = (),
        output: Layer | None = None,
        name: str | None = None,
    ) -> None:
        ends = [[] if layer is None else [layer] for layer in (input, output)]
        self._build(flat_layers([*ends[0], *layers, hidden, *ends[1]]), name)

    def _build(self, layers: list[Layer], name: str | None) -> None:
        """Make a network of these layers."""
        neurons = [neuron for layer in layers for neuron in layer]
        if len(set(neurons)) < len(neurons):
            raise TopologyError("Expected each neuron of a network in one layer, got a neuron in two.")
        label = None if name is None else text("The name of a network", name)
        with InUse(*(neuron for layer in layers for neuron in layer._alive())):
            _wiring.require_free(neurons)
            for layer in layers[:-1]:
                _wiring.refuse_softmax(layer)
            self._layers = layers
            self._loose: list[Layer] = []  # new layers without a fixed place, until the next step
            self._name = label
            self._metadata: dict[str, Any] = {}
            self._anchor = neurons[0]
            self._parts_version = 0
            self._parts: dict[str, Any] = {}
            self._span = (0, np.zeros(5, np.uint64))
            self._cost_known = (0, None, costs.squared_error)
            store = _wiring.join(neurons)
            store.touch(NOBODY)
            store["network"][_wiring.rows_of(neurons)] = store.new_network(self)
            self._renumber()
            self._name_layers()
            for layer in layers:
                layer._network = weakref.ref(self)

    # --- parts -----------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Name of the network. Default: the name of its class."""
        return self._name or type(self).__name__

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Layers, in the order in which they activate."""
        return tuple(self._layers)

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
        return NotCalled((neuron for layer in self._layers for neuron in layer), "net.neurons")

    @overload
    def __getitem__(self, index: int) -> Neuron: ...
    @overload
    def __getitem__(self, index: slice) -> list[Neuron]: ...
    @overload
    def __getitem__(self, index: str) -> Layer: ...
    def __getitem__(self, index: int | slice | str) -> Neuron | list[Neuron] | Layer:
        """Return a neuron by its index, a list of neurons by a slice, or a layer by its name."""
        if isinstance(index, slice):
            return self.neurons[index]
        if not isinstance(index, str):
            return self.neurons[place("An index of a network", index, len(self))]
        for layer in self._layers:
            if layer.name == index:
                return layer
        names = [layer.label for layer in self._layers]
        hint, known = suggestion(index, names), ", ".join(names)
        raise ArgumentError(f"{self!r} has no layer named {index!r}.{hint} It has: {known}.")

    def __len__(self) -> int:
        return sum(map(len, self._layers))

    def __iter__(self) -> Iterator[Neuron]:
        return (neuron for layer in self._layers for neuron in layer)

    @property
    @steady
    def connections(self) -> list[Connection]:
        """Connections between its neurons, including self-connections, in the order of creation."""
        return connections_at(self._store, self._connection_rows())

    @property
    @steady
    def weights(self) -> Floats:
        """Weights in the order of ``connections``, shape (connections,); a read-only copy.

        Settable as a whole: ``net.weights = 2 * net.weights``. Tied connections must get the same value.
        To set some weights in place, use :attr:`Projection.weights`.
        """
        return read_only(self._store["weight"][self._connection_rows()])

    @weights.setter
    @whole
    def weights(self, values: ArrayLike) -> None:
        rows, what = self._connection_rows(), "The weights of the network"
        numbers = self._vector(what, finite_array(what, values), len(rows))
        _ties.assign(self._store, "weight", rows, numbers)

    @property
    @steady
    def biases(self) -> Floats:
        """Biases in the order of ``neurons``, shape (neurons,); a read-only copy.

        Settable as a whole: ``net.biases = 2 * net.biases``. Tied neurons must get the same value.
        """
        return read_only(self._store["bias"][self._rows()])

    @biases.setter
    @whole
    def biases(self, values: ArrayLike) -> None:
        what = "The biases of the network"
        biases = self._vector(what, finite_array(what, values), len(self))
        _ties.assign(self._store, "bias", self._rows(), biases)

    @property
    @steady
    def graph(self) -> nx.DiGraph[Any]:
        """Live networkx graph of the network: nodes are its neurons, edge data are its connections.

        :class:`synapse.objects.graph.NeuronData` lists the data of nodes. Neurons and connections cannot be
        added or removed through networkx; ``graph.copy()`` returns an ordinary graph.

        See Also
        --------
        Topology.to_networkx : Ordinary graph with numbers as nodes.
        from_networkx : Make a network from a graph.
        """
        return graph.view(self)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Precision of its numbers: float64 or float32."""
        kind: np.dtype[Any] = self._store.dtype
        return kind

    @property
    def metadata(self) -> dict[str, Any]:
        """What you want to know of the network later: its data, units, scales, author. Default: empty.

        A dict with strings as keys, which you may change. Its values are strings, finite numbers, booleans,
        None, and lists and dicts of these. Copies, pickles and the formats ``json`` and ``npz`` have it. They
        raise :class:`~synapse.errors.ArgumentTypeError` if it has any other value; the message names the key.

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
        self._metadata = json_object("net.metadata", values)

    def _name_layers(self) -> None:
        """Name the layers without a name by their position, with the next number if a name is taken."""
        for layer, name in ((self.input, "input"), (self.output, "output")):
            if layer.name is None:
                layer.name = name
        taken = {layer.name for layer in self._layers}
        alone = len(self._layers) == 3
        for i, layer in enumerate(self.hidden):
            if layer.name is None:
                names = (f"hidden {number}" for number in count(i + 1))
                layer.name = "hidden" if alone else next(name for name in names if name not in taken)
                taken.add(layer.name)

    def _admit(self, neurons: Sequence[Neuron]) -> None:
        """Add neurons to the network and move them to its store; they must not belong to another one."""
        _wiring.require_free(neurons)
        store = _wiring.join([self._anchor, *neurons])
        store.touch(NOBODY)
        store["network"][_wiring.rows_of(neurons)] = self._number_now

    def _renumber(self) -> None:
        """Write the order and the roles of its neurons into the store."""
        self._n_inputs, self._n_outputs = len(self.input), len(self.output)
        store, rows = self._store, self._rows()
        store.touch(NOBODY)
        store["position"][rows] = np.arange(len(rows))
        inputs = rows[: len(self.input)]
        new = inputs[store["role"][inputs] != INPUT]
        new = new[~np.isin(new, store["target"])] if len(new) else new
        for error in ("responsibility", "projected", "gated"):  # clamped neurons have no error
            store[error][new] = 0.0
        store["role"][rows] = HIDDEN
        store["role"][inputs] = INPUT
        store["role"][rows[len(rows) - len(self.output) :]] = OUTPUT
        graph.refresh(store)

    def add(self, neurons: Neuron | Layer, before: Layer | Neuron | None = None) -> Layer:
        """Add a hidden layer, or a hidden neuron. To add a neuron to an existing layer, use `Layer.append`.

        Parameters
        ----------
        neurons : Layer or Neuron
            Layer to add; a neuron becomes a layer of one.
        before : Layer or Neuron, optional
            Layer of this network, or a neuron in it, that activates next. Default: the layer activates after
            the other hidden layers, or earlier if its connections and gates would arrive one step late
            there; see the notes.

        Returns
        -------
        Layer
            The new hidden layer.

        Raises
        ------
        ArgumentTypeError
            If it is neither a layer nor a neuron.
        TopologyError
            If a neuron belongs to another network, or `before` is the input layer or not in this network.

        Warns
        -----
        TopologyWarning
            If a connection or gate of the layer arrives one step late although it closes no cycle.

        See Also
        --------
        remove : Remove a hidden neuron.
        sort : Find an order in which nothing is late without need.

        Notes
        -----
        A layer that is added without `before` has no fixed place until the network activates next. It moves
        when a connection or gate of it, made by ``project`` or ``gate``, would arrive late although it closes
        no cycle. It moves only past layers that it has no connection or gate with, so that nothing else
        changes its timing. So you can split a connection in any order: add the neuron, connect it, and
        disconnect what it replaces. With `before` the layer stays where you put it. All other layers keep
        their order until you call :meth:`sort`.

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
            raise ArgumentTypeError(expected("What is added to a network", "a Neuron or a Layer", neurons))
        with InUse(self, *layer._alive()):
            place = len(self._layers) - 1 if before is None else self._place_before(before)
            _wiring.refuse_softmax(layer)
            self._admit(list(layer))
            self._layers.insert(place, layer)
            layer._network = weakref.ref(self)
            self._name_layers()
            self._renumber()
            if before is None:
                self._loose.append(layer)
            _placing.settle(self, *_placing.attached(self, layer))
        return layer

    def _place_before(self, before: Layer | Neuron) -> int:
        """The index of the layer that a new one precedes."""
        given = before._alive()[0] if isinstance(before, Layer) else before
        neuron = require_neuron("The before of a network", given)
        for i, layer in enumerate(self._layers):
            if i and neuron in layer._neurons:
                return i
        raise TopologyError(
            f"Expected before to be a hidden layer or the output layer of {self!r}, or a neuron of one, "
            f"got {before!r}."
        )

    @whole
    def sort(self) -> None:
        """Change the order of activation so that no connection or gate is late without need.

        Every neuron then activates after its sources and after the gaters of its incoming connections.
        Neurons on a common cycle allow no such order and keep theirs; so do inputs and outputs. Layers whose
        neurons have to activate in turns are merged into the largest of them. Weights, biases, states and
        traces stay with their neurons and connections.

        A delay line, in which each neuron copies the previous activation of another one, depends on late
        connections that close no cycle. Do not sort a network that has one.

        See Also
        --------
        architect.delayed : List the connections that arrive one step late.
        Topology.delayed : The same as an array.

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
        order, neurons = _placing.sorted_layers(self), self.neurons
        chosen = [[neurons[i] for i in part] for part in order]
        if [neuron for part in chosen for neuron in part] == neurons and len(chosen) == len(self._layers):
            return
        layers = []
        for part in chosen:
            members = set(part)
            merged = [layer for layer in self._layers if layer._neurons[0] in members]
            layer = max(merged, key=len)
            for other in merged:
                other._network = None
            layer._network, layer._neurons = weakref.ref(self), part
            layers.append(layer)
        self._layers = layers
        self._loose.clear()
        self._renumber()

    @whole
    def remove(self, neuron: Neuron) -> None:
        """Remove a hidden neuron and all its connections.

        Parameters
        ----------
        neuron : Neuron
            Hidden neuron of this network. If it is the last one of its layer, the layer is removed too.

        Raises
        ------
        TopologyError
            If it is not a hidden neuron of this network, or gates connections of other neurons.

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
        for layer in self._layers[1:-1]:
            if neuron in layer._neurons:
                break
        else:
            raise TopologyError(
                f"{neuron!r} is not a hidden neuron of {self!r}: only hidden neurons can be removed."
            )
        _wiring.remove([neuron])
        layer._neurons.remove(neuron)
        if not layer._neurons:
            self._layers.remove(layer)
        self._renumber()

    @whole
    def _disconnect(self, numbers: Ints) -> None:
        """Remove connections by their indices in ``connections``."""
        rows = self._connection_rows()[numbers]
        _wiring.disconnect(self._store, self._store["identity"][rows])

    # --- hooks for subclasses, see `architectures` -------------------------------------------

    @property
    def settings(self) -> dict[str, Any]:
        """Arguments of its class that cannot be derived from the layers, as a dict for JSON. Default: empty.

        A subclass overrides this, see :func:`synapse.objects.architectures.register`.
        """
        return {}

    @classmethod
    def find_parts(cls, layers: Sequence[Layer], settings: Mapping[str, Any]) -> dict[str, Any]:
        """Find the additional attributes of a network of this class in its layers.

        A copy, or a network that is read from a file, is not made by ``__init__``, which would build new
        layers. It gets its layers, and then these attributes. A subclass with attributes of its own
        overrides this, see :func:`synapse.objects.architectures.register`.

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
    def parts(self) -> dict[str, Any]:
        """Result of :meth:`find_parts` for this network, computed again after each edit.

        Raises TopologyError if the network no longer has the neurons and connections it was built with.
        """
        version = self._store.topology_version
        if self._parts_version != version:
            kind = type(self)
            try:
                self._parts = kind.find_parts(self.layers, self.settings)
            except SynapseError as error:
                raise TopologyError(
                    f"This {kind.__name__} must have the neurons and connections that it was built with. "
                    f"{error} Build a new {kind.__name__} of the size that you need."
                ) from None
            self._parts_version = version
        return dict(self._parts)

    # --- connections -----------------------------------------------------------------------

    def project(self, target: Layer | Neuron | Network, kind: Any = None, **options: Any) -> Projection:
        """Connect the output layer to another layer or network; see :meth:`Layer.project`."""
        return self.output.project(target, kind, **options)

    def gate(self, projection: Projection, kind: str) -> None:
        """Gate a projection with the output layer; see :meth:`Layer.gate`."""
        self.output.gate(projection, kind)

    # --- copies ------------------------------------------------------------------------

    @whole
    def clone(self) -> Network:
        """Return an independent copy of the network, including its context.

        The copy has the class of the network if this is an architecture of the library, or a class that
        :func:`synapse.objects.architectures.register` has registered; otherwise it is a :class:`Network`
        with the same name. The same holds for pickle, the module copy, and :func:`synapse.save`.

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
        make, arguments = self.__reduce__()
        twin: Network = make(*arguments)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Network:
        return self.clone()

    def __reduce__(self) -> tuple[Any, ...]:
        return copyreg.dispatch_table[Network](self)  # type: ignore[return-value]  # registered by readwrite

    def __repr__(self) -> str:
        shown = (layer for layer in self._layers if not (layer.name or "").startswith(self._left_out))
        return self._described("-".join(str(len(layer)) for layer in shown))

    def _repr_html_(self) -> str:
        """Small drawing for notebooks."""
        from ..draw._small import small_picture  # imported here: drawings import networks

        return small_picture(self)

    def _described(self, sizes: str) -> str:
        links = counted(len(self._connection_rows()), "connection")
        return f"<{self.name} {sizes}, {counted(len(self), 'neuron')}, {links}>"


def require_network(what: str, network: Any) -> Network:
    """Return `network` if it is a Network, or raise ArgumentTypeError."""
    if not isinstance(network, Network):
        raise ArgumentTypeError(expected(what, "a Network", network))
    return network
