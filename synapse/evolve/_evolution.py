"""Store the results and the history of an evolution."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import final

from .._checks import pluralize
from ..objects.network import Network
from ._genome import Genome


@final
@dataclass(eq=False, repr=False)
class Evolution:
    """The champion and the history of an evolution, as returned by :func:`neat`.

    Parameters
    ----------
    solved : bool
        Whether a genome has solved the task.
    evaluations : int
        Number of genomes evaluated, up to and including the first one that has solved
        it.
    fitness : float
        Fitness of the champion.
    history : dict of str to list
        A list for each variable, with an entry for each generation. ``best`` and
        ``mean`` are the fitness of the genomes that have not failed (NaN if all have),
        ``failed`` and ``species`` the numbers of failed genomes and of species, and
        ``hidden`` and ``connections`` the numbers of neurons and enabled connections of
        the fittest genome, biases included.
    species : list of dict
        For each generation, the size of every species, by its number.
    milestones : list of (int, Genome)
        Generations in which there was a new champion, with its genome.
    front : list of (tuple of float, Genome)
        With ``select="pareto"``, the non-dominated genomes of the last population with
        their objectives, the fittest first. Otherwise empty.
    """

    solved: bool = False
    evaluations: int = 0
    fitness: float = float("-inf")
    history: dict[str, list[float]] = field(default_factory=dict)
    species: list[dict[int, int]] = field(default_factory=list)
    milestones: list[tuple[int, Genome]] = field(default_factory=list)
    front: list[tuple[tuple[float, ...], Genome]] = field(default_factory=list)

    @property
    def genome(self) -> Genome | None:
        """The champion: the first genome that has solved the task, otherwise the
        fittest one so far.

        None if every genome has failed.
        """
        return self.milestones[-1][1] if self.milestones else None

    @property
    def generations(self) -> int:
        """Number of generations evaluated."""
        return len(self.species)

    @cached_property
    def champion(self) -> Network | None:
        """The genome as a network, which you can train, draw and save, or None if every
        genome has failed.
        """
        return None if self.genome is None else self.genome.network()

    def __repr__(self) -> str:
        state = "solved" if self.solved else "not solved"
        counts = (
            pluralize(self.generations, "generation"),
            pluralize(self.evaluations, "evaluation"),
        )
        return f"<Evolution {state}, {', '.join(counts)}, {self.genome}>"
