"""Exact gradients, forward pass: the states of one step, for several samples at once.

Neurons whose runs have the same form are computed together, and four at a time if they have the same sources.
The equations are those of ``online/weigh.py``; ``exact/loops.py`` describes the layout of the tapes.
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


# --- runs of neurons that are computed together ------------------------------------------------


@inline
def dense_alike(m, r):
    """Whether the neurons have the same, consecutive sources in this run."""
    kind = m.run_kind[r]
    return (kind == DENSE or kind == SHARED) and not m.run_flags[r] & STEPPED


@inline
def four_runs(m, j, r, count):
    """The same run of each of four neurons; beyond the first `count`, the first one's again."""
    runs = u8(m.last_run[j]) - u8(m.first_run[j])
    return (
        r,
        r + runs if count > ONE else r,
        r + runs * TWO if count > TWO else r,
        r + runs * THREE if count > THREE else r,
    )


@inline
def four_rows(m, rs):
    """First connections of four runs."""
    return u8(m.run_first[rs[0]]), u8(m.run_first[rs[1]]), u8(m.run_first[rs[2]]), u8(m.run_first[rs[3]])


@inline
def gain(m, u, r, gains):
    """The gain of a run with one gater."""
    return u.activation[gains + m.run_gater[r]]


# --- states ------------------------------------------------------------------------------------


@inline
def carry_state(m, u, j, now, before):
    """The state carried over by a self-connection: g_jj w_jj s_j(old)."""
    value = u.state[before + j] * m.weight[m.self_row[j]]
    gater = m.self_gater[j]
    if gater != NONE:
        value = value * u.activation[(before if gater >= j else now) + gater]
    return value


@inline
def add_pack(m, u, source, q, left, rows, sums):
    """Weighted inputs of four neurons from one pack of sources, each of which is read once."""
    y = pack(u.activation, source + q, left)
    return (
        sums[0] + y * weights(m.weight, rows[0] + q, left, u.activation),
        sums[1] + y * weights(m.weight, rows[1] + q, left, u.activation),
        sums[2] + y * weights(m.weight, rows[2] + q, left, u.activation),
        sums[3] + y * weights(m.weight, rows[3] + q, left, u.activation),
    )


@inline
def four_sums(m, u, source, n, rows):
    """sum_i w_ij y_i of four neurons with the same sources, as packs."""
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
    """The parts of the states of up to four neurons that come from dense runs."""
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
    """Weighted inputs of neurons whose sources are shifted by one from neuron to neuron."""
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
    """Weighted inputs of a target from a run with listed sources, or with a gater for each connection."""
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
    """state s_j = g_jj w_jj s_j(old) + b_j + sum_i g_ij w_ij y_i, of neurons computed together."""
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
    """Store the states for the next step."""
    for j in range(first, last):
        if m.flags[j] & MEMORY:
            u.state[now + j] = u.weighed[offset + j]
