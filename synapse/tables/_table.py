"""Read columns of a table, by name and as numbers, and describe mistakes in their
cells.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from .._checks import instance, listed, pluralize, suggestion, text
from .._scale import SQUARABLE
from .._typing import Bools, Floats
from ..errors import ArgumentError, FormatError, SynapseError
from ._pandas import pd

MAX_WORDS = 20
"""Largest number of different words in a column that becomes inputs."""
UNREADABLE = (
    "Correct it.{form} To count such cells as missing values, pass --na-values {cell}."
)
"""Advice on a cell in a column of numbers that is not a number. The command leaves out
sentences whose option was passed, so that each needs one of its own."""
# Advice on cells that are numbers in another form
FORMS = {
    r"\D?\d+,\d+": "If the comma is the decimal mark, pass --decimal ','.",
    r"\D?\d{1,3}(,\d{3})+(\.\d+)?": "If commas group digits, pass --thousands ','.",
    r"\D?\d{1,3}( \d{3})+(\.\d+)?": "If blanks group digits, pass --thousands ' '.",
    r"\D?\d{1,3}(\.\d{3})+(,\d+)?": "If points group digits, pass --thousands '.'"
    " --decimal ','.",
}
# Key of a table's attributes with the words that became missing values, such as "None",
# and how often, by column
MISSED = "missed"


# --- sentences ------------------------------------------------------------------------


def reason(error: OSError | SynapseError) -> str:
    """Return the reason why a file could not be read or written, as a sentence."""
    return f"{error.strerror or error}." if isinstance(error, OSError) else str(error)


@contextmanager
def file_errors(action: str, path: str) -> Iterator[None]:
    """Convert errors that stop the reading or writing of a file to FormatError with the
    path.
    """
    try:
        yield
    except (OSError, SynapseError) as error:
        raise FormatError(f"Cannot {action} {path!r}: {reason(error)}") from error


def quoted(names: Iterable[Any]) -> str:
    """Return names in a sentence, in quotes.

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
    counts = Counter([*dict.fromkeys(taken), *names])
    if twice := sorted(name for name in {*names} if counts[name] > 1):
        raise error(f"A column can have one use only, got two of {quoted(twice)}.")


def written(value: float) -> str:
    """Return a number in a report, with four significant digits or all in front of the
    point.

    >>> written(1234567.8), written(0.123456)
    ('1234568', '0.1235')
    """
    return f"{value:.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"


# --- columns --------------------------------------------------------------------------


def as_frame(table: Any, title: str = "table") -> pd.DataFrame:
    """Return a table as a data frame of pandas. Tables of polars, Arrow and others are
    converted by their own methods.
    """
    if not isinstance(table, pd.DataFrame) and hasattr(table, "to_pandas"):
        table = table.to_pandas()
    return instance(title, table, pd.DataFrame)


def find(table: pd.DataFrame, name: str) -> str:
    """Return the name of a column, or raise ArgumentError if the table does not have
    it.
    """
    if text("The name of a column", name) in table.columns:
        return name
    names = [*map(str, table.columns)]
    more = suggestion(name, names)
    if len(names) == 1:
        more += " If another mark separates the cells, pass it, such as --sep ';'."
    raise ArgumentError(
        f"The table has no column {name!r}. It has {quoted(names)}.{more}"
    )


def columns(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return these names; ArgumentError if the table does not have such a column."""
    return [find(table, name) for name in listed("columns", names, "a list of names")]


def is_numeric(column: pd.Series) -> bool:
    """Return whether all cells of a column are numbers or missing."""
    types = pd.api.types
    return bool(types.is_numeric_dtype(column) and not types.is_bool_dtype(column))


def to_floats(column: pd.Series) -> Floats:
    """Return the cells of a column as floats, with NaN for cells that are not
    numbers.
    """
    if not is_numeric(column):
        column = pd.to_numeric(column.astype("string"), errors="coerce")
    return column.to_numpy(np.float64, na_value=np.nan)


def mostly_numbers(column: pd.Series) -> bool:
    """Return whether more than half of a column's present cells are numbers, in which
    case the other cells are mistakes.
    """
    if is_numeric(column) or not column.notna().any():
        return True
    return bool(
        column.dtype != "category"
        and 2 * np.isfinite(to_floats(column)).sum() > column.notna().sum()
    )


def are_numbers_in_another_form(column: pd.Series) -> bool:
    """Return whether more than half of a column's present cells are text that looks
    like a number, such as 0,5 or (2) or 1.5D+01.
    """
    cells = column.dropna().astype("string")
    looks = cells.str.fullmatch(r"\W*\d[\d.,' ]*([dDeE][+-]?\d+)?\W*")
    is_open = column.dtype != "category" and not mostly_numbers(column)
    return is_open and bool(2 * looks.sum() > len(cells))


def numbers(
    table: pd.DataFrame,
    names: Sequence[str],
    gaps: bool = False,
    *,
    advice: str = UNREADABLE,
    fill: str = "",
) -> Floats:
    """Return columns of numbers, shape (rows, columns). With `gaps`, missing cells
    become NaN.

    Raises FormatError, which names the first wrong cell, if a cell is not a finite
    number. The message ends with `advice` if the cell has another content, and with
    `fill` if it is missing.
    """
    frame = table[columns(table, names)]
    for name in frame.columns[(frame.dtypes == "category").to_numpy(bool)]:
        raise FormatError(
            f"The column {name!r} must have numbers here, but was passed as words."
        )
    parts = [to_floats(frame.iloc[:, place]) for place in range(frame.shape[1])]
    values: Floats = np.column_stack(parts) if parts else np.empty((len(frame), 0))
    wrong = ~np.isfinite(values)
    is_present = frame.notna().to_numpy(bool)  # of no column: an array of objects
    _require_right(frame, wrong & is_present, "a finite number", advice)
    is_large = np.abs(values) >= SQUARABLE
    condition = f"a number below {SQUARABLE:.3g}"  # whose square is finite
    _require_right(frame, is_large, condition, "Write the column in other units.")
    if not gaps:
        _require_right(frame, wrong & ~is_present, "a finite number", fill)
    return values


def words(table: pd.DataFrame, name: str) -> list[str]:
    """Return the cells of a column as text, or raise FormatError, which names the first
    missing cell.
    """
    frame = table[columns(table, [name])]
    _require_right(
        frame,
        frame.isna().to_numpy(),
        "text",
        f"Fill the cells in, or take the rows out.{missed(table, name)}",
    )
    return [*map(str, frame.iloc[:, 0])]


def missed(table: pd.DataFrame, name: str) -> str:
    """Return sentences on the words of a column that became missing values."""
    cells: dict[str, int] = table.attrs.get(MISSED, {}).get(name, {})
    said = ", ".join(f"{count} {cell!r}" for cell, count in cells.items())
    said += f". To keep such words, pass --keep {','.join(cells)!r}."
    return f" Among them: {said}" if cells else ""


def zeros(table: pd.DataFrame, name: str) -> list[str]:
    """Return a sentence on a column of numbers in which some have a zero too many, as
    codes do.
    """
    cells = table[name].astype("string")
    return [
        f"{cells.iloc[row]!r} in {place(table, row)}, column {name!r}, is read as the"
        f" number {float(cells.iloc[row]):g}. If such cells are codes, keep them as"
        f" words: --words {name!r}."
        for row in np.flatnonzero(cells.str.match(r"0\d").fillna(False))[:1]
        if not is_numeric(table[name]) and mostly_numbers(table[name])
    ]


def _require_right(
    frame: pd.DataFrame, wrong: Bools, condition: str, advice: str
) -> None:
    """Raise FormatError for the first of the wrong cells, if there is one."""
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        cell = frame.iloc[row, column]
        more = int(wrong.sum()) - 1
        cell_text = f"{str(cell)!r}" if frame.notna().iloc[row, column] else "no value"
        listed_cell = repr(f'"{cell}"') if "," in str(cell) else cell_text
        ways = (f" {way}" for k, way in FORMS.items() if re.fullmatch(k, str(cell)))
        advice = advice.replace("{form}", "".join(ways)).replace("{cell}", listed_cell)
        others = f"; {pluralize(more, 'other cell')} like it" if more else ""
        where = f"{place(frame, row)}, column {frame.columns[column]!r}"
        got = f"{cell_text}{others}"
        raise FormatError(
            f"Expected {condition} in {where}, got {got}. {advice}".strip()
        )


def place(table: pd.DataFrame, row: int) -> str:
    """Return a row in a sentence: its line in the file, or its label.

    >>> import pandas
    >>> place(pandas.DataFrame({"x": [1, 2]}), 1)
    'row 1'
    """
    return f"{table.index.name or 'row'} {table.index[row]}"


def sequences(table: pd.DataFrame, column: str | None) -> list[slice]:
    """Return the rows of each sequence, which are neighbours with the same value in a
    column. Without a column, all rows form one sequence.

    Raises FormatError if a sequence continues after another has begun.
    """
    if column is None:
        return [slice(0, len(table))]
    cells = words(table, column)
    starts = [i for i, cell in enumerate(cells) if i == 0 or cell != cells[i - 1]]
    begins = {cells[start]: start for start in reversed(starts)}
    for start in starts:
        if begins[cells[start]] < start:
            raise FormatError(
                f"The rows of sequence {cells[start]!r} must be consecutive. It"
                f" continues after another one in {place(table, start)}."
            )
    return [
        slice(*ends) for ends in zip(starts, [*starts[1:], len(cells)], strict=True)
    ]
