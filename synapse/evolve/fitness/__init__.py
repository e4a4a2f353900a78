"""Define the fitness that evolution maximises, on data, in environments, or by
functions in Python.

A fitness for :func:`synapse.evolve.neat` is one of these, a function of a `Genome`, or
any object with a method ``evaluate(genomes)`` that returns their fitness, and whether
they solve the task, as arrays.
"""

from ..._checks import public_module as _public_module
from ._data import dataset, xor
from ._description import description_length
from ._environment import Environment

__all__ = [
    "Environment",
    "dataset",
    "description_length",
    "xor",
]
_public_module(__name__, __all__)
