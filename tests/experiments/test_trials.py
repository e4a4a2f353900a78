"""Results of trials: groups, data frames, and statistics against all resamples."""

import math
import sys
from functools import partial

import numpy as np
import pytest
from scipy import stats

from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    MissingExtraError,
    SynapseError,
    UnknownNameError,
)
from synapse.experiments import Trials, sweep
from tests.helpers.cases import all_refused, every_case

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
    assert str(trials.success_rate("solved")) == "2 of 4"
    assert str(trials.median("needed")) == "- (range 4,000 to -)"
    assert trials.median("needed", failed=0).value == 2000
    assert repr(trials) == "<Trials, 4 trials, 1 failed: solved 50 %, needed -, curve>"
    assert trials.failed == trials[3:] == list(trials)[3:]
    assert trials.summary(rate="solved")["failed"].tolist() == [1]


def test_values_that_have_no_statistic(trials):
    all_refused(
        [
            (
                lambda: trials.median("need"),
                UnknownNameError,
                r"There is no value named 'need'\. Did you mean 'needed'\?",
            ),
            (
                lambda: trials.success_rate("needed"),
                ArgumentError,
                "The values of 'needed' must be true or false, got 4000",
            ),
            (
                lambda: trials.median("curve"),
                ArgumentTypeError,
                "A value must be a number",
            ),
            (
                lambda: Trials().success_rate("solved"),
                ArgumentError,
                "at least one trial with the value",
            ),
            (lambda: trials.by("x"), UnknownNameError, "There is no value named 'x'"),
            (
                lambda: trials.summary(rate="solved", median="solved"),
                ArgumentError,
                "'solved', 'solved'",
            ),
            (
                lambda: Trials([{"trials": 1}], ["trials"]).summary(),
                ArgumentError,
                "'trials', 'trials'",
            ),
        ]
    )


def test_what_is_no_trial_is_refused_by_a_sentence():
    pair = Trials([{"seed": 0, "curve": {1: 2}, "ends": np.array([1, 2])}])
    cases = [
        (lambda: Trials(3), "`rows` of Trials must be dicts"),
        (lambda: Trials("ab"), "`rows` of Trials"),
        (lambda: Trials([{"seed": 0}, 3]), "Each row of Trials must be a dict, got 3"),
        (lambda: Trials({"a": 1}), "Each row of Trials"),
        (lambda: Trials([], 3), "`names` must be a name"),
        (lambda: Trials([], (), "x"), "`seconds`"),
        (lambda: pair.by("curve"), "values of 'curve'"),
        (
            lambda: pair.success_rate("ends"),
            "The values of 'ends' must be true or false",
        ),
    ]
    all_refused((call, SynapseError, words) for call, words in cases)
    assert Trials([{"seed": 0, "rate": 1}], "rate").names == ("rate",)


def test_trials_run_and_print_without_scipy_and_pandas(trials, monkeypatch):
    for name in ("scipy.stats", "pandas"):
        monkeypatch.setitem(sys.modules, name, None)
    swept = sweep(product, grid={"a": [2], "b": [1]}, seeds=range(5), progress=False)
    assert repr(swept) == "<Trials, 5 trials at 1 point of a and b: cost, solved>"
    assert "solved 50 %" in repr(trials)
    assert repr(of_values([None] * 3)) == "<Trials, 3 trials: x ->"
    needed = r"which is not installed\. Install it.*: pip install"
    all_refused(
        (call, MissingExtraError, needed)
        for call in (
            partial(trials.success_rate, "solved"),
            partial(trials.median, "needed"),
            trials.to_pandas,
            trials.summary,
        )
    )


def test_data_frames_of_trials_and_of_points(trials):
    frame = trials.to_pandas()
    assert list(frame) == ["seed", "solved", "needed", "curve", "failed"]
    assert (frame["needed"].iloc[1], frame["curve"][2]) == (5000.5, [1 / 3])
    points = {"a": [0.5, 2], "b": [[1]]}
    assert sweep(product, grid=points, seeds=[0], progress=False).names == ("a", "b")
    points["b"] = [1]
    swept = sweep(product, grid=points, seeds=range(5), progress=False)
    assert repr(swept) == "<Trials, 10 trials at 2 points of a and b: cost, solved>"
    summary = swept.summary(rate="solved", median=["cost"])
    assert list(summary) == ["a", "b", "trials", "solved", "cost"]
    assert summary["solved"].map(str).tolist() == ["0 % (0 to 43)", "100 % (57 to 100)"]
    assert summary["cost"].map(float).tolist() == [2.5, 4.0]
    assert summary["cost"][0] == swept.by("a")[0.5,].median("cost")


def test_groups_by_other_values():
    trials = Trials(
        [{"seed": 0, "kind": [1, 2]}, {"seed": 1, "kind": True}, {"seed": 2, "kind": 1}]
    )
    sizes = {values: len(group) for values, group in trials.by("kind").items()}
    assert sizes == {((1, 2),): 1, (1,): 2}
    assert list(trials.by("seed")) == [(0,), (1,), (2,)]


def of_values(values):
    return Trials({"seed": seed, "x": value} for seed, value in enumerate(values))


def test_intervals_of_rates_are_those_of_wilson():
    for successes in (0, 5, 9):
        rate = of_values(i < successes for i in range(9)).success_rate("x", 0.9)
        exact = stats.binomtest(successes, 9).proportion_ci(0.9, method="wilson")
        assert (rate.low, rate.high) == (exact.low, exact.high)
        assert rate.value == successes / 9
    assert str(of_values([0] * 30).success_rate("x")) == "0 % (0 to 11)"


@every_case(
    ("values", "words"),
    [
        ([100.0, 200.0, 300.0, *[math.inf] * 3], "- (150 to -)"),
        ([math.inf] * 5, "- (- to -)"),
        ([74000.4] * 5, "74,000 (74,000 to 74,000)"),
        ([0.00028] * 5, "0.00028 (0.00028 to 0.00028)"),
        ([3, 1, 2, 9], "2.5 (range 1 to 9)"),  # fewer than five have no interval
    ],
)
def test_medians_in_words(values, words):
    """Infinite values are trials that did not succeed."""
    assert str(of_values(values).median("x")) == words
    assert repr(of_values([1, math.nan, 3, 2, 0.5])) == "<Trials, 5 trials: x nan>"
