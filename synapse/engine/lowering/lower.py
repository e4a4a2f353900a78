"""Lowering: from a topology to the program of the kernels.

Neurons are sorted into activation order, the incoming connections of a neuron become
consecutive rows, and consecutive sources become runs. The program does not depend on
how the topology came about.
"""

from __future__ import annotations

import numpy as np

from ..records import Ties
from ..schema import MAX_DELAYS
from ..store_rows import StoreRows
from . import edits, gating, lists, loops, rings, ties
from .flags import MEMORY
from .program import Program, restore
from .room import cut, make_room
from .runner import run
from .sorting import move_connections, sort_neurons

SPARE_RUNS = 1 << 10
"""Rows of runs that may be left over, so that a small network keeps its columns from
one lowering to the next: with 128, an edit of 160 connections takes 1.4 times as
long."""


def lower(store: StoreRows) -> None:
    """Make the program columns of `store` from its topology; numbers and traces are
    preserved.
    """
    # so that the next lowering has them if this one fails
    traces = store.program.traces(store)
    store.program = Program(0, traces, placed=store.program.placed)
    change = edits.change_of(store) if edits.are_known(store) else None
    store.removed_rows = None  # so that all is lowered anew if this fails
    flags = lower_all(store) if change is None else edits.apply(store, change)
    if flags & MEMORY or gating.has_traces(store):
        gating.lay_out(store, flags)
    pasts = len(store.program.pending.past_neuron)
    delays = store.columns["ties"][Ties.DELAYS] or pasts
    if delays or len(store.columns["past"]):
        rings.lay_out(store)
    run(loops.join_neurons, store, np.empty(store.n_neurons + 1, np.int64))
    lists.lay_out(store)
    if delays:
        rings.restore(store, store.program.pending)
    pending = store.program.pending
    empty = pending.are_none and store.program.placed is None
    if flags & MEMORY and not (empty and _is_as_made(store)):
        restore(
            store, pending
        )  # new traces begin with what has been read, from rings, too
    store.program = Program(0, made=True)  # identities can be renumbered now
    store.n_lowered = store.n_connections
    store.removed_rows = []


def _is_as_made(store: StoreRows) -> bool:
    """Return whether no neuron has an activation, so that all traces begin with 0."""
    names = "stamp", "activation", "old_activation"
    return not any(store[name].any() for name in names)


def lower_all(store: StoreRows) -> int:
    """Sort neurons and connections, and divide these into runs; returns the flags of
    all neurons together.
    """
    ordered, _ = run(loops.count_ordered, store)
    if ordered < store.n_neurons or (store.n_removed and None in store.handles):
        sort_neurons(store)
    tied, _ = run(loops.survey, store)
    if tied:
        ties.number_groups(store)
    n = store.n_neurons
    # three numbers for each connection, and one for each number it is sorted by: the
    # system has memory for those that are written
    size = 6 * n + 3 * store.n_connections + MAX_DELAYS + 16
    work = np.empty(size, np.int64)
    _, place = run(loops.find_ranges, store, work)
    if place:
        move_connections(store, work[place:])
        run(loops.find_ranges, store, work)
    if tied:
        ties.lay_out(store)
    make_room(store, "node", n)
    make_room(store, "run", store.n_connections, SPARE_RUNS)
    store.n_runs, flags = run(loops.find_runs, store, work)
    cut(store, "run", store.n_runs, SPARE_RUNS)
    return flags
