import pytest

from synapse import Neuron
from tests.helpers.networks import lstm, used


def traces(net):
    """Every trace that does not start anew at each step, by what it belongs to."""
    memory = {neuron for neuron in net if neuron.self_connection}
    links = [c for c in net.connections if c.trainable]
    values = {c: c.eligibility for c in links if c.target in memory}
    extended = [(c, k, x) for c in links for k, x in c.extended.items() if k in memory]
    return values | {(c, k): x for c, k, x in extended}


def fail(*_, **__):
    raise MemoryError


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
    source.disconnect(net.output[0])
    with monkeypatch.context() as patch:
        patch.setattr("synapse.engine.store.Program", fail)
        with pytest.raises(MemoryError):
            net.weights  # noqa: B018
    assert store.n_identities < numbers / 2
    assert traces(net) == before


def test_a_new_self_connection_starts_without_a_past():
    net = used(lstm(2, 2, 1, seed=1))
    gate = net.hidden[1][0]
    cell = net.hidden[2][0]
    cell.disconnect(cell)
    gate.gate(cell.project(cell))
    assert not any(connection.eligibility for connection in cell.incoming)
    assert not any(connection.extended.get(cell) for connection in gate.incoming)


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
    for network in (net, twin):
        edit(network)
    with monkeypatch.context() as patch:
        patch.setattr(f"synapse.engine.lowering.lower.{failing}", fail)
        with pytest.raises(MemoryError):
            net._lowered()
    assert any(traces(net).values())
    assert [*traces(net).values()] == [*traces(twin).values()]
