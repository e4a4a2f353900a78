"""Evolve networks by NEAT, the neuro-evolution of augmenting topologies."""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any, NamedTuple, final

import numpy as np

from .. import _checks
from .._initializer import Seed, random_generator
from .._typing import Bools, Floats, PathLike
from ..errors import ArgumentError, ArgumentTypeError, FormatError
from ..learning._training import progress_bar
from ..objects.executors import (
    checked_executor,
    gathered,
    require_picklable,
    result_of,
)
from ..objects.network import Network
from ..readwrite._files import as_path, opened, reading
from ..readwrite._npz import read_arrays, write_arrays
from ._evolution import Evolution
from ._genome import Genome
from ._population import Genomes, Population, fronts_of
from ._settings import Settings
from .fitness._data import DataFitness

# --- evaluations ----------------------------------------------------------------------


MIN_CHECKPOINT_SECONDS = 10.0
MAX_CHECKPOINT_FRACTION = 0.05
"""Least time between two checkpoints, and the largest fraction of the time that writing
them takes."""
FORMAT = "synapse evolution 1"


class Evaluated(NamedTuple):
    """Numbers of the genomes, whether they solve the task, and all weights after it if
    some were learned.
    """

    values: Floats
    solved: Bools
    weights: Floats


@final
class Evaluations:
    """The results of an evolution's evaluations, by generation. Without a path, they
    are not stored.

    All other data follow from these numbers, the first random word and the arguments of
    the call. A file therefore does not need indices, which could be wrong, and an
    evolution is resumed by breeding the same generations without evaluating them.
    """

    def __init__(
        self, path: Path | None, population: Population, resume: bool, seeded: bool
    ) -> None:
        self.path = path
        self.past = list[Evaluated]()
        self.digest = 0
        self._next = time.monotonic() + MIN_CHECKPOINT_SECONDS
        if resume and path is not None and path.exists():
            word = int(population.word[0])
            self._read(path, population)
            if seeded and word != population.word[0]:
                raise ArgumentError(
                    f"The checkpoint {path} was written with another seed. Pass that"
                    " seed, or seed=None."
                )
        if path is not None and not path.absolute().parent.is_dir():
            raise FileNotFoundError(f"There is no folder for the checkpoint {path}.")
        self._seeded = seeded
        self.word = int(population.word[0])
        self.known = len(self.past)

    def repeated(
        self, population: Population, evaluate: Callable[[Genomes], Floats]
    ) -> Evaluated | None:
        """Return the result of this generation's evaluation, if the file contains
        it.
        """
        generations = self.known
        if population.generation >= generations:
            return None
        evaluated = self.past[population.generation]
        weights = population.genomes.weights
        fits = len(evaluated.values) == len(population.genomes) and len(
            evaluated.weights
        ) in (0, len(weights))
        last = population.generation == generations - 1
        fitness = np.where(
            np.isfinite(evaluated.values).all(axis=1), evaluated.values[:, 0], -np.inf
        )
        best = np.array([fitness.argmax()])
        # what was learned comes next
        fittest = population.genomes.take(best) if fits else population.genomes
        if fits and len(evaluated.weights):
            weights[:] = evaluated.weights
        if not fits or (last and digest_of(population) != self.digest):
            raise ArgumentError(
                f"The checkpoint {self.path} was written with other arguments, by"
                " another version or on another machine, or was changed. Pass the same"
                " arguments, or another checkpoint."
            )
        if (
            last
            and np.isfinite(fitness[best]).all()
            and (self._seeded or population.generation)
        ):
            self._require_fitness(
                evaluated.values[best], lambda: evaluate(fittest.take(np.array([0])))
            )
        return evaluated

    def _require_fitness(self, stored: Floats, evaluate: Callable[[], Floats]) -> None:
        """Raise if the numbers of the fittest genome have changed, and do not vary from
        call to call.
        """
        computed = evaluate()
        if (
            not _agree(stored, computed)
            and not _agree(stored, second := evaluate())
            and _agree(computed, second)
        ):
            raise ArgumentError(
                f"The checkpoint {self.path} was written with another fitness function:"
                f" stored {stored[0].tolist()} for a genome whose fitness is now"
                f" {computed[0].tolist()}. Pass the same fitness, or another"
                " checkpoint."
            )

    def add(self, evaluated: Evaluated, population: Population) -> None:
        """Add a generation, and write the file from time to time."""
        if self.path is not None:
            self.past.append(evaluated)
            self.digest = digest_of(population)
            self.write(self._next)

    def write(self, due: float = 0.0) -> None:
        """Write the file, whole or not at all, if the time has come."""
        if self.path is None or (begin := time.monotonic()) < due:
            return
        several, solved, weights = zip(*self.past, strict=True)
        # a generation that has failed may have fewer numbers
        width = max(rows.shape[1] for rows in several)
        values = [
            np.pad(rows, ((0, 0), (0, width - rows.shape[1])), constant_values=np.nan)
            for rows in several
        ]
        arrays = {
            "format": FORMAT,
            "word": self.word,
            "digest": self.digest,
            "values": values,
            "solved": solved,
            "weights": np.concatenate(weights),
            "learned": [len(rows) for rows in weights],
        }
        write_arrays(
            self.path, {name: np.array(array) for name, array in arrays.items()}
        )
        self._next = begin + max(
            MIN_CHECKPOINT_SECONDS, (time.monotonic() - begin) / MAX_CHECKPOINT_FRACTION
        )

    def _read(self, path: Path, population: Population) -> None:
        with reading(path), opened(path) as stream:
            arrays = read_arrays(stream)
        try:
            names = (*Evaluated._fields, "learned")
            several = values, solved, weights, learned = [
                arrays[name] for name in names
            ]
            kinds = "".join(array.dtype.kind for array in several)
            whole = (
                values.ndim == 3
                and values.size
                and solved.shape == values.shape[:2]
                and kinds == "fbfi"
            )
            if arrays["format"] != FORMAT or not whole:
                raise ValueError("other arrays are expected")
            parts = np.split(weights, learned.cumsum()[:-1])
            self.past = [
                Evaluated(*array) for array in zip(values, solved, parts, strict=True)
            ]
            self.digest = int(arrays["digest"])
            population.word[0] = int(arrays["word"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise FormatError(
                f"The file {path} is not a checkpoint of an evolution ({error})."
            ) from None


def _agree(stored: Floats, computed: Floats) -> bool:
    return stored.shape == computed.shape and np.allclose(
        stored, computed, rtol=1e-9, atol=0.0
    )


def digest_of(population: Population) -> int:
    """Return a number that most probably differs if the genomes or random words of two
    populations do.
    """
    genes = population.genomes.genes[: len(population.genomes.weights)]
    return zlib.crc32(genes.tobytes(), int(population.word[0]) & 0xFFFFFFFF)


PARTS = 16
"""Number of parts into which a generation is divided for an executor. More parts
distribute expensive evaluations more evenly, whereas for evaluations as cheap as XOR,
fewer parts cost less. ``python -m benchmarks.variants _neat.PARTS``: rows take 0.46
times as long with a tenth, 5.63 times with ten times."""
Task = Callable[[Genomes], tuple[Floats, Bools, Floats]]


@_checks.suggests_arguments(
    "neat",
    void=[
        (
            "resume",
            "checkpoint",
            lambda given: given["checkpoint"] is None,
            "Pass checkpoint=, too.",
        )
    ],
)
def neat(
    fitness: Any,
    *,
    inputs: int | None = None,
    outputs: int | None = None,
    population: Annotated[int, _checks.positive_integer] = 150,
    max_evaluations: int = 100_000,
    goal: float | None = None,
    start: Genome | Network | None = None,
    settings: Settings | None = None,
    seed: Seed = None,
    executor: Executor | None = None,
    checkpoint: PathLike | None = None,
    resume: Annotated[bool, _checks.boolean] = False,
    progress: Annotated[bool, _checks.boolean] = True,
) -> Evolution:
    """Evolve the weights and structure of networks by NEAT, starting from a minimal
    network.

    The defaults are those of the paper, section 4.1, see `Settings`. The result is the
    same for every executor, and for an evolution that was interrupted and resumed.

    Parameters
    ----------
    fitness : callable, or object with a method evaluate
        The objective, which is maximised. It is one of :mod:`synapse.evolve.fitness`,
        or a function that is called with a `Genome` and returns its fitness, or several
        numbers, of which the first is the fitness.
    inputs, outputs : int, optional
        Number of inputs and outputs. Default: the numbers of the fitness, or of
        `start`.
    population : int
        Number of genomes in a generation. Default 150.
    max_evaluations : int
        The evolution ends when the next generation would exceed this number of
        evaluations. At least `population`. Default 100,000.
    goal : float, optional
        The task is also solved by a genome of at least this fitness.
    start : Genome or Network, optional
        The genome from which the first generation is made. By default, inputs and the
        bias are connected to all outputs. If weights are fractions, the first
        generation has the weights of `start`, or 1.
    settings : Settings, optional
        Probabilities and coefficients. Default: the values of the paper.
    seed : int or numpy.random.Generator, optional
        Seed of all random choices in the evolution.
    executor : concurrent.futures.Executor, optional
        An executor that evaluates genomes, see :func:`synapse.experiments.run_trials`.
        It is not shut down. By default, this thread evaluates them.
    checkpoint : path, optional
        File to which the evolution is written at most every ten seconds, and at its
        end.
    resume : bool
        Whether to continue from the checkpoint, if there is such a file. The other
        arguments must be the same, except `max_evaluations` and `goal`. The generations
        of the file are bred again, but not evaluated again, except the fittest genome
        of the last one, to detect a different fitness. Without a `seed`, the seed of
        the file is used. Default False.
    progress : bool
        Whether to show a progress bar. Default True.

    Returns
    -------
    Evolution
        Whether the task is solved, the champion, and the history.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used or differs from the checkpoint, or if the outputs
        of the first genome cannot reach the targets of the fitness.
    FormatError
        If the file to resume from is not a checkpoint, or only a part of one.
    ExecutorError
        If the executor fails, for example because one of its processes was killed.

    Notes
    -----
    If a function in Python raises an error, the evolution ends. It continues after a
    fitness of NaN or infinity, or if the outputs of a genome diverge. Such genomes have
    failed, and get the lowest fitness or novelty of their generation. A function that
    returns several numbers must return the same count for every genome that has not
    failed.

    With ``select="pareto"`` in the settings, all numbers are maximised, as in NSGA-II,
    until `max_evaluations`. If there is only one number, the second is minus the number
    of enabled connections, biases included. With ``select="novelty"``, genomes are
    selected by the distance of their other numbers, the behaviour, to the behaviours of
    other genomes. A function may train a network of the genome. To let the genome
    inherit the learned weights, it calls :meth:`Genome.adopt` with the network.

    References
    ----------
    K. O. Stanley and R. Miikkulainen, Evolving neural networks through augmenting
    topologies, Evolutionary Computation 10 (2002) 99-127.

    Examples
    --------
    >>> from synapse import evolve
    >>> result = evolve.neat(evolve.fitness.xor, seed=1)
    >>> result.solved, result.champion.run([[0, 1], [1, 1]]).round().tolist()
    (True, [[1.0], [0.0]])
    """
    if not hasattr(fitness, "evaluate"):
        _checks.function_of("fitness", fitness, "genome")
    task = partial(evaluate_genomes, fitness)
    chosen = (
        Settings()
        if settings is None
        else _checks.instance("settings", settings, Settings)
    )
    condition = f"a whole number, {population} or above, the population"
    maximum = _checks.whole_number(
        "max_evaluations", max_evaluations, condition, population
    )
    aim = math.inf if goal is None else _checks.finite_number("goal", goal)
    pool = checked_executor(executor)
    require_picklable("fitness", fitness, pool)
    path = None if checkpoint is None else as_path(checkpoint, "checkpoint")
    genome = Genome.from_network(start) if isinstance(start, Network) else start
    _checks.require_type(
        isinstance(genome, Genome | None), "start", "a Genome, a Network or None", start
    )
    sizes = _checked_sizes(fitness, genome, inputs=inputs, outputs=outputs)
    rng = random_generator(seed)
    if genome is None:
        genome = Genome.minimal(*sizes, seed=rng)
        genome = genome.with_weights(1.0) if chosen.fractions else genome
    if isinstance(fitness, DataFitness):
        fitness.require_outputs(genome)
    people = Population(genome, population, chosen, rng)
    result = Evolution()
    file = Evaluations(path, people, resume, seed is not None)
    pareto = chosen.select == "pareto"
    generations = max(1, len(file.past))  # so many generations are there, or must be
    with progress_bar(progress, "genomes", maximum, unit_scale=True) as bar:
        while pareto or not result.solved:
            if (
                result.generations >= generations
                and result.evaluations + population > maximum
            ):
                break
            if result.generations:
                people.breed()
            evaluated = file.repeated(
                people, lambda genomes: _parts(pool, task, genomes)[0][0]
            )
            if evaluated is None:
                evaluated = _evaluated(task, people, pool)
                file.add(evaluated, people)
            _record(result, people, evaluated, aim, pareto)
            people.select(evaluated.values)
            members = np.bincount(people.member_of).tolist()
            result.species.append(
                dict(zip(people.names.tolist(), members, strict=True))
            )
            result.history.setdefault("species", []).append(len(members))
            bar.set_description(f"fitness {result.fitness:.5g}", refresh=False)
            bar.update(result.evaluations - bar.n)
    file.write()
    if pareto and result.milestones:
        values, best = np.unique(people.values, axis=0, return_index=True)
        best = best[fronts_of(values) == 0][::-1]
        result.front = [
            (tuple(people.values[i].tolist()), people.genomes[i]) for i in best
        ]
    return result


@np.errstate(all="ignore")
def _record(
    result: Evolution,
    population: Population,
    evaluated: Evaluated,
    aim: float,
    pareto: bool,
) -> None:
    """Add a generation to the result."""
    values = evaluated.values
    sound = np.asarray(np.isfinite(evaluated.values).all(axis=1))
    solved: Bools = np.asarray((evaluated.solved | (values[:, 0] >= aim)) & sound)
    fitnesses = values[sound, 0] if sound.any() else np.array([math.nan])
    fittest = np.where(solved if solved.any() else sound, values[:, 0], -np.inf)
    best = int((solved if solved.any() and not pareto else fittest).argmax())
    genome = population.genomes[best]
    fitness = float(values[best, 0])
    row = {
        "best": float(fitnesses.max()),
        "mean": float(fitnesses.mean()),
        "hidden": genome.hidden,
        "failed": int((~sound).sum()),
        "connections": int(genome.genes["enabled"].sum()),
    }
    for name, number in row.items():
        result.history.setdefault(name, []).append(number)
    first_solved = bool(solved[best]) and not result.solved
    if sound[best] and (
        first_solved or (fitness > result.fitness and solved[best] >= result.solved)
    ):
        result.fitness = fitness
        result.milestones.append((population.generation, genome))
    result.evaluations += best + 1 if first_solved and not pareto else len(values)
    result.solved = result.solved or first_solved


def _evaluated(task: Task, population: Population, pool: Executor | None) -> Evaluated:
    """Return the evaluation of a generation, here or in parts on an executor. Weights
    may be learned in it.
    """
    genomes = population.genomes
    before = population.genomes.weights.copy()
    parts = _parts(pool, task, genomes)
    values = _columns([row for evaluated, *_ in parts for row in evaluated.tolist()])
    solved, weights = (
        np.concatenate([evaluated[i] for evaluated in parts]) for i in (1, 2)
    )
    genomes.weights[:] = weights
    unchanged = population.generation > 0 and np.array_equal(weights, before)
    return Evaluated(values, solved, before[:0] if unchanged else weights.copy())


def _parts(
    pool: Executor | None, task: Task, genomes: Genomes
) -> list[tuple[Floats, Bools, Floats]]:
    """Evaluate genomes, either all of them here, or parts of them on an executor."""
    if pool is None:
        return [task(genomes)]
    parts = np.array_split(np.arange(len(genomes)), min(PARTS, len(genomes)))
    calls = [(task, (genomes.take(rows),)) for rows in parts]
    futures = gathered(pool, calls, None, "evaluation")
    return [result_of(future, len(futures), "evaluation") for future in futures]


def evaluate_genomes(fitness: Any, genomes: Genomes) -> tuple[Floats, Bools, Floats]:
    """Return numbers of every genome, whether it solves the task, and all weights,
    which may have been learned.
    """
    count = len(genomes)
    if hasattr(fitness, "evaluate"):
        returned = fitness.evaluate(genomes)
        try:
            values, solved = returned
            values, solved = (
                _checks.numbers("fitness", values, "numbers"),
                np.asarray(solved, np.bool_),
            )
            return (
                values.reshape(count, -1),
                np.broadcast_to(solved, count),
                genomes.weights,
            )
        except (TypeError, ValueError):
            condition = (
                f"the fitness of {_checks.pluralize(count, 'genome')}, and whether each"
                " solves the task"
            )
            raise ArgumentTypeError(
                _checks.expected("The result of evaluate", condition, returned)
            ) from None
    rows: list[list[float]] = []
    for index, (_, _, begin, stop) in enumerate(genomes.at.tolist()):
        genome = genomes[index]
        returned = fitness(genome)
        rows.append(
            _checks.numbers("fitness", returned, "a number, or several")
            .ravel()
            .tolist()
        )
        _checks.require_type(rows[-1], "fitness", "a number, or several", returned)
        # it may have adopted others
        genomes.weights[begin:stop] = genome.genes["weight"]
    return _columns(rows), np.zeros(count, bool), genomes.weights


def _columns(rows: list[list[float]]) -> Floats:
    """Return numbers by genome as an array, filled with NaN for genomes with fewer
    numbers than others.
    """
    return np.array(list(zip_longest(*rows, fillvalue=np.nan))).T


def _checked_sizes(task: Any, genome: Genome | None, **arguments: Any) -> list[int]:
    """Return the numbers of inputs and outputs, which the arguments, the fitness and
    the start agree about.
    """
    agreed: list[int] = []
    for name, number in arguments.items():
        sizes: set[Any] = {getattr(owner, name, None) for owner in (task, genome)}
        sizes.discard(None)
        sizes |= set() if number is None else {_checks.positive_integer(name, number)}
        if len(sizes) != 1:
            got = " and ".join(map(str, sorted(sizes))) or "none"
            raise ArgumentError(
                f"Expected one number of {name}, got {got}. Pass the {name}= of the"
                " task."
            )
        agreed += sizes
    return agreed
