"""The embedded Reber grammar: predict the symbols that can come next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .._checks import choice
from .judges import Ranked
from .reber import ALLOWED, SYMBOLS, walk
from .samples import SampleBatch
from .score import Criterion
from .task import Task

NEXT, LEGAL = TARGETS = ("next", "legal")


@dataclass(frozen=True)
class EmbeddedReber(Task):
    """Embedded Reber grammar: predict the symbols that can come next.

    A Reber string is a random walk along the arcs of a graph (:data:`synapse.tasks.reber.ARCS`), with equal
    probabilities at every fork. An embedded string wraps one: B, then T or P, a Reber string, the same T or P
    again, E. To predict the last symbol but one, a network must store one bit during the whole inner string.

    Hochreiter and Schmidhuber 1997, experiment 1: right are strings in whose every step all possible next
    symbols have higher outputs than all others. There, 256 training and 256 test strings were drawn once, and
    both had to be right; here, the test has 512 fresh strings.

    Parameters
    ----------
    targets : {"next", "legal"}
        Whether the targets of a step are the next symbol of the string, one-hot, as in the paper, or all
        symbols that can come next.

    Examples
    --------
    >>> task = EmbeddedReber()
    >>> sample = task.sample(0)
    >>> sample.inputs.shape, sample.right(1.0 * sample.allowed)
    ((16, 7), True)
    """

    targets: str = NEXT

    inputs: ClassVar[int] = len(SYMBOLS)
    """Number of inputs, one per symbol of :data:`synapse.tasks.reber.SYMBOLS`."""
    outputs: ClassVar[int] = len(SYMBOLS)
    criterion: ClassVar[Criterion] = Criterion(512)
    """All of 512 fresh strings are right."""
    paper: ClassVar[str] = "Hochreiter and Schmidhuber, Neural Computation 9 (1997), experiment 1."

    def __post_init__(self) -> None:
        choice("The targets of EmbeddedReber", self.targets, TARGETS)

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        one_hot = np.eye(len(SYMBOLS))
        symbols, nodes, lengths = map(np.array, walk(count, rng))
        last = np.cumsum(lengths) - 1
        given, following = np.delete(symbols, last), np.delete(symbols, np.r_[0, last[:-1] + 1])
        allowed = ALLOWED[np.delete(nodes, last)]
        targets = one_hot[following] if self.targets == NEXT else allowed.astype(np.float64)
        return SampleBatch(one_hot[given], targets, lengths - 1, Ranked(), allowed)
