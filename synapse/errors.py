"""Everything that Synapse raises, and the one form of its sentences.

Each error is a :class:`SynapseError` and also the built-in error that a caller would expect.
A sentence says what was expected, what was given and, where it helps, what to do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any


class SynapseError(Exception):
    """The parent of all errors of this library."""


class ArgumentError(SynapseError, ValueError):
    """An argument has a value that cannot be used."""


class KindError(SynapseError, TypeError):
    """An argument is of the wrong type."""


class TopologyError(SynapseError, ValueError):
    """Neurons and connections cannot be linked, gated or removed this way."""


class UnknownNameError(SynapseError, LookupError, ValueError):
    """No function of this name is registered."""


class FormatError(SynapseError, ValueError):
    """A file does not hold a network of this format, or holds one that contradicts itself."""


class DivergenceError(SynapseError, ArithmeticError):
    """Training has left the range of finite numbers."""


class FunctionError(SynapseError, RuntimeError):
    """A registered squash or cost raised an error; the error itself is the cause (``__cause__``)."""


class MissingExtraError(SynapseError, ImportError):
    """A package that only an extra brings is not installed."""


class TrainingWarning(UserWarning):
    """A training changes nothing, or cannot change or use a part of the network."""


def shown(value: Any) -> str:
    """A value as a sentence can carry it: short."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def expected(what: str, condition: str, given: Any, advice: str = "") -> str:
    """The form of every sentence about an argument.

    >>> expected("The rate", "a finite number above 0", -1)
    'The rate must be a finite number above 0. Got -1.'
    """
    sentence = f"{what} must be {condition}. Got {shown(given)}."
    return f"{sentence} {advice}" if advice else sentence


def finite_number(what: str, value: Any) -> float:
    """`value` as a float.

    Raises
    ------
    KindError, ArgumentError
        If it is not a number, or not a finite one.
    """
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    except (TypeError, ValueError):
        raise KindError(expected(what, "a number", value)) from None
    if not math.isfinite(number):
        raise ArgumentError(expected(what, "a finite number", value))
    return number


def non_negative_number(what: str, value: Any) -> float:
    """`value` as a float that is finite and not below 0, or an error that says so."""
    number = finite_number(what, value)
    if number < 0:
        raise ArgumentError(expected(what, "a finite number, 0 or above", value))
    return number


def positive_integer(what: str, value: Any) -> int:
    """`value` as an int above 0, or an error that says so."""
    return whole_number(what, value, "a whole number above 0", 1)


def whole_number(what: str, value: Any, condition: str, least: int, most: float = math.inf) -> int:
    """`value` as an int from `least` to `most`, or an error that gives the condition.

    >>> whole_number("The delay", -1, "a whole number, 0 or above", 0)
    Traceback (most recent call last):
        ...
    synapse.errors.ArgumentError: The delay must be a whole number, 0 or above. Got -1.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise KindError(expected(what, condition, value))
    number = int(value.__index__())
    if not least <= number <= most:
        raise ArgumentError(expected(what, condition, value))
    return number


def unknown_name(kind: str, name: Any, known: Iterable[str]) -> UnknownNameError:
    """The error for a name that is not registered; it lists those that are."""
    return UnknownNameError(f"There is no {kind} named {shown(name)}. Known: {', '.join(sorted(known))}.")
