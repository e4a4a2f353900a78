import copy
import math
import pickle

import numpy as np
import pytest

from synapse import Layer, Network, Neuron, squash
from synapse.errors import ArgumentError, KindError, UnknownNameError

from .reference import SQUASHES

BUILT_IN = sorted(name for name in SQUASHES if hasattr(squash, name))  # the fuzz adds one of its own
LOWEST = {"swish": -1.278464542761, "gelu": -0.751791524693}
STATES = [-5.3, -1.7, -0.6, -0.05, 0.05, 0.4, 1.1, 3.9, 7.2]


def fire(function, state):
    """What the compiled engine makes of a state."""
    neuron = Neuron(function, bias=state)
    return neuron.activate(), neuron.derivative


@squash.register(low=-1.0, high=1.0)
def gentle(state):
    scale = 1.0 + abs(state)
    return state / scale, 1.0 / (scale * scale)


@squash.register
def bent(state):
    root = math.sqrt(state * state + 1.0)
    if state > 100.0:
        return state, 1.0
    return (root - 1.0) / 2.0 + state, state / (2.0 * root) + 1.0


# --- built-in functions -------------------------------------------------------------------------


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("state", STATES)
def test_values_are_those_of_the_reference(name, state):
    value, slope = SQUASHES[name](state)
    function = squash.get(name)
    assert function(state) == pytest.approx(value, rel=1e-14, abs=1e-15)
    assert function.derivative(state) == pytest.approx(slope, rel=1e-13, abs=1e-15)
    assert fire(name, state) == pytest.approx((value, slope), rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("state", STATES)
def test_derivatives_are_slopes(name, state):
    function, width = squash.get(name), 1e-6
    slope = (function(state + width) - function(state - width)) / (2 * width)
    assert function.derivative(state) == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("state", [-1e4, -750.0, -40.0, 0.0, 40.0, 750.0, 1e4])
def test_no_state_is_too_large(name, state):
    function = squash.get(name)
    for value, slope in (fire(name, state), (function(state), function.derivative(state))):
        assert math.isfinite(value)
        assert math.isfinite(slope)
        assert function.low <= value <= function.high


@pytest.mark.parametrize("name", LOWEST)
def test_the_lower_bound_is_the_least_value(name):
    function = squash.get(name)
    assert function(LOWEST[name]) == pytest.approx(function.low, abs=1e-13)
    assert function.derivative(LOWEST[name]) == pytest.approx(0.0, abs=1e-10)


@pytest.mark.parametrize(
    ("name", "state", "value"),
    [
        ("step", 0.0, 0),
        ("sign", 0.0, 0),
        ("relu", 0.0, 0),
        ("ramp", 0.0, 0),
        ("ramp", 1.0, 1),
        ("hard_tanh", -1.0, -1),
        ("hard_threshold", 0.5, 0),
        ("hard_threshold", -0.5, 0),
        ("soft_threshold", 0.5, 0),
        ("absolute", 0.0, 0),
    ],
)
def test_at_the_jump(name, state, value):
    assert squash.get(name)(state) == fire(name, state)[0] == value


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")  # biases alone
@pytest.mark.parametrize("name", BUILT_IN)
def test_a_layer_of_any_length_gives_what_a_neuron_gives(name):
    """Neurons side by side are computed several at a time."""
    for size in (1, 2, 3, 5, 8, 17):
        states = np.linspace(-6, 6, size)
        layer, source = Layer(size, squash=name), Layer(1)
        net = Network(source, [], layer)
        layer.biases = states
        expected = [fire(name, state)[0] for state in states]
        assert net.activate([0.0]) == pytest.approx(expected, rel=1e-14, abs=1e-15)


# --- names --------------------------------------------------------------------------------------


def test_names_are_sorted_and_complete():
    assert squash.names() == sorted(squash.names())
    assert {*BUILT_IN, "softmax", "winner", "maxout", "noise", "bernoulli"} <= set(squash.names())


def test_a_name_gives_the_function_and_the_function_itself():
    for name in BUILT_IN:
        function = squash.get(name)
        assert function is getattr(squash, name) is squash.get(function)
        assert (function.name, repr(function)) == (name, f"<squash {name}>")


def test_aliases():
    assert squash.get("hard_limit") is squash.get("heaviside") is squash.hard_limit is squash.step
    assert squash.get("silu") is squash.silu is squash.swish


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UnknownNameError, match="no squash named 'sigmoidal'.*logistic.*tanh"):
        squash.get("sigmoidal")


@pytest.mark.parametrize("given", [None, 3, math.tanh, lambda s: (s, 1.0)])
def test_a_function_of_ones_own_is_registered_first(given):
    with pytest.raises(KindError, match="register"):
        squash.get(given)


def test_copies_and_pickles_are_the_function_itself():
    for function in (squash.tanh, gentle):
        assert copy.deepcopy(function) is pickle.loads(pickle.dumps(function)) is function


# --- registered functions -----------------------------------------------------------------------


def test_a_registered_function_is_known_by_its_name():
    assert isinstance(gentle, squash.Squash)
    assert squash.get("gentle") is gentle
    assert "gentle" in squash.names()
    assert (gentle.low, gentle.high) == (-1.0, 1.0)
    assert (bent.low, bent.high) == (-math.inf, math.inf)
    assert gentle(1.0) == 0.5
    assert gentle.derivative(1.0) == 0.25


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("function", [gentle, bent])
def test_the_engine_computes_a_registered_function(function, state):
    assert fire(function, state) == pytest.approx((function(state), function.derivative(state)), abs=1e-15)


def test_a_network_learns_through_registered_functions():
    layers = Layer(2), Layer(6, squash="gentle"), Layer(1, squash=bent)
    layers[0].project(layers[1], seed=1)
    layers[1].project(layers[2], seed=2)
    net = Network(layers[0], [layers[1]], layers[2])
    net.reset(seed=3, initializer="glorot")
    costs = []
    for _ in range(200):
        for x, t in (([0, 1], 1.0), ([1, 0], 0.0)):
            net.activate(x)
            costs.append(net.propagate(0.1, [t]))
    assert costs[-1] < 0.01 * costs[0]


def test_learning_through_a_registered_function_follows_its_derivative():
    neuron = Neuron(gentle, bias=0.5)
    y = neuron.activate()
    neuron.propagate(rate=1.0, target=1.0)
    assert neuron.bias == pytest.approx(0.5 + (1 - y) * gentle.derivative(0.5))


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")  # biases alone
def test_a_function_registered_later_is_seen_by_a_network_that_has_run():
    net = Network(Layer(1), [], Layer(1, bias=3.0))
    net.activate([0.0])

    @squash.register
    def thirded(state):
        return state / 3.0, 1.0 / 3.0

    net.output.squash = thirded
    assert net.activate([0.0]) == pytest.approx([1.0])


def test_a_cell_run_again_registers_the_same_function():
    def cubic(state):
        return state**3, 3.0 * state**2

    first = squash.register(cubic)

    def cubic(state):
        return state**3, 3.0 * state**2

    assert squash.register(cubic) is first

    def cubic(state):
        return 2.0 * state**3, 6.0 * state**2

    with pytest.raises(ArgumentError, match="already"):
        squash.register(cubic)


def wrong_derivative(state):
    return state * state, state


def wrong_sign(state):
    return -state, 1.0


def one_result(state):
    return state


def three_results(state):
    return state, 1.0, 0.0


def not_numbers(state):
    return "one", "two"


def infinite(state):
    return math.inf, 0.0


def two_arguments(state, slope):
    return state, slope


def no_argument():
    return 0.0, 0.0


def cannot_be_compiled(state):
    return sum(float(x) for x in str(state).split("x")), 1.0


def tanh(state):
    return math.tanh(state), 1.0 - math.tanh(state) ** 2


def hard_limit(state):
    return state, 1.0


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (wrong_derivative, "derivative"),
        (wrong_sign, "derivative"),
        (one_result, "to return"),
        (three_results, "to return"),
        (not_numbers, "to return"),
        (infinite, "finite"),
        (two_arguments, "one argument"),
        (no_argument, "one argument"),
        (tanh, "already"),
        (hard_limit, "already"),
    ],
)
def test_a_function_that_cannot_be_used_is_refused(function, message):
    known = squash.names()
    with pytest.raises(ArgumentError, match=message):
        squash.register(function)
    assert squash.names() == known


def test_a_function_that_cannot_be_compiled_is_refused():
    from synapse.engine.compiler.jit import DEBUGGING

    if DEBUGGING:
        pytest.skip("nothing is compiled")
    with pytest.raises(ArgumentError, match="cannot be compiled: The use of yield"):
        squash.register(cannot_be_compiled)
    assert "cannot_be_compiled" not in squash.names()


@pytest.mark.parametrize("given", [3, "gentle", math.tanh, squash.tanh])
def test_only_python_functions_are_registered(given):
    with pytest.raises(KindError):
        squash.register(given)


def test_a_function_with_one_kink_is_accepted():
    @squash.register(low=0.0)
    def incline(state):
        return (state, 1.0) if state > 0.05 else (0.05, 0.0)

    assert fire(incline, 2.0) == (2.0, 1.0)


# --- how a function is written elsewhere --------------------------------------------------------------


def doubled():
    def twofold(state):
        return 2.0 * state, 2.0

    return twofold


def test_a_registered_function_says_how_it_is_written_elsewhere():
    written = {"c": "2.0 * {s}", "torch": lambda state: 2.0 * state}
    one = squash.register(written=written)(doubled())
    assert dict(one.written) == written
    with pytest.raises(TypeError):
        one.written["c"] = "{s}"
    assert squash.register(doubled()) is one
    assert dict(one.written) == written  # not said anew
    assert squash.register(doubled(), written={"python": "2 * {s}"}) is one
    assert dict(one.written) == {"python": "2 * {s}"}


def test_built_in_functions_and_others_are_written_nowhere():
    assert dict(squash.logistic.written) == {}
    assert dict(gentle.written) == {}


@pytest.mark.parametrize(
    ("written", "error", "message"),
    [
        ("2 * {s}", KindError, "a mapping"),
        ({"fortran": "2 * {s}"}, UnknownNameError, "'fortran'"),
        ({3: "2 * {s}"}, UnknownNameError, "3"),
        ({"c": "2 * s"}, ArgumentError, r"an expression with \{s\} for the state"),
        ({"python": abs}, ArgumentError, r"an expression with \{s\} for the state"),
        ({"torch": "2 * {s}"}, KindError, "a function"),
    ],
)
def test_what_is_written_is_checked(written, error, message):
    with pytest.raises(error, match=message):
        squash.register(doubled(), written=written)
