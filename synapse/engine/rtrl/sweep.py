"""Sweeps back through one step: from a recurrent neuron, and from the cost.

``flow`` holds, by neuron, what has been pushed back: to its activation in this step
along connections (`PUSHED`) and to it as a gater (`GATED`), to its delayed activation
(`PREVIOUS`), and to its state one step earlier (`CARRIED`). All are 0 between sweeps.
"""

from __future__ import annotations

from ..compiler.jit import inline, noinline, one_like, zero_like
from ..compiler.rare import INDEX, PLAN, SPAN, UNIT, rare
from ..compiler.tiles import add_scaled
from ..functions.activations import SOFTMAX
from ..lowering import flags as mark
from ..online.reads import (
    gater_read,
    gaters_read,
    has_error,
    of_gater,
    of_gaters,
    of_sources,
    sources_read,
)
from ..schema import NONE
from .pattern import GATERS, SOURCES

PUSHED = 0
GATED = 1
PREVIOUS = 2
CARRIED = 3


@inline
def flow_at(span, quarter):
    """Where a quarter of ``flow`` begins, to be added to the row of a neuron."""
    return quarter * (span.stop - span.start) - span.start


@inline
def push_run(m, p, span, r, delta, ends):
    """Send an error along a run of connections, to its sources, its gaters or both."""
    if m.run_kind[r] > mark.LISTED:
        push_gated(m, p, span, r, delta, ends)
    elif ends & SOURCES:
        row = m.run_first[r]
        n = m.run_length[r]
        # to A of the source in this step, or to its activation one step earlier
        to = flow_at(span, of_sources(m.run_flags[r], PUSHED, PREVIOUS))
        if m.run_kind[r] == mark.LISTED:
            for c in range(row, row + n):
                p.flow[to + m.source[c]] += delta * m.weight[c]
        else:
            add_scaled(p.flow, to + m.run_source[r], delta, m.weight, row, n)


@rare(PLAN, SPAN, INDEX, UNIT, INDEX)
def push_gated(m, p, span, r, delta, ends):
    """`push_run` for a run with gaters."""
    flags = m.run_flags[r]
    if ends & SOURCES:
        push_sources(m, p, r, delta, flow_at(span, of_sources(flags, PUSHED, PREVIOUS)))
    if ends & GATERS:
        push_gaters(m, p, r, delta, flow_at(span, of_gaters(flags, GATED, PREVIOUS)))


@inline
def push_sources(m, p, r, delta, to):
    """Send an error along a run, scaled by its gaters."""
    run_kind = m.run_kind[r]
    row = m.run_first[r]
    n = m.run_length[r]
    gains = gaters_read(m, r)
    source = m.run_source[r]
    gater = m.run_gater[r]
    if run_kind == mark.SHARED:
        add_scaled(p.flow, to + source, delta * gains[gater], m.weight, row, n)
    elif run_kind == mark.ZIPPED:
        for t in range(n):
            p.flow[to + source + t] += delta * gains[gater + t] * m.weight[row + t]
    else:
        for c in range(row, row + n):
            p.flow[to + m.source[c]] += delta * gains[m.gater[c]] * m.weight[c]


@inline
def push_gaters(m, p, r, delta, to):
    """Send an error to the gaters of a run: delta w_ij y_i."""
    run_kind = m.run_kind[r]
    row = m.run_first[r]
    n = m.run_length[r]
    activations = sources_read(m, r)
    source = m.run_source[r]
    gater = m.run_gater[r]
    if run_kind == mark.SHARED:
        total = zero_like(delta)
        for t in range(n):
            total += m.weight[row + t] * activations[source + t]
        p.flow[to + gater] += delta * total
    elif run_kind == mark.ZIPPED:
        for t in range(n):
            weighed = delta * m.weight[row + t]
            p.flow[to + gater + t] += weighed * activations[source + t]
    else:
        for c in range(row, row + n):
            p.flow[to + m.gater[c]] += delta * m.weight[c] * activations[m.source[c]]


@rare(PLAN, SPAN, INDEX, UNIT, INDEX)
def push_memory(m, p, span, j, delta, ends):
    """Send an error along a self-connection, to the previous state and to its gater."""
    weight = m.weight[m.self_row[j]]
    gater = m.self_gater[j]
    carry = weight
    if gater != NONE:
        carry *= gater_read(m, gater, j)
        if ends & GATERS:
            to = flow_at(span, of_gater(m, gater, j, GATED, PREVIOUS))
            p.flow[to + gater] += delta * weight * m.old_state[j]
    if ends & SOURCES:
        p.flow[flow_at(span, CARRIED) + j] += delta * carry


@inline
def mix(p, activation, at, start, stop):
    """Errors of the activations of a softmax group become errors of its states: y_i
    (e_i - sum_k y_k e_k).
    """
    mean = zero_like(p.flow[at + start])
    for k in range(start, stop):
        mean += activation[k] * p.flow[at + k]
    for k in range(start, stop):
        p.flow[at + k] = activation[k] * (p.flow[at + k] - mean)


@rare(PLAN, SPAN, INDEX)
def mix_group(m, p, span, j):
    """Make what has been pushed in this step to the softmax group of `j` errors of its
    states.
    """
    start = m.group_first[j]
    stop = m.group_stop[j]
    mix(p, m.activation, flow_at(span, PUSHED), start, stop)
    mix(p, m.activation, flow_at(span, GATED), start, stop)


@inline
def carried_back(m, p, span, k):
    """What has been pushed to the state of a recurrent neuron one step earlier."""
    # [equation carry]
    row = p.root[k]
    previous = flow_at(span, PREVIOUS)
    carried = p.flow[flow_at(span, CARRIED) + row]
    if m.squash[row] != SOFTMAX:
        return p.old_derivative[k] * p.flow[previous + row] + carried
    # [end]
    mean = zero_like(carried)
    for i in range(m.group_first[row], m.group_stop[row]):
        mean += m.old_activation[i] * p.flow[previous + i]
    return m.old_activation[row] * (p.flow[previous + row] - mean) + carried


@inline
def sweep_root(m, p, span, k, visits, readings):
    """Write d s_r / d s_j of all visits, and d s_r / d s_q one step earlier, of the
    step at these places.
    """
    # [equation sweep]
    begin = p.visit_start[k]
    pushed = flow_at(span, PUSHED)
    gated = flow_at(span, GATED)
    for v in range(begin, p.visit_start[k + 1]):
        j = p.visit[v]
        if v == begin:
            delta = one_like(p.flow[0])
        else:
            if p.visit_soft[v]:
                mix_group(m, p, span, j)
            slope = one_like(p.flow[0]) if m.squash[j] == SOFTMAX else m.derivative[j]
            delta = slope * (p.flow[pushed + j] + p.flow[gated + j])
            p.flow[pushed + j] = 0.0
            p.flow[gated + j] = 0.0
        p.visit_delta[visits + v] = delta
        if delta != 0.0:
            for o in range(p.op_first[v], p.op_first[v + 1]):
                r = p.op_run[o]
                if r != NONE:
                    push_run(m, p, span, r, delta, p.op_role[o])
                else:
                    push_memory(m, p, span, j, delta, p.op_role[o])
    for e in range(p.reading_first[k], p.reading_first[k + 1]):
        p.reading_value[readings + e] = carried_back(m, p, span, p.reading[e])
    # [end]
    # more than the readings: members of a group that nothing moves are pushed to, too
    for e in range(p.met_first[k], p.met_first[k + 1]):
        p.flow[flow_at(span, PREVIOUS) + p.met[e]] = 0.0
        p.flow[flow_at(span, CARRIED) + p.met[e]] = 0.0


@inline
def add_direct_of(m, j, step, target, to, biases, bias):
    """Add how the parameters into a neuron move its state within the step, g_ij y_i and
    1, times `step`.

    That of the weight in row c is added at `to` + c of the column `target`.
    """
    for r in range(m.first_run[j], m.last_run[j]):
        if not m.run_flags[r] & mark.FIXED:
            move_run(m, r, step, target, to)
    self_row = m.self_row[j]
    if self_row != NONE and m.trainable[self_row]:
        gain = one_like(m.bias[j])
        gater = m.self_gater[j]
        if gater != NONE:
            gain = gater_read(m, gater, j)
        target[to + self_row] += step * gain * m.old_state[j]
    if m.trainable_bias[j]:
        biases[bias] += step


@inline
def move_run(m, r, step, target, to):
    """`add_direct_of` for the weights of a run."""
    run_kind = m.run_kind[r]
    row = m.run_first[r]
    n = m.run_length[r]
    activations = sources_read(m, r)
    if run_kind == mark.LISTED:
        for c in range(row, row + n):
            target[to + c] += step * activations[m.source[c]]
        return
    gains = gaters_read(m, r)
    source = m.run_source[r]
    if run_kind == mark.DENSE or run_kind == mark.SHARED:
        if run_kind == mark.SHARED:
            step *= gains[m.run_gater[r]]
        add_scaled(target, to + row, step, activations, source, n)
    elif run_kind == mark.ZIPPED:
        gater = m.run_gater[r]
        for t in range(n):
            target[to + row + t] += step * gains[gater + t] * activations[source + t]
    else:
        for c in range(row, row + n):
            target[to + c] += step * gains[m.gater[c]] * activations[m.source[c]]


@noinline
def sweep_cost(m, p, span, learning, rate):
    """Errors of all neurons within the step, updates by what is direct, and the errors
    of the step before.
    """
    pushed = flow_at(span, PUSHED)
    gated = flow_at(span, GATED)
    for back in range(span.stop - learning):
        j = span.stop - 1 - back
        soft = m.squash[j] == SOFTMAX
        if soft and j + 1 == m.group_stop[j]:
            mix_group(m, p, span, j)
        slope = one_like(p.flow[0]) if soft else m.derivative[j]
        projected = slope * p.flow[pushed + j] + m.projected[j]
        through = slope * p.flow[gated + j]
        delta = projected + through
        # complete before it is sent on: neurons are visited last one first
        m.responsibility[j] = delta
        m.projected[j] = projected
        m.gated[j] = through
        if delta != 0.0:
            for r in range(m.first_run[j], m.last_run[j]):
                flags = m.run_flags[r]
                ends = SOURCES if has_error(flags) else 0
                if m.run_kind[r] > mark.LISTED and not flags & mark.QUIET_GATER:
                    ends |= GATERS
                push_run(m, p, span, r, delta, ends)
            if m.flags[j] & mark.MEMORY:
                push_memory(m, p, span, j, delta, SOURCES | GATERS)
            # others move in `move_through`, together with what came before
            if p.direct_offset[j - span.start] == NONE:
                moved = rate * delta
                biases = m.bias_destination
                add_direct_of(m, j, moved, m.weight_destination, 0, biases, j)
    # what the activations and states of the step before are to become
    for k in range(p.counts.roots):
        p.old_error[k] = carried_back(m, p, span, k)
    for i in range(4 * (span.stop - span.start)):
        p.flow[i] = 0.0
