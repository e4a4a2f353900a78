"""Any graph of networkx becomes a network: its numbers, its order, what it computes and
learns."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, strategies as st

from synapse import Layer, Network, Topology, analysis, from_networkx
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    TopologyError,
    TopologyWarning,
    UnknownNameError,
)
from tests.helpers.cases import all_hold
from tests.helpers.networks import lstm
from tests.helpers.strategies import Twin, given_graphs, specs


def digraph(*edges, **data):
    """A directed graph of edges "ab"."""
    graph = nx.DiGraph(**data)
    graph.add_edges_from(edges)
    return graph


def labelled(*labels):
    """A chain of the nodes 0, 1, ... with these labels."""
    graph = nx.path_graph(len(labels), nx.DiGraph)
    nx.set_node_attributes(graph, dict(enumerate(labels)), "label")
    return graph


class FromGraph(Twin):
    """The library's units come from a graph; the reference keeps the order that was
    found."""

    def _network(self):
        graph = nx.DiGraph()
        for j, unit in self.reference.units.items():
            graph.add_node(
                j, squash=unit.squash, bias=unit.bias, trainable=unit.trainable
            )
        for (i, j), link in self.reference.links.items():
            gater = {} if link.gater is None else {"gater": link.gater}
            graph.add_edge(i, j, weight=link.weight, trainable=link.trainable, **gater)
        inputs = self.order[: self.inputs]
        last = self.order[len(self.order) - self.outputs :]
        net = from_networkx(graph, inputs, last, self_connections="state")
        self.ours = {int(neuron.name): neuron for neuron in net}
        self.order = list(self.ours)
        assert self.order[: self.inputs] == inputs
        assert self.order[len(self.order) - self.outputs :] == last
        return net


@given_graphs(specs(), st.integers(1, 4))
def test_any_gated_graph_computes_and_learns_as_the_reference_does(spec, steps):
    twin = FromGraph(spec)
    for _ in range(steps):
        twin.step()
        assume(twin.tame)


def test_what_is_missing_comes_from_the_seed():
    """Weights, except those that carry a state, which are 1 and fixed, and the draws of
    random neurons."""
    options = {"squash": "noise", "self_connections": "state"}
    nets = [
        from_networkx(digraph((0, 1), (1, 1), (1, 2)), seed=seed, **options)
        for seed in (0, 0, 1)
    ]
    assert len({tuple(net.weights[[0, 2]]) for net in nets}) == 2
    assert (
        nets[0][1].self_connection.weight,
        nets[0][1].self_connection.trainable,
    ) == (1.0, False)
    for net in nets:
        net.weights = 1.0, 0.0, 1.0
    answers = [net.run([[0.0]] * 4).tolist() for net in nets]
    assert answers[0] == answers[1] != answers[2]


def test_live_graphs_know_their_gaters_where_names_are_the_same():
    net = lstm(1, 2, 1)
    for neuron in net:
        neuron.name = "same"
    twin = from_networkx(net.graph)
    tables = [Topology.of(network) for network in (net, twin)]
    ours, theirs = (
        set(zip(*(t[:].tolist() for t in (table.source, table.target, table.gater))))
        for table in tables
    )
    assert ours == theirs


@pytest.mark.filterwarnings("ignore:.*into inputs:synapse.errors.TopologyWarning")
def test_undirected_edges_lead_both_ways():
    net = from_networkx(nx.path_graph(3), [0], [2], seed=0)
    pairs = {link.source.name + link.target.name for link in net.connections}
    assert pairs == {"01", "10", "12", "21"}
    looped = from_networkx(nx.Graph([(1, 1), (0, 1), (1, 2)]), [0], [2])["1"]
    assert looped.connection_to(looped, delay=1)


def test_deep_graphs_have_few_layers():
    net = from_networkx(nx.path_graph(500, nx.DiGraph), seed=0)
    assert len(net.layers) <= 26
    assert analysis.late_connections(net).connections == ()


def changed(**data):
    """A graph from x over a to y, with attributes of a, or of the edge from it."""
    graph = digraph("xa", "ay")
    graph.nodes["a"].update(data.pop("node", {}))
    graph.edges["a", "y"].update(data)
    return graph


MISTAKES = (
    (
        [[0, 1]],
        {},
        ArgumentTypeError,
        "a graph of networkx, got .*networkx.from_pandas_edgelist",
    ),
    (nx.DiGraph(), {}, TopologyError, "The graph must have at least two nodes"),
    (
        digraph("ab", "ba"),
        {},
        TopologyError,
        "as an input, found none. Name the inputs",
    ),
    (
        nx.MultiDiGraph(["xy", "xy"]),
        {},
        TopologyError,
        "the edge from 'x' to 'y' is given several times",
    ),
    (
        digraph("xy"),
        {"inputs": ["z"]},
        TopologyError,
        "must be nodes of the graph, got 'z'",
    ),
    (digraph("xy"), {"outputs": []}, TopologyError, "at least one node"),
    (
        digraph("xy"),
        {"inputs": ["x", "x"]},
        TopologyError,
        "'x' is given twice among the inputs",
    ),
    (
        digraph("xy"),
        {"outputs": ["x"]},
        TopologyError,
        "'x' is both an input and an output",
    ),
    (
        digraph("xy"),
        {"weight": "size"},
        ArgumentError,
        "No edge has the attribute 'size'. Known: none.",
    ),
    (
        digraph("xy"),
        {"attributes": {"colour": "c"}},
        ArgumentError,
        "keys among squash, bias",
    ),
    (
        digraph("xy"),
        {"attributes": {"bias": 1}},
        ArgumentTypeError,
        "`bias` must be the name",
    ),
    (
        changed(weight=np.nan),
        {},
        ArgumentError,
        "must be a finite number, got nan. Pass weight=None",
    ),
    (
        changed(weight=1e39),
        {"dtype": np.float32},
        ArgumentError,
        "The weight of the edge from 'a'",
    ),
    (
        changed(trainable=2),
        {},
        ArgumentTypeError,
        "The trainable of the edge from 'a' to 'y' must be",
    ),
    (
        changed(gater="z"),
        {},
        TopologyError,
        "The gater of the edge .* a node of the graph .* got 'z'",
    ),
    (changed(gater=["a"]), {}, TopologyError, "The gater of the edge"),
    (
        changed(node={"squash": "excitatory"}),
        {},
        UnknownNameError,
        "The squash of the node 'a' cannot be used.",
    ),
    (
        changed(node={"subset": 1}),
        {},
        TopologyError,
        "Either all nodes must have a subset",
    ),
)


def test_a_mistake_is_told_in_a_sentence():
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state

    def check(graph, options, error, sentence):
        with pytest.raises(error, match=sentence):
            from_networkx(graph, seed=rng, **options)
        assert rng.bit_generator.state == before

    all_hold(check, MISTAKES)


def test_gaters_outside_of_a_live_graph_are_told():
    net = lstm(1, 1, 1)
    outside = Layer(1)
    outside[0].gate(net[0].outgoing[0])
    Network(Layer(1), [], outside)
    with pytest.raises(TopologyError, match="The gater of the edge"):
        from_networkx(net.graph)


def test_inputs_and_outputs_are_nodes_or_labels_of_one_node():
    graph = labelled("ASH", "AVA", "VA")
    graph.remove_edge(1, 2)
    graph.add_edge(0, 2)
    net = from_networkx(graph, inputs=[" ASH"], outputs=["VA", 1], seed=0)
    assert [neuron.name for neuron in net] == ["ASH", "VA", "AVA"]
    with (
        pytest.warns(TopologyWarning, match="2 neurons share 1 name"),
        pytest.raises(TopologyError, match="got 'b'. Several nodes have this label"),
    ):
        from_networkx(labelled("a", "b", "b"), outputs=["b", 2])
