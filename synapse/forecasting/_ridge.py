"""A ridge regression of a series on its calendar phase, columns known in advance, and
its own values a season ago.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._checks import pluralize
from .._typing import Floats
from ..errors import ArgumentError
from ._checked_series import checked_series, too_few_known

PENALTIES = 10.0 ** np.arange(-3, 4)
"""Penalties that generalized cross-validation chooses from, per row."""
MAX_ROWS = 10_000
"""Number of last rows, at most, that it is fitted to."""
HOURS = 24
"""A season is a day if it is a multiple of this: then there is a week, too."""
MAX_PHASES = 1000
"""Longest season, or week, that has an indicator of each phase: their products would
not fit into memory otherwise."""
KINKS = (0.25, 0.5, 0.75)
"""Quantiles of a known column beyond which it may have another slope."""


class Ridge:
    """A forecaster that is fitted once to a column, shape (T,), for each number of
    seasons ahead.

    Its regressors are the phase of the season (and of the week if the season is a day)
    as indicators, up to 1,000 phases, the known columns (also beyond their quartiles),
    the value one season ago (or the least number of seasons that covers the steps
    ahead), the value a week ago, and the mean of the season up to then. The penalty is
    chosen to minimise the error by generalized cross-validation [1]_.

    References
    ----------
    .. [1] G. Golub, M. Heath, G. Wahba, "Generalized cross-validation as a method for
       choosing a good ridge parameter", Technometrics 21, 1979.
    """

    def __init__(self, column: Floats, period: int, known: Any) -> None:
        self.column = column
        self.period = period
        self.known = known
        has_week = period % HOURS == 0 and len(column) >= 3 * 7 * period
        self.weeks = [7 * period] if has_week else []
        lengths = [period] if period > 1 else []
        self.phases = [
            length for length in lengths + self.weeks if length <= MAX_PHASES
        ]
        past = np.zeros((1, 0)) if known is None else known[: len(column)]
        self.kinks = np.quantile(past, KINKS, axis=0)
        self.fits = dict[int, tuple[Any, ...]]()

    def __call__(self, history: Floats, steps: int) -> Floats:
        """Return the next values of a history, shape (T,), that begins where the column
        does.
        """
        lag = self.period * math.ceil(steps / self.period)
        if lag not in self.fits:
            self.fits[lag] = self._fit(lag)
        checked_series("history", history, self._lost(lag), ", as the regressors read")
        center, unit, weights, mean = self.fits[lag]
        rows = np.arange(len(history), len(history) + steps)
        design = (self._design(history, rows, lag) - center) / unit
        return np.asarray(mean + design @ weights)

    def _lost(self, lag: int) -> int:
        """Return the number of rows that the regressors of the next row read."""
        return max(lag + self.period, *self.weeks, 0)

    def _fit(self, lag: int) -> tuple[Any, ...]:
        """Return the center and unit of the regressors, their weights, and the mean."""
        begin = self._lost(lag)
        count = len(self.column) - begin
        if count < 2 * self.period + 2:
            raise ArgumentError(
                f"A ridge regression {pluralize(lag, 'row')} ahead needs"
                f" {begin + 2 * self.period + 2} rows, got {len(self.column)}."
            )
        rows = np.arange(max(begin, len(self.column) - MAX_ROWS), len(self.column))
        design = self._design(self.column, rows, lag)
        center, unit = design.mean(axis=0), design.std(axis=0)
        unit[unit == 0] = 1.0
        design = (design - center) / unit
        targets = self.column[rows]
        mean = targets.mean()
        values, vectors = np.linalg.eigh(design.T @ design / len(rows))
        values = np.maximum(values, 0.0)
        along = vectors.T @ (design.T @ (targets - mean)) / len(rows)
        total = float(np.mean((targets - mean) ** 2))

        def criterion(penalty: float) -> float:
            kept = values / (values + penalty)
            # the part of the variance that the penalized fit leaves
            fitted = along**2 / (values + penalty) * (2 - kept)
            left = max(total - float(fitted.sum()), 0.0)
            return left / max(1 - float(kept.sum() + 1) / len(rows), 1e-9) ** 2

        penalty = min(PENALTIES, key=criterion)
        return center, unit, vectors @ (along / (values + penalty)), mean

    def _design(self, history: Floats, rows: Any, lag: int) -> Floats:
        """Return the regressors of these rows, which see the history only `lag` rows
        before and earlier.
        """
        parts = [
            (rows % length)[:, None] == np.arange(length) for length in self.phases
        ]
        sums = np.concatenate([[0.0], np.cumsum(history)])
        past = rows - lag
        recent = (sums[past + 1] - sums[past + 1 - self.period]) / self.period
        parts += [history[past][:, None], recent[:, None]]
        parts += [history[rows - week][:, None] for week in self.weeks if week >= lag]
        if self.known is not None:
            if rows[-1] >= len(self.known):
                raise too_few_known(self.known, int(rows[-1]) + 1)
            now = self.known[rows]
            parts += [now, *(np.maximum(now - kink, 0.0) for kink in self.kinks)]
        return np.hstack(parts)
