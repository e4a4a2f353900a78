"""Architectures: each a recipe of layers, projections and gates, with no arithmetic of its own."""

from .elman import Elman
from .gru import GRU, GatedUnits
from .jordan import Jordan
from .lstm import LSTM, MemoryBlocks
from .narx import NARX
from .perceptron import Perceptron
from .residual import Residual

__all__ = [
    "GRU",
    "LSTM",
    "NARX",
    "Elman",
    "GatedUnits",
    "Jordan",
    "MemoryBlocks",
    "Perceptron",
    "Residual",
]
