"""An empty sequence contributes nothing and counts as no step: all is as without it."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer
from synapse.errors import ArgumentError
from synapse.optimizers import LBFGS, Adam
from tests.helpers.cases import every_case

RNG = np.random.default_rng(7)
LENGTHS = (3, 5, 2, 4, 3)
INPUTS = [RNG.random((length, 2)) for length in LENGTHS]
TARGETS = [RNG.integers(0, 2, (length, 1)).astype(float) for length in LENGTHS]
WEIGHTS = [0.5, 2.0, 1.0, 3.0, 0.25]

PLACES = [[0], [5], [0, 1, 2, 3, 4, 5, 5]]
"""Before which sequences empty ones are put."""
by_places = every_case("places", PLACES)


NO_INPUT = np.empty((0, 2))
NO_TARGET = np.empty((0, 1))


def with_empty(sequences, places, empty):
    """What is given of the sequences, and something in the places of empty ones."""
    rows = list(sequences)
    for place in sorted(places, reverse=True):
        rows.insert(place, empty)
    return rows


def both(places):
    """The data with empty sequences, and without."""
    return (
        with_empty(INPUTS, places, NO_INPUT),
        with_empty(TARGETS, places, NO_TARGET),
    ), (INPUTS, TARGETS)


def net_of():
    return architect.LSTM(2, 3, 1, seed=1)


TRAININGS = {
    "online": ({}, {}),
    "online, batches": ({"optimizer": Adam(0.01), "batch_size": 2}, {}),
    "exact": ({"rule": "bptt"}, {}),
    "exact, windows and threads": (
        {"rule": "bptt", "window": 2, "threads": 2, "batch_size": 3},
        {},
    ),
    "exact, dropout": (
        {"rule": "bptt", "dropout": 0.3, "recurrent_dropout": 0.2},
        {},
    ),
    "held out": ({"rule": "bptt"}, {"validation": 0.4}),
    "class weights": ({"rule": "bptt"}, {"class_weight": {0: 1.0, 1: 4.0}}),
    "L-BFGS": ({"rule": "bptt", "optimizer": LBFGS()}, {}),
}


@by_places
def test_every_sequence_given_has_a_sample_weight(places):
    endings = []
    for data, weights in zip(both(places), (with_empty(WEIGHTS, places, 9.0), WEIGHTS)):
        net = net_of()
        trainer = Trainer(net, 0.1, rule="bptt", batch_size=2)
        result = trainer.train(
            *data, 2, progress=False, sample_weight=weights, validation=0.2, seed=0
        )
        endings.append(
            (
                result.history,
                net.weights.tolist(),
                trainer.test(*data, sample_weight=weights),
            )
        )
    assert endings[0] == endings[1]


@by_places
def test_the_gradient_is_that_of_the_other_sequences(places):
    for net in (net_of(), architect.Perceptron(2, 3, 1, seed=1)):
        net.activate([0.3, 0.4])
        for options in ({}, {"window": 2}, {"keep_context": True}, {"threads": 2}):
            ours, theirs = (
                synapse.gradient(net, *data, **options) for data in both(places)
            )
            assert ours.loss == theirs.loss
            np.testing.assert_array_equal(ours.weights, theirs.weights)
            np.testing.assert_array_equal(ours.biases, theirs.biases)


def test_empty_sequences_alone_are_no_data():
    with pytest.raises(ArgumentError, match="at least one sample"):
        Trainer(net_of()).train([NO_INPUT] * 2, [NO_TARGET] * 2)
