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

from .command import args, done, months, refused, run_cli, told, write

RNG = np.random.default_rng(0)
WAVE = 2 * np.pi * np.arange(60) / 12
SALES = (100 + 20 * np.sin(WAVE) + RNG.normal(0, 2, 60)).round(1)
COSTS = (50 + 5 * np.cos(WAVE) + RNG.normal(0, 1, 60)).round()
BOTH = np.column_stack([SALES, COSTS])
QUICK = args("--hidden 4 --epochs 60 -q -o")
DAYS = [date(2024, 1, 1) + timedelta(i) for i in range(90)]


def table(path, count=60, **columns):
    """Months from January 2020 on."""
    columns = columns or {"Sales": SALES[:count], "Costs": COSTS[:count]}
    return write(path, date=months(count, 2020), **columns)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table, and a model of both columns."""
    path = tmp_path_factory.mktemp("forecast")
    train = ["train", table(path / "d.csv"), *args("--target Sales,Costs"), *QUICK]
    assert cli.main([*map(str, train), str(path / "both.json")]) == 0
    return path


@pytest.fixture
def further(capsys, folder):
    """A function that forecasts further rows of the table."""

    def run(text, *options, model=folder / "both.json", data=folder / "d.csv"):
        code, printed, said = run_cli(
            capsys, "forecast", model, data, *args(text), *options
        )
        assert code == 0, said
        return printed

    return run


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def numbers(text):
    return np.array([row[1:] for row in rows(text)[1:]], float)


@pytest.mark.full
def test_rows_continue_the_dates_and_the_network_its_outputs(further, folder):
    printed = further("--steps 14 --method network")
    head, *body = rows(printed)
    assert head == ["date", "Sales", "Costs"]
    assert [row[0] for row in body] == [f"{month}-01" for month in months(14, 2025)]
    network = synapse.load(folder / "both.json").whole()
    angles = 2 * np.pi * np.arange(60 + 14) / 12
    season = np.column_stack(
        [np.sin(angles), np.cos(angles), np.sin(2 * angles), np.cos(2 * angles)]
    )
    scale = synapse.Scale(2, lags=network.metadata["differences"])
    forecaster = forecasting.NetworkForecaster(network, scale, season)
    np.testing.assert_allclose(numbers(printed), forecaster(BOTH, 14), rtol=1e-5)
    columns = {"date": months(60, 2020)[19:], "Sales": SALES[19:], "Costs": COSTS[19:]}
    later = write(folder / "later.csv", **columns)
    moved = forecasting.NetworkForecaster(network, scale, season[19:])
    later = numbers(further("--steps 3 --method network", data=later))
    np.testing.assert_allclose(
        later, moved(BOTH[19:], 3), 1e-5, err_msg="the season follows the dates"
    )


@pytest.mark.full
def test_bounds_follow_from_the_errors_of_the_test(capsys, further, folder, tmp_path):
    printed = further("--steps 20 --coverage 0.8 --method naive --maximum 130")
    assert rows(printed)[0][1:4] == ["Sales", "Sales lower", "Sales upper"]
    facts = synapse.load(folder / "both.json").metadata
    half = forecasting.Calibration(np.array(facts["errors"]["naive"])).half_widths(
        0.8, 20
    )
    half = half * BOTH[-12:].mean(axis=0) if facts["relative"] else half
    bounds = numbers(printed)
    for column, sign in ((1, -1), (2, 1)):
        np.testing.assert_allclose(
            bounds[:, column::3], np.clip(BOTH[-1] + sign * half, None, 130), atol=0.06
        )
    below = table(tmp_path / "b.csv", Sales=SALES - 999, Costs=COSTS - 999)
    printed = further("--steps 3 --coverage 0.8 --method naive", data=below)
    lower, upper = numbers(printed)[:, 1:3].T
    assert (lower < upper).all(), (facts["relative"], lower, upper)


@pytest.mark.full
def test_a_value_known_in_advance_explains_its_own_row(
    capsys, further, tmp_path, path, rng
):
    """Sales are 100, and 150 on holidays: in the test, the forecast, its interval, and
    row by row."""
    to_come = [0, 1, 0, 1, 0, 0]
    holiday = (rng.random(90) < 0.4).astype(int)
    columns = {"date": DAYS, "Sales": 100 + 50 * holiday + rng.normal(0, 1, 90)}
    columns |= {"Holiday": holiday, "Price": rng.normal(5, 1, 90).round(2)}
    data = write(tmp_path / "d.csv", **columns)
    learn = "--target Sales --known Holiday --observed Price --hidden 4 --seed 1"
    learn += " --build perceptron -q -o"
    done(capsys, "train", data, *args(learn), path)
    facts = synapse.load(path).metadata
    assert (facts["known"], facts["observed"]) == (["Holiday"], ["Price"])
    assert facts["mase"]["perceptron"] < 0.4 * facts["mase"]["seasonal"]

    def ahead(future, *options):
        text = "--steps 6 --method network --future"
        return further(text, future, *options, model=path, data=data)

    future = write(tmp_path / "f.csv", Holiday=to_come)
    made = numbers(ahead(future, "--coverage", 0.7))
    assert made.shape == (6, 3), "of the target alone"
    assert np.abs(made[:, 0] - 100 - 50 * np.array(to_come)).max() < 15
    ran = rows(done(capsys, "run", path, data))
    assert (ran[0], [row[0] for row in ran[1:]]) == (
        ["date", "Sales", "Sales predicted"],
        list(map(str, DAYS)),
    )
    errors = [float(row[2]) - float(row[1]) for row in ran[1:] if row[2]]
    assert np.sqrt(np.mean(np.square(errors))) < 10
    arguments = ["forecast", path, data, "--steps", 6]
    said = "in advance. Pass the next 6 rows: --future FILE"
    assert said in refused(capsys, *arguments)
    short = write(tmp_path / "s.csv", date=DAYS[:6], Holiday=to_come)
    assert refused(capsys, *arguments, "--future", short).endswith(
        "must have a row of 2024-03-31 00:00:00, which follows the data. Its rows are"
        " from 2024-01-01 00:00:00 to 2024-01-06 00:00:00."
    )
    expected = ahead(future)
    calendar = write(
        tmp_path / "c.csv",
        date=[date(2024, 3, 20) + timedelta(i) for i in range(40)],
        Holiday=[*[1] * 11, *to_come, *[1] * 23],
    )
    assert ahead(calendar) == expected, "rows are found by their dates"
    write(calendar, Holiday=[*to_come, 1, 1])
    assert ahead(calendar) == expected
    said = run_cli(capsys, *arguments, "--future", calendar)[2]
    assert "Only the first 6 rows of" in said


def test_methods_that_cannot_see_known_columns_stay_out_of_the_mean(
    capsys, tmp_path, path
):
    """Nothing is sold on holidays, which methods of the past alone cannot know."""
    rng = np.random.default_rng(1)
    holiday = (rng.random(90) < 0.25).astype(int)
    sold = (1 - holiday) * (100 + rng.normal(0, 1, 90))
    data = write(tmp_path / "d.csv", date=DAYS, Sales=sold, Holiday=holiday)
    done(capsys, "train", data, *args("--target Sales --known Holiday"), *QUICK, path)
    assert set(synapse.load(path).metadata["members"]) <= {"gru", "arima", "ridge"}
    future = write(tmp_path / "f.csv", Holiday=[1, 0])
    ahead = ["forecast", path, data, "--steps", 2, "--future", future, "--method"]
    if importlib.util.find_spec("statsforecast"):
        said = run_cli(capsys, *ahead, "theta")[2]
        assert (
            "theta cannot use 'Holiday'. Use gru, which can, by --method network."
            in said
        )
    code, _, said = run_cli(capsys, *ahead, "combine")
    assert (code, "cannot use" in said) == (0, False)


def test_a_series_without_dates_has_numbers(capsys, further, tmp_path, path):
    data = write(tmp_path / "d.csv", x=SALES, y=COSTS)
    learn = "--target y --observed x --build elman --epochs 1 -q -o"
    done(capsys, "train", data, *args(learn), path)
    printed = further("--steps 2 --method naive", model=path, data=data)
    assert printed == f"row,y\n61,{COSTS[-1]:g}\n62,{COSTS[-1]:g}\n"
    assert done(capsys, "run", path, data).splitlines()[-1].startswith("61,,")


def test_a_forecast_has_all_digits_in_front_of_the_point(
    capsys, further, tmp_path, path
):
    values = [1_000_000_300 + 10 * (place % 5) for place in range(40)]
    data = table(tmp_path / "d.csv", 40, y=values)
    done(capsys, "train", data, *args("--target y --epochs 1 -q -o"), path)
    printed = further("--steps 1 --method naive", model=path, data=data)
    assert printed == f"date,y\n2023-05-01,{values[-1]}\n"
    series = tables.read_series(tables.read_table(data), ["y"])
    options = {"method": "naive", "coverage": 0.5}
    frame = tables.forecast_series(synapse.load(path), series, 3, **options)
    assert [*frame.columns] == ["y", "y lower", "y upper"]
    days = [str(day.date()) for day in frame.index]
    assert days == ["2023-05-01", "2023-06-01", "2023-07-01"]


def test_what_cannot_be_forecast_is_refused_before_anything_is_written(
    capsys, folder, monkeypatch, tmp_path
):
    monkeypatch.chdir(folder)
    short = table(tmp_path / "one.csv", 1)
    other = table(tmp_path / "other.csv", Price=SALES)
    columns = {"date": DAYS[:30], "Sales": SALES[:30], "Costs": COSTS[:30]}
    days = write(tmp_path / "days.csv", **columns)
    synapse.save(architect.Perceptron(1, 1), tmp_path / "other.json")
    before = sorted(folder.iterdir())

    def ahead(text, model="both.json", data="d.csv"):
        return ["forecast", model, data, *args(f"{text} -o next.csv")]

    suffixes = ".csv, .txt, .parquet or .xlsx."
    wrong_step = "with the step month, but these are rows with the step day"
    cases = [
        (ahead("--steps 0"), 1, "`steps` must be a whole number above 0, got 0"),
        (ahead("--steps x"), 2, "argument --steps: invalid int value: 'x'"),
        ([*ahead("--steps 2"), "-o", "next.xls"], 2, f"'next.xls' must be {suffixes}"),
        ([*ahead("--steps 2"), "-o", "none/next.csv"], 1, "there is no such folder"),
        (ahead("--steps 2 --future d.csv"), 1, "known in advance. Remove --future"),
        (ahead("--steps 2 --method prophet"), 1, "gru, combine or one of .* 'prophet'"),
        (ahead("--steps 2", data=short), 1, "three or more dates that step evenly"),
        (ahead("--steps 2", data=other), 1, "no column 'Sales"),
        (ahead("--steps 2", data=days), 1, wrong_step),
        (ahead("--steps 2", tmp_path / "other.json"), 1, "does not forecast a series"),
    ]
    told(capsys, cases)
    assert sorted(folder.iterdir()) == before


@pytest.fixture(scope="module")
def chosen(folder):
    """A function that saves the model with other methods in place of those of its
    test, and returns the path."""

    def saved(*members):
        model = synapse.load(folder / "both.json")
        model.network.metadata |= {"chosen": "combine", "members": [*members]}
        model.network.metadata |= {"differences": [[], []], "reason": None}
        synapse.save(model, folder / "chosen.json")
        return folder / "chosen.json"

    return saved


def test_methods_that_cannot_be_had_are_left_out_by_name(capsys, folder, chosen):
    """Also all of them: then the network forecasts."""
    short = table(folder / "short.csv", 20)
    run = ["forecast", chosen("ridge", "naive"), short, *args("--steps 12")]
    _, printed, said = run_cli(capsys, *run)
    assert "ridge is left out: A ridge regression 12 rows ahead needs 50" in said
    assert "combine forecasts." in said
    assert len(rows(printed)) == 13
    run[1] = chosen("ridge")
    _, printed, said = run_cli(capsys, *run)
    assert "gru forecasts." in said
    assert numbers(printed).shape == (12, 2)
    sentence = refused(capsys, *run, *args("--method ridge"))
    assert sentence.startswith("ridge is left out: A ridge regression 12 rows ahead")
    assert sentence.endswith("Use the method network.")


def test_one_short_series_does_not_stop_the_others(capsys, folder, chosen):
    counts = {"a": 60, "b": 60, "new": 8}
    data = write(
        folder / "shops.csv",
        shop=[name for name in counts for _ in range(counts[name])],
        date=[month for count in counts.values() for month in months(count, 2020)],
        Sales=np.concatenate([SALES[:count] for count in counts.values()]),
        Costs=np.concatenate([COSTS[:count] for count in counts.values()]),
    )
    run = ["forecast", chosen("seasonal"), data, *args("--steps 2 --sequence shop")]
    _, printed, said = run_cli(capsys, *run)
    assert "'new': seasonal is left out: `series` must be of 12 steps or more" in said
    assert [row[0] for row in rows(printed)[1:]] == ["a", "a", "b", "b", "new", "new"]
    _, printed, said = run_cli(capsys, *run, *args("--method seasonal"))
    assert "Left out: 'new', 8 rows. seasonal is left out: `series` must be" in said
    assert [row[0] for row in rows(printed)[1:]] == ["a", "a", "b", "b"]


def test_the_future_has_all_columns_of_the_date_or_none(capsys, folder):
    hours = [f"{hour:02d}:00" for hour in range(24)] * 2
    days = ["2020-01-01"] * 24 + ["2020-01-02"] * 24
    columns = {"Day": days, "Hour": hours, "fair": [0, 1] * 24, "Sales": SALES[:48]}
    data = write(folder / "hours.csv", **columns)
    given = args("--target Sales --known fair --date Day,Hour --methods naive")
    train = ["train", data, *given, *QUICK, folder / "hours.json"]
    done(capsys, *train)
    future = write(folder / "future.csv", Day=["1999-01-01"], fair=[1])
    run = ["forecast", folder / "hours.json", data, *args("--steps 1 --future"), future]
    assert "no column 'Hour', which is a part of the date" in refused(capsys, *run)
    write(folder / "future.csv", fair=[1])
    assert run_cli(capsys, *run)[0] == 0
