"""Series: tables with a date column, whose rows are steps in time."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

import numpy as np

from .._checks import counted
from .._typing import Floats
from ..errors import ArgumentError, FormatError
from .dates import Form, forms_of
from .mending import FILL, FILLS, filled, mended
from .numerals import is_missing, is_number
from .problems import Problems
from .sheet import Sheet, bare, read_sheet
from .steps import Spacing, check_steps, leads, step_of
from .words import listed

ORDERS = {"day-first": "{date:%d}", "month-first": "{date:%m}"}
"""What --dates may be, and how dates with numbers for months then begin."""

MARKS = {"point": ".", "comma": ","}
"""What --decimal may be."""

ENGLISH = ("date", "day", "month", "quarter", "year", "time", "timestamp", "period")
GERMAN = ("datum", "tag", "monat", "quartal", "jahr", "zeit")
DATE_NAMES = frozenset((*ENGLISH, *GERMAN))
"""Names of columns whose numbers may be dates, such as 2024."""


def add_numbers(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how the numbers of a table are read."""
    add = parser.add_argument
    add("--decimal", choices=MARKS, help="the decimal mark, if the numbers do not tell")
    add(
        "--fill", choices=FILLS, help="mend missing values: repeat the last one, interpolate, or drop the row"
    )


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a series is read; used by all commands that read series."""
    add_numbers(parser)
    add = parser.add_argument
    add("--date", metavar="COLUMN", help="column with the dates (default: the first one with dates)")
    add("--dates", choices=ORDERS, help="how dates such as 02/01/2024 begin, if the column does not tell")


YEARS = range(1600, 2201)
"""Numbers that may be years in a first column that is not named like one."""


@dataclass(frozen=True)
class Dated:
    """The date column of a table: its name, and the form of its dates."""

    name: str
    form: Form


@dataclass(frozen=True)
class Series:
    """Columns of a table whose rows are evenly spaced in time, oldest first.

    Parameters
    ----------
    path : str
        The file.
    date : str
        Name of the date column.
    form : Form
        How its dates are written; ``form.write(date)`` writes further ones.
    dates : list of datetime
        The date of each row.
    step : Spacing
        The time from one row to the next; for ``next_dates``.
    columns : list of str
        Names of the other columns, as in the file.
    values : ndarray, shape (rows, columns)
        Their numbers, without missing ones.
    notes : list of str
        Sentences that tell how the table was read and mended.
    """

    path: str
    date: str
    form: Form
    dates: list[datetime]
    step: Spacing
    columns: list[str]
    values: Floats
    notes: list[str] = field(default_factory=list)


def find_dates(
    sheet: Sheet, name: str | None = None, order: str | None = None, ignore: Sequence[str] = ()
) -> Dated | None:
    """The date column of a table, by its name or the first one with dates; None if there is none.

    Columns in `ignore` are not it. Numbers such as 2024 are dates only in a column named like one, or in the
    first column if they increase.
    Raises ArgumentError if the named column has no dates, or if days and months may be exchanged and neither
    `order` nor the column tells which come first.
    """
    if name is not None:
        name = sheet.find(name)
        forms = forms_of(_filled(sheet.cells(name)))
        if not forms:
            example = next(iter(_filled(sheet.cells(name))), "")
            raise ArgumentError(
                f"Expected the column {name!r} of {sheet.path!r} to have dates, such as 2024-01-31, "
                f"Jan 2024 or 31.01.2024, got {example!r}."
            )
        return _dated(sheet, name, forms, order)
    for place, column in enumerate(sheet.names):
        forms = [] if column in ignore else forms_of(_filled(sheet.cells(column)))
        if forms and _plausible(sheet, place, forms[0]):
            return _dated(sheet, column, forms, order)
    return None


def _dated(sheet: Sheet, name: str, forms: list[Form], order: str | None) -> Dated:
    return Dated(name, _chosen(sheet, name, forms, order).in_words_of(sheet.cells(name)))


def _filled(cells: Sequence[str]) -> list[str]:
    return [cell for cell in cells if not is_missing(cell)]


def _plausible(sheet: Sheet, place: int, form: Form) -> bool:
    """Whether a column has dates and not just numbers that look like dates."""
    name = sheet.names[place]
    cells = _filled(sheet.cells(name))
    if not all(map(is_number, cells)) or bare(name).lower() in DATE_NAMES:
        return True
    found = [date for date in map(form.read, cells) if date is not None]
    increasing = all(one < two for one, two in pairwise(found))
    recent = all(date.year in YEARS for date in found)
    return place == 0 and 1 < len(found) == len(cells) and increasing and recent


def _chosen(sheet: Sheet, name: str, forms: list[Form], order: str | None) -> Form:
    """The form of a column; where days and months may be exchanged, the one that makes a series."""
    if len(forms) == 1:
        return forms[0]
    if order is not None:
        return next(form for form in forms if form.template.startswith(ORDERS[order]))
    cells = _filled(sheet.cells(name))
    even = [form for form in forms if _is_even(form, cells)] or forms
    if len(even) == 1 or "." in even[0].example:  # with points, the day comes first
        return even[0]
    cell = next((cell for cell in cells if len(_readings(cell, even)) > 1), None)
    if cell is None:  # such as 01/01/2024 alone
        return even[0]
    readings = " or ".join(f"{date:%d %B %Y}" for date in _readings(cell, even))
    raise ArgumentError(
        f"{cell!r} in the column {name!r} of {sheet.path!r} may be {readings}, and the other dates do not "
        f"tell. Say --dates {' or --dates '.join(ORDERS)}."
    )


def _readings(cell: str, forms: list[Form]) -> list[datetime]:
    """The different dates that a cell may be."""
    found = [form.read(cell) for form in forms]
    return list(dict.fromkeys(date for date in found if date is not None))


def _is_even(form: Form, cells: list[str]) -> bool:
    """Whether the dates step evenly, in this form, up or down."""
    found = [form.read(cell) for cell in cells]
    dates = [date for date in found if date is not None]
    if len(dates) < len(found) or len(dates) < 3:
        return False
    dates = dates if dates[0] < dates[-1] else dates[::-1]
    step = step_of(dates)
    return step is not None and all(leads(step, *pair) for pair in pairwise(dates))


def make_series(sheet: Sheet, dated: Dated, columns: Sequence[str], fill: str | None = None) -> Series:
    """Columns of a table as a series.

    Parameters
    ----------
    sheet : Sheet
        The table.
    dated : Dated
        Its date column.
    columns : sequence of str
        Columns of numbers, with or without their units.
    fill : {"forward", "linear", "drop"}, optional
        How missing values and dates are mended. Default: they are problems.

    Returns
    -------
    Series

    Raises
    ------
    ArgumentError
        If there is no such column.
    TableError
        If there are problems; the message lists all of them, each with line and column.
    FormatError
        If the table has fewer than two rows.
    """
    names = sheet.found(columns)
    sheet = without_totals(sheet, dated)
    problems = sheet.all_problems()
    notes: list[str] = []
    found = _dates(sheet, dated, problems)
    known = [date for date in found if date is not None]
    if len(known) > 1 and all(one > two for one, two in pairwise(known)):
        sheet, found, known = sheet.only(range(len(found))[::-1]), found[::-1], known[::-1]
        notes.append("The rows are newest first; they are used in reverse.")
    if len(sheet.rows) < 2:
        raise FormatError(f"Expected a series, two rows with dates or more, got one row in {sheet.path!r}.")
    step = _step(sheet, dated, found, fill, problems)
    values = sheet.values(names, problems)
    missing = 0 if fill else sheet.note_missing(values, names, problems)
    problems.check(_advice(problems, missing))
    assert step is not None, "without a step, a date comes twice or is none, and that is a problem"
    made = Series(sheet.path, dated.name, dated.form, known, step, names, values, notes)
    made = _filled_up(made, fill) if fill else made
    return replace(made, notes=[*sheet.notes, *made.notes])


def _advice(problems: Problems, missing: int) -> str:
    if sum(" comes twice" in what for _, _, what in problems.found) > 1:
        return "If a column tells several series apart, name it: --sequence COLUMN."
    if any(" step evenly" in what for _, _, what in problems.found):
        return "Say --fill linear to interpolate, or --fill drop to use the rows as they follow each other."
    gaps = any(" missing before this one" in what for _, _, what in problems.found)
    return FILL.replace("values", "values and dates") if missing or gaps else ""


def without_totals(sheet: Sheet, dated: Dated) -> Sheet:
    """A table without rows after the last date that have a word in its place, such as a total."""
    cells = sheet.cells(dated.name)
    count = len(cells)
    while count > 1 and cells[count - 1] and not any(map(str.isdigit, cells[count - 1])):
        count -= 1
    if count == len(cells):
        return sheet
    sheet.notes.append(
        f"Not read: line {sheet.lines[count]} and below, as {cells[count]!r} is not a date."
        if count < len(cells) - 1
        else f"Not read: line {sheet.lines[count]}, as {cells[count]!r} is not a date."
    )
    return sheet.only(range(count))


def _dates(sheet: Sheet, dated: Dated, problems: Problems) -> list[datetime | None]:
    """The date of each row; None, and a problem, where there is none."""
    found = []
    for cell, line in zip(sheet.cells(dated.name), sheet.lines, strict=True):
        found.append(dated.form.read(cell))
        if found[-1] is None:
            what = (
                "the date is missing"
                if is_missing(cell)
                else f"{cell!r} is not a date such as {dated.form.example}"
            )
            problems.add(line, dated.name, what)
    return found


def _step(
    sheet: Sheet, dated: Dated, found: list[datetime | None], fill: str | None, problems: Problems
) -> Spacing | None:
    """The step of the dates; dates that do not follow it are problems."""
    rows = [row for row, date in enumerate(found) if date is not None]
    known = [date for date in found if date is not None]
    step = step_of(known)
    if step is None:
        for row in rows[1:]:
            problems.add(sheet.lines[row], dated.name, "the date is not later than the one before")
        return None

    def told(row: int, what: str) -> None:
        problems.add(sheet.lines[rows[row]], dated.name, what)

    even = sum(leads(step, *pair) for pair in pairwise(known))
    if fill is None and 3 * even < len(known) - 1:
        steps = f"{even} of {len(known) - 1} are one step ({step}) after the one before"
        what = f"the dates do not step evenly; {steps}"
        problems.add(sheet.lines[rows[0]], dated.name, what)
    else:
        check_steps(known, step, dated.form, told, gaps=fill is None)
    return step


# --- mending ---------------------------------------------------------------------------------


def _filled_up(series: Series, fill: str) -> Series:
    """The series without missing values; a note says how many were mended."""
    missing = int(np.isnan(series.values).sum())
    if fill == "drop":
        return _dropped(series, missing)
    dates, values = _with_all_dates(series)
    rows = len(dates) - len(series.dates)
    values, good = filled(values, fill)
    cut = len(dates) - len(values)
    notes = list(series.notes)
    if missing or rows:
        what = " and ".join(
            counted(count, noun)
            for count, noun in ((missing, "missing value"), (rows, "missing row"))
            if count
        )
        notes.append(f"Mended by --fill {fill}: {what}.")
    if cut:
        notes.append(f"Left out: {counted(cut, 'row')} at the ends, where nothing can be filled in from.")
    return replace(series, dates=dates[good], values=values, notes=notes)


def _dropped(series: Series, missing: int) -> Series:
    values, rows = mended(series.values, "drop")
    notes = list(series.notes)
    if missing:
        count = len(series.values) - len(rows)
        notes.append(f"Left out by --fill drop: {counted(count, 'row')} with missing values.")
    return replace(series, dates=[series.dates[row] for row in rows], values=values, notes=notes)


def _with_all_dates(series: Series) -> tuple[list[datetime], Floats]:
    """Dates and values with a row of NaN for each missing date."""
    dates, rows = [series.dates[0]], [series.values[0]]
    for date, row in zip(series.dates[1:], series.values[1:], strict=True):
        for absent in series.step.until(dates[-1], date):
            dates.append(absent)
            rows.append(np.full_like(row, np.nan))
        dates.append(date)
        rows.append(row)
    return dates, np.array(rows)


def read_series(path: str, columns: Sequence[str], options: argparse.Namespace) -> Series:
    """The series in a CSV file, by the options of :func:`add_reading`.

    Raises FormatError if the file has no date column, and otherwise as `read_sheet` and :func:`make_series`.
    """
    sheet = read_sheet(path, decimal_of(options))
    dated = find_dates(sheet, options.date, options.dates)
    if dated is None:
        raise FormatError(
            f"{path!r} has no column with dates, such as 2024-01-31, Jan 2024 or 31.01.2024. It has "
            f"{listed(sheet.names)}."
        )
    return make_series(sheet, dated, columns, options.fill)


def decimal_of(options: argparse.Namespace) -> str | None:
    """The decimal mark that --decimal selects; None if the cells decide."""
    return None if options.decimal is None else MARKS[options.decimal]
