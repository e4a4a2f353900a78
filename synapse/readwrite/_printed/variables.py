"""Variables of typed programs: without those that only the translator needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ...engine.language.kinds import INT, ColumnKind, TupleKind
from ...engine.language.program import Instance
from ...engine.language.tree import Node, statement
from .shorter import MAX_COPIED, items_of
from .trees import (
    expressions,
    expressions_of,
    is_pure,
    mapped,
    parts_of,
    statements_in,
    substituted,
    substituted_in,
    variables_in,
    with_blocks,
    within,
)


def substitute(instance: Instance) -> None:
    """Write what variables stand for in their place: other variables, numbers, columns,
    short sums, and what is read once, in the next statement.
    """
    _split(instance)
    sets = _sets_of(instance)
    values = _copied_values(instance, sets)
    for name in values:
        values[name] = _resolved(values[name], values)
    _rename(instance, values)
    instance.body = substituted_in(instance.body, values)
    reads = Counter(_variables_of(expressions_of(instance)))
    instance.body = _joined(instance.body, reads, sets)
    _count_by_names(instance)


def _sets_of(instance: Instance) -> Counter[str]:
    return Counter(
        node.parts[0]
        for node in statements_in(instance.body)
        if node.form in ("set", "for")
    )


def _variables_of(nodes: list[Node]) -> list[str]:
    return [node.parts[0] for node in nodes if node.form == "variable"]


def _is_made(name: str) -> bool:
    """Return whether the translator made a variable."""
    return "." in name


# --- what a variable stands for


def _copied_values(instance: Instance, sets: Counter[str]) -> dict[str, Node]:
    """Return the values of variables that are written in their place."""
    parameters = {name for name, _ in instance.parameters}
    loops = Counter(
        node.parts[0] for node in statements_in(instance.body) if node.form == "for"
    )
    still = {name for name in parameters if not sets[name]}
    still |= {name for name, count in sets.items() if count in (1, loops[name])}
    still -= {name for name in parameters if sets[name]}
    return {
        name: value
        for node in statements_in(instance.body)
        if node.form == "set"
        for name, value in [node.parts]
        if sets[name] == 1 and _is_still(value, still) and _may_be_copied(name, value)
    }


def _resolved(value: Node, values: dict[str, Node]) -> Node:
    """Return a value in which no variable stands for another value."""
    while any(name in values for name in variables_in(value)):
        value = substituted(value, values)
    return value


def _is_still(value: Node, still: set[str]) -> bool:
    """Return whether an expression always has the same value in its function."""
    if value.form == "variable":
        return value.parts[0] in still
    if value.form in ("literal", "known", "column"):
        return True
    forms = ("binary", "hidden", "tuple", "item", "cast", "choice", "compare")
    return value.form in forms and all(
        _is_still(part, still) for part in parts_of(value)
    )


def _may_be_copied(name: str, value: Node) -> bool:
    if value.form in ("variable", "literal", "known", "column", "tuple", "item"):
        return True
    if any(isinstance(kind, ColumnKind) for kind in items_of(value.kind)):
        return value.form in ("choice", "hidden")
    size = sum(inner.form == "binary" for inner in within(value))
    return _is_made(name) and value.kind == INT and size <= MAX_COPIED


def _rename(instance: Instance, values: dict[str, Node]) -> None:
    """Give variables of the translator the names of their copies."""
    names: dict[str, str] = {}
    for name, value in values.items():
        made = value.parts[0] if value.form == "variable" else ""
        if made in instance.locals and _is_made(made) and not _is_made(name):
            names.setdefault(made, name)
    if not names:
        return
    for made, name in names.items():
        instance.locals[name] = instance.locals.pop(made)
        del values[name]

    def renamed(node: Node) -> Node:
        if node.form == "variable" and node.parts[0] in names:
            return node._replace(parts=(names[node.parts[0]],))
        return node

    def of_statement(node: Node) -> Node:
        node = with_blocks(node, lambda body: [of_statement(inner) for inner in body])
        if node.form in ("set", "for") and node.parts[0] in names:
            node = node._replace(parts=(names[node.parts[0]], *node.parts[1:]))
        return node

    instance.body = [of_statement(mapped(node, renamed)) for node in instance.body]
    values |= {name: mapped(renamed(value), renamed) for name, value in values.items()}


# --- tuples


def _split(instance: Instance) -> None:
    """Hold the items of a tuple in variables of their own."""
    sets: dict[str, list[Node]] = {}
    for node in statements_in(instance.body):
        if node.form == "set":
            sets.setdefault(node.parts[0], []).append(node.parts[1])
    whole = {
        name
        for node in statements_in(instance.body)
        for part in parts_of(node)
        for name in _read_as_a_whole(part)
    }
    names = {
        name
        for name, values in sets.items()
        if name not in whole and all(_is_divisible(name, value) for value in values)
    }
    if not names:
        return

    def change(node: Node) -> Node:
        if node.form == "item" and node.parts[0].form == "variable":
            (name,), place = node.parts[0].parts, node.parts[1]
            if name in names:
                return Node("variable", node.kind, (f"{name}.{place}",))
        return node

    body = [mapped(node, change) for node in instance.body]
    instance.body = _divided(instance, body, names)


def _divided(instance: Instance, body: list[Node], names: set[str]) -> list[Node]:
    made: list[Node] = []
    for node in body:
        node = with_blocks(node, lambda block: _divided(instance, block, names))
        if node.form != "set" or node.parts[0] not in names:
            made.append(node)
            continue
        for place, item in enumerate(node.parts[1].parts):
            name = f"{node.parts[0]}.{place}"
            instance.locals[name] = item.kind
            made.append(statement("set", name, item))
    return made


def _is_divisible(name: str, value: Node) -> bool:
    """Return whether each item of a tuple needs at most itself before."""
    return value.form == "tuple" and all(
        inner.parts[1] == place
        for place, item in enumerate(value.parts)
        for inner in within(item)
        if inner.form == "item" and inner.parts[0].parts == (name,)
    )


def _read_as_a_whole(node: Node) -> Iterator[str]:
    """Yield the variables of which an expression reads more than an item."""
    if node.form == "variable":
        yield node.parts[0]
    if node.form == "item" and node.parts[0].form == "variable":
        return
    for part in parts_of(node):
        yield from _read_as_a_whole(part)


# --- what is read once


def _joined(body: list[Node], reads: Counter[str], sets: Counter[str]) -> list[Node]:
    """Put what is computed for the next statement alone into it."""
    made: list[Node] = []
    for node in body:
        node = with_blocks(node, lambda block: _joined(block, reads, sets))
        while made and _is_for(made[-1], node, reads, sets):
            name, value = made.pop().parts
            parts = tuple(
                substituted(part, {name: value}) if isinstance(part, Node) else part
                for part in node.parts
            )
            node = node._replace(parts=parts)
        made.append(node)
    return made


def _is_for(before: Node, node: Node, reads: Counter[str], sets: Counter[str]) -> bool:
    """Return whether a statement gives a variable its value for the next one alone."""
    if before.form != "set":
        return False
    name, value = before.parts
    if not reads[name] == sets[name] == 1:
        return False
    if isinstance(value.kind, TupleKind) and node.form != "return":
        return False
    if not _is_made(name) and node.form != "return":
        return False
    if not is_pure(value):  # nothing else may be read before it
        of_value = node.form in ("return", "set", "if", "do")
        return of_value and parts_of(node)[:1] == [before_of(name, value)]
    return any(
        name in variables_in(part) and is_pure_but_for_itself(part)
        for part in parts_of(node)
    )


def before_of(name: str, value: Node) -> Node:
    """Return the variable of a value."""
    return Node("variable", value.kind, (name,))


def is_pure_but_for_itself(node: Node) -> bool:
    """Return whether nothing in an expression has an effect; a call itself may, after
    its arguments.
    """
    return all(map(is_pure, parts_of(node)))


# --- loops


def _count_by_names(instance: Instance) -> None:
    """Make loops count by variables of the kernel: where they begin with ``name =
    counter``.
    """
    loops: dict[str, list[Node]] = {}
    for node in statements_in(instance.body):
        if node.form == "for" and node.parts[-1]:
            begin = node.parts[-1][0]
            counter = Node("variable", INT, (node.parts[0],))
            if begin.form == "set" and begin.parts[1] == counter:
                loops.setdefault(begin.parts[0], []).append(node)
    reads = Counter(_variables_of(expressions_of(instance)))
    sets = _sets_of(instance)
    for name, counted in loops.items():
        inside = sum(
            Counter(_variables_of(expressions(loop.parts[-1])))[name]
            for loop in counted
        )
        counters = [loop.parts[0] for loop in counted]
        is_own = all(reads[counter] == sets[counter] == 1 for counter in counters)
        if is_own and reads[name] == inside and sets[name] == len(counted):
            instance.body = _counted_by(instance.body, name, {*counters})


def _counted_by(body: list[Node], name: str, counters: set[str]) -> list[Node]:
    made = []
    for node in body:
        node = with_blocks(node, lambda block: _counted_by(block, name, counters))
        if node.form == "for" and node.parts[0] in counters:
            node = node._replace(parts=(name, *node.parts[1:-1], node.parts[-1][1:]))
        made.append(node)
    return made
