"""Several threads compute batches, runs and tests of many sequences: what one thread
returns and leaves, to the last bit, whatever happens meanwhile."""

import os
from functools import partial

import numpy as np
import pytest

import architect
from synapse import Layer, Network, Trainer, engine, optimizers, record, squashes
from synapse.analysis import lesions
from synapse.engine import exact
from synapse.engine.exact import event_index as events
from synapse.engine.schema import STEPPED
from synapse.errors import ArgumentError, DivergenceError, FunctionError, SynapseError
from synapse.learning import _gradient
from synapse.learning.rules import _bptt
from synapse.objects import side_by_side, threads as workers
from tests.helpers.called_in_python import in_python
from tests.helpers.cases import all_refused, every_case
from tests.helpers.processes import python
from tests.helpers.ties import tie_at_random

from .helpers import SORTS, built, by_sort, parameters, sequences

NUMBERS = (1, 2, 7)


def trained(make, data, threads, *, epochs=3, **options):
    """Everything that a training leaves."""
    options = {"rule": "bptt", "optimizer": "adam", "rate": 0.01, **options}
    trainer = Trainer(make(), threads=threads, **options)
    result = trainer.train(*data, epochs=epochs, progress=False, seed=3)
    losses = [float(loss).hex() for loss in result.history["loss"]]
    return parameters(trainer.network).tobytes(), losses, result.stop_reason


def same_for_any_number(make, data, **options):
    one, two, seven = (trained(make, data, n, **options) for n in NUMBERS)
    assert one == two == seven


def rows(inputs, outputs, count, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, inputs)), rng.random((count, outputs))


@pytest.mark.full
@by_sort
@every_case("size", [9, 23, 40])
def test_any_number_of_threads_trains_to_the_same_bits(sort, size):
    """Of several groups, of which some have one sample."""
    data = sequences(built(sort), [1 + i % 5 for i in range(70)])
    same_for_any_number(lambda: built(sort), data, batch_size=size)


@every_case("dtype", ["float32", "float64"])
@every_case("size", [2, 33, 129, 300])
def test_a_perceptron_with_many_weights_is_updated_to_the_same_bits(dtype, size):
    """Steps of one group, sums by neurons, and weights are divided among threads."""
    make = partial(architect.Perceptron, 30, 110, 20, 5, seed=0, dtype=dtype)
    same_for_any_number(make, rows(30, 5, 300), epochs=2, batch_size=size)


@pytest.mark.full
@every_case(
    "options",
    [
        {"l1": 0.001, "l2": 0.01, "clip": 0.1},
        {"optimizer": optimizers.SGD(0.1, momentum=0.9)},
        {"optimizer": "lbfgs", "rate": None},
        {"dropout": 0.3},
        {"window": 2},
    ],
)
def test_options_keep_the_bits(options):
    tied = lambda: tie_at_random(built("lstm"), 1)  # noqa: E731
    same_for_any_number(tied, sequences(tied(), [4] * 20), batch_size=20, **options)


@in_python(squashes.register)
def fragile(state):
    if state > 50.0:
        raise ValueError("too large")
    return state, 1.0


def failing():
    """A network that fails in the second of its groups."""
    net = architect.Perceptron(2, 4, 1, seed=0, squash="fragile")
    inputs, targets = rows(2, 1, 300)
    inputs[200] = 1e4
    return net, (inputs, targets), FunctionError


def diverging():
    net = architect.Elman(2, 4, 1, seed=0, squash="identity")
    inputs, targets = np.ones((40, 6, 2)), np.ones((40, 6, 1))
    inputs[30] = 1e200
    return net, (inputs, targets), DivergenceError


@every_case("make", [failing, diverging])
def test_a_failure_is_that_of_one_thread_and_changes_no_weight(make):
    messages = set()
    for threads in (1, 2, 3):
        net, data, error = make()
        before = parameters(net).tobytes()
        trainer = Trainer(net, rule="bptt", optimizer="adam", batch_size=300)
        trainer.threads = threads
        with pytest.raises(error) as raised:
            trainer.train(*data, epochs=2, progress=False, shuffle=False)
        messages.add(str(raised.value))
        assert parameters(net).tobytes() == before
    assert len(messages) == 1


def no_memory(*_):
    raise MemoryError


class NoThreads:
    """A pool that cannot start a thread."""

    def submit(self, call):
        raise RuntimeError("can't start new thread")


def test_without_memory_for_others_one_thread_computes(monkeypatch):
    make = partial(architect.Perceptron, 30, 110, 5, seed=0)
    data = rows(30, 5, 64)
    alone = trained(make, data, 1)
    with monkeypatch.context() as patches:
        patches.setattr(exact, "SharedTapes", no_memory)
        assert trained(make, data, 2) == alone
    monkeypatch.setattr(workers, "_threads", workers._Threads())
    monkeypatch.setattr("concurrent.futures.ThreadPoolExecutor", lambda *_: NoThreads())
    assert trained(make, data, 2) == alone


# --- how many -------------------------------------------------------------------------


@pytest.fixture
def cores(monkeypatch):
    """A function that says how many cores the machine has."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    return lambda n: monkeypatch.setattr(workers, "usable_cores", lambda: n)


@pytest.fixture
def helped(monkeypatch):
    """The numbers of helpers that are asked for, with parts as they are."""
    monkeypatch.undo()
    asked = []
    real = workers.beside

    def beside(calls, stop):
        if calls:
            asked.append(len(calls))
        return real(calls, stop)

    for module in (side_by_side, _gradient, _bptt):
        monkeypatch.setattr(module, "beside", beside)
    return asked


def test_threads_pay_from_some_work_on_and_never_more_than_there_are_cores(
    cores, monkeypatch
):
    cores(4)
    large = 1e12
    assert [
        workers.threads_that_pay(n * workers.MIN_SHARE, large) for n in range(7)
    ] == [1, 1, 2, 3, 4, 4, 4]
    assert workers.threads_that_pay(large, workers.MIN_CALL - 1) == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert workers.threads_that_pay(large, large) == 2
    monkeypatch.setattr("multiprocessing.parent_process", object)
    assert workers.threads_that_pay(large, large) == 1


def test_trainings_at_the_same_time_share_the_cores(cores):
    cores(4)
    with (
        workers.computing(3, True) as first,
        workers.computing(3, True) as second,
        workers.computing(5, False) as explicit,
    ):
        pass
    with workers.computing(4, True) as later:
        assert (first, second, explicit, later) == (3, 1, 5, 4)


LARGE = partial(architect.Perceptron, 200, 100, 10, seed=0)


def test_by_default_a_large_batch_is_divided_and_a_small_one_is_not(cores, helped):
    cores(2)
    data = rows(200, 10, 512)
    default = trained(LARGE, data, None, epochs=1, batch_size=256)
    assert {*helped} == {1}
    helped.clear()
    assert trained(LARGE, data, 1, epochs=1, batch_size=256) == default
    trained(lambda: architect.Perceptron(2, 3, 1), rows(2, 1, 40), None)
    assert not helped


# --- attacks, each in a process of its own --------------------------------------------

ATTACK = """
import os, signal, sys, threading, time
import numpy as np
import architect, synapse
from synapse import Trainer
from tests.helpers.integrity import check_store

net = architect.Perceptron(100, 200, 10, seed=0)
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(2048, 100)), rng.random((2048, 10))
trainer = Trainer(net, rule="bptt", optimizer="adam", batch_size=256, threads=3)
trainer.train(X, Y, epochs=1, progress=False)  # compiled
"""

INTERRUPTED = (
    ATTACK
    + """
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
result = trainer.train(X, Y, epochs=10**6, progress=False)
assert np.isfinite(net.weights).all()
check_store(net._store)
again = trainer.train(X, Y, epochs=1, progress=False)
print(result.stop_reason, again.stop_reason)
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
            link = net.connections[0]
            link.trainable = not link.trainable
            source, target = net.input[0], net.output[0]
            if any(link.target is target for link in source.outgoing):
                source.disconnect(target)
            else:
                source.project(target)
            net.weights, net.run(X[:3])
            time.sleep(0.001)
    except BaseException as error:
        failures.append(repr(error))

thread = threading.Thread(target=edit)
thread.start()
for _ in range(3):
    trainer.train(X, Y, epochs=5, progress=False, callbacks=[lambda epoch: None])
ended.set()
thread.join()
check_store(net._store)
print(failures or "sound")
"""
)

SEVERAL = (
    ATTACK
    + """
def train(seed, answers):
    twin = architect.Perceptron(100, 200, 10, seed=seed)
    Trainer(twin, rule="bptt", optimizer="adam", batch_size=256, threads=3).train(
        X, Y, epochs=4, progress=False, seed=0
    )
    answers[seed] = twin.weights.tobytes()

alone, together = {}, {}
for seed in range(4):
    train(seed, alone)
threads = [threading.Thread(target=train, args=(seed, together)) for seed in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("same" if alone == together else "different")
"""
)

FORKED = (
    ATTACK
    + """
child = os.fork()
if child == 0:
    trainer.train(X, Y, epochs=2, progress=False, seed=1)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
)


# --- runs and tests -------------------------------------------------------------------


LENGTHS = [1 + i % 5 for i in range(40)]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Parts of some steps, which threads compute however short they are."""
    monkeypatch.setattr(side_by_side, "PART", 1)


def one_clock():
    """Neurons that read others a step late, with a delay, without inputs of some."""
    x, h, y = Layer(3), Layer(6, "tanh"), Layer(2)
    for seed, (source, target) in enumerate([(x, h), (h, h), (h, y)]):
        source.project(target, seed=seed)
    return Network(x, [h], y, synchronous=True)


def clamped():
    net = built("lstm")
    net.hidden[0][1].clamp(0.25)
    return net


def two_in_a_store():
    """A network that reads another one, which does not step."""
    net, other = built("elman"), built("delays", seed=1)
    other.output.project(net.hidden[0], seed=0)
    other.run(np.ones((4, 3)))
    return net


def by_chance():
    net = architect.Perceptron(3, 8, 2, squash="bernoulli", seed=0)
    net.reseed(0)
    return net


def by_rtrl():
    net = built("gru")
    net.rule = "rtrl"
    return net


NETWORKS = {
    **{sort: partial(built, sort) for sort in SORTS},
    "float32": partial(built, "lstm", dtype="float32"),
    "tied": lambda: tie_at_random(built("lstm"), 1),
    "one clock": one_clock,
    "classes": partial(architect.Perceptron, 3, 6, 4, seed=0, output_squash="softmax"),
    "clamped": clamped,
    "two in a store": two_in_a_store,
    "rtrl": by_rtrl,
    "random neurons": by_chance,
}
on_each = every_case("make", NETWORKS)


def columns(net):
    return {name: net._store[name].tobytes() for name in net._store.columns}


def numbers(net):
    """Everything that steps leave, by column; and how the network goes on."""
    left = columns(net)
    left["next"] = net.activate([0.1, 0.2, 0.3]).tobytes()
    if net._store.recorder is None:
        net.propagate(0.1, np.full(len(net.output), 1.0 / len(net.output)))
        left["learned"] = net.weights.tobytes()
    return left


def bits(outputs):
    if isinstance(outputs, list):
        return [part.tobytes() for part in outputs]
    return outputs.tobytes()


def same_runs_for_any_number(make, act):
    """`act` of a network and a number of threads returns, and leaves, the same."""
    given = []
    for number in NUMBERS:
        net = NETWORKS[make]() if isinstance(make, str) else make()
        net.activate([0.3, 0.1, 0.2])
        before = columns(net).items()
        answer = act(net, number)
        assert {name for name, _ in before - columns(net).items()} <= set(STEPPED)
        given.append((answer, numbers(net)))
    (alone, expected), *others = given
    for answer, left in others:
        assert answer == alone
        assert {name for name in left if left[name] != expected[name]} == set()


@pytest.mark.full
@on_each
@every_case("traces", [True, False])
def test_any_number_of_threads_runs_sequences_to_the_same_bits(make, traces):
    def run(net, number):
        inputs, _ = sequences(net, [*LENGTHS, 0, 3, 0])
        return bits(net.run(inputs, traces=traces, threads=number))

    same_runs_for_any_number(make, run)


@every_case("make", ["perceptron", "classes", "lstm", "random neurons"])
@every_case("traces", [True, False])
def test_rows_are_divided_in_a_network_without_memory(make, traces):
    def run(net, number):
        (inputs,), _ = sequences(net, [300])
        return bits(net.run(inputs, traces=traces, threads=number))

    same_runs_for_any_number(make, run)


def measured(net, number, inputs, targets):
    result = Trainer(net, rule="bptt", threads=number).test(inputs, targets)
    found = str(result.confusion), str(result.misclassified)
    return result.loss.hex(), result.steps, *found


@on_each
def test_any_number_of_threads_tests_to_the_same_bits(make):
    def test(net, number):
        inputs, targets = sequences(net, LENGTHS)
        if make == "classes":
            targets = [aims / aims.sum(1, keepdims=True) for aims in targets]
        for aims in targets[::3]:
            aims[0] = np.nan
        return measured(net, number, inputs, targets)

    same_runs_for_any_number(make, test)


@every_case("make", ["lstm", "perceptron"])
def test_a_recording_has_the_rows_of_one_thread(make):
    def test(net, number):
        inputs, targets = sequences(net, LENGTHS)
        variables = "activation", "state", "weight", "bias_eligibility"
        with record(net, *variables) as log:
            found = [
                measured(net, number, inputs, targets),
                bits(net.run(inputs, threads=number)),
            ]
        return found + [log[name].tobytes() for name in variables]

    same_runs_for_any_number(make, test)


@every_case(
    "call",
    [
        lambda net, number, inputs, _: net.run(inputs, threads=number),
        lambda net, number, inputs, _: net.run(inputs, traces=False, threads=number),
        measured,
    ],
)
def test_a_failure_is_that_of_the_first_sequence_and_leaves_what_one_thread_leaves(
    call,
):
    make = partial(architect.Perceptron, 3, 4, 1, seed=0, squash="fragile")

    def failing(net, number):
        inputs, targets = sequences(net, [4] * 60)
        inputs[31][2] = 1e4
        inputs[50][0] = 2e4
        with pytest.raises(FunctionError) as raised:
            call(net, number, inputs, targets)
        return str(raised.value)

    same_runs_for_any_number(make, failing)


def test_a_row_that_is_refused_changes_nothing():
    def run(net, number):
        (inputs,), _ = sequences(net, [200])
        inputs[150, 1] = np.nan
        with pytest.raises(ArgumentError) as raised:
            net.run(inputs, threads=number)
        return str(raised.value)

    same_runs_for_any_number("perceptron", run)


def test_without_memory_for_others_one_thread_runs(monkeypatch):
    net = built("lstm")
    inputs, _ = sequences(net, LENGTHS)
    alone = bits(net.run(inputs, threads=1))
    monkeypatch.setattr(engine.exact, "call_side_by_side", no_memory)
    assert bits(net.run(inputs, threads=3)) == alone


@every_case("together", [False, True])
def test_runs_by_events_have_the_bits_of_one_thread(together, monkeypatch):
    """The kernel depends on the network, not on threads."""
    monkeypatch.setattr(events, "MIN_CONNECTIONS", 1)

    def make():
        x, *hidden, y = Layer(3), Layer(30, "relu"), Layer(30, "relu"), Layer(2)
        x.project(hidden[0], seed=0)
        pattern = np.random.default_rng(0).random((30, 30)) < 0.4
        hidden[0].project(hidden[1], pattern, seed=0)
        hidden[1].project(y, seed=0)
        return Network(x, hidden, y, synchronous=together)

    def run(net, number):
        inputs, _ = sequences(net, LENGTHS)
        return [
            bits(net.run(rows, traces=False, threads=number))
            for rows in (inputs[:10], inputs)
        ]

    same_runs_for_any_number(make, run)


def test_threads_is_a_number_of_them():
    run = partial(built("perceptron").run, np.ones((2, 3)))
    all_refused(
        (partial(run, threads=wrong), SynapseError, "`threads` must be")
        for wrong in (0, -1, 1.5, "2")
    )


# --- when it pays ---------------------------------------------------------------------


def test_by_default_many_rows_are_divided_and_few_are_not(cores, helped):
    cores(3)
    net = LARGE()
    inputs, targets = rows(200, 10, 1200)
    alone = bits(net.run(inputs, threads=1))
    assert bits(net.run(inputs)) == alone
    Trainer(net).test(inputs, targets)
    net.run(inputs[:100])
    Trainer(net).test(inputs[:100], targets[:100])
    assert helped == [2, 2]
    net.run(list(inputs[:, None]))  # sequences that end at once
    assert helped == [2, 2, 2]


@pytest.mark.full
def test_lesions_use_several_threads(cores, helped, monkeypatch):
    cores(3)
    net = architect.Perceptron(100, 60, 2, seed=0)
    data = rows(100, 2, 2000)
    several = lesions(net, *data)
    assert set(helped) == {2}
    monkeypatch.setattr(workers, "MIN_CALL", 1e18)
    assert lesions(net, *data).loss == several.loss


# --- attacks, each in a process of its own --------------------------------------------

RUNS = """
import os, signal, sys, threading, time
import numpy as np
import architect, synapse
from synapse import Trainer
from synapse.learning import _gradient
from synapse.learning.rules import _bptt
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

INTERRUPTED_RUNS = (
    RUNS
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

EDITED_RUNS = (
    RUNS
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

FORKED_RUNS = (
    RUNS
    + """
child = os.fork()
if child == 0:
    os._exit(0 if both(net, trainer) == alone else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
)


ATTACKS = {
    "Ctrl-C between batches": (INTERRUPTED, "interrupted epochs\n"),
    "edits between batches": (EDITED, "sound\n"),
    "several trainings": (SEVERAL, "same\n"),
    "Ctrl-C in runs": (INTERRUPTED_RUNS, "True True\n"),
    "edits between runs": (EDITED_RUNS, "sound\n"),
}


@pytest.mark.full
@pytest.mark.parametrize(("program", "answer"), ATTACKS.values(), ids=ATTACKS)
def test_a_process_that_is_attacked_stays_sound(program, answer):
    """Ctrl-C, edits and trainings in other threads wait for a batch, or a run."""
    assert python("-c", program, PYTHONMALLOC="debug") == answer


@pytest.mark.full
@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
@pytest.mark.parametrize("program", [FORKED, FORKED_RUNS], ids=["batches", "runs"])
def test_a_forked_process_has_threads_of_its_own(program):
    assert python("-W", "ignore", "-c", program) == "0\n"
