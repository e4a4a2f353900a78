"""Breed populations. A population consists of a generation's genomes, and everything
that determines the next generation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from .._checks import pluralize
from .._typing import Floats, Ints
from ..errors import ArgumentError
from ._genome import Genome, evolved
from ._kernels.genes import (
    GENE,
    INNOVATIONS,
    KNOWN,
    MORE_GENES,
    MORE_NODES,
    NOBODY,
    NODE,
    STATE,
    Generation,
    Innovations,
    ParentSelection,
)
from ._kernels.phenotype import expressed
from ._kernels.reproduction import reproduce, speciate
from ._settings import Settings, codes_of, record_of


@final
@dataclass(frozen=True, eq=False)
class Genomes:
    """Several genomes, as flat arrays that kernels read, with the bounds of each in
    ``at``.
    """

    nodes: NDArray[Any]
    genes: NDArray[Any]
    at: Ints
    inputs: int
    outputs: int

    @classmethod
    def of(cls, genome: Genome) -> Genomes:
        """Return the genomes that consist of one."""
        return cls(
            genome.nodes,
            genome.genes,
            np.array([[0, len(genome.nodes), 0, len(genome.genes)]]),
            genome.inputs,
            genome.outputs,
        )

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
        """Number of enabled genes in each genome."""
        enabled = np.append(0, self.genes["enabled"].cumsum())
        return np.asarray(enabled[self.at[:, 3]] - enabled[self.at[:, 2]])

    def express(self) -> Any:
        """Return the phenotypes, see `expressed`."""
        return expressed(self.nodes, self.genes, self.at, self.inputs, self.outputs)


NEIGHBOURS = 15
ARCHIVED_ONE_IN = 50
"""Novelty is the mean distance to 15 behaviours. In each generation, the most novel 1
in 50 is archived."""
FAILED_FITNESS = -1e300
"""The value of failed genomes where there is no lowest one."""


@final
class Population:
    """The genomes of a generation, the first of them unchanged, and everything that
    determines the next generation.
    """

    def __init__(
        self, genome: Genome, size: int, settings: Settings, rng: np.random.Generator
    ) -> None:
        self.settings = settings
        self._record = record_of(settings)
        self._squashes = codes_of(settings.squashes)
        # state of the random numbers
        self.word = np.array([rng.integers(1 << 53)], np.uint64)
        self.genomes = Genomes.of(genome).take(np.zeros(size, np.int64))
        genes = self.genomes.genes
        c = len(genome.genes)
        moved = rng.uniform(
            -settings.weight_range, settings.weight_range, (size - 1) * c
        )
        if not settings.fractions:
            genes["weight"][c:] += np.where(genes["source"][c:] == STATE, 0.0, moved)
        genes["weight"][genes["weight"] * genes["sign"] < 0.0] = 0.0
        # numbers count the connections that are known
        genes["innovation"] = np.tile(np.arange(c), size)
        # see `_kernels/mutation.py`
        self.counters = np.array([int(genome.nodes["id"].max()) + 1, c])
        innovations = np.empty(c, KNOWN)
        innovations["source"] = genome.genes["source"]
        innovations["target"] = genome.genes["target"]
        innovations["split"] = NOBODY
        self.known = innovations
        self.names = np.zeros(0, np.int64)
        self.best = np.zeros(0)
        self.since = np.zeros(0, np.int64)
        self.generation = 0
        self.next_species = 0
        # score so far, and the generation of that or of a refocus
        self.highest = -np.inf
        self.improved = 0
        self.values = np.zeros((0, 1))  # of this generation, by objective
        # what genomes are selected by: the first of these, or a score
        self.fitness = np.zeros(0)
        # row of the species of each genome in names, best and since
        self.member_of = np.zeros(0, np.int64)
        # places in the one before
        self._old = self.genomes
        self._representatives = np.zeros(0, np.int64)
        # numbers of a genome; 0: none is known yet
        self._archive = np.zeros((0, 0))
        self._width = 0
        self._spare = np.empty(0, NODE), np.empty(0, GENE)

    def select(self, values: Floats) -> None:
        """Take over the values of the genomes, which are not finite for failed ones,
        and divide the genomes into species.
        """
        sound = np.asarray(np.isfinite(values).all(axis=1))
        if sound.any():
            if self._width not in (0, values.shape[1]):
                raise ArgumentError(
                    "Expected a fitness that always returns"
                    f" {pluralize(self._width, 'number')}, as for an earlier"
                    f" generation, got {values.shape[1]}."
                )
            self._width = values.shape[1]
        if self.settings.select == "pareto":
            if values.shape[1] == 1:
                values = np.column_stack([values, -self.genomes.connections])
            values = np.where(sound[:, None], values, FAILED_FITNESS)
            if self.generation:  # the best of parents and children survive
                size = len(values)
                widths = (self.values.shape[1], values.shape[1])
                # where all have failed, there can be fewer
                both = np.full((2 * size, max(widths)), FAILED_FITNESS)
                both[:size, : widths[0]] = self.values
                both[size:, : widths[1]] = values
                order = ranked(both)[:size]
                self.genomes = self._old.join(self.genomes).take(order)
                values = both[order]
            self.fitness = len(values) - ranked(values).argsort().astype(np.float64)
        elif self.settings.select == "novelty":
            self.fitness = np.zeros(len(values))
            if sound.any():
                behaviours = values[sound, min(1, values.shape[1] - 1) :]
                archive = self._archive.reshape(-1, behaviours.shape[1])
                self.fitness[sound], self._archive = novelty(behaviours, archive)
        else:
            self.fitness = np.where(
                sound,
                values[:, 0],
                values[sound, 0].min() if sound.any() else FAILED_FITNESS,
            )
        self.values = values
        self._speciate()

    def breed(self) -> None:
        """Replace the generation by its offspring."""
        old = self.genomes
        size = len(self.genomes)
        sizes = np.bincount(self.member_of, minlength=len(self.names))
        order = np.lexsort((-self.fitness, self.member_of))
        begins = sizes.cumsum() - sizes
        quota = self._share(order, begins, sizes)
        # A child has at most all nodes and genes of two equally fit parents, and what
        # mutations add.
        widest = (old.at[:, 1::2] - old.at[:, ::2]).max(axis=0)
        room = (size * (2 * widest + (MORE_NODES, MORE_GENES))).tolist()
        nodes, genes = (
            at_least(rows, count) for rows, count in zip(self._spare, room, strict=True)
        )
        self.known = at_least(
            self.known, int(self.counters[INNOVATIONS]) + size * MORE_GENES
        )
        at = np.empty_like(old.at)
        self._representatives = np.empty_like(sizes)
        reproduce(
            self._record,
            self._squashes,
            old.inputs,
            old.outputs,
            ParentSelection(quota, order, begins, sizes, self.fitness),
            Generation(old.nodes, old.genes, old.at),
            Innovations(self.known, self.counters),
            self.word,
            Generation(nodes, genes, at),
            self._representatives,
        )
        # Memory that is written before costs less than new memory.
        self._spare = old.nodes, old.genes
        self._old = old
        self.genomes = Genomes(nodes, genes, at, old.inputs, old.outputs)
        self.generation += 1

    @np.errstate(all="ignore")  # of fitnesses that are too large to be added
    def _share(self, order: Ints, begins: Ints, sizes: Ints) -> Ints:
        """Find how many offspring every species has: in proportion to its mean fitness.

        If all species stagnate, or the population does, the best two have all
        offspring. If genomes are selected by scores that cannot be compared between
        generations, species do not stagnate.
        """
        q = self.settings
        now = self.generation
        fitness = self.fitness
        top = fitness[order[begins]]
        better = np.asarray((top > self.best) | (q.select != "fitness"))
        self.best[better] = top[better]
        self.since[better] = now
        if top.max() > self.highest or q.select != "fitness":
            self.highest = float(top.max())
            self.improved = now
        fresh = now - self.since < q.stagnation
        if not fresh.any() or now - self.improved >= q.refocus:
            self.improved = now
            chosen = np.argsort(-top, kind="stable")[:2]
            fresh = np.zeros(len(top), bool)
            fresh[chosen] = True
            self.since[chosen] = now
        means = (
            np.add.reduceat(fitness[order] - min(0.0, float(fitness.min())), begins)
            / sizes
        )
        worth = np.where(fresh, means, 0.0)
        total = worth.sum()
        if not 0.0 < total < np.inf:  # nobody has any fitness to share
            worth = fresh.astype(np.float64)
            total = fresh.sum()
        exact = len(fitness) * (worth / total)
        quota: Ints = exact.astype(np.int64)
        # these remainders are rounded up
        largest = np.argsort(quota - exact, kind="stable")
        quota[largest[: len(fitness) - quota.sum()]] += 1
        return quota

    def _speciate(self) -> None:
        """Divide the generation into species, old ones by their representatives, and
        new ones.
        """
        size = len(self.genomes)
        kinds = len(self._representatives)
        representatives = np.append(self._representatives, np.zeros(size, np.int64))
        self.member_of = np.empty(size, np.int64)
        new = self.genomes
        old = self._old
        count = speciate(
            self._record,
            new.genes,
            new.at,
            old.genes,
            old.at,
            representatives,
            kinds,
            self.member_of,
        )
        left = np.bincount(self.member_of, minlength=count) > 0
        self.member_of = (np.cumsum(left) - 1)[self.member_of]
        more = count - kinds
        self.names = np.append(self.names, self.next_species + np.arange(more))[left]
        self.best = np.append(self.best, np.full(more, -np.inf))[left]
        self.since = np.append(self.since, np.full(more, self.generation))[left]
        self.next_species += more


def at_least(array: NDArray[Any], size: int) -> NDArray[Any]:
    """Return the array, or one with twice as many rows as are needed, which begins with
    its rows.
    """
    if len(array) < size:
        array = np.append(array, np.empty(2 * size - len(array), array.dtype))
    return array


def fronts_of(values: Floats) -> Ints:
    """Return the number of each genome's front, which is 0 if no genome dominates it, 1
    if only genomes of front 0 do, ...
    """
    columns = np.ascontiguousarray(values.T)
    pairs = columns[:, :, None], columns[:, None, :]
    dominates = np.asarray(
        np.greater_equal(*pairs).all(axis=0) & np.greater(*pairs).any(axis=0)
    )
    fronts = np.full(len(values), -1)
    front = 0
    above = dominates.sum(axis=0)
    while (free := (above == 0) & (fronts < 0)).any():
        fronts[free] = front
        above -= dominates[free].sum(axis=0)
        front += 1
    return fronts


@np.errstate(all="ignore")
def ranked(values: Floats) -> Ints:
    """Return genomes in the order of NSGA-II, which sorts by front, then by the
    distance to neighbours in it, with copies last.

    K. Deb and others, A fast and elitist multiobjective genetic algorithm: NSGA-II,
    IEEE Transactions on Evolutionary Computation 6 (2002) 182-197.
    """
    fronts = fronts_of(values)
    apart = np.zeros(len(values))
    for front in range(fronts.max() + 1):
        members = np.flatnonzero(fronts == front)
        for column in values[members].T:
            order = np.argsort(column, kind="stable")
            sizes = column[order]
            width = (sizes[-1] - sizes[0]) or 1.0
            apart[members[order[1:-1]]] += (sizes[2:] - sizes[:-2]) / width
            apart[members[order[[0, -1]]]] = np.inf
    copies = np.ones(len(values), bool)
    copies[np.unique(values, axis=0, return_index=True)[1]] = False
    return np.lexsort((-apart, fronts, copies))


@np.errstate(all="ignore")
def novelty(behaviours: Floats, archive: Floats) -> tuple[Floats, Floats]:
    """Return the mean distance of each behaviour to the nearest others, and the archive
    with the most novel ones.

    J. Lehman and K. O. Stanley, Abandoning objectives: evolution through the search for
    novelty alone, Evolutionary Computation 19 (2011) 189-223. Here, the archive grows
    by a fraction of every generation.
    """
    others = np.concatenate([behaviours, archive])
    columns = zip(behaviours.T, others.T, strict=True)
    distance = np.sqrt(sum((column[:, None] - other) ** 2 for column, other in columns))
    # the first is the behaviour itself
    nearest = np.sort(distance, axis=1)[:, 1 : 1 + NEIGHBOURS]
    distances = nearest.mean(axis=1) if nearest.size else np.ones(len(behaviours))
    novel = np.argsort(-distances, kind="stable")[
        : -(-len(behaviours) // ARCHIVED_ONE_IN)
    ]
    return distances, np.concatenate([archive, behaviours[novel]])
