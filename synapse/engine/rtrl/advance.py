"""Sensitivities from one step to the next, and the updates that pass through them."""

from __future__ import annotations

from .. import schema
from ..compiler import tiles
from ..compiler.jit import inline, noinline, one, zero
from ..compiler.rare import INDEX, PLAN, rare
from .layout import FEW, PANEL
from .sweep import add_direct_of, sweep_root

LINES = schema.TILE
# of a tile
PACK = (0,)
PACKS = (0,) * PANEL
COLUMNS = len(PACKS)


@inline
def remember(m, p):
    """Keep the slopes of the previous step, before the next one."""
    for k in range(p.counts.roots):
        p.old_derivative[k] = m.derivative[p.root[k]]


@inline
def lay_direct(m, p, span, to):
    """How the parameters into each neuron move its state within the step: g_ij y_i."""
    laid = 0
    for i in range(span.stop - span.first):
        j = i + span.first
        at = p.direct_at[i]
        if p.direct_at[i] == schema.NONE or at < laid:
            continue
        laid = at + m.learning[j] + m.trainable_bias[j]
        for t in range(at, laid):
            p.direct[to + t] = 0.0
        at += to
        rows = at - m.first_incoming[j]
        bias = at + m.learning[j]
        add_direct_of(m, j, one(p.flow[0]), p.direct, rows, p.direct, bias)


@inline
def lay_values(p, begin, terms, count, step, to):
    """The factors of the terms of some lines, term by term."""
    for k in range(count):
        for e in range(terms):
            p.values[to + e * step + k] = p.reading_value[
                p.term_value[begin + k * terms + e]
            ]
    for k in range(count, step):
        for e in range(terms):
            p.values[to + e * step + k] = 0.0


@inline
def add_four(sums, x, column, at, lefts):
    """Add x times four packs that begin at an index."""
    if x == 0.0:
        return sums
    step = tiles.width(column)
    return (
        sums[0] + x * tiles.pack(column, at, lefts[0]),
        sums[1] + x * tiles.pack(column, at + step, lefts[1]),
        sums[2] + x * tiles.pack(column, at + 2 * step, lefts[2]),
        sums[3] + x * tiles.pack(column, at + 3 * step, lefts[3]),
    )


@inline
def set_four(target, p, to, lefts, z, places, first, terms, moved):
    """`set_sums` for four packs together."""
    (direct, deltas, stride, steps), nothing = moved, tiles.no_pack(target)
    sums = nothing, nothing, nothing, nothing
    for e in range(terms):
        sums = add_four(sums, p.values[e], p.sensitivity, z + places[first + e], lefts)
    for s in range(steps):
        at = slot_of(p, s) * p.counts.direct + direct
        sums = add_four(sums, p.visit_delta[deltas + s * stride], p.direct, at, lefts)
    if steps > 0:
        sums = add_four(sums, one(p.values[0]), target, to, lefts)
    step = tiles.width(target)
    tiles.put_pack(target, to, lefts[0], sums[0])
    tiles.put_pack(target, to + step, lefts[1], sums[1])
    tiles.put_pack(target, to + 2 * step, lefts[2], sums[2])
    tiles.put_pack(target, to + 3 * step, lefts[3], sums[3])


@inline
def sizes_of(n, step):
    """How many numbers there are in each of four packs."""
    left0 = min(step, n)
    left1 = min(2 * step, n)
    left2 = min(3 * step, n)
    return left0, left1 - left0, left2 - left1, min(4 * step, n) - left2


@inline
def set_sums(target, p, to, n, z, places, first, terms, moved):
    """Set n numbers of a column to sum_e values[e] Z_e, where Z_e is at z +
    places[first + e].

    With steps, `moved` says where what is direct there and its factors are: all this is
    added to the column.
    """
    (direct, deltas, stride, steps), step, q = moved, tiles.width(target), 0
    while q < n:
        rest = direct + q, deltas, stride, steps
        if n - q >= 4 * step:  # with constant sizes, which need no masks
            set_four(
                target,
                p,
                to + q,
                (step, step, step, step),
                z + q,
                places,
                first,
                terms,
                rest,
            )
        else:
            set_four(
                target,
                p,
                to + q,
                sizes_of(n - q, step),
                z + q,
                places,
                first,
                terms,
                rest,
            )
        q += 4 * step


@inline
def renew_tile(
    p, places, first, terms, z, factors, at, stride, rows, q, left, count, packs
):
    """Some packs of columns of up to eight lines, whose sums stay in registers."""
    sums = tiles.no_sums(p.sensitivity, packs)
    for e in range(terms):
        sums = tiles.add_outer(
            sums,
            p.sensitivity,
            z + places[first + e],
            left,
            factors,
            at + e * stride,
            1,
        )
    tiles.add_rows(p.sensitivity, rows, q, sums, left, count, True)


@inline
def renew_panel(
    p,
    begin,
    end,
    n,
    q,
    length,
    old,
    new,
    places,
    first,
    terms,
    factors,
    at,
    across,
    down,
):
    """Z(t) = J Z(t-1) for lines of a class, eight at a time, and the columns that
    registers hold.

    Term e is the line at `old` + places[first + e]. Its factors for eight lines from k
    on are at `at` + k `across` + e `down`.
    """
    step = tiles.width(p.sensitivity)
    for k in range(0, end - begin, LINES):
        count = min(LINES, end - begin - k)
        factor = at + k * across
        rows = tiles.spaced(new + p.line_at[begin + k], n, count)
        if length == COLUMNS * step:
            renew_tile(
                p,
                places,
                first,
                terms,
                old + q,
                factors,
                factor,
                down,
                rows,
                q,
                step,
                count,
                PACKS,
            )
        else:
            renew_tile(
                p,
                places,
                first,
                terms,
                old + q,
                factors,
                factor,
                down,
                rows,
                q,
                length,
                count,
                PACK,
            )


@inline
def add_direct(p, line, new):
    """Z(t) += I for a line."""
    to = new + p.line_at[line]
    for d in range(p.part_first[line], p.part_first[line + 1]):
        delta = p.visit_delta[p.part_visit[d]]
        if delta != 0.0:
            at = p.part_direct[d]
            n = p.part_length[d]
            tiles.add_scaled(
                p.sensitivity, to + p.part_column[d], delta, p.direct, at, n
            )


@inline
def renew_class(m, p, c, old, new):
    """Z(t) = J Z(t-1) + I for the lines of a class."""
    n = p.class_width[c]
    for b in range(p.class_block[c], p.class_block[c + 1]):
        begin = p.block_line[b]
        end = p.block_line[b + 1]
        if end - begin >= FEW:
            renew_block(m, p, b, n, old, new)
        else:
            first = p.block_term[b]
            terms = p.block_term[b + 1] - p.block_term[b]
            for k in range(end - begin):
                lay_values(p, p.block_value[b] + k * terms, terms, 1, 1, 0)
                to = new + p.line_at[begin + k]
                set_sums(
                    p.sensitivity, p, to, n, old, p.term_at, first, terms, (0, 0, 0, 0)
                )
        for line in range(begin, end):
            add_direct(p, line, new)


@rare(PLAN, INDEX, INDEX, INDEX, INDEX)
def renew_block(m, p, b, n, old, new):
    """Z(t) = J Z(t-1) for a block of many lines, in tiles."""
    begin = p.block_line[b]
    end = p.block_line[b + 1]
    first = p.block_term[b]
    terms = p.block_term[b + 1] - p.block_term[b]
    for k in range(0, end - begin, LINES):
        count = min(LINES, end - begin - k)
        lay_values(p, p.block_value[b] + k * terms, terms, count, LINES, k * terms)
    step = tiles.width(p.sensitivity)
    places = p.term_at
    values = p.values
    size = COLUMNS * step  # columns of the last tile overlap with those before it
    for t in range(
        0, n, size if n >= size else step
    ):  # outside: these columns stay in the cache
        q, length = (min(t, n - size), size) if n >= size else (t, min(step, n - t))
        renew_panel(
            p,
            begin,
            end,
            n,
            q,
            length,
            old,
            new,
            places,
            first,
            terms,
            values,
            0,
            terms,
            LINES,
        )


@inline
def slot_of(p, step):
    """Where the numbers of a pending step are, among those of two blocks, which swap
    roles as halves do.
    """
    depth = p.counts.depth
    at = step + depth * p.latest.half
    if depth == 1:
        return step
    return at - 2 * depth if at >= 2 * depth else at


@inline
def moved_at(p, step):
    """Where the numbers begin that vectors of a renewal have given to neurons at a
    step.
    """
    return 2 * p.counts.depth * p.counts.visits + step * p.counts.moved


@inline
def vectors_at(p, steps):
    """Where the vectors of a renewal are after so many steps back."""
    at = 2 * p.counts.depth * p.counts.readings
    return at + steps % 2 * p.counts.square


@noinline
def follow_back(p, c, slot, n, near, far, moved):
    """Follow n vectors over lines of a class back through a pending step: a gives a I
    there, a J before.
    """
    first = p.class_line[c]
    stop = p.class_line[c + 1]
    numbers = p.reading_value
    visits = slot * p.counts.visits
    readings = slot * p.counts.readings
    for i in range(p.class_size[c] * n):
        p.visit_delta[moved + i] = 0.0
    matrix = vectors_at(p, 0) + 2 * p.counts.square if n > 1 else far
    for i in range((stop - first) * n):
        numbers[matrix + i] = 0.0
    for line in range(first, stop):
        at = near + (line - first) * n
        for g in range(p.given_first[line], p.given_first[line + 1]):
            to = moved + p.given_place[g] * n
            delta = p.visit_delta[visits + p.given_visit[g]]
            if n == 1:
                p.visit_delta[to] += delta * numbers[at]
            else:
                tiles.add_scaled(p.visit_delta, to, delta, numbers, at, n)
        for g in range(p.link_first[line], p.link_first[line + 1]):
            value = readings + p.link_reading[g]
            length = p.link_length[g]
            if n == 1:
                tiles.add_scaled(
                    numbers, far + p.link_line[g], numbers[at], numbers, value, length
                )
                continue
            row = matrix + (line - first) * n + p.link_line[g]
            tiles.set_scaled(numbers, row, one(numbers[at]), numbers, value, length)
    if n > 1:
        multiply(numbers, n, matrix, near, far)


@inline
def multiply(numbers, n, left, right, to):
    """The product of two matrices, of which the left one is transposed, in tiles."""
    step = tiles.width(numbers)
    for k in range(0, n, LINES):
        count = min(LINES, n - k)
        rows = tiles.spaced(to + k * n, n, count)
        for q in range(0, n, step):
            some = min(step, n - q)
            sums = tiles.no_sums(numbers, PACK)
            for e in range(n):
                sums = tiles.add_outer(
                    sums, numbers, right + e * n + q, some, numbers, left + e * n + k, 1
                )
            tiles.add_rows(numbers, rows, q, sums, some, count, True)


@inline
def add_steps(p, rows, column, left, count, direct, factors, first, steps, packs):
    """Add what is direct in some steps, carried to the last of them, to some packs of
    up to eight lines.
    """
    sums = tiles.no_sums(p.sensitivity, packs)
    for s in range(steps):
        at = slot_of(p, first + s) * p.counts.direct + direct
        factor = factors + s * p.counts.moved
        sums = tiles.add_outer(sums, p.direct, at, left, p.visit_delta, factor, 1)
    tiles.add_rows(p.sensitivity, rows, column, sums, left, count, False)


@inline
def add_pending(p, c, unit, new, first, steps):
    """Add what is direct in some steps to the columns of a unit."""
    begin = p.class_line[c]
    end = p.class_line[c + 1]
    step = tiles.width(p.sensitivity)
    q = p.unit_column[unit]
    for line in range(begin, end, LINES):
        count = min(LINES, end - line)
        rows = tiles.spaced(new + p.line_at[line], p.class_width[c], count)
        for g in range(p.unit_first[unit], p.unit_stop[unit]):
            column = p.update_column[g]
            length = p.update_length[g]
            direct = p.update_direct[g] - column
            stop = min(q + p.unit_length[unit], column + length)
            factors = (
                moved_at(p, 0) + p.update_place[g] * (end - begin) + (line - begin)
            )
            column = max(q, column)
            if column + COLUMNS * step == stop:
                add_steps(
                    p,
                    rows,
                    column,
                    step,
                    count,
                    direct + column,
                    factors,
                    first,
                    steps,
                    PACKS,
                )
                continue
            while column < stop:
                left = min(step, stop - column)
                add_steps(
                    p,
                    rows,
                    column,
                    left,
                    count,
                    direct + column,
                    factors,
                    first,
                    steps,
                    PACK,
                )
                column += step


@noinline
def renew_unit(p, c, unit, old, new, first, steps):
    """A unit of the renewal of a class over some pending steps: vectors one step back,
    or some columns.

    A unit vector for each line, followed back, is its line of J(t) ... J(t-k+1).
    """
    begin = p.class_line[c]
    end = p.class_line[c + 1]
    width = p.class_width[c]
    n = end - begin
    back = unit - p.class_unit[c]
    if back == 0:
        for i in range(n * n):
            p.reading_value[vectors_at(p, back) + i] = 0.0
        for k in range(n):
            p.reading_value[vectors_at(p, back) + k * (n + 1)] = 1.0
    if back < steps:
        s = steps - 1 - back
        near = vectors_at(p, back)
        far = vectors_at(p, back + 1)
        follow_back(p, c, slot_of(p, first + s), n, near, far, moved_at(p, s))
    elif back >= p.counts.depth:
        q = p.unit_column[unit]
        length = p.unit_length[unit]
        at = vectors_at(p, steps)
        factors = p.reading_value
        renew_panel(
            p,
            begin,
            end,
            width,
            q,
            length,
            old,
            new,
            p.line_at,
            begin,
            n,
            factors,
            at,
            1,
            n,
        )
        add_pending(p, c, unit, new, first, steps)


@rare(PLAN, INDEX, INDEX, INDEX, INDEX, INDEX)
def renew(m, p, unit, stop, new, first, steps):
    """Some units of a renewal over some pending steps after those that a half includes,
    into another part.
    """
    half = p.latest.half if first == 0 else 1 - p.latest.half
    for c in range(p.counts.classes):
        while unit < stop and unit < p.class_unit[c + 1]:
            renew_unit(p, c, unit, half * p.counts.half, new, first, steps)
            unit += 1


@inline
def continue_renewal(m, p, units):
    """Renew the other half over the first block of pending steps, up to so many units
    of this work.
    """
    other = (1 - p.latest.half) * p.counts.half
    if p.latest.units < units:
        renew(m, p, p.latest.units, units, other, 0, p.counts.depth)
        p.latest.units = units


@noinline
def show(m, p, steps):
    """Write the sensitivities after the first pending steps to the third part: no later
    bit changes.
    """
    depth = p.counts.depth
    first = 0
    units = p.class_unit[p.counts.classes]
    if steps > depth:
        continue_renewal(m, p, units)
        first = depth
    renew(m, p, 0, units, 2 * p.counts.half, first, steps - first)


@inline
def renew_pending(m, p):
    """Compute the sensitivities after the pending steps, which stay pending."""
    if p.latest.pending > 0 and p.latest.renewed == 0:
        show(m, p, p.latest.pending)
        p.latest.renewed = 1


@noinline
def advance(m, p, span):
    """Renew all sensitivities after an activation, Z(t) = J Z(t-1) + I, or leave the
    step pending.

    While the first steps of one block become pending, the sensitivities are renewed
    over the block before.
    """
    depth = p.counts.depth
    shares = p.counts.shares
    if depth > 1 and p.latest.pending == depth + shares:
        p.latest.half = 1 - p.latest.half
        p.latest.pending = shares
        p.latest.units = 0
    pending = p.latest.pending
    slot = slot_of(p, pending)
    lay_direct(m, p, span, slot * p.counts.direct)
    for k in range(p.counts.roots):
        sweep_root(m, p, span, k, slot * p.counts.visits, slot * p.counts.readings)
    if depth > 1:
        p.latest.pending = pending + 1
        p.latest.renewed = 0
        if pending >= depth:
            continue_renewal(m, p, p.share[pending - depth])
        return
    old = p.latest.half * p.counts.half
    for c in range(p.counts.classes):
        renew_class(m, p, c, old, p.counts.half - old)
    p.latest.half = 1 - p.latest.half


@inline
def given_at(p, c, step):
    """Where the numbers begin that the errors of a class have given to its neurons at a
    pending step.
    """
    return moved_at(p, p.counts.depth) + step * p.class_size[c]


@rare(PLAN, INDEX, INDEX)
def follow_errors(m, p, c, steps):
    """Take the errors of the lines of a class back through the first pending steps."""
    lines = p.class_line[c + 1] - p.class_line[c]
    near = vectors_at(p, 0) + 3 * p.counts.square
    far = near + lines
    for k in range(lines):
        p.reading_value[near + k] = p.values[k]
    for back in range(steps):
        s = steps - 1 - back
        follow_back(p, c, slot_of(p, s), 1, near, far, given_at(p, c, s))
        near, far = far, near
    for k in range(lines):
        p.values[k] = p.reading_value[near + k]


@noinline
def move_through(m, p, rate):
    """Update parameters by what is direct, and along the sensitivities of the previous
    step.

    dE/dp = delta_j I_p + sum_q aim_q Z_qp(t-1), for the parameters p into neurons j
    that have sensitivities. Errors first go back through the pending steps before this
    one.
    """
    half = p.counts.half
    pending = p.latest.pending
    old = p.latest.half * half
    steps = pending - 1 if pending > 0 else 0
    if pending == 0:
        old = half - old
    for c in range(p.counts.classes):
        begin = p.class_line[c]
        terms = p.class_line[c + 1] - begin
        for k in range(terms):
            p.values[k] = rate * p.aim[p.line_root[begin + k]]
        if steps > 0:
            follow_errors(m, p, c, steps)
        for g in range(p.update_first[c], p.update_first[c + 1]):
            row = p.update_row[g]
            n = p.update_length[g]
            z = old + p.update_column[g]
            deltas = given_at(p, c, 0) + p.update_place[g]
            stride = p.class_size[c]
            p.visit_delta[deltas + steps * stride] = (
                rate * m.responsibility[p.update_neuron[g]]
            )
            some = (
                0 if p.update_shares[g] else terms
            )  # a parameter that shares its column has the sum
            if p.update_bias[g]:
                step = zero(rate)
                for s in range(steps + 1):
                    step += p.visit_delta[deltas + s * stride]
                for k in range(some):
                    step += p.values[k] * p.sensitivity[z + p.line_at[begin + k]]
                m.bias_destination[row] += step
            else:
                direct = p.update_direct[g]
                moved = direct, deltas, stride, steps + 1
                set_sums(
                    m.weight_destination, p, row, n, z, p.line_at, begin, some, moved
                )
