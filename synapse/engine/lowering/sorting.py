"""The order of neurons and connections in a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..records import Ties
from ..schema import CONNECTION, NONE
from .loops.ranges import MIN_WIDE_NEURONS, REMOVED
from .ranges import concat_ranges, order_of

if TYPE_CHECKING:
    from ..store_rows import StoreRows

MAX_WHOLE_MOVES = 1 << 12
"""Connections whose columns are all moved, without a look which of them vary. ``python
-m benchmarks.constants lowering.sorting.MAX_WHOLE_MOVES``: rows take 0.94 to 1.68 times
as long with a tenth, 0.96 to 1.41 times with ten times."""
MIN_NARROW_KEYS = 1 << 12
"""Ranges from which on their numbers are made small before they are sorted: at 1,000
that takes as long as sorting them as they are, at 10,000 a fifth."""


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


class Moves(NamedTuple):
    """The connections that sorting moves, and their number when it has."""

    rows: NDArray[np.int64]  # in their new order, in which they follow each other
    start: int  # the first of their new rows
    highest: int  # no row from here on is moved
    kept: int


def order_connections(store: StoreRows, work: NDArray[np.int64], ranges: int) -> Moves:
    """Sort connections by target, then trainable first, a self-connection last, by
    delay, without a gater first, by gater, by source; drop removed ones.

    Whole ranges are sorted: `work` has them, see ``loops/ranges.py``.
    """
    count = store.n_connections
    firsts = work[2 * store.n_neurons :]
    major = firsts[count + 1 :][:ranges]
    if store.n_neurons < MIN_WIDE_NEURONS and not store.columns["ties"][Ties.DELAYS]:
        order = order_of_ranges(store, major)
    else:
        order = np.lexsort((firsts[2 * count + 1 :][:ranges], major))
    order = order[: major.searchsorted(REMOVED, sorter=order)]
    # ranges that stay neighbours move together, and the first ones not at all
    shift = np.zeros(len(order) + 2, np.int64)
    shift[1:-1] = order - np.arange(len(order))
    shift[-1] = count  # more than any
    parted = (shift[1:] != shift[:-1]).nonzero()[0]
    del shift  # millions of connections take gigabytes
    start = int(firsts[parted[0]])
    starts = firsts[order[parted[:-1]]]
    stops = firsts[order[parted[1:] - 1] + 1]
    del order, parted
    if count < MAX_WHOLE_MOVES:
        rows = concat_ranges(starts, stops - starts)
        kept = highest = start + len(rows)
    else:
        kept = start + int((stops - starts).sum())
        starts, stops = without_unmoved(start, starts, stops)
        rows = concat_ranges(starts, stops - starts)
        highest = int(stops.max(initial=start + len(rows)))
    return Moves(rows, start, highest, kept)


def order_of_ranges(store: StoreRows, keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the order of ranges whose numbers are those of ``key_of``.

    Where nothing is gated, the numbers leave out the gater. They then leave room for
    the place of the range, and `order_of` sorts both as one.
    """
    if len(keys) < MIN_NARROW_KEYS or (store["gater"] != NONE).any():
        return keys.argsort(kind="stable")
    n = store.n_neurons
    narrow: NDArray[np.int64] = keys // ((n + 1) * n)
    narrow *= n
    narrow += keys % n
    np.minimum(narrow, 4 * (n + 1) * n, out=narrow)  # removed ones stay the last
    return order_of(narrow)


def move_connections(store: StoreRows, moves: Moves) -> None:
    """Move the connections that `order_connections` has found."""
    rows, start, highest, kept = moves
    stop = start + len(rows)
    columns = store.columns
    taken = {
        column.name: columns[column.name].take(rows)
        for column in CONNECTION
        if column.name == "identity" or varies(columns[column.name][start:highest])
    }
    new_rows = np.arange(start, stop, dtype=np.uint32)
    # if memory had run out before, nothing would have moved
    for name, values in taken.items():
        columns[name][start:stop] = values
    store.n_connections = kept
    store.row_of[taken["identity"]] = new_rows


def without_unmoved(
    start: int, starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the ranges to move one after the other from a row on. The last ones are
    left out if they stay where they are, as after the same number of rows.
    """
    new_stops = start + (stops - starts).cumsum()
    count = (stops != new_stops).nonzero()[0].max(initial=-1) + 1
    return starts[:count], stops[:count]


def varies(values: NDArray[Any]) -> bool:
    """Return whether there are several values: most connections have no gater, sign or
    tie. It is not worth a look at few.
    """
    return len(values) < MAX_WHOLE_MOVES or bool((values != values[0]).any())
