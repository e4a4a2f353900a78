"""Estimators of sequences, with an answer for each, or for each of their steps."""

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
    model = SequenceClassifier(hidden=(6,), epochs=150, random_state=0)
    assert model.fit(LISTS, LABELS).score(LISTS, LABELS) > 0.9
    chances = model.predict_proba(LISTS)
    assert chances.shape == (80, 2)
    assert np.allclose(chances.sum(axis=1), 1)
    heavy = SequenceClassifier(
        hidden=(4,), epochs=50, class_weight={"up": 1000, "down": 1e-3}, random_state=0
    )
    assert set(heavy.fit(LISTS, LABELS).predict(LISTS)) == {"up"}
    sums = ARRAY.sum(axis=(1, 2)) * 50 + 7
    number = SequenceRegressor(hidden=(6,), build="GRU", epochs=100, random_state=0)
    assert number.fit(ARRAY, sums).score(ARRAY, sums) > 0.9
    several = SequenceRegressor(epochs=1, random_state=0).fit(ARRAY, ARRAY.sum(axis=1))
    assert several.predict(ARRAY).shape == (60, 2)


@pytest.mark.full
def test_weights_of_sequences_are_relative_and_are_repetitions():
    def weights(x, y, counts=None, **options):
        model = SequenceRegressor(random_state=0, **options)
        return model.fit(x, y, sample_weight=counts).network_.weights

    once, twice = (
        weights(ARRAY, ARRAY.sum(axis=(1, 2)), k * np.arange(60), epochs=5)
        for k in (1, 2)
    )
    assert np.allclose(once, twice)
    counts = np.tile([0, 1, 2], 10)
    again = np.repeat(np.arange(30), counts)
    for per, y in (("sequence", SUMS), ("step", STEPS)):
        options = {"epochs": 20, "batch_size": 100, "per": per}
        repeated = weights([LISTS[i] for i in again], [y[i] for i in again], **options)
        weighted = weights(LISTS[:30], y[:30], counts, **options)
        assert np.allclose(weighted, repeated, atol=1e-8), per


@pytest.mark.parametrize("per", ["sequence", "step"])
def test_held_out_sequences_are_scaled_and_encoded_as_the_training_data_are(per):
    flat = np.concatenate(LISTS[:60])
    rows = [(x - flat.mean(axis=0)) / flat.std(axis=0) for x in LISTS[60:]]
    numbers, labels = (SUMS, LABELS) if per == "sequence" else (STEPS, SIGNS)
    learned = np.hstack(numbers[:60])
    for make, y in ((SequenceRegressor, numbers), (SequenceClassifier, labels)):
        options = {"hidden": (3,), "epochs": 8, "patience": 3, "per": per}
        model = make(**options, validation=(LISTS[60:], y[60:]), random_state=0)
        model.fit(LISTS[:60], y[:60])
        targets = []
        for answer, x in zip(y[60:], rows, strict=True):
            values = np.reshape(answer, (-1, 1))
            if make is SequenceRegressor:
                values = (values - learned.mean()) / learned.std()
            else:
                values = values == model.classes_
            lacking = np.full((len(x) - len(values), values.shape[1]), np.nan)
            targets.append(np.vstack([lacking, values]))
        tested = synapse.Trainer(model.network_).test(rows, targets)
        errors = model.result_.history["validation_loss"]
        assert tested.loss == pytest.approx(min(errors), rel=1e-9)


def test_an_answer_for_each_step():
    model = SequenceClassifier(hidden=(4,), epochs=40, per="step", random_state=0)
    assert model.fit(LISTS, SIGNS).score(LISTS, SIGNS) > 0.95
    lengths = [len(rows) for rows in LISTS]
    assert [len(answers) for answers in model.predict(LISTS)] == lengths
    assert model.predict_proba(LISTS)[3].shape == (lengths[3], 2)
    assert min(cross_val_score(model, LISTS, SIGNS, cv=KFold(2))) > 0.9
    sums = ARRAY.cumsum(axis=1)
    number = SequenceRegressor(
        hidden=(8,), build="GRU", epochs=60, per="step", random_state=0
    ).fit(ARRAY, sums)
    assert number.predict(ARRAY).shape == sums.shape
    assert number.score(ARRAY, sums.tolist()) > 0.8


def test_every_sequence_begins_with_a_cleared_context(tmp_path):
    model = SequenceRegressor(hidden=(4,), epochs=3, random_state=0)
    every = model.fit(ARRAY, ARRAY[:, 0, 0]).predict(ARRAY)
    np.testing.assert_allclose(model.predict(ARRAY[5:6]), every[5:6], rtol=1e-12)
    synapse.save(model.model_, tmp_path / "net.json")
    read = SequenceRegressor.from_model(synapse.load(tmp_path / "net.json"))
    assert np.array_equal(read.predict(ARRAY), every)


def test_partial_fit_is_the_online_rule():
    learned, start = (
        SequenceClassifier(hidden=(4,), scale=False, online_rate=rate, random_state=0)
        .partial_fit(LISTS[:1], LABELS[:1], classes=["down", "up"])
        .network_
        for rate in (0.1, 1e-300)
    )
    start.clear()
    start.run(LISTS[0])
    start.propagate(0.1, [0.0, 1.0] if LABELS[0] == "up" else [1.0, 0.0])
    assert np.allclose(learned.weights, start.weights, atol=1e-12)


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
