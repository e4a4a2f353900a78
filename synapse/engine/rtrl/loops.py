"""The kernels that Python calls: steps and epochs with exact online gradients.

``m`` is the bundle of a store's columns, ``p`` that of a plan's (see ``schema.py``). Real-time recurrent
learning (Williams and Zipser 1989): every step renews how the parameters have moved each recurrent number.
"""

from __future__ import annotations

import math

import numpy as np

from ..compiler.bare import bare
from ..compiler.jit import columns, inline, kernel
from ..compiler.plans import plan
from ..online.loops import (
    KEPT,
    activate_network,
    aim_at_targets,
    aim_outputs,
    check_rows,
    clear_neuron,
    keep_outputs,
    status_of,
    summed_cost,
)
from ..online.record import note
from ..online.ties import after_moves, before_moves
from ..schema import (
    FIRST,
    LEARNING,
    NONE,
    OUTPUTS,
    PLAN_HALF,
    PLAN_ROOTS,
    STOP,
    TURN_OPEN,
    TURN_STAMP,
    WATCHED_NETWORK,
    WATCHED_WIDTH,
)
from ..status import DONE, FAILED, ROW
from .advance import advance, lay_direct, move_through, remember
from .record import note_sensitivities
from .sweep import sweep_cost

u8 = np.uint64
ONE = u8(1)


@inline
def clear_plan(p):
    """Reset all sensitivities. writes: sensitivity, old_derivative, turn"""
    for i in range(u8(2) * p.counts[PLAN_HALF]):
        p.sensitivity[i] = 0.0
    for k in range(p.counts[PLAN_ROOTS]):
        p.old_derivative[k] = 0.0
    for i in range(u8(3)):
        p.turn[i] = u8(0)


@inline
def step_network(m, p, span, inputs, row):
    """One step: activations, then sensitivities."""
    if p.turn[TURN_STAMP] != m.stamp[span[STOP] - ONE]:
        clear_plan(p)  # since then cleared, stepped by another rule, or failed: they are of another context
    remember(m, p)
    activate_network(m, span, inputs, row)
    if m.failed[0] == 0.0:
        advance(m, p, span)
        p.turn[TURN_OPEN] = ONE
        p.turn[TURN_STAMP] = m.stamp[span[STOP] - ONE]
        note_sensitivities(m, p, span)


@inline
def learn_step(m, p, span, rate):
    """Learn from the errors of the outputs, which have been written before."""
    before_moves(m)
    for j in range(span[LEARNING], span[STOP] - span[OUTPUTS]):
        m.projected[j] = 0.0
    sweep_cost(m, p, span, span[LEARNING], rate)
    move_through(m, p, rate)
    after_moves(m)
    if m.log_place[WATCHED_WIDTH] != 0 and m.log_place[WATCHED_NETWORK] == span[FIRST]:
        note(m, False, False, NONE)


@kernel
def run_network(table, unit, plan_table, span, inputs, outputs):
    """Activate once for every row of `outputs`, like ``online.run_network``, with sensitivities."""
    m, p = columns(table, unit), plan(plan_table, unit)
    span, inputs, outputs = bare(span), bare(inputs), bare(outputs)
    m.failed[0] = 0.0
    n, status = span[OUTPUTS], check_rows(m, span, inputs, outputs, unit)
    if status != DONE:
        return status
    for row in range(u8(outputs.size) // n):
        step_network(m, p, span, inputs, row)
        if m.failed[0] != 0.0:
            m.failed[ROW] = row
            return FAILED
        for o in range(n):
            outputs[row * n + o] = m.activation[span[STOP] - n + o]
    return DONE


@kernel
def propagate_targets(table, unit, plan_table, span, targets, cost, rate, check):
    """Learn from the targets of the last activation, like ``online.propagate_targets``."""
    m, p, span = columns(table, unit), plan(plan_table, unit), bare(span)
    status, total = aim_at_targets(m, span, bare(targets), cost, check, unit)
    if status == DONE:
        learn_step(m, p, span, rate)
    return status, total


@kernel
def clear_sensitivities(plan_table, unit):
    """Clear what a plan has kept of earlier steps."""
    clear_plan(plan(plan_table, unit))


@kernel
def renew_direct(table, unit, plan_table, span):
    """Compute anew what the last step left in ``direct``, for a plan that has been laid out after it."""
    lay_direct(columns(table, unit), plan(plan_table, unit), bare(span))


@kernel
def train_network(
    table, unit, plan_table, span, inputs, targets, aimed, bounds, order, clear, cost, rate, kept, control
):
    """One pass over sequences in which weights change, or updates accumulate, at every aimed row.

    The arguments are those of ``online.train_network``. Returns a status, the summed cost and the number of
    rows with a target; a cost that is not finite ends the call before weights change.
    """
    m, p = columns(table, unit), plan(plan_table, unit)
    span, inputs, targets, kept = bare(span), bare(inputs), bare(targets), bare(kept)
    m.failed[0] = 0.0
    total, judged, filled, going = 0.0, u8(0), u8(0), True
    for s in range(u8(order.shape[0])):
        if clear and going:
            for j in range(span[FIRST], span[STOP]):
                clear_neuron(m, j)
        for row in range(bounds[order[s]], bounds[order[s] + ONE]):
            if not going:
                break
            step_network(m, p, span, inputs, row)
            going = m.failed[0] == 0.0
            if aimed[row] and going:
                judged += ONE
                if filled + span[OUTPUTS] > u8(kept.size) // u8(KEPT):
                    total += summed_cost(m, cost, kept, filled, span[OUTPUTS])
                    filled = u8(0)
                filled = keep_outputs(m, span, targets, row, kept, filled)
                sound = aim_outputs(m, span, targets, row, cost)
                going = math.isfinite(sound) and m.failed[0] == 0.0
                if not going:
                    total += sound
                else:
                    learn_step(m, p, span, rate)
            control[1] += ONE
            going = going and not control[0]
    total += summed_cost(m, cost, kept, filled, span[OUTPUTS])
    return status_of(m, total), total, judged
