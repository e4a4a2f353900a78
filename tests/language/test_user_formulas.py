"""A formula gives the number that its function gives in Python, or Python's error."""

import math
import re

import numpy as np
import pytest

from synapse import Neuron, squashes
from synapse.engine.language.decorators import COMPILES
from synapse.errors import FunctionError
from tests.helpers.generated_functions import (
    SCOPE,
    Compiled,
    arguments,
    formulas_of,
    functions,
    in_python,
)

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled")
BY_LIBRARIES = re.compile(r"np\.(?!float|sqrt|abs|fabs|copysign|fmod|m)")
"""What NumPy computes by functions of its own, with other last places."""
POWERS_DIFFER = any(
    float(np.int8(7) ** float(e)) != 7.0 ** float(e) for e in np.linspace(0.1, 9.0, 400)
)
"""Whether NumPy has its own code for powers, as with AVX-512: within two units of the
last place."""
POWER_OF_NUMPY = re.compile(r"(?s)(?=.*\*\*)(?=.*\b(TABLE|WHOLE|MIXED|np)\b)")


def is_rounded(text):
    """Whether a function may compute other bits than NumPy does here."""
    is_power = POWERS_DIFFER and POWER_OF_NUMPY.search(text)
    return bool(is_power or BY_LIBRARIES.search(text))


def is_same(answer, expected, text):
    """Whether two numbers have the same bits; NaN has one, and np.maximum chooses
    between zeros by the processor.
    """
    if math.isnan(expected):
        return math.isnan(answer)
    signs = [math.copysign(1.0, number) for number in (answer, expected)]
    return answer == expected and (signs[0] == signs[1] or "imum" in text)


def texts_of(made):
    """The text of each generated function."""
    parts = made.text[len(SCOPE) :].split("\n\n")
    named = (part.strip() for part in parts if part.strip().startswith("def f"))
    return {text[4 : text.index("(")]: text for text in named}


def generated(count, seed, cases, speed):
    made = functions(count, seed)
    texts, formulas = texts_of(made), formulas_of(made.by_name)
    assert len(formulas) > 0.75 * count
    compiled = Compiled(list(formulas.values()), speed)
    wrong = []
    for numbers in arguments(seed, cases):
        for (name, formula), answer in zip(
            formulas.items(), compiled(*numbers), strict=True
        ):
            expected, text = in_python(formula.function, numbers), texts[name]
            if answer is None or expected is None:
                is_right = answer is expected
            else:
                is_right = is_rounded(text) or all(
                    is_same(*pair, text) for pair in zip(answer, expected, strict=True)
                )
            if not is_right:
                wrong.append((text, numbers, answer, expected))
    assert not wrong, "\n\n".join(map(str, wrong[:3]))
    # arguments are infinite, or close to where functions overflow
    assert compiled.calls < 0.3 * cases * len(formulas)


@pytest.mark.full
def test_generated_functions_are_those_of_python():
    """500 functions of 40 arguments in one module, with few passes of LLVM."""
    generated(500, 0, 40, speed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_many_generated_functions_are_those_of_python(seed):
    """All passes of LLVM take three times as long: one in four is optimised by
    them."""
    generated(400, seed, 60, speed=3 if seed == 4 else 1)


def test_what_raises_decides_no_branch():
    def by_logarithm(state):
        return (0.5 if math.log(state + 90.0) < 0.0 else 0.25), 0.0

    squash = squashes.register(surrogate=True)(by_logarithm)
    assert Neuron(squash, bias=-89.5).activate() == 0.5
    with pytest.raises(FunctionError, match="math domain error"):
        Neuron(squash, bias=-90.5).activate()


def test_what_raises_does_so_without_a_use_of_its_result():
    def unused(state):
        math.sqrt(6.0 - state)
        return state, 1.0

    squash = squashes.register(unused)
    assert Neuron(squash, bias=1.5).activate() == 1.5
    with pytest.raises(FunctionError, match="math domain error"):
        Neuron(squash, bias=6.5).activate()


MAX_ULPS = 2
"""Of NumPy's transcendental functions."""
SEVERAL = -700.0, -40.0, -2.5, -0.3, -1e-9, 1e-9, 0.4, 0.9, 1.7, 40.0, 700.0
OF_NUMPY = "arccos arccosh arcsin arcsinh arctan arctanh cos cosh exp expm1 log log10"
OF_NUMPY += " log1p log2 sin sinh tan tanh"


def test_functions_of_numpy_are_within_two_units_of_the_last_place():
    made = {}
    for name in OF_NUMPY.split():
        scope = {"np": np}
        exec(f"def f(a, b, c):\n    return np.{name}(a), a ** 2.5", scope)
        made[name] = scope["f"]
    formulas = formulas_of(made)
    assert formulas.keys() == made.keys()
    compiled = Compiled(list(formulas.values()), 3)
    for state in SEVERAL:
        numbers = state, 0.0, 0.0
        for function, answer in zip(made.values(), compiled(*numbers), strict=True):
            expected = in_python(function, numbers)
            assert (answer is None) == (expected is None)
            if expected is not None:
                pair = np.array(answer), np.array(expected)
                np.testing.assert_array_max_ulp(*pair, MAX_ULPS)
