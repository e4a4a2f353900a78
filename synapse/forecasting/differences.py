"""Differences of a series, which remove its trend and its season, and their
inversion.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from .._checks import listed, positive_integer
from .._typing import Floats
from ..errors import DivergenceError
from ._checked_series import checked_series, horizon, require_columns, season
from .baselines import autoregression
from .rolling import rolling_origin

ORIGINS = 20
"""Number of origins, about, that choose the differences."""
LONGEST = 1000
"""Number of last steps that a method is fitted to, or three seasons if these are
more."""


@final
@dataclass(frozen=True)
class Differences:
    """Differences of a series at these lags, one after the other: y(t) - y(t - lag).

    Parameters
    ----------
    lags : tuple of int
        ``(1,)`` removes a trend, ``(12,)`` the season of months, ``(12, 1)`` both,
        ``()`` nothing.

    Examples
    --------
    >>> squares = np.arange(6.0) ** 2
    >>> twice = Differences((1, 1))
    >>> twice.of(squares)
    array([2., 2., 2., 2.])
    >>> twice.undo(squares, [2.0, 2.0])
    array([36., 49.])
    """

    lags: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        lags = listed("The lags", self.lags, "whole numbers above 0, such as (12, 1)")
        object.__setattr__(
            self, "lags", tuple(positive_integer("A lag", lag) for lag in lags)
        )

    @property
    def lost(self) -> int:
        """Number of steps at the beginning that have no difference."""
        return sum(self.lags)

    def of(self, series: ArrayLike) -> Floats:
        """The differences of a series of shape (T,) or (T, m), shorter by
        :attr:`lost`.
        """
        values = checked_series("The series", series, self.lost + 1)
        for lag in self.lags:
            values = values[lag:] - values[:-lag]
        return values

    def undo(self, history: ArrayLike, ahead: ArrayLike) -> Floats:
        """The values that follow a history, shape (T, ...), from their differences,
        shape (steps, ...).
        """
        levels = [checked_series("The history", history, self.lost + 1)]
        for lag in self.lags[:-1]:
            levels.append(levels[-1][lag:] - levels[-1][:-lag])
        values = checked_series("The ahead", ahead)
        require_columns("The ahead", values, levels[0].shape[1:], "as the history")
        for lag, level in zip(self.lags[::-1], levels[::-1], strict=False):
            past = np.concatenate([level[-lag:], values])
            for step in range(lag, len(past)):
                past[step] += past[step - lag]
            values = past[lag:]
        return values


def choose_differences(
    series: ArrayLike, steps: int, *, period: int = 1
) -> Differences:
    """The differences after which a linear autoregression forecasts best at the end of
    a series.

    Parameters
    ----------
    series : array_like, shape (T,)
        The training steps, oldest first.
    steps : int
        Number of steps ahead to forecast.
    period : int
        Number of steps of a season. Default 1: none.

    Returns
    -------
    Differences
        At the lags (), (1,), (period,) or (period, 1): those with the least mean
        absolute error by
        :func:`rolling_origin` over the last third, each forecast from the last 1000
        steps before it, or three seasons. None of a series that is too short to compare
        them.

    Examples
    --------
    >>> season = np.tile([0.0, 3.0, 1.0, 2.0], 20)
    >>> noise = np.random.default_rng(0).normal(size=80)
    >>> choose_differences(season + noise.cumsum(), 4, period=4)
    Differences(lags=(1,))
    >>> choose_differences(noise, 4, period=4)
    Differences(lags=())
    """
    values = checked_series("The series", series)
    ahead = horizon(steps)
    length = season(period)
    seasonal: list[tuple[int, ...]] = [(length,), (length, 1)] if length > 1 else []
    start = max(2 * len(values) // 3, 2 * length + 8)
    count = len(values) - ahead - start + 1
    if count < 2:
        return Differences()

    def error(lags: tuple[int, ...]) -> float:
        forecaster = partial(of_last_steps, Differences(lags))
        try:
            rolled = rolling_origin(
                forecaster, values, ahead, start=start, every=max(1, count // ORIGINS)
            )
        except DivergenceError:
            return np.inf
        return float(rolled.mae.mean())

    return Differences(min([(), (1,), *seasonal], key=error))


def of_last_steps(differences: Differences, history: Floats, steps: int) -> Floats:
    """Forecast a history, shape (T,), by an autoregression of its differences, fitted
    to its last steps.
    """
    last = history[-max(LONGEST, 3 * differences.lost) :]
    return differences.undo(last, autoregression(differences.of(last), steps))
