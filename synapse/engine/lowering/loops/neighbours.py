"""Compare two neurons for the loops of lowering."""

from __future__ import annotations

from typing import Any

from ...schema import INPUT


def is_together(store: Any, i: int, j: int) -> bool:
    """Return whether two neurons belong to one network, in which rows are in order."""
    return store.network[j] != 0 and store.network[i] == store.network[j]


def network_stop(store: Any, start: int, n: int) -> int:
    """Return the end of the network that begins in this row. A neuron without a network
    is alone.
    """
    stop = start + 1
    while (
        store.network[start] != 0
        and stop < n
        and store.network[stop] == store.network[start]
    ):
        stop += 1
    return stop


def is_late(store: Any, i: int, j: int) -> bool:
    """Return whether j, which is in the network of i, reads the activation of i in the
    previous step.
    """
    return i >= store.group_first[j] or store.synchronous[i] & store.synchronous[j] != 0


def is_memory(store: Any, r: int) -> bool:
    """Return whether a connection is a self-connection without a delay, which carries a
    state over.
    """
    return (store.source[r] == store.target[r]) & (store.delay[r] == 0)


def continues_lag(store: Any, r: int, lag: int, i: int) -> bool:
    """Return whether a connection has this delay and, if the delay is not 0, its source
    belongs to the ring of neuron i.
    """
    ring = i == store.source[r] or is_together(store, i, store.source[r])
    return store.delay[r] == lag and (lag == 0 or ring)


def is_clamped(store: Any, j: int, n: int, count: int) -> bool:
    """Return whether j is an input without incoming connections, which gets no
    error.
    """
    stop = count if j + 1 == n else store.first_incoming[j + 1]
    return store.role[j] == INPUT and store.first_incoming[j] == stop


def is_like_previous(store: Any, j: int) -> bool:
    """Return whether j and the neuron before it may be computed by one loop."""
    return (
        j > 0
        and store.network[j - 1] == store.network[j]
        and store.squash[j - 1] == store.squash[j]
        and store.role[j - 1] == store.role[j]
        and store.synchronous[j - 1] == store.synchronous[j]
    )
