"""Functions of users: in the language they are compiled, beyond it they are called in
Python.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .decorators import COMPILES, strict_fp
from .memory import plain_address
from .source import STRICT_FLAGS, PartOptions, place_of
from .tree import (
    BOOL,
    FLOAT64,
    INT,
    RANK,
    ArrayKind,
    ColumnKind,
    Node,
    RefusedError,
    TupleKind,
)
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
    `errors` are those of calls in Python that nobody repeats.
    """

    address: int
    function: Callable[..., Any]
    alive: Any
    refused: str
    errors: Any = ()


def _for_kernels(
    plain: Any,
    function: Any,
    kinds: tuple[Any, ...],
    result: Any,
    in_python: Any,
) -> Compiled:
    """Compile a function for arguments of some kinds. Beyond the language, kernels call
    `in_python`; uncompiled ones call the plain function.
    """
    if not COMPILES:
        return Compiled(plain_address(plain), plain, None, "")
    from .entries import address_of

    try:
        return Compiled(address_of(strict_fp(function), kinds, result), plain, None, "")
    except RefusedError as error:
        address = ctypes.cast(in_python, ctypes.c_void_p).value or 0
        return Compiled(address, plain, in_python, str(error))


def compile_function(function: FunctionType, arguments: int) -> Compiled:
    """Compile a user's function of `arguments` floats for a pair, so that kernels can
    call it; in Python if it cannot be compiled.
    """
    attempt = _attempt(function)
    numbers = [ctypes.c_double] * arguments
    of_pair = ctypes.CFUNCTYPE(
        ctypes.c_int64, ctypes.POINTER(ctypes.c_double), *numbers
    )

    def pair_of(results: Any, *numbers: Any) -> int:
        made = attempt(*numbers)
        if made.there:
            results[0], results[1] = made.value
        return int(made.there)

    def in_python(results: Any, *numbers: float) -> int:
        try:
            value, derivative = function(*numbers)
            results[0] = float(value)
            results[1] = float(derivative)
        except Exception:  # Python calls it again, and raises
            return 0
        return 1

    kinds = ColumnKind(FLOAT64, ("results",)), *[FLOAT64] * arguments
    compiled = _for_kernels(function, pair_of, kinds, INT, of_pair(in_python))
    machine_code = of_pair(compiled.address)

    def call(*numbers: float) -> Any:
        results = (ctypes.c_double * 2)()
        has_returned = machine_code(results, *map(float, numbers))
        return tuple(results) if has_returned else function(*numbers)  # raises

    call.py_func = function  # type: ignore[attr-defined]  # exports read its formula
    is_called = not COMPILES or compiled.refused
    return compiled if is_called else compiled._replace(function=call)


def refusal_of(function: FunctionType, arguments: int) -> str:
    """Return why a function of `arguments` floats for one number cannot be compiled; ""
    if it can.
    """
    from .program import TypedProgram

    function.options = UNCHECKED  # type: ignore[attr-defined]
    try:
        kinds = (FLOAT64,) * arguments
        if TypedProgram().instance(function, kinds, UNCHECKED).result not in RANK:
            raise RefusedError("it returns one number", place_of(function))
    except RefusedError as error:
        return str(error)
    return ""


def _attempt(function: FunctionType) -> Any:
    """Return a word that calls a function: whether it has returned, and what."""

    @word(function)
    def attempt(t: Translator, *numbers: Node) -> Node:
        kinds = tuple(number.kind for number in numbers)
        made = t.program.instance(function, kinds, CHECKED)
        value = made.result.items[-1]
        if not isinstance(value, TupleKind) or len(value.items) != 2:
            raise RefusedError("it returns two numbers", place_of(function))
        return t.temporary(Node("call", made.result, (made, numbers)))

    return attempt


def compile_step(observe: FunctionType, step: FunctionType) -> Compiled:
    """Compile the step of an environment from two functions of a user."""
    errors: list[BaseException] = []
    array = ctypes.c_void_p, ctypes.c_int64
    of_step = ctypes.CFUNCTYPE(ctypes.c_bool, *array * 3, ctypes.c_uint8)

    def both(world: Any, action: Any, observed: Any, begin: bool) -> bool:
        goes_on = begin or bool(step(world, action))
        observe(world, observed)
        return goes_on

    def in_python(*passed: Any) -> bool:
        *arrays, begin = passed
        world, action, observed = map(_array_at, arrays[::2], arrays[1::2])
        try:
            return both(world, action, observed, bool(begin & 1))
        except Exception as error:
            errors.append(error)
            return False

    for function in (observe, step):
        function.options = UNCHECKED  # type: ignore[attr-defined]
    kinds = *[ArrayKind(FLOAT64, 1)] * 3, BOOL
    return _for_kernels(both, both, kinds, BOOL, of_step(in_python))._replace(
        errors=errors
    )


def _array_at(address: int, size: int) -> Any:
    return np.ctypeslib.as_array((ctypes.c_double * size).from_address(address))
