"""Every change of structure is made whole or not at all."""

import pytest

from synapse import Layer, Network, Neuron
from synapse.errors import TopologyError
from tests.helpers.integrity import check_store
from tests.helpers.networks import perceptron, used


def test_a_gate_from_another_store_brings_the_stores_together():
    a, b, gate = Neuron(), Neuron("identity"), Neuron(name="gate")
    link = a.project(b, weight=2.0)
    others = Layer(9)
    others.project(others, "all_to_else")
    gate.project(others)
    gate.gate(link)
    assert (link.gater, link.weight) == (gate, 2.0)
    gate.activate(0.5)
    a.activate(1.0)
    assert b.activate() == 1.0
    # of a larger store, which absorbs it
    projection = Layer(2).project(Layer(2))
    others[:2].gate(projection, "input")
    gaters = [link.gater for link in projection]
    assert gaters == [others[0], others[0], others[1], others[1]]


def test_pairs_that_span_stores_are_none_of_the_same_rows_in_one():
    a, b, near, other = Neuron(), Neuron(), Neuron(), Layer(2)
    a.project(b)  # row 0 to row 1 of their store
    b.project(near)
    # row 1 of another store
    assert len(Layer([a]).project(Layer([other[1], near]))) == 2


def test_competing_neurons_of_two_floats_are_refused_with_nothing_changed():
    layer = Layer([Neuron(), Neuron(dtype="float32")])
    with pytest.raises(TopologyError, match="same dtype"):
        layer.squash = "winner"
    assert layer.squash.name == "logistic"


def test_single_connections_and_projections_join_in_any_order():
    a, b, c = Neuron(), Neuron(), Neuron()
    links = [a.project(b, weight=0.5)]
    sources, targets = Layer(2), Layer(2)
    projection = sources.project(targets, weights=[[1.0, 2.0], [3.0, 4.0]])
    links += sources[0].project(c, weight=-0.5), c.project(a, weight=0.75)
    c.gate(links[0])
    Layer(2).gate(projection, "output")
    assert [link.weight for link in links] == [0.5, -0.5, 0.75]
    assert (links[0].gater, projection.weights[1].tolist()) == (c, [3.0, 4.0])
    assert projection[0].gater is not projection[1].gater
    for source, target in ((sources[1], targets[0]), (sources, targets)):
        with pytest.raises(TopologyError, match="already"):
            source.project(target)
    assert a.project(targets[0], weight=1.0).weight == 1.0
    check_store(a._store)


def test_a_removed_connection_is_never_taken_for_a_later_one():
    layer = Layer(3)
    old = layer[0].project(layer[1])
    layer[0].disconnect(layer[1])
    for _ in range(300):
        layer[1].project(layer[2], weight=2.0)
        layer[1].disconnect(layer[2])
    new = layer[0].project(layer[1], weight=3.0)
    with pytest.raises(TopologyError, match="has been removed"):
        _ = old.weight
    assert (new.weight, new.source, new.target) == (3.0, layer[0], layer[1])
    assert layer[0]._store.n_identities < 200
    check_store(layer[0]._store)


def test_edits_that_undo_each_other_leave_no_memory_behind():
    net = perceptron(2, 3, 1)
    store = net._store
    projection = net["hidden"].project(Layer(2), seed=0)
    kept = list(projection)
    weights = projection.weights.copy()
    broken = Layer(2).project(net["hidden"], seed=1)
    broken[0].source.disconnect(broken[0].target)
    used(net)
    for _ in range(250):
        neuron = Neuron()
        net.input[0].project(neuron)
        net["hidden"].append(neuron)
        net.remove(neuron)
    assert store.n_neurons + store.n_connections < 200
    assert store.n_identities < 200
    assert (list(projection), [link.weight for link in kept]) == (
        kept,
        weights.T.ravel().tolist(),
    )
    assert len(broken) == 5
    with pytest.raises(
        TopologyError, match="Connections of this projection have been removed"
    ):
        _ = broken.weights[:]
    check_store(store)


def test_neurons_of_a_network_that_is_no_more_keep_its_order():
    """Whether somebody holds the network, and when Python collects it, must not change
    a number."""
    errors = []
    for hold in (False, True):
        a, b = Neuron(), Neuron("identity")
        a.project(b, weight=0.5)
        b.project(a, weight=0.7)
        net = Network(Layer([a]), Layer([b]))
        if not hold:
            del net
        b.activate(), a.activate()
        a.propagate(0.1, 1.0, "squared_error"), b.propagate(0.1)
        errors.append((a.error.responsibility, b.error.responsibility))
    assert errors[0] == errors[1]
