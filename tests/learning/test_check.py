"""``check_gradient``: finite differences of the loss against the gradient."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, check_gradient
from synapse.errors import ArgumentError
from synapse.learning import _check as module
from tests.helpers.strategies import SMOOTH, Twin, given_graphs, specs

from .helpers import sequences


def constrained():
    """A recurrent network with tied, frozen and signed parameters, a group, a gate and
    a delay."""
    x = Layer(2)
    h = Layer(3, "maxout")
    y = Layer(2, "softmax")
    inward = x.project(h, seed=0, sign=1)
    h.project(h, "all_to_else", seed=1)
    h.project(y, seed=2, delay=2)
    net = Network(x, [h], y)
    synapse.tie([inward[0], inward[1]])
    inward[3].trainable = False
    return net


def everything(net):
    """All numbers of a network, as a file would have them."""
    saved = synapse.readwrite.json_data(net)
    return saved, net.clone().run(np.ones((3, len(net.input)))).tolist()


@given_graphs(specs(squashes=SMOOTH, logistic_outputs=True))
def test_gradients_of_any_graph(spec):
    net = Twin(spec).net
    inputs, targets = sequences(net, (4, 2), spec.seed)
    net.run(inputs[0])
    for options in (
        {},
        {"window": 2},
        {"keep_context": True},
        {"window": 3, "keep_context": True},
    ):
        check = check_gradient(net, inputs, targets, "squared_error", **options)
        assert check.largest < 1e-6, (options, check)
        assert not check.kinks


def test_a_wrong_entry_is_found_and_named(monkeypatch):
    net = architect.Elman(2, 3, 1, seed=0)
    inputs, targets = sequences(net, (4,), 0)
    exact = synapse.gradient(net, inputs, targets)
    place = next(
        i for i, link in enumerate(net.connections) if link.source is net.input[1]
    )
    calls = []

    def spoilt(*arguments, **options):
        gradients = synapse.gradient(*arguments, **options)
        if not calls:
            gradients.weights[place] += 0.25
        calls.append(1)
        return gradients

    monkeypatch.setattr(module, "gradient", spoilt)
    gradients = check_gradient(net, inputs, targets)
    link = net.connections[place]
    assert gradients.largest == pytest.approx(0.25)
    assert gradients.parameter == f"weight of {link.source.name} -> {link.target.name}"
    assert gradients.relative_error > 0.25 / np.linalg.norm(exact.weights) / 2


def test_kinks_are_listed():
    net = architect.Perceptron(1, 1, 1, squash="relu", output_squash="identity", seed=0)
    net.hidden[0][0].bias = 0.0
    # the state of the hidden neuron is 0, where relu has a kink
    check = check_gradient(net, [[0.0]], [[1.0]])
    assert check.kinks == ("bias of hidden 0",)
    assert check.largest < 1e-9


def test_what_has_no_differences_is_refused():
    data = [[0.0, 1.0]], [[1.0]]
    with pytest.raises(ArgumentError, match="float64"):
        check_gradient(architect.Elman(2, 2, 1, seed=0, dtype=np.float32), *data)
    with pytest.raises(ArgumentError, match="It counts"):
        check_gradient(architect.Elman(2, 2, 1, seed=0), *data, "binary_misses")
    net = architect.Perceptron(2, 2, 1, squash="bernoulli", seed=0)
    with pytest.raises(ArgumentError, match="deterministic = True"):
        check_gradient(net, *data)
    net.deterministic = True
    before = everything(net)
    assert check_gradient(net, *data).largest < 1e-8
    assert everything(net) == before
