"""Several objectives, novelty, and learning inside the evaluation."""

import math
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

import architect
import synapse
from synapse import evolve
from synapse.errors import TopologyError
from synapse.evolve._population import Population, fronts_of, novelty, ranked

from .test_neat import bits

BITS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
ODD = [[0.0], [1.0], [1.0], [0.0]]


def learned(genome, adopt=True):
    """Four epochs of exact gradients; the genome inherits what they learn, or only its
    fitness profits."""
    net = genome.network()
    synapse.Trainer(
        net, rule="bptt", optimizer=synapse.optimizers.Adam(rate=0.1)
    ).train(BITS, ODD, epochs=4, progress=False, seed=0)
    if adopt:
        genome.adopt(net)
    return 4.0 - float(abs((genome.run(BITS) if adopt else net.run(BITS)) - ODD).sum())


def behaviour(genome):
    outputs = genome.run(BITS).ravel()
    return 4.0 - float(abs(outputs - np.ravel(ODD)).sum()), *outputs


def test_fronts_and_crowding_are_those_of_the_definition():
    rng = np.random.default_rng(0)
    for _ in range(20):
        values = rng.integers(0, 6, (30, 3)).astype(float)
        # whether one genome, by its column, is worse than another one
        worse = (values[:, None] >= values).all(axis=2) & (
            values[:, None] > values
        ).any(axis=2)
        expected = np.full(30, -1)
        for front in range(30):
            left = expected < 0
            expected[left & ~worse[left].any(axis=0)] = front
        assert fronts_of(values).tolist() == expected.tolist()
    line = np.array(
        [
            [0.0, 10.0],
            [1.0, 9.0],
            [2.0, 8.0],
            [7.0, 3.0],
            [10.0, 0.0],
            [1.0, 9.0],
            [0.5, 1.0],
        ]
    )
    # the ends, then by the sides of the rectangle of the neighbours; a copy comes after
    # dominated genomes
    assert ranked(line).tolist() == [0, 4, 3, 2, 1, 6, 5]
    for _ in range(5):  # distances are shares of the range of each objective
        ends = np.sort(rng.uniform(size=(2, 9))).T * [1.0, -1.0]
        assert ranked(ends).tolist() == ranked(ends * [1.0, 1000.0]).tolist()


@pytest.mark.full
def test_several_objectives():
    options = {
        "population": 60,
        "max_evaluations": 6000,
        "settings": evolve.Settings(select="pareto"),
        "seed": 1,
    }
    task = evolve.fitness.dataset(BITS, ODD)
    result = evolve.neat(task, **options)
    values = np.array([objectives for objectives, _ in result.front])
    assert result.evaluations == 6000
    assert (np.diff(values[:, 0]) < 0).all()
    assert (np.diff(values[:, 1]) > 0).all()
    assert len(values) >= 3
    for (fitness, size), genome in result.front:
        assert size == -genome.genes["enabled"].sum()
        errors = np.array([genome.run([row])[0] for row in BITS]) - ODD
        assert fitness == pytest.approx(1 / (1 + np.mean(errors**2)))
    with ThreadPoolExecutor(2) as pool:
        assert bits(evolve.neat(task, executor=pool, **options)) == bits(result)


@pytest.mark.parametrize("select", ["fitness", "pareto", "novelty"])
@pytest.mark.parametrize("failing", [0, 2])
def test_a_generation_that_fails_is_behind_all_others(select, failing, tmp_path):
    """However genomes are selected, with numbers below 0, as one NaN for several
    numbers, and resumed."""
    for most in (30, 60, 60):
        # the fittest genome of the last generation is evaluated twice again, if there
        # is one
        resumed_at = 30 if failing == 2 else 28
        calls = iter(range(0 if most == 30 else resumed_at, 60))

        def fitness(genome, calls=calls):
            call = next(calls)
            fails = call // 10 == failing or not call % 10
            return math.nan if fails else [-2.0 - call % 7, -9.0, -call]

        result = evolve.neat(
            fitness,
            inputs=2,
            outputs=1,
            population=10,
            max_evaluations=most,
            seed=0,
            settings=evolve.Settings(select=select),
            checkpoint=tmp_path / "evolution.npz",
            resume=True,
        )
    failed = [1] * 6
    failed[failing] = 10
    assert (result.history["failed"], result.fitness) == (failed, -2.0)
    assert np.isnan(result.history["best"]).tolist() == [each == 10 for each in failed]
    assert all(min(values) > -100.0 for values, _ in result.front)
    assert bool(result.front) == (select == "pareto")


def test_a_genome_that_fails_is_not_novel():
    people = Population(
        evolve.Genome.minimal(2, 1, seed=0),
        8,
        evolve.Settings(select="novelty"),
        np.random.default_rng(0),
    )
    values = np.column_stack([np.ones(8), np.eye(8, 2)])
    values[0] = np.nan
    people.select(values)
    assert people.fitness[0] == 0.0
    assert (people.fitness[1:] > 0.0).all()


@pytest.mark.full
def test_novelty_is_the_mean_distance_to_the_nearest():
    rng = np.random.default_rng(0)
    some = rng.normal(size=(40, 2))
    archive = rng.normal(size=(9, 2))
    novelties, larger = novelty(some, archive)
    others = np.concatenate([some, archive])
    distances = np.sort(np.linalg.norm(others - some[:, None], axis=2))
    assert novelties == pytest.approx(distances[:, 1:16].mean(axis=1))
    assert len(larger) == 10
    assert (larger[-1] == some[novelties.argmax()]).all()
    result = evolve.neat(
        behaviour,
        inputs=2,
        outputs=1,
        goal=3.5,
        max_evaluations=30_000,
        settings=evolve.Settings(select="novelty"),
        seed=0,
    )
    assert result.solved
    assert result.fitness >= 3.5


@pytest.mark.full
def test_learning_inside_the_evaluation(tmp_path):
    """A genome that adopts a network computes the same; every executor and a resumed
    evolution agree."""
    lstm = architect.LSTM(2, 2, 1, seed=0)
    for neuron in lstm.neurons[2:]:
        # a bias of 0 has no gene, so it could not be inherited
        neuron.bias = neuron.bias or 0.1
    genome = evolve.Genome.from_network(lstm)
    net = genome.network()
    before = genome.run(BITS)
    trainer = synapse.Trainer(net, rule="bptt", rate=0.5)
    trainer.train(BITS, ODD, epochs=20, progress=False)
    genome.adopt(net)
    net.clear()
    after = genome.run(BITS)
    np.testing.assert_allclose(after, net.run(BITS), rtol=1e-12)
    assert abs(after - before).max() > 0.01
    evolution = partial(
        evolve.neat, inputs=2, outputs=1, population=20, goal=3.9, seed=0
    )
    inherited = evolution(learned, max_evaluations=200)
    alone = evolution(partial(learned, adopt=False), max_evaluations=200)
    assert inherited.fitness > alone.fitness
    with ThreadPoolExecutor(2) as pool:
        result = evolution(learned, executor=pool, max_evaluations=200)
    assert bits(result) == bits(inherited)
    resumes = {"checkpoint": tmp_path / "a.npz", "resume": True}
    for most in (60, 200):
        result = evolution(learned, max_evaluations=most, **resumes)
    assert bits(result) == bits(inherited)
    with pytest.raises(TopologyError, match="of this genome"):
        genome.adopt(evolve.Genome.minimal(2, 1).network())
