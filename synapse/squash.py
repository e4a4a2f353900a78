"""Activation functions by name, and the decorator that adds one.

A squash gives an activation and its derivative at a state. Built in are

- smooth: `logistic`, `tanh`, `bipolar_sigmoid`, `identity`, `inverse`, `softplus`, `gaussian`, `sinus`,
  `bent_identity`, `softsign`, `swish` (also `silu`), `gelu`;
- with a kink: `relu`, `leaky_relu`, `elu`, `selu`, `absolute`, `ramp`, `hard_tanh`, `soft_threshold`;
- with a jump: `step` (also `hard_limit`, `heaviside`), `sign`, `bipolar`, `hard_threshold`;
- of a group of neurons: `winner`, `maxout` and, for outputs, `softmax`;
- random: `noise`, `bernoulli`.

>>> from synapse import squash
>>> squash.logistic(0.0)
0.5
>>> squash.tanh.derivative(0.0)
1.0
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, overload

from . import engine
from ._checks import bounds, expected, finite_number, shown, unknown_name
from ._registration import SQUASH, enter, tried
from .engine import schema
from .errors import ArgumentError, KindError

PROBES = [0.05 + 0.31 * i for i in range(-13, 14)]
"""States at which a registered function is tried."""


@dataclass(frozen=True, eq=False)
class Squash:
    """A named activation function.

    Parameters
    ----------
    name : str
        The name it is saved under.
    code : int
        The number by which the kernels call it.
    low, high : float
        The bounds of its values.
    """

    name: str
    code: int
    low: float
    high: float
    _function: Callable[[float], tuple[float, float]] | None = None

    @property
    def grouped(self) -> bool:
        """Whether the activation depends on the states of a whole group."""
        return self.code in schema.GROUPED

    @property
    def random(self) -> bool:
        """Whether a neuron draws a random number at every step."""
        return self.code in schema.RANDOM

    @property
    def function(self) -> Callable[[float], tuple[float, float]]:
        """``state -> (activation, derivative)``; built-in ones are the very code of the kernels."""
        return self._function or getattr(engine.functions.activations, self.name)

    def __call__(self, state: float) -> float:
        """The activation at a state."""
        return float(self.function(finite_number("The state", state))[0])

    def derivative(self, state: float) -> float:
        """The slope of the activation at a state."""
        return float(self.function(finite_number("The state", state))[1])

    def __repr__(self) -> str:
        return f"<squash {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return get, (self.name,)


_INFINITY = math.inf
logistic = Squash("logistic", schema.LOGISTIC, 0.0, 1.0)
tanh = Squash("tanh", schema.TANH, -1.0, 1.0)
bipolar_sigmoid = Squash("bipolar_sigmoid", schema.BIPOLAR_SIGMOID, -1.0, 1.0)
identity = Squash("identity", schema.IDENTITY, -_INFINITY, _INFINITY)
inverse = Squash("inverse", schema.INVERSE, -_INFINITY, _INFINITY)
step = hard_limit = heaviside = Squash("step", schema.STEP, 0.0, 1.0)
sign = Squash("sign", schema.SIGN, -1.0, 1.0)
bipolar = Squash("bipolar", schema.BIPOLAR, -1.0, 1.0)
relu = Squash("relu", schema.RELU, 0.0, _INFINITY)
leaky_relu = Squash("leaky_relu", schema.LEAKY_RELU, -_INFINITY, _INFINITY)
elu = Squash("elu", schema.ELU, -1.0, _INFINITY)
softplus = Squash("softplus", schema.SOFTPLUS, 0.0, _INFINITY)
gaussian = Squash("gaussian", schema.GAUSSIAN, 0.0, 1.0)
ramp = Squash("ramp", schema.RAMP, 0.0, 1.0)
hard_tanh = Squash("hard_tanh", schema.HARD_TANH, -1.0, 1.0)
hard_threshold = Squash("hard_threshold", schema.HARD_THRESHOLD, -_INFINITY, _INFINITY)
soft_threshold = Squash("soft_threshold", schema.SOFT_THRESHOLD, -_INFINITY, _INFINITY)
sinus = Squash("sinus", schema.SINUS, -1.0, 1.0)
bent_identity = Squash("bent_identity", schema.BENT_IDENTITY, -_INFINITY, _INFINITY)
softsign = Squash("softsign", schema.SOFTSIGN, -1.0, 1.0)
absolute = Squash("absolute", schema.ABSOLUTE, 0.0, _INFINITY)
swish = silu = Squash("swish", schema.SWISH, -0.27846454276107380, _INFINITY)
gelu = Squash("gelu", schema.GELU, -0.16997120747990369, _INFINITY)
selu = Squash("selu", schema.SELU, -1.7580993408473766, _INFINITY)
softmax = Squash("softmax", schema.SOFTMAX, 0.0, 1.0)
"""Of the outputs of a network, normalised together. Alone, a neuron is a group of one: always 1."""
winner = Squash("winner", schema.WINNER, 0.0, 1.0)
"""Winner takes all: 1 for the neuron of a group with the largest state (the first of equals), 0 for
the others. Its derivative is 0, as that of `step`. A group are the neurons of a :class:`Layer`."""
maxout = Squash("maxout", schema.MAXOUT, -_INFINITY, _INFINITY)
"""The neuron of a group with the largest state passes it on, the others say 0. A neuron that sums the
group with weights of 1 is the maxout unit of Goodfellow and others 2013."""
noise = Squash("noise", schema.NOISE, -_INFINITY, _INFINITY)
"""The state plus a standard normal number, drawn anew at every step from the neuron's own stream;
weights scale it. ``neuron.deterministic`` stops it."""
bernoulli = Squash("bernoulli", schema.BERNOULLI, 0.0, 1.0)
"""1 with the chance 1 / (1 + e^-s), else 0. As the gate of connections it is dropout;
``neuron.deterministic`` makes it the chance itself, as when a network is tested. Its derivative
is that of the chance: the straight-through estimator of Bengio, Léonard and Courville 2013."""

_ALIASES = {"hard_limit": step, "heaviside": step, "silu": swish}
_by_code: dict[int, Squash] = {s.code: s for s in list(globals().values()) if isinstance(s, Squash)}
_by_name: dict[str, Squash] = {s.name: s for s in _by_code.values()}


def names() -> list[str]:
    """The names of all registered functions."""
    return sorted(_by_name)


def get(squash: str | Squash) -> Squash:
    """The squash of this name; a :class:`Squash` is returned as it is.

    Raises
    ------
    UnknownNameError
        If no function of this name is registered.

    >>> get("tanh")
    <squash tanh>
    """
    if isinstance(squash, Squash):
        return squash
    if isinstance(squash, str):
        found = _by_name.get(squash) or _ALIASES.get(squash)
        if found is None:
            raise unknown_name("squash", squash, _by_name)
        return found
    advice = "A function of your own is registered first, with @squash.register."
    raise KindError(expected("A squash", "a name or a registered function", squash, advice))


def by_code(code: int) -> Squash:
    """The squash that the kernels know by this number."""
    return _by_code[code]


@overload
def register(function: Callable[[float], tuple[float, float]]) -> Squash: ...
@overload
def register(*, low: float = ..., high: float = ...) -> Callable[[Callable[..., Any]], Squash]: ...
def register(
    function: Callable[[float], tuple[float, float]] | None = None,
    *,
    low: float = -_INFINITY,
    high: float = _INFINITY,
) -> Any:
    """Add an activation function of one's own, under its name.

    Parameters
    ----------
    function : callable
        ``state -> (activation, derivative)``, both floats, in the Python that Numba compiles. It may call
        other functions. Globals and closures keep the values that they have now.
    low, high : float
        The bounds of its values, where it has any.

    Returns
    -------
    Squash
        What neurons take as ``squash``. Saved networks keep its name; loading one needs the
        function registered again under that name.

    Raises
    ------
    ArgumentError
        If the name is taken by another function, or by the same one with other captured values; if the
        function cannot be compiled, raises, does not return two finite numbers, or its derivative is not
        the slope of its value.

    Notes
    -----
    Where the function raises later, or indexes out of bounds, the call that needed its value raises
    :class:`~synapse.errors.FunctionError`: weights are as before that step.

    >>> import math
    >>> @register(low=0.0)
    ... def square(state):
    ...     return state * state, 2.0 * state
    >>> square(3.0)
    9.0
    """
    low, high = bounds("The bounds of a squash", low, high)
    if function is None:
        return lambda f: _register(f, low, high)
    return _register(function, low, high)


def _register(function: Callable[..., Any], low: float, high: float) -> Squash:
    name = getattr(function, "__name__", "")
    taken = _by_name.get(name) or _ALIASES.get(name)
    entry = enter("squash", SQUASH, function, taken is not None, _check, low, high)
    if taken is not None:  # entered before
        return taken
    schema.FUNCTIONS.append(entry.address)
    code = schema.FIRST_CUSTOM + schema.FUNCTIONS.index(entry.address)
    squash = Squash(name, code, low, high, entry.function)
    _by_name[name] = _by_code[squash.code] = squash
    return squash


def _check(function: Callable[..., Any]) -> None:
    """Try the function: two finite results, the second the slope of the first."""
    name = function.__name__
    width, misses = 1e-6, []
    for state in PROBES:
        value = _pair(function, state)
        slope = (_pair(function, state + width)[0] - _pair(function, state - width)[0]) / (2 * width)
        if abs(slope - value[1]) > 1e-4 * max(1.0, abs(slope)):
            misses.append((state, slope, value[1]))
    if len(misses) > 1:  # one probe may lie on a kink
        state, slope, told = misses[0]
        raise ArgumentError(
            f"The derivative of squash {name!r} at {state:.3g} is {slope:.6g} by differences. "
            f"Got {told:.6g}. Return (value, derivative at the state)."
        )


def _pair(function: Callable[..., Any], state: float) -> tuple[float, float]:
    advice = f"at state {state:.3g}"
    result = tried("squash", function, state=state)
    try:
        value, derivative = (float(number) for number in result)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"The squash {function.__name__!r} must return (value, derivative). Got {shown(result)} {advice}."
        ) from None
    if not (math.isfinite(value) and math.isfinite(derivative)):
        raise ArgumentError(
            f"The squash {function.__name__!r} must return finite numbers. Got {shown(result)} {advice}."
        )
    return value, derivative
