"""Tables and series of numbers, read by pandas, and networks that learn from them and
forecast them.

:func:`read_table` reads a file, and :func:`read_series` makes a series from columns of
a data frame, which may come from anywhere. To train a network, compare it with simple
methods and train it again on all rows, call :func:`train_rows` or :func:`train_series`.
To continue a series, call :func:`forecast_series`. To predict rows by a saved model, or
to continue its training with new rows, use ``synapse run`` and ``synapse update``.
"""

from .._checks import public_module as _public_module
from ._reading import read_table
from ._row_models import train_rows
from ._series import read_series
from ._series_comparison import Comparison, compare_series
from ._series_task import forecast_series
from ._series_training import train_series
from ._table_training import Trained, TrainingOptions

__all__ = [
    "Comparison",
    "Trained",
    "TrainingOptions",
    "compare_series",
    "forecast_series",
    "read_series",
    "read_table",
    "train_rows",
    "train_series",
]
_public_module(__name__, __all__)
