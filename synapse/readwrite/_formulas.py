"""Read formulas of squashes and costs as trees, to let exporters write them in other
languages.

A formula is a Python function of numbers. It is run with symbols in place of the
numbers, once for each way through its branches. An undecided comparison ends the run,
and the formula is run again with both answers. The result is a tree of branches with
straight-line formulas at their ends, whatever Python the function contains. Functions
that users have registered are therefore read like built-in ones.
"""

from __future__ import annotations

import builtins
import dis
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .. import _squash
from .._checks import short_repr
from .._squash import ACTIVATIONS, CHANCE, SINGLE
from .._ways import RANDOM_SQUASH
from ..engine.functions.capture import Freezer, Frozen
from ..errors import FormatError

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
    "pow": (pow, math.pow, np.power),
    "sin": (math.sin, np.sin),
    "sqrt": (math.sqrt, np.sqrt),
    "tanh": (math.tanh, np.tanh),
}
"""Functions that every exporter can write, with their names in Python."""

OPERATORS = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.true_divide,
    "negative": np.negative,
}
COMPARISONS = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
COMPARISONS |= {"==": np.equal, "!=": np.not_equal}
KINDS = {
    **{
        function: operation
        for operation, functions in PRIMITIVES.items()
        for function in functions
    },
    **{
        function: operation for operation, function in (OPERATORS | COMPARISONS).items()
    },
}
"""The operation that represents each function in exporters. Python operators on a
symbol call the NumPy functions."""

MAX_DECISIONS = 12
"""Longest chain of decisions; a loop until a condition holds is longer."""


class UnreadableError(Exception):
    """Raised if a formula cannot be read as a tree. The message is a clause with the
    reason.
    """


class _UndecidedError(Exception):
    """A comparison whose answer is not known."""

    def __init__(self, comparison: Condition) -> None:
        super().__init__()
        self.comparison = comparison


@dataclass
class _FormulaReading:
    """The symbols of a formula, of which equal ones are the same object, and the
    decisions of this run.
    """

    symbols: dict[Any, Symbol] = field(default_factory=dict)
    decided: dict[Any, bool] = field(default_factory=dict)

    def symbol(self, operation: str, *parts: Any) -> Symbol:
        key = (
            operation,
            *(
                id(operand) if isinstance(operand, Symbol) else operand
                for operand in parts
            ),
        )
        return self.symbols.setdefault(key, Symbol(self, operation, parts))

    def of(self, value: Any) -> Symbol:
        """Return the symbol of a number."""
        if isinstance(value, Symbol):
            return value
        if isinstance(value, Condition):
            value = bool(value)
        if isinstance(value, (int, float, np.number)) and not math.isnan(value):
            return self.symbol("number", float(value))
        raise UnreadableError(f"it computes with {value!r}")

    def applied(self, function: Callable[..., Any], *operands: Any) -> Any:
        """Apply a function written in C to symbols and numbers, and return its
        symbol.
        """
        operation = KINDS.get(function)
        if operation is None:
            raise UnreadableError(f"it calls {function.__name__}")
        symbols = list(map(self.of, operands))
        if operation in COMPARISONS:
            return Condition(operation, *symbols)
        while len(symbols) > 2:  # the largest or smallest of several
            symbols[:2] = [self.symbol(operation, *symbols[:2])]
        return self.symbol(operation, *symbols)


class Symbol(NDArrayOperatorsMixin):
    """An unknown number: a name, a number, or a function of other symbols.

    The mixin turns each operator into a call of NumPy's function, as operators of
    NumPy's numbers are.
    """

    __hash__ = object.__hash__

    def __init__(
        self, reading: _FormulaReading, operation: str, parts: tuple[Any, ...]
    ) -> None:
        self.reading = reading
        self.operation = operation
        self.parts = parts

    def __array_ufunc__(
        self, function: np.ufunc, method: str, *operands: Any, **ignored: Any
    ) -> Any:
        return self.reading.applied(function, *operands)

    def __pos__(self) -> Symbol:
        return self

    def __bool__(self) -> bool:
        return bool(self != 0.0)


@dataclass(frozen=True, eq=False)
class Condition:
    """A comparison of two symbols. Using it as a truth value either gives the decision
    or ends the run.
    """

    operation: str
    left: Symbol
    right: Symbol

    def __bool__(self) -> bool:
        decided = self.left.reading.decided
        key = self.operation, self.left, self.right
        if all(side.operation == "number" for side in key[1:]):
            return bool(
                COMPARISONS[self.operation](*(side.parts[0] for side in key[1:]))
            )
        if key not in decided:
            raise _UndecidedError(self)
        return decided[key]

    def __eq__(self, other: object) -> bool:
        return bool(self) == bool(other)

    def __float__(self) -> float:
        return float(bool(self))

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Branch:
    """A tree that depends on a comparison."""

    condition: Condition
    then: Tree
    other: Tree


Tree = Branch | tuple[Symbol, ...]
"""The results of a formula, or a branch between two trees."""


def read(formula: Callable[..., Any], *names: str) -> Tree:
    """Read a formula of the numbers with these names as a tree; UnreadableError if that
    is impossible.

    >>> tree = read(lambda state: (max(state, 0.0), 1.0), "state")
    >>> [result.operation for result in tree]
    ['max', 'number']
    """
    reading = _FormulaReading()
    symbols = [reading.symbol("name", name) for name in names]
    function, _ = _Replaced(reading).value(formula, set())
    return _grown(reading, lambda: function(*symbols))


def _grown(reading: _FormulaReading, run: Callable[[], Any]) -> Tree:
    """Return the tree of the runs that agree with the decisions so far."""
    if len(reading.decided) > MAX_DECISIONS:
        raise UnreadableError(f"it takes more than {MAX_DECISIONS} decisions")
    try:
        return tuple(reading.of(result) for result in run())
    except _UndecidedError as undecided:
        condition = undecided.comparison
    except UnreadableError:
        raise
    except Exception as error:
        raise UnreadableError(
            f"it does more with the state than arithmetic ({error})"
        ) from error
    key = condition.operation, condition.left, condition.right
    trees = []
    for answer in (True, False):
        reading.decided[key] = answer
        trees.append(_grown(reading, run))
        del reading.decided[key]
    return Branch(condition, *trees)


class _Replaced(Freezer):
    """Copies a formula to replace its references, which lets the formula and the
    functions that it calls compute with symbols.
    """

    def __init__(self, reading: _FormulaReading) -> None:
        super().__init__(_without_handlers)
        self.reading = reading
        self.builtins = vars(builtins) | {
            name: self.value(function, set())[0]
            for name, function in vars(builtins).items()
            if function is float
            or isinstance(function, BuiltinFunctionType)  # IPython adds others
        }

    def value(self, value: Any, attributes: set[str]) -> Frozen:
        """Return the replacement of a value to which a formula refers."""
        if value is float:
            return (
                lambda number: number if isinstance(number, Symbol) else float(number),
                None,
            )
        if isinstance(value, (BuiltinFunctionType, np.ufunc)):
            return partial(self._call, value), None
        return super().value(value, attributes)

    def _call(self, function: Callable[..., Any], *numbers: Any) -> Any:
        symbolic = any(isinstance(number, Symbol) for number in numbers)
        return (
            self.reading.applied(function, *numbers) if symbolic else function(*numbers)
        )


def _without_handlers(function: FunctionType) -> FunctionType:
    if any(step.opname == "PUSH_EXC_INFO" for step in dis.get_instructions(function)):
        # Among them would be those that end a run.
        raise UnreadableError("it catches exceptions")
    return function


def only(tree: Tree, place: int) -> Tree:
    """Reduce a tree to one of its results: 0, the value, or 1, the slope or signal."""
    if not isinstance(tree, Branch):
        return (tree[place],)
    then = only(tree.then, place)
    other = only(tree.other, place)
    if isinstance(then, tuple) and isinstance(other, tuple) and then[0] is other[0]:
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


def kind_of(squash: str) -> str:
    """Return the kind of a squash for exporters, in which a random squash counts as its
    mean.
    """
    squash_kind = ACTIVATIONS[squash].family if squash in ACTIVATIONS else SINGLE
    return SINGLE if squash_kind == CHANCE else squash_kind


def as_registered(squash: str, format: str) -> Any:
    """Return the text under which a squash was registered for a format, or None without
    one.
    """
    return _squash.get(squash).written.get(format)


def tree_of(squash: str, place: int) -> Tree:
    """Return the value (0) or derivative (1) of a squash as a tree of the state ``s``,
    or raise UnreadableError if it has none.
    """
    return only(both_of(_squash.get(squash)), place)


@cache
def both_of(squash: _squash.Squash) -> Tree:
    """Return the value and the derivative of a squash as a tree of the state ``s``, or
    raise UnreadableError if it has none.
    """
    entry = ACTIVATIONS.get(squash.name)
    return read(entry.formula if entry else squash._evaluate, "s")


def require_written(neuron: str, squash: str, format: str, language: str) -> None:
    """Raise FormatError if a squash has neither a registered text nor a formula that
    can be written.
    """
    if as_registered(squash, format) is None:
        try:
            tree_of(squash, 0)
        except UnreadableError as error:
            raise FormatError(
                f"The squash of neuron {short_repr(neuron)} is {squash!r}, which cannot"
                f" be written in {language}: {error}. Register it with"
                f" written={{{format!r}: ...}}, or set another squash."
            ) from error


def require_mean(neuron: str, squash: str, deterministic: bool, language: str) -> None:
    """Raise FormatError if a neuron draws random numbers."""
    if _squash.get(squash)._random and not deterministic:
        name = short_repr(neuron)
        raise RANDOM_SQUASH.error(neuron=name, squash=squash, language=language)
