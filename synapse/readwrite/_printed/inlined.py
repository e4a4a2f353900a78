"""Typed programs for people: short functions in place of their only call, columns in
place of parameters, loops of one turn without a loop.
"""

from __future__ import annotations

from collections import Counter

from ...engine.language.kinds import NOTHING, BundleKind, ColumnKind, KnownKind
from ...engine.language.program import Instance
from ...engine.language.tree import Node, statement
from .trees import (
    called_by,
    expressions_of,
    is_pure,
    mapped,
    parts_of,
    statements_in,
    substituted_in,
    variables_in,
    with_blocks,
)

MAX_INLINED = 3
"""Statements of a function that is written in place of its only call."""


def without_overwritten(body: list[Node]) -> list[Node]:
    """Return statements without values that variables lose before they are read."""
    made: list[Node] = []
    for node in reversed(body):
        node = with_blocks(node, without_overwritten)
        if node.form != "set" or not is_pure(node.parts[1]):
            made.append(node)
            continue
        name = node.parts[0]
        later = next((n for n in reversed(made) if _mentions(n, name)), None)
        if later is None or later.form != "set" or name in variables_in(later.parts[1]):
            made.append(node)
    return made[::-1]


def _mentions(node: Node, name: str) -> bool:
    """Return whether a statement, or one in it, reads or sets a variable, or leaves."""
    return any(
        inner.form in ("break", "continue")
        or (inner.form in ("set", "for") and inner.parts[0] == name)
        or any(name in variables_in(part) for part in parts_of(inner))
        for inner in statements_in([node])
    )


# --- loops of one turn, functions that are called once


def unloop(body: list[Node]) -> list[Node]:
    """Return statements without loops of one turn."""
    made: list[Node] = []
    for node in body:
        node = with_blocks(node, unloop)
        if node.form == "for" and _turns(node) == 1 and not _is_left(node.parts[-1]):
            name, low, *_, inner = node.parts
            made.append(statement("set", name, low))
            made += substituted_in(inner, {name: low})
        else:
            made.append(node)
    return made


def _turns(loop: Node) -> int | None:
    _, low, high, step, body = loop.parts
    bounds = [bound.parts[0] for bound in (low, high, step) if bound.form == "literal"]
    changes = any(
        node.form in ("set", "for") and node.parts[0] == loop.parts[0]
        for node in statements_in(body)
    )
    return None if changes or len(bounds) < 3 else len(range(*bounds))


def _is_left(body: list[Node]) -> bool:
    return any(node.form in ("break", "continue") for node in statements_in(body))


def inline_calls(instances: list[Instance], roots: list[Instance]) -> None:
    """Write the statements of short functions that are called once in place of the
    call.
    """
    counts = Counter(callee for instance in instances for callee in called_by(instance))
    short = {
        instance
        for instance in instances
        if counts[instance] == 1 and instance not in roots and _is_short(instance)
    }
    for instance in instances:
        if not short.isdisjoint(called_by(instance)):
            instance.body = _inlined(instance, instance.body, short)


def _is_short(instance: Instance) -> bool:
    """Return whether a function has few statements, and returns only at its end."""
    statements = [node.form for node in statements_in(instance.body)]
    if "return" not in statements:
        return instance.result == NOTHING and len(statements) <= MAX_INLINED
    is_last = instance.body[-1].form == "return" and statements.count("return") == 1
    is_value = is_last and not instance.has_effects
    return is_value and 1 < len(statements) <= MAX_INLINED + 2


def _inlined(caller: Instance, body: list[Node], short: set[Instance]) -> list[Node]:
    made: list[Node] = []
    for node in body:
        node = with_blocks(node, lambda block: _inlined(caller, block, short))
        call = _call_of(node, short) if node.form != "while" else None
        if call is None:
            made.append(node)
            continue
        callee, arguments = call.parts
        taken = {name for name, _ in caller.parameters} | {*caller.locals}
        passed = {name for name, _ in callee.parameters}
        kinds = dict(callee.parameters) | callee.locals
        names = {
            name: _free(f"{name}.0" if name in passed else name, taken)
            for name in kinds
        }
        for (name, kind), argument in zip(callee.parameters, arguments, strict=True):
            if not isinstance(kind, BundleKind | KnownKind):
                caller.locals[names[name]] = kind
                made.append(statement("set", names[name], argument))
        for name, kind in callee.locals.items():
            caller.locals[names[name]] = kind
        made += [_renamed(inner, names) for inner in callee.body]
        if made[-1].form == "return":
            (value,) = made.pop().parts
            parts = (
                _replaced(part, call, value) if isinstance(part, Node) else part
                for part in node.parts
            )
            made.append(node._replace(parts=tuple(parts)))
    return made


def _call_of(node: Node, short: set[Instance]) -> Node | None:
    """Return a call of one of some functions that is made whenever a statement is."""
    for part in parts_of(node):
        if part.form == "call" and part.parts[0] in short:
            return part
        is_lazy = part.form in ("choice", "and", "or", "call")
        if not is_lazy and (found := _call_of(part, short)) is not None:
            return found
    return None


def _replaced(node: Node, call: Node, value: Node) -> Node:
    def change(part: Node) -> Node:
        return value if part is call else part

    return change(mapped(node, change))


def _free(name: str, taken: set[str]) -> str:
    number = 0
    free = name
    while free in taken:
        number += 1
        free = f"{name}.{number}"
    taken.add(free)
    return free


def _renamed(node: Node, names: dict[str, str]) -> Node:
    def change(part: Node) -> Node:
        if part.form == "variable":
            (name,) = part.parts
            return part._replace(parts=(names.get(name, name),))
        return part

    def of_statement(inner: Node) -> Node:
        inner = with_blocks(inner, lambda body: [*map(of_statement, body)])
        if inner.form in ("set", "for"):
            name, *others = inner.parts
            inner = inner._replace(parts=(names[name], *others))
        return inner

    return of_statement(mapped(node, change))


# --- columns


def bind_columns(instances: list[Instance]) -> None:
    """Name columns in the functions that always get the same ones."""
    passed: dict[tuple[Instance, str], set[Node]] = {}
    for instance in instances:
        for node in expressions_of(instance):
            if node.form == "call":
                callee, arguments = node.parts
                for (name, kind), argument in zip(
                    callee.parameters, arguments, strict=True
                ):
                    if isinstance(kind, ColumnKind):
                        passed.setdefault((callee, name), set()).add(argument)
    for instance in instances:
        bound = {}
        for name, _ in instance.parameters:
            column, *others = passed.get((instance, name), {None})
            if column is not None and column.form == "column" and not others:
                bound[name] = column
        if bound:
            instance.body = substituted_in(instance.body, bound)
