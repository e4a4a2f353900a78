"""The kernels of the online rule: what one neuron does, and the loops over many.

``m`` is the bundle of a store's columns (see ``schema.py``). The equations are those of the
guide's page "The equations"; each kernel names the columns it reads and writes.
"""

from __future__ import annotations

import math

import numpy as np

from ._jit import columns, inline, kernel, one, piece, zero
from .costs import built_in, cross_entropy, judge
from .firing import clamp_neuron, fire, forget_error, tick
from .schema import (
    BACK,
    BACK_GATED,
    COSTS,
    CROSS_ENTROPY,
    DENSE,
    FIXED,
    FOUR,
    GATES,
    LISTED,
    MEMORY,
    NONE,
    PAIRED,
    PLAIN_RUNS,
    QUIET_GATER,
    SHARED,
    SILENT,
    TRACED,
    UNORDERED,
    WAITING,
    WAITING_FLAGS,
    ZIPPED,
)
from .ties import HELD, after_moves, before_moves

# Indices are unsigned throughout: with signed ones Numba guards every access against negative
# values and the inner loops do not vectorise.
u8 = np.uint64
ONE = u8(1)


# --- one neuron activates ----------------------------------------------------------------------


@inline
def carry_state(m, j):
    """Start the state of a self-connected neuron: g_jj w_jj and what it carries over.

    reads: weight, activation, state; writes: influence
    """
    carry = m.weight[m.self_row[j]]
    gater = m.self_gater[j]
    if gater != NONE:
        carry *= m.activation[gater]
    for p in range(u8(m.first_influence[j]), u8(m.last_influence[j])):
        gates_self = m.influence_self[p] != 0
        m.influence[p] = m.weight[m.self_row[j]] * m.state[j] if gates_self else zero(carry)
    return carry


@inline
def gated_sum(m, j, r, first, n):
    """What a run of gated or scattered connections brings to the state of `j`.

    reads: weight, source, gater, activation; writes: influence
    """
    kind = m.run_kind[r]
    total = zero(m.bias[j])
    if kind == LISTED:
        for t in range(n):
            total += m.weight[first + t] * m.activation[m.source[first + t]]
        return total
    if kind == PAIRED:
        for t in range(n):
            gain = m.activation[m.gater[first + t]]
            total += gain * m.weight[first + t] * m.activation[m.source[first + t]]
        return total
    source, gater = u8(m.run_source[r]), u8(m.run_gater[r])
    if kind == ZIPPED:
        for t in range(n):
            total += m.activation[gater + t] * m.weight[first + t] * m.activation[source + t]
        return total
    for t in range(n):
        total += m.weight[first + t] * m.activation[source + t]
    if m.run_influence[r] != NONE:
        m.influence[m.run_influence[r]] += total
    return m.activation[gater] * total


@inline
def trace_of(m, j, row):
    """Where the eligibility of the incoming connection in this row lies. reads: first_trace"""
    return u8(m.first_trace[j]) + row - u8(m.first_incoming[j])


@inline
def move_eligibility(m, j, carry):
    """eligibility e_ij = g_jj w_jj e_ij(old) + g_ij y_i, for the connections that learn.

    reads: activation, weight, state; writes: eligibility, bias_eligibility
    """
    for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
        if m.run_flags[r] & FIXED:
            continue
        kind, first, n = m.run_kind[r], u8(m.run_first[r]), u8(m.run_length[r])
        trace = trace_of(m, j, first)
        if kind == DENSE or kind == SHARED:
            source = u8(m.run_source[r])
            gain = m.activation[m.run_gater[r]] if kind == SHARED else one(carry)
            for t in range(n):
                kept = carry * m.eligibility[trace + t]
                m.eligibility[trace + t] = kept + gain * m.activation[source + t]
        else:
            for t in range(n):
                gain = m.activation[m.gater[first + t]] if kind != LISTED else one(carry)
                kept = carry * m.eligibility[trace + t]
                m.eligibility[trace + t] = kept + gain * m.activation[m.source[first + t]]
    own = m.self_row[j]
    if own != NONE and m.trainable[own]:
        trace = trace_of(m, j, u8(own))
        gain = m.activation[m.self_gater[j]] if m.self_gater[j] != NONE else one(carry)
        m.eligibility[trace] = carry * m.eligibility[trace] + gain * m.state[j]
    m.bias_eligibility[j] = carry * m.bias_eligibility[j] + 1.0


@inline
def move_extended(m, k, carry, block):
    """extended x_ij^k = g_kk w_kk x_ij^k(old) + f'_j e_ij I_jk, for every j that gates k.

    reads: influence, derivative, eligibility, bias_eligibility, activation, old_activation
    writes: extended
    """
    for p in range(u8(m.first_influence[k]), u8(m.last_influence[k])):
        if m.influence_trace[p] == NONE:
            continue
        j, trace = u8(m.influence_gater[p]), u8(m.influence_trace[p])
        n = u8(m.learning[j])
        scale = m.derivative[j] * m.influence[p]
        if m.flags[j] & TRACED:
            eligibility = u8(m.first_trace[j])
            for t in range(n):
                kept = carry * m.extended[trace + t]
                m.extended[trace + t] = kept + scale * m.eligibility[eligibility + t]
            m.extended[trace + n] = carry * m.extended[trace + n] + scale * m.bias_eligibility[j]
            continue
        for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
            if not m.run_flags[r] & FIXED:
                start = trace + u8(m.run_first[r]) - u8(m.first_incoming[j])
                extend_run(m, block, r, start, carry, scale)
        m.extended[trace + n] = carry * m.extended[trace + n] + scale


@inline
def extend_run(m, block, r, start, carry, scale):
    """The same for a run of ungated connections whose eligibility is the source's activation.

    Of a source later than its target the activation of the step before counts: kept as
    old_activation where the source has fired since, that is, where it comes before `block`.
    """
    first, n = u8(m.run_first[r]), u8(m.run_length[r])
    back = m.run_flags[r] & BACK
    if m.run_kind[r] == LISTED:
        for t in range(n):
            i = m.source[first + t]
            seen = m.old_activation[i] if back and i < block else m.activation[i]
            m.extended[start + t] = carry * m.extended[start + t] + scale * seen
        return
    source = u8(m.run_source[r])
    moved = u8(0)
    if back and source < block:
        moved = min(n, block - source)
    for t in range(moved):
        x = start + t
        m.extended[x] = carry * m.extended[x] + scale * m.old_activation[source + t]
    for t in range(moved, n):
        x = start + t
        m.extended[x] = carry * m.extended[x] + scale * m.activation[source + t]


@inline
def waits(m, r):
    """Whether the weights of a run may be moved when they are next read: see `move_ahead`."""
    return m.run_flags[r] & WAITING_FLAGS == SILENT


@inline
def dense_sum(m, j, r, first, n):
    """What a run of plain connections brings to the state of `j`, moved first where they wait.

    reads: weight, activation, old_activation, waiting; writes: weight
    """
    source = u8(m.run_source[r])
    total = zero(m.bias[j])
    step = m.waiting[j]
    if step != 0.0 and waits(m, r):
        for t in range(n):
            weight = m.weight[first + t] + step * m.old_activation[source + t]
            m.weight[first + t] = weight
            total += weight * m.activation[source + t]
    else:
        for t in range(n):
            total += m.weight[first + t] * m.activation[source + t]
    return total


@inline
def weigh_neuron(m, j, block):
    """state s_j = g_jj w_jj s_j(old) + b_j + sum_i g_ij w_ij y_i, and the traces that go with it.

    No neuron from row `block` on has fired in this step.
    reads: weight, bias, activation; writes: state, old_state, traces
    """
    flags = m.flags[j]
    old = m.state[j]
    state = m.bias[j]
    carry = zero(state)
    if flags & MEMORY:
        carry = carry_state(m, j)
        state += carry * old
    for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
        first, n = u8(m.run_first[r]), u8(m.run_length[r])
        if m.run_kind[r] == DENSE:
            state += dense_sum(m, j, r, first, n)
        else:
            state += gated_sum(m, j, r, first, n)
    m.waiting[j] = 0.0
    if flags & TRACED:
        move_eligibility(m, j, carry)
    if flags & MEMORY:
        move_extended(m, j, carry, block)
    m.old_state[j] = old
    m.state[j] = state


@inline
def weigh_four(m, j):
    """The same for four neurons at once whose runs are alike: every source is read once for all.

    reads: weight, bias, activation, old_activation, waiting; writes: state, old_state, weight, waiting
    """
    j1, j2, j3 = j + ONE, j + u8(2), j + u8(3)
    state, state1, state2, state3 = m.bias[j], m.bias[j1], m.bias[j2], m.bias[j3]
    step, step1, step2, step3 = m.waiting[j], m.waiting[j1], m.waiting[j2], m.waiting[j3]
    moving = step != 0.0 or step1 != 0.0 or step2 != 0.0 or step3 != 0.0
    runs = u8(m.last_run[j]) - u8(m.first_run[j])
    for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
        n, source = u8(m.run_length[r]), u8(m.run_source[r])
        row, row1 = u8(m.run_first[r]), u8(m.run_first[r + runs])
        row2, row3 = row1 + (row1 - row), row1 + (row1 - row) + (row1 - row)
        if moving and waits(m, r):
            for t in range(n):
                y, old = m.activation[source + t], m.old_activation[source + t]
                weight, weight1 = m.weight[row + t] + step * old, m.weight[row1 + t] + step1 * old
                weight2, weight3 = m.weight[row2 + t] + step2 * old, m.weight[row3 + t] + step3 * old
                m.weight[row + t], m.weight[row1 + t] = weight, weight1
                m.weight[row2 + t], m.weight[row3 + t] = weight2, weight3
                state += weight * y
                state1 += weight1 * y
                state2 += weight2 * y
                state3 += weight3 * y
        else:
            for t in range(n):
                y = m.activation[source + t]
                state += m.weight[row + t] * y
                state1 += m.weight[row1 + t] * y
                state2 += m.weight[row2 + t] * y
                state3 += m.weight[row3 + t] * y
    for i in range(j, j + u8(4)):
        m.waiting[i] = 0.0
        m.old_state[i] = m.state[i]
    m.state[j], m.state[j1], m.state[j2], m.state[j3] = state, state1, state2, state3


@inline
def weigh_block(m, first, last):
    """The states of neurons that fire together."""
    j = first
    while j < last:
        if m.flags[j] & FOUR:
            weigh_four(m, j)
            j += u8(4)
        else:
            weigh_neuron(m, j, first)
            j += ONE


# --- one neuron propagates ---------------------------------------------------------------------


@inline
def push_back(m, r, delta, first, n, source):
    """The error of a neuron goes back along a run of plain connections. writes: pushed"""
    if not m.run_flags[r] & SILENT:
        for t in range(n):
            m.pushed[source + t] += delta * m.weight[first + t]


@inline
def propagate_run(m, j, r, delta, step, pull, extended, ahead):
    """Push the error of `j` along a run of plain connections, then move their weights.

    `pull` is the step along the extended traces that begin at `extended`; with `ahead`, the
    weights of connections from inputs wait: see `move_ahead`.
    reads: activation, old_activation, eligibility, extended; writes: pushed, weight
    """
    first, n, source = u8(m.run_first[r]), u8(m.run_length[r]), u8(m.run_source[r])
    flags = m.run_flags[r]
    push_back(m, r, delta, first, n, source)
    if flags & FIXED or (ahead and waits(m, r)):
        return
    if m.flags[j] & TRACED:
        trace = trace_of(m, j, first)
        for t in range(n):
            m.weight[first + t] += step * m.eligibility[trace + t]
        return
    seen = m.old_activation if flags & BACK else m.activation
    if pull != 0.0:
        trace = extended + first - u8(m.first_incoming[j])
        for t in range(n):
            m.weight[first + t] += step * seen[source + t] + pull * m.extended[trace + t]
    else:
        for t in range(n):
            m.weight[first + t] += step * seen[source + t]


@inline
def move_ahead(m, first, last):
    """Move the weights that wait, as `weigh_neuron` would with the next inputs.

    A weight from an input is read once a step, to sum; moving it then, instead of when the
    error is known, saves a pass over memory. It reads the input of the step before from
    ``old_activation``; here, with no next input, that is still ``activation``.
    reads: waiting, activation; writes: weight, waiting
    """
    for j in range(first, last):
        step = m.waiting[j]
        if step == 0.0:
            continue
        m.waiting[j] = 0.0
        for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
            if m.run_kind[r] == DENSE and waits(m, r):
                source, row = u8(m.run_source[r]), u8(m.run_first[r])
                for t in range(u8(m.run_length[r])):
                    m.weight[row + t] += step * m.activation[source + t]


@inline
def propagate_gated_run(m, j, r, delta, step):
    """The same for a run with one gater, or with a neighbouring gater for each connection.

    reads: activation, old_activation, eligibility; writes: pushed, pushed_gated, weight
    """
    first, n, source = u8(m.run_first[r]), u8(m.run_length[r]), u8(m.run_source[r])
    gater = u8(m.run_gater[r])
    flags = m.run_flags[r]
    zipped = ONE if m.run_kind[r] == ZIPPED else u8(0)
    seen = m.old_activation if flags & BACK else m.activation
    gains = m.old_activation if flags & BACK_GATED else m.activation
    silent, traced = flags & SILENT, m.flags[j] & TRACED
    if not silent:
        for t in range(n):
            m.pushed[source + t] += delta * gains[gater + zipped * t] * m.weight[first + t]
    if not flags & (BACK_GATED | QUIET_GATER) and not m.flags[j] & MEMORY:
        for t in range(n):
            m.pushed_gated[gater + zipped * t] += delta * m.weight[first + t] * seen[source + t]
    if flags & FIXED:
        return
    if traced:
        trace = trace_of(m, j, first)
        for t in range(n):
            m.weight[first + t] += step * m.eligibility[trace + t]
    else:
        for t in range(n):
            m.weight[first + t] += step * gains[gater + zipped * t] * seen[source + t]


@inline
def propagate_listed_run(m, j, r, delta, step):
    """The same for scattered connections, and for those whose order is the one observed.

    Of a neuron that has fired since `j` did, the old activation is what `j` saw; and no error
    goes to it.
    reads: activation, old_activation, stamp, eligibility; writes: pushed, pushed_gated, weight
    """
    flags, kind = m.run_flags[r], m.run_kind[r]
    traced, memory = m.flags[j] & TRACED, m.flags[j] & MEMORY
    gated = kind != LISTED and kind != DENSE
    first = u8(m.run_first[r])
    trace = trace_of(m, j, first)
    back, back_gated = (flags & BACK) != 0, (flags & BACK_GATED) != 0
    for t in range(u8(m.run_length[r])):
        c = first + t
        i, weight = m.source[c], m.weight[c]
        if flags & UNORDERED:
            back = m.stamp[i] > m.stamp[j]
        seen = m.old_activation[i] if back else m.activation[i]
        gain = one(weight)
        if gated:
            g = m.gater[c]
            if flags & UNORDERED:
                back_gated = m.stamp[g] >= m.stamp[j]
            gain = m.old_activation[g] if back_gated else m.activation[g]
            if not back_gated and not memory and not flags & QUIET_GATER:
                m.pushed_gated[g] += delta * weight * seen
        if not back and not flags & SILENT:
            m.pushed[i] += delta * gain * weight
        if not flags & FIXED:
            m.weight[c] = weight + step * (m.eligibility[trace + t] if traced else gain * seen)


@inline
def push_influences(m, k, delta):
    """G_j of every j that gates the self-connected k: delta_k I_jk.

    reads: influence; writes: pushed_traced
    """
    for p in range(u8(m.first_influence[k]), u8(m.last_influence[k])):
        gater = m.influence_gater[p]
        if m.influence_trace[p] != NONE and m.stamp[gater] < m.stamp[k]:
            m.pushed_traced[gater] += delta * m.influence[p]


@inline
def pull_extended(m, j, rate, pulls):
    """The part of learning that goes through gates: rate * sum_k delta_k x_ij^k.

    `pulls` of these have been taken along with other moves already.
    reads: responsibility, extended; writes: weight, bias
    """
    first, n = u8(m.first_incoming[j]), u8(m.learning[j])
    for q in range(u8(m.first_pull[j]), u8(m.last_pull[j])):
        p = u8(m.pull[q])
        step = rate * m.responsibility[m.influence_gated[p]]
        if step == 0.0:
            continue
        trace = u8(m.influence_trace[p])
        if q >= u8(m.first_pull[j]) + pulls:
            for t in range(n):
                m.weight[first + t] += step * m.extended[trace + t]
        if m.trainable_bias[j]:
            m.bias[j] += step * m.extended[trace + n]


@inline
def settle(m, first, last, rate, ahead):
    """Errors delta_j = P_j + G_j of neurons that fire together, and the moves of their biases.

    P_j = f'_j sum_k delta_k g_jk w_jk + the cost's -dE/ds, which waits in ``projected``;
    G_j = f'_j sum_k delta_k I_jk. Later neurons have pushed both sums before. With `ahead`, the
    step of weights that wait is noted.

    reads: derivative, pushed*, projected, bias_eligibility
    writes: responsibility, projected, gated, step, waiting, pushed*, bias
    """
    for j in range(first, last):
        derivative, flags = m.derivative[j], m.flags[j]
        projected = derivative * m.pushed[j] + m.projected[j]
        factored = derivative * m.pushed_gated[j]
        gated = factored + derivative * m.pushed_traced[j]
        step = rate * (projected + factored)
        m.responsibility[j], m.projected[j], m.gated[j] = projected + gated, projected, gated
        m.pushed[j], m.pushed_gated[j], m.pushed_traced[j] = 0.0, 0.0, 0.0
        m.step[j] = step
        m.waiting[j] = step if ahead and not flags & (GATES | TRACED) else zero(step)
        if m.trainable_bias[j]:
            m.bias[j] += step * m.bias_eligibility[j] if flags & TRACED else step


@inline
def propagate_neuron(m, j, rate, ahead):
    """Push the error of a settled neuron to earlier ones with its weights as they are, then move them.

    Learning dw_ij = rate (P_j e_ij + sum_k delta_k x_ij^k).
    reads: responsibility, step, traces, activation; writes: pushed*, weight, bias
    """
    delta, step, flags = m.responsibility[j], m.step[j], m.flags[j]
    pulls, pull, extended = u8(0), zero(rate), u8(0)
    if flags & (GATES | PLAIN_RUNS) == GATES | PLAIN_RUNS:  # one pass moves along both traces
        p = u8(m.pull[m.first_pull[j]])
        pulls, extended = ONE, u8(m.influence_trace[p])
        pull = rate * m.responsibility[m.influence_gated[p]]
    ahead = ahead and not flags & (GATES | TRACED)
    if ahead and flags & WAITING:
        return
    if delta != 0.0 or step != 0.0 or pull != 0.0:
        for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
            kind = m.run_kind[r]
            if m.run_flags[r] & UNORDERED or kind == LISTED or kind == PAIRED:
                propagate_listed_run(m, j, r, delta, step)
            elif kind == DENSE:
                propagate_run(m, j, r, delta, step, pull, extended, ahead)
            else:
                propagate_gated_run(m, j, r, delta, step)
        if flags & MEMORY:
            own = m.self_row[j]
            if m.trainable[own]:
                m.weight[own] += step * m.eligibility[trace_of(m, j, u8(own))]
            push_influences(m, j, delta)
    if flags & GATES:
        pull_extended(m, j, rate, pulls)


# --- recording ---------------------------------------------------------------------------------


@inline
def watched_number(m, what, j):
    """The number of a neuron at this place of ``schema.WATCHABLE``."""
    if what == 0:
        return np.float64(m.activation[j])
    if what == 1:
        return np.float64(m.state[j])
    if what == 2:
        return np.float64(m.derivative[j])
    if what == 3:
        return np.float64(m.responsibility[j])
    return np.float64(m.projected[j]) if what == 4 else np.float64(m.gated[j])


@piece
def note(m, new):
    """Record the watched numbers: of a `new` step, or anew those of the latest, whose errors are known now.

    reads: watched, watched_what; writes: log, log_place
    """
    neurons, numbers = m.log_place[0], m.log_place[1]
    if not new and m.log_place[2] == 0:
        return
    if new:
        m.log_place[2] += ONE
    at = (m.log_place[2] - ONE) * neurons * numbers
    for w in range(numbers):
        for i in range(neurons):
            m.log[at + w * neurons + i] = watched_number(m, m.watched_what[w], u8(m.watched[i]))


# --- networks ----------------------------------------------------------------------------------
#
# A network lies in rows first .. stop of its store, in the order in which it activates: inputs,
# hidden neurons, outputs. `span` tells a kernel: first row, number of inputs, number of outputs,
# stop, and the first row that can learn (past the inputs, where nothing leads into those).


@inline
def clear_neuron(m, j):
    """Forget the context: state, activation, errors, traces. writes: every cleared column, traces"""
    m.state[j] = 0.0
    m.old_state[j] = 0.0
    m.activation[j] = 0.0
    m.old_activation[j] = 0.0
    m.derivative[j] = 0.0
    m.bias_eligibility[j] = 0.0
    m.projected[j] = 0.0
    m.gated[j] = 0.0
    m.step[j] = 0.0
    m.stamp[j] = 0
    forget_error(m, j)
    n = u8(m.learning[j])
    if m.flags[j] & TRACED:
        for t in range(n):
            m.eligibility[u8(m.first_trace[j]) + t] = 0.0
    for p in range(u8(m.first_influence[j]), u8(m.last_influence[j])):
        m.influence[p] = 0.0
        if m.influence_trace[p] != NONE:
            for t in range(u8(m.learning[m.influence_gater[p]]) + ONE):
                m.extended[u8(m.influence_trace[p]) + t] = 0.0
    for q in range(u8(m.first_pull[j]), u8(m.last_pull[j])):
        trace = u8(m.influence_trace[m.pull[q]])
        for t in range(n + ONE):
            m.extended[trace + t] = 0.0


@inline
def activate_network(m, span, inputs, row):
    """One step: inputs, then the others block by block. No inputs at all: none is clamped.

    reads: block_stop, and what `weigh_neuron` and `fire` read
    """
    first = span[0]
    if inputs.size > 0:
        n, now = span[1], tick(m, span[1])
        for t in range(n):
            clamp_neuron(m, first + t, inputs[row * n + t], now + t)
        first += span[1]
    while first < span[3]:
        last = u8(m.block_stop[first])
        weigh_block(m, first, last)
        fire(m, first, last)
        first = last
    if m.log_place[0] != 0:
        note(m, True)


@inline
def aim_outputs(m, span, targets, row, cost):
    """The outputs' error signals wait in ``projected``. Returns what is finite where the cost is.

    Built-in costs are summed later, see `cost_of`: here their logarithms are left out.
    reads: activation, derivative; writes: projected
    """
    n = span[2]
    first, begin = span[3] - n, row * n
    size, total = np.float64(n), 0.0
    if cost < COSTS:
        for o in range(n):
            j, target = first + o, targets[begin + o]
            _, m.projected[j] = built_in(cost, target, m.activation[j], m.derivative[j], size)
            total += (target - m.activation[j]) ** 2
        return total
    for o in range(n):
        j = first + o
        value, signal = judge(m, cost, targets[begin + o], m.activation[j], m.derivative[j], size)
        m.projected[j] = signal
        total += value
    return total


@inline
def cost_of(m, cost, kept, filled, outputs):
    """The summed cost of the outputs in ``kept``, whose second half holds their targets."""
    room, size, total = u8(kept.size) >> ONE, np.float64(outputs), 0.0
    if cost == CROSS_ENTROPY:  # said here, so that the loop has no branch and vectorises
        for i in range(filled):
            total += cross_entropy(kept[room + i], kept[i], 1.0, size)[0]
        return total
    for i in range(filled):
        total += judge(m, cost, kept[room + i], kept[i], 1.0, size)[0]
    return total


@inline
def keep_outputs(m, span, targets, row, kept, filled):
    """Lay outputs and targets of a step into ``kept``; returns how much of it is filled now."""
    n, room = span[2], u8(kept.size) >> ONE
    for o in range(n):
        kept[filled + o] = m.activation[span[3] - n + o]
        kept[room + filled + o] = targets[row * n + o]
    return filled + n


@inline
def propagate_network(m, span, rate, ahead):
    """Block by block in reverse order; the outputs' error signals have been laid out before."""
    before_moves(m)
    for j in range(span[4], span[3] - span[2]):
        m.projected[j] = 0.0
    last = span[3]
    while last > span[4]:
        first = u8(m.block_first[last - ONE])
        settle(m, first, last, rate, ahead)
        for back in range(last - first):
            propagate_neuron(m, last - ONE - back, rate, ahead)
        last = first
    after_moves(m)
    if m.log_place[0] != 0:
        note(m, False)


# --- entries: what Python calls ----------------------------------------------------------------


@kernel
def activate_one(table, unit, row):
    """One neuron activates from its incoming connections; returns its activation."""
    m = columns(table, unit)
    j = u8(row)
    weigh_neuron(m, j, j)
    fire(m, j, j + ONE)
    return m.activation[j]


@kernel
def clamp_one(table, unit, row, value):
    """One neuron takes `value` as its activation."""
    m = columns(table, unit)
    clamp_neuron(m, u8(row), value, tick(m, ONE))


@kernel
def propagate_one(table, unit, row, target, cost, rate):
    """One neuron propagates; `target` NaN: it has none. Returns its cost."""
    m = columns(table, unit)
    j = u8(row)
    value, signal = 0.0, 0.0
    if target == target:
        value, signal = judge(m, cost, target, m.activation[j], m.derivative[j], 1.0)
    m.projected[j] = signal
    alone = m.ties[HELD] == 0  # else `hold_shared` has been called
    if alone:
        before_moves(m)
    settle(m, j, j + ONE, rate, False)
    propagate_neuron(m, j, rate, False)
    if alone:
        after_moves(m)
    return value


@kernel
def clear_rows(table, unit, rows):
    """These neurons forget their context."""
    m = columns(table, unit)
    for i in range(u8(rows.shape[0])):
        clear_neuron(m, u8(rows[i]))


@kernel
def run_network(table, unit, span, inputs, outputs):
    """Activate once for every row of `outputs`, which are written; rows lie one after the other.

    Returns 1 + the first row of `inputs` that is not finite, else 0. Nothing is touched where
    there is such a row.
    """
    m = columns(table, unit)
    for i in range(u8(inputs.size)):
        if not math.isfinite(inputs[i]):
            return i // span[1] + ONE
    n = span[2]
    for row in range(u8(outputs.size) // n):
        activate_network(m, span, inputs, row)
        for o in range(n):
            outputs[row * n + o] = m.activation[span[3] - n + o]
    return u8(0)


@kernel
def propagate_targets(table, unit, span, targets, cost, rate):
    """Propagate the whole network after an activation; no targets at all: no output has one.

    Returns the cost; one that is not finite has moved no weight.
    """
    m = columns(table, unit)
    first, total = span[3] - span[2], 0.0
    for o in range(u8(targets.size)):
        j = first + o
        total += judge(m, cost, targets[o], m.activation[j], 1.0, np.float64(span[2]))[0]
    if targets.size > 0:
        aim_outputs(m, span, targets, u8(0), cost)
    else:
        for j in range(first, span[3]):
            m.projected[j] = 0.0
    if math.isfinite(total):
        propagate_network(m, span, rate, False)
    return total


@kernel
def train_network(
    table, unit, span, inputs, targets, aimed, bounds, order, clear, cost, rate, learn, kept, control
):
    """An epoch in one call: the sequences ``bounds[s] .. bounds[s + 1]`` of rows, in `order`.

    At rows that are `aimed` the cost is taken and, with `learn`, the error propagated at once.
    ``kept`` is room for the outputs and targets of some steps, whose costs are summed together.
    ``control[0]`` is watched: not 0 stops. ``control[1]`` tells how many rows are done. Returns
    the summed cost and the number of rows aimed at; a cost that is not finite ends the epoch
    before it has moved a weight.
    """
    m = columns(table, unit)
    total, judged, filled, going = 0.0, u8(0), u8(0), True
    for s in range(u8(order.shape[0])):
        if clear and going:
            move_ahead(m, span[0], span[3])  # the inputs that weights wait for are about to be forgotten
            for j in range(span[0], span[3]):
                clear_neuron(m, j)
        for row in range(bounds[order[s]], bounds[order[s] + ONE]):
            if not going:
                break
            activate_network(m, span, inputs, row)
            if aimed[row]:
                judged += ONE
                if filled + span[2] > u8(kept.size) >> ONE:
                    total += cost_of(m, cost, kept, filled, span[2])
                    filled = u8(0)
                filled = keep_outputs(m, span, targets, row, kept, filled)
                sound = aim_outputs(m, span, targets, row, cost)
                going = math.isfinite(sound)
                if not going:
                    total += sound
                elif learn:
                    propagate_network(m, span, rate, True)
            control[1] += ONE
            going = going and not control[0]
    move_ahead(m, span[0], span[3])
    return total + cost_of(m, cost, kept, filled, span[2]), judged
