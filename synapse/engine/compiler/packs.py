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

from .jit import DEBUGGING, inline, set_tbaa
from .lanes import FLAGS
from .tiles import _load_some, _offset, _plain_pack, _plain_width, _store_some, _wide, width

u8 = np.uint64


@intrinsic
def _pack(typingctx: Any, column: Any, at: Any, left: Any) -> Any:
    """The first `left` numbers of the pack that begins at an index; 0 for the others."""
    taken = _wide(column)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        address, at, left = args
        return _load_some(builder, address, at, left, context.get_value_type(taken), column.family)

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


@intrinsic
def _add_rest(typingctx: Any, column: Any, at: Any, left: Any, value: Any) -> Any:
    """Add the first `left` numbers of a pack, fewer than all, to a column.

    A load waits for a masked store nearby, even if they do not overlap. So this adds a half, a quarter, ...
    each of which is stored whole.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        address, at, left, value = args
        size = value.type.count // 2
        while size:
            kind = ir.VectorType(value.type.element, size)
            low, high = (_half(builder, value, first, size) for first in (0, size))
            there = builder.icmp_unsigned("!=", builder.and_(left, _offset(left, size)), _offset(left, 0))
            with builder.if_then(there):
                place = builder.bitcast(builder.gep(address, [at]), kind.as_pointer())
                alignment = 8 if isinstance(kind.element, ir.DoubleType) else 4
                known = builder.load(place, align=alignment)
                set_tbaa(builder, known, column.family)
                stored = builder.store(builder.fadd(known, low, flags=FLAGS), place, align=alignment)
                set_tbaa(builder, stored, column.family)
            value = builder.select(there, high, low)
            at = builder.select(there, builder.add(at, _offset(at, size)), at)
            size //= 2
        return context.get_dummy_value()

    return types.none(column, types.uint64, types.uint64, value), codegen


def _half(builder: Any, value: Any, first: int, size: int) -> Any:
    """Some neighbouring numbers of a vector."""
    mask = ir.Constant(ir.VectorType(ir.IntType(32), size), list(range(first, first + size)))
    return builder.shuffle_vector(value, ir.Constant(value.type, ir.Undefined), mask)


def _plain_put_pack(column: Any, at: Any, left: Any, value: Any) -> None:
    here = column[int(at) : int(at) + min(int(left), len(value))]
    here[:] = value[: len(here)]


def _plain_add_rest(column: Any, at: Any, left: Any, value: Any) -> None:
    column[int(at) : int(at) + int(left)] += value[: int(left)]


if DEBUGGING:
    pack: Any = _plain_pack
    put_pack: Any = _plain_put_pack
    add_rest: Any = _plain_add_rest
    no_pack: Any = lambda column: np.zeros(int(_plain_width(column)), column.dtype)  # noqa: E731
else:
    pack, put_pack, add_rest, no_pack = _pack, _put_pack, _add_rest, _no_pack


@inline
def add_pack(target: Any, to: Any, left: Any, value: Any) -> None:
    """Add the first `left` numbers of a pack to a column, or all of them."""
    step = width(target)
    if left >= step:
        put_pack(target, to, step, pack(target, to, step) + value)
    else:
        add_rest(target, to, left, value)


@inline
def add_scaled(target: Any, to: Any, scale: Any, source: Any, at: Any, n: Any) -> None:
    """target[to + t] += scale * source[at + t] for n numbers, which do not overlap."""
    step = width(target)
    whole = n - n % step
    for q in range(u8(0), whole, step):
        put_pack(target, to + q, step, pack(target, to + q, step) + scale * pack(source, at + q, step))
    if whole < n:
        add_rest(target, to + whole, n - whole, scale * pack(source, at + whole, n - whole))


@inline
def set_scaled(target: Any, to: Any, scale: Any, source: Any, at: Any, n: Any) -> None:
    """target[to + t] = scale * source[at + t] for n numbers."""
    step = width(target)
    whole = n - n % step
    for q in range(u8(0), whole, step):
        put_pack(target, to + q, step, scale * pack(source, at + q, step))
    if whole < n:
        put_pack(target, to + whole, n - whole, scale * pack(source, at + whole, n - whole))
