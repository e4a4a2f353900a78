"""Run several sequences side by side, each from a cleared context, or rows that do not
depend on each other. The number of lanes determines how many run at a time.

As in ``runs.py``, the tapes contain two steps that swap roles, but with lanes. Because
only outputs are written, several threads can share a store, each with its own tapes. A
lane computes its numbers independently of all other lanes, and therefore the bits of a
row do not depend on the rows beside it.
"""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numpy as np

from ..language import added, flat, inline, kernel, max_float_of, opaque, splat
from ..online.calls import ROW, SPAN, SPARSE, calls_by_float
from ..online.inputs import is_sparse
from ..schema import ENDED, NONE, SIDE_BY_SIDE
from ..status import DONE, FAILED, REFUSED
from .activate import GATHERING, activate_by
from .loops import compute_output_costs
from .runs import advance, load_outside, next_step, size_of
from .step import Step

FORWARD = GATHERING._replace(transposes=False)
"""No sum of a gradient reads the activations."""


@inline
def begin_cleared(store, tapes, span, rows):
    """Clear the context on the tapes, and return the `Step` before the first one."""
    none = splat(0.0, tapes.state)
    for start, stop in (
        (span.start, span.stop),
        (rows + span.start, rows + span.stop),
    ):
        tapes.activation[start:stop] = none
        tapes.state[start:stop] = none
    load_outside(store, tapes, 0, span.start, rows)
    load_outside(store, tapes, span.stop, rows, rows)
    ring = store.ring[span.start]
    if ring != NONE:
        start = 2 * rows + store.ring_first[ring]
        tapes.activation[start : start + size_of(store, ring)] = none
        tapes.head[ring] = 0
    return Step(0, rows, 0 - span.start, rows, 2 * rows, 1, 1, -1)


@inline
def are_finite(span, inputs, start, stop, maximum):
    """Return whether the inputs of these rows are finite, in the float of `maximum`."""
    if is_sparse(inputs):
        values, _, starts = inputs
        begin = starts[start]
        end = starts[stop]
    else:
        values = inputs
        begin = start * span.inputs
        end = stop * span.inputs
    return added(not abs(values[i]) <= maximum for i in range(begin, end)) == 0


class SequenceRows(NamedTuple):
    """The sequences of a call, of which those in `order` are run."""

    inputs: Any  # rows, or sparse rows, of all sequences
    bounds: Any  # where each sequence begins and ends among the rows
    order: Any
    outputs: Any  # written: rows of all sequences
    independent: Any  # whether each has one row, and no context


class Judge(NamedTuple):
    """The cost of outputs, if they are tested."""

    targets: Any  # rows of all sequences
    cost: Any
    costs: Any  # written: the cost of each row


@inline
def next_rows(tapes, sequences, group_start, t, lanes):
    """Write each lane's row in step t for a group of sequences, and return whether some
    have ended.
    """
    left = sequences.order.size - group_start
    if sequences.independent:  # rows that follow each other
        first = sequences.order[group_start]
        for lane in range(lanes):
            tapes.row[lane] = first + lane if lane < left else ENDED
        return left < lanes
    ragged = False
    for lane in range(opaque(lanes)):
        row = ENDED
        if lane < left:
            sequence = sequences.order[group_start + lane]
            if sequences.bounds[sequence] + t < sequences.bounds[sequence + 1]:
                row = sequences.bounds[sequence] + t
        tapes.row[lane] = row
        ragged = ragged or row == ENDED
    return ragged


@inline
def store_outputs(tapes, sequences, at, n, lanes, ragged):
    """Write the outputs of a step, the first of which is at an index of the tapes."""
    if sequences.independent and not ragged:
        to = tapes.row[0] * n
        for o in range(n):
            for lane in range(lanes):
                output = tapes.activation[at + o * lanes + lane]
                sequences.outputs[to + o + lane * n] = output
    else:
        for lane in range(opaque(lanes)):
            row = tapes.row[lane]
            if row != ENDED:
                for o in range(n):
                    output = tapes.activation[at + o * lanes + lane]
                    sequences.outputs[row * n + o] = output


@inline
def longest_of(span, sequences, group_start, lanes, maximum):
    """Return the number of steps in a group of sequences, or -1 if an input is not
    finite.
    """
    longest = 0
    end = min(group_start + lanes, sequences.order.size)
    if sequences.independent:  # rows that follow each other are looked at together
        start = sequences.order[group_start]
        stop = sequences.order[end - 1] + 1
        return 1 if are_finite(span, sequences.inputs, start, stop, maximum) else -1
    for k in range(group_start, end):
        start = sequences.bounds[sequences.order[k]]
        stop = sequences.bounds[sequences.order[k] + 1]
        longest = max(longest, stop - start)
        if not are_finite(span, sequences.inputs, start, stop, maximum):
            return -1
    return longest


@kernel
def run_side_by_side(store, scalar, tapes, tag, rows, span, sequences, judge):
    """Run `SequenceRows` from a cleared context. `judge` is None, or a `Judge`.

    `rows` is the number of the store's rows, which the tapes have, too. Returns a
    status. Only outputs and costs change.
    """
    numbers = flat(tapes)
    lanes = len(tag)
    tapes.failed[0] = 0.0
    store.failed[0] = 0.0
    n = span.outputs
    inputs = sequences.inputs
    step = begin_cleared(store, tapes, span, rows)
    for group_start in range(0, sequences.order.size, lanes):
        longest = longest_of(span, sequences, group_start, lanes, max_float_of(scalar))
        if longest < 0:
            return REFUSED
        if group_start > 0 and not sequences.independent:
            step = begin_cleared(store, tapes, span, rows)
        for t in range(longest):
            step = next_step(step, 1)
            advance(store, tapes, None, span, step)
            ragged = next_rows(tapes, sequences, group_start, t, lanes)
            of = tapes, None, span, inputs, 0, step, lanes, ragged, False
            activate_by(FORWARD, store, *of)
            if judge is not None:
                of = span, judge.targets, 0, step.now, judge.cost, lanes
                compute_output_costs(store, numbers, *of)
            if tapes.failed[0] != 0.0 or store.failed[0] != 0.0:
                return FAILED
            at = (step.now + span.stop - n) * lanes
            store_outputs(numbers, sequences, at, n, lanes, ragged)
            if judge is not None:
                for lane in range(opaque(lanes)):
                    row = tapes.row[lane]
                    if row != ENDED:
                        cost = 0.0
                        for o in range(n):
                            weight = store.cost_weight[span.stop - n + o]
                            cost += weight * numbers.value[o * lanes + lane]
                        judge.costs[row] = cost
    return DONE


KERNELS = {
    key: kernel(run_side_by_side.part) for key in product((False, True), repeat=2)
}
"""The kernels by whether outputs are tested and whether rows are sparse."""


def _examples(scalar):
    tag = (0,) * SIDE_BY_SIDE[np.dtype(type(scalar))]
    examples = {}
    for (tests, sparse), each in KERNELS.items():
        inputs = SPARSE if sparse else np.empty(0, type(scalar))
        sequences = SequenceRows(inputs, SPAN, SPAN, ROW, True)
        judge = Judge(ROW, 0, ROW) if tests else None
        examples[each] = 0, scalar, 0, tag, 0, SPAN, sequences, judge
    return examples


calls_for = calls_by_float(_examples)
