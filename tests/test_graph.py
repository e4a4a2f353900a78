import copy
import gc
import pickle
import weakref

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


def test_connections_known_before_are_those_of_the_graph():
    net = perceptron(2, 3, 1, seed=1)
    known = net.connections[::2]
    assert [net.graph[link.source][link.target] for link in known] == known
    net.hidden[0][0].disconnect(net.output[0])
    link = net.hidden[0][0].project(net.output[0], weight=0.5)
    assert net.graph[link.source][link.target] is link
    assert net.connections[-1] is link


def test_neighbours_are_in_the_order_of_creation():
    a, b, c, d = neurons = [Neuron() for _ in range(4)]
    links = [a.project(c), b.project(d), a.project(d), a.project(b), c.project(d)]
    graph.of(a._store)
    links += [d.project(a), b.project(a), a.project(a)]
    for neuron in neurons:
        assert list(graph.of(a._store)[neuron].values()) == [c for c in links if c.source is neuron]
        assert list(graph.of(a._store).pred[neuron].values()) == [c for c in links if c.target is neuron]


@pytest.mark.parametrize("collecting", [True, False])
def test_garbage_collection_is_as_before(collecting):
    was = gc.isenabled()
    try:
        (gc.enable if collecting else gc.disable)()
        assert len(perceptron(2, 2, 1).graph.edges) == 6
        assert gc.isenabled() == collecting
    finally:
        (gc.enable if was else gc.disable)()


def test_the_weight_of_a_removed_connection_cannot_be_read(net):
    link = net.connections[0]
    assert "weight" in link
    assert len(net.graph) == len(net)
    link.source.disconnect(link.target)
    for read in (lambda: "weight" in link, lambda: link["weight"], lambda: link.get("weight")):
        with pytest.raises(TopologyError, match="removed"):
            read()


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


def test_node_data_is_live(net):
    cell, out = net.hidden[2][0], net.output[0]
    assert net.graph.nodes[out] == {
        "label": out.name,
        "layer": "output",
        "subset": 5,
        "squash": "logistic",
        "bias": out.bias,
        "trainable": True,
        "activation": out.activation,
        "state": out.state,
    }
    data = net.graph.nodes[cell]
    net.activate([0.5, -0.5])
    cell.name, cell.squash, cell.bias = "cell", "tanh", 0.25
    assert (data["label"], data["squash"], data["bias"], data["state"]) == ("cell", "tanh", 0.25, cell.state)
    assert str(data) == str(dict(data))
    assert nx.get_node_attributes(net.graph, "bias") == {n: n.bias for n in net}
    assert dict(net.graph.nodes(data="layer")) == {n: layer.name for layer in net.layers for n in layer}


def test_node_data_follows_layers():
    net = perceptron(1, 2, 1)
    free = Neuron()
    data = graph.of(free._store).nodes[free]
    assert (data["layer"], data["subset"]) == ("", 0)
    net.add(free)
    assert (net.graph.nodes[free]["layer"], net.graph.nodes[free]["subset"]) == ("hidden 2", 2)
    assert net.graph.nodes[net.output[0]]["subset"] == 3
    net.hidden[0].append(Neuron())
    assert list(nx.get_node_attributes(net.graph, "subset").values()).count(1) == 3
    places = nx.multipartite_layout(net.graph)
    assert [places[layer[0]][0] for layer in net.layers] == sorted({x for x, _ in places.values()})
    assert set(nx.multipartite_layout(net.graph, subset_key="layer")) == set(net)


def test_biases_and_weights_can_be_set_through_networkx(net):
    link, out = net.connections[0], net.output[0]
    nx.set_edge_attributes(net.graph, {(link.source, link.target): {"weight": 0.3, "trainable": False}})
    nx.set_node_attributes(net.graph, {out: {"bias": -1}})
    nx.set_node_attributes(net.graph, False, "trainable")
    assert (link.weight, link.trainable, out.bias, out.trainable) == (0.3, False, -1.0, False)
    nx.set_edge_attributes(net.graph, 0.5, "weight")
    assert set(net.weights) == {0.5}


@pytest.mark.parametrize("key", ["label", "layer", "subset", "squash", "activation", "state"])
def test_other_fields_of_nodes_cannot_be_set(net, key):
    data = net.graph.nodes[net[0]]
    with unchanged(net), pytest.raises(SynapseError, match=f"{key}.*bias and trainable"):
        data[key] = 1
    with pytest.raises(SynapseError, match="cannot be deleted"):
        del data[key]


@pytest.mark.parametrize("value", ["one", None, float("nan")])
def test_what_cannot_be_a_weight_or_bias_is_refused_through_networkx(net, value):
    with unchanged(net):
        with pytest.raises(SynapseError, match="weight"):
            nx.set_edge_attributes(net.graph, value, "weight")
        with pytest.raises(SynapseError, match="bias"):
            nx.set_node_attributes(net.graph, value, "bias")


def test_other_keys_are_notes_that_stay_with_the_graph(net):
    link = net.connections[0]
    with unchanged(net):
        nx.set_edge_attributes(net.graph, {(link.source, link.target): 7}, "capacity")
        nx.set_node_attributes(net.graph, {net[0]: (0, 1)}, "pos")
    assert link["capacity"] == net.graph.copy()[link.source][link.target]["capacity"] == 7
    assert net.graph.nodes[net[0]]["pos"] == (0, 1)
    net.project(perceptron(1, 2))
    assert link["capacity"] == 7
    assert nx.get_node_attributes(net.graph, "pos") == {net[0]: (0, 1)}
    nx.remove_node_attributes(net.graph, "pos")
    assert "pos" not in net.graph.nodes[net[0]]
    with pytest.raises(KeyError):
        del net.graph.nodes[net[1]]["pos"]
    with pytest.raises(KeyError):
        net.graph.nodes[net[1]]["pos"]


def test_notes_of_the_smaller_store_stay_too():
    small, big = perceptron(1, 1), perceptron(2, 9, 1)
    shown = small.graph, big.graph
    shown[0].nodes[small[0]]["pos"] = 3
    small.project(big)
    assert shown[0].nodes[small[0]]["pos"] == 3


def test_node_data_of_a_removed_neuron_cannot_be_used(net):
    neuron = net.add(Neuron())[0]
    data = net.graph.nodes[neuron]
    net.remove(neuron)
    for use in (lambda: data["bias"], lambda: data["layer"], data.copy, lambda: data.update(bias=1.0, pos=2)):
        with pytest.raises(TopologyError, match="removed"):
            use()


def test_edges_hold_the_name_of_their_gater(net):
    gaters = nx.get_edge_attributes(net.graph, "gater")
    assert gaters == {(c.source, c.target): c.gater.name for c in net.connections if c.gater}
    assert 0 < len(gaters) < len(net.connections)
    net.hidden[0][0].ungate(*net.hidden[0][0].gated)
    assert len(nx.get_edge_attributes(net.graph, "gater")) < len(gaters)


def test_edges_and_nodes_can_be_sorted(net):
    order = list(net)
    assert sorted(net.graph) == order
    assert sorted(net.graph.edges) == sorted(net.graph.edges, key=lambda uv: tuple(map(order.index, uv)))
    assert nx.load_centrality(net.graph).keys() == set(net)


def test_a_graph_that_is_held_shows_its_network_and_no_other():
    net, other = perceptron(2, 2, 1), perceptron(1, 4, 2)
    live, before = net.graph, list(net.connections)
    net.project(other)
    assert set(live) == set(net)
    assert live.number_of_edges() == len(before)
    assert net.graph is live
    hidden = net.add(Neuron())[0]
    link = hidden.project(net.output[0])
    assert hidden in live
    assert live.edges[hidden, net.output[0]] is link
    hidden.disconnect(net.output[0])
    net.remove(hidden)
    assert hidden not in live
    assert live.number_of_edges() == len(before)


@pytest.mark.parametrize("seed", range(5))
def test_held_graphs_show_their_networks_through_random_edits(seed):
    rng = np.random.default_rng(seed)
    nets = [perceptron(2, 3, 1, seed=seed), lstm(1, 2, 1, seed=seed), perceptron(1, 2)]
    graphs = [net.graph for net in nets]
    for _ in range(60):
        one, other = (nets[i] for i in rng.integers(0, 3, 2))
        u, v = one[rng.integers(len(one))], other[rng.integers(len(other))]
        hidden = [n for layer in one.hidden for n in layer if not n.gated]
        match rng.integers(5):
            case 0 if u.connected(v):
                u.disconnect(v)
            case 1:
                one.add(Neuron())
            case 2 if len(hidden) > 1:
                one.remove(hidden[0])
            case 3:
                one.output.append(Neuron())
            case _ if not u.connected(v):
                u.project(v)
        for net, live in zip(nets, graphs):
            assert net.graph is live
            assert set(live) == set(net)
            assert {(c.source, c.target): c for c in net.connections} == {
                e: live.edges[e] for e in live.edges
            }
            assert {(v, u) for v in live for u in live.pred[v]} == {(v, u) for u, v in live.edges}
            assert sorted(live) == list(net)


def test_a_graph_keeps_its_network():
    live = perceptron(1, 2, 1).graph
    gc.collect()
    assert sorted(layer for _, layer in live.nodes(data="layer")) == ["hidden", "hidden", "input", "output"]


def test_a_network_is_freed_with_its_graph():
    net = perceptron(1, 2, 1)
    layers, gone, live = net.layers, weakref.ref(net), net.graph
    assert len(live.edges) == live.size() == sum(n for _, n in live.in_degree) == 4
    assert nx.is_weakly_connected(live)
    del net, live
    assert gone() is None
    assert len(Network(layers[0], layers[1:-1], layers[-1])) == 4


@pytest.mark.parametrize("joined", [False, True])
def test_an_algorithm_may_add_a_helper_node_for_a_moment(joined):
    net = perceptron(2, 2, 1)
    if joined:
        net.project(Neuron())
    live = net.graph
    net.weights = np.abs(net.weights)
    with unchanged(net):
        assert not nx.negative_edge_cycle(live)
        live.add_edges_from([("helper", n) for n in live])
        assert list(live)[-1] == "helper"
        assert len(live["helper"]) == len(live.pred["helper"]) + 5
        assert len(net[2].incoming) == 2
        with pytest.raises(graph.GraphEditError):
            live.add_edges_from([("second", n) for n in live])
        live.remove_node("helper")
    assert set(live) == set(net)
    net.output[0].project(net.hidden[0][0], weight=-10)
    assert nx.negative_edge_cycle(live)
    assert set(live) == set(net)


@pytest.mark.parametrize(
    "edges",
    [
        lambda g: [],
        lambda g: None,
        lambda g: [(1, 2)],
        lambda g: [("helper", n) for n in list(g)[1:]],
        lambda g: [("helper", n, {"weight": 1}) for n in g],
        lambda g: [(next(iter(g)), n) for n in g],
        lambda g: [(n, "helper") for n in g],
        lambda g: [([], n) for n in g],
    ],
)
def test_nothing_else_can_be_added(net, edges):
    with unchanged(net), pytest.raises(graph.GraphEditError):
        net.graph.add_edges_from(edges(net.graph))


# --- copies -------------------------------------------------------------------------------------


@pytest.mark.parametrize("joined", [False, True])
def test_a_copy_is_an_ordinary_graph_with_dicts(net, joined):
    if joined:
        net.project(Neuron())
    copied = net.graph.copy()
    assert type(copied) is nx.DiGraph
    assert all(type(data) is dict for _, _, data in copied.edges(data=True))
    assert edges(copied) == edges(net.graph)
    copied.add_edge("x", "y", weight=1.0)
    copied.remove_node(net[0])
    copied[net[1]][net[2]]["weight"] = 9.0
    assert net[1].connected(net[2]).weight != 9.0
    assert len(net.graph) == len(net)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize("joined", [False, True])
def test_copies_of_the_language_are_ordinary_too(net, copied, joined):
    if joined:
        net.project(Neuron())
    net.graph.nodes[net[0]]["note"] = [1]
    twin = copied(net.graph)
    assert type(twin) is nx.DiGraph
    assert edges(twin) == edges(net.graph)
    assert dict(twin.nodes(data=True)) == dict(net.graph.nodes(data=True))
    assert (twin.nodes[net[0]]["note"] is net.graph.nodes[net[0]]["note"]) == (copied is copy.copy)
    with unchanged(net):
        twin.remove_node(net[0])
        twin.add_edge("x", "y")


def test_data_are_views_and_cannot_be_pickled_alone(net):
    for data in (net.graph.nodes[net[0]], net.connections[0]):
        assert type(copy.deepcopy(data)) is dict
        with pytest.raises(SynapseError, match=r"network\.clone"):
            pickle.dumps(data)


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
