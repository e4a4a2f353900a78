"""NEAT: what the paper says, the mistakes that others made, faults, executors,
checkpoints."""

import itertools
import math
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from studies._poles import Poles
from synapse import evolve
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    ExecutorError,
    FormatError,
    SynapseError,
)

PLAIN = {"inputs": 2, "outputs": 1}
STILL = {"add_node": 0.0, "add_connection": 0.0, "mutate_weights": 0.0}


def slow_size(genome):
    return genome.hidden + genome.connections + float(genome.activate([0.3, 0.7])[0])


def killer(genome):
    os.kill(os.getpid(), signal.SIGKILL)


def raising(genome):
    return 1 / 0


def bits(result):
    """All of a result, for comparisons."""
    genomes = [
        (at, genome.nodes.tobytes(), genome.genes.tobytes())
        for at, genome in result.milestones
    ]
    return result.history, result.species, result.evaluations, genomes


@pytest.mark.full
def test_xor_is_solved():
    results = [evolve.neat(evolve.fitness.xor, seed=seed) for seed in range(12)]
    for result in results:
        assert result.solved
        assert (
            result.champion.run([[0, 0], [0, 1], [1, 0], [1, 1]]).round()
            == [[0], [1], [1], [0]]
        ).all()
        assert result.genome.hidden >= 1
        assert len(result.history["best"]) == result.generations == len(result.species)
        assert (
            150 * (result.generations - 1)
            < result.evaluations
            <= 150 * result.generations
        )
        assert result.milestones[-1][1] is result.genome
    slow = [
        evolve.neat(evolve.fitness.xor, seed=seed).evaluations for seed in (13, 41, 54)
    ]
    # if only two species are left after 20 equal generations, up to 66,634
    assert max(slow) < 20_000
    # the paper: 4,755
    assert np.mean([result.evaluations for result in results]) < 9000
    assert np.mean([result.genome.hidden for result in results]) < 5  # the paper: 2.35
    assert bits(evolve.neat(evolve.fitness.xor, seed=5)) == bits(results[5])


@pytest.mark.full
def test_populations_have_constant_size_and_the_fittest_is_kept():
    """neat-python's populations drifted in size, and an extinction lost the best."""
    for population, settings in (
        (1, {}),
        (2, {}),
        (7, {}),
        (150, {}),
        (60, {"threshold": math.inf}),
        (60, {"threshold": 0.3}),
        (40, {"stagnation": 1}),
        (40, {"refocus": 1, "threshold": 0.5}),
    ):
        sizes = []
        best = []

        def fitness(genome, sizes=sizes, best=best):
            # fitness below 0 is shifted
            best.append(float(genome.activate([0.5, 0.5])[0]) - 2.0)
            return best[-1]

        result = evolve.neat(
            fitness,
            population=population,
            max_evaluations=20 * population,
            seed=1,
            **PLAIN,
            settings=evolve.Settings(**settings),
        )
        assert [sum(members.values()) for members in result.species] == [
            population
        ] * 20
        assert result.evaluations == len(best) == 20 * population
        assert result.fitness == max(best)
        assert result.genome.activate([0.5, 0.5])[0] - 2.0 == result.fitness


def test_faults():
    few = {"population": 20, "max_evaluations": 100, "seed": 0, **PLAIN}
    values = itertools.cycle([math.inf, -math.inf, -1.0, math.nan])
    result = evolve.neat(lambda genome: next(values), **few)
    assert (result.history["failed"], result.fitness) == ([15] * 5, -1.0)
    result = evolve.neat(lambda genome: math.nan, **few)
    assert (result.champion, result.solved) == (None, False)
    assert result.history["failed"] == [20] * 5
    assert np.isnan([result.history["best"], result.history["mean"]]).all()
    with pytest.raises(ZeroDivisionError):
        evolve.neat(raising, seed=0, **PLAIN)


def test_what_a_fitness_returns_is_checked():
    few = {"population": 4, "max_evaluations": 8, "seed": 0}
    of_one = [None, "a", "1", [], [1.0, None], {}, 10**400, 1j, np.complex128(1.0)]
    for fitness in (*of_one, [1.0, 2j]):
        with pytest.raises(
            ArgumentTypeError, match="`fitness` must be a number, or several, got"
        ):
            evolve.neat(lambda genome, fitness=fitness: fitness, **few, **PLAIN)
    for fitness in (
        None,
        ([1.0], [False]),
        (["a"] * 4, [False] * 4),
        (np.ones(4, complex), False),
    ):
        task = SimpleNamespace(evaluate=lambda genomes, fitness=fitness: fitness)
        with pytest.raises(
            ArgumentTypeError,
            match="evaluate must be the fitness of 4 genomes, and whether",
        ):
            evolve.neat(task, **few, **PLAIN)
    calls = iter(range(100))
    with pytest.raises(ArgumentError, match="always returns 1 number, .* got 2"):
        evolve.neat(lambda genome: np.ones(1 + next(calls) // 4), **few, **PLAIN)
    # a self-connection of weight 2 diverges
    net = evolve.Genome.minimal(1, 1, seed=0).network()
    net.output[0].project(net.output[0], weight=2.0)
    net.output.squash = "identity"
    task = evolve.fitness.dataset([np.ones((3000, 1))], [np.zeros((3000, 1))])
    result = evolve.neat(task, start=net, population=5, max_evaluations=10, seed=0)
    assert result.history["failed"][0] == 5


def test_arguments_that_disagree():
    xor = evolve.fitness.xor
    for call, words in (
        (lambda: evolve.neat(xor, inputs=3), "one number of inputs, got 2 and 3"),
        (lambda: evolve.neat(slow_size, outputs=1), "Pass the inputs="),
        (lambda: evolve.neat(xor, start=evolve.Genome.minimal(3, 1)), "got 2 and 3"),
        (lambda: evolve.neat(xor, resume=True), "checkpoint="),
        (lambda: evolve.neat("xor"), "`fitness`"),
        (
            lambda: evolve.neat(xor, population=50, max_evaluations=49),
            "50 or above, the population, got 49",
        ),
        (
            lambda: evolve.neat(lambda genome: "much", seed=0, **PLAIN),
            "a number, or several, got text",
        ),
        (lambda: evolve.Settings(add_node=1.5), "from 0 to 1"),
        (lambda: evolve.Settings(squashes=("softmax",)), "built in"),
        *(
            (lambda value=value: evolve.Settings(fractions=value), "0 to 1,000, got")
            for value in (0.5, -1, 1001, math.inf)
        ),
        *(
            (
                lambda name=name, value=value: evolve.Settings(**{name: value}),
                f"`{name}` must be a whole number, 0 or above, got {value}",
            )
            for name in ("stagnation", "refocus", "champion_size")
            for value in (0.5, -1)
        ),
        (
            lambda: evolve.fitness.dataset([[1.0]], [[1.0], [2.0]]),
            "as many inputs as targets",
        ),
    ):
        with pytest.raises(SynapseError, match=words):
            call()


@pytest.mark.parametrize(
    "pool",
    [ThreadPoolExecutor, pytest.param(ProcessPoolExecutor, marks=pytest.mark.slow)],
)
def test_every_executor_has_the_same_bits(pool):
    settings = {"population": 30, "max_evaluations": 150, "seed": 4, **PLAIN}
    expected = bits(evolve.neat(slow_size, **settings))
    for workers in (1, 2, 4):
        with pool(workers) as executor:
            result = evolve.neat(slow_size, executor=executor, **settings)
            assert bits(result) == expected
    with pool(2) as executor, pytest.raises(ZeroDivisionError):
        evolve.neat(raising, executor=executor, **settings)


def test_ctrl_c_leaves_no_evaluation_that_has_not_begun(ctrl_c):
    seen = []

    def fitness(genome):
        seen.append(genome)
        if len(seen) == 3:
            ctrl_c()
        time.sleep(0.02)
        return 1.0

    with ThreadPoolExecutor(1) as pool, pytest.raises(KeyboardInterrupt):
        evolve.neat(
            fitness, population=30, max_evaluations=30, seed=0, executor=pool, **PLAIN
        )
    assert len(seen) < 10


@pytest.mark.slow
def test_processes_may_be_killed_and_take_what_they_can_import():
    settings = {"population": 30, "max_evaluations": 150, "seed": 4, **PLAIN}
    with (
        ProcessPoolExecutor(2) as pool,
        pytest.raises(ExecutorError, match="Make a new executor"),
    ):
        evolve.neat(killer, executor=pool, **settings)
    with (
        ProcessPoolExecutor(1) as pool,
        pytest.raises(ArgumentTypeError, match="top level"),
    ):
        evolve.neat(lambda genome: 1.0, executor=pool, **settings)


def test_resumed_evolutions_have_the_same_bits(tmp_path):
    file = tmp_path / "evolution.npz"
    resume = partial(evolve.neat, checkpoint=file, resume=True)
    xor = evolve.fitness.xor
    whole = bits(evolve.neat(xor, seed=9))
    for most in (150, 600, 100_000, 100_000):
        result = resume(xor, max_evaluations=most, seed=9)
    assert bits(result) == whole
    other = evolve.fitness.dataset([[0, 0], [1, 1]], [[0], [1]])
    # a fitness that varies cannot be told from another one
    rng = np.random.default_rng(0)
    resume(lambda genome: rng.normal(), goal=9.0, **PLAIN)
    assert bits(resume(xor)) == whole
    for task, options, words in (
        (other, {"seed": 8}, "another seed"),
        (other, {}, "fitness function: stored .* now"),
        (other, {"seed": 9}, "fitness"),
        (xor, {"settings": evolve.Settings(add_node=0.1)}, "with other arguments"),
    ):
        with pytest.raises(ArgumentError, match=words):
            resume(task, **options)
    content = file.read_bytes()
    arrays = dict(np.load(file))
    for name, value in (
        ("values", arrays["values"][:, ::-1]),
        ("values", arrays["values"][:, :7]),
        ("word", np.array(5)),
        ("values", arrays["values"][:0]),
        ("solved", arrays["solved"] + 0.5),
        ("word", np.array(-1)),
        ("weights", arrays["weights"][:-1]),
        ("weights", arrays["weights"] + 1e-9),
        ("learned", np.ones(1)),
        ("digest", arrays["digest"] + 1),
        ("digest", np.array([1, 2])),
        ("learned", arrays["learned"] // 2),
    ):
        np.savez(file, **arrays | {name: value})
        with pytest.raises(SynapseError, match="checkpoint"):
            resume(xor, seed=9)
    for damaged in (b"", content[: len(content) // 2], content[:-1]):
        file.write_bytes(damaged)
        with pytest.raises(FormatError):
            resume(xor)
    assert file.read_bytes() == damaged


@pytest.mark.slow
def test_a_killed_evolution_is_resumed(tmp_path):
    file = tmp_path / "evolution.npz"
    code = f"""if True:
        from studies._poles import Poles
        from synapse import evolve
        from synapse.evolve import _neat
        _neat.MIN_CHECKPOINT_SECONDS = 0.0
        _neat.MAX_CHECKPOINT_FRACTION = 1.0
        evolve.neat(
            Poles(velocities=False), population=30, max_evaluations=100_000, seed=2,
            checkpoint={str(file)!r}, resume=True,
        )
    """
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", code])
        deadline = time.monotonic() + 60
        size = file.stat().st_mtime_ns if file.exists() else 0
        while (
            not (file.exists() and file.stat().st_mtime_ns != size)
            and time.monotonic() < deadline
        ):
            time.sleep(0.01)
        time.sleep(0.3)
        process.kill()
        process.wait()
    task = Poles(velocities=False)
    stopped = evolve.neat(
        task, population=30, max_evaluations=30, seed=2, checkpoint=file, resume=True
    )
    assert stopped.generations >= 3
    whole = evolve.neat(
        task, population=30, max_evaluations=stopped.evaluations, seed=2
    )
    assert bits(stopped) == bits(whole)


def test_a_bar_shows_the_evaluations_and_the_best_fitness(capsys):
    few = {"population": 10, "max_evaluations": 30, "seed": 0}
    shown = evolve.neat(evolve.fitness.xor, **few)
    bar = capsys.readouterr().err
    assert "30.0/30.0" in bar
    assert f"fitness {shown.fitness:.5g}" in bar
    silent = evolve.neat(evolve.fitness.xor, **few, progress=False)
    assert (capsys.readouterr().err, bits(silent)) == ("", bits(shown))
