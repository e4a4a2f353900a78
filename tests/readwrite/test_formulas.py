"""Formulas read as trees, and written in other languages with all their results."""

import json
import math
import shutil
import subprocess

import numpy as np
import pytest

from synapse.engine.functions.activations import ACTIVATIONS
from synapse.engine.functions.costs import COSTS
from synapse.readwrite import _codegen, _javascript, _python
from synapse.readwrite._formulas import UnreadableError, read

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


def capped(state):
    return min(math.expm1(state), 9.0), 1.0 if state < 2.3 else 0.0


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
FAR = [[-1e4], [-750.0], [-40.0], [40.0], [750.0], [1e4]]
DISTANT = [
    (formula, ["s"], FAR)
    for formula in (
        *(activation.formula for activation in ACTIVATIONS.values()),
        capped,
    )
]


def texts(language, formulas):
    """Every formula as a function of the language, of the names f0, f1, ..."""
    helpers = "\n".join(language.helpers.values())
    functions = [
        _codegen.function(language, f"f{i}", read(formula, *names), names)
        for i, (formula, names, _) in enumerate(formulas)
    ]
    return "\n".join([helpers, *functions])


def in_python(formulas):
    scope = {}
    exec(
        "from math import *\nfrom builtins import pow\n"
        + texts(_python.PYTHON, formulas),
        scope,
    )
    return [
        [scope[f"f{i}"](*row) for row in rows]
        for i, (_, _, rows) in enumerate(formulas)
    ]


def in_javascript(formulas):
    node = shutil.which("node") or pytest.skip("there is no node here")
    rows, functions = (
        json.dumps([rows for *_, rows in formulas]),
        ", ".join(f"f{i}" for i in range(len(formulas))),
    )
    calls = f"[{functions}].map((f, i) => {rows}[i].map((row) => f(...row)))"
    program = texts(_javascript.JAVASCRIPT, formulas)
    code = f"{program}\nconsole.log(JSON.stringify({calls}));"
    done = subprocess.run(
        [node, "-"], input=code, capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("answers_in", [in_python, in_javascript])
def test_values_and_slopes_are_right_and_finite_far_away(answers_in):
    wrong = {}
    for (formula, *_), theirs, ours in zip(
        FORMULAS, answers_in(FORMULAS), EXPECTED, strict=True
    ):
        if not np.allclose(theirs, ours, rtol=1e-13, atol=1e-14):
            wrong[formula.__name__] = np.abs(np.array(theirs) - ours).max(axis=0)
    for (formula, *_), theirs in zip(DISTANT, answers_in(DISTANT), strict=True):
        # JSON has null for NaN and infinity
        if not np.isfinite(np.array(theirs, float)).all():
            wrong[formula.__name__] = theirs
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


def test_functions_that_a_notebook_adds_to_the_builtins_do_not_matter(monkeypatch):
    monkeypatch.setattr("builtins.display", swallowing, raising=False)
    assert len(read(lambda s: (abs(s), 1.0), "s")) == 2


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        (endless, "it takes more than 12 decisions"),
        (remainder, "it calls remainder"),
        (gamma, "it calls lgamma"),
        (swallowing, "it catches exceptions"),
    ],
)
def test_what_is_no_formula_is_refused_with_the_reason(formula, reason):
    with pytest.raises(UnreadableError, match=reason):
        read(formula, "s")
