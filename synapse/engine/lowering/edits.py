"""Lower a store again after a few connections have been added or removed. Only their
targets are laid out anew.

In a lowered store, the connections of a neuron are consecutive rows, and so are its
runs. An edit makes the runs of its target longer or shorter. All other runs are moved
by as many rows, without being read. The result equals that of `lower` for the same
topology.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..columns import has_numbers
from ..records import Ties
from ..schema import CONNECTION, INPUT, KEPT, NONE, PROGRAM
from ..store_rows import StoreRows
from .flags import GATED, GATES, KEEPS, LAGGED, MEMORY, STEPPED
from .loops import find_few_runs
from .ranges import concat_ranges
from .runner import run

MIN_CONNECTIONS = 1 << 15
"""Number of connections in a store below which laying out everything anew is as fast.
``python -m benchmarks.variants lowering.edits.MIN_CONNECTIONS``: rows take 1.00 to
1.44 times as long with a tenth, 1.03 to 2.00 times with ten times.
"""
MAX_CHANGED_NEURONS = 256
"""Maximum number of neurons whose connections may change. ``python -m
benchmarks.variants lowering.edits.MAX_CHANGED_NEURONS``: rows take 1.01 to 3.68 times
as long with a tenth, 0.97 to 0.99 times with ten times.
"""
FEW_RANGES = 4
"""Maximum number of ranges of moved rows that are counted row by row. More are looked
up. ``python -m benchmarks.variants lowering.edits.FEW_RANGES``: rows take 0.99 to 1.28
times as long with a tenth, 0.98 to 1.96 times with ten times.
"""
CHUNK = 1 << 15
"""Number of identities whose rows are changed together, to stay in the cache. ``python
-m benchmarks.variants lowering.edits.CHUNK``: rows take 1.32 times as long with a
tenth, 1.15 times with ten times.
"""

_OF_RUNS = [column.name for column in PROGRAM if column.axis == "run"]


class ChangedNeurons(NamedTuple):
    """The neurons whose connections have changed, in order, and their rows."""

    neurons: NDArray[np.int64]
    starts: NDArray[np.int64]  # their rows before the change
    stops: NDArray[np.int64]
    lengths: NDArray[np.int64]  # present number of connections of each
    rows: NDArray[np.int64]  # where these are before rows are moved


def are_known(store: StoreRows) -> bool:
    """Return whether a store is large, and nothing else has changed since it was
    lowered.
    """
    return store.removed_rows is not None and store.n_lowered >= MIN_CONNECTIONS


def change_of(store: StoreRows) -> ChangedNeurons | None:
    """Return the changes since a store was lowered, or None if everything has to be
    laid out anew.
    """
    c = store.columns
    n_lowered = store.n_lowered
    ties = c["ties"]
    tied = ties[Ties.RANGES] or ties[Ties.BIAS_RANGES] or ties[Ties.INTERNAL]
    if tied or np.bitwise_or.reduce(c["flags"]) & (GATED | GATES):
        return None
    # A row that has been added and removed since no longer has a target.
    added = np.arange(n_lowered, store.n_connections)
    added = added[c["target"][added] != NONE]
    removed = np.concatenate([added[:0], *(store.removed_rows or ())])
    removed = removed[removed < n_lowered]
    if c["delay"][added].any() or c["delay"][removed].any():
        return None
    firsts = c["first_incoming"].astype(np.int64)
    # Neurons without connections begin where the next one does.
    had = np.searchsorted(firsts, removed, side="right") - 1
    neurons = np.unique(np.concatenate([had, c["target"][added]]).astype(np.int64))
    alone = c["group_stop"][neurons] - c["group_first"][neurons] == 1
    if (
        len(neurons) > MAX_CHANGED_NEURONS
        or not alone.all()
        or (c["role"][neurons] == INPUT).any()
    ):
        return None
    starts = firsts[neurons]
    stops = np.append(firsts, n_lowered)[neurons + 1]
    rows = concat_ranges(starts, stops - starts)
    rows = np.concatenate([rows[c["target"][rows] != NONE], added])
    source = c["source"][rows]
    target = c["target"][rows]
    fixed = c["trainable"][rows] == 0
    delay = c["delay"][rows]
    is_memory = (source == target) & (delay == 0)
    rows = rows[np.lexsort((source, delay, is_memory, fixed, target))]
    lengths = np.bincount(
        np.searchsorted(neurons, c["target"][rows]), minlength=len(neurons)
    )
    return ChangedNeurons(neurons, starts, stops, lengths, rows)


def apply(store: StoreRows, change: ChangedNeurons) -> int:
    """Make the rows and runs of a changed store. Returns the combined flags of all
    neurons.
    """
    added = store.columns["sign"][store.n_lowered : store.n_connections]
    store.columns["ties"][Ties.SIGNED] |= np.uint64(added.any())
    # By neuron: by how many rows its connections move.
    grown = np.zeros(store.n_neurons + 1, np.int64)
    grown[change.neurons + 1] = change.lengths - (change.stops - change.starts)
    shift = np.cumsum(grown)
    _move_rows(store, change, shift)
    return _make_runs(store, change, shift[:-1])


def _move_rows(
    store: StoreRows, change: ChangedNeurons, shift: NDArray[np.int64]
) -> None:
    """Move the connections of changed neurons, and those after them, to their new
    rows.
    """
    new_rows = concat_ranges(change.starts + shift[change.neurons], change.lengths)
    ranges = _moved_ranges(store, change, shift)
    unused = () if store["kept_stamp"].any() else KEPT
    saved = {
        column.name: store.columns[column.name][change.rows]
        for column in CONNECTION
        if column.name not in unused
    }
    # No step from here on can fail, because a store must not be half moved.
    for name, values in saved.items():
        column = store.columns[name]
        if not has_numbers(column[: store.n_connections]):
            continue
        memory = column.data  # moves in place, where NumPy makes a copy
        for begin, stop, by in ranges:
            memory[begin + by : stop + by] = memory[begin:stop]
        column[new_rows] = values
    _follow(store, change, shift)
    store.row_of[saved["identity"]] = new_rows
    store.n_connections = store.n_lowered + int(shift[-1])


def _moved_ranges(
    store: StoreRows, change: ChangedNeurons, shift: NDArray[np.int64]
) -> list[tuple[int, int, int]]:
    """Return the ranges of rows between changed neurons, and the distances that they
    move, in an order in which no row is overwritten before it has moved.
    """
    starts = change.stops
    stops = np.append(change.starts, store.n_lowered)[1:]
    by = shift[change.neurons + 1]
    ranges = np.transpose([starts, stops, by])[(starts < stops) & (by != 0)]
    back = [tuple(row) for row in ranges.tolist() if row[2] < 0]
    forth = [tuple(row) for row in ranges.tolist() if row[2] > 0]
    return [*back, *forth[::-1]]


def _follow(store: StoreRows, change: ChangedNeurons, shift: NDArray[np.int64]) -> None:
    """Update the rows of the identities that have moved."""
    n_lowered = store.n_lowered
    by = np.diff(shift[change.neurons + 1], prepend=0)
    grown = [
        (np.uint32(begin), np.uint32(rows % (1 << 32)))
        for begin, rows in zip(change.stops.tolist(), by.tolist(), strict=True)
        if rows
    ]
    if len(grown) > FEW_RANGES:
        start = int(change.starts[0])
        stop = n_lowered + int(shift[-1])
        identity = store.columns["identity"][start:stop]
        store.row_of[identity] = np.arange(start, stop, dtype=np.uint32)
        return
    for start in range(0, store.n_identities, CHUNK):
        rows = store.row_of[start : min(start + CHUNK, store.n_identities)]
        before = rows.copy()
        for begin, by_rows in grown:
            # Unsigned, therefore true for rows from `begin` on, and false for removed
            # ones.
            rows += (before - begin < np.uint32(n_lowered) - begin) * by_rows


def _make_runs(
    store: StoreRows, change: ChangedNeurons, shift: NDArray[np.int64]
) -> int:
    """Shift the runs that stay, and find those of changed neurons."""
    c = store.columns
    run_start = c["run_start"].astype(np.int64)
    counts = c["run_stop"].astype(np.int64) - run_start
    old_runs = store.n_runs
    c["flags"] &= MEMORY | LAGGED | KEEPS
    c["run_flags"] &= 0xFF ^ STEPPED
    c["run_first"][:old_runs] += np.repeat(shift, counts).astype(np.uint32)
    selves = c["self_row"] != NONE
    c["self_row"][selves] += shift[selves].astype(np.uint32)
    c["first_incoming"] += shift.astype(np.uint32)
    room = int(change.lengths.sum())
    for name in _OF_RUNS:
        c[name] = np.concatenate([c[name][:old_runs], np.empty(room, c[name].dtype)])
    few = len(change.neurons)
    start = 2 * store.n_neurons
    work = np.empty(start + 2 + few + room + 1, np.int64)
    work[start : start + 2 + few] = [old_runs, few, *change.neurons]
    run(find_few_runs, store, work)
    # The new runs take the places of the previous runs of these neurons.
    run_starts = run_start.copy()
    run_starts[change.neurons] = c["run_start"][change.neurons]
    counts[change.neurons] = (
        c["run_stop"][change.neurons].astype(np.int64) - run_starts[change.neurons]
    )
    order = concat_ranges(run_starts, counts)
    for name in _OF_RUNS:
        c[name] = c[name][order]
    ends = np.cumsum(counts)
    c["run_stop"][:] = ends
    c["run_start"][:] = ends - counts
    store.n_runs = len(order)
    return int(np.bitwise_or.reduce(c["flags"]))
