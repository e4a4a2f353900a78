"""Assign rings, which store the past activations of networks, and of sources without a
network.
"""

from __future__ import annotations

from typing import Any

from ...schema import NONE
from ..flags import LISTED, UNORDERED
from .neighbours import network_stop
from .ranges import Pair


def find_rings(store: Any, n: int, count: int, work: Any) -> Pair:
    """Lay out a ring for each network in which neurons have a past, and for each such
    neuron without a network. Returns the number of rings and of their activations.
    """
    rings = 0
    size = 0
    start = 0
    while start < n:
        stop = network_stop(store, start, n)
        ring = NONE
        longest = 0
        for j in range(start, stop):
            longest = max(longest, store.longest_delay[j])
        if longest != 0:
            ring = rings
            rings += 1
            size = lay_out_ring(store, ring, start, stop, longest + 1, size)
        for j in range(start, stop):
            store.ring[j] = ring
        start = stop
    return rings, size


def lay_out_ring(
    store: Any, ring: int, start: int, stop: int, frames: int, size: int
) -> int:
    """Describe the ring of the neurons from the first to the last that have a past. Its
    frames begin at `size`. Returns where they end.
    """
    while store.longest_delay[start] == 0:
        start += 1
    while store.longest_delay[stop - 1] == 0:
        stop -= 1
    store.ring_start[ring] = start
    store.ring_stop[ring] = stop
    store.ring_first[ring] = size
    store.ring_frames[ring] = frames
    store.ring_head[ring] = 0
    store.ring_steps[ring] = 0
    return size + 2 * frames * (stop - start)


def locate_lagged(store: Any, n: int, count: int, work: Any) -> Pair:
    """Compute the places at which connections in lists with lags read, in a ring and on
    tapes. Places count from the frame of the longest delay, which becomes the lag of
    the list. Also record the runs of connections from outside.
    """
    start = 0
    stop = 0
    for j in range(n):
        if j == stop:
            start = j
            stop = network_stop(store, j, n)
        for t in range(store.run_start[j], store.run_stop[j]):
            first = store.run_first[t]
            last = first + store.run_length[t]
            if store.run_flags[t] & UNORDERED:
                store.tape_offset[first:last] = t
            elif store.run_lag[t] != 0 and store.run_kind[t] == LISTED:
                ring = store.ring[j]
                width = store.ring_stop[ring] - store.ring_start[ring]
                longest = store.ring_frames[ring] - 1
                store.run_lag[t] = longest
                for r in range(first, last):
                    later = longest - store.delay[r]
                    store.past_offset[r] = later * width + store.source[r]
                    store.tape_offset[r] = later * (stop - start) + store.source[r]
    return 0, 0
