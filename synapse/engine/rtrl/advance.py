"""Sensitivities from one step to the next, and the updates that pass through them."""

from __future__ import annotations

import numpy as np

from ..compiler.jit import inline, noinline, one, zero
from ..compiler.tiles import (
    add_outer,
    add_pack,
    add_rows,
    add_scaled,
    no_pack,
    no_sums,
    pack,
    put_pack,
    set_scaled,
    spaced,
    width,
)
from ..lowering.flags import DENSE, FIXED, LISTED, SHARED, ZIPPED
from ..online.delayed import gater_read, gaters_read, sources_read
from ..schema import (
    FIRST,
    LATEST_HALF,
    NONE,
    PLAN_CLASSES,
    PLAN_HALF,
    PLAN_PANEL,
    PLAN_ROOTS,
    PLAN_TERMS,
    STOP,
    TILE,
)
from .layout import FEW, MANY, PANEL_TILES, TILE_PACKS
from .sweep import sweep_root

u8 = np.uint64
ONE, TWO, THREE, FOUR = u8(1), u8(2), u8(3), u8(4)
LINES = u8(TILE)
PACK, PACKS = (0,), (0,) * TILE_PACKS
COLUMNS, TILES = u8(TILE_PACKS), u8(PANEL_TILES)


@inline
def remember(m, p):
    """Keep the slopes of the previous step, before the next one. writes: old_derivative"""
    for k in range(p.counts[PLAN_ROOTS]):
        p.old_derivative[k] = m.derivative[p.root[k]]


@inline
def lay_direct(m, p, span):
    """How the parameters into each neuron move its state within the step: g_ij y_i. writes: direct

    Neurons for which these are the same numbers share them; the first of them comes first.
    """
    laid = u8(0)
    for i in range(span[STOP] - span[FIRST]):
        j, at = i + span[FIRST], u8(p.direct_at[i])
        if p.direct_at[i] == NONE or at < laid:
            continue
        laid = at + u8(m.learning[j]) + u8(m.trainable_bias[j])
        incoming = u8(m.first_incoming[j])
        for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
            if not m.run_flags[r] & FIXED:
                lay_run(m, p, r, at + u8(m.run_first[r]) - incoming)
        own = m.self_row[j]
        if own != NONE and m.trainable[own]:
            gain, gater = one(m.bias[j]), m.self_gater[j]
            if gater != NONE:
                gain = gater_read(m, gater, j)
            p.direct[at + u8(own) - incoming] = gain * m.old_state[j]
        if m.trainable_bias[j]:
            p.direct[at + u8(m.learning[j])] = 1.0


@inline
def lay_run(m, p, r, at):
    """How the weights of a run move the state of its target within the step. writes: direct"""
    kind, first, n = m.run_kind[r], u8(m.run_first[r]), u8(m.run_length[r])
    activations, gains = sources_read(m, r), gaters_read(m, r)
    if kind == LISTED:
        for t in range(n):
            p.direct[at + t] = activations[m.source[first + t]]
        return
    source = u8(m.run_source[r])
    if kind == DENSE or kind == SHARED:
        gain = gains[m.run_gater[r]] if kind == SHARED else one(activations[source])
        set_scaled(p.direct, at, gain, activations, source, n)
    elif kind == ZIPPED:
        gater = u8(m.run_gater[r])
        for t in range(n):
            p.direct[at + t] = gains[gater + t] * activations[source + t]
    else:
        for t in range(n):
            p.direct[at + t] = gains[m.gater[first + t]] * activations[m.source[first + t]]


@inline
def lay_values(p, begin, terms, count, step, to):
    """The factors of the terms of some lines, term by term. reads: reading_value; writes: values"""
    for k in range(count):
        for e in range(terms):
            p.values[to + e * step + k] = p.reading_value[p.term_value[begin + k * terms + e]]
    for k in range(count, step):
        for e in range(terms):
            p.values[to + e * step + k] = 0.0


@inline
def four_sums(p, z, lefts, places, first, terms, delta, at):
    """Four packs of delta I + sum_e values[e] Z_e: I is at `at`, Z_e at z + places[first + e].

    They are computed together because the sums of one would wait for each other. `lefts` are their sizes.
    """
    step, nothing = width(p.sensitivity), no_pack(p.sensitivity)
    s0, s1, s2, s3 = nothing, nothing, nothing, nothing
    if delta != 0.0:
        s0 = s0 + delta * pack(p.direct, at, lefts[0])
        s1 = s1 + delta * pack(p.direct, at + step, lefts[1])
        s2 = s2 + delta * pack(p.direct, at + TWO * step, lefts[2])
        s3 = s3 + delta * pack(p.direct, at + THREE * step, lefts[3])
    for e in range(terms):
        x, line = p.values[e], z + places[first + e]
        if x != 0.0:
            s0 = s0 + x * pack(p.sensitivity, line, lefts[0])
            s1 = s1 + x * pack(p.sensitivity, line + step, lefts[1])
            s2 = s2 + x * pack(p.sensitivity, line + TWO * step, lefts[2])
            s3 = s3 + x * pack(p.sensitivity, line + THREE * step, lefts[3])
    return s0, s1, s2, s3


@inline
def sizes_of(n, step):
    """How many numbers there are in each of four packs."""
    left0, left1, left2 = min(step, n), min(TWO * step, n), min(THREE * step, n)
    return left0, left1 - left0, left2 - left1, min(FOUR * step, n) - left2


@inline
def set_sums(p, to, n, z, places, first, terms):
    """Write n such numbers to ``sensitivity``, without what is direct."""
    step, q = width(p.sensitivity), u8(0)
    while q < n:
        if n - q >= FOUR * step:  # with constant sizes, which need no masks
            put_sums(p, to + q, (step, step, step, step), z + q, places, first, terms)
        else:
            put_sums(p, to + q, sizes_of(n - q, step), z + q, places, first, terms)
        q += FOUR * step


@inline
def put_sums(p, to, lefts, z, places, first, terms):
    """Write four packs."""
    step = width(p.sensitivity)
    s0, s1, s2, s3 = four_sums(p, z, lefts, places, first, terms, zero(p.values[0]), u8(0))
    put_pack(p.sensitivity, to, lefts[0], s0)
    put_pack(p.sensitivity, to + step, lefts[1], s1)
    put_pack(p.sensitivity, to + TWO * step, lefts[2], s2)
    put_pack(p.sensitivity, to + THREE * step, lefts[3], s3)


@inline
def add_sums(target, p, to, n, z, places, first, terms, delta, at):
    """Add n such numbers to a column."""
    step = width(target)
    for q in range(u8(0), n, FOUR * step):
        left = n - q
        s0, s1, s2, s3 = four_sums(p, z + q, sizes_of(left, step), places, first, terms, delta, at + q)
        add_pack(target, to + q, left, s0)
        if left > step:
            add_pack(target, to + q + step, left - step, s1)
        if left > TWO * step:
            add_pack(target, to + q + TWO * step, left - TWO * step, s2)
        if left > THREE * step:
            add_pack(target, to + q + THREE * step, left - THREE * step, s3)


@inline
def gather(p, first, terms, old, q, stop, n):
    """Copy columns from `q` to `stop` of the lines that are summed to the panel. writes: sensitivity

    The panel holds them tile by tile. The columns of the last tile of a line overlap with those before it.
    """
    step = width(p.sensitivity)
    size, panel = COLUMNS * step, p.counts[PLAN_PANEL]
    for e in range(terms):
        line, to = old + p.term_at[first + e], panel + e * size
        for t in range(q, stop, size):
            at = line + min(t, n - size)
            for k in range(u8(0), size, step):
                put_pack(p.sensitivity, to + k, step, pack(p.sensitivity, at + k, step))
            to += terms * size


@inline
def renew_tile(p, first, terms, z, values, rows, q, left, count, packs):
    """Some packs of columns of up to eight lines, whose sums stay in registers."""
    sums = no_sums(p.sensitivity, packs)
    for e in range(terms):
        line = z + p.term_at[first + e]
        sums = add_outer(sums, p.sensitivity, line, left, p.values, values + e * LINES, ONE)
    add_rows(p.sensitivity, rows, q, sums, left, count, True)


@inline
def renew_tiles(p, b, n, old, new):
    """Z(t) = J Z(t-1) for a block of lines, eight at a time. writes: sensitivity, values

    The lines that are summed are far apart in memory. For many sums, some columns of them are gathered first.
    """
    begin, end = u8(p.block_line[b]), u8(p.block_line[b + ONE])
    first, step = p.block_term[b], width(p.sensitivity)
    terms, size = p.block_term[b + ONE] - first, COLUMNS * step
    many = end - begin >= MANY and n >= size
    for k in range(u8(0), end - begin, LINES):
        lay_values(p, p.block_value[b] + k * terms, terms, min(LINES, end - begin - k), LINES, k * terms)
    for q in range(u8(0), n, TILES * size):  # outside, so that the panel stays in the cache
        stop = min(n, q + TILES * size)
        if many:
            gather(p, first, terms, old, q, stop, n)
        for k in range(u8(0), end - begin, LINES):
            count = min(LINES, end - begin - k)
            rows = spaced(new + p.line_at[begin + k], n, count)
            for t in range(q, stop, size if n >= size else step):
                if n < size:
                    left = min(step, n - t)
                    renew_tile(p, first, terms, old + t, k * terms, rows, t, left, count, PACK)
                    continue
                at, z, read = min(t, n - size), old + min(t, n - size), first
                if many:
                    z, read = p.counts[PLAN_PANEL] + (t - q) * terms, p.counts[PLAN_TERMS]
                renew_tile(p, read, terms, z, k * terms, rows, at, step, count, PACKS)


@inline
def add_direct(p, line, new):
    """Z(t) += I for a line. reads: visit_delta, direct; writes: sensitivity"""
    to = new + p.line_at[line]
    for d in range(u8(p.part_first[line]), u8(p.part_first[line + ONE])):
        delta = p.visit_delta[p.part_visit[d]]
        if delta != 0.0:
            at, n = u8(p.part_direct[d]), u8(p.part_length[d])
            add_scaled(p.sensitivity, to + p.part_column[d], delta, p.direct, at, n)


@inline
def renew_class(p, c, old, new):
    """Z(t) = J Z(t-1) + I for the lines of a class. writes: sensitivity, values"""
    n = u8(p.class_width[c])
    for b in range(u8(p.class_block[c]), u8(p.class_block[c + ONE])):
        begin, end = u8(p.block_line[b]), u8(p.block_line[b + ONE])
        first, terms = p.block_term[b], p.block_term[b + ONE] - p.block_term[b]
        if end - begin >= FEW:
            renew_tiles(p, b, n, old, new)
        else:
            for k in range(end - begin):
                lay_values(p, p.block_value[b] + k * terms, terms, ONE, ONE, u8(0))
                set_sums(p, new + p.line_at[begin + k], n, old, p.term_at, first, terms)
        for line in range(begin, end):
            add_direct(p, line, new)


@noinline
def advance(m, p, span):
    """Renew all sensitivities after an activation: Z(t) = J Z(t-1) + I.

    writes: direct, visit_delta, reading_value, sensitivity, latest
    """
    half = p.counts[PLAN_HALF]
    old = p.latest[LATEST_HALF] * half
    new = half - old
    lay_direct(m, p, span)
    for k in range(p.counts[PLAN_ROOTS]):
        sweep_root(m, p, span, k)
    for c in range(p.counts[PLAN_CLASSES]):
        renew_class(p, c, old, new)
    p.latest[LATEST_HALF] = ONE - p.latest[LATEST_HALF]


@noinline
def move_through(m, p, rate):
    """Update parameters by what is direct, and along the sensitivities of the previous step.

    dE/dp = delta_j I_p + sum_q aim_q Z_qp(t-1), for the parameters p into neurons j that have sensitivities.
    reads: responsibility, direct, aim, sensitivity; writes: weight_destination, bias_destination
    """
    half = p.counts[PLAN_HALF]
    old = half - p.latest[LATEST_HALF] * half
    for c in range(p.counts[PLAN_CLASSES]):
        begin = u8(p.class_line[c])
        terms = u8(p.class_line[c + ONE]) - begin
        for k in range(terms):
            p.values[k] = rate * p.aim[p.line_root[begin + k]]
        for g in range(u8(p.update_first[c]), u8(p.update_first[c + ONE])):
            row, n, z, at = u8(p.update_row[g]), u8(p.update_length[g]), old, u8(p.update_direct[g])
            step, some = rate * m.responsibility[p.update_neuron[g]], u8(0)
            if p.update_column[g] != NONE:  # else a parameter that shares its column has the sum
                z, some = old + p.update_column[g], terms
            if p.update_bias[g]:
                for k in range(some):
                    step += p.values[k] * p.sensitivity[z + p.line_at[begin + k]]
                m.bias_destination[row] += step
            else:
                add_sums(m.weight_destination, p, row, n, z, p.line_at, begin, some, step, at)
