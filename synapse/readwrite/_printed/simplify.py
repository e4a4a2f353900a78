"""Simplify typed programs for readers by removing unread results, and the variables
that only the translator needs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ...engine.language.memory import SPAN_COLUMN
from ...engine.language.program import Instance
from ...engine.language.python_numbers import COMPARED
from ...engine.language.tree import (
    BOOL,
    FLOATS,
    INT,
    NOTHING,
    BundleKind,
    ColumnKind,
    KnownKind,
    Node,
    TupleKind,
    literal,
    statement,
)
from .trees import (
    Rules,
    by_form,
    called_by,
    column_name,
    forms_of,
    has_effects,
    is_literal,
    is_pure,
    mapped,
    mapped_in,
    names_of,
    parts_of,
    reached_by,
    rebuilt,
    replacing,
    same_or,
    variables_in,
    walked,
    with_blocks,
    within,
)


def simplified(roots: list[Instance], kept: set[str]) -> list[Instance]:
    """Return functions and their callees, simplified.

    kept : columns read outside of the functions.
    """
    before: list[Any] = []
    seen: dict[Instance, Any] = {}
    while True:
        instances = reached_by(roots)
        after = [(i.parameters[:], i.body, i.result) for i in instances]
        if after == before:
            return instances
        before = after
        read = kept.union(*(walked(instance).columns_read for instance in instances))
        for instance in instances:
            depends_on = _depends_on(instance, read)
            if seen.get(instance) != depends_on:
                seen[instance] = depends_on
                instance.body = mapped_in(instance.body, SHORTER)
                unloop(instance)
                substitute(instance)
                sweep(instance, read)
            instance.has_effects = has_effects(instance)
        inline_calls(instances, roots)
        bind_columns(instances)
        drop_parameters(instances, roots)
        narrow_results(instances, roots)


def _depends_on(instance: Instance, read: set[str]) -> Any:
    """Return the values that determine the simple form of a function."""
    stores = forms_of(instance)["store"]
    unread = {column_name(node.parts[0]) for node in stores} - read
    callees = {
        callee: (callee.has_effects, callee.body if len(callee.body) == 1 else None)
        for callee in called_by(instance)
    }
    return instance.body, instance.parameters, unread, callees


# --- functions and loops, in place of calls -------------------------------------------


STATEMENTS = "set", "store", "do", "if", "for", "while", "return", "break", "continue"
MAX_INLINED = 3
"""Maximum number of statements in a function that is written in place of its only
call.
"""


def unloop(instance: Instance) -> None:
    """Remove loops of one turn or none, and values that are never read."""
    if forms_of(instance)["for"]:
        instance.body = rebuilt(instance.body, _unlooped)
    if max(walked(instance).sets.values(), default=0) > 1:
        instance.body = without_overwritten(instance.body)


def without_overwritten(body: list[Node]) -> list[Node]:
    """Return statements without values that variables lose before they are read.

    C requires this, because such a value may be of another kind than the next one.
    """
    made: list[Node] = []
    lost = set[str]()  # variables that are set before they are read
    for node in reversed(body):
        node = with_blocks(node, without_overwritten)
        name = node.parts[0] if node.form == "set" else None
        if name in lost and is_pure(node.parts[1]):
            continue
        made.append(node)
        inner = by_form(within(node))
        if inner["break"] or inner["continue"]:
            lost.clear()
        reads = {*names_of(inner["variable"])}
        lost -= reads.union(names_of(inner["set"] + inner["for"]))
        if name is not None and name not in reads:
            lost.add(name)
    return same_or(made[::-1], body)


# --- loops of one turn, functions that are called once


def _unlooped(node: Node) -> list[Node]:
    turns = _turns(node) if node.form == "for" else None
    if turns == 0:
        return []
    if turns == 1:
        name, low, *_, inner = node.parts
        return [statement("set", name, low), *mapped_in(inner, replacing({name: low}))]
    return [node]


def _turns(loop: Node) -> int | None:
    """Return the number of iterations of a loop, or None if the loop may change it or
    be left.
    """
    counter, low, high, step, body = loop.parts
    bounds = [bound.parts[0] for bound in (low, high, step) if bound.form == "literal"]
    if len(bounds) < 3:
        return None
    inner = by_form(within(*body))
    leaves = inner["break"] or inner["continue"]
    changes = counter in names_of(inner["set"] + inner["for"])
    return None if leaves or changes else len(range(*bounds))


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
    """Return whether a function has few statements, and returns only at its end. Users'
    functions are kept apart, because they compute with Python numbers.
    """
    forms = forms_of(instance)
    returns = forms["return"]
    count = sum(map(len, map(forms.__getitem__, STATEMENTS)))
    if not returns:
        return instance.result == NOTHING and count <= MAX_INLINED
    is_last = returns == instance.body[-1:]
    is_value = is_last and not instance.has_effects and not instance.options.of_user
    return is_value and 1 < count <= MAX_INLINED + 2


def _inlined(caller: Instance, body: list[Node], short: set[Instance]) -> list[Node]:
    def change(node: Node) -> list[Node]:
        call = _call_of(node, short) if node.form != "while" else None
        return [node] if call is None else _in_place(caller, node, call)

    return rebuilt(body, change)


def _in_place(caller: Instance, node: Node, call: Node) -> list[Node]:
    """Return a statement after the statements of a function that it calls."""
    callee, arguments = call.parts
    taken = {name for name, _ in caller.parameters} | {*caller.locals}
    passed = dict(callee.parameters)
    names = {
        name: _free(f"{name}.0" if name in passed else name, taken)
        for name in passed | callee.locals
    }
    made = []
    for (name, kind), argument in zip(callee.parameters, arguments, strict=True):
        if not isinstance(kind, BundleKind | KnownKind):
            caller.locals[names[name]] = kind
            made.append(statement("set", names[name], argument))
    for name, kind in callee.locals.items():
        caller.locals[names[name]] = kind
    made += mapped_in(callee.body, _renaming(names))
    if made[-1].form == "return":
        (value,) = made.pop().parts
        rules = {"call": lambda part: value if part is call else part}
        made.append(mapped(node, rules))
    return made


def _call_of(node: Node, short: set[Instance]) -> Node | None:
    """Return a call to one of these functions that is made whenever a statement
    runs.
    """
    for part in parts_of(node):
        if part.form == "call" and part.parts[0] in short:
            return part
        is_lazy = part.form in ("choice", "and", "or", "call")
        if not is_lazy and (found := _call_of(part, short)) is not None:
            return found
    return None


def _free(name: str, taken: set[str]) -> str:
    number = 0
    free = name
    while free in taken:
        number += 1
        free = f"{name}.{number}"
    taken.add(free)
    return free


def _renaming(names: dict[str, str]) -> Rules:
    """Return rules that give variables other names."""

    def change(node: Node) -> Node:
        name, *others = node.parts
        parts = names.get(name, name), *others
        return Node(node.form, node.kind, parts) if name in names else node

    return dict.fromkeys(("variable", "set", "for"), change)


# --- columns


def bind_columns(instances: list[Instance]) -> None:
    """Name columns in functions that always receive the same columns."""
    passed: dict[tuple[Instance, str], set[Node]] = {}
    for instance in instances:
        for node in forms_of(instance)["call"]:
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
            instance.body = mapped_in(instance.body, replacing(bound))


# --- variables that only the translator needs -----------------------------------------


def substitute(instance: Instance) -> None:
    """Replace variables by their values if these are other variables, numbers, columns,
    short sums, or values that are only read once, in the next statement.
    """
    _split(instance)
    sets = walked(instance).sets
    values = _copied_values(instance, sets)
    for name in values:
        values[name] = _resolved(values[name], values)
    _rename(instance, values)
    if values:
        instance.body = mapped_in(instance.body, replacing(values))
    reads = walked(instance).reads
    once = {name for name, count in reads.items() if count == sets[name] == 1}
    instance.body = _joined(instance.body, once)
    _count_by_names(instance)


def _is_made(name: str) -> bool:
    """Return whether the translator made a variable."""
    return "." in name


# --- the value of a variable


def _copied_values(instance: Instance, sets: Counter[str]) -> dict[str, Node]:
    """Return the values of variables that are written in their place."""
    parameters = {name for name, _ in instance.parameters}
    forms = forms_of(instance)
    loops = Counter(names_of(forms["for"]))
    still = {name for name in parameters if not sets[name]}
    still |= {name for name, count in sets.items() if count in (1, loops[name])}
    still -= {name for name in parameters if sets[name]}
    return {
        name: value
        for name, value in (node.parts for node in forms["set"])
        if sets[name] == 1
        and _is_still(value, still)
        and _may_be_copied(name, value, instance.options.of_user)
    }


def _resolved(value: Node, values: dict[str, Node]) -> Node:
    """Return a value in which no variable stands for another value."""
    while any(name in values for name in variables_in(value)):
        value = mapped(value, replacing(values))
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


def _may_be_copied(name: str, value: Node, of_user: bool) -> bool:
    if value.form in ("variable", "literal", "known", "column", "tuple", "item"):
        return True
    if any(isinstance(kind, ColumnKind) for kind in items_of(value.kind)):
        return value.form in ("choice", "hidden")
    size = sum(inner.form == "binary" for inner in within(value))
    is_index = value.kind == INT and not of_user
    return _is_made(name) and is_index and size <= MAX_COPIED


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
    rules = _renaming(names)
    instance.body = mapped_in(instance.body, rules)
    values |= {name: mapped(value, rules) for name, value in values.items()}


# --- tuples


def _split(instance: Instance) -> None:
    """Hold the items of a tuple in separate variables."""
    walk = walked(instance)
    sets: dict[str, list[Node]] = {}
    for node in walk.forms["set"]:
        name, value = node.parts
        if isinstance(value.kind, TupleKind):
            sets.setdefault(name, []).append(value)
    items = by_form([node.parts[0] for node in walk.forms["item"]])
    by_item = names_of(items["variable"])
    names = {
        name
        for name, values in sets.items()
        if walk.reads[name] == by_item.count(name)
        and all(_is_divisible(name, value) for value in values)
    }
    if not names:
        return

    def change(node: Node) -> Node:
        values, place = node.parts
        if values.form == "variable" and values.parts[0] in names:
            return Node("variable", node.kind, (f"{values.parts[0]}.{place}",))
        return node

    def divided(node: Node) -> list[Node]:
        if node.form != "set" or node.parts[0] not in names:
            return [node]
        made = []
        whole, value = node.parts
        for place, item in enumerate(_tuple_of(value).parts):
            name = f"{whole}.{place}"
            instance.locals[name] = item.kind
            read = _item(Node("item", item.kind, (value, place)))
            made.append(statement("set", name, read))
        return made

    instance.body = rebuilt(mapped_in(instance.body, {"item": change}), divided)


def _tuple_of(value: Node) -> Node:
    """Return a tuple, or the first one of a choice."""
    return _tuple_of(value.parts[1]) if value.form == "choice" else value


def _is_divisible(name: str, value: Node) -> bool:
    """Return whether each item of a tuple, or of a choice of tuples, needs at most
    itself before.
    """
    if value.form == "choice":
        test, *sides = value.parts
        return name not in variables_in(test) and all(
            _is_divisible(name, side) for side in sides
        )
    return value.form == "tuple" and all(
        inner.parts[1] == place
        for place, item in enumerate(value.parts)
        for inner in within(item)
        if inner.form == "item" and inner.parts[0].parts == (name,)
    )


# --- values that are read once


def _joined(body: list[Node], once: set[str]) -> list[Node]:
    """Move a value that is only computed for the next statement into this statement.
    `once` are the variables that are set once and read once.
    """
    made: list[Node] = []
    for node in body:
        node = with_blocks(node, lambda block: _joined(block, once))
        while made and _is_for(made[-1], node, once):
            name, value = made.pop().parts
            node = mapped(node, replacing({name: value}))
        made.append(node)
    return same_or(made, body)


def _is_for(before: Node, node: Node, once: set[str]) -> bool:
    """Return whether a statement gives a variable its value for the next one alone."""
    if before.form != "set" or before.parts[0] not in once:
        return False
    name, value = before.parts
    is_inner = _is_made(name) and not isinstance(value.kind, TupleKind)
    if not is_inner and node.form != "return":
        return False
    if not is_pure(value):  # other values must not be read before it
        of_value = node.form in ("return", "set", "if", "do")
        itself = Node("variable", value.kind, (name,))
        return of_value and parts_of(node)[:1] == [itself]
    # A call in it may have an effect, but only after its arguments.
    return any(
        name in variables_in(part) and all(map(is_pure, parts_of(part)))
        for part in parts_of(node)
    )


# --- loops


def _count_by_names(instance: Instance) -> None:
    """Count loops by variables of the kernel if they begin with ``name = counter``."""
    walk = walked(instance)
    loops: dict[str, list[Node]] = {}
    for node in walk.forms["for"]:
        if node.parts[-1]:
            begin = node.parts[-1][0]
            counter = Node("variable", INT, (node.parts[0],))
            if begin.form == "set" and begin.parts[1] == counter:
                loops.setdefault(begin.parts[0], []).append(node)
    if not loops:
        return
    reads, sets = walk.reads, walk.sets
    counted: dict[str, str] = {}
    for name, found in loops.items():
        inside = sum(variables_in(*loop.parts[-1]).count(name) for loop in found)
        counters = [loop.parts[0] for loop in found]
        is_own = all(reads[counter] == sets[counter] == 1 for counter in counters)
        if is_own and reads[name] == inside and sets[name] == len(found):
            counted |= dict.fromkeys(counters, name)

    def change(node: Node) -> list[Node]:
        if node.form != "for" or node.parts[0] not in counted:
            return [node]
        counter, *bounds, body = node.parts
        return [statement("for", counted[counter], *bounds, body[1:])]

    instance.body = rebuilt(instance.body, change)


# --- unread values --------------------------------------------------------------------


# --- statements


def sweep(instance: Instance, read: set[str]) -> None:
    """Remove statements without an effect, and variables that only change themselves.
    `read` are the columns that are read.
    """
    walk = walked(instance)
    by_itself: dict[str, int] = {}
    for node in walk.forms["set"]:
        name, value = node.parts
        if name in walk.reads:
            count = variables_in(value).count(name)
            by_itself[name] = by_itself.get(name, 0) + count
    names = {n for n, count in walk.reads.items() if count > by_itself.get(n, 0)}
    instance.body = _swept(instance.body, names, read)
    used = names.union(names_of(forms_of(instance)["for"]))
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
    return same_or(kept, body)


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
        names = walked(instance).reads
        wanted[instance] = [
            not isinstance(kind, BundleKind | KnownKind)
            and kind != SPAN_COLUMN
            and (name in names or instance in roots)
            for name, kind in instance.parameters
        ]

    def change(node: Node) -> Node:
        instance, arguments = node.parts
        if instance not in narrowed:
            return node
        chosen = zip(arguments, wanted[instance], strict=True)
        passed = tuple(argument for argument, keep in chosen if keep)
        return Node("call", node.kind, (instance, passed))

    narrowed = {instance for instance in instances if not all(wanted[instance])}
    for instance in instances:
        if not narrowed.isdisjoint(called_by(instance)):
            instance.body = mapped_in(instance.body, {"call": change})
    for instance in narrowed:
        chosen = zip(instance.parameters, wanted[instance], strict=True)
        instance.parameters = [parameter for parameter, keep in chosen if keep]


# --- results


def narrow_results(instances: list[Instance], roots: list[Instance]) -> None:
    """Change functions to return only the results that their callers read, which may be
    one item or nothing.
    """
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
    """Yield the functions whose results are read, with the item that is read, or None
    for all of them.
    """
    forms = forms_of(instance)
    sets = Counter(names_of(forms["set"]))
    held = {
        name: value.parts[0]
        for name, value in (node.parts for node in forms["set"])
        if value.form == "call" and sets[name] == 1
    }
    dropped = by_form([node.parts[0] for node in forms["do"]])["call"]
    reads = Counter(map(held.get, names_of(forms["variable"])))
    reads.update(called_by(instance))
    reads.subtract([*held.values(), *(call.parts[0] for call in dropped)])
    for node in forms["item"]:
        values, place = node.parts
        callee = values.parts[0] if values.form == "call" else None
        if values.form == "variable":
            callee = held.get(values.parts[0])
        if callee is not None:
            reads[callee] -= 1
            yield callee, place
    yield from ((callee, None) for callee in +reads if callee is not None)


def _return_only(
    callers: list[Instance], narrowed: Instance, place: int | None
) -> None:
    """Change a function to return one item of its result, or nothing."""
    kind = NOTHING if place is None else narrowed.result.items[place]

    def returned(node: Node) -> list[Node]:
        if node.form != "return":
            return [node]
        (value,) = node.parts
        if place is not None:
            return [statement("return", shorter(Node("item", kind, (value, place))))]
        # A value may have an effect although it is not read.
        has_effect = value is not None and not is_pure(value)
        calls = [statement("do", value)] if has_effect else []
        return [*calls, statement("return", None)]

    body = rebuilt(narrowed.body, returned)
    if place is None and body and body[-1].form == "return":
        body = body[:-1]
    narrowed.body = body
    narrowed.result = kind
    for caller in callers:
        _read_only(caller, narrowed, kind)


def _read_only(caller: Instance, narrowed: Instance, kind: Any) -> None:
    """Change a function to read the only result of another one."""
    names = {
        node.parts[0]
        for node in forms_of(caller)["set"]
        if node.parts[1].form == "call" and node.parts[1].parts[0] is narrowed
    }

    def is_result(node: Node) -> bool:
        if node.form == "call":
            return node.parts[0] is narrowed
        return node.form == "variable" and node.parts[0] in names

    def retyped(node: Node) -> Node:
        return node._replace(kind=kind) if is_result(node) else node

    def whole(node: Node) -> Node:
        return node.parts[0] if is_result(node.parts[0]) else node

    rules = {"call": retyped, "variable": retyped, "item": whole}
    caller.locals |= dict.fromkeys(names, kind)
    caller.body = mapped_in(caller.body, rules)


# --- shorter expressions of the same value --------------------------------------------


OPPOSITES = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MAX_COPIED = 3
"""Maximum number of operations in an expression that is written at each place where it
is read.
"""


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
    """Return the result of a function that only chooses a column, reads a number, or
    calls another one.
    """
    instance, arguments = node.parts
    value = _only_value(instance.body)
    if value is None or instance.options.of_user:
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
    return mapped(value, replacing(passed))


def _only_value(body: list[Node]) -> Node | None:
    """Return the value in the only statement of a function."""
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
    """Return the kinds of a tuple's items, including nested tuples, or the kind
    itself.
    """
    if not isinstance(kind, TupleKind):
        return [kind]
    return [inner for item in kind.items for inner in items_of(item)]


def _compare(node: Node) -> Node:
    sign, left, right = node.parts
    if left.form == right.form == "literal":
        return literal(BOOL, COMPARED[sign](left.parts[0], right.parts[0]))
    return node


def _decided(node: Node) -> Node:
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
    "and": _decided,
    "or": _decided,
}
