"""Steps whose sensitivities are not renewed yet, and the renewal over several of them.

Renewing all sensitivities, Z(t) = J(t) Z(t-1) + I(t), is a product of a matrix of lines
by lines with one of lines by parameters, and there are many more parameters than lines.
Over a block of k steps the same is

    Z(t) = J(t) ... J(t-k+1) Z(t-k) + sum_s J(t) ... J(s+1) I(s),   s = t-k+1 .. t

The products of J are small, lines by lines. So a step keeps its J and I and stays
*pending*, and Z is multiplied once a block instead of once a step. ``counts.depth`` is
the length of a block; `Layout` chooses it, and 1 means that nothing is ever pending.

Nothing needs Z itself but readers. A step that learns needs the row e Z(t-1), with the
errors e of the lines. They are one vector, which goes back through the pending steps
(`follow_errors`), e J(t-1), e J(t-1) J(t-2), ..., and leaves at each what its I is due;
then it is multiplied by the copy of Z that includes no pending step, the *base*.

No step may take much longer than others. So the renewal over a block is divided into
units, and done while the first ``counts.shares`` steps of the next block become
pending:

    pending    | block 1: depth steps | block 2: shares steps |
    base       | before block 1 ..............................| becomes: after block 1
    other copy |                      | block 1, unit by unit |

For each class, its first units take unit vectors, one for each line, back step by step
(`follow_back`): the vectors become J(t) ... J(t-k+1), and at each step they give what
its I is multiplied by (``given``). The other units make the columns of the other copy
of Z, a few registers at a time. Then the two copies swap roles. Readers get a third
copy (`show`), so that reading changes no later bit.

`places.py` says where the numbers of a copy, a step or a vector begin.
"""

from __future__ import annotations

from ..compiler import tiles
from ..compiler.jit import inline, noinline, one_like
from ..compiler.rare import INDEX, PLAN, rare
from .places import (
    base_at,
    errors_at,
    errors_given_at,
    given_at,
    next_at,
    shown_at,
    slot_of,
    vectors_at,
)
from .sums import COLUMNS, LINES, PACK, PACKS, renew_panel
from .terms import DirectTerms, Lines, Terms


@noinline
def follow_back(p, c, slot, n, near, far, moved):
    """Follow n vectors over lines of a class back through a pending step: a gives a I
    there, a J before.
    """
    start = p.class_line[c]
    stop = p.class_line[c + 1]
    visits = slot * p.counts.visits
    readings = slot * p.counts.readings
    for i in range(p.class_neurons[c] * n):
        p.given[moved + i] = 0.0
    # one vector is multiplied by J as it is listed; several by J as a matrix, in tiles
    if n == 1:
        for i in range(stop - start):
            p.vectors[far + i] = 0.0
    else:
        for i in range(n * n):
            p.jacobian[i] = 0.0
    for line in range(start, stop):
        at = near + (line - start) * n
        # a D, which I of the parameters into each neuron is proportional to
        for g in range(p.given_first[line], p.given_first[line + 1]):
            to = moved + p.given_place[g] * n
            delta = p.visit_delta[visits + p.given_visit[g]]
            if n == 1:
                p.given[to] += delta * p.vectors[at]
            else:
                tiles.add_scaled(p.given, to, delta, p.vectors, at, n)
        # a J
        for g in range(p.link_first[line], p.link_first[line + 1]):
            value = readings + p.link_reading[g]
            length = p.link_length[g]
            if n == 1:
                to = far + p.link_line[g]
                x = p.vectors[at]
                tiles.add_scaled(p.vectors, to, x, p.reading_value, value, length)
            else:
                to = (line - start) * n + p.link_line[g]
                one = one_like(p.vectors[at])
                tiles.set_scaled(p.jacobian, to, one, p.reading_value, value, length)
    if n > 1:
        multiply(p, n, near, far)


@inline
def multiply(p, n, near, far):
    """The product of J, which is transposed, and n vectors over n lines, in tiles."""
    step = tiles.width(p.vectors)
    for k in range(0, n, LINES):
        count = min(LINES, n - k)
        rows = tiles.spaced(far + k * n, n, count)
        for q in range(0, n, step):
            left = min(step, n - q)
            sums = tiles.no_sums(p.vectors, PACK)
            for e in range(n):
                row = near + e * n + q
                column = e * n + k
                sums = tiles.add_outer(
                    sums, p.vectors, row, left, p.jacobian, column, 1
                )
            tiles.add_rows(p.vectors, rows, q, sums, left, count, True)


@inline
def add_steps(p, rows, q, left, count, moved, packs):
    """Add what is direct in some steps, carried to the last of them, to some packs of
    the columns from q on of up to eight lines.
    """
    sums = tiles.no_sums(p.sensitivity, packs)
    for s in range(moved.steps):
        at = slot_of(p, moved.step + s) * p.counts.direct + moved.direct
        factor = moved.factors + s * moved.stride
        sums = tiles.add_outer(sums, p.direct, at + q, left, p.given, factor, 1)
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
        rows = tiles.spaced(new + p.line_offset[line], p.class_width[c], count)
        for g in range(p.unit_first[unit], p.unit_stop[unit]):
            # an update may begin before the unit, or end after it
            column = p.update_column[g]
            direct = p.update_direct[g] - column
            stop = min(unit_end, column + p.update_length[g])
            column = max(unit_begin, column)
            place = p.update_place[g] * (end - begin) + (line - begin)
            moved = DirectTerms(
                direct, given_at(p, 0) + place, p.counts.given, first_step, steps
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
            p.vectors[vectors_at(p, back) + i] = 0.0
        for k in range(n):
            p.vectors[vectors_at(p, back) + k * (n + 1)] = 1.0
    if back < steps:
        s = steps - 1 - back
        slot = slot_of(p, first_step + s)
        near = vectors_at(p, back)
        far = vectors_at(p, back + 1)
        follow_back(p, c, slot, n, near, far, given_at(p, s))
    elif back >= p.counts.depth:
        at = vectors_at(p, steps)
        terms = Terms(p.line_offset, lines.begin, n, old, p.vectors, at, 1, n)
        renew_panel(p, lines, p.unit_column[unit], p.unit_length[unit], new, terms)
        # after J Z, which overwrites the columns
        add_pending(p, c, unit, new, first_step, steps)


@rare(PLAN, INDEX, INDEX, INDEX, INDEX, INDEX)
def renew(m, p, unit, stop, new, first_step, steps):
    """Some units of a renewal over some pending steps, into the copy at `new`: from the
    base, or from the next one if the steps of the first block are in that.
    """
    old = base_at(p) if first_step == 0 else next_at(p)
    for c in range(p.counts.classes):
        while unit < stop and unit < p.class_unit[c + 1]:
            renew_unit(p, c, unit, old, new, first_step, steps)
            unit += 1


@inline
def continue_renewal(m, p, units):
    """Renew the next copy over the first block of pending steps, up to so many units of
    this work.
    """
    if p.latest.units < units:
        renew(m, p, p.latest.units, units, next_at(p), 0, p.counts.depth)
        p.latest.units = units


@noinline
def show(m, p, steps):
    """Write the sensitivities after the first pending steps to the copy for readers: no
    later bit changes.
    """
    depth = p.counts.depth
    included = 0  # steps that the copy includes from which the renewal begins
    units = p.class_unit[p.counts.classes]
    if steps > depth:
        continue_renewal(m, p, units)
        included = depth
    renew(m, p, 0, units, shown_at(p), included, steps - included)


@inline
def renew_pending(m, p):
    """Compute the sensitivities after the pending steps, which stay pending."""
    if p.latest.pending > 0 and p.latest.renewed == 0:
        show(m, p, p.latest.pending)
        p.latest.renewed = 1


@rare(PLAN, INDEX, INDEX)
def follow_errors(m, p, c, steps):
    """Take the errors of the lines of a class back through the first pending steps."""
    lines = p.class_line[c + 1] - p.class_line[c]
    near = errors_at(p)
    far = near + lines
    for k in range(lines):
        p.vectors[near + k] = p.factors[k]
    for back in range(steps):
        s = steps - 1 - back
        follow_back(p, c, slot_of(p, s), 1, near, far, errors_given_at(p, c, s))
        near, far = far, near
    for k in range(lines):
        p.factors[k] = p.vectors[near + k]
