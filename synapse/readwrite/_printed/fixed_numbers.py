"""Describe the numbers of programs in fixed point, which are integers that stand for
themselves divided by a power of 2.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ..._checks import choice, require, whole_number
from ..._typing import Ints
from ...engine.language.tree import (
    FLOAT64,
    INT,
    BundleKind,
    Node,
    TableLayout,
    column_of,
    literal,
)
from ...engine.schema import Column
from ...errors import ArgumentError

FIXED = TableLayout(
    "fixed",
    (
        Column("saturations", "parameter", "uint16"),
        Column("draws", "parameter", "uint32"),
    ),
    lambda name: (f"fixed {name}",),
)
"""What an instance has besides the engine's columns: how many stored numbers were out
of range, and the state of the generator by which updates are rounded."""
ROUNDINGS = "nearest", "stochastic"
MAX_CURVE = 28
"""Maximum number of bits in which tanh is interpolated. The logistic function needs two
more."""
MAX_SEED = (1 << 31) - 1


class FixedKind(NamedTuple):
    """The kind of an integer of some bits that stands for itself / 2^fraction."""

    bits: int
    fraction: int


class FixedPoint(NamedTuple):
    """The numbers of a program in fixed point.

    A number of `bits` bits, its sign among them, stands for itself / 2^fraction. The
    range is symmetric, and the integer below it stands for a missing number. tanh is a
    table of `intervals` lines from 0 to `end`.
    """

    name: str
    bits: int
    fraction: int
    end: int
    intervals: int
    rounding: str
    seed: int = 0

    @property
    def number(self) -> FixedKind:
        """The kind of all numbers in memory but rates."""
        return FixedKind(self.bits, self.fraction)

    @property
    def rate(self) -> FixedKind:
        """The kind of rates, and of a rate times an error. They are below 1."""
        return FixedKind(self.bits, self.bits - 1)

    @property
    def sum(self) -> FixedKind:
        """The kind of sums, in which products of numbers are exact."""
        return FixedKind(2 * self.bits, 2 * self.fraction)

    @property
    def largest(self) -> int:
        """The integer of the largest number. That of the smallest is its negative."""
        return int((1 << (self.bits - 1)) - 1)

    @property
    def unit(self) -> float:
        """The distance of two numbers."""
        return float(2.0**-self.fraction)

    @property
    def missing(self) -> int:
        """The integer that stands for a missing number."""
        return -self.largest - 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the integers."""
        return np.dtype(f"int{self.bits}")

    @property
    def width(self) -> int:
        """The number of bits in the width of an interval of tanh."""
        units = self.end << self.fraction
        return units.bit_length() - self.intervals.bit_length()

    def integer(self, value: float, kind: FixedKind | None = None) -> int:
        """Return the nearest integer for a number, or the last one in the range."""
        bits, fraction = kind or self.number
        largest = (1 << (bits - 1)) - 1
        scaled = max(-largest, min(largest, value * 2.0**fraction))
        return math.floor(scaled + 0.5) if abs(scaled) < largest else int(scaled)

    def kind_of(self, column: str | None, rates: Collection[str]) -> FixedKind:
        """Return the kind of a column's numbers, where `rates` are those of rates."""
        return self.rate if column in rates else self.number

    def integers(self, values: Any, kind: FixedKind | None = None) -> Ints:
        """Return the nearest integers for numbers."""
        kind = kind or self.number
        found = np.floor(np.asarray(values, float) * 2.0**kind.fraction + 0.5)
        made: Ints = np.clip(found, -self.largest, self.largest).astype(self.dtype)
        return made

    @property
    def more(self) -> int:
        """The number of bits that the table of tanh has more than a number."""
        return min(self.bits - 2, MAX_CURVE - self.width) - self.fraction

    def table(self) -> Ints:
        """Return tanh at the ends of the intervals, / 2^(fraction + more)."""
        ends = np.linspace(0.0, self.end, self.intervals + 1)
        made = np.floor(np.tanh(ends) * 2.0 ** (self.fraction + self.more) + 0.5)
        return made.astype(self.dtype)

    @cache  # half a million numbers in q15.16  # noqa: B019
    def errors(self) -> tuple[float, float]:
        """Return the largest errors of tanh and of the logistic function, in units of
        the last place.
        """
        table = self.table().astype(np.int64)
        one = 1 << self.fraction
        found = []
        for slower in (0, 1):  # the logistic function is (1 + tanh(s / 2)) / 2
            states = np.arange((self.end << (self.fraction + slower)) + 2)
            width = self.width + slower
            at = np.minimum(states >> width, self.intervals)
            rest = np.where(at < self.intervals, states - (at << width), 0)
            after = table[np.minimum(at + 1, self.intervals)]
            curve = (table[at] << width) + (after - table[at]) * rest
            bits = width + self.more + slower
            made = (curve + (slower * one << (bits - 1)) + (1 << (bits - 1))) >> bits
            exact = np.tanh(states / (one << slower))
            exact = (1.0 + exact) / 2.0 if slower else exact
            found.append(float(np.abs(made - one * exact).max()))
        return found[0], found[1]


FORMATS = {
    "q7.8": FixedPoint("q7.8", 16, 8, 4, 64, "stochastic"),
    "q15.16": FixedPoint("q15.16", 32, 16, 8, 1024, "nearest"),
}
"""The formats by name, with the range and the intervals of tanh, and the rounding of
updates by which networks learn better (``studies/fixed_point.md``)."""


def fixed_point_of(
    dtype: Any,
    rounding: str | None,
    seed: int | None,
    intervals: int | None,
    has_floats: bool = False,
) -> FixedPoint | None:
    """Return the numbers of a program by its options, or None for floats, of which the
    language `has_floats` of several types.
    """
    format_ = FORMATS.get(dtype) if isinstance(dtype, str) else None
    options: dict[str, Any] = {
        "rounding": rounding,
        "seed": seed,
        "intervals": intervals,
    }
    given = {name: value for name, value in options.items() if value is not None}
    if format_ is None:
        is_float = dtype is None or (has_floats and _is_dtype(dtype))
        floats = "float32 or float64, or " * has_floats
        known = " or ".join(map(repr, FORMATS))
        require(is_float, "dtype", f"{floats}{known} for integers", dtype)
        if given:
            raise ArgumentError(
                f"Only a program in fixed point has {' and '.join(given)}. Pass"
                f" dtype={known}, too."
            )
        return None
    choice("rounding", rounding or format_.rounding, ROUNDINGS)
    number = whole_number(
        "seed", 0 if seed is None else seed, f"from 0 to {MAX_SEED}", 0, MAX_SEED
    )
    most = (format_.end << format_.fraction) // 2
    count = given.get("intervals", format_.intervals)
    least = max(16, (2 * most) >> (MAX_CURVE - format_.fraction))
    words = f"a power of 2 from {least} to {most} in {format_.name}"
    count = whole_number("intervals", count, words, least, most)
    require(count & (count - 1) == 0, "intervals", words, count)
    return format_._replace(**{**given, "seed": number, "intervals": count})


def _is_dtype(value: Any) -> bool:
    """Return whether a value names a number of NumPy with a sign in its own format."""
    if not isinstance(value, str | type | np.dtype):
        return False
    try:
        return np.dtype(value).kind == "f"
    except (TypeError, ValueError):
        return False


def fixed_column(name: str) -> Node:
    """Return one of the columns in `FIXED`."""
    bundle = Node("bundle", BundleKind(FIXED, FLOAT64), (literal(INT, 0),))
    return column_of(bundle, name)
