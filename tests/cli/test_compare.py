"""`synapse compare`: networks and statistical methods, ranked by their forecasts."""

import numpy as np
import pytest

from synapse import forecasting

from .command import SUNSPOTS, called, chaos, done, months, told, write

RNG = np.random.default_rng(1)
MONTHS = np.arange(72)
SALES = (100 + 20 * np.sin(2 * np.pi * MONTHS / 12) + RNG.normal(0, 2, 72)).round(1)


@pytest.fixture
def data(tmp_path):
    """Months from January 2020 on."""
    columns = {"Month": months(72, 2020), "Sales (kEUR)": SALES, "Weeks": MONTHS % 5}
    return write(tmp_path / "d.csv", **columns)


def parsed(text):
    """What was measured, rows of the table by name, and the sentences."""
    measured, table, sentences = text.strip().split("\n\n")
    head, *rows = [line.split() for line in table.splitlines()]
    return measured, head, {row[0]: row[1:] for row in rows}, sentences.splitlines()


def test_methods_have_the_errors_of_rolling_origin(capsys, data):
    options = ["--target", "Sales", "--models", "naive,seasonal,mean", "--steps", 4, "--validation", 0.25]
    measured, head, rows, sentences = parsed(done(capsys, "compare", data, *options))
    assert measured == "Sales (kEUR): 4 steps ahead, in the last 18 of 72 rows"
    assert head == ["model", "MASE", "RMSE"]
    methods = {
        name: forecasting.statistical(name, SALES[:54], period=12) for name in ("naive", "seasonal", "mean")
    }
    rolled = {
        name: forecasting.rolling_origin(method, SALES, 4, start=54, period=12)
        for name, method in methods.items()
    }
    made = np.mean([one.forecasts for one in rolled.values()], axis=0)
    rolled["combine"] = forecasting.RollingOrigin(
        rolled["naive"].origins, made, rolled["naive"].truth, rolled["naive"].scale
    )
    assert list(rows) == sorted(rolled, key=lambda name: rolled[name].mase.mean())
    for name, one in rolled.items():
        assert rows[name] == [f"{one.mase.mean():.3g}", f"{np.sqrt(np.mean(one.errors**2)):.4g}"]
    assert sentences == [f"seasonal forecasts: it has the lowest error, MASE {rows['seasonal'][0]}."]


@pytest.mark.filterwarnings("ignore::synapse.errors.RateWarning")
def test_networks_several_columns_and_one_that_fails(capsys, data, tmp_path):
    quick = ["--epochs", 20, "--hidden", 3, "--steps", 4, "--seeds", 2]
    options = ["--target", "Sales,Weeks", "--models", "elman,naive", *quick]
    printed = done(capsys, "compare", data, *options)
    assert done(capsys, "compare", data, *options) == printed
    _, head, rows, sentences = parsed(printed)
    assert head == ["model", "MASE", "RMSE", "Sales", "(kEUR)", "RMSE", "Weeks"]
    assert set(rows) == {"elman", "naive", "combine"}
    assert sentences[1].startswith("The network (elman) ")
    chaotic = write(tmp_path / "c.csv", day=np.datetime64("2024-01-01") + np.arange(300), x=chaos())
    options = ["--target", "x", "--models", "perceptron,ar,seasonal", "--steps", 1, "--seeds", 1]
    sentences = parsed(done(capsys, "compare", chaotic, *options))[-1]
    assert sentences[0].startswith("perceptron forecasts: it has the lowest error")
    assert sentences[1].startswith("The network (perceptron) is worth it: its error, MASE ")
    options = ["--target", "Sales", "--models", "elman,naive", "--optimizer", "sgd", "--rate", 1e9, *quick]
    code, printed, said = called(capsys, "compare", data, *options)
    assert (code, "elman" in printed) == (0, False), said
    assert "synapse: elman is left out: The error is no longer finite" in said


def test_what_cannot_be_compared(capsys, data):
    sales = ["compare", data, "--target", "Sales"]
    short = write(data.with_name("short.csv"), Month=months(9), Sales=range(9))
    told(
        capsys,
        [
            ([*sales, "--models", "gru,prophet"], 2, "Expected --models from perceptron, elman, lstm, gru"),
            ([*sales, "--seeds", 0], 1, "the seeds to be a whole number above 0, got 0"),
            ([*sales, "--known", "Sales"], 2, "A column can have one use only, got two of 'Sales"),
            ([*sales, "--validation", 0.99], 1, "leaves no training data"),
            (["compare", short, *sales[2:], "--models", "ar,mean"], 1, "No row is held out"),
            (["compare", SUNSPOTS, "--target", "sunspot"], 1, "Did you mean 'sunspots'?"),
        ],
    )
