"""Calls on an executor whose results are all needed: trainings of networks, and folds."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, Future, wait
from typing import Any

from .._checks import counted
from ..errors import ArgumentError, ExecutorError, SynapseError
from ..learning import Trainer
from ..objects.network import Network
from ..objects.state import take_over
from .running import PAUSE, one_line, require_picklable, shares_objects, submitting

Call = tuple[Callable[..., Any], tuple[Any, ...]]


def gather(executor: Executor, calls: Sequence[Call], trainers: Sequence[Trainer]) -> list[Future[Any]]:
    """Submit calls and wait for all; returns their futures, in order.

    After Ctrl-C, trainings in threads stop and return. In other processes, calls that have not begun are
    cancelled, and KeyboardInterrupt is raised.
    """
    if calls:
        require_picklable("What is trained", calls[0], executor)
    futures: list[Future[Any]] = []
    try:
        with submitting(executor):
            futures = _submitted(executor, calls)
        _wait(futures)
    except KeyboardInterrupt:
        if not shares_objects(executor):
            _cancel(futures)
            raise
        for trainer in trainers:
            trainer.stop()
        _wait(futures)
    return futures


def _submitted(executor: Executor, calls: Sequence[Call]) -> list[Future[Any]]:
    futures: list[Future[Any]] = []
    try:
        for function, arguments in calls:
            futures.append(executor.submit(function, *arguments))
    except Exception as error:  # it is broken, or was shut down
        _cancel(futures)
        raise _failed(error, len(calls)) from error
    return futures


def _wait(futures: Sequence[Future[Any]]) -> None:
    pending = set(futures)
    while pending:
        pending = wait(pending, timeout=PAUSE).not_done


def _cancel(futures: Sequence[Future[Any]]) -> None:
    for future in futures:
        future.cancel()


def outcomes(futures: Sequence[Future[Any]]) -> list[Any]:
    """The results of calls; the first error, if a call has raised one."""
    found = []
    for future in futures:
        try:
            found.append(future.result())
        except SynapseError:
            raise
        except (Exception, CancelledError) as error:
            if type(error).__module__.startswith(("concurrent.", "distributed.")):
                raise _failed(error, len(futures)) from error
            raise
    return found


def refuse_checkpoint(options: Mapping[str, Any], trainers: Sequence[Trainer] = ()) -> None:
    """Raise if several trainings would write one file."""
    files = [os.path.abspath(one.checkpoint) for one in trainers if one.checkpoint is not None]
    if options.get("checkpoint") is not None or len(set(files)) < len(files):
        raise ArgumentError("Several trainings cannot write one checkpoint. Give each Trainer its own file.")


def take_back(network: Network, copy: Network) -> None:
    """Give a network the numbers of the copy that an executor has trained, if it is one."""
    if copy is not network:
        take_over(network, copy)


def _failed(error: BaseException, total: int) -> ExecutorError:
    return ExecutorError(
        f"The executor failed in one of {counted(total, 'training')} ({one_line(error)}). "
        "Make a new executor, and call again."
    )
