"""The kernels of exact gradients through time: a network unfolded over its steps, samples side by side.

``m`` is a store's columns, ``u`` the tapes of one unfolding (`schema.TAPES`), on which every number is
that of several samples (lanes). A neuron in row j has, at the step whose numbers begin at `now`, the
activation ``u.activation[now + j]``; the step before begins at `before`. ``weigh.py`` has the equations of
the online rule; in ``propagate.py`` errors follow every connection and gate, also to the step before; and
``accumulate.py`` sums the gradient, a chunk of steps at a time:

    delta_j = f'_j A_j + sum_k over what carried s_j on + the cost's -dE/ds_j
    A_i     = sum_k delta_k g_ik w_ik + sum over what i gates of delta_k w_ak y_a
    dE/dw   = - sum over steps and samples of delta_j g_ij y_i
"""

from __future__ import annotations

import math

import numpy as np

from ..compiler.jit import columns, inline, kernel
from ..compiler.lanes import alike, flat, tapes
from ..functions.compiled import cross_entropy, judge
from ..functions.costs import CROSS_ENTROPY
from ..schema import CHUNK, ENDED
from .accumulate import collect
from .propagate import step_backward
from .weigh import FOURS, ONE, step_forward, transpose

u8 = np.uint64


# --- cost --------------------------------------------------------------------------------------


@inline
def lay_targets(u, span, targets, step, lanes):
    """Lay the targets of a step where the outputs' error signals will be; NaN: none."""
    wanted, n = flat(u.signal), span[2]
    for lane in range(lanes):
        row = u.row[step * lanes + lane]
        for o in range(n):
            wanted[(step * n + o) * lanes + lane] = targets[row * n + o] if row != ENDED else math.nan


@inline
def judge_step(u, span, targets, step, now, cost, lanes):
    """The cost of a step; targets give way to the outputs' error signals."""
    lay_targets(u, span, targets, step, lanes)
    n, total_ = span[2], 0.0
    said, slope, signal, value = flat(u.activation), flat(u.slope), flat(u.signal), flat(u.value)
    at, to, size = (now + span[3] - n) * lanes, step * n * lanes, np.float64(n)
    if cost == CROSS_ENTROPY:  # said here, so that the loop has no branch and vectorises
        for q in range(n * lanes):
            target = signal[to + q]
            one, sent = cross_entropy(target, said[at + q], slope[at + q], size)
            value[q] = one if target == target else 0.0
            signal[to + q] = sent if target == target else 0.0
    else:
        for q in range(n * lanes):
            target, one, sent = signal[to + q], 0.0, 0.0
            if target == target:
                one, sent = judge(u.failed, cost, target, said[at + q], slope[at + q], size)
            value[q] = one
            signal[to + q] = sent
    for lane in range(lanes):
        share = u.share[step * lanes + lane]
        for o in range(n):
            total_ += share * value[o * lanes + lane]
            signal[to + o * lanes + lane] *= share
    return total_


# --- entry -------------------------------------------------------------------------------------


@inline
def lay_rows(u, begins, lengths, shares, weights, apart, steps, lanes):
    """Which row of the data each sample has at each step, and how much it counts.

    A lane is a sequence; or, if steps do not depend on each other, samples come step by step (`apart`).
    """
    for step in range(steps):
        for lane in range(lanes):
            at = step * lanes + lane
            k, late = (at, u8(0)) if apart else (lane, step)
            if k < u8(len(begins)) and late < lengths[k]:
                row = begins[k] + late
                u.row[at] = row
                u.share[at] = shares[k] * (weights[row] if u8(len(weights)) else 1.0)
            else:
                u.row[at] = ENDED
                u.share[at] = 0.0


@inline
def go_forward(m, u, span, inputs, targets, steps, cost, lanes, ragged, masked):
    """All steps forward, and their cost; NaN where a registered function has raised."""
    rows, value = span[3] - span[0], 0.0
    u.failed[0] = 0.0
    if lanes > ONE:
        transpose(m, u, span[0], span[3], span, u8(0) - span[0], lanes)
    for step in range(steps):
        now = (step + ONE) * rows - span[0]
        step_forward(m, u, span, inputs, step, now, now - rows, lanes, ragged, masked)
        value += judge_step(u, span, targets, step, now, cost, lanes)
    return value if u.failed[0] == 0.0 else math.nan


@inline
def begin_errors(u, rows, moves):
    """Nothing has been sent or summed yet."""
    none = alike(0.0, u.state)
    for i in range(rows):
        u.carried[i], u.bias_move[i] = none, 0.0
        u.pushed[i], u.pushed[rows + i] = none, none
    for r in range(u8(moves)):
        u.weight_move[r] = 0.0


@kernel
def unfold_network(
    table,
    unit,
    tape_table,
    tag,
    span,
    inputs,
    targets,
    begins,
    lengths,
    shares,
    weights,
    apart,
    steps,
    cost,
    window,
    ragged,
    masked,
    moves,
):
    """Run samples side by side over `steps` steps, judge them and sum the gradient.

    `moves` is the number of connections. Rows of `inputs` and `targets` lie one after the other; `begins`,
    `lengths`, `shares` are of sequences, `weights` of rows (or empty), see `lay_rows`. Errors pass through at
    most `window` steps: the steps are cut into windows of that length.
    `ragged`: some samples end earlier; `masked`: there is dropout. Returns the summed cost, and the last step
    at which errors were not finite (`steps`: none was).
    """
    m, u, lanes = columns(table, unit), tapes(tape_table, unit, tag), u8(len(tag))
    rows, chunk = span[3] - span[0], u8(CHUNK)
    lay_rows(u, begins, lengths, shares, weights, apart, steps, lanes)
    value = go_forward(m, u, span, inputs, targets, steps, cost, lanes, ragged, masked)
    if not math.isfinite(value):
        return value, steps
    begin_errors(u, rows, moves)
    stop = steps
    while stop > u8(0):
        begin = (stop - ONE) // chunk * chunk
        for back in range(stop - begin):
            step = stop - ONE - back
            slot = (step - begin) * (rows + FOURS) - span[0]
            if not math.isfinite(step_backward(m, u, span, step, slot, window, lanes)):
                return value, step
        collect(m, u, span, begin, stop - begin, lanes)
        stop = begin
    return value, steps
