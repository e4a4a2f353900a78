"""Parts of kernels that few networks need: each is compiled, and cached on disk, when
it is first called.

`lazy_part` makes such a part of a function. A kernel has a *slot* for each lazy part
that it calls: a variable beside its machine code, which holds the address of the part.
While the slot is 0, the kernel first calls the *resolver*, which compiles the part, or
loads it from the cache, and fills the slot. It finds the part by its name, module and
function, so nothing depends on which modules are imported, and in which order.

A part takes ``store`` first, then indices, columns or a plan, and returns nothing: its
results are in columns.
"""

from __future__ import annotations

import _thread
import ctypes
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import infer, lower_builtin

from ..locking import DeferredInterrupt
from ..schema import SIDE_BY_SIDE, TABLE as COLUMNS
from . import cache
from .digest import writes_code
from .jit import (
    DEBUGGING,
    SPAN_TYPE,
    ColumnsType,
    ColumnType,
    PlanType,
    RawArrayType,
    to_machine_code,
)
from .lanes import TapesType

writes_code()

INDEX: Callable[[Any], Any] = lambda scalar: types.int64  # noqa: E731
"""Kind of an argument: an integer."""
NUMBER: Callable[[Any], Any] = lambda scalar: types.float64  # noqa: E731
"""Kind of an argument: a number that is no element of a column."""
SCALAR: Callable[[Any], Any] = lambda scalar: scalar  # noqa: E731
"""Kind of an argument: a number in the float of the store."""
PLAN: Callable[[Any], Any] = PlanType
"""Kind of an argument: the bundle ``plan``."""
SPAN: Callable[[Any], Any] = lambda scalar: SPAN_TYPE  # noqa: E731
"""Kind of an argument: the `Span` of a network."""
ARRAY: Callable[[Any], Any] = lambda scalar: RawArrayType(types.float64)  # noqa: E731
"""Kind of an argument: a `bare` array of numbers."""
INDICES: Callable[[Any], Any] = lambda scalar: RawArrayType(types.int64)  # noqa: E731
"""Kind of an argument: a `bare` array of indices."""

INTERRUPT_DELAY_SECONDS = 0.05
"""Seconds after which a deferred Ctrl-C is raised: the kernel has returned, or Ctrl-C
is deferred further."""

_FAILED = [column.name for column in COLUMNS].index("failed")
RESOLVER = "synapse_resolve"
"""Name of the resolver for the linker of machine code."""


class Part(NamedTuple):
    """One of the functions that are called by one name, and the kinds of its
    arguments.
    """

    function: Callable[..., Any]
    kinds: tuple[Callable[[Any], Any], ...]


class Address(NamedTuple):
    """What a slot of a kernel is for: a part, by its name and its number among those of
    this name, and the float of the store.
    """

    name: str
    number: int
    scalar: str


_parts: dict[str, list[Part]] = {}
_addresses: dict[Address, int] = {}
_slots: dict[Address, list[int]] = {}  # addresses of the slots that are filled
_errors: list[BaseException] = []


def column(name: str) -> Callable[[Any], Any]:
    """Return the kind of an argument: a column of floats. Columns with different names
    do not overlap.
    """
    return lambda scalar: ColumnType(scalar, (name,))


def lazy_part(
    *kinds: Callable[[Any], Any], taped: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator: compile a part of kernels when it is first called. Its
    arguments are of these kinds.

    A `taped` part has tapes as its first argument after ``store``. It is compiled for
    those of one sample and for those of several.
    """

    def declare(function: Callable[..., Any]) -> Any:
        if DEBUGGING:
            return function
        widths = [(_one_sample,), (_several_samples,)] if taped else [()]
        parts = [Part(function, (ColumnsType, *tapes, *kinds)) for tapes in widths]
        return _callable(function.__name__, parts, taped=taped)

    return declare


def by_code(
    name: str, functions: list[Callable[..., Any]], *kinds: Callable[[Any], Any]
) -> Any:
    """Make a part ``call(code, store, ...)`` of several, selected by their index."""
    if DEBUGGING:
        return lambda code, *arguments: functions[code](*arguments)
    parts = [Part(function, (ColumnsType, *kinds)) for function in functions]
    return _callable(name, parts, coded=True)


def _callable(
    name: str, parts: list[Part], coded: bool = False, taped: bool = False
) -> Any:
    """Make parts callable by one name: by a code, or by the number of samples on their
    tapes.
    """
    name = f"{parts[0].function.__module__}.{name}"
    if name in _parts:
        raise RuntimeError(f"Expected one lazy part of the name {name}, got another.")
    _parts[name] = parts

    def index_of(kinds: Any) -> int:
        return int(taped and kinds[1].count > 1)

    def call(*arguments: Any) -> None:
        raise TypeError("This part can be called from compiled code only.")

    # what the code of callers has of the parts
    call.signature = (name, coded, taped, [part.kinds for part in parts])  # type: ignore[attr-defined]

    class Call(AbstractTemplate):
        key = call

        def generic(self, args: Any, kws: Any) -> Any:
            kinds = parts[index_of(args)].kinds
            return types.none(
                *[types.int64] * coded, *(kind(args[coded].scalar) for kind in kinds)
            )

    infer(Call)
    infer_global(call, types.Function(Call))

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kinds, operands = sig.args[coded:], args[coded:]
        index = args[0] if coded else ir.Constant(_WORD, index_of(kinds))
        slots = _slots_of(builder.module, name, str(kinds[0].scalar))
        _call_slot(context, builder, kinds, operands, slots, index)
        return context.get_dummy_value()

    lower_builtin(call, types.VarArg(types.Any))(lower)
    return call


_WORD = ir.IntType(64)


class _Slots(NamedTuple):
    """The slots of a kernel for the parts of one name."""

    name: Any  # the address in the code of a text: the name of the parts, and the float
    slots: Any  # the array


def _slots_of(module: Any, name: str, scalar: str) -> _Slots:
    """Return the slots of this code for the parts of a name, all 0 at first."""
    label = f"{name} {scalar}"
    if label not in module.globals:
        text = bytearray(f"{label}\0".encode())
        named = ir.GlobalVariable(
            module, ir.ArrayType(ir.IntType(8), len(text)), f"name of {label}"
        )
        named.initializer = ir.Constant(named.value_type, text)
        named.global_constant = True
        slots = ir.GlobalVariable(module, ir.ArrayType(_WORD, len(_parts[name])), label)
        slots.initializer = ir.Constant(slots.value_type, None)
        # each code has its own, which the optimiser may not take for constant
        named.linkage = slots.linkage = "internal"
    named = module.globals[f"name of {label}"]
    return _Slots(named.gep([_WORD(0), _WORD(0)]), module.globals[label])


def _call_slot(
    context: Any, builder: Any, kinds: Any, args: Any, slots: _Slots, index: Any
) -> None:
    """Call the part in a slot, after having it filled."""
    slot = builder.gep(slots.slots, [_WORD(0), index])
    empty = builder.icmp_unsigned("==", builder.load(slot), _WORD(0))
    with cgutils.if_unlikely(builder, empty):
        builder.call(_filling(builder.module), [args[0], slot, slots.name, index])
    result_type = [context.get_value_type(operand) for operand in kinds]
    part_type = ir.FunctionType(
        context.get_value_type(types.none), result_type
    ).as_pointer()
    builder.call(builder.inttoptr(builder.load(slot), part_type), args)


def _filling(module: Any) -> Any:
    """Return the function ``fill(store, slot, name, index)`` of this code: it calls the
    resolver until the slot is filled, as an exception of a signal can end the resolver
    before.
    """
    name = "synapse_fill"
    if name in module.globals:
        return module.globals[name]
    words = ir.FunctionType(ir.VoidType(), [_WORD] * 5)
    resolver = cgutils.get_or_insert_function(module, words, RESOLVER)
    text = ir.IntType(8).as_pointer()
    fill = ir.Function(
        module,
        ir.FunctionType(ir.VoidType(), [_WORD, _WORD.as_pointer(), text, _WORD]),
        name,
    )
    fill.linkage = "linkonce_odr"
    fill.attributes.add("noinline")
    m, slot, label, index = fill.args
    builder = ir.IRBuilder(fill.append_basic_block("entry"))
    calls = builder.alloca(_WORD)
    builder.store(_WORD(0), calls)
    again = builder.append_basic_block("again")
    filled = builder.append_basic_block("filled")
    builder.branch(again)
    builder.position_at_end(again)
    builder.store(builder.add(builder.load(calls), _WORD(1)), calls)
    addresses = (builder.ptrtoint(pointer, _WORD) for pointer in (slot, label))
    builder.call(resolver, [m, *addresses, index, builder.load(calls)])
    missing = builder.icmp_unsigned("==", builder.load(slot), _WORD(0))
    builder.cbranch(missing, again, filled)
    builder.position_at_end(filled)
    builder.ret_void()
    return fill


def _one_sample(scalar: Any) -> Any:
    return TapesType(scalar, 1)


def _several_samples(scalar: Any) -> Any:
    return TapesType(scalar, SIDE_BY_SIDE[np.dtype(str(scalar))])


def failure() -> BaseException:
    """Return why a part could not be compiled, if `failed` begins with -1. The next
    call tries again.
    """
    for address in [key for key, code in _addresses.items() if code == _NOTHING]:
        evict(address)
    return _errors.pop()


def compiled() -> set[str]:
    """Return the names of the functions that this process has compiled, or loaded from
    the cache, as lazy parts.
    """
    return {_parts[name][number].function.__name__ for name, number, _ in _addresses}


def evict(address: Address) -> None:
    """Make kernels ask for this part again when they call it next."""
    del _addresses[address]
    for slot in _slots.pop(address):
        ctypes.c_uint64.from_address(slot).value = 0


def _compiled(address: Address) -> int:
    """Return the address of the machine code of a part."""
    function, kinds = _parts[address.name][address.number]
    dispatcher = to_machine_code(function, no_cpython_wrapper=True)
    cache.enable(dispatcher)
    scalar = getattr(types, address.scalar)
    arguments = tuple(kind(scalar) for kind in kinds)
    dispatcher.compile(arguments)
    result = dispatcher.overloads[arguments]
    _alive.append(dispatcher)
    return int(
        result.library.get_pointer_to_function(result.fndesc.llvm_cfunc_wrapper_name)
    )


def _resolve(table: int, slot: int, label: bytes, index: int, calls: int) -> None:
    """Fill a slot, for a kernel that waits in this thread.

    A kernel cannot pass on what the handler of Ctrl-C raises, so the handler runs a
    moment later. Where this function is interrupted, as in its first instruction,
    ctypes prints and ignores what is raised. The slot is still 0 then, so the kernel
    calls again: `calls` counts.
    """
    with DeferredInterrupt() as deferred:
        name, scalar = label.decode().split()
        address = Address(name, index, scalar)
        code = _addresses.get(address, 0)
        if code == 0:
            try:
                code = _compiled(address)
            except Exception as error:
                _errors.append(error)
                words = ctypes.cast(table, ctypes.POINTER(ctypes.c_uint64))
                ctypes.c_double.from_address(words[_FAILED]).value = -1.0
                code = _NOTHING
            _addresses[address] = code
        _slots.setdefault(address, []).append(slot)
        if deferred.pending or calls > 1:
            # first: the timer may end before its start returns
            deferred.pending = False
            threading.Timer(INTERRUPT_DELAY_SECONDS, _thread.interrupt_main).start()
    # last: nothing can interrupt what follows
    ctypes.c_uint64.from_address(slot).value = code


_alive: list[Any] = []
_NOTHING = ctypes.cast(ctypes.pythonapi.Py_GetVersion, ctypes.c_void_p).value or 0
"""A function that kernels can call with any arguments, without an effect."""

if not DEBUGGING:
    _RESOLVER_TYPE = ctypes.CFUNCTYPE(
        None, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_char_p, *[ctypes.c_uint64] * 2
    )
    _resolver = _RESOLVER_TYPE(_resolve)
    _alive.append(_resolver)
    binding.add_symbol(RESOLVER, ctypes.cast(_resolver, ctypes.c_void_p).value)
