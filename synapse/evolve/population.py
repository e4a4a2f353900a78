"""Population: the genomes of a generation, their species, and all that the next generation follows from."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from .._typing import Ints
from ..engine.evolution.genes import GENE, KNOWN, MORE_GENES, MORE_NODES, NEXT_NODE, NOBODY, NODE, STATE
from ..engine.evolution.reproduction import reproduce, speciate
from .genome import Genome
from .phenotypes import Phenotypes
from .settings import Settings


@final
class Population:
    """The genomes of a generation, and all that the next generation follows from."""

    def __init__(self, settings: Settings, inputs: int, outputs: int) -> None:
        self.settings, self.inputs, self.outputs = settings, inputs, outputs
        self._record, self._squashes = settings.record(), settings.codes()
        self.word = np.zeros(1, np.uint64)  # state of the random numbers
        self.names, self.best, self.since = np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64)
        self.generation, self.next_species = 0, 0
        self.highest, self.improved = -np.inf, 0  # fitness so far, and the generation of that or of a refocus
        self.fitness = np.zeros(0)  # of this generation
        self.member_of = np.zeros(0, np.int64)  # row of the species of each genome in names, best and since
        self.known, self.heads = np.empty(0, KNOWN), np.empty(0, np.int64)  # see `engine.evolution.mutation`
        self.counters = np.zeros(2, np.int64)
        self._spare = np.empty(0, NODE), np.empty(0, GENE)

    @classmethod
    def start(cls, genome: Genome, size: int, settings: Settings, rng: np.random.Generator) -> Population:
        """Make the first generation: the genome unchanged, and with random numbers added to its weights."""
        self, c = cls(settings, genome.inputs, genome.outputs), len(genome.genes)
        self.word[0] = rng.integers(1 << 53)
        self.fill([genome] * size)
        moved = rng.uniform(-settings.weight_range, settings.weight_range, (size - 1) * c)
        self.genes["weight"][c:] += np.where(self.genes["source"][c:] == STATE, 0.0, moved)
        self.genes["innovation"] = np.tile(np.arange(c), size)  # numbers count the connections that are known
        self.counters[:] = int(genome.nodes["id"].max()) + 1, c
        self.known, self.heads = np.zeros(c, KNOWN), np.full(self.counters[NEXT_NODE], NOBODY)
        self.known["source"], self.known["split"] = genome.genes["source"], NOBODY
        for number, target in enumerate(genome.genes["target"]):
            self.known["next"][number], self.heads[target] = self.heads[target], number
        self._speciate(self.genes, self.at, np.zeros(0, np.int64))
        return self

    def fill(self, genomes: list[Genome]) -> None:
        """Set the genomes."""
        self.nodes = np.concatenate([one.nodes for one in genomes])
        self.genes = np.concatenate([one.genes for one in genomes])
        lengths = np.array([(len(one.nodes), len(one.genes)) for one in genomes])
        ends = lengths.cumsum(axis=0)
        self.at: Ints = np.stack([ends - lengths, ends], axis=2).reshape(-1, 4)

    def __len__(self) -> int:
        return len(self.at)

    def __getitem__(self, index: int) -> Genome:
        n0, n1, c0, c1 = self.at[index].tolist()
        nodes, genes = self.nodes[n0:n1].copy(), self.genes[c0:c1].copy()
        return Genome(nodes, genes, self.inputs, self.outputs)

    def phenotypes(self) -> Phenotypes:
        """Return what the genomes compute."""
        return Phenotypes.express(self.nodes, self.genes, self.at, self.inputs, self.outputs)

    def breed(self) -> None:
        """Replace the generation by its offspring."""
        sizes = np.bincount(self.member_of, minlength=len(self.names))
        order = np.lexsort((-self.fitness, self.member_of))
        first = sizes.cumsum() - sizes
        quota = self._share(order, first, sizes)
        # A child has at most all nodes and genes of two equally fit parents, and what mutations add.
        widest = (self.at[:, 1::2] - self.at[:, ::2]).max(axis=0)
        room = (len(self) * (2 * widest + (MORE_NODES, MORE_GENES))).tolist()
        nodes, genes = (at_least(one, size) for one, size in zip(self._spare, room, strict=True))
        next_node, innovations = self.counters.tolist()
        self.known = at_least(self.known, innovations + len(self) * MORE_GENES)
        self.heads = at_least(self.heads, next_node + len(self) * MORE_NODES)
        at, representatives = np.empty_like(self.at), np.empty_like(sizes)
        reproduce(
            self._record, self._squashes, self.inputs, self.outputs, quota, order, first, sizes, self.fitness,
            self.nodes, self.genes, self.at, self.known, self.heads, self.counters, self.word, nodes, genes,
            at, representatives,
        )  # fmt: skip
        before = self.genes, self.at
        self._spare = self.nodes, self.genes  # memory that is written before costs less than new memory
        self.nodes, self.genes, self.at = nodes, genes, at
        self.generation += 1
        self._speciate(*before, representatives)

    def _share(self, order: Ints, first: Ints, sizes: Ints) -> Ints:
        """Find how many offspring every species has: in proportion to its mean fitness.

        That is the sum of its shared fitness, f / size. Fitness below 0 is shifted by the lowest of the
        generation. If all species stagnate, or the population does, the best two have all offspring.
        """
        q, now, fitness = self.settings, self.generation, self.fitness
        top = fitness[order[first]]
        better = top > self.best
        self.best[better], self.since[better] = top[better], now
        if top.max() > self.highest:
            self.highest, self.improved = float(top.max()), now
        fresh = now - self.since < q.stagnation
        if not fresh.any() or now - self.improved >= q.refocus:
            self.improved = now
            chosen = np.argsort(-top, kind="stable")[:2]
            fresh = np.zeros(len(top), bool)
            fresh[chosen], self.since[chosen] = True, now
        means = np.add.reduceat(fitness[order] - min(0.0, float(fitness.min())), first) / sizes
        worth = np.where(fresh, means, 0.0)
        total = worth.sum()
        if not 0.0 < total < np.inf:  # nobody has any fitness to share
            worth, total = fresh.astype(np.float64), fresh.sum()
        exact = len(fitness) * (worth / total)
        quota: Ints = exact.astype(np.int64)
        largest = np.argsort(quota - exact, kind="stable")  # these remainders are rounded up
        quota[largest[: len(fitness) - quota.sum()]] += 1
        return quota

    def _speciate(self, old_genes: NDArray[Any], old_at: Ints, representatives: Ints) -> None:
        """Divide the generation into species, old ones by their representatives, and new ones."""
        size, kinds = len(self), len(representatives)
        found = np.append(representatives, np.zeros(size, np.int64))
        self.member_of = np.empty(size, np.int64)
        count = speciate(self._record, self.genes, self.at, old_genes, old_at, found, kinds, self.member_of)
        new = count - kinds
        left = np.bincount(self.member_of, minlength=count) > 0
        self.member_of = (np.cumsum(left) - 1)[self.member_of]
        self.names = np.append(self.names, self.next_species + np.arange(new))[left]
        self.best = np.append(self.best, np.full(new, -np.inf))[left]
        self.since = np.append(self.since, np.full(new, self.generation))[left]
        self.next_species += new


def at_least(array: NDArray[Any], size: int) -> NDArray[Any]:
    """The array, or twice as many rows as are needed, which begin with its rows."""
    if len(array) >= size:
        return array
    larger = np.empty(2 * size, array.dtype)
    larger[: len(array)] = array
    return larger
