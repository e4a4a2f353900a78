"""The built-in activation functions: value and slope, bounds and other names.

They are plain Python. Their order is that of their codes, which kernels compare in this order, so the most
common ones come first. `compiled.py` compiles them, with exp and expm1 of ``elementary.py`` instead of
those of the C library; ``synapse.squash`` has them by name. To add one, write it here,
before those that are random or of a group.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import copysign, erf, exp, expm1, inf, log1p, pi, sqrt

import numpy as np

Pair = tuple[float, float]
"""An activation, and its derivative, at a state."""

SINGLE, GROUP, CHANCE = "single", "group", "chance"
"""Kinds: a function of one state, of the states of a group, or of a state and a random number."""

LEAK = 0.01
THRESHOLD = 0.5
ROOT_HALF, NORMAL_TOP = sqrt(0.5), 1.0 / sqrt(2.0 * pi)
SELU_SCALE, SELU_ALPHA = 1.0507009873554804934, 1.6732632423543772848


@dataclass(frozen=True)
class Activation:
    """A built-in activation function: name, code for kernels, and declared properties."""

    name: str
    code: int
    formula: Callable[[float], Pair]
    low: float
    high: float
    aliases: tuple[str, ...]
    kind: str


ACTIVATIONS: dict[str, Activation] = {}
"""By name, in the order of their codes."""


def activation(
    low: float = -inf, high: float = inf, *, aliases: tuple[str, ...] = (), kind: str = SINGLE
) -> Callable[[Callable[[float], Pair]], Callable[[float], Pair]]:
    """Enter a built-in activation function, with the bounds of its values and its other names."""

    def enter(formula: Callable[[float], Pair]) -> Callable[[float], Pair]:
        name = formula.__name__
        ACTIVATIONS[name] = Activation(name, len(ACTIVATIONS), formula, low, high, aliases, kind)
        return formula

    return enter


@activation(0.0, 1.0, aliases=("sigmoid",))
def logistic(state: float) -> Pair:
    """1 / (1 + e^-s)."""
    shrunk = exp(-state)
    value = 1.0 / (1.0 + shrunk)
    return value, value * (shrunk * value)  # y (1 - y), without the loss of digits near y = 1


@activation(aliases=("linear",))
def identity(state: float) -> Pair:
    """s."""
    return state, 1.0


@activation(-1.0, 1.0)
def tanh(state: float) -> Pair:
    """tanh(s)."""
    lost = expm1(-2.0 * abs(state))
    value = copysign(lost / (2.0 + lost), state)
    return value, 1.0 - value * value


@activation(low=0.0)
def relu(state: float) -> Pair:
    """max(s, 0)."""
    return (state, 1.0) if state > 0.0 else (0.0, 0.0)


@activation()
def leaky_relu(state: float) -> Pair:
    """s above 0, 0.01 s below."""
    return (state, 1.0) if state > 0.0 else (LEAK * state, LEAK)


@activation(low=-1.0)
def elu(state: float) -> Pair:
    """s above 0, e^s - 1 below."""
    if state > 0.0:
        return state, 1.0
    return expm1(state), exp(state)


@activation(low=0.0)
def softplus(state: float) -> Pair:
    """log(1 + e^s)."""
    value = max(state, 0.0) + log1p(exp(-abs(state)))
    return value, 1.0 / (1.0 + exp(-state))


@activation(0.0, 1.0)
def gaussian(state: float) -> Pair:
    """e^(-s^2)."""
    value = exp(-state * state)
    return value, -2.0 * state * value


@activation(0.0, 1.0, aliases=("hard_limit", "hlim", "heaviside", "binary_step"))
def step(state: float) -> Pair:
    """1 above 0, else 0 (hard limit, Heaviside). Its derivative is 0, so no error passes through it."""
    return (1.0 if state > 0.0 else 0.0), 0.0


@activation(-1.0, 1.0, aliases=("signum", "sgn"))
def sign(state: float) -> Pair:
    """1 above 0, -1 below, 0 at 0. Its derivative is 0, so no error passes through it."""
    return (1.0 if state > 0.0 else 0.0) - (1.0 if state < 0.0 else 0.0), 0.0


@activation(0.0, 1.0)
def ramp(state: float) -> Pair:
    """s, clipped to 0 and 1."""
    if state <= 0.0:
        return 0.0, 0.0
    return (state, 1.0) if state < 1.0 else (1.0, 0.0)


@activation(-1.0, 1.0)
def hard_tanh(state: float) -> Pair:
    """s, clipped to -1 and 1."""
    if state <= -1.0:
        return -1.0, 0.0
    return (state, 1.0) if state < 1.0 else (1.0, 0.0)


@activation(aliases=("hard_shrink",))
def hard_threshold(state: float) -> Pair:
    """s where |s| is above 1/2, else 0."""
    return (state, 1.0) if abs(state) > THRESHOLD else (0.0, 0.0)


@activation(aliases=("soft_shrink",))
def soft_threshold(state: float) -> Pair:
    """s shrunk towards 0 by 1/2, and 0 within 1/2."""
    if state > THRESHOLD:
        return state - THRESHOLD, 1.0
    return (state + THRESHOLD, 1.0) if state < -THRESHOLD else (0.0, 0.0)


@activation(-1.0, 1.0, aliases=("sin", "sine", "sinusoid"))
def sinus(state: float) -> Pair:
    """sin s."""
    return np.sin(state), np.cos(state)


@activation()
def bent_identity(state: float) -> Pair:
    """s + (sqrt(s^2 + 1) - 1) / 2."""
    root = sqrt(state * state + 1.0)
    return state + 0.5 * (root - 1.0), 1.0 + 0.5 * state / root


@activation(-1.0, 1.0)
def softsign(state: float) -> Pair:
    """s / (1 + |s|)."""
    shrunk = 1.0 / (1.0 + abs(state))
    return state * shrunk, shrunk * shrunk


@activation(low=0.0, aliases=("abs",))
def absolute(state: float) -> Pair:
    """|s|."""
    return (state, 1.0) if state >= 0.0 else (-state, -1.0)


@activation(low=-0.2784645427610738, aliases=("silu",))
def swish(state: float) -> Pair:
    """s / (1 + e^-s), also SiLU: Elfwing, Uchibe and Doya 2018."""
    value, slope = logistic(state)
    return state * value, value + state * slope


@activation(low=-0.16997120747990369)
def gelu(state: float) -> Pair:
    """s times the standard normal distribution function at s: Hendrycks and Gimpel 2016."""
    share = 0.5 * (1.0 + erf(state * ROOT_HALF))
    return state * share, share + state * NORMAL_TOP * exp(-0.5 * state * state)


@activation(low=-1.7580993408473766)
def selu(state: float) -> Pair:
    """1.0507 s above 0, 1.7581 (e^s - 1) below: Klambauer and others 2017."""
    if state > 0.0:
        return SELU_SCALE * state, SELU_SCALE
    return SELU_SCALE * SELU_ALPHA * expm1(state), SELU_SCALE * SELU_ALPHA * exp(state)


@activation(-1.0, 1.0)
def bipolar(state: float) -> Pair:
    """1 above 0, else -1. Its derivative is 0, so no error passes through it."""
    return (1.0 if state > 0.0 else -1.0), 0.0


@activation(-1.0, 1.0)
def bipolar_sigmoid(state: float) -> Pair:
    """2 / (1 + e^-s) - 1, which is tanh(s / 2)."""
    value, slope = tanh(0.5 * state)
    return value, 0.5 * slope


@activation()
def inverse(state: float) -> Pair:
    """1 - s."""
    return 1.0 - state, -1.0


@activation(kind=CHANCE)
def noise(state: float) -> Pair:
    """The state plus a standard normal number, drawn at every step from the neuron's own stream.

    Outgoing weights scale it; ``neuron.deterministic`` switches it off. `chance.chance` adds the number.
    """
    return state, 1.0


@activation(0.0, 1.0, kind=CHANCE)
def bernoulli(state: float) -> Pair:
    """1 with probability 1 / (1 + e^-s), else 0; this function is the probability, `chance.chance` draws.

    As a gater of connections it is dropout. With ``neuron.deterministic`` it is the probability itself, as in
    a test. Its derivative is that of the probability: the straight-through estimator of Bengio, Léonard and
    Courville 2013.
    """
    return logistic(state)


@activation(kind=GROUP)
def maxout(state: float) -> Pair:
    """The state for the neuron of a group with the largest state, 0 for the others.

    A neuron that sums the group with weights of 1 is the maxout unit of Goodfellow and others 2013.
    """
    return state, 1.0


@activation(0.0, 1.0, kind=GROUP)
def winner(state: float) -> Pair:
    """Winner takes all: 1 for the neuron of a group with the largest state (the first in a tie), else 0.

    Its derivative is 0, like that of `step`. The neurons of a ``Layer`` are a group.
    """
    return 1.0, 0.0


@activation(0.0, 1.0, kind=GROUP)
def softmax(state: float) -> Pair:
    """e^s_j / sum_k e^s_k over the outputs of a network.

    A single neuron is a group of one, whose activation is 1. See `competition.compete` for groups.
    """
    return 1.0, 0.0


def _codes(kind: str) -> range:
    """The codes of a kind, which are consecutive."""
    codes = [one.code for one in ACTIVATIONS.values() if one.kind == kind]
    assert codes == list(range(codes[0], codes[-1] + 1))
    return range(codes[0], codes[-1] + 1)


GROUPED, RANDOM = _codes(GROUP), _codes(CHANCE)
LOGISTIC, TANH, IDENTITY, STEP, SIGN = (
    ACTIVATIONS[name].code for name in ("logistic", "tanh", "identity", "step", "sign")
)
SOFTMAX, MAXOUT, BERNOULLI = (ACTIVATIONS[name].code for name in ("softmax", "maxout", "bernoulli"))
FIRST_GROUPED, LAST_GROUPED = GROUPED[0], GROUPED[-1]
FIRST_RANDOM, LAST_RANDOM = RANDOM[0], RANDOM[-1]

FIRST_CUSTOM = 64
"""First code of users' activation functions."""

FUNCTIONS: list[int] = []
"""Users' activation functions: the addresses that kernels call."""
