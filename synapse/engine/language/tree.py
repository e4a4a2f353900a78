"""Define the typed tree. It consists of expressions and statements of few forms, which
printers write in other languages. Each has a kind, and ``llvm.py`` handles each form
with its parts.

A scalar kind is a word. `INT` is a signed integer of 64 bits, whatever its width in
memory, and `WORD` an unsigned one. `FLOAT` stands for the float type of a store in
declarations, and never for a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from .each import TURN, Each

INT = "int"
WORD = "word"
BOOL = "bool"
FLOAT32 = "float32"
FLOAT64 = "float64"
FLOAT = "float"
NOTHING = "nothing"

FLOATS = FLOAT32, FLOAT64
MEMORY = {*FLOATS, *(f"{u}int{8 << k}" for u in ("", "u") for k in range(4))}
"""The kinds of numbers in memory."""
RANK = {BOOL: 0, INT: 1, WORD: 2, FLOAT32: 3, FLOAT64: 4}
"""The scalar kinds of values. Of two, an operation has the one of higher rank."""


class KnownKind(NamedTuple):
    """The kind of a value that is known before the call. The value is a number, None, a
    function, or a tuple of them.
    """

    value: Any
    of: type  # 1, 1.0 and True are equal, but not the same

    @property
    def identity(self) -> tuple[type, Any]:
        """The key that distinguishes it, which is a number's value, but the object of
        an array.
        """
        is_plain = isinstance(self.value, int | float | str | np.generic)
        return self.of, self.value if is_plain else id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KnownKind) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)


class PackKind(NamedTuple):
    """Several floats that a processor adds and multiplies at once."""

    of: str
    length: int


class RecordKind(NamedTuple):
    """A row of a structured array, with its members' names, kinds and places."""

    names: tuple[str, ...]
    members: tuple[tuple[str, int], ...]
    size: int


class ColumnKind(NamedTuple):
    """An address of numbers in a row. Accesses to columns of different families touch
    different memory.

    of : a float, a `PackKind`, or an integer of memory ("uint8" to "int64").
    record : the names of its places, or None.
    """

    of: Any
    family: tuple[str, ...]
    record: type[IntEnum] | None = None


ARRAYS = ("arrays",)
"""The family of all arrays, which may overlap."""


class ArrayKind(NamedTuple):
    """A contiguous array that Python passes by its address and its sizes.

    length : the size of a vector, if it is known before the call.
    """

    of: Any
    dimensions: int
    family: tuple[str, ...] = ARRAYS  # also tells it from a pack: tuples compare items
    length: int | None = None


class BundleKind(NamedTuple):
    """The address of a table whose attributes are columns."""

    layout: Any  # a `Layout`
    scalar: str
    lanes: int = 1


class TupleKind(NamedTuple):
    """A tuple, or a named tuple if the items have names."""

    items: tuple[Any, ...]
    names: tuple[str, ...] = ()


class TableLayout:
    """The columns in a table of addresses.

    family : the accesses that may touch the same memory, by the name of a column.
    """

    def __init__(
        self,
        name: str,
        columns: tuple[Any, ...],
        family: Callable[[str], tuple[str, ...]],
    ) -> None:
        self.name = name
        self.columns = columns
        self.family = family
        self.places = {column.name: place for place, column in enumerate(columns)}

    def __repr__(self) -> str:
        return self.name

    def column(self, bundle: BundleKind, name: str) -> ColumnKind:
        """Return the kind of ``bundle.name``."""
        column = self.columns[self.places[name]]
        scalar = bundle.scalar
        lanes = scalar if bundle.lanes == 1 else PackKind(scalar, bundle.lanes)
        of = {"float": scalar, "lanes": lanes}.get(column.dtype, column.dtype)
        return ColumnKind(of, self.family(name), column.record)


def named_indices(fields: type[Any]) -> TupleKind:
    """Return the kind of a NamedTuple with integers."""
    return TupleKind((INT,) * len(fields._fields), fields._fields)


def of_dtype(dtype: np.dtype[Any]) -> str:
    """Return the kind of a NumPy number in memory."""
    kind = "uint8" if dtype.kind == "b" else str(dtype)
    if kind not in MEMORY:
        raise TypeError(f"A kernel takes no numbers of the type {dtype}.")
    return kind


def read_from(memory: Any) -> Any:
    """Return the kind in which a kernel reads a number from memory. All integers are
    read as signed 64-bit integers, so that they can be combined with literals and with
    each other.
    """
    is_own = isinstance(memory, PackKind | RecordKind) or memory in FLOATS
    return memory if is_own else INT


def unify(left: Any, right: Any) -> Any:
    """Return the kind for a value that has one of two kinds, or None."""
    if left is right:
        return left
    if isinstance(left, TupleKind) and isinstance(right, TupleKind):
        if len(left.items) != len(right.items):
            return None
        items = tuple(map(unify, left.items, right.items))
        return None if None in items else TupleKind(items, left.names or right.names)
    if isinstance(left, ColumnKind) and isinstance(right, ColumnKind):
        if left == right:
            return left
        related = left.of == right.of and left.family[0] == right.family[0]
        # it may overlap with both
        return ColumnKind(left.of, left.family[:1]) if related else None
    if left not in RANK or right not in RANK:
        return left if left == right else None
    is_wider = {left, right} == {FLOAT32, INT}
    return FLOAT64 if is_wider else max(left, right, key=RANK.__getitem__)


class Node(NamedTuple):
    """An expression or a statement, with its form and its parts. The kind of a
    statement is NOTHING.
    """

    form: str
    kind: Any
    parts: tuple[Any, ...] = ()


class RefusedError(Exception):
    """Raised for unsupported code, with the violated rule and the place."""

    def __init__(self, rule: str, place: str = "") -> None:
        super().__init__(f"{place}: {rule}" if place else rule)
        self.rule = rule
        self.place = place


def require(holds: Any, rule: str) -> None:
    """Raise unless a rule of the language holds. ``expressions.py`` adds the place."""
    if not holds:
        raise RefusedError(rule)


def known(value: Any) -> Node:
    """Return the expression for a value that is known before the call."""
    return Node("known", KnownKind(value, type(value)))


def is_known(node: Node) -> bool:
    """Return whether the value of an expression is known before the call."""
    return isinstance(node.kind, KnownKind)


def literal(kind: str, value: float) -> Node:
    """Return a number of a scalar kind."""
    return Node("literal", kind, (value,))


def statement(form: str, *parts: Any) -> Node:
    """Return a statement."""
    return Node(form, NOTHING, parts)


SCALAR_TYPES = (
    (BOOL, bool | np.bool_),
    (WORD, np.uint64),
    (INT, int | np.integer | Each),
    (FLOAT32, np.float32),
    (FLOAT64, float),
)
"""Types of Python and NumPy by kind; the first that fits counts."""


def scalar_kind(value: Any) -> str | None:
    """Return the kind of a Python or NumPy number, or None for other objects."""
    matching = (kind for kind, types in SCALAR_TYPES if isinstance(value, types))
    return next(matching, None)


def at_run_time(node: Node) -> Node:
    """Return an expression in which known numbers are literals."""
    if not isinstance(node.kind, KnownKind):
        return node
    value = node.kind.value
    if isinstance(value, Each):
        return _of_turn(value.numbers)
    kind = scalar_kind(value)
    require(
        kind != INT or -(1 << 63) <= value < 1 << 63, "an integer must fit in 64 bits"
    )
    if kind is not None:
        number = value.item() if isinstance(value, np.generic) else value
        return literal(kind, number)
    if isinstance(value, tuple):
        return tuple_of(list(map(known, value)), getattr(value, "_fields", ()))
    return node


def _of_turn(numbers: tuple[int, ...]) -> Node:
    """Return the number of the current iteration as an expression."""
    begin, after = numbers[:2]
    step = after - begin
    number = Node("variable", INT, (TURN,))
    if numbers != tuple(begin + step * k for k in range(len(numbers))):
        return Node("table", INT, (numbers, number))
    for operation, by, none in (("Mult", step, 1), ("Add", begin, 0)):
        if by != none:
            number = Node("binary", INT, (operation, literal(INT, by), number))
    return number


def convert(node: Node, kind: Any) -> Node:
    """Convert an expression to another kind, preserving the value if possible."""
    node = at_run_time(node)
    if isinstance(kind, ColumnKind) and isinstance(node.kind, ColumnKind):
        return node._replace(kind=kind)
    if node.kind == kind:
        return node
    if isinstance(kind, TupleKind) and isinstance(node.kind, TupleKind):
        parts = [item_of(node, place) for place in range(len(kind.items))]
        return Node("tuple", kind, tuple(map(convert, parts, kind.items)))
    if node.form == "literal" and kind in RANK:
        return _literal_as(node, kind)
    if kind == BOOL and node.kind in RANK:
        zero = literal(node.kind, 0.0 if node.kind in FLOATS else 0)
        return Node("compare", BOOL, ("!=", node, zero))
    is_number = node.kind in RANK or isinstance(node.kind, PackKind)
    if (is_number and isinstance(kind, PackKind)) or {node.kind, kind} <= RANK.keys():
        return Node("cast", kind, (node,))
    needed = name_of(kind)
    raise RefusedError(f"a value is {name_of(node.kind)} where {needed} is needed")


def _literal_as(node: Node, kind: str) -> Node:
    (value,) = node.parts
    if kind in FLOATS:
        with np.errstate(over="ignore"):  # to infinity
            return literal(kind, float(np.float32(value) if kind == FLOAT32 else value))
    if kind == BOOL:
        return literal(BOOL, bool(value))
    require(math.isfinite(value), f"{value} is not an integer")
    return literal(kind, int(value) % (1 << 64) if kind == WORD else int(value))


NAMES = {
    BOOL: "a bool",
    INT: "an integer",
    WORD: "a word",
    FLOAT32: "a real number",
    FLOAT64: "a real number",
    NOTHING: "nothing",
}


def name_of(kind: Any) -> str:
    """Return the name of a kind for error messages."""
    if isinstance(kind, KnownKind):
        return repr(kind.value)
    name = type(kind).__name__.removesuffix("Kind").lower()
    return NAMES.get(kind, "an array" if name == "array" else f"a {name}")


def item_of(node: Node, place: int) -> Node:
    """Return an item of a tuple."""
    if is_known(node):
        return known(node.kind.value[place])
    if node.form == "tuple":
        return node.parts[place]
    return Node("item", node.kind.items[place], (node, place))


def items_of(node: Node) -> list[Node]:
    """Return all items of a tuple."""
    items: Any = getattr(node.kind, "items", None)
    items = node.kind.value if is_known(node) else items
    require(
        isinstance(items, tuple | list | range | np.ndarray),
        f"{name_of(node.kind)} is not a tuple",
    )
    return [item_of(node, place) for place in range(len(items))]


def tuple_of(items: list[Node] | tuple[Node, ...], names: tuple[str, ...] = ()) -> Node:
    """Return a tuple. Its functions stay known, but its numbers do not."""
    passed = tuple(map(at_run_time, items))
    return Node("tuple", TupleKind(tuple(item.kind for item in passed), names), passed)


def size_of(array: Node, dimension: int = 0) -> Node:
    """Return one of an array's sizes."""
    length = array.kind.length
    return Node("size", INT, (array, dimension)) if length is None else known(length)


def load(column: Node, index: Node) -> Node:
    """Return the element of a column or an array at an index."""
    return Node("load", read_from(column.kind.of), (column, at_run_time(index)))


def column_of(bundle: Node, name: str) -> Node:
    """Return a column of a bundle."""
    layout = bundle.kind.layout
    kind = layout.column(bundle.kind, name)
    return Node("column", kind, (bundle, name, layout.places[name]))


def zero_of(kind: Any) -> Node:
    """Return a value of a kind, for places where it is never read."""
    if isinstance(kind, TupleKind):
        return Node("tuple", kind, tuple(map(zero_of, kind.items)))
    return literal(kind, 0.0 if kind in FLOATS else 0)
