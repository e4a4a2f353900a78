import networkx as nx
import numpy as np
import pytest

from synapse import Layer, Network, Neuron, graph
from synapse.errors import SynapseError, TopologyError

from .networks import lstm, perceptron, unchanged, used

EDITS = {
    "add_node": (1,),
    "add_nodes_from": ([1],),
    "remove_node": (1,),
    "remove_nodes_from": ([1],),
    "add_edge": (1, 2),
    "add_edges_from": ([(1, 2)],),
    "add_weighted_edges_from": ([(1, 2, 3.0)],),
    "remove_edge": (1, 2),
    "remove_edges_from": ([(1, 2)],),
    "clear": (),
    "clear_edges": (),
    "update": (),
}


@pytest.fixture
def net():
    return used(lstm(2, 2, 1, seed=1))


def edges(of):
    return {(source, target): dict(data) for source, target, data in of.edges(data=True)}


# --- the live graph -----------------------------------------------------------------------------


def test_it_is_a_digraph_of_neurons_and_connections(net):
    assert isinstance(net.graph, nx.DiGraph)
    assert set(net.graph) == set(net)
    assert net.graph.number_of_edges() == len(net.connections)
    for connection in net.connections:
        assert net.graph[connection.source][connection.target] is connection
        assert net.graph.edges[connection.source, connection.target] is connection


def test_edge_data_is_live():
    net = perceptron(2, 2, 1, seed=1)
    before = net.graph
    data = before[net[0]][net[2]]
    data["weight"] = 0.5
    assert net[0].connected(net[2]).weight == data["weight"] == 0.5
    net.activate([1.0, 1.0])
    net.propagate(1.0, [1.0])
    assert data["weight"] == net.weights[0] != 0.5


def test_algorithms_of_networkx_read_live_weights():
    a, b, c = (Neuron(name=name) for name in "abc")
    a.project(b, weight=1.0)
    b.project(c, weight=1.0)
    direct = a.project(c, weight=3.0)
    live = Network(Layer([a]), [Layer([b])], Layer([c])).graph
    assert nx.shortest_path(live, a, c, weight="weight") == [a, b, c]
    assert nx.shortest_path_length(live, a, c, weight="weight") == 2.0
    direct.weight = 0.5
    assert nx.shortest_path(live, a, c, weight="weight") == [a, c]
    assert live.size(weight="weight") == 2.5
    assert live.degree(a, weight="weight") == 1.5
    assert nx.adjacency_matrix(live, nodelist=[a, b, c]).toarray()[0].tolist() == [0.0, 1.0, 0.5]


def test_structure_can_be_analysed(net):
    assert nx.is_weakly_connected(net.graph)
    assert nx.number_of_selfloops(net.graph) == 2
    assert not nx.is_directed_acyclic_graph(net.graph)
    assert nx.is_directed_acyclic_graph(perceptron(2, 3, 1).graph)
    assert {len(net.graph.pred[cell]) for cell in net.hidden[2]} == {3}
    weights = nx.get_edge_attributes(net.graph, "weight")
    assert sorted(weights.values()) == sorted(net.weights)


def test_the_graph_of_a_part_of_a_store_shows_that_part(net):
    other = perceptron(1, 2, 1)
    net.project(other)
    assert set(net.graph) == set(net)
    assert set(other.graph) == set(other)
    assert net.graph.number_of_edges() == len(net.connections)
    source, target = other.connections[0].source, other.connections[0].target
    assert other.graph[source][target] is other.connections[0]


def test_it_follows_every_change():
    net = perceptron(2, 2, 1, seed=1)
    live = net.graph
    neuron = net.add(Neuron())[0]
    assert neuron in net.graph
    link = neuron.project(net.output[0])
    assert net.graph[neuron][net.output[0]] is link
    assert live is net.graph
    net.hidden[0].project(net.hidden[0])
    assert nx.number_of_selfloops(live) == 2
    net.output.append(Neuron())
    assert len(live) == len(net) == 7
    neuron.disconnect(net.output[0])
    assert not live.has_edge(neuron, net.output[0])
    net.remove(neuron)
    assert neuron not in live
    assert live.number_of_edges() == len(net.connections)


def test_it_follows_when_a_neuron_goes_with_all_its_connections():
    net = perceptron(3, 2, 2, seed=1)
    live, neuron = net.graph, net.hidden[0][0]
    gone = [*neuron.incoming, *neuron.outgoing, neuron.project(neuron)]
    left = [link for link in net.connections if link not in gone]
    net.remove(neuron)
    assert [repr(link) for link in gone] == ["<Connection, removed>"] * 6
    assert net.connections == left
    assert {(link.source, link.target) for link in left} == set(live.edges)
    assert all(live[link.source][link.target] is link for link in left)


def test_it_follows_when_stores_merge_whoever_has_been_looked_at():
    for looked in ((), (0,), (1,), (0, 1)):
        nets = perceptron(2, 2, 1, seed=1), perceptron(1, 4, 2, seed=2)
        for i in looked:
            assert len(nets[i].graph)
        bridge = nets[0].project(nets[1])
        for net in nets:
            assert {(c.source, c.target) for c in net.connections} == set(net.graph.edges)
            assert all(net.graph[c.source][c.target] is c for c in net.connections)
        assert bridge[0] in bridge[0].source.outgoing


def test_it_follows_when_rows_are_sorted(net):
    before = edges(net.graph)
    net.add(Neuron())
    net.output[0].project(net.input[0], weight=0.0)
    net.activate([0.0, 0.0])
    after = edges(net.graph)
    assert all(after[pair]["weight"] == data["weight"] for pair, data in before.items())


@pytest.mark.parametrize(("name", "arguments"), EDITS.items())
def test_it_cannot_be_edited_through_networkx(net, name, arguments):
    other = perceptron(1, 1)
    net.project(other)
    for live in (net.graph, other.graph, graph.of(net[0]._store)):
        with unchanged(net), pytest.raises(nx.NetworkXError):
            getattr(live, name)(*arguments)


def test_who_edits_it_is_told_what_to_use_instead(net):
    with pytest.raises(SynapseError, match="project, disconnect"):
        net.graph.add_edge(net[0], net[1])


def test_nodes_cannot_be_relabelled_in_place(net):
    with unchanged(net), pytest.raises(nx.NetworkXError):
        nx.relabel_nodes(net.graph, {net[0]: "x"}, copy=False)


# --- copies -------------------------------------------------------------------------------------


def test_a_copy_is_an_ordinary_graph_with_dicts(net):
    copied = net.graph.copy()
    assert type(copied) is nx.DiGraph
    assert all(type(data) is dict for _, _, data in copied.edges(data=True))
    assert edges(copied) == edges(net.graph)
    copied.add_edge("x", "y", weight=1.0)
    copied.remove_node(net[0])
    copied[net[1]][net[2]]["weight"] = 9.0
    assert net[1].connected(net[2]).weight != 9.0
    assert len(net.graph) == len(net)


def test_a_copy_of_a_part_is_ordinary_too(net):
    net.project(Neuron())
    copied = net.graph.copy()
    assert type(copied) is nx.DiGraph
    assert all(type(data) is dict for _, _, data in copied.edges(data=True))


@pytest.mark.parametrize(
    "derive",
    [
        nx.DiGraph,
        lambda g: nx.relabel_nodes(g, {n: n.name for n in g}),
        lambda g: nx.compose(g, nx.DiGraph([(1, 2)])),
        lambda g: g.reverse(),
        lambda g: g.to_undirected(),
        lambda g: g.subgraph(list(g)[:3]).copy(),
        nx.convert_node_labels_to_integers,
    ],
)
def test_graphs_made_of_it_leave_the_network_alone(net, derive):
    with unchanged(net):
        derived = derive(net.graph)
        derived.add_edge("x", "y")
    assert len(net.connections) == net.graph.number_of_edges()
    assert "x" not in net.graph


# --- the plain projection -----------------------------------------------------------------------


def test_the_plain_graph_has_integers_and_scalars(net):
    plain = graph.plain(net)
    assert list(plain) == list(range(len(net)))
    for i, neuron in enumerate(net):
        assert plain.nodes[i] | {"layer": 0} == {
            "label": neuron.name,
            "layer": 0,
            "squash": neuron.squash.name,
            "bias": neuron.bias,
            "activation": neuron.activation,
            "state": neuron.state,
        }
    values = [v for *_, d in plain.edges(data=True) for v in d.values()]
    assert {type(value) for value in values} <= {int, float, bool, str}


def test_the_plain_graph_has_every_connection_and_gater(net):
    plain, number = graph.plain(net), {neuron: i for i, neuron in enumerate(net)}
    assert plain.number_of_edges() == len(net.connections)
    for c in net.connections:
        data = plain[number[c.source]][number[c.target]]
        assert (data["weight"], data["gain"], data["trainable"]) == (c.weight, c.gain, c.trainable)
        assert data.get("gater") == number.get(c.gater)


def test_the_plain_graph_leaves_out_what_leads_elsewhere():
    net = perceptron(1, 2, 1)
    outside = Neuron()
    net.output[0].project(outside)
    outside.gate(net.connections[0])
    plain = graph.plain(net)
    assert plain.number_of_edges() == 4
    assert not any("gater" in data for *_, data in plain.edges(data=True))
    assert len(graph.plain([])) == 0


def test_the_plain_graph_tells_layers():
    assert [layer for _, layer in graph.plain(perceptron(1, 2, 1)).nodes(data="layer")] == [
        "input",
        "hidden",
        "hidden",
        "output",
    ]


# --- the first look at a large one --------------------------------------------------------------


def test_connections_of_large_layers_appear_when_looked_at():
    a, b = Layer(80), Layer(80)
    projection = a.project(b, seed=1)
    assert a[0]._store.graph is None
    assert len(b[3].incoming) == 80
    assert b[3].incoming[5] is projection[3 * 80 + 5]
    assert a[5].connected(b[3]) is projection[3 * 80 + 5]
    assert np.asarray(projection.weights)[5, 3] == a[5].connected(b[3]).weight


def test_a_pair_can_be_looked_up_without_the_graph():
    a, b = Layer(80), Layer(80)
    a.project(b, seed=1)
    assert a[0].connected(b[0]).weight != 0
    assert b[0].connected(a[0]) is None
    assert a[0]._store.graph is None
    with pytest.raises(TopologyError):
        a[0].project(b[0])
