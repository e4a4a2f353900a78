"""Forecasts of series, their prediction intervals, and what to compare them with."""

from .._checks import public_names
from .baselines import (
    autoregression as autoregression,
    seasonal_naive as seasonal_naive,
)
from .calibration import Calibration as Calibration
from .closed_loop import Forecast as Forecast, forecast as forecast
from .lags import choose_lags as choose_lags
from .network_forecaster import NetworkForecaster as NetworkForecaster
from .rolling import RollingOrigin as RollingOrigin, rolling_origin as rolling_origin
from .selection import Selection as Selection, select as select
from .statistical import statistical as statistical

__all__ = [
    name
    for name, value in globals().items()
    if getattr(value, "__module__", "").startswith(__name__)
]
__dir__ = public_names(__all__)
