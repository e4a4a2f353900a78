"""Means and deviations of columns that follow from every row so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import engine
from ._typing import Floats, Ints
from .errors import ArgumentError

SQUARABLE = engine.functions.SQUARABLE
ROUNDING = engine.functions.ROUNDING
TINY = float(np.finfo(np.float64).tiny)
"""A count of 0 that can be divided by, and is lost in any sum."""
TOO_LARGE = (
    "Expected values whose squares are finite numbers, to standardise them, got larger"
    " ones. Give other units, or scale=False."
)
ARRAYS = ("count", "deviation", "mean", "squares")


class RunningScale:
    """Means and standard deviations of columns (Chan, Golub and LeVeque 1983); 1 for
    constant columns.

    With a `keep` below 1, a row counts this much less with every later one (in
    :meth:`take`).

    >>> scale = RunningScale(2)
    >>> scale.add(np.array([[1.0, 5.0], [3.0, 5.0]]))
    >>> scale.standard(np.array([4.0, 6.0]))
    array([2., 1.])
    """

    def __init__(self, columns: int, keep: float = 1.0) -> None:
        self.keep = keep
        self.count = np.full(columns, TINY)
        self.deviation = np.ones(columns)
        self.mean, self.squares = np.zeros((2, columns))

    def add(self, rows: Floats, start: int = 0, weights: Floats | None = None) -> None:
        """Count rows of the columns from `start` on; ArgumentError if their squares are
        not finite.
        """
        total = float(len(rows)) if weights is None else float(weights.sum())

        # Chan, Golub and LeVeque: squares of both parts, and of the gap between them.
        with np.errstate(over="ignore", invalid="ignore"):
            mean = np.average(rows, axis=0, weights=weights)
            at = slice(start, start + len(mean))
            gap = mean - self.mean[at]
            count = self.count[at] + total
            squares = np.average((rows - mean) ** 2, axis=0, weights=weights) * total
            squares += gap**2 * (self.count[at] * total / count)
        if not np.isfinite(squares).all():
            raise ArgumentError(TOO_LARGE)

        self.count[at] = count
        self.mean[at] += gap * (total / count)
        self.squares[at] += squares
        self.deviation = np.sqrt(self.squares / self.count)

        # A deviation that is no more than rounding is that of a constant column.
        self.deviation[self.deviation <= ROUNDING * np.abs(self.mean)] = 1.0

    def take(self, rows: Floats, weight: float = 1.0) -> Floats:
        """Count one row, or several one after the other, and return each in standard
        units after it.

        NaN, where a column has no value, is not counted and becomes 0. A weight of 0
        counts nothing.
        """
        standard = np.empty(rows.shape)
        columns = (self.count, self.mean, self.squares, self.deviation)
        matrix = rows.reshape(-1, len(self.mean))
        written = standard.reshape(-1, len(self.mean))
        take_rows = engine.functions.scale.take_rows
        if not take_rows(matrix, weight, self.keep, *columns, written):
            raise ArgumentError(TOO_LARGE)
        return standard

    def standard(self, rows: Floats, start: int = 0) -> Floats:
        """Values of the columns from `start` on, with mean 0 and deviation 1."""
        at = slice(start, start + rows.shape[-1])
        return (rows - self.mean[at]) / self.deviation[at]

    def original(self, values: Floats, start: int = 0) -> Floats:
        """The inverse of :meth:`standard`."""
        at = slice(start, start + values.shape[-1])
        return values * self.deviation[at] + self.mean[at]

    def extend(self, columns: Sequence[RunningScale | None]) -> None:
        """Add columns at the end: new ones, or those that :meth:`delete` has
        returned.
        """
        added = [RunningScale(1) if column is None else column for column in columns]
        for name in ARRAYS:
            parts = [getattr(column, name) for column in (self, *added)]
            setattr(self, name, np.concatenate(parts))

    def sort(self, order: Ints) -> None:
        """Put the columns in another order."""
        for name in ARRAYS:
            setattr(self, name, getattr(self, name)[order])

    def delete(self, at: int) -> RunningScale:
        """Remove column `at`, and return it."""
        column = RunningScale(1, self.keep)
        for name in ARRAYS:
            values = getattr(self, name)
            setattr(column, name, values[at : at + 1].copy())
            setattr(self, name, np.delete(values, at))
        return column

    def as_json(self) -> dict[str, list[float]]:
        """All its numbers, as JSON has them."""
        return {name: getattr(self, name).tolist() for name in ARRAYS}

    @classmethod
    def of(cls, document: dict[str, Any], columns: int) -> RunningScale:
        """The scale of so many columns that :meth:`as_json` has described; ValueError
        if it is another.
        """
        scale = cls(columns)
        for name in ARRAYS:
            getattr(scale, name)[:] = np.reshape(document[name], columns)
        divisible = np.all((scale.count > 0.0) & (scale.deviation > 0.0))
        if not (divisible and np.all(scale.squares >= 0.0)):
            raise ValueError("counts and deviations are not above 0")
        return scale
