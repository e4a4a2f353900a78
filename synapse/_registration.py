"""Registration of squashes and costs, which compiles and stores a user's function and
raises its errors.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import engine
from ._checks import Names, require_type, short_repr, warn_of_python
from .engine.functions.capture import frozen
from .engine.status import FAILED
from .errors import ArgumentError, FunctionError

if TYPE_CHECKING:
    from .engine.functions.user_functions import UserFunction

AFTER_A_STEP = (
    "This step has changed no weights. Call clear() to discard its activations."
)

SQUASH = ("state",)
COST = ("target", "output", "derivative", "outputs")
"""Names of the arguments of registered functions."""


class Registered(NamedTuple):
    """A user's function in a registry."""

    registry: str  # "squash" or "cost"
    name: str
    function: UserFunction  # with captured values
    key: Hashable  # equal for equal code and captured values


_registered: dict[tuple[str, str], Registered] = {}
_by_address: dict[int, Registered] = {}


def enter(
    names: Names[Any],
    parameters: tuple[str, ...],
    function: Any,
    check: Callable[[Callable[..., Any]], None],
    replace: bool,
    *bounds: float,
) -> Registered:
    """Compile and register a user's function, or return its entry if the same one is
    already registered.

    `names` contains all names of its kind. If one of them equals its name in any
    spelling, it must be the same function, or one that it may replace.
    """
    registry = names.noun
    require_type(
        inspect.isfunction(function),
        f"A {registry} to register",
        "a Python function",
        function,
    )
    name = function.__name__
    copy, code = frozen(function)
    key = (code, bounds)

    # Running a cell of a notebook again registers the same function again.
    before = _registered.get((registry, name))

    def is_same(taken: Any) -> bool:
        known = before is not None and before.function is taken._function
        return known and before.key == key  # type: ignore[union-attr]  # known

    if names.again(name, replace, is_same) is not None:
        return _registered[registry, name]
    signature = inspect.signature(function)
    if len(signature.parameters) != len(parameters):
        arguments = f"({', '.join(parameters)})"
        if len(parameters) == 1:
            arguments = f"one argument, the {parameters[0]}"
        raise ArgumentError(
            f"The {registry} {name!r} must take {arguments}, got {signature}."
        )

    check(copy)
    made = engine.user_functions.UserFunction(copy, parameters)
    warn_of_python(f"The {registry} {name!r}", made.refused)
    entry = Registered(registry, name, made, key)
    _registered[registry, name] = entry
    _by_address[made.address] = entry
    return entry


def is_same_code(one: Any, other: Any) -> bool:
    """Return whether two functions have equal code and captured values."""
    if not (inspect.isfunction(one) and inspect.isfunction(other)):
        return one is other
    return bool(frozen(one)[1] == frozen(other)[1])


def is_same_class(one: type, other: type) -> bool:
    """Return whether two classes are definitions of one class, as in a cell of a
    notebook that runs again.
    """
    return (one.__module__, one.__qualname__) == (other.__module__, other.__qualname__)


def rename(names: Names[Any], name: str, item: Any) -> None:
    """Enter a squash or cost. The one that it replaces goes on under its label, by
    which kernels, copies and exports tell the two apart.
    """
    earlier = names.get(name)
    if label := names.enter(name, item):
        object.__setattr__(earlier, "name", label)


def wrong_slopes(
    registry: str,
    function: Callable[..., Any],
    second: str,
    probes: Iterable[dict[str, float]],
    along: str,
    factor: float = 1.0,
) -> list[tuple[dict[str, float], float, float]]:
    """Call a function for (value, `second`) at probes, which are arguments by name.

    Returns the probes at which the second result is not `factor` times the slope along
    an argument, with slope and second result. If there is only one such probe, none is
    returned, because it may lie on a kink. Raises ArgumentError if a call fails.
    """
    width = 1e-6
    misses = []
    for probe in probes:
        result, above, below = (
            _tried(registry, function, second, probe | {along: probe[along] + step})
            for step in (0, width, -width)
        )
        slope = factor * (above[0] - below[0]) / (2 * width)
        if abs(slope - result[1]) > 1e-4 * max(1.0, abs(slope)):
            misses.append((probe, slope, result[1]))
    return misses if len(misses) > 1 else []


def _tried(
    registry: str,
    function: Callable[..., Any],
    second: str,
    arguments: dict[str, float],
) -> tuple[float, float]:
    """Call a function, and raise ArgumentError unless it returns two finite numbers."""
    name = function.__name__
    try:
        result = function(*arguments.values())
    except Exception as error:
        raise ArgumentError(_failure(registry, name, arguments, error)) from error
    try:
        value, other = (float(number) for number in result)
    except (TypeError, ValueError):
        value = other = math.nan
    if not (math.isfinite(value) and math.isfinite(other)):
        raise ArgumentError(
            f"The {registry} {name!r} must return (value, {second}), two finite"
            f" numbers, got {short_repr(result)} at {_listed(arguments)}."
        )
    return value, other


def require_sound(
    status: int, failed: NDArray[np.float64], after: str = AFTER_A_STEP
) -> None:
    """Raise a FunctionError if a kernel call has failed because a registered function
    raised an error.
    """
    if status == FAILED:
        raise error_of_call(failed, after)


def error_of_call(
    failed: NDArray[np.float64], after: str = AFTER_A_STEP
) -> BaseException:
    """Return the error of a failed kernel call. `after` describes the state that the
    call has left.
    """
    count, address, *values = failed.tolist()
    if count < 0:  # of a part of a kernel, which is compiled when it is first called
        return engine.lazy_parts.failure()
    entry = _by_address[int(address)]
    names = SQUASH if count == len(SQUASH) else COST
    arguments = dict(zip(names, values, strict=False))

    # Kernels only report that a call failed; the same call gives its error again.
    cause = None
    try:
        entry.function(*arguments.values())
    except Exception as error:
        cause = error
    failure = _failure(entry.registry, entry.name, arguments, cause)
    raised = FunctionError(f"{failure} {after}")
    raised.__cause__ = cause
    return raised


def _failure(
    registry: str, name: str, arguments: dict[str, float], cause: Exception | None
) -> str:
    """Return the sentence that describes a failed call."""
    if cause is None:
        reason = "an error"
    elif str(cause):
        reason = f"{type(cause).__name__}: {cause}".rstrip(".")
    else:
        reason = type(cause).__name__
    return f"The {registry} {name!r} failed at {_listed(arguments)}: {reason}."


def _listed(arguments: dict[str, float]) -> str:
    """Return arguments by name, for messages."""
    return ", ".join(f"{argument} {value:.6g}" for argument, value in arguments.items())
