"""The class Squash, and the registry of squashes by name behind `synapse.squashes`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from . import engine
from ._checks import (
    NEAREST_ADVICE,
    Names,
    boolean,
    bounds,
    choice,
    expected,
    finite_number,
    made_elsewhere,
    positive_number,
    registered_name,
    require,
    require_type,
)
from ._registration import SQUASH, Registered, enter, rename, wrong_slopes
from .engine.functions import activations as _declared
from .engine.functions.activations import FIRST_CUSTOM, FUNCTIONS, GROUPED, RANDOM
from .errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from .engine.functions.user_functions import UserFunction

ACTIVATIONS = _declared.ACTIVATIONS
SINGLE = _declared.SINGLE
CHANCE = _declared.CHANCE
LARGEST = _declared.LARGEST
SHARES = _declared.SHARES
"""The declarations of the built-in functions by name, with their kinds, for exporters.
"""

PROBES = [0.05 + 0.31 * i for i in range(-13, 14)]
"""States at which a registered function is tested."""

EXPRESSIONS = ("c", "javascript", "python")
BUILDERS = ("onnx", "torch")
"""Formats for which a registered function is exported as a function that builds it,
instead of an expression."""

WIDE = r"([a-z_]+)\(width=(.*)\)"
"""A name with the width of a declared slope, without spaces."""

STATE = "{s}"
"""Placeholder of the state in an expression."""


@made_elsewhere
@dataclass(frozen=True, eq=False)
class Squash:
    """A named activation function.

    Parameters
    ----------
    name : str
        Name in files and messages.
    code : int
        Number of the function in the kernels.
    low, high : float
        Bounds of its values.
    surrogate : bool
        Whether its derivative is declared (a surrogate) instead of the slope of its
        values, so that a spike can learn although it jumps.
    """

    name: str
    code: int
    low: float
    high: float
    surrogate: bool = False
    _function: UserFunction | None = None
    _written: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def written(self) -> Mapping[str, Any]:
        """Code for exports with which the function was registered, see
        :func:`register`.
        """
        return MappingProxyType(self._written)

    @property
    def _grouped(self) -> bool:
        """Whether the activation depends on the states of a whole group."""
        return self.code in GROUPED

    @property
    def _random(self) -> bool:
        """Whether a neuron draws a random number at every step."""
        return self.code in RANDOM

    @property
    def _evaluate(self) -> Callable[[float], tuple[float, float]]:
        """Python function ``state -> (activation, derivative)`` with the same code as
        in the kernels.
        """
        return self._function or engine.functions.compiled.SQUASHES[get(self).name]

    def __call__(self, state: float) -> float:
        """Compute the activation at a state."""
        return float(self._evaluate(_one_state(state))[0])

    def derivative(self, state: float) -> float:
        """Compute the derivative of the activation at a state."""
        return float(self._evaluate(_one_state(state))[1])

    def __repr__(self) -> str:
        return f"<squash {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return get, (registered_name(self.name),)

    def __deepcopy__(self, memo: dict[int, Any]) -> Squash:
        return self


def _one_state(state: Any) -> float:
    """Return a state as a float. The error for an array names a function that takes
    it.
    """
    if isinstance(state, np.ndarray | list | tuple):
        advice = "For several states use numpy.vectorize(squash)(states)."
        raise ArgumentTypeError(expected("state", "a number", state, advice))
    return finite_number("state", state)


_ALIASES = {
    alias: entry.name for entry in ACTIVATIONS.values() for alias in entry.aliases
}
by_name = Names(
    "squash",
    {
        entry.name: Squash(
            entry.name, entry.code, entry.low, entry.high, entry.surrogate
        )
        for entry in ACTIVATIONS.values()
    },
    _ALIASES,
    {**_declared.NEAREST, **NEAREST_ADVICE["squash"]},
)
_by_code = {squash.code: squash for squash in by_name.values()}


def names() -> list[str]:
    """Return the names of all activation functions, sorted."""
    return sorted(by_name)


def get(squash: str | Squash) -> Squash:
    """Find an activation function by its name, or return a :class:`Squash` as it is.

    Parameters
    ----------
    squash : str or Squash
        Name of the function. Case, underscores, hyphens and spaces do not matter. Names
        from other libraries, such as "sigmoid" and "linear", find the same function
        here. You can give `spike`, `super_spike` and `arctan_spike` a width, as in
        "spike(width=2)". Their declared slope at s is then the function's slope at
        s / width. Files contain such names, too.

    Raises
    ------
    UnknownNameError
        If no function of this name is registered.
    ArgumentError
        If a width is not a number above 0, or the function does not take a width.
    ArgumentTypeError
        If `squash` is neither a string nor a registered :class:`Squash`.

    Examples
    --------
    >>> get("tanh"), get("Sigmoid")
    (<squash tanh>, <squash logistic>)
    >>> wide = get("spike(width=2)")
    >>> wide, wide.derivative(1.0), get("spike").derivative(0.5)
    (<squash spike(width=2)>, 0.15, 0.15)
    """
    if isinstance(squash, Squash) and by_name.seek(str(squash.name)) is squash:
        return squash
    if isinstance(squash, str):
        if squash in by_name:
            return by_name[squash]
        wide = re.fullmatch(WIDE, re.sub(r"\s", "", squash).casefold())
        return _with_width(*wide.groups()) if wide else by_name.find(squash)
    advice = "Register your own function first, with @squashes.register."
    advice = f"{by_name.advice(squash)} {advice}".strip()
    raise ArgumentTypeError(
        expected("A squash", "a name or a registered function", squash, advice)
    )


def _with_width(name: str, text: str) -> Squash:
    """Return the function of this name whose declared slope has a width, registering it
    once.
    """
    declared = by_name.find(name).name
    if declared not in _declared.WITH_WIDTH:
        takers = ", ".join(_declared.WITH_WIDTH)
        raise ArgumentError(
            expected("A squash with a width", f"one of {takers}", declared)
        )
    try:
        number = float(text)
    except ValueError:
        title = f"The width of {declared}"
        raise ArgumentError(expected(title, "a number above 0", text)) from None
    width = positive_number(f"The width of {declared}", number)
    full_name = f"{declared}(width={repr(width).removesuffix('.0')})"
    if full_name not in by_name:
        function = _declared.WITH_WIDTH[declared](width)
        function.__name__ = full_name
        entry = enter(by_name, SQUASH, function, _require_numbers, False, width)
        # Not by `Names.add`: in other spellings 2.5 and 25 are the same.
        by_name[full_name] = _entered(entry, 0.0, 1.0, True, {})
    return by_name[full_name]


def by_code(code: int) -> Squash:
    """Return the squash with this number in the kernels, or raise ArgumentError if
    there is none.
    """
    try:
        return _by_code[code]
    except (KeyError, TypeError):
        raise ArgumentError(expected("A code", "that of a squash", code)) from None


@overload
def register(function: Callable[[float], tuple[float, float]]) -> Squash: ...
@overload
def register(
    *,
    low: float = ...,
    high: float = ...,
    written: Mapping[str, Any] | None = ...,
    surrogate: bool = ...,
    replace: bool = ...,
) -> Callable[[Callable[..., Any]], Squash]: ...
def register(
    function: Callable[[float], tuple[float, float]] | None = None,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    written: Mapping[str, Any] | None = None,
    surrogate: bool = False,
    replace: bool = False,
) -> Any:
    """Register your own activation function under its name.

    Use it as a decorator, with or without arguments.

    Parameters
    ----------
    function : callable
        Function ``state -> (activation, derivative)``. Both results are floats. The
        function may call other functions. Its globals and closures keep their present
        values.
    low, high : float
        Bounds of the activation. Default: minus and plus infinity.
    written : mapping, optional
        Code of the function (without its derivative) for exports, by language. For "c",
        "javascript" and "python", pass an expression in which ``{s}`` stands for the
        state. For "onnx" and "torch", pass a function, see the writer of that format.
        Default: exports write the function's own formula, if it consists of arithmetic,
        comparisons and common functions of ``math``.
    surrogate : bool
        Whether the derivative is declared instead of being the slope of the activation,
        as for a spike (surrogate gradient: Neftci, Mostafa and Zenke 2019). Errors and
        eligibility traces use it everywhere, also in modules of PyTorch, and finite
        differences do not agree with it. Default: False, so that a derivative that is
        not the slope raises an error.
    replace : bool
        Whether the function replaces another one of yours with this name. What holds
        the earlier one keeps it, as do copies. Files and pickles only contain the name,
        and are read with the new one. Default: False, so that a name that is taken
        raises an error.

    Returns
    -------
    Squash
        The function, which you can pass to neurons (``squash=``). Saved networks only
        contain its name. Before you load one, register the function again under this
        name.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a key of `written` is not one of these languages, or if another function, or
        the same function with other captured values, has this name, in any spelling or
        as a synonym, and is not replaced. Also if the function raises an error or does
        not return two finite numbers, or if its derivative is not the slope of its
        value although it is no surrogate.

    Notes
    -----
    The function is compiled from its formula, for which it is run with symbols. If it
    does more than compute (it draws, counts, reads a clock, or uses a number as an
    integer), it is called in Python, which takes longer, and cannot be exported. A
    :class:`~synapse.errors.FunctionWarning` then names the line and the reason.

    If the function later raises an error, or indexes out of bounds, the step that
    called it raises :class:`~synapse.errors.FunctionError`. That step changes no
    weights.

    Examples
    --------
    >>> import math
    >>> @register(low=0.0)
    ... def fourth_power(state):
    ...     square = state * state
    ...     return square * square, 4.0 * state * square
    >>> fourth_power(3.0)
    81.0
    >>> @register(written={"c": "fabs({s}) * {s}", "python": "abs({s}) * {s}"})
    ... def signed_square(state):
    ...     return abs(state) * state, 2.0 * abs(state)
    >>> signed_square.written["c"]
    'fabs({s}) * {s}'

    A spike whose declared slope is twice as wide as the slope of `spike`:

    >>> @register(low=0.0, high=1.0, surrogate=True)
    ... def wider_spike(state):
    ...     value = 1.0 if state > 0.0 else 0.0
    ...     return value, 0.3 * max(0.0, 1.0 - abs(state) / 2.0)
    >>> wider_spike(0.1), wider_spike.derivative(-1.0)
    (1.0, 0.15)
    """
    low, high = bounds("`low` and `high` of a squash", low, high)
    texts = None if written is None else _checked(written)
    declared = boolean("surrogate of a squash", surrogate)
    replace = boolean("replace", replace)
    if function is None:
        return lambda f: _register(f, low, high, texts, declared, replace)
    return _register(function, low, high, texts, declared, replace)


def _checked(written: Mapping[str, Any]) -> dict[str, Any]:
    """Check and return the code for exports."""
    require_type(
        isinstance(written, Mapping), "written of a squash", "a mapping", written
    )
    for language, code in written.items():
        choice("A language of a squash", language, (*EXPRESSIONS, *BUILDERS))
        title = f"The {language} code of a squash"
        require_type(
            language not in BUILDERS or callable(code), title, "a function", code
        )
        require(
            language not in EXPRESSIONS or (isinstance(code, str) and STATE in code),
            title,
            f"an expression with {STATE} for the state",
            code,
        )
    return dict(written)


def _register(
    function: Callable[..., Any],
    low: float,
    high: float,
    written: dict[str, Any] | None,
    surrogate: bool,
    replace: bool,
) -> Squash:
    """Compile and enter a function, or return its squash if it was entered before."""
    check = _require_numbers if surrogate else _require_derivative
    properties = low, high, float(surrogate)
    entry = enter(by_name, SQUASH, function, check, replace, *properties)
    squash = by_name.seek(entry.name)
    if squash is not None and squash._function is entry.function:  # entered before
        if written is not None:
            squash._written.clear()
            squash._written.update(written)
        return squash

    squash = _entered(entry, low, high, surrogate, written or {})
    rename(by_name, entry.name, squash)
    return squash


def _entered(
    entry: Registered,
    low: float,
    high: float,
    surrogate: bool,
    written: dict[str, Any],
) -> Squash:
    """Return the squash of a compiled function, with a code for the kernels."""
    FUNCTIONS.append(entry.function.address)
    code = FIRST_CUSTOM + FUNCTIONS.index(entry.function.address)
    squash = Squash(entry.name, code, low, high, surrogate, entry.function, written)
    _by_code[code] = squash
    return squash


def _require_numbers(function: Callable[..., Any]) -> None:
    """Test that a function returns two finite numbers."""
    probes = [{"state": state} for state in PROBES]
    wrong_slopes("squash", function, "derivative", probes, "state")


def _require_derivative(function: Callable[..., Any]) -> None:
    """Test that a function returns two finite numbers, the second of which is the slope
    of the first.
    """
    probes = [{"state": state} for state in PROBES]
    misses = wrong_slopes("squash", function, "derivative", probes, "state")
    if misses:
        probe, slope, returned = misses[0]
        raise ArgumentError(
            f"Expected squash {function.__name__!r} to return the derivative"
            f" {slope:.6g} at state {probe['state']:.3g} (by finite differences), got"
            f" {returned:.6g}. Return (value, derivative at the state), or declare"
            " another slope with surrogate=True."
        )
