"""The number of threads that compute a batch, and the threads that help.

By default, as many threads are used as save time. The decision depends on the network,
the batch and the cores instead of a measurement. It changes no result, because any
number of threads gives the same bits. See ``docs/engine.md``, Several cores.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from .._checks import MAX_THREADS

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

MIN_SHARE = 1 << 22
"""Minimum work for each thread in a batch, below which another thread does not save
time. The unit is bytes of weights times rows, see `work_of`."""
MIN_CALL = 1 << 26
"""Minimum work in a call, in the same unit, below which no thread helps, because waking
one takes some 50 µs."""


class _Threads:
    """The threads of this process. It counts those that compute batches or help, and
    stores the helpers, which are made on first use.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.computing = 0
        self.pool: ThreadPoolExecutor | None = None


_threads = _Threads()


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cores_for_batches() -> int:
    """Return the number of cores for the batches of this process.

    It is one if another process has divided the work, and at most ``OMP_NUM_THREADS``,
    which joblib and Dask set for their workers.
    """
    from multiprocessing import parent_process  # 2 ms, which only trainings need

    if parent_process() is not None:
        return 1
    limit = os.environ.get("OMP_NUM_THREADS", "")
    cores = usable_cores()
    return min(cores, int(limit)) if limit.isdecimal() and int(limit) else cores


def work_of(connections: int, itemsize: int, rows: float) -> float:
    """Return the work of a number of rows, each of which is one step of one
    sequence.
    """
    return float(connections) * itemsize * rows


def threads_that_pay(batch: float, call: float) -> int:
    """Return the number of threads that save time, given the work of a batch and of a
    call.
    """
    if call < MIN_CALL:
        return 1
    return max(1, min(_cores_for_batches(), int(batch / MIN_SHARE)))


@contextmanager
def computing(threads: int, is_default: bool) -> Iterator[int]:
    """Count threads as computing within the block, and yield their number.

    By default, there are at most as many as there are cores without a computing thread.
    An explicit number is not reduced.
    """
    with _threads.lock:
        if is_default and threads > 1:
            threads = max(1, min(threads, _cores_for_batches() - _threads.computing))
        _threads.computing += threads
    try:
        yield threads
    finally:
        with _threads.lock:
            _threads.computing -= threads


if hasattr(os, "register_at_fork"):  # a forked process has none of them
    os.register_at_fork(after_in_child=_threads.__init__)  # type: ignore[misc]


@contextmanager
def beside(
    calls: Sequence[Callable[[], Any]], stop: Callable[[], Any]
) -> Iterator[None]:
    """Run calls in threads of this process beside the block, but fewer if memory is
    short or Python ends.

    When the block ends, even after an error, `stop` tells them to end. Calls that have
    not begun are cancelled, and all others are waited for.
    """
    futures: list[Future[Any]] = []
    try:
        if calls:
            with suppress(RuntimeError, MemoryError):
                # which only large batches need
                from concurrent.futures import ThreadPoolExecutor

                with _threads.lock:
                    if _threads.pool is None:
                        _threads.pool = ThreadPoolExecutor(MAX_THREADS, "synapse")
                for call in calls:
                    futures.append(_threads.pool.submit(call))  # noqa: PERF401 - some
        yield
    finally:
        stop()
        for future in futures:
            if not future.cancel():
                future.exception()
