"""Estimators of sequences, with an answer for each, or for each of their steps."""

from functools import partial

import numpy as np
import pytest

pytest.importorskip("sklearn")
from sklearn.model_selection import KFold, cross_val_score

import synapse
from synapse.errors import ArgumentError, ArgumentTypeError
from synapse.sklearn import SequenceClassifier, SequenceRegressor
from tests.helpers.cases import all_refused

RNG = np.random.default_rng(0)
LISTS = [RNG.normal(size=(RNG.integers(3, 8), 2)) for _ in range(80)]
ARRAY = RNG.normal(size=(60, 5, 2))
LABELS = ["up" if rows[0, 0] > 0 else "down" for rows in LISTS]
SUMS = [50 * rows.sum() + 7 for rows in LISTS]
STEPS = [rows.cumsum(axis=0)[:, 0] for rows in LISTS]
SIGNS = [np.where(rows[:, 0] > 0, "+", "-") for rows in LISTS]


@pytest.mark.full
def test_an_answer_for_each_sequence():
    model = SequenceClassifier(hidden=(6,), epochs=150, random_state=0).fit(
        LISTS, LABELS
    )
    assert model.score(LISTS, LABELS) > 0.9
    assert np.allclose(model.predict_proba(LISTS).sum(axis=1), 1)
    assert model.predict_proba(LISTS).shape == (80, 2)
    heavy = SequenceClassifier(
        hidden=(4,), epochs=50, class_weight={"up": 1000, "down": 1e-3}, random_state=0
    )
    assert set(heavy.fit(LISTS, LABELS).predict(LISTS)) == {"up"}
    sums = ARRAY.sum(axis=(1, 2)) * 50 + 7
    number = SequenceRegressor(
        hidden=(6,), build="GRU", epochs=100, random_state=0
    ).fit(ARRAY, sums)
    assert number.score(ARRAY, sums) > 0.9
    alike = [SequenceRegressor(epochs=5, random_state=0) for _ in range(2)]
    for factor, weighted in enumerate(alike, 1):
        weighted.fit(ARRAY, sums, sample_weight=factor * np.arange(60))
    assert np.allclose(alike[0].network_.weights, alike[1].network_.weights)
    weights = np.tile([0, 1, 2], 10)
    for per, y in (("sequence", SUMS), ("step", STEPS)):
        make = partial(
            SequenceRegressor, epochs=20, batch_size=100, per=per, random_state=0
        )
        weighted = make().fit(LISTS[:30], y[:30], sample_weight=weights)
        again = [i for i, count in enumerate(weights) for _ in range(count)]
        other = make().fit([LISTS[i] for i in again], [y[i] for i in again])
        assert np.allclose(
            weighted.network_.weights, other.network_.weights, atol=1e-8
        ), per
    several = SequenceRegressor(epochs=1, random_state=0).fit(ARRAY, ARRAY.sum(axis=1))
    assert several.predict(ARRAY).shape == (60, 2)


@pytest.mark.parametrize("per", ["sequence", "step"])
def test_held_out_sequences_are_scaled_and_encoded_as_the_training_data_are(per):
    flat = np.concatenate(LISTS[:60])
    rows = [(x - flat.mean(axis=0)) / flat.std(axis=0) for x in LISTS[60:]]
    numbers, labels = (SUMS, LABELS) if per == "sequence" else (STEPS, SIGNS)
    learned = np.concatenate([np.ravel(y) for y in numbers[:60]])
    for make, y in ((SequenceRegressor, numbers), (SequenceClassifier, labels)):
        options = {"hidden": (3,), "epochs": 8, "patience": 3, "per": per}
        model = make(**options, validation=(LISTS[60:], y[60:]), random_state=0)
        model.fit(LISTS[:60], y[:60])
        targets = []
        for answer, x in zip(y[60:], rows, strict=True):
            if make is SequenceRegressor:
                values = (np.ravel(answer) - learned.mean()) / learned.std()
                values = values[:, None]
            else:
                values = np.ravel(answer)[:, None] == model.classes_
            lacking = np.full((len(x) - len(values), values.shape[1]), np.nan)
            targets.append(np.vstack([lacking, values]))
        tested = synapse.Trainer(model.network_).test(rows, targets)
        errors = model.result_.history["validation_loss"]
        assert tested.loss == pytest.approx(min(errors), rel=1e-9)


def test_an_answer_for_each_step():
    model = SequenceClassifier(hidden=(4,), epochs=40, per="step", random_state=0).fit(
        LISTS, SIGNS
    )
    assert model.score(LISTS, SIGNS) > 0.95
    assert [len(answers) for answers in model.predict(LISTS)] == [
        len(rows) for rows in LISTS
    ]
    assert model.predict_proba(LISTS)[3].shape == (len(LISTS[3]), 2)
    assert min(cross_val_score(model, LISTS, SIGNS, cv=KFold(2))) > 0.9
    sums = ARRAY.cumsum(axis=1)
    number = SequenceRegressor(
        hidden=(8,), build="GRU", epochs=60, per="step", random_state=0
    ).fit(ARRAY, sums)
    assert number.predict(ARRAY).shape == sums.shape
    assert number.score(ARRAY, sums.tolist()) > 0.8


def test_every_sequence_begins_with_a_cleared_context(tmp_path):
    model = SequenceRegressor(hidden=(4,), epochs=3, random_state=0).fit(
        ARRAY, ARRAY[:, 0, 0]
    )
    alone = model.predict(ARRAY[5:6])
    np.testing.assert_allclose(alone, model.predict(ARRAY)[5:6], rtol=1e-12)
    synapse.save(model.model_, tmp_path / "net.json")
    read = SequenceRegressor.from_model(synapse.load(tmp_path / "net.json"))
    assert np.array_equal(read.predict(ARRAY), model.predict(ARRAY))


def test_partial_fit_is_the_online_rule():
    model = SequenceClassifier(
        hidden=(4,), scale=False, online_rate=0.1, random_state=0
    )
    model.partial_fit(LISTS[:1], LABELS[:1], classes=["down", "up"])
    start = SequenceClassifier(
        hidden=(4,), scale=False, online_rate=1e-300, random_state=0
    )
    net = start.partial_fit(LISTS[:1], LABELS[:1], classes=["down", "up"]).network_
    net.clear()
    net.run(LISTS[0])
    net.propagate(0.1, [0.0, 1.0] if LABELS[0] == "up" else [1.0, 0.0])
    assert np.allclose(model.network_.weights, net.weights, atol=1e-12)


def test_faults_are_one_sentence():
    model = SequenceClassifier(hidden=(2,), epochs=1).fit(LISTS, LABELS)
    holes = [rows.copy() for rows in LISTS]
    holes[7][1, 0] = np.nan
    all_refused(
        [
            (
                lambda: SequenceClassifier(per="x").fit(LISTS, LABELS),
                ArgumentError,
                "'sequence' or 'step'",
            ),
            (
                lambda: SequenceClassifier(per="step").fit(LISTS, LABELS),
                ArgumentError,
                "one for each step",
            ),
            (
                lambda: model.fit(LISTS, LABELS[:-1]),
                ArgumentError,
                "an entry for each of 80 sequences, got 79",
            ),
            (
                lambda: model.fit(holes, LABELS),
                ArgumentError,
                "Sequence 7 must be finite",
            ),
            (
                lambda: model.predict([np.zeros((3, 3))]),
                ArgumentError,
                "2 numbers per step",
            ),
            (lambda: model.predict([]), ArgumentError, "list of arrays"),
            (
                lambda: model.predict([np.zeros((0, 2))]),
                ArgumentError,
                "one step or more",
            ),
            (
                lambda: SequenceRegressor().fit(ARRAY[:2], [1.0, np.nan]),
                ArgumentError,
                "`y` must be finite",
            ),
            (
                lambda: SequenceRegressor().fit(ARRAY[:2], [[1], [2, 3]]),
                ArgumentTypeError,
                "of one shape",
            ),
            (
                lambda: SequenceRegressor().fit(ARRAY[:2], ["a", "b"]),
                ArgumentTypeError,
                "numbers, got text",
            ),
            (lambda: model.partial_fit(LISTS, ["?"] * 80), ArgumentError, "got '\\?'"),
        ]
    )
