"""Schedules, which are learning rates that change from epoch to epoch. Any function of
the epoch is a schedule, too.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np

from .. import _checks, optimizers
from .._typing import Floats
from ..errors import ArgumentTypeError

Rates = Callable[[int, float | None], float]
"""Maps (epoch from 0, loss of the previous epoch or None) to a rate. It is called once
per epoch, in order."""


class AdaptiveSchedule(ABC):
    """Base class of schedules that depend on the losses of a training. Each training
    starts a new one.

    A subclass defines :meth:`begin`:

    >>> class Proportional(AdaptiveSchedule):
    ...     def begin(self):
    ...         return lambda epoch, loss: 0.1 if loss is None else min(0.1, loss)
    >>> rate = Proportional().begin()
    >>> rate(0, None), rate(1, 0.02)
    (0.1, 0.02)
    """

    @abstractmethod
    def begin(self) -> Rates:
        """Return the function that gives the rates of one training.

        It is called once per epoch with the epoch, counted from 0, and the loss of the
        previous epoch, which is None in the first epoch.
        """


Rate = float | Callable[[int], float] | AdaptiveSchedule
OF_LIST = (
    "If each rate of a list is for an equal part of the epochs, pass a function of the"
    " epoch, from 0: lambda epoch: rates[epoch * len(rates) // epochs]."
)


def checked_rate(title: str, rate: Any, dtype: Any = np.float64) -> Rate:
    """Return `rate` if it is a number of at least 0, a schedule or a function of the
    epoch, or raise an error.
    """
    if isinstance(rate, AdaptiveSchedule):
        return rate
    if callable(rate):
        return _checks.function_of(title, rate, "epoch")
    try:
        return _checks.training_rate(title, rate, dtype)
    except ArgumentTypeError:
        raise _no_rate(title, rate) from None


def _no_rate(title: str, rate: Any) -> ArgumentTypeError:
    """Make the error for an object that is no rate."""
    condition = "a number, a schedule or a function of the epoch"
    advice = OF_LIST if type(rate) in (list, tuple, np.ndarray) else ""
    if isinstance(rate, str) and _checks.closest(rate, optimizers.names()):
        advice = f"Use optimizer={rate!r}."
    return ArgumentTypeError(_checks.expected(title, condition, rate, advice))


@_checks.suggests_arguments("schedule")
@dataclass(frozen=True)
class StepDecay:
    """A rate that begins at `start` and is multiplied by `factor` after every `every`
    epochs.

    Parameters
    ----------
    start : float
        Rate of the first epoch.
    factor : float
        Factor of each reduction. Default: 0.5.
    every : int
        Number of epochs between two reductions. With 1, the decay is exponential.
        Default: 10.

    Examples
    --------
    >>> StepDecay(0.1, factor=0.5, every=10)(25)
    0.025
    """

    start: Annotated[float, _checks.training_rate]
    factor: Annotated[float, _checks.non_negative_number] = 0.5
    every: Annotated[int, _checks.positive_integer] = 10

    def __call__(self, epoch: int) -> float:
        """Return the rate of an epoch, counted from 0."""
        try:
            return self.start * self.factor ** (
                _checks.non_negative_integer("epoch", epoch) // self.every
            )
        except OverflowError:
            return math.inf if self.factor > 1 else 0.0


@_checks.suggests_arguments("schedule")
@dataclass(frozen=True)
class Cosine:
    """A rate that falls from `start` to `end` along half a cosine over `epochs` epochs,
    then stays at `end`.

    Parameters
    ----------
    start : float
        Rate of the first epoch.
    epochs : int
        Number of epochs until the rate is `end`. Default: 100.
    end : float
        The final rate. Default: 0.

    Examples
    --------
    >>> Cosine(0.1, epochs=100)(50)
    0.05
    """

    start: Annotated[float, _checks.training_rate]
    epochs: Annotated[int, _checks.positive_integer] = 100
    end: Annotated[float, _checks.training_rate] = 0.0

    def __call__(self, epoch: int) -> float:
        """Return the rate of an epoch, counted from 0."""
        progress = (
            min(_checks.non_negative_integer("epoch", epoch), self.epochs) / self.epochs
        )
        return self.end + (self.start - self.end) * 0.5 * (
            1.0 + math.cos(math.pi * progress)
        )


@_checks.suggests_arguments("schedule")
@dataclass(frozen=True)
class WarmUp(AdaptiveSchedule):
    """A rate that rises in equal steps over `epochs` epochs to the first rate of
    `then`, then follows `then`.

    This is the gradual warm-up of Goyal et al. 2017 (section 2.2), with one step per
    epoch.

    Parameters
    ----------
    epochs : int
        Number of epochs below the full rate. Epoch e, from 0, has (e + 1) / (epochs +
        1) of it.
    then : float, schedule or callable of the epoch
        The rate or schedule after the warm-up, which begins with its epoch 0.

    Examples
    --------
    >>> rate = WarmUp(3, then=StepDecay(0.4, factor=0.5, every=1)).begin()
    >>> [round(rate(epoch, None), 3) for epoch in range(6)]
    [0.1, 0.2, 0.3, 0.4, 0.2, 0.1]
    """

    epochs: Annotated[int, _checks.positive_integer]
    then: Annotated[Rate, checked_rate]

    def begin(self) -> Rates:
        """Return the rates of one training. `then` receives losses from its own first
        epoch on.
        """
        then = rates_of(self.then)
        full = then(0, None)

        def rate(epoch: int, loss: float | None) -> float:
            if epoch < self.epochs:
                return full * (epoch + 1) / (self.epochs + 1)
            return then(epoch - self.epochs, None if epoch == self.epochs else loss)

        return rate


@_checks.suggests_arguments("schedule")
@dataclass(frozen=True)
class ReduceOnPlateau(AdaptiveSchedule):
    """A rate that begins at `start` and is multiplied by `factor` whenever the loss
    stops falling.

    The loss is measured on the held-out data if there are any, otherwise in training.

    Parameters
    ----------
    start : float
        Rate of the first epoch.
    factor : float
        Factor of each reduction, above 0 and below 1. Default: 0.5.
    patience : int
        Number of epochs to wait for a lower loss, counted from the best epoch or the
        last reduction. Default: 10.
    min_rate : float
        Lower limit of the rate. Default: 0.
    threshold : float
        Relative improvement that counts. A loss is lower if it is below the best one by
        more than this fraction. Default: 1e-4.

    Examples
    --------
    >>> rate = ReduceOnPlateau(0.4, factor=0.5, patience=2).begin()
    >>> losses = [None, 9.0, 7.0, 8.0, 7.0, 6.0]
    >>> [rate(epoch, loss) for epoch, loss in enumerate(losses)]
    [0.4, 0.4, 0.4, 0.4, 0.2, 0.2]
    """

    start: Annotated[float, _checks.training_rate]
    factor: Annotated[float, _checks.finite_number] = 0.5
    patience: Annotated[int, _checks.positive_integer] = 10
    min_rate: Annotated[float, _checks.non_negative_number] = 0.0
    threshold: Annotated[float, _checks.non_negative_number] = 1e-4

    def __post_init__(self) -> None:
        _checks.require(
            0 < self.factor < 1,
            "factor of ReduceOnPlateau",
            "a number above 0 and below 1",
            self.factor,
        )
        _checks.require(
            self.min_rate <= self.start,
            "min_rate of ReduceOnPlateau",
            f"at most `start`, {self.start}",
            self.min_rate,
        )
        _checks.require(
            self.threshold < 1,
            "threshold of ReduceOnPlateau",
            "below 1",
            self.threshold,
        )

    def begin(self) -> Rates:
        """Return the rates of one training."""
        rate = self.start
        best = math.inf
        waited = 0

        def follow(epoch: int, loss: float | None) -> float:
            nonlocal rate, best, waited
            if loss is None:
                return rate
            if loss < best * (1.0 - self.threshold):
                best = loss
                waited = 0
            else:
                waited += 1
            if waited == self.patience:
                rate, waited = max(rate * self.factor, self.min_rate), 0
            return rate

        return follow


def rates_of(rate: Rate) -> Rates:
    """Return the rates of one training."""
    if isinstance(rate, AdaptiveSchedule):
        return rate.begin()
    return lambda epoch, loss: rate(epoch) if callable(rate) else rate


class CheckedRates:
    """The rates of one training, each checked to be within the range of the network's
    float.
    """

    def __init__(self, rate: Rate, dtype: Any) -> None:
        self._rate = rate
        self._dtype = dtype

    @cached_property
    def _rates(self) -> Rates:
        return rates_of(self._rate)

    def repeat(self, losses: list[float]) -> None:
        """Call the function of an adaptive schedule for epochs with these losses, which
        have been trained.
        """
        if isinstance(self._rate, AdaptiveSchedule):
            for epoch, loss in enumerate([None, *losses[:-1]] if losses else []):
                self._rates(epoch, loss)

    def ahead(self, epoch: int, count: int, loss: float | None) -> Floats:
        """Return the rates of `count` epochs, counted from `epoch`, given the loss of
        the epoch before.

        Only one epoch's rate is returned if the rates may depend on more than the
        epoch, and fewer than `count` if a later rate is invalid.
        """
        if isinstance(self._rate, float):  # checked when it was assigned
            return np.array([self._rate] * count)  # np.full takes longer
        return self._of_schedule(epoch, count, loss)

    def _of_schedule(self, epoch: int, count: int, loss: float | None) -> Floats:
        title = f"The rate of epoch {epoch}"
        first = _checks.non_negative_number(
            title, self._rates(epoch, loss), self._dtype
        )
        later = range(epoch + 1, epoch + count) if _is_fixed(self._rate) else ()
        rates = np.array([first, *(self._rates(number, None) for number in later)])
        # refused when their epoch begins
        wrong = ~((rates >= 0) & (rates <= np.finfo(self._dtype).max))
        return rates[: wrong.argmax()] if wrong.any() else rates


def _is_fixed(rate: Rate) -> bool:
    """Return whether a rate depends only on the epoch, because functions of the user
    may depend on anything.
    """
    if type(rate) is WarmUp:
        return _is_fixed(rate.then)
    return isinstance(rate, float) or type(rate) in (StepDecay, Cosine)
