"""What evolution maximises: data, environments, and functions in Python.

A fitness for :func:`synapse.evolve.neat` is one of these, or a function of a `Phenotype`.
"""

from ..._checks import public_names
from .base import Fitness as Fitness
from .cart_pole import cart_pole
from .data import dataset, xor
from .double_pole import DoublePole, double_pole
from .environment import Environment
from .function import FunctionFitness as FunctionFitness, gymnasium

__all__ = ["DoublePole", "Environment", "cart_pole", "dataset", "double_pole", "gymnasium", "xor"]
__dir__ = public_names(__all__)
