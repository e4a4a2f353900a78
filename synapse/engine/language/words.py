"""Define words, which kernels call besides parts. Each is a function of the translator
and of typed expressions, with a plain function that computes the same in Python.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from . import python_numbers
from .tree import (
    BOOL,
    FLOAT32,
    FLOAT64,
    FLOATS,
    INT,
    WORD,
    ArrayKind,
    Node,
    PackKind,
    at_run_time,
    convert,
    is_known,
    items_of,
    known,
    literal,
    require,
    size_of,
    unify,
)

if TYPE_CHECKING:
    from .translator import Translator

Write = Callable[..., Node | None]
"""A function ``write(translator, *arguments)`` that returns the expression of a word's
call."""


class Word:
    """A word of the language, which in Python is a plain function."""

    def __init__(self, plain: Callable[..., Any], write: Write) -> None:
        self.plain = plain
        self.write = write
        self.__name__ = write.__name__
        self.__doc__ = write.__doc__

    def __call__(self, *arguments: Any) -> Any:
        """Compute the word's value in Python."""
        return self.plain(*arguments)


def word(plain: Callable[..., Any]) -> Callable[[Write], Any]:
    """Return a decorator for the function that writes a word's expression. `plain`
    computes the same in Python.
    """
    return lambda write: Word(plain, write)


class Words:
    """The language's words. Words for Python's own functions are found by these
    functions, and some words replace others.
    """

    def __init__(self, by_function: dict[Any, Write]) -> None:
        self.by_function = by_function

    def find(self, function: Any) -> Write | None:
        """Return the function that writes a call if the called function is a word."""
        own = function.write if isinstance(function, Word) else None
        try:
            return self.by_function.get(function, own)
        except TypeError:  # such as a list, which is no key
            return None

    def with_others(self, instead: dict[Any, Write]) -> Words:
        """Return these words together with others, which replace words of the same
        function.
        """
        return Words(self.by_function | instead)


def added(terms: Iterable[Any], start: Any = 0) -> Any:
    """Return the sum of terms, added to `start` in their order. In contrast, Python's
    `sum` adds real numbers more precisely from version 3.12 on.
    """
    for term in terms:
        start = start + term
    return start


def ends_of_part(size: Any, low: Any, high: Any) -> Any:
    """Return the start and stop of a slice, as Python determines them."""
    low = min(max(low + size if low < 0 else low, 0), size)
    high = min(high + size if high < 0 else high, size)
    return low, max(low, high)


def real_rest(number: Any, divisor: Any) -> Any:
    """Return the remainder of a division, with the divisor's sign as in Python."""
    rest = np.fmod(number, divisor)
    if rest == 0.0:
        return np.copysign(zero_like(divisor), divisor)
    return rest + divisor if (rest < 0.0) != (divisor < 0.0) else rest


def real_quotient(number: Any, divisor: Any) -> Any:
    """Return a quotient that is rounded down to an integer, as in Python."""
    rest = np.fmod(number, divisor)
    quotient = (number - rest) / divisor
    if rest != 0.0 and (rest < 0.0) != (divisor < 0.0):
        quotient -= one_like(divisor)
    whole = np.floor(quotient)
    if quotient - whole > 0.5:
        whole += one_like(divisor)
    return whole if quotient != 0.0 else np.copysign(quotient, number / divisor)


REALS = {"Mod": real_rest, "FloorDiv": real_quotient}
"""Operations of real numbers that no machine has."""

# --- numbers


def _as(kind: str, python: Callable[[Any], Any]) -> Write:
    def cast(t: Translator, value: Node) -> Node:
        if is_known(value):
            return t.folded_by(python, value)
        if t.options.checked:
            return python_numbers.cast(t, python, value)
        return convert(value, kind)

    return cast


def _absolute(t: Translator, value: Node) -> Node:
    value = at_run_time(value)
    if t.options.checked:
        return python_numbers.absolute(t, value)
    if value.kind in FLOATS:
        return Node("math", value.kind, ("abs", value))
    value = t.temporary(convert(value, INT))
    size = Node("negative", INT, (value,))
    is_negative = t.compare("<", value, known(0))
    return Node("choice", INT, (is_negative, size, value))


def _truth(t: Translator, value: Node) -> Node:
    return t.truth(value)


def _extreme(sign: str) -> Write:
    def pick(t: Translator, leading: Node, *others: Node) -> Node:
        values = items_of(leading) if not others else [leading, *others]
        best, *rest = map(at_run_time, values)
        for other in rest:
            if t.options.checked:
                best = python_numbers.extreme(t, sign, best, other)
                continue
            kind = unify(best.kind, other.kind)
            best = Node("pick", kind, (sign, convert(best, kind), convert(other, kind)))
        return best

    return pick


def _length(t: Translator, value: Node) -> Node:
    if isinstance(value.kind, ArrayKind):
        return size_of(value)
    return known(len(items_of(value)))


def _is_single(t: Translator, value: Node, of: Node) -> Node:
    is_asked = is_known(of) and of.kind.value is np.float32 and not t.options.checked
    require(is_asked, "isinstance can only ask for a float32 of a kernel")
    return known(at_run_time(value).kind == FLOAT32)


def real_function(name: str) -> Write:
    """Return the word for a function of real numbers."""
    count = 2 if name in ("atan2", "copysign", "fmod", "hypot", "pow") else 1

    def call(t: Translator, *arguments: Node) -> Node:
        require(
            len(arguments) == count, f"{name} takes {count} number{'s' * (count - 1)}"
        )
        values = [at_run_time(argument) for argument in arguments]
        if t.options.checked:
            return python_numbers.function_of_reals(t, name, values)
        kind = values[0].kind if values[0].kind in FLOATS else FLOAT64
        passed = [convert(value, kind) for value in values]
        return Node("math", BOOL if name == "isfinite" else kind, (name, *passed))

    return call


def _whole(name: str) -> Write:
    real: Any = real_function(name)
    cast: Any = _as(INT, int)

    def write(t: Translator, value: Node) -> Node:
        if t.options.checked:
            return python_numbers.rounded(t, name, at_run_time(value))
        return cast(t, real(t, value))

    return write


_REAL = "sqrt copysign cos sin tan cosh sinh tanh exp expm1 log log1p log2 log10 hypot"
_SHARED = [*_REAL.split(), "fmod", "isfinite"]
_INVERSE = ["acos", "asin", "atan", "atan2", "acosh", "asinh", "atanh"]
_OF_MATH = [*_INVERSE, "erf", "erfc", "pow", "lgamma"]
_OF_NUMPY = {
    "floor": "floor",
    "ceil": "ceil",
    "power": "pow",
} | {f"arc{name[1:]}": name for name in _INVERSE}


def _functions_of_reals() -> Iterator[tuple[Any, str]]:
    """Yield Python's and NumPy's functions with their names in the tree."""
    of_math = {name: name for name in (*_SHARED, *_OF_MATH)}
    of_numpy = {name: name for name in _SHARED} | _OF_NUMPY
    for module, names in (
        (math, of_math | {"fabs": "abs", "gamma": "tgamma"}),
        (np, of_numpy),
    ):
        for name, of in names.items():
            yield getattr(module, name), of


WORDS = Words(
    {
        float: _as(FLOAT64, float),
        np.float64: _as(FLOAT64, np.float64),
        np.float32: _as(FLOAT32, np.float32),
        int: _as(INT, int),
        np.int64: _as(INT, np.int64),
        np.uint64: _as(WORD, np.uint64),
        bool: _truth,
        abs: _absolute,
        np.abs: _absolute,
        min: _extreme("<"),
        max: _extreme(">"),
        len: _length,
        isinstance: _is_single,
        math.floor: _whole("floor"),
        math.ceil: _whole("ceil"),
        math.trunc: _whole("trunc"),
        round: _whole("rint"),
        **{f: real_function(name) for f, name in _functions_of_reals()},
    }
)


# --- constants in the float of another number


def _constant(value: Callable[[str], float]) -> Any:
    def plain(like: Any) -> Any:
        return type(like)(value(np.dtype(type(like)).name))

    @word(plain)
    def constant(t: Translator, like: Node) -> Node:
        kind = at_run_time(like).kind
        of = kind.of if isinstance(kind, PackKind) else kind
        return convert(literal(of, float(value(of))), kind)

    return constant


zero_like = _constant(lambda _: 0.0)
one_like = _constant(lambda _: 1.0)
epsilon_of = _constant(lambda name: float(np.finfo(name).eps))
max_float_of = _constant(lambda name: float(np.finfo(name).max))
# products of eight such numbers are finite
safe_limit_of = _constant(lambda name: float(np.finfo(name).max) ** 0.125)


# --- bits


def _bits(source: str, target: str) -> Any:
    """Return a word that reinterprets the bits of one type as another type."""

    def plain(value: Any) -> Any:
        number = np.asarray(value).astype(source).view(target)[()]
        return number if target in FLOATS else np.int64(number)

    passed = source if source in FLOATS else INT
    made = target if target in FLOATS else INT

    @word(plain)
    def bits(t: Translator, value: Node) -> Node:
        return Node("bits", made, (convert(value, passed),))

    return bits


from_bits = _bits("int64", FLOAT64)
to_bits = _bits(FLOAT64, "int64")
single_from_bits = _bits("int32", FLOAT32)
single_bits = _bits(FLOAT32, "int32")


def _plain_marks(column: Any, at: Any) -> np.int64:
    bits = np.packbits(column[int(at) : int(at) + 64] != 0.0, bitorder="little")
    return np.int64(bits.view(np.int64)[0])


@word(_plain_marks)
def marks_of(t: Translator, column: Node, at: Node) -> Node:
    """Return a word whose bit k is 1 if number k of the 64 numbers from an index on is
    not 0.
    """
    return t.result_of(Node("marks", INT, (column, convert(at, INT))))


@word(lambda bits: np.int64((int(bits) & -int(bits)).bit_length() - 1))
def lowest_bit(t: Translator, bits: Node) -> Node:
    """Return the place of the lowest bit that is 1, in a word other than 0."""
    return Node("lowest", INT, (convert(bits, INT),))


def table(numbers: Iterable[Any]) -> Any:
    """Return a word that looks up an integer in a table by its index."""
    values = tuple(int(number) for number in numbers)

    @word(np.array(values, np.int64).__getitem__)
    def read(t: Translator, index: Node) -> Node:
        return Node("table", INT, (values, convert(index, INT)))

    return read


@word(lambda number: number)
def opaque(t: Translator, number: Node) -> Node:
    """Hide a constant from the optimiser to keep it from unrolling loops over lanes."""
    value = at_run_time(number)
    return Node("opaque", value.kind, (value,))
