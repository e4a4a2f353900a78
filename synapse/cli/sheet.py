"""Tables of numbers and words, whose columns have names and perhaps units."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np

from .._checks import counted
from .._typing import Floats
from ..errors import ArgumentError, FormatError
from . import numerals
from .cells import read_cells
from .mending import FILL, mended
from .numerals import is_missing, is_number
from .problems import Problems
from .words import listed

UNIT = re.compile(r"(?P<bare>.*\S)\s*[(\[](?P<unit>[^()\[\]]+)[)\]]")


def bare(name: str) -> str:
    """The name of a column without its unit.

    >>> bare("Sales (kEUR)"), bare("Temp [°C]"), bare("Costs")
    ('Sales', 'Temp', 'Costs')
    """
    found = UNIT.fullmatch(name)
    return name if found is None else found["bare"]


def unit(name: str) -> str | None:
    """The unit in the name of a column; None if it has none.

    >>> unit("Sales (kEUR)")
    'kEUR'
    """
    found = UNIT.fullmatch(name)
    return None if found is None else found["unit"].strip()


@dataclass(frozen=True)
class Sheet:
    """A table: the names of its columns, its rows of cells, and the line of the file on which each ends.

    `problems` are those of whole rows. `notes` are sentences on how the table was read. `decimal` is the
    decimal mark; None if the cells decide.
    """

    path: str
    names: list[str]
    rows: list[list[str]]
    lines: list[int]
    delimiter: str = ","
    notes: list[str] = field(default_factory=list)
    decimal: str | None = None
    problems: Problems = field(default_factory=lambda: Problems(""))

    def find(self, name: str) -> str:
        """The column with this name, with or without its unit. Raises ArgumentError if there is none."""
        if name in self.names:
            return name
        fitting = [each for each in self.names if bare(each) == bare(name)]
        fitting = [each for each in fitting if None in (unit(each), unit(name))]
        if len(fitting) > 1:
            raise ArgumentError(f"{name!r} may be {listed(fitting)} of {self.path!r}. Give the unit, too.")
        if not fitting:
            self.require([name])
        return fitting[0]

    def found(self, names: Sequence[str]) -> list[str]:
        """The columns with these names, with or without their units. Raises as :meth:`require` does."""
        self.require(names)
        return [self.find(name) for name in names]

    def require(self, columns: Sequence[str], use: str = "", advice: str = "") -> None:
        """Raise ArgumentError if a column is missing; the message gives its `use` and some `advice`."""
        missing = [name for name in columns if not self._has(name)]
        if missing:
            sentence = f"{self.path!r} has no column {listed(missing)}{use}. It has {listed(self.names)}."
            raise ArgumentError(f"{sentence} {advice}".rstrip())

    def _has(self, name: str) -> bool:
        units = [unit(each) for each in self.names if bare(each) == bare(name)]
        return name in self.names or any(None in (each, unit(name)) for each in units)

    def cells(self, name: str) -> list[str]:
        """The cells of a column, as they are."""
        place = self.names.index(self.find(name))
        return [row[place] for row in self.rows]

    def column(self, name: str) -> list[str]:
        """The cells of a column, none of them empty. Raises TableError if one is, or a row is incomplete."""
        cells = self.cells(name)
        problems = self.all_problems()
        for cell, line in zip(cells, self.lines, strict=True):
            if not cell:
                problems.add(line, name, "the cell is empty")
        problems.check("Fill the cells in, or take the rows out.")
        return cells

    def all_problems(self) -> Problems:
        """The problems of whole rows, to be checked together with those of cells."""
        return Problems(self.path, list(self.problems.found))

    def numbers(self, columns: Sequence[str], advice: str = "") -> Floats:
        """Columns of numbers, shape (rows, columns).

        Raises ArgumentError if there is no such column, and TableError, with all problems, if a cell is not a
        finite number or is missing; `advice` ends that message.
        """
        return self.mended(columns, None, lambda _: advice)[1]

    def mended(
        self, columns: Sequence[str], fill: str | None, advice: Callable[[set[str | None]], str]
    ) -> tuple[Sheet, Floats]:
        """Columns of numbers, shape (rows, columns), and the table of these rows.

        Missing numbers are mended by `fill`, see :mod:`.mending`; without it they are problems. Raises as
        :meth:`numbers` does; `advice` makes the end of the message from the columns that have problems.
        """
        problems = self.all_problems()
        values = self.values(columns, problems)
        missing = 0 if fill else self.note_missing(values, columns, problems)
        mend = missing and missing == len(problems.found)
        problems.check(FILL if mend else advice({column for _, column, _ in problems.found}))
        if fill is None or not np.isnan(values).any():
            return self, values
        values, rows = mended(values, fill)
        return self.only(rows), values

    def values(self, columns: Sequence[str], problems: Problems) -> Floats:
        """Columns of numbers, NaN where one is missing, shape (rows, columns); other cells are problems."""
        names = self.found(columns)
        parts = [self._values(name, names, problems) for name in names]
        return np.array(parts, np.float64).T.reshape(len(self.rows), len(names)).copy()

    def _values(self, name: str, together: list[str], problems: Problems) -> list[float]:
        cells = self.cells(name)
        mark = self._decimal_mark(name, cells, together)
        full = [row for row, cell in enumerate(cells) if not is_missing(cell)]
        if len(cells) > 1 and full and not any(is_number(cells[row]) for row in full):
            what = f"{cells[full[0]]!r} is not a finite number, nor is any other cell of the column"
            problems.add(self.lines[full[0]], name, what)
            return [0.0] * len(cells)
        values = []
        for cell, line in zip(cells, self.lines, strict=True):
            found = np.nan if is_missing(cell) else numerals.number(cell, mark)
            if found is None:
                problems.add(line, name, f"{cell!r} is not a finite number{_marked(cell, mark)}")
            values.append(np.nan if found is None else found)
        return values

    def note_missing(self, values: Floats, columns: Sequence[str], problems: Problems) -> int:
        """Note missing numbers that are no problems yet; neighbours are one problem. Returns their number."""
        known = {(line, name) for line, name, _ in problems.found}
        count = len(problems.found)
        for name, column in zip(self.found(columns), values.T, strict=True):
            rows = [
                row
                for row in np.flatnonzero(np.isnan(column)).tolist()
                if (self.lines[row], name) not in known
            ]
            for first, size in _runs(rows):
                what = "the value is missing" if size == 1 else f"{size} values from here on are missing"
                problems.add(self.lines[first], name, what)
        return len(problems.found) - count

    def _decimal_mark(self, name: str, cells: list[str], together: list[str]) -> str:
        """The decimal mark of a column: as said, or as its cells, the other columns or the separator tell."""
        if self.decimal is not None:
            return self.decimal
        mark = numerals.decimal_mark(cells)
        if mark is None:
            mark = numerals.decimal_mark(cell for other in together for cell in self.cells(other))
        if mark is None:
            mark = "," if self.delimiter == ";" else "."
            example = numerals.two_readings(cells)
            if example is not None:
                self.notes.append(
                    f"{example!r} in the column {name!r} is read as {numerals.number(example, mark):.15g}. "
                    f"If that is wrong, say --decimal {'point' if mark == ',' else 'comma'}."
                )
        return mark

    def only(self, rows: Sequence[int]) -> Sheet:
        """A table of some of the rows."""
        return replace(self, rows=[self.rows[i] for i in rows], lines=[self.lines[i] for i in rows])

    def sequences(self, column: str | None) -> list[slice]:
        """The rows of each sequence: neighbours with the same value in a column; without one, all rows.

        Raises FormatError if a sequence continues after another has begun.
        """
        if column is None:
            return [slice(0, len(self.rows))]
        cells = self.column(column)
        starts = [i for i, cell in enumerate(cells) if i == 0 or cell != cells[i - 1]]
        seen: set[str] = set()
        for start in starts:
            if cells[start] in seen:
                raise FormatError(
                    f"The rows of sequence {cells[start]!r} of {self.path!r} must be consecutive. "
                    f"It goes on, after another, on line {self.lines[start]}."
                )
            seen.add(cells[start])
        return [slice(*ends) for ends in zip(starts, [*starts[1:], len(cells)], strict=True)]


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and the count of each run of consecutive numbers.

    >>> list(_runs([1, 2, 3, 7]))
    [(1, 3), (7, 1)]
    """
    for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        yield run[0], len(run)


def _marked(cell: str, mark: str) -> str:
    """Why a cell that is a number elsewhere is none here."""
    return f" with a decimal {'comma' if mark == ',' else 'point'}" if is_number(cell) else ""


def read_sheet(path: str, decimal: str | None = None) -> Sheet:
    """Read the table in a CSV file; ``-`` is standard input.

    The first row has the names of the columns; an unnamed first column is called "column 1". Lines before it
    with a title, lines that begin with #, and lines of text after the last row are left out. Cells are
    separated by semicolons, tabs or commas, whichever splits most rows into the same number of cells.
    `decimal` is the decimal mark, by default the one that the cells tell. Rows with more or fewer cells than
    there are names are noted as problems of the sheet. A file that is not UTF-8 is read as Windows-1252, and
    a note says so. Raises FormatError if the file cannot be read, is not text, has missing or repeated names
    of columns, or has no rows.
    """
    cells = read_cells(path)
    _check_names(path, cells.names)
    if not cells.rows:
        raise FormatError(f"{path!r} has names of columns and no rows.")
    sheet = Sheet(*cells, decimal, Problems(path))
    return _checked(sheet)


def _check_names(path: str, names: list[str]) -> None:
    if not names:
        raise FormatError(f"Expected {path!r} to have a row of names and rows below it, got no text.")
    if not all(names):
        raise FormatError(f"Expected the first row of {path!r} to name every column, got {listed(names)}.")
    if all(map(is_number, names)):
        raise FormatError(
            f"Expected the first row of {path!r} to name the columns, got the numbers {', '.join(names[:5])}."
        )
    (name, count), *_ = Counter(names).most_common(1)
    if count > 1:
        raise FormatError(
            f"Expected the first row of {path!r} to name every column once, got {name!r} {count} times."
        )


def _checked(sheet: Sheet) -> Sheet:
    """The sheet, with each row of another length noted as a problem and padded or cut."""
    width = len(sheet.names)
    for row, line in zip(sheet.rows, sheet.lines, strict=True):
        if len(row) != width:
            what = f"{counted(len(row), 'cell')} instead of {width}, as many as the columns that have names"
            sheet.problems.add(line, None, what)
            row[:] = (row + [""] * width)[:width]
    return sheet
