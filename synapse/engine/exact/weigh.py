"""Exact gradients, forward pass: the states of one step, for several samples at once.

Neurons whose runs have the same form are computed together, eight at a time if they
have the same sources. The equations are those of ``online/weigh.py``;
``exact/loops.py`` describes the layout of the tapes.
"""

from __future__ import annotations

from ..compiler.jit import in_order, inline
from ..compiler.lanes import splat
from ..compiler.rare import INDEX, rare
from ..compiler.tiles import add_products, no_sums, put, spaced, sums_at, width
from ..lowering.flags import (
    DENSE,
    GATED,
    LISTED,
    MEMORY,
    PLAIN_RUNS,
    SHARED,
    STEPPED,
    ZIPPED,
)
from ..online.reads import of_gater, of_gaters, of_sources
from ..schema import NONE, TILE
from .step import step_kind

NEURONS = TILE  # of a tile
PACK = (0,)
FEW = 4
"""Neurons up to which a group is not computed together: a tile would be empty for the
most part. ``python -m benchmarks.constants exact.weigh.FEW``: rows take 0.88 to 1.23
times as long with a tenth, 0.87 to 1.67 times with ten times."""
WORTH_A_TILE = 64
WORTH_A_WHOLE_TILE = 16
"""Products up to which a tile costs more than one sum for each of its neurons; if it is
whole, its sums stay in registers, and it costs less."""


# --- which neurons are computed together ----------------------------------------------


@inline
def are_many(m, j):
    """Whether neurons from j on are computed together; each by itself otherwise."""
    return m.alike_stop[j] > j + FEW


@inline
def is_lone(m, j):
    """Whether errors are sent, and the gradient is summed, for this neuron by itself:
    tiles serve a few neurons, too, if all of their runs are dense.
    """
    return not are_many(m, j) and not m.flags[j] & PLAIN_RUNS


@inline
def is_gated(m, j):
    """Whether a neuron has a gated or carried input."""
    return m.flags[j] & (MEMORY | GATED) != 0


@inline
def lone_stop(m, j, stop):
    """Where consecutive lone neurons end, of which the first is `j`."""
    end = j + 1
    while end < stop and is_lone(m, end):
        end += 1
    return end


# --- runs of neurons that are computed together ---------------------------------------


@inline
def dense_alike(m, r):
    """Whether the neurons have the same, consecutive sources in this run."""
    run_kind = m.run_kind[r]
    return (run_kind == DENSE or run_kind == SHARED) and not m.run_flags[r] & STEPPED


@inline
def gap_of(m, r, runs, count):
    """How far the first connections of run r are apart from neuron to neuron, of
    `count` neurons with `runs` runs each.
    """
    return m.run_first[r + runs] - m.run_first[r] if count > 1 else 0


@inline
def gaps_of(m, r, runs, count):
    """How far the first connections of run r of these neurons are from that of the
    first neuron.
    """
    return spaced(0, gap_of(m, r, runs, count), count)


@inline
def rows_of(m, r, runs, count):
    """First connections of run r of these neurons."""
    return spaced(m.run_first[r], gap_of(m, r, runs, count), count)


@inline
def gain(m, u, r, gains):
    """The gain of a run with one gater."""
    return u.activation[gains + m.run_gater[r]]


# --- states ---------------------------------------------------------------------------


@inline
def carry_state(m, u, j, step):
    """The state carried over by a self-connection: g_jj w_jj s_j(old)."""
    value = u.state[step.before + j] * m.weight[m.self_row[j]]
    gater = m.self_gater[j]
    if gater != NONE:
        gain_at = of_gater(m, gater, j, step.now, step.before) + gater
        value = value * u.activation[gain_at]
    return value


@in_order
def sum_in_parts(m, u, row, n, sources):
    """sum_i w_ij y_i from consecutive sources, in four parts, so that no sum waits for
    the previous one.
    """
    whole = n - n % 4
    brought = splat(0.0, u.state)
    brought1 = splat(0.0, u.state)
    brought2 = splat(0.0, u.state)
    brought3 = splat(0.0, u.state)
    for q in range(0, whole, 4):
        brought += u.activation[sources + q] * m.weight[row + q]
        brought1 += u.activation[sources + q + 1] * m.weight[row + q + 1]
        brought2 += u.activation[sources + q + 2] * m.weight[row + q + 2]
        brought3 += u.activation[sources + q + 3] * m.weight[row + q + 3]
    for q in range(whole, n):
        brought += u.activation[sources + q] * m.weight[row + q]
    return (brought + brought1) + (brought2 + brought3)


@inline
def dense_sum(m, u, row, n, sources):
    """sum_i w_ij y_i from consecutive sources."""
    if width(u.activation) == 1:
        return sum_in_parts(m, u, row, n, sources)
    brought = splat(0.0, u.state)
    for q in range(n):
        brought += u.activation[sources + q] * m.weight[row + q]
    return brought


@inline
def add_sums(m, u, sums, source, n, row, gaps):
    """Add sum_i w_ij y_i of a tile of neurons with the same sources to their sums."""
    wide = width(u.activation)
    whole = n - n % wide
    for q in range(0, whole, wide):
        at = source + q
        sums = add_products(sums, u.activation, at, m.weight, row + q, gaps, wide)
    if whole < n:
        at = source + whole
        row += whole
        sums = add_products(sums, u.activation, at, m.weight, row, gaps, n - whole)
    return sums


@inline
def put_sums(m, u, r, runs, count, source):
    """Write sum_i w_ij y_i of a tile of `count` neurons with the same sources to
    ``u.tile``.
    """
    gaps = gaps_of(m, r, runs, count)
    none = no_sums(u.activation, PACK)
    sums = add_sums(m, u, none, source, m.run_length[r], m.run_first[r], gaps)
    put(u.tile, 0, sums)


@inline
def add_tile(m, u, r, runs, at, count, source):
    """Add sum_i w_ij y_i of up to eight neurons with the same sources to the states
    from `at` on.
    """
    n = m.run_length[r]
    if count * n > WORTH_A_TILE:
        put_sums(m, u, r, runs, count, source)
        for k in range(count):
            u.weighed[at + k] += u.tile[k]
    else:
        for k in range(count):
            row = m.run_first[r + k * runs]
            u.weighed[at + k] += dense_sum(m, u, row, n, source)


@rare(*[INDEX] * 5, step_kind, taped=True)
def weigh_dense(m, u, first, last, runs, start, stop, step):
    """Add the weighted inputs of consecutive neurons, which have `runs` runs each, from
    some of these without gates and with the same sources: tile by tile. The sums of
    whole tiles stay in registers.
    """
    whole = stop - (stop - start) % NEURONS
    if last == first + 1 and NEURONS * m.run_length[first] <= WORTH_A_WHOLE_TILE:
        whole = start
    for j in range(start, whole, NEURONS):
        sums = sums_at(u.weighed, step.offset + j)
        for r in range(first, last):
            source = of_sources(m.run_flags[r], step.now, step.before) + m.run_source[r]
            run = r + (j - start) * runs
            gaps = gaps_of(m, run, runs, NEURONS)
            row = m.run_first[run]
            sums = add_sums(m, u, sums, source, m.run_length[r], row, gaps)
        put(u.weighed, step.offset + j, sums)
    for j in range(whole, stop, NEURONS):
        count = min(stop - j, NEURONS)
        for r in range(first, last):
            source = of_sources(m.run_flags[r], step.now, step.before) + m.run_source[r]
            run = r + (j - start) * runs
            add_tile(m, u, run, runs, step.offset + j, count, source)


@inline
def weigh_shared(m, u, r, runs, start, stop, step):
    """Add the weighted inputs of consecutive neurons from a run with the same sources
    and a gater for each neuron, tile by tile.
    """
    flags = m.run_flags[r]
    source = of_sources(flags, step.now, step.before) + m.run_source[r]
    gains = of_gaters(flags, step.now, step.before)
    for j in range(start, stop, NEURONS):
        count = min(stop - j, NEURONS)
        run = r + (j - start) * runs
        put_sums(m, u, run, runs, count, source)
        for k in range(count):
            gained = u.tile[k] * gain(m, u, run + k * runs, gains)
            u.weighed[step.offset + j + k] += gained


@inline
def add_stepped(m, u, r, gap, start, stop, step):
    """Weighted inputs of neurons whose sources are shifted by one from neuron to
    neuron.
    """
    flags = m.run_flags[r]
    row = m.run_first[r]
    source = of_sources(flags, step.now, step.before) + m.run_source[r]
    gater = of_gaters(flags, step.now, step.before) + m.run_gater[r]
    for q in range(m.run_length[r]):
        if m.run_kind[r] == SHARED:
            for t in range(stop - start):
                gained = u.activation[gater + t] * m.weight[row + q + t * gap]
                brought = gained * u.activation[source + q + t]
                u.weighed[step.offset + start + t] += brought
        else:
            for t in range(stop - start):
                weight = m.weight[row + q + t * gap]
                brought = u.activation[source + q + t] * weight
                u.weighed[step.offset + start + t] += brought


@in_order
def listed_sum(m, u, row, n, sources):
    """sum_i w_ij y_i from listed sources, in four parts, so that no sum waits for the
    previous one.
    """
    whole = n - n % 4
    brought = splat(0.0, u.state)
    brought1 = splat(0.0, u.state)
    brought2 = splat(0.0, u.state)
    brought3 = splat(0.0, u.state)
    for q in range(row, row + whole, 4):
        brought += u.activation[sources + m.source[q]] * m.weight[q]
        brought1 += u.activation[sources + m.source[q + 1]] * m.weight[q + 1]
        brought2 += u.activation[sources + m.source[q + 2]] * m.weight[q + 2]
        brought3 += u.activation[sources + m.source[q + 3]] * m.weight[q + 3]
    for q in range(row + whole, row + n):
        brought += u.activation[sources + m.source[q]] * m.weight[q]
    return (brought + brought1) + (brought2 + brought3)


@inline
def gated_sum(m, u, r, row, n, sources, gaters):
    """sum_i g_ij w_ij y_i of a run with a gater for each connection."""
    brought = splat(0.0, u.state)
    if m.run_kind[r] == ZIPPED:
        source = sources + m.run_source[r]
        gater = gaters + m.run_gater[r]
        for q in range(n):
            gained = u.activation[source + q] * u.activation[gater + q]
            brought += gained * m.weight[row + q]
    else:
        for q in range(row, row + n):
            activation = u.activation[sources + m.source[q]]
            gained = activation * u.activation[gaters + m.gater[q]]
            brought += gained * m.weight[q]
    return brought


@inline
def ungated_sum(m, u, r, step):
    """Weighted inputs of a neuron from a run without gates."""
    row = m.run_first[r]
    n = m.run_length[r]
    sources = of_sources(m.run_flags[r], step.now, step.before)
    if m.run_kind[r] == DENSE:
        return dense_sum(m, u, row, n, sources + m.run_source[r])
    return listed_sum(m, u, row, n, sources)


@inline
def sum_of_run(m, u, r, step):
    """Weighted inputs of a neuron from one of its runs."""
    run_kind = m.run_kind[r]
    if run_kind <= LISTED:
        return ungated_sum(m, u, r, step)
    flags = m.run_flags[r]
    row = m.run_first[r]
    n = m.run_length[r]
    sources = of_sources(flags, step.now, step.before)
    gaters = of_gaters(flags, step.now, step.before)
    if run_kind == SHARED:
        brought = dense_sum(m, u, row, n, sources + m.run_source[r])
        return brought * gain(m, u, r, gaters)
    return gated_sum(m, u, r, row, n, sources, gaters)


@rare(*[INDEX] * 4, step_kind, taped=True)
def weigh_apart(m, u, r, runs, start, stop, step):
    """Add the weighted inputs of consecutive neurons from a run whose sources or gaters
    differ between them.
    """
    if dense_alike(m, r):
        weigh_shared(m, u, r, runs, start, stop, step)
        return
    flags = m.run_flags[r]
    row = m.run_first[r]
    n = m.run_length[r]
    gap = gap_of(m, r, runs, stop - start)
    sources = of_sources(flags, step.now, step.before)
    gaters = of_gaters(flags, step.now, step.before)
    if flags & STEPPED:
        add_stepped(m, u, r, gap, start, stop, step)
    elif m.run_kind[r] == LISTED:
        for t in range(stop - start):
            brought = listed_sum(m, u, row + t * gap, n, sources)
            u.weighed[step.offset + start + t] += brought
    else:
        for t in range(stop - start):
            run = r + t * runs
            brought = gated_sum(m, u, run, row + t * gap, n, sources, gaters)
            u.weighed[step.offset + start + t] += brought


@rare(INDEX, INDEX, step_kind, taped=True)
def carry_states(m, u, start, stop, step):
    """Add the states that self-connections carry over."""
    for j in range(start, stop):
        u.weighed[step.offset + j] += carry_state(m, u, j, step)


@inline
def dense_stop(m, first, last):
    """Where consecutive runs without gates and with the same sources end, of which the
    first is `first`.
    """
    r = first
    while r < last and m.run_kind[r] == DENSE and not m.run_flags[r] & STEPPED:
        r += 1
    return r


@inline
def add_runs(m, u, first, last, runs, start, stop, step):
    """Add the weighted inputs of neurons computed together, which have `runs` runs
    each, from some of these: run by run, but dense ones that follow each other at once.
    """
    r = first
    while r < last:
        end = dense_stop(m, r, last)
        if end > r:
            weigh_dense(m, u, r, end, runs, start, stop, step)
            r = end
        else:
            weigh_apart(m, u, r, runs, start, stop, step)
            r += 1


@inline
def weigh_alike(m, u, start, stop, step):
    """state s_j = g_jj w_jj s_j(old) + b_j + sum_i g_ij w_ij y_i, of neurons computed
    together.
    """
    # b_j first: it overwrites the sum of the previous step
    for j in range(start, stop):
        u.weighed[step.offset + j] = splat(m.bias[j], u.state)
    # sum_i g_ij w_ij y_i
    first = m.first_run[start]
    last = m.last_run[start]
    add_runs(m, u, first, last, last - first, start, stop, step)
    # g_jj w_jj s_j(old)
    if m.flags[start] & MEMORY:
        carry_states(m, u, start, stop, step)


@inline
def weigh_plain(m, u, j, step):
    """state s_j = b_j + sum_i w_ij y_i of a neuron without gates, by itself."""
    weighed = splat(m.bias[j], u.state)
    for r in range(m.first_run[j], m.last_run[j]):
        weighed += ungated_sum(m, u, r, step)
    u.weighed[step.offset + j] = weighed


@rare(INDEX, INDEX, step_kind, taped=True)
def weigh_gated(m, u, start, stop, step):
    """state s_j = g_jj w_jj s_j(old) + b_j + sum_i g_ij w_ij y_i of consecutive
    neurons, each by itself.
    """
    for j in range(start, stop):
        weighed = splat(m.bias[j], u.state)
        for r in range(m.first_run[j], m.last_run[j]):
            weighed += sum_of_run(m, u, r, step)
        if m.flags[j] & MEMORY:
            weighed += carry_state(m, u, j, step)
        u.weighed[step.offset + j] = weighed


@inline
def weigh_all(m, u, start, stop, step):
    """The states of a block of neurons."""
    j = start
    while j < stop:
        end = j + 1
        if are_many(m, j):
            end = m.alike_stop[j]
            weigh_alike(m, u, j, end, step)
        elif is_gated(m, j):
            while end < stop and is_gated(m, end) and not are_many(m, end):
                end += 1
            weigh_gated(m, u, j, end, step)
        else:
            weigh_plain(m, u, j, step)
        j = end


@inline
def keep_states(u, start, stop, step):
    """Store the states for the next step: of all neurons, since a copy takes less time
    than a look for self-connected ones.
    """
    for j in range(start, stop):
        u.state[step.now + j] = u.weighed[step.offset + j]
