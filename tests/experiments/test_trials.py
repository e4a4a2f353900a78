"""Results of trials: groups and tables; statistics, against SciPy and against all resamples."""

import csv
import io
import itertools
import math

import numpy as np
import pytest
import scipy

from synapse.errors import ArgumentError, ArgumentTypeError, SynapseError, UnknownNameError
from synapse.experiments import Trials, median, success_rate, sweep
from tests.cases import all_refused

from .some_trials import product


@pytest.fixture
def trials():
    """Four trials, of which one has failed and one has not succeeded."""
    return Trials(
        [
            {"seed": 0, "solved": True, "needed": 4000, "curve": [0.5, 0.25]},
            {"seed": 1, "solved": True, "needed": 5000.5, "curve": []},
            {"seed": 2, "solved": False, "needed": None, "curve": [1 / 3]},
            {"seed": 3, "failed": "DivergenceError: NaN | infinity"},
        ]
    )


def test_failed_trials_count_as_not_successful(trials):
    assert (trials.rate("solved").successes, trials.rate("solved").count) == (2, 4)
    assert str(trials.median("needed")) == "- (range 4,000 to -)"
    assert trials.median("needed", failed=0).value == 2000
    assert repr(trials) == "<Trials, 4 trials, 1 failed: solved, needed, curve>"
    assert trials.failed == trials[3:] == list(trials)[3:]
    assert trials.summary(rate="solved").columns()["failed"] == [1]


def test_values_that_have_no_statistic(trials):
    misspelled = r"There is no value named 'need'\. Did you mean 'needed'\?"
    numbers = "Expected the values of 'needed' to be true or false, got 4000"
    all_refused(
        [
            (lambda: trials.median("need"), UnknownNameError, misspelled),
            (lambda: trials.rate("needed"), ArgumentError, numbers),
            (lambda: trials.median("curve"), ArgumentTypeError, "Expected a value to be a number"),
            (lambda: Trials().rate("solved"), ArgumentError, "the count to be a whole number above 0"),
            (lambda: trials.by("x"), UnknownNameError, "There is no value named 'x'"),
        ]
    )


def test_tables_of_trials(trials, tmp_path):
    assert trials.to_markdown() == (
        "| seed | solved | needed | curve | failed |\n"
        "| ---: | ---: | ---: | --- | --- |\n"
        "| 0 | yes | 4,000 | 0.5, 0.25 | - |\n"
        "| 1 | yes | 5,000 |  | - |\n"
        "| 2 | no | - | 0.3333 | - |\n"
        "| 3 | - | - | - | DivergenceError: NaN \\| infinity |"
    )
    text = trials.to_csv(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert float(rows[1]["needed"]) == 5000.5
    assert rows[2]["curve"] == "[0.3333333333333333]"
    assert (rows[3]["failed"], rows[3]["solved"]) == (trials[3]["failed"], "")
    odd = Trials([{"seed": 0, "x": math.inf, "y": -math.inf, "z": math.nan, "w": 123456.7, "v": 1e-9}])
    assert odd.to_markdown().splitlines()[-1] == "| 0 | - | -inf | nan | 123,457 | 1e-09 |"
    assert Trials().to_markdown() == "|  |\n||"


def test_summaries_of_sweeps():
    found = sweep(product, grid={"a": [0.5, 2], "b": [[1]]}, seeds=[0], progress=False)
    assert found.names == ("a", "b")
    found = sweep(product, grid={"a": [0.5, 2], "b": [1]}, seeds=range(5), progress=False)
    assert repr(found) == "<Trials, 10 trials at 2 points of a and b: cost, solved>"
    summary = found.summary(rate="solved", median=["cost"])
    assert repr(summary) == (
        "<Summary, 2 rows: a, b, trials, solved, cost>\n"
        "| a | b | trials | solved | cost |\n"
        "| ---: | ---: | ---: | ---: | ---: |\n"
        "| 0.5 | 1 | 5 | 0 % (0 to 43) | 2.5 (0.5 to 4.5) |\n"
        "| 2 | 1 | 5 | 100 % (57 to 100) | 4 (2 to 6) |"
    )
    assert repr(Trials({"seed": seed} for seed in range(23)).table()).endswith("| 19 |\n... and 3 more rows")
    rows = list(csv.DictReader(io.StringIO(summary.to_csv())))
    measured = [f"{name}{end}" for name in ("solved", "cost") for end in ("", " low", " high")]
    assert list(rows[0]) == ["a", "b", "trials", *measured]
    assert float(rows[1]["solved low"]) == found.by("a")[2,].rate("solved").low
    assert len(pytest.importorskip("pandas") and summary.to_pandas()) == 2


def test_groups_by_other_values():
    found = Trials([{"seed": 0, "kind": [1, 2]}, {"seed": 1, "kind": True}, {"seed": 2, "kind": 1}])
    assert {values: len(group) for values, group in found.by("kind").items()} == {((1, 2),): 1, (1,): 2}
    assert list(found.by("seed")) == [(0,), (1,), (2,)]


def test_intervals_of_rates_are_those_of_wilson():
    for count, level in ((1, 0.95), (7, 0.5), (30, 0.95), (30, 0.99)):
        for successes in range(count + 1):
            found = success_rate(successes, count, level)
            exact = scipy.stats.binomtest(successes, count).proportion_ci(level, method="wilson")
            assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=1e-12)
            assert found.value == successes / count
    assert (success_rate(0, 9).low, success_rate(9, 9).high) == (0, 1), "exactly"
    assert str(success_rate(0, 30)) == "0 % (0 to 11)"


def test_intervals_of_medians_are_those_of_all_resamples():
    for values, level in (
        ([1.0, 2.0, 4.0, 8.0, 3.0, 7.0], 0.9),
        ([1.0, 2.0, 4.0, 8.0, 3.0], 0.9),
        ([100.0, 200.0, 300.0, math.inf, math.inf], 0.8),
    ):
        found, tail = median(values, level), 50 * (1 - level)
        every = [np.median(chosen) for chosen in itertools.product(values, repeat=len(values))]
        assert (found.value, found.count) == (np.median(values), len(values))
        assert (found.low, found.high) == tuple(
            np.percentile(every, [tail, 100 - tail], method="inverted_cdf")
        )
        assert median(values[::-1], level) == found
    many = np.random.default_rng(0).exponential(size=101)
    found, exact = median(many, 0.9), scipy.stats.bootstrap([many], np.median, method="percentile", rng=0)
    assert exact.confidence_interval.low <= found.low < found.high <= exact.confidence_interval.high


def test_medians_in_words():
    """Infinite values are trials that did not succeed."""
    assert str(median([100.0, 200.0, 300.0, *[math.inf] * 3])) == "- (150 to -)"
    assert str(median([math.inf] * 5)) == "- (- to -)"
    assert str(median([74000.4] * 5)) == "74,000 (74,000 to 74,000)"
    assert str(median([0.00028] * 5)) == "0.00028 (0.00028 to 0.00028)"
    assert str(median([3, 1, 2, 9], 0.5)) == "2.5 (range 1 to 9)", "fewer than five have no interval"
    assert str(success_rate(2, 4)) == "2 of 4"


def test_what_has_no_interval():
    told = [
        (lambda: success_rate(3, 2), "Expected the successes to be a whole number from 0 to 2, got 3"),
        (lambda: success_rate(0, 0), "Expected the count to be a whole number above 0, got 0"),
        (lambda: success_rate(1, 2, 95), "Expected the level to be a number above 0 and below 1, got 95"),
        (lambda: median([1.0, math.nan]), "Expected the values to be at least one number, none of them NaN"),
        (lambda: median(["a"]), "Expected a value to be a number, got 'a'"),
    ]
    all_refused([(call, SynapseError, sentence) for call, sentence in told])
