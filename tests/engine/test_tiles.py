"""Exact gradients of networks and batches that do not fill tiles, registers and lanes."""

import numpy as np
import pytest

import architect
from synapse import gradient

SIZES = (1, 2, 3, 5, 7, 9, 17, 33)
NETS = {
    "elman": lambda n, dtype: architect.Elman(n, n, n, seed=n, dtype=dtype),
    "gated": lambda n, dtype: architect.LSTM(2, n, 2, style="synaptic", seed=n, dtype=dtype),
    "standard": lambda n, dtype: architect.LSTM(n, n, n, style="standard", seed=n, dtype=dtype),
    "perceptron": lambda n, dtype: architect.Perceptron(n, n + 16, 2, seed=n, dtype=dtype),
}
STEPS = 3


def data(net, batch, seed=0):
    rng = np.random.default_rng(seed)
    inputs = rng.uniform(-1, 1, (batch, STEPS, len(net.input)))
    return inputs, rng.random((batch, STEPS, len(net.output)))


def slopes(net, inputs, targets, **options):
    found = gradient(net, inputs, targets, "squared_error", **options)
    return np.concatenate([[found.loss], found.weights, found.biases])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NETS)
def test_a_batch_is_the_mean_of_its_sequences(name, size):
    for dtype, close in (("float64", 1e-12), ("float32", 2e-5)):
        net = NETS[name](size, dtype)
        inputs, targets = data(net, max(SIZES))
        each = np.array([slopes(net, x, t) for x, t in zip(inputs, targets)])
        for batch in SIZES:
            found = slopes(net, inputs[:batch], targets[:batch])
            assert found == pytest.approx(each[:batch].mean(0), rel=close, abs=close)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NETS)
def test_gradients_are_finite_differences(name, size):
    net, rng = NETS[name](size, "float64"), np.random.default_rng(size)
    inputs, targets = data(net, 17)
    found, weights, step = gradient(net, inputs, targets, "squared_error").weights, net.weights, 1e-5
    trainable = [k for k, connection in enumerate(net.connections) if connection.trainable]
    for k in rng.choice(trainable, min(6, len(trainable)), replace=False):
        losses = []
        for moved in (step, -step):
            net.weights = np.where(np.arange(len(weights)) == k, weights + moved, weights)
            losses.append(gradient(net, inputs, targets, "squared_error").loss)
        net.weights = weights
        assert found[k] == pytest.approx((losses[0] - losses[1]) / (2 * step), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NETS)
def test_any_number_of_threads_gives_the_same_bits(name, dtype):
    net = NETS[name](9, dtype)
    inputs, targets = data(net, 200)
    alone = slopes(net, inputs, targets, threads=1)
    for threads in (2, 3):
        assert (slopes(net, inputs, targets, threads=threads) == alone).all()
