"""Find blocks of neurons that are computed together and neurons with runs of the same
form, and mark neurons for which shorter code is enough.
"""

from __future__ import annotations

from typing import Any

from ..flags import (
    DENSE,
    FIXED,
    FOUR,
    GATES,
    GRADIENT_SOURCE,
    KEEPS,
    LAGGED,
    LISTED,
    LISTS,
    NEVER_PENDING,
    PENDING,
    SHARED,
    SILENT,
    STEPPED,
    TRACED,
)
from .neighbours import is_like_previous
from .ranges import Pair


def join_neurons(store: Any, n: int, count: int, work: Any) -> Pair:
    """Find the neurons to compute together, and mark those for shorter code."""
    find_blocks(store, n)
    start = 0
    while start < n:
        stop = find_alike(store, start)
        for j in range(start, stop):
            store.alike_stop[j] = stop
            mark_neuron(store, j)
        start = stop
    mark_sources(store, n, work)
    return 0, 0


def find_blocks(store: Any, n: int) -> None:
    """Put consecutive neurons of one network and squash that do not depend on each
    other into blocks.

    A block ends before a neuron that depends on one of its neurons, or before the group
    of such a neuron.
    """
    start = 0
    for j in range(n):
        if (
            not is_like_previous(store, j)
            or store.network[j] == 0
            or store.earliest[j] > start
        ):
            start = j
        store.block_first[j] = start
    for j in range(n - 1, -1, -1):
        ends = j + 1 == n or store.block_first[j + 1] == j + 1
        store.block_stop[j] = j + 1 if ends else store.block_stop[j + 1]


def find_alike(store: Any, start: int) -> int:
    """Return the end of the neurons from `start` on with runs of the same form, which
    can be computed together.

    They belong to one block. In each run, they have the same sources, or the sources
    are shifted by one from neuron to neuron (`STEPPED`), but lists and pairs may
    differ. Their connections are equally spaced.
    """
    run = store.run_start[start]
    runs = store.run_stop[start] - run
    stop = start + 1
    while stop < store.block_stop[start] and is_alike(store, start, stop):
        stop += 1
    if stop > start + 1:
        for t in range(run, run + runs):
            if is_stepped(store, t, t + runs):
                for u in range(t, run + runs * (stop - start), runs):
                    store.run_flags[u] |= STEPPED
    return stop


def is_alike(store: Any, start: int, j: int) -> bool:
    """Return whether the runs of j continue the series that begins with `start` and the
    next neuron, in which runs differ by the same distance from neuron to neuron.
    """
    run = store.run_start[start]
    runs = store.run_stop[start] - run
    away = j - start
    if (
        # each neuron has its own steps of the rings of other networks
        store.flags[start] & (KEEPS | LAGGED) == KEEPS | LAGGED
        or (store.flags[j] ^ store.flags[start]) & ~LISTS  # which come later
        or store.run_stop[j] - store.run_start[j] != runs
    ):
        return False
    for t in range(run, run + runs):
        second = t + runs
        u = t + away * runs
        if (
            store.run_kind[u] != store.run_kind[t]
            or store.run_flags[u] != store.run_flags[t]
            or store.run_lag[u] != store.run_lag[t]
            or store.run_length[u] != store.run_length[t]
            or store.run_first[u] - store.run_first[t]
            != away * (store.run_first[second] - store.run_first[t])
        ):
            return False
        stepped = is_stepped(store, t, second)
        if (
            has_range(store, t)
            and store.run_source[u] - store.run_source[t] != away * stepped
        ):
            return False
        if (
            stepped
            and store.run_kind[t] == SHARED
            and store.run_gater[u] - store.run_gater[t] != away
        ):
            return False
    return True


def has_range(store: Any, t: int) -> bool:
    """Return whether the sources of a run are consecutive, and it has at most one
    gater.
    """
    return store.run_kind[t] == DENSE or store.run_kind[t] == SHARED


def is_stepped(store: Any, t: int, following: int) -> bool:
    """Return whether the sources of a run are consecutive and shifted by one from
    another run's consecutive sources.
    """
    return (
        has_range(store, t) and store.run_source[following] == store.run_source[t] + 1
    )


def mark_neuron(store: Any, j: int) -> None:
    """Mark j if it is one of four neurons with the same sources, and if all of its
    updates may stay pending.
    """
    runs = store.run_stop[j] - store.run_start[j]
    dense = True
    flags = 0
    silent = SILENT
    listed = True
    for t in range(store.run_start[j], store.run_stop[j]):
        dense &= store.run_kind[t] == DENSE
        listed &= store.run_kind[t] <= LISTED
        flags |= store.run_flags[t]
        silent &= store.run_flags[t]
    if store.flags[j] & TRACED:
        return
    if dense and runs > 0 and not flags & STEPPED and store.alike_stop[j] >= j + 4:
        store.flags[j] |= FOUR
    if listed and silent and not (store.flags[j] & GATES or flags & NEVER_PENDING):
        store.flags[j] |= PENDING


def mark_sources(store: Any, n: int, work: Any) -> None:
    """Mark neurons for ``exact/accumulate.py``, which sums over sources of trainable
    runs.
    """
    for j in range(n + 1):
        work[j] = 0
    for t in range(store.run_stop[n - 1] if n > 0 else 0):
        if has_range(store, t) and not store.run_flags[t] & (FIXED | STEPPED):
            work[store.run_source[t]] += 1
            work[store.run_source[t] + store.run_length[t]] -= 1
    runs = 0
    for j in range(n):
        runs += work[j]
        if runs > 0:
            store.flags[j] |= GRADIENT_SOURCE
