"""Reproduce the arithmetic of Python and NumPy for the numbers in users' functions.

The type of a result is determined by Python or NumPy, with 1 as an example of each
operand. If the machine could compute another number, the function fails, and Python
makes its call.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import cache, partial, reduce
from itertools import product
from typing import Any

import numpy as np

from .tree import (
    BOOL,
    FLOAT32,
    FLOAT64,
    FLOATS,
    INT,
    RANK,
    WORD,
    Node,
    RefusedError,
    TupleKind,
    at_run_time,
    convert,
    item_of,
    literal,
    require,
    scalar_kind,
    types_of,
    unify,
    with_types,
)

FOLDED: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "Div": operator.truediv,
    "FloorDiv": operator.floordiv,
    "Mod": operator.mod,
    "Pow": operator.pow,
    "LShift": operator.lshift,
    "RShift": operator.rshift,
    "BitAnd": operator.and_,
    "BitOr": operator.or_,
    "BitXor": operator.xor,
}
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
QUOTIENTS = "Div", "FloorDiv", "Mod"
EXACT = 1 << 53
"""Integers up to this size are numbers of float64."""
SMALLEST, LARGEST = -(1 << 63), (1 << 63) - 1


@cache
def result_kind(function: Callable[..., Any], *operands: frozenset[type]) -> str:
    """Return the kind of a function's result for operands of some types."""
    try:
        with np.errstate(all="ignore"):
            made = [function(*(of(1) for of in each)) for each in product(*operands)]
    except TypeError as error:
        raise RefusedError(str(error)) from None
    kinds = {scalar_kind(value) for value in made}
    types = frozenset(map(type, made))
    names = ", ".join(sorted(of.__name__ for of in types))
    is_one = None not in kinds and not {INT, WORD} <= kinds
    require(is_one, f"the language has no {names}")
    return with_types(str(reduce(unify, kinds)), types)


def _kind_of(function: Any, *values: Node) -> str:
    are_numbers = all(value.kind in RANK for value in values)
    require(are_numbers, "an operation needs two numbers")
    return result_kind(function, *(types_of(value.kind) for value in values))


def _has_whole(kind: str, types: Any) -> bool:
    """Return whether a number of this kind can be an integer of one of these types."""
    return any(issubclass(of, types) for of in types_of(kind))


def _compared(sign: str, value: Node, bound: float) -> Node:
    return Node("compare", BOOL, (sign, value, literal(value.kind, bound)))


def fail_outside(t: Any, value: Node, low: float, high: float) -> None:
    """End the function if a number is not between two others."""
    if value.form != "literal":
        if low > SMALLEST:
            t.fail_if(_compared("<", value, low))
        if high < LARGEST:
            t.fail_if(_compared(">", value, high))
    elif not low <= value.parts[0] <= high and t.options.checked:
        t.fail()


def several(t: Any, value: Node) -> Node:
    """Store a value in a variable if it is checked, because the check reads it, too."""
    return t.temporary(value) if t.options.checked else value


def fitting(t: Any, value: Node) -> Node:
    """Return a number that, if it is an integer, can also be represented exactly as a
    float64.
    """
    is_exact = value.form == "literal" and float(value.parts[0]) == value.parts[0]
    if value.kind in (INT, WORD) and not is_exact:
        value = several(t, value)
        fail_outside(t, value, 0 if value.kind == WORD else -EXACT, EXACT)
    return value


def joined(t: Any, value: Node, kind: Any) -> Node:
    """Convert a value to the kind that it shares with other values. In a user's
    function, the number itself does not change.
    """
    value = at_run_time(value)
    if not t.options.from_end or value.kind == kind:
        return convert(value, kind)
    if isinstance(kind, TupleKind) and isinstance(value.kind, TupleKind):
        items = [joined(t, item_of(value, k), of) for k, of in enumerate(kind.items)]
        return Node("tuple", kind, tuple(items))
    return convert(fitting(t, value) if kind in FLOATS else value, kind)


# --- integers


def whole(t: Any, value: Node, kind: str) -> Node:
    """Convert an integer to another kind without changing its value."""
    if {value.kind, kind} == {INT, WORD}:
        value = several(t, value)
        fail_outside(t, value, 0, LARGEST)
    is_same = types_of(value.kind) == types_of(kind) and len(types_of(kind)) == 1
    value = convert(value, kind)
    if kind == INT and not is_same:
        value = _within_types(t, value, types_of(kind))
    return value._replace(kind=kind)


def _within_types(t: Any, value: Node, types: frozenset[type]) -> Node:
    """Return a number. The function fails if it is an integer that one of these types
    cannot represent.
    """
    whole = [np.iinfo(of) for of in types if issubclass(of, np.integer)]
    narrow = [of for of in whole if of.bits < 64 or of.kind == "u"]
    if narrow:
        value = several(t, value)
        low = max(int(of.min) for of in narrow)
        fail_outside(t, value, low, min(int(of.max) for of in narrow))
    return value


def whole_power(number: Any, exponent: Any) -> Any:
    """Return a power of an integer, computed by multiplication."""
    power = 1
    rest = exponent
    factor = number
    while rest > 0:
        if rest & 1:
            power = power * factor
        rest = rest >> 1
        if rest > 0:
            factor = factor * factor
    return power


def _power(t: Any, kind: str, left: Node, right: Node) -> Node:
    """Return a power of integers. As in Python, a negative exponent gives a real
    number.
    """
    left, right = several(t, left), several(t, right)

    def product() -> Node:
        return whole(t, t.call(whole_power, [left, right]), kind)

    def quotient() -> Node:
        of_reals = result_kind(operator.pow, frozenset({float}), frozenset({float}))
        return _of_reals(t, "Pow", of_reals, left, right)

    is_literal = right.form == "literal"
    is_root = is_literal and right.parts[0] < 0
    if types_of(kind) == {int} and not (is_literal and not is_root):
        if is_root:
            return quotient()
        test = _compared(">=", right, 0)
        return t.choice(test, t.apart(product), t.apart(quotient))
    fail_outside(t, right, 0, LARGEST)
    return product()


def _of_whole(t: Any, operation: str, kind: str, left: Node, right: Node) -> Node:
    result_kind = with_types(str(kind), types_of(kind) - {bool})
    left = several(t, whole(t, left, result_kind))
    right = several(t, whole(t, right, result_kind))
    if operation == "Pow":
        return _power(t, result_kind, left, right)
    if operation in QUOTIENTS:
        right = _divisor(t, right)
        is_least = _compared("==", left, SMALLEST)
        if kind == INT and (right.form != "literal" or right.parts[0] == -1):
            t.fail_if(Node("and", BOOL, (_compared("==", right, -1), is_least)))
    elif operation == "RShift" and kind == INT:
        fail_outside(t, right, 0, LARGEST)
        right = Node("pick", result_kind, ("<", right, literal(result_kind, 63)))
    elif operation in ("LShift", "RShift"):
        fail_outside(t, right, 0, 63)
    elif operation in ("Add", "Sub", "Mult") and kind == INT:
        t.fail_if(Node("overflows", BOOL, (operation, left, right)))
    made = several(t, Node("binary", result_kind, (operation, left, right)))
    if operation == "LShift" and kind == INT:
        back = Node("binary", result_kind, ("RShift", made, right))
        t.fail_if(Node("compare", BOOL, ("!=", back, left)))
    return whole(t, made._replace(kind=INT), result_kind) if kind == INT else made


def _divisor(t: Any, right: Node) -> Node:
    """Return a divisor of integers. Because a processor stops at a division by 0, the
    function fails at 0 or, if unchecked, divides by 1.
    """
    if right.form == "literal" and right.parts[0] != 0:
        return right
    is_none = _compared("==", right, 0)
    t.fail_if(is_none)
    if t.options.checked:
        return right
    return Node("choice", right.kind, (is_none, literal(right.kind, 1), right))


# --- reals


def _finite(t: Any, value: Node) -> Node:
    """Return a real number. The function fails if the number is not finite."""
    value = several(t, value)
    t.fail_if(Node("not", BOOL, (Node("math", BOOL, ("isfinite", value)),)))
    return value


def _of_reals(t: Any, operation: str, kind: str, left: Node, right: Node) -> Node:
    of_numpy = all(issubclass(of, np.floating) for of in types_of(kind))
    left, right = convert(left, kind), convert(right, kind)
    if operation == "Pow":
        made = Node("math", kind, ("pow", left, right))
        return made if of_numpy else _finite(t, made)
    if operation in QUOTIENTS and not (of_numpy and operation == "Div"):
        right = several(t, right)
        t.fail_if(_compared("==", right, 0.0))
    if operation in ("FloorDiv", "Mod"):
        plain = [value._replace(kind=str(kind)) for value in (left, right)]
        return t.divided(operation, plain)._replace(kind=kind)
    return Node("binary", kind, (operation, left, right))


def _same_of_single(t: Any, value: Node, single: Callable[[], Node]) -> Node:
    """Return a float64. The function fails if the number may be a float32 with a
    different value.
    """
    if value.kind != FLOAT64 or np.float32 not in types_of(value.kind):
        return value
    value = several(t, value)
    other = convert(single(), FLOAT64)
    bits = (Node("bits", INT, (number,)) for number in (value, other))
    t.fail_if(Node("compare", BOOL, ("!=", *bits)))
    return value


def same_of_whole(t: Any, value: Node) -> Node:
    """Convert to a real number. The function fails if the number may be an integer that
    Python cannot convert exactly, or if the sign of 0 may differ.
    """
    if not _has_whole(value.kind, int | np.integer):
        return value
    value = several(t, _within_types(t, value, types_of(value.kind)))
    minus_zero = Node("bits", INT, (convert(value, FLOAT64),))
    t.fail_if(_compared("==", minus_zero, SMALLEST))
    size = Node("math", value.kind, ("abs", value))
    t.fail_if(_compared(">=", size, float(EXACT)))
    return value


def binary(t: Any, operation: str, left: Node, right: Node) -> Node:
    """Return an operation of two numbers."""
    kind = _kind_of(FOLDED[operation], left, right)
    if kind == BOOL:
        operation = {"Add": "BitOr", "Mult": "BitAnd"}.get(operation, operation)
        return Node("binary", kind, (operation, left, right))
    if kind not in FLOATS:
        return _of_whole(t, operation, kind, left, right)
    if all(
        _has_whole(value.kind, int | np.integer | np.bool_) for value in (left, right)
    ):
        left, right = fitting(t, left), fitting(t, right)
        if operation == "Pow" and _has_whole(kind, np.integer):
            fail_outside(t, right, 0, LARGEST)
        left = _within_types(t, left, types_of(kind))
        right = _within_types(t, right, types_of(kind))
    if kind == FLOAT64 and np.float32 in types_of(kind):
        left, right = several(t, left), several(t, right)
    made = _of_reals(t, operation, kind, left, right)
    in_single = with_types(FLOAT32, frozenset({np.float32}))
    single = partial(_of_reals, t, operation, in_single, left, right)
    return same_of_whole(t, _same_of_single(t, made, single))


def negative(t: Any, value: Node) -> Node:
    """Return minus a number."""
    kind = _kind_of(operator.neg, value)
    if kind not in FLOATS:
        return _of_whole(t, "Sub", kind, literal(INT, 0), value)
    return same_of_whole(t, Node("negative", kind, (convert(value, kind),)))


def absolute(t: Any, function: Any, value: Node) -> Node:
    """Return the absolute value of a number, computed by a Python function."""
    kind = _kind_of(function, value)
    value = several(t, convert(value, kind))
    if kind in (BOOL, WORD):
        return value._replace(kind=kind)
    if kind in FLOATS:
        return Node("math", kind, ("abs", value))
    value = value._replace(kind=kind)
    from_below = t.apart(partial(negative, t, value))
    return t.choice(_compared("<", value, 0), from_below, ([], value))


def compare(t: Any, sign: str, left: Node, right: Node) -> Node:
    """Compare two numbers in the kind that their sum would have."""
    answer = with_types(BOOL, types_of(_kind_of(COMPARED[sign], left, right)))
    kind = _kind_of(operator.add, left, right)
    if kind in FLOATS:
        left, right = fitting(t, left), fitting(t, right)
    else:
        kind = INT if kind == BOOL else kind
        left, right = whole(t, left, kind), whole(t, right, kind)
    if not (kind == FLOAT64 and np.float32 in types_of(kind)):
        return Node(
            "compare", answer, (sign, convert(left, kind), convert(right, kind))
        )
    left, right = several(t, left), several(t, right)
    first, second = (
        several(
            t, Node("compare", answer, (sign, convert(left, of), convert(right, of)))
        )
        for of in FLOATS
    )
    t.fail_if(
        Node("compare", BOOL, ("!=", *(convert(of, INT) for of in (first, second))))
    )
    return second


def cast(t: Any, function: Any, kind: str, value: Node) -> Node:
    """Convert a number to another type."""
    made = with_types(kind, frozenset({type(function(1))}))
    if value.kind in FLOATS and kind in (INT, WORD):
        value = several(t, value)
        size = value if kind == WORD else Node("math", value.kind, ("abs", value))
        t.fail_if(Node("not", BOOL, (_compared("<", size, 2.0**63),)))
        if kind == WORD:
            t.fail_if(_compared("<", value, 0.0))
    elif kind in (INT, WORD):
        value = whole(t, value, kind)
    elif kind == FLOAT32:
        value = fitting(t, value)
    return convert(value, kind)._replace(kind=made)


def rounded(t: Any, name: str, function: Any, value: Node) -> Node:
    """Return the integer to which one of Python's functions rounds a number."""
    _kind_of(function, value)
    if value.kind in FLOATS:
        value = Node("math", value.kind, (name, value))
    return cast(t, int, INT, value)


OF_INTEGERS = {"fmod": "==", "pow": "<"}
"""How an operand compares with 0 where NumPy has another answer for integers."""
CANNOT_RAISE = "copysign", "isfinite", "abs", "erf", "erfc", "atan", "tanh"


def function_of_reals(t: Any, name: str, function: Any, values: list[Node]) -> Node:
    """Return the result of a function of `math` or NumPy. The function fails where
    `math` raises.
    """
    of_numpy = getattr(function, "__module__", "") != "math"
    asked = function if of_numpy or name == "isfinite" else math.hypot
    kind = _kind_of(asked, *values)
    if kind == BOOL and name != "isfinite":
        return values[0]._replace(kind=kind)
    if kind == INT and name == "pow":
        return _of_whole(t, "Pow", kind, *values)
    may_be_whole = of_numpy and _has_whole(kind, np.integer)
    if may_be_whole and len(values) > 1:  # an integer of Python has to fit NumPy's type
        values = [_within_types(t, value, types_of(kind)) for value in values]
    float_kind = kind if kind in FLOATS else FLOAT64
    passed = [convert(fitting(t, v) if of_numpy else v, float_kind) for v in values]
    if name == "copysign":  # NaN has a sign, which depends on who has made it
        passed[1] = several(t, passed[1])
        t.fail_if(Node("compare", BOOL, ("!=", passed[1], passed[1])))
    if may_be_whole and name in OF_INTEGERS:
        passed[1] = several(t, passed[1])
        t.fail_if(_compared(OF_INTEGERS[name], passed[1], 0.0))
    made = Node("math", BOOL if kind == BOOL else float_kind, (name, *passed))
    if not of_numpy and name not in CANNOT_RAISE:
        return _finite(t, made)
    if kind in (INT, WORD):
        return cast(t, int, str(kind), made)._replace(kind=kind)
    if kind == BOOL:
        return made._replace(kind=kind)
    singles = [convert(value, FLOAT32) for value in values]
    made = _same_of_single(t, made, lambda: Node("math", FLOAT32, (name, *singles)))
    return same_of_whole(t, made) if may_be_whole else made


def extreme(t: Any, sign: str, best: Node, other: Node) -> Node:
    """Return the smaller or the larger of two numbers."""
    kind = unify(best.kind, other.kind)
    require(kind in RANK, "a minimum or maximum needs numbers")
    if FLOAT32 in (best.kind, other.kind) and best.kind != other.kind:
        best, other = several(t, best), several(t, other)
        test = compare(t, sign, other, best)
        return t.choice(test, ([], other), ([], best))
    return Node("pick", kind, (sign, joined(t, best, kind), joined(t, other, kind)))
