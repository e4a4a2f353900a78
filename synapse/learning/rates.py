"""Rates that change from epoch to epoch: any function of the epoch will do, these are common ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import KindError, expected, non_negative_number, positive_integer

Rate = float | Callable[[int], float]


@dataclass(frozen=True)
class StepDecay:
    """`start`, multiplied by `factor` after every `every` epochs.

    >>> StepDecay(0.1, factor=0.5, every=10)(25)
    0.025
    """

    start: float
    factor: float = 0.5
    every: int = 10

    def __post_init__(self) -> None:
        non_negative_number("The start of StepDecay", self.start)
        non_negative_number("The factor of StepDecay", self.factor)
        positive_integer("The every of StepDecay", self.every)

    def __call__(self, epoch: int) -> float:
        """The rate of an epoch, counted from 0."""
        return float(self.start * self.factor ** (epoch // self.every))


@dataclass(frozen=True)
class Exponential:
    """`start`, multiplied by `factor` after every epoch.

    >>> Exponential(0.1, factor=0.5)(1)
    0.05
    """

    start: float
    factor: float = 0.99

    def __post_init__(self) -> None:
        non_negative_number("The start of Exponential", self.start)
        non_negative_number("The factor of Exponential", self.factor)

    def __call__(self, epoch: int) -> float:
        """The rate of an epoch, counted from 0."""
        return float(self.start * self.factor**epoch)


@dataclass(frozen=True)
class Cosine:
    """From `start` to `end` along half a cosine, over `epochs` epochs.

    >>> Cosine(0.1, epochs=100)(50)
    0.05
    """

    start: float
    epochs: int = 100
    end: float = 0.0

    def __post_init__(self) -> None:
        non_negative_number("The start of Cosine", self.start)
        non_negative_number("The end of Cosine", self.end)
        positive_integer("The epochs of Cosine", self.epochs)

    def __call__(self, epoch: int) -> float:
        """The rate of an epoch, counted from 0."""
        part = min(1.0, epoch / self.epochs)
        return self.end + (self.start - self.end) * 0.5 * (1.0 + math.cos(math.pi * part))


def checked_rate(rate: Rate) -> Rate:
    """`rate` if it can be one: a number not below 0, or a function of the epoch."""
    if callable(rate):
        return rate
    try:
        return non_negative_number("The rate of Trainer", rate)
    except KindError:
        condition = "a number, a schedule or a function of the epoch"
        raise KindError(expected("The rate of Trainer", condition, rate)) from None


def rate_at(rate: Rate, epoch: int) -> float:
    """The rate of an epoch, counted from 0, as a number that can be used."""
    return non_negative_number(f"The rate of epoch {epoch}", rate(epoch) if callable(rate) else rate)
