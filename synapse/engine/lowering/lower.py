"""Lowering: from a topology to the program of the kernels.

Neurons are sorted into activation order, the incoming connections of a neuron become
consecutive rows, and consecutive sources become runs. The program does not depend on
how the topology came about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..records import Ties
from ..schema import CONNECTION, NONE, PROGRAM
from . import edits, kernels
from .program import Program, restore
from .runner import SOME, loops
from .stretches import order_of, stretches

if TYPE_CHECKING:
    from ..store import Store

RESERVE = 64
"""Rows of runs more than needed, so that small edits do not allocate."""


def lower(store: Store) -> None:
    """Make the program columns of `store` from its topology; numbers and traces are
    preserved.
    """
    kept = store.program.traces(store)
    # so that the next lowering has them if this one fails
    store.program = Program(0, kept)
    loops.lowered += store.n_neurons + store.n_connections
    change = edits.change_of(store)
    store.removed_rows = None  # so that all is laid out anew if this fails
    tied = False
    if change is None:
        tied = order_all(store)
        store.n_runs, pairs = find_all_runs(store)
    else:
        store.n_runs, pairs = edits.apply(store, change)
    lay_out_traces(store, pairs)
    if store.columns["ties"][Ties.INTERNAL]:  # neurons of such groups activate together
        store.forget_single_calls()
    if tied:
        lay_out_ties(store)
    restore(store, store.program.pending)
    store.program = Program(0, made=True)  # identities can be renumbered now
    store.laid_out = store.n_connections
    store.removed_rows = []


def order_all(store: Store) -> bool:
    """Order neurons and connections; returns whether any share weights or biases."""
    ordered, tied = loops.run(
        kernels.count_sorted, store, store.n_connections, np.empty(0, np.int64)
    )
    if tied:
        number_ties(store)
    if ordered < store.n_neurons or (store.n_removed and None in store.views):
        order_neurons(store)
    order_connections(store)
    if store.columns["ties"][Ties.CLAMPED]:  # of neurons that have been removed, too
        store.columns["ties"][Ties.CLAMPED] = store["clamped"].any()
    return bool(tied)


# --- neurons and connections ----------------------------------------------------------


def number_ties(store: Store) -> None:
    """Number the groups from 1. A group with one member left is dissolved."""
    for name in ("tie", "bias_tie"):
        tie = store[name]
        if tie.any():
            several = np.bincount(tie.astype(np.int64)) > 1
            several[0] = False
            tie[:] = (np.cumsum(several) * several)[tie]


def order_neurons(store: Store) -> None:
    """Order of neurons: networks one after the other, each in activation order, then
    other neurons.
    """
    network = store["network"]
    # neurons without a network come last
    key = (network - np.uint32(1)).astype(np.uint64) << 32
    key |= store["position"] * (network != 0)
    order = np.argsort(key, kind="stable")
    order = order[np.array([view is not None for view in store.views], bool)[order]]
    new_row = np.full(store.n_neurons + 1, NONE, np.uint32)
    new_row[order] = np.arange(len(order), dtype=np.uint32)
    renamed = store.program.pending.renamed(new_row)
    store.sort_neurons(order, new_row)
    store.program.pending = renamed


def order_connections(store: Store) -> None:
    """Order of connections: see `split_rows`. Removed connections are dropped."""
    count = store.n_connections
    work = np.empty(4 * count + 3, np.int64)
    kept, others = loops.run(kernels.split_rows, store, count, work)
    if kept == count:
        return
    if others > 1:
        rows, major, minor = (work[k * count : k * count + others] for k in (1, 2, 3))
        gated = minor.max() > NONE
        order = (
            np.lexsort((minor, major))
            if gated
            else order_of(major * store.n_neurons + minor)
        )
        for numbers in (rows, major, minor):
            numbers[:] = numbers[order]
    start, stop = loops.run(kernels.merge_rows, store, count, work)
    moved = {"identity": store.columns["identity"].take(work[start:stop])}
    for column in CONNECTION:
        values = store.columns[column.name]
        # Most have no gater, sign or tie: one value for all, wherever they are.
        varied = start < count and (values[start:count] != values[start]).any()
        if varied and column.name not in moved:
            moved[column.name] = values.take(work[start:stop])
    identities = work[: stop - start]
    identities[:] = moved["identity"]
    rows = np.arange(start, stop, dtype=np.uint32)
    # if memory had run out before, nothing would have moved
    for name, values in moved.items():
        store.columns[name][start:stop] = values
    store.n_connections = stop
    store.row_of[identities] = rows


# --- the program ----------------------------------------------------------------------

_AXES = {
    axis: [column.name for column in PROGRAM if column.axis == axis]
    for axis in ("node", "run", "influence", "pull")
}


def _make_room(store: Store, axis: str, rows: int, reserve: int = 0) -> None:
    """Let the columns of an axis have so many rows, or up to twice `reserve` more,
    without values.
    """
    columns = store.columns
    names = _AXES[axis]
    if not rows <= len(columns[names[0]]) <= rows + 2 * reserve:
        columns.update(
            {name: np.empty(rows + reserve, columns[name].dtype) for name in names}
        )


def _cut(store: Store, axis: str, rows: int, reserve: int = 0) -> None:
    """Cut the columns of an axis to the rows in use, unless they are few more."""
    columns = store.columns
    names = _AXES[axis]
    if len(columns[names[0]]) > rows + reserve:
        columns.update({name: columns[name][:rows].copy() for name in names})


def find_all_runs(store: Store) -> tuple[int, int]:
    """The runs of all connections; returns how many, and for how many influences there
    may be.
    """
    count = store.n_connections
    work = np.empty(store.n_neurons + 1, np.int64)
    _make_room(store, "node", store.n_neurons)
    _make_room(store, "run", count, RESERVE)
    runs, pairs = loops.run(kernels.find_runs, store, count, work)
    _cut(store, "run", runs, SOME)
    return runs, pairs


def lay_out_traces(store: Store, pairs: int) -> None:
    """Influences and traces, and the neurons that are computed together."""
    c = store.columns
    count = store.n_connections
    work = np.empty(store.n_neurons + 1, np.int64)
    _make_room(store, "influence", pairs)
    _make_room(store, "pull", pairs)
    traces = extended = 0
    if pairs:  # otherwise, no neuron is self-connected
        pairs, pulls = loops.run(kernels.find_influences, store, count, work)
        _cut(store, "influence", pairs)
        _cut(store, "pull", pulls)
        traces, extended = loops.run(kernels.place_traces, store, pairs, work)
    for name, rows in (
        ("influence", pairs),
        ("eligibility", traces),
        ("extended", extended),
    ):
        if len(c[name]) == rows:
            c[name].fill(0.0)  # its address stays
        else:
            c[name] = np.zeros(rows, store.dtype)
    loops.run(kernels.join_neurons, store, count, work)


def lay_out_ties(store: Store) -> None:
    """Rows that share a weight or a bias, as stretches of consecutive rows with
    consecutive groups.
    """
    c = store.columns
    counts = []
    for name, number in (("tied", "tie"), ("bias_tied", "bias_tie")):
        tied = store[number].nonzero()[0]
        _, first_use, place = np.unique(
            store[number][tied], return_index=True, return_inverse=True
        )
        # in order of first use: a filter's weights are consecutive
        group = np.argsort(np.argsort(first_use))[place]
        starts, lengths = stretches(
            np.append(False, (np.diff(tied) == 1) & (np.diff(group) == 1))[: len(tied)]
        )
        for suffix, values in (
            ("", tied[starts]),
            ("_length", lengths),
            ("_group", group[starts]),
        ):
            c[name + suffix] = values.astype(np.uint32)
        c[f"{name}_first"] = tied[np.sort(first_use)].astype(np.uint32)
        c[f"{name}_base"], c[f"{name}_move"] = np.zeros(
            (2, len(first_use)), store.dtype
        )
        counts += [len(starts), len(first_use)]
    c["ties"][: Ties.SIGNED] = *counts, 0
