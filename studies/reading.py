"""Dates and numbers of sixty tables, as Synapse, pandas and dateparser read them.

    python -m studies reading    # needs the extra "forecast"; half a minute

There are ten kinds of tables, each in six ways of writing. A reader is right if each
cell has its true value, and wrong if it returns other values without an error. Pandas
is called with all combinations of marks of numbers and orders of day and month; the
first with which all cells are numbers or dates counts."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import dateparser
import numpy as np
import pandas as pd

from synapse import tables
from synapse.errors import SynapseError
from synapse.readwrite import _files
from synapse.tables._dates import find_date

REPORT = Path(__file__).resolve().parent / "reading.md"
ROWS = 40
MONTHS = {
    "de": "Jan Feb M\u00e4r Apr Mai Jun Jul Aug Sep Okt Nov Dez",
    "fr": "janvier f\u00e9vrier mars avril mai juin juillet ao\u00fbt septembre octobre"
    " novembre d\u00e9cembre",
    "es": "ene feb mar abr may jun jul ago sep oct nov dic",
    "pl": "sty lut mar kwi maj cze lip sie wrz pa\u017a lis gru",
}
"""Names of months that dates are written with."""
DAYS = pd.date_range("2023-12-20", periods=ROWS)
MONTH_STARTS = pd.date_range("2021-03-01", periods=ROWS, freq="MS")
HOURS = pd.date_range("2024-03-30 20:00", periods=ROWS, freq="h")
LOCAL = pd.date_range("2024-03-30 20:00", periods=ROWS, freq="h", tz="Europe/Berlin")
QUARTERS = pd.date_range("2015-01-01", periods=ROWS, freq="QS")
WEEKS = pd.date_range("2023-10-02", periods=ROWS, freq="W-MON")
YEARS = pd.date_range("1980-01-01", periods=ROWS, freq="YS")
NUMBERS = np.random.default_rng(0).normal(0, 40_000, ROWS).round(2)

Truth = list[Any]


def form(dates: pd.DatetimeIndex, written: str) -> str:
    """A table whose first column has dates in this form."""
    return "date;y\n" + "".join(f"{day:{written}};{i}\n" for i, day in enumerate(dates))


def of(
    dates: pd.DatetimeIndex, write: Callable[[Any], Any], names: str = "date"
) -> str:
    """A table whose first columns have dates as a function writes them."""
    return f"{names};y\n" + "".join(
        f"{write(day)};{i}\n" for i, day in enumerate(dates)
    )


def words(language: str, written: str) -> str:
    """A table with months in a language."""
    names = MONTHS[language].split()
    return of(
        MONTH_STARTS,
        lambda day: written.format(names[day.month - 1], day.year, day.day),
    )


def cells(write: Callable[[float], str], values: Any = NUMBERS) -> str:
    """A table whose second column has numbers as a function writes them."""
    return "k;y\n" + "".join(f'a;"{write(value)}"\n' for value in values)


def grouped(thousands: str, decimal: str) -> Callable[[float], str]:
    """How numbers are written with these marks."""
    marks = str.maketrans({",": thousands, ".": decimal})
    return lambda value: f"{value:,.2f}".translate(marks)


def month_first(day: Any) -> str:
    return f"{day.month}/{day.day}/{day:%y}"


def after(value: float) -> str:
    return f"{abs(value):.2f}" + "-" * int(value < 0)


def in_brackets(value: float) -> str:
    return f"({-value:.2f})" if value < 0 else f"{value:.2f}"


def files() -> dict[str, dict[str, tuple[str, Any]]]:
    """For each kind of table the texts and the true values, by how they are written."""
    whole = np.arange(1234567, 1234567 + 7 * ROWS, 7)
    total = f"Total;{NUMBERS.sum():.2f}\n"
    plain = "k;y\n" + "".join(f"a;{value}\n" for value in NUMBERS)
    codes = [f"{place:04}" for place in range(ROWS)]
    rng = np.random.default_rng(1)
    marked = rng.uniform(80, 120, ROWS).round(1)
    gaps = marked.copy()
    gaps[[3, 17, 30]] = np.nan
    filled = ["-9999" if np.isnan(value) else f"{value}" for value in gaps]
    absent = ["n/a" if np.isnan(value) else f"{value}" for value in gaps]
    return {
        "ISO dates": {
            "2024-01-31": (form(DAYS, "%Y-%m-%d"), DAYS),
            "20240131": (form(DAYS, "%Y%m%d"), DAYS),
            "2024-1-31": (of(DAYS, lambda d: f"{d.year}-{d.month}-{d.day}"), DAYS),
            "2024/01/31": (form(DAYS, "%Y/%m/%d"), DAYS),
            "2024-01": (form(MONTH_STARTS, "%Y-%m"), MONTH_STARTS),
            "2024-01-31T12:00:00": (form(HOURS, "%Y-%m-%dT%H:%M:%S"), HOURS),
        },
        "order of day and month": {
            "31.01.2024": (form(DAYS, "%d.%m.%Y"), DAYS),
            "31/01/2024": (form(DAYS, "%d/%m/%Y"), DAYS),
            "01/31/2024": (form(DAYS, "%m/%d/%Y"), DAYS),
            "31.01.24": (form(DAYS, "%d.%m.%y"), DAYS),
            "1/31/24": (of(DAYS, month_first), DAYS),
            "31-01-2024": (form(DAYS, "%d-%m-%Y"), DAYS),
        },
        "names of months": {
            "Jan 2024": (form(MONTH_STARTS, "%b %Y"), MONTH_STARTS),
            "31-Jan-24": (form(DAYS, "%d-%b-%y"), DAYS),
            "M\u00e4r 2024": (words("de", "{0} {1}"), MONTH_STARTS),
            "1 mars 2024": (words("fr", "{2} {0} {1}"), MONTH_STARTS),
            "01-ene-2024": (words("es", "{2:02}-{0}-{1}"), MONTH_STARTS),
            "2024 pa\u017a": (words("pl", "{1} {0}"), MONTH_STARTS),
        },
        "times and zones": {
            "31.01.2024 14:30": (form(HOURS, "%d.%m.%Y %H:%M"), HOURS),
            "01/31/2024 2:30 PM": (form(HOURS, "%m/%d/%Y %I:%M %p"), HOURS),
            "2024-03-31T03:00+02:00": (of(LOCAL, lambda d: d.isoformat()), LOCAL),
            "2024-01-31 12:00Z": (form(HOURS, "%Y-%m-%d %H:%MZ"), HOURS),
            "1706569200": (of(HOURS, lambda d: int(d.timestamp())), HOURS),
            "1706569200000": (of(HOURS, lambda d: int(d.timestamp()) * 1000), HOURS),
        },
        "periods": {
            "2024-Q1": (of(QUARTERS, lambda d: f"{d.year}-Q{d.quarter}"), QUARTERS),
            "Q1 2024": (of(QUARTERS, lambda d: f"Q{d.quarter} {d.year}"), QUARTERS),
            "2024M01": (form(MONTH_STARTS, "%YM%m"), MONTH_STARTS),
            "2024-W05": (form(WEEKS, "%G-W%V"), WEEKS),
            "01.2024": (form(MONTH_STARTS, "%m.%Y"), MONTH_STARTS),
            "202401": (form(MONTH_STARTS, "%Y%m"), MONTH_STARTS),
        },
        "numbers for dates": {
            "1987": (form(YEARS, "%Y"), YEARS),
            "45321": (of(DAYS, lambda d: (d - pd.Timestamp(1899, 12, 30)).days), DAYS),
            "1958.2027": (
                of(MONTH_STARTS, lambda d: f"{d.year + (d.month - 0.5) / 12:.4f}"),
                MONTH_STARTS,
            ),
            "1958.083": (
                of(MONTH_STARTS, lambda d: f"{d.year + (d.month - 1) / 12:.3f}"),
                MONTH_STARTS,
            ),
            "Jan-10": (form(MONTH_STARTS, "%b-%y"), MONTH_STARTS),
            "31012024": (form(DAYS, "%d%m%Y"), DAYS),
        },
        "parts in columns": {
            "Year;Month": (
                of(MONTH_STARTS, lambda d: f"{d.year};{d.month}", "Year;Month"),
                MONTH_STARTS,
            ),
            "Year;Month (name)": (
                of(MONTH_STARTS, lambda d: f"{d.year};{d:%b}", "Year;Month"),
                MONTH_STARTS,
            ),
            "year;month;day": (
                of(DAYS, lambda d: f"{d.year};{d.month};{d.day}", "year;month;day"),
                DAYS,
            ),
            "Date;Time": (
                of(HOURS, lambda d: f"{d:%d.%m.%Y};{d:%H:%M}", "Date;Time"),
                HOURS,
            ),
            "date;hour": (
                of(HOURS, lambda d: f"{d:%Y-%m-%d};{d.hour}", "date;hour"),
                HOURS,
            ),
            "year;week": (of(WEEKS, lambda d: f"{d:%G;%V}", "year;week"), WEEKS),
        },
        "marks in numbers": {
            "1,234.50": (cells(grouped(",", ".")), NUMBERS),
            "1.234,50": (cells(grouped(".", ",")), NUMBERS),
            "1'234.50": (cells(grouped("'", ".")), NUMBERS),
            "1 234,50": (cells(grouped("\u202f", ",")), NUMBERS),
            "1234,5": (cells(grouped("", ",")), NUMBERS),
            "1.234.567": (cells(lambda v: f"{v:,}".replace(",", "."), whole), whole),
        },
        "units and signs": {
            "1234.50 \u20ac": (cells(lambda v: f"{v:.2f} \u20ac"), NUMBERS),
            "-$1,234.50": (
                cells(lambda v: f"{'-' * int(v < 0)}${abs(v):,.2f}"),
                NUMBERS,
            ),
            "12.5 %": (cells(lambda v: f"{v:.1f} %", marked), marked),
            "(1234.50)": (cells(in_brackets), NUMBERS),
            "1234.50-": (cells(after), NUMBERS),
            "1234.50 CR": (
                cells(lambda v: f"{abs(v):.2f} {'DR' if v < 0 else 'CR'}"),
                NUMBERS,
            ),
        },
        "rows and cells": {
            "a total": (plain + total, NUMBERS),
            "comments": (plain.replace("a;", "# by hand\na;", 1), NUMBERS),
            "units below the names": (plain.replace("\n", "\n;kW\n", 1), NUMBERS),
            "0042, a code": (cells(str, codes), codes),
            "-9999": (cells(str, filled), gaps),
            "n/a": (cells(str, absent), gaps),
        },
    }


def by_synapse(path: Path) -> Any:
    """The dates or numbers of a table."""
    table = tables.read_table(path, without_totals=True)
    if table.columns[0] == "k":
        return table["y"]
    dated = find_date(table, ignore=["y"])
    return None if dated is None else dated.dates


def by_pandas(path: Path) -> Any:
    """The same, with the first options by which pandas reads all cells."""
    for thousands in (None, ",", ".", "'", "\u202f"):
        marks = [decimal for decimal in ".," if decimal != thousands]
        for decimal in marks:
            options = {"sep": ";", "thousands": thousands, "decimal": decimal}
            table = pd.read_csv(path, **options)
            if table.columns[0] == "k" and table["y"].dtype.kind in "iuf":
                return table["y"]
    table = pd.read_csv(path, sep=";")
    if table.columns[0] == "k":
        return None
    *parts, _ = table.columns
    if len(parts) > 1:
        with suppress(ValueError):
            return pd.to_datetime(table[parts].assign(**{"day": 1} | table[parts]))
    joined = table[parts].astype(str).agg(" ".join, axis=1)
    for form in (None, "mixed"):
        for is_day_first in (False, True):
            with suppress(ValueError):
                return pd.to_datetime(joined, format=form, dayfirst=is_day_first)
    return None


def by_dateparser(path: Path) -> Any:
    """The dates of a table; all other columns but the last are parts of dates."""
    table = pd.read_csv(path, sep=";", dtype=str)
    if table.columns[0] == "k":
        return None
    joined = table.iloc[:, :-1].agg(" ".join, axis=1)
    begin = {"PREFER_DAY_OF_MONTH": "first", "PREFER_MONTH_OF_YEAR": "first"}
    dates = [dateparser.parse(cell, settings=begin) for cell in joined]
    return None if None in dates else dates


READERS = {"Synapse": by_synapse, "pandas": by_pandas, "dateparser": by_dateparser}


def equal(values: Any, truth: Any) -> bool:
    """Whether all values are the true ones; times with a zone are the same instants."""
    if len(values) != len(truth):
        return False
    if isinstance(truth, pd.DatetimeIndex):
        dates = pd.DatetimeIndex(pd.to_datetime([*values], utc=True))
        true = pd.DatetimeIndex(pd.to_datetime([*truth], utc=True))
        return bool((dates == true).all())
    if isinstance(truth[0], str):
        return [*values] == [*truth]
    return bool(
        np.array_equal(np.asarray(values, object), np.asarray(truth, object))
        or np.array_equal(np.asarray(values, float), truth, equal_nan=True)
    )


def outcome(reader: Callable[[Path], Any], path: Path, truth: Any) -> str:
    """Whether a reader is "right" or "wrong", or reads nothing: ""."""
    try:
        values = reader(path)
        if values is None:
            return ""
        return "right" if equal(values, truth) else "wrong"
    except (SynapseError, ValueError, TypeError, OverflowError):
        return ""


def main() -> None:
    """Read all files and write the page."""
    lines, seconds = [], dict.fromkeys(READERS, 0.0)
    totals = {reader: Counter[str]() for reader in READERS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        for title, written in files().items():
            row = {reader: Counter[str]() for reader in READERS}
            missed = []
            for name, (text, truth) in written.items():
                path.write_text(text, encoding="utf-8")
                for reader, read in READERS.items():
                    begun = time.perf_counter()
                    with warnings.catch_warnings(action="ignore"):
                        result = outcome(read, path, truth)
                    seconds[reader] += time.perf_counter() - begun
                    row[reader][result] += 1
                    totals[reader][result] += 1
                    if reader == "Synapse" and result != "right":
                        missed.append(f"`{name}` ({result or 'not read'})")
            counts = [shown(row[reader]) for reader in READERS]
            lines.append(f"| {title} | {' | '.join(counts)} | {', '.join(missed)} |")
    counts = [shown(totals[reader]) for reader in READERS]
    lines.append(f"| all sixty | {' | '.join(counts)} | |")
    took = " | ".join(f"{took:.1f}" for took in seconds.values())
    _files.write(
        REPORT, PAGE.format(rows="\n".join([*lines, f"| seconds | {took} | |"]))
    )


def shown(outcomes: Counter[str]) -> str:
    """Counts of files in a cell: those that are right, and wrong ones."""
    wrong = f", {outcomes['wrong']} wrong" if outcomes["wrong"] else ""
    return f"{outcomes['right']}{wrong}"


PAGE = """# Dates and numbers as people write them

    python -m studies reading

Files that each reader reads right, of six of each kind, and those in which it returns
other values without an error. *Synapse* is `read_table` and `read_series`, which ask
pandas for each form of dates, and dateparser for names of months. *pandas* is
`read_csv` and `to_datetime` alone, with the first marks and order of day and month by
which all cells are read. *dateparser* is `dateparser.parse` of each cell; it reads no
numbers. Seconds are those of all files.

| kind | Synapse | pandas | dateparser | Synapse does not read |
| --- | --- | --- | --- | --- |
{rows}

Not read means refused, or left as text with a sentence. 31012024 may be any number of
eight digits. Whether DR or CR is negative depends on whose book it is.

Given 31.01.24, pandas alone chooses for each cell: day first where the month would be
above 12, else month first. Its `guess_datetime_format` has no years of two digits, no
AM and PM, and no months without a day. So Synapse has a list of forms, and takes the
one that reads all cells.
"""

if __name__ == "__main__":
    main()
