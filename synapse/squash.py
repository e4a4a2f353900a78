"""Activation functions by name, and the decorator that adds one.

A squash gives an activation and its derivative at a state. Built in are

- smooth: `logistic` (also `sigmoid`), `tanh`, `bipolar_sigmoid`, `identity` (also `linear`), `inverse`,
  `softplus`, `gaussian`, `sinus` (also `sin`, `sine`, `sinusoid`), `bent_identity`, `softsign`,
  `swish` (also `silu`), `gelu`;
- with a kink: `relu`, `leaky_relu`, `elu`, `selu`, `absolute` (also `abs`), `ramp`, `hard_tanh`,
  `soft_threshold` (also `soft_shrink`);
- with a jump: `step` (also `hard_limit`, `hlim`, `heaviside`, `binary_step`), `sign` (also `signum`, `sgn`),
  `bipolar`, `hard_threshold` (also `hard_shrink`);
- of a group of neurons: `winner`, `maxout` and, for outputs, `softmax`;
- random: `noise`, `bernoulli`.

Names are understood in any case, with or without underscores: "ReLU", "leakyrelu", "HARD-TANH".

>>> from synapse import squash
>>> squash.logistic(0.0)
0.5
>>> squash.tanh.derivative(0.0)
1.0
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, overload

from . import engine
from ._checks import Names, bounds, expected, finite_number, is_among, shown, unknown_name
from ._registration import SQUASH, enter, tried
from .engine.functions.activations import ACTIVATIONS, FIRST_CUSTOM, FUNCTIONS, GROUPED, RANDOM
from .errors import ArgumentError, KindError

PROBES = [0.05 + 0.31 * i for i in range(-13, 14)]
"""States at which a registered function is tried."""

EXPRESSIONS, BUILDERS = ("c", "javascript", "python"), ("onnx", "torch")
"""Where a registered function may be written: as an expression, and as a function that builds it."""

NEAREST = {
    "hardsigmoid": "The nearest is ramp, which has the slope 1 from 0 to 1.",
    "relu6": "The nearest is relu, which has no upper bound.",
    "prelu": "The nearest is leaky_relu, whose slope below 0 is 0.01 and is not trained.",
    "mish": "The nearest is swish.",
    "hardswish": "The nearest is swish, which is smooth.",
    "hardsilu": "The nearest is swish, which is smooth.",
    "logsoftmax": "Use softmax outputs: their cost computes the logarithm.",
    "logsigmoid": "Use logistic outputs: their cost computes the logarithm.",
}
"""Functions of other libraries that are none of these, and what is nearest."""

STATE = "{s}"
"""What stands for the state in an expression."""


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
    _written: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def written(self) -> Mapping[str, Any]:
        """How a registered function is written elsewhere, see :func:`register`; empty for built-in ones."""
        return MappingProxyType(self._written)

    @property
    def grouped(self) -> bool:
        """Whether the activation depends on the states of a whole group."""
        return self.code in GROUPED

    @property
    def random(self) -> bool:
        """Whether a neuron draws a random number at every step."""
        return self.code in RANDOM

    @property
    def function(self) -> Callable[[float], tuple[float, float]]:
        """``state -> (activation, derivative)``; built-in ones are the very code of the kernels."""
        return self._function or engine.functions.compiled.SQUASHES[self.name]

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


_by_name = Names(
    "squash",
    {one.name: Squash(one.name, one.code, one.low, one.high) for one in ACTIVATIONS.values()},
    {alias: one.name for one in ACTIVATIONS.values() for alias in one.aliases},
    NEAREST,
)
_by_code = {squash.code: squash for squash in _by_name.values()}
globals().update(_by_name)  # squash.logistic; `__getattr__` knows the synonyms, one of which is "abs"


def __getattr__(name: str) -> Squash:
    """Registered functions, and other spellings."""
    return _by_name.attribute(__name__, name)


def names() -> list[str]:
    """The names of all registered functions."""
    return sorted(_by_name)


def get(squash: str | Squash) -> Squash:
    """The squash of this name; a :class:`Squash` is returned as it is.

    Names are understood in any case, with or without underscores, hyphens and spaces. So are the names that
    other libraries use for the same function, such as "sigmoid" and "linear".

    Raises
    ------
    UnknownNameError
        If no function of this name is registered.

    Examples
    --------
    >>> get("tanh"), get("Sigmoid")
    (<squash tanh>, <squash logistic>)
    """
    if isinstance(squash, Squash):
        return squash
    if isinstance(squash, str):
        return _by_name.find(squash)
    advice = "A function of your own is registered first, with @squash.register."
    raise KindError(expected("A squash", "a name or a registered function", squash, advice))


def by_code(code: int) -> Squash:
    """The squash that the kernels know by this number."""
    return _by_code[code]


@overload
def register(function: Callable[[float], tuple[float, float]]) -> Squash: ...
@overload
def register(
    *, low: float = ..., high: float = ..., written: Mapping[str, Any] | None = ...
) -> Callable[[Callable[..., Any]], Squash]: ...
def register(
    function: Callable[[float], tuple[float, float]] | None = None,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    written: Mapping[str, Any] | None = None,
) -> Any:
    """Add an activation function of one's own, under its name.

    Parameters
    ----------
    function : callable
        ``state -> (activation, derivative)``, both floats, in the Python that Numba compiles. It may call
        other functions. Globals and closures keep the values that they have now.
    low, high : float
        The bounds of its values, where it has any.
    written : mapping, optional
        How its value (not its derivative) is written where a network with it is exported to. For "c",
        "javascript" and "python": an expression in which ``{s}`` stands for the state. For "onnx" and
        "torch": a function, see the writer of that format. Default: such an export is refused.

    Returns
    -------
    Squash
        What neurons take as ``squash``. Saved networks keep its name; loading one needs the
        function registered again under that name.

    Raises
    ------
    UnknownNameError
        If a key of `written` is none of these.
    ArgumentError, KindError
        If the name, in any spelling, is taken by another function or is one of its other names, or is that
        of the same function with other captured values; if the function cannot be compiled, raises, does not
        return two finite numbers, or its derivative is not the slope of its value.

    Notes
    -----
    Where the function raises later, or indexes out of bounds, the call that needed its value raises
    :class:`~synapse.errors.FunctionError`: weights are as before that step.

    Examples
    --------
    >>> import math
    >>> @register(low=0.0)
    ... def square(state):
    ...     return state * state, 2.0 * state
    >>> square(3.0)
    9.0
    >>> @register(written={"c": "fabs({s}) * {s}", "python": "abs({s}) * {s}"})
    ... def signed_square(state):
    ...     return abs(state) * state, 2.0 * abs(state)
    >>> signed_square.written["c"]
    'fabs({s}) * {s}'
    """
    low, high = bounds("The bounds of a squash", low, high)
    texts = None if written is None else _checked(written)
    if function is None:
        return lambda f: _register(f, low, high, texts)
    return _register(function, low, high, texts)


def _checked(written: Mapping[str, Any]) -> dict[str, Any]:
    """How a function is written elsewhere, if it may be said so."""
    if not isinstance(written, Mapping):
        raise KindError(expected("The `written` of a squash", "a mapping", written))
    for language, text in written.items():
        if not is_among(language, (*EXPRESSIONS, *BUILDERS)):
            raise unknown_name("language", language, [*EXPRESSIONS, *BUILDERS])
        if language in BUILDERS and not callable(text):
            raise KindError(expected(f"What is written for {language}", "a function", text))
        if language in EXPRESSIONS and not (isinstance(text, str) and STATE in text):
            what = f"What is written for {language}"
            raise ArgumentError(expected(what, f"an expression with {STATE} for the state", text))
    return dict(written)


def _register(
    function: Callable[..., Any], low: float, high: float, written: dict[str, Any] | None
) -> Squash:
    name = getattr(function, "__name__", "")
    taken = _by_name.seek(name)
    entry = enter("squash", SQUASH, function, taken.name if taken else None, _check, low, high)
    if taken is not None:  # entered before
        if written is not None:
            taken._written.clear()
            taken._written.update(written)
        return taken
    FUNCTIONS.append(entry.address)
    code = FIRST_CUSTOM + FUNCTIONS.index(entry.address)
    squash = Squash(name, code, low, high, entry.function, written or {})
    _by_name.add(name, squash)
    _by_code[squash.code] = squash
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
            f"The function returned {told:.6g}. Return (value, derivative at the state)."
        )


def _pair(function: Callable[..., Any], state: float) -> tuple[float, float]:
    advice = f"at state {state:.3g}"
    result = tried("squash", function, state=state)
    try:
        value, derivative = (float(number) for number in result)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"Expected squash {function.__name__!r} to return (value, derivative), got "
            f"{shown(result)} {advice}."
        ) from None
    if not (math.isfinite(value) and math.isfinite(derivative)):
        raise ArgumentError(
            f"Expected squash {function.__name__!r} to return finite numbers, got {shown(result)} {advice}."
        )
    return value, derivative
