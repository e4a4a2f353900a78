"""The score of a network on samples, and the score at which a task is solved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np


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


def total(scores: Sequence[Score]) -> Score:
    """The score on all samples of several scores."""
    counts = [score.count for score in scores]
    return Score(
        sum(score.right for score in scores),
        sum(counts),
        float(np.average([score.error for score in scores], weights=counts)),
        float(np.average([score.squared_error for score in scores], weights=counts)),
    )
