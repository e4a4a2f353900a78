"""Measure the errors of forecasts by rolling origin, in which the series is forecast
from many of its steps, in order. They also give prediction intervals.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike

from .. import _html
from .._checks import (
    between_0_and_1,
    finite_array,
    function_of,
    numbers,
    pluralize,
    positive_integer,
    require,
    suggests_arguments,
    whole_number,
)
from .._scale import root_mean_square, unit_of
from .._typing import Floats, Ints
from ..errors import ArgumentError
from ._checked_series import checked_series, horizon

MAX_GROWTH = 1.5
"""Largest exponent for the growth of errors with the number of steps ahead."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Errors of forecasts from held-out origins.

    Attributes
    ----------
    errors : ndarray, shape (origins, steps, m)
        Actual value minus forecast, for each origin and number of steps ahead.

    Examples
    --------
    The following example computes the errors of "no change" in a random walk:

    >>> walk = np.random.default_rng(0).normal(size=(200, 4)).cumsum(axis=1)
    >>> Calibration(walk[:, :, None]).half_widths(0.9)[:, 0].round(1)
    array([1.6, 2.3, 2.9, 3.4])
    """

    errors: Floats

    def __post_init__(self) -> None:
        errors = finite_array("errors of Calibration", self.errors)
        require(
            errors.ndim == 3 and errors.size,
            "errors of Calibration",
            "of shape (origins, steps, m), of at least one origin",
            self.errors,
        )
        object.__setattr__(self, "errors", errors)

    def _scale_of_steps(self, steps: int) -> Floats:
        """Return the size of the errors for each step and output, shape (steps, m), as
        a power of the step.

        The size is c h^p for step h, which is the least-squares line through the
        logarithms of the root mean square errors, with an exponent from 0 (a level) to
        1.5. A random walk has 0.5. This lets the widths grow smoothly.
        """
        size = root_mean_square(self.errors)
        ahead = np.log(np.arange(1, len(size) + 1))
        logarithm = np.log(
            np.maximum(size, 1e-9 * size.max(axis=0) + np.finfo(float).tiny)
        )
        spread = ahead - ahead.mean()
        slope = spread @ logarithm / max(spread @ spread, np.finfo(float).tiny)
        exponent = np.clip(slope, 0.0, MAX_GROWTH)
        intercept = logarithm.mean(axis=0) - exponent * ahead.mean()
        return np.asarray(
            np.exp(intercept + exponent * np.log(np.arange(1, steps + 1))[:, None])
        )

    @np.errstate(under="ignore")
    @suggests_arguments("half_widths")
    def half_widths(
        self,
        coverage: Annotated[float, between_0_and_1] = 0.9,
        steps: Annotated[int | None, horizon] = None,
    ) -> Floats:
        """Return half the width of each step's and output's prediction interval, shape
        (steps, m).

        The half width is a multiple of the scale of a step, given by a quantile of the
        errors of all steps in this unit (conformal prediction on the rolling origin).
        Because errors from neighbouring origins are correlated, n origins count as k =
        n (1 - r) / (1 + r) independent ones, where r is the correlation of neighbours.
        The quantile is at ``coverage (1 + 1 / (3 k))`` instead of
        ``coverage (1 + 1 / k)``, because the errors of one origin add information, too.
        The factor 1/3 is measured, see ``studies/default_forecasts.md``.

        Parameters
        ----------
        coverage : float
            Fraction of future values that should be within the bounds. Default: 0.9.
        steps : int, optional
            Number of steps. Beyond the steps of the errors, the scale continues to
            grow. Default: the steps of the errors.

        Raises
        ------
        ArgumentError
            If there are too few origins for this coverage.

        References
        ----------
        J. Lei, M. G'Sell, A. Rinaldo, R. J. Tibshirani, L. Wasserman: Distribution-Free
        Predictive Inference for Regression. Journal of the American Statistical
        Association 113, 2018.
        """
        count, steps_tested, _ = self.errors.shape
        # 0.9 / 0.1 is a little above 9
        needed = math.ceil(coverage / (1 - coverage) - 1e-9)
        if count * steps_tested < needed:
            raise ArgumentError(
                f"An interval of {coverage:g} needs at least {needed} errors, but"
                f" this calibration has {count * steps_tested}. Hold out more steps."
            )
        sizes = np.abs(self.errors) / self._scale_of_steps(steps_tested)
        errors = self.errors / unit_of(self.errors, 0)
        follow = np.sum(errors[1:] * errors[:-1], axis=0) / np.maximum(
            np.sum(errors**2, axis=0), np.finfo(float).tiny
        )
        alike = np.clip(follow.mean(axis=0), 0.0, 0.99)
        independent = np.maximum(count * (1 - alike) / (1 + alike), 1.0)
        levels = np.minimum(coverage * (1 + 1 / (3 * independent)), 1.0)
        widths = [
            np.quantile(sizes[:, :, column], level)
            for column, level in enumerate(levels)
        ]
        sizes = self._scale_of_steps(steps or steps_tested)
        return np.asarray(sizes * np.array(widths))

    def __repr__(self) -> str:
        origins, steps, _ = self.errors.shape
        return (
            f"<Calibration of {pluralize(steps, 'step')} from"
            f" {pluralize(origins, 'origin')}>"
        )


Forecaster = Callable[[Floats, int], Any]
"""A function of the history, shape (T,) or (T, m), and the number of steps. It returns
an array of shape (steps,) or (steps, m)."""


@dataclass(frozen=True)
class RollingOrigin:
    """Forecasts of a series from many origins, and their errors.

    In the shapes, (m) is absent for a series of shape (T,).

    Parameters
    ----------
    origins : ndarray of int, shape (k,)
        For each forecast, the number of steps that its history had: the index of the
        first step forecast.
    forecasts : ndarray, shape (k, steps, (m))
        The forecasts.
    truth : ndarray, shape (k, steps, (m))
        The series at these steps.
    scale : ndarray, shape ((m),)
        Mean absolute error of the seasonal naive method one step ahead, before the
        first origin.
    """

    origins: Ints
    forecasts: Floats
    truth: Floats
    scale: Floats

    @property
    def errors(self) -> Floats:
        """Forecast minus truth, shape (k, steps, (m)). To compare two forecasters, pair
        their errors.
        """
        return self.forecasts - self.truth

    @property
    def rmse(self) -> Floats:
        """Root mean squared error at each horizon, shape (steps, (m)), in the units of
        the series.
        """
        return root_mean_square(self.errors)

    @property
    def mae(self) -> Floats:
        """Mean absolute error at each horizon, shape (steps, (m)), in the units of the
        series.
        """
        return np.asarray(np.abs(self.errors).mean(axis=0))

    @property
    def mase(self) -> Floats:
        """Mean absolute scaled error at each horizon, shape (steps, (m)); NaN for a
        column of scale 0.

        This is :attr:`mae` divided by ``scale`` [1]_. A value below 1 means that the
        forecasts are better than one-step forecasts by the seasonal naive method.

        References
        ----------
        .. [1] R. J. Hyndman and A. B. Koehler, "Another look at measures of forecast
           accuracy", International Journal of Forecasting 22 (2006), 679-688.
        """
        return self.mae / np.where(self.scale > 0, self.scale, np.nan)

    @property
    def calibration(self) -> Calibration:
        """The errors as a calibration, from which :func:`synapse.forecast` computes
        prediction intervals.
        """
        return Calibration(-self.errors.reshape(*self.errors.shape[:2], -1))

    def __repr__(self) -> str:
        count, steps, *columns = self.forecasts.shape
        error = ", ".join(
            f"{each:.4g}" for each in root_mean_square(self.errors, (0, 1)).flat
        )
        sizes = zip(
            (count, steps, *columns), ("origin", "step", "column"), strict=False
        )
        return (
            f"<RollingOrigin {', '.join(pluralize(*size) for size in sizes)}, RMSE"
            f" {error}>"
        )

    def _repr_html_(self) -> str:
        """Return the errors by horizon as a table, for notebooks."""
        steps = self.forecasts.shape[1]
        columns: dict[str, Any] = {"horizon": range(1, steps + 1)}
        for name in ("rmse", "mae", "mase"):
            values = getattr(self, name).reshape(steps, -1)
            for j in range(values.shape[1]):
                columns[
                    f"{name.upper()} {j}" if values.shape[1] > 1 else name.upper()
                ] = values[:, j]
        return _html.view(repr(self), _html.table(columns, steps))


@suggests_arguments("rolling_origin")
def rolling_origin(
    forecaster: Annotated[
        Forecaster,
        lambda title, value: function_of(title, value, "history", "steps"),
    ],
    series: ArrayLike,
    steps: Annotated[int, horizon],
    *,
    start: int | None = None,
    every: Annotated[int, positive_integer] = 1,
    period: Annotated[int, positive_integer] = 1,
) -> RollingOrigin:
    """Forecast a series from many origins, using only the steps before each origin.

    Parameters
    ----------
    forecaster : callable
        A function ``forecaster(history, steps)``, such as :func:`seasonal_naive`. It
        returns the forecasts, shape (steps,) or (steps, m), for a history of shape (T,)
        or (T, m). Each call receives its own copy of the history. If the forecaster has
        a method ``from_origins(series, origins, steps)`` that returns the forecasts
        from all origins, as :class:`NetworkForecaster` does, this method is called
        instead.
    series : array_like, shape (T,) or (T, m)
        The series, with the oldest step first.
    steps : int
        Number of steps to forecast from each origin, 1 or above.
    start : int, optional
        The first origin, which is the number of steps in the first history, and must be
        above `period`. Default: half of the series, or `period` + 1 if that is more.
    every : int
        Number of steps from one origin to the next. Default 1.
    period : int
        Number of steps in a season, for the scale of MASE. Default 1, which scales by
        the error of repeating the last value.

    Returns
    -------
    RollingOrigin
        All forecasts, and the errors at each horizon.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the series is too short for `start` and `steps` or not finite, a number is
        out of range, or the forecaster is not a function or returns another shape.

    Notes
    -----
    Hyndman and Athanasopoulos, "Forecasting: principles and practice", section 5.10,
    time series cross-validation. The forecaster decides whether it is fitted anew at
    each origin.

    Examples
    --------
    >>> import numpy as np
    >>> from synapse import forecasting
    >>> wave = np.sin(2 * np.pi * np.arange(96) / 12)
    >>> forecasting.rolling_origin(forecasting.seasonal_naive, wave, 2).mae.round(3)
    array([0.333, 0.617])
    >>> forecasting.rolling_origin(forecasting.autoregression, wave, 2).mae.round(3)
    array([0., 0.])
    """
    condition = f"a whole number above the period, {period}"
    minimum = period + 1
    if start is not None:
        start = whole_number("start", start, condition, minimum)
    values = checked_series("series", series)
    begin = max(len(values) // 2, minimum) if start is None else start
    if len(values) < begin + steps:
        raise ArgumentError(
            f"`series` must have {begin + steps} steps or more,"
            f" {begin} up to the first origin and {steps} to forecast, got"
            f" {len(values)}."
        )
    origins = np.arange(begin, len(values) - steps + 1, every)
    truth = np.stack([values[origin : origin + steps] for origin in origins])
    shape = truth.shape[1:]
    forecasts = []
    from_origins = getattr(forecaster, "from_origins", None)
    for returned in (
        (forecaster(values[:origin].copy(), steps) for origin in origins)
        if from_origins is None
        else from_origins(values[: origins[-1]].copy(), origins.copy(), steps)
    ):
        forecasts.append(
            numbers("The forecast", returned, f"an array of the shape {shape}")
        )
        if forecasts[-1].shape != shape:
            shape_returned = forecasts[-1].shape
            raise ArgumentError(
                f"The forecast must have the shape {shape}, got {shape_returned}."
            )
    condition = f"of {len(origins)} origins"
    require(len(forecasts) == len(origins), "The forecasts", condition, len(forecasts))
    scale = np.abs(values[period:begin] - values[: begin - period]).mean(axis=0)
    return RollingOrigin(origins, np.stack(forecasts), truth, scale)
