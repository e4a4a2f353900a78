"""Compute exact gradients through time by unfolding a network over its steps, for
several samples.

The tapes belong to one unfolding (`schema.TAPES`). At the step whose numbers begin at
``now``, the neuron in row j has the activation ``tapes.activation[now + j]``, and the
previous step begins at ``before``. Tapes begin with a context, which contains as many
steps as the network reads back (`depth_of`). ``states.py`` contains the equations of
the online rule. In ``propagate.py``, errors follow every connection and gate, also to
the previous step, and ``accumulate.py`` sums the gradient, a chunk of steps at a time:

    delta_j = f'_j A_j + the error of the next state, if s_j carries over
              + the cost's -dE/ds_j, if j is an output
    A_i     = sum_k delta_k g_ik w_ik + sum over what i gates of delta_k w_ak y_a
    dE/dw   = - sum over steps and samples of delta_j g_ij y_i
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..functions.activations import SOFTMAX
from ..functions.compiled import (
    cost_and_error,
    cost_and_error_range,
    cost_of,
    lead_of,
    logit_of,
    logit_within,
    softmax_errors,
)
from ..functions.costs import CATEGORICAL, FIRST_CUSTOM_COST
from ..language import (
    INDEX,
    TAPES,
    added,
    flat,
    in_order,
    inline,
    kernel,
    lazy_part,
    noinline,
    opaque,
    splat,
)
from ..online.lists import age_marks, mark_touched
from ..online.read_order import depth_of
from ..schema import CHUNK, ENDED, GIVEN_SLOPES, MAX_TILE
from ..status import DIVERGED, DONE, FAILED
from .accumulate import NeuronPart, accumulate
from .activate import GATHERING, activate_by
from .fire import zero_clamped_errors
from .propagate import compute_softmax_deltas, propagate_all
from .step import Step, StepBack

# --- cost -----------------------------------------------------------------------------


@inline
def load_targets(tapes, span, targets, step, lanes):
    """Copy the targets of a step to the place of the outputs' error signals. NaN marks
    a missing target.
    """
    n = span.outputs
    for lane in range(opaque(lanes)):
        row = tapes.row[step * lanes + lane]
        for o in range(n):
            target = targets[row * n + o] if row != ENDED else math.nan
            tapes.signal[(step * n + o) * lanes + lane] = target


@lazy_part(TAPES, *[INDEX] * 5)
def custom_cost_and_error(store, tapes, cost, at, to, n, lanes):
    """Compute the cost and the error signal of each output under a registered cost."""
    for q in range(n * lanes):
        y = tapes.activation[at + q]
        derivative = tapes.slope[at + q]
        tapes.value[q], tapes.signal[to + q] = cost_and_error(
            tapes.failed, cost, tapes.signal[to + q], y, derivative, np.float64(n), 0.0
        )


@lazy_part(TAPES, *[INDEX] * 6)
def softmax_cost_and_errors(store, tapes, first_output, at, new_state_at, to, n, lanes):
    """Compute the cost of each softmax output, and its error signal, which already
    contains the cost weights.
    """
    for lane in range(lanes):
        lead, others = lead_of(tapes.activation, at + lane, at + n * lanes, lanes)
        largest = np.float64(tapes.new_state[new_state_at + lead - at])
        for q in range(lane, n * lanes, lanes):
            tapes.value[q] = 0.0
            target = tapes.signal[to + q]
            if target > 0.0:
                y = tapes.activation[at + q]
                below = np.float64(tapes.new_state[new_state_at + q]) - largest
                logit = logit_within(below, y, tapes.activation[lead], others)
                tapes.value[q] = cost_of(CATEGORICAL, target, y, 1.0, 1.0, logit)[0]
    for lane in range(lanes):
        targets = to + lane
        outputs = at + lane
        aim = tapes.signal, targets
        softmax_errors(
            store.cost_weight,
            first_output,
            *aim,
            tapes.activation,
            outputs,
            *aim,
            n,
            lanes,
        )


@lazy_part(TAPES, *[INDEX] * 5)
def compute_clamped_states(store, tapes, start, stop, at, new_state_at, lanes):
    """Replace the states of clamped outputs by the logits of their activations, from
    which their cost is computed.
    """
    for j in range(start, stop):
        if store.clamped[j]:
            for q in range((j - start) * lanes, (j - start + 1) * lanes):
                tapes.new_state[new_state_at + q] = logit_of(tapes.activation[at + q])


@inline
def compute_output_costs(store, tapes, span, targets, step, now, cost, lanes):
    """Compute the cost of each output of a step, and its error signal without weights,
    which overwrites the target.
    """
    load_targets(tapes, span, targets, step, lanes)
    n = span.outputs
    at = (now + span.stop - n) * lanes
    new_state_at = (span.stop - n - span.start) * lanes
    to = step * n * lanes
    size = np.float64(n)
    if store.ties.clamped != 0:
        compute_clamped_states(
            store, tapes, span.stop - n, span.stop, at, new_state_at, lanes
        )
    if cost == CATEGORICAL:
        softmax_cost_and_errors(
            store, tapes, span.stop - n, at, new_state_at, to, n, lanes
        )
    elif cost == GIVEN_SLOPES:
        for q in range(n * lanes):
            slope = tapes.signal[to + q]
            tapes.value[q] = 0.0
            tapes.signal[to + q] = -slope if math.isfinite(slope) else 0.0
    elif cost < FIRST_CUSTOM_COST:
        cost_and_error_range(
            cost,
            store,
            tapes.activation,
            tapes.slope,
            at,
            tapes.new_state,
            new_state_at,
            tapes.value,
            tapes.signal,
            to,
            n * lanes,
            size,
        )
    else:
        custom_cost_and_error(store, tapes, cost, at, to, n, lanes)


@inline
def compute_output_errors(store, tapes, span, targets, step, now, cost, lanes):
    """Return the cost of a step, and overwrite the targets with the outputs' error
    signals.
    """
    compute_output_costs(store, tapes, span, targets, step, now, cost, lanes)
    n = span.outputs
    to = step * n * lanes
    cost_of_step = 0.0
    for lane in range(opaque(lanes)):
        share = tapes.share[step * lanes + lane]
        for o in range(n):
            weight = share * store.cost_weight[span.stop - n + o]
            cost_of_step += weight * tapes.value[o * lanes + lane]
            tapes.signal[to + o * lanes + lane] *= (
                share if cost == CATEGORICAL or cost == GIVEN_SLOPES else weight
            )
    if store.ties.clamped != 0:
        zero_clamped_errors(store, tapes, span.stop - n, span.stop, to, lanes)
    return cost_of_step


# --- one step back --------------------------------------------------------------------


@inline
def begin_errors(tapes, span, depth):
    """Reset the errors that go to earlier steps. Errors of inputs are never read."""
    none = splat(0.0, tapes.state)
    rows = span.stop - span.start
    tapes.carried[span.inputs : rows] = none
    for part in range(depth + 1):
        tapes.pushed[part * rows + span.inputs : (part + 1) * rows] = none


@noinline
def propagate_network(store, tapes, span, step, slot, window, cost, depth, lanes):
    """Propagate the errors of one step, block by block in reverse order. Returns 0 if
    they are finite.
    """
    n = span.outputs
    rows = span.stop - span.start
    now = (step + depth) * rows - span.start
    # errors of this step and of earlier steps are in parts of ``tapes.pushed``, which
    # swap roles
    parts = depth + 1
    to_now = step % parts * rows - span.start
    to_before = (step + depth) % parts * rows - span.start
    back = StepBack(
        now, now - rows, to_now, to_before, slot, 0 - span.start, rows, parts * rows
    )
    check = 0.0
    # the signals at t, before delta_j of the outputs is computed from them: errors of
    # states, or of activations
    if cost == GIVEN_SLOPES:
        tapes.pushed[to_now + span.stop - n : to_now + span.stop] += tapes.signal[
            step * n : step * n + n
        ]
    else:
        tapes.carried[rows - n : rows] += tapes.signal[step * n : step * n + n]
    stop = span.stop
    while stop > span.start + span.inputs:
        start = max(store.block_first[stop - 1], span.start + span.inputs)
        # A_j of a block is complete, because its readers in this step are later in the
        # order
        if store.squash[start] == SOFTMAX:
            compute_softmax_deltas(store, flat(tapes), start, stop, now, to_now, lanes)
        check += propagate_all(store, tapes, start, stop, back)
        stop = start
    if step % window == 0:  # errors do not pass to the previous window
        begin_errors(tapes, span, depth)
    return check


# --- entry ----------------------------------------------------------------------------


@inline
def load_rows(tapes, samples, lanes):
    """Write the data's row and its weight for each step and sample; if
    `independent_steps`, every step is a sample.
    """
    for step in range(samples.start, samples.stop):
        for lane in range(opaque(lanes)):
            at = step * lanes + lane
            k, t = (at, 0) if samples.independent_steps else (lane, step)
            if k < len(samples.begins) and t < samples.lengths[k]:
                row = samples.begins[k] + t
                weight = samples.weights[row] if len(samples.weights) else 1.0
                tapes.row[at] = row
                tapes.share[at] = samples.shares[k] * weight
            else:
                tapes.row[at] = ENDED
                tapes.share[at] = 0.0


@in_order
def summed_loss(tapes, start, stop):
    """Return the cost of some steps, added in their order."""
    return added((tapes.loss[step] for step in range(start, stop)), 0.0)


@inline
def activate_steps(store, tapes, span, inputs, targets, samples, cost, depth, lanes):
    """Run the steps of a part forward, and return a status and the cost of these steps
    or, if the part sums a gradient, of all steps.
    """
    rows = span.stop - span.start
    tapes.failed[0] = 0.0
    for step in range(samples.start, samples.stop):
        now = (step + depth) * rows - span.start
        activate_by(
            GATHERING,
            store,
            tapes,
            None,
            span,
            inputs,
            step,
            Step(now, now - rows, 0 - span.start, rows, 0, 1, 1, step),
            lanes,
            samples.ragged,
            samples.masked,
        )
        if store.ties.lists != 0 and samples.window != 0:
            mark_touched(store, span)
        if samples.recorded:
            record_forward(store, tapes, rows, step, step + depth)
        tapes.loss[step] = compute_output_errors(
            store, flat(tapes), span, targets, step, now, cost, lanes
        )
    if samples.parts == 0:
        value = summed_loss(tapes, samples.start, samples.stop)
    else:
        value = summed_loss(tapes, 0, samples.steps)
    if tapes.failed[0] != 0.0 or store.failed[0] != 0.0:
        return FAILED, value
    return (DONE if math.isfinite(value) else DIVERGED), value


@lazy_part(*[INDEX] * 3, taped=True)
def record_forward(store, tapes, rows, step, frame):
    """Store the states and slopes of a step for a recording, because the backward pass
    may change them.
    """
    for i in range(rows):
        tapes.recorded_state[step * rows + i] = tapes.new_state[i]
        tapes.recorded_slope[step * rows + i] = tapes.slope[frame * rows + i]


@lazy_part(*[INDEX] * 3, taped=True)
def record_errors(store, tapes, rows, step, begin):
    """Store the errors of a step of the chunk that starts at `begin`."""
    tapes.recorded_error[step * rows : step * rows + rows] = tapes.error[
        (step - begin) * (rows + MAX_TILE) : (step - begin) * (rows + MAX_TILE) + rows
    ]


class SampleGroup(NamedTuple):
    """The samples that are run together, and options of the run."""

    begins: Any  # first row of the data of each sequence
    lengths: Any  # number of steps of each sequence
    shares: Any  # weight of each sequence
    weights: Any  # weight of each row of the data; empty if all are 1
    steps: Any  # number of steps of the longest lane
    window: Any  # length of the windows within which errors pass
    # whether each step is a sample, because steps are independent: see `load_rows`
    independent_steps: bool
    ragged: bool = False  # whether some samples end earlier
    masked: bool = False  # whether there is dropout
    # whether states, slopes and errors of all steps are stored
    recorded: bool = False
    # work of a call: the steps to run forward and backward, and the part of the
    # neurons, out of a number of parts, whose gradient it sums (0 parts: no gradient)
    start: Any = np.int64(0)
    stop: Any = np.int64(0)
    part: Any = np.int64(0)
    parts: Any = np.int64(1)
    # whether it overwrites the gradient on the tapes, or is added to it
    fresh: Any = True


class DescentArguments(NamedTuple):
    """The arguments of `gradient_network`, in their order."""

    table: Any
    scalar: Any
    tape_table: Any
    tag: Any  # as many zeros as lanes: kernels are compiled for its length
    span: Any
    inputs: Any
    targets: Any
    samples: Any  # a `SampleGroup`
    cost: Any
    n_updates: Any


@kernel
def gradient_network(
    store, scalar, tapes, tag, span, inputs, targets, samples, cost, n_updates
):
    """Run some samples together, compute their cost and sum the gradient.

    `samples` is a `SampleGroup`. `n_updates` is the number of connections.
    Rows of `inputs` and `targets` are consecutive. With a window of 0, there is no
    gradient. Returns a status, the summed cost, and the last step at which errors were
    not finite (the number of steps if all were).
    """
    lanes = len(tag)
    rows = span.stop - span.start
    chunk = CHUNK
    steps = samples.steps
    depth = depth_of(store, span.start)
    load_rows(tapes, samples, lanes)
    status, value = activate_steps(
        store, tapes, span, inputs, targets, samples, cost, depth, lanes
    )
    if status != DONE or samples.window == 0:
        return status, value, steps
    begin_errors(tapes, span, depth)
    stop = steps
    while stop > 0:
        begin = (stop - 1) // chunk * chunk
        first = max(begin, samples.start)
        last = min(stop, samples.stop) - 1
        for back in range(last - first + 1):
            step = last - back
            slot = (step - begin) * (rows + MAX_TILE) - span.start
            check = propagate_network(
                store, tapes, span, step, slot, samples.window, cost, depth, lanes
            )
            if not math.isfinite(check):
                return DIVERGED, value, step
            if samples.recorded:
                record_errors(store, tapes, rows, step, begin)
        # after all errors of the chunk; the latest chunk overwrites the gradient
        if samples.parts > 0:
            fresh = samples.fresh and stop == steps
            part = NeuronPart(samples.part, samples.parts, fresh)
            accumulate(store, tapes, span, begin, stop - begin, depth, lanes, part)
        stop = begin
    if samples.parts == 1:
        age_marks(store, span, samples.fresh)
    return DONE, value, steps
