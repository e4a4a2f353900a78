"""`synapse compare`: networks and simple methods, ranked by their forecasts."""

import numpy as np
import pytest

from synapse import cli, forecasting
from synapse.cli.contest import Contest, trained

from .command import SUNSPOTS, complaints, done, process, refused

RNG = np.random.default_rng(1)
MONTHS = np.arange(72)
SALES = (100 + 20 * np.sin(2 * np.pi * MONTHS / 12) + RNG.normal(0, 2, 72)).round(1)
QUICK = ["--epochs", 20, "--hidden", 3, "--steps", 4, "--workers", 1]


@pytest.fixture
def data(tmp_path):
    """Months from January 2020 on."""
    path = tmp_path / "d.csv"
    rows = [f"{2020 + i // 12}-{i % 12 + 1:02d},{SALES[i]},{i % 5}" for i in MONTHS]
    path.write_text("\n".join(["Month,Sales (kEUR),Weeks", *rows]) + "\n")
    return path


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
        mase = rolled.mase.mean()
        rmse = np.sqrt(np.mean(rolled.errors**2))
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
    assert low < high
    assert float(rows["elman"][0]) == pytest.approx((low + high) / 2, rel=0.01)


def test_a_network_that_is_better_is_said_to_be(capsys, tmp_path):
    """A series that each value follows from the last one, but on no line."""
    values = [0.3]
    for _ in range(299):
        values.append(3.9 * values[-1] * (1 - values[-1]))
    (tmp_path / "d.csv").write_text("\n".join(["x", *map(str, values)]) + "\n")
    options = ["--models", "perceptron", "--steps", 1, "--seeds", 2, "--workers", 1, "--rate", 0.1]
    printed = done(capsys, "compare", tmp_path / "d.csv", "--target", "x", *options)
    *_, rows, sentence = parsed(printed)
    assert next(iter(rows)) == "perceptron"
    assert "seasonal" not in rows
    assert sentence.startswith("perceptron is best: its error (MASE) is ")
    assert sentence.endswith(", with every seed.")


def test_a_training_that_fails_is_last_and_tells_why(capsys, data):
    options = ["--target", "Sales", "--models", "elman", "--rate", 9, "--epochs", 5, "--workers", 1]
    options += ["--optimizer", "sgd", "--seeds", 1]
    assert cli.main([str(one) for one in ["compare", data, *options]]) == 0
    printed = capsys.readouterr()
    assert list(parsed(printed.out)[2])[-1] == "elman"
    assert "failed" in printed.out
    assert "synapse: elman, DivergenceError: " in complaints(printed.err)


def test_as_a_process():
    finished = process("compare", SUNSPOTS, "--target", "sunspots", "--models", "ar", "--steps", 22)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "sunspots: 22 steps ahead from 41 origins, in the last 62 of 309 rows" in finished.stdout


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--models", "gru,prophet"], 2, "Expected --models from perceptron, elman, lstm, gru, persistence"),
        (["--steps", 0], 2, "Expected --steps to be 1 or above, got 0."),
        (["--steps", 66], 1, "has 72 rows, of which 66 are held out. Expected at least 13 to learn from"),
        (["--target", "Costs"], 1, "has no column 'Costs'"),
        (["--period", 60], 1, "Expected at least 61 to learn from, got 58."),
    ],
)
def test_what_cannot_be_compared(capsys, data, options, code, sentence):
    given = [] if "--target" in options else ["--target", "Sales"]
    assert sentence in refused(capsys, "compare", data, *given, *options, code=code)


def test_a_season_that_nobody_tells(capsys):
    options = ["--target", "sunspots", "--models", "seasonal"]
    assert "--period" in refused(capsys, "compare", SUNSPOTS, *options, code=2)


def test_a_column_that_never_changes(capsys, tmp_path):
    (tmp_path / "d.csv").write_text("\n".join(["x", *["5"] * 40, "6"]) + "\n")
    said = refused(capsys, "compare", tmp_path / "d.csv", "--target", "x", "--steps", 2)
    assert "never changes before the held-out rows" in said
