"""The typed tree: expressions and statements of few forms, which printers write in
other languages. ``llvm.py`` has each form with its parts.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .each import Each
from .kinds import (
    BOOL,
    FLOAT32,
    FLOAT64,
    FLOATS,
    INT,
    NOTHING,
    RANK,
    WORD,
    ColumnKind,
    KnownKind,
    PackKind,
    TupleKind,
    read_from,
)


class Node(NamedTuple):
    """An expression, or a statement, whose kind is NOTHING: its form and its parts."""

    form: str
    kind: Any
    parts: tuple[Any, ...] = ()


class RefusedError(Exception):
    """What the language does not have: the rule that it breaks, and the place."""

    def __init__(self, rule: str, place: str = "") -> None:
        super().__init__(f"{place}: {rule}" if place else rule)
        self.rule = rule
        self.place = place


def require(holds: Any, rule: str) -> None:
    """Refuse what breaks a rule of the language; ``expressions.py`` adds the place."""
    if not holds:
        raise RefusedError(rule)


def known(value: Any) -> Node:
    """Return an expression of what is known before the call."""
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
    """Return the kind of a number of Python or NumPy; None if it is something else."""
    matching = (kind for kind, types in SCALAR_TYPES if isinstance(value, types))
    return next(matching, None)


def at_run_time(node: Node) -> Node:
    """Return an expression whose numbers are literals, not known."""
    if not is_known(node):
        return node
    value = node.kind.value
    if isinstance(value, Each):
        return value.at_run_time(Node)
    kind = scalar_kind(value)
    require(kind != INT or -(1 << 63) <= value < 1 << 64, "an integer has 64 bits")
    if kind is not None:
        return literal(kind, value.item() if isinstance(value, np.generic) else value)
    if isinstance(value, tuple):
        return tuple_of(list(map(known, value)), getattr(value, "_fields", ()))
    return node


def convert(node: Node, kind: Any) -> Node:
    """Return an expression of another kind, with the same value if it can be."""
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
        return literal(kind, float(np.float32(value) if kind == FLOAT32 else value))
    if kind == BOOL:
        return literal(BOOL, bool(value))
    require(math.isfinite(value), f"{value} is no integer")
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
    """Return the name of a kind in sentences."""
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
        f"{name_of(node.kind)} is no tuple",
    )
    return [item_of(node, place) for place in range(len(items))]


def tuple_of(items: list[Node] | tuple[Node, ...], names: tuple[str, ...] = ()) -> Node:
    """Return a tuple; its numbers are not known, its functions are."""
    passed = tuple(map(at_run_time, items))
    return Node("tuple", TupleKind(tuple(item.kind for item in passed), names), passed)


def size_of(array: Node, dimension: int = 0) -> Node:
    """Return a size of an array."""
    length = array.kind.length
    return Node("size", INT, (array, dimension)) if length is None else known(length)


def load(column: Node, index: Node) -> Node:
    """Return the number of a column or an array at an index."""
    parts = column, at_run_time(index)
    return Node("load", read_from(column.kind.of), parts)


def column_of(bundle: Node, name: str) -> Node:
    """Return a column of a bundle."""
    layout = bundle.kind.layout
    kind = layout.column(bundle.kind, name)
    return Node("column", kind, (bundle, name, layout.places[name]))


def zero_of(kind: Any) -> Node:
    """Return a value of a kind that is never read."""
    if isinstance(kind, TupleKind):
        return Node("tuple", kind, tuple(map(zero_of, kind.items)))
    return literal(kind, 0.0 if kind in FLOATS else 0)
