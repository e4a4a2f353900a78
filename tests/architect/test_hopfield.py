"""The associative memory: rules and recall, against loops of NumPy."""

from itertools import permutations

import numpy as np
import pytest

import architect
from synapse.errors import ArgumentError, SynapseError
from tests.helpers.cases import all_refused


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
        for i, j in permutations(range(n), 2):
            h_ij = sum(old[i, k] * p[k] for k in range(n) if k not in (i, j))
            h_ji = sum(old[j, k] * p[k] for k in range(n) if k not in (i, j))
            w[i, j] = old[i, j] + (p[i] * p[j] - p[i] * h_ji - h_ij * p[j]) / n
    return n * w


def settle(w, pattern, seed, sweeps=100):
    """Asynchronous updates in random order; a state of 0 changes nothing."""
    rng = np.random.default_rng(seed)
    p = np.array(pattern, float)
    before = None
    while sweeps and not np.array_equal(p, before):
        before = p.copy()
        for i in rng.permutation(len(p)):
            p[i] = np.sign(w[i] @ p) or p[i]
        sweeps -= 1
    return p


def test_hebb_is_a_sum_of_outer_products_of_whole_numbers():
    net = architect.Hopfield(20)
    patterns = random_patterns(5, 20)
    net.learn(patterns)
    expected = by_hebb(patterns)
    assert (net.couplings == expected).all()
    links = {
        (net.output.index(c.target), net.output.index(c.source)): c.weight
        for c in net.connections
        if c.source in net.output
    }
    assert links == {pair: expected[pair] for pair in permutations(range(20), 2)}


def test_storkey_subtracts_what_is_known():
    net = architect.Hopfield(9)
    patterns = random_patterns(4, 9)
    net.learn(patterns, rule="storkey")
    assert net.couplings == pytest.approx(by_storkey(patterns), abs=1e-12)
    assert (net.couplings == net.couplings.T).all()


def test_recall_takes_the_steps_of_a_loop_in_numpy():
    """It knows no field and nothing of before."""
    for seed in range(3):
        net = architect.Hopfield(40)
        patterns = random_patterns(4, 40, seed)
        net.learn(patterns)
        cue = random_patterns(1, 40, seed + 100)[0]
        for sweeps in (1, 100):
            net.activate(np.full(40, -99.0))
            expected = settle(by_hebb(patterns), cue, seed, sweeps)
            assert (net.recall(cue, sweeps=sweeps, seed=seed) == expected).all()


def test_energy_falls_with_every_change():
    net = architect.Hopfield(30)
    net.learn(random_patterns(6, 30))
    net.output.biases = np.linspace(-2, 2, 30)
    p = random_patterns(1, 30, 7)[0].astype(float)
    net.output.activate(p)
    energies = [net.energy(p)]
    for neuron in net.output:
        if neuron.activation != neuron.activate():
            p = net.output.activations
            expected = -0.5 * p @ net.couplings @ p - net.output.biases @ p
            energies.append(net.energy(p))
            assert energies[-1] == pytest.approx(expected)
    assert len(energies) > 5
    assert (np.diff(energies) < 0).all()


def test_booleans_are_patterns():
    of_booleans, other = (architect.Hopfield(10) for _ in range(2))
    patterns = random_patterns(2, 10)
    of_booleans.learn(patterns > 0)
    other.learn(patterns)
    assert (of_booleans.couplings == other.couplings).all()
    assert of_booleans.energy(patterns[1] > 0) == other.energy(patterns[1])


def test_wrong_arguments_are_refused_and_change_nothing():
    net = architect.Hopfield(4)
    net.learn([1, 1, -1, -1])
    couplings = net.couplings
    all_refused(
        [
            (
                lambda: net.learn([[1, -1, 1]]),
                SynapseError,
                r"\(P, 4\) or \(4,\), got \(1, 3\)",
            ),
            (
                lambda: net.learn([[1, -1, 1, 0]]),
                SynapseError,
                "1 and -1, or of booleans, got 0",
            ),
            (lambda: net.learn(np.empty((0, 4))), SynapseError, "shape"),
            (
                lambda: net.learn([1, -1, 1, 1], rule="oja"),
                SynapseError,
                "'hebb' or 'storkey', got 'oja'",
            ),
            (
                lambda: net.recall([[1, -1, 1, 1]]),
                SynapseError,
                r"\(4,\), got \(1, 4\)",
            ),
            (lambda: net.energy([1, -1]), SynapseError, "shape"),
            (
                lambda: architect.Hopfield(4).recall([1, 1, 1, 1]),
                ArgumentError,
                "Learn patterns first",
            ),
        ]
    )
    assert (net.couplings == couplings).all()
