"""The associative memory: its two rules, recall and energy, against loops and matrices of NumPy."""

import numpy as np
import pytest

import architect
import synapse
from synapse.errors import ArgumentError, KindError, SynapseError


def random_patterns(count, size, seed=0):
    return np.random.default_rng(seed).choice([-1, 1], (count, size))


def by_hebb(patterns):
    """Sum of outer products, without the diagonal."""
    w = patterns.T @ patterns
    return (w - np.diag(np.diag(w))).astype(float)


def by_storkey(patterns):
    """The rule as sums over k, on couplings that are 1 / n of ours."""
    n = patterns.shape[1]
    w = np.zeros((n, n))
    for p in patterns:
        old = w.copy()
        for i in range(n):
            for j in range(n):
                if i != j:
                    h_ij = sum(old[i, k] * p[k] for k in range(n) if k not in (i, j))
                    h_ji = sum(old[j, k] * p[k] for k in range(n) if k not in (i, j))
                    w[i, j] = old[i, j] + (p[i] * p[j] - p[i] * h_ji - h_ij * p[j]) / n
    return n * w


def settle(w, pattern, seed, sweeps=100):
    """Asynchronous updates in random order; a state of 0 changes nothing."""
    rng, p = np.random.default_rng(seed), np.array(pattern, float)
    for _ in range(sweeps):
        before = p.copy()
        for i in rng.permutation(len(p)):
            p[i] = np.sign(w[i] @ p) or p[i]
        if (p == before).all():
            break
    return p


def test_hebb_is_a_sum_of_outer_products_of_whole_numbers():
    net, patterns = architect.Hopfield(20), random_patterns(5, 20)
    net.learn(patterns)
    assert (net.couplings == by_hebb(patterns)).all()
    links = {(c.source, c.target): c.weight for c in net.connections if c.source in set(net.output)}
    assert len(links) == 20 * 19
    assert all(weight == links[target, source] for (source, target), weight in links.items())
    assert links[net.output[3], net.output[8]] == net.couplings[8, 3]


def test_storkey_subtracts_what_is_known():
    net, patterns = architect.Hopfield(9), random_patterns(4, 9)
    net.learn(patterns, rule="storkey")
    assert net.couplings == pytest.approx(by_storkey(patterns), abs=1e-12)
    assert (net.couplings == net.couplings.T).all()
    assert not np.diag(net.couplings).any()


@pytest.mark.parametrize("rule", ["hebb", "storkey"])
def test_learning_adds_to_what_is_learnt(rule):
    one, other, patterns = architect.Hopfield(12), architect.Hopfield(12), random_patterns(3, 12)
    one.learn(patterns, rule)
    for pattern in patterns:
        other.learn(pattern, rule)
    assert (one.couplings == other.couplings).all()


@pytest.mark.parametrize("seed", range(5))
def test_recall_takes_the_steps_of_a_loop_in_numpy(seed):
    net, patterns = architect.Hopfield(40), random_patterns(4, 40, seed)
    net.learn(patterns)
    cue = random_patterns(1, 40, seed + 100)[0]
    assert (net.recall(cue, seed=seed) == settle(by_hebb(patterns), cue, seed)).all()
    assert (net.recall(cue, sweeps=1, seed=seed) == settle(by_hebb(patterns), cue, seed, sweeps=1)).all()


@pytest.mark.parametrize("rule", ["hebb", "storkey"])
def test_noisy_patterns_are_recalled(rule):
    net, patterns = architect.Hopfield(100), random_patterns(5, 100)
    net.learn(patterns, rule)
    for pattern in patterns:
        noisy = pattern.copy()
        noisy[np.random.default_rng(1).choice(100, 10, replace=False)] *= -1
        assert (net.recall(noisy, seed=0) == pattern).all()


def test_beyond_its_capacity_hebb_forgets_and_storkey_does_not():
    patterns = random_patterns(25, 100)
    kept = {}
    for rule in ("hebb", "storkey"):
        net = architect.Hopfield(100)
        net.learn(patterns, rule)
        kept[rule] = sum((net.recall(p, seed=0) == p).all() for p in patterns)
    assert kept["hebb"] < 10
    assert kept["storkey"] == 25


def test_a_tie_changes_nothing():
    net = architect.Hopfield(4)
    net.learn([[1, 1, 1, 1], [1, 1, -1, -1]])  # couplings only within the pairs (0, 1) and (2, 3)
    net.output[0].connected(net.output[1]).weight = net.output[1].connected(net.output[0]).weight = 0.0
    assert net.recall([1, -1, 1, 1], seed=0).tolist() == [1, -1, 1, 1]
    assert [neuron.activation for neuron in net.output] == [1, -1, 1, 1]


@pytest.mark.parametrize("rule", ["hebb", "storkey"])
def test_energy_falls_with_every_change(rule):
    net, patterns = architect.Hopfield(30), random_patterns(6, 30)
    net.learn(patterns, rule)
    net.output.biases = np.linspace(-2, 2, 30)
    w, p = net.couplings, random_patterns(1, 30, 7)[0].astype(float)
    net.output.activate(p)
    energies = [net.energy(p)]
    for i in np.random.default_rng(0).integers(30, size=200):
        old = net.output[i].activation
        if net.output[i].activate() != old:
            p = net.output.activations
            energies.append(net.energy(p))
            assert energies[-1] == pytest.approx(-0.5 * p @ w @ p - net.output.biases @ p)
    assert len(energies) > 5
    assert (np.diff(energies) < 0).all()


def test_an_outer_field_drives_a_sweep_in_order():
    net, patterns = architect.Hopfield(15), random_patterns(2, 15)
    net.learn(patterns)
    w, p = by_hebb(patterns), np.zeros(15)
    for field in np.random.default_rng(0).normal(scale=5, size=(4, 15)):
        for i in range(15):
            p[i] = np.sign(w[i] @ p + field[i])
        assert net.activate(field).tolist() == p.tolist()


def test_recall_knows_no_field_and_nothing_of_before():
    net, patterns = architect.Hopfield(50), random_patterns(3, 50)
    net.learn(patterns)
    first = net.recall(patterns[0], seed=0)
    net.activate(np.full(50, -99.0))
    assert (net.recall(patterns[0], seed=0) == first).all()


def test_booleans_are_patterns():
    one, other, patterns = architect.Hopfield(10), architect.Hopfield(10), random_patterns(2, 10)
    one.learn(patterns > 0)
    other.learn(patterns)
    assert (one.couplings == other.couplings).all()
    assert (one.recall(patterns[0] > 0, seed=0) == other.recall(patterns[0], seed=0)).all()
    assert one.energy(patterns[1] > 0) == other.energy(patterns[1])


def test_capacity_is_that_of_the_papers():
    hebb, exact, storkey = architect.Hopfield(100).capacity
    assert (hebb, exact, storkey) == pytest.approx((13.8, 5.4287, 32.9505), abs=1e-4)
    assert architect.Hopfield(100).capacity.hebb_exact == exact


def test_it_looks_like_what_it_is_and_starts_empty():
    net = architect.Hopfield(12)
    assert repr(net) == "<Hopfield 12-12, 24 neurons, 144 connections>"
    assert not net.couplings.any()
    assert not any(connection.trainable for connection in net.connections)
    net.learn(random_patterns(1, 12))
    with pytest.raises(ValueError, match="read-only"):
        net.couplings[0, 1] = 99.0


def test_saved_and_loaded_it_answers_the_same(tmp_path):
    net = architect.Hopfield(12)
    net.learn(random_patterns(2, 12), "storkey")
    synapse.save(net, tmp_path / "net.synapse")
    fields = np.random.default_rng(0).normal(size=(6, 12))
    assert (synapse.load(tmp_path / "net.synapse").run(fields) == net.run(fields)).all()


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (lambda net: net.learn([[1, -1, 1]]), ArgumentError, r"\(P, 4\) or \(4,\), got \(1, 3\)"),
        (lambda net: net.learn([[1, -1, 1, 0]]), ArgumentError, "1 and -1, or of booleans, got 0"),
        (lambda net: net.learn([1, -1, 1, 0.5]), ArgumentError, "got 0.5"),
        (lambda net: net.learn([1, -1, 1, np.nan]), ArgumentError, "got nan"),
        (lambda net: net.learn(np.empty((0, 4))), ArgumentError, "shape"),
        (lambda net: net.learn("1111"), (KindError, ArgumentError), "Expected patterns to"),
        (lambda net: net.learn([[1, 1], [1]]), KindError, "Expected patterns to"),
        (lambda net: net.learn([1, -1, 1, 1], rule="oja"), SynapseError, "Known: hebb, storkey"),
        (lambda net: net.recall([1, -1, 1]), ArgumentError, r"\(4,\), got \(3,\)"),
        (lambda net: net.recall([[1, -1, 1, 1]]), ArgumentError, r"\(4,\), got \(1, 4\)"),
        (lambda net: net.recall([1, -1, 1, 0]), ArgumentError, "got 0"),
        (lambda net: net.recall([1, -1, 1, 1], sweeps=0), ArgumentError, "above 0"),
        (lambda net: net.recall([1, -1, 1, 1], seed=-1), ArgumentError, "seed"),
        (lambda net: net.energy([1, -1]), ArgumentError, "shape"),
    ],
)
def test_wrong_arguments_are_refused_and_change_nothing(wrong, error, says):
    net = architect.Hopfield(4)
    net.learn([1, 1, -1, -1])
    couplings, held = net.couplings, net.recall([1, 1, -1, 1], seed=0)
    with pytest.raises(error, match=says):
        wrong(net)
    assert (net.couplings == couplings).all()
    assert (net.output.activations == held).all()


def test_without_patterns_there_is_nothing_to_recall():
    with pytest.raises(ArgumentError, match="Learn patterns first"):
        architect.Hopfield(4).recall([1, 1, 1, 1])


@pytest.mark.parametrize(("size", "error"), [(1, ArgumentError), (0, ArgumentError), (2.5, KindError)])
def test_wrong_sizes_are_refused(size, error):
    with pytest.raises(error):
        architect.Hopfield(size)
