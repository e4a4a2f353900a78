"""Sensitivities from one step to the next, and the updates that pass through them."""

from __future__ import annotations

from .. import schema
from ..compiler import tiles
from ..compiler.jit import inline, noinline, one_like, zero_like
from ..compiler.rare import INDEX, PLAN, rare
from .layout import FEW, PANEL
from .sweep import add_direct_of, sweep_root
from .terms import DirectTerms, Lines, Terms

LINES = schema.TILE
# of a tile: the packs of one line
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
    for i in range(span.stop - span.start):
        j = i + span.start
        at = p.direct_at[i]
        # none, or shared with a neuron before, which has the same inputs
        if at == schema.NONE or at < laid:
            continue
        laid = at + m.learning[j] + m.trainable_bias[j]
        for t in range(at, laid):
            p.direct[to + t] = 0.0
        at += to
        rows = at - m.first_incoming[j]
        bias = at + m.learning[j]
        add_direct_of(m, j, one_like(p.flow[0]), p.direct, rows, p.direct, bias)


@inline
def lay_values(p, begin, terms, count, step, to):
    """The factors of the terms of some lines, term by term."""
    for k in range(count):
        for e in range(terms):
            reading = p.term_value[begin + k * terms + e]
            p.values[to + e * step + k] = p.reading_value[reading]
    # a tile has all its lines
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
def set_four(target, p, to, lefts, q, terms, moved):
    """`set_sums` for four packs together, q columns further."""
    nothing = tiles.no_pack(target)
    sums = nothing, nothing, nothing, nothing
    for e in range(terms.length):
        x = terms.factors[terms.at + e * terms.down]
        line = terms.old + terms.places[terms.start + e]
        sums = add_four(sums, x, p.sensitivity, line + q, lefts)
    for s in range(moved.steps):
        x = p.visit_delta[moved.factors + s * moved.stride]
        at = slot_of(p, moved.step + s) * p.counts.direct + moved.direct
        sums = add_four(sums, x, p.direct, at + q, lefts)
    if moved.steps > 0:
        sums = add_four(sums, one_like(p.values[0]), target, to + q, lefts)
    step = tiles.width(target)
    tiles.put_pack(target, to + q, lefts[0], sums[0])
    tiles.put_pack(target, to + q + step, lefts[1], sums[1])
    tiles.put_pack(target, to + q + 2 * step, lefts[2], sums[2])
    tiles.put_pack(target, to + q + 3 * step, lefts[3], sums[3])


@inline
def sizes_of(n, step):
    """How many numbers there are in each of four packs."""
    left0 = min(step, n)
    left1 = min(2 * step, n)
    left2 = min(3 * step, n)
    return left0, left1 - left0, left2 - left1, min(4 * step, n) - left2


@inline
def set_sums(target, p, to, n, terms, moved):
    """Set n numbers of a column to the sum of terms; with direct terms, add all to
    them.
    """
    step = tiles.width(target)
    whole = step, step, step, step  # constant sizes, which need no masks
    for q in range(0, n, 4 * step):
        if n - q >= 4 * step:
            set_four(target, p, to, whole, q, terms, moved)
        else:
            set_four(target, p, to, sizes_of(n - q, step), q, terms, moved)


@inline
def renew_tile(p, terms, k, rows, q, left, count, packs):
    """Some packs of the columns from q on of up to eight lines from k on, whose sums
    stay in registers.
    """
    sums = tiles.no_sums(p.sensitivity, packs)
    factor = terms.at + k * terms.across
    for e in range(terms.length):
        line = terms.old + terms.places[terms.start + e]
        at = factor + e * terms.down
        sums = tiles.add_outer(
            sums, p.sensitivity, line + q, left, terms.factors, at, 1
        )
    tiles.add_rows(p.sensitivity, rows, q, sums, left, count, True)


@inline
def renew_panel(p, lines, q, length, new, terms):
    """Z(t) = J Z(t-1) for lines of a class, eight at a time, and the columns that
    registers hold.

    The lines are written from `new` on, their columns from q on.
    """
    step = tiles.width(p.sensitivity)
    for k in range(0, lines.stop - lines.begin, LINES):
        count = min(LINES, lines.stop - lines.begin - k)
        rows = tiles.spaced(new + p.line_at[lines.begin + k], lines.width, count)
        if length == COLUMNS * step:
            renew_tile(p, terms, k, rows, q, step, count, PACKS)
        else:
            renew_tile(p, terms, k, rows, q, length, count, PACK)


@inline
def add_direct(p, line, new):
    """Z(t) += I for a line."""
    to = new + p.line_at[line]
    for d in range(p.part_first[line], p.part_first[line + 1]):
        delta = p.visit_delta[p.part_visit[d]]
        if delta != 0.0:
            at = p.part_direct[d]
            n = p.part_length[d]
            column = to + p.part_column[d]
            tiles.add_scaled(p.sensitivity, column, delta, p.direct, at, n)


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
            renew_few(p, b, n, old, new)
        # after the terms of J Z, which overwrite the line
        for line in range(begin, end):
            add_direct(p, line, new)


@inline
def renew_few(p, b, n, old, new):
    """Z(t) = J Z(t-1) for a block of few lines, one by one."""
    start = p.block_term[b]
    count = p.block_term[b + 1] - p.block_term[b]
    terms = Terms(p.term_at, start, count, old, p.values, 0, 1, 1)
    nothing_direct = DirectTerms(0, 0, 0, 0, 0)
    begin = p.block_line[b]
    for k in range(p.block_line[b + 1] - begin):
        lay_values(p, p.block_value[b] + k * count, count, 1, 1, 0)
        to = new + p.line_at[begin + k]
        set_sums(p.sensitivity, p, to, n, terms, nothing_direct)


@rare(PLAN, INDEX, INDEX, INDEX, INDEX)
def renew_block(m, p, b, n, old, new):
    """Z(t) = J Z(t-1) for a block of many lines, in tiles."""
    lines = Lines(p.block_line[b], p.block_line[b + 1], n)
    size = lines.stop - lines.begin
    start = p.block_term[b]
    terms = p.block_term[b + 1] - p.block_term[b]
    for k in range(0, size, LINES):
        count = min(LINES, size - k)
        lay_values(p, p.block_value[b] + k * terms, terms, count, LINES, k * terms)
    added = Terms(p.term_at, start, terms, old, p.values, 0, terms, LINES)
    step = tiles.width(p.sensitivity)
    panel = COLUMNS * step
    # columns outside, so that they stay in the cache for all lines
    if n >= panel:
        for t in range(0, n, panel):  # the last panel overlaps the one before it
            renew_panel(p, lines, min(t, n - panel), panel, new, added)
    else:
        for t in range(0, n, step):
            renew_panel(p, lines, t, min(step, n - t), new, added)


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
    start = p.class_line[c]
    stop = p.class_line[c + 1]
    numbers = p.reading_value
    visits = slot * p.counts.visits
    readings = slot * p.counts.readings
    for i in range(p.class_size[c] * n):
        p.visit_delta[moved + i] = 0.0
    # with several vectors J is laid out as a matrix, which multiplies them in tiles
    matrix = vectors_at(p, 0) + 2 * p.counts.square if n > 1 else far
    for i in range((stop - start) * n):
        numbers[matrix + i] = 0.0
    for line in range(start, stop):
        at = near + (line - start) * n
        # a D, which I of the parameters into each neuron is proportional to
        for g in range(p.given_first[line], p.given_first[line + 1]):
            to = moved + p.given_place[g] * n
            delta = p.visit_delta[visits + p.given_visit[g]]
            if n == 1:
                p.visit_delta[to] += delta * numbers[at]
            else:
                tiles.add_scaled(p.visit_delta, to, delta, numbers, at, n)
        # a J
        for g in range(p.link_first[line], p.link_first[line + 1]):
            value = readings + p.link_reading[g]
            length = p.link_length[g]
            if n == 1:
                tiles.add_scaled(
                    numbers, far + p.link_line[g], numbers[at], numbers, value, length
                )
                continue
            row = matrix + (line - start) * n + p.link_line[g]
            tiles.set_scaled(
                numbers, row, one_like(numbers[at]), numbers, value, length
            )
    if n > 1:
        multiply(numbers, n, matrix, near, far)


@inline
def multiply(numbers, n, transposed, right, to):
    """The product of two matrices, of which the left one is transposed, in tiles."""
    step = tiles.width(numbers)
    for k in range(0, n, LINES):
        count = min(LINES, n - k)
        rows = tiles.spaced(to + k * n, n, count)
        for q in range(0, n, step):
            left = min(step, n - q)
            sums = tiles.no_sums(numbers, PACK)
            for e in range(n):
                row = right + e * n + q
                column = transposed + e * n + k
                sums = tiles.add_outer(sums, numbers, row, left, numbers, column, 1)
            tiles.add_rows(numbers, rows, q, sums, left, count, True)


@inline
def add_steps(p, rows, q, left, count, moved, packs):
    """Add what is direct in some steps, carried to the last of them, to some packs of
    the columns from q on of up to eight lines.
    """
    sums = tiles.no_sums(p.sensitivity, packs)
    for s in range(moved.steps):
        at = slot_of(p, moved.step + s) * p.counts.direct + moved.direct
        factor = moved.factors + s * moved.stride
        sums = tiles.add_outer(sums, p.direct, at + q, left, p.visit_delta, factor, 1)
    tiles.add_rows(p.sensitivity, rows, q, sums, left, count, False)


@inline
def add_pending(p, c, unit, new, first_step, steps):
    """Add what is direct in some steps to the columns of a unit."""
    begin = p.class_line[c]
    end = p.class_line[c + 1]
    step = tiles.width(p.sensitivity)
    unit_begin = p.unit_column[unit]
    unit_end = unit_begin + p.unit_length[unit]
    for line in range(begin, end, LINES):
        count = min(LINES, end - line)
        rows = tiles.spaced(new + p.line_at[line], p.class_width[c], count)
        for g in range(p.unit_first[unit], p.unit_stop[unit]):
            # an update may begin before the unit, or end after it
            column = p.update_column[g]
            direct = p.update_direct[g] - column
            stop = min(unit_end, column + p.update_length[g])
            column = max(unit_begin, column)
            place = p.update_place[g] * (end - begin) + (line - begin)
            moved = DirectTerms(
                direct, moved_at(p, 0) + place, p.counts.moved, first_step, steps
            )
            if column + COLUMNS * step == stop:
                add_steps(p, rows, column, step, count, moved, PACKS)
                continue
            while column < stop:
                left = min(step, stop - column)
                add_steps(p, rows, column, left, count, moved, PACK)
                column += step


@noinline
def renew_unit(p, c, unit, old, new, first_step, steps):
    """A unit of the renewal of a class over some pending steps: vectors one step back,
    or some columns.

    A unit vector for each line, followed back, is its line of J(t) ... J(t-k+1).
    """
    lines = Lines(p.class_line[c], p.class_line[c + 1], p.class_width[c])
    n = lines.stop - lines.begin
    back = unit - p.class_unit[c]
    if back == 0:
        for i in range(n * n):
            p.reading_value[vectors_at(p, back) + i] = 0.0
        for k in range(n):
            p.reading_value[vectors_at(p, back) + k * (n + 1)] = 1.0
    if back < steps:
        s = steps - 1 - back
        slot = slot_of(p, first_step + s)
        near = vectors_at(p, back)
        far = vectors_at(p, back + 1)
        follow_back(p, c, slot, n, near, far, moved_at(p, s))
    elif back >= p.counts.depth:
        at = vectors_at(p, steps)
        terms = Terms(p.line_at, lines.begin, n, old, p.reading_value, at, 1, n)
        renew_panel(p, lines, p.unit_column[unit], p.unit_length[unit], new, terms)
        # after J Z, which overwrites the columns
        add_pending(p, c, unit, new, first_step, steps)


@rare(PLAN, INDEX, INDEX, INDEX, INDEX, INDEX)
def renew(m, p, unit, stop, new, first_step, steps):
    """Some units of a renewal over some pending steps after those that a half includes,
    into another part.
    """
    half = p.latest.half if first_step == 0 else 1 - p.latest.half
    for c in range(p.counts.classes):
        while unit < stop and unit < p.class_unit[c + 1]:
            renew_unit(p, c, unit, half * p.counts.half, new, first_step, steps)
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
    included = 0  # steps that the half includes from which the renewal begins
    units = p.class_unit[p.counts.classes]
    if steps > depth:
        continue_renewal(m, p, units)
        included = depth
    renew(m, p, 0, units, 2 * p.counts.half, included, steps - included)


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
    # the renewal over the first block is complete: it becomes the half of the present
    if depth > 1 and p.latest.pending == depth + shares:
        p.latest.half = 1 - p.latest.half
        p.latest.pending = shares
        p.latest.units = 0
    pending = p.latest.pending
    slot = slot_of(p, pending)
    # I and J of this step, before the next one changes activations
    lay_direct(m, p, span, slot * p.counts.direct)
    for k in range(p.counts.roots):
        sweep_root(m, p, span, k, slot * p.counts.visits, slot * p.counts.readings)
    if depth > 1:
        p.latest.pending = pending + 1
        p.latest.renewed = 0
        if pending >= depth:
            continue_renewal(m, p, p.share[pending - depth])
        return
    # Z(t) = J Z(t-1) + I, from one half to the other
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
    # without pending steps, the half includes this step: Z(t-1) is in the other one
    if pending == 0:
        old = half - old
    for c in range(p.counts.classes):
        begin = p.class_line[c]
        terms = p.class_line[c + 1] - begin
        for k in range(terms):
            p.values[k] = rate * p.aim[p.line_root[begin + k]]
        # to the step that Z is of; on the way they leave what I of each step is due
        if steps > 0:
            follow_errors(m, p, c, steps)
        for g in range(p.update_first[c], p.update_first[c + 1]):
            row = p.update_row[g]
            z = old + p.update_column[g]
            deltas = given_at(p, c, 0) + p.update_place[g]
            stride = p.class_size[c]
            delta = rate * m.responsibility[p.update_neuron[g]]
            p.visit_delta[deltas + steps * stride] = delta
            # a parameter that shares its column has the sum
            count = 0 if p.update_shares[g] else terms
            if p.update_bias[g]:
                step = zero_like(rate)
                for s in range(steps + 1):
                    step += p.visit_delta[deltas + s * stride]
                for k in range(count):
                    step += p.values[k] * p.sensitivity[z + p.line_at[begin + k]]
                m.bias_destination[row] += step
            else:
                carried = Terms(p.line_at, begin, count, z, p.values, 0, 1, 1)
                moved = DirectTerms(p.update_direct[g], deltas, stride, 0, steps + 1)
                n = p.update_length[g]
                set_sums(m.weight_destination, p, row, n, carried, moved)
