"""Convert trials and their results to JSON, the form in which results are compared and
stored.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
import json
import os
import sys
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from .._checks import expected, short_repr
from ..errors import ArgumentError, ArgumentTypeError

Point = dict[str, Any]
"""Values of a sweep's parameters, by name."""
VALUES = "a dict of booleans, numbers, strings, None, or lists of these"


def plain_value(value: Any) -> Any:
    """Convert a value to a form that JSON can represent, with numbers and arrays of
    NumPy as Python's, or raise TypeError if this is impossible.
    """
    if value is None:
        return None
    for plain in (bool, int, float, str):  # bool before int, of which it is a subclass
        if isinstance(value, plain) and not isinstance(value, Enum):
            # Values of subclasses, such as numpy.float64, become those of the type.
            return plain(value)
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(value)
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufU":
        return plain_value(value.tolist())
    if isinstance(value, list | tuple):
        return [plain_value(entry) for entry in value]
    raise TypeError(value)


def to_json(value: Any) -> str:
    """Return a plain value as JSON on one line. Floats are written by ``repr``, which
    restores every bit.
    """
    return json.dumps(value, separators=(", ", ": "))


def record_text(values: Any, seed: int, point: Point) -> str:
    """Return the result of a trial as JSON, or raise ArgumentTypeError if it cannot be
    a record.
    """
    due = f"The trial with seed {seed} must return {VALUES}"
    named = isinstance(values, Mapping) and all(isinstance(key, str) for key in values)
    if not named:
        raise ArgumentTypeError(f"{due}, got {short_repr(values)}.")
    taken = {"seed": seed, **point}
    for name, value in values.items():
        try:
            plain = to_json(plain_value(value))
        except (TypeError, ValueError, RecursionError):
            raise ArgumentTypeError(
                f"{due}, got {name!r}: {short_repr(value)}."
            ) from None

        # A trial may return its seed or a parameter again, with the same value.
        if name == "failed" or (name in taken and to_json(taken[name]) != plain):
            raise ArgumentTypeError(
                f"The trial with seed {seed} returns the name {name!r}, which is"
                " reserved, because results are stored with their seed and point."
                " Rename it."
            )
    return to_json({str(name): plain_value(value) for name, value in values.items()})


def point_text(point: Point) -> str:
    """Return the JSON text that identifies a point in a store."""
    return to_json(dict(sorted(point.items())))


# --- what a trial is ------------------------------------------------------------------


def described(trial: Callable[..., Any]) -> str:
    """Return the name of a trial with its module and the arguments that a partial has
    bound, such as 'json.dumps(indent=2)'.
    """
    if not isinstance(trial, functools.partial):
        return _function_name(trial)
    bound = [_argument(argument) for argument in trial.args]
    bound += [
        f"{name}={_argument(argument)}"
        for name, argument in sorted(trial.keywords.items())
    ]
    return f"{described(trial.func)}({', '.join(bound)})"


def _function_name(function: Any) -> str:
    """Return module and name of a function, or raise ArgumentError if another function
    can have the same ones.
    """
    if inspect.ismethod(function):
        return f"{_argument(function.__self__)}.{function.__name__}"
    if not hasattr(function, "__qualname__"):  # an object that is called
        return _argument(function)
    if function.__name__ == "<lambda>" or getattr(function, "__closure__", None):
        raise ArgumentError(
            "A store identifies trials by name and arguments, which"
            f" {short_repr(function)} does not have. Define a function with def, and"
            " bind its arguments by functools.partial."
        )
    module = function.__module__
    if module == "__main__":  # a script has the name by which others would import it
        spec = getattr(sys.modules[module], "__spec__", None)
        file = getattr(sys.modules[module], "__file__", module)
        module = spec.name if spec is not None else Path(file).stem
    return f"{module}.{function.__qualname__}"


def _argument(value: Any) -> str:
    """Return an argument as text that is the same in every process."""
    if isinstance(value, type | functools.partial) or inspect.isroutine(value):
        return described(value)
    if isinstance(value, Enum | os.PathLike):
        return str(value)
    if isinstance(value, np.ndarray) and value.dtype != object:
        digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()[:16]
        return f"array({value.dtype}, {value.shape}, {digest})"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_argument, value))}]"
    if isinstance(value, dict):
        entries = value.items()
        pairs = sorted(
            f"{_argument(key)}: {_argument(entry)}" for key, entry in entries
        )
        return f"{{{', '.join(pairs)}}}"
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        fields = [f"{name}={_argument(getattr(value, name))}" for name in names]
        return f"{_function_name(type(value))}({', '.join(fields)})"
    try:
        return to_json(plain_value(value))
    except (TypeError, ValueError):
        title = "An argument of a trial with a store"
        kinds = "numbers, strings, lists, dicts, arrays, functions or dataclasses"
        raise ArgumentTypeError(
            expected(title, kinds, value, "Let the trial build it.")
        ) from None
