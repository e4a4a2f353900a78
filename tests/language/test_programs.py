"""Compiled functions compute what Python computes, to the bit: random programs, and one
function for each trap that has ever been one."""

import colorsys
import math

import numpy as np
import pytest
from hypothesis import given, strategies

from synapse.engine.language.decorators import (
    COMPILES,
    Kernel,
    kernel,
    strict_fp,
)
from synapse.engine.language.environment_step import CHECKED
from synapse.engine.language.source import define
from synapse.engine.language.tree import RefusedError
from synapse.engine.language.words import added
from tests.language import programs
from tests.language.programs import Style

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled")
RAISED = ArithmeticError, IndexError, ValueError


def compiled(function, checked=False):
    """A function without contracted products; `checked` as functions of users are."""
    if checked:
        return Kernel(function, CHECKED)
    return kernel(function, fastmath=False)


def bits(value):
    """What tells numbers apart: their kind and all bits, but for those of NaN."""
    if isinstance(value, tuple):
        return tuple(map(bits, value))
    if isinstance(value, np.ndarray):
        return tuple(map(bits, value.ravel().tolist()))
    if isinstance(value, float | np.floating):
        return "nan" if value != value else float(value).hex()
    return None if value is None else int(value)


def outcome(function, arguments):
    """Results and arrays after a call with copies; None if it raises."""
    given = [
        element.copy() if isinstance(element, np.ndarray) else element
        for element in arguments
    ]
    try:
        with np.errstate(all="ignore"):
            result = function(*given)
    except RAISED:
        return None
    arrays = [element for element in given if isinstance(element, np.ndarray)]
    return None if result is None else (bits(result), *map(bits, arrays))


# --- random programs ------------------------------------------------------------------

NUMBERS = strategies.tuples(
    strategies.integers(-20, 20),
    strategies.integers(0, 9),
    strategies.floats(),
    strategies.floats(-10, 10),
)


@np.errstate(over="ignore", under="ignore")
def arguments_of(numbers, style):
    i0, i1, r0, r1 = numbers
    ints = np.array([3, -5, 0, 700])
    reals = np.array([0.5, -0.0, -1e3, 7.25])
    if style is not Style.SINGLE:
        return i0, i1, r0, r1, ints, reals
    single = np.float32(r0), np.float32(r1)
    return np.int64(i0), np.int64(i1), *single, ints, reals.astype(np.float32)


@pytest.mark.full
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@pytest.mark.parametrize("style", Style, ids=lambda style: style.name.lower())
@given(data=strategies.data())
def test_a_program_computes_the_same_bits_as_in_python(style, data):
    for text in data.draw(strategies.lists(programs.programs(style), max_size=3)):
        plain = programs.made(text, style)
        machine_code = compiled(plain, style is Style.CHECKED)
        for numbers in data.draw(strategies.lists(NUMBERS, min_size=3, max_size=3)):
            given_numbers = arguments_of(numbers, style)
            expected = outcome(plain, given_numbers)
            try:
                assert outcome(machine_code, given_numbers) == expected, text
            except RefusedError:
                # kernels get NumPy's floats, whose comparisons cannot be subtracted
                if style is not Style.CHECKED or "-" not in text:
                    raise
                break
            assert expected is not None or style is Style.CHECKED


OPERATIONS = strategies.sampled_from(["+", "-", "*", "&", "|", "^"])
QUOTIENTS = strategies.sampled_from(["//", "%"])
SHIFTS = strategies.sampled_from(["<<", ">>"])
SIGNS = strategies.sampled_from(["<", "<=", ">", ">=", "==", "!="])
BITS = strategies.integers(0, 63)
WORDS = strategies.recursive(
    strategies.sampled_from(
        ["a", "b", "np.uint64(3)", "np.uint64(0x9E3779B97F4A7C15)"]
    ),
    lambda inner: strategies.one_of(
        strategies.builds("({} {} {})".format, inner, OPERATIONS, inner),
        strategies.builds(
            "({} {} ({} | np.uint64(1)))".format, inner, QUOTIENTS, inner
        ),
        strategies.builds("({} {} np.uint64({}))".format, inner, SHIFTS, BITS),
        strategies.builds("(~{})".format, inner),
        strategies.builds("({0} if {0} {2} {1} else {1})".format, inner, inner, SIGNS),
    ),
)
WORD = strategies.integers(0, 2**64 - 1).map(np.uint64)


@given(WORDS, WORDS, strategies.lists(strategies.tuples(WORD, WORD), min_size=3))
def test_words_have_64_bits_and_no_sign(leading, second, pairs):
    text = (
        f"def program(a, b):\n    word = {leading}\n    other = {second}\n"
        "    return word, other, word < other, float(word), word * 2.0**-53"
    )
    plain = define("program", text, {"np": np})
    machine_code = compiled(plain)
    for pair in pairs:
        assert outcome(machine_code, pair) == outcome(plain, pair), text


# the end of hsv_to_rgb returns nothing
@pytest.mark.parametrize("name", sorted({*colorsys.__all__} - {"hsv_to_rgb"}))
def test_a_module_of_python_can_be_functions_of_a_user(name):
    function = getattr(colorsys, name)
    machine_code = compiled(function, checked=True)
    for numbers in np.random.default_rng(0).uniform(0.0, 1.0, (99, 3)).tolist():
        assert outcome(machine_code, numbers) == outcome(function, numbers)


# --- traps ----------------------------------------------------------------------------

TRAPS = []


def trap(*calls, checked=False):
    """A decorator: a function that is called with each of some arguments."""

    def add(function):
        TRAPS.extend(
            pytest.param(function, call, checked, id=f"{function.__name__} {call}")
            for call in calls
        )
        return function

    return add


def vector():
    return np.array([1.0, 2.0, 3.0])


@strict_fp
def grow(a):
    """Has an effect."""
    a[0] += 1.0
    return float(a[0])


@trap((vector(), 4.0), (vector(), 0.0))
def effect_in_while(a, end):
    turns = 0
    while grow(a) < end:
        turns += 1
    return turns


@trap((vector(), 0), (vector(), 1))
def effects_in_and_or(a, x):
    both = x > 0 and grow(a) > 0.0
    element = x > 0 or grow(a) > 9.0
    return both, element, (x or a[0]) > 1, (x and a[0]) + 0.0


@trap((0.5,), (0.0,))
def values_of_and_or(x):
    return x or 1.0, x and 2.0, (x or 3.0) and 4.0, (x and 3.0) or 7.0


@trap((vector(), 0), (vector(), 1))
def effects_in_choices(a, x):
    return grow(a) if x > 0 else a[0] * 2.0, grow(a) if x == 0 else 7.0


@trap((vector(), 5.0), (vector(), 0.0))
def effect_in_chain(a, x):
    return x < a[1] < grow(a), a[0] <= x <= grow(a) < 3.0


@trap((vector(),))
def value_before_an_effect(a):
    return a[0] + grow(a) * a[0], (a[0], grow(a), a[0]), max(a[0], grow(a), a[0])


@trap((vector(),))
def effect_in_the_end_of_a_part(a):
    return a[int(a[0]) : int(grow(a))].size, len(a[0 : int(grow(a))])


@trap((vector(),))
def effect_in_an_index(a):
    a[int(grow(a)) % 3] += a[0]
    a[int(grow(a)) % 3] = grow(a)
    return a[int(grow(a)) % 3 - 0]


def records():
    return np.rec.fromarrays([vector(), np.arange(3)], names="x, y")


@trap((vector(), records()))
def effect_in_what_has_a_member_or_an_index(a, rows):
    x = rows[int(grow(a)) - 2].x
    rows[int(grow(a)) - 2].y += 5
    rows[int(grow(a)) - 2].y = int(a[0])
    part = a[int(grow(a)) - 4 :][1]
    return x, part, a[int(grow(a)) - 6 :].size, a[0]


@trap((1, 2.5))
def exchanged(i, x):
    a = x
    b = x + 1.0
    a, b = b, a
    (a, b) = (b, a + b)
    c = a
    return a, b, c


@trap((1.0, 2.0))
def items_of_a_loop_that_change(x, y):
    total = 0.0
    for value in (x, y):
        y = 5.0
        total += value
    return total


@trap((7,))
def names_of_a_comprehension(k):
    doubled = tuple(k * 2 for k in (1, k, 3))
    pairs = tuple(i * k for i, k in zip((1, 2), doubled[1:], strict=True))
    return k, doubled, pairs


@trap((5,), (2,))
def tuple_of_an_earlier_turn(n):
    total = 0
    kept = (0, 0)
    for i in range(n):
        pair = (i, i + 1)
        if i == 2:
            kept = pair
        total += kept[1]
    return total


@trap((0.5,), (1.5,), (2.5,))
def literal_in_a_branch_of_a_loop(x):
    matching = 0
    for k in (1, 2):
        if x > k:
            matching = k
    return matching


@trap((1.0,), (-1.0,))
def default_that_is_assigned(x, pair=(1.0, 2.0)):
    if x > 0.0:
        pair = (x, x)
    return pair[0]


@trap(*((vector(), vector() / 7.0, n, at) for n in range(3) for at in (0, 1)))
def parts_that_are_written(a, b, n, at):
    a[at : at + n] += 0.1 * b[1 : 1 + n] * a[at + n - n : at + n]
    b[: n + 1] = a[0 : n + 1]
    a[n:2] = 5.0
    return a[0] + a[1] * b[2], n


@trap((vector(), 3), (vector(), 0))
def sums_over_a_range(a, n):
    i = 7
    largest = 0.0
    for k in range(n):
        largest = max(largest, added((a[i] * a[k] for i in range(n)), 0.5 * k))
    return (
        added(a[k] > 1.5 for k in range(n)),
        i,
        largest,
        added(i for i in range(n)) == n,
    )


@trap((3,), (0,))
def integer_that_becomes_real(n):
    x = 1
    for _ in range(n):
        x = x / 2
    return x + 0.0


LIST = [4, 5, 6]
ARRAY = np.array([0.0, 2.5])


@trap((0,), (1,), (-1,))
def index_at_run_time(k):
    return (1.5, -0.0, 3.5)[k & 1], (1, 2)[(k > 0) & 1], LIST[k & 1], ARRAY[k & 1]


@trap(*((a, b) for a in (-9, -8, 0, 7, 8) for b in (-4, -3, 3, 4)))
def quotients_of_integers(a, b):
    return a // b, a % b, a // 4, a % 4, a // -4, a % -4, a >> 2, a / b


@trap(
    *((x, y) for x in (-0.0, 0.0, 7.3, -1.0, 1e300, math.inf) for y in (3.0, -0.1)),
    (1.0, math.inf),
    (-1.0, math.inf),
    (-0.3, 0.1),
)
def quotients_of_reals(x, y):
    return x // y, x % y, x // -y, x % -y


@trap((1.0, math.nan), (math.nan, 1.0), (0.0, -0.0), (-0.0, 0.0), (2.0, 1.0))
def extremes(x, y):
    return min(x, y), max(x, y), min(x, y, 0.5), max((x, y)), abs(min(x, -y))


@trap((True, False), (False, True), (True, True))
def bools(a, b):
    return a + b, -a, +a, min(a, b), max(a, b), a < b, a == b, a * 3, a & b, a ^ 1


@trap((0.1,), (1e300,), (-2.5,), (3.5,))
def whole_numbers(x):
    return int(x) if abs(x) < 9.0 else 0, round(min(x, 9.0)), math.floor(min(x, 9.0))


@trap((2.0**53,), (1 << 62,))
def large_integers(x):
    n = int(x)
    return n + 1, n ^ 5, -n, abs(-n), n >> 3, n & 0xFFFF, round(x) - 1


@trap((np.float32(0.1), np.array([0.1], np.float32)))
def single_precision(x, a):
    a[0] = a[0] * x + x
    return x + x, x * np.float64(0.1), a[0] / x, np.float32(x * np.float64(3.3))


@trap((4, 1), (0, 3))
def steps_of_ranges(a, b):
    total = 0
    for i in range(a, b, -1):
        total = 10 * total + i
    for i in range(a, b, 2):
        total = 100 * total + i
        i = 7
        total += i
    return total, i if a < b else -1


@trap((5,), (0,), (50,))
def breaks(n):
    last = -1
    while True:
        n -= 3
        if n < 0:
            matching = n
            break
        if n % 2:
            continue
        last = n
    return matching, last


@trap((np.arange(12.0).reshape(3, 4), 1))
def rows_of_matrices(a, k):
    row = a[k]
    part = row[1:3]
    part[0] += a[k, 3] * a.shape[1]
    return part[0], part.size, len(a), len(row[k:])


@trap((1.0, 2.0), (0.0, 1.0), checked=True)
def division_by_zero(x, y):
    return y / x, y // x, 3 % int(x)


@trap((2.0,), (-2.0,), (3.0,), (-4.0,), (math.nan,), (math.inf,), checked=True)
def index_out_of_range(x):
    return (1.0, 2.0, 3.0)[int(x)], LIST[-int(x)]


@trap(
    (np.arange(5.0), 1, 3),
    (np.arange(5.0), -2, 9),
    (np.arange(5.0), 4, -4),
    checked=True,
)
def parts_of_vectors(a, low, high):
    return a[low:high].size, len(a[low:]), len(a[:high]), a[-5]


def inner(x):
    if x > 6.0:
        raise ValueError("too large")
    return x * 2.0


def only_raises(x):
    raise ValueError("always")


@trap((1.0,), (7.0,), (-1.0,), checked=True)
def helpers_that_raise(x):
    if x < 0.0:
        only_raises(x)
    return inner(x), 1.0


@pytest.mark.full
@pytest.mark.parametrize(("function", "arguments", "checked"), TRAPS)
def test_what_was_a_trap(function, arguments, checked):
    machine_code = compiled(function, checked)
    expected = outcome(function, arguments)
    assert outcome(machine_code, arguments) == expected
    assert expected is not None or checked


# --- options --------------------------------------------------------------------------


@strict_fp
def product_and_sum(a, b, c):
    return a * b + c


def test_a_product_and_a_sum_are_fused_only_where_that_is_allowed():
    a = 1.0 + 2.0**-30

    def fused(a, b, c):
        return a * b + c

    def not_fused(a, b, c):
        return product_and_sum(a, b, c)

    assert kernel(not_fused)(a, a, -1.0) == a * a - 1.0
    assert compiled(fused)(a, a, -1.0) == a * a - 1.0
    assert kernel(fused)(a, a, -1.0) in (a * a - 1.0, 2.0**-29 + 2.0**-60)
