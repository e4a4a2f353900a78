"""NEAT: neuro-evolution of augmenting topologies."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from .._checks import boolean, expected, finite_number, positive_integer, positive_number
from .._typing import Bools, Floats
from ..errors import ArgumentError, ArgumentTypeError, ExecutorError
from ..experiments.running import checked_executor, one_line, require_picklable
from ..initializers import Seed, random_generator
from ..objects.network import Network
from ..readwrite.files import PathLike, as_path
from . import _checkpoint
from .evolution import Evolution
from .fitness import Fitness, FunctionFitness
from .genome import Genome
from .phenotype import Phenotype
from .phenotypes import Phenotypes
from .population import Population
from .settings import Settings

PARTS = 16
"""Number of parts into which a generation is divided for an executor."""


def neat(
    fitness: Fitness | Callable[[Phenotype], float],
    *,
    inputs: int | None = None,
    outputs: int | None = None,
    population: int = 150,
    max_evaluations: int = 100_000,
    goal: float | None = None,
    start: Genome | Network | None = None,
    settings: Settings | None = None,
    seed: Seed = None,
    executor: Executor | None = None,
    time_limit: float | None = None,
    checkpoint: PathLike | None = None,
    resume: bool = False,
) -> Evolution:
    """Evolve networks by NEAT: weights and structure, from a minimal network.

    The defaults are those of the paper, section 4.1; see `Settings`. The result is the same for every
    executor, and for an evolution that was broken off and resumed.

    Parameters
    ----------
    fitness : Fitness or callable
        What is maximised: one of :mod:`synapse.evolve.fitness`, or a function that is called with a
        `Phenotype` and returns a number.
    inputs, outputs : int, optional
        Number of inputs and outputs. Default: those of the fitness, or of `start`.
    population : int
        Number of genomes of a generation. Default 150.
    max_evaluations : int
        The evolution ends when the next generation would exceed this number of evaluations. The first
        generation is always evaluated. Default 100,000.
    goal : float, optional
        The task is also solved by a genome of at least this fitness.
    start : Genome or Network, optional
        What the first generation varies. Default: inputs and the bias connected to all outputs.
    settings : Settings, optional
        Probabilities and coefficients. Default: those of the paper.
    seed : int or numpy.random.Generator, optional
        Seed of all random choices of the evolution.
    executor : concurrent.futures.Executor, optional
        Where genomes are evaluated; see :func:`synapse.experiments.run`. It is not shut down. Default: here.
    time_limit : float, optional
        Seconds that a function in Python may take for one genome, which has failed after that.
    checkpoint : path, optional
        File to which the evolution is written at most every ten seconds, and at its end.
    resume : bool
        Whether to continue from the checkpoint, if there is such a file. The other arguments must be the
        same; `max_evaluations` and `goal` may be others. Default False.

    Returns
    -------
    Evolution
        Whether the task is solved, the champion, and the history.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used.
    FormatError
        If the file to resume from is not a checkpoint, or only a part of one.
    ExecutorError
        If the executor fails, for example because one of its processes was killed.

    Notes
    -----
    An error that a function in Python raises ends the evolution. A fitness of NaN or infinity, and a genome
    whose outputs diverge, do not: such genomes have failed. They have the lowest fitness of their generation.

    References
    ----------
    K. O. Stanley and R. Miikkulainen, Evolving neural networks through augmenting topologies, Evolutionary
    Computation 10 (2002) 99-127.

    Examples
    --------
    >>> from synapse import evolve
    >>> result = evolve.neat(evolve.fitness.xor, seed=1)
    >>> result.solved, result.champion.run([[0, 1], [1, 1]]).round().tolist()
    (True, [[1.0], [0.0]])
    """
    task = _checked_fitness(fitness, time_limit)
    chosen = Settings() if settings is None else settings
    if not isinstance(settings, Settings | None):
        raise ArgumentTypeError(expected("The settings", "a Settings or None", settings))
    size = positive_integer("The population", population)
    most = positive_integer("The max_evaluations", max_evaluations)
    aim = math.inf if goal is None else finite_number("The goal", goal)
    pool = checked_executor(executor)
    require_picklable("The fitness", task, pool)
    file = None if checkpoint is None else as_path(checkpoint)
    if boolean("The resume", resume) and file is None:
        raise ArgumentError("Expected a checkpoint to resume from, got none. Give checkpoint=.")
    genome = _checked_start(start)
    sizes = _checked_sizes(task, genome, inputs=inputs, outputs=outputs)
    if file is not None and resume and file.exists():
        result, people = _checkpoint.read(file, chosen, [size, *sizes])
    else:
        result, rng = Evolution(), random_generator(seed)
        genome = Genome.minimal(*sizes, seed=rng) if genome is None else genome
        people = Population.start(genome, size, chosen, rng)
    written = time.monotonic()
    while not result.solved and (not result.generations or result.evaluations + size <= most):
        if result.generations:
            people.breed()
        phenotypes = people.phenotypes()
        values, solved = _evaluate(task, phenotypes, pool)
        solved |= values >= aim
        best = _record(result, people, values, solved)
        if not solved[best] and math.isfinite(values[best]) and task.confirm(phenotypes[best]):
            _crown(result, people, best)
            result.solved = True
        if file is not None and time.monotonic() >= written + _checkpoint.SECONDS:
            _checkpoint.write(file, result, people)
            written = time.monotonic()
    if file is not None:
        _checkpoint.write(file, result, people)
    return result


def _record(result: Evolution, people: Population, values: Floats, solved: Bools) -> int:
    """Add a generation to the result; failed genomes get the lowest fitness.

    Returns the first genome that solves the task, or the fittest one.
    """
    sound, solved = np.isfinite(values), solved & np.isfinite(values)
    best = int((solved if solved.any() else np.where(sound, values, -np.inf)).argmax())
    if not sound.all():
        values = np.where(sound, values, values[sound].min() if sound.any() else 0.0)
    people.fitness = values
    n0, n1, c0, c1 = people.at[best].tolist()
    sizes = np.bincount(people.member_of)
    result.species.append(dict(zip(people.names.tolist(), sizes.tolist(), strict=True)))
    numbers = {
        "best": float(values.max()),
        "mean": float(values.mean()),
        "failed": len(values) - int(sound.sum()),
        "species": len(sizes),
        "hidden": n1 - n0 - people.inputs - people.outputs - 1,
        "connections": int(people.genes["enabled"][c0:c1].sum()),
    }
    for name, number in numbers.items():
        result.history.setdefault(name, []).append(number)
    if sound[best] and (solved[best] or values[best] > result.fitness):
        _crown(result, people, best)
    result.solved = bool(solved[best])
    result.evaluations += best + 1 if result.solved else len(values)
    return best


def _crown(result: Evolution, people: Population, best: int) -> None:
    """Make a genome the champion."""
    result.fitness = float(people.fitness[best])
    result.milestones.append((people.generation, people[best]))


def _evaluate(task: Fitness, phenotypes: Phenotypes, pool: Executor | None) -> tuple[Floats, Bools]:
    """The fitness of every genome, here or in parts on an executor."""
    if pool is None:
        return task.evaluate(phenotypes)
    bounds = np.linspace(0, len(phenotypes), min(PARTS, len(phenotypes)) + 1).astype(int).tolist()
    futures = []
    try:
        for first, stop in pairwise(bounds):
            futures.append(pool.submit(task.evaluate, phenotypes.part(first, stop)))
        found = [future.result() for future in futures]
    except Exception as error:
        for future in futures:
            future.cancel()
        if (
            type(error).__module__.startswith(("concurrent.", "distributed."))
            or len(futures) < len(bounds) - 1
        ):
            raise ExecutorError(
                f"The executor failed ({one_line(error)}). Make a new one; a call with checkpoint= can be "
                "continued by resume=True."
            ) from error
        raise
    fitness, solved = (np.concatenate(some) for some in zip(*found, strict=True))
    return fitness, solved


def _checked_fitness(fitness: Any, time_limit: float | None) -> Fitness:
    limit = None if time_limit is None else positive_number("The time_limit", time_limit)
    if isinstance(fitness, Fitness):
        if limit is None:
            return fitness
        if not isinstance(fitness, FunctionFitness):
            raise ArgumentError("A time_limit needs a fitness in Python: compiled code is not interrupted.")
        return replace(fitness, time_limit=limit)
    if not callable(fitness):
        raise ArgumentTypeError(expected("The fitness", "a Fitness or a function of a phenotype", fitness))
    return FunctionFitness(fitness, time_limit=limit)


def _checked_sizes(task: Fitness, genome: Genome | None, **given: Any) -> tuple[int, int]:
    """The numbers of inputs and outputs, which the arguments, the fitness and the start agree about."""
    found = []
    for name, number in given.items():
        known = [] if number is None else [positive_integer(f"The {name}", number)]
        known += [size for owner in (task, genome) if (size := getattr(owner, name, None)) is not None]
        if not known:
            raise ArgumentError(
                f"Expected the number of {name}, which this fitness does not know. Give {name}=."
            )
        if len(set(known)) > 1:
            raise ArgumentError(f"Expected {max(known[1:])} {name}, got {known[0]}.")
        found.append(known[0])
    return found[0], found[1]


def _checked_start(start: Any) -> Genome | None:
    if start is None or isinstance(start, Genome):
        return start
    if isinstance(start, Network):
        return Genome.from_network(start)
    raise ArgumentTypeError(expected("The start", "a Genome, a Network or None", start))
