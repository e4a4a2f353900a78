"""Evolve the structure and weights of networks by NEAT, a method of neuro-evolution.

:func:`neat` evolves genomes, and returns a champion that is an ordinary network.
:mod:`synapse.evolve.fitness` contains the functions that it can maximise.
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
