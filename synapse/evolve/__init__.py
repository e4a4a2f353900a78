"""Neuro-evolution: networks whose structure and weights evolve, by NEAT.

:func:`neat` evolves genomes; its champion is an ordinary network.
:mod:`synapse.evolve.fitness` has what can be maximised.
"""

from .._checks import public_module as _public_module
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
_public_module(__name__, __all__)
