"""What holds for every typed tree, whatever it was made from."""

from __future__ import annotations

from synapse.engine.language.llvm import INSTRUCTIONS, FunctionWriter
from synapse.engine.language.program import TypedProgram
from synapse.engine.language.source import PartOptions
from synapse.engine.language.tree import (
    BOOL,
    INT,
    NOTHING,
    BundleKind,
    ColumnKind,
    KnownKind,
    Node,
    PackKind,
    TupleKind,
    read_from,
)

EFFECTS = {"called", "user", "load_word", "swap_word"}
"""Forms of expressions that change something, as calls of parts with effects do."""


def translated(function, kinds, options=None):
    """The trees of a function, and of all that it reaches."""
    program = TypedProgram()
    program.instance(function, kinds, options or PartOptions())
    return program


def problems_of(program):
    """What is wrong, as sentences."""
    return [
        f"{instance.name}: {problem}"
        for instance in program.instances.values()
        if instance.constant is None
        for problem in Checked(instance).problems
    ]


def statements_of(node, form):
    """All statements of a form in a tree."""
    if isinstance(node, Node):
        if node.form == form:
            yield node
        node = node.parts
    if isinstance(node, tuple | list):
        for part in node:
            yield from statements_of(part, form)


class Checked:
    """One instance. `valued` are the variables that have a value on every path."""

    def __init__(self, instance):
        self.instance = instance
        self.problems = []
        self.kinds = dict(instance.parameters) | instance.locals
        self.block(instance.body, {name for name, _ in instance.parameters})

    def expect(self, holds, *what):
        if not holds:
            self.problems.append(" ".join(map(str, what)))

    def same(self, leading, second, *what):
        """Two kinds agree. A column may stand for others with which it overlaps."""
        if isinstance(leading, ColumnKind) and isinstance(second, ColumnKind):
            leading, second = leading.of, second.of
        if isinstance(leading, TupleKind) and isinstance(second, TupleKind):
            leading, second = leading.items, second.items
        self.expect(leading == second, *what, leading, second)

    # --- statements

    def block(self, statements, valued):
        """Check statements; returns which variables have a value after them, or None if
        they end elsewhere."""
        for node in statements:
            self.expect(node.kind == NOTHING, "statement of a kind", node.form)
            known = hasattr(FunctionWriter, f"_do_{node.form}")
            self.expect(known, "unknown statement", node.form)
            check = getattr(self, f"_{node.form}", self._other)
            valued = check(valued, *node.parts)
            if valued is None:
                return None  # what follows is written, but never reached
        return valued

    def _other(self, valued, *parts):
        for part in parts:
            self.read(part, valued)
        return valued

    def _set(self, valued, local, value):
        self.expect(local in self.instance.locals, "undeclared", local)
        self.same(self.kinds.get(local), value.kind, "set", local)
        self.read(value, valued, has_effect=True)
        return valued | {local}

    def _do(self, valued, value):
        self.read(value, valued, has_effect=True)
        return valued

    def _store(self, valued, column, index, value):
        self.expect(index.kind == INT, "index", index.kind)
        self.same(read_from(column.kind.of), value.kind, "store")
        self.expect(self.instance.has_effects, "a store is no effect")
        return self._other(valued, column, index, value)

    def _return(self, valued, value):
        result = self.instance.result
        self.same(NOTHING if value is None else value.kind, result, "return")
        self._other(valued, value)

    def _break(self, valued):
        return None

    _continue = _break

    def _if(self, valued, test, then, other):
        self.condition(test, valued)
        ends = [self.block(part, valued) for part in (then, other)]
        reached = [end for end in ends if end is not None]
        return set.intersection(*reached) if reached else None

    def _while(self, valued, test, body):
        self.condition(test, valued)
        self.block(body, valued)
        # a loop without a condition ends at a `break`, which the translator checks
        return valued if test.form != "literal" else set(self.kinds)

    def _for(self, valued, counter, low, high, step, body):
        for bound in (low, high, step):
            self.same(bound.kind, INT, "bound of a range")
            self.read(bound, valued)
        self.block(body, valued | {counter})
        return valued

    def condition(self, test, valued):
        self.same(test.kind, BOOL, "condition")
        self.read(test, valued)

    # --- expressions

    def read(self, node, valued, has_effect=False):
        """Check an expression. Only the value of a statement has an effect."""
        if isinstance(node, tuple) and not isinstance(node, Node):
            for part in node:
                self.read(part, valued)
        if not isinstance(node, Node):
            return
        known = node.form in INSTRUCTIONS or hasattr(FunctionWriter, f"_of_{node.form}")
        self.expect(known, "unknown expression", node.form)
        called = node.parts[0] if node.form == "call" else None
        changes = node.form in EFFECTS or (called is not None and called.has_effects)
        self.expect(has_effect or not changes, "an effect within an expression", node)
        self.expect(not changes or self.instance.has_effects, "hides an effect")
        check = getattr(self, f"_of_{node.form}", None)
        if check is not None:
            check(node, valued, *node.parts)
        for part in node.parts:
            self.read(part, valued)

    def _of_variable(self, node, valued, local):
        self.expect(local in self.kinds, "undeclared", local)
        self.expect(local in valued, local, "is read without a value")
        self.same(node.kind, self.kinds.get(local), "variable", local)

    def _of_binary(self, node, valued, operation, left, right):
        for part in (left, right):
            self.same(part.kind, node.kind, operation)

    def _of_compare(self, node, valued, sign, left, right):
        self.same(left.kind, right.kind, sign)
        self.same(node.kind, BOOL, sign)

    def _of_and(self, node, valued, leading, second):
        for part in (node, leading, second):
            self.same(part.kind, BOOL, node.form)

    _of_or = _of_and

    def _of_choice(self, node, valued, test, leading, second):
        self.same(test.kind, BOOL, "choice")
        for part in (leading, second):
            self.same(part.kind, node.kind, "choice")

    def _of_pick(self, node, valued, sign, leading, second):
        for part in (leading, second):
            self.same(part.kind, node.kind, "pick")

    def _of_load(self, node, valued, column, index):
        self.same(node.kind, read_from(column.kind.of), "load")
        self.same(index.kind, INT, "index of a load")

    def _of_column(self, node, valued, bundle, name, place):
        is_bundle = isinstance(bundle.kind, BundleKind)
        self.expect(is_bundle, "a column of", bundle.kind)
        if is_bundle:
            self.expect(bundle.kind.layout.places[name] == place, "place of", name)

    def _of_item(self, node, valued, values, place):
        self.same(node.kind, values.kind.items[place], "item", place)

    def _of_call(self, node, valued, instance, arguments):
        self.same(node.kind, instance.result, "result of", instance.name)
        taken = [kind for _, kind in instance.parameters]
        self.expect(len(taken) == len(arguments), "arguments of", instance.name)
        for kind, argument in zip(taken, arguments, strict=False):
            self.same(argument.kind, kind, "argument of", instance.name)

    def _of_known(self, node, valued):
        self.expect(isinstance(node.kind, KnownKind), "known", node.kind)

    def _of_cast(self, node, valued, value):
        is_wide = isinstance(node.kind, PackKind)
        known = is_wide or isinstance(value.kind, str)
        self.expect(known and node.kind != value.kind, "cast", value.kind, node.kind)
