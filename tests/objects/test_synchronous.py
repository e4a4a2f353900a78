"""One clock: all neurons but the inputs activate together, so that a step is one
synapse.

``test_rule.py`` compares the steps and the online rule with the reference,
``test_clamps.py`` gradients with differences."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
import synapse
from synapse import Layer, Network, Neuron
from synapse.analysis import late_connections
from synapse.errors import ArgumentTypeError, TopologyError
from synapse.learning import fit_readout


def chain(**options):
    layers = [Layer(1, "identity") for _ in range(4)]
    for layer, other in pairwise(layers):
        layer.project(other, weights=1.0)
    return Network(*layers, **options)


def test_a_step_is_one_synapse():
    rows = [[1.0], [2.0], [3.0], [4.0]]
    assert chain().run(rows).ravel().tolist() == [1, 2, 3, 4]
    net = chain(synchronous=True)
    assert net.run(rows).ravel().tolist() == [0, 0, 1, 2]
    assert [len(late_connections(n).connections) for n in (net, chain())] == [2, 0]
    assert "synchronous" in repr(net)
    net.synchronous = False
    net.clear()
    assert net.run(rows).ravel().tolist() == [1, 2, 3, 4]


@given(st.integers(0, 999), st.randoms(use_true_random=False))
def test_the_order_of_layers_does_not_matter(seed, random):
    net = architect.Random(
        2, 8, 2, gates=4, backward=6, self_connections=2, seed=seed, synchronous=True
    )
    graph = synapse.to_networkx(net)
    hidden = list(range(2, 10))
    random.shuffle(hidden)
    layers = {
        0: 0,
        1: 0,
        10: 9,
        11: 9,
        **{j: 1 + place for place, j in enumerate(hidden)},
    }
    nx.set_node_attributes(graph, layers, "subset")
    other = synapse.from_networkx(graph)
    rows = np.random.default_rng(seed).normal(size=(6, 2))
    assert other.run(rows) == pytest.approx(net.run(rows), abs=1e-12)


def test_new_neurons_have_the_clock_of_their_network():
    net = chain(synchronous=True)
    middle = Neuron("identity")
    net.input[0].project(middle, weight=0.0)
    middle.project(net.output[0], weight=1.0)
    net.add(middle)
    middle.bias = 1.0
    assert net.run([[0.0]] * 2).ravel().tolist() == [0, 1]
    other = chain()
    neurons = [list(layer) for layer in net.layers]
    del net
    again = Network(*map(Layer, neurons))  # neurons of a network that is gone
    assert not again.synchronous
    other.project(again)
    assert again.output[0].activate() is not None


def test_a_readout_reads_what_the_outputs_read():
    net = architect.Liquid(2, 12, 1, seed=0, synchronous=True)
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(3, 40, 2))
    targets = rng.normal(size=(3, 40, 1))
    result = fit_readout(net, rows, targets, ridge=1e-9)
    after = net.output[0].activation
    outputs = np.array(net.run(rows))
    assert np.mean((outputs - targets) ** 2) == pytest.approx(result.loss, rel=1e-9)
    assert after == pytest.approx(outputs[-1, -1, 0], rel=1e-12)  # side by side


def test_what_steps_alone_or_is_no_clock_is_refused():
    net = chain(synchronous=True)
    for call in (
        net.output[0].activate,
        net.hidden[0].activate,
        net.output[0].propagate,
    ):
        with pytest.raises(TopologyError, match="activate together"):
            call()
    with pytest.raises(TopologyError, match="one by one"):
        synapse.readwrite.synaptic_data(net)
    for call in (
        lambda: chain(synchronous=1),
        lambda: setattr(net, "synchronous", "yes"),
    ):
        with pytest.raises(ArgumentTypeError, match="synchronous"):
            call()
    net.synchronous = False
    assert net.hidden[0].activate() is not None
