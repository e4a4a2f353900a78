"""Networks from any graph of networkx."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import networkx as nx
import numpy as np

from .. import initializers, squash as squashes
from .._checks import expected, float_type, shown, text
from .._typing import Ints
from ..errors import ArgumentTypeError, TopologyError
from ..initializers import Initializer, Seed, given_back, random_generator
from ..objects.connection import Connection
from ..objects.network import Network
from ..objects.neuron import Neuron
from ..objects.state import Parts, put_together
from ..objects.topology import NO_GATER, RARE_OF_CONNECTIONS, RARE_OF_NEURONS
from ..squash import Squash
from ._arrangement import Layers, arrange
from ._attributes import Check, Items, Keys, keys_of
from ._checks import require_shared
from ._formats import ALL, LINKED, Format

__all__ = ["from_networkx"]

Columns = dict[str, Any]


def from_networkx(
    graph: Any,
    inputs: Iterable[Any] | None = None,
    outputs: Iterable[Any] | None = None,
    *,
    weight: str | None = "weight",
    gater: str | None = "gater",
    attributes: Mapping[str, str | None] | None = None,
    squash: str | Squash = "logistic",
    output_squash: str | Squash | None = None,
    initializer: str | Initializer = "fan_in",
    seed: Seed = None,
    dtype: Any = None,
    name: str | None = None,
) -> Network:
    """Build a network from a graph of networkx: nodes become neurons, edges become connections.

    Values stored in the graph are used; missing ones get defaults. Each edge of an undirected graph
    becomes two connections, one in each direction. Self-loops become self-connections.

    Inputs fire first and outputs last. In between, every neuron fires after those that lead to it and
    those that gate its incoming connections, as in :func:`architect.construct`, and neurons of one depth form
    a layer. Cycles are cut: connections that lead backward carry the activation of the previous step.
    ``architect.delayed(net)`` lists them. If the nodes have the attribute ``subset``, these numbers are the
    layers, and within a layer nodes fire in the order of the graph. Edges with ``gate=True`` are no
    connections, see :meth:`synapse.Topology.to_networkx`.

    Parameters
    ----------
    graph : networkx.Graph or networkx.DiGraph
        Any graph, also the live ``net.graph`` and the result of ``Topology.to_networkx``. A multigraph is
        accepted if no pair of nodes has parallel edges.
    inputs, outputs : iterable of nodes, optional
        The nodes that become inputs and outputs, in this order. Default: the nodes of the lowest and of
        the highest ``subset``; without that attribute, the nodes without incoming edges, and the other
        nodes that have no outgoing edges and gate none. Self-loops do not count.
    weight : str, optional
        The edge attribute that holds the weights. None draws all weights. Default "weight".
    gater : str, optional
        The edge attribute that holds the node (or its ``label``) whose neuron gates the connection. None
        reads no gates. Default "gater".
    attributes : mapping of str to str, optional
        Names under which this graph stores other values; None instead of a name ignores them. The keys are
        "squash", "bias", "trainable" (of nodes and edges), "label" (the name of the neuron), "layer" (the
        name of its layer, used together with "subset"), "subset", "state", "activation", "group", "random",
        "deterministic", "frozen" (of nodes and edges), "bias_tie" and "tie" (of edges), see
        :meth:`synapse.Topology.to_networkx`. Default: these words themselves.
    squash, output_squash : str or Squash
        Activation function of the nodes that have none, and of the outputs among them. Default:
        "logistic"; the same for the outputs.
    initializer : str or callable
        How the missing weights are drawn, see :mod:`synapse.initializers`. Missing weights of
        self-connections are 1, and missing biases are 0. Default "fan_in", for the mean number of incoming
        connections.
    seed : int or numpy.random.Generator, optional
        Seed for the drawn weights.
    dtype : numpy dtype
        Float of the network. Default: the ``dtype`` of the graph, or float64 if it has none.
    name : str, optional
        Name of the network. Default: the name of the graph, if it has one.

    Returns
    -------
    Network
        Every neuron is named by the ``label`` of its node, or by ``str(node)``:
        ``{neuron.name: neuron for neuron in net}`` finds the neuron of a node. Weights and biases are
        trainable unless the graph says otherwise; those of self-connections are not.

    Raises
    ------
    ArgumentTypeError, ArgumentError, UnknownNameError
        If `graph` is not a graph, a value cannot be used, or no edge or node has an attribute that you name.
    TopologyError
        If no inputs or outputs are found, a node is both, an edge has a gater that is not in the graph, or
        there are parallel edges.
    FormatError
        If nodes or edges with the same tie have different values.

    See Also
    --------
    synapse.Topology.to_networkx : The way back.
    architect.construct : A network of neurons that are connected already.

    Notes
    -----
    ``from_networkx(Topology.of(net).to_networkx())`` gives a network that computes what `net` computes. It
    loses what the graph does not hold: the class of an architecture, metadata, traces and errors.
    ``from_networkx(net.graph)`` loses ties, the streams of random neurons and the order of the connections,
    too, and several groups of competing neurons in one layer become one group.

    Examples
    --------
    >>> import networkx as nx
    >>> graph = nx.DiGraph([("x", "a"), ("a", "b"), ("b", "a"), ("b", "y")])
    >>> net = from_networkx(graph, seed=0)
    >>> net, [neuron.name for neuron in net]
    (<Network 1-1-1-1, 4 neurons, 4 connections>, ['x', 'a', 'b', 'y'])
    >>> import architect
    >>> [(link.source.name, link.target.name) for link in architect.delayed(net).connections]
    [('b', 'a')]
    """
    keys = keys_of(weight, gater, attributes)
    functions = squashes.get(squash), squashes.get(squash if output_squash is None else output_squash)
    initializers.get(initializer)
    rng = random_generator(seed)
    title = None if name is None else text("The name of a network", name)
    names = _nodes_of(graph)
    kind = float_type("The dtype", graph.graph.get("dtype", np.float64) if dtype is None else dtype)
    place = {node: i for i, node in enumerate(names)}
    nodes = Items("node", [graph.nodes[node] for node in names], lambda i: f"the node {shown(names[i])}")
    texts = nodes.texts("label", keys)
    labels = [str(node) if label is None else label for node, label in zip(names, texts, strict=True)]
    connections = _connections(graph, keys, kind, place, labels)
    subset = nodes.whole_numbers("subset", keys)
    layers = arrange(place, connections, inputs, outputs, subset)
    neurons = _neurons(nodes, keys, kind, layers, functions)
    parts = Parts(
        name=str(graph.name) if name is None else title,
        dtype=kind,
        layers=_named_layers(layers, nodes.texts("layer", keys), subset),
        names=[labels[i] for layer in layers for i in layer],
        neurons=neurons,
        connections=connections,
    )
    with given_back(rng):
        _draw_missing(connections, initializer, rng, kind)
        require_shared("connection", connections)
        require_shared("neuron", neurons)
        _number(parts, layers)
        network = put_together(parts)
        if not neurons["random"].any():
            network.reseed(rng)  # the neurons that are random
    return network


def _nodes_of(graph: Any) -> list[Any]:
    """The nodes of a graph in its order; neurons are returned in their order of activation."""
    if not isinstance(graph, nx.Graph):
        advice = "Make one with networkx.from_pandas_edgelist, from_scipy_sparse_array or read_graphml."
        raise ArgumentTypeError(expected("The graph of from_networkx", "a graph of networkx", graph, advice))
    nodes = list(graph)
    return sorted(nodes) if all(isinstance(node, Neuron) for node in nodes) else nodes


# --- columns, by the numbers of nodes and edges in the graph --------------------------------------


def _connections(
    graph: nx.Graph[Any], keys: Keys, dtype: np.dtype[Any], place: Mapping[Any, int], labels: Sequence[str]
) -> Columns:
    """The columns of the connections; a weight that the graph does not have is NaN."""
    links = [link for link in graph.edges(data=True) if link[2].get("gate") is not True]
    if not graph.is_directed():
        links += [(v, u, data) for u, v, data in links if u != v]
    if all(type(link[2].get("number")) is int for link in links):
        links.sort(key=lambda link: link[2]["number"])  # the order in which connections were made

    def label(i: int) -> str:
        return f"the edge from {shown(links[i][0])} to {shown(links[i][1])}"

    source, target = (np.array([place[link[end]] for link in links], np.int64) for end in (0, 1))
    if graph.is_multigraph():
        _refuse_parallel(source, target, label)
    edges = Items("edge", [data for _, _, data in links], label)
    gaters = edges.read("gater", keys["gater"], _gater_among(place, labels), get=_gater_of)
    return {
        "source": source,
        "target": target,
        "gater": np.array([NO_GATER if number is None else number for number in gaters], np.int64),
        "weight": edges.numbers("weight", keys, dtype),
        "trainable": edges.flags("trainable", keys, (source != target).tolist()),
        **{one.name: edges.rare(name, keys, one, dtype) for name, one in RARE_OF_CONNECTIONS.items()},
    }


def _refuse_parallel(source: Ints, target: Ints, label: Callable[[int], str]) -> None:
    """Raise if two edges lead from one node to another."""
    _, first, count = np.unique(np.stack([source, target]), axis=1, return_index=True, return_counts=True)
    if (count > 1).any():
        raise TopologyError(
            "A pair of neurons has one connection, but the graph has "
            f"{label(int(first[count.argmax()]))} several times. "
            "Merge parallel edges first: networkx.DiGraph(graph) keeps the last one."
        )


def _gater_of(data: Any, key: str) -> Any:
    """The gater of an edge: an attribute of a connection, or an entry of a mapping."""
    return data.gater if isinstance(data, Connection) else data.get(key)


def _gater_among(place: Mapping[Any, int], labels: Sequence[str]) -> Check:
    """Return a check that finds the number of a gater: a node, or the label of exactly one node."""
    named: dict[str, int] = {}
    for i, label in enumerate(labels):
        named[label] = NO_GATER if label in named else i

    def number(what: str, value: Any) -> int:
        try:
            found = place.get(value, named.get(value, NO_GATER))
        except TypeError:  # a value without a hash is no node
            found = NO_GATER
        if found == NO_GATER:
            raise TopologyError(expected(what, "a node of the graph or the label of one node", value))
        return found

    return number


def _neurons(
    nodes: Items, keys: Keys, dtype: np.dtype[Any], layers: Layers, functions: tuple[Squash, Squash]
) -> Columns:
    """The columns of the neurons."""
    usual = [functions[0].name] * len(nodes.data)
    for i in layers[-1]:
        usual[i] = functions[1].name
    found = nodes.squashes("squash", keys)
    squash = [own if own is not None else other for own, other in zip(found, usual, strict=True)]
    numbers = {
        name: np.nan_to_num(nodes.numbers(name, keys, dtype)) for name in ("bias", "state", "activation")
    }
    return {
        "squash": np.array(squash, object),
        **numbers,
        "trainable_bias": nodes.flags("trainable", keys, [True] * len(usual)),
        **{
            one.name: nodes.rare(name, keys, one, dtype)
            for name, one in RARE_OF_NEURONS.items()
            if name != "group"
        },
        "group": _groups(squash, nodes.texts("group", keys), layers),
    }


def _groups(squash: Sequence[str], given: Sequence[str | None], layers: Layers) -> Ints:
    """The group number of each competing neuron, from layer, function, and group in the graph if any."""
    group = np.zeros(len(squash), np.int64)
    known: dict[tuple[int, str, str | None], int] = {}
    for number, layer in enumerate(layers):
        for i in layer:
            if squashes.get(squash[i]).grouped:
                group[i] = known.setdefault((number, squash[i], given[i]), len(known) + 1)
    return group


def _named_layers(
    layers: Layers, names: Sequence[str | None], subset: Sequence[int | None]
) -> list[tuple[str | None, int]]:
    """Name and size of each layer; layers without a name in the graph get the default name."""
    shared = [{names[i] if subset[i] is not None else None for i in layer} for layer in layers]
    own = [found.pop() if len(found) == 1 else None for found in shared]
    return [
        (name if own.count(name) == 1 else None, len(layer)) for name, layer in zip(own, layers, strict=True)
    ]


# --- the network ----------------------------------------------------------------------------------


def _draw_missing(
    connections: Columns, initializer: str | Initializer, rng: np.random.Generator, dtype: np.dtype[Any]
) -> None:
    """Replace weights that are NaN: drawn, and 1 for self-connections."""
    weight, own = connections["weight"], connections["source"] == connections["target"]
    weight[np.isnan(weight) & own] = 1.0
    missing = np.isnan(weight)
    if missing.any():
        fan_in, fan_out = (
            -(-len(weight) // len(np.unique(connections[end]))) for end in ("target", "source")
        )
        count = int(missing.sum())
        weight[missing] = initializers.draw(initializer, rng, (count,), fan_in, fan_out, dtype)


def _number(parts: Parts, layers: Layers) -> None:
    """Number the neurons in their order of activation."""
    order = np.concatenate(layers)
    number = np.full(len(order) + 1, NO_GATER)
    number[order] = np.arange(len(order))
    parts.neurons = {name: column[order] for name, column in parts.neurons.items()}
    for end in ("source", "target", "gater"):
        parts.connections[end] = number[parts.connections[end]]


FORMAT = Format(
    name="networkx",
    what="any graph of networkx, in memory; Topology.to_networkx is the way back",
    kept=ALL,
    lost=LINKED,
    link="https://networkx.org/documentation/stable/reference/classes/digraph.html",
    from_data=from_networkx,
)
