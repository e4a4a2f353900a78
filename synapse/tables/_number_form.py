"""How the numbers of a column are written in its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._pandas import pd

FORMS = "forms"
"""The key of ``attrs`` of a table with the forms of its columns, by their names, as
JSON has them: files of pandas keep them."""
MAX_DIGITS = 1e15
"""Least number that is written with an exponent."""


@dataclass(frozen=True)
class NumberForm:
    """What stands before and after the numbers of a column, such as a currency.

    >>> form = NumberForm(before="$")
    >>> form.written(1234567.8), form.written(0.123456)
    ('$1234568', '$0.1235')
    >>> NumberForm(after=" €").written(12.345)
    '12.35 €'
    """

    before: str = ""
    after: str = ""

    def written(self, value: float) -> str:
        """Return a number with a decimal point, four significant digits or all in front
        of the point, and no mark of thousands: one form in a report.
        """
        is_long = 1000 <= abs(value) < MAX_DIGITS
        digits = f"{value:.0f}" if is_long else f"{value:.4g}"
        return f"{self.before}{digits}{self.after}"


PLAIN = NumberForm()


def forms_of(table: pd.DataFrame) -> dict[str, NumberForm]:
    """Return the forms of the columns of a table from :func:`read_table` that are not
    plain.
    """
    forms: dict[str, Any] = table.attrs.get(FORMS, {})
    return {name: NumberForm(**form) for name, form in forms.items()}


def copy_forms(source: pd.DataFrame, target: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the forms of another one."""
    if FORMS in source.attrs:
        target.attrs[FORMS] = source.attrs[FORMS]
    return target
