"""Where samples lie in flat arrays: their lengths, and their first and last rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._checks import whole_number
from .._typing import Floats, Ints

MOST_STEPS = 1_000_000


class Spans:
    """Consecutive rows of samples.

    Parameters
    ----------
    lengths : ndarray of int, shape (S,)
        Number of steps of each sample.
    """

    def __init__(self, lengths: Ints) -> None:
        self.lengths = lengths
        ends = np.cumsum(lengths)
        self.first: Ints = ends - lengths
        self.last: Ints = ends - 1
        self.total = int(ends[-1])

    @classmethod
    def between(cls, count: int, shortest: int, longest: int, rng: np.random.Generator) -> Spans:
        """Samples whose lengths are uniform from `shortest` to `longest`."""
        return cls(rng.integers(shortest, longest, size=count, endpoint=True))

    def goals(self, final: Floats) -> Floats:
        """Targets of shape (N, m), NaN but for the last step of each sample, from `final` of shape (S, m)."""
        goals = np.full((self.total, final.shape[1]), np.nan)
        goals[self.last] = final
        return goals


def one_hot(symbols: NDArray[Any], size: int) -> Floats:
    """Rows of zeros with a one in the column of each symbol, shape (N, size)."""
    rows = np.zeros((len(symbols), size))
    rows[np.arange(len(symbols)), symbols] = 1.0
    return rows


def steps_of(task: str, value: int, least: int) -> int:
    """Return the number of steps of a task, or raise an error."""
    condition = f"a whole number from {least} to {MOST_STEPS:,}"
    return whole_number(f"The steps of {task}", value, condition, least, MOST_STEPS)
