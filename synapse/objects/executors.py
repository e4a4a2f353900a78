"""Executors: checking them, submitting calls to them, and waiting for the results."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import (
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from .. import _checks
from ..engine.locking import DeferredInterrupt
from ..errors import ArgumentTypeError, ExecutorError, SynapseError

PAUSE = 0.5
"""Seconds after which waiting is interrupted to handle Ctrl-C, on systems where waiting
cannot be interrupted."""

Call = tuple[Callable[..., Any], tuple[Any, ...]]


def checked_executor(executor: Any) -> Executor | None:
    """Return an executor or None, or raise ArgumentTypeError."""
    if executor is None or isinstance(executor, Executor):
        return executor
    advice = "Pass client.get_executor()." if hasattr(executor, "get_executor") else ""
    condition = "a concurrent.futures.Executor or None"
    raise ArgumentTypeError(_checks.expected("executor", condition, executor, advice))


def require_picklable(title: str, function: Any, executor: Executor | None) -> None:
    """Raise ArgumentTypeError if a process pool cannot send a function to its
    processes.
    """
    if not isinstance(executor, ProcessPoolExecutor):
        return
    try:
        pickle.dumps(function)
    except Exception as error:  # pickle raises AttributeError, TypeError and others
        raise ArgumentTypeError(
            f"A process pool cannot send {_checks.lowercase_title(title)} to its"
            f" processes ({one_line(error)}). Use threads, or define it by def at the"
            " top level of a module and bind values by functools.partial."
        ) from None


def one_line(error: BaseException) -> str:
    """Return an error's class and message on one line."""
    text = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".: ")
    return text if len(text) <= 120 else f"{text[:117]}..."


def submitting(executor: Executor) -> AbstractContextManager[object]:
    """Return a context for calls of ``submit``, within which Ctrl-C would leave work
    without an owner.
    """
    return DeferredInterrupt() if shares_objects(executor) else nullcontext()


def shares_objects(executor: Executor) -> bool:
    """Return whether the calls of an executor get the caller's objects instead of
    copies.
    """
    return isinstance(executor, ThreadPoolExecutor)


def gathered(
    executor: Executor,
    calls: Sequence[Call],
    stop: Callable[[], None] | None,
    noun: str,
) -> list[Future[Any]]:
    """Submit calls, wait for all of them, and return their futures in order.

    After Ctrl-C, `stop` is called, and calls in threads return. For other processes, or
    without `stop`, KeyboardInterrupt is raised. `noun` names a call's work in messages.
    """
    if calls:
        require_picklable(f"The {noun}", calls[0], executor)

    # Waiting is cut into pauses, see PAUSE: Ctrl-C is noticed between two of them.
    futures: list[Future[Any]] = []
    try:
        with submitting(executor):
            for function, arguments in calls:
                futures.append(executor.submit(function, *arguments))
        for future in futures:
            while wait([future], timeout=PAUSE).not_done:
                pass
    except KeyboardInterrupt:
        if stop is None or not shares_objects(executor):
            for future in futures:
                future.cancel()
            raise
        stop()
        wait(futures)
    except Exception as error:  # it is broken, or was shut down
        for future in futures:
            future.cancel()
        raise _failed(error, len(calls), noun) from error
    return futures


def result_of(future: Future[Any], total: int, noun: str) -> Any:
    """Return the result of one of `total` calls. An error of the executor is raised as
    an ExecutorError.
    """
    try:
        return future.result()
    except SynapseError:
        raise
    except (Exception, CancelledError) as error:
        if type(error).__module__.startswith(("concurrent.", "distributed.")):
            raise _failed(error, total, noun) from error
        raise


def _failed(error: BaseException, total: int, noun: str) -> ExecutorError:
    return ExecutorError(
        f"The executor failed in one of {_checks.pluralize(total, noun)}"
        f" ({one_line(error)}). Make a new executor, and call again."
    )
