"""Metrics and other data by epoch, and how much an error has to fall."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer

RNG = np.random.default_rng(3)
ROWS = RNG.normal(size=(40, 2))
CLASSES = (ROWS[:, 0] * ROWS[:, 1] > 0).astype(int)
ONE_HOT = np.eye(2)[CLASSES]
TRAIN = ROWS[:20], ONE_HOT[:20]
HELD_OUT = ROWS[20:30], ONE_HOT[20:30]
TEST = ROWS[30:], ONE_HOT[30:]


def classifier():
    return architect.Perceptron(2, 6, 2, output_squash="softmax", seed=0)


def largest_error(targets, outputs):
    return np.abs(targets - outputs).max()


def test_the_history_has_metrics_of_all_data_after_every_epoch():
    net = classifier()
    trainer = Trainer(net, 0.5)
    expected = {"": [], "validation_": [], "test_": []}
    sets = {"": TRAIN, "validation_": HELD_OUT, "test_": TEST}

    def note(progress):
        assert progress.values["test_accuracy"] == trainer.test(*TEST).accuracy
        for prefix, (rows, targets) in sets.items():
            outputs = net.run(rows)
            expected[prefix].append(np.abs(targets - outputs).max())

    result = trainer.train(
        *TRAIN,
        epochs=6,
        seed=0,
        progress=False,
        validation=HELD_OUT,
        eval_set={"test": TEST},
        metrics=["accuracy", largest_error],
        callbacks=[note],
        restore_best=False,
    )
    for prefix, values in expected.items():
        assert result.history[f"{prefix}largest_error"] == values
    last = {name: values[-1] for name, values in result.history.items()}
    tested = trainer.test(*TEST, metrics=["accuracy", largest_error])
    assert last["test_loss"] == tested.loss
    assert last["accuracy"] == trainer.test(*TRAIN).accuracy
    assert last["test_accuracy"] == tested.accuracy == tested.metrics["accuracy"]
    assert last["test_largest_error"] == tested.metrics["largest_error"]

    # nothing that is measured changes the training
    plain = classifier()
    Trainer(plain, 0.5).train(*TRAIN, epochs=6, seed=0, progress=False)
    assert (net.weights == plain.weights).all()


def test_a_training_with_metrics_is_continued(tmp_path):
    options = {
        "eval_set": {"test": TEST},
        "metrics": ["accuracy", largest_error],
        "validation": HELD_OUT,
        "patience": 50,
        "min_delta": 0.001,
        "progress": False,
    }
    whole = Trainer(classifier(), 0.5).train(*TRAIN, epochs=8, seed=1, **options)
    trainer = Trainer(classifier(), 0.5)
    trainer.train(*TRAIN, epochs=3, seed=1, **options)
    path = tmp_path / "trainer.synapse"
    synapse.save(trainer, path)
    again = synapse.load(path)
    with pytest.raises(synapse.errors.ArgumentError, match="metrics and eval_set"):
        again.train(*TRAIN, epochs=8, resume=True, **{**options, "metrics": []})
    result = again.train(*TRAIN, epochs=8, resume=True, **options)
    assert result.history == whole.history


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"metrics": "accuracy"}, "a list"),
        ({"metrics": ["accurate"]}, "Did you mean 'accuracy'"),
        ({"metrics": [lambda targets, outputs: 0.0]}, "a function with a name"),
        ({"metrics": [largest_error, largest_error]}, "different names"),
        ({"metrics": [len]}, "targets, outputs"),
        ({"eval_set": HELD_OUT}, "a mapping"),
        ({"eval_set": {"validation": HELD_OUT}}, "a word other than 'validation'"),
        ({"eval_set": {"test": ROWS}}, "inputs, targets"),
        ({"min_delta": 0.1}, "Pass patience, too"),
        ({"min_delta": -0.1, "patience": 3}, "0 or above"),
        (
            {"metrics": ["accuracy"], "eval_set": {"test": (ROWS, 0.3 + 0 * ONE_HOT)}},
            "classes",
        ),
    ],
)
def test_wrong_measures_are_refused_before_anything_changes(wrong, sentence):
    net = classifier()
    weights = net.weights.copy()
    error = (synapse.errors.ArgumentError, synapse.errors.ArgumentTypeError)
    with pytest.raises(error, match=sentence):
        Trainer(net).train(*TRAIN, progress=False, **wrong)
    assert (net.weights == weights).all()


def test_what_a_metric_returns_is_one_number():
    def rows(targets, outputs):
        return outputs

    def spoils(targets, outputs):
        targets[:] = 0.0

    trainer = Trainer(classifier())
    with pytest.raises(synapse.errors.ArgumentTypeError, match="metric 'rows'"):
        trainer.train(*TRAIN, metrics=[rows], progress=False)
    with pytest.raises(ValueError, match="read-only"):
        trainer.train(*TRAIN, metrics=[spoils], progress=False)


def test_only_an_error_that_is_lower_by_min_delta_ends_the_waiting():
    def training(**options):
        net = architect.Perceptron(1, 1, seed=0)
        trainer = Trainer(net, 0.01)
        data = [[1.0], [-1.0]], [[1.0], [0.0]]
        return trainer.train(*data, epochs=400, seed=0, progress=False, **options)

    plain = training(patience=5)
    errors = plain.history["loss"]
    assert plain.epochs == 400  # it falls in every epoch
    reference, since = np.inf, 0
    for epoch, error in enumerate(errors, 1):  # the epoch that ends it
        if error < reference - 0.01:
            reference, since = error, epoch
        if epoch - since >= 5:
            break
    early = training(patience=5, min_delta=0.01)
    assert early.stop_reason == "patience"
    assert early.epochs == epoch < 400
    # the best weights are those of the lowest error
    assert early.loss == min(early.history["loss"])
