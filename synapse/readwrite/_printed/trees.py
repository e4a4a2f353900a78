"""Walk over typed trees."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..._typing import Ints
from ...engine.language.memory import STORE
from ...engine.language.program import Instance
from ...engine.language.tree import Node, TableLayout
from ...engine.schema import DESTINATIONS
from .optimizing import UPDATES


def runs_of(numbers: Ints) -> list[tuple[int, int]]:
    """Return the runs of consecutive numbers among ascending numbers, each by its first
    number and its length.

    >>> runs_of(np.array([2, 3, 4, 8]))
    [(2, 3), (8, 1)]
    """
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    return [(int(run[0]), len(run)) for run in runs if len(run)]


def parts_of(node: Node) -> list[Node]:
    """Return the expressions within an expression, or a statement."""
    parts: list[Node] = []
    for part in node.parts:
        if part.__class__ is Node:
            parts.append(part)
        elif isinstance(part, tuple):
            parts += [item for item in part if item.__class__ is Node]
    return parts


def within(node: Node) -> list[Node]:
    """Return an expression and all in it, each before its parts."""
    nodes = []
    left = [node]
    while left:
        node = left.pop()
        nodes.append(node)
        if node.parts:
            left += reversed(parts_of(node))
    return nodes


def statements_in(body: list[Node]) -> list[Node]:
    """Return statements, each before the statements in it."""
    nodes = []
    for node in body:
        nodes.append(node)
        for part in node.parts:
            if part.__class__ is list:
                nodes += statements_in(part)
    return nodes


def expressions(body: list[Node]) -> list[Node]:
    """Return all expressions in statements, including nested statements."""
    return [
        inner
        for node in statements_in(body)
        for part in parts_of(node)
        for inner in within(part)
    ]


def expressions_of(instance: Instance) -> list[Node]:
    """Return all expressions of a function, whose body is walked once."""
    if instance.walked[0] is not instance.body:
        instance.walked = instance.body, expressions(instance.body)
    return instance.walked[1]


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return an expression or a statement with its expressions changed from the inside
    out, or the same object if none changes.
    """
    made: list[Any] = []
    for place, part in enumerate(node.parts):
        if part.__class__ is Node:
            new: Any = change(mapped(part, change))
        elif isinstance(part, tuple | list) and part:
            new = _mapped_items(part, change)
        else:
            continue
        if new is not part:
            made = made or [*node.parts]
            made[place] = new
    return node._replace(parts=tuple(made)) if made else node


def _mapped_items(items: Any, change: Callable[[Node], Node]) -> Any:
    """Return the items of a tuple, or the statements of a block, changed."""
    if isinstance(items, list):
        made: Any = [mapped(item, change) for item in items]
    elif items[0].__class__ is Node:
        made = tuple([change(mapped(item, change)) for item in items])
    else:
        return items
    return items if all(map(operator.is_, made, items)) else made


def with_blocks(node: Node, change: Callable[[list[Node]], list[Node]]) -> Node:
    """Return a statement with the statements in it changed."""
    if not any(part.__class__ is list for part in node.parts):
        return node
    parts = (change(part) if part.__class__ is list else part for part in node.parts)
    return node._replace(parts=tuple(parts))


def substituted(node: Node, values: dict[str, Node]) -> Node:
    """Return an expression with values in place of variables."""
    change = _substitution(values)
    return change(mapped(node, change))


def substituted_in(body: list[Node], values: dict[str, Node]) -> list[Node]:
    """Return statements with values in place of variables."""
    change = _substitution(values)
    return [mapped(node, change) for node in body] if values else body


def _substitution(values: dict[str, Node]) -> Callable[[Node], Node]:
    def change(node: Node) -> Node:
        return values.get(node.parts[0], node) if node.form == "variable" else node

    return change


def variables_in(node: Node) -> list[str]:
    """Return the names of the variables that an expression reads."""
    return variables_of(within(node))


def variables_of(nodes: list[Node]) -> list[str]:
    """Return the names of the variables among some expressions."""
    return [node.parts[0] for node in nodes if node.form == "variable"]


def names_set(body: list[Node]) -> list[str]:
    """Return the names of the variables that statements set, or count in loops."""
    sets = (node for node in statements_in(body) if node.form in ("set", "for"))
    return [node.parts[0] for node in sets]


def is_literal(node: Node, value: float) -> bool:
    """Return whether an expression is this number."""
    return node.form == "literal" and node.parts[0] == value


def is_pure(node: Node) -> bool:
    """Return whether an expression has no effect."""
    return not any(
        inner.form == "call" and inner.parts[0].has_effects for inner in within(node)
    )


def has_effects(instance: Instance) -> bool:
    """Return whether a function changes something, if this is known for its callees."""
    return any(node.form == "store" for node in statements_in(instance.body)) or any(
        callee.has_effects for callee in called_by(instance)
    )


def column_name(column: Node) -> str | None:
    """Return a column's name in the program for columns of a store, a plan or an
    optimizer, and None for other columns. Destinations are the columns themselves,
    except for an optimizer.
    """
    if column.form != "column":
        return None
    bundle, name, _ = column.parts
    return name_in_program(bundle.kind.layout, name)


def name_in_program(layout: TableLayout, name: str) -> str:
    """Return the name in a program for a column of a layout."""
    if layout is STORE:
        return DESTINATIONS.get(name, name)
    return name if layout is UPDATES else f"{layout}.{name}"


def called_by(instance: Instance) -> list[Instance]:
    """Return the functions that a function calls, once for each call."""
    nodes = expressions_of(instance)
    return [node.parts[0] for node in nodes if node.form == "call"]


def reached_by(roots: list[Instance]) -> list[Instance]:
    """Return functions and all functions that they call, callees first."""
    done: dict[Instance, None] = {}

    def visit(instance: Instance) -> None:
        if instance not in done:
            for callee in called_by(instance):
                visit(callee)
            done[instance] = None

    for root in roots:
        visit(root)
    return list(done)
