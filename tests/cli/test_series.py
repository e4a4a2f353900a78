"""Series from messy tables: the date column, its step, what is mended, and all problems at once."""

import argparse
from datetime import datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st

from synapse.cli.problems import TableError
from synapse.cli.series import add_reading, decimal_of, find_dates, make_series
from synapse.cli.sheet import read_sheet
from synapse.cli.steps import leads
from synapse.errors import ArgumentError, FormatError, SynapseError


@pytest.fixture
def series(tmp_path):
    """A function that reads a text as a command would, with these options."""

    def read(text, columns, *arguments):
        path = tmp_path / "t.csv"
        path.write_text(text, encoding="utf-8")
        parser = argparse.ArgumentParser()
        add_reading(parser)
        options = parser.parse_args(arguments)
        sheet = read_sheet(str(path), decimal_of(options))
        dated = find_dates(sheet, options.date, options.dates)
        return None if dated is None else make_series(sheet, dated, columns, options.fill)

    return read


GERMAN = """\ufeffUmsatzbericht

Monat;Umsatz (kEUR);Kosten [kEUR];Bemerkung
01.01.2024;1.234,50;900,1;
01.02.2024;1.250;n/a;Streik
01.03.2024;987,25;910;

01.04.2024;1.111,00;-;
Summe;4.582,75;;
Quelle: Buchhaltung
"""


def test_a_german_monthly_report(series):
    found = series(GERMAN, ["Umsatz"])
    assert (found.date, str(found.step), found.columns) == ("Monat", "month", ["Umsatz (kEUR)"])
    assert found.dates[-1] == datetime(2024, 4, 1)
    assert found.values.ravel().tolist() == [1234.5, 1250, 987.25, 1111]
    assert found.form.write(found.step.after(found.dates[-1])) == "01.05.2024"
    assert found.notes == ["Not read: the text in line 10.", "Not read: line 9, as 'Summe' is not a date."]
    both = series(GERMAN, ["Umsatz", "Kosten"], "--fill", "linear")
    assert both.values.tolist() == [[1234.5, 900.1], [1250, 905.05], [987.25, 910]]
    assert both.notes[2:] == [
        "Mended by --fill linear: 2 missing values.",
        "Left out: 1 row at the ends, where nothing can be filled in from.",
    ]
    with pytest.raises(TableError, match=r"2 problems:\n  line 5, column 'Kosten .kEUR.': the value is "):
        series(GERMAN, ["Umsatz", "Kosten"])


def test_american_days_with_weekends_left_out(series):
    rows = "".join(f'{day:%m/%d/%Y},"$1,{200 + i}.50"\n' for i, day in enumerate(WORKDAYS))
    found = series("Date,Close\n" + rows, ["Close"])
    assert str(found.step) == "business day"
    assert found.values[:2, 0].tolist() == [1200.5, 1201.5]
    assert found.form.write(found.step.after(found.dates[-1])) == "01/15/2024"


def test_further_dates_have_the_names_of_the_file(series):
    found = series("Monat;y\nDez 2023;1\nJan. 2024;2\nMär 2024;3\n", ["y"], "--fill", "forward")
    assert [found.form.write(date) for date in found.dates] == [
        "Dez 2023",
        "Jan 2024",
        "Feb 2024",
        "Mär 2024",
    ]


WORKDAYS = [datetime(2024, 1, day) for day in (2, 3, 4, 5, 8, 9, 10, 11, 12)]


@pytest.mark.parametrize(
    ("text", "step"),
    [
        (",y\n2024-01-01 00:00:00,1\n2024-01-01 01:00:00,2\n", "hour"),
        ("year,y\n1700,1\n1701,2\n", "year"),
        ("x1,y\n1999,1\n2000,2\n2001,3\n", "year"),
        ("y,Quarter\n1,Q1 2024\n2,Q2 2024\n", "quarter"),
        ("date,y\n2024-01-31,1\n2024-02-29,2\n2024-03-31,2\n", "month end"),
        ("date,y\n2024-W01,1\n2024-W02,2\n2024-W03,2\n", "week"),
        ("date,y\n01/01/2024,1\n01/02/2024,2\n01/03/2024,3\n01/13/2024,3\n", None),
    ],
)
def test_steps_of_tables(series, text, step):
    if step is None:
        with pytest.raises(TableError, match="9 rows from 01/04/2024 on are missing"):
            series(text, ["y"])
    else:
        assert str(series(text, ["y"]).step) == step


@pytest.mark.parametrize(
    "text",
    ["x,y\n1,2\n2,3\n", "x,y\n1001,2\n1002,3\n", "y,x\n1,1999\n2,2000\n", "x,y\n2000,2\n1999,3\n1999,1\n"],
)
def test_numbers_are_not_dates(series, text):
    assert series(text, ["y"]) is None


def test_a_named_column_is_read_as_dates(series):
    text = "y,x,z\n1,1999,2024-01-01\n2,2000,2024-01-02\n"
    assert str(series(text, ["y"]).step) == "day"
    assert str(series(text, ["y"], "--date", "x").step) == "year"
    with pytest.raises(ArgumentError, match="'y' of .* to have dates, such as 2024-01-31.*got '1'"):
        series(text, ["y"], "--date", "y")


def test_days_and_months_that_may_be_exchanged(series):
    text = "date,y\n" + "".join(f"{month:02}/01/2024,{month}\n" for month in range(1, 13))
    with pytest.raises(ArgumentError, match="'02/01/2024' .* 02 January 2024 or 01 February 2024, .* Say"):
        series(text, ["y"])
    assert str(series(text, ["y"], "--dates", "day-first").step) == "day"
    assert str(series(text, ["y"], "--dates", "month-first").step) == "month"
    assert series(text.replace("/", "."), ["y"]).dates[1] == datetime(2024, 1, 2)  # with points, as in German
    assert str(series("date,y\n01/31/2024,1\n02/01/2024,2\n02/02/2024,1\n", ["y"]).step) == "day"


def test_the_order_that_steps_evenly_is_meant(series):
    mondays = "date,y\n01/02/2023,1\n01/09/2023,2\n02/06/2023,1\n"
    with pytest.raises(ArgumentError, match="--dates"):
        series(mondays, ["y"], "--fill", "forward")
    assert str(series(mondays.replace("02/06", "01/16"), ["y"]).step) == "week"
    ten = "date,y\n10/02/2023,1\n10/03/2023,2\n10/04/2023,1\n"  # days in October, or tenths of months
    with pytest.raises(ArgumentError, match="--dates"):
        series(ten, ["y"])
    assert str(series("date,y\n10/30/2023,1\n10/31/2023,2\n11/01/2023,1\n", ["y"]).step) == "day"


def test_dates_that_no_order_reads_are_problems(series):
    with pytest.raises(TableError, match="line 3, .* '01/13/2024' is not a date such as 31/01/2024"):
        series("date,y\n13/01/2024,1\n01/13/2024,1\n01/01/2024,2\n", ["y"])
    with pytest.raises(FormatError, match="got one row"):
        series("date,y\n01/01/2024,1\n", ["y"])


def test_newest_first_is_reversed(series):
    found = series("date,y\n2024-03,3\n2024-02,2\n2024-01,1\n", ["y"])
    assert found.values.ravel().tolist() == [1, 2, 3]
    assert found.notes == ["The rows are newest first; they are used in reverse."]


MISSING = "date,y,z\n2024-01-31,1,\n2024-02-29,,5\n2024-05-31,5,n/a\n2024-06-30,6,7\n"


@pytest.mark.parametrize(
    ("fill", "values", "first"),
    [
        ("forward", [[1, 5], [1, 5], [1, 5], [5, 5], [6, 7]], 2),
        ("linear", [[2, 5], [3, 5.5], [4, 6], [5, 6.5], [6, 7]], 2),
        ("drop", [[6, 7]], 6),
    ],
)
def test_missing_values_and_dates_are_mended(series, fill, values, first):
    found = series(MISSING, ["y", "z"], "--fill", fill)
    assert found.values.tolist() == values
    assert found.dates[0].month == first
    assert len(found.dates) == len(values)
    assert any(f"--fill {fill}" in note for note in found.notes)


def test_all_problems_of_a_series_at_once(series):
    with pytest.raises(TableError) as told:
        series(
            "date,y\n2024-01-01,3\n2024-02-01,x\n2024-02-01,4\n2024-04-01,\n2024-05-03,5\n2024-04-31,7\n"
            "2024-05-01,8,9\n2024-06-01,9\n",
            ["y"],
        )
    assert [line.strip() for line in str(told.value).splitlines()[1:]] == [
        "line 3, column 'y': 'x' is not a finite number",
        "line 4, column 'date': 2024-02-01 comes twice",
        "line 5, column 'date': the row of 2024-03-01 is missing before this one",
        "line 5, column 'y': the value is missing",
        "line 6, column 'date': 2024-05-03 is not a whole number of steps (month) after 2024-04-01",
        "line 7, column 'date': '2024-04-31' is not a date such as 2024-01-31",
        "line 8: 3 cells instead of 2, as many as the columns that have names",
        "To mend missing values and dates, say --fill forward, linear or drop.",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("date,y\n2024-01-01,3\n", "two rows with dates or more, got one row"),
        ("date,y\n2024-01-01,3\n2024-01-01,4\n", "line 3, column 'date': the date is not later"),
        ("date,y\n2024-01-01,3\n,4\n2024-01-03,5\n", "line 3, column 'date': the date is missing"),
        ("date,y\n2024-01-01,\n2024-01-02,\n", "2 values from here on are missing"),
        (
            "date,y\n2024-01-01,1\n2024-01-02,2\n2024-01-04,2\n2024-01-09,2\n2024-01-19,3\n",
            "line 2, column 'date': the dates do not step evenly; "
            "1 of 4 are a day after the one before. Say --fill",
        ),
    ],
)
def test_what_is_no_series(series, text, told):
    with pytest.raises(FormatError, match=told):
        series(text, ["y"])


@pytest.mark.parametrize("fill", ["forward", "linear", "drop"])
def test_nothing_can_be_filled_in_from_nothing(series, fill):
    with pytest.raises(FormatError, match="--fill"):
        series("date,y\n2024-01-01,\n2024-01-02,\n", ["y"], "--fill", fill)


DATES = ["2024-01-31", "2024-02-29", "01/02/2024", "31.01.2024", "Jan 2024", "Q1 2024", "9999-12-31", "1999"]
CELLS = st.sampled_from(
    [*DATES, "", "date", "y", "x (m)", "1", "1,5", "1.234", "n/a", "Total", "#", "# x", "-", '"a', "\u0663"]
)


@given(
    st.lists(st.lists(CELLS, max_size=4), max_size=8),
    st.sampled_from(",;\t"),
    st.sampled_from([None, "forward", "linear", "drop"]),
    st.sampled_from([None, "day-first"]),
)
def test_any_table_is_read_or_refused_in_words(tmp_path_factory, rows, mark, fill, order):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text("\n".join(mark.join(row) for row in rows), encoding="utf-8")
    try:
        sheet = read_sheet(str(path))
        dated = find_dates(sheet, None, order)
        columns = [name for name in sheet.names if dated is None or name != dated.name]
        if dated is None:
            values = sheet.mended(columns, fill, lambda _: "")[1]
        else:
            series = make_series(sheet, dated, columns, fill)
            values = series.values
            assert len(series.dates) == len(values)
            if fill != "drop":
                assert all(leads(series.step, *pair) for pair in pairwise(series.dates))
    except SynapseError:
        return
    assert np.isfinite(values).all()
