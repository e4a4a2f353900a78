"""Operations on a store are atomic: one thread at a time, with Ctrl-C deferred.

The rules are described in ``docs/architecture.md`` (Threads and Ctrl-C). The docstrings
below describe the consequences of omitting each part.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import gc
import threading
from _thread import get_ident

# signal.signal wraps this and takes ten times as long
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from operator import attrgetter
from typing import Any, Concatenate, ParamSpec, TypeVar

from .store_rows import StoreRows

SIGINT = _signal.SIGINT
P = ParamSpec("P")
R = TypeVar("R")
V = TypeVar("V")

# reentrant: garbage collection may read connections meanwhile
handles_lock = threading.RLock()
"""Held while the table of a store's connection objects changes: readers do not hold the
store's lock."""

_serial_of = attrgetter("serial")
_store_of = attrgetter("_store")
POLL_SECONDS = 0.05
"""Seconds between two checks for Ctrl-C while waiting for a lock."""


class DeferredInterrupt:
    """A context that defers Ctrl-C to its end.

    It has no effect in a thread other than the main one, within another such context,
    or if Ctrl-C is not handled by a Python function. Therefore, a program in the
    background that ignores Ctrl-C continues, and a handler of the program that has
    embedded Python stays. `pending` tells whether Ctrl-C was pressed and is pending.

    Without this context and `consume_interrupt`, Ctrl-C could leave half of an edit:
    connections without rows, or a store without its program.
    """

    __slots__ = ("_handler", "pending")

    def __init__(self) -> None:
        self.pending = False
        self._handler: Any = None

    def _note(self, *_: Any) -> None:
        self.pending = True

    def __enter__(self) -> DeferredInterrupt:
        if not deferring and get_ident() == threading.main_thread().ident:
            # None: a handler that is no Python function
            before = _signal.getsignal(SIGINT)
            if callable(before):
                _signal.signal(SIGINT, self._note)
                self._handler = before
                deferring.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self._handler is None:
            return
        handler, self._handler = self._handler, None
        deferring.clear()
        _signal.signal(SIGINT, handler)
        if self.pending:
            handler(SIGINT, None)


deferring: list[DeferredInterrupt] = []
"""The context that defers Ctrl-C, in the main thread, which alone receives signals. Not
an attribute of its class: assigning one makes the next calls of all methods slower."""


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause garbage collection while many objects are made: it would search all of them
    in vain.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def consume_interrupt() -> bool:
    """Return whether Ctrl-C is pending, and clear it: the caller handles it, and it
    will not be raised.
    """
    if get_ident() != threading.main_thread().ident or not deferring:
        return False
    pending = deferring[0].pending
    if pending:
        deferring[0].pending = False
    return pending


def raise_interrupt() -> None:
    """Raise a pending Ctrl-C, at a place where it is safe."""
    if consume_interrupt():
        raise KeyboardInterrupt


class AllowInterrupt:
    """A context in which Ctrl-C interrupts as usual, inside one that defers it, for
    users' code. Without it, a callback that does not end could not be interrupted.
    """

    __slots__ = ("_deferred",)
    _deferred: DeferredInterrupt | None

    def __enter__(self) -> None:
        self._deferred = None
        if deferring and get_ident() == threading.main_thread().ident:
            self._deferred = deferring.pop()
            _signal.signal(SIGINT, self._deferred._handler)

    def __exit__(self, *_: object) -> None:
        if self._deferred is not None:
            _signal.signal(SIGINT, self._deferred._note)
            deferring.append(self._deferred)


class ExclusiveAccess(DeferredInterrupt):
    """A context in which this thread holds the locks of the stores of some handles,
    these stores have columns, and Ctrl-C is deferred.

    Handles are objects with a ``_store``, such as neurons and networks. Their store may
    change while waiting. With ``columns=False``, stores do not get columns, which is
    enough for composing.

    Kernels run without Python's lock on memory that an edit moves. Without this
    context, two threads that edit, or one that edits while another trains, could crash
    Python.
    """

    __slots__ = ("_columns", "_handles", "_held")

    def __init__(self, *handles: Any, columns: bool = True) -> None:
        # as DeferredInterrupt, without a call
        self.pending = False
        self._handler = None
        self._handles = handles
        self._columns = columns
        self._held: list[
            tuple[StoreRows, bool]
        ] = []  # and whether they were busy before

    def __enter__(self) -> ExclusiveAccess:
        DeferredInterrupt.__enter__(self)
        try:
            self._acquire()
            for store, _ in self._held if self._columns else ():
                store.make_columns()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._release()
        DeferredInterrupt.__exit__(self)

    def _release(self) -> None:
        while self._held:
            store, busy = self._held.pop()
            store.busy = busy
            store.lock.release()

    def is_awaited(self) -> bool:
        """Return whether another thread waits for one of the stores."""
        return any(store.turns for store, _ in self._held)

    def _stores(self) -> set[StoreRows]:
        return set(map(_store_of, self._handles))

    def _acquire(self) -> None:
        while True:
            stores = self._stores()
            # All threads lock stores in the order of their creation, which prevents
            # deadlocks.
            for store in sorted(stores, key=_serial_of) if len(stores) > 1 else stores:
                must_wait = store.turns and not store.lock._is_owned()
                if must_wait or not store.lock.acquire(False):
                    _wait_for(store)
                self._held.append((store, store.busy))
                store.busy = True
            if stores == self._stores():  # raises if a handle has been removed
                return
            self._release()  # a store has been joined to another while waiting


# Threads that wait for a store have a turn each, and take its lock in this order: one
# that releases a store and takes it again at once, as a training does, waits behind
# them. What takes the lock without this (``with store.lock``, for speed) first looks
# whether the store is `busy` or has `turns`.


_turns_lock = threading.Lock()


def _wait_for(store: StoreRows) -> None:
    """Take the lock of a store, after the threads that wait for it already.

    Without this order, edits could wait for seconds or forever while another thread
    trains, because the system rarely wakes a thread at the moment when the lock is
    free.
    """
    turn = threading.current_thread(), threading.Event()
    with _turns_lock:  # two that wait at once must get one list
        turns = store.turns = store.turns or []
        turns.append(turn)
    try:
        while (first := turns[0]) is not turn:
            turn[1].wait(POLL_SECONDS)
            raise_interrupt()
            if not first[0].is_alive() and first in turns:
                turns.remove(first)  # of a thread before this process was forked
        while not store.lock.acquire(timeout=POLL_SECONDS):
            raise_interrupt()
    finally:
        turns.remove(turn)
        if turns:
            turns[0][1].set()


def atomic(
    method: Callable[Concatenate[V, P], R],
) -> Callable[Concatenate[V, P], R]:
    """Decorate a method of a handle: it holds the lock of its store, and is not
    interrupted.
    """

    @wraps(method)
    def alone(self: V, *args: P.args, **kwargs: P.kwargs) -> R:
        with ExclusiveAccess(self):
            return method(self, *args, **kwargs)

    # mypy counts `self` as a keyword argument
    return alone  # type: ignore[return-value]


class LockNeededError(RuntimeError):
    """Raised by machine code that would follow addresses into a store which the thread
    does not hold.
    """


def consistent_read(
    read: Callable[Concatenate[V, P], R],
) -> Callable[Concatenate[V, P], R]:
    """Decorate a method of a handle: it reads from one topology, even if other threads
    edit. Its store has columns then. It holds the lock only if it needs machine code,
    or reads during an edit.

    Without this, a plot that another thread draws during a training could show rows of
    other neurons for some milliseconds after an edit, or raise IndexError.
    """

    @wraps(read)
    def settled(self: V, *args: P.args, **kwargs: P.kwargs) -> R:
        store: StoreRows = self._store  # type: ignore[attr-defined]
        program = store.program
        version = program.version
        if version == store.topology_version:  # else it is made, or edited
            try:
                answer = read(self, *args, **kwargs)
                if store.program is program and version == store.topology_version:
                    return answer
            except LockNeededError:
                pass
            except Exception:  # rows may have moved; a real error is raised again
                if store.program is program and version == store.topology_version:
                    raise
        with ExclusiveAccess(self):
            return read(self, *args, **kwargs)

    return settled  # type: ignore[return-value]
