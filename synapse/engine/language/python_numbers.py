"""Reproduce the arithmetic of Python for the numbers of environments, whose functions
are compiled from their source. They have bools, integers and float64.

If the machine could compute another number, or Python raises an error, the function
fails, and Python calls it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .tree import (
    BOOL,
    FLOAT64,
    INT,
    Node,
    TupleKind,
    at_run_time,
    convert,
    item_of,
    literal,
    require,
    unify,
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
EXACT = 1 << 53
"""Integers up to this size are numbers of float64."""
SMALLEST, LARGEST = -(1 << 63), (1 << 63) - 1
OF_REALS = "Add", "Sub", "Mult", "Div", "FloorDiv", "Mod", "Pow"
CANNOT_RAISE = "copysign", "isfinite", "erf", "erfc", "atan", "tanh"


def own(value: Any) -> Any:
    """Return a value that a function captures. RefusedError is raised for numbers of
    NumPy with an arithmetic of their own, such as int8 and float32.
    """
    kind = getattr(value, "dtype", None)
    is_other = isinstance(value, np.generic | np.ndarray) and kind not in (
        np.dtype("float64"),
        np.dtype("int64"),
    )
    require(not is_other, f"the language has no {kind}")
    return value


def _compared(sign: str, value: Node, bound: float) -> Node:
    return Node("compare", BOOL, (sign, value, literal(value.kind, bound)))


def _fail_outside(t: Any, value: Node, low: float, high: float) -> None:
    """End the function if a number is not between two others."""
    if value.form == "literal":
        if not low <= value.parts[0] <= high:
            t.fail()
        return
    if low > SMALLEST:
        t.fail_if(_compared("<", value, low))
    if high < LARGEST:
        t.fail_if(_compared(">", value, high))


def fitting(t: Any, value: Node) -> Node:
    """Return a number that, if it is an integer, is a number of float64, too."""
    if value.kind == INT:
        value = t.temporary(value)
        _fail_outside(t, value, -EXACT, EXACT)
    return value


def joined(t: Any, value: Node, kind: Any) -> Node:
    """Convert a value to the kind that it shares with other values."""
    value = at_run_time(value)
    if not t.options.checked or value.kind == kind:
        return convert(value, kind)
    if isinstance(kind, TupleKind) and isinstance(value.kind, TupleKind):
        items = [joined(t, item_of(value, k), of) for k, of in enumerate(kind.items)]
        return Node("tuple", kind, tuple(items))
    return _real(t, value) if kind == FLOAT64 else convert(value, kind)


def _real(t: Any, value: Node) -> Node:
    return convert(fitting(t, value), FLOAT64)


def _require_numbers(*values: Node) -> None:
    for value in values:
        is_number = value.kind in (BOOL, INT, FLOAT64)
        require(is_number, "an operation needs two numbers")


# --- integers


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


def _of_whole(t: Any, operation: str, left: Node, right: Node) -> Node:
    left, right = (t.temporary(convert(value, INT)) for value in (left, right))
    if operation == "Pow":
        _fail_outside(t, right, 0, LARGEST)  # otherwise, it is real
        return t.call(whole_power, [left, right])
    if operation in ("FloorDiv", "Mod"):
        _fail_at_zero(t, right)
        if right.form != "literal" or right.parts[0] == -1:
            is_least = _compared("==", left, SMALLEST)
            t.fail_if(Node("and", BOOL, (_compared("==", right, -1), is_least)))
    elif operation == "RShift":
        _fail_outside(t, right, 0, LARGEST)
        right = Node("pick", INT, ("<", right, literal(INT, 63)))
    elif operation == "LShift":
        _fail_outside(t, right, 0, 63)
    elif operation in ("Add", "Sub", "Mult"):
        t.fail_if(Node("overflows", BOOL, (operation, left, right)))
    made = t.temporary(Node("binary", INT, (operation, left, right)))
    if operation == "LShift":
        back = Node("binary", INT, ("RShift", made, right))
        t.fail_if(Node("compare", BOOL, ("!=", back, left)))
    return made


def _fail_at_zero(t: Any, divisor: Node) -> None:
    if divisor.form != "literal":
        t.fail_if(_compared("==", divisor, 0))
    elif divisor.parts[0] == 0:
        t.fail()


# --- reals


def _finite(t: Any, value: Node) -> Node:
    """Return a real number. The function fails if the number is not finite."""
    value = t.temporary(value)
    t.fail_if(Node("not", BOOL, (Node("math", BOOL, ("isfinite", value)),)))
    return value


def binary(t: Any, operation: str, left: Node, right: Node) -> Node:
    """Return an operation of two numbers."""
    _require_numbers(left, right)
    are_bools = left.kind == right.kind == BOOL
    is_bitwise = operation in ("BitAnd", "BitOr", "BitXor")
    if are_bools and is_bitwise:
        return Node("binary", BOOL, (operation, left, right))
    # Python's True and True make 2, and NumPy's make True
    require(not are_bools, f"{operation} needs a number that is no bool")
    if FLOAT64 not in (left.kind, right.kind) and operation != "Div":
        return _of_whole(t, operation, left, right)
    require(operation in OF_REALS, f"{operation} needs two integers")
    left, right = _real(t, left), _real(t, right)
    if operation == "Pow":
        return _finite(t, Node("math", FLOAT64, ("pow", left, right)))
    if operation in ("Div", "FloorDiv", "Mod"):
        right = t.temporary(right)
        _fail_at_zero(t, right)
        if operation != "Div":
            return t.divided(operation, [left, right])
    return Node("binary", FLOAT64, (operation, left, right))


def negative(t: Any, value: Node) -> Node:
    """Return minus a number."""
    if value.kind == INT:
        return _of_whole(t, "Sub", literal(INT, 0), value)
    require(value.kind == FLOAT64, "an operation needs a number that is no bool")
    return Node("negative", FLOAT64, (value,))


def absolute(t: Any, value: Node) -> Node:
    """Return the absolute value of a number."""
    _require_numbers(value)
    if value.kind == FLOAT64:
        return Node("math", FLOAT64, ("abs", value))
    value = t.temporary(convert(value, INT))
    from_below = t.apart(lambda: negative(t, value))
    return t.choice(_compared("<", value, 0), from_below, ([], value))


def compare(t: Any, sign: str, left: Node, right: Node) -> Node:
    """Compare two numbers."""
    _require_numbers(left, right)
    is_real = FLOAT64 in (left.kind, right.kind)
    sides = [_real(t, v) if is_real else convert(v, INT) for v in (left, right)]
    return Node("compare", BOOL, (sign, *sides))


def cast(t: Any, function: Any, value: Node) -> Node:
    """Convert a number by one of Python's types."""
    require(function in (int, float, np.float64, np.int64), "this type is not known")
    _require_numbers(value)
    if function in (float, np.float64):
        return _real(t, value)
    if value.kind == FLOAT64:
        value = t.temporary(value)
        size = Node("math", FLOAT64, ("abs", value))
        t.fail_if(Node("not", BOOL, (_compared("<", size, 2.0**63),)))
    return convert(value, INT)


def rounded(t: Any, name: str, value: Node) -> Node:
    """Return the integer to which one of Python's functions rounds a number."""
    if value.kind == FLOAT64:
        value = Node("math", FLOAT64, (name, value))
    return cast(t, int, value)


def function_of_reals(t: Any, name: str, values: list[Node]) -> Node:
    """Return the result of a function of `math` or NumPy. The function fails where it
    is not finite, because functions of `math` raise there.
    """
    _require_numbers(*values)
    passed = [_real(t, value) for value in values]
    if name == "copysign":  # NaN has a sign, which depends on who has made it
        passed[1] = t.temporary(passed[1])
        t.fail_if(Node("compare", BOOL, ("!=", passed[1], passed[1])))
    kind = BOOL if name == "isfinite" else FLOAT64
    made = Node("math", kind, (name, *passed))
    return made if name in CANNOT_RAISE else _finite(t, made)


def extreme(t: Any, sign: str, best: Node, other: Node) -> Node:
    """Return the smaller or the larger of two numbers."""
    _require_numbers(best, other)
    kind = unify(best.kind, other.kind)
    return Node("pick", kind, (sign, joined(t, best, kind), joined(t, other, kind)))
