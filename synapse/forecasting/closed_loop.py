"""Forecasts: a network runs on what is known, and then on its own outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from .. import _html
from .._checks import counted, expected, positive_integer
from .._random import Seed, random_generator
from .._typing import Floats
from ..ensemble import Ensemble
from ..errors import ArgumentError, KindError
from ._loop import Feedback, Model, checked_rows, members, paths, sizes_of
from ._series import horizon
from .calibration import Calibration, checked_interval

INTERVAL = 0.9
MOST_SAMPLES = 1_000_000


@dataclass(frozen=True, eq=False)
class Forecast:
    """A forecast with a prediction interval for every number.

    Attributes
    ----------
    mean : ndarray, shape (steps, m)
        The forecast itself, the same as without an interval.
    lower, upper : ndarray, shape (steps, m)
        The bounds of the intervals.
    interval : float
        The share of future values that should be within the bounds.
    """

    mean: Floats
    lower: Floats
    upper: Floats
    interval: float

    def __len__(self) -> int:
        return len(self.mean)

    def __repr__(self) -> str:
        steps, m = self.mean.shape
        size = f"{counted(steps, 'step')} of {counted(m, 'value')}"
        return f"<Forecast of {size}, with intervals of {self.interval:.4g}>"

    def _repr_html_(self) -> str:
        """The first value and its interval as curves, and all as a table, for notebooks."""
        first = {name: getattr(self, name)[:, 0].tolist() for name in ("mean", "lower", "upper")}
        columns: dict[str, Any] = {"step": range(1, len(self) + 1)}
        for j in range(self.mean.shape[1]):
            after = f" {j}" if self.mean.shape[1] > 1 else ""
            columns |= {f"{name}{after}": getattr(self, name)[:, j] for name in first}
        return _html.view(repr(self), _html.curves(first, "step"), _html.table(columns, len(self)))


@overload
def forecast(
    net: Model,
    context: ArrayLike,
    steps: int,
    *,
    feedback: Mapping[int, int] | None = None,
    future: ArrayLike | None = None,
) -> Floats: ...
@overload
def forecast(
    net: Model,
    context: ArrayLike,
    steps: int,
    *,
    feedback: Mapping[int, int] | None = None,
    future: ArrayLike | None = None,
    samples: int | None = None,
    calibration: Calibration | None = None,
    interval: float | None = None,
    seed: Seed = None,
) -> Floats | Forecast: ...
def forecast(
    net: Model,
    context: ArrayLike,
    steps: int,
    *,
    feedback: Mapping[int, int] | None = None,
    future: ArrayLike | None = None,
    samples: int | None = None,
    calibration: Calibration | None = None,
    interval: float | None = None,
    seed: Seed = None,
) -> Floats | Forecast:
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
        The inputs that no output is fed to, in their order, for the steps after the context. Step 1 needs
        none, because it follows from the context. A last row, for the last step, may be given; it is not
        used.
    samples : int, optional
        Number of sampled futures. In each, every step has an error drawn from the errors of one step in the
        second half of the context, which is fed back, too (bootstrap; Hyndman and Athanasopoulos 2021,
        section 5.5). The bounds are quantiles of the samples. Networks fit the rows that they were trained
        on more closely than new ones, so samples from such a context are too narrow: prefer a calibration.
    calibration : Calibration, optional
        Errors on steps that were held out, from :func:`synapse.forecasting.calibrate`.
    interval : float, optional
        The share of future values that should be within the bounds. Default: 0.9, with `samples` or a
        calibration. For an ensemble without these, the bounds are quantiles of its networks' forecasts: they
        show how far the networks agree, and not the noise of the series.
    seed : int or numpy.random.Generator, optional
        Seed of the samples. Default: an unrecorded random seed.

    Returns
    -------
    ndarray, shape (steps, m), or Forecast
        The forecasts; with `samples`, `calibration` or `interval` an object with ``mean``, ``lower`` and
        ``upper``.

    Raises
    ------
    ArgumentError, KindError
        If the context is empty or not finite, an output cannot be fed back, the future has other numbers of
        rows or columns, or there are too few errors for an interval.
    DivergenceError
        If what is fed back grows beyond the largest number.

    See Also
    --------
    synapse.forecasting.calibrate : Errors on held-out steps, for intervals.
    synapse.forecasting.rolling_origin : The error of a way to forecast, step by step.

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
    >>> synapse.forecast(net, series, 20, samples=100, seed=0)
    <Forecast of 20 steps of 1 value, with intervals of 0.9>
    """
    count = horizon(steps)
    rows = checked_rows(net, context)
    loop = Feedback.of(net, feedback)
    ahead = loop.require(future, count, net)
    share = _checked_share(net, samples, calibration, interval)
    number = 0 if samples is None else positive_integer("The samples", samples, MOST_SAMPLES)
    if calibration is not None:
        calibration.require(count, sizes_of(net)[1])
    rng = random_generator(seed)
    found = [paths(network, rows, loop, ahead, count, number, rng) for network in members(net)]
    mean: Floats = np.mean([path for path, _ in found], axis=0) if len(found) > 1 else found[0][0]
    if share is None:
        return mean
    if calibration is not None:
        half = calibration.half_widths(share)[:count]
        return Forecast(mean, mean - half, mean + half, share)
    together = [path for path, sampled in found for path in sampled or [path]]
    lower, upper = np.quantile(together, [(1 - share) / 2, (1 + share) / 2], axis=0)
    return Forecast(mean, lower, upper, share)


def _checked_share(net: Model, samples: Any, calibration: Any, interval: Any) -> float | None:
    """The share of the intervals, or None if no interval is asked for."""
    if calibration is not None and not isinstance(calibration, Calibration):
        raise KindError(
            expected("The calibration", "what synapse.forecasting.calibrate returns", calibration)
        )
    if samples is not None and calibration is not None:
        raise ArgumentError("Give samples or a calibration, not both: each makes an interval.")
    if samples is None and calibration is None:
        if interval is None:
            return None
        if not isinstance(net, Ensemble):
            raise ArgumentError("An interval of one network needs samples= or calibration=.")
    return checked_interval(INTERVAL if interval is None else interval)
