"""Forecast series, compute prediction intervals, and compare networks with simple and
statistical methods.
"""

from .._checks import public_module as _public_module
from ._baselines import autoregression, seasonal_naive
from ._closed_loop import Forecast, forecast
from ._network_forecaster import NetworkForecaster
from ._rolling import Calibration, RollingOrigin, rolling_origin
from ._selection import Selection, select
from ._statistical import statistical

__all__ = [
    "Calibration",
    "Forecast",
    "NetworkForecaster",
    "RollingOrigin",
    "Selection",
    "autoregression",
    "forecast",
    "rolling_origin",
    "seasonal_naive",
    "select",
    "statistical",
]
_public_module(__name__, __all__)
