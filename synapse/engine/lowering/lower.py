"""Lowering: from a topology to the program of the kernels.

Neurons are sorted into activation order, the incoming connections of a neuron
become consecutive rows, and consecutive sources become runs. All operations are on whole columns.
After an edit, only the connections into the neurons that it has changed are sorted and divided into runs
again, and put between the others. The program does not depend on how the topology came about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..._typing import Indices
from .blocks import find_alike, find_blocks, find_latest, mark_fours, mark_gradient_sources
from .changes import Basis, find_changed, look_back, put
from .flags import MEMORY
from .order import lay_out_nodes, order_connections, order_neurons, pure_inputs
from .program import Program, Traces, restore
from .runs import connection_flags, find_runs, stretches
from .traces import find_influences, mark_plain, place_traces, run_targets, without_traces

if TYPE_CHECKING:
    from ..store import Store

NO_ROWS = np.empty(0, np.uint32)


def lower(store: Store) -> Basis:
    """Make the program columns of `store` from its topology; numbers and traces are preserved.

    Returns what the next lowering needs to know about this one.
    """
    kept, basis = store.program.traces(store), store.program.basis
    store.program = Program(0, kept)  # so that the next lowering has them if this one fails
    made = _lower_connections(store, kept, basis)
    target = run_targets(store)
    if (store.columns["flags"] & MEMORY).any():
        find_influences(store, target, made.pure)
        place_traces(store, target)
    else:
        without_traces(store)
    mark_plain(store, target)
    find_blocks(store, made.latest)
    find_alike(store, target)
    mark_fours(store, target)
    mark_gradient_sources(store)
    lay_out_ties(store)
    restore(store, kept)
    return made


def _lower_connections(store: Store, kept: list[Traces], basis: Basis | None) -> Basis:
    """Sort neurons and connections, and divide connections into runs, where they have changed."""
    untied = number_ties(store)
    if basis is not None:
        basis.note(untied)
    moved = order_neurons(store, kept)
    before = look_back(store, basis, moved)
    changed = find_changed(store, before, moved, basis)
    part = order_connections(store, before, changed, basis)
    lay_out_nodes(store, before, part)
    pure = pure_inputs(store)
    find_runs(part, connection_flags(part, pure))
    latest = np.where(part.chosen, find_latest(part), before.latest)
    part.insert_runs(before, moved)
    unchanged = np.zeros(store.n_neurons, bool)
    return Basis(store.n_connections, unchanged, latest, store["network"].copy(), pure)


def number_ties(store: Store) -> Indices:
    """Number the groups from 1. A group with one member left is dissolved.

    Returns the targets of the connections whose group is dissolved.
    """
    untied = NO_ROWS
    for name in ("tie", "bias_tie"):
        tie = store[name]
        if tie.any():
            several = np.bincount(tie.astype(np.int64)) > 1
            several[0] = False
            if name == "tie":
                untied = store["target"][(tie != 0) & ~several[tie]]
            tie[:] = (np.cumsum(several) * several)[tie]
    return untied


def lay_out_ties(store: Store) -> None:
    """Rows that share a weight or a bias, as stretches of consecutive rows with consecutive groups."""
    c, counts = store.columns, []
    for name, number in (("tied", "tie"), ("bias_tied", "bias_tie")):
        tied = store[number].nonzero()[0]
        if not len(tied):
            for part in ("", "_length", "_group", "_first", "_base", "_move"):
                if len(c[name + part]):
                    put(c, name + part, tied)
            counts += [0, 0]
            continue
        _, first, place = np.unique(store[number][tied], return_index=True, return_inverse=True)
        group = np.argsort(np.argsort(first))[
            place
        ]  # in order of first use: a filter's weights are consecutive
        starts, lengths = stretches(
            np.append(False, (np.diff(tied) == 1) & (np.diff(group) == 1))[: len(tied)]
        )
        for part, values in (("", tied[starts]), ("_length", lengths), ("_group", group[starts])):
            c[name + part] = values.astype(np.uint32)
        c[f"{name}_first"] = tied[np.sort(first)].astype(np.uint32)
        c[f"{name}_base"], c[f"{name}_move"] = np.zeros((2, len(first)), store.dtype)
        counts += [len(starts), len(first)]
    put(c, "ties", np.array([*counts, 0], np.uint64))
