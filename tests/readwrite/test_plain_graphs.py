"""Random networks with every option survive every way through plain graphs and tables:
they answer alike."""

import io
import json
from random import Random

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from packaging.version import Version

from synapse import (
    Layer,
    Network,
    Topology,
    from_edges,
    from_networkx,
    tie,
    to_edges,
    to_networkx,
)

ROWS = np.random.default_rng(0).normal(size=(12, 3))
SQUASHES = ("tanh", "relu", "identity", "noise", "softplus")


def everything(seed):
    """A network with gates, signs, delays, ties, groups, a clock, clamps and all that
    can be frozen."""
    rng = np.random.default_rng(seed)
    random = Random(seed)
    dtype = random.choice(["float64", "float32"])
    groups = [Layer(3, "maxout", dtype=dtype)] if rng.random() < 0.5 else []
    hidden = [Layer(3, random.choice(SQUASHES), dtype=dtype, bias=0.1), *groups]
    layers = [Layer(3, dtype=dtype), *hidden, Layer(2, "identity", dtype=dtype)]
    for neuron in random.sample([*layers[0], *hidden[0]], 3):
        neuron.sign = random.choice([-1, 1])
    for source in layers:
        for target in layers[1:]:
            if source is not target and rng.random() < 0.7 and source is not layers[-1]:
                source.project(target, 0.8, seed=rng, initializer="fan_in")
    for neuron in random.sample(hidden[0], 2):
        neuron.project(neuron, weight=0.5, trainable=bool(rng.random() < 0.5))
    for neuron in random.sample([*layers[0], *hidden[0]], 3):
        for target in random.sample(hidden[0], 2):
            if neuron.connection_to(target) is None:  # a pair has one edge
                neuron.project(target, delay=int(rng.integers(1, 4)), seed=rng)
    net = Network(*layers, synchronous=bool(rng.random() < 0.5), name="everything")
    links = [
        link for link in net.connections if link.trainable and not link.source.sign
    ]
    for link in random.sample(links, min(2, len(links))):
        link.sign = 1 if link.weight > 0 else -1
    free = [link for link in links if not link.sign]
    undelayed = [link for link in free if link.delay == 0]
    for link in random.sample(undelayed, min(3, len(undelayed))):
        hidden[0][int(rng.integers(3))].gate(link)
    if alike := [link for link in free if link.gater is None]:
        tie(alike[:3])
    tie(list(layers[-1]))
    hidden[0][0].trainable_bias = False
    hidden[0].freeze()
    if not groups:
        hidden[0][1].clamp(0.25)
    layers[-1].cost_weights = 0.5, 2.0
    net.reseed(int(seed))
    return net


def by_number(graph):
    return nx.convert_node_labels_to_integers(graph)


ROUNDS = Version(pd.__version__) < Version("3.1")
TEXTS = dict.fromkeys(["source", "target", "gater", "name"], str)
AS_WRITTEN = {"keep_default_na": False, "na_values": [""], "dtype": TEXTS} | (
    {"float_precision": "round_trip"} if ROUNDS else {}
)


def through_csv(net):
    """Text with a column of empty cells for what few neurons have, such as delays."""
    tables = [
        pd.read_csv(io.StringIO(table.to_csv(index=False)), **AS_WRITTEN)
        for table in to_edges(net)
    ]
    return from_edges(tables[0], neurons=tables[1], dtype=net.dtype)


TABLES = {
    # with empty cells
    "tables": lambda net: from_edges(
        to_edges(net).edges, neurons=to_edges(net).neurons, dtype=net.dtype
    ),
    "CSV": through_csv,
}


def shuffled(graph):
    """The same graph with its nodes and edges added in another order."""
    rng = np.random.default_rng(1)
    nodes, edges = (list(items(data=True)) for items in (graph.nodes, graph.edges))
    other = nx.DiGraph(**graph.graph)
    other.add_nodes_from(nodes[i] for i in rng.permutation(len(nodes)))
    other.add_edges_from(edges[i] for i in rng.permutation(len(edges)))
    return other


GRAPHS = {
    "live": lambda net: net.graph,
    "copy": lambda net: net.graph.copy(),
    "plain": to_networkx,
    "view": lambda net: net.graph.subgraph(list(net)),
    "copy of a view": lambda net: net.graph.subgraph(list(net)).copy(),
    "in another order": lambda net: shuffled(net.graph),
    "relabelled": lambda net: by_number(net.graph),
    "composed": lambda net: nx.compose(net.graph, nx.DiGraph()),
    "reversed twice": lambda net: net.graph.reverse().reverse(),
    "node-link JSON": lambda net: nx.node_link_graph(
        json.loads(
            json.dumps(nx.node_link_data(by_number(net.graph.copy()), edges="edges"))
        ),
        edges="edges",
    ),
    "GraphML": lambda net: nx.parse_graphml(
        "\n".join(nx.generate_graphml(by_number(net.graph.copy()))), node_type=int
    ),
    # as networkx reads it by default: with text as nodes, and 1 for True
    "GML": lambda net: nx.parse_gml([*nx.generate_gml(to_networkx(net))]),
    "adjacency JSON": lambda net: nx.adjacency_graph(
        json.loads(json.dumps(nx.adjacency_data(by_number(net.graph.copy()))))
    ),
    "Cytoscape": lambda net: nx.cytoscape_graph(
        nx.cytoscape_data(by_number(net.graph))
    ),
}


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
@pytest.mark.parametrize("way", [*GRAPHS, *TABLES])
def test_a_network_of_a_plain_graph_answers_as_the_first_one(way):
    for seed in range(6):
        net = everything(seed)
        if seed % 2:
            net.run(ROWS[:5])  # delayed activations are on their way
        twin = TABLES[way](net) if way in TABLES else from_networkx(GRAPHS[way](net))
        assert twin.dtype == net.dtype
        if way != "GML":  # which has no place for names
            assert facts(twin) == facts(net)
        expected = net.run(ROWS)
        assert np.array_equal(twin.run(ROWS), expected)
        for network in (net, twin):
            network.clear()
            network.activate(ROWS[0])
            network.propagate(0.1, [0.5, -0.5])
        tables = [Topology.of(network) for network in (twin, net)]
        assert np.array_equal(*(table.weight for table in tables))


def facts(net):
    """What a network has by name, as people see it."""
    table = Topology.of(net)
    columns = ("source", "target", "gater", "trainable", "tie", "bias_tie", "delay")
    return (
        [getattr(table, name).tolist() for name in columns],
        (table.label, table.squash, table.layers),
        {name: column.tolist() for name, column in table._unusual.items()},
    )
