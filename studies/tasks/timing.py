"""Synaptic's timing task, as in Synaptic 1.1.4, with its mistakes corrected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synapse._checks import MAX_SEQUENCES, positive_integer
from synapse._typing import Floats
from synapse.tasks import Criterion, Sample, Sides, StreamTask


@dataclass(frozen=True)
class Timing(StreamTask):
    """Synaptic's timing task: hold the output at 0.5 for as long as the second input
    says.

    At a mark, the first input is 1, and the output must be 0.5 at this and the n
    following steps, then 0. The second input is n / 20, until the next mark, n + m
    steps later. n and m are rounded random numbers from 0 to 20: 0 and 20 have half the
    probability of the others.

    Synaptic leaves up to 20 steps without marks at the end of its data, and uses the
    number of training steps for the test. Here, the last interval is cut. As in
    Synaptic's test, the task is solved if the mean squared error is below 0.05 on a
    fresh sequence. That is easy: the constant output 0.27 reaches 0.062.

    Parameters
    ----------
    length : int
        Number of steps of a sample. Default 1,000, Synaptic's test; it trains on 7,000.

    Examples
    --------
    >>> sample = Timing(12).sample(2)
    >>> np.rint(20 * sample.inputs).astype(int).tolist()[:3]
    [[20, 5], [0, 5], [0, 5]]
    >>> sample.targets[:, 0].tolist()
    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5]
    """

    length: int = 1000

    inputs: ClassVar[int] = 2
    """Two inputs: the mark, and the duration."""
    outputs: ClassVar[int] = 1
    criterion: ClassVar[Criterion] = Criterion(1, wrong=1, squared_error=0.05)
    """A mean squared error below 0.05 on one fresh sequence."""
    paper: ClassVar[str] = "Synaptic 1.1.4, src/Trainer.js, timingTask."

    def __post_init__(self) -> None:
        positive_integer("length of Timing", self.length, MAX_SEQUENCES)

    def _endless(self, rng: np.random.Generator) -> Iterator[Sample]:
        for rows in _intervals(self.length // 20 + 1, rng):
            yield Sample(rows[:, :2], rows[:, 2:], Sides(0.25))


def _intervals(size: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Some intervals of one sequence, shape (k, 3): mark, duration and target. Empty
    intervals vanish."""
    while True:
        lasts, pauses = np.rint(20 * rng.random((2, size))).astype(np.int64)
        lengths = lasts + pauses
        within = np.arange(lengths.sum()) - np.repeat(
            np.cumsum(lengths) - lengths, lengths
        )
        held = np.repeat(lasts, lengths)
        yield np.column_stack([within == 0, held / 20, 0.5 * (within <= held)])
