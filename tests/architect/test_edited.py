"""Networks of an architecture that have been edited: each method works, or refuses in
one sentence."""

import copy
from functools import partial

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Neuron, errors
from tests.helpers.cases import Cases

from ..readwrite.test_architectures import NETWORKS


def middle(net):
    return net.layers[len(net.layers) // 2]


EDITS = {
    "an output more": lambda net: net.output.append(Neuron()),
    "an input more": lambda net: net.input.append(Neuron()),
    "a neuron more": lambda net: middle(net).append(Neuron()),
    "an output less": lambda net: net.remove(net.output[-1]),
    "an input less": lambda net: net.remove(net.input[-1]),
    "a neuron less": lambda net: net.remove(middle(net)[0]),
    "a connection less": lambda net: net.connections[0].source.disconnect(
        net.connections[0].target
    ),
    "a layer more": lambda net: net.add(Layer(2)),
    "a gate": lambda net: net.output[0].gate(net.connections[0]),
    "a self-connection": lambda net: net.output[0].project(net.output[0]),
    "another squash": lambda net: setattr(net.output, "squash", "relu"),
    "a larger neighbour": lambda net: net.output[0].project(
        architect.Perceptron(20, 30, 20).input[0]
    ),
}


def calls(net):
    """The properties and methods of its class alone, and some that all networks
    have."""
    inputs = np.linspace(-1, 1, 3 * len(net.input)).reshape(3, -1)
    pattern = np.where(np.arange(len(net.output)) % 2, 1, -1)
    for name in sorted(set(dir(type(net))) - set(dir(synapse.Network))):
        if isinstance(getattr(type(net), name), property):
            yield partial(getattr, net, name)
        elif name in ("learn", "recall", "energy"):
            yield lambda name=name: getattr(net, name)(pattern)
    if hasattr(type(net), "kernels"):
        yield lambda: setattr(net, "kernels", net.kernels)
    yield lambda: (
        repr(net),
        net.run(inputs),
        [len(layer) for layer in net.layers],
        net.clear(),
    )
    yield lambda: (
        copy.deepcopy(net),
        synapse.gradient(net, inputs[None], np.zeros((1, 3, len(net.output)))),
    )


@pytest.mark.full
@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_every_method_works_or_refuses_and_changes_nothing(make):
    with Cases() as case:
        for name, edit in EDITS.items():
            net = make()
            try:
                edit(net)
            except errors.SynapseError:  # the edit itself is refused
                continue
            for number, call in enumerate(calls(net)):
                before = (net.weights, net.biases)
                refused = ""
                with case(name, number):
                    try:
                        call()
                    except errors.SynapseError as error:
                        refused = str(error)
                    if refused:
                        assert refused.endswith(".")
                        assert all(
                            map(np.array_equal, (net.weights, net.biases), before)
                        )


def test_a_connection_that_is_made_again_later_is_not_taken_for_the_first():
    net = NETWORKS["Hopfield"]()
    source = net.connections[-1].source
    target = net.connections[-1].target
    source.disconnect(target)
    net.input[0].project(net.output[1])
    source.project(target)
    with pytest.raises(
        errors.TopologyError, match="This Hopfield must have the .* have changed since"
    ):
        _ = net.couplings
