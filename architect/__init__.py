"""Architectures: each a recipe of layers, projections and gates, with no arithmetic of its own."""

from .elman import Elman
from .hopfield import Capacity, Hopfield
from .kohonen import Kohonen
from .liquid import Liquid
from .lstm import LSTM, MemoryBlocks
from .perceptron import Perceptron

__all__ = ["LSTM", "Capacity", "Elman", "Hopfield", "Kohonen", "Liquid", "MemoryBlocks", "Perceptron"]
