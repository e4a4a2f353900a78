"""What evolution maximises: data, environments, and functions in Python.

A fitness for :func:`synapse.evolve.neat` is one of these, a function of a `Genome`, or
any object with a method ``evaluate(genomes)`` that returns their fitness, and whether
they solve the task, as arrays.
"""

import typing as _typing

from ..._checks import missing_names as _missing_names, public_names as _public_names
from ._data import dataset, xor
from ._description import description_length
from ._environment import Environment

__all__ = [
    "Environment",
    "dataset",
    "description_length",
    "xor",
]
__dir__ = _public_names(__all__)

if not _typing.TYPE_CHECKING:  # type checkers know the names above, and no others
    __getattr__ = _missing_names(__name__, __all__)
