"""Tables: numbers, words, dates and steps as people write them; what is mended, and what is refused."""

import re
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

import architect
import synapse
from synapse import tables
from synapse.errors import SynapseError
from synapse.tables.encoding import choose_encoding
from tests.cases import all_hold, all_refused


def read(path, content, **options):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return tables.read_sheet(str(path), **options)


def refused(call, *given, **options):
    """The complaint of a call."""
    with pytest.raises(SynapseError) as told:
        call(*given, **options)
    return str(told.value)


@pytest.fixture
def echo(tmp_path):
    """A function that gives numbers of a table and its notes."""

    def numbers(content, *columns, **options):
        sheet = read(tmp_path / "t.csv", content, **options)
        problems = sheet.all_problems()
        values = sheet.numbers(columns, problems)
        sheet.note_missing(values, columns, problems)
        problems.check()
        return values.tolist(), sheet.notes

    return numbers


@pytest.fixture
def series(tmp_path):
    """A function that reads a series."""

    def of(content, *columns, **options):
        return tables.read_series(read(tmp_path / "t.csv", content), columns or ["y"], **options)

    return of


# --- numbers -----------------------------------------------------------------------------------------

TABLES = {
    "commas": "a,b\n1,2\n-3.5,4e1\n",
    "semicolons": "a;b\r\n1;2\r\n-3.5;4e1\r\n",
    "tabs": "a\tb\n1\t2\n-3.5\t4e1",
    "decimal commas": "a;b\n1,0;2\n-3,5;4e1\n",
    "a mark": "\ufeffa,b\n1,2\n-3.5,4e1\n",
    "comments": "# from somewhere, once\n\n# else\na,b\n1,2\n\n-3.5,4e1\n , \n",
    "quotes": ' a , "b"\n 1,"2"\n-3.5 , 4e1\n',
    "carriage returns": "# from\u2028somewhere\ra,b\r1,2\r\r-3.5,4e1\r",
    "a separator": "sep=;\na;b\n1,0;2\n-3,5;40\n",
    "titles": "Report 2024;;;\n\nx;a;b;\np;1;2;\n# note\nq;-3,5;40;\n",
    "UTF-16": "a\tb\n1\t2\n-3.5\t40\n".encode("utf-16"),
    "units": "a (kEUR),b [K]\n1,2\n-3.5,40\n",
    "thousands": 'a,b,c\n1,2,"1,234.5"\n-3.5,40,"2,000"\n',
    "Swiss": "a;b;c\n1.0;2;1'234.5\n-3.5;40;2\n",
    "accounts": 'a,b\n$1.00,2 %\n"($3.50)",40 \u20ac\n',
    "a minus": "a,b\n1,2\n\u22123.5,40\n",
}


def test_tables_in_all_their_clothes(echo):
    def check(content):
        assert echo(content, "b", "a") == ([[2.0, 1.0], [40.0, -3.5]], [])

    all_hold(check, TABLES)
    both = "Sales, kEUR;n\n1,5;2\n2,5;3\n"  # which separates cells where commas would, too
    assert echo(both, "Sales, kEUR") == ([[1.5], [2.5]], [])
    assert echo("a;b\n1.234;1\n2;0,5\n", "a")[0] == [[1234], [2]], "the other column has a decimal comma"
    said = echo("Größe (m²);x\n1;2\nSource: us;\n".encode("cp1252"), "Größe")[1]
    assert said == ["The file is not UTF-8; it is read as Windows-1252.", "Not read: the text in line 3."]
    found, said = echo("a;b\n1.234;1\n2.345;2\n", "a")
    assert found == [[1234], [2345]]
    assert said[0].startswith("'1.234' in the column 'a' is read as 1234.")
    assert echo("a;b\n1.234;1\n2.345;2\n", "a", decimal=".") == ([[1.234], [2.345]], [])


def test_numbers_as_people_write_them(echo):
    most = 10 ** np.arange(3, 13)
    values = np.random.default_rng(0).integers(-most, most, (20, 10)).ravel() / 100
    english, german = ["English\tFrench\tSwiss\tprograms\taccounts"], ["German\tcurrency"]
    for value in values.tolist():
        text = f"{value:,.2f}"
        account = f"(${text[1:]})" if value < 0 else f"${text}"
        styles = text, text.replace(",", "\u202f"), text.replace(",", "'"), repr(value / 7), account
        english.append("\t".join(styles))
        german.append("\t".join([text.translate(str.maketrans(",.", ".,"))] * 2) + " €")
    found = echo("\n".join(english), *english[0].split("\t"))[0]
    np.testing.assert_array_equal(np.transpose(found), [values, values, values, values / 7, values])
    found = echo("\n".join(german), "German", "currency")[0]
    np.testing.assert_array_equal(np.transpose(found), [values, values])


NO_TABLES = {
    "": "got no text",
    "a,b\n": "no rows",
    "a,\n1,2\n": "to name every column",
    "1,2\n3,4\n": "got the numbers 1, 2",
    "a,b,a\n1,2,3\n": "got 'a' 2 times",
    'a,b\n1,"2\n': "is not CSV",
    b"PK\0\0a,b\n1,1\n": "not text. Save the table as CSV",
    f"a,{'b' * 200_000}\n1,2\n": "is not CSV: field larger than field limit",
    "a,b\n1,2\n\n3\n": "line 4: 1 cell instead of 2",
    "# c\u2028\r\na,b\r\n1,2,3\r\n": "line 3: 3 cells instead of 2",
    'a,b\n"x\ny",2\nz,w\n': "line 4, column 'b'",  # a line is where a row ends
    "a,b\n1,2\n1,\n1,\n1,3\n": "line 3, column 'b': 2 values from here on are missing",
    "a,b\n" + "1,x\n" * 30: "line 2, column 'b': 'x' is not a finite number, nor is any other cell",
    "a,b\n1,1\n" + "1,x\n" * 30: "has 30 problems:.*line 22.*and 10 more",
    "a,b [K],b [m]\n1,2,3\n": r"'b' may be 'b \[K\]', 'b \[m\]'",
    "a,c\n1,2\n": "no column 'b'.* It has 'a', 'c'",
    "a,b\nx,1\n2,\n3,4,5\n4,y\n": "has 4 problems:.*line 2,.*line 3,.*line 4: 3 cells.*line 5,",
}


def test_what_is_no_table_is_refused_with_its_lines(echo, tmp_path):
    def check(content, expected):
        said = refused(echo, content, "a", "b")
        assert re.search(expected, said, re.DOTALL), said

    all_hold(check, list(NO_TABLES.items()))
    for cell in ("x", "inf", "1_000", "1.5.2", "0x1", "1e999", "1 23", "\u0663"):
        said = refused(echo, f"# c\na,b\n1,2\n1,{cell}\n", "a", "b")
        assert f"line 4, column 'b': '{cell}' is not a finite number" in said
    said = refused(echo, "a;b\n1.234;1\n2,5;2\n", "a", decimal=".")
    assert "line 3, column 'a': '2,5' is not a finite number with a decimal point" in said
    sheet = read(tmp_path / "s.csv", "s,a\nx,1\ny,2\nx,3\n")
    with pytest.raises(SynapseError, match=r"goes on, after another, on line 4\.$"):
        sheet.sequences("s")
    with pytest.raises(SynapseError, match=r"no column 'A'.* It has 's', 'a'\. Did you mean 'a'\?$"):
        sheet.find("A")


def test_missing_values_are_mended(series):
    def check(cell):
        text = f"a,b\n,1\n1,2\n1,{cell}\n7,4\n7,{cell}\n"
        assert "line 2, column 'a': the value is missing" in refused(series, text, "a", "b")
        for fill, rows in (
            ("forward", [[1, 2], [1, 2], [7, 4], [7, 4]]),
            ("linear", [[1, 2], [1, 3], [7, 4]]),
            ("drop", [[1, 2], [7, 4]]),
        ):
            assert series(text, "a", "b", fill=fill).values.tolist() == rows

    all_hold(check, ["", "NA", "n/a", "-", "NaN", "null", "#N/A", "\u2013", "k.A."])


# --- dates -------------------------------------------------------------------------------------------

DATES = {
    "2024-1-30|2024-1-31|2024-2-1": ("2024-01-30", "day", "2024-2-2"),
    "2024/01/30|2024/01/31|2024/02/01": ("2024-01-30", "day", "2024/02/02"),
    "20240130|20240131|20240201": ("2024-01-30", "day", "20240202"),
    "30.01.2024|31.1.24|1. 2. 2024": ("2024-01-30", "day", "2. 2. 2024"),
    "01.01.24|01.02.24|01.03.24": ("2024-01-01", "month", "01.04.24"),
    "45292|45293|45294": ("2024-01-01", "day", "45295"),
    "01/30/2024|01/31/2024|02/01/2024": ("2024-01-30", "day", "02/02/2024"),
    "30-12-69|31-12-69|1-1-70": ("1969-12-30", "day", "2-1-70"),
    "30 Jan 2024|31 Jan 2024|1 Feb 2024": ("2024-01-30", "day", "2 Feb 2024"),
    "Jan '24|Feb '24|Mar '24": ("2024-01-01", "month", "Apr '24"),
    "Tue, January 30, 2024|Wed, January 31, 2024|Thu, Feb 1, 2024": ("2024-01-30", "day", "Feb 2, 2024"),
    "Di 30.01.2024|Mi 31.01.2024|Do 01.02.2024": ("2024-01-30", "day", "02.02.2024"),
    "Okt. 2022|Okt 2023|Okt 2024": ("2022-10-01", "year", "Okt 2025"),
    "2024M02|2024M03|2024M04": ("2024-02-01", "month", "2024M05"),
    "02/2024|03/2024|04/2024": ("2024-02-01", "month", "05/2024"),
    "2024 May|2024 June|2024 July": ("2024-05-01", "month", "2024 Aug"),
    "2024-01-31|2024-02-29|2024-03-31": ("2024-01-31", "month end", "2024-04-30"),
    "2023-12-30|2024-01-30|2024-02-29": ("2023-12-30", "month", "2024-03-30"),
    "2024Q2|2024Q3|2024Q4": ("2024-04-01", "quarter", "2025Q1"),
    "Q2/2024|Q3/2024|Q4/2024": ("2024-04-01", "quarter", "Q1/2025"),
    "2020-W52|2020-W53|2021-W01": ("2020-12-21", "week", "2021-W02"),
    "2024-01-06|2024-01-08|2024-01-09|2024-01-10|2024-01-11|2024-01-12|2024-01-15": (  # from a Saturday on
        "2024-01-06",
        "business day",
        "2024-01-16",
    ),
    "1987|1988|1989": ("1987-01-01", "year", "1990"),
    "1/31/2024 11 PM|2/1/2024 12:00 a.m.|2/1/2024 1:00": ("2024-01-31T23:00", "hour", "2/1/2024 02:00"),
    "2024-01-31T01:45+02:00|2024-01-31 00:45Z|2024-01-31 01:45": (
        "2024-01-30T23:45Z",
        "hour",
        "2024-01-31 02:45+0000",
    ),
}


def table(cells, name="date"):
    return f"{name};y\n" + "".join(f"{cell};{place}\n" for place, cell in enumerate(cells))


def test_forms_of_dates(series):
    def check(cells, expected):
        first, step, following = expected
        found = series(table(cells.split("|")))
        assert found.dates[0] == pd.Timestamp(first)
        assert found.step.name == step
        assert found.written(found.next(1)[0]).startswith(following)

    all_hold(check, {cells: (cells, expected) for cells, expected in DATES.items()})


STEPS = {
    "second": ("s", None),
    "15 minutes": ("15min", 96),
    "hour": ("h", 24),
    "day": ("D", 7),
    "business day": ("B", 5),
    "week": ("W", 52),
    "2 weeks": ("2W", 26),
    "month": ("MS", 12),
    "month end": ("ME", 12),
    "business month end": ("BME", 12),
    "quarter": ("QS", 4),
    "quarter end": ("QE", 4),
    "year": ("YS", None),
    "5 years": ("5YS", None),
}


def test_steps_are_those_of_pandas(series):
    def check(name, frequency, season):
        dates = [
            f"{date:%Y-%m-%d %H:%M:%S}" for date in pd.date_range("1981-03-05", periods=36, freq=frequency)
        ]
        found = series(table(dates[:30]))
        assert (found.step.name, found.season) == (name, season or 1)
        assert [found.written(date) for date in found.next(6)] == [
            found.written(pd.Timestamp(d)) for d in dates[30:]
        ]

    all_hold(check, {name: (name, *case) for name, case in STEPS.items()})


def test_which_column_has_the_dates(series):
    for text in ("x,y\n1001,2\n1002,3\n1003,4\n", "y,x\n1,1999\n2,2000\n2,2001\n"):
        assert series(text).date is None
    text = "y,x,z\n1,1999,2024-01-01\n2,2000,2024-01-02\n4,2001,2024-01-03\n"
    assert series(text).step.name == "day"
    assert series(text, date="x").step.name == "year"
    no_dates = ["Total", "3.5", "12", "2024-13", "2024-02-30", "31.04.2024", "0000", "2024-01-31 25:00"]
    for cell in [*no_dates, "1/31/2024 13:00 PM", "2023-W53", "9" * 500, "0001-01-01T00:00+01:00"]:
        said = refused(series, table([cell, cell, cell, "2024-01-02"]), date="date")
        assert "the column 'date' of" in said
        assert f"to have dates, such as 2024-01-31, Jan 2024 or 31.01.2024, got {cell!r}" in said


def test_dates_that_cannot_be_read_or_are_numbers_are_not_passed_over_in_silence(series):
    forms = ["2024-01-31", "2024-02-29", "31.03.2024", "30.04.2024"]
    said = refused(series, table(forms, "x"))
    assert "line 4, column 'x': '31.03.2024' is not a date such as 2024-01-31" in said
    assert series(table(["Monday", "Friday"], "day")).notes == [
        "The column 'day' has no dates that can be read, such as 'Monday'."
    ]
    found = series(table(["45292", "45323", "45352"], "Datum"))
    assert (found.step.name, found.written(found.next(1)[0])) == ("month", "45383")
    assert found.notes == ["The numbers of 'Datum' are read as dates of a spreadsheet: 45292 is 2024-01-01."]
    assert series(table(["45292", "45323", "45352"], "x")).date is None
    assert series(table(["45292", "45323", "45352"], "x"), date="x").step.name == "month"


def test_days_and_months_that_may_be_exchanged(series):
    """The order that the other dates tell, or that steps evenly, is meant."""
    months = [f"{month:02}/01/2024" for month in range(1, 13)]
    said = refused(series, table(months))
    assert re.search("'02/01/2024' .* 02 January 2024 or 01 February 2024, .* Say --dates", said)
    assert series(table(months), dates="day-first").step.name == "day"
    assert series(table(months), dates="month-first").step.name == "month"
    assert series(table(months).replace("/", ".")).step.name == "day", "with points, as in German"
    assert series(table(["01/02/2023", "01/09/2023", "01/16/2023"])).step.name == "week"
    assert series(table(["10/30/2023", "10/31/2023", "11/01/2023"])).step.name == "day"
    assert "--dates" in refused(series, table(["10/02/2023", "10/03/2023", "10/04/2023"]))
    said = refused(series, table(["13/01/2024", "01/13/2024", "01/01/2024"]))
    assert "line 3, column 'date': '01/13/2024' is not a date such as 31/01/2024" in said


# --- series ------------------------------------------------------------------------------------------

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
    found = series(GERMAN, "Umsatz")
    assert (found.date, found.step.name, found.columns) == ("Monat", "month", ["Umsatz (kEUR)"])
    assert found.values.ravel().tolist() == [1234.5, 1250, 987.25, 1111]
    assert found.written(found.next(1)[0]) == "01.05.2024"
    assert [found.phase(first) for first in ("2023-11-01", "2024-03-01", None)] == [2, -2, 0]
    assert found.notes == ["Not read: the text in line 10.", "Not read: line 9, as 'Summe' is not a date."]
    said = refused(series, GERMAN, "Umsatz", "Kosten")
    assert "2 problems:\n  line 5, column 'Kosten [kEUR]': the value is " in said
    found = series(GERMAN, "Umsatz", "Kosten", fill="linear")
    assert "Mended by --fill linear: 2 missing values." in found.notes
    assert found.notes[-1] == "Left out: 1 row at the ends, where nothing can be filled in from."


def test_newest_first_is_reversed(series):
    found = series("date,y\n2024-04,4\n2024-03,3\n2024-02,2\n2024-01,1\n")
    assert found.values.ravel().tolist() == [1, 2, 3, 4]
    assert found.notes == ["The rows are newest first; they are used in reverse."]
    said = refused(series, "date,y\n2024-04,4\n2024-03,\n2024-02,2\n2024-01,1\n")
    assert "line 3, column 'y': the value is missing" in said
    said = refused(series, "date,y\n2024-03,3\n2024-01,2\n2024-02,1\n")
    assert "line 4, column 'date': 2024-02 comes after 2024-03" in said


def test_missing_values_and_dates_are_mended(series):
    text = "date,y,z\n2024-01,1,\n2024-02,,5\n2024-05,5,-\n2024-06,6,7\n2024-07,7,8\n2024-08,8,8\n"
    for fill, first, y in (
        ("forward", "02-01", [1, 1, 1, 5, 6, 7, 8]),
        ("linear", "02-01", [2, 3, 4, 5, 6, 7, 8]),
        ("drop", "06-01", [6, 7, 8]),
    ):
        found = series(text, "y", "z", fill=fill)
        assert f"{found.dates[0]:%m-%d}" == first
        assert found.values[:, 0].tolist() == y
        assert f"--fill {fill}" in found.notes[0]


def test_rows_of_one_date(series):
    text = "date,y\n2024-01-01,1\n2024-01-02,2\n2024-01-02,4\n2024-01-03,5\n2024-01-04,6\n"
    assert "line 4, column 'date': 2024-01-02 comes twice" in refused(series, text)
    for duplicates, values in (("first", [1, 2, 5, 6]), ("mean", [1, 3, 5, 6])):
        found = series(text, duplicates=duplicates)
        assert found.values.ravel().tolist() == values
        assert found.notes == [f"Mended by --duplicates {duplicates}: 2 rows of repeated dates."]
    assert series(text, duplicates="drop", fill="linear").values.ravel().tolist() == [1, 3, 5, 6]


def test_clocks_that_are_changed(series):
    """In Berlin, 2:00 comes twice on 27 October 2024, and not at all on 31 March."""
    for day in ("2024-10-27", "2024-03-31"):
        utc = pd.date_range(f"{day} 00:00", periods=8, freq="h", tz="Europe/Berlin")
        text = table([f"{date:%Y-%m-%d %H:%M}" for date in utc])
        said = refused(series, text)
        assert (
            "daylight saving time may begin or end: name the time zone, such as --zone Europe/Berlin" in said
        )
        found = series(text, zone="Europe/Berlin")
        assert found.step.name == "hour"
        assert found.written(found.next(1)[0]) == f"{utc[-1] + pd.Timedelta(1, 'h'):%Y-%m-%d %H:%M%z}"
        assert "not times of the zone 'Mars'" in refused(series, text, zone="Mars")


OFFSETS = "2024-03-30T00:00+01:00|2024-03-31T00:00+01:00|2024-04-01T00:00+02:00"
ZONES = {  # rows before or across a change of clocks in Berlin, their step, and the date that follows
    "2024-03-30|2024-03-31|2024-04-01": ("day", "2024-04-02"),
    "2024-03-29|2024-03-30|2024-03-31": ("day", "2024-04-01"),
    "2024-03-31|2024-03-31 01:00": ("hour", "2024-03-31 03:00+0200"),
    "2024-10-13|2024-10-20|2024-10-27": ("week", "2024-11-03"),
    "2024-01-01|2024-02-01|2024-03-01": ("month", "2024-04-01"),
    "2024-01-31|2024-02-29": ("month end", "2024-03-31"),
    "2024-03-25|2024-03-26|2024-03-27|2024-03-28|2024-03-29|2024-04-01": ("business day", "2024-04-02"),
    "2024-03-30 18:00|2024-03-31|2024-03-31 06:00|2024-03-31 12:00": ("6 hours", "2024-03-31 18:00+0200"),
    "2024-03-29 02:30|2024-03-30 02:30": ("day", "2024-03-31 03:00+0200"),  # there is no 02:30
    "2024-10-25 02:30|2024-10-26 02:30|2024-10-27 02:30": ("day", "2024-10-28 02:30+0100"),  # it comes twice
    OFFSETS: ("day", "2024-04-02"),
    "2024-01-30 12:00Z|2024-01-31 12:00Z": ("day", "2024-02-01 13:00+0100"),
}


def test_days_and_longer_steps_are_those_of_the_zone(series):
    def check(cells, zone, step, following):
        found = series(table(cells.split("|")), zone=zone)
        assert (found.step.name, found.written(found.next(1)[0])) == (step, following)
        assert found.phase(found.dates[-1].isoformat()) == 1 - len(found.dates)

    cases = [(cells, "Europe/Berlin", *expected) for cells, expected in ZONES.items()]
    cases.append(("2024-01-30 12:00Z|2024-01-31 12:00Z", None, "day", "2024-02-01 12:00+0000"))
    cases.append(("2024-01-30 12:00+0100|2024-01-31 12:00+0100", None, "day", "2024-02-01 12:00+0100"))
    all_hold(check, cases)
    gap = table(["2024-03-28", "2024-03-29", "2024-03-30", "2024-04-01"])
    assert "the row of 2024-03-31 is missing" in refused(series, gap, zone="Europe/Berlin")
    assert "in UTC; if the rows are those of another zone, name" in refused(series, table(OFFSETS.split("|")))
    missing = table(["2024-03-30 02:30", "2024-03-31 02:30"])
    assert "not times of the zone 'Europe/Berlin': 2024-03-31 02:30:00" in refused(
        series, missing, zone="Europe/Berlin"
    )


def test_all_problems_of_a_series_at_once(series):
    said = refused(
        series,
        "date,y\n2024-01-01,3\n2024-02-01,x\n2024-02-01,4\n2024-04-01,\n2024-04-15,5\n2024-04-31,7\n"
        "2024-05-01,8,9\n2024-06-01,9\n",
    )
    assert [line.strip() for line in said.splitlines()[1:]] == [
        "line 3, column 'y': 'x' is not a finite number",
        "line 4, column 'date': 2024-02-01 comes twice",
        "line 5, column 'date': the row of 2024-03-01 is missing before this one",
        "line 5, column 'y': the value is missing",
        "line 6, column 'date': 2024-04-15 is not a whole number of steps (month) after 2024-04-01",
        "line 7, column 'date': '2024-04-31' is not a date such as 2024-01-31",
        "line 8: 3 cells instead of 2, as many as the columns that have names",
        "To mend missing values and dates, say --fill forward, linear or drop.",
    ]


NO_SERIES = [
    (["2024-01-01"], "two rows with dates or more, got one row"),
    (["2024-01-01", "2024-01-01"], "line 3, column 'date': the date is not later"),
    (["2024-01-01", "", "2024-01-03"], "line 3, column 'date': the date is missing"),
    (["2024-01-01", "2024-01-02", "2024-01-05"], "2 rows from 2024-01-03 on are missing before this one"),
    (
        ["2024-01-01", "2024-01-02", "2024-01-04", "2024-01-09", "2024-01-19"],
        "line 2, column 'date': the dates do not step evenly; 1 of 4 are one step (day) after the one before",
    ),
    (["2024-01-01", "2024-01-02", "2124-01-03"], "not a whole number of steps"),  # a mistyped century
]


def test_what_is_no_series(series):
    all_hold(
        lambda cells, expected: expected in refused(series, table(cells)) or pytest.fail(expected), NO_SERIES
    )


CELLS = ["2024-01-31", "2024-02-29", "01/02/2024", "31.01.2024", "Jan 2024", "Q1 2024", "9999-12-31", "1999"]
CELLS += ["", "date", "y", "x (m)", "1", "1,5", "1.234", "n/a", "Total", "#", "# x", "-", '"a', "\u0663"]


@given(
    st.lists(st.lists(st.sampled_from(CELLS), max_size=4), max_size=8),
    st.sampled_from(",;\t"),
    st.sampled_from([None, "forward", "linear", "drop"]),
)
def test_any_table_is_read_or_refused_in_words(tmp_path_factory, rows, mark, fill):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    text = "\n".join(mark.join(row) for row in [["date", "y"], *rows])
    try:
        sheet = read(path, text)
        found = tables.read_series(sheet, ["y"], fill=fill, dates="day-first")
    except SynapseError:
        return
    assert np.isfinite(found.values).all()
    assert len(found.values) == len(found.times())


def test_words_numbers_and_identifiers_become_inputs(tmp_path):
    text = "Customer ID,city,age,note,empty\n" + "".join(
        f"{100 + i},{'Rome' if i % 3 else 'Oslo'},{i if i % 5 else ''},text {i},\n" for i in range(1, 13)
    )
    sheet = read(tmp_path / "t.csv", text)
    encoding, notes = choose_encoding(sheet, sheet.names)
    assert encoding.inputs == ["age", "city=Oslo", "city=Rome"]
    assert notes[0].startswith("Left out: 'Customer ID', 'note', 'empty' (identifiers, or empty).")
    assert "To use such numbers, name them with --inputs" in notes[0]
    assert choose_encoding(sheet, ["Customer ID"], named=True)[0].inputs == ["Customer ID"]
    assert "--inputs" not in "".join(choose_encoding(sheet, ["age", "note"], named=True)[1])
    rows, notes = encoding.rows(read(tmp_path / "u.csv", "city,age\nRome,4\nParis,n/a\n"))
    assert rows.tolist() == [[4, 0, 1], [encoding.medians["age"], 0, 0]]
    assert encoding.medians["age"] == np.median([1, 2, 3, 4, 6, 7, 8, 9, 11, 12])
    assert notes[0] == "1 missing value of 'age': the median, 6.5."
    assert "'Paris'" in notes[1]


def test_wrong_arguments_are_one_sentence(tmp_path):
    sheet = read(tmp_path / "t.csv", "x,y\n" + "1,2\n" * 20)
    series, learning = tables.read_series(sheet, ["y"]), tables.Learning()
    settings = {"model": "oracle", "hidden": [0], "rate": -1, "epochs": 0.5, "validation": 1, "seed": -1}
    settings |= {"trainer_of": 3, "options": 3}
    reading = {"fill": "zero", "duplicates": "last", "dates": "year-first"}
    task = {"steps": 0, "period": 0.5, "validation": -0.1}
    told = [(partial(tables.Learning, **{name: settings[name]}), name) for name in settings]
    told += [(partial(tables.read_series, sheet, ["y"], **{name: reading[name]}), name) for name in reading]
    told += [(partial(tables.series_task, series, ["y"], **{name: task[name]}), name) for name in task]
    told += [
        (partial(tables.read_sheet, None), "path"),
        (partial(tables.read_series, sheet, [3]), "name of a column"),
        (partial(tables.series_task, sheet, ["y"]), "a Series, got"),
        (partial(tables.series_task, series, ["x"]), "column of the task"),
        (partial(tables.train_series, series, learning), "a SeriesTask, got"),
        (partial(tables.train_rows, sheet, ["y"], None, {}), "a Learning, got"),
        (partial(tables.train_rows, sheet, ["y"], None, learning, ahead=-1), "ahead"),
        (partial(tables.train_rows, sheet, [], None, learning), "a column to predict, got none"),
        (partial(tables.train_rows, sheet, ["y"], ["x", "y"], learning), "one use only, got two of 'y'"),
        (partial(tables.train_rows, sheet, ["y", "y"], None, learning), "one use only, got two of 'y'"),
        (partial(tables.train_rows, sheet, ["y"], None, learning, ignore=["z"]), "no column 'z'"),
        (
            partial(tables.predict_rows, architect.Perceptron(1, 1), sheet, in_order=True),
            "have 1 column, got",
        ),
        (partial(tables.series_task, series, []), "a column to predict, got none"),
        (partial(tables.series_task, series, ["y"], ["y"]), "one use only, got two of 'y'"),
        (partial(series.next, -1), "0 or above, got -1"),
        (partial(tables.predict_rows, None, sheet), "a Network, got None"),
        (partial(tables.predict_series, architect.GRU(1, 1, 1), series), "does not forecast a series"),
    ]
    all_refused([(call, SynapseError, what) for call, what in told])


def test_a_trained_network_is_ready_to_forecast_and_predict(tmp_path):
    text = "_,Shop (id),kind,y\n" + "".join(f"{i},{i // 8},{'ab'[i % 2]},1.23{i % 7}\n" for i in range(40))
    sheet = read(tmp_path / "t.csv", text)
    learning = tables.Learning(model="elman", hidden=[2], epochs=1)
    trained = tables.train_rows(sheet, ["y"], None, learning, sequence="Shop")
    assert [neuron.name for neuron in trained.network.input] == ["_", "kind=a", "kind=b"]
    assert tables.predict_rows(trained.network, sheet, sequence="Shop")[0].shape == (40, 1)
    assert len(sheet.notes) == len(set(sheet.notes)) == 1
    series = tables.read_series(sheet, ["y"])
    network = tables.train_series(tables.series_task(series, ["y"]), learning).network
    assert tables.forecast_series(network, series, 3)[0].shape == (3, 1)
    own = architect.Perceptron(1, 1, seed=0)
    own.metadata = {"encoding": "utf-8", "targets": 3}
    all_refused(
        [
            (lambda: tables.forecast_series(network, series, 0, method="mean"), SynapseError, "the steps"),
            (lambda: tables.predict_rows(own, sheet), SynapseError, "no column 'input 0'"),
            (lambda: tables.forecast_series(own, series, 1), SynapseError, "does not forecast a series"),
        ]
    )


def test_a_verdict_beside_an_error_of_0(tmp_path):
    sheet = read(tmp_path / "t.csv", "x,y\n" + "".join(f"{i % 7},5\n" for i in range(60)))
    trained = tables.train_rows(sheet, ["y"], None, tables.Learning(epochs=2))
    assert "not worth it: its error is more than 1000 times that" in trained.facts["verdict"]


def test_one_network_reads_series_in_units_of_their_own(tmp_path):
    """It forecasts series that it has not learned, too, and in their units."""
    rng, steps = np.random.default_rng(0), np.arange(60)
    waves = {"a": np.sin(steps / 2), "b": 1e4 * (np.sin(steps / 2) + 3), "short": np.sin(steps[:17] / 2)}
    rows = [f"{name};{value + rng.normal(0, 0.01):.4f}" for name, wave in waves.items() for value in wave]
    sheet, learning = (
        read(tmp_path / "t.csv", "\n".join(["shop;y", *rows])),
        tables.Learning(hidden=[4], epochs=100),
    )
    several = tables.read_several(sheet, ["y"], "shop")
    assert [(one.sequence, len(one.values)) for one in several] == [
        *((("shop", name), len(wave)) for name, wave in waves.items())
    ]
    tasks, notes = tables.several_tasks(several, ["y"], steps=3)
    assert (notes, len({task.steps for task in tasks}), tasks[0].differences) == ([], 1, tasks[1].differences)
    network = tables.train_series(tasks, learning).network
    new = read(tmp_path / "t.csv", "\n".join(["shop;y", *rows[:60]]).replace("a;", "x;"))
    (one,) = tables.read_several(new, ["y"], "shop")
    other = replace(one, values=10 * one.values + 5)
    how = {"method": "network", "interval": 0.9}
    ahead, bounds = (tables.forecast_series(network, each, 5, **how)[0] for each in (one, other))
    np.testing.assert_allclose(bounds.mean, 10 * ahead.mean + 5)
    np.testing.assert_allclose(bounds.upper, 10 * ahead.upper + 5)
    np.testing.assert_allclose(
        tables.predict_series(network, other), 10 * tables.predict_series(network, one) + 5
    )
    np.testing.assert_allclose(ahead.mean[:, 0], np.sin(np.arange(60, 65) / 2), atol=0.2)


def test_one_network_for_each_series_where_these_have_a_lower_error(tmp_path):
    """What follows in one series is wrong in the other; a series that is new has the network for all."""
    rng, values = np.random.default_rng(0), {"up": [0.0], "down": [0.0]}
    for _ in range(120):
        values["up"].append(0.98 * values["up"][-1] + rng.normal())
        values["down"].append(-0.98 * values["down"][-1] + rng.normal())
    rows = [f"{name};{value:.4f}" for name, column in values.items() for value in column]
    sheet = read(tmp_path / "t.csv", "\n".join(["shop;y", *rows]))
    up, down = several = tables.read_several(sheet, ["y"], "shop")
    tasks, _ = tables.several_tasks(several, ["y"], steps=1)
    trained = tables.train_series(tasks, tables.Learning("perceptron", hidden=[2], epochs=100))
    assert re.search("One for each is used.", trained.notes[0])
    same = [replace(down, sequence=("shop", name)) for name in ("down", "up", "new")]
    ahead = [tables.forecast_series(trained.network, one, 1, method="network")[0].mean[0, 0] for one in same]
    assert len(set(ahead)) == 3
    last = -0.98 * down.values[-1, 0]
    assert abs(ahead[0] - last) < abs(ahead[1] - last)
    again = synapse.readwrite.from_json_data(synapse.readwrite.json_data(trained.network))
    assert (
        tables.forecast_series(again, up, 1)[0].mean == tables.forecast_series(trained.network, up, 1)[0].mean
    )
