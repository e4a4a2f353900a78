"""Several epochs in one compiled call: the same bits however they are divided. What is
told, measured and chosen by epoch: callbacks, metrics and rates that change."""

import _thread
import math
import re
import threading
from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer, every, gradient, optimizers, squashes
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    DivergenceError,
    FunctionError,
    SynapseError,
)
from synapse.learning import (
    AdaptiveSchedule,
    Cosine,
    Progress,
    ReduceOnPlateau,
    StepDecay,
    WarmUp,
)
from synapse.learning.rules import Online
from tests.helpers.called_in_python import in_python
from tests.helpers.cases import all_refused, every_case

from .helpers import parameters, sequences

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]


perceptron = partial(architect.Perceptron, 2, 3, 1, seed=3)
lstm = partial(architect.LSTM, 3, 4, 2, seed=1)


def noisy():
    """A network with random neurons."""
    net = lstm()
    net.hidden[0][0].squash = "bernoulli"
    net.reseed(3)
    return net


CASES = {
    "samples": (perceptron, XOR),
    "float32": (partial(perceptron, dtype="float32"), XOR),
    "sequences": (lstm, sequences(lstm(), (5, 2, 7, 1))),
    "stream": (lstm, [rows[0] for rows in sequences(lstm(), (9,))]),
    "random": (noisy, sequences(noisy(), (5, 2, 7, 1))),
}
by_case = every_case("case", CASES)


def nothing(news):
    pass


def found(case, rate=0.3, **options):
    """What a training leaves: the history, bits of the parameters, and the state of its
    generator."""
    make, data = CASES[case]
    net = make()
    rng = np.random.default_rng(5)
    result = Trainer(net, rate).train(
        *data, epochs=30, seed=rng, progress=False, **options
    )
    told = result.history, result.loss, result.stop_reason, result.epochs
    return *told, parameters(net).tobytes(), rng.random()


@pytest.fixture
def calls(monkeypatch):
    """The numbers of epochs in each compiled call, as many as a fast machine would
    take."""
    seen = []
    run = Online.run

    def counting(rule, data, epochs, updates=None):
        seen.append(len(epochs.rates))
        return run(rule, data, epochs, updates)

    monkeypatch.setattr(Online, "run", counting)
    monkeypatch.setattr(
        "synapse.learning._training.TARGET_CALL_SECONDS", np.finfo(float).max / 1e9
    )
    return seen


@contextmanager
def one_by_one():
    """A machine so slow that every call is one epoch."""
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr("synapse.learning._training.TARGET_CALL_SECONDS", 0.0)
        yield


@by_case
def test_a_goal_ends_any_division_after_the_same_epoch(case, calls, monkeypatch):
    errors = found(case)[0]["loss"]
    goal = sorted(errors)[8]
    end = next(epoch for epoch, error in enumerate(errors, 1) if error <= goal)
    together = found(case, goal=goal)
    assert together[2:4] == ("goal", end)
    with one_by_one():
        assert together == found(case, goal=goal)
    rng = np.random.default_rng(0)

    def any_number(training):
        training.epochs_per_call = int(rng.integers(1, 9))

    monkeypatch.setattr(
        "synapse.learning._training.Training._choose_epochs_per_call", any_number
    )
    for _ in range(3):
        assert found(case, goal=goal) == together


SCHEDULES = (
    StepDecay(0.3, 0.9, 1),
    StepDecay(0.3, every=7),
    WarmUp(5, then=StepDecay(0.3, 0.99, 1)),
    WarmUp(5, then=ReduceOnPlateau(0.3, patience=2)),
    lambda epoch: 0.3 / (1 + epoch),
)


@pytest.mark.full
@every_case("rate", SCHEDULES)
def test_schedules_give_the_rates_they_give_one_by_one(rate, calls):
    calls.clear()
    together = found("sequences", rate=rate)
    fixed = "Plateau" not in repr(rate) and type(rate).__name__ != "function"
    assert (max(calls) > 1) == fixed
    with one_by_one():
        assert together == found("sequences", rate=rate)


def test_a_rate_out_of_range_is_refused_when_its_epoch_begins(calls):
    net, other = (perceptron() for _ in range(2))
    rate, options = StepDecay(1e-300, 1e30, 1), {"seed": 0, "progress": False}
    with pytest.raises(ArgumentError, match="The rate of epoch 11 "):
        Trainer(net, rate).train(*XOR, epochs=30, **options)
    assert calls == [1, 4, 6]
    Trainer(other, rate).train(*XOR, epochs=11, **options)
    assert parameters(net).tobytes() == parameters(other).tobytes()


def failed(error, squash, **options):
    """What a training that raises says and leaves."""
    net = architect.Perceptron(1, 2, 1, squash="identity", seed=0)
    net.output.squash = squash
    rng = np.random.default_rng(5)
    rows = np.linspace(-1, 1, 8)[:, None]
    with pytest.raises(error) as caught:
        Trainer(net, StepDecay(0.005, 1.3, 1)).train(
            rows, 30 * rows, epochs=300, seed=rng, progress=False, **options
        )
    return str(caught.value), parameters(net).tobytes(), rng.random()


def test_what_fails_in_the_middle_of_a_call(calls):
    @in_python(squashes.register)
    def brittle(state):
        if abs(state) > 50.0:
            raise ValueError("too much")
        return state, 1.0

    for ending in ((DivergenceError, "identity"), (FunctionError, brittle)):
        calls.clear()
        failure = failed(*ending)
        assert max(calls) > 1
        assert failure == failed(*ending, callbacks=[nothing])


def test_long_epochs_run_in_a_thread_with_the_same_bits(monkeypatch, calls):
    ending = found("sequences")
    monkeypatch.setattr("synapse.learning._training.TARGET_CALL_SECONDS", 0.0)
    assert found("sequences") == ending
    assert calls == [1, 4, 16, 9] + [1] * 30


@pytest.mark.full
@every_case("options", [{}, {"callbacks": [every(1000, nothing)]}])
@every_case("by", ["another thread", "Ctrl-C"])
def test_very_short_epochs_can_be_stopped_between_calls(options, by, ctrl_c):
    net, other = (perceptron() for _ in range(2))
    trainer = Trainer(net)
    threading.Timer(
        0.2, trainer.stop if by == "another thread" else _thread.interrupt_main
    ).start()
    result = trainer.train(*XOR, epochs=10**8, seed=0, progress=False, **options)
    assert result.stop_reason == "interrupted"
    assert repr(result).endswith(", interrupted>")
    again = Trainer(other).train(*XOR, epochs=result.epochs, seed=0, progress=False)
    assert parameters(net).tobytes() == parameters(other).tobytes()
    assert again.history == result.history


# --- callbacks ------------------------------------------------------------------------


RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(10, 5, 3))
TARGETS = RNG.random((10, 5, 2))


def test_a_schedule_passes_every_nth_call_on():
    listen = every(3, lambda p: p.epoch)
    news = [Progress(epoch, 0.1, None, 0.5, 1.0, None) for epoch in range(1, 7)]
    assert [*map(listen, news)] == [None, None, 3, None, None, 6]
    wrong = partial(every, 0, print), partial(every, 1, 3)
    all_refused((call, SynapseError, None) for call in wrong)


WAYS = {
    "online": {},
    "online by Adam": {"optimizer": optimizers.Adam(0.01), "batch_size": 7},
    "bptt": {"rule": "bptt", "batch_size": 4},
    "bptt, all at once": {
        "rule": "bptt",
        "optimizer": optimizers.Adam(0.01),
        "l2": 0.1,
        "clip": 0.01,
    },
    "dropout": {"rule": "bptt", "dropout": 0.3, "batch_size": 3},
    "search": {"rule": "bptt", "optimizer": optimizers.LBFGS()},
}


def train(options, on_batch):
    trainer = Trainer(architect.LSTM(3, 4, 2, seed=1), **options)
    return trainer.train(
        INPUTS, TARGETS, epochs=5, on_batch=on_batch, progress=False, seed=0
    )


def test_the_norm_is_that_of_the_gradient_before_it_is_clipped():
    seen = []
    gradients = gradient(architect.LSTM(3, 4, 2, seed=1), INPUTS, TARGETS)
    train({"rule": "bptt", "batch_size": 10, "clip": 1e-3}, seen.append)
    expected = np.linalg.norm(np.concatenate([gradients.weights, gradients.biases]))
    assert seen[0].gradient_norm == pytest.approx(expected, rel=1e-12)
    assert seen[0].rate == 0.1


@every_case("options", WAYS.values(), ids=list(WAYS))
def test_a_true_answer_and_ctrl_c_stop_after_the_batch(options, ctrl_c):
    seen = []
    stop = lambda batch: seen.append(batch) or batch.update == 2  # noqa: E731
    press = lambda batch: ctrl_c() if batch.update == 2 else None  # noqa: E731
    assert train(options, stop).stop_reason == "callback"
    assert len(seen) == 2
    assert train(options, press).stop_reason == "interrupted"


# --- metrics and other data -----------------------------------------------------------


ROWS = RNG.normal(size=(40, 2))
CLASSES = (ROWS[:, 0] * ROWS[:, 1] > 0).astype(int)
ONE_HOT = np.eye(2)[CLASSES]
TRAIN = ROWS[:20], ONE_HOT[:20]
HELD_OUT = ROWS[20:30], ONE_HOT[20:30]
TEST = ROWS[30:], ONE_HOT[30:]


classifier = partial(architect.Perceptron, 2, 6, 2, output_squash="softmax", seed=0)


def largest_error(targets, outputs):
    return np.abs(targets - outputs).max()


def test_the_history_has_metrics_of_all_data_after_every_epoch():
    net = classifier()
    trainer = Trainer(net, 0.5)
    sets = {"": TRAIN, "validation_": HELD_OUT, "test_": TEST}
    expected = {f"{prefix}largest_error": [] for prefix in sets}

    def note(progress):
        assert progress.values["test_accuracy"] == trainer.test(*TEST).accuracy
        for prefix, (rows, targets) in sets.items():
            expected[f"{prefix}largest_error"].append(
                largest_error(targets, net.run(rows))
            )

    metrics = ["accuracy", largest_error]
    result = trainer.train(
        *TRAIN,
        epochs=6,
        seed=0,
        progress=False,
        restore_best=False,
        validation=HELD_OUT,
        eval_set={"test": TEST},
        metrics=metrics,
        callbacks=[note],
    )
    assert result.history | expected == result.history
    last = {name: values[-1] for name, values in result.history.items()}
    tested = trainer.test(*TEST, metrics=metrics)
    assert tested.accuracy == tested.metrics["accuracy"]
    assert last == last | {
        "test_loss": tested.loss,
        "accuracy": trainer.test(*TRAIN).accuracy,
        "test_accuracy": tested.accuracy,
        "test_largest_error": tested.metrics["largest_error"],
    }

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
    synapse.save(trainer, tmp_path / "trainer.synapse")
    again = synapse.load(tmp_path / "trainer.synapse")
    with pytest.raises(synapse.errors.ArgumentError, match="metrics and eval_set"):
        again.train(*TRAIN, epochs=8, resume=True, **{**options, "metrics": []})
    assert (
        again.train(*TRAIN, epochs=8, resume=True, **options).history == whole.history
    )


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
    with pytest.raises(
        (synapse.errors.ArgumentError, synapse.errors.ArgumentTypeError),
        match=sentence,
    ):
        Trainer(net).train(*TRAIN, progress=False, **wrong)
    assert (net.weights == weights).all()


def test_what_a_metric_returns_is_one_number():
    def rows(targets, outputs):
        return outputs

    def spoils(targets, outputs):
        targets[:] = 0.0

    train = partial(Trainer(classifier()).train, *TRAIN, progress=False)
    words = "metric 'rows'"
    all_refused(
        [
            (partial(train, metrics=[rows]), synapse.errors.ArgumentTypeError, words),
            (partial(train, metrics=[spoils]), ValueError, "read-only"),
        ]
    )


def test_only_an_error_that_is_lower_by_min_delta_ends_the_waiting():
    def training(**options):
        return Trainer(architect.Perceptron(1, 1, seed=0), 0.01).train(
            *([[1.0], [-1.0]], [[1.0], [0.0]]),
            **{"epochs": 400, "seed": 0, "progress": False, **options},
        )

    plain = training(patience=5)
    assert plain.epochs == 400  # it falls in every epoch
    reference, since = np.inf, 0
    for epoch, error in enumerate(plain.history["loss_at_end"], 1):
        if error < reference - 0.01:
            reference, since = error, epoch
        if epoch - since >= 5:
            break
    early = training(patience=5, min_delta=0.01)
    assert (early.stop_reason, early.epochs) == ("patience", epoch)
    # the best weights are those of the lowest error
    assert early.loss == min(early.history["loss_at_end"])


# --- rates ----------------------------------------------------------------------------


PLATEAU = ReduceOnPlateau(1.0, factor=0.5, patience=2, min_rate=0.2)


@every_case(
    ("schedule", "errors", "rates"),
    [
        (StepDecay(1.0, factor=0.1, every=2), [9] * 4, [1, 1, 0.1, 0.1, 0.01]),
        (StepDecay(1.0, factor=0.5, every=1), [9] * 2, [1, 0.5, 0.25]),
        (
            *(Cosine(1.0, epochs=4, end=0.2), [9] * 8),
            [1.0, 0.88284271, 0.6, 0.31715729, *[0.2] * 5],
        ),
        (WarmUp(3, then=0.8), [9] * 5, [0.2, 0.4, 0.6, 0.8, 0.8, 0.8]),
        (
            *(WarmUp(1, then=StepDecay(1.0, every=2)), [9] * 5),
            [0.5, 1, 1, 0.5, 0.5, 0.25],
        ),
        (WarmUp(1, then=lambda epoch: epoch + 2.0), [9] * 3, [1, 2, 3, 4]),
        (WarmUp(1, then=WarmUp(1, then=0.8)), [9] * 3, [0.2, 0.4, 0.8, 0.8]),
        (ReduceOnPlateau(1.0, patience=1), [5, 4, 4], [1, 1, 1, 0.5]),
        # what follows a warm-up does not see the errors before
        (
            *(WarmUp(2, then=ReduceOnPlateau(1.0, patience=1)), [1, 1, 5, 4, 4]),
            [1 / 3, 2 / 3, 1, 1, 1, 0.5],
        ),
        (PLATEAU, [3, 2, 2, 2.5, 2, 1.9, 1.9, 1.9], [*[1] * 4, *[0.5] * 4, 0.25]),
        (PLATEAU, [1] * 7, [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.2]),
        (
            *(ReduceOnPlateau(1.0, patience=1, threshold=0.1), [10, 9.5, 8.9, 8.1]),
            [1, 1, 0.5, 0.5, 0.25],
        ),
        (PLATEAU, [math.nan] * 2, [1, 1, 0.5]),
    ],
)
def test_rates_by_epoch(schedule, errors, rates):
    """The rates of a training whose epochs have these errors, and the one after."""
    rate = getattr(schedule, "begin", lambda: lambda epoch, _: schedule(epoch))()
    found = [rate(epoch, error) for epoch, error in enumerate([None, *errors])]
    assert found == pytest.approx(rates, rel=1e-8)


WRONG = (
    lambda: StepDecay(-1.0),
    lambda: StepDecay(1.0, every=0),
    lambda: Cosine("x", 3),
    lambda: WarmUp(2, then="fast"),
    lambda: ReduceOnPlateau(1.0, factor=1.0),
    lambda: ReduceOnPlateau(1.0, min_rate=2.0),
)


@every_case("wrong", WRONG)
def test_wrong_rates_are_refused(wrong):
    with pytest.raises(SynapseError, match=r"^`\w+` of \w+ must be "):
        wrong()


def test_a_training_tells_its_schedule_each_error():
    seen = []

    class Listening(AdaptiveSchedule):
        def begin(self):
            seen.clear()
            return lambda epoch, error: seen.append((epoch, error)) or 0.5

    trainer = synapse.Trainer(architect.Perceptron(2, 3, 1, seed=0), rate=Listening())
    held_out = {"validation": ([[0, 0]], [[1]])}
    for more, name in (({}, "loss"), ({}, "loss"), (held_out, "validation_loss")):
        result = trainer.train(*XOR, epochs=4, progress=False, seed=0, **more)
        assert seen == list(enumerate([None, *result.history[name][:3]]))


def test_a_list_of_rates_is_answered_with_the_function_that_follows_it():
    with pytest.raises(
        ArgumentTypeError,
        match=re.escape("lambda epoch: rates[epoch * len(rates) // epochs]"),
    ):
        synapse.Trainer(architect.Perceptron(1, 1, seed=0), rate=[0.01, 0.005])


@pytest.mark.parametrize("hook", ["callbacks", "on_batch"])
def test_what_is_neither_true_nor_false_is_refused(hook):
    def answer(_):
        return np.ones(2)

    net = architect.Perceptron(1, 1, seed=0)
    with pytest.raises(synapse.errors.ArgumentTypeError, match="True, to end the trai"):
        Trainer(net, rule="bptt").train(
            *([[1.0]], [[1.0]]),
            **{hook: [answer] if hook == "callbacks" else answer},
            progress=False,
        )
