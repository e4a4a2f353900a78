"""Rings of past activations, which runs with a lag read."""

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
    from ..store import Store
    from .program import Traces


def has_rings(store: Store) -> bool:
    """Return whether a program has any rings."""
    return len(store.columns["past"]) > 0


def lay_out(store: Store) -> None:
    """Build the rings of a store. All past is 0."""
    rings = size = n_offsets = 0
    if store.columns["ties"][Ties.DELAYS]:
        rings, _ = run(loops.count_delayed, store)
        make_room(store, "ring", rings)
        rings, size = run(loops.find_rings, store)
    cut(store, "ring", rings)
    store.columns["ties"][Ties.RINGS] = rings
    store.columns["past"] = np.zeros(size, store.dtype)
    if store.columns["ties"][Ties.DELAYS]:
        n_offsets = store.n_connections
    if len(store.columns["past_offset"]) != n_offsets:
        store.columns["past_offset"] = np.empty(n_offsets, np.uint32)
    if n_offsets:
        run(loops.locate_lagged, store)


def read(store: Store) -> dict[str, NDArray[Any]]:
    """Copy the past out of the rings of a store: as many steps of each neuron as its
    connections delayed it.
    """
    c = store.columns
    rows = c["longest_delay"].nonzero()[0]
    lags = c["longest_delay"][rows].astype(np.int64)
    neuron = rows.repeat(lags)
    steps = concat_ranges(np.ones(len(rows), np.int64), lags)
    return {
        "past_neuron": neuron,
        "past_steps": steps,
        "past_value": c["past"][_places(store, neuron, steps)[0]],
        "ring_neuron": rows,
        "ring_stamp": c["ring_stamp"][c["ring"][rows]],
    }


def restore(store: Store, kept: Traces) -> None:
    """Write a preserved past into new rings, as far back as connections delay now."""
    c = store.columns
    longest = np.append(c["longest_delay"], 0)  # of NONE, too
    there = kept.past_steps <= longest.take(kept.past_neuron, mode="clip")
    neuron = kept.past_neuron[there].astype(np.int64)
    steps = kept.past_steps[there].astype(np.int64)
    for copy in _places(store, neuron, steps):
        c["past"][copy] = kept.past_value[there]
    ring = np.append(c["ring"], NONE).take(kept.ring_neuron, mode="clip")
    there = ring != NONE
    np.maximum.at(
        c["ring_stamp"], ring[there], kept.ring_stamp[there].astype(np.uint64)
    )


def _places(
    store: Store, neuron: Indices, steps: Ints
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices of the activations of neurons `steps` steps ago, from 1 on, in
    ``past``: each is there twice.
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
