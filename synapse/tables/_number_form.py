"""How the numbers of a column are written in its file."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

FORMS = "forms"
"""The key of ``attrs`` of a table with the forms of its columns, by their names, as
JSON has them: files of pandas keep them."""


@dataclass(frozen=True)
class NumberForm:
    """How the numbers of a column are written: what stands before and after them, their
    decimal mark, and the mark of thousands.

    >>> form = NumberForm(before="$", thousands=",")
    >>> form.written(1234567.8), form.written(0.123456)
    ('$1,234,568', '$0.1235')
    >>> NumberForm(after=" €", decimal=",", thousands=".").written(1234.5)
    '1.234 €'
    """

    before: str = ""
    after: str = ""
    decimal: str = "."
    thousands: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether numbers have neither a unit nor a mark of thousands."""
        return not (self.before or self.after or self.thousands)

    def written(self, value: float) -> str:
        """Return a number with four significant digits, or all that stand before the
        decimal mark.
        """
        if self.is_plain:
            return f"{value:.4g}"
        digits = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
        marks = {",": self.thousands, ".": self.decimal}
        digits = re.sub("[.,]", lambda mark: marks[mark[0]], digits)
        return f"{self.before}{digits}{self.after}"


PLAIN = NumberForm()


def forms_of(table: pd.DataFrame) -> dict[str, NumberForm]:
    """Return the forms of the columns of a table from :func:`read_table` that are not
    plain.
    """
    forms: dict[str, Any] = table.attrs.get(FORMS, {})
    return {name: NumberForm(**form) for name, form in forms.items()}


def set_form(table: pd.DataFrame, name: str, form: NumberForm) -> None:
    """Note how the numbers of a column are written, unless they are plain."""
    if not form.is_plain:
        table.attrs[FORMS] = {**table.attrs.get(FORMS, {}), name: asdict(form)}


def copy_forms(source: pd.DataFrame, target: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the forms of another one."""
    if FORMS in source.attrs:
        target.attrs[FORMS] = source.attrs[FORMS]
    return target
