"""Standard architectures: recipes of layers, projections and gates, without arithmetic
of their own.
"""

import typing as _typing

from synapse._checks import (
    missing_names as _missing_names,
    public_names as _public_names,
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
__dir__ = _public_names(__all__, _table)

if not _typing.TYPE_CHECKING:  # type checkers know the names above, and no others
    _missing = _missing_names(__name__, __all__)

    def __getattr__(name: str) -> _typing.Any:
        """Find registered architectures, too."""
        return _table[name] if name in _table else _missing(name)
