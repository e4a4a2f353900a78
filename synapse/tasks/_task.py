"""What all tasks have in common: samples, batches of them, endless streams, and when a task is solved."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
from math import inf
from typing import ClassVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import MOST_SEQUENCES, counted, expected, finite_array, integer, positive_integer
from .._typing import Floats, Ints
from ..errors import ArgumentError, ArgumentTypeError
from ..initializers import Seed, random_generator
from ..objects.network import Network, require_network
from ..objects.state import preserved_context

Mask = NDArray[np.bool_]

Judge = Callable[[Floats, Floats, Mask | None], Mask]
"""Which steps are right, shape (T,): a function of outputs and targets (T, m), and the allowed symbols."""

TESTED_AT_ONCE = 100


@dataclass(frozen=True)
class Within:
    """A step is right if every output differs from its target by less than `tolerance`."""

    tolerance: float

    def __call__(self, outputs: Floats, targets: Floats, allowed: Mask | None) -> Mask:
        near: Mask = np.all((np.abs(outputs - targets) < self.tolerance) | np.isnan(targets), axis=1)
        return near


@dataclass(frozen=True)
class Sides:
    """A step is right if outputs and targets are above the threshold in the same places."""

    threshold: float

    def __call__(self, outputs: Floats, targets: Floats, allowed: Mask | None) -> Mask:
        above = (outputs > self.threshold) == (targets > self.threshold)
        same: Mask = np.all(above | np.isnan(targets), axis=1)
        return same


@dataclass(frozen=True)
class Predictable:
    """As :class:`Sides`, but only the outputs count whose targets can be predicted: the allowed ones."""

    threshold: float

    def __call__(self, outputs: Floats, targets: Floats, allowed: Mask | None) -> Mask:
        if allowed is None:
            raise ArgumentError("Expected samples with predictable targets marked, got samples without.")
        same: Mask = np.all(((outputs > self.threshold) == (targets > self.threshold)) | ~allowed, axis=1)
        return same


@dataclass(frozen=True)
class WithinIfCertain:
    """A step is right if its next symbol is certain and every output differs from its target by less than
    `tolerance`, or if several symbols can come next.
    """

    tolerance: float

    def __call__(self, outputs: Floats, targets: Floats, allowed: Mask | None) -> Mask:
        near = Within(self.tolerance)(outputs, targets, None)
        return near if allowed is None else near | (allowed.sum(axis=1) > 1)


@dataclass(frozen=True)
class Ranked:
    """A step is right if the allowed symbols have the highest outputs: all of them, or the most active."""

    all_allowed: bool = True

    def __call__(self, outputs: Floats, targets: Floats, allowed: Mask | None) -> Mask:
        if allowed is None:
            raise ArgumentError("Expected samples with allowed symbols, got samples without.")
        others = np.where(allowed, -inf, outputs).max(axis=1)
        least, fill = (np.min, inf) if self.all_allowed else (np.max, -inf)
        ahead: Mask = least(np.where(allowed, outputs, fill), axis=1) > others
        return ahead


@dataclass(frozen=True, eq=False)
class Sample:
    """One sequence of a task: inputs, targets and what counts as right.

    Parameters
    ----------
    inputs : ndarray, shape (T, n)
        One row per step.
    targets : ndarray, shape (T, m)
        Targets of the outputs; NaN where a step has none.
    judge : callable
        Which steps of given outputs are right.
    allowed : ndarray of bool, shape (T, m), optional
        Symbols that can come next, for tasks that predict symbols. Targets that can be predicted, for tasks
        in which some targets are random.
    """

    inputs: Floats
    targets: Floats
    judge: Judge
    allowed: Mask | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def right_steps(self, outputs: ArrayLike) -> Mask:
        """Whether each step is right, shape (T,), for outputs of shape (T, m). Steps without target are."""
        values = finite_array("The outputs", outputs)
        if values.shape != self.targets.shape:
            raise ArgumentError(expected("The outputs", f"of shape {self.targets.shape}", values.shape))
        return self.judge(values, self.targets, self.allowed)

    def right(self, outputs: ArrayLike) -> bool:
        """Whether every step is right."""
        return bool(self.right_steps(outputs).all())


@dataclass(frozen=True, eq=False)
class Samples(Sequence[Sample]):
    """Several samples; :attr:`inputs` and :attr:`targets` are what :meth:`synapse.Trainer.train` takes.

    Parameters
    ----------
    rows, goals : ndarray, shape (N, n) and (N, m)
        Inputs and targets of all samples, one sample after the other.
    lengths : ndarray of int, shape (S,)
        Number of steps of each sample.
    judge : callable
        Which steps of given outputs are right.
    allowed : ndarray of bool, shape (N, m), optional
        Symbols that can come next, or targets that can be predicted.
    """

    rows: Floats
    goals: Floats
    lengths: Ints
    judge: Judge
    allowed: Mask | None = None

    @cached_property
    def bounds(self) -> list[int]:
        """First row of each sample, and the number of rows."""
        return [0, *np.cumsum(self.lengths).tolist()]

    @cached_property
    def inputs(self) -> list[Floats]:
        """Inputs of each sample, shape (T_i, n)."""
        return [self.rows[a:b] for a, b in pairwise(self.bounds)]

    @cached_property
    def targets(self) -> list[Floats]:
        """Targets of each sample, shape (T_i, m)."""
        return [self.goals[a:b] for a, b in pairwise(self.bounds)]

    def __len__(self) -> int:
        return len(self.lengths)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Samples: ...
    def __getitem__(self, index: int | slice) -> Sample | Samples:
        numbers = range(len(self))[index]
        if isinstance(numbers, int):
            span = slice(self.bounds[numbers], self.bounds[numbers + 1])
            return Sample(self.rows[span], self.goals[span], self.judge, self._allowed(span))
        if numbers.step != 1:
            raise ArgumentError(expected("A slice of samples", "without a step", index))
        span = slice(self.bounds[numbers.start], self.bounds[max(numbers.start, numbers.stop)])
        lengths = self.lengths[numbers.start : numbers.stop]
        return Samples(self.rows[span], self.goals[span], lengths, self.judge, self._allowed(span))

    def _allowed(self, span: slice) -> Mask | None:
        return None if self.allowed is None else self.allowed[span]

    def score(self, network: Network) -> Score:
        """Run a network on every sample, from a cleared context, and count those that it gets right.

        The network's own context is restored afterwards; no weight changes.
        """
        outputs = self._outputs(network)
        errors = (outputs - self.goals)[~np.isnan(self.goals)]
        with np.errstate(over="ignore"):  # of networks that have diverged
            absolute, squared = (float(np.mean(x)) if x.size else 0.0 for x in (np.abs(errors), errors**2))
        return Score(len(self) - int(self._wrong(outputs).sum()), len(self), absolute, squared)

    def wrong(self, network: Network) -> Mask:
        """Whether a network is wrong at a step of each sample, shape (S,); see :meth:`score`."""
        return self._wrong(self._outputs(network))

    def _outputs(self, network: Network) -> Floats:
        require_network("What is scored", network)
        with preserved_context(network):
            return np.concatenate(network.run(self.inputs))

    def _wrong(self, outputs: Floats) -> Mask:
        wrong = ~self.judge(outputs, self.goals, self.allowed)
        failed: Mask = np.logical_or.reduceat(wrong, self.bounds[:-1])
        return failed


@dataclass(frozen=True)
class Score:
    """The score of a network on some samples.

    Parameters
    ----------
    right, count : int
        Number of samples that are right at every step, and of all samples.
    error : float
        Mean of the absolute differences between outputs and targets, over all targets.
    squared_error : float
        Mean of their squares. Divided by the variance of the targets it is the normalised error (NMSE) that
        papers on series report.
    """

    right: int
    count: int
    error: float
    squared_error: float

    @property
    def fraction(self) -> float:
        """Fraction of samples that are right at every step."""
        return self.right / self.count

    @property
    def wrong(self) -> int:
        """Number of samples that are not right at every step."""
        return self.count - self.right


def _total(scores: Sequence[Score]) -> Score:
    """The score on all samples of several scores."""
    counts = [score.count for score in scores]
    return Score(
        sum(score.right for score in scores),
        sum(counts),
        float(np.average([score.error for score in scores], weights=counts)),
        float(np.average([score.squared_error for score in scores], weights=counts)),
    )


@dataclass(frozen=True)
class Criterion:
    """When a task counts as solved, judged on samples that were not used for training.

    Parameters
    ----------
    samples : int
        Number of samples of the test.
    wrong : int
        The largest number of them that may be wrong. Default 0.
    error : float
        The mean absolute error must be below this. Default: no limit.
    squared_error : float
        The mean squared error must be below this. Default: no limit.
    """

    samples: int
    wrong: int = 0
    error: float = inf
    squared_error: float = inf

    def met(self, score: Score) -> bool:
        """Whether a score meets the criterion."""
        small = score.error < self.error and score.squared_error < self.squared_error
        return score.wrong <= self.wrong and small

    def __str__(self) -> str:
        parts = []
        if not self.wrong:
            parts.append(f"all of {self.samples:,} right")
        elif self.wrong < self.samples:
            parts.append(f"at most {self.wrong:,} of {self.samples:,} wrong")
        limits = {"absolute": self.error, "squared": self.squared_error}
        parts += [f"mean {kind} error below {limit:g}" for kind, limit in limits.items() if limit < inf]
        return ", ".join(parts)


def joined(parts: Sequence[Sample]) -> Samples:
    """Samples with one judge, in arrays of all of them."""
    masks = [part.allowed for part in parts if part.allowed is not None]
    return Samples(
        np.concatenate([part.inputs for part in parts]),
        np.concatenate([part.targets for part in parts]),
        np.array([len(part) for part in parts]),
        parts[0].judge,
        np.concatenate(masks) if masks else None,
    )


class Stream(Iterator[Sample]):
    """An endless sequence of a task, without marks between its parts.

    Parameters
    ----------
    more : callable
        Returns the next samples of the sequence.
    """

    def __init__(self, more: Callable[[], Sample]) -> None:
        self._more = more
        self._rest: Sample | None = None

    def __next__(self) -> Sample:
        rest, self._rest = self._rest, None
        return self._more() if rest is None else rest

    def take(self, steps: int) -> Sample:
        """Return the next steps of the stream.

        Parameters
        ----------
        steps : int
            Number of steps.

        Returns
        -------
        Sample
            Its first step follows the last step of the previous call.
        """
        steps = positive_integer("The steps of a stream", steps)
        parts, count = [], 0
        while count < steps:
            parts.append(next(self))
            count += len(parts[-1])
        more = count - steps
        if more:
            last = parts.pop()
            cut = len(last) - more
            parts.append(_part(last, slice(0, cut)))
            self._rest = _part(last, slice(cut, None))
        whole = joined(parts)
        return Sample(whole.rows, whole.goals, whole.judge, whole.allowed)


def _part(sample: Sample, span: slice) -> Sample:
    allowed = None if sample.allowed is None else sample.allowed[span]
    return Sample(sample.inputs[span], sample.targets[span], sample.judge, allowed)


class Task(ABC):
    """A task for networks that learn sequences. Subclasses are frozen dataclasses, one per task.

    A task generates data from a seed (:meth:`sample`, :meth:`batch`, :meth:`stream`). Most have a
    :attr:`criterion` that tells when they are solved (:meth:`solved`).
    """

    paper: ClassVar[str]
    """Where the task was published."""

    @property
    @abstractmethod
    def inputs(self) -> int:
        """Number of inputs."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """Number of outputs."""

    @property
    @abstractmethod
    def criterion(self) -> Criterion | None:
        """When the task counts as solved; None if the literature only compares errors."""

    @abstractmethod
    def _draw(self, count: int, rng: np.random.Generator) -> Samples:
        """Generate samples."""

    def sample(self, seed: Seed = None) -> Sample:
        """Generate one sample.

        Parameters
        ----------
        seed : int or numpy.random.Generator, optional
            Seed of the random choices. A generator continues its own stream.

        Returns
        -------
        Sample
            Its ``inputs`` (T, n), ``targets`` (T, m), and ``right(outputs)``.
        """
        return self._draw(1, random_generator(seed))[0]

    def batch(self, count: int, seed: Seed = None) -> Samples:
        """Generate several samples, independent of each other.

        Parameters
        ----------
        count : int
            Number of samples.
        seed : int or numpy.random.Generator, optional
            Seed of the random choices. A generator continues its own stream.

        Returns
        -------
        Samples
            A sequence of samples, with ``inputs`` and ``targets`` for :meth:`synapse.Trainer.train`.
        """
        count = positive_integer("The count of samples", count, MOST_SEQUENCES)
        return self._draw(count, random_generator(seed))

    def stream(self, seed: Seed = None) -> Stream:
        """Generate an endless sequence: samples one after the other, without marks between them.

        Parameters
        ----------
        seed : int or numpy.random.Generator, optional
            Seed of the random choices. A generator continues its own stream.

        Returns
        -------
        Stream
            Its ``take(steps)`` returns the next steps as a sample.
        """
        generator = random_generator(seed)
        return Stream(lambda: self._draw(1, generator)[0])

    @property
    def tested(self) -> Task:
        """The task that generates the samples of tests: itself, or the same one without noise on targets."""
        return self

    def solved(self, network: Network, samples: Samples | Seed = None) -> bool:
        """Whether a network meets the criterion on samples it was not trained on.

        The network runs from a cleared context on each sample, and has its own context again afterwards. The
        test ends as soon as too many samples are wrong.

        Parameters
        ----------
        network : Network
            A network with as many inputs and outputs as the task.
        samples : Samples, int or numpy.random.Generator, optional
            Samples as :meth:`batch` of :attr:`tested` returns them, or a seed: ``criterion.samples`` of them
            are then generated in small parts, so that long ones need little memory.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the network does not fit, the samples are neither samples nor a seed, or the task has no
            criterion.
        """
        self.require_fit(network)
        criterion = self.criterion
        if criterion is None:
            raise ArgumentError(
                f"{type(self).__name__} has no criterion. Compare errors instead: samples.score(network)."
            )
        scores: list[Score] = []
        for part in self._parts(samples, criterion.samples):
            scores.append(part.score(network))
            if sum(score.wrong for score in scores) > criterion.wrong:
                return False
        return criterion.met(_total(scores))

    def _parts(self, samples: Samples | Seed, count: int) -> Iterator[Samples]:
        """Samples of a test, a few at a time."""
        if isinstance(samples, Samples):
            starts = range(0, len(samples), TESTED_AT_ONCE)
            return (samples[begin : begin + TESTED_AT_ONCE] for begin in starts)
        if samples is not None and not isinstance(samples, np.random.Generator) and integer(samples) is None:
            raise ArgumentTypeError(expected("The samples", "samples of a task, or a seed", samples))
        rng, task = random_generator(samples), self.tested
        return (
            task.batch(min(TESTED_AT_ONCE, count - begin), rng) for begin in range(0, count, TESTED_AT_ONCE)
        )

    def require_fit(self, network: Network) -> None:
        """Raise an error unless a network has as many inputs and outputs as the task."""
        require_network("What is tested", network)
        found, needed = (len(network.input), len(network.output)), (self.inputs, self.outputs)
        if found != needed:
            raise ArgumentError(
                f"Expected a network with {needed[0]} inputs and {needed[1]} outputs for "
                f"{type(self).__name__}, got {found[0]} and {found[1]}."
            )

    def describe(self) -> str:
        """Describe the task: what it is, its parameters, its inputs and outputs, and when it is solved."""
        first = (inspect.getdoc(type(self)) or "").partition("\n")[0]
        chosen = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self))  # type: ignore[arg-type]
        solved = f"Solved: {self.criterion}." if self.criterion else "No criterion: errors are compared."
        lines = [
            f"{type(self).__name__}({chosen})",
            first,
            f"{counted(self.inputs, 'input')}, {counted(self.outputs, 'output')}. {solved}",
            self.paper,
        ]
        return "\n".join(lines)
