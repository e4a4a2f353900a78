"""Squashes and costs of a user's own: run in threads, with captured values, and where they raise."""

import math
from itertools import pairwise

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Neuron, Trainer, cost, squash
from synapse._registration import _registered, require_sound
from synapse.engine.compiler.jit import DEBUGGING
from synapse.errors import ArgumentError, FunctionError
from synapse.optimizers import LBFGS, Adam

gain = 1.0
slopes = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0])


@squash.register
def wavy(state):
    return state + 0.1 * math.sin(state), 1.0 + 0.1 * math.cos(state)


@cost.register
def fourth(target, output, derivative, outputs):
    error = target - output
    return 0.25 * error**4 / outputs, error**3 * derivative / outputs


@squash.register
def raises_above_six(state):
    if state > 6.0:
        raise ValueError("too large")
    return state, 1.0


@squash.register
def looks_up(state):
    return state, slopes[int(abs(state))]


@squash.register
def divides(state):
    return state + 0.0 / (state - 6.5), 1.0


@cost.register
def refuses(target, output, derivative, outputs):
    if target > 2.0:
        raise ValueError("target too large")
    error = target - output
    return 0.5 * error * error, error * derivative


FAILING = [
    (raises_above_six, "ValueError: too large"),
    (looks_up, "IndexError"),
    (divides, "ZeroDivisionError"),
]


def learnt(network):
    return np.concatenate([network.weights, network.biases])


def chain(function, dtype="float64"):
    """An input, a hidden neuron with this squash that sees it as it is, and an output."""
    layers = Layer(1, dtype=dtype), Layer(1, squash=function, dtype=dtype), Layer(1, dtype=dtype)
    for one, other in pairwise(layers):
        one.project(other, weights=1.0)
    net = Network(layers[0], [layers[1]], layers[2])
    net.biases = np.zeros(3)
    return net


# --- threads ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", ["squash", "cost", "both"])
def test_threads_give_the_bits_of_one(kind, dtype):
    function = "wavy" if kind != "cost" else "tanh"
    measure = fourth if kind != "squash" else None
    net = architect.Elman(3, 40, 2, squash=function, seed=1, dtype=dtype)
    net.output.squash = "identity"
    rng, shape = np.random.default_rng(2), (20, 2) if DEBUGGING else (64, 50)
    inputs, targets = rng.normal(size=(*shape, 3)), rng.random((*shape, 2))
    alone = synapse.gradient(net, inputs, targets, measure, threads=1)
    for threads in (2, 3) * (1 if DEBUGGING else 15):
        result = synapse.gradient(net, inputs, targets, measure, threads=threads)
        assert result.loss == alone.loss
        assert (result.weights == alone.weights).all()
        assert (result.biases == alone.biases).all()


# --- captured values ----------------------------------------------------------------------------


def line(slope, name="line", low=-math.inf):
    def function(state):
        return slope * state, slope

    function.__name__ = name
    return squash.register(low=low)(function)


def weighted(factor):
    def weighted(target, output, derivative, outputs):
        error = target - output
        return 0.5 * factor * error * error, factor * error * derivative

    return cost.register(weighted)


def test_the_same_function_is_registered_once():
    assert line(2.0) is line(2.0)
    assert weighted(2.0) is weighted(2.0)


def test_another_captured_value_is_another_function():
    line(2.0)
    weighted(2.0)
    with pytest.raises(ArgumentError, match=r"named 'line' is registered already, with other .* values"):
        line(3.0)
    with pytest.raises(ArgumentError, match=r"named 'weighted' is registered already, with other .* values"):
        weighted(3.0)
    with pytest.raises(ArgumentError, match="bounds"):
        line(2.0, low=0.0)
    assert line(3.0, "steeper")(1.0) == Neuron("steeper", bias=1.0).activate() == 3.0


def test_a_changed_global_changes_nothing_that_is_registered(monkeypatch):
    def scaled(state):
        return gain * state, gain

    def by_gain(target, output, derivative, outputs):
        error = target - output
        return 0.5 * gain * error * error, gain * error * derivative

    function, measure = squash.register(scaled), cost.register(by_gain)
    monkeypatch.setitem(globals(), "gain", 3.0)
    neuron = Neuron(function, bias=0.5)
    assert function(0.5) == neuron.activate() == 0.5
    assert function.derivative(0.5) == neuron.derivative == 1.0
    assert measure([1.0], [0.5]) == 0.125
    assert measure.signal(1.0, 0.5, 1.0) == 0.5
    for register, again in ((squash.register, scaled), (cost.register, by_gain)):
        with pytest.raises(ArgumentError, match="captured values"):
            register(again)


def test_a_function_may_call_others():
    def half(state):
        return 0.5 * state

    def halved(state):
        return half(state), half(1.0)

    assert squash.register(halved)(3.0) == Neuron("halved", bias=3.0).activate() == 1.5


# --- functions that raise -----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("function", "message"), FAILING)
class TestASquashThatRaises:
    def test_in_a_network(self, function, message, dtype):
        net = chain(function, dtype)
        before = learnt(net)
        with pytest.raises(
            FunctionError, match=rf"The squash '{function.name}' failed at state 6.5: {message}"
        ) as raised:
            net.activate([6.5])
        assert raised.value.__cause__ is not None
        with pytest.raises(FunctionError):
            net.run([[1.0], [6.5], [2.0]])
        assert (learnt(net) == before).all()
        net.clear()
        fresh = chain(function, dtype)
        assert net.activate([2.0]) == fresh.activate([2.0])

    def test_in_a_neuron(self, function, message, dtype):
        neuron = chain(function, dtype)[1]
        neuron.bias = 6.5
        with pytest.raises(FunctionError, match=message):
            neuron.activate()
        neuron.bias = 1.0
        assert neuron.activate() == 1.0

    def test_in_a_training(self, function, message, dtype):
        """The weights are those that the steps before have learnt."""
        inputs, targets = [[1.0], [2.0], [6.5], [3.0]], [[0.0], [1.0], [1.0], [0.0]]
        net, other = chain(function, dtype), chain(function, dtype)
        for network in (net, other):
            network.connections[0].trainable = False
            network[1].trainable = False
        with pytest.raises(FunctionError, match=message):
            Trainer(net, rate=0.1).train(inputs, targets, epochs=2, shuffle=False, progress=False)
        Trainer(other, rate=0.1).train(inputs[:2], targets[:2], epochs=1, shuffle=False, progress=False)
        assert (learnt(net) == learnt(other)).all()

    @pytest.mark.parametrize(
        "options", [{"method": "bptt"}, {"optimizer": Adam()}, {"optimizer": LBFGS(), "method": "bptt"}]
    )
    def test_in_a_training_by_batches(self, function, message, dtype, options):
        net = chain(function, dtype)
        before = learnt(net)
        with pytest.raises(FunctionError, match=message):
            Trainer(net, **options).train(
                [[6.5], [1.0]], [[0.0], [1.0]], epochs=2, shuffle=False, progress=False
            )
        assert (learnt(net) == before).all()

    def test_in_a_gradient(self, function, message, dtype):
        net = chain(function, dtype)
        inputs = np.ones((40, 3, 1))
        inputs[[17, 33], 1] = 6.5
        for threads in (1, 2):
            with pytest.raises(FunctionError, match=message):
                synapse.gradient(net, inputs, np.ones((40, 3, 1)), threads=threads)
        assert synapse.gradient(net, inputs[:17], np.ones((17, 3, 1))).loss > 0


def test_a_nan_that_a_later_squash_hides_is_an_error_all_the_same():
    net = chain(raises_above_six)
    net.output.squash = "step"
    with pytest.raises(FunctionError):
        net.activate([7.0])
    with pytest.raises(FunctionError):
        synapse.gradient(net, [[7.0]], [[1.0]], "squared_error")


def test_an_error_with_values_of_its_own_is_the_same_from_every_thread():
    @squash.register
    def raises_with_its_state(state):
        if state > 10.0:
            raise ValueError("too large", state)
        return state, 1.0

    net = architect.Elman(3, 8, 2, squash=raises_with_its_state, seed=1)
    inputs = 100.0 * np.random.default_rng(0).normal(size=(64, 10, 3))
    messages = set()
    for threads in (1, 2, 3) * 10:
        with pytest.raises(FunctionError, match=r"ValueError: \('too large', ") as raised:
            synapse.gradient(net, inputs, np.zeros((64, 10, 2)), threads=threads)
        messages.add(str(raised.value))
    assert len(messages) == 1


def test_an_error_that_cannot_be_repeated_is_raised_all_the_same():
    failed = np.array([1.0, _registered["squash", "wavy"].address, 0.5, 0.0, 0.0, 0.0])
    with pytest.raises(FunctionError, match=r"The squash 'wavy' failed at state 0.5: an error\."):
        require_sound(failed)


def test_a_long_epoch_in_a_thread_raises_too(monkeypatch):
    monkeypatch.setattr("synapse.learning.training.LONG", 0)
    with pytest.raises(FunctionError):
        Trainer(chain(raises_above_six)).train([[1.0], [7.0]], [[0.0], [1.0]], epochs=1, progress=False)


def test_samples_that_have_ended_do_not_call_the_function():
    @squash.register
    def not_at_zero(state):
        return 1.0 / state, -1.0 / (state * state)

    net = chain(not_at_zero)
    net[1].project(net[1], 0.5)  # so that steps depend on each other
    data = [np.ones((length, 1)) for length in (1, 5, 3)]
    assert np.isfinite(synapse.gradient(net, data, data).weights).all()


class TestACostThatRaises:
    MESSAGE = "The cost 'refuses' failed at target 3, output .*: ValueError: target too large"

    def test_in_a_network(self):
        net = chain("tanh")
        before = learnt(net)
        net.activate([1.0])
        with pytest.raises(FunctionError, match=self.MESSAGE):
            net.propagate(0.1, [3.0], refuses)
        assert (learnt(net) == before).all()
        assert net.propagate(0.1, [1.0], refuses) > 0

    def test_in_a_neuron(self):
        neuron = Neuron("identity", bias=0.5)
        neuron.activate()
        with pytest.raises(FunctionError, match=self.MESSAGE):
            neuron.propagate(0.1, 3.0, refuses)
        assert neuron.bias == 0.5

    def test_in_a_layer(self):
        layer = Layer(2, squash="identity")
        layer.biases = [0.25, 0.5]
        layer.activate()
        with pytest.raises(FunctionError, match=self.MESSAGE):
            layer.propagate(0.1, [3.0, 3.0], refuses)
        assert layer.biases.tolist() == [0.25, 0.5]

    def test_in_a_training(self):
        net, other = chain("tanh"), chain("tanh")
        inputs, targets = [[1.0], [2.0], [3.0]], [[0.0], [3.0], [1.0]]
        with pytest.raises(FunctionError, match=self.MESSAGE):
            Trainer(net, cost=refuses).train(inputs, targets, epochs=2, shuffle=False, progress=False)
        Trainer(other, cost=refuses).train(inputs[:1], targets[:1], epochs=1, shuffle=False, progress=False)
        assert learnt(net) == pytest.approx(learnt(other), abs=1e-12)
        with pytest.raises(FunctionError, match=self.MESSAGE):
            Trainer(net, cost=refuses).test(inputs, targets)

    def test_in_a_gradient(self):
        net = chain("tanh")
        with pytest.raises(FunctionError, match=self.MESSAGE):
            synapse.gradient(net, [[1.0], [2.0]], [[0.0], [3.0]], refuses)
        assert synapse.gradient(net, [[1.0]], [[0.0]], refuses).loss > 0


def test_a_function_that_raises_when_it_is_registered_is_refused():
    @squash.register
    def fine(state):
        return state, 1.0

    def broken(state):
        raise KeyError("where")

    def broken_cost(target, output, derivative, outputs):
        raise ValueError

    with pytest.raises(ArgumentError, match="The squash 'broken' failed at state -3.98: KeyError: 'where'"):
        squash.register(broken)
    with pytest.raises(ArgumentError, match="The cost 'broken_cost' failed at target 0, .*: ValueError"):
        cost.register(broken_cost)
    assert "broken" not in squash.names()
    assert "broken_cost" not in cost.names()
