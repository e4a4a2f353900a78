"""The built-in activation functions: each returns its value and its derivative at a state.

They stand here once. The kernels call them by code, ``synapse.squash`` by name.
"""

from __future__ import annotations

import math

from ._jit import call, inline, piece
from .elementary import exp
from .schema import (
    ELU,
    FIRST_CUSTOM,
    GAUSSIAN,
    IDENTITY,
    LEAKY_RELU,
    LOGISTIC,
    RELU,
    SIGN,
    SOFTPLUS,
    STEP,
    TANH,
)

LEAK = 0.01


@inline
def logistic(state):
    """1 / (1 + e^-s)."""
    shrunk = exp(-state)
    value = 1.0 / (1.0 + shrunk)
    return value, value * (shrunk * value)  # y (1 - y), without the loss of digits near y = 1


@inline
def tanh(state):
    """tanh(s)."""
    value = math.tanh(state)
    return value, 1.0 - value * value


@inline
def identity(state):
    """s."""
    return state, 1.0


@inline
def step(state):
    """1 above 0, else 0 (hard limit, Heaviside). Its derivative is 0: nothing is learnt through it."""
    return (1.0 if state > 0.0 else 0.0), 0.0


@inline
def sign(state):
    """1 above 0, -1 below, 0 at 0. Its derivative is 0: nothing is learnt through it."""
    return (1.0 if state > 0.0 else 0.0) - (1.0 if state < 0.0 else 0.0), 0.0


@inline
def relu(state):
    """max(s, 0)."""
    return (state, 1.0) if state > 0.0 else (0.0, 0.0)


@inline
def leaky_relu(state):
    """s above 0, 0.01 s below."""
    return (state, 1.0) if state > 0.0 else (LEAK * state, LEAK)


@inline
def elu(state):
    """s above 0, e^s - 1 below."""
    if state > 0.0:
        return state, 1.0
    return math.expm1(state), exp(state)


@inline
def softplus(state):
    """log(1 + e^s)."""
    value = max(state, 0.0) + math.log1p(exp(-abs(state)))
    return value, 1.0 / (1.0 + exp(-state))


@inline
def gaussian(state):
    """e^(-s^2)."""
    value = exp(-state * state)
    return value, -2.0 * state * value


@inline
def softmax(state):
    """Of a group of one: e^s / e^s. Groups are normalised together, see `online.normalise`."""
    return 1.0, 0.0


# A piece of its own, for scalars: laid into every kernel it would double what has to be compiled.
@piece
def built_in(code, state):
    """Value and derivative of the built-in function with this code."""
    if code == LOGISTIC:
        return logistic(state)
    if code == IDENTITY:
        return identity(state)
    if code == TANH:
        return tanh(state)
    if code == RELU:
        return relu(state)
    if code == LEAKY_RELU:
        return leaky_relu(state)
    if code == ELU:
        return elu(state)
    if code == SOFTPLUS:
        return softplus(state)
    if code == GAUSSIAN:
        return gaussian(state)
    if code == STEP:
        return step(state)
    if code == SIGN:
        return sign(state)
    return softmax(state)


@inline
def activate(m, code, state):
    """Value and derivative, at `state`, of the function with this code."""
    if code < FIRST_CUSTOM:
        return built_in(code, state)
    m.scratch[0] = state
    call(m.functions[code - FIRST_CUSTOM], m.scratch)
    return m.scratch[4], m.scratch[5]
