"""Dates in tables: the forms in which they are written, and the steps from one to the next."""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import islice, pairwise

from ..errors import ArgumentError

TIME = (
    r"(?:[T ]\s*(?P<hour>\d{1,2})(?::(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d{1,6})\d*)?)?)?"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?\s*(?P<zone>Z|UTC|[+-]\d\d:?\d\d)?)?"
)
YEAR, YEARS = r"(?P<year>\d{4})", r"(?P<year>\d{4}|'?\d\d)"
MONTH, DAY, NAME = r"(?P<month>\d{1,2})", r"(?P<day>\d{1,2})", r"(?P<name>[^\W\d_]{3,10})\.?"
WEEKDAY = r"(?:[^\W\d_]{2,10}\.?,?\s+)?"
MIDNIGHT = time()
EPOCH_OF_TWO_DIGITS = 69
"""Years of two digits from this on are in the 20th century, as POSIX has it."""

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
"""English and German names of months."""
SHORT = tuple(names.split()[0].capitalize() for names in NAMES)

Parts = dict[str, str]


@dataclass(frozen=True)
class Form:
    """A way of writing dates.

    `example` is 31 January 2024 in this form, `pattern` matches it, `template` writes it, and `span` is what
    it names: a day, which may have a time, or a longer time, which begins at the date. `names` are the names
    of the months.
    """

    example: str
    pattern: re.Pattern[str]
    template: str
    span: str = "day"
    names: tuple[str, ...] = SHORT

    def read(self, cell: str) -> datetime | None:
        """The date in a cell; None if the cell is not a date in this form. Times with a zone become UTC."""
        found = self.pattern.fullmatch(" ".join(cell.split()))
        if found is None:
            return None
        try:
            return _moment({name: text for name, text in found.groupdict().items() if text})
        except (ValueError, OverflowError):  # the 31st of April, month 13, a word that is no month
            return None

    def in_words_of(self, cells: Iterable[str]) -> Form:
        """The same form with the names of months that these cells have.

        >>> form_like("Jan 2024").in_words_of(["Okt 2023"]).write(datetime(2024, 10, 1))
        'Okt 2024'
        """
        names = list(self.names)
        for cell in cells if "{name}" in self.template else ():
            found, date = self.pattern.fullmatch(" ".join(cell.split())), self.read(cell)
            if found is not None and date is not None:
                names[date.month - 1] = found["name"]
        return replace(self, names=tuple(names))

    def write(self, date: datetime) -> str:
        """A date in this form, with the time if it is not midnight.

        >>> form_like("31.01.2024").write(datetime(2024, 2, 29, 6, 30))
        '29.02.2024 06:30'
        """
        quarter, (iso_year, week, _) = (date.month + 2) // 3, date.isocalendar()
        name = self.names[date.month - 1]
        text = self.template.format(date=date, quarter=quarter, iso=iso_year, week=week, name=name)
        if self.span != "day" or date.time() == MIDNIGHT:
            return text
        return f"{text} {date.time().isoformat().removesuffix(':00')}"


def _form(example: str, pattern: str, template: str, span: str = "day") -> Form:
    return Form(example, re.compile(pattern, re.IGNORECASE), template, span)


def _numeric(day_first: bool, mark: str) -> Form:
    first, second = (DAY, MONTH) if day_first else (MONTH, DAY)
    codes = ("{date:%d}", "{date:%m}") if day_first else ("{date:%m}", "{date:%d}")
    example = ("31", "01") if day_first else ("01", "31")
    return _form(
        mark.join([*example, "2024"]),
        WEEKDAY + re.escape(mark).join([first, r"\s*" + second, r"\s*" + YEARS]) + TIME,
        mark.join([*codes, "{date.year:04}"]),
    )


FORMS = (
    _form("2024-01-31", rf"{YEAR}-{MONTH}-{DAY}{TIME}", "{date.year:04}-{date:%m-%d}"),
    _form("2024/01/31", rf"{YEAR}/{MONTH}/{DAY}{TIME}", "{date.year:04}/{date:%m/%d}"),
    _form("20240131", r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)", "{date.year:04}{date:%m%d}", "date"),
    *(_numeric(day_first, mark) for mark in "./-" for day_first in (True, False)),
    _form(
        "31 Jan 2024", rf"{WEEKDAY}{DAY}[.\s-]+{NAME}[\s,-]*{YEARS}{TIME}", "{date:%d} {name} {date.year:04}"
    ),
    _form("Jan 31, 2024", rf"{WEEKDAY}{NAME}\s*{DAY},?\s+{YEARS}{TIME}", "{name} {date:%d}, {date.year:04}"),
    _form("2024-01", rf"{YEAR}[-/.M]{MONTH}", "{date.year:04}-{date:%m}", "month"),
    _form("01/2024", rf"{MONTH}[-/.]{YEAR}", "{date:%m}/{date.year:04}", "month"),
    _form("Jan 2024", rf"{NAME}[\s/,-]*{YEARS}", "{name} {date.year:04}", "month"),
    _form("2024 Jan", rf"{YEAR}[\s/,-]*{NAME}", "{date.year:04} {name}", "month"),
    _form("2024-Q1", rf"{YEAR}[\s/-]*Q(?P<quarter>[1-4])", "{date.year:04}-Q{quarter}", "quarter"),
    _form("Q1 2024", rf"(?:Q(?P<quarter>[1-4])[\s/-]*){YEAR}", "Q{quarter} {date.year:04}", "quarter"),
    _form("2024-W05", rf"{YEAR}[\s/-]*[WK]W?(?P<week>\d\d?)", "{iso:04}-W{week:02}", "week"),
    _form("2024", YEAR, "{date.year:04}", "year"),
)
"""All forms, those first that are tried first."""


def form_like(example: str) -> Form:
    """The form with this example, 31 January 2024."""
    return next(form for form in FORMS if form.example == example)


def _moment(parts: Parts) -> datetime:
    """The date of the parts of a cell; ValueError if there is no such date."""
    year = _year(parts["year"])
    if "week" in parts:
        return datetime.fromisocalendar(year, int(parts["week"]), 1)
    if "quarter" in parts:
        return datetime(year, 3 * int(parts["quarter"]) - 2, 1)
    month = int(parts.get("month", 1))
    if "name" in parts:
        month = MONTHS.get(parts["name"].lower(), 0)
    hour, second = _hour(parts), int(parts.get("second", 0))
    part = int(parts.get("part", "0").ljust(6, "0"))
    date = datetime(year, month, int(parts.get("day", 1)), hour, int(parts.get("minute", 0)), second, part)
    zone = parts.get("zone", "Z").upper()
    if zone in ("Z", "UTC"):
        return date
    offset = datetime.strptime(zone.replace(":", ""), "%z").tzinfo
    return date.replace(tzinfo=offset).astimezone(UTC).replace(tzinfo=None)


def _year(text: str) -> int:
    number = int(text.lstrip("'"))
    if len(text.lstrip("'")) == 4:
        return number
    return number + (1900 if number >= EPOCH_OF_TWO_DIGITS else 2000)


def _hour(parts: Parts) -> int:
    """The hour of the day, 0 to 23."""
    hour = int(parts.get("hour", 0))
    if "half" not in parts:
        if "hour" in parts and "minute" not in parts:
            raise ValueError("an hour alone needs am or pm")
        return hour
    if not 1 <= hour <= 12:
        raise ValueError("no such hour of half a day")
    return hour % 12 + (12 if parts["half"].lower() == "p" else 0)


# --- the form of a column --------------------------------------------------------------------


SAMPLE = 100
"""Number of cells, at least, that decide which forms are tried on all cells."""


def forms_of(cells: Sequence[str]) -> list[Form]:
    """The forms that read most of these cells, at least more than half of them; [] if none does.

    More than one form is returned only where days and months may be exchanged.

    >>> [form.example for form in forms_of(["1/2/2024", "1/13/2024"])]
    ['01/31/2024']
    >>> [form.example for form in forms_of(["1/2/2024", "1/3/2024"])]
    ['31/01/2024', '01/31/2024']
    """
    sample = cells[:: max(1, len(cells) // SAMPLE)]
    likely = [form for form in FORMS if any(map(form.read, sample))]
    counts = [sum(form.read(cell) is not None for cell in cells) for form in likely]
    most = max(counts, default=0)
    if 2 * most <= len(cells):
        return []
    best = [form for form, count in zip(likely, counts, strict=True) if count == most]
    exchanged = {"".join(sorted(form.template)) for form in best[:1]}
    return [form for form in best if "".join(sorted(form.template)) in exchanged]


# --- steps -----------------------------------------------------------------------------------

SECONDS, MONTHLY, MONTH_ENDS, BUSINESS = "second", "month", "month end", "business day"
LAST_BUSINESS = "business month end"
UNITS = (("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
OF_MONTHS = {"month": 1, "quarter": 3, "year": 12}
MINUTE, ONE_DAY, ONE_WEEK = 60, 86_400, 604_800
SEASONS = {ONE_DAY: 7, ONE_WEEK: 52, 2 * ONE_WEEK: 26}
"""Number of steps of the usual season, by the length of a step of days or weeks in seconds."""


@dataclass(frozen=True)
class Step:
    """The time from one row to the next: `count` of a `unit`.

    Months keep the day `day`, as far as a month has it.
    """

    unit: str
    count: int = 1
    day: int = 1

    def __str__(self) -> str:
        if self.unit == SECONDS:
            name, size = next((name, size) for name, size in UNITS if self.count % size == 0)
            return _several(self.count // size, name)
        if self.unit not in (MONTHLY, MONTH_ENDS):
            return _several(self.count, self.unit)
        name = next(name for name, size in reversed(OF_MONTHS.items()) if self.count % size == 0)
        return _several(self.count // OF_MONTHS[name], name + " end" * (self.unit == MONTH_ENDS))

    @property
    def season(self) -> int | None:
        """Number of steps of the usual season, such as 12 for months or 24 for hours, or None."""
        if self.unit == BUSINESS:
            return 5 if self.count == 1 else None
        if self.unit != SECONDS:
            return 12 // self.count if self.count < 12 and 12 % self.count == 0 else None
        if MINUTE <= self.count < ONE_DAY and ONE_DAY % self.count == 0:
            return ONE_DAY // self.count
        return SEASONS.get(self.count)

    def after(self, date: datetime) -> datetime:
        """The next date; ArgumentError after the year 9999."""
        try:
            return self._after(date)
        except (ValueError, OverflowError):
            raise ArgumentError(f"Dates end with the year 9999; no {self} follows {date:%Y-%m-%d}.") from None

    def _after(self, date: datetime) -> datetime:
        if self.unit == SECONDS:
            return date + timedelta(seconds=self.count)
        if self.unit == BUSINESS:
            return date + timedelta(days=max(1, 7 - date.weekday()) if date.weekday() >= 4 else 1)
        month = 12 * date.year + date.month - 1 + self.count
        year, month = month // 12, month % 12 + 1
        last = calendar.monthrange(year, month)[1] if year < 10_000 else 31
        if self.unit == LAST_BUSINESS:
            last -= max(0, calendar.weekday(year, month, last) - 4) if year < 10_000 else 0
            return date.replace(year, month, last)
        return date.replace(year, month, last if self.unit == MONTH_ENDS else min(self.day, last))

    def until(self, first: datetime, stop: datetime) -> Iterator[datetime]:
        """The dates after `first` and before `stop`."""
        date = first
        while not leads(self, date, stop):
            try:
                date = self.after(date)
            except ArgumentError:
                return
            if date > stop:
                return
            yield date


def _several(count: int, name: str) -> str:
    return name if count == 1 else f"{count} {name}s"


def next_dates(last: datetime, step: Step, count: int) -> list[datetime]:
    """The dates of the rows that follow the last one.

    Parameters
    ----------
    last : datetime
        The date of the last row.
    step : Step
        The time from one row to the next, from :func:`step_of`.
    count : int
        Number of dates.

    Returns
    -------
    list of datetime

    Raises
    ------
    ArgumentError
        If a date would be after the year 9999.

    Examples
    --------
    >>> step = step_of([datetime(2024, 1, 31), datetime(2024, 2, 29), datetime(2024, 3, 31)])
    >>> print(step, *(date.date() for date in next_dates(datetime(2024, 3, 31), step, 2)))
    month end 2024-04-30 2024-05-31
    """
    dates = [last]
    for _ in range(count):
        dates.append(step.after(dates[-1]))
    return dates[1:]


MOST_PAIRS = 1000
"""Number of pairs of dates, at most twice as many, that decide on the step."""


def step_of(dates: Sequence[datetime]) -> Step | None:
    """The step that leads from most of these dates to the next one; None if there are fewer than two dates.

    Later dates come later in the list, except where the file is wrong.
    """
    pairs = [(one, two) for one, two in pairwise(dates) if one < two]
    if not pairs:
        return None
    pairs = pairs[:: max(1, len(pairs) // MOST_PAIRS)]
    candidates = _candidates(pairs)
    hits = [sum(leads(step, *pair) for pair in pairs) for step in candidates]
    return candidates[hits.index(max(hits))]


def leads(step: Step, one: datetime, two: datetime) -> bool:
    """Whether the second date is the next one after the first."""
    try:
        return step.after(one) == two
    except ArgumentError:
        return False


def _candidates(pairs: list[tuple[datetime, datetime]]) -> list[Step]:
    """Steps that may be those of a series; of equally good ones, the first is meant."""
    dates = [pairs[0][0], *(two for _, two in pairs)]
    months = _commonest([_months(two) - _months(one) for one, two in pairs]) or 1
    gap = max(1, round(_commonest([(two - one).total_seconds() for one, two in pairs])))
    ends = sum(_is_month_end(date) for date in dates)
    day = (
        max(date.day for date in dates) if 2 * ends > len(dates) else _commonest([date.day for date in dates])
    )
    monthly = [Step(MONTHLY, months, int(day)), Step(MONTH_ENDS, months), Step(LAST_BUSINESS, months)]
    if 2 * ends > len(dates):
        monthly[:2] = monthly[1::-1]
    return [*monthly, Step(SECONDS, gap), Step(BUSINESS)]


def _commonest(numbers: Sequence[float]) -> int:
    return int(Counter(numbers).most_common(1)[0][0])


def _months(date: datetime) -> int:
    return 12 * date.year + date.month


def _is_month_end(date: datetime) -> bool:
    return date.day == calendar.monthrange(date.year, date.month)[1]


Told = Callable[[int, str], None]
"""Notes a problem of the row with this index."""


def check_steps(dates: Sequence[datetime], step: Step, form: Form, told: Told, gaps: bool = True) -> None:
    """Note each row whose date comes twice, is out of order, does not fit the step or follows a gap.

    With `gaps` False, missing dates are no problem.
    """
    last, seen = dates[0], {dates[0]}
    for row, date in enumerate(dates[1:], 1):
        if date <= last:
            told(row, f"{form.write(date)} comes {'twice' if date in seen else f'after {form.write(last)}'}")
            continue
        missing = list(islice(step.until(last, date), MOST_MISSING))
        if not leads(step, missing[-1] if missing else last, date):
            told(row, f"{form.write(date)} is not a whole number of steps ({step}) after {form.write(last)}")
            continue
        if missing and gaps:
            told(row, _gap(form, missing[0], len(missing)))
        last = date
        seen.add(date)


MOST_MISSING = 10_000
"""Number of missing dates at which a date is taken for a mistake."""


def _gap(form: Form, first: datetime, count: int) -> str:
    if count == 1:
        return f"the row of {form.write(first)} is missing before this one"
    return f"{count} rows from {form.write(first)} on are missing before this one"
