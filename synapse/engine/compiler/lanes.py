"""Lanes: vectors with one number per sample, so that kernels compute several samples at once.

This is the second part of ``jit.py``. A `Lanes` is a short vector, which the processor adds and multiplies as
one number. With a single lane it is an ordinary float, and the same kernels vectorise over neurons instead.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from ..schema import TAPES, TapeColumns, numpy_dtype
from .jit import DEBUGGING, ColumnType, TableModel, TableType, column_of, plain_arrays, told_apart

VECTOR_BYTES = 64  # a vector register of 512 bits; narrower processors split it
_FLAGS = ("reassoc", "contract", "nsz")


class LanesType(types.Type):
    """The type of one number for each of `count` samples."""

    def __init__(self, unit: Any, count: int) -> None:
        self.unit, self.count = unit, count
        super().__init__(name=f"Lanes({unit}, {count})")


def laned(unit: Any, count: int) -> Any:
    """The type of numbers of `count` samples: a float for one sample."""
    return unit if count == 1 else LanesType(unit, count)


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Any) -> None:
        element = manager.lookup(lanes.unit).get_value_type()
        super().__init__(manager, lanes, ir.VectorType(element, lanes.count))


def _spread(builder: Any, value: Any, kind: Any) -> Any:
    """One number in all lanes."""
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), mask)


def _define(operation: Any, method: str) -> None:
    """An arithmetic operation of lanes with lanes, or with one number for all lanes."""

    class Operation(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            if len(args) != 2:
                return None
            left, right = args
            for one, other in ((left, right), (right, left)):
                if isinstance(one, LanesType):
                    if one == other:
                        return signature(one, one, one)
                    if isinstance(other, types.Float):
                        pair = (one, one.unit) if one is left else (one.unit, one)
                        return signature(one, *pair)
            return None

    infer_global(operation)(Operation)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = context.get_value_type(sig.return_type)
        values = [
            value if isinstance(given, LanesType) else _spread(builder, value, kind)
            for given, value in zip(sig.args, args, strict=True)
        ]
        return getattr(builder, method)(*values, flags=_FLAGS)

    for pair in ((LanesType, LanesType), (LanesType, types.Float), (types.Float, LanesType)):
        lower_builtin(operation, *pair)(lower)


for _operation, _method in (
    (operator.add, "fadd"),
    (operator.iadd, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
):
    _define(_operation, _method)


def _sum(builder: Any, value: Any) -> Any:
    """The sum of the numbers of a vector."""
    element = value.type.element
    suffix = "f64" if isinstance(element, ir.DoubleType) else "f32"
    name = f"llvm.vector.reduce.fadd.v{value.type.count}{suffix}"
    function_type = ir.FunctionType(element, [element, value.type])
    function = cgutils.get_or_insert_function(builder.module, function_type, name)
    return builder.call(function, [ir.Constant(element, 0.0), value], fastmath=("reassoc", "nsz"))


@intrinsic
def _total(typingctx: Any, value: Any) -> Any:
    """The sum over all samples."""
    result = value.unit if isinstance(value, LanesType) else value

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _sum(builder, args[0]) if isinstance(sig.args[0], LanesType) else args[0]

    return result(value), codegen


@intrinsic
def _flat(typingctx: Any, column: Any) -> Any:
    """A column of lanes as a column of single numbers."""
    dtype = column.dtype.unit if isinstance(column.dtype, LanesType) else column.dtype
    taken = ColumnType(dtype, column.family)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(taken))

    return taken(column), codegen


@intrinsic
def _alike(typingctx: Any, value: Any, column: Any) -> Any:
    """One number in every lane, in the element type of a column."""
    taken = column.dtype

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if not isinstance(taken, LanesType):
            return context.cast(builder, args[0], sig.args[0], taken)
        number = context.cast(builder, args[0], sig.args[0], taken.unit)
        return _spread(builder, number, context.get_value_type(taken))

    return taken(value, column), codegen


# --- packs -------------------------------------------------------------------------------------
#
# A pack is what a kernel processes at once: from a column of lanes, one neuron of all samples; from a
# column of single numbers, as many as fill a vector register, of which the first n are valid.


def _wide(column: Any) -> Any:
    """The type of a pack of this column."""
    dtype = column.dtype
    return dtype if isinstance(dtype, LanesType) else LanesType(dtype, VECTOR_BYTES * 8 // dtype.bitwidth)


def _there(builder: Any, n: Any, count: int) -> Any:
    """The mask of the first n of `count` numbers. It is compiled away if n is constant."""
    kind = ir.VectorType(ir.IntType(64), count)
    return builder.icmp_unsigned("<", ir.Constant(kind, list(range(count))), _spread(builder, n, kind))


def _vector_at(builder: Any, address: Any, at: Any, kind: Any) -> tuple[Any, str]:
    """The pointer to a vector, and LLVM's suffix for its type."""
    place = builder.bitcast(builder.gep(address, [at]), kind.as_pointer())
    suffix = f"v{kind.count}f{64 if isinstance(kind.element, ir.DoubleType) else 32}"
    return place, f"{suffix}.p0{suffix}"


def _load_some(builder: Any, address: Any, at: Any, n: Any, kind: Any, family: tuple[str, ...]) -> Any:
    """The first n numbers of a vector, which need not be aligned; 0 for the others."""
    place, name = _vector_at(builder, address, at, kind)
    there = _there(builder, n, kind.count)
    function_type = ir.FunctionType(kind, [place.type, ir.IntType(32), there.type, kind])
    function = cgutils.get_or_insert_function(builder.module, function_type, f"llvm.masked.load.{name}")
    aligned = ir.Constant(ir.IntType(32), 4 if name.endswith("f32") else 8)
    value = builder.call(function, [place, aligned, there, ir.Constant(kind, [0.0] * kind.count)])
    told_apart(builder, value, family)
    return value


def _store_some(builder: Any, value: Any, address: Any, at: Any, n: Any, family: tuple[str, ...]) -> None:
    """Store the first n numbers of a vector."""
    kind = value.type
    place, name = _vector_at(builder, address, at, kind)
    there = _there(builder, n, kind.count)
    function_type = ir.FunctionType(ir.VoidType(), [kind, place.type, ir.IntType(32), there.type])
    function = cgutils.get_or_insert_function(builder.module, function_type, f"llvm.masked.store.{name}")
    aligned = ir.Constant(ir.IntType(32), 4 if name.endswith("f32") else 8)
    told_apart(builder, builder.call(function, [value, place, aligned, there]), family)


def _load_one(context: Any, builder: Any, column: Any, address: Any, at: Any) -> Any:
    """An element of a column."""
    value = builder.load(builder.gep(address, [at]))
    told_apart(builder, value, column.family)
    return value


@intrinsic
def _width(typingctx: Any, column: Any) -> Any:
    """Number of neurons in a pack of this column."""
    count = 1 if isinstance(column.dtype, LanesType) else _wide(column).count

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(ir.IntType(64), count)

    return types.uint64(column), codegen


@intrinsic
def _nothing(typingctx: Any, column: Any) -> Any:
    """A pack of zeros."""
    taken = _wide(column)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(context.get_value_type(taken), [0.0] * taken.count)

    return taken(column), codegen


@intrinsic
def _pack(typingctx: Any, column: Any, at: Any, n: Any) -> Any:
    """The pack of a column that begins at an index, with the first n numbers valid."""
    taken = _wide(column)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if isinstance(column.dtype, LanesType):
            return _load_one(context, builder, column, args[0], args[1])
        return _load_some(builder, args[0], args[1], args[2], context.get_value_type(taken), column.family)

    return taken(column, types.uint64, types.uint64), codegen


@intrinsic
def _weights(typingctx: Any, column: Any, at: Any, n: Any, like: Any) -> Any:
    """Weights for a pack of the column `like`: one for all samples, or one for each consecutive number."""
    laned = isinstance(like.dtype, LanesType)
    taken = column.dtype if laned else _wide(column)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if laned:
            return _load_one(context, builder, column, args[0], args[1])
        return _load_some(builder, args[0], args[1], args[2], context.get_value_type(taken), column.family)

    return taken(column, types.uint64, types.uint64, like), codegen


@intrinsic
def _add(typingctx: Any, column: Any, at: Any, value: Any, n: Any) -> Any:
    """Add the first n numbers of a pack to a column of lanes or of single numbers."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        address, at, value, n = args
        if isinstance(column.dtype, LanesType):
            total = builder.fadd(_load_one(context, builder, column, address, at), value, flags=_FLAGS)
            told_apart(builder, builder.store(total, builder.gep(address, [at])), column.family)
            return context.get_dummy_value()
        kind = ir.VectorType(context.get_value_type(column.dtype), value.type.count)
        if kind != value.type:
            value = builder.fpext(value, kind)
        kept = _load_some(builder, address, at, n, kind, column.family)
        _store_some(builder, builder.fadd(kept, value, flags=_FLAGS), address, at, n, column.family)
        return context.get_dummy_value()

    return types.none(column, types.uint64, value, types.uint64), codegen


@intrinsic
def _gathered(typingctx: Any, value: Any, like: Any) -> Any:
    """Reduce a pack to an element of a column: the sum of consecutive numbers, or each sample's own."""
    if isinstance(like.dtype, LanesType):
        return value(value, like), lambda context, builder, sig, args: args[0]
    return value.unit(value, like), lambda context, builder, sig, args: _sum(builder, args[0])


class TapesType(TableType):
    """The type of ``u`` in kernels: one word, the address of the table of addresses of some tapes."""

    columns = TAPES

    def __init__(self, unit: Any, count: int) -> None:
        self.unit, self.count = unit, count
        super().__init__(name=f"Tapes({unit}, {count})")

    def dtype(self, name: str) -> Any:
        """What a column holds."""
        column = self.columns[self.place[name]]
        return laned(self.unit, self.count) if column.dtype == "lanes" else super().dtype(name)

    def column(self, name: str) -> ColumnType:
        """The type of ``u.name``."""
        return ColumnType(self.dtype(name), (f"tape of {name}",))


register_model(TapesType)(TableModel)


@intrinsic
def _compiled_tapes(typingctx: Any, table: Any, unit: Any, tag: Any) -> Any:
    """The address of a table of tapes as ``u``; the length of the tuple `tag` is the number of lanes."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return args[0]

    return TapesType(unit, len(tag))(table, unit, tag), codegen


@intrinsic
def _by_sample(typingctx: Any, u: Any) -> Any:
    """Activations in which neurons are consecutive: as they are for one sample, transposed for several."""
    name = "activation" if u.count == 1 else "transposed"
    taken = ColumnType(u.unit, u.column(name).family)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(column_of(context, builder, u, args[0], name), context.get_value_type(taken))

    return taken(u), codegen


def _plain_tapes(table: int, unit: Any, tag: tuple[int, ...]) -> TapeColumns:
    """The same for NUMBA_DISABLE_JIT=1: a row of an array has one number per sample."""
    one, laned = np.dtype(type(unit)), [column.dtype == "lanes" for column in TAPES]
    dtypes = [one if wide else numpy_dtype(column, one) for column, wide in zip(TAPES, laned, strict=True)]
    arrays = zip(plain_arrays(table, dtypes), laned, strict=True)
    return TapeColumns(*(a.reshape(-1, len(tag)) if wide and len(tag) > 1 else a for a, wide in arrays))


def _plain_width(column: Any) -> Any:
    return np.uint64(1 if column.ndim > 1 else VECTOR_BYTES // column.itemsize)


def _plain_nothing(column: Any) -> Any:
    return np.zeros(column.shape[1] if column.ndim > 1 else _plain_width(column), column.dtype)


def _plain_pack(column: Any, at: Any, n: Any) -> Any:
    if column.ndim > 1:
        return column[at]
    pack, here = _plain_nothing(column), column[int(at) : int(at) + min(int(n), int(_plain_width(column)))]
    pack[: len(here)] = here
    return pack


def _plain_add(column: Any, at: Any, value: Any, n: Any) -> None:
    if column.ndim > 1:
        column[at] += value
    else:
        here = column[int(at) : int(at) + min(int(n), len(value))]
        here += value[: len(here)]


if DEBUGGING:
    tapes: Any = _plain_tapes
    flat: Any = lambda column: column.reshape(-1)  # noqa: E731
    by_sample: Any = lambda u: (u.transposed if u.activation.ndim > 1 else u.activation).reshape(-1)  # noqa: E731
    total: Any = np.sum
    alike: Any = lambda value, column: np.full(column.shape[1:], value, column.dtype)[()]  # noqa: E731
    width: Any = _plain_width
    nothing: Any = _plain_nothing
    pack: Any = _plain_pack
    weights: Any = lambda column, at, n, like: (  # noqa: E731
        column[at] if like.ndim > 1 else _plain_pack(column, at, n)
    )
    add: Any = _plain_add
    gathered: Any = lambda value, like: value if like.ndim > 1 else value.sum()  # noqa: E731
else:
    tapes, flat, by_sample, total, alike = _compiled_tapes, _flat, _by_sample, _total, _alike
    width, nothing, pack, weights, add, gathered = _width, _nothing, _pack, _weights, _add, _gathered
