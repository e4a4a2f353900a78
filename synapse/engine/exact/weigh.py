"""Exact gradients, the way forward: the states of one step, samples side by side.

Neurons whose runs are alike are computed together, and four at a time where they have the same sources.
The equations are those of ``online/loops.py``; ``exact/loops.py`` tells how the tapes lie.
"""

from __future__ import annotations

import numpy as np

from ..compiler.jit import inline
from ..compiler.lanes import alike, gathered, nothing, pack, weights, width
from ..lowering.flags import BACK, BACK_GATED, DENSE, LISTED, MEMORY, SHARED, STEPPED, ZIPPED
from ..schema import NONE

u8 = np.uint64
ONE, TWO, THREE = u8(1), u8(2), u8(3)
FOURS = u8(4)


# --- what neurons alike have -------------------------------------------------------------------


@inline
def dense_alike(m, r):
    """Whether neurons alike have the same sources in this run, one after the other."""
    kind = m.run_kind[r]
    return (kind == DENSE or kind == SHARED) and not m.run_flags[r] & STEPPED


@inline
def four_runs(m, j, r, count):
    """A run of each of four neurons alike; of those beyond the `count` that count are, the first's again."""
    runs = u8(m.last_run[j]) - u8(m.first_run[j])
    return (
        r,
        r + runs if count > ONE else r,
        r + runs * TWO if count > TWO else r,
        r + runs * THREE if count > THREE else r,
    )


@inline
def four_rows(m, rs):
    """Where the connections of four runs begin."""
    return u8(m.run_first[rs[0]]), u8(m.run_first[rs[1]]), u8(m.run_first[rs[2]]), u8(m.run_first[rs[3]])


@inline
def gain(m, u, r, gains):
    """The activation by which a run is gated."""
    return u.activation[gains + m.run_gater[r]]


# --- states ------------------------------------------------------------------------------------


@inline
def carry_state(m, u, j, now, before):
    """What a self-connection brings: g_jj w_jj s_j of the step before."""
    value = u.state[before + j] * m.weight[m.self_row[j]]
    gater = m.self_gater[j]
    if gater != NONE:
        value = value * u.activation[(before if gater >= j else now) + gater]
    return value


@inline
def add_pack(m, u, source, q, left, rows, sums):
    """What one pack of sources brings to four neurons: each source is read once for all."""
    y = pack(u.activation, source + q, left)
    return (
        sums[0] + y * weights(m.weight, rows[0] + q, left, u.activation),
        sums[1] + y * weights(m.weight, rows[1] + q, left, u.activation),
        sums[2] + y * weights(m.weight, rows[2] + q, left, u.activation),
        sums[3] + y * weights(m.weight, rows[3] + q, left, u.activation),
    )


@inline
def four_sums(m, u, source, n, rows):
    """sum_i w_ij y_i of four neurons with the same sources, still in packs."""
    step, none = width(u.activation), nothing(u.activation)
    sums = (none, none, none, none)
    whole = n - n % step
    for q in range(u8(0), whole, step):
        sums = add_pack(m, u, source, q, step, rows, sums)
    if whole < n:
        sums = add_pack(m, u, source, whole, n - whole, rows, sums)
    return sums


@inline
def weigh_four(m, u, j, count, offset, now, before):
    """The states of up to four neurons alike, as far as their dense runs tell them."""
    none = nothing(u.activation)
    a, b, c, d = none, none, none, none
    for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
        if not dense_alike(m, r):
            continue
        flags, rs = m.run_flags[r], four_runs(m, j, r, count)
        source = (before if flags & BACK else now) + u8(m.run_source[r])
        sums = four_sums(m, u, source, u8(m.run_length[r]), four_rows(m, rs))
        if m.run_kind[r] == SHARED:
            gains = before if flags & BACK_GATED else now
            a, b = a + sums[0] * gain(m, u, rs[0], gains), b + sums[1] * gain(m, u, rs[1], gains)
            c, d = c + sums[2] * gain(m, u, rs[2], gains), d + sums[3] * gain(m, u, rs[3], gains)
        else:
            a, b, c, d = a + sums[0], b + sums[1], c + sums[2], d + sums[3]
    u.weighed[offset + j] = gathered(a, u.state) + m.bias[j]
    if count > ONE:
        u.weighed[offset + j + ONE] = gathered(b, u.state) + m.bias[j + ONE]
    if count > TWO:
        u.weighed[offset + j + TWO] = gathered(c, u.state) + m.bias[j + TWO]
    if count > THREE:
        u.weighed[offset + j + THREE] = gathered(d, u.state) + m.bias[j + THREE]


@inline
def add_stepped(m, u, r, gap, first, last, offset, now, before):
    """What a run brings to neurons alike of which each has its sources one further than that before."""
    flags, row = m.run_flags[r], u8(m.run_first[r])
    source = (before if flags & BACK else now) + u8(m.run_source[r])
    gater = (before if flags & BACK_GATED else now) + u8(m.run_gater[r])
    for q in range(u8(m.run_length[r])):
        if m.run_kind[r] == SHARED:
            for t in range(last - first):
                gained = u.activation[gater + t] * m.weight[row + q + t * gap]
                u.weighed[offset + first + t] += gained * u.activation[source + q + t]
        else:
            for t in range(last - first):
                u.weighed[offset + first + t] += u.activation[source + q + t] * m.weight[row + q + t * gap]


@inline
def scattered_sum(m, u, r, now, before):
    """What a run of listed sources, or of a gater a connection, brings to the state of its target."""
    kind, flags = m.run_kind[r], m.run_flags[r]
    first, n = u8(m.run_first[r]), u8(m.run_length[r])
    seen = before if flags & BACK else now
    gains = before if flags & BACK_GATED else now
    brought = alike(0.0, u.state)
    if kind == LISTED:
        for q in range(first, first + n):
            brought += u.activation[seen + m.source[q]] * m.weight[q]
    elif kind == ZIPPED:
        source, gater = seen + u8(m.run_source[r]), gains + u8(m.run_gater[r])
        for q in range(n):
            brought += u.activation[source + q] * u.activation[gater + q] * m.weight[first + q]
    else:
        for q in range(first, first + n):
            brought += u.activation[seen + m.source[q]] * u.activation[gains + m.gater[q]] * m.weight[q]
    return brought


@inline
def weigh_alike(m, u, first, last, offset, now, before):
    """state s_j = g_jj w_jj s_j(old) + b_j + sum_i g_ij w_ij y_i, of neurons alike."""
    runs = u8(m.last_run[first]) - u8(m.first_run[first])
    for j in range(first, last, FOURS):
        weigh_four(m, u, j, last - j, offset, now, before)
    for r in range(u8(m.first_run[first]), u8(m.last_run[first])):
        if m.run_flags[r] & STEPPED:
            gap = u8(m.run_first[r + runs]) - u8(m.run_first[r])
            add_stepped(m, u, r, gap, first, last, offset, now, before)
        elif not dense_alike(m, r):
            for j in range(first, last):
                u.weighed[offset + j] += scattered_sum(m, u, r + (j - first) * runs, now, before)
    if m.flags[first] & MEMORY:
        for j in range(first, last):
            u.weighed[offset + j] += carry_state(m, u, j, now, before)


@inline
def keep_memory(m, u, first, last, offset, now):
    """States that the next step is to find."""
    for j in range(first, last):
        if m.flags[j] & MEMORY:
            u.state[now + j] = u.weighed[offset + j]
