"""The order of the rows of neurons and connections: the first part of lowering."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..._typing import Bools
from ..schema import INPUT, NONE, PROGRAM
from .flags import GATED, MEMORY
from .program import Traces

if TYPE_CHECKING:
    from ..store import Store


def order_neurons(store: Store, kept: list[Traces]) -> None:
    """Order of neurons: networks one after the other, each in activation order, then other neurons."""
    network, position = store["network"].astype(np.int64), store["position"]
    alive = np.array([view is not None for view in store.views], bool)
    key = np.where(network == 0, np.iinfo(np.int64).max, network)
    order = np.lexsort((np.where(network == 0, 0, position), key))
    order = order[alive[order]]
    if len(order) == store.n_neurons and np.array_equal(order, np.arange(len(order))):
        return
    new_row = store.sort_neurons(order)
    for traces in kept:
        traces.renamed(new_row)


def order_connections(store: Store) -> None:
    """Order of connections: by target, then trainable first, ungated first, self-connection last."""
    source, target, gater = store["source"], store["target"], store["gater"]
    major = target.astype(np.int64) << 2
    major |= ((store["trainable"] == 0).astype(np.uint8) << 1) | (source == target)
    minor = source.astype(np.int64)
    gated = gater != NONE
    if gated.any():
        minor |= (gater.astype(np.int64) + 1) << 32 & -gated.astype(np.int64)
    alive = target != NONE
    if alive.all():
        increasing = (major[1:] > major[:-1]) | ((major[1:] == major[:-1]) & (minor[1:] > minor[:-1]))
        if increasing.all():
            return
    order = np.lexsort((minor, major))
    store.sort_connections(order[alive[order]])


def lay_out_nodes(store: Store) -> None:
    """The columns with one row per neuron that follow from the order of connections."""
    n, c = store.n_neurons, store.columns
    target = store["target"]
    for column in PROGRAM:
        if column.axis == "node":
            c[column.name] = np.zeros(n, column.dtype)
    c["first_incoming"] = np.searchsorted(target, np.arange(n, dtype=np.uint32)).astype(np.uint32)
    c["learning"] = np.bincount(target[store["trainable"] != 0], minlength=n).astype(np.uint32)
    rows = np.flatnonzero(store["source"] == target)
    c["self_row"] = np.full(n, NONE, np.uint32)
    c["self_gater"] = np.full(n, NONE, np.uint32)
    c["self_row"][target[rows]] = rows
    c["self_gater"][target[rows]] = store["gater"][rows]
    c["flags"][target[rows]] |= MEMORY
    c["flags"][target[store["gater"] != NONE]] |= GATED


def pure_inputs(store: Store) -> Bools:
    """Inputs of a lowered store without incoming connections: they are clamped, and get no error."""
    first = store.columns["first_incoming"]
    incoming = np.diff(first.astype(np.int64), append=store.n_connections)
    return np.asarray((store["role"] == INPUT) & (incoming == 0))
