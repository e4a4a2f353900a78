"""Parts of the tables of series: networks that learn a series, by least squares or by a
learning rule."""

from __future__ import annotations

import numpy as np

from synapse._typing import Floats
from synapse.errors import DivergenceError
from synapse.learning import Cosine
from synapse.objects.network import Network
from synapse.tasks import Sample

from ._learn import trainer

SKIPPED = 30
"""Steps at the beginning of each piece that have no target, through time: the context
is cleared before."""


def train_on(
    network: Network,
    series: Sample,
    rule: str,
    rate: float,
    epochs: int,
    piece: int = 100,
    washout: int = 0,
) -> bool:
    """Train on one series several times, at a falling rate; return whether it diverged.

    Online, the series is a stream and the context is never cleared; the first `washout`
    steps have no target. Through time, it is cut into pieces of `piece` steps, of which
    the first 30 have no target and overlap with the piece before."""
    inputs = series.inputs
    targets = series.targets.copy()
    targets[:washout] = np.nan
    learner = trainer(network, rule, Cosine(rate, epochs=epochs))
    try:
        if rule == "through time":
            learner.train(
                *pieces(inputs, targets, piece), epochs=epochs, seed=0, progress=False
            )
        else:
            learner.train(inputs, targets, epochs=epochs, progress=False)
    except DivergenceError:
        return True
    return False


def pieces(inputs: Floats, targets: Floats, piece: int) -> tuple[Floats, Floats]:
    """Overlapping pieces of a series, shape (S, piece, n) and (S, piece, m), for
    training through time."""
    stride = piece - SKIPPED
    starts = range(0, len(inputs) - piece + 1, stride)
    rows, goals = (
        np.stack([array[a : a + piece] for a in starts]) for array in (inputs, targets)
    )
    goals[:, :SKIPPED] = np.nan
    return rows, goals


def nmse(network: Network, series: Sample, washout: int) -> float:
    """Mean squared error of one-step predictions from a cleared context, divided by the
    targets' variance."""
    network.clear()
    outputs = network.run(series.inputs)
    errors = (outputs - series.targets)[washout:]
    targets = series.targets[washout:]
    return float(np.mean(errors**2) / np.var(targets))
