"""What a store has, and whether its rows are in order.

Neurons are in order by network, those without one last, and by position. Connections
are in order by target, then trainable first, a self-connection last, by delay, without
a gater first, by gater, by source. (A self-connection with a delay is one of the
others.)
"""

from __future__ import annotations

from typing import Any

from ...records import Ties
from ...schema import NONE
from .neighbours import is_memory

Pair = tuple[int, int]

MIN_WIDE_NEURONS = 1_000_000
"""Neurons from which on the order of connections takes two numbers."""
REMOVED = 1 << 62
"""The number of removed connections, which is above all others."""
DELAY_BITS = 28
"""Bits of a delay in the number of a connection."""


def count_ordered(store: Any, n: int, count: int, work: Any) -> Pair:
    """Count the first neurons that are in order."""
    for j in range(1, n):
        # neurons without a network come last
        before = (store.network[j - 1] - 1) & NONE
        here = (store.network[j] - 1) & NONE
        backward = here != NONE and store.position[j - 1] > store.position[j]
        if before > here or (before == here and backward):
            return j, 0
    return n, 0


def survey(store: Any, n: int, count: int, work: Any) -> Pair:
    """Note whether there are signs, delays and clamps; returns whether anything is
    tied, or was.
    """
    tied = store.ties[Ties.RANGES] | store.ties[Ties.BIAS_RANGES]
    signs = 0
    delays = 0
    clamps = 0
    for r in range(count):
        tied |= store.tie[r]
        signs |= store.sign[r] * (store.target[r] != NONE)
        delays |= store.delay[r] * (store.target[r] != NONE)
    for j in range(n):
        tied |= store.bias_tie[j]
        clamps |= store.clamped[j]
    store.ties[Ties.SIGNED] = signs & 1
    store.ties[Ties.DELAYS] = delays != 0
    store.ties[Ties.CLAMPED] = clamps
    return tied, 0


def find_ranges(store: Any, n: int, count: int, work: Any) -> Pair:
    """List the first rows of all ranges from ``work[2 * n]`` on, then the two numbers
    by which each has its place; returns how many ranges there are, and whether all are
    in order.
    """
    start = 2 * n
    major = start + count + 1
    minor = major + count
    ranges = list_ranges(store, 0, count, start, work) - start
    in_order = True
    for k in range(ranges):
        r = work[start + k]
        work[major + k], work[minor + k] = key_of(store, r, n)
        in_order &= store.target[r] != NONE
        if k > 0:
            step = work[major + k] - work[major + k - 1]
            in_order &= step > 0 or (
                step == 0 and work[minor + k] > work[minor + k - 1]
            )
    return ranges, in_order


def key_of(store: Any, r: int, n: int) -> Pair:
    """Return two numbers to sort connections by; the second is 0 if all fits into the
    first, which is faster.
    """
    i = store.source[r]
    j = store.target[r]
    gate = (store.gater[r] + 1) & NONE  # 0: none
    if j == NONE:
        return REMOVED, 0
    major = (j << 2) | ((store.trainable[r] == 0) << 1) | is_memory(store, r)
    if n < MIN_WIDE_NEURONS and store.ties[Ties.DELAYS] == 0:
        return (major * (n + 1) + gate) * n + i, 0
    return (major << DELAY_BITS) | store.delay[r], (gate << 32) | i


def list_ranges(store: Any, start: int, stop: int, k: int, work: Any) -> int:
    """List the first row of each range from ``work[k]`` on, and where the last one
    stops; returns the place of that.

    A range has one target, gater and delay, consecutive sources, and is trainable or
    not, and tied or not. A self-connection is a range of its own.
    """
    source = target = gater = delay = fixed = tied = -2  # of the row before: none
    for r in range(start, stop):
        i = store.source[r]
        j = store.target[r]
        continued = (
            (i == source + 1)
            & (j == target)
            & (store.gater[r] == gater)
            & (store.delay[r] == delay)
            & ((store.trainable[r] == 0) == fixed)
            & ((store.tie[r] != 0) == tied)
            & (((i != j) & (i != j + 1)) | (delay != 0))
        )
        if not continued:
            work[k] = r
            k += 1
        source = i
        target = j
        gater = store.gater[r]
        delay = store.delay[r]
        fixed = store.trainable[r] == 0
        tied = store.tie[r] != 0
    work[k] = stop
    return k
