"""`synapse forecast`: the rows that follow a table."""

import csv
import io
import sys
from datetime import date
from types import ModuleType

import numpy as np
import pytest

import architect
import synapse
from synapse import cli, forecasting
from synapse.cli import terminal
from synapse.cli.past import decimals

from .command import complaints, done, refused

RNG = np.random.default_rng(0)
MONTHS = np.arange(60)
SALES = (100 + 20 * np.sin(2 * np.pi * MONTHS / 12) + RNG.normal(0, 2, 60)).round(1)
COSTS = (50 + 5 * np.cos(2 * np.pi * MONTHS / 12) + RNG.normal(0, 1, 60)).round()

FIFTH = ["--validation", "0.2"]


def table(path, rows=range(60), **columns):
    """Months from January 2020 on."""
    columns = columns or {"Sales (kEUR)": SALES, "Costs": COSTS}
    lines = [",".join(["Month", *columns])]
    lines += [
        f"{2020 + i // 12}-{i % 12 + 1:02d}," + ",".join(f"{column[i]:g}" for column in columns.values())
        for i in rows
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


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


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def numbers(text):
    return np.array([row[1:] for row in rows(text)[1:]], float)


def both(folder):
    return synapse.load(folder / "both.json"), np.column_stack([SALES, COSTS])


# --- rows ----------------------------------------------------------------------------------------


def test_a_row_a_step_continues_the_dates(capsys, folder):
    printed = done(capsys, "forecast", folder / "both.json", folder / "d.csv", "--steps", 14)
    head, *body = rows(printed)
    assert head == ["Month", "Sales (kEUR)", "Costs"]
    assert [row[0] for row in body] == [f"{2025 + i // 12}-{i % 12 + 1:02d}" for i in range(14)]
    net, series = both(folder)
    ahead = synapse.forecast(net, series, 14)
    np.testing.assert_array_equal(numbers(printed), ahead.round(1))  # a deviation of costs is 3.7


def test_bounds_are_those_of_the_rows_that_were_held_out(capsys, folder):
    options = ["--steps", 2, "--interval", 0.8]
    printed = done(capsys, "forecast", folder / "both.json", folder / "d.csv", *options)
    assert rows(printed)[0][1:4] == ["Sales (kEUR)", "Sales (kEUR) lower", "Sales (kEUR) upper"]
    net, series = both(folder)
    assert net.metadata["held_out_rows"] == 12
    calibration = forecasting.calibrate(net, series, 2, held_out=12)
    made = synapse.forecast(net, series, 2, calibration=calibration, interval=0.8)
    found = numbers(printed)
    for place, part in enumerate((made.mean, made.lower, made.upper)):
        np.testing.assert_allclose(found[:, place::3], part, atol=0.051)


def test_bounds_from_as_few_rows_as_they_need(capsys, folder):
    options = ["--steps", 4, "--interval", 0.9]  # 12 rows: 9 origins
    printed = done(capsys, "forecast", folder / "both.json", folder / "d.csv", *options)
    assert numbers(printed).shape == (4, 6)


def test_twelve_months_with_an_interval_follow_from_five_years(capsys, folder, tmp_path):
    """As much of a short series is held out as this needs: 20 rows of 60."""
    done(capsys, "train", folder / "d.csv", "--target", "Sales", "-q", "-o", tmp_path / "m.json")
    options = ["--steps", 12, "--interval", 0.9]
    printed = done(capsys, "forecast", tmp_path / "m.json", folder / "d.csv", *options)
    assert numbers(printed).shape == (12, 3)
    assert synapse.load(tmp_path / "m.json").metadata["held_out_rows"] == 20


def test_rows_of_another_step_are_refused(capsys, folder, tmp_path):
    days = "".join(f"2024-01-{day:02d},{day},3\n" for day in range(1, 20))
    (tmp_path / "days.csv").write_text("Month,Sales (kEUR),Costs\n" + days)
    told = refused(capsys, "forecast", folder / "both.json", tmp_path / "days.csv", "--steps", 2)
    assert "is for rows of another step: month. Those of" in told
    assert "have the step day" in told


def test_newer_rows_than_those_of_the_training_calibrate_too(capsys, folder, tmp_path):
    train = ["train", table(tmp_path / "old.csv", range(40)), "--target", "Sales,Costs", "--model", "elman"]
    done(capsys, *train, *FIFTH, "-q", "-o", tmp_path / "m.json")
    options = ["--steps", 1, "--interval", 0.9]
    printed = done(capsys, "forecast", tmp_path / "m.json", folder / "d.csv", *options)
    net, series = synapse.load(tmp_path / "m.json"), np.column_stack([SALES, COSTS])
    half = forecasting.calibrate(net, series, 1, held_out=8 + 20).half_widths(0.9)[0]
    found = numbers(printed)[0]
    np.testing.assert_allclose([found[2] - found[1], found[5] - found[4]], 2 * half, atol=0.11)


def test_a_table_that_ends_earlier_has_fewer_rows_that_were_held_out(capsys, folder, tmp_path):
    short = table(tmp_path / "short.csv", range(51))  # 9 of the 60 rows are not here, so 12 - 9 are left
    arguments = ["forecast", folder / "both.json", short, "--interval", 0.5, "--steps"]
    printed = done(capsys, *arguments, 3)
    assert numbers(printed).shape == (3, 6)
    assert "needs 4 rows that the model was not trained on, got 3" in refused(capsys, *arguments, 4)


@pytest.mark.parametrize("metadata", [{}, {"held_out_rows": "many", "rows": 3}, {"held_out_rows": 4}])
def test_a_model_that_does_not_tell_its_training_is_warned_of(capsys, folder, tmp_path, metadata):
    net, _ = both(folder)
    net.metadata = metadata
    synapse.save(net, tmp_path / "m.json")
    arguments = ["forecast", tmp_path / "m.json", folder / "d.csv", "--steps", 1, "--interval", 0.8]
    assert cli.main([str(one) for one in arguments]) == 0
    printed = capsys.readouterr()
    assert "does not tell which rows it was trained on" in printed.err
    assert len(rows(printed.out)) == 2


def test_inputs_that_are_not_forecast_come_from_a_file(capsys, folder, tmp_path):
    future = table(tmp_path / "f.csv", range(3), Sales=[101.5, 99.5, 98.0])
    lines = future.read_text().replace("2020-", "2025-")
    future.write_text(lines)
    arguments = ["forecast", folder / "given.json", folder / "d.csv", "--steps", 3, "--future", future]
    net, series = synapse.load(folder / "given.json"), np.column_stack([SALES, COSTS])
    ahead = synapse.forecast(net, series, 3, feedback={0: 1}, future=[101.5, 99.5, 98.0])
    np.testing.assert_array_equal(numbers(done(capsys, *arguments)), ahead.round(1))
    done(capsys, *arguments[:-2][:3], "--steps", 1)  # the first step needs none


def test_the_form_of_the_table_is_that_of_the_forecast(capsys, tmp_path):
    """Semicolons, decimal commas, days first, newest first."""
    days = [date(2024, 1, 1 + i) for i in range(30)]
    lines = [f"{day:%d.%m.%Y};{SALES[i]:.1f}".replace(".1;", ".1;") for i, day in enumerate(days)]
    lines = [one.split(";")[0] + ";" + one.split(";")[1].replace(".", ",") for one in lines]
    (tmp_path / "d.csv").write_text("\n".join(["Tag;Umsatz", *lines]) + "\n")
    train = ["train", tmp_path / "d.csv", "--target", "Umsatz", "--model", "elman", "-q"]
    done(capsys, *train, "-o", tmp_path / "m.json")
    printed = done(capsys, "forecast", tmp_path / "m.json", tmp_path / "d.csv", "--steps", 2)
    head, first, second = printed.splitlines()
    assert head == "Tag;Umsatz"
    assert (first[:11], second[:11]) == ("31.01.2024;", "01.02.2024;")
    assert first[11:].count(",") == 1
    assert len(first.split(",")[1]) == 1


def test_a_table_without_dates_is_continued_by_numbers(capsys, tmp_path):
    (tmp_path / "d.csv").write_text("\n".join(["y", *(f"{value:g}" for value in SALES)]) + "\n")
    train = ["train", tmp_path / "d.csv", "--target", "y", "--ahead", 1, "--model", "gru", "-q"]
    done(capsys, *train, "-o", tmp_path / "m.json")
    printed = rows(done(capsys, "forecast", tmp_path / "m.json", tmp_path / "d.csv", "--steps", 2))
    assert [row[0] for row in printed] == ["row", "61", "62"]


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ([112, 118, 132, 160], 0),
        ([112, 118, 132, 129], 1),  # two digits of a deviation of 8
        ([20.5, 21.25, 18.75] * 7, 2),
        ([1, 2, 3, 1 / 3] + [50, 80, 40] * 5, 0),  # one value that was interpolated
        ([0, 1, 1, 0], 2),
        (SALES * np.pi, 4),  # as computed: six digits of a deviation of 46
        ([1.5, 1.5], 1),
        ([7e-9, 9e-9, 1e-9], 10),
        ([1.2e12, 3.4e12], 0),
    ],
)
def test_rounding_follows_the_data(values, count):
    assert decimals(np.array(values, float)) == count


# --- files and pictures --------------------------------------------------------------------------


def test_a_file_and_a_picture(capsys, folder, tmp_path):
    pytest.importorskip("matplotlib").use("Agg")
    options = ["--steps", 3, "--interval", 0.8]
    shown = done(capsys, "forecast", folder / "both.json", folder / "d.csv", *options)
    written = ["-o", tmp_path / "next.csv", "--plot", tmp_path / "p.png"]
    assert done(capsys, "forecast", folder / "both.json", folder / "d.csv", *options, *written) == ""
    assert (tmp_path / "next.csv").read_text() == shown
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_is_written_without_matplotlib(capsys, folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.chdir(tmp_path)
    written = ["-o", "next.csv", "--plot", "p.png"]
    arguments = [folder / "both.json", folder / "d.csv", "--steps", 3, *written]
    assert "need matplotlib, which is not installed" in refused(capsys, "forecast", *arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_picture_in_letters():
    pytest.importorskip("plotext")
    times = [f"2024-{i:02d}" for i in range(1, 13)]
    text = terminal.forecast("Sales", SALES[:9], [SALES[9:12], SALES[9:12] - 5, SALES[9:12] + 5], times)
    assert all(word in text for word in ("Sales", "known", "forecast", "lower", "2024-01", "2024-12"))
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= terminal.WIDEST


@pytest.mark.parametrize("version", ["none", "of another interface"])
def test_without_plotext_a_terminal_gets_a_sentence(capsys, folder, monkeypatch, version):
    monkeypatch.setitem(sys.modules, "plotext", None if version == "none" else ModuleType("plotext"))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    arguments = ["forecast", folder / "both.json", folder / "d.csv", "--steps", 2]
    assert cli.main([str(one) for one in arguments]) == 0
    printed = capsys.readouterr()
    assert complaints(printed.err) == f"synapse: {terminal.ADVICE}\n"
    assert len(rows(printed.out)) == 3


def test_a_terminal_shows_a_picture_of_each_target(capsys, folder, monkeypatch):
    pytest.importorskip("plotext")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    printed = done(capsys, "forecast", folder / "both.json", folder / "d.csv", "--steps", 2)
    assert printed.count("┌") == 2


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--steps", 0], 2, "Expected --steps to be from 1 to 100000, got 0."),
        (["--steps", 99_999], 1, "Dates end with the year 9999"),
        (["--steps", 2, "-o", "next.xlsx"], 2, "The suffix of 'next.xlsx' must be .csv or .txt."),
        (["--steps", 2, "--plot", "p.txt"], 2, "The suffix of 'p.txt' must be .png, .svg or .pdf."),
        (["--steps", 2, "-o", "none/next.csv"], 1, "there is no such folder"),
        (["--steps", 2, "--future", "d.csv"], 2, "forecasts all its inputs itself. Leave --future out."),
        (["--steps", 13, "--interval", 0.5], 1, "--interval 0.5 needs 13 rows that the model was not"),
        (["--steps", 5, "--interval", 0.9], 1, "needs 13 rows that the model was not trained on, got 12"),
    ],
)
def test_options_that_cannot_be_used(capsys, folder, monkeypatch, options, code, sentence):
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    given = ["-o", "next.csv"] if "-o" not in options else []
    said = refused(capsys, "forecast", "both.json", "d.csv", *given, *options, code=code)
    assert sentence in said
    assert sorted(folder.iterdir()) == before


def test_a_context_of_one_row(capsys, folder, tmp_path):
    one = table(tmp_path / "one.csv", range(1))
    assert "two rows with dates or more, got one" in refused(
        capsys, "forecast", folder / "both.json", one, "--steps", 2
    )


def test_a_model_of_other_columns(capsys, folder, tmp_path):
    other = table(tmp_path / "o.csv", Price=SALES)
    said = refused(capsys, "forecast", folder / "both.json", other, "--steps", 2)
    assert "is for other columns" in said
    assert "has no column 'Sales (kEUR)', 'Costs'. It has 'Month', 'Price'." in said


def test_future_inputs_that_are_missing_too_few_or_of_other_dates(capsys, folder, tmp_path):
    arguments = ["forecast", folder / "given.json", folder / "d.csv", "--steps", 3]
    assert "in the next 3 rows: --future FILE" in refused(capsys, *arguments, code=2)
    short = table(tmp_path / "f.csv", range(2), Sales=[1.0, 2.0])
    said = refused(capsys, *arguments, "--future", short)
    assert said == f"Expected {str(short)!r} to have 3 rows, one for each step, got 2."
    late = table(tmp_path / "l.csv", range(3), Sales=[1.0, 2.0, 3.0])
    said = refused(capsys, *arguments, "--future", late)
    assert said.endswith("2025-01 on line 2, got '2020-01'.")


def test_models_that_cannot_be_fed_back(capsys, folder, tmp_path):
    def said(net, *names):
        for neuron, name in zip([*net.input, *net.output], names):
            neuron.name = name
        synapse.save(net, tmp_path / "m.json")
        return refused(capsys, "forecast", tmp_path / "m.json", folder / "d.csv", "--steps", 2)

    net = architect.Perceptron(1, 2, 1, seed=0)
    assert "'Costs' cannot be fed back: the inputs of" in said(net, "Sales (kEUR)", "Costs +1")
    assert "predicts 6 rows ahead" in said(net, "Costs", "Costs +6")
    classes = architect.Perceptron(1, 2, 2, output_squash="softmax", seed=0)
    assert "probabilities of classes" in said(classes, "Costs", "low", "high")


def test_bounds_of_a_model_that_has_seen_all_rows(capsys, folder, tmp_path):
    train = [
        "train",
        folder / "d.csv",
        "--target",
        "Costs",
        "--validation",
        0,
        "-q",
        "-o",
        tmp_path / "m.json",
    ]
    done(capsys, *train)
    arguments = ["forecast", tmp_path / "m.json", folder / "d.csv", "--steps", 2, "--interval", 0.9]
    assert "trained on all these rows" in refused(capsys, *arguments)
