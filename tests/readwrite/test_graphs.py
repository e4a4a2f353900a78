"""Any graph of networkx becomes a network: its numbers, its order, what it computes and learns."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import architect
import synapse
from synapse import Layer, Network, Topology, from_networkx
from synapse.errors import ArgumentError, KindError, TopologyError, UnknownNameError
from synapse.initializers import constant

from ..learning.helpers import differences, learning, sequences
from ..networks import lstm
from ..strategies import Twin, specs

ROWS = np.random.default_rng(0).uniform(-1, 1, (12, 8))


def digraph(*edges, **data):
    """A directed graph of edges "ab"."""
    graph = nx.DiGraph(**data)
    graph.add_edges_from(edges)
    return graph


def names(net):
    return [[neuron.name for neuron in layer] for layer in net.layers]


def small_world(nodes=60, seed=1):
    """A directed graph with short ways and many cycles."""
    ring, rng = nx.watts_strogatz_graph(nodes, 6, 0.1, seed=seed), np.random.default_rng(seed)
    return nx.DiGraph((u, v) if rng.random() < 0.5 else (v, u) for u, v in ring.edges)


# --- against the reference ------------------------------------------------------------------------


class FromGraph(Twin):
    """The library's units come from a graph; the reference keeps the order that was found."""

    def _network(self):
        graph = nx.DiGraph()
        for j, unit in self.reference.units.items():
            graph.add_node(j, squash=unit.squash, bias=unit.bias, trainable=unit.trainable)
        for (i, j), link in self.reference.links.items():
            gater = {} if link.gater is None else {"gater": link.gater}
            graph.add_edge(i, j, weight=link.weight, trainable=link.trainable, **gater)
        first, last = self.order[: self.inputs], self.order[len(self.order) - self.outputs :]
        net = from_networkx(graph, first, last)
        self.ours = {int(neuron.name): neuron for neuron in net}
        self.order = list(self.ours)
        assert self.order[: self.inputs] == first
        assert self.order[len(self.order) - self.outputs :] == last
        return net


@given(specs(), st.integers(1, 4))
def test_any_gated_graph_computes_and_learns_as_the_reference_does(spec, steps):
    twin = FromGraph(spec)
    for _ in range(steps):
        twin.step()
        assume(twin.tame)


@given(specs())
def test_any_network_comes_back_from_its_graphs(spec):
    net = Twin(spec).net
    for _ in range(2):
        net.activate(ROWS[0, : spec.inputs])
    rows = ROWS[:5, : spec.inputs]
    graphs = Topology.of(net).to_networkx(), net.graph, net.graph.copy()
    twins = [from_networkx(graph) for graph in graphs]
    expected = net.run(rows)
    for twin in twins:
        assert [layer.name for layer in twin.layers] == [layer.name for layer in net.layers]
        assert np.array_equal(twin.run(rows), expected)


# --- what it computes -----------------------------------------------------------------------------


def plain(graph, order, inputs, outputs, rows):
    """Outputs by NumPy alone: every node in order, from what the edges say."""
    activation = dict.fromkeys(graph, 0.0)
    told = []
    for row in rows:
        activation |= dict(zip(inputs, row.tolist()))
        for node in order:
            if node not in inputs:
                into = graph.in_edges(node, data="weight")
                activation[node] = np.tanh(
                    graph.nodes[node]["bias"] + sum(w * activation[u] for u, _, w in into)
                )
        told.append([activation[node] for node in outputs])
    return np.array(told)


@pytest.mark.parametrize("seed", range(3))
def test_it_computes_what_the_graph_says(seed):
    graph, rng = small_world(seed=seed), np.random.default_rng(seed)
    nx.set_edge_attributes(graph, {edge: rng.normal() for edge in graph.edges}, "weight")
    nx.set_node_attributes(graph, {node: rng.normal() for node in graph}, "bias")
    net = from_networkx(graph, [3, 1], [50, 7, 20], squash="tanh")
    order = [int(neuron.name) for neuron in net]
    assert sorted(order) == sorted(graph)
    expected = plain(graph, order, [3, 1], [50, 7, 20], ROWS[:, :2])
    assert net.run(ROWS[:, :2]) == pytest.approx(expected, abs=1e-11)


def test_a_small_world_learns_online_and_exactly():
    graph = small_world()
    graph.remove_edges_from(list(graph.in_edges(0)))
    inputs = np.random.default_rng(0).integers(0, 2, (30, 8, 1)).astype(float)
    targets = np.zeros_like(inputs)
    targets[:, 2:] = inputs[:, :-2]
    exact = {"rate": 0.02, "optimizer": synapse.optimizers.Adam()}
    for method, options in (("online", {"rate": 0.03}), ("bptt", exact)):
        options |= {"method": method}
        net = from_networkx(
            graph, [0], [30], squash="tanh", output_squash="logistic", initializer="glorot", seed=0
        )
        trainer = synapse.Trainer(net, **options)
        before = trainer.test(inputs, targets).error
        trainer.train(inputs, targets, epochs=200, seed=0, progress=False)
        assert trainer.test(inputs, targets).error < 0.5 * before


def test_its_exact_gradient_is_that_of_differences():
    net = from_networkx(small_world(20), [0, 1], [10], squash="tanh", seed=0)
    data = sequences(net, (5, 7))
    found = synapse.gradient(net, *data, cost="squared_error")
    weights, biases = (
        differences(net, name, learns, *data, "squared_error")
        for name, learns in zip(("weights", "biases"), learning(net))
    )
    assert found.weights == pytest.approx(weights, abs=1e-7)
    assert found.biases[2:] == pytest.approx(biases[2:], abs=1e-7)


# --- the values of the graph ----------------------------------------------------------------------


def test_what_the_graph_has_is_used():
    graph = digraph(("x", "a"), ("a", "a"), ("a", "y"), ("x", "y"), name="told")
    graph.add_node("a", squash="tanh", bias=0.5, trainable=False, label="cell", state=2.0, activation=0.25)
    graph.edges["x", "a"].update(weight=2, gater="a", trainable=False)
    graph.edges["a", "a"].update(weight=0.9, trainable=True)
    net = from_networkx(graph, squash="relu", output_squash="identity", initializer=constant(0.3))
    x, a, y = net
    assert repr(net) == "<told 1-1-1, 3 neurons, 4 connections>"
    assert (a.name, a.squash.name, a.bias, a.trainable, a.state, a.activation) == (
        "cell", "tanh", 0.5, False, 2.0, 0.25,
    )  # fmt: skip
    link = x.connected(a)
    assert (link.weight, link.gater, link.trainable) == (2.0, a, False)
    assert (a.self_connection.weight, a.self_connection.trainable) == (0.9, True)
    assert (y.squash.name, y.bias, y.trainable, x.connected(y).weight) == ("identity", 0.0, True, 0.3)
    assert x.squash.name == "relu"


def test_missing_weights_are_drawn_and_those_of_self_loops_are_1_and_fixed():
    graph = digraph((0, 1), (1, 1), (1, 2))
    one, same, other = (from_networkx(graph, seed=seed) for seed in (0, 0, 1))
    assert one.weights.tolist() == same.weights.tolist()
    assert one.weights[[0, 2]].tolist() != other.weights[[0, 2]].tolist()
    own = one[1].self_connection
    assert (own.weight, own.trainable) == (1.0, False)


def test_weights_that_are_not_to_be_read_are_drawn():
    graph = nx.DiGraph()
    graph.add_weighted_edges_from([(0, 1, 250.0), (1, 2, 900.0)])
    assert (np.abs(from_networkx(graph, weight=None, seed=0).weights) <= 1).all()
    assert from_networkx(graph).weights.tolist() == [250.0, 900.0]


def test_attributes_may_have_other_names():
    graph = digraph(("s1", "n1", {"synapses": 0.25}), ("n1", "m1", {"synapses": 0.5}))
    nx.set_node_attributes(graph, {"s1": "ASEL", "n1": "AIYL", "m1": "RIML"}, "cell")
    nx.set_node_attributes(graph, "Ohio", "state")
    nx.set_node_attributes(graph, "relu", "kind")
    net = from_networkx(
        graph, weight="synapses", attributes={"label": "cell", "squash": "kind", "state": None}
    )
    assert names(net) == [["ASEL"], ["AIYL"], ["RIML"]]
    assert net.weights.tolist() == [0.25, 0.5]
    assert net[1].squash is synapse.squash.relu


def test_names_of_neurons_are_those_of_nodes():
    net = from_networkx(nx.grid_2d_graph(2, 2, create_using=nx.DiGraph), [(0, 0)], [(1, 1)])
    assert [neuron.name for neuron in net] == ["(0, 0)", "(0, 1)", "(1, 0)", "(1, 1)"]


def test_gaters_may_be_told_by_label():
    graph = digraph((0, 1), (1, 2), (0, 2, {"gater": "g"}))
    graph.nodes[1]["label"] = "g"
    net = from_networkx(graph)
    assert net[0].connected(net[2]).gater is net[1]


def test_live_graphs_know_their_gaters_where_names_are_the_same():
    net = lstm(1, 2, 1)
    for neuron in net:
        neuron.name = "same"
    twin = from_networkx(net.graph)
    tables = [Topology.of(one) for one in (net, twin)]
    ours, theirs = (
        set(zip(*(t[:].tolist() for t in (table.source, table.target, table.gater)))) for table in tables
    )
    assert ours == theirs


def test_undirected_edges_lead_both_ways():
    net = from_networkx(nx.path_graph(3), [0], [2], seed=0)
    pairs = {(link.source.name, link.target.name) for link in net.connections}
    assert pairs == {("0", "1"), ("1", "0"), ("1", "2"), ("2", "1")}
    assert from_networkx(nx.Graph([(0, 0), (0, 1), (1, 2)]), [0], [2])[0].self_connection is not None


def test_outputs_of_softmax_are_one_group():
    graph = nx.complete_multipartite_graph(2, 3)
    net = from_networkx(graph, squash="tanh", output_squash="softmax", seed=0)
    assert net.activate([0.5, -1.0]).sum() == pytest.approx(1.0)
    with pytest.raises(TopologyError, match="can have the squash softmax"):
        from_networkx(digraph((0, 1), (1, 2)), squash="softmax")


def test_random_neurons_come_from_the_seed():
    graph = digraph((0, 1), (1, 2))
    one, same, other = (from_networkx(graph, squash="noise", seed=seed) for seed in (0, 0, 1))
    for net in (one, same, other):
        net.weights = 1.0, 1.0
    assert one.run([[0.0]] * 4).tolist() == same.run([[0.0]] * 4).tolist()
    assert one.run([[0.0]] * 4).tolist() != other.run([[0.0]] * 4).tolist()


def test_the_float_is_chosen():
    net = architect.LSTM(1, 2, 1, seed=0, dtype=np.float32)
    twin = from_networkx(net.graph, dtype=np.float32)
    assert twin.dtype == np.float32
    assert np.array_equal(twin.run(ROWS[:, :1]), net.run(ROWS[:, :1]))


# --- the order ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edges", "found"),
    [
        (["xa", "ab", "by"], ["x", "a", "b", "y"]),
        (["by", "ab", "xa"], ["x", "a", "b", "y"]),
        (["xa", "xb", "ac", "bc", "cy"], ["x", "ab", "c", "y"]),
        (["xy", "xa", "ab", "by"], ["x", "a", "b", "y"]),
        (["xa", "ab", "bc", "ca", "cy"], ["x", "a", "b", "c", "y"]),  # a cycle, cut at its end
        (["xa", "za", "ay", "aw"], ["xz", "a", "yw"]),
        (["xy", "xw"], ["x", "yw"]),
        (["xa", "aa", "ay"], ["x", "a", "y"]),
    ],
)
def test_layers_are_found_by_depth(edges, found):
    assert ["".join(layer) for layer in names(from_networkx(digraph(*edges)))] == found


def test_what_arrives_a_step_late_is_listed():
    net = from_networkx(digraph("xa", "ab", "bc", "ca", "cy", "yb"), ["x"], ["y"])
    late = architect.delayed(net).connections
    assert [(link.source.name, link.target.name) for link in late] == [("c", "a"), ("y", "b")]


def test_a_gater_fires_before_what_it_gates():
    graph = digraph(("x", "b"), ("x", "a", {"gater": "b"}), ("a", "y"))
    assert names(from_networkx(graph, outputs=["y"])) == [["x"], ["b"], ["a"], ["y"]]


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
    assert len(net.layers) <= 26
    assert architect.delayed(net).connections == ()


def test_inputs_may_receive_and_neurons_may_be_out_of_reach():
    net = from_networkx(digraph("xa", "ax", "ay", "by"), ["x"], ["y"], seed=0)
    assert names(net) == [["x"], ["b"], ["a"], ["y"]]
    net.activate([1.0])
    assert net[1].activation == 0.5


# --- from elsewhere -------------------------------------------------------------------------------


def test_from_a_sparse_matrix():
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.csr_array(np.array([[0, 0.5, 0], [0, 0.25, 2.0], [0, 0, 0]]))
    net = from_networkx(nx.from_scipy_sparse_array(matrix, create_using=nx.DiGraph))
    assert synapse.readwrite.sparse_data(net).toarray().tolist() == matrix.toarray().tolist()


def test_from_a_table():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"pre": ["x", "a"], "post": ["a", "y"], "count": [3, 7]})
    net = from_networkx(nx.from_pandas_edgelist(table, "pre", "post", "count", nx.DiGraph), weight="count")
    assert names(net) == [["x"], ["a"], ["y"]]
    assert net.weights.tolist() == [3.0, 7.0]


FOREIGN = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="v_name" for="node" attr.name="name" attr.type="string"/>
<key id="e_weight" for="edge" attr.name="strength" attr.type="double"/>
<graph id="G" edgedefault="directed">
<node id="n0"><data key="v_name">PLML</data></node>
<node id="n1"><data key="v_name">AVAL</data></node>
<node id="n2"><data key="v_name">VA08</data></node>
<edge source="n0" target="n1"><data key="e_weight">1.5</data></edge>
<edge source="n1" target="n2"><data key="e_weight">-4</data></edge>
</graph></graphml>"""


def test_from_graphml_of_another_program(tmp_path):
    (tmp_path / "worm.graphml").write_text(FOREIGN)
    graph = nx.read_graphml(tmp_path / "worm.graphml")
    net = from_networkx(graph, weight="strength", attributes={"label": "name"})
    assert names(net) == [["PLML"], ["AVAL"], ["VA08"]]
    assert net.weights.tolist() == [1.5, -4.0]


def test_our_own_graphml_comes_back_by_way_of_networkx(tmp_path):
    net = architect.LSTM(1, 2, 1, seed=0)
    synapse.readwrite.write_graphml(net, tmp_path / "net.graphml")
    graph = nx.read_graphml(tmp_path / "net.graphml", node_type=int)
    twin = from_networkx(graph, attributes={"subset": "layer_number"})
    assert np.array_equal(twin.run(ROWS[:, :1]), net.run(ROWS[:, :1]))


def test_multigraphs_without_parallel_edges_are_graphs():
    assert len(from_networkx(nx.MultiDiGraph([(0, 1), (1, 2)])).connections) == 2


# --- mistakes -------------------------------------------------------------------------------------


def with_node(**data):
    graph = digraph("xa", "ay")
    graph.add_node("a", **data)
    return graph


def with_edge(**data):
    return digraph("xa", ("a", "y", data))


@pytest.mark.parametrize(
    ("graph", "options", "error", "sentence"),
    [
        ([[0, 1]], {}, KindError, "a graph of networkx, got .*networkx.from_pandas_edgelist"),
        (nx.DiGraph(), {}, TopologyError, "The graph must have at least two nodes"),
        (digraph("ab", "ba"), {}, TopologyError, "as an input, found none. Name the inputs"),
        (digraph("xa", "ab", "ba"), {}, TopologyError, "as an output, found none. Name the outputs"),
        (nx.empty_graph(2, nx.DiGraph), {}, TopologyError, "The node 0 is connected to no other node"),
        (nx.MultiDiGraph(["xy", "xy"]), {}, TopologyError, "the edge from 'x' to 'y' several times"),
        (nx.MultiGraph(["xy", "yx"]), {"inputs": "x"}, TopologyError, "several times"),
        (digraph("xy"), {"inputs": "x"}, KindError, "the inputs of from_networkx to be a list of nodes"),
        (digraph("xy"), {"inputs": ["z"]}, TopologyError, "to be nodes of the graph, got 'z'"),
        (digraph("xy"), {"outputs": [[1]]}, TopologyError, "to be nodes of the graph"),
        (digraph("xy"), {"outputs": []}, TopologyError, "at least one node"),
        (digraph("xy"), {"inputs": ["x", "x"]}, TopologyError, "'x' is given twice among the inputs"),
        (digraph("xy"), {"outputs": ["x"]}, TopologyError, "'x' is both an input and an output"),
        (digraph("xy"), {"weight": 0.5}, KindError, "the weight attribute to be the name of an attribute"),
        (digraph("xy"), {"weight": "size"}, ArgumentError, "No edge has the attribute 'size'. Known: none."),
        (with_node(bias=1), {"attributes": {"label": "id"}}, ArgumentError, "No node has .* Known: 'bias'."),
        (digraph("xy"), {"attributes": {"colour": "c"}}, ArgumentError, "keys among squash, bias"),
        (digraph("xy"), {"attributes": {"bias": 1}}, KindError, "the bias attribute to be the name"),
        (with_edge(weight="2"), {}, KindError, "the weight of the edge .* to be a .*weight=None"),
        (with_edge(weight=np.nan), {}, ArgumentError, "to be a finite number, got nan. Pass weight=None"),
        (with_edge(weight=1e39), {"dtype": np.float32}, ArgumentError, "the weight of the edge from 'a'"),
        (with_edge(trainable=1), {}, KindError, "the trainable of the edge from 'a' to 'y' to be"),
        (with_edge(gater="z"), {}, TopologyError, "the gater of the edge .* a node of the graph .* got 'z'"),
        (with_edge(gater=["a"]), {}, TopologyError, "the gater of the edge"),
        (with_node(squash="excitatory"), {}, UnknownNameError, "The squash of the node 'a' cannot be used."),
        (with_node(state="Ohio"), {}, KindError, "Pass attributes={'state': None} to ignore"),
        (with_node(subset=1), {}, TopologyError, "Either all nodes must have a subset"),
        (with_node(subset=0.5), {}, ArgumentError, "the subset of the node 'a' to be a whole number"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_a_sentence(graph, options, error, sentence):
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    with pytest.raises(error, match=sentence):
        from_networkx(graph, seed=rng, **options)
    assert rng.bit_generator.state == before


def test_gaters_outside_of_a_live_graph_are_told():
    net, outside = lstm(1, 1, 1), Layer(1)
    outside[0].gate(net[0].outgoing[0])
    Network(Layer(1), [], outside)
    with pytest.raises(TopologyError, match="the gater of the edge"):
        from_networkx(net.graph)
