"""NARMA10: reservoirs and an LSTM beside published reservoirs."""

from __future__ import annotations

from typing import Any

import numpy as np

from synapse import Network
from synapse.initializers import uniform
from synapse.learning import fit_readout

from ..tasks import Narma10
from ._forecast import nmse, train_on
from ._memory_blocks import OPEN_GATES
from ._paper_table import Measure, PaperTable, Row

WASHOUT = 200


def build(kind: str, size: int, seed: int, **options: Any) -> Network:
    """Build one of the networks of the table."""
    import architect

    if kind == "Liquid":
        return architect.Liquid(1, size, 1, seed=seed, **options)
    start = {"initializer": uniform(0.5), **OPEN_GATES, **options}
    return architect.LSTM(1, size, 1, output_squash="identity", seed=seed, **start)


def trial(
    seed: int,
    network: str,
    size: int,
    rule: str,
    length: int = 2000,
    rate: float = 0.0,
    epochs: int = 0,
    scale: float = 0.5,
    **options: Any,
) -> dict[str, Any]:
    """Learn one series, and predict another of 3,000 steps.

    `rate` is the ridge of least squares, or the rate of a learning rule.
    """
    series = Narma10(length).sample(np.random.default_rng([seed, 1]))
    test = Narma10(3000).sample(np.random.default_rng([seed, 2]))
    start = uniform(scale)
    net = build(
        network, size, seed, initializer=start, bias_initializer=start, **options
    )
    diverged = False
    if rule == "least squares":
        fit_readout(net, series.inputs, series.targets, ridge=rate, washout=WASHOUT)
    else:
        diverged = train_on(net, series, rule, rate, epochs, washout=WASHOUT)
    return {"nmse": nmse(net, test, WASHOUT), "diverged": diverged}


TABLE = PaperTable(
    trial,
    [
        *(
            Row(
                f"Liquid, {size} units",
                network="Liquid",
                size=size,
                rule="least squares",
                rate=1e-9,
                scale=0.1,
                spectral_radius=0.85,
            )
            for size in (50, 100, 200)
        ),
        Row("LSTM 1-10-1, online", seeds=20, rule="online", rate=0.01, epochs=300),
        Row(
            "LSTM 1-10-1, exact online",
            seeds=20,
            rule="exact online",
            rate=0.1,
            epochs=100,
        ),
        Row(
            "LSTM 1-10-1, through time with Adam",
            seeds=20,
            rule="through time",
            rate=0.03,
            epochs=1500,
        ),
    ],
    [Measure("nmse", "NMSE", ".3f")],
    solved=None,
    shared={"network": "LSTM", "size": 10},
)
