"""The built-in activation functions: each returns its value and its derivative at a state.

They stand here once. The kernels call them by code, ``synapse.squash`` by name.
"""

from __future__ import annotations

import math

import numpy as np

from ..compiler.jit import formula, inline, piece
from ..compiler.registered import called
from ..schema import (
    ABSOLUTE,
    BENT_IDENTITY,
    BERNOULLI,
    BIPOLAR,
    BIPOLAR_SIGMOID,
    ELU,
    FIRST_CUSTOM,
    GAUSSIAN,
    GELU,
    HARD_TANH,
    HARD_THRESHOLD,
    IDENTITY,
    INVERSE,
    LEAK,
    LEAKY_RELU,
    LOGISTIC,
    MAXOUT,
    NOISE,
    NORMAL_TOP,
    RAMP,
    RELU,
    ROOT_HALF,
    SELU,
    SELU_ALPHA,
    SELU_SCALE,
    SIGN,
    SINUS,
    SOFT_THRESHOLD,
    SOFTPLUS,
    SOFTSIGN,
    STEP,
    SWISH,
    TANH,
    THRESHOLD,
)
from .elementary import exp, expm1


@formula
def logistic(state):
    """1 / (1 + e^-s)."""
    shrunk = exp(-state)
    value = 1.0 / (1.0 + shrunk)
    return value, value * (shrunk * value)  # y (1 - y), without the loss of digits near y = 1


@formula
def tanh(state):
    """tanh(s)."""
    lost = expm1(-2.0 * abs(state))
    value = math.copysign(lost / (2.0 + lost), state)
    return value, 1.0 - value * value


@formula
def bipolar_sigmoid(state):
    """2 / (1 + e^-s) - 1, which is tanh(s / 2)."""
    value, slope = tanh(0.5 * state)
    return value, 0.5 * slope


@formula
def identity(state):
    """s."""
    return state, 1.0


@formula
def inverse(state):
    """1 - s."""
    return 1.0 - state, -1.0


@formula
def step(state):
    """1 above 0, else 0 (hard limit, Heaviside). Its derivative is 0: nothing is learnt through it."""
    return (1.0 if state > 0.0 else 0.0), 0.0


@formula
def sign(state):
    """1 above 0, -1 below, 0 at 0. Its derivative is 0: nothing is learnt through it."""
    return (1.0 if state > 0.0 else 0.0) - (1.0 if state < 0.0 else 0.0), 0.0


@formula
def bipolar(state):
    """1 above 0, else -1. Its derivative is 0: nothing is learnt through it."""
    return (1.0 if state > 0.0 else -1.0), 0.0


@formula
def relu(state):
    """max(s, 0)."""
    return (state, 1.0) if state > 0.0 else (0.0, 0.0)


@formula
def leaky_relu(state):
    """s above 0, 0.01 s below."""
    return (state, 1.0) if state > 0.0 else (LEAK * state, LEAK)


@formula
def elu(state):
    """s above 0, e^s - 1 below."""
    if state > 0.0:
        return state, 1.0
    return expm1(state), exp(state)


@formula
def softplus(state):
    """log(1 + e^s)."""
    value = max(state, 0.0) + math.log1p(exp(-abs(state)))
    return value, 1.0 / (1.0 + exp(-state))


@formula
def gaussian(state):
    """e^(-s^2)."""
    value = exp(-state * state)
    return value, -2.0 * state * value


@formula
def ramp(state):
    """s, held within 0 and 1."""
    if state <= 0.0:
        return 0.0, 0.0
    return (state, 1.0) if state < 1.0 else (1.0, 0.0)


@formula
def hard_tanh(state):
    """s, held within -1 and 1."""
    if state <= -1.0:
        return -1.0, 0.0
    return (state, 1.0) if state < 1.0 else (1.0, 0.0)


@formula
def hard_threshold(state):
    """s where |s| is above 1/2, else 0."""
    return (state, 1.0) if abs(state) > THRESHOLD else (0.0, 0.0)


@formula
def soft_threshold(state):
    """s drawn towards 0 by 1/2: what is left of it, else 0."""
    if state > THRESHOLD:
        return state - THRESHOLD, 1.0
    return (state + THRESHOLD, 1.0) if state < -THRESHOLD else (0.0, 0.0)


@formula
def sinus(state):
    """sin s."""
    return np.sin(state), np.cos(state)


@formula
def bent_identity(state):
    """s + (sqrt(s^2 + 1) - 1) / 2."""
    root = math.sqrt(state * state + 1.0)
    return state + 0.5 * (root - 1.0), 1.0 + 0.5 * state / root


@formula
def softsign(state):
    """s / (1 + |s|)."""
    shrunk = 1.0 / (1.0 + abs(state))
    return state * shrunk, shrunk * shrunk


@formula
def absolute(state):
    """|s|."""
    return (state, 1.0) if state >= 0.0 else (-state, -1.0)


@formula
def swish(state):
    """s / (1 + e^-s), also SiLU: Elfwing, Uchibe and Doya 2018."""
    value, slope = logistic(state)
    return state * value, value + state * slope


@formula
def gelu(state):
    """s times the share of a standard normal below s: Hendrycks and Gimpel 2016."""
    share = 0.5 * (1.0 + math.erf(state * ROOT_HALF))
    return state * share, share + state * NORMAL_TOP * exp(-0.5 * state * state)


@formula
def selu(state):
    """1.0507 s above 0, 1.7581 (e^s - 1) below: Klambauer and others 2017."""
    if state > 0.0:
        return SELU_SCALE * state, SELU_SCALE
    return SELU_SCALE * SELU_ALPHA * expm1(state), SELU_SCALE * SELU_ALPHA * exp(state)


@formula
def softmax(state):
    """Of a group of one: e^s / e^s. Groups are settled together, see `firing.compete`."""
    return 1.0, 0.0


@formula
def winner(state):
    """Of a group of one: it has won. Its derivative is 0: nothing is learnt through it."""
    return 1.0, 0.0


@formula
def maxout(state):
    """Of a group of one: s."""
    return state, 1.0


@formula
def noise(state):
    """s; what is drawn comes on top, see `firing.draw`."""
    return state, 1.0


@formula
def bernoulli(state):
    """The chance of a 1: 1 / (1 + e^-s)."""
    return logistic(state)


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
    if code == RAMP:
        return ramp(state)
    if code == HARD_TANH:
        return hard_tanh(state)
    if code == HARD_THRESHOLD:
        return hard_threshold(state)
    if code == SOFT_THRESHOLD:
        return soft_threshold(state)
    if code == SINUS:
        return sinus(state)
    if code == BENT_IDENTITY:
        return bent_identity(state)
    if code == SOFTSIGN:
        return softsign(state)
    if code == ABSOLUTE:
        return absolute(state)
    if code == SWISH:
        return swish(state)
    if code == GELU:
        return gelu(state)
    if code == SELU:
        return selu(state)
    if code == BIPOLAR:
        return bipolar(state)
    if code == BIPOLAR_SIGMOID:
        return bipolar_sigmoid(state)
    if code == INVERSE:
        return inverse(state)
    if code == MAXOUT:
        return maxout(state)
    if code == NOISE:
        return noise(state)
    if code == BERNOULLI:
        return bernoulli(state)
    return softmax(state)  # and winner


@inline
def custom(m, failed, code, state):
    """The same of a registered function; NaN where it raises, which `failed` notes. reads: functions"""
    return called(failed, m.functions[code - FIRST_CUSTOM], (np.float64(state),))
