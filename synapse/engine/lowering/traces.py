"""Decide which traces are stored, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..._typing import Bools
from ..delayed import is_delayed_in_order
from ..schema import NONE, PROGRAM
from . import flags as flag
from .changes import put

if TYPE_CHECKING:
    from ..store import Store


def without_traces(store: Store) -> None:
    """The columns of influences and traces of a store without self-connections, which has none."""
    c = store.columns
    put(c, "run_influence", np.full(len(c["run_kind"]), NONE, np.uint32))
    for name in ("first_trace", "first_influence", "last_influence", "first_pull", "last_pull"):
        put(c, name, np.zeros(store.n_neurons, np.uint32))
    for column in PROGRAM:
        if column.axis in ("influence", "pull", "trace", "extended") and len(c[column.name]):
            c[column.name] = c[column.name][:0].copy()


def find_influences(store: Store, target: NDArray[np.int64], pure: Bools) -> None:
    """Pairs of a gater and a self-connected neuron with an incoming connection that it gates.

    `target` are those of the runs, `pure` the inputs without incoming connections.
    """
    c, n = store.columns, store.n_neurons
    of_run = target.astype(np.int64) << 32 | c["run_gater"]  # the gater of all connections of such a run
    runs = (c["run_gater"] != NONE) & ((c["flags"][target] & flag.MEMORY) != 0)
    own = np.flatnonzero(c["self_gater"] != NONE)
    key = np.unique(np.append(of_run[runs], own << 32 | c["self_gater"][own]))
    c["run_influence"] = np.where(runs, np.searchsorted(key, of_run), NONE).astype(np.uint32)
    gated, gaters = (key >> 32).astype(np.uint32), (key & NONE).astype(np.uint32)
    c["influence"] = np.zeros(len(key), store.dtype)
    c["influence_gater"], c["influence_gated"] = gaters, gated
    c["influence_self"] = (c["self_gater"][gated] == gaters).astype(np.uint8)
    c["first_influence"] = np.searchsorted(gated, np.arange(n)).astype(np.uint32)
    c["last_influence"] = np.searchsorted(gated, np.arange(n), "right").astype(np.uint32)
    network = store["network"]
    known = (network[gated] != 0) & (network[gaters] == network[gated])
    delayed = np.where(known, is_delayed_in_order(gaters, gated), gaters == gated)  # or found at run time
    heard = ~delayed & ~pure[gaters]
    c["influence_trace"] = np.where(heard, 0, NONE).astype(np.uint32)
    pulls = np.flatnonzero(heard)
    pulls = pulls[np.argsort(gaters[pulls], kind="stable")]
    c["pull"] = pulls.astype(np.uint32)
    c["first_pull"] = np.searchsorted(gaters[pulls], np.arange(n)).astype(np.uint32)
    c["last_pull"] = np.searchsorted(gaters[pulls], np.arange(n), "right").astype(np.uint32)
    c["flags"][gaters[pulls]] |= flag.GATES


def run_targets(store: Store) -> NDArray[np.int64]:
    """The target of every run."""
    c = store.columns
    return np.arange(store.n_neurons).repeat(c["last_run"] - c["first_run"].astype(np.int64))


def place_traces(store: Store, target: NDArray[np.int64]) -> None:
    """Decide which neurons store traces, and assign their rows; all traces start at 0."""
    c = store.columns
    traced = _traced(store, target)
    c["flags"][traced] |= flag.TRACED
    lengths = np.where(traced, c["learning"], 0)
    c["first_trace"] = (np.cumsum(lengths) - lengths).astype(np.uint32)
    c["eligibility"] = np.zeros(int(lengths.sum()), store.dtype)
    extended = c["influence_trace"] != NONE
    lengths = np.where(extended, c["learning"][c["influence_gater"]].astype(np.int64) + 1, 0)
    firsts = np.cumsum(lengths) - lengths
    c["influence_trace"] = np.where(extended, firsts, NONE).astype(np.uint32)
    c["extended"] = np.zeros(int(lengths.sum()), store.dtype)


def _traced(store: Store, target: NDArray[np.int64]) -> Bools:
    """Neurons that are self-connected, or gate memory while their eligibility must be stored."""
    c, flags = store.columns, store.columns["run_flags"]
    hard = (c["flags"] & flag.GATED) != 0
    hard[target[(flags & flag.UNORDERED) != 0]] = True
    foreign = np.zeros(store.n_neurons, bool)  # gates memory in another network, where rows give no order
    apart = store["network"][c["influence_gater"]] != store["network"][c["influence_gated"]]
    foreign[c["influence_gater"][apart]] = True
    hard[target[((flags & flag.DELAYED) != 0) & foreign[target]]] = True
    traced: Bools = ((c["flags"] & flag.MEMORY) != 0) | (hard & ((c["flags"] & flag.GATES) != 0))
    return traced


def mark_plain(store: Store, target: NDArray[np.int64]) -> None:
    """Mark neurons without traces whose runs are all plain, and those whose updates may all stay pending."""
    c = store.columns
    untraced = c["flags"] & flag.TRACED == 0
    other = (c["run_kind"] != flag.DENSE) | ((c["run_flags"] & flag.UNORDERED) != 0)
    moving = (c["run_kind"] > flag.LISTED) | (c["run_flags"] & flag.NEVER_PENDING != 0)
    moving |= c["run_flags"] & flag.SILENT == 0
    for runs, mark, chosen in (
        (other, flag.PLAIN_RUNS, untraced),
        (moving, flag.PENDING, untraced & (c["flags"] & flag.GATES == 0)),
    ):
        without = np.bincount(target[runs], minlength=store.n_neurons) == 0
        c["flags"][without & chosen] |= mark
