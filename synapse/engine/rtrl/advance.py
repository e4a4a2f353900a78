"""Sensitivities from one step to the next, and the updates that pass through them.

A step that is not renewed at once stays pending, see `pending.py`.
"""

from __future__ import annotations

from .. import schema
from ..compiler import tiles
from ..compiler.jit import inline, noinline, one_like, zero_like
from ..compiler.rare import INDEX, PLAN, rare
from .layout import FEW
from .pending import continue_renewal, follow_errors
from .places import base_at, errors_given_at, next_at, slot_of
from .sums import COLUMNS, LINES, renew_panel, set_sums
from .sweep import add_direct_of, sweep_root
from .terms import DirectTerms, Lines, Terms


@inline
def remember(m, p):
    """Keep the slopes of the previous step, before the next one."""
    for k in range(p.counts.roots):
        p.old_derivative[k] = m.derivative[p.root[k]]


@inline
def fill_direct(m, p, span, to):
    """How the parameters into each neuron move its state within the step: g_ij y_i."""
    laid = 0
    for i in range(span.stop - span.start):
        j = i + span.start
        at = p.direct_offset[i]
        # none, or shared with a neuron before, which has the same inputs
        if at == schema.NONE or at < laid:
            continue
        laid = at + m.learning[j] + m.trainable_bias[j]
        for t in range(at, laid):
            p.direct[to + t] = 0.0
        at += to
        rows = at - m.first_incoming[j]
        bias = at + m.learning[j]
        add_direct_of(m, j, one_like(p.flow[0]), p.direct, rows, p.direct, bias)


@inline
def fill_factors(p, begin, terms, count, step, to):
    """The factors of the terms of some lines, term by term."""
    for k in range(count):
        for e in range(terms):
            reading = p.term_value[begin + k * terms + e]
            p.factors[to + e * step + k] = p.reading_value[reading]
    # a tile has all its lines
    for k in range(count, step):
        for e in range(terms):
            p.factors[to + e * step + k] = 0.0


@inline
def add_direct(p, line, new):
    """Z(t) += I for a line."""
    to = new + p.line_offset[line]
    for d in range(p.part_first[line], p.part_first[line + 1]):
        delta = p.visit_delta[p.part_visit[d]]
        if delta != 0.0:
            at = p.part_direct[d]
            n = p.part_length[d]
            column = to + p.part_column[d]
            tiles.add_scaled(p.sensitivity, column, delta, p.direct, at, n)


@inline
def renew_class(m, p, c, old, new):
    """Z(t) = J Z(t-1) + I for the lines of a class."""
    n = p.class_width[c]
    for b in range(p.class_block[c], p.class_block[c + 1]):
        begin = p.block_line[b]
        end = p.block_line[b + 1]
        if end - begin >= FEW:
            renew_block(m, p, b, n, old, new)
        else:
            renew_few(p, b, n, old, new)
        # after the terms of J Z, which overwrite the line
        for line in range(begin, end):
            add_direct(p, line, new)


@inline
def renew_few(p, b, n, old, new):
    """Z(t) = J Z(t-1) for a block of few lines, one by one."""
    start = p.block_term[b]
    count = p.block_term[b + 1] - p.block_term[b]
    terms = Terms(p.term_offset, start, count, old, p.factors, 0, 1, 1)
    nothing_direct = DirectTerms(0, 0, 0, 0, 0)
    begin = p.block_line[b]
    for k in range(p.block_line[b + 1] - begin):
        fill_factors(p, p.block_value[b] + k * count, count, 1, 1, 0)
        to = new + p.line_offset[begin + k]
        set_sums(p.sensitivity, p, to, n, terms, nothing_direct)


@rare(PLAN, INDEX, INDEX, INDEX, INDEX)
def renew_block(m, p, b, n, old, new):
    """Z(t) = J Z(t-1) for a block of many lines, in tiles."""
    lines = Lines(p.block_line[b], p.block_line[b + 1], n)
    size = lines.stop - lines.begin
    start = p.block_term[b]
    terms = p.block_term[b + 1] - p.block_term[b]
    for k in range(0, size, LINES):
        count = min(LINES, size - k)
        fill_factors(p, p.block_value[b] + k * terms, terms, count, LINES, k * terms)
    added = Terms(p.term_offset, start, terms, old, p.factors, 0, terms, LINES)
    step = tiles.width(p.sensitivity)
    panel = COLUMNS * step
    # columns outside, so that they stay in the cache for all lines
    if n >= panel:
        for t in range(0, n, panel):  # the last panel overlaps the one before it
            renew_panel(p, lines, min(t, n - panel), panel, new, added)
    else:
        for t in range(0, n, step):
            renew_panel(p, lines, t, min(step, n - t), new, added)


@noinline
def advance(m, p, span):
    """Renew all sensitivities after an activation, Z(t) = J Z(t-1) + I, or leave the
    step pending.

    While the first steps of one block become pending, the sensitivities are renewed
    over the block before.
    """
    depth = p.counts.depth
    shares = p.counts.shares
    # the renewal over the first block is complete: its copy becomes the base
    if depth > 1 and p.latest.pending == depth + shares:
        p.latest.base = 1 - p.latest.base
        p.latest.pending = shares
        p.latest.units = 0
    pending = p.latest.pending
    slot = slot_of(p, pending)
    # I and J of this step, before the next one changes activations
    fill_direct(m, p, span, slot * p.counts.direct)
    for k in range(p.counts.roots):
        sweep_root(m, p, span, k, slot * p.counts.visits, slot * p.counts.readings)
    if depth > 1:
        p.latest.pending = pending + 1
        p.latest.renewed = 0
        if pending >= depth:
            continue_renewal(m, p, p.share[pending - depth])
        return
    # Z(t) = J Z(t-1) + I, from one copy to the other
    for c in range(p.counts.classes):
        renew_class(m, p, c, base_at(p), next_at(p))
    p.latest.base = 1 - p.latest.base


@noinline
def move_through(m, p, rate):
    """Update parameters by what is direct, and along the sensitivities of the previous
    step.

    dE/dp = delta_j I_p + sum_q aim_q Z_qp(t-1), for the parameters p into neurons j
    that have sensitivities. Errors first go back through the pending steps before this
    one.
    """
    pending = p.latest.pending
    steps = pending - 1 if pending > 0 else 0
    # without pending steps, the base includes this step: Z(t-1) is the other copy
    old = base_at(p) if pending > 0 else next_at(p)
    for c in range(p.counts.classes):
        begin = p.class_line[c]
        terms = p.class_line[c + 1] - begin
        for k in range(terms):
            p.factors[k] = rate * p.old_error[p.line_root[begin + k]]
        # to the step that Z is of; on the way they leave what I of each step is due
        if steps > 0:
            follow_errors(m, p, c, steps)
        for g in range(p.update_first[c], p.update_first[c + 1]):
            row = p.update_row[g]
            z = old + p.update_column[g]
            deltas = errors_given_at(p, c, 0) + p.update_place[g]
            stride = p.class_neurons[c]
            delta = rate * m.responsibility[p.update_neuron[g]]
            p.given[deltas + steps * stride] = delta
            # a parameter that shares its column has the sum
            count = 0 if p.update_tied[g] else terms
            if p.update_bias[g]:
                step = zero_like(rate)
                for s in range(steps + 1):
                    step += p.given[deltas + s * stride]
                for k in range(count):
                    step += p.factors[k] * p.sensitivity[z + p.line_offset[begin + k]]
                m.bias_destination[row] += step
            else:
                carried = Terms(p.line_offset, begin, count, z, p.factors, 0, 1, 1)
                moved = DirectTerms(p.update_direct[g], deltas, stride, 0, steps + 1)
                n = p.update_length[g]
                set_sums(m.weight_destination, p, row, n, carried, moved)
