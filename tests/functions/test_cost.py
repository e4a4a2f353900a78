"""The registry of costs, and costs of a user's own."""

import math

import pytest

from synapse import _cost, costs, squashes
from synapse.errors import ArgumentError, ArgumentTypeError, DivergenceError
from tests.functions.test_squash import named
from tests.helpers.cases import all_refused
from tests.helpers.networks import perceptron

TARGETS = [1.0, 0.0, 0.3]
OUTPUTS = [0.8, 0.4, 0.7]


@costs.register
def quarter(target, output, derivative, outputs):
    error = target - output
    return 0.25 * error**4 / outputs, error**3 * derivative / outputs


def test_values_and_signals_of_a_call():
    """`tests/engine/test_costs.py` checks those of all built-in costs."""
    mean = costs.mean_squared_error
    squares = 0.2**2 + 0.4**2 + 0.4**2
    assert costs.squared_error(TARGETS, OUTPUTS) == pytest.approx(squares / 2)
    assert mean(TARGETS, OUTPUTS) == pytest.approx(squares / 3)
    assert quarter(TARGETS, OUTPUTS) == pytest.approx((0.2**4 + 0.4**4 + 0.4**4) / 12)
    assert mean.signal(1.0, 0.5, 0.25, outputs=2) == pytest.approx(0.125)
    assert mean.signal(1.0, 0.5, 0.25) == pytest.approx(0.25)


def test_the_engine_computes_a_registered_cost():
    net = perceptron(1, 3, seed=1)
    net.activate([1.0])
    value = net.propagate(1.0, TARGETS, "quarter")
    outputs = net.output.activations
    signals = [neuron.error.projected for neuron in net.output]
    assert value == pytest.approx(quarter(TARGETS, outputs), rel=1e-13)
    slopes = [neuron.derivative for neuron in net.output]
    rows = zip(TARGETS, outputs, slopes, strict=True)
    expected = [quarter.signal(*row, 3) for row in rows]
    assert signals == pytest.approx(expected, rel=1e-13)
    assert net.biases[1:] == pytest.approx(signals)


def test_a_cost_goes_with_the_outputs():
    assert _cost.matching([squashes.logistic, squashes.logistic]) is costs.cross_entropy
    assert _cost.matching([squashes.logistic, squashes.tanh]) is costs.squared_error
    assert _cost.matching([squashes.identity]) is costs.squared_error


# --- registered costs -----------------------------------------------------------------


REFUSED = [
    (
        ArgumentError,
        "signal",
        lambda target, output, derivative, outputs: ((target - output) ** 2, 0.5),
    ),
    (
        ArgumentError,
        "signal",
        lambda t, y, derivative, outputs: ((t - y) ** 2, 2.0 * (y - t) * derivative),
    ),
    (
        ArgumentError,
        "must return",
        lambda target, output, derivative, outputs: target - output,
    ),
    (
        ArgumentError,
        "must take .target, output",
        lambda target, output, derivative: (0.0, 0.0),
    ),
    (
        ArgumentError,
        "already",
        named("mse", lambda target, output, derivative, outputs: (0.0, 0.0)),
    ),
    (ArgumentTypeError, "a Python function", "quarter"),
    (ArgumentTypeError, "a Python function", math.hypot),
    (ArgumentTypeError, "a Python function", costs.squared_error),
]


def test_a_cost_that_cannot_be_used_is_refused():
    names_before = costs.names()
    all_refused(
        [
            (lambda refused=refused: costs.register(named("tried", refused)), *rest)
            for *rest, refused in REFUSED
        ]
    )
    assert costs.names() == names_before


def test_a_cost_that_is_not_finite_moves_nothing():
    @costs.register
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
    with pytest.raises(DivergenceError, match="became inf. No weight has changed"):
        net.propagate(1.0, [0.0], steep)
    assert (net.weights == weights).all()
    assert net.output[0].bias == 3.0
