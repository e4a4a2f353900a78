"""One trial in the process and thread of a worker: its record, its failures, its time limit and Ctrl-C.

An exception that ends a trial from outside is a BaseException of its own: `except Exception` in a trial does
not stop it, and ``Trainer.train``, which ends at a KeyboardInterrupt and returns, does not take it for one.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from ..engine import guard
from ._records import Point, record_text, to_json

REPEAT = 0.5
"""Seconds after which an exception that ends a trial is raised again, if the trial goes on."""
PAUSE = 0.05
"""Seconds between two attempts to end a trial that must not end now."""
WHOLE = ("numba.", "llvmlite.", "importlib._bootstrap", "_weakrefset", "weakref", guard.__name__)
"""Beginnings of the names of modules whose calls no exception may end: Numba could not compile afterwards,
callbacks of weak references would swallow it, locks would stay locked, and Ctrl-C would stay deferred or
would no longer be."""
LONGEST = 1e8
"""Longest time limit in seconds that the timers are given: three years."""

Trial = Callable[..., Any]
Outcome = tuple[str, float]
"""The record of a trial as JSON, and the seconds it took."""


class Stopped(BaseException):
    """Ends a trial from outside."""


class Target:
    """The thread of a trial: others raise exceptions in it until the trial is over."""

    running: set[Target] = set()  # noqa: RUF012  # those of this process
    cancelled: set[str] = set()  # noqa: RUF012  # runs whose trials must not begin

    def __init__(self, run: str) -> None:
        self.run = run
        self._thread, self._lock, self._over = threading.get_ident(), threading.Lock(), False

    def throw(self, exception: type[Stopped]) -> bool:
        """Raise an exception in the thread, at its next Python instruction; False if it must not be now."""
        with self._lock:
            if not self._over:
                if not _may_end(sys._current_frames().get(self._thread)):
                    return False
                thread, raised = ctypes.c_ulong(self._thread), ctypes.py_object(exception)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, raised)
        return True

    def close(self) -> None:
        """Raise nothing from now on; an exception that has been set is raised here at the latest.

        Python would also forget it, if told so, but then checks for one at every instruction from now on,
        which is slow, and never ends under a tracer.
        """
        with self._lock:
            self._over = True
        for _ in range(10):  # Python raises it when it jumps back
            pass


def _may_end(frame: FrameType | None) -> bool:
    """Whether a trial whose innermost call is this may end here: all calls of `WHOLE` modules have ended."""
    while frame is not None and frame.f_code is not ended_by.__code__:
        if frame.f_globals.get("__name__", "").startswith(WHOLE):
            return False
        frame = frame.f_back
    return True


def attempt(trial: Trial, seed: int, point: Point, limit: float | None, run: str) -> Outcome:
    """Run one trial. A trial that raises, or exceeds its limit, has a record of its failure."""
    begin = time.perf_counter()
    try:
        with _ctrl_c_raised():
            values = ended_by(run, limit, lambda: trial(seed, **point))
    except (Exception, SystemExit) as error:
        text = to_json({"failed": _reason(error)})
    else:
        text = record_text(values, seed, point)
    return text, time.perf_counter() - begin


def _reason(error: BaseException) -> str:
    """Class and message of an error."""
    with suppress(Exception):  # a class of a user's whose message raises
        if str(error):
            return f"{type(error).__name__}: {error}"
    return type(error).__name__


def cancel(run: str) -> None:
    """End the trials of a run that other threads of this process are doing, or are about to begin."""
    Target.cancelled.add(run)
    left = [target for target in list(Target.running) if target.run == run]
    while left := [target for target in left if not target.throw(Stopped)]:
        time.sleep(PAUSE)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextmanager
def _ctrl_c_raised() -> Iterator[None]:
    """Raise KeyboardInterrupt at the end of the block if Ctrl-C was pressed in it.

    ``Trainer.train`` handles Ctrl-C and returns what it has: the trial would go on with a network that is
    trained half. So the block asks the system, which writes every signal to a socket.
    """
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not (usual and _in_main_thread()):  # other threads receive no signal
        yield
        return
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            received = b""
            with suppress(BlockingIOError):
                received = ours.recv(4096)
            if received and before != -1:  # an event loop of the caller's waits for them
                with suppress(OSError):
                    os.write(before, received)
            if signal.SIGINT in received:
                raise KeyboardInterrupt


def ended_by(run: str, limit: float | None, call: Callable[[], Any]) -> Any:
    """Call a function that a time limit, or in a thread the end of the run, interrupts."""
    in_main = _in_main_thread()
    if limit is None and in_main:
        return call()
    # A class of its own: a trial that runs trials has limits within a limit.
    late: type[Stopped] = type("TimeIsUp", (Stopped,), {})
    alarm = in_main and hasattr(signal, "setitimer") and not signal.getitimer(signal.ITIMER_REAL)[0]
    end = (_alarm if alarm else _watch)(run, late, limit)
    try:
        try:
            if run in Target.cancelled:
                raise Stopped
            return call()
        finally:
            end()
    except Stopped as stopped:
        while True:  # another one may have been set
            with suppress(Stopped):
                end()
                break
        if isinstance(stopped, late):
            raise TimeoutError(f"longer than the time limit of {limit:g} s") from None
        raise


def _alarm(_: str, late: type[Stopped], limit: float | None) -> Callable[[], None]:
    """Raise an exception by a timer of the system, which also ends waiting; returns what stops the timer."""

    def ring(_: int, frame: FrameType | None) -> None:
        if _may_end(frame):
            raise late
        signal.setitimer(signal.ITIMER_REAL, PAUSE, REPEAT)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, min(limit or LONGEST, LONGEST), REPEAT)

    def end() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before or signal.SIG_DFL)

    return end


def _watch(run: str, late: type[Stopped], limit: float | None) -> Callable[[], None]:
    """Raise an exception by another thread, and let :func:`cancel` do so; returns what ends both."""
    target, over = Target(run), threading.Event()
    Target.running.add(target)

    def watch() -> None:
        wait = min(limit or LONGEST, LONGEST)
        while not over.wait(wait):
            wait = REPEAT if target.throw(late) else PAUSE

    if limit is not None:
        threading.Thread(target=watch, name="synapse time limit", daemon=True).start()

    def end() -> None:
        Target.running.discard(target)
        over.set()
        target.close()

    return end
