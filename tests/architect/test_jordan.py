"""A Jordan network sees its own answers of the step before."""

from itertools import pairwise

import numpy as np
import pytest

from architect import Jordan, Perceptron

from .helpers import INPUTS, fall, fixed, logistic, matrix, survives


@pytest.mark.parametrize("decay", [0.0, 0.6])
def test_it_computes_its_equations(decay):
    net = Jordan(3, 5, 4, 2, context_decay=decay, seed=1)
    x, context, one, two, y = net.layers
    seen, answer = np.zeros(2), np.zeros(2)
    for row in INPUTS:
        seen = decay * seen + answer
        hidden = logistic(matrix(x, one) @ row + matrix(context, one) @ seen + one.biases)
        hidden = logistic(matrix(one, two) @ hidden + two.biases)
        answer = logistic(matrix(two, y) @ hidden + y.biases)
        assert net.activate(row) == pytest.approx(answer, abs=1e-14)
        assert context.activations == pytest.approx(seen, abs=1e-14)


@pytest.mark.parametrize("sizes", [(3, 4, 2), (1, 2, 3, 1), (2, 5, 1, 3, 4)])
@pytest.mark.parametrize("decay", [0.0, 0.5])
def test_it_has_the_connections_of_its_sizes(sizes, decay):
    net = Jordan(*sizes, context_decay=decay, seed=0)
    chain = sum(a * b for a, b in pairwise(sizes))
    assert len(net.connections) == chain + sizes[-1] * (1 + sizes[1] + (decay > 0))
    assert len(net) == sum(sizes) + sizes[-1]


def test_the_copy_and_the_decay_are_not_trained():
    assert fixed(Jordan(3, 4, 2, context_decay=0.25, seed=1)) == [0.0] * 2 + [0.25] * 2 + [1.0] * 2


def latch(count=20, steps=12):
    """A switch that one input turns on and the other off: in between, only the last answer tells."""
    inputs = (np.random.default_rng(0).random((count, steps, 2)) < 0.25).astype(float)
    inputs[:, :, 1] *= 1 - inputs[:, :, 0]
    inputs[:, 0] = [0.0, 1.0]
    targets, held = np.zeros((count, steps, 1)), np.zeros(count)
    for t in range(steps):
        held = np.where(inputs[:, t].any(axis=1), inputs[:, t, 0], held)
        targets[:, t, 0] = held
    return inputs, targets


def test_it_learns_what_a_perceptron_cannot_and_survives_a_file(tmp_path):
    inputs, targets = latch()
    net = Jordan(2, 4, 1, seed=0)
    assert fall(net, inputs, targets, rate=0.3, epochs=200) > 100
    assert fall(Perceptron(2, 4, 1, seed=0), inputs.reshape(-1, 2), targets.reshape(-1, 1), 0.3, 200) < 3
    assert survives(net, tmp_path / "net.synapse")
