"""Compile parts of kernels that few networks need when they are first called, and store
them on disk.

`lazy_part` makes such a part of a function. A kernel has a *slot* for each lazy part
that it calls. This is a variable beside its machine code, which holds the address of
the part. While the slot is 0, the kernel first calls the *resolver*, which compiles the
part, or loads it from its file, and fills the slot. Because the resolver finds the part
by its name, module and function, it does not matter which modules are imported, and in
which order.

A part takes ``store`` first, then indices, columns or a plan. It returns nothing,
because its results are in columns.
"""

from __future__ import annotations

import _thread
import ctypes
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..locking import DeferredInterrupt
from ..schema import SIDE_BY_SIDE
from .decorators import noinline
from .memory import PLANS, SPAN_COLUMN, STORE, TAPE, declare_symbol
from .tree import (
    FLOAT,
    FLOAT64,
    INT,
    NOTHING,
    ArrayKind,
    BundleKind,
    ColumnKind,
    Node,
    at_run_time,
    convert,
    is_known,
    known,
    statement,
)
from .words import Word

if TYPE_CHECKING:
    from .translator import Translator

INDEX = INT
"""Kind of an integer argument."""
NUMBER = FLOAT64
"""Kind of an argument: a number that is no element of a column."""
SCALAR = FLOAT
"""Kind of an argument that is a number in the float type of the store."""
PLAN = BundleKind(PLANS, FLOAT)
"""Kind of an argument that is the bundle ``plan``."""
TAPES = BundleKind(TAPE, FLOAT)
"""Kind of an argument that is the tapes of one sample."""
SPAN = SPAN_COLUMN
"""Kind of an argument that is the `Span` of a network."""
ARRAY = ArrayKind(FLOAT64, 1)
"""Kind of an argument that is an array of numbers."""
INDICES = ArrayKind(INT, 1)
"""Kind of an argument that is an array of indices."""

INTERRUPT_DELAY_SECONDS = 0.05
"""Seconds after which a deferred Ctrl-C is raised: the kernel has returned, or Ctrl-C
is deferred further."""

_FAILED = STORE.places["failed"]


class Part(NamedTuple):
    """One of the functions that are called by the same name, and the kinds of its
    arguments.
    """

    function: Any
    kinds: tuple[Any, ...]


class Address(NamedTuple):
    """The identity of the part in a kernel's slot: its name, its number among the parts
    of this name, and the float type of the store.
    """

    name: str
    number: int
    scalar: str


_parts: dict[str, list[Part]] = {}
_addresses: dict[Address, int] = {}
_slots: dict[Address, list[int]] = {}  # addresses of the slots that are filled
_errors: list[BaseException] = []


def column(name: str) -> ColumnKind:
    """Return the kind of an argument: a column of floats. Columns with different names
    do not overlap.
    """
    return ColumnKind(FLOAT, (name,))


def lazy_part(*kinds: Any, taped: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that postpones compiling a kernel part until its first call.
    The part's arguments have the given kinds.

    A `taped` part expects tapes as its first argument after ``store``. It is compiled
    twice, for tapes with one sample and with several samples.
    """

    def with_number(*passed: Node) -> tuple[Node, ...]:
        return known(int(taped and passed[1].kind.lanes > 1)), *passed

    def declare(function: Callable[..., Any]) -> Any:
        # 0: as many as are side by side
        several = [(TAPES,), (TAPES._replace(lanes=0),)]
        parts = [
            Part(noinline(function), (BundleKind(STORE, FLOAT), *tapes, *kinds))
            for tapes in (several if taped else [()])
        ]
        return Word(function, _write(function.__name__, parts, with_number))

    return declare


def by_code(name: str, functions: list[Callable[..., Any]], *kinds: Any) -> Any:
    """Combine several parts into one part ``call(code, store, ...)`` that selects one
    of them by index.
    """
    parts = [
        Part(noinline(function), (BundleKind(STORE, FLOAT), *kinds))
        for function in functions
    ]
    return Word(
        lambda code, *arguments: functions[code](*arguments),
        _write(name, parts, lambda *passed: passed),
    )


def _write(
    name: str, parts: list[Part], with_number: Callable[..., tuple[Node, ...]]
) -> Any:
    """Return a function that writes the call of one of several parts, which goes
    through a slot, or is the call itself in a program for one network. `with_number`
    returns the number of the part before the arguments that it gets.
    """
    name = f"{parts[0].function.__module__}.{name}"
    if name in _parts:
        raise RuntimeError(f"Expected one lazy part of the name {name}, got another.")
    _parts[name] = parts

    def write(t: Translator, *arguments: Node) -> None:
        number, *passed = with_number(*arguments)
        if t.program.facts:
            _call_directly(t, parts, number, passed)
            return
        scalar = passed[0].kind.scalar
        part = parts[number.kind.value if is_known(number) else 0]
        values = tuple(map(convert, passed, _kinds_of(part, scalar)))
        label = f"{name} {scalar}"
        t.effect(statement("lazy", label, len(parts), convert(number, INT), values))

    write.__name__ = name
    return write


def _call_directly(
    t: Translator, parts: list[Part], number: Node, passed: list[Node]
) -> None:
    if is_known(number):
        t.call(parts[number.kind.value].function, passed)
        return
    for k in sorted(t.values_of(number) or range(len(parts))):
        statements, _ = t.apart(partial(t.call, parts[k].function, passed))
        test = at_run_time(t.compare("==", number, known(k)))
        t.out.append(statement("if", test, statements, []))


def _kinds_of(part: Part, scalar: str) -> tuple[Any, ...]:
    """Return the kinds of the arguments of a part, for a store of this float."""
    return tuple(_of_float(kind, scalar) for kind in part.kinds)


def _of_float(kind: Any, scalar: str) -> Any:
    if isinstance(kind, BundleKind):
        lanes = kind.lanes or SIDE_BY_SIDE[np.dtype(scalar)]
        return kind._replace(scalar=scalar, lanes=lanes)
    if getattr(kind, "of", None) == FLOAT:
        return kind._replace(of=scalar)
    return scalar if kind == FLOAT else kind


def failure() -> BaseException:
    """Return why a part could not be compiled, if `failed` begins with -1. The next
    call compiles it again.
    """
    for address in [key for key, code in _addresses.items() if code == _NOTHING]:
        evict(address)
    return _errors.pop()


def compiled() -> set[str]:
    """Return the names of the lazy parts that this process has compiled or loaded from
    files.
    """
    return {_parts[name][number].function.__name__ for name, number, _ in _addresses}


def evict(address: Address) -> None:
    """Make kernels request this part again on their next call."""
    del _addresses[address]
    for slot in _slots.pop(address):
        ctypes.c_uint64.from_address(slot).value = 0


def _compiled(address: Address) -> int:
    """Return the address of the machine code of a part."""
    from .entries import address_of

    part = _parts[address.name][address.number]
    return address_of(part.function, _kinds_of(part, address.scalar), NOTHING)


def _resolve(table: int, slot: int, label: bytes, index: int, calls: int) -> None:
    """Fill a slot, for a kernel that waits in this thread.

    Because a kernel cannot pass on exceptions from the handler of Ctrl-C, the handler
    runs a moment later. If this function is interrupted, for example in its first
    instruction, ctypes prints and ignores the exception. Because the slot is still 0
    then, the kernel calls again, and `calls` counts.
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


_NOTHING = ctypes.cast(ctypes.pythonapi.Py_GetVersion, ctypes.c_void_p).value or 0
"""A function that kernels can call with any arguments, without an effect."""
_RESOLVER_TYPE = ctypes.CFUNCTYPE(
    None, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_char_p, *[ctypes.c_uint64] * 2
)
declare_symbol("synapse_resolve", _RESOLVER_TYPE(_resolve))
