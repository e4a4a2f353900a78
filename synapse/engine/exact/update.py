"""Update parameters by the gradient of a batch, with penalties, clipping, and the
optimizer's step.

Parameters are one vector, which contains the weights of a network, then its biases. A
value that tied members share occurs once. Gradients and penalties are float64, whereas
the step of the optimizer has the float type of the network. Because every function is
strict (see ``language/decorators.py``), the loop over batches and single calls from
Python compute the same bits.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ..language import (
    added,
    call_equation,
    inline,
    kernel,
    strict_fp,
    strict_fp_call,
    sum_in_four,
)
from ..status import BEYOND, DONE, NOT_CLIPPED, TOO_FAR, TOO_STEEP

PART = 1024
"""Number of parameters that are updated at a time to keep their numbers in the cache.
With a tenth and with ten times of it, rows take the same time. Without parts, Adam
takes 1.04 times as long on 784-100-10, and memory for three numbers of each parameter.
"""


class ParameterScatter(NamedTuple):
    """The rows of a column from which parameters are read, and to which they are
    written, as ranges.
    """

    entry: Any  # the first entry of the vector that belongs to this column
    tied: bool  # whether members share entries; if not, entries are consecutive
    begins: Any  # first row of each range
    lengths: Any  # and its number of rows
    entries: Any  # if tied: the entry that each row belongs to
    # if tied: all rows that are written, with tied members in other networks
    written_rows: Any
    written_entries: Any  # and the entry that each of them takes


class Penalty(NamedTuple):
    """Weight penalties and gradient limits. An infinite limit disables clipping."""

    trainable: Any  # for each entry that is a weight: 1 if it learns, otherwise 0
    l1: float
    l2: float
    value: float  # limit of every entry
    norm: float  # limit of the norm


class OptimizerStep(NamedTuple):
    """An optimizer, its memory, and the vectors for the parameters that are moved
    together.
    """

    equation: int  # address of its kernel
    change: Any
    values: Any
    gradient: Any
    memory: Any  # of all parameters
    settings: Any
    trainable: Any  # booleans: the parameters that are not frozen
    limit: float  # the largest number of the store's float
    # whether a parameter without a gradient stays as it is, and its memory
    skips_zeros: bool
    low: Any  # bounds of the parameters, by their signs; empty if none has one
    high: Any


class Change(NamedTuple):
    """Parameters of a network, their gradient and their optimizer, for one update."""

    weights: Any  # their `ParameterScatter`
    biases: Any
    whole: Any  # those of `values`
    values: Any  # of all parameters
    gradient: Any
    # the gradient by connections and by neurons; parts of `gradient` if none are tied
    slopes: Any
    # None without ties, penalties and limits, where `values` are not needed
    penalty: Any
    step: Any
    lists: Any  # None if no sources are listed, else True


_equations: dict[Any, int] = {}


def equation_address(equation: Any, vectors: tuple[Any, ...]) -> int:
    """Return the address of an optimizer's equation for these vectors, compiled if
    necessary.
    """
    key = equation, *(vector.dtype for vector in vectors)
    if key not in _equations:
        _equations[key] = equation.address((*vectors, 0.0, 0, 0, 0))
    return _equations[key]


@strict_fp
def read_column(column, scatter, values):
    """Read the values of a column."""
    at = 0
    for k in range(scatter.begins.size):
        row = scatter.begins[k]
        n = scatter.lengths[k]
        entry = scatter.entry + at
        if scatter.tied:
            for i in range(n):
                values[scatter.entries[at + i]] = column[row + i]
        else:
            values[entry : entry + n] = column[row : row + n]
        at += n


@strict_fp
def write_column(column, scatter, values):
    """Write the values of a column to all members."""
    if scatter.tied:
        for i in range(scatter.written_rows.size):
            column[scatter.written_rows[i]] = values[scatter.written_entries[i]]
        return
    at = scatter.entry
    for k in range(scatter.begins.size):
        row = scatter.begins[k]
        n = scatter.lengths[k]
        column[row : row + n] = values[at : at + n]
        at += n


@strict_fp
def sum_members(scatter, slopes, gradient):
    """Write the gradient of a column by summing over the members of each entry."""
    if not scatter.tied:
        gradient[scatter.entry : scatter.entry + slopes.size] = slopes[: slopes.size]
        return
    for i in range(slopes.size):
        gradient[scatter.entries[i]] = 0.0
    for i in range(slopes.size):
        gradient[scatter.entries[i]] += slopes[i]


@strict_fp
def add_penalties(penalty, values, gradient):
    """Add the derivatives of the penalties on the weights that learn. Weights are the
    first entries.
    """
    if penalty.l1 != 0.0:
        for i in range(penalty.trainable.size):
            sign = 0.0
            if values[i] > 0.0:
                sign = 1.0
            elif values[i] < 0.0:
                sign = -1.0
            gradient[i] += penalty.l1 * sign * penalty.trainable[i]
    if penalty.l2 != 0.0:
        gradient[: penalty.trainable.size] += (
            penalty.l2
            * values[: penalty.trainable.size]
            * penalty.trainable[: penalty.trainable.size]
        )


@inline
def sum_of_squares(numbers, start, stop):
    """Return the sum of squares of some numbers, in any order, because its bits only
    determine whether it is finite.
    """
    return added((numbers[i] * numbers[i] for i in range(start, stop)), 0.0)


@strict_fp
def _squared(i, numbers, scale):
    return (numbers[i] / scale) ** 2


@strict_fp
def clip(penalty, gradient):
    """Clip a gradient by value, then by norm, and return whether it was finite."""
    largest = 0.0
    for i in range(gradient.size):
        if not math.isfinite(gradient[i]):
            return False
        gradient[i] = min(max(gradient[i], -penalty.value), penalty.value)
        largest = max(largest, abs(gradient[i]))
    if largest == 0.0 or penalty.norm == math.inf:
        return True
    # divided by the largest, because the sum of squares of large numbers would overflow
    ratio = math.sqrt(sum_in_four(0.0, 0, gradient.size, _squared, gradient, largest))
    if largest * ratio > penalty.norm:
        gradient[: gradient.size] = (
            gradient[: gradient.size] / largest * (penalty.norm / ratio)
        )
    return True


@strict_fp
def find_gradient(penalty, values, gradient):
    """Add the penalties to a gradient, and clip it. Returns a status and the squared
    norm before clipping.
    """
    add_penalties(penalty, values, gradient)
    squares = sum_of_squares(gradient, 0, gradient.size)
    if penalty.value == math.inf and penalty.norm == math.inf:
        return DONE if math.isfinite(squares) else TOO_STEEP, squares
    if not clip(penalty, gradient):
        return NOT_CLIPPED, squares
    after = sum_of_squares(gradient, 0, gradient.size)
    return DONE if math.isfinite(after) else TOO_STEEP, squares


@strict_fp
def update_part(column, slopes, here, sign, step, rate, count, row, at, n):
    """Change `n` entries of a column from `row` on, which are from `at` on in the
    optimizer's vectors, by `sign` times the slopes from `here` on. Returns a status.
    """
    vectors = (step.change, step.values, step.gradient, step.memory, step.settings)
    like = (*vectors, 0.0, 0, 0, 0)
    within = True
    for i in range(n):
        step.values[i] = column[row + i]
        step.gradient[i] = sign * slopes[here + i]
        slopes[here + i] = step.values[i]
    finite = call_equation(step.equation, (*vectors, rate, count, at, at + n), like)
    for i in range(n):
        value = step.values[i]
        if step.trainable[at + i]:
            value = value - step.change[i]
        within &= abs(value) <= step.limit
        column[row + i] = value
    if not finite:
        return TOO_FAR
    return DONE if within else BEYOND


@strict_fp
def worse_of(status, other):
    """Return the joint status of two parts of an update. TOO_FAR precedes BEYOND, as in
    `update`, which changes all parameters at once.
    """
    if status == TOO_FAR or other == TOO_FAR:
        return TOO_FAR
    return status if status != DONE else other


@strict_fp_call
def apply_update(
    column, scatter, slopes, by_rows, sign, step, rate, count, start, stop
):
    """Change some entries of a column, counted from its first one, by one step of the
    optimizer, which has the number `count`. Return a status.

    The gradient is `sign` times `slopes`, which are in the order of the ranges or,
    `by_rows`, have the rows of the column. The old values take their place, for
    `undo_update`.
    """
    passed = 0
    status = DONE
    for k in range(scatter.begins.size):
        length = scatter.lengths[k]
        skipped = min(max(start - passed, 0), length)
        end = scatter.begins[k] + min(max(stop - passed, 0), length)
        at = scatter.entry + passed + skipped
        for row in range(scatter.begins[k] + skipped, end, PART):
            n = min(end - row, PART)
            here = row if by_rows else at - scatter.entry
            status = worse_of(
                status,
                update_part(column, slopes, here, sign, step, rate, count, row, at, n),
            )
            at += n
        passed += length
    return status


@strict_fp
def undo_update(column, scatter, slopes, by_rows):
    """Restore the values before `apply_update`."""
    at = 0
    for k in range(scatter.begins.size):
        row = scatter.begins[k]
        n = scatter.lengths[k]
        begin = row if by_rows else at
        column[row : row + n] = slopes[begin : begin + n]
        at += n


@kernel
def gradient_of_batch(weights, biases, slopes, penalty, values, gradient):
    """Do the same as `find_gradient` for slopes by connections and neurons."""
    sum_members(weights, slopes[0], gradient)
    sum_members(biases, slopes[1], gradient)
    return find_gradient(penalty, values, gradient)
