"""Lower a topology to the program of the kernels.

Neurons are sorted into activation order, the incoming connections of a neuron become
consecutive rows, and consecutive sources become runs. The program only depends on the
topology, not on its history.
"""

from __future__ import annotations

import numpy as np

from ..records import Ties
from ..schema import MAX_DELAYS, NONE
from ..store_rows import StoreRows
from . import edits, lists, loops, rings
from .flags import MEMORY
from .loops.whole import KEEP, NUMBER, SORT
from .program import Program, restore
from .ranges import joined_ranges
from .room import cut, make_room
from .runner import run

SPARE_RUNS = 1 << 10
"""Number of unused rows of runs that may be left to let a small network keep its
columns from one lowering to the next. With 128, an edit of 160 connections takes 1.4
times as long.
"""


def lower(store: StoreRows) -> None:
    """Make the program columns of `store` from its topology, and preserve numbers and
    traces.
    """
    change = edits.change_of(store) if edits.are_known(store) else None
    in_place = (
        change is None
        and store.removed_rows is not None
        and not len(store.columns["past"])
    )
    store.removed_rows = None  # if this fails, all is lowered anew
    if in_place:
        store.program.version = store.program.structure = 0
        in_place = lower_all(store, 0) is not None
    if in_place:
        lists.lay_out(store)
    else:
        _lower_anew(store, change)
    store.program = Program(0, made=True)  # identities can be renumbered now
    store.n_lowered = store.n_connections
    store.removed_rows = []


def _lower_anew(store: StoreRows, change: edits.ChangedNeurons | None) -> None:
    """Lower after any edit, or after a change of few neurons in a large store."""
    same_structure = store.program.structure == store.structure_version
    # if this lowering fails, the next one has the traces
    store.program = Program(0, store.program.traces(store), placed=store.program.placed)
    work = np.empty(store.n_neurons + 1, np.int64)
    stays = same_structure and run(loops.change_learning, store, work)[0]
    flags = 0
    if not stays:
        flags = lower_all(store) or 0 if change is None else edits.apply(store, change)
    c = store.columns
    # traces of a removed memory are removed
    if flags & MEMORY or len(c["eligibility"]) or len(c["influence"]):
        _lay_out_traces(store, flags)
    delays = c["ties"][Ties.DELAYS] or len(store.program.pending.past_neuron)
    if delays or len(c["past"]):
        rings.lay_out(store)
    if stays or change is not None or flags & MEMORY:  # otherwise this has been done
        run(loops.join_neurons, store, work)
    if not stays:
        lists.lay_out(store)
    if delays:
        rings.restore(store, store.program.pending)
    pending = store.program.pending
    begun = not pending.are_none or store.program.placed is not None
    of_steps = "stamp", "activation", "old_activation"
    if flags & MEMORY and (begun or any(store[name].any() for name in of_steps)):
        # new traces begin with the activations that have been read, also from rings
        restore(store, pending)


def lower_all(store: StoreRows, done: int = KEEP) -> int | None:
    """Sort neurons and connections, and divide these into runs. Returns the combined
    flags of all neurons. If traces have not been kept, all is done, or None is returned
    if this is impossible.
    """
    if done and store.n_removed and None in store.handles:
        _sort_neurons(store)
    n = store.n_neurons
    make_room(store, "node", n)
    make_room(store, "run", store.n_connections, SPARE_RUNS)
    # three numbers for each connection, and one for each of its sort keys, because the
    # system only allocates memory that is written
    work = np.empty(6 * n + 3 * store.n_connections + MAX_DELAYS + 16, np.int64)
    work[:2] = done, store.n_lowered
    needs, flags = run(loops.lower_rows, store, work)
    if needs and done == 0:
        return None
    if needs:
        if needs & SORT:
            _sort_neurons(store)
        if needs & NUMBER:
            _number_groups(store)
        work[0] = KEEP | SORT | NUMBER
        _, flags = run(loops.lower_rows, store, work)
    store.n_connections, store.n_runs = work[:2].tolist()
    if needs & NUMBER:
        _lay_out_ties(store)
    cut(store, "run", store.n_runs, SPARE_RUNS)
    return flags


def _number_groups(store: StoreRows) -> None:
    """Number the groups from 1. A group with one member left is dissolved."""
    for name in ("tie", "bias_tie"):
        tie = store[name]
        if tie.any():
            several = np.bincount(tie.astype(np.int64)) > 1
            several[0] = False
            tie[:] = (np.cumsum(several) * several)[tie]


def _lay_out_ties(store: StoreRows) -> None:
    """Build the rows that share a weight or a bias, as ranges of consecutive rows
    with consecutive groups.
    """
    c = store.columns
    counts = []
    for name, number in (("tied", "tie"), ("bias_tied", "bias_tie")):
        tied = store[number].nonzero()[0]
        _, first_use, inverse = np.unique(
            store[number][tied], return_index=True, return_inverse=True
        )
        # in order of first use: a filter's weights are consecutive
        group = np.argsort(np.argsort(first_use))[inverse]
        starts, lengths = joined_ranges(
            np.append(False, (np.diff(tied) == 1) & (np.diff(group) == 1))[: len(tied)]
        )
        for suffix, values in (
            ("", tied[starts]),
            ("_length", lengths),
            ("_group", group[starts]),
        ):
            c[name + suffix] = values.astype(np.uint32)
        c[f"{name}_first"] = tied[np.sort(first_use)].astype(np.uint32)
        c[f"{name}_base"], c[f"{name}_update"] = np.zeros(
            (2, len(first_use)), store.dtype
        )
        counts += [len(starts), len(first_use)]
    c["ties"][: Ties.SIGNED] = *counts, 0


def _lay_out_traces(store: StoreRows, flags: int) -> None:
    """Build the influences and traces of a store. `flags` are the combined flags of all
    neurons. Traces begin at 0.
    """
    c = store.columns
    pairs = pulls = traces = extended = 0
    if flags & MEMORY:
        pairs, _ = run(loops.count_influences, store)
        make_room(store, "influence", pairs)
        make_room(store, "pull", pairs)
        pairs, pulls = run(loops.find_influences, store)
    cut(store, "influence", pairs)
    cut(store, "pull", pulls)
    if flags & MEMORY:
        work = np.empty(store.n_neurons, np.int64)
        traces, extended = run(loops.locate_traces, store, work, pairs)
    else:  # the last memory has gone
        c["first_trace"].fill(0)
    for name, rows in (
        ("influence", pairs),
        ("eligibility", traces),
        ("extended", extended),
    ):
        if len(c[name]) == rows:
            c[name].fill(0.0)  # its address stays the same
        else:
            c[name] = np.zeros(rows, store.dtype)


def _sort_neurons(store: StoreRows) -> None:
    """Sort neurons by network, each in activation order, and then all other neurons by
    group.
    """
    network = store["network"]
    # neurons without a network come last
    key = (network - np.uint32(1)).astype(np.uint64) << 32
    key |= np.where(network != 0, store["position"], store["group"])
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
