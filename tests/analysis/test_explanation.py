"""rate * total is what the weight moved by, and each term is the reference's."""

import numpy as np
import pytest
from hypothesis import assume, strategies as st

import architect
import synapse
from synapse import Layer, Network, Neuron
from synapse.analysis import explain
from synapse.errors import ArgumentError, ArgumentTypeError, TopologyError
from synapse.plasticity import Oja
from tests.helpers.networks import lstm, perceptron
from tests.helpers.strategies import Twin, given_graphs, specs

NETWORKS = {
    "lstm with everything": lambda: architect.LSTM(
        *(2, 3, 3, 2),
        hidden_to_hidden=True,
        output_to_gates=True,
        output_to_hidden=True,
        style="synaptic",
        seed=1,
    ),
    "gru": lambda: architect.GRU(2, 3, 2, seed=1),
    "random": lambda: architect.Random(
        2, 8, 2, gates=9, self_connections=3, backward=6, seed=1
    ),
}


@given_graphs(specs(), st.integers(1, 4))
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
        later = [
            k
            for k, u in reference.units.items()
            if j in reference.gaters(k) and u.fired > unit.fired
        ]
        gates = {gate.neuron: gate for gate in told.gates}
        assert set(gates) == {twin.ours[k] for k in later}
        assert all(g.product == g.responsibility * g.extended for g in told.gates)
        parts = [gates[twin.ours[k]] for k in later]
        ours = [
            *(told.projected, told.eligibility, told.activation, told.gain),
            *(told.derivative, *(gate.responsibility for gate in parts)),
            *(gate.extended for gate in parts),
        ]
        theirs = [
            *(unit.projected, reference.eligibility[i, j], link.seen, link.gain),
            *(unit.slope, *(reference.units[k].delta for k in later)),
            *(reference.extended[i, j, k] for k in later),
        ]
        assert ours == pytest.approx(theirs, abs=1e-9 * max(1.0, *map(abs, theirs)))


def gated_pair():
    """A gate of a connection into a neuron without a self-connection."""
    a, gate, b = neurons = [Neuron() for _ in range(3)]
    feed = a.project(gate, weight=0.4)
    link = a.project(b, weight=0.7)
    gate.gate(link)
    net = Network(*(Layer([neuron]) for neuron in neurons))
    net.activate([0.5])
    net.propagate(0.1, [1.0])
    return net, feed, link


def test_an_update_through_a_gated_memory_is_part_of_the_weights_before_it():
    """The target gates a connection whose own update goes through the memory that its
    target gates."""
    a, gate, inner, memory, b = neurons = [Neuron() for _ in range(5)]
    feed = a.project(gate, weight=0.4)
    link = a.project(inner, weight=0.7)
    into = a.project(b, weight=0.5)
    gate.gate(link), memory.project(memory, weight=0.9)
    inner.gate(a.project(memory, weight=0.8)), memory.project(b, weight=1.3)
    net = Network(*(Layer([neuron]) for neuron in neurons))
    for _ in range(3):
        net.activate([0.5])
        before = feed.weight, link.weight, into.weight
        net.propagate(0.5, [1.0])
        updates = [explain(each).total * 0.5 for each in (feed, link, into)]
        assert np.add(before, updates) == pytest.approx(
            [feed.weight, link.weight, into.weight], abs=1e-12
        )
        assert abs(updates[0]) > 1e-8


def test_what_cannot_be_explained():
    other, trained, _ = gated(1)
    synapse.Trainer(other, rule="bptt").train([[0.5]], [[1.0]], 1, progress=False)
    net = lstm(1, 1, 1)
    net.activate([0.5])
    net.propagate(0.1, [1.0])
    removed = net.connections[0]
    removed.source.disconnect(removed.target)
    later = perceptron(2, 2, 1)
    later.activate([1.0, 0.0])
    later.propagate(0.1, [1.0])
    explain(later.connections[0])
    later.activate([1.0, 1.0])
    for explained, error, says in (
        (net["hidden 3"][0].self_connection, ArgumentError, "is not trainable"),
        (net[0], ArgumentTypeError, "`connection` must be"),
        (removed, TopologyError, "has been removed"),
        (trained, ArgumentError, "has been trained by bptt"),
        (
            later.connections[0],
            ArgumentError,
            "has been activated since it last propagated",
        ),
    ):
        with pytest.raises(error, match=says):
            explain(explained)


def test_errors_that_cancel_are_not_taken_for_an_activation():
    """The sum of P_j and G_j has one rounding in a kernel, relative to its parts."""
    net, feed, _ = gated_pair()
    row = feed.target._row
    for name, value in {
        "projected": 1.0,
        "gated": 1e-12 - 1.0,
        "responsibility": 1e-12 + 1e-16,
    }.items():
        net._store[name][row] = value
    # the next check finds other numbers, and takes the sum
    assert explain(feed).total == pytest.approx(0.5e-12, rel=1e-3)


def gated(count):
    """A network whose neuron 1 gates the connections into `count` neurons."""
    x, gate = Layer(1), Layer(1)
    hidden, out = Layer(count, "tanh"), Layer(1, "identity")
    feed = x.project(gate, weights=0.4)
    links = x.project(hidden, weights=0.7)
    for link in links:
        gate[0].gate(link)
    hidden.project(out, weights=1.3)
    return Network(x, [gate, hidden], out), next(iter(feed)), list(links)


MOVERS = {
    "set": {},
    "tie": {},
    "stopped at 0": {},
    "adam": {"optimizer": "adam"},
    "momentum": {"optimizer": synapse.optimizers.SGD(momentum=0.9)},
    "l1": {"l1": 0.1},
    "l2": {"l2": 0.1},
    "clip": {"clip": 1e-3},
    "clip_value": {"clip_value": 1e-3},
}


@pytest.mark.parametrize("mover", MOVERS)
@pytest.mark.parametrize("count", [1, 2])
def test_whatever_has_moved_the_weights_terms_are_right_or_refused(mover, count):
    """One gated neuron has the whole sum; the parts of two cannot be told apart."""
    data = [[0.5]], [[-2.0]]
    terms = []
    for moved in (False, True):
        net, feed, links = gated(count)
        if mover == "stopped at 0":
            links[0].weight = 1e-9
            links[0].sign = 1 if moved else None
        if mover == "tie" and moved:
            synapse.tie([links[0], feed])
            links[0].weight = 0.4
        elif mover == "tie":
            links[0].weight = 0.4
        options = MOVERS[mover] if moved else {}
        synapse.Trainer(net, rule="online", rate=0.5, **options).train(
            *data, epochs=1, progress=False
        )
        assert not moved or mover != "stopped at 0" or links[0].weight == 0.0
        if moved and mover == "set":
            links[0].weight = 3.0
        if moved and count == 2:
            with pytest.raises(ArgumentError, match="only known as a sum"):
                explain(feed)
        else:
            found = explain(feed)
            terms.append([found.projected, found.total, found.gates[0].product])
    assert count == 2 or terms[0] == pytest.approx(terms[1], rel=1e-9)


def test_steps_by_sensitivities_are_not_explained():
    net = architect.Elman(2, 3, 1, seed=0)
    link = net.connections[0]
    trainer = synapse.Trainer(net, rule="rtrl")
    rows = [[[0.5, 0.25]] * 2], [[[1.0]] * 2]
    for by_rtrl in (
        lambda: trainer.train(*rows, 1, progress=False),
        lambda: setattr(net, "rule", "rtrl") or net.activate([0.5, 0.25]),
    ):
        net.activate([0.5, 0.25])
        net.propagate(0.1, [1.0])
        assert explain(link).total != 0
        by_rtrl()
        with pytest.raises(ArgumentError, match="was by rtrl"):
            explain(link)


@pytest.mark.full
def test_what_a_rule_of_synapses_changes_is_not_explained_by_errors():
    net = architect.Perceptron(2, 1, seed=0)
    net.rule = Oja
    net.activate([1.0, 0.5])
    net.propagate()
    with pytest.raises(ArgumentError, match=r"Oja.*connection\.traces"):
        explain(net.connections[0])
