"""Tables as people write them, and networks that learn from them and forecast them.

:func:`read_sheet` reads a CSV file, :func:`read_series` its columns as a series. :func:`train_rows` and
:func:`train_series` train a network in one walk and compare it with simple methods.
"""

from .._checks import public_names
from .encoding import Encoding, choose_encoding
from .predicting import forecast_series, predict_series
from .problems import TableError
from .scaled_model import ScaledModel
from .series import Series, read_series
from .sheet import Sheet, read_sheet
from .training import Learning, SeriesTask, Trained, series_task, train_rows, train_series

__all__ = [
    "Encoding",
    "Learning",
    "ScaledModel",
    "Series",
    "SeriesTask",
    "Sheet",
    "TableError",
    "Trained",
    "choose_encoding",
    "forecast_series",
    "predict_series",
    "read_series",
    "read_sheet",
    "series_task",
    "train_rows",
    "train_series",
]
__dir__ = public_names(__all__)
