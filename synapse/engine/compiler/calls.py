"""Calls through addresses: of one kernel by another, and of users' functions by
kernels.

A kernel that Numba links into another is optimised a second time there. A kernel called
by its address is compiled once, whoever calls it. `strict_fp` arithmetic has bits that
do not depend on the caller.

Users' functions are described in ``docs/engine.md`` (Registered functions).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError

from .digest import writes_code
from .jit import DEBUGGING, _part, inline, intrinsic_or

writes_code()


def strict_fp(function: Callable[..., Any]) -> Any:
    """Compile a part of kernels without fast-math flags: it computes the same bits in
    every kernel.
    """
    # else that of the caller is inherited
    return _part(fastmath=False, forceinline=True)(function)


def strict_fp_call(function: Callable[..., Any]) -> Any:
    """Compile a `strict_fp` part that is too large to be inlined into every caller."""
    return _part(fastmath=False)(function)


def address_of(function: Any, arguments: tuple[Any, ...]) -> int:
    """Return the address of a kernel for arguments of these types, compiled if
    necessary.
    """
    if DEBUGGING:
        _PLAIN[id(function)] = function
        return id(function)
    kinds = tuple(map(numba.typeof, arguments))
    function.compile(kinds)
    compiled = function.overloads[kinds]
    if compiled.signature.return_type not in (DESCENT, types.boolean):
        raise TypeError(
            f"A kernel that is called by its address cannot return"
            f" {compiled.signature.return_type}."
        )
    return int(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name))


def entry_of(kernel: Any, examples: tuple[Any, ...]) -> Callable[..., Any]:
    """Return a kernel for arguments of the types of the examples, as Python calls it
    without a dispatcher.
    """
    if DEBUGGING:
        return _interpreted(kernel)
    entry: Callable[..., Any] = kernel.compile(tuple(map(numba.typeof, examples)))
    return entry


def _interpreted(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Return a kernel with NUMBA_DISABLE_JIT=1, whose results are numbers of Python,
    like those of machine code.
    """

    def entry(*arguments: Any) -> Any:
        result = kernel(*arguments)
        return (
            tuple(map(_plain, result)) if isinstance(result, tuple) else _plain(result)
        )

    return entry


def _plain(result: Any) -> Any:
    return result.item() if isinstance(result, np.generic) else result


_PLAIN: dict[int, Callable[..., Any]] = {}  # kernels that are plain Python
DESCENT = types.Tuple((types.int64, types.float64, types.int64))
"""The type of the result of `gradient_network`."""


def _plain_call(address: Any, arguments: Any, alike: Any) -> Any:
    return _PLAIN[int(address)](*arguments)


def _call(result: Any) -> Any:
    """Return a function that calls a kernel with this result by its address.
    `address_of` gave the address for arguments of the types of its last one.
    """

    @intrinsic_or(_plain_call)
    def call(typingctx: Any, address: Any, arguments: Any, alike: Any) -> Any:
        if arguments != alike:
            raise TypingError(
                f"Expected arguments of the types {alike}, got {arguments}."
            )

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            convention = context.call_conv
            kinds = list(arguments.types)
            pointer = convention.get_function_type(result, kinds).as_pointer()
            operands = cgutils.unpack_tuple(builder, args[1], len(kinds))
            kernel = builder.inttoptr(args[0], pointer)
            status, value = convention.call_function(
                builder, kernel, result, kinds, operands
            )
            with cgutils.if_unlikely(builder, status.is_error):
                convention.return_status_propagate(builder, status)
            return value

        return result(address, arguments, alike), codegen

    return call


call_descent: Any = _call(DESCENT)
call_equation: Any = _call(types.boolean)


class Compiled(NamedTuple):
    """A user's function, compiled for kernels.

    Kernels call it by `address`. `function` computes the same for Python, and raises
    the errors that kernels turn into NaN. `alive` must be referenced as long as the
    address is used.
    """

    address: int
    function: Callable[..., Any]
    alive: Any


def helper(function: Callable[..., Any]) -> Any:
    """Compile a user's function, or a helper of it, so that errors in it raise."""
    return numba.njit(error_model="python", boundscheck=True)(function)


def compile_function(function: Any, arguments: int) -> Compiled:
    """Compile a user's function of `arguments` floats for a pair, so that kernels can
    call it.
    """
    if DEBUGGING:
        number = next(_numbers)
        _REGISTERED[number] = function
        return Compiled(number, function, None)
    function.compile((types.float64,) * arguments)
    # a later compilation could read changed values of captured variables
    function.disable_compile()

    def single(a: Any, results: Any) -> Any:
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
        single if arguments == 1 else four
    )
    return Compiled(int(compiled.address), function, compiled)


# like addresses, larger than codes of built-in functions
_numbers = itertools.count(1 << 32)
_REGISTERED: dict[int, Callable[..., Any]] = {}


def _plain_registered(address: int, arguments: Any) -> tuple[int, float, float]:
    try:
        value, derivative = _REGISTERED[int(address)](*map(float, arguments))
        return 1, float(value), float(derivative)
    except Exception:
        return 0, math.nan, math.nan


@intrinsic_or(_plain_registered)
def _call_registered(typingctx: Any, address: Any, arguments: Any) -> Any:
    """Call ``int64 f(double ..., double *results)`` by its address; returns whether it
    ran, and results.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number = ir.DoubleType()
        whole = ir.IntType(64)
        function_type = ir.FunctionType(
            whole, [number] * arguments.count + [number.as_pointer()]
        )
        results = cgutils.alloca_once(builder, number, 2)
        operands = [*cgutils.unpack_tuple(builder, args[1], arguments.count), results]
        returned = builder.call(
            builder.inttoptr(args[0], function_type.as_pointer()), operands
        )
        value, derivative = (
            builder.load(cgutils.gep_inbounds(builder, results, i)) for i in range(2)
        )
        return context.make_tuple(
            builder, signature.return_type, [returned, value, derivative]
        )

    return (
        types.Tuple((types.int64, types.float64, types.float64))(
            types.int64, arguments
        ),
        codegen,
    )


@inline
def call_at(failed, address, arguments):
    """Return the results of the user's function at `address`; NaN if it raises."""
    if failed[0] != 0.0:
        return math.nan, math.nan
    returned, value, derivative = _call_registered(address, arguments)
    if returned:
        return value, derivative
    failed[0] = len(arguments)
    failed[1] = address
    for i in range(len(arguments)):
        failed[2 + i] = arguments[i]
    return math.nan, math.nan
