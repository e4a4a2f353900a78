"""Functions of users: in the language they are compiled, beyond it they are called in
Python.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

from .decorators import COMPILES, strict_fp
from .kinds import BOOL, FLOAT64, INT, ArrayKind, ColumnKind, TupleKind
from .memory import plain_address
from .program import STRICT_FLAGS, PartOptions
from .source import place_of
from .tree import Node, RefusedError
from .words import word

if TYPE_CHECKING:
    from .translator import Translator

CHECKED = PartOptions(STRICT_FLAGS, from_end=True, checked=True)
"""A user's function returns nothing where it would raise."""
UNCHECKED = PartOptions(STRICT_FLAGS, from_end=True)


class Compiled(NamedTuple):
    """A user's function, for kernels and for Python.

    Kernels call it by `address`. `function` computes the same for Python, and raises
    the errors that kernels turn into NaN. `alive` must be referenced as long as the
    address is used. `refused` is why it is called in Python, or "" if it is compiled.
    """

    address: int
    function: Callable[..., Any]
    alive: Any
    refused: str = ""


def compile_function(function: FunctionType, arguments: int) -> Compiled:
    """Compile a user's function of `arguments` floats for a pair, so that kernels can
    call it; in Python if it cannot be compiled.
    """
    if not COMPILES:
        return Compiled(plain_address(function), function, None)
    try:
        return _compiled(function, arguments)
    except RefusedError as error:
        return _called_in_python(function, arguments, str(error))


def _compiled(function: FunctionType, arguments: int) -> Compiled:
    attempt = _attempt(function)

    @strict_fp
    def pair_of(results: Any, *numbers: Any) -> int:
        made = attempt(*numbers)
        if made.there:
            results[0], results[1] = made.value
        return int(made.there)

    from .entries import address_of

    kinds = ColumnKind(FLOAT64, ("results",)), *[FLOAT64] * arguments
    address = address_of(pair_of, kinds, INT)
    machine_code = _callback_type(arguments)(address)

    def call(*numbers: float) -> Any:
        results = (ctypes.c_double * 2)()
        has_returned = machine_code(results, *map(float, numbers))
        return tuple(results) if has_returned else function(*numbers)  # raises

    call.py_func = function  # type: ignore[attr-defined]  # exports read its formula
    return Compiled(address, call, None)


def _attempt(function: FunctionType) -> Any:
    """Return a word that calls a function: whether it has returned, and what."""

    @word(function)
    def attempt(t: Translator, *numbers: Node) -> Node:
        kinds = tuple(number.kind for number in numbers)
        made = t.program.instance(function, kinds, CHECKED)
        value = made.result.items[-1]
        if not isinstance(value, TupleKind) or len(value.items) != 2:
            raise RefusedError("it returns two numbers", place_of(function))
        result: Node = t.temporary(Node("call", made.result, (made, numbers)))
        return result

    return attempt


def _called_in_python(function: FunctionType, arguments: int, refused: str) -> Compiled:
    def call(results: Any, *numbers: float) -> int:
        try:
            value, derivative = function(*numbers)
            results[0] = float(value)
            results[1] = float(derivative)
        except Exception:  # Python calls it again, and raises
            return 0
        return 1

    callback = _callback_type(arguments)(call)
    address = ctypes.cast(callback, ctypes.c_void_p).value or 0
    return Compiled(address, function, callback, refused)


def _callback_type(arguments: int) -> Any:
    """Return the type of a function of a user for kernels, which writes two results."""
    numbers = [ctypes.c_double] * arguments
    return ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.POINTER(ctypes.c_double), *numbers)


class EnvironmentStep(NamedTuple):
    """The step of an environment: its address, the errors of calls in Python, and why
    it is called there, or "".
    """

    address: int
    errors: list[BaseException]
    alive: Any
    refused: str = ""


def compile_step(observe: FunctionType, step: FunctionType) -> EnvironmentStep:
    """Compile the step of an environment from two functions of a user."""

    def both(world: Any, action: Any, observed: Any, begin: bool) -> bool:
        goes_on = begin or bool(step(world, action))
        observe(world, observed)
        return goes_on

    if not COMPILES:
        return EnvironmentStep(plain_address(both), [], None)
    from .entries import address_of

    kinds = *[ArrayKind(FLOAT64, 1)] * 3, BOOL
    for function in (observe, step):
        function.options = UNCHECKED  # type: ignore[attr-defined]
    try:
        return EnvironmentStep(address_of(strict_fp(both), kinds, BOOL), [], None)
    except RefusedError as error:
        return _step_in_python(both, str(error))


def _step_in_python(both: Callable[..., bool], refused: str) -> EnvironmentStep:
    errors: list[BaseException] = []

    def call(*passed: Any) -> bool:
        *arrays, begin = passed
        pairs = zip(arrays[::2], arrays[1::2], strict=True)
        try:
            return bool(both(*(_array_at(*pair) for pair in pairs), begin & 1))
        except Exception as error:
            errors.append(error)
            return False

    array = ctypes.c_void_p, ctypes.c_int64
    kind = ctypes.CFUNCTYPE(ctypes.c_bool, *array * 3, ctypes.c_uint8)
    callback = kind(call)
    address = ctypes.cast(callback, ctypes.c_void_p).value or 0
    return EnvironmentStep(address, errors, callback, refused)


def _array_at(address: int, size: int) -> Any:
    import numpy as np

    memory = (ctypes.c_double * size).from_address(address)
    return np.ctypeslib.as_array(memory)
