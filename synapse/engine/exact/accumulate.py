"""Exact gradients: sum the errors of a chunk of steps into the gradient of weights and biases.

    dE/dw_ij = - sum over steps and samples of delta_j g_ij y_i

Neurons with the same sources are processed four at a time, and their sources a vector register at a time: the
activations of a sample are consecutive in ``u.transposed``, so that no sum runs across a register.
"""

from __future__ import annotations

import numpy as np

from ..compiler.jit import inline
from ..compiler.lanes import add, alike, by_sample, flat, nothing, pack, total, width
from ..lowering.flags import BACK, BACK_GATED, FIXED, LISTED, MEMORY, PAIRED, SHARED, ZIPPED
from ..schema import FIRST, INPUTS, NONE, STOP
from .weigh import FOURS, ONE, THREE, TWO, dense_alike, four_rows, four_runs, gain

u8 = np.uint64


@inline
def scale_four(m, u, rs, slot, at, gains, steps, rows):
    """Write the errors of four neurons, scaled by their gaters, after all others."""
    size, to = rows + FOURS, slot + rows
    for t in range(steps):
        u.error[to + t * size] = u.error[at + t * size] * gain(m, u, rs[0], gains + t * rows)
        u.error[to + ONE + t * size] = u.error[at + ONE + t * size] * gain(m, u, rs[1], gains + t * rows)
        u.error[to + TWO + t * size] = u.error[at + TWO + t * size] * gain(m, u, rs[2], gains + t * rows)
        u.error[to + THREE + t * size] = u.error[at + THREE + t * size] * gain(m, u, rs[3], gains + t * rows)


@inline
def add_moves(u, rows, count, q, sums, left):
    """Add to the gradient of up to four neurons' connections."""
    add(u.weight_move, rows[0] + q, sums[0], left)
    if count > ONE:
        add(u.weight_move, rows[1] + q, sums[1], left)
    if count > TWO:
        add(u.weight_move, rows[2] + q, sums[2], left)
    if count > THREE:
        add(u.weight_move, rows[3] + q, sums[3], left)


@inline
def accumulate_one(u, activation, error, at, e, size, steps, lanes, rows, left):
    """Sum over steps and samples of four neurons' errors times a pack of activations."""
    a, b, c, d = nothing(activation), nothing(activation), nothing(activation), nothing(activation)
    for t in range(steps):
        for lane in range(lanes):
            y, error_at = pack(activation, at + (t * lanes + lane) * rows, left), e + t * size + lane
            a += y * error[error_at]
            b += y * error[error_at + lanes]
            c += y * error[error_at + TWO * lanes]
            d += y * error[error_at + THREE * lanes]
    return a, b, c, d


@inline
def accumulate_two(u, activation, error, at, e, size, steps, lanes, rows, left):
    """The same for two consecutive packs: every error is read once for both."""
    a, b, c, d = nothing(activation), nothing(activation), nothing(activation), nothing(activation)
    f, g, h, i = nothing(activation), nothing(activation), nothing(activation), nothing(activation)
    step = width(activation)
    for t in range(steps):
        for lane in range(lanes):
            place, error_at = at + (t * lanes + lane) * rows, e + t * size + lane
            y, z = pack(activation, place, step), pack(activation, place + step, left)
            a += y * error[error_at]
            f += z * error[error_at]
            b += y * error[error_at + lanes]
            g += z * error[error_at + lanes]
            c += y * error[error_at + TWO * lanes]
            h += z * error[error_at + TWO * lanes]
            d += y * error[error_at + THREE * lanes]
            i += z * error[error_at + THREE * lanes]
    return (a, b, c, d), (f, g, h, i)


@inline
def accumulate_run(m, u, rs, count, begin, n, at, steps, rows, lanes):
    """The gradient of a dense run of up to four neurons, with errors at `at` and activations at `begin`."""
    activation, error, four = by_sample(u), flat(u.error), four_rows(m, rs)
    step, q = width(activation), u8(0)
    at, size = at * lanes, (rows + FOURS) * lanes
    while n - q > step:
        left = n - q - step
        ours, others = accumulate_two(u, activation, error, begin + q, at, size, steps, lanes, rows, left)
        add_moves(u, four, count, q, ours, step)
        add_moves(u, four, count, q + step, others, left)
        q = min(q + step + step, n)
    if q < n:
        sums = accumulate_one(u, activation, error, begin + q, at, size, steps, lanes, rows, n - q)
        add_moves(u, four, count, q, sums, n - q)


@inline
def accumulate_four(m, u, span, j, count, step, steps, lanes):
    """The gradient of the dense runs of up to four neurons with the same sources."""
    rows = span[STOP] - span[FIRST]
    for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
        flags = m.run_flags[r]
        if flags & FIXED or not dense_alike(m, r):
            continue
        rs, at = four_runs(m, j, r, count), j - span[FIRST]
        if m.run_kind[r] == SHARED:
            gains = (step if flags & BACK_GATED else step + ONE) * rows - span[FIRST]
            scale_four(m, u, rs, u8(0), at, gains, steps, rows)
            at = rows
        begin = (step if flags & BACK else step + ONE) * rows * lanes + u8(m.run_source[r]) - span[FIRST]
        accumulate_run(m, u, rs, count, begin, u8(m.run_length[r]), at, steps, rows, lanes)


@inline
def product(u, at, tape, place, steps, rows):
    """Sum over steps and samples of an error times a number of a tape."""
    moved = alike(0.0, u.state)
    for t in range(steps):
        moved += u.error[at + t * (rows + FOURS)] * tape[place + t * rows]
    return total(moved)


@inline
def gated_product(u, at, gater, tape, place, steps, rows):
    """The same for an error scaled by a gater."""
    moved = alike(0.0, u.state)
    for t in range(steps):
        gained = u.error[at + t * (rows + FOURS)] * u.activation[gater + t * rows]
        moved += gained * tape[place + t * rows]
    return total(moved)


@inline
def accumulate_single(m, u, span, j, r, now, steps):
    """The gradient of a run connection by connection: sources that are listed or differ between neurons."""
    rows, at = span[STOP] - span[FIRST], j - span[FIRST]
    kind, flags, first = m.run_kind[r], m.run_flags[r], u8(m.run_first[r])
    seen = now - rows if flags & BACK else now
    gains = now - rows if flags & BACK_GATED else now
    listed = kind == LISTED or kind == PAIRED
    gated = kind == SHARED or kind == ZIPPED or kind == PAIRED
    for q in range(u8(m.run_length[r])):
        i = seen + (u8(m.source[first + q]) if listed else u8(m.run_source[r]) + q)
        if gated:
            g = gains + (u8(m.run_gater[r]) if kind == SHARED else u8(m.gater[first + q]))
            u.weight_move[first + q] += gated_product(u, at, g, u.activation, i, steps, rows)
        else:
            u.weight_move[first + q] += product(u, at, u.activation, i, steps, rows)


@inline
def accumulate_memory(m, u, span, j, now, steps):
    """The gradient of a trainable self-connection, which carries states."""
    rows, self_row, gater, at = span[STOP] - span[FIRST], m.self_row[j], m.self_gater[j], j - span[FIRST]
    before = now - rows
    if m.trainable[self_row] and gater == NONE:
        u.weight_move[self_row] += product(u, at, u.state, before + j, steps, rows)
    elif m.trainable[self_row]:
        g = (before if gater >= j else now) + gater
        u.weight_move[self_row] += gated_product(u, at, g, u.state, before + j, steps, rows)


@inline
def accumulate_bias(u, at, steps, rows):
    """The gradient of a bias: the sum of a neuron's errors."""
    moved = alike(0.0, u.state)
    for t in range(steps):
        moved += u.error[at + t * (rows + FOURS)]
    u.bias_move[at] += total(moved)


@inline
def accumulate(m, u, span, step, steps, lanes):
    """Add `steps` steps from `step` on to the gradient of all weights and biases."""
    rows = span[STOP] - span[FIRST]
    now, first = (step + ONE) * rows - span[FIRST], span[FIRST] + span[INPUTS]
    while first < span[STOP]:
        last, runs = u8(m.alike_stop[first]), u8(m.last_run[first]) - u8(m.first_run[first])
        for j in range(first, last, FOURS):
            accumulate_four(m, u, span, j, last - j, step, steps, lanes)
        for r in range(u8(m.first_run[first]), u8(m.last_run[first])):
            if not m.run_flags[r] & FIXED and not dense_alike(m, r):
                for j in range(first, last):
                    accumulate_single(m, u, span, j, r + (j - first) * runs, now, steps)
        for j in range(first, last):
            if m.flags[j] & MEMORY:
                accumulate_memory(m, u, span, j, now, steps)
            if m.trainable_bias[j]:
                accumulate_bias(u, j - span[FIRST], steps, rows)
        first = last
