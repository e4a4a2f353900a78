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

from .jit import DEBUGGING, _part, inline

RESULT = types.Tuple((types.float64, types.uint64))
"""The type of the result of a kernel that is called by its address."""


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
    if compiled.signature.return_type != RESULT:
        raise TypeError(f"Expected a kernel that returns {RESULT}, got {compiled.signature.return_type}.")
    return int(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name))


_PLAIN: dict[int, Callable[..., Any]] = {}  # kernels that are plain Python


@intrinsic
def _compiled_call(typingctx: Any, address: Any, arguments: Any, alike: Any) -> Any:
    """Call a kernel by its address; `alike` are arguments of the types that the address was made for."""
    if arguments != alike:
        raise TypingError(f"Expected arguments of the types {alike}, got {arguments}.")

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        convention, kinds = context.call_conv, list(arguments.types)
        pointer = convention.get_function_type(RESULT, kinds).as_pointer()
        given = cgutils.unpack_tuple(builder, args[1], len(kinds))
        kernel = builder.inttoptr(args[0], pointer)
        status, result = convention.call_function(builder, kernel, RESULT, kinds, given)
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return result

    return RESULT(address, arguments, alike), codegen


if DEBUGGING:
    call_at: Any = lambda address, arguments, alike: _PLAIN[int(address)](*arguments)  # noqa: E731
else:

    @inline
    def call_at(address, arguments, alike):
        """The result of the kernel at `address`."""
        return _compiled_call(address, arguments, alike)
