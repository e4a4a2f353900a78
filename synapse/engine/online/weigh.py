"""Kernels of states: the sums of a neuron's inputs, and the traces that are updated
with them.

The equations are those of the page "The equations".

**Pending updates.** A step reads every weight to sum the inputs. So a loop over rows
does not write the updates of a row at once, which would be another pass over all
weights. A neuron keeps its rate times error in ``pending_step``, and the next sum of
its inputs updates each weight as it reads it. Until then memory has the weight without
its update; `weight_of` returns the weight. This is so

- within one call of a kernel only: ``pending_step`` is 0 between calls, because loops
  end with ``loops.complete_moves``, which calls ``propagate.apply_pending``;
- for neurons without gates and traces, in runs that are neither tied nor frozen
  (`may_be_pending`);
- until the next step: whatever else reads a weight before calls `weight_of` (a
  recording), or ``apply_pending`` first (a renewal, a cleared context).
"""

from __future__ import annotations

from ..compiler.jit import in_order, inline, one_like, zero_like
from ..compiler.rare import INDEX, rare
from ..lowering import flags as mark
from ..schema import NONE
from .ties import stopped


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
def is_moving(m, j):
    """Whether pending updates are applied while the inputs of `j` are summed, even if
    they have been applied.

    A sum of updated weights has another order than a sum of weights. So the order must
    not depend on whether the error of the latest step came in this call.
    """
    if m.pending_step[j] != 0.0:
        return True
    return m.responsibility[j] != 0.0 and not m.flags[j] & (mark.GATES | mark.TRACED)


@inline
def dense_sum(m, j, r, row, n, signed):
    """The weighted inputs of `j` from a run of plain connections, after applying
    pending updates.
    """
    source = m.run_source[r]
    total = zero_like(m.bias[j])
    step = m.pending_step[j]
    if is_moving(m, j) and may_be_pending(m, r):
        for t in range(n):
            weight = m.weight[row + t] + step * m.old_activation[source + t]
            if signed:
                weight = stopped(m, row + t, weight)
            m.weight[row + t] = weight
            total += weight * m.activation[source + t]
    # [equation state: run without gates]
    else:
        for t in range(n):
            total += m.weight[row + t] * m.activation[source + t]
    # [end]
    return total


@in_order
def moved_weight(m, c, step, signed):
    """A weight of a list after its pending update."""
    weight = m.weight[c] + step * m.old_activation[m.source[c]]
    if signed:
        weight = stopped(m, c, weight)
    m.weight[c] = weight
    return weight


@in_order
def listed_sum(m, j, r, row, n, signed):
    """The sum of a run from scattered sources, in four parts, so that no sum waits for
    the previous one.
    """
    step = m.pending_step[j]
    none = zero_like(m.bias[j])
    whole = n - n % 4
    total = none
    total1 = none
    total2 = none
    total3 = none
    if is_moving(m, j) and may_be_pending(m, r):
        for c in range(row, row + whole, 4):
            total += moved_weight(m, c, step, signed) * m.activation[m.source[c]]
            total1 += (
                moved_weight(m, c + 1, step, signed) * m.activation[m.source[c + 1]]
            )
            total2 += (
                moved_weight(m, c + 2, step, signed) * m.activation[m.source[c + 2]]
            )
            total3 += (
                moved_weight(m, c + 3, step, signed) * m.activation[m.source[c + 3]]
            )
        for c in range(row + whole, row + n):
            total += moved_weight(m, c, step, signed) * m.activation[m.source[c]]
    else:
        for c in range(row, row + whole, 4):
            total += m.weight[c] * m.activation[m.source[c]]
            total1 += m.weight[c + 1] * m.activation[m.source[c + 1]]
            total2 += m.weight[c + 2] * m.activation[m.source[c + 2]]
            total3 += m.weight[c + 3] * m.activation[m.source[c + 3]]
        for c in range(row + whole, row + n):
            total += m.weight[c] * m.activation[m.source[c]]
    return (total + total1) + (total2 + total3)


@inline
def ungated_sum(m, j, r, row, n, signed):
    """The sum of an ungated run."""
    if m.run_kind[r] == mark.DENSE:
        return dense_sum(m, j, r, row, n, signed)
    return listed_sum(m, j, r, row, n, signed)


@inline
def weigh_plain(m, j):
    """state s_j = b_j + sum_i w_ij y_i of a neuron without gates and traces."""
    state = m.bias[j]
    for r in range(m.first_run[j], m.last_run[j]):
        state += ungated_sum(m, j, r, m.run_first[r], m.run_length[r], False)
    m.pending_step[j] = 0.0
    m.old_state[j] = m.state[j]
    m.state[j] = state


@inline
def weigh_neuron(m, j, block, signed):
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
        row = m.run_first[r]
        n = m.run_length[r]
        if m.run_kind[r] <= mark.LISTED:
            state += ungated_sum(m, j, r, row, n, signed)
        else:
            state += gated_sum(m, j, r, row, n)
    # [end]
    m.pending_step[j] = 0.0
    if flags & mark.TRACED:
        move_eligibility(m, j, carry)
    if flags & mark.MEMORY:
        move_extended(m, j, carry, block)
    m.old_state[j] = old
    m.state[j] = state


@inline
def weigh_four(m, j, signed):
    """The states of four neurons with the same sources: every source is read once for
    all four.

    Written out, where ``exact/weigh.py`` has tiles of eight (`put_sums`), because these
    rows are also written: with pending updates each of them is loaded, updated and
    stored on the way. And the sums of a tile have their terms in another order, so the
    last bits of every network would change.
    """
    j1 = j + 1
    j2 = j + 2
    j3 = j + 3
    state = m.bias[j]
    state1 = m.bias[j1]
    state2 = m.bias[j2]
    state3 = m.bias[j3]
    step = m.pending_step[j]
    step1 = m.pending_step[j1]
    step2 = m.pending_step[j2]
    step3 = m.pending_step[j3]
    moving = is_moving(m, j) or is_moving(m, j1) or is_moving(m, j2) or is_moving(m, j3)
    runs = m.last_run[j] - m.first_run[j]
    for r in range(m.first_run[j], m.last_run[j]):
        n = m.run_length[r]
        source = m.run_source[r]
        row = m.run_first[r]
        row1 = m.run_first[r + runs]
        row2 = row1 + (row1 - row)
        row3 = row1 + (row1 - row) + (row1 - row)
        if moving and may_be_pending(m, r):
            for t in range(n):
                y = m.activation[source + t]
                old = m.old_activation[source + t]
                weight = m.weight[row + t] + step * old
                weight1 = m.weight[row1 + t] + step1 * old
                weight2 = m.weight[row2 + t] + step2 * old
                weight3 = m.weight[row3 + t] + step3 * old
                if signed:
                    weight, weight1 = (
                        stopped(m, row + t, weight),
                        stopped(m, row1 + t, weight1),
                    )
                    weight2, weight3 = (
                        stopped(m, row2 + t, weight2),
                        stopped(m, row3 + t, weight3),
                    )
                m.weight[row + t] = weight
                m.weight[row1 + t] = weight1
                m.weight[row2 + t] = weight2
                m.weight[row3 + t] = weight3
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
    for i in range(j, j + 4):
        m.pending_step[i] = 0.0
        m.old_state[i] = m.state[i]
    m.state[j] = state
    m.state[j1] = state1
    m.state[j2] = state2
    m.state[j3] = state3


@rare(INDEX, INDEX, INDEX)
def weigh_gated(m, start, last, block):
    """The states and traces of consecutive neurons, of the block that begins with
    `block`.
    """
    for j in range(start, last):
        weigh_neuron(m, j, block, False)


@rare(INDEX, INDEX)
def weigh_signed(m, start, last):
    """`weigh_block` if some weight in the store has a sign (`signed`): pending updates
    stop at 0.
    """
    j = start
    while j < last:
        if m.flags[j] & mark.FOUR:
            weigh_four(m, j, True)
            j += 4
        else:
            weigh_neuron(m, j, start, True)
            j += 1


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
    j = start
    if m.ties.signed != 0:
        weigh_signed(m, start, last)
        j = last
    while j < last:
        if m.flags[j] & mark.FOUR:
            weigh_four(m, j, False)
            j += 4
        elif m.flags[j] & mark.WITH_GATES:
            weigh_gated(m, j, last, start)
            j = last
        else:
            weigh_plain(m, j)
            j += 1
