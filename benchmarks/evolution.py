"""Evolution: genomes evaluated and bred in a CPU second, on XOR with 150 genomes.

``python -m benchmarks.evolution '{"repeats": 5}'`` runs the measurement. neat-python is
measured in alternation if it is installed. Both count every genome of every generation,
reproduction included.

``python -m benchmarks.evolution workers`` measures on an idle machine how much faster
two processes are than one, with a fitness of some milliseconds a genome."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from typing import Any

import numpy as np

from synapse import evolve

from . import child
from .comparison import Comparison, beside
from .markdown import number, table
from .plan import Plan, Tell, summary

TITLE = "Evolution"
CAP = 900
ROWS = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]
TARGETS = (0.0, 1.0, 1.0, 0.0)
WAVES = np.sin(np.arange(60_000.0).reshape(-1, 2))
CHOICES = {"activation": "sigmoid", "aggregation": "sum"}
NUMBERS = {
    "bias": (0.0, 1.0, 0.1, 0.7, 0.5),
    "response": (1.0, 0.0, 0.0, 0.0, 0.0),
    "weight": (0.0, 1.0, 0.1, 0.8, 0.5),
}
"""Of neat-python's own example: mean, deviation, replace rate, mutate rate, mutate
power."""


def config() -> str:
    """The settings of neat-python's example of XOR."""
    lines = [
        "[NEAT]",
        "fitness_criterion = max",
        "fitness_threshold = 1e9",
        "pop_size = 150",
    ]
    lines += [
        "reset_on_extinction = True",
        "no_fitness_termination = True",
        "[DefaultGenome]",
    ]
    lines += [
        "num_inputs = 2",
        "num_hidden = 0",
        "num_outputs = 1",
        "initial_connection = full_direct",
    ]
    lines += [
        "feed_forward = True",
        "enabled_default = True",
        "enabled_mutate_rate = 0.01",
    ]
    lines += [
        "compatibility_disjoint_coefficient = 1.0",
        "compatibility_weight_coefficient = 0.5",
    ]
    lines += [
        "conn_add_prob = 0.5",
        "conn_delete_prob = 0.5",
        "node_add_prob = 0.2",
        "node_delete_prob = 0.2",
    ]
    for name, value in CHOICES.items():
        lines += [
            f"{name}_default = {value}",
            f"{name}_options = {value}",
            f"{name}_mutate_rate = 0.0",
        ]
    for name, values in NUMBERS.items():
        keys = (
            "init_mean",
            "init_stdev",
            "replace_rate",
            "mutate_rate",
            "mutate_power",
        )
        lines += [f"{name}_{key} = {value}" for key, value in zip(keys, values)]
        lines += [f"{name}_max_value = 30", f"{name}_min_value = -30"]
    lines += [
        "[DefaultSpeciesSet]",
        "compatibility_threshold = 3.0",
        "[DefaultStagnation]",
    ]
    lines += [
        "species_fitness_func = max",
        "max_stagnation = 20",
        "species_elitism = 2",
    ]
    lines += [
        "[DefaultReproduction]",
        "elitism = 2",
        "survival_threshold = 0.2",
        "min_species_size = 2",
    ]
    return "\n".join(lines)


def neat_python(generations: int) -> int:
    """Run neat-python; returns how many genomes it has evaluated."""
    import neat

    count = 0

    def judge(genomes: Any, settings: Any) -> None:
        nonlocal count
        for _, genome in genomes:
            net = neat.nn.FeedForwardNetwork.create(genome, settings)
            genome.fitness = 4.0 - sum(
                (net.activate(row)[0] - t) ** 2 for row, t in zip(ROWS, TARGETS)
            )
            count += 1

    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as file:
        file.write(config())
        file.flush()
        kinds = (
            neat.DefaultGenome,
            neat.DefaultReproduction,
            neat.DefaultSpeciesSet,
            neat.DefaultStagnation,
        )
        neat.Population(neat.Config(*kinds, file.name)).run(judge, generations)
    return count


def ours(seeds: int) -> int:
    """Solve XOR for some seeds; returns how many genomes have been evaluated."""
    results = [
        evolve.neat(evolve.fitness.xor, seed=seed, progress=False)
        for seed in range(seeds)
    ]
    return 150 * sum(result.generations for result in results)


def heavy(genome: evolve.Genome) -> float:
    """A fitness of some milliseconds."""
    return float(genome.run(WAVES).std())


def workers(repeats: int) -> list[float]:
    """Wall time of one process, divided by that of two, in alternation."""
    ratios = []
    with ProcessPoolExecutor(1) as single, ProcessPoolExecutor(2) as double:
        for _ in range(repeats + 1):  # the first starts and compiles
            times = []
            for pool in (single, double):
                begin = time.perf_counter()
                evolve.neat(
                    heavy,
                    inputs=2,
                    outputs=1,
                    max_evaluations=600,
                    seed=0,
                    executor=pool,
                    progress=False,
                )
                times.append(time.perf_counter() - begin)
            ratios.append(times[0] / times[1])
    return ratios[1:]


def rate(run: Callable[[int], int], size: int) -> float:
    """Genomes in a CPU second."""
    begin = time.process_time()
    return run(size) / (time.process_time() - begin)


def measure(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Measure in a process of its own."""
    news = child.ask(
        "benchmarks.evolution", {"repeats": plan.repeats, "quick": plan.quick}, CAP
    )
    tell(f"evolution: {news['status']}")
    return news


def comparisons(results: dict[str, Any]) -> list[Comparison]:
    """CPU time for each genome of XOR."""
    rates = results.get("rates", {})
    times = {name: {"median": 1e6 / rate["median"]} for name, rate in rates.items()}
    ours = times.pop("synapse", None)
    return beside("NEAT, XOR, 150 genomes", ours, times) if ours else []


def text(results: dict[str, Any]) -> list[str]:
    """The table of what `measure` returns."""
    if results["status"] != "ok":
        return [f"{results['status']}\n"]
    rows = [
        [name, *(number(times[statistic]) for statistic in ("median", "least", "most"))]
        for name, times in results["rates"].items()
    ]
    return [
        table(
            ["XOR, 150 genomes: genomes in a CPU second", "median", "min", "max"], rows
        )
    ]


def main() -> None:
    if sys.argv[1:] == ["workers"]:
        print("one process / two:", *(f"{ratio:.2f}" for ratio in workers(5)))
        return
    spec = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    repeats, size = spec.get("repeats", 5), 3 if spec.get("quick") else 20
    runs: dict[str, tuple[Callable[[int], int], int]] = {"synapse": (ours, size)}
    if find_spec("neat") is not None:
        runs["neat-python"] = (neat_python, 2 * size)
    ours(1)  # compiles
    measured: dict[str, list[float]] = {}
    for _ in range(repeats):
        for name, (run, count) in runs.items():
            measured.setdefault(name, []).append(rate(run, count))
    print(
        json.dumps(
            {"rates": {name: summary(rates) for name, rates in measured.items()}}
        )
    )


if __name__ == "__main__":
    main()
