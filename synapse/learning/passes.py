"""One compiled pass through data, by the online rule or without learning."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .. import engine
from .._registration import require_sound
from .._typing import Floats
from ..cost import Cost
from ..engine.guard import InUse
from ..engine.store import Store
from ..network import Network
from .data import Data

KEPT = 64
"""Outputs whose costs are summed together, so that their logarithms vectorise."""


def in_order(data: Data) -> NDArray[np.uint64]:
    """The numbers of all sequences that have a step, as they were given: empty ones count for nothing."""
    return np.flatnonzero(np.diff(data.bounds)).astype(np.uint64)


def new_control() -> NDArray[np.uint64]:
    """What a running epoch and its watcher share: [stop asked for, rows done]."""
    return np.zeros(2, np.uint64)


def one_pass(
    network: Network,
    data: Data,
    order: NDArray[np.uint64],
    cost: Cost,
    rate: float | None,
    control: NDArray[np.uint64],
    ready: tuple[int, Store, NDArray[np.uint64]] | None = None,
) -> tuple[float, int]:
    """One compiled pass through the data; `rate` None: without learning. Summed cost, steps aimed at.

    The caller has the network in use. In another thread this needs what ``network._ready()`` has returned.
    """
    data.require_fit(network)
    address, store, span = ready or network._ready()
    if store.recorder is not None:
        store.recorder.make_room(len(data.inputs))
    total, steps = engine.online.train_network(
        address,
        store.unit,
        span,
        data.inputs.reshape(-1),
        data.targets.reshape(-1),
        data.aimed,
        data.bounds,
        order,
        data.clear,
        cost.code,
        store.dtype.type(0.0 if rate is None else rate),
        rate is not None,
        np.empty(2 * max(KEPT, network._n_outputs)),
        control,
    )
    if total != total:
        require_sound(store["failed"])
    return total, int(steps)


def judged(network: Network, data: Data, cost: Cost) -> tuple[float, int]:
    """A pass without learning, in which random neurons give their means."""
    with _deterministic(network):
        return one_pass(network, data, in_order(data), cost, None, new_control())


def weighed(network: Network, data: Data, cost: Cost, weights: Floats) -> tuple[float, float, int]:
    """The same, each row counting by its weight. Summed cost, summed weights, steps that count."""
    counted = replace(data, aimed=data.aimed * (weights > 0))
    total, steps = 0.0, 0
    with _deterministic(network):
        for part, weight in _alike(counted, weights):
            one, aimed = one_pass(network, part, in_order(part), cost, None, new_control())
            total, steps = total + weight * one, steps + aimed
    return total, float(weights[counted.aimed == 1].sum()), steps


def _alike(data: Data, weights: Floats) -> Iterator[tuple[Data, float]]:
    """The data in stretches of rows of one weight, the context cleared where sequences begin."""
    begins = data.bounds[: -1 if data.clear else 0].astype(np.int64)
    firsts = np.union1d(begins, np.flatnonzero(np.diff(weights, prepend=np.nan)))
    firsts = firsts[firsts < len(weights)]  # the last sequences may be empty
    stretches, begun = pairwise([*firsts.tolist(), len(weights)]), np.isin(firsts, begins).tolist()
    for (first, last), clear in zip(stretches, begun, strict=True):
        yield data.rows(first, last, clear), float(weights[first])


@contextmanager
def _deterministic(network: Network) -> Iterator[None]:
    """Random neurons give their means."""
    with InUse(network):
        network._ready()  # rows are sorted
        deterministic = network._store["deterministic"].copy()
        network.deterministic = True
        try:
            yield
        finally:
            network._store["deterministic"][:] = deterministic
