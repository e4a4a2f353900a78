"""Softmax outputs: a group of neurons normalised together."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Neuron, costs, squashes
from synapse.errors import ArgumentError, TopologyError
from synapse.learning import compare_gradients
from tests.helpers.groups import Walk


def net(seed=0, **options):
    return architect.Perceptron(4, 5, 3, output_squash="softmax", seed=seed, **options)


INPUTS = np.random.default_rng(1).normal(size=(6, 4))


def test_neurons_one_by_one_give_the_same_outputs():
    net_by_layers = net()
    other = net()
    for row in INPUTS:
        expected = net_by_layers.activate(row)
        other.input.activate(row)
        for layer in other.layers[1:]:
            layer.activate()
        assert other.output.activations == pytest.approx(expected, abs=1e-15)


def test_other_costs_are_refused():
    with pytest.raises(ArgumentError, match="categorical_cross_entropy"):
        synapse.Trainer(net(), cost="squared_error")
    with pytest.raises(ArgumentError, match="needs softmax"):
        synapse.Trainer(
            architect.Perceptron(2, 1), cost=costs.categorical_cross_entropy
        )
    with pytest.raises(ArgumentError, match="needs logistic"):
        synapse.Trainer(
            architect.Perceptron(2, 1, output_squash="tanh"), cost="cross_entropy"
        )


def test_it_is_for_outputs_only():
    with pytest.raises(TopologyError, match="not an output"):
        architect.Perceptron(2, 3, 1, squash="softmax")
    network = net()
    with pytest.raises(TopologyError, match="not an output"):
        network.hidden[0].squash = "softmax"
    with pytest.raises(TopologyError, match="not an output"):
        network.add(Neuron("softmax"))
    assert network.hidden[0].squash is squashes.logistic


# --- costs of different weights: every output's error depends on the targets of all
# ----------------


def weighed(*factors, dtype="float64"):
    network = architect.Jordan(
        2, 3, len(factors), output_squash="softmax", seed=3, dtype=dtype
    )
    network.output.cost_weights = factors
    return network


def soft_targets(outputs, lengths=(5, 3, 6), off=0.0):
    """Targets that add up to 1, or nearly; some steps have none."""
    rng = np.random.default_rng(5)
    inputs = [rng.normal(size=(length, 2)) for length in lengths]
    targets = [rng.dirichlet(np.ones(outputs), length) + off for length in lengths]
    targets[1][1] = np.nan
    return inputs, targets


def test_the_gradient_is_that_of_the_loss_that_is_reported():
    source = Layer(1)
    output = Layer(2, "softmax")
    source.project(output, weights=[[1.0, -1.0]])
    network = Network(source, [], output)
    output.cost_weights = [1.0, 3.0]
    gradients = synapse.gradient(network, [[1.0]], [[1.0, 0.0]])
    assert gradients.weights == pytest.approx([-0.11920292, 0.11920292])
    for factors in ((1.0, 3.0), (0.0, 2.0, 0.5), (2.0, 2.0)):
        for off in (0.0, 3e-7):
            network = weighed(*factors)
            data = soft_targets(len(factors), off=off)
            loss, slopes = Walk(network).gradient(*data)
            gradients = synapse.gradient(network, *data)
            assert gradients.loss == pytest.approx(loss, abs=1e-13)
            assert np.append(gradients.weights, gradients.biases) == pytest.approx(
                slopes, abs=1e-13
            )


def test_every_rule_has_these_errors():
    network = weighed(1.0, 3.0, 0.2)
    data = soft_targets(3)
    _, slopes = Walk(network).gradient(*data)
    comparison = compare_gradients(network, *data, rule="rtrl")
    assert np.append(
        comparison.weights["rule"], comparison.biases["rule"]
    ) == pytest.approx(slopes, abs=1e-12)
    plain = net()
    plain.output.cost_weights = [1.0, 3.0, 0.2]
    target = [0.2, 0.5, 0.3]
    expected = synapse.gradient(plain, INPUTS[:1], [target])
    before = plain.clone()
    plain.activate(INPUTS[0])
    assert plain.propagate(1.0, target) == pytest.approx(expected.loss)
    assert before.weights - plain.weights == pytest.approx(expected.weights, abs=1e-12)
    # Layer by layer.
    before.input.activate(INPUTS[0])
    for layer in before.layers[1:]:
        layer.activate()
    before.output.propagate(1.0, target)
    before.hidden[0].propagate(1.0)
    assert before.weights == pytest.approx(plain.weights, abs=1e-12)


def test_samples_and_costs_can_both_be_weighed():
    network = net()
    network.output.cost_weights = [1.0, 3.0, 0.2]
    targets = np.random.default_rng(1).dirichlet(np.ones(3), 6)
    factors = np.array([1.0, 0.0, 2.0, 0.5, 1.0, 3.0])
    parts = [
        synapse.gradient(network, [row], [aim]).weights
        for row, aim in zip(INPUTS, targets, strict=True)
    ]
    before = network.weights
    trainer = synapse.Trainer(network, 1.0, rule="bptt", batch_size=6)
    trainer.train(INPUTS, targets, epochs=1, sample_weight=factors, progress=False)
    assert before - network.weights == pytest.approx(
        factors @ np.array(parts) / 6, abs=1e-12
    )


def test_one_output_of_unequal_costs_has_no_error_by_itself():
    network = net()
    network.activate(INPUTS[0])
    network.output[0].propagate(0.0, 1.0)
    network.output.cost_weights = [1.0, 3.0, 1.0]
    with pytest.raises(
        ArgumentError, match="depends on the targets of all softmax outputs"
    ):
        network.output[0].propagate(0.0, 1.0)


def test_a_step_has_targets_for_all_or_for_none():
    network = net()
    for targets in ([np.nan, 0.5, 0.5], [np.nan, 0.0, 0.0]):
        with pytest.raises(
            ArgumentError, match="or for none of them, got NaN for some"
        ):
            synapse.gradient(network, [INPUTS[0]], [targets])
        network.activate(INPUTS[0])
        with pytest.raises(
            ArgumentError, match="or for none of them, got NaN for some"
        ):
            network.propagate(0.1, targets)
        with pytest.raises(
            ArgumentError, match="or for none of them, got NaN for some"
        ):
            network.output.propagate(0.1, targets)
    with pytest.raises(ArgumentError, match="add up to 1"):
        synapse.gradient(network, [INPUTS[0]], [[0.5, 0.4, 0.0]])
