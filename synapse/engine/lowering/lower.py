"""Lowering: from a topology to what the kernels walk.

Neurons are sorted into the order in which they activate, the incoming connections of a neuron
are laid side by side, and neighbouring sources become runs. Everything is done on whole columns:
10^6 connections take a fraction of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..._typing import Bools, Indices
from ..schema import INPUT, NONE, PROGRAM
from .blocks import find_alike, find_blocks, mark_fours, mark_heard
from .flags import (
    BACK,
    BACK_GATED,
    DENSE,
    FIXED,
    GATED,
    GATES,
    LISTED,
    MEMORY,
    PAIRED,
    PLAIN_RUNS,
    QUIET_GATER,
    SHARED,
    SILENT,
    TIED,
    TRACED,
    UNORDERED,
    WAITING,
    WAITING_FLAGS,
    ZIPPED,
)
from .program import Program, Traces, restore

if TYPE_CHECKING:
    from ..store import Store


SHORT = 4
"""Runs shorter than this are listed together: a loop over indices beats many tiny loops."""


def lower(store: Store) -> None:
    """Make the program columns of `store` from its topology; numbers and traces are kept."""
    kept = store.program.traces(store)
    store.program = Program(0, kept)  # if this fails, the next lowering has them still
    _order_neurons(store, kept)
    _order_connections(store)
    _number_ties(store)
    own = _own_rows(store)
    _lay_out_nodes(store, own)
    flags = _connection_flags(store)
    _find_influences(store)
    _find_runs(store, flags, own)
    _place_traces(store, flags)
    find_blocks(store)
    find_alike(store)
    mark_fours(store)
    mark_heard(store)
    _lay_out_ties(store)
    restore(store, kept)


def _order_neurons(store: Store, kept: list[Traces]) -> None:
    """Networks one after the other, each in its own order, then neurons of no network."""
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


def _order_connections(store: Store) -> None:
    """By target; what learns first, ungated first, the self-connection last of its kind."""
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


def _own_rows(store: Store) -> Bools:
    """Which connections are self-connections."""
    return np.asarray(store["source"] == store["target"])


def _lay_out_nodes(store: Store, own: Bools) -> None:
    """The columns with a row a neuron, as far as the order of connections tells them."""
    n, c = store.n_neurons, store.columns
    target = store["target"]
    for column in PROGRAM:
        if column.axis == "node":
            c[column.name] = np.zeros(n, column.dtype)
    c["first_incoming"] = np.searchsorted(target, np.arange(n, dtype=np.uint32)).astype(np.uint32)
    c["learning"] = np.bincount(target[store["trainable"] != 0], minlength=n).astype(np.uint32)
    rows = np.flatnonzero(own)
    c["self_row"] = np.full(n, NONE, np.uint32)
    c["self_gater"] = np.full(n, NONE, np.uint32)
    c["self_row"][target[rows]] = rows
    c["self_gater"][target[rows]] = store["gater"][rows]
    c["flags"][target[rows]] |= MEMORY
    c["flags"][target[store["gater"] != NONE]] |= GATED


def pure_inputs(store: Store) -> Bools:
    """Inputs of a lowered store into which nothing leads: they are clamped, and want no error."""
    first = store.columns["first_incoming"]
    incoming = np.diff(first.astype(np.int64), append=store.n_connections)
    return np.asarray((store["role"] == INPUT) & (incoming == 0))


def _connection_flags(store: Store) -> NDArray[np.uint8]:
    """Of every connection: what a run made of it would have to heed."""
    source, target, gater = store["source"], store["target"], store["gater"]
    gated = gater != NONE
    gater = np.where(gated, gater, target) if gated.any() else target
    network, pure = store["network"], pure_inputs(store)
    known: Bools = np.full(len(source), bool(network.all()))
    if network.size and not (network == network[0]).all():
        known = (network[target] != 0) & (network[source] == network[target])
        known &= network[gater] == network[target]
    back, back_gated = known & (source > target), known & gated & (gater >= target)
    flags = np.zeros(len(source), np.uint8)
    for mask, flag in (
        (back, BACK),
        (back_gated, BACK_GATED),
        (pure[source] | back, SILENT),
        (gated & pure[gater], QUIET_GATER),
        (store["trainable"] == 0, FIXED),
        (~known, UNORDERED),
        (store["tie"] != 0, TIED),
    ):
        flags |= mask * np.uint8(flag)
    return flags


def _find_influences(store: Store) -> None:
    """Pairs of a gater and a self-connected neuron with an incoming connection that it gates."""
    c, n = store.columns, store.n_neurons
    target, gater = store["target"], store["gater"]
    rows = np.flatnonzero((gater != NONE) & ((c["flags"][target] & MEMORY) != 0))
    key = np.unique(target[rows].astype(np.int64) << 32 | gater[rows])
    gated, gaters = (key >> 32).astype(np.uint32), (key & NONE).astype(np.uint32)
    c["influence"] = np.zeros(len(key), store.dtype)
    c["influence_gater"], c["influence_gated"] = gaters, gated
    c["influence_self"] = (c["self_gater"][gated] == gaters).astype(np.uint8)
    c["first_influence"] = np.searchsorted(gated, np.arange(n)).astype(np.uint32)
    c["last_influence"] = np.searchsorted(gated, np.arange(n), "right").astype(np.uint32)
    network = store["network"]
    known = (network[gated] != 0) & (network[gaters] == network[gated])
    heard = ((~known & (gaters != gated)) | (known & (gaters < gated))) & ~pure_inputs(store)[gaters]
    c["influence_trace"] = np.where(heard, 0, NONE).astype(np.uint32)
    pulls = np.flatnonzero(heard)
    pulls = pulls[np.argsort(gaters[pulls], kind="stable")]
    c["pull"] = pulls.astype(np.uint32)
    c["first_pull"] = np.searchsorted(gaters[pulls], np.arange(n)).astype(np.uint32)
    c["last_pull"] = np.searchsorted(gaters[pulls], np.arange(n), "right").astype(np.uint32)
    c["flags"][gaters[pulls]] |= GATES


def _find_runs(store: Store, flags: NDArray[np.uint8], own: Bools) -> None:
    """Split the connections (self-connections aside) into runs of one kind."""
    c, n = store.columns, store.n_neurons
    rows: Any = np.flatnonzero(~own) if own.any() else slice(None)
    source, target, gater = (store[name][rows] for name in ("source", "target", "gater"))
    flag = flags[rows]
    memory = (c["flags"][target] & MEMORY) != 0
    gated = gater != NONE

    def same(values: Indices) -> Bools:
        return np.append(False, values[1:] == values[:-1])[: len(values)]

    def next_to(values: Indices) -> Bools:
        return np.append(False, values[1:] == values[:-1] + 1)[: len(values)]

    together = same(target) & same(flag) & same(gated)
    if own.any():
        rows = rows.astype(np.uint32)
        together &= next_to(rows)
    else:
        rows = np.arange(len(source), dtype=np.uint32)
    neighbours = together & next_to(source)
    dense = neighbours & same(gater)
    zipped = np.zeros(len(dense), bool)
    if gated.any():
        zipped = neighbours & next_to(gater) & ~memory & gated
        # A zip may only begin where no dense run of the same gater is under way.
        zipped &= ~dense & ~np.append(dense[1:], False) & ~np.append(False, dense[:-1])
    joined = dense | zipped
    first, length = _runs(joined)
    starts = first
    is_zip = np.zeros(len(first), bool)
    is_zip[length > 1] = zipped[starts[length > 1] + 1]
    kind = np.where(gated[starts], np.where(is_zip, ZIPPED, SHARED), DENSE)
    # Short runs, side by side and alike but for their sources and gaters, are listed together.
    # A self-connected target keeps its gated runs whole: each belongs to one influence.
    loose = (length < SHORT) & ~(gated[starts] & memory[starts])
    alike = np.zeros(len(first), bool)
    alike[1:] = loose[1:] & loose[:-1] & together[starts[1:]]
    group_first, group_count = _runs(alike)
    ends = group_first + group_count - 1
    length = first[ends] + length[ends] - first[group_first]
    kind = kind[group_first]
    several = group_count > 1
    kind[several] = np.where(gated[starts[group_first[several]]], PAIRED, LISTED)
    first = first[group_first]

    c["run_kind"] = kind.astype(np.uint8)
    c["run_flags"] = flag[first]
    c["run_first"] = rows[first]
    c["run_length"] = length.astype(np.uint32)
    c["run_source"] = source[first]
    c["run_gater"] = gater[first]
    c["first_run"] = np.searchsorted(target[first], np.arange(n)).astype(np.uint32)
    c["last_run"] = np.searchsorted(target[first], np.arange(n), "right").astype(np.uint32)
    pairs = c["influence_gated"].astype(np.int64) << 32 | c["influence_gater"]
    wanted = target[first].astype(np.int64) << 32 | gater[first]
    found = np.searchsorted(pairs, wanted)
    mine = memory[first] & gated[first]
    c["run_influence"] = np.where(mine, found, NONE).astype(np.uint32)


def _runs(joined: Bools) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First index and length of the stretches in which each item is joined to the one before."""
    first = np.flatnonzero(~joined)
    length = np.diff(np.append(first, len(joined)))
    return first, length


def _place_traces(store: Store, flags: NDArray[np.uint8]) -> None:
    """Decide who keeps traces, and where they lie; all of them start at 0."""
    c = store.columns
    target = store["target"]
    hard = np.zeros(store.n_neurons, bool)  # its eligibility cannot be read off while others gate
    hard[target[(flags & UNORDERED) != 0]] = True
    hard |= (c["flags"] & GATED) != 0
    foreign = np.zeros(store.n_neurons, bool)  # gates memory elsewhere: rows tell no order there
    apart = store["network"][c["influence_gater"]] != store["network"][c["influence_gated"]]
    foreign[c["influence_gater"][apart]] = True
    hard[target[((flags & BACK) != 0) & foreign[target]]] = True
    traced = ((c["flags"] & MEMORY) != 0) | (hard & ((c["flags"] & GATES) != 0))
    c["flags"][traced] |= TRACED
    lengths = np.where(traced, c["learning"], 0)
    c["first_trace"] = (np.cumsum(lengths) - lengths).astype(np.uint32)
    c["eligibility"] = np.zeros(int(lengths.sum()), store.dtype)
    heard = c["influence_trace"] != NONE
    lengths = np.where(heard, c["learning"][c["influence_gater"]].astype(np.int64) + 1, 0)
    firsts = np.cumsum(lengths) - lengths
    c["influence_trace"] = np.where(heard, firsts, NONE).astype(np.uint32)
    c["extended"] = np.zeros(int(lengths.sum()), store.dtype)
    loose = np.zeros(store.n_neurons, bool)
    other = (c["run_kind"] != DENSE) | ((c["run_flags"] & UNORDERED) != 0)
    loose[target[c["run_first"][other]]] = True
    c["flags"][~loose & ~traced] |= PLAIN_RUNS
    moving = np.zeros(store.n_neurons, bool)
    waits = (c["run_kind"] == DENSE) & (c["run_flags"] & WAITING_FLAGS == SILENT)
    moving[target[c["run_first"][~waits]]] = True
    c["flags"][~moving & ~traced & (c["flags"] & GATES == 0)] |= WAITING


def _number_ties(store: Store) -> None:
    """Number the groups from 1 on. Whoever is alone, as others have been removed, shares nothing."""
    for name in ("tie", "bias_tie"):
        tie = store[name]
        if tie.any():
            several = np.bincount(tie.astype(np.int64)) > 1
            several[0] = False
            tie[:] = (np.cumsum(several) * several)[tie]


def _lay_out_ties(store: Store) -> None:
    """The rows that share a weight, or a bias: stretches of neighbours whose groups are neighbours, too."""
    c, counts = store.columns, []
    for name, number in (("tied", "tie"), ("bias_tied", "bias_tie")):
        tied = np.flatnonzero(store[number])
        _, first, place = np.unique(store[number][tied], return_index=True, return_inverse=True)
        group = np.argsort(np.argsort(first))[place]  # as they come: a filter's weights are neighbours
        starts, lengths = _runs(np.append(False, (np.diff(tied) == 1) & (np.diff(group) == 1))[: len(tied)])
        for part, values in (("", tied[starts]), ("_length", lengths), ("_group", group[starts])):
            c[name + part] = values.astype(np.uint32)
        c[f"{name}_first"] = tied[np.sort(first)].astype(np.uint32)
        c[f"{name}_base"], c[f"{name}_move"] = np.zeros((2, len(first)), store.dtype)
        counts += [len(starts), len(first)]
    c["ties"] = np.array([*counts, 0], np.uint64)
