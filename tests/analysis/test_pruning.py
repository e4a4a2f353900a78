"""What is left out, that every neuron stays reached, and what it costs."""

from functools import partial

import networkx as nx
import numpy as np
import pytest
from hypothesis import strategies as st

import architect
from synapse import Layer, Network, costs
from synapse.analysis import prune
from synapse.errors import ArgumentError, TopologyError
from tests.helpers.cases import all_refused
from tests.helpers.networks import everything, lstm, perceptron, used
from tests.helpers.strategies import Twin, given_graphs, specs

ROWS = np.random.default_rng(0).uniform(-1, 1, (12, 2))
TARGETS = np.random.default_rng(1).uniform(0, 1, (12, 1))


def links(net):
    at = {neuron: i for i, neuron in enumerate(net)}
    return {(at[c.source], at[c.target]): c.weight for c in net.connections}


def reached(net):
    number = {neuron: i for i, neuron in enumerate(net)}
    return {number[j] for i in net.input for j in (i, *nx.descendants(net.graph, i))}


def check_rest(pruned, net):
    """What has not been removed is there, with its weight."""
    rest = links(net)
    for pair in pruned.removed.tolist():
        del rest[tuple(pair)]
    assert links(pruned.network) == rest


def test_the_smallest_weights_go():
    net = perceptron(2, 4, 1)
    before = everything(net)
    pruned = prune(net, fraction=0.5, keep_reached=False)
    assert everything(net) == before
    weights = links(net)
    smallest = sorted(weights, key=lambda pair: abs(weights[pair]))[:6]
    assert sorted(map(tuple, pruned.removed.tolist())) == sorted(smallest)
    check_rest(pruned, net)
    assert (pruned.spared, pruned.loss_before, pruned.loss_after) == (0, None, None)


@given_graphs(
    specs(),
    st.sampled_from([0.0, 0.4, 0.8, 1.0]),
    st.sampled_from(["magnitude", "contribution"]),
)
def test_no_neuron_is_left_unreached(spec, share, by):
    net = Twin(spec).net
    rows = np.random.default_rng(0).uniform(-1, 1, (3, len(net.input)))
    pruned = prune(net, rows, fraction=share, by=by)
    assert reached(pruned.network) == reached(net)
    free = [c for c in net.connections if c.trainable and c.source is not c.target]
    assert len(pruned.removed) + pruned.spared == round(share * len(free))
    check_rest(pruned, net)


def test_what_is_not_trained_stays():
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    pruned = prune(net, fraction=1.0, keep_reached=False)
    assert all(c.source is c.target for c in pruned.network.connections)
    assert len(pruned.network.connections) == 3
    net = perceptron(2, 1)
    net.weights = [0.1, 5.0]
    net.connections[0].trainable = False
    # the other one, which stays, reaches the output
    assert prune(net, fraction=1.0).removed.tolist() == [[1, 2]]


def mean_cost(net, rows, targets):
    net.clear()
    return np.mean(
        [costs.cross_entropy(t, y) for t, y in zip(targets, net.run(rows), strict=True)]
    )


def test_losses():
    for net in (perceptron(2, 4, 1), used(lstm(2, 3, 1))):
        pruned = prune(net, fraction=0.5, inputs=ROWS, targets=TARGETS)
        losses = pruned.loss_before, pruned.loss_after
        expected = [mean_cost(each, ROWS, TARGETS) for each in (net, pruned.network)]
        assert losses == pytest.approx(expected, rel=1e-12)
        assert losses[0] != losses[1]
        assert repr(pruned).endswith("loss {:.4g} -> {:.4g}>".format(*losses))


def test_contribution_is_what_the_outputs_lose_to_first_order():
    """Of a linear network without hidden neurons first order is all: the connections
    rank by |w y|."""
    net = Network(Layer(3), [], Layer(1, squash="identity"))
    net.input.project(net.output, weights=[[1.0], [10.0], [0.2]])
    rows = np.array([[3.0, 0.1, -2.0], [-1.0, 0.2, 4.0]])
    removed = [
        prune(
            net, rows, fraction=share, by="contribution", keep_reached=False
        ).removed.tolist()
        for share in (1 / 3, 2 / 3)
    ]
    assert removed == [[[2, 3]], [[1, 3], [2, 3]]]  # 0.6 against 1.5 and 2.0


def test_effects_on_several_outputs_do_not_cancel():
    a, b, c = Layer(2), Layer(2, "identity"), Layer(2, "identity")
    a.project(b, "one_to_one", weights=1.0)
    b.project(c, weights=[[1.0, -1.0], [0.1, 0.1]])
    pruned = prune(
        Network(a, [b], c), [[1.0, 1.0]], by="contribution", keep_reached=False
    )
    assert set(map(tuple, pruned.removed.tolist())) == {(1, 3), (3, 4), (3, 5)}


def test_bad_arguments_change_nothing():
    net = used(perceptron(2, 3, 1))
    linked = perceptron(2, 1)
    linked.project(perceptron(1, 1))
    before = everything(net)
    narrow = {"inputs": ROWS[:, :1], "by": "contribution"}
    wrong = [
        ("from 0 to 1", {"fraction": 1.5}),
        ("Pass inputs=", {"by": "contribution"}),
        ("Pass inputs=", {"targets": TARGETS}),
        ("2 inputs per step", narrow),
        ("12", {"inputs": ROWS, "targets": TARGETS[:3]}),
    ]
    calls = [
        (partial(prune, net, **options), ArgumentError, words)
        for words, options in wrong
    ]
    all_refused([*calls, (lambda: prune(linked), TopologyError, "outside")])
    assert everything(net) == before
