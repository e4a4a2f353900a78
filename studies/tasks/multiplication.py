"""The multiplication problem: two marked numbers, far from the end of a sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synapse._checks import whole_number
from synapse.tasks import Criterion, SampleBatch, Task, Within
from synapse.tasks._adding import MIN_STEPS, TESTED, TOLERANCE, marked_pairs
from synapse.tasks._samples import steps_of


@dataclass(frozen=True)
class Multiplication(Task):
    """Multiplication problem: output the product of the two marked numbers of a long
    sequence.

    Sequences are those of :class:`Adding`, but numbers are from 0 to 1, a marked first
    step has the number 1, and the target of the last step is the product of the marked
    numbers.

    Hochreiter and Schmidhuber 1997, experiment 5, stopped when fewer than 140, or fewer
    than 13, of the last 2,000 training sequences were wrong. Here, 2,000 fresh
    sequences are tested with unchanged weights.

    Parameters
    ----------
    steps : int
        Smallest number of steps of a sequence, at least 20. The paper has 100.
    wrong : int
        Largest number of sequences that may be wrong, from 0 to 1,999. Default 139; 12
        is the paper's other criterion.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a parameter cannot be used.

    Examples
    --------
    >>> print(Multiplication().criterion)
    at most 139 of 2,000 wrong
    >>> samples = Multiplication().batch(500, 0)
    >>> lowest, highest = np.nanmin(samples.goals), np.nanmax(samples.goals)
    >>> bool(0 <= lowest < highest <= 1)
    True
    """

    steps: int = 100
    wrong: int = 139

    inputs: ClassVar[int] = 2
    """Number of inputs: a number and a marker."""
    outputs: ClassVar[int] = 1
    paper: ClassVar[str] = (
        "Hochreiter and Schmidhuber, Neural Computation 9 (1997), experiment 5."
    )

    def __post_init__(self) -> None:
        steps_of("Multiplication", self.steps, MIN_STEPS)
        condition = f"a whole number from 0 to {TESTED - 1:,}"
        whole_number("wrong of Multiplication", self.wrong, condition, 0, TESTED - 1)

    @property
    def criterion(self) -> Criterion:
        """At most `wrong` of 2,000 sequences are wrong."""
        return Criterion(TESTED, self.wrong)

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        spans, inputs, marked = marked_pairs(count, self.steps, 0.0, 1.0, rng)
        goals = spans.goals(marked.prod(axis=1, keepdims=True))
        return SampleBatch(inputs, goals, spans.lengths, Within(TOLERANCE))
