"""The reservoir: what it builds, that NumPy computes the same, and what its read-out learns."""

import numpy as np
import pytest

import architect
import synapse
from synapse.errors import ArgumentError, KindError, SynapseError
from synapse.initializers import constant, uniform
from synapse.learning import fit_readout

INPUTS = np.random.default_rng(0).normal(size=(30, 2))


def matrix(source, target):
    """Weights (targets, sources) between two layers, a neuron's own left out."""
    linked = [[i.connected(j) if i is not j else None for i in source] for j in target]
    return np.array([[c.weight if c else 0.0 for c in row] for row in linked])


def within(net):
    """The connections of the pool, self-connections left out."""
    pool = set(net["pool"])
    return [c for c in net.connections if {c.source, c.target} <= pool and c.source is not c.target]


@pytest.mark.parametrize("leak", [1.0, 0.3])
@pytest.mark.parametrize("gates", [0, 25])
def test_numpy_computes_the_same(leak, gates):
    net = architect.Liquid(2, 9, 3, connections=40, gates=gates, leak=leak, initializer=uniform(0.8), seed=1)
    x, pool, out = net.layers
    into, own, read = matrix(x, pool), matrix(pool, pool), matrix(pool, out)
    gater = {(c.target, c.source): list(pool).index(c.gater) for c in within(net) if c.gater}
    s, y = np.zeros(9), np.zeros(9)
    for row in INPUTS:
        for j, target in enumerate(pool):
            gain = [y[gater[target, source]] if (target, source) in gater else 1.0 for source in pool]
            s[j] = (1 - leak) * s[j] + into[j] @ row + (own[j] * gain) @ y + pool.biases[j]
            y[j] = np.tanh(s[j])
        assert net.activate(row) == pytest.approx(read @ y + out.biases, abs=1e-13)


def test_pairs_are_as_many_as_asked_for_and_some_are_gated():
    net = architect.Liquid(2, 12, 3, connections=50, gates=20, leak=0.5, seed=0)
    links = within(net)
    assert len({(c.source, c.target) for c in links}) == len(links) == 50
    assert sum(c.gater is not None for c in links) == 20
    assert {c.gater for c in links} - {None} <= set(net["pool"])
    assert all(c.gater is None for c in net.connections if c not in links)
    assert [n.self_connection.weight for n in net["pool"]] == [0.5] * 12
    assert repr(net) == "<Liquid 2-12-3, 17 neurons, 122 connections>"


def test_ten_connections_a_neuron_where_there_are_so_many():
    assert len(within(architect.Liquid(1, 30, 1, seed=0))) == 300
    assert len(within(architect.Liquid(1, 4, 1, seed=0))) == 12
    assert all(neuron.self_connection is None for neuron in architect.Liquid(1, 4, 1, seed=0))


@pytest.mark.parametrize("radius", [0.4, 0.95, 1.3])
def test_the_pool_has_the_spectral_radius_asked_for(radius):
    net = architect.Liquid(1, 40, 1, spectral_radius=radius, gates=10, seed=3)
    assert np.abs(np.linalg.eigvals(matrix(net["pool"], net["pool"]))).max() == pytest.approx(radius)


def memory(radius):
    """How far apart two pools are after 200 equal inputs that had unequal ones before."""
    net = architect.Liquid(2, 60, 1, spectral_radius=radius, initializer=uniform(0.2), seed=0)
    same = np.tile(INPUTS[3:], (8, 1))[:200]
    ends = []
    for first in INPUTS[:2]:
        net.clear()
        net.run(first[None])
        net.run(same)
        ends.append(net["pool"].activations)
    return np.abs(ends[0] - ends[1]).max()


def test_memory_fades_below_a_radius_of_one_and_stays_well_above():
    assert memory(0.9) < 1e-9
    assert memory(3.0) > 0.1


def test_only_the_readout_is_trainable_unless_asked():
    net = architect.Liquid(2, 8, 3, connections=20, leak=0.5, seed=0)
    assert {c for c in net.connections if c.trainable} == {c for n in net.output for c in n.incoming}
    assert [n.trainable for n in net["pool"]] == [False] * 8
    assert net.output.trainable
    whole = architect.Liquid(2, 8, 3, connections=20, leak=0.5, train_pool=True, seed=0)
    assert {c for c in whole.connections if not c.trainable} == {n.self_connection for n in whole["pool"]}
    assert all(n.trainable for n in whole["pool"])


def test_training_moves_the_readout_alone_and_lowers_the_error():
    net = architect.Liquid(2, 20, 1, spectral_radius=0.8, seed=0)
    fixed = {c: c.weight for c in net.connections if not c.trainable}
    targets = np.tanh(INPUTS[:, :1])
    result = synapse.Trainer(net, rate=0.05).train([INPUTS], [targets], epochs=30, seed=0)
    assert {c: c.weight for c in fixed} == fixed
    assert result.history["error"][-1] < 0.5 * result.history["error"][0]


def narma(steps, seed):
    """Inputs u(t) and y(t + 1) of the tenth-order system of Atiya and Parlos 2000, equation 86."""
    u, y = np.random.default_rng(seed).uniform(0, 0.5, steps), np.zeros(steps + 1)
    for t in range(9, steps):
        y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * y[t - 9 : t + 1].sum() + 1.5 * u[t - 9] * u[t] + 0.1
    return u[:, None], y[1:, None]


def normalised(outputs, targets):
    return np.mean((outputs - targets) ** 2) / targets.var()


@pytest.mark.parametrize("gates", [0, 100])
def test_narma_of_order_ten(gates):
    """Better than the best linear filter of the last ten inputs, let alone the unfit read-out."""
    u, y = narma(2400, seed=0)
    net = architect.Liquid(1, 100, 1, gates=gates, spectral_radius=0.95, seed=0)
    unfit = normalised(net.run(u[1600:]), y[1600:])
    net.clear()
    fit_readout(net, u[:1600], y[:1600], ridge=1e-8, washout=100)
    taps = np.column_stack([np.ones(2391), *(u[k : k + 2391, 0] for k in range(10))])
    filtered = taps @ np.linalg.lstsq(taps[:1591], y[9:1600, 0], rcond=None)[0]
    linear = normalised(filtered[1591:, None], y[1600:])
    assert normalised(net.run(u[1600:]), y[1600:]) < 0.2 < linear < unfit


def test_saved_and_loaded_it_answers_the_same(tmp_path):
    net = architect.Liquid(2, 10, 3, gates=8, leak=0.5, seed=4)
    net.run(INPUTS)
    synapse.save(net, tmp_path / "net.synapse")
    assert (synapse.load(tmp_path / "net.synapse").run(INPUTS) == net.run(INPUTS)).all()


def test_the_same_seed_gives_the_same_bits():
    one, other, third = (architect.Liquid(2, 20, 1, gates=9, spectral_radius=1, seed=s) for s in (7, 7, 8))
    assert (one.run(INPUTS) == other.run(INPUTS)).all()
    assert (one.run(INPUTS) != third.run(INPUTS)).any()


def test_it_is_built_in_float32():
    net = architect.Liquid(2, 20, 1, spectral_radius=0.9, dtype=np.float32, seed=0)
    assert np.abs(np.linalg.eigvals(matrix(net["pool"], net["pool"]))).max() == pytest.approx(0.9, abs=1e-6)
    assert fit_readout(net, INPUTS, INPUTS[:, :1], ridge=1e-3).error < 0.01


@pytest.mark.parametrize(
    ("sizes", "options", "error", "says"),
    [
        ((1, 1, 1), {}, ArgumentError, "at least 2"),
        ((1, 0, 1), {}, ArgumentError, "above 0"),
        ((1, 4, 1), {"connections": 13}, ArgumentError, "from 1 to 12"),
        ((1, 4, 1), {"connections": 0}, ArgumentError, "from 1 to 12"),
        ((1, 4, 1), {"connections": 2.5}, KindError, "whole number"),
        ((1, 4, 1), {"connections": True}, KindError, "whole number"),
        ((1, 4, 1), {"connections": 5, "gates": 6}, ArgumentError, "from 0 to 5"),
        ((1, 4, 1), {"gates": -1}, ArgumentError, "from 0 to 12"),
        ((1, 4, 1), {"leak": 0}, ArgumentError, "above 0 and at most 1"),
        ((1, 4, 1), {"leak": 1.5}, ArgumentError, "above 0 and at most 1"),
        ((1, 4, 1), {"spectral_radius": 0}, ArgumentError, "above 0"),
        ((1, 4, 1), {"spectral_radius": np.nan}, ArgumentError, "finite"),
        ((1, 9, 1), {"connections": 1, "spectral_radius": 1}, ArgumentError, "no cycle"),
        ((1, 4, 1), {"initializer": constant(0.0), "spectral_radius": 1}, ArgumentError, "no cycle"),
        ((1, 4, 1), {"squash": "absent"}, SynapseError, "absent"),
        ((1, 4, 1), {"seed": "x"}, ArgumentError, "seed"),
    ],
)
def test_wrong_arguments_are_refused(sizes, options, error, says):
    with pytest.raises(error, match=says):
        architect.Liquid(*sizes, **options)
