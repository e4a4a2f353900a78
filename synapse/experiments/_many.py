"""Call many trainers in parallel: in threads, as the kernels release the interpreter
lock, or elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from inspect import signature
from typing import Annotated, Any

from .._checks import (
    ARGUMENTS,
    MAX_THREADS,
    about_arguments,
    expected,
    listed,
    positive_integer,
    suggests_arguments,
)
from .._initializer import Seed, seeds_of
from ..errors import (
    ArgumentError,
    ArgumentTypeError,
    TopologyError,
)
from ..learning import Result, Trainer
from ..learning._data_source import is_stream
from ..learning._parameters import independent
from ..objects.executors import checked_executor, gathered, result_of
from ..objects.network import Network
from ..objects.threads import usable_cores


@suggests_arguments(
    "train_many",
    void=[
        (
            "threads",
            "executor",
            lambda given: given["executor"] is not None,
            "An executor has its own threads. Remove `threads`.",
        )
    ],
)
def train_many(
    trainers: Sequence[Trainer],
    inputs: Any,
    targets: Any,
    *,
    threads: Annotated[
        int | None, partial(positive_integer, maximum=MAX_THREADS)
    ] = None,
    executor: Executor | None = None,
    seed: Seed = None,
    **options: Any,
) -> list[Result]:
    """Call :meth:`~synapse.Trainer.train` of several trainers with the same data, as
    many at a time as there are cores.

    Parameters
    ----------
    trainers : sequence of Trainer
        Trainers of different networks, which are not connected with each other. Each
        has its own learning rule, optimizer, rate and other options.
    inputs, targets : array_like
        As for :meth:`synapse.Trainer.train`.
    threads : int, optional
        Number of threads. Default: the number of cores that the process may use.
    executor : concurrent.futures.Executor, optional
        An executor that runs the trainings instead: a ``ThreadPoolExecutor``, a
        ``ProcessPoolExecutor``, or for Dask ``Client(...).get_executor()``. It is not
        shut down. Processes train copies, whose weights, biases, contexts and states of
        optimizers are then copied into `trainers`, to the last bit. Callbacks run in
        the processes and must not edit the networks.
    seed : int or numpy.random.Generator
        Seed of each training, as for :meth:`synapse.Trainer.train`. From a generator,
        each training gets its own generator (``seed.spawn``), which makes results
        independent of the order in which trainers begin.
    **options
        All other options of :meth:`synapse.Trainer.train`, such as ``epochs``,
        ``goal``, ``validation``, ... By default, there is no progress bar.

    Returns
    -------
    list of Result
        One result for each trainer, in order, with the same bits as if trained one
        after the other. After Ctrl-C, the results so far, if trained in threads.

    Raises
    ------
    ArgumentTypeError
        If something other than a trainer is given, or an option that
        :meth:`~synapse.Trainer.train` does not have.
    TopologyError
        If two trainers have the same network, or networks that are connected.
    ExecutorError
        If the executor fails, for example because one of its processes was killed.
    KeyboardInterrupt
        After Ctrl-C, if trained by other processes. In this case, `trainers` are
        unchanged.

    Examples
    --------
    >>> import architect
    >>> from synapse import Trainer
    >>> nets = [architect.Perceptron(2, 3, 1, seed=seed) for seed in range(4)]
    >>> trainers = [Trainer(net, rule="bptt", optimizer="adam") for net in nets]
    >>> data = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [1]]
    >>> [result.epochs for result in train_many(trainers, *data, epochs=10)]
    [10, 10, 10, 10]
    """
    trainers = _checked_trainers(trainers)
    if not options.keys() <= signature(Trainer.train).parameters.keys():
        functions: Any = [Trainer.train, train_many, Trainer.__init__]
        raise ArgumentTypeError(about_arguments(functions, options, ARGUMENTS["train"]))
    if options.get("checkpoint") is not None:
        raise ArgumentError(
            "Several trainings cannot write one checkpoint. Train them one by one."
        )
    options = {"progress": False, **options}
    where = checked_executor(executor)
    for trainer in trainers if not is_stream(inputs, targets) else ():
        trainer._prepared(inputs, targets)  # of each, before the first is trained

    pairs = zip(trainers, seeds_of(seed, len(trainers)), strict=True)
    calls = [
        (_train, (trainer, inputs, targets, seed_here, options))
        for trainer, seed_here in pairs
    ]

    def stop() -> None:
        for trainer in trainers:
            trainer.stop()

    count = threads or usable_cores()
    # The executor of the caller is not shut down.
    with nullcontext(where) if where else ThreadPoolExecutor(count) as workers:
        futures = gathered(workers, calls, stop, "training")

    # Trainings that ended are kept, also if another one has failed.
    for trainer, future in zip(trainers, futures, strict=True):
        if not future.cancelled() and future.exception() is None:
            trainer._take_over(future.result()[1])
    return [result_of(future, len(futures), "training")[0] for future in futures]


def _checked_trainers(trainers: Any) -> list[Trainer]:
    """Return the trainers as a list, or raise an error unless each has a network of its
    own.
    """
    given = [trainers] if isinstance(trainers, Network) else trainers
    several: list[Trainer] = listed("trainers", given, "a list of Trainers")
    for each in several:
        if not isinstance(each, Trainer):
            advice = ""
            if isinstance(each, Network):
                advice = "Use [synapse.Trainer(net, ...) for net in networks]."
            raise ArgumentTypeError(
                expected("trainers", "a list of Trainers", each, advice)
            )
    if not independent([trainer.network for trainer in several]):
        raise TopologyError(
            "Networks that are trained in parallel must not be connected. Two of these"
            " are."
        )
    return several


def _train(
    trainer: Trainer, inputs: Any, targets: Any, seed: Seed, options: dict[str, Any]
) -> tuple[Result, Trainer]:
    """Train in a worker; returns the trainer too, which may be a copy there."""
    return trainer.train(inputs, targets, seed=seed, **options), trainer
