import copy
import gc
import weakref
from functools import partial
from itertools import product
from operator import lt, setitem

import networkx as nx
import numpy as np
import pytest

import architect
from synapse import Layer, Network, Neuron
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    SynapseError,
    TopologyError,
    UnknownNameError,
)
from synapse.objects import graph
from tests.helpers.cases import all_refused
from tests.helpers.networks import lstm, perceptron, unchanged, used


@pytest.fixture
def net():
    return used(lstm(2, 2, 1, seed=1))


def edges(of):
    return {
        (source, target): dict(data) for source, target, data in of.edges(data=True)
    }


def test_neighbours_are_in_the_order_of_creation():
    a, b, c, d = neurons = [Neuron() for _ in range(4)]
    links = [a.project(c), b.project(d), a.project(d), a.project(b), c.project(d)]
    graph.of(a._store)
    links += [d.project(a), b.project(a), a.project(a)]
    for neuron in neurons:
        assert list(graph.of(a._store)[neuron].values()) == [
            c for c in links if c.source is neuron
        ]
        assert list(graph.of(a._store).pred[neuron].values()) == [
            c for c in links if c.target is neuron
        ]


def test_weights_read_in_one_iteration_are_the_present_ones():
    net = perceptron(3, 20, 2)
    live = net.graph
    for _ in range(2):
        assert list(live.edges(data="weight")) == list(live.copy().edges(data="weight"))
        few = [net[1], net[5]]
        assert list(live.edges(few, "weight")) == [
            (u, v, e.weight) for u, v, e in live.edges(few, True)
        ]
        weights = live.edges(data="weight")
        net.weights = net.weights + 1.0
        assert [weight for *_, weight in weights] == [
            edge.weight for *_, edge in live.edges(data=True)
        ]
        net.add(Layer(1))
    net = perceptron(2, 3, 2)  # nobody else holds the graph of the view
    assert list(net.graph.edges(data="weight")) == list(
        net.graph.copy().edges(data="weight")
    )


def test_garbage_collection_is_as_before():
    was = gc.isenabled()
    try:
        for collecting in (True, False):
            (gc.enable if collecting else gc.disable)()
            assert len(perceptron(2, 2, 1).graph.edges) == 6
            assert gc.isenabled() == collecting
    finally:
        (gc.enable if was else gc.disable)()


REFUSED = (
    "add_node add_nodes_from remove_nodes_from add_edge add_weighted_edges_from"
    " remove_edge remove_edges_from clear clear_edges update"
)


@pytest.mark.full
def test_it_cannot_be_edited_through_networkx(net):
    other = perceptron(1, 1)
    net.project(other)
    calls = [
        (getattr(live, name), nx.NetworkXError, None)
        for name in REFUSED.split()
        for live in (net.graph, other.graph, graph.of(net[0]._store))
    ]
    rename = partial(nx.relabel_nodes, net.graph, {net[0]: "x"}, copy=False)
    add = partial(net.graph.add_edge, net[0], net[1])
    with unchanged(net):
        all_refused(
            [
                *calls,
                (rename, nx.NetworkXError, None),
                (add, SynapseError, "project, disconnect"),
            ]
        )


def test_node_data_is_live(net):
    cell = net.hidden[2][0]
    out = net.output[0]
    assert net.graph.nodes[out] == {
        "label": out.name,
        "layer": "output",
        "subset": 5,
        "squash": "logistic",
        "bias": out.bias,
        "trainable": True,
        "activation": out.activation,
        "state": out.state,
        "synapse_part": "neuron",
    }
    data = net.graph.nodes[cell]
    net.activate([0.5, -0.5])
    cell.name = "cell"
    cell.squash = "tanh"
    cell.bias = 0.25
    changed = {"label": "cell", "squash": "tanh", "bias": 0.25, "state": cell.state}
    assert dict(data) | changed == dict(data)
    assert str(data) == str(dict(data))
    assert nx.get_node_attributes(net.graph, "bias") == {n: n.bias for n in net}
    assert dict(net.graph.nodes(data="layer")) == {
        n: layer.name for layer in net.layers for n in layer
    }


def test_node_data_follows_layers():
    net = perceptron(1, 2, 1)
    free = Neuron()
    data = graph.of(free._store).nodes[free]
    assert (data["layer"], data["subset"]) == ("", 0)
    net.add(free)
    assert (net.graph.nodes[free]["layer"], net.graph.nodes[free]["subset"]) == (
        "hidden 2",
        2,
    )
    assert net.graph.nodes[net.output[0]]["subset"] == 3
    net.hidden[0].append(Neuron())
    assert list(nx.get_node_attributes(net.graph, "subset").values()).count(1) == 3
    places = nx.multipartite_layout(net.graph)
    assert [places[layer[0]][0] for layer in net.layers] == sorted(
        {x for x, _ in places.values()}
    )
    assert set(nx.multipartite_layout(net.graph, subset_key="layer")) == set(net)


def test_biases_and_weights_can_be_set_through_networkx(net):
    link = net.connections[0]
    out = net.output[0]
    nx.set_edge_attributes(
        net.graph, {(link.source, link.target): {"weight": 0.3, "trainable": False}}
    )
    nx.set_node_attributes(net.graph, {out: {"bias": -1}})
    nx.set_node_attributes(net.graph, False, "trainable")
    shown = link.weight, link.trainable, out.bias, out.trainable_bias
    assert shown == (0.3, False, -1.0, False)
    nx.set_edge_attributes(net.graph, 0.5, "weight")
    assert set(net.weights) == {0.5}


@pytest.mark.full
def test_other_fields_of_nodes_and_edges_cannot_be_set_and_none_deleted(net):
    graph = net.graph
    weigh = partial(nx.set_edge_attributes, graph, float("nan"), "weight")
    bias = partial(nx.set_node_attributes, graph, None, "bias")
    refused = [(weigh, SynapseError, "weight"), (bias, SynapseError, "bias")]
    for data, keys, others in (
        (graph.nodes[net[0]], "label layer subset squash activation state", "bias"),
        (net.connections[0], "gain eligibility gater", "weight"),
    ):
        words = f"{{}}.*{others} and trainable"
        refused += [
            (partial(setitem, data, key, 1), UnknownNameError, words.format(key))
            for key in keys.split()
        ]
        dropping = (
            partial(data.pop, others),
            partial(data.__delitem__, others),
            data.clear,
            data.popitem,
        )
        refused += [(drop, SynapseError, "cannot be deleted") for drop in dropping]
        refused.append((partial(setitem, data, [], 1.0), ArgumentTypeError, "hashable"))
    with unchanged(net):
        all_refused(refused)


def test_other_keys_are_metadata(net):
    link = net.connections[0]
    with unchanged(net):
        nx.set_edge_attributes(net.graph, {(link.source, link.target): 7}, "capacity")
        nx.set_node_attributes(net.graph, {net[0]: (0, 1)}, "pos")
    copied = net.graph.copy()[link.source][link.target]
    assert link["capacity"] == copied["capacity"] == 7
    assert net.graph.nodes[net[0]]["pos"] == net[0].metadata["pos"] == (0, 1)
    net.project(perceptron(1, 2))
    assert link["capacity"] == 7
    assert nx.get_node_attributes(net.graph, "pos") == {net[0]: (0, 1)}
    nx.remove_node_attributes(net.graph, "pos")
    assert "pos" not in net.graph.nodes[net[0]]
    data = net.graph.nodes[net[1]]
    all_refused(
        [
            (partial(data.__delitem__, "pos"), KeyError, None),
            (partial(net[1].metadata.__getitem__, "pos"), KeyError, None),
            (partial(setitem, link.metadata, [], 1), ArgumentTypeError, "hashable"),
        ]
    )


def test_metadata_stay_where_they_are_through_joins_edits_and_new_numbers():
    small, big = perceptron(1, 1), perceptron(60, 80, 1)

    def places():
        chosen = big.select("connections", place=partial(lt, 0))
        return {link: link["place"] for link in chosen}

    def entered():
        chosen = big.select(into=partial(lt, 0))
        return {neuron: neuron.metadata["into"] for neuron in chosen}

    small.connections[0].metadata["place"] = 0
    for i, link in enumerate(big.connections[::500], 1):
        link.metadata["place"] = link.target.metadata["into"] = i
    into = entered()
    small.project(big)  # the larger store takes over the other
    assert small.select("connections", place=0) == small.connections
    links = places()
    assert list(links.values()) == list(range(1, 11))
    before = big.connections
    last = big.connections[-1]
    for source, target in product(big.input, big["hidden"]):
        if source.connection_to(target) not in links:
            source.disconnect(target)
    big.activate(np.zeros(60))
    assert big._store.n_identities < 200  # identities are new
    assert (len(before), before[-1]) == (60 * 80 + 80, last)
    assert repr(before[1]) == "<Connection, removed>"
    assert places() == links
    gone = next(iter(into))
    big.remove(gone)
    del into[gone]
    assert entered() == into


def test_select_refuses_unknown_names(net):
    net[0].metadata["kind"] = "motor"
    with pytest.raises(UnknownNameError, match="Did you mean 'kind'"):
        net.select(knd="motor")
    with pytest.raises(ArgumentError, match='"neurons" or "connections"'):
        net.select("gates", kind="motor")


def test_node_data_of_a_removed_neuron_cannot_be_used(net):
    neuron = net.add(Neuron())[0]
    data = net.graph.nodes[neuron]
    net.remove(neuron)
    all_refused(
        (use, TopologyError, "removed")
        for use in (
            lambda: data["bias"],
            lambda: data["layer"],
            data.copy,
            lambda: data.update(bias=1.0, pos=2),
        )
    )


@pytest.mark.filterwarnings(
    "ignore::synapse.errors.TopologyWarning"
)  # connections in any direction
@pytest.mark.parametrize("seed", range(3))
def test_held_graphs_show_their_networks_through_random_edits(seed):
    """Nodes are in the order of activation, so an adjacency matrix fits the neurons and
    what is recorded."""
    rng = np.random.default_rng(seed)
    nets = [perceptron(2, 3, 1, seed=seed), lstm(1, 2, 1, seed=seed), perceptron(1, 2)]
    graphs = [net.graph for net in nets]
    for _ in range(60):
        network, other = (nets[i] for i in rng.integers(0, 3, 2))
        u = network[rng.integers(len(network))]
        v = other[rng.integers(len(other))]
        hidden = [n for layer in network.hidden for n in layer if not n.gated]
        match rng.integers(5):
            case 0 if u.connection_to(v):
                u.disconnect(v)
            case 1:
                network.add(Neuron())
            case 2 if len(hidden) > 1:
                network.remove(hidden[0])
            case 3:
                network.output.append(Neuron())
            case _ if not u.connection_to(v):
                u.project(v)
        for net, live in zip(nets, graphs):
            assert net.graph is live
            assert {(c.source, c.target): c for c in net.connections} == {
                e: live.edges[e] for e in live.edges
            }
            assert {(v, u) for v in live for u in live.pred[v]} == {
                (v, u) for u, v in live.edges
            }
            orders = list(live), list(live.nodes), list(live.adj), sorted(live)
            assert orders == (list(net),) * 4
    for net, live in zip(nets, graphs):
        matrix = nx.to_numpy_array(live)
        place = {neuron: i for i, neuron in enumerate(net)}
        for link in net.connections:
            assert matrix[place[link.source], place[link.target]] == link.weight


def test_a_network_is_freed_with_its_graph():
    net = perceptron(1, 2, 1)
    layers = net.layers
    gone = weakref.ref(net)
    live = net.graph
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
        links = live["helper"], live.pred["helper"], net[2].incoming
        assert [*map(len, links)] == [5, 0, 2]
        with pytest.raises(graph.GraphEditError):
            live.add_edges_from([("second", n) for n in live])
        live.remove_node("helper")
    assert set(live) == set(net)
    net.output[0].project(net.hidden[0][0], weight=-10)
    assert nx.negative_edge_cycle(live)
    assert set(live) == set(net)


def test_nothing_else_can_be_added(net):
    live = net.graph
    nodes = list(net.graph)
    helper, turned = [("helper", n) for n in nodes], [(n, "helper") for n in nodes]
    wrong = (
        None,
        [(1, 2)],
        helper[1:],
        [(nodes[0], n) for n in nodes],
        turned,
        [([], nodes[0])],
    )
    calls = [partial(live.add_edges_from, edges) for edges in wrong]
    # which nobody would keep
    calls.append(partial(live.add_edges_from, helper, weight=1.0))
    calls.append(partial(graph.of(net._store).add_edges_from, helper))
    with unchanged(net):
        all_refused((call, graph.GraphEditError, None) for call in calls)
    live.add_edges_from(helper)
    with pytest.raises(graph.GraphEditError):
        live.remove_node(nodes[0])
    live.remove_node("helper")
    assert list(live) == nodes


@pytest.mark.parametrize("joined", [False, True])
def test_a_copy_is_an_ordinary_graph_with_dicts(net, joined):
    if joined:
        net.project(Neuron())
    live = net.graph
    live.nodes[net[0]]["note"] = [1]
    live.graph["title"] = "LSTM"
    for copied in (nx.Graph.copy, copy.copy, copy.deepcopy):
        twin = copied(live)
        assert twin.graph == {"title": "LSTM", "name": net.name, "dtype": "float64"}
        assert type(twin) is nx.DiGraph
        assert all(type(data) is dict for _, _, data in twin.edges(data=True))
        assert edges(twin) == edges(net.graph)
        assert dict(twin.nodes(data=True)) == dict(net.graph.nodes(data=True))
        assert (twin.nodes[net[0]]["note"] is net.graph.nodes[net[0]]["note"]) == (
            copied is not copy.deepcopy
        )
        with unchanged(net):
            twin.add_edge("x", "y", weight=1.0)
            twin.remove_node(net[0])
            twin[net[1]][net[2]]["weight"] = 9.0
    assert len(net.graph) == len(net)


def test_connections_of_large_layers_appear_when_looked_at():
    a, b = Layer(80), Layer(80)
    projection = a.project(b, seed=1)
    assert a[5].connection_to(b[3]).weight == np.asarray(projection.weights)[5, 3] != 0
    assert b[0].connection_to(a[0]) is None
    with pytest.raises(TopologyError):
        a[0].project(b[0])
    assert (a[0]._store.graph, len(b[3].incoming)) == (None, 80)
    assert b[3].incoming[5] is projection[3 * 80 + 5] is a[5].connection_to(b[3])


def test_live_data_equal_those_of_a_copy():
    net = architect.LSTM(1, 2, 1, seed=0)
    live = net.graph
    plain = net.graph.copy()
    assert nx.utils.graphs_equal(live, plain)
    assert nx.utils.graphs_equal(plain, live)
    edge, other, *_ = net.connections
    twin = architect.LSTM(1, 2, 1, seed=0).connections[0]
    assert dict(edge) == edge.copy() == edge
    assert edge not in (other, twin, {**edge.copy(), "weight": 9.0}, None)
    assert len({edge, other, twin}) == 3
    edge["note"] = 1
    assert not nx.utils.graphs_equal(live, plain)
    assert nx.utils.graphs_equal(live, live.copy())
