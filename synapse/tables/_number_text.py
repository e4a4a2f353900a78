"""Numbers in cells of text: decimal marks, marks of thousands and units that all cells
of a column have.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from .._checks import is_number, pluralize
from .._typing import Floats, Ints
from ..errors import FormatError
from ._number_form import FORMS, NumberForm
from ._pandas import pd
from ._time_words import PART_NAMES

OTHER_MARK = {".": ",", ",": "."}
"""For each decimal mark the other one, which may separate thousands."""
SPACES = "'\u2019 \u00a0\u202f"
"""Further marks of thousands: apostrophes and spaces, which are never decimal marks."""
MONTH = re.compile(r"(0?[1-9]|1[0-2])[.](19|20)\d\d")
"""A month, such as 01.2024, which is no decimal number."""
CODES = "AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HUF|INR|JPY|NOK|PLN|SEK|TRY|USD"
CURRENCY = rf"(?:[$€£¥₹]|{CODES})"
UNIT = re.compile(rf"([+-]?)\s*({CURRENCY})?\s*([^$€£¥₹%A-Z]+?)\s*(%|{CURRENCY})?")
"""Sign, currency, number, and a currency or a per cent sign after it."""
# pandas reads no sign but one in front, and no units: such columns are text for it.
NEGATIVE = re.compile(
    rf"({CURRENCY}\s*)?\(\s*([^()]*\d[^()]*?)\s*\)(\s*(?:%|{CURRENCY}))?"  # accountants
    r"|[△▲]\s*(\S.*)"  # in Japan
    rf"|([^-]*\d(?:\s*(?:%|{CURRENCY}))?)\s*-"  # of SAP and COBOL
    rf"|-\s+(\S.*)|({CURRENCY}\s*)-\s*(\d.*)"
)
"""Negative numbers without their sign in front; the groups are what follows it."""
DASHES = str.maketrans(dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\ufe63\uff0d", "-"))
"""Dashes that stand for a minus sign, and the one of typesetting."""
LEADING_ZERO = re.compile(r"^[+-]?0\d+$", re.ASCII | re.MULTILINE)
"""A line with an integer that has a leading zero, which is a code."""
MAX_EXACT_INTEGER = 2.0**53
"""Integers below it are exact as floats; longer ones become floats."""


def _pattern(decimal: str) -> re.Pattern[str]:
    """Return the numbers with this decimal mark, with marks of thousands or without."""
    mark = re.escape(decimal)
    thousands = re.escape(OTHER_MARK[decimal]) + SPACES
    groups = rf"[1-9]\d{{0,2}}([{thousands}])\d{{3}}(?:\1\d{{3}})*"
    digits = rf"(?:{groups}|\d+)(?:{mark}\d*)?|{mark}\d+"
    return re.compile(rf"[+-]?(?:{digits})(?:[eE][+-]?\d+)?", re.ASCII)


# read_csv takes one mark of thousands and one decimal mark for all columns, and must be
# told both: what a file writes is chosen here by all cells of a column.
PATTERNS = {decimal: _pattern(decimal) for decimal in OTHER_MARK}
POINT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
"""Numbers as Python writes them."""
PLAIN_TEXT = re.compile(r"[0-9+\-.eE\n]*")
"""Text without other marks, of which Python reads nothing but such numbers."""
NO_GROUP = re.compile(r"\.(?!\d{3}(?:[.\n]|$))|(?:^|\n)[+-]?(?:0|\d{4})\d*\.")
"""A point that does not begin a group of three digits, or has none or too many before
it."""
PLAIN = {
    decimal: str.maketrans({decimal: ".", other: None, **dict.fromkeys(SPACES)})
    for decimal, other in OTHER_MARK.items()
}
"""What makes of a number with this decimal mark one that Python reads."""


def to_floats(column: pd.Series) -> Floats:
    """Return the cells of a column as floats, each the nearest to its text; NaN for
    those that are not numbers.

    Text is a number only if the whole column is text, as in a data frame of the caller,
    and no cell is a code. Beside numbers it is what :func:`convert_numbers` could not
    read.
    (``pandas.to_numeric`` is off by the last bit in one of twenty numbers with
    decimals.)
    """
    if column.dtype.kind in "iuf":
        return column.to_numpy(np.float64, copy=True)
    if column.dtype.kind in "bmM":
        return np.full(len(column), np.nan)
    cells = column.astype(object).where(column.notna(), np.nan)
    text = [isinstance(cell, str) for cell in cells]
    is_all_text = sum(text) == column.notna().sum() and not about_codes(
        cells[text].str.strip().tolist()
    )

    def number(cell: Any) -> float:
        if isinstance(cell, str):
            return (
                float(cell) if is_all_text and POINT.fullmatch(cell.strip()) else np.nan
            )
        return float(cell) if is_number(cell) else np.nan

    return np.array([number(cell) for cell in cells], np.float64)


def about_codes(cells: Sequence[str]) -> str:
    """Return why cells of a column are codes, which would differ no longer as numbers;
    "" if they are not.
    """
    if zeros := LEADING_ZERO.findall("\n".join(cells)):
        count = pluralize(len(zeros), "cell")
        have = "has a leading zero" if len(zeros) == 1 else "have leading zeros"
        return f"{count} {have}, such as {zeros[0]!r}"
    long = {cell for cell in cells if len(cell) > 15 and _is_integer(cell)}
    if len({*map(float, long)}) < len(long):
        return f"{len(long)} numbers with many digits differ in the last ones only"
    return ""


def _are_plain(cells: list[str]) -> bool:
    """Return whether all cells are numbers as Python writes them, whose point is a
    decimal mark for certain. It saves most columns the patterns below.
    """
    joined = "\n".join(cells)
    if PLAIN_TEXT.fullmatch(joined) is None or MONTH.match(joined):
        return False
    if "." in joined and NO_GROUP.search(joined) is None:
        return False
    try:
        return bool(np.isfinite(np.array(cells, object).astype(np.float64)).all())
    except ValueError:
        return False


def convert_numbers(
    table: pd.DataFrame, separator: str, decimal: str | None
) -> list[str]:
    """Replace the columns of text of a table of which most cells are numbers.

    A column of numbers only becomes numeric. In another one, the numbers get a decimal
    point, and the other cells stay what they are, so that a sentence can name them.
    ``table.attrs`` gets the forms of columns with units or marks of thousands.

    Parameters
    ----------
    table : pandas.DataFrame
        The table, whose index has the line of each row.
    separator : str
        What separates the cells of the file.
    decimal : {".", ","}, optional
        The decimal mark. Default: for each column the one by which more cells are
        numbers; if both read all cells, that of the other columns.

    Returns
    -------
    list of str
        Sentences on marks of thousands and units that were read.

    Raises
    ------
    FormatError
        If a column may have either decimal mark, as 1.234 beside 999.
    """
    readings = dict[str, _NumberReading]()
    certain = set[str | None]()
    notes = []
    for name in table.columns:
        if table[name].dtype.kind in "iuf":
            continue
        # Files with types have numbers among them.
        rows = np.flatnonzero([isinstance(cell, str) for cell in table[name]])
        cells = table[name].iloc[rows].tolist()
        if name.lower() not in PART_NAMES and (why := about_codes(cells)):
            if all(PATTERNS["."].fullmatch(cell) for cell in cells):
                notes.append(f"{name!r} is read as text: {why}.")
            continue
        if decimal != "," and _are_plain(cells):
            table[name] = _with_numbers(table[name], rows, cells)
            certain |= {"."} if any("." in cell for cell in cells) else set()
            continue
        readings[name] = _NumberReading(rows, table.index[rows], cells)
        certain.add(readings[name].certain)
    certain -= {None}
    usual = decimal or (certain.pop() if len(certain) == 1 else None)
    for name, reading in readings.items():
        mark = (
            decimal
            or reading.certain
            or _of_convention(reading, name, separator, usual)
        )
        notes += reading.convert(table, name, mark)
    return notes


class _NumberReading:
    """A column of text, and what is a number in it by each decimal mark."""

    def __init__(self, rows: Ints, lines: pd.Index, cells: list[str]) -> None:
        self.rows, self.lines, self.cells_in_file = rows, lines, cells
        self.signed = [*map(signed, cells)]
        self.form, self.cells = _without_unit(self.signed)
        is_month = all(MONTH.fullmatch(cell) for cell in self.cells)
        self.fits = {
            decimal: np.array(
                [not is_month and _is_number(cell, decimal) for cell in self.cells],
                bool,
            )
            for decimal in OTHER_MARK
        }

    @property
    def certain(self) -> str | None:
        """The decimal mark by which more cells are numbers, and more than half of them;
        None without one.
        """
        point, comma = (int(fits.sum()) for fits in self.fits.values())
        if point == comma or 2 * max(point, comma) <= len(self.cells):
            return None
        return "." if point > comma else ","

    def convert(self, table: pd.DataFrame, name: str, decimal: str) -> list[str]:
        """Replace the column if most of its cells are numbers; return sentences on what
        was read.
        """
        places = np.flatnonzero(self.fits[decimal])
        if 2 * len(places) <= len(self.cells):
            return []
        plain = {i: self.cells[i].translate(PLAIN[decimal]) for i in places.tolist()}
        grouped = OTHER_MARK[decimal] + SPACES
        thousands = [i for i in plain if any(mark in self.cells[i] for mark in grouped)]
        negative = [
            i
            for i in plain
            if self.signed[i] != self.cells_in_file[i].translate(DASHES)
        ]
        count = pluralize(len(negative), "negative number")
        notes = [
            f"{sentence}: {self.cells_in_file[rows[0]]!r} is {plain[rows[0]]}."
            for sentence, rows in (
                (f"{count} of {name!r} without a sign in front", negative),
                (f"Marks of thousands are read in {name!r}", thousands),
            )
            if rows
        ]
        if unit := (self.form.before + self.form.after).strip():
            notes.append(f"The unit {unit!r} of {name!r} is left out.")
        if self.form != NumberForm():
            table.attrs[FORMS] = table.attrs.get(FORMS, {}) | {name: asdict(self.form)}
        table[name] = _with_numbers(table[name], self.rows[places], [*plain.values()])
        return notes


def signed(cell: str) -> str:
    """Return a cell with the sign of a negative number in front.

    >>> signed("(2)"), signed("2-"), signed("$-2"), signed("2020-01")
    ('-2', '-2', '-$2', '2020-01')
    """
    plain = cell.translate(DASHES)
    match = NEGATIVE.fullmatch(plain)
    return plain if match is None else "-" + "".join(filter(None, match.groups()))


def _of_convention(
    reading: _NumberReading, name: str, separator: str, usual: str | None
) -> str:
    """Return the decimal mark of a column that both marks read; FormatError if nothing
    tells, and cells are different numbers by the two.
    """
    by_point, by_comma = reading.fits.values()
    marked = [re.search("[.,]", cell) is not None for cell in reading.cells]
    doubtful = np.flatnonzero(by_point & marked)
    are_equal = (by_point == by_comma).all() and 2 * by_point.sum() > len(marked)
    if usual is not None or separator == "," or not (are_equal and len(doubtful)):
        return usual or "."
    # In a file with semicolons the comma is the decimal mark; with as many decimals
    # everywhere nothing speaks against it. An integer beside such numbers does: 1,500
    # may be one with a mark of thousands.
    has_commas = all(
        "," in cell
        for cell, fit in zip(reading.cells, reading.fits[","], strict=True)
        if fit
    )
    if separator == ";" and has_commas:
        return ","
    place = int(doubtful[0])
    as_point, as_comma = (
        reading.cells[place].translate(PLAIN[mark]) for mark in OTHER_MARK
    )
    raise FormatError(
        f"{reading.cells_in_file[place]!r} in line {reading.lines[place]}, column"
        f" {name!r}, may be {as_point} or {as_comma}. Pass --decimal point or"
        " --decimal comma."
    )


def _without_unit(cells: Sequence[str]) -> tuple[NumberForm, Sequence[str]]:
    """Return how the numbers of a column are written if all cells have one currency or
    per cent sign, and the cells without it.
    """
    head = UNIT.fullmatch(cells[0]) if cells else None
    if head is None or not (head[2] or head[4]):
        return NumberForm(), cells
    matches = [*filter(None, map(UNIT.fullmatch, cells))]
    units = {(match[2] or "") + (match[4] or "") for match in matches}
    if len(matches) < len(cells) or len(units) > 1:
        return NumberForm(), cells
    form = NumberForm(cells[0][head.end(1) : head.start(3)], cells[0][head.end(3) :])
    return form, [match[1] + match[3] for match in matches]


def _with_numbers(column: pd.Series, rows: Ints, texts: Sequence[str]) -> pd.Series:
    """Return a column with numbers in these rows: as floats if no text is left, or as
    integers if all are and none is missing.
    """
    cells = column.to_numpy(object, copy=True)
    cells[rows] = [int(text) if _is_integer(text) else float(text) for text in texts]
    if len(rows) < column.notna().sum():
        return pd.Series(cells, column.index).infer_objects()
    values = cells.astype(np.float64)
    if len(rows) == len(cells) and all(map(_is_integer, texts)):
        values = values if abs(values).max() >= MAX_EXACT_INTEGER else cells.astype(int)
    return pd.Series(values, column.index)


def _is_number(text: str, decimal: str) -> bool:
    """Return whether text is a finite number with this decimal mark."""
    is_written_so = PATTERNS[decimal].fullmatch(text) is not None
    return is_written_so and math.isfinite(float(text.translate(PLAIN[decimal])))


def _is_integer(text: str) -> bool:
    return text.lstrip("+-").isdigit()
