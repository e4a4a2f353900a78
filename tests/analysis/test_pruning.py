"""What is left out, that every neuron stays reached, and what it costs."""

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
    number = {neuron: i for i, neuron in enumerate(net)}
    return {(number[c.source], number[c.target]): c.weight for c in net.connections}


def reached(net):
    number = {neuron: i for i, neuron in enumerate(net)}
    return {number[j] for i in net.input for j in (i, *nx.descendants(net.graph, i))}


def test_the_smallest_weights_go():
    net = perceptron(2, 4, 1)
    before = everything(net)
    pruned = prune(net, fraction=0.5, keep_reached=False)
    assert everything(net) == before
    weights = links(net)
    smallest = sorted(weights, key=lambda pair: abs(weights[pair]))[:6]
    assert sorted(map(tuple, pruned.removed.tolist())) == sorted(smallest)
    assert links(pruned.network) == {
        pair: w for pair, w in weights.items() if pair not in smallest
    }
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
    gone = set(map(tuple, pruned.removed.tolist()))
    assert links(pruned.network) == {
        pair: w for pair, w in links(net).items() if pair not in gone
    }


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
        assert pruned.loss_before == pytest.approx(
            mean_cost(net, ROWS, TARGETS), rel=1e-12
        )
        assert pruned.loss_after == pytest.approx(
            mean_cost(pruned.network, ROWS, TARGETS), rel=1e-12
        )
        assert pruned.loss_after != pruned.loss_before
        assert repr(pruned).endswith(
            f"loss {pruned.loss_before:.4g} -> {pruned.loss_after:.4g}>"
        )


def test_contribution_is_what_the_outputs_lose_to_first_order():
    """Of a linear network without hidden neurons first order is all: the connections
    rank by |w y|."""
    a = Layer(3)
    b = Layer(1, squash="identity")
    a.project(b, weights=[[1.0], [10.0], [0.2]])
    rows = np.array([[3.0, 0.1, -2.0], [-1.0, 0.2, 4.0]])
    net = Network(a, [], b)
    pruned_third = prune(
        net, rows, fraction=1 / 3, by="contribution", keep_reached=False
    )
    second = prune(net, rows, fraction=2 / 3, by="contribution", keep_reached=False)
    assert pruned_third.removed.tolist() == [[2, 3]]  # 0.6 against 1.5 and 2.0
    assert second.removed.tolist() == [[1, 3], [2, 3]]


def test_effects_on_several_outputs_do_not_cancel():
    a = Layer(2)
    b = Layer(2, "identity")
    c = Layer(2, "identity")
    (
        a.project(b, "one_to_one", weights=1.0),
        b.project(c, weights=[[1.0, -1.0], [0.1, 0.1]]),
    )
    pruned = prune(
        Network(a, [b], c), [[1.0, 1.0]], by="contribution", keep_reached=False
    )
    assert set(map(tuple, pruned.removed.tolist())) == {(1, 3), (3, 4), (3, 5)}


def test_bad_arguments_change_nothing():
    net = used(perceptron(2, 3, 1))
    linked = perceptron(2, 1)
    linked.project(perceptron(1, 1))
    before = everything(net)
    inputs = "Pass inputs="
    narrow = {"inputs": ROWS[:, :1], "by": "contribution"}
    wrong = [
        (ArgumentError, "from 0 to 1", {"fraction": 1.5}),
        (ArgumentError, inputs, {"by": "contribution"}),
        (ArgumentError, inputs, {"targets": TARGETS}),
        (ArgumentError, "2 inputs per step", narrow),
        (ArgumentError, "12", {"inputs": ROWS, "targets": TARGETS[:3]}),
    ]
    calls = [
        (lambda own=options: prune(net, **own), error, words)
        for error, words, options in wrong
    ]
    all_refused([*calls, (lambda: prune(linked), TopologyError, "outside")])
    assert everything(net) == before
