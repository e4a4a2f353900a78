"""Neuro-evolution: networks whose structure and weights evolve, by NEAT.

:func:`neat` evolves genomes; its champion is an ordinary network.
:mod:`synapse.evolve.fitness` has what can be maximised.
"""

from .._checks import public_names
from . import fitness as fitness
from .evolution import Evolution
from .genome import Genome
from .neat import neat
from .settings import Settings

__all__ = ["Evolution", "Genome", "Settings", "neat"]
__dir__ = public_names(__all__, ("fitness",))
