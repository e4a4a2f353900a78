"""Results of trials: groups, data frames, and statistics against all resamples."""

import math
import sys

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
from tests.helpers.cases import all_refused

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
    misspelled = r"There is no value named 'need'\. Did you mean 'needed'\?"
    numbers = "The values of 'needed' must be true or false, got 4000"
    all_refused(
        [
            (lambda: trials.median("need"), UnknownNameError, misspelled),
            (lambda: trials.success_rate("needed"), ArgumentError, numbers),
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
    assert (
        repr(sweep(product, grid={"a": [2], "b": [1]}, seeds=range(5), progress=False))
        == "<Trials, 5 trials at 1 point of a and b: cost, solved>"
    )
    assert "solved 50 %" in repr(trials)
    assert (
        repr(Trials({"seed": i, "needed": None} for i in range(3)))
        == "<Trials, 3 trials: needed ->"
    )
    needed = r"which is not installed\. Install it.*: pip install"
    for call in (
        lambda: trials.success_rate("solved"),
        lambda: trials.median("needed"),
        trials.to_pandas,
        trials.summary,
    ):
        with pytest.raises(MissingExtraError, match=needed):
            call()


def test_data_frames_of_trials_and_of_points(trials):
    frame = trials.to_pandas()
    assert list(frame) == ["seed", "solved", "needed", "curve", "failed"]
    assert (frame["needed"].iloc[1], frame["curve"][2]) == (5000.5, [1 / 3])
    sweep_trials = sweep(
        product, grid={"a": [0.5, 2], "b": [[1]]}, seeds=[0], progress=False
    )
    assert sweep_trials.names == ("a", "b")
    sweep_trials = sweep(
        product, grid={"a": [0.5, 2], "b": [1]}, seeds=range(5), progress=False
    )
    assert (
        repr(sweep_trials) == "<Trials, 10 trials at 2 points of a and b: cost, solved>"
    )
    summary = sweep_trials.summary(rate="solved", median=["cost"])
    assert list(summary) == ["a", "b", "trials", "solved", "cost"]
    assert summary["solved"].map(str).tolist() == ["0 % (0 to 43)", "100 % (57 to 100)"]
    assert summary["cost"].map(float).tolist() == [2.5, 4.0]
    assert summary["cost"][0] == sweep_trials.by("a")[0.5,].median("cost")


def test_groups_by_other_values():
    trials = Trials(
        [{"seed": 0, "kind": [1, 2]}, {"seed": 1, "kind": True}, {"seed": 2, "kind": 1}]
    )
    assert {values: len(group) for values, group in trials.by("kind").items()} == {
        ((1, 2),): 1,
        (1,): 2,
    }
    assert list(trials.by("seed")) == [(0,), (1,), (2,)]


def number(values, level=0.95):
    return Trials({"seed": i, "x": value} for i, value in enumerate(values)).median(
        "x", level
    )


def test_intervals_of_rates_are_those_of_wilson():
    for successes in (0, 5, 9):
        rate = Trials({"seed": i, "x": i < successes} for i in range(9)).success_rate(
            "x", 0.9
        )
        exact = stats.binomtest(successes, 9).proportion_ci(0.9, method="wilson")
        assert (rate.value, rate.low, rate.high) == (
            successes / 9,
            exact.low,
            exact.high,
        )
    assert (
        str(Trials({"seed": i, "x": 0} for i in range(30)).success_rate("x"))
        == "0 % (0 to 11)"
    )


def test_medians_in_words():
    """Infinite values are trials that did not succeed."""
    assert str(number([100.0, 200.0, 300.0, *[math.inf] * 3])) == "- (150 to -)"
    assert str(number([math.inf] * 5)) == "- (- to -)"
    assert str(number([74000.4] * 5)) == "74,000 (74,000 to 74,000)"
    assert str(number([0.00028] * 5)) == "0.00028 (0.00028 to 0.00028)"
    assert str(number([3, 1, 2, 9], 0.5)) == "2.5 (range 1 to 9)", (
        "fewer than five have no interval"
    )
    nan = Trials(
        {"seed": seed, "v": v} for seed, v in enumerate([1, math.nan, 3, 2, 0.5])
    )
    assert repr(nan) == "<Trials, 5 trials: v nan>"
