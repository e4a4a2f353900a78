"""What the language does not have is refused, with file, line and the rule."""

import importlib
import inspect
import itertools
import math
import types
from contextlib import suppress

import numpy as np
import pytest

from synapse.engine.language import entries
from synapse.engine.language.environment_step import CHECKED
from synapse.engine.language.memory import STORE
from synapse.engine.language.program import TypedProgram
from synapse.engine.language.source import STRICT_FLAGS, PartOptions, define
from synapse.engine.language.tree import (
    FLOAT64,
    INT,
    ArrayKind,
    BundleKind,
    PackKind,
    RefusedError,
    TupleKind,
)
from tests.helpers.cases import every_case

KERNEL = PartOptions(STRICT_FLAGS)
KINDS = {
    "i": INT,
    "x": FLOAT64,
    "t": TupleKind((INT, FLOAT64)),
    "a": ArrayKind(FLOAT64, 1),
    "m": ArrayKind(FLOAT64, 2),
    "cube": ArrayKind(FLOAT64, 3),
    "store": BundleKind(STORE, FLOAT64),
}
"""The arguments of a function, in this order."""


def calls_itself(x):
    return calls_itself(x - 1.0) if x > 0.0 else x


def returns_nothing(x):
    if x > 0.0:
        return None
    return x


def has_no_end(x):  # noqa: RET503
    if x > 0.0:
        return 1.0


def takes_two(x, y):
    return x + y


SCOPE = {
    "np": np,
    "math": math,
    "calls_itself": calls_itself,
    "returns_nothing": returns_nothing,
    "has_no_end": has_no_end,
    "takes_two": takes_two,
    "late": 99,
    "table": {1: 2.0},
    "matrix": np.eye(2),
    "word": np.uint64(1),
}

# --- statements, and the rule that the only line, or that before "# <", breaks

HAS_NO = {
    "list": "y = [x, x]",
    "dict": "y = {1: x}",
    "set": "y = {x}",
    "lambda": "f = lambda y: y",
    "listcomp": "y = [v for v in t]",
    "generatorexp": "y = max(v for v in t)",
    "joinedstr": "y = f'{x}'",
    "namedexpr": "y = (z := x)",
    "try": "try: # <\n    y = x\nexcept ValueError:\n    y = 1.0",
    "with": "with np.errstate(): # <\n    y = x",
    "functiondef": "def f(y): # <\n    return y",
    "classdef": "class A: # <\n    pass",
    "import": "import math",
    "global": "global late",
    "delete": "y = x\ndel y # <",
    "assert": "assert x > 0.0",
    "match": "match i: # <\n    case 1:\n        y = x",
    "slice": "y = m[:, 0]",
}
OTHERS = [
    # names
    ("y = unknown", "unknown has no value here"),
    ("y = late # <\nlate = x", "late has no value here"),
    ("if x > 0.0:\n    y = x\nz = y # <", "y may have no value here"),
    ("for k in range(i):\n    y = x\nz = y # <", "y may have no value here"),
    ("while x > 0.0:\n    y = x\n    break\nz = y # <", "y may have no value here"),
    (
        "for k in (1, 2):\n    if x > k:\n        y = k\nz = y # <",
        "y may have no value",
    ),
    ("for k in range(i):\n    x += last # <\n    last = x", "last has no value here"),
    (
        "y = x\nif i:\n    y = t\nz = y # <",
        "y may have no value here, or values of two",
    ),
    (
        "y = x\nfor k in range(i):\n    x += y # <\n    y = t",
        "all values of y must be of one kind",
    ),
    ("f = math.sin\nf = math.cos # <", "f must have one value, or only numbers"),
    ("y, z = t, x, x", "3 values need as many names"),
    ("(y, z), w = x, x", "a real number is not a tuple"),
    ("y, *z = t", "a value cannot be assigned to Starred"),
    ("y: float", "a variable needs a value when it is declared"),
    # kinds
    ("y = t if i else x", "both values of a choice must be of the same kind"),
    ("y = x and t", "both values of a choice must be of the same kind"),
    (
        "y = (t, x)[i]",
        "a tuple with values of several kinds needs an index that is known",
    ),
    (
        "y = ()[i]",
        "a tuple with values of several kinds needs an index that is known",
    ),
    ("y = t[2]", "a tuple does not have this item"),
    ("y = t[x]", "an index must be an integer"),
    ("y = t[i:]", "the bounds of a tuple's part must be known before the call"),
    ("y = t[::2]", "the bounds of a tuple's part must be known before the call"),
    ("y = x + t", "an operation needs two numbers"),
    ("y = x + 'text'", "an operation needs two numbers"),
    ("y = x < t", "a comparison needs two numbers"),
    ("y = x & 1", "BitAnd needs two integers"),
    ("y = ~x", "~ needs an integer"),
    ("y = ~(i > 0)", "~ needs an integer"),  # deprecated in Python, too
    ("y = x << 1", "LShift needs two integers"),
    ("y = i << 64", "a shift must be by 0 to 63 bits"),
    ("y = i >> -1", "a shift must be by 0 to 63 bits"),
    ("y = i + 10**20", "an integer must fit in 64 bits"),
    ("y = -None", "bad operand type for unary -"),
    ("y = 1 // 0", "by zero"),
    ("y = int('one')", "invalid literal for int"),
    ("y = x is late", "`is` can only compare with None"),
    ("y = min(x)", "a real number is not a tuple"),
    ("y = len(x)", "a real number is not a tuple"),
    ("y = tuple(x)", "a real number is not a tuple"),
    ("y = table[i]", "is not a tuple"),
    (
        "y = matrix[i]",
        "a tuple with values of several kinds needs an index that is known",
    ),
    # arrays and columns
    ("y = a[x]", "an index must be an integer"),
    ("y = a[i > 0]", "an index of an array cannot be a bool"),
    ("y = a[i, 0]", "each dimension of an array needs an index"),
    ("y = cube[i]", "each dimension of an array needs an index"),
    ("y = cube[i, 0, 0]", "each dimension of an array needs an index"),
    ("m[0] = x", "each dimension of an array needs an index"),
    ("y = a[::2]", "a slice of a vector can only have a begin and an end"),
    ("y = m[1:]", "a slice of a vector can only have a begin and an end"),
    ("y = a.sum()", "an array has no sum"),
    ("y = m.size", "an array has no size"),
    ("y = x[0]", "only columns and arrays can be indexed"),
    ("y = store.unknown[i]", "a value has no unknown"),
    ("y = store.ties.unknown", "a value has no unknown"),
    ("y = store.weight[i, 0]", "each dimension of an array needs an index"),
    ("y = t.first", "a value has no first"),
    ("y = math.unknown", "has no unknown"),
    ("x.real = 1.0", "a value has no real"),
    # loops
    ("while x > 0.0: # <\n    x -= 1.0\nelse:\n    x = 1.0", "a loop has no else"),
    ("for k in range(i): # <\n    x += k\nelse:\n    x = 1.0", "a loop has no else"),
    (
        "for k in t:\n    if k > x:\n        break # <",
        "over a tuple cannot contain break",
    ),
    (
        "for k in t:\n    if k > x:\n        continue # <",
        "cannot contain break or continue",
    ),
    ("for k in x: # <\n    x += k", "a real number is not a tuple"),
    ("for k in a: # <\n    x += k", "an array is not a tuple"),
    ("for k, n in range(i): # <\n    x += k", "a loop over a range needs one variable"),
    ("for k in range(x): # <\n    x += k", "an index must be an integer"),
    ("for k in range(): # <\n    x += k", "a range needs one to three numbers"),
    (
        "for k in range(1, 9, 0): # <\n    x += k",
        "a step must be known before the call",
    ),
    ("for k, y in enumerate(t, 1): # <\n    x += k", "is not a tuple"),
    (
        "for k, y in zip(t, (1, 2, 3)): # <\n    x += k",
        "tuples in zip must have the same",
    ),
    (
        "y = tuple(v for v in t if v > x)",
        "length of a tuple must be known before the call",
    ),
    (
        "y = tuple(v + w for v in t for w in t)",
        "length of a tuple must be known before the call",
    ),
    (
        "y = tuple(v for v in range(i))",
        "length of a tuple must be known before the call",
    ),
    # calls
    ("y = i(x)", "a called function must be known before the call"),
    ("y = sum(t)", "sum is not a function of the language"),
    ("y = print(x)", "print is not a function of the language"),
    ("y = tuple()", "tuple is not a function of the language"),
    ("y = x.is_integer()", "a value has no is_integer"),
    ("y = round(x, 2)", "round does not take these arguments"),
    ("y = float()", "float does not take these arguments"),
    ("y = math.log(x, 2)", "log takes 1 number"),
    ("y = math.hypot(x, x, x)", "hypot takes 2 numbers"),
    (
        "y = max(x, x, key=abs)",
        "arguments of a function of the language cannot be named",
    ),
    ("y = takes_two(x, z=x)", "named arguments must follow all others"),
    ("raise ValueError('too large')", "a kernel cannot raise errors"),
]
RULES = [
    *((text, f"the language has no {name}") for name, text in HAS_NO.items()),
    *OTHERS,
]


def refused(text, options=KERNEL):
    """The error about a function with these statements, and the function."""
    body = text.replace("\n", "\n    ")
    source = f"def beyond({', '.join(KINDS)}):\n    {body}\n    return x\n"
    function = define("beyond", source, dict(SCOPE))
    with pytest.raises(RefusedError) as raised:
        TypedProgram().instance(function, tuple(KINDS.values()), options)
    return function, raised.value


@every_case("text, rule", RULES, [text for text, _ in RULES])
def test_what_is_beyond_the_language_is_refused_by_a_rule(text, rule):
    function, error = refused(text)
    assert rule.casefold() in error.rule.casefold()
    lines = text.split("\n")
    (line,) = [
        k for k, element in enumerate(lines) if "# <" in element or len(lines) == 1
    ]
    assert error.place == f"{function.__code__.co_filename}:{line + 2}"
    assert str(error) == f"{error.place}: {error.rule}"


def test_a_user_may_raise_and_index_from_the_end():
    for text in ("raise ValueError('too large')", "y = 1 // 0", "y = a[-1]"):
        kinds = {"x": FLOAT64, "a": ArrayKind(FLOAT64, 1)}
        source = (
            f"def within(x, a):\n    if x > 6.0:\n        {text}\n    return x, x\n"
        )
        function = define("within", source, dict(SCOPE))
        made = TypedProgram().instance(function, tuple(kinds.values()), CHECKED)
        assert made.result.names == ("there", "value")


def test_a_result_of_another_kind_than_kernels_expect_is_refused():
    with pytest.raises(RefusedError, match="it returns float64, not bool"):
        entries.text_of(takes_two, (FLOAT64, FLOAT64), "bool")


MODULES = ["calendar", "fractions", "heapq", "random", "statistics", "textwrap"]


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("options", [KERNEL, CHECKED], ids=["kernel", "user"])
def test_any_function_of_python_is_in_the_language_or_refused(name, options):
    """Nothing else is raised, and no translation goes on for ever."""
    module = importlib.import_module(name)
    functions = [
        value
        for holder in (module, *filter(inspect.isclass, vars(module).values()))
        for value in vars(holder).values()
        if isinstance(value, types.FunctionType)
    ]
    kinds = FLOAT64, INT, ArrayKind(FLOAT64, 1), TupleKind((INT, FLOAT64))
    for function, kind in itertools.product(functions, kinds):
        arguments = (kind,) * function.__code__.co_argcount
        with suppress(RefusedError):
            TypedProgram().instance(function, arguments, options)
    assert functions


@pytest.mark.parametrize("size", [1, 2])
def test_a_pack_and_an_array_are_of_two_kinds(size):
    same = define("same", "def same(x):\n    return x\n", {})
    program = TypedProgram()
    kinds = [PackKind(FLOAT64, size), ArrayKind(FLOAT64, size)]
    made = [program.instance(same, (kind,), PartOptions()) for kind in kinds]
    assert [type(instance.result) for instance in made] == [PackKind, ArrayKind]
