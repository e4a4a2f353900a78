"""Numbers as people write them in tables: decimal commas, thousands marks, currencies, missing values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

WORDS = ("na", "n/a", "#n/a", "nan", "null", "none", "missing", "k.a.", "n.a.", "#value!", "#ref!")
SIGNS = ("", "-", "--", "\u2013", "\u2014", ".", "..", "...", "?")
MISSING = frozenset((*WORDS, *SIGNS))
"""Cells that stand for a missing number, in lower case."""

SPACES = re.compile(r"(?<=\d)[ \u00a0\u2007\u2009\u202f'\u2019](?=\d{3}(?!\d))")
"""Thousands marks that are never decimal marks."""

CURRENCY = "€$£¥%"
MARKS = ".,"


def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    whole = rf"(?:\d+|[1-9]\d{{0,2}}(?:{thousands}\d{{3}})+)"
    return re.compile(
        rf"[+-]?(?:{whole}(?:{decimal}\d*)?|{decimal}\d+)(?:e[+-]?\d+)?", re.IGNORECASE | re.ASCII
    )


PATTERNS = {".": _pattern(r"\.", ","), ",": _pattern(",", r"\.")}
"""Numbers by their decimal mark; the other mark separates thousands."""


def is_missing(cell: str) -> bool:
    """Whether a cell stands for a missing number, such as an empty one or n/a."""
    return cell.lower() in MISSING


def number(cell: str, decimal: str) -> float | None:
    """The number in a cell, with this decimal mark; None if the cell is no finite number.

    >>> number("1.234,5 €", ","), number("($1,234.50)", "."), number("12 %", "."), number("1 234", ",")
    (1234.5, -1234.5, 12.0, 1234.0)
    """
    text = _plain(cell)
    if not PATTERNS[decimal].fullmatch(text):
        return None
    other = MARKS[MARKS.index(decimal) - 1]
    value = float(text.replace(other, "").replace(decimal, "."))
    return value if math.isfinite(value) else None


def is_number(cell: str) -> bool:
    """Whether a cell is a finite number, with a decimal point or a decimal comma."""
    return any(number(cell, decimal) is not None for decimal in MARKS)


def _plain(cell: str) -> str:
    """A cell without currency, percent sign and spaces; brackets of accountants become a minus."""
    text = cell.replace("\u2212", "-").strip().strip(CURRENCY).strip()
    if text.startswith("(") and text.endswith(")"):
        text = "-" + text[1:-1].strip().strip(CURRENCY).strip()
    if text[:1] in ("-", "+"):
        text = text[0] + text[1:].strip().strip(CURRENCY).strip()
    return SPACES.sub("", text)


def decimal_mark(cells: Iterable[str]) -> str | None:
    """The decimal mark of most of the cells that have only one reading; None if there is no such cell.

    >>> decimal_mark(["1.234", "1.234,5"]), decimal_mark(["1.234"]), decimal_mark(["0.125"])
    (',', None, '.')
    """
    readings = ([number(cell, mark) for mark in MARKS] for cell in cells)
    votes = [MARKS[point is None] for point, comma in readings if (point is None) != (comma is None)]
    return max(MARKS, key=votes.count) if votes else None


def two_readings(cells: Iterable[str]) -> str | None:
    """The first cell that is another number with the other decimal mark, such as 1.234; None if none is."""
    return next((cell for cell in cells if len({number(cell, mark) for mark in MARKS} - {None}) == 2), None)
