"""Two sets of trials compared by one number: a test, an effect size and a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import expected, real_number
from .._typing import Floats
from ..errors import ArgumentError
from .estimate import in_digits, scipy_stats

if TYPE_CHECKING:
    from .trials import Trials


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


def compared(name: str, first: Trials, second: Trials, paired: bool | None, failed: float) -> TrialComparison:
    """Compare the values of two sets of trials, see :meth:`Trials.compare`."""
    one, other = first.values(name), second.values(name)
    keys, others = _keys(first), _keys(second)
    same = len(set(keys)) == len(keys) and sorted(keys) == sorted(others)
    if paired and not same:
        raise ArgumentError("Paired trials need the same seeds, each once. Give paired=False for these.")
    pairs = same and paired is not False
    if pairs:
        place = {key: i for i, key in enumerate(others)}
        other = [other[place[key]] for key in keys]
    binary = {type(value) for value in (*one, *other)} - {type(None)} == {bool}
    a, b = (_numbers(each, binary, failed) for each in (one, other))
    test, p_value = (_of_rates if binary else _of_ranks)(*((-a, -b) if failed < 0 else (a, b)), pairs)
    i, j = (a, b) if pairs else (a[:, None], b[None])
    centre = np.mean if binary else np.median
    return TrialComparison(
        name,
        test,
        p_value,
        float(np.mean((i < j) + 0.5 * (i == j))),
        (float(centre(a)), float(centre(b))),
        (len(a), len(b)),
        (_unsolved(one), _unsolved(other)),
    )


def _keys(trials: Trials) -> list[str]:
    """What pairs a trial: its seed and point."""
    return [repr([row.get(name) for name in ("seed", *trials.names)]) for row in trials]


def _numbers(values: Sequence[Any], binary: bool, failed: float) -> Floats:
    if binary:  # a trial that has failed is not successful
        return np.array([float(one is True) for one in values])
    found = np.array([failed if one is None else real_number("A value", one) for one in values])
    if np.isnan(found).any():
        raise ArgumentError(expected("The values", "numbers, none of them NaN", math.nan))
    return found


def _unsolved(values: Sequence[Any]) -> int:
    return sum(one is None or math.isinf(one) for one in values)


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
