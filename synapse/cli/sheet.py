"""Tables of numbers and words in CSV files, checked cell by cell."""

from __future__ import annotations

import csv
import io
import math
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import dropwhile

import numpy as np

from .._typing import Floats
from ..errors import ArgumentError, FormatError
from ..readwrite import files
from .words import listed, reason

DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Sheet:
    """A table: the names of its columns, its rows of cells, and the line of the file on which each ends."""

    path: str
    names: list[str]
    rows: list[list[str]]
    lines: list[int]

    def require(self, columns: list[str]) -> None:
        """Raise ArgumentError if a column is missing."""
        missing = [name for name in columns if name not in self.names]
        if missing:
            raise ArgumentError(
                f"{self.path!r} has no column {listed(missing)}. It has {listed(self.names)}."
            )

    def column(self, name: str) -> list[str]:
        """The cells of a column, none of them empty."""
        self.require([name])
        place = self.names.index(name)
        cells = [row[place] for row in self.rows]
        for cell, line in zip(cells, self.lines, strict=True):
            if not cell:
                raise FormatError(
                    f"The column {name!r} of {self.path!r} is empty on line {line}. "
                    "Fill it in, or take the row out."
                )
        return cells

    def numbers(self, columns: list[str], advice: str = "") -> Floats:
        """Columns of numbers, shape (rows, columns).

        Raises ArgumentError if there is no such column, and FormatError if a cell is not a finite number;
        `advice` ends that sentence.
        """
        parts = [self._numbers(name, advice) for name in columns]
        return np.array(parts, np.float64).T.reshape(len(self.rows), len(columns)).copy()

    def _numbers(self, name: str, advice: str) -> list[float]:
        cells = self.column(name)
        for cell, line in zip(cells, self.lines, strict=True):
            if not is_number(cell):
                raise FormatError(
                    f"Expected the column {name!r} of {self.path!r} to have finite numbers, "
                    f"got {cell!r} on line {line}. {advice}".rstrip()
                )
        return list(map(float, cells))

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


def is_number(cell: str) -> bool:
    """Whether a cell is a finite number."""
    try:
        return "_" not in cell and math.isfinite(float(cell))  # float takes 1_000
    except ValueError:
        return False


def read_sheet(path: str) -> Sheet:
    """Read the table in a CSV file; ``-`` is standard input.

    The first row has the names of the columns; lines before it that begin with # are comments. Cells are
    separated by commas, semicolons or tabs, whichever splits the first row into most cells. Raises
    FormatError if the file cannot be read, is not UTF-8, has missing or repeated names of columns, has no
    rows, or has a row with more or fewer cells than there are names.
    """
    try:
        text = files.read_text(sys.stdin.buffer if path == "-" else path)
    except (OSError, FormatError) as error:
        raise FormatError(f"Cannot read {path!r}: {reason(error)}") from error
    lines = list(io.StringIO(text, newline=None))  # a row may end with \r alone
    content = list(dropwhile(lambda line: line.startswith("#") or not line.strip(), lines))
    names, rows, ends = _parsed(path, "".join(content), len(lines) - len(content))
    _check_names(path, names)
    if not rows:
        raise FormatError(f"{path!r} has names of columns and no rows.")
    return Sheet(path, names, rows, ends)


def _parsed(path: str, text: str, skipped: int) -> tuple[list[str], list[list[str]], list[int]]:
    """Names, rows, and the lines on which rows end."""
    names: list[str] = []
    rows, ends = [], []
    reader = csv.reader(io.StringIO(text), delimiter=_delimiter(text), skipinitialspace=True, strict=True)
    try:
        names = [cell.strip() for cell in next(reader, [])]
        for cells in reader:
            if not any(map(str.strip, cells)):
                continue
            line = reader.line_num + skipped
            if len(cells) != len(names):
                raise FormatError(
                    f"Expected every row of {path!r} to have {len(names)} cells, as the first has, "
                    f"got {len(cells)} on line {line}."
                )
            rows.append([cell.strip() for cell in cells])
            ends.append(line)
    except csv.Error as error:
        raise FormatError(f"{path!r} is not CSV: {error}, on line {reader.line_num + skipped}.") from None
    return names, rows, ends


def _delimiter(text: str) -> str:
    """The separator that splits the first row into most cells."""
    first = text.split("\n", 1)[0][:100_000]  # within csv's limit for one cell
    return max(DELIMITERS, key=lambda mark: len(next(csv.reader([first], delimiter=mark), [])))


def _check_names(path: str, names: list[str]) -> None:
    if not names or not all(names):
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
