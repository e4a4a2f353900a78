"""Define the built-in activation functions. The library derives everything about a
function from its entry here.

An entry is a formula in plain Python that returns value and derivative, with its
bounds, its kinks and its names elsewhere. `compiled.py` compiles the formula, using exp
and expm1 of ``elementary.py`` instead of the C library's functions.
``synapse.squashes`` offers the function by name, exporters write the formula in other
languages (``readwrite/_formulas.py``), and the documentation and the tests list the
entries. `ONE_STATE` and the lists after it give each its code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import copysign, cos, erf, exp, expm1, inf, log1p, pi, sin, sqrt
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Pair = tuple[float, float]
"""An activation, and its derivative, at a state."""

SINGLE = "single"
CHANCE = "chance"
LARGEST = "largest"
SHARES = "shares"
"""Kinds of functions.

Kinds of functions. They have one state; a state and a random number, with a formula for
the mean; a group in which only the neuron with the largest state has the value of the
formula, and the others 0; or a group whose activations are fractions of 1."""

ONE_STATE = (
    "logistic",
    "identity",
    "tanh",
    "relu",
    "leaky_relu",
    "elu",
    "softplus",
    "gaussian",
    "step",
    "sign",
    "ramp",
    "hard_tanh",
    "hard_threshold",
    "soft_threshold",
    "sine",
    "bent_identity",
    "softsign",
    "absolute",
    "silu",
    "gelu",
    "selu",
    "bipolar",
    "bipolar_sigmoid",
    "inverse",
    "square",
    "spike",
    "super_spike",
    "arctan_spike",
)
RANDOM_NAMES = (
    "noise",
    "bernoulli",
)
GROUPED_NAMES = (
    "maxout",
    "winner",
    "softmax",
)
CODES = {
    name: code for code, name in enumerate(ONE_STATE + RANDOM_NAMES + GROUPED_NAMES)
}
"""The codes of the functions. Because kernels compare codes in this order, the most
common functions come first. Functions of a family have consecutive codes.

Networks are saved with the names of their functions, and a change here compiles the
kernels that compare codes again. Only a pickled `Genome` contains codes.
"""

LEAK = 0.01
THRESHOLD = 0.5
ROOT_HALF = sqrt(0.5)
NORMAL_TOP = 1.0 / sqrt(2.0 * pi)
SELU_SCALE = 1.0507009873554804934
SELU_TOP = SELU_SCALE * 1.6732632423543772848


class Torch(NamedTuple):
    """A module of ``torch.nn``, and the settings with which it is a function.

    Such modules are read as this function, but networks are only converted to modules
    that are `exact`.
    """

    module: str
    settings: Mapping[str, Any] = MappingProxyType({})
    exact: bool = True


@dataclass(frozen=True)
class Activation:
    """A built-in activation function: name, code for kernels, and declared properties.

    ``kinks`` are the states at which the value has no derivative. ``surrogate`` tells
    whether the derivative is declared instead of being that of the value. ``synaptic``
    is the function's name in Synaptic, and ``onnx`` an operator that computes it in
    both float types, or "" if there is none.
    """

    name: str
    code: int
    formula: Callable[[float], Pair]
    low: float
    high: float
    kinks: tuple[float, ...]
    surrogate: bool
    aliases: tuple[str, ...]
    family: str
    synaptic: str
    onnx: str
    torch: Torch | None


ACTIVATIONS: dict[str, Activation] = {}
"""By name, in the order of their codes."""


def activation(
    low: float = -inf,
    high: float = inf,
    *,
    kinks: tuple[float, ...] = (),
    surrogate: bool = False,
    aliases: tuple[str, ...] = (),
    family: str = SINGLE,
    synaptic: str = "",
    onnx: str = "",
    torch: Torch | None = None,
) -> Callable[[Callable[[float], Pair]], Callable[[float], Pair]]:
    """Enter a built-in activation function, with the bounds of its values and its other
    names.
    """

    def enter(formula: Callable[[float], Pair]) -> Callable[[float], Pair]:
        name = formula.__name__
        ACTIVATIONS[name] = Activation(
            name,
            CODES[name],
            formula,
            low,
            high,
            kinks,
            surrogate,
            aliases,
            family,
            synaptic,
            onnx,
            torch,
        )
        return formula

    return enter


NEAREST: dict[str, str] = {}
"""Advice by functions of other libraries that do not exist here, in lower case without
underscores."""


def nearest_to(
    **others: str,
) -> Callable[[Callable[[float], Pair]], Callable[[float], Pair]]:
    """Enter the functions that a built-in one can stand for, with the differences in
    words.
    """

    def enter(formula: Callable[[float], Pair]) -> Callable[[float], Pair]:
        for other, words in others.items():
            NEAREST[other] = (
                f"The nearest is {formula.__name__}{words and f', {words}'}."
            )
        return formula

    return enter


@nearest_to(logsigmoid="whose cost computes the logarithm")
@activation(
    0.0,
    1.0,
    aliases=("sigmoid",),
    synaptic="LOGISTIC",
    onnx="Sigmoid",
    torch=Torch("Sigmoid"),
)
def logistic(state: float) -> Pair:
    """1 / (1 + e^-s)."""
    shrunk = exp(-abs(state))
    larger = 1.0 / (1.0 + shrunk)  # the larger of y and 1 - y
    smaller = shrunk * larger  # y (1 - y) from both loses no digits, and is never 0
    return larger if state > 0.0 else smaller, larger * smaller


@activation(aliases=("linear",), synaptic="IDENTITY", torch=Torch("Identity"))
def identity(state: float) -> Pair:
    """s."""
    return state, 1.0


@activation(-1.0, 1.0, synaptic="TANH", onnx="Tanh", torch=Torch("Tanh"))
def tanh(state: float) -> Pair:
    """tanh(s)."""
    lost = expm1(-2.0 * abs(state))
    value = copysign(lost / (2.0 + lost), state)
    return value, 1.0 - value * value


@nearest_to(relu6="which has no upper bound")
@activation(low=0.0, kinks=(0.0,), synaptic="RELU", onnx="Relu", torch=Torch("ReLU"))
def relu(state: float) -> Pair:
    """max(s, 0)."""
    return (state, 1.0) if state > 0.0 else (0.0, 0.0)


@nearest_to(prelu="whose slope below 0 is 0.01 and is not trained")
@activation(kinks=(0.0,), torch=Torch("LeakyReLU", {"negative_slope": LEAK}))
def leaky_relu(state: float) -> Pair:
    """s above 0, 0.01 s below."""
    return (state, 1.0) if state > 0.0 else (LEAK * state, LEAK)


@activation(low=-1.0, torch=Torch("ELU", {"alpha": 1.0}))
def elu(state: float) -> Pair:
    """s above 0, e^s - 1 below."""
    return (state, 1.0) if state > 0.0 else (expm1(state), exp(state))


@activation(low=0.0, torch=Torch("Softplus", {"beta": 1.0}, exact=False))
def softplus(state: float) -> Pair:
    """log(1 + e^s)."""
    value = max(state, 0.0) + log1p(exp(-abs(state)))
    return value, 1.0 / (1.0 + exp(-state))


@activation(0.0, 1.0)
def gaussian(state: float) -> Pair:
    """e^(-s^2)."""
    value = exp(-state * state)
    return value, -2.0 * state * value


@activation(
    0.0,
    1.0,
    kinks=(0.0,),
    aliases=("hard_limit", "hlim", "heaviside", "binary_step"),
    synaptic="HLIM",
)
def step(state: float) -> Pair:
    """1 above 0, else 0 (hard limit, Heaviside). Its derivative is 0, so no error
    passes through it.
    """
    return (1.0 if state > 0.0 else 0.0), 0.0


@activation(-1.0, 1.0, kinks=(0.0,), aliases=("signum", "sgn"))
def sign(state: float) -> Pair:
    """1 above 0, -1 below, 0 at 0. Its derivative is 0, so no error passes through
    it.
    """
    value = 0.0
    if state > 0.0:
        value = 1.0
    if state < 0.0:
        value = -1.0
    return value, 0.0


@nearest_to(hardsigmoid="which has the slope 1 from 0 to 1")
@activation(0.0, 1.0, kinks=(0.0, 1.0))
def ramp(state: float) -> Pair:
    """s, clipped to 0 and 1."""
    if state <= 0.0:
        return 0.0, 0.0
    return (state, 1.0) if state < 1.0 else (1.0, 0.0)


@activation(
    -1.0,
    1.0,
    kinks=(-1.0, 1.0),
    torch=Torch("Hardtanh", {"min_val": -1.0, "max_val": 1.0}),
)
def hard_tanh(state: float) -> Pair:
    """s, clipped to -1 and 1."""
    if state <= -1.0:
        return -1.0, 0.0
    return (state, 1.0) if state < 1.0 else (1.0, 0.0)


@activation(
    kinks=(-THRESHOLD, THRESHOLD),
    aliases=("hard_shrink",),
    torch=Torch("Hardshrink", {"lambd": THRESHOLD}),
)
def hard_threshold(state: float) -> Pair:
    """s where |s| is above 1/2, else 0."""
    return (state, 1.0) if abs(state) > THRESHOLD else (0.0, 0.0)


@activation(
    kinks=(-THRESHOLD, THRESHOLD),
    aliases=("soft_shrink",),
    torch=Torch("Softshrink", {"lambd": THRESHOLD}),
)
def soft_threshold(state: float) -> Pair:
    """s shrunk towards 0 by 1/2, and 0 within 1/2."""
    below = (state + THRESHOLD, 1.0) if state < -THRESHOLD else (0.0, 0.0)
    return (state - THRESHOLD, 1.0) if state > THRESHOLD else below


@activation(-1.0, 1.0, aliases=("sin", "sinus", "sinusoid"))
def sine(state: float) -> Pair:
    """sin s."""
    return sin(state), cos(state)


@activation()
def bent_identity(state: float) -> Pair:
    """s + (sqrt(s^2 + 1) - 1) / 2."""
    root = sqrt(state * state + 1.0)
    return state + 0.5 * (root - 1.0), 1.0 + 0.5 * state / root


@activation(-1.0, 1.0, torch=Torch("Softsign"))
def softsign(state: float) -> Pair:
    """s / (1 + |s|)."""
    shrunk = 1.0 / (1.0 + abs(state))
    return state * shrunk, shrunk * shrunk


@activation(low=0.0, kinks=(0.0,), aliases=("abs",))
def absolute(state: float) -> Pair:
    """|s|."""
    return (state, 1.0) if state >= 0.0 else (-state, -1.0)


@nearest_to(
    swish="the same function",
    mish="",
    hardswish="which is smooth",
    hardsilu="which is smooth",
)
@activation(low=-0.2784645427610738, torch=Torch("SiLU"))
def silu(state: float) -> Pair:
    """s / (1 + e^-s), also swish: Elfwing, Uchibe and Doya 2018."""
    value, slope = logistic(state)
    return state * value, value + state * slope


@activation(low=-0.16997120747990369, torch=Torch("GELU", {"approximate": "none"}))
def gelu(state: float) -> Pair:
    """s times the standard normal distribution function at s: Hendrycks and Gimpel
    2016.
    """
    share = 0.5 * (1.0 + erf(state * ROOT_HALF))
    return state * share, share + state * NORMAL_TOP * exp(-0.5 * state * state)


@activation(low=-1.7580993408473766, kinks=(0.0,), torch=Torch("SELU"))
def selu(state: float) -> Pair:
    """1.0507 s above 0, 1.7581 (e^s - 1) below: Klambauer and others 2017."""
    return (
        (SELU_SCALE * state, SELU_SCALE)
        if state > 0.0
        else (SELU_TOP * expm1(state), SELU_TOP * exp(state))
    )


@activation(-1.0, 1.0, kinks=(0.0,))
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


@activation(low=0.0)
def square(state: float) -> Pair:
    """s^2."""
    return state * state, 2.0 * state


@activation(0.0, 1.0, kinks=(0.0,), surrogate=True)
def spike(state: float) -> Pair:
    """1 above 0, else 0. Declared slope: 0.3 max(0, 1 - |s|), Bellec and others
    2020.
    """
    value = 1.0 if state > 0.0 else 0.0
    return value, 0.3 * max(0.0, 1.0 - abs(state))


@activation(0.0, 1.0, kinks=(0.0,), surrogate=True)
def super_spike(state: float) -> Pair:
    """1 above 0, else 0. Declared slope: 1 / (1 + 10 |s|)^2, Zenke and Ganguli 2018."""
    value = 1.0 if state > 0.0 else 0.0
    root = 1.0 / (1.0 + 10.0 * abs(state))
    return value, root * root


@activation(0.0, 1.0, kinks=(0.0,), surrogate=True)
def arctan_spike(state: float) -> Pair:
    """1 above 0, else 0. Declared slope: 1 / (1 + (pi s)^2), Fang and others 2021."""
    value = 1.0 if state > 0.0 else 0.0
    angle = pi * state
    return value, 1.0 / (1.0 + angle * angle)


# The same three functions with another width, whose slope at s is the usual slope at s
# / width.


def wide_spike(width: float) -> Callable[[float], Pair]:
    """Return `spike` with a slope that is 0 from this distance on."""

    def spike(state: float) -> Pair:
        value = 1.0 if state > 0.0 else 0.0
        return value, 0.3 * max(0.0, 1.0 - abs(state) / width)

    return spike


def wide_super_spike(width: float) -> Callable[[float], Pair]:
    """Return `super_spike` with a slope that is a quarter at a tenth of this
    distance.
    """

    def super_spike(state: float) -> Pair:
        value = 1.0 if state > 0.0 else 0.0
        root = 1.0 / (1.0 + 10.0 * abs(state) / width)
        return value, root * root

    return super_spike


def wide_arctan_spike(width: float) -> Callable[[float], Pair]:
    """Return `arctan_spike` with a slope that is a half at 1 / pi of this distance."""

    def arctan_spike(state: float) -> Pair:
        value = 1.0 if state > 0.0 else 0.0
        angle = pi * state / width
        return value, 1.0 / (1.0 + angle * angle)

    return arctan_spike


WITH_WIDTH = {
    "spike": wide_spike,
    "super_spike": wide_super_spike,
    "arctan_spike": wide_arctan_spike,
}
"""Functions that take a width, by name."""


# [recipe squash]
@activation(family=CHANCE)
def noise(state: float) -> Pair:
    """Return the state plus a standard normal number, drawn at every step from the
    neuron's own stream.

    Outgoing weights scale the noise, and ``neuron.deterministic`` switches it off.
    `chance.chance` adds the number.
    """
    return state, 1.0


@activation(0.0, 1.0, family=CHANCE)
def bernoulli(state: float) -> Pair:
    """1 with probability 1 / (1 + e^-s), else 0. This function computes the
    probability, and `chance.chance` draws.

    As a gater of connections, it is dropout. With ``neuron.deterministic``, the
    activation is the probability itself, as in a test. The derivative is the
    probability's derivative, which is the straight-through estimator of Bengio, Léonard
    and Courville 2013.
    """
    return logistic(state)


@activation(family=LARGEST)
def maxout(state: float) -> Pair:
    """Return the state for the neuron of a group with the largest state, and 0 for all
    others.

    A neuron that sums the group with weights of 1 is the maxout unit of Goodfellow and
    others 2013.
    """
    return state, 1.0


@activation(0.0, 1.0, family=LARGEST)
def winner(state: float) -> Pair:
    """Return 1 for the neuron of a group with the largest state (the first in a tie),
    else 0 (winner takes all).

    Its derivative is 0, like that of `step`. The neurons of a ``Layer`` are a group.
    """
    return 1.0, 0.0


@nearest_to(logsoftmax="whose cost computes the logarithm")
@activation(
    0.0, 1.0, family=SHARES, onnx="Softmax", torch=Torch("Softmax", {"dim": -1})
)
def softmax(state: float) -> Pair:
    """e^s_j / sum_k e^s_k over the outputs of a network.

    A single neuron is a group of one, whose activation is 1. See `competition.compete`
    for groups.
    """
    return 1.0, 0.0


for _name in CODES:  # this is the order of loops that a code selects
    ACTIVATIONS[_name] = ACTIVATIONS.pop(_name)


def _codes(*families: str) -> range:
    """Return the codes of some families, which are consecutive."""
    codes = [entry.code for entry in ACTIVATIONS.values() if entry.family in families]
    assert codes == list(range(codes[0], codes[-1] + 1))
    return range(codes[0], codes[-1] + 1)


GROUPED = _codes(LARGEST, SHARES)
RANDOM = _codes(CHANCE)
LOGISTIC, TANH, IDENTITY, RELU, STEP, SIGN = (
    ACTIVATIONS[name].code
    for name in ("logistic", "tanh", "identity", "relu", "step", "sign")
)
SOFTMAX, BERNOULLI = (ACTIVATIONS[name].code for name in ("softmax", "bernoulli"))
SPIKES = [entry.code for entry in ACTIVATIONS.values() if entry.surrogate]
FIRST_SPIKE = SPIKES[0]
LAST_SPIKE = SPIKES[-1]
FIRST_GROUPED = GROUPED[0]
LAST_GROUPED = GROUPED[-1]

FIRST_CUSTOM = 64
"""First code of users' activation functions."""

SILENT = [
    entry.code
    for entry in ACTIVATIONS.values()
    if entry.family == LARGEST
    or any(entry.formula(state)[0] == 0.0 for state in (-3.0, -0.3, 0.3))
]
"""Codes of squashes that are exactly 0 in a range of states, or for all but one."""

CAN_BE_SILENT = np.isin(np.arange(FIRST_CUSTOM + 1), [*SILENT, FIRST_CUSTOM])
"""Whether a squash can be exactly 0, by code. The last entry stands for all registered
squashes.
"""

FUNCTIONS: list[int] = []
"""Users' activation functions: the addresses that kernels call."""


def may_be_silent(codes: NDArray[Any]) -> NDArray[np.bool_]:
    """Return a mask of the squashes that can be exactly 0, which includes all
    registered ones.
    """
    return CAN_BE_SILENT[np.minimum(codes, FIRST_CUSTOM)]
