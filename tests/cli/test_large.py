"""Large tables and odd numbers: linear work, lines while one waits, and sentences
instead of warnings and errors of other libraries."""

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

from .command import args, months, run_cli, write


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.full
def test_the_work_for_a_table_is_linear_in_its_columns(tmp_path, rng):
    def encoded(path):
        table = tables.read_table(path)
        encoding, _ = choose_encoding(table, table.columns)
        return encoding.rows(table)

    counts = []
    for width in (100, 300, 600):
        values = rng.normal(size=(width, 12)).round(3)
        columns = {f"x{place}": row for place, row in enumerate(values)}
        profile = cProfile.Profile()
        profile.runcall(encoded, write(tmp_path / f"{width}.csv", **columns))
        counts.append(pstats.Stats(profile).total_calls)
    assert counts[2] - counts[1] < 1.6 * 1.5 * (counts[1] - counts[0])


@pytest.mark.full
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

    line = ["train", data, *args("--target y --epochs 1 -o"), tmp_path / "m.json"]
    with monkeypatch.context() as patched:
        patched.setattr("synapse.cli.train.train_series", fail)
        assert run_cli(capsys, *line)[0] == 1
    begun = "5100 rows, 2024-01-01 to 2024-07-31 11:00:00 (time), step"
    assert seen[0].startswith(begun)
    monkeypatch.setattr("synapse.cli.reading.SECONDS", 0.0)
    assert cli.main([*map(str, line), "--methods", "naive,ar"]) == 0
    said = capsys.readouterr().err
    for name in ("naive", "ar"):
        assert f"synapse: {name}, fit." in said
        pattern = rf"{name}, forecast (\d+) of (\d+), about \d+ s left"
        counts = [(int(done), int(total)) for done, total in re.findall(pattern, said)]
        assert len(counts) > 60
        assert max(number for number, _ in counts) <= counts[0][1] * 1.1


def test_few_rows_are_compared_without_a_bug(capsys, tmp_path):
    pytest.importorskip("statsforecast")

    def check(count):
        data = write(tmp_path / "d.csv", date=months(count), y=np.arange(count) % 4)
        line = args("--target y --epochs 1 --validation 0.34")
        code, printed, said = run_cli(capsys, "compare", data, *line)
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
        assert (code, printed, "warning" in said) == (1, "", False)
        last = said.splitlines()[-1]
        assert last.startswith("synapse: Expected a number below 1e+150")

    check("train", x=usual, y=large)
    check("train", x=large, y=usual)
    check("train", time=large, y=usual)
    check("train", year=range(1990, 2020), y=large)
    check("compare", year=range(1990, 2020), y=large)
