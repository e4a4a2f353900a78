"""Train many networks in parallel: in threads, as the kernels release the interpreter lock, or elsewhere."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from .._checks import MOST_THREADS, listed, positive_integer
from ..cost import Cost
from ..errors import ArgumentError, TopologyError
from ..initializers import Seed, seeds_of
from ..learning import Result, Trainer
from ..learning._parameters import independent
from ..learning.schedules import Rate
from ..objects.network import Network
from ._gathered import gather, outcomes, refuse_checkpoint, take_back
from .running import checked_executor, shares_objects


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
        Where the trainings run instead: a ``ThreadPoolExecutor``, a ``ProcessPoolExecutor``, or for Dask
        ``Client(...).get_executor()``. It is not shut down. Processes train copies, whose weights, biases and
        contexts are then copied into `networks`, to the last bit. Callbacks run there and must not edit them.
    seed : int or numpy.random.Generator
        Seed of each training, as for :meth:`synapse.Trainer.train`. From a generator, each training gets a
        generator of its own (``seed.spawn``), so results do not depend on which network trains first.
    **options
        Everything else that :meth:`synapse.Trainer.train` takes: ``epochs``, ``error``, ``validation``, ...

    Returns
    -------
    list of Result
        One for each network, in order, with the same bits as if trained one after the other. After Ctrl-C,
        the results so far, if trained in threads.

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
        raise TopologyError("Networks that are trained in parallel must not be connected. Two of these are.")
    refuse_checkpoint(options)
    options = {"progress": False, **options}
    seeds = seeds_of(seed, len(trainers))
    where = checked_executor(executor)
    if where is not None:
        if workers is not None:
            raise ArgumentError("An executor has its own workers. Omit `workers`.")
        return _on(where, trainers, inputs, targets, seeds, options)
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count = available if workers is None else positive_integer("The workers", workers, MOST_THREADS)
    with ThreadPoolExecutor(max_workers=count) as pool:
        return _on(pool, trainers, inputs, targets, seeds, options)


def _on(
    executor: Executor,
    trainers: list[Trainer],
    inputs: Any,
    targets: Any,
    seeds: Sequence[Seed],
    options: dict[str, Any],
) -> list[Result]:
    """Train on an executor."""
    calls = [
        (_train, (trainer, inputs, targets, seed, options))
        for trainer, seed in zip(trainers, seeds, strict=True)
    ]
    futures = gather(executor, calls, trainers)
    if not shares_objects(executor):
        for trainer, future in zip(trainers, futures, strict=True):
            if not future.cancelled() and future.exception() is None:
                take_back(trainer.network, future.result()[1])
    return [result for result, _ in outcomes(futures)]


def _train(
    trainer: Trainer, inputs: Any, targets: Any, seed: Seed, options: dict[str, Any]
) -> tuple[Result, Network]:
    """Train in a worker; returns the network too, which may be a copy there."""
    return trainer.train(inputs, targets, seed=seed, **options), trainer.network
