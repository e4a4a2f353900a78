"""The registry of activation functions, functions of a user's own, and what all
registries have.

`tests/engine/test_activations.py` checks the numbers of the built-in ones.
"""

import copy
import itertools
import math
import pickle
from functools import partial

import numpy as np
import pytest

import architect
from synapse import (
    Layer,
    Neuron,
    Trainer,
    _cost,
    _squash,
    costs,
    initializers,
    optimizers,
    squashes,
)
from synapse.engine.functions.activations import ACTIVATIONS, CHANCE, LARGEST, SHARES
from synapse.errors import ArgumentError, ArgumentTypeError, SynapseError
from tests.engine.test_activations import STATES
from tests.helpers.cases import all_refused


def named(name, function):
    """A function under another name, unless it has one of its own."""
    if getattr(function, "__name__", "") == "<lambda>":
        function.__name__ = name
    return function


@squashes.register(low=-1.0, high=1.0)
def gentle(state):
    scale = 1.0 + abs(state)
    return state / scale, 1.0 / (scale * scale)


@squashes.register
def bent(state):
    root = math.sqrt(state * state + 1.0)
    if state > 100.0:
        return state, 1.0
    return (root - 1.0) / 2.0 + state, state / (2.0 * root) + 1.0


# --- names ----------------------------------------------------------------------------


def test_every_entry_is_found_by_its_names_in_any_spelling():
    for activation in ACTIVATIONS.values():
        function = _squash.get(activation.name)
        kinds = activation.family in (LARGEST, SHARES), activation.family == CHANCE
        assert repr(function) == f"<squash {activation.name}>"
        assert function is _squash.get(function) is _squash.by_code(activation.code)
        assert (function._grouped, function._random) == kinds
        for name in (activation.name, *activation.aliases):
            assert getattr(squashes, name) is function, name
            for spelling in (
                name,
                name.upper(),
                name.replace("_", "-"),
                name.replace("_", ""),
                name.title().replace("_", " "),
            ):
                assert _squash.get(spelling) is function, spelling


def test_names_of_other_libraries():
    """By hand, so that none is lost."""
    theirs = {
        "step": "hard_limit hlim Heaviside BinaryStep",
        "sign": "sgn signum",
        "silu": "SiLU",
        "sine": "sin sine sinusoid",
        "absolute": "abs",
        "identity": "linear",
        "logistic": "Sigmoid",
        "hard_threshold": "hardshrink",
        "soft_threshold": "SoftShrink",
        "hard_tanh": "Hardtanh",
    }
    for name, others in theirs.items():
        assert {_squash.get(other).name for other in others.split()} == {name}
    assert squashes.names() == sorted(squashes.names())


def test_a_function_of_ones_own_is_registered_first():
    all_refused(
        (partial(_squash.get, function), ArgumentTypeError, "register")
        for function in (None, 3, math.tanh, lambda s: (s, 1.0))
    )


def test_what_nobody_registered_is_refused_before_a_kernel_calls_it():
    """Its code would be an address."""
    mine, theirs = _squash.Squash("tanh", 999, 0.0, 1.0), _cost.Cost("mine", 99)
    words = "a registered (function|cost), got <(squash tanh|cost mine)>"
    all_refused(
        (call, ArgumentTypeError, words)
        for call in (
            partial(Neuron, squash=mine),
            partial(mine, 0.5),
            partial(setattr, Neuron(), "squash", mine),
            partial(Trainer, architect.Perceptron(1, 1), cost=theirs),
            partial(theirs, [1.0], [0.5]),
        )
    )


def test_copies_and_pickles_are_the_function_itself():
    for function in (squashes.tanh, gentle):
        twin = pickle.loads(pickle.dumps(function))
        assert copy.deepcopy(function) is twin is function


# --- registered functions -------------------------------------------------------------


def test_the_engine_computes_a_registered_function():
    for function, state in itertools.product((gentle, bent), STATES):
        neuron = Neuron(function, bias=state)
        fired = neuron.activate(), neuron.derivative
        expected = function(state), function.derivative(state)
        assert fired == pytest.approx(expected, abs=1e-15), (function, state)


def test_a_cell_run_again_registers_the_same_function():
    def cubic(state):
        return state**3, 3.0 * state**2

    registered = squashes.register(cubic)

    def cubic(state):
        return state**3, 3.0 * state**2

    assert squashes.register(cubic) is registered

    def cubic(state):
        return 2.0 * state**3, 6.0 * state**2

    with pytest.raises(ArgumentError, match="already"):
        squashes.register(cubic)


def two_kinks(state):
    """Kinks at two of the probes."""
    value = abs(state - 0.05) + abs(state - 0.36)
    if state < 0.05:
        return value, -2.0
    return value, 0.0 if state < 0.36 else 2.0


REFUSED = [
    (ArgumentError, "derivative", lambda state: (-state, 1.0)),
    (ArgumentError, "derivative", two_kinks),
    (ArgumentError, "derivative", lambda state: (state * state, 2.02 * state)),
    (ArgumentError, "must return", lambda state: state),
    (ArgumentError, "must return", lambda state: ("one", "two")),
    (ArgumentError, "finite", lambda state: (math.inf, 0.0)),
    (ArgumentError, "one argument", lambda state, slope: (state, slope)),
    (ArgumentError, "already", named("tanh", lambda state: (state, 1.0))),
    (ArgumentError, "already", named("hard_limit", lambda state: (state, 1.0))),
    (ArgumentTypeError, "a Python function", "gentle"),
    (ArgumentTypeError, "a Python function", math.tanh),
    (ArgumentTypeError, "a Python function", squashes.tanh),
]


def test_a_function_that_cannot_be_used_is_refused():
    names_before = squashes.names()
    all_refused(
        (lambda refused=refused: squashes.register(named("tried", refused)), *rest)
        for *rest, refused in REFUSED
    )
    all_refused(
        (lambda b=bounds: squashes.register(**b)(twofold), SynapseError, "`low` and")
        for bounds in ({"low": 1.0, "high": -1.0}, {"low": math.nan}, {"high": "a"})
    )
    assert squashes.names() == names_before


# --- how a function is written elsewhere ----------------------------------------------


def twofold(state):
    return 2.0 * state, 2.0


def test_a_registered_function_says_how_it_is_written_elsewhere():
    written = {"c": "2.0 * {s}", "torch": lambda state: 2.0 * state}
    registered = squashes.register(written=written)(twofold)
    assert dict(registered.written) == written
    with pytest.raises(TypeError):
        registered.written["c"] = "{s}"
    assert squashes.register(twofold) is registered
    assert dict(registered.written) == written  # not said anew
    assert squashes.register(twofold, written={"python": "2 * {s}"}) is registered
    assert dict(registered.written) == {"python": "2 * {s}"}


def test_what_is_written_is_checked():
    cases = [
        ("2 * {s}", ArgumentTypeError, "a mapping"),
        ({"fortran": "2 * {s}"}, ArgumentError, "'fortran'"),
        ({3: "2 * {s}"}, ArgumentError, "3"),
        ({"c": "2 * s"}, ArgumentError, r"an expression with \{s\} for the state"),
        ({"python": abs}, ArgumentError, r"an expression with \{s\} for the state"),
        ({"torch": "2 * {s}"}, ArgumentTypeError, "a function"),
    ]
    all_refused(
        (partial(squashes.register, twofold, written=written), error, words)
        for written, error, words in cases
    )


# --- all registries -------------------------------------------------------------------


@pytest.mark.parametrize(
    "module", [squashes, costs, initializers, optimizers, architect]
)
def test_what_cannot_be_registered_is_refused_in_one_sentence(module):
    all_refused(
        (partial(module.register, wrong), ArgumentTypeError, "to register must be a")
        for wrong in (3, "name")
    )


def test_an_initializer_is_given_with_or_without_a_call():
    normal = initializers.normal
    first, *others = (
        Layer(3).project(Layer(2), initializer=form, seed=0).weights
        for form in (
            "normal",
            normal,
            normal(),
            "NORMAL",
            normal(0.1),
            normal(scale=0.1),
        )
    )
    np.testing.assert_array_equal(others, [first] * 5)
