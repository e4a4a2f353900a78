"""Methods compared by rolling origin: the tables agree with `rolling_origin`, the
command with Python."""

import numpy as np
import pandas as pd
import pytest

import synapse
from synapse import forecasting
from synapse.errors import ArgumentError
from synapse.tables import (
    TrainingOptions,
    compare_series,
    read_table,
    train_series,
)
from synapse.tables._series import read_several
from tests.cli.command import args, months, run_cli, told, write

RNG = np.random.default_rng(0)
SALES = (
    100 + 20 * np.sin(2 * np.pi * np.arange(72) / 12) + RNG.normal(0, 3, 72)
).round(1)
COSTS = (0.5 * SALES + RNG.normal(0, 1, 72)).round(1)
SIMPLE = {"build": (), "methods": ["naive", "seasonal", "ar"]}


def frame(**columns):
    index = pd.date_range("2018-01-01", periods=72, freq="MS", name="date")
    return pd.DataFrame(columns or {"Sales": SALES}, index=index)


def test_errors_are_those_of_rolling_origin():
    comparison = compare_series(frame(), ["Sales"], **SIMPLE, steps=4)
    origins, near = comparison.by_origin.index, pytest.approx
    start = int(np.flatnonzero(frame().index == origins[0])[0]) + 1
    apart = np.abs(SALES[12:start] - SALES[: start - 12]).mean()
    for name in SIMPLE["methods"]:
        fitted = forecasting.statistical(name, SALES[:start], period=12)
        rolled = forecasting.rolling_origin(fitted, SALES, 4, start=start, period=12)
        assert origins.tolist() == frame().index[rolled.origins - 1].tolist()
        errors = np.abs(rolled.errors)
        assert comparison.by_origin[name].to_numpy() == near(errors.mean(axis=1))
        assert comparison.by_step[name].to_numpy() == near(rolled.mae)
        row = comparison.summary.loc[name]
        assert row["MASE"] == near(rolled.mase.mean()) == near(row["MAE"] / apart)
        assert row["RMSE"] == near(np.sqrt(np.mean(rolled.errors**2)))
        made = comparison.forecasts[name].to_numpy()
        assert made == near(rolled.forecasts.ravel())
    assert comparison.summary["MASE"].is_monotonic_increasing
    assert comparison.summary["best"].sum() == near(1)
    assert f"<Comparison of 4 methods from {len(origins)} ori" in repr(comparison)


def test_ctrl_c_in_a_network_ends_the_comparison(monkeypatch, capsys, tmp_path):
    """A network trained for a part of its epochs is not compared with the others."""
    whole = synapse.Trainer.train

    def interrupted(trainer, *data, **settings):
        def end(progress):
            raise KeyboardInterrupt

        return whole(trainer, *data, **{**settings, "callbacks": [end]})

    monkeypatch.setattr(synapse.Trainer, "train", interrupted)
    sheet = write(tmp_path / "d.csv", date=months(72, 2018), Sales=SALES)
    line = ["compare", sheet, *args("--target Sales --methods ar")]
    assert run_cli(capsys, *line) == (130, "", "synapse: Interrupted.\n")


@pytest.mark.full
def test_a_network_has_the_errors_of_its_training():
    data = frame(Sales=SALES, Costs=COSTS)
    learning = TrainingOptions(epochs=30, hidden=[4])
    trained = train_series(data, ["Sales", "Costs"], learning, methods=["ar"])
    options = {"build": "gru", "methods": ["ar"]}
    comparison = compare_series(data, ["Sales", "Costs"], learning, **options)
    for name in ("gru", "ar", "combine"):
        mase = trained.facts["mase"][name]
        assert comparison.summary.loc[name, "MASE"] == pytest.approx(mase, rel=1e-3)
    assert comparison.verdicts == [trained.facts["verdict"], trained.facts["reason"]]
    assert comparison.by_step.index.names == ["target", "step"]
    assert {"MAE Sales", "RMSE Costs"} <= set(comparison.summary.columns)


def test_networks_continue_from_checkpoints_of_their_own(tmp_path):
    learning = TrainingOptions(epochs=5, hidden=[2], checkpoint=str(tmp_path / "run"))
    options = {"build": ["GRU", "elman"], "methods": [], "steps": 3}
    fresh, resumed = (
        compare_series(frame(), ["Sales"], learning, **options) for _ in range(2)
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.elman", "run.gru"]
    assert fresh.by_origin.equals(resumed.by_origin)


def test_several_series_and_few_origins():
    several = {"North": frame(), "South": frame(Sales=SALES + 50)}
    simple = {"build": (), "methods": ["naive", "ar"]}
    comparison = compare_series(several, ["Sales"], **simple, origins=5)
    assert comparison.by_origin.index.names == ["series", "date"]
    north, south = (comparison.by_origin.loc[name] for name in several)
    assert 5 <= len(north) == len(south) < 12
    # their difference is constant
    assert north["ar"].to_numpy() == pytest.approx(south["ar"].to_numpy())


@pytest.mark.full
def test_a_test_of_a_long_series_says_what_the_methods_use():
    """The time of a test does not grow with the number of rows then."""
    long = pd.DataFrame({"Sales": np.tile(SALES, 22)}, index=range(72 * 22))
    options = {**SIMPLE, "steps": 4, "origins": 2}
    sentence = "The test gives ar only the last 1000 rows before each origin."
    assert compare_series(long, ["Sales"], **options).notes == [sentence]
    assert compare_series(long[:1200], ["Sales"], **options).notes == []
    learning = TrainingOptions(build="Perceptron", epochs=1)
    trained = train_series(long, ["Sales"], learning, methods=["naive", "ar"])
    assert trained.notes == [sentence]


def test_what_cannot_be_compared_is_refused():
    for options, said in (
        ({"methods": ["prophet"]}, "Each of the methods|each of the methods"),
        ({"methods": ["ar", "ar"]}, "different methods"),
        ({"build": [], "methods": []}, "one or more"),
        ({"build": "tree"}, "'GRU' or 'Jordan' or 'LSTM'"),
        ({"build": ["gru", "GRU"], "methods": []}, "different methods"),
        ({"methods": ["gru"]}, "'arima', got 'gru'"),
        ({"origins": 0}, "origins"),
    ):
        with pytest.raises(ArgumentError, match=said):
            compare_series(frame(), ["Sales"], **options)


@pytest.mark.full
def test_the_command_prints_and_writes_what_python_returns(tmp_path, capsys):
    shops = {"date": months(72, 2018) * 2, "Shop": ["North"] * 72 + ["South"] * 72}
    data = write(tmp_path / "d.csv", **shops, Sales=[*SALES, *(SALES + 50).round(1)])
    output = tmp_path / "errors.csv"
    picture = tmp_path / "errors.png"
    line = ["compare", data, *args("--target Sales --sequence Shop --build none")]
    simple = args("--methods naive,seasonal,ar")
    more = [*simple, "--steps", 4, "-o", output, "--plot", picture]
    code, printed, said = run_cli(capsys, *line, *more)
    assert (code, said) == (0, "")
    several = read_several(read_table(data), ["Sales"], "Shop")
    comparison = compare_series(several, ["Sales"], **SIMPLE, steps=4)
    written = pd.read_csv(output, index_col=["Shop", "date"]).to_numpy()
    assert written == pytest.approx(comparison.by_origin.to_numpy(), rel=1e-5)
    names = [line.split()[0] for line in printed.splitlines()[:5]]
    assert names == ["method", *comparison.summary.index]
    assert comparison.verdicts[-1] in printed
    assert picture.stat().st_size > 1000
    _, printed, _ = run_cli(capsys, *line, *simple, "--origins", 3)
    assert "Mean absolute error by origin:" in printed
    line += simple
    cases = [
        ([*line, "--methods", "prophet"], 1, "methods"),
        ([*line, "--build", "tree"], 1, "'GRU' or 'Jordan'"),
        ([*line, "-o", tmp_path / "x.xls"], 2, "be .csv, .txt, .parquet or .xlsx"),
        ([*line, "--plot", tmp_path / "x.txt"], 2, "must be .png, .svg or .pdf"),
        (["compare", data], 2, "--target"),
    ]
    told(capsys, cases)
