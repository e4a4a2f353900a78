"""Tables and series: files, numbers, words, dates and steps; what is mended, and what
is refused."""

import re
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

import architect
from synapse import tables
from synapse.errors import SynapseError
from synapse.forecasting._frames import labels_beside
from synapse.tables._dates import find_date
from synapse.tables._encoding import choose_encoding
from synapse.tables._series import phase, season_of, step_name, unit_of
from synapse.tables._series_task import series_tasks
from synapse.tables._table import numbers, sequences
from tests.helpers.cases import all_hold, all_refused


def read(path, content, **options):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return tables.read_table(path, **options)


def refused(call, *arguments, **options):
    """The complaint of a call."""
    with pytest.raises(SynapseError) as told:
        call(*arguments, **options)
    return str(told.value)


@pytest.fixture
def echo(tmp_path):
    """A function that gives numbers of a table."""

    def numbers_of(content, *columns, **options):
        return numbers(read(tmp_path / "t.csv", content, **options), columns).tolist()

    return numbers_of


@pytest.fixture
def series(tmp_path):
    """A function that reads a series."""

    def of(content, *columns, **options):
        return tables.read_series(
            read(tmp_path / "t.csv", content), columns or ["y"], **options
        )

    return of


# --- files and numbers ----------------------------------------------------------------

TABLES = {
    "commas": "a,b\n1,2\n-3.5,4e1\n",
    "semicolons": "a;b\r\n1;2\r\n-3.5;4e1\r\n",
    "tabs": "a\tb\n1\t2\n-3.5\t4e1",
    "decimal commas": "a;b\n1,0;2\n-3,5;4e1\n",
    "a mark": "\ufeffa,b\n1,2\n-3.5,4e1\n",
    "comments": "# from somewhere, once\n\n# else\na,b\n1,2\n\n-3.5,4e1\n , \n",
    "quotes": 'a , "b"\n 1,"2"\n-3.5 , 4e1\n',
    "carriage returns": "# from\u2028somewhere\ra,b\r1,2\r\r-3.5,4e1\r",
    "units": "a (kEUR),b [K]\n1,2\n-3.5,40\n",
    "an index": ",a,b\n0,1,2\n1,-3.5,40\n",
}


def test_tables_in_all_their_clothes(echo, tmp_path):
    def check(content):
        assert echo(content, "b", "a") == [[2.0, 1.0], [40.0, -3.5]]

    all_hold(check, TABLES)
    assert echo('"Sales, kEUR";n\n1,5;2\n2,5;3\n', "Sales, kEUR") == [[1.5], [2.5]]
    assert echo("a;b\n1.234;x 1,5\n2.345;2\n", "a", decimal=".") == [[1.234], [2.345]]
    words = read(tmp_path / "t.csv", "a,b\n x ,True\ny,False\n#N/A,True\n")
    assert words["a"].tolist()[:2] == ["x", "y"]
    assert words["a"].isna().tolist() == [False, False, True]
    assert words["b"].tolist() == ["True", "False", "True"]


NUMBERS = {
    # cells of one column, decimal, numbers
    "999|1.234|1.250": (",", [999, 1234, 1250]),
    "100,5|1.234,50|-7": (None, [100.5, 1234.5, -7]),
    "1.234.567|12.345": (None, [1234567, 12345]),
    "1,206.72|999|\u22121,000": (None, [1206.72, 999, -1000]),
    "1'206.72|12'345'678": (None, [1206.72, 12345678]),
    "1\u202f206,72|12\u00a0345|1 000": (None, [1206.72, 12345, 1000]),
    "$1,206.72|$99.10|-$5": (None, [1206.72, 99.1, -5]),
    "1.206,72 \u20ac|99,10 \u20ac": (None, [1206.72, 99.1]),
    "EUR 105|EUR 106.5": (None, [105, 106.5]),
    "5 %|7.5%": (None, [5, 7.5]),
    "0.532|12.345": (None, [0.532, 12.345]),
    "1.5e-3|.5|2E1": (None, [0.0015, 0.5, 20]),
    "0.1|0.30000000000000004|123456789.123456789": (
        None,
        [0.1, 0.1 + 0.2, 123456789.123456789],
    ),
}


def test_numbers_as_people_write_them(echo, tmp_path):
    def check(cells, decimal, expected):
        for mark in ",;\t":
            content = f"a{mark}b\n" + "".join(
                f'"{cell}"{mark}x\n' for cell in cells.split("|")
            )
            assert [
                row[0] for row in echo(content, "a", decimal=decimal)
            ] == expected, mark

    all_hold(check, {cells: (cells, *case) for cells, case in NUMBERS.items()})
    notes = read(tmp_path / "t.csv", 'a;b\n"1.234,50";"1 EUR"\n100,5;2 EUR\n').attrs[
        "notes"
    ]
    assert notes == [
        "Marks of thousands are read in 'a': '1.234,50' is 1234.50.",
        "The unit 'EUR' of 'b' is left out.",
    ]
    assert read(tmp_path / "t.csv", "a,b\n1.5,x\n").attrs["notes"] == []


DOUBTFUL = {
    # a column, other columns, the separator, and what is read or refused
    "999|1.234|1.250": {
        "": "refused",
        "2,5": 1234,
        "2.5": 1.234,
        "48.1;2,5": "refused",
    },
    "1.234|2.345": {"": "refused", "2,5": 1234, "0.123": 1.234},
    "1,234|2,345": {"": 1.234, "2,5": 1.234, "2.5": 1234},
    "999|1,234|1,500": {"": "refused", "0,5": 1.234, "0.5": 1234},
}


def test_a_point_or_comma_that_may_be_either_is_asked_for(echo):
    """Never a number that is wrong by a factor of 1000 without a word."""
    for column, cases in DOUBTFUL.items():
        cells = column.split("|")
        at = next(place for place, cell in enumerate(cells) if not cell.isdigit())
        for others, expected in cases.items():
            others = (others + ";x").split(";")[:2]
            content = "a;b;c\n" + "".join(
                f"{cell};{';'.join(others)}\n" for cell in cells
            )
            if expected == "refused":
                said = refused(echo, content, "a")
                line = f"{cells[at]!r} in line {at + 2}, column 'a', may be"
                assert line in said, said
                assert "--decimal point or --decimal comma" in said
            else:
                assert echo(content, "a")[at] == [expected], (column, others)
    assert echo("a,b\n999,x\n1.234,y\n", "a") == [[999], [1.234]]
    assert echo('a,b\n999,x\n"1,234",y\n', "a") == [[999], [1234]]
    assert "may be" in refused(echo, "a\tb\n1,234\tx\n", "a")


def test_a_column_of_which_most_cells_are_numbers_is_one(series, echo):
    for bad in ("1.341x8", "105 EUR", "12.5", "n.v.", "1.2.3"):
        text = (
            "date;y\n"
            + "".join(f"2024-01-{day:02};{100 + day},5\n" for day in range(1, 9))
            + f"2024-01-09;{bad}\n"
        )
        for fill in (None, "linear"):
            said = refused(series, text, fill=fill)
            assert f"in line 10, column 'y', got '{bad}'. Correct it, or" in said
            assert said.endswith(f"--missing '{bad}' --fill linear.")


def test_rows_and_lines_where_quoted_cells_have_line_breaks(tmp_path, echo):
    content = (
        "name;y\n"
        + "".join(f'"place {i}\n# {i}";{i}\n' for i in range(12))
        + '# it\'s "over"\nx;y\n'
    )
    sheet = read(tmp_path / "t.csv", content)
    assert sheet["name"].tolist()[:2] == ["place 0\n# 0", "place 1\n# 1"]
    assert sheet.index.tolist() == [*range(2, 26, 2), 27]
    assert "in line 27, column 'y', got 'y'" in refused(echo, content, "y")
    assert echo('"a\nin kEUR";b\n1;2\n', "a in kEUR") == [[1]]
    assert echo("sep=;\na,x;b\n1;2\n", "a,x") == [[1]]
    assert echo('a;b\n5" pipe;2\n6" pipe;3\n', "b") == [[2], [3]]


def test_encodings_and_missing_cells_can_be_named(tmp_path):
    content = "Gr\u00f6\u00dfe;n\r\n1,5;?\r\n2,5;3\r\n"
    for encoding, option in (
        ("cp1252", "cp1252"),
        ("utf-16", None),
        ("utf-8-sig", None),
        ("utf-8", "utf-8-sig"),
    ):
        sheet = read(
            tmp_path / "t.csv", content.encode(encoding), encoding=option, missing=["?"]
        )
        assert sheet["Gr\u00f6\u00dfe"].tolist() == [1.5, 2.5]
        assert sheet["n"].isna().tolist() == [True, False]
    assert "no encoding 'ansi-x'" in refused(
        read, tmp_path / "t.csv", content, encoding="ansi-x"
    )
    for encoding in ("ascii", "hex"):
        assert "not text in" in refused(
            read, tmp_path / "t.csv", content, encoding=encoding
        )


NO_TABLES = {
    "": "got no text",
    "a,b\n": "no rows",
    "a,b\n#1,2\n#3,4\n": r"no rows. Left out: 2 lines with # .* \(lines 2, 3\)",
    "#a,b\n1,2\n": "must name the columns.* If line 1 has the names, remove its #",
    "1,2\n3,4\n": "must name the columns, got '1', '2'",
    'a,b\n1,"2\n': "is not CSV: the quote that opens in line 2 is not closed",
    b"PK\3\4..opendocument.spreadsheet": r"a spreadsheet .* Save the table as .xlsx",
    b"a,b\n\0,1\n": "not text in UTF-8. Save it as CSV",
    "Gr\u00f6\u00dfe,b\n1,1\n".encode(
        "cp1252"
    ): "not text in UTF-8.* name its encoding, such as --encoding cp1252",
    f"a,{'b' * 200_000}\n1,2\n": "is not CSV: field larger than field limit",
    "# c\na,b\n1,2\n1,2,3\n": "Expected 2 cells in line 4 .*, got 3",
    "a,b\n1,2,3\n1,2,3\n": "Expected 2 cells in line 2 .* as names, got 3",
    "a,b\n1,2\n\n3\n": "line 4, column 'b', got no value",
    "a,b\n1,2\n1,x\n1,\n1,2\n1,y\n1,4\n": (
        "in line 3, column 'b', got 'x'; 1 other cell .* --missing 'x'"
    ),
    'a,b\n"x\ny",2\n\n1,2,3\n': "Expected 2 cells in line 5 .*, got 3",
    "a,b [K],b [m]\n1,2,3\n": r"'b' may be 'b \[K\]', 'b \[m\]'",
    "A,c\n1,2\n": "no column 'a'.* It has 'A', 'c'. Did you mean 'A'",
}


def test_what_is_no_table_is_refused(echo, tmp_path):
    def check(content, expected):
        said = refused(echo, content, "a", "b")
        assert re.search(expected, said, re.DOTALL), said

    all_hold(check, list(NO_TABLES.items()))
    for cell in (
        "x",
        "inf",
        "1_000",
        "1.5.2",
        "0x1",
        "1e999",
        "1 23",
        "\u0663",
        "$1",
        "1.23,5",
    ):
        said = refused(echo, f"# c\na;b\n1;2\n1;{cell}\n", "a", "b")
        assert "a finite number in line 4, column 'b', got " in said, cell
    assert "column 'a', got '2,5'" in refused(
        echo, "a;b\n1.234;1\n2,5;2\n", "a", decimal="."
    )
    with pytest.raises(SynapseError, match=r"continues after another one in line 4\.$"):
        sequences(read(tmp_path / "s.csv", "s,a\nx,1\ny,2\nx,3\n"), "s")


def test_missing_values_and_dates_are_mended(series):
    def check(cell):
        text = f"a,b\n,1\n1,2\n1,{cell}\n7,4\n7,{cell}\n"
        assert "line 2, column 'a', got no value; 2 other cells" in refused(
            series, text, "a", "b"
        )
        for fill, rows in (
            ("forward", [[1, 2], [1, 2], [7, 4], [7, 4]]),
            ("linear", [[1, 2], [1, 3], [7, 4]]),
        ):
            assert series(text, "a", "b", fill=fill).to_numpy().tolist() == rows

    all_hold(check, ["", "NA", "n/a", "-", "NaN", "null", "#N/A"])
    text = "date,y,z\n2024-01,1,\n2024-02,,5\n2024-05,5,-\n"
    text += "2024-06,6,7\n2024-07,7,8\n2024-08,8,8\n"
    for fill, y in (
        ("forward", [1, 1, 1, 5, 6, 7, 8]),
        ("linear", [2, 3, 4, 5, 6, 7, 8]),
    ):
        frame = series(text, "y", "z", fill=fill)
        assert (frame.index[0], step_name(frame)) == (
            pd.Timestamp("2024-02-01"),
            "month",
        )
        assert frame["y"].tolist() == y
    assert "leaves no row" in refused(series, "y,z\n1,\n,2\n", "y", "z", fill="linear")


WITHOUT_NAMES = {
    # rows, and the cells of the first that give it away; None: they are names
    "M,0.0,0\nF,0.1,1\nM,0.2,2\n": "'0.0', '0'",
    "5.1,3.5,setosa\n4.9,3.0,setosa\n": "'5.1', '3.5'",
    "2020-01-01,low\n2020-01-02,high\n": "'2020-01-01'",
    "yes,red\nno,blue\nyes,blue\nno,red\n": "'yes', 'red'",
    "shop;1,5\nshop;2,5\n": "'1,5'",
    "1,2\n3,4\n": "'1', '2'",
    "a,a,1\nb,a,2\n": "'1'",
    "country,1990,1991\nFR,2,3\nDE,3,4\n": None,
    "shop,1/22/20,1/23/20\nx,2,3\ny,3,4\n": None,
    ",0,1,2\n0,5.5,6,7\n1,8,9,9\n": None,
    "Q1,answer\nA,red\nB,blue\n": None,
}


def test_a_first_row_of_values_does_not_become_the_names(tmp_path):
    path = tmp_path / "t.csv"

    def check(content, cells):
        if cells is None:
            assert len(read(path, content)) == content.count("\n") - 1
            return
        said = refused(read, path, content)
        assert f"got {cells}" in said
        assert "no row of names, pass --header no" in said
        whole = read(path, content, header=False)
        assert whole.columns.tolist() == [
            f"column {place}" for place in range(1, whole.shape[1] + 1)
        ]
        assert whole.index.tolist() == [*range(1, content.count("\n") + 1)]

    all_hold(check, list(WITHOUT_NAMES.items()))
    assert read(path, "1,2\n3,4\n", header=True).columns.tolist() == ["1", "2"]
    (note,) = read(path, "country,1990,1991\nFR,2,3\n").attrs["notes"]
    assert note.startswith("The first row names the columns, '1990', '1991' among")
    assert "line 3" in refused(read, path, "a,1\nb,2\nb,2,3\n", header=False)


def test_what_is_left_out_is_counted(tmp_path):
    rows = "".join(f"{'#' * (i % 2)}{i},{i}.5\n" for i in range(20))
    sheet = read(tmp_path / "t.csv", "# of 2024\nid,y\n" + rows + ",\n , \n")
    assert sheet.attrs["notes"] == [
        "Left out: 10 lines with # at the beginning (lines 4, 6, 8, 10, 12, 14 and 4"
        ' others). If these are rows, put the cell in quotes: "#1".',
        "Left out: 2 rows without a value (lines 23, 24).",
    ]
    quoted = read(tmp_path / "t.csv", 'id,y\n"#1",2\n#2,3\n"a",4\n')
    assert quoted["id"].tolist() == ["#1", "a"]
    assert "1 line with # at the beginning (line 3)" in quoted.attrs["notes"][0]


def test_lines_above_the_names_are_skipped_and_count(tmp_path):
    path = tmp_path / "t.csv"
    content = "Sales of 2024\n\nsource: till\na;b\n1;2\n\n3;x\n"
    said = refused(read, path, content)
    assert "'Sales of 2024', which looks like a title" in said
    assert "If line 4 has the names, pass --skip-rows 3;" in said
    sheet = read(path, content, skip_rows=3)
    assert sheet.index.tolist() == [5, 7]
    assert sheet.columns.tolist() == ["a", "b"]
    assert "got no text" in refused(read, path, content, skip_rows=9)


def test_rows_of_totals_are_named_and_left_out(tmp_path):
    path = tmp_path / "t.csv"
    shops = "day,shop,sold\n1,A,10\n2,A,20\n,Total A,30\n1,B,5\n,Total B,5\n"
    content = shops + ",Grand total,35\n"
    (note,) = read(path, content).attrs["notes"]
    assert note.startswith("The table has 3 rows of totals (lines 4, 6, 7), which")
    assert note.endswith("To leave out such rows, pass --without-totals.")
    sheet = read(path, content, without_totals=True)
    assert sheet["shop"].tolist() == ["A", "A", "B"]
    assert sheet.attrs["notes"] == ["Left out: 3 rows of totals (lines 4, 6, 7)."]
    # a label in a column of numbers; a row without one
    years = read(path, "year,n\n2001,1\n2002,5\nSumme:,6\n", without_totals=True)
    assert years["year"].tolist() == [2001, 2002]
    assert years["year"].dtype == int
    sums = "shop,n,m\na,1.1,2\nb,2.2,3\nc,3.3,4\n,6.6,{}\n"
    assert len(read(path, sums.format(9), without_totals=True)) == 3
    for other in (sums.format(8), "kind,n\ntotal,1\npart,2\n", "a,b\n1,2\n,3\n"):
        assert read(path, other, without_totals=True).attrs["notes"] == []


FILES = {
    b"ARROW1\0\0": r"a Feather \(Arrow\) file.*read_feather",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file.*read_hdf",
    b"SQLite format 3\0": "a SQLite database.*sqlite3 -csv",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "a spreadsheet .*Save the table as CSV",
    b"PK\3\4 mimetypeapplication/vnd.oasis.opendocument.spreadsheet": "spreadsheet",
    b"PK\3\4 x.csv": "a zip file.* Unpack it",
    b"\x1f\x8b\x08": "a gzip file.* Unpack it",
    b"BZh9\0": "a bzip2 file.* Unpack it",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"<!DOCTYPE html>\n<p>": r"a page \(HTML or XML\), not CSV",
    b'[{"a": 1}]': "it is JSON, not CSV",
}


def test_files_of_other_kinds_are_named(tmp_path):
    def check(content, expected):
        for encoding in (None, "latin-1"):
            said = refused(read, tmp_path / "t.csv", content, encoding=encoding)
            assert re.search(expected, said), said

    all_hold(check, list(FILES.items()))
    sheet = read(tmp_path / "t.csv", "PAR1,ORC\n1,2\n")
    assert sheet.columns.tolist() == ["PAR1", "ORC"]


# --- dates ----------------------------------------------------------------------------

DATES = {
    "2024-1-30|2024-1-31|2024-2-1": ("2024-01-30", "day", "2024-02-02"),
    "20240130|20240131|20240201": ("2024-01-30", "day", "2024-02-02"),
    "01.02.2024|01.03.2024|01.04.2024": ("2024-02-01", "month", "2024-05-01"),
    "01/30/2024|01/31/2024|02/01/2024": ("2024-01-30", "day", "2024-02-02"),
    "30/01/2024|31/01/2024|01/02/2024": ("2024-01-30", "day", "2024-02-02"),
    "30 Jan 2024|31 Jan 2024|1 Feb 2024": ("2024-01-30", "day", "2024-02-02"),
    "May 2024|Jun 2024|Jul 2024": ("2024-05-01", "month", "2024-08-01"),
    "2024-01-31|2024-02-29|2024-03-31": ("2024-01-31", "month", "2024-04-30"),
    "2024Q2|2024-Q3|2024Q4": ("2024-04-01", "quarter", "2025-01-01"),
    "1987|1988|1989": ("1987-01-01", "year", "1990-01-01"),
    "2024-01-03|2024-01-02|2024-01-01": (
        "2024-01-01",
        "day",
        "2024-01-04",
    ),  # the newest first
    "2024-01-30 22:00|2024-01-30 23:00|2024-01-31": (
        "2024-01-30T22",
        "hour",
        "2024-01-31T01",
    ),
    "01.12.22|02.12.22|03.12.22": ("2022-12-01", "day", "2022-12-04"),
    "1/30/24|1/31/24|2/1/24": ("2024-01-30", "day", "2024-02-02"),
    "30.01.2024 14:30|30.01.2024 14:45|30.01.2024 15:00": (
        "2024-01-30T14:30",
        "15 minutes",
        "2024-01-30T15:15",
    ),
    "01/30/2024 2:30 PM|01/31/2024 2:30 PM|02/01/2024 2:30 PM": (
        "2024-01-30T14:30",
        "day",
        "2024-02-02T14:30",
    ),
    "Jan 30, 2024|Jan 31, 2024|Feb 1, 2024": ("2024-01-30", "day", "2024-02-02"),
    "30-Jan-24|31-Jan-24|1-Feb-24": ("2024-01-30", "day", "2024-02-02"),
    "Jan-10|Feb-10|Mar-10": ("2010-01-01", "month", "2010-04-01"),
    "01.2024|02.2024|03.2024": ("2024-01-01", "month", "2024-04-01"),
    "2018-W51|2018-W52|2019W01": ("2018-12-17", "week", "2019-01-07"),
    "2024M01|2024M02|2024M03": ("2024-01-01", "month", "2024-04-01"),
    "Q1 2024|Q2 2024|Q3/2024": ("2024-01-01", "quarter", "2024-10-01"),
    "202411|202412|202501": ("2024-11-01", "month", "2025-02-01"),
    "45321|45322|45323": ("2024-01-30", "day", "2024-02-02"),
    "45321.25|45321.5|45321.75": ("2024-01-30T06", "6 hours", "2024-01-31"),
    "1706569200|1706572800|1706576400": (
        "2024-01-29T23Z",
        "hour",
        "2024-01-30T02Z",
    ),
    "1706572800000|1706659200000|1706745600000": (
        "2024-01-30T00Z",
        "day",
        "2024-02-02T00Z",
    ),
    "15.01.2024|15.02.2024|15.03.2024": ("2024-01-15", "month", "2024-04-15"),
    "2020-07-15|2020-10-15|2021-01-15": ("2020-07-15", "quarter", "2021-04-15"),
    "2021-07-04|2022-07-04|2023-07-04": ("2021-07-04", "year", "2024-07-04"),
    "2024-01-30T12+01:00|2024-01-31T12+01:00|2024-02-01T12+01:00": (
        "2024-01-30T12+01:00",
        "day",
        "2024-02-02T12+01:00",
    ),
    # an hour each
    "2024-03-31T01:00+01:00|2024-03-31T03:00+02:00|2024-03-31T04:00+02:00": (
        "2024-03-31T00Z",
        "hour",
        "2024-03-31T03Z",
    ),
}


def table(cells, name="date"):
    return f"{name};y\n" + "".join(
        f"{cell};{place}\n" for place, cell in enumerate(cells)
    )


def test_forms_of_dates(series):
    def check(cells, expected):
        frame = series(table(cells.split("|")))
        start, step, after = expected
        assert (frame.index[0], step_name(frame)) == (pd.Timestamp(start), step)
        assert [*labels_beside(frame.index, 1)] == [pd.Timestamp(after)]

    all_hold(check, {cells: (cells, expected) for cells, expected in DATES.items()})
    german = series(table(["30.01.24", "31.01.24", "01.02.24"]), dates="%d.%m.%y")
    assert german.index[-1] == pd.Timestamp("2024-02-01")
    words = series(table(["1. M\u00e4rz 2024", "1. April 2024", "1. Mai 2024"]))
    assert (words.index[0], step_name(words)) == (pd.Timestamp("2024-03-01"), "month")
    for dates, step in (("%d/%m/%Y", "month"), ("%m/%d/%Y", "day")):
        assert (
            step_name(
                series(table(["01/02/2024", "01/03/2024", "01/04/2024"]), dates=dates)
            )
            == step
        )
    said = refused(series, table(["01/02/2024", "01/03/2024", "01/04/2024"]))
    assert (
        "may be 01 February 2024 or 02 January 2024. Pass --dates %d/%m/%Y or" in said
    )


@pytest.mark.parametrize("step", ["D", "h", "15min", "MS", "W"])
def test_the_time_zone_of_a_frame_stays_one(step):
    """Over a change of the clock, in which the offset from UTC is another one."""
    times = pd.date_range("2024-03-20", periods=1000, freq=step, tz="Europe/Berlin")
    for count in (9, 990):
        frame = pd.DataFrame({"y": np.arange(float(count))}, times[:count])
        for sheet in (frame, frame.reset_index(names="when"), frame[::-1]):
            series = tables.read_series(sheet, ["y"])
            assert [*series.index] == [*times[:count]]
            assert str(series.index.tz) == "Europe/Berlin"
            assert [*labels_beside(series.index, 10)] == [*times[count : count + 10]]
            assert (
                phase(series.iloc[5:].asfreq(series.index.freq), times[0].isoformat())
                == 5
            )


def test_the_nights_in_which_clocks_are_changed(series):
    """No date comes twice and none is missing, if the zone is named; and the sentence
    says so."""
    for night, expected in (
        ("2023-10-28 22:00", "occurs twice"),
        ("2024-03-30 22:00", "is missing"),
    ):
        times = pd.date_range(night, periods=12, freq="h", tz="Europe/Berlin")
        cells = [f"{time:%Y-%m-%d %H:%M}" for time in times]
        said = refused(series, table(cells))
        assert expected in said
        assert "--zone Europe/Berlin" in said
        for written in (cells, cells[::-1], [time.isoformat() for time in times]):
            assert [*series(table(written), zone="Europe/Berlin").index] == [*times]
    midnights = [
        time.isoformat()
        for time in pd.date_range("2024-03-30", periods=4, tz="Europe/Berlin")
    ]
    assert step_name(series(table(midnights), zone="Europe/Berlin")) == "day"
    assert "--zone Europe/Berlin" in refused(series, table(midnights))
    for cells, zone, expected in (
        (
            ["2024-03-31 01:00", "2024-03-31 02:00", "2024-03-31 03:00"],
            "Europe/Berlin",
            "no such time in",
        ),
        (
            ["2024-03-31", "2024-04-01", "2024-04-02"],
            "Mars/Base",
            "no time zone 'Mars/Base'",
        ),
    ):
        assert expected in refused(series, table(cells), zone=zone)
    doubled = ["2024-01-05 10:00", "2024-01-05 11:00", "2024-01-05 11:00"]
    assert "name it: --sequence COLUMN" in refused(series, table(doubled))


STEPS = {
    "second": ("s", 1),
    "15 minutes": ("15min", 96),
    "hour": ("h", 24),
    "day": ("D", 7),
    "business day": ("B", 5),
    "week": ("W", 52),
    "2 weeks": ("2W", 26),
    "month": ("MS", 12),
    "quarter": ("QE", 4),
    "year": ("YS", 1),
    "5 years": ("5YS", 1),
}


def test_steps_are_those_of_pandas_also_with_gaps(series):
    def check(name, frequency, season):
        dates = pd.date_range("1981-03-02", periods=36, freq=frequency)
        cells = [f"{date:%Y-%m-%d %H:%M:%S}" for date in dates[:30]]
        frame = series(table(cells))
        assert (step_name(frame), season_of(frame)) == (name, season)
        assert [*labels_beside(frame.index, 6)] == [*dates[30:]]
        later = frame.iloc[5:].asfreq(frame.index.freq)
        assert (
            phase(later, dates[0].isoformat()),
            phase(frame, dates[5].isoformat()),
        ) == (5, -5)
        del cells[20:22]
        said = refused(series, table(cells))
        assert (
            f"The row of {dates[20]} is missing, and 1 more. To fill it in, pass --fill"
            " forward or" in said
        )
        assert [*series(table(cells), fill="linear").index] == [*dates[:30]]

    all_hold(check, {name: (name, *case) for name, case in STEPS.items()})


def test_which_column_has_the_dates(series):
    for text in ("x,y\n1001,2\n1002,3\n1003,4\n", "y,x\n1,1999\n2,2000\n2,2001\n"):
        assert step_name(series(text)) is None
    text = "y,x,z\n1,1999,2024-01-01\n2,2000,2024-01-02\n4,2001,2024-01-03\n"
    assert step_name(series(text)) == "day"
    assert step_name(series(text, date="x")) == "year"
    for cell in (
        "Total",
        "3.5",
        "2024-13",
        "2024-02-30",
        "31.04.2024",
        "2024-01-31 25:00",
        "9" * 500,
    ):
        said = refused(series, table([cell, cell, cell, "2024-01-02"]), date="date")
        assert (
            "The column 'date' must have dates, such as 2024-01-31, Jan 2024 or"
            " 31.01.2024, got" in said
        )
    frame = pd.DataFrame(
        {"y": [1.0, 2.0, 3.0]}, pd.date_range("2024-01-01", periods=3, freq="MS")
    )
    assert step_name(tables.read_series(frame, ["y"])) == "month"


def numbered(cells, name):
    return "".join(f"{cell};{place}\n" for place, cell in enumerate(cells, 1)).join(
        [f"{name};y\n", ""]
    )


DAYS = [f"{time:%Y%m%d}" for time in pd.date_range("2024-01-25", periods=20)]
TIMES = {
    # a name and numbers: the step, or None if they are no times
    "yr": (range(1990, 2010), "year"),
    "season": (range(1990, 2010), "year"),
    "unix_time": (range(1577836800, 1577836820), "second"),
    "recorded at": (range(1577836800, 1577836800 + 86400 * 20, 86400), "day"),
    "orderDate": (range(43831, 43851), "day"),
    "yyyymm": ([2023 * 100 + month for month in range(1, 13)], "month"),
    "period (all)": ([*range(202307, 202313), *range(202401, 202407)], "month"),
    "p": ([*range(202307, 202313), *range(202401, 202407)], "month"),
    "d": (DAYS, "day"),
    "size": (range(1990, 2010, 2), None),
    "price": (range(43831, 43851), None),
    "order no": (range(1990, 2010), None),
    "order": (range(1577836800, 1577836820), None),
    "time": ([43831, 30000, 52000, 41000] * 5, None),
    "x": ([*range(1990, 2000), *range(1990, 2000)], None),
    "pages": (range(202301, 202313), None),
    "few": (range(1990, 1995), None),
}


def test_numbers_that_are_times(series, tmp_path):
    """By their name and their order, or by what no other numbers look like."""

    def check(name, cells, step):
        text = numbered(cells, name)
        frame = series(text)
        assert step_name(frame) == step
        assert frame["y"].tolist() == [*range(1, len(cells) + 1)]
        found = find_date(read(tmp_path / "t.csv", text))
        assert (found is None) == (step is None)
        words = {"yr", "unix_time", "orderDate", "yyyymm", "period (all)"}
        if found is not None:
            assert f"{name!r} is read as " in found.note
            assert found.guessed == ("a guess" in found.note) == (name not in words)

    all_hold(check, {name: (name, *case) for name, case in TIMES.items()})
    text = "n;date;y\n" + "".join(f"{1990 + i};{day};1\n" for i, day in enumerate(DAYS))
    assert series(text).index.name == "date", "a guess comes last"
    shops = "shop;Date;y\n" + "".join(
        f"{shop};{43831 + day};{day}\n" for shop in "ab" for day in range(9)
    )
    sheet = read(tmp_path / "t.csv", shops)
    several = tables.read_several(sheet, ["y"], "shop")
    assert [step_name(frame) for frame in several.values()] == ["day", "day"]


PARTED = {
    # the names of columns, and the dates that their cells are
    "Year,Month": ("%Y,%m", "MS", "month"),
    "Jahr,Monat,Tag": ("%Y,%m,%d", "D", "day"),
    "Month,Year": ("%b,%Y", "MS", "month"),
    "month (name),year": ("%B,%Y", "MS", "month"),
    "No,year,month,day,hour": ("7,%Y,%m,%d,%H", "h", "hour"),
    "Quarter,YEAR": ("Q{time.quarter},%Y", "QS", "quarter"),
    "year,week": ("%G,%V", "W-MON", "week"),
}


def test_dates_whose_parts_have_a_column_each(series):
    def check(names, form, frequency, step):
        times = pd.date_range("2022-10-01", periods=40, freq=frequency)
        rows = "".join(
            time.strftime(form).format(time=time) + f",{place}\n"
            for place, time in enumerate(times)
        )
        frame = series(f"{names},y\n{rows}")
        assert [*frame.index] == [*times]
        assert step_name(frame) == step

    all_hold(check, {names: (names, *case) for names, case in PARTED.items()})
    rows = "".join(f"{year},{month},1\n" for year in (2023, 2024) for month in (1, 13))
    said = refused(series, f"Year,Month,y\n{rows}")
    assert "2023-01-01 00:00:00 occurs twice, again in line 3" in said
    yearly = "".join(f"{year},7,{year}\n" for year in range(1990, 2000))
    assert series(f"Year,Month,y\n{yearly}").index.name == "Year"


NO_SERIES = [
    (["2024-01-01", "2024-01-02"], "three or more dates that step evenly"),
    (
        ["2024-01-01", "2024-01-02", "2024-01-02"],
        "2024-01-02 00:00:00 occurs twice, again in line 4",
    ),
    (["2024-01-01", "", "2024-01-03"], "a date in line 3, column 'date', got no value"),
    (
        ["2024-01-01", "2024-01-02", "31.01.2024"],
        "a date in line 4, column 'date', got '31.01.2024'",
    ),
    (
        ["2024-01-01", "2024-01-02", "2124-01-03"],
        "three or more dates that step evenly",
    ),  # the century
    (
        [*(f"2024-{month:02}-01" for month in range(1, 7)), "2024-08-15"],
        (
            "line 8, 2024-08-15 00:00:00, must be a whole number of steps \\(month\\)"
            " after 2024-01-01"
        ),
    ),
]


def test_what_is_no_series(series):
    def check(cells, expected):
        for fill in (None, "linear"):
            said = refused(series, table(cells), fill=fill)
            assert re.search(expected, said), said

    all_hold(check, NO_SERIES)


CELLS = [
    "2024-01-31",
    "2024-02-29",
    "01/02/2024",
    "31.01.2024",
    "Jan 2024",
    "2024Q1",
    "9999-12-31",
    "1999",
]
CELLS += [
    "",
    "date",
    "y",
    "x (m)",
    "1",
    "1,5",
    "1.234",
    "n/a",
    "Total",
    "#",
    "# x",
    "-",
    '"a',
    "\u0663",
]


@given(
    st.lists(st.lists(st.sampled_from(CELLS), max_size=4), max_size=8),
    st.sampled_from(",;\t"),
    st.sampled_from([None, "forward", "linear"]),
)
def test_any_table_is_read_or_refused_in_words(tmp_path_factory, rows, mark, fill):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    text = "\n".join(mark.join(row) for row in [["date", "y"], *rows])
    try:
        frame = tables.read_series(read(path, text), ["y"], fill=fill)
    except SynapseError:
        return
    assert np.isfinite(frame.to_numpy()).all()


def test_words_numbers_and_identifiers_become_inputs(tmp_path):
    text = "Customer ID,city,age,note,empty\n" + "".join(
        f"{100 + i},{'Rome' if i % 3 else 'Oslo'},{i if i % 5 else ''},text {i},\n"
        for i in range(1, 13)
    )
    sheet = read(tmp_path / "t.csv", text)
    encoding, notes = choose_encoding(sheet, sheet.columns)
    assert encoding.inputs == ["age", "city=Oslo", "city=Rome"]
    assert notes[0].startswith(
        "Left out: 'Customer ID', 'note', 'empty' (identifiers, or empty)."
    )
    assert "To use such numbers, name them with --inputs" in notes[0]
    assert choose_encoding(sheet, ["Customer ID"], named=True)[0].inputs == [
        "Customer ID"
    ]
    assert "--inputs" not in "".join(
        choose_encoding(sheet, ["age", "note"], named=True)[1]
    )
    rows, notes = encoding.rows(
        read(tmp_path / "u.csv", "city,age\nRome,4\nParis,n/a\n")
    )
    assert rows.tolist() == [[4, 0, 1], [encoding.medians["age"], 0, 0]]
    assert encoding.medians["age"] == np.median([1, 2, 3, 4, 6, 7, 8, 9, 11, 12])
    assert notes[0] == "1 missing value of 'age': the median, 6.5."
    assert "'Paris'" in notes[1]


def test_wrong_arguments_are_one_sentence(tmp_path):
    sheet = read(tmp_path / "t.csv", "x,y\n" + "1,2\n" * 20)
    series = tables.read_series(sheet, ["y"])
    learning = tables.TrainingOptions()
    settings = {
        "build": "oracle",
        "hidden": [0],
        "rate": -1,
        "epochs": 0.5,
        "validation": 1,
        "seed": -1,
    }
    settings |= {"progress": 3}
    reading = {"fill": "zero"}
    task = {"steps": 0, "period": 0.5, "validation": -0.1}
    told = [
        (partial(tables.TrainingOptions, **{name: settings[name]}), name)
        for name in settings
    ]
    told += [
        (partial(tables.read_series, sheet, ["y"], **{name: reading[name]}), name)
        for name in reading
    ]
    told += [
        (partial(series_tasks, series, ["y"], **{name: task[name]}), name)
        for name in task
    ]
    told += [
        (partial(tables.read_table, None), "path"),
        (partial(tables.read_table, "t.csv", skip_rows=-1), "skip_rows"),
        (partial(tables.read_table, "t.csv", without_totals=1), "without_totals"),
        (partial(tables.read_series, None, ["y"]), "a DataFrame, got None"),
        (partial(tables.read_series, sheet, [3]), "name of a column"),
        (partial(tables.train_series, None, ["y"], learning), "a DataFrame, got"),
        (partial(tables.train_series, series, ["x"], learning), "column of the task"),
        (partial(tables.train_series, series, ["y"], 3), "a TrainingOptions, got"),
        (partial(tables.train_rows, sheet, ["y"], None, {}), "a TrainingOptions, got"),
        (partial(tables.train_rows, sheet, ["y"], None, learning, ahead=-1), "ahead"),
        (
            partial(tables.train_rows, sheet, [], None, learning),
            "a column to predict, got none",
        ),
        (
            partial(tables.train_rows, sheet, ["y"], ["x", "y"], learning),
            "one use only, got two of 'y'",
        ),
        (
            partial(tables.train_rows, sheet, ["y", "y"], None, learning),
            "one use only, got two of 'y'",
        ),
        (
            partial(tables.train_rows, sheet, ["y"], None, learning, ignore=["z"]),
            "no column 'z'",
        ),
        (
            partial(
                tables.predict_rows, architect.Perceptron(1, 1), sheet, in_order=True
            ),
            "have 1 column, got",
        ),
        (
            partial(tables.train_series, series, [], learning),
            "a column to predict, got none",
        ),
        (
            partial(tables.train_series, series, ["y"], learning, known=["y"]),
            "one use only, got two of 'y'",
        ),
        (partial(tables.predict_rows, None, sheet), "a Network, got None"),
        (
            partial(tables.predict_series, architect.GRU(1, 1, 1), series),
            "does not forecast a series",
        ),
    ]
    all_refused([(call, SynapseError, message) for call, message in told])


def test_a_trained_network_is_ready_to_forecast_and_predict(tmp_path):
    text = "_,Shop (id),kind,y\n" + "".join(
        f"{i}.5,{i // 8},{'ab'[i % 2]},1.23{i % 7}\n" for i in range(40)
    )
    sheet = read(tmp_path / "t.csv", text)
    learning = tables.TrainingOptions(build="elman", hidden=[2], epochs=1)
    trained = tables.train_rows(sheet, ["y"], None, learning, sequence="Shop")
    assert [neuron.name for neuron in trained.model.network.input] == [
        "_",
        "kind=a",
        "kind=b",
    ]
    assert tables.predict_rows(trained.model, sheet, sequence="Shop")[0].shape == (
        40,
        1,
    )
    series = tables.read_series(sheet, ["y"])
    network = tables.train_series(series, ["y"], learning).model
    assert tables.forecast_series(network, series, 3)[0].shape == (3, 1)
    untrained = architect.Perceptron(1, 1, seed=0)
    untrained.metadata = {"encoding": "utf-8", "targets": 3}
    all_refused(
        [
            (
                lambda: tables.forecast_series(network, series, 0, method="mean"),
                SynapseError,
                "`steps`",
            ),
            (
                lambda: tables.predict_rows(untrained, sheet),
                SynapseError,
                "no column 'input 0'",
            ),
            (
                lambda: tables.forecast_series(untrained, series, 1),
                SynapseError,
                "does not forecast a series",
            ),
        ]
    )


def test_a_verdict_beside_an_error_of_0(tmp_path):
    sheet = read(
        tmp_path / "t.csv", "x,y\n" + "".join(f"{i % 7},5\n" for i in range(60))
    )
    trained = tables.train_rows(sheet, ["y"], None, tables.TrainingOptions(epochs=2))
    assert (
        "not worth it: its error is more than 1000 times that"
        in trained.facts["verdict"]
    )


def test_one_network_reads_series_in_units_of_their_own(tmp_path):
    """It forecasts series that it has not learned, too, and in their units."""
    rng = np.random.default_rng(0)
    steps = np.arange(60)
    waves = {
        "a": np.sin(steps / 2),
        "b": 1e4 * (np.sin(steps / 2) + 3),
        "short": np.sin(steps[:17] / 2),
    }
    rows = [
        f"{name};{value + rng.normal(0, 0.01):.4f}"
        for name, wave in waves.items()
        for value in wave
    ]
    sheet = read(tmp_path / "t.csv", "\n".join(["shop;y", *rows]))
    learning = tables.TrainingOptions(hidden=[4], epochs=100)
    several = tables.read_several(sheet, ["y"], "shop")
    assert {name: len(shop) for name, shop in several.items()} == {
        name: len(wave) for name, wave in waves.items()
    }
    tasks, notes = series_tasks(several, ["y"], steps=3)
    assert (notes, len({task.steps for task in tasks}), tasks[0].scale.lags) == (
        [],
        1,
        tasks[1].scale.lags,
    )
    network = tables.train_series(several, ["y"], learning, steps=3).model
    new = read(
        tmp_path / "t.csv", "\n".join(["shop;y", *rows[:60]]).replace("a;", "x;")
    )
    shop = tables.read_several(new, ["y"], "shop")["x"]
    other = 10 * shop + 5
    options = {"method": "network", "coverage": 0.9}
    ahead, bounds = (
        tables.forecast_series(network, each, 5, **options)[0] for each in (shop, other)
    )
    np.testing.assert_allclose(bounds.mean, 10 * ahead.mean + 5)
    np.testing.assert_allclose(bounds.upper, 10 * ahead.upper + 5)
    np.testing.assert_allclose(
        tables.predict_series(network, other),
        10 * tables.predict_series(network, shop) + 5,
    )
    np.testing.assert_allclose(
        ahead.mean[:, 0], np.sin(np.arange(60, 65) / 2), atol=0.2
    )


def test_sixty_files_of_ten_kinds(tmp_path):
    """Those of the study: the page names what is not read."""
    reading = pytest.importorskip("studies.reading")
    files = {
        name: case
        for written in reading.files().values()
        for name, case in written.items()
    }
    missed = []
    for name, (content, truth) in files.items():
        (tmp_path / "t.csv").write_text(content, encoding="utf-8")
        result = reading.outcome(reading.by_synapse, tmp_path / "t.csv", truth)
        missed += [name] * (result != "right")
    assert (len(files), missed) == (60, ["31012024", "1234.50 CR"])
    page = reading.REPORT.read_text(encoding="utf-8")
    assert all(f"`{name}` (not read)" in page for name in missed)


def test_a_step_is_named_in_words_whatever_its_unit():
    """By the codes of pandas: no code gets the s of a plural."""
    names = {
        "500ms": "500 milliseconds",
        "250us": "250 microseconds",
        "ns": "nanosecond",
        "30s": "30 seconds",
        "15min": "15 minutes",
        "6h": "6 hours",
        "2D": "2 days",
        "2W-MON": "2 weeks",
        "B": "business day",
        "2SMS": "2 half months",
        "bh": "business hour",
        "CBMS": "month",
        "3MS": "3 months",
        "2QS": "2 quarters",
        "5YS": "5 years",
    }
    offset = pd.tseries.frequencies.to_offset
    assert {code: unit_of(offset(code))[0] for code in names} == names
