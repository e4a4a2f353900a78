"""Generate the adding problem, in which two marked numbers are far from the end of a
sequence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .._typing import Floats
from ._samples import SampleBatch, Spans, Within, steps_of
from ._task import Criterion, Task

TESTED = 2000
TOLERANCE = 0.04
EARLY_STEPS = 10  # one marked pair is among this many at the beginning
MIN_STEPS = 2 * EARLY_STEPS


def marked_pairs(
    count: int, steps: int, low: float, neutral: float, rng: np.random.Generator
) -> tuple[Spans, Floats, Floats]:
    """Return spans, inputs (N, 2), and the two marked values of each sequence (S, 2).

    A first pair that is marked has the value `neutral`, and its marker remains -1.
    """
    spans = Spans.between(count, steps, steps + steps // 10, rng)
    inputs = np.zeros((spans.total, 2))
    inputs[:, 0] = rng.uniform(low, 1.0, spans.total)

    early = rng.integers(EARLY_STEPS, size=count)
    late = rng.integers(steps // 2 - 1, size=count)
    late += late >= early  # counts the unmarked pairs only
    starts = spans.first[:, None]
    marked = starts + np.stack([early, late], axis=1)
    inputs[marked[marked == starts], 0] = neutral

    # The markers of both ends are set last: a first pair that is marked keeps -1.
    inputs[marked, 1] = 1.0
    inputs[spans.first, 1] = -1.0
    inputs[spans.last, 1] = -1.0
    return spans, inputs, inputs[marked, 0]


@dataclass(frozen=True)
class Adding(Task):
    """Adding problem: output the sum of the two marked numbers in a long sequence.

    A step has two inputs, a random number from -1 to 1 and a marker. The marker is 1 at
    two steps and 0 at all others, but -1 at the first and the last step. The first
    marked step is one of the first ten; the second is one of the first
    ``steps / 2 - 1`` unmarked steps. If one of them is the first step of the sequence,
    its number is 0 and its marker remains -1. The number of steps is random, from
    `steps` to ``steps
    + steps / 10``. Only the last step has a target, ``0.5 + (X1 + X2) / 4`` for the
    marked numbers X1 and X2; a sequence is right if the output differs from it by less
    than 0.04.

    Hochreiter and Schmidhuber 1997, experiment 4, stopped when the average error of
    training was below 0.01 and the last 2,000 training sequences were right. Here, all
    of 2,000 fresh sequences must be right, with unchanged weights and a mean absolute
    error below 0.01, which is stricter.

    Parameters
    ----------
    steps : int
        Smallest number of steps in a sequence, at least 20. The paper uses 100, 500 and
        1000.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the steps cannot be used.

    Examples
    --------
    >>> sample = Adding(100).sample(0)
    >>> sample.inputs.shape, sample.targets.shape
    ((109, 2), (109, 1))
    >>> values, markers = sample.inputs.T
    >>> values[markers == 1].round(2), sample.targets[-1].round(2)
    (array([0.46, 0.63]), array([0.77]))
    >>> sample.right(np.full((109, 1), 0.8)), sample.right(np.full((109, 1), 0.9))
    (True, False)
    """

    steps: int = 100

    inputs: ClassVar[int] = 2
    """Number of inputs, for a number and a marker."""
    outputs: ClassVar[int] = 1
    criterion: ClassVar[Criterion] = Criterion(TESTED, error=0.01)
    """All of 2,000 sequences are right, with a mean absolute error below 0.01."""
    paper: ClassVar[str] = (
        "Hochreiter and Schmidhuber, Neural Computation 9 (1997), experiment 4."
    )

    def __post_init__(self) -> None:
        steps_of("Adding", self.steps, MIN_STEPS)

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        spans, inputs, marked = marked_pairs(count, self.steps, -1.0, 0.0, rng)
        goals = spans.goals(0.5 + marked.sum(axis=1, keepdims=True) / 4)
        return SampleBatch(inputs, goals, spans.lengths, Within(TOLERANCE))
