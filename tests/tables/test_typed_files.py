"""Parquet and Excel files are read and written where CSV is."""

import re

import numpy as np
import pandas as pd
import pytest

from synapse import tables
from synapse.errors import FormatError
from tests.cli.command import done, refused, run_cli

PACKAGES = {".parquet": "pyarrow", ".xlsx": "openpyxl"}


@pytest.fixture(params=PACKAGES)
def suffix(request):
    pytest.importorskip(PACKAGES[request.param])
    return request.param


@pytest.fixture
def frame():
    """Four years of months; numbers that CSV would have to tell apart from others."""
    rng = np.random.default_rng(0)
    wave = 1000 + 200 * np.sin(2 * np.pi * np.arange(48) / 12)
    columns = {
        "Month": pd.date_range("2020-01-01", periods=48, freq="MS"),
        "Sales": (wave + rng.normal(0, 10, 48)).round(9),
        "thousandths": np.arange(48) + 0.125,
        "count": np.arange(48),
        "with gaps": [None if i % 7 == 3 else i for i in range(48)],
        "shop": ["#1", "two\nlines"] * 24,
        "open": [True, False] * 24,
    }
    return pd.DataFrame(columns)


def write(frame, path, **options):
    if path.suffix == ".xlsx":
        frame.to_excel(path, index=False, **options)
    else:
        frame.to_parquet(path)
    return path


@pytest.mark.parametrize("decimal", [None, ".", ","])
def test_numbers_are_those_of_the_file(frame, suffix, decimal, tmp_path):
    table = tables.read_table(write(frame, tmp_path / f"t{suffix}"), decimal)
    for name in ("Sales", "thousandths", "count", "with gaps"):
        np.testing.assert_array_equal(table[name], frame[name].astype(float))
    assert table["count"].dtype == int
    assert table["shop"].tolist() == ["#1", "two lines"] * 24
    assert table["open"].tolist() == ["True", "False"] * 24
    assert table.attrs["notes"] == []
    series = tables.read_series(table, ["Sales"])
    assert series.index.freqstr == "MS"
    assert series["Sales"].tolist() == frame["Sales"].tolist()
    first = 2 if suffix == ".xlsx" else 1  # a sheet numbers the row of names, too
    assert table.index.name == "row"
    assert table.index[0] == first
    missing = tables.read_table(tmp_path / f"t{suffix}", missing=["5"])
    assert missing["count"].isna().sum() == 1
    with pytest.raises(FormatError, match=f"in row {3 + first}, column 'with gaps'"):
        tables.read_series(table, ["with gaps"])


def test_a_sheet_with_rows_above_the_names_and_another_sheet(frame, tmp_path):
    pytest.importorskip("openpyxl")
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        frame.to_excel(book, sheet_name="Data", index=False, startrow=3)
        frame.to_excel(book, sheet_name="Old")
        book.sheets["Data"]["A1"] = "Sales of the year"
    table = tables.read_table(path, skip_rows=1)
    assert table.attrs["notes"] == ["The first sheet, 'Data', is read, and not 'Old'."]
    assert table.index[0] == 5
    np.testing.assert_array_equal(table["Sales"], frame["Sales"])


def test_the_index_of_a_frame_is_a_column(frame, tmp_path):
    pytest.importorskip("pyarrow")
    path = write(frame.set_index("Month"), tmp_path / "t.parquet")
    assert tables.read_table(path).columns.tolist() == [*frame.columns]


def test_the_command_reads_and_writes_them(frame, suffix, tmp_path, capsys):
    data = write(frame[["Month", "Sales"]], tmp_path / f"d{suffix}")
    model = tmp_path / "m.json"
    train = ["train", data, "--target", "Sales", "--epochs", 2, "--methods", "ar"]
    assert "48 rows, 2020-01-01 to 2023-12-01" in done(capsys, *train, "-o", model)
    ahead = ["forecast", model, data, "--steps", 3]
    _, printed, _ = run_cli(capsys, *ahead)
    output = tmp_path / f"next{suffix}"
    assert run_cli(capsys, *ahead, "-o", output)[0] == 0
    forecast = tables.read_table(output)
    found = [*map(float, re.findall(r",([0-9.]+)", printed))]
    assert forecast["Sales"].tolist() == found
    done(capsys, "run", model, data, "-o", output)
    assert tables.read_table(output).columns.tolist()[1:] == [
        "Sales",
        "Sales predicted",
    ]
    compare = ["compare", data, "--target", "Sales", "--build", "none", "--methods"]
    done(capsys, *compare, "ar,naive", "-o", output)
    assert {"ar", "naive"} <= {*tables.read_table(output).columns}
    data.write_bytes(data.read_bytes()[:2000])
    assert "Cannot read" in refused(capsys, *train, "-o", model)
