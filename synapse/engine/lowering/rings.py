"""Manage rings of past activations, which runs with a lag read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..._typing import Indices, Ints
from ..records import Ties
from ..schema import NONE
from . import loops
from .ranges import concat_ranges
from .room import cut, make_room
from .runner import run

if TYPE_CHECKING:
    from ..store_rows import StoreRows
    from .program import Traces

NO_PAST = dict.fromkeys(
    ("past_neuron", "past_steps", "met_source", "met_target"),
    np.empty(0, np.int64),
) | {"met_lead": np.empty(0, np.uint64)}
"""The result of `read` for a store without rings, without the past values."""


def lay_out(store: StoreRows) -> None:
    """Build the rings of a store. All past is 0."""
    n_offsets = 0
    kept = store.program.pending
    there = kept.past_neuron != NONE
    neuron = kept.past_neuron[there]
    # A neuron remembers as much as before, unless it has been cleared.
    steps = kept.past_steps[there] * (store["stamp"][neuron] != 0)
    longest = store.columns["longest_delay"]
    np.maximum.at(longest, neuron, steps.astype(np.uint32))
    make_room(store, "ring", int(np.count_nonzero(longest)))
    rings, size = run(loops.find_rings, store)
    cut(store, "ring", rings)
    store.columns["ties"][Ties.RINGS] = rings
    store.columns["past"] = np.zeros(size, store.dtype)
    if store.columns["ties"][Ties.DELAYS]:
        n_offsets = store.n_connections
    for name in ("past_offset", "tape_offset"):
        store.columns[name] = store["source"][:n_offsets].copy()
    if n_offsets:
        run(loops.locate_lagged, store)


def read(store: StoreRows) -> dict[str, NDArray[Any]]:
    """Copy the past from the rings of a store, with as many steps of each neuron as the
    longest delay of its connections.
    """
    c = store.columns
    if not len(c["past"]):  # like most stores; a search takes as long as a lowering
        return NO_PAST | {"past_value": c["past"]}
    rows = c["longest_delay"].nonzero()[0]
    lags = c["longest_delay"][rows].astype(np.int64)
    neuron = rows.repeat(lags)
    steps = concat_ranges(np.ones(len(rows), np.int64), lags)
    source, target, runs = _read_from_outside(store)
    lead = c["ring_steps"][c["ring"][source]] - c["run_met"][runs]
    apart = lead != 0  # other neurons begin a step together, like new ones
    return {
        "past_neuron": neuron,
        "past_steps": steps,
        "past_value": c["past"][_places(store, neuron, steps)[0]],
        "met_source": source[apart],
        "met_target": target[apart],
        "met_lead": lead[apart],
    }


def _read_from_outside(store: StoreRows) -> tuple[Indices, Indices, Indices]:
    """Return the first source, the target, and the number of each run with a lag from
    outside of the target's network.
    """
    c = store.columns
    targets = np.repeat(np.arange(len(c["ring"])), c["run_stop"] - c["run_start"])
    source = c["run_source"][: len(targets)]
    lagged = c["run_lag"][: len(targets)] != 0
    runs = np.flatnonzero(lagged & (c["ring"][source] != c["ring"][targets]))
    return source[runs], targets[runs], runs


def restore(store: StoreRows, kept: Traces) -> None:
    """Write a preserved past into new rings, as far back as the rings reach."""
    c = store.columns
    longest = np.append(c["longest_delay"], 0)  # of NONE, too
    there = kept.past_steps <= longest.take(kept.past_neuron, mode="clip")
    rows = np.flatnonzero(there)
    neuron = kept.past_neuron[rows].astype(np.int64)
    places, copies = _places(store, neuron, kept.past_steps[rows].astype(np.int64))
    c["past"][places] = c["past"][copies] = kept.past_value[rows]
    if store.program.placed is not None:
        store.program.placed["past"] = rows, places
    # Neurons and rings outside of their network continue the steps in which they are.
    c["run_met"][:] = 0
    ring = np.append(c["ring"], NONE)  # of NONE, too
    met = ring.take(kept.met_source, mode="clip").tolist(), kept.met_target.tolist()
    leads = dict(zip(zip(*met, strict=True), kept.met_lead.tolist(), strict=True))
    for i, j, r in zip(*_read_from_outside(store), strict=True) if leads else ():
        c["run_met"][r] = -leads.get((ring[i], j), 0)


def _places(
    store: StoreRows, neuron: Indices, steps: Ints
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices in ``past`` of the neurons' activations `steps` steps ago,
    from 1 on. Each activation is there twice.
    """
    c = store.columns
    ring = c["ring"][neuron]
    start, stop, first, frames, head = (
        c[f"ring_{name}"][ring].astype(np.int64)
        for name in ("start", "stop", "first", "frames", "head")
    )
    frame = (head - (steps - 1)) % frames
    offset = first + frame * (stop - start) + neuron - start
    return offset, offset + frames * (stop - start)
