"""Numbers that mark missing values, such as -9999 among values from 80 to 120."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from .._checks import pluralize
from ._pandas import pd

# pandas takes marks of missing values that it is told (na_values); it finds none.
USUAL = re.compile(
    r"-?((\d)\2+(\.\2+)?|9\.9+|32767|2147483647|.*e\+(1[5-9]|[2-9]\d|\d{3}))"
    r"|-1|-32768|-2147483648"
)
"""Usual marks: one digit that repeats, as in 9999 and 88.8, -1, the ends of integers,
and all numbers from 1e15 on."""
MIN_DISTINCT = 5
"""Number of different other values, at least, beside which a number is a mark."""


def read_markers(
    table: pd.DataFrame, missing: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Replace the marks of missing values in columns of numbers; return sentences that
    count them, and these numbers as text.

    A mark is a usual one, and further from the other values than these are from each
    other. It is negative or huge where no other number is, and comes again or is very
    far away; or it comes three times, and is not a whole number above whole ones, as
    numbers of shops are. Numbers of which this holds in part are named. If the
    user says which cells are `missing`, no other numbers are.
    """
    notes = list[str]()
    markers = list[str]()
    named = pd.to_numeric(pd.Series(missing, dtype=object), errors="coerce")
    for name in table.select_dtypes("number").columns:
        is_named = table[name].isin(named.dropna())
        if is_named.any():
            table[name] = table[name].mask(is_named)
            cells = pluralize(int(is_named.sum()), "number")
            notes.append(f"{cells} of {name!r} in --missing: missing values.")
        values = table[name].to_numpy(np.float64)
        others, counts = np.unique(values[np.isfinite(values)], return_counts=True)
        apart = dict[float, int]()
        while len(others) > MIN_DISTINCT:
            gaps = others[1] - others[0], others[-1] - others[-2]
            end = -int(gaps[1] > gaps[0])
            value, rest = float(others[end]), np.delete(others, end)
            is_usual = USUAL.fullmatch(repr(value).removesuffix(".0")) is not None
            if max(gaps) <= np.ptp(rest) or not (is_usual or counts[end] > 2):
                break
            apart[value] = int(counts[end])
            others, counts = rest, np.delete(counts, end)
        for value, count in apart.items():
            text = repr(value).removesuffix(".0")
            low, high = others[[0, -1]].tolist()
            is_far = count > 1 or max(low - value, value - high) > 3 * (high - low)
            is_foreign = value < 0 <= low or "e+" in text
            is_measured = value < low or bool((others % 1).any())
            is_mark = is_far if is_foreign else count > 2 and is_measured
            meaning, advice = (
                "counts as a number",
                f"marks a missing value, pass --missing={text}",
            )
            if is_mark and not missing and USUAL.fullmatch(text):
                meaning, advice = "is a missing value", "is a number, pass --missing=NA"
                markers.append(text)
                table[name] = table[name].mask(values == value)
            notes.append(
                f"{text} {meaning} in {pluralize(count, 'cell')} of {name!r}, where the"
                f" others are {low:.6g} to {high:.6g}. If it {advice}."
            )
    return notes, [*dict.fromkeys(markers)]
