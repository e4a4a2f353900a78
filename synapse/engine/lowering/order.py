"""The order of the rows of neurons and connections: the first part of lowering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..._typing import Bools
from ..schema import INPUT, NONE
from .changes import Basis, LastLowering, Moved, Part, incoming_rows, put, replace_rows
from .flags import GATED, MEMORY
from .program import Traces

if TYPE_CHECKING:
    from ..store import Store


def order_neurons(store: Store, kept: list[Traces]) -> Moved | None:
    """Order of neurons: networks one after the other, each in activation order, then other neurons.

    Returns None if they are in this order already.
    """
    network = store["network"]
    key = (network - np.uint32(1)).astype(np.uint64) << 32  # neurons without a network come last
    key |= store["position"] * (network != 0)
    alive = np.array([view is not None for view in store.views], bool)
    if alive.all() and (key[1:] >= key[:-1]).all():
        return None
    order = np.argsort(key, kind="stable")
    order = order[alive[order]]
    new_row = store.sort_neurons(order)
    for traces in kept:
        traces.renamed(new_row)
    return Moved(order, new_row)


def order_connections(store: Store, before: LastLowering, changed: Bools, basis: Basis | None) -> Part:
    """Order of connections: by target, then trainable first, ungated first, self-connection last.

    Returns the part of the store that has changed. Connections into other neurons stay in order.
    """
    if basis is not None and not changed.all():
        rows = incoming_rows(store, before, changed, basis.connections)
        part = replace_rows(store, before, changed, rows[np.lexsort(_keys(store, rows))])
        if part is not None:
            return part
    order_all_connections(store)
    return Part(store, np.ones(store.n_neurons, bool), None)


def order_all_connections(store: Store) -> None:
    """Sort all connections, unless they are in order."""
    minor, major = _keys(store, slice(None))
    alive = store["target"] != NONE
    if alive.all():
        increasing = (major[1:] > major[:-1]) | ((major[1:] == major[:-1]) & (minor[1:] > minor[:-1]))
        if increasing.all():
            return
    order = np.lexsort((minor, major))
    store.sort_connections(order[alive[order]])


def _keys(store: Store, rows: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keys of the order of connections, the last one first."""
    source, target, gater = store["source"][rows], store["target"][rows], store["gater"][rows]
    major = target.astype(np.int64) << 2
    major |= ((store["trainable"][rows] == 0).astype(np.uint8) << 1) | (source == target)
    minor = source.astype(np.int64)
    gated = gater != NONE
    if gated.any():
        minor |= (gater.astype(np.int64) + 1) << 32 & -gated.astype(np.int64)
    return minor, major


def lay_out_nodes(store: Store, before: LastLowering, part: Part) -> None:
    """The columns with one row per neuron that follow from the order of connections."""
    n, c, new = store.n_neurons, store.columns, part.chosen
    target, own = part["target"], np.flatnonzero(part["source"] == part["target"])
    count = np.where(new, np.bincount(target, minlength=n), before.incoming)
    first = np.cumsum(count) - count
    learning = np.bincount(target[part["trainable"] != 0], minlength=n)
    self_row = np.where(new | (before.own < 0), NONE, first + before.own)
    self_row[target[own]] = part.rows_of(own)
    self_gater = np.where(new, NONE, before.self_gater)
    self_gater[target[own]] = part["gater"][own]
    flags = np.where(new, 0, before.flags)
    flags[target[own]] |= MEMORY
    flags[target[part["gater"] != NONE]] |= GATED
    put(c, "first_incoming", first)
    put(c, "learning", np.where(new, learning, before.learning))
    put(c, "self_row", self_row)
    put(c, "self_gater", self_gater)
    put(c, "flags", flags)


def pure_inputs(store: Store) -> Bools:
    """Inputs of a lowered store without incoming connections: they are clamped, and get no error."""
    first = store.columns["first_incoming"]
    none = np.empty(len(first), bool)
    np.equal(first[1:], first[:-1], out=none[:-1])
    none[-1:] = first[-1:] == store.n_connections
    return np.asarray((store["role"] == INPUT) & none)
