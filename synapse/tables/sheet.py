"""Tables of text in CSV files, as people and programs write them; columns have names and perhaps units."""

from __future__ import annotations

import codecs
import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .._checks import choice, counted, file_path, listed, suggestion, text
from .._typing import Floats, PathLike
from ..errors import ArgumentError, FormatError
from ..readwrite import files
from . import numerals
from .dates import forms_of
from .numerals import is_missing, is_number
from .problems import Problems, file_errors, quoted

DELIMITERS = ";\t,"
SAMPLE = 100
"""Number of rows that decide what separates the cells."""
SEPARATOR = re.compile(r"\"?sep=(?P<mark>[;,\t])\"?\s*", re.IGNORECASE)
"""A first line for spreadsheets that says what separates the cells."""
UNIT = re.compile(r"(?P<bare>.*\S)\s*[(\[](?P<unit>[^()\[\]]+)[)\]]")


def without_unit(name: str) -> tuple[str, str | None]:
    """The name of a column without its unit, and the unit.

    >>> without_unit("Sales (kEUR)"), without_unit("Temp [°C]"), without_unit("Costs")
    (('Sales', 'kEUR'), ('Temp', '°C'), ('Costs', None))
    """
    match = UNIT.fullmatch(name)
    return (name, None) if match is None else (match["bare"], match["unit"].strip())


@dataclass(frozen=True)
class Sheet:
    """A table of text, from :func:`read_sheet`.

    Attributes
    ----------
    path : str
        The file.
    names : list of str
        The names of the columns, with their units, such as "Sales (kEUR)".
    rows : list of list of str
        The cells.
    lines : list of int
        The line of the file on which each row ends.
    delimiter : str
        What separates the cells.
    notes : list of str
        Sentences on how the table was read.
    decimal : {".", ","} or None
        The decimal mark; None if the cells decide.
    problems : list
        Those of whole rows: line, None, and what is wrong.
    """

    path: str
    names: list[str]
    rows: list[list[str]]
    lines: list[int]
    delimiter: str = ","
    notes: list[str] = field(default_factory=list)
    decimal: str | None = None
    problems: list[tuple[int, str | None, str]] = field(default_factory=list)

    def matching(self, name: str) -> list[str]:
        """The columns that a name may mean: with or without the unit, but not with another one."""
        bare, unit = without_unit(name)
        same = [column for column in self.names if without_unit(column)[0] == bare]
        fitting = [column for column in same if None in (unit, without_unit(column)[1])]
        return [name] if name in self.names else fitting

    def find(self, name: str) -> str:
        """The column with this name, with or without its unit. Raises ArgumentError if there is none."""
        columns = self.matching(text("The name of a column", name))
        if len(columns) > 1:
            raise ArgumentError(f"{name!r} may be {quoted(columns)} of {self.path!r}. Give the unit, too.")
        if not columns:
            meant = suggestion(name, [*self.names, *(without_unit(column)[0] for column in self.names)])
            raise ArgumentError(f"{self.path!r} has no column {name!r}. It has {quoted(self.names)}.{meant}")
        return columns[0]

    def found(self, names: Sequence[str]) -> list[str]:
        """The columns with these names. Raises ArgumentError if one is missing."""
        return [self.find(name) for name in listed("The columns", names, "a list of names")]

    def cells(self, name: str) -> list[str]:
        """The cells of a column, as they are."""
        place = self.names.index(self.find(name))
        return [row[place] for row in self.rows]

    def words(self, name: str) -> list[str]:
        """The cells of a column, none of them empty. Raises TableError if one is, or a row is incomplete."""
        cells, problems = self.cells(name), self.all_problems()
        for cell, line in zip(cells, self.lines, strict=True):
            if not cell:
                problems.add(line, name, "the cell is empty")
        problems.check("Fill the cells in, or take the rows out.")
        return cells

    def has_numbers(self, name: str) -> bool:
        """Whether the first cell of a column that is not missing is a number, or all are missing."""
        return next((is_number(cell) for cell in self.cells(name) if not is_missing(cell)), True)

    def all_problems(self) -> Problems:
        """The problems of whole rows, to be checked together with those of cells."""
        return Problems(self.path, list(self.problems))

    def complete(self, columns: Sequence[str], advice: str = "") -> Floats:
        """Columns of numbers, shape (rows, columns), none of which is missing.

        Raises TableError otherwise, with this advice if a cell is no number.
        """
        problems = self.all_problems()
        values = self.numbers(columns, problems)
        words = any("is not a finite number" in what for _, _, what in problems.found)
        self.note_missing(values, columns, problems)
        problems.check(advice if words else "")
        return values

    def numbers(self, columns: Sequence[str], problems: Problems) -> Floats:
        """Columns of numbers, shape (rows, columns), NaN where one is missing; other cells are problems."""
        names = self.found(columns)
        parts = [self._numbers(name, names, problems) for name in names]
        return np.array(parts, np.float64).T.reshape(len(self.rows), len(names)).copy()

    def _numbers(self, name: str, together: list[str], problems: Problems) -> list[float]:
        cells = self.cells(name)
        mark = self._decimal_mark(name, cells, together)
        full = [row for row, cell in enumerate(cells) if not is_missing(cell)]
        if len(cells) > 1 and full and not any(is_number(cells[row]) for row in full[:1000]):
            what = f"{cells[full[0]]!r} is not a finite number, nor is any other cell of the column"
            problems.add(self.lines[full[0]], name, what)
            return [0.0] * len(cells)
        values = []
        for cell, line in zip(cells, self.lines, strict=True):
            value = np.nan if is_missing(cell) else numerals.number(cell, mark)
            if value is None:
                other = f" with a decimal {'comma' if mark == ',' else 'point'}" if is_number(cell) else ""
                problems.add(line, name, f"{cell!r} is not a finite number{other}")
            values.append(np.nan if value is None else value)
        return values

    def note_missing(self, values: Floats, columns: Sequence[str], problems: Problems) -> bool:
        """Note missing numbers that are no problems yet, neighbours as one; whether there are any."""
        noted, count = {(line, name) for line, name, _ in problems.found}, len(problems.found)
        for name, column in zip(self.found(columns), values.T, strict=True):
            gaps = np.flatnonzero(np.isnan(column)).tolist()
            missing = np.array([row for row in gaps if (self.lines[row], name) not in noted], int)
            for rows in np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1):
                if len(rows):
                    several = f"{len(rows)} values from here on are missing"
                    what = "the value is missing" if len(rows) == 1 else several
                    problems.add(self.lines[rows[0]], name, what)
        return len(problems.found) > count

    def decimal_mark(self, columns: Sequence[str]) -> str | None:
        """The decimal mark of these columns, as said or as their cells tell; None if they do not."""
        cells = (cell for name in columns for cell in self.cells(name))
        return self.decimal or numerals.decimal_mark(cells)

    def _decimal_mark(self, name: str, cells: list[str], together: list[str]) -> str:
        """The decimal mark of a column: as said, or as its cells, the other columns or the separator tell."""
        mark = self.decimal_mark([name]) or self.decimal_mark(together)
        if mark is not None:
            return mark
        mark = "," if self.delimiter == ";" else "."
        if (example := numerals.two_readings(cells)) is not None:
            self.note(
                f"{example!r} in the column {name!r} is read as {numerals.number(example, mark):.15g}. "
                f"If that is wrong, say --decimal {'point' if mark == ',' else 'comma'}."
            )
        return mark

    def note(self, sentence: str) -> None:
        """Add a sentence on how the table was read, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def only(self, rows: Sequence[int]) -> Sheet:
        """A table of some of the rows."""
        return replace(self, rows=[self.rows[i] for i in rows], lines=[self.lines[i] for i in rows])

    def sequences(self, column: str | None) -> list[slice]:
        """The rows of each sequence: neighbours with the same value in a column; without one, all rows.

        Raises FormatError if a sequence continues after another has begun.
        """
        if column is None:
            return [slice(0, len(self.rows))]
        cells = self.words(column)
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


def read_sheet(path: PathLike, decimal: str | None = None) -> Sheet:
    """Read the table in a CSV file; ``-`` is standard input.

    The first row has the names of the columns; an unnamed first column is called "column 1". Lines before it
    with a title, lines that begin with #, and lines of text after the last row are left out. Cells are
    separated by semicolons, tabs or commas, whichever splits most rows into the same number of cells.
    `decimal`, "." or ",", is the decimal mark, by default the one that the cells tell. Rows with more or
    fewer cells than there are names are noted as problems of the sheet. A file that is not UTF-8 is read as
    Windows-1252, and a note says so.

    Raises FormatError if the file cannot be read, is not text, has missing or repeated names of columns, or
    has no rows.
    """
    choice("The decimal", decimal, [None, ".", ","])
    names, rows, lines, delimiter, notes = _cells(path := str(file_path("The path", path)))
    if not names:
        raise FormatError(f"Expected {path!r} to have a row of names and rows below it, got no text.")
    row_of_names = f"Expected the first row of {path!r} to name"
    if not all(names):
        raise FormatError(f"{row_of_names} every column, got {quoted(names)}.")
    if all(map(is_number, names)):
        raise FormatError(f"{row_of_names} the columns, got the numbers {', '.join(names[:5])}.")
    (name, count), *_ = Counter(names).most_common(1)
    if count > 1:
        raise FormatError(f"{row_of_names} every column once, got {name!r} {count} times.")
    if not rows:
        raise FormatError(f"{path!r} has names of columns and no rows.")
    sheet, width = Sheet(path, names, rows, lines, delimiter, notes, decimal), len(names)
    for row, line in zip(rows, lines, strict=True):
        if len(row) != width:
            what = f"{counted(len(row), 'cell')} instead of {width}, as many as the columns that have names"
            sheet.problems.append((line, None, what))
            row[:] = (row + [""] * width)[:width]
    return sheet


def _cells(path: str) -> tuple[list[str], list[list[str]], list[int], str, list[str]]:
    """The names, rows, lines on which rows end, delimiter and notes of a CSV file.

    Names and rows may be missing, and rows may have different lengths. Raises FormatError if the file cannot
    be read or is not text.
    """
    text, notes = _text(path)
    lines = list(io.StringIO(text, newline=None))  # a row may end with \r alone
    said = SEPARATOR.fullmatch(lines[0]) if lines else None
    content = "".join("\n" if _is_comment(line) else line for line in lines)
    delimiter = _delimiter(content) if said is None else said["mark"]
    rows, ends = _parsed(path, content, delimiter)
    usual = max(Counter(map(len, rows[1:])).items(), key=lambda pair: pair[1], default=(0, 0))[0]
    while len(rows) > 1 and usual > 1 and _is_title(rows[0], usual):
        rows, ends = rows[1:], ends[1:]
    if not rows:
        return [], [], [], delimiter, notes
    while not rows[0][-1] and not any("".join(row[len(rows[0]) - 1 :]) for row in rows):  # an empty column
        width = len(rows[0]) - 1
        rows = [row[:width] if len(row) == width + 1 else row for row in rows]
    names, rows, ends, whole = rows[0], rows[1:], ends[1:], len(rows) - 1
    if not names[0] and len(names) > 1:
        names[0] = "column 1"  # an index without a name, as pandas writes it
    while len(rows) > 1 and len(names) > 1 and _is_text(rows[-1]):  # below the table
        rows.pop()
    if len(rows) < whole:
        first, last = ends[len(rows)], ends[-1]
        below = f"line {first}" if first == last else f"lines {first} to {last}"
        notes.append(f"Not read: the text in {below}.")
    return names, rows, ends[: len(rows)], delimiter, notes


def _text(path: str) -> tuple[str, list[str]]:
    """The text of a file, and a sentence if its encoding is not UTF-8."""
    with file_errors("read", path):
        content = files.read(sys.stdin.buffer if path == "-" else path)
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # "Unicode text" of spreadsheets
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            other = encoding == "cp1252"
            return text, ["The file is not UTF-8; it is read as Windows-1252."] if other else []
    raise FormatError(f"Cannot read {path!r}: it is not text. Save the table as CSV, in UTF-8.")


def _is_comment(line: str) -> bool:
    """Whether a line is a comment: it begins with #, but not with a missing value such as #N/A; or sep=;."""
    if SEPARATOR.fullmatch(line):
        return True
    return line.startswith("#") and not is_missing(re.split("[;,\t]", line, maxsplit=1)[0].strip())


def _parsed(path: str, text: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    """The rows that are not empty, and the lines on which they end."""
    rows, ends = [], []
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                rows.append([cell.strip() for cell in cells])
                ends.append(reader.line_num)
    except csv.Error as error:
        raise FormatError(f"{path!r} is not CSV: {error}, on line {reader.line_num}.") from None
    return rows, ends


def _delimiter(text: str) -> str:
    """The separator that splits most of the first rows into the same number of cells, above one."""
    full = [line[:100_000] for line in text.split("\n") if line.strip()]  # csv limits a cell's length

    def fit(mark: str) -> tuple[int, int]:
        counts = Counter(len(next(csv.reader([line], delimiter=mark), [])) for line in full[:SAMPLE])
        return max(((count, cells) for cells, count in counts.items() if cells > 1), default=(0, 0))

    return max(DELIMITERS, key=fit)


def _is_title(cells: list[str], usual: int) -> bool:
    """Whether a row above the names has text in one cell only."""
    return len(cells) == 1 or (usual > 2 and len(list(filter(None, cells))) == 1)


def _is_text(cells: list[str]) -> bool:
    """Whether a row is a sentence: one cell that is neither a number nor a date, or the parts of one."""
    full = list(filter(None, cells))
    return len(full) == 1 and not is_number(full[0]) and not forms_of(full)
