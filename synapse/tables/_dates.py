"""Dates as people write them, which pandas reads: columns of dates, and time zones."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise, takewhile
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from .._checks import imported, text
from .._typing import Floats
from ..errors import ArgumentError, FormatError
from ._encoding import IDENTIFIERS
from ._number_text import to_floats
from ._pandas import pd
from ._table import (
    bare,
    columns as columns_of,
    find,
    is_numeric,
    place,
    quoted,
    total_rows,
)
from ._time_words import DATE_NAMES, PARTS, TIME_WORDS

# to_datetime guesses a form by the first cell, but none with two digits for the year,
# AM and PM, or no day. With "mixed", it chooses the order of day and month for each
# cell. So does dateparser, which takes 1.2 s for 1,000 cells (studies/reading.md). So
# forms are listed here; the one by which pandas reads most cells is that of all.
DAYS = (
    *(
        "%d.%m.%Y",
        "%d.%m.%y",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d/%m/%y",
        "%m/%d/%y",
        "%d-%m-%Y",
        "%m-%d-%Y",
    ),
    *(
        "%Y/%m/%d",
        "%d %b %Y",
        "%d %B %Y",
        "%d-%b-%Y",
        "%d-%b-%y",
        "%b %d, %Y",
        "%B %d, %Y",
    ),
)
"""How days may be written, as ``strptime`` says it. With two digits for the year, it is
the last part."""
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
"""What may follow a day."""
OTHER_FORMS = (
    "%b %Y",
    "%B %Y",
    "%b-%Y",
    "%b-%y",
    "%b %y",
    "%m.%Y",
    "%m/%Y",
    "%G-W%V-%u",
)
"""Months and days of ISO weeks."""
FORMS = ("ISO8601", *OTHER_FORMS, *(day + clock for day in DAYS for clock in CLOCKS))
"""How dates may be written, unless a form is given."""
SAMPLED_CELLS = 50
"""Number of cells by which forms are chosen that read the whole column."""
# pandas reads 2024Q1 alone of these. dateparser reads quarters, too, but 2024M04 as
# today and 2024-W05 as May.
PERIODS = (
    (r"(\d{4})[- ]?Q([1-4])", lambda match: f"{match[1]}-{3 * int(match[2]) - 2:02}"),
    (r"Q([1-4])[- /]?(\d{4})", lambda match: f"{match[2]}-{3 * int(match[1]) - 2:02}"),
    (r"(\d{4})M(\d\d)", lambda match: f"{match[1]}-{match[2]}"),
    (r"(\d{4})-?W(\d\d?)", lambda match: f"{match[1]}-W{int(match[2]):02}-1"),
)
"""Quarters, months and weeks that ``strptime`` does not read, and the date with which
each begins."""
WORD = r"[^\W\d_]{3,}"
BESIDE_WORD = r"(?:[\W\d]|\bde\b|\b[AaPp]M\b)*"
MONTH_WORDS = re.compile(rf"(?=.*\d){BESIDE_WORD}{WORD}{BESIDE_WORD}")
"""A date with the name of a month, such as 3. M\u00e4rz 2024 or 2024 M\u00e4r, in which
day and month cannot be exchanged."""
WORD_FORMS = (
    *("%b %Y", "%b %y", "%Y %b"),
    *(
        day + clock
        for day in ("%d %b %Y", "%d %b %y", "%b %d %Y", "%Y %b %d")
        for clock in CLOCKS
    ),
)
"""Forms of such dates without other marks, with English names."""
MIN_LIKE = 8
"""Least number of rows by whose numbers alone a column is taken for one of times."""
ZONE = "name their time zone, such as --zone Europe/Berlin."
"""What to do about an hour that comes twice, or not at all."""


@dataclass(frozen=True)
class DateColumn:
    """The dates of a table.

    `name` is that of the column, or those of several with parts of a date, such as
    "Year-Month"; `columns` are these columns. `note` is a sentence on numbers that were
    read as dates. If the dates are guessed, nothing but the numbers speaks for them.
    """

    name: str
    columns: list[str]
    dates: pd.DatetimeIndex
    note: str = ""
    guessed: bool = False


@np.errstate(all="ignore")
def find_date(
    table: pd.DataFrame,
    name: str | None = None,
    form: str | None = None,
    ignore: Collection[str] = (),
    sequence: str | None = None,
) -> DateColumn | None:
    """Return the column of dates, by its name or the first one with dates, and its
    dates; None if there is none.

    Numbers are dates in a column that is named, or called like one of years. They are
    also dates if they increase from row to row and are called or shaped like times, see
    :func:`_of_numbers`. The column `sequence` tells several series apart. A column of
    years in which a year comes again is read with the columns of months, days and so on
    beside it.

    Raises ArgumentError if the named column has no dates or day and month may be
    exchanged, and FormatError if a cell is not a date.
    """
    keys = None if sequence is None else table[find(table, sequence)]
    if name is not None:
        return _of_name(table, name, form, keys)
    left_out = columns_of(table, [*ignore])
    beside = [column for column in table.columns if column not in left_out]
    guess = None
    for column in beside:
        dated = _of_column(table, column, form, False, keys)
        if dated is not None and not dated.guessed:
            return _with_parts(table, dated, beside, keys)
        guess = guess or dated
    return guess


def _of_column(
    table: pd.DataFrame,
    column: str,
    form: str | None,
    is_named: bool,
    keys: pd.Series | None,
) -> DateColumn | None:
    """Return the dates of a column, as numbers or as text; None if it has none."""
    dated = None
    if is_numeric(table[column]):
        if form is None:
            dated = _of_numbers(table[column], column, is_named, keys)
        if not is_named and bare(column).lower() not in DATE_NAMES:
            return dated
    return dated or _of_text(table, column, form)


def _with_parts(
    table: pd.DataFrame,
    dated: DateColumn,
    beside: Sequence[str],
    keys: pd.Series | None,
) -> DateColumn:
    """Return dates that come again together with the months, days or times of the day
    in the columns beside them; other dates as they are.
    """
    key = "" if keys is None else keys.to_numpy()
    if not dated.dates.to_frame(index=False).assign(key=key).duplicated().any():
        return dated
    column = dated.columns[0]
    parts = dates_of_parts(table, beside) if is_numeric(table[column]) else None
    if parts is None and are_days(dated.dates):
        parts = with_clock(table, column, dated.dates, beside)
    names, dates = parts or (dated.columns, dated.dates)
    return replace(dated, name="-".join(names), columns=names, dates=dates)


def _of_name(
    table: pd.DataFrame, name: str, form: str | None, keys: pd.Series | None
) -> DateColumn:
    """Return the dates of the column, or the columns with parts of a date, of this
    name.
    """
    names = date_columns(table, name) or [find(table, name)]
    parts = dates_of_parts(table, names) if len(names) > 1 else None
    dated = (
        DateColumn(name, *parts)
        if parts is not None
        else _of_column(table, names[0], form, True, keys)
    )
    if dated is None:
        cell = table[names[0]].astype("string").iloc[0]
        raise ArgumentError(
            f"The column {names[0]!r} must have dates, such as 2024-01-31, Jan"
            f" 2024 or 31.01.2024, got {cell!r}. Pass their form, such as"
            " --dates %d.%m.%y."
        )
    if parts is None:
        beside = names if len(names) > 1 else [*table.columns]
        dated = _with_parts(table, dated, beside, keys)
    if len(names) > 1 and {*dated.columns} != {*names}:
        raise ArgumentError(
            f"The columns {quoted(names)} must have the parts of a date"
            " each, such as 2024 and 1."
        )
    return dated


def _of_text(table: pd.DataFrame, column: str, form: str | None) -> DateColumn | None:
    """Return the dates of a column by the form that reads most cells; None if none
    reads most of them.
    """
    values = table[column]
    if isinstance(values.dtype, pd.PeriodDtype):
        values = values.dt.to_timestamp()
    if pd.api.types.is_datetime64_any_dtype(values):  # with its time zone
        cells, dates = values.astype("string"), pd.DatetimeIndex(values, freq=None)
    else:
        cells = values if is_numeric(values) else values.astype("string")
        cells = cells.convert_dtypes().astype("string")  # without the .0 of years
        readings = _readings(cells, (form,) if form else FORMS)
        if not readings:
            return None
        dates = _only(readings, cells, column)
    for row in np.flatnonzero(dates.isna())[:1]:
        cell = "no value" if cells.isna().iloc[row] else repr(cells.iloc[row])
        without = " (--without-totals)" if row in total_rows(table) else ""
        raise FormatError(
            f"Expected a date in {place(table, row)}, column {column!r}, got {cell}."
            f" Correct it or leave the row out{without}; --dates gives another form,"
            " and --ignore leaves the column out."
        )
    return DateColumn(column, [column], dates)


def date_columns(table: pd.DataFrame, name: str | None) -> list[str]:
    """Return the columns of the dates that are called so: one, or those of the parts of
    a date; none if the table has them not.

    >>> import pandas
    >>> table = pandas.DataFrame({"Year": [2024], "Month": [1], "sold": [5.0]})
    >>> date_columns(table, "sold"), date_columns(table, "Year-Month")
    (['sold'], ['Year', 'Month'])
    """
    if name is None or name in table.columns:
        return [] if name is None else [name]
    parts = name.split("-")
    return parts if all(part_name in table.columns for part_name in parts) else []


@np.errstate(all="ignore")
def like_time(table: pd.DataFrame, column: str) -> bool:
    """Return whether a column of numbers is called like one of times, and increases in
    equal steps.
    """
    if not is_numeric(table[column]) or not _words_of(column) & TIME_WORDS:
        return False
    steps = np.diff(to_floats(table[column]))
    return bool(len(steps) >= MIN_LIKE and steps[0] and np.allclose(steps, steps[0]))


# --- numbers --------------------------------------------------------------------------


def _of_numbers(
    column: pd.Series, name: str, is_named: bool, keys: pd.Series | None
) -> DateColumn | None:
    """Return the dates of a column of numbers; None if these are no dates.

    Certain are years, months (202401) and days (20240131) in a column that was named,
    or is called like one of dates. Numbers of spreadsheets and seconds since 1970 must
    also increase, or fall, from row to row, unless the column was named; so must all
    kinds if a word of the name only says that it has times. Without a name, increasing
    numbers are guessed to be years if each is one more than the one before, months or
    days if they pass into another year or month, and seconds since 1970 if they are
    whole minutes.
    """
    values = to_floats(column)
    reading = _reading_of(values)
    if reading is None:
        return None
    kind, form, dates = reading
    last = bare(name).lower().replace("_", " ").split()[-1:]
    is_called_so = bare(name).lower() in DATE_NAMES
    certain = is_named or (is_called_so and form[0] == "%")
    guessed = not certain and not _words_of(name) & TIME_WORDS
    if not (certain or _is_ordered(column, keys)) or (
        guessed and ({*last} & IDENTIFIERS or not _is_shaped(form, values))
    ):
        return None
    note = ""
    if not (is_called_so and form == "%Y"):
        first_cell = np.format_float_positional(values[0], trim="-")
        note = (
            f"{name!r} is read as {kind}: {first_cell} is"
            f" {str(dates[0]).removesuffix(' 00:00:00')}."
        )
    if guessed:
        note += (
            " This is a guess from its numbers. If they are not times, pass --ignore"
            f" {name!r}, or, to train with them as inputs, --ahead 0."
        )
    return DateColumn(name, [name], dates, note, guessed)


KINDS = (
    # A kind in a sentence, its least number and the first above it, its form or unit.
    ("years", 1000, 3000, "%Y"),
    ("months (YYYYMM)", 100_001, 300_000, "%Y%m"),
    ("days (YYYYMMDD)", 10_000_101, 30_000_000, "%Y%m%d"),
    ("days since 1899-12-30, as spreadsheets count them", 20_000, 80_000, "D"),
    *(
        (f"{unit}seconds since 1970 (UTC)", 1e8 * size, 1e10 * size, code)
        for unit, size, code in (
            ("", 1, "s"),
            ("milli", 1e3, "ms"),
            ("micro", 1e6, "us"),
            ("nano", 1e9, "ns"),
        )
    ),
)
"""Numbers that may be dates. pandas is told the unit: it finds none by the size."""


def _reading_of(values: Floats) -> tuple[str, str, pd.DatetimeIndex] | None:
    """Return what kind of dates these numbers may be, in a sentence and as form or
    unit, and the dates; None if they are none.
    """
    if not len(values) or not np.isfinite(values).all():
        return None
    lowest, highest = float(values.min()), float(values.max())
    if lowest >= MIN_YEAR and highest < 3000 and (values % 1).any():
        months = months_of_decimals(values)
        return None if months is None else ("decimal years", "%Y.", months)
    for kind, least, above, form in KINDS:
        if not least <= lowest <= highest < above:
            continue
        if form[0] == "%":
            texts = pd.Series([f"{value:.15g}" for value in values])
            dates = pd.to_datetime(texts, format=form, errors="coerce")
        else:
            origin = "1899-12-30" if form == "D" else "unix"
            counted = pd.to_datetime(values, unit=form, origin=origin)
            dates = counted.round("s" if form == "D" else "us")
            dates = dates if form == "D" else dates.tz_localize("UTC")
        return None if dates.isna().any() else (kind, form, pd.DatetimeIndex(dates))
    return None


def _words_of(name: str) -> set[str]:
    """Return the words of a name such as "unixTime" or "order_date (UTC)", in lower
    case.
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return {*re.findall(r"[^\W\d_]+", apart.lower())}


def _is_ordered(column: pd.Series, keys: pd.Series | None) -> bool:
    """Return whether numbers increase from row to row, or fall, in each sequence."""
    steps = column.diff() if keys is None else column.groupby(keys).diff()
    steps = steps.dropna()
    return bool(len(steps) and ((steps > 0).all() or (steps < 0).all()))


def _is_shaped(form: str, values: Floats) -> bool:
    """Return whether numbers that increase are likely to be times, whatever their
    name.
    """
    if len(values) < MIN_LIKE or form == "D":
        return False
    if form == "%Y":
        return bool((np.abs(np.diff(values)) == 1).all() and values.min() >= 1700)
    if form in ("%Y%m", "%Y%m%d"):
        return len({*(values // 100)}) > 1
    minutes = {"s": 60, "ms": 60e3, "us": 60e6, "ns": 60e9}
    return form == "%Y." or not (values % minutes[form]).any()


# --- text -----------------------------------------------------------------------------


def _only(
    readings: dict[str, pd.DatetimeIndex], cells: pd.Series, column: str
) -> pd.DatetimeIndex:
    """Return the dates that all readings have; ArgumentError if day and month may be
    exchanged.
    """
    for (form, dates), (other_form, others) in pairwise(readings.items()):
        for row in np.flatnonzero(dates != others)[:1]:
            if dates[row] is others[row]:  # both are missing
                continue
            raise ArgumentError(
                f"{cells.iloc[row]!r} in the column {column!r} may be"
                f" {dates[row]:%d %B %Y} or {others[row]:%d %B %Y}. Pass --dates"
                f" {_shown(form)} or --dates {_shown(other_form)}."
            )
    return next(iter(readings.values()))


def _shown(form: str) -> str:
    """Return a form as an argument of a command."""
    return f'"{form}"' if " " in form else form


def _readings(cells: pd.Series, forms: Sequence[str]) -> dict[str, pd.DatetimeIndex]:
    """Return the dates by those forms that read most of the cells, more than half of
    them.
    """
    for pattern, begin in PERIODS:
        cells = cells.str.replace(f"^{pattern}$", begin, regex=True)
    places = (
        np.linspace(0, len(cells) - 1, SAMPLED_CELLS).astype(int)
        if len(cells) > SAMPLED_CELLS
        else slice(None)
    )
    sample = cells.iloc[places]
    likely = [form for form in forms if _dates(sample, form).notna().any()]
    readings = {form: _dates(cells, form) for form in likely}
    read = max((dates.notna().mean() for dates in readings.values()), default=0)
    if (
        read < 1
        and forms == FORMS
        and bool(sample.str.fullmatch(MONTH_WORDS.pattern).mean() > 0.5)
    ):
        readings["words"] = _dates_in_words(cells)
    maximum = max((int(dates.notna().sum()) for dates in readings.values()), default=0)
    return {
        form: dates
        for form, dates in readings.items()
        if 2 * maximum > len(cells) and dates.notna().sum() == maximum
    }


def _dates(cells: pd.Series, form: str) -> pd.DatetimeIndex:
    """Return the dates by a form; NaT where it does not read a cell."""
    try:
        with warnings.catch_warnings(action="error", category=FutureWarning):
            dates = pd.to_datetime(cells, format=form, errors="coerce")
    except (ValueError, FutureWarning):  # several offsets from UTC
        dates = pd.to_datetime(cells, format=form, errors="coerce", utc=True)
    return pd.DatetimeIndex(dates)


def _dates_in_words(cells: pd.Series) -> pd.DatetimeIndex:
    """Return the dates in cells with names of months in other languages than English;
    missing where there is no such name.
    """
    # dateparser is asked for different words, not for cells: it would read each for
    # itself, some wrongly (2024 pa\u017a), and thousands of them take seconds.
    words = cells.str.extract(f"({WORD})", expand=False).dropna().unique().tolist()
    english = {word: f"{date:%b}" for word, date in month_dates(words).items()}
    plain = cells.str.replace(
        WORD, lambda match: english.get(match[0], match[0]), regex=True
    )
    plain = plain.str.replace(r"[^\w:]+|\bde\b", " ", regex=True)
    plain = plain.str.split().str.join(" ")
    readings = [_dates(plain, form) for form in WORD_FORMS]
    return max(readings, key=lambda dates: int(dates.notna().sum()))


def zone_name(title: str, zone: Any) -> str:
    """Return the name of a time zone; ArgumentError if there is none of this name."""
    try:
        return ZoneInfo(text(title, zone)).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ArgumentError(
            f"There is no time zone {zone!r}. Name one such as Europe/Berlin."
        ) from None


def in_zone(dates: pd.DatetimeIndex, zone: str | None) -> pd.DatetimeIndex:
    """Return dates in a time zone, or read as those of its clock; an hour that comes
    twice follows the order.
    """
    if zone is None:
        return dates
    if dates.tz is not None:
        return dates.tz_convert(zone)
    order = -1 if len(dates) > 1 and dates[0] > dates[-1] else 1
    ticks = dates.asi8[::order]
    # The first time is that before clocks went back. (pandas infers it, too, but not
    # for an hour that comes once, as in rows of days at 02:30.)
    is_first = np.append(True, ticks[1:] > np.maximum.accumulate(ticks)[:-1])[::order]
    times = dates.tz_localize(zone, is_first[: len(ticks)], "NaT")
    for row in np.flatnonzero(times.isna())[:1]:
        raise FormatError(
            f"There is no such time in {zone}: {dates[row]}. Correct it, or name"
            " another --zone."
        )
    return times


def are_days(dates: pd.DatetimeIndex) -> bool:
    """Return whether dates have no time of the day."""
    return bool((dates == dates.normalize()).all())


# --- dates in several columns --------------------------------------------------------


PART_FORMS = {"year": "%Y", "month": "%m", "quarter": "%m", "day": "%d", "hour": "%H"}
PART_FORMS |= {"minute": "%M", "week": "%V"}
"""How the parts of a date are written, quarters by their first month."""
WHOLES = (
    ["year", "month", "day", "hour", "minute"],
    ["year", "quarter"],
    ["year", "week"],
)
"""Parts that make a date together, coarse ones first."""
CLOCK_FORMS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%H%M")
"""How times of the day are written in a column of their own."""
MIN_YEAR = 1500
"""Least number with decimals that is taken for a year."""
MONTH_LIMIT = 0.06
"""Part of a month by which decimal years are rounded up: 2024.083 is February."""
MAX_MONTH_WORDS = 50
"""Number of different words, at most, that may be names and abbreviations of months."""


def month_dates(words: Sequence[str]) -> dict[str, datetime]:
    """Return a date in the month of each of these words that is one in any language, by
    dateparser; nothing if they are too many for months.
    """
    parser = imported("dateparser", "Names of months need", extra="forecast")
    settings = {"REQUIRE_PARTS": ["month"], "PREFER_DAY_OF_MONTH": "first"}
    likely = words if len(words) <= MAX_MONTH_WORDS else []
    with warnings.catch_warnings(action="ignore"):
        dates = {word: parser.parse(word, settings=settings) for word in likely}
    return {word: date for word, date in dates.items() if date is not None}


def with_clock(
    table: pd.DataFrame, column: str, dates: pd.DatetimeIndex, beside: Sequence[str]
) -> tuple[list[str], pd.DatetimeIndex]:
    """Return the dates of a column with the times of the day, hours or minutes in
    columns beside it, and all of these columns.
    """
    # to_timedelta reads no clock without seconds, and none with AM and PM.
    names = [column]
    for other in beside:
        cells = table[other].astype("string")
        units = [u for u in ("hour", "minute") if bare(other).lower() in PARTS[u]]
        if units:
            values = pd.to_numeric(cells, errors="coerce")
            clocks = [pd.to_timedelta(values.where(values.between(0, 60)), units[0])]
        else:
            forms = () if other == column or is_numeric(table[other]) else CLOCK_FORMS
            clocks = [
                pd.to_datetime(cells, format=form, errors="coerce")
                - pd.Timestamp(1900, 1, 1)
                for form in forms
            ]
        if clock := [times for times in clocks if times.notna().all()]:
            names.append(other)
            dates = dates + pd.TimedeltaIndex(clock[0])
    return names, dates


def months_of_decimals(values: Floats) -> pd.DatetimeIndex | None:
    """Return the months in which decimal years, such as 1958.2027, are; None if these
    do not step by months.
    """
    # pandas reads no decimal years, nor does dateparser.
    months = np.floor(12 * values + MONTH_LIMIT)
    apart, steps = np.unique(values), np.diff(np.unique(months))
    if not len(steps) or len(steps) != len(apart) - 1:
        return None
    if abs(12 * np.median(np.diff(apart)) / np.median(steps) - 1) > 0.1:
        return None
    periods = pd.PeriodIndex.from_ordinals(
        months.astype(np.int64) - 12 * 1970, freq="M"
    )
    return periods.to_timestamp()


def dates_of_parts(
    table: pd.DataFrame, beside: Sequence[str]
) -> tuple[list[str], pd.DatetimeIndex] | None:
    """Return those of these columns that have a part of a date each, and the dates;
    None if there are none.
    """
    named = {
        part_name: column
        for part_name, names in PARTS.items()
        for column in reversed(beside)
        if bare(column).lower() in names
    }
    wholes = [[*takewhile(named.__contains__, parts)] for parts in WHOLES]
    parts = next((parts for parts in wholes if len(parts) > 1), None)
    if parts is None:
        return None
    columns = [named[part_name] for part_name in parts]
    # pandas puts together a frame of years, months and days, but has no words for
    # months, no quarters and no weeks: all are read as text.
    years, *others = map(_part, (table[column] for column in columns), parts)
    cells, form = (
        years.str.cat(others, " "),
        " ".join(PART_FORMS[part_name] for part_name in parts),
    )
    if parts[-1] == "week":
        cells, form = cells + " 1", "%G %V %u"
    dates = pd.to_datetime(cells, format=form, errors="coerce")
    return None if dates.isna().any() else (columns, pd.DatetimeIndex(dates))


def _part(column: pd.Series, part_name: str) -> pd.Series:
    """Return a part of dates as digits: months may be words, and quarters are Q1 or 1;
    those of a quarter are its first month.
    """
    cells = column.convert_dtypes().astype("string").str.strip()  # without .0
    if part_name == "quarter":
        months = {"1": "1", "2": "4", "3": "7", "4": "10"}
        return cells.str.removeprefix("Q").map(months).astype("string")
    if part_name == "month" and not cells.str.isdecimal().any():
        dates = month_dates(cells.dropna().unique().tolist())
        cells = cells.map({word: str(date.month) for word, date in dates.items()})
    return cells.astype("string")
