"""Packs in plain loops: consecutive numbers of a column that fill a vector register.

This is the fourth part of ``jit.py``. The compiler does not vectorise the end of a loop, which in short rows
is most of it. Here the last pack of a row is masked: only its first `left` numbers are read and written.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .jit import DEBUGGING, inline
from .tiles import _load_some, _plain_pack, _plain_width, _store_some, _wide, width

u8 = np.uint64


@intrinsic
def _pack(typingctx: Any, column: Any, at: Any, left: Any) -> Any:
    """The first `left` numbers of the pack that begins at an index; 0 for the others."""
    taken = _wide(column)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _load_some(builder, *args, context.get_value_type(taken), column.family)

    return taken(column, types.uint64, types.uint64), codegen


@intrinsic
def _put_pack(typingctx: Any, column: Any, at: Any, left: Any, value: Any) -> Any:
    """Store the first `left` numbers of a pack."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        address, at, left, value = args
        _store_some(builder, value, address, at, left, column.family)
        return context.get_dummy_value()

    return types.none(column, types.uint64, types.uint64, value), codegen


@intrinsic
def _no_pack(typingctx: Any, column: Any) -> Any:
    """A pack of zeros."""
    taken = _wide(column)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = context.get_value_type(taken)
        return ir.Constant(kind, [0.0] * kind.count)

    return taken(column), codegen


def _plain_put_pack(column: Any, at: Any, left: Any, value: Any) -> None:
    here = column[int(at) : int(at) + min(int(left), len(value))]
    here[:] = value[: len(here)]


if DEBUGGING:
    pack: Any = _plain_pack
    put_pack: Any = _plain_put_pack
    no_pack: Any = lambda column: np.zeros(int(_plain_width(column)), column.dtype)  # noqa: E731
else:
    pack, put_pack, no_pack = _pack, _put_pack, _no_pack


@inline
def add_scaled(target, to, scale, source, at, n):
    """target[to + t] += scale * source[at + t] for n numbers, which do not overlap."""
    step = width(target)
    whole = n - n % step
    for q in range(u8(0), whole, step):
        put_pack(target, to + q, step, pack(target, to + q, step) + scale * pack(source, at + q, step))
    if whole < n:
        left, to, at = n - whole, to + whole, at + whole
        put_pack(target, to, left, pack(target, to, left) + scale * pack(source, at, left))


@inline
def set_scaled(target, to, scale, source, at, n):
    """target[to + t] = scale * source[at + t] for n numbers."""
    step = width(target)
    whole = n - n % step
    for q in range(u8(0), whole, step):
        put_pack(target, to + q, step, scale * pack(source, at + q, step))
    if whole < n:
        put_pack(target, to + whole, n - whole, scale * pack(source, at + whole, n - whole))
