"""Choose ranges of sources for which a step lists the packs that are not all 0, see
``online/lists.py``.
"""

from __future__ import annotations

import numpy as np

from ..functions.activations import may_be_silent
from ..records import InputRows, Ties
from ..schema import INPUT, NONE, VECTOR_BYTES
from ..store_rows import StoreRows
from .flags import DELAYED, DENSE, LISTS, UNORDERED, WITH_GATES

MIN_SOURCES = 64
"""Minimum number of sources in a range with a list. The sums of such a range are in
packs as long as a register (``online.states.MIN_REGISTER_PACKS``).
"""
MIN_READERS = 16
"""Minimum number of neurons that read the whole range. Fewer would not pay for a pass
over its sources.
"""
SHARE = 4
"""A list contains at most one in this number of packs. With more, all packs are
read.
"""
TOO_MANY = -1
"""Length of a list that would contain more, or that has not been made."""


def lay_out(store: StoreRows) -> None:
    """Find the ranges that many neurons without gates and traces read."""
    c = store.columns
    c["ties"][Ties.LISTS] = 0
    c["run_list"][: store.n_runs] = NONE
    if store.n_connections >= MIN_SOURCES * MIN_READERS:
        _lay_out_lists(store)


def _lay_out_lists(store: StoreRows) -> None:
    """Find the ranges in a store whose neurons and connections have no list."""
    c = store.columns
    rows = slice(store.n_runs)
    runs = np.flatnonzero(
        (c["run_length"][rows] >= MIN_SOURCES)
        & (c["run_kind"][rows] == DENSE)
        & (c["run_lag"][rows] == 0)
        & (c["run_flags"][rows] & UNORDERED == 0)
    )
    targets = c["target"][c["run_first"][runs]]
    plain = c["flags"][targets] & WITH_GATES == 0
    runs, targets = runs[plain], targets[plain]
    delayed = c["run_flags"][runs] & DELAYED
    source, length = (c[f"run_{name}"][runs] for name in ("source", "length"))
    key = (source * (store.n_neurons + np.int64(1)) + length) * 2 + delayed
    _, first_readers, range_of, readers = np.unique(
        key, return_index=True, return_inverse=True, return_counts=True
    )
    # by neuron: whether its activation can be 0
    is_silent = may_be_silent(c["squash"]) | (c["role"] == INPUT) | (c["clamped"] != 0)
    before = np.concatenate([[0], np.cumsum(is_silent)])
    begin, end = source[first_readers], (source + length)[first_readers]
    many = (readers >= MIN_READERS) & (before[end] > before[begin])
    if not many.any():
        return
    first_readers = first_readers[many]
    # one more than in a list, because the last touched packs are always listed
    room = length[first_readers] // (VECTOR_BYTES // store.dtype.itemsize * SHARE) + 1
    read = many[range_of]
    c["run_list"][runs[read]] = (np.cumsum(many) - 1)[range_of[read]]
    c["flags"][targets[read]] |= np.uint32(LISTS)
    columns = {
        "list_run": runs[first_readers],
        "list_first": np.cumsum(room) - room,
        "list_count": np.full(len(first_readers), TOO_MANY),
        "listed": np.zeros(int(room.sum()), np.uint32),
    }
    for name, numbers in columns.items():
        if len(c[name]) != len(numbers):  # otherwise the table contains its address
            c[name] = np.empty(len(numbers), c[name].dtype)
        c[name][:] = numbers
    c["input_rows"][InputRows.LISTED] = 0
    c["ties"][Ties.LISTS] = len(first_readers)
