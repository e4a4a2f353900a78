"""Walks over typed trees."""

from __future__ import annotations

import operator
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import Any

import numpy as np

from ..._typing import Ints
from ...engine.language.memory import STORE
from ...engine.language.program import Instance
from ...engine.language.tree import Node, TableLayout
from ...engine.schema import DESTINATIONS
from .fixed_numbers import FIXED
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


def within(*nodes: Node) -> list[Node]:
    """Return expressions or statements and all in them, each before its parts.

    Passes call this for whole functions, and therefore it is one loop.
    """
    found = []
    left = [*reversed(nodes)]
    while left:
        node = left.pop()
        found.append(node)
        for part in reversed(node.parts):
            if part.__class__ is Node:
                left.append(part)
            elif isinstance(part, tuple | list):
                left += [item for item in reversed(part) if item.__class__ is Node]
    return found


def by_form(nodes: list[Node]) -> defaultdict[str, list[Node]]:
    """Return nodes by their form."""
    forms = defaultdict(list)
    for node in nodes:
        forms[node.form].append(node)
    return forms


class WalkedBody:
    """All nodes of a function's body, by their form, the functions that it calls, and
    how often each variable is read, and set or counted by a loop.
    """

    def __init__(self, body: list[Node]) -> None:
        self.body = body
        self.forms = by_form(within(*body))
        self.calls = names_of(self.forms["call"])
        self.reads = Counter(names_of(self.forms["variable"]))
        self.sets = Counter(names_of(self.forms["set"] + self.forms["for"]))

    @cached_property
    def columns_read(self) -> set[str]:
        """The columns that are read for another purpose than changing themselves."""
        counts = Counter(map(column_name, self.forms["column"]))
        for node in self.forms["store"]:
            column, _, value = node.parts
            counts.subtract(map(column_name, by_form(within(column))["column"]))
            itself = column_name(column)
            names = [*map(column_name, by_form(within(value))["column"])]
            counts[itself] -= names.count(itself)
        return {name for name, count in counts.items() if name and count > 0}


def walked(instance: Instance) -> WalkedBody:
    """Return the walk over a function, whose body is walked once."""
    if instance.walk is None or instance.walk.body is not instance.body:
        instance.walk = WalkedBody(instance.body)
    return instance.walk


def forms_of(instance: Instance) -> defaultdict[str, list[Node]]:
    """Return all nodes of a function by their form."""
    return walked(instance).forms


LEAVES = {"variable", "literal", "known"}
Rules = Mapping[str, Callable[[Node], Node]]
"""Functions that replace nodes, by the form of these nodes."""


def mapped(node: Node, rules: Rules) -> Node:
    """Return an expression or a statement with rules applied to all nodes from the
    inside out, or the same object if none changes.
    """
    made: list[Any] = []
    for place, part in enumerate(node.parts):
        if part.__class__ is Node:
            is_same = part.form in LEAVES and part.form not in rules
            new: Any = part if is_same else mapped(part, rules)
        elif part.__class__ in (tuple, list) and part and part[0].__class__ is Node:
            new = [mapped(item, rules) for item in part]
            new = part if all(map(operator.is_, new, part)) else part.__class__(new)
        else:
            continue
        if new is not part:
            made = made or [*node.parts]
            made[place] = new
    if made:
        node = Node(node.form, node.kind, tuple(made))
    return rules[node.form](node) if node.form in rules else node


def mapped_in(body: list[Node], rules: Rules) -> list[Node]:
    """Return statements with rules applied, or the same object if none changes."""
    return same_or([mapped(node, rules) for node in body], body)


def same_or(made: list[Node], body: list[Node]) -> list[Node]:
    """Return the body if it has the same statements."""
    is_same = len(made) == len(body) and all(map(operator.is_, made, body))
    return body if is_same else made


def rebuilt(body: list[Node], change: Callable[[Node], list[Node]]) -> list[Node]:
    """Return statements, each replaced by some, after the statements in it."""
    made: list[Node] = []
    for node in body:
        made += change(with_blocks(node, lambda block: rebuilt(block, change)))
    return same_or(made, body)


def with_blocks(node: Node, change: Callable[[list[Node]], list[Node]]) -> Node:
    """Return a statement with the statements in it changed."""
    if node.form not in ("if", "for", "while"):
        return node
    made = [*node.parts]
    for place, part in enumerate(made):
        if part.__class__ is list:
            made[place] = change(part)
    is_same = all(map(operator.is_, made, node.parts))
    return node if is_same else Node(node.form, node.kind, tuple(made))


def replacing(values: Mapping[str, Node]) -> Rules:
    """Return the rule that puts values in place of variables."""
    return {"variable": lambda leaf: values.get(leaf.parts[0], leaf)}


def variables_in(*nodes: Node) -> list[str]:
    """Return the names of the variables that expressions or statements read."""
    return [node.parts[0] for node in within(*nodes) if node.form == "variable"]


def names_of(nodes: list[Node]) -> list[Any]:
    """Return the names of variables, or those that statements set or count by, or the
    functions of calls.
    """
    return [node.parts[0] for node in nodes]


def is_literal(node: Node, value: float) -> bool:
    """Return whether an expression is this number."""
    return node.form == "literal" and node.parts[0] == value


def is_pure(node: Node) -> bool:
    """Return whether an expression has no effect."""
    for inner in within(node):
        if inner.form == "call" and inner.parts[0].has_effects:
            return False
    return True


def has_effects(instance: Instance) -> bool:
    """Return whether a function changes something, if this is known for its callees."""
    callees = called_by(instance)
    return bool(forms_of(instance)["store"]) or any(c.has_effects for c in callees)


def column_name(column: Node) -> str | None:
    """Return a column's name in the program for columns of a store, a plan or an
    optimizer, and None for other columns. Destinations are the columns themselves,
    except for an optimizer.
    """
    if column.form != "column":
        return None
    bundle, name, _ = column.parts
    return name_in_program(bundle.kind.layout, name)


@cache
def name_in_program(layout: TableLayout, name: str) -> str:
    """Return the name in a program for a column of a layout."""
    if layout is STORE:
        return DESTINATIONS.get(name, name)
    return name if layout in (UPDATES, FIXED) else f"{layout}.{name}"


def called_by(instance: Instance) -> list[Instance]:
    """Return the functions that a function calls, once for each call."""
    return walked(instance).calls


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
