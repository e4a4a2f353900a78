"""Parameters that become trainable again begin without traces: weights and biases."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network


def gated_memory(tied=False):
    """Self-connected neurons, one of which gates the other, with a delay."""
    source, middle, gate, out = (Layer(n) for n in (2, 2, 2, 1))
    source.project(middle, seed=0)
    source.project(gate, delay=2, seed=1)
    middle.project(middle, "one_to_one", weights=0.9)
    gate.project(gate, "one_to_one", weights=0.8)
    onward = middle.project(out, seed=2)
    gate.gate(onward, "output")
    net = Network(source, [gate, middle], out)
    if tied:
        synapse.tie(middle)
    return net


NETWORKS = {
    "gated memory": gated_memory,
    "tied biases": lambda: gated_memory(tied=True),
    "LSTM": lambda: architect.LSTM(2, 2, 1, style="synaptic", seed=0),
}


def stepped(net):
    for row in ([1.0, 0.5], [0.3, -1.0], [0.2, 0.9], [0.4, 0.1]):
        net.activate(row)
        net.propagate(0.1, [1.0])
    return net


def by_parameter(net, value):
    for connection in net.connections:
        connection.trainable = value
    for neuron in net:
        neuron.trainable_bias = value


WAYS = {
    "whole": lambda net, value: net.unfreeze() if value else net.freeze(),
    "layers": lambda net, value: [
        layer.unfreeze() if value else layer.freeze() for layer in net.layers
    ],
    "one by one": by_parameter,
}
BETWEEN = {
    "nothing": lambda net: None,
    "reading": lambda net: [link.eligibility for link in net.connections],
    "a step": lambda net: net.activate([0.1, 0.2]),
}


def recorded(net, row):
    """All traces after one more step."""
    with synapse.record(net, "eligibility", "bias_eligibility", "extended") as log:
        net.activate(row)
        net.propagate(0.1, [0.5])
    return {name: log[name] for name in log.variables}


@pytest.mark.full
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("build", NETWORKS)
def test_what_becomes_trainable_begins_without_traces(build, way):
    """Whatever was done in between; the next step gives them what it alone brings."""
    change = WAYS[way]
    for between in BETWEEN.values():
        net = stepped(NETWORKS[build]())
        traced = [n for n in net if n.bias_eligibility not in (0.0, 1.0)]
        links = [link for n in traced for link in n.incoming if link.trainable]
        assert traced
        assert any(link.eligibility for link in links)
        biased = [n for n in traced if n.trainable_bias]
        change(net, False)
        between(net)
        change(net, True)
        assert [n.bias_eligibility for n in biased] == [0.0] * len(biased)
        assert [link.eligibility for link in links] == [0.0] * len(links)
        log = recorded(net, [0.7, 0.6])
        places = [net.index(n) if hasattr(net, "index") else n.index for n in biased]
        assert (log["bias_eligibility"][0, places] == 1.0).all()


def test_the_extended_traces_of_a_bias_begin_anew_as_those_of_weights():
    nets = [stepped(gated_memory()) for _ in range(2)]
    for net, between in zip(nets, (BETWEEN["nothing"], BETWEEN["reading"])):
        net.freeze()
        between(net)
        net.unfreeze()
    learned = []
    for net in nets:
        before = net.biases
        stepped(net)
        learned.append(net.biases - before)
    assert np.array_equal(*learned)
