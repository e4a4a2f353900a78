"""Divide the incoming connections of each neuron into runs.

A run is a range, or a part of a range in which all relevant properties of the sources
agree. Short runs become lists. Single connections whose gaters advance with the sources
also form a run. ``work[j]`` is 1 if j is a clamped input, ``work[n + j]`` is the end of
the sources like j (`describe_sources`), and the first rows of ranges start at ``work[2
* n]``.
"""

from __future__ import annotations

from typing import Any

from ...functions.activations import SOFTMAX
from ...records import InputRows, Ties
from ...schema import NONE, OUTPUT
from ..flags import (
    AT_ONCE,
    DELAYED,
    DELAYED_GATE,
    DENSE,
    FIXED,
    GATED,
    KEEPS,
    LAGGED,
    LISTED,
    LISTS,
    MEMORY,
    PAIRED,
    QUIET_GATER,
    SHARED,
    SILENT,
    STEPPED,
    UNORDERED,
    WITH_GATES,
    ZIPPED,
)
from ..lists import TOO_MANY
from .gated import advances
from .neighbours import (
    continues_lag,
    is_clamped,
    is_late,
    is_like_previous,
    is_memory,
    is_together,
    network_stop,
)
from .ranges import Pair, list_ranges

# --- groups ---------------------------------------------------------------------------


def find_groups(store: Any, n: int) -> None:
    """Find the groups, which are consecutive neurons of one network, squash and group.

    All softmax outputs of a network form one group. A neuron without competitors is a
    group of one.
    """
    start = 0
    for j in range(n):
        softmax = (
            store.squash[j] == SOFTMAX
            and store.role[j] == OUTPUT
            and store.network[j] != 0
        )
        grouped = is_like_previous(store, j) and (
            softmax or (store.group[j] != 0 and store.group[j] == store.group[j - 1])
        )
        if not grouped:
            start = j
        store.group_first[j] = start
    for j in range(n - 2, -1, -1):
        if store.group_first[j + 1] == store.group_first[j]:
            store.group_stop[j] = store.group_stop[j + 1]


def any_internal(store: Any, count: int) -> bool:
    """Return whether a member of a group reads another, or is gated by a member."""
    for r in range(count):
        i = store.source[r]
        j = store.target[r]
        g = store.gate[r] - 1
        start = store.group_first[j]
        stop = store.group_stop[j]
        if stop > start + 1 and (
            (i != j and start <= i and i < stop and store.delay[r] == 0)
            or (start <= g and g < stop)
        ):
            return True
    return False


MIN_RUN_LENGTH = 4
"""Runs shorter than this are merged into a list, because a loop over indices is faster
than many tiny loops. By ``python -m benchmarks.variants lists``, rows take
3.44 to 8.81 times as long with 1. They take 0.86 to 0.99 times as long with 40.
"""
MIN_RUN_LENGTH_BY_LIST = 16
"""Runs shorter than this become part of an adjacent list, because this costs less than
another loop. ``python -m benchmarks.variants
lowering.loops.runs.MIN_RUN_LENGTH_BY_LIST``: rows take 0.98 to 1.88 times as long with
a tenth, 0.98 to 0.99 times with ten times.
"""


def find_runs(store: Any, n: int, count: int, work: Any) -> Pair:
    """Divide all connections into runs. Returns the number of runs and the combined
    flags of all neurons.
    """
    flags = 0
    competing = False
    k = 2 * n
    for j in range(n):
        store.longest_delay[j] = 0
        k = describe_neuron(store, j, k, count, work)
        competing |= store.group[j] != 0 or store.squash[j] == SOFTMAX
    if competing:
        find_groups(store, n)
    describe_sources(store, n, count, work)
    runs = 0
    k = 2 * n
    for j in range(n):
        k, runs = find_runs_of(store, j, k, runs, n, count, work)
        flags |= store.flags[j]
    store.ties[Ties.INTERNAL] = competing and any_internal(store, count)
    return runs, flags


def find_few_runs(store: Any, n: int, count: int, work: Any) -> Pair:
    """Divide the connections into a few neurons into runs, while the columns of all
    other neurons are unchanged. Returns the number of runs.

    The memory from ``work[2 * n]`` on contains the number of runs that stay, to which
    the new runs are appended, the number of these neurons, and their rows. The ranges
    follow.
    """
    describe_sources(store, n, count, work)
    runs = work[2 * n]
    few = work[2 * n + 1]
    for t in range(2 * n + 2, 2 * n + 2 + few):
        j = work[t]
        stop = count if j + 1 == n else store.first_incoming[j + 1]
        k = 2 * n + 2 + few
        list_ranges(store, store.first_incoming[j], stop, k, work)
        describe_neuron(store, j, k, count, work)
        k, runs = find_runs_of(store, j, k, runs, n, count, work)
    return runs, 0


def change_learning(store: Any, n: int, count: int, work: Any) -> Pair:
    """Renew the numbers that only depend on the connections that learn, if no
    connection changes its row or run. This is the case if all or none of each neuron's
    connections learned before, and all or none learn now. Returns False if it is not
    the case, without changing anything. Lists of sources begin anew.
    """
    differs = store.ties[Ties.RANGES] | store.ties[Ties.BIAS_RANGES]
    stop = count
    for j in range(n - 1, -1, -1):
        learning = 0
        for r in range(store.first_incoming[j], stop):
            learning += store.trainable[r] != 0
        size = stop - store.first_incoming[j]
        before = store.learning[j]
        # a product is 0 if all or none learn
        differs |= learning * (size - learning) | before * (size - before)
        differs |= store.flags[j] & WITH_GATES
        work[j] = learning
        stop = store.first_incoming[j]
    for j in range(0 if differs else n):
        store.learning[j] = work[j]
        fixed = FIXED * (work[j] == 0)
        for t in range(store.run_start[j], store.run_stop[j]):
            store.run_flags[t] = store.run_flags[t] & ~(STEPPED | FIXED) | fixed
        store.flags[j] &= LISTS
    for k in range(0 if differs else store.ties[Ties.LISTS]):
        store.list_count[k] = TOO_MANY
        store.input_rows[InputRows.LISTED] = 0
    return differs == 0, 0


def describe_neuron(store: Any, j: int, k: int, count: int, work: Any) -> int:
    """Describe the neuron whose first range is ``work[k]``, and return the place of the
    next neuron's first range.
    """
    flags = 0
    learning = 0
    store.first_incoming[j] = work[k]
    store.self_row[j] = NONE
    store.self_gater[j] = NONE
    while work[k] < count and store.target[work[k]] == j:
        r = work[k]
        k += 1
        if store.trainable[r] != 0:
            learning += work[k] - r
        if store.gate[r] != 0:
            flags |= GATED
        if is_memory(store, r):
            flags |= MEMORY
            store.self_row[j] = r
            store.self_gater[j] = (store.gate[r] - 1) & NONE
    store.flags[j] = flags
    store.learning[j] = learning
    store.group_first[j] = j
    store.group_stop[j] = j + 1
    store.earliest[j] = 0
    store.first_trace[j] = 0
    store.influence_start[j] = 0
    store.influence_stop[j] = 0
    store.pull_start[j] = 0
    store.pull_stop[j] = 0
    store.ring[j] = NONE
    return k


def share_step(store: Any, n: int) -> None:
    """Set the beginning of the step of a network's new neurons to the present step or,
    if all other neurons have activated in it, to their next activation.
    """
    start = 0
    while start < n:
        stop = network_stop(store, start, n)
        begin = 0
        for j in range(start, stop):
            begin = max(begin, store.step_stamp[j] * (store.network[j] != 0))
        complete = True
        for j in range(start, stop):
            activated = max(store.stamp[j], store.cleared_stamp[j]) >= begin
            complete &= activated or store.step_stamp[j] != begin
        for j in range(start, stop):
            if store.step_stamp[j] != begin:
                store.step_stamp[j] = 0 if complete else begin
        start = stop


def describe_sources(store: Any, n: int, count: int, work: Any) -> None:
    """Find the inputs without incoming connections, which are clamped and get no error,
    and the end of each range of neurons that are alike as sources.
    """
    store.ties[Ties.NEURONS] = n
    store.ties[Ties.CONNECTIONS] = count
    share_step(store, n)
    for j in range(n - 1, -1, -1):
        last = j + 1 == n
        work[j] = is_clamped(store, j, n, count)
        alike = (
            not last
            and store.network[j] == store.network[j + 1]
            and store.synchronous[j] == store.synchronous[j + 1]
            and work[j] == work[j + 1]
        )
        work[n + j] = work[n + j + 1] if alike else j + 1


def find_runs_of(
    store: Any, j: int, k: int, runs: int, n: int, count: int, work: Any
) -> Pair:
    """Divide the connections into one neuron, whose first range is ``work[k]``, into
    runs, the first of which has the number `runs`. Returns where both end.
    """
    store.run_start[j] = runs
    while work[k] < count and store.target[work[k]] == j:
        start = work[k]
        k += 1
        flag_order(store, j, start, work[k])
        if store.delay[start] != 0:
            # its sources remember as many steps as it delays them
            for i in range(store.source[start], store.source[start] + work[k] - start):
                store.longest_delay[i] = max(store.longest_delay[i], store.delay[start])
        if not is_memory(store, start):
            runs = divide_range(store, j, start, work[k], runs, n, work)
    if runs > store.run_start[j] + 1:
        runs = merge_runs(store, j, runs, MIN_RUN_LENGTH)
        runs = merge_runs(store, j, runs, MIN_RUN_LENGTH_BY_LIST)
    store.run_stop[j] = runs
    return k, runs


def divide_range(
    store: Any, j: int, r: int, stop: int, runs: int, n: int, work: Any
) -> int:
    """Make a run of a range, or several if its sources are of several kinds. Returns
    where they end.
    """
    while r < stop:
        flags = flags_of_run(store, j, r, work)
        lag = store.delay[r]
        end = kind_stop(store, j, r, stop, n, work)
        while (
            end < stop
            and flags_of_run(store, j, end, work) == flags
            and continues_lag(store, end, lag, store.source[r])
        ):
            end = kind_stop(store, j, end, stop, n, work)
        if lag != 0:
            store.flags[j] |= LAGGED
        if flags & UNORDERED:
            store.flags[j] |= KEEPS
        gate = store.gate[r]
        if gate != 0 and end == r + 1 and advances(store, j, r, runs - 1, flags):
            store.run_kind[runs - 1] = ZIPPED
            store.run_length[runs - 1] += 1
        else:
            store.run_kind[runs] = DENSE if gate == 0 else SHARED
            store.run_flags[runs] = flags
            store.run_first[runs] = r
            store.run_length[runs] = end - r
            store.run_source[runs] = store.source[r]
            store.run_gater[runs] = (gate - 1) & NONE
            store.run_influence[runs] = NONE
            store.run_lag[runs] = lag
            store.run_met[runs] = 0
            runs += 1
        r = end
    return runs


def kind_stop(store: Any, j: int, r: int, stop: int, n: int, work: Any) -> int:
    """Return the end of the rows of a range, from r on, whose sources are of one kind
    for j.
    """
    i = store.source[r]
    group = store.group_first[j]
    end = work[n + i]
    if i < group:  # members of the same group are read one step late
        end = min(end, group)
    if store.network[i] == 0 and store.delay[r] != 0:  # it has its own ring
        end = i + 1
    return min(stop, r + end - i)


def flags_of_run(store: Any, j: int, r: int, work: Any) -> int:
    """Return the flags of the run into j to which a connection belongs."""
    i = store.source[r]
    g = store.gate[r] - 1  # below 0 without one
    flags = 0
    if store.trainable[r] == 0:
        flags |= FIXED
    if store.tie[r] != 0:
        flags |= AT_ONCE
    if work[i] != 0:
        flags |= SILENT
    if not is_together(store, i, j) or (g >= 0 and not is_together(store, g, j)):
        flags |= UNORDERED
    elif is_late(store, i, j):
        flags |= DELAYED | SILENT
    if store.delay[r] != 0:
        flags |= DELAYED | SILENT
    if g >= 0:
        if work[g] != 0:
            flags |= QUIET_GATER
        if not flags & UNORDERED and is_late(store, g, j):
            flags |= DELAYED_GATE
    return flags


def flag_order(store: Any, j: int, r: int, stop: int) -> None:
    """Begin the block of j after the sources and the gater of a range that it reads in
    the same step.
    """
    group = store.group_first[j]  # a block has the whole group
    i = store.source[r]
    gate = store.gate[r]
    if store.synchronous[j] == 0:
        if i < group and store.delay[r] == 0:
            store.earliest[group] = max(store.earliest[group], min(i + stop - r, group))
        if gate <= group:
            store.earliest[group] = max(store.earliest[group], gate)


def merge_runs(store: Any, j: int, stop: int, limit: int) -> int:
    """Merge consecutive runs of j that are shorter than `limit`, and return the new end
    of its runs.
    """
    latest = store.run_start[j]
    for t in range(latest + 1, stop):  # rows after `latest` are unchanged
        if is_merged(store, j, t, limit):
            store.run_kind[latest] = (
                LISTED if store.run_gater[latest] == NONE else PAIRED
            )
            store.run_length[latest] += store.run_length[t]
        else:
            latest += 1
            store.run_kind[latest] = store.run_kind[t]
            store.run_flags[latest] = store.run_flags[t]
            store.run_first[latest] = store.run_first[t]
            store.run_length[latest] = store.run_length[t]
            store.run_source[latest] = store.run_source[t]
            store.run_gater[latest] = store.run_gater[t]
            store.run_lag[latest] = store.run_lag[t]
    return latest + 1


def is_merged(store: Any, j: int, t: int, limit: int) -> bool:
    """Return whether a run is merged with the previous run, which requires that they
    only differ in sources and gaters, that both are short or lists, and that one is a
    list if the limit is the limit for lists.

    Gated runs of a self-connected target are not merged, because each belongs to one
    influence.
    """
    gated = store.run_gater[t] != NONE
    if (
        store.run_flags[t - 1] != store.run_flags[t]
        or not may_share_list(store, t)
        or (store.run_gater[t - 1] != NONE) != gated
    ):
        return False
    if gated and store.flags[j] & MEMORY:
        return False
    listed_before = is_list(store, t - 1)
    listed = is_list(store, t)
    return (
        (listed_before or store.run_length[t - 1] < limit)
        and (listed or store.run_length[t] < limit)
        and (limit == MIN_RUN_LENGTH or listed_before or listed)
    )


def may_share_list(store: Any, t: int) -> bool:
    """Return whether the lags of a run and of the previous run allow one list, because
    they are equal or because several lags are allowed, which is the case without gates
    and within the target's network.
    """
    before = store.run_lag[t - 1]
    lag = store.run_lag[t]
    if store.run_flags[t] & UNORDERED or store.run_gater[t] != NONE:
        return continues_lag(store, store.run_first[t], before, store.run_source[t - 1])
    return (before == 0) == (lag == 0)


def is_list(store: Any, t: int) -> bool:
    """Return whether the sources of a run are a list."""
    return store.run_kind[t] == LISTED or store.run_kind[t] == PAIRED
