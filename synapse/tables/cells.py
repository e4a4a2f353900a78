"""Cells of CSV files, as people and programs write them: encodings, separators, titles, comments, footers."""

from __future__ import annotations

import codecs
import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from ..errors import FormatError
from ..readwrite import files
from .dates import forms_of
from .numerals import is_missing, is_number
from .problems import reason

DELIMITERS = ";\t,"
SAMPLE = 100
"""Number of rows that decide what separates the cells."""

SEPARATOR = re.compile(r"\"?sep=(?P<mark>[;,\t])\"?\s*", re.IGNORECASE)
"""A first line for spreadsheets that says what separates the cells."""


def read_cells(path: str) -> tuple[str, list[str], list[list[str]], list[int], str, list[str]]:
    """The path, names, rows, lines on which rows end, delimiter and notes of a CSV file, for `Sheet`.

    Names and rows may be missing, and rows may have different lengths. Raises FormatError if the file cannot
    be read or is not text.
    """
    text, notes = _text(path)
    lines = list(io.StringIO(text, newline=None))  # a row may end with \r alone
    said = SEPARATOR.fullmatch(lines[0]) if lines else None
    content = "".join("\n" if _is_comment(line) else line for line in lines)
    delimiter = _delimiter(content) if said is None else said["mark"]
    names, rows, ends = _without_title(_parsed(path, content, delimiter))
    names, rows = _without_empty_columns(names, rows)
    if names and not names[0] and len(names) > 1:
        names[0] = "column 1"  # an index without a name, as pandas writes it
    rows, left_out = _without_footer(names, rows, ends)
    return path, names, rows, ends[: len(rows)], delimiter, notes + left_out


def _text(path: str) -> tuple[str, list[str]]:
    """The text of a file, and a sentence if its encoding is not UTF-8."""
    try:
        content = files.read(sys.stdin.buffer if path == "-" else path)
    except (OSError, FormatError) as error:
        raise FormatError(f"Cannot read {path!r}: {reason(error)}") from error
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # as spreadsheets write "Unicode text"
        encodings, notes = ["utf-16"], list[str]()
    else:
        encodings, notes = ["utf-8-sig", "cp1252"], []
    for encoding in encodings:
        with suppress(UnicodeDecodeError):
            text = content.decode(encoding)
            if "\0" in text:
                break
            if encoding == "cp1252":
                notes.append("The file is not UTF-8; it is read as Windows-1252.")
            return text, notes
    raise FormatError(f"Cannot read {path!r}: it is not text. Save the table as CSV, in UTF-8.")


Table = tuple[list[str], list[list[str]], list[int]]
"""Names, rows, and the lines on which rows end."""


def _is_comment(line: str) -> bool:
    """Whether a line is a comment: it begins with #, but not with a missing value such as #N/A; or sep=;."""
    if SEPARATOR.fullmatch(line):
        return True
    return line.startswith("#") and not is_missing(re.split("[;,\t]", line, maxsplit=1)[0].strip())


def _parsed(path: str, text: str, delimiter: str) -> Table:
    rows, ends = [], []
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                rows.append([cell.strip() for cell in cells])
                ends.append(reader.line_num)
    except csv.Error as error:
        raise FormatError(f"{path!r} is not CSV: {error}, on line {reader.line_num}.") from None
    return (rows[0], rows[1:], ends[1:]) if rows else ([], [], [])


def _delimiter(text: str) -> str:
    """The separator that splits most of the first rows into the same number of cells, above one."""
    lines = [line[:100_000] for line in text.split("\n") if line.strip()][
        :SAMPLE
    ]  # csv limits a cell's length

    def fit(mark: str) -> tuple[int, int]:
        counts = Counter(len(next(csv.reader([line], delimiter=mark), [])) for line in lines)
        return max(((count, cells) for cells, count in counts.items() if cells > 1), default=(0, 0))

    return max(DELIMITERS, key=fit)


def _without_title(table: Table) -> Table:
    """A table without the lines above the names, which have text in one cell only."""
    names, rows, ends = table
    usual = Counter(map(len, rows)).most_common(1)
    while rows and usual[0][0] > 1 and _is_title(names, usual[0][0]):
        names, rows, ends = rows[0], rows[1:], ends[1:]
    return names, rows, ends


def _is_title(cells: list[str], usual: int) -> bool:
    return len(cells) == 1 or (usual > 2 and len(list(filter(None, cells))) == 1)


def _without_empty_columns(names: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """A table without columns at its right side that have no name and no cells."""
    while (
        names
        and not names[-1]
        and not any(row[len(names) - 1 :] != [""] for row in rows if len(row) >= len(names))
    ):
        rows = [row[:-1] if len(row) == len(names) else row for row in rows]
        names = names[:-1]
    return names, rows


def _without_footer(
    names: list[str], rows: list[list[str]], ends: list[int]
) -> tuple[list[list[str]], list[str]]:
    """The rows without the last ones that have only text, in one cell, and a sentence about these."""
    count = len(rows)
    while count > 1 and len(names) > 1 and _is_text(rows[count - 1]):
        count -= 1
    if count == len(rows):
        return rows, []
    return rows[:count], [f"Not read: the text in {_lines(ends[count:])}."]


def _lines(lines: Sequence[int]) -> str:
    return f"line {lines[0]}" if len(lines) == 1 else f"lines {lines[0]} to {lines[-1]}"


def _is_text(cells: list[str]) -> bool:
    """Whether a row is a sentence: one cell that is neither a number nor a date, or the parts of one."""
    full = list(filter(None, cells))
    return len(full) == 1 and not is_number(full[0]) and not forms_of(full)
