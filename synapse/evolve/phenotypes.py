"""Phenotypes: what all genomes of a generation compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from .._typing import Floats, Ints
from ..engine.evolution.genes import LINK, NEURON
from ..engine.evolution.phenotype import any_squash_for, express
from .phenotype import Phenotype


@final
@dataclass(frozen=True, eq=False)
class Phenotypes:
    """The phenotypes of several genomes, as flat arrays that kernels run; ``found`` has their offsets."""

    neurons: NDArray[Any]
    links: NDArray[Any]
    found: Ints
    inputs: int
    outputs: int

    @classmethod
    def express(
        cls, nodes: NDArray[Any], genes: NDArray[Any], at: Ints, inputs: int, outputs: int
    ) -> Phenotypes:
        """Those of genomes; there may be memory for more links."""
        sizes = at[:, 1::2] - at[:, ::2]
        (nodes_in_all, genes_in_all), largest = sizes.sum(axis=0), sizes[:, 0].max()
        neurons, links = np.empty(nodes_in_all - len(at), NEURON), np.empty(genes_in_all, LINK)
        found, memory = np.empty((len(at) + 1, 2), np.int64), np.empty((2, largest), np.int64)
        express(nodes, genes, at, inputs, outputs, neurons, links, found, memory[0], memory[1])
        return cls(neurons, links, found, inputs, outputs)

    @classmethod
    def of(cls, phenotype: Phenotype) -> Phenotypes:
        """Those of one genome."""
        found = np.array([[0, 0], [len(phenotype.neurons), len(phenotype.links)]])
        return cls(phenotype.neurons, phenotype.links, found, phenotype.inputs, phenotype.outputs)

    def __len__(self) -> int:
        return len(self.found) - 1

    def __getitem__(self, index: int) -> Phenotype:
        part = self.part(index, index + 1)
        return Phenotype(part.neurons, part.links, self.inputs, self.outputs)

    def part(self, first: int, stop: int) -> Phenotypes:
        """Those of some consecutive genomes, as copies."""
        (n0, c0), (n1, c1) = self.found[first].tolist(), self.found[stop].tolist()
        found = self.found[first : stop + 1] - self.found[first]
        return Phenotypes(
            self.neurons[n0:n1].copy(), self.links[c0:c1].copy(), found, self.inputs, self.outputs
        )

    def memory(self) -> tuple[Floats, Floats, int]:
        """Activations and states for the largest of them, and the address of what their squashes need."""
        largest = int((self.found[1:, 0] - self.found[:-1, 0]).max())
        value, state = np.zeros((2, largest))
        return value, state, any_squash_for(self.neurons)
