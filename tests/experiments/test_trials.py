"""Results of trials: groups, statistics and tables."""

import csv
import io
import math

import pytest

from synapse.errors import ArgumentError, KindError, UnknownNameError
from synapse.experiments import Trials, run, sweep

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
    assert str(trials.median("needed")) == "- (4,000 to -)"
    assert trials.median("needed", failed=0).value == 2000
    assert repr(trials) == "<Trials: 4 trials, 1 failed>"
    assert trials.failed == trials[3:]


def test_values_that_have_no_statistic(trials):
    with pytest.raises(UnknownNameError, match=r"There is no value named 'need'\. Did you mean 'needed'\?"):
        trials.median("need")
    with pytest.raises(ArgumentError, match="Expected the values of 'needed' to be true or false, got 4000"):
        trials.rate("needed")
    with pytest.raises(KindError, match="Expected a value to be a number"):
        trials.median("curve")
    with pytest.raises(ArgumentError, match="Expected the count to be a whole number above 0"):
        Trials().rate("solved")


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
    assert rows[3]["failed"] == trials[3]["failed"]
    assert rows[3]["solved"] == ""


def test_summaries_of_sweeps(tmp_path):
    found = sweep(product, grid={"a": [0.5, 2], "b": [[1]]}, seeds=[0], progress=False)
    assert found.names == ("a", "b")
    grid = {"a": [0.5, 2], "b": [1]}
    found = sweep(product, grid=grid, seeds=range(4), progress=False)
    assert repr(found) == "<Trials: 8 trials at 2 points>"
    summary = found.summary(rate="solved", median=["cost"])
    assert summary.to_markdown() == (
        "| a | b | trials | solved | cost |\n"
        "| ---: | ---: | ---: | ---: | ---: |\n"
        "| 0.5 | 1 | 4 | 0 % (0 to 49) | 2 (0.5 to 3.5) |\n"
        "| 2 | 1 | 4 | 100 % (51 to 100) | 3.5 (2 to 5) |"
    )
    rows = list(csv.DictReader(io.StringIO(summary.to_csv())))
    assert list(rows[0]) == [
        "a",
        "b",
        "trials",
        "solved",
        "solved low",
        "solved high",
        "cost",
        "cost low",
        "cost high",
    ]
    assert float(rows[1]["solved low"]) == found.by("a")[2,].rate("solved").low
    assert repr(summary) == "<Summary, 2 rows: a, b, trials, solved, cost>"
    assert len(pytest.importorskip("pandas") and summary.to_pandas()) == 2


def test_failed_trials_have_a_column_in_summaries():
    found = sweep(failing, grid={"bad": [True, False]}, seeds=range(3), progress=False)
    assert found.summary(rate="ok").columns()["failed"] == [3, 0]
    assert [rate.value for rate in found.summary(rate="ok").columns()["ok"]] == [0.0, 1.0]


def failing(seed, bad):
    if bad:
        raise ValueError
    return {"ok": True}


def test_groups_by_other_values():
    found = Trials([{"seed": 0, "kind": [1, 2]}, {"seed": 1, "kind": True}, {"seed": 2, "kind": 1}])
    assert {values: len(group) for values, group in found.by("kind").items()} == {((1, 2),): 1, (1,): 2}
    assert list(found.by("seed")) == [(0,), (1,), (2,)]
    with pytest.raises(UnknownNameError, match="There is no value named 'x'"):
        found.by("x")


def test_infinite_and_long_values_in_tables():
    found = Trials([{"seed": 0, "x": math.inf, "y": -math.inf, "z": math.nan, "w": 123456.7, "v": 1e-9}])
    assert found.to_markdown().splitlines()[-1] == "| 0 | - | -inf | nan | 123,457 | 1e-09 |"
    assert Trials().to_markdown() == "|  |\n||"


def test_slices_and_sums_are_lists():
    found = run(product, seeds=range(3), progress=False)
    assert found[:2] == list(found)[:2]
    assert found.seconds > 0
