"""Embedded Reber strings by the paper's own rule: every reading of Hochreiter and Schmidhuber 1997."""

from __future__ import annotations

from typing import Any

import numpy as np

from synapse._typing import Floats, Ints
from synapse.tasks import EmbeddedReber, SampleBatch
from synapse.tasks.samples import joined

from ._learn import TEST
from ._lstm1997 import INPUT, OUTPUT, Lstm, activate, add_change, clear, compiled, lstm, update
from ._paper_table import Measure, PaperTable, Published, Row

STRINGS, EVERY, FIRST = 256, 500, 64
"""Number of training strings, and of test strings; training strings between two tests; those tested first."""


@compiled
def train(
    net: Lstm,
    inputs: Floats,
    targets: Floats,
    bounds: Ints,
    order: Ints,
    rate: float,
    slope: bool,
    cleared: bool,
    start: float,
    each_step: bool,
) -> None:
    """Train on strings in this order; weights change at every step, or after every string."""
    for string in order:
        if cleared:
            clear(net, start)
        for i in range(bounds[string], bounds[string + 1]):
            activate(net, inputs[i])
            add_change(net, targets[i], slope)
            if each_step:
                update(net, rate)
        update(net, rate)


@compiled
def run(net: Lstm, inputs: Floats, bounds: Ints, outputs: Floats, cleared: bool, start: float) -> None:
    """Write the outputs of all steps of some strings."""
    for string in range(len(bounds) - 1):
        if cleared:
            clear(net, start)
        for i in range(bounds[string], bounds[string + 1]):
            activate(net, inputs[i])
            outputs[i] = net.out


def drawn(strings: str, targets: str, seed: int) -> SampleBatch:
    """Training and test strings: as they are drawn, with others for the test, or all different."""
    task, rng = EmbeddedReber(targets=targets), np.random.default_rng([seed, TEST])
    if strings == "drawn":
        return task.batch(2 * STRINGS, rng)
    found = task.batch(20 * STRINGS, rng)
    keys = [sample.inputs.tobytes() for sample in found]
    seen = set(keys[:STRINGS]) if strings == "test differs" else set()
    chosen = list(range(STRINGS)) if seen else []
    for i in range(len(chosen), len(found)):
        if keys[i] not in seen:
            chosen.append(i)
            seen.add(keys[i])
    return joined([found[i] for i in chosen[: 2 * STRINGS]])


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
        ``needed``, the number of training strings then, or None; ``inner``, that after which all symbols but
        the last but one were right first; ``wrong`` and ``last_but_one``, the strings of 512 that are wrong
        at the end, anywhere and at that symbol.
    """
    rng, both = np.random.default_rng([seed, 1]), drawn(strings, targets, seed)
    span = network.get("weights", 0.2)
    gates = {
        INPUT: rng.uniform(-span, span, blocks).tolist() if input_gates is None else input_gates,
        OUTPUT: [-1.0 - i for i in range(blocks)],
    }
    net = lstm(7, blocks, cells, 7, gates, rng=rng, **network)
    rows, goals, bounds = np.concatenate(both.inputs), np.concatenate(both.targets), np.array(both.bounds)
    legal, outputs, needed, inner = np.array(both.allowed), np.zeros(goals.shape), None, None

    def test(count: int) -> tuple[int, int, int]:
        """How many of the first strings are wrong: anywhere, at the last but one symbol, elsewhere."""
        ends = bounds[1 : count + 1]
        run(net, rows, bounds[: count + 1], outputs, cleared, start)
        wrong = ~both.judge(outputs[: ends[-1]], goals[: ends[-1]], legal[: ends[-1]])
        outer = wrong[ends - 2].copy()
        anywhere = np.logical_or.reduceat(wrong, bounds[:count])
        wrong[ends - 2] = False
        return int(anywhere.sum()), int(outer.sum()), int(np.logical_or.reduceat(wrong, bounds[:count]).sum())

    for trained in range(EVERY, most + 1, EVERY):
        in_turn = np.arange(trained - EVERY, trained) % STRINGS
        place = rng.integers(STRINGS, size=EVERY) if order == "random" else in_turn
        options = rate, cost == "squared_error", cleared, start, changes == "step"
        train(net, rows, goals, bounds, place, *options)
        if test(FIRST)[2] > 0:
            continue
        wrong, _, others = test(2 * STRINGS)
        if others == 0 and inner is None:
            inner = trained
        if wrong == 0:
            needed = trained
            break
    wrong, last_but_one, _ = test(2 * STRINGS)
    return {"needed": needed, "inner": inner, "wrong": wrong, "last_but_one": last_but_one}


FOUR: dict[str, Any] = {"blocks": 4, "cells": 1}
SLOW: dict[str, Any] = {"rate": 0.1, "most": 80_000}
LEGAL: dict[str, Any] = {"targets": "legal"}

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
    "inputs lead to the outputs": {"shortcut": True},
    "biases of cells": {"cell_biases": True},
}
"""How else the paper can be read: what differs from its last row, 3 blocks of 2 at the rate 0.5."""

TABLE = PaperTable(
    trial,
    [
        Row("as printed: 3 blocks of 2, rate 0.5", Published("100 %, 8,440", "V", 8440)),
        Row("3 blocks of 2, rate 0.2", Published("97 %, 14,060", "V", 14060), seeds=20, rate=0.2),
        Row("4 blocks of 1, rate 0.5", Published("97 %, 9,500", "V", 9500), seeds=20, **FOUR),
        *(Row(name, seeds=20, **reading) for name, reading in READINGS.items()),
        Row("3 blocks of 2, rate 0.1", Published("100 %, 21,730", "V", 21730), seeds=20, **SLOW),
        Row("4 blocks of 1, rate 0.1", Published("100 %, 39,740", "V", 39740), seeds=20, **SLOW, **FOUR),
    ],
    (
        Measure("needed", "training strings"),
        Measure("inner", "until the other symbols are right"),
        Measure("last_but_one", "wrong in the last but one, of 512", log=False),
        Measure("wrong", "wrong, of 512", log=False),
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
