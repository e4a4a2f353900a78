"""Functions of users alone, without a network: what the engine computes, and programs
in C, JavaScript and Python.
"""

import ctypes
import itertools
import linecache
import math
import re
import shutil
import subprocess

import numpy as np
import pytest

from synapse.engine.functions import formula_text
from synapse.engine.functions.formula import (
    KINDS,
    OTHERS as OTHERS_OF_THE_ENGINE,
    PRIMITIVES,
    UnreadableError,
)
from synapse.engine.functions.user_functions import IN_PYTHON, UserFormula
from synapse.engine.language.decorators import strict_fp
from synapse.engine.language.entries import address_of
from synapse.engine.language.tree import FLOAT64, INT, ColumnKind
from synapse.readwrite._interpreted import _imports
from synapse.readwrite._printed.c_program import Columns, finite_source
from synapse.readwrite._printed.c_text import CWriter
from synapse.readwrite._printed.javascript_text import JavaScriptWriter
from synapse.readwrite._printed.learner import answering
from synapse.readwrite._printed.python_text import PythonWriter
from synapse.readwrite._printed.specialised import Root, Specialised, words_of

from .programs import SANITIZED

OPERANDS = "s", "np.float64(s)", "float(s > 0.5)", "3", "-3", "2.5"
"""An expression of each type of numbers, and numbers."""
BINARY = "+", "-", "*", "/", "**", "==", "!=", "<", "<=", ">", ">="
OTHERS = (
    *("s < s", "s <= s", "s == s", "s != s", "abs(s) <= 1e300", "0 < s < 3"),
    *("s in (1.0, 3.0)", "(3 if s > 1 else 5) / 7", "-0.0 * s", "0.0 * s", "+s"),
    *("math.inf if s > 1 else 2.0", "1.0 / (1.0 + math.exp(-s))", "math.exp(-s)"),
    *("1.0 / (1.0 + np.exp(-s))", "1.0 / np.exp(s)", "1.0 / float(np.exp(s))"),
    *("np.log(s) if s else 0.5", "s ** -1", "s ** 0.5", "(-8.0) ** s", "2 ** abs(s)"),
    *("ARRAY[1] * s", "WHOLE[2] * s", "float(BOOLS[0]) * s", "LIST[-1] + s"),
    *("(s, 2.0 * s, -s)[2]", "(7 // 2) * s", "min(1, s) / 3", "-max(0, s)"),
    *("min([s, 1.0, -s])", "max(s, -s, 0.5)", "np.maximum(s, 0.25)", "-min(0, s)"),
    *("scaled(s, 2.0)", "scaled(s, gain=3)", "pair(s)[1]", "LAMBDA(s)"),
    *("LINE.gain * s + LINE.shift", "NAMES['a'] * s", "nested(s)", "exp(s)"),
    *("looped(s)", "halved(s)", "long(s)"),
    *("not s", "s and 2.0", "s or 2.0", "(lambda x: x * x)(s)", "unused(s)"),
)
"""Expressions that programs have computed wrongly, and forms of statements."""
SCOPE = r"""
import math
import numpy as np
from typing import NamedTuple

ARRAY = np.array([2.5, -1.25, 1e-3])
WHOLE = np.array([3, -70000, 5000000000])
BOOLS = np.array([True, False, True])
SINGLES = np.array([0.1, 2, -0.5], np.float32)
LIST = [1.5, 2.5, 3.0]
NAMES = {"a": 0.125}
LAMBDA = lambda s: 2.0 * s + 1.0


class Line(NamedTuple):
    gain: float
    shift: float


LINE = Line(0.5, 0.25)


def scaled(s, gain=0.5):
    return gain * s


def pair(s):
    return s * 2.0, s * 3.0


def nested(s):
    a, b = pair(s)
    c, d = pair(a)
    return a + b + c + d


def exp(s):
    return math.exp(min(s, 1.0))


def looped(s):
    total = 0.0
    for k in range(4):
        total += k * s
    for k in range(10, 0, -3):
        total -= k
    for k in range(6):
        if k == 3:
            continue
        total += k
        if total > 3:
            break
    return total


def long(s):
    for k in range(250):
        s = 0.5 * s + k
    return s


def long(s):
    for k in range(57):
        s = 0.5 * s + k
    return s


def unused(s):
    math.sqrt(s)
    return s


def halved(s):
    x = abs(s)
    while 4.0 > x > 1.0:
        x = x / 2.0
    return x
"""
STATES = (
    *(-1e18, -4503599627370497.0, -123456789.0, -800.0, -40.0, -7.5, -3.0, -2.5, -1.0),
    *(-0.5, -1e-9, -0.0, 0.0, 0.3, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 7.0, 12.0),
    *(27.0, 40.0, 62.0, 63.0, 64.0, 171.0, 800.0, 65536.0, 3037000500.0, 1e10),
    *(9007199254740993.0, 1e17, 1e19, 1e300, math.inf, -math.inf, math.nan),
)


def every_expression():
    """Every operation and every function of all types of numbers."""
    for operation, x, y in itertools.product(BINARY, OPERANDS, OPERANDS):
        if "s" in x + y:
            yield f"{x} {operation} {y}"
    for x in OPERANDS:
        yield from (f"-{x}", f"+{x}", f"not {x}")
        for y in OPERANDS:
            yield from (f"min({x}, {y})", f"max({x}, {y})", f"({x} and {y})")
            yield from (f"({x} or {y})", f"({x} if s < 2.0 else {y})")
    for function, operation in KINDS.items():
        name = function.__name__
        module = "math." if getattr(math, name, None) is function else ""
        module = "np." if getattr(np, name, None) is function else module
        if operation not in PRIMITIVES | OTHERS_OF_THE_ENGINE:
            continue
        if operation in ("atan2", "copysign", "fmod", "pow", "max", "min"):
            yield from (
                f"{module}{name}({x}, {y})"
                for x, y in itertools.product(OPERANDS, OPERANDS)
            )
        else:
            yield from (f"{module}{name}({x})" for x in OPERANDS)
    yield from OTHERS


def of_expressions(expressions):
    """Functions of a state for a pair: an expression, and the same as its slope."""
    text = SCOPE + "".join(
        f"\n\ndef f{k}(s):\n    value = {expression}\n    return value, value\n"
        for k, expression in enumerate(expressions)
    )
    file = f"<functions {hash(text)}>"
    linecache.cache[file] = len(text), None, text.splitlines(True), file
    scope = {"__name__": "functions"}
    exec(compile(text, file, "exec"), scope)
    return [scope[f"f{k}"] for k in range(len(expressions))]


def formula_of(function, names=("s",)):
    """The formula of a function, or None if it has none."""
    try:
        return UserFormula.of(function, names, 2)
    except UnreadableError:
        return None


def by_engine(formulas, rows):
    """The pairs that machine code computes; NaN where it would ask Python."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(formula_text, "EXACT", formula_text.EXACT._replace(inlined=False))
        words = tuple(formula.calling(k) for k, formula in enumerate(formulas))

    @strict_fp
    def every(results, numbers):
        for k, word in enumerate(words):
            there, value, other = word(*numbers)
            results[3 * k] = 1.0 if there else 0.0
            results[3 * k + 1] = value
            results[3 * k + 2] = other
        return 0

    @strict_fp
    def of_three(results, a, b, c):
        return every(results, (a, b, c))

    @strict_fp
    def of_one(results, a):
        return every(results, (a,))

    count = len(rows[0])
    kinds = ColumnKind(FLOAT64, ("results",)), *[FLOAT64] * count
    asked = IN_PYTHON(lambda number, values: False)
    address = address_of(of_one if count == 1 else of_three, kinds, INT, asked)
    double = ctypes.POINTER(ctypes.c_double)
    call = ctypes.CFUNCTYPE(ctypes.c_int64, double, *[ctypes.c_double] * count)(address)
    results = (ctypes.c_double * (3 * len(formulas)))()
    answers = np.full((len(rows), len(formulas), 2), math.nan)
    for k, row in enumerate(rows):
        call(results, *row)
        numbers = np.array(results).reshape(-1, 3)
        there = numbers[:, 0] == 1.0
        answers[k][there] = numbers[there][:, 1:]
    return answers


class Nothing:
    """What is known of no network: it is a program, as of one."""

    ahead = None

    def exact(self, written):
        return {}

    def facts(self, written):
        return {("nothing", None): {0}}


def alone(formulas, count, words):
    roots = {
        f"f{k}": Root(answering(formula), (FLOAT64,) * count)
        for k, formula in enumerate(formulas)
    }
    return Specialised(Nothing(), roots, words, set())


def by_python(formulas, rows, folder):
    writer = PythonWriter(alone(formulas, len(rows[0]), words_of(False, False)))
    parts = _imports(writer), *writer.helpers.values(), *writer.functions
    scope = {}
    exec("\n\n".join(parts), scope)
    made = [scope[f"f{k}"] for k in range(len(formulas))]
    return np.array([[function(*row) for function in made] for row in rows])


def by_javascript(formulas, rows, folder):
    node = shutil.which("node") or pytest.skip("there is no node here")
    writer = JavaScriptWriter(alone(formulas, len(rows[0]), words_of(False, True)))
    names = ", ".join(f"f{k}" for k in range(len(formulas)))
    numbers = np.array(rows, float).tobytes().hex()
    main = f"""
const given = new Float64Array(new Uint8Array(Buffer.from("{numbers}", "hex")).buffer);
const results = [];
for (let k = 0; k < given.length; k += {len(rows[0])})
    for (const f of [{names}])
        results.push(...f(...given.slice(k, k + {len(rows[0])})));
if (!results.every(value => typeof value === "number")) process.exit(1);
process.stdout.write(Buffer.from(Float64Array.from(results).buffer));
"""
    parts = '"use strict";', *writer.helpers.values(), *writer.functions, main
    (folder / "functions.js").write_text("\n\n".join(parts), encoding="utf-8")
    done = subprocess.run(
        [node, str(folder / "functions.js")], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr[:2000]
    return np.frombuffer(done.stdout).reshape(len(rows), len(formulas), 2)


OBVIOUS = (
    "unused-parameter",
    "bool-operation",
    "bool-compare",
    "tautological-compare",
    "type-limits",
)
"""Warnings about what users write: `s < s` is always false."""
FLAGS = [
    *("-std=c99", "-O1", "-ffp-contract=off", "-fno-builtin", "-Wall", "-Wextra"),
    *("-Wconversion", "-pedantic", "-Werror", *(f"-Wno-{name}" for name in OBVIOUS)),
    *SANITIZED,
]


def by_c(formulas, rows, folder, flags=FLAGS):
    compiler = shutil.which("gcc") or pytest.skip("there is no gcc here")
    count = len(rows[0])
    words = words_of(False, False, is_c=True)
    writer = CWriter(alone(formulas, count, words), "p", "P", "double", {})
    columns = Columns.__new__(Columns)
    columns.prefix, columns.real, columns.bytes, columns.fixed = "p", "double", 8, []
    columns.index, columns.index_bytes = "int16_t", 2
    helpers = *writer.helpers.values(), *writer.functions
    (kind,) = re.findall(r"^(\w+) p_f0\(", "\n".join(helpers), re.MULTILINE)
    passed = ", ".join(f"x[{k}]" for k in range(count))
    calls = "\n".join(
        f"{{ const {kind} made = p_f{k}({passed}); y[0] = made.a; y[1] = made.b;"
        " fwrite(y, 8, 2, stdout); }"
        for k in range(len(formulas))
    )
    parts = (
        "#include <math.h>\n#include <stdint.h>",
        "#include <string.h>\n#include <stdio.h>",
        "typedef int16_t p_index;",
        writer.types(),
        finite_source("p", "double", "\n".join(helpers)),
        *helpers,
        "int main(void) {\ndouble x[3], y[2];\n"
        f"while (fread(x, 8, {count}, stdin) == {count}) {{\n{calls}\n}}",
        "return 0;\n}\n",
    )
    (folder / "functions.c").write_text("\n\n".join(parts), encoding="utf-8")
    command = [compiler, *flags, str(folder / "functions.c"), "-o", str(folder / "run")]
    done = subprocess.run(
        [*command, "-lm"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[:2000]
    given = np.array(rows, float).tobytes()
    done = subprocess.run(
        [folder / "run"], input=given, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr[:2000]
    return np.frombuffer(done.stdout).reshape(len(rows), len(formulas), 2)


RUNNERS = {"python": by_python, "javascript": by_javascript, "c": by_c}


def differences(here, there, tolerance=0.0):
    """Where numbers differ by more than a share of them; NaN is NaN."""
    with np.errstate(all="ignore"):
        same = (here == there) & (np.signbit(here) == np.signbit(there))
        same |= np.isnan(here) & np.isnan(there)
        gap = np.abs(here - there)
        near = gap <= tolerance * np.abs(here) + (5e-324 if tolerance else 0.0)
    return ~(same | near)
