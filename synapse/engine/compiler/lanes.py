"""Lanes: vectors with one number per sample, so that kernels compute several samples at
once.

A value of lanes (`LanesType`) is a short vector, which the processor adds and
multiplies as one number. With a single lane it is an ordinary float, and the same
kernels vectorise over neurons instead.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import lower_builtin, models, register_model

from ..schema import TAPES, TapeColumns, numpy_dtype
from .digest import writes_code
from .jit import (
    ColumnType,
    TableModel,
    TableType,
    column_of,
    intrinsic_or,
    plain_arrays,
)

writes_code()

FLAGS = ("reassoc", "contract", "nsz")


class LanesType(types.Type):
    """The type of one number for each of `count` samples."""

    def __init__(self, scalar: Any, count: int) -> None:
        self.scalar = scalar
        self.count = count
        super().__init__(name=f"Lanes({scalar}, {count})")


def laned(scalar: Any, count: int) -> Any:
    """Return the type of numbers of `count` samples: a float for one sample."""
    return scalar if count == 1 else LanesType(scalar, count)


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Any) -> None:
        element = manager.lookup(lanes.scalar).get_value_type()
        super().__init__(manager, lanes, ir.VectorType(element, lanes.count))


def spread(builder: Any, value: Any, vector: Any) -> Any:
    """Return one number in all lanes."""
    lane = builder.insert_element(
        ir.Constant(vector, ir.Undefined), value, ir.Constant(ir.IntType(32), 0)
    )
    mask = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(lane, ir.Constant(vector, ir.Undefined), mask)


def _define(operation: Any, method: str) -> None:
    """Define an arithmetic operation of lanes with lanes, or with one number for all
    lanes.
    """

    class Operation(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            if len(args) != 2:
                return None
            wide = [operand for operand in args if isinstance(operand, LanesType)]
            if wide == [*args] and args[0] == args[1]:
                return wide[0](*args)
            if len(wide) == 1 and any(
                isinstance(operand, types.Float) for operand in args
            ):
                return wide[0](
                    *(
                        operand if operand is wide[0] else wide[0].scalar
                        for operand in args
                    )
                )
            return None

    infer_global(operation)(Operation)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = context.get_value_type(sig.return_type)
        values = [
            value if isinstance(operand, LanesType) else spread(builder, value, vector)
            for operand, value in zip(sig.args, args, strict=True)
        ]
        return getattr(builder, method)(*values)

    for pair in (
        (LanesType, LanesType),
        (LanesType, types.Float),
        (types.Float, LanesType),
    ):
        lower_builtin(operation, *pair)(lower)


_define(operator.add, "fadd")
_define(operator.iadd, "fadd")
_define(operator.sub, "fsub")
_define(operator.mul, "fmul")


def vector_sum(builder: Any, value: Any) -> Any:
    """Return the sum of the numbers of a vector."""
    element = value.type.element
    suffix = "f64" if isinstance(element, ir.DoubleType) else "f32"
    name = f"llvm.vector.reduce.fadd.v{value.type.count}{suffix}"
    function_type = ir.FunctionType(element, [element, value.type])
    function = cgutils.get_or_insert_function(builder.module, function_type, name)
    return builder.call(
        function, [ir.Constant(element, 0.0), value], fastmath=("reassoc", "nsz")
    )


@intrinsic_or(np.sum)
def total(typingctx: Any, value: Any) -> Any:
    """Return the sum over all samples."""
    result = value.scalar if isinstance(value, LanesType) else value

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return (
            vector_sum(builder, args[0])
            if isinstance(sig.args[0], LanesType)
            else args[0]
        )

    return result(value), codegen


@intrinsic_or(lambda column: column.reshape(-1))
def flat(typingctx: Any, column: Any) -> Any:
    """Return a column of lanes as a column of single numbers."""
    dtype = column.dtype.scalar if isinstance(column.dtype, LanesType) else column.dtype
    result_type = ColumnType(dtype, column.family)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(result_type))

    return result_type(column), codegen


@intrinsic_or(lambda value, column: np.full(column.shape[1:], value, column.dtype)[()])
def splat(typingctx: Any, value: Any, column: Any) -> Any:
    """Return one number in every lane, in the element type of a column."""
    result_type = column.dtype

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if not isinstance(result_type, LanesType):
            return context.cast(builder, args[0], sig.args[0], result_type)
        number = context.cast(builder, args[0], sig.args[0], result_type.scalar)
        return spread(builder, number, context.get_value_type(result_type))

    return result_type(value, column), codegen


@intrinsic_or(lambda number: number)
def opaque(typingctx: Any, number: Any) -> Any:
    """Hide a constant from LLVM, so that loops over lanes are not unrolled."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return opaque_value(builder, args[0])

    return number(number), codegen


def opaque_value(builder: Any, value: Any) -> Any:
    """Hide the value of a word or an address from the optimiser."""
    word = value.type
    same = builder.asm(ir.FunctionType(word, [word]), "", "=r,0", [value], False)
    same.attributes.add("readnone")
    return same


class TapesType(TableType):
    """The type of ``tapes`` in kernels: one word, the address of the table of their
    addresses.
    """

    columns = TAPES

    def __init__(self, scalar: Any, count: int) -> None:
        self.count = count
        super().__init__(scalar, count)

    def dtype(self, name: str) -> Any:
        """Return the element type of a column."""
        column = self.columns[self.index[name]]
        return (
            laned(self.scalar, self.count)
            if column.dtype == "lanes"
            else super().dtype(name)
        )

    def family(self, name: str) -> tuple[str, ...]:
        """Return the family of tapes, which share no memory with a store."""
        return (f"tape of {name}",)


register_model(TapesType)(TableModel)


def _plain_tapes(table: int, scalar: Any, tag: tuple[int, ...]) -> TapeColumns:
    """Return tapes as arrays for NUMBA_DISABLE_JIT=1: a row of a wide one has one
    number per sample.
    """
    dtype = np.dtype(type(scalar))
    laned = [column.dtype == "lanes" for column in TAPES]
    dtypes = [
        dtype if wide else numpy_dtype(column, dtype)
        for column, wide in zip(TAPES, laned, strict=True)
    ]
    arrays = zip(plain_arrays(table, dtypes), laned, strict=True)
    return TapeColumns(
        *(a.reshape(-1, len(tag)) if wide and len(tag) > 1 else a for a, wide in arrays)
    )


@intrinsic_or(_plain_tapes)
def tapes_at(typingctx: Any, table: Any, scalar: Any, tag: Any) -> Any:
    """Return the address of a table of tapes as a bundle; the length of the tuple `tag`
    is the number of lanes.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return args[0]

    return TapesType(scalar, len(tag))(table, scalar, tag), codegen


@intrinsic_or(
    lambda tapes: (
        tapes.transposed if tapes.activation.ndim > 1 else tapes.activation
    ).reshape(-1)
)
def by_sample(typingctx: Any, tapes: Any) -> Any:
    """Return activations in which neurons are consecutive: as they are for one sample,
    transposed for several.
    """
    name = "activation" if tapes.count == 1 else "transposed"
    result_type = ColumnType(tapes.scalar, tapes.column(name).family)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(
            column_of(context, builder, tapes, args[0], name),
            context.get_value_type(result_type),
        )

    return result_type(tapes), codegen
