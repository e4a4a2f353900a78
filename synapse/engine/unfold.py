"""The kernels of exact gradients through time: a network unfolded over its steps, samples side by side.

``m`` is a store's columns, ``u`` the tapes of one unfolding (`schema.TAPES`), on which every number is
that of several samples (lanes). A neuron in row j has, at the step whose numbers begin at `now`, the
activation ``u.activation[now + j]``; the step before begins at `before`. Forward the equations are those of
``online.py``; backward errors follow every connection and gate, also to the step before:

    delta_j = f'_j A_j + sum_k over what carried s_j on + the cost's -dE/ds_j
    A_i     = sum_k delta_k g_ik w_ik + sum over what i gates of delta_k w_ak y_a
    dE/dw   = - sum over steps and samples of delta_j g_ij y_i
"""

from __future__ import annotations

import math

import numpy as np

from ._jit import columns, inline, kernel
from ._lanes import alike, count, flat, tapes, total
from .activations import activate, logistic, tanh
from .costs import cross_entropy, judge
from .firing import chance, compete
from .schema import (
    BACK,
    BACK_GATED,
    BERNOULLI,
    CROSS_ENTROPY,
    DENSE,
    ENDED,
    FIXED,
    FOUR,
    LISTED,
    LOGISTIC,
    MAXOUT,
    MEMORY,
    NOISE,
    NONE,
    QUIET_GATER,
    SHARED,
    SILENT,
    SOFTMAX,
    TANH,
    ZIPPED,
)

u8 = np.uint64
ONE = u8(1)
FOURS = u8(4)  # neurons alike that are computed together
CHUNK = u8(4)  # steps whose part of the gradient is summed together


# --- forward -----------------------------------------------------------------------------------


@inline
def carried_on(m, u, j, now, before):
    """What a self-connection brings: g_jj w_jj s_j of the step before."""
    value = u.state[before + j] * m.weight[m.self_row[j]]
    gater = m.self_gater[j]
    if gater != NONE:
        value = value * u.activation[(before if gater >= j else now) + gater]
    return value


@inline
def run_sum(m, u, r, now, before):
    """What a run of connections brings to the state of its target."""
    kind, flags = m.run_kind[r], m.run_flags[r]
    first, n = u8(m.run_first[r]), u8(m.run_length[r])
    seen = before if flags & BACK else now
    gains = before if flags & BACK_GATED else now
    source, gater = seen + u8(m.run_source[r]), gains + u8(m.run_gater[r])
    total_ = alike(0.0, u.state)
    if kind == DENSE or kind == SHARED:
        for q in range(n):
            total_ += u.activation[source + q] * m.weight[first + q]
        return total_ * u.activation[gater] if kind == SHARED else total_
    if kind == LISTED:
        for q in range(first, first + n):
            total_ += u.activation[seen + m.source[q]] * m.weight[q]
        return total_
    if kind == ZIPPED:
        for q in range(n):
            total_ += u.activation[source + q] * u.activation[gater + q] * m.weight[first + q]
        return total_
    for q in range(first, first + n):
        total_ += u.activation[seen + m.source[q]] * u.activation[gains + m.gater[q]] * m.weight[q]
    return total_


@inline
def weigh(m, u, j, now, before):
    """state s_j = g_jj w_jj s_j(old) + b_j + sum_i g_ij w_ij y_i."""
    state = alike(m.bias[j], u.state)
    if m.flags[j] & MEMORY:
        state += carried_on(m, u, j, now, before)
    for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
        state += run_sum(m, u, r, now, before)
    u.state[now + j] = state


@inline
def weigh_four(m, u, j, now, before):
    """The same for four neurons whose runs are alike: see ``online.weigh_four``."""
    state, state1 = alike(m.bias[j], u.state), alike(m.bias[j + ONE], u.state)
    state2, state3 = alike(m.bias[j + u8(2)], u.state), alike(m.bias[j + u8(3)], u.state)
    runs = u8(m.last_run[j]) - u8(m.first_run[j])
    for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
        source = (before if m.run_flags[r] & BACK else now) + u8(m.run_source[r])
        row = u8(m.run_first[r])
        gap = u8(m.run_first[r + runs]) - row
        row1, row2, row3 = row + gap, row + gap + gap, row + gap + gap + gap
        for q in range(u8(m.run_length[r])):
            y = u.activation[source + q]
            state += y * m.weight[row + q]
            state1 += y * m.weight[row1 + q]
            state2 += y * m.weight[row2 + q]
            state3 += y * m.weight[row3 + q]
    at = now + j
    u.state[at], u.state[at + ONE], u.state[at + u8(2)], u.state[at + u8(3)] = state, state1, state2, state3


@inline
def fire(m, u, first, last, now, lanes):
    """activation y_j = f_j(s_j), and the slope, of neurons side by side that have one squash."""
    code = m.squash[first]
    state, said, slope = flat(u.state), flat(u.activation), flat(u.slope)
    begin, stop = (now + first) * lanes, (now + last) * lanes
    if code == LOGISTIC:
        for q in range(begin, stop):
            said[q], slope[q] = logistic(state[q])
    elif code == TANH:
        for q in range(begin, stop):
            said[q], slope[q] = tanh(state[q])
    elif SOFTMAX <= code <= MAXOUT:
        j = first
        while j < last:
            after = u8(m.group_stop[j])
            for lane in range(lanes):
                one, end = (now + u8(m.group_first[j])) * lanes + lane, (now + after) * lanes
                compete(m, code, state, said, slope, one, end, lanes)
            j = after
    elif NOISE <= code <= BERNOULLI:
        for j in range(first, last):
            for lane in range(lanes):
                q = (now + j) * lanes + lane
                said[q], slope[q] = chance(m, j, code, state[q])
    else:
        for q in range(begin, stop):
            said[q], slope[q] = activate(m, code, state[q])


@inline
def drop(u, first, last, now, rows, lanes):
    """Dropout: activations, and with them slopes, times a number of each step, neuron and sample."""
    said, slope, mask = flat(u.activation), flat(u.slope), flat(u.mask)
    for q in range((now + first) * lanes, (now + last) * lanes):
        said[q] *= mask[q - rows * lanes]
        slope[q] *= mask[q - rows * lanes]


@inline
def rest(u, first, last, now, step, lanes):
    """Samples that have ended stay at 0, so that they cannot grow without bound."""
    state = flat(u.state)
    for lane in range(lanes):
        if u.row[step * lanes + lane] == ENDED:
            for j in range(first, last):
                state[(now + j) * lanes + lane] = 0.0


@inline
def clamp(u, span, inputs, step, now, lanes):
    """Lay a row of `inputs` onto the input neurons of every sample; 0 where it has ended."""
    said, n = flat(u.activation), span[1]
    first = (now + span[0]) * lanes
    for lane in range(lanes):
        row = u.row[step * lanes + lane]
        for i in range(n):
            said[first + i * lanes + lane] = inputs[row * n + i] if row != ENDED else 0.0


@inline
def step_forward(m, u, span, inputs, step, now, before, lanes, ragged, masked):
    """Inputs, then the others block by block."""
    clamp(u, span, inputs, step, now, lanes)
    first = span[0] + span[1]
    while first < span[3]:
        last, j = u8(m.block_stop[first]), first
        while j < last:
            if m.flags[j] & FOUR:
                weigh_four(m, u, j, now, before)
                j += FOURS
            else:
                weigh(m, u, j, now, before)
                j += ONE
        if ragged:
            rest(u, first, last, now, step, lanes)
        fire(m, u, first, last, now, lanes)
        if masked:
            drop(u, first, last, now, now - before, lanes)
        first = last


# --- cost --------------------------------------------------------------------------------------


@inline
def lay_targets(u, span, targets, step, lanes):
    """Lay the targets of a step where the outputs' error signals will be; NaN: none."""
    wanted, n = flat(u.signal), span[2]
    for lane in range(lanes):
        row = u.row[step * lanes + lane]
        for o in range(n):
            wanted[(step * n + o) * lanes + lane] = targets[row * n + o] if row != ENDED else math.nan


@inline
def judge_step(m, u, span, targets, step, now, cost, lanes):
    """The cost of a step; targets give way to the outputs' error signals."""
    lay_targets(u, span, targets, step, lanes)
    n, total_ = span[2], 0.0
    said, slope, signal, value = flat(u.activation), flat(u.slope), flat(u.signal), flat(u.value)
    at, to, size = (now + span[3] - n) * lanes, step * n * lanes, np.float64(n)
    if cost == CROSS_ENTROPY:  # said here, so that the loop has no branch and vectorises
        for q in range(n * lanes):
            target = signal[to + q]
            one, sent = cross_entropy(target, said[at + q], slope[at + q], size)
            value[q] = one if target == target else 0.0
            signal[to + q] = sent if target == target else 0.0
    else:
        for q in range(n * lanes):
            target, one, sent = signal[to + q], 0.0, 0.0
            if target == target:
                one, sent = judge(m, cost, target, said[at + q], slope[at + q], size)
            value[q] = one
            signal[to + q] = sent
    for lane in range(lanes):
        share = u.share[step * lanes + lane]
        for o in range(n):
            total_ += share * value[o * lanes + lane]
            signal[to + o * lanes + lane] *= share
    return total_


# --- backward ----------------------------------------------------------------------------------


@inline
def settle_softmax(m, u, first, last, now, here, lanes):
    """f'_j A_j of a softmax group, whose activations all depend on all states: y_j (A_j - sum_i y_i A_i)."""
    said, pushed, slope = flat(u.activation), flat(u.pushed), flat(u.slope)
    j = first
    while j < last:
        after = u8(m.group_stop[j])
        for lane in range(lanes):
            mean = 0.0
            for i in range(j, after):
                mean += said[(now + i) * lanes + lane] * pushed[(here + i) * lanes + lane]
            for i in range(j, after):
                p = (here + i) * lanes + lane
                y, wanted = said[(now + i) * lanes + lane], pushed[p]
                pushed[p] = wanted - mean
                slope[(now + i) * lanes + lane] = y
        j = after


@inline
def settle(m, u, span, first, last, now, here, slot, lanes):
    """delta of neurons that fire together; returns their sum, which is finite where they are."""
    if m.squash[first] == SOFTMAX:
        settle_softmax(m, u, first, last, now, here, lanes)
    slope, pushed, carried, error = flat(u.slope), flat(u.pushed), flat(u.carried), flat(u.error)
    at, to = (now + first) * lanes, (slot + first) * lanes
    sent, kept, check = (here + first) * lanes, (first - span[0]) * lanes, 0.0
    for q in range((last - first) * lanes):
        delta = slope[at + q] * pushed[sent + q] + carried[kept + q]
        error[to + q] = delta
        carried[kept + q] = 0.0
        check += delta
    return check


@inline
def push_memory(m, u, j, delta, now, before, here, there, kept):
    """Along a self-connection: to the state of the step before, and to the gater."""
    weight, gater = m.weight[m.self_row[j]], m.self_gater[j]
    if gater == NONE:
        u.carried[kept + j] = delta * weight
        return
    late = gater >= j
    u.carried[kept + j] = delta * u.activation[(before if late else now) + gater] * weight
    u.pushed[(there if late else here) + gater] += delta * u.state[before + j] * weight


@inline
def push_gated(m, u, r, delta, now, before, here, there):
    """Along a run of gated or scattered connections, to sources and gaters."""
    kind, flags = m.run_kind[r], m.run_flags[r]
    first, n = u8(m.run_first[r]), u8(m.run_length[r])
    seen, to = (before, there) if flags & BACK else (now, here)
    gains, by = (before, there) if flags & BACK_GATED else (now, here)
    wanted = not flags & SILENT or flags & BACK
    source, gater = u8(m.run_source[r]), u8(m.run_gater[r])
    if kind == LISTED:
        if wanted:
            for q in range(first, first + n):
                u.pushed[to + m.source[q]] += delta * m.weight[q]
        return
    if kind == SHARED:
        gained, through = delta * u.activation[gains + gater], alike(0.0, u.state)
        for q in range(n):
            if wanted:
                u.pushed[to + source + q] += gained * m.weight[first + q]
            through += u.activation[seen + source + q] * m.weight[first + q]
        if not flags & QUIET_GATER:
            u.pushed[by + gater] += delta * through
        return
    for q in range(n):
        i = source + q if kind == ZIPPED else u8(m.source[first + q])
        g = gater + q if kind == ZIPPED else u8(m.gater[first + q])
        weighed = delta * m.weight[first + q]
        if wanted:
            u.pushed[to + i] += weighed * u.activation[gains + g]
        if not flags & QUIET_GATER:
            u.pushed[by + g] += weighed * u.activation[seen + i]


@inline
def push(m, u, j, slot, now, before, here, there, kept):
    """The error of a neuron goes to all that it depends on, in this step and the one before."""
    delta = u.error[slot + j]
    if m.flags[j] & MEMORY:
        push_memory(m, u, j, delta, now, before, here, there, kept)
    for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
        flags = m.run_flags[r]
        if m.run_kind[r] != DENSE:
            push_gated(m, u, r, delta, now, before, here, there)
        elif not flags & SILENT or flags & BACK:
            first, to = u8(m.run_first[r]), (there if flags & BACK else here) + u8(m.run_source[r])
            for q in range(u8(m.run_length[r])):
                u.pushed[to + q] += delta * m.weight[first + q]


@inline
def push_four(m, u, j, slot, here, there):
    """The same for four neurons whose runs are alike."""
    at = slot + j
    delta, delta1, delta2, delta3 = u.error[at], u.error[at + ONE], u.error[at + u8(2)], u.error[at + u8(3)]
    runs = u8(m.last_run[j]) - u8(m.first_run[j])
    for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
        flags = m.run_flags[r]
        if flags & SILENT and not flags & BACK:
            continue
        to, row = (there if flags & BACK else here) + u8(m.run_source[r]), u8(m.run_first[r])
        gap = u8(m.run_first[r + runs]) - row
        row1, row2, row3 = row + gap, row + gap + gap, row + gap + gap + gap
        for q in range(u8(m.run_length[r])):
            sent = delta * m.weight[row + q] + delta1 * m.weight[row1 + q]
            u.pushed[to + q] += sent + delta2 * m.weight[row2 + q] + delta3 * m.weight[row3 + q]


@inline
def step_backward(m, u, span, step, slot, window, lanes):
    """Errors of one step, block by block in reverse order; returns what is finite where they are."""
    n, rows = span[2], span[3] - span[0]
    now = (step + ONE) * rows - span[0]
    before = now - rows
    here, there = (step & ONE) * rows - span[0], ((step + ONE) & ONE) * rows - span[0]
    kept, check, last = u8(0) - span[0], 0.0, span[3]
    for o in range(n):
        u.carried[rows - n + o] += u.signal[step * n + o]
    while last > span[0] + span[1]:
        first = max(u8(m.block_first[last - ONE]), span[0] + span[1])
        check += settle(m, u, span, first, last, now, here, slot, lanes)
        j = first
        while j < last:
            if m.flags[j] & FOUR:
                push_four(m, u, j, slot, here, there)
                j += FOURS
            else:
                push(m, u, j, slot, now, before, here, there, kept)
                j += ONE
        last = first
    nothing = alike(0.0, u.state)
    for i in range(rows):
        u.pushed[here + span[0] + i] = nothing
    if step % window == 0:  # errors do not pass from one window to that before
        for i in range(rows):
            u.pushed[there + span[0] + i] = nothing
            u.carried[i] = nothing
    return check


# --- the gradient ------------------------------------------------------------------------------


@inline
def four_of(tape, at, rows):
    """What lies on a tape in four steps."""
    return tape[at], tape[at + rows], tape[at + u8(2) * rows], tape[at + u8(3) * rows]


@inline
def gained(tape, at, rows, d):
    """Four errors, each scaled by what lies on a tape at its step."""
    d0, d1 = d[0] * tape[at], d[1] * tape[at + rows]
    return d0, d1, d[2] * tape[at + u8(2) * rows], d[3] * tape[at + u8(3) * rows]


@inline
def times(d, y):
    """The scalar product of two fours."""
    return (d[0] * y[0] + d[1] * y[1]) + (d[2] * y[2] + d[3] * y[3])


@inline
def moved(tape, at, rows, d):
    """The sum over four steps and all samples of errors and what lies on a tape."""
    return total(times(d, four_of(tape, at, rows)))


@inline
def learn_bias(m, u, j, at, d):
    """What four steps add to the move of a bias."""
    if m.trainable_bias[j]:
        u.bias_move[at] += total((d[0] + d[1]) + (d[2] + d[3]))


@inline
def learn(m, u, j, now, rows, d):
    """What four steps add to the moves of everything that leads into a neuron; `now` is the first's."""
    before = now - rows
    if m.flags[j] & MEMORY and m.trainable[m.self_row[j]]:
        own, gater = m.self_row[j], m.self_gater[j]
        e = d
        if gater != NONE:
            e = gained(u.activation, (before if gater >= j else now) + gater, rows, d)
        u.weight_move[own] += moved(u.state, before + j, rows, e)
    for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
        kind, flags = m.run_kind[r], m.run_flags[r]
        if flags & FIXED:
            continue
        first, n = u8(m.run_first[r]), u8(m.run_length[r])
        seen = before if flags & BACK else now
        gains = before if flags & BACK_GATED else now
        source, gater = seen + u8(m.run_source[r]), gains + u8(m.run_gater[r])
        if kind == DENSE or kind == SHARED:
            e = gained(u.activation, gater, rows, d) if kind == SHARED else d
            for q in range(n):
                u.weight_move[first + q] += moved(u.activation, source + q, rows, e)
            continue
        for q in range(n):
            i = source + q if kind == ZIPPED else seen + m.source[first + q]
            e = d
            if kind != LISTED:
                e = gained(u.activation, gater + q if kind == ZIPPED else gains + m.gater[first + q], rows, d)
            u.weight_move[first + q] += moved(u.activation, i, rows, e)


@inline
def learn_four(m, u, j, now, rows, d, e, f, g):
    """The same for four neurons whose runs are alike: what a source says is read once for all."""
    runs = u8(m.last_run[j]) - u8(m.first_run[j])
    for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
        flags = m.run_flags[r]
        if flags & FIXED:
            continue
        at = (now - rows if flags & BACK else now) + u8(m.run_source[r])
        row = u8(m.run_first[r])
        gap = u8(m.run_first[r + runs]) - row
        row1, row2, row3 = row + gap, row + gap + gap, row + gap + gap + gap
        for q in range(u8(m.run_length[r])):
            y = four_of(u.activation, at + q, rows)
            u.weight_move[row + q] += total(times(d, y))
            u.weight_move[row1 + q] += total(times(e, y))
            u.weight_move[row2 + q] += total(times(f, y))
            u.weight_move[row3 + q] += total(times(g, y))


@inline
def learn_chunk(m, u, span, step):
    """What four steps from `step` on add to the moves of all weights and biases."""
    rows = span[3] - span[0]
    now, j = (step + ONE) * rows - span[0], span[0] + span[1]
    while j < span[3]:
        at = j - span[0]
        d = four_of(u.error, at, rows)
        if m.flags[j] & FOUR:
            e, f = four_of(u.error, at + ONE, rows), four_of(u.error, at + u8(2), rows)
            g = four_of(u.error, at + u8(3), rows)
            learn_four(m, u, j, now, rows, d, e, f, g)
            learn_bias(m, u, j + ONE, at + ONE, e)
            learn_bias(m, u, j + u8(2), at + u8(2), f)
            learn_bias(m, u, j + u8(3), at + u8(3), g)
        else:
            learn(m, u, j, now, rows, d)
        learn_bias(m, u, j, at, d)
        j += FOURS if m.flags[j] & FOUR else ONE


# --- entry -------------------------------------------------------------------------------------


@kernel
def unfold_network(
    table, unit, tape_table, tag, span, inputs, targets, steps, cost, window, ragged, masked, moves
):
    """Run samples side by side over `steps` steps, judge them and sum the gradient.

    `moves` is the number of connections; below 0: no gradient is asked for.
    Rows of `inputs` and `targets` lie one after the other; ``u.row`` tells which are whose.

    Errors pass through at most `window` steps: the steps are cut into windows of that length. `ragged`:
    some samples end earlier; `masked`: there is dropout. Returns the summed cost, and the last step at
    which errors were not finite (`steps`: none was).
    """
    m, u, lanes = columns(table, unit), tapes(tape_table, unit, tag), count(tag)
    rows, value = span[3] - span[0], 0.0
    for step in range(steps):
        now = (step + ONE) * rows - span[0]
        step_forward(m, u, span, inputs, step, now, now - rows, lanes, ragged, masked)
        value += judge_step(m, u, span, targets, step, now, cost, lanes)
    if moves < 0 or not math.isfinite(value):
        return value, steps
    nothing, chunks = alike(0.0, u.state), (steps + CHUNK - ONE) // CHUNK
    for i in range(CHUNK * rows):
        u.error[i] = nothing
    for i in range(rows):
        u.carried[i], u.bias_move[i] = nothing, 0.0
        u.pushed[i], u.pushed[rows + i] = nothing, nothing
    for r in range(u8(moves)):
        u.weight_move[r] = 0.0
    for back in range(chunks):
        begin = (chunks - ONE - back) * CHUNK
        for late in range(CHUNK):
            step = begin + CHUNK - ONE - late
            if step < steps:
                slot = (step - begin) * rows - span[0]
                if not math.isfinite(step_backward(m, u, span, step, slot, window, lanes)):
                    return value, step
        learn_chunk(m, u, span, begin)
    return value, steps
