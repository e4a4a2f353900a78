"""A compiled function of a user gives the number that Python gives, or its error."""

import math
import re

import pytest

from synapse import Neuron, squashes
from synapse.engine.language.decorators import COMPILES
from synapse.errors import FunctionError
from tests.helpers.generated_functions import (
    SCOPE,
    Compiled,
    arguments,
    functions,
    in_python,
    within_language,
)

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled")
TRANSCENDENTAL = re.compile(
    r"np\.(?!float|int|uint|sqrt|abs|floor|ceil|isf|copysign|fmod)"
)


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
            if TRANSCENDENTAL.search(text) and not exact:
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
