"""Train many networks in parallel threads; the kernels release the interpreter lock."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .._checks import MOST_THREADS, listed, positive_integer
from .._random import Seed, seeds_of
from ..cost import Cost
from ..errors import TopologyError
from ..learning import Result, Trainer
from ..learning._parameters import independent
from ..learning.schedules import Rate
from ..network import Network


def train_many(
    networks: Sequence[Network],
    inputs: Any,
    targets: Any,
    *,
    rate: Rate = 0.1,
    cost: str | Cost | None = None,
    workers: int | None = None,
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
    seed : int or numpy.random.Generator
        Seed of each training, as for :meth:`synapse.Trainer.train`. From a generator, each training gets a
        generator of its own (``seed.spawn``), so results do not depend on which network trains first.
    **options
        Everything else that :meth:`synapse.Trainer.train` takes: ``epochs``, ``error``, ``validation``, ...

    Returns
    -------
    list of Result
        One for each network, in order, with the same bits as if trained one after the other. After Ctrl-C,
        the results so far.

    Raises
    ------
    TopologyError
        If two of the networks are connected or are the same.

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
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count = available if workers is None else positive_integer("The workers", workers, MOST_THREADS)
    options = {"progress": False, **options}
    seeds = seeds_of(seed, len(trainers))
    with ThreadPoolExecutor(max_workers=count) as pool:
        runs = [
            pool.submit(trainer.train, inputs, targets, seed=one, **options)
            for trainer, one in zip(trainers, seeds, strict=True)
        ]
        try:
            for run in runs:
                run.exception()  # waits
        except KeyboardInterrupt:
            for trainer in trainers:
                trainer.stop()
        return [run.result() for run in runs]
