"""Training of one trial: fresh samples in small portions, and a test after each until
the task is solved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from synapse.errors import DivergenceError
from synapse.learning import Progress, Trainer
from synapse.objects.network import Network
from synapse.optimizers import Adam
from synapse.tasks import SampleBatch, Task

TEST = 2
FINAL = 3
"""Second numbers of the seeds of test samples; those of training samples have 1."""

MEASURED = 2560
"""Fresh samples on which the final weights are measured, as in Hochreiter and
Schmidhuber 1997."""

RULES: dict[str, dict[str, Any]] = {
    "online": {"rule": "online"},
    "truncated": {"rule": "rtrl", "reach": 1},
    "exact online": {"rule": "rtrl"},
    "through time": {"rule": "bptt"},
}
"""Options of the trainer by the name of a rule in the tables."""


def trainer(network: Network, rule: str, rate: Any, **options: Any) -> Trainer:
    """Return a trainer for a rule of the tables; through time, it uses Adam with
    batches of 10 sequences."""
    settings = {**RULES[rule], **options}
    if rule == "through time":
        settings = {"optimizer": Adam(), "batch_size": 10, **settings}
    return Trainer(network, rate, **settings)


def learn(
    task: Task,
    learner: Trainer,
    seed: int,
    *,
    every: int,
    most: int,
    measured: int = MEASURED,
) -> dict[str, Any]:
    """Train on fresh samples until a network meets the criterion of a task.

    Parameters
    ----------
    task : Task
        The task. The test samples of a seed are always the same, and none of them is
        trained on by intent.
    learner : Trainer
        The trainer. One epoch of its schedule is `every` samples.
    seed : int
        Seed of all samples.
    every : int
        Number of training samples between two tests.
    most : int
        Largest number of training samples.
    measured : int
        Number of further samples on which the final weights are measured.

    Returns
    -------
    dict
        ``needed``, the number of training samples at the first test that met the
        criterion, or None; ``trained``, their number at the end; ``wrong``, the number
        of `measured` samples that are wrong, and ``error``, their mean absolute error;
        ``diverged``.
    """
    network = learner.network
    rng = np.random.default_rng([seed, 1])

    def draw() -> SampleBatch:
        return task.batch(every, rng)

    def solved() -> bool:
        return task.solved(network, np.random.default_rng([seed, TEST]))

    training = train(learner, draw, solved, every=every, most=most)
    score = task.tested.batch(measured, np.random.default_rng([seed, FINAL])).score(
        network
    )
    return {**training, "wrong": score.wrong, "error": score.error}


def train(
    learner: Trainer,
    draw: Callable[[], SampleBatch],
    solved: Callable[[], bool],
    *,
    every: int,
    most: int,
) -> dict[str, Any]:
    """Train on the samples that `draw` returns until `solved` returns True; see
    :func:`learn`."""
    trained = 0
    needed = None
    diverged = False

    def portion() -> list[tuple[Any, Any]]:
        samples = draw()
        return [(samples.inputs, samples.targets)]

    def check(progress: Progress) -> bool:
        nonlocal trained, needed
        trained = progress.epoch * every
        if solved():
            needed = trained
        return needed is not None

    try:
        learner.train(portion, epochs=most // every, callbacks=[check], progress=False)
    except DivergenceError:
        diverged = True
    return {"needed": needed, "trained": trained, "diverged": diverged}
