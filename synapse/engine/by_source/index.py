"""Sort the connections of a network by source, see `BySource`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..._typing import Indices
from ..language import inline, kernel
from ..lowering.flags import DELAYED

PART_BITS = 10
"""The logarithm of `PART`."""
PART = 1 << PART_BITS
"""Number of neurons that are tested together for an active one."""
BITS = 6
"""The logarithm of `GROUP`. With 4, a step of 20,000 neurons with one clock takes 1.2
times as long at 0.05 % active."""
GROUP = 1 << BITS
"""Number of neurons in a part with active ones that are tested together."""
NOW = 1
PAST = 2
"""Flags in `BySource.parts` and `BySource.groups`."""


class BySource(NamedTuple):
    """Connections of a network by source, in the form that kernels receive.

    Source i, counted from the network's first row, has the connections that are read in
    the same step (`prompt_begin`), and behind them those that are read one step late
    (`late_begin` to `source_stop`)::

        begins   ... | 2 i         | 2 i + 1       | 2 i + 2      | ...
                         |             |               |
                         v             v               v
        target   ... | j j j j j j | j j j j j j j | those of source i + 1 ...
        row      ... | c c c c c c | c c c c c c c |
        weight   ... | w w w w w w | w w w w w w w |   (of `EventRows`, if copied)
                       prompt        late

    The neurons of the network are followed by those of its ring as further sources,
    once for each lag (`lagged_source`), whose connections are all late::

        source   0 ... n - 1 | n, n + 1, ...         | n + len(lags), ...    | ...
                 neurons     | neuron 0 of the ring, | neuron 1 of the ring, |
                             | over lags[0], ...     | over lags[0], ...     |

    Connections from one neuron over several lags are adjacent, which keeps them in the
    cache from the first of these steps to the last.
    """

    begins: NDArray[np.int64]
    lags: NDArray[np.int64]
    target: NDArray[np.uint32]
    row: NDArray[np.uint32]  # row of the connection, which has the weight
    # by part and by group of the neurons: `NOW`, if connections without a lag begin
    # there, and `PAST`, if neurons of the ring are there
    parts: NDArray[np.uint8]
    groups: NDArray[np.uint8]
    active: NDArray[np.int64]  # the active sources, after their number


@inline
def prompt_begin(index, source):
    """Return where the connections of a source begin, first those read in the same
    step.
    """
    return index.begins[2 * source]


@inline
def late_begin(index, source):
    """Return where those connections of a source begin that are read a step late."""
    return index.begins[2 * source + 1]


@inline
def source_stop(index, source):
    """Return where the connections of a source end."""
    return index.begins[2 * source + 2]


@inline
def lagged_source(index, neurons, i, number):
    """Return the source that neuron i of the ring is over the lag of this number, in a
    network of some neurons.
    """
    return neurons + i * index.lags.size + number


def build(
    c: Any,
    start: int,
    stop: int,
    runs: Indices,
    rows: NDArray[np.uint32],
    shortest: int,
) -> BySource:
    """Return the connections of some runs in the network from `start` to `stop`, by
    source. `rows` are the rows of the connections, which are overwritten. Connections
    with the same source and lag are in the order of the runs. Delays that are
    `shortest` and more are lags, which are read in the ring.
    """
    n = stop - start
    delay = c["delay"][rows]
    past = np.flatnonzero(delay >= shortest)
    lags, number = np.unique(delay[past].astype(np.int64), return_inverse=True)
    ring = c["ring"][start] if len(lags) else 0
    begin, width = (
        (int(c["ring_start"][ring]), int(c["ring_stop"][ring] - c["ring_start"][ring]))
        if len(lags)
        else (start, 0)
    )
    # 32 bits are enough, and other numbers of millions of connections take gigabytes
    key = c["source"][rows]
    key -= np.uint32(start)
    in_ring = key[past].astype(np.int64) - (begin - start)
    key[past] = n + in_ring * len(lags) + number
    key *= np.uint32(2)
    is_late = np.repeat(c["run_flags"][runs] & DELAYED != 0, c["run_length"][runs])
    is_late[past] = True
    key += is_late
    sources = n + len(lags) * width
    begins = np.zeros(2 * sources + 2, np.int64)
    row, target = np.empty((2, len(rows)), np.uint32)
    sort_by_key(key, rows, c["target"], begins, row, target)
    sends = NOW * (begins[2 : 2 * n + 1 : 2] > begins[: 2 * n : 2])
    sends[begin - start :][:width] |= PAST  # other neurons read the ring, too
    parts, groups = (
        np.bitwise_or.reduceat(sends, np.arange(0, n, size)).astype(np.uint8)
        for size in (PART, GROUP)
    )
    return BySource(
        begins=begins,
        lags=lags,
        target=target,
        row=row,
        parts=parts,
        groups=groups,
        active=np.zeros(sources + 1, np.int64),
    )


def concat_rows(c: Any, runs: Indices) -> NDArray[np.uint32]:
    """Return the rows of the connections in some runs, run by run."""
    lengths = c["run_length"][runs].astype(np.int64)
    begins = c["run_first"][runs] - (np.cumsum(lengths) - lengths)
    rows = np.repeat(begins.astype(np.uint32), lengths)
    rows += np.arange(len(rows), dtype=np.uint32)
    return rows


@kernel
def sort_by_key(keys, rows, targets, begins, ordered, ordered_targets):
    """Write the rows and their targets in the order of their keys. The start of each
    key's rows is written to `begins`, which contains zeros and has two more entries
    than there are keys.
    """
    for q in range(len(keys)):
        begins[keys[q] + 2] += 1
    for k in range(2, len(begins)):
        begins[k] += begins[k - 1]
    for q in range(len(keys)):
        k = keys[q] + 1
        ordered[begins[k]] = rows[q]
        ordered_targets[begins[k]] = targets[rows[q]]
        begins[k] += 1


def like_index() -> BySource:
    """Return an empty index, as an example of the arguments of kernels."""
    numbers = np.empty(0, np.int64)
    rows = np.empty(0, np.uint32)
    sends = np.empty(0, np.uint8)
    return BySource(numbers, numbers, rows, rows, sends, sends, numbers)
