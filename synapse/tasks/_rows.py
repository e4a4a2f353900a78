"""Endless rows of a series, taken in pieces: what the tasks that predict a series are made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from .._typing import Floats
from ._task import Judge, Samples


class Rows:
    """Rows of an endless series, without gaps between what :meth:`take` returns.

    Parameters
    ----------
    blocks : iterator of ndarray, shape (k, c) each
        The series in pieces of any length.
    """

    def __init__(self, blocks: Iterator[Floats]) -> None:
        self._blocks = blocks
        self._rest: Floats | None = None

    def take(self, count: int) -> Floats:
        """Return the next rows, shape (count, c)."""
        parts = [] if self._rest is None else [self._rest]
        missing = count - sum(map(len, parts))
        while missing > 0:
            parts.append(next(self._blocks))
            missing -= len(parts[-1])
        whole = np.concatenate(parts)
        self._rest = whole[count:]
        return whole[:count]


def windows(rows: Rows, length: int, ahead: int) -> Callable[[], tuple[Floats, Floats]]:
    """A function that returns the next `length` rows, and the rows that are `ahead` steps later."""
    pending = rows.take(ahead)

    def following() -> tuple[Floats, Floats]:
        nonlocal pending
        values = np.concatenate([pending, rows.take(length)])
        pending = values[length:]
        return values[:length], values[ahead:]

    return following


TOGETHER = 16
"""From this number of series on, arrays of all series are faster than the numbers of each."""


def series_samples(values: Floats, ahead: int, judge: Judge) -> Samples:
    """Samples of the columns of values, shape (T + ahead, S): targets are `ahead` steps later."""
    inputs, targets = values[:-ahead].T, values[ahead:].T
    count, length = inputs.shape
    lengths = np.full(count, length)
    return Samples(inputs.reshape(-1, 1), targets.reshape(-1, 1), lengths, judge)
