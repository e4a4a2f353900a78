"""Optimizers: how a gradient changes parameters, which are flat vectors.

An optimizer holds settings, which never change. Its memory between steps is in the :class:`OptimizerState`
that ``begin`` returns. :class:`LBFGS` is different: it evaluates costs and gradients itself. :class:`RLS` and
:class:`DEKF` take the derivatives of all outputs instead of one gradient, and keep covariances.

>>> import numpy as np
>>> from synapse import optimizers
>>> parameters = np.zeros(2)
>>> state = optimizers.Adam(rate=0.1).begin(parameters)
>>> for _ in range(500):
...     state.step(parameters, gradient=2 * (parameters - [1.0, -2.0]))
>>> parameters.round(6)
array([ 1., -2.])
"""

from typing import TYPE_CHECKING, Any

from .._checks import unknown_attribute
from .adaptive import AdaGrad as AdaGrad, RMSprop as RMSprop
from .base import Optimizer as Optimizer, OptimizerState as OptimizerState
from .clipping import clip_by_norm as clip_by_norm, clip_by_value as clip_by_value
from .dekf import DEKF as DEKF
from .lbfgs import LBFGS as LBFGS
from .moments import Adam as Adam, AdamW as AdamW
from .recursive import RecursiveOptimizer as RecursiveOptimizer, RecursiveState as RecursiveState
from .rls import RLS as RLS
from .rprop import Rprop as Rprop
from .sgd import SGD as SGD

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Called for names that do not exist: the most similar one is suggested."""
        raise unknown_attribute(f"The module {__name__}", name, globals())
