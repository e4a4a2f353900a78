"""Write typed programs in Python, also for MicroPython."""

from __future__ import annotations

import keyword
import math
import re
from typing import Any, ClassVar

from ...engine.language.program import Instance
from ...engine.language.tree import (
    BOOL,
    FLOATS,
    INT,
    WORD,
    Node,
)
from ...engine.schema import NONE
from .aliases import AliasWriter
from .text import ATOM, CHOICE, COMPARE, PRODUCT, SIGN, STEP, Text

HELPERS = {
    "bits_of": ('def bits_of(number):\n    return unpack("<q", pack("<d", number))[0]'),
    "from_bits": (
        "def from_bits(bits):\n"
        f'    return unpack("<d", pack("<Q", bits & {(1 << 64) - 1:#x}))[0]'
    ),
    "dot": (
        "def dot(weight, row, values, source, n):\n"
        '    """Sum of w_ij y_i, one product after the other."""\n'
        "    total = 0.0\n"
        "    for w, y in zip(weight[row : row + n], values[source : source + n]):\n"
        "        total += y * w\n    return total"
    ),
    "log1p": (
        "def log1p(number):\n    more = 1.0 + number\n    if more == 1.0:\n"
        "        return number\n    lost = number / (more - 1.0)\n"
        "    return log(more) if more - 1.0 == number else log(more) * lost"
    ),
}
"""Functions that Python, or MicroPython, does not have."""
CALLED = {"log1p": "log"}
"""Functions of ``math`` that helpers call."""
MASK = (1 << 64) - 1
INFINITY, NO_NUMBER = 'float("inf")', 'float("nan")'
# the results of C and NumPy where functions of Python raise errors
LIMITS = {
    **dict.fromkeys(("exp", "expm1", "cosh"), INFINITY),
    "sinh": f"{INFINITY} if a > 0.0 else -{INFINITY}",
    **dict.fromkeys(
        ("log", "log2", "log10"), f"-{INFINITY} if a == 0.0 else {NO_NUMBER}"
    ),
    "log1p": f"-{INFINITY} if a == -1.0 else {NO_NUMBER}",
    "atanh": f"a * {INFINITY} if abs(a) == 1.0 else {NO_NUMBER}",
    **dict.fromkeys(
        ("acos", "acosh", "asin", "cos", "sin", "sqrt", "tan"),
        NO_NUMBER,
    ),
    "asinh": "a",
    "tanh": "a",
    "fmod": NO_NUMBER,
    "pow": (
        f"(copysign({INFINITY}, a) if abs(fmod(b, 2.0)) == 1.0 else {INFINITY}\n"
        f"            if a >= 0.0 or b // 1.0 == b else {NO_NUMBER})"
    ),
}
# Users' real numbers are computed as in C and NumPy, also where Python raises errors.
USERS = {
    "any_quotient": (
        "def any_quotient(a, b):\n    if b:\n        return a / b\n"
        f"    return {INFINITY} * a * copysign(1.0, b) if a else {NO_NUMBER}"
    ),
    **{
        f"any_{name}": (
            f"def any_{name}({called}):\n    try:\n"
            f"        return {name}({called})\n"
            "    except (OverflowError, ValueError):\n"
            f"        return {limit}"
        )
        for name, limit in LIMITS.items()
        for called in ["a, b" if name in ("fmod", "pow") else "a"]
    },
    "binary Div float64 float64 float64": "any_quotient({0}, {1})",
    **{
        f"math {name} {' '.join(['float64'] * (1 + passed.count('{')))}": (
            f"any_{name}({passed})"
        )
        for name in LIMITS
        for passed in ["{0}, {1}" if name in ("fmod", "pow") else "{0}"]
    },
}


class PythonWriter(AliasWriter):
    """Writes functions in Python."""

    language = "Python"
    suffix = ".py"
    reserved = (
        frozenset(keyword.kwlist)
        | HELPERS.keys()
        | {
            *(
                "net",
                "abs",
                "min",
                "max",
                "float",
                "int",
                "range",
                "round",
                "pack",
                "unpack",
            )
        }
    )
    joins: ClassVar = {"and": "and", "or": "or"}
    comment = f'{STEP}"""', STEP, '"""'
    users = USERS

    def __init__(self, program: Any) -> None:
        self.imported: set[str] = set()
        super().__init__(program)
        text = "\n".join(self.helpers.values())
        defined = re.findall(r"def (\w+)", text)
        words = {*re.findall(r"\w+", text)} - {*defined, "inf", "nan"}
        self.imported |= words & {*dir(math)}

    def defined(self, instance: Instance, passed: list[str]) -> str:
        body = self.block(instance.body, STEP) or f"{STEP}pass\n"
        head = "".join(f"{STEP}{name} = net.{name}\n" for name in sorted(self.aliases))
        comment = self.comment_of(instance)
        name = self.callee(instance)
        return f"def {name}({', '.join(passed)}):\n{comment}{head}{body}".rstrip()

    def declaration(self, name: str, indent: str) -> str:
        return ""

    # --- statements

    def do_set(self, indent: str, name: str, value: Node) -> str:
        before = Node("variable", value.kind, (name,))
        return f"{indent}{self.local[name]} {self.change_of(before, value)}\n"

    def may_change(self, value: Node) -> bool:
        return bool(value.kind != WORD)

    def do_if(
        self, indent: str, test: Node, then: list[Node], other: list[Node]
    ) -> str:
        if not then:
            test, then, other = Node("not", BOOL, (test,)), other, []
        text = f"{indent}if {self.bare(test)}:\n{self.body(then, indent)}"
        if len(other) == 1 and other[0].form == "if" and other[0].parts[1]:
            return f"{text}{indent}el{self.do_if(indent, *other[0].parts).lstrip()}"
        if other:
            text += f"{indent}else:\n{self.body(other, indent)}"
        return text

    def body(self, body: list[Node], indent: str) -> str:
        """Return the statements under a head."""
        return self.block(body, indent + STEP) or f"{indent}{STEP}pass\n"

    def do_while(self, indent: str, test: Node, body: list[Node]) -> str:
        return f"{indent}while {self.bare(test)}:\n{self.body(body, indent)}"

    def do_for(
        self,
        indent: str,
        counter: str,
        low: Node,
        high: Node,
        step: Node,
        body: list[Node],
    ) -> str:
        passed = [self.bare(low), self.bare(high), self.bare(step)]
        if passed[2] == "1":
            passed.pop()
            if passed[0] == "0":
                passed.pop(0)
        name = self.local[counter]
        head = f"for {name} in range({', '.join(passed)}):"
        return f"{indent}{head}\n{self.body(body, indent)}"

    # --- expressions

    def of_literal(self, node: Node, value: float) -> Text:
        if node.kind in FLOATS:
            return self.number(float(value))
        if node.kind == BOOL:
            return str(bool(value)), ATOM
        value = -1 if value == NONE else int(value)
        return str(value), ATOM if value >= 0 else SIGN

    def number(self, value: float) -> Text:
        text = repr(value)
        if text.lstrip("-") in ("inf", "nan"):
            text = f'float("{text}")'
        return text, ATOM if text[0] != "-" else SIGN

    def of_size(self, node: Node, array: Node, dimension: int) -> Text:
        return f"len({self.bare(array)})", ATOM

    def of_tuple(self, node: Node, *items: Node) -> Text:
        comma = "," if len(items) == 1 else ""
        return f"({', '.join(map(self.bare, items))}{comma})", ATOM

    def of_not(self, node: Node, value: Node) -> Text:
        return f"not {self.within(value, COMPARE)}", COMPARE

    def of_choice(self, node: Node, test: Node, left: Node, right: Node) -> Text:
        test_, then, other = (
            self.within(part, CHOICE + 1) for part in (test, left, right)
        )
        return f"{then} if {test_} else {other}", CHOICE

    def of_binary(self, node: Node, operation: str, left: Node, right: Node) -> Text:
        if operation in ("FloorDiv", "Mod"):
            sign = "//" if operation == "FloorDiv" else "%"
            return self.between(sign, left, right, PRODUCT, SIGN), PRODUCT
        text = super().of_binary(node, operation, left, right)
        if node.kind == WORD and operation in ("Add", "Mult", "Sub", "LShift"):
            return f"({text[0]}) & {MASK:#x}", SIGN - 6
        return text

    def of_cast(self, node: Node, value: Node) -> Text:
        if node.kind in FLOATS and value.kind not in FLOATS:
            return f"float({self.bare(value)})", ATOM
        if node.kind == INT and value.kind in FLOATS:
            return f"int({self.bare(value)})", ATOM
        return self.value(value)

    def of_pick(self, node: Node, sign: str, left: Node, right: Node) -> Text:
        name = "min" if sign == "<" else "max"
        return f"{name}({self.bare(left)}, {self.bare(right)})", ATOM

    def helper(self, name: str) -> str:
        """Return the name of a function that the program has then."""
        self.helpers[name] = HELPERS[name]
        return name

    def of_bits(self, node: Node, value: Node) -> Text:
        name = self.helper("bits_of" if node.kind == INT else "from_bits")
        return f"{name}({self.bare(value)})", ATOM

    def of_dot(self, node: Node, *parts: Node) -> Text:
        return f"{self.helper('dot')}({', '.join(map(self.bare, parts))})", ATOM

    def of_math(self, node: Node, name: str, *arguments: Node) -> Text:
        passed = ", ".join(map(self.bare, arguments))
        if name == "abs":
            return f"abs({passed})", ATOM
        if name in HELPERS:
            if name in CALLED:
                self.imported.add(CALLED[name])
            return f"{self.helper(name)}({passed})", ATOM
        self.imported.add(name)
        return f"{name}({passed})", ATOM
