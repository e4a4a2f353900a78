"""A NARX network is a perceptron of past inputs and outputs, kept in lines of neurons."""

from itertools import pairwise

import numpy as np
import pytest

from architect import NARX

from .helpers import INPUTS, echo, fall, fixed, matrix, survives


@pytest.mark.parametrize(("reach", "back"), [(1, 1), (3, 2), (2, 5)])
@pytest.mark.parametrize("hidden", [5, (5, 4)])
def test_it_computes_its_equation(reach, back, hidden):
    net = NARX(3, hidden, 2, input_delay=reach, output_delay=back, initializer="glorot", seed=1)
    layers = [layer for layer in net.hidden if layer.name.startswith("hidden")]
    into = layers[0]
    xs, ys = [np.zeros(3)] * 10, [np.zeros(2)] * 10
    for row in INPUTS:
        state = into.biases + matrix(net.input, into) @ row
        for k in range(1, reach + 1):
            state = state + matrix(net[f"input delay {k}"], into) @ xs[-k]
        for k in range(1, back + 1):
            state = state + matrix(net[f"output delay {k}"], into) @ ys[-k]
        y = np.tanh(state)
        for below, above in pairwise(layers):
            y = np.tanh(matrix(below, above) @ y + above.biases)
        ys.append(matrix(layers[-1], net.output) @ y + net.output.biases)
        xs.append(row)
        assert net.activate(row) == pytest.approx(ys[-1], abs=1e-13)


def test_the_lines_shift_by_a_step_and_keep_every_bit():
    net = NARX(3, 4, 2, input_delay=3, output_delay=4, seed=0)
    outputs = net.run(INPUTS)
    for k in range(1, 4):
        assert net[f"input delay {k}"].activations.tolist() == INPUTS[-k].tolist()
    for k in range(1, 5):
        assert net[f"output delay {k}"].activations.tolist() == outputs[-1 - k].tolist()
    net.clear()
    assert net.run(INPUTS).tolist() == outputs.tolist()


@pytest.mark.parametrize(("inputs", "hidden", "outputs"), [(3, (4,), 2), (1, (10, 3), 1), (2, (1, 2, 3), 4)])
@pytest.mark.parametrize(("reach", "back"), [(1, 1), (3, 2), (2, 5)])
def test_it_has_the_connections_of_its_sizes(inputs, hidden, outputs, reach, back):
    net = NARX(inputs, hidden, outputs, input_delay=reach, output_delay=back, seed=0)
    taps = inputs * reach + outputs * back
    chain = (inputs, *hidden, outputs)
    assert len(net) == sum(chain) + taps
    assert len(net.connections) == sum(a * b for a, b in pairwise(chain)) + taps + taps * hidden[0]


def test_the_lines_are_not_trained():
    assert fixed(NARX(3, 4, 2, seed=1), rate=0.1) == [0.0] * 10 + [1.0] * 10


def test_it_trains_and_survives_a_file(tmp_path):
    net = NARX(3, 6, 1, seed=0)
    assert fall(net, *echo(net), rate=0.1, epochs=100) > 50
    assert survives(net, tmp_path / "net.synapse")
