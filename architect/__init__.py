"""Standard architectures: recipes of layers, projections and gates, without arithmetic of their own."""

from typing import TYPE_CHECKING, Any

from synapse._checks import ATTRIBUTES, public_names, unknown_attribute

from ._memory import MemoryBlocks, StandardBlocks
from .construct import Delayed, construct, delayed
from .convolutional import Convolutional
from .elman import Elman
from .gru import GRU, GatedUnits
from .hopfield import Capacity, Hopfield
from .jordan import Jordan
from .kohonen import Kohonen
from .liquid import Liquid
from .lstm import LSTM
from .narx import NARX
from .perceptron import Perceptron
from .random import Random
from .residual import Residual

__all__ = [
    "GRU",
    "LSTM",
    "NARX",
    "Capacity",
    "Convolutional",
    "Delayed",
    "Elman",
    "GatedUnits",
    "Hopfield",
    "Jordan",
    "Kohonen",
    "Liquid",
    "MemoryBlocks",
    "Perceptron",
    "Random",
    "Residual",
    "StandardBlocks",
    "construct",
    "delayed",
]
__dir__ = public_names(__all__)

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Called for names that do not exist: the most similar one is suggested."""
        raise unknown_attribute("The module architect", name, __all__, ATTRIBUTES["architect"].get(name, ""))
