"""Use statistical methods, including those of statsforecast, as forecasters for rolling
origin, and choose the lags at which differences of a series are forecast best.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike

from .._checks import (
    imported,
    is_among,
    pluralize,
    positive_integer,
    require,
    suggests_arguments,
)
from .._scale import SQUARABLE, Scale, unit_of
from .._typing import Floats
from ..errors import ArgumentError, DivergenceError, MissingExtraError
from ._baselines import autoregression, seasonal_naive
from ._checked_series import (
    checked_series,
    horizon,
    known_rows,
    require_columns,
    too_few_known,
)
from ._ridge import Ridge
from ._rolling import Forecaster, rolling_origin

ORIGINS = 20
"""Number of origins, about, that choose the lags."""
MAX_FITTED_STEPS = 1000
"""Number of last steps that a method is fitted to, or three seasons if these are
more."""


def choose_lags(values: Floats, steps: int, period: int = 1) -> tuple[int, ...]:
    """Return the lags, for a :class:`synapse.Scale`, whose differences a linear
    autoregression forecasts best over the last third of a series, shape (T,).

    These are (), (1,), (period,) or (period, 1), by the mean absolute error of
    :func:`rolling_origin`, and () if the series is too short to compare them.
    """
    seasonal: list[tuple[int, ...]] = [(period,), (period, 1)] if period > 1 else []
    start = max(2 * len(values) // 3, 2 * period + 8)
    count = len(values) - steps - start + 1
    if count < 2:
        return ()

    def error(lags: tuple[int, ...]) -> float:
        forecaster = partial(of_last_steps, lags)
        try:
            rolled = rolling_origin(
                forecaster, values, steps, start=start, every=max(1, count // ORIGINS)
            )
        except DivergenceError:
            return np.inf
        return float(rolled.mae.mean())

    return min([(), (1,), *seasonal], key=error)


def of_last_steps(lags: tuple[int, ...], history: Floats, steps: int) -> Floats:
    """Forecast a history, shape (T,), by an autoregression of its differences, fitted
    to its last steps.
    """
    scale = Scale(1, lags=[lags])
    last = history[-max(MAX_FITTED_STEPS, 3 * scale.lost) :, None]
    ahead = autoregression(scale.standard(last)[:, 0], steps)
    return scale.original(ahead[:, None], last)[:, 0]


METHODS = ("mean", "naive", "seasonal", "ridge", "ar", "ets", "theta", "arima")
"""The names of the methods for :func:`statistical`."""

MAX_SEASON = 24
"""Longest season that exponential smoothing and ARIMA estimate. Longer seasons are
removed first (MSTL)."""


FITTED_ELSEWHERE = ("ets", "theta", "arima")
"""The methods that statsforecast provides."""


def not_installed(methods: Iterable[str]) -> list[str]:
    """Return the sentence on methods that need statsforecast, if it is not
    installed.
    """
    if not {*methods} & {*FITTED_ELSEWHERE}:
        return []
    try:
        imported(
            "statsforecast", "The methods ets, theta and arima need", extra="forecast"
        )
    except MissingExtraError as error:
        return [str(error)]
    return []


@suggests_arguments("statistical")
def statistical(
    method: str,
    series: ArrayLike,
    *,
    period: Annotated[int, positive_integer] = 1,
    known: Annotated[ArrayLike | None, known_rows] = None,
) -> Forecaster:
    """Fit a statistical method to a series, and return a forecaster, for example for
    :func:`rolling_origin`.

    The forecaster keeps the fitted parameters and applies them to the history that it
    is called with. Each column is forecast from its own past.

    Parameters
    ----------
    method : {"mean", "naive", "seasonal", "ridge", "ar", "ets", "theta", "arima"}
        The mean of the history, its last value, :func:`seasonal_naive`, a ridge
        regression on the phase of the season (and of the week, if the season is a day),
        the known values and the values a season ago, :func:`autoregression` (fitted
        anew in each call, to the differences that it forecasts best in the last third
        of `series`), exponential smoothing (AutoETS), AutoTheta, or AutoARIMA. The last
        three methods come from statsforecast (extra ``forecast``).
    series : array_like, shape (T,) or (T, m)
        The steps to which parameters are fitted, with the oldest first. At most the
        last 1000 steps are used, or three seasons, but the ridge regression uses the
        last 10,000.
    period : int
        Number of steps in a season. Default 1, for a series without seasons. A season
        of more than 24 steps is removed by MSTL before exponential smoothing or ARIMA.
    known : array_like, shape (N, k), optional
        Values known in advance, such as holidays, where row i describes step i of the
        history. They are regressors of the ridge regression, and of ARIMA unless the
        season is longer than 24, whereas the other methods ignore them. N must reach
        the last step that is forecast.

    Returns
    -------
    callable
        ``forecaster(history, steps)``, which returns shape (steps,) or (steps, m). The
        history must begin at step 0.

    Raises
    ------
    ArgumentError
        If there is no such method, or the series is not finite or shorter than a
        season.
    MissingExtraError
        If statsforecast is not installed.

    References
    ----------
    R. J. Hyndman and G. Athanasopoulos, "Forecasting: principles and practice", 3rd
    edition, OTexts 2021, chapters 8 and 9. V. Assimakopoulos and K. Nikolopoulos, "The
    theta model", International Journal of Forecasting 16 (2000). K. Bandara, R. J.
    Hyndman, C. Bergmeir, "MSTL", arXiv:2107.13462.

    Examples
    --------
    >>> rise = np.arange(40.0) + np.tile([0.0, 3.0, 1.0, 2.0], 10)
    >>> statistical("seasonal", rise, period=4)(rise, 2)
    array([36., 40.])
    """
    values = checked_series("series", series, period, ", as many as the period")
    require(is_among(method, METHODS), "method", f"one of {', '.join(METHODS)}", method)
    if method in ("naive", "seasonal"):
        return partial(seasonal_naive, period=period if method == "seasonal" else 1)
    fits_by_method: dict[str, Callable[[Floats, int], Forecaster]] = {
        "ar": _autoregression,
        "ridge": partial(Ridge, known=known),
    }
    fit = fits_by_method.get(method, partial(_fitted, method, known))
    fits = (
        []
        if method == "mean"
        else [fit(column, period) for column in values.reshape(len(values), -1).T]
    )

    def forecaster(history: ArrayLike, steps: int) -> Floats:
        past = checked_series("history", history)
        ahead = horizon("steps", steps)
        require_columns("history", past, values.shape[1:], "as the series")
        if method == "mean":
            return np.repeat(past.mean(axis=0, keepdims=True), ahead, axis=0)
        columns = past.reshape(len(past), -1).T
        forecasts = np.array(
            [fit(column, ahead) for fit, column in zip(fits, columns, strict=True)]
        ).T
        return forecasts.reshape(ahead, *past.shape[1:])

    return forecaster


def _autoregression(column: Floats, period: int) -> Forecaster:
    """Return an autoregression of the differences that are best for a column, fitted
    anew to each history.
    """
    lags = choose_lags(column[-MAX_FITTED_STEPS:], max(1, min(period, 12)), period)
    return partial(of_last_steps, lags)


def _fitted(method: str, in_advance: Any, column: Floats, period: int) -> Forecaster:
    """Return a model of statsforecast with fitted parameters, for one column."""
    models = imported(
        "statsforecast.models",
        f"The method {method} needs",
        "statsforecast",
        "forecast",
    )
    long = period > MAX_SEASON and method != "theta"
    length = 1 if long else period
    options: dict[str, Any] = {"season_length": length}
    if method == "arima":
        options |= {"seasonal": length > 1, "approximation": True}
    elif method == "ets":  # MSTL takes models without a season only
        options |= {"model": "ZZZ" if length > 1 else "ZZN"}
    model = {
        "arima": models.AutoARIMA,
        "ets": models.AutoETS,
        "theta": models.AutoTheta,
    }[method](**options)
    model = models.MSTL(period, trend_forecaster=model) if long else model

    # for the squares of the library; ordinary series stay as they are
    unit = unit_of(column).item() if column.any() else 1.0
    unit = 1.0 if 1.0 / SQUARABLE < unit * unit < SQUARABLE else unit

    most = max(MAX_FITTED_STEPS, 3 * period)

    def regressors(start: int, stop: int) -> Floats | None:
        if in_advance is None or method != "arima" or long:
            return None
        if stop > len(in_advance):
            raise too_few_known(in_advance, stop)
        return in_advance[start:stop]

    def forecaster(history: Floats, steps: int) -> Any:
        count = len(history)
        start = max(count - most, 0)
        rows = regressors(start, count), regressors(count, count + steps)
        with _library(method, count):
            return model.forward(history[start:] / unit, steps, *rows)["mean"] * unit

    last = column[-most:]
    rows_in_advance = regressors(len(column) - len(last), len(column))
    with _library(method, len(last)):
        model.fit(last / unit, rows_in_advance)
    return forecaster


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep NumPy and scikit-learn at one thread. In problems as small as these, other
    threads would wait in loops and use up to a hundred times the processor time.
    """
    try:
        import threadpoolctl
    except ImportError:  # it comes with scikit-learn
        yield
        return
    with threadpoolctl.threadpool_limits(1):
        yield


@contextmanager
def _library(method: str, count: int) -> Iterator[None]:
    """Raise ArgumentError for an error of statsforecast on a series of this length, and
    hide its warnings, because they do not concern the user's call.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    except MemoryError:
        raise
    except Exception as error:  # of NumPy, SciPy and of its own, by version
        why = " ".join(str(error).split()).rstrip(".")
        raise ArgumentError(
            f"statsforecast cannot fit {method} to {pluralize(count, 'row')}: {why}."
            " Pass more rows, or other methods."
        ) from error
