"""Intervals of rates and medians: exact values, and how often they contain the truth."""

import itertools
import math

import numpy as np
import pytest

from synapse.errors import ArgumentError, KindError
from synapse.experiments import Median, SuccessRate, median, success_rate


@pytest.mark.parametrize(
    ("successes", "count", "low", "high"),
    [
        # R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine
        # 17 (1998), table I, method 3 (the score method of Wilson without continuity correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_intervals_of_rates(successes, count, low, high):
    found = success_rate(successes, count)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    assert found.value == successes / count
    other = success_rate(count - successes, count)
    assert (other.low, other.high) == pytest.approx((1 - found.high, 1 - found.low), abs=1e-15)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
@pytest.mark.parametrize(("successes", "count"), [(0, 7), (3, 11), (29, 30)])
def test_the_ends_solve_the_equation_of_the_score_test(successes, count, level):
    """|p̂ - p| = z √(p (1 - p) / n) at both ends, with z from the error function."""
    found = success_rate(successes, count, level)
    for end in {found.low, found.high} - {0.0, 1.0}:
        z = abs(found.value - end) / math.sqrt(end * (1 - end) / count)
        assert math.erf(z / math.sqrt(2)) == pytest.approx(level, rel=1e-9)


@pytest.mark.parametrize("truth", [0.1, 0.5, 0.93])
def test_intervals_of_rates_contain_the_truth(truth):
    """Exactly, by the binomial probabilities of all outcomes of 30 trials."""
    covered = sum(
        math.comb(30, k) * truth**k * (1 - truth) ** (30 - k)
        for k in range(31)
        if success_rate(k, 30).low <= truth <= success_rate(k, 30).high
    )
    assert 0.92 < covered < 0.985


def exact_bounds(values, level):
    """Ends of the bootstrap interval of an odd number of values, by the binomial distribution.

    The median of a resample is at most the k-th value if more than half of its values are:
    P(B(n, k / n) > n / 2).
    """
    n, tail = len(values), (1 - level) / 2
    at_most = [
        sum(math.comb(n, j) * (k / n) ** j * (1 - k / n) ** (n - j) for j in range((n + 1) // 2, n + 1))
        for k in range(1, n + 1)
    ]
    low, high = (next(k for k, p in enumerate(at_most) if p >= q) for q in (tail, 1 - tail))
    return sorted(values)[low], sorted(values)[high]


@pytest.mark.parametrize(("count", "level"), [(5, 0.95), (11, 0.95), (31, 0.95), (31, 0.8), (101, 0.9)])
def test_intervals_of_medians_are_those_of_all_resamples(count, level):
    values = np.random.default_rng(count).exponential(size=count)
    found = median(values, level)
    assert found.value == np.median(values)
    assert (found.low, found.high) == exact_bounds(values, level)
    assert median(values[::-1], level) == found


def test_an_even_number_of_values():
    """All resamples of four values, each as likely."""
    values = [1.0, 2.0, 4.0, 8.0]
    found = median(values, 0.8)
    assert found.value == 3.0
    every = [np.median(chosen) for chosen in itertools.product(values, repeat=4)]
    assert (found.low, found.high) == tuple(np.percentile(every, [10, 90], method="inverted_cdf"))


def test_intervals_of_medians_contain_the_truth():
    rng, truth = np.random.default_rng(0), math.log(2)
    found = [median(rng.exponential(size=25)) for _ in range(300)]
    assert 0.91 < np.mean([one.low <= truth <= one.high for one in found]) < 0.99


def test_runs_that_did_not_succeed_are_infinite():
    half = [100.0, 200.0, math.inf, math.inf]
    found = median(half)
    assert (found.value, found.low, found.high) == (math.inf, 100.0, math.inf)
    assert str(found) == "- (100 to -)"
    assert str(median([math.inf] * 3)) == "- (- to -)"
    assert str(median([74000.4] * 3)) == "74,000 (74,000 to 74,000)"
    assert str(median([0.00028] * 3)) == "0.00028 (0.00028 to 0.00028)"


def test_how_rates_are_shown():
    assert str(success_rate(0, 30)) == "0 % (0 to 11)"
    assert repr(success_rate(1, 1, 0.5)).startswith(
        "SuccessRate(successes=1, count=1, level=0.5, value=1.0, low="
    )
    assert isinstance(median([1]), Median)
    assert isinstance(success_rate(1, 2), SuccessRate)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: success_rate(3, 2), "Expected the successes to be a whole number from 0 to 2, got 3"),
        (lambda: success_rate(0, 0), "Expected the count to be a whole number above 0, got 0"),
        (lambda: success_rate(1, 2, 95), "Expected the level to be a number above 0 and below 1, got 95"),
        (lambda: median([]), "Expected the values to be at least one number, none of them NaN, got"),
        (lambda: median([1.0, math.nan]), "Expected the values to be at least one number, none of them NaN"),
        (lambda: median(["a"]), "Expected a value to be a number, got 'a'"),
        (lambda: median([1], 0), "Expected the level to be a number above 0 and below 1, got 0"),
    ],
)
def test_what_is_refused(call, sentence):
    with pytest.raises((ArgumentError, KindError), match=sentence):
        call()
