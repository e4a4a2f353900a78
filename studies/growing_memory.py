"""Evolved memory, and evolution with gradients: delayed XOR, six-symbol recall, and
parity.

    python -m studies.growing_memory [--seeds 10] [row ...]

Every trial is written to ``growing_memory.json`` as it comes; those that are there are
not run again."""

from __future__ import annotations

import argparse
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from synapse import Trainer, evolve, optimizers, tasks

from ._many_seeds import filled
from .tasks import DelayedXor

RESULTS = Path(__file__).with_suffix(".json")
MEMORY = {"recurrent": 0.2, "add_self_connection": 0.05, "add_connection": 0.1}
GATES = MEMORY | {"add_gate": 0.1, "remove_gate": 0.02}
TASKS = {"delayed XOR": DelayedXor(8), "recall": tasks.Recall()}
MOST = 30_000
"""Largest number of evaluations."""
BITS = np.array(list(product((0.0, 1.0), repeat=3)))
ODD = BITS.sum(axis=1, keepdims=True) % 2.0


def memory(seed: int, task: str, gates: bool) -> dict[str, Any]:
    """Evolve on 100 sequences from a minimal network, then train the champion by exact
    gradients."""
    batch = TASKS[task].batch(100, seed=seed)
    fresh = TASKS[task].batch(1000, seed=10_000 + seed)
    result = evolve.neat(
        evolve.fitness.dataset(batch.inputs, batch.targets),
        max_evaluations=MOST,
        seed=seed,
        progress=False,
        settings=evolve.Settings(**(GATES if gates else MEMORY)),
    )
    genes = result.genome.genes[result.genome.genes["enabled"] == 1]
    is_self = genes["source"] == -2
    net = result.champion
    counts = {
        "solved": result.solved,
        "evaluations": result.evaluations,
        "hidden": result.genome.hidden,
        "self-connections": int(is_self.sum()),
        "gates": int((genes["gater"] >= 0).sum()),
        "gated self-connections": int((is_self & (genes["gater"] >= 0)).sum()),
        "right": fresh.score(net).fraction,
    }
    trainer = Trainer(
        net,
        rule="bptt",
        optimizer=optimizers.Adam(rate=0.01),
        clip=1.0,
        batch_size=20,
    )
    more = TASKS[task].batch(1000, seed=20_000 + seed)
    trainer.train(more.inputs, more.targets, epochs=100, progress=False, seed=seed)
    return counts | {"right after training": fresh.score(net).fraction}


class Parity:
    """Parity of three bits; some epochs of exact gradients before each evaluation,
    inherited or not."""

    def __init__(self, epochs: int, inherit: bool) -> None:
        self.epochs = epochs
        self.inherit = inherit

    def __call__(self, genome: evolve.Genome) -> float:
        net: Any = genome
        if self.epochs:
            net = genome.network()
            trainer = Trainer(net, rule="bptt", optimizer=optimizers.Adam(rate=0.05))
            trainer.train(BITS, ODD, epochs=self.epochs, progress=False, seed=0)
        if self.inherit:
            genome.adopt(net)
            net = genome
        outputs = np.asarray(net.run(BITS))
        wrong = ((outputs > 0.5) != (ODD > 0.5)).sum()
        return float((8.0 - abs(outputs - ODD).sum()) / 8.0 if wrong else 2.0)


def parity(seed: int, epochs: int, inherit: bool) -> dict[str, Any]:
    """Evolve with some epochs of exact gradients in every evaluation."""
    result = evolve.neat(
        Parity(epochs, inherit),
        inputs=3,
        outputs=1,
        population=50,
        goal=2.0,
        seed=seed,
        progress=False,
        max_evaluations=1_500 if epochs else MOST,
        settings=evolve.Settings(threshold=2.0),
    )
    return {
        "solved": result.solved,
        "evaluations": result.evaluations,
        "hidden": result.genome.hidden,
    }


ROWS = {
    "delayed XOR, gates": (memory, {"task": "delayed XOR", "gates": True}),
    "delayed XOR, no gates": (memory, {"task": "delayed XOR", "gates": False}),
    "recall, gates": (memory, {"task": "recall", "gates": True}),
    "parity, evolution alone": (parity, {"epochs": 0, "inherit": False}),
    "parity, Baldwinian": (parity, {"epochs": 20, "inherit": False}),
    "parity, Lamarckian": (parity, {"epochs": 20, "inherit": True}),
}


def interval(share: float, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z = 1.96**2 / count
    half = 1.96 * np.sqrt(share * (1 - share) / count + z / (4 * count))
    return (share + z / 2 - half) / (1 + z), (share + z / 2 + half) / (1 + z)


def summary(row: str, trials: list[dict[str, Any]]) -> str:
    """One line of the table: solved with its interval, then medians over all runs, and
    the least and most."""
    low, high = interval(np.mean([trial["solved"] for trial in trials]), len(trials))
    cells = [
        row,
        (
            f"{sum(trial['solved'] for trial in trials)} of {len(trials)} ({low:.0%} to"
            f" {high:.0%})"
        ),
    ]
    for key in ("evaluations", "hidden", "right", "right after training"):
        values = [trial[key] for trial in trials if key in trial]
        form = ".1%" if key.startswith("right") else ",.0f"
        cells.append(
            f"{np.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"
            if values
            else "-"
        )
    gated = [
        trial["gated self-connections"] > 0 for trial in trials if "gates" in trial
    ]
    cells.append(f"{sum(gated)} of {len(gated)}" if gated else "-")
    return "| " + " | ".join(cells) + " |"


HEAD = (
    "| row | solved (95 %) | evaluations | hidden | right | after training"
    " | gated self-connection |\n| --- | --- | ---: | ---: | ---: | ---: | ---: |"
)


def timed(row: str, seed: int) -> dict[str, Any]:
    """One trial of a row, with its CPU time."""
    begin = time.process_time()
    trial, choices = ROWS[row]
    outcome = trial(seed, **choices)
    return {"seed": seed, **outcome, "seconds": round(time.process_time() - begin, 2)}


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("rows", nargs="*", default=[], choices=[*ROWS, []])
    options.add_argument("--seeds", type=int, default=10)
    asked = options.parse_args()
    results = filled(RESULTS, asked.rows or ROWS, asked.seeds, timed)
    print(HEAD)
    for row, trials in results.items():
        print(summary(row, trials))


if __name__ == "__main__":
    main()
