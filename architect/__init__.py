"""Architectures: each a recipe of layers, projections and gates, with no arithmetic of its own."""

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
