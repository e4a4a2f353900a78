"""Compute statistics of trials by SciPy, as a rate or median with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import imported, require

RESAMPLES = 10_000
"""Number of resamples in a bootstrap."""
MIN_VALUES = 5
"""Number of values below which their range or counts are shown instead of an
interval."""
BATCH = 1_000_000
"""Number of values that are resampled at a time."""


@dataclass(frozen=True)
class Estimate:
    """A success rate or a median of trials, with an interval that shows how much it may
    change with other seeds.

    Parameters
    ----------
    kind : {"rate", "median"}
        The kind of estimate. A rate has the interval of Wilson (1927), which also holds
        for few trials and rates of 0 or 1. A median has a percentile interval of the
        bootstrap (Efron 1979), from resamples that are drawn from a fixed seed. For
        fewer than five trials, the median has no interval, and `low` and `high` are the
        smallest and the largest value instead.
    value, low, high : float
        The estimate, and the ends of its interval. A median is infinite, shown as "-",
        if at least half of the trials did not succeed.
    count : int
        Number of trials.
    level : float
        Confidence level of the interval.
    """

    kind: str
    value: float
    low: float
    high: float
    count: int
    level: float

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        few = self.count < MIN_VALUES
        if self.kind == "rate":
            if few:
                return f"{self.value * self.count:.0f} of {self.count}"
            ends = f"{100 * self.low:.0f} to {100 * self.high:.0f}"
            return f"{100 * self.value:.0f} % ({ends})"
        ends = f"{in_digits(self.low)} to {in_digits(self.high)}"
        return f"{in_digits(self.value)} ({'range ' if few else ''}{ends})"


def rate_of(successes: int, count: int, level: float) -> Estimate:
    """Return a success rate with its Wilson interval."""
    test = scipy_stats().binomtest(successes, count)
    interval = test.proportion_ci(level, method="wilson")
    return Estimate(
        "rate",
        successes / count,
        float(interval.low),
        float(interval.high),
        count,
        level,
    )


def median_of(values: Sequence[float], level: float) -> Estimate:
    """Return a median with its bootstrap interval. Some of the values may be
    infinite.
    """
    data = np.sort(np.asarray(values, np.float64))
    require(not np.isnan(data).any(), "values", "numbers, none of them NaN", math.nan)
    stats = scipy_stats()
    size = len(data)
    low, high = data[[0, -1]]
    if size >= MIN_VALUES:
        options: dict[str, Any] = {
            "method": "percentile",
            "n_resamples": RESAMPLES,
            "batch": max(1, min(RESAMPLES, BATCH // size)),
            "rng": np.random.default_rng(0),
        }
        # SciPy computes ends of its own, and subtracts infinite values for them.
        with np.errstate(all="ignore"):
            resampled = stats.bootstrap([data], np.median, **options)
        medians = resampled.bootstrap_distribution

        # An order statistic, not a mean of two, one of which may be infinite.
        tail = 50 * (1 - level)
        low, high = np.percentile(medians, [tail, 100 - tail], method="inverted_cdf")
    return Estimate(
        "median", float(np.median(data)), float(low), float(high), size, level
    )


def scipy_stats() -> Any:
    """Import SciPy's statistics, or raise MissingExtraError."""
    return imported("scipy.stats", "Intervals of trials need", "scipy")


def in_digits(value: float) -> str:
    """Return a number in the form in which it is shown, with a dash for infinity, and
    commas between thousands.
    """
    if value == math.inf:
        return "-"
    whole = math.isfinite(value) and value == round(value)
    return f"{value:,.0f}" if abs(value) >= 1000 or whole else f"{value:.4g}"
