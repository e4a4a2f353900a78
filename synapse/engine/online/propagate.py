"""Kernels of the online rule: errors that a neuron sends to earlier ones, and updates
of its weights.

The equations are those of the page "The equations". Updates are added to
``weight_destination`` and ``bias_destination``, which are ``weight`` and ``bias``
unless updates are accumulated (``accumulator.py``).
"""

from __future__ import annotations

from ..compiler.jit import in_order, inline, one_like, zero_like
from ..compiler.rare import INDEX, NUMBER, rare
from ..lowering import flags as mark
from ..schema import NONE
from .reads import gaters_read, is_delayed_by_stamp, sources_read
from .ties import stop_at_zero
from .weigh import may_be_pending, trace_of


@inline
def push_back(m, r, delta, row, n, source):
    """Send the error of a neuron back along a run of plain connections."""
    # [equation error: projected]
    if not m.run_flags[r] & mark.SILENT:
        for t in range(n):
            m.pushed[source + t] += delta * m.weight[row + t]
    # [end]


@inline
def move_traced(m, j, row, n, step):
    """Update the weights of a run along stored traces."""
    trace = trace_of(m, j, row)
    for t in range(n):
        m.weight_destination[row + t] += step * m.eligibility[trace + t]


@inline
def propagate_run(m, r, delta, step, defer):
    """Push an error along plain connections, then update their weights, with `defer`
    later where they may.
    """
    row = m.run_first[r]
    n = m.run_length[r]
    source = m.run_source[r]
    flags = m.run_flags[r]
    push_back(m, r, delta, row, n, source)
    if flags & mark.FIXED or (defer and may_be_pending(m, r)):
        return
    activations = sources_read(m, r)
    for t in range(n):
        m.weight_destination[row + t] += step * activations[source + t]


@inline
def propagate_traced_run(m, j, r, delta, step, pull, extended):
    """Propagate along a run by stored traces; extended ones begin at `extended`, and
    have the step `pull`.
    """
    row = m.run_first[r]
    n = m.run_length[r]
    source = m.run_source[r]
    flags = m.run_flags[r]
    push_back(m, r, delta, row, n, source)
    if flags & mark.FIXED:
        return
    if m.flags[j] & mark.TRACED:
        move_traced(m, j, row, n, step)
        return
    # [equation learning: weights]
    activations = sources_read(m, r)
    trace = extended + row - m.first_incoming[j]
    for t in range(n):
        m.weight_destination[row + t] += (
            step * activations[source + t] + pull * m.extended[trace + t]
        )
    # [end]


@rare(INDEX, INDEX, INDEX)
def hold_signs(m, start, last, defer):
    """Let weights into neurons keep their signs, but for those that are shared or, with
    `defer`, pending.
    """
    for j in range(start, last):
        waits = defer != 0 and not m.flags[j] & (mark.GATES | mark.TRACED)
        for r in range(m.first_run[j], m.last_run[j]):
            row = m.run_first[r]
            pending = waits and m.run_kind[r] <= mark.LISTED and may_be_pending(m, r)
            if m.tie[row] == 0 and not m.run_flags[r] & mark.FIXED and not pending:
                stop_at_zero(m, row, row + m.run_length[r])
        if m.flags[j] & mark.MEMORY and m.tie[m.self_row[j]] == 0:
            stop_at_zero(m, m.self_row[j], m.self_row[j] + 1)


@inline
def propagate_gated_run(m, j, r, delta, step):
    """Propagate along a run with one gater, or with consecutive gaters."""
    row = m.run_first[r]
    n = m.run_length[r]
    source = m.run_source[r]
    gater = m.run_gater[r]
    flags = m.run_flags[r]
    zipped = 1 if m.run_kind[r] == mark.ZIPPED else 0
    activations = sources_read(m, r)
    gains = gaters_read(m, r)
    # [equation error: gated]
    if not flags & mark.SILENT:
        for t in range(n):
            m.pushed[source + t] += (
                delta * gains[gater + zipped * t] * m.weight[row + t]
            )
    if (
        not flags & (mark.DELAYED_GATE | mark.QUIET_GATER)
        and not m.flags[j] & mark.MEMORY
    ):
        for t in range(n):
            m.pushed_gated[gater + zipped * t] += (
                delta * m.weight[row + t] * activations[source + t]
            )
    # [end]
    if flags & mark.FIXED:
        return
    if m.flags[j] & mark.TRACED:
        move_traced(m, j, row, n, step)
    else:
        for t in range(n):
            m.weight_destination[row + t] += (
                step * gains[gater + zipped * t] * activations[source + t]
            )


@in_order
def propagate_listed_run(m, j, r, delta, step, defer):
    """Propagate along a run of scattered, ungated connections."""
    row = m.run_first[r]
    n = m.run_length[r]
    flags = m.run_flags[r]
    if not flags & mark.SILENT:
        for c in range(row, row + n):
            m.pushed[m.source[c]] += delta * m.weight[c]
    if flags & mark.FIXED or (defer and may_be_pending(m, r)):
        return
    if m.flags[j] & mark.TRACED:
        move_traced(m, j, row, n, step)
    else:
        activations = sources_read(m, r)
        for c in range(row, row + n):
            m.weight_destination[c] += step * activations[m.source[c]]


@rare(INDEX, INDEX, NUMBER, NUMBER)
def propagate_any_run(m, j, r, delta, step):
    """Propagate along scattered gated connections, and those whose order is found at
    run time.
    """
    flags = m.run_flags[r]
    layout = m.run_kind[r]
    traced = m.flags[j] & mark.TRACED
    memory = m.flags[j] & mark.MEMORY
    gated = layout != mark.LISTED and layout != mark.DENSE
    row = m.run_first[r]
    trace = trace_of(m, j, row)
    delayed = (flags & mark.DELAYED) != 0
    delayed_gate = (flags & mark.DELAYED_GATE) != 0
    for t in range(m.run_length[r]):
        c = row + t
        i = m.source[c]
        weight = m.weight[c]
        if flags & mark.UNORDERED:
            delayed = is_delayed_by_stamp(m, i, j)
        activation = m.old_activation[i] if delayed else m.activation[i]
        gain = one_like(weight)
        if gated:
            g = m.gater[c]
            if flags & mark.UNORDERED:
                delayed_gate = is_delayed_by_stamp(m, g, j)
            gain = m.old_activation[g] if delayed_gate else m.activation[g]
            if not delayed_gate and not memory and not flags & mark.QUIET_GATER:
                m.pushed_gated[g] += delta * weight * activation
        if not delayed and not flags & mark.SILENT:
            m.pushed[i] += delta * gain * weight
        if not flags & mark.FIXED:
            m.weight_destination[c] += step * (
                m.eligibility[trace + t] if traced else gain * activation
            )


@inline
def push_influences(m, k, delta):
    """The part delta_k I_jk of G_j, for every j that gates the self-connected k."""
    # [equation error: through self-connections]
    for p in range(m.first_influence[k], m.last_influence[k]):
        gater = m.influence_gater[p]
        if m.influence_trace[p] != NONE and not is_delayed_by_stamp(m, gater, k):
            m.pushed_traced[gater] += delta * m.influence[p]
    # [end]


@inline
def pulled_step(m, j, p, rate):
    """rate delta_k of the self-connected k of an influence, for an update along x_ij^k.

    It is 0 if the gater j has activated since k did: delta_k belongs to an earlier
    activation of j.
    """
    k = m.influence_gated[p]
    return (
        zero_like(rate) if is_delayed_by_stamp(m, j, k) else rate * m.responsibility[k]
    )


@inline
def pull_extended(m, j, rate, pulls):
    """The update through gates, rate * sum_k delta_k x_ij^k, without the first `pulls`
    terms.
    """
    row = m.first_incoming[j]
    n = m.learning[j]
    for q in range(m.first_pull[j], m.last_pull[j]):
        p = m.pull[q]
        # [equation learning: through gates]
        step = pulled_step(m, j, p, rate)
        if step == 0.0:
            continue
        trace = m.influence_trace[p]
        if q >= m.first_pull[j] + pulls:
            for t in range(n):
                m.weight_destination[row + t] += step * m.extended[trace + t]
        if m.trainable_bias[j]:
            m.bias_destination[j] += step * m.extended[trace + n]
        # [end]


@inline
def compute_deltas(m, start, last, rate, defer):
    """Errors delta_j = P_j + G_j of a block of neurons, and updates of their biases.

    P_j = f'_j sum_k delta_k g_jk w_jk + the cost's -dE/ds, which is in ``projected``;
    G_j = f'_j sum_k delta_k I_jk. Later neurons have pushed both sums before. With
    `defer`, the step of pending updates is stored.
    """
    for j in range(start, last):
        # [equation error: sum of both parts]
        derivative = m.derivative[j]
        flags = m.flags[j]
        projected = derivative * m.pushed[j] + m.projected[j]
        factored = derivative * m.pushed_gated[j]
        gated = factored + derivative * m.pushed_traced[j]
        step = rate * (projected + factored)
        m.responsibility[j] = projected + gated
        m.projected[j] = projected
        m.gated[j] = gated
        # [end]
        m.pushed[j] = 0.0
        m.pushed_gated[j] = 0.0
        m.pushed_traced[j] = 0.0
        m.step[j] = step
        m.pending_step[j] = (
            step
            if defer and not flags & (mark.GATES | mark.TRACED)
            else zero_like(step)
        )
        # [equation learning: bias]
        if m.trainable_bias[j]:
            m.bias_destination[j] += (
                step * m.bias_eligibility[j] if flags & mark.TRACED else step
            )
        # [end]


@inline
def propagate_neuron(m, j, rate, defer):
    """Push an error to earlier neurons, then learn: dw_ij = rate (P_j e_ij + sum_k
    delta_k x_ij^k).
    """
    delta = m.responsibility[j]
    step = m.step[j]
    flags = m.flags[j]
    pulls = 0
    pull = zero_like(rate)
    extended = 0
    # one pass for both kinds of traces
    if flags & mark.GATES and flags & mark.PLAIN_RUNS:
        p = m.pull[m.first_pull[j]]
        pulls = 1
        extended = m.influence_trace[p]
        pull = pulled_step(m, j, p, rate)
    defer = defer and not flags & (mark.GATES | mark.TRACED)
    if defer and flags & mark.PENDING:
        return
    if delta != 0.0 or step != 0.0 or pull != 0.0:
        for r in range(m.first_run[j], m.last_run[j]):
            layout = m.run_kind[r]
            if m.run_flags[r] & mark.UNORDERED or layout == mark.PAIRED:
                propagate_any_run(m, j, r, delta, step)
            elif layout == mark.LISTED:
                propagate_listed_run(m, j, r, delta, step, defer)
            elif layout == mark.DENSE:
                if flags & mark.TRACED or pull != 0.0:
                    propagate_traced_run(m, j, r, delta, step, pull, extended)
                else:
                    propagate_run(m, r, delta, step, defer)
            else:
                propagate_gated_run(m, j, r, delta, step)
        if flags & mark.MEMORY:
            self_row = m.self_row[j]
            if m.trainable[self_row]:
                m.weight_destination[self_row] += (
                    step * m.eligibility[trace_of(m, j, self_row)]
                )
            push_influences(m, j, delta)
    if flags & mark.GATES:
        pull_extended(m, j, rate, pulls)


@rare(INDEX, INDEX, NUMBER, INDEX)
def propagate_gated(m, start, last, rate, defer):
    """`propagate_neuron` for consecutive neurons, the last first; then weights with a
    sign stop at 0.
    """
    for back in range(last - start):
        j = last - 1 - back
        propagate_neuron(m, j, rate, defer != 0)
        waits = defer != 0 and m.flags[j] & mark.PENDING
        if (
            m.ties.signed != 0
            and not waits
            and (m.step[j] != 0.0 or m.flags[j] & mark.GATES)
        ):
            hold_signs(m, j, j + 1, defer)


@inline
def propagate_plain(m, j, defer):
    """Propagate a neuron without gates and traces."""
    delta = m.responsibility[j]
    step = m.step[j]
    if defer and m.flags[j] & mark.PENDING:
        return
    if delta != 0.0 or step != 0.0:
        for r in range(m.first_run[j], m.last_run[j]):
            if m.run_flags[r] & mark.UNORDERED:
                propagate_any_run(m, j, r, delta, step)
            elif m.run_kind[r] == mark.LISTED:
                propagate_listed_run(m, j, r, delta, step, defer)
            else:
                propagate_run(m, r, delta, step, defer)


@inline
def propagate_block(m, start, last, rate, defer):
    """Push the errors of a block of neurons and update their weights, the last neuron
    first.
    """
    j = last
    signed = m.ties.signed != 0
    while j > start:
        if signed or m.flags[j - 1] & mark.WITH_GATES:
            propagate_gated(m, start, j, rate, defer)
            j = start
        else:
            j -= 1
            propagate_plain(m, j, defer)
