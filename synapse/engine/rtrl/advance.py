"""Sensitivities from one step to the next, and the updates that pass through them."""

from __future__ import annotations

import numpy as np

from ..compiler.jit import inline, one, piece
from ..lowering.flags import BACK, BACK_GATED, DENSE, FIXED, LISTED, SHARED, ZIPPED
from ..schema import ENDED, FIRST, NONE, PLAN_CLASSES, PLAN_HALF, PLAN_ROOTS, STOP, TURN_HALF
from .sweep import sweep_root

u8 = np.uint64
ONE, FOUR = u8(1), u8(4)
LEVEL_1, LEAST = u8(3072), u8(32)
"""Numbers of a class that are worked on at a time, so that they stay in the first cache; at least so wide."""


@inline
def remember(m, p):
    """Keep the slopes of the previous step, before the next one. writes: old_derivative"""
    for k in range(p.counts[PLAN_ROOTS]):
        p.old_derivative[k] = m.derivative[p.root[k]]


@inline
def lay_direct(m, p, span):
    """How the parameters into each neuron move its state within the step: g_ij y_i. writes: direct"""
    for i in range(span[STOP] - span[FIRST]):
        if p.direct_at[i] == NONE:
            continue
        j, at = i + span[FIRST], u8(p.direct_at[i])
        incoming = u8(m.first_incoming[j])
        for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
            if not m.run_flags[r] & FIXED:
                lay_run(m, p, r, at + u8(m.run_first[r]) - incoming)
        own = m.self_row[j]
        if own != NONE and m.trainable[own]:
            gain, gater = one(m.bias[j]), m.self_gater[j]
            if gater != NONE:
                gain = m.old_activation[gater] if gater >= j else m.activation[gater]
            p.direct[at + u8(own) - incoming] = gain * m.old_state[j]
        if m.trainable_bias[j]:
            p.direct[at + u8(m.learning[j])] = 1.0


@inline
def lay_run(m, p, r, at):
    """The same for a run. writes: direct"""
    kind, first, n = m.run_kind[r], u8(m.run_first[r]), u8(m.run_length[r])
    seen = m.old_activation if m.run_flags[r] & BACK else m.activation
    gains = m.old_activation if m.run_flags[r] & BACK_GATED else m.activation
    if kind == LISTED:
        for t in range(n):
            p.direct[at + t] = seen[m.source[first + t]]
        return
    source = u8(m.run_source[r])
    if kind == DENSE or kind == SHARED:
        gain = gains[m.run_gater[r]] if kind == SHARED else one(seen[source])
        for t in range(n):
            p.direct[at + t] = gain * seen[source + t]
    elif kind == ZIPPED:
        gater = u8(m.run_gater[r])
        for t in range(n):
            p.direct[at + t] = gains[gater + t] * seen[source + t]
    else:
        for t in range(n):
            p.direct[at + t] = gains[m.gater[first + t]] * seen[m.source[first + t]]


@inline
def renew_class(p, c, old, new):
    """Z(t) = J Z(t-1) for the lines of a class, some columns at a time. writes: sensitivity, sums"""
    begin, end, width = u8(p.class_line[c]), u8(p.class_line[c + ONE]), u8(p.class_width[c])
    some = min(width, max(LEAST, LEVEL_1 // (end - begin)))
    left = u8(0)
    while left < width:
        n = min(some, width - left)
        for line in range(begin, end):
            first, last = u8(p.term_first[line]), u8(p.term_first[line + ONE])
            for t in range(n):
                p.sums[t] = 0.0
            whole = last - (last - first) % FOUR
            for e in range(first, whole, FOUR):
                x0, x1 = p.reading_value[p.term_value[e]], p.reading_value[p.term_value[e + ONE]]
                x2, x3 = p.reading_value[p.term_value[e + u8(2)]], p.reading_value[p.term_value[e + u8(3)]]
                z0, z1 = old + p.term_at[e] + left, old + p.term_at[e + ONE] + left
                z2, z3 = old + p.term_at[e + u8(2)] + left, old + p.term_at[e + u8(3)] + left
                for t in range(n):
                    p.sums[t] += (x0 * p.sensitivity[z0 + t] + x1 * p.sensitivity[z1 + t]) + (
                        x2 * p.sensitivity[z2 + t] + x3 * p.sensitivity[z3 + t]
                    )
            for e in range(whole, last):
                x, z = p.reading_value[p.term_value[e]], old + p.term_at[e] + left
                for t in range(n):
                    p.sums[t] += x * p.sensitivity[z + t]
            to = new + p.line_at[line] + left
            for t in range(n):
                p.sensitivity[to + t] = p.sums[t]
        left += n


@inline
def add_direct(p, span, k, new):
    """Z(t) += I for the line of a root. reads: visit_delta, direct; writes: sensitivity"""
    for v in range(u8(p.visit_first[k]), u8(p.visit_first[k + ONE])):
        delta = p.visit_delta[v]
        if p.visit_at[v] == ENDED or delta == 0.0:
            continue
        line, i = new + p.visit_at[v], u8(p.visit[v]) - span[FIRST]
        for s in range(u8(p.segment_first[i]), u8(p.segment_first[i + ONE])):
            to, at = line + u8(p.segment_column[s]), u8(p.segment_direct[s])
            for t in range(u8(p.segment_length[s])):
                p.sensitivity[to + t] += delta * p.direct[at + t]


@piece
def advance(m, p, span):
    """Renew all sensitivities after an activation: Z(t) = J Z(t-1) + I.

    writes: direct, visit_delta, reading_value, sensitivity, turn
    """
    half = p.counts[PLAN_HALF]
    old = p.turn[TURN_HALF] * half
    new = half - old
    lay_direct(m, p, span)
    for k in range(p.counts[PLAN_ROOTS]):
        sweep_root(m, p, span, k)
    for c in range(p.counts[PLAN_CLASSES]):
        renew_class(p, c, old, new)
    for k in range(p.counts[PLAN_ROOTS]):
        add_direct(p, span, k, new)
    p.turn[TURN_HALF] = ONE - p.turn[TURN_HALF]


@piece
def move_through(m, p, rate):
    """Update parameters along the sensitivities of the previous step: rate * sum_q aim_q Z_q(t-1).

    reads: aim, sensitivity; writes: weight_destination, bias_destination
    """
    half = p.counts[PLAN_HALF]
    old = half - p.turn[TURN_HALF] * half
    for c in range(p.counts[PLAN_CLASSES]):
        begin, end, width = u8(p.class_line[c]), u8(p.class_line[c + ONE]), u8(p.class_width[c])
        for t in range(width):
            p.sums[t] = 0.0
        for line in range(begin, end):
            step, z = rate * p.aim[p.line_root[line]], old + p.line_at[line]
            if step != 0.0:
                for t in range(width):
                    p.sums[t] += step * p.sensitivity[z + t]
        for g in range(u8(p.goal_first[c]), u8(p.goal_first[c + ONE])):
            row, at = u8(p.goal_row[g]), u8(p.goal_column[g])
            if p.goal_bias[g]:
                for t in range(u8(p.goal_length[g])):
                    m.bias_destination[row + t] += p.sums[at + t]
            else:
                for t in range(u8(p.goal_length[g])):
                    m.weight_destination[row + t] += p.sums[at + t]
