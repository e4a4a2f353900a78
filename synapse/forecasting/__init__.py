"""Forecasts of series, their prediction intervals, and what to compare them with."""

from .._checks import public_names
from .baselines import (
    autoregression,
    persistence,
    seasonal_naive,
)
from .calibration import Calibration, calibrate
from .closed_loop import Forecast, forecast
from .rolling import RollingOrigin, rolling_origin

__all__ = [
    "Calibration",
    "Forecast",
    "RollingOrigin",
    "autoregression",
    "calibrate",
    "forecast",
    "persistence",
    "rolling_origin",
    "seasonal_naive",
]
__dir__ = public_names(__all__)
