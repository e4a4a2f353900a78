"""Parts of kernels that few networks need: each is compiled, and cached on disk, when
it is first called.

A kernel calls such a part by its address in the column ``parts`` of the store, and the
resolver if that address is 0. A part takes ``m`` first, then indices, columns or a
plan, and returns nothing: its results are in columns.
"""

from __future__ import annotations

import _thread
import ctypes
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import infer, lower_builtin

from ..guard import Deferred
from ..schema import (
    PART_ADDRESSES,
    RESOLVER,
    SIDE_BY_SIDE,
    TABLE as COLUMNS,
)
from . import cache
from .jit import (
    DEBUGGING,
    SPAN_TYPE,
    BareType,
    ColumnsType,
    ColumnType,
    PlanType,
    column_of,
    to_machine_code,
)
from .lanes import TapesType

INDEX: Callable[[Any], Any] = lambda unit: types.int64  # noqa: E731
"""Kind of an argument: an integer."""
NUMBER: Callable[[Any], Any] = lambda unit: types.float64  # noqa: E731
"""Kind of an argument: a number that is no element of a column."""
UNIT: Callable[[Any], Any] = lambda unit: unit  # noqa: E731
"""Kind of an argument: a number in the float of the store."""
PLAN: Callable[[Any], Any] = PlanType
"""Kind of an argument: the bundle ``p`` of a plan."""
SPAN: Callable[[Any], Any] = lambda unit: SPAN_TYPE  # noqa: E731
"""Kind of an argument: the `Span` of a network."""
ARRAY: Callable[[Any], Any] = lambda unit: BareType(types.float64)  # noqa: E731
"""Kind of an argument: a `bare` array of numbers."""
INDICES: Callable[[Any], Any] = lambda unit: BareType(types.int64)  # noqa: E731
"""Kind of an argument: a `bare` array of indices."""

PARTS = {
    "functions.compiled.squash_stretch": 40,  # one place for each squash, by its code
    "functions.compiled.judge_stretch": 8,  # one for each cost
    "functions.compiled.chance": 1,
    "functions.compiled.compete": 1,
    "online.fire.hold_clamped": 1,
    "online.fire.silence_clamped": 1,
    "online.fire.fire_registered": 1,
    "online.fire.clear_traces": 1,
    "online.ties.note_tied": 1,
    "online.ties.move_tied": 1,
    "online.weigh.weigh_gated": 1,
    "online.weigh.weigh_signed": 1,
    "online.propagate.hold_signs": 1,
    "online.propagate.propagate_any_run": 1,
    "online.propagate.propagate_gated": 1,
    "online.record.note": 1,
    "online.renewal.renew": 1,
    "online.loops.aim_by_cost": 1,
    "online.loops.sum_by_cost": 1,
    "online.loops.learn_or_undo": 1,
    # those of exact gradients: for one sample, and for several side by side
    "exact.weigh.weigh_apart": 2,
    "exact.weigh.carry_states": 2,
    "exact.accumulate.accumulate_apart": 2,
    "exact.accumulate.accumulate_memories": 2,
    "exact.fire.fire_custom": 2,
    "exact.fire.fire_groups": 2,
    "exact.fire.drop": 2,
    "exact.fire.hold_clamped": 2,
    "exact.fire.silence_clamped": 2,
    "exact.propagate.compute_softmax_deltas": 2,
    "exact.propagate.push_apart": 2,
    "exact.propagate.push_memories": 2,
    "exact.loops.judge_custom": 2,
    "exact.loops.judge_shares": 2,
    "exact.loops.weigh_clamped": 2,
    "exact.loops.note_forward": 2,
    "exact.loops.note_errors": 2,
    # those that take a plan
    "rtrl.advance.renew_block": 1,
    "rtrl.advance.renew": 1,
    "rtrl.advance.follow_errors": 1,
    "rtrl.loops.note_sensitivities": 1,
    "rtrl.sweep.push_gated": 1,
    "rtrl.sweep.push_memory": 1,
    "rtrl.sweep.mix_group": 1,
}
"""The parts and their numbers of places, in the order of their places in the column
``parts``.

The machine code of a kernel contains the places of the parts that it calls, so they do
not depend on which modules a process imports, and in which order. Kernels in the cache
stay right when this list changes: the cache compiles all of them again when a file of
the engine has changed, see ``cache.py``. No other file contains a place.
"""

SOON = 0.01
"""Seconds after which a deferred Ctrl-C is raised: the kernel has returned, or Ctrl-C
is deferred further."""

_FAILED = [column.name for column in COLUMNS].index("failed")
# by place
_declared: dict[int, tuple[Callable[..., Any], tuple[Callable[[Any], Any], ...]]] = {}
_errors: list[BaseException] = []


def column(name: str) -> Callable[[Any], Any]:
    """Kind of an argument: a column of floats. Columns with different names do not
    overlap.
    """
    return lambda unit: ColumnType(unit, (name,))


def rare(
    *kinds: Callable[[Any], Any], taped: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    """A decorator: compile a part of kernels when it is first called. Its arguments are
    of these kinds.

    A `taped` part has tapes as its first argument after ``m``. It is compiled for those
    of one sample and for those of several.
    """

    def declare(function: Callable[..., Any]) -> Any:
        if DEBUGGING:
            return function
        module = function.__module__.partition(".engine.")[2]
        name = f"{module}.{function.__name__}"
        return _callable(name, [function], kinds, taped=taped)

    return declare


def by_code(
    name: str, functions: list[Callable[..., Any]], *kinds: Callable[[Any], Any]
) -> Any:
    """Make such a part ``call(code, m, ...)`` of several, selected by their index; its
    name is in `PARTS`.
    """
    if DEBUGGING:
        return lambda code, *arguments: functions[code](*arguments)
    return _callable(name, functions, kinds, coded=True)


def _first_place(name: str, needed: int) -> int:
    """The first place of a part that needs so many of them."""
    if PARTS.get(name, 0) < needed:
        raise RuntimeError(
            f"Expected {needed} in compiler.rare.PARTS for {name}, got"
            f" {PARTS.get(name, 'nothing')}."
        )
    earlier = list(PARTS).index(name)
    place = sum(list(PARTS.values())[:earlier])
    assert place + needed <= RESOLVER, "schema.ROOM is too small."
    return place


def _callable(
    name: str,
    functions: list[Callable[..., Any]],
    kinds: Any,
    coded: bool = False,
    taped: bool = False,
) -> Any:
    """Let kernels call these places of the table under the name of a function."""
    widths = [(_one_sample,), (_several_samples,)] if taped else [()]
    parts = [
        (function, (ColumnsType, *tapes, *kinds))
        for tapes in widths
        for function in functions
    ]
    start = _first_place(name, len(parts))
    _declared.update(enumerate(parts, start))

    def wide(args: Any) -> bool:
        return taped and args[1].count > 1

    def call(*arguments: Any) -> None:
        raise TypeError("Only kernels call this.")

    class Call(AbstractTemplate):
        key = call

        def generic(self, args: Any, kws: Any) -> Any:
            taken = _declared[start + wide(args)][1]
            return types.none(
                *[types.int64] * coded, *(layout(args[coded].unit) for layout in taken)
            )

    infer(Call)
    infer_global(call, types.Function(Call))

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place: Any = ir.Constant(ir.IntType(64), start + wide(sig.args))
        if coded:
            place = builder.add(place, args[0])
        _call_address(context, builder, sig.args[coded:], args[coded:], place)
        return context.get_dummy_value()

    lower_builtin(call, types.VarArg(types.Any))(lower)
    return call


def _call_address(
    context: Any, builder: Any, kinds: Any, args: Any, place: Any
) -> None:
    """Call the part in this place of the table, after having it compiled."""
    word = ir.IntType(64)
    table = column_of(context, builder, kinds[0], args[0], "parts")
    slot = builder.gep(table, [place])
    calls = cgutils.alloca_once_value(builder, word(0))
    resolve, call = (
        builder.append_basic_block("resolve"),
        builder.append_basic_block("call"),
    )
    missing = builder.icmp_unsigned("==", builder.load(slot), word(0))
    builder.cbranch(missing, resolve, call).set_weights([1, 1 << 20])
    with builder.goto_block(
        resolve
    ):  # again, if an exception of a signal has ended the resolver
        builder.store(builder.add(builder.load(calls), word(1)), calls)
        resolver = builder.load(builder.gep(table, [word(RESOLVER)]))
        resolver_type = ir.FunctionType(ir.VoidType(), [word] * 3).as_pointer()
        builder.call(
            builder.inttoptr(resolver, resolver_type),
            [args[0], place, builder.load(calls)],
        )
        builder.cbranch(
            builder.icmp_unsigned("==", builder.load(slot), word(0)), resolve, call
        )
    builder.position_at_end(call)
    taken = [context.get_value_type(operand) for operand in kinds]
    part_type = ir.FunctionType(context.get_value_type(types.none), taken).as_pointer()
    builder.call(builder.inttoptr(builder.load(slot), part_type), args)


def _one_sample(unit: Any) -> Any:
    return TapesType(unit, 1)


def _several_samples(unit: Any) -> Any:
    return TapesType(unit, SIDE_BY_SIDE[np.dtype(str(unit))])


def failure() -> BaseException:
    """Return why a part could not be compiled, if `failed` begins with -1. The next
    call tries again.
    """
    for table in PART_ADDRESSES.values():
        table[table == _NOTHING] = 0
    return _errors.pop()


def compiled() -> set[str]:
    """Names of the parts that this process has compiled, or loaded from the cache."""
    tables = PART_ADDRESSES.values()
    return {
        kernel.__name__
        for place, (kernel, _) in _declared.items()
        if any(table[place] for table in tables)
    }


def _compiled(place: int, unit: Any) -> int:
    """The address of a part for stores of this float."""
    function, kinds = _declared[place]
    dispatcher = to_machine_code(function, no_cpython_wrapper=True)
    cache.enable(dispatcher)
    arguments = tuple(layout(unit) for layout in kinds)
    dispatcher.compile(arguments)
    result = dispatcher.overloads[arguments]
    _alive.append(dispatcher)
    return int(
        result.library.get_pointer_to_function(result.fndesc.llvm_cfunc_wrapper_name)
    )


def _resolve(unit: Any, table: int, place: int, calls: int) -> None:
    """Enter the address of a part, for a kernel that waits in this thread.

    A kernel cannot pass on what the handler of Ctrl-C raises, so the handler runs a
    moment later. Where this function is interrupted, as in its first instruction,
    ctypes prints and ignores what is raised. No address has been entered then, so the
    kernel calls again: `calls` counts.
    """
    with Deferred() as deferred:
        try:
            address = _compiled(place, unit)
        except Exception as error:
            _errors.append(error)
            words = ctypes.cast(table, ctypes.POINTER(ctypes.c_uint64))
            ctypes.c_double.from_address(words[_FAILED]).value = -1.0
            address = _NOTHING
        if deferred.came or calls > 1:
            deferred.came = False  # first: the timer may end before its start returns
            threading.Timer(SOON, _thread.interrupt_main).start()
    PART_ADDRESSES[np.dtype(str(unit))][place] = (
        address  # last: nothing can interrupt what follows
    )


_alive: list[Any] = []
_NOTHING = ctypes.cast(ctypes.pythonapi.Py_GetVersion, ctypes.c_void_p).value or 0
"""A function that kernels can call with any arguments, without an effect."""

if not DEBUGGING:
    _prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_uint64] * 3)
    for _unit in (types.float32, types.float64):
        _resolver = _prototype(partial(_resolve, _unit))
        _alive.append(_resolver)
        _table = PART_ADDRESSES[np.dtype(str(_unit))]
        _table[RESOLVER] = ctypes.cast(_resolver, ctypes.c_void_p).value or 0
