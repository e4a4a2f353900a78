import copy
import math
import pickle

import pytest

from synapse import Layer, Network, Neuron, cost, squash
from synapse.errors import ArgumentError, KindError, UnknownNameError

from .networks import perceptron

TARGETS, OUTPUTS = [1.0, 0.0, 0.3], [0.8, 0.4, 0.7]


@cost.register
def quarter(target, output, derivative, outputs):
    error = target - output
    return 0.25 * error**4 / outputs, error**3 * derivative / outputs


def step(net, measure, rate=1.0):
    """The cost of a step as the engine finds it, and the signals of the outputs."""
    net.activate([1.0])
    value = net.propagate(rate, TARGETS, measure)
    return value, [neuron.error.projected for neuron in net.output]


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        (cost.squared_error, (0.2**2 + 0.4**2 + 0.4**2) / 2),
        (cost.mean_squared_error, (0.2**2 + 0.4**2 + 0.4**2) / 3),
        (cost.binary_misses, 1.0),
        (cost.cross_entropy, -math.log(0.8) - math.log(0.6) - 0.3 * math.log(0.7) - 0.7 * math.log(0.3)),
        (quarter, (0.2**4 + 0.4**4 + 0.4**4) / 12),
    ],
)
def test_values(measure, value):
    assert measure(TARGETS, OUTPUTS) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("name", ["squared_error", "mean_squared_error", "quarter"])
@pytest.mark.parametrize("function", ["tanh", "logistic", "identity"])
def test_the_signal_is_minus_the_slope_along_the_state(name, function):
    measure, f, width = cost.get(name), squash.get(function), 1e-6
    for target in (0.0, 0.4, 1.0):
        for state in (-1.0, 0.2, 2.0):
            both = [measure([target, 0.0], [f(state + sign * width), 0.0]) for sign in (1, -1)]
            signal = measure.signal(target, f(state), f.derivative(state), outputs=2)
            assert signal == pytest.approx(-(both[0] - both[1]) / (2 * width), abs=1e-8)


def test_the_signal_of_cross_entropy_is_the_difference():
    width = 1e-6
    for target in (0.0, 0.4, 1.0):
        for state in (-1.0, 0.2, 2.0):
            y = squash.logistic(state)
            both = [cost.cross_entropy([target], [squash.logistic(state + s * width)]) for s in (1, -1)]
            signal = cost.cross_entropy.signal(target, y, squash.logistic.derivative(state))
            assert signal == target - y == pytest.approx(-(both[0] - both[1]) / (2 * width), abs=1e-8)


def test_cross_entropy_is_finite_at_the_bounds():
    assert cost.cross_entropy([0.0, 1.0], [0.0, 1.0]) == 0.0
    assert cost.cross_entropy([1.0], [0.0]) == pytest.approx(-math.log(1e-300))


@pytest.mark.parametrize("name", [n for n in cost.names() if n != "categorical_cross_entropy"])
def test_the_engine_finds_the_same_value_and_signals(name):
    measure, net = cost.get(name), perceptron(1, 3, seed=1)
    value, signals = step(net, name)
    outputs = net.output.activations
    assert value == pytest.approx(measure(TARGETS, outputs), rel=1e-13)
    slopes = [neuron.derivative for neuron in net.output]
    expected = [measure.signal(t, y, d, 3) for t, y, d in zip(TARGETS, outputs, slopes, strict=True)]
    assert signals == pytest.approx(expected, rel=1e-13)
    assert net.biases[1:] == pytest.approx(signals)


def test_names_are_sorted_and_complete():
    built_in = {"binary_misses", "cross_entropy", "mean_squared_error", "squared_error"}
    assert cost.names() == sorted(cost.names())
    assert built_in <= set(cost.names())
    assert all(cost.get(name) is getattr(cost, name) for name in built_in)
    assert repr(cost.squared_error) == "<cost squared_error>"


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UnknownNameError, match="cross_entropy"):
        cost.get("unheard of")
    with pytest.raises(KindError):
        cost.get(3)


def test_a_cost_goes_with_the_outputs():
    assert cost.matching([squash.logistic, squash.logistic]) is cost.cross_entropy
    assert cost.matching([squash.logistic, squash.tanh]) is cost.squared_error
    assert cost.matching([squash.identity]) is cost.squared_error


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")  # biases alone
def test_a_new_squash_of_the_outputs_changes_the_cost_that_goes_with_them():
    net = Network(Layer(1), [], Layer(1, bias=0.5))
    y = net.activate([0.0])[0]
    assert net.propagate(0.0, [1.0]) == pytest.approx(-math.log(y))
    net.output.squash = "identity"
    net.activate([0.0])
    assert net.propagate(0.0, [1.0]) == pytest.approx(0.125)
    net.output[0].squash = "logistic"
    net.activate([0.0])
    assert net.propagate(0.0, [1.0]) == pytest.approx(-math.log(y))


def test_copies_and_pickles_are_the_cost_itself():
    for measure in (cost.squared_error, quarter):
        assert copy.deepcopy(measure) is pickle.loads(pickle.dumps(measure)) is measure


# --- registered costs ---------------------------------------------------------------------------


def test_a_registered_cost_is_known_by_its_name():
    assert cost.get("quarter") is quarter
    assert "quarter" in cost.names()


def test_a_neuron_learns_by_a_registered_cost():
    neuron = Neuron("identity", bias=0.5)
    neuron.activate()
    neuron.propagate(rate=1.0, target=1.5, cost="quarter")
    assert neuron.bias == 1.5  # the cube of an error of 1


def wrong_signal(target, output, derivative, outputs):
    return (target - output) ** 2, target - output


def wrong_sign(target, output, derivative, outputs):
    return (target - output) ** 2, 2.0 * (output - target) * derivative


def one_result(target, output, derivative, outputs):
    return target - output


def three_arguments(target, output, derivative):
    return 0.0, 0.0


def squared_error(target, output, derivative, outputs):
    return 0.0, 0.0


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (wrong_signal, "signal"),
        (wrong_sign, "signal"),
        (one_result, "to return"),
        (three_arguments, "to take .target, output"),
        (squared_error, "already"),
    ],
)
def test_a_cost_that_cannot_be_used_is_refused(function, message):
    known = cost.names()
    with pytest.raises(ArgumentError, match=message):
        cost.register(function)
    assert cost.names() == known


@pytest.mark.parametrize("given", [3, "quarter", math.hypot, cost.squared_error])
def test_only_python_functions_are_registered(given):
    with pytest.raises(KindError):
        cost.register(given)


def test_a_cost_that_is_not_finite_moves_nothing():
    @cost.register
    def steep(target, output, derivative, outputs):
        error = target - output
        if error < -2.0:
            return math.inf, 0.0
        return 0.5 * error * error, error * derivative

    net = perceptron(1, 1, seed=1)
    net.output.squash = "identity"
    net.output.biases = [3.0]
    net.activate([1.0])
    weights = net.weights
    assert net.propagate(1.0, [0.0], steep) == math.inf
    assert (net.weights == weights).all()
    assert net.output[0].bias == 3.0
