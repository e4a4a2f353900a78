"""Formulas read as trees, with all their results."""

import math

import numpy as np
import pytest

from synapse.engine.functions.activations import ACTIVATIONS
from synapse.engine.functions.costs import COSTS
from synapse.engine.functions.formula import (
    COMPARISONS,
    OPERATORS,
    PRIMITIVES,
    UnreadableError,
    computed,
    only,
)
from synapse.engine.functions.formula_reader import read

from ..engine.test_activations import STATES
from ..helpers.compiled_elsewhere import CompiledElsewhere

COST = ("target", "output", "derivative", "outputs", "logit")
ROWS = [
    (t, y, d, n, z)
    for t in (0.0, 0.3, 1.0)
    for y in (0.2, 0.6, 1.0)
    for d in (0.0, 0.7)
    for n in (1.0, 3.0)
    for z in (-800.0, 0.4, 60.0)
]
factor = 3.0


def twice(state):
    return 2.0 * state


@CompiledElsewhere
def thrice(state):
    return factor * state


def made(power, below=0.25):
    def captured(state, slope=below, *, start=0.5):
        total = start
        for k in range(power):  # a loop over numbers that are known
            total += twice(state) * 0.5**k
        return max(total, slope * state, -9.0), thrice(1.0) if state else 1.0

    return captured


def ordered(state):
    a = state + 1.0
    b = state - 2.5
    c = state * 0.3
    return a - (b - c) - -2.0, -(a * b) / (b / (c - 4.0)) + (-a) ** 3 / -(
        -1.0 * -b
    ) + +c * abs(-c)


def chained(state):
    if -1.0 < state <= 0.5 or state == 1.0:
        return np.float64(2.0) * np.maximum(state, 0.1), 1.0 - state
    return float(state > 2.0) + min(state, np.sqrt(np.abs(state)), 1.5), 2.0 / (
        1.0 + state * state
    )


def signed(state):
    return math.copysign(2.0, state), math.erf(state)


OWN = [made(3), ordered, chained, signed]
FORMULAS = [
    *(
        (activation.formula, ["s"], [(state,) for state in STATES])
        for activation in ACTIVATIONS.values()
    ),
    *((cost.formula, COST, ROWS) for cost in COSTS.values()),
    *((formula, ["s"], [(state,) for state in STATES]) for formula in OWN),
]
EXPECTED = [[formula(*row) for row in rows] for formula, _, rows in FORMULAS]

FUNCTIONS = {
    **{name: np.vectorize(functions[0]) for name, functions in PRIMITIVES.items()},
    **{name: functions[1] for name, functions in (OPERATORS | COMPARISONS).items()},
    "number": float,
    "where": lambda condition, then, other: then if condition else other,
}


@pytest.mark.full
def test_values_and_slopes_are_right():
    wrong = {}
    for (formula, names, rows), ours in zip(FORMULAS, EXPECTED, strict=True):
        tree = read(formula, *names)
        for row, pair in zip(rows, ours, strict=True):
            numbers = dict(zip(names, row, strict=True))
            theirs = [computed(only(tree, k), numbers, FUNCTIONS) for k in range(2)]
            if not np.allclose(theirs, pair, rtol=1e-13, atol=1e-14):
                wrong[formula.__name__] = row
    assert not wrong, wrong


def endless(state):
    while state > 1.0:
        state = 0.5 * state
    return state, 1.0


def remainder(state):
    return state % 1.0, 1.0


def gamma(state):
    return math.lgamma(state), 1.0


def swallowing(state):
    try:
        return (state, 1.0) if state > 0.0 else (state % 2.0, 1.0)
    except TypeError:
        return 0.0, 0.0


def long(state):
    total = 0.0
    for k in range(2000):
        total = 0.5 * total + state * k
    return total, 0.0


def many(state):
    total = 0.0
    for k in range(10):
        total = total + 1.0 if state > k else total
    return total, 0.0


def test_functions_that_a_notebook_adds_to_the_builtins_do_not_matter(monkeypatch):
    monkeypatch.setattr("builtins.display", swallowing, raising=False)
    assert len(read(lambda s: (abs(s), 1.0), "s")) == 2


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        (endless, "it takes more than 12 decisions"),
        (remainder, "it uses %"),
        (gamma, "it calls lgamma"),
        (swallowing, "it catches exceptions"),
        (long, "it computes more than 120 numbers"),
        (many, "it has more than 256 ways"),
    ],
)
def test_what_is_no_formula_is_refused_with_the_reason(formula, reason):
    with pytest.raises(UnreadableError, match=reason):
        read(formula, "s")
