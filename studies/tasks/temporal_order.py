"""Temporal order: classify sequences by the order of a few widely separated symbols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synapse._checks import whole_number
from synapse.tasks import Criterion, SampleBatch, Task, Within
from synapse.tasks._samples import Spans

SYMBOLS = "EBabcdXY"
"""Start, end, four symbols without meaning, and the two that are marked; their places
are the inputs."""

PLACES = {2: ((10, 20), (50, 60)), 3: ((10, 20), (33, 43), (66, 76))}
"""First and last step at which each X or Y can stand, by the number of them; the first
step is step 0."""

SHORTEST = 100
LONGEST = 110


@dataclass(frozen=True)
class TemporalOrder(Task):
    """Temporal order: tell the order of two or three X and Y in a long sequence of
    other symbols.

    A sequence starts with E, ends with B, and has random symbols a, b, c, d between
    them, except for two or three random steps with X or Y: from 10 to 20 and 50 to 60,
    or from 10 to 20, 33 to 43 and 66 to 76 (E is step 0). It has 100 to 110 steps. Only
    the last step has a target, one-hot: its class, of four (XX, XY, YX, YY) or eight
    (XXX, XXY, ..., YYY). A sequence is right if all outputs differ from it by less than
    0.3.

    Hochreiter and Schmidhuber 1997, experiments 6a and 6b, stopped when the average
    error of training was below 0.1 and the last 2,000 training sequences were right.
    Here, all of 2,000 fresh sequences must be right, with unchanged weights, which is
    stricter.

    Parameters
    ----------
    marked : {2, 3}
        Number of X and Y in a sequence: 2 for experiment 6a, 3 for 6b.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is neither 2 nor 3.

    Examples
    --------
    >>> sample = TemporalOrder().sample(0)
    >>> "".join(SYMBOLS[i] for i in sample.inputs[:60].argmax(axis=1))
    'EcbbaaaadcdYcdccccdbdcabdcadcdaadacabbbbaaaacccbcdbbddYbcdcd'
    >>> sample.targets[-1]
    array([0., 0., 0., 1.])
    """

    marked: int = 2

    inputs: ClassVar[int] = len(SYMBOLS)
    """Number of inputs, one per symbol."""
    criterion: ClassVar[Criterion] = Criterion(2000, error=0.1)
    """All of 2,000 sequences are right, with a mean absolute error below 0.1."""
    paper: ClassVar[str] = (
        "Hochreiter and Schmidhuber, Neural Computation 9 (1997), experiment 6."
    )

    def __post_init__(self) -> None:
        whole_number("marked of TemporalOrder", self.marked, "2 or 3", 2, 3)

    @property
    def outputs(self) -> int:
        """Number of outputs, one per class."""
        return int(2**self.marked)

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        spans = Spans.between(count, SHORTEST, LONGEST, rng)
        symbols = rng.integers(SYMBOLS.index("a"), SYMBOLS.index("X"), size=spans.total)
        symbols[spans.first] = SYMBOLS.index("E")
        symbols[spans.last] = SYMBOLS.index("B")
        kinds = np.zeros(count, dtype=np.int64)
        for low, high in PLACES[self.marked]:
            choices = rng.integers(2, size=count)
            symbols[
                spans.first + rng.integers(low, high, size=count, endpoint=True)
            ] = SYMBOLS.index("X") + choices
            kinds = 2 * kinds + choices
        goals = spans.goals(np.eye(self.outputs)[kinds])
        return SampleBatch(
            np.eye(len(SYMBOLS))[symbols], goals, spans.lengths, Within(0.3)
        )
