"""Random small functions of the language, as texts.

A function takes two integers, two reals, an array of four integers and one of four
reals, changes the arrays, and returns a tuple of all its variables. A style says which
of Python's and of the language's rules agree:

- `PYTHON`: numbers of Python; divisors are not 0, indices are within arrays.
- `CHECKED`: also functions that raise, which users' functions may do.
- `SINGLE`: numbers of NumPy: ``r0``, ``r1`` and the array are float32. Literals are
  NumPy's too, because NumPy would compute in single precision with Python's. Values
  between which a function chooses have one type, as in the language.
"""

from __future__ import annotations

import math
import re
from enum import Enum

import numpy as np
from hypothesis import strategies

from synapse.engine.language.decorators import parts_of, strict_fp, strict_fp_call
from synapse.engine.language.source import define


class Style(Enum):
    """What Python and the language have in common."""

    PYTHON = 0
    CHECKED = 1
    SINGLE = 2


# --- parts that a function calls ------------------------------------------------------


@strict_fp
def bump(reals, k):
    """Change a real, and return half of it."""
    reals[k] += 1.25
    return float(reals[k]) * 0.5


@strict_fp_call
def count(ints, k):
    """Change an integer, and return it."""
    ints[k] = (ints[k] * 3 + 1) % 1009
    return int(ints[k])


@strict_fp
def exchange(ints, reals, k):
    """Change both, and return a tuple."""
    if ints[k] > 5:
        reals[k] = -float(reals[k])
        return float(reals[k]), 1
    ints[k] += 7
    return float(reals[3 - k]), int(ints[k])


@strict_fp
def chosen(leading, second, flag):
    """Return one of two values."""
    return leading if flag else second


@strict_fp
def floor(x):
    """Return a real of Python, also of infinity."""
    return float(np.floor(x))


PARTS = bump, count, exchange, chosen, floor
SCOPE = {part.__name__: part for part in PARTS} | {
    "np": np,
    "math": math,
    "sqrt": math.sqrt,
    "nan": math.nan,
    "inf": math.inf,
}

# --- grammar --------------------------------------------------------------------------
#
# {i}, {r}, {b}: an integer, a real, a condition. {f}, {d}: a real of a fixed type.
# {x}: an index. {I}, {R}, {D}: a name. {n}, {z}: a literal. <2.0>: this literal.

SHORT = {
    "I": "i0 i1 i2 i3",
    "R": "r0 r1 r2 r3",
    "D": "r2 r3",
    "n": "<0> <1> <2> <3> <-1> <-7> <5> <64> <1000>",
    "z": "<0.0> <-0.0> <0.1> <1.5> <-2.25> <1e300> <-3.0> <inf> <nan>",
    "sign": "< <= > >= == !=",
    "sum": "+ - *",
    "bits": "+ - & | ^",
    "step": "1 2 -1 -2 3",
    "least": "min max",
}
LEAVES = {
    "i": ["{I}", "{n}"],
    "r": ["{R}", "{z}", "{local}"],
    "b": ["({i} {sign} {i})", "({r} {sign} {r})"],
}
LONG = {
    "i": [
        "({i} {bits} {i})",
        "({i} * {i} % 1009)",
        "({i} // {whole})",
        "({i} % {whole})",
        "({i} << 2)",
        "({i} >> 1)",
        "(~int({i}))",
        "(-{i})",
        "abs({i})",
        "({i} if {b} else {i})",
        "chosen({i}, {i}, {b})",
        "{least}({i}, {i})",
        "{least}({i}, {i}, {i})",
        "int({bounded})",
        "int(round({bounded}))",
        "int(math.floor({bounded}))",
        "int(ints[{x}])",
        "count(ints, {x})",
        "exchange(ints, reals, {x})[1]",
        "int({b})",
        "(1, {i}, 5)[{i} & 1]",
    ],
    "r": [
        "({r} {sum} {r})",
        "({r} / {divisor})",
        "({r} // {positive})",
        "({r} % {positive})",
        "(-{r})",
        "(+{r})",
        "abs({r})",
        "sqrt(abs({r}))",
        "floor({r})",
        "({f} if {b} else {f})",
        "({d} if {b} else {d})",
        "chosen({f}, {f}, {b})",
        "chosen({d}, {d}, {b})",
        "{least}({f}, {f})",
        "{least}({d}, {d}, {d})",
        "float(reals[{x}])",
        "bump(reals, {x})",
        "exchange(ints, reals, {x})[0]",
        "({f}, {f})[{i} & 1]",
        "({d}, 3, {d})[-1]",
        "({d}, {d}, {d})[1:][1]",
        "tuple(v * <2.0> for v in ({f}, {f}))[{i} & 1]",
        "tuple({D} + i0 for i0 in ({d}, <2.0>))[1]",
        "tuple(v + i0 for i0, v in enumerate(({d}, {d})))[{i} & 1]",
        "({i} + {r})",
        "(m0 + {r})",
        "({i} / 8)",
        "((({i} | 1) if {b} else {d}) + <0.0>)",
    ],
    "b": [
        "({i} {sign} {i} {sign} {i})",
        "({r} {sign} {r} {sign} {r})",
        "({i} {sign} {r})",
        "({b} and {b})",
        "({b} or {b} or {b})",
        "(not {b})",
        "bool({i})",
        "bool({r})",
        "({i} in (1, {i}, 5))",
        "({i} not in (1, {i}, 5))",
        "({b} == {b})",
    ],
    # what is tested need not be a bool
    "test": ["{b}", "{b}", "{i}", "({i} or {b})", "({r} and not {i})"],
    "x": ["{i} & 3"],
    "whole": ["4", "-4", "7", "-3", "({i} | 1)"],
    "positive": ["(abs({r}) + <0.5>)", "((abs({r}) + <0.5>) * <-1.0>)", "<3.0>"],
    "divisor": ["{positive}"],
    "bounded": ["max(-99.0, min(99.0, {r}))"],
}
ONLY = {
    Style.PYTHON: {},
    Style.CHECKED: {
        "x": ["int({i})"],
        "whole": ["{i}"],
        "divisor": ["{r}"],
        "bounded": ["nan", "-inf"],
        "leave": ["raise ValueError"],
    },
    Style.SINGLE: {"positive": ["np.float32({positive})"], "divisor": ["{positive}"]},
}
BOOLS = ["({b} {sum} {b})", "(-{b} + +{b})", "{least}({b}, {b})", "({b} ^ {i})"]
"""Arithmetic of Python's bools, which NumPy's have not."""

SIMPLE = [
    "{I} = {i} % 1009",
    "r0 = {f}",
    "r1 = {f}",
    "{D} = {d}",
    "m0 = {i} | 1",
    "m0 = {d}",
    "ints[{x}] = {i} % 1009",
    "reals[{x}] = {r}",
    "ints[{x}], reals[{x}] = {i} % 1009, {r}",
    "r0 = reals[{x}] = {f}",
    "ints[{x}] += {i} % 1009",
    "ints[{x}] ^= {i} % 1009",
    "reals[{x}] {sum}= {r}",
    "{D} {sum}= {r}",
    "{I} |= {i} % 1009",
    "i0, i1, i2 = {I}, {I}, {I}",
    "r0, r1 = r1, r0",
    "r2, r3 = {D}, {D}",
    "r2, {I} = exchange(ints, reals, {x})",
    "(r0, {I}), r3 = ({f}, {i} % 1009), {d}",
    "bump(reals, {x})",
    "exchange(ints, reals, {x})",
]
NESTED = ["if", "if", "choice", "while", "range", "range", "tuple", "leave"]
LOCALS = [
    ("{name} = {d}", "{name}"),
    ("{name} = {z}", "{name}"),
    ("{name} = {f}, {i}", "{name}[0]"),
    ("{name} = {D}, {D}", "{name}[1]"),
]
"""Names that are set once, and how a real is read of them."""
OVER_TUPLES = [
    "for {name} in ({d}, {d}, {d}):",
    "for {other}, {name} in enumerate(({f}, {f})):",
    "for {name}, {other} in zip(({d}, {d}), ({i}, {z})):",
]
RESULT = "i0, i1, i2, i3, r0, r1, r2, r3, m0 + 0.0"


class Writer:
    """Writes one function, by choices of hypothesis."""

    def __init__(self, draw, style):
        self.draw = draw
        self.style = style
        self.names = 0
        self.locals = ["r0"]
        self.in_loop = False

    def pick(self, options):
        return self.draw(strategies.sampled_from(options))

    def new(self, name):
        self.names += 1
        return f"{name}_{self.names}"

    def filled(self, template, depth=1, **names):
        """A template with something in each of its places."""
        text = re.sub(
            r"\{(\w+)\}",
            lambda place: names.get(place[1]) or self.some(place[1], depth),
            template,
        )
        return re.sub(r"<(\S+?)>", self.literal, text)

    def literal(self, text):
        if self.style is not Style.SINGLE:
            return f"({text[1]})"
        kind = "float64" if re.search("[.efn]", text[1]) else "int64"
        return f"np.{kind}({text[1]})"

    def some(self, kind, depth):
        if kind == "local":
            return self.pick(self.locals)
        if kind in SHORT:
            return self.pick(SHORT[kind].split())
        if kind in ("f", "d"):
            text = self.some("r", depth)
            name = {"f": "float32", "d": "float64"}[kind]
            return f"np.{name}({text})" if self.style is Style.SINGLE else text
        templates = LEAVES.get(kind, [])
        if depth > 0 or not templates:
            templates = templates + LONG[kind] + ONLY[self.style].get(kind, [])
            if kind == "i" and self.style is not Style.SINGLE:
                templates = templates + BOOLS
        return self.filled(self.pick(templates), depth - 1)

    # --- statements: lists of lines

    def block(self, depth):
        """Some statements of a block. Names in it may have no value after it."""
        before = list(self.locals)
        count = self.pick([1, 2, 3])
        lines = [line for _ in range(count) for line in self.statement(depth)]
        self.locals = before
        return ["    " + line for line in lines]

    def statement(self, depth):
        kind = self.pick(["simple", "simple", "local", *(NESTED if depth > 0 else ())])
        return getattr(self, f"_{kind}")(depth - 1)

    def _simple(self, depth):
        return [self.filled(self.pick(SIMPLE), 2)]

    def _local(self, depth):
        name = self.new("local")
        template, read = self.pick(LOCALS)
        line = self.filled(template, 1, name=name)
        self.locals.append(read.format(name=name))
        return [line]

    def _if(self, depth):
        return [self.filled("if {test}:", 2), *self.block(depth)]

    def _choice(self, depth):
        lines = self._if(depth)
        if self.pick([False, True]):
            lines += [self.filled("elif {test}:"), *self.block(depth)]
        return [*lines, "else:", *self.block(depth)]

    def _while(self, depth):
        left = self.new("left")
        test = self.pick(["left > 0 and {test}", "{b} and left > 0", "left"])
        test = self.filled(test).replace("left", left)
        begin = [f"{left} = {self.pick(['2', '3', 'i1 & 3'])}", f"while {test}:"]
        return [*begin, f"    {left} -= 1", *self.loop(depth)]

    def _range(self, depth):
        ends = ["{i} % 5 - 2", "{i} % 7 - 3", "{step}"]
        ends = ends[: self.pick([1, 2, 3])]
        name = self.pick([self.new("k"), *SHORT["I"].split()])
        lines = [self.filled(f"for {name} in range({', '.join(ends)}):")]
        if self.style is Style.SINGLE:
            lines.append(f"    {name} = np.int64({name})")
        return lines + self.loop(depth)

    def _tuple(self, depth):
        names = {"name": self.new("v"), "other": self.new("w")}
        line = self.filled(self.pick(OVER_TUPLES), 1, **names)
        before = list(self.locals)
        self.locals.append(names["name"])
        lines = [line, *self.loop(depth, False)]
        self.locals = before
        return lines

    def loop(self, depth, leaves=True):
        """The body of a loop, which a loop over a tuple does not leave."""
        outside, self.in_loop = self.in_loop, leaves
        lines = self.block(depth)
        self.in_loop = outside
        return lines

    def _leave(self, depth):
        ways = [f"return {RESULT}", *ONLY[self.style].get("leave", ())]
        if self.in_loop:
            ways += ["break", "continue"]
        return [self.filled("if {test}:"), "    " + self.pick(ways)]


@strategies.composite
def programs(draw, style=Style.PYTHON):
    """The text of a function ``program(i0, i1, r0, r1, ints, reals)``."""
    writer = Writer(draw, style)
    lines = ["i2, i3 = i1, <5>", "r2, r3 = {start}, {start}", "m0 = <1>"]
    start = "np.float64(r0)" if style is Style.SINGLE else "r0"
    lines = [writer.filled(line, start=start) for line in lines]
    for _ in range(writer.pick([1, 2, 3, 4])):
        lines += writer.statement(3)
    lines.append(f"return {RESULT}")
    return "def program(i0, i1, r0, r1, ints, reals):\n    " + "\n    ".join(lines)


def made(text, style=Style.PYTHON):
    """The function of a text. What a user's function calls is compiled as it is."""
    scope = dict(SCOPE)
    if style is Style.CHECKED:
        parts_of(scope, PARTS, lambda part: part)
    if style is Style.SINGLE:
        scope |= {"float": np.float64, "int": np.int64, "sqrt": np.sqrt}
        parts_of(scope, PARTS, strict_fp)
    return define("program", text, scope)
