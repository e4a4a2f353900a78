"""Embedded Reber strings by the paper's own rule: every reading of Hochreiter and
Schmidhuber 1997."""

from __future__ import annotations

from typing import Any

import numpy as np

from synapse.tasks import EmbeddedReber, SampleBatch
from synapse.tasks._samples import joined

from ._learn import TEST
from ._lstm1997 import INPUT, OUTPUT, lstm, run, train
from ._paper_table import Measure, PaperTable, Published, Row

STRINGS = 256
EVERY = 500
FIRST = 64
"""Number of training strings, and of test strings; training strings between two tests;
those tested first."""
FLAT = 0.1
"""The slope of h, at most 0.5, below which a cell's state has drifted: almost no error
reaches it."""


def drawn(strings: str, targets: str, seed: int) -> SampleBatch:
    """Training and test strings: as they are drawn, with others for the test, or all
    different."""
    task = EmbeddedReber(targets=targets)
    rng = np.random.default_rng([seed, TEST])
    if strings == "drawn":
        return task.batch(2 * STRINGS, rng)
    samples = task.batch(20 * STRINGS, rng)
    keys = [sample.inputs.tobytes() for sample in samples]
    seen = set(keys[:STRINGS]) if strings == "test differs" else set()
    chosen = list(range(STRINGS)) if seen else []
    for i in range(len(chosen), len(samples)):
        if keys[i] not in seen:
            chosen.append(i)
            seen.add(keys[i])
    return joined([samples[i] for i in chosen[: 2 * STRINGS]])


def trial(
    seed: int,
    blocks: int,
    cells: int,
    rate: float,
    cost: str,
    targets: str,
    strings: str,
    order: str,
    changes: str,
    cleared: bool,
    start: float,
    input_gates: list[float] | None,
    most: int,
    **network: Any,
) -> dict[str, Any]:
    """Train on 256 strings until these and 256 others are right at every symbol.

    Returns
    -------
    dict
        ``needed``, the number of training strings then, or None; ``inner``, that after
        which all symbols but the last but one were right first; ``wrong`` and
        ``last_but_one``, the strings of 512 that are wrong at the end, anywhere and at
        that symbol; ``flat``, the percentage of cells with a slope of h below
        :data:`FLAT` before that symbol, after the first 500 training strings.
    """
    rng = np.random.default_rng([seed, 1])
    both = drawn(strings, targets, seed)
    span = network.get("weights", 0.2)
    gates = {
        INPUT: rng.uniform(-span, span, blocks).tolist()
        if input_gates is None
        else input_gates,
        OUTPUT: [-1.0 - i for i in range(blocks)],
    }
    net = lstm(7, blocks, cells, 7, gates, rng=rng, **network)
    rows = both.rows
    goals = both.goals
    bounds = np.array(both.bounds)
    legal = np.array(both.allowed)
    needed = None
    inner = None
    flat = 0.0

    def test(count: int) -> tuple[int, int, int, float]:
        """How many of the first strings are wrong: anywhere, at the last but one
        symbol, elsewhere.

        The last number is the percentage of cells that are flat before that symbol.
        """
        ends = bounds[1 : count + 1]
        outputs, slopes = run(net, rows, bounds[: count + 1], cleared, start)
        wrong = ~both.judge(goals[: ends[-1]], outputs, legal[: ends[-1]])
        outer = wrong[ends - 2].copy()
        anywhere = np.logical_or.reduceat(wrong, bounds[:count])
        wrong[ends - 2] = False
        others = np.logical_or.reduceat(wrong, bounds[:count])
        flat = 100.0 * float(np.mean(slopes[ends - 2] < FLAT))
        return int(anywhere.sum()), int(outer.sum()), int(others.sum()), flat

    for trained in range(EVERY, most + 1, EVERY):
        in_turn = np.arange(trained - EVERY, trained) % STRINGS
        place = rng.integers(STRINGS, size=EVERY) if order == "random" else in_turn
        options = rate, cost == "squared_error", cleared, start, changes == "step"
        train(net, rows, goals, bounds, place, *options)
        _, _, others, share = test(FIRST)
        if trained == EVERY:
            flat = share
        if others > 0:
            continue
        wrong, _, others, _ = test(2 * STRINGS)
        if others == 0 and inner is None:
            inner = trained
        if wrong == 0:
            needed = trained
            break
    wrong, last_but_one, *_ = test(2 * STRINGS)
    return {
        "needed": needed,
        "inner": inner,
        "wrong": wrong,
        "last_but_one": last_but_one,
        "flat": flat,
    }


FOUR: dict[str, Any] = {"blocks": 4, "cells": 1}
SLOW: dict[str, Any] = {"rate": 0.1, "most": 80_000}
LEGAL: dict[str, Any] = {"targets": "legal"}
DIRECT = "inputs and biases lead to the outputs"
BOTH: dict[str, Any] = {"shortcut": True, "output_biases": True}

READINGS: dict[str, dict[str, Any]] = {
    "targets are all legal symbols": LEGAL,
    "gates do not lead to gates and cells": {"fed_back": False},
    "both of these": {**LEGAL, "fed_back": False},
    "weights change after each string": {"changes": "string"},
    "the same, and gates and cells begin at 0.5": {"changes": "string", "start": 0.5},
    "biases of outputs": {"output_biases": True},
    "input gate biases -1, -2, -3": {"input_gates": [-1.0, -2.0, -3.0]},
    "512 different strings": {"strings": "different"},
    "cross-entropy, rate 0.1": {"cost": "cross_entropy", "rate": 0.1},
    "weights within 0.5": {"weights": 0.5},
    "never cleared": {"cleared": False},
    "test strings that are not trained on": {"strings": "test differs"},
    "strings in turn": {"order": "in turn"},
    "biases of cells": {"cell_biases": True},
    "inputs lead to the outputs": {"shortcut": True},
    DIRECT: BOTH,
    f"{DIRECT}, 4 blocks of 1": {**BOTH, **FOUR},
    f"{DIRECT}, rate 0.2": {**BOTH, "rate": 0.2},
    f"{DIRECT}, rate 0.1": {**BOTH, **SLOW},
    f"{DIRECT}, gates do not lead to gates and cells": {**BOTH, "fed_back": False},
    f"{DIRECT}, gates do not lead to gates and cells, rate 0.1": {
        **BOTH,
        **SLOW,
        "fed_back": False,
    },
}
"""How else the paper can be read: what differs from its last row, 3 blocks of 2 at the
rate 0.5."""

TABLE = PaperTable(
    trial,
    [
        Row(
            "as printed: 3 blocks of 2, rate 0.5", Published("100 %, 8,440", "V", 8440)
        ),
        Row(
            "3 blocks of 2, rate 0.2",
            Published("97 %, 14,060", "V", 14060),
            seeds=20,
            rate=0.2,
        ),
        Row(
            "4 blocks of 1, rate 0.5",
            Published("97 %, 9,500", "V", 9500),
            seeds=20,
            **FOUR,
        ),
        *(Row(name, seeds=20, **reading) for name, reading in READINGS.items()),
        Row(
            "3 blocks of 2, rate 0.1",
            Published("100 %, 21,730", "V", 21730),
            seeds=20,
            **SLOW,
        ),
        Row(
            "4 blocks of 1, rate 0.1",
            Published("100 %, 39,740", "V", 39740),
            seeds=20,
            **SLOW,
            **FOUR,
        ),
    ],
    (
        Measure("needed", "training strings"),
        Measure("inner", "until the other symbols are right"),
        Measure("last_but_one", "wrong in the last but one, of 512", log=False),
        Measure("wrong", "wrong, of 512", log=False),
        Measure("flat", "cells with a flat h, %", log=False),
    ),
    shared={
        "blocks": 3,
        "cells": 2,
        "rate": 0.5,
        "cost": "squared_error",
        "targets": "next",
        "strings": "drawn",
        "order": "random",
        "changes": "step",
        "cleared": True,
        "start": 0.0,
        "input_gates": None,
        "most": 30_000,
    },
)
