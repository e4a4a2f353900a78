"""Users' functions inside kernels: how they are compiled and called.

Arguments and results are passed by value and on the stack of the calling kernel, so that kernels can run in
parallel. A function that raises returns NaN. The kernel records the function and its arguments in the column
`failed`, and the caller of the kernel raises the error.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .jit import DEBUGGING, inline


class Compiled(NamedTuple):
    """A user's function, compiled for kernels.

    Kernels call it by `address`. `function` computes the same for Python, and raises the errors that
    kernels turn into NaN. `alive` must be referenced as long as the address is used.
    """

    address: int
    function: Callable[..., Any]
    alive: Any


def helper(function: Callable[..., Any]) -> Any:
    """Compile a user's function, or one that it calls, so that errors in it raise."""
    return numba.njit(error_model="python", boundscheck=True)(function)


def compile_function(function: Any, arguments: int) -> Compiled:
    """Make a `helper`, which takes so many numbers and returns two, callable by kernels."""
    if DEBUGGING:
        number = next(_numbers)
        _PLAIN[number] = function
        return Compiled(number, function, None)
    function.compile((types.float64,) * arguments)
    function.disable_compile()  # a later compilation could read changed values of captured variables

    def one(a: Any, results: Any) -> Any:
        memory = numba.carray(results, 2)
        try:
            memory[0], memory[1] = function(a)
        except Exception:
            return 0
        return 1

    def four(a: Any, b: Any, c: Any, d: Any, results: Any) -> Any:
        memory = numba.carray(results, 2)
        try:
            memory[0], memory[1] = function(a, b, c, d)
        except Exception:
            return 0
        return 1

    kinds = (types.float64,) * arguments
    compiled = numba.cfunc(types.int64(*kinds, types.CPointer(types.float64)))(
        one if arguments == 1 else four
    )
    return Compiled(int(compiled.address), function, compiled)


@intrinsic
def _compiled_call(typingctx: Any, address: Any, arguments: Any) -> Any:
    """Call ``int64 f(double ..., double *results)`` by its address; returns whether it ran, and results."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number, whole = ir.DoubleType(), ir.IntType(64)
        kind = ir.FunctionType(whole, [number] * arguments.count + [number.as_pointer()])
        results = cgutils.alloca_once(builder, number, 2)
        given = [*cgutils.unpack_tuple(builder, args[1], arguments.count), results]
        returned = builder.call(builder.inttoptr(args[0], kind.as_pointer()), given)
        first, second = (builder.load(cgutils.gep_inbounds(builder, results, i)) for i in range(2))
        return context.make_tuple(builder, signature.return_type, [returned, first, second])

    return types.Tuple((types.int64, types.float64, types.float64))(types.uint64, arguments), codegen


_numbers = itertools.count(1 << 32)  # like addresses, larger than codes of built-in functions
_PLAIN: dict[int, Callable[..., Any]] = {}


def _plain_call(address: int, arguments: Any) -> tuple[int, float, float]:
    try:
        first, second = _PLAIN[int(address)](*map(float, arguments))
        return 1, float(first), float(second)
    except Exception:
        return 0, math.nan, math.nan


if DEBUGGING:
    _call: Any = _plain_call
else:

    @inline
    def _call(address: int, arguments: Any) -> Any:
        return _compiled_call(address, arguments)


@inline
def called(failed, address, arguments):
    """The results of the user's function at `address`; NaN if it raises. writes: failed

    The first function that raises is recorded: number of arguments, address, arguments. No function is called
    after it.
    """
    if failed[0] != 0.0:
        return math.nan, math.nan
    returned, first, second = _call(address, arguments)
    if returned:
        return first, second
    failed[0] = len(arguments)
    failed[1] = address
    for i in range(len(arguments)):
        failed[2 + i] = arguments[i]
    return math.nan, math.nan
