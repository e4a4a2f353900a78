"""Words of memory by which threads in kernels wait for each other.

A thread that has read a word also sees everything that the thread that wrote it had
written before (acquire and release). So other memory needs no such care.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from functools import cache
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from .digest import writes_code
from .jit import RawArrayType, intrinsic_or

writes_code()

WORD_BYTES = 8
LINE = 64 // WORD_BYTES
"""Number of words of a cache line. Words that different threads write are so far apart:
else each would take the line from the other."""

_WORDS = RawArrayType(types.int64)


def _address(context: Any, builder: Any, words: Any, index: Any) -> Any:
    data = cgutils.create_struct_proxy(_WORDS)(context, builder, words).data
    return builder.gep(data, [index])


@intrinsic_or(lambda words, index: int(words[index]))
def load_word(typingctx: Any, words: Any, index: Any) -> Any:
    """Read a word."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(
            _address(context, builder, *args), "acquire", WORD_BYTES
        )

    return types.int64(_WORDS, types.int64), codegen


def _store_plainly(words: Any, index: int, value: int) -> None:
    words[index] = value


@intrinsic_or(_store_plainly)
def store_word(typingctx: Any, words: Any, index: Any, value: Any) -> Any:
    """Write a word."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = _address(context, builder, *args[:2])
        builder.store_atomic(args[2], at, "release", WORD_BYTES)
        return context.get_dummy_value()

    return types.none(_WORDS, types.int64, types.int64), codegen


def _swap_plainly(words: Any, index: int, before: int, after: int) -> bool:
    is_same = bool(words[index] == before)
    if is_same:
        words[index] = after
    return is_same


@intrinsic_or(_swap_plainly)
def swap_word(typingctx: Any, words: Any, index: Any, before: Any, after: Any) -> Any:
    """Replace a word by another, unless it has changed; returns whether it was."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = _address(context, builder, *args[:2])
        answer = builder.cmpxchg(at, args[2], args[3], "acq_rel", "acquire")
        return builder.extract_value(answer, 1)

    return types.boolean(_WORDS, types.int64, types.int64, types.int64), codegen


@intrinsic_or(lambda: None)
def pause(typingctx: Any) -> Any:
    """Leave the core to its other thread for some cycles, where processors can."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if platform.machine() in ("x86_64", "AMD64"):
            function_type = ir.FunctionType(ir.VoidType(), [])
            name = "llvm.x86.sse2.pause"
            builder.call(
                cgutils.get_or_insert_function(builder.module, function_type, name), []
            )
        return context.get_dummy_value()

    return types.none(), codegen


@intrinsic_or(lambda address: None)
def call_yield(typingctx: Any, address: Any) -> Any:
    """Give the core to another thread: calls the function at `yield_address`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function_type = ir.FunctionType(ir.IntType(32), [])
        builder.call(builder.inttoptr(args[0], function_type.as_pointer()), [])
        return context.get_dummy_value()

    return types.none(types.int64), codegen


@cache
def yield_address() -> int:
    """Return the address of the system's function for `call_yield`."""
    if sys.platform == "win32":
        function: Any = ctypes.WinDLL("kernel32").SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)
