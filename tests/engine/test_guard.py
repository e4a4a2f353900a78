"""One thread at a time, and Ctrl-C afterwards."""

import signal
import threading

import pytest

from synapse import Layer, Neuron
from synapse.engine.guard import Deferred, InUse, check, interruptible, take


def test_ctrl_c_is_raised_when_all_is_done(ctrl_c):
    done = []

    def act():
        with Deferred():
            ctrl_c()
            done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        act()
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_outermost_of_several_raises_it(ctrl_c):
    done = []

    def act():
        with Deferred():
            with Deferred():
                ctrl_c()
            done.append("inner")

    with pytest.raises(KeyboardInterrupt):
        act()
    assert done == ["inner"]


def test_what_has_been_taken_is_not_raised(ctrl_c):
    with Deferred():
        assert not take()
        ctrl_c()
        assert take()
        assert not take()
    assert not take()


def test_check_raises_it_at_once(ctrl_c):
    done = []

    def act():
        with Deferred():
            check()
            ctrl_c()
            check()
            done.append("too far")

    with pytest.raises(KeyboardInterrupt):
        act()
    assert not done


def test_code_of_the_user_is_interrupted_at_once(ctrl_c):
    done = []

    def act():
        with interruptible():
            ctrl_c()
            done.append("too far")

    with Deferred():
        with pytest.raises(KeyboardInterrupt):
            act()
        ctrl_c()
        assert take()
    assert not done


def test_a_handler_of_the_user_is_called_with_the_signal():
    called = []
    before = signal.signal(signal.SIGINT, lambda number, frame: called.append(number))
    try:
        with Deferred():
            signal.raise_signal(signal.SIGINT)
            assert not called
        assert called == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Deferred():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def in_thread(act):
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


def test_a_second_thread_waits_and_finds_the_store_that_there_is_then():
    small, large, seen = Neuron(), Layer(10), []

    def edit():
        with InUse(small):
            seen.append(small._store)

    with InUse(small, *large):
        thread = in_thread(edit)
        small.project(large[0])  # joins: the thread waits for a store that is no more
        assert not seen
    thread.join(10)
    assert seen == [large[0]._store]


def test_ctrl_c_ends_waiting(ctrl_c):
    neuron, held, leave = Neuron(), threading.Event(), threading.Event()

    def hold():
        with InUse(neuron):
            held.set()
            leave.wait(10)

    thread = in_thread(hold)
    held.wait(10)
    threading.Timer(0.1, ctrl_c).start()
    with pytest.raises(KeyboardInterrupt):
        neuron.bias = 1.0
    leave.set()
    thread.join(10)
    assert neuron.bias == 0.0
    neuron.bias = 2.0
    assert neuron.bias == 2.0


def test_an_error_leaves_nothing_locked():
    neuron = Neuron()
    with pytest.raises(ZeroDivisionError), InUse(neuron):
        raise ZeroDivisionError
    taken = []
    in_thread(lambda: taken.append(neuron._store.lock.acquire(blocking=False))).join(10)
    assert taken == [True]


def test_reading_waits_for_edits_and_not_for_steps():
    layer, seen = Layer(3, bias=1.0), []
    layer.activate()
    with InUse(*layer):  # as while it trains
        in_thread(lambda: seen.append(layer[0].bias)).join(10)
        assert seen == [1.0]
        layer[0]._store.touch()  # as an edit begins
        layer[0]._store["bias"][0] = 2.0
        thread = in_thread(lambda: seen.append(layer[0].bias))
        thread.join(0.2)
        assert seen == [1.0]
    thread.join(10)
    assert seen == [1.0, 2.0]
