"""Columns that no object shows: traces of biases and influences, and updates that are
pending."""

import itertools

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Neuron, Trainer
from tests.helpers.networks import lstm, used


def test_a_cleared_context_has_no_traces_of_biases_and_no_influences():
    net = used(lstm(2, 2, 1, seed=1))
    cell = net.hidden[2][0]
    columns = net._store.columns
    pairs = np.flatnonzero(columns["influence_gated"] == cell._row)
    starts = columns["influence_trace"][pairs]
    stops = starts + columns["learning"][columns["influence_gater"][pairs]].astype(int)
    traces = [columns["extended"][a : b + 1] for a, b in zip(starts, stops)]
    assert all(np.all(trace) for trace in traces)
    cell.clear()
    assert not any(np.any(trace) for trace in traces)
    net.activate([0.5, 1.0])
    net.clear()
    assert not columns["influence"].any()


@pytest.mark.parametrize("by_hand", [False, True])
def test_four_gates_with_a_source_outside_of_the_network_keep_their_traces(by_hand):
    """They are alike, but are not computed four at a time; the source may fire again
    before the cells do."""
    outside = Neuron("identity")
    inputs, gates, out = Layer(1), Layer(4), Layer(1)
    cells = Layer(4, squash="identity")
    links = list(outside.project(gates, seed=0))
    cells.project(cells), cells.project(out)
    gates.gate(inputs.project(cells, weights=2.0), "input")
    net = Network(inputs, [gates, cells], out)
    expected = 0.0
    for value in (0.5, -0.3, 0.8):
        outside.activate(value)
        if by_hand:
            inputs.activate([1.0]), gates.activate()
            outside.activate(9.0)
            cells.activate()
        else:
            net.activate([1.0])
        expected += np.array([gate.derivative for gate in gates]) * value * 2.0
    traces = [link.extended[cell] for link, cell in zip(links, cells)]
    assert traces == pytest.approx(expected)


def parts(seed, dtype, density=0.8):
    """A part of the connections between four layers, some frozen, some tied, some
    backwards, with signs."""
    sizes = {9: "identity", 17: "tanh", 13: "tanh", 5: "tanh"}
    layers = [Layer(n, squash, dtype=dtype) for n, squash in sizes.items()]
    for i, (sender, other) in enumerate(itertools.pairwise(layers)):
        sender.project(other, density, seed=seed + i)
    layers[2].project(layers[1], density**3, seed=seed)
    net = Network(layers[0], layers[1:-1], layers[-1])
    for link in net.connections[:: 11 + seed]:
        link.trainable = False
    synapse.tie([link for link in net.connections[5:40:7] if link.trainable])
    for link in net.connections:
        link.sign = 1 if link.weight > 0 else -1
    return net


def scattered(seed, dtype):
    return architect.Random(
        9, 40, 3, density=0.3, gates=9, self_connections=5, seed=seed, dtype=dtype
    )


def recurrent(seed, dtype):
    return architect.LSTM(3, 9, 2, seed=seed, dtype=dtype)


@pytest.mark.parametrize("build", [scattered, recurrent, parts])
def test_every_reader_gets_the_weights_of_each_epoch(build, tmp_path):
    """After each epoch of `train`, whatever reads a weight gives that of single
    steps."""
    net, by_hand = (build(1, np.float64) for _ in range(2))
    random = np.random.default_rng(0)
    xs = random.uniform(-1, 1, (4, len(net.input)))
    ts = random.random((4, len(net.output)))
    epochs = []

    def compare(progress):
        for row, target in zip(xs, ts, strict=True):
            by_hand.activate(row)
            by_hand.propagate(0.3, target)
        synapse.save(net, tmp_path / "net.json")
        found = (
            *(net.weights, [link.weight for link in net.connections], log.weight[-1]),
            *(synapse.load(tmp_path / "net.json").weights, net.clone().weights),
        )
        assert [[*map(float, read)] for read in found] == [by_hand.weights.tolist()] * 5
        ahead = by_hand.run(xs, traces=False)
        assert net.run(xs, traces=False).tobytes() == ahead.tobytes()
        epochs.append(progress)

    with synapse.record(net, "weight") as log:
        Trainer(net, 0.3).train(
            xs, ts, epochs=3, shuffle=False, progress=False, callbacks=[compare]
        )
    assert len(epochs) == 3
