"""Functions of users, generated over all that formulas have, in Python and compiled.

`functions(count, seed)` writes a module of functions of three floats that return a pair
of floats, `in_python` calls one in Python, and `Compiled` compiles many at once. Tests
of programs print the same functions.
"""

import ctypes
import linecache
import math
import random
import warnings
from contextlib import suppress
from typing import NamedTuple

import numpy as np
import pytest

from synapse.engine.functions import formula_text
from synapse.engine.functions.formula import UnreadableError
from synapse.engine.functions.user_functions import UserFormula, called_in_python
from synapse.engine.language import entries, machine
from synapse.engine.language.decorators import strict_fp
from synapse.engine.language.llvm import PYTHON
from synapse.engine.language.tree import FLOAT64, INT, ColumnKind

ARGUMENTS = "a", "b", "c"
EDGES = (
    *(
        0.0,
        -0.0,
        0.5,
        -0.5,
        1.0,
        -1.0,
        1.5,
        2.5,
        -2.5,
        3.0,
        -7.0,
        10.0,
        63.0,
        64.0,
        100.0,
    ),
    *(0.1, -0.3, 1e-3, 5e-324, -5e-324, 2.2250738585072014e-308, 1e-308, 1e308, -1e308),
    *(2.0**31, -(2.0**31), 2.0**31 - 1.0, 2.0**32, 2.0**52 + 0.5, 2.0**53, -(2.0**53)),
    *(2.0**53 + 2.0, 2.0**62, -(2.0**62), 2.0**63, -(2.0**63), 1e19, 800.0, -800.0),
    *(math.inf, -math.inf, math.nan, 1e6, 12345.0, -98765.0, 1e15 + 0.5),
)
"""Arguments at which numbers of the machine and of Python may part."""

SCOPE = """\
import math
import numpy as np

GAIN = 0.75
COUNT = 7
TABLE = np.array([0.5, -2.0, 3.25, 0.0])
WHOLE = np.array([3, -4, 7])
MIXED = (1.0, 2, True, -0.0)
NAMES = {"gain": 0.5, "shift": [-1, 0.25]}
LARGE = 9_007_199_254_740_993


class Settings:
    gain = 0.5

    def __init__(self):
        self.shift = -1

    def line(self, x):
        return self.gain * x + self.shift


SETTINGS = Settings()


def halved(x):
    return x / 2


def at_least(x, low=0):
    return x if x > low else low


def scaled(x, gain, *, shift=0.0):
    return gain * x + shift, gain


def power_sum(x, count):
    total = 0
    for k in range(count):
        total += x**k
    return total


def made_by(gain):
    def inner(x):
        return gain * x - SETTINGS.shift

    return inner


DOUBLED = made_by(2)
"""

_MATH = "sqrt cos sin tan cosh sinh tanh exp expm1 log log1p log2 log10 acos asin atan"
_MATH += " acosh asinh atanh erf erfc fabs"
_NUMPY = "sqrt cos sin tan cosh sinh tanh exp expm1 log log1p log2 log10 arccos arcsin"
_NUMPY += " arctan arccosh arcsinh arctanh abs fabs"


class Generator:
    """Writes expressions and functions; what it draws depends on the seed only."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.names: list[str] = []

    def pick(self, *options: str) -> str:
        return self.rng.choice(options)

    def constant(self) -> str:
        """A number that is known, of one of Python's types or of NumPy's."""
        pick = self.pick
        floats = "0.0", "-0.0", "0.5", "2.0", "1e-3", "-1.5", "GAIN", "1e300", "math.pi"
        whole = "0", "1", "2", "3", "-1", "7", "COUNT", "True", "len(TABLE)"
        arrays = "TABLE", "WHOLE", "MIXED"
        captured = (
            "SETTINGS.gain",
            "SETTINGS.shift",
            "NAMES['gain']",
            "NAMES['shift'][1]",
        )
        computed = (
            "(COUNT // 2)",
            "(7 % 4)",
            "np.float64(0.5)",
            "max(TABLE)",
            "(LARGE // 3)",
        )
        indexed = f"{pick(*arrays)}[{pick('0', '1', '2', '-1')}]"
        return pick(*floats, *whole, *captured, *computed, indexed, indexed)

    def leaf(self) -> str:
        pick = self.pick
        name = pick(*ARGUMENTS, *self.names)
        converted = f"{pick('np.float64', 'float')}({name})"
        return pick(name, name, name, self.constant(), self.constant(), converted)

    def number(self, depth: int) -> str:
        """Any number."""
        if depth <= 0:
            return self.leaf()
        pick = self.pick
        draw = self.rng.randrange(15)
        left, right = self.number(depth - 1), self.number(depth - 1)
        signs = "+", "-", "*", "/", "+", "*", "/", "**"
        functions = "min", "max", "math.fmod", "math.pow", "np.power", "math.atan2"
        others = "np.copysign", "math.copysign", "np.fmod", "np.arctan2"
        extremes = "np.maximum", "np.minimum", "min", "max"

        def operation() -> str:
            sign = pick(*signs)
            return f"({left} {sign} {self.exponent() if sign == '**' else right})"

        def of_two() -> str:
            name = pick(pick(*functions), *others, *extremes)
            return f"{name}({left}, {self.exponent() if name == 'np.power' else right})"

        forms = (
            *[operation] * 5,
            lambda: f"math.{pick(*_MATH.split())}({left})",
            lambda: f"np.{pick(*_NUMPY.split())}({left})",
            of_two,
            lambda: f"({left} if {self.condition(depth - 1)} else {right})",
            lambda: f"{pick('abs', 'halved', 'at_least', 'SETTINGS.line')}({left})",
            lambda: f"float({self.condition(depth)})",
            lambda: f"({left} {pick('and', 'or')} {right})",
            lambda: f"(-{left})",
            lambda: f"scaled({left}, shift={right}, gain=2)[{pick('0', '1')}]",
            lambda: pick(
                f"power_sum({left}, {pick('2', '3')})",
                f"DOUBLED({left})",
                f"({left}, {right}, 2)[{pick('0', '1', '-1')}]",
                f"[k * {left} for k in (1, 0.5)][{pick('0', '1')}]",
                f"(lambda x: x * {right})({left})",
                f"max([{left}, {right}])",
                f"min({left}, {right}, 1)",
            ),
        )
        return forms[draw]()

    def exponent(self) -> str:
        """A small exponent."""
        return self.pick("2", "3", "0", "-1", "0.5", "-1.5", "b", "np.float64(c)")

    def condition(self, depth: int) -> str:
        """A comparison, or several."""
        left, right = self.number(depth - 1), self.number(depth - 1)
        sign = self.pick("<", "<=", ">", ">=", "==", "!=")
        draw = self.rng.randrange(6)
        if draw < 5:
            forms = f"({left} {sign} {right})", f"(0 {sign} {left} < {right})"
            return (*[forms[0]] * 3, forms[1], f"(not {left})")[draw]
        word = self.pick("and", "or")
        return f"({self.pick(f'{left} < 1', 'a in (1, 2.5)')} {word} {right} {sign} 2)"

    def statement(self, indent: str) -> list[str]:
        """A statement that gives a name a value, and what it needs."""
        name = f"x{len(self.names)}" if self.rng.random() < 0.6 else ""
        name = name or self.pick(*(self.names or ["x0"]))
        value = self.number(2)
        draw = self.rng.randrange(5)
        known = name in self.names
        forms = (
            lambda: [
                f"{name} {self.pick('+', '-', '*', '/') if known else ''}= {value}"
            ],
            lambda: [
                f"{name} = {self.leaf()}",
                f"for k in range({self.pick('3', '2, -2, -1')}):",
                f"    {name} = {name} {self.pick('+', '*', '-')} {self.leaf()} * k",
            ],
            lambda: [
                f"if {self.condition(1)}:",
                f"    {name} = {value}",
                "else:",
                f"    {name} = {self.number(1)}",
            ],
            lambda: [
                f"{name} = {self.pick('1', '1.0', 'a')}",
                f"while {name} < 0.25:",
                f"    {name} = {name} + {self.pick('0.5', '2')}",
            ],
            lambda: [f"{name} = {value}"],
        )
        lines = forms[draw]()
        if not known:
            self.names.append(name)
        return [indent + line for line in lines]

    def function(self, name: str) -> str:
        """A function of three floats that returns two numbers."""
        self.names = []
        lines = [f"def {name}(a, b, c):"]
        for _ in range(self.rng.randrange(3)):
            lines += self.statement("    ")
        return "\n".join([*lines, f"    return {self.number(3)}, {self.number(2)}\n"])


class Functions(NamedTuple):
    """Generated functions, by name, and their text."""

    text: str
    by_name: dict


def functions(
    count: int, seed: int, generator: type[Generator] = Generator
) -> Functions:
    """The functions of a module that is written anew; equal for equal arguments."""
    made = generator(seed)
    text = "\n\n".join([SCOPE, *[made.function(f"f{k}") for k in range(count)]])
    return Functions(text, of_text(text, f"<generated {count} {seed}>", count))


def of_text(text: str, file: str, count: int) -> dict:
    """The functions ``f0``, ``f1``, ... of a text."""
    linecache.cache[file] = len(text), None, text.splitlines(True), file
    scope: dict = {"__name__": "generated"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(text, file, "exec"), scope)
    return {f"f{k}": scope[f"f{k}"] for k in range(count)}


def arguments(seed: int, count: int) -> list[tuple[float, float, float]]:
    """Arguments: edges, and numbers of all sizes between."""
    rng = random.Random(seed)

    def draw() -> float:
        if rng.random() < 0.5:
            return rng.choice(EDGES)
        return rng.choice(
            [
                rng.uniform(-4.0, 4.0),
                float(rng.randrange(-20, 20)),
                1e3 * rng.gauss(0, 1),
            ]
        )

    return [(draw(), draw(), draw()) for _ in range(count)]


def formulas_of(by_name: dict) -> dict:
    """The formulas of some functions, without those that have none."""
    results = {}
    for name, function in by_name.items():
        with suppress(UnreadableError):
            results[name] = UserFormula.of(function, ARGUMENTS, 2)
    return results


def in_python(function, numbers) -> tuple[float, float] | None:
    """What a function gives in Python as two floats; None if it raises."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            value, slope = function(*numbers)
            return float(value), float(slope)
        except Exception:
            return None


class Compiled:
    """Formulas of three floats in one module of machine code. `calls` counts those that
    were left to Python.
    """

    def __init__(self, formulas: list[UserFormula], speed: int = 3) -> None:
        self.calls = 0
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                formula_text, "EXACT", formula_text.EXACT._replace(inlined=False)
            )
            words = tuple(of.calling(k) for k, of in enumerate(formulas))

        @strict_fp
        def every(results, a, b, c):
            for k, word in enumerate(words):
                there, value, slope = word(a, b, c)
                results[3 * k] = 1.0 if there else 0.0
                results[3 * k + 1] = value
                results[3 * k + 2] = slope
            return 0

        kinds = ColumnKind(FLOAT64, ("results",)), *[FLOAT64] * 3
        counted = [of._replace(function=self.counted(of.function)) for of in formulas]
        asked = called_in_python(counted)
        text = entries.text_of(every, kinds, INT)
        code = machine.object_code(text, speed)
        slots = {PYTHON: ctypes.cast(asked, ctypes.c_void_p).value}
        address = machine.load(code, entries.ENTRY, slots)
        double = ctypes.POINTER(ctypes.c_double)
        self._call = ctypes.CFUNCTYPE(ctypes.c_int64, double, *[ctypes.c_double] * 3)(
            address
        )
        self._results = (ctypes.c_double * (3 * len(formulas)))()
        self._alive = asked

    def counted(self, function):
        def call(*numbers):
            self.calls += 1
            return function(*numbers)

        return call

    def __call__(self, *numbers: float) -> list[tuple[float, float] | None]:
        """The pair of each function, or None if it raises."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._call(self._results, *numbers)
        results = list(self._results)
        return [
            tuple(results[k + 1 : k + 3]) if results[k] else None
            for k in range(0, len(results), 3)
        ]
