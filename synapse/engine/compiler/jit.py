"""How kernels are compiled by Numba, and how they read the columns of a store and of a
plan.

Kernels are compiled once and cached on disk. Only three fast-math flags are used:
sums may be reassociated (so that they vectorise), a product and a sum may be fused, and
the sign of zero is not preserved. NaN and infinity keep their IEEE meaning.
"""

from __future__ import annotations

import ctypes
import gc
import operator
import threading
from collections.abc import Callable, Iterable
from enum import IntEnum
from types import FunctionType
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import extending, types
from numba.core import cgutils, event
from numba.core.typeconv import Conversion
from numba.core.typing.templates import (
    AbstractTemplate,
    AttributeTemplate,
    infer_global,
)
from numba.extending import intrinsic, overload

from ..._stderr import Stderr
from .. import compiling
from ..locking import DeferredInterrupt
from ..records import Span
from ..schema import (
    CLEARED,
    DESTINATIONS,
    PLAN,
    TABLE,
    Column,
    Columns,
    PlanColumns,
    numpy_dtype,
)
from . import cache
from .digest import writes_code
from .pipeline import KernelCompiler, PartCompiler

writes_code()

FAST_MATH = {"reassoc", "contract", "nsz"}
DEBUGGING = bool(numba.config.DISABLE_JIT)


def kernel(function: Callable[..., Any], fastmath: Any = FAST_MATH) -> Any:
    """Compile an entry: a function that Python calls, most with a store's table of
    addresses.
    """
    if DEBUGGING:
        # compiled arithmetic does not warn either
        return np.errstate(all="ignore")(function)
    compiled = to_machine_code(function, fastmath)
    cache.enable(compiled)
    return compiled


def to_machine_code(
    function: Callable[..., Any], fastmath: Any = FAST_MATH, **options: Any
) -> Any:
    """Compile a function to machine code, with all parts that it reaches."""
    return numba.njit(
        nogil=True,
        fastmath=fastmath,
        error_model="numpy",
        boundscheck=False,
        _nrt=False,
        pipeline_class=KernelCompiler,
        **options,
    )(function)


def _part(**options: Any) -> Any:
    """Return a decorator: compile a part of kernels, which Python cannot call."""
    return numba.njit(
        nogil=True,
        error_model="numpy",
        boundscheck=False,
        _nrt=False,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        pipeline_class=PartCompiler,
        **options,
    )


def inline(function: Callable[..., Any]) -> Any:
    """Compile a part of a kernel that is inlined into every caller."""
    return _part(fastmath=FAST_MATH, forceinline=True)(function)


def in_order(function: Callable[..., Any]) -> Any:
    """Compile an inlined part without reassociation: sums stay in order; a product and
    a sum may be fused.

    For arithmetic whose order of operations matters, and for loops over scattered
    memory, whose loads stay single: gathers, which vectorised loops would use, are no
    faster on any machine measured.
    """
    return _part(fastmath={"contract"}, forceinline=True)(function)


def noinline(function: Callable[..., Any]) -> Any:
    """Compile a part of a kernel that is too large, or too rarely run, to be
    inlined.
    """
    return _part(fastmath=FAST_MATH)(function)


def for_python(function: Any) -> Any:
    """Make a function that Python can call of a part of kernels. It is compiled when it
    is first called.
    """

    def call(*numbers: Any) -> Any:
        return function(*numbers)

    return function if DEBUGGING else to_machine_code(call)


def parts_of(
    scope: dict[str, Any], functions: Iterable[Any], part: Callable[..., Any] = inline
) -> list[Any]:
    """Return parts of kernels with the code of plain functions, which stay as they are.

    Each is a new function, whose global names are those of `scope`. There the parts
    stand for the plain functions, so they call each other; a name for which kernels
    have another function, such as ``exp``, is given in `scope`.
    """
    functions = list(functions)
    for function in functions:
        name = function.__name__
        scope[name] = part(FunctionType(function.__code__, scope, name))
    return [scope[function.__name__] for function in functions]


class _Compiling(event.Listener):
    """Tells watchers, or prints a notice, once, if it takes more than two seconds;
    defers Ctrl-C to the end.

    Raised earlier, Ctrl-C could arrive while LLVM calls back into Python, which would
    print and ignore it. A compiler makes many objects that stay, so the garbage
    collector waits for the end: it takes a tenth less time.
    """

    def __init__(self) -> None:
        # in the main thread; others receive no Ctrl-C
        self.deferred: list[DeferredInterrupt] = []
        self.depth = 0
        self.collects = False  # whether garbage is collected afterwards
        self.timer: threading.Timer | None = None
        self.lock = threading.Lock()

    def on_start(self, _: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            self.deferred.append(DeferredInterrupt().__enter__())
        with self.lock:
            self.depth += 1
            outermost = self.depth == 1
            if self.timer is None and not compiling.watchers:
                self.timer = threading.Timer(
                    NOTICE_AFTER_SECONDS, Stderr().write, [NOTICE]
                )
                self.timer.daemon = True
                self.timer.start()
            if outermost:
                self.collects = gc.isenabled()
                gc.disable()
        if outermost:
            compiling.tell(True)

    def on_end(self, _: Any) -> None:
        with self.lock:
            self.depth -= 1
            outermost = self.depth == 0
            if outermost and self.collects:
                gc.enable()
            if outermost and self.timer is not None and self.timer.is_alive():
                self.timer.cancel()
                self.timer = None
        if outermost:
            compiling.tell(False)
        if threading.current_thread() is threading.main_thread():
            self.deferred.pop().__exit__()


NOTICE_AFTER_SECONDS = 2.0
NOTICE = (
    "synapse: compiling its kernels for this machine, once; this takes some seconds"
    " ...\n"
)
if not DEBUGGING:
    event.register("numba:compile", _Compiling())


class TableType(types.Type):
    """The type of a bundle: one word, the address of a table of column addresses, its
    attributes.
    """

    columns: tuple[Column, ...]

    def __init__(self, scalar: Any, *others: Any) -> None:
        self.scalar = scalar
        super().__init__(
            name=f"{type(self).__name__}({', '.join(map(str, (scalar, *others)))})"
        )

    def __init_subclass__(cls) -> None:
        cls.index = {column.name: i for i, column in enumerate(cls.columns)}

    index: dict[str, int]

    def dtype(self, name: str) -> Any:
        """Return the element type of a column."""
        dtype = self.columns[self.index[name]].dtype
        return self.scalar if dtype == "float" else numba.from_dtype(np.dtype(dtype))

    def family(self, name: str) -> tuple[str, ...]:
        """Return the accesses that the compiler takes for accesses to the same memory,
        see `set_tbaa`.
        """
        return FAMILIES.get(name, (name,))

    def column(self, name: str) -> ColumnType:
        """Return the type of ``table.name``."""
        record = self.columns[self.index[name]].record
        if record is not None:
            return RecordType(self.dtype(name), self.family(name), record)
        return ColumnType(self.dtype(name), self.family(name))


class ColumnsType(TableType):
    """The type of ``store`` in kernels: the columns of a store."""

    columns = TABLE


class PlanType(TableType):
    """The type of ``plan`` in kernels: the columns of a plan."""

    columns = PLAN

    def family(self, name: str) -> tuple[str, ...]:
        """Return the family of a plan, which shares no memory with a store."""
        return (f"plan of {name}",)


class ColumnType(types.Type):
    """The type of ``store.weight``: the address of a column. The compiler assumes that
    columns do not overlap.
    """

    def __init__(self, dtype: Any, family: tuple[str, ...]) -> None:
        self.dtype = dtype
        self.family = family
        super().__init__(name=f"Column({dtype}, {' '.join(family)})")

    def unify(self, _: Any, other: Any) -> Any:
        """Return the type of one of two columns, chosen at run time: it may overlap
        with both.
        """
        related = isinstance(other, ColumnType) and other.family[0] == self.family[0]
        return ColumnType(self.dtype, self.family[:1]) if related else None

    def can_convert_to(self, _: Any, other: Any) -> Any:
        """Return whether it can be converted to the type of all related columns."""
        related = isinstance(other, ColumnType) and other.family == self.family[:1]
        return Conversion.safe if related else None


class RecordType(ColumnType):
    """The type of ``store.ties``: a column whose members have names, so that
    ``store.ties.signed`` is one of them.
    """

    def __init__(
        self, dtype: Any, family: tuple[str, ...], members: type[IntEnum]
    ) -> None:
        super().__init__(dtype, family)
        self.members = {member.name.lower(): int(member) for member in members}


FAMILIES = {
    name: ("activations", name) for name in ("activation", "old_activation", "past")
} | {name: (column,) for name, column in DESTINATIONS.items()}
"""Columns between which a kernel chooses belong to one family; a destination may be the
column itself."""


class TableModel(extending.models.PrimitiveModel):
    """The address of a table, as a 64-bit number."""

    def __init__(self, manager: Any, table: Any) -> None:
        super().__init__(manager, table, ir.IntType(64))


extending.register_model(ColumnsType)(TableModel)
extending.register_model(PlanType)(TableModel)


@extending.register_model(RecordType)
@extending.register_model(ColumnType)
class _ColumnModel(extending.models.PrimitiveModel):
    def __init__(self, manager: Any, column: Any) -> None:
        super().__init__(
            manager, column, manager.lookup(column.dtype).get_data_type().as_pointer()
        )


@extending.infer_getattr
class _ColumnsAttribute(AttributeTemplate):
    key = TableType

    def generic_resolve(self, table: Any, name: str) -> Any:
        return table.column(name)


class RawArrayType(types.Type):
    """The type of ``raw_array(array)``: an address and a size, not counted."""

    family = ("arrays",)

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        super().__init__(name=f"Bare({dtype})")


@extending.register_model(RawArrayType)
class _BareModel(extending.models.StructModel):
    def __init__(self, manager: Any, bare: Any) -> None:
        super().__init__(
            manager, bare, [("data", types.CPointer(bare.dtype)), ("size", types.int64)]
        )


extending.make_attribute_wrapper(RawArrayType, "size", "size")


# a member of a record is one of its enumeration
_INDICES = types.Integer | types.IntEnumMember


def read_type(dtype: Any) -> Any:
    """Return the type that a kernel reads from a column: integers of any width are read
    as signed 64-bit ones.

    So they mix with literals and with each other: Numba makes a float of an unsigned
    and a signed integer. No index is negative, and a column does not check for it as an
    array does.
    """
    return types.int64 if isinstance(dtype, types.Integer) else dtype


@infer_global(operator.getitem)
class _ReadItem(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        column, index = args
        if isinstance(column, ColumnType | RawArrayType) and isinstance(
            index, _INDICES
        ):
            return read_type(column.dtype)(column, types.int64)
        return None


@extending.infer_getattr
class _RecordAttribute(AttributeTemplate):
    key = RecordType

    def generic_resolve(self, record: Any, name: str) -> Any:
        return read_type(record.dtype) if name in record.members else None


@infer_global(operator.setitem)
class _WriteItem(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        column, index, _ = args
        if isinstance(column, ColumnType | RawArrayType) and isinstance(
            index, _INDICES
        ):
            return types.none(column, types.int64, column.dtype)
        return None


def set_tbaa(builder: Any, instruction: Any, family: tuple[str, ...]) -> None:
    """Mark an access for the optimiser (TBAA): it touches only one column or table."""
    module = builder.module
    offset = ir.Constant(ir.IntType(64), 0)
    node = module.add_metadata(["synapse columns"])
    for name in family:
        node = module.add_metadata([name, node, offset])
    instruction.set_metadata("tbaa", module.add_metadata([node, node, offset]))


def _place(context: Any, builder: Any, column: Any, value: Any, index: Any) -> Any:
    if isinstance(column, RawArrayType):
        value = cgutils.create_struct_proxy(column)(context, builder, value).data
    return builder.gep(value, [index])


@extending.lower_builtin(operator.getitem, ColumnType, types.Integer)
@extending.lower_builtin(operator.getitem, RawArrayType, types.Integer)
def _read_item(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    column = signature.args[0]
    stored = builder.load(_place(context, builder, column, *args))
    set_tbaa(builder, stored, column.family)
    value = context.data_model_manager[column.dtype].from_data(builder, stored)
    return context.cast(builder, value, column.dtype, signature.return_type)


@extending.lower_builtin(operator.setitem, ColumnType, types.Integer, types.Any)
@extending.lower_builtin(operator.setitem, RawArrayType, types.Integer, types.Any)
def _write_item(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    column = signature.args[0]
    value = context.data_model_manager[column.dtype].as_data(builder, args[2])
    set_tbaa(
        builder,
        builder.store(value, _place(context, builder, column, *args[:2])),
        column.family,
    )
    return context.get_dummy_value()


@extending.lower_getattr_generic(RecordType)
def _read_member(
    context: Any, builder: Any, record: Any, address: Any, name: str
) -> Any:
    index = ir.Constant(ir.IntType(64), record.members[name])
    return _read_item(
        context, builder, read_type(record.dtype)(record, types.int64), (address, index)
    )


@extending.lower_setattr_generic(RecordType)
def _write_member(
    context: Any, builder: Any, signature: Any, args: Any, name: str
) -> None:
    record, dtype = signature.args
    index = ir.Constant(ir.IntType(64), record.members[name])
    value = context.cast(builder, args[1], dtype, record.dtype)
    written = types.none(record, types.int64, record.dtype)
    _write_item(context, builder, written, (args[0], index, value))


@extending.lower_cast(ColumnType, ColumnType)
def _one_of_two(
    context: Any, builder: Any, source: Any, result_type: Any, value: Any
) -> Any:
    return value


@extending.lower_getattr_generic(TableType)
def column_of(context: Any, builder: Any, layout: Any, table: Any, name: str) -> Any:
    """Return the address of a column, marked as invariant so that loops load it
    once.
    """
    slot = builder.gep(
        builder.inttoptr(table, ir.IntType(64).as_pointer()),
        [ir.Constant(ir.IntType(64), layout.index[name])],
    )
    address = builder.load(slot)
    address.set_metadata("invariant.load", builder.module.add_metadata([]))
    return builder.inttoptr(address, context.get_value_type(layout.column(name)))


def intrinsic_or(plain: Callable[..., Any]) -> Callable[..., Any]:
    """Return a decorator of a primitive: an intrinsic writes its code, and `plain`
    takes its place with NUMBA_DISABLE_JIT=1.

    These two forms stand in one declaration. Neither follows from the other: one says
    which instructions LLVM gets, the other what they compute. Everything else in
    kernels is Python, which is written once.
    """
    return lambda compiled: plain if DEBUGGING else intrinsic(compiled)


def bundle(layout: Any, fields: Any) -> Any:
    """Return a function of the address of a table, and a number of a store's float,
    that returns ``store`` or ``plan``.
    """

    def plain(table: int, scalar: Any) -> Any:
        dtypes = [
            numpy_dtype(column, np.dtype(type(scalar))) for column in layout.columns
        ]
        records = [column.record for column in layout.columns]
        arrays = zip(plain_arrays(table, dtypes), records, strict=True)
        return fields(
            *(
                array if record is None else _PlainRecord(array, record)
                for array, record in arrays
            )
        )

    @intrinsic_or(plain)
    def address(typingctx: Any, table: Any, scalar: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return args[0]

        return layout(scalar)(table, scalar), codegen

    return address


def reset_of(cleared: tuple[Column, ...]) -> Any:
    """Return a primitive that sets these columns of a neuron to their defaults."""

    def plain(store: Any, row: int) -> None:
        for column in cleared:
            getattr(store, column.name)[row] = column.default

    @intrinsic_or(plain)
    def reset(typingctx: Any, table: Any, row: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            layout = signature.args[0]
            for column in cleared:
                target = layout.column(column.name)
                pointer = builder.gep(
                    column_of(context, builder, layout, args[0], column.name), [args[1]]
                )
                default = context.get_constant(target.dtype, column.default)
                set_tbaa(builder, builder.store(default, pointer), target.family)
            return context.get_dummy_value()

        return types.none(table, types.int64), codegen

    return reset


reset: Any = reset_of(CLEARED)


def plain_arrays(table: int, dtypes: list[np.dtype[Any]]) -> list[Any]:
    """Return ordinary arrays over the columns of a table, for NUMBA_DISABLE_JIT=1 and
    debuggers.
    """
    n = len(dtypes)
    arrays = []
    words = np.ctypeslib.as_array(
        ctypes.cast(int(table), ctypes.POINTER(ctypes.c_uint64)), (2 * n,)
    )
    for dtype, address, length in zip(
        dtypes, words[:n].tolist(), words[n:].tolist(), strict=True
    ):
        memory = (ctypes.c_char * (length * dtype.itemsize)).from_address(address)
        array = np.frombuffer(memoryview(memory), dtype)
        arrays.append(array.view(_PlainIntegers) if dtype.kind in "iu" else array)
    return arrays


class _PlainRecord:
    """A `RecordType` in plain Python."""

    _array: Any
    _members: type[IntEnum]

    def __init__(self, array: Any, members: type[IntEnum]) -> None:
        vars(self).update(_array=array, _members=members)

    def __getattr__(self, name: str) -> int:
        return int(self._array[self._members[name.upper()]])

    def __setattr__(self, name: str, value: int) -> None:
        self._array[self._members[name.upper()]] = value

    def __getitem__(self, index: int) -> int:
        return int(self._array[index])

    def __setitem__(self, index: int, value: int) -> None:
        self._array[index] = value


class _PlainIntegers(np.ndarray):
    """A column of integers in plain Python, which reads as signed ones of any size, see
    `read_type`.
    """

    def __getitem__(self, index: Any) -> Any:
        value = super().__getitem__(index)
        return int(value) if isinstance(value, np.integer) else value


store_at = bundle(ColumnsType, Columns)
plan_at = bundle(PlanType, PlanColumns)


SPAN_TYPE = RecordType(types.int64, ("span",), Span)


@intrinsic_or(lambda array: _PlainRecord(array, Span))
def span_of(typingctx: Any, array: Any) -> Any:
    """Return the `Span` that Python passes as an array."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.make_array(array)(context, builder, args[0]).data

    return SPAN_TYPE(array), codegen


def reinterpreted(source: Any, result_type: Any) -> Any:
    """Return a primitive that reinterprets the bits of one type as another."""
    plain_source, plain_taken = np.dtype(str(source)), np.dtype(str(result_type))

    def plain(value: Any) -> Any:
        number = np.asarray(value).astype(plain_source).view(plain_taken)[()]
        return number if plain_taken.kind == "f" else np.int64(number)

    @intrinsic_or(plain)
    def cast(typingctx: Any, value: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.bitcast(args[0], context.get_value_type(result_type))

        return result_type(source), codegen

    return cast


from_bits: Any = reinterpreted(types.int64, types.float64)
to_bits: Any = reinterpreted(types.float64, types.int64)
single_from_bits: Any = reinterpreted(types.int32, types.float32)
single_bits: Any = reinterpreted(types.float32, types.int32)


def table(numbers: Any) -> Any:
    """Return a primitive of an index: the 64-bit integer at this index of a table."""
    values = [int(number) for number in numbers]

    @intrinsic_or(np.array(values, np.int64).__getitem__)
    def read(typingctx: Any, index: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            array_type = ir.ArrayType(ir.IntType(64), len(values))
            constant = cgutils.global_constant(
                builder, "synapse.table", ir.Constant(array_type, values)
            )
            value = builder.load(
                builder.gep(constant, [ir.Constant(ir.IntType(64), 0), args[0]])
            )
            set_tbaa(builder, value, ("table",))
            return value

        return types.int64(types.int64), codegen

    return read


def _constant(value: Callable[[str], Any]) -> Any:
    """Return a primitive that returns the value of the type of its argument."""

    def plain(like: Any) -> Any:
        return type(like)(value(np.dtype(type(like)).name))

    @intrinsic_or(plain)
    def constant(typingctx: Any, like: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return context.get_constant(like, value(str(like)))

        return like(like), codegen

    return constant


zero_like: Any = _constant(lambda _: 0.0)
one_like: Any = _constant(lambda _: 1.0)
max_float_of: Any = _constant(lambda dtype: np.finfo(dtype).max)
# products of eight such numbers are finite
safe_limit_of: Any = _constant(lambda dtype: float(np.finfo(dtype).max) ** 0.125)

WEYL = np.uint64(0x1E3779B97F4A7D)
WORD_BITS = np.uint64((1 << 53) - 1)  # integers that floats and JSON represent
MULTIPLIER = np.uint64(0xBF58476D1CE4E5B9)
LAST_MULTIPLIER = np.uint64(0x94D049BB133111EB)
S30, S27, S31, S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@inline
def stream(word: Any) -> Any:
    """Return the next word of a stream of random numbers, and the number in [0, 1)
    computed from it.

    Adding an odd number reaches all 2^53 words; the mixer of Steele, Lea and Flood
    (SplitMix64, 2014) decorrelates consecutive words.
    """
    word = (np.uint64(word) + WEYL) & WORD_BITS
    mixed = (word ^ (word >> S30)) * MULTIPLIER
    mixed = (mixed ^ (mixed >> S27)) * LAST_MULTIPLIER
    return word, ((mixed ^ (mixed >> S31)) >> S11) * 2.0**-53


def by_type(single: Any, double: Any) -> Any:
    """Return a part of kernels that calls `single` for a float32, `double` for other
    numbers.
    """

    def chosen(x: Any) -> Any:
        return single(x) if isinstance(x, np.float32) else double(x)

    def choose(
        x,
    ):  # not annotated, because Numba compares its signature with that of its result
        chosen = single if x == types.float32 else double
        return lambda x: chosen(x)  # noqa: PLW0108

    if not DEBUGGING:
        overload(
            chosen, jit_options={"forceinline": True, "pipeline_class": PartCompiler}
        )(choose)
    return chosen


@intrinsic_or(lambda array: array)
def raw_array(typingctx: Any, array: Any) -> Any:
    """Return the numbers of a contiguous array with one dimension, for the parts of a
    kernel; it has a ``size``.
    """
    if not isinstance(array, types.Array) or array.ndim != 1 or array.layout != "C":
        return None
    raw_array_type = RawArrayType(array.dtype)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        parts = context.make_array(array)(context, builder, args[0])
        result_type = cgutils.create_struct_proxy(raw_array_type)(context, builder)
        result_type.data = parts.data
        result_type.size = builder.sext(parts.nitems, ir.IntType(64))
        return result_type._getvalue()

    return raw_array_type(array), codegen
