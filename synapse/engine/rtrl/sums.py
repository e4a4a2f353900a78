"""Sum lines of sensitivities, which stay in registers until they are complete.

The added terms are described by `Lines`, `Terms` and `DirectTerms`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..language import for_each, inline, one_like, tile, tiles
from .offsets import slot_of

SIDE = 4  # packs of one line that are added to together
PACK = (0,)  # of a tile: the packs of one line


class Lines(NamedTuple):
    """Lines of one class."""

    begin: int
    stop: int
    width: int  # number of columns, one for each parameter of the class


class Terms(NamedTuple):
    """The terms of some lines, sum_e x_ke Z_e: e is a line one step earlier."""

    line_offsets: Any  # column with the offset of each such line
    start: int  # the place of the first term
    length: int  # number of terms
    old: int  # where the sensitivities one step earlier begin
    # column of the factors: x_ke is at ``at + k * across + e * down``
    factors: Any
    at: int
    across: int
    down: int


class DirectTerms(NamedTuple):
    """The direct contributions in some steps, which are the I of each step, times its
    factor.
    """

    direct: int  # where the columns are among the numbers of a step in ``direct``
    factors: int  # where the factors of the first step are, in ``given``
    stride: int  # from the factors of a step to those of the next
    step: int  # the first step
    steps: int  # number of steps; 0: there are no such terms


@inline
def add_packs(sums, x, column, at, lefts):
    """Add x times packs, one after the other from an index on."""
    if x == 0.0:
        return sums
    step = tiles.width(column)
    return tuple(
        sums[k] + x * tiles.pack(column, at + k * step, left)
        for k, left in enumerate(lefts)
    )


@inline
def set_packs(target, plan, to, lefts, q, terms, moved):
    """Do the same as `set_sums` for several packs, q columns further."""
    sums = for_each(lefts, tiles.no_pack(target))
    for e in range(terms.length):
        x = terms.factors[terms.at + e * terms.down]
        line = terms.old + terms.line_offsets[terms.start + e]
        sums = add_packs(sums, x, plan.sensitivity, line + q, lefts)
    for s in range(moved.steps):
        x = plan.given[moved.factors + s * moved.stride]
        at = slot_of(plan, moved.step + s) * plan.counts.direct + moved.direct
        sums = add_packs(sums, x, plan.direct, at + q, lefts)
    if moved.steps > 0:
        sums = add_packs(sums, one_like(plan.factors[0]), target, to + q, lefts)
    step = tiles.width(target)
    for k, left in enumerate(lefts):
        tiles.put_pack(target, to + q + k * step, left, sums[k])


@inline
def set_sums(target, plan, to, n, terms, moved):
    """Set n numbers of a column to the sum of terms or, with direct terms, add the sum
    to them.
    """
    step = tiles.width(target)
    whole = tuple(step for _ in range(SIDE))  # constant sizes, which do not need masks
    for q in range(0, n, SIDE * step):
        if n - q >= SIDE * step:
            set_packs(target, plan, to, whole, q, terms, moved)
        else:
            lefts = tuple(max(min(n - q - k * step, step), 0) for k in range(SIDE))
            set_packs(target, plan, to, lefts, q, terms, moved)


@inline
def renew_tile(plan, terms, k, rows, q, left, count, packs):
    """Renew some packs of the columns from q on of a tile of lines from k on, whose
    sums stay in registers.
    """
    sums = tiles.no_sums(plan.sensitivity, packs)
    factor = terms.at + k * terms.across
    for e in range(terms.length):
        line = terms.old + terms.line_offsets[terms.start + e]
        at = factor + e * terms.down
        sums = tiles.add_outer(
            sums, plan.sensitivity, line + q, left, terms.factors, at, 1
        )
    tiles.add_rows(plan.sensitivity, rows, q, sums, left, count, True)


@inline
def renew_panel(plan, lines, q, length, new, terms):
    """Compute Z(t) = J Z(t-1) for lines of a class, tile by tile, and the columns in
    registers.

    The lines are written from `new` on, their columns from q on.
    """
    step = tiles.width(plan.sensitivity)
    for k in range(0, lines.stop - lines.begin, tile().neurons):
        count = min(tile().neurons, lines.stop - lines.begin - k)
        rows = tiles.spaced(new + plan.line_offset[lines.begin + k], lines.width, count)
        if length == tile().panel * step:
            renew_tile(plan, terms, k, rows, q, step, count, PACK * tile().panel)
        else:
            renew_tile(plan, terms, k, rows, q, length, count, PACK)
