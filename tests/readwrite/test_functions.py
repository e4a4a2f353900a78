"""Functions of users in programs: the numbers of Python, or NaN where the engine would
ask Python, in C, JavaScript and Python; steps, learning and exact gradients.
"""

import math
import shutil
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from synapse import Layer, Network, costs, errors, squashes
from synapse.engine.language.decorators import COMPILES
from synapse.readwrite import c_source, javascript_source, python_source
from synapse.readwrite._printed.page import registered_source
from tests.helpers import generated_functions

from . import functions
from .functions import FLAGS, OTHERS, RUNNERS, STATES, differences
from .learners import (
    DIVERGED,
    Program,
    data_for,
    here,
    in_javascript,
    in_python,
    ruled,
    there,
)
from .programs import RUNNERS as STEPS, SANITIZED, close, programmed, run, run_c

pytestmark = pytest.mark.skipif(not COMPILES, reason="the engine is the oracle")
INEXACT = (
    *("math.", "np.s", "np.c", "np.t", "np.e", "np.l", "np.h", "np.a", "np.f", "np.p"),
    *("**", "pow", "exp"),
)
"""What stands in functions that libraries compute, up to the last places."""


def tolerance(text):
    """By how much numbers of a function may differ."""
    if not any(name in text for name in INEXACT):
        return 0.0
    return 1e-15


@cache
def computed(expressions):
    """The expressions that are compiled, each with its function, and the numbers of the
    engine, with which the programs in all languages are compared.
    """
    made = zip(expressions, functions.of_expressions(expressions), strict=True)
    pairs = [(text, of) for text, f in made if (of := functions.formula_of(f))]
    rows = [(state,) for state in STATES]
    return pairs, functions.by_engine([f for _, f in pairs], rows)


def wrong(expressions, language, folder):
    """Expressions that a program and the engine compute otherwise, how many were
    compared, and how many of their numbers are NaN.
    """
    pairs, ours = computed(tuple(expressions))
    rows = [(state,) for state in STATES]
    theirs = RUNNERS[language]([f for _, f in pairs], rows, folder)
    mistakes = {}
    for k, (text, _) in enumerate(pairs):
        bad = differences(ours[:, k], theirs[:, k], tolerance(text))
        if bad.any():
            row = int(np.argwhere(bad)[0][0])
            mistakes[text] = STATES[row], ours[row, k, 0], theirs[row, k, 0]
    return mistakes, len(pairs), np.isnan(ours).mean()


@pytest.mark.slow
@pytest.mark.parametrize("share", range(2))
@pytest.mark.parametrize("language", RUNNERS)
def test_every_operation_and_word(tmp_path, language, share):
    expressions = list(dict.fromkeys(functions.every_expression()))[share::2]
    mistakes, count, _ = wrong(expressions, language, tmp_path)
    assert not mistakes, mistakes
    assert count > 0.8 * len(expressions)


@pytest.mark.parametrize("language", RUNNERS)
@pytest.mark.parametrize(
    ("count", "seed", "least"),
    [
        pytest.param(12, 0, 8, marks=pytest.mark.full),
        pytest.param(200, 1, 150, marks=pytest.mark.slow),
    ],
)
def test_generated_functions(tmp_path, count, seed, least, language):
    """They differ by no more than rounding."""
    made = generated_functions.functions(count, seed)
    texts = made.text.split("\n\ndef f")[-count:]
    pairs = [
        (text, of)
        for text, f in zip(texts, made.by_name.values(), strict=True)
        if (of := functions.formula_of(f, generated_functions.ARGUMENTS))
    ]
    assert len(pairs) > least
    rows = generated_functions.arguments(seed, 60)
    several = [f for _, f in pairs]
    ours = functions.by_engine(several, rows)
    theirs = RUNNERS[language](several, rows, tmp_path)
    mistakes = []
    for k, (text, _) in enumerate(pairs):
        is_exact = not any(name in text for name in INEXACT)
        bad = differences(ours[:, k], theirs[:, k], 0.0 if is_exact else 1e-9)
        # the last place of a function of a library may decide a branch, and a remainder
        # of a large number has nothing else
        tolerated = 0.2 if "fmod" in text else 0.02
        if bad.any() and (is_exact or bad.mean() > tolerated):
            mistakes.append(text)
    assert not mistakes, mistakes


# --- in networks ----------------------------------------------------------------------


LOW, HIGH = (0.25, 2.5), SimpleNamespace(gain=0.125, kinks=[-1.0, 1.5])


@squashes.register(surrogate=True)
def in_parts(state):
    if state > HIGH.kinks[0]:
        return HIGH.gain * state + (LOW[1] if state > HIGH.kinks[1] else LOW[0]), 0.5
    return HIGH.gain * math.atan(state), HIGH.gain / (1.0 + state**2)


@squashes.register(surrogate=True)
def of_numpy(state):
    value = np.exp(-np.abs(state))
    return float(np.maximum(value, 0.1)), 0.125 * np.copysign(value, state)


@squashes.register(surrogate=True)
def up_to_five(state):
    return math.sqrt(5.0 - state), 0.25


@costs.register
def from_minus_three(target, output, derivative, outputs):
    gap = target - output + 0.0 * math.sqrt(3.0 + target)
    return 0.5 * gap * gap, gap * derivative


def mixed():
    """Squashes of users beside those that are built in."""
    inputs, outputs = Layer(2), Layer(2, "identity")
    hidden = [Layer(1, kind) for kind in (in_parts, of_numpy, "tanh")]
    for layer in hidden:
        inputs.project(layer, seed=1)
        layer.project(outputs, seed=3)
    hidden[0].project(hidden[0], seed=2)
    return Network(inputs, hidden, outputs)


@pytest.mark.full
@pytest.mark.parametrize(
    "rule", ["online", pytest.param("rtrl", marks=pytest.mark.slow)]
)
def test_learning(tmp_path, rule):
    net = ruled(mixed(), rule)
    data = *data_for(net, 15), 0.05
    ours = here(net.clone(), *data)
    program = Program(net, tmp_path, flags=("-O1", "-ffp-contract=off", *SANITIZED))
    theirs = [form(net, *data, tmp_path) for form in (in_python, in_javascript)]
    assert all(close(it, ours, 1e-10) for it in (there(program, *data), *theirs))


def test_weights_are_loaded():
    assert "network_load" in c_source(mixed(), loadable=True)


def single(squash):
    net = Network(Layer(1), [Layer(1, squash)], Layer(1, "identity"))
    net.input.project(net.hidden[0], weights=[[1.0]])
    net.hidden[0].project(net.output, weights=[[1.0]])
    return net


@pytest.mark.parametrize("language", STEPS)
def test_where_a_function_raises_a_program_steps_to_nan(tmp_path, language):
    net = single(up_to_five)
    with pytest.raises(errors.FunctionError):
        net.activate([6.0])
    net.clear()
    if language == "python":
        program = programmed(python_source(net))
        answers = [program.step([6.0]), program.step([1.0])]
        assert np.array_equal(answers, [[math.nan], [2.0]], equal_nan=True)
    elif language == "javascript":
        node = shutil.which("node") or pytest.skip("there is no node here")
        text = javascript_source(net) + "console.log(new Network().step([6])[0])\n"
        assert run([node, "-e", text]) == "NaN\n"
    else:
        assert run_c(single(up_to_five), [[4.0]], tmp_path).tolist() == [[1.0]]
        assert "NAN" in c_source(net)


def test_a_page_has_functions_of_users():
    node = shutil.which("node") or pytest.skip("there is no node here")
    text = registered_source("squash", "in_parts", in_parts._function)
    main = "const register = (kind, name, f) => console.log(f(1.5), f(Infinity));\n"
    assert run([node, "-e", main + text]) == "[ 0.4375, 0.5 ] [ Infinity, 0.5 ]\n"


@pytest.mark.compiler
def test_names_of_users_are_no_words_of_c_plus_plus(tmp_path):
    made = [*map(functions.formula_of, functions.of_expressions(["s", "exp(s)", "-s"]))]
    for formula, name in zip(made, ("asm", "é", "template"), strict=True):
        formula.function.__name__ = name
    rows = [(state,) for state in STATES]
    flags = [flag for flag in FLAGS if flag != "-std=c99"]
    answers = functions.by_c(made, rows, tmp_path, ["-x", "c++", "-std=c++11", *flags])
    assert not differences(functions.by_engine(made, rows), answers, 1e-15).any()


@pytest.mark.full
@pytest.mark.parametrize("language", RUNNERS)
def test_what_programs_have_computed_wrongly(tmp_path, language):
    mistakes, count, nan = wrong(OTHERS, language, tmp_path)
    assert not mistakes, mistakes
    assert count > 0.9 * len(OTHERS)
    assert nan < 0.3


@pytest.mark.full
@pytest.mark.parametrize("language", STEPS)
def test_steps(tmp_path, language):
    net = mixed()
    steps = data_for(net, 20)[0]
    assert close(STEPS[language](net, steps.tolist(), tmp_path), net.run(steps))


@pytest.mark.full
def test_where_a_function_raises_nothing_is_learned(tmp_path):
    """Also if the neuron is within, or the cost raises."""
    hidden = single(up_to_five)
    hidden.output[0].squash = "relu"
    flags = "-O1", f"-DLEAVES={DIVERGED}"
    for net, options, state, target in (
        (hidden, {}, 6.0, 1.0),
        (single("tanh"), {"cost": "from_minus_three"}, 0.0, -4.0),
    ):
        (tmp_path / str(state)).mkdir()
        program = Program(net, tmp_path / str(state), flags, **options)
        program.weights()
        program.step([state])
        program.learn([target], 0.1)
        program.weights()
        before, _, status, after = program.answers()
        assert status == DIVERGED
        assert np.array_equal(before, after)
        there = programmed(python_source(net, learn=True, **options))
        there.step([state])
        with pytest.raises(ValueError, match="not finite"):
            there.learn([target], 0.1)
