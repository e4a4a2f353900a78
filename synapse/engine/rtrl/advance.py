"""Advance sensitivities from one step to the next, and pass updates through them.

A step that is not renewed at once stays pending, see `pending.py`.
"""

from .. import schema
from ..language import (
    INDEX,
    PLAN,
    added,
    inline,
    lazy_part,
    noinline,
    one_like,
    tile,
    tiles,
    zero_like,
)
from .layout import MAX_SINGLE_LINES
from .offsets import base_at, errors_given_at, next_at, slot_of
from .pending import backpropagate_errors, continue_renewal
from .sums import (
    DirectTerms,
    Lines,
    Terms,
    renew_panel,
    set_sums,
)
from .sweep import add_direct_of, sweep_root


@inline
def save_slopes(store, plan):
    """Store the slopes of the latest step before the next step overwrites them."""
    for k in range(plan.counts.states):
        plan.old_derivative[k] = store.derivative[plan.root[k]]


@inline
def fill_direct(store, plan, span, to):
    """Compute the direct effects of the parameters into each neuron on its state within
    the step, g_ij y_i.
    """
    laid = 0
    for i in range(span.stop - span.start):
        j = i + span.start
        at = plan.direct_offset[i]
        # none, or shared with an earlier neuron, which has the same inputs
        if at == schema.NONE or at < laid:
            continue
        laid = at + store.learning[j] + store.trainable_bias[j]
        plan.direct[to + at : to + laid] = 0.0
        at += to
        rows = at - store.first_incoming[j]
        bias = at + store.learning[j]
        add_direct_of(
            store, j, one_like(plan.adjoint[0]), plan.direct, rows, plan.direct, bias
        )


@inline
def fill_factors(plan, offset, terms, count, step, to):
    """Compute the factors of the terms of some lines, term by term."""
    for k in range(count):
        for e in range(terms):
            reading = plan.term_value[offset + k * terms + e]
            plan.factors[to + e * step + k] = plan.reading_value[reading]
    # a tile is always complete
    for k in range(count, step):
        for e in range(terms):
            plan.factors[to + e * step + k] = 0.0


@inline
def add_direct(plan, line, new):
    """Compute Z(t) += I for a line."""
    to = new + plan.line_offset[line]
    for d in range(plan.part_first[line], plan.part_first[line + 1]):
        delta = plan.visit_delta[plan.part_visit[d]]
        if delta != 0.0:
            at = plan.part_direct[d]
            n = plan.part_length[d]
            column = to + plan.part_column[d]
            tiles.add_scaled(plan.sensitivity, column, delta, plan.direct, at, n)


@inline
def advance_class(store, plan, c, old, new):
    """Compute Z(t) = J Z(t-1) + I for the lines of a class."""
    n = plan.class_width[c]
    for b in range(plan.class_block[c], plan.class_block[c + 1]):
        begin = plan.block_line[b]
        end = plan.block_line[b + 1]
        if end - begin >= MAX_SINGLE_LINES:
            advance_block(store, plan, b, n, old, new)
        else:
            advance_few(plan, b, n, old, new)
        # after the terms of J Z, which overwrite the line
        for line in range(begin, end):
            add_direct(plan, line, new)


@inline
def advance_few(plan, b, n, old, new):
    """Compute Z(t) = J Z(t-1) for a block of few lines, one by one."""
    start = plan.block_term[b]
    count = plan.block_term[b + 1] - plan.block_term[b]
    terms = Terms(plan.term_offset, start, count, old, plan.factors, 0, 1, 1)
    nothing_direct = DirectTerms(0, 0, 0, 0, 0)
    begin = plan.block_line[b]
    for k in range(plan.block_line[b + 1] - begin):
        fill_factors(plan, plan.block_value[b] + k * count, count, 1, 1, 0)
        to = new + plan.line_offset[begin + k]
        set_sums(plan.sensitivity, plan, to, n, terms, nothing_direct)


@lazy_part(PLAN, INDEX, INDEX, INDEX, INDEX)
def advance_block(store, plan, b, n, old, new):
    """Compute Z(t) = J Z(t-1) for a block of many lines, in tiles."""
    lines = Lines(plan.block_line[b], plan.block_line[b + 1], n)
    size = lines.stop - lines.begin
    start = plan.block_term[b]
    terms = plan.block_term[b + 1] - plan.block_term[b]
    height = tile().neurons
    for k in range(0, size, height):
        count = min(height, size - k)
        fill_factors(
            plan, plan.block_value[b] + k * terms, terms, count, height, k * terms
        )
    added = Terms(plan.term_offset, start, terms, old, plan.factors, 0, terms, height)
    step = tiles.width(plan.sensitivity)
    panel = tile().panel * step
    # columns outside, which keeps them in the cache for all lines
    if n >= panel:
        for t in range(0, n, panel):  # the last panel overlaps the one before it
            renew_panel(plan, lines, min(t, n - panel), panel, new, added)
    else:
        for t in range(0, n, step):
            renew_panel(plan, lines, t, min(step, n - t), new, added)


@noinline
def advance(store, plan, span):
    """Renew all sensitivities after an activation, Z(t) = J Z(t-1) + I, or leave the
    step pending.

    While the first steps of one block become pending, the sensitivities are renewed
    over the block before.
    """
    depth = plan.counts.depth
    shares = plan.counts.shares
    # when the renewal over the first block is complete, its copy becomes the base
    if depth > 1 and plan.latest.pending == depth + shares:
        plan.latest.base = 1 - plan.latest.base
        plan.latest.pending = shares
        plan.latest.units = 0
    pending = plan.latest.pending
    slot = slot_of(plan, pending)
    # I and J of this step, before the next one changes activations
    fill_direct(store, plan, span, slot * plan.counts.direct)
    for k in range(plan.counts.roots):
        sweep_root(
            store, plan, span, k, slot * plan.counts.visits, slot * plan.counts.readings
        )
    if depth > 1:
        plan.latest.pending = pending + 1
        plan.latest.renewed = 0
        if pending >= depth:
            continue_renewal(store, plan, plan.share[pending - depth])
        return
    # Z(t) = J Z(t-1) + I, from one copy to the other
    for c in range(plan.counts.classes):
        advance_class(store, plan, c, base_at(plan), next_at(plan))
    plan.latest.base = 1 - plan.latest.base


@noinline
def move_through(store, plan, rate):
    """Update parameters by their direct effects and along the sensitivities of the
    previous step.

    dE/dp = delta_j I_p + sum_q aim_q Z_qp(t-1), for the parameters p into neurons j
    that have sensitivities. Errors first go back through the pending steps before this
    one.
    """
    pending = plan.latest.pending
    steps = pending - 1 if pending > 0 else 0
    # without pending steps, the base includes this step: Z(t-1) is the other copy
    old = base_at(plan) if pending > 0 else next_at(plan)
    for c in range(plan.counts.classes):
        begin = plan.class_line[c]
        terms = plan.class_line[c + 1] - begin
        for k in range(terms):
            plan.factors[k] = rate * plan.old_error[plan.line_root[begin + k]]
        # to the step of Z, while leaving the factors of I at each step
        if steps > 0:
            backpropagate_errors(store, plan, c, steps)
        for g in range(plan.update_first[c], plan.update_first[c + 1]):
            row = plan.update_row[g]
            z = old + plan.update_column[g]
            deltas = errors_given_at(plan, c, 0) + plan.update_index[g]
            stride = plan.class_neurons[c]
            delta = rate * store.responsibility[plan.update_neuron[g]]
            plan.given[deltas + steps * stride] = delta
            # parameters with the same column have the sum
            count = 0 if plan.update_tied[g] else terms
            if plan.update_bias[g]:
                step = added(
                    (plan.given[deltas + s * stride] for s in range(steps + 1)),
                    zero_like(rate),
                )
                for k in range(count):
                    step += (
                        plan.factors[k]
                        * plan.sensitivity[z + plan.line_offset[begin + k]]
                    )
                store.bias_destination[row] += step
            else:
                carried = Terms(
                    plan.line_offset, begin, count, z, plan.factors, 0, 1, 1
                )
                moved = DirectTerms(plan.update_direct[g], deltas, stride, 0, steps + 1)
                n = plan.update_length[g]
                set_sums(store.weight_destination, plan, row, n, carried, moved)
