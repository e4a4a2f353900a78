"""Scales inside a network: it learns as the architecture alone would, and speaks the table's units."""

import numpy as np
import pytest

import architect
from synapse import Trainer
from synapse.cli.scaling import MODELS, Scale, Scaled

RNG = np.random.default_rng(0)
X = RNG.normal([100.0, -3.0], [20.0, 0.01], (40, 2))
Y = np.column_stack([5e3 + X.sum(axis=1), X[:, 0] * 1e-3])

ALONE = {
    "perceptron": lambda **o: architect.Perceptron(2, 4, 3, 2, squash="tanh", **o),
    "elman": lambda **o: architect.Elman(2, 4, 3, 2, squash="tanh", **o),
    "lstm": lambda **o: architect.LSTM(2, 4, 3, 2, cell_squash="tanh", **o, style="synaptic"),
    "gru": lambda **o: architect.GRU(2, 4, 3, 2, **o),
}


def standard(rows):
    return (rows - rows.mean(axis=0)) / rows.std(axis=0)


@pytest.mark.parametrize("model", MODELS)
def test_learning_is_that_of_the_architecture_alone_and_answers_are_in_units(model):
    alone = ALONE[model](output_squash="identity", initializer="glorot", seed=1)
    scaled = Scaled(model, [4, 3], ["a", "b"], ["c", "d"], None, 1)
    for network in (alone, scaled.network):
        Trainer(network, 0.01).train(standard(X), standard(Y), epochs=3, progress=False, seed=0)
    alone.clear()
    scaled.set(Scale.of(X), Scale.of(Y))
    expected = Y.mean(axis=0) + Y.std(axis=0) * alone.run(standard(X))
    np.testing.assert_allclose(scaled.network.run(X), expected, rtol=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_classes_are_not_scaled(model):
    alone = ALONE[model](output_squash="softmax", initializer="glorot", seed=1)
    scaled = Scaled(model, [4, 3], ["a", "b"], ["no", "yes"], "kind", 1)
    targets = np.eye(2)[RNG.integers(0, 2, len(X))]
    for network in (alone, scaled.network):
        Trainer(network, 0.01).train(standard(X), targets, epochs=3, progress=False, seed=0)
    alone.clear()
    scaled.set(Scale.of(X), None)
    np.testing.assert_allclose(scaled.network.run(X), alone.run(standard(X)), rtol=1e-9)
    assert [neuron.name for neuron in scaled.network.output] == ["no", "yes"]
    assert scaled.network.output.name == "kind"


def test_learning_goes_on_and_leaves_the_scales_alone():
    scaled = Scaled("perceptron", [4], ["a", "b"], ["c", "d"], None, 1)
    scaled.set(Scale.of(X), Scale.of(Y))
    network = scaled.network

    def scales():
        return [neuron.bias for name in ("scaled", "output") for neuron in network[name]] + [
            c.weight for c in network.connections if not c.trainable
        ]

    before = scales()
    assert len(before) == 2 + 2 + 2 + 2
    Trainer(network, 1e-9).train(X, Y, epochs=1, progress=False, seed=0)
    assert scales() == before


def test_a_constant_column_is_moved_to_0_and_not_divided():
    scale = Scale.of(np.full((3, 1), 0.1))  # whose std() is not quite 0
    assert scale.deviation.tolist() == [1.0]
    np.testing.assert_allclose(scale.standard(np.array([[0.1], [1.1]])), [[0.0], [1.0]], atol=1e-12)
