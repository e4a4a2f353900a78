"""Replace computations that differ between programs and machine code. Programs add sums
one by one instead of in packs, and protect expressions from compilers with -ffast-math.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...engine.functions.elementary import HIGHEST, LOWEST
from ...engine.language.decorators import in_order
from ...engine.language.packs import tile
from ...engine.language.tree import Node, column_of, items_of, tuple_of
from ...engine.language.words import single_bits, to_bits, zero_like
from ...engine.rtrl.offsets import slot_of

# mypy: disable-error-code="no-untyped-def, no-untyped-call"


ROUNDER_BITS = 0x4338000000000000
SINGLE_ROUNDER_BITS = 0x4B400000


@in_order
def whole(shifted):
    """Return the whole number to which adding 1.5 * 2^52 has rounded."""
    return np.float64(to_bits(shifted) - ROUNDER_BITS)


@in_order
def single_whole(shifted):
    """Return the whole number to which adding 1.5 * 2^23 has rounded."""
    return np.float32(single_bits(shifted) - SINGLE_ROUNDER_BITS)


@in_order
def exp(x):
    """Compute e^x for x within -708 .. 709, and the value at the bound beyond."""
    return math.exp(max(min(x, HIGHEST), LOWEST))


@in_order
def expm1(x):
    """Compute e^x - 1 for x within -708 .. 709, and the value at the bound beyond."""
    return math.expm1(max(min(x, HIGHEST), LOWEST))


@in_order
def add_update(weight, row, n, step, activation, source):
    """Make the pending update of a run."""
    for t in range(n):
        weight[row + t] += step * activation[source + t]


@in_order
def sum_row(weight, row, n, activations, source):
    """Return the weighted inputs from a run: sum of w_ij y_i."""
    total = zero_like(weight[row])
    for t in range(n):
        total += activations[source + t] * weight[row + t]
    return total


@in_order
def sum_four(weight, row, gap, n, activations, source):
    """Return the weighted inputs of four neurons from a run, reading each source
    once.
    """
    sum0 = zero_like(weight[row])
    sum1 = zero_like(sum0)
    sum2 = zero_like(sum0)
    sum3 = zero_like(sum0)
    for t in range(n):
        y = activations[source + t]
        sum0 += y * weight[row + t]
        sum1 += y * weight[row + gap + t]
        sum2 += y * weight[row + 2 * gap + t]
        sum3 += y * weight[row + 3 * gap + t]
    return sum0, sum1, sum2, sum3


def exact(t: Any, store: Node, activations: Node, none: Node, *others: Node) -> Node:
    """Write `states.sum_packs`, one product after the other."""
    return _sums(t, False, store, activations, *others)


def fast(t: Any, store: Node, activations: Node, none: Node, *others: Node) -> Node:
    """Write the same in several partial sums."""
    return _sums(t, True, store, activations, *others)


def _sums(
    t: Any,
    fast: bool,
    store: Node,
    activations: Node,
    rows: Node,
    n: Node,
    source: Node,
    steps: Node,
    pending: Node,
) -> Node:
    weight = column_of(store, "weight")
    each = items_of(rows)
    if pending.kind.value:
        old = column_of(store, "old_activation")
        for row, step in zip(each, items_of(steps), strict=True):
            t.call(add_update, [weight, row, n, step, old, source])
    if len(each) == 4 and not fast:
        gap = t.binary("Sub", each[1], each[0])
        passed = [weight, each[0], gap, n, activations, source]
        return t.temporary(t.call(sum_four, passed))
    if fast:
        return tuple_of(
            [
                t.temporary(
                    Node("dot", weight.kind.of, (weight, row, activations, source, n))
                )
                for row in each
            ]
        )
    return tuple_of(
        [
            t.temporary(t.call(sum_row, [weight, row, n, activations, source]))
            for row in each
        ]
    )


@in_order
def set_sums(target, plan, to, n, terms, moved):
    """Set n numbers of a column to the sum of terms or, with direct terms, add the sum
    to them.
    """
    if moved.steps > 0:
        for q in range(n):
            total = sum_of_terms(plan, terms, moved, zero_like(target[to]), q)
            target[to + q] = total + target[to + q]
        return
    for q in range(n):
        target[to + q] = zero_like(target[to])
    for e in range(terms.length):
        x = terms.factors[terms.at + e * terms.down]
        line = terms.old + terms.line_offsets[terms.start + e]
        if x != 0.0:
            for q in range(n):
                target[to + q] += x * plan.sensitivity[line + q]


@in_order
def sum_of_terms(plan, terms, moved, total, q):
    """Return the sum of the terms of column q."""
    for e in range(terms.length):
        x = terms.factors[terms.at + e * terms.down]
        if x != 0.0:
            line = terms.old + terms.line_offsets[terms.start + e]
            total += x * plan.sensitivity[line + q]
    for s in range(moved.steps):
        x = plan.given[moved.factors + s * moved.stride]
        if x != 0.0:
            at = slot_of(plan, moved.step + s) * plan.counts.direct + moved.direct
            total += x * plan.direct[at + q]
    return total


@in_order
def renew_panel(plan, lines, q, length, new, terms):
    """Compute Z(t) = J Z(t-1) for lines of a class, the columns from q on."""
    for k in range(lines.stop - lines.begin):
        row = new + plan.line_offset[lines.begin + k] + q
        for t in range(length):
            plan.sensitivity[row + t] = zero_like(plan.sensitivity[row])
        place = k % tile().neurons
        factor = terms.at + (k - place) * terms.across + place
        for e in range(terms.length):
            x = terms.factors[factor + e * terms.down]
            line = terms.old + terms.line_offsets[terms.start + e] + q
            for t in range(length):
                plan.sensitivity[row + t] += x * plan.sensitivity[line + t]
