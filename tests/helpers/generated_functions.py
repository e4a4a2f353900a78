"""Functions of users, generated over the whole language, and what they give in Python
and compiled.

`functions(count, seed)` writes a module of functions of three floats that return a pair
of floats, `in_python` calls one in Python, and `Compiled` compiles many at once. Tests
of programs print the same functions.
"""

import ctypes
import linecache
import math
import random
import warnings
from functools import partial
from typing import NamedTuple

import numpy as np

from synapse.engine.language import entries, machine
from synapse.engine.language.decorators import strict_fp
from synapse.engine.language.llvm import PYTHON
from synapse.engine.language.program import TypedProgram
from synapse.engine.language.tree import FLOAT64, INT, ColumnKind, RefusedError
from synapse.engine.language.user_functions import (
    CHECKED,
    PYTHON_FLOAT,
    called_in_python,
    calling,
)

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
LARGE = 6_364_136_223_846_793_005
PRIME = (1 << 61) - 1
TABLE = np.array([0.5, -2.0, 3.25, 0.0])
SINGLES = np.array([0.1, -1.5, 7.0], np.float32)
WHOLE = np.array([3, -4, 9_007_199_254_740_993])
BYTES = np.array([200, 3, 100], np.uint8)
SHORT = np.array([-100, 100, 7], np.int8)
MIXED = (1.0, 2, True, -0.0)
PAIR = 3, 0.25


class Settings:
    gain = 0.5

    def __init__(self):
        self.shift = -1


SETTINGS = Settings()


def halved(x):
    return x / 2


def at_least(x, low=0):
    return x if x > low else low


def scaled(x, gain):
    if x == 0:
        raise ValueError
    return gain * x, gain


def count_bits(n):
    total = 0
    while n > 0:
        total += n & 1
        n >>= 1
    return total


def power_sum(x, n):
    total = 0
    for k in range(n):
        total += x**k
    return total
"""

_MATH = "sqrt cos sin tan cosh sinh tanh exp expm1 log log1p log2 log10 acos asin atan"
_MATH += " acosh asinh atanh erf erfc fabs"
_NUMPY = "sqrt cos sin tan cosh sinh tanh exp expm1 log log1p log2 log10 arccos arcsin"
_NUMPY += " arctan arccosh arcsinh arctanh"


class Generator:
    """Writes expressions and functions; what it draws depends on the seed only."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.names: list[str] = []

    def pick(self, *options: str) -> str:
        return self.rng.choice(options)

    def leaf(self) -> str:
        pick = self.pick
        arrays = "TABLE", "SINGLES", "WHOLE", "BYTES", "SHORT", "MIXED"
        places = "0", "1", "2", "-1", "int(a) & 1"
        numbers = "0", "1", "2", "3", "-1", "7", "10", "63", "COUNT"
        floats = "0.0", "-0.0", "0.5", "2.0", "1e-3", "-1.5", "GAIN", "1e300"

        def whole() -> str:
            number = pick(*numbers)
            return pick(number, number, "LARGE", "PRIME", str(1 << 53), "True")

        leaves = (
            *[lambda: pick(*ARGUMENTS, *self.names)] * 3,
            whole,
            lambda: pick(*floats),
            lambda: f"{pick(*arrays)}[{pick(*places)}]",
            lambda: pick("SETTINGS.gain", "SETTINGS.shift", "PAIR[0]", "PAIR[1]"),
            lambda: f"np.float64({pick(*ARGUMENTS)})",
        )
        return leaves[self.rng.randrange(8)]()

    def whole(self, depth: int) -> str:
        """An expression that is an integer most of the time."""
        pick = self.pick
        draw = self.rng.randrange(12)
        if depth <= 0 or draw < 3:
            name = pick(*ARGUMENTS)
            of_name = f"int({name}) int({name}) round({name}) math.floor({name})"
            return pick(
                *of_name.split(),
                *("3", "-2", "COUNT", "PRIME", "LARGE", f"np.int64({name})", "True"),
                *(f"math.ceil({name})", f"({name} > 0.5)", "WHOLE[1]", "SHORT[0]"),
            )
        left, right = self.whole(depth - 1), self.whole(depth - 1)
        signs = "+", "-", "*", "*", "//", "%", "//", "%"
        counts = "1", "3", "62", "64", f"({right} & 127)", f"({right} % 9)"
        powers = "2", "3", "5", "0", f"({right} & 15)"
        forms = (
            f"abs({left})",
            f"(-{left})",
            f"min({left}, {right})",
            f"count_bits({left})",
            f"max({left}, {right})",
            f"({left} if {right} > 2 else {right})",
            f"len(PAIR) * {left}",
            f"(~int({left}))",
        )

        def shifted() -> str:
            count = pick(*counts)
            return f"({left} {pick('<<', '>>')} {count})"

        others = {
            8: shifted,
            9: lambda: f"({left} ** {pick(*powers)})",
            10: lambda: f"({left} {pick('&', '|', '^')} {right})",
            11: lambda: pick(*forms),
        }
        return others.get(draw, lambda: f"({left} {pick(*signs)} {right})")()

    def number(self, depth: int) -> str:
        """Any number."""
        if depth <= 0:
            return self.leaf()
        pick = self.pick
        draw = self.rng.randrange(16)
        left, right = self.number(depth - 1), self.number(depth - 1)
        signs = "+", "-", "*", "/", "+", "*", "/", "//", "%", "**"
        functions = "min", "max", "math.fmod", "math.pow", "np.power", "math.atan2"
        others = "np.copysign", "math.copysign", "np.fmod", "np.arctan2"
        of_numpy = "float32", "float64", "abs", "floor", "ceil"
        places = "0", "int(b) & 1", "int(c) % 3", "-1"

        def operation() -> str:
            sign = pick(*signs)
            return f"({left} {sign} {self.exponent() if sign == '**' else right})"

        def of_two() -> str:
            name = pick(pick(*functions), *others)
            return f"{name}({left}, {self.exponent() if name == 'np.power' else right})"

        def converted() -> str:
            of = pick(*of_numpy)
            word = pick("float", "abs", "bool", "halved", "at_least")
            return f"{pick(word, f'np.{of}')}({left})"

        def entry() -> str:
            if self.rng.random() < 0.3:
                return f"power_sum({left}, int(c) & 3)"
            return f"({left}, {right}, 2)[{pick(*places)}]"

        forms = (
            *[operation] * 5,
            lambda: self.whole(depth),
            lambda: f"math.{pick(*_MATH.split())}({left})",
            lambda: f"np.{pick(*_NUMPY.split())}({left})",
            of_two,
            lambda: f"({left} if {self.condition(depth - 1)} else {right})",
            converted,
            lambda: self.condition(depth),
            lambda: f"({left} {pick('and', 'or')} {right})",
            lambda: f"(-{left})",
            lambda: f"scaled({left}, {right})[{pick('0', '1')}]",
            entry,
        )
        return forms[draw]()

    def exponent(self) -> str:
        """A small exponent: Python computes powers of integers of any size."""
        whole = self.pick(
            "2", "3", "0", "-1", "-2", "(int(b) & 7)", "(round(c) % 5 - 2)"
        )
        return self.pick(whole, "0.5", "-1.5", "b", "np.float64(c)", "np.float32(0.1)")

    def condition(self, depth: int) -> str:
        """A comparison, or several."""
        left, right = self.number(depth - 1), self.number(depth - 1)
        sign = self.pick("<", "<=", ">", ">=", "==", "!=")
        draw = self.rng.randrange(6)
        if draw < 5:
            forms = f"({left} {sign} {right})", f"(0 {sign} {left} < {right})"
            return (*[forms[0]] * 3, forms[1], f"(not {left})")[draw]
        word = self.pick("and", "or")
        return (
            f"({self.pick(f'{left} < 1', 'math.isfinite(a)')} {word} {right} {sign} 2)"
        )

    def statement(self, indent: str) -> list[str]:
        """A statement that gives a name a value, and what it needs."""
        name = f"x{len(self.names)}" if self.rng.random() < 0.6 else ""
        name = name or self.pick(*(self.names or ["x0"]))
        value = self.number(2)
        draw = self.rng.randrange(6)
        known = name in self.names
        forms = (
            lambda: [
                f"{name} {self.pick('+', '-', '*', '/', '%') if known else ''}= {value}"
            ],
            lambda: [
                f"{name} = {self.leaf()}",
                f"for k in range({self.pick('3', 'int(b) & 3', '2, -2, -1')}):",
                f"    {name} = {name} {self.pick('+', '*', '-')} {self.number(1)} * k",
            ],
            lambda: [
                f"if {self.condition(1)}:",
                f"    {name} = {value}",
                "else:",
                f"    {name} = {self.number(1)}",
            ],
            lambda: [f"{name} = {self.whole(3)}"],
            lambda: [
                f"left = {self.pick('3', 'int(c) & 7')}",
                f"{name} = {self.pick('1', '1.0', 'a')}",
                "while left > 0:",
                "    left -= 1",
                f"    {name} = {name} * {self.leaf()} + {self.leaf()}",
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
        for _ in range(self.rng.randrange(4)):
            lines += self.statement("    ")
        value = self.number(3)
        slope = self.pick(self.number(2), self.whole(3))
        return "\n".join([*lines, f"    return {value}, {slope}"]) + "\n"


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


def within_language(by_name: dict) -> dict:
    """Those of some functions that the language has."""
    results = {}
    for name, function in by_name.items():
        try:
            made = TypedProgram().instance(function, (PYTHON_FLOAT,) * 3, CHECKED)
            value = made.result.items[-1] if made.fails else made.result
            if len(getattr(value, "items", ())) == 2:
                results[name] = function
        except RefusedError:
            pass
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
    """Functions of three floats in one module of machine code. `calls` counts those
    that were left to Python.
    """

    def __init__(self, by_name: dict, speed: int = 3) -> None:
        self.calls = 0
        several = list(by_name.values())
        for function in several:
            function.options = CHECKED._replace(inlined=False)
        words = tuple(calling(of, k, 2) for k, of in enumerate(several))

        @strict_fp
        def every(results, a, b, c):
            for k, word in enumerate(words):
                there, value, slope = word(a, b, c)
                results[3 * k] = 1.0 if there else 0.0
                results[3 * k + 1] = value
                results[3 * k + 2] = slope
            return 0

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kinds = ColumnKind(FLOAT64, ("results",)), *[PYTHON_FLOAT] * 3
            asked = called_in_python([(self.counted(of), 3) for of in several], 2)
            text = entries.text_of(every, kinds, INT)
        code = machine.object_code(text, speed)
        slots = {PYTHON: ctypes.cast(asked, ctypes.c_void_p).value}
        address = machine.load(code, entries.ENTRY, slots)
        double = ctypes.POINTER(ctypes.c_double)
        self._call = ctypes.CFUNCTYPE(ctypes.c_int64, double, *[ctypes.c_double] * 3)(
            address
        )
        self._results = (ctypes.c_double * (3 * len(several)))()
        self._alive = asked

    def counted(self, function):
        def call(function, *numbers):
            self.calls += 1
            return function(*numbers)

        return partial(call, function)

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
