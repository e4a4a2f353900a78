"""In what two networks differ."""

import numpy as np
import pytest

from synapse import Layer, Network
from synapse.analysis import compare
from synapse.errors import ArgumentError
from tests.helpers.networks import perceptron, unchanged

ROWS = np.random.default_rng(0).uniform(-1, 1, (5, 2))


def test_numbers_that_differ():
    net = perceptron(2, 3, 1)
    other = net.clone()
    other.connections[-1].weight += 0.25
    other.hidden[0][1].bias -= 0.5
    with unchanged(net), unchanged(other):
        comparison = compare(net, other, ROWS)
    assert comparison.same_topology
    assert {k: v for k, v in comparison.weights.items() if v} == {
        (("hidden", 2), ("output", 0)): 0.25
    }
    assert {k: v for k, v in comparison.biases.items() if v} == {("hidden", 1): -0.5}
    assert np.array_equal(comparison.outputs, other.run(ROWS) - net.run(ROWS))


def test_topologies_that_differ():
    net = perceptron(2, 3, 1)
    other = net.clone()
    other.input[0].disconnect(other.hidden[0][0])
    other.hidden[0][0].project(other.hidden[0][0])
    other.hidden[0][1].squash = "tanh"
    other.hidden[0][0].gate(other.input[1].connection_to(other.hidden[0][2]))
    other.remove(other.hidden[0][1])  # the third is the second now
    comparison = compare(net, other)
    assert not comparison.same_topology
    assert (comparison.neurons, comparison.squashes) == (([("hidden", 2)], []), [])
    assert comparison.connections[1] == [(("hidden", 0), ("hidden", 0))]
    assert (("input", 0), ("hidden", 0)) in comparison.connections[0]
    assert comparison.gaters == [(("input", 1), ("hidden", 1))]
    assert comparison.outputs is None


def test_layers_of_one_name_are_counted_through():
    def net():
        layers = [Layer(2, name="a"), Layer(1, name="a"), Layer(1, name="b")]
        layers[0].project(layers[1], seed=0)
        layers[1].project(layers[2], seed=0)
        return Network(layers[0], [layers[1]], layers[2])

    comparison = compare(net(), net())
    assert comparison.same_topology
    assert list(comparison.biases) == [("a", 0), ("a", 1), ("a", 2), ("b", 0)]


def test_networks_of_other_sizes_have_no_outputs_to_compare():
    with pytest.raises(ArgumentError, match="got 1 and 2"):
        compare(perceptron(2, 1), perceptron(2, 2), ROWS)
