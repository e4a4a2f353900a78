"""Several epochs in one compiled call: the same bits however they are divided into calls."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer, every, squash
from synapse.errors import ArgumentError, DivergenceError, FunctionError
from synapse.learning import Exponential, ReduceOnPlateau, StepDecay, WarmUp
from synapse.learning.rules import RULES, Online, Rule, online

from .helpers import parameters, sequences

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]


def perceptron(**options):
    return architect.Perceptron(2, 3, 1, seed=3, **options)


def lstm(**options):
    return architect.LSTM(3, 4, 2, seed=1, **options)


def tied():
    net = perceptron()
    synapse.tie([net.hidden[0][0].incoming[0], net.hidden[0][1].incoming[1]])
    return net


def neighbour():
    """A network that shares its store with another one."""
    net = perceptron()
    net.hidden[0][0].project(perceptron().hidden[0][0])
    return net


def noisy():
    """A network with random neurons."""
    net = lstm()
    net.hidden[0][0].squash = "bernoulli"
    net.reseed(3)
    return net


CASES = {
    "samples": (perceptron, XOR, {}),
    "in order": (perceptron, XOR, {"shuffle": False}),
    "float32": (lambda: perceptron(dtype="float32"), XOR, {}),
    "sequences": (lstm, sequences(lstm(), (5, 2, 7, 1)), {}),
    "sequences, float32": (lambda: lstm(dtype="float32"), sequences(lstm(), (5, 2, 7, 1)), {}),
    "stream": (lstm, [rows[0] for rows in sequences(lstm(), (9,))], {}),
    "tied": (tied, XOR, {}),
    "neighbour": (neighbour, XOR, {}),
    "random": (noisy, sequences(noisy(), (5, 2, 7, 1)), {}),
}
by_case = pytest.mark.parametrize("case", CASES)


def nothing(news):
    pass


class Found:
    """What a training leaves: bits of the parameters, the history, and the state of its generator."""

    def __init__(self, case, epochs=30, rate=0.3, **options):
        make, data, given = CASES[case]
        self.net, rng = make(), np.random.default_rng(5)
        trainer = Trainer(self.net, rate)
        self.result = trainer.train(*data, epochs=epochs, seed=rng, progress=False, **given, **options)
        self.state = rng.random()

    def __eq__(self, other):
        assert self.result.history == other.result.history
        assert self.result.error == other.result.error
        assert self.result.stopped == other.result.stopped
        assert parameters(self.net).tobytes() == parameters(other.net).tobytes()
        return self.state == other.state

    __hash__ = None


@pytest.fixture
def calls(monkeypatch):
    """The numbers of epochs in each compiled call, as many as a fast machine would take."""
    seen, run_epochs = [], online.run_epochs

    def counting(network, data, epochs, cost):
        seen.append(len(epochs.rates))
        return run_epochs(network, data, epochs, cost)

    monkeypatch.setattr(online, "run_epochs", counting)
    monkeypatch.setattr("synapse.learning._pieces.SECONDS", np.finfo(float).max / 1e9)
    return seen


@pytest.fixture
def one_by_one(monkeypatch):
    """A machine so slow that every call is one epoch."""
    return lambda: monkeypatch.setattr("synapse.learning._pieces.SECONDS", 0.0)


@by_case
def test_epochs_in_one_call_are_the_bits_of_epochs_one_by_one(case, calls, one_by_one):
    together = Found(case)
    assert calls == [1, 4, 16, 9]
    one_by_one()
    alone = Found(case)
    assert calls[4:] == [1] * 30
    assert together == alone
    assert alone.result.epochs == 30


@by_case
@pytest.mark.parametrize("seed", range(3))
def test_any_division_gives_the_same_bits(case, seed, calls, monkeypatch):
    goal = sorted(Found(case).result.history["error"])[6]
    expected, rng = Found(case, error=goal), np.random.default_rng(seed)

    def any_number(pace, seconds, sequences):
        pace.epochs = int(rng.integers(1, 9))

    monkeypatch.setattr("synapse.learning._pieces.Pace.note", any_number)
    assert Found(case, error=goal) == expected


@by_case
@pytest.mark.parametrize(
    ("callbacks", "expected"),
    [
        ([nothing], [1] * 30),
        ([every(1, nothing)], [1] * 30),
        ([every(10, nothing)], [1, 4, 5, 10, 10]),
        ([every(7, nothing), every(5, nothing)], [1, 4, 2, 3, 4, 1, 5, 1, 4, 3, 2]),
        ([every(100, nothing)], [1, 4, 16, 9]),
    ],
)
def test_callbacks_change_no_bit(case, callbacks, expected, calls):
    assert Found(case, callbacks=callbacks) == Found(case)
    assert calls == [*expected, 1, 4, 16, 9]


def test_callbacks_are_called_after_their_epochs():
    seen, often = [], []
    callbacks = [every(7, lambda news: seen.append((news.epoch, news.error))), every(3, often.append)]
    history = Found("samples", callbacks=callbacks).result.history
    assert seen == [(epoch, history["error"][epoch - 1]) for epoch in (7, 14, 21, 28)]
    assert [news.epoch for news in often] == list(range(3, 31, 3))
    assert Found("samples", callbacks=[every(7, lambda news: news.epoch == 14)]).result.epochs == 14


@by_case
def test_a_goal_within_a_call_ends_it_as_between_calls(case, calls, one_by_one):
    errors = Found(case).result.history["error"]
    goal = sorted(errors)[10]
    end = next(epoch for epoch, error in enumerate(errors, 1) if error <= goal)
    together = Found(case, error=goal)
    assert (together.result.stopped, together.result.epochs) == ("error", end)
    one_by_one()
    assert together == Found(case, error=goal)


def test_patience_without_best_weights(calls, one_by_one):
    options = {"patience": 3, "restore_best": False, "epochs": 200, "rate": 3.0}
    together = Found("sequences", **options)
    assert together.result.stopped == "patience"
    assert max(calls) > 1
    one_by_one()
    assert together == Found("sequences", **options)


@pytest.mark.parametrize(
    "options", [{"patience": 40}, {"validation": XOR}, {"validation": XOR, "patience": 9}]
)
def test_the_best_weights_come_back_as_before(options, calls):
    found = Found("samples", **options)
    assert set(calls) == {1}
    assert found == Found("samples", callbacks=[nothing], **options)


@pytest.mark.parametrize(
    "rate",
    [
        Exponential(0.3, factor=0.9),
        StepDecay(0.3, every=7),
        WarmUp(5, then=Exponential(0.3)),
        WarmUp(5, then=0.2),
        WarmUp(5, then=ReduceOnPlateau(0.3, patience=2)),
        ReduceOnPlateau(0.3, patience=2),
        lambda epoch: 0.3 / (1 + epoch),
    ],
)
def test_schedules_give_the_rates_they_give_one_by_one(rate, calls, one_by_one):
    together = Found("sequences", rate=rate)
    fixed = "Plateau" not in repr(rate) and type(rate).__name__ != "function"
    assert (max(calls) > 1) == fixed
    one_by_one()
    assert together == Found("sequences", rate=rate)


def test_a_rate_out_of_range_is_refused_when_its_epoch_begins(calls):
    net, other = perceptron(), perceptron()
    with pytest.raises(ArgumentError, match="the rate of epoch 11 "):
        Trainer(net, Exponential(1e-300, factor=1e30)).train(*XOR, epochs=30, seed=0, progress=False)
    assert calls == [1, 4, 6]
    Trainer(other, Exponential(1e-300, factor=1e30)).train(*XOR, epochs=11, seed=0, progress=False)
    assert parameters(net).tobytes() == parameters(other).tobytes()


def failed(error, make, **options):
    """The message of a training that raises, the bits that it leaves, and the state of its generator."""
    net, rng = make(), np.random.default_rng(5)
    rows = np.linspace(-1, 1, 8)[:, None]
    with pytest.raises(error) as caught:
        Trainer(net, Exponential(0.005, factor=1.3)).train(
            rows, 30 * rows, epochs=300, seed=rng, progress=False, **options
        )
    return str(caught.value), parameters(net).tobytes(), rng.random()


def diverging():
    net = architect.Perceptron(1, 2, 1, seed=0)
    net.hidden[0].squash = net.output.squash = "identity"
    return net


def test_divergence_in_the_middle_of_a_call(calls):
    found = failed(DivergenceError, diverging)
    assert "in epoch" in found[0]
    assert max(calls) > 1
    assert found == failed(DivergenceError, diverging, callbacks=[nothing])


def test_a_registered_function_that_raises_in_the_middle_of_a_call(calls):
    @squash.register
    def brittle(state):
        if abs(state) > 50.0:
            raise ValueError("too much")
        return state, 1.0

    def make():
        net = diverging()
        net.output.squash = brittle
        return net

    found = failed(FunctionError, make)
    assert max(calls) > 1
    assert found == failed(FunctionError, make, callbacks=[nothing])


def test_long_epochs_run_in_a_thread_with_the_same_bits(monkeypatch, calls):
    found = Found("sequences")
    monkeypatch.setattr("synapse.learning.training.LONG", 0)
    assert Found("sequences") == found
    assert calls == [1, 4, 16, 9] * 2


def test_a_recording_does_not_change_bits_and_gets_every_step(calls):
    (make, data, _), found = CASES["samples"], Found("samples")
    net, rng = make(), np.random.default_rng(5)
    with synapse.record(net) as recording:
        result = Trainer(net, 0.3).train(*data, epochs=30, seed=rng, progress=False)
    assert len(recording) == 120
    assert result.history == found.result.history
    assert parameters(net).tobytes() == parameters(found.net).tobytes()


@pytest.mark.parametrize("options", [{}, {"callbacks": [every(1000, nothing)]}])
def test_another_thread_stops_it_between_calls(options):
    net, other = perceptron(), perceptron()
    trainer = Trainer(net)
    threading.Timer(0.3, trainer.stop).start()
    result = trainer.train(*XOR, epochs=10**8, seed=0, progress=False, **options)
    assert result.stopped == "interrupted"
    again = Trainer(other).train(*XOR, epochs=result.epochs, seed=0, progress=False)
    assert parameters(net).tobytes() == parameters(other).tobytes()
    assert again.history == result.history


def test_another_thread_may_edit_and_use_the_network():
    net, stop = perceptron(), threading.Event()
    trainer, seen = Trainer(net), []

    def edit():
        for step in range(20):
            net.hidden[0].append(synapse.Neuron())
            net.input.project(net.hidden[0][-1], seed=0)
            net.hidden[0][-1].project(net.output, seed=0)
            net.activate([0, 1])
            net.propagate(0.1, [1])
            seen.append(step)
        trainer.stop()
        stop.set()

    thread = threading.Thread(target=edit)
    thread.start()
    result = trainer.train(*XOR, epochs=10**8, seed=0, progress=False)
    thread.join()
    assert result.stopped == "interrupted"
    assert len(seen) == 20
    assert np.isfinite(parameters(net)).all()


INTERRUPTED = """
import signal, numpy as np, architect, synapse
signal.signal(signal.SIGINT, signal.default_int_handler)
net, other = architect.Perceptron(2, 3, 1, seed=0), architect.Perceptron(2, 3, 1, seed=0)
xor = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
synapse.Trainer(architect.Perceptron(2, 3, 1, seed=0)).train(*xor, epochs=1, progress=False)
print("ready", flush=True)
result = synapse.Trainer(net).train(*xor, epochs=10**8, seed=0, progress=False)
synapse.Trainer(other).train(*xor, epochs=result.epochs, seed=0, progress=False)
print(result.stopped, result.epochs > 1, len(result.history["error"]) == result.epochs)
print(net.weights.tobytes() == other.weights.tobytes())
"""


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_ctrl_c_ends_a_training_of_very_short_epochs():
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert process.stdout.readline() == "ready\n"
    threading.Timer(0.5, process.send_signal, [signal.SIGINT]).start()
    told, _ = process.communicate(timeout=120)
    assert told.split() == ["interrupted", "True", "True", "True"]
    assert process.returncode == 0


class Halving(Online):
    """The online rule with half the rate; it does not say how several epochs are run."""

    def run(self, data, order, rate, control, moves=None):
        return super().run(data, order, rate / 2, control, moves)


class Own(Rule):
    """A rule of its own that updates weights itself, one epoch at a time."""

    direct = True

    def gradient(self, chosen):
        raise NotImplementedError

    def learn(self, data, order, rate, control):
        return Online(self.task).learn(data, order, rate, control)


@pytest.mark.parametrize(("rule", "factor"), [(Halving, 2.0), (Own, 1.0)])
def test_a_rule_that_does_not_define_several_epochs_runs_one_at_a_time(rule, factor, monkeypatch, calls):
    monkeypatch.setitem(RULES, "own", rule)
    net, rng = perceptron(), np.random.default_rng(5)
    result = Trainer(net, factor * 0.25, method="own").train(*XOR, epochs=30, seed=rng, progress=False)
    assert not calls
    found = Found("samples", rate=0.25)
    assert result.history["error"] == found.result.history["error"]
    assert parameters(net).tobytes() == parameters(found.net).tobytes()
    assert rng.random() == found.state


def test_a_progress_bar_counts_every_step(capsys):
    Trainer(perceptron()).train(*XOR, epochs=50, seed=0, progress="XOR")
    told = capsys.readouterr().err
    assert "XOR: error" in told
    assert "200/200" in told


def test_memory_for_orders_is_bounded(monkeypatch, calls):
    monkeypatch.setattr("synapse.learning._pieces.MOST_NUMBERS", 12)
    found = Found("samples")
    assert calls == [1, *[3] * 9, 2]
    monkeypatch.undo()
    assert found == Found("samples")
