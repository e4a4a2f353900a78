"""Walks over typed trees."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..._typing import Ints
from ...engine.language.kinds import TableLayout
from ...engine.language.memory import STORE
from ...engine.language.program import Instance
from ...engine.language.tree import Node
from ...engine.schema import DESTINATIONS
from .optimizing import UPDATES


def runs_of(numbers: Ints) -> list[tuple[int, int]]:
    """Return the runs of consecutive numbers among ascending ones: the first of each,
    and how many there are.

    >>> runs_of(np.array([2, 3, 4, 8]))
    [(2, 3), (8, 1)]
    """
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    return [(int(run[0]), len(run)) for run in runs if len(run)]


def parts_of(node: Node) -> Iterator[Node]:
    """Yield the expressions within an expression, or a statement."""
    for part in node.parts:
        if isinstance(part, Node):
            yield part
        elif isinstance(part, tuple):
            yield from (item for item in part if isinstance(item, Node))


def within(node: Node) -> Iterator[Node]:
    """Yield an expression and all in it."""
    yield node
    for part in parts_of(node):
        yield from within(part)


def statements_in(body: list[Node]) -> Iterator[Node]:
    """Yield statements, and those in them."""
    for node in body:
        yield node
        for part in node.parts:
            if isinstance(part, list):
                yield from statements_in(part)


def expressions(body: list[Node]) -> Iterator[Node]:
    """Yield all expressions of statements, and of those in them."""
    for node in statements_in(body):
        for part in parts_of(node):
            yield from within(part)


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return an expression or a statement with its expressions changed, the innermost
    ones first.
    """
    parts = tuple([_mapped_part(part, change) for part in node.parts])
    is_same = all(map(operator.is_, parts, node.parts))
    return node if is_same else Node(node.form, node.kind, parts)


def _mapped_part(part: Any, change: Callable[[Node], Node]) -> Any:
    if isinstance(part, Node):
        return change(mapped(part, change))
    if not isinstance(part, tuple | list) or not part:
        return part
    if isinstance(part, list):
        made: Any = [mapped(item, change) for item in part]
    elif isinstance(part[0], Node):
        made = tuple([change(mapped(item, change)) for item in part])
    else:
        return part
    return part if all(map(operator.is_, made, part)) else made


def with_blocks(node: Node, change: Callable[[list[Node]], list[Node]]) -> Node:
    """Return a statement with the statements in it changed."""
    parts = (change(part) if isinstance(part, list) else part for part in node.parts)
    return node._replace(parts=tuple(parts))


def substituted(node: Node, values: dict[str, Node]) -> Node:
    """Return an expression with values in place of variables."""

    def change(inner: Node) -> Node:
        is_variable = inner.form == "variable"
        return values.get(inner.parts[0], inner) if is_variable else inner

    return change(mapped(node, change))


def substituted_in(body: list[Node], values: dict[str, Node]) -> list[Node]:
    """Return statements with values in place of variables."""
    return [mapped(node, lambda inner: substituted(inner, values)) for node in body]


def variables_in(node: Node) -> Iterator[str]:
    """Yield the names of the variables that an expression reads."""
    for inner in within(node):
        if inner.form == "variable":
            yield inner.parts[0]


def is_literal(node: Node, value: float) -> bool:
    """Return whether an expression is this number."""
    return node.form == "literal" and node.parts[0] == value


def is_pure(node: Node) -> bool:
    """Return whether an expression has no effect."""
    return all(
        inner.form != "call" or not has_effect(inner.parts[0]) for inner in within(node)
    )


def has_effect(instance: Instance) -> bool:
    """Return whether a function changes something."""
    return any(node.form == "store" for node in statements_in(instance.body)) or any(
        map(has_effect, called_by(instance))
    )


def column_name(column: Node) -> str | None:
    """Return the name in a program of a column of a store, a plan or an optimizer; None
    for another one. Destinations are the columns themselves, but for an optimizer.
    """
    if column.form != "column":
        return None
    bundle, name, _ = column.parts
    return name_in_program(bundle.kind.layout, name)


def name_in_program(layout: TableLayout, name: str) -> str:
    """Return the name in a program of a column of a layout."""
    if layout is STORE:
        return DESTINATIONS.get(name, name)
    return name if layout is UPDATES else f"{layout}.{name}"


def called_by(instance: Instance) -> Iterator[Instance]:
    """Yield the functions that a function calls."""
    for node in expressions(instance.body):
        if node.form == "call":
            yield node.parts[0]


def reached_by(roots: list[Instance]) -> list[Instance]:
    """Return functions and all those that they call, callees first."""
    done: dict[Instance, None] = {}

    def visit(instance: Instance) -> None:
        if instance not in done:
            for callee in called_by(instance):
                visit(callee)
            done[instance] = None

    for root in roots:
        visit(root)
    return list(done)
