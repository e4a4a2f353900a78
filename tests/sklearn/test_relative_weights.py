"""Weights of samples and classes are relative at every door: a common factor changes no
prediction, and weights of 1 are none."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

import architect
from synapse import Model, Trainer
from synapse.sklearn import (
    NetworkClassifier,
    NetworkRegressor,
    SequenceClassifier,
    SequenceRegressor,
)

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(24, 2))
NUMBERS = 3.0 * ROWS[:, 0] + np.sin(ROWS[:, 1])
CLASSES = np.where(NUMBERS > 0.0, "up", "down")
PARTS = np.split(RNG.normal(size=(96, 2)), np.cumsum([3, 5] * 11 + [3]))
SUMS = np.array([part[:, 0].sum() for part in PARTS])
STEPS = [part[:, 0] for part in PARTS]
SHORT = {"random_state": 0, "epochs": 3}


def of_estimator(estimator, x, y):
    def predicted(weights):
        made = estimator.fit(x, y, sample_weight=weights)
        answers = getattr(made, "predict_proba", made.predict)(x)
        return np.concatenate([np.ravel(answer) for answer in answers])

    return predicted


def network():
    return architect.Perceptron(2, 3, 1, output_squash="identity", seed=0)


def of_trainer(**options):
    training = {"epochs": 4, "seed": 0, "progress": False}
    for name in ("validation", "patience"):
        if name in options:
            training[name] = options.pop(name)

    def predicted(weights):
        net = network()
        trainer = Trainer(net, rule="bptt", **{"rate": 0.05, **options})
        given = {} if weights is None else {"sample_weight": weights}
        trainer.train(ROWS, NUMBERS[:, None], **training, **given)
        return np.append(net.run(ROWS), trainer.test(ROWS, NUMBERS, **given).loss)

    return predicted


def of_model(weights):
    model = Model(network())
    given = {"epochs": 2, "seed": 0, "progress": False, "sample_weight": weights}
    model.fit(ROWS, NUMBERS, **given)
    model.update(ROWS[:9], NUMBERS[:9], **{**given, "sample_weight": None})
    return model.predict(ROWS)


DOORS = {
    "regressor": of_estimator(NetworkRegressor(**SHORT), ROWS, NUMBERS),
    "classifier": of_estimator(NetworkClassifier(**SHORT), ROWS, CLASSES),
    "sequences": of_estimator(SequenceRegressor(l2="auto", **SHORT), PARTS, SUMS),
    "steps": of_estimator(
        SequenceRegressor(l2="auto", per="step", **SHORT), PARTS, STEPS
    ),
    "classes of sequences": of_estimator(
        SequenceClassifier(**SHORT), PARTS, np.sign(SUMS)
    ),
    "descent": of_trainer(optimizer="sgd", l1=0.01, l2=0.1, clip=1.0, batch_size=5),
    "adam": of_trainer(optimizer="adam", patience=2, batch_size=None),
    "held out": of_trainer(optimizer="rmsprop", validation=0.25),
    "search": of_trainer(optimizer="lbfgs", rate=1.0, l2=0.1),
    "model": of_model,
}


@pytest.mark.parametrize("door", DOORS)
def test_a_common_factor_of_the_weights_changes_nothing(door):
    predicted = DOORS[door]
    weights = np.random.default_rng(1).uniform(0.5, 2.0, 24)
    expected = predicted(weights)
    for factor in (1 / 24, 1e-9, 1e9):
        assert predicted(factor * weights) == pytest.approx(expected, rel=1e-7)
    plain = predicted(None)
    assert predicted(np.full(24, 1 / 24)) == pytest.approx(plain, rel=1e-7)
    assert np.abs(expected - plain).max() > 1e-6


def test_a_common_factor_of_the_weights_of_classes_changes_nothing():
    def by_estimator(weights):
        made = NetworkClassifier(class_weight=weights, **SHORT).fit(ROWS, CLASSES)
        return made.predict_proba(ROWS)

    def by_model(weights):
        net = architect.Perceptron(2, 3, 2, output_squash="softmax", seed=0)
        model = Model(net, classes=["down", "up"])
        training = {"epochs": 2, "seed": 0, "progress": False}
        model.fit(ROWS, CLASSES, class_weight=weights, **training)
        return net.run(model.scale.standard(ROWS))

    def by_stream(weights):
        net = architect.Perceptron(2, 3, 1, seed=0)
        trainer = Trainer(net, rule="bptt", rate=0.5)
        batches = [(ROWS[:9], CLASSES[:9] == "up"), (ROWS[9:], CLASSES[9:] == "up")]
        chosen = weights and {0: weights["down"], 1: weights["up"]}
        trainer.train(batches, class_weight=chosen, progress=False)
        return net.run(ROWS)

    for fitted in (by_estimator, by_model, by_stream):
        plain = fitted(None)
        assert fitted({"up": 2.0, "down": 2.0}) == pytest.approx(plain, rel=1e-9)
        unequal = fitted({"up": 1.0, "down": 3.0})
        assert fitted({"up": 2.0, "down": 6.0}) == pytest.approx(unequal, rel=1e-9)
        assert np.abs(unequal - plain).max() > 1e-6
