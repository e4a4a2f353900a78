"""Errors of forecasts on steps that were held out, and the prediction intervals that follow from them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._checks import counted, expected, finite_array, fraction, integer, level_of_caller, positive_integer
from .._typing import Floats
from ..errors import ArgumentError, ForecastWarning
from ._loop import Feedback, Model, checked_rows, from_origins, sizes_of
from ._series import horizon

MOST_GROWTH = 1.5
"""Largest exponent of the growth of errors with the number of steps ahead."""
MOST = 0.5
"""Share of rows outside of the known range above which a forecast warns: a single row may be an outlier."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Errors of forecasts from held-out origins.

    Attributes
    ----------
    errors : ndarray, shape (origins, steps, m)
        Actual value minus forecast, for each origin and number of steps ahead.
    ranges : ndarray, shape (2, n), or None
        The least and the largest value of each input before the held-out rows. A forecast whose context ends
        outside of these warns. Default: None, unknown.

    Examples
    --------
    >>> walk = np.random.default_rng(0).normal(size=(200, 4)).cumsum(axis=1)  # errors of "no change"
    >>> Calibration(walk[:, :, None]).half_widths(0.9)[:, 0].round(1)
    array([1.6, 2.3, 2.9, 3.4])
    """

    errors: Floats
    ranges: Floats | None = None

    def __post_init__(self) -> None:
        errors = finite_array("The errors of a Calibration", self.errors)
        if errors.ndim != 3 or not errors.size:
            condition = "of shape (origins, steps, m), of at least one origin"
            raise ArgumentError(expected("The errors of a Calibration", condition, self.errors))
        object.__setattr__(self, "errors", errors)
        if self.ranges is not None:
            ranges = finite_array("The ranges of a Calibration", self.ranges)
            if ranges.ndim != 2 or len(ranges) != 2:
                raise ArgumentError(expected("The ranges of a Calibration", "of shape (2, n)", self.ranges))
            object.__setattr__(self, "ranges", ranges)

    def scale(self, steps: int) -> Floats:
        """The size of the errors of each step and output, shape (steps, m): a power of the step.

        c h^p for step h: the least-squares line through the logarithms of the root mean square errors, with
        an exponent from 0 (a level) to 1.5; 0.5 is that of a random walk. So widths grow smoothly.
        """
        size = np.sqrt(np.mean(self.errors**2, axis=0))
        ahead = np.log(np.arange(1, len(size) + 1))
        logarithm = np.log(np.maximum(size, 1e-9 * size.max(axis=0) + np.finfo(float).tiny))
        spread = ahead - ahead.mean()
        slope = spread @ logarithm / max(spread @ spread, np.finfo(float).tiny)
        exponent = np.clip(slope, 0.0, MOST_GROWTH)
        first = logarithm.mean(axis=0) - exponent * ahead.mean()
        scale: Floats = np.exp(first + exponent * np.log(np.arange(1, steps + 1))[:, None])
        return scale

    def half_widths(self, interval: float = 0.9, steps: int | None = None) -> Floats:
        """Half the width of the prediction interval of each step and output, shape (steps, m).

        It is a multiple of :meth:`scale`: a quantile of the errors of all steps in this unit (conformal
        prediction on the rolling origin). Errors from neighbouring origins are alike, so n origins count as
        k = n (1 - r) / (1 + r) independent ones, where r is the correlation of neighbours, and the quantile
        is that of ``interval (1 + 1 / (3 k))`` instead of ``interval (1 + 1 / k)``: the errors of one origin
        add information, too. The factor 1/3 is measured, see ``studies/default_forecasts.md``.

        Parameters
        ----------
        interval : float
            The share of future values that should be within the bounds. Default: 0.9.
        steps : int, optional
            Number of steps; beyond those of the errors, the scale goes on growing. Default: those.

        Raises
        ------
        ArgumentError
            If there are too few origins for this share.

        References
        ----------
        J. Lei, M. G'Sell, A. Rinaldo, R. J. Tibshirani, L. Wasserman: Distribution-Free Predictive Inference
        for Regression. Journal of the American Statistical Association 113, 2018.
        """
        share, (count, known, _) = fraction("The interval", interval), self.errors.shape
        ahead = known if steps is None else horizon(steps)
        if not 0 < share < 1:
            raise ArgumentError(expected("The interval", "between 0 and 1, such as 0.9", interval))
        needed = math.ceil(share / (1 - share) - 1e-9)  # 0.9 / 0.1 is a little above 9
        if count * known < needed:
            raise ArgumentError(
                f"An interval of {share:g} needs at least {needed} errors, this calibration has "
                f"{count * known}. Hold out more steps."
            )
        sizes = np.abs(self.errors) / self.scale(known)
        follow = np.sum(self.errors[1:] * self.errors[:-1], axis=0) / np.maximum(
            np.sum(self.errors**2, axis=0), np.finfo(float).tiny
        )
        alike = np.clip(follow.mean(axis=0), 0.0, 0.99)
        independent = np.maximum(count * (1 - alike) / (1 + alike), 1.0)
        levels = np.minimum(share * (1 + 1 / (3 * independent)), 1.0)
        widths = [np.quantile(sizes[:, :, column], level) for column, level in enumerate(levels)]
        half: Floats = self.scale(ahead) * np.array(widths)
        return half

    def warn_of_context(self, rows: Floats, steps: int) -> None:
        """Warn if, in most of the last `steps` rows of a context, an input is outside of its range."""
        if self.ranges is None or rows.shape[1] != self.ranges.shape[1]:
            return
        last, (low, high) = rows[-steps:], self.ranges
        outside = ((last < low) | (last > high)).mean(axis=0) > MOST
        if outside.any():
            i = int(outside.argmax())
            warnings.warn(
                f"The context ends outside of the known range: input {i} is {last[-1, i]:.3g} in the last "
                f"row; before the held-out rows it was from {low[i]:.3g} to {high[i]:.3g}. Intervals may be "
                "too narrow. Forecast the differences of the series, or train on newer rows.",
                ForecastWarning,
                stacklevel=level_of_caller(),
            )

    def __repr__(self) -> str:
        origins, steps, _ = self.errors.shape
        return f"<Calibration of {counted(steps, 'step')} from {counted(origins, 'origin')}>"


def calibrate(
    net: Model,
    series: ArrayLike,
    steps: int,
    *,
    held_out: float = 0.2,
    feedback: Mapping[int, int] | None = None,
) -> Calibration:
    """Measure the errors of forecasts at the end of a series, which the network has not been trained on.

    From every held-out row, except the last ones, `steps` rows ahead are forecast and compared with those
    that followed. The context is all rows before, from the beginning of the series. The network's own context
    is restored afterwards.

    Parameters
    ----------
    net : Network or Ensemble
        What forecasts, as in :func:`synapse.forecast`.
    series : array_like, shape (T, n), or (T,) with one input
        The whole series, oldest first; its last rows are the held-out ones.
    steps : int
        The largest number of steps ahead.
    held_out : int or float
        Number of held-out rows at the end, or their share of the series. Default: 0.2.
    feedback : dict of int to int, optional
        Which output becomes which input, see :func:`synapse.forecast`; every output must become one, whose
        values one row later are compared with it.

    Returns
    -------
    Calibration
        The errors, from which :func:`synapse.forecast` takes prediction intervals.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If fewer rows are held out than `steps`, none is left before them, an output is not fed back, or the
        series is not finite.

    References
    ----------
    K. Stankeviciute, A. M. Alaa, M. van der Schaar: Conformal Time-Series Forecasting. NeurIPS 2021.

    Examples
    --------
    >>> import architect, synapse
    >>> series = np.sin(0.3 * np.arange(200)) + 0.1 * np.random.default_rng(0).normal(size=200)
    >>> net = architect.GRU(1, 6, 1, output_squash="identity", seed=0)
    >>> trainer = synapse.Trainer(net, rate=0.01, method="bptt", optimizer=synapse.optimizers.Adam())
    >>> result = trainer.train(series[:149], series[1:150], epochs=50, seed=0, progress=False)
    >>> calibration = calibrate(net, series, 5, held_out=50)
    >>> calibration
    <Calibration of 5 steps from 46 origins>
    >>> synapse.forecast(net, series, 5, calibration=calibration)
    <Forecast of 5 steps of 1 value, with intervals of 0.9>
    """
    count, rows = horizon(steps), checked_rows(net, series)
    loop, outputs = Feedback.of(net, feedback), sizes_of(net)[1]
    if len(loop.fed) < outputs:
        raise ArgumentError(
            f"{outputs - len(loop.fed)} of {outputs} outputs are not fed back, so their errors are not known."
        )
    number = _number_of_rows(held_out, len(rows))
    if number < count:
        raise ArgumentError(
            f"Expected at least {counted(count, 'held-out row')} for forecasts of that many steps, "
            f"got {number}."
        )
    if number >= len(rows):
        raise ArgumentError(
            f"Holding out {number} of {len(rows)} rows leaves no row before them. Hold out fewer."
        )
    origins = range(len(rows) - number - 1, len(rows) - count)
    forecasts = from_origins(net, rows, loop, rows[:, loop.given], count, origins)
    known = rows[:, loop.by_output.astype(int)]
    actual = np.stack([known[origin + 1 : origin + 1 + count] for origin in origins])
    before = rows[: len(rows) - number]
    return Calibration(actual - forecasts, np.array([before.min(axis=0), before.max(axis=0)]))


def _number_of_rows(held_out: Any, rows: int) -> int:
    if integer(held_out) is not None:
        return positive_integer("The held_out", held_out)
    return max(1, round(fraction("The held_out", held_out) * rows))
