"""What nobody reads in typed programs: statements, variables, columns, parameters and
results.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ...engine.language.kinds import (
    BOOL,
    NOTHING,
    BundleKind,
    KnownKind,
    TupleKind,
)
from ...engine.language.memory import SPAN_COLUMN
from ...engine.language.program import Instance
from ...engine.language.tree import Node, statement
from .shorter import shorter
from .trees import (
    called_by,
    column_name,
    expressions_of,
    is_pure,
    mapped,
    parts_of,
    statements_in,
    variables_in,
    with_blocks,
    within,
)

# --- statements


def columns_read(instances: list[Instance]) -> Iterator[str]:
    """Yield the columns that are read for something else than themselves."""
    for instance in instances:
        for node in statements_in(instance.body):
            parts = list(parts_of(node))
            itself = column_name(parts.pop(0)) if node.form == "store" else None
            for place, part in enumerate(parts):
                for inner in within(part):
                    name = column_name(inner)
                    if name and (name != itself or place == 0):
                        yield name


def sweep(instance: Instance, read: set[str]) -> None:
    """Remove statements without an effect, and variables that only change themselves.
    `read` are the columns that are read.
    """
    names = {
        name
        for node in statements_in(instance.body)
        for part in parts_of(node)
        for name in variables_in(part)
        if node.form != "set" or name != node.parts[0]
    }
    instance.body = _swept(instance.body, names, read)
    used = names | {n.parts[0] for n in statements_in(instance.body) if n.form == "for"}
    instance.locals = {
        name: kind for name, kind in instance.locals.items() if name in used
    }


def _swept(body: list[Node], names: set[str], read: set[str]) -> list[Node]:
    kept: list[Node] = []
    for node in body:
        node = with_blocks(
            _for_its_effect(node, names, read), lambda block: _swept(block, names, read)
        )
        if node.form == "if" and not node.parts[1]:
            test, then, other = node.parts
            node = statement("if", shorter(Node("not", BOOL, (test,))), other, then)
        if not _is_idle(node):
            kept.append(node)
        if node.form in ("return", "break", "continue"):
            break
    return kept


def _for_its_effect(node: Node, names: set[str], read: set[str]) -> Node:
    """Return a statement, or its value alone if the written place is not read."""
    if node.form == "set":
        name, value = node.parts
        is_itself = value.form == "variable" and value.parts[0] == name
        is_instance = isinstance(value.kind, BundleKind) or value.form == "data"
        if is_itself or is_instance or name not in names:
            return statement("do", value)
    if node.form == "store":
        column, _, value = node.parts
        name = column_name(column)
        if name is not None and name not in read:
            return statement("do", value)
    return node


def _is_idle(node: Node) -> bool:
    """Return whether a statement does nothing."""
    if node.form == "do":
        return is_pure(node.parts[0])
    if node.form == "if":
        return not node.parts[1] and not node.parts[2]
    return node.form == "for" and not node.parts[-1]


# --- parameters


def drop_parameters(instances: list[Instance], roots: list[Instance]) -> None:
    """Remove unread parameters, with the arguments of calls."""
    wanted: dict[Instance, list[bool]] = {}
    for instance in instances:
        names = {
            node.parts[0]
            for node in expressions_of(instance)
            if node.form == "variable"
        }
        wanted[instance] = [
            not isinstance(kind, BundleKind | KnownKind)
            and kind != SPAN_COLUMN
            and (name in names or instance in roots)
            for name, kind in instance.parameters
        ]

    def change(node: Node) -> Node:
        if node.form != "call" or node.parts[0] not in wanted:
            return node
        instance, arguments = node.parts
        chosen = zip(arguments, wanted[instance], strict=True)
        return node._replace(parts=(instance, tuple(a for a, keep in chosen if keep)))

    narrowed = {instance for instance in instances if not all(wanted[instance])}
    for instance in instances:
        if not narrowed.isdisjoint(called_by(instance)):
            instance.body = [mapped(node, change) for node in instance.body]
    for instance in narrowed:
        chosen = zip(instance.parameters, wanted[instance], strict=True)
        instance.parameters = [parameter for parameter, keep in chosen if keep]


# --- results


def narrow_results(instances: list[Instance], roots: list[Instance]) -> None:
    """Change functions to return what their callers read: nothing, or one item."""
    used: dict[Instance, set[int | None]] = {instance: set() for instance in instances}
    for instance in instances:
        for callee, place in _results_read(instance):
            used[callee].add(place)
    callers: dict[Instance, list[Instance]] = {}
    for instance in instances:
        for callee in {*called_by(instance)}:
            callers.setdefault(callee, []).append(instance)
    for instance in instances:
        if instance in roots or instance.result == NOTHING:
            continue
        places = used[instance]
        is_tuple = isinstance(instance.result, TupleKind)
        if not places:
            _return_only(callers.get(instance, []), instance, None)
        elif is_tuple and len(places) == 1 and None not in places:
            _return_only(callers.get(instance, []), instance, *places)


def _results_read(instance: Instance) -> Iterator[tuple[Instance, int | None]]:
    """Yield the functions whose results are read, and which item; None: all."""
    sets = Counter(
        node.parts[0] for node in statements_in(instance.body) if node.form == "set"
    )
    callees: dict[str, Instance] = {}
    for node in statements_in(instance.body):
        for part in parts_of(node):
            is_held = node.form == "set" and sets[node.parts[0]] == 1
            if part.form == "call" and (is_held or node.form == "do"):
                if is_held:
                    callees[node.parts[0]] = part.parts[0]
                for argument in parts_of(part):
                    yield from _items_read(argument, callees)
            else:
                yield from _items_read(part, callees)


def _items_read(
    node: Node, callees: dict[str, Instance]
) -> Iterator[tuple[Instance, int | None]]:
    place: Any = None
    values = node
    if node.form == "item":
        values, place = node.parts
    if values.form == "variable" and values.parts[0] in callees:
        yield callees[values.parts[0]], place
        return
    if values.form == "call":
        yield values.parts[0], place
    for part in parts_of(values if values.form == "call" else node):
        yield from _items_read(part, callees)


def _return_only(
    callers: list[Instance], narrowed: Instance, place: int | None
) -> None:
    """Change a function to return one item of its result, or nothing."""
    kind = NOTHING if place is None else narrowed.result.items[place]

    def returned(body: list[Node]) -> list[Node]:
        made: list[Node] = []
        for node in body:
            node = with_blocks(node, returned)
            if node.form != "return":
                made.append(node)
                continue
            (value,) = node.parts
            if place is not None:
                value = shorter(Node("item", kind, (value, place)))
            elif value is not None and not is_pure(value):
                made.append(statement("do", value))  # it has an effect all the same
            made.append(statement("return", None if place is None else value))
        return made

    body = returned(narrowed.body)
    if place is None and body and body[-1].form == "return":
        body.pop()
    narrowed.body = body
    narrowed.result = kind
    for caller in callers:
        _read_only(caller, narrowed, kind)


def _read_only(caller: Instance, narrowed: Instance, kind: Any) -> None:
    """Change a function to read the only result of another one."""
    names = {
        node.parts[0]
        for node in statements_in(caller.body)
        if node.form == "set"
        and node.parts[1].form == "call"
        and node.parts[1].parts[0] is narrowed
    }

    def is_result(node: Node) -> bool:
        if node.form == "call":
            return node.parts[0] is narrowed
        return node.form == "variable" and node.parts[0] in names

    def change(node: Node) -> Node:
        if is_result(node):
            return node._replace(kind=kind)
        if node.form == "item" and is_result(node.parts[0]):
            return node.parts[0]
        return node

    for name in names:
        caller.locals[name] = kind
    caller.body = [mapped(node, change) for node in caller.body]
