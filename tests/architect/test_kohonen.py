"""The self-organising map: Kohonen's rule and the two errors, against loops of NumPy."""

import numpy as np
import pytest

import architect
import synapse
from synapse.errors import ArgumentError, KindError, SynapseError
from synapse.initializers import uniform
from synapse.learning import Exponential

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


@pytest.mark.parametrize(
    ("rate", "radius", "rates", "radii"),
    [
        (0.3, 1.2, [0.3] * 3, [1.2] * 3),
        (Exponential(0.5, factor=0.5), lambda epoch: 2 - epoch, [0.5, 0.25, 0.125], [2, 1, 0]),
        (None, None, [0.5, 0.1, 0.02], [2.5, np.sqrt(1.25), 0.5]),
    ],
)
def test_training_is_the_rule_of_kohonen(rate, radius, rates, radii):
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


def test_a_map_unfolds():
    samples = np.random.default_rng(3).random((400, 2))
    net = architect.Kohonen(2, (6, 6), seed=0)
    before, folded = net.quantization_error(samples), net.topographic_error(samples)
    history = net.train(samples, epochs=15, seed=0)
    assert net.topographic_error(samples) < 0.1 < folded
    assert history[-1] < 0.15 * before  # 36 neurons spread evenly leave about 0.064


def test_a_chain_orders_its_inputs():
    net = architect.Kohonen(1, (1, 10), seed=0)
    net.train(np.linspace(-3, 3, 200)[:, None], epochs=30, seed=0)
    steps = np.diff(net.codebook.ravel())
    assert (steps > 0).all() or (steps < 0).all()


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


def test_it_looks_like_what_it_is():
    net = architect.Kohonen(3, (4, 5), seed=0)
    assert repr(net) == "<Kohonen 3-4x5, 23 neurons, 60 connections>"
    assert net.grid == (4, 5)
    assert not any(connection.trainable for connection in net.connections)
    assert not net.output.trainable
    assert not net.has_memory


def test_the_same_seed_gives_the_same_bits():
    nets = [architect.Kohonen(3, (3, 3), seed=seed) for seed in (7, 7, 8)]
    histories = [net.train(SAMPLES, epochs=2, seed=seed) for net, seed in zip(nets, (5, 5, 6))]
    assert histories[0] == histories[1] != histories[2]
    assert (nets[0].codebook == nets[1].codebook).all()


def test_saved_and_loaded_it_answers_the_same(tmp_path):
    net = architect.Kohonen(3, (3, 3), seed=0)
    net.train(SAMPLES, epochs=2, seed=0)
    synapse.save(net, tmp_path / "net.synapse")
    assert (synapse.load(tmp_path / "net.synapse").run(SAMPLES) == net.run(SAMPLES)).all()


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (lambda net: net.train(SAMPLES[:, :2]), ArgumentError, "3 (numbers|inputs)"),
        (lambda net: net.train(SAMPLES * np.nan), ArgumentError, "finite"),
        (lambda net: net.train(SAMPLES * 1e200), ArgumentError, "1e\\+150"),
        (lambda net: net.train(np.empty((0, 3))), ArgumentError, "at least one"),
        (lambda net: net.train("words"), SynapseError, "Expected samples to"),
        (lambda net: net.train(SAMPLES, epochs=0), ArgumentError, "above 0"),
        (lambda net: net.train(SAMPLES, rate=1.5), ArgumentError, "from 0 to 1"),
        (lambda net: net.train(SAMPLES, rate=-0.1), ArgumentError, "0 or above"),
        (lambda net: net.train(SAMPLES, rate="high"), KindError, "a number"),
        (lambda net: net.train(SAMPLES, 3, rate=lambda e: 0.5 + e), ArgumentError, "epoch 1 "),
        (lambda net: net.train(SAMPLES, 3, radius=lambda e: 1 - e), ArgumentError, "epoch 2 "),
        (lambda net: net.train(SAMPLES, seed=-1), ArgumentError, "seed"),
        (lambda net: net.quantization_error([[1.0]]), ArgumentError, "3 (numbers|inputs)"),
        (lambda net: net.topographic_error([]), SynapseError, "at least one sample"),
        (lambda net: net.winner([1.0]), ArgumentError, "3 (numbers|inputs)"),
        (lambda net: setattr(net, "codebook", np.zeros((9, 3))), ArgumentError, "shape"),
        (lambda net: setattr(net, "codebook", np.full((3, 3, 3), np.nan)), ArgumentError, "finite"),
        (lambda net: setattr(net, "codebook", "words"), KindError, "numbers"),
    ],
)
def test_wrong_arguments_are_refused_and_change_nothing(wrong, error, says):
    net = architect.Kohonen(3, (3, 3), seed=0)
    codebook, biases = net.codebook, net.biases
    with pytest.raises(error, match=says):
        wrong(net)
    assert (net.codebook == codebook).all()
    assert (net.biases == biases).all()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((0, (2, 2)), ArgumentError),
        ((2, (1, 1)), ArgumentError),
        ((2, (0, 3)), ArgumentError),
        ((2, (2.5, 3)), KindError),
        ((2, 4), KindError),
        ((2, (2, 2, 2)), KindError),
    ],
)
def test_wrong_sizes_are_refused(arguments, error):
    with pytest.raises(error):
        architect.Kohonen(*arguments)
