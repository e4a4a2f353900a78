"""One clock: all neurons but the inputs activate together, so that a step is one
synapse.

``test_rule.py`` compares the steps and the online rule with the reference,
``test_clamps.py`` gradients with differences."""

from functools import partial
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
import synapse
from synapse import Layer, Network
from synapse.errors import ArgumentTypeError, TopologyError
from tests.helpers.cases import all_refused


def chain(**options):
    layers = [Layer(1, "identity") for _ in range(4)]
    for layer, other in pairwise(layers):
        layer.project(other, weights=1.0)
    return Network(*layers, **options)


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


def test_what_steps_alone_or_is_no_clock_is_refused():
    net = chain(synchronous=True)
    write = partial(synapse.readwrite.synaptic_data, net)
    refused = {
        net.output[0].activate: (TopologyError, "activate together"),
        net.hidden[0].activate: (TopologyError, "activate together"),
        net.output[0].propagate: (TopologyError, "activate together"),
        write: (TopologyError, "one by one"),
        partial(chain, synchronous=1): (ArgumentTypeError, "synchronous"),
        partial(setattr, net, "synchronous", "yes"): (ArgumentTypeError, "synchronous"),
    }
    all_refused((call, *expected) for call, expected in refused.items())
    net.synchronous = False
    assert net.hidden[0].activate() is not None
