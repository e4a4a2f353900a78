"""Series: tables whose rows are steps in time."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import choice, counted, instance, text, whole_number
from .._typing import Floats
from ..errors import ArgumentError, FormatError
from .dates import SERIAL, YEARS, DateStep, Form, forms_of, in_zone, pandas_for_tables, step_of
from .numerals import is_missing, is_number
from .problems import Problems, quoted
from .sheet import Sheet, without_unit

if TYPE_CHECKING:
    import pandas as pd

ORDERS = {"day-first": "%d", "month-first": "%m"}
"""How dates with numbers for months may begin."""
FILLS = ("forward", "linear", "drop")
"""How missing values and dates are mended."""
DUPLICATES = ("first", "mean", "drop")
"""How rows of one date are mended: the first one, their mean, or none of them."""
FILL = f"To mend missing values, say --fill {', '.join(FILLS[:-1])} or {FILLS[-1]}."
DATE_NAMES = (
    *("date", "day", "month", "quarter", "year", "time", "timestamp", "period"),
    *("datum", "tag", "monat", "quartal", "jahr", "zeit"),
)
"""Names of columns whose numbers may be dates, such as 2024."""
SERIAL_NAMES = ("date", "day", "month", "datum", "tag", "monat")
"""Names of columns whose numbers may be days since 1899, such as 45292."""
MOST_MISSING = 10_000
"""Number of missing dates in a row at which a date is taken for a mistake."""
NAME_ZONE = "name the time zone, such as --zone Europe/Berlin)"
CLOCK_CHANGE = f" (an hour in which daylight saving time may begin or end: {NAME_ZONE}"
IN_UTC = f" (in UTC; if the rows are those of another zone, {NAME_ZONE}"


@dataclass(frozen=True)
class Series:
    """Columns of numbers whose rows are evenly spaced in time, oldest first; from :func:`read_series`.

    Attributes
    ----------
    sheet : Sheet
        The table.
    columns : list of str
        The names of the columns, as in the file.
    values : ndarray, shape (rows, columns)
        Their numbers, without missing ones.
    notes : list of str
        Sentences on how the table was read and mended.
    date : str or None
        Name of the column of dates; None if there is none. The next four are None then, too.
    form : Form or None
        How its dates are written.
    dates : pandas.DatetimeIndex or None
        The date of each row; in its time zone, if one is given.
    step : DateStep or None
        The time from one row to the next.
    zone : str or None
        The time zone of the dates in the file, if it was given.
    sequence : tuple of str, or None
        The column that tells several series apart, and its value in this one; see :func:`read_several`.
    """

    sheet: Sheet
    columns: list[str]
    values: Floats
    notes: list[str] = field(default_factory=list)
    date: str | None = None
    form: Form | None = None
    dates: Any = None
    step: DateStep | None = None
    zone: str | None = None
    sequence: tuple[str, str] | None = None

    @property
    def season(self) -> int:
        """Number of steps of the usual season, such as 12 for months; 1 if there is none."""
        return 1 if self.step is None else self.step.season

    def next(self, steps: int) -> list[Any]:
        """The dates of the rows that follow or, without dates, their numbers from 1."""
        steps = whole_number("The steps", steps, "a whole number, 0 or above", 0)
        if self.step is None:
            return list(range(len(self.values) + 1, len(self.values) + steps + 1))
        return list(self.step.after(self.dates[-1], steps))

    def times(self, steps: int = 0) -> list[Any]:
        """Dates or numbers of all known rows and of those that follow."""
        dates = range(1, len(self.values) + 1) if self.step is None else self.dates
        return [*dates, *self.next(steps)]

    def written(self, time: Any) -> str:
        """A date as the table writes it, or a number."""
        return str(time) if self.form is None else self.form.write(time)

    def phase(self, first: str | None) -> int:
        """Number of steps from a date, such as that of the first training row, to the first row here."""
        if self.step is None or first is None:
            return 0
        begin, here = pandas_for_tables().Timestamp(first), self.dates[0]
        if begin.tz is None or here.tz is None:
            begin, here = begin.tz_localize(None), here.tz_localize(None)
        ends = [begin if here.tz is None else begin.tz_convert(here.tz), here]
        count = int(np.ceil(self.step.places(pandas_for_tables().DatetimeIndex(sorted(ends)))[1]))
        return count if begin < here else -count

    def read(self, cells: Sequence[str]) -> pd.DatetimeIndex:
        """Dates that are written as those of the table."""
        assert self.form is not None
        return _of_zone(self.form.read(cells), self.zone, self.sheet)


def find_dates(
    sheet: Sheet, name: str | None = None, order: str | None = None, ignore: Sequence[str] = ()
) -> tuple[str, Form] | None:
    """The column of dates and their form, by its name or the first one with dates; None if there is none.

    Columns in `ignore` are not it. Numbers such as 2024 are dates only in a column named like one, or in the
    first column if they increase. `order` is "day-first" or "month-first". Raises ArgumentError if the named
    column has no dates, or if days and months may be exchanged and neither `order` nor the column tells.
    """
    choice("The dates", order, [None, *ORDERS])
    left_out = sheet.found(ignore)
    for column in [sheet.find(name)] if name is not None else sheet.names:
        cells = [cell for cell in sheet.cells(column) if not is_missing(cell)]
        if name is None and (column in left_out or not cells):
            continue
        called = without_unit(column)[0].lower()
        forms = forms_of(cells)
        if not forms and (name is not None or called in SERIAL_NAMES) and SERIAL.read(cells).notna().all():
            forms = [SERIAL]
            first = f"{cells[0]} is {SERIAL.read(cells[:1])[0]:%Y-%m-%d}"
            sheet.note(f"The numbers of {column!r} are read as dates of a spreadsheet: {first}.")
        if name is not None and not forms:
            raise ArgumentError(
                f"Expected the column {column!r} of {sheet.path!r} to have dates, such as 2024-01-31, "
                f"Jan 2024 or 31.01.2024, got {next(iter(cells), '')!r}."
            )
        if forms and (name is not None or forms == [SERIAL] or _plausible(sheet, column, cells, forms[0])):
            return column, _even_form(sheet, column, cells, forms, order).as_in(cells)
        if not forms and called in DATE_NAMES and not all(map(is_number, cells)):
            sheet.note(f"The column {column!r} has no dates that can be read, such as {cells[0]!r}.")
    return None


def _plausible(sheet: Sheet, column: str, cells: list[str], form: Form) -> bool:
    """Whether a column has dates and not just numbers that look like dates."""
    if without_unit(column)[0].lower() in DATE_NAMES or not all(map(is_number, cells)):
        return True
    years = [int(date.year) for date in form.read(cells) if date == date]
    increasing = all(cells[i] < cells[i + 1] for i in range(len(cells) - 1))
    whole = 1 < len(years) == len(cells) and all(year in YEARS for year in years)
    return column == sheet.names[0] and increasing and whole


def _even_form(sheet: Sheet, column: str, cells: list[str], forms: list[Form], order: str | None) -> Form:
    """The form of a column; where days and months may be exchanged, the one that makes a series."""
    if len(forms) == 1:
        return forms[0]
    if order is not None:
        return next(form for form in forms if form.template.startswith(ORDERS[order]))
    even = [form for form in forms if _is_even(form.read(cells))] or forms
    if len(even) == 1 or "." in even[0].example:  # with points, the day comes first
        return even[0]
    for cell in cells:
        dates = [form.read([cell]) for form in even]
        readings = dict.fromkeys(f"{date[0]:%d %B %Y}" for date in dates if not date.hasnans)
        if len(readings) > 1:
            raise ArgumentError(
                f"{cell!r} in the column {column!r} of {sheet.path!r} may be {' or '.join(readings)}, and "
                f"the other dates do not tell. Say --dates {' or --dates '.join(ORDERS)}."
            )
    return even[0]


def _is_even(dates: pd.DatetimeIndex) -> bool:
    """Whether dates step evenly, up or down."""
    if len(dates) < 3 or dates.hasnans:
        return False
    dates = dates if dates[0] < dates[-1] else dates[::-1]
    step = step_of(dates)
    return step is not None and bool((np.diff(step.places(dates)) == 1).all())


def read_series(
    sheet: Sheet,
    columns: Sequence[str],
    *,
    date: str | None = None,
    dates: str | None = None,
    fill: str | None = None,
    duplicates: str | None = None,
    zone: str | None = None,
    ignore: Sequence[str] = (),
) -> Series:
    """Columns of a table as a series; without a column of dates, its rows are the steps.

    Parameters
    ----------
    sheet : Sheet
        The table.
    columns : sequence of str
        Columns of numbers, with or without their units.
    date : str, optional
        The column of dates. Default: the first one that has dates.
    dates : {"day-first", "month-first"}, optional
        How dates such as 02/01/2024 begin, if the column does not tell.
    fill : {"forward", "linear", "drop"}, optional
        How missing values and dates are mended. Default: they are problems.
    duplicates : {"first", "mean", "drop"}, optional
        Which of the rows with one date are used. Default: they are problems.
    zone : str, optional
        The time zone of the dates, such as "Europe/Berlin".
    ignore : sequence of str
        Columns that have no dates.

    Raises
    ------
    ArgumentError
        If there is no such column.
    TableError
        If there are problems; the message lists all of them, each with line and column.
    FormatError
        If the table has fewer than two rows, or there is no such time zone, or no such time in it.
    """
    choice("The fill", fill, [None, *FILLS])
    choice("The duplicates", duplicates, [None, *DUPLICATES])
    names = instance("The sheet", sheet, Sheet).found(columns)
    dated = find_dates(sheet, date, dates, [*ignore, *names])
    problems, notes = sheet.all_problems(), list[str]()
    if dated is None:
        values = sheet.numbers(names, problems)
        problems.check(FILL if not fill and sheet.note_missing(values, names, problems) else "")
        return _mended(Series(sheet, names, values, [*sheet.notes]), fill)
    name, form = dated
    sheet = without_totals(sheet)
    when = _of_zone(form.read(sheet.cells(name)), zone, sheet)
    dates_there = when[when.notna()]
    if len(dates_there) > 1 and (dates_there[:-1] > dates_there[1:]).all():
        sheet, when = sheet.only(range(len(when))[::-1]), when[::-1]
        notes.append("The rows are newest first; they are used in reverse.")
    if len(sheet.rows) < 2:
        raise FormatError(f"Expected a series, two rows with dates or more, got one row in {sheet.path!r}.")
    values = sheet.numbers(names, problems)
    sheet, when, values = _once(sheet, when, values, duplicates, notes)
    step = _checked_step(sheet, name, form, when, fill is not None, problems)
    missing = fill is None and sheet.note_missing(values, names, problems)
    taken = (name, *names, *ignore)
    problems.check(_advice(problems, missing, lambda: _telling_apart(sheet, when, taken)))
    assert step is not None, "without a step, a date comes twice or is none, and that is a problem"
    series = Series(sheet, names, values, [*sheet.notes, *notes], name, form, when, step, zone)
    return _mended(series, fill)


def read_several(
    sheet: Sheet, columns: Sequence[str], sequence: str, *, ignore: Sequence[str] = (), **how: Any
) -> list[Series]:
    """A series for each value of a column, such as that of a shop, in the order of their first rows.

    The rows of a series need not be adjacent, and series may begin and end at different dates. One with a
    single row is left out, and a note says so.

    `sequence` is the name of that column; the others are as for :func:`read_series`. Raises FormatError if
    there is no series, or they have different steps, and otherwise as :func:`read_series`.
    """
    column, names = instance("The sheet", sheet, Sheet).find(sequence), sheet.found(columns)
    places: dict[str, list[int]] = {}
    for place, cell in enumerate(sheet.words(column)):
        places.setdefault(cell, []).append(place)
    several, marked = list[Series](), replace(sheet, decimal=sheet.decimal_mark(names))
    for value, rows in places.items():
        if len(rows) < 2:
            sheet.note(f"Left out: {column} {value!r}, which has one row only.")
            continue
        series = read_series(marked.only(rows), names, ignore=[*ignore, column], **how)
        how["date"] = series.date or how.get("date")
        own = [f"{value}: {note}" for note in series.notes if note not in sheet.notes]
        several.append(replace(series, sequence=(column, value), notes=own))
    if not several:
        raise FormatError(f"Expected a series, two rows or more of one {column!r}, in {sheet.path!r}.")
    steps = {series.step.name: series.sequence[1] for series in several if series.step and series.sequence}
    if len(steps) > 1:
        given = ", ".join(f"{value!r} the step {step}" for step, value in steps.items())
        raise FormatError(f"Expected the series of {sheet.path!r} to have one step, got {given}.")
    several[0].notes[:0] = sheet.notes
    return several


def without_totals(sheet: Sheet) -> Sheet:
    """A table without rows below the last date that have a word in its place, such as a total."""
    for name in sheet.names:
        cells = sheet.cells(name)
        count = len(cells)
        while count > 1 and not is_missing(cells[count - 1]) and not any(map(str.isdigit, cells[count - 1])):
            count -= 1
        forms = forms_of(cells[:count]) if count < len(cells) else []
        if forms and _plausible(sheet, name, cells[:count], forms[0]):
            below = " and below" if count < len(cells) - 1 else ""
            line = f"line {sheet.lines[count]}{below}"
            note = f"Not read: {line}, as {cells[count]!r} is not a date."
            return replace(sheet.only(range(count)), notes=[*sheet.notes, note])
    return sheet


def _of_zone(dates: pd.DatetimeIndex, zone: str | None, sheet: Sheet) -> pd.DatetimeIndex:
    """Dates in their time zone, if one is given."""
    if zone is None:
        return dates
    try:
        if dates.tz is not None:
            return dates.tz_convert(text("The zone", zone))
        return in_zone(dates, text("The zone", zone))
    except (KeyError, ValueError, OSError) as error:
        why = error.args[0] if isinstance(error, KeyError) else error  # whose text has quotes of its own
        raise FormatError(
            f"The dates of {sheet.path!r} are not times of the zone {zone!r}: {str(why).rstrip('.')}."
        ) from None


def _once(
    sheet: Sheet, when: pd.DatetimeIndex, values: Floats, duplicates: str | None, notes: list[str]
) -> tuple[Sheet, pd.DatetimeIndex, Floats]:
    """Rows without repeated dates, if `duplicates` says how."""
    twice = when.duplicated(keep=False) & when.notna()
    if duplicates is None or not twice.any():
        return sheet, when, values
    rows = counted(int(twice.sum()), "row")
    notes.append(f"Mended by --duplicates {duplicates}: {rows} of repeated dates.")
    if duplicates == "mean":
        frame = pandas_for_tables().DataFrame(values)
        values = frame.groupby(when, dropna=False).transform("mean").to_numpy()
    keep = np.flatnonzero(~twice if duplicates == "drop" else ~(when.duplicated() & twice))
    return sheet.only(keep.tolist()), when[keep], values[keep]


def _checked_step(
    sheet: Sheet, name: str, form: Form, when: pd.DatetimeIndex, gaps: bool, problems: Problems
) -> DateStep | None:
    """The step of the dates; dates that are none, or do not follow it, are problems."""
    for cell, line, date in zip(sheet.cells(name), sheet.lines, when, strict=True):
        if date != date:  # NaT
            other = f"{cell!r} is not a date such as {form.example}"
            problems.add(line, name, "the date is missing" if is_missing(cell) else other)
    rows = np.flatnonzero(when.notna())
    known, step = when[rows], step_of(when[rows])
    if step is None:
        for row in rows[1:]:
            problems.add(sheet.lines[row], name, "the date is not later than the one before")
        return None
    places = step.places(known)
    even = int((np.diff(places) == 1).sum())
    if not gaps and 3 * even < len(known) - 1:
        steps = f"{even} of {len(known) - 1} are one step ({step.name}) after the one before"
        problems.add(sheet.lines[rows[0]], name, f"the dates do not step evenly; {steps}")
        return step
    for i, wrong in _wrong_steps(form, known, places, step, gaps):
        problems.add(sheet.lines[rows[i]], name, wrong + _of_clocks(step, known[i]))
    return step


def _wrong_steps(
    form: Form, dates: pd.DatetimeIndex, places: Floats, step: DateStep, gaps: bool
) -> Iterator[tuple[int, str]]:
    """The dates that do not follow the last right one by a step, or by several with gaps, and why."""
    last, seen = 0, {0.0}
    for i, place in enumerate(places[1:], 1):
        before, missing, wrong = dates[last], place - places[last] - 1, ""
        if place <= places[last]:
            wrong = f"comes {'twice' if place in seen else f'after {form.write(before)}'}"
        elif place % 1 or missing >= MOST_MISSING:
            wrong = f"is not a whole number of steps ({step.name}) after {form.write(before)}"
        else:
            last = i
            seen.add(place)
        if wrong:
            yield i, f"{form.write(dates[i])} {wrong}"
        elif missing and not gaps:
            after = form.write(step.after(before, 1)[0])
            several = f"{missing:.0f} rows from {after} on are" if missing > 1 else f"the row of {after} is"
            yield i, f"{several} missing before this one"


def _of_clocks(step: DateStep, date: Any) -> str:
    """A hint if clocks may have been changed before a date."""
    if str(date.tz) == "UTC":
        return IN_UTC
    night = date.weekday() == 6 and date.month in (3, 10, 11) and date.hour <= 3
    return CLOCK_CHANGE if night and (date + step.offset - date).total_seconds() <= 3600 else ""


def _telling_apart(sheet: Sheet, dates: pd.DatetimeIndex, taken: Collection[str]) -> str | None:
    """The first column, if there is one, in whose rows of one value no date comes twice."""
    index = pandas_for_tables().MultiIndex
    columns = {name: sheet.cells(name) for name in sheet.names if name not in taken}
    several = (name for name, cells in columns.items() if 1 < len(set(cells)) <= len(cells) // 2)
    return next((name for name in several if index.from_arrays([columns[name], dates]).is_unique), None)


def _advice(problems: Problems, missing: bool, telling_apart: Callable[[], str | None]) -> str:
    """What to do about the problems."""
    clauses = [what for _, _, what in problems.found]
    repeated = any(" comes twice" in what or " comes after" in what for what in clauses)
    if repeated and (column := telling_apart()) is not None:
        return f"If the column {column!r} tells several series apart, say --sequence {shlex.quote(column)}."
    if sum(" comes twice" in what for what in clauses) > 1:
        return f"If rows were entered twice, say --duplicates {', '.join(DUPLICATES[:-1])} or drop."
    if any(" step evenly" in what for what in clauses):
        return "Say --fill linear to interpolate, or --fill drop to use the rows as they follow each other."
    gaps = any(" missing before this one" in what for what in clauses)
    return FILL.replace("values", "values and dates") if missing or gaps else ""


def _mended(series: Series, fill: str | None) -> Series:
    """The series without missing values and dates; a note says how many were mended."""
    if fill is None:
        return series
    pandas = pandas_for_tables()
    frame = pandas.DataFrame(series.values, index=series.dates, columns=series.columns)
    missing, before = int(frame.isna().to_numpy().sum()), len(frame)
    if fill != "drop" and series.step is not None:
        steps = int(series.step.places(frame.index)[-1])
        frame = frame.reindex(frame.index[:1].append(series.step.after(frame.index[0], steps)))
    added, whole = len(frame) - before, len(frame)
    if fill == "forward":
        frame = frame.ffill()
    elif fill == "linear":
        frame = frame.interpolate(limit_area="inside")
    frame = frame.dropna()
    if not len(frame):
        raise FormatError(
            f"Every row of {quoted(series.columns)} has a missing value; --fill {fill} leaves none."
        )
    notes, cut = list(series.notes), counted(whole - len(frame), "row")
    if fill == "drop" and whole > len(frame):
        notes.append(f"Left out by --fill drop: {cut} with missing values.")
    elif fill != "drop" and missing + added:
        counts = [counted(n, noun) for n, noun in ((missing, "missing value"), (added, "missing row")) if n]
        notes.append(f"Mended by --fill {fill}: {' and '.join(counts)}.")
        if whole > len(frame):
            notes.append(f"Left out: {cut} at the ends, where nothing can be filled in from.")
    index = None if series.dates is None else frame.index
    return replace(series, dates=index, values=frame.to_numpy(), notes=notes)
