"""`synapse forecast`: the rows that follow a table."""

import csv
import importlib.util
import io
from datetime import date, timedelta

import numpy as np
import pytest

import architect
import synapse
from synapse import cli, forecasting, tables

from .command import done, months, refused, run_cli, told, write

RNG = np.random.default_rng(0)
SALES = (
    100 + 20 * np.sin(2 * np.pi * np.arange(60) / 12) + RNG.normal(0, 2, 60)
).round(1)
COSTS = (50 + 5 * np.cos(2 * np.pi * np.arange(60) / 12) + RNG.normal(0, 1, 60)).round()
QUICK = ["--hidden", "4", "--epochs", "60", "-q"]


def table(path, count=60, **columns):
    """Months from January 2020 on."""
    columns = columns or {"Sales (kEUR)": SALES[:count], "Costs": COSTS[:count]}
    return write(path, Month=months(count, 2020), **columns)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table, a model of both columns, and one with a column that is known in
    advance."""
    path = tmp_path_factory.mktemp("forecast")
    data = table(path / "d.csv")
    train = ["train", str(data), *QUICK]
    assert (
        cli.main([*train, "--target", "Sales,Costs", "-o", str(path / "both.json")])
        == 0
    )
    columns = ["--target", "Costs", "--known", "Sales"]
    assert cli.main([*train, *columns, "-o", str(path / "given.json")]) == 0
    return path


@pytest.fixture
def further(capsys, folder):
    """A function that forecasts further rows of the table."""

    def run(*options, model=folder / "both.json", data=folder / "d.csv"):
        code, printed, said = run_cli(capsys, "forecast", model, data, *options)
        assert code == 0, said
        return printed

    return run


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def numbers(text):
    return np.array([row[1:] for row in rows(text)[1:]], float)


def test_rows_continue_the_dates_and_the_network_its_outputs(further, folder):
    printed = further("--steps", 14, "--method", "network")
    head, *body = rows(printed)
    assert head == ["Month", "Sales (kEUR)", "Costs"]
    assert [row[0] for row in body] == [f"{month}-01" for month in months(14, 2025)]
    network = synapse.load(folder / "both.json").whole()
    facts = network.metadata
    angles = 2 * np.pi * np.arange(60 + 14) / 12
    season = np.column_stack(
        [np.sin(angles), np.cos(angles), np.sin(2 * angles), np.cos(2 * angles)]
    )
    scale = synapse.Scale(2, lags=facts["differences"])
    forecaster = forecasting.NetworkForecaster(network, scale, season)
    ahead = forecaster(np.column_stack([SALES, COSTS]), 14)
    np.testing.assert_allclose(numbers(printed), ahead, rtol=1e-5)
    columns = {
        "Month": months(60, 2020)[19:],
        "Sales (kEUR)": SALES[19:],
        "Costs": COSTS[19:],
    }
    later = write(folder / "later.csv", **columns)
    moved = forecasting.NetworkForecaster(network, scale, season[19:])
    expected = moved(np.column_stack([SALES, COSTS])[19:], 3)
    later = numbers(further("--steps", 3, "--method", "network", data=later))
    np.testing.assert_allclose(
        later, expected, 1e-5, err_msg="the season follows the dates"
    )


def test_the_best_method_forecasts_and_says_so(capsys, further, folder):
    facts = synapse.load(folder / "both.json").metadata
    _, printed, said = run_cli(
        capsys, "forecast", folder / "both.json", folder / "d.csv", "--steps", 3
    )
    assert said.splitlines() == [
        f"synapse: {facts['reason']}",
        f"synapse: {facts['verdict']}",
    ]
    assert facts["chosen"] in facts["mase"]
    ran = rows(run_cli(capsys, "run", folder / "both.json", folder / "d.csv")[1])
    assert (ran[-1][:3], ran[-2][:2]) == (
        ["2025-01-01", "", ""],
        ["2024-12-01", f"{SALES[-1]:.15g}"],
    )
    assert further("--steps", 3, "--method", facts["chosen"]) == printed
    assert further("--steps", 3, "-o", folder / "next.csv") == ""
    assert (folder / "next.csv").read_text() == printed
    made = [
        numbers(further("--steps", 3, "--method", name)) for name in facts["members"]
    ]
    np.testing.assert_allclose(
        numbers(further("--steps", 3, "--method", "combine")),
        np.mean(made, axis=0),
        rtol=1e-5,
    )
    repeated = numbers(further("--steps", 3, "--method", "seasonal"))
    np.testing.assert_array_equal(repeated, np.column_stack([SALES, COSTS])[48:51])


def test_bounds_follow_from_the_errors_of_the_test(capsys, further, folder, tmp_path):
    printed = further(
        "--steps", 20, "--coverage", 0.8, "--method", "naive", "--maximum", 130
    )
    assert rows(printed)[0][1:4] == [
        "Sales (kEUR)",
        "Sales (kEUR) lower",
        "Sales (kEUR) upper",
    ]
    facts = synapse.load(folder / "both.json").metadata
    history = np.column_stack([SALES, COSTS])
    half = forecasting.Calibration(np.array(facts["errors"]["naive"])).half_widths(
        0.8, 20
    )
    half = half * history[-12:].mean(axis=0) if facts["relative"] else half
    bounds = numbers(printed)
    np.testing.assert_allclose(
        bounds[:, 1::3], np.clip([SALES[-1], COSTS[-1]] - half, None, 130), atol=0.06
    )
    np.testing.assert_allclose(
        bounds[:, 2::3], np.clip([SALES[-1], COSTS[-1]] + half, None, 130), atol=0.06
    )
    below = table(
        tmp_path / "b.csv", **{"Sales (kEUR)": SALES - 999, "Costs": COSTS - 999}
    )
    lower, upper = numbers(
        further("--steps", 3, "--coverage", 0.8, "--method", "naive", data=below)
    )[:, 1:3].T
    assert (lower < upper).all(), (facts["relative"], lower, upper)
    path = tmp_path / "m.json"
    done(
        capsys,
        "train",
        folder / "d.csv",
        "--target",
        "Costs",
        "--validation",
        0,
        *QUICK,
        "-o",
        path,
    )
    options = ["forecast", path, folder / "d.csv", "--steps", 2]
    assert run_cli(capsys, *options)[0] == 0
    assert "no errors of gru on held-out rows" in refused(
        capsys, *options, "--coverage", 0.9
    )


def test_a_value_known_in_advance_explains_its_own_row(capsys, further, tmp_path):
    """Sales are 100, and 150 on holidays: in the test, the forecast, its interval, and
    row by row."""
    rng = np.random.default_rng(0)
    to_come = [0, 1, 0, 1, 0, 0]
    holiday = (rng.random(90) < 0.4).astype(int)
    sales = (100 + 50 * holiday + rng.normal(0, 1, 90)).round(1)
    days = [date(2024, 1, 1) + timedelta(i) for i in range(90)]
    price = rng.normal(5, 1, 90).round(2)
    data = write(
        tmp_path / "d.csv", Day=days, Sales=sales, Holiday=holiday, Price=price
    )
    future = write(tmp_path / "f.csv", Holiday=to_come)
    model = tmp_path / "m.json"
    columns = [
        "--target",
        "Sales",
        "--known",
        "Holiday",
        "--observed",
        "Price",
        "--hidden",
        4,
        "--seed",
        1,
    ]
    done(capsys, "train", data, *columns, "--build", "perceptron", "-q", "-o", model)
    facts = synapse.load(model).metadata
    assert (facts["known"], facts["observed"]) == (["Holiday"], ["Price"])
    assert facts["mase"]["perceptron"] < 0.4 * facts["mase"]["seasonal"]
    options = ["--steps", 6, "--future", future, "--method", "network"]
    ahead = numbers(further(*options, "--coverage", 0.7, model=model, data=data))
    assert ahead.shape == (6, 3), "of the target alone"
    assert np.abs(ahead[:, 0] - 100 - 50 * np.array(to_come)).max() < 15
    ran = rows(done(capsys, "run", model, data))
    assert ran[0] == ["Day", "Sales", "Sales predicted"]
    assert len(ran) == 91
    assert [row[0] for row in ran[1:]] == list(map(str, days))
    errors = [float(row[2]) - float(row[1]) for row in ran[1:] if row[2]]
    assert np.sqrt(np.mean(np.square(errors))) < 10
    arguments = ["forecast", model, data, "--steps", 6]
    assert "in advance. Pass the next 6 rows: --future FILE" in refused(
        capsys, *arguments, code=2
    )
    short = write(tmp_path / "s.csv", Day=days[:6], Holiday=to_come)
    assert refused(capsys, *arguments, "--future", short).endswith(
        "must have a row of 2024-03-31 00:00:00, which follows the data. Its rows are"
        " from 2024-01-01 00:00:00 to 2024-01-06 00:00:00."
    )
    expected = further(*options, model=model, data=data)
    more = [date(2024, 3, 20) + timedelta(i) for i in range(40)]
    calendar = write(
        tmp_path / "c.csv", Day=more, Holiday=[*[1] * 11, *to_come, *[1] * 23]
    )
    options[3] = calendar
    assert further(*options, model=model, data=data) == expected, (
        "rows are found by their dates"
    )
    write(calendar, Holiday=[*to_come, 1, 1])
    assert further(*options, model=model, data=data) == expected
    assert (
        "Only the first 6 rows of"
        in run_cli(capsys, "forecast", model, data, *options)[2]
    )


def test_methods_that_cannot_see_known_columns_stay_out_of_the_mean(capsys, tmp_path):
    """Nothing is sold on holidays, which methods of the past alone cannot know."""
    rng = np.random.default_rng(1)
    model = tmp_path / "m.json"
    holiday = (rng.random(90) < 0.25).astype(int)
    days = [date(2024, 1, 1) + timedelta(i) for i in range(90)]
    data = write(
        tmp_path / "d.csv",
        Day=days,
        Sales=(1 - holiday) * (100 + rng.normal(0, 1, 90)),
        Holiday=holiday,
    )
    done(
        capsys,
        "train",
        data,
        "--target",
        "Sales",
        "--known",
        "Holiday",
        *QUICK,
        "-o",
        model,
    )
    facts = synapse.load(model).metadata
    assert set(facts["members"]) <= {"gru", "arima"}
    future = write(tmp_path / "f.csv", Holiday=[1, 0])
    arguments = ["forecast", model, data, "--steps", 2, "--future", future, "--method"]
    if importlib.util.find_spec("statsforecast"):
        said = run_cli(capsys, *arguments, "theta")[2]
        assert "theta cannot use 'Holiday'; gru can: --method network." in said
    code, _, said = run_cli(capsys, *arguments, "combine")
    assert (code, "cannot use" in said) == (0, False)


def test_a_series_without_dates_has_numbers(capsys, further, tmp_path):
    data = write(tmp_path / "d.csv", x=SALES, y=COSTS)
    model = tmp_path / "m.json"
    options = [
        "--target",
        "y",
        "--observed",
        "x",
        "--build",
        "elman",
        "--epochs",
        1,
        "-q",
        "-o",
        model,
    ]
    done(capsys, "train", data, *options)
    printed = further("--steps", 2, "--method", "naive", model=model, data=data)
    assert printed == f"row,y\n61,{COSTS[-1]:g}\n62,{COSTS[-1]:g}\n"
    assert done(capsys, "run", model, data).splitlines()[-1].startswith("61,,")


def test_a_forecast_has_the_digits_and_the_dates_of_the_data(capsys, further, tmp_path):
    values = [1_000_000_300 + 10 * (place % 5) for place in range(40)]
    data = table(tmp_path / "d.csv", 40, y=values)
    model = tmp_path / "m.json"
    done(capsys, "train", data, "--target", "y", "--epochs", 1, "-q", "-o", model)
    assert (
        further("--steps", 1, "--method", "naive", model=model, data=data)
        == f"Month,y\n2023-05-01,{values[-1]}\n"
    )
    series = tables.read_series(tables.read_table(data), ["y"])
    ahead = tables.forecast_series(
        synapse.load(model), series, 3, method="naive", coverage=0.5
    )[0]
    frame = ahead.to_pandas()
    assert [*frame.columns] == ["y", "y lower", "y upper"]
    assert [str(day.date()) for day in frame.index] == [
        "2023-05-01",
        "2023-06-01",
        "2023-07-01",
    ]
    assert [*ahead.dates] == [*frame.index]


# --- what is refused ------------------------------------------------------------------


def test_what_cannot_be_forecast_is_refused_before_anything_is_written(
    capsys, folder, monkeypatch, tmp_path
):
    monkeypatch.chdir(folder)
    univariate, other = (
        table(tmp_path / "one.csv", 1),
        table(tmp_path / "other.csv", Price=SALES),
    )
    january = [f"2024-01-{i:02d}" for i in range(1, 31)]
    days = write(
        tmp_path / "days.csv", Month=january, Sales=SALES[:30], Costs=COSTS[:30]
    )
    synapse.save(architect.Perceptron(1, 1), tmp_path / "other.json")
    before = sorted(folder.iterdir())
    this = ["forecast", "both.json", "d.csv", "--steps"]
    here = ["-o", "next.csv"]
    cases = [
        (
            [*this, 0, *here],
            1,
            "`steps` must be a whole number above 0, got 0",
        ),
        ([*this, "x", *here], 2, "argument --steps: invalid int value: 'x'"),
        (
            [*this, 2, "-o", "next.xls"],
            2,
            "The suffix of 'next.xls' must be .csv, .txt, .parquet or .xlsx.",
        ),
        ([*this, 2, "-o", "none/next.csv"], 1, "there is no such folder"),
        (
            [*this, 2, *here, "--future", "d.csv"],
            2,
            "no column that is known in advance. Remove --future",
        ),
        (
            [*this, 2, *here, "--method", "prophet"],
            1,
            "must be gru, combine or one of mean, naive, .* 'prophet'",
        ),
        (
            ["forecast", "both.json", univariate, "--steps", 2],
            1,
            "three or more dates that step evenly",
        ),
        (["forecast", "both.json", other, "--steps", 2], 1, "no column 'Sales"),
        (
            ["forecast", "both.json", days, "--steps", 2],
            1,
            "trained on rows with the step month; these have the step day",
        ),
        (
            ["forecast", tmp_path / "other.json", "d.csv", "--steps", 2],
            1,
            "does not forecast a series",
        ),
    ]
    told(capsys, cases)
    assert sorted(folder.iterdir()) == before
