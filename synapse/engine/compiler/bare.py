"""Arrays that Python passes to kernels, as plain addresses.

Numba counts references to arrays: passing one to a part of a kernel, even one that is inlined, changes
the count by two atomic operations, and each of them waits until all numbers of the step are written. The
caller of a kernel holds its arrays until the kernel returns, so kernels need no count.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import intrinsic, lower_builtin, make_attribute_wrapper, models, register_model

from .jit import DEBUGGING, set_tbaa

FAMILY = ("arrays",)


class BareType(types.Type):
    """The type of ``bare(array)``: an address and a size, not counted."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        super().__init__(name=f"Bare({dtype})")


@register_model(BareType)
class _BareModel(models.StructModel):
    def __init__(self, manager: Any, bare: Any) -> None:
        super().__init__(manager, bare, [("data", types.CPointer(bare.dtype)), ("size", types.int64)])


make_attribute_wrapper(BareType, "size", "size")


@infer_global(operator.getitem)
class _ReadBare(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        bare, index = args
        if isinstance(bare, BareType) and isinstance(index, types.Integer):
            return bare.dtype(bare, types.uint64)
        return None


@infer_global(operator.setitem)
class _WriteBare(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        bare, index, _ = args
        if isinstance(bare, BareType) and isinstance(index, types.Integer):
            return types.none(bare, types.uint64, bare.dtype)
        return None


def _place(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    data = cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0]).data
    return builder.gep(data, [args[1]])


@lower_builtin(operator.getitem, BareType, types.Integer)
def _read(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    value = builder.load(_place(context, builder, signature, args))
    set_tbaa(builder, value, FAMILY)
    return value


@lower_builtin(operator.setitem, BareType, types.Integer, types.Any)
def _write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    set_tbaa(builder, builder.store(args[2], _place(context, builder, signature, args)), FAMILY)
    return context.get_dummy_value()


@intrinsic
def _compiled_bare(typingctx: Any, array: Any) -> Any:
    """The address and the size of a contiguous array with one dimension."""
    if not isinstance(array, types.Array) or array.ndim != 1 or array.layout != "C":
        return None
    kind = BareType(array.dtype)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        given = context.make_array(array)(context, builder, args[0])
        taken = cgutils.create_struct_proxy(kind)(context, builder)
        taken.data, taken.size = given.data, builder.sext(given.nitems, ir.IntType(64))
        return taken._getvalue()

    return kind(array), codegen


bare: Any = (lambda array: array) if DEBUGGING else _compiled_bare
"""``(array)``: its numbers, for the parts of a kernel; like an array, it has items and a ``size``."""
