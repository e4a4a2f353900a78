"""Forecasts of series, their prediction intervals, and what to compare them with."""

import typing as _typing

from .._checks import missing_names as _missing_names, public_names as _public_names
from ._baselines import autoregression, seasonal_naive
from ._calibration import Calibration
from ._closed_loop import Forecast, forecast
from ._lags import choose_lags
from ._network_forecaster import NetworkForecaster
from ._rolling import RollingOrigin, rolling_origin
from ._selection import Selection, select
from ._statistical import statistical

__all__ = [
    "Calibration",
    "Forecast",
    "NetworkForecaster",
    "RollingOrigin",
    "Selection",
    "autoregression",
    "choose_lags",
    "forecast",
    "rolling_origin",
    "seasonal_naive",
    "select",
    "statistical",
]
__dir__ = _public_names(__all__)

if not _typing.TYPE_CHECKING:  # type checkers know the names above, and no others
    __getattr__ = _missing_names(__name__, __all__)
