"""Samples side by side: numbers of which a kernel computes several at once, one for each sample.

The second part of ``_jit.py``. A `Lanes` is a short vector, which the processor adds and multiplies as one
number; with a single lane it is an ordinary float, and the same kernels vectorise over neurons instead.
"""

from __future__ import annotations

import ctypes
import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import (
    NativeValue,
    intrinsic,
    lower_builtin,
    models,
    register_model,
    typeof_impl,
    unbox,
)

from ._jit import DEBUGGING, ColumnType, TableModel, TableType
from .schema import TAPES, Tapes, numpy_dtype


class Lanes:
    """How many samples a kernel computes side by side: what is told to an entry to compile it for them."""

    def __init__(self, count: int) -> None:
        self.count = count


class LanesTag(types.Type):
    """The type of :class:`Lanes`; the count is part of it."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(name=f"LanesTag({count})")


class LanesType(types.Type):
    """A number of each of `count` samples."""

    def __init__(self, unit: Any, count: int) -> None:
        self.unit, self.count = unit, count
        super().__init__(name=f"Lanes({unit}, {count})")


def laned(unit: Any, count: int) -> Any:
    """The type of a number of `count` samples."""
    return unit if count == 1 else LanesType(unit, count)


register_model(LanesTag)(models.OpaqueModel)


@typeof_impl.register(Lanes)
def _type_of_lanes(value: Lanes, _: Any) -> Any:
    return LanesTag(value.count)


@unbox(LanesTag)
def _unbox_lanes(_: Any, __: Any, c: Any) -> Any:
    return NativeValue(c.context.get_dummy_value())


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
    """An arithmetic operation of lanes with lanes, or with one number for all of them."""

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
        return getattr(builder, method)(*values, flags=("reassoc", "contract", "nsz"))

    for pair in ((LanesType, LanesType), (LanesType, types.Float), (types.Float, LanesType)):
        lower_builtin(operation, *pair)(lower)


for _operation, _method in (
    (operator.add, "fadd"),
    (operator.iadd, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
):
    _define(_operation, _method)


@intrinsic
def _total(typingctx: Any, value: Any) -> Any:
    """The sum over all samples."""
    result = value.unit if isinstance(value, LanesType) else value

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if not isinstance(sig.args[0], LanesType):
            return args[0]
        kind = args[0].type
        element = kind.element
        suffix = "f64" if isinstance(element, ir.DoubleType) else "f32"
        name = f"llvm.vector.reduce.fadd.v{kind.count}{suffix}"
        function = builder.module.globals.get(name) or ir.Function(
            builder.module, ir.FunctionType(element, [element, kind]), name
        )
        return builder.call(function, [ir.Constant(element, 0.0), args[0]], fastmath=("reassoc", "nsz"))

    return result(value), codegen


@intrinsic
def _flat(typingctx: Any, column: Any) -> Any:
    """A column of lanes as the single numbers that it holds."""
    dtype = column.dtype.unit if isinstance(column.dtype, LanesType) else column.dtype
    taken = ColumnType(dtype, column.family)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(taken))

    return taken(column), codegen


@intrinsic
def _alike(typingctx: Any, value: Any, column: Any) -> Any:
    """One number, in every lane of the kind that a column holds."""
    taken = column.dtype

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if not isinstance(taken, LanesType):
            return context.cast(builder, args[0], sig.args[0], taken)
        number = context.cast(builder, args[0], sig.args[0], taken.unit)
        return _spread(builder, number, context.get_value_type(taken))

    return taken(value, column), codegen


class TapesType(TableType):
    """What kernels call ``u``: one word, the address of the table of addresses of some tapes."""

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
    """The address of a table of tapes as ``u``."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return args[0]

    return TapesType(unit, tag.count)(table, unit, tag), codegen


@intrinsic
def _count(typingctx: Any, tag: Any) -> Any:
    """How many lanes there are, known when the kernel is compiled."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(ir.IntType(64), sig.args[0].count)

    return types.uint64(tag), codegen


def _plain_tapes(table: int, unit: Any, tag: Lanes) -> Tapes:
    """The same for NUMBA_DISABLE_JIT=1: a row of an array is a number of each sample."""
    n = len(TAPES)
    words = np.ctypeslib.as_array(ctypes.cast(int(table), ctypes.POINTER(ctypes.c_uint64)), (2 * n,))
    arrays = []
    for i, column in enumerate(TAPES):
        dtype = np.dtype(type(unit)) if column.dtype == "lanes" else numpy_dtype(column, np.dtype(type(unit)))
        length = int(words[n + i])
        memory = (ctypes.c_char * (length * dtype.itemsize)).from_address(int(words[i]))
        array = np.frombuffer(memoryview(memory), dtype)
        wide = column.dtype == "lanes" and tag.count > 1
        arrays.append(array.reshape(-1, tag.count) if wide else array)
    return Tapes(*arrays)


if DEBUGGING:
    tapes: Any = _plain_tapes
    count: Any = lambda tag: np.uint64(tag.count)  # noqa: E731
    flat: Any = lambda column: column.reshape(-1)  # noqa: E731
    total: Any = np.sum
    alike: Any = lambda value, column: np.full(column.shape[1:], value, column.dtype)[()]  # noqa: E731
else:
    tapes, count, flat, total, alike = _compiled_tapes, _count, _flat, _total, _alike
