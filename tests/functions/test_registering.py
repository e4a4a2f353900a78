"""Squashes and costs of a user's own: run in threads, with captured values, and where
they raise."""

import math
from functools import partial

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Neuron, Trainer, costs, squashes
from synapse._registration import _registered, require_sound
from synapse.engine.status import FAILED
from synapse.errors import ArgumentError, FunctionError
from tests.helpers.called_in_python import in_python
from tests.helpers.cases import all_refused
from tests.helpers.ties import numbers as learnt


@squashes.register
def wavy(state):
    return state + 0.1 * math.sin(state), 1.0 + 0.1 * math.cos(state)


@squashes.register
def raises_above_six(state):
    return state + 0.0 * math.log(6.25 - state), 1.0


@squashes.register
def divides(state):
    return state + 0.0 / (state - 6.5), 1.0


@in_python(squashes.register)
def raises_in_python(state):
    if float(f"{state}") > 6.0:
        raise ValueError("too large")
    return state, 1.0


@in_python(squashes.register)
def finds_nothing_in_python(state):
    return state, dict.fromkeys(range(6), 1.0)[int(abs(state))]


@in_python(costs.register)
def refuses(target, output, derivative, outputs):
    if target > 2.0:
        raise ValueError("target too large")
    error = target - output
    return 0.5 * error * error, error * derivative


FAILING = [
    (raises_above_six, "ValueError"),
    (divides, "ZeroDivisionError"),
    (raises_in_python, "ValueError: too large"),
    (finds_nothing_in_python, "KeyError: 6"),
]


def train(net, *data, epochs=2, **options):
    Trainer(net, **options).train(*data, epochs=epochs, shuffle=False, progress=False)


def chain(function, dtype="float64"):
    """An input, a hidden neuron with this squash that sees it as it is, and an
    output."""
    net = architect.Perceptron(1, 1, 1, squash=function, dtype=dtype)
    net.output.squash = "logistic"
    net.weights, net.biases = np.ones(2), np.zeros(3)
    return net


# --- captured values ------------------------------------------------------------------


def line(slope, name="line", low=-math.inf):
    def function(state):
        return slope * state, slope

    function.__name__ = name
    return squashes.register(low=low)(function)


def weighted(factor):
    def weighted(target, output, derivative, outputs):
        error = target - output
        return 0.5 * factor * error * error, factor * error * derivative

    return costs.register(weighted)


def test_another_captured_value_is_another_function():
    assert line(2.0) is line(2.0)
    assert weighted(2.0) is weighted(2.0)
    already = "is registered already, with other code or values. Pass replace=True"
    all_refused(
        [
            (lambda: line(3.0), ArgumentError, f"named 'line' {already}"),
            (lambda: weighted(3.0), ArgumentError, f"named 'weighted' {already}"),
            (lambda: line(2.0, low=0.0), ArgumentError, f"named 'line' {already}"),
        ]
    )
    assert line(3.0, "steeper")(1.0) == Neuron("steeper", bias=1.0).activate() == 3.0


# --- functions that raise -------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("function", "message"), FAILING)
class TestASquashThatRaises:
    def test_in_a_step(self, function, message, dtype):
        net, twin = (chain(function, dtype) for _ in range(2))
        words = f"The squash '{function.name}' failed at state 6.5: {message}"
        with pytest.raises(FunctionError, match=words) as raised:
            net.activate([6.5])
        assert raised.value.__cause__ is not None
        with pytest.raises(FunctionError):
            net.run([[1.0], [6.5], [2.0]])
        assert (learnt(net) == learnt(twin)).all()
        net.clear()
        assert net.activate([2.0]) == twin.activate([2.0])
        neuron = chain(function, dtype)[1]
        neuron.bias = 6.5
        with pytest.raises(FunctionError, match=message):
            neuron.activate()
        neuron.bias = 1.0
        assert neuron.activate() == 1.0

    def test_in_a_training(self, function, message, dtype):
        """The weights are those that the steps before have learnt; of batches, none."""
        inputs = [[1.0], [2.0], [6.5], [3.0]]
        targets = [[0.0], [1.0], [1.0], [0.0]]
        net, other = (chain(function, dtype) for _ in range(2))
        for network in (net, other):
            network.connections[0].trainable = False
            network[1].trainable_bias = False
        with pytest.raises(FunctionError, match=message):
            train(net, inputs, targets, rate=0.1)
        train(other, inputs[:2], targets[:2], epochs=1, rate=0.1)
        assert (learnt(net) == learnt(other)).all()
        for options in (
            {"rule": "bptt"},
            {"optimizer": "adam"},
            {"optimizer": "lbfgs", "rule": "bptt"},
        ):
            net = chain(function, dtype)
            with pytest.raises(FunctionError, match=message):
                train(net, [[6.5], [1.0]], [[0.0], [1.0]], **options)
            assert (learnt(net) == learnt(chain(function, dtype))).all(), options

    def test_in_a_gradient(self, function, message, dtype):
        net = chain(function, dtype)
        inputs = np.ones((40, 3, 1))
        inputs[[17, 33], 1] = 6.5
        for threads in (1, 2):
            with pytest.raises(FunctionError, match=message):
                synapse.gradient(net, inputs, np.ones((40, 3, 1)), threads=threads)
        assert synapse.gradient(net, inputs[:17], np.ones((17, 3, 1))).loss > 0


def test_an_error_with_values_of_its_own_is_the_same_from_every_thread():
    @in_python(squashes.register)
    def raises_with_its_state(state):
        if state > 10.0:
            raise ValueError("too large", state)
        return state, 1.0

    net = architect.Elman(3, 8, 2, squash=raises_with_its_state, seed=1)
    inputs = 100.0 * np.random.default_rng(0).normal(size=(64, 10, 3))
    messages = set()
    for threads in (1, 2, 3) * 5:
        with pytest.raises(
            FunctionError, match=r"ValueError: \('too large', "
        ) as raised:
            synapse.gradient(net, inputs, np.zeros((64, 10, 2)), threads=threads)
        messages.add(str(raised.value))
    assert len(messages) == 1


def test_an_error_that_cannot_be_repeated_is_raised_all_the_same():
    address = _registered["squash", "wavy"].function.address
    words = r"The squash 'wavy' failed at state 0.5: an error\."
    with pytest.raises(FunctionError, match=words):
        require_sound(FAILED, np.array([1.0, address, 0.5, 0.0, 0.0, 0.0, 0.0]))


def test_a_long_epoch_in_a_thread_raises_too(monkeypatch):
    monkeypatch.setattr("synapse.learning._training.TARGET_CALL_SECONDS", 0.0)
    with pytest.raises(FunctionError):
        train(chain(raises_above_six), [[1.0], [7.0]], [[0.0], [1.0]])


def test_samples_that_have_ended_do_not_call_the_function():
    @squashes.register
    def not_at_zero(state):
        return 1.0 / state, -1.0 / (state * state)

    net = chain(not_at_zero)
    net[1].project(net[1], 0.5)  # so that steps depend on each other
    data = [np.ones((length, 1)) for length in (1, 5, 3)]
    assert np.isfinite(synapse.gradient(net, data, data).weights).all()


def test_a_cost_that_raises_changes_nothing():
    inputs = [[1.0], [2.0], [3.0]]
    targets = [[0.0], [3.0], [1.0]]
    net, other = (chain("tanh") for _ in range(2))
    neuron = Neuron("identity")
    layer = Layer(2, "identity")
    net.activate([1.0]), neuron.activate(), layer.activate()
    words = "The cost 'refuses' failed at target 3, output .*too large"
    all_refused(
        (call, FunctionError, words)
        for call in (
            lambda: net.propagate(0.1, [3.0], refuses),
            lambda: neuron.propagate(0.1, 3.0, refuses),
            lambda: layer.propagate(0.1, [3.0, 3.0], refuses),
            lambda: Trainer(net, cost=refuses).test(inputs, targets),
            lambda: synapse.gradient(net, inputs, targets, refuses),
        )
    )
    assert (learnt(net) == learnt(other)).all()
    assert [neuron.bias, *layer.biases] == [0.0, 0.0, 0.0]
    with pytest.raises(FunctionError):
        train(net, inputs, targets, cost=refuses)
    train(other, inputs[:1], targets[:1], epochs=1, cost=refuses)
    assert learnt(net) == pytest.approx(learnt(other), abs=1e-12)


def test_a_function_that_raises_when_it_is_registered_is_refused():
    def broken(state):
        raise KeyError("where")

    def broken_cost(target, output, derivative, outputs):
        raise ValueError

    squash = "The squash 'broken' failed at state -3.98: KeyError: 'where'"
    cost = "The cost 'broken_cost' failed at target 0, .*: ValueError"
    all_refused(
        [
            (partial(squashes.register, broken), ArgumentError, squash),
            (partial(costs.register, broken_cost), ArgumentError, cost),
        ]
    )
    assert not {"broken", "broken_cost"} & {*squashes.names(), *costs.names()}
