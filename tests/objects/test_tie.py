"""Weights and biases that are shared: tied, set, copied, edited, let go, and moved by
sums."""

from functools import partial
from operator import setitem

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, strategies as st

import architect
import synapse
from synapse import Layer, Network, Neuron
from synapse.errors import ArgumentError, ArgumentTypeError, TopologyError
from synapse.learning import fit_readout
from tests.helpers.cases import all_refused
from tests.helpers.strategies import SMOOTH, Twin, given_graphs, specs
from tests.helpers.ties import (
    EXACT,
    assert_moves_add_up,
    everything,
    free_twin,
    groups_of,
    numbers,
    perceptron,
    tie_at_random,
)
from tests.learning.helpers import built


def test_all_take_the_value_of_the_first():
    b = Layer(3, bias=[1.0, 2.0, 3.0])
    projection = Layer(2).project(b, weights=[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    links = list(projection)
    synapse.tie(links[1:3])
    assert projection.weights[:].tolist() == [[1.0, 4.0, 3.0], [4.0, 5.0, 6.0]]
    assert [link.tied for link in links[:3]] == [(), (links[2],), (links[1],)]
    synapse.tie([b[2], b[0]])
    assert b.biases.tolist() == [3.0, 2.0, 3.0]
    assert [neuron.tied for neuron in b] == [(b[2],), (), (b[0],)]


def test_groups_are_joined():
    links = perceptron().connections
    synapse.tie(links[:3])
    synapse.tie(links[5:7])
    synapse.tie([links[8], links[6], links[2]])
    assert set(links[0].tied) == {links[i] for i in (1, 2, 5, 6, 8)}
    assert len({links[i].weight for i in (0, 1, 2, 5, 6, 8)}) == 1
    assert links[3].tied == ()
    synapse.tie([links[0], links[10], links[11]], groups=[1, 0, 0])
    assert len(links[0].tied) == 5
    assert links[10].tied == (links[11],)


@pytest.mark.parametrize(
    ("tied", "groups", "found"),
    [
        ([0, 4, 1, 5, 6], [0, 0, 1, 1, 2], {4: {0, 1, 5}, 6: set()}),
        ([0, 4, 5, 6], [0, 0, 1, 1], {4: {0, 1}, 5: {6}}),
    ],
)
def test_groups_that_one_call_brings_together(tied, groups, found):
    """Two numbers of one call share what they have in common already, and nothing
    else."""
    links = perceptron().connections
    synapse.tie(links[:2])
    synapse.tie([links[i] for i in tied], groups=groups)
    for i, others in found.items():
        assert {*links[i].tied} == {links[j] for j in others}


def test_what_is_set_of_one_is_set_of_all():
    net = perceptron()
    links = net.connections
    synapse.tie(links[2:6])
    expected = net.weights.copy()
    data = net.graph[links[4].source][links[4].target]
    for value, owner, name in ((0.25, links[3], setattr), (0.5, data, setitem)):
        name(owner, "weight", value)
        expected[2:6] = value
        assert net.weights.tolist() == expected.tolist()
    links[3].trainable = False
    assert [link.trainable for link in links[:7]] == [True] * 2 + [False] * 4 + [True]


def test_arrays_set_part_of_a_group():
    net = perceptron()
    projection = Layer(2).project(Layer(2), weights=1.0)
    synapse.tie(projection, groups=[0, 0, 1, 1])
    projection.weights[0, 0] = 3.0
    assert projection.weights[:].tolist() == [[3.0, 1.0], [3.0, 1.0]]
    projection.weights *= 2.0
    assert projection.weights[:].tolist() == [[6.0, 2.0], [6.0, 2.0]]
    synapse.tie(net.hidden[0], groups=[0, 0, 1, 1, 2])
    synapse.tie([net.hidden[0][0], net.hidden[1][0]])
    net.hidden[0].biases = [1.0, 1.0, 2.0, 2.0, 3.0]
    assert net.hidden[1][0].bias == 1.0
    net.weights, net.biases = 0.5 * net.weights, 0.5 * net.biases
    assert net.hidden[0].biases.tolist() == [0.5, 0.5, 1.0, 1.0, 1.5]


def test_layers_in_two_stores():
    pair, other = Layer(2), Layer(2)
    synapse.tie(pair), synapse.tie(other)
    mixed = Layer([*pair, *other])
    mixed.biases = [1.0, 1.0, 2.0, 2.0]
    # in whichever store is set first
    for wrong in ([3.0, 4.0, 5.0, 5.0], [5.0, 5.0, 3.0, 4.0]):
        with pytest.raises(ArgumentError, match="tied"):
            mixed.biases = wrong
        assert mixed.biases.tolist() == [1.0, 1.0, 2.0, 2.0]


def test_values_that_disagree_are_refused():
    net = perceptron()
    synapse.tie(net.connections[:4])
    synapse.tie(net.hidden[0])
    before = everything(net)
    for owner, name in ((net, "weights"), (net, "biases"), (net.hidden[0], "biases")):
        with pytest.raises(ArgumentError, match="tied"):
            setattr(owner, name, np.arange(len(getattr(owner, name)), dtype=float))
    assert everything(net) == before


def test_untying():
    net = perceptron()
    links = net.connections
    synapse.tie(links[:4])
    synapse.tie(net.hidden[0])
    weights = net.weights.copy()
    synapse.untie(links[1:2])
    links[0].weight = 9.0
    weights[[0, 2, 3]] = 9.0
    assert net.weights.tolist() == weights.tolist()
    assert links[1].tied == ()
    synapse.untie([links[0], links[2]])
    assert links[3].tied == ()  # a group of one is none
    synapse.untie(net.hidden[0])
    net.hidden[0].biases = np.arange(5.0)
    assert net.hidden[0].biases.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_what_cannot_be_tied():
    net = perceptron()
    other = perceptron(dtype="float32")
    gone, *links = net.connections
    gone.source.disconnect(gone.target)
    links[2].trainable = False
    before = everything(net)
    refused = [
        ([gone, links[0]], TopologyError, "removed"),
        (links[1:4], ArgumentError, "agree in trainable"),
        ([links[0], net.output[0]], ArgumentTypeError, "must be a Connection"),
        ([links[0], other.connections[0]], TopologyError, "same dtype"),
        ([], ArgumentError, "got an empty one"),
    ]
    all_refused([(partial(synapse.tie, items), *rest) for items, *rest in refused])
    assert everything(net) == before


@pytest.mark.parametrize(
    "column",
    [list, np.array, pd.Series, pd.Categorical, partial(pd.Series, dtype="category")],
)
def test_groups_by_text(column):
    layer = Layer(4)
    layer.biases = [1.0, 2.0, 3.0, 4.0]
    synapse.tie(layer, groups=column(["inter", "motor", "inter", "motor"]))
    assert layer.biases.tolist() == [1.0, 2.0, 1.0, 2.0]
    assert layer[0].tied == (layer[2],)


def test_groups_that_do_not_fit():
    net = perceptron()
    before = everything(net)
    for groups in ([0, 1], [0.5, 1.5, 2.5], [[0, 0, 1]], "abc"):
        with pytest.raises((ArgumentError, ArgumentTypeError), match="`groups`"):
            synapse.tie(net.connections[:3], groups=groups)
        assert everything(net) == before
    with pytest.raises(ArgumentTypeError, match="must be a Projection"):
        synapse.untie(3)


def test_a_read_out_that_is_tied_is_not_fitted():
    net = architect.Elman(1, 3, 2, output_squash="identity", seed=0)
    synapse.tie(net.output)
    with pytest.raises(TopologyError, match="tied"):
        fit_readout(net, [[0.0], [1.0]], [[1.0, 0.0], [0.0, 1.0]])


def test_new_random_weights_are_shared():
    net = tie_at_random(built("elman"), 2)
    groups = groups_of(net)
    before = net.weights
    for seed, part in enumerate((net, net.hidden[0][1], net.hidden[0]), 3):
        part.reset_parameters(seed=seed)
        assert (net.weights != before).mean() > 0.5
        assert net.weights.tolist() == net.weights[groups[0]].tolist()
        assert net.biases.tolist() == net.biases[groups[1]].tolist()


@given_graphs(
    specs(squashes=SMOOTH, most=6),
    st.lists(st.integers(0, 10**6), min_size=4, max_size=12),
)
def test_edits_and_steps_in_any_order(spec, edits):
    """Tie, untie, remove, project, freeze, step: members are equal, and steps add
    up."""
    net = Twin(spec).net
    for seed in edits:
        rng = np.random.default_rng(seed)
        edit(net, rng)
        if seed % 2:
            net.activate(rng.uniform(-1, 1, spec.inputs))
            assume(np.abs([neuron.state for neuron in net]).max() < 100)
            free = free_twin(net)
            targets = rng.random(spec.outputs)
            assert_moves_add_up(
                net,
                free,
                lambda network, t=targets: network.propagate(0.1, t, "squared_error"),
            )
        for values, group in zip(
            (net.weights, net.biases), groups_of(net), strict=True
        ):
            assert values.tolist() == values[group].tolist()


def edit(net, rng):
    links = net.connections
    link = links[rng.integers(len(links))] if links else None
    choice = rng.integers(6)
    if choice == 0 or link is None:
        source, target = (net[int(j)] for j in rng.integers(len(net), size=2))
        if source.connection_to(target) is None:
            source.project(target, weight=0.3)
    elif choice == 1:
        link.source.disconnect(link.target)
    elif choice == 2:
        link.trainable = not link.trainable
    elif choice == 3:
        link.weight = rng.uniform(-0.5, 0.5)
    elif choice == 4:
        synapse.untie([link])
    else:
        tie_at_random(net, int(rng.integers(1000)), 3)


@pytest.mark.full
@given_graphs(specs(squashes=SMOOTH, most=5), st.integers(0, 999))
def test_neuron_by_neuron(spec, seed):
    """Called by hand, each neuron moves at once what it shares."""
    net = Twin(spec).net
    assume(net.connections)
    tie_at_random(net, seed)
    free = free_twin(net)
    for _ in range(3):
        for network in (net, free):
            for j, neuron in enumerate(network):
                neuron.activate(0.5 - 0.3 * j if j < spec.inputs else None)
        assume(np.abs([neuron.state for neuron in net]).max() < 100)
        for j in reversed(range(len(net))):
            target = 0.3 if j >= len(net) - spec.outputs else None
            assert_moves_add_up(
                net,
                free,
                lambda stepped, j=j, t=target: stepped[j].propagate(
                    0.1, t, "squared_error"
                ),
            )


def test_a_layer_makes_one_step():
    """Its neurons send their errors with the weights as they were before all of
    them."""
    inputs, hidden, outputs = Layer(2), Layer(3, "tanh"), Layer(4, "tanh")
    inputs.project(hidden, seed=0)
    synapse.tie(hidden.project(outputs, seed=1), groups=np.tile(np.arange(3), 4))
    net = Network(inputs, [hidden], outputs)
    synapse.tie(outputs)
    whole = net.clone()
    free = free_twin(net)
    for network in (net, whole, free):
        network.activate([0.5, -0.3])
    targets = [0.1, 0.4, -0.2, 0.9]
    assert_moves_add_up(
        net,
        free,
        lambda stepped: stepped.output.propagate(0.5, targets, "squared_error"),
    )
    net.hidden[0].propagate(0.5)
    whole.propagate(0.5, targets, "squared_error")
    assert numbers(net) == pytest.approx(numbers(whole), **EXACT)


def test_an_error_in_a_layer_leaves_nothing_held():
    a, layer = Neuron(), Layer(2)
    synapse.tie(a.project(layer, weight=0.5))
    a.activate(1.0), layer.activate()
    with pytest.raises(ArgumentError):
        layer.propagate(-1.0)
    before = layer[0].incoming[0].weight
    layer[1].propagate(0.5, target=1.0)
    assert layer[0].incoming[0].weight == layer[1].incoming[0].weight > before
