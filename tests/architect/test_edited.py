"""Networks of an architecture that have been edited: each method works, or refuses in one sentence."""

import copy

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Neuron, errors

from ..readwrite.test_architectures import NETWORKS

FIXED = {"Hopfield", "Kohonen", "Convolutional"}
"""Architectures with methods that need the neurons and connections they were built with."""


def middle(net):
    return net.layers[len(net.layers) // 2]


EDITS = {
    "an output more": lambda net: net.output.append(Neuron()),
    "an input more": lambda net: net.input.append(Neuron()),
    "a neuron more": lambda net: middle(net).append(Neuron()),
    "an output less": lambda net: net.remove(net.output[-1]),
    "an input less": lambda net: net.remove(net.input[-1]),
    "a neuron less": lambda net: net.remove(middle(net)[0]),
    "a connection less": lambda net: net.connections[0].source.disconnect(net.connections[0].target),
    "a layer more": lambda net: net.add(Layer(2)),
    "a gate": lambda net: net.output[0].gate(net.connections[0]),
    "a self-connection": lambda net: net.output[0].project(net.output[0]),
    "another squash": lambda net: setattr(net.output, "squash", "relu"),
    "a larger neighbour": lambda net: net.output[0].project(architect.Perceptron(20, 30, 20).input[0]),
}


def calls(net):
    """The properties and methods of its class alone, and some that all networks have."""
    inputs = np.linspace(-1, 1, 3 * len(net.input)).reshape(3, -1)
    pattern = np.where(np.arange(len(net.output)) % 2, 1, -1)
    own = {
        "learn": (pattern,),
        "recall": (pattern,),
        "energy": (pattern,),
        "winner": (inputs[0],),
        "train": (inputs,),
        "quantization_error": (inputs,),
        "topographic_error": (inputs,),
    }
    for name in sorted(set(dir(type(net))) - set(dir(synapse.Network))):
        if isinstance(getattr(type(net), name), property):
            yield lambda name=name: getattr(net, name)
        elif name in own:
            yield lambda name=name: getattr(net, name)(*own[name])
    for name in ("kernels", "codebook"):
        if hasattr(type(net), name):
            yield lambda name=name: setattr(net, name, getattr(net, name))
    yield lambda: (repr(net), net.run(inputs), [len(layer) for layer in net.layers], net.clear())
    yield lambda: (copy.deepcopy(net), synapse.gradient(net, inputs[None], np.zeros((1, 3, len(net.output)))))


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_every_method_works_or_refuses_and_changes_nothing(make, edit):
    net = make()
    try:
        edit(net)
    except errors.SynapseError:  # the edit itself is refused
        return
    for call in calls(net):
        before = net.weights, net.biases
        refused = None
        try:
            call()
        except errors.SynapseError as error:
            refused = str(error)
        if refused:
            assert refused.endswith(".")
            assert all(map(np.array_equal, (net.weights, net.biases), before))


@pytest.mark.parametrize("name", sorted(FIXED))
@pytest.mark.parametrize("where", ["input", "output"])
def test_one_sentence_says_what_to_do(name, where):
    net = NETWORKS[name]()
    getattr(net, where).append(Neuron())
    use = {
        "Hopfield": lambda: net.learn(np.ones(len(net.output))),
        "Kohonen": lambda: net.train(np.ones((3, len(net.input)))),
        "Convolutional": lambda: net.kernels,
    }[name]
    if (name, where) in {("Hopfield", "input"), ("Convolutional", "output")}:
        use()  # what it needs is still there
        return
    with pytest.raises(
        errors.TopologyError, match=f"This {name} must have the .* Build a new {name} of the size"
    ):
        use()


def test_what_an_edit_leaves_alone_goes_on():
    net = NETWORKS["Kohonen"]()
    samples = np.random.default_rng(0).uniform(-1, 1, (10, len(net.input)))
    twin = NETWORKS["Kohonen"]()
    net.project(architect.Perceptron(len(net.output), 40, 20))  # which absorbs its store
    assert net.train(samples, seed=0) == twin.train(samples, seed=0)
    assert (net.codebook == twin.codebook).all()


def test_a_hopfield_with_another_input_recalls():
    net = NETWORKS["Hopfield"]()
    pattern = np.where(np.arange(len(net.output)) % 2, 1, -1)
    net.learn(pattern)
    net.input.append(Neuron())
    assert (net.recall(pattern, seed=0) == pattern).all()
