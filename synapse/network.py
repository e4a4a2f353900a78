"""Network: layers of neurons that activate in a fixed order."""

from __future__ import annotations

import copyreg
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, overload

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _ties, _wiring, engine, graph
from . import cost as costs
from . import squash as squashes
from ._checks import (
    FLOAT64,
    as_matrix,
    boolean,
    expected,
    finite_array,
    listed,
    non_negative_number,
    parts_of,
    place,
    require_range,
    row_of,
    shown,
    text,
    vector,
)
from ._registration import require_sound
from ._typing import Floats
from .connection import Connection
from .cost import Cost
from .engine.functions.activations import RANDOM
from .engine.guard import InUse, steady, whole
from .engine.lowering.flags import BACK, BACK_GATED
from .engine.lowering.order import pure_inputs
from .engine.schema import HIDDEN, INPUT, NONE, OUTPUT
from .engine.store import Store
from .errors import ArgumentError, KindError, TopologyError
from .initializers import Initializer
from .layer import Layer
from .neuron import Neuron, Seed, random_generator
from .projection import Projection

if TYPE_CHECKING:
    from .learning.readout import Readout

NOTHING = np.empty(0)


class Network(Sequence[Neuron]):
    """Neurons in the order in which they activate: inputs, hidden layers, outputs.

    Parameters
    ----------
    input : Layer
        The neurons that take the inputs.
    hidden : sequence of Layer
        The neurons in between, in order.
    output : Layer
        The neurons whose activations are the outputs.
    name : str, optional
        What it is called. Default: the name of its class.

    Raises
    ------
    TopologyError
        If a neuron stands in two layers, or belongs to another network.

    Notes
    -----
    When the object is no longer held, its neurons may be taken into another network. Until then they keep
    their order of activation: no number depends on when Python collects an object.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> a, b = Layer(2), Layer(1)
    >>> _ = a.project(b, weights=1.0)
    >>> net = Network(a, [], b)
    >>> net.activate([1.0, -1.0])
    array([0.5])
    >>> net
    <Network 2-1, 3 neurons, 2 connections>
    """

    _left_out: ClassVar[tuple[str, ...]] = ()
    """How names of layers begin whose sizes its repr leaves out."""

    def __init__(
        self,
        input: Layer,
        hidden: Iterable[Layer] = (),
        output: Layer | None = None,
        *,
        name: str | None = None,
    ) -> None:
        if output is None:
            raise ArgumentError("A network must have an output layer. Got none.")
        layers: list[Layer] = [
            input,
            *listed("The hidden layers of a network", hidden, "a list of Layers"),
            output,
        ]
        for layer in layers:
            if not isinstance(layer, Layer):
                raise KindError(expected("What a network is made of", "a Layer", layer))
        neurons = [neuron for layer in layers for neuron in layer]
        if len(set(neurons)) < len(neurons):
            raise TopologyError("A neuron stands in two layers of the network. Give each neuron one place.")
        label = None if name is None else text("The name of a network", name)
        with InUse(*(neuron for layer in layers for neuron in layer._alive())):
            _require_free(neurons)
            for layer in layers[:-1]:
                _refuse_softmax(layer)
            self._layers = layers
            self._name = label
            self._anchor = neurons[0]
            self._span_version = 0
            self._span = np.zeros(5, np.uint64)
            self._cost_asked: tuple[str | Cost | None, int] = (None, 0)
            self._cost_found = costs.squared_error
            store = _wiring.join(neurons)
            store.touch()
            store["network"][_wiring.rows_of(neurons)] = store.new_network(self)
            self._renumber()
            self._name_layers()
            for layer in layers:
                layer._network = weakref.ref(self)

    # --- its parts -------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name or type(self).__name__

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Its layers, in order."""
        return tuple(self._layers)

    @property
    def input(self) -> Layer:
        """The layer of its inputs."""
        return self._layers[0]

    @property
    def hidden(self) -> tuple[Layer, ...]:
        """The layers between inputs and outputs."""
        return tuple(self._layers[1:-1])

    @property
    def output(self) -> Layer:
        """The layer of its outputs."""
        return self._layers[-1]

    @property
    def neurons(self) -> list[Neuron]:
        """Its neurons, in the order in which they activate."""
        return [neuron for layer in self._layers for neuron in layer]

    @overload
    def __getitem__(self, index: int) -> Neuron: ...
    @overload
    def __getitem__(self, index: slice) -> list[Neuron]: ...
    @overload
    def __getitem__(self, index: str) -> Layer: ...
    def __getitem__(self, index: int | slice | str) -> Neuron | list[Neuron] | Layer:
        """A neuron by its number, or a layer by its name."""
        if isinstance(index, slice):
            return self.neurons[index]
        if not isinstance(index, str):
            return self.neurons[place("A place in a network", index, len(self))]
        for layer in self._layers:
            if layer.name == index:
                return layer
        known = ", ".join(layer.label for layer in self._layers)
        raise ArgumentError(f"{self!r} has no layer named {index!r}. It has: {known}.")

    def __len__(self) -> int:
        return sum(map(len, self._layers))

    def __iter__(self) -> Iterator[Neuron]:
        return (neuron for layer in self._layers for neuron in layer)

    @steady
    def _connection_rows(self) -> NDArray[np.int64]:
        """Rows of the connections within the network, in the order of making."""
        store = self._store
        store.ready()
        mine = np.append(store["network"] == self._number_now, False)
        source, target = (np.minimum(store[name], store.n_neurons) for name in ("source", "target"))
        rows = np.flatnonzero(mine[source] & mine[target])
        return rows[np.argsort(store["identity"][rows])]

    @property
    @steady
    def connections(self) -> list[Connection]:
        """The connections within it, self-connections too, in the order of making."""
        store, rows = self._store, self._connection_rows()
        return [_wiring.connection_at(store, int(identity)) for identity in store["identity"][rows]]

    @property
    @steady
    def weights(self) -> Floats:
        """Weights in the order of ``connections``, shape (connections,); a copy. Settable: tied
        connections must be given one value.
        """
        weights: Floats = self._store["weight"][self._connection_rows()]
        return weights

    @weights.setter
    @whole
    def weights(self, values: ArrayLike) -> None:
        rows, what = self._connection_rows(), "The weights of the network"
        numbers = self._vector(what, finite_array(what, values), len(rows))
        _ties.put(self._store, "weight", rows, numbers)

    @property
    @steady
    def biases(self) -> Floats:
        """Biases in the order of its neurons, shape (neurons,); a copy. Settable, as ``weights`` are."""
        return self._store["bias"][self._rows()]

    @biases.setter
    @whole
    def biases(self, values: ArrayLike) -> None:
        what = "The biases of the network"
        biases = self._vector(what, finite_array(what, values), len(self))
        _ties.put(self._store, "bias", self._rows(), biases)

    @property
    @steady
    def graph(self) -> nx.DiGraph[Any]:
        """The network as a networkx graph, live: nodes are its neurons, edge data its connections.

        The data of nodes are listed at :class:`synapse.graph.NeuronData`. Neurons and connections cannot be
        added or removed through networkx; ``graph.copy()`` gives an ordinary graph.
        """
        return graph.view(self)

    @property
    @steady
    def has_memory(self) -> bool:
        """Whether what it was shown before can change what it answers now."""
        _, store, span = self._ready()
        columns, first, stop = store.columns, int(span[0]), int(span[3])
        if (columns["self_row"][first:stop] != NONE).any():
            return True
        runs = slice(int(columns["first_run"][first]), int(columns["last_run"][stop - 1]))
        return bool((columns["run_flags"][runs] & (BACK | BACK_GATED)).any())

    @property
    @steady
    def is_random(self) -> bool:
        """Whether neurons of it draw random numbers: they have such a squash, and are not deterministic."""
        store, rows = self._store, self._rows()
        return bool((np.isin(store["squash"][rows], RANDOM) & (store["deterministic"][rows] == 0)).any())

    # --- its place in the store ------------------------------------------------------------

    @property
    def _store(self) -> Store:
        return self._anchor._store

    @property
    def _number_now(self) -> int:
        return int(self._store["network"][self._anchor._row])

    def _vector(self, what: str, values: ArrayLike, size: int) -> Floats:
        """Numbers that fit its float."""
        return vector(what, values, size, self._store.dtype)

    def _rows(self) -> NDArray[np.int64]:
        """Rows of its neurons; after lowering, neighbours."""
        return _wiring.rows_of(self)

    def _name_layers(self) -> None:
        """Name layers without a name by their place, those of a place that is taken by the next number."""
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
        """Take neurons in: they share a store with the others, and belong to no other network."""
        _require_free(neurons)
        store = _wiring.join([self._anchor, *neurons])
        store.touch()
        store["network"][_wiring.rows_of(neurons)] = self._number_now

    def _renumber(self) -> None:
        """Tell the store the order of its neurons and what each is."""
        self._n_inputs, self._n_outputs = len(self.input), len(self.output)
        store, rows = self._store, self._rows()
        store.touch()
        store["position"][rows] = np.arange(len(rows))
        inputs = rows[: len(self.input)]
        new = inputs[(store["role"][inputs] != INPUT) & ~np.isin(inputs, store["target"])]
        for error in ("responsibility", "projected", "gated"):  # they are clamped, and have none
            store[error][new] = 0.0
        store["role"][rows] = HIDDEN
        store["role"][inputs] = INPUT
        store["role"][rows[len(rows) - len(self.output) :]] = OUTPUT
        graph.refresh(store)

    def add(self, neurons: Neuron | Layer) -> Layer:
        """Add a hidden neuron, or a layer of them, to activate after the other hidden ones.

        To add a neuron to a layer that it has, use ``layer.append``.
        """
        layer = Layer([neurons]) if isinstance(neurons, Neuron) else neurons
        if not isinstance(layer, Layer):
            raise KindError(expected("What is added to a network", "a Neuron or a Layer", neurons))
        with InUse(self, *layer._alive()):
            _refuse_softmax(layer)
            self._admit(list(layer))
            self._layers.insert(len(self._layers) - 1, layer)
            layer._network = weakref.ref(self)
            self._name_layers()
            self._renumber()
        return layer

    @whole
    def remove(self, neuron: Neuron) -> None:
        """Remove one of its hidden neurons and every connection of it.

        Raises
        ------
        TopologyError
            If it is an input or output, gates connections of others, or is not of this network.
        """
        _wiring.require_neuron("What is removed from a network", neuron)
        for layer in self._layers[1:-1]:
            if neuron in layer._neurons:
                break
        else:
            raise TopologyError(f"{neuron!r} is not a hidden neuron of {self!r}: only those can be removed.")
        _wiring.remove([neuron])
        layer._neurons.remove(neuron)
        if not layer._neurons:
            self._layers.remove(layer)
            layer._network = None
        self._renumber()

    def _ready(self) -> tuple[int, Store, NDArray[np.uint64]]:
        """Address of the table, store, and span: what a kernel has to know of this network."""
        store = self._anchor._store
        address = store.ready()
        if self._span_version != store.topology_version:
            first = self._anchor._row
            inputs, stop = len(self.input), first + len(self)
            pure = bool(pure_inputs(store)[first : first + inputs].all())
            learning = first + inputs if pure else first
            self._span = np.array([first, inputs, len(self.output), stop, learning], np.uint64)
            self._span_version = store.topology_version
        return address, store, self._span

    # --- what the twin of an architecture is made from -----------------------------------------

    @property
    def _settings(self) -> dict[str, Any]:
        """What it was asked for and its layers do not tell, as JSON can hold it."""
        return {}

    @classmethod
    def _parts_of(cls, layers: Sequence[Layer], settings: Mapping[str, Any]) -> dict[str, Any]:
        """Its attributes besides its layers, found among these; TopologyError where that cannot be."""
        return {}

    # --- its links -------------------------------------------------------------------------

    def project(self, target: Layer | Neuron | Network, kind: Any = None, **options: Any) -> Projection:
        """Connect its output layer to another layer or network; see :meth:`Layer.project`."""
        return self.output.project(target, kind, **options)

    def gate(self, projection: Projection, kind: str) -> None:
        """Let its output layer gate a projection; see :meth:`Layer.gate`."""
        self.output.gate(projection, kind)

    # --- its doing -------------------------------------------------------------------------

    def activate(self, inputs: ArrayLike | None = None) -> Floats:
        """One step.

        Parameters
        ----------
        inputs : array_like, shape (n,), optional
            One number an input neuron. None: the input neurons fire from what leads to them.
            A contiguous float64 array is read where it is; lists, tuples, float32 and
            non-contiguous arrays are copied first.

        Returns
        -------
        ndarray, shape (m,)
            The outputs.

        Raises
        ------
        ArgumentError
            If the inputs are of another number, or not finite; nothing has changed then.
        """
        if inputs is None:
            row = NOTHING
        elif (
            type(inputs) is np.ndarray
            and inputs.dtype is FLOAT64
            and inputs.shape == (self._n_inputs,)
            and inputs.flags.carray
        ):
            row = inputs  # nothing to copy
        else:
            row = row_of("The inputs", inputs, self._n_inputs)
        return self._run(row, np.empty(self._n_outputs))

    @overload
    def run(self, inputs: list[NDArray[Any]]) -> list[Floats]: ...
    @overload
    def run(self, inputs: ArrayLike) -> Floats: ...
    def run(self, inputs: Any) -> Floats | list[Floats]:
        """A step for every row, inside one compiled call.

        Parameters
        ----------
        inputs : array_like, shape (T, n) or (B, T, n), or list of array_like, each of shape (T_i, n)
            One row a step, from the present context on; or several sequences, the context cleared before
            each. A network with one input takes (T,), too. Forms are those of :meth:`Trainer.train`.

        Returns
        -------
        ndarray, shape (T, m) or (B, T, m), or list of ndarray
            The outputs of every step, in the form of the inputs. The context is afterwards that of the last
            step: of several sequences, that of the last one that has a step.

        Raises
        ------
        ArgumentError, KindError
            If the inputs have another shape, or are not finite; nothing has changed then.
        FunctionError
            If a registered squash raises. Call :meth:`clear` then, to forget the activations of that step.

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
        n, dtype = self._n_inputs, self._store.dtype
        parts, together = [inputs], type(inputs) is np.ndarray and inputs.ndim == 2
        if not together:
            parts, together = parts_of("The inputs", inputs, n)
        if together:
            rows = as_matrix("The inputs", parts[0], n, dtype, finite=False)
            return self._run_rows(rows)
        sequences = [as_matrix(f"The inputs of sequence {i}", part, n, dtype) for i, part in enumerate(parts)]
        outputs = self._run_sequences(sequences)
        if isinstance(inputs, list | tuple):
            return outputs
        return np.concatenate(outputs or [NOTHING]).reshape(*np.shape(inputs)[:2], self._n_outputs)

    @whole
    def _run_sequences(self, sequences: list[Floats]) -> list[Floats]:
        """A step for every row of some sequences, the context cleared before each."""
        outputs = []
        for rows in sequences:
            if len(rows):
                self.clear()
            outputs.append(self._run_rows(rows))
        return outputs

    def _run_rows(self, rows: Floats) -> Floats:
        """A step for every row, from the present context on."""
        outputs = np.empty(len(rows) * self._n_outputs)
        return self._run(rows.reshape(-1), outputs).reshape(len(rows), self._n_outputs)

    def _run(self, inputs: Floats, outputs: Floats) -> Floats:
        """Rows one after the other, in and out."""
        store = self._anchor._store
        with store.lock:
            if store is self._anchor._store:
                address, _, span = self._ready()
                steps = outputs.size // self._n_outputs
                fits = inputs.size in (0, steps * self._n_inputs) and outputs.size == steps * self._n_outputs
                if not fits:
                    raise _changed(self)
                if store.recorder is not None:
                    store.recorder.make_room(steps)
                bad = int(engine.online.run_network(address, store.unit, span, inputs, outputs))
                if bad:
                    self._refuse(store, inputs, bad - 1)
                return outputs
        return self._run(inputs, outputs)  # while this waited, it has been joined to a larger one

    def _refuse(self, store: Store, inputs: Floats, step: int) -> NoReturn:
        """Say why this step could not be made."""
        require_sound(store["failed"])
        row = inputs[step * self._n_inputs : (step + 1) * self._n_inputs]
        require_range("The inputs", row, store.dtype)
        raise ArgumentError(f"The inputs must be finite. Got {shown(row.tolist())} in step {step}.")

    def propagate(
        self, rate: float = 0.1, target: ArrayLike | None = None, cost: str | Cost | None = None
    ) -> float:
        """Send the error of the last step back through the network, and learn from it at once.

        Parameters
        ----------
        rate : float
            How far weights move.
        target : array_like, shape (m,), optional
            What the outputs should have been. None: errors come from the networks it projects to.
        cost : str or Cost, optional
            Default: cross-entropy for logistic outputs, else squared error.

        Returns
        -------
        float
            The cost of the step.

        Raises
        ------
        ArgumentError
            If rate or target cannot be used; no weight has moved then.
        FunctionError
            If a registered cost raises; no weight has moved then.
        """
        step = non_negative_number("The rate", rate, self._store.dtype)
        measure = self._cost(cost)
        aims = NOTHING if target is None else self._vector("The target", target, self._n_outputs)
        measure.check_targets(aims.reshape(-1, self._n_outputs))
        store = self._anchor._store
        with store.lock:
            if store is self._anchor._store:
                address, _, span = self._ready()
                if aims.size not in (0, self._n_outputs):
                    raise _changed(self)
                value: float = engine.online.propagate_targets(
                    address, store.unit, span, aims, measure.code, store.dtype.type(step)
                )
                if value != value:
                    require_sound(store["failed"])
                return value
        return self.propagate(rate, target, cost)  # while this waited, it has been joined to a larger one

    def fit_readout(self, inputs: Any, targets: Any, ridge: float = 1e-6, washout: int = 0) -> Readout:
        """Set the weights into its outputs by least squares: :func:`synapse.learning.fit_readout`."""
        from .learning.readout import fit_readout  # learning is made of networks: a loop at the top

        return fit_readout(self, inputs, targets, ridge, washout)

    def _cost(self, cost: str | Cost | None) -> Cost:
        """The cost asked for, or the one that goes with the outputs; checked against these."""
        cost = None if cost is None else costs.get(cost)
        asked = (cost, self._store.topology_version)  # a squash that is set anew changes the version
        if self._cost_asked != asked:
            squash = [neuron.squash for neuron in self.output]
            measure = costs.matching(squash) if cost is None else cost
            if measure is costs.cross_entropy and costs.matching(squash) is costs.categorical_cross_entropy:
                measure = costs.categorical_cross_entropy
            measure.check(squash)
            self._cost_asked, self._cost_found = asked, measure
        return self._cost_found

    @whole
    def clear(self) -> None:
        """Forget the context: states, activations, errors and traces. Weights stay."""
        address, store, span = self._ready()
        engine.online.clear_rows(address, store.unit, np.arange(span[0], span[3], dtype=np.uint64))

    @whole
    def reset(self, seed: Seed = None, initializer: str | Initializer = "uniform") -> None:
        """Forget context and learning: new random weights and biases.

        Self-connections and whatever is not trainable keep theirs, inputs have no bias.
        """
        connections = self._connection_rows()
        _ties.renew(self._store, connections, self._rows(), random_generator(seed), initializer)
        self.clear()

    @property
    @steady
    def deterministic(self) -> bool:
        """Whether all its neurons are deterministic, see :attr:`Neuron.deterministic`. Settable: True to test
        a network that has random neurons, False to train it.
        """
        return bool(self._store["deterministic"][self._rows()].all())

    @deterministic.setter
    @whole
    def deterministic(self, value: bool) -> None:
        self._store["deterministic"][self._rows()] = boolean("The deterministic of a network", value)

    @whole
    def reseed(self, seed: Seed = None) -> None:
        """Begin the streams of its random neurons anew, see :meth:`Neuron.reseed`."""
        rng = random_generator(seed)
        for neuron in self:
            if neuron.squash.random:
                neuron.reseed(rng)

    # --- its twins -------------------------------------------------------------------------

    @whole
    def clone(self) -> Network:
        """A twin: the same network, context included, with neurons and numbers of its own.

        What holds for :func:`synapse.save` holds here, and for pickle and copy: the twin of an
        architecture is of its class, that of a class of your own is a :class:`Network` of its name, and
        nothing may link the network to neurons outside of it.
        """
        make, arguments = self.__reduce__()
        twin: Network = make(*arguments)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Network:
        return self.clone()

    def __reduce__(self) -> tuple[Any, ...]:
        return copyreg.dispatch_table[Network](self)  # type: ignore[return-value]  # readwrite has told it how

    def __repr__(self) -> str:
        shown = (layer for layer in self._layers if not (layer.name or "").startswith(self._left_out))
        return self._described("-".join(str(len(layer)) for layer in shown))

    def _repr_html_(self) -> str:
        """A small drawing of it: what a notebook shows."""
        from .draw.small import small_picture  # drawings are of networks: a loop at the top

        return small_picture(self)

    def _described(self, sizes: str) -> str:
        return f"<{self.name} {sizes}, {len(self)} neurons, {len(self._connection_rows())} connections>"


def require_network(what: str, network: Any) -> Network:
    """`network` if it is one, else an error."""
    if not isinstance(network, Network):
        raise KindError(expected(what, "a Network", network))
    return network


def _changed(network: Network) -> TopologyError:
    """Another thread has given a network inputs or outputs while a step of it was waiting."""
    return TopologyError(
        f"Another thread has edited {network!r} meanwhile: its inputs or outputs are others now."
    )


def _refuse_softmax(layer: Iterable[Neuron]) -> None:
    """Raise where a neuron that is no output has the squash softmax."""
    for neuron in layer:
        if neuron.squash is squashes.softmax:
            raise TopologyError(f"{neuron!r} is no output: softmax normalises the outputs of a network only.")


def _require_free(neurons: Iterable[Neuron]) -> None:
    """Raise where a neuron belongs to a network that is still in use."""
    for neuron in neurons:
        store = _wiring.require_neuron("What a network holds", neuron)._store
        owner = store.networks.get(int(store["network"][neuron._row]))
        network = owner() if owner is not None else None
        if network is not None:
            raise TopologyError(
                f"{neuron!r} belongs to {network!r} already. Networks do not share neurons: "
                "project from one to the other, or build one network from all the layers."
            )
