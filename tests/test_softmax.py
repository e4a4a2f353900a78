"""Softmax outputs: a group of neurons normalised together."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Neuron, cost, squash
from synapse.errors import ArgumentError, TopologyError


def net(seed=0, **options):
    return architect.Perceptron(4, 5, 3, output_squash="softmax", seed=seed, **options)


INPUTS = np.random.default_rng(1).normal(size=(6, 4))


def test_neurons_one_by_one_give_the_same_outputs():
    one, other = net(), net()
    for row in INPUTS:
        expected = one.activate(row)
        other.input.activate(row)
        for layer in other.layers[1:]:
            layer.activate()
        assert other.output.activations == pytest.approx(expected, abs=1e-15)


def test_the_cost_is_categorical_cross_entropy_unless_told():
    one = net()
    outputs = one.activate(INPUTS[0])
    value = one.propagate(0.0, [1.0, 0.0, 0.0])
    assert value == pytest.approx(-np.log(outputs[0]))
    assert one.propagate(0.0, [1.0, 0.0, 0.0], "cross_entropy") == value
    assert [n.error.responsibility for n in one.output] == pytest.approx([1.0, 0.0, 0.0] - outputs)


def test_other_costs_are_refused():
    with pytest.raises(ArgumentError, match="categorical_cross_entropy"):
        synapse.Trainer(net(), cost="squared_error")
    with pytest.raises(ArgumentError, match="needs softmax"):
        synapse.Trainer(architect.Perceptron(2, 1), cost=cost.categorical_cross_entropy)
    with pytest.raises(ArgumentError, match="needs logistic"):
        synapse.Trainer(architect.Perceptron(2, 1, output_squash="tanh"), cost="cross_entropy")


def test_it_is_for_outputs_only():
    with pytest.raises(TopologyError, match="not an output"):
        architect.Perceptron(2, 3, 1, squash="softmax")
    one = net()
    with pytest.raises(TopologyError, match="not an output"):
        one.hidden[0].squash = "softmax"
    with pytest.raises(TopologyError, match="not an output"):
        one.add(Neuron("softmax"))
    assert one.hidden[0].squash is squash.logistic
