"""rate * total is what the weight moved by, and each term is the reference's."""

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import architect
import synapse
from synapse import Layer, Network, Neuron
from synapse.analysis import explain
from synapse.errors import ArgumentError, KindError, TopologyError

from ..networks import lstm, perceptron
from ..strategies import Twin, specs

NETWORKS = {
    "perceptron": lambda: perceptron(3, 4, 2, seed=1),
    "no hidden layer": lambda: perceptron(2, 3, seed=1),
    "lstm": lambda: lstm(2, 3, 2, seed=1),
    "lstm with peepholes": lambda: architect.LSTM(2, 3, 2, style="synaptic", seed=1),
    "lstm with everything": lambda: architect.LSTM(
        2,
        3,
        3,
        2,
        output_to_gates=True,
        output_to_hidden=True,
        hidden_to_hidden=True,
        seed=1,
        style="synaptic",
    ),
    "elman": lambda: architect.Elman(2, 4, 2, seed=1),
    "gru": lambda: architect.GRU(2, 3, 2, seed=1),
    "random": lambda: architect.Random(2, 8, 2, gates=9, self_connections=3, backward=6, seed=1),
}


@pytest.mark.parametrize("rate", [0.3, 1.0])
@pytest.mark.parametrize("name", NETWORKS)
def test_total_is_the_change(name, rate):
    net, random = NETWORKS[name](), np.random.default_rng(0)
    for connection in net.connections[::7]:
        connection.trainable = True  # some self-connections too
    for _ in range(4):
        net.activate(random.uniform(-1, 1, len(net.input)))
        before = net.weights
        net.propagate(rate, random.uniform(0, 1, len(net.output)))
        moved = net.weights - before
        told = [explain(c).total if c.trainable else 0.0 for c in net.connections]
        assert rate * np.array(told) == pytest.approx(moved, abs=1e-12)
    assert np.abs(moved).max() > 1e-4


@given(specs(), st.integers(1, 4))
def test_every_term_is_that_of_the_reference(spec, steps):
    twin = Twin(spec)
    for _ in range(steps):
        twin.activate()
        twin.propagate()
        assume(twin.tame)
    reference = twin.reference
    for (i, j), link in reference.links.items():
        if not link.trainable or reference.units[j].clamped:
            continue
        told = explain(twin.link(i, j))
        unit = reference.units[j]
        pairs = [
            (told.projected, unit.projected),
            (told.eligibility, reference.eligibility[i, j]),
            (told.activation, link.seen),
            (told.gain, link.gain),
            (told.derivative, unit.slope),
        ]
        later = [k for k, u in reference.units.items() if j in reference.gaters(k) and u.fired > unit.fired]
        by_neuron = {gate.neuron: gate for gate in told.gates}
        assert set(by_neuron) == {twin.ours[k] for k in later}
        for k in later:
            gate = by_neuron[twin.ours[k]]
            pairs.append((gate.responsibility, reference.units[k].delta))
            pairs.append((gate.extended, reference.extended[i, j, k]))
            assert gate.product == gate.responsibility * gate.extended
        ours, theirs = np.array(pairs).T
        assert ours == pytest.approx(theirs, abs=1e-9 * max(1.0, np.abs(theirs).max()))


def test_after_training_it_explains_the_last_step():
    net = lstm(2, 3, 1)
    twin = net.clone()
    rows, targets = np.random.default_rng(0).uniform(0, 1, (2, 5, 2))
    synapse.Trainer(net, rate=0.2).train(rows, targets[:, :1], epochs=1, progress=False, seed=0)
    for row, target in zip(rows, targets[:, :1], strict=True):
        twin.activate(row)
        before = twin.weights
        twin.propagate(0.2, target)
    told = np.array([explain(c).total if c.trainable else 0.0 for c in net.connections])
    assert 0.2 * told == pytest.approx(twin.weights - before, abs=1e-12)


def test_neuron_by_neuron():
    a, b, gate = Neuron(), Neuron("tanh"), Neuron()
    link, feed = a.project(b, weight=0.5), a.project(gate, weight=-0.3)
    gate.gate(link)
    a.activate(1.0), gate.activate(), b.activate()
    b.propagate(0.1, 0.8), gate.propagate(0.1)
    told = explain(feed)
    assert told.projected == 0.0
    assert [term.neuron for term in told.gates] == [b]
    assert -0.3 + 0.1 * told.total == pytest.approx(feed.weight, abs=1e-15)
    assert told.gates[0].extended == pytest.approx(gate.derivative * 1.0 * 0.5 * 1.0, abs=1e-12)


def test_a_rate_of_nought_moves_nothing_and_is_explained():
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    net.activate([1.0, -1.0])
    before = net.weights
    net.propagate(0.0, [1.0])
    assert np.array_equal(net.weights, before)
    assert any(explain(c).total for c in net.connections if c.trainable)


def test_printed_table_has_every_term():
    net = lstm(1, 1, 1)
    net.activate([0.5])
    net.propagate(0.1, [1.0])
    told = explain(net["hidden 1"][0].incoming[0])
    lines = str(told).splitlines()
    assert lines[0] == repr(told.connection)
    assert [line.split()[-1] for line in lines[4:6]] == [f"{told.projected:.6e}", f"{told.eligibility:.6e}"]
    assert float(lines[-1].split()[-1]) == pytest.approx(told.total, rel=1e-6)
    assert len(lines) == 1 + 6 + 3 * len(told.gates) + 1


def test_before_propagation_it_is_refused():
    net = perceptron(2, 2, 1)
    net.activate([1.0, 0.0])
    net.propagate(0.1, [1.0])
    explain(net.connections[0])
    net.activate([1.0, 1.0])
    with pytest.raises(ArgumentError, match="has been activated since it last propagated"):
        explain(net.connections[0])


def gated_pair():
    """A gate of a connection into a neuron without a self-connection."""
    a, gate, b = Neuron(), Neuron(), Neuron()
    feed, link = a.project(gate, weight=0.4), a.project(b, weight=0.7)
    gate.gate(link)
    net = Network(Layer([a]), [Layer([gate])], Layer([b]))
    net.activate([0.5])
    net.propagate(0.1, [1.0])
    return net, feed, link


def test_a_clone_knows_the_step():
    net, feed, _ = gated_pair()
    twin = net.clone()
    assert explain(twin.input[0].connected(twin.hidden[0][0])).total == explain(feed).total


def test_single_precision():
    net = architect.LSTM(2, 3, 1, seed=0, dtype=np.float32, style="synaptic")
    net.run([[1.0, -1.0], [0.5, 0.3]])
    before = net.weights
    net.propagate(1.0, [1.0])
    told = [explain(c).total if c.trainable else 0.0 for c in net.connections]
    assert told == pytest.approx(net.weights - before, abs=1e-6)


def test_weights_set_since_are_noticed():
    _, feed, link = gated_pair()
    explain(feed)
    link.weight = 3.0
    with pytest.raises(ArgumentError, match="have been set since it last propagated"):
        explain(feed)


def test_what_cannot_be_explained():
    net = lstm(1, 1, 1)
    net.activate([0.5])
    net.propagate(0.1, [1.0])
    own = net["hidden 3"][0].self_connection
    with pytest.raises(ArgumentError, match="is not trainable"):
        explain(own)
    with pytest.raises(KindError, match="(to be|Expected) a Connection"):
        explain(net[0])
    link = net.connections[0]
    link.source.disconnect(link.target)
    with pytest.raises(TopologyError, match="has been removed"):
        explain(link)


@pytest.mark.parametrize("leads_on", [False, True])
def test_a_gate_of_a_gate_of_a_memory(leads_on):
    """j gates the input of k, which gates a memory's: k's weight has moved by its extended trace too."""
    a, j, k, memory, out = (Neuron(name=name) for name in ("a", "j", "k", "memory", "out"))
    feed, into_k, into_memory = (a.project(n, weight=w) for n, w in ((j, 0.4), (k, -0.9), (memory, 1.3)))
    memory.project(memory, weight=0.9), memory.project(out, weight=2.0)
    if leads_on:
        k.project(out, weight=-0.5)
    j.gate(into_k), k.gate(into_memory)
    net = Network(Layer([a]), [Layer([j, k, memory])], Layer([out]))
    for value, target in ((0.5, 1.0), (-0.8, 0.0), (1.5, 1.0)):
        net.activate([value])
        weight, old = feed.weight, into_k.weight
        net.propagate(5.0, [target])
        told = explain(feed)
        assert feed.weight - weight == pytest.approx(5.0 * told.total, abs=1e-12)
        (term,) = told.gates
        assert term.extended == pytest.approx(j.derivative * value * old * value, abs=1e-14)
        assert abs(into_k.weight - old) > 1e-3
        direct = k.error.projected * into_k.eligibility
        assert abs(into_k.weight - old - 5.0 * direct) > 1e-4  # the part that came through the memory


def test_steps_by_sensitivities_are_not_explained():
    net = architect.Elman(2, 3, 1, seed=0)
    net.activate([0.5, 0.25])
    net.propagate(0.1, [1.0])
    assert explain(net.connections[0]).total != 0
    synapse.Trainer(net, method="rtrl").train([[[0.5, 0.25]] * 2], [[[1.0]] * 2], 1, progress=False)
    with pytest.raises(ArgumentError, match="was by rtrl"):
        explain(net.connections[0])
    net.activate([0.5, 0.25])
    net.propagate(0.1, [1.0])
    assert explain(net.connections[0]).total != 0
    net.learning_rule = "rtrl"
    net.activate([0.5, 0.25])
    with pytest.raises(ArgumentError, match="was by rtrl"):
        explain(net.connections[0])
