"""Standard architectures, which are recipes of layers, projections and gates without
any arithmetic of their own.
"""

from synapse._checks import (
    public_module as _public_module,
)
from synapse.objects.architectures import by_name as _table, names, register

from ._cfc import CfC
from ._construct import construct
from ._convolutional import Convolutional
from ._ctrnn import CTRNN
from ._elman import Elman
from ._gru import GRU
from ._hopfield import Hopfield
from ._jordan import Jordan
from ._liquid import Liquid
from ._lstm import LSTM
from ._narx import NARX
from ._perceptron import Perceptron
from ._random import Random
from ._residual import Residual
from ._spiking import Spiking

__all__ = [
    "CTRNN",
    "GRU",
    "LSTM",
    "NARX",
    "CfC",
    "Convolutional",
    "Elman",
    "Hopfield",
    "Jordan",
    "Liquid",
    "Perceptron",
    "Random",
    "Residual",
    "Spiking",
    "construct",
    "names",
    "register",
]
_public_module(__name__, __all__, _table)
