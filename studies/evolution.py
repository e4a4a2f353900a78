"""NEAT on the tasks of its paper, over many seeds.

    python -m studies.evolution [--seeds 100] [xor poles poles_without_velocities ...]

Every row is written to ``evolution.json`` as it comes; rows that are there for all
seeds are not run again. Rows: see `ROWS`. Without names, those of XOR and of two poles
with velocities are run, which takes minutes."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

import architect
from synapse import evolve
from synapse.evolve import fitness

from ._many_seeds import filled
from ._poles import Poles

RESULTS = Path(__file__).with_suffix(".json")
LARGE = {
    # section 4.1, for 1,000 genomes
    "weight_difference": 3.0, "threshold": 4.0, "add_connection": 0.3,
    "recurrent": 0.2, "survival": 0.4,  # the authors' program
    "weight_range": 1.0, "weight_step": 1.0,  # our choice
}  # fmt: skip
ROWS = {
    "xor": (fitness.xor, 150, {}),
    "xor without mating": (fitness.xor, 150, {"mutation_only": 1.0}),
    "xor, refocus 20": (fitness.xor, 150, {"refocus": 20}),
    "xor without species": (fitness.xor, 150, {"threshold": float("inf")}),
    "poles": (Poles(), 150, {}),
    "poles, refocus 20": (Poles(), 150, {"refocus": 20}),
    "poles without mating": (Poles(), 150, {"mutation_only": 1.0}),
    "poles without species": (Poles(), 150, {"threshold": float("inf")}),
    "poles without growth": (Poles(), 150, {"add_node": 0.0, "add_connection": 0.0}),
    "poles_without_velocities": (Poles(velocities=False), 1000, LARGE),
}
MOST = {"xor": 100_000, "poles": 200_000, "poles_without_velocities": 150_000}
"""Largest number of evaluations, by the beginning of the row's name."""


def trial(row: str, seed: int) -> dict[str, float]:
    """One evolution."""
    task, population, settings = ROWS[row]
    fixed = (
        architect.Perceptron(6, 10, 1, seed=seed)
        if row == "poles without growth"
        else None
    )
    most = MOST[row.replace(",", "").partition(" ")[0]]
    begin = time.process_time()
    result = evolve.neat(
        task, population=population, max_evaluations=most, seed=seed, start=fixed,
        progress=False,
        settings=evolve.Settings(**settings),
    )  # fmt: skip
    outcome = {
        "seed": seed,
        "solved": result.solved,
        # without velocities, the fittest of a whole generation is tested
        "evaluations": (
            result.evaluations
            if getattr(task, "velocities", True)
            else result.generations * population
        ),
        "generations": result.generations,
        "hidden": result.genome.hidden,
        "connections": int(np.count_nonzero(result.genome.genes["enabled"])),
        "seconds": round(time.process_time() - begin, 2),
    }
    if isinstance(task, Poles):
        outcome["generalisation"] = task.generalisation(result.genome)
    return outcome


def summary(row: str, trials: list[dict[str, float]]) -> str:
    """One line of the table: means over the runs that solved the task, and standard
    deviations."""
    solved = [trial for trial in trials if trial["solved"]]
    columns = (
        {key: np.array([trial[key] for trial in solved]) for key in solved[0]}
        if solved
        else {}
    )

    def mean(key):
        return f"{columns[key].mean():,.1f}" if key in columns else "-"

    evaluations = columns.get("evaluations", np.zeros(0))
    spread = evaluations.std(ddof=1) if len(evaluations) > 1 else np.nan
    half = 1.96 * spread / np.sqrt(max(len(evaluations), 1))
    interval = (
        "- | -"
        if np.isnan(spread)
        else f"{mean('evaluations')} ± {half:,.0f} | {spread:,.0f}"
    )
    return (
        f"| {row} | {len(solved)} of {len(trials)} | {interval} | {mean('generations')}"
        f" | {mean('hidden')} | {mean('connections')} | {mean('generalisation')} |"
    )


HEAD = (
    "| row | solved | evaluations, 95 % | SD | generations | hidden | connections"
    " | generalisation |\n| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("rows", nargs="*", default=[], choices=[*ROWS, []])
    options.add_argument("--seeds", type=int, default=100)
    asked = options.parse_args()
    results = filled(RESULTS, asked.rows or ("xor", "poles"), asked.seeds, trial)
    print(HEAD)
    for row, trials in results.items():
        print(summary(row, trials))


if __name__ == "__main__":
    main()
