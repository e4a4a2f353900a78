"""Forecast by simple methods, as baselines for networks.

The methods are described by Hyndman and Athanasopoulos [1]_. Training a network is only
worthwhile if it is better than these methods.

References
----------
.. [1] R. J. Hyndman and G. Athanasopoulos, "Forecasting: principles and practice", 3rd
   edition, OTexts 2021, https://otexts.com/fpp3, sections 5.2, 7.5 and 9.3.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike

from .._checks import non_negative_integer, positive_integer, suggests_arguments
from .._typing import Floats
from ..errors import DivergenceError
from ._checked_series import checked_series, horizon


@suggests_arguments("seasonal_naive")
def seasonal_naive(
    history: ArrayLike,
    steps: Annotated[int, horizon],
    period: Annotated[int, positive_integer] = 1,
) -> Floats:
    """Forecast each value by the value of the same season in the last period, for
    example of the same month a year ago.

    With a period of 1, this is the naive method, also known as persistence, which
    repeats the last value for every step.

    Parameters
    ----------
    history : array_like, shape (T,) or (T, m)
        The series up to now, with the oldest step first, and with one period or more.
    steps : int
        Number of steps to forecast, 1 or above.
    period : int
        Number of steps in a period, such as 12 for months. Default 1, for a series
        without periods.

    Returns
    -------
    ndarray, shape (steps,) or (steps, m)
        The forecasts, in the units of the series.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the history is shorter than a period or not finite, or `steps` or `period` is
        not a whole number above 0.

    Notes
    -----
    Hyndman and Athanasopoulos, "Forecasting: principles and practice", section 5.2:
    ŷ(T+h) = y(T + h - p(k+1)), where p is the period and k the whole part of (h-1)/p.

    Examples
    --------
    >>> from synapse import forecasting
    >>> forecasting.seasonal_naive([9.0, 1.0, 2.0, 3.0], 5, period=3)
    array([1., 2., 3., 1., 2.])
    >>> forecasting.seasonal_naive([1.0, 2.0, 4.0], 3)
    array([4., 4., 4.])
    """
    values = checked_series("history", history, period, ", as many as the period")
    return values[len(values) - period + np.arange(steps) % period]


@suggests_arguments("autoregression")
def autoregression(
    history: ArrayLike,
    steps: Annotated[int, horizon],
    order: Annotated[int | None, non_negative_integer] = None,
) -> Floats:
    """Forecast by a linear autoregression with intercept, fitted by least squares to
    each column.

    Forecasts further ahead than one step are computed from the preceding forecasts.

    Parameters
    ----------
    history : array_like, shape (T,) or (T, m)
        The series up to now, with the oldest step first. Each column is forecast from
        its own past.
    steps : int
        Number of steps to forecast, 1 or above.
    order : int, optional
        Number of past values p that a value is computed from, 0 or above; T must be 2p
        + 1 or more. Default: for each column, the order with the least AICc, the
        corrected information criterion of Akaike, among 0 to 10 log10(T), but less than
        (T - 3)/2.

    Returns
    -------
    ndarray, shape (steps,) or (steps, m)
        The forecasts, in the units of the series.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the history is too short for the order or not finite, or `steps` or `order`
        is not a whole number in its range.
    DivergenceError
        If the fitted autoregression is unstable and its forecasts exceed the range of
        floats.

    Notes
    -----
    Hyndman and Athanasopoulos, "Forecasting: principles and practice", sections 9.3
    (autoregressive models) and 7.5 (AICc): y(t) = c + φ(1) y(t-1) + ... + φ(p) y(t-p) +
    ε(t), and

    AICc = n log(SSE/n) + 2k + 2k(k+1)/(n-k-1)

    with k = p + 2 parameters: the coefficients, the intercept and the variance. All
    orders are compared on the same n steps, to which the highest order can be fitted.
    The chosen order is then fitted to all its T - p steps. The fit is not forced to be
    stationary.

    Examples
    --------
    The values are halved and 3 is added:

    >>> from synapse import forecasting
    >>> forecasting.autoregression([0.0, 3.0, 4.5, 5.25, 5.625], 2, order=1)
    array([5.8125 , 5.90625])
    """
    minimum, reason = (
        (1, "") if order is None else (2 * order + 1, f" for the order {order}")
    )
    values = checked_series("history", history, minimum, reason)
    columns = values.reshape(len(values), -1).T
    forecasts = np.array([_continued(column, steps, order) for column in columns]).T
    return forecasts.reshape(steps, *values.shape[1:])


@np.errstate(all="ignore")  # a forecast that is not finite is refused at the end
def _continued(column: Floats, steps: int, order: int | None) -> Floats:
    """Fit one column and forecast it. Standard units make the least squares problem
    well conditioned.
    """
    mean = column.mean()
    scale = np.abs(column - mean).max() or 1.0
    standard = (column - mean) / scale
    lags = best_order(standard) if order is None else order
    design, targets = _lagged(standard, lags)
    intercept, *coefficients = np.linalg.lstsq(design, targets, rcond=None)[0]
    weights = np.array(coefficients[::-1])  # oldest first, as the series
    values = np.concatenate([standard[len(standard) - lags :], np.empty(steps)])
    for step in range(lags, lags + steps):
        values[step] = intercept + weights @ values[step - lags : step]
    forecast: Floats = mean + scale * values[lags:]
    if not np.isfinite(forecast).all():
        count = int(np.isfinite(forecast).argmin())
        raise DivergenceError(
            f"The autoregression of order {lags} is unstable: its forecast is no longer"
            f" finite after {count} steps. Use a lower order, or fewer steps."
        )
    return forecast


def best_order(column: Floats) -> int:
    """Return the order with the least AICc for an autoregression of a column, shape
    (T,).
    """
    maximum = min(int(10 * math.log10(len(column))), (len(column) - 4) // 2)
    if maximum < 1:
        return 0
    design, targets = _lagged(column, maximum)
    # One factorization serves all orders: the first columns of Q span the design of
    # each lower order, and the last column of R is the product of Q and the targets.
    triangle: Any = np.linalg.qr(np.column_stack([design, targets]), mode="r")
    explained = np.cumsum(triangle[:-1, -1] ** 2)
    n = len(targets)
    total = float(targets @ targets)
    unexplained = np.maximum(
        total - explained, n * np.finfo(float).eps * max(total, 1.0)
    )
    k = np.arange(maximum + 1) + 2
    criterion = n * np.log(unexplained / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1)
    return int(criterion.argmin())


def _lagged(column: Floats, order: int) -> tuple[Floats, Floats]:
    """Return the design of an autoregression, shape (T - order, 1 + order), latest lag
    first, and its targets.
    """
    count = len(column) - order
    lags = [column[order - lag : order - lag + count] for lag in range(1, order + 1)]
    return np.column_stack([np.ones(count), *lags]), column[order:]
