"""What `synapse compare` measures: forecasts of networks and simple methods from many origins of a series."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from .._typing import Floats
from ..forecasting import (
    RollingOrigin,
    autoregression,
    forecast,
    persistence,
    rolling_origin,
    seasonal_naive,
)
from ..forecasting.rolling import Forecaster
from ..objects.network import Network
from .scaling import Scale, ScaledModel
from .teaching import trainer_of

SIMPLE = ("persistence", "seasonal", "ar")
"""Names of the simple methods."""


@dataclass(frozen=True)
class Contest:
    """A series, what is forecast from where, and how networks learn.

    Parameters
    ----------
    names : list of str
        Names of the columns.
    values : ndarray, shape (T, m)
        The series.
    steps, start, every : int
        Number of steps to forecast, the first origin, and the number of rows between origins.
    period : int
        Number of rows of a season; 1 if there is none.
    hidden : list of int
        Sizes of hidden layers.
    epochs : int
        Number of epochs of a training.
    rate : float
        Learning rate.
    optimizer : {"sgd", "adam"}
        How weights are updated.
    """

    names: list[str]
    values: Floats
    steps: int
    start: int
    every: int
    period: int
    hidden: list[int]
    epochs: int
    rate: float
    optimizer: str

    def measured(self, forecaster: Forecaster) -> dict[str, Any]:
        """The errors of a forecaster over all origins and steps: MASE, and RMSE by column."""
        rolled = rolling_origin(
            forecaster, self.values, self.steps, start=self.start, every=self.every, period=self.period
        )
        return {"mase": float(rolled.mase.mean()), "rmse": overall(rolled).tolist()}

    def simple(self, name: str) -> dict[str, Any]:
        """The errors of a simple method."""
        methods: dict[str, Forecaster] = {
            "persistence": persistence,
            "seasonal": partial(seasonal_naive, period=self.period),
            "ar": autoregression,
        }
        return self.measured(methods[name])


def overall(rolled: RollingOrigin) -> Floats:
    """RMSE over all origins and steps, shape (m,)."""
    found: Floats = np.sqrt((rolled.rmse**2).mean(axis=0))
    return found


def trial(seed: int, model: str, contest: Contest) -> dict[str, Any]:
    """Train a network on the rows before the first origin, and measure its forecasts."""
    network = trained(contest, model, seed)
    return contest.measured(lambda history, steps: forecast(network, history, steps))


def trained(contest: Contest, model: str, seed: int) -> Network:
    """A network that has learnt, as by `synapse train`, to map each row to the next."""
    rows = contest.values[: contest.start]
    made = ScaledModel(model, contest.hidden, contest.names, [f"{n} +1" for n in contest.names], None, seed)
    scale = Scale.of(rows)
    standard = scale.standard(rows)
    trainer_of(made.network, contest.rate, contest.optimizer).train(
        standard[:-1], standard[1:], epochs=contest.epochs, seed=seed, progress=False
    )
    made.set(scale, scale)
    return made.network
