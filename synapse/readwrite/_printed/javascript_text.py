"""Write typed programs in JavaScript.

Columns are typed arrays. A 64-bit word is a BigInt. All other numbers are ordinary
JavaScript numbers, which are rounded to float32 after each operation if the kernel
computes in it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ...engine.language.program import Instance
from ...engine.language.tree import (
    BOOL,
    FLOAT32,
    FLOATS,
    INT,
    WORD,
    Node,
)
from ...engine.schema import NONE
from .aliases import AliasWriter
from .braces import BraceWriter
from .fixed_numbers import FixedKind
from .text import ATOM, PRODUCT, SIGN, STEP, Text
from .trees import column_name

HELPERS = {
    "copysign": (
        "function copysign(number, sign) {\n    const size = Math.abs(number);\n"
        "    return sign < 0 || Object.is(sign, -0) ? -size : size;\n}"
    ),
    "erf": """\
// JavaScript has no error function: its series, whose terms have one sign.
function erf(x) {
    if (Math.abs(x) > 6) return Math.sign(x);
    let sum = x;
    for (let n = 1, term = x; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
        term *= 2 * x * x / (2 * n + 1);
        sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}""",
    "fmod": "function fmod(a, b) {\n    return a % b;\n}",
    "smaller": "function smaller(a, b) {\n    return b < a ? b : a;\n}",
    "larger": "function larger(a, b) {\n    return b > a ? b : a;\n}",
    "bits_of": (
        "const single = new Float32Array(1), whole = new Int32Array(single.buffer);\n\n"
        "function bits_of(x) {\n    single[0] = x;\n    return whole[0];\n}"
    ),
    "from_bits": "function from_bits(x) {\n    whole[0] = x;\n    return single[0];\n}",
}
NEEDED = {"from_bits": "bits_of"}
# What users' functions compute to more places, or otherwise.
USERS = {
    "any_erf": """\
/** The error function, or 1 less it: a series, or a continued fraction. e^-x^2 is in
 * two parts, of which the first has an exact square. */
function any_erf(x, complement) {
    const size = Math.abs(x), high = Math.fround(x);
    const power = Math.exp(-high * high) * Math.exp((high - x) * (high + x));
    if (size < 0.5) {
        let sum = x;
        for (let n = 1, term = x; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        sum *= 2 / Math.sqrt(Math.PI) * power;
        return complement ? 1 - sum : sum;
    }
    let rest = size;
    for (let k = Math.ceil(30 + 200 / (x * x)); k > 0; k--) rest = size + k / 2 / rest;
    const tail = size > 28 ? 0 : power / (Math.sqrt(Math.PI) * rest);
    if (!complement) return Math.sign(x) * (1 - tail);
    return x < 0 ? 2 - tail : tail;
}""",
    "any_pow": """\
function any_pow(a, b) {
    const isOne = a === 1 || a === -1 && Math.abs(b) === Infinity;
    return isOne ? 1 : Math.pow(a, b);
}""",
    "math erf float64 float64": "any_erf({0}, false)",
    "math erfc float64 float64": "any_erf({0}, true)",
    "math pow float64 float64 float64": "any_pow({0}, {1})",
}
RESERVED = (
    frozenset(
        [
            "abstract",
            "arguments",
            "await",
            "boolean",
            "break",
            "byte",
            "case",
            "catch",
            "char",
            "class",
            "const",
            "continue",
            "debugger",
            "default",
            "delete",
            "do",
            "double",
            "else",
            "enum",
            "eval",
            "export",
            "extends",
            "false",
            "final",
            "finally",
            "float",
            "for",
            "function",
            "goto",
            "if",
            "implements",
            "import",
            "in",
            "instanceof",
            "int",
            "interface",
            "let",
            "long",
            "native",
            "new",
            "null",
            "package",
            "private",
            "protected",
            "public",
            "return",
            "short",
            "static",
            "super",
            "switch",
            "synchronized",
            "this",
            "throw",
            "throws",
            "transient",
            "true",
            "try",
            "typeof",
            "undefined",
            "var",
            "void",
            "volatile",
            "while",
            "with",
            "yield",
            "net",
            "Math",
            "Number",
            "Array",
            "Object",
            "BigInt",
            "single",
            "whole",
        ]
    )
    | HELPERS.keys()
)


class JavaScriptWriter(AliasWriter, BraceWriter):
    """Writes functions in JavaScript."""

    language = "JavaScript"
    suffix = ".js"
    reserved = RESERVED
    comment = "/** ", " * ", " */"
    equals: ClassVar = {"==": "===", "!=": "!=="}
    users = USERS

    def defined(self, instance: Instance, passed: list[str]) -> str:
        body = self.block(instance.body, STEP)
        used = sorted(self.aliases)
        head = f"{STEP}const {{ {', '.join(used)} }} = net;\n" if used else ""
        call = f"{self.callee(instance)}({', '.join(passed)})"
        return f"{self.comment_of(instance)}function {call} {{\n{head}{body}}}"

    def declaration(self, name: str, indent: str) -> str:
        return f"{indent}let {self.local[name]};\n"

    def begin_of(self, name: str, kind: Any) -> str:
        return "const " if self.homes.sets[name] == 1 else "let "

    def counter_begin(self) -> str:
        return "let "

    def may_change(self, value: Node) -> bool:
        return bool(value.kind not in (FLOAT32, WORD))

    # --- expressions

    def of_integer(self, kind: FixedKind, value: int) -> Text:
        text, rank = super().of_integer(kind, value)
        return f"{text}n" if kind.bits == 64 else text, rank

    def helper(self, name: str) -> str:
        """Return the name of a function that the program has then."""
        if name in NEEDED:
            self.helper(NEEDED[name])
        self.helpers[name] = HELPERS[name]
        return name

    def of_literal(self, node: Node, value: float) -> Text:
        if node.kind in FLOATS:
            return self.number(float(value))
        if node.kind == BOOL:
            return str(bool(value)).lower(), ATOM
        if node.kind == WORD:
            return f"{int(value)}n", ATOM if value >= 0 else SIGN
        value = -1 if value == NONE else int(value)
        return str(value), ATOM if value >= 0 else SIGN

    def number(self, value: float) -> Text:
        names = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
        text = repr(value).removesuffix(".0")
        text = names.get(text, text)
        return text, ATOM if text[0] != "-" else SIGN

    def whole(self, value: int, is_word: bool) -> str:
        return f"{value}n" if is_word else super().whole(value, is_word)

    def of_size(self, node: Node, array: Node, dimension: int) -> Text:
        return f"{self.within(array, ATOM)}.length", ATOM

    def of_tuple(self, node: Node, *items: Node) -> Text:
        return f"[{', '.join(map(self.bare, items))}]", ATOM

    def of_binary(self, node: Node, operation: str, left: Node, right: Node) -> Text:
        if operation == "FloorDiv":
            return f"Math.floor({self.between('/', left, right, PRODUCT, SIGN)})", ATOM
        if operation == "Mod":
            return self.between("%", left, right, PRODUCT, SIGN), PRODUCT
        text = super().of_binary(node, operation, left, right)
        if node.kind == FLOAT32:
            return f"Math.fround({text[0]})", ATOM
        if node.kind == WORD and operation in ("Add", "Mult", "Sub", "LShift"):
            return f"BigInt.asUintN(64, {text[0]})", ATOM
        return text

    def of_cast(self, node: Node, value: Node) -> Text:
        to, of = node.kind, value.kind
        if to == WORD and not self.is_big(value):
            return f"BigInt({self.bare(value)})", ATOM
        if of == WORD and to != INT:
            return f"Number({self.bare(value)})", ATOM
        if to == FLOAT32:
            return f"Math.fround({self.bare(value)})", ATOM
        if to == INT and of in FLOATS:
            return f"Math.trunc({self.bare(value)})", ATOM
        if of == BOOL:
            return f"Number({self.bare(value)})", ATOM
        return self.value(value)

    def is_big(self, value: Node) -> bool:
        """Return whether an integer is a BigInt already because it comes from a
        stream.
        """
        if value.form == "load":
            return column_name(value.parts[0]) == "random"
        return value.kind == WORD or (
            value.form == "variable"
            and value.kind == INT
            and (value.parts[0] in self.big)
        )

    def function(self, instance: Instance) -> str:
        self.big = {
            name for name, kind in instance.parameters if name == "word" and kind == INT
        }
        return super().function(instance)

    def of_pick(self, node: Node, sign: str, left: Node, right: Node) -> Text:
        name = self.helper("smaller" if sign == "<" else "larger")
        return f"{name}({self.bare(left)}, {self.bare(right)})", ATOM

    def of_bits(self, node: Node, value: Node) -> Text:
        if FLOAT32 not in (node.kind, value.kind):
            raise self.refused("the bits of a number")
        name = self.helper("bits_of" if node.kind == INT else "from_bits")
        return f"{name}({self.bare(value)})", ATOM

    def of_math(self, node: Node, name: str, *arguments: Node) -> Text:
        passed = ", ".join(map(self.bare, arguments))
        if name == "isfinite":
            return f"Number.isFinite({passed})", ATOM
        called = self.helper(name) if name in HELPERS else f"Math.{name}"
        text = f"{called}({passed})"
        return (f"Math.fround({text})" if node.kind == FLOAT32 else text), ATOM
