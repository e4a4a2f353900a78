"""Activations for which a random number is drawn: noise, bernoulli."""

from __future__ import annotations

import math

from ..compiler.jit import inline, one, piece, stream, zero
from .activations import BERNOULLI
from .compiled import squash_of
from .elementary import log

TURN = 2.0 * math.pi


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
    value, derivative = squash_of(code, state)
    if m.deterministic[j]:
        return value, derivative
    if code == BERNOULLI:
        return (one(value) if draw(m, j) < value else zero(value)), derivative
    radius = math.sqrt(-2.0 * log(1.0 - draw(m, j)))
    return value + radius * math.cos(TURN * draw(m, j)), derivative
