"""What is computed together: blocks of neurons, neurons with runs alike, and marks of
those for which shorter code is enough.
"""

from __future__ import annotations

from typing import Any

from ..flags import (
    DENSE,
    FIXED,
    FOUR,
    GATES,
    GRADIENT_SOURCE,
    LISTED,
    NEVER_PENDING,
    PENDING,
    PLAIN_RUNS,
    SHARED,
    SILENT,
    STEPPED,
    TRACED,
    UNORDERED,
)
from .neighbours import is_like_previous
from .ranges import Pair


def join_neurons(m: Any, n: int, count: int, work: Any) -> Pair:
    """Find the neurons that are computed together, and mark those that are computed by
    shorter code.
    """
    find_blocks(m, n)
    start = 0
    while start < n:
        stop = find_alike(m, start)
        for j in range(start, stop):
            m.alike_stop[j] = stop
            mark_neuron(m, j)
        start = stop
    mark_sources(m, n, work)
    return 0, 0


def find_blocks(m: Any, n: int) -> None:
    """Put consecutive neurons of one network and squash that do not depend on each
    other into blocks.

    A block ends before a neuron that depends on one of it, or before the group of such
    a neuron.
    """
    start = 0
    for j in range(n):
        if not is_like_previous(m, j) or m.network[j] == 0 or m.earliest[j] > start:
            start = j
        m.block_first[j] = start
    for j in range(n - 1, -1, -1):
        ends = j + 1 == n or m.block_first[j + 1] == j + 1
        m.block_stop[j] = j + 1 if ends else m.block_stop[j + 1]


def find_alike(m: Any, start: int) -> int:
    """The end of the neurons from `start` on with runs of the same form, which can be
    computed together.

    They are of one block. Run by run they have the same sources, or each has sources
    shifted by one from the previous neuron (`STEPPED`); lists and pairs may differ.
    Their connections are equally spaced.
    """
    run = m.first_run[start]
    runs = m.last_run[start] - run
    stop = start + 1
    while stop < m.block_stop[start] and is_alike(m, start, stop):
        stop += 1
    if stop > start + 1:
        for t in range(run, run + runs):
            if is_stepped(m, t, t + runs):
                for u in range(t, run + runs * (stop - start), runs):
                    m.run_flags[u] |= STEPPED
    return stop


def is_alike(m: Any, start: int, j: int) -> bool:
    """Whether the runs of j differ from those of `start` as those of the neuron after
    that do, as many times as it is further away.
    """
    run = m.first_run[start]
    runs = m.last_run[start] - run
    away = j - start
    if m.flags[j] != m.flags[start] or m.last_run[j] - m.first_run[j] != runs:
        return False
    for t in range(run, run + runs):
        second = t + runs
        u = t + away * runs
        if (
            m.run_kind[u] != m.run_kind[t]
            or m.run_flags[u] != m.run_flags[t]
            or m.run_length[u] != m.run_length[t]
            or m.run_first[u] - m.run_first[t]
            != away * (m.run_first[second] - m.run_first[t])
        ):
            return False
        stepped = is_stepped(m, t, second)
        if has_range(m, t) and m.run_source[u] - m.run_source[t] != away * stepped:
            return False
        if (
            stepped
            and m.run_kind[t] == SHARED
            and m.run_gater[u] - m.run_gater[t] != away
        ):
            return False
    return True


def has_range(m: Any, t: int) -> bool:
    """Whether the sources of a run are consecutive, and its gater one or none."""
    return m.run_kind[t] == DENSE or m.run_kind[t] == SHARED


def is_stepped(m: Any, t: int, following: int) -> bool:
    """Whether the sources of a run are shifted by one from those of another, and both
    are consecutive.
    """
    return has_range(m, t) and m.run_source[following] == m.run_source[t] + 1


def mark_neuron(m: Any, j: int) -> None:
    """Mark j if its runs are all plain, if it is one of four with the same sources, and
    if its updates may all stay pending.
    """
    runs = m.last_run[j] - m.first_run[j]
    dense = True
    flags = 0
    silent = SILENT
    listed = True
    for t in range(m.first_run[j], m.last_run[j]):
        dense &= m.run_kind[t] == DENSE
        listed &= m.run_kind[t] <= LISTED
        flags |= m.run_flags[t]
        silent &= m.run_flags[t]
    if m.flags[j] & TRACED:
        return
    if dense and not flags & UNORDERED:
        m.flags[j] |= PLAIN_RUNS
    if dense and runs > 0 and not flags & STEPPED and m.alike_stop[j] >= j + 4:
        m.flags[j] |= FOUR
    if listed and silent and not (m.flags[j] & GATES or flags & NEVER_PENDING):
        m.flags[j] |= PENDING


def mark_sources(m: Any, n: int, work: Any) -> None:
    """Mark neurons for ``exact/accumulate.py``, which sums over sources of trainable
    runs.
    """
    for j in range(n + 1):
        work[j] = 0
    for t in range(m.last_run[n - 1] if n > 0 else 0):
        if has_range(m, t) and not m.run_flags[t] & (FIXED | STEPPED):
            work[m.run_source[t]] += 1
            work[m.run_source[t] + m.run_length[t]] -= 1
    runs = 0
    for j in range(n):
        runs += work[j]
        if runs > 0:
            m.flags[j] |= GRADIENT_SOURCE
