"""Statistical methods of forecasting, of statsforecast, as forecasters for rolling origin."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._checks import expected, finite_array, is_among, missing_extra
from .._typing import Floats
from ..errors import ArgumentError
from ._series import checked_series, season
from .baselines import autoregression, persistence, seasonal_naive
from .differences import choose_differences
from .rolling import Forecaster

METHODS = ("mean", "naive", "seasonal", "ar", "ets", "theta", "arima")
"""The names of the methods, for :func:`statistical`."""

LONGEST_SEASON = 24
"""Longest season that exponential smoothing and ARIMA estimate; longer ones are removed first (MSTL)."""
LONGEST = 1000
"""Number of last steps that parameters are fitted to, or three seasons if these are more."""


def statistical(
    method: str, series: ArrayLike, *, period: int = 1, known: ArrayLike | None = None
) -> Forecaster:
    """Fit a statistical method to a series; return a forecaster, for example for :func:`rolling_origin`.

    The forecaster keeps the fitted parameters and applies them to the history that it is called with. Each
    column is forecast from its own past.

    Parameters
    ----------
    method : {"mean", "naive", "seasonal", "ar", "ets", "theta", "arima"}
        The mean of the history, :func:`persistence`, :func:`seasonal_naive`, :func:`autoregression` (fitted
        anew in each call, to the differences of :func:`choose_differences`), exponential smoothing (AutoETS),
        AutoTheta, or AutoARIMA. The last three are those of statsforecast (extra ``forecast``).
    series : array_like, shape (T,) or (T, m)
        The steps that parameters are fitted to, oldest first. At most the last 1000 are used, or three
        seasons.
    period : int
        Number of steps of a season. Default 1: none. A season of more than 24 steps is removed by MSTL
        before exponential smoothing or ARIMA.
    known : array_like, shape (N, k), optional
        Values known in advance, such as holidays; row i describes step i of the history. ARIMA has them as
        regressors, unless the season is longer than 24; the other methods do not use them. N must reach the
        last step that is forecast.

    Returns
    -------
    callable
        ``forecaster(history, steps)``, shape (steps,) or (steps, m). The history begins at step 0.

    Raises
    ------
    ArgumentError
        If there is no such method, or the series is not finite or shorter than a season.
    MissingExtraError
        If statsforecast is not installed.

    References
    ----------
    R. J. Hyndman and G. Athanasopoulos, "Forecasting: principles and practice", 3rd edition, OTexts 2021,
    chapters 8 and 9. V. Assimakopoulos and K. Nikolopoulos, "The theta model", International Journal of
    Forecasting 16 (2000). K. Bandara, R. J. Hyndman, C. Bergmeir, "MSTL", arXiv:2107.13462.

    Examples
    --------
    >>> rise = np.arange(40.0) + np.tile([0.0, 3.0, 1.0, 2.0], 10)
    >>> statistical("seasonal", rise, period=4)(rise, 2)
    array([36., 40.])
    """
    length = season(period)
    values = checked_series("The series", series, length, ", as many as the period")
    simple: dict[str, Forecaster] = {
        "mean": _mean,
        "naive": persistence,
        "seasonal": partial(seasonal_naive, period=length),
    }
    if not is_among(method, METHODS):
        raise ArgumentError(expected("The method", f"one of {', '.join(METHODS)}", method))
    rows = None if known is None else finite_array("The known", known)
    if rows is not None and rows.ndim != 2:
        raise ArgumentError(expected("The known", "rows of numbers, shape (N, k)", known))
    if method in simple:
        return simple[method]
    columns = values.reshape(len(values), -1).T
    fits = [
        _Autoregression(column, length) if method == "ar" else _Fitted(method, column, length, rows)
        for column in columns
    ]

    def forecaster(history: Floats, steps: int) -> Floats:
        parts = history.reshape(len(history), -1).T
        made = np.array([fit(part, steps) for fit, part in zip(fits, parts, strict=True)]).T
        return made.reshape(steps, *history.shape[1:])

    return forecaster


def _mean(history: Floats, steps: int) -> Floats:
    return np.repeat(history.mean(axis=0, keepdims=True), steps, axis=0)


class _Autoregression:
    """An autoregression of the differences that are best for a column, fitted anew to each history."""

    def __init__(self, column: Floats, period: int) -> None:
        self._differences = choose_differences(column[-LONGEST:], max(1, min(period, 12)), period=period)

    def __call__(self, history: Floats, steps: int) -> Floats:
        last = history[-max(LONGEST, 3 * self._differences.lost) :]
        return self._differences.undo(last, autoregression(self._differences.of(last), steps))


class _Fitted:
    """A model of statsforecast with fitted parameters, for one column."""

    def __init__(self, method: str, column: Floats, period: int, known: Floats | None) -> None:
        last = column[-max(LONGEST, 3 * period) :]
        first = len(column) - len(last)
        long = period > LONGEST_SEASON and method != "theta"
        self._known = known if method == "arima" and not long else None
        self._model = _model(method, 1 if long else period)
        if long:
            from statsforecast.models import MSTL

            self._model = MSTL(period, trend_forecaster=self._model)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._model.fit(last, self._regressors(first, len(column)))

    def __call__(self, history: Floats, steps: int) -> Floats:
        first = max(len(history) - LONGEST, 0)
        rows = self._regressors(first, len(history)), self._regressors(len(history), len(history) + steps)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made: Floats = self._model.forward(history[first:], steps, *rows)["mean"]
        return made

    def _regressors(self, first: int, stop: int) -> Floats | None:
        """The known values of these steps."""
        if self._known is None:
            return None
        if stop > len(self._known):
            raise ArgumentError(f"Expected the known values to have {stop} rows, got {len(self._known)}.")
        return self._known[first:stop]


def _model(method: str, period: int) -> Any:
    try:
        from statsforecast.models import AutoARIMA, AutoETS, AutoTheta
    except ImportError:
        raise missing_extra(f"The method {method} needs", "statsforecast") from None
    if method == "arima":
        return AutoARIMA(season_length=period, seasonal=period > 1, approximation=True)
    if method == "ets":  # MSTL takes models without a season only
        return AutoETS(season_length=period, model="ZZZ" if period > 1 else "ZZN")
    return AutoTheta(season_length=period)
