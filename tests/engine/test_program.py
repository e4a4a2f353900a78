import math

import pytest

from synapse import Layer, Network, Neuron
from tests.helpers.networks import lstm, used


def traces(net):
    """Every trace that does not start anew at each step, by what it belongs to."""
    memory = {neuron for neuron in net if neuron.self_connection}
    values = {
        c: c.eligibility for c in net.connections if c.target in memory and c.trainable
    }
    for c in net.connections:
        values.update(
            {(c, k): x for k, x in c.extended.items() if k in memory and c.trainable}
        )
    return values


def test_traces_survive_the_merging_of_stores():
    net = used(lstm(2, 3, 2, seed=1))
    other = used(lstm(2, 5, 2, seed=2))
    before = traces(net), traces(other)
    net.project(other)
    assert (traces(net), traces(other)) == before


def test_traces_survive_a_lowering_that_fails_once_connections_have_new_identities(
    monkeypatch,
):
    net = used(lstm(2, 3, 2, seed=1))
    before = traces(net)
    store = net._store
    # so that most identities are unused, and all connections get new ones
    source, target = net.input[0], Neuron()
    for _ in range(len(net.connections) + 1):
        source.project(target)
        source.disconnect(target)
    numbers = store.n_identities

    def fail(*_, **__):
        assert store.n_identities < numbers / 2
        raise MemoryError

    source.disconnect(net.output[0])
    with monkeypatch.context() as patch:
        patch.setattr("synapse.engine.store.Program", fail)
        with pytest.raises(MemoryError):
            net.weights  # noqa: B018
    assert traces(net) == before


def connect_to_output(net):
    net.hidden[0][0].project(net.output[0], weight=0.5)


def disconnect_from_gate(net):
    net.input[0].disconnect(net.hidden[1][0])


@pytest.mark.parametrize(
    ("edit", "failing"),
    [
        (connect_to_output, "cut"),
        (connect_to_output, "lists.lay_out"),
        (disconnect_from_gate, "_lay_out_traces"),
        (disconnect_from_gate, "restore"),
    ],
)
def test_traces_survive_a_lowering_that_fails(edit, failing, monkeypatch):
    net, twin = (used(lstm(2, 3, 2, seed=1)) for _ in range(2))

    def fail(*_):
        raise MemoryError

    for network in (net, twin):
        edit(network)
    with monkeypatch.context() as patch:
        patch.setattr(f"synapse.engine.lowering.lower.{failing}", fail)
        with pytest.raises(MemoryError):
            net._lowered()
    assert any(traces(net).values())
    assert [*traces(net).values()] == [*traces(twin).values()]


def test_a_new_self_connection_starts_without_a_past():
    net = used(lstm(2, 2, 1, seed=1))
    gate = net.hidden[1][0]
    cell = net.hidden[2][0]
    cell.disconnect(cell)
    gate.gate(cell.project(cell))
    assert not any(connection.eligibility for connection in cell.incoming)
    assert not any(connection.extended.get(cell) for connection in gate.incoming)


def test_the_bias_of_a_new_self_connection_starts_without_a_past():
    cell = Neuron("identity")
    cell.project(cell)
    for _ in range(3):
        cell.activate()
    cell.disconnect(cell)
    cell.project(cell)
    cell.activate()
    cell.propagate(rate=0.5, target=1.0)
    assert cell.bias == 0.5  # an input of 1, met once


@pytest.mark.parametrize("early", [True, False])
def test_a_gate_that_begins_to_keep_traces_begins_with_what_it_saw(early):
    """A connection from outside makes it keep them: they are those that could be read
    off before."""
    a, x, g, c, o, outside = (
        Neuron(name=name) for name in ("a", "x", "g", "c", "o", "outside")
    )
    link = a.project(g, weight=0.5)
    g.gate(x.project(c, weight=0.7))
    c.project(c)
    c.project(o, weight=1.0)
    net = Network(Layer([a, x]), [Layer([g]), Layer([c])], Layer([o]))
    if early:
        outside.project(g, weight=0.0)
    net.activate([0.3, 0.9])
    if not early:
        outside.project(g, weight=0.0)
    c.activate()  # before the gate
    y = 1.0 / (1.0 + math.exp(-0.15))
    influence = 0.7 * 0.9 * y * (1.0 - y) * 0.3  # of each of the two steps
    assert link.extended[c] == pytest.approx(2.0 * influence, abs=1e-15)
