"""The online rule moves what is shared by the sum of its members' moves."""

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

import synapse
from synapse import Layer, Network, Neuron, Trainer
from synapse.errors import ArgumentError

from .learning.helpers import built, sequences
from .strategies import SMOOTH, Twin, specs
from .ties import (
    EXACT,
    added_up,
    assert_moves_add_up,
    free_twin,
    groups_of,
    numbers,
    perceptron,
    tie_at_random,
)


@settings(max_examples=40)
@given(specs(squashes=SMOOTH), st.integers(0, 999))
def test_a_step_of_any_gated_graph(spec, seed):
    net = Twin(spec).net
    assume(net.connections)
    tie_at_random(net, seed)
    free, rng = free_twin(net), np.random.default_rng(seed)
    for _ in range(4):
        inputs, targets = rng.uniform(-1, 1, spec.inputs), rng.random(spec.outputs)
        outputs = [one.activate(inputs) for one in (net, free)]
        assert outputs[0] == pytest.approx(outputs[1], **EXACT)
        assume(np.abs([neuron.state for neuron in net]).max() < 100)
        assert_moves_add_up(net, free, lambda one, t=targets: one.propagate(0.1, t, "squared_error"))


@settings(max_examples=15)
@given(specs(squashes=SMOOTH, most=5), st.integers(0, 999))
def test_neuron_by_neuron(spec, seed):
    """Called by hand, each neuron moves at once what it shares."""
    net = Twin(spec).net
    assume(net.connections)
    tie_at_random(net, seed)
    free = free_twin(net)
    for _ in range(3):
        for one in (net, free):
            for j, neuron in enumerate(one):
                neuron.activate(0.5 - 0.3 * j if j < spec.inputs else None)
        assume(np.abs([neuron.state for neuron in net]).max() < 100)
        for j in reversed(range(len(net))):
            target = 0.3 if j >= len(net) - spec.outputs else None
            assert_moves_add_up(
                net, free, lambda one, j=j, t=target: one[j].propagate(0.1, t, "squared_error")
            )


def test_a_layer_makes_one_step():
    """Its neurons send their errors with the weights as they were before all of them."""
    inputs, hidden, outputs = Layer(2), Layer(3, "tanh"), Layer(4, "tanh")
    inputs.project(hidden, seed=0)
    synapse.tie(hidden.project(outputs, seed=1), groups=np.tile(np.arange(3), 4))
    net = Network(inputs, [hidden], outputs)
    synapse.tie(outputs)
    whole, free = net.clone(), free_twin(net)
    for one in (net, whole, free):
        one.activate([0.5, -0.3])
    targets = [0.1, 0.4, -0.2, 0.9]
    assert_moves_add_up(net, free, lambda one: one.output.propagate(0.5, targets, "squared_error"))
    net.hidden[0].propagate(0.5)
    whole.propagate(0.5, targets, "squared_error")
    assert numbers(net) == pytest.approx(numbers(whole), **EXACT)


def test_an_error_in_a_layer_leaves_nothing_held():
    layer = Layer(2)
    a = Neuron()
    synapse.tie(a.project(layer, weight=0.5))
    a.activate(1.0), layer.activate()
    with pytest.raises(ArgumentError):
        layer.propagate(-1.0)
    before = layer[0].incoming[0].weight
    layer[1].propagate(0.5, target=1.0)
    assert layer[0].incoming[0].weight == layer[1].incoming[0].weight > before


@pytest.mark.parametrize("sort", ["perceptron", "elman", "lstm", "gru"])
def test_an_epoch_is_its_steps(sort):
    """Weights from inputs, which may wait inside an epoch, are shared there too."""
    net = tie_at_random(built(sort), 3)
    inputs, targets = sequences(net, (5, 4), seed=1)
    twin = net.clone()
    Trainer(net, rate=0.2).train(inputs, targets, epochs=1, shuffle=False, progress=False)
    for rows, aims in zip(inputs, targets, strict=True):
        twin.clear()
        for row, aim in zip(rows, aims, strict=True):
            twin.activate(row)
            twin.propagate(0.2, aim)
    assert numbers(net) == pytest.approx(numbers(twin), **EXACT)
    assert [one.tolist() for one in groups_of(net)] == [one.tolist() for one in groups_of(twin)]


def test_the_rule_is_the_gradient_by_the_shared_weight():
    """Where the online rule is exact: against differences of the cost, one shared number at a time."""
    net = tie_at_random(perceptron(squash="tanh", output_squash="logistic"), 1)
    row, aim = np.array([0.3, -0.8, 0.5]), np.array([1.0, 0.0])
    before = numbers(net)
    net.activate(row)
    net.propagate(1.0, aim, "squared_error")
    moved = numbers(net) - before
    net.weights, net.biases = before[: len(net.weights)], before[len(net.weights) :]

    def cost():
        return 0.5 * ((net.activate(row) - aim) ** 2).sum()

    for i, one in enumerate([*net.connections, *net]):
        if isinstance(one, Neuron) and one in net.input._neurons:
            continue
        name = "bias" if isinstance(one, Neuron) else "weight"
        value, ends = getattr(one, name), []
        for width in (1e-5, -1e-5):
            setattr(one, name, value + width)
            ends.append(cost())
        setattr(one, name, value)
        assert moved[i] == pytest.approx((ends[1] - ends[0]) / 2e-5, abs=1e-9)


def test_single_precision():
    net = tie_at_random(built("lstm", dtype="float32"), 3)
    free = free_twin(net)
    for one in (net, free):
        one.activate([0.1, 0.5, -0.3])
    weights = net.weights.astype(float)
    for one in (net, free):
        one.propagate(0.1, [1.0, 0.0])
    moves = added_up(groups_of(net)[0], free.weights - weights)
    assert net.weights == pytest.approx(weights + moves, abs=1e-5)


def test_self_connections_and_gated_ones_are_tied():
    net = built("lstm")
    own = [cell.self_connection for cell in net["cells"]]
    synapse.tie(own)
    own[0].trainable = True
    assert all(link.trainable for link in own)
    free, (inputs, targets) = free_twin(net), sequences(net, (5,))
    for row, aim in zip(inputs[0], targets[0], strict=True):
        for one in (net, free):
            one.activate(row)
        assert_moves_add_up(net, free, lambda one, t=aim: one.propagate(0.2, t))
    assert own[0].weight == own[1].weight != 1.0
