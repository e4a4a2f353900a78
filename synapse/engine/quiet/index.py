"""Find the connections that may be quiet, sorted by source, and the numbers of their
targets.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..by_source.index import BySource, build, concat_rows
from ..functions.activations import may_be_silent
from ..lowering.flags import (
    FIXED,
    GATED,
    GATES,
    KEEPS,
    MEMORY,
    SILENT,
    STEPPED,
    TRACED,
    UNORDERED,
    WITH_GATES,
)
from ..records import Span, Ties
from ..schema import INPUT
from ..store import Store

MIN_CONNECTIONS = 4096
"""Number of connections below which a step reads all, because compiling the kernel
takes more time than it saves.
"""

LEAKY = 1
PUSHES = 2
ONE_TO_ONE = 4
LEARNS_CARRY = 8
"""Flags in a neuron's form. They mark that connections into it may be quiet, that it
sends errors to sources, that it has one connection, which does not learn, and its
neighbours have the same from neighbouring sources, and that its self-connection
learns."""


class QuietRows(NamedTuple):
    """The numbers of a network's neurons whose connections may be quiet."""

    # by lag: distance from the numbers of neurons to the activations that it reads
    frames: NDArray[np.int64]
    form: NDArray[np.uint8]  # by neuron: a sum of `LEAKY`, `PUSHES`, ...
    start: NDArray[np.int64]  # where the neurons of the same form begin, and end
    stop: NDArray[np.int64]
    # by neuron, two numbers: how far traces are from rows, and where trainable rows end
    place: NDArray[np.int64]
    sums: NDArray[Any]  # by neuron, the sum that active sources have sent
    carry: NDArray[Any]  # the weight of its self-connection
    limit: NDArray[Any]  # the largest ``quiet_step``, by ``quiet_decay``
    # by neuron, two numbers, if any connection has a sign: the smallest and the largest
    # ``quiet_step`` with which no weight of the row has lost its sign
    interval: NDArray[Any]
    mode: NDArray[np.int64]  # see ``kernels.READS``


class QuietIndex(NamedTuple):
    """Connections into a network's neurons that may be quiet, in the form that kernels
    receive.
    """

    connections: BySource
    rows: QuietRows


def build_index(store: Store, span: NDArray[np.int64]) -> QuietIndex | None:
    """Return the index of a network in a lowered store, or None if no connections, or
    too few, may be quiet.

    Connections into a self-connected neuron may be quiet, unless one of them has a gate
    or a source in another network, or the neuron gates another one with memory. In a
    store with shared weights, all connections are read.
    """
    if store.n_connections < MIN_CONNECTIONS or store.columns["ties"][Ties.RANGES]:
        return None
    return _index_of(store, int(span[Span.START]), int(span[Span.STOP]))


def _index_of(store: Store, start: int, stop: int) -> QuietIndex | None:
    """Return the index of the neurons in these rows, see :func:`build_index`."""
    c = store.columns
    n = stop - start
    unfit = GATES | GATED | KEEPS
    fits = c["flags"][start:stop] & (MEMORY | TRACED | unfit) == MEMORY | TRACED
    if not fits.any():
        return None
    run_start, run_stop = (
        c[end][start:stop].astype(np.int64) for end in ("run_start", "run_stop")
    )
    runs = np.arange(run_start[0], run_stop[-1])
    neuron_of = np.repeat(np.arange(n), run_stop - run_start)
    runs = runs[fits[neuron_of]]
    if c["run_length"][runs].sum() < MIN_CONNECTIONS:
        return None
    rows = concat_rows(c, runs)
    silent = may_be_silent(c["squash"][start:stop]) | (c["role"][start:stop] == INPUT)
    if 2 * np.count_nonzero(silent[c["source"][rows] - np.uint32(start)]) < len(rows):
        return None

    # inputs are set before events are sent, and their previous values are in the ring
    connections = build(c, start, stop, runs, rows, 1)
    begin = c["first_incoming"][start:stop].astype(np.int64)
    form = _forms_of(c, fits, slice(start, stop))
    changed = form[1:] != form[:-1]
    changed |= (form[1:] & ONE_TO_ONE != 0) & (
        c["alike_stop"][start + 1 : stop] != c["alike_stop"][start : stop - 1]
    )
    ends = np.append(np.flatnonzero(changed) + 1, n)
    lengths = np.diff(ends, prepend=0)
    shift = c["first_trace"][start:stop] - begin
    numbers = QuietRows(
        frames=np.zeros_like(connections.lags),
        form=form.astype(np.uint8),
        start=start + np.repeat(ends - lengths, lengths),
        stop=start + np.repeat(ends, lengths),
        place=np.stack([shift, begin + c["learning"][start:stop]], 1).reshape(-1),
        sums=np.zeros(n, store.dtype),
        carry=np.zeros(n, store.dtype),
        limit=np.zeros(n, store.dtype),
        interval=np.zeros(2 * n if c["ties"][Ties.SIGNED] else 0, store.dtype),
        mode=np.zeros(3, np.int64),
    )
    return QuietIndex(connections, numbers)


def _forms_of(c: Any, fits: NDArray[np.bool_], rows: slice) -> NDArray[np.int64]:
    """Return the forms of neurons. `fits` marks the neurons that are `LEAKY`."""
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
