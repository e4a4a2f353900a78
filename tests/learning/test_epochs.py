"""Several epochs in one compiled call: the same bits however they are divided into
calls."""

import _thread
import threading
from contextlib import contextmanager

import numpy as np
import pytest

import architect
from synapse import Trainer, every, squashes
from synapse.errors import ArgumentError, DivergenceError, FunctionError
from synapse.learning import ReduceOnPlateau, StepDecay, WarmUp
from synapse.learning.rules import Online
from tests.helpers.cases import every_case

from .helpers import parameters, sequences

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]


def perceptron(**options):
    return architect.Perceptron(2, 3, 1, seed=3, **options)


def lstm(**options):
    return architect.LSTM(3, 4, 2, seed=1, **options)


def noisy():
    """A network with random neurons."""
    net = lstm()
    net.hidden[0][0].squash = "bernoulli"
    net.reseed(3)
    return net


CASES = {
    "samples": (perceptron, XOR),
    "float32": (lambda: perceptron(dtype="float32"), XOR),
    "sequences": (lstm, sequences(lstm(), (5, 2, 7, 1))),
    "stream": (lstm, [rows[0] for rows in sequences(lstm(), (9,))]),
    "random": (noisy, sequences(noisy(), (5, 2, 7, 1))),
}
by_case = every_case("case", CASES)


def nothing(news):
    pass


class Found:
    """What a training leaves: bits of the parameters, the history, and the state of its
    generator."""

    def __init__(self, case, epochs=30, rate=0.3, **options):
        make, data = CASES[case]
        self.net = make()
        rng = np.random.default_rng(5)
        trainer = Trainer(self.net, rate)
        self.result = trainer.train(
            *data, epochs=epochs, seed=rng, progress=False, **options
        )
        self.state = rng.random()

    def __eq__(self, other):
        assert self.result.history == other.result.history
        assert self.result.loss == other.result.loss
        assert self.result.stop_reason == other.result.stop_reason
        assert parameters(self.net).tobytes() == parameters(other.net).tobytes()
        return self.state == other.state

    __hash__ = None


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
    errors = Found(case).result.history["loss"]
    goal = sorted(errors)[8]
    end = next(epoch for epoch, error in enumerate(errors, 1) if error <= goal)
    together = Found(case, goal=goal)
    assert (together.result.stop_reason, together.result.epochs) == ("goal", end)
    with one_by_one():
        assert together == Found(case, goal=goal)
    rng = np.random.default_rng(0)

    def any_number(training):
        training.epochs_per_call = int(rng.integers(1, 9))

    monkeypatch.setattr(
        "synapse.learning._training.Training._choose_epochs_per_call", any_number
    )
    for _ in range(3):
        assert Found(case, goal=goal) == together


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
    together = Found("sequences", rate=rate)
    fixed = "Plateau" not in repr(rate) and type(rate).__name__ != "function"
    assert (max(calls) > 1) == fixed
    with one_by_one():
        assert together == Found("sequences", rate=rate)


def test_a_rate_out_of_range_is_refused_when_its_epoch_begins(calls):
    net = perceptron()
    other = perceptron()
    with pytest.raises(ArgumentError, match="The rate of epoch 11 "):
        Trainer(net, StepDecay(1e-300, 1e30, 1)).train(
            *XOR, epochs=30, seed=0, progress=False
        )
    assert calls == [1, 4, 6]
    Trainer(other, StepDecay(1e-300, 1e30, 1)).train(
        *XOR, epochs=11, seed=0, progress=False
    )
    assert parameters(net).tobytes() == parameters(other).tobytes()


def failed(error, make, **options):
    """What a training that raises says and leaves."""
    net = make()
    rng = np.random.default_rng(5)
    rows = np.linspace(-1, 1, 8)[:, None]
    with pytest.raises(error) as caught:
        Trainer(net, StepDecay(0.005, 1.3, 1)).train(
            rows, 30 * rows, epochs=300, seed=rng, progress=False, **options
        )
    return str(caught.value), parameters(net).tobytes(), rng.random()


def diverging():
    net = architect.Perceptron(1, 2, 1, seed=0)
    net.hidden[0].squash = net.output.squash = "identity"
    return net


def test_what_fails_in_the_middle_of_a_call(calls):
    @squashes.register
    def brittle(state):
        if abs(state) > 50.0:
            raise ValueError("too much")
        return state, 1.0

    def make():
        net = diverging()
        net.output.squash = brittle
        return net

    for error, net in ((DivergenceError, diverging), (FunctionError, make)):
        calls.clear()
        failure = failed(error, net)
        assert max(calls) > 1
        assert failure == failed(error, net, callbacks=[nothing])


def test_long_epochs_run_in_a_thread_with_the_same_bits(monkeypatch, calls):
    ending = Found("sequences")
    monkeypatch.setattr("synapse.learning._training.TARGET_CALL_SECONDS", 0.0)
    assert Found("sequences") == ending
    assert calls == [1, 4, 16, 9] + [1] * 30


@pytest.mark.full
@every_case("options", [{}, {"callbacks": [every(1000, nothing)]}])
@every_case("by", ["another thread", "Ctrl-C"])
def test_very_short_epochs_can_be_stopped_between_calls(options, by, ctrl_c):
    net = perceptron()
    other = perceptron()
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
