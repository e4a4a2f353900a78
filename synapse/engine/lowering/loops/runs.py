"""The incoming connections of each neuron, divided into runs.

A run is a range, or a part of one whose sources differ in nothing that matters. Short
runs become lists; single connections whose gaters advance with the sources are a run,
too. ``work[j]`` says whether j is a clamped input, ``work[n + j]`` is the end of the
sources like j (`describe_sources`), and from ``work[2 * n]`` on are the first rows of
ranges.
"""

from __future__ import annotations

from typing import Any

from ...records import Ties
from ...schema import NONE
from ..flags import (
    AT_ONCE,
    DELAYED,
    DENSE,
    FIXED,
    GATED,
    LISTED,
    MEMORY,
    PAIRED,
    SHARED,
    SILENT,
    UNORDERED,
    ZIPPED,
)
from .gated import advances, flags_of_gater
from .groups import any_internal, competes, find_groups
from .neighbours import is_clamped, is_late, is_together
from .ranges import Pair, list_ranges

SHORT = 4
"""Runs shorter than this are merged into a list: a loop over indices is faster than
many tiny loops. ``python -m benchmarks.lowering constants SHORT``: without lists, a
step of a layer of density 0.4 takes 1.2 times as long; with ten times of it, as
long."""
SHORT_BY_A_LIST = 16
"""Runs shorter than this become part of a list next to them: a list costs less than
another loop. A tenth and ten times of it: 1.1 times as long."""


def find_runs(m: Any, n: int, count: int, work: Any) -> Pair:
    """Divide all connections into runs; returns how many, and the flags of all neurons
    together.
    """
    flags = 0
    competing = False
    k = 2 * n
    for j in range(n):
        k = describe_neuron(m, j, k, count, work)
        flags |= m.flags[j]
        competing |= competes(m, j)
    if competing:
        find_groups(m, n)
    describe_sources(m, n, count, work)
    runs = 0
    k = 2 * n
    for j in range(n):
        k, runs = find_runs_of(m, j, k, runs, n, count, work)
    m.ties[Ties.INTERNAL] = competing and any_internal(m, count)
    return runs, flags


def find_few_runs(m: Any, n: int, count: int, work: Any) -> Pair:
    """Divide the connections into few neurons, while the columns of others are as they
    were; returns the number of runs.

    From ``work[2 * n]`` on are the number of runs that stay, to which theirs are
    appended, the number of these neurons, and their rows. The ranges follow.
    """
    describe_sources(m, n, count, work)
    runs = work[2 * n]
    few = work[2 * n + 1]
    for t in range(2 * n + 2, 2 * n + 2 + few):
        j = work[t]
        stop = count if j + 1 == n else m.first_incoming[j + 1]
        k = 2 * n + 2 + few
        list_ranges(m, m.first_incoming[j], stop, k, work)
        describe_neuron(m, j, k, count, work)
        k, runs = find_runs_of(m, j, k, runs, n, count, work)
    return runs, 0


def describe_neuron(m: Any, j: int, k: int, count: int, work: Any) -> int:
    """Describe the neuron whose first range is ``work[k]``; returns the place of the
    next neuron's.
    """
    flags = 0
    learning = 0
    m.first_incoming[j] = work[k]
    m.self_row[j] = NONE
    m.self_gater[j] = NONE
    while work[k] < count and m.target[work[k]] == j:
        r = work[k]
        k += 1
        if m.trainable[r] != 0:
            learning += work[k] - r
        if m.gater[r] != NONE:
            flags |= GATED
        if m.source[r] == j:
            flags |= MEMORY
            m.self_row[j] = r
            m.self_gater[j] = m.gater[r]
    m.flags[j] = flags
    m.learning[j] = learning
    m.group_first[j] = j
    m.group_stop[j] = j + 1
    m.earliest[j] = 0
    m.first_trace[j] = 0
    m.first_influence[j] = 0
    m.last_influence[j] = 0
    m.first_pull[j] = 0
    m.last_pull[j] = 0
    return k


def describe_sources(m: Any, n: int, count: int, work: Any) -> None:
    """Find the inputs without incoming connections, which are clamped and get no error;
    and up to where neurons are alike as sources.
    """
    for j in range(n - 1, -1, -1):
        last = j + 1 == n
        work[j] = is_clamped(m, j, n, count)
        alike = (
            not last
            and m.network[j] == m.network[j + 1]
            and m.synchronous[j] == m.synchronous[j + 1]
            and work[j] == work[j + 1]
        )
        work[n + j] = work[n + j + 1] if alike else j + 1


def find_runs_of(
    m: Any, j: int, k: int, runs: int, n: int, count: int, work: Any
) -> Pair:
    """Divide the connections into one neuron, whose first range is ``work[k]``, into
    runs, the first of which has the number `runs`; returns where both end.
    """
    m.first_run[j] = runs
    while work[k] < count and m.target[work[k]] == j:
        start = work[k]
        k += 1
        note_order(m, j, start, work[k])
        if m.source[start] != j:
            runs = divide_range(m, j, start, work[k], runs, n, work)
    if runs > m.first_run[j] + 1:
        runs = merge_runs(m, j, runs, SHORT)
        runs = merge_runs(m, j, runs, SHORT_BY_A_LIST)
    m.last_run[j] = runs
    return k, runs


def divide_range(
    m: Any, j: int, r: int, stop: int, runs: int, n: int, work: Any
) -> int:
    """Make runs of a range: one, unless its sources are of several kinds. Returns where
    they end.
    """
    while r < stop:
        flags = flags_of_run(m, j, r, work)
        end = kind_stop(m, j, r, stop, n, work)
        while end < stop and flags_of_run(m, j, end, work) == flags:
            end = kind_stop(m, j, end, stop, n, work)
        g = m.gater[r]
        if g != NONE and end == r + 1 and advances(m, j, r, runs - 1, flags):
            m.run_kind[runs - 1] = ZIPPED
            m.run_length[runs - 1] += 1
        else:
            m.run_kind[runs] = DENSE if g == NONE else SHARED
            m.run_flags[runs] = flags
            m.run_first[runs] = r
            m.run_length[runs] = end - r
            m.run_source[runs] = m.source[r]
            m.run_gater[runs] = g
            m.run_influence[runs] = NONE
            runs += 1
        r = end
    return runs


def kind_stop(m: Any, j: int, r: int, stop: int, n: int, work: Any) -> int:
    """The end of the rows of a range, from r on, whose sources are of one kind for
    j.
    """
    i = m.source[r]
    group = m.group_first[j]
    end = work[n + i]
    if i < group:  # members of the group are read one step late
        end = min(end, group)
    return min(stop, r + end - i)


def flags_of_run(m: Any, j: int, r: int, work: Any) -> int:
    """The flags of the run into j to which a connection belongs."""
    i = m.source[r]
    g = m.gater[r]
    flags = 0
    if m.trainable[r] == 0:
        flags |= FIXED
    if m.tie[r] != 0:
        flags |= AT_ONCE
    if work[i] != 0:
        flags |= SILENT
    if not is_together(m, i, j) or (g != NONE and not is_together(m, g, j)):
        flags |= UNORDERED
    elif is_late(m, i, j):
        flags |= DELAYED | SILENT
    if g != NONE:
        flags = flags_of_gater(m, j, g, flags, work)
    return flags


def note_order(m: Any, j: int, r: int, stop: int) -> None:
    """Let the block of j begin after the sources and the gater of a range that it reads
    in the same step.
    """
    group = m.group_first[j]  # a block has the whole group
    i = m.source[r]
    g = m.gater[r]
    if m.synchronous[j] == 0:
        if i < group:
            m.earliest[group] = max(m.earliest[group], min(i + stop - r, group))
        if g < group:
            m.earliest[group] = max(m.earliest[group], g + 1)


def merge_runs(m: Any, j: int, stop: int, limit: int) -> int:
    """Merge consecutive runs of j that are shorter than `limit`; returns where its runs
    end then.
    """
    latest = m.first_run[j]
    for t in range(latest + 1, stop):  # rows after `latest` are as before
        if is_merged(m, j, t, limit):
            m.run_kind[latest] = LISTED if m.run_gater[latest] == NONE else PAIRED
            m.run_length[latest] += m.run_length[t]
        else:
            latest += 1
            m.run_kind[latest] = m.run_kind[t]
            m.run_flags[latest] = m.run_flags[t]
            m.run_first[latest] = m.run_first[t]
            m.run_length[latest] = m.run_length[t]
            m.run_source[latest] = m.run_source[t]
            m.run_gater[latest] = m.run_gater[t]
    return latest + 1


def is_merged(m: Any, j: int, t: int, limit: int) -> bool:
    """Whether a run is merged with the one before: they differ only in sources and
    gaters, both are short or lists, and one is a list if the limit is that for lists.

    Gated runs of a self-connected target are not merged, because each belongs to one
    influence.
    """
    gated = m.run_gater[t] != NONE
    if m.run_flags[t - 1] != m.run_flags[t] or (m.run_gater[t - 1] != NONE) != gated:
        return False
    if gated and m.flags[j] & MEMORY:
        return False
    listed_before = is_list(m, t - 1)
    listed = is_list(m, t)
    return (
        (listed_before or m.run_length[t - 1] < limit)
        and (listed or m.run_length[t] < limit)
        and (limit == SHORT or listed_before or listed)
    )


def is_list(m: Any, t: int) -> bool:
    """Whether the sources of a run are a list."""
    return m.run_kind[t] == LISTED or m.run_kind[t] == PAIRED
