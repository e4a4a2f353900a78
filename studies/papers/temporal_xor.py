"""Temporal XOR: Elman 1990."""

from __future__ import annotations

from typing import Any

import numpy as np

from synapse.errors import DivergenceError
from synapse.initializers import uniform
from synapse.objects.network import Network

from ..tasks import TemporalXor
from ._learn import FINAL, trainer
from ._paper_table import Measure, PaperTable, Published, Row

TRIPLES = 1000
PASSES = 600
PIECE = 10


def trial(
    seed: int,
    rule: str,
    rate: float,
    hidden: int = 2,
    cost: str = "squared_error",
    scale: float = 1.0,
) -> dict[str, Any]:
    """Train on 1,000 triples 600 times, then measure errors on 1,000 others.

    Online the triples are one stream, of which the context is never cleared, as in the
    paper; through time, they are 100 sequences of ten."""
    import architect

    start = uniform(scale)
    net = architect.Elman(
        1, hidden, 1, initializer=start, bias_initializer=start, seed=seed
    )
    sample = TemporalXor(TRIPLES).sample(np.random.default_rng([seed, 1]))
    inputs = sample.inputs
    targets = sample.targets
    if rule == "through time":
        inputs, targets = (rows.reshape(-1, 3 * PIECE, 1) for rows in (inputs, targets))
    diverged = False
    try:
        trainer(net, rule, rate, cost=cost).train(
            inputs, targets, epochs=PASSES, seed=0, progress=False
        )
    except DivergenceError:
        diverged = True
    return {**errors(net, seed), "diverged": diverged}


def errors(net: Network, seed: int) -> dict[str, float]:
    """Mean squared errors on a further stream, of the bits that can be predicted and of
    the others."""
    sample = TemporalXor(TRIPLES).sample(np.random.default_rng([seed, FINAL]))
    net.clear()
    outputs = net.run(sample.inputs)
    squared = (outputs - sample.targets) ** 2
    right = (outputs > 0.5) == (sample.targets > 0.5)
    allowed = np.asarray(sample.allowed)
    return {
        "xor": float(squared[allowed].mean()),
        "others": float(squared[~allowed].mean()),
        "right": float(right[allowed].mean()),
    }


RATES = {"online": 0.2, "exact online": 0.1, "through time": 0.01}

TABLE = PaperTable(
    trial,
    [
        Row(
            f"1-{hidden}-1, {rule}{' with Adam' * (rule == 'through time')}",
            Published("below 0.25, no number", "V")
            if (rule, hidden) == ("online", 2)
            else None,
            seeds=20 if (rule, hidden) == ("exact online", 5) else 30,
            hidden=hidden,
            rule=rule,
            rate=0.1 if (rule, hidden) == ("online", 5) else rate,
        )
        for hidden in (2, 5)
        for rule, rate in RATES.items()
    ],
    [
        Measure("xor", "error of XOR bits", ".3f"),
        Measure("others", "error of random bits", ".3f"),
        Measure("right", "XOR bits right", ".1%", log=False),
    ],
    solved=None,
)
