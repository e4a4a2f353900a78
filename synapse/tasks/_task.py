"""Define the base classes of tasks, which generate samples from a seed, and judge when
a network has solved them.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Annotated, ClassVar

import numpy as np

from .._checks import (
    MAX_SEQUENCES,
    integer,
    pluralize,
    positive_integer,
    require_type,
    suggests_arguments,
)
from .._initializer import Seed, random_generator
from ..errors import ArgumentError
from ..objects.network import Network, require_network
from ._samples import Sample, SampleBatch, SampleStream, Score, joined

TESTED_AT_ONCE = 100
"""Number of test samples in one call. A network that fails is not tested on all.
``python -m benchmarks.variants _task.TESTED_AT_ONCE``: rows take 1.11 times as long
with a tenth, 7.70 times with ten times."""


@suggests_arguments("Criterion")
@dataclass(frozen=True)
class Criterion:
    """The condition under which a task counts as solved, judged on samples that were
    not used for training.

    Parameters
    ----------
    samples : int
        Number of samples in the test.
    wrong : int
        The largest number of them that may be wrong. Default 0.
    error : float
        The limit below which the mean absolute error must be. Default: no limit.
    squared_error : float
        The limit below which the mean squared error must be. Default: no limit.
    """

    samples: Annotated[int, positive_integer]
    wrong: int = 0
    error: float = inf
    squared_error: float = inf

    def met(self, score: Score) -> bool:
        """Return whether a score meets the criterion."""
        small = score.error < self.error and score.squared_error < self.squared_error
        return score.wrong <= self.wrong and small

    def __str__(self) -> str:
        conditions = []
        if not self.wrong:
            conditions.append(f"all of {self.samples:,} right")
        elif self.wrong < self.samples:
            conditions.append(f"at most {self.wrong:,} of {self.samples:,} wrong")
        limits = {"absolute": self.error, "squared": self.squared_error}
        for name, limit in limits.items():
            if limit < inf:
                conditions.append(f"mean {name} error below {limit:g}")
        return ", ".join(conditions)


class Task(ABC):
    """A task for networks that learn sequences. Subclasses are frozen dataclasses, one
    per task.

    A task generates data from a seed (:meth:`sample`, :meth:`batch`, :meth:`stream`).
    Most tasks also have a :attr:`criterion`, which determines when they are solved
    (:meth:`solved`).
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
        """The condition under which the task counts as solved, or None if the
        literature only compares errors.
        """

    @abstractmethod
    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
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
            A sample with ``inputs`` (T, n), ``targets`` (T, m), and ``right(outputs)``.
        """
        return self._draw(1, random_generator(seed))[0]

    def batch(self, count: int, seed: Seed = None) -> SampleBatch:
        """Generate `count` independent samples, by a seed as in :meth:`sample`.

        The result is a sequence with ``inputs`` and ``targets`` for
        :meth:`synapse.Trainer.train`.
        """
        count = positive_integer("count", count, MAX_SEQUENCES)
        return self._draw(count, random_generator(seed))

    def stream(self, seed: Seed = None) -> SampleStream:
        """Generate an endless sequence, in which samples follow each other without
        marks between them.

        Its ``take(steps)`` returns the next steps as a sample. The seed is used as in
        :meth:`sample`.
        """
        generator = random_generator(seed)
        return SampleStream(self._draw(1, generator)[0] for _ in itertools.count())

    @property
    def tested(self) -> Task:
        """The task that generates test samples, which is this task, or the same one
        without noise on targets.
        """
        return self

    def solved(self, network: Network, samples: SampleBatch | Seed = None) -> bool:
        """Return whether a network meets the criterion on samples that were not used
        for training.

        The network runs from a cleared context on each sample, and its own context is
        restored afterwards. Random neurons output their means. The test ends as soon as
        too many samples are wrong.

        Parameters
        ----------
        network : Network
            A network with as many inputs and outputs as the task.
        samples : SampleBatch, int or numpy.random.Generator, optional
            Samples as :meth:`batch` of :attr:`tested` returns them, or a seed. From a
            seed, ``criterion.samples`` of them are generated in small parts, which need
            little memory even if samples are long.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the network does not fit, the samples are neither samples nor a seed, or
            the task has no criterion.
        """
        self.require_fit(network)
        criterion = self.criterion
        if criterion is None:
            raise ArgumentError(
                f"{type(self).__name__} has no criterion. Compare errors instead:"
                " samples.score(network)."
            )
        scores: list[Score] = []
        for batch in self._batches(samples, criterion.samples):
            scores.append(batch.score(network))
            if sum(score.wrong for score in scores) > criterion.wrong:
                return False
        return criterion.met(total(scores))

    def _batches(
        self, samples: SampleBatch | Seed, count: int
    ) -> Iterator[SampleBatch]:
        """Return samples of a test, a few at a time."""
        if isinstance(samples, SampleBatch):
            # At least one batch: scoring refuses an empty one.
            starts = range(0, len(samples) or 1, TESTED_AT_ONCE)
            return (samples[start : start + TESTED_AT_ONCE] for start in starts)
        is_seed = samples is None or isinstance(samples, np.random.Generator)
        require_type(
            is_seed or integer(samples) is not None,
            "samples",
            "samples of a task, or a seed",
            samples,
        )
        rng = random_generator(samples)
        task = self.tested
        return (
            task.batch(min(TESTED_AT_ONCE, count - start), rng)
            for start in range(0, count, TESTED_AT_ONCE)
        )

    def require_fit(self, network: Network) -> None:
        """Raise an error unless a network has as many inputs and outputs as the
        task.
        """
        require_network("network", network)
        inputs = len(network.input)
        outputs = len(network.output)
        if (inputs, outputs) != (self.inputs, self.outputs):
            sizes = f"{pluralize(self.inputs, 'input')}"
            sizes += f" and {pluralize(self.outputs, 'output')}"
            raise ArgumentError(
                f"Expected a network with {sizes} for {type(self).__name__}, got"
                f" {inputs} and {outputs}."
            )


def total(scores: Sequence[Score]) -> Score:
    """Return the score on all samples of several scores."""
    counts = [score.count for score in scores]
    errors = [score.error for score in scores]
    squared_errors = [score.squared_error for score in scores]
    return Score(
        sum(score.right for score in scores),
        sum(counts),
        float(np.average(errors, weights=counts)),
        float(np.average(squared_errors, weights=counts)),
    )


class StreamTask(Task):
    """A task whose samples are the first `length` steps of endless sequences."""

    @property
    @abstractmethod
    def length(self) -> int:
        """Number of steps in a sample."""

    @abstractmethod
    def _endless(self, rng: np.random.Generator) -> Iterator[Sample]:
        """Generate the next steps of one sequence, any number at a time, without
        end.
        """

    def stream(self, seed: Seed = None) -> SampleStream:
        """Generate one endless sequence, see :meth:`Task.stream`."""
        return SampleStream(self._endless(random_generator(seed)))

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        return joined([self.stream(rng).take(self.length) for _ in range(count)])
