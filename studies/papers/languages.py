"""The languages a^n b^n and a^n b^n c^n: Gers and Schmidhuber 2001."""

from __future__ import annotations

from typing import Any

import numpy as np

from synapse import Network
from synapse._checks import choice
from synapse.errors import DivergenceError
from synapse.initializers import uniform
from synapse.learning import Trainer
from synapse.optimizers import DEKF, Adam

from ..tasks import AnBn, AnBnCn
from ._learn import RULES
from ._memory_blocks import memory_blocks
from ._paper_table import Measure, PaperTable, Published, Row

LANGUAGES = {"ab": AnBn, "abc": AnBnCn}
EVERY = 500
MOST = 2000
TARGET = 0.8
PAPER = "paper"
COUNTERS = "counters"


def network(letters: str, kind: str, seed: int) -> Network:
    """Build the network of the paper, or counters: memory cells whose gates depend on
    the symbol alone.

    >>> from ._memory_blocks import weight_count
    >>> [weight_count(network("abc", kind, 0)) for kind in (PAPER, COUNTERS)]
    [90, 58]
    """
    choice("kind", kind, (PAPER, COUNTERS))
    symbols = len(letters) + 1
    cells = len(letters) - 1
    if kind == PAPER:
        return memory_blocks(
            symbols,
            cells,
            1,
            symbols,
            input_gate_biases=[2.0] * cells,
            forget_gate_biases=[2.0] * cells,
            output_gate_biases=[2.0] * cells,
            squashed_input=False,
            cell_squash="identity",
            output_squash="tanh",
            cell_biases=True,
            output_biases=True,
            recurrent_gates=False,
            peepholes=True,
            input_to_output=True,
            weights=0.1,
            seed=seed,
        )
    from architect import LSTM  # builds on synapse

    return LSTM(
        symbols,
        cells,
        symbols,
        style="synaptic",
        cell_squash="identity",
        output_squash="tanh",
        peepholes=None,
        forget_gates=False,
        input_gate_bias=-1.0,
        output_gate_bias=-2.0,
        initializer=uniform(0.1),
        seed=seed,
    )


def trial(
    seed: int,
    letters: str,
    kind: str,
    rule: str,
    rates: list[float] | None,
    strings: int,
    every_n: bool = False,
) -> dict[str, Any]:
    """Train on strings of n from 1 to 10, and measure how far the network generalises.

    Parameters
    ----------
    seed : int
        Seed of weights and strings.
    letters : {"ab", "abc"}
        The language.
    kind : {"paper", "counters"}
        The network, see :func:`network`.
    rule : str
        Name of a rule; "Kalman filter" is DEKF with one group along exact online
        slopes.
    rates : list of two floats, or None
        The first and the last rate; it falls geometrically. None with the filter.
    strings : int
        Number of training strings.
    every_n : bool
        Whether each update sees the strings of all n from 1 to 10 once, instead of
        random ones.

    Returns
    -------
    dict
        ``needed``, the number of training strings at the first test in which all n from
        1 to 10 were right, or None; ``longest``, the largest N such that all n from 1
        to N are right at the end; ``diverged``.
    """
    task = LANGUAGES[letters]()
    net = network(letters, kind, seed)
    learner = _trainer(net, rule)
    rng = np.random.default_rng([seed, 1])
    needed = None
    portions = strings // EVERY
    for i in range(portions):
        samples = (
            task.encoded(np.arange(EVERY) % task.most + 1)
            if every_n
            else task.batch(EVERY, rng)
        )
        targets = [TARGET * rows for rows in samples.targets]
        if rates is not None:
            learner.rate = rates[0] * (rates[1] / rates[0]) ** (i / (portions - 1))
        try:
            learner.train(
                samples.inputs, targets, epochs=1, shuffle=False, progress=False
            )
        except DivergenceError:
            return {"needed": needed, "longest": 0, "diverged": True}
        if needed is None and task.longest(net, task.most) == task.most:
            needed = (i + 1) * EVERY
    return {"needed": needed, "longest": task.longest(net, MOST), "diverged": False}


def _trainer(net: Network, rule: str) -> Trainer:
    if rule == "Kalman filter":
        noise: dict[str, Any] = {
            "measurement_noise": (100.0, 0.1),
            "process_noise": (1e-2, 1e-9),
        }
        return Trainer(
            net, rule="rtrl", optimizer=DEKF(groups="all", annealing=20_000, **noise)
        )
    more: dict[str, Any] = (
        {"optimizer": Adam(), "batch_size": 10} if rule == "through time" else {}
    )
    return Trainer(net, cost="squared_error", **RULES[rule], **more)


SETTINGS: list[tuple[str, dict[str, Any]]] = [
    ("network of the paper", {"kind": PAPER, "rule": "online", "rates": [0.01, 1e-4]}),
    (
        "network of the paper",
        {"kind": PAPER, "rule": "exact online", "rates": [0.01, 1e-4]},
    ),
    (
        "network of the paper",
        {"kind": PAPER, "rule": "through time", "rates": [0.03, 3e-4]},
    ),
    ("counters", {"rule": "online", "rates": [0.1, 1e-3]}),
    ("counters", {"rule": "through time", "rates": [0.03, 3e-4]}),
    (
        "counters, all n in every update",
        {
            "rule": "through time",
            "rates": [0.03, 1e-3],
            "strings": 100_000,
            "every_n": True,
        },
    ),
    ("counters", {"rule": "Kalman filter", "strings": 2_000}),
]
PUBLISHED = {
    ("abc", "Kalman filter"): Published("1,000 and more", "V", 1000),
}

TABLE = PaperTable(
    trial,
    [
        Row(
            f"{name}, {what}, {case['rule']}",
            PUBLISHED.get((letters, case["rule"])),
            seeds=20 if case["rule"] == "Kalman filter" else 30,
            letters=letters,
            **case,
        )
        for letters, name in (("ab", "aⁿbⁿ"), ("abc", "aⁿbⁿcⁿ"))
        for what, case in SETTINGS
    ],
    [
        Measure("longest", "largest N with all n ≤ N right", log=False),
        Measure("needed", "training strings until all n ≤ 10 are right"),
    ],
    shared={"kind": COUNTERS, "rates": None, "strings": 40_000, "every_n": False},
)
