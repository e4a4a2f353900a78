"""Networks of several sorts, data for them, and gradients as vectors."""

import numpy as np
import pytest

import architect
from synapse import initializers

SORTS = {
    "perceptron": lambda **options: architect.Perceptron(3, 5, 4, 2, **options),
    "elman": lambda **options: architect.Elman(3, 5, 2, **options),
    "lstm": lambda **options: architect.LSTM(3, 4, 2, style="synaptic", **options),
    "two layers": lambda **options: architect.LSTM(
        3, 4, 3, 2, hidden_to_hidden=True, style="synaptic", **options
    ),
    "gru": lambda **options: architect.GRU(3, 4, 2, **options),
    "random": lambda **options: architect.Random(3, 9, 2, gates=8, self_connections=3, backward=9, **options),
}
by_sort = pytest.mark.parametrize("sort", SORTS)


def built(sort, seed=0, **options):
    return SORTS[sort](seed=seed, initializer=initializers.uniform(0.8), **options)


def sequences(net, lengths=(6,), seed=0):
    """Inputs and targets of several sequences."""
    rng = np.random.default_rng(seed)
    inputs = [rng.uniform(-1, 1, (length, len(net.input))) for length in lengths]
    return inputs, [rng.random((length, len(net.output))) for length in lengths]


def one_sequence(net, length=6, seed=0):
    (inputs,), (targets,) = sequences(net, (length,), seed)
    return inputs, targets


def both(result):
    """Loss and slopes as one vector."""
    return np.concatenate([[result.loss], result.weights, result.biases])


def same(ours, theirs, within=1e-12):
    assert np.abs(both(ours) - both(theirs)).max() < within * max(1.0, np.abs(both(theirs)).max())


def same_bits(ours, theirs):
    assert both(ours).tobytes() == both(theirs).tobytes()


def mean(results):
    return sum(both(result) for result in results) / len(results)


def learning(net):
    """Which weights and which biases are trained."""
    weights = [connection.trainable for connection in net.connections]
    return np.array(weights, bool), np.array([neuron.trainable for neuron in net], bool)
