"""Exact gradients, the way forward: the states and activations of one step, samples side by side.

Neurons whose runs are alike are computed together, and four at a time where they have the same sources.
The equations are those of ``online/loops.py``; ``exact/loops.py`` tells how the tapes lie.
"""

from __future__ import annotations

import numpy as np

from ..compiler.jit import inline
from ..compiler.lanes import alike, flat, gathered, nothing, pack, weights, width
from ..functions.activations import (
    FIRST_CUSTOM,
    FIRST_GROUPED,
    FIRST_RANDOM,
    IDENTITY,
    LAST_GROUPED,
    LAST_RANDOM,
    LOGISTIC,
    TANH,
)
from ..functions.chance import chance
from ..functions.competition import compete
from ..functions.compiled import custom, identity, logistic, squash_of, tanh
from ..lowering.flags import (
    BACK,
    BACK_GATED,
    DENSE,
    HEARD,
    LISTED,
    MEMORY,
    SHARED,
    STEPPED,
    ZIPPED,
)
from ..schema import ENDED, NONE

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
def four_runs(m, j, r, there):
    """A run of each of four neurons alike; of those beyond the `there` that there are, the first's again."""
    runs = u8(m.last_run[j]) - u8(m.first_run[j])
    return (
        r,
        r + runs if there > ONE else r,
        r + runs * TWO if there > TWO else r,
        r + runs * THREE if there > THREE else r,
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
def carried_on(m, u, j, now, before):
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
def weigh_four(m, u, j, there, own, now, before):
    """The states of up to four neurons alike, as far as their dense runs tell them."""
    none = nothing(u.activation)
    a, b, c, d = none, none, none, none
    for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
        if not dense_alike(m, r):
            continue
        flags, rs = m.run_flags[r], four_runs(m, j, r, there)
        source = (before if flags & BACK else now) + u8(m.run_source[r])
        sums = four_sums(m, u, source, u8(m.run_length[r]), four_rows(m, rs))
        if m.run_kind[r] == SHARED:
            gains = before if flags & BACK_GATED else now
            a, b = a + sums[0] * gain(m, u, rs[0], gains), b + sums[1] * gain(m, u, rs[1], gains)
            c, d = c + sums[2] * gain(m, u, rs[2], gains), d + sums[3] * gain(m, u, rs[3], gains)
        else:
            a, b, c, d = a + sums[0], b + sums[1], c + sums[2], d + sums[3]
    u.weighed[own + j] = gathered(a, u.state) + m.bias[j]
    if there > ONE:
        u.weighed[own + j + ONE] = gathered(b, u.state) + m.bias[j + ONE]
    if there > TWO:
        u.weighed[own + j + TWO] = gathered(c, u.state) + m.bias[j + TWO]
    if there > THREE:
        u.weighed[own + j + THREE] = gathered(d, u.state) + m.bias[j + THREE]


@inline
def add_stepped(m, u, r, gap, first, last, own, now, before):
    """What a run brings to neurons alike of which each has its sources one further than that before."""
    flags, row = m.run_flags[r], u8(m.run_first[r])
    source = (before if flags & BACK else now) + u8(m.run_source[r])
    gater = (before if flags & BACK_GATED else now) + u8(m.run_gater[r])
    for q in range(u8(m.run_length[r])):
        if m.run_kind[r] == SHARED:
            for t in range(last - first):
                gained = u.activation[gater + t] * m.weight[row + q + t * gap]
                u.weighed[own + first + t] += gained * u.activation[source + q + t]
        else:
            for t in range(last - first):
                u.weighed[own + first + t] += u.activation[source + q + t] * m.weight[row + q + t * gap]


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
def weigh(m, u, first, last, own, now, before):
    """state s_j = g_jj w_jj s_j(old) + b_j + sum_i g_ij w_ij y_i, of neurons alike."""
    runs = u8(m.last_run[first]) - u8(m.first_run[first])
    for j in range(first, last, FOURS):
        weigh_four(m, u, j, last - j, own, now, before)
    for r in range(u8(m.first_run[first]), u8(m.last_run[first])):
        if m.run_flags[r] & STEPPED:
            gap = u8(m.run_first[r + runs]) - u8(m.run_first[r])
            add_stepped(m, u, r, gap, first, last, own, now, before)
        elif not dense_alike(m, r):
            for j in range(first, last):
                u.weighed[own + j] += scattered_sum(m, u, r + (j - first) * runs, now, before)
    if m.flags[first] & MEMORY:
        for j in range(first, last):
            u.weighed[own + j] += carried_on(m, u, j, now, before)


@inline
def keep_memory(m, u, first, last, own, now):
    """States that the next step is to find."""
    for j in range(first, last):
        if m.flags[j] & MEMORY:
            u.state[now + j] = u.weighed[own + j]


# --- activations -------------------------------------------------------------------------------


@inline
def fire(m, u, first, last, own, step, now, lanes):
    """activation y_j = f_j(s_j), and the slope, of neurons side by side that have one squash."""
    code, n = m.squash[first], (last - first) * lanes
    state, said, slope = flat(u.weighed), flat(u.activation), flat(u.slope)
    at, to = (own + first) * lanes, (now + first) * lanes
    if code == LOGISTIC:
        for q in range(n):
            said[to + q], slope[to + q] = logistic(state[at + q])
    elif code == TANH:
        for q in range(n):
            said[to + q], slope[to + q] = tanh(state[at + q])
    elif code == IDENTITY:
        for q in range(n):
            said[to + q], slope[to + q] = identity(state[at + q])
    elif FIRST_GROUPED <= code <= LAST_GROUPED:
        fire_groups(m, u, code, first, last, own, now, lanes)
    elif FIRST_RANDOM <= code <= LAST_RANDOM:
        for j in range(first, last):
            for lane in range(lanes):
                q = (now + j) * lanes + lane
                said[q], slope[q] = chance(m, j, code, state[(own + j) * lanes + lane])
    elif code < FIRST_CUSTOM:
        for q in range(n):
            said[to + q], slope[to + q] = squash_of(code, state[at + q])
    else:
        fire_custom(m, u, code, first, last, own, step, now, lanes)


@inline
def fire_custom(m, u, code, first, last, own, step, now, lanes):
    """The same of a registered function, which is not called for samples that have ended: it might raise."""
    state, said, slope = flat(u.weighed), flat(u.activation), flat(u.slope)
    for j in range(first, last):
        for lane in range(lanes):
            q = (now + j) * lanes + lane
            if u.row[step * lanes + lane] == ENDED:
                said[q], slope[q] = 0.0, 0.0
            else:
                said[q], slope[q] = custom(m, u.failed, code, state[(own + j) * lanes + lane])


@inline
def fire_groups(m, u, code, first, last, own, now, lanes):
    """The same of groups of neurons, whose states decide together."""
    for j in range(first, last):
        u.state[now + j] = u.weighed[own + j]
    state, said, slope = flat(u.state), flat(u.activation), flat(u.slope)
    j = first
    while j < last:
        after = u8(m.group_stop[j])
        for lane in range(lanes):
            one, end = (now + u8(m.group_first[j])) * lanes + lane, (now + after) * lanes
            compete(code, state, said, slope, one, end, lanes)
        j = after


@inline
def drop(u, first, last, now, rows, lanes):
    """Dropout: activations, and with them slopes, times a number of each step, neuron and sample."""
    said, slope, mask = flat(u.activation), flat(u.slope), flat(u.mask)
    for q in range((now + first) * lanes, (now + last) * lanes):
        said[q] *= mask[q - rows * lanes]
        slope[q] *= mask[q - rows * lanes]


@inline
def rest(u, first, last, own, step, lanes):
    """Samples that have ended stay at 0, so that they cannot grow without bound."""
    state = flat(u.weighed)
    for lane in range(lanes):
        if u.row[step * lanes + lane] == ENDED:
            for j in range(first, last):
                state[(own + j) * lanes + lane] = 0.0


@inline
def clamp(u, span, inputs, step, now, lanes):
    """Lay a row of `inputs` onto the input neurons of every sample; 0 where it has ended."""
    said, n, rows = flat(u.activation), span[1], span[3] - span[0]
    first = (now + span[0]) * lanes
    for lane in range(lanes):
        row = u.row[step * lanes + lane]
        if row != ENDED:
            for i in range(n):
                said[first + i * lanes + lane] = inputs[row * n + i]
        else:
            for i in range(n):
                said[first + i * lanes + lane] = 0.0
        if lanes > ONE and row != ENDED:
            transposed = flat(u.transposed)
            for i in range(n):
                transposed[first + lane * rows + i] = inputs[row * n + i]


@inline
def transpose(m, u, first, last, span, now, lanes):
    """Lay activations that the sums of the gradient need out sample by sample."""
    said, transposed, rows = flat(u.activation), flat(u.transposed), span[3] - span[0]
    begin = (now + span[0]) * lanes
    for j in range(first, last):
        if m.flags[j] & HEARD:
            for lane in range(lanes):
                transposed[begin + lane * rows + (j - span[0])] = said[(now + j) * lanes + lane]


@inline
def step_forward(m, u, span, inputs, step, now, before, lanes, ragged, masked):
    """Inputs, then the others block by block."""
    clamp(u, span, inputs, step, now, lanes)
    first, own = span[0] + span[1], u8(0) - span[0]
    while first < span[3]:
        last, j = u8(m.block_stop[first]), first
        while j < last:
            stop = u8(m.alike_stop[j])
            weigh(m, u, j, stop, own, now, before)
            j = stop
        if ragged:
            rest(u, first, last, own, step, lanes)
        keep_memory(m, u, first, last, own, now)
        fire(m, u, first, last, own, step, now, lanes)
        if masked:
            drop(u, first, last, now, now - before, lanes)
        if lanes > ONE:
            transpose(m, u, first, last, span, now, lanes)
        first = last
