"""What evolution maximises: data, environments, and functions in Python.

A fitness for :func:`synapse.evolve.neat` is a `Fitness`, or a function of a `Phenotype`.
"""

from ..._checks import public_names
from .base import Fitness
from .cart_pole import CartPole, cart_pole
from .data import DataFitness, dataset, xor
from .double_pole import DoublePole, double_pole
from .environment import Environment
from .function import FunctionFitness, gymnasium

__all__ = [
    "CartPole",
    "DataFitness",
    "DoublePole",
    "Environment",
    "Fitness",
    "FunctionFitness",
    "cart_pole",
    "dataset",
    "double_pole",
    "gymnasium",
    "xor",
]
__dir__ = public_names(__all__)
