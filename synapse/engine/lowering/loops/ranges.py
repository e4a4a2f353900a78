"""Describe the content of a store, and check whether its rows are in order.

Neurons are in order by network, with neurons outside of networks last, and by position,
or by group outside of networks.
Connections are in order by target, then trainable first, a self-connection last, by
delay, without a gater first, by gater, by source. (A self-connection with a delay is
treated like other connections.)
"""

from __future__ import annotations

from typing import Any

from ...records import Ties
from ...schema import NONE
from .neighbours import is_memory

Pair = tuple[int, int]

PLACE_BITS = 32
"""Number of bits for the number of a range, below the bits of its last sort key."""
BY_SOURCE = 0
BY_GATER = 1
BY_DELAY = 2
BY_TARGET = 3
"""Number of the sort key that a pass over ranges uses."""


def count_ordered(store: Any, n: int, count: int, work: Any) -> Pair:
    """Count the first neurons that are in order."""
    for j in range(1, n):
        # neurons without a network come last
        before = (store.network[j - 1] - 1) & NONE
        here = (store.network[j] - 1) & NONE
        apart = here == NONE and store.group[j - 1] > store.group[j]
        backward = here != NONE and store.position[j - 1] > store.position[j]
        if before > here or (before == here and (apart or backward)):
            return j, 0
    return n, 0


def survey(store: Any, n: int, count: int, work: Any) -> Pair:
    """Record whether there are signs, delays and clamps. Returns whether any parameter
    is or was tied.
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
    """List the first rows of all ranges from ``work[2 * n]`` on. Returns their number,
    and 0 if all are in order.

    Otherwise, the second result is the place of three numbers in `work`, which are the
    first new row of the moved connections, their end, and the number of all remaining
    connections. The rows of the moved connections follow, in their new order.
    """
    firsts = 2 * n
    ranges = list_ranges(store, 0, count, firsts, work) - firsts
    for k in range(firsts, firsts + ranges):
        follows_last = k == firsts or follows(store, work[k - 1], work[k])
        if store.target[work[k]] == NONE or not follows_last:
            return ranges, list_rows(store, n, count, ranges, work)
    return ranges, 0


def follows(store: Any, before: int, r: int) -> bool:
    """Return whether a connection comes after another one."""
    by_target = major_of(store, r) - major_of(store, before)
    by_delay = store.delay[r] - store.delay[before]
    by_gater = store.gate[r] - store.gate[before]
    later = store.source[r] > store.source[before]
    later = by_gater > 0 or (by_gater == 0 and later)
    later = by_delay > 0 or (by_delay == 0 and later)
    return by_target > 0 or (by_target == 0 and later)


def major_of(store: Any, r: int) -> int:
    """Return the first sort key of a connection."""
    fixed = store.trainable[r] == 0
    return (store.target[r] << 2) | (fixed << 1) | is_memory(store, r)


def list_rows(store: Any, n: int, count: int, ranges: int, work: Any) -> int:
    """Sort ranges, and list the rows of moved ranges after three numbers, see
    `find_ranges`. Returns the place of these numbers.
    """
    firsts = 2 * n
    here = firsts + count + 1
    there = here + count + 3
    counts = there + count + 3
    gated = 0
    longest = 0
    for k in range(ranges):
        r = work[firsts + k]
        major = 4 * n if store.target[r] == NONE else major_of(store, r)
        work[here + k] = (major << PLACE_BITS) | k
        gated |= store.gate[r]
        longest = max(longest, store.delay[r])
    keys = 4 * n + 1 + longest
    # the last pass uses the first sort key, and each pass preserves the order of the
    # previous one
    for by in range(BY_SOURCE, BY_TARGET + 1):
        needed = (by != BY_GATER or gated != 0) and (by != BY_DELAY or longest != 0)
        if needed and sort_by(
            store, by, keys, firsts, here, there, counts, ranges, work
        ):
            here, there = there, here
    return list_moved(store, n, firsts, here, there, ranges, work)


def key_of(store: Any, by: int, firsts: int, item: int, work: Any) -> int:
    """Return the sort key of a range in a pass."""
    if by == BY_TARGET:
        return item >> PLACE_BITS
    r = work[firsts + (item & NONE)]
    if by == BY_SOURCE:
        return (store.source[r] + 1) & NONE  # 0: removed
    return store.gate[r] if by == BY_GATER else store.delay[r]


def sort_by(
    store: Any,
    by: int,
    keys: int,
    firsts: int,
    here: int,
    there: int,
    counts: int,
    ranges: int,
    work: Any,
) -> bool:
    """Sort ranges by numbers below `keys`, from ``work[here]`` to ``work[there]``, and
    return whether this changes their order.
    """
    for k in range(counts, counts + keys + 1):
        work[k] = 0
    in_order = True
    latest = 0
    for q in range(here, here + ranges):
        key = key_of(store, by, firsts, work[q], work)
        in_order &= key >= latest
        latest = key
        work[counts + key + 1] += 1
    if in_order:
        return False
    for k in range(counts, counts + keys):
        work[k + 1] += work[k]
    for q in range(here, here + ranges):
        k = counts + key_of(store, by, firsts, work[q], work)
        work[there + work[k]] = work[q]
        work[k] += 1
    return True


def list_moved(
    store: Any, n: int, firsts: int, here: int, there: int, ranges: int, work: Any
) -> int:
    """List the rows of sorted ranges that are moved, see `find_ranges`, and return
    `there`.
    """
    start = stop = kept = 0
    for q in range(here, here + ranges):
        if work[q] >> PLACE_BITS == 4 * n:  # removed, like all after it
            break
        k = firsts + (work[q] & NONE)
        for r in range(work[k], work[k + 1]):
            work[there + 3 + kept - start] = r
            stop = stop if r == kept else kept + 1
            start += (start == kept) & (r == kept)
            kept += 1
    work[there] = start
    work[there + 1] = max(start, stop)
    work[there + 2] = kept
    return there


def list_ranges(store: Any, start: int, stop: int, k: int, work: Any) -> int:
    """List the first row of each range from ``work[k]`` on, and then the stop of the
    last one. Returns the place of this stop.

    A range has one target, gater and delay, consecutive sources, and is trainable or
    not, and tied or not. A self-connection is a range of its own.
    """
    source = target = gate = delay = fixed = tied = -2  # of the row before: none
    for r in range(start, stop):
        i = store.source[r]
        j = store.target[r]
        if not (
            (i == source + 1)
            & (j == target)
            & (store.gate[r] == gate)
            & (store.delay[r] == delay)
            & ((store.trainable[r] == 0) == fixed)
            & ((store.tie[r] != 0) == tied)
            & (((i != j) & (i != j + 1)) | (delay != 0))
        ):
            work[k] = r
            k += 1
        source = i
        target = j
        gate = store.gate[r]
        delay = store.delay[r]
        fixed = store.trainable[r] == 0
        tied = store.tie[r] != 0
    work[k] = stop
    return k
