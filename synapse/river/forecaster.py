"""Forecasts of a series that goes on."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, final

import numpy as np
from river import time_series

from .._running_scale import RunningScale
from ..errors import ArgumentError
from .regressor import checked_target
from .stream_network import Features, StreamNetwork

CHANGE = "latest change"


@final
class NetworkForecaster(StreamNetwork, time_series.base.Forecaster):
    """A recurrent network that forecasts a series, one value at a time.

    It predicts the change to the next value from the latest change, its own memory, and features that are
    known in advance.

    The parameters are those of :class:`~synapse.river.StreamNetwork`.

    Examples
    --------
    >>> model = NetworkForecaster(seed=0)
    >>> for step in range(400):
    ...     model.learn_one([3.0, 5.0][step % 2])
    >>> np.round(model.forecast(4)).tolist()
    [3.0, 5.0, 3.0, 5.0]
    """

    _usual = ("GRU", (16,), 2.0)
    _change: RunningScale
    _latest: float | None = None
    _latest_change = 0.0

    def learn_one(self, y: float, x: Features | None = None) -> None:
        """Learn the next value of the series.

        Parameters
        ----------
        y : float
            The value.
        x : dict of feature names to numbers, optional
            What was known of this time in advance.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the value or a feature is not a number. Nothing has changed.
        """
        target = checked_target(y)
        if self._latest is not None:
            network, row = self._counted(self._features(self._latest_change, x))
            change = target - self._latest
            self._learn(self._change.take(np.array([change])) - network.activate(row), 1.0)
            self._latest_change = change
        self._latest = target

    def _features(self, change: float, x: Features | None) -> Features:
        return {CHANGE: change, **({} if x is None else x)}

    def _begin(self, names: list[Hashable]) -> Any:
        network = super()._begin(names)
        self._change = RunningScale(1, self._keep)
        return network

    def forecast(self, horizon: int, xs: list[Any] | None = None) -> list[float]:
        """Forecast the next values, each from those before it.

        Parameters
        ----------
        horizon : int
            How many.
        xs : list of dict, optional
            What is known of these times in advance.

        Raises
        ------
        ArgumentError
            If there are not as many dicts as values.
        """
        if xs is not None and len(xs) != horizon:
            raise ArgumentError(f"Expected {horizon} dicts of features, got {len(xs)}.")
        if self.network is None:
            return [self._latest or 0.0] * horizon
        network, value, change, values = self.network.clone(), self._latest or 0.0, self._latest_change, []
        for step in range(horizon):
            x = self._features(change, None if xs is None else xs[step])
            outputs = network.activate(self._standard(x, self._row(x), 0.0))
            change = float(self._change.original(outputs)[0])
            value += change
            values.append(value)
        return values
