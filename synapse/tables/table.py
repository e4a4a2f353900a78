"""Tables in CSV files, which pandas reads; their columns, by name and as numbers."""

from __future__ import annotations

import csv
import io
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import choice, counted, file_path, imported, instance, listed, suggestion, text
from .._typing import Bools, Floats, PathLike
from ..errors import ArgumentError, FormatError, SynapseError
from ..readwrite import files

if TYPE_CHECKING:
    import pandas as pd

DELIMITERS = ";\t,"
UNIT = re.compile(r"(.*\S)\s*[(\[][^()\[\]]+[)\]]")


def pandas_for_tables() -> Any:
    """Import pandas, or raise MissingExtraError, which names the extra for tables."""
    return imported("pandas", "Tables and dates need", extra="forecast")


# --- sentences -------------------------------------------------------------------------------------


def reason(error: OSError | SynapseError) -> str:
    """The reason why a file could not be read or written, as a sentence."""
    return f"{error.strerror or error}." if isinstance(error, OSError) else str(error)


@contextmanager
def file_errors(what: str, path: str) -> Iterator[None]:
    """Raise FormatError, with the path, for whatever stops the reading or writing of a file."""
    try:
        yield
    except (OSError, SynapseError) as error:
        raise FormatError(f"Cannot {what} {path!r}: {reason(error)}") from error


def quoted(names: Iterable[Any]) -> str:
    """Names in a sentence, in quotes.

    >>> quoted(["a", "b"])
    "'a', 'b'"
    """
    return ", ".join(map(repr, names))


def require_one_use(
    names: Sequence[str], taken: Iterable[str] = (), error: type[SynapseError] = ArgumentError
) -> None:
    """Raise if a column comes twice among these, or is taken already."""
    in_use = set(taken)
    if twice := sorted({name for name in names if name in in_use or names.count(name) > 1}):
        raise error(f"A column can have one use only, got two of {quoted(twice)}.")


# --- files -----------------------------------------------------------------------------------------


def read_table(path: PathLike, decimal: str | None = None) -> pd.DataFrame:
    """Read a CSV file in UTF-8 as a data frame of pandas, whose index has the line of each row.

    The first row names the columns; empty lines and those that begin with # are left out. Cells are separated
    by semicolons, tabs or commas, whichever the first row has most of. Empty cells, "-" and those that
    ``pandas.read_csv`` takes for missing, such as "NA", are missing.

    Parameters
    ----------
    path : str or path-like
        The file; ``-`` is standard input.
    decimal : {".", ","}, optional
        The decimal mark. Default: a comma if semicolons or tabs separate the cells and a comma is between two
        digits somewhere, else a point.

    Returns
    -------
    pandas.DataFrame
        The table. A column of numbers only has a numeric dtype; all other columns are text.

    Raises
    ------
    FormatError
        If the file cannot be read, is not text in UTF-8, does not name every column once, has no rows, or a
        row has more cells than there are names.
    """
    choice("The decimal", decimal, [None, ".", ","])
    pandas = pandas_for_tables()
    lines = _lines(path := str(file_path("The path", path)))
    first = next((place for place, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise FormatError(f"Expected {path!r} to have a row of names and rows below it, got no text.")
    mark = max(DELIMITERS, key=lines[first].count)
    if decimal is None:
        decimal = "," if mark != "," and re.search(r"\d,\d", "".join(lines[first + 1 :])) else "."
    names, how = _names(path, lines[first], mark), dict[str, Any](sep=mark, decimal=decimal, na_values=["-"])
    how |= {"header": None, "index_col": False, "skiprows": first + 1, "low_memory": False}
    how |= {"skip_blank_lines": False, "skipinitialspace": True}
    try:
        with warnings.catch_warnings(action="error", category=pandas.errors.ParserWarning):
            table = pandas.read_csv(io.StringIO("".join(lines)), names=names, **how)
    except pandas.errors.EmptyDataError:
        table = pandas.DataFrame(columns=names)
    except pandas.errors.ParserWarning:
        raise FormatError(f"The rows of {path!r} have more cells than the {len(names)} names.") from None
    except pandas.errors.ParserError as error:
        why = str(error).strip().removeprefix("Error tokenizing data. C error: ")
        raise FormatError(f"{path!r} is not CSV: {why}.") from None
    table.index = pandas.RangeIndex(first + 2, first + 2 + len(table), name="line")
    table = table.dropna(how="all")
    if not len(table):
        raise FormatError(f"{path!r} has names of columns and no rows.")
    for name in names:
        if not is_numeric(table[name]):
            table[name] = table[name].map(lambda cell: str(cell).strip(), na_action="ignore")
    return table


def _lines(path: str) -> list[str]:
    """The lines of a file, those of comments empty; FormatError if it cannot be read or is not text."""
    with file_errors("read", path):
        content = files.read(sys.stdin.buffer if path == "-" else path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise FormatError(f"Cannot read {path!r}: it is not text in UTF-8. Save the table as CSV, in UTF-8.")
    lines = io.StringIO(text, newline=None)
    return ["\n" if line.startswith("#") and not line.startswith("#N/A") else line for line in lines]


def _names(path: str, line: str, mark: str) -> list[str]:
    """The names of the columns in the first row; FormatError if these are not names, or one comes twice."""
    try:
        names = [name.strip() for name in next(csv.reader([line], delimiter=mark, skipinitialspace=True))]
    except csv.Error as error:
        raise FormatError(f"{path!r} is not CSV: {error}.") from None
    names[0] = names[0] or "column 1"  # an index without a name, as pandas writes it
    if not all(names) or len(set(names)) < len(names):
        what = f"to name every column once, got {quoted(names)}"
        raise FormatError(f"Expected the first row of {path!r} {what}.")
    if not any(map(str.isalpha, "".join(names))):
        raise FormatError(f"Expected the first row of {path!r} to name the columns, got {quoted(names)}.")
    return names


# --- columns ---------------------------------------------------------------------------------------


def bare(name: str) -> str:
    """The name of a column without its unit.

    >>> bare("Sales (kEUR)"), bare("Temp [°C]"), bare("Costs")
    ('Sales', 'Temp', 'Costs')
    """
    match = UNIT.fullmatch(name)
    return name if match is None else match[1]


def find(table: pd.DataFrame, name: str) -> str:
    """The column with this name, one of which may leave its unit out; ArgumentError unless there is one."""
    names, plain = [*map(str, table.columns)], bare(text("The name of a column", name))
    fitting = [other for other in names if bare(other) == plain and plain in (name, other)]
    if name in names:
        return name
    if len(fitting) > 1:
        raise ArgumentError(f"{name!r} may be {quoted(fitting)}. Give the unit, too.")
    if not fitting:
        meant = suggestion(name, [*names, *map(bare, names)])
        raise ArgumentError(f"The table has no column {name!r}. It has {quoted(names)}.{meant}")
    return fitting[0]


def columns(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """The columns with these names; ArgumentError if there is no such column."""
    frame = instance("The table", table, pandas_for_tables().DataFrame)
    return [find(frame, name) for name in listed("The columns", names, "a list of names")]


def is_numeric(column: pd.Series) -> bool:
    """Whether all cells of a column are numbers or missing."""
    types = pandas_for_tables().api.types
    return bool(types.is_numeric_dtype(column) and not types.is_bool_dtype(column))


def mostly_numbers(column: pd.Series) -> bool:
    """Whether more than half of the cells that are not missing are numbers."""
    if is_numeric(column) or not column.notna().any():
        return True
    values = pandas_for_tables().to_numeric(column.astype(str), errors="coerce")
    return bool(2 * values.notna().sum() > column.notna().sum())


def numbers(table: pd.DataFrame, names: Sequence[str], gaps: bool = False, advice: str = "") -> Floats:
    """Columns of numbers, shape (rows, columns); with `gaps`, NaN where a cell is missing.

    Raises FormatError, which names the first wrong cell, if a cell is not a finite number.
    """
    frame = table[columns(table, names)]
    values: Floats = frame.apply(pandas_for_tables().to_numeric, errors="coerce").to_numpy(
        np.float64, copy=True
    )
    wrong = ~np.isfinite(values)
    _require_right(frame, wrong & frame.notna().to_numpy() if gaps else wrong, "a finite number", advice)
    return values


def words(table: pd.DataFrame, name: str) -> list[str]:
    """The cells of a column as text; FormatError, which names the first one, if cells are missing."""
    frame = table[columns(table, [name])]
    _require_right(frame, frame.isna().to_numpy(), "text", "Fill the cells in, or take the rows out.")
    return [*map(str, frame.iloc[:, 0])]


def _require_right(frame: pd.DataFrame, wrong: Bools, what: str, advice: str) -> None:
    """Raise FormatError for the first of the wrong cells, if there is one."""
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        cell, more = frame.iloc[row, column], int(wrong.sum()) - 1
        given = f"{str(cell)!r}" if frame.notna().iloc[row, column] else "no value"
        others = f"; {counted(more, 'other cell')} like it" if more else ""
        where = f"{place(frame, row)}, column {frame.columns[column]!r}"
        raise FormatError(f"Expected {what} in {where}, got {given}{others}. {advice}".strip())


def place(table: pd.DataFrame, row: int) -> str:
    """A row in a sentence: its line in the file, or its label.

    >>> import pandas
    >>> place(pandas.DataFrame({"x": [1, 2]}), 1)
    'row 1'
    """
    return f"{table.index.name or 'row'} {table.index[row]}"


def sequences(table: pd.DataFrame, column: str | None) -> list[slice]:
    """The rows of each sequence: neighbours with the same value in a column; without one, all rows.

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
                f"The rows of sequence {cells[start]!r} must be consecutive. It goes on, after another, in "
                f"{place(table, start)}."
            )
        seen.add(cells[start])
    return [slice(*ends) for ends in zip(starts, [*starts[1:], len(cells)], strict=True)]
