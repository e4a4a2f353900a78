"""Dates as people write them, which pandas reads: columns of dates, and time zones."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from .._checks import imported, text
from ..errors import ArgumentError, FormatError
from .table import (
    bare,
    columns as columns_of,
    find,
    is_numeric,
    pandas_for_tables,
    place,
)

if TYPE_CHECKING:
    import pandas as pd

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
"""How days may be written, as `strptime` says it. With two digits for the year, it is
the last part."""
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
"""What may follow a day."""
OTHERS = ("%b %Y", "%B %Y", "%b-%Y", "%b-%y", "%b %y", "%m.%Y", "%m/%Y", "%G-W%V-%u")
"""Months and days of ISO weeks."""
FORMS = ("ISO8601", *OTHERS, *(day + clock for day in DAYS for clock in CLOCKS))
"""How dates may be written, unless a form is given."""
SAMPLE = 50
"""Number of cells by which forms are chosen that read the whole column."""
PERIODS = (
    (r"(\d{4})[- ]?Q([1-4])", lambda match: f"{match[1]}-{3 * int(match[2]) - 2:02}"),
    (r"Q([1-4])[- /]?(\d{4})", lambda match: f"{match[2]}-{3 * int(match[1]) - 2:02}"),
    (r"(\d{4})M(\d\d)", lambda match: f"{match[1]}-{match[2]}"),
    (r"(\d{4})-?W(\d\d?)", lambda match: f"{match[1]}-W{int(match[2]):02}-1"),
)
"""Quarters, months and weeks that `strptime` does not read, and the date with which
each begins."""
MONTH_WORDS = re.compile(r"(?:\d{1,2}[. ]*)?[^\W\d_]{3,}[. ]*\d{4}")
"""A date with the name of a month, such as 3. M\u00e4rz 2024, in which day and month
cannot be exchanged."""
DATE_NAMES = frozenset(
    (
        *(
            "date",
            "day",
            "month",
            "quarter",
            "week",
            "year",
            "time",
            "timestamp",
            "datetime",
            "period",
            "ds",
        ),
        *(
            "datum",
            "tag",
            "woche",
            "monat",
            "quartal",
            "jahr",
            "zeit",
            "zeitpunkt",
            "zeitstempel",
        ),
        *(
            "jour",
            "mois",
            "ann\u00e9e",
            "fecha",
            "mes",
            "a\u00f1o",
            "anno",
            "mese",
            "ano",
            "rok",
            "jaar",
        ),
    )
)
"""Names of columns whose numbers, such as 2024, are dates."""
ZONE = "name their time zone, such as --zone Europe/Berlin."
"""What to do about an hour that comes twice, or not at all."""


def find_date(
    table: pd.DataFrame,
    name: str | None = None,
    form: str | None = None,
    ignore: Sequence[str] = (),
) -> tuple[str, pd.DatetimeIndex] | None:
    """The column of dates, by its name or the first one with dates, and its dates; None
    if there is none.

    Numbers are dates only in a column that is named, or called like one. Raises
    ArgumentError if the named column has no dates or day and month may be exchanged,
    and FormatError if a cell is not a date.
    """
    left_out = columns_of(table, ignore)
    for column in [find(table, name)] if name is not None else table.columns:
        numbers_only = (
            is_numeric(table[column]) and bare(column).lower() not in DATE_NAMES
        )
        if name is None and (column in left_out or numbers_only):
            continue
        cells, readings = _cells_and_readings(table[column], (form,) if form else FORMS)
        if readings:
            dates = _only(readings, cells, column)
            for row in np.flatnonzero(dates.isna())[:1]:
                cell = "no value" if cells.isna().iloc[row] else repr(cells.iloc[row])
                raise FormatError(
                    f"Expected a date in {place(table, row)}, column {column!r}, got"
                    f" {cell}. Correct it or leave the row out; --dates gives another"
                    " form, and --ignore leaves the column out."
                )
            return column, dates
        if name is not None:
            raise ArgumentError(
                f"Expected the column {column!r} to have dates, such as 2024-01-31, Jan"
                f" 2024 or 31.01.2024, got {cells.iloc[0]!r}. Give their form, such as"
                " --dates %d.%m.%y."
            )
    return None


def _cells_and_readings(
    column: pd.Series, forms: Sequence[str]
) -> tuple[pd.Series, dict[str, pd.DatetimeIndex]]:
    """The cells of a column as text, and its dates by each form that reads most
    cells.
    """
    pandas = pandas_for_tables()
    if isinstance(column.dtype, pandas.PeriodDtype):
        column = column.dt.to_timestamp()
    if pandas.api.types.is_datetime64_any_dtype(column):  # with its time zone
        return column.astype("string"), {"": pandas.DatetimeIndex(column, freq=None)}
    cells = column if is_numeric(column) else column.astype("string")
    cells = cells.convert_dtypes().astype("string")  # without the .0 of years
    return cells, _readings(cells, forms)


def _only(
    readings: dict[str, pd.DatetimeIndex], cells: pd.Series, column: str
) -> pd.DatetimeIndex:
    """The dates that all readings have; ArgumentError if day and month may be
    exchanged.
    """
    for (form, dates), (other_form, others) in pairwise(readings.items()):
        for row in np.flatnonzero(dates != others)[:1]:
            if dates[row] is others[row]:  # both are missing
                continue
            raise ArgumentError(
                f"{cells.iloc[row]!r} in the column {column!r} may be"
                f" {dates[row]:%d %B %Y} or {others[row]:%d %B %Y}. Say --dates"
                f" {_shown(form)} or --dates {_shown(other_form)}."
            )
    return next(iter(readings.values()))


def _shown(form: str) -> str:
    """A form as an argument of a command."""
    return f'"{form}"' if " " in form else form


def _readings(cells: pd.Series, forms: Sequence[str]) -> dict[str, pd.DatetimeIndex]:
    """The dates by those forms that read most of the cells, more than half of them."""
    for pattern, begin in PERIODS:
        cells = cells.str.replace(f"^{pattern}$", begin, regex=True)
    places = (
        np.linspace(0, len(cells) - 1, SAMPLE).astype(int)
        if len(cells) > SAMPLE
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
    most = max((int(dates.notna().sum()) for dates in readings.values()), default=0)
    return {
        form: dates
        for form, dates in readings.items()
        if 2 * most > len(cells) and dates.notna().sum() == most
    }


def _dates(cells: pd.Series, form: str) -> pd.DatetimeIndex:
    """The dates by a form; NaT where it does not read a cell."""
    pandas = pandas_for_tables()
    try:
        with warnings.catch_warnings(action="error", category=FutureWarning):
            dates = pandas.to_datetime(cells, format=form, errors="coerce")
    except (ValueError, FutureWarning):  # several offsets from UTC
        dates = pandas.to_datetime(cells, format=form, errors="coerce", utc=True)
    return pandas.DatetimeIndex(dates)


def _dates_in_words(cells: pd.Series) -> pd.DatetimeIndex:
    """The dates in cells with names of months in other languages than English, by
    dateparser.
    """
    parser = imported("dateparser", "Names of months need", extra="forecast")
    settings = {
        "REQUIRE_PARTS": ["month", "year"],
        "PREFER_DAY_OF_MONTH": "first",
        "DATE_ORDER": "DMY",
    }
    texts = [cell for cell in cells.dropna().unique() if MONTH_WORDS.fullmatch(cell)]
    with warnings.catch_warnings(action="ignore"):
        dates = {text: parser.parse(text, settings=settings) for text in texts}
    pandas = pandas_for_tables()
    return pandas.DatetimeIndex(
        [pandas.Timestamp(dates.get(cell) or pandas.NaT) for cell in cells.fillna("")]
    )


def require_zone(zone: Any) -> None:
    """Raise ArgumentError if there is no such time zone."""
    if zone is None:
        return
    try:
        ZoneInfo(text("The zone", zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ArgumentError(
            f"There is no time zone {zone!r}. Name one such as Europe/Berlin."
        ) from None


def in_zone(dates: pd.DatetimeIndex, zone: str | None) -> pd.DatetimeIndex:
    """Dates in a time zone, or read as those of its clock; an hour that comes twice
    follows the order.
    """
    if zone is None:
        return dates
    if dates.tz is not None:
        return dates.tz_convert(zone)
    is_backwards = len(dates) > 1 and dates[0] > dates[-1]
    ordered = dates[::-1] if is_backwards else dates
    try:
        times = _localized(ordered, zone)
    except ValueError as error:  # of a clock that goes forward
        raise FormatError(
            f"There is no such time in {zone}: {error}. Correct it, or name another"
            " --zone."
        ) from None
    return times[::-1] if is_backwards else times


def _localized(dates: pd.DatetimeIndex, zone: str) -> pd.DatetimeIndex:
    try:
        return dates.tz_localize(zone, ambiguous="infer")
    except Exception as error:
        # pandas has kinds of errors here that depend on its version. The hour may come
        # once, as in rows of days at 02:30; it is that before clocks went back.
        if "infer" not in str(error):
            raise ValueError(str(error)) from None
        return dates.tz_localize(zone, ambiguous=np.ones(len(dates), bool))


def are_days(dates: pd.DatetimeIndex) -> bool:
    """Whether dates have no time of the day."""
    return bool((dates == dates.normalize()).all())
