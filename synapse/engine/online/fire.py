"""The kernels of an activation: what a neuron says at its state, alone, in a group, or by chance."""

from __future__ import annotations

import math

import numpy as np

from ..compiler.jit import inline, one, piece, stream, zero
from ..functions.activations import built_in, custom, logistic
from ..functions.elementary import exp, log
from ..schema import BERNOULLI, FIRST_CUSTOM, LOGISTIC, MAXOUT, NOISE, SOFTMAX

u8 = np.uint64
ONE = u8(1)
TURN = 2.0 * math.pi


@inline
def tick(m, n):
    """When the first of the `n` neurons that fire now does so. writes: clock"""
    now = m.clock[0] + ONE
    m.clock[0] += n
    return now


@inline
def forget_error(m, j):
    """Make room for the errors of this step. writes: responsibility, pushed*"""
    m.responsibility[j] = 0.0
    m.pushed[j] = 0.0
    m.pushed_gated[j] = 0.0
    m.pushed_traced[j] = 0.0


@inline
def begin_step(m, j, now):
    """What comes with every new activation: room for errors, and the order of firing.

    reads: activation; writes: old_activation, responsibility, pushed*, stamp
    """
    m.old_activation[j] = m.activation[j]
    forget_error(m, j)
    m.stamp[j] = now


@inline
def clamp_neuron(m, j, value, now):
    """Set the activation of an input. Its derivative is 0: no error passes, nothing of it learns.

    writes: activation, old_activation, derivative, responsibility, pushed*, stamp
    """
    begin_step(m, j, now)
    m.activation[j] = value
    m.derivative[j] = 0.0


@inline
def normalise(state, said, slope, first, last, stride, top):
    """softmax y_j = e^s_j / sum_i e^s_i over a group whose largest state is `top`."""
    total = zero(state[first])
    for j in range(first, last, stride):
        said[j] = exp(state[j] - top)
        total += said[j]
    for j in range(first, last, stride):
        value = said[j] / total
        said[j] = value
        slope[j] = value * (1.0 - value)


@piece
def compete(m, code, state, said, slope, first, last, stride):
    """The activations of a group: shared out (softmax), or of the largest state alone.

    The group's numbers lie `stride` apart in columns of states, activations and derivatives.
    """
    best = first
    for j in range(first, last, stride):
        if state[j] > state[best]:
            best = j
    if code == SOFTMAX:
        normalise(state, said, slope, first, last, stride, state[best])
        return
    for j in range(first, last, stride):
        said[j] = 0.0
        slope[j] = 0.0
    said[best], slope[best] = built_in(code, state[best])


@inline
def draw(m, j):
    """A number from 0 to 1 (left out), the next of the neuron's own stream. writes: random"""
    m.random[j], uniform = stream(m.random[j])
    return uniform


@piece
def chance(m, j, code, state):
    """The activation and derivative of a neuron that is random, or of its mean while it is deterministic.

    noise adds a standard normal number (Box and Muller 1958), bernoulli says 1 with its chance.
    reads: deterministic; writes: random
    """
    value, derivative = built_in(code, state)
    if m.deterministic[j]:
        return value, derivative
    if code == BERNOULLI:
        return (one(value) if draw(m, j) < value else zero(value)), derivative
    radius = math.sqrt(-2.0 * log(1.0 - draw(m, j)))
    return value + radius * math.cos(TURN * draw(m, j)), derivative


@inline
def fire(m, first, last):
    """activation y_j = f_j(s_j) of neurons side by side that have one squash.

    reads: state, squash, group_first, group_stop
    writes: activation, old_activation, derivative, stamp, clock, responsibility, pushed*, failed
    """
    code, now = m.squash[first], tick(m, last - first)
    if code == LOGISTIC:
        for j in range(first, last):
            begin_step(m, j, now + (j - first))
            m.activation[j], m.derivative[j] = logistic(m.state[j])
        return
    for j in range(first, last):
        begin_step(m, j, now + (j - first))
    if SOFTMAX <= code <= MAXOUT:
        j = first
        while j < last:
            stop = u8(m.group_stop[j])
            compete(m, code, m.state, m.activation, m.derivative, u8(m.group_first[j]), stop, ONE)
            j = stop
    elif NOISE <= code <= BERNOULLI:
        for j in range(first, last):
            m.activation[j], m.derivative[j] = chance(m, j, code, m.state[j])
    elif code < FIRST_CUSTOM:
        for j in range(first, last):
            m.activation[j], m.derivative[j] = built_in(code, m.state[j])
    else:
        for j in range(first, last):
            m.activation[j], m.derivative[j] = custom(m, m.failed, code, m.state[j])
