"""What evolution maximises: data, environments, and functions in Python.

A fitness for :func:`synapse.evolve.neat` is one of these, or a function of a `Phenotype`.
"""

from ..._checks import public_names
from .base import Fitness as Fitness
from .data import dataset, xor
from .environment import Environment
from .function import FunctionFitness as FunctionFitness
from .poles import Poles

__all__ = ["Environment", "Poles", "dataset", "xor"]
__dir__ = public_names(__all__)
