"""Embedded Reber grammar: strings an online LSTM needs until it never predicts an illegal symbol.

    python docs/studies/reber.py                          # ten seeds; writes reber.json and learning.md
    python docs/studies/reber.py --choose --first 100     # the settings that were compared, on other seeds

LSTM(7, 16, 7) with linear cells, no peepholes, forget gate biases 3, other gate biases 0, weights and
biases of cells and outputs from ±1; cross-entropy, the context cleared before each string, weights moved
at every step, the rate falling in a line from 0.05 to 0 over 40,000 strings. Every 500 training strings the
network reads 1000 others, always the same; solved is whose most active output is a legal next
symbol at every step of all 1000. Training goes on to the end, and the final weights are judged once more, on
10,000 strings that nothing was chosen or stopped by.
"""

# ruff: noqa: E402 - the project stands above this folder

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import architect
import many_seeds as many
import synapse
from synapse.initializers import uniform
from synapse.tasks import reber

RESULTS = many.HERE / "reber.json"
SETTINGS = {
    "chunk": 500,
    "evaluation_strings": 1000,
    "evaluation_seed": 19970001,
    "final_strings": 10_000,
    "final_seed": 19970002,
}
CHOSEN = {"cells": 16, "per_block": 1, "scale": 1.0, "input_output_bias": 0.0, "rate": 0.05, "falling": True}
COMPARED = [
    {**CHOSEN, "scale": 0.2, "falling": False},
    {**CHOSEN, "scale": 0.2},
    {**CHOSEN, "scale": 0.4, "falling": False},
    {**CHOSEN, "scale": 0.4},
    CHOSEN,
    {**CHOSEN, "scale": 0.4, "input_output_bias": -1.0},
    {**CHOSEN, "scale": 0.4, "cells": 8, "per_block": 2},
]


def build(case: many.Row, seed: int) -> synapse.Network:
    """The network of a case."""
    start = uniform(case["scale"])
    return architect.LSTM(
        7,
        case["cells"],
        7,
        peepholes=None,
        cell_squash="identity",
        cells_per_block=case["per_block"],
        input_gate_bias=case["input_output_bias"],
        forget_gate_bias=3.0,
        output_gate_bias=case["input_output_bias"],
        initializer=start,
        bias_initializer=start,
        seed=seed,
    )


def train(case: many.Row, seed: int, most: int) -> many.Row:
    """One run: strings needed (None: not solved), and how the final weights do."""
    net = build(case, seed)
    rng = np.random.default_rng([seed, 1])
    fresh = prepared(reber.strings(SETTINGS["evaluation_strings"], seed=SETTINGS["evaluation_seed"]))
    needed = None
    for seen in range(0, most, SETTINGS["chunk"]):
        rate = case["rate"] * (1.0 - seen / most) if case["falling"] else case["rate"]
        inputs, targets = reber.sequences(SETTINGS["chunk"], seed=rng)
        synapse.Trainer(net, rate).train(inputs, targets, epochs=1, shuffle=False, progress=False)
        if needed is None and all_right(net, fresh):
            needed = seen + SETTINGS["chunk"]
    others = reber.strings(SETTINGS["final_strings"], seed=SETTINGS["final_seed"])
    final = {
        "final": reber.fraction_right(net, others),
        "final_strict": reber.fraction_right(net, others, strict=True),
    }
    return {**case, "seed": seed, "needed": needed, **final}


def prepared(strings: Sequence[str]) -> list[tuple[Any, Any]]:
    """Inputs and masks, made once."""
    return [(reber.encode(string)[0], reber.legal_mask(string)) for string in strings]


def all_right(net: synapse.Network, fresh: list[tuple[Any, Any]]) -> bool:
    """Whether every string is predicted rightly; the first that is not ends the search."""
    for inputs, mask in fresh:
        net.clear()
        if not reber.right(net.run(inputs), mask):
            return False
    return True


def report(rows: list[many.Row], cases: list[many.Row]) -> str:
    """A line for each case."""
    lines = []
    for case in cases:
        runs = [row for row in rows if all(row[key] == value for key, value in case.items())]
        needed = [row["needed"] for row in runs]
        solved = sum(n is not None for n in needed)
        rate = f"{case['rate']} to 0" if case["falling"] else case["rate"]
        cells = f"{case['cells']}" if case["per_block"] == 1 else f"{case['cells']} × {case['per_block']}"
        final = [row["final"] for row in runs]
        lines.append(
            [cells, f"±{case['scale']:g}", f"{case['input_output_bias']:g}", rate, f"{solved} of {len(runs)}"]
            + [many.middle(needed), many.listed(needed)]
            + [f"{np.median(final):.2%} ({min(final):.2%})"]
        )
    head = [
        "cells",
        "weights",
        "input, output gate biases",
        "rate",
        "solved",
        "median",
        "each seed, thousands",
    ]
    return many.table([*head, "final weights, median (lowest)"], lines)


def study() -> None:
    """Run what the command line asks for."""
    options = many.parser(__doc__, most=40_000)
    options.add_argument("--choose", action="store_true", help="compare settings; writes reber_settings.json")
    given = options.parse_args()
    begin = time.perf_counter()
    settings = COMPARED if given.choose else [CHOSEN]
    seeds = range(given.first, given.first + given.seeds)
    cases = [(case, seed, given.most) for case in settings for seed in seeds]
    rows = many.run_all(train, cases, given.processes)
    results = many.HERE / "reber_settings.json" if given.choose else RESULTS
    many.save(given.out or results, {**SETTINGS, "most": given.most}, rows, begin)
    print(report(rows, settings))
    if given.out is None:
        many.fill("reber settings" if given.choose else "reber", report(rows, settings))


if __name__ == "__main__":
    study()
