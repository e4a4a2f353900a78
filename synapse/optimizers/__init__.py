"""How a gradient moves parameters: rules on flat vectors, which know no network.

Settings never change; what a training keeps between its steps is in the :class:`Moves` they begin.
:class:`LBFGS` alone is of another kind: it asks for costs and gradients itself.

>>> import numpy as np
>>> from synapse import optimizers
>>> parameters = np.zeros(2)
>>> moves = optimizers.Adam(rate=0.1).begin(parameters)
>>> for _ in range(500):
...     moves.step(parameters, gradient=2 * (parameters - [1.0, -2.0]))
>>> parameters.round(6)
array([ 1., -2.])
"""

from .adaptive import AdaGrad, RMSprop
from .base import Moves, Optimizer
from .clipping import clip_by_norm, clip_by_value
from .lbfgs import LBFGS
from .moments import Adam, AdamW
from .rprop import Rprop
from .sgd import SGD

__all__ = [
    "LBFGS",
    "SGD",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Moves",
    "Optimizer",
    "RMSprop",
    "Rprop",
    "clip_by_norm",
    "clip_by_value",
]
