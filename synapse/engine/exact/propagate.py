"""Exact gradients, backward pass: send the errors of one step to everything a neuron depends on.

The equations are in ``loops.py``. Errors within the step are added at `to_now`, those for the previous step
at `to_before`.
"""

from __future__ import annotations

import numpy as np

from ..compiler.jit import inline
from ..compiler.lanes import add, alike, flat, gathered, weights, width
from ..lowering.flags import BACK, BACK_GATED, LISTED, MEMORY, QUIET_GATER, SHARED, SILENT, STEPPED, ZIPPED
from ..schema import FIRST, NONE, OUTPUTS, STOP
from .weigh import FOURS, ONE, THREE, TWO, dense_alike, four_rows, four_runs, four_sums, gain

u8 = np.uint64


@inline
def settle_softmax(m, u, first, last, now, to_now, lanes):
    """f'_j A_j of a softmax group, whose activations all depend on all states: y_j (A_j - sum_i y_i A_i)."""
    activation, pushed, slope = flat(u.activation), flat(u.pushed), flat(u.slope)
    j = first
    while j < last:
        after = u8(m.group_stop[j])
        for lane in range(lanes):
            mean = 0.0
            for i in range(j, after):
                mean += activation[(now + i) * lanes + lane] * pushed[(to_now + i) * lanes + lane]
            for i in range(j, after):
                p = (to_now + i) * lanes + lane
                y, sent = activation[(now + i) * lanes + lane], pushed[p]
                pushed[p] = sent - mean
                slope[(now + i) * lanes + lane] = y
        j = after


@inline
def settle(m, u, span, first, last, now, to_now, slot, lanes):
    """delta of neurons that are computed together; returns their sum, which is finite if they are.

    The pushed errors are reset, so that the place can be used for the step before the previous one.
    """
    slope, pushed, carried, error = flat(u.slope), flat(u.pushed), flat(u.carried), flat(u.error)
    at, to = (now + first) * lanes, (slot + first) * lanes
    pushed_at, carried_at, check = (to_now + first) * lanes, (first - span[FIRST]) * lanes, 0.0
    if m.flags[first] & MEMORY or last > span[STOP] - span[OUTPUTS]:
        for q in range((last - first) * lanes):
            delta = slope[at + q] * pushed[pushed_at + q] + carried[carried_at + q]
            error[to + q] = delta
            pushed[pushed_at + q] = 0.0
            carried[carried_at + q] = 0.0
            check += delta
    else:
        for q in range((last - first) * lanes):
            delta = slope[at + q] * pushed[pushed_at + q]
            error[to + q] = delta
            pushed[pushed_at + q] = 0.0
            check += delta
    return check


@inline
def push_memory(m, u, j, slot, now, before, to_now, to_before, offset):
    """Send errors along a self-connection: to the previous state, and to the gater."""
    delta, weight, gater = u.error[slot + j], m.weight[m.self_row[j]], m.self_gater[j]
    if gater == NONE:
        u.carried[offset + j] = delta * weight
        return
    late = gater >= j
    u.carried[offset + j] = delta * u.activation[(before if late else now) + gater] * weight
    u.pushed[(to_before if late else to_now) + gater] += delta * u.state[before + j] * weight


@inline
def has_error(flags):
    """Whether the sources of a run get an error."""
    return not flags & SILENT or flags & BACK


@inline
def push_pack(m, u, to, row, q, left, e):
    """Errors that four neurons send to one pack of sources."""
    sent = e[0] * weights(m.weight, row[0] + q, left, u.activation)
    sent += e[1] * weights(m.weight, row[1] + q, left, u.activation)
    sent += e[2] * weights(m.weight, row[2] + q, left, u.activation)
    sent += e[3] * weights(m.weight, row[3] + q, left, u.activation)
    add(u.pushed, to + q, sent, left)


@inline
def push_gaters(m, u, rs, d, sums, by, count):
    """Errors sent to the gaters of four runs: delta_j sum_i w_ij y_i."""
    u.pushed[by + m.run_gater[rs[0]]] += d[0] * gathered(sums[0], u.state)
    if count > ONE:
        u.pushed[by + m.run_gater[rs[1]]] += d[1] * gathered(sums[1], u.state)
    if count > TWO:
        u.pushed[by + m.run_gater[rs[2]]] += d[2] * gathered(sums[2], u.state)
    if count > THREE:
        u.pushed[by + m.run_gater[rs[3]]] += d[3] * gathered(sums[3], u.state)


@inline
def push_four(m, u, j, count, slot, now, before, to_now, to_before):
    """Send the errors of up to four neurons with the same sources along their dense runs."""
    at, none, step = slot + j, alike(0.0, u.state), width(u.activation)
    d = (
        u.error[at],
        u.error[at + ONE] if count > ONE else none,
        u.error[at + TWO] if count > TWO else none,
        u.error[at + THREE] if count > THREE else none,
    )
    for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
        if not dense_alike(m, r):
            continue
        flags, n, rs, e = m.run_flags[r], u8(m.run_length[r]), four_runs(m, j, r, count), d
        rows = four_rows(m, rs)
        seen, to = (before, to_before) if flags & BACK else (now, to_now)
        if m.run_kind[r] == SHARED:
            gains, by = (before, to_before) if flags & BACK_GATED else (now, to_now)
            if not flags & QUIET_GATER:
                sums = four_sums(m, u, seen + u8(m.run_source[r]), n, rows)
                push_gaters(m, u, rs, d, sums, by, count)
            e = (
                d[0] * gain(m, u, rs[0], gains),
                d[1] * gain(m, u, rs[1], gains),
                d[2] * gain(m, u, rs[2], gains),
                d[3] * gain(m, u, rs[3], gains),
            )
        if has_error(flags):
            to, whole = to + u8(m.run_source[r]), n - n % step
            for q in range(u8(0), whole, step):
                push_pack(m, u, to, rows, q, step, e)
            if whole < n:
                push_pack(m, u, to, rows, whole, n - whole, e)


@inline
def push_stepped(m, u, r, gap, first, last, slot, now, before, to_now, to_before):
    """Send the errors of neurons whose sources are shifted by one from neuron to neuron."""
    flags, row, shared = m.run_flags[r], u8(m.run_first[r]), m.run_kind[r] == SHARED
    seen, to = (before, to_before) if flags & BACK else (now, to_now)
    gains, by = (before, to_before) if flags & BACK_GATED else (now, to_now)
    source, gater, error = u8(m.run_source[r]), u8(m.run_gater[r]), slot + first
    for q in range(u8(m.run_length[r])):
        if shared and not flags & QUIET_GATER:
            for t in range(last - first):
                through = u.activation[seen + source + q + t] * m.weight[row + q + t * gap]
                u.pushed[by + gater + t] += u.error[error + t] * through
        if has_error(flags) and shared:
            for t in range(last - first):
                gained = u.activation[gains + gater + t] * m.weight[row + q + t * gap]
                u.pushed[to + source + q + t] += u.error[error + t] * gained
        elif has_error(flags):
            for t in range(last - first):
                u.pushed[to + source + q + t] += u.error[error + t] * m.weight[row + q + t * gap]


@inline
def push_scattered(m, u, r, delta, now, before, to_now, to_before):
    """Send an error along a run with listed sources, or with a gater for each connection."""
    kind, flags = m.run_kind[r], m.run_flags[r]
    first, n = u8(m.run_first[r]), u8(m.run_length[r])
    seen, to = (before, to_before) if flags & BACK else (now, to_now)
    gains, by = (before, to_before) if flags & BACK_GATED else (now, to_now)
    if kind == LISTED:
        if has_error(flags):
            for q in range(first, first + n):
                u.pushed[to + m.source[q]] += delta * m.weight[q]
        return
    source, gater = u8(m.run_source[r]), u8(m.run_gater[r])
    for q in range(n):
        i = source + q if kind == ZIPPED else u8(m.source[first + q])
        g = gater + q if kind == ZIPPED else u8(m.gater[first + q])
        weighed = delta * m.weight[first + q]
        if has_error(flags):
            u.pushed[to + i] += weighed * u.activation[gains + g]
        if not flags & QUIET_GATER:
            u.pushed[by + g] += weighed * u.activation[seen + i]


@inline
def propagate_alike(m, u, first, last, slot, now, before, to_now, to_before, offset):
    """Send the errors of neurons to everything they depend on, in this and the previous step."""
    runs = u8(m.last_run[first]) - u8(m.first_run[first])
    if m.flags[first] & MEMORY:
        for j in range(first, last):
            push_memory(m, u, j, slot, now, before, to_now, to_before, offset)
    for j in range(first, last, FOURS):
        push_four(m, u, j, last - j, slot, now, before, to_now, to_before)
    for r in range(u8(m.first_run[first]), u8(m.last_run[first])):
        if m.run_flags[r] & STEPPED:
            gap = u8(m.run_first[r + runs]) - u8(m.run_first[r])
            push_stepped(m, u, r, gap, first, last, slot, now, before, to_now, to_before)
        elif not dense_alike(m, r):
            for j in range(first, last):
                one = r + (j - first) * runs
                push_scattered(m, u, one, u.error[slot + j], now, before, to_now, to_before)
