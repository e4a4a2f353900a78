"""NARMA10: reservoirs and an LSTM beside published reservoirs."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import Network
from ...initializers import uniform
from ...learning import fit_readout
from ...tasks import Narma10
from ._forecast import nmse, train_on

WASHOUT = 200


def build(kind: str, size: int, seed: int, **options: Any) -> Network:
    """Build one of the networks of the table."""
    import architect

    if kind == "Liquid":
        return architect.Liquid(1, size, 1, seed=seed, **options)
    start = {"initializer": uniform(0.5), **options}
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
    net = build(network, size, seed, initializer=start, bias_initializer=start, **options)
    diverged = False
    if rule == "least squares":
        fit_readout(net, series.inputs, series.targets, ridge=rate, washout=WASHOUT)
    else:
        diverged = train_on(net, series, rule, rate, epochs, washout=WASHOUT)
    return {"nmse": nmse(net, test, WASHOUT), "diverged": diverged}
