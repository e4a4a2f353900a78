"""Compile users' functions that are in the language, and call all others in Python."""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .decorators import COMPILES, strict_fp
from .memory import plain_address
from .source import STRICT_FLAGS, PartOptions, place_of
from .tree import (
    BOOL,
    FLOAT32,
    FLOAT64,
    INT,
    NOTHING,
    RANK,
    ArrayKind,
    ColumnKind,
    Node,
    RefusedError,
    TupleKind,
    at_run_time,
    convert,
    items_of,
    known,
    literal,
    statement,
    with_types,
)
from .words import word

if TYPE_CHECKING:
    from .program import Instance
    from .translator import Translator

CHECKED = PartOptions(STRICT_FLAGS, from_end=True, checked=True)
"""A user's function, which has no value where Python may compute another one."""
UNCHECKED = PartOptions(STRICT_FLAGS, from_end=True)
PYTHON_FLOAT = with_types(FLOAT64, frozenset({float}))
"""The kind of the numbers that squashes and costs get."""
IN_PYTHON = ctypes.CFUNCTYPE(
    ctypes.c_bool, ctypes.c_int64, ctypes.POINTER(ctypes.c_double)
)
"""The type of a function that calls one of several in Python: its number, and an array
of its arguments, and of its results if it has returned."""


class Compiled(NamedTuple):
    """A user's function, for kernels and for Python.

    Kernels call it by `address`. `function` computes the same for Python, and raises
    the errors that kernels convert to NaN. Keep a reference to `alive` as long as the
    address is used. `refused` tells why the function is called in Python, or is empty
    if it is compiled.
    """

    address: int
    function: Callable[..., Any]
    alive: Any
    refused: str


def _for_kernels(
    plain: Any,
    function: Any,
    kinds: tuple[Any, ...],
    result: Any,
    in_python: Any,
    single_call: Any = None,
) -> Compiled:
    """Compile a function for arguments of the given kinds. If its code is not
    supported, kernels call `in_python`, and uncompiled kernels call the plain function.
    For calls that are left to Python, machine code uses `single_call`.
    """
    if not COMPILES:
        return Compiled(plain_address(plain), plain, None, "")
    from .entries import address_of

    try:
        address = address_of(strict_fp(function), kinds, result, single_call)
        return Compiled(address, plain, None, "")
    except RefusedError as error:
        address = ctypes.cast(in_python, ctypes.c_void_p).value or 0
        return Compiled(address, plain, in_python, str(error))


def compile_function(function: FunctionType, arguments: int) -> Compiled:
    """Compile a user's function with `arguments` floats that returns a pair, so that
    kernels can call it. If it cannot be compiled, they call it in Python.
    """
    attempt = calling(function, 0, 2)
    numbers = [ctypes.c_double] * arguments
    of_pair = ctypes.CFUNCTYPE(
        ctypes.c_int64, ctypes.POINTER(ctypes.c_double), *numbers
    )

    def pair_of(results: Any, *numbers: Any) -> int:
        made = attempt(*numbers)
        results[0] = made[1]
        results[1] = made[2]
        return int(made[0])

    single_call = called_in_python([(function, arguments)], 2)

    def in_python(results: Any, *numbers: float) -> int:
        made = called(function, numbers)
        try:
            results[0], results[1] = map(float, made)
        except Exception:  # Python calls it again, and raises
            return 0
        return 1

    kinds = ColumnKind(FLOAT64, ("results",)), *[PYTHON_FLOAT] * arguments
    compiled = _for_kernels(
        *(function, pair_of, kinds, INT, of_pair(in_python)), single_call
    )
    machine_code = of_pair(compiled.address)

    def call(*numbers: float) -> Any:
        results = (ctypes.c_double * 2)()
        has_returned = machine_code(results, *map(float, numbers))
        return tuple(results) if has_returned else function(*numbers)  # raises

    call.py_func = function  # type: ignore[attr-defined]  # exports read its formula
    is_called = not COMPILES or compiled.refused
    return compiled if is_called else compiled._replace(function=call)


def refusal_of(function: FunctionType, arguments: int) -> str:
    """Return why a user's function with `arguments` floats that returns a number cannot
    be compiled, or an empty text if it can.
    """
    from .program import TypedProgram

    try:
        kinds = (FLOAT64,) * arguments
        _result_of(TypedProgram().instance(function, kinds, CHECKED), 1)
    except RefusedError as error:
        return str(error)
    return ""


def _result_of(made: Instance, results: int) -> Any:
    """Return the kind of a function's result, which is a number or a pair."""
    kind = made.result.items[-1] if made.fails else made.result
    items = kind.items if isinstance(kind, TupleKind) else (kind,)
    if len(items) != results or not {*items} <= RANK.keys():
        count = {1: "one number", 2: "two numbers"}[results]
        raise RefusedError(f"it returns {count}", place_of(made.function))
    return kind


def calling(function: FunctionType, number: int | None, results: int) -> Any:
    """Return a word that calls a user's function of floats. It returns whether the
    function has returned, and its results as floats, or NaN. If the machine may compute
    a different number, the function with this number is called in Python. Without such
    a function, the results are NaN.
    """

    def plainly(*numbers: Any) -> Any:
        value = called(function, numbers)
        made = value if results > 1 else (value,)
        return (True, *made) if value is not None else (False, *[math.nan] * results)

    @word(plainly)
    def call(t: Translator, *numbers: Node) -> Node:
        if results == 1:  # a rule's numbers are NumPy's, as those of its kernel are
            plain = map(at_run_time, numbers)
            numbers = tuple(n._replace(kind=str(n.kind)) for n in plain)
        made = t.program.instance(function, tuple(n.kind for n in numbers), CHECKED)
        value = _result_of(made, results)
        items = value.items if isinstance(value, TupleKind) else [value]
        floats = [FLOAT32 if item == FLOAT32 else FLOAT64 for item in items]

        def answer(there: Node, values: list[Node]) -> Node:
            parts = there, *map(convert, values, floats)
            return Node("tuple", TupleKind(tuple(part.kind for part in parts)), parts)

        def ask() -> Node:
            if number is None:
                return answer(literal(BOOL, False), [known(math.nan)] * results)
            of_single = any(value.kind == FLOAT32 for value in numbers)
            asked = literal(INT, 2 * number + of_single)
            passed = tuple(convert(value, FLOAT64) for value in numbers)
            kind = TupleKind((BOOL, *[FLOAT64] * results))
            there, *values = items_of(
                t.result_of(Node("python", kind, (asked, passed)))
            )
            return answer(there, values)

        outcome = made.constant or t.temporary(
            Node("call", made.result, (made, numbers))
        )
        there, value = items_of(outcome) if made.fails else (known(True), outcome)
        values = items_of(value) if results > 1 else [value]
        if not made.fails:
            return answer(there, values)
        return t.choice(there, ([], answer(there, values)), t.apart(ask))

    return call


raised: dict[int, Exception] = {}
"""The latest error of a user's function that was called in Python, by thread."""


def called(function: Any, arguments: Any) -> Any:
    """Call a function in Python without NumPy's warnings, and return its result or, if
    it raises, None.
    """
    try:
        with np.errstate(all="ignore"):
            return function(*arguments)
    except Exception as error:
        raised[threading.get_ident()] = error
        return None


def called_in_python(functions: list[tuple[FunctionType, int]], results: int) -> Any:
    """Return a function for the calls that machine code leaves to Python. It calls one
    of several functions, each with its number of arguments.
    """

    def call(number: int, values: Any) -> bool:
        function, count = functions[number // 2]
        of: Any = float if results > 1 else np.float64
        if number % 2:
            of = np.float32
        made = called(function, map(of, values[:count]))
        try:
            for place, value in enumerate(made if results > 1 else (made,)):
                values[place] = float(value)
        except Exception as error:
            raised.setdefault(threading.get_ident(), error)
            values[0] = math.nan
            return False
        return True

    return IN_PYTHON(call)


class EnvironmentStep(NamedTuple):
    """The step of an environment as an address for kernels, and the address of the same
    step in Python. The second is used if the first reports that it cannot continue.
    """

    address: int
    in_python: int
    refused: str
    alive: Any


def compile_step(observe: FunctionType, step: FunctionType) -> EnvironmentStep:
    """Compile the step of an environment from two of a user's functions. It returns 1
    while the episode continues, otherwise 0, and -1 if a function has raised or must be
    called in Python.
    """
    array = ctypes.c_void_p, ctypes.c_int64
    of_step = ctypes.CFUNCTYPE(ctypes.c_int64, *array * 3, ctypes.c_uint8)
    moving, observing = _trying(step), _trying(observe)

    def both(world: Any, action: Any, observed: Any, begin: bool) -> int:
        goes_on = True
        if not begin:
            returned, goes_on = moving(world, action)
            if not returned:
                return -1
        returned, _ = observing(world, observed)
        if not returned:
            return -1
        return int(goes_on)

    def call(*passed: Any) -> int:
        *arrays, begin = passed
        world, action, observed = (
            np.ctypeslib.as_array((ctypes.c_double * size).from_address(at))
            for at, size in zip(arrays[::2], arrays[1::2], strict=True)
        )
        return both(world, action, observed, bool(begin & 1))

    kinds = *[ArrayKind(FLOAT64, 1)] * 3, BOOL
    in_python = of_step(call)
    made = _for_kernels(both, both, kinds, INT, in_python)
    address = ctypes.cast(in_python, ctypes.c_void_p).value or 0
    again = address if COMPILES else made.address
    return EnvironmentStep(made.address, again, made.refused, in_python)


def _trying(function: FunctionType) -> Any:
    """Return a word that calls a function of arrays. It returns whether the function
    has returned, and whether its value is true.
    """

    def plainly(*arrays: Any) -> tuple[bool, bool]:
        value = called(lambda: bool(function(*arrays)), ())
        return value is not None, bool(value)

    @word(plainly)
    def call(t: Translator, *arrays: Node) -> Node:
        made = t.program.instance(function, tuple(a.kind for a in arrays), CHECKED)
        outcome = made.constant or Node("call", made.result, (made, arrays))
        if made.result == NOTHING:
            t.effect(statement("do", outcome))
            outcome = known(None)
        else:
            outcome = t.result_of(outcome)
        there, *values = items_of(outcome) if made.fails else (known(True), outcome)
        goes_on = t.truth(values[0]) if values else known(False)
        return Node("tuple", TupleKind((there.kind, goes_on.kind)), (there, goes_on))

    return call
