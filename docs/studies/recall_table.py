"""Distracted sequence recall: which cells and peepholes let an LSTM learn it online.

    python docs/studies/recall_table.py                # ten seeds; writes recall_table.json and learning.md
    python docs/studies/recall_table.py --seeds 30 --first 100 --name recall_more

There are six symbols (2 targets, 2 distractors, 2 prompts) and ten steps. The network is LSTM(6, 7, 2), with
weights and biases of cells and outputs within ±0.1, gate biases 1, rate 0.1 and cross-entropy. The context is
cleared before each sequence and weights are updated at every step. After every 500 training sequences the
network is tested on 1000 others, always the same; the task is solved when 95 % of them are entirely correct.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import many_seeds as many

import architect
import synapse
from synapse.tasks import recall

SETTINGS = {
    "rate": 0.1,
    "chunk": 500,
    "goal": 0.95,
    "evaluation_sequences": 1000,
    "evaluation_seed": 20120070,
}
CASES = [
    (cells, peepholes)
    for cells in ("identity", "logistic", "tanh")
    for peepholes in (None, "one_to_one", "all_to_all")
]


def train(case: tuple[str, str | None], seed: int, most: int) -> many.Row:
    """One run: sequences needed (None: not solved), the best fraction right, output gates at the end."""
    cells, peepholes = case
    net = architect.LSTM(6, 7, 2, cell_squash=cells, peepholes=peepholes, style="synaptic", seed=seed)
    rng = np.random.default_rng([seed, 1])
    trainer = synapse.Trainer(net, SETTINGS["rate"])
    fresh = recall.sequences(SETTINGS["evaluation_sequences"], seed=SETTINGS["evaluation_seed"])
    needed, best = None, 0.0
    for seen in range(SETTINGS["chunk"], most + 1, SETTINGS["chunk"]):
        inputs, targets = recall.sequences(SETTINGS["chunk"], seed=rng)
        trainer.train(inputs, targets, epochs=1, shuffle=False, progress=False)
        best = max(best, recall.fraction_right(net, *fresh))
        if best >= SETTINGS["goal"]:
            needed = seen
            break
    row = {"cells": cells, "peepholes": peepholes, "seed": seed, "needed": needed}
    return {**row, "best": round(best, 4), "output_gates": round(openness(net, fresh[0][:100]), 3)}


def openness(net: synapse.Network, inputs: list[np.ndarray]) -> float:
    """The mean activation of the output gates."""
    seen = []
    for rows in inputs:
        net.clear()
        for row in rows:
            net.activate(row)
            seen.append(net["output gates"].activations.mean())
    return float(np.mean(seen))


def report(rows: list[many.Row]) -> str:
    """The table of the page."""
    lines = []
    for cells, peepholes in CASES:
        runs = [row for row in rows if (row["cells"], row["peepholes"]) == (cells, peepholes)]
        needed = [row["needed"] for row in runs]
        solved = sum(n is not None for n in needed)
        best = np.median([row["best"] for row in runs])
        gates = np.median([row["output_gates"] for row in runs])
        kind = (peepholes or "none").replace("_", " ")
        cell = "linear" if cells == "identity" else cells
        found = [f"{solved} of {len(runs)}", many.middle(needed), many.listed(needed)]
        lines.append([cell, kind, *found, f"{best:.1%}", f"{gates:.2f}"])
    head = ["cells", "peepholes", "solved", "median", "each seed, thousands", "best, median", "output gates"]
    return many.table(head, lines)


if __name__ == "__main__":
    given = many.parser(__doc__, most=40_000, name="recall_table").parse_args()
    many.study(given, SETTINGS, train, CASES, report)
