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
import warnings

import numpy as np
import pytest

from synapse.engine.language.decorators import strict_fp
from synapse.engine.language.entries import address_of
from synapse.engine.language.program import TypedProgram
from synapse.engine.language.tree import FLOAT64, INT, ColumnKind, RefusedError
from synapse.engine.language.user_functions import (
    CHECKED,
    IN_PYTHON,
    PYTHON_FLOAT,
    calling,
)
from synapse.engine.language.words import WORDS
from synapse.readwrite._interpreted import _imports
from synapse.readwrite._printed.c_program import Columns, finite_source
from synapse.readwrite._printed.c_text import CWriter
from synapse.readwrite._printed.javascript_text import ARRAYS, JavaScriptWriter
from synapse.readwrite._printed.learner import answering
from synapse.readwrite._printed.python_text import PythonWriter
from synapse.readwrite._printed.specialised import Root, Specialised, words_of

from .programs import SANITIZED

OPERANDS = (
    *("s", "int(s)", "(s > 0.5)", "np.float32(s)", "np.float64(s)"),
    *("np.uint64(abs(int(s)))", "3", "-3", "2.5"),
)
"""An expression of each kind of numbers, and numbers."""
BINARY = (
    *("+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^"),
    *("==", "!=", "<", "<=", ">", ">="),
)
OF_TWO = "atan2", "copysign", "fmod", "hypot", "pow", "power", "arctan2"
LISTS = (
    *("(2.5, -1.25, 1e-3)", "(3, -70000, 5000000000)", "(True, False, True)"),
    *("(1, 2.5, True)", "(4294967295, -1, 7)", "ARRAY", "WHOLE", "BOOLS", "SINGLES"),
    *("LIST", "(s, 2.0 * s, -s)", "(int(s), 7, int(2.0 * s))"),
    "(np.float32(0.1), np.float32(2), np.float32(-0.5))",
    "(np.uint64(1), np.uint64(2), np.uint64(18446744073709551615))",
)
OTHERS = (
    *("s < s", "s <= s", "s == s", "s != s", "abs(s) <= 1e300", "0 < s < 3"),
    *("int(s) & 4294967295", "int(s) + 4294967295", "1 << 62", "-(1 << 62) - int(s)"),
    *(
        "(int(s) * 2654435761) % 4294967296",
        "int(s) ^ (int(s) >> 13)",
        "s in (1.0, 3.0)",
    ),
    *("int(s) * int(s) * int(s) * int(s) % 1009", "1 << int(s)", "int(s) << 33"),
    *("9223372036854775807 - int(abs(s))", "float(9007199254740993 + int(s))"),
    *("(3 if s > 1 else 5) << 40", "3 * 2000000000 + int(s)", "-0.0 * s", "0.0 * s"),
    *("math.inf if s > 1 else 2.0", "1.0 / (1.0 + math.exp(-s))", "math.exp(-s)"),
    *("1.0 / (1.0 + np.exp(-s))", "np.log(s) if s else 0.5", "round(s * 0.5)"),
    *("math.trunc(s * 1e15)", "int(s * 1e17) // 3", "int(s * 1e17) % 7", "int(s) / 3"),
    *(
        "int(s * 1e17) < s * 1e17",
        "np.float32(s) * np.float32(0.1)",
        "np.float32(s) + 1",
    ),
    *("np.float32(s * 1e38) * np.float32(1e3)", "np.float32(0.1) * s", "s ** -1"),
    *(
        "np.float32(s) // np.float32(0.3)",
        "np.float32(s) % np.float32(0.3)",
        "s ** 0.5",
    ),
    *(
        "np.float32(int(s) * 16777217)",
        "int(s) ** 5",
        "2 ** int(abs(s))",
        "(-8.0) ** s",
    ),
    *("int(s) ** int(abs(s))", "(s > 1) + (s > 2)", "-(s > 1)", "True + int(s)"),
    *(
        "(s > 1) & (s < 3)",
        "(s > 1) ^ (s > 2)",
        "int(s > 1) << 3",
        "isinstance(s, float)",
    ),
    *("scaled(s, 2.0)", "scaled(s, gain=3)", "whole(int(s))", "pair(s)[int(s) % 2]"),
    *(
        "LAMBDA(s)",
        "LINE.gain * s + LINE.shift",
        "NAMES['a'] * s",
        "nested(s)",
        "exp(s)",
    ),
    *(
        "looped(s)",
        "collatz(int(abs(s)))",
        "halved(s)",
        "raising(s)",
        "down_to(int(s))",
    ),
    *("xorshift(int(s))", "bits(int(s))", "names(s)", "of_docstring(s)", "greek(s)"),
)
"""Expressions that programs have computed wrongly, and each form of statement."""
SCOPE = r'''
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


def whole(n):
    return (n * 7 - 3) // 4 + n % 5


def pair(s):
    return s * 2.0, s * 3.0


def nested(s):
    a, b = pair(s)
    c, d = pair(a)
    return a + b + c + d + int(s) * 3


def exp(s):
    return math.exp(min(s, 1.0))


def looped(s):
    total = 0.0
    for k in range(4):
        total += k * s
    for k in range(10, 0, -3):
        total -= k
    for k in range(int(abs(s)) % 6):
        if k == 3:
            continue
        total += k
        if k > 4:
            break
    return total


def down_to(n):
    total = 0
    for k in range(n % 10, -5, -2):
        total = total * 31 + k
    return total


def collatz(n):
    n = n % 27 + 1
    count = 0
    while n != 1 and count < 200:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        count += 1
    return count


def halved(s):
    x = abs(s)
    while 1e301 > x > 1.0:
        x = x / 2.0
    return x


def raising(s):
    if s > 5.0:
        raise ValueError("no")
    return s


def xorshift(n):
    n ^= (n << 13) & 0xFFFFFFFF
    n ^= n >> 17
    return n & 0xFFFF


def bits(n):
    count = 0
    n = n & 0xFFFFFFFFFF
    while n:
        count += n & 1
        n >>= 1
    return count


def names(s):
    exp = math.exp(min(s, 1.0))
    sqrt = math.sqrt(abs(s))
    double, float_, asm, xor, typename, restrict = 1.0, 2.0, s, sqrt, exp, 6.0
    NAN, Infinity, Math, BigInt, linux, errno, int64_t = s, 2.0, s, 3.0, s, sqrt, s
    table_0, any_rest, user_names, numbers, net, state = s, exp, s, 1.0, s, s
    for constexpr in range(3):
        xor += constexpr * sqrt
        NAN += math.floor(xor)
        net += (1.5, 2.5, 3.5)[int(xor) % 3] * exp
    total = double + float_ + asm + xor + typename + restrict + NAN + Infinity + Math
    total += BigInt + linux + errno + int64_t + table_0 + any_rest + user_names
    return total + numbers + net + state


def of_docstring(s):
    r"""A "docstring" with \x and \N{no} and */ ??/ <script> and a backslash \ """
    a = s * 1.5
    return a + a * a


def greek(s):
    é = s * 2.0
    é += 1.0
    return é * é
'''
STATES = (
    *(-1e18, -4503599627370497.0, -123456789.0, -800.0, -40.0, -7.5, -3.0, -2.5, -1.0),
    *(-0.5, -1e-9, -0.0, 0.0, 0.3, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 7.0, 12.0),
    *(27.0, 40.0, 62.0, 63.0, 64.0, 171.0, 800.0, 65536.0, 3037000500.0, 1e10),
    *(9007199254740993.0, 1e17, 1e19, 1e300, math.inf, -math.inf, math.nan),
)


def every_expression():
    """Every operation and every word of every kind of numbers."""
    for operation, x, y in itertools.product(BINARY, OPERANDS, OPERANDS):
        if x[0] in "si(n" or y[0] in "si(n":
            yield f"{x} {operation} {y}"
    for x in OPERANDS:
        yield from (f"-{x}", f"+{x}", f"~{x}", f"not {x}")
        for y in OPERANDS:
            yield from (f"min({x}, {y})", f"max({x}, {y})", f"({x} and {y})")
            yield from (f"({x} or {y})", f"({x} if s < 2.0 else {y})")
    for function in WORDS.by_function:
        name = function.__name__
        module = "math." if getattr(math, name, None) is function else ""
        module = "np." if getattr(np, name, None) is function else module
        for x in OPERANDS:
            if name in OF_TWO:
                yield from (f"{module}{name}({x}, {y})" for y in OPERANDS)
            else:
                yield f"{module}{name}({x})"
    for values in LISTS:
        yield from (f"{values}[int(s) % 3]", f"{values}[int(s) % 3 - 3]")
        yield from (f"{values}[int(s)]", f"len({values}) + s")
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


def is_compiled(function, count):
    """Whether the engine does not call a function in Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            TypedProgram().instance(function, (PYTHON_FLOAT,) * count, CHECKED)
    except RefusedError:
        return False
    return True


def by_engine(functions, rows):
    """The pairs that machine code computes; NaN where it would ask Python."""
    for function in functions:
        function.options = CHECKED._replace(inlined=False)
    words = tuple(calling(of, k, 2) for k, of in enumerate(functions))

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
    kinds = ColumnKind(FLOAT64, ("results",)), *[PYTHON_FLOAT] * count
    asked = IN_PYTHON(lambda number, values: False)
    address = address_of(of_one if count == 1 else of_three, kinds, INT, asked)
    double = ctypes.POINTER(ctypes.c_double)
    call = ctypes.CFUNCTYPE(ctypes.c_int64, double, *[ctypes.c_double] * count)(address)
    results = (ctypes.c_double * (3 * len(functions)))()
    answers = np.full((len(rows), len(functions), 2), math.nan)
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


def alone(functions, count, words):
    roots = {
        f"f{k}": Root(answering(function), (PYTHON_FLOAT,) * count)
        for k, function in enumerate(functions)
    }
    return Specialised(Nothing(), roots, words, set())


def by_python(functions, rows, folder):
    writer = PythonWriter(alone(functions, len(rows[0]), words_of(False, False)))
    tables = [f"{name} = ({', '.join(n)},)" for (_, *n), name in writer.tables.items()]
    parts = _imports(writer), *tables, *writer.helpers.values(), *writer.functions
    scope = {}
    exec("\n\n".join(parts), scope)
    made = [scope[f"f{k}"] for k in range(len(functions))]
    return np.array([[function(*row) for function in made] for row in rows])


def by_javascript(functions, rows, folder):
    node = shutil.which("node") or pytest.skip("there is no node here")
    writer = JavaScriptWriter(alone(functions, len(rows[0]), words_of(False, True)))
    tables = [
        f"const {name} = {ARRAYS[kind]}.of({', '.join(numbers)});"
        for (kind, *numbers), name in writer.tables.items()
    ]
    names = ", ".join(f"f{k}" for k in range(len(functions)))
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
    parts = '"use strict";', *tables, *writer.helpers.values(), *writer.functions, main
    (folder / "functions.js").write_text("\n\n".join(parts), encoding="utf-8")
    done = subprocess.run(
        [node, str(folder / "functions.js")], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr[:2000]
    return np.frombuffer(done.stdout).reshape(len(rows), len(functions), 2)


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


def by_c(functions, rows, folder, flags=FLAGS):
    compiler = shutil.which("gcc") or pytest.skip("there is no gcc here")
    count = len(rows[0])
    words = words_of(False, False, is_c=True)
    writer = CWriter(alone(functions, count, words), "p", "P", "double", {})
    columns = Columns.__new__(Columns)
    columns.prefix, columns.real, columns.bytes, columns.fixed = "p", "double", 8, []
    columns.index, columns.index_bytes = "int16_t", 2
    helpers = *writer.helpers.values(), *writer.functions
    (kind,) = re.findall(r"^(\w+) p_f0\(", "\n".join(helpers), re.MULTILINE)
    passed = ", ".join(f"x[{k}]" for k in range(count))
    calls = "\n".join(
        f"{{ const {kind} made = p_f{k}({passed}); y[0] = made.a; y[1] = made.b;"
        " fwrite(y, 8, 2, stdout); }"
        for k in range(len(functions))
    )
    parts = (
        "#include <math.h>\n#include <stdint.h>",
        "#include <string.h>\n#include <stdio.h>",
        "typedef int16_t p_index;",
        columns.tables(writer)[0],
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
    return np.frombuffer(done.stdout).reshape(len(rows), len(functions), 2)


RUNNERS = {"python": by_python, "javascript": by_javascript, "c": by_c}


def differences(here, there, tolerance=0.0):
    """Where numbers differ by more than a share of them; NaN is NaN."""
    with np.errstate(all="ignore"):
        same = (here == there) & (np.signbit(here) == np.signbit(there))
        same |= np.isnan(here) & np.isnan(there)
        gap = np.abs(here - there)
        near = gap <= tolerance * np.abs(here) + (5e-324 if tolerance else 0.0)
    return ~(same | near)
