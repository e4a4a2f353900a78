"""Any graph of networkx becomes a network: its numbers, its order, what it computes and
learns."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, strategies as st

import architect
import synapse
from synapse import Layer, Network, Topology, from_networkx
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    TopologyError,
    UnknownNameError,
)
from synapse.initializers import constant
from tests.helpers.cases import all_hold, every_case
from tests.helpers.networks import lstm
from tests.helpers.strategies import Twin, given_graphs, specs

from .test_architectures import NETWORKS

ROWS = np.random.default_rng(0).uniform(-1, 1, (12, 30))


def digraph(*edges, **data):
    """A directed graph of edges "ab"."""
    graph = nx.DiGraph(**data)
    graph.add_edges_from(edges)
    return graph


def names(net):
    return [[neuron.name for neuron in layer] for layer in net.layers]


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


@pytest.mark.full
@every_case("whole", NETWORKS)
def test_a_part_of_a_network_computes_what_it_does_in_the_whole(whole):
    """With every layer as outputs that depends on nothing behind it; with ties, names
    and metadata."""
    net = NETWORKS[whole]()
    parts = 0
    synapse.tie([*net.layers[1]][:2])
    for stop in range(2, len(net.layers) + 1):
        inside = [neuron for layer in net.layers[:stop] for neuron in layer]
        links = [link for link in net.connections if link.target in inside]
        if not links or not all(
            {link.source, link.gater or link.source} <= {*inside} for link in links
        ):
            continue
        inside[-1].metadata["mark"] = links[-1].metadata["mark"] = stop
        subnet = from_networkx(
            net.graph.subgraph(inside), inputs=net.input, outputs=net.layers[stop - 1]
        )
        assert [layer.name for layer in subnet.layers] == [
            layer.name for layer in net.layers[:stop]
        ]
        assert subnet.output[-1].metadata["mark"] == stop
        assert [
            len(parameter.tied) for parameter in (*subnet.connections, *subnet)
        ] == [
            len({*parameter.tied} & {*links, *inside})
            for parameter in (*links, *inside)
        ]
        net.clear()
        subnet.clear()
        for row in ROWS[:, : len(net.input)]:
            net.activate(row)
            assert (
                subnet.activate(row).tolist()
                == net.layers[stop - 1].activations.tolist()
            )
        parts += 1
    assert parts


def test_what_the_graph_has_is_used():
    graph = digraph(("x", "a"), ("a", "a"), ("a", "y"), ("x", "y"), name="told")
    graph.add_node(
        "a",
        squash="tanh",
        bias=0.5,
        trainable=False,
        label="cell",
        state=2.0,
        activation=0.25,
    )
    graph.edges["x", "a"].update(weight=2, gater="a", trainable=False)
    graph.edges["a", "a"].update(weight=0.9, trainable=True, carries="state")
    options = {"squash": "relu", "output_squash": "identity"}
    options |= {"initializer": constant(0.3), "missing_weights": "draw"}
    net = from_networkx(graph, **options)
    x, a, y = net
    assert repr(net) == "<Network 'told' 1-1-1, 3 neurons, 4 connections>"
    assert (a.name, a.squash.name, a.bias, a.trainable_bias, a.state, a.activation) == (
        "cell", "tanh", 0.5, False, 2.0, 0.25,
    )  # fmt: skip
    link = x.connection_to(a)
    assert (link.weight, link.gater, link.trainable) == (2.0, a, False)
    assert (a.self_connection.weight, a.self_connection.trainable) == (0.9, True)
    assert (y.squash.name, y.bias, y.trainable_bias, x.connection_to(y).weight) == (
        "identity",
        0.0,
        True,
        0.3,
    )
    assert x.squash.name == "relu"


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


def test_weights_are_drawn_for_the_mean_numbers_of_connections():
    fans = []

    def mine(rng, shape, fan_in, fan_out):
        fans.append((shape, fan_in, fan_out))
        return np.zeros(shape)

    from_networkx(digraph("xa", "ya", "za", "ab", "xb"), initializer=mine)
    assert fans == [((5,), 3, 2)]  # 5 edges to 2 nodes, from 4: rounded up


def test_attributes_may_have_other_names():
    graph = digraph(("s1", "n1", {"synapses": 0.25}), ("n1", "m1", {"synapses": 0.5}))
    nx.set_node_attributes(graph, {"s1": "ASEL", "n1": "AIYL", "m1": "RIML"}, "cell")
    nx.set_node_attributes(graph, "Ohio", "state")
    nx.set_node_attributes(graph, "relu", "kind")
    net = from_networkx(
        graph,
        weight="synapses",
        attributes={"label": "cell", "squash": "kind", "state": None},
    )
    assert names(net) == [["ASEL"], ["AIYL"], ["RIML"]]
    assert net.weights.tolist() == [0.25, 0.5]
    assert net[1].squash is synapse.squashes.relu


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
    pairs = {(link.source.name, link.target.name) for link in net.connections}
    assert pairs == {("0", "1"), ("1", "0"), ("1", "2"), ("2", "1")}
    looped = from_networkx(nx.Graph([(1, 1), (0, 1), (1, 2)]), [0], [2])["1"]
    assert looped.connection_to(looped, delay=1)


def test_layers_are_found_by_depth():
    cases = (
        (["xa", "ab", "by"], ["x", "a", "b", "y"]),
        (["by", "ab", "xa"], ["x", "a", "b", "y"]),
        (["xa", "xb", "ac", "bc", "cy"], ["x", "ab", "c", "y"]),
        (["xy", "xa", "ab", "by"], ["x", "a", "b", "y"]),
        (
            ["xa", "ab", "bc", "ca", "cy"],
            ["x", "a", "b", "c", "y"],
        ),  # a cycle, cut at its end
        (["xa", "za", "ay", "aw"], ["xz", "a", "yw"]),
        (["xy", "xw"], ["x", "yw"]),
        (["xa", "aa", "ay"], ["x", "a", "y"]),
    )
    nets = (
        from_networkx(digraph(*edges), self_connections="state") for edges, _ in cases
    )
    layerings = [["".join(layer) for layer in names(net)] for net in nets]
    assert layerings == [layers for _, layers in cases]


def test_a_gater_fires_before_what_it_gates():
    graph = digraph(("x", "b"), ("x", "a", {"gater": "b"}), ("a", "y"))
    assert names(from_networkx(graph, outputs=["y"])) == [["x"], ["b"], ["a"], ["y"]]


@pytest.mark.filterwarnings("ignore:.*into inputs:synapse.errors.TopologyWarning")
def test_subsets_are_layers_even_where_connections_lead_backward():
    graph = nx.DiGraph([("y", "b"), ("b", "a"), ("a", "x")])
    for number, layer in enumerate((["x"], ["b", "a"], ["y"])):
        for node in layer:
            graph.add_node(node, subset=number, layer="mid" if number == 1 else "end")
    net = from_networkx(graph)
    assert names(net) == [["x"], ["b", "a"], ["y"]]
    assert [layer.name for layer in net.layers] == ["input", "mid", "output"]
    assert names(from_networkx(graph, ["b"], ["a"])) == [["b"], ["x"], ["y"], ["a"]]
    assert names(from_networkx(graph, attributes={"subset": None}))[0] == ["y"]


def test_deep_graphs_have_few_layers():
    net = from_networkx(nx.path_graph(500, nx.DiGraph), seed=0)
    assert (
        len(net.layers) <= 26,
        synapse.analysis.late_connections(net).connections,
    ) == (True, ())


def with_node(**data):
    graph = digraph("xa", "ay")
    graph.add_node("a", **data)
    return graph


def with_edge(**data):
    return digraph("xa", ("a", "y", data))


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
        with_edge(weight=np.nan),
        {},
        ArgumentError,
        "must be a finite number, got nan. Pass weight=None",
    ),
    (
        with_edge(weight=1e39),
        {"dtype": np.float32},
        ArgumentError,
        "The weight of the edge from 'a'",
    ),
    (
        with_edge(trainable=2),
        {},
        ArgumentTypeError,
        "The trainable of the edge from 'a' to 'y' must be",
    ),
    (
        with_edge(gater="z"),
        {},
        TopologyError,
        "The gater of the edge .* a node of the graph .* got 'z'",
    ),
    (with_edge(gater=["a"]), {}, TopologyError, "The gater of the edge"),
    (
        with_node(squash="excitatory"),
        {},
        UnknownNameError,
        "The squash of the node 'a' cannot be used.",
    ),
    (with_node(subset=1), {}, TopologyError, "Either all nodes must have a subset"),
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


def test_groups_of_neurons_that_are_not_connected_stay_apart():
    nets = [architect.Perceptron(2, 1, seed=0) for _ in range(2)]
    for net in nets:
        synapse.tie(net.connections)
    graph = synapse.to_networkx([*nets[0], *nets[1]])
    assert [tie for *_, tie in graph.edges(data="tie")] == [1, 1, 2, 2]
