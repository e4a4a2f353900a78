"""Tables as people write them, and networks that learn from them and forecast them.

:func:`read_sheet` reads a CSV file, :func:`read_series` its columns as a series. :func:`train_rows` and
:func:`train_series` train a network in one walk and compare it with simple methods.
"""

from .._checks import public_names
from .problems import TableError
from .rows import predict_rows, train_rows
from .series import Series, read_series, read_several
from .series_task import SeriesTask, forecast_series, predict_series, series_task, several_tasks
from .series_training import train_series
from .sheet import Sheet, read_sheet
from .training import Learning, Trained

__all__ = [
    "Learning",
    "Series",
    "SeriesTask",
    "Sheet",
    "TableError",
    "Trained",
    "forecast_series",
    "predict_rows",
    "predict_series",
    "read_series",
    "read_several",
    "read_sheet",
    "series_task",
    "several_tasks",
    "train_rows",
    "train_series",
]
__dir__ = public_names(__all__)
