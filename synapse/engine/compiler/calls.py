"""Calls of one kernel by another through its address, and arithmetic whose bits do not depend on the caller.

A kernel that Numba links into another is optimised a second time there. A kernel called by its address
is compiled once, whoever calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic

from .jit import DEBUGGING, _part


def strict(function: Callable[..., Any]) -> Any:
    """Compile a part of kernels without fast-math flags: it computes the same bits in every kernel."""
    return _part(fastmath=False, forceinline=True)(function)  # else that of the caller is inherited


def address_of(function: Any, arguments: tuple[Any, ...]) -> int:
    """The address of a kernel for arguments of these types, compiled if necessary."""
    if DEBUGGING:
        _PLAIN[id(function)] = function
        return id(function)
    kinds = tuple(map(numba.typeof, arguments))
    function.compile(kinds)
    compiled = function.overloads[kinds]
    if compiled.signature.return_type not in (DESCENT, types.boolean):
        raise TypeError(f"No kernel calls one that returns {compiled.signature.return_type} by its address.")
    return int(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name))


_PLAIN: dict[int, Callable[..., Any]] = {}  # kernels that are plain Python
DESCENT = types.Tuple((types.int64, types.float64, types.uint64))
"""The type of the result of `gradient_network`."""


def _call(result: Any) -> Any:
    """A function that calls a kernel with a result of this type by its address.

    Its arguments are the address, the arguments of the kernel, and others of the same types, for which
    `address_of` has returned the address.
    """

    @intrinsic
    def call(typingctx: Any, address: Any, arguments: Any, alike: Any) -> Any:
        if arguments != alike:
            raise TypingError(f"Expected arguments of the types {alike}, got {arguments}.")

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            convention, kinds = context.call_conv, list(arguments.types)
            pointer = convention.get_function_type(result, kinds).as_pointer()
            given = cgutils.unpack_tuple(builder, args[1], len(kinds))
            kernel = builder.inttoptr(args[0], pointer)
            status, value = convention.call_function(builder, kernel, result, kinds, given)
            with cgutils.if_unlikely(builder, status.is_error):
                convention.return_status_propagate(builder, status)
            return value

        return result(address, arguments, alike), codegen

    return call


def _plain_call(address: Any, arguments: Any, alike: Any) -> Any:
    return _PLAIN[int(address)](*arguments)


if DEBUGGING:
    call_descent: Any = _plain_call
    call_equation: Any = _plain_call
else:
    call_descent, call_equation = _call(DESCENT), _call(types.boolean)
