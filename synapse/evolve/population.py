"""Population: the genomes of a generation, their species, and all that the next generation follows from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from .._typing import Floats, Ints
from ..engine.evolution.genes import (
    CHAMPION,
    EQUAL,
    GENE,
    MORE_GENES,
    MORE_NODES,
    NOBODY,
    NODE,
    ONE,
    TWO,
)
from ..engine.evolution.reproduction import inherit, speciate
from .genome import Genome, expressed
from .mutation import MUTATIONS, Child
from .phenotypes import Phenotypes
from .settings import Settings


@final
class Population:
    """The genomes of a generation; :meth:`breed` replaces them by their offspring.

    `arrays` and `numbers` are all that the next generations follow from.
    """

    def __init__(self, settings: Settings, inputs: int, outputs: int, rng: np.random.Generator) -> None:
        self.settings, self.inputs, self.outputs, self.rng = settings, inputs, outputs, rng
        self.nodes, self.genes, self.at = np.empty(0, NODE), np.empty(0, GENE), np.empty((0, 4), np.int64)
        self.member_of = np.empty(0, np.int64)  # place of the species of each genome in these three:
        self.names, self.best, self.since = np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64)
        self.generation, self.next_node, self.next_species = 0, 0, 0
        self.highest, self.improved = -np.inf, 0  # fitness so far, and the generation of that or of a refocus
        self.fitness = np.zeros(0)  # of this generation
        self.innovations: dict[tuple[int, int], int] = {}
        self._mutations = [getattr(Child, name) for name in MUTATIONS if getattr(settings, name) > 0.0]
        self._chances = [chance for name in MUTATIONS if (chance := getattr(settings, name)) > 0.0]
        self._spare = np.empty(0, NODE), np.empty(0, GENE)
        self._record, self.squashes = settings.record(), settings.codes().tolist()

    @classmethod
    def start(cls, genome: Genome, size: int, settings: Settings, rng: np.random.Generator) -> Population:
        """Make the first generation: the genome unchanged, and with random numbers added to its weights."""
        self = cls(settings, genome.inputs, genome.outputs, rng)
        n, c = len(genome.nodes), len(genome.genes)
        self.nodes, self.genes = np.tile(genome.nodes, size), np.tile(genome.genes, size)
        self.at = np.arange(size)[:, None] * np.array([n, n, c, c]) + np.array([0, n, 0, c])
        moved = rng.uniform(-settings.weight_range, settings.weight_range, (size - 1) * c)
        own = self.genes["source"][c:] == self.genes["target"][c:]
        self.genes["weight"][c:] += np.where(own, 0.0, moved)
        self.next_node = int(genome.nodes["id"].max()) + 1
        self.genes["innovation"] = np.tile(np.arange(c), size)  # numbers count the connections that are known
        for one in genome.genes:
            self.innovation_of(int(one["source"]), int(one["target"]))
        self._speciate(self.genes, self.at, np.zeros(0, np.int64))
        return self

    def __len__(self) -> int:
        return len(self.at)

    def __getitem__(self, index: int) -> Genome:
        n0, n1, c0, c1 = self.at[index].tolist()
        nodes, genes = self.nodes[n0:n1].copy(), self.genes[c0:c1].copy()
        return Genome(nodes, genes, self.inputs, self.outputs, self.settings.slope)

    def phenotypes(self) -> Phenotypes:
        """Return what the genomes compute."""
        made = expressed(self.nodes, self.genes, self.at, self.inputs, self.outputs, self.settings.slope)
        return Phenotypes(*made, self.inputs, self.outputs)

    def breed(self, fitness: Floats) -> None:
        """Replace the generation by its offspring. Fitness is finite; one number for each genome."""
        sizes = np.bincount(self.member_of, minlength=len(self.names))
        order = np.lexsort((-fitness, self.member_of))
        first = np.cumsum(sizes) - sizes
        quota = self._share(fitness, order, first, sizes)
        plan = self._plan(fitness, order, first, sizes, quota)
        representatives = order[first + (self.rng.random(len(sizes)) * sizes).astype(np.int64)]
        # A child has at most all genes of two equally fit parents, and what mutations add.
        widest = (self.at[:, 1::2] - self.at[:, ::2]).max(axis=0)
        room = (len(self) * (2 * widest + (MORE_NODES, MORE_GENES))).tolist()
        nodes, genes = self._spare
        if len(nodes) < room[0] or len(genes) < room[1]:
            nodes, genes = np.empty(2 * room[0], NODE), np.empty(2 * room[1], GENE)
        at = np.empty_like(self.at)
        word = self.rng.integers(1 << 53, size=1, dtype=np.uint64)
        inherit(
            self._record, self.inputs + self.outputs, plan, self.nodes, self.genes, self.at, word,
            nodes, genes, at,
        )  # fmt: skip
        before = self.genes, self.at
        self._spare = self.nodes, self.genes  # memory that is written before costs less than new memory
        self.nodes, self.genes, self.at = nodes, genes, at
        self.generation += 1
        self._mutate_structure(np.flatnonzero(plan[:, CHAMPION] == 0))
        self._speciate(*before, representatives)

    def _share(self, fitness: Floats, order: Ints, first: Ints, sizes: Ints) -> Ints:
        """Find how many offspring every species has: in proportion to its mean fitness.

        That is the sum of its shared fitness, f / size. Fitness below 0 is shifted by the lowest of the
        generation. If all species stagnate, or the population does, the best two have all offspring.
        """
        q, now = self.settings, self.generation
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

    def _plan(self, fitness: Floats, order: Ints, first: Ints, sizes: Ints, quota: Ints) -> Ints:
        """Choose the parents of every child; see the columns of `plan` in the engine."""
        q, kind, kinds = self.settings, np.repeat(np.arange(len(sizes)), quota), len(sizes)
        drawn = self.rng.random((5, len(kind)))
        parents = np.minimum(sizes, (q.survival * sizes).astype(np.int64) + 1)
        plan = np.zeros((len(kind), 4), np.int64)
        champion = np.append(True, kind[1:] != kind[:-1]) & (sizes[kind] > q.champion_size)
        mate = kind
        if kinds > 1:
            stranger = drawn[0] < q.interspecies
            mate = np.where(stranger, (kind + 1 + (drawn[1] * (kinds - 1)).astype(np.int64)) % kinds, kind)
        one = order[first[kind] + np.where(champion, 0, (drawn[2] * parents[kind]).astype(np.int64))]
        two = order[first[mate] + (drawn[3] * parents[mate]).astype(np.int64)]
        alone = champion | (drawn[4] < q.mutation_only)
        swapped = ~alone & (fitness[two] > fitness[one])
        plan[:, ONE], plan[:, TWO] = np.where(swapped, two, one), np.where(swapped, one, two)
        plan[:, TWO][alone] = NOBODY
        plan[:, EQUAL], plan[:, CHAMPION] = fitness[one] == fitness[two], champion
        return plan

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

    def _mutate_structure(self, children: Ints) -> None:
        """Apply each mutation of structure to every child with its own probability."""
        chosen = self.rng.random((len(children), len(self._mutations))) < self._chances
        splits: dict[int, int] = {}
        numbers, child = self._numbers(), None
        for row, mutation in zip(*(places.tolist() for places in chosen.nonzero()), strict=True):
            if child is None or child.index != children[row]:
                if child is not None:
                    child.write()
                child = Child(self, int(children[row]), splits, numbers)
            self._mutations[mutation](child)
        if child is not None:
            child.write()

    def _numbers(self) -> Iterator[float]:
        """Random numbers from 0 to 1, drawn in blocks."""
        while True:
            yield from self.rng.random(256).tolist()

    def innovation_of(self, source: int, target: int) -> int:
        """The innovation number of a connection: that of the pair of nodes, or a new one."""
        return self.innovations.setdefault((source, target), len(self.innovations))
