"""Runs and tests of many sequences by several threads: what one thread returns, and
leaves, to the last bit."""

import os

import numpy as np
import pytest

import architect
from synapse import Layer, Network, Trainer, engine, record, squashes
from synapse.analysis import lesions
from synapse.engine.exact import event_index as events
from synapse.engine.schema import STEPPED
from synapse.errors import ArgumentError, ArgumentTypeError, FunctionError
from synapse.learning import _gradient
from synapse.objects import side_by_side, threads as workers
from tests.helpers.cases import every_case
from tests.helpers.processes import python
from tests.helpers.ties import tie_at_random

from .helpers import SORTS, built, sequences

NUMBERS = (1, 2, 3, 7)
LENGTHS = [1 + i % 5 for i in range(40)]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Parts of some steps, which threads compute however short they are."""
    monkeypatch.setattr(side_by_side, "PART", 1)


def one_clock(**options):
    """Neurons that read others a step late, with a delay, without inputs of some."""
    layers = Layer(3), Layer(6, "tanh"), Layer(2)
    layers[0].project(layers[1], seed=0)
    layers[1].project(layers[1], seed=1)
    layers[1].project(layers[2], seed=2)
    return Network(layers[0], [layers[1]], layers[2], synchronous=True)


def classes(**options):
    return architect.Perceptron(3, 6, 4, seed=0, output_squash="softmax")


def clamped(**options):
    net = built("lstm")
    net.hidden[0][1].clamp(0.25)
    return net


def two_in_a_store(**options):
    """A network that reads another one, which does not step."""
    net, other = built("elman"), built("delays", seed=1)
    other.output.project(net.hidden[0], seed=0)
    other.run(np.ones((4, 3)))
    return net


def by_chance(**options):
    net = architect.Perceptron(3, 8, 2, squash="bernoulli", seed=0)
    net.reseed(0)
    return net


def by_rtrl(**options):
    net = built("gru")
    net.rule = "rtrl"
    return net


NETWORKS = {
    **{sort: lambda sort=sort: built(sort) for sort in SORTS},
    "float32": lambda: built("lstm", dtype="float32"),
    "tied": lambda: tie_at_random(built("lstm"), 1),
    "one clock": one_clock,
    "classes": classes,
    "clamped": clamped,
    "two in a store": two_in_a_store,
    "rtrl": by_rtrl,
    "random neurons": by_chance,
}
on_each = every_case("make", NETWORKS)


def numbers(net):
    """Everything that steps leave, by column; and how the network goes on."""
    store = net._store
    left = {name: store[name].tobytes() for name in store.columns}
    left["next"] = net.activate([0.1, 0.2, 0.3]).tobytes()
    if net._store.recorder is None:
        size = len(net.output)
        net.propagate(0.1, np.full(size, 1.0 / size))
        left["learned"] = net.weights.tobytes()
    return left


def bits(outputs):
    if isinstance(outputs, list):
        return [part.tobytes() for part in outputs]
    return outputs.tobytes()


def same_for_any_number(make, act):
    """`act` of a network and a number of threads returns, and leaves, the same."""
    given = []
    for number in NUMBERS:
        net = NETWORKS[make]() if isinstance(make, str) else make()
        net.activate([0.3, 0.1, 0.2])
        before = {name: net._store[name].tobytes() for name in net._store.columns}
        answer = act(net, number)
        now = net._store
        changed = {name for name in before if now[name].tobytes() != before[name]}
        assert changed <= set(STEPPED)
        given.append((answer, numbers(net)))
    for answer, left in given[1:]:
        assert answer == given[0][0]
        assert {name for name in left if left[name] != given[0][1][name]} == set()


@pytest.mark.full
@on_each
@every_case("traces", [True, False])
def test_any_number_of_threads_runs_sequences_to_the_same_bits(make, traces):
    def run(net, number):
        inputs, _ = sequences(net, [*LENGTHS, 0, 3, 0])
        return bits(net.run(inputs, traces=traces, threads=number))

    same_for_any_number(make, run)


@every_case("make", ["perceptron", "classes", "lstm", "random neurons"])
@every_case("traces", [True, False])
def test_rows_are_divided_in_a_network_without_memory(make, traces):
    def run(net, number):
        (rows,), _ = sequences(net, [300])
        return bits(net.run(rows, traces=traces, threads=number))

    same_for_any_number(make, run)


def measured(net, number, inputs, targets, **options):
    trainer = Trainer(net, rule="bptt", threads=number)
    result = trainer.test(inputs, targets, **options)
    found = (result.confusion, result.misclassified)
    return result.loss.hex(), result.steps, [str(each) for each in found]


@on_each
def test_any_number_of_threads_tests_to_the_same_bits(make):
    def test(net, number):
        inputs, targets = sequences(net, LENGTHS)
        if make == "classes":
            targets = [aims / aims.sum(1, keepdims=True) for aims in targets]
        for aims in targets[::3]:
            aims[0] = np.nan
        return measured(net, number, inputs, targets)

    same_for_any_number(make, test)


@every_case("make", ["lstm", "perceptron"])
def test_a_recording_has_the_rows_of_one_thread(make):
    def test(net, number):
        inputs, targets = sequences(net, LENGTHS)
        variables = "activation", "state", "weight", "bias_eligibility"
        with record(net, *variables) as log:
            answer = measured(net, number, inputs, targets)
            outputs = bits(net.run(inputs, threads=number))
        return answer, outputs, [log[name].tobytes() for name in variables]

    same_for_any_number(make, test)


@squashes.register
def raises_above(state):
    if state > 50.0:
        raise ValueError("too large")
    return state, 1.0


def test_a_failure_is_that_of_the_first_sequence_and_leaves_what_one_thread_leaves():
    def make():
        return architect.Perceptron(3, 4, 1, seed=0, squash="raises_above")

    def failing(call):
        def act(net, number):
            inputs, targets = sequences(net, [4] * 60)
            inputs[31][2] = 1e4
            inputs[50][0] = 2e4
            with pytest.raises(FunctionError) as raised:
                call(net, inputs, targets, number)
            return str(raised.value)

        return act

    def run(net, inputs, targets, number):
        net.run(inputs, threads=number)

    def untraced(net, inputs, targets, number):
        net.run(inputs, traces=False, threads=number)

    def test(net, inputs, targets, number):
        measured(net, number, inputs, targets)

    for call in (run, untraced, test):
        same_for_any_number(make, failing(call))


def test_a_row_that_is_refused_changes_nothing():
    def run(net, number):
        (rows,), _ = sequences(net, [200])
        rows[150, 1] = np.nan
        with pytest.raises(ArgumentError) as raised:
            net.run(rows, threads=number)
        return str(raised.value)

    same_for_any_number("perceptron", run)


def test_without_memory_for_others_one_thread_runs(monkeypatch):
    net = built("lstm")
    inputs, _ = sequences(net, LENGTHS)
    alone = bits(net.run(inputs, threads=1))

    def no_memory(*_):
        raise MemoryError

    monkeypatch.setattr(engine.exact, "call_side_by_side", no_memory)
    assert bits(net.run(inputs, threads=3)) == alone


@every_case("together", [False, True])
def test_runs_by_events_have_the_bits_of_one_thread(together):
    """The kernel depends on the network, not on threads."""
    real = events.MIN_CONNECTIONS
    events.MIN_CONNECTIONS = 1

    def make():
        sizes = (3, "identity"), (30, "relu"), (30, "relu"), (2, "identity")
        layers = [Layer(*size) for size in sizes]
        layers[0].project(layers[1], seed=0)
        pattern = np.random.default_rng(0).random((30, 30)) < 0.4
        layers[1].project(layers[2], pattern, seed=0)
        layers[2].project(layers[3], seed=0)
        return Network(layers[0], layers[1:3], layers[3], synchronous=together)

    def run(net, number):
        inputs, _ = sequences(net, LENGTHS)
        before = bits(net.run(inputs[:10], traces=False, threads=number))
        return before, bits(net.run(inputs, traces=False, threads=number))

    try:
        same_for_any_number(make, run)
    finally:
        events.MIN_CONNECTIONS = real


def test_threads_is_a_number_of_them():
    net = built("perceptron")
    for wrong in (0, -1, 1.5, "2"):
        with pytest.raises(
            (ArgumentError, ArgumentTypeError), match="`threads` must be"
        ):
            net.run(np.ones((2, 3)), threads=wrong)


# --- when it pays ---------------------------------------------------------------------


@pytest.fixture
def helped(monkeypatch):
    """The numbers of helpers that are asked for on a machine with three cores."""
    monkeypatch.undo()
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(workers, "usable_cores", lambda: 3)
    asked = []
    real = workers.beside
    for module in (side_by_side, _gradient):
        monkeypatch.setattr(
            module,
            "beside",
            lambda calls, stop: (
                (asked.append(len(calls)) if calls else None) or real(calls, stop)
            ),
        )
    return asked


def test_by_default_many_rows_are_divided_and_few_are_not(helped):
    net = architect.Perceptron(200, 100, 10, seed=0)
    rows = np.random.default_rng(0).normal(size=(1200, 200))
    targets = np.full((1200, 10), 0.5)
    alone = bits(net.run(rows, threads=1))
    assert bits(net.run(rows)) == alone
    Trainer(net).test(rows, targets)
    assert helped == [2, 2]
    net.run(rows[:100])
    Trainer(net).test(rows[:100], targets[:100])
    assert helped == [2, 2]
    net.run(list(rows[:, None]))  # sequences that end at once
    assert helped == [2, 2, 2]


@pytest.mark.full
def test_lesions_use_several_threads(helped):
    net = architect.Perceptron(100, 60, 2, seed=0)
    rng = np.random.default_rng(0)
    data = rng.normal(size=(2000, 100)), rng.random((2000, 2))
    several = lesions(net, *data)
    assert set(helped) == {2}
    workers.MIN_CALL, before = 1e18, workers.MIN_CALL
    try:
        assert lesions(net, *data).loss == several.loss
    finally:
        workers.MIN_CALL = before


# --- attacks, each in a process of its own --------------------------------------------

ATTACK = """
import os, signal, sys, threading, time
import numpy as np
import architect, synapse
from synapse import Trainer
from synapse.learning import _gradient
from synapse.objects import side_by_side
from tests.helpers.integrity import check_store

side_by_side.PART = 1
net = architect.LSTM(6, 20, 4, seed=0)
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(300, 20, 6)), rng.random((300, 20, 4))
trainer = Trainer(net, threads=3)

def both(net, trainer):
    outputs = net.run(X, threads=3), net.run(X, traces=False, threads=3)
    return [*map(np.ndarray.tobytes, outputs), trainer.test(X, Y).loss]

alone = both(net, trainer)
"""

INTERRUPTED = (
    ATTACK
    + """
interrupts = 0
begin = time.monotonic()
while time.monotonic() < begin + 3:
    timer = threading.Timer(rng.random() / 50, os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        for _ in range(100):
            both(net, trainer)
    except KeyboardInterrupt:
        interrupts += 1
try:
    time.sleep(0.1)
except KeyboardInterrupt:
    pass
check_store(net._store)
print(interrupts > 3, both(net, trainer) == alone)
"""
)

EDITED = (
    ATTACK
    + """
ended = threading.Event()
failures = []

def edit():
    try:
        while not ended.is_set():
            source, target = net.input[0], net.output[0]
            if any(link.target is target for link in source.outgoing):
                source.disconnect(target)
            else:
                source.project(target, weight=0.0)
            net.weights, net.run(X[0]), net.activate(X[0, 0]), net.clear()
            time.sleep(0.001)
    except BaseException as error:
        failures.append(repr(error))

thread = threading.Thread(target=edit)
thread.start()
for _ in range(10):
    for mine, other in zip(both(net, trainer)[:2], alone[:2]):
        near = np.frombuffer(mine) - np.frombuffer(other)
        assert np.abs(near).max() < 1e-12
ended.set()
thread.join()
check_store(net._store)
print(failures or "sound")
"""
)

SEVERAL = (
    ATTACK
    + """
def run(seed, answers):
    twin = architect.LSTM(6, 20, 4, seed=seed)
    answers[seed] = [both(twin, Trainer(twin, threads=3)) for _ in range(5)]

together = {}
threads = [threading.Thread(target=run, args=(seed, together)) for seed in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
single = {}
for seed in range(4):
    run(seed, single)
print("same" if single == together else "different")
"""
)

FORKED = (
    ATTACK
    + """
child = os.fork()
if child == 0:
    os._exit(0 if both(net, trainer) == alone else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
)


@pytest.mark.full
def test_ctrl_c_waits_for_the_end_of_a_run():
    said = python("-c", INTERRUPTED, PYTHONMALLOC="debug").split()
    assert said == ["True", "True"]


@pytest.mark.full
def test_edits_in_another_thread_wait_for_a_run():
    assert python("-c", EDITED, PYTHONMALLOC="debug").split() == ["sound"]


@pytest.mark.full
@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_forked_process_has_threads_of_its_own():
    assert python("-W", "ignore", "-c", FORKED).split() == ["0"]
