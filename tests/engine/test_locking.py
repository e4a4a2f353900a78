"""One thread at a time, and Ctrl-C afterwards."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

import architect
from synapse import Layer, Neuron, Trainer
from synapse.engine import locking
from synapse.engine.locking import (
    AllowInterrupt,
    DeferredInterrupt,
    ExclusiveAccess,
    consume_interrupt,
)
from synapse.errors import TopologyError


def test_code_of_the_user_is_interrupted_at_once(ctrl_c):
    done = []

    def act():
        with AllowInterrupt():
            ctrl_c()
            done.append("too far")

    with DeferredInterrupt():
        with pytest.raises(KeyboardInterrupt):
            act()
        ctrl_c()
        assert consume_interrupt()
    assert not done


def test_a_program_in_the_background_that_ignores_ctrl_c_goes_on(ctrl_c):
    """As a shell starts it: ``command &`` in a script. Its trainings are not
    interrupted either."""
    net = architect.Perceptron(1, 1, seed=0)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with DeferredInterrupt() as deferred:
            ctrl_c()
            assert not deferred.pending
            assert not consume_interrupt()
        press = [lambda progress: ctrl_c()]
        result = Trainer(net).train(
            [[1.0]], [[0.5]], epochs=3, callbacks=press, progress=False
        )
        assert (result.stop_reason, result.epochs) == ("epochs", 3)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_handler_of_a_program_that_embeds_python_stays(monkeypatch):
    """Python gives None for it, and could not restore it."""
    told = []
    embedded = SimpleNamespace(
        getsignal=lambda number: None, signal=lambda *arguments: told.append(arguments)
    )
    monkeypatch.setattr(locking, "_signal", embedded)
    with DeferredInterrupt() as deferred:
        assert not locking.deferring
    assert not deferred.pending
    assert told == []


def in_thread(act):
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


def test_a_second_thread_waits_and_holds_the_store_that_there_is_then():
    small, large = Neuron(), Layer(10)
    seen = []
    inside, leave = threading.Event(), threading.Event()

    def edit():
        with ExclusiveAccess(small):
            seen.append(small._store)
            inside.set()
            leave.wait(10)

    with ExclusiveAccess(small, *large):
        thread = in_thread(edit)
        small.project(large[0])  # joins: the thread waits for a store that is no more
        assert not inside.wait(0.1)
    assert inside.wait(10)
    assert seen == [large[0]._store]
    assert not large[0]._store.lock.acquire(blocking=False)
    leave.set()
    thread.join(10)


def test_what_is_removed_while_a_call_waits_is_refused():
    net = architect.Perceptron(2, 3, 1, seed=0)
    layer = net.hidden[0]
    with ThreadPoolExecutor(1) as threads, ExclusiveAccess(net):
        call = threads.submit(setattr, layer, "squash", "winner")
        while not net._store.turns:
            time.sleep(0.001)
        for neuron in [*layer]:
            net.remove(neuron)
    with pytest.raises(TopologyError, match="has no neurons left"):
        call.result(10)


def test_several_stores_are_locked_in_one_order_whoever_asks():
    """Otherwise two threads that join the same stores could wait for each other."""
    neurons = [Neuron() for _ in range(6)]
    for order in (neurons, neurons[::-1], neurons[3:] + neurons[:3]):
        with ExclusiveAccess(*order) as in_use:
            stores = [store for store, _ in in_use._held]
            assert stores == [neuron._store for neuron in neurons]


def test_ctrl_c_ends_waiting(ctrl_c):
    neuron = Neuron()
    locked, leave = threading.Event(), threading.Event()

    def hold():
        with ExclusiveAccess(neuron):
            locked.set()
            leave.wait(10)

    thread = in_thread(hold)
    locked.wait(10)
    threading.Timer(0.1, ctrl_c).start()
    with pytest.raises(KeyboardInterrupt):
        neuron.bias = 1.0
    leave.set()
    thread.join(10)
    assert neuron.bias == 0.0
    neuron.bias = 2.0
    assert neuron.bias == 2.0


def test_reading_waits_for_edits_and_not_for_steps():
    layer = Layer(3, bias=1.0)
    seen = []
    layer.activate()
    with ExclusiveAccess(*layer):  # as while it trains
        in_thread(lambda: seen.append(layer[0].bias)).join(10)
        assert seen == [1.0]
        layer[0]._store.touch()  # as an edit begins
        layer[0]._store["bias"][0] = 2.0
        thread = in_thread(lambda: seen.append(layer[0].bias))
        thread.join(0.2)
        assert seen == [1.0]
    thread.join(10)
    assert seen == [1.0, 2.0]
