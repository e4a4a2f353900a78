"""Sequences in an array of objects, or in a Series of pandas, are those of the list."""

import numpy as np
import pandas as pd
import pytest

import architect
import synapse
from synapse import Ensemble, Model, Trainer, analysis, draw, learning, plasticity
from synapse.errors import ArgumentError
from synapse.evolve import fitness
from synapse.experiments import train_many
from synapse.sklearn import SequenceClassifier, SequenceRegressor

RNG = np.random.default_rng(0)
LENGTHS = {"ragged": (3, 4, 5), "alike": (4, 4, 4)}


def sequences(lengths, width):
    return [RNG.uniform(size=(length, width)) for length in lengths]


def objects(items):
    array = np.empty(len(items), object)
    array[:] = items
    return array


FORMS = {
    "objects": objects,
    "Series": pd.Series,
    "Series of lists": lambda items: pd.Series([item.tolist() for item in items]),
    "labelled": lambda items: pd.Series(items, index=[*"zyx"]),
}


def net():
    return architect.GRU(2, 3, 1, output_squash="logistic", seed=0)


def linear():
    return architect.GRU(2, 3, 1, output_squash="identity", seed=0)


def trained(inputs, targets, **options):
    trainer = Trainer(net(), rule="bptt")
    history = trainer.train(
        inputs, targets, epochs=2, progress=False, seed=0, **options
    )
    return history.loss, trainer.network.weights


def of_estimator(estimator, inputs, answers):
    fitted = estimator(hidden=(2,), epochs=2, random_state=0).fit(inputs, answers)
    return fitted.predict(inputs)


def learned_by_rule(inputs):
    plastic = architect.Perceptron(2, 1, seed=0)
    plastic.rule = plasticity.Oja
    return *plastic.run(inputs, learn=True), plastic.weights


def of_model(inputs, targets):
    model = Model(linear())
    model.fit(inputs, targets, epochs=2, progress=False, seed=0)
    return *model.run(inputs), *model.predict(inputs)


CALLS = {
    "run": lambda x, _: net().run(x),
    "run of rules": lambda x, _: learned_by_rule(x),
    "Ensemble.run": lambda x, _: Ensemble([net(), net()]).run(x),
    "train": trained,
    "validation": lambda x, y: trained([*x], [*y], validation=(x, y)),
    "test": lambda x, y: Trainer(net()).test(x, y),
    "train_many": lambda x, y: [
        one.loss for one in train_many([Trainer(net())], x, y, epochs=1, seed=0)
    ],
    "gradient": lambda x, y: synapse.gradient(net(), x, y).weights,
    "slopes of outputs": lambda x, y: (
        synapse.gradient(net(), x, output_gradient=y).weights
    ),
    "compare_gradients": lambda x, y: learning.compare_gradients(net(), x, y),
    "fit_readout": lambda x, y: learning.fit_readout(linear(), x, y),
    "Model": of_model,
    "SequenceRegressor": lambda x, _: of_estimator(SequenceRegressor, x, [1, 2, 3]),
    "SequenceClassifier": lambda x, _: of_estimator(
        SequenceClassifier, x, pd.Series([*"aab"])
    ),
    "lesions": lambda x, y: analysis.lesions(net(), x, y),
    "explore": lambda x, y: len(draw.explore(net(), x, y, learn=True).html),
    "fitness": lambda x, y: fitness.dataset(x, y).inputs,
}


def flat(value):
    """All numbers to the bit, and what other results print."""
    if isinstance(value, list | tuple):
        return [flat(item) for item in value]
    return value.tolist() if isinstance(value, np.ndarray) else repr(value)


@pytest.mark.full
@pytest.mark.parametrize("call", CALLS)
def test_they_give_what_the_list_gives(call):
    for lengths in LENGTHS.values():
        inputs = sequences(lengths, 2)
        targets = sequences(lengths, 1)
        expected = flat(CALLS[call](inputs, targets))
        assert expected
        for form in FORMS.values():
            assert flat(CALLS[call](form(inputs), form(targets))) == expected


def test_objects_that_are_no_sequences_are_refused_as_before():
    for wrong in (objects([1.0, 2.0]), objects(["a", "b"]), objects([{}, {}])):
        with pytest.raises(ArgumentError):
            net().run(wrong)
