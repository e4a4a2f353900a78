import gc
import math
import weakref

import numpy as np
import pytest

import synapse
from synapse import ALL_TO_ALL, ALL_TO_ELSE, ONE_TO_ONE, Layer, Network, Neuron, Projection, gate
from synapse.errors import ArgumentError, KindError, TopologyError

from .networks import unchanged


def ends(projection, source, target):
    """Pairs of indices."""
    return [(list(source).index(c.source), list(target).index(c.target)) for c in projection]


# --- patterns -----------------------------------------------------------------------------------


def test_all_to_all_is_the_default():
    a, b = Layer(2), Layer(3)
    projection = a.project(b)
    assert ends(projection, a, b) == [(i, j) for j in range(3) for i in range(2)]
    assert len(projection) == 6


def test_one_to_one_pairs_equal_layers():
    a, b = Layer(3), Layer(3)
    assert ends(a.project(b, ONE_TO_ONE), a, b) == [(0, 0), (1, 1), (2, 2)]


@pytest.mark.parametrize(
    ("sizes", "pairs"),
    [((2, 4), [(0, 0), (0, 1), (1, 2), (1, 3)]), ((4, 2), [(0, 0), (1, 0), (2, 1), (3, 1)])],
)
def test_one_to_one_pairs_blocks_of_a_multiple(sizes, pairs):
    a, b = map(Layer, sizes)
    assert ends(a.project(b, ONE_TO_ONE), a, b) == pairs


def test_one_to_one_needs_sizes_that_divide():
    a, b = Layer(2), Layer(3)
    with pytest.raises(ArgumentError, match="2 and 3"):
        a.project(b, ONE_TO_ONE)
    assert not any(neuron.incoming for neuron in b)


def test_to_itself_one_to_one_is_the_default():
    layer = Layer(3)
    projection = layer.project(layer)
    assert [c.source is c.target for c in projection] == [True] * 3
    assert [(c.weight, c.trainable) for c in projection] == [(1.0, False)] * 3


def test_all_to_else_leaves_self_connections_out():
    layer = Layer(3)
    assert len(layer.project(layer, ALL_TO_ELSE)) == 6
    assert all(neuron.self_connection is None for neuron in layer)


def test_all_to_else_leaves_self_connections_out_of_overlapping_layers():
    layer = Layer(3)
    layer.project(layer[1:], ALL_TO_ELSE)
    assert all(neuron.self_connection is None for neuron in layer)
    assert [len(neuron.incoming) for neuron in layer] == [0, 2, 2]


def test_all_to_all_of_itself_trains_all_but_self_connections():
    layer = Layer(3)
    projection = layer.project(layer, ALL_TO_ALL, seed=0)
    assert [c.trainable for c in projection] == [c.source is not c.target for c in projection]
    assert [neuron.self_connection.weight for neuron in layer] == [1.0] * 3


def test_whether_weights_are_trained_can_be_told():
    a, b = Layer(2), Layer(2)
    assert not any(c.trainable for c in a.project(b, trainable=False))
    assert all(c.trainable for c in b.project(b, trainable=True))


def test_a_density_is_a_share_of_the_pairs_and_follows_the_seed():
    def made(seed):
        a, b = Layer(20), Layer(30)
        return ends(a.project(b, 0.3, seed=seed), a, b)

    assert made(0) == made(0) != made(1)
    assert 120 < len(made(0)) < 240
    assert len(set(made(0))) == len(made(0))


def test_a_density_of_one_is_all():
    assert len(Layer(3).project(Layer(4), 1.0)) == 12


def test_a_mask_says_who_is_linked():
    a, b = Layer(2), Layer(3)
    mask = np.array([[True, False, True], [False, False, True]])
    assert sorted(ends(a.project(b, mask), a, b)) == [(0, 0), (0, 2), (1, 2)]
    c, d = Layer(2), Layer(3)
    assert len(c.project(d, mask.tolist())) == 3


def test_pairs_can_be_listed():
    a, b = Layer(3), Layer(2)
    projection = a.project(b, ([2, 0, 2], [1, 1, 0]), weights=[1.0, 2.0, 3.0])
    assert ends(projection, a, b) == [(2, 1), (0, 1), (2, 0)]
    assert projection.weights[:].tolist() == [1.0, 2.0, 3.0]
    c, d = Layer(2), Layer(2)
    every = c.project(d, (np.array([1, 1, 0, 0]), np.array([0, 1, 0, 1])), weights=[[1, 2], [3, 4]])
    assert every.weights[:].tolist() == [3.0, 4.0, 1.0, 2.0]
    assert [link.weight for link in every] == [3.0, 4.0, 1.0, 2.0]
    layer = Layer(2)
    assert [link.weight for link in layer.project(layer, ([0], [0]))] == [1.0]


@pytest.mark.parametrize(
    "kind",
    [([0, 1], [0]), ([0, 1],), ([0], [0], [0]), ([0, 2], [0, 0]), ([0], [3]), ([-1], [0]), ([0], [0.5])],
)
def test_listed_pairs_are_numbers_of_neurons(kind):
    a, b = Layer(2), Layer(3)
    with unchanged([*a, *b]), pytest.raises(ArgumentError, match="a list of pairs"):
        a.project(b, kind)


def test_listed_pairs_are_different():
    a, b = Layer(2), Layer(3)
    with unchanged([*a, *b]), pytest.raises(TopologyError, match="twice"):
        a.project(b, ([0, 1, 0], [2, 2, 2]))


@pytest.mark.parametrize(
    "kind", [0.0, -0.5, 1.5, math.nan, True, "all to all", np.ones((3, 2), bool), np.ones((2, 3)), [True], {}]
)
def test_a_kind_is_a_pattern_a_density_or_a_mask(kind):
    a, b = Layer(2), Layer(3)
    with unchanged([*a, *b]), pytest.raises((ArgumentError, KindError)):
        a.project(b, kind)


def test_a_projection_has_a_connection():
    a, b = Layer(2), Layer(3)
    with pytest.raises(TopologyError, match="no connection"):
        a.project(b, np.zeros((2, 3), bool))


def test_the_patterns_are_names():
    assert (synapse.ALL_TO_ALL, Layer.ONE_TO_ONE) == ("all_to_all", "one_to_one")
    assert (gate.INPUT, gate.OUTPUT, gate.ONE_TO_ONE) == ("input", "output", "one_to_one")


def test_its_repr_tells_layers_and_count():
    a, b = Layer(2, name="a"), Layer(3)
    assert repr(a.project(b)) == "<Projection a -> of 3, 6 connections>"


def test_it_is_a_sequence_of_connections():
    a, b = Layer(2), Layer(2)
    projection = a.project(b)
    assert projection[0] is a[0].connected(b[0])
    assert projection[-1] is a[1].connected(b[1])
    assert list(projection)[1] is projection[1]
    with pytest.raises(IndexError):
        projection[4]


# --- weights ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "shown"),
    [(0.5, [[0.5, 0.5], [0.5, 0.5]]), ([[1, 2], [3, 4]], [[1, 2], [3, 4]]), ([1, 2, 3, 4], [[1, 3], [2, 4]])],
)
def test_weights_can_be_given(weights, shown):
    projection = Layer(2).project(Layer(2), weights=weights)
    assert np.array_equal(projection.weights, shown)


def test_weights_of_a_partial_projection_can_be_given_by_pair_or_by_connection():
    for weights in ([[1, 2], [3, 4]], [1, 4]):
        assert np.array_equal(Layer(2).project(Layer(2), ONE_TO_ONE, weights=weights).weights, [1, 4])


NO_WEIGHTS = [math.nan, [[1, math.inf], [0, 0]], [1, 2, 3], np.ones((3, 2)), np.ones((2, 2, 1))]


@pytest.mark.parametrize(
    ("weights", "error"),
    [
        *((weights, ArgumentError) for weights in NO_WEIGHTS),
        *((weights, (ArgumentError, KindError)) for weights in ("one", [[1, 2], [3]], object())),
    ],
)
def test_weights_are_finite_numbers_in_the_shape_of_the_pattern(weights, error):
    a, b = Layer(2), Layer(2)
    with unchanged([*a, *b]), pytest.raises(error):
        a.project(b, weights=weights)


def test_weights_are_a_view():
    a, b = Layer(2), Layer(3)
    projection = a.project(b, weights=np.arange(6).reshape(2, 3))
    weights = projection.weights
    assert weights.shape == (2, 3)
    assert len(weights) == 2
    assert weights[1, 2] == a[1].connected(b[2]).weight == 5
    weights[0, 1] = 7
    assert a[0].connected(b[1]).weight == 7
    a[0].connected(b[0]).weight = 9
    assert weights[0, 0] == 9
    assert weights[:, 0].tolist() == [9, 3]


def test_weights_follow_training():
    a, b = Layer(2), Layer(3)
    weights = a.project(b, weights=0.5).weights
    net = Network(a, [], b)
    net.activate([1.0, 1.0])
    net.propagate(1.0, [1.0, 1.0, 1.0])
    assert (np.asarray(weights) > 0.5).all()


def test_arithmetic_on_weights_gives_arrays():
    weights = Layer(2).project(Layer(2), weights=[[1, 2], [3, 4]]).weights
    assert np.array_equal(weights * 2, [[2, 4], [6, 8]])
    assert np.array_equal(np.abs(-weights), weights)
    assert np.array_equal(weights + weights, [[2, 4], [6, 8]])
    assert np.sum(weights) == 10
    assert np.asarray(weights, np.float32).dtype == np.float32


def test_weights_can_be_replaced_scaled_and_sliced():
    projection = Layer(2).project(Layer(2), weights=[[1, 2], [3, 4]])
    projection.weights *= 2
    assert np.array_equal(projection.weights, [[2, 4], [6, 8]])
    projection.weights = 1
    assert np.array_equal(projection.weights, np.ones((2, 2)))
    projection.weights[:, 1] = [5, 6]
    assert np.array_equal(projection.weights, [[1, 5], [1, 6]])


@pytest.mark.parametrize("values", [math.nan, [[1, math.inf], [0, 0]], [1, 2, 3], "one"])
def test_weights_that_cannot_be_set_change_nothing(values):
    a, b = Layer(2), Layer(2)
    projection = a.project(b, weights=1.0)
    with unchanged([*a, *b]), pytest.raises((ValueError, TypeError)):
        projection.weights = values


def test_the_repr_of_weights_shows_them():
    projection = Layer(1).project(Layer(2), weights=[[1.0, 2.0]])
    assert repr(projection.weights) == "Weights(array([[1., 2.]]))"


def test_weights_stay_in_place_when_rows_are_sorted_and_stores_merge():
    a, b, c = Layer(2), Layer(2), Layer(2)
    late = b.project(c, weights=[[5, 6], [7, 8]])
    early = a.project(b, weights=[[1, 2], [3, 4]])
    gates = Layer(2)
    gates.gate(late, gate.OUTPUT)
    net = Network(a, [gates, b], c)
    net.activate([1.0, 1.0])
    assert np.array_equal(early.weights, [[1, 2], [3, 4]])
    assert np.array_equal(late.weights, [[5, 6], [7, 8]])
    assert all(connection.gater in gates for connection in late)


def test_weights_of_a_projection_whose_layer_has_grown_are_still_its_own():
    a, b = Layer(2), Layer(2)
    projection = a.project(b, weights=[[1, 2], [3, 4]])
    b.append(Neuron())
    a.append(Neuron())
    assert np.array_equal(projection.weights, [[1, 2], [3, 4]])


def test_removed_connections_leave_the_others():
    a, b = Layer(2), Layer(2)
    projection = a.project(b)
    a[0].disconnect(b[0])
    assert len(projection) == 3
    assert [connection.source for connection in projection] == [a[1], a[0], a[1]]
    with pytest.raises(TopologyError, match="removed"):
        np.asarray(projection.weights)


# --- gates --------------------------------------------------------------------------------------


def gaters(layer, projection):
    return [list(layer).index(c.gater) for c in projection]


@pytest.mark.parametrize(
    ("sizes", "kind", "found"),
    [
        ((3, 2, 2), gate.INPUT, [0, 0, 0, 1, 1, 1]),
        ((3, 2, 3), gate.OUTPUT, [0, 1, 2, 0, 1, 2]),
        ((1, 4, 2), gate.INPUT, [0, 0, 1, 1]),  # several neighbours each
    ],
)
def test_a_layer_gates_what_comes_into_targets_or_leaves_sources(sizes, kind, found):
    a, b, gates = map(Layer, sizes)
    projection = a.project(b)
    gates.gate(projection, kind)
    assert gaters(gates, projection) == found


def test_a_layer_gates_each_connection():
    cells, gates = Layer(3), Layer(3)
    projection = cells.project(cells)
    gates.gate(projection, gate.ONE_TO_ONE)
    assert gaters(gates, projection) == [0, 1, 2]


def test_one_neuron_gates_a_whole_projection():
    projection, one = Layer(2).project(Layer(2)), Layer(1)
    one.gate(projection, gate.INPUT)
    assert {connection.gater for connection in projection} == {one[0]}


def test_of_a_sparse_projection_gates_go_by_target_and_source():
    a, b = Layer(3), Layer(3)
    mask = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 0]], bool)
    by_target, by_source = Layer(3), Layer(3)
    first = a.project(b, mask)
    by_target.gate(first, gate.INPUT)
    assert all(b._neurons.index(c.target) == by_target._neurons.index(c.gater) for c in first)
    second = b.project(a, mask)
    by_source.gate(second, gate.OUTPUT)
    assert all(b._neurons.index(c.source) == by_source._neurons.index(c.gater) for c in second)


def test_the_numbers_of_gaters_must_match():
    a, b = Layer(3), Layer(2)
    projection = a.project(b)
    for size, kind in ((3, gate.INPUT), (2, gate.OUTPUT), (4, gate.ONE_TO_ONE), (4, gate.INPUT)):
        with pytest.raises(TopologyError, match=f"A layer of {size} cannot gate"):
            Layer(size).gate(projection, kind)
    assert not any(connection.gater for connection in projection)


@pytest.mark.parametrize("kind", ["inputs", None, 3])
def test_a_kind_of_gate_is_one_of_three(kind):
    projection = Layer(2).project(Layer(2))
    with pytest.raises(ArgumentError, match="gate.INPUT"):
        Layer(2).gate(projection, kind)


def test_what_is_gated_already_is_not_gated_again():
    a, b = Layer(2), Layer(2)
    projection = a.project(b)
    owner = Neuron()
    owner.gate(projection[3])
    with unchanged([*a, *b]), pytest.raises(TopologyError, match="already"):
        Layer(2).gate(projection, gate.INPUT)


@pytest.mark.parametrize("given", [None, Layer(2), Neuron()])
def test_a_layer_gates_projections(given):
    with pytest.raises(KindError, match="Projection"):
        Layer(2).gate(given, gate.INPUT)


def test_removed_connections_are_not_gated():
    a, b, gates = Layer(2), Layer(2), Layer(2)
    projection = a.project(b)
    a[0].disconnect(b[0])
    gates.gate(projection, gate.INPUT)
    assert [connection.gater for connection in projection] == [gates[0], gates[1], gates[1]]


# --- its life -----------------------------------------------------------------------------------


def test_a_pair_is_connected_once():
    a, b = Layer(2), Layer(2)
    a[1].project(b[1], weight=0.5)
    with unchanged([*a, *b]), pytest.raises(TopologyError, match="already"):
        a.project(b)
    assert len(a[0].outgoing) == 0


def test_a_pair_is_connected_once_in_large_layers_too():
    a, b = Layer(80), Layer(80)
    a.project(b)
    with pytest.raises(TopologyError, match="already"):
        a[3].project(b[4])
    with pytest.raises(TopologyError, match="already"):
        a[:2].project(b[70:])


def test_layers_of_two_precisions_cannot_be_connected():
    a, b = Layer(2), Layer(2, dtype=np.float32)
    with pytest.raises(TopologyError, match="float32 and float64"):
        a.project(b)
    assert not any(neuron.incoming for neuron in b)


def test_it_is_only_a_handle():
    a, b = Layer(2), Layer(2)
    watched = weakref.ref(a.project(b))
    gc.collect()
    assert watched() is None
    assert len(b[0].incoming) == 2


def test_it_is_made_by_layers():
    assert isinstance(Layer(1).project(Layer(1)), Projection)
    assert isinstance(Neuron().project(Layer(1)), Projection)
