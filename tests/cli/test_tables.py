"""Tables as the command reads them: numbers, dates and steps; what is mended, and what is refused."""

import contextlib
import io
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from synapse import ONE_TO_ONE, Layer, Network, cli, load, save
from tests.cases import all_hold

from .command import answers, called


@pytest.fixture
def echo(capsys, tmp_path):
    """A function that gives numbers as `synapse run` reads them, and what it says on stderr."""

    def read(content, *columns, options=(), code=0):
        model, table = tmp_path / f"{len(columns)}.json", tmp_path / "t.csv"
        inputs, outputs = Layer(len(columns), "identity"), Layer(len(columns), "identity")
        inputs.project(outputs, ONE_TO_ONE, weights=1.0)
        outputs.biases = [0.0] * len(columns)
        for neuron, name in zip(inputs, columns, strict=True):
            neuron.name = name
        save(Network(inputs, [], outputs), model)
        table.write_bytes(content if isinstance(content, bytes) else content.encode())
        found, printed, said = called(capsys, "run", model, table, *options)
        assert found == code, said
        return answers(printed).tolist() if code == 0 else None, said

    return read


@pytest.fixture
def series(capsys, tmp_path):
    """A function that trains on a series: the model's facts, and a forecast's rows; or a complaint."""

    def read(content, *options, target="y", steps=2, code=0):
        model, table = tmp_path / "m.json", tmp_path / "t.csv"
        table.write_text(content, encoding="utf-8")
        training = ["--target", target, "--epochs", 1, "--hidden", 1, "--model", "perceptron"]
        train = ["train", table, *training, "--validation", 0, "-o", model, *options]
        found, printed, said = called(capsys, *train)
        assert found == code, said
        if code:
            return said
        pairs = zip(options[::2], options[1::2], strict=True)
        reading = [part for pair in pairs if pair[0] in ("--date", "--dates", "--fill") for part in pair]
        further = called(capsys, "forecast", model, table, "--steps", steps, *reading)[1]
        return load(model).metadata, further.splitlines(), printed

    return read


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
        assert echo(content, "b", "a") == ([[2.0, 1.0], [40.0, -3.5]], "")

    all_hold(check, TABLES)
    both = "Sales, kEUR;n\n1,5;2\n2,5;3\n"  # which separates cells where commas would, too
    assert echo(both, "Sales, kEUR") == ([[1.5], [2.5]], "")
    assert echo("a;b\n1.234;1\n2;0,5\n", "a")[0] == [[1234], [2]], "the other column has a decimal comma"
    said = echo("Größe (m²);x\n1;2\nSource: us;\n".encode("cp1252"), "Größe")[1]
    assert said.splitlines() == [
        "synapse: The file is not UTF-8; it is read as Windows-1252.",
        "synapse: Not read: the text in line 3.",
    ]
    found, said = echo("a;b\n1.234;1\n2.345;2\n", "a")
    assert found == [[1234], [2345]]
    assert "'1.234' in the column 'a' is read as 1234." in said
    assert echo("a;b\n1.234;1\n2.345;2\n", "a", options=["--decimal", "point"]) == ([[1.234], [2.345]], "")


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


def test_what_is_no_table_is_refused_with_its_lines(echo):
    def check(content, expected):
        said = echo(content, "a", "b", code=1)[1]
        assert re.search(expected, said, re.DOTALL), said

    all_hold(check, list(NO_TABLES.items()))
    for cell in ("x", "inf", "1_000", "1.5.2", "0x1", "1e999", "1 23", "\u0663"):
        said = echo(f"# c\na,b\n1,2\n1,{cell}\n", "a", "b", code=1)[1]
        assert f"line 4, column 'b': '{cell}' is not a finite number" in said
    said = echo("a;b\n1.234;1\n2,5;2\n", "a", options=["--decimal", "point"], code=1)[1]
    assert "line 3, column 'a': '2,5' is not a finite number with a decimal point" in said
    options = ["--sequence", "s"]
    assert echo("s,a\nx,1\ny,2\nx,3\n", "a", options=options, code=1)[1].endswith("on line 4.\n")


def test_missing_values_are_mended(echo):
    def check(cell):
        text = f"a,b\n,1\n1,2\n1,{cell}\n7,4\n7,{cell}\n"
        assert "line 2, column 'a': the value is missing" in echo(text, "a", "b", code=1)[1]
        for fill, rows in (
            ("forward", [[1, 2], [1, 2], [7, 4], [7, 4]]),
            ("linear", [[1, 2], [1, 3], [7, 4]]),
            ("drop", [[1, 2], [7, 4]]),
        ):
            assert echo(text, "a", "b", options=["--fill", fill])[0] == rows

    all_hold(check, ["", "NA", "n/a", "-", "NaN", "null", "#N/A", "\u2013", "k.A."])


# --- dates -------------------------------------------------------------------------------------------

DATES = {
    "2024-1-30|2024-1-31|2024-2-1": ("2024-01-30", "day", "2024-02-02"),
    "2024/01/30|2024/01/31|2024/02/01": ("2024-01-30", "day", "2024/02/02"),
    "20240130|20240131|20240201": ("2024-01-30", "day", "20240202"),
    "30.01.2024|31.1.24|1. 2. 2024": ("2024-01-30", "day", "02.02.2024"),
    "01/30/2024|01/31/2024|02/01/2024": ("2024-01-30", "day", "02/02/2024"),
    "30-12-69|31-12-69|1-1-70": ("1969-12-30", "day", "02-01-1970"),
    "30 Jan 2024|31 Jan 2024|1 Feb 2024": ("2024-01-30", "day", "02 Feb 2024"),
    "Tue, January 30, 2024|Wed, January 31, 2024|Thu, Feb 1, 2024": ("2024-01-30", "day", "Feb 02, 2024"),
    "Di 30.01.2024|Mi 31.01.2024|Do 01.02.2024": ("2024-01-30", "day", "02.02.2024"),
    "Okt. 2022|Okt 2023|Okt 2024": ("2022-10-01", "year", "Okt 2025"),
    "2024M02|2024M03|2024M04": ("2024-02-01", "month", "2024-05"),
    "02/2024|03/2024|04/2024": ("2024-02-01", "month", "05/2024"),
    "2024 May|2024 June|2024 July": ("2024-05-01", "month", "2024 Aug"),
    "2024-01-31|2024-02-29|2024-03-31": ("2024-01-31", "month end", "2024-04-30"),
    "2023-12-30|2024-01-30|2024-02-29": ("2023-12-30", "month", "2024-03-30"),
    "2024Q2|2024Q3|2024Q4": ("2024-04-01", "quarter", "2025-Q1"),
    "Q2/2024|Q3/2024|Q4/2024": ("2024-04-01", "quarter", "Q1 2025"),
    "2020-W52|2020-W53|2021-W01": ("2020-12-21", "week", "2021-W02"),
    "2024-01-06|2024-01-08|2024-01-09|2024-01-10|2024-01-11|2024-01-12|2024-01-15": (  # from a Saturday on
        "2024-01-06",
        "business day",
        "2024-01-16",
    ),
    "1987|1988|1989": ("1987-01-01", "year", "1990"),
    "1/31/2024 11 PM|2/1/2024 12:00 a.m.|2/1/2024 1:00": ("2024-01-31T23:00", "hour", "02/01/2024 02:00"),
    "2024-01-31T01:45+02:00|2024-01-31 00:45Z|2024-01-31 01:45": (
        "2024-01-30T23:45",
        "hour",
        "2024-01-31 02:45",
    ),
}


def table(cells, name="date"):
    return f"{name};y\n" + "".join(f"{cell};{place}\n" for place, cell in enumerate(cells))


def test_forms_of_dates(series):
    def check(cells, expected):
        first, step, following = expected
        facts, (_, row, _), _ = series(table(cells.split("|")))
        assert pd.Timestamp(facts["first_date"]) == pd.Timestamp(first)
        assert facts["step"] == step
        assert row.split(";")[0].startswith(following)

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
    "10 years": ("10YS", None),
}


def test_steps_are_those_of_pandas(series):
    def check(name, frequency, season):
        dates = [
            f"{date:%Y-%m-%d %H:%M:%S}" for date in pd.date_range("1981-03-05", periods=36, freq=frequency)
        ]
        facts, (_, *rows), _ = series(table(dates[:30]), steps=6)
        assert (facts["step"], facts["season"]) == (name, season)
        assert [pd.Timestamp(row.split(";")[0]) for row in rows] == list(map(pd.Timestamp, dates[30:]))

    all_hold(check, {name: (name, *case) for name, case in STEPS.items()})


def test_which_column_has_the_dates(series):
    for text in ("x,y\n1001,2\n1002,3\n1003,4\n", "y,x\n1,1999\n2,2000\n2,2001\n"):
        assert series(text, "--ahead", 1, "--inputs", "y")[0]["date"] is None
    text = "y,x,z\n1,1999,2024-01-01\n2,2000,2024-01-02\n4,2001,2024-01-03\n"
    assert series(text)[0]["step"] == "day"
    assert series(text, "--date", "x", "--inputs", "y")[0]["step"] == "year"
    no_dates = ["Total", "3.5", "12", "2024-13", "2024-02-30", "31.04.2024", "0000", "2024-01-31 25:00"]
    for cell in [*no_dates, "1/31/2024 13:00 PM", "2023-W53", "9" * 500, "0001-01-01T00:00+01:00"]:
        said = series(table([cell, cell, "2024-01-01", "2024-01-02"]), "--date", "date", code=1)
        assert "the column 'date' of" in said
        assert f"to have dates, such as 2024-01-31, Jan 2024 or 31.01.2024, got {cell!r}" in said


def test_days_and_months_that_may_be_exchanged(series):
    """The order that the other dates tell, or that steps evenly, is meant."""
    months = [f"{month:02}/01/2024" for month in range(1, 13)]
    said = series(table(months), code=1)
    assert re.search("'02/01/2024' .* 02 January 2024 or 01 February 2024, .* Say --dates", said)
    assert series(table(months), "--dates", "day-first")[1][1].startswith("13/01/2024;")
    assert series(table(months), "--dates", "month-first")[1][1].startswith("01/01/2025;")
    assert series(table(months).replace("/", "."))[0]["step"] == "day", "with points, as in German"
    assert series(table(["01/02/2023", "01/09/2023", "01/16/2023"]))[0]["step"] == "week"
    assert series(table(["10/30/2023", "10/31/2023", "11/01/2023"]))[0]["step"] == "day"
    assert "--dates" in series(table(["10/02/2023", "10/03/2023", "10/04/2023"]), code=1)
    said = series(table(["13/01/2024", "01/13/2024", "01/01/2024"]), code=1)
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
    facts, (head, row, _), printed = series(GERMAN, target="Umsatz")
    assert (facts["date"], facts["step"], facts["targets"]) == ("Monat", "month", ["Umsatz (kEUR)"])
    assert facts["last_date"] == "2024-04-01T00:00:00"
    assert head == "Monat;Umsatz (kEUR)"
    assert re.fullmatch(r"01\.05\.2024;-?\d+,\d+", row)
    assert "Not read: the text in line 10." in printed
    assert "Not read: line 9, as 'Summe' is not a date." in printed
    both = ["--inputs", "Umsatz,Kosten"]
    said = series(GERMAN, *both, target="Umsatz", code=1)
    assert "2 problems:\n  line 5, column 'Kosten [kEUR]': the value is " in said
    _, _, printed = series(GERMAN, "--fill", "linear", target="Umsatz,Kosten")
    assert "Mended by --fill linear: 2 missing values." in printed
    assert "Left out: 1 row at the ends, where nothing can be filled in from." in printed


def test_newest_first_is_reversed(series):
    facts, _, printed = series("date,y\n2024-04,4\n2024-03,3\n2024-02,2\n2024-01,1\n")
    assert (facts["first_date"], facts["rows"]) == ("2024-01-01T00:00:00", 3)
    assert "The rows are newest first; they are used in reverse." in printed
    said = series("date,y\n2024-04,4\n2024-03,\n2024-02,2\n2024-01,1\n", code=1)
    assert "line 3, column 'y': the value is missing" in said
    said = series("date,y\n2024-03,3\n2024-01,2\n2024-02,1\n", code=1)
    assert "line 4, column 'date': 2024-02 comes after 2024-03" in said


def test_missing_values_and_dates_are_mended(series):
    text = "date,y,z\n2024-01,1,\n2024-02,,5\n2024-05,5,-\n2024-06,6,7\n2024-07,7,8\n2024-08,8,8\n"
    for fill, first, rows in (("forward", "02-01", 6), ("linear", "02-01", 6), ("drop", "06-01", 2)):
        facts, _, printed = series(text, "--fill", fill, target="y,z")
        assert (facts["first_date"][5:10], facts["rows"]) == (first, rows)
        assert f"--fill {fill}" in printed


def test_all_problems_of_a_series_at_once(series):
    said = series(
        "date,y\n2024-01-01,3\n2024-02-01,x\n2024-02-01,4\n2024-04-01,\n2024-05-03,5\n2024-04-31,7\n"
        "2024-05-01,8,9\n2024-06-01,9\n",
        code=1,
    )
    assert [line.strip() for line in said.splitlines()[1:]] == [
        "line 3, column 'y': 'x' is not a finite number",
        "line 4, column 'date': 2024-02-01 comes twice",
        "line 5, column 'date': the row of 2024-03-01 is missing before this one",
        "line 5, column 'y': the value is missing",
        "line 6, column 'date': 2024-05-03 is not a whole number of steps (month) after 2024-04-01",
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
    (["2024-01-01", "2024-01-02", "3024-01-03"], "not a whole number of steps"),  # a mistyped century
]


def test_what_is_no_series(series):
    all_hold(
        lambda cells, expected: expected in series(table(cells), code=1) or pytest.fail(expected), NO_SERIES
    )


CELLS = ["2024-01-31", "2024-02-29", "01/02/2024", "31.01.2024", "Jan 2024", "Q1 2024", "9999-12-31", "1999"]
CELLS += ["", "date", "y", "x (m)", "1", "1,5", "1.234", "n/a", "Total", "#", "# x", "-", '"a', "\u0663"]


@given(
    st.lists(st.lists(st.sampled_from(CELLS), max_size=4), max_size=8),
    st.sampled_from(",;\t"),
    st.sampled_from([[], ["--fill", "forward"], ["--fill", "linear"], ["--fill", "drop"]]),
)
def test_any_table_is_learnt_or_refused_in_words(tmp_path_factory, rows, mark, fill):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text("\n".join(mark.join(row) for row in [["date", "y"], *rows]), encoding="utf-8")
    train = ["train", str(path), "--target", "y", "--epochs", "1", "--hidden", "1", "--dates", "day-first"]
    with contextlib.redirect_stderr(io.StringIO()) as said:
        code = cli.main([*train, "-q", "-o", str(path.with_suffix(".json")), *fill])
    assert code in (0, 1, 2)
    assert "This is a bug" not in said.getvalue(), said.getvalue()
