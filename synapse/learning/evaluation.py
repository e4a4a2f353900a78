"""The mean cost of a network on data, without learning."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .._checks import counted
from .._typing import Floats
from ..cost import Cost, in_words
from ..engine.guard import InUse
from ..objects.network import Network
from ..objects.recording import record
from ._data import Data, new_control, one_pass
from .classes import classes_of, classified


@dataclass(frozen=True)
class Evaluation:
    """The result of :meth:`Trainer.test`.

    The last two are None unless the targets are classes: every target is one-hot, or 0 or 1 for a single
    output. The class that a network names is its largest output, or whether a single output is above 0.5.

    Parameters
    ----------
    error : float
        Mean cost of the steps with a target.
    steps : int
        Number of these steps.
    cost : str
        Name of the cost.
    confusion : ndarray of int, shape (classes, classes), optional
        ``confusion[i, j]`` is the number of steps of class i for which the network has named class j.
    misclassified : ndarray of int, optional
        Numbers of the samples or sequences with a step for which it has named another class; of a stream into
        a network with memory the numbers of these steps.
    """

    error: float
    steps: int
    cost: str
    confusion: NDArray[np.int64] | None = field(default=None, compare=False)
    misclassified: NDArray[np.int64] | None = field(default=None, compare=False)

    @property
    def accuracy(self) -> float | None:
        """Fraction of the steps for which the network has named the right class; None without classes."""
        if self.confusion is None:
            return None
        return float(np.trace(self.confusion) / self.confusion.sum())

    def __repr__(self) -> str:
        right = "" if self.accuracy is None else f", accuracy {100 * self.accuracy:.4g} %"
        return (
            f"<Evaluation: {in_words(self.cost)} {self.error:.6g} over {counted(self.steps, 'step')}{right}>"
        )


def mean_cost(network: Network, data: Data, cost: Cost, weights: Floats | None = None) -> Evaluation:
    """The mean cost per step with a target. Random neurons output their means; no weight changes.

    With weights, shape (rows,), the mean is weighted, and steps of weight 0 do not count.
    """
    with deterministic(network):
        if weights is None:
            total, steps = one_pass(network, data, data.filled, cost, None, new_control())
            return Evaluation(total / steps if steps else math.nan, steps, cost.name)
        weighted = replace(data, aimed=data.aimed * (weights > 0))
        total, steps = 0.0, 0
        for part, weight in _by_weight(weighted, weights):
            summed, aimed = one_pass(network, part, part.filled, cost, None, new_control())
            total, steps = total + weight * summed, steps + aimed
    mean = total / float(weights[weighted.aimed == 1].sum()) if steps else math.nan
    return Evaluation(mean, steps, cost.name)


def evaluated(network: Network, data: Data, cost: Cost, weights: Floats | None = None) -> Evaluation:
    """As :func:`mean_cost`, and how the network classifies, if the targets are classes.

    The outputs are recorded as they are computed, so a network that is being recorded has no such counts.
    """
    classes = classes_of(data, weights)
    if classes is None or network._store.recorder is not None:
        return mean_cost(network, data, cost, weights)
    with record(network, neurons=network.output) as log:
        found = mean_cost(network, data, cost, weights)
    return replace(found, **classified(data, classes, log.activation)._asdict())


def _by_weight(data: Data, weights: Floats) -> Iterator[tuple[Data, float]]:
    """Split the data into parts of consecutive rows with equal weight, within sequences."""
    begins = data.bounds[: -1 if data.clear else 0].astype(np.int64)
    firsts = np.union1d(begins, np.flatnonzero(np.diff(weights, prepend=np.nan)))
    firsts = firsts[firsts < len(weights)]  # the last sequences may be empty
    stretches, begun = pairwise([*firsts.tolist(), len(weights)]), np.isin(firsts, begins).tolist()
    for (first, last), clear in zip(stretches, begun, strict=True):
        yield data.rows(first, last, clear), float(weights[first])


@contextmanager
def deterministic(network: Network) -> Iterator[None]:
    """Make random neurons output their means within the block."""
    with InUse(network):
        network._ready()  # rows are sorted
        before = network._store["deterministic"].copy()
        network.deterministic = True
        try:
            yield
        finally:
            network._store["deterministic"][:] = before
