"""Tables as they are read from CSV files: what is taken, and what is refused, with its line."""

import io

import pytest

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


def test_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a\n1\n")))
    assert read_sheet("-").numbers(["a"]).tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "to name every column"),
        ("a,b\n", "no rows"),
        ("a,\n1,2\n", "to name every column"),
        ("1,2\n3,4\n", "got the numbers 1, 2"),
        ("a,b,a\n1,2,3\n", "got 'a' 2 times"),
        ("a,b\n1,2\n\n3\n", "got 1 on line 4"),
        ("# c\na,b\n1,2,3\n", "got 3 on line 3"),
        ('a,b\n1,"2\n', "is not CSV"),
        (b"a,b\n\xff,1\n", "UTF-8"),
        ("a,b\r1,2,3\r", "got 3 on line 2"),
        ("# c\u2028\r\na,b\r\n1,2,3\r\n", "got 3 on line 3"),
        (f"a,{'b' * 200_000}\n1,2\n", "is not CSV: field larger than field limit"),
    ],
)
def test_what_is_no_table_is_refused(sheet, content, told):
    with pytest.raises(FormatError, match=told):
        sheet(content)


@pytest.mark.parametrize("cell", ["x", "nan", "inf", "1_000", "1.5.2", "0x1"])
def test_what_is_no_number_is_told_with_its_line(sheet, cell):
    table = sheet(f"# c\na,b\n1,2\n{cell},3\n")
    with pytest.raises(FormatError, match=f"'a' of .* to have finite numbers, got '{cell}' on line 4"):
        table.numbers(["b", "a"])


def test_what_is_missing_is_told_with_its_line(sheet):
    with pytest.raises(FormatError, match="'b' of .* is empty on line 3"):
        sheet("a,b\n1,2\n1,\n").numbers(["b"])


def test_a_column_that_is_not_there_is_told_with_those_that_are(sheet):
    with pytest.raises(ArgumentError, match="no column 'c'. It has 'a', 'b'"):
        sheet("a,b\n1,2\n").numbers(["a", "c"])


def test_a_line_is_where_a_row_ends_though_cells_run_over_lines(sheet):
    with pytest.raises(FormatError, match="on line 4"):
        sheet('a,b\n"x\ny",2\nz,w\n').numbers(["b"])


def test_sequences_are_neighbours(sheet):
    table = sheet("s,a\nx,1\nx,2\ny,3\nz,4\nz,5\n")
    assert table.sequences("s") == [slice(0, 2), slice(2, 3), slice(3, 5)]
    assert table.sequences(None) == [slice(0, 5)]
    with pytest.raises(FormatError, match="'x' .* must be consecutive.* on line 4"):
        sheet("s,a\nx,1\ny,2\nx,3\n").sequences("s")
