"""The mean cost of a network on data, without learning."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from .._typing import Floats
from ..cost import Cost
from ..engine.guard import InUse
from ..network import Network
from ._data import Data, new_control, one_pass


@dataclass(frozen=True)
class Evaluation:
    """The mean cost of `steps` steps with a target."""

    error: float
    steps: int


def mean_cost(network: Network, data: Data, cost: Cost, weights: Floats | None = None) -> Evaluation:
    """The mean cost per step with a target. Random neurons output their means; no weight changes.

    With weights, shape (rows,), the mean is weighted, and steps of weight 0 do not count.
    """
    with _deterministic(network):
        if weights is None:
            total, steps = one_pass(network, data, data.filled, cost, None, new_control())
            return Evaluation(total / steps if steps else math.nan, steps)
        counted = replace(data, aimed=data.aimed * (weights > 0))
        total, steps = 0.0, 0
        for part, weight in _by_weight(counted, weights):
            summed, aimed = one_pass(network, part, part.filled, cost, None, new_control())
            total, steps = total + weight * summed, steps + aimed
    return Evaluation(total / float(weights[counted.aimed == 1].sum()) if steps else math.nan, steps)


def _by_weight(data: Data, weights: Floats) -> Iterator[tuple[Data, float]]:
    """Split the data into parts of consecutive rows with equal weight, within sequences."""
    begins = data.bounds[: -1 if data.clear else 0].astype(np.int64)
    firsts = np.union1d(begins, np.flatnonzero(np.diff(weights, prepend=np.nan)))
    firsts = firsts[firsts < len(weights)]  # the last sequences may be empty
    stretches, begun = pairwise([*firsts.tolist(), len(weights)]), np.isin(firsts, begins).tolist()
    for (first, last), clear in zip(stretches, begun, strict=True):
        yield data.rows(first, last, clear), float(weights[first])


@contextmanager
def _deterministic(network: Network) -> Iterator[None]:
    """Make random neurons output their means within the block."""
    with InUse(network):
        network._ready()  # rows are sorted
        deterministic = network._store["deterministic"].copy()
        network.deterministic = True
        try:
            yield
        finally:
            network._store["deterministic"][:] = deterministic
