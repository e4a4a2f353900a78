"""Compile users' functions that are formulas, and call all others in Python."""

from __future__ import annotations

import ctypes
import math
import threading
from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..language.decorators import COMPILES, strict_fp
from ..language.memory import plain_address
from ..language.source import place_of
from ..language.tree import (
    BOOL,
    FLOAT64,
    INT,
    ColumnKind,
    Node,
    TupleKind,
    at_run_time,
    convert,
    known,
    literal,
)
from ..language.words import word
from .formula import Tree, UnreadableError
from .formula_reader import read
from .formula_text import in_language

if TYPE_CHECKING:
    from ..language.translator import Translator

IN_PYTHON = ctypes.CFUNCTYPE(
    ctypes.c_bool, ctypes.c_int64, ctypes.POINTER(ctypes.c_double)
)
"""The type of a function that calls one of several in Python: its number, and an array
of its arguments, and of its results if it has returned."""

STATES = (
    *(0.0, -0.0, 1e-300, -1e-9, 0.5, -0.5, 1.0, -1.0, 1.75, -2.5, 3.0, -7.0, 12.0),
    *(-20.0, 40.0, -40.0, 300.0, -700.0, 750.0, -750.0, 1e6, -1e6, 1e160, -1e160),
    *(1e308, -1e308, math.inf, -math.inf, math.nan),
)
"""Arguments at which a formula is compared with its function."""
ROWS = 120
"""Number of comparisons of a formula of several arguments."""


class UserFormula(NamedTuple):
    """The formula of a user's function, which returns one number or two. All ways to
    compute the function use what was read when it was registered.
    """

    function: FunctionType
    names: tuple[str, ...]
    results: int
    tree: Tree

    @classmethod
    def of(
        cls, function: FunctionType, names: tuple[str, ...], results: int
    ) -> UserFormula:
        """Read a function of floats or, if it returns one number, of NumPy's float64.

        Raises UnreadableError if the function is no formula, or if somewhere it does
        not return what its formula gives.
        """
        tree = read(function, *names, results=results)
        made = cls(function, names, results, tree)
        call = made.calling(0)
        for row in _rows(len(names)):
            if not _agree(call(*row), made.in_python(row)):
                raise UnreadableError(
                    f"it does not return what its formula gives at {row}",
                    place_of(function),
                )
        return made

    def in_python(self, numbers: Any) -> tuple[Any, ...]:
        """Call the function. Returns whether it has returned, and its results."""
        try:
            if self.results > 1:
                made = called(self.function, map(float, numbers))
            else:
                made = (called(self.function, map(np.float64, numbers)),)
            return True, *map(float, made)
        except Exception as error:
            raised[threading.get_ident()] = error
            return False, *[math.nan] * self.results

    def calling(self, number: int | None) -> Any:
        """Return a word that computes the formula. It returns whether the function
        returns, and its results as floats, or NaN.

        Where the function may raise an error, the function with this number is called
        in Python. Without such a function, the results are NaN.
        """
        results = self.results

        @word(lambda *numbers: self.in_python(numbers))
        def ask(t: Translator, *numbers: Node) -> Node:
            kind = TupleKind((BOOL, *[FLOAT64] * results))
            if number is None:
                nothing = [convert(known(math.nan), FLOAT64)] * results
                return Node("tuple", kind, (literal(BOOL, False), *nothing))
            asked = Node("python", kind, (literal(INT, number), numbers))
            return t.result_of(asked)

        formula = in_language(self.tree, self.names, ask)
        formula.__name__ = self.function.__name__

        def plainly(*numbers: Any) -> Any:
            try:
                return formula(*map(float, numbers))
            except (ArithmeticError, ValueError):
                return self.in_python(numbers)

        @word(plainly)
        def call(t: Translator, *numbers: Node) -> Node:
            passed = [convert(at_run_time(value), FLOAT64) for value in numbers]
            return t.temporary(t.call(formula, passed))

        return call


def _rows(arguments: int) -> list[tuple[float, ...]]:
    """Return arguments at which a formula is compared with its function."""
    if arguments == 1:
        return [(state,) for state in STATES]
    count = len(STATES)
    steps = [k * k + 1 for k in range(arguments)]
    return [
        tuple(STATES[(row * step + row // count) % count] for step in steps)
        for row in range(ROWS)
    ]


def _agree(one: Any, other: Any) -> bool:
    """Return whether two results are equal up to the rounding of functions of NumPy."""
    return one[0] == other[0] and np.allclose(one, other, 1e-9, 1e-12, equal_nan=True)


class UserFunction:
    """A user's function of floats that returns a pair, for kernels and for Python.

    A call gives what kernels compute, or raises the error that they report. `address`
    is that of the code for kernels, which lives as long as the object. `formula` is
    what is compiled and exported. If it is None, `refused` tells why, and the function
    is called in Python.
    """

    address: int
    formula: UserFormula | None = None
    refused: str = ""

    def __init__(self, function: FunctionType, names: tuple[str, ...]) -> None:
        self.function = function
        self._run: Any = None  # machine code, or a function of kernels in Python
        try:
            self.formula = UserFormula.of(function, names, 2)
        except UnreadableError as error:
            self.refused = f"{error.place}: {error}"
        attempt = self.formula.calling(0) if self.formula else self._in_python

        def pair_of(results: Any, *numbers: Any) -> int:
            made = attempt(*numbers)
            results[0] = made[1]
            results[1] = made[2]
            return int(made[0])

        if not COMPILES:
            self._run = pair_of
            self.address = plain_address(self)
            return
        numbers = [ctypes.c_double] * len(names)
        of_pair = ctypes.CFUNCTYPE(
            ctypes.c_int64, ctypes.POINTER(ctypes.c_double), *numbers
        )
        self._run = of_pair(pair_of)
        if self.formula:
            from ..language.entries import address_of

            kinds = ColumnKind(FLOAT64, ("results",)), *[FLOAT64] * len(names)
            asked = called_in_python([self.formula])
            self._run = of_pair(address_of(strict_fp(pair_of), kinds, INT, asked))
        self.address = ctypes.cast(self._run, ctypes.c_void_p).value or 0

    def __call__(self, *numbers: float) -> Any:
        """Return the results of a call, or raise its error."""
        results = (ctypes.c_double * 2)()
        if self._run(results, *map(float, numbers)):
            return tuple(results)
        return self.function(*numbers)  # raises

    def _in_python(self, *numbers: float) -> tuple[Any, ...]:
        """Call a function that is no formula."""
        try:
            return True, *map(float, called(self.function, numbers))
        except Exception:  # Python calls it again, and raises
            return False, math.nan, math.nan

    def require_formula(self) -> UserFormula:
        """Return the formula, or raise UnreadableError if there is none."""
        if self.formula is None:
            raise UnreadableError(self.refused)
        return self.formula


@cache
def formula_of_rule(function: FunctionType, names: tuple[str, ...]) -> UserFormula:
    """Read a function of a rule of synapses, or raise UnreadableError."""
    return UserFormula.of(function, names, 1)


raised: dict[int, Exception] = {}
"""The latest error of a user's function that was called in Python, by thread."""


def called(function: Any, arguments: Any) -> Any:
    """Call a function in Python without NumPy's warnings."""
    with np.errstate(all="ignore"):
        return function(*arguments)


def called_in_python(formulas: list[UserFormula]) -> Any:
    """Return a function for the calls that machine code leaves to Python, each of one
    of several functions.
    """

    def call(number: int, values: Any) -> bool:
        formula = formulas[number]
        there, *results = formula.in_python(values[: len(formula.names)])
        for place, result in enumerate(results):
            values[place] = result
        return there

    return IN_PYTHON(call)
