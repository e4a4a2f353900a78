"""Genomes: those of a generation, as flat arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from .._typing import Ints
from ._genome import Genome, evolved
from ._kernels.phenotype import expressed


@final
@dataclass(frozen=True, eq=False)
class Genomes:
    """Several genomes, as flat arrays that kernels read; ``at`` has the bounds of
    each.
    """

    nodes: NDArray[Any]
    genes: NDArray[Any]
    at: Ints
    inputs: int
    outputs: int

    @classmethod
    def of(cls, genome: Genome) -> Genomes:
        """Return the genomes that consist of one."""
        at = np.array([[0, len(genome.nodes), 0, len(genome.genes)]])
        return cls(genome.nodes, genome.genes, at, genome.inputs, genome.outputs)

    def join(self, others: Genomes) -> Genomes:
        """Return these genomes, and others after them."""
        at = others.at + np.repeat([len(self.nodes), len(self.genes)], 2)
        nodes = np.append(self.nodes, others.nodes)
        genes = np.append(self.genes, others.genes)
        return Genomes(
            nodes, genes, np.concatenate([self.at, at]), self.inputs, self.outputs
        )

    def __len__(self) -> int:
        return len(self.at)

    def __getitem__(self, index: int) -> Genome:
        n0, n1, c0, c1 = self.at[index].tolist()
        return evolved(
            self.nodes[n0:n1].copy(),
            self.genes[c0:c1].copy(),
            self.inputs,
            self.outputs,
        )

    def take(self, places: Ints) -> Genomes:
        """Return copies of some genomes, in this order."""
        old = self.at[places]
        lengths = old[:, 1::2] - old[:, ::2]
        ends = lengths.cumsum(axis=0)
        at = np.stack([ends - lengths, ends], axis=2).reshape(-1, 4)
        nodes, genes = (
            rows[
                np.repeat(old[:, k] - at[:, k], lengths[:, k // 2])
                + np.arange(at[-1, k + 1])
            ]
            for rows, k in ((self.nodes, 0), (self.genes, 2))
        )
        return Genomes(nodes, genes, at, self.inputs, self.outputs)

    @property
    def weights(self) -> NDArray[Any]:
        """Weights of all genes, as a view."""
        return self.genes["weight"][: self.at[-1, 3]]

    @property
    def connections(self) -> Ints:
        """Number of enabled genes of each."""
        enabled = np.append(0, self.genes["enabled"].cumsum())
        return np.asarray(enabled[self.at[:, 3]] - enabled[self.at[:, 2]])

    def express(self) -> Any:
        """Return the phenotypes; see `expressed`."""
        return expressed(self.nodes, self.genes, self.at, self.inputs, self.outputs)
