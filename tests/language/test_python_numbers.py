"""A compiled function of a user gives the number that Python gives, or its error."""

import math
import re

import numpy as np
import pytest

from synapse import Neuron, squashes
from synapse.engine.language.decorators import COMPILES
from synapse.errors import FunctionError
from tests.helpers.generated_functions import (
    EDGES,
    SCOPE,
    Compiled,
    arguments,
    functions,
    in_python,
    of_text,
    within_language,
)

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled")
TRANSCENDENTAL = re.compile(
    r"np\.(?!float|int|uint|sqrt|abs|floor|ceil|isf|copysign|fmod)"
)
POWERS_DIFFER = any(
    float(np.int8(7) ** float(e)) != 7.0 ** float(e) for e in np.linspace(0.1, 9.0, 400)
)
"""Whether NumPy has its own code for powers, as with AVX-512: within two units of the
last place."""
POWER_OF_NUMPY = re.compile(
    r"(?s)(?=.*\*\*)(?=.*\b(TABLE|SINGLES|WHOLE|BYTES|SHORT|MIXED|np)\b)"
)


def is_rounded(text):
    """Whether a function may compute other bits than NumPy does here."""
    is_power = POWERS_DIFFER and POWER_OF_NUMPY.match(text)
    return bool(is_power or TRANSCENDENTAL.search(text))


def is_same(answer, expected):
    """Whether two numbers have the same bits; NaN has one."""
    if math.isnan(expected):
        return math.isnan(answer)
    return answer == expected and math.copysign(1, answer) == math.copysign(1, expected)


def differences(by_name, texts, cases, speed, exact=True):
    """What differs from Python: the text, the arguments, and both outcomes."""
    compiled = Compiled(by_name, speed)
    wrong = []
    for numbers in cases:
        for (name, function), answer in zip(
            by_name.items(), compiled(*numbers), strict=True
        ):
            expected = in_python(function, numbers)
            text = texts[name]
            if is_rounded(text) and not exact:
                continue
            is_right = answer is expected is None or (
                None not in (answer, expected) and all(map(is_same, answer, expected))
            )
            if not is_right:
                wrong.append((text, numbers, answer, expected))
    return wrong


def texts_of(made):
    """The text of each generated function."""
    parts = made.text[len(SCOPE) :].split("\n\n")
    named = (part.strip() for part in parts if part.strip().startswith("def f"))
    return {text[4 : text.index("(")]: text for text in named}


def generated(count, seed, cases, speed):
    made = functions(count, seed)
    within = within_language(made.by_name)
    assert len(within) > 0.8 * count
    wrong = differences(within, texts_of(made), arguments(seed, cases), speed, False)
    assert not wrong, "\n\n".join(map(str, wrong[:3]))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_many_generated_functions_are_those_of_python(seed):
    """All passes of LLVM take three times as long: one in four is optimised by
    them."""
    generated(200, seed, 60, speed=3 if seed == 4 else 1)


def test_what_raises_decides_no_branch():
    def by_logarithm(state):
        return (0.5 if math.log(state + 90.0) < 0.0 else 0.25), 0.0

    squash = squashes.register(by_logarithm)
    assert Neuron(squash, bias=-89.5).activate() == 0.5
    with pytest.raises(FunctionError, match="math domain error"):
        Neuron(squash, bias=-90.5).activate()


def test_an_integer_beyond_64_bits_is_one_call_of_python():
    def by_large_power(state):
        n = int(state)
        return float(n * n * n * n % 1009), 0.0

    squash = squashes.register(by_large_power)
    assert squash(1e6) == Neuron(squash, bias=1e6).activate() == 763.0


MAX_ULPS = 2
"""Of NumPy's transcendental functions, which what follows can make larger."""


@pytest.mark.full
def test_generated_functions_are_those_of_python():
    """500 functions of 40 arguments in one module, with few passes of LLVM."""
    generated(500, 0, 40, speed=1)


ISSUE = [
    *("int(a) // int(b)", "int(a) % int(b)", "(-int(a) - int(a)) // int(b)"),
    *("(-int(a) - int(a)) % int(b)", "int(a) ** 4 % 1009", "int(a) * int(a) * int(a)"),
    *("int(a) ** int(b)", "1 << int(a)", "-1 >> int(a)", "abs(-3 if a > 0 else 2)"),
    *("abs(-int(a) - int(a))", "0.5 if math.log(a) < 1 else 0.25", "1.0 / np.exp(-a)"),
    *("1.0 / np.exp(a)", "np.float32(a) * 0.1", "np.float32(0.1) < 0.1"),
    *("int(a) + 1 == a", "int(a) + 1 > 9007199254740992.0", "(a > 0) + (b > 0)"),
    *("(np.float64(a) > 0) + (np.float64(b) > 0)", "-max(0, a)", "max(0, a) * int(b)"),
    *("a ** 2", "a ** 0.5", "2.0 ** a", "math.pow(a, b)", "np.power(int(a), 2)"),
    *("BYTES[0] + int(a)", "SHORT[0] * int(b)", "WHOLE[2] * 3.0", "-(a - a)"),
    *("int(a) / 3", "int(a) / int(b)", "math.fabs(int(a)) // 2", "round(int(a) * 3)"),
    *("isinstance(a, np.float64)", "math.floor(a)", "int(a) % -3", "a // b", "a % b"),
]


@pytest.mark.full
@pytest.mark.parametrize("speed", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_operations_at_the_edges_of_numbers(speed):
    """Those that differed once, at all pairs of edges."""
    text = "\n\n".join(
        [SCOPE]
        + [f"def f{k}(a, b, c):\n    return {e}, 1.0\n" for k, e in enumerate(ISSUE)]
    )
    by_name = of_text(text, "<edges>", len(ISSUE))
    assert within_language(by_name).keys() == by_name.keys()
    hot = [e for e in EDGES if not abs(e) > 100.0]
    is_hot = {f"f{k}": "**" in e or "<<" in e for k, e in enumerate(ISSUE)}
    for edges, chosen in ((EDGES, False), (hot, True)):
        named = {n: f for n, f in by_name.items() if is_hot[n] == chosen}
        texts = {f"f{k}": e for k, e in enumerate(ISSUE)}
        cases = [(a, b, 1.0) for a in edges for b in edges]
        for text, numbers, answer, expected in differences(named, texts, cases, speed):
            assert "exp" in text, (text, numbers, answer, expected)
            assert None not in (answer, expected), (text, numbers)
            np.testing.assert_array_max_ulp(
                *map(np.array, (answer, expected)), MAX_ULPS
            )
