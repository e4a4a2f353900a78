"""Train many networks in parallel: in threads, as the kernels release the interpreter
lock, or elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import (
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from typing import Any

from .._checks import MOST_THREADS, counted, listed, positive_integer
from ..cost import Cost
from ..errors import ArgumentError, ExecutorError, SynapseError, TopologyError
from ..initializers import Seed, seeds_of
from ..learning import Result, Trainer
from ..learning._parameters import independent
from ..learning.schedules import Rate
from ..objects.network import Network
from ..objects.state import take_over
from .running import (
    PAUSE,
    checked_executor,
    one_line,
    require_picklable,
    shares_objects,
    submitting,
)

Call = tuple[Callable[..., Any], tuple[Any, ...]]


def train_many(
    networks: Sequence[Network],
    inputs: Any,
    targets: Any,
    *,
    rate: Rate = 0.1,
    cost: str | Cost | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    seed: Seed = None,
    **options: Any,
) -> list[Result]:
    """Train several networks on the same data, as many at a time as there are cores.

    Parameters
    ----------
    networks : sequence of Network
        Networks that share no neurons and are not connected with each other.
    inputs, targets : array_like
        As for :meth:`synapse.Trainer.train`.
    rate, cost
        As for :class:`synapse.Trainer`.
    workers : int, optional
        Number of threads. Default: the number of cores that the process may use.
    executor : concurrent.futures.Executor, optional
        Where the trainings run instead: a ``ThreadPoolExecutor``, a
        ``ProcessPoolExecutor``, or for Dask ``Client(...).get_executor()``. It is not
        shut down. Processes train copies, whose weights, biases and contexts are then
        copied into `networks`, to the last bit. Callbacks run there and must not edit
        them.
    seed : int or numpy.random.Generator
        Seed of each training, as for :meth:`synapse.Trainer.train`. From a generator,
        each training gets a generator of its own (``seed.spawn``), so results do not
        depend on which network trains first.
    **options
        Everything else that :meth:`synapse.Trainer.train` takes: ``epochs``, ``error``,
        ``validation``, ...

    Returns
    -------
    list of Result
        One for each network, in order, with the same bits as if trained one after the
        other. After Ctrl-C, the results so far, if trained in threads.

    Raises
    ------
    TopologyError
        If two of the networks are connected or are the same.
    ExecutorError
        If the executor fails, for example because one of its processes was killed.
    KeyboardInterrupt
        After Ctrl-C, if trained by other processes; `networks` are unchanged.

    Examples
    --------
    >>> import architect
    >>> nets = [architect.Perceptron(2, 3, 1, seed=seed) for seed in range(4)]
    >>> data = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [1]]
    >>> [result.epochs for result in train_many(nets, *data, epochs=10)]
    [10, 10, 10, 10]
    """
    networks = listed("The networks", networks, "a list of Networks")
    trainers = [Trainer(network, rate, cost) for network in networks]
    if not independent(networks):
        raise TopologyError(
            "Networks that are trained in parallel must not be connected. Two of these"
            " are."
        )
    if options.get("checkpoint") is not None:
        raise ArgumentError(
            "Several trainings cannot write one checkpoint. Train them one by one."
        )
    options = {"progress": False, **options}
    where = checked_executor(executor)
    if where is not None and workers is not None:
        raise ArgumentError("An executor has its own workers. Omit `workers`.")
    count = _available_cores()
    if workers is not None:
        count = positive_integer("The workers", workers, MOST_THREADS)

    pairs = zip(trainers, seeds_of(seed, len(trainers)), strict=True)
    calls = [
        (_train, (trainer, inputs, targets, seed_here, options))
        for trainer, seed_here in pairs
    ]
    if where is None:
        with ThreadPoolExecutor(max_workers=count) as pool:
            futures = _gathered(pool, calls, trainers)
    else:
        futures = _gathered(where, calls, trainers)  # not shut down: it is the caller's

    # Trainings that ended are kept, also if another one has failed.
    for trainer, future in zip(trainers, futures, strict=True):
        if not future.cancelled() and future.exception() is None:
            take_over(trainer.network, future.result()[1])
    return [_result_of(future, len(futures)) for future in futures]


def _available_cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _train(
    trainer: Trainer, inputs: Any, targets: Any, seed: Seed, options: dict[str, Any]
) -> tuple[Result, Network]:
    """Train in a worker; returns the network too, which may be a copy there."""
    return trainer.train(inputs, targets, seed=seed, **options), trainer.network


def _gathered(
    executor: Executor, calls: Sequence[Call], trainers: Sequence[Trainer]
) -> list[Future[Any]]:
    """Submit calls and wait for all; returns their futures, in order.

    After Ctrl-C, trainings in threads stop and return; in other processes
    KeyboardInterrupt is raised.
    """
    if calls:
        require_picklable("What is trained", calls[0], executor)

    # Waiting is cut into pauses, see PAUSE: Ctrl-C is noticed between two of them.
    futures: list[Future[Any]] = []
    try:
        with submitting(executor):
            for function, arguments in calls:
                futures.append(executor.submit(function, *arguments))
        while wait(futures, timeout=PAUSE).not_done:
            pass
    except KeyboardInterrupt:
        if not shares_objects(executor):
            for future in futures:
                future.cancel()
            raise
        for trainer in trainers:
            trainer.stop()
        wait(futures)
    except Exception as error:  # it is broken, or was shut down
        for future in futures:
            future.cancel()
        raise _failed(error, len(calls)) from error
    return futures


def _result_of(future: Future[Any], total: int) -> Result:
    """The result of a training; an error of the executor becomes an ExecutorError."""
    try:
        result: Result = future.result()[0]
    except SynapseError:
        raise
    except (Exception, CancelledError) as error:
        if type(error).__module__.startswith(("concurrent.", "distributed.")):
            raise _failed(error, total) from error
        raise
    return result


def _failed(error: BaseException, total: int) -> ExecutorError:
    return ExecutorError(
        f"The executor failed in one of {counted(total, 'training')}"
        f" ({one_line(error)}). Make a new executor, and call again."
    )
