"""Architectures: each a recipe of layers, projections and gates, with no arithmetic of its own."""

from .construct import Delayed, construct, delayed
from .elman import Elman
from .gru import GRU, GatedUnits
from .jordan import Jordan
from .lstm import LSTM, MemoryBlocks
from .narx import NARX
from .perceptron import Perceptron
from .random import Random
from .residual import Residual

__all__ = [
    "GRU",
    "LSTM",
    "NARX",
    "Delayed",
    "Elman",
    "GatedUnits",
    "Jordan",
    "MemoryBlocks",
    "Perceptron",
    "Random",
    "Residual",
    "construct",
    "delayed",
]
