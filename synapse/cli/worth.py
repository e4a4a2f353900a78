"""Whether a network is worth it: its error on the end of a series beside those of simple methods."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from .._checks import counted
from .._typing import Floats
from ..errors import SynapseError
from ..forecasting.baselines import autoregression, best_order, persistence, seasonal_naive
from ..forecasting.rolling import rolling_origin

SIGNIFICANT = 1.645
"""Value of a standard normal variable that is exceeded with a probability of 5 %."""

SAME = 0.05
"""Share by which an error may be lower without being called better."""

RECENT = 1000
"""Number of rows that an autoregression is fitted to, the last ones, so that long series take seconds."""


@dataclass(frozen=True)
class HeldOutErrors:
    """Errors of the network and of simple methods on the same held-out rows.

    Parameters
    ----------
    network : ndarray, shape (rows, m)
        Forecast minus truth of the network, for each target.
    baselines : dict of str to ndarray, shape (rows, m)
        The same of each simple method.
    scale : ndarray, shape (m,)
        Deviation of each target before the held-out rows.
    ahead : int
        Number of steps that are forecast.
    """

    network: Floats
    baselines: dict[str, Floats]
    scale: Floats
    ahead: int

    @property
    def best(self) -> str:
        """The name of the simple method with the lowest error, in deviations of the targets."""
        return min(self.baselines, key=lambda name: self._loss(self.baselines[name]).mean())

    @property
    def ratio(self) -> float:
        """The network's error divided by that of the best simple method; root mean square over targets."""
        own, lowest = self._loss(self.network).mean(), self._loss(self.baselines[self.best]).mean()
        if lowest == 0:
            return 1.0 if own == 0 else math.inf
        return math.sqrt(own / lowest)

    def _loss(self, errors: Floats) -> Floats:
        """Mean squared error over the targets in their deviations, shape (rows,)."""
        loss: Floats = np.mean((errors / self.scale) ** 2, axis=1)
        return loss

    def statistic(self) -> float:
        """The statistic of Diebold and Mariano: the mean gain of the network over its standard error.

        Positive values favour the network. With forecasts h steps ahead, errors are correlated over h - 1
        steps, and the variance of the mean gain counts these covariances.

        F. X. Diebold and R. S. Mariano, "Comparing predictive accuracy", Journal of Business & Economic
        Statistics 13 (1995), 253-263.
        """
        gain = self._loss(self.baselines[self.best]) - self._loss(self.network)
        mean, count = gain.mean(), len(gain)
        covariances = [
            np.sum((gain - mean)[lag:] * (gain - mean)[: count - lag]) for lag in range(self.ahead)
        ]
        variance = (covariances[0] + 2 * sum(covariances[1:])) / count**2
        if variance <= 0:  # few rows, or a constant gain
            variance = covariances[0] / count**2
        return float(mean / math.sqrt(variance)) if variance > 0 else math.copysign(math.inf, mean)

    def verdict(self) -> str:
        """One sentence: whether the network is worth it."""
        change, rows = abs(self.ratio - 1), counted(len(self.network), "held-out row")
        if self.ratio >= 1:
            less = 1 - 1 / self.ratio
            how = "better" if less > SAME else "as well"
            lower = f"with an error {_percent(less)} lower on {rows}"
            return f"The network is not worth it: {self.best} predicts {how}, {lower}."
        below = f"its error is {_percent(change)} below that of the best baseline, {self.best}"
        if self.statistic() > SIGNIFICANT:
            return f"The network is worth it: {below}, on {rows}."
        return f"The network may be worth it: {below}, but on {rows} this may be chance."


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else f"{100 * share:.1g} %"


def baseline_errors(
    values: Floats, first: int, ahead: int, season: int | None
) -> tuple[dict[str, Floats], list[str]]:
    """Errors of simple methods, one forecast per row from row `first` on, each from the rows up to it.

    Parameters
    ----------
    values : ndarray, shape (T, m)
        The targets at all rows.
    first : int
        Index of the first row from which a forecast is made.
    ahead : int
        Number of rows that are forecast; the error is that of the last one.
    season : int, optional
        Number of rows of a season.

    Returns
    -------
    dict of str to ndarray, shape (T - ahead - first, m)
        Forecast minus truth of each method.
    list of str
        Sentences on methods that were left out.
    """
    methods: dict[str, Callable[[Floats, int], Floats]] = {"persistence": persistence}
    notes = []
    if season is not None and first >= season:
        methods[f"seasonal naive ({season})"] = partial(seasonal_naive, period=season)
    elif season is not None:
        notes.append(f"Seasonal naive is left out: it needs {season} rows or more before the held-out end.")
    methods["AR"] = _autoregression(values[: first + 1])
    errors = {}
    for name, method in methods.items():
        try:
            found = rolling_origin(method, values, ahead, start=first + 1)
        except SynapseError as error:
            notes.append(f"{name} is left out: {error}")
            continue
        errors[name] = found.errors[:, -1].reshape(-1, values.shape[1])
    return errors, notes


def _autoregression(values: Floats) -> Callable[[Floats, int], Floats]:
    """Autoregressions of orders that AICc chooses on these rows, fitted anew to each history's last rows."""
    deviation = np.where(np.ptp(values, axis=0) > 0, values.std(axis=0), 1.0)
    standard = (values - values.mean(axis=0)) / deviation
    orders = [best_order(column[-RECENT:]) for column in standard.T]

    def forecast(history: Floats, steps: int) -> Floats:
        recent = history[-RECENT:].T
        return np.column_stack(
            [autoregression(column, steps, order) for column, order in zip(recent, orders, strict=True)]
        )

    return forecast
