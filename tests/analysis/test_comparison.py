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
    assert comparison.neurons == ([("hidden", 2)], [])
    assert comparison.squashes == []
    assert comparison.connections[1] == [(("hidden", 0), ("hidden", 0))]
    assert (("input", 0), ("hidden", 0)) in comparison.connections[0]
    assert comparison.gaters == [(("input", 1), ("hidden", 1))]
    assert comparison.outputs is None


def test_each_difference_alone_makes_another_topology():
    def differing(edit):
        net = perceptron(2, 3, 1)
        other = net.clone()
        edit(other)
        comparison = compare(net, other)
        assert not comparison.same_topology
        return (
            comparison.squashes,
            comparison.gaters,
            comparison.connections,
            comparison.neurons,
        )

    direct = (("input", 0), ("output", 0))
    none = ([], [])
    last = [(("hidden", 2), ("output", 0))]
    squash = differing(lambda net: setattr(net.output[0], "squash", "tanh"))
    assert squash == ([("output", 0)], [], none, none)
    assert differing(lambda net: net.input[0].gate(net.connections[-1])) == (
        [],
        last,
        none,
        none,
    )
    assert differing(lambda net: net.input[0].project(net.output[0])) == (
        [],
        [],
        ([], [direct]),
        none,
    )


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


def delaying(*delays):
    a, b = Layer(2, name="a"), Layer(1, "identity", name="b")
    for i, delay in enumerate(delays):
        a[i].project(b[0], weight=0.5, delay=delay)
    return Network(a, b)


def test_delays_are_compared():
    net, other = delaying(1), delaying(1, 4)
    other.weights = 0.75 * other.weights
    comparison = compare(net, other)
    assert comparison.neurons == ([], [])
    assert comparison.connections == ([], [(("a delayed 4", 1), ("b", 0))])
    assert comparison.weights == {(("a delayed 1", 0), ("b", 0)): -0.125}
    assert comparison.biases.keys() == {("a", 0), ("a", 1), ("b", 0)}
    assert not compare(delaying(2), delaying(3)).same_topology
    assert compare(net, delaying(1)).same_topology
