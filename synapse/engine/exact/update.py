"""The update of parameters by the gradient of a batch: penalties, clipping, the optimizer's step.

Parameters are one vector of float64: the weights of a network, then its biases, in which a value shared by
tied members occurs once. Every function is strict (see ``compiler/calls.py``), so the loop over batches
and single calls from Python compute the same bits.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ..compiler.calls import address_of, call_equation, strict
from ..compiler.jit import kernel

DONE, STOPPED, DIVERGED, NOT_FINITE, NOT_CLIPPED, TOO_STEEP, TOO_FAR, BEYOND = range(8)
"""How an update ends: it is complete; stopped from outside; activations or errors diverged, or their products
did; the gradient is not finite and cannot be clipped; its square is not; the change is not; a parameter
is beyond the range of the store's float. Only a complete one changes weights."""


class Places(NamedTuple):
    """The rows of a column of the store from which parameters are read, and to which they are written."""

    rows: Any  # row of each connection, or neuron, of the network
    entries: Any  # the entry of the vector that it belongs to
    written: Any  # all rows that are written, with tied members in other networks
    taken: Any  # the entry that each of them takes


class Penalty(NamedTuple):
    """Penalties on weights, and limits of the gradient; infinite: no limit."""

    weights: int  # number of entries that are weights
    l1: float
    l2: float
    value: float  # limit of every entry
    norm: float  # limit of the norm


class Step(NamedTuple):
    """An optimizer, its memory, and the vectors that an update works on."""

    equation: int  # address of its kernel
    change: Any
    values: Any
    gradient: Any
    memory: Any
    settings: Any
    moving: Any  # booleans: the parameters that are not frozen
    limit: float  # the largest number of the store's float


class Change(NamedTuple):
    """How the parameters of a network are changed."""

    weights: Any  # their `Places`
    biases: Any
    slopes: Any  # the gradient by connections and by neurons
    penalty: Any
    step: Any


def equation_address(equation: Any, vectors: tuple[Any, ...]) -> int:
    """The address of an optimizer's equation for these vectors, compiled if necessary."""
    return address_of(equation, (*vectors, 0.0, 0))


@strict
def clear(numbers):
    """Set all numbers to 0."""
    for i in range(len(numbers)):
        numbers[i] = 0.0


@strict
def read_values(m, weights, biases, values):
    """Read the vector of parameters; of tied members, the first one."""
    for back in range(len(weights.rows)):
        i = len(weights.rows) - 1 - back
        values[weights.entries[i]] = m.weight[weights.rows[i]]
    for back in range(len(biases.rows)):
        i = len(biases.rows) - 1 - back
        values[biases.entries[i]] = m.bias[biases.rows[i]]


@strict
def write_values(m, weights, biases, values):
    """Write the vector of parameters to all members."""
    for i in range(len(weights.written)):
        m.weight[weights.written[i]] = values[weights.taken[i]]
    for i in range(len(biases.written)):
        m.bias[biases.written[i]] = values[biases.taken[i]]


@strict
def add_slopes(places, slopes, gradient):
    """Add the slope of each member to its entry."""
    for i in range(len(places.entries)):
        gradient[places.entries[i]] += slopes[i]


@strict
def add_penalties(penalty, values, gradient):
    """Add the derivatives of the penalties on the weights, which are the first entries."""
    if penalty.l1 != 0.0:
        for i in range(penalty.weights):
            sign = 1.0 if values[i] > 0.0 else -1.0 if values[i] < 0.0 else 0.0
            gradient[i] += penalty.l1 * sign
    if penalty.l2 != 0.0:
        for i in range(penalty.weights):
            gradient[i] += penalty.l2 * values[i]


@strict
def sum_of_squares(numbers, scale):
    """The sum of the squares of all numbers divided by `scale`, in four partial sums."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    whole = len(numbers) // 4 * 4
    for i in range(0, whole, 4):
        a += (numbers[i] / scale) ** 2
        b += (numbers[i + 1] / scale) ** 2
        c += (numbers[i + 2] / scale) ** 2
        d += (numbers[i + 3] / scale) ** 2
    for i in range(whole, len(numbers)):
        a += (numbers[i] / scale) ** 2
    return (a + b) + (c + d)


@strict
def clip(penalty, gradient):
    """Clip a gradient by value, then by norm; returns whether it was finite."""
    largest = 0.0
    for i in range(len(gradient)):
        if not math.isfinite(gradient[i]):
            return False
        gradient[i] = min(max(gradient[i], -penalty.value), penalty.value)
        largest = max(largest, abs(gradient[i]))
    if largest == 0.0 or penalty.norm == math.inf:
        return True
    ratio = math.sqrt(sum_of_squares(gradient, largest))  # scaled, because squares could overflow
    if largest * ratio > penalty.norm:
        for i in range(len(gradient)):
            gradient[i] = gradient[i] / largest * (penalty.norm / ratio)
    return True


@strict
def find_gradient(weights, biases, slopes, penalty, values, gradient):
    """Compute the gradient of the parameters, with penalties, clipped.

    `slopes` are those of connections and of neurons. Returns a code and the squared norm before clipping.
    """
    clear(gradient)
    add_slopes(weights, slopes[0], gradient)
    add_slopes(biases, slopes[1], gradient)
    add_penalties(penalty, values, gradient)
    squares = sum_of_squares(gradient, 1.0)
    if (penalty.value != math.inf or penalty.norm != math.inf) and not clip(penalty, gradient):
        return NOT_CLIPPED, squares
    return DONE, squares


@strict
def move(step, rate, count):
    """Change the values by one step of the optimizer, the one with number `count`; returns a code."""
    if not math.isfinite(sum_of_squares(step.gradient, 1.0)):
        return TOO_STEEP
    vectors = step.change, step.values, step.gradient, step.memory, step.settings
    if not call_equation(step.equation, (*vectors, rate, count), (*vectors, 0.0, 0)):
        return TOO_FAR
    for i in range(len(step.change)):
        if step.moving[i]:
            step.values[i] -= step.change[i]
    for i in range(len(step.change)):
        if abs(step.values[i]) > step.limit:
            return BEYOND
    return DONE


@kernel
def gradient_of_batch(weights, biases, slopes, penalty, values, gradient):
    """`find_gradient`, called from Python with the fields of the named tuples."""
    places = Places(*weights), Places(*biases)
    return find_gradient(*places, slopes, Penalty(*penalty), values, gradient)
