"""Represent samples of tasks, as a single sample, as a batch in flat arrays, or as an
endless sequence, with their judges and scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import inf
from typing import Annotated, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import (
    finite_array,
    index_within,
    positive_integer,
    require,
    require_type,
    suggests_arguments,
    whole_number,
)
from .._typing import Floats, Ints
from ..errors import ArgumentError
from ..objects.network import Network, require_network
from ..objects.snapshots import deterministic, preserved_context

MAX_STEPS = 1_000_000

Mask = NDArray[np.bool_]

Judge = Callable[[Floats, Floats, Mask | None], Mask]
"""A function of outputs and targets (T, m), and the allowed symbols, which returns the
steps that are right, shape (T,)."""


@dataclass(frozen=True)
class Score:
    """The score of a network on some samples.

    Parameters
    ----------
    right, count : int
        Number of samples that are right at every step, and of all samples.
    error : float
        Mean absolute difference between outputs and targets, over all targets.
    squared_error : float
        Mean squared difference. Divided by the variance of the targets, it is the
        normalised error (NMSE) that papers on series report.
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


@dataclass(frozen=True, eq=False)
class Sample:
    """One sequence of a task, with inputs, targets and a judge of outputs.

    Parameters
    ----------
    inputs : ndarray, shape (T, n)
        One row per step.
    targets : ndarray, shape (T, m)
        Targets of the outputs, or NaN where a step has no target.
    judge : callable
        A function that returns the steps that are right, called with targets, outputs
        and `allowed`.
    allowed : ndarray of bool, shape (T, m), optional
        Symbols that can come next, for tasks that predict symbols. Targets that can be
        predicted, for tasks in which some targets are random.
    """

    inputs: Floats
    targets: Floats
    judge: Judge
    allowed: Mask | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, steps: slice) -> Sample:
        """Return some consecutive steps."""
        require_type(
            isinstance(steps, slice),
            "steps of a sample",
            "a slice, as in sample[:10]",
            steps,
        )
        allowed = None if self.allowed is None else self.allowed[steps]
        return Sample(self.inputs[steps], self.targets[steps], self.judge, allowed)

    def right_steps(self, outputs: ArrayLike) -> Mask:
        """Return whether each step is right, shape (T,), for outputs of shape (T, m).
        Steps without a target count as right.
        """
        values = finite_array("outputs", outputs)
        require(
            values.shape == self.targets.shape,
            "outputs",
            f"of shape {self.targets.shape}",
            values.shape,
        )
        return self.judge(self.targets, values, self.allowed)

    def right(self, outputs: ArrayLike) -> bool:
        """Return whether every step is right."""
        return bool(self.right_steps(outputs).all())


@dataclass(frozen=True, eq=False)
class SampleBatch(Sequence[Sample]):
    """Several samples. You can pass their :attr:`inputs` and :attr:`targets` to
    :meth:`synapse.Trainer.train`.

    Parameters
    ----------
    rows, goals : ndarray, shape (N, n) and (N, m)
        Inputs and targets of all samples, one sample after the other.
    lengths : ndarray of int, shape (S,)
        Number of steps in each sample.
    judge : callable
        A function that returns the steps that are right, called with targets, outputs
        and `allowed`.
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
    def __getitem__(self, index: slice) -> SampleBatch: ...
    def __getitem__(self, index: int | slice) -> Sample | SampleBatch:
        if not isinstance(index, slice):
            number = index_within("The number of a sample", index, len(self)) % len(
                self
            )
            span = slice(self.bounds[number], self.bounds[number + 1])
            return Sample(*self._cut(span))
        numbers = range(len(self))[index]
        require(numbers.step == 1, "A slice of samples", "without a step", index)
        stop = max(numbers.start, numbers.stop)  # which is lower in an empty slice
        span = slice(self.bounds[numbers.start], self.bounds[stop])
        rows, goals, judge, allowed = self._cut(span)
        lengths = self.lengths[numbers.start : numbers.stop]
        return SampleBatch(rows, goals, lengths, judge, allowed)

    def _cut(self, span: slice) -> tuple[Floats, Floats, Judge, Mask | None]:
        """Return rows, targets, judge and allowed symbols of some steps."""
        allowed = None if self.allowed is None else self.allowed[span]
        return self.rows[span], self.goals[span], self.judge, allowed

    def score(self, network: Network) -> Score:
        """Run a network on every sample, from a cleared context, and count the samples
        that it gets right.

        Random neurons output their means. The network's own context is restored
        afterwards, and weights do not change.
        """
        outputs = self._outputs(network)
        errors = (outputs - self.goals)[~np.isnan(self.goals)]
        absolute = 0.0
        squared = 0.0
        if errors.size:
            with np.errstate(
                over="ignore", under="ignore"
            ):  # of networks that have diverged
                absolute = float(np.mean(np.abs(errors)))
                squared = float(np.mean(errors**2))
        right = len(self) - int(self._wrong(outputs).sum())
        return Score(right, len(self), absolute, squared)

    def wrong(self, network: Network) -> Mask:
        """Return whether a network is wrong at some step of each sample, shape (S,),
        see :meth:`score`.
        """
        return self._wrong(self._outputs(network))

    def _outputs(self, network: Network) -> Floats:
        """Return outputs of all samples, one after the other."""
        require_network("network", network)
        if not len(self):
            raise ArgumentError("Expected at least one sample to score, got none.")
        with preserved_context(network), deterministic(network):
            return np.concatenate(network.run(self.inputs, traces=False))

    def _wrong(self, outputs: Floats) -> Mask:
        wrong = ~self.judge(self.goals, outputs, self.allowed)
        return np.logical_or.reduceat(wrong, self.bounds[:-1])


def joined(samples: Sequence[Sample]) -> SampleBatch:
    """Return samples with one judge as a batch."""
    masks = [sample.allowed for sample in samples if sample.allowed is not None]
    return SampleBatch(
        np.concatenate([sample.inputs for sample in samples]),
        np.concatenate([sample.targets for sample in samples]),
        np.array([len(sample) for sample in samples]),
        samples[0].judge,
        np.concatenate(masks) if masks else None,
    )


class SampleStream(Iterator[Sample]):
    """An endless sequence of a task, without marks between its parts.

    Parameters
    ----------
    parts : iterator of Sample
        The next steps, any number at a time, without end.
    """

    @suggests_arguments()
    def __init__(self, parts: Iterator[Sample]) -> None:
        self._parts = parts
        self._left_over: Sample | None = None  # what `take` has not used

    def __next__(self) -> Sample:
        left_over = self._left_over
        if left_over is None:
            return next(self._parts)
        self._left_over = None
        return left_over

    @suggests_arguments("take")
    def take(self, steps: Annotated[int, positive_integer]) -> Sample:
        """Return this number of next steps, of which the first follows the last step of
        the previous call.
        """
        parts = []
        count = 0
        while count < steps:
            parts.append(next(self))
            count += len(parts[-1])
        too_many = count - steps
        if too_many:
            last = parts.pop()
            parts.append(last[:-too_many])
            self._left_over = last[-too_many:]
        batch = joined(parts)
        return Sample(batch.rows, batch.goals, batch.judge, batch.allowed)


# --- judges: which steps of outputs are right -----------------------------------------


@dataclass(frozen=True)
class Within:
    """A step is right if every output differs from its target by less than
    `tolerance`.
    """

    tolerance: float

    def __call__(self, targets: Floats, outputs: Floats, allowed: Mask | None) -> Mask:
        """Return which steps are right, shape (T,)."""
        near = np.abs(outputs - targets) < self.tolerance
        return np.all(near | np.isnan(targets), axis=1)


@dataclass(frozen=True)
class Sides:
    """A step is right if outputs and targets are above the threshold in the same
    places.
    """

    threshold: float

    def __call__(self, targets: Floats, outputs: Floats, allowed: Mask | None) -> Mask:
        """Return which steps are right, shape (T,)."""
        same_side = (outputs > self.threshold) == (targets > self.threshold)
        return np.all(same_side | np.isnan(targets), axis=1)


@dataclass(frozen=True)
class Ranked:
    """A step is right if the allowed symbols have the highest outputs, either all of
    them, or the most active.
    """

    all_allowed: bool = True

    def __call__(self, targets: Floats, outputs: Floats, allowed: Mask | None) -> Mask:
        """Return which steps are right, shape (T,)."""
        if allowed is None:
            raise ArgumentError(
                "Expected samples with allowed symbols, got samples without."
            )
        others = np.where(allowed, -inf, outputs).max(axis=1)
        if self.all_allowed:
            lowest = np.where(allowed, outputs, inf).min(axis=1)
        else:  # the most active one is enough
            lowest = np.where(allowed, outputs, -inf).max(axis=1)
        return lowest > others


# --- for tasks that draw samples ------------------------------------------------------


class Spans:
    """Consecutive rows of samples, whose numbers of steps are in `lengths`."""

    def __init__(self, lengths: Ints) -> None:
        self.lengths = lengths
        ends = np.cumsum(lengths)
        self.first: Ints = ends - lengths
        self.last: Ints = ends - 1
        self.total = int(ends[-1])

    @classmethod
    def between(
        cls, count: int, shortest: int, longest: int, rng: np.random.Generator
    ) -> Spans:
        """Return samples whose lengths are uniform from `shortest` to `longest`."""
        return cls(rng.integers(shortest, longest, size=count, endpoint=True))

    def goals(self, final: Floats) -> Floats:
        """Return targets of shape (N, m), which are NaN except for the last step of
        each sample, taken from `final` of shape (S, m).
        """
        goals = np.full((self.total, final.shape[1]), np.nan)
        goals[self.last] = final
        return goals


def steps_of(task: str, value: int, minimum: int) -> int:
    """Return the number of steps in a task, or raise an error."""
    condition = f"a whole number from {minimum} to {MAX_STEPS:,}"
    return whole_number(f"steps of {task}", value, condition, minimum, MAX_STEPS)
