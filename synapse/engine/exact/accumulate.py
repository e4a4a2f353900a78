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
from ..lowering.flags import FIXED, LISTED, MEMORY, PAIRED, SHARED
from ..online.reads import of_gater, of_gaters, of_sources
from ..schema import NONE
from .step import Chunk, chunk_kind
from .weigh import (
    NEURONS,
    PACK,
    dense_alike,
    gain,
    is_lone,
    lone_stop,
    rows_of,
)

PACKS = (0, 0)


@inline
def scale_errors(m, u, r, runs, at, count, gains, chunk):
    """Write the errors of a tile of neurons, scaled by their gaters, after all others
    of their step.
    """
    for t in range(chunk.steps):
        step = t * (chunk.rows + NEURONS)
        for k in range(count):
            scale = gain(m, u, r + k * runs, gains + t * chunk.rows)
            u.error[step + chunk.rows + k] = u.error[step + at + k] * scale


@inline
def lay_panel(u, begin, left, chunk, packs):
    """Copy one or two packs of sources of all steps and samples side by side: they stay
    in the cache.
    """
    activation = by_sample(u)
    panel = flat(u.panel)
    wide = width(activation)
    to = 0
    for t in range(chunk.steps * chunk.lanes):
        for q in range(0, packs * wide, wide):
            n = left - q if q < left else 0
            source = begin + t * chunk.rows + q
            put_pack(panel, to + q, wide, pack(activation, source, n))
        to += packs * wide


@inline
def accumulate_tile(u, chunk, at, left, to, q, count, fresh, packs):
    """Add sums of errors times the packs of the panel to the gradient of a tile; if
    `fresh`, overwrite it.
    """
    panel = flat(u.panel)
    error = flat(u.error)
    step = width(panel)
    lanes = chunk.lanes
    size = (chunk.rows + NEURONS) * lanes
    sums = no_sums(panel, packs)
    wide = len(packs) * step
    for t in range(chunk.steps):
        place = t * lanes * wide
        begin = at * lanes + t * size
        for lane in range(lanes):
            sources = place + lane * wide
            sums = add_outer(sums, panel, sources, step, error, begin + lane, lanes)
    add_rows(u.weight_move, to, q, sums, left - wide + step, count, fresh)


@inline
def accumulate_dense(m, u, chunk, start, stop, r, fresh):
    """The gradient of a dense run of neurons with the same sources."""
    flags = m.run_flags[r]
    shared = m.run_kind[r] == SHARED
    runs = m.last_run[start] - m.first_run[start]
    n = m.run_length[r]
    source = of_sources(flags, chunk.step + 1, chunk.step) * chunk.rows * chunk.lanes
    begin = source + m.run_source[r] - chunk.origin
    gains = of_gaters(flags, chunk.step + 1, chunk.step) * chunk.rows - chunk.origin
    wide = width(by_sample(u))
    # Packs outside, so that their activations stay in the cache for all tiles.
    for q in range(0, n, wide + wide):
        left = min(n - q, wide + wide)
        lay_panel(u, begin + q, left, chunk, 1 + (left > wide))
        for j in range(start, stop, NEURONS):
            count = min(stop - j, NEURONS)
            at = j - chunk.origin
            run = r + (j - start) * runs
            if shared:
                scale_errors(m, u, run, runs, at, count, gains, chunk)
                at = chunk.rows
            to = rows_of(m, run, runs, count)
            if left > wide:
                accumulate_tile(u, chunk, at, left, to, q, count, fresh, PACKS)
            else:
                accumulate_tile(u, chunk, at, left, to, q, count, fresh, PACK)


@inline
def product(u, at, tape, place, chunk):
    """Sum over steps and samples of an error times a number of a tape."""
    moved = splat(0.0, u.state)
    for t in range(chunk.steps):
        error = u.error[at + t * (chunk.rows + NEURONS)]
        moved += error * tape[place + t * chunk.rows]
    return total(moved)


@inline
def gated_product(u, at, gater, tape, place, chunk):
    """Sum the products of an error, scaled by a gater, and a column of a tape over
    steps.
    """
    moved = splat(0.0, u.state)
    for t in range(chunk.steps):
        error = u.error[at + t * (chunk.rows + NEURONS)]
        gained = error * u.activation[gater + t * chunk.rows]
        moved += gained * tape[place + t * chunk.rows]
    return total(moved)


@inline
def accumulate_row(u, at, row, n, place, chunk):
    """The gradient of a run from consecutive sources, of one neuron and one sample."""
    error = flat(u.error)
    activation = flat(u.activation)
    for t in range(chunk.steps):
        delta = error[at + t * (chunk.rows + NEURONS)]
        begin = place + t * chunk.rows
        for q in range(n):
            u.weight_move[row + q] += delta * activation[begin + q]


@inline
def accumulate_ungated(m, u, at, r, chunk):
    """The gradient of a run without gates, of one neuron."""
    row = m.run_first[r]
    n = m.run_length[r]
    sources = of_sources(m.run_flags[r], chunk.now, chunk.now - chunk.rows)
    if m.run_kind[r] == LISTED:
        for q in range(row, row + n):
            i = sources + m.source[q]
            u.weight_move[q] += product(u, at, u.activation, i, chunk)
    elif 4 * n > width(u.activation) > 1:
        accumulate_row(u, at, row, n, sources + m.run_source[r], chunk)
    else:
        for q in range(n):
            i = sources + m.run_source[r] + q
            u.weight_move[row + q] += product(u, at, u.activation, i, chunk)


@inline
def accumulate_run(m, u, at, r, chunk):
    """The gradient of a run of one neuron, connection by connection."""
    run_kind = m.run_kind[r]
    if run_kind <= LISTED:
        accumulate_ungated(m, u, at, r, chunk)
        return
    flags = m.run_flags[r]
    row = m.run_first[r]
    before = chunk.now - chunk.rows
    sources = of_sources(flags, chunk.now, before)
    gaters = of_gaters(flags, chunk.now, before)
    for q in range(m.run_length[r]):
        i = sources + (m.source[row + q] if run_kind == PAIRED else m.run_source[r] + q)
        gater = m.run_gater[r] if run_kind == SHARED else m.gater[row + q]
        g = gaters + gater
        u.weight_move[row + q] += gated_product(u, at, g, u.activation, i, chunk)


@inline
def accumulate_memory(m, u, at, j, chunk):
    """The gradient of a trainable self-connection, which carries states."""
    self_row = m.self_row[j]
    gater = m.self_gater[j]
    before = chunk.now - chunk.rows
    if m.trainable[self_row] and gater == NONE:
        u.weight_move[self_row] += product(u, at, u.state, before + j, chunk)
    elif m.trainable[self_row]:
        g = of_gater(m, gater, j, chunk.now, before) + gater
        u.weight_move[self_row] += gated_product(u, at, g, u.state, before + j, chunk)


@rare(*[INDEX] * 4, chunk_kind, taped=True)
def accumulate_apart(m, u, r, runs, start, stop, chunk):
    """The gradient of a run of consecutive neurons whose sources differ between
    them.
    """
    for j in range(start, stop):
        accumulate_run(m, u, j - chunk.origin, r + (j - start) * runs, chunk)


@rare(INDEX, INDEX, chunk_kind, taped=True)
def accumulate_memories(m, u, start, stop, chunk):
    """The gradients of the self-connections of consecutive neurons."""
    for j in range(start, stop):
        accumulate_memory(m, u, j - chunk.origin, j, chunk)


@inline
def accumulate_alike(m, u, start, stop, fresh, chunk):
    """The gradient of the connections of neurons computed together; if `fresh`, dense
    runs are overwritten.
    """
    # dE/dw_ij = - sum_t delta_j g_ij y_i
    runs = m.last_run[start] - m.first_run[start]
    for r in range(m.first_run[start], m.last_run[start]):
        if m.run_flags[r] & FIXED:
            continue
        if dense_alike(m, r):
            accumulate_dense(m, u, chunk, start, stop, r, fresh)
        else:
            accumulate_apart(m, u, r, runs, start, stop, chunk)
    # dE/dw_jj = - sum_t delta_j g_jj s_j(old)
    if m.flags[start] & MEMORY:
        accumulate_memories(m, u, start, stop, chunk)


@rare(INDEX, INDEX, chunk_kind, taped=True)
def accumulate_lone(m, u, start, stop, chunk):
    """The gradient of the connections of consecutive neurons, each by itself."""
    for j in range(start, stop):
        at = j - chunk.origin
        for r in range(m.first_run[j], m.last_run[j]):
            if not m.run_flags[r] & FIXED:
                accumulate_run(m, u, at, r, chunk)
        if m.flags[j] & MEMORY:
            accumulate_memory(m, u, at, j, chunk)


@inline
def accumulate_bias(u, at, chunk):
    """The gradient of a bias: the sum of a neuron's errors."""
    moved = splat(0.0, u.state)
    for t in range(chunk.steps):
        moved += u.error[at + t * (chunk.rows + NEURONS)]
    u.bias_move[at] += total(moved)


@inline
def accumulate(m, u, span, step, steps, lanes, fresh):
    """Add steps from `step` on to the gradient of all parameters; if `fresh`, dense
    runs are overwritten.
    """
    rows = span.stop - span.start
    now = (step + 1) * rows - span.start
    chunk = Chunk(step, steps, now, span.start, rows, lanes)
    start = span.start + span.inputs
    while start < span.stop:
        if is_lone(m, start):
            stop = lone_stop(m, start, span.stop)
            accumulate_lone(m, u, start, stop, chunk)
        else:
            stop = m.alike_stop[start]
            accumulate_alike(m, u, start, stop, fresh, chunk)
        # dE/db_j = - sum_t delta_j
        for j in range(start, stop):
            if m.trainable_bias[j]:
                accumulate_bias(u, j - span.start, chunk)
        start = stop
