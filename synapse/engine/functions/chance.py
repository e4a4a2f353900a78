"""Activations that draw a random number: noise, bernoulli."""

from __future__ import annotations

import math

from ..compiler.jit import inline, one, stream, zero
from ..compiler.rare import INDEX, rare
from .activations import BERNOULLI
from .compiled import STRETCH, identity, logistic
from .elementary import log

TURN = 2.0 * math.pi


@inline
def draw(m, j):
    """The next number of the neuron's own stream, from 0 to 1 (exclusive). writes: random"""
    m.random[j], uniform = stream(m.random[j])
    return uniform


@inline
def bernoulli(m, j, state):
    """1 with the probability of the state, else 0; the probability while the neuron is deterministic."""
    value, derivative = logistic(state)
    if m.deterministic[j]:
        return value, derivative
    return (one(value) if draw(m, j) < value else zero(value)), derivative


@inline
def noise(m, j, state):
    """The state plus a standard normal number (Box and Muller 1958), unless the neuron is deterministic."""
    value, derivative = identity(state)
    if m.deterministic[j]:
        return value, derivative
    radius = math.sqrt(-2.0 * log(1.0 - draw(m, j)))
    return value + radius * math.cos(TURN * draw(m, j)), derivative


@rare(INDEX, INDEX, INDEX, INDEX, *STRETCH)
def chance(m, code, first, last, lanes, state, at, activation, slope, to):
    """Activations and derivatives of random neurons, of which each has `lanes` consecutive samples.

    reads: deterministic; writes: random
    """
    for j in range(first, last):
        for q in range((j - first) * lanes, (j - first + 1) * lanes):
            if code == BERNOULLI:
                activation[to + q], slope[to + q] = bernoulli(m, j, state[at + q])
            else:
                activation[to + q], slope[to + q] = noise(m, j, state[at + q])
