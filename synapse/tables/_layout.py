"""What stands where in a table: a row of units below the names, and a column for each
date.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

from .._checks import pluralize
from ._number_text import PATTERNS, signed
from ._pandas import pd

# read_csv can read several rows as names (header=[0, 1]), but must be told so.
MIN_DATES = 3
"""Number of columns, at least, that are named by dates in a table that is wide."""
SAMPLED_ROWS = 20
"""Number of rows below the first that show what a column has."""


def has_units(table: pd.DataFrame) -> bool:
    """Return whether the first row of a table of text has the units of its columns:
    text above columns of numbers, and nothing like the cells below.
    """

    def is_number(cell: Any) -> bool:
        return any(
            pattern.fullmatch(signed(str(cell))) for pattern in PATTERNS.values()
        )

    def form(cell: Any) -> str:
        return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", str(cell)))

    sample = table.iloc[1 : 1 + SAMPLED_ROWS]
    of_numbers = [
        bool(cells.notna().any() and cells.dropna().map(is_number).all())
        for _, cells in sample.items()
    ]
    head = table.iloc[0]
    units = head[of_numbers].dropna()
    if not len(units) or any(map(is_number, units)):
        return False
    return not {*map(form, head.dropna())} & {*map(form, sample.iloc[0].dropna())}


def about_dates_as_names(table: pd.DataFrame, path: str, separator: str) -> list[str]:
    """Return a sentence on a table that has a column for each date, and what to do."""
    of_numbers = table.select_dtypes("number").columns
    names = of_numbers[of_numbers.str.fullmatch(r".*\d{4}.*|.*\d\W\d.*|\D+\d\d")]
    with warnings.catch_warnings(action="ignore"):
        times = pd.to_datetime(names, format="mixed", errors="coerce")
    months = pd.to_datetime(names, format="%b-%y", errors="coerce")
    dated = names[times.notna() | months.notna()]
    others = [name for name in table.columns if name not in dated]
    if len(dated) < MIN_DATES or len(dated) <= len(others):
        return []
    marks = "" if separator == "," else f", sep={separator!r}"
    key = f" --sequence {others[0]!r}" if others else ""
    return [
        f"{pluralize(len(dated), 'column')} from {dated[0]!r} to {dated[-1]!r} are"
        ' dates. To forecast, give each date a row: python -c "import pandas;'
        f" pandas.read_csv({path!r}{marks}).melt({others}, None, 'date',"
        " 'value').to_csv('long.csv', index=False)\", and train on long.csv with"
        f" --target value{key}."
    ]
