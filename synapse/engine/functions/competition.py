"""Activations that depend on the states of a group: softmax, winner, maxout."""

from __future__ import annotations

from ..compiler.jit import inline, zero
from ..compiler.rare import INDEX, column, rare
from .activations import SOFTMAX
from .compiled import largest_of
from .elementary import exp


@inline
def normalise(state, activation, slope, first, last, stride, top):
    """softmax y_j = e^s_j / sum_i e^s_i over a group whose largest state is `top`."""
    total = zero(state[first])
    for j in range(first, last, stride):
        activation[j] = exp(state[j] - top)
        total += activation[j]
    for j in range(first, last, stride):
        value = activation[j] / total
        activation[j] = value
        slope[j] = value * (1.0 - value)


@rare(INDEX, column("state"), column("activation"), column("slope"), INDEX, INDEX, INDEX)
def compete(m, code, state, activation, slope, first, last, stride):
    """The activations of a group: softmax, or nonzero for the largest state only.

    The group's numbers are `stride` apart in columns of states, activations and derivatives.
    """
    best = first
    for j in range(first, last, stride):
        if state[j] > state[best]:
            best = j
    if code == SOFTMAX:
        normalise(state, activation, slope, first, last, stride, state[best])
        return
    for j in range(first, last, stride):
        activation[j] = 0.0
        slope[j] = 0.0
    activation[best], slope[best] = largest_of(code, state[best])
