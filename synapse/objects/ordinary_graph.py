"""Ordinary networkx graphs of networks, for other tools."""

from __future__ import annotations

import copyreg
from collections import Counter
from collections.abc import Sequence
from itertools import compress
from typing import Annotated, Any, Literal, overload

import networkx as nx
import numpy as np

from .._checks import boolean, registered_name, short_repr, suggests_arguments
from ..engine.schema import FLAG, Column
from ..errors import ArgumentError
from .graph import LiveGraph
from .graph_attributes import (
    CARRIES,
    CONNECTION_PART,
    EDGE_NAMES,
    GATE_PART,
    GATED,
    MARK,
    NEURON_PART,
    NEURON_SPACING,
    NODE_NAMES,
    NONDEFAULT_OF_CONNECTIONS,
    NONDEFAULT_OF_NEURONS,
    PAST_NAME,
    POSITION,
    PREFIX,
    STATE,
    escaped,
    is_usual_position,
)
from .metadata import Columns
from .network import Network
from .neuron import Neuron
from .topology import Topology

Rows = list[dict[str, Any]]


@overload
def to_networkx(
    network: Network | Topology | Sequence[Neuron],
    *,
    names: Literal[False] = False,
    gates: bool = False,
    multigraph: Literal[False] = False,
) -> nx.DiGraph[int]: ...
@overload
def to_networkx(
    network: Network | Topology | Sequence[Neuron],
    *,
    names: Literal[True],
    gates: bool = False,
    multigraph: Literal[False] = False,
) -> nx.DiGraph[str]: ...
@overload
def to_networkx(
    network: Network | Topology | Sequence[Neuron],
    *,
    names: bool = False,
    gates: bool = False,
    multigraph: Literal[True],
) -> nx.MultiDiGraph[Any]: ...
@overload
def to_networkx(
    network: Network | Topology | Sequence[Neuron],
    *,
    names: bool = False,
    gates: bool = False,
    multigraph: bool = False,
) -> nx.DiGraph[Any]: ...
@suggests_arguments("to_networkx")
def to_networkx(
    network: Network | Topology | Sequence[Neuron],
    *,
    names: Annotated[bool, boolean] = False,
    gates: Annotated[bool, boolean] = False,
    multigraph: Annotated[bool, boolean] = False,
) -> nx.DiGraph[Any]:
    """Copy a network to an ordinary networkx graph, for other tools.

    Parameters
    ----------
    network : Network, Topology, or sequence of Neuron
        The network, or some neurons with the connections between them.
    names : bool
        Whether the nodes are the names of the neurons, which must then be unique.
        Default: False, so that the nodes are the numbers of the neurons, 0, 1 and so on
        in the order of activation.
    gates : bool
        Whether to also add an edge from each gater to the target of every connection
        that it gates. Because a gater changes the state of this neuron, paths,
        components and centralities then count its influence like that of a source. An
        edge that is not a connection has only ``gate=True``, ``gates`` (the number of
        gated connections) and ``synapse_part="gate"``. By this mark
        :func:`from_networkx` skips it, because the connections have their ``gater``.
        If gater and target are connected, their edge gets ``gates``, too. Default:
        False, so that the edges are the connections.
    multigraph : bool
        Whether each connection is an edge, whose key is its delay. Default: False, so
        that a pair of neurons has one edge, for its connection with the shortest delay.
        The two differ only for pairs with several connections.

    Returns
    -------
    networkx.DiGraph or networkx.MultiDiGraph
        Graph whose attributes are scalars, and never None. Nodes have the attributes
        listed at :class:`synapse.objects.graph.NeuronData`, and a position ``x``, ``y``
        that arranges layers in columns. Edges have ``weight``, ``gain``, ``trainable``,
        ``number`` (in the order of creation) and, if a neuron of the graph gates them,
        ``gater`` (its node) and ``gated=True``. When a program fills in missing values,
        ``gated`` becomes False, and :func:`from_networkx` ignores a gater beside it.

        Some nodes and edges have further attributes, which are omitted where they are
        0. For nodes, these are ``group`` (of competing neurons), ``random`` (position
        in the random stream), ``deterministic``, ``frozen``, ``bias_tie``,
        ``synchronous`` and ``outgoing_sign``. For edges, they are ``frozen``, ``sign``,
        ``tie`` and ``delay``. A node where a delayed edge starts has its earlier
        activations ``activation_1``, ``activation_2`` and so on, numbered by their age
        in steps, unless they are 0. Self-connections without a delay have
        ``carries="state"``. The graph has a ``name`` and a ``dtype``.

        Metadata are attributes, too, and if they contain ``x`` and ``y``, these replace
        the position. Metadata with one of the names above get the prefix ``metadata_``,
        so that metadata called "group" become the attribute ``metadata_group``. By the
        mark ``synapse_part``, which is "neuron" for nodes and "connection" for edges,
        :func:`from_networkx` recognises this graph and reads all of it. A file that
        networkx writes from this graph therefore holds the network (GML without the
        names of neurons).

    Raises
    ------
    ArgumentTypeError
        If `network` has another type.
    ArgumentError
        If names are requested as nodes but two neurons have the same name, or if a
        neuron is given twice.
    TopologyError
        If a neuron has been removed from its network.

    See Also
    --------
    from_networkx : Make a network from a graph.
    Network.graph : Live graph of a network, whose nodes are its neurons.

    Examples
    --------
    >>> import architect, synapse
    >>> net = architect.Perceptron(2, 1, seed=0)
    >>> list(synapse.to_networkx(net).edges)
    [(0, 2), (1, 2)]
    >>> list(synapse.to_networkx(net, names=True).edges)
    [('input 0', 'output 0'), ('input 1', 'output 0')]
    >>> source, target, gater = (synapse.Neuron() for _ in range(3))
    >>> gater.gate(source.project(target))
    >>> neurons = [source, target, gater]
    >>> graphs = [synapse.to_networkx(neurons, gates=gates) for gates in (False, True)]
    >>> [nx.is_weakly_connected(graph) for graph in graphs]
    [False, True]
    """
    table = network if isinstance(network, Topology) else Topology.of(network)
    name, count = Counter(table.label).most_common(1)[0] if table.label else ("", 0)
    if names and count > 1:
        raise ArgumentError(
            f"Expected neurons with different names, got {count} named"
            f" {short_repr(name)}. Give them names (neuron.name = ...), or leave out"
            " names=True: the nodes are then numbers."
        )
    nodes = table.label if names else range(table.neurons)

    kind = nx.MultiDiGraph if multigraph else nx.DiGraph
    graph: Any = kind(name=table.name, dtype=table.dtype.name)
    graph.add_nodes_from(zip(nodes, _node_data(table), strict=True))
    edges = [
        (nodes[source], nodes[target])
        for source, target in zip(
            table.source.tolist(), table.target.tolist(), strict=True
        )
    ]
    data = _edge_data(table, nodes)
    if multigraph:
        keyed = zip(edges, table.delay.tolist(), data, strict=True)
        graph.add_edges_from((*ends, delay, values) for ends, delay, values in keyed)
    else:
        of_pairs = compress(zip(edges, data, strict=True), table._shortest.tolist())
        graph.add_edges_from((*ends, values) for ends, values in of_pairs)
    if gates:
        _add_gates(graph, table, nodes)
    return graph


def _node_data(table: Topology) -> Rows:
    """Return the attributes of the nodes."""
    layer, sizes = table.layer, table.sizes
    rank = np.arange(table.neurons) - (np.cumsum(sizes) - sizes)[layer]
    # the first neuron of a layer on top
    columns = {
        "label": table.label,
        "layer": [table.layers[number] for number in layer.tolist()],
        "subset": layer.tolist(),
        "squash": list(map(registered_name, table.squash)),
        "bias": table.bias.tolist(),
        "trainable": table.trainable_bias.tolist(),
        "activation": table.activation.tolist(),
        "state": table.state.tolist(),
        MARK: [NEURON_PART] * table.neurons,
        "x": (float(NEURON_SPACING) * layer).tolist(),
        "y": (NEURON_SPACING * ((sizes[layer] - 1) / 2 - rank)).tolist(),
    }
    nodes = _rows(columns)
    _add_nondefault(nodes, table, NONDEFAULT_OF_NEURONS)
    for steps, values in table._past.items():
        for i in np.flatnonzero(values).tolist():
            nodes[i][PAST_NAME.format(steps)] = float(values[i])
    _place_by_metadata(nodes, table.neuron_metadata)
    _add_metadata(nodes, table.neuron_metadata, NODE_NAMES)
    return nodes


def _edge_data(table: Topology, nodes: Sequence[Any]) -> Rows:
    """Return the attributes of the edges between the graph's `nodes`."""
    columns = {
        "weight": table.weight.tolist(),
        "gain": table.gain.tolist(),
        "trainable": table.trainable.tolist(),
        "number": range(table.connections),
        MARK: [CONNECTION_PART] * table.connections,
    }
    edges = _rows(columns)
    _add_nondefault(edges, table, NONDEFAULT_OF_CONNECTIONS)
    for i in np.flatnonzero(table._self_connected).tolist():
        edges[i][CARRIES] = STATE
    for i in np.flatnonzero(table.gated).tolist():
        edges[i].update({"gater": nodes[table.gater.item(i)], GATED: True})
    _add_metadata(edges, table.connection_metadata, EDGE_NAMES)
    return edges


def _add_gates(graph: Any, table: Topology, nodes: Sequence[Any]) -> None:
    """Add edges from gaters to the targets of the connections that they gate."""
    gaters, targets = table.gater[table.gated], table.target[table.gated]
    pairs = zip(gaters.tolist(), targets.tolist(), strict=True)
    for (gater, target), count in Counter(pairs).items():
        ends = nodes[gater], nodes[target]
        if graph.has_edge(*ends):
            edges = graph.adj[ends[0]][ends[1]]
            edge = edges[min(edges)] if graph.is_multigraph() else edges
            edge["gates"] = count
        else:
            graph.add_edge(*ends, gate=True, gates=count, **{MARK: GATE_PART})


def _add_nondefault(rows: Rows, table: Topology, columns: dict[str, Column]) -> None:
    """Add values to the attributes of neurons or connections unless they equal the
    default. If this is not 0, with which programs fill columns, all get them or none.
    """
    every = {**table._unusual, "tie": table.tie, "bias_tie": table.bias_tie}
    for name, column in columns.items():
        values = every[column.name]
        unusual = values != column.default
        if column.default and unusual.any():
            unusual = np.ones(len(rows), bool)
        for i in np.flatnonzero(unusual).tolist():
            value = values[i].item()
            rows[i][name] = bool(value) if column.kind is FLAG else value


def _place_by_metadata(nodes: Rows, columns: Columns) -> None:
    """Replace the positions of nodes by the metadata "x" and "y" of their neurons."""
    placed = {axis: columns.get(axis, {}) for axis in POSITION}
    for number in {number for column in placed.values() for number in column}:
        node = nodes[number]
        usual = is_usual_position(placed["x"].get(number), node["subset"])
        for axis, column in placed.items():
            del node[axis]
            if usual and number in column:
                # Else readers would take it for the usual position.
                node[PREFIX + axis] = column[number]


def _add_metadata(rows: Rows, columns: Columns, taken: frozenset[str]) -> None:
    """Add metadata to the rows of neurons or connections. The graph itself uses the
    names in `taken`.
    """
    for name, column in columns.items():
        key = name if name in POSITION else escaped(name, taken)
        for number, value in column.items():
            rows[number][key] = value


def _rows(columns: dict[str, Any]) -> Rows:
    """Convert columns of equal length to a list of dicts."""
    return [
        dict(zip(columns, values, strict=True))
        for values in zip(*columns.values(), strict=True)
    ]


def _pickled(graph: LiveGraph) -> Any:
    """Reduce a live graph to an ordinary graph of numbers, because a neuron cannot
    leave its network.
    """
    network: Any = list(graph) if graph._network is None else graph._network
    return to_networkx(network).__reduce_ex__(2)


copyreg.pickle(LiveGraph, _pickled)
