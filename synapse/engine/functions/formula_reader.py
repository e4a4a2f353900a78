"""Read a function of numbers as a formula.

The function is run with symbols in place of the numbers, once for each way through its
branches. A comparison whose answer is not known ends the run, and the function is run
again with both answers. Whatever Python the function contains, it is read if it only
computes: a number that it draws, or reads from a clock or from something that it
changes, must not become a constant.
"""

from __future__ import annotations

import builtins
import dis
import inspect
from collections.abc import Callable
from functools import partial
from traceback import walk_tb
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MappingProxyType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np

from ..language.source import place_of
from .capture import PLAIN, Freezer, Frozen
from .formula import (
    Branch,
    FormulaReading,
    Results,
    Symbol,
    Tree,
    UndecidedError,
    UnreadableError,
    name_of,
    without_branch,
)
from .formula_text import source_of

MAX_DECISIONS = 12
"""Longest chain of decisions; a loop until a condition holds is longer."""
MAX_WAYS = 256
"""Most ways through a formula, which takes a third of a second to compile then."""

TYPES = (
    *(bool, int, str, tuple, list, dict, set, frozenset),
    *(range, enumerate, zip, map, filter, reversed, slice),
)
"""Types that a formula may call. None of them hides a symbol's type."""

OF_ALL_VALUES = len, iter, next, all, any, sorted, min, max
"""Functions of C that treat symbols in a list as Python's operators do."""
OF_NUMBERS = abs, round, divmod, pow

REFUSED = {
    "PUSH_EXC_INFO": "it catches exceptions",  # among them those that end a run
    "STORE_GLOBAL": "it changes a global",
    "DELETE_GLOBAL": "it changes a global",
    "STORE_ATTR": "it sets an attribute",
    "DELETE_ATTR": "it deletes an attribute",
    "IMPORT_NAME": "it imports a module",
    "LOAD_BUILD_CLASS": "it defines a class",
}
"""Instructions that do more than compute, or keep a run from ending."""


def read(function: Any, *names: str, results: int = 2) -> Tree:
    """Read a function of the numbers with these names, which are floats of Python, as a
    tree. If it returns one number instead of two, they are numbers of NumPy.

    Raises UnreadableError if the function does more than compute, or if a second
    reading finds another formula.

    >>> tree = read(lambda state: (max(state, 0.0), 1.0), "state")
    >>> [result.operation for result in tree]
    ['max', 'number']
    """
    first, second = (_read_once(function, names, results) for _ in range(2))
    if source_of(first, names) != source_of(second, names):
        raise UnreadableError(
            "it computes something else each time", place_of(function)
        )
    return first


def _read_once(function: Any, names: tuple[str, ...], results: int) -> Tree:
    reading = FormulaReading()
    is_one = results == 1
    symbols = [reading.symbol("name", name, of_numpy=is_one) for name in names]
    codes: dict[Any, FunctionType] = {}
    try:
        copy = Replaced(reading, codes).value(function, set())[0]
        run = (lambda: (copy(*symbols),)) if is_one else lambda: copy(*symbols)
        with np.errstate(all="ignore"):  # of what it computes with known numbers
            tree = _grown(reading, run, results)
        reading.is_open = False
        return tree
    except UnreadableError as error:
        lines = [
            place_of(codes[frame.f_code], line)
            for frame, line in walk_tb((error.__cause__ or error).__traceback__)
            if frame.f_code in codes
        ]
        place = error.place or (lines or [place_of(function)])[-1]
        raise UnreadableError(str(error), place) from error


def _grown(reading: FormulaReading, run: Callable[[], Any], results: int) -> Tree:
    """Return the tree of the runs that agree with the decisions so far."""
    if len(reading.decided) > MAX_DECISIONS:
        raise UnreadableError(f"it takes more than {MAX_DECISIONS} decisions")
    try:
        reading.raising = []
        made = Results(map(reading.of, run()))
        made.raising = tuple({id(of): of for of in reading.raising}.values())
    except UndecidedError as undecided:
        condition = undecided.comparison
    except UnreadableError:
        raise
    except Exception as error:
        raise UnreadableError(f"reading it raises {_text_of(error)}") from error
    else:
        reading.ways += 1
        if reading.ways > MAX_WAYS:
            raise UnreadableError(f"it has more than {MAX_WAYS} ways")
        if len(made) != results:
            raise UnreadableError(f"it returns {len(made)} numbers, not {results}")
        return made
    trees = []
    for answer in (True, False):
        reading.decided[condition.key] = answer
        trees.append(_grown(reading, run, results))
        del reading.decided[condition.key]
    return without_branch(Branch(condition, *trees))


def _text_of(error: Exception) -> str:
    """Return an error in a sentence, without a text that has symbols."""
    name = type(error).__name__
    try:
        return f"{name}: {error}".removesuffix(": ").rstrip(".")
    except UnreadableError:
        return name


class Captured:
    """An object, class or module from which a formula reads attributes, and with which
    it can do nothing else.
    """

    __slots__ = ("_replaced", "_value")

    def __init__(self, replaced: Replaced, value: Any) -> None:
        object.__setattr__(self, "_replaced", replaced)
        object.__setattr__(self, "_value", value)

    def __getattr__(self, name: str) -> Any:
        return self._replaced.attribute(self._value, name)

    def _refuse(self, *ignored: Any, **options: Any) -> Any:
        raise UnreadableError(f"it uses {described(self._value)}")

    __bool__ = __call__ = __eq__ = __ne__ = __iter__ = __repr__ = __format__ = _refuse
    __hash__ = __setattr__ = __delattr__ = __getitem__ = _refuse


def described(value: Any) -> str:
    """Return a captured value in a sentence."""
    name = getattr(value, "__qualname__", getattr(value, "__name__", ""))
    return name if isinstance(name, str) and name else name_of(value)


class Replaced(Freezer):
    """Copies a function to replace what it refers to, which lets the function, and
    those that it calls, compute with symbols and nothing else. `codes` gets the code of
    each copied function.
    """

    def __init__(self, reading: FormulaReading, codes: dict[Any, FunctionType]) -> None:
        super().__init__(self._checked)
        self.reading = reading
        self.codes = codes
        self.builtins = {
            # a notebook adds functions of its own
            name: Captured(self, value)
            if isinstance(value, FunctionType)
            else self._replacement(value)
            for name, value in vars(builtins).items()
        }

    def value(self, value: Any, attributes: set[str]) -> Frozen:
        """Return the replacement of a value to which a formula refers."""
        return self._replacement(value), None

    def _replacement(self, value: Any) -> Any:
        original = getattr(value, "py_func", value) if callable(value) else value
        if isinstance(original, FunctionType):
            return self.function(original)[0]
        if isinstance(value, MethodType):
            method = self._replacement(value.__func__)
            return partial(method, self._replacement(value.__self__))
        if value is float or value is np.float64:
            return partial(self.reading.as_type, of_numpy=value is np.float64)
        if isinstance(value, (BuiltinFunctionType, np.ufunc)):
            return partial(self._call, value)
        if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
            return super().value(value, set())[0]
        if type(value) in (tuple, list):
            return tuple(map(self._replacement, value))
        return self._other(value)

    def _other(self, value: Any) -> Any:
        is_type = isinstance(value, type)
        if isinstance(value, PLAIN) or (is_type and value in TYPES):
            return value
        if is_type and issubclass(value, BaseException):
            return value  # to raise it ends the run
        if type(value) is dict:
            items = {name: self._replacement(item) for name, item in value.items()}
            return MappingProxyType(items)
        return Captured(self, value)

    def attribute(self, value: Any, name: str) -> Any:
        """Return the replacement of an attribute that is neither computed nor bound."""
        if isinstance(value, ModuleType):
            found = vars(value).get(name, self)
        else:
            found = inspect.getattr_static(value, name, self)
        if isinstance(found, staticmethod):
            found = found.__func__
        elif isinstance(found, MemberDescriptorType):  # a slot
            found = getattr(value, name)
        elif isinstance(found, FunctionType) and not isinstance(value, ModuleType):
            found = getattr(value, name)  # it may be a method
        elif hasattr(type(found), "__get__") and not isinstance(value, ModuleType):
            found = self
        if found is self:
            raise UnreadableError(f"it reads {name} of {described(value)}")
        return self._replacement(found)

    def _call(self, function: Any, *values: Any, **options: Any) -> Any:
        """Call a function of C, or return its symbol."""
        is_symbolic = any(isinstance(value, Symbol) for value in values)
        if function in (min, max):  # an integer stays one, and has no sign of 0
            is_symbolic &= all(isinstance(value, (Symbol, float)) for value in values)
        if is_symbolic and not options:
            return self.reading.applied(function, *values)
        is_pure = isinstance(function, np.ufunc) or function.__module__ == "math"
        are_plain = all(isinstance(value, (*PLAIN, np.ndarray)) for value in values)
        if function in OF_ALL_VALUES or (
            are_plain and (is_pure or function in OF_NUMBERS)
        ):
            return function(*values, **options)
        raise UnreadableError(f"it calls {described(function)}")

    def _checked(self, function: FunctionType) -> FunctionType:
        """Check the code of a copied function."""
        code = function.__code__
        self._check(function, code, {*code.co_freevars})
        return function

    def _check(self, function: FunctionType, code: CodeType, outer: set[str]) -> None:
        self.codes[code] = function
        before = None
        for step in dis.get_instructions(code):
            reason = REFUSED.get(step.opname)
            if step.opname in ("LOAD_ATTR", "LOAD_METHOD") and step.argval[:2] == "__":
                reason = f"it reads {step.argval}"
            if step.opname in ("STORE_DEREF", "DELETE_DEREF") and step.argval in outer:
                reason = "it changes a variable of another function"
            if step.opname == "IS_OP" and not (
                before and before.opname == "LOAD_CONST" and before.argval is None
            ):
                reason = "it asks whether two values are the same object"
            if reason is not None:
                line = step.positions and step.positions.lineno
                raise UnreadableError(reason, place_of(function, line))
            before = step
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                self._check(function, constant, outer)
