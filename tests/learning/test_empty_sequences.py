"""An empty sequence contributes nothing and counts as no step: all is as without it."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer
from synapse.errors import ArgumentError, DivergenceError
from synapse.experiments import cross_validate
from synapse.learning import compare_gradients, fit_readout
from synapse.optimizers import LBFGS, Adam

RNG = np.random.default_rng(7)
LENGTHS = (3, 5, 2, 4, 3)
INPUTS = [RNG.random((length, 2)) for length in LENGTHS]
TARGETS = [RNG.integers(0, 2, (length, 1)).astype(float) for length in LENGTHS]
WEIGHTS = [0.5, 2.0, 1.0, 3.0, 0.25]

PLACES = {
    "first": [0],
    "middle": [2],
    "last": [5],
    "several": [0, 2, 2, 5],
    "all over": [0, 1, 2, 3, 4, 5, 5],
}
"""Before which sequences empty ones are put."""


NO_INPUT, NO_TARGET = np.empty((0, 2)), np.empty((0, 1))


def with_empty(given, places, empty):
    """What is given of the sequences, and something in the places of empty ones."""
    rows = list(given)
    for place in sorted(places, reverse=True):
        rows.insert(place, empty)
    return rows


def filled(places):
    """The numbers of the sequences that are not empty."""
    return [i for i, rows in enumerate(with_empty(INPUTS, places, NO_INPUT)) if len(rows)]


def both(places):
    """The data with empty sequences, and without."""
    return (with_empty(INPUTS, places, NO_INPUT), with_empty(TARGETS, places, NO_TARGET)), (INPUTS, TARGETS)


def net_of():
    return architect.LSTM(2, 3, 1, seed=1)


TRAININGS = {
    "online": ({}, {}),
    "online, shuffled": ({}, {"shuffle": True, "seed": 3}),
    "online, by steps": ({}, {"on_step": lambda step: None}),
    "online, batches": ({"optimizer": Adam(0.01), "batch_size": 2}, {}),
    "exact": ({"method": "bptt"}, {}),
    "exact, small batches": ({"method": "bptt", "batch_size": 2}, {"seed": 5}),
    "exact, windows and threads": ({"method": "bptt", "window": 2, "threads": 2, "batch_size": 3}, {}),
    "exact, dropout": ({"method": "bptt", "dropout": 0.3, "recurrent_dropout": 0.2}, {}),
    "exact, penalties": ({"method": "bptt", "l2": 0.01, "clip": 0.1}, {}),
    "held out": ({"method": "bptt"}, {"validation": 0.4}),
    "held out, online": ({}, {"validation": 0.2, "patience": 2}),
    "class weights": ({"method": "bptt"}, {"class_weight": {0: 1.0, 1: 4.0}}),
    "L-BFGS": ({"method": "bptt", "optimizer": LBFGS()}, {}),
}


@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize(("options", "how"), TRAININGS.values(), ids=TRAININGS)
def test_training_with_empty_sequences_is_training_without_them(options, how, places):
    found = []
    for data in both(places):
        net = net_of()
        result = Trainer(net, 0.1, **options).train(*data, 3, progress=False, **{"seed": 0} | how)
        found.append((result.history, net.weights.tolist(), net.biases.tolist()))
    assert str(found[0]) == str(found[1])  # a rate of L-BFGS is NaN


@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_every_sequence_given_has_a_sample_weight(places):
    found = []
    for data, weights in zip(both(places), (with_empty(WEIGHTS, places, 9.0), WEIGHTS)):
        net = net_of()
        trainer = Trainer(net, 0.1, method="bptt", batch_size=2)
        result = trainer.train(*data, 2, progress=False, sample_weight=weights, validation=0.2, seed=0)
        found.append((result.history, net.weights.tolist(), trainer.test(*data, sample_weight=weights)))
    assert found[0] == found[1]


@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_a_test_counts_no_step_of_an_empty_sequence(places):
    net = net_of()
    found = [(Trainer(net).test(*data), net.output.activations.tolist()) for data in both(places)]
    assert found[0] == found[1]
    assert found[0][0].steps == sum(LENGTHS)


@pytest.mark.parametrize("options", [{}, {"window": 2}, {"context": True}, {"threads": 2}], ids=str)
@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_the_gradient_is_that_of_the_other_sequences(places, options):
    net = net_of()
    net.activate([0.3, 0.4])
    ours, theirs = (synapse.gradient(net, *data, **options) for data in both(places))
    assert ours.loss == theirs.loss
    np.testing.assert_array_equal(ours.weights, theirs.weights)
    np.testing.assert_array_equal(ours.biases, theirs.biases)


def test_a_gradient_of_a_network_without_memory():
    net = architect.Perceptron(2, 3, 1, seed=1)
    ours, theirs = (synapse.gradient(net, *data) for data in both([0, 2, 5]))
    assert ours.loss == theirs.loss
    np.testing.assert_array_equal(ours.weights, theirs.weights)


@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_gradients_are_compared_as_without_them(places):
    ours, theirs = (compare_gradients(net_of(), *data) for data in both(places))
    assert (ours.cosine, ours.relative_error) == (theirs.cosine, theirs.relative_error)
    np.testing.assert_array_equal(ours.weights, theirs.weights)


@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_a_readout_is_fitted_as_without_them(places):
    found = []
    for inputs, targets in both(places):
        net = architect.Elman(2, 6, 1, seed=2)
        result = fit_readout(net, inputs, [0.25 + 0.5 * rows for rows in targets], washout=1)
        found.append((result, net.weights.tolist(), net.output.activations.tolist()))
    assert found[0] == found[1]


def test_folds_are_of_the_other_sequences():
    places = [0, 2, 5]

    def make(fold):
        return Trainer(architect.LSTM(2, 2, 1, seed=fold), method="bptt")

    ours, theirs = (cross_validate(make, *data, folds=5, epochs=2, seed=0) for data in both(places))
    np.testing.assert_array_equal(ours.errors, theirs.errors)
    numbers = filled(places)
    assert [part.tolist() for part in ours.tested] == [[numbers[i] for i in part] for part in theirs.tested]
    with pytest.raises(ArgumentError, match="(to be|Expected) 2 to 5"):
        cross_validate(make, *both(places)[0], folds=6, epochs=1)


@pytest.mark.parametrize("call", [Trainer(net_of()).train, Trainer(net_of()).test], ids=["train", "test"])
def test_empty_sequences_alone_are_no_data(call):
    with pytest.raises(ArgumentError, match="at least one sample"):
        call([np.empty((0, 2))] * 2, [np.empty((0, 1))] * 2)


def test_an_error_names_the_sequence_as_it_was_given():
    net = architect.LSTM(2, 2, 1, seed=0)
    net.weights = net.weights * 1e200
    data = [np.empty((0, 2)), np.ones((1, 2)), np.empty((0, 2)), np.full((3, 2), 1e200)]
    targets = [np.full((len(rows), 1), 0.5) for rows in data]
    for neuron in net.hidden[0]:
        neuron.squash = "identity"
    with pytest.raises(DivergenceError, match="of sequence [13]"):
        synapse.gradient(net, data, targets)
