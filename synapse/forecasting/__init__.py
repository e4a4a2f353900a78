"""Forecasts of series, their prediction intervals, and what to compare them with."""

from .calibration import Calibration as Calibration, calibrate as calibrate
from .closed_loop import Forecast as Forecast, forecast as forecast
