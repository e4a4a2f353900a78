"""Inputs that are dropped: an update is that of the data times one of all masks."""

from itertools import product

import numpy as np
import pytest
import scipy.sparse

import architect
from synapse import Trainer

P = 0.25


def updated(inputs, targets, seed=0, **options):
    """The weights and biases after one update by all samples."""
    net = architect.Perceptron(2, 3, 1, output_squash="identity", seed=1)
    trainer = Trainer(net, rule="bptt", rate=0.1, batch_size=99, **options)
    trainer.train(inputs, targets, epochs=1, seed=seed, progress=False)
    return np.concatenate([net.weights, net.biases])


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("samples", [1, 3])
def test_an_update_is_that_of_masked_inputs(samples, sparse):
    rows = np.random.default_rng(0).normal(size=(samples, 2))
    targets = rows.sum(axis=1, keepdims=True)
    masks = [
        np.reshape(mask, rows.shape) / (1.0 - P)
        for mask in product([0.0, 1.0], repeat=rows.size)
    ]
    expected = [updated(rows * mask, targets) for mask in masks]
    given = scipy.sparse.csr_array(rows) if sparse else rows
    met = set()
    for seed in range(12):
        numbers = updated(given, targets, seed, dropout={"input": P})
        distances = np.abs(np.array(expected) - numbers).max(axis=1)
        assert distances.min() < 1e-12
        met.add(int(distances.argmin()))
    assert len(met) > 2


def test_inputs_of_a_sequence_are_dropped_as_a_whole():
    """With one input that is kept or dropped, the loss is that of x / (1 - p) or 0."""
    rows = np.ones((1, 5, 1))
    losses = set()
    for seed in range(20):
        net = architect.Perceptron(1, 1, squash="identity", seed=1)
        net.weights, net.biases = [1.0], [0.0, 0.0]
        trainer = Trainer(net, rule="bptt", recurrent_dropout={net.input: 0.5})
        result = trainer.train(rows, 0 * rows, epochs=1, seed=seed, progress=False)
        losses.add(round(result.loss, 9))
    assert losses == {0.0, 2.0}
