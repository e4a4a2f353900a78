"""Forecast a series that continues."""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable
from typing import Any, final

import numpy as np
from river import time_series

from .. import _checks as checks
from .._defaults import (
    HARMONICS,
    LAGS,
    LAGS_WITH_SEASON,
    MIN_AUTOCORRELATION,
    SEASON_VALUES,
    VALUES,
)
from .._typing import Floats
from ..errors import ArgumentError
from ._features import Features, present_in
from ._regressor import checked_target
from ._stream_network import StreamNetwork


@final
class NetworkForecaster(StreamNetwork, time_series.base.Forecaster):
    """A recurrent network that forecasts a series, one value at a time.

    It predicts the change to the next value from the latest value, the changes before
    it, its own memory, and features that are known in advance. For a series with a
    season, it also reads the difference between the value a season before the next one
    and the latest value, and the phase of the next value: sine and cosine of its first
    four harmonics.

    Parameters
    ----------
    lags : int, optional
        Number of changes that are inputs. Default 12, or 1 with a season.
    period : int, optional
        Number of steps in a season, such as 12 for months, or 1 without a season. By
        default, it is found from the first 96 values, without their linear trend. It is
        the lag up to 48 with the largest autocorrelation, beyond the first lag where
        this is negative, but if the largest is below 0.5, there is no season. The model
        then begins anew with this season, and learns these values again.
    seed : int, optional
        Seed of the first weights.
    **options
        The other parameters of :class:`~synapse.river.StreamNetwork`.

    Examples
    --------
    >>> model = NetworkForecaster(seed=0)
    >>> for step in range(400):
    ...     model.learn_one([3.0, 5.0][step % 2])
    >>> np.round(model.forecast(4), 2).tolist()
    [3.0, 5.0, 3.0, 5.0]

    The example computes the mean error of forecasts of twelve months, on a series with
    a trend and a given season, as in River's own examples. There, its HoltWinters has
    28.8, and its SNARIMAX 31.9.

    >>> from river import datasets, evaluate, metrics
    >>> series = [({}, y) for x, y in datasets.AirlinePassengers()]
    >>> model = NetworkForecaster(period=12, seed=0)
    >>> errors = evaluate.evaluate(series, model, metrics.MAE(), horizon=12)
    >>> round(float(np.mean([error.get() for error in errors.metrics])), 1)
    30.8
    """

    _usual = VALUES
    _target_lags = (1,)

    def __init__(
        self,
        lags: int | None = None,
        period: int | None = None,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(seed=seed, **options)
        self.lags = None if lags is None else checks.positive_integer("lags", lags)
        self.period = (
            None if period is None else checks.positive_integer("period", period)
        )
        self.options = options
        self._season_length = self.period or 1
        # values, and what was known of them, until a season is found
        self._first: list[tuple[float, Features | None]] | None = (
            [] if period is None else None
        )
        self._latest: list[float] = []
        self._step = 0  # number of values so far

    def learn_one(self, y: float, x: Features | None = None) -> None:
        """Learn the next value of the series.

        Parameters
        ----------
        y : float
            The value.
        x : dict of feature names to numbers, optional
            Features of this time that were known in advance.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the value or a feature is not a number. Nothing has changed in this case.
        """
        target = checked_target(y)
        with self._lock:
            self._follow(target, x)
            if self._first is not None:
                self._first.append((target, None if x is None else dict(x)))
                if len(self._first) == SEASON_VALUES:
                    first, self._first = self._first, None
                    self._season_length = _season_of(np.array([y for y, _ in first]))
                    if self._season_length > 1:  # begin anew, and learn them again
                        self._model, self._latest, self._step = None, [], 0
                        for each in first:
                            self._follow(*each)

    def _follow(self, target: float, x: Features | None) -> None:
        """Learn the change to the next value."""
        if self._latest:
            if self._model is None:
                # Changes have inputs from the beginning, whose values follow.
                count = self._lags_read + self._season_length
                self._begin(self._features(self._latest * (count + 1), x))
            row = self._counted(self._features(self._latest, x))
            latest = np.array([[self._latest[-1]], [target]])
            (change,) = self._target_scale.follow(latest)
            self._learn(row, change, 1.0)
        count = max(self._lags_read + 1, self._season_length)
        self._latest = [*self._latest, target][-count:]
        self._step += 1

    @property
    def _lags_read(self) -> int:
        """The number of changes that are inputs now."""
        return self.lags or (LAGS if self._season_length == 1 else LAGS_WITH_SEASON)

    def _features(self, values: list[float], x: Features | None) -> Features:
        """Return the inputs of a step after these values."""
        count = self._lags_read + 1
        padded = [math.nan] * (count - len(values)) + values[-count:]
        pairs = enumerate(itertools.pairwise(reversed(padded)))
        changes: dict[Hashable, float] = {
            f"Δy[t-{ago}]": later - earlier for ago, (later, earlier) in pairs
        }
        features = {} if x is None else present_in(x)
        return {**features, "y[t]": values[-1], **changes, **self._season(values)}

    def _season(self, values: list[float]) -> dict[Hashable, float]:
        """Return the inputs of a step after these values that follow from the
        season.
        """
        period = self._season_length
        if period == 1:
            return {}
        ago = values[-period] if len(values) >= period else math.nan
        inputs: dict[Hashable, float] = {f"y[t+1-{period}]-y[t]": ago - values[-1]}
        step = self._step + len(values) - len(self._latest)
        for harmonic in range(1, min(HARMONICS, period // 2) + 1):
            angle = 2.0 * math.pi * (harmonic * step % period) / period
            inputs[f"cos {harmonic}"] = math.cos(angle)
            if 2 * harmonic < period:  # the other sines are 0
                inputs[f"sin {harmonic}"] = math.sin(angle)
        return inputs

    def forecast(self, horizon: int, xs: list[Any] | None = None) -> list[float]:
        """Forecast the next values, each from the preceding ones.

        Parameters
        ----------
        horizon : int
            Number of values to forecast.
        xs : list of dict, optional
            Features of these times that are known in advance.

        Raises
        ------
        ArgumentError
            If the horizon is below 1, or there are not as many dicts as values.
        """
        checks.positive_integer("horizon", horizon)
        if xs is not None and len(xs) != horizon:
            raise ArgumentError(f"Expected {horizon} dicts of features, got {len(xs)}.")
        with self._lock:
            values = self._latest or [0.0]
            if self._model is None:
                return values * horizon
            network = self._model.network.clone()
            for step in range(horizon):
                x = self._features(values, None if xs is None else xs[step])
                sample, _ = self._inputs.standard(x)
                outputs = network.activate(self._steps.row(sample))
                latest = np.array([values[-1:]])
                ahead = self._target_scale.original(outputs[None], latest)
                values = [*values, float(ahead[0, 0])]
            return values[-horizon:]


def _season_of(values: Floats) -> int:
    """Return the number of steps in the season of first values, shape (T,), or 1
    without a season.
    """
    steps = np.arange(len(values))
    largest = np.abs(values).max()
    if largest == 0.0:
        return 1
    values = values / largest  # squares of large values overflow
    rest = values - np.polyval(np.polyfit(steps, values, 1), steps)
    power = float(rest @ rest)
    if power <= len(values) * np.finfo(float).eps:
        return 1
    lags = np.arange(1, len(values) // 2 + 1)
    similar = np.array([rest[:-lag] @ rest[lag:] for lag in lags]) / power
    negative = np.flatnonzero(similar < 0)
    if not len(negative):
        return 1
    best = negative[0] + int(similar[negative[0] :].argmax())
    return int(lags[best]) if similar[best] >= MIN_AUTOCORRELATION else 1
