"""Forecasts of series, their prediction intervals, and what to compare them with."""

from .._checks import public_names
from .baselines import autoregression, seasonal_naive
from .calibration import Calibration
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
    "choose_differences",
    "forecast",
    "rolling_origin",
    "seasonal_naive",
    "select",
    "statistical",
]
__dir__ = public_names(__all__)
