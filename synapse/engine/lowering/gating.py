"""Influences of gaters on neurons with memory, and the traces that these need."""

from __future__ import annotations

import numpy as np

from ..store_rows import StoreRows
from . import loops
from .flags import MEMORY
from .room import cut, make_room
from .runner import run


def has_traces(store: StoreRows) -> bool:
    """Return whether a program has any traces."""
    c = store.columns
    return len(c["eligibility"]) > 0 or len(c["influence"]) > 0


def lay_out(store: StoreRows, flags: int) -> None:
    """Build the influences and traces of a store; `flags` are those of all neurons.
    Traces begin at 0.
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
            c[name].fill(0.0)  # its address stays
        else:
            c[name] = np.zeros(rows, store.dtype)
