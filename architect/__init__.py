"""Standard architectures: recipes of layers, projections and gates, without arithmetic
of their own.
"""

import typing as _typing

from synapse._checks import (
    ATTRIBUTES as _ATTRIBUTES,
    public_names as _public_names,
    unknown_attribute as _unknown_attribute,
)
from synapse.objects.architectures import names, register

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
__dir__ = _public_names(__all__)

if not _typing.TYPE_CHECKING:

    def __getattr__(name: str) -> _typing.Any:
        """Suggest the most similar name, for names that do not exist."""
        advice = _ATTRIBUTES["architect"].get(name, "")
        raise _unknown_attribute("The module architect", name, __all__, advice)
