"""Statistics of trials, computed by SciPy: a rate or median with its interval, and two sets compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import between_0_and_1, expected, imported, real_number
from .._typing import Floats
from ..errors import ArgumentError

RESAMPLES = 10_000
"""Number of resamples of a bootstrap."""
FEW = 5
"""Fewer values have no interval; their range or their counts are shown."""
BATCH = 1_000_000
"""Number of values that are resampled at a time."""


@dataclass(frozen=True)
class Estimate:
    """A success rate or a median of trials, with an interval that says how much other seeds may change it.

    Parameters
    ----------
    kind : {"rate", "median"}
        What is estimated. A rate has the interval of Wilson (1927), which also holds for few trials and rates
        of 0 or 1; a median has a percentile interval of the bootstrap (Efron 1979), from resamples that are
        drawn from a fixed seed. Fewer than five trials have no interval of their median: `low` and `high`
        are the smallest and the largest value then.
    value, low, high : float
        The estimate, and the ends of its interval. A median is infinite, shown as "-", if at least half of
        the trials did not succeed.
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
        if self.kind == "rate":
            if self.count < FEW:
                return f"{self.value * self.count:.0f} of {self.count}"
            return f"{100 * self.value:.0f} % ({100 * self.low:.0f} to {100 * self.high:.0f})"
        ends = "range " if self.count < FEW else ""
        return f"{in_digits(self.value)} ({ends}{in_digits(self.low)} to {in_digits(self.high)})"


def rate_of(successes: int, count: int, level: Any) -> Estimate:
    """A success rate with its Wilson interval."""
    number = between_0_and_1("The level", level)
    interval = scipy_stats().binomtest(successes, count).proportion_ci(number, method="wilson")
    return Estimate("rate", successes / count, float(interval.low), float(interval.high), count, number)


def median_of(values: Sequence[float], level: Any) -> Estimate:
    """A median with its bootstrap interval; some of the values may be infinite."""
    number, data = between_0_and_1("The level", level), np.sort(np.asarray(values, np.float64))
    if np.isnan(data).any():
        raise ArgumentError(expected("The values", "numbers, none of them NaN", math.nan))
    stats, size, low, high = scipy_stats(), len(data), data[0], data[-1]
    if size >= FEW:
        with np.errstate(invalid="ignore"):  # SciPy's own ends, for which infinite values are subtracted
            draws: dict[str, Any] = {"n_resamples": RESAMPLES, "rng": np.random.default_rng(0)}
            draws["batch"] = max(1, min(RESAMPLES, BATCH // size))
            resampled = stats.bootstrap([data], np.median, method="percentile", **draws)
            medians = resampled.bootstrap_distribution
        # An order statistic, not a mean of two, one of which may be infinite.
        tail = 50 * (1 - number)
        low, high = np.percentile(medians, [tail, 100 - tail], method="inverted_cdf")
    return Estimate("median", float(np.median(data)), float(low), float(high), size, number)


@dataclass(frozen=True)
class TrialComparison:
    """How two sets of trials differ in one value, see :meth:`Trials.compare`. Its ``str`` is a sentence.

    Parameters
    ----------
    name : str
        Key of the value.
    test : str
        The test: "Wilcoxon signed-rank" or "McNemar" for pairs with the same seed; "Mann-Whitney", "log-rank"
        or "Fisher" for trials that are not paired.
    p_value : float
        Probability of a difference at least as large if both sets came from the same distribution
        (two-sided).
    effect : float
        Probability that the first set has the smaller value, where ties count one half: over the pairs, or
        over all combinations of a trial of each set. 0.5 means that there is no difference.
    centres : tuple of float
        Median of each set; of booleans, the fraction of true values.
    counts, unsolved : tuple of int
        Number of trials of each set, and how many of them are unsolved or have failed.
    """

    name: str
    test: str
    p_value: float
    effect: float
    centres: tuple[float, float]
    counts: tuple[int, int]
    unsolved: tuple[int, int]

    def __str__(self) -> str:
        first, second = map(in_digits, self.centres)
        left = f", unsolved {self.unsolved[0]} of {self.counts[0]} and {self.unsolved[1]} of {self.counts[1]}"
        kind = "fraction" if self.test in ("McNemar", "Fisher") else "median"
        return (
            f"{self.name}: {kind} {first} against {second}{left if any(self.unsolved) else ''}; "
            f"smaller with probability {self.effect:.2f} ({self.test}, p = {self.p_value:.2g})"
        )


def compared(
    name: str,
    values: tuple[list[Any], list[Any]],
    seeds: tuple[list[str], list[str]],
    paired: bool | None,
    failed: float,
) -> TrialComparison:
    """Compare the values of two sets of trials with these seeds and points, see :meth:`Trials.compare`."""
    (first, second), (keys, others) = values, seeds
    same = len(set(keys)) == len(keys) and sorted(keys) == sorted(others)
    if paired and not same:
        raise ArgumentError("Paired trials need the same seeds, each once. Give paired=False for these.")
    pairs = same and paired is not False
    if pairs:
        place = {key: i for i, key in enumerate(others)}
        second = [second[place[key]] for key in keys]
    binary = {type(value) for value in (*first, *second)} - {type(None)} == {bool}
    a, b = (_numbers(each, binary, failed) for each in (first, second))
    test, p_value = (_of_rates if binary else _of_ranks)(*((-a, -b) if failed < 0 else (a, b)), pairs)
    i, j = (a, b) if pairs else (a[:, None], b[None])
    effect, centre = float(np.mean((i < j) + 0.5 * (i == j))), np.mean if binary else np.median
    centres, counts = (float(centre(a)), float(centre(b))), (len(a), len(b))
    unsolved = _unsolved(first), _unsolved(second)
    return TrialComparison(name, test, p_value, effect, centres, counts, unsolved)


def _numbers(values: Sequence[Any], binary: bool, failed: float) -> Floats:
    if binary:  # a trial that has failed is not successful
        return np.array([float(value is True) for value in values])
    numbers = np.array([failed if value is None else real_number("A value", value) for value in values])
    if np.isnan(numbers).any():
        raise ArgumentError(expected("The values", "numbers, none of them NaN", math.nan))
    return numbers


def _unsolved(values: Sequence[Any]) -> int:
    return sum(value is None or math.isinf(value) for value in values)


def _of_rates(a: Floats, b: Floats, pairs: bool) -> tuple[str, float]:
    """Test whether two sets of values that are 0 or 1 have one rate: the test and its p-value."""
    stats = scipy_stats()
    if not pairs:
        return "Fisher", float(stats.fisher_exact([[each.sum(), (1 - each).sum()] for each in (a, b)])[1])
    changed = int(np.sum(a != b))
    return "McNemar", float(stats.binomtest(int(np.sum(a > b)), changed).pvalue) if changed else 1.0


def _of_ranks(a: Floats, b: Floats, pairs: bool) -> tuple[str, float]:
    """Test whether two sets of numbers, infinite ones censored, have one distribution."""
    stats, solved = scipy_stats(), np.isfinite(np.r_[a, b])
    most = float(np.abs(np.r_[a, b][solved]).max(initial=0.0))
    if pairs:  # a difference between a solved and an unsolved trial ranks above those between solved ones
        change = np.minimum(a, 4 * most + 1) - np.minimum(b, 4 * most + 1)
        return "Wilcoxon signed-rank", float(stats.wilcoxon(change).pvalue) if change.any() else 1.0
    if solved.all():
        return "Mann-Whitney", float(stats.mannwhitneyu(a, b).pvalue)
    censored = [stats.CensoredData.right_censored(np.minimum(x, most), np.isinf(x)) for x in (a, b)]
    return "log-rank", float(stats.logrank(*censored).pvalue) if solved.any() else 1.0


def scipy_stats() -> Any:
    """Import SciPy's statistics, or raise MissingExtraError."""
    return imported("scipy.stats", "Intervals and tests of trials need", "scipy")


def in_digits(value: float) -> str:
    """A number as it is shown: a dash for infinity, commas between thousands."""
    if value == math.inf:
        return "-"
    whole = math.isfinite(value) and value == round(value)
    return f"{value:,.0f}" if abs(value) >= 1000 or whole else f"{value:.4g}"
