"""Temporal XOR: predict every third bit of a stream from the two before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synapse._checks import MAX_SEQUENCES, positive_integer
from synapse._typing import Floats
from synapse.tasks import Criterion, Sample, StreamTask
from synapse.tasks._mackey_glass import ahead

from ._judges import Predictable


@dataclass(frozen=True)
class TemporalXor(StreamTask):
    """Temporal XOR: predict the next bit of a stream in which every third bit is the
    XOR of the two before.

    The stream consists of triples without marks between them: two random bits, then
    their XOR. Only every third bit can be predicted; ``allowed`` marks the steps whose
    target it is. The best outputs at all other steps are 0.5, with a mean squared error
    of 0.25.

    Elman 1990 trained a network 1-2-1 on 1,000 triples, 600 times, and published a
    curve of the errors that dips at every third bit, without numbers. No criterion was
    published. Outputs are right here if they are on the right side of 0.5 at all
    predictable steps.

    Parameters
    ----------
    triples : int
        Number of triples of a sample. Default 1,000, as in the paper.

    Examples
    --------
    >>> sample = TemporalXor(4).sample(0)
    >>> sample.targets[:, 0].astype(int).tolist()
    [1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    >>> sample.allowed[:, 0].astype(int).tolist()
    [0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0]
    """

    triples: int = 1000

    inputs: ClassVar[int] = 1
    """One input, the present bit."""
    outputs: ClassVar[int] = 1
    """One output, the next bit."""
    criterion: ClassVar[Criterion | None] = None
    paper: ClassVar[str] = "Elman, Cognitive Science 14 (1990)."

    def __post_init__(self) -> None:
        positive_integer("triples of TemporalXor", self.triples, MAX_SEQUENCES)

    @property
    def length(self) -> int:
        """Number of bits of a sample."""
        return 3 * self.triples

    def _endless(self, rng: np.random.Generator) -> Iterator[Sample]:
        for rows, later in ahead(_triples(self.triples, rng), 1):
            yield Sample(rows[:, :1], later[:, :1], Predictable(0.5), later[:, 1:] > 0)


def _triples(size: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Triples of one stream, shape (3 * size, 2) at a time: the bit, and whether it can
    be predicted."""
    while True:
        rows = np.zeros((size, 3, 2))
        rows[:, :2, 0] = rng.integers(2, size=(size, 2))
        rows[:, 2, 0] = rows[:, 0, 0] != rows[:, 1, 0]
        rows[:, 2, 1] = 1.0
        yield rows.reshape(-1, 2)
