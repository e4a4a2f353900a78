"""Neuro-evolution: networks whose structure and weights evolve, by NEAT.

:func:`neat` evolves genomes; its champion is an ordinary network.
:mod:`synapse.evolve.fitness` has what can be maximised.
"""

import typing as _typing

from .._checks import missing_names as _missing_names, public_names as _public_names
from . import fitness
from ._evolution import Evolution
from ._genome import Genome
from ._neat import neat
from ._settings import Settings

__all__ = [
    "Evolution",
    "Genome",
    "Settings",
    "fitness",
    "neat",
]
__dir__ = _public_names(__all__)

if not _typing.TYPE_CHECKING:  # type checkers know the names above, and no others
    __getattr__ = _missing_names(__name__, __all__)
