"""Forecasts of series: simple methods to compare with, and errors by rolling origin."""

from .baselines import (
    autoregression as autoregression,
    persistence as persistence,
    seasonal_naive as seasonal_naive,
)
from .rolling import RollingOrigin as RollingOrigin, rolling_origin as rolling_origin
