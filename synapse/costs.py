"""Costs (loss functions) by name, and a decorator that adds one.

A cost computes its value and the error signal of an output, -dE/ds, from the target,
the output and the derivative of the output's activation function. Each built-in cost is
an entry of ``synapse/engine/functions/costs.py``, such as `cross_entropy` (for logistic
outputs), `squared_error` (half the square) and `categorical_cross_entropy` (for softmax
outputs). To list all of them, call `names`, or see the table in the reference. You can
also use their names from other libraries, such as "mse", "bce" and "CrossEntropyLoss",
in any case. There "bce" is the mean over the outputs, which equals `cross_entropy` only
if there is one output.

>>> from synapse import costs
>>> costs.squared_error([1.0], [0.5])
0.125
"""

# Names that are not public begin with an underscore, because editors list all others.
import typing as _typing

from ._checks import public_module as _public_module
from ._cost import (
    Cost,
    SequenceCost,
    by_name as _table,
    names,
    register,
    register_for_sequences,
)

__all__ = [
    "Cost",
    "SequenceCost",
    "names",
    "register",
    "register_for_sequences",
    *_table,
]
_public_module(__name__, __all__, _table)

if _typing.TYPE_CHECKING:  # type checkers and editors know these names, and no others
    _one = _table["squared_error"]
    bce = bce_loss = binary_cross_entropy = binary_misses = _one
    categorical_cross_entropy = cross_entropy = cross_entropy_loss = _one
    mean_squared_error = mse = mse_loss = sparse_categorical_cross_entropy = _one
    squared_error = _one
else:
    globals().update(_table)
