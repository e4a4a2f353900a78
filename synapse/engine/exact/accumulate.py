"""Exact gradients: sum the errors of a chunk of steps into the gradient of weights and
biases.

    dE/dw_ij = - sum over steps and samples of delta_j g_ij y_i

Neurons with the same sources are processed eight at a time, and their sources two
vector registers at a time: the activations of a sample are consecutive in
``u.transposed``, so that no sum runs across a register.
"""

from __future__ import annotations

from ..compiler.jit import inline
from ..compiler.lanes import by_sample, flat, splat, total
from ..compiler.rare import INDEX, rare
from ..compiler.tiles import add_outer, add_rows, no_sums, pack, put_pack, width
from ..lowering.flags import FIXED, LISTED, MEMORY, PAIRED, SHARED, ZIPPED
from ..online.reads import of_gater, of_gaters, of_sources
from ..schema import NONE
from .weigh import NEURONS, PACK, dense_alike, gain, rows_of

PACKS = (0, 0)


@inline
def scale_errors(m, u, r, runs, at, count, gains, steps, rows):
    """Write the errors of a tile of neurons, scaled by their gaters, after all others
    of their step.
    """
    for t in range(steps):
        step = t * (rows + NEURONS)
        for k in range(count):
            scale = gain(m, u, r + k * runs, gains + t * rows)
            u.error[step + rows + k] = u.error[step + at + k] * scale


@inline
def lay_panel(u, begin, left, steps, rows, lanes, packs):
    """Copy one or two packs of sources of all steps and samples side by side: they stay
    in the cache.
    """
    activation = by_sample(u)
    panel = flat(u.panel)
    wide = width(activation)
    to = 0
    for t in range(steps * lanes):
        for q in range(0, packs * wide, wide):
            n = left - q if q < left else 0
            put_pack(panel, to + q, wide, pack(activation, begin + t * rows + q, n))
        to += packs * wide


@inline
def accumulate_tile(u, left, at, steps, rows, lanes, to, q, count, fresh, packs):
    """Add sums of errors times the packs of the panel to the gradient of a tile; if
    `fresh`, overwrite it.
    """
    panel = flat(u.panel)
    error = flat(u.error)
    size = (rows + NEURONS) * lanes
    sums = no_sums(panel, packs)
    wide = len(packs) * width(panel)
    for t in range(steps):
        place = t * lanes * wide
        first = at * lanes + t * size
        for lane in range(lanes):
            sums = add_outer(
                sums,
                panel,
                place + lane * wide,
                width(panel),
                error,
                first + lane,
                lanes,
            )
    add_rows(u.weight_move, to, q, sums, left - wide + width(panel), count, fresh)


@inline
def accumulate_dense(m, u, span, first, last, r, step, steps, lanes, fresh):
    """The gradient of a dense run of neurons with the same sources."""
    rows = span.stop - span.first
    flags = m.run_flags[r]
    shared = m.run_kind[r] == SHARED
    runs = m.last_run[first] - m.first_run[first]
    n = m.run_length[r]
    begin = (
        of_sources(flags, step + 1, step) * rows * lanes + m.run_source[r] - span.first
    )
    gains = of_gaters(flags, step + 1, step) * rows - span.first
    wide = width(by_sample(u))
    for q in range(
        0, n, wide + wide
    ):  # outside, so that its activations stay in the cache
        left = min(n - q, wide + wide)
        lay_panel(u, begin + q, left, steps, rows, lanes, 1 + (left > wide))
        for j in range(first, last, NEURONS):
            count = min(last - j, NEURONS)
            at = j - span.first
            one = r + (j - first) * runs
            if shared:
                scale_errors(m, u, one, runs, at, count, gains, steps, rows)
                at = rows
            to = rows_of(m, one, runs, count)
            if left > wide:
                accumulate_tile(
                    u, left, at, steps, rows, lanes, to, q, count, fresh, PACKS
                )
            else:
                accumulate_tile(
                    u, left, at, steps, rows, lanes, to, q, count, fresh, PACK
                )


@inline
def product(u, at, tape, place, steps, rows):
    """Sum over steps and samples of an error times a number of a tape."""
    moved = splat(0.0, u.state)
    for t in range(steps):
        moved += u.error[at + t * (rows + NEURONS)] * tape[place + t * rows]
    return total(moved)


@inline
def gated_product(u, at, gater, tape, place, steps, rows):
    """Sum the products of an error, scaled by a gater, and a column of a tape over
    steps.
    """
    moved = splat(0.0, u.state)
    for t in range(steps):
        gained = u.error[at + t * (rows + NEURONS)] * u.activation[gater + t * rows]
        moved += gained * tape[place + t * rows]
    return total(moved)


@inline
def accumulate_single(m, u, at, r, now, rows, steps):
    """The gradient of a run connection by connection: sources that are listed or differ
    between neurons.
    """
    kind = m.run_kind[r]
    flags = m.run_flags[r]
    first = m.run_first[r]
    sources = of_sources(flags, now, now - rows)
    gaters = of_gaters(flags, now, now - rows)
    listed = kind == LISTED or kind == PAIRED
    gated = kind == SHARED or kind == ZIPPED or kind == PAIRED
    for q in range(m.run_length[r]):
        i = sources + (m.source[first + q] if listed else m.run_source[r] + q)
        if gated:
            g = gaters + (m.run_gater[r] if kind == SHARED else m.gater[first + q])
            u.weight_move[first + q] += gated_product(
                u, at, g, u.activation, i, steps, rows
            )
        else:
            u.weight_move[first + q] += product(u, at, u.activation, i, steps, rows)


@inline
def accumulate_memory(m, u, at, j, now, rows, steps):
    """The gradient of a trainable self-connection, which carries states."""
    self_row = m.self_row[j]
    gater = m.self_gater[j]
    before = now - rows
    if m.trainable[self_row] and gater == NONE:
        u.weight_move[self_row] += product(u, at, u.state, before + j, steps, rows)
    elif m.trainable[self_row]:
        g = of_gater(m, gater, j, now, before) + gater
        u.weight_move[self_row] += gated_product(
            u, at, g, u.state, before + j, steps, rows
        )


@rare(*[INDEX] * 8, taped=True)
def accumulate_apart(m, u, r, runs, first, last, origin, now, rows, steps):
    """The gradient of a run of consecutive neurons whose sources differ between
    them.
    """
    for j in range(first, last):
        accumulate_single(m, u, j - origin, r + (j - first) * runs, now, rows, steps)


@rare(*[INDEX] * 6, taped=True)
def accumulate_memories(m, u, first, last, origin, now, rows, steps):
    """The gradients of the self-connections of consecutive neurons."""
    for j in range(first, last):
        accumulate_memory(m, u, j - origin, j, now, rows, steps)


@inline
def accumulate_bias(u, at, steps, rows):
    """The gradient of a bias: the sum of a neuron's errors."""
    moved = splat(0.0, u.state)
    for t in range(steps):
        moved += u.error[at + t * (rows + NEURONS)]
    u.bias_move[at] += total(moved)


@inline
def accumulate(m, u, span, step, steps, lanes, fresh):
    """Add steps from `step` on to the gradient of all parameters; if `fresh`, dense
    runs are overwritten.
    """
    rows = span.stop - span.first
    now = (step + 1) * rows - span.first
    first = span.first + span.inputs
    while first < span.stop:
        last = m.alike_stop[first]
        runs = m.last_run[first] - m.first_run[first]
        for r in range(m.first_run[first], m.last_run[first]):
            if m.run_flags[r] & FIXED:
                continue
            if dense_alike(m, r):
                accumulate_dense(m, u, span, first, last, r, step, steps, lanes, fresh)
            else:
                accumulate_apart(
                    m, u, r, runs, first, last, span.first, now, rows, steps
                )
        if m.flags[first] & MEMORY:
            accumulate_memories(m, u, first, last, span.first, now, rows, steps)
        for j in range(first, last):
            if m.trainable_bias[j]:
                accumulate_bias(u, j - span.first, steps, rows)
        first = last
