"""The order of neurons and connections in a store."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..columns import has_numbers
from ..schema import CONNECTION, NONE
from ..store_rows import StoreRows


def sort_neurons(store: StoreRows) -> None:
    """Sort neurons: networks one after the other, each in activation order, then other
    neurons.
    """
    network = store["network"]
    # neurons without a network come last
    key = (network - np.uint32(1)).astype(np.uint64) << 32
    key |= store["position"] * (network != 0)
    order = np.argsort(key, kind="stable")
    order = order[
        np.array([handle is not None for handle in store.handles], bool)[order]
    ]
    new_row = np.full(store.n_neurons + 1, NONE, np.uint32)
    new_row[order] = np.arange(len(order), dtype=np.uint32)
    pending = store.program.pending
    if not pending.are_none:
        pending = pending.renamed(new_row)
    store.sort_neurons(order, new_row)
    store.program.pending = pending


def move_connections(store: StoreRows, moves: NDArray[np.int64]) -> None:
    """Move connections to where ``loops.find_ranges`` has found that they belong."""
    start, stop, kept = moves[:3].tolist()
    rows = moves[3 : 3 + stop - start]
    columns = [store.columns[column.name] for column in CONNECTION]
    moving = [c for c in columns if has_numbers(c[start : store.n_connections])]
    room = np.empty(len(rows), np.uint64)
    new_rows = np.arange(start, stop, dtype=np.uint32)
    # if memory had run out before, nothing would have moved
    for values in moving:
        moved = room.view(values.dtype)[: len(rows)]
        values.take(rows, out=moved, mode="clip")  # "raise" takes a copy
        values[start:stop] = moved
    store.n_connections = kept
    rows[:] = store.columns["identity"][start:stop]  # as an index it would be copied
    store.row_of[rows] = new_rows
