"""Topology: an immutable table of a network, the basis of analysis, drawings and file
formats.
"""

from __future__ import annotations

import copyreg
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import compress
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from .. import squash as squashes
from .._checks import boolean, counted, expected, listed, read_only
from .._typing import Bools, Floats, Ints
from ..engine.delayed import is_delayed_in_order
from ..engine.guard import InUse, consistent_read
from ..engine.schema import CONNECTION, FLAG, GROUP, NEURON, Column
from ..engine.store import Store
from ..errors import ArgumentError, ArgumentTypeError, TopologyError
from .connection import Connection
from .delays import delays_of
from .graph import LiveGraph
from .graph_names import (
    APART,
    CONNECTION_PART,
    EDGE_NAMES,
    GATE_PART,
    MARK,
    NEURON_PART,
    NODE_NAMES,
    POSITION,
    PREFIX,
    escaped,
    is_usual_position,
)
from .groups import bounds_of
from .metadata import Columns, Notes, by_number
from .network import Network
from .neuron import Neuron
from .nondefault import (
    CARRIES,
    DELAY,
    NONDEFAULT_OF_CONNECTIONS,
    NONDEFAULT_OF_NEURONS,
    PAST,
    STATE,
)
from .wiring import crossings_of, not_closed, rows_of, rows_within

is_delayed = is_delayed_in_order  # for the rooms, which do not import the engine
NO_GATER = -1
OUTSIDE = -2
"""Values of `Topology.gater` without a number: no gater, and a gater that is not in the
table."""


@dataclass(frozen=True, eq=False, repr=False)
class Topology:
    """A snapshot of the structure and values of a network, as columns of neurons and
    connections.

    Neurons are numbered in the order in which they activate, connections in the order
    of creation, like ``network.neurons`` and ``network.connections``. The arrays are
    read-only, and later changes of the network do not affect them. :meth:`Topology.of`
    makes the table.

    Parameters
    ----------
    name : str
        Name of the network; "" for neurons without a network.
    description : str
        The ``repr`` of the network.
    dtype : numpy dtype
        Precision of the network. The arrays below are float64 in any case.
    inputs, outputs : int
        Number of input neurons (the first ones) and of output neurons (the last ones).
    layers : tuple of str
        Labels of the layers, in order.
    layer : ndarray of int, shape (neurons,)
        Index of the layer of each neuron.
    names, squash : tuple of str
        Name and activation function of each neuron.
    bias, state, activation : ndarray, shape (neurons,)
        Values of the neurons.
    trainable_bias : ndarray of bool, shape (neurons,)
        Whether learning updates the bias. Biases of inputs without incoming connections
        never change.
    bias_tie : ndarray of int, shape (neurons,)
        Number of the group of neurons that share a bias; 0 if the neuron does not share
        its bias.
    source, target : ndarray of int, shape (connections,)
        Neurons where each connection starts and ends.
    gater : ndarray of int, shape (connections,)
        Neuron that gates the connection; -1 without a gater, -2 if the gater is not in
        the table.
    gain : ndarray, shape (connections,)
        Activation of the gater; 1 without a gater.
    weight : ndarray, shape (connections,)
        Weights of the connections.
    trainable : ndarray of bool, shape (connections,)
        Whether learning updates the weight.
    tie : ndarray of int, shape (connections,)
        Number of the group of connections that share a weight; 0 if the connection does
        not share it.
    crossings : int
        Number of connections and gates between its neurons and other neurons.
    neuron_metadata, connection_metadata : dict
        By name, a dict from the number of a neuron or connection to its value; see
        :attr:`Neuron.metadata`.
    entering : int
        Number of these that lead into its neurons, or gate such connections. If it is
        above 0, the activations depend on other neurons.
    number : ndarray of int, shape (neurons,)
        Index of each neuron in ``network.neurons``; from 0 on, unless
        :meth:`without_relays` has made the table.
    delay : ndarray of int, shape (connections,)
        Number of steps by which relays that are not in the table delay each connection;
        0 for all unless :meth:`without_relays` has made it.

    See Also
    --------
    Network.graph : Live networkx graph of a network.
    from_networkx : Make a network from a graph.

    Examples
    --------
    >>> import architect
    >>> from synapse import Topology
    >>> table = Topology.of(architect.Perceptron(2, 3, 1, seed=0))
    >>> table
    <Topology of Perceptron, 6 neurons, 9 connections>
    >>> table.source.tolist(), table.target.tolist()
    ([0, 1, 0, 1, 0, 1, 2, 3, 4], [2, 2, 3, 3, 4, 4, 5, 5, 5])
    >>> table.to_networkx().number_of_edges()
    9
    """

    name: str
    description: str
    dtype: np.dtype[Any]
    inputs: int
    outputs: int
    layers: tuple[str, ...]
    layer: Ints
    names: tuple[str, ...]
    squash: tuple[str, ...]
    bias: Floats
    state: Floats
    activation: Floats
    trainable_bias: Bools
    bias_tie: Ints
    source: Ints
    target: Ints
    gater: Ints
    gain: Floats
    weight: Floats
    trainable: Bools
    tie: Ints
    crossings: int
    entering: int
    neuron_metadata: Columns
    connection_metadata: Columns
    # the columns of NONDEFAULT_OF_NEURONS and NONDEFAULT_OF_CONNECTIONS without ties
    _unusual: dict[str, NDArray[Any]]
    number: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    delay: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    _past: dict[int, Floats] = field(default_factory=dict)
    """By a number of steps, the activations that left-out relays hold from so many
    steps ago, shape (neurons,)."""
    _crossing: Connection | None = field(default=None)
    _entering: Connection | None = field(default=None)

    def __post_init__(self) -> None:
        if len(self.number) != len(self.names):
            object.__setattr__(self, "number", np.arange(len(self.names)))
        if len(self.delay) != len(self.source):
            object.__setattr__(self, "delay", np.zeros(len(self.source), np.int64))
        freeze(self)

    @classmethod
    def of(cls, shown: Network | Sequence[Neuron]) -> Topology:
        """Make the table of a network, or of some neurons and the connections between
        them.

        Parameters
        ----------
        shown : Network or sequence of Neuron
            Network, or neurons of one or more networks. A sequence of neurons is
            treated as one layer without inputs and outputs, numbered in the given
            order.

        Returns
        -------
        Topology
            The table.

        Raises
        ------
        ArgumentTypeError
            If `shown` is neither a network nor a sequence of neurons.
        ArgumentError
            If a neuron is given twice.
        TopologyError
            If a neuron has been removed from its network.

        See Also
        --------
        to_networkx : Convert the table to a graph.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> Topology.of(net["hidden"])
        <Topology, 3 neurons, 0 connections>
        """
        if isinstance(shown, Network):
            return cls(**_network_facts(shown))
        neurons = listed(
            "The neurons of a topology", shown, "a Network, or a sequence of neurons"
        )
        for neuron in neurons:
            if not isinstance(neuron, Neuron):
                condition = "a Network, or a sequence of neurons"
                raise ArgumentTypeError(
                    expected("What a topology is made of", condition, neuron)
                )
        if len(set(neurons)) < len(neurons):
            raise ArgumentError(
                "Expected the neurons of a topology to be distinct, got one of them"
                " twice."
            )
        with InUse(*neurons):
            for neuron in neurons:
                neuron._require().ready()
            return cls(
                **_columns(neurons),
                name="",
                description=f"A group of {len(neurons)} neurons",
                inputs=0,
                outputs=0,
                layers=("",) if neurons else (),
                layer=np.zeros(len(neurons), np.int64),
            )

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return len(self.names)

    @property
    def connections(self) -> int:
        """Number of connections."""
        return len(self.source)

    @property
    def sizes(self) -> Ints:
        """Number of neurons in each layer, shape (layers,)."""
        return np.bincount(self.layer, minlength=len(self.layers))

    @property
    def self_connected(self) -> Bools:
        """Mask of the self-connections, shape (connections,)."""
        return np.asarray(self.source == self.target)

    @property
    def gated(self) -> Bools:
        """Mask of the connections that a neuron of the table gates, shape
        (connections,).
        """
        return np.asarray(self.gater >= 0)

    @property
    def delayed(self) -> Bools:
        """Mask of the connections whose source activates later, so that its previous
        activation is read.

        In a synchronous network, these are all whose source is not an input or a relay.

        The table must be of a network, whose neurons are in the order of activation.
        Self-connections carry over states; they are not in the mask.
        """
        late = self.is_late(self.source, self.target) | (self.delay > 0)
        return np.asarray(late & ~self.self_connected)

    @property
    def delayed_gates(self) -> Bools:
        """Mask of the connections whose gater is the target or activates later; the
        same for gains.
        """
        return np.asarray(self.gated & self.is_late(self.gater, self.target))

    def is_late(self, read: Ints, reader: Ints) -> Bools:
        """Whether neurons read the activations that others had in the previous step.

        Parameters
        ----------
        read : ndarray of int
            Numbers of the neurons that are read, as sources or gaters.
        reader : ndarray of int
            Number of the neuron that reads each of them, of the same shape.

        Returns
        -------
        ndarray of bool
        """
        first_of_group, _ = self.group_bounds
        together = self.together[read] | (
            first_of_group[read] == first_of_group[reader]
        )
        return np.asarray(is_delayed(read, reader, together))

    @property
    def group_bounds(self) -> tuple[Ints, Ints]:
        """First neuron, and the one after the last, of those that each neuron competes
        with; (neurons,) each.

        Neighbours of one group and activation function compete, as do all softmax
        outputs. Their states together determine their activations. Other neurons are
        alone.
        """
        outputs = np.arange(self.neurons) >= self.neurons - self.outputs
        squash = np.array(self.squash, str)
        group = np.where(outputs & self.softmax, -1, self.group)
        _, kind = np.unique(squash, return_inverse=True)
        return bounds_of(np.where(group == 0, 0, (group + 2) * (len(kind) + 1) + kind))

    @property
    def synchronous(self) -> bool:
        """Whether the network is synchronous, see :class:`Network`."""
        return bool(self.together.any())

    @property
    def together(self) -> Bools:
        """Mask of the neurons that activate together: in a synchronous network, all but
        inputs and relays.
        """
        return np.asarray(self._unusual["synchronous"] != 0)

    @property
    def softmax(self) -> Bools:
        """Mask of the softmax outputs, shape (neurons,). Neighbours are normalized
        together.
        """
        return np.array([name == squashes.softmax.name for name in self.squash], bool)

    @property
    def parameters(self) -> int:
        """Number of trainable weights and biases; a tied group counts once."""
        updated = np.arange(self.neurons) >= self.inputs
        updated[self.target] = (
            True  # biases of inputs without incoming connections never change
        )
        ties = (self.tie[self.trainable], self.bias_tie[self.trainable_bias & updated])
        return sum(
            int((tie == 0).sum()) + len(np.unique(tie[tie != 0])) for tie in ties
        )

    @property
    def sign(self) -> Ints:
        """Sign that the weight of each connection keeps, +1 or -1; 0: none, see
        :attr:`Connection.sign`.
        """
        return self._unusual["sign"]

    @property
    def group(self) -> Ints:
        """Number of the group of competing neurons that each neuron belongs to; 0:
        none.
        """
        return self._unusual["group"]

    def require_closed(self, doing: str, outward: bool = True) -> Topology:
        """Return the table if no connection or gate links its neurons to others;
        otherwise raise.

        Parameters
        ----------
        doing : str
            Participle for the message, such as "saved" or "converted to PyTorch".
        outward : bool
            Whether connections that only lead out of the table count, too. Default:
            True.

        Returns
        -------
        Topology
            The table itself.

        Raises
        ------
        TopologyError
            If there are such connections; the message names one.
        """
        count, example = (
            (self.crossings, self._crossing)
            if outward
            else (self.entering, self._entering)
        )
        if count:
            raise not_closed(self.description, doing, count, example)
        return self

    def without_relays(self) -> Topology:
        """Return a table in which delayed connections start at the neuron whose
        activation they delay.

        Their numbers of steps are in ``delay``, and relays are not among the neurons,
        see :attr:`Connection.delay`. For graphs, in which a pair of neurons has one
        edge, the relays of a neuron stay if it reaches another one by several delays.
        So do those of which more is known: they gate a connection, are clamped, have
        metadata, a bias or another weight than 1. The numbers of the other neurons and
        connections close the gaps.

        Returns
        -------
        Topology
            The table; this one if it has no such relays.

        Examples
        --------
        >>> from synapse import Layer
        >>> a, b = Layer(1), Layer(1)
        >>> _ = a.project(b, weights=1.0, delay=2)
        >>> table = Topology.of(Network(a, b)).without_relays()
        >>> table, table.delay
        (<Topology of Network, 2 neurons, 1 connection>, array([2]))
        """
        relay = self._unusual["relay"]
        known = (self._unusual["clamped"] != 0) | (self.bias != 0.0)
        known |= self.trainable_bias
        links = (self.weight != 1.0) | self.trainable | (self.gater != NO_GATER)
        for column in self.connection_metadata.values():
            links[list(column)] = True
        known[self.target[links]] = True
        for column in self.neuron_metadata.values():
            known[list(column)] = True
        out = delays_of(relay, self.source, self.target, self.gater, known)
        left_out = out.left_out
        if not left_out.any():
            return self
        stays = ~left_out
        number = np.append(np.cumsum(stays) - 1, [OUTSIDE, NO_GATER])
        links = np.flatnonzero(stays[self.target])
        used = np.bincount(self.layer[stays], minlength=len(self.layers)) > 0
        return replace(
            self,
            **{name: getattr(self, name)[stays] for name in _NUMBERS_OF_NEURONS},
            **{name: getattr(self, name)[links] for name in _NUMBERS_OF_CONNECTIONS},
            names=tuple(compress(self.names, stays)),
            squash=tuple(compress(self.squash, stays)),
            layers=tuple(compress(self.layers, used)),
            layer=(np.cumsum(used) - 1)[self.layer[stays]],
            source=number[out.starts(self.source[links])],
            target=number[self.target[links]],
            gater=number[self.gater[links]],
            number=self.number[stays],
            delay=out.steps(self.source[links], relay),
            neuron_metadata=_renumbered(self.neuron_metadata, np.flatnonzero(stays)),
            connection_metadata=_renumbered(self.connection_metadata, links),
            _unusual={
                name: column[stays if name in _RARE[0] else links]
                for name, column in self._unusual.items()
            },
            _past={
                steps: _placed(self.activation, relays, number[out.origin], stays)
                for steps in np.unique(relay[left_out & (relay > 1)] - 1).tolist()
                for relays in [np.flatnonzero(left_out & (relay == steps + 1))]
            },
        )

    def to_networkx(self, gates: bool = False, relays: bool = False) -> nx.DiGraph[int]:
        """Convert the table to an ordinary networkx graph for other tools.

        Parameters
        ----------
        gates : bool
            Whether gaters also have an edge to the target of every connection that they
            gate. A gater changes the state of that neuron, so paths, components and
            centralities then count its influence, as they count that of a source. An
            edge that is no connection has only ``gate=True``, ``gates``, the number of
            connections gated, and ``synapse_part="gate"``, by which
            :func:`from_networkx` skips it, because the connections have their
            ``gater``. Where gater and target are connected, that edge gets ``gates``,
            too. Default: False, so the edges are the connections.
        relays : bool
            Whether relays are nodes. Default: False, so a delayed connection is an edge
            with the attribute ``delay``, its number of steps, and the node where it
            starts has what the relays hold, the activations ``activation_1``,
            ``activation_2`` and so on of so many steps ago, unless they are 0. Some
            relays stay, see :meth:`without_relays`.

        Returns
        -------
        networkx.DiGraph
            Graph with the numbers of neurons as nodes; all attributes are scalars,
            never None. Nodes have the attributes listed at
            :class:`synapse.objects.graph.NeuronData`, and a position ``x``, ``y`` in
            columns of layers. Edges have ``weight``, ``gain``, ``trainable``,
            ``number`` (in the order of creation) and, if a neuron of the table gates
            them, ``gater`` (the number of a node). Some have more attributes where
            these are not 0: nodes ``group`` (neurons that compete), ``random``
            (position of the stream of random numbers), ``deterministic``, ``frozen``,
            ``bias_tie``, ``synchronous`` and ``outgoing_sign``; edges ``frozen``,
            ``sign`` and ``tie``.
            Self-connections have ``carries="state"``. The graph has a ``name`` and a
            ``dtype``. Metadata are attributes, too; an ``x`` and a ``y`` among them
            replace the position. Metadata with one of the names above have the prefix
            ``metadata_``: those called "group" are the attribute ``metadata_group``. By
            the mark ``synapse_part``, which is "neuron" for nodes and "connection" for
            edges, :func:`from_networkx` recognises this graph and reads all of it, so a
            file that networkx writes from this graph holds the network (GML without the
            names of neurons).

        See Also
        --------
        from_networkx : Make a network from a graph.
        Network.graph : Live graph of a network.

        Examples
        --------
        >>> import architect
        >>> graph = Topology.of(architect.Perceptron(2, 1, seed=0)).to_networkx()
        >>> list(graph.edges)
        [(0, 2), (1, 2)]
        >>> source, target, gater = Neuron(), Neuron(), Neuron()
        >>> gater.gate(source.project(target))
        >>> table = Topology.of([source, target, gater])
        >>> graphs = [table.to_networkx(gates) for gates in (False, True)]
        >>> [nx.is_weakly_connected(graph) for graph in graphs]
        [False, True]
        """
        gates = boolean("The gates of to_networkx", gates)
        if not boolean("The relays of to_networkx", relays):
            shown = self.without_relays()
            if shown is not self:
                return shown.to_networkx(gates)
        graph: nx.DiGraph[int] = nx.DiGraph(name=self.name, dtype=self.dtype.name)
        sizes = self.sizes
        place = np.arange(self.neurons) - (np.cumsum(sizes) - sizes)[self.layer]
        columns = {
            "label": self.names,
            "layer": [self.layers[number] for number in self.layer.tolist()],
            "subset": self.layer.tolist(),
            "squash": self.squash,
            "bias": self.bias.tolist(),
            "trainable": self.trainable_bias.tolist(),
            "activation": self.activation.tolist(),
            "state": self.state.tolist(),
            MARK: [NEURON_PART] * self.neurons,
            "x": (float(APART) * self.layer).tolist(),
            "y": (
                (APART * ((sizes[self.layer] - 1) / 2 - place)).tolist()
            ),  # the first neuron on top
        }
        nodes = self._with_rare(_rows(columns), NONDEFAULT_OF_NEURONS)
        for name, steps in PAST.items() if self._past else ():
            held = self._past.get(steps, np.zeros(0))
            for i in np.flatnonzero(held).tolist():
                nodes[i][name] = float(held[i])
        _place_by_metadata(nodes, self.neuron_metadata)
        _add_metadata(nodes, self.neuron_metadata, NODE_NAMES)
        graph.add_nodes_from(enumerate(nodes))
        number = np.arange(self.connections)
        edges = {
            "weight": self.weight,
            "gain": self.gain,
            "trainable": self.trainable,
            "number": number,
            MARK: np.repeat(CONNECTION_PART, self.connections),
        }
        data = _rows({name: column.tolist() for name, column in edges.items()})
        self._with_rare(data, NONDEFAULT_OF_CONNECTIONS)
        for i in np.flatnonzero(self.self_connected & (self.delay == 0)).tolist():
            data[i][CARRIES] = STATE
        for i in np.flatnonzero(self.delay).tolist():
            data[i][DELAY] = int(self.delay[i])
        _add_metadata(data, self.connection_metadata, EDGE_NAMES)
        for source, target, gater, values in zip(
            self.source.tolist(),
            self.target.tolist(),
            self.gater.tolist(),
            data,
            strict=True,
        ):
            graph.add_edge(
                source, target, **values, **({"gater": gater} if gater >= 0 else {})
            )
        if gates:
            self._add_gates(graph)
        return graph

    def _add_gates(self, graph: nx.DiGraph[int]) -> None:
        """Add edges from gaters to the targets of what they gate."""
        gaters, targets = self.gater[self.gated], self.target[self.gated]
        pairs = zip(gaters.tolist(), targets.tolist(), strict=True)
        for (gater, target), count in Counter(pairs).items():
            mark = {"gate": True, MARK: GATE_PART}
            if graph.has_edge(gater, target):
                mark = {}
            graph.add_edge(gater, target, **mark, gates=count)

    def _with_rare(
        self, rows: list[dict[str, Any]], columns: dict[str, Column]
    ) -> list[dict[str, Any]]:
        """Add the values that are not the default to the rows of neurons or
        connections.
        """
        every = {**self._unusual, "tie": self.tie, "bias_tie": self.bias_tie}
        for name, column in columns.items():
            values = every[column.name]
            for i in np.flatnonzero(values != column.default).tolist():
                rows[i][name] = (
                    bool(values[i]) if column.kind is FLAG else values[i].item()
                )
        return rows

    def __repr__(self) -> str:
        whose = f" of {self.name}" if self.name else ""
        links = counted(self.connections, "connection")
        return f"<Topology{whose}, {counted(self.neurons, 'neuron')}, {links}>"


def _place_by_metadata(nodes: list[dict[str, Any]], columns: Columns) -> None:
    """Let the metadata "x" and "y" of neurons replace the positions of their nodes."""
    placed = {axis: columns.get(axis, {}) for axis in POSITION}
    for number in {number for column in placed.values() for number in column}:
        node = nodes[number]
        usual = is_usual_position(placed["x"].get(number), node["subset"])
        for axis, column in placed.items():
            del node[axis]
            if usual and number in column:
                # Else readers would take it for the usual position.
                node[PREFIX + axis] = column[number]


def _add_metadata(
    rows: list[dict[str, Any]], columns: Columns, taken: frozenset[str]
) -> None:
    """Add metadata to the rows of neurons or connections, whose graph uses the names in
    `taken` itself.
    """
    for name, column in columns.items():
        key = name if name in POSITION else escaped(name, taken)
        for number, value in column.items():
            rows[number][key] = value


def require_released(network: Network, doing: str) -> None:
    """Raise TopologyError if a neuron is clamped, which no other program knows; `doing`
    is a participle.
    """
    clamped = np.flatnonzero(network._column("clamped"))
    if len(clamped):
        raise TopologyError(
            f"{network!r} cannot be {doing}, because {network[int(clamped[0])]!r} is"
            " clamped. Release the neurons of a copy first: neuron.release()."
        )


def freeze(table: Any) -> None:
    """Make the arrays of a dataclass read-only."""
    for column in fields(table):
        value = getattr(table, column.name)
        if isinstance(value, np.ndarray):
            read_only(value)


def _rows(columns: dict[str, Any]) -> list[dict[str, Any]]:
    """Convert columns of one length to a list of dicts."""
    return [
        dict(zip(columns, values, strict=True))
        for values in zip(*columns.values(), strict=True)
    ]


@consistent_read  # waits for edits in other threads, but not for their steps
def _network_facts(network: Network) -> dict[str, Any]:
    network._store.ready()
    layers = network.layers
    return {
        **_columns(network.neurons),
        "name": network.name,
        "description": repr(network),
        "inputs": len(network.input),
        "outputs": len(network.output),
        "layers": tuple(layer.label for layer in layers),
        "layer": np.repeat(np.arange(len(layers)), [len(layer) for layer in layers]),
    }


def _columns(neurons: Sequence[Neuron]) -> dict[str, Any]:
    """Return the columns of neurons and of the connections between them, from each of
    their stores.
    """
    stores = dict.fromkeys(neuron._store for neuron in neurons) or [Store()]
    parts = list[dict[str, Any]]()
    for store in stores:
        store.make_columns()
        parts.append(
            _part(
                store,
                neurons,
                sum(len(piece_columns["source"]) for piece_columns in parts),
            )
        )
    for column in (
        *NEURON,
        *CONNECTION,
    ):  # groups of different stores have different numbers
        used = 0
        for piece_columns in parts if column.kind is GROUP else ():
            piece_columns[column.name] = np.where(
                piece_columns[column.name],
                piece_columns[column.name].astype(np.int64) + used,
                0,
            )
            used = piece_columns[column.name].max(initial=used)
    order = np.argsort(
        np.concatenate([piece_columns.pop("numbers") for piece_columns in parts]),
        kind="stable",
    )  # as given
    facts: dict[str, Any] = {}
    for name in (*_OF_NEURONS, *_OF_CONNECTIONS, "source", "target", "gater", "gain"):
        values = (
            parts[0][name]
            if len(parts) == 1
            else np.concatenate([piece_columns[name] for piece_columns in parts])
        )
        facts[name] = values[order] if name in _OF_NEURONS else values
    names = [name for piece_columns in parts for name in piece_columns["names"]]
    codes = [
        code for piece_columns in parts for code in piece_columns["squash"].tolist()
    ]
    facts["names"] = tuple(names[i] for i in order.tolist())
    facts["squash"] = tuple(squashes.by_code(codes[i]).name for i in order.tolist())
    facts["dtype"] = parts[0]["dtype"]
    for name in ("neuron_metadata", "connection_metadata"):
        facts[name] = joined = dict[Any, dict[int, Any]]()
        for piece_columns in parts:
            for key, column in piece_columns[name].items():
                joined.setdefault(key, {}).update(column)
    facts["_unusual"] = {name: facts.pop(name) for name in _UNUSUAL}
    return {
        **facts,
        **crossings_of([piece_columns["members"] for piece_columns in parts]),
    }


def _renumbered(columns: Columns, numbers: Ints) -> Columns:
    """Metadata of those that stay, by their new numbers."""
    new = dict(zip(numbers.tolist(), range(len(numbers)), strict=True))
    return {
        name: {new[i]: value for i, value in column.items() if i in new}
        for name, column in columns.items()
    }


def _placed(values: Floats, relays: Ints, number_of: Ints, stays: Bools) -> Floats:
    """The values of relays, at the numbers of the neurons that they delay."""
    placed = np.zeros(int(stays.sum()))
    placed[number_of[relays]] = values[relays]
    return placed


_RARE = [
    [column.name for column in rare.values()]
    for rare in (NONDEFAULT_OF_NEURONS, NONDEFAULT_OF_CONNECTIONS)
]
_OF_NEURONS = ("bias", "state", "activation", "trainable_bias", *_RARE[0])
_OF_CONNECTIONS = ("weight", "trainable", *_RARE[1])
_NUMBERS_OF_NEURONS = ("bias", "state", "activation", "trainable_bias", "bias_tie")
_NUMBERS_OF_CONNECTIONS = ("gain", "weight", "trainable", "tie")
_UNUSUAL = {*_RARE[0], *_RARE[1]} - {"tie", "bias_tie"}


def _part(store: Store, neurons: Sequence[Neuron], first_number: int) -> dict[str, Any]:
    """The columns of the neurons in one store, and of the connections between them,
    numbered from `first_number`.
    """
    mine = np.array(
        [i for i, neuron in enumerate(neurons) if neuron._store is store], np.int64
    )
    rows = rows_of(neurons[i] for i in mine.tolist())
    number = np.full(store.n_neurons + 1, OUTSIDE, np.int64)
    number[rows] = mine
    number[-1] = NO_GATER
    edges = rows_within(store, number >= 0)
    gater = np.minimum(store["gater"][edges], store.n_neurons)
    notes = Notes() if store.notes is None else store.notes
    return {
        "neuron_metadata": by_number(notes.neurons, neurons),
        "connection_metadata": (
            by_number(
                notes.connections, store["identity"][edges].tolist(), first_number
            )
            if notes.connections
            else {}
        ),
        "dtype": store.dtype,
        "members": (store, number >= 0),
        "numbers": mine,
        "names": [store.names[row] or f"neuron {row}" for row in rows.tolist()],
        "squash": store["squash"][rows],
        **{name: _typed(store[name][rows], name) for name in _OF_NEURONS},
        "source": number[store["source"][edges]],
        "target": number[store["target"][edges]],
        "gater": number[gater],
        "gain": np.append(store["activation"], 1.0)[gater].astype(np.float64),
        **{name: _typed(store[name][edges], name) for name in _OF_CONNECTIONS},
    }


def _typed(values: NDArray[Any], name: str) -> NDArray[Any]:
    """Convert the values of a column to float64, or to booleans or integers."""
    number_type = bool if name in ("trainable_bias", "trainable") else np.int64
    return values.astype(np.float64 if values.dtype.kind == "f" else number_type)


def _pickled(graph: LiveGraph) -> Any:
    """Reduce a live graph to an ordinary one of numbers, as a neuron cannot leave its
    network.
    """
    shown = list(graph) if graph._network is None else graph._network
    return Topology.of(shown).to_networkx().__reduce_ex__(2)


copyreg.pickle(LiveGraph, _pickled)
