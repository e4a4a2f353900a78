"""In what two networks differ."""

import numpy as np
import pytest

import architect
from synapse import Layer, Network
from synapse.analysis import compare
from synapse.errors import ArgumentError, KindError

from ..networks import lstm, perceptron, unchanged, used

ROWS = np.random.default_rng(0).uniform(-1, 1, (5, 2))


def test_a_clone_does_not_differ():
    net = used(lstm(2, 3, 1))
    found = compare(net, net.clone(), ROWS)
    assert found.same_topology
    assert not any(found.weights.values())
    assert not any(found.biases.values())
    assert not found.outputs.any()
    assert repr(found) == "<Comparison: same topology, weights differ by up to 0>"


def test_numbers_that_differ():
    net = perceptron(2, 3, 1)
    other = net.clone()
    other.connections[-1].weight += 0.25
    other.hidden[0][1].bias -= 0.5
    with unchanged(net), unchanged(other):
        found = compare(net, other, ROWS)
    assert found.same_topology
    assert {k: v for k, v in found.weights.items() if v} == {(("hidden", 2), ("output", 0)): 0.25}
    assert {k: v for k, v in found.biases.items() if v} == {("hidden", 1): -0.5}
    assert np.array_equal(found.outputs, other.run(ROWS) - net.run(ROWS))


def test_topologies_that_differ():
    net = perceptron(2, 3, 1)
    other = net.clone()
    other.input[0].disconnect(other.hidden[0][0])
    other.hidden[0][0].project(other.hidden[0][0])
    other.hidden[0][1].squash = "tanh"
    other.hidden[0][2].gate(other.input[1].connected(other.hidden[0][0]))
    other.remove(other.hidden[0][1])  # the third is the second now
    found = compare(net, other)
    assert not found.same_topology
    assert found.neurons == ([("hidden", 2)], [])
    assert found.squashes == []
    assert found.connections[1] == [(("hidden", 0), ("hidden", 0))]
    assert (("input", 0), ("hidden", 0)) in found.connections[0]
    assert found.gaters == [(("input", 1), ("hidden", 0))]
    assert found.outputs is None


@pytest.mark.parametrize("edit", ["squash", "gater", "connection"])
def test_each_difference_alone_makes_another_topology(edit):
    net = perceptron(2, 3, 1)
    other = net.clone()
    if edit == "squash":
        other.output[0].squash = "tanh"
    elif edit == "gater":
        other.input[0].gate(other.connections[-1])
    else:
        other.input[0].project(other.output[0])
    found = compare(net, other)
    assert not found.same_topology
    assert found.squashes == ([("output", 0)] if edit == "squash" else [])
    assert len(found.gaters) == (edit == "gater")
    assert found.connections == ([], [(("input", 0), ("output", 0))] if edit == "connection" else [])


def test_layers_of_one_name_are_counted_through():
    def net():
        layers = [Layer(2, name="a"), Layer(1, name="a"), Layer(1, name="b")]
        layers[0].project(layers[1], seed=0)
        layers[1].project(layers[2], seed=0)
        return Network(layers[0], [layers[1]], layers[2])

    found = compare(net(), net())
    assert found.same_topology
    assert list(found.biases) == [("a", 0), ("a", 1), ("a", 2), ("b", 0)]


def test_different_architectures():
    found = compare(architect.LSTM(2, 3, 1, style="synaptic", seed=0), architect.Elman(2, 3, 1, seed=0), ROWS)
    assert found.outputs.shape == (5, 1)
    assert ("cells", 0) in found.neurons[0]
    assert ("context", 0) in found.neurons[1]


def test_bad_arguments():
    with pytest.raises(KindError, match="(to be|Expected) a Network"):
        compare(perceptron(2, 1), Layer(2))
    with pytest.raises(ArgumentError, match="got 1 and 2"):
        compare(perceptron(2, 1), perceptron(2, 2), ROWS)
    with pytest.raises(ArgumentError):
        compare(perceptron(2, 1), perceptron(3, 1), ROWS)
