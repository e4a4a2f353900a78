"""Dates in tables: the forms in which people write them, read and written by pandas."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import counted, imported
from .._typing import Floats
from ..errors import FormatError

if TYPE_CHECKING:
    import pandas as pd

NAMES = (
    "jan january januar jänner",  # codespell:ignore januar
    "feb february februar",  # codespell:ignore februar
    "mar march mär märz mrz",
    "apr april",
    "may mai",
    "jun june juni",  # codespell:ignore juni
    "jul july juli",  # codespell:ignore juli
    "aug august",
    "sep sept september",
    "oct october okt oktober",  # codespell:ignore oktober
    "nov november",
    "dec december dez dezember",  # codespell:ignore dezember
)
MONTHS = {name: number for number, names in enumerate(NAMES, 1) for name in names.split()}
"""English and German names of months, which pandas reads in the language of the machine only."""

TIME = re.compile(
    r"(?P<body>.*\d)(?:T|\s+)\s*(?P<clock>\d{1,2}(?::\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?)"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?\s*(?P<zone>Z|UTC|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)
PARTS = {
    "%Y": r"(?P<y>\d{4})",
    "%y": r"'?(?P<y>\d{4}|\d\d)",
    "%m": r"(?P<m>\d{1,2})",
    "%d": r"(?P<d>\d{1,2})",
    "%b": r"(?P<b>[^\W\d_]{3,10})\.?",
    "%q": r"Q(?P<q>[1-4])",
    "%V": r"[WK]W?(?P<w>\d\d?)",
}
"""Patterns of the parts of a date; a year %y may have two digits."""
YEARS = range(1678, 2262)
"""The years of pandas' dates with nanoseconds."""
WEEKDAY = r"(?P<weekday>[^\W\d_]{2,10}\.?,?\s+)?"
OFFSET = re.compile(r"T.*(?P<zone>Z|[+-]\d\d:?\d\d)")
SERIAL_0 = date(1899, 12, 30).toordinal()
"""The day 0 of spreadsheets."""


def pandas_for_tables() -> Any:
    """Import pandas, or raise MissingExtraError, which names the extra for tables."""
    return imported("pandas", "Tables and dates need", extra="forecast")


@dataclass(frozen=True)
class Form:
    """A way of writing dates: how `strftime` writes it, and a pattern with the :data:`PARTS` of a date.

    Three parts are not those of `strftime`: %q is the quarter, %b one of the `names`, and %s the number of
    days since the end of 1899, by which spreadsheets store dates. If not `padded`, days and months below 10
    have one digit.
    """

    template: str
    pattern: str
    names: tuple[str, ...] = tuple(names.split()[0].capitalize() for names in NAMES)
    padded: bool = True

    def read(self, cells: Sequence[str]) -> pd.DatetimeIndex:
        """The dates of these cells, NaT where a cell is not in this form.

        If cells have an offset from UTC, the dates have it, too; if it differs, they are in UTC.
        """
        unique = {cell: _normal(cell, self.compiled) for cell in dict.fromkeys(cells)}
        texts, options = [unique[cell] for cell in cells], {"format": "ISO8601", "errors": "coerce"}
        dates: pd.DatetimeIndex = pandas_for_tables().to_datetime(texts, utc=True, **options)
        offsets = {match["zone"] for cell in unique.values() if cell and (match := OFFSET.search(cell))}
        if not offsets:
            return dates.tz_localize(None)
        return dates if len(offsets) > 1 or "Z" in offsets else dates.tz_convert(f"UTC{offsets.pop()}")

    def write(self, moment: pd.Timestamp) -> str:
        """A date in this form, with the time if it is not midnight."""
        template = self.template.replace("%b", self.names[moment.month - 1])
        if not self.padded:
            template = template.replace("%d", str(moment.day)).replace("%m", str(moment.month))
        template = template.replace("%s", str(moment.toordinal() - SERIAL_0))
        text: str = moment.strftime(template.replace("%q", str(moment.quarter)))
        if moment == moment.normalize() or not self.has_day:
            return text
        return f"{text} {moment.strftime('%H:%M:%S').removesuffix(':00')}{moment.strftime('%z')}"

    @property
    def compiled(self) -> re.Pattern[str]:
        """The pattern, which may follow a day of the week."""
        pattern = re.sub("%[A-Za-z]", lambda part: PARTS[part[0]], self.pattern)
        return re.compile((WEEKDAY if self.has_day else "") + pattern, re.IGNORECASE)

    @property
    def example(self) -> str:
        """31 January 2024 in this form."""
        return self.write(pandas_for_tables().Timestamp(2024, 1, 31))

    @property
    def has_day(self) -> bool:
        """Whether a date names a day, and not a week, month, quarter or year."""
        return "%d" in self.template

    def as_in(self, cells: Sequence[str]) -> Form:
        """The form with the separators, digits and names of months that these cells have."""
        names, template, padded = list(self.names), self.template, True
        for cell in dict.fromkeys(cells):
            match = _match(cell, self.compiled)[0]
            if match is None:
                continue
            parts = {name: text for name, text in match.groupdict().items() if text}
            if parts.get("b", "").lower() in MONTHS:
                names[MONTHS[parts["b"].lower()] - 1] = parts["b"]
            padded = padded and all(len(parts.get(name, "00")) > 1 for name in "dm")
            template = match.string[: match.end()]
            for name in sorted(parts, key=match.start, reverse=True):
                code = {"weekday": "", "w": "%V", "y": "%G" if "w" in parts else "%Y"}.get(name, f"%{name}")
                code = "%y" if name == "y" and len(parts["y"]) == 2 else code
                template = template[: match.start(name)] + code + template[match.end(name) :]
        return replace(self, names=tuple(names), template=template, padded=padded)


def _match(cell: str, pattern: re.Pattern[str]) -> tuple[re.Match[str] | None, str]:
    """The match of a cell that may end with a time, and the time as ISO 8601 has it; None if it has none."""
    text = " ".join(cell.split())
    if match := pattern.fullmatch(text):
        return match, ""
    clock = TIME.fullmatch(text)
    match, time = (None, "") if clock is None else (pattern.fullmatch(clock["body"]), _clock(clock))
    return (match, time) if match and time and "d" in match.groupdict() else (None, "")


def _normal(cell: str, pattern: re.Pattern[str]) -> str | None:
    """A date as ISO 8601 has it; None if the cell does not match."""
    match, time = _match(cell, pattern)
    if match is None:
        return None
    parts = match.groupdict()
    if parts.get("s"):
        return date.fromordinal(SERIAL_0 + int(parts["s"])).isoformat()
    year = int(parts["y"]) if len(parts["y"]) == 4 else 1900 + int(parts["y"]) + 100 * (int(parts["y"]) < 69)
    if year not in YEARS:
        return None
    if parts.get("w"):
        try:
            return date.fromisocalendar(year, int(parts["w"]), 1).isoformat()
        except ValueError:
            return None
    month = 3 * int(parts["q"]) - 2 if parts.get("q") else int(parts.get("m") or 1)
    if parts.get("b"):
        month = MONTHS.get(parts["b"].lower(), 0)
    return f"{year:04}-{month:02}-{int(parts.get('d') or 1):02}{time}"


def _clock(clock: re.Match[str]) -> str:
    """The time of day as ISO 8601 has it; "" if there is no such time."""
    hour, _, rest = clock["clock"].replace(",", ".").partition(":")
    if clock["half"]:
        if not 1 <= int(hour) <= 12:
            return ""
        hour = str(int(hour) % 12 + 12 * (clock["half"].lower() == "p"))
    elif not rest:
        return ""  # an hour alone needs am or pm
    zone = (clock["zone"] or "").upper().replace("UTC", "Z")
    return f"T{int(hour):02}:{rest or '00'}{zone}"


FORMS = (
    Form("%Y-%m-%d", "%Y-%m-%d"),
    Form("%Y/%m/%d", "%Y/%m/%d"),
    Form("%Y%m%d", r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)"),
    *(
        Form(mark.join(order), rf"{re.escape(mark)}\s*".join([*order[:2], "%y"]))
        for mark in "./-"
        for order in (("%d", "%m", "%Y"), ("%m", "%d", "%Y"))
    ),
    Form("%d %b %Y", r"%d[.\s-]+%b[\s,-]*%y"),
    Form("%b %d, %Y", r"%b\s*%d,?\s+%y"),
    Form("%Y-%m", "%Y[-/.M]%m"),
    Form("%m/%Y", "%m[-/.]%Y"),
    Form("%b %Y", r"%b[\s/,-]*%y"),
    Form("%Y %b", r"%Y[\s/,-]*%b"),
    Form("%Y-Q%q", r"%Y[\s/-]*%q"),
    Form("Q%q %Y", r"%q[\s/-]*%Y"),
    Form("%G-W%V", r"%Y[\s/-]*%V"),
    Form("%Y", "%Y"),
)
"""All forms, those first that are tried first."""
SERIAL = Form("%s", r"(?P<s>[2-7]\d{4})(?:[.,]0+)?")
"""Dates from 1954 to 2119 as spreadsheets store them, such as 45292."""

SAMPLE = 100
"""Number of cells, at least, that decide which forms are tried on all cells."""


def forms_of(cells: Sequence[str]) -> list[Form]:
    """The forms that read most of these cells, at least a third of them; [] if none does.

    More than one form is returned only where days and months may be exchanged.

    >>> [form.example for form in forms_of(["1/2/2024", "1/13/2024"])]
    ['01/31/2024']
    >>> [form.example for form in forms_of(["1/2/2024", "1/3/2024"])]
    ['31/01/2024', '01/31/2024']
    """
    sample = cells[:: max(1, len(cells) // SAMPLE)]
    likely = [form for form in FORMS if form.read(sample).notna().any()] if sample else []
    counts = [int(form.read(cells).notna().sum()) for form in likely]
    most = max(counts, default=0)
    if not most or 3 * most < len(cells):
        return []
    best = [form for form, count in zip(likely, counts, strict=True) if count == most]
    return [form for form in best if sorted(form.template) == sorted(best[0].template)]


# --- steps -----------------------------------------------------------------------------------

MOST_PAIRS = 1000
"""Number of pairs of dates, at most, that decide on the step."""
UNITS = (("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
SEASONS = {86_400: 7, 604_800: 52, 2 * 604_800: 26}


@dataclass(frozen=True)
class DateStep:
    """The time from one row to the next: an offset of pandas, its name and the usual season in steps.

    Dates of a time zone step by the clock there if `local`, as days and months do; hours step by the time
    that passes.
    """

    offset: Any
    name: str
    season: int
    local: bool = True

    def after(self, last: pd.Timestamp, count: int) -> pd.DatetimeIndex:
        """The dates that follow; FormatError after the last year."""
        first = last.tz_localize(None) if self.local else last
        try:
            dates = pandas_for_tables().date_range(first + self.offset, periods=count, freq=self.offset)
        except (OverflowError, ValueError):
            dates = None
        if dates is None or (count and dates[-1].year not in YEARS):
            raise FormatError(
                f"Dates end with the year {YEARS[-1]}; {counted(count, 'step')} ({self.name}) after "
                f"{last:%Y-%m-%d} is later."
            )
        return in_zone(dates, last.tz, "shift_forward") if self.local and last.tz is not None else dates

    def clock(self, dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """The dates as those that step evenly: local ones without their zone."""
        return dates.tz_localize(None) if self.local else dates

    def places(self, dates: pd.DatetimeIndex) -> Floats:
        """The number of steps from the first of these dates to each; between two steps, a half more."""
        pandas, dates = pandas_for_tables(), self.clock(dates)
        first = dates.min()
        if isinstance(self.offset, pandas.Timedelta):
            places = np.asarray((dates - first) / self.offset, np.float64)
            places = np.where(places % 1, np.floor(places) + 0.5, places)
        else:
            grid = pandas.date_range(first + self.offset, dates.max() + self.offset, freq=self.offset)
            grid = grid.insert(0, first)
            places = grid.searchsorted(dates) - 0.5 * ~dates.isin(grid)
        from_first: Floats = places - places[0]
        return from_first


def in_zone(dates: pd.DatetimeIndex, zone: Any, nonexistent: Any = "raise") -> pd.DatetimeIndex:
    """Times of a clock as dates of its time zone; `nonexistent` as for ``DatetimeIndex.tz_localize``.

    An hour that comes twice is told by its neighbours; if it is there once, it is the first of the two.
    """
    try:
        return dates.tz_localize(zone, ambiguous="infer", nonexistent=nonexistent)
    except (KeyError, OSError):  # there is no such zone
        raise
    except (
        Exception
    ):  # ValueError or, before pandas 3, pytz's: also if nothing is ambiguous, but a time does not exist
        first = np.ones(len(dates), bool)
    try:
        return dates.tz_localize(zone, ambiguous=first, nonexistent=nonexistent)
    except Exception as error:
        raise ValueError(str(error)) from None


def step_of(dates: pd.DatetimeIndex) -> DateStep | None:
    """The step that leads from most of these dates to the next one; None without two increasing dates."""
    increasing = np.flatnonzero(dates[:-1] < dates[1:])
    if not len(increasing):
        return None
    rows = increasing[:: -(-len(increasing) // MOST_PAIRS)]

    def right(step: DateStep) -> int:
        times = step.clock(dates)
        pairs = zip(times[rows], times[rows + 1], strict=True)
        return sum(begin + step.offset == end for begin, end in pairs)

    return max(_candidates(dates[rows], dates[rows + 1]), key=right)


def _candidates(ones: pd.DatetimeIndex, twos: pd.DatetimeIndex) -> list[DateStep]:
    """Steps that these pairs may have; of equally good ones, the first is meant."""
    import pandas as pd
    from pandas import offsets

    def several(count: int, name: str) -> str:
        return name if count == 1 else f"{count} {name}s"

    ones, twos = ones.tz_localize(None), twos.tz_localize(None)
    gap = max(1, round((twos - ones).to_series().mode()[0].total_seconds()))
    unit, size = next((unit, size) for unit, size in UNITS if gap % size == 0)
    season = 86_400 // gap if 60 <= gap < 86_400 and 86_400 % gap == 0 else SEASONS.get(gap, 1)
    even, name = pd.Timedelta(gap, "s"), several(gap // size, unit)
    steps = [DateStep(even, name, season, local) for local in ([True] if size >= 86_400 else [False, True])]
    steps.append(DateStep(offsets.BDay(), "business day", 5))
    months = int(pd.Series(12 * (twos.year - ones.year) + twos.month - ones.month).mode()[0])
    if months < 1:
        return steps
    unit, size = next(pair for pair in (("year", 12), ("quarter", 3), ("month", 1)) if months % pair[1] == 0)
    name, season = several(months // size, unit), 12 // months if 12 % months == 0 else 1
    ends, days = 2 * int(twos.is_month_end.sum()) > len(twos), ones.append(twos).day
    day = int(days.max() if ends else days.to_series().mode()[0])
    monthly = [
        DateStep(offsets.DateOffset(months=months, day=day), name, season),
        DateStep(offsets.MonthEnd(months), several(months // size, f"{unit} end"), season),
    ]
    business = DateStep(offsets.BMonthEnd(months), f"business {name} end", season)
    return [*(monthly[::-1] if ends else monthly), business, *steps]
