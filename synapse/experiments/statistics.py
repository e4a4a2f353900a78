"""Success rates and medians of trials, each with an interval.

The interval of a rate is that of Wilson [1]_; the interval of a median is a percentile interval of the
bootstrap [2]_. Both say how much the figure may change with other seeds.

References
----------
.. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
   American Statistical Association 22 (1927), 209-212.
.. [2] B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979), 1-26.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from .._checks import expected, finite_number, is_number, listed, real_number, whole_number
from ..errors import ArgumentError

RESAMPLES = 10_000
"""Number of resamples of a bootstrap."""
FEW = 5
"""Fewer values have no interval; their range or their counts are shown."""
BATCH = 1_000_000
"""Number of values that are resampled at a time."""


@dataclass(frozen=True)
class SuccessRate:
    """A success rate with its Wilson interval, which is not shown for fewer than five trials.

    Parameters
    ----------
    successes, count : int
        Number of successes, and of trials.
    level : float
        Confidence level of the interval.
    value, low, high : float
        Fraction of successes, and the ends of its interval.
    """

    successes: int
    count: int
    level: float
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if self.count < FEW:
            return f"{self.successes} of {self.count}"
        low, high = _percent(self.low), _percent(self.high)
        return f"{_percent(self.value)} % ({low} to {high})"


@dataclass(frozen=True)
class Median:
    """A median with its bootstrap interval, or of fewer than five values with their range.

    Parameters
    ----------
    count : int
        Number of values.
    level : float
        Confidence level of the interval.
    value, low, high : float
        Median, and the ends of its interval. Infinite if at least half of the values are, shown as "-". Of
        fewer than five values, `low` and `high` are the smallest and the largest.
    """

    count: int
    level: float
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        ends = "range " if self.count < FEW else ""
        return f"{shown_number(self.value)} ({ends}{shown_number(self.low)} to {shown_number(self.high)})"


def success_rate(successes: int, count: int, level: float = 0.95) -> SuccessRate:
    """Estimate a success rate: with the Wilson interval, which also holds for few trials and rates of 0 or 1.

    Parameters
    ----------
    successes, count : int
        Number of successes, and of trials, at least 1.
    level : float
        Confidence level: the fraction of such intervals that contain the true rate. Default 0.95.

    Returns
    -------
    SuccessRate

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a number is out of range or of the wrong type.

    Examples
    --------
    >>> print(success_rate(30, 30))
    100 % (89 to 100)
    """
    total = whole_number("The count", count, "a whole number above 0", 1)
    right = whole_number("The successes", successes, f"a whole number from 0 to {total}", 0, total)
    z = NormalDist().inv_cdf(0.5 + _checked_level(level) / 2)
    fraction, shrunk = right / total, 1 / (1 + z * z / total)
    centre = (fraction + z * z / (2 * total)) * shrunk
    half = z * shrunk * math.sqrt(fraction * (1 - fraction) / total + z * z / (4 * total * total))
    low = 0.0 if right == 0 else centre - half  # where rounding would leave 1e-17
    high = 1.0 if right == total else centre + half
    return SuccessRate(right, total, float(level), fraction, low, high)


def median(values: Sequence[float], level: float = 0.95) -> Median:
    """Estimate a median, with a percentile interval of the bootstrap.

    The interval is computed from 10,000 resamples that are drawn from a fixed seed, so the same values always
    have the same interval. Fewer than five values have no interval: its ends are the smallest and the
    largest value, and it is shown as a range.

    Parameters
    ----------
    values : sequence of float
        Values, at least 1. Infinite ones are those of trials that did not succeed.
    level : float
        Confidence level of the interval. Default 0.95.

    Returns
    -------
    Median

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there is no value, one is NaN, or the level is out of range.

    Examples
    --------
    >>> print(median([800, 950, 1000, 1200, float("inf")]))
    1,000 (800 to -)
    """
    data = np.sort([real_number("A value", value) for value in listed("The values", values, "numbers")])
    if not data.size or np.isnan(data).any():
        raise ArgumentError(expected("The values", "at least one number, none of them NaN", values))
    tail = 50 * (1 - _checked_level(level))
    rng, size = np.random.default_rng(0), data.size
    value = _middle(np.arange(size)[None], data)[0]
    if size < FEW:
        return Median(size, float(level), float(value), float(data[0]), float(data[-1]))
    batch = max(1, min(RESAMPLES, BATCH // size))
    medians = [
        _middle(np.sort(rng.integers(size, size=(min(batch, RESAMPLES - begin), size)), axis=1), data)
        for begin in range(0, RESAMPLES, batch)
    ]
    # An order statistic, not a mean of two, one of which may be infinite.
    low, high = np.percentile(np.concatenate(medians), [tail, 100 - tail], method="inverted_cdf")
    return Median(size, float(level), float(value), float(low), float(high))


def _middle(ranks: Any, data: Any) -> Any:
    """Medians of resamples, which are rows of sorted ranks."""
    size = ranks.shape[1]
    return (data[ranks[:, (size - 1) // 2]] + data[ranks[:, size // 2]]) / 2


def _checked_level(level: Any) -> float:
    number = finite_number("The level", level)
    if not 0 < number < 1:
        raise ArgumentError(expected("The level", "a number above 0 and below 1", level))
    return number


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.0f}"


def shown_number(value: Any) -> str:
    """A value as the cell of a table: a dash for infinity and None, commas between thousands.

    >>> shown_number(74000), shown_number(0.123456), shown_number(float("inf")), shown_number(True)
    ('74,000', '0.1235', '-', 'yes')
    """
    if value is None or value == math.inf:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not is_number(value):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int_or_none(value) else f"{value:.4g}"


def int_or_none(value: float) -> int | None:
    """A number as an int; None if it is not finite."""
    return round(value) if math.isfinite(value) else None
