"""The registry of activation functions, and functions of a user's own.

`tests/engine/test_activations.py` checks the numbers of the built-in ones.
"""

import copy
import math
import pickle

import pytest

import architect
from synapse import Neuron, Trainer, _cost, _squash, squashes
from synapse.engine.functions.activations import ACTIVATIONS, CHANCE, LARGEST, SHARES
from synapse.errors import ArgumentError, ArgumentTypeError
from tests.engine.test_activations import STATES
from tests.helpers.cases import all_refused


def fire(function, state):
    """What the compiled engine makes of a state."""
    neuron = Neuron(function, bias=state)
    return neuron.activate(), neuron.derivative


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
    wrong = []
    for activation in ACTIVATIONS.values():
        function = _squash.get(activation.name)
        assert (function.name, repr(function)) == (
            activation.name,
            f"<squash {activation.name}>",
        )
        assert function is _squash.get(function) is _squash.by_code(activation.code)
        assert function._grouped is (activation.family in (LARGEST, SHARES))
        assert function._random is (activation.family == CHANCE)
        for name in (activation.name, *activation.aliases):
            spelled = (
                name.upper(),
                name.replace("_", "-"),
                name.replace("_", ""),
                name.title().replace("_", " "),
            )
            wrong += [
                spelling
                for spelling in (name, *spelled)
                if _squash.get(spelling) is not function
            ]
            wrong += [] if getattr(squashes, name) is function else [f"squashes.{name}"]
    assert not wrong, wrong


def test_names_of_other_libraries():
    """By hand, so that none is lost."""
    theirs = {
        "step": "hard_limit hlim Heaviside BinaryStep",
        "sign": "sgn signum",
        "silu": "SiLU",
    }
    theirs |= {
        "sine": "sin sine sinusoid",
        "absolute": "abs",
        "identity": "linear",
        "logistic": "Sigmoid",
    }
    theirs |= {
        "hard_threshold": "hardshrink",
        "soft_threshold": "SoftShrink",
        "hard_tanh": "Hardtanh",
    }
    for name, others in theirs.items():
        assert [_squash.get(other).name for other in others.split()] == [name] * len(
            others.split()
        )
    assert squashes.names() == sorted(squashes.names())


def test_a_function_of_ones_own_is_registered_first():
    unregistered = [None, 3, math.tanh, lambda s: (s, 1.0)]
    all_refused(
        [
            (
                lambda function=function: _squash.get(function),
                ArgumentTypeError,
                "register",
            )
            for function in unregistered
        ]
    )


def test_what_nobody_registered_is_refused_before_a_kernel_calls_it():
    """Its code would be an address."""
    mine, theirs = _squash.Squash("tanh", 999, 0.0, 1.0), _cost.Cost("mine", 99)
    calls = (
        lambda: Neuron(squash=mine),
        lambda: mine(0.5),
        lambda: setattr(Neuron(), "squash", mine),
        lambda: Trainer(architect.Perceptron(1, 1), cost=theirs),
        lambda: theirs([1.0], [0.5]),
    )
    words = "a registered (function|cost), got <(squash tanh|cost mine)>"
    all_refused([(call, ArgumentTypeError, words) for call in calls])


def test_copies_and_pickles_are_the_function_itself():
    for function in (squashes.tanh, gentle):
        assert (
            copy.deepcopy(function) is pickle.loads(pickle.dumps(function)) is function
        )


# --- registered functions -------------------------------------------------------------


def test_the_engine_computes_a_registered_function():
    for function in (gentle, bent):
        for state in STATES:
            expected = function(state), function.derivative(state)
            assert fire(function, state) == pytest.approx(expected, abs=1e-15), (
                function,
                state,
            )


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
    tried = [
        (lambda refused=refused: squashes.register(named("tried", refused)), *rest)
        for *rest, refused in REFUSED
    ]
    for bounds in ({"low": 1.0, "high": -1.0}, {"low": math.nan}, {"high": "a"}):
        wrong = lambda bounds=bounds: squashes.register(**bounds)(doubled())  # noqa: E731
        tried.append((wrong, (ArgumentError, ArgumentTypeError), "`low` and"))
    all_refused(tried)
    assert squashes.names() == names_before


# --- how a function is written elsewhere ----------------------------------------------


def doubled():
    def twofold(state):
        return 2.0 * state, 2.0

    return twofold


def test_a_registered_function_says_how_it_is_written_elsewhere():
    written = {"c": "2.0 * {s}", "torch": lambda state: 2.0 * state}
    registered = squashes.register(written=written)(doubled())
    assert dict(registered.written) == written
    with pytest.raises(TypeError):
        registered.written["c"] = "{s}"
    assert squashes.register(doubled()) is registered
    assert dict(registered.written) == written  # not said anew
    assert squashes.register(doubled(), written={"python": "2 * {s}"}) is registered
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
    call = lambda written: squashes.register(doubled(), written=written)  # noqa: E731
    all_refused(
        [
            (lambda options=options: call(options), error, words)
            for options, error, words in cases
        ]
    )
