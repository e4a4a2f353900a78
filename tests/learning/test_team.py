"""Batches that several threads compute: the same bits as one thread, whatever happens
meanwhile."""

import os

import numpy as np
import pytest

import architect
from synapse import Trainer, optimizers, squashes
from synapse.engine import exact
from synapse.errors import DivergenceError, FunctionError
from synapse.objects import threads as workers
from tests.helpers.cases import every_case
from tests.helpers.processes import python
from tests.helpers.ties import tie_at_random

from .helpers import built, by_sort, parameters, sequences


def trained(make, data, threads, *, epochs=3, **options):
    """Everything that a training leaves."""
    net = make()
    options = {"rule": "bptt", "optimizer": "adam", "rate": 0.01, **options}
    trainer = Trainer(net, threads=threads, **options)
    result = trainer.train(*data, epochs=epochs, progress=False, seed=3)
    losses = [float(loss).hex() for loss in result.history["loss"]]
    return parameters(net).tobytes(), losses, result.stop_reason


def same_for_any_number(make, data, **options):
    alone, *others = (
        trained(make, data, threads, **options) for threads in (1, 2, 3, 7)
    )
    assert others == [alone] * 3


def rows(inputs, outputs, count, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, inputs)), rng.random((count, outputs))


@pytest.mark.full
@by_sort
@every_case("size", [9, 23, 40])
def test_any_number_of_threads_trains_to_the_same_bits(sort, size):
    """Of several groups, of which some have one sample."""
    net = built(sort)
    data = sequences(net, [1 + i % 5 for i in range(70)])
    same_for_any_number(lambda: built(sort), data, batch_size=size)


@every_case("dtype", ["float32", "float64"])
@every_case("size", [2, 33, 129, 300])
def test_a_perceptron_with_many_weights_is_updated_to_the_same_bits(dtype, size):
    """Steps of one group, sums by neurons, and weights are divided among threads."""

    def make():
        return architect.Perceptron(30, 110, 20, 5, seed=0, dtype=dtype)

    same_for_any_number(make, rows(30, 5, 300), batch_size=size)


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
    def tied():
        return tie_at_random(built("lstm"), 1)

    data = sequences(tied(), [4] * 20)
    same_for_any_number(tied, data, batch_size=20, **options)


@squashes.register
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


class NoThreads:
    """A pool that cannot start a thread."""

    def submit(self, call):
        raise RuntimeError("can't start new thread")


def test_without_memory_for_others_one_thread_computes(monkeypatch):
    def make():
        return architect.Perceptron(30, 110, 5, seed=0)

    data = rows(30, 5, 64)
    alone = trained(make, data, 1)

    def no_memory(*_):
        raise MemoryError

    monkeypatch.setattr(exact, "SharedTapes", no_memory)
    assert trained(make, data, 2) == alone
    monkeypatch.undo()
    monkeypatch.setattr(workers, "_threads", workers._Threads())
    pool = "concurrent.futures.ThreadPoolExecutor"
    monkeypatch.setattr(pool, lambda *_: NoThreads())
    assert trained(make, data, 2) == alone


# --- how many -------------------------------------------------------------------------


def test_threads_pay_from_some_work_on_and_never_more_than_there_are_cores(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(workers, "usable_cores", lambda: 4)
    large = 1e12
    counts = [workers.threads_that_pay(n * workers.MIN_SHARE, large) for n in range(7)]
    assert counts == [1, 1, 2, 3, 4, 4, 4]
    assert workers.threads_that_pay(large, workers.MIN_CALL - 1) == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert workers.threads_that_pay(large, large) == 2
    monkeypatch.setattr("multiprocessing.parent_process", object)
    assert workers.threads_that_pay(large, large) == 1


def test_trainings_at_the_same_time_share_the_cores(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(workers, "usable_cores", lambda: 4)
    with (
        workers.computing(3, True) as first,
        workers.computing(3, True) as second,
    ):
        assert (first, second) == (3, 1)
        with workers.computing(5, False) as explicit:
            assert explicit == 5
    with workers.computing(4, True) as later:
        assert later == 4


def test_by_default_a_large_batch_is_divided_and_a_small_one_is_not(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(workers, "usable_cores", lambda: 2)
    helped = []
    real = workers.beside
    monkeypatch.setattr(
        "synapse.learning.rules._bptt.beside",
        lambda calls, stop: helped.append(len(calls)) or real(calls, stop),
    )

    def large():
        return architect.Perceptron(200, 100, 10, seed=0)

    data = rows(200, 10, 512)
    default = trained(large, data, None, batch_size=256)
    assert max(helped) == 1
    helped.clear()
    assert trained(large, data, 1, batch_size=256) == default
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


@pytest.mark.full
def test_ctrl_c_ends_a_training_by_several_threads_between_batches():
    said = python("-c", INTERRUPTED, PYTHONMALLOC="debug").split()
    assert said == ["interrupted", "epochs"]


@pytest.mark.full
def test_edits_and_runs_in_another_thread_wait_for_a_batch():
    assert python("-c", EDITED, PYTHONMALLOC="debug").split() == ["sound"]


@pytest.mark.full
def test_trainings_in_several_threads_do_not_disturb_each_other():
    assert python("-c", SEVERAL, PYTHONMALLOC="debug").split() == ["same"]


@pytest.mark.full
@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_forked_process_has_threads_of_its_own():
    assert python("-W", "ignore", "-c", FORKED).split() == ["0"]
