"""Forecasts: a network runs on what is known, and then on its own outputs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import ArrayLike

from .. import _html
from .._checks import bounds, counted, expected, finite_number
from .._typing import Floats
from ..errors import ArgumentError, ArgumentTypeError
from ._loop import Feedback, Model, checked_rows, from_origins, sizes_of
from ._series import horizon
from .calibration import Calibration


@dataclass(frozen=True, eq=False, repr=False)
class Forecast(NDArrayOperatorsMixin):
    """A forecast, and a prediction interval for each of its numbers if one was requested.

    You can use it as the array `mean`: in arithmetic, in functions of NumPy, with indices and with the
    methods of arrays, except ``mean()``: call ``numpy.mean``.

    Attributes
    ----------
    mean : ndarray, shape (steps, m)
        The forecast itself.
    lower, upper : ndarray, shape (steps, m), or None
        The bounds of the intervals.
    interval : float or None
        The share of future values that should be within the bounds.

    Examples
    --------
    >>> ahead = Forecast(np.array([[1.0], [2.0]]))
    >>> ahead, ahead.shape, ahead[-1]
    (<Forecast of 2 steps of 1 value>, (2, 1), array([2.]))
    >>> ahead - 1, float(np.mean(ahead))
    (array([[0.],
           [1.]]), 1.5)
    """

    mean: Floats
    lower: Floats | None = None
    upper: Floats | None = None
    interval: float | None = None

    def __len__(self) -> int:
        return len(self.mean)

    def __getitem__(self, places: Any) -> Any:
        return self.mean[places]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.mean)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "mean":  # while it is unpickled
            raise AttributeError(name)
        return getattr(self.mean, name)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Floats:
        return np.array(self.mean, dtype, copy=copy)

    def __array_ufunc__(self, function: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return getattr(function, method)(*map(_plain, inputs), **options)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        return function(*map(_plain, inputs), **{name: _plain(value) for name, value in options.items()})

    def __repr__(self) -> str:
        steps, m = self.mean.shape
        share = "" if self.interval is None else f", with intervals of {self.interval:.4g}"
        return f"<Forecast of {counted(steps, 'step')} of {counted(m, 'value')}{share}>"

    def _repr_html_(self) -> str:
        """The first value and its interval as curves, and all as a table, for notebooks."""
        parts = {"mean": self.mean, "lower": self.lower, "upper": self.upper}
        known = {name: part for name, part in parts.items() if part is not None}
        first = {name: part[:, 0].tolist() for name, part in known.items()}
        columns: dict[str, Any] = {"step": range(1, len(self) + 1)}
        for j in range(self.mean.shape[1]):
            after = f" {j}" if self.mean.shape[1] > 1 else ""
            columns |= {f"{name}{after}": part[:, j] for name, part in known.items()}
        return _html.view(repr(self), _html.curves(first, "step"), _html.table(columns, len(self)))


def _plain(value: Any) -> Any:
    """A value with arrays in place of forecasts, in lists too, as NumPy passes them to its functions."""
    if isinstance(value, Forecast):
        return value.mean
    return type(value)(map(_plain, value)) if type(value) in (list, tuple) else value


def forecast(
    net: Model,
    context: ArrayLike,
    steps: int,
    *,
    feedback: Mapping[int, int] | None = None,
    future: ArrayLike | None = None,
    calibration: Calibration | None = None,
    interval: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Forecast:
    """Forecast the next values of a series, in a closed loop.

    The context of the network is cleared, and the rows of `context` are run. The outputs after the last row
    are the first forecast. They become the next inputs, whose outputs are the second forecast, and so on. So
    the network must have learnt to map each row of a stream to (parts of) the next one, as with
    ``trainer.train(series[:-1], series[1:])``. Afterwards it has the context that it had before.

    Parameters
    ----------
    net : Network or Ensemble
        What forecasts. The networks of an ensemble forecast each on their own; the result is their mean.
    context : array_like, shape (T, n), or (T,) with one input
        The known rows, oldest first.
    steps : int
        Number of rows to forecast.
    feedback : dict of int to int, optional
        Which output becomes which input, counted from 0: ``{0: 2}`` feeds the first output to the third
        input. Default: every output becomes the input with its number.
    future : array_like, shape (steps - 1, k), optional
        The inputs that no output is fed to, in their order, for the steps after the context. Row k is read
        together with forecast k, and so affects forecast k + 1; forecast 1 follows from the context. A last
        row, of index `steps`, may be given; it is not used.
    calibration : Calibration, optional
        Errors on steps that were held out, from :func:`synapse.forecasting.calibrate`. They give the bounds
        of the forecast. Default: no bounds.
    interval : float, optional
        The share of future values that should be within the bounds. Default: 0.9.
    minimum, maximum : float, optional
        The range of the series, such as ``minimum=0`` for sales. The forecast and its bounds are clipped to
        it; what is fed back is not. Default: no limit.

    Returns
    -------
    Forecast
        The forecasts, which can be used as an array of shape (steps, m), and their bounds ``lower`` and
        ``upper``, which are None without `calibration`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the context is empty or not finite, an output cannot be fed back, the future has other numbers of
        rows or columns, there are too few errors for an interval, or the minimum is not below the maximum.
    DivergenceError
        If what is fed back grows beyond the largest number.

    Warns
    -----
    ForecastWarning
        If a calibration is given, and in more than half of the last `steps` rows of the context an input is
        outside of its range before the held-out rows.

    See Also
    --------
    synapse.forecasting.calibrate : Errors on held-out steps, for intervals.
    synapse.forecasting.rolling_origin : The error of a way to forecast, step by step.
    synapse.forecasting.NetworkForecaster : Differences, and values known in advance, such as holidays.

    Examples
    --------
    >>> import architect, synapse
    >>> series = np.sin(0.3 * np.arange(200))
    >>> net = architect.GRU(1, 6, 1, output_squash="identity", seed=0)
    >>> trainer = synapse.Trainer(net, rate=0.01, method="bptt", optimizer=synapse.optimizers.Adam())
    >>> result = trainer.train(series[:-1], series[1:], epochs=300, seed=0, progress=False)
    >>> ahead = synapse.forecast(net, series, 20)
    >>> ahead.shape
    (20, 1)
    >>> bool(np.abs(ahead[:, 0] - np.sin(0.3 * np.arange(200, 220))).max() < 0.1)
    True
    """
    count, rows = horizon(steps), checked_rows(net, context)
    loop = Feedback.of(net, feedback)
    outside = loop.outside(rows, future, count, net)
    if calibration is None and interval is not None:
        raise ArgumentError("An interval needs calibration=, from synapse.forecasting.calibrate.")
    share = 0.9 if interval is None else interval
    half = None if calibration is None else _half_widths(calibration, share, rows, net, count)
    limits = clipping(minimum, maximum)
    (mean,) = from_origins(net, rows, loop, outside, count, range(len(rows) - 1, len(rows)))
    return bounded(mean, half, share, limits)


def _half_widths(calibration: Any, interval: float, rows: Floats, net: Model, steps: int) -> Floats:
    if not isinstance(calibration, Calibration):
        raise ArgumentTypeError(
            expected("The calibration", "what synapse.forecasting.calibrate returns", calibration)
        )
    known, own = calibration.errors.shape[2], sizes_of(net)[1]
    if known != own:
        raise ArgumentError(f"This calibration is of {counted(known, 'output')}, the network has {own}.")
    half = calibration.half_widths(interval, steps)
    calibration.warn_of_context(rows, steps)
    return half


def clipping(minimum: Any, maximum: Any) -> tuple[float, float]:
    """The range to which forecasts are clipped; ArgumentError if the minimum is not below the maximum."""
    low = -math.inf if minimum is None else finite_number("The minimum", minimum)
    high = math.inf if maximum is None else finite_number("The maximum", maximum)
    return bounds("The minimum and the maximum", low, high)


def bounded(mean: Floats, half: Floats | None, interval: float, limits: tuple[float, float]) -> Forecast:
    """A forecast, with bounds of this half width, clipped to a range."""
    if half is None:
        return Forecast(mean.clip(*limits))
    lower, upper = (mean + side * half for side in (-1, 1))
    return Forecast(mean.clip(*limits), lower.clip(*limits), upper.clip(*limits), interval)
