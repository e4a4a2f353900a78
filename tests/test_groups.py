"""Groups: neurons that compete, of which the largest state wins."""

import numpy as np
import pytest

from synapse import Layer, Network, Neuron, Trainer, squash

INPUTS = np.random.default_rng(0).normal(size=(20, 4))


def maxout(pieces=3, units=5, seed=0, dtype=np.float64):
    """A network of maxout units: each sums a group of which one neuron speaks."""
    rng = np.random.default_rng(seed)
    source = Layer(4, "identity", dtype=dtype)
    groups = [Layer(pieces, "maxout", dtype=dtype) for _ in range(units)]
    output = Layer(2, "identity", dtype=dtype)
    for group in groups:
        source.project(group, initializer="normal", seed=rng)
        group.biases = rng.normal(size=pieces)
    unit = Layer(units, "identity", dtype=dtype)
    for group, neuron in zip(groups, unit, strict=True):
        group.project(neuron, weights=1.0, trainable=False)
    unit.trainable = False
    unit.project(output, initializer="normal", seed=rng)
    return Network(source, [*groups, unit], output), groups, unit


def weights(source, target):
    return np.array([[i.connected(j).weight for i in source] for j in target])


def test_maxout_units_say_the_largest_state_of_their_group():
    net, groups, unit = maxout()
    into = [weights(net.input, group) for group in groups]
    out = weights(unit, net.output)
    for row in INPUTS:
        largest = [(w @ row + group.biases).max() for w, group in zip(into, groups, strict=True)]
        assert net.activate(row) == pytest.approx(out @ largest, abs=1e-14)
        assert unit.activations == pytest.approx(largest, abs=1e-14)
        for group in groups:
            assert np.flatnonzero(group.activations).tolist() == [group.states.argmax()]


def test_groups_side_by_side_do_not_mix():
    source = Layer(1)
    groups = [Layer(3, "winner") for _ in range(3)]
    for i, group in enumerate(groups):
        source.project(group, weights=np.roll([[1.0, 2.0, 3.0]], i))
    net = Network(source, groups[:2], groups[2])
    net.activate([1.0])
    assert [group.activations.tolist() for group in groups] == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]


def test_alone_a_neuron_has_won():
    neuron = Neuron("winner", bias=-3.0)
    assert (neuron.activate(), Neuron("maxout", bias=-3.0).activate()) == (1.0, -3.0)
    assert (squash.winner(-3.0), squash.maxout(-3.0), squash.maxout.derivative(-3.0)) == (1.0, -3.0, 1.0)


def test_an_epoch_is_its_steps():
    one, other = maxout()[0], maxout()[0]
    targets = np.random.default_rng(1).normal(size=(20, 2))
    for row, target in zip(INPUTS, targets, strict=True):
        one.activate(row)
        one.propagate(0.01, target)
    Trainer(other, 0.01).train(INPUTS, targets, epochs=1, shuffle=False)
    assert other.weights == pytest.approx(one.weights, abs=1e-12)


def test_joining_networks_keeps_groups_apart():
    one, other = maxout(seed=1)[0], maxout(seed=2)[0]
    expected = other.clone().run(INPUTS)
    one.output.project(other.input, seed=0)
    assert other.run(INPUTS) == pytest.approx(expected, abs=1e-14)
