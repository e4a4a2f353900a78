"""The connections of a network by source, as far as they may be quiet."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..exact.events import GROUP, ring_of, sort_by_key
from ..functions.activations import may_be_silent
from ..lowering.flags import (
    DELAYED,
    FIXED,
    GATED,
    GATES,
    MEMORY,
    OUTSIDE,
    SILENT,
    STEPPED,
    TRACED,
    UNORDERED,
    WITH_GATES,
)
from ..lowering.ranges import concat_ranges
from ..records import Span, Ties
from ..schema import INPUT
from ..store import Store

MIN_CONNECTIONS = 4096
"""Connections below which a step reads all: the kernel is not worth its compilation."""

LEAKY = 1
PUSHES = 2
ONE_TO_ONE = 4
LEARNS_CARRY = 8
"""Forms of a neuron: connections into it may be quiet; it sends errors to sources; it
has one connection, which does not learn, and its neighbours have the same from
neighbouring sources; its self-connection learns."""


class QuietIndex(NamedTuple):
    """Connections into neurons of a network that may be quiet, by source, as kernels
    take them.

    Source i, counted from the network's first row, has those that are read one step
    late from ``late[i]`` to ``prompt[i]`` and the others from there to ``late[i + 1]``.
    The neurons of the ring follow as further sources, once for each lag, with those
    that are read with it, all of them late.
    """

    late: NDArray[np.int64]
    prompt: NDArray[np.int64]
    target: NDArray[np.uint32]
    row: NDArray[np.uint32]
    lags: NDArray[np.int64]
    # by lag: how far the activations that it reads are from the numbers of its sources
    frames: NDArray[np.int64]
    sends: NDArray[np.uint8]  # by group: whether any connections begin there
    form: NDArray[np.uint8]  # by neuron: a sum of `LEAKY`, `PUSHES`, ...
    start: NDArray[np.int64]  # where the neurons of the same form begin, and end
    stop: NDArray[np.int64]
    # by neuron, two numbers: how far traces are from rows, and where trainable rows end
    place: NDArray[np.int64]
    sums: NDArray[Any]  # by neuron, what active sources have sent
    carry: NDArray[Any]  # the weight of its self-connection
    limit: NDArray[Any]  # the largest ``quiet_step``, by ``quiet_decay``
    # by neuron, two numbers, if any connection has a sign: the smallest and the largest
    # ``quiet_step`` with which no weight of the row has lost its sign
    interval: NDArray[Any]
    active: NDArray[np.int64]  # active sources, after their number
    mode: NDArray[np.int64]  # see ``kernels.READS``


def build_index(store: Store, span: NDArray[np.int64]) -> QuietIndex | None:
    """Return the index of a lowered store's network; None if no connection may be
    quiet, or too few.

    Those into a self-connected neuron may be, unless one of them has a gate or a source
    in another network, or the neuron gates another one with memory. Nothing is quiet in
    a store with shared weights.
    """
    c = store.columns
    start, stop = int(span[Span.START]), int(span[Span.STOP])
    n = stop - start
    unfit = GATES | GATED | OUTSIDE
    fits = c["flags"][start:stop] & (MEMORY | TRACED | unfit) == MEMORY | TRACED
    if c["ties"][Ties.RANGES] or not fits.any():
        return None
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

    delay = c["delay"][rows]
    past = np.flatnonzero(delay)
    lags, number = np.unique(delay[past].astype(np.int64), return_inverse=True)
    ring_start, width = ring_of(c, start) if len(lags) else (start, 0)
    source[past] += (n + number * width - (ring_start - start)).astype(np.uint32)
    is_late = c["run_flags"][runs] & DELAYED != 0
    source *= np.uint32(2)
    source += np.repeat(~is_late, lengths)
    sources = n + len(lags) * width
    begins = np.zeros(2 * sources + 2, np.int64)
    row, target = np.empty((2, len(rows)), np.uint32)
    sort_by_key(source, rows, c["target"], begins, row, target)
    late, prompt = begins[:-1:2].copy(), begins[1:-1:2].copy()
    sends = np.logical_or.reduceat(late[1:] > late[:-1], np.arange(0, sources, GROUP))
    begin = c["first_incoming"][start:stop].astype(np.int64)
    form = _forms_of(c, fits, slice(start, stop))
    changed = form[1:] != form[:-1]
    changed |= (form[1:] & ONE_TO_ONE != 0) & (
        c["alike_stop"][start + 1 : stop] != c["alike_stop"][start : stop - 1]
    )
    ends = np.append(np.flatnonzero(changed) + 1, n)
    lengths = np.diff(ends, prepend=0)
    shift = c["first_trace"][start:stop] - begin
    return QuietIndex(
        late=late,
        prompt=prompt,
        target=target,
        row=row,
        lags=lags,
        frames=np.zeros_like(lags),
        sends=sends.astype(np.uint8),
        form=form.astype(np.uint8),
        start=start + np.repeat(ends - lengths, lengths),
        stop=start + np.repeat(ends, lengths),
        place=np.stack([shift, begin + c["learning"][start:stop]], 1).reshape(-1),
        sums=np.zeros(n, store.dtype),
        carry=np.zeros(n, store.dtype),
        limit=np.zeros(n, store.dtype),
        interval=np.zeros(2 * n if c["ties"][Ties.SIGNED] else 0, store.dtype),
        active=np.zeros(sources + 1, np.int64),
        mode=np.zeros(3, np.int64),
    )


def _forms_of(c: Any, fits: NDArray[np.bool_], rows: slice) -> NDArray[np.int64]:
    """Return the forms of neurons; `fits` says which are `LEAKY`."""
    run_start, run_stop = (
        c[end][rows].astype(np.int64) for end in ("run_start", "run_stop")
    )
    runs = slice(run_start[0], run_stop[-1])
    pushes = np.append(0, np.cumsum(c["run_flags"][runs] & SILENT == 0))
    pushes = pushes[run_stop - run_start[0]] > pushes[run_start - run_start[0]]
    single = (run_stop - run_start == 1) & (c["flags"][rows] & WITH_GATES == 0)
    run = run_start[single]
    single[single] = (c["run_length"][run] == 1) & (
        c["run_flags"][run] & (STEPPED | FIXED | UNORDERED) == STEPPED | FIXED
    )
    learns = fits.copy()
    learns[fits] = c["trainable"][c["self_row"][rows][fits]] != 0
    form = LEAKY * fits + LEARNS_CARRY * learns
    return np.asarray(form + PUSHES * pushes + ONE_TO_ONE * single)
