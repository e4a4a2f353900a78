"""Steps in time: from one date of a series to the next, and dates that do not follow them."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, pairwise

from ..errors import ArgumentError
from .dates import Form

SECONDS, MONTHLY, MONTH_ENDS, BUSINESS = "second", "month", "month end", "business day"
LAST_BUSINESS = "business month end"
UNITS = (("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
OF_MONTHS = {"month": 1, "quarter": 3, "year": 12}
MINUTE, ONE_DAY, ONE_WEEK = 60, 86_400, 604_800
SEASONS = {ONE_DAY: 7, ONE_WEEK: 52, 2 * ONE_WEEK: 26}
"""Number of steps of the usual season, by the length of a step of days or weeks in seconds."""


@dataclass(frozen=True)
class Spacing:
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


def next_dates(last: datetime, step: Spacing, count: int) -> list[datetime]:
    """The dates of the rows that follow the last one.

    Parameters
    ----------
    last : datetime
        The date of the last row.
    step : Spacing
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


def step_of(dates: Sequence[datetime]) -> Spacing | None:
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


def leads(step: Spacing, one: datetime, two: datetime) -> bool:
    """Whether the second date is the next one after the first."""
    try:
        return step.after(one) == two
    except ArgumentError:
        return False


def _candidates(pairs: list[tuple[datetime, datetime]]) -> list[Spacing]:
    """Steps that may be those of a series; of equally good ones, the first is meant."""
    dates = [pairs[0][0], *(two for _, two in pairs)]
    months = _commonest([_months(two) - _months(one) for one, two in pairs]) or 1
    gap = max(1, round(_commonest([(two - one).total_seconds() for one, two in pairs])))
    ends = sum(_is_month_end(date) for date in dates)
    day = (
        max(date.day for date in dates) if 2 * ends > len(dates) else _commonest([date.day for date in dates])
    )
    monthly = [
        Spacing(MONTHLY, months, int(day)),
        Spacing(MONTH_ENDS, months),
        Spacing(LAST_BUSINESS, months),
    ]
    if 2 * ends > len(dates):
        monthly[:2] = monthly[1::-1]
    return [*monthly, Spacing(SECONDS, gap), Spacing(BUSINESS)]


def _commonest(numbers: Sequence[float]) -> int:
    return int(Counter(numbers).most_common(1)[0][0])


def _months(date: datetime) -> int:
    return 12 * date.year + date.month


def _is_month_end(date: datetime) -> bool:
    return date.day == calendar.monthrange(date.year, date.month)[1]


Told = Callable[[int, str], None]
"""Notes a problem of the row with this index."""


def check_steps(dates: Sequence[datetime], step: Spacing, form: Form, told: Told, gaps: bool = True) -> None:
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
