"""The frozen table of a network's structure."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from synapse import Layer, Network, Neuron, Topology, tie
from synapse._wiring import require_closed
from synapse.errors import ArgumentError, KindError, TopologyError

from .networks import lstm, perceptron, used


@pytest.fixture
def net():
    return used(lstm(2, 2, 1, seed=1))


def test_rows_align_with_neurons_and_connections(net):
    table, number = Topology.of(net), {neuron: i for i, neuron in enumerate(net)}
    assert (table.neurons, table.connections) == (len(net), len(net.connections))
    assert (table.inputs, table.outputs) == (2, 1)
    assert table.layers == tuple(layer.label for layer in net.layers)
    assert table.sizes.tolist() == [len(layer) for layer in net.layers]
    for i, neuron in enumerate(net):
        assert (table.names[i], table.squash[i]) == (neuron.name, neuron.squash.name)
        assert (table.bias[i], table.state[i]) == (neuron.bias, neuron.state)
        assert (table.activation[i], table.trainable_bias[i]) == (neuron.activation, neuron.trainable)
    for c, link in enumerate(net.connections):
        assert (table.source[c], table.target[c]) == (number[link.source], number[link.target])
        assert table.gater[c] == number.get(link.gater, -1)
        found = table.weight[c], table.gain[c], table.trainable[c]
        assert found == (link.weight, link.gain, link.trainable)
    assert table.self_connected.sum() == sum(link.source is link.target for link in net.connections)
    assert table.gated.sum() == sum(link.gater is not None for link in net.connections)


def test_parameters_are_those_that_learning_moves_and_count_once():
    a, b, c = Layer(2), Layer(3), Layer(2, "softmax")
    projection = a.project(b, seed=0)
    b.project(c, seed=1)
    net = Network(a, [b], c)
    table = Topology.of(net)
    assert table.softmax.tolist() == [False] * 5 + [True] * 2
    assert table.parameters == 6 + 6 + 3 + 2  # no bias of an input
    tie(list(projection)[:4])
    tie(list(b))
    assert Topology.of(net).parameters == 3 + 6 + 1 + 2
    net.connections[-1].trainable = False
    b[0].project(a[0])
    assert Topology.of(net).parameters == 3 + 6 + 1 + 2 + 1  # an input that something leads into has a bias
    assert Topology.of([]).parameters == 0


def test_it_is_frozen(net):
    table = Topology.of(net)
    with pytest.raises(ValueError, match="read-only"):
        table.weight[0] = 1.0
    with pytest.raises(AttributeError):
        table.inputs = 3
    before = table.weight.copy()
    net.weights = net.weights + 1.0
    net[0].disconnect(net[0].outgoing[0].target)
    assert np.array_equal(table.weight, before)


def test_neurons_of_several_stores_are_one_table():
    a, b, c = (Neuron(name=name, bias=value) for name, value in (("a", 1.0), ("b", 2.0), ("c", 3.0)))
    a.project(c, weight=0.5)
    gater = Neuron()
    gater.activate(0.25)
    gater.gate(a.connected(c))
    table = Topology.of([c, b, a])
    assert table.names == ("c", "b", "a")
    assert table.bias.tolist() == [3.0, 2.0, 1.0]
    assert (table.source.tolist(), table.target.tolist()) == ([2], [0])
    assert (table.gater.tolist(), table.gain.tolist()) == ([-2], [0.25])
    assert table.crossings == 1


def test_what_is_no_network_is_refused(net):
    with pytest.raises(KindError, match="sequence of neurons"):
        Topology.of(3)
    with pytest.raises(KindError, match="sequence of neurons"):
        Topology.of([net])
    with pytest.raises(ArgumentError, match="twice"):
        Topology.of([net[0], net[0]])


def test_connections_across_the_border_are_counted_and_refused(net):
    assert Topology.of(net).require_closed("saved").crossings == 0
    require_closed(net, "saved")
    outside = Neuron(name="outside")
    net.output[0].project(outside)
    outside.gate(net.connections[0])
    table = Topology.of(net)
    assert table.crossings == 2
    assert table.gater[0] == -2
    for check in (lambda: table.require_closed("saved"), lambda: require_closed(net, "saved")):
        with pytest.raises(TopologyError, match=r"cannot be saved alone: 2 connection.*Disconnect or ungate"):
            check()


def test_ties_are_kept():
    a, b = Layer(2), Layer(2)
    a.project(b)
    net = Network(a, [], b)
    assert Topology.of(net).tie.tolist() == [0, 0, 0, 0]
    tie([net.connections[0], net.connections[3]])
    groups = Topology.of(net).tie.tolist()
    assert groups[0] == groups[3] != 0
    assert groups[1] == groups[2] == 0


def test_a_live_graph_is_pickled_as_an_ordinary_one(net):
    twin = pickle.loads(pickle.dumps(net.graph))
    assert list(twin) == list(range(len(net)))
    assert twin.number_of_edges() == len(net.connections)


# --- as an ordinary graph -----------------------------------------------------------------------


def test_the_ordinary_graph_has_integers_and_scalars(net):
    ordinary = Topology.of(net).to_networkx()
    assert list(ordinary) == list(range(len(net)))
    for i, neuron in enumerate(net):
        assert ordinary.nodes[i] == net.graph.nodes[neuron]
        assert type(ordinary.nodes[i]) is dict
    values = [v for *_, d in ordinary.edges(data=True) for v in d.values()]
    assert {type(value) for value in values} <= {int, float, bool, str}


def test_the_ordinary_graph_has_every_connection_and_gater(net):
    ordinary, number = Topology.of(net).to_networkx(), {neuron: i for i, neuron in enumerate(net)}
    assert ordinary.number_of_edges() == len(net.connections)
    for c in net.connections:
        data = ordinary[number[c.source]][number[c.target]]
        assert (data["weight"], data["gain"], data["trainable"]) == (c.weight, c.gain, c.trainable)
        assert data.get("gater") == number.get(c.gater)


def test_the_ordinary_graph_leaves_out_what_leads_elsewhere():
    net = perceptron(1, 2, 1)
    outside = Neuron()
    net.output[0].project(outside)
    outside.gate(net.connections[0])
    ordinary = Topology.of(net).to_networkx()
    assert ordinary.number_of_edges() == 4
    assert not any("gater" in data for *_, data in ordinary.edges(data=True))
    assert len(Topology.of([]).to_networkx()) == 0


def test_the_ordinary_graph_tells_layers():
    graph = Topology.of(perceptron(1, 2, 1)).to_networkx()
    assert [layer for _, layer in graph.nodes(data="layer")] == ["input", "hidden", "hidden", "output"]


def test_it_does_not_wait_for_a_step_of_another_thread(net):
    with net._store.lock, ThreadPoolExecutor(1) as pool:  # as during an epoch
        assert pool.submit(Topology.of, net).result(timeout=60).neurons == len(net)
