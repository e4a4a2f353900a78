"""A residual network adds what each hidden layer makes of its input to that input."""

import numpy as np
import pytest

from architect import Perceptron, Residual

from .helpers import INPUTS, assert_gradient, fall, fixed, logistic, matrix, survives


def answer(net, row):
    first, *rest = net.hidden
    h, held = np.tanh(matrix(net.input, first) @ row + first.biases), first
    for hidden, total in zip(rest[::2], rest[1::2], strict=True):
        h = h + np.tanh(matrix(held, hidden) @ h + hidden.biases)
        held = total
    return logistic(matrix(held, net.output) @ h + net.output.biases)


@pytest.mark.parametrize("blocks", [1, 2, 4])
def test_it_computes_its_equations(blocks):
    net = Residual(3, *[5] * (blocks + 1), 2, initializer="glorot", seed=1)
    for row in INPUTS:
        assert net.activate(row) == pytest.approx(answer(net, row), abs=1e-13)
    assert not net.has_memory


@pytest.mark.parametrize(("inputs", "size", "hidden", "outputs"), [(3, 4, 2, 2), (1, 2, 3, 1), (2, 1, 6, 4)])
def test_it_has_the_connections_of_its_sizes(inputs, size, hidden, outputs):
    net = Residual(inputs, *[size] * hidden, outputs, seed=0)
    assert len(net.connections) == inputs * size + (hidden - 1) * (size * size + 2 * size) + size * outputs
    assert len(net) == inputs + size * (2 * hidden - 1) + outputs


def test_skips_and_sums_are_not_trained():
    assert fixed(Residual(3, 4, 4, 4, 2, seed=1)).count(1.0) == 2 * 2 * 4


def test_the_error_reaches_the_first_layer_of_a_deep_one():
    """Of a perceptron as deep, with the same weights of ±0.1, next to nothing arrives."""
    reached = []
    small = {"initializer": "uniform", "bias_initializer": "uniform", "seed": 0}
    for net in (Residual(3, *[6] * 20, 1, **small), Perceptron(3, *[6] * 20, 1, squash="tanh", **small)):
        net.activate(INPUTS[0])
        net.propagate(0.0, [1.0], "squared_error")
        reached.append(max(abs(neuron.error.responsibility) for neuron in net.hidden[0]))
    assert reached[0] > 1e-3
    assert reached[1] < 1e-9


def test_it_learns_along_the_gradient():
    assert_gradient(Residual(3, 4, 4, 4, 2, initializer="glorot", seed=1))


def test_it_trains_and_survives_a_file(tmp_path):
    net = Residual(3, 6, 6, 6, 1, initializer="glorot", seed=0)
    bits = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T.astype(float)
    assert fall(net, bits, bits.sum(axis=1, keepdims=True) % 2, rate=0.2, epochs=1000) > 20
    assert survives(net, tmp_path / "net.synapse")
