"""Dates in tables: the forms in which they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

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
        """Take the names of months that these cells have, if the form has names.

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
