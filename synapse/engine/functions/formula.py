"""Formulas, the form in which the engine compiles users' functions and exporters write
all functions. A formula is a tree of branches with straight-line formulas at their
ends, which ``formula_reader`` reads from a function.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import partialmethod
from typing import Any

import numpy as np

OPERATORS = {
    "+": (operator.add, np.add),
    "-": (operator.sub, np.subtract),
    "*": (operator.mul, np.multiply),
    "/": (operator.truediv, np.true_divide),
    "negative": (operator.neg, np.negative),
}
COMPARISONS = {
    "<": (operator.lt, np.less),
    "<=": (operator.le, np.less_equal),
    ">": (operator.gt, np.greater),
    ">=": (operator.ge, np.greater_equal),
    "==": (operator.eq, np.equal),
    "!=": (operator.ne, np.not_equal),
}
PRIMITIVES: dict[str, tuple[Any, ...]] = {
    "abs": (abs, math.fabs, np.abs, np.fabs),
    "copysign": (math.copysign, np.copysign),
    "cos": (math.cos, np.cos),
    "erf": (math.erf,),
    "exp": (math.exp, np.exp),
    "expm1": (math.expm1, np.expm1),
    "log": (math.log, np.log),
    "log1p": (math.log1p, np.log1p),
    "max": (max, np.maximum),
    "min": (min, np.minimum),
    "pow": (pow, math.pow, np.power, operator.pow),
    "sin": (math.sin, np.sin),
    "sqrt": (math.sqrt, np.sqrt),
    "tanh": (math.tanh, np.tanh),
}
"""Functions that every exporter can write, with their names in Python."""

OTHERS: dict[str, tuple[Any, ...]] = {
    **{name: (getattr(math, name), getattr(np, name)) for name in ("cosh", "sinh")},
    **{name: (getattr(math, name), getattr(np, name)) for name in ("tan", "log2")},
    "acos": (math.acos, np.arccos),
    "acosh": (math.acosh, np.arccosh),
    "asin": (math.asin, np.arcsin),
    "asinh": (math.asinh, np.arcsinh),
    "atan": (math.atan, np.arctan),
    "atan2": (math.atan2, np.arctan2),
    "atanh": (math.atanh, np.arctanh),
    "erfc": (math.erfc,),
    "fmod": (math.fmod, np.fmod),
    "log10": (math.log10, np.log10),
}
"""Functions that the engine and its programs compute, but not every exporter."""

KINDS: dict[Any, str] = {
    function: operation
    for operation, functions in (PRIMITIVES | OTHERS | OPERATORS | COMPARISONS).items()
    for function in functions
}
"""The operation that a function of C becomes in a formula."""

NEVER_RAISES = "abs", "copysign", "erf", "erfc", "atan", "atan2", "tanh"
"""Functions of `math` that return a number for all numbers."""


MAX_SYMBOLS = 120
"""Most numbers of a formula. Writers of programs follow it recursively, with five calls
for each number."""


class UnreadableError(Exception):
    """Raised if a function cannot be read as a formula. The message is a clause with
    the reason, and `place` the file and line, if they are known.
    """

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(reason)
        self.place = place


class UndecidedError(Exception):
    """A comparison whose answer is not known."""

    def __init__(self, comparison: Condition) -> None:
        super().__init__()
        self.comparison = comparison


class FormulaReading:
    """The symbols of a formula, of which equal ones are the same object, and the
    decisions of this run.
    """

    def __init__(self) -> None:
        self.symbols: dict[Any, Symbol] = {}
        self.decided: dict[Any, bool] = {}
        self.raising: list[Symbol] = []  # of this run, also those without a use
        self.ways = 0
        self.is_open = True  # while a user's function has the symbols

    def symbol(
        self, operation: str, *parts: Any, raises: bool = False, of_numpy: bool = False
    ) -> Symbol:
        """Return the symbol of an operation, see `Symbol`."""
        key = (
            operation,
            raises,
            of_numpy,
            *(id(part) if isinstance(part, Symbol) else repr(part) for part in parts),
        )
        if len(self.symbols) >= MAX_SYMBOLS:
            raise UnreadableError(f"it computes more than {MAX_SYMBOLS} numbers")
        made = Symbol(self, operation, parts, raises, of_numpy)
        return self.symbols.setdefault(key, made)

    def of(self, value: Any) -> Symbol:
        """Return the symbol of a number."""
        if isinstance(value, Symbol):
            return value
        if isinstance(value, Condition):
            value = bool(value)
        # Numbers in single precision would round what is computed with them.
        if isinstance(value, (int, float, np.integer)) and float(value) == value:
            of_numpy = isinstance(value, np.generic)
            return self.symbol("number", float(value), of_numpy=of_numpy)
        raise UnreadableError(f"it computes with {name_of(value)}")

    def applied(self, function: Any, *operands: Any) -> Any:
        """Return the symbol or condition of a function's result."""
        operation = KINDS.get(function)
        if operation is None:
            sign = SIGNS.get(function.__name__)
            raise UnreadableError(
                f"it uses {sign}" if sign else f"it calls {function.__name__}"
            )
        symbols = list(map(self.of, operands))
        if operation in COMPARISONS:
            return Condition(operation, *symbols)
        certain = all if function in (max, min) else any
        of_numpy = certain(symbol.of_numpy for symbol in symbols)
        is_ufunc = isinstance(function, np.ufunc)
        raises = function in (operator.truediv, operator.pow, pow) and not of_numpy
        if getattr(function, "__module__", "") == "math":  # ufuncs got it in NumPy 2.1
            raises = operation not in NEVER_RAISES
            of_numpy = False
        while len(symbols) > 2:  # the largest or smallest of several
            symbols[:2] = [self.symbol(operation, *symbols[:2])]
        of_numpy |= is_ufunc
        made = self.symbol(operation, *symbols, raises=raises, of_numpy=of_numpy)
        self.raising += [made] * raises
        return made

    def as_type(self, value: Any, of_numpy: bool) -> Any:
        """Return a number as a float of Python or of NumPy."""
        if isinstance(value, Condition):
            value = bool(value)
        if not isinstance(value, Symbol):
            return np.float64(value) if of_numpy else float(value)
        parts = value.operation, *value.parts
        return self.symbol(*parts, raises=value.raises, of_numpy=of_numpy)


def _refusing(reason: str, method: Any = None) -> Callable[..., Any]:
    """Return a method that raises an error, after a reading only without a `method`."""

    def refuse(self: Any, *arguments: Any) -> Any:
        if method is None or self.reading.is_open:
            raise UnreadableError(reason)
        return method(self, *arguments)

    return refuse


class Symbol:
    """An unknown number: a name, a number, or a function of other symbols.

    `raises` tells whether Python may raise an error instead of computing it, and
    `of_numpy` whether it certainly is a number of NumPy, which divides by 0.
    """

    __hash__ = _refusing("it asks a number for its hash", object.__hash__)
    __repr__ = _refusing("it asks a number for its text", object.__repr__)
    __int__ = _refusing("it converts a number to an integer")
    __index__ = _refusing("it uses a number as an index")
    __format__ = _refusing("it asks a number for its text", object.__format__)

    def __init__(
        self,
        reading: FormulaReading,
        operation: str,
        parts: tuple[Any, ...],
        raises: bool,
        of_numpy: bool,
    ) -> None:
        self.reading = reading
        self.operation = operation
        self.parts = parts
        self.raises = raises
        self.of_numpy = of_numpy

    def __array_ufunc__(
        self, function: np.ufunc, method: str, *operands: Any, **ignored: Any
    ) -> Any:
        if method != "__call__" or ignored:
            raise UnreadableError(f"it calls {function.__name__} in another way")
        # NumPy passes its scalars as arrays without dimensions.
        numbers = (o[()] if isinstance(o, np.ndarray) else o for o in operands)
        return self.reading.applied(function, *numbers)

    def __pos__(self) -> Symbol:
        return self

    def __bool__(self) -> bool:
        return bool(self.reading.applied(operator.ne, self, 0.0))

    def _apply(self, function: Any, *others: Any) -> Any:
        return self.reading.applied(function, self, *others)

    def _apply_after(self, function: Any, other: Any) -> Any:
        return self.reading.applied(function, other, self)


SIGNS = {
    "mod": "%",
    "floordiv": "//",
    "lshift": "<<",
    "rshift": ">>",
    "and_": "&",
    "or_": "|",
    "xor": "^",
}
"""Operators of Python that are no part of a formula, by the names of their
functions."""
_BINARY = "add sub mul truediv pow mod floordiv lshift rshift and_ or_ xor".split()
for _name in _BINARY:
    _function, _method = getattr(operator, _name), _name.rstrip("_")
    setattr(Symbol, f"__{_method}__", partialmethod(Symbol._apply, _function))
    setattr(Symbol, f"__r{_method}__", partialmethod(Symbol._apply_after, _function))
for _name in ("lt", "le", "gt", "ge", "eq", "ne", "neg", "abs"):
    _function = abs if _name == "abs" else getattr(operator, _name)
    setattr(Symbol, f"__{_name}__", partialmethod(Symbol._apply, _function))


class Condition:
    """A comparison of two symbols. Using it as a truth value either gives the decision
    or ends the run.
    """

    __hash__ = None  # type: ignore[assignment]
    __repr__ = _refusing("it asks a comparison for its text", object.__repr__)
    __format__ = _refusing("it asks a comparison for its text", object.__format__)

    def __init__(self, operation: str, left: Symbol, right: Symbol) -> None:
        self.reading = left.reading
        self.operation = operation
        self.left = left
        self.right = right

    @property
    def key(self) -> tuple[str, int, int]:
        """What identifies the comparison among those of its formula."""
        return self.operation, id(self.left), id(self.right)

    def __bool__(self) -> bool:
        sides = self.left, self.right
        if all(side.operation == "number" for side in sides):
            compare = COMPARISONS[self.operation][0]
            return bool(compare(*(side.parts[0] for side in sides)))
        decided = self.reading.decided
        if self.key not in decided:
            raise UndecidedError(self)
        return decided[self.key]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (Condition, bool)):
            return bool(self) == bool(other)
        raise UnreadableError("it compares a comparison with a number")

    def __int__(self) -> int:
        return int(bool(self))

    def __float__(self) -> float:
        return float(bool(self))


class Results(tuple["Symbol", ...]):
    """The results of a formula. `raising` contains all symbols of its run that Python
    may raise an error for, whether the results depend on them or not.
    """

    raising: tuple[Symbol, ...] = ()


@dataclass(frozen=True, eq=False)
class Branch:
    """A tree that depends on a comparison."""

    condition: Condition
    then: Tree
    other: Tree


Tree = Branch | Results
"""The results of a formula, or a branch between two trees."""


def needed(tree: Tree) -> dict[int, Symbol]:
    """Return the symbols that a tree needs whatever its comparisons give, by id."""
    symbols: list[Any]
    if isinstance(tree, Branch):
        then, other = needed(tree.then), needed(tree.other)
        found = {key: of for key, of in then.items() if key in other}
        symbols = [tree.condition.left, tree.condition.right]
    else:
        found, symbols = {}, [*tree, *tree.raising]
    for symbol in symbols:
        if isinstance(symbol, Symbol) and id(symbol) not in found:
            found[id(symbol)] = symbol
            symbols += symbol.parts
    return found


MAX_CHOICES = 2
"""Most numbers in which the sides of a branch may differ to become one formula."""


class _UnlikeError(Exception):
    """Two formulas differ in more than a few cheap numbers."""


def without_branch(branch: Branch) -> Tree:
    """Return the results of a branch whose sides only differ in a few cheap numbers, as
    formulas of a choice between these numbers; otherwise the branch.
    """
    condition, then, other = branch.condition, branch.then, branch.other
    if isinstance(then, Branch) or isinstance(other, Branch):
        return branch
    reading = condition.left.reading
    common = needed(then).keys() & needed(other).keys()
    made: dict[tuple[int, int], Symbol] = {}
    choices = 0

    def joined(one: Symbol, two: Symbol) -> Symbol:
        nonlocal choices
        if one is two:
            return one
        key = id(one), id(two)
        if key not in made:
            kinds = [(of.operation, of.raises, of.of_numpy) for of in (one, two)]
            if kinds[0] == kinds[1] and one.operation in KINDS.values():
                parts = map(joined, one.parts, two.parts)
                operation, raises, of_numpy = kinds[0]
                options = {"raises": raises, "of_numpy": of_numpy}
                made[key] = reading.symbol(operation, *parts, **options)
            else:
                choices += 1
                if choices > MAX_CHOICES or not all(
                    _is_cheap(of, common) for of in (one, two)
                ):
                    raise _UnlikeError
                test = condition.operation, condition.left, condition.right
                of_numpy = one.of_numpy and two.of_numpy
                made[key] = reading.symbol("where", *test, one, two, of_numpy=of_numpy)
        return made[key]

    if len(then.raising) != len(other.raising):
        return branch
    try:
        results = Results(map(joined, then, other))
        results.raising = tuple(map(joined, then.raising, other.raising))
    except (_UnlikeError, UnreadableError):  # or it has too many numbers
        return branch
    return results


def _is_cheap(symbol: Symbol, common: Set[int]) -> bool:
    """Return whether a number can be computed without need, or is computed anyway."""
    if symbol.operation in ("name", "number") or id(symbol) in common:
        return True
    is_operator = symbol.operation in OPERATORS and symbol.operation != "/"
    parts = (of for of in symbol.parts if isinstance(of, Symbol))
    return (is_operator or symbol.operation == "where") and all(
        _is_cheap(of, common) for of in parts
    )


def only(tree: Tree, place: int) -> Tree:
    """Reduce a tree to one of its results: 0, the value, or 1, the slope or signal."""
    if not isinstance(tree, Branch):
        return Results((tree[place],))
    then = only(tree.then, place)
    other = only(tree.other, place)
    if isinstance(then, Results) and isinstance(other, Results) and then[0] is other[0]:
        return then  # this result does not depend on the comparison
    return Branch(tree.condition, then, other)


def computed(
    tree: Tree, names: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]
) -> Any:
    """Compute a tree with one result by the functions of another library.

    `functions` are those of `PRIMITIVES`, `OPERATORS` and `COMPARISONS`, and
    ``number(value)`` and ``where(condition, then, other)``.
    """
    values: dict[int, Any] = {}  # by id, because torch.compile cannot trace a hash

    def value(symbol: Symbol) -> Any:
        if id(symbol) not in values:
            if symbol.operation == "name":
                values[id(symbol)] = names[symbol.parts[0]]
            elif symbol.operation == "number":
                values[id(symbol)] = functions["number"](symbol.parts[0])
            elif symbol.operation == "where":
                operation, *parts = symbol.parts
                left, right, *both = map(value, parts)
                test = functions[operation](left, right)
                values[id(symbol)] = functions["where"](test, *both)
            else:
                values[id(symbol)] = functions[symbol.operation](
                    *map(value, symbol.parts)
                )
        return values[id(symbol)]

    def of(tree: Tree) -> Any:
        if not isinstance(tree, Branch):
            return value(tree[0])
        sides = value(tree.condition.left), value(tree.condition.right)
        return functions["where"](
            functions[tree.condition.operation](*sides), of(tree.then), of(tree.other)
        )

    return of(tree)


def require_primitives(tree: Tree) -> None:
    """Raise UnreadableError if a formula has a function that some exporters lack."""
    symbols: list[Any] = [tree]
    for each in symbols:
        if isinstance(each, Branch):
            condition = each.condition
            symbols += condition.left, condition.right, each.then, each.other
        elif isinstance(each, Results):
            symbols += each
        elif isinstance(each, Symbol):
            if each.operation in OTHERS:
                raise UnreadableError(f"it calls {each.operation}")
            symbols += each.parts


def name_of(value: Any) -> str:
    """Return a kind of values in a sentence."""
    return f"a value of type {type(value).__name__}"
