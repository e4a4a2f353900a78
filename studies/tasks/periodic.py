"""Periodic functions, to be generated without any input."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synapse._checks import MAX_SEQUENCES, choice, expected, positive_integer
from synapse._typing import Floats
from synapse.errors import ArgumentError
from synapse.tasks import Criterion, Sample, StreamTask, Within

from .spikes import LONGEST_PERIOD, PAPER

TOLERANCE = 0.3
SHAPES: dict[str, Callable[[Floats], Floats]] = {
    "cosine": lambda phase: 0.5 * (1.0 - np.cos(2.0 * np.pi * phase)),
    "triangle": lambda phase: 1.0 - np.abs(1.0 - 2.0 * phase),
    "rectangle": lambda phase: (phase < 0.5).astype(np.float64),
}
"""The functions of the phase, from 0 to 1."""


@dataclass(frozen=True)
class PeriodicFunction(StreamTask):
    """Periodic function generation: output a periodic function of time, without input.

    The network has one input, which is always 0. The target at step t, counted from 0,
    is a function of the phase φ = (t mod F) / F: the cosine ½ (1 - cos 2πφ), a triangle
    that rises from 0 to 1 and falls again, or a rectangle that is 1 while φ < ½ and 0
    afterwards. A step is right if its output differs from the target by less than 0.3.

    Gers, Schraudolph and Schmidhuber 2002 call this PFG, with F = 10 and F = 25. Their
    training streams end at the first error or after 100 periods, their test streams
    after 1,000. The phase at which the triangle and the rectangle begin is our choice.
    The task is deterministic: all samples are equal.

    Parameters
    ----------
    shape : {"cosine", "triangle", "rectangle"}
        The function.
    period : int
        Its period F in steps, 2 or more.
    periods : int
        Number of periods in a sample. Default 1,000.

    Examples
    --------
    >>> sample = PeriodicFunction("triangle", period=4, periods=1).sample()
    >>> sample.targets[:, 0].tolist()
    [0.0, 0.5, 1.0, 0.5]
    """

    shape: str = "cosine"
    period: int = 10
    periods: int = 1000

    inputs: ClassVar[int] = 1
    """One input, which is always 0."""
    outputs: ClassVar[int] = 1
    criterion: ClassVar[Criterion] = Criterion(1)
    """All steps of a sequence are right; there is only one sequence."""
    paper: ClassVar[str] = f"{PAPER}: periodic function generation (PFG)."

    def __post_init__(self) -> None:
        choice("shape of PeriodicFunction", self.shape, tuple(SHAPES))
        subject = "period of PeriodicFunction"
        if positive_integer(subject, self.period, LONGEST_PERIOD) < 2:
            raise ArgumentError(expected(subject, "2 or more steps", self.period))
        positive_integer("periods of PeriodicFunction", self.periods, MAX_SEQUENCES)

    @property
    def length(self) -> int:
        """Number of steps of a sample."""
        return self.period * self.periods

    def _endless(self, rng: np.random.Generator) -> Iterator[Sample]:
        phase = np.arange(self.period) / self.period
        targets = np.tile(SHAPES[self.shape](phase), 100)[:, None]
        return itertools.repeat(
            Sample(np.zeros_like(targets), targets, Within(TOLERANCE))
        )
