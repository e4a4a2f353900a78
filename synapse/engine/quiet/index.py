"""The connections of a network by source, as far as they may be quiet."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..exact.events import GROUP, sort_by_key
from ..functions.activations import may_be_silent
from ..lowering.flags import (
    DELAYED,
    GATED,
    GATES,
    LAGGED,
    MEMORY,
    OUTSIDE,
    TRACED,
    UNORDERED,
)
from ..lowering.ranges import concat_ranges
from ..records import Span, Ties
from ..schema import INPUT
from ..store import Store

MIN_CONNECTIONS = 4096
"""Connections below which a step reads all: the kernel is not worth its compilation."""


class QuietIndex(NamedTuple):
    """Connections into neurons of a network that may be quiet, by source, as kernels
    take them.

    Source i, counted from the network's first row, has those that are read one step
    late from ``late[i]`` to ``prompt[i]`` and the others from there to ``late[i + 1]``.
    """

    late: NDArray[np.int64]
    prompt: NDArray[np.int64]
    target: NDArray[np.uint32]
    row: NDArray[np.uint32]
    sends: NDArray[np.uint8]  # by group: whether any connections begin there
    quiet: NDArray[np.uint8]  # by neuron: whether those into it may be quiet
    stop: NDArray[np.int64]  # where the neurons end that are like it in this
    # by neuron, two numbers: how far traces are from rows, and where trainable rows end
    place: NDArray[np.int64]
    sums: NDArray[Any]  # by neuron, what active sources have sent
    carry: NDArray[Any]  # the weight of its self-connection
    limit: NDArray[Any]  # the largest ``quiet_step``, by ``quiet_decay``
    active: NDArray[np.int64]  # active sources, after their number
    mode: NDArray[np.int64]  # see ``kernels.READS``


def build_index(store: Store, span: NDArray[np.int64]) -> QuietIndex | None:
    """Return the index of a lowered store's network; None if no connection may be
    quiet, or too few.

    Those into a self-connected neuron may be, unless one of them has a gate, a delay of
    several steps, or a source in another network, the neuron gates another one with
    memory, or its self-connection is trainable. Nothing is quiet in a store with shared
    weights or signs.
    """
    c = store.columns
    start, stop = int(span[Span.START]), int(span[Span.STOP])
    n = stop - start
    flags = c["flags"][start:stop]
    unfit = GATES | GATED | LAGGED | OUTSIDE
    fits = flags & (MEMORY | TRACED | unfit) == MEMORY | TRACED
    if c["ties"][Ties.RANGES] or c["ties"][Ties.SIGNED] or not fits.any():
        return None
    fits[fits] = c["trainable"][c["self_row"][start:stop][fits]] == 0
    run_start, run_stop = (
        c[end][start:stop].astype(np.int64) for end in ("run_start", "run_stop")
    )
    runs = np.arange(run_start[0], run_stop[-1])
    neuron_of = np.repeat(np.arange(n), run_stop - run_start)
    fits[neuron_of[c["run_flags"][runs] & UNORDERED != 0]] = False
    runs = runs[fits[neuron_of]]
    lengths = c["run_length"][runs].astype(np.int64)
    if lengths.sum() < MIN_CONNECTIONS:
        return None
    rows = concat_ranges(c["run_first"][runs].astype(np.int64), lengths)
    rows = rows.astype(np.uint32)
    source = c["source"][rows] - np.uint32(start)
    silent = may_be_silent(c["squash"][start:stop]) | (c["role"][start:stop] == INPUT)
    if 2 * np.count_nonzero(silent[source]) < len(rows):
        return None

    is_late = c["run_flags"][runs] & DELAYED != 0
    source *= np.uint32(2)
    source += np.repeat(~is_late, lengths)
    begins = np.zeros(2 * n + 2, np.int64)
    row, target = np.empty((2, len(rows)), np.uint32)
    sort_by_key(source, rows, c["target"], begins, row, target)
    late, prompt = begins[:-1:2].copy(), begins[1:-1:2].copy()
    sends = np.logical_or.reduceat(late[1:] > late[:-1], np.arange(0, n, GROUP))
    begin = c["first_incoming"][start:stop].astype(np.int64)
    changes = np.flatnonzero(fits[1:] != fits[:-1]) + 1
    ends = np.append(changes, n)
    shift = c["first_trace"][start:stop] - begin
    return QuietIndex(
        late=late,
        prompt=prompt,
        target=target,
        row=row,
        sends=sends.astype(np.uint8),
        quiet=fits.astype(np.uint8),
        stop=start + np.repeat(ends, np.diff(ends, prepend=0)),
        place=np.stack([shift, begin + c["learning"][start:stop]], 1).reshape(-1),
        sums=np.zeros(n, store.dtype),
        carry=np.zeros(n, store.dtype),
        limit=np.zeros(n, store.dtype),
        active=np.zeros(n + 1, np.int64),
        mode=np.zeros(3, np.int64),
    )
