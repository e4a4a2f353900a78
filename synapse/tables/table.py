"""Tables in CSV files, which pandas reads; their columns, by name and as numbers."""

from __future__ import annotations

import codecs
import csv
import io
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import (
    choice,
    counted,
    file_path,
    imported,
    instance,
    listed,
    suggestion,
    text,
)
from .._typing import Bools, Floats, PathLike
from ..errors import ArgumentError, FormatError, SynapseError
from ..readwrite import files
from .number_text import convert_numbers, to_floats

if TYPE_CHECKING:
    import pandas as pd

DELIMITERS = ";\t,"
MOST_NAMES = 100_000
"""Number of characters at the beginning of a file, in which the row of names is looked
for."""
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""How files in UTF-16 begin."""
UNREADABLE = "Correct it, or count such cells as missing values: --missing {cell}."
"""What to do about a cell of a column of numbers that is none."""
UNIT = re.compile(r"(.*\S)\s*[(\[][^()\[\]]+[)\]]")


def pandas_for_tables() -> Any:
    """Import pandas, or raise MissingExtraError, which names the extra for tables."""
    return imported("pandas", "Tables and dates need", extra="forecast")


# --- sentences ------------------------------------------------------------------------


def reason(error: OSError | SynapseError) -> str:
    """The reason why a file could not be read or written, as a sentence."""
    return f"{error.strerror or error}." if isinstance(error, OSError) else str(error)


@contextmanager
def file_errors(action: str, path: str) -> Iterator[None]:
    """Raise FormatError, with the path, for whatever stops the reading or writing of a
    file.
    """
    try:
        yield
    except (OSError, SynapseError) as error:
        raise FormatError(f"Cannot {action} {path!r}: {reason(error)}") from error


def quoted(names: Iterable[Any]) -> str:
    """Names in a sentence, in quotes.

    >>> quoted(["a", "b"])
    "'a', 'b'"
    """
    return ", ".join(map(repr, names))


def require_one_use(
    names: Sequence[str],
    taken: Iterable[str] = (),
    error: type[SynapseError] = ArgumentError,
) -> None:
    """Raise if a column comes twice among these, or is taken already."""
    in_use = set(taken)
    if twice := sorted(
        {name for name in names if name in in_use or names.count(name) > 1}
    ):
        raise error(f"A column can have one use only, got two of {quoted(twice)}.")


# --- files ----------------------------------------------------------------------------


def read_table(
    path: PathLike,
    decimal: str | None = None,
    *,
    encoding: str | None = None,
    missing: Sequence[str] = (),
) -> pd.DataFrame:
    """Read a CSV file as a data frame of pandas, whose index has the line of each row.

    The first row names the columns; empty lines and those that begin with # are left
    out. Cells are separated by semicolons, tabs or commas, whichever the first row has
    most of. Empty cells, "-" and those that ``pandas.read_csv`` takes for missing, such
    as "NA", are missing.

    A column is one of numbers if most of its cells are. Numbers may have marks of
    thousands, and a currency or a per cent sign that all cells of the column have;
    ``table.attrs["notes"]`` has a sentence on each such column.

    Parameters
    ----------
    path : str or path-like
        The file; ``-`` is standard input.
    decimal : {".", ","}, optional
        The decimal mark. Default: in each column the mark by which more cells are
        numbers. If both read all cells of a column, such as 999 and 1.234, it is that
        of the other columns; a point in a file with commas between its cells; or the
        file is refused.
    encoding : str, optional
        The encoding of the file, such as "cp1252". Default: UTF-8, or UTF-16 if the
        file begins with its mark.
    missing : sequence of str
        Further cells that are missing values, such as "n.v.".

    Returns
    -------
    pandas.DataFrame
        The table. A column of numbers only has a numeric dtype. In another column of
        numbers the cells that cannot be read are text; all other columns are text.

    Raises
    ------
    ArgumentError
        If there is no such encoding.
    FormatError
        If the file cannot be read, is not text in this encoding, does not name every
        column once, has no rows, a row has more cells than there are names, or a column
        may have either decimal mark.
    """
    choice("The decimal", decimal, [None, ".", ","])
    pandas = pandas_for_tables()
    absent = [
        "-",
        *(
            text("A missing cell", cell)
            for cell in listed("The missing", missing, "a list of cells")
        ),
    ]
    content = _text(path := str(file_path("The path", path)), encoding)
    separator = _separator(content)
    with csv_errors(path):
        lines, rows = (
            zip(*_rows(content, separator), strict=True)
            if content.strip()
            else ((), ())
        )
        if not rows:
            raise FormatError(
                f"Expected {path!r} to have a row of names and rows below it, got no"
                " text."
            )
        names = _names(path, rows[0], separator)
    options: dict[str, Any] = {
        "sep": separator,
        "names": names,
        "header": None,
        "index_col": False,
    }
    options |= {
        "na_values": absent,
        "dtype": object,
        "skipinitialspace": True,
        "skip_blank_lines": False,
    }
    try:
        with warnings.catch_warnings(
            action="error", category=pandas.errors.ParserWarning
        ):
            table = pandas.read_csv(io.StringIO("".join(rows[1:])), **options)
    except pandas.errors.EmptyDataError:
        table = pandas.DataFrame(columns=names)
    except pandas.errors.ParserWarning:
        raise FormatError(
            f"The rows of {path!r} have more cells than the {len(names)} names."
        ) from None
    except pandas.errors.ParserError as error:
        why = str(error).strip().removeprefix("Error tokenizing data. C error: ")
        why = re.sub(
            r"\b(line|row) (\d+)", lambda match: f"line {lines[int(match[2])]}", why
        )
        raise FormatError(f"{path!r} is not CSV: {why}.") from None
    table.index = pandas.Index(lines[1 : 1 + len(table)], name="line")
    table = table.dropna(how="all")
    if not len(table):
        raise FormatError(f"{path!r} has names of columns and no rows.")
    for name in names:
        table[name] = table[name].map(
            lambda cell: str(cell).strip(), na_action="ignore"
        )
    table.attrs["notes"] = convert_numbers(table, separator, decimal)
    return table


def _text(path: str, encoding: str | None) -> str:
    """The text of a file, in lines; FormatError if it cannot be read or is no text."""
    if encoding is not None:
        try:
            codecs.lookup(text("The encoding", encoding))
        except LookupError:
            raise ArgumentError(
                f"There is no encoding {encoding!r}. Use one of Python's, such as"
                " cp1252 or utf-8."
            ) from None
    with file_errors("read", path):
        content = files.read(sys.stdin.buffer if path == "-" else path)
    if content.startswith(b"PK"):
        raise FormatError(
            f"Cannot read {path!r}: it is a spreadsheet, not text. Save the table as"
            " CSV."
        )
    name = encoding or ("utf-16" if content.startswith(UTF_16) else "utf-8")
    try:
        decoded = content.decode(name)
    except (UnicodeError, LookupError):  # a codec that is not of text
        decoded = "\0"
    if "\0" in decoded:
        advice = (
            "Save it as CSV in UTF-8, or name its encoding, such as --encoding cp1252"
            " (Windows)."
        )
        raise FormatError(
            f"Cannot read {path!r}: it is not text in {name.upper()}. {advice}"
        )
    return io.StringIO(decoded.removeprefix("\ufeff"), newline=None).read()


def _separator(content: str) -> str:
    """The mark between cells: the one that the row of names has most of, outside of
    quotes.
    """
    named = re.match(r"sep=(.)\n", content)  # the first line of some spreadsheets
    if named is not None and named[1] in DELIMITERS:
        return named[1]
    unquoted = re.sub(
        r'(^|[;\t,])\s*"(?:[^"]|"")*"', r"\1", content[:MOST_NAMES], flags=re.MULTILINE
    )
    head = next(
        (
            line
            for line in unquoted.split("\n")
            if line.strip() and not _is_comment(line)
        ),
        "",
    )
    return max(DELIMITERS, key=head.count)


def _rows(content: str, separator: str) -> Iterator[tuple[int, str]]:
    """The line at which each row of a file begins, and its text: rows end outside of
    quotes.

    Empty rows and comments are left out. Raises csv.Error if a cell is too long.
    """
    lines = enumerate(io.StringIO(content), 1)
    if '"' not in content:
        yield from (
            (place, line) for place, line in lines if not _is_skipped(line, place)
        )
        return
    texts = list[str]()

    def following() -> Iterator[str]:
        """The lines from here on; `texts` has those that the reader has taken for one
        row.
        """
        for _, line in lines:
            texts.append(line)
            yield line

    for place, line in lines:
        if _is_skipped(line, place):
            continue
        texts[:] = [line]
        next(
            csv.reader(
                chain([line], following()), delimiter=separator, skipinitialspace=True
            )
        )
        yield place, "".join(texts)


def _is_skipped(line: str, place: int) -> bool:
    return (
        not line.strip()
        or _is_comment(line)
        or (place == 1 and line.startswith("sep="))
    )


def _is_comment(line: str) -> bool:
    return line.startswith("#") and not line.startswith("#N/A")


@contextmanager
def csv_errors(path: str) -> Iterator[None]:
    """Raise FormatError for what the reader of CSV refuses."""
    try:
        yield
    except csv.Error as error:
        raise FormatError(f"{path!r} is not CSV: {error}.") from None


def _names(path: str, row: str, separator: str) -> list[str]:
    """The names of the columns in the first row; FormatError if these are not names, or
    one comes twice.
    """
    cells = next(
        csv.reader(io.StringIO(row), delimiter=separator, skipinitialspace=True)
    )
    names = [" ".join(cell.split()) for cell in cells]
    names[0] = names[0] or "column 1"  # an index without a name, as pandas writes it
    if not all(names) or len(set(names)) < len(names):
        problem = f"to name every column once, got {quoted(names)}"
        raise FormatError(f"Expected the first row of {path!r} {problem}.")
    if not any(map(str.isalpha, "".join(names))):
        raise FormatError(
            f"Expected the first row of {path!r} to name the columns, got"
            f" {quoted(names)}."
        )
    return names


# --- columns --------------------------------------------------------------------------


def bare(name: str) -> str:
    """The name of a column without its unit.

    >>> bare("Sales (kEUR)"), bare("Temp [°C]"), bare("Costs")
    ('Sales', 'Temp', 'Costs')
    """
    match = UNIT.fullmatch(name)
    return name if match is None else match[1]


def find(table: pd.DataFrame, name: str) -> str:
    """The column with this name, one of which may leave its unit out; ArgumentError
    unless there is one.
    """
    names = [*map(str, table.columns)]
    plain = bare(text("The name of a column", name))
    fitting = [
        other for other in names if bare(other) == plain and plain in (name, other)
    ]
    if name in names:
        return name
    if len(fitting) > 1:
        raise ArgumentError(f"{name!r} may be {quoted(fitting)}. Give the unit, too.")
    if not fitting:
        meant = suggestion(name, [*names, *map(bare, names)])
        raise ArgumentError(
            f"The table has no column {name!r}. It has {quoted(names)}.{meant}"
        )
    return fitting[0]


def columns(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """The columns with these names; ArgumentError if there is no such column."""
    frame = instance("The table", table, pandas_for_tables().DataFrame)
    return [
        find(frame, name) for name in listed("The columns", names, "a list of names")
    ]


def is_numeric(column: pd.Series) -> bool:
    """Whether all cells of a column are numbers or missing."""
    types = pandas_for_tables().api.types
    return bool(types.is_numeric_dtype(column) and not types.is_bool_dtype(column))


def mostly_numbers(column: pd.Series) -> bool:
    """Whether more than half of the cells that are not missing are numbers."""
    if is_numeric(column) or not column.notna().any():
        return True
    return bool(2 * np.isfinite(to_floats(column)).sum() > column.notna().sum())


def numbers(
    table: pd.DataFrame,
    names: Sequence[str],
    gaps: bool = False,
    *,
    advice: str = UNREADABLE,
    fill: str = "",
) -> Floats:
    """Columns of numbers, shape (rows, columns); with `gaps`, NaN where a cell is
    missing.

    Raises FormatError, which names the first wrong cell, if a cell is not a finite
    number. `advice` follows if the cell has something else, and `fill` if it is
    missing.
    """
    frame = table[columns(table, names)]
    parts = [to_floats(frame.iloc[:, place]) for place in range(frame.shape[1])]
    values: Floats = np.column_stack(parts) if parts else np.empty((len(frame), 0))
    wrong = ~np.isfinite(values)
    is_present = frame.notna().to_numpy()
    _require_right(frame, wrong & is_present, "a finite number", advice)
    if not gaps:
        _require_right(frame, wrong & ~is_present, "a finite number", fill)
    return values


def words(table: pd.DataFrame, name: str) -> list[str]:
    """The cells of a column as text; FormatError, which names the first one, if cells
    are missing.
    """
    frame = table[columns(table, [name])]
    _require_right(
        frame,
        frame.isna().to_numpy(),
        "text",
        "Fill the cells in, or take the rows out.",
    )
    return [*map(str, frame.iloc[:, 0])]


def _require_right(
    frame: pd.DataFrame, wrong: Bools, condition: str, advice: str
) -> None:
    """Raise FormatError for the first of the wrong cells, if there is one."""
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        cell = frame.iloc[row, column]
        more = int(wrong.sum()) - 1
        cell_text = f"{str(cell)!r}" if frame.notna().iloc[row, column] else "no value"
        advice = advice.format(cell=cell_text)
        others = f"; {counted(more, 'other cell')} like it" if more else ""
        where = f"{place(frame, row)}, column {frame.columns[column]!r}"
        got = f"{cell_text}{others}"
        raise FormatError(
            f"Expected {condition} in {where}, got {got}. {advice}".strip()
        )


def place(table: pd.DataFrame, row: int) -> str:
    """A row in a sentence: its line in the file, or its label.

    >>> import pandas
    >>> place(pandas.DataFrame({"x": [1, 2]}), 1)
    'row 1'
    """
    return f"{table.index.name or 'row'} {table.index[row]}"


def sequences(table: pd.DataFrame, column: str | None) -> list[slice]:
    """The rows of each sequence: neighbours with the same value in a column; without
    one, all rows.

    Raises FormatError if a sequence continues after another has begun.
    """
    if column is None:
        return [slice(0, len(table))]
    cells = words(table, column)
    starts = [i for i, cell in enumerate(cells) if i == 0 or cell != cells[i - 1]]
    seen: set[str] = set()
    for start in starts:
        if cells[start] in seen:
            raise FormatError(
                f"The rows of sequence {cells[start]!r} must be consecutive. It goes"
                f" on, after another, in {place(table, start)}."
            )
        seen.add(cells[start])
    return [
        slice(*ends) for ends in zip(starts, [*starts[1:], len(cells)], strict=True)
    ]
