"""Weights and biases that are shared: tied, set, copied, edited, and let go."""

import copy

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

import architect
import synapse
from synapse import Layer, Network, Trainer, analysis, optimizers
from synapse.errors import ArgumentError, KindError, TopologyError
from synapse.learning import fit_readout

from .learning.helpers import built
from .strategies import SMOOTH, Twin, specs
from .ties import assert_moves_add_up, everything, free_twin, groups_of, numbers, perceptron, tie_at_random

# --- tying, and what is set -----------------------------------------------------------------------


def test_all_take_the_value_of_the_first():
    a, b = Layer(2), Layer(3)
    projection = a.project(b, weights=[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    links = list(projection)
    synapse.tie(links[1:3])
    assert projection.weights[:].tolist() == [[1.0, 4.0, 3.0], [4.0, 5.0, 6.0]]
    assert links[1].tied == (links[2],)
    assert links[0].tied == ()
    b.biases = [1.0, 2.0, 3.0]
    synapse.tie([b[2], b[0]])
    assert b.biases.tolist() == [3.0, 2.0, 3.0]
    assert b[0].tied == (b[2],)
    assert b[1].tied == ()


def test_a_projection_and_a_layer_by_groups():
    a, b = Layer(4), Layer(4)
    projection = a.project(b, seed=0)
    before = projection.weights.copy()
    synapse.tie(projection, groups=np.tile(np.arange(4), 4))  # by source
    assert projection.weights[:].tolist() == np.tile(before[:, :1], 4).tolist()
    synapse.tie(b, groups=[5, -1, 5, -1])
    b.biases = [1.0, 2.0, 1.0, 2.0]
    b[2].bias = 7.0
    assert b.biases.tolist() == [7.0, 2.0, 7.0, 2.0]


def test_groups_are_joined():
    net = perceptron()
    links = net.connections
    synapse.tie(links[:3])
    synapse.tie(links[5:7])
    synapse.tie([links[8], links[6], links[2]])
    assert set(links[0].tied) == {links[i] for i in (1, 2, 5, 6, 8)}
    assert len({links[i].weight for i in (0, 1, 2, 5, 6, 8)}) == 1
    assert links[3].tied == ()
    synapse.tie([links[0], links[10], links[11]], groups=[1, 0, 0])
    assert len(links[0].tied) == 5
    assert links[10].tied == (links[11],)


def test_groups_that_one_call_brings_together():
    """Two numbers of one call share what they have in common already."""
    links = perceptron().connections
    synapse.tie(links[:2])
    synapse.tie([links[0], links[4], links[1], links[5], links[6]], groups=[0, 0, 1, 1, 2])
    assert set(links[4].tied) == {links[0], links[1], links[5]}
    assert links[6].tied == ()


@pytest.mark.parametrize("set_it", ["weight", "trainable", "field"])
def test_what_is_set_of_one_is_set_of_all(set_it):
    net = perceptron()
    links = net.connections
    synapse.tie(links[2:6])
    before = net.weights.copy()
    if set_it == "trainable":
        links[3].trainable = False
        assert [link.trainable for link in links[:7]] == [True, True, False, False, False, False, True]
        return
    if set_it == "weight":
        links[3].weight = 0.25
    else:
        net.graph[links[3].source][links[3].target]["weight"] = 0.25
    before[2:6] = 0.25
    assert net.weights.tolist() == before.tolist()


def test_biases_and_their_trainability():
    net = perceptron()
    layer = net.hidden[0]
    synapse.tie([layer[0], layer[3], net.output[1]])
    net.output[1].bias = 0.125
    layer[3].trainable = False
    assert [neuron.bias == 0.125 for neuron in layer] == [True, False, False, True, False]
    assert [neuron.trainable for neuron in layer] == [False, True, True, False, True]
    net.output.trainable = True
    assert layer.trainable


def test_arrays_set_part_of_a_group():
    net = perceptron()
    a, b = Layer(2), Layer(2)
    projection = a.project(b, weights=1.0)
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
    one, other = Layer(2), Layer(1)
    synapse.tie(one)
    mixed = Layer([*one, *other])
    mixed.biases = [1.0, 1.0, 2.0]
    with pytest.raises(ArgumentError, match="tied"):
        mixed.biases = [3.0, 4.0, 5.0]
    assert mixed.biases.tolist() == [1.0, 1.0, 2.0]


def test_values_that_disagree_are_refused():
    net = perceptron()
    synapse.tie(net.connections[:4])
    synapse.tie(net.hidden[0])
    before = everything(net)
    for name in ("weights", "biases"):
        with pytest.raises(ArgumentError, match=r"tied group, got"):
            setattr(net, name, np.arange(len(getattr(net, name)), dtype=float))
    with pytest.raises(ArgumentError, match="tied"):
        net.hidden[0].biases = np.arange(5.0)
    a, b = Layer(2), Layer(2)
    projection = a.project(b, weights=1.0)
    synapse.tie(projection)
    with pytest.raises(ArgumentError, match="tied"):
        projection.weights = [[1.0, 2.0], [3.0, 4.0]]
    assert projection.weights[:].tolist() == [[1.0, 1.0], [1.0, 1.0]]
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


def test_networks_of_their_own_share_a_weight():
    """Twins that see different things and learn one weight: a siamese pair."""
    one, other = architect.Perceptron(2, 2, seed=0), architect.Perceptron(2, 2, seed=1)
    pairs = [*one.connections, *other.connections]
    synapse.tie(pairs, groups=np.tile(np.arange(4), 2))
    assert other.weights.tolist() == one.weights.tolist()
    for method in ("online", "bptt"):
        more = {"optimizer": optimizers.SGD(0.1)} if method == "bptt" else {}
        before = one.weights
        Trainer(one, method=method, **more).train(
            [[1.0, 0.5]], [[1.0, 0.0]], epochs=2, progress=False, seed=0
        )
        assert np.abs(one.weights - before).min() > 1e-4
        assert other.weights.tolist() == one.weights.tolist()
    twin = one.clone()
    twin.connections[0].weight = 5.0
    assert other.connections[0].weight == one.connections[0].weight != 5.0


# --- what is refused -------------------------------------------------------------------------------


def removed():
    net = perceptron()
    link = net.connections[0]
    link.source.disconnect(link.target)
    return net, [link, net.connections[0]], "removed"


def removed_neuron():
    net = perceptron()
    neuron = net.hidden[0][0]
    net.remove(neuron)
    return net, [net.output[0], neuron], "removed"


def half_frozen():
    net = perceptron()
    net.connections[2].trainable = False
    return net, net.connections[1:4], "all trainable or all not"


def half_frozen_biases():
    net = perceptron()
    net.output[0].trainable = False
    return net, net.output, "all trainable or all not"


def of_two_kinds():
    net = perceptron()
    return net, [net.connections[0], net.output[0]], "(to be|Expected) a Connection"


def of_two_floats():
    net, other = perceptron(), perceptron(dtype="float32")
    return net, [net.connections[0], other.connections[0]], "same dtype"


REFUSED = {
    "a removed connection": (removed, TopologyError),
    "a removed neuron": (removed_neuron, TopologyError),
    "one of them frozen": (half_frozen, ArgumentError),
    "one of their biases frozen": (half_frozen_biases, ArgumentError),
    "a connection and a neuron": (of_two_kinds, KindError),
    "two floats": (of_two_floats, TopologyError),
    "none": (lambda: (perceptron(), [], "got an empty one"), ArgumentError),
    "one alone": (
        lambda: ((net := perceptron()), net.connections[0], "(to be|Expected) a Projection"),
        KindError,
    ),
    "a number": (lambda: (perceptron(), 3, "(to be|Expected) a Projection"), KindError),
    "names": (lambda: (perceptron(), "ab", "(to be|Expected) a Projection"), KindError),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_tied(case):
    make, error = REFUSED[case]
    net, items, sentence = make()
    before = everything(net)
    with pytest.raises(error, match=sentence):
        synapse.tie(items)
    assert everything(net) == before


@pytest.mark.parametrize(
    ("groups", "error"),
    [([0, 1], ArgumentError), ([0.5, 1.5, 2.5], KindError), ([[0, 0, 1]], ArgumentError), ("abc", KindError)],
)
def test_groups_that_do_not_fit(groups, error):
    net = perceptron()
    before = everything(net)
    with pytest.raises(error, match="the groups of a tie"):
        synapse.tie(net.connections[:3], groups=groups)
    assert everything(net) == before


def test_what_cannot_be_untied():
    with pytest.raises(KindError, match="Expected a Projection"):
        synapse.untie(3)


def test_a_read_out_that_is_tied_is_not_fitted():
    net = architect.Elman(1, 3, 2, output_squash="identity", seed=0)
    synapse.tie(net.output)
    with pytest.raises(TopologyError, match="tied"):
        fit_readout(net, [[0.0], [1.0]], [[1.0, 0.0], [0.0, 1.0]])


# --- what else writes weights ------------------------------------------------------------------------


def test_new_random_weights_are_shared():
    net = tie_at_random(built("elman"), 2)
    groups, before = groups_of(net), net.weights
    net.reset(seed=3)
    assert (net.weights != before).mean() > 0.5
    assert net.weights.tolist() == net.weights[groups[0]].tolist()
    assert net.biases.tolist() == net.biases[groups[1]].tolist()
    net.hidden[0][1].reset(seed=4)
    net.hidden[0].reset(seed=5)
    assert net.weights.tolist() == net.weights[groups[0]].tolist()
    assert net.biases.tolist() == net.biases[groups[1]].tolist()


def test_a_reset_of_what_is_not_tied_draws_as_before():
    one, other = perceptron(), perceptron()
    synapse.tie(one.connections[:2])
    synapse.untie(one.connections[:2])
    one.reset(seed=3), other.reset(seed=3)
    assert numbers(one).tobytes() == numbers(other).tobytes()


def test_pruning_leaves_the_others_tied():
    net = tie_at_random(perceptron(), 2)
    small = analysis.prune(net, 0.4).network
    assert len(small.connections) < len(net.connections)
    values = small.weights
    assert values.tolist() == values[groups_of(small)[0]].tolist()
    assert any(link.tied for link in small.connections)


# --- copies and edits --------------------------------------------------------------------------------


@pytest.mark.parametrize("twin_of", [Network.clone, copy.deepcopy], ids=["clone", "deepcopy"])
def test_a_twin_is_tied_alike(twin_of):
    net = tie_at_random(built("lstm"), 2)
    for row in ([0.1, 0.2, 0.3], [0.5, -0.1, 0.0]):
        net.activate(row)
        net.propagate(0.1, [0.0, 1.0])
    twin = twin_of(net)
    assert everything(twin) == everything(net)
    for one in (net, twin):
        one.activate([0.3, 0.3, 0.3])
        one.propagate(0.1, [0.0, 1.0])
    assert numbers(twin).tobytes() == numbers(net).tobytes()


def test_stores_that_are_joined_keep_their_groups_apart():
    one, other = architect.Perceptron(2, 2, seed=0), architect.Perceptron(2, 2, seed=1)
    for net in (one, other):
        synapse.tie(net.connections[:2])
        synapse.tie(net.output)
    one.project(other)
    one.connections[0].weight, one.output[0].bias = 7.0, 8.0
    assert other.connections[0].weight != 7.0
    assert other.output.biases.tolist() == [other.output[0].bias] * 2 != [8.0, 8.0]
    assert len(other.connections[0].tied) == 1


def test_a_removed_connection_leaves_its_group():
    net = perceptron()
    links = net.connections
    synapse.tie(links[:3])
    links[1].source.disconnect(links[1].target)
    assert links[0].tied == (links[2],)
    again = net.input[1].project(net.hidden[0][0], weight=0.5)
    assert again.tied == ()
    links[2].source.disconnect(links[2].target)
    assert links[0].tied == ()


def test_a_removed_neuron_leaves_its_group():
    net = perceptron()
    synapse.tie([*net.hidden[0][:2], net.output[0]])
    neuron = net.hidden[0][1]
    net.remove(neuron)
    net.output[0].bias = 3.0
    assert net.hidden[0][0].bias == 3.0
    assert net.hidden[0][0].tied == (net.output[0],)


@settings(max_examples=25)
@given(specs(squashes=SMOOTH, most=6), st.lists(st.integers(0, 10**6), min_size=4, max_size=12))
def test_edits_and_steps_in_any_order(spec, edits):
    """Tie, untie, remove, project, freeze, step: members are equal, and steps add up."""
    net = Twin(spec).net
    for seed in edits:
        rng = np.random.default_rng(seed)
        edit(net, rng)
        if seed % 2:
            net.activate(rng.uniform(-1, 1, spec.inputs))
            assume(np.abs([neuron.state for neuron in net]).max() < 100)
            free, targets = free_twin(net), rng.random(spec.outputs)
            assert_moves_add_up(net, free, lambda one, t=targets: one.propagate(0.1, t, "squared_error"))
        for values, group in zip((net.weights, net.biases), groups_of(net), strict=True):
            assert values.tolist() == values[group].tolist()


def edit(net, rng):
    links = net.connections
    link = links[rng.integers(len(links))] if links else None
    kind = rng.integers(6)
    if kind == 0 or link is None:
        source, target = (net[int(j)] for j in rng.integers(len(net), size=2))
        if source.connected(target) is None:
            source.project(target, weight=0.3)
    elif kind == 1:
        link.source.disconnect(link.target)
    elif kind == 2:
        link.trainable = not link.trainable
    elif kind == 3:
        link.weight = rng.uniform(-0.5, 0.5)
    elif kind == 4:
        synapse.untie([link])
    else:
        tie_at_random(net, int(rng.integers(1000)), 3)


def test_untying_joins_nothing():
    layers = [Layer(2, dtype=dtype) for dtype in (np.float64, np.float32)]
    for layer in layers:
        synapse.tie(layer)
    synapse.untie([layers[0][0], layers[1][0]])  # of different floats: they could not be joined
    assert not any(neuron.tied for layer in layers for neuron in layer)
    assert layers[0][0]._store is not layers[1][0]._store
