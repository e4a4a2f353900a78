"""Sensitivities from one step to the next, and the updates that pass through them."""

from __future__ import annotations

import numpy as np

from .. import schema
from ..compiler import tiles
from ..compiler.jit import inline, noinline, one, zero
from ..compiler.rare import INDEX, PLAN, rare
from ..lowering.flags import DENSE, FIXED, LISTED, SHARED, ZIPPED
from ..online.reads import gater_read, gaters_read, sources_read
from .layout import FEW
from .sweep import sweep_root

u8 = np.uint64
ONE, TWO, THREE, FOUR = u8(1), u8(2), u8(3), u8(4)
LINES = u8(schema.TILE)
PACK, PACKS = (0,), (0,) * 3  # of a tile: times eight lines, 24 of the 32 registers of AVX-512
COLUMNS = u8(len(PACKS))


@inline
def remember(m, p):
    """Keep the slopes of the previous step, before the next one."""
    for k in range(p.counts[schema.PLAN_ROOTS]):
        p.old_derivative[k] = m.derivative[p.root[k]]


@inline
def lay_direct(m, p, span, to):
    """How the parameters into each neuron move its state within the step: g_ij y_i."""
    laid = u8(0)
    for i in range(span[schema.STOP] - span[schema.FIRST]):
        j, at = i + span[schema.FIRST], u8(p.direct_at[i])
        if p.direct_at[i] == schema.NONE or at < laid:
            continue
        laid = at + u8(m.learning[j]) + u8(m.trainable_bias[j])
        at += to
        incoming = u8(m.first_incoming[j])
        for r in range(u8(m.first_run[j]), u8(m.last_run[j])):
            if not m.run_flags[r] & FIXED:
                lay_run(m, p, r, at + u8(m.run_first[r]) - incoming)
        own = m.self_row[j]
        if own != schema.NONE and m.trainable[own]:
            gain, gater = one(m.bias[j]), m.self_gater[j]
            if gater != schema.NONE:
                gain = gater_read(m, gater, j)
            p.direct[at + u8(own) - incoming] = gain * m.old_state[j]
        if m.trainable_bias[j]:
            p.direct[at + u8(m.learning[j])] = 1.0


@inline
def lay_run(m, p, r, at):
    """How the weights of a run move the state of its target within the step."""
    kind, first, n = m.run_kind[r], u8(m.run_first[r]), u8(m.run_length[r])
    activations, gains = sources_read(m, r), gaters_read(m, r)
    if kind == LISTED:
        for t in range(n):
            p.direct[at + t] = activations[m.source[first + t]]
        return
    source = u8(m.run_source[r])
    if kind == DENSE or kind == SHARED:
        gain = gains[m.run_gater[r]] if kind == SHARED else one(activations[source])
        tiles.set_scaled(p.direct, at, gain, activations, source, n)
    elif kind == ZIPPED:
        gater = u8(m.run_gater[r])
        for t in range(n):
            p.direct[at + t] = gains[gater + t] * activations[source + t]
    else:
        for t in range(n):
            p.direct[at + t] = gains[m.gater[first + t]] * activations[m.source[first + t]]


@inline
def lay_values(p, begin, terms, count, step, to):
    """The factors of the terms of some lines, term by term."""
    for k in range(count):
        for e in range(terms):
            p.values[to + e * step + k] = p.reading_value[p.term_value[begin + k * terms + e]]
    for k in range(count, step):
        for e in range(terms):
            p.values[to + e * step + k] = 0.0


@inline
def four_sums(p, z, lefts, places, first, terms, delta, at):
    """Four packs of delta I + sum_e values[e] Z_e, together: I is at `at`, Z_e at z + places[first + e]."""
    step, nothing = tiles.width(p.sensitivity), tiles.no_pack(p.sensitivity)
    s0, s1, s2, s3 = nothing, nothing, nothing, nothing
    if delta != 0.0:
        s0 = s0 + delta * tiles.pack(p.direct, at, lefts[0])
        s1 = s1 + delta * tiles.pack(p.direct, at + step, lefts[1])
        s2 = s2 + delta * tiles.pack(p.direct, at + TWO * step, lefts[2])
        s3 = s3 + delta * tiles.pack(p.direct, at + THREE * step, lefts[3])
    for e in range(terms):
        x, line = p.values[e], z + places[first + e]
        if x != 0.0:
            s0 = s0 + x * tiles.pack(p.sensitivity, line, lefts[0])
            s1 = s1 + x * tiles.pack(p.sensitivity, line + step, lefts[1])
            s2 = s2 + x * tiles.pack(p.sensitivity, line + TWO * step, lefts[2])
            s3 = s3 + x * tiles.pack(p.sensitivity, line + THREE * step, lefts[3])
    return s0, s1, s2, s3


@inline
def sizes_of(n, step):
    """How many numbers there are in each of four packs."""
    left0, left1, left2 = min(step, n), min(TWO * step, n), min(THREE * step, n)
    return left0, left1 - left0, left2 - left1, min(FOUR * step, n) - left2


@inline
def set_sums(p, to, n, z, places, first, terms):
    """Write n such numbers to ``sensitivity``, without what is direct."""
    step, q = tiles.width(p.sensitivity), u8(0)
    while q < n:
        if n - q >= FOUR * step:  # with constant sizes, which need no masks
            put_sums(p, to + q, (step, step, step, step), z + q, places, first, terms)
        else:
            put_sums(p, to + q, sizes_of(n - q, step), z + q, places, first, terms)
        q += FOUR * step


@inline
def put_sums(p, to, lefts, z, places, first, terms):
    """Write four packs."""
    step = tiles.width(p.sensitivity)
    s0, s1, s2, s3 = four_sums(p, z, lefts, places, first, terms, zero(p.values[0]), u8(0))
    tiles.put_pack(p.sensitivity, to, lefts[0], s0)
    tiles.put_pack(p.sensitivity, to + step, lefts[1], s1)
    tiles.put_pack(p.sensitivity, to + TWO * step, lefts[2], s2)
    tiles.put_pack(p.sensitivity, to + THREE * step, lefts[3], s3)


@inline
def add_sums(target, p, to, n, z, places, first, terms, delta, at):
    """Add n such numbers to a column."""
    step = tiles.width(target)
    for q in range(u8(0), n, FOUR * step):
        left = n - q
        s0, s1, s2, s3 = four_sums(p, z + q, sizes_of(left, step), places, first, terms, delta, at + q)
        tiles.add_pack(target, to + q, left, s0)
        if left > step:
            tiles.add_pack(target, to + q + step, left - step, s1)
        if left > TWO * step:
            tiles.add_pack(target, to + q + TWO * step, left - TWO * step, s2)
        if left > THREE * step:
            tiles.add_pack(target, to + q + THREE * step, left - THREE * step, s3)


@inline
def renew_tile(p, places, first, terms, z, factors, at, stride, rows, q, left, count, packs):
    """Some packs of columns of up to eight lines, whose sums stay in registers."""
    sums = tiles.no_sums(p.sensitivity, packs)
    for e in range(terms):
        sums = tiles.add_outer(
            sums, p.sensitivity, z + places[first + e], left, factors, at + e * stride, ONE
        )
    tiles.add_rows(p.sensitivity, rows, q, sums, left, count, True)


@inline
def renew_tiles(p, begin, end, n, old, new, places, first, terms, factors, at, across, down):
    """Z(t) = J Z(t-1) for lines of a class, eight at a time.

    Term e is the line at `old` + places[first + e]. Its factors for eight lines from k on are at
    `at` + k `across` + e `down`. The columns of the last tile overlap with those before it.
    """
    step = tiles.width(p.sensitivity)
    size = COLUMNS * step
    for t in range(u8(0), n, size if n >= size else step):  # outside: these columns stay in the cache
        q = min(t, n - size) if n >= size else t
        for k in range(u8(0), end - begin, LINES):
            count, factor = min(LINES, end - begin - k), at + k * across
            rows = tiles.spaced(new + p.line_at[begin + k], n, count)
            if n >= size:
                renew_tile(
                    p, places, first, terms, old + q, factors, factor, down, rows, q, step, count, PACKS
                )
            else:
                left = min(step, n - q)
                renew_tile(
                    p, places, first, terms, old + q, factors, factor, down, rows, q, left, count, PACK
                )


@inline
def add_direct(p, line, new):
    """Z(t) += I for a line."""
    to = new + p.line_at[line]
    for d in range(u8(p.part_first[line]), u8(p.part_first[line + ONE])):
        delta = p.visit_delta[p.part_visit[d]]
        if delta != 0.0:
            at, n = u8(p.part_direct[d]), u8(p.part_length[d])
            tiles.add_scaled(p.sensitivity, to + p.part_column[d], delta, p.direct, at, n)


@inline
def renew_class(m, p, c, old, new):
    """Z(t) = J Z(t-1) + I for the lines of a class."""
    n = u8(p.class_width[c])
    for b in range(u8(p.class_block[c]), u8(p.class_block[c + ONE])):
        begin, end = u8(p.block_line[b]), u8(p.block_line[b + ONE])
        if end - begin >= FEW:
            renew_block(m, p, b, n, old, new)
        else:
            first, terms = p.block_term[b], p.block_term[b + ONE] - p.block_term[b]
            for k in range(end - begin):
                lay_values(p, p.block_value[b] + k * terms, terms, ONE, ONE, u8(0))
                set_sums(p, new + p.line_at[begin + k], n, old, p.term_at, first, terms)
        for line in range(begin, end):
            add_direct(p, line, new)


@rare(PLAN, INDEX, INDEX, INDEX, INDEX)
def renew_block(m, p, b, n, old, new):
    """Z(t) = J Z(t-1) for a block of many lines, in tiles."""
    begin, end = u8(p.block_line[b]), u8(p.block_line[b + ONE])
    first, terms = p.block_term[b], p.block_term[b + ONE] - p.block_term[b]
    for k in range(u8(0), end - begin, LINES):
        count = min(LINES, end - begin - k)
        lay_values(p, p.block_value[b] + k * terms, terms, count, LINES, k * terms)
    renew_tiles(p, begin, end, n, old, new, p.term_at, first, terms, p.values, u8(0), terms, LINES)


@inline
def moved_at(p, step):
    """Where the numbers begin that vectors have given to neurons at a pending step."""
    return p.counts[schema.PLAN_DEPTH] * p.counts[schema.PLAN_VISITS] + step * p.counts[schema.PLAN_MOVED]


@inline
def end_of(p, steps):
    """Where vectors are to be put that are followed back through some steps; then they are at `end_of` 0."""
    return (
        p.counts[schema.PLAN_DEPTH] * p.counts[schema.PLAN_READINGS]
        + steps % u8(2) * p.counts[schema.PLAN_SQUARE]
    )


@noinline
def follow_back(p, c, steps, n):
    """Follow vectors over lines of a class back through pending steps: a gives a I there, and a J before."""
    first, stop, numbers = u8(p.class_line[c]), u8(p.class_line[c + ONE]), p.reading_value
    near, far = end_of(p, steps), end_of(p, steps + ONE)
    for back in range(steps):
        s = steps - ONE - back
        visits, readings = s * p.counts[schema.PLAN_VISITS], s * p.counts[schema.PLAN_READINGS]
        moved = moved_at(p, s)
        for i in range(u8(p.class_size[c]) * n):
            p.visit_delta[moved + i] = 0.0
        for i in range((stop - first) * n):
            numbers[far + i] = 0.0
        for line in range(first, stop):
            at = near + (line - first) * n
            for g in range(u8(p.given_first[line]), u8(p.given_first[line + ONE])):
                to, delta = moved + p.given_place[g] * n, p.visit_delta[visits + p.given_visit[g]]
                if n == ONE:
                    p.visit_delta[to] += delta * numbers[at]
                else:
                    tiles.add_scaled(p.visit_delta, to, delta, numbers, at, n)
            for g in range(u8(p.link_first[line]), u8(p.link_first[line + ONE])):
                to, value, length = far + p.link_line[g] * n, readings + p.link_reading[g], p.link_length[g]
                if n == ONE:
                    tiles.add_scaled(numbers, to, numbers[at], numbers, value, u8(length))
                    continue
                for t in range(u8(length)):
                    tiles.add_scaled(numbers, to + t * n, numbers[value + t], numbers, at, n)
        near, far = far, near


@inline
def add_pending(p, c, new, steps):
    """Add what is direct in pending steps, carried to the last of them, to the lines of a class, in tiles."""
    begin, end, step = u8(p.class_line[c]), u8(p.class_line[c + ONE]), tiles.width(p.sensitivity)
    for line in range(begin, end, LINES):
        count = min(LINES, end - line)
        rows = tiles.spaced(new + p.line_at[line], u8(p.class_width[c]), count)
        for g in range(u8(p.update_first[c]), u8(p.update_first[c + ONE])):
            n, column = u8(p.update_length[g]), u8(p.update_column[g])
            for q in range(u8(0), n, step):
                left, sums = min(step, n - q), tiles.no_sums(p.sensitivity, PACK)
                for s in range(steps):
                    at = s * p.counts[schema.PLAN_DIRECT] + p.update_direct[g] + q
                    factor = moved_at(p, s) + p.update_place[g] * (end - begin) + (line - begin)
                    sums = tiles.add_outer(sums, p.direct, at, left, p.visit_delta, factor, ONE)
                tiles.add_rows(p.sensitivity, rows, column + q, sums, left, count, False)


@rare(PLAN, INDEX)
def renew(m, p, steps):
    """Write the other half: a unit vector for each line, followed back, is its line of J(t) ... J(t-k+1)."""
    half = p.counts[schema.PLAN_HALF]
    old = p.latest[schema.LATEST_HALF] * half
    for c in range(p.counts[schema.PLAN_CLASSES]):
        begin, end, at = u8(p.class_line[c]), u8(p.class_line[c + ONE]), end_of(p, steps)
        n, columns = end - begin, u8(p.class_width[c])
        for i in range(n * n):
            p.reading_value[at + i] = 0.0
        for k in range(n):
            p.reading_value[at + k * (n + ONE)] = 1.0
        follow_back(p, c, steps, n)
        new, at = half - old, end_of(p, u8(0))
        renew_tiles(p, begin, end, columns, old, new, p.line_at, begin, n, p.reading_value, at, ONE, n)
        add_pending(p, c, new, steps)


@inline
def renew_pending(m, p):
    """Compute the sensitivities after the pending steps, which stay pending."""
    if p.latest[schema.LATEST_PENDING] > 0 and p.latest[schema.LATEST_RENEWED] == 0:
        renew(m, p, p.latest[schema.LATEST_PENDING])
        p.latest[schema.LATEST_RENEWED] = ONE


@noinline
def advance(m, p, span):
    """Renew all sensitivities after an activation, Z(t) = J Z(t-1) + I, or leave the step pending."""
    if p.counts[schema.PLAN_DEPTH] > 1 and p.latest[schema.LATEST_PENDING] == p.counts[schema.PLAN_DEPTH]:
        renew_pending(m, p)
        p.latest[schema.LATEST_HALF] = ONE - p.latest[schema.LATEST_HALF]
        p.latest[schema.LATEST_PENDING] = u8(0)
    step = p.latest[schema.LATEST_PENDING]
    lay_direct(m, p, span, step * p.counts[schema.PLAN_DIRECT])
    for k in range(p.counts[schema.PLAN_ROOTS]):
        sweep_root(m, p, span, k, step * p.counts[schema.PLAN_VISITS], step * p.counts[schema.PLAN_READINGS])
    if p.counts[schema.PLAN_DEPTH] > 1:
        p.latest[schema.LATEST_PENDING], p.latest[schema.LATEST_RENEWED] = step + ONE, u8(0)
        return
    old = p.latest[schema.LATEST_HALF] * p.counts[schema.PLAN_HALF]
    for c in range(p.counts[schema.PLAN_CLASSES]):
        renew_class(m, p, c, old, p.counts[schema.PLAN_HALF] - old)
    p.latest[schema.LATEST_HALF] = ONE - p.latest[schema.LATEST_HALF]


@rare(PLAN, INDEX, INDEX)
def learn_pending(m, p, c, steps):
    """Take the errors of the lines of a class back through the first pending steps, and learn from these."""
    lines, at = u8(p.class_line[c + ONE] - p.class_line[c]), end_of(p, steps)
    for k in range(lines):
        p.reading_value[at + k] = p.values[k]
    follow_back(p, c, steps, ONE)
    at = end_of(p, u8(0))
    for k in range(lines):
        p.values[k] = p.reading_value[at + k]
    for g in range(u8(p.update_first[c]), u8(p.update_first[c + ONE])):
        row, n = u8(p.update_row[g]), u8(p.update_length[g])
        for s in range(steps):
            delta, at = p.visit_delta[moved_at(p, s) + p.update_place[g]], s * p.counts[schema.PLAN_DIRECT]
            if p.update_bias[g]:
                m.bias_destination[row] += delta
            else:
                tiles.add_scaled(m.weight_destination, row, delta, p.direct, at + p.update_direct[g], n)


@noinline
def move_through(m, p, rate):
    """Update parameters by what is direct, and along the sensitivities of the previous step.

    dE/dp = delta_j I_p + sum_q aim_q Z_qp(t-1), for the parameters p into neurons j that have sensitivities.
    Errors first go back through the pending steps before this one.
    """
    half, pending = p.counts[schema.PLAN_HALF], p.latest[schema.LATEST_PENDING]
    old = p.latest[schema.LATEST_HALF] * half
    steps = pending - ONE if pending > 0 else u8(0)
    if pending == 0:
        old = half - old
    for c in range(p.counts[schema.PLAN_CLASSES]):
        begin = u8(p.class_line[c])
        terms = u8(p.class_line[c + ONE]) - begin
        for k in range(terms):
            p.values[k] = rate * p.aim[p.line_root[begin + k]]
        if steps > 0:
            learn_pending(m, p, c, steps)
        for g in range(u8(p.update_first[c]), u8(p.update_first[c + ONE])):
            row, n, z = u8(p.update_row[g]), u8(p.update_length[g]), old + p.update_column[g]
            step, at = rate * m.responsibility[p.update_neuron[g]], steps * p.counts[schema.PLAN_DIRECT]
            some = u8(0) if p.update_shares[g] else terms  # a parameter that shares its column has the sum
            if p.update_bias[g]:
                for k in range(some):
                    step += p.values[k] * p.sensitivity[z + p.line_at[begin + k]]
                m.bias_destination[row] += step
            else:
                at += p.update_direct[g]
                add_sums(m.weight_destination, p, row, n, z, p.line_at, begin, some, step, at)
