"""The loops of lowering, each over all neurons with their connections, or their runs.

``m`` has the columns of a store, `n` is the number of neurons, `count` that of
connections, and `work` is memory for integers. Everything here is plain Python: small
stores are lowered by these functions as they are, large ones by `compiled.py`, which
compiles them. So integers from columns, which are unsigned for the compiler, are never
subtracted from each other.
"""

from __future__ import annotations

from typing import Any

from ..functions.activations import SOFTMAX
from ..records import Ties
from ..schema import INPUT, NONE, OUTPUT
from .flags import (
    AT_ONCE,
    DELAYED,
    DELAYED_GATE,
    DENSE,
    FIXED,
    FOUR,
    GATED,
    GATES,
    GRADIENT_SOURCE,
    LISTED,
    MEMORY,
    NEVER_PENDING,
    PAIRED,
    PENDING,
    PLAIN_RUNS,
    QUIET_GATER,
    SHARED,
    SILENT,
    STEPPED,
    TRACED,
    UNORDERED,
    ZIPPED,
)

Pair = tuple[int, int]

SHORT = 4
"""Runs shorter than this are merged into a list: a loop over indices is faster than
many tiny loops."""
SHORT_BY_A_LIST = 16
"""Runs shorter than this become part of a list next to them: a list costs less than
another loop."""


WIDE = 16
"""How many connections are compared at once."""


# --- the order of neurons and connections ---------------------------------------------
#
# Neurons are sorted by network, those without one last, and by position. Connections
# are sorted by target, then trainable first, self-connection last, ungated first, by
# gater, by source. For these, ``work`` has four parts of `count` integers: the rows in
# order, other rows, and the two keys of these; and three numbers: how many of the first
# begin the order where they are, and how many there are of both.


def count_sorted(m: Any, n: int, count: int, work: Any) -> Pair:
    """Count the first neurons in order; whether there are ties, or were; note whether
    signs and clamps.
    """
    tied = m.ties[Ties.STRETCHES] | m.ties[Ties.BIAS_STRETCHES]
    signs = 0
    clamps = 0
    for r in range(count):
        tied |= m.tie[r]
        signs |= m.sign[r] if m.target[r] != NONE else 0
    for j in range(n):
        tied |= m.bias_tie[j]
        clamps |= m.clamped[j]
    m.ties[Ties.SIGNED] = signs & 1
    m.ties[Ties.CLAMPED] = clamps
    for j in range(1, n):
        before = (m.network[j - 1] - 1) & NONE
        here = (m.network[j] - 1) & NONE
        if before > here or (
            before == here and here != NONE and m.position[j - 1] > m.position[j]
        ):
            return j, tied != 0
    return n, tied != 0


def key_of(m: Any, r: int) -> Pair:
    """The two keys of a connection in this order."""
    i = m.source[r]
    j = m.target[r]
    major = (j << 2) | ((m.trainable[r] == 0) << 1) | (i == j)
    return major, (((m.gater[r] + 1) & NONE) << 32) | i


def stretch_stop(m: Any, r: int, count: int) -> int:
    """The end of the rows from `r` on with one target, gater and kind, and sources one
    after the other.

    A self-connection is a stretch of its own. What a row has in common with the next is
    tested for every connection, everything else in lowering once for a stretch.
    """
    source = m.source
    target = m.target
    gater = m.gater
    trainable = m.trainable
    tie = m.tie
    i = source[r]
    j = target[r]
    g = gater[r]
    fixed = trainable[r] == 0
    tied = tie[r] != 0
    s = r + 1
    if i == j:
        return s
    size = WIDE
    while size > 0:  # the last ones one by one
        same = (
            s + size <= count
            and source[s + size - 1] == i + size
            and target[s + size - 1] == j
        )
        if same:
            for t in range(size):
                k = s + t
                same &= (
                    (source[k] == i + t + 1)
                    & (target[k] == j)
                    & (gater[k] == g)
                    & (source[k] != j)
                )
                same &= ((trainable[k] == 0) == fixed) & ((tie[k] != 0) == tied)
        if same:
            i += size
            s += size
        else:
            size = size // WIDE
    return s


def list_stop(m: Any, r: int, count: int, limit: int) -> int:
    """The end of the ungated rows like `r` after it, with sources below `limit` that
    are not consecutive.
    """
    source = m.source
    s = r + 1
    alike = m.gater[r] == NONE and m.source[r] < limit
    while alike and s + 1 < count:
        alike = m.target[s] == m.target[r] and m.gater[s] == NONE and source[s] < limit
        alike &= ((m.trainable[s] == 0) == (m.trainable[r] == 0)) & (
            (m.tie[s] == 0) == (m.tie[r] == 0)
        )
        alike &= (source[s] > source[s - 1] + 1) & (source[s + 1] != source[s] + 1)
        s += alike
    return s


def split_rows(m: Any, n: int, count: int, work: Any) -> Pair:
    """Divide the rows into those in order, written once one has moved, and others;
    returns both numbers.
    """
    target = m.target
    in_place = 0
    kept = 0
    others = 0
    last_key = (-1, -1)
    r = 0
    while r < count:
        if target[r] == NONE:
            r += 1
            continue
        key = key_of(m, r)
        if key[0] < last_key[0] or (key[0] == last_key[0] and key[1] < last_key[1]):
            work[count + others] = r
            work[2 * count + others] = key[0]
            work[3 * count + others] = key[1]
            others += 1
            r += 1
            continue
        stop = stretch_stop(m, r, count)
        last_key = key[0], key[1] + (stop - r - 1)
        if kept == r:
            in_place = kept = r = stop
        while r < stop:
            work[kept] = r
            kept += 1
            r += 1
    work[4 * count] = in_place
    work[4 * count + 1] = kept
    work[4 * count + 2] = others
    return kept, others


def merge_rows(m: Any, n: int, count: int, work: Any) -> Pair:
    """Merge the sorted others into those in order; returns the first row that may be
    new, and the count.
    """
    in_place = work[4 * count]
    a = work[4 * count + 1]
    b = work[4 * count + 2]
    k = total = a + b
    while b > 0:
        k -= 1
        r = 0
        before = (-1, -1)
        key = work[2 * count + b - 1], work[3 * count + b - 1]
        if a > 0:
            r = work[a - 1] if a > in_place else a - 1
            before = key_of(m, r)
        if before[0] > key[0] or (before[0] == key[0] and before[1] > key[1]):
            work[k] = r
            a -= 1
        else:
            work[k] = work[count + b - 1]
            b -= 1
    return min(in_place, k), total


# --- runs -----------------------------------------------------------------------------


def find_groups(m: Any, n: int) -> None:
    """Find the groups: consecutive neurons of one network, squash and group, which
    compete.

    Softmax outputs of a network are one group. A neuron that competes with no other is
    a group of one.
    """
    group = 0
    for j in range(n):
        squash = m.squash[j]
        number = m.network[j]
        alike = j > 0 and number == m.network[j - 1] and squash == m.squash[j - 1]
        alike = (
            alike
            and m.role[j] == m.role[j - 1]
            and m.synchronous[j] == m.synchronous[j - 1]
        )
        within = alike
        if not (squash == SOFTMAX and m.role[j] == OUTPUT and number != 0):
            within = alike and m.group[j] != 0 and m.group[j] == m.group[j - 1]
        if not within:
            group = j
        m.group_first[j] = group
    for j in range(n - 1, -1, -1):
        last = j == n - 1 or m.group_first[j + 1] != m.group_first[j]
        m.group_stop[j] = j + 1 if last else m.group_stop[j + 1]


def describe_neurons(m: Any, n: int, count: int) -> None:
    """Find the incoming connections, the flags and the self-connection of each
    neuron.
    """
    r = connected = 0
    for j in range(n):
        r, within = describe_neuron(m, j, r, n, count)
        connected += within
    m.ties[Ties.INTERNAL] = connected


def describe_neuron(m: Any, j: int, r: int, n: int, count: int) -> Pair:
    """Describe the neuron whose connections begin in row r; returns the row after them,
    and how many come from its group.
    """
    source = m.source
    target = m.target
    gater = m.gater
    trainable = m.trainable
    group = m.group_first[j]
    incoming = r
    connected = 0
    learning = 0
    flags = 0
    after = 0
    self_row = NONE
    self_gater = NONE
    while r < count and target[r] == j:
        i = source[r]
        g = gater[r]
        stop = list_stop(m, stretch_stop(m, r, count) - 1, count, j if i < j else n)
        if trainable[r] != 0:
            learning += stop - r
        if i == j:
            flags |= MEMORY
            self_row = r
            self_gater = g
        elif i < group and not m.synchronous[j]:
            # A stretch may end within the group, whose members read each other one
            # step late.
            after = max(after, min(source[stop - 1] + 1, group))
        if i != j and source[stop - 1] >= group and i < m.group_stop[j]:
            connected += 1
        if g != NONE:
            flags |= GATED
            if g < group and not m.synchronous[j]:
                after = max(after, g + 1)
            connected += (
                group <= g and g < m.group_stop[j] and m.group_stop[j] > group + 1
            )
        r = stop
    m.first_incoming[j] = incoming
    m.learning[j] = learning
    m.flags[j] = flags
    m.self_row[j] = self_row
    m.self_gater[j] = self_gater
    m.earliest[j] = after
    # One block has the whole group.
    m.earliest[group] = max(m.earliest[group], after)
    m.first_trace[j] = 0
    m.first_influence[j] = 0
    m.last_influence[j] = 0
    m.first_pull[j] = 0
    m.last_pull[j] = 0
    return r, connected


def flags_of_run(m: Any, j: int, r: int, work: Any) -> int:
    """The flags of the run into j to which a connection belongs."""
    i = m.source[r]
    g = m.gater[r]
    home = m.network[j]
    gated = g != NONE
    by = g if gated else j
    flags = 0
    if home != 0 and m.network[i] == home and m.network[by] == home:
        group = m.group_first[j]
        if i >= group or m.synchronous[i] & m.synchronous[j]:
            flags |= DELAYED | SILENT
        if gated and (g >= group or m.synchronous[g] & m.synchronous[j]):
            flags |= DELAYED_GATE
    else:
        flags |= UNORDERED
    if work[i]:
        flags |= SILENT
    if gated and work[g]:
        flags |= QUIET_GATER
    if m.trainable[r] == 0:
        flags |= FIXED
    if m.tie[r] != 0:
        flags |= AT_ONCE
    return flags


def find_runs(m: Any, n: int, count: int, work: Any) -> Pair:
    """Divide connections into runs; returns how many, and the number of memories and
    gated runs into them.
    """
    find_groups(m, n)
    describe_neurons(m, n, count)
    mark_clamped(m, n, count, work)
    count_alike(m, n, work)
    runs = 0
    pairs = 0
    for j in range(n):
        pairs += m.flags[j] & MEMORY
        begin = runs
        runs = find_runs_of(m, j, runs, n, count, work)
        if m.flags[j] & (MEMORY | GATED) == MEMORY | GATED:
            for t in range(begin, runs):
                pairs += m.run_gater[t] != NONE
    return runs, pairs


def find_few_runs(m: Any, n: int, count: int, work: Any) -> Pair:
    """`find_runs` of few neurons, whose other columns are as they were; returns the
    number of runs.

    ``work[n]`` is the number of runs that stay, ``work[n + 1]`` how many neurons
    follow. Their runs are appended to the others.
    """
    mark_clamped(m, n, count, work)
    count_alike(m, n, work)
    runs = work[n]
    for t in range(work[n + 1]):
        j = work[n + 2 + t]
        describe_neuron(m, j, 1 * m.first_incoming[j], n, count)
        runs = find_runs_of(m, j, runs, n, count, work)
    return runs, 0


def mark_clamped(m: Any, n: int, count: int, work: Any) -> None:
    """Let ``work[j]`` be whether j is an input without incoming connections: it is
    clamped, and gets no error.
    """
    for j in range(n):
        stop = m.first_incoming[j + 1] if j + 1 < n else count
        work[j] = m.role[j] == INPUT and m.first_incoming[j] == stop


def count_alike(m: Any, n: int, work: Any) -> None:
    """Count, from each neuron on, those that a run may have as sources together.

    ``block_stop`` is lent for this until `find_blocks`.
    """
    network = m.network
    alike_sources = m.block_stop
    for j in range(n - 1, -1, -1):
        same = j + 1 < n and network[j + 1] == network[j] and work[j + 1] == work[j]
        same = same and m.synchronous[j + 1] == m.synchronous[j]
        alike_sources[j] = 1 + (alike_sources[j + 1] if same else 0)


def find_runs_of(m: Any, j: int, runs: int, n: int, count: int, work: Any) -> int:
    """Divide the connections into one neuron into runs, the first of which has the
    number `runs`; returns where they end.
    """
    source = m.source
    target = m.target
    gater = m.gater
    run_length = m.run_length
    run_kind = m.run_kind
    alike_sources = m.block_stop
    memory = m.flags[j] & MEMORY
    begin = runs  # the first run of those that may be merged
    m.first_run[j] = begin
    before = -1
    last = 0
    last_gater = 0
    r = stop = 1 * m.first_incoming[j]
    group = 1 * m.group_first[j]
    while r < count and target[r] == j:
        i = source[r]
        g = gater[r]
        if r == stop:
            stop = stretch_stop(m, r, count)
        if i == j:
            before = -1
            r += 1
            continue
        size = min(stop - r, alike_sources[i])
        if i < group:  # members of the group are read one step late
            size = min(size, group - i)
        gated = g != NONE
        flags = flags_of_run(m, j, r, work)
        alike = flags | (gated << 8)
        if alike != before:
            runs = merge_short(m, begin, runs, memory)
            begin = runs
        t = runs - 1
        length = 0
        opened = alike != before or i != last + 1
        if not opened and g == last_gater:
            if run_kind[t] == ZIPPED:  # its last connection belongs to the next run
                run_length[t] -= 1
                if run_length[t] == 1:
                    run_kind[t] = SHARED
                opened = True
                length = 1
            else:
                run_length[t] += size
        elif (
            not opened
            and gated
            and g == last_gater + 1
            and not memory
            and size == 1
            and (run_length[t] == 1 or run_kind[t] == ZIPPED)
        ):
            run_kind[t] = ZIPPED
            run_length[t] += 1
        else:
            opened = True
        if opened:
            run_kind[runs] = SHARED if gated else DENSE
            m.run_flags[runs] = flags
            m.run_influence[runs] = NONE
            m.run_first[runs] = r - length
            m.run_source[runs] = i - length
            m.run_gater[runs] = g
            run_length[runs] = size + length
            runs += 1
        r += size
        if size == 1 and run_length[runs - 1] < SHORT and not gated:
            if i < group:
                border = group
            else:
                border = j if i < j else n
            stop = list_stop(m, r - 1, count, min(1 * i + alike_sources[i], border))
            if stop > r:  # `merge_short` would make one list of them
                run_kind[runs - 1] = LISTED
                run_length[runs - 1] += stop - r
                r = stop
        before = alike
        last = source[r - 1]
        last_gater = g
    runs = merge_short(m, begin, runs, memory)
    m.last_run[j] = runs
    return runs


def merge_short(m: Any, begin: int, stop: int, memory: int) -> int:
    """Merge consecutive short runs, which differ only in sources and gaters, then those
    next to lists.

    Returns where the runs end then. Gated runs of a self-connected target are not
    merged, because each belongs to one influence.
    """
    if stop < begin + 2 or (memory and m.run_gater[begin] != NONE):
        return stop
    for limit in (SHORT, SHORT_BY_A_LIST):
        latest_run = begin
        was_listed = False
        was_short = False
        for t in range(begin, stop):
            listed = m.run_kind[t] == LISTED or m.run_kind[t] == PAIRED
            short = listed or m.run_length[t] < limit
            if was_short and short and (limit == SHORT or listed or was_listed):
                m.run_length[latest_run] += m.run_length[t]
                gated = m.run_gater[latest_run] != NONE
                m.run_kind[latest_run] = PAIRED if gated else LISTED
            elif t > begin:
                latest_run += 1
                m.run_kind[latest_run] = m.run_kind[t]
                m.run_flags[latest_run] = m.run_flags[t]
                m.run_first[latest_run] = m.run_first[t]
                m.run_length[latest_run] = m.run_length[t]
                m.run_source[latest_run] = m.run_source[t]
                m.run_gater[latest_run] = m.run_gater[t]
            was_listed = listed
            was_short = short
        stop = latest_run + 1
    return stop


# --- influences and traces ------------------------------------------------------------


def find_influences(m: Any, n: int, count: int, work: Any) -> Pair:
    """Pairs of a gater and a self-connected neuron that it gates; returns the numbers
    of pairs and pulls.
    """
    mark_clamped(m, n, count, work)
    gaters = m.influence_gater
    p = 0
    for j in range(n):
        begin = m.first_influence[j] = p
        if m.flags[j] & MEMORY:
            # the last one stands for the self-connection
            for t in range(m.first_run[j], m.last_run[j] + 1):
                g = m.run_gater[t] if t < m.last_run[j] else m.self_gater[j]
                if g == NONE:
                    continue
                q = p
                while q > begin and gaters[q - 1] > g:
                    q -= 1
                if q == begin or gaters[q - 1] != g:
                    for k in range(p, q, -1):
                        gaters[k] = gaters[k - 1]
                    gaters[q] = g
                    p += 1
            q = begin
            for t in range(m.first_run[j], m.last_run[j]):  # twice in order of gaters
                g = m.run_gater[t]
                if g != NONE:
                    if gaters[q] > g:
                        q = begin
                    while gaters[q] != g:
                        q += 1
                    m.run_influence[t] = q
        m.last_influence[j] = p
        for q in range(begin, p):
            g = gaters[q]
            together = m.network[j] != 0 and m.network[g] == m.network[j]
            # in different networks, stamps tell at run time
            delayed = g >= m.group_first[j] if together else g == j
            delayed = delayed or (together and m.synchronous[g] & m.synchronous[j])
            heard = not delayed and not work[g]
            m.influence_gated[q] = j
            m.influence_self[q] = m.self_gater[j] == g
            m.influence_trace[q] = 0 if heard else NONE
            m.last_pull[g] += heard
    pulls = 0
    for j in range(n):
        k = m.last_pull[j]
        m.first_pull[j] = m.last_pull[j] = pulls
        pulls += k
    for q in range(p):
        if m.influence_trace[q] != NONE:
            g = gaters[q]
            m.pull[m.last_pull[g]] = q
            m.last_pull[g] += 1
            m.flags[g] |= GATES
    return p, pulls


def place_traces(m: Any, n: int, count: int, work: Any) -> Pair:
    """Decide which neurons store traces, and assign their rows. Returns how many of
    both kinds.

    These are self-connected, or gate memory while their eligibility must be stored. The
    second kind is that of extended traces. `count` is the number of influences.
    """
    for j in range(n):
        work[j] = 0
    for q in range(count):  # gates memory in another network, where rows give no order
        if m.network[m.influence_gater[q]] != m.network[m.influence_gated[q]]:
            work[m.influence_gater[q]] = 1
    traces = 0
    for j in range(n):
        m.first_trace[j] = traces
        hard = m.flags[j] & GATED
        for t in range(m.first_run[j], m.last_run[j]):
            hard |= m.run_flags[t] & (UNORDERED | DELAYED if work[j] else UNORDERED)
        if m.flags[j] & MEMORY or (hard and m.flags[j] & GATES):
            m.flags[j] |= TRACED
            traces += m.learning[j]
    extended = 0
    for q in range(count):
        if m.influence_trace[q] != NONE:
            m.influence_trace[q] = extended
            extended += m.learning[m.influence_gater[q]] + 1
    return traces, extended


# --- what is computed together --------------------------------------------------------


def join_neurons(m: Any, n: int, count: int, work: Any) -> Pair:
    """Find the neurons that are computed together, and mark those that are computed by
    shorter code.
    """
    find_blocks(m, n)
    mark_plain(m, n)
    find_alike(m, n)
    mark_sources(m, n, work)
    return 0, 0


def find_blocks(m: Any, n: int) -> None:
    """Put consecutive neurons of one network and squash that do not depend on each
    other into blocks.

    A block ends before a neuron that depends on one of it, or before the group of such
    a neuron.
    """
    block = 0
    for j in range(n):
        number = m.network[j]
        squash = m.squash[j]
        same = j > 0 and number == m.network[j - 1] and squash == m.squash[j - 1]
        roles = (
            j > 0
            and m.role[j] == m.role[j - 1]
            and m.synchronous[j] == m.synchronous[j - 1]
        )
        if not (same and roles) or number == 0 or m.earliest[j] > block:
            block = j
        m.block_first[j] = block
    for j in range(n - 1, -1, -1):
        last = j == n - 1 or m.block_first[j + 1] != m.block_first[j]
        m.block_stop[j] = j + 1 if last else m.block_stop[j + 1]


def mark_plain(m: Any, n: int) -> None:
    """Mark neurons without traces whose runs are all plain, and those whose updates may
    all stay pending.
    """
    for j in range(n):
        plain = not m.flags[j] & TRACED
        pending = plain and not m.flags[j] & GATES
        for t in range(m.first_run[j], m.last_run[j]):
            run_kind = m.run_kind[t]
            flags = m.run_flags[t]
            plain = plain and run_kind == DENSE and not flags & UNORDERED
            pending = (
                pending
                and run_kind <= LISTED
                and flags & (NEVER_PENDING | SILENT) == SILENT
            )
        if plain:
            m.flags[j] |= PLAIN_RUNS
        if pending:
            m.flags[j] |= PENDING


def find_alike(m: Any, n: int) -> None:
    """Find consecutive neurons of a block with runs of the same form, which can be
    computed together.

    Run by run they have the same sources, or each has sources shifted by one from the
    previous neuron (`STEPPED`); lists and pairs may differ. Their connections are
    equally spaced.
    """
    begin = 0
    joined = False
    for j in range(n):
        run = m.first_run[j]
        runs = m.last_run[j] - m.first_run[j]
        alike = j + 1 < n and m.block_stop[j] > j + 1 and m.flags[j + 1] == m.flags[j]
        alike = alike and m.last_run[j + 1] == m.last_run[j] + runs
        if alike:
            alike = fits(m, run, runs, joined)
        joined = alike
        if alike:
            continue
        if j > begin:
            for t in range(m.first_run[begin], m.first_run[begin] + runs):
                if is_stepped(m, t, t + runs):
                    for q in range(t, m.last_run[j], runs):
                        m.run_flags[q] |= STEPPED
        for k in range(begin, j + 1):
            m.alike_stop[k] = j + 1
        begin = j + 1


def is_stepped(m: Any, t: int, following: int) -> bool:
    """Whether the sources of a run are shifted by one from those of another, and both
    are consecutive.
    """
    run_kind: int = m.run_kind[t]
    return (run_kind == DENSE or run_kind == SHARED) and m.run_source[
        following
    ] == m.run_source[t] + 1


def fits(m: Any, begin: int, runs: int, joined: bool) -> bool:
    """Whether all runs of a neuron, and of the one it is `joined` to, differ from the
    next by the same.
    """
    for t in range(begin, begin + runs):
        u = t + runs
        v = t - runs
        run_kind = m.run_kind[t]
        scattered = run_kind != DENSE and run_kind != SHARED
        stepped = is_stepped(m, t, u)
        if (
            run_kind != m.run_kind[u]
            or m.run_flags[t] != m.run_flags[u]
            or m.run_length[t] != m.run_length[u]
        ):
            return False
        if not scattered and not stepped and m.run_source[u] != m.run_source[t]:
            return False
        if stepped and run_kind == SHARED and m.run_gater[u] != m.run_gater[t] + 1:
            return False
        if joined and (
            (not scattered and stepped != is_stepped(m, v, t))
            or m.run_first[u] + m.run_first[v] != 2 * m.run_first[t]
        ):
            return False
    return True


def mark_sources(m: Any, n: int, work: Any) -> None:
    """Mark neurons for ``weigh.weigh_four``, and those that ``exact/accumulate.py``
    sums over.
    """
    for j in range(n + 1):
        work[j] = 0
    for j in range(n):
        plain = m.flags[j] & (MEMORY | TRACED) == 0 and m.last_run[j] > m.first_run[j]
        for t in range(m.first_run[j], m.last_run[j]):
            run_kind = m.run_kind[t]
            flags = m.run_flags[t]
            plain = plain and run_kind == DENSE and not flags & STEPPED
            if (run_kind == DENSE or run_kind == SHARED) and not flags & (
                FIXED | STEPPED
            ):
                work[m.run_source[t]] += 1
                work[m.run_source[t] + m.run_length[t]] -= 1
        if plain and m.alike_stop[j] >= j + 4:
            m.flags[j] |= FOUR
    within = 0
    for j in range(n):
        within += work[j]
        if within > 0:
            m.flags[j] |= GRADIENT_SOURCE


# --- traces across lowerings ----------------------------------------------------------


def read_traces(m: Any, n: int, count: int, work: Any) -> Pair:
    """List what the traces of the program belong to; `count` is the number of its
    neurons.

    The lists have room for all neurons and pairs: self-connected neurons; the
    identities of their self-connections; those of connections with eligibility traces;
    gaters and gated neurons of pairs that have extended traces; and of each of these,
    the number of its pair beside the identity of its connection, NONE for the bias,
    which is last in a pair. Returns how many self-connections and pairs there are.
    """
    memory = 0
    pairs = 0
    at = 2 * count
    influences = m.last_influence[count - 1]
    for j in range(count):
        if m.flags[j] & MEMORY:
            work[memory] = j
            work[count + memory] = m.identity[m.self_row[j]]
            memory += 1
        if m.flags[j] & TRACED:
            for r in range(m.first_incoming[j], m.first_incoming[j] + m.learning[j]):
                work[at] = m.identity[r]
                at += 1
    gater = at
    gated = at + influences
    at += 2 * influences
    for q in range(influences):
        if m.influence_trace[q] != NONE:
            g = m.influence_gater[q]
            work[gater + pairs] = g
            work[gated + pairs] = m.influence_gated[q]
            for r in range(m.first_incoming[g], m.first_incoming[g] + m.learning[g]):
                work[at] = pairs
                work[at + 1] = m.identity[r]
                at += 2
            work[at] = pairs
            work[at + 1] = NONE
            at += 2
            pairs += 1
    return memory, pairs


def place_kept(m: Any, n: int, count: int, work: Any) -> Pair:
    """Find the places in the program of the traces of an earlier one.

    `work` begins with the numbers of self-connections, eligibility traces, pairs and
    extended traces. From the tenth number on, it has a 0 for each neuron, and the
    lists: neurons, gaters, gated neurons, pairs, all identities, and the present rows
    of these. Afterwards, the first three numbers are where it lists new places of
    eligibility traces, influences and extended traces, the next three where it lists
    which of the earlier ones they are, and the last three how many. Returns how many
    neurons, listed from the tenth number on, have a self-connection or traces that they
    did not have before.
    """
    selves = work[0]
    eligible = work[1]
    pairs = work[2]
    extended = work[3]
    mark = 9
    memory = 9 + n
    gater = 9 + n + selves
    gated = gater + pairs
    pair = gater + 2 * pairs
    identities_at = gater + 2 * pairs + extended
    eligible_at = identities_at + selves
    extending = identities_at + selves + eligible
    rows = selves + eligible + extended  # the row of an identity is so much further
    for t in range(selves):
        j = work[memory + t]
        r = work[identities_at + rows + t]
        if j != NONE and r != NONE and m.self_row[j] == r:
            work[mark + j] |= MEMORY
    kept = 0
    for t in range(eligible):
        r = work[eligible_at + rows + t]
        if r == NONE:
            continue
        j = m.target[r]
        place = r - m.first_incoming[j]
        momentary = m.flags[j] & (TRACED | MEMORY) == TRACED
        work[mark + j] |= TRACED
        # those of a neuron without memory are renewed at its next activation
        if (momentary or work[mark + j] & MEMORY) and place < m.learning[j]:
            work[eligible_at + kept] = t
            work[eligible_at + rows + kept] = m.first_trace[j] + place
            kept += 1
    work[0] = eligible_at + rows
    work[3] = eligible_at
    work[6] = kept
    q = 0
    before = -1
    last = 0
    for t in range(pairs):
        g = work[gater + t]
        j = work[gated + t]
        present = NONE
        if g != NONE and j != NONE and work[mark + j] & MEMORY:
            if j != before or g < last:
                q = m.first_influence[j]
            while q < m.last_influence[j] and m.influence_gater[q] < g:
                q += 1
            if (
                q < m.last_influence[j]
                and m.influence_gater[q] == g
                and m.influence_trace[q] != NONE
            ):
                present = q
            before = j
            last = g
        work[gater + t] = present
    kept = 0
    for t in range(extended):
        q = work[gater + work[pair + t]]
        if q == NONE:
            continue
        g = m.influence_gater[q]
        place = m.learning[g]
        r = work[extending + rows + t]
        if work[extending + t] != NONE:
            place = r - m.first_incoming[g]
            if r == NONE or place < 0 or place >= m.learning[g]:
                continue  # gone, fixed or, in a file, of another neuron than the gater
        work[extending + kept] = t
        work[extending + rows + kept] = m.influence_trace[q] + place
        kept += 1
    work[2] = extending + rows
    work[5] = extending
    work[8] = kept
    kept = 0
    for t in range(pairs):
        q = work[gater + t]
        if q != NONE:
            work[gated + kept] = t
            work[gater + kept] = q
            kept += 1
    work[1] = gater
    work[4] = gated
    work[7] = kept
    new = 0
    for j in range(n):
        flags = m.flags[j]
        had = work[mark + j]
        if (flags & MEMORY and not had & MEMORY) or (
            flags & (TRACED | MEMORY) == TRACED
            and m.learning[j] != 0
            and not had & TRACED
        ):
            work[mark + new] = j
            new += 1
    return new, 0


LOOPS = (
    count_sorted,
    split_rows,
    merge_rows,
    find_runs,
    find_few_runs,
    find_influences,
    place_traces,
    join_neurons,
    read_traces,
    place_kept,
)
