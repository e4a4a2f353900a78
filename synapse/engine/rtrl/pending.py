"""Delay the renewal of sensitivities, to renew them over several steps at once.

Renewing all sensitivities, Z(t) = J(t) Z(t-1) + I(t), multiplies a matrix of lines by
lines with a matrix of lines by parameters, and there are many more parameters than
lines. Over a block of k steps, the result is

    Z(t) = J(t) ... J(t-k+1) Z(t-k) + sum_s J(t) ... J(s+1) I(s),   s = t-k+1 .. t

The products of J are small matrices of lines by lines. Therefore, a step stores its J
and I and stays *pending*, and Z is multiplied once per block instead of once per step.
``counts.depth`` is the length of a block, which `Layout` chooses. With 1, steps are
never pending.

Only readers need Z itself. A step that learns needs the row e Z(t-1), with the errors e
of the lines. These errors are one vector, which goes back through the pending steps
(`backpropagate_errors`), e J(t-1), e J(t-1) J(t-2), ..., and leaves the factor of I at
each step. Finally, it is multiplied by the *base*, which is the copy of Z without
pending steps.

A single step must not take much longer than others. Therefore, the renewal over a block
is divided into units, and done while the first ``counts.shares`` steps of the next
block become pending:

    pending    | block 1: depth steps | block 2: shares steps |
    base       | before block 1 ..............................| becomes: after block 1
    other copy |                      | block 1, unit by unit |

For each class, its first units take unit vectors, one for each line, back step by step
(`vjp_step`). The vectors become J(t) ... J(t-k+1), and at each step they give the
factors of its I (``given``). The other units make the columns of the other copy of Z, a
few registers at a time. Then the two copies swap roles. Readers get a third copy
(`materialize`), which leaves all later bits unchanged.

`offsets.py` computes where the numbers of a copy, a step or a vector begin.
"""

from ..language import INDEX, PLAN, inline, lazy_part, noinline, one_like, tile, tiles
from .offsets import (
    base_at,
    errors_at,
    errors_given_at,
    given_at,
    materialized_at,
    next_at,
    slot_of,
    vectors_at,
)
from .sums import (
    PACK,
    DirectTerms,
    Lines,
    Terms,
    renew_panel,
)


@noinline
def vjp_step(plan, c, slot, n, near, far, moved):
    """Follow n vectors over lines of a class back through a pending step. A vector a
    gives a I there, and becomes a J before.
    """
    start = plan.class_line[c]
    stop = plan.class_line[c + 1]
    visits = slot * plan.counts.visits
    readings = slot * plan.counts.readings
    plan.given[moved : moved + plan.class_neurons[c] * n] = 0.0
    # one vector is multiplied by the list of J, several vectors by the matrix J in
    # tiles
    if n == 1:
        plan.vectors[far : far + stop - start] = 0.0
    else:
        plan.jacobian[: n * n] = 0.0
    for line in range(start, stop):
        at = near + (line - start) * n
        # a D, which I of the parameters into each neuron is proportional to
        for g in range(plan.given_first[line], plan.given_first[line + 1]):
            to = moved + plan.given_index[g] * n
            delta = plan.visit_delta[visits + plan.given_visit[g]]
            if n == 1:
                plan.given[to] += delta * plan.vectors[at]
            else:
                tiles.add_scaled(plan.given, to, delta, plan.vectors, at, n)
        # a J
        for g in range(plan.link_first[line], plan.link_first[line + 1]):
            value = readings + plan.link_reading[g]
            length = plan.link_length[g]
            if n == 1:
                to = far + plan.link_line[g]
                x = plan.vectors[at]
                tiles.add_scaled(plan.vectors, to, x, plan.reading_value, value, length)
            else:
                to = (line - start) * n + plan.link_line[g]
                one = one_like(plan.vectors[at])
                tiles.set_scaled(
                    plan.jacobian, to, one, plan.reading_value, value, length
                )
    if n > 1:
        multiply(plan, n, near, far)


@inline
def multiply(plan, n, near, far):
    """Multiply J, which is transposed, by n vectors over n lines, in tiles."""
    step = tiles.width(plan.vectors)
    for k in range(0, n, tile().neurons):
        count = min(tile().neurons, n - k)
        rows = tiles.spaced(far + k * n, n, count)
        for q in range(0, n, step):
            left = min(step, n - q)
            sums = tiles.no_sums(plan.vectors, PACK)
            for e in range(n):
                row = near + e * n + q
                sums = tiles.add_outer(
                    sums, plan.vectors, row, left, plan.jacobian, e * n + k, 1
                )
            tiles.add_rows(plan.vectors, rows, q, sums, left, count, True)


@inline
def add_steps(plan, rows, q, left, count, moved, packs):
    """Add the direct effects in some steps, carried to the last step, to some packs of
    the columns from q on of a tile of lines.
    """
    sums = tiles.no_sums(plan.sensitivity, packs)
    for s in range(moved.steps):
        at = slot_of(plan, moved.step + s) * plan.counts.direct + moved.direct
        factor = moved.factors + s * moved.stride
        sums = tiles.add_outer(sums, plan.direct, at + q, left, plan.given, factor, 1)
    tiles.add_rows(plan.sensitivity, rows, q, sums, left, count, False)


@inline
def add_pending(plan, c, unit, new, first_step, steps):
    """Add the direct effects in some steps to the columns of a unit."""
    begin = plan.class_line[c]
    end = plan.class_line[c + 1]
    step = tiles.width(plan.sensitivity)
    unit_begin = plan.unit_column[unit]
    unit_end = unit_begin + plan.unit_length[unit]
    for line in range(begin, end, tile().neurons):
        count = min(tile().neurons, end - line)
        rows = tiles.spaced(new + plan.line_offset[line], plan.class_width[c], count)
        for g in range(plan.unit_first[unit], plan.unit_stop[unit]):
            # an update may begin before the unit, or end after it
            column = plan.update_column[g]
            direct = plan.update_direct[g] - column
            stop = min(unit_end, column + plan.update_length[g])
            column = max(unit_begin, column)
            offset = plan.update_index[g] * (end - begin) + (line - begin)
            moved = DirectTerms(
                direct, given_at(plan, 0) + offset, plan.counts.given, first_step, steps
            )
            if column + tile().panel * step == stop:
                add_steps(plan, rows, column, step, count, moved, PACK * tile().panel)
                continue
            while column < stop:
                left = min(step, stop - column)
                add_steps(plan, rows, column, left, count, moved, PACK)
                column += step


@noinline
def advance_unit(plan, c, unit, old, new, first_step, steps):
    """Renew a unit of a class over some pending steps, which takes vectors one step
    back, or completes some columns.

    Following a line's unit vector back gives this line of J(t) ... J(t-k+1).
    """
    lines = Lines(plan.class_line[c], plan.class_line[c + 1], plan.class_width[c])
    n = lines.stop - lines.begin
    back = unit - plan.class_unit[c]
    near = vectors_at(plan, back)
    if back == 0:
        plan.vectors[near : near + n * n] = 0.0
        for k in range(n):
            plan.vectors[near + k * (n + 1)] = 1.0
    if back < steps:
        s = steps - 1 - back
        slot = slot_of(plan, first_step + s)
        vjp_step(plan, c, slot, n, near, vectors_at(plan, back + 1), given_at(plan, s))
    elif back >= plan.counts.depth:
        at = vectors_at(plan, steps)
        terms = Terms(plan.line_offset, lines.begin, n, old, plan.vectors, at, 1, n)
        renew_panel(
            plan, lines, plan.unit_column[unit], plan.unit_length[unit], new, terms
        )
        # after J Z, which overwrites the columns
        add_pending(plan, c, unit, new, first_step, steps)


@lazy_part(PLAN, INDEX, INDEX, INDEX, INDEX, INDEX)
def advance_units(store, plan, unit, stop, new, first_step, steps):
    """Renew some units over some pending steps into the copy at `new`, from the base
    or, if the next copy includes the steps of the first block, from that copy.
    """
    old = base_at(plan) if first_step == 0 else next_at(plan)
    for c in range(plan.counts.classes):
        while unit < stop and unit < plan.class_unit[c + 1]:
            advance_unit(plan, c, unit, old, new, first_step, steps)
            unit += 1


@inline
def continue_renewal(store, plan, units):
    """Renew the next copy over the first block of pending steps, up to `units` units of
    this work.
    """
    if plan.latest.units < units:
        advance_units(
            store, plan, plan.latest.units, units, next_at(plan), 0, plan.counts.depth
        )
        plan.latest.units = units


@noinline
def materialize(store, plan, steps):
    """Write the sensitivities after the first pending steps to the copy for readers,
    which leaves all later bits unchanged.
    """
    depth = plan.counts.depth
    included = 0  # steps included in the copy from which the renewal begins
    units = plan.class_unit[plan.counts.classes]
    if steps > depth:
        continue_renewal(store, plan, units)
        included = depth
    advance_units(
        store, plan, 0, units, materialized_at(plan), included, steps - included
    )


@lazy_part(PLAN, INDEX, INDEX)
def backpropagate_errors(store, plan, c, steps):
    """Take the errors of the lines of a class back through the first pending steps."""
    lines = plan.class_line[c + 1] - plan.class_line[c]
    near = errors_at(plan)
    far = near + lines
    plan.vectors[near : near + lines] = plan.factors[:lines]
    for back in range(steps):
        s = steps - 1 - back
        vjp_step(plan, c, slot_of(plan, s), 1, near, far, errors_given_at(plan, c, s))
        near, far = far, near
    plan.factors[:lines] = plan.vectors[near : near + lines]
