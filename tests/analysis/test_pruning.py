"""What is left out, that every neuron stays reached, and what it costs."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
from synapse import Layer, Network, Trainer, cost
from synapse.analysis import prune
from synapse.errors import ArgumentError, KindError, TopologyError

from ..networks import everything, lstm, perceptron, used
from ..strategies import Twin, specs

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
    found = prune(net, 0.5, keep_reached=False)
    assert everything(net) == before
    weights = links(net)
    smallest = sorted(weights, key=lambda pair: abs(weights[pair]))[:6]
    assert sorted(map(tuple, found.removed.tolist())) == sorted(smallest)
    assert links(found.network) == {pair: w for pair, w in weights.items() if pair not in smallest}
    assert (found.spared, found.loss_before, found.loss_after) == (0, None, None)


@given(specs(), st.sampled_from([0.0, 0.4, 0.8, 1.0]), st.sampled_from(["magnitude", "contribution"]))
def test_no_neuron_is_left_unreached(spec, share, by):
    net = Twin(spec).net
    rows = np.random.default_rng(0).uniform(-1, 1, (3, len(net.input)))
    found = prune(net, share, by, inputs=rows)
    assert reached(found.network) == reached(net)
    free = [c for c in net.connections if c.trainable and c.source is not c.target]
    assert len(found.removed) + found.spared == round(share * len(free))
    gone = set(map(tuple, found.removed.tolist()))
    assert links(found.network) == {pair: w for pair, w in links(net).items() if pair not in gone}


def test_of_the_ways_to_a_neuron_the_best_is_kept():
    net = perceptron(1, 3, 1)
    net.weights = [1.0, 1.0, 1.0, 0.1, -0.5, 0.3]
    found = prune(net, 1.0)
    assert links(found.network) == {(0, 1): 1.0, (0, 2): 1.0, (0, 3): 1.0, (2, 4): -0.5}
    assert (len(found.removed), found.spared) == (2, 4)


def test_what_is_not_trained_stays():
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    found = prune(net, 1.0, keep_reached=False)
    assert all(c.source is c.target for c in found.network.connections)
    assert len(found.network.connections) == 3


def mean_cost(net, rows, targets):
    net.clear()
    return np.mean([cost.cross_entropy(t, y) for t, y in zip(targets, net.run(rows), strict=True)])


@pytest.mark.parametrize("make", [lambda: perceptron(2, 4, 1), lambda: used(lstm(2, 3, 1))])
def test_losses(make):
    net = make()
    found = prune(net, 0.5, inputs=ROWS, targets=TARGETS)
    assert found.loss_before == pytest.approx(mean_cost(net, ROWS, TARGETS), rel=1e-12)
    assert found.loss_after == pytest.approx(mean_cost(found.network, ROWS, TARGETS), rel=1e-12)
    assert found.loss_after != found.loss_before
    assert repr(found).endswith(f"loss {found.loss_before:.4g} -> {found.loss_after:.4g}>")


def test_contribution_is_what_the_outputs_lose_to_first_order():
    """Of a linear network without hidden neurons first order is all: the connections rank by |w y|."""
    a, b = Layer(3), Layer(1, squash="identity")
    a.project(b, weights=[[1.0], [10.0], [0.2]])
    rows = np.array([[3.0, 0.1, -2.0], [-1.0, 0.2, 4.0]])
    net = Network(a, [], b)
    first = prune(net, 1 / 3, "contribution", inputs=rows, keep_reached=False)
    second = prune(net, 2 / 3, "contribution", inputs=rows, keep_reached=False)
    assert first.removed.tolist() == [[2, 3]]  # 0.6 against 1.5 and 2.0
    assert second.removed.tolist() == [[1, 3], [2, 3]]


def test_a_large_weight_that_leads_nowhere_contributes_nothing():
    net = perceptron(2, 2, 1)
    last = net.hidden[0][1]
    last.outgoing[0].weight = 0.0
    for connection in last.incoming:
        connection.weight = 50.0
    found = prune(net, 0.5, "contribution", inputs=ROWS, keep_reached=False)
    assert found.removed.tolist() == [[0, 3], [1, 3], [3, 4]]


def test_contribution_reaches_over_steps():
    """The inputs count only by way of a context that is read a step later."""
    a, c, h, out = Layer(2), Layer(1, squash="identity"), Layer(1, squash="identity"), Layer(1)
    a.project(h, weights=[[1.0], [0.01]])
    c.project(out, weights=1.0)
    h.project(c, weights=1.0)
    net = Network(a, [c, h], out)
    rows = np.array([[1.0, 0.5], [0.0, 0.0]])
    removed = prune(net, 0.25, "contribution", inputs=rows, keep_reached=False).removed
    assert removed.tolist() == [[1, 3]]
    removed = prune(net, 0.25, "contribution", inputs=rows[:1], keep_reached=False).removed
    assert removed.tolist() == [[0, 3]]  # in one step nothing counts: the first one goes


def test_pruned_networks_learn():
    net = prune(architect.LSTM(2, 4, 1, style="synaptic", seed=0), 0.5).network
    trainer = Trainer(net, rate=0.3)
    before = trainer.test(ROWS, TARGETS).error
    trainer.train(ROWS, TARGETS, epochs=50, progress=False, seed=0)
    assert trainer.test(ROWS, TARGETS).error < before


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"share": 1.5}, ArgumentError),
        ({"share": -0.1}, ArgumentError),
        ({"share": "half"}, KindError),
        ({"by": "luck"}, ArgumentError),
        ({"by": "contribution"}, ArgumentError),
        ({"targets": TARGETS}, ArgumentError),
        ({"inputs": ROWS[:, :1], "by": "contribution"}, ArgumentError),
        ({"inputs": ROWS, "targets": TARGETS[:3]}, ArgumentError),
    ],
)
def test_bad_arguments_change_nothing(options, error):
    net = used(perceptron(2, 3, 1))
    before = everything(net)
    with pytest.raises(error):
        prune(net, **options)
    assert everything(net) == before


def test_a_network_that_others_hang_on_is_refused():
    net, other = perceptron(2, 1), perceptron(1, 1)
    net.project(other)
    with pytest.raises(TopologyError):
        prune(net)
