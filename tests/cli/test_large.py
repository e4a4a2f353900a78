"""Large tables, odd numbers and few rows: linear work, lines while one waits, and
sentences instead of warnings and errors of other libraries."""

import cProfile
import pstats
import re

import numpy as np
import pandas as pd
import pytest

from synapse import cli, forecasting, tables
from synapse.errors import ArgumentError
from synapse.tables._encoding import choose_encoding
from tests.helpers.cases import all_hold

from .command import done, months, run_cli, write


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def calls_of(function, *arguments):
    """The number of Python calls in a call."""
    profile = cProfile.Profile()
    profile.runcall(function, *arguments)
    return pstats.Stats(profile).total_calls


def test_the_work_for_a_table_is_linear_in_its_columns(tmp_path, rng):
    def encoded(path):
        table = tables.read_table(path)
        encoding, _ = choose_encoding(table, table.columns)
        return encoding.rows(table)

    counts = []
    for width in (100, 300, 600):
        values = rng.normal(size=(width, 12)).round(3)
        path = tmp_path / f"{width}.csv"
        write(path, **{f"x{place}": row for place, row in enumerate(values)})
        counts.append(calls_of(encoded, path))
    assert counts[2] - counts[1] < 1.6 * 1.5 * (counts[1] - counts[0])


def test_a_long_series_shows_lines_before_and_while_it_is_tested(
    capsys, tmp_path, monkeypatch, rng
):
    times = pd.date_range("2024-01-01", periods=5100, freq="h")
    day = 5 * np.sin(2 * np.pi * np.arange(5100) / 24) + rng.normal(size=5100)
    data = write(tmp_path / "d.csv", time=times, y=day.round(2))
    seen = []

    def fail(*_, **__):
        seen.append(capsys.readouterr().out)
        raise ArgumentError("enough")

    from synapse.cli import train as train_command

    line = ["train", data, "--target", "y", "--epochs", 1, "-o", tmp_path / "m.json"]
    with monkeypatch.context() as patched:
        patched.setattr(train_command, "train_series", fail)
        assert run_cli(capsys, *line)[0] == 1
    assert seen[0].startswith(
        "5100 rows, 2024-01-01 to 2024-07-31 11:00:00 (time), step"
    )
    monkeypatch.setattr("synapse.cli.reading.SECONDS", 0.0)
    assert cli.main([*map(str, line), "--methods", "naive,ar"]) == 0
    said = capsys.readouterr().err
    for name in ("naive", "ar"):
        assert f"synapse: {name}, fit." in said
        pattern = rf"{name}, forecast (\d+) of (\d+), about \d+ s left"
        found = [(int(done), int(total)) for done, total in re.findall(pattern, said)]
        assert len(found) > 60
        assert max(number for number, _ in found) <= found[0][1] * 1.1


def test_few_rows_are_compared_without_a_bug(capsys, tmp_path):
    pytest.importorskip("statsforecast")

    def check(count):
        data = write(tmp_path / "d.csv", Month=months(count), y=np.arange(count) % 4)
        line = ["compare", data, "--target", "y", "--epochs", 1, "--validation", 0.34]
        code, printed, said = run_cli(capsys, *line)
        assert "bug" not in said
        assert (code == 0) == bool(printed)

    all_hold(check, [*range(1, 13)])
    with pytest.raises(ArgumentError, match=r"cannot fit ets to 4 rows: tiny datasets"):
        forecasting.statistical("ets", [1.0, 2.0, 1.5, 3.0])


def test_numbers_near_the_end_of_floats_are_one_sentence(capsys, tmp_path, rng):
    large = [(1e308, -1e308)[place % 2] for place in range(30)]
    usual = rng.normal(size=30).round(3)

    def check(command, **columns):
        data = write(tmp_path / "d.csv", **columns)
        line = [command, data, "--target", "y", "--epochs", 1]
        line += ["-o", tmp_path / "m.json"] if command == "train" else []
        code, printed, said = run_cli(capsys, *line)
        assert (code, printed) == (1, "")
        assert said.splitlines()[-1].startswith(
            "synapse: Expected a number below 1e+150"
        )
        assert "warning" not in said

    check("train", x=usual, y=large)
    check("train", x=large, y=usual)
    check("train", time=large, y=usual)
    check("train", d=range(1990, 2020), y=large)
    check("compare", d=range(1990, 2020), y=large)
    one = [*usual[:29], 1e308]
    printed = done(
        capsys,
        *("train", write(tmp_path / "d.csv", x=one, y=usual), "--target", "y"),
        *("--epochs", 1, "-o", tmp_path / "m.json"),
    )
    assert "1e+308 is a missing value in 1 cell of 'x'" in printed


def test_a_report_has_one_form_of_number(capsys, tmp_path, rng):
    """A decimal point, no marks of thousands: 42649 beside 0.343, not 42.649."""
    level = 400_000 + 40_000 * rng.normal(size=60)
    cells = [f"{value:,.0f}".replace(",", ".") for value in level]
    data = tmp_path / "d.csv"
    rows = [f"{month};{cell};1,5" for month, cell in zip(months(60), cells)]
    data.write_text("\n".join(["Monat;Umsatz;x", *rows]) + "\n")
    line = [data, "--target", "Umsatz", "--methods", "naive,ar", "--epochs", 1]
    printed = done(capsys, "train", *line, "-o", tmp_path / "m.json")
    table = printed.split("held-out rows:\n")[1].splitlines()[1:4]
    assert all(re.fullmatch(r"\w+ +\d\.?\d* +\d{5}", row) for row in table), table
    code, printed, _ = run_cli(capsys, "compare", *line, "--build", "none")
    assert code == 0
    assert len(re.findall(r" \d{5}\b", printed)) > 6
