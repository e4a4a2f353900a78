"""The associative memory and the self-organising map: rules, recall and errors, against loops of NumPy."""

import numpy as np
import pytest

import architect
from synapse import Layer
from synapse.errors import ArgumentError, SynapseError
from synapse.initializers import uniform
from synapse.learning import StepDecay

from ..cases import accepted


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


def test_recall_takes_the_steps_of_a_loop_in_numpy():
    for seed in range(5):
        net, patterns = architect.Hopfield(40), random_patterns(4, 40, seed)
        net.learn(patterns)
        cue = random_patterns(1, 40, seed + 100)[0]
        for sweeps in (1, 100):
            expected = settle(by_hebb(patterns), cue, seed, sweeps)
            assert (net.recall(cue, sweeps=sweeps, seed=seed) == expected).all()


def test_energy_falls_with_every_change():
    net = architect.Hopfield(30)
    net.learn(random_patterns(6, 30))
    net.output.biases = np.linspace(-2, 2, 30)
    w, p = net.couplings, random_patterns(1, 30, 7)[0].astype(float)
    net.output.activate(p)
    energies = [net.energy(p)]
    for neuron in net.output:
        if neuron.activation != neuron.activate():
            p = net.output.activations
            energies.append(net.energy(p))
            assert energies[-1] == pytest.approx(-0.5 * p @ w @ p - net.output.biases @ p)
    assert len(energies) > 5
    assert (np.diff(energies) < 0).all()


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
    assert one.energy(patterns[1] > 0) == other.energy(patterns[1])


def test_wrong_arguments_are_refused_and_change_nothing():
    net = architect.Hopfield(4)
    net.learn([1, 1, -1, -1])
    couplings = net.couplings
    assert not accepted(
        [
            (SynapseError, r"\(P, 4\) or \(4,\), got \(1, 3\)", lambda: net.learn([[1, -1, 1]])),
            (SynapseError, "1 and -1, or of booleans, got 0", lambda: net.learn([[1, -1, 1, 0]])),
            (SynapseError, "shape", lambda: net.learn(np.empty((0, 4)))),
            (SynapseError, "'hebb' or 'storkey', got 'oja'", lambda: net.learn([1, -1, 1, 1], rule="oja")),
            (SynapseError, r"\(4,\), got \(1, 4\)", lambda: net.recall([[1, -1, 1, 1]])),
            (SynapseError, "shape", lambda: net.energy([1, -1])),
            (ArgumentError, "Learn patterns first", lambda: architect.Hopfield(4).recall([1, 1, 1, 1])),
        ]
    )
    assert (net.couplings == couplings).all()


SAMPLES = np.random.default_rng(0).random((80, 3))


def nearest(codebook, sample):
    """Places of the neurons, the nearest first."""
    apart = np.linalg.norm(codebook - sample, axis=2)
    order = np.argsort(apart, axis=None, kind="stable")
    return [tuple(map(int, np.unravel_index(i, apart.shape))) for i in order]


def shown(codebook, samples, rates, radii, seed):
    """Kohonen's rule, neuron by neuron."""
    w, rng = codebook.copy(), np.random.default_rng(seed)
    for rate, radius in zip(rates, radii):
        for x in samples[rng.permutation(len(samples))]:
            row, column = nearest(w, x)[0]
            for i in range(w.shape[0]):
                for j in range(w.shape[1]):
                    d2 = (i - row) ** 2 + (j - column) ** 2
                    near = np.exp(-d2 / (2 * radius**2)) if radius else float(d2 == 0)
                    w[i, j] += rate * near * (x - w[i, j])
    return w


def test_the_largest_activation_is_the_nearest_weights():
    net = architect.Kohonen(3, (4, 5), initializer=uniform(1.0), seed=1)
    assert net.codebook.shape == (4, 5, 3)
    assert net.codebook[2, 3].tolist() == [c.weight for c in net.output[2 * 5 + 3].incoming]
    for x, states in zip(SAMPLES, net.run(SAMPLES)):
        apart = ((net.codebook - x) ** 2).sum(axis=2).ravel()
        assert states == pytest.approx((x @ x - apart) / 2, abs=1e-14)
        assert net.winner(x) == nearest(net.codebook, x)[0]


def test_training_is_the_rule_of_kohonen():
    for rate, radius, rates, radii in (
        (0.3, 1.2, [0.3] * 3, [1.2] * 3),
        (
            StepDecay(0.5, factor=0.5, every=1),
            lambda epoch: (2, 0, 1e-200)[epoch],
            [0.5, 0.25, 0.125],
            [2, 0, 0],
        ),
        (None, None, [0.5, 0.1, 0.02], [2.5, np.sqrt(1.25), 0.5]),
    ):
        net = architect.Kohonen(3, (3, 5), seed=1)
        expected = shown(net.codebook, SAMPLES, rates, radii, seed=4)
        history = net.train(SAMPLES, epochs=3, rate=rate, radius=radius, seed=4)
        assert net.codebook == pytest.approx(expected, abs=1e-12)
        assert net.output.biases == pytest.approx(-0.5 * (expected**2).sum(axis=2).ravel(), abs=1e-12)
        assert len(history) == 3
        assert history[-1] == net.quantization_error(SAMPLES)


def test_errors_are_what_they_say():
    net = architect.Kohonen(3, (3, 4), initializer=uniform(1.0), seed=2)
    order = [nearest(net.codebook, x) for x in SAMPLES]
    apart = [np.linalg.norm(x - net.codebook[best[0]]) for x, best in zip(SAMPLES, order)]
    assert net.quantization_error(SAMPLES) == pytest.approx(np.mean(apart))
    split = [max(abs(a[0] - b[0]), abs(a[1] - b[1])) > 1 for a, b, *_ in order]
    assert 0 < np.mean(split) < 1
    assert net.topographic_error(SAMPLES) == pytest.approx(np.mean(split))
    square, line = architect.Kohonen(1, (2, 2), seed=0), architect.Kohonen(1, (1, 3), seed=0)
    square.codebook, line.codebook = [[[0.0], [5.0]], [[6.0], [1.0]]], [[[0.0], [5.0], [1.0]]]
    assert (square.topographic_error([[0.4]]), line.topographic_error([[0.4]])) == (0.0, 1.0)


def test_the_codebook_is_a_copy_and_can_be_set():
    net = architect.Kohonen(2, (2, 3), seed=0)
    with pytest.raises(ValueError, match="read-only"):
        net.codebook[...] = 9.0
    wanted = np.arange(12.0).reshape(2, 3, 2)
    net.codebook = wanted
    assert (net.codebook == wanted).all()
    assert net.winner([6.1, 6.9]) == (1, 0)
    assert net.run([[1.0, 0.0]])[0] == pytest.approx(
        wanted[..., 0].ravel() - 0.5 * (wanted**2).sum(2).ravel()
    )


def test_ctrl_c_leaves_the_biases_that_belong_to_the_weights(monkeypatch, ctrl_c):
    net, biases = architect.Kohonen(2, (2, 2), seed=0), Layer.biases

    def interrupted(layer, values):
        ctrl_c()
        biases.fset(layer, values)

    monkeypatch.setattr(Layer, "biases", biases.setter(interrupted))
    with pytest.raises(KeyboardInterrupt):
        net.codebook = np.ones((2, 2, 2))
    assert (net.codebook == 1).all()
    assert (net.output.biases == -1).all()


def test_wrong_arguments_of_a_map_are_refused_and_change_nothing():
    net = architect.Kohonen(3, (3, 3), seed=0)
    codebook, biases = net.codebook, net.biases
    wrong = [
        ("3 (numbers|inputs)", lambda: net.train(SAMPLES[:, :2])),
        (r"1e\+150", lambda: net.train(SAMPLES * 1e200)),
        ("at least one", lambda: net.train(np.empty((0, 3)))),
        ("epoch 1 ", lambda: net.train(SAMPLES, 3, rate=lambda e: 0.5 + e)),
        ("epoch 2 ", lambda: net.train(SAMPLES, 3, radius=lambda e: 1 - e)),
        ("at least one sample", lambda: net.topographic_error([])),
        ("shape", lambda: setattr(net, "codebook", np.zeros((9, 3)))),
        ("finite", lambda: setattr(net, "codebook", np.full((3, 3, 3), np.nan))),
        *(("", lambda grid=grid: architect.Kohonen(2, grid)) for grid in ((1, 1), (2, 2, 2))),
    ]
    assert not accepted([(SynapseError, says, call) for says, call in wrong])
    assert (net.codebook == codebook).all()
    assert (net.biases == biases).all()
