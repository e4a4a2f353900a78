"""Translate the source of a function to its typed tree, for arguments of some kinds."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from . import python_numbers
from .each import TURN
from .expressions import Expressions
from .source import definition_of, sound_definition_of
from .tree import (
    BOOL,
    INT,
    NOTHING,
    KnownKind,
    Node,
    TupleKind,
    at_run_time,
    convert,
    is_known,
    items_of,
    known,
    literal,
    load,
    read_from,
    require,
    scalar_kind,
    statement,
    tuple_of,
    unify,
    zero_of,
)

if TYPE_CHECKING:
    from .program import Instance, TypedProgram


PLACE = "place"
"""The variable of a loop for which a statement of parts of columns stands."""
MAX_TURNS = 4096
"""Turns of a loop that are translated one by one."""


class _WidenedError(Exception):
    """Raised if a variable or the result needs a wider kind than assumed. The
    translation then starts again.
    """


class Translator(Expressions):
    """Translates a function into an instance. Each Python statement has its method."""

    def __init__(self, program: TypedProgram, instance: Instance) -> None:
        super().__init__(program, instance.function, instance.options)
        self.instance = instance
        read = sound_definition_of if self.options.checked else definition_of
        self.tree: Any = read(instance.function)
        self.assignments, self.returns_value, returns_none = _outline(self.tree)
        self.is_optional = self.returns_value and returns_none
        self.widened: dict[str, Any] = {}  # by variable
        self.unnamed: set[str] = set()  # names that stand for no value itself
        self.result: Any = None

    def translate(self) -> None:
        """Translate the function and fill the instance."""
        while True:
            try:
                self.located(self._try, self.tree)
                break
            except _WidenedError:
                pass
        self.instance.result = self.result or NOTHING

    def _try(self, tree: Any) -> None:
        self.begin()
        instance = self.instance
        instance.locals = {}
        instance.parameters = []
        instance.body = []
        # the names with values at each break; None: a loop over a tuple
        self.loops: list[list[set[str]] | None] = []
        self.needs_result = False
        self.out = instance.body
        for name, kind in self._named_arguments():
            self._take(name, kind)
        # the addresses and arrays that a kernel receives become bundles and records
        for name, read, others in self.options.records:
            if name in self.variables:
                of = [self.visit(ast.Name(k)) for k in others if k in self.valued]
                self.assign(name, read.write(self, self.visit(ast.Name(name)), *of))
        if instance.takes_turn:
            instance.parameters.append((TURN, INT))
        body = tree.body
        if isinstance(body, ast.expr):
            body = [ast.copy_location(ast.Return(body), body)]
        goes_on = self.block(body, instance.body)
        require(
            not goes_on or not self.returns_value,
            "a function that returns a value must also return one at its end",
        )
        if goes_on and self.is_optional:
            self.out = instance.body
            self._return(known(None))
        if self.needs_result:
            self.result = self.result or TupleKind((BOOL,), ("there",))
            raise _WidenedError

    def _named_arguments(self) -> list[tuple[str, Any]]:
        """Return the names and kinds of the arguments. Arguments in ``*rest`` are
        numbered.
        """
        passed = self.tree.args
        names = [argument.arg for argument in (*passed.posonlyargs, *passed.args)]
        kinds = self.instance.kinds
        defaults = self.function.__defaults__ or ()
        missing = len(names) - len(kinds)
        if 0 < missing <= len(defaults):
            kinds += tuple(known(value).kind for value in defaults[-missing:])
        rest = self.tree.args.vararg
        if rest is not None:
            others = [f"{rest.arg}.{k}" for k in range(len(kinds) - len(names))]
            items = [
                known(kind.value)
                if isinstance(kind, KnownKind)
                else Node("variable", kind, (name,))
                for name, kind in zip(others, kinds[len(names) :], strict=True)
            ]
            self.known[rest.arg] = tuple_of(items)
            self.valued.add(rest.arg)
            names += others
        require(
            len(names) == len(kinds),
            f"{self.function.__name__} takes {len(names)} arguments, got {len(kinds)}",
        )
        self.arguments = {*names}
        return list(zip(names, kinds, strict=True))

    def _take(self, name: str, kind: Any) -> None:
        """Add a parameter to the known values, or to the variables if the function
        assigns to it.
        """
        is_assigned = name in self.assignments
        self.valued.add(name)
        if isinstance(kind, KnownKind):
            if is_assigned and not _is_thing(known(kind.value)):
                self.assign(name, known(kind.value))
            else:
                self.known[name] = known(kind.value)
        elif is_assigned:
            passed = f"{name}.given"
            self.instance.parameters.append((passed, kind))
            self.assign(name, Node("variable", kind, (passed,)))
        else:
            self.instance.parameters.append((name, kind))
            self.variables[name] = name, kind

    # --- statements

    def block(self, statements: list[ast.stmt], out: list[Node]) -> bool:
        """Translate statements into a list, and return whether the code after them is
        reached.
        """
        before, self.out = self.out, out
        if not self.options.checked:  # no end of a part is looked at
            statements = list(map(_by_place, statements))
        results: Iterator[Any] = map(self.visit, statements)
        reached = all(result is not False for result in results)  # until one is
        self.out = before
        return reached

    def branch(self, statements: list[ast.stmt], out: list[Node]) -> set[str] | None:
        """Translate the statements of a branch. Return the names that have a value at
        its end, if the end is reached.
        """
        known = dict(self.known)
        variables = dict(self.variables)
        before = set(self.valued)
        reached = self.block(statements, out)
        for name in before:
            if name in known.keys() | self.known.keys():
                if self.known.get(name) != known.get(name):
                    self.unnamed.add(name)
                    raise _WidenedError  # begin again, with a variable of this name
            elif self.variables[name][0] != variables[name][0]:
                self.mixed.add(name)
        valued, self.valued = self.valued - self.mixed, before
        return valued if reached else None

    def _under(
        self, test: Node, holds: bool, body: list[ast.stmt], out: list[Node]
    ) -> set[str] | None:
        """Translate a branch in which a condition holds, or does not hold."""
        before = self.possible
        if test.form == "compare" and test.parts[0] != "!=":
            sign, left, right = test.parts
            local = left.parts[0] if left.form == "variable" else ""
            if local in before and right.form == "literal":
                (limit,) = right.parts
                possible = {
                    v
                    for v in before[local]
                    if python_numbers.COMPARED[sign](v, limit) == holds
                }
                self.possible = before | {local: possible}
        end = self.branch(body, out)
        self.possible = before
        return end

    def _of_expr(self, node: ast.Expr) -> None:
        """Translate a call for its effect, and omit a docstring."""
        if isinstance(node.value, ast.Constant):
            return
        value = self.visit(node.value)
        if value.form in ("call", "lazy", "called", "word"):
            self.out.append(statement("do", value))

    def _of_pass(self, node: ast.Pass) -> None:
        pass

    def _of_assign(self, node: ast.Assign) -> None:
        """Translate assignments, as in ``a = b = value`` and ``a, b = values``."""
        value = self.visit(node.value)
        if len(node.targets) > 1:
            value = self.temporary(value)
        for target in node.targets:
            self._assign_to(target, value)

    def _of_annassign(self, node: ast.AnnAssign) -> None:
        value: Any = node.value
        require(value, "a variable needs a value when it is declared")
        self._assign_to(node.target, self.visit(value))

    def bind(self, target: ast.expr, value: Node) -> None:
        """Assign an item to the names of a target."""
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                self.known.pop(node.id, None)
        self._assign_to(target, value)

    def _assign_to(self, target: ast.expr, value: Node) -> None:
        if not isinstance(target, ast.Tuple):
            self.put(target, value)
            return
        if value.form != "tuple":
            value = self.temporary(value)
        parts = [self.temporary(part) for part in items_of(value)]
        require(
            len(parts) == len(target.elts), f"{len(parts)} values need as many names"
        )
        for element, part in zip(target.elts, parts, strict=True):
            self._assign_to(element, part)

    def put(self, target: ast.expr, value: Node) -> None:
        """Write a value to a variable, or to an element of a column."""
        if isinstance(target, ast.Name):
            self.assign(target.id, value)
            return
        before = len(self.out)
        column, index = self.place(target)
        (value,) = self.hoisted(before, [value])
        self.store(column, index, value)

    def _hold(self, local: str, kind: Any, value: Node) -> None:
        """Record a variable's known value until it changes or a loop starts."""
        self.held.pop(local, None)
        if self.unrolls and is_known(value) and kind == INT:
            self.held[local] = value

    def assign(self, name: str, value: Node) -> None:
        """Write a value to a variable, unless the value is known and not a number."""
        self.valued.add(name)
        self.mixed.discard(name)
        if self._is_named(name, value):
            return
        self.known.pop(name, None)
        given, value = value, at_run_time(value)
        local, kind = self.variables.get(name, (name, value.kind))
        kind = self.widened.get(local, kind)
        joined = unify(kind, value.kind)
        if joined is None:  # another thing of the same name
            local = self.new_name(name)
            kind = value.kind
        elif joined != kind:
            self.widened[local] = joined
            raise _WidenedError
        self.variables[name] = local, kind
        self.instance.locals[local] = kind
        self._hold(local, kind, given)
        values = self.values_of(value)
        if values and self.assignments[name] == 1 and name not in self.arguments:
            # of each turn, if a loop over a tuple assigns
            self.possible[local] = values | self.possible.get(local, set())
        else:
            self.possible.pop(local, None)
        value = python_numbers.joined(self, value, kind)
        self.out.append(statement("set", local, value))

    def _is_named(self, name: str, value: Node) -> bool:
        """Return whether a name stands for a value itself, which it does if it is known
        or a tuple, and has no other one.
        """
        is_thing = _is_thing(value)
        before = self.known.get(name)
        is_other = before is not None and _is_thing(before) and before != value
        is_other |= is_thing and name in self.variables.keys() | self.unnamed
        require(not is_other, f"{name} must have one value, or only numbers")
        several = self.arguments | self.unnamed
        is_single = self.assignments[name] == 1 and name not in several
        is_tuple = value.form == "tuple"
        if not is_thing and not (is_single and (is_tuple or is_known(value))):
            return False
        if is_tuple:  # its parts are variables of its own
            value = value._replace(parts=tuple(map(self.copied, value.parts)))
        self.known[name] = value
        return True

    def _of_augassign(self, node: ast.AugAssign) -> None:
        """Translate ``a += value``, and determine the location only once."""
        operation = type(node.op).__name__
        if isinstance(node.target, ast.Name):
            name = ast.copy_location(ast.Name(node.target.id, ast.Load()), node)
            left, right = self.values(name, node.value)
            self.assign(node.target.id, self.binary(operation, left, right))
            return
        column, index = self.place(node.target)
        index = self.temporary(index)
        read, value = self.values(load(column, index), node.value)
        self.store(column, index, self.binary(operation, read, value))

    def _of_return(self, node: ast.Return) -> bool:
        self._return(known(None) if node.value is None else self.visit(node.value))
        return False

    def _return(self, value: Node) -> None:
        is_first = self.out is self.instance.body and not self.out
        if is_known(value) and is_first and not self.is_optional:
            self.instance.constant = value  # callers need no call
        value = at_run_time(value)
        is_nothing = is_known(value)
        if is_nothing and not self.is_optional:
            self.out.append(statement("return", None))
        elif is_nothing and self.returns_value:
            require(
                not self.options.checked,
                "a function must return a value always or never",
            )
            self.fail()
        elif self.is_optional:
            parts = [literal(BOOL, True), value][: 1 + self.returns_value]
            self._give(tuple_of(parts, ("there", "value")[: len(parts)]))
        else:
            self._give(value)

    def _give(self, value: Node) -> None:
        joined = value.kind if self.result is None else unify(self.result, value.kind)
        require(joined, "a function must return values of one kind")
        if self.result is not None and joined != self.result:
            self.result = joined
            raise _WidenedError
        self.result = joined
        value = python_numbers.joined(self, value, joined)
        self.out.append(statement("return", value))

    def _of_raise(self, node: ast.Raise) -> bool:
        """End a user's function without a value. Python then calls the function itself,
        which raises the error.
        """
        require(self.options.checked, "a kernel cannot raise errors")
        self.fail()
        return False

    def fail(self) -> None:
        """Return from the function without a value."""
        if self.options.checked and not self.instance.fails:
            self.instance.fails = self.is_optional = True
            self.result = None
            raise _WidenedError
        if self.result is None:
            self.needs_result = True
            self.out.append(statement("return", None))
            return
        parts = [literal(BOOL, False), *map(zero_of, self.result.items[1:])]
        self.out.append(statement("return", tuple_of(parts, self.result.names)))

    def _of_if(self, node: ast.If) -> bool | None:
        """Translate ``if``. If the condition is known, only the branch taken is
        translated.
        """
        test = self.condition(node.test)
        if is_known(test):
            return self.block(node.body if test.kind.value else node.orelse, self.out)
        then: list[Node] = []
        other: list[Node] = []
        before, helds, reached = self.held, [], []
        for holds, body, out in ((True, node.body, then), (False, node.orelse, other)):
            self.held = dict(before)
            end = self._under(test, holds, body, out)
            if end is not None:
                reached.append(end)
                helds.append(self.held.items())
        self.out.append(statement("if", test, then, other))
        if reached:
            self.valued = set.intersection(*reached)
            self.held = {
                local: value
                for local, value in helds[0]
                if all((local, value) in others for others in helds)
            }
        return bool(reached)

    def _of_while(self, node: ast.While) -> bool:
        """Translate ``while``, and repeat the statements of its condition in each
        iteration.
        """
        require(not node.orelse, "a loop has no else")
        leaves = (isinstance(n, ast.Break | ast.Continue) for n in ast.walk(node))
        reached = self._unroll(node) if self.unrolls and not any(leaves) else None
        if reached is not None:
            return reached
        self._forget(node)
        body, test = self.apart(partial(self.condition, node.test))
        test = at_run_time(test)
        is_bounded = test != literal(BOOL, True)
        if body:
            body.append(statement("if", test, [], [statement("break")]))
            test = literal(BOOL, True)
        breaks = self._loop(node, body)
        self.out.append(statement("while", test, body))
        self._forget(node)
        if breaks and not is_bounded:
            self.valued = set.intersection(*breaks)
        return bool(breaks) or is_bounded

    def _unroll(self, node: ast.While) -> bool | None:
        """Translate the iterations of a loop one by one while its condition is known.
        Return whether the end is reached, or None if more iterations follow.
        """
        for _ in range(MAX_TURNS):
            statements, test = self.apart(partial(self.condition, node.test))
            if statements or not is_known(test):
                return None
            if not test.kind.value:
                return True
            if not self.block(node.body, self.out):
                return False
        return None

    def _forget(self, node: ast.AST) -> None:
        """Forget the known values of variables that a loop changes."""
        changed = _changed_in(node)
        for local in [*self.held]:
            if local.partition(".")[0] in changed:
                del self.held[local]

    def _of_for(self, node: ast.For) -> None:
        """Translate ``for``. Over a range it becomes a loop, and over a tuple its body
        is repeated for each item.
        """
        require(not node.orelse, "a loop has no else")
        call = node.iter
        name = call.func if isinstance(call, ast.Call) else None
        if not isinstance(name, ast.Name) or name.id != "range":
            self.loops.append(None)
            for item in self.items(call):
                self.bind(node.target, item)
                self.block(node.body, self.out)
            self.loops.pop()
            return
        target: Any = node.target
        require(isinstance(target, ast.Name), "a loop over a range needs one variable")
        assert isinstance(call, ast.Call)
        bounds = [at_run_time(self.whole(bound)) for bound in self.values(*call.args)]
        if self.options.checked:  # so no counter goes beyond 64 bits
            bounds = [python_numbers.fitting(self, bound) for bound in bounds]
        require(
            not call.keywords and 0 < len(bounds) < 4,
            "a range needs one to three numbers",
        )
        zero, one = literal(INT, 0), literal(INT, 1)
        low, high, step = [*[zero][len(bounds) - 1 :], *bounds, one][:3]
        require(
            step != literal(INT, 0)
            and (step.form == "literal" or not self.options.checked),
            "a step must be known before the call, and not 0",
        )
        high, step = self.temporary(high), self.temporary(step)
        counter = self.new_name("counter")
        self.instance.locals[counter] = INT
        turn = Node("variable", INT, (counter,))
        self._forget(node)
        body, _ = self.apart(partial(self.assign, target.id, turn))
        self._loop(node, body)
        self._forget(node)
        self.out.append(statement("for", counter, low, high, step, body))

    def _loop(self, node: ast.For | ast.While, body: list[Node]) -> list[set[str]]:
        """Translate a loop's body, and return the names with values at each break."""
        breaks: list[set[str]] = []
        self.loops.append(breaks)
        before, outer, self.mixed = set(self.valued), self.mixed, set()
        self.branch(node.body, body)
        self.loops.pop()
        lost = before & self.mixed

        def require_value(name: ast.Name) -> None:
            require(
                isinstance(name.ctx, ast.Store) or name.id not in lost,
                f"all values of {name.id} must be of one kind",
            )

        for part in ast.walk(node) if lost else ():
            if isinstance(part, ast.Name):
                self.located(require_value, part)
        self.valued, self.mixed = before - lost, outer | self.mixed
        return breaks

    def _of_break(self, node: ast.Break | ast.Continue) -> bool:
        """Translate ``break`` and ``continue``."""
        loop: Any = self.loops[-1]
        require(
            loop is not None, "a loop over a tuple cannot contain break or continue"
        )
        if isinstance(node, ast.Break):
            loop.append(set(self.valued))
        self.out.append(statement(type(node).__name__.lower()))
        return False

    _of_continue = _of_break

    # --- places and helpers of expressions

    def store(self, column: Node, index: Node, value: Node) -> None:
        """Write a number to a column, or copy a row."""
        parts = column, at_run_time(index), convert(value, read_from(column.kind.of))
        self.effect(statement("store", *parts))

    def temporary(self, value: Node) -> Node:
        """Return a value that later statements cannot change."""
        local = value.parts[0] if value.form == "variable" else ""
        is_set_once = local in self.constants or local not in self.instance.locals
        return value if local and is_set_once else self.copied(value)

    def copied(self, value: Node) -> Node:
        """Return a variable with a copy of a value."""
        if value.form in ("known", "literal"):
            return value
        copy = self.new_local("t", value.kind)
        self.out.append(statement("set", *copy.parts, value))
        if values := self.values_of(value):
            self.possible[copy.parts[0]] = values
        return copy


class _Place(ast.NodeTransformer):
    """Replaces each slice of a column by the element of one iteration."""

    def visit_Slice(self, node: ast.Slice) -> ast.expr:
        place = ast.Name(PLACE, ast.Load())
        return ast.BinOp(node.lower, ast.Add(), place) if node.lower else place


@cache
def _by_place(node: ast.stmt) -> ast.stmt:
    """Return a statement. If it assigns to a slice, as in ``a[i : i + n] += x * b[j : j
    + n]``, return the loop over elements that it represents.
    """
    targets = getattr(node, "targets", [getattr(node, "target", None)])
    part = getattr(targets[0], "slice", None)
    if not isinstance(part, ast.Slice) or part.upper is None:
        return node
    stop: Any = part.upper
    start = part.lower or ast.Constant(0)
    count: ast.expr = ast.BinOp(stop, ast.Sub(), start)
    is_sum = isinstance(stop, ast.BinOp) and isinstance(stop.op, ast.Add)
    if is_sum and ast.dump(stop.left) == ast.dump(start):
        count = stop.right
    loop: Any = ast.parse(f"for {PLACE} in range({ast.unparse(count)}): 0").body[0]
    loop.body = [_Place().visit(deepcopy(node))]
    for each in ast.walk(loop):
        ast.copy_location(each, node)
    return loop


@cache
def _outline(tree: Any) -> tuple[Counter[str], bool, bool]:
    """Return how often a function assigns to each name, whether it returns a value, and
    whether it returns None somewhere.
    """
    nodes = list(ast.walk(tree))
    loops = [node.target for node in nodes if isinstance(node, ast.comprehension)]
    inner = {
        id(node) for loop in loops for node in ast.walk(loop)
    }  # names of their own
    names = [n for n in nodes if isinstance(n, ast.Name) and id(n) not in inner]
    assigned = [node.id for node in names if isinstance(node.ctx, ast.Store)]
    returned = [node.value for node in nodes if isinstance(node, ast.Return)]
    nothing = [
        node is None or (isinstance(node, ast.Constant) and node.value is None)
        for node in returned
    ]
    is_lambda = isinstance(tree, ast.Lambda)
    return Counter(assigned), is_lambda or not all(nothing), any(nothing)


@cache
def _changed_in(loop: ast.AST) -> set[str]:
    """Return the names to which a loop assigns."""
    names = (node for node in ast.walk(loop) if isinstance(node, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def _is_thing(value: Node) -> bool:
    """Return whether a value is known, but neither a number nor a tuple."""
    return (
        is_known(value)
        and scalar_kind(value.kind.value) is None
        and not isinstance(value.kind.value, tuple)
    )
