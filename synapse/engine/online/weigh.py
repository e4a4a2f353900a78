"""Kernels of states: the sums of a neuron's inputs, and the traces that are updated
with them.

The equations are those of the page "The equations".

A loop over rows does not write the updates of a row at once: the next sum makes them
as it reads the weights (`sum_dense`, `sum_listed`). The section "Pending updates" of
``docs/engine.md`` says when, and who reads weights meanwhile. The sums add their terms
in one written order (`in_order`), whether an update is pending or has been made before:
so the bits do not depend on it.
"""

from __future__ import annotations

from ..compiler.jit import in_order, inline, one_like, zero_like
from ..compiler.rare import INDEX, rare
from ..compiler.tiles import (
    add_rows_products,
    for_each,
    lanes_of,
    no_pack,
    no_short_pack,
    no_single,
    totals,
    update_rows,
)
from ..lowering import flags as mark
from ..schema import NONE
from .ties import stop_at_zero, stopped

FEW = 4
"""Connections of a run up to which they are added one by one."""
LONG = 64
"""Connections of a run from which on packs are as long as a register. The load of such
a pack waits for the stores of the activations just computed, which are shorter."""


@inline
def carry_state(m, j):
    """Start the state of a self-connected neuron: g_jj w_jj, and the state carried
    over.
    """
    # [equation state: self-connection]
    carry = m.weight[m.self_row[j]]
    gater = m.self_gater[j]
    if gater != NONE:
        carry *= m.activation[gater]
    # [end]
    # [equation influence: self-connection]
    for p in range(m.first_influence[j], m.last_influence[j]):
        gates_self = m.influence_self[p] != 0
        m.influence[p] = (
            m.weight[m.self_row[j]] * m.state[j] if gates_self else zero_like(carry)
        )
    # [end]
    return carry


@inline
def gated_sum(m, j, r, row, n):
    """The weighted inputs of `j` from a run of gated connections."""
    layout = m.run_kind[r]
    total = zero_like(m.bias[j])
    # [equation state: gated run]
    if layout == mark.PAIRED:
        for t in range(n):
            gain = m.activation[m.gater[row + t]]
            total += gain * m.weight[row + t] * m.activation[m.source[row + t]]
        return total
    # [end]
    source = m.run_source[r]
    gater = m.run_gater[r]
    if layout == mark.ZIPPED:
        for t in range(n):
            total += (
                m.activation[gater + t] * m.weight[row + t] * m.activation[source + t]
            )
        return total
    for t in range(n):
        total += m.weight[row + t] * m.activation[source + t]
    # [equation influence: gated run]
    if m.run_influence[r] != NONE:
        m.influence[m.run_influence[r]] += total
    return m.activation[gater] * total
    # [end]


@inline
def trace_of(m, j, row):
    """Index of the eligibility of the incoming connection in this row."""
    return m.first_trace[j] + row - m.first_incoming[j]


@inline
def move_eligibility(m, j, carry):
    """eligibility e_ij = g_jj w_jj e_ij(old) + g_ij y_i, for the trainable
    connections.
    """
    for r in range(m.first_run[j], m.last_run[j]):
        if m.run_flags[r] & mark.FIXED:
            continue
        layout = m.run_kind[r]
        row = m.run_first[r]
        n = m.run_length[r]
        trace = trace_of(m, j, row)
        if layout == mark.DENSE or layout == mark.SHARED:
            source = m.run_source[r]
            # [equation eligibility]
            gain = (
                m.activation[m.run_gater[r]]
                if layout == mark.SHARED
                else one_like(carry)
            )
            for t in range(n):
                kept = carry * m.eligibility[trace + t]
                m.eligibility[trace + t] = kept + gain * m.activation[source + t]
            # [end]
        else:
            for t in range(n):
                gain = (
                    m.activation[m.gater[row + t]]
                    if layout != mark.LISTED
                    else one_like(carry)
                )
                kept = carry * m.eligibility[trace + t]
                m.eligibility[trace + t] = kept + gain * m.activation[m.source[row + t]]
    self_row = m.self_row[j]
    # [equation eligibility: self-connection and bias]
    if self_row != NONE and m.trainable[self_row]:
        trace = trace_of(m, j, self_row)
        gain = (
            m.activation[m.self_gater[j]]
            if m.self_gater[j] != NONE
            else one_like(carry)
        )
        m.eligibility[trace] = carry * m.eligibility[trace] + gain * m.state[j]
    m.bias_eligibility[j] = carry * m.bias_eligibility[j] + 1.0
    # [end]


@inline
def move_extended(m, k, carry, block):
    """extended x_ij^k = g_kk w_kk x_ij^k(old) + f'_j e_ij I_jk, for every j that gates
    k.
    """
    for p in range(m.first_influence[k], m.last_influence[k]):
        if m.influence_trace[p] == NONE:
            continue
        j = m.influence_gater[p]
        trace = m.influence_trace[p]
        n = m.learning[j]
        # [equation extended]
        scale = m.derivative[j] * m.influence[p]
        if m.flags[j] & mark.TRACED:
            eligibility = m.first_trace[j]
            for t in range(n):
                kept = carry * m.extended[trace + t]
                m.extended[trace + t] = kept + scale * m.eligibility[eligibility + t]
            m.extended[trace + n] = (
                carry * m.extended[trace + n] + scale * m.bias_eligibility[j]
            )
            # [end]
            continue
        for r in range(m.first_run[j], m.last_run[j]):
            if not m.run_flags[r] & mark.FIXED:
                start = trace + m.run_first[r] - m.first_incoming[j]
                extend_run(m, block, r, start, carry, scale)
        m.extended[trace + n] = carry * m.extended[trace + n] + scale


@inline
def extend_run(m, block, r, start, carry, scale):
    """Extended traces of an ungated run; delayed sources before `block` have activated
    since.
    """
    row = m.run_first[r]
    n = m.run_length[r]
    delayed = m.run_flags[r] & mark.DELAYED
    if m.run_kind[r] == mark.LISTED:
        for t in range(n):
            i = m.source[row + t]
            read = m.old_activation[i] if delayed and i < block else m.activation[i]
            m.extended[start + t] = carry * m.extended[start + t] + scale * read
        return
    source = m.run_source[r]
    fired = 0
    if delayed and source < block:
        fired = min(n, block - source)
    for t in range(fired):
        x = start + t
        m.extended[x] = carry * m.extended[x] + scale * m.old_activation[source + t]
    for t in range(fired, n):
        x = start + t
        m.extended[x] = carry * m.extended[x] + scale * m.activation[source + t]


@inline
def may_be_pending(m, r):
    """Whether the updates of a dense or listed run may stay pending until its weights
    are next read.
    """
    return not m.run_flags[r] & mark.NEVER_PENDING


@inline
def weight_of(m, c, r):
    """The weight of a connection of run `r` (NONE: of no run) with its pending update,
    after a step and before the next one.
    """
    j = m.target[c]
    if (
        r != NONE
        and m.pending_step[j] != 0.0
        and m.run_kind[r] <= mark.LISTED
        and may_be_pending(m, r)
    ):
        update = m.pending_step[j] * m.activation[m.source[c]]
        return stopped(m, c, m.weight[c] + update)
    return m.weight[c]


@inline
def apply_pending(m, start, last, activations):
    """Make the pending updates of neurons, whose sources had these activations."""
    for j in range(start, last):
        step = m.pending_step[j]
        if step == 0.0:
            continue
        m.pending_step[j] = 0.0
        for r in range(m.first_run[j], m.last_run[j]):
            if m.run_kind[r] > mark.LISTED or not may_be_pending(m, r):
                continue
            source = m.run_source[r]
            row = m.run_first[r]
            n = m.run_length[r]
            if m.run_kind[r] == mark.DENSE:
                for t in range(n):
                    m.weight[row + t] += step * activations[source + t]
            else:
                for t in range(n):
                    m.weight[row + t] += step * activations[m.source[row + t]]
            if m.ties.signed != 0:
                stop_at_zero(m, row, row + n)


@rare(INDEX, INDEX)
def apply_signed(m, start, last):
    """Make the pending updates of neurons that are weighed next. Signs are not in the
    sums: these would take longer.
    """
    apply_pending(m, start, last, m.old_activation)


@in_order
def updated(m, c, i, step, pending):
    """The weight of a connection from `i`; a `pending` update is made before."""
    weight = m.weight[c]
    if pending:
        weight += step * m.old_activation[i]
        m.weight[c] = weight
    return weight


@in_order
def add_pack(m, sums, rows, q, source, left, steps, pending):
    """Add the products of `left` connections, from q on, of each row to its sum."""
    if pending:
        update_rows(m.weight, rows, q, steps, m.old_activation, source + q, left, sums)
    at = source + q
    return add_rows_products(sums, m.activation, at, m.weight, rows, q, left)


@in_order
def sum_packs(m, none, rows, n, source, steps, pending):
    """The sums of neurons with the same sources, each in two packs, so that few sums
    wait for the previous one.
    """
    wide = lanes_of(none)
    sums = for_each(rows, none)
    others = sums
    twice = n - n % (2 * wide)
    for q in range(0, twice, 2 * wide):
        sums = add_pack(m, sums, rows, q, source, wide, steps, pending)
        others = add_pack(m, others, rows, q + wide, source, wide, steps, pending)
    whole = n - n % wide
    if twice < whole:
        sums = add_pack(m, sums, rows, twice, source, wide, steps, pending)
    if whole < n:
        others = add_pack(m, others, rows, whole, source, n - whole, steps, pending)
    return totals(sums, others)


@in_order
def sum_dense(m, rows, n, source, steps, pending):
    """The sums of neurons with the same, consecutive sources, whose connections begin
    at `rows`. Pending updates of `steps` are made before.
    """
    if n >= LONG:
        return sum_packs(m, no_pack(m.weight), rows, n, source, steps, pending)
    if n > FEW:
        return sum_packs(m, no_short_pack(m.weight), rows, n, source, steps, pending)
    return sum_packs(m, no_single(m.weight), rows, n, source, steps, pending)


@in_order
def sum_listed(m, row, n, step, pending):
    """The sum of a run from scattered sources, in four parts, so that no sum waits for
    the previous one.
    """
    total = zero_like(step)
    total1 = zero_like(step)
    total2 = zero_like(step)
    total3 = zero_like(step)
    whole = n - n % 4
    for c in range(row, row + whole, 4):
        i = m.source[c]
        i1 = m.source[c + 1]
        i2 = m.source[c + 2]
        i3 = m.source[c + 3]
        total += updated(m, c, i, step, pending) * m.activation[i]
        total1 += updated(m, c + 1, i1, step, pending) * m.activation[i1]
        total2 += updated(m, c + 2, i2, step, pending) * m.activation[i2]
        total3 += updated(m, c + 3, i3, step, pending) * m.activation[i3]
    # [equation state: run without gates]
    for c in range(row + whole, row + n):
        i = m.source[c]
        total += updated(m, c, i, step, pending) * m.activation[i]
    # [end]
    return (total + total1) + (total2 + total3)


@in_order
def ungated_sum(m, j, r):
    """The weighted inputs of `j` from an ungated run, after its pending updates."""
    row = m.run_first[r]
    n = m.run_length[r]
    step = m.pending_step[j]
    pending = step != 0.0 and may_be_pending(m, r)
    if m.run_kind[r] == mark.DENSE and n > FEW:
        source = m.run_source[r]
        if pending:
            return sum_dense(m, (row,), n, source, (step,), True)[0]
        return sum_dense(m, (row,), n, source, (step,), False)[0]
    if pending:
        return sum_listed(m, row, n, step, True)
    return sum_listed(m, row, n, step, False)


@inline
def weigh_plain(m, j):
    """state s_j = b_j + sum_i w_ij y_i of a neuron without gates and traces."""
    state = m.bias[j]
    for r in range(m.first_run[j], m.last_run[j]):
        state += ungated_sum(m, j, r)
    m.pending_step[j] = 0.0
    m.old_state[j] = m.state[j]
    m.state[j] = state


@inline
def weigh_neuron(m, j, block):
    """state s_j = g_jj w_jj s_j(old) + b_j + sum_i g_ij w_ij y_i, and its traces; see
    `extend_run`.
    """
    flags = m.flags[j]
    # [equation state]
    old = m.state[j]
    state = m.bias[j]
    carry = zero_like(state)
    if flags & mark.MEMORY:
        carry = carry_state(m, j)
        state += carry * old
    for r in range(m.first_run[j], m.last_run[j]):
        if m.run_kind[r] <= mark.LISTED:
            state += ungated_sum(m, j, r)
        else:
            state += gated_sum(m, j, r, m.run_first[r], m.run_length[r])
    # [end]
    m.pending_step[j] = 0.0
    if flags & mark.TRACED:
        move_eligibility(m, j, carry)
    if flags & mark.MEMORY:
        move_extended(m, j, carry, block)
    m.old_state[j] = old
    m.state[j] = state


@in_order
def weigh_four(m, j):
    """The states of four neurons with the same sources: every source is read once for
    all four.
    """
    steps = (
        m.pending_step[j],
        m.pending_step[j + 1],
        m.pending_step[j + 2],
        m.pending_step[j + 3],
    )
    steps_wait = (
        steps[0] != 0.0 or steps[1] != 0.0 or steps[2] != 0.0 or steps[3] != 0.0
    )
    for i in range(j, j + 4):
        m.pending_step[i] = 0.0
        m.old_state[i] = m.state[i]
    state = m.bias[j]
    state1 = m.bias[j + 1]
    state2 = m.bias[j + 2]
    state3 = m.bias[j + 3]
    runs = m.last_run[j] - m.first_run[j]
    for r in range(m.first_run[j], m.last_run[j]):
        n = m.run_length[r]
        source = m.run_source[r]
        row = m.run_first[r]
        gap = m.run_first[r + runs] - row
        rows = (row, row + gap, row + 2 * gap, row + 3 * gap)
        if steps_wait and may_be_pending(m, r):
            sums = sum_dense(m, rows, n, source, steps, True)
        else:
            sums = sum_dense(m, rows, n, source, steps, False)
        state += sums[0]
        state1 += sums[1]
        state2 += sums[2]
        state3 += sums[3]
    m.state[j] = state
    m.state[j + 1] = state1
    m.state[j + 2] = state2
    m.state[j + 3] = state3


@rare(INDEX, INDEX, INDEX)
def weigh_gated(m, start, last, block):
    """The states and traces of consecutive neurons, of the block that begins with
    `block`.
    """
    for j in range(start, last):
        weigh_neuron(m, j, block)


@inline
def weigh_one(m, j):
    """The state of one neuron, which activates by itself."""
    if m.flags[j] & mark.WITH_GATES:
        weigh_gated(m, j, j + 1, j)
    else:
        weigh_plain(m, j)


@inline
def weigh_block(m, p, start, last):
    """The states of a block of neurons; no `p` is needed."""
    if m.ties.signed != 0:
        apply_signed(m, start, last)
    j = start
    while j < last:
        if m.flags[j] & mark.FOUR:
            weigh_four(m, j)
            j += 4
        elif m.flags[j] & mark.WITH_GATES:
            weigh_gated(m, j, last, start)
            j = last
        else:
            weigh_plain(m, j)
            j += 1
