"""Find how gates divide runs, and how they act on neurons with a memory."""

from __future__ import annotations

from typing import Any

from ...schema import NONE
from ..flags import (
    GATED,
    GATES,
    KEEPS,
    MEMORY,
    TRACED,
    ZIPPED,
)
from .neighbours import continues_lag, is_clamped, is_late, is_together
from .ranges import Pair


def advances(store: Any, j: int, r: int, t: int, flags: int) -> bool:
    """Return whether a connection continues run t, which consists of single connections
    whose gaters advance with the sources.

    Each run into a neuron with memory has one gater, because it belongs to one
    influence.
    """
    if t < store.run_start[j] or store.flags[j] & MEMORY or store.run_gater[t] == NONE:
        return False
    length = store.run_length[t]
    return (
        store.run_flags[t] == flags
        and continues_lag(store, r, store.run_lag[t], store.run_source[t])
        and store.run_gater[t] + length == store.gate[r] - 1
        and store.run_source[t] + length == store.source[r]
        and (length == 1 or store.run_kind[t] == ZIPPED)
    )


def count_influences(store: Any, n: int, count: int, work: Any) -> Pair:
    """Count the neurons with memory and the gated runs into them, which is the maximum
    number of influences.
    """
    influences = 0
    for j in range(n):
        if store.flags[j] & MEMORY:
            influences += 1
            for t in range(store.run_start[j], store.run_stop[j]):
                influences += store.run_gater[t] != NONE
    return influences, 0


def find_influences(store: Any, n: int, count: int, work: Any) -> Pair:
    """Find the pairs of a gater and a self-connected neuron that it gates, and return
    the numbers of pairs and pulls.
    """
    stop = 0
    for j in range(n):
        store.influence_start[j] = stop
        if store.flags[j] & MEMORY:
            # the gaters of connections into j in order, each once
            start = stop
            for t in range(store.run_start[j], store.run_stop[j]):
                stop = insert_gater(store, store.run_gater[t], start, stop)
            stop = insert_gater(store, store.self_gater[j], start, stop)
            number_runs(store, j)
        store.influence_stop[j] = stop
        for q in range(store.influence_start[j], stop):
            describe_influence(store, q, j, n, count)
    return stop, list_pulls(store, n, stop)


def insert_gater(store: Any, g: int, start: int, stop: int) -> int:
    """Insert a gater into the list from `start` to `stop` unless it contains the gater,
    and return the end of the list.
    """
    q = stop
    while q > start and store.influence_gater[q - 1] > g:
        q -= 1
    if g == NONE or (q > start and store.influence_gater[q - 1] == g):
        return stop
    for k in range(stop, q, -1):
        store.influence_gater[k] = store.influence_gater[k - 1]
    store.influence_gater[q] = g
    return stop + 1


def number_runs(store: Any, j: int) -> None:
    """Set the numbers of the gated runs into j to the numbers of their influences."""
    q = start = store.influence_start[j]
    for t in range(store.run_start[j], store.run_stop[j]):
        g = store.run_gater[t]
        if g != NONE:
            if (
                store.influence_gater[q] > g
            ):  # trainable runs are in order, then fixed ones
                q = start
            while store.influence_gater[q] != g:
                q += 1
            store.run_influence[t] = q


def describe_influence(store: Any, q: int, j: int, n: int, count: int) -> None:
    """Find out whether a gater of j gets an error from j, and count its pulls."""
    g = store.influence_gater[q]
    # in different networks, stamps decide at run time
    late = is_late(store, g, j) if is_together(store, g, j) else g == j
    heard = not late and not is_clamped(store, g, n, count)
    store.influence_gated[q] = j
    store.influence_self[q] = store.self_gater[j] == g
    store.influence_trace[q] = 0 if heard else NONE
    store.pull_stop[g] += heard


def list_pulls(store: Any, n: int, influences: int) -> int:
    """Collect, by gater, the influences from which it gets an error, and return their
    number. At this point, ``pull_stop`` is the number of each gater.
    """
    pulls = 0
    for j in range(n):
        number = store.pull_stop[j]
        store.pull_start[j] = store.pull_stop[j] = pulls
        pulls += number
    for q in range(influences):
        if store.influence_trace[q] != NONE:
            g = store.influence_gater[q]
            store.pull[store.pull_stop[g]] = q
            store.pull_stop[g] += 1
            store.flags[g] |= GATES
    return pulls


def locate_traces(store: Any, n: int, count: int, work: Any) -> Pair:
    """Decide which neurons store traces, and assign their rows. Returns the numbers of
    eligibility traces and extended traces.

    Such neurons are self-connected, or gate memory and are gated. `count` is the number
    of influences.
    """
    for q in range(count):  # gates memory in another network, where rows give no order
        g = store.influence_gater[q]
        if store.network[g] != store.network[store.influence_gated[q]]:
            store.flags[g] |= KEEPS
    traces = 0
    for j in range(n):
        store.first_trace[j] = traces
        flags = store.flags[j]
        if flags & MEMORY or (flags & GATED and flags & GATES):
            store.flags[j] |= TRACED
            traces += store.learning[j]
    extended = 0
    for q in range(count):
        if store.influence_trace[q] != NONE:
            store.influence_trace[q] = extended
            extended += store.learning[store.influence_gater[q]] + 1
    return traces, extended
