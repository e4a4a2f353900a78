"""Fitness: what evolution maximises."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ..._typing import Bools, Floats
from ..phenotype import Phenotype
from ..phenotypes import Phenotypes


class Fitness(ABC):
    """What evolution maximises. Subclasses are picklable, so that executors can evaluate them.

    A fitness need not be positive. A genome whose fitness is NaN or infinite has failed; it has the lowest
    fitness of its generation.
    """

    inputs: int | None = None
    """Number of inputs that genomes need; None if any."""
    outputs: int | None = None
    """Number of outputs that genomes need; None if any."""

    @abstractmethod
    def evaluate(self, phenotypes: Phenotypes) -> tuple[Floats, Bools]:
        """Return the fitness of every genome, and whether it solves the task."""

    def confirm(self, phenotype: Phenotype) -> bool:
        """Whether the fittest genome of a generation solves the task by a longer test. Default: no test."""
        return False
