"""Compute programs in fixed point: give each number of a typed program its kind of
integer, and write its operations by functions of integers, which the templates
``fixed.*.in`` define in each language.

A product of two numbers is exact in twice their bits. Sums are added in this width, and
rounded where they are stored, multiplied, or passed to a function. All languages print
the same tree, and therefore compute the same integers.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Collection
from typing import Any

from ...engine.functions import compiled, elementary
from ...engine.language.decorators import in_order
from ...engine.language.program import Instance
from ...engine.language.tiles import sum_in_four
from ...engine.language.tree import (
    BOOL,
    FLOAT64,
    FLOATS,
    INT,
    Node,
    TupleKind,
    literal,
    statement,
)
from ...engine.language.words import word
from .fixed_numbers import FixedKind, FixedPoint, fixed_column
from .trees import column_name, forms_of, mapped_in, walked

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

UPDATED = "weight", "bias"
"""Columns that updates change."""
HUGE = 1e30
"""A test of whether |a| is at most a number above this one asks if a is finite."""
OPERATIONS = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "Div": operator.truediv,
}


# --- squashes -------------------------------------------------------------------------


def _word(name: str) -> Any:
    @word(NotImplemented)
    def write(t: Any, x: Node) -> Node:
        return Node("math", FLOAT64, (name, x))

    return write


tanh_by_table = _word("tanh_by_table")
logistic_by_table = _word("logistic_by_table")
exp_by_table = _word("exp_by_table")
above_zero = _word("above_zero")


@in_order
def tanh(state):
    """tanh(s) by a table. A slope of 0 would mean that the activation was set."""
    value = tanh_by_table(state)
    return value, above_zero(1.0 - value * value)


@in_order
def logistic(state):
    """1 / (1 + e^-s) by the table of tanh. A slope of 0 would mean that the activation
    was set.
    """
    value = logistic_by_table(state)
    return value, above_zero(value * (1.0 - value))


def sum_in_order(none, row, n, term, *of):
    """Return the sum of term(c, *of) over n connections from `row` on."""
    total = none
    for c in range(row, row + n):
        total = total + term(c, *of)
    return total


TABLED = "tanh_by_table", "logistic_by_table", "exp_by_table"
INSTEAD: dict[Any, Any] = {
    compiled.tanh: lambda t, state: t.call(tanh, [state]),
    compiled.logistic: lambda t, state: t.call(logistic, [state]),
    elementary.exp: exp_by_table.write,
    sum_in_four: lambda t, *passed: t.call(sum_in_order, list(passed)),
}
"""Words of programs in fixed point. Only softmax groups take an exponential."""


# --- functions of integers ------------------------------------------------------------


class FixedPass:
    """Changes the functions of a program to functions of integers.

    A rule for each form makes an expression whose parts have been made. A literal has
    the kind of a float until it is cast. The kinds of variables, parameters and results
    are found by making all functions until the kinds no longer change.
    """

    def __init__(
        self,
        instances: list[Instance],
        roots: Collection[Instance],
        numbers: FixedPoint,
        rates: Collection[str],
    ) -> None:
        self.numbers = numbers
        self.rates = rates
        self.factors = {i: _only_factors(i) for i in instances}
        self.kinds: dict[tuple[Instance, str | None], Any] = {}
        rules = {
            name.removeprefix("_make_"): getattr(self, name)
            for name in dir(self)
            if name.startswith("_make_")
        }
        before: Any = None
        while before != self.kinds:
            before = self.kinds
            self.found: dict[tuple[Instance, str | None], Any] = {
                (root, name): numbers.rate
                for root in roots
                for name, kind in root.parameters
                if kind in FLOATS
            }
            bodies = {}
            self.unlike: list[Node] = []
            for self.instance in instances:
                bodies[self.instance] = mapped_in(self.instance.body, rules)
            self.kinds = self.found
        assert not self.unlike, self.unlike
        for self.instance in instances:
            self.instance.body = bodies[self.instance]
            self._retype(self.instance)

    def _retype(self, instance: Instance) -> None:
        passed = instance.parameters
        instance.parameters = [(name, self._of(name, kind)) for name, kind in passed]
        variables = instance.locals
        instance.locals = {name: self._of(name, variables[name]) for name in variables}
        instance.result = self._of(None, instance.result)

    # --- kinds

    def _of(self, name: str | None, kind: Any, owner: Instance | None = None) -> Any:
        """Return the kind of a variable or, by None, of a result."""
        return self._number(self.kinds.get((owner or self.instance, name), kind))

    def _number(self, kind: Any) -> Any:
        """Return the kind of a number for literals."""
        if isinstance(kind, TupleKind):
            return TupleKind(tuple(map(self._number, kind.items)), kind.names)
        return self.numbers.number if kind in FLOATS else kind

    def _join(self, owner: Instance, name: str | None, kind: Any) -> None:
        key = owner, name
        self.found[key] = self._joined(self.found.get(key, kind), kind)

    def _joined(self, left: Any, right: Any) -> Any:
        """Return the kind for a value that has one of two kinds."""
        if left == right or right in FLOATS:
            return left
        if isinstance(left, TupleKind):
            items = map(self._joined, left.items, right.items)
            return TupleKind(tuple(items), left.names)
        if not isinstance(left, FixedKind):
            return right
        wide = [kind for kind in (left, right) if self._is_wide(kind)]
        return min(wide or [self.numbers.sum], key=lambda kind: kind.fraction)

    def _is_wide(self, kind: FixedKind) -> bool:
        return kind.bits > self.numbers.bits

    def _narrow(self, kind: Any) -> Any:
        """Return the kind as which a number is multiplied or passed."""
        if isinstance(kind, FixedKind) and self._is_wide(kind):
            is_rate = kind.fraction > self.numbers.sum.fraction
            return self.numbers.rate if is_rate else self.numbers.number
        return self._number(kind)

    def _column(self, column: Node) -> FixedKind:
        return self.numbers.kind_of(column_name(column), self.rates)

    def _cast(self, node: Node, kind: Any) -> Node:
        """Return a made expression as a number of a kind."""
        if node.kind == kind or not isinstance(kind, FixedKind | TupleKind):
            return node
        if isinstance(kind, TupleKind) and node.form == "tuple":
            return Node("tuple", kind, tuple(map(self._cast, node.parts, kind.items)))
        if node.form == "choice":
            test, *sides = node.parts
            return Node("choice", kind, (test, *(self._cast(s, kind) for s in sides)))
        if isinstance(kind, TupleKind):
            self.unlike.append(node)  # until the kinds no longer change
            return node
        if node.form == "literal":
            return Node("literal", kind, (self.numbers.integer(node.parts[0], kind),))
        bits = node.kind.fraction - kind.fraction
        if self._is_wide(kind) and not self._is_wide(node.kind):
            return self._call("wide", kind, node, -bits)
        name = "lowered" if self._is_wide(kind) else "rounded"
        is_widened = node.form == "fixed" and node.parts[0] == "wide"
        if name == "rounded" and is_widened and node.parts[1].kind == kind:
            return node.parts[1]
        return self._call(name, kind, *self._shifted(node, bits))

    def _shifted(self, node: Node, bits: int) -> tuple[Node, int]:
        """Return a sum, and the number of its last bits that are to be cut off."""
        if self._is_wide(node.kind):
            return node, bits
        more = max(0, 1 - bits)  # from a number to a rate, or back
        kind = FixedKind(2 * node.kind.bits, node.kind.fraction + more)
        return self._call("wide", kind, node, more), bits + more

    def _call(self, name: str, kind: FixedKind, *arguments: Any) -> Node:
        passed = (literal(INT, a) if isinstance(a, int) else a for a in arguments)
        return Node("fixed", kind, (name, *passed))

    # --- statements

    def _make_set(self, node: Node) -> Node:
        name, value = node.parts
        if self._narrow(value.kind) == self.numbers.rate != value.kind:
            value = self._stored(value, self.numbers.rate)  # a rate times an error
        is_factor = name in self.factors[self.instance]
        kind = self._narrow(value.kind) if is_factor else value.kind
        self._join(self.instance, name, kind)
        return statement("set", name, self._cast(value, self._of(name, value.kind)))

    def _make_return(self, node: Node) -> Node:
        (value,) = node.parts
        if value is None:
            return node
        self._join(self.instance, None, value.kind)
        return statement("return", self._cast(value, self._of(None, value.kind)))

    def _make_store(self, node: Node) -> Node:
        column, index, value = node.parts
        if column.kind.of not in FLOATS:
            return node
        kind = self._column(column)
        if value.kind in (kind, *FLOATS):
            return statement("store", column, index, self._cast(value, kind))
        # a column that was passed has no name, but only updates contain a rate
        has_rate = value.kind.fraction - kind.fraction == self.numbers.rate.fraction
        is_drawn = self.numbers.rounding == "stochastic"
        is_drawn = is_drawn and (column_name(column) in UPDATED or has_rate)
        return statement("store", column, index, self._stored(value, kind, is_drawn))

    def _stored(self, value: Node, kind: FixedKind, is_drawn: bool = False) -> Node:
        """Return a number that is rounded, and counted if it is out of range."""
        passed = [*self._shifted(value, value.kind.fraction - kind.fraction)]
        passed.append(fixed_column("saturations"))
        if is_drawn:
            passed.append(fixed_column("draws"))
        return self._call("drawn" if is_drawn else "stored", kind, *passed)

    # --- expressions

    def _make_variable(self, node: Node) -> Node:
        (name,) = node.parts
        return Node("variable", self._of(name, node.kind), (name,))

    def _make_load(self, node: Node) -> Node:
        column, _ = node.parts
        is_real = node.kind in FLOATS
        return node._replace(kind=self._column(column)) if is_real else node

    def _make_item(self, node: Node) -> Node:
        values, place = node.parts
        return node._replace(kind=values.kind.items[place])

    def _make_tuple(self, node: Node) -> Node:
        items = tuple(item.kind for item in node.parts)
        return node._replace(kind=TupleKind(items, node.kind.names))

    def _make_call(self, node: Node) -> Node:
        callee, arguments = node.parts
        passed = []
        for (name, kind), argument in zip(callee.parameters, arguments, strict=True):
            if kind in FLOATS:
                found = argument.kind
                self._join(
                    callee, name, found if found in FLOATS else self._narrow(found)
                )
                kind = self._of(name, kind, callee)
            passed.append(self._cast(argument, kind))
        kind = self._of(None, node.kind, callee)
        return Node("call", kind, (callee, tuple(passed)))

    def _make_choice(self, node: Node) -> Node:
        test, left, right = node.parts
        kind = self._joined(left.kind, right.kind)
        return self._cast(Node("choice", None, (test, left, right)), kind)._replace(
            kind=kind
        )

    def _make_pick(self, node: Node) -> Node:
        sign, left, right = node.parts
        kind = self._number(self._joined(left.kind, right.kind))
        return Node(
            "pick", kind, (sign, self._cast(left, kind), self._cast(right, kind))
        )

    def _make_negative(self, node: Node) -> Node:
        (value,) = node.parts
        if value.form == "literal" and value.kind in FLOATS:
            return literal(value.kind, -value.parts[0])
        if isinstance(value.kind, FixedKind) and self._is_wide(value.kind):
            return self._call(
                "less", value.kind, Node("literal", value.kind, (0,)), value
            )
        return node._replace(kind=value.kind)

    def _make_binary(self, node: Node) -> Node:
        operation, left, right = node.parts
        kinds = left.kind, right.kind
        if node.kind not in FLOATS:
            return node
        if left.form == right.form == "literal" and kinds[0] in FLOATS:
            numbers = left.parts[0], right.parts[0]
            return literal(node.kind, OPERATIONS[operation](*numbers))
        kind = self._joined(*kinds)
        if operation in ("Add", "Sub"):
            kind = kind if self._is_wide(kind) else self.numbers.sum
            sides = self._cast(left, kind), self._cast(right, kind)
            if sum(map(self._bound, sides)) < 1 << (kind.bits - 1):
                return Node("binary", kind, (operation, *sides))
            return self._call("added" if operation == "Add" else "less", kind, *sides)
        first, second = map(self._narrow, kinds)
        if operation == "Div" or first == second == self.numbers.rate:
            second = self.numbers.number
        first = second if operation == "Div" else first
        name = "quotient" if operation == "Div" else "product"
        kind = FixedKind(2 * first.bits, first.fraction + second.fraction)
        return self._call(
            name, kind, self._cast(left, first), self._cast(right, second)
        )

    def _bound(self, node: Node) -> int:
        """Return the largest size of an integer."""
        largest = self.numbers.largest
        if node.form == "literal":
            return abs(int(node.parts[0]))
        if node.form == "fixed" and node.parts[0] == "product":
            return largest * largest
        if node.form == "fixed" and node.parts[0] == "wide":
            return int(largest << node.parts[2].parts[0])
        return 1 << (node.kind.bits - 1)

    def _make_cast(self, node: Node) -> Node:
        (value,) = node.parts
        if node.kind not in FLOATS:
            return node
        if value.kind in (INT, BOOL):
            number = self.numbers.number
            return self._call("from_whole", number, value, number.fraction)
        return value

    def _make_math(self, node: Node) -> Node:
        name, value = node.parts
        if name == "isfinite":
            return self._is_given(value)
        if name in TABLED:
            number = self.numbers.number
            return self._call(name, number, self._cast(value, number))
        if name == "above_zero":
            other = literal(FLOAT64, self.numbers.unit)
        else:
            assert name == "abs", name
            other = self._make_negative(Node("negative", value.kind, (value,)))
        return self._make_pick(Node("pick", value.kind, (">", value, other)))

    def _is_given(self, value: Node) -> Node:
        """Return the test whether a number is not missing."""
        if self._is_wide(value.kind):
            return literal(BOOL, True)
        missing = Node("literal", value.kind, (self.numbers.missing,))
        return Node("compare", BOOL, ("!=", value, missing))

    def _make_compare(self, node: Node) -> Node:
        sign, left, right = node.parts
        kind = self._number(self._joined(left.kind, right.kind))
        if right.form == "literal" and right.parts[0] > HUGE:
            return self._is_given(left.parts[1])  # of |a|, the larger of a and -a
        if left == right and isinstance(kind, FixedKind):  # NaN differs from itself
            test = self._is_given(left)
            return test if sign == "==" else Node("not", BOOL, (test,))
        return Node(
            "compare", BOOL, (sign, self._cast(left, kind), self._cast(right, kind))
        )


def _only_factors(instance: Instance) -> set[str]:
    """Return the variables that are only multiplied, divided or passed to functions,
    and which are therefore rounded where they are set.
    """
    forms = forms_of(instance)
    products = (node.parts for node in forms["binary"])
    factors = [p for name, *parts in products if name in ("Mult", "Div") for p in parts]
    factors += [part for node in forms["call"] for part in node.parts[1]]
    counts = Counter(part.parts[0] for part in factors if part.form == "variable")
    reads = walked(instance).reads
    return {name for name, count in counts.items() if count == reads[name]}
