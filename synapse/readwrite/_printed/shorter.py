"""Expressions of typed programs, shorter and of the same value."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ...engine.language.expressions import COMPARED
from ...engine.language.kinds import BOOL, FLOATS, INT, ColumnKind, TupleKind
from ...engine.language.tree import Node, literal
from .trees import (
    is_literal,
    is_pure,
    mapped,
    parts_of,
    substituted,
    variables_in,
    within,
)

OPPOSITES = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MAX_COPIED = 3
"""Operations of an expression that is written at each place where it is read."""


def shorter(node: Node) -> Node:
    """Return a shorter expression of the same value, or itself."""
    short = SHORTER.get(node.form)
    return short(node) if short else node


def _not(node: Node) -> Node:
    (value,) = node.parts
    if value.form == "not":
        return value.parts[0]
    if value.form == "compare":
        sign, left, right = value.parts
        if sign in ("==", "!=") or left.kind not in FLOATS:
            return value._replace(parts=(OPPOSITES[sign], left, right))
    return node


def _item(node: Node) -> Node:
    values, place = node.parts
    if values.form == "tuple":
        return values.parts[place]
    if values.form == "choice":
        test, *sides = values.parts
        items = (shorter(Node("item", node.kind, (side, place))) for side in sides)
        return Node("choice", node.kind, (test, *items))
    return node


def _sum(node: Node) -> Node:
    operation, left, right = node.parts
    if node.kind == INT and operation == "Add":
        if is_literal(left, 0):
            return right
        if is_literal(right, 0):
            return left
    return node


def _call(node: Node) -> Node:
    """Return what a function returns that only chooses a column, reads a number, or
    calls another one.
    """
    instance, arguments = node.parts
    value = _only_value(instance.body)
    if value is None:
        return node
    is_column = any(isinstance(kind, ColumnKind) for kind in items_of(instance.result))
    size = sum(
        inner.form not in ("variable", "column", "bundle") for inner in within(value)
    )
    if not is_column and value.form != "call" and size > MAX_COPIED:
        return node
    names = [name for name, _ in instance.parameters]
    passed = dict(zip(names, arguments, strict=True))
    reads = Counter(variables_in(value))
    if not all(
        _is_simple(argument)
        or (reads[name] <= 1 and (_is_index(argument) or is_pure(argument)))
        for name, argument in passed.items()
    ):
        return node
    return substituted(value, passed)


def _only_value(body: list[Node]) -> Node | None:
    """Return the value of the only statement of a function."""
    if len(body) != 1 or body[0].form not in ("return", "do"):
        return None
    return body[0].parts[0]


def _is_simple(node: Node) -> bool:
    if node.form == "tuple":
        return all(_is_simple(item) or _is_index(item) for item in parts_of(node))
    return node.form in ("variable", "literal", "known", "column")


def _is_index(node: Node) -> bool:
    """Return whether an expression is a sum of indices."""
    return all(
        inner.form in ("variable", "literal", "binary") for inner in within(node)
    )


def items_of(kind: Any) -> list[Any]:
    """Return the kinds of the items of a tuple, and of tuples in it, or the kind."""
    if not isinstance(kind, TupleKind):
        return [kind]
    return [inner for item in kind.items for inner in items_of(item)]


def _compare(node: Node) -> Node:
    sign, left, right = node.parts
    if left.form == right.form == "literal":
        return literal(BOOL, COMPARED[sign](left.parts[0], right.parts[0]))
    return node


def _joined(node: Node) -> Node:
    """Return the side that decides, if the other one is a literal."""
    decides = node.form == "or"
    left, right = node.parts
    for test, other in ((left, right), (right, left)):
        if test.form == "literal":
            return test if bool(test.parts[0]) == decides else other
    return node


SHORTER = {
    "not": _not,
    "item": _item,
    "binary": _sum,
    "call": _call,
    "compare": _compare,
    "and": _joined,
    "or": _joined,
}


def shortened(body: list[Node]) -> list[Node]:
    """Return statements with shorter expressions."""
    return [mapped(node, shorter) for node in body]
