"""The lags at which differences of a series are forecast best."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike

from .._checks import positive_integer, suggests_arguments
from .._scale import Scale
from .._typing import Floats
from ..errors import DivergenceError
from ._baselines import autoregression
from ._checked_series import checked_series, horizon
from ._rolling import rolling_origin

ORIGINS = 20
"""Number of origins, about, that choose the lags."""
MAX_FITTED_STEPS = 1000
"""Number of last steps that a method is fitted to, or three seasons if these are
more."""


@suggests_arguments("choose_lags")
def choose_lags(
    series: ArrayLike,
    steps: Annotated[int, horizon],
    *,
    period: Annotated[int, positive_integer] = 1,
) -> tuple[int, ...]:
    """Return the lags whose differences a linear autoregression forecasts best at the
    end of a series.

    Parameters
    ----------
    series : array_like, shape (T,)
        The training steps, oldest first.
    steps : int
        Number of steps ahead to forecast.
    period : int
        Number of steps of a season. Default 1: none.

    Returns
    -------
    tuple of int
        (), (1,), (period,) or (period, 1), for a :class:`synapse.Scale`: those with the
        least mean absolute error by :func:`rolling_origin` over the last third, each
        forecast from the last 1000 steps before it, or three seasons. () for a series
        that is too short to compare them.

    Examples
    --------
    >>> season = np.tile([0.0, 3.0, 1.0, 2.0], 20)
    >>> noise = np.random.default_rng(0).normal(size=80)
    >>> choose_lags(season + noise.cumsum(), 4, period=4)
    (1,)
    >>> choose_lags(noise, 4, period=4)
    ()
    """
    values = checked_series("series", series)
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
