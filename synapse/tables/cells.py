"""Cells of CSV files, as people and programs write them: encodings, separators, titles, comments, footers."""

from __future__ import annotations

import codecs
import csv
import io
import re
import sys
from collections import Counter

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


def read_cells(path: str) -> tuple[list[str], list[list[str]], list[int], str, list[str]]:
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
    usual = max(Counter(map(len, rows[1:])).items(), key=lambda one: one[1], default=(0, 0))[0]
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
    try:
        content = files.read(sys.stdin.buffer if path == "-" else path)
    except (OSError, FormatError) as error:
        raise FormatError(f"Cannot read {path!r}: {reason(error)}") from error
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
