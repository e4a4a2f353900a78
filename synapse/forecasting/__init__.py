"""Forecasts of series, their prediction intervals, and what to compare them with."""

from .._checks import public_names
from .baselines import autoregression, persistence, seasonal_naive
from .calibration import Calibration, calibrate
from .closed_loop import Forecast, forecast
from .differences import Differences, choose_differences
from .network_forecaster import NetworkForecaster
from .rolling import RollingOrigin, rolling_origin
from .selection import Selection, select
from .statistical import statistical

__all__ = [
    "Calibration",
    "Differences",
    "Forecast",
    "NetworkForecaster",
    "RollingOrigin",
    "Selection",
    "autoregression",
    "calibrate",
    "choose_differences",
    "forecast",
    "persistence",
    "rolling_origin",
    "seasonal_naive",
    "select",
    "statistical",
]
__dir__ = public_names(__all__)
