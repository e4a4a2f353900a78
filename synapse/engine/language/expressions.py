"""Translate Python expressions to typed trees, in which everything known before the
call is folded.

Expressions have no effect. An operation that changes something becomes a statement,
which is put before the statement of the expression. In a part that may not be reached,
of a condition or a choice, it is put into a branch.
"""

from __future__ import annotations

import ast
import builtins
import operator
from collections import ChainMap
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial, reduce
from itertools import product
from types import CellType, FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from . import python_numbers
from .each import TURN, Each, UnevenError
from .python_numbers import COMPARED, FOLDED, joined
from .source import place_of
from .tree import (
    ARRAYS,
    BOOL,
    FLOAT64,
    FLOATS,
    INT,
    NOTHING,
    RANK,
    ArrayKind,
    BundleKind,
    ColumnKind,
    Node,
    PackKind,
    RecordKind,
    RefusedError,
    TupleKind,
    at_run_time,
    column_of,
    convert,
    is_known,
    item_of,
    items_of,
    known,
    literal,
    load,
    require,
    scalar_kind,
    size_of,
    statement,
    tuple_of,
    unify,
)
from .words import REALS, added, ends_of_part

if TYPE_CHECKING:
    from .program import TypedProgram
    from .source import PartOptions

UNARY: dict[str, Callable[[Any], Any]] = {
    "USub": operator.neg,
    "UAdd": operator.pos,
    "Invert": operator.invert,
}
SIGNS = {"Eq": "==", "NotEq": "!=", "Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">="}
ZERO = ast.Constant(0, lineno=1, col_offset=0)
KNOWN_LENGTH = "the length of a tuple must be known before the call"
MAX_PAIRS = 999  # of values that an operation can have, by the facts


def _side_by_side(items: tuple[Node, ...]) -> Node:
    """Return a tuple whose numbers stay known in each iteration of a loop."""
    return Node("tuple", TupleKind(tuple(item.kind for item in items)), items)


def _unknown(node: ast.AST) -> None:
    raise RefusedError(f"the language has no {type(node).__name__}")


def _attribute_of_array(array: Node, name: str) -> Node:
    kind: ArrayKind = array.kind
    sizes = [size_of(array, k) for k in range(kind.dimensions)]
    if name == "dtype" and not isinstance(kind.of, RecordKind):
        return known(np.dtype(kind.of))
    if name == "size" and kind.dimensions == 1:
        return sizes[0]
    require(name == "shape", f"an array has no {name}")
    return tuple_of(sizes)


def _place_of_member(base: Node, name: str) -> tuple[Node, Node]:
    kind = base.kind
    record = kind.record if isinstance(kind, ColumnKind) else None
    if record is not None and name.upper() in record.__members__:
        return base, literal(INT, int(record[name.upper()]))
    require(
        isinstance(kind, RecordKind) and name in kind.names, f"a value has no {name}"
    )
    of, offset = kind.members[kind.names.index(name)]
    return Node("member", ColumnKind(of, ARRAYS), (base, offset)), literal(INT, 0)


def _negated(value: Node) -> Node:
    """Return whether a known value or a bool is false."""
    if is_known(value):
        return known(not value.kind.value)
    return Node("not", BOOL, (value,))


def _named(target: Any, item: Node) -> Iterator[tuple[str, Node]]:
    """Yield the names in a target, each with its part of an item."""
    if isinstance(target, ast.Name):
        yield target.id, item
        return
    parts = items_of(item)
    if not isinstance(target, ast.Tuple) or len(parts) != len(target.elts):
        raise RefusedError(f"{len(parts)} values need as many names")
    for element, part in zip(target.elts, parts, strict=True):
        yield from _named(element, part)


def _without_effect(operation: str, left: Node, right: Node) -> Node | None:
    """Return the result of adding 0 or of multiplying by 0 or 1, which needs no
    operation, or None. The sign of zero is not preserved.
    """
    for number, other in ((left, right), (right, left)):
        if number.form != "literal" or (operation == "Sub" and number is left):
            continue
        value = number.parts[0]
        if operation in ("Add", "Sub") and value == 0:
            return other
        if operation == "Mult" and value == 0:
            return known(value)
        if operation == "Mult" and value == 1:
            return other
    return None


class Expressions:
    """Translates each kind of Python expression by a method. The statements that an
    expression needs are appended to the list `out`.
    """

    instance: Any
    fail: Callable[[], None]
    temporary: Callable[[Node], Node]
    assign: Callable[[str, Node], None]
    bind: Callable[[ast.expr, Node], None]

    def __init__(
        self, program: TypedProgram, function: FunctionType, options: PartOptions
    ) -> None:
        self.program = program
        self.function = function
        self.options = options
        # a user's function is that of the engine, whose numbers have types
        self.has_facts = bool(program.facts) and not options.of_user
        self.unrolls = program.unrolls and not options.of_user
        names = function.__code__.co_freevars
        cells = zip(names, function.__closure__ or (), strict=True)
        full = {n: c.cell_contents for n, c in cells if c != CellType()}
        self.outside = ChainMap(full, function.__globals__, vars(builtins))
        self.begin()

    def begin(self) -> None:
        """Forget previous translations."""
        self.out: list[Node] = []
        self.known: dict[str, Node] = {}
        self.valued: set[str] = set()  # names that have a value
        self.mixed: set[str] = set()  # those with values of several kinds
        self.variables: dict[str, tuple[str, Any]] = {}  # local and kind, by name
        self.possible: dict[str, set[Any]] = {}  # values of a local, by the facts
        self.held: dict[str, Node] = {}  # what is known of a local here
        self.constants: set[str] = set()  # locals that are set once
        self.count = 0

    def new_name(self, name: str) -> str:
        """Return the name of a new variable."""
        self.count += 1
        return f"{name}.{self.count}"

    def new_local(self, name: str, kind: Any) -> Node:
        """Return a new variable, which is set once."""
        local = self.new_name(name)
        self.instance.locals[local] = kind
        self.constants.add(local)
        return Node("variable", kind, (local,))

    def located(self, translate: Callable[[Any], Any], node: Any) -> Any:
        """Translate a part of the source, and add its location to errors about
        unsupported code.
        """
        try:
            return translate(node)
        except RefusedError as error:
            if error.place:
                raise
            place = place_of(self.function, node.lineno)
            raise RefusedError(error.rule, place) from None

    def visit(self, node: ast.AST) -> Node:
        """Translate an expression and return the result, or translate a statement and
        return whether the code after it can be reached.
        """
        method = getattr(self, f"_of_{type(node).__name__.lower()}", _unknown)
        return self.located(method, node)

    def values(self, *nodes: Any) -> list[Node]:
        """Return translated expressions in the order in which they are computed.
        ``*tuple`` contributes each of its items. Expressions that are already
        translated are kept.
        """
        values: list[Node] = []
        for node in nodes:
            before = len(self.out)
            if isinstance(node, ast.Starred):
                value = self.visit(node.value)
                if value.form not in ("tuple", "variable", "known"):
                    value = self.temporary(value)
                new = items_of(value)
            else:
                new = [node if isinstance(node, Node) else self.visit(node)]
            values = [*self.hoisted(before, values), *new]
        return values

    def hoisted(self, before: int, values: list[Node]) -> list[Node]:
        """Store the values of expressions before the statements from a place on,
        because these statements may change what the expressions read.
        """
        if len(self.out) == before:
            return values
        later, self.out[before:] = self.out[before:], []
        values = [self.temporary(value) for value in values]
        self.out += later
        return values

    def items(self, node: ast.expr) -> list[Node]:
        """Return the items of a tuple, ``zip``, ``enumerate`` or a known range."""
        called = getattr(node, "func", None)
        name = called.id if isinstance(called, ast.Name) else ""
        if name not in ("zip", "enumerate", "range"):
            return self._items_of(self.visit(node))
        values = self.values(*node.args)  # type: ignore[attr-defined]
        if name == "range":
            require(all(map(is_known, values)), KNOWN_LENGTH)
            return [known(k) for k in range(*(value.kind.value for value in values))]
        columns = [self._items_of(value) for value in values]
        if name == "enumerate":
            columns.insert(0, [known(place) for place in range(len(columns[0]))])
        require(
            len({*map(len, columns)}) == 1, "tuples in zip must have the same length"
        )
        return [_side_by_side(items) for items in zip(*columns, strict=True)]

    def _items_of(self, value: Node) -> list[Node]:
        """Return items in variables that the body of a loop over them cannot change."""
        value = self.temporary(value) if value.form == "call" else value
        return [self.temporary(item) for item in items_of(value)]

    def _tuple_by(self, node: ast.GeneratorExp) -> Node:
        """Return ``tuple(value for target in items)``. Its targets are local names."""
        loop, *others = node.generators
        outside = (self.known, self.valued)
        require(not loop.ifs and not others, KNOWN_LENGTH)
        made: list[Node] = []
        for item in self.items(loop.iter):
            names = dict(_named(loop.target, item))
            self.known = outside[0] | names
            self.valued = outside[1] | {*names}
            made.append(self.temporary(at_run_time(self.visit(node.elt))))
        self.known, self.valued = outside
        return tuple_of(made)

    def apart(self, make: Callable[[], Any]) -> tuple[list[Node], Any]:
        """Call a function and return its result together with a separate list of its
        statements.
        """
        before, self.out = self.out, []
        value = make()
        statements, self.out = self.out, before
        return statements, value

    # --- names, members, items

    def _of_constant(self, node: ast.Constant) -> Node:
        return known(node.value)

    def _of_name(self, node: ast.Name) -> Node:
        """Return a variable, or the value of a name defined outside the function."""
        name = node.id
        if name in self.known or name in self.variables:
            if name not in self.valued:
                raise RefusedError(
                    f"{name} may have no value here, or values of two kinds"
                )
            local, kind = self.variables.get(name, ("", None))
            held = self.known.get(name) or self.held.get(local)
            return held or Node("variable", kind, (local,))
        is_outside = name not in self.function.__code__.co_varnames
        if not is_outside or name not in self.outside:
            raise RefusedError(f"{name} has no value here")
        value = self.outside[name]
        return known(python_numbers.own(value) if self.options.checked else value)

    def _of_attribute(self, node: ast.Attribute) -> Node:
        base = self.visit(node.value)
        kind = base.kind
        name = node.attr
        if is_known(base):
            if not hasattr(kind.value, name):
                raise RefusedError(f"{kind.value!r} has no {name}")
            value = getattr(kind.value, name)
            return known(python_numbers.own(value) if self.options.checked else value)
        if isinstance(kind, BundleKind) and name in kind.layout.places:
            return column_of(base, name)
        if isinstance(kind, RecordKind) or getattr(kind, "record", None) is not None:
            return self.load(*_place_of_member(base, name))
        if isinstance(kind, ArrayKind):
            return _attribute_of_array(base, name)
        if isinstance(kind, TupleKind) and name in kind.names:
            return item_of(base, kind.names.index(name))
        raise RefusedError(f"a value has no {name}")

    def _of_subscript(self, node: ast.Subscript) -> Node:
        base = self.visit(node.value)
        if is_known(base) or isinstance(base.kind, TupleKind):
            return self._item(base, node.slice)
        if isinstance(base.kind, ArrayKind):
            part = self._part_of_array(base, node.slice)
            if part is not None:
                return part
        return self.load(*self._place_in(base, node))

    def _item(self, base: Node, index: ast.expr) -> Node:
        if isinstance(index, ast.Slice):
            ends = self._ends(index, known(0), known(None))
            require(
                not index.step and all(map(is_known, ends)),
                "the bounds of a tuple's part must be known before the call",
            )
            low, high = (end.kind.value for end in ends)
            return tuple_of(items_of(base)[low:high])
        base, place = self.values(base, index)
        if is_known(place):
            try:
                return item_of(base, place.kind.value)
            except (LookupError, TypeError) as error:
                raise RefusedError(
                    f"a tuple does not have this item: {error}"
                ) from None
        if base.form == "call":
            base = self.temporary(base)
        items = [at_run_time(item) for item in items_of(base)]
        is_list = not isinstance(getattr(base.kind, "value", None), np.ndarray)
        require(is_list or place.kind != BOOL, "an index of an array cannot be a bool")
        place = self._within(self.whole(place), literal(INT, len(items)))
        kind = reduce(unify, [item.kind for item in items] or [None])
        require(
            kind,
            "a tuple with values of several kinds needs an index that is known"
            " before the call",
        )
        items = [joined(self, item, kind) for item in items]
        if all(item.form == "literal" for item in items):
            return Node("table", kind, (tuple(item.parts[0] for item in items), place))
        value = items[0]
        for k, other in enumerate(items[1:], 1):
            test = at_run_time(self.compare("==", place, known(k)))
            value = Node("choice", kind, (test, other, value))
        return value

    def _ends(self, part: ast.Slice, low: Node, high: Node) -> list[Node]:
        """Return the start and stop of a slice, either of which may be missing."""
        return self.values(part.lower or low, part.upper or high)

    def _part_of_array(self, array: Node, index: ast.expr) -> Node | None:
        """Return a row or slice of an array, or None if the index selects a number."""
        kind: ArrayKind = array.kind
        if isinstance(index, ast.Slice):
            size = size_of(array)
            require(
                not index.step and kind.dimensions == 1,
                "a slice of a vector can only have a begin and an end",
            )
            bounds = list(map(self.whole, self._ends(index, known(0), size)))
            if self.options.checked:
                both = self.call(ends_of_part, [size, *bounds])
                bounds = items_of(self.temporary(both))
            return Node("slice", ArrayKind(kind.of, 1), (array, *bounds))
        if kind.dimensions == 2 and not isinstance(index, ast.Tuple):
            row = self.whole(self.visit(index))
            width = size_of(array, 1)
            row = self._within(row, size_of(array, 0))
            begin = self.binary("Mult", row, width)
            end = self.binary("Mult", self.binary("Add", row, known(1)), width)
            return Node("slice", ArrayKind(kind.of, 1), (array, begin, end))
        if isinstance(kind.of, RecordKind):
            return Node("row", kind.of, self.place_of(array, index))
        return None

    def place(self, node: Any) -> tuple[Node, Node]:
        """Return the column or array, and the index, that is read or written."""
        require(
            isinstance(node, ast.Attribute | ast.Subscript),
            f"a value cannot be assigned to {type(node).__name__}",
        )
        return self._place_in(self.visit(node.value), node)

    def _place_in(self, base: Node, node: Any) -> tuple[Node, Node]:
        if isinstance(node, ast.Attribute):
            return _place_of_member(base, node.attr)
        require(
            isinstance(base.kind, ColumnKind | ArrayKind),
            "only columns and arrays can be indexed",
        )
        return self.place_of(base, node.slice)

    def place_of(self, column: Node, index: ast.expr) -> tuple[Node, Node]:
        """Return the column or array, and the index within it, of a subscript."""
        nodes = index.elts if isinstance(index, ast.Tuple) else [index]
        column, *values = self.values(column, *nodes)
        are_bools = [at_run_time(value).kind == BOOL for value in values]
        require(not any(are_bools), "an index of an array cannot be a bool")
        indices = [self.whole(value) for value in values]
        if isinstance(column.kind, ArrayKind):
            sizes = [size_of(column, k) for k in range(len(indices))]
            indices = list(map(self._within, indices, sizes))
        require(
            len(indices) == getattr(column.kind, "dimensions", 1) < 3,
            "each dimension of an array needs an index",
        )
        if len(indices) == 1:
            return column, indices[0]
        row, place = indices
        begin = self.binary("Mult", row, size_of(column, 1))
        return column, self.binary("Add", begin, place)

    def _within(self, index: Node, size: Node) -> Node:
        """Return a user's index, which may be negative or out of range as in Python."""
        if not self.options.checked:
            return self.temporary(index) if size.form == "literal" else index
        index = self.temporary(index)
        is_negative = at_run_time(self.compare("<", index, known(0)))
        from_end = self.binary("Add", index, size)
        index = self.temporary(Node("choice", INT, (is_negative, from_end, index)))
        self.fail_if(self.compare("<", index, known(0)))
        self.fail_if(self.compare(">=", index, size))
        return index

    def whole(self, index: Node) -> Node:
        """Return an integer that is an index or a bound of a range."""
        if is_known(index) and isinstance(index.kind.value, Each):
            return index
        index = at_run_time(index)
        require(index.kind in (INT, BOOL, "word"), "an index must be an integer")
        return convert(index, INT)

    def _of_tuple(self, node: ast.Tuple) -> Node:
        return tuple_of(self.values(*node.elts))

    # --- facts

    def load(self, column: Node, index: Node) -> Node:
        """Return an element of a column, which is known if all elements of the column
        have the same known value.
        """
        exact = self.program.exact_at(column, index)
        return self.folded(load(column, index)) if exact is None else known(exact)

    def values_of(self, node: Node) -> set[Any] | None:
        """Return all values that an expression can have according to the facts, or
        None.
        """
        if not self.has_facts:
            return None
        if is_known(node):
            return {node.kind.value}
        if node.form == "literal":
            return {node.parts[0]}
        if node.form == "variable":
            return self.possible.get(node.parts[0])
        if node.form == "load":
            return self.program.fact_of(*node.parts)
        if node.form == "binary" and node.parts[0] in ("BitAnd", "BitOr"):
            return self._results_of(FOLDED[node.parts[0]], *node.parts[1:])
        return None

    def _results_of(
        self, function: Callable[..., Any], left: Node, right: Node
    ) -> set[Any] | None:
        """Return a function's results for all pairs of values that two expressions can
        have, or None.
        """
        values = self.values_of(left) or (), self.values_of(right) or ()
        if len(values[0]) * len(values[1]) < MAX_PAIRS:
            return {function(*pair) for pair in product(*values)}
        return None

    def folded(self, node: Node) -> Node:
        """Return the known value of an expression, using the facts, or the expression
        itself.
        """
        values = self.values_of(node)
        return known(next(iter(values))) if values and len(values) == 1 else node

    # --- arithmetic

    def _of_binop(self, node: ast.BinOp) -> Node:
        left, right = self.values(node.left, node.right)
        return self.binary(type(node.op).__name__, left, right)

    def binary(self, operation: str, left: Node, right: Node) -> Node:
        """Return an operation of two numbers, or packs."""
        if is_known(left) and is_known(right):
            return self.folded_by(FOLDED[operation], left, right)
        left, right = at_run_time(left), at_run_time(right)
        if self.options.checked:
            return python_numbers.binary(self, operation, left, right)
        if operation == "BitAnd" and literal(INT, 0) in (left, right):
            return known(0)
        if isinstance(left.kind, PackKind) or isinstance(right.kind, PackKind):
            wide = left.kind if isinstance(left.kind, PackKind) else right.kind
            parts = operation, convert(left, wide), convert(right, wide)
            return Node("binary", wide, parts)
        kind = unify(left.kind, right.kind)
        require(kind in RANK, "an operation needs two numbers")
        if operation in ("Div", "FloorDiv", "Mod"):
            return self._quotient(operation, kind, left, right)
        if operation == "Pow":
            parts = "pow", convert(left, FLOAT64), convert(right, FLOAT64)
            return Node("math", FLOAT64, parts)
        if kind == BOOL and operation not in ("BitAnd", "BitOr", "BitXor"):
            kind = INT
        is_real = operation in ("Add", "Sub", "Mult")
        require(is_real or kind not in FLOATS, f"{operation} needs two integers")
        left, right = convert(left, kind), convert(right, kind)
        same = _without_effect(operation, left, right) if self.has_facts else None
        if same is not None:
            return same
        parts = operation, left, right
        is_shift = operation in ("LShift", "RShift") and right.form == "literal"
        require(
            not is_shift or 0 <= right.parts[0] < 64, "a shift must be by 0 to 63 bits"
        )
        return self.folded(Node("binary", kind, parts))

    def folded_by(self, function: Callable[..., Any], *operands: Node) -> Node:
        """Return a function's result for known values."""
        try:
            with np.errstate(all="ignore"):
                return known(function(*(operand.kind.value for operand in operands)))
        except (ArithmeticError, TypeError, ValueError) as error:
            if not self.options.checked:
                raise RefusedError(str(error)) from None
            self.fail()
            return known(0)

    def _quotient(self, operation: str, kind: str, left: Node, right: Node) -> Node:
        if operation == "Div" and kind not in FLOATS:
            kind = FLOAT64
        if kind == BOOL:
            kind = INT
        left, right = convert(left, kind), convert(right, kind)
        if kind in FLOATS and operation != "Div":
            return self.divided(operation, [left, right])
        return self.folded(Node("binary", kind, (operation, left, right)))

    def divided(self, operation: str, reals: list[Node]) -> Node:
        """Return the remainder or the floored quotient of two real numbers."""
        return self.call(REALS[operation], reals)

    def fail_if(self, test: Node) -> None:
        """End a user's function under a condition in which Python could compute a
        different number or raise an error.
        """
        if self.options.checked:
            failing, _ = self.apart(self.fail)
            self.out.append(statement("if", at_run_time(test), failing, []))

    def _of_unaryop(self, node: ast.UnaryOp) -> Node:
        operation = type(node.op).__name__
        if operation == "Not":
            return _negated(self.condition(node.operand))
        value = self.visit(node.operand)
        if is_known(value):
            return self.folded_by(UNARY[operation], value)
        is_real = value.kind in (BOOL, *FLOATS)
        require(operation != "Invert" or not is_real, "~ needs an integer")
        if operation == "USub" and self.options.checked:
            return python_numbers.negative(self, value)
        if value.kind == BOOL:
            value = convert(value, INT)
        if operation == "UAdd":
            return value
        form = {"USub": "negative", "Invert": "invert"}[operation]
        return Node(form, value.kind, (value,))

    # --- conditions

    def truth(self, value: Node) -> Node:
        """Return the truth of a value as a known value or a bool."""
        with suppress(UnevenError):
            if is_known(value):
                return self.folded_by(bool, value)
            values = self.values_of(value)
            if values and len({bool(element) for element in values}) == 1:
                return known(bool(next(iter(values))))
        return convert(value, BOOL)

    def condition(self, node: ast.expr) -> Node:
        """Translate a condition to a known value or a bool."""
        if not isinstance(node, ast.BoolOp):
            return self.truth(self.visit(node))
        return self._of_boolop(node, self.condition)

    def _of_boolop(
        self, node: ast.BoolOp, read: Callable[[ast.expr], Node] | None = None
    ) -> Node:
        """Translate ``and`` and ``or``. Operands that are skipped have no effect."""
        makes = [partial(read or self.visit, element) for element in node.values]
        return self._joined(type(node.op).__name__.lower(), makes)

    def _joined(self, form: str, makes: Sequence[Callable[[], Node]]) -> Node:
        """Return the first of several values that decides the result, or the last
        value.
        """
        decides = form == "or"
        value = makes[0]()
        if not makes[1:]:
            return value
        test = self.truth(value)
        if is_known(test):
            return (
                value if test.kind.value == decides else self._joined(form, makes[1:])
            )
        if value.kind != BOOL:
            value = self.temporary(value)
            test = self.truth(value)
        statements, rest = self.apart(lambda: self._joined(form, makes[1:]))
        is_bool = is_known(rest) and isinstance(rest.kind.value, bool)
        if not statements and is_bool and value.kind == BOOL:
            return known(decides) if rest.kind.value == decides else test
        rest = at_run_time(rest)
        if not statements and value.kind == rest.kind == BOOL:
            return Node(form, unify(value.kind, rest.kind), (test, rest))
        decided: tuple[list[Node], Node] = [], value
        pair = (decided, (statements, rest))
        return self.choice(test, *(pair if decides else pair[::-1]))

    def choice(
        self, test: Node, then: tuple[list[Node], Node], other: tuple[list[Node], Node]
    ) -> Node:
        """Return a choice between two values, each with its own statements."""
        sides = [(out, at_run_time(value)) for out, value in (then, other)]
        kind = unify(*(value.kind for _, value in sides))
        require(kind, "both values of a choice must be of the same kind")
        for k, (out, value) in enumerate(sides):
            more, value = self.apart(partial(joined, self, value, kind))
            sides[k] = [*out, *more], value
        values = [value for _, value in sides]
        if not sides[0][0] and not sides[1][0]:
            return Node("choice", kind, (test, *values))
        chosen = self.new_local("choice", kind)
        blocks = [
            [*out, statement("set", *chosen.parts, value)] for out, value in sides
        ]
        self.out.append(statement("if", test, *blocks))
        return chosen

    def _of_ifexp(self, node: ast.IfExp) -> Node:
        """Translate a conditional expression, of which only one side is computed."""
        test = self.condition(node.test)
        if is_known(test):
            return self.visit(node.body if test.kind.value else node.orelse)
        sides = [
            self.apart(partial(self.visit, side)) for side in (node.body, node.orelse)
        ]
        return self.choice(test, *sides)

    def _of_compare(self, node: ast.Compare) -> Node:
        """Translate a chain of comparisons, all of which must hold. An operand is only
        computed if the comparisons before it hold.
        """
        operands = [node.left, *node.comparators]
        matching: list[Node] = []

        def compared(place: int, operation: ast.cmpop) -> Node:
            pair = operands[place : place + 2]
            left, right = self.values(*(matching or pair[:1]), pair[1])
            if place + 2 < len(operands):
                right = self.temporary(right)
            matching[:] = [right]
            return self._compared(type(operation).__name__, left, right)

        makes = [partial(compared, *element) for element in enumerate(node.ops)]
        return self._joined("and", makes)

    def _compared(self, name: str, left: Node, right: Node) -> Node:
        if name in ("In", "NotIn"):
            return self._among(name == "In", left, right)
        if name not in ("Is", "IsNot"):
            return self.compare(SIGNS[name], left, right)
        values = [element.kind.value for element in (left, right) if is_known(element)]
        require(len(values) == 2 or values == [None], "`is` can only compare with None")
        return known((values[0] is values[-1] and len(values) == 2) == (name == "Is"))

    def _among(self, inside: bool, value: Node, items: Node) -> Node:
        value = self.temporary(value)
        tests = [partial(self.compare, "==", value, item) for item in items_of(items)]
        matching = self._joined("or", tests) if tests else known(False)
        return matching if inside else _negated(matching)

    def compare(self, sign: str, left: Node, right: Node) -> Node:
        """Return a comparison of two numbers."""
        holds = COMPARED[sign]
        with suppress(UnevenError):
            if is_known(left) and is_known(right):
                answer = self.folded_by(holds, left, right)
                return self.truth(answer)
            answers = self._results_of(holds, left, right)
            if answers and len(answers) == 1:
                return known(bool(answers.pop()))
        left, right = at_run_time(left), at_run_time(right)
        if self.options.checked:
            return python_numbers.compare(self, sign, left, right)
        kind = unify(left.kind, right.kind)
        require(kind in RANK, "a comparison needs two numbers")
        kind = INT if kind == BOOL else kind
        return Node("compare", BOOL, (sign, convert(left, kind), convert(right, kind)))

    # --- calls

    def _of_call(self, node: ast.Call) -> Node:
        callee = self.visit(node.func)
        if is_known(callee) and callee.kind.value is tuple and len(node.args) == 1:
            (argument,) = node.args
            if isinstance(argument, ast.GeneratorExp):
                return self._tuple_by(argument)
            return tuple_of(self.items(argument))
        if is_known(callee) and callee.kind.value is added:
            return self._sum_by(*node.args)
        require(is_known(callee), "a called function must be known before the call")
        function = callee.kind.value
        arguments = self._arguments(function, node.args, node.keywords)
        word = self.program.words.find(function)
        name = getattr(function, "__name__", repr(function))
        fields = getattr(function, "_fields", ())
        if word is not None:
            try:
                value = word(self, *arguments)
            except TypeError:
                raise RefusedError(f"{name} does not take these arguments") from None
            return known(None) if value is None else value
        if fields and len(fields) == len(arguments):
            return tuple_of(arguments, fields)
        # of a kernel, or of a function that Numba has compiled
        function = getattr(function, "part", getattr(function, "py_func", function))
        require(
            isinstance(function, FunctionType),
            f"{name} is not a function of the language",
        )
        return self.call(function, arguments)

    def _sum_by(self, terms: Any, start: ast.expr = ZERO) -> Node:
        """Write ``added((term for k in range(...)), start)`` as a loop before the
        expression, with a variable of its own.
        """
        by, *others = terms.generators
        is_plain = isinstance(by.target, ast.Name) and not (by.ifs or others)
        require(is_plain, "a sum can only have one variable, and no condition")
        total = ast.Name(self.new_name("total"), ast.Store())
        self.assign(total.id, self.visit(start))
        outside = self.known, self.variables, self.valued
        name: Any = getattr(by.target, "id", "")
        self.known = {k: value for k, value in self.known.items() if k != name}
        self.variables = self.variables | {name: (self.new_name(name), INT)}
        self.valued = self.valued - {name}
        adds = ast.AugAssign(total, ast.Add(), terms.elt)
        loop = ast.For(by.target, by.iter, [adds], [])
        self.visit(ast.fix_missing_locations(ast.copy_location(loop, terms)))
        result = self.visit(total)
        self.known, self.variables, self.valued = outside
        return result

    def _arguments(
        self, function: Any, given: list[ast.expr], named: list[ast.keyword]
    ) -> list[Node]:
        """Return positional and named arguments in the order of a function's
        parameters.
        """
        values = self.values(*given, *(keyword.value for keyword in named))
        if not named:
            return values
        require(
            isinstance(function, FunctionType),
            "arguments of a function of the language cannot be named",
        )
        code = function.__code__
        count = len(values) - len(named)
        by_name = {
            keyword.arg: value
            for keyword, value in zip(named, values[count:], strict=True)
        }
        names = code.co_varnames[count : code.co_argcount][: len(named)]
        require(
            by_name.keys() == {*names},
            "named arguments must follow all others",
        )
        return [*values[:count], *(by_name[name] for name in names)]

    def call(self, function: Any, arguments: list[Node]) -> Node:
        """Translate a call. A call that has an effect becomes a statement."""
        passed = [self._argument(argument) for argument in arguments]
        kinds = tuple(argument.kind for argument in passed)
        made = self.program.instance(function, kinds, self.options)
        if made.constant is not None:
            return made.constant
        given = [element for element in passed if not is_known(element)]
        if made.takes_turn:
            given.append(Node("variable", INT, (TURN,)))
        result = Node("call", made.result, (made, tuple(given)))
        if made.fails:
            self.instance.has_effects |= made.has_effects
            result = self.temporary(result)
            self.fail_if(_negated(item_of(result, 0)))
            return item_of(result, 1) if len(result.kind.items) > 1 else known(None)
        if not made.has_effects:
            return result
        if made.result != NOTHING:
            return self.result_of(result)
        self.effect(statement("do", result))
        return known(None)

    def result_of(self, call: Node) -> Node:
        """Return the value of an expression that has an effect."""
        self.instance.has_effects = True
        return self.temporary(call)

    def effect(self, node: Node) -> None:
        """Add a statement that has an effect outside the function."""
        self.instance.has_effects = True
        self.out.append(node)

    def _argument(self, argument: Node) -> Node:
        """Return an argument, which stays known if the callee is compiled for it."""
        argument = self.folded(argument) if argument.kind in RANK else argument
        if not is_known(argument):
            return argument
        value = argument.kind.value
        # each bool makes a function of its own; in a program of a network, each number
        stays = self.has_facts or scalar_kind(value) in (None, BOOL)
        is_tuple = isinstance(value, tuple)
        return argument if stays and not is_tuple else at_run_time(argument)
