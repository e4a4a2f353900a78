"""Species, shares and crossover, against the formulas of section 3 of the paper."""

import numpy as np

from synapse import evolve
from synapse.evolve._kernels.genes import GENE
from synapse.evolve._kernels.reproduction import speciate
from synapse.evolve._population import Genomes, Population
from synapse.evolve._settings import record_of

STILL = {"add_node": 0.0, "add_connection": 0.0, "mutate_weights": 0.0}


def distance(one, two, settings):
    """c1 E / N + c2 D / N + c3 W, by sets; N is 1 if both have fewer than 20 genes."""
    weights = dict(one)
    second = dict(two)
    last = min(max(weights), max(second))
    unlike = weights.keys() ^ second.keys()
    excess = sum(number > last for number in unlike)
    size = max(len(weights), len(second))
    counted = settings.excess * excess + settings.disjoint * (len(unlike) - excess)
    common = [abs(weights[n] - second[n]) for n in weights.keys() & second.keys()]
    mean = np.mean(common) if common else 0.0
    return counted / (1 if size < 20 else size) + settings.weight_difference * mean


def test_distance_is_that_of_the_paper():
    rng = np.random.default_rng(0)
    for trial in range(60):
        coefficients = {
            "excess": 0.7,
            "disjoint": (0.2, 0.7, 1.5)[trial // 6 % 3],
            "weight_difference": 0.3,
        }
        genomes = []
        at = []
        for number in range(2):
            size = rng.integers(3, 12) if trial % 3 else rng.integers(15, 40)
            numbers = np.sort(rng.choice(45, size, replace=False))
            if number and trial % 4 == 0:  # only excess genes
                numbers = np.append(
                    [innovation for innovation, _ in genomes[0]], np.arange(45, 50)
                )
                size = len(numbers)
            genomes.append(list(zip(numbers.tolist(), rng.normal(0, 3, size).tolist())))
            begin = at[0][3] if number else 0
            at.append((0, 0, begin, begin + size))
        genes = np.zeros(at[1][3], GENE)
        genes["innovation"], genes["weight"] = np.concatenate(genomes).T
        delta = distance(*genomes, evolve.Settings(**coefficients))
        for factor, species in ((1 - 1e-9, 2), (1 + 1e-9, 1)):
            settings = evolve.Settings(**coefficients, threshold=delta * factor)
            memory = np.zeros(2, np.int64), np.zeros(2, np.int64)
            rows = genes, np.array(at), genes, np.array(at)
            assert (
                speciate(record_of(settings), *rows, memory[0], 0, memory[1]) == species
            )


def people(settings, size, inputs=2, outputs=1, seed=0):
    start = evolve.Genome.minimal(inputs, outputs, seed=seed)
    return Population(
        start, size, evolve.Settings(**settings), np.random.default_rng(seed)
    )


def test_species_share_by_their_mean_fitness():
    crowd = people({"stagnation": 15}, 10)
    crowd.names = np.arange(3)
    crowd.generation = 15
    crowd.member_of = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2])
    crowd.fitness = np.array([1.0, 2.0, 3.0, 2.0, 2.0, 4.0, 5.0, 3.0, 9.0, 9.0])
    order = np.lexsort((-crowd.fitness, crowd.member_of))
    for since, best, means in (
        ([14, 14, 14], [9.0, 9.0, 9.0], [2, 4, 9]),
        ([14, 1, 0], [9.0, 9.0, 9.0], [2, 4, 0]),  # no better for 15 generations
        ([14, 1, 0], [9.0, 9.0, 8.0], [2, 4, 9]),  # better now
        ([0, 0, 0], [9.0, 9.0, 9.0], [0, 4, 9]),  # all stagnate: the best two
    ):
        crowd.since = np.array(since)
        crowd.best = np.array(best)
        crowd.highest = 99.0
        crowd.improved = 14
        quota = crowd._share(order, np.array([0, 5, 8]), np.array([5, 3, 2]))
        exact = 10 * np.array(means) / sum(means)
        expected = exact.astype(int)
        # largest remainders
        expected[np.argsort(expected - exact)[: 10 - expected.sum()]] += 1
        assert quota.tolist() == expected.tolist()


def test_the_champion_of_a_large_species_is_copied():
    for size, copied in ((6, True), (5, False)):
        seen = []
        evolve.neat(
            lambda genome, seen=seen: (
                seen.append(genome.run([[0.4, -0.3]])[0, 0]) or seen[-1]
            ),
            inputs=2,
            outputs=1,
            population=size,
            max_evaluations=2 * size,
            settings=evolve.Settings(threshold=np.inf, mutate_weights=1.0),
            seed=1,
        )
        assert (max(seen[:size]) in seen[size:]) == copied


def test_disjoint_genes_are_those_of_the_fitter_parent():
    settings = {"mutation_only": 0.0, "survival": 1.0, "threshold": np.inf, **STILL}
    whole = evolve.Genome.minimal(2, 2, seed=0)
    mother, father = (
        evolve.Genome(whole.nodes, whole.genes[rows], 2, 2)
        for rows in ([0, 1, 2, 5], [0, 1, 2, 3, 4])
    )
    for fitness in ((2.0, 1.0), (1.0, 1.0)):
        innovations = set()
        for seed in range(60):
            pair = people(settings, 2, outputs=2, seed=seed)
            pair.genomes = Genomes.of(mother).join(Genomes.of(father))
            pair.select(np.array(fitness)[:, None])
            pair.breed()
            innovations |= {
                tuple(pair.genomes[i].genes["innovation"].tolist()) for i in range(2)
            }
        if fitness[0] > fitness[1]:
            assert innovations == {(0, 1, 2, 5), (0, 1, 2, 3, 4)}
        else:
            assert {(0, 1, 2), (0, 1, 2, 3, 4, 5), (0, 1, 2, 3)} <= innovations
