"""Access words of memory, in bundles and arrays, by resets, in calls by address, and by
the words with which threads wait for each other.

A thread that has read a word with `load_word` can also read everything that the writing
thread had written before (acquire and release). Other memory therefore needs no such
care.
"""

from __future__ import annotations

import ctypes
import itertools
import math
import operator
import sys
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from ..records import Span
from ..schema import (
    CLEARED,
    DESTINATIONS,
    PLAN,
    TABLE,
    TAPES,
    Column as Declared,
    Columns,
    PlanColumns,
    TapeColumns,
)
from . import plain
from .tree import (
    BOOL,
    FLOAT64,
    INT,
    BundleKind,
    ColumnKind,
    Node,
    TableLayout,
    TupleKind,
    at_run_time,
    column_of,
    convert,
    items_of,
    known,
    read_from,
    statement,
)
from .words import word

if TYPE_CHECKING:
    from .translator import Translator

_FAMILIES = {
    name: (family, name)
    for family, names in (
        ("activations", ("activation", "old_activation", "past")),
        ("places", ("source", "past_offset", "tape_offset")),
    )
    for name in names
} | {name: (column,) for name, column in DESTINATIONS.items()}
"""Columns between which a kernel chooses belong to one family; a destination may be the
column itself."""

STORE = TableLayout("store", TABLE, lambda name: _FAMILIES.get(name, (name,)))
PLANS = TableLayout("plan", PLAN, lambda name: (f"plan of {name}",))
TAPE = TableLayout("tapes", TAPES, lambda name: (f"tape of {name}",))


ONE_SAMPLE = known((0,))


def _bundle(layout: TableLayout, fields: Any) -> Any:
    """Return a word of the address of a table, a number of a store's float and, for
    tapes, a tuple as long as the number of samples.
    """

    @word(partial(plain.bundle, layout.columns, fields))
    def bundle(
        t: Translator, address: Node, scalar: Node, tag: Node = ONE_SAMPLE
    ) -> Node:
        kind = BundleKind(layout, at_run_time(scalar).kind, len(items_of(tag)))
        return Node("bundle", kind, (at_run_time(address),))

    return bundle


store_at = _bundle(STORE, Columns)
plan_at = _bundle(PLANS, PlanColumns)
tapes_at = _bundle(TAPE, TapeColumns)


SPAN_COLUMN = ColumnKind(INT, ("span",), Span)


@word(lambda array: plain.record(array, Span))
def span_of(t: Translator, array: Node) -> Node:
    """Return the `Span` that Python passes as an array."""
    return Node("data", SPAN_COLUMN, (array,))


RECORDS = (
    ("store", store_at, ("scalar",)),
    ("plan", plan_at, ("scalar",)),
    ("tapes", tapes_at, ("scalar", "tag")),
    ("span", span_of, ()),
)
"""The arguments that a kernel gets as an address or an array and has as a bundle or a
record: the words that read them, and which other arguments these take, if there."""


def read_plainly(function: Any, passed: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments of a kernel in Python, including its `RECORDS`."""
    count = function.__code__.co_argcount
    names = function.__code__.co_varnames[:count]
    arguments = dict(zip(names, passed[:count], strict=True))
    for name, read, others in function.options.records:
        if name in arguments:
            of = (arguments[other] for other in others if other in arguments)
            arguments[name] = read(arguments[name], *of)
    return *arguments.values(), *passed[count:]


def reset_of(cleared: tuple[Declared, ...]) -> Any:
    """Return a word that resets these columns of a neuron to their defaults."""

    def reset_plainly(store: Any, row: int) -> None:
        for column in cleared:
            getattr(store, column.name)[row] = column.default

    @word(reset_plainly)
    def reset(t: Translator, store: Node, row: Node) -> None:
        for declared in cleared:
            column = column_of(store, declared.name)
            is_whole = read_from(column.kind.of) == INT
            t.store(column, row, known((int if is_whole else float)(declared.default)))

    return reset


reset = reset_of(CLEARED)


# --- calls by address

_called: dict[int, Callable[..., Any]] = {}
# like addresses, larger than codes of built-in functions
_numbers = itertools.count(1 << 32)


def plain_address(function: Callable[..., Any]) -> int:
    """Return a number that represents a function's address in uncompiled kernels."""
    number = next(_numbers)
    _called[number] = function
    return number


def _by_address(result: Any) -> Any:
    """Return a word ``call(address, arguments, alike)`` for kernels with this result.
    The address was made for arguments with the types of the last one.
    """

    @word(lambda address, arguments, alike: _called[int(address)](*arguments))
    def call(t: Translator, address: Node, arguments: Node, alike: Node) -> Node:
        pairs = zip(items_of(arguments), items_of(alike), strict=True)
        passed = [convert(argument, like.kind) for argument, like in pairs]
        parts = convert(address, INT), tuple(passed)
        return t.result_of(Node("called", result, parts))

    return call


DESCENT = TupleKind((INT, FLOAT64, INT))
"""The kind of `gradient_network`'s result."""
call_descent = _by_address(DESCENT)
call_equation = _by_address(BOOL)
call_step = _by_address(INT)


def _call_user_plainly(address: Any, *numbers: Any) -> tuple[int, float, float]:
    try:
        value, derivative = _called[int(address)](*map(float, numbers))
        return 1, float(value), float(derivative)
    except Exception:
        return 0, math.nan, math.nan


@word(_call_user_plainly)
def _call_user(t: Translator, address: Node, *numbers: Node) -> Node:
    """Call ``f(results, number, ...)`` and return whether it has returned, and its two
    results.
    """
    kind = TupleKind((INT, FLOAT64, FLOAT64))
    passed = tuple(convert(number, FLOAT64) for number in numbers)
    return t.result_of(Node("user", kind, (convert(address, INT), passed)))


def call_at(failed: Any, address: Any, numbers: Any) -> Any:
    """Call the user's function at `address` and return its pair of results, which are
    NaN if it raises. `failed` keeps the first function that has raised.
    """
    if failed[0] != 0.0:
        return math.nan, math.nan
    returned, value, derivative = _call_user(address, *numbers)
    if returned:
        return value, derivative
    failed[0] = len(numbers)
    failed[1] = address
    for place, number in enumerate(numbers):
        failed[2 + place] = number
    return math.nan, math.nan


symbols: dict[str, Any] = {}
"""Functions of this process that a module may declare, by name: of ctypes."""


def declare_symbol(name: str, function: Any) -> None:
    """Make a function of this process available to modules under a name."""
    symbols[name] = function


# --- words by which threads wait

WORD_BYTES = 8
LINE = 64 // WORD_BYTES
"""Number of words in a cache line. Words that different threads write are this far
apart, because each thread would otherwise take the line from the other."""


@word(lambda words, index: int(words[index]))
def load_word(t: Translator, words: Node, index: Node) -> Node:
    """Read a word."""
    return t.result_of(Node("load_word", INT, (words, convert(index, INT))))


@word(operator.setitem)
def store_word(t: Translator, words: Node, index: Node, value: Node) -> None:
    """Write a word."""
    t.effect(statement("store_word", words, convert(index, INT), convert(value, INT)))


def _swap_plainly(words: Any, index: int, before: int, after: int) -> bool:
    is_same = bool(words[index] == before)
    if is_same:
        words[index] = after
    return is_same


@word(_swap_plainly)
def swap_word(t: Translator, words: Node, *numbers: Node) -> Node:
    """Replace the word at an index if it still has the expected value, and return
    whether it was replaced.
    """
    numbers = tuple(convert(number, INT) for number in numbers)
    return t.result_of(Node("swap_word", BOOL, (words, *numbers)))


@word(lambda column, index: None)
def prefetch(t: Translator, column: Node, index: Node) -> None:
    """Start loading the memory around a number that will be read soon."""
    t.effect(statement("prefetch", column, convert(index, INT)))


@word(lambda: None)
def pause(t: Translator) -> None:
    """Leave the core to its other hardware thread for some cycles if the processor
    supports this.
    """
    t.effect(statement("pause"))


@word(lambda address: None)
def call_yield(t: Translator, address: Node) -> None:
    """Give the core to another thread by calling the function at `yield_address`."""
    t.effect(statement("yield", convert(address, INT)))


@cache
def yield_address() -> int:
    """Return the address of the system's function for `call_yield`."""
    if sys.platform == "win32":
        function: Any = ctypes.WinDLL("kernel32").SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)
