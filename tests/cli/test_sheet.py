"""Tables as they are read from CSV files: what is taken, and what is refused, with its line."""

import io

import pytest

from synapse.cli.problems import TableError
from synapse.cli.sheet import read_sheet
from synapse.errors import ArgumentError, FormatError


@pytest.fixture
def sheet(tmp_path):
    def read(content):
        path = tmp_path / "t.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_sheet(str(path))

    return read


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,2\n-3.5,4e1\n",
        "a;b\r\n1;2\r\n-3.5;4e1\r\n",
        "a\tb\n1\t2\n-3.5\t4e1",
        "\ufeffa,b\n1,2\n-3.5,4e1\n",
        "# from somewhere, once\n\n# else\na,b\n1,2\n\n-3.5,4e1\n , \n",
        ' a , "b"\n 1,"2"\n-3.5 , 4e1\n',
        "# from\u2028somewhere\ra,b\r1,2\r\r-3.5,4e1\r",
    ],
    ids=["commas", "semicolons", "tabs", "mark", "comments", "quotes", "carriage returns"],
)
def test_tables_in_all_their_clothes(sheet, content):
    table = sheet(content)
    assert table.names == ["a", "b"]
    assert table.numbers(["b", "a"]).tolist() == [[2.0, 1.0], [40.0, -3.5]]


def test_one_column_and_names_with_commas(sheet):
    assert sheet("a\n1\n2\n").numbers(["a"]).tolist() == [[1.0], [2.0]]
    assert sheet('"a, b",c\n1,2\n').names == ["a, b", "c"]


def test_encodings_of_spreadsheets(sheet):
    table = sheet("Größe (m²);Wert\n1;2\n".encode("cp1252"))
    assert (table.names[0], table.notes) == (
        "Größe (m²)",
        ["The file is not UTF-8; it is read as Windows-1252."],
    )
    table = sheet("Größe\tWert\n1\t2\n".encode("utf-16"))
    assert (table.names, table.notes) == (["Größe", "Wert"], [])


def test_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a\n1\n")))
    assert read_sheet("-").numbers(["a"]).tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "got no text"),
        ("# only a comment\n", "got no text"),
        ("a,b\n", "no rows"),
        ("a,\n1,2\n", "to name every column"),
        ("1,2\n3,4\n", "got the numbers 1, 2"),
        ("a,b,a\n1,2,3\n", "got 'a' 2 times"),
        ('a,b\n1,"2\n', "is not CSV"),
        (b"a,b\n\x81,1\n", "not text. Save the table as CSV"),
        (b"PK\0\0a,b\n1,1\n", "not text. Save the table as CSV"),
        (f"a,{'b' * 200_000}\n1,2\n", "is not CSV: field larger than field limit"),
    ],
)
def test_what_is_no_table_is_refused(sheet, content, told):
    with pytest.raises(FormatError, match=told):
        sheet(content)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a,b\n1,2\n\n3\n", "line 4: 1 cell instead of 2"),
        ("# c\na,b\n1,2,3\n", "line 3: 3 cells instead of 2"),
        ("a,b\r1,2,3\r", "line 2: 3 cells"),
        ("# c\u2028\r\na,b\r\n1,2,3\r\n", "line 3: 3 cells"),
    ],
)
def test_rows_of_another_length_are_problems(sheet, content, told):
    with pytest.raises(TableError, match=told):
        sheet(content).numbers(["a"])


@pytest.mark.parametrize("cell", ["x", "inf", "1_000", "1.5.2", "0x1", "1e999"])
def test_what_is_no_number_is_told_with_its_line(sheet, cell):
    table = sheet(f"# c\na,b\n1,2\n{cell},3\n")
    with pytest.raises(TableError, match=f"line 4, column 'a': '{cell}' is not a finite number"):
        table.numbers(["b", "a"])


@pytest.mark.parametrize("cell", ["", "NA", "n/a", "-", "NaN", "null", "#N/A", "\u2013", "k.A."])
def test_what_is_missing_is_told_with_its_line_and_may_be_mended(sheet, cell):
    table = sheet(f"a,b\n1,2\n1,{cell}\n7,4\n")
    with pytest.raises(TableError, match="line 3, column 'b': the value is missing. .* --fill forward"):
        table.numbers(["b"])
    for fill, values in (("forward", [2, 2, 4]), ("linear", [2, 3, 4]), ("drop", [2, 4])):
        left, numbers = table.mended(["b"], fill, lambda _: "")
        assert numbers.ravel().tolist() == values
        assert left.lines == ([2, 4] if fill == "drop" else [2, 3, 4])


def test_all_problems_are_told_at_once_in_the_order_of_lines(sheet):
    table = sheet("a,b\nx,1\n2,\n3,4,5\n4,y\n")
    with pytest.raises(TableError) as told:
        table.numbers(["a", "b"])
    first, *rest = str(told.value).splitlines()
    assert first.endswith("has 4 problems:")
    assert [line.strip() for line in rest] == [
        "line 2, column 'a': 'x' is not a finite number",
        "line 3, column 'b': the value is missing",
        "line 4: 3 cells instead of 2, as many as the columns that have names",
        "line 5, column 'b': 'y' is not a finite number.",
    ]


def test_neighbours_that_are_missing_are_one_problem(sheet):
    with pytest.raises(TableError, match="line 3, column 'a': 3 values from here on are missing. To"):
        sheet("a,b\n1,1\n,1\n,1\n,1\n2,1\n").numbers(["b", "a"])


def test_of_many_problems_twenty_are_told(sheet):
    with pytest.raises(TableError, match="has 30 problems:(?s:.*)line 22(?s:.*)and 10 more") as told:
        sheet("a,b\n1,1\n" + "x,1\n" * 30).numbers(["b", "a"])
    assert "line 23" not in str(told.value)


def test_a_column_of_words_is_one_problem(sheet):
    with pytest.raises(TableError, match="line 2, column 'a': 'x' is not .*, nor is any other cell"):
        sheet("a,b\n" + "x,1\n" * 30).numbers(["b", "a"])


def test_units_may_be_left_out_but_not_exchanged(sheet):
    table = sheet("Sales (kEUR),Temp [°C],Temp [K],x\n1,2,3,4\n")
    assert table.numbers(["Sales", "Temp [K]", "x (m)"]).tolist() == [[1, 3, 4]]
    assert table.find("Sales (kEUR)") == "Sales (kEUR)"
    with pytest.raises(ArgumentError, match="'Temp' may be 'Temp .°C.', 'Temp .K.' of"):
        table.find("Temp")
    with pytest.raises(ArgumentError, match="no column 'Sales .EUR.'"):
        table.find("Sales (EUR)")


def test_titles_footers_and_empty_columns_are_left_out(sheet):
    table = sheet(
        "Report 2024;;;\n\nMonth;Sales;Costs;\n2024-01;1,5;2;\n# note\n2024-02;2,5;3;\nSource: us;;;\n"
    )
    assert table.names == ["Month", "Sales", "Costs"]
    assert table.lines == [4, 6]
    assert table.numbers(["Sales"]).tolist() == [[1.5], [2.5]]
    assert table.notes == ["Not read: the text in line 7."]


def test_the_line_of_spreadsheets_about_the_separator(sheet):
    table = sheet("sep=;\na;b\n1,5;2,5\n")
    assert (table.names, table.numbers(["b"]).tolist(), table.lines) == (["a", "b"], [[2.5]], [3])


def test_a_first_column_without_a_name_gets_one(sheet):
    assert sheet(",a\n0,1\n").names == ["column 1", "a"]


@pytest.mark.parametrize(
    ("content", "numbers"),
    [
        ('a,b\n"1,234.5",1\n"2,000",2\n', [1234.5, 2000]),
        ("a;b\n1.234,5;1\n2.000;2\n", [1234.5, 2000]),
        ("a\tb\n1 234,5\t1\n2\u202f000\t2\n", [1234.5, 2000]),
        ("a;b\n1'234.5;1\n-2'000.5;2\n", [1234.5, -2000.5]),
        ('a,b\n"$1,234.50",1\n"($2,000.00)",2\n', [1234.5, -2000]),
        ("a;b\n1,5 \u20ac;1\n\u22122 %;2\n", [1.5, -2]),
        ("a;b\n1.234;1\n2;0,5\n", [1234, 2]),  # the other column has a decimal comma
        ("a;b\n0.125;1\n1.250;2\n", [0.125, 1.25]),  # no thousands begin with 0
    ],
)
def test_decimal_commas_and_thousands(sheet, content, numbers):
    table = sheet(content)
    assert table.numbers(["a", "b"])[:, 0].tolist() == numbers
    assert table.notes == []


def test_a_number_with_two_readings_is_told(sheet):
    table = sheet("a;b\n1.234;1\n2.345;2\n")
    assert table.numbers(["a"]).ravel().tolist() == [1234, 2345]
    (note,) = table.notes
    assert note.startswith("'1.234' in the column 'a' is read as 1234.")
    assert note.endswith("say --decimal point.")


def test_a_decimal_mark_can_be_given_and_another_one_is_a_problem(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a;b\n1.234;1\n2,5;2\n")
    assert read_sheet(str(path), ",").numbers(["a"]).ravel().tolist() == [1234, 2.5]
    with pytest.raises(TableError, match="line 3, column 'a': '2,5' is not .* with a decimal point"):
        read_sheet(str(path), ".").numbers(["a"])


def test_a_column_that_is_not_there_is_told_with_those_that_are(sheet):
    with pytest.raises(ArgumentError, match="no column 'c'. It has 'a', 'b'"):
        sheet("a,b\n1,2\n").numbers(["a", "c"])


def test_a_line_is_where_a_row_ends_though_cells_run_over_lines(sheet):
    with pytest.raises(TableError, match="line 4, column 'b'"):
        sheet('a,b\n"x\ny",2\nz,w\n').numbers(["b"])


def test_sequences_are_neighbours(sheet):
    table = sheet("s,a\nx,1\nx,2\ny,3\nz,4\nz,5\n")
    assert table.sequences("s") == [slice(0, 2), slice(2, 3), slice(3, 5)]
    assert table.sequences(None) == [slice(0, 5)]
    with pytest.raises(FormatError, match="'x' .* must be consecutive.* on line 4"):
        sheet("s,a\nx,1\ny,2\nx,3\n").sequences("s")
