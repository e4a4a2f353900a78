"""The continual Reber grammar: strings without marks between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synapse._checks import MAX_SEQUENCES, positive_integer
from synapse.tasks import Criterion, Sample, StreamTask, Within
from synapse.tasks._reber import ALLOWED, SYMBOLS, walk


@dataclass(frozen=True)
class ContinualReber(StreamTask):
    """Continual embedded Reber grammar: strings follow each other without marks, and
    nothing is reset.

    The targets of a step are all symbols that can come next; a step is right if every
    output differs from its target by less than 0.49. A network must learn by itself
    when a string ends.

    Gers, Schmidhuber and Cummins 2000: a network is perfect if it makes no error in ten
    streams of 100,000 symbols, and good if it makes the first one after more than 1,000
    symbols on average.

    Parameters
    ----------
    length : int
        Number of symbols of a stream, and of a sample.

    Examples
    --------
    >>> task = ContinualReber(1000)
    >>> task.sample(0).inputs.shape
    (1000, 7)
    >>> stream = task.stream(0)
    >>> len(stream.take(300)), len(stream.take(20))
    (300, 20)
    """

    length: int = 100_000

    inputs: ClassVar[int] = len(SYMBOLS)
    """Number of inputs, one per symbol of :data:`synapse.tasks.reber.SYMBOLS`."""
    outputs: ClassVar[int] = len(SYMBOLS)
    criterion: ClassVar[Criterion] = Criterion(10)
    """All of ten streams are right at every step."""
    paper: ClassVar[str] = (
        "Gers, Schmidhuber and Cummins, Neural Computation 12 (2000), table 2."
    )

    def __post_init__(self) -> None:
        positive_integer("length of ContinualReber", self.length, MAX_SEQUENCES)

    def _endless(self, rng: np.random.Generator) -> Iterator[Sample]:
        while True:
            symbols, nodes, _ = walk(100, rng)
            allowed = ALLOWED[nodes]
            rows = np.eye(len(SYMBOLS))[symbols]
            yield Sample(rows, allowed.astype(np.float64), Within(0.49), allowed)
