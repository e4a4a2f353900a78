"""Every change of structure is made whole or not at all."""

import numpy as np
import pytest

from synapse import Layer, Network, Neuron, wiring
from synapse.errors import KindError, TopologyError

from .networks import lstm, perceptron, unchanged, used


def test_a_store_absorbs_the_smaller_one():
    large, small = Layer(10), Layer(2)
    store = large[0]._store
    large.project(large, "all_to_else")
    small[0].project(large[0])
    assert small[0]._store is small[1]._store is store
    assert [store.views[neuron._row] for neuron in small] == list(small)


def test_rows_and_views_agree_after_any_merging():
    random = np.random.default_rng(0)
    neurons = [Neuron(name=str(i)) for i in range(30)]
    made = {}
    for _ in range(80):
        i, j = random.integers(0, 30, 2).tolist()
        if (i, j) not in made:
            weight = float(random.normal())
            made[i, j] = neurons[i].project(neurons[j], weight=weight), weight
        if random.random() < 0.2:
            neurons[i].activate()
    for (i, j), (connection, weight) in made.items():
        assert neurons[i].connected(neurons[j]) is connection
        assert (connection.source, connection.target) == (neurons[i], neurons[j])
        assert connection.weight == weight
    assert [neuron.name for neuron in neurons] == [str(i) for i in range(30)]


def test_a_gate_from_another_store_brings_the_stores_together():
    a, b, gate = Neuron(), Neuron("identity"), Neuron(name="gate")
    link = a.project(b, weight=2.0)
    others = Layer(9)
    others.project(others, "all_to_else")
    gate.project(others)
    gate.gate(link)
    assert link.gater is gate
    assert link.weight == 2.0
    gate.activate(0.5)
    a.activate(1.0)
    assert b.activate() == 1.0


def test_connections_made_after_the_first_steps_take_part():
    """Neurons sorted by lowering leave room for what comes later."""
    neurons = [Neuron("identity", name=str(i)) for i in range(4)]
    neurons[2].project(neurons[0], weight=1.0)
    neurons[3].project(neurons[1], weight=1.0)
    net = Network(Layer(neurons[2:3]), [Layer([neurons[0], neurons[3]])], Layer(neurons[1:2]))
    net.activate([1.0])
    late = neurons[0].project(neurons[3], weight=2.0)
    assert (late.source, late.target, late.weight) == (neurons[0], neurons[3], 2.0)
    assert net.activate([1.0]) == 2.0


def test_a_neuron_that_has_fired_may_join_a_network_in_the_middle_of_a_sequence():
    """Nobody else's traces are touched."""
    net, twin = used(lstm(2, 2, 1, seed=1)), used(lstm(2, 2, 1, seed=1))
    stranger = Neuron()
    stranger.activate()
    net.add(stranger)
    used(net, seed=1)
    used(twin, seed=1)
    assert net.weights == pytest.approx(twin.weights, abs=1e-15)
    assert [n.bias for n in net if n is not stranger] == pytest.approx(twin.biases, abs=1e-15)


def test_disconnecting_the_last_connection_of_a_run_leaves_the_others():
    a, b = Layer(6), Layer(2, squash="identity")
    a.project(b, weights=1.0)
    net = Network(a, [], b)
    assert net.activate([1, 2, 4, 8, 16, 32]).tolist() == [63, 63]
    a[5].disconnect(b[0])
    a[0].disconnect(b[1])
    assert net.activate([1, 2, 4, 8, 16, 32]).tolist() == [31, 62]


def test_what_a_failed_call_was_to_do_is_not_half_done():
    net = used(perceptron(2, 3, 1, seed=1))
    outside = Layer(2)
    net.hidden[0][1].project(outside[1])
    with unchanged(net), pytest.raises(TopologyError):
        net.hidden[0].project(outside)
    assert outside[0].incoming == ()


@pytest.mark.parametrize("given", [None, 3, "neuron", Layer(1)])
def test_a_neuron_is_asked_for_by_name(given):
    with pytest.raises(KindError, match="The thing must be a Neuron"):
        wiring.require_neuron("The thing", given)
    with pytest.raises(KindError, match="The thing must be a Connection"):
        wiring.require_connection("The thing", given)


def test_removed_neurons_leave_no_connection_behind():
    net = used(perceptron(2, 3, 2, seed=1))
    for neuron in list(net.hidden[0]):
        net.remove(neuron)
        assert all(neuron not in (c.source, c.target) for c in net.connections)
    assert len(net.connections) == 0
    assert net.graph.number_of_edges() == 0
    assert net.activate([1.0, 1.0]).shape == (2,)


def test_numbers_stay_with_their_neurons_when_rows_are_sorted():
    layers = [Layer(3, name=name, bias=bias) for name, bias in (("c", 0.3), ("a", 0.1), ("b", 0.2))]
    c, a, b = layers
    a.project(b, seed=1)
    b.project(c, seed=2)
    weights = {(x.source.name, x.target.name): x.weight for n in (*b, *c) for x in n.incoming}
    net = Network(a, [b], c)
    net.activate([1.0, 2.0, 3.0])
    assert [neuron.name for neuron in net][::3] == ["a 0", "b 0", "c 0"]
    assert net.biases.tolist() == [0.1] * 3 + [0.2] * 3 + [0.3] * 3
    assert {(x.source.name, x.target.name): x.weight for x in net.connections} == weights
