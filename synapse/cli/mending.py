"""Missing values: repeat the last one, interpolate, or leave the rows out."""

from __future__ import annotations

import numpy as np

from .._typing import Floats
from ..errors import FormatError

FILLS = ("forward", "linear", "drop")
"""What --fill may be."""

FILL = f"To mend missing values, say --fill {', '.join(FILLS[:-1])} or {FILLS[-1]}."


def mended(values: Floats, fill: str) -> tuple[Floats, list[int]]:
    """Rows without missing values, and which rows these are."""
    if fill == "drop":
        rows = np.flatnonzero(~np.isnan(values).any(axis=1))
        if not len(rows):
            raise FormatError("Every row has a missing value; --fill drop leaves none.")
        return values[rows], rows.tolist()
    whole, part = filled(values, fill)
    return whole, list(range(part.start, part.stop))


def filled(values: Floats, fill: str) -> tuple[Floats, slice]:
    """Rows with their missing values filled in, and which rows these are, without ends that cannot be filled.

    >>> filled(np.array([[np.nan], [1.0], [np.nan], [3.0]]), "linear")
    (array([[1.],
           [2.],
           [3.]]), slice(1, 4, None))
    """
    there = ~np.isnan(values)
    if not there.any(axis=0).all():
        raise FormatError("A column has no values at all; --fill has nothing to fill in.")
    first = int(there.argmax(axis=0).max())
    stop = len(values) - (int(there[::-1].argmax(axis=0).max()) if fill == "linear" else 0)
    if stop <= first:
        raise FormatError("No row can be filled in: the columns have their values in different rows.")
    mend = _forward if fill == "forward" else _linear
    whole = np.column_stack([mend(column) for column in values.T])
    return whole[first:stop], slice(first, stop)


def _forward(column: Floats) -> Floats:
    """Each missing value replaced by the last one before it."""
    last = np.maximum.accumulate(np.where(np.isnan(column), 0, np.arange(len(column))))
    return column[last]


def _linear(column: Floats) -> Floats:
    """Each missing value replaced by the one on the line between its neighbours."""
    there = ~np.isnan(column)
    places = np.arange(len(column))
    return np.interp(places, places[there], column[there])
