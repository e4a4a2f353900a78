"""Lowering: from a topology to the program of the kernels.

Neurons are sorted into activation order, the incoming connections of a neuron
become consecutive rows, and consecutive sources become runs. The program does not depend on how the topology
came about.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from ..schema import CONNECTION, PROGRAM, numpy_dtype
from .kernels import (
    LOOPS,
    count_sorted,
    find_influences,
    find_runs,
    join_neurons,
    merge_rows,
    place_traces,
    split_rows,
)
from .program import Program, Traces, restore
from .stretches import put, stretches

if TYPE_CHECKING:
    from ..store import Store

MUCH = 1 << 17
"""How many neurons and connections a process lowers in plain Python before it compiles the loops,"""
SOME = 1 << 10
"""or loads them from the cache if it has loaded Numba: what loading takes."""
RESERVE = 64
"""Rows of runs more than needed, so that small edits do not allocate."""


def lower(store: Store) -> Traces | None:
    """Make the program columns of `store` from its topology; numbers and traces are preserved.

    Returns the traces of the program, see `restore`.
    """
    kept = store.program.traces(store)
    store.program = Program(0, kept)  # so that the next lowering has them if this one fails
    _loops.lowered += store.n_neurons + store.n_connections
    c = store.columns
    highest = max(store[name].max(initial=0) for name in ("tie", "bias_tie"))  # faster than `any`
    tied = c["ties"].any() or highest
    if tied:
        number_ties(store)
    order_neurons(store, kept)
    order_connections(store)
    lay_out_runs(store)
    if tied:
        lay_out_ties(store)
    return restore(store, kept)


class _Columns:
    """The columns of a store as attributes, from which Python reads single integers fastest."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self._columns = columns

    def __getattr__(self, name: str) -> memoryview:
        view = memoryview(self._columns[name])
        setattr(self, name, view)
        return view


class _Loops:
    """The loops of ``kernels.py``, in plain Python until the process has lowered much, then compiled."""

    def __init__(self) -> None:
        self.lowered = 0
        self.compiled: Any = None
        self.cached = False

    def run(self, loop: Any, store: Store, count: int, work: Any) -> tuple[int, int]:
        """Run a loop over all neurons of a store, and so many connections or influences."""
        n = store.n_neurons
        if self.compiled is None and self.lowered > (SOME if "numba" in sys.modules else MUCH):
            self.compiled = importlib.import_module(f"{__package__}.compiled")
            self.cached = self.compiled.is_cached()
        if self.lowered > (SOME if self.cached else MUCH) and not self.compiled.DEBUGGING:
            store.renew_table()
            found: tuple[int, int] = self.compiled.run(store.address, 1.0, LOOPS.index(loop), n, count, work)
        else:
            found = loop(_Columns(store.columns), n, count, memoryview(work))
        return found


_loops = _Loops()


# --- neurons and connections ----------------------------------------------------------------------


def number_ties(store: Store) -> None:
    """Number the groups from 1. A group with one member left is dissolved."""
    for name in ("tie", "bias_tie"):
        tie = store[name]
        if tie.any():
            several = np.bincount(tie.astype(np.int64)) > 1
            several[0] = False
            tie[:] = (np.cumsum(several) * several)[tie]


def order_neurons(store: Store, kept: list[Traces]) -> None:
    """Order of neurons: networks one after the other, each in activation order, then other neurons."""
    n = store.n_neurons
    removed = store.n_removed > 0 and None in store.views
    if not removed and _loops.run(count_sorted, store, 0, np.empty(0, np.int64))[0] == n:
        return
    network = store["network"]
    key = (network - np.uint32(1)).astype(np.uint64) << 32  # neurons without a network come last
    key |= store["position"] * (network != 0)
    order = np.argsort(key, kind="stable")
    order = order[np.array([view is not None for view in store.views], bool)[order]]
    new_row = store.sort_neurons(order)
    for traces in kept:
        traces.renamed(new_row)


def order_connections(store: Store) -> None:
    """Order of connections: see `split_rows`. Removed connections are dropped."""
    count = store.n_connections
    work = np.empty(4 * count + 3, np.int64)
    kept, others = _loops.run(split_rows, store, count, work)
    if kept == count:
        return
    if others > 1:
        rows, major, minor = (work[k * count : k * count + others] for k in (1, 2, 3))
        order = np.lexsort((minor, major))
        for part in (rows, major, minor):
            part[:] = part[order]
    first, stop = _loops.run(merge_rows, store, count, work)
    moved = {column.name: store.columns[column.name][work[first:stop]] for column in CONNECTION}
    identities, rows = work[: stop - first], np.arange(first, stop, dtype=np.uint32)
    identities[:] = moved["identity"]
    for name, values in moved.items():  # if memory had run out before, nothing would have moved
        store.columns[name][first:stop] = values
    store.n_connections = stop
    store.row_of[identities] = rows


# --- the program ----------------------------------------------------------------------------------

_AXES = {
    axis: [column for column in PROGRAM if column.axis == axis]
    for axis in ("node", "run", "influence", "pull")
}


def _make_room(store: Store, axis: str, rows: int, reserve: int = 0) -> None:
    """Let the columns of an axis have so many rows, or up to twice `reserve` more, without values."""
    columns = _AXES[axis]
    if not rows <= len(store.columns[columns[0].name]) <= rows + 2 * reserve:
        store.columns.update({c.name: np.empty(rows + reserve, numpy_dtype(c, store.dtype)) for c in columns})


def _cut(store: Store, axis: str, rows: int, reserve: int = 0) -> None:
    """Cut the columns of an axis to the rows in use, unless they are few more."""
    columns = [column.name for column in _AXES[axis]]
    if len(store.columns[columns[0]]) > rows + reserve:
        store.columns.update({name: store.columns[name][:rows].copy() for name in columns})


def lay_out_runs(store: Store) -> None:
    """Runs, influences and traces, and the neurons that are computed together."""
    c, count = store.columns, store.n_connections
    work = np.empty(store.n_neurons + 1, np.int64)
    _make_room(store, "node", store.n_neurons)
    _make_room(store, "run", count, RESERVE)
    store.n_runs, pairs = _loops.run(find_runs, store, count, work)
    _cut(store, "run", store.n_runs, SOME)
    _make_room(store, "influence", pairs)
    _make_room(store, "pull", pairs)
    traces = extended = 0
    if pairs:  # otherwise, no neuron is self-connected
        pairs, pulls = _loops.run(find_influences, store, count, work)
        _cut(store, "influence", pairs)
        _cut(store, "pull", pulls)
        traces, extended = _loops.run(place_traces, store, pairs, work)
    for name, rows in (("influence", pairs), ("eligibility", traces), ("extended", extended)):
        put(c, name, np.zeros(rows, store.dtype))
    _loops.run(join_neurons, store, count, work)


def lay_out_ties(store: Store) -> None:
    """Rows that share a weight or a bias, as stretches of consecutive rows with consecutive groups."""
    c, counts = store.columns, []
    for name, number in (("tied", "tie"), ("bias_tied", "bias_tie")):
        tied = store[number].nonzero()[0]
        _, first, place = np.unique(store[number][tied], return_index=True, return_inverse=True)
        # in order of first use: a filter's weights are consecutive
        group = np.argsort(np.argsort(first))[place]
        starts, lengths = stretches(
            np.append(False, (np.diff(tied) == 1) & (np.diff(group) == 1))[: len(tied)]
        )
        for part, values in (("", tied[starts]), ("_length", lengths), ("_group", group[starts])):
            c[name + part] = values.astype(np.uint32)
        c[f"{name}_first"] = tied[np.sort(first)].astype(np.uint32)
        c[f"{name}_base"], c[f"{name}_move"] = np.zeros((2, len(first)), store.dtype)
        counts += [len(starts), len(first)]
    put(c, "ties", np.array([*counts, 0], np.uint64))
