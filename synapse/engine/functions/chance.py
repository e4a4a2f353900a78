"""Activations that draw a random number: noise, bernoulli."""

from __future__ import annotations

import math

from ..compiler.jit import inline, one, piece, stream, zero
from .activations import BERNOULLI
from .compiled import squash_of
from .elementary import log

TURN = 2.0 * math.pi


@inline
def draw(m, j):
    """The next number of the neuron's own stream, from 0 to 1 (exclusive). writes: random"""
    m.random[j], uniform = stream(m.random[j])
    return uniform


@piece
def chance(m, j, code, state):
    """Activation and derivative of a random neuron, or its mean while it is deterministic.

    noise adds a standard normal number (Box and Muller 1958), bernoulli is 1 with its probability.
    reads: deterministic; writes: random
    """
    value, derivative = squash_of(code, state)
    if m.deterministic[j]:
        return value, derivative
    if code == BERNOULLI:
        return (one(value) if draw(m, j) < value else zero(value)), derivative
    radius = math.sqrt(-2.0 * log(1.0 - draw(m, j)))
    return value + radius * math.cos(TURN * draw(m, j)), derivative
