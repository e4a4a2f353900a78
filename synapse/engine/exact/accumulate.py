"""Sum the errors of a chunk of steps into the exact gradient of weights and biases.

    dE/dw_ij = - sum over steps and samples of delta_j g_ij y_i

Neurons with the same sources are processed a tile at a time, and their sources one or
two packs at a time. Because the activations of a sample are consecutive in
``tapes.transposed``, sums do not run across a register.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..language import (
    INDEX,
    add_outer,
    add_rows,
    added,
    by_sample,
    flat,
    inline,
    lazy_part,
    no_sums,
    noinline,
    pack,
    put_pack,
    splat,
    tile,
    total,
    width,
)
from ..lowering.flags import FIXED, MEMORY, SHARED
from ..online.lists import is_listed, list_touched, listed_range
from ..online.read_order import at_gaters_step, at_self_gater_step
from ..schema import MAX_TILE
from ..terms import each_term, own_term
from .states import (
    PACK,
    are_many,
    dense_alike,
    gain,
    lone_stop,
    rows_of,
)
from .step import CHUNK_KIND, Chunk, places_of, sources_before


@inline
def scale_errors(store, tapes, r, runs, at, count, gains, chunk):
    """Write the errors of a tile of neurons, scaled by their gaters, after all other
    errors of their step.
    """
    for t in range(chunk.steps):
        step = t * (chunk.rows + MAX_TILE)
        for k in range(count):
            scale = gain(store, tapes, r + k * runs, gains + t * chunk.rows)
            tapes.error[step + chunk.rows + k] = tapes.error[step + at + k] * scale


@inline
def pack_panel(tapes, offset, left, chunk, packs):
    """Copy one or two packs of sources, for all steps and samples, side by side, which
    keeps them in the cache.
    """
    activation = by_sample(tapes)
    panel = flat(tapes).panel
    wide = width(activation)
    to = 0
    for t in range(chunk.steps * chunk.lanes):
        for q in range(0, packs * wide, wide):
            n = left - q if q < left else 0
            source = offset + t * chunk.rows + q
            put_pack(panel, to + q, wide, pack(activation, source, n))
        to += packs * wide


@inline
def accumulate_tile(tapes, chunk, at, left, to, q, count, fresh, packs):
    """Add sums of errors times the packs of the panel to the gradient of a tile, or
    overwrite it if `fresh`.
    """
    numbers = flat(tapes)
    step = width(numbers.panel)
    lanes = chunk.lanes
    size = (chunk.rows + MAX_TILE) * lanes
    sums = no_sums(numbers.panel, packs)
    wide = len(packs) * step
    for t in range(chunk.steps):
        offset = t * lanes * wide
        begin = at * lanes + t * size
        for lane in range(lanes):
            sources = offset + lane * wide
            sums = add_outer(
                sums, numbers.panel, sources, step, numbers.error, begin + lane, lanes
            )
    add_rows(tapes.weight_update, to, q, sums, left - wide + step, count, fresh)


@inline
def accumulate_dense(store, tapes, chunk, start, stop, r, fresh, long):
    """Add the gradient of a dense run of neurons with the same sources, which is `long`
    or fills a vector register.
    """
    flags = store.run_flags[r]
    shared = store.run_kind[r] == SHARED
    runs = store.run_stop[start] - store.run_start[start]
    n = store.run_length[r]
    # activations are stored sample by sample, and a step's begin where its samples
    # begin
    source = sources_before(store, r, chunk.now, chunk.rows) + chunk.origin
    begin = source * chunk.lanes + store.run_source[r] - chunk.origin
    gains = at_gaters_step(flags, chunk.now, chunk.now - chunk.rows)
    wide = width(by_sample(tapes))
    together = tile().packs * wide
    entry = 0
    panels = (n + together - 1) // together
    few = long and is_listed(store, r)
    if few:
        entry, end = listed_range(store, r)
        panels = end - entry
    # Packs outside, so that their activations stay in the cache for all tiles.
    for k in range(panels):
        q = store.listed[entry + k] if few else k * together
        left = min(n - q, together)
        both = long and tile().packs > 1 and left > wide
        pack_panel(tapes, begin + q, left, chunk, 1 + both)
        for j in range(start, stop, tile().neurons):
            count = min(stop - j, tile().neurons)
            at = j - chunk.origin
            run = r + (j - start) * runs
            if shared:
                scale_errors(store, tapes, run, runs, at, count, gains, chunk)
                at = chunk.rows
            to = rows_of(store, run, runs, count)
            if both:
                packs = PACK * tile().packs
                accumulate_tile(tapes, chunk, at, left, to, q, count, fresh, packs)
            else:
                accumulate_tile(tapes, chunk, at, left, to, q, count, fresh, PACK)


@lazy_part(*[INDEX] * 4, CHUNK_KIND, taped=True)
def accumulate_long(store, tapes, r, start, stop, fresh, chunk):
    """Add the gradient of a dense run of more sources than a register holds."""
    accumulate_dense(store, tapes, chunk, start, stop, r, fresh, True)


@inline
def product(tapes, at, gater, tape, offset, chunk):
    """Return the sum over steps and samples of an error, which a gater may scale, times
    a number of a tape.
    """
    moved = splat(0.0, tapes.state)
    for t in range(chunk.steps):
        error = tapes.error[at + t * (chunk.rows + MAX_TILE)]
        if gater is not None:
            error = error * tapes.activation[gater + t * chunk.rows]
        moved += error * tape[offset + t * chunk.rows]
    return total(moved)


@inline
def move_by_steps(c, i, g, tapes, at, tape, chunk):
    """Add the gradient of a connection: `move` along all steps of a chunk."""
    tapes.weight_update[c] += product(tapes, at, g, tape, i, chunk)


@inline
def accumulate_run(store, tapes, at, r, chunk):
    """Add the gradient of a run of one neuron, connection by connection."""
    sources = sources_before(store, r, chunk.now, chunk.rows)
    before = chunk.now - chunk.rows
    gaters = at_gaters_step(store.run_flags[r], chunk.now, before)
    of = tapes, at, tapes.activation, chunk
    places = places_of(store, r, 0, True)
    each_term(store, r, places, sources, gaters, move_by_steps, *of)


@inline
def accumulate_memory(store, tapes, at, j, chunk):
    """Add the gradient of a trainable self-connection, which carries states."""
    before = chunk.now - chunk.rows
    if store.trainable[store.self_row[j]]:
        by = at_self_gater_step(store, j, chunk.now, before)
        of = tapes, at, tapes.state, chunk
        own_term(store, j, before, by, move_by_steps, *of)


@lazy_part(*[INDEX] * 4, CHUNK_KIND, taped=True)
def accumulate_apart(store, tapes, r, runs, start, stop, chunk):
    """Add the gradient of a run of consecutive neurons whose sources differ between
    them.
    """
    for j in range(start, stop):
        accumulate_run(store, tapes, j - chunk.origin, r + (j - start) * runs, chunk)


@lazy_part(INDEX, INDEX, CHUNK_KIND, taped=True)
def accumulate_memories(store, tapes, start, stop, chunk):
    """Add the gradients of the self-connections of consecutive neurons."""
    for j in range(start, stop):
        accumulate_memory(store, tapes, j - chunk.origin, j, chunk)


@inline
def accumulate_alike(store, tapes, start, stop, fresh, chunk):
    """Add the gradient of the connections of neurons computed together. If `fresh`,
    dense runs are overwritten.
    """
    # dE/dw_ij = - sum_t delta_j g_ij y_i
    runs = store.run_stop[start] - store.run_start[start]
    for r in range(store.run_start[start], store.run_stop[start]):
        if store.run_flags[r] & FIXED:
            continue
        if not dense_alike(store, r):
            accumulate_apart(store, tapes, r, runs, start, stop, chunk)
        elif store.run_length[r] > width(by_sample(tapes)):
            accumulate_long(store, tapes, r, start, stop, fresh, chunk)
        else:
            accumulate_dense(store, tapes, chunk, start, stop, r, fresh, False)
    # dE/dw_jj = - sum_t delta_j g_jj s_j(old)
    if store.flags[start] & MEMORY:
        accumulate_memories(store, tapes, start, stop, chunk)


@lazy_part(INDEX, INDEX, CHUNK_KIND, taped=True)
def accumulate_lone(store, tapes, start, stop, chunk):
    """Add the gradient of the connections of consecutive neurons, one neuron at a
    time.
    """
    for j in range(start, stop):
        at = j - chunk.origin
        for r in range(store.run_start[j], store.run_stop[j]):
            if not store.run_flags[r] & FIXED:
                accumulate_run(store, tapes, at, r, chunk)
        if store.flags[j] & MEMORY:
            accumulate_memory(store, tapes, at, j, chunk)


class NeuronPart(NamedTuple):
    """The neurons whose gradient is summed, which are one of several parts of every
    block, in whole tiles. If `fresh`, old sums are overwritten.
    """

    part: Any
    parts: Any
    fresh: Any


@inline
def bounds_of(neurons, start, stop):
    """Return the neurons of a block that belong to a part."""
    tiles = (stop - start + tile().neurons - 1) // tile().neurons
    start_row = start + tiles * neurons.part // neurons.parts * tile().neurons
    last = start + tiles * (neurons.part + 1) // neurons.parts * tile().neurons
    return start_row, min(last, stop)


@inline
def begin_sums(store, tapes, span, j, learns):
    """Reset the sums of a neuron, which may contain other numbers after ``move``,
    unless `accumulate` overwrites them.
    """
    tapes.bias_update[j - span.start] = 0.0
    if store.flags[j] & MEMORY:
        tapes.weight_update[store.self_row[j]] = 0.0
    for r in range(store.run_start[j], store.run_stop[j]):
        summed = learns and not store.run_flags[r] & FIXED
        if not (summed and are_many(store, j) and dense_alike(store, r)):
            row = store.run_first[r]
            tapes.weight_update[row : row + store.run_length[r]] = 0.0


@noinline
def accumulate(store, tapes, span, step, steps, depth, lanes, neurons):
    """Add the steps from `step` on to the gradient of the parameters of a `NeuronPart`.
    The tapes begin with a context of `depth` steps.
    """
    rows = span.stop - span.start
    chunk = Chunk(steps, (step + depth) * rows - span.start, span.start, rows, lanes)
    stop = span.start + span.inputs
    if store.ties.lists != 0:
        list_touched(store, span)
    size = chunk.rows + MAX_TILE
    none = splat(0.0, tapes.state)
    if neurons.fresh and neurons.part == 0:
        for j in range(span.start, stop):
            begin_sums(store, tapes, span, j, False)
    while stop < span.stop:
        begin = stop
        many = are_many(store, begin)
        stop = store.alike_stop[begin] if many else lone_stop(store, begin, span.stop)
        start_row, last = bounds_of(neurons, begin, stop)
        if neurons.fresh:
            for j in range(start_row, last):
                begin_sums(store, tapes, span, j, True)
        if not many:
            accumulate_lone(store, tapes, start_row, last, chunk)
        elif start_row < last:
            accumulate_alike(store, tapes, start_row, last, neurons.fresh, chunk)
        # dE/db_j = - sum_t delta_j
        for j in range(start_row, last):
            if store.trainable_bias[j]:
                at = j - span.start
                moved = added(
                    (tapes.error[at + t * size] for t in range(chunk.steps)), none
                )
                tapes.bias_update[at] += total(moved)
