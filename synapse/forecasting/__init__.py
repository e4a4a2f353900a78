"""Forecasts of series, their prediction intervals, and what to compare them with."""

from .baselines import (
    autoregression as autoregression,
    persistence as persistence,
    seasonal_naive as seasonal_naive,
)
from .calibration import Calibration as Calibration, calibrate as calibrate
from .closed_loop import Forecast as Forecast, forecast as forecast
from .rolling import RollingOrigin as RollingOrigin, rolling_origin as rolling_origin
