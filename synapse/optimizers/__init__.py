"""Optimizers, which define how a gradient changes parameters. Parameters are flat
vectors.

An optimizer holds settings, which never change. Its memory between steps is in the
:class:`OptimizerState` that ``begin`` returns. In contrast, :class:`LBFGS` evaluates
costs and gradients itself. :class:`RLS` and :class:`DEKF` take the derivatives of all
outputs instead of one gradient, and keep covariances.

>>> import numpy as np
>>> from synapse import optimizers
>>> parameters = np.zeros(2)
>>> state = optimizers.Adam(rate=0.1).begin(parameters)
>>> for _ in range(500):
...     state.step(parameters, gradient=2 * (parameters - [1.0, -2.0]))
>>> parameters.round(6)
array([ 1., -2.])
"""

from .._checks import (
    public_module as _public_module,
)
from ._base import Optimizer, OptimizerState
from ._descent import SGD, AdaGrad, Adam, AdamW, RMSprop, Rprop, SparseAdam
from ._lbfgs import LBFGS
from ._names import by_name as _table, names, register
from ._recursive import DEKF, RLS, RecursiveOptimizer

__all__ = [
    "DEKF",
    "LBFGS",
    "RLS",
    "SGD",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Optimizer",
    "OptimizerState",
    "RMSprop",
    "RecursiveOptimizer",
    "Rprop",
    "SparseAdam",
    "names",
    "register",
]
_public_module(__name__, __all__, _table)
