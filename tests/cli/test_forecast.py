"""`synapse forecast`: the rows that follow a table."""

import csv
import io
import re
import sys
from datetime import date, timedelta
from types import ModuleType

import numpy as np
import pytest

import architect
import synapse
from synapse import cli, forecasting
from synapse._checks import install
from synapse.cli import terminal

from .command import called, done, months, refused, told, write

RNG = np.random.default_rng(0)
SALES = (100 + 20 * np.sin(2 * np.pi * np.arange(60) / 12) + RNG.normal(0, 2, 60)).round(1)
COSTS = (50 + 5 * np.cos(2 * np.pi * np.arange(60) / 12) + RNG.normal(0, 1, 60)).round()
BOTH = np.column_stack([SALES, COSTS])
FIFTH = ["--validation", "0.2"]


def table(path, count=60, first=2020, **columns):
    """Months from January 2020 on."""
    columns = columns or {"Sales (kEUR)": SALES[:count], "Costs": COSTS[:count]}
    return write(path, Month=months(count, first), **columns)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table, a model of both columns, and one with an input that is not forecast."""
    path = tmp_path_factory.mktemp("forecast")
    data = table(path / "d.csv")
    train = ["train", str(data), "--model", "gru", "--hidden", "4", "--epochs", "60", "-q", *FIFTH]
    assert cli.main([*train, "--target", "Sales,Costs", "-o", str(path / "both.json")]) == 0
    given = ["--target", "Costs", "--inputs", "Sales,Costs"]
    assert cli.main([*train, *given, "-o", str(path / "given.json")]) == 0
    return path


@pytest.fixture
def further(capsys, folder):
    """A function that forecasts further rows of the table."""

    def run(*options, model=folder / "both.json", data=folder / "d.csv"):
        return done(capsys, "forecast", model, data, *options)

    return run


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def numbers(text):
    return np.array([row[1:] for row in rows(text)[1:]], float)


def test_rows_continue_the_dates_and_the_network_its_outputs(further, folder):
    printed = further("--steps", 14)
    head, *body = rows(printed)
    assert head == ["Month", "Sales (kEUR)", "Costs"]
    assert [row[0] for row in body] == months(14, 2025)
    ahead = synapse.forecast(synapse.load(folder / "both.json"), BOTH, 14)
    np.testing.assert_array_equal(numbers(printed), ahead.round(1))  # a deviation of costs is 3.7


def test_bounds_are_those_of_the_rows_that_were_held_out(capsys, further, folder, tmp_path):
    printed = further("--steps", 2, "--interval", 0.8)
    assert rows(printed)[0][1:4] == ["Sales (kEUR)", "Sales (kEUR) lower", "Sales (kEUR) upper"]
    net = synapse.load(folder / "both.json")
    calibration = forecasting.calibrate(net, BOTH, 2, held_out=12)
    made = synapse.forecast(net, BOTH, 2, calibration=calibration, interval=0.8)
    for place, part in enumerate((made.mean, made.lower, made.upper)):
        np.testing.assert_allclose(numbers(printed)[:, place::3], part, atol=0.051)
    short = table(tmp_path / "short.csv", 51)  # 9 of the 60 rows are not here, so 12 - 9 are left
    assert numbers(further("--steps", 3, "--interval", 0.5, data=short)).shape == (3, 6)
    options = ["forecast", folder / "both.json", short, "--interval", 0.5, "--steps", 4]
    assert "needs 4 rows that the model was not trained on, got 3" in refused(capsys, *options)
    # newer rows than those of the training calibrate, too
    old, path = table(tmp_path / "old.csv", 40), tmp_path / "m.json"
    done(capsys, "train", old, "--target", "Sales,Costs", "--model", "elman", *FIFTH, "-q", "-o", path)
    found = numbers(further("--steps", 1, "--interval", 0.9, model=path))[0]
    half = forecasting.calibrate(synapse.load(path), BOTH, 1, held_out=8 + 20).half_widths(0.9)[0]
    np.testing.assert_allclose([found[2] - found[1], found[5] - found[4]], 2 * half, atol=0.11)
    # as much of a short series is held out as an interval of a year needs: 20 rows of 60
    done(capsys, "train", folder / "d.csv", "--target", "Sales", "-q", "-o", path)
    assert numbers(further("--steps", 12, "--interval", 0.9, model=path)).shape == (12, 3)
    assert synapse.load(path).metadata["held_out_rows"] == 20
    done(capsys, "train", folder / "d.csv", "--target", "Costs", "--validation", 0, "-q", "-o", path)
    options = ["forecast", path, folder / "d.csv", "--steps", 2, "--interval", 0.9]
    assert "trained on all these rows" in refused(capsys, *options)


def test_a_model_that_does_not_tell_its_training_is_warned_of(capsys, folder, tmp_path):
    net = synapse.load(folder / "both.json")
    for metadata in ({}, {"held_out_rows": "many", "rows": 3}):
        net.metadata = metadata
        synapse.save(net, tmp_path / "m.json")
        options = ["--steps", 1, "--interval", 0.8]
        code, printed, said = called(capsys, "forecast", tmp_path / "m.json", folder / "d.csv", *options)
        assert (code, len(rows(printed))) == (0, 2)
        assert "does not tell which rows it was trained on" in said


def test_inputs_that_are_not_forecast_come_from_a_file(capsys, further, folder, tmp_path):
    model = folder / "given.json"
    future = table(tmp_path / "f.csv", 3, 2025, Sales=[101.5, 99.5, 98.0])
    net, series = synapse.load(model), np.column_stack([[*SALES[1:], 101.5], COSTS])
    ahead = synapse.forecast(net, series, 3, feedback={0: 1}, future=[99.5, 98.0])
    np.testing.assert_array_equal(
        numbers(further("--steps", 3, "--future", future, model=model)), ahead.round(1)
    )
    arguments = ["forecast", model, folder / "d.csv", "--steps", 3]
    assert "in the next 3 rows: --future FILE" in refused(capsys, *arguments, code=2)
    short = table(tmp_path / "s.csv", 2, Sales=[1.0, 2.0])
    said = refused(capsys, *arguments, "--future", short)
    assert said == f"Expected {str(short)!r} to have 3 rows, one for each step, got 2."
    early = table(tmp_path / "e.csv", 3, Sales=[1.0, 2.0, 3.0])
    assert refused(capsys, *arguments, "--future", early).endswith("2025-01 on line 2, got '2020-01'.")


def test_a_value_known_in_advance_explains_its_own_row(capsys, further, tmp_path):
    """Sales are 100, and 150 on holidays: in the forecast, in its interval, and row by row."""
    rng, to_come = np.random.default_rng(0), [0, 1, 0, 1, 0, 0]
    holiday = (rng.random(60) < 0.4).astype(int)
    sales = (100 + 50 * holiday + rng.normal(0, 1, 60)).round(1)
    days = [date(2024, 1, 1) + timedelta(i) for i in range(60)]
    data = write(tmp_path / "d.csv", Day=days, Sales=sales, Holiday=holiday)
    future, model = write(tmp_path / "f.csv", Holiday=to_come), tmp_path / "m.json"
    learning = ["--model", "perceptron", "--optimizer", "adam", "--epochs", 200, "-q"]
    done(capsys, "train", data, "--target", "Sales", "--inputs", "Sales,Holiday", *learning, "-o", model)
    options = ["--steps", 6, "--future", future, "--interval", 0.7]
    ahead = numbers(further(*options, model=model, data=data))
    assert np.abs(ahead[:, 0] - 100 - 50 * np.array(to_come)).max() < 6
    assert (ahead[:, 2] - ahead[:, 1]).max() < 12
    ran = done(capsys, "run", model, data).splitlines()[1:]
    assert np.abs(np.array(ran[:-1], float) - sales[1:]).max() < 8
    assert ran[-1] == '""'  # the holiday after the last row is not in the table
    assert "in the next row: --future FILE" in refused(capsys, "forecast", model, data, "--steps", 1, code=2)


def test_the_form_of_the_table_is_that_of_the_forecast(capsys, further, tmp_path):
    """Decimals, their mark, dates; rows without dates have numbers."""
    data, model = tmp_path / "d.csv", tmp_path / "m.json"

    def after(lines, *options):
        data.write_text("\n".join(lines) + "\n")
        train = ["train", data, "--target", "y", "--model", "elman", "--epochs", 1, "-q", "-o", model]
        done(capsys, *train, *options)
        return further("--steps", 2, model=model, data=data)

    commas = [f"{value:.1f}".replace(".", ",") for value in SALES]
    german = [f"{date(2024, 1, 1) + timedelta(day):%d.%m.%Y};{cell}" for day, cell in enumerate(commas[:30])]
    assert re.fullmatch(r"Tag;y\n31\.01\.2024;\d+,\d\n01\.02\.2024;\d+,\d\n", after(["Tag;y", *german]))
    without = ["--inputs", "y", "--ahead", 1]
    quoted = after(["x,y", *(f'"{cell}","{cell}"' for cell in commas)], *without)
    assert re.fullmatch(r"row,y\n61,-?\d+\.\d\n62,-?\d+\.\d\n", quoted)
    for values, decimals in (
        ([112, 118, 132, 160], 0),
        ([112, 118, 132, 129], 1),  # two digits of a deviation of 8
        ([20.5, 21.25, 18.75] * 7, 2),
        (SALES * np.pi, 4),  # as computed: six digits of a deviation of 46
        ([7e-9, 9e-9, 1e-9, 8e-9], 10),
        ([1.2e12, 3.4e12, 2e12], 0),
    ):
        printed = after(
            ["x,y", *(f"{place},{value!r}" for place, value in enumerate(map(float, values)))], *without
        )
        assert {len(row[1].partition(".")[2]) for row in rows(printed)[1:]} == {decimals}, printed


# --- files and pictures --------------------------------------------------------------------------


def test_a_file_and_a_picture(further, tmp_path, capsys, folder, monkeypatch):
    pytest.importorskip("matplotlib").use("Agg")
    monkeypatch.chdir(tmp_path)
    options = ["--steps", 3, "--interval", 0.8]
    written = ["-o", "next.csv", "--plot", "p.png"]
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "matplotlib", None)
        said = refused(capsys, "forecast", folder / "both.json", folder / "d.csv", *options, *written)
        assert "need matplotlib, which is not installed" in said
        assert list(tmp_path.iterdir()) == []
    assert further(*options, *written) == ""
    assert (tmp_path / "next.csv").read_text() == further(*options)
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_pictures_in_a_terminal(capsys, further, folder, monkeypatch):
    """One of each target; without plotext, or with another of that name, a sentence."""
    pytest.importorskip("plotext")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    shown = further("--steps", 2)
    assert (shown.count("┌"), "\x1b" in shown) == (2, False)
    assert max(map(len, shown.splitlines())) <= terminal.WIDEST
    assert all(word in shown for word in ("Sales", "known", "forecast", "2025-02"))
    told = f"synapse: A picture in the terminal needs plotext. {install('plotext')}\n"
    for module in (None, ModuleType("plotext")):
        monkeypatch.setitem(sys.modules, "plotext", module)
        code, printed, said = called(capsys, "forecast", folder / "both.json", folder / "d.csv", "--steps", 2)
        assert (code, len(rows(printed)), said) == (0, 3, told)


# --- what is refused -----------------------------------------------------------------------------


def test_what_cannot_be_forecast_is_refused_before_anything_is_written(capsys, folder, monkeypatch, tmp_path):
    monkeypatch.chdir(folder)
    one, other = table(tmp_path / "one.csv", 1), table(tmp_path / "other.csv", Price=SALES)
    january = [f"2024-01-{i:02d}" for i in range(1, 31)]
    days = write(tmp_path / "days.csv", Month=january, Sales=SALES[:30], Costs=COSTS[:30])
    before = sorted(folder.iterdir())
    this, here = ["forecast", "both.json", "d.csv", "--steps"], ["-o", "next.csv"]
    cases = [
        ([*this, 0, *here], 2, "Expected --steps to be from 1 to 100000, got 0."),
        ([*this, 99_999, *here], 1, "Dates end with the year 9999"),
        ([*this, 2, "-o", "next.xlsx"], 2, "The suffix of 'next.xlsx' must be .csv or .txt."),
        ([*this, 2, "--plot", "p.txt"], 2, "The suffix of 'p.txt' must be .png, .svg or .pdf."),
        ([*this, 2, "-o", "none/next.csv"], 1, "there is no such folder"),
        ([*this, 2, *here, "--future", "d.csv"], 2, "forecasts all its inputs itself. Leave --future out"),
        ([*this, 5, *here, "--interval", 0.9], 1, "needs 13 rows that the model was not .*, got 12"),
        (["forecast", "both.json", one, "--steps", 2], 1, "two rows with dates or more, got one"),
        (["forecast", "both.json", other, "--steps", 2], 1, "is for other columns: .*no column 'Sales"),
        (["forecast", "both.json", days, "--steps", 2], 1, "another step: month. Those of .* the step day"),
    ]
    alone, classes = {"output_squash": "identity"}, {"output_squash": "softmax"}
    nets = [
        (
            architect.Perceptron(1, 1, **alone),
            ["Sales (kEUR)", "Costs +1"],
            "'Costs' cannot be fed back: the",
        ),
        (architect.Perceptron(1, 1, **alone), ["Costs", "Costs +6"], "predicts 6 rows ahead"),
        (architect.Perceptron(1, 2, **classes), ["Costs", "low", "high"], "probabilities of classes"),
    ]
    for place, (net, names, words) in enumerate(nets):
        for neuron, name in zip([*net.input, *net.output], names, strict=True):
            neuron.name = name
        synapse.save(net, tmp_path / f"{place}.json")
        cases.append((["forecast", tmp_path / f"{place}.json", "d.csv", "--steps", 2], 1, words))
    told(capsys, cases)
    assert sorted(folder.iterdir()) == before
