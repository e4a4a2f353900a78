"""`synapse compare`: networks and simple methods, ranked by their forecasts."""

import numpy as np
import pytest

from synapse import forecasting
from synapse.cli.contest import Contest, trained

from .command import SUNSPOTS, called, chaos, done, months, told, write

RNG = np.random.default_rng(1)
MONTHS = np.arange(72)
SALES = (100 + 20 * np.sin(2 * np.pi * MONTHS / 12) + RNG.normal(0, 2, 72)).round(1)
QUICK = ["--epochs", 20, "--hidden", 3, "--steps", 4, "--workers", 1]


@pytest.fixture
def data(tmp_path):
    """Months from January 2020 on."""
    columns = {"Month": months(72, 2020), "Sales (kEUR)": SALES, "Weeks": MONTHS % 5}
    return write(tmp_path / "d.csv", **columns)


def parsed(text):
    """What was measured, rows of the table by name, and the sentence."""
    measured, table, sentence = text.strip().split("\n\n")
    head, *rows = [[cell for cell in row.split("  ") if cell.strip()] for row in table.splitlines()]
    return measured, [cell.strip() for cell in head], {row[0]: row[1:] for row in rows}, sentence


def test_simple_methods_have_the_errors_of_rolling_origin(capsys, data):
    options = ["--target", "Sales", "--models", "ar,seasonal,persistence", "--steps", 4]
    measured, head, rows, sentence = parsed(done(capsys, "compare", data, *options))
    assert measured == "Sales (kEUR): 4 steps ahead from 11 origins, in the last 14 of 72 rows"
    methods = {
        "ar": forecasting.autoregression,
        "seasonal": lambda history, steps: forecasting.seasonal_naive(history, steps, 12),
        "persistence": forecasting.persistence,
    }
    expected = {
        name: forecasting.rolling_origin(method, SALES, 4, start=58, period=12)
        for name, method in methods.items()
    }
    ranked = sorted(expected, key=lambda name: expected[name].mase.mean())
    assert list(rows) == ranked
    assert head == ["model", "MASE", "RMSE", f"against {ranked[0]}"]
    lowest = expected[ranked[0]].mase.mean()
    for name, rolled in expected.items():
        mase, rmse = rolled.mase.mean(), np.sqrt(np.mean(rolled.errors**2))
        against = f"{100 * (mase / lowest - 1):+.0f} %"
        assert [cell.strip() for cell in rows[name]] == [f"{mase:.3g}", f"{rmse:.4g}", against]
    assert sentence == f"{ranked[0]} is best."


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_network_has_the_error_of_its_own_forecasts(capsys, data, optimizer):
    options = ["--target", "Sales", "--models", "gru", "--seeds", 1, "--seed", 5, *QUICK]
    _, _, rows, _ = parsed(done(capsys, "compare", data, *options, "--optimizer", optimizer))
    contest = Contest(["Sales (kEUR)"], SALES[:, None], 4, 58, 1, 12, [3], 20, 0.02, optimizer)
    network = trained(contest, "gru", 5)
    errors = [
        forecasting.forecast(network, SALES[:origin], 4)[:, 0] - SALES[origin : origin + 4]
        for origin in range(58, 69)
    ]
    assert rows["gru"][1].strip() == f"{np.sqrt(np.mean(np.square(errors))):.4g}"
    assert set(rows) == {"gru", "persistence", "seasonal", "ar"}


def test_the_same_table_for_any_number_of_workers(capsys, data):
    options = ["--target", "Sales,Weeks", "--models", "elman,perceptron", "--seeds", 2, *QUICK[:-1]]
    alone = done(capsys, "compare", data, *options, 1)
    assert done(capsys, "compare", data, *options, 2) == alone
    _, head, rows, _ = parsed(alone)
    assert head[1:5] == ["MASE", "seeds", "RMSE Sales (kEUR)", "RMSE Weeks"]
    low, high = map(float, rows["elman"][1].split(" to "))
    assert float(rows["elman"][0]) == pytest.approx((low + high) / 2, rel=0.01)


def test_a_network_that_is_better_and_one_that_fails(capsys, data, tmp_path):
    chaotic = write(tmp_path / "c.csv", x=chaos())
    options = ["--models", "perceptron", "--steps", 1, "--seeds", 2, "--workers", 1, "--rate", 0.1]
    *_, rows, sentence = parsed(done(capsys, "compare", chaotic, "--target", "x", *options))
    assert (next(iter(rows)), "seasonal" in rows) == ("perceptron", False)
    assert sentence.startswith("perceptron is best: its error (MASE) is ")
    assert sentence.endswith(", with every seed.")
    options = ["--models", "elman", "--rate", 9, "--optimizer", "sgd", "--seeds", 1, *QUICK]
    code, printed, said = called(capsys, "compare", data, "--target", "Sales", *options)
    assert (code, list(parsed(printed)[2])[-1], "failed" in printed) == (0, "elman", True)
    assert "synapse: elman, DivergenceError: " in said


def test_what_cannot_be_compared(capsys, data, tmp_path):
    same = ["compare", write(tmp_path / "same.csv", x=[5] * 40 + [6]), "--target", "x", "--steps", 2]
    sales, spots = ["compare", data, "--target", "Sales"], ["compare", SUNSPOTS, "--target", "sunspots"]
    told(
        capsys,
        [
            ([*sales, "--models", "gru,prophet"], 2, "Expected --models from perceptron, elman, lstm, gru"),
            ([*sales, "--steps", 0], 2, "Expected --steps to be 1 or above, got 0."),
            ([*sales, "--steps", 66], 1, "72 rows, of which 66 are held out. Expected at least 13 to learn"),
            ([*sales, "--period", 60], 1, "Expected at least 61 to learn from, got 58."),
            ([*spots, "--models", "seasonal"], 2, "--period"),
            (same, 1, "never changes before the held-out rows"),
        ],
    )
