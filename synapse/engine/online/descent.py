"""Apply the step of plain gradient descent, using the sums of a batch of the online
rule.

Like a step, it only reads numbers that can differ from 0. In runs whose sources are
listed, these numbers belong to the packs that a step of the batch has touched
(`lists.mark_touched`).
"""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ..language import SCALAR, SPAN, inline, lazy_part, max_float_of, strict_fp
from ..status import RESULT
from .lists import list_touched, over_touched


class BatchPlaces(IntEnum):
    """The places of a batch of the online rule in an array."""

    SIZE = 0  # number of steps with a target, 0 for a sequence, -1 without batches
    COUNT = 1  # number of such steps in the present batch; not 0 without batches
    UPDATES = 2  # number of batches that have moved the parameters


SIZE, COUNT, UPDATES = (int(place) for place in BatchPlaces)
NO_BATCHES = -1
UNMOVED = -1
"""Replaces a count if a change is not finite, in which case all parameters are
unchanged.
"""


def new_batch(size: int = NO_BATCHES) -> NDArray[np.int64]:
    """Return the places of batches of this size."""
    return np.array([size, 1 if size == NO_BATCHES else 0, 0])


@inline
def add_squares(total, start, n, values, sums, pace, limit):
    """Add the squares of some sums to a total, which exceeds `limit` if a change or a
    changed value does. The total is only used for this test.
    """
    beyond = 0
    for i in range(start, start + n):
        change = pace * sums[i]
        total += np.float64(sums[i]) * sums[i]
        beyond += not abs(change) <= limit or not abs(values[i] + change) <= limit
    return total if beyond == 0 else math.inf


@strict_fp
def descend(total, start, n, values, sums, pace, limit):
    """Change some values, and reset their sums."""
    for i in range(start, start + n):
        values[i] = values[i] + pace * sums[i]
        sums[i] = 0.0
    return total


@inline
def over_parameters(store, span, each, pace, limit):
    """Return the sum of `each` over all parameters of a network whose sums can differ
    from 0.
    """
    of = store.bias, store.bias_destination, pace, limit
    total = each(0.0, span.learning, span.stop - span.learning, *of)
    of = store.weight, store.weight_destination, pace, limit
    return over_touched(store, span, each, total, *of)


@lazy_part(SPAN, SCALAR)
def descend_by_sums(store, span, pace):
    """Add `pace` times the sums of a batch to the parameters, and reset the sums. If
    all results are finite, ``failed[RESULT]`` is 1. Otherwise it is 0, and the
    parameters are unchanged.
    """
    limit = max_float_of(pace)
    if store.ties.lists != 0:
        list_touched(store, span)
    squares = over_parameters(store, span, add_squares, pace, limit)
    store.failed[RESULT] = 1.0 if squares <= limit else 0.0
    if squares <= limit:
        over_parameters(store, span, descend, pace, limit)
        if store.ties.lists != 0:
            store.touched[span.start : span.stop] = 0.0


@inline
def end_batch(store, span, batch, rate):
    """Update the parameters by the sums of a batch, and return whether all results are
    finite.
    """
    descend_by_sums(store, span, rate)
    moved = store.failed[RESULT] != 0.0
    batch[COUNT] = 0 if moved else UNMOVED
    batch[UPDATES] += moved
    return moved
