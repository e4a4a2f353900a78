"""Tables and series of numbers, read by pandas, and networks that learn from them and
forecast them.

:func:`read_table` reads a CSV file, :func:`read_series` makes a series of its columns.
:func:`train_rows` and
:func:`train_series` train a network, compare it with simple methods and train it again
on all rows; :func:`update_rows` and :func:`update_series` go on with new rows.
"""

from .._checks import public_names
from .row_models import predict_rows as predict_rows, train_rows as train_rows
from .series import read_series as read_series, read_several as read_several
from .series_comparison import (
    Comparison as Comparison,
    compare_series as compare_series,
)
from .series_task import (
    forecast_series as forecast_series,
    predict_series as predict_series,
)
from .series_training import train_series as train_series
from .table import read_table as read_table
from .table_training import Trained as Trained, TrainingOptions as TrainingOptions
from .updating import (
    Updated as Updated,
    update_rows as update_rows,
    update_series as update_series,
)

__all__ = [
    name
    for name, value in globals().items()
    if getattr(value, "__module__", "").startswith(__name__)
]
__dir__ = public_names(__all__)
