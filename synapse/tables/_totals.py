"""Rows of a table that are totals of the rows above them, as reports and spreadsheets
end.
"""

from __future__ import annotations

import re

import numpy as np

from .._typing import Ints
from ._pandas import pd

# pandas skips rows by their number only (skipfooter).
LABEL = re.compile(
    r"((grand|sub)[- ]?)?(totals?|sums?|totale|suma|summe|gesamt|gesamtsumme"
    r"|insgesamt|zwischensumme)\b.*",
    re.IGNORECASE,
)
"""What the first text of such a row is, such as "Total", "Total 2024" or "Summe:"."""
MIN_ROWS = 3
"""Number of rows above one without a label, at least, whose sum is no chance."""
SUM_TOLERANCE = 1e-9
"""Relative difference of sums that rounding explains."""


def total_rows(table: pd.DataFrame) -> Ints:
    """Return the positions of rows that are totals: none unless the last row is one.

    Its first cell of text is a word for a total, or a cell is missing where no other is
    and each of its numbers is the sum of those above. Other rows with such a word are
    totals, too.
    """
    if len(table) < 2:
        return np.array([], int)
    texts = table.select_dtypes(exclude="number")
    labels = texts.map(lambda cell: isinstance(cell, str) and LABEL.fullmatch(cell))
    has_label = labels.astype(bool).any(axis=1).to_numpy()
    if has_label[-1]:
        return np.flatnonzero(has_label)
    return np.array([len(table) - 1] if _is_sum(table) else [], int)


def _is_sum(table: pd.DataFrame) -> bool:
    """Return whether the last row, in which a cell is missing, has the sums of the
    columns above it.
    """
    *_, last = table.isna().to_numpy()
    above = table.iloc[:-1]
    if (
        len(above) < MIN_ROWS
        or not last.any()
        or above.loc[:, last].isna().any(axis=None)
    ):
        return False
    names = table.columns[~last]
    if not len(names) or any(table[name].dtype.kind not in "iuf" for name in names):
        return False
    numbers, total = above[names].to_numpy(float), table[names].iloc[-1].to_numpy(float)
    sizes = np.abs(numbers).sum(axis=0)
    are_sums = np.abs(numbers.sum(axis=0) - total) <= SUM_TOLERANCE * sizes
    return bool(are_sums.all() and sizes.all())
