"""Embedded Reber grammar: how many strings an LSTM needs online until it never predicts
an illegal symbol.

    python -m studies reber_settings    # ten seeds; writes reber.json, learning.md
    # on other seeds:
    python -m studies reber_settings --choose --first 100 --name reber_settings
    python -m studies reber_settings --finalists --first 200 --seeds 30 \\
        --name reber_finalists

The network is LSTM(7, 16, 7) with linear cells, no peepholes, forget gate biases 3,
other gate biases 0, weights and biases of cells and outputs within ±1, and
cross-entropy. The context is cleared before each string and weights are updated at
every step; the rate decreases linearly from 0.05 to 0 over 40,000 strings. After every
500 training strings the network is tested on 1000 others, always the same; the task is
solved when the most active output is a legal next symbol at every step of all 1000.
Training continues to the end, and the final weights are evaluated once more on 10,000
strings that were not used to choose or stop anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import architect
import synapse
from demos.reber import new_strings
from synapse.errors import DivergenceError
from synapse.initializers import uniform
from synapse.tasks import EmbeddedReber, Ranked

from . import _many_seeds as many

SETTINGS = {
    "chunk": 500,
    "evaluation_strings": 1000,
    "evaluation_seed": 19970001,
    "final_strings": 10_000,
    "final_seed": 19970002,
}
CHOSEN = {
    "what": "as chosen",
    "blocks": 16,
    "weights": 1.0,
    "rate": 0.05,
    "falling": True,
    "strings": 40_000,
    "lstm": {
        "peepholes": None,
        "cell_squash": "identity",
        "input_gate_bias": 0.0,
        "forget_gate_bias": 3.0,
        "output_gate_bias": 0.0,
    },
}


def other(setting: str, lstm: many.Row | None = None, **changes: Any) -> many.Row:
    """The chosen settings with some changes."""
    return {
        **CHOSEN,
        "what": setting,
        "lstm": {**CHOSEN["lstm"], **(lstm or {})},
        **changes,
    }


CLOSED = {"input_gate_bias": -1.0, "output_gate_bias": -1.0}
SYNAPTIC = {
    "peepholes": "all_to_all",
    "cell_squash": "logistic",
    "input_gate_bias": 1.0,
    "forget_gate_bias": 1.0,
    "output_gate_bias": 1.0,
}
LOGISTIC = {"peepholes": "all_to_all", "cell_squash": "logistic"}
SMALL = {"weights": 0.1, "rate": 0.07}
FASTEST = other(
    "logistic, all-to-all peepholes, 24 blocks",
    LOGISTIC,
    **SMALL,
    blocks=24,
    strings=20_000,
)
COMPARED = [
    CHOSEN,
    other("falling over 30,000 strings", strings=30_000),
    other("falling over 20,000 strings", strings=20_000),
    other("rate constant", falling=False),
    other("weights ±0.4", weights=0.4),
    other("weights ±0.2", weights=0.2),
    other("weights ±0.2, rate constant", weights=0.2, falling=False),
    other("weights ±0.4, input and output gate biases -1", CLOSED, weights=0.4),
    other(
        "weights ±0.4, 8 blocks of 2 cells",
        {"cells_per_block": 2},
        weights=0.4,
        blocks=8,
    ),
    other("forget gate biases 0", {"forget_gate_bias": 0.0}),
    other("no forget gates", {"forget_gates": False}),
    FASTEST,
    other("logistic, all-to-all peepholes, 16 blocks", LOGISTIC, **SMALL),
    other("logistic, all-to-all peepholes, 8 blocks", LOGISTIC, **SMALL, blocks=8),
    other(
        "logistic, one-to-one peepholes",
        {**LOGISTIC, "peepholes": "one_to_one"},
        **SMALL,
    ),
    other("logistic, no peepholes", {**LOGISTIC, "peepholes": None}, **SMALL),
    other(
        "as Synaptic's default, 16 blocks, rate 0.1 constant",
        SYNAPTIC,
        weights=0.1,
        rate=0.1,
        falling=False,
    ),
    other(
        "as Synaptic's default, 8 blocks",
        SYNAPTIC,
        weights=0.1,
        rate=0.1,
        falling=False,
        blocks=8,
    ),
]
FINALISTS = [CHOSEN, FASTEST]


def build(case: many.Row, seed: int) -> synapse.Network:
    """The network of a case."""
    start = uniform(case["weights"])
    return architect.LSTM(
        7,
        case["blocks"],
        7,
        initializer=start,
        bias_initializer=start,
        seed=seed,
        **case["lstm"],
        style="synaptic",
    )


def train(case: many.Row, seed: int, most: int) -> many.Row:
    """One run: strings needed (None: not solved), and the test of the final weights."""
    net = build(case, seed)
    rng = np.random.default_rng([seed, 1])
    fresh = new_strings(SETTINGS["evaluation_strings"], SETTINGS["evaluation_seed"])
    needed, strings = None, min(most, case["strings"])
    for seen in range(0, strings, SETTINGS["chunk"]):
        rate = (
            case["rate"] * (1.0 - seen / strings) if case["falling"] else case["rate"]
        )
        some = EmbeddedReber().batch(SETTINGS["chunk"], rng)
        try:
            trainer = synapse.Trainer(net, rate)
            trainer.train(
                some.inputs, some.targets, epochs=1, shuffle=False, progress=False
            )
        except DivergenceError:
            break
        if needed is None and fresh.score(net).wrong == 0:
            needed = seen + SETTINGS["chunk"]
    others = new_strings(SETTINGS["final_strings"], SETTINGS["final_seed"])
    strict = replace(others, judge=Ranked())
    final = {
        "final": others.score(net).fraction,
        "final_strict": strict.score(net).fraction,
    }
    return {"what": case["what"], "seed": seed, "needed": needed, **final}


def report(rows: list[many.Row]) -> str:
    """The table, with one line per case."""
    lines = []
    for setting in dict.fromkeys(row["what"] for row in rows):
        runs = [row for row in rows if row["what"] == setting]
        needed = [row["needed"] for row in runs]
        final = [row["final"] for row in runs]
        medians = [
            f"{sum(n is not None for n in needed)} of {len(runs)}",
            many.middle(needed),
            many.listed(needed),
        ]
        lines.append(
            [setting, *medians, f"{np.median(final):.2%}", f"{min(final):.2%}"]
        )
    head = [
        "settings",
        "solved",
        "median",
        "each seed, thousands",
        "final weights, median",
        "lowest",
    ]
    return many.table(head, lines)


if __name__ == "__main__":
    options = many.parser(__doc__, most=40_000, name="reber")
    options.add_argument(
        "--choose", action="store_true", help="run all settings that were compared"
    )
    options.add_argument(
        "--finalists",
        action="store_true",
        help="run the most reliable and the fastest settings",
    )
    chosen = options.parse_args()
    compared = [CHOSEN]
    if chosen.choose or chosen.finalists:
        compared = COMPARED if chosen.choose else FINALISTS
    many.study(chosen, {**SETTINGS, "cases": compared}, train, compared, report)
