import gc
import math
import operator
import weakref

import numpy as np
import pytest

import synapse
from synapse import (
    ALL_TO_ALL,
    ALL_TO_ELSE,
    ONE_TO_ONE,
    Layer,
    Network,
    Neuron,
    Projection,
    _patterns,
    gate,
)
from synapse.errors import ArgumentError, KindError, SynapseError, TopologyError

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
    with pytest.raises(TopologyError, match="at least one connection"):
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


# --- self-connections ---------------------------------------------------------------------------


def own_of(neurons):
    return [neuron.self_connection for neuron in neurons if neuron.self_connection is not None]


@pytest.mark.parametrize("kind", [ALL_TO_ALL, ALL_TO_ELSE, 1.0, 0.5])
def test_a_pattern_leaves_self_connections_out(kind):
    layer = Layer(6)
    projection = layer.project(layer, kind, seed=0)
    assert not own_of(layer)
    assert all(link.trainable for link in projection)
    assert projection.weights.shape == (len(projection),)
    assert 5 < len(projection) < 30 if kind == 0.5 else len(projection) == 30


def test_all_to_all_of_itself_is_all_to_else():
    one, other = Layer(4), Layer(4)
    found = one.project(one, ALL_TO_ALL, seed=3), other.project(other, ALL_TO_ELSE, seed=3)
    assert ends(found[0], one, one) == ends(found[1], other, other)
    assert found[0].weights.tolist() == found[1].weights.tolist()


@pytest.mark.parametrize("kind", [None, ALL_TO_ALL, ALL_TO_ELSE, 1.0])
def test_layers_that_share_neurons_get_no_self_connections(kind):
    layer = Layer(4)
    layer[:3].project(layer[1:], kind, seed=0)
    assert not own_of(layer)
    assert sum(len(neuron.incoming) for neuron in layer) == 9 - 2


def test_one_to_one_with_a_part_of_itself_makes_no_self_connection():
    layer = Layer(4)
    projection = layer[:2].project(layer, ONE_TO_ONE)  # in blocks: 0 to 0 and 1, 1 to 2 and 3
    assert ends(projection, layer, layer) == [(0, 1), (1, 2), (1, 3)]


def test_a_neuron_and_its_layer_are_connected_without_a_self_connection():
    one, other = Layer(3), Layer(3)
    assert len(one[0].project(one)) == len(other.project(other[0])) == 2
    assert not own_of([*one, *other])


def test_a_layer_of_one_neuron_has_only_the_pair_with_itself():
    layer = Layer(1)
    with unchanged(layer), pytest.raises(TopologyError, match="self_connections=True"):
        layer.project(layer, ALL_TO_ALL)
    assert layer.project(layer, ALL_TO_ALL, self_connections=True).weights.shape == (1, 1)


@pytest.mark.parametrize(
    "kind", [ALL_TO_ALL, 1.0, np.ones((3, 3), bool), (np.repeat(range(3), 3), np.tile(range(3), 3))]
)
def test_asked_for_self_connections_are_made_like_the_others(kind):
    """Drawn and trainable: no neuron becomes an integrator that keeps all it receives."""
    layer = Layer(3)
    projection = layer.project(layer, kind, self_connections=True, initializer="normal", seed=0)
    assert len(projection) == 9
    assert len(own_of(layer)) == 3
    assert all(link.trainable for link in projection)
    assert len({link.weight for link in projection}) == 9
    assert max(abs(link.weight) for link in projection) < 0.5
    if kind is ALL_TO_ALL:
        assert projection.weights.shape == (3, 3)


def test_asked_for_self_connections_learn_and_take_given_weights():
    x, layer, y = Layer(1), Layer(2, "tanh"), Layer(1)
    x.project(layer, seed=0)
    within = layer.project(layer, ALL_TO_ALL, weights=[[0.5, 0.1], [0.2, 0.6]], self_connections=True)
    layer.project(y, seed=1)
    net = Network(x, [layer], y)
    assert [link.weight for link in own_of(layer)] == [0.5, 0.6]
    before = within.weights.copy()
    synapse.Trainer(net, method="bptt").train(
        np.ones((1, 4, 1)), np.ones((1, 4, 1)), epochs=2, progress=False
    )
    assert (within.weights != before).all()


@pytest.mark.parametrize(
    ("kind", "what"),
    [(np.eye(3, k=0, dtype=bool) | np.eye(3, k=1, dtype=bool), "mask"), (([0, 1], [1, 1]), "list")],
)
def test_a_mask_or_list_with_self_connections_asks_for_them_by_name(kind, what):
    layer = Layer(3)
    with (
        unchanged(layer),
        pytest.raises(ArgumentError, match=f"The {what} connects .* self_connections=True"),
    ):
        layer.project(layer, kind)
    other = Layer(3)
    assert len(layer.project(other, kind)) == len(layer.project(layer, kind, self_connections=True))
    assert own_of(layer)


def test_a_matrix_of_weights_is_not_cut_down_unnoticed():
    layer, weights = Layer(2), np.array([[1.0, 2.0], [3.0, 4.0]])
    with unchanged(layer), pytest.raises(ArgumentError, match="self_connections=True"):
        layer.project(layer, ALL_TO_ALL, weights=weights)
    np.fill_diagonal(weights, 0.0)
    assert layer.project(layer, ALL_TO_ALL, weights=weights).weights.tolist() == [3.0, 2.0]


def test_all_to_else_cannot_have_self_connections():
    layer = Layer(2)
    with unchanged(layer), pytest.raises(ArgumentError, match="all_to_all"):
        layer.project(layer, ALL_TO_ELSE, self_connections=True)


def test_one_to_one_to_itself_makes_carousels_whatever_is_asked():
    for options in ({}, {"self_connections": True}, {"self_connections": False}):
        layer = Layer(2)
        projection = layer.project(layer, ONE_TO_ONE, **options)
        assert [(c.weight, c.trainable) for c in projection] == [(1.0, False)] * 2


def test_no_neuron_of_a_random_pool_keeps_its_state():
    """Nine of 24 neurons were perfect integrators, unnoticed."""
    x, pool, y = Layer(2), Layer(24, "tanh"), Layer(1)
    x.project(pool, seed=0), pool.project(pool, 0.3, seed=1), pool.project(y, seed=2)
    net = Network(x, [pool], y)
    assert not synapse.Topology.of(net).self_connected.any()


# --- what learning moves ------------------------------------------------------------------------


def test_whether_it_is_trainable_is_read_and_set_for_all():
    a, b = Layer(2), Layer(2)
    projection = a.project(b, seed=0)
    assert projection.trainable
    projection[1].trainable = False
    assert not projection.trainable
    projection.trainable = True
    assert [link.trainable for link in projection] == [True] * 4
    assert not b.project(b).trainable
    for value in (None, "no", 0.5):
        with unchanged([*a, *b]), pytest.raises(SynapseError):
            projection.trainable = value


def test_whether_it_is_trainable_concerns_those_left_and_those_tied_to_them():
    a, b, c = Layer(2), Layer(2), Layer(2)
    projection, other = a.project(b, weights=1.0), b.project(c, weights=1.0)
    synapse.tie([projection[1], other[2]])
    a[0].disconnect(b[0])
    projection.trainable = False
    assert [link.trainable for link in projection] == [False] * 3
    assert [link.trainable for link in other] == [True, True, False, True]


def test_what_is_not_trainable_does_not_move():
    a, b = Layer(2), Layer(2)
    projection = a.project(b, seed=0)
    net = Network(a, [], b)
    for trainable in (False, True):
        projection.trainable = trainable
        before = net.weights
        net.activate([1.0, 0.5])
        net.propagate(0.5, [1.0, 0.0])
        assert (net.weights != before).all() == trainable == (net.weights != before).any()


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


IN_PLACE = {
    "*=": lambda w: operator.imul(w, 2.0),
    "+=": lambda w: operator.iadd(w, [[1.0], [2.0]]),
    "-=": lambda w: operator.isub(w, 0.5),
    "/=": lambda w: operator.itruediv(w, 4.0),
    "**=": lambda w: operator.ipow(w, 2),
    "by itself": lambda w: operator.iadd(w, w),
    "by its transpose": lambda w: operator.iadd(w, w.T),
    "out": lambda w: np.multiply(w, 2, out=w),
    "out, in part": lambda w: np.multiply(w, 2, out=w, where=[[True, False], [False, True]]),
    "out, accumulated": lambda w: np.add.accumulate(w, axis=1, out=w),
    "clip": lambda w: np.clip(w, 1.5, 3.5, out=w),
    "item": lambda w: w.__setitem__(0, w[0] * 2),
    "slice": lambda w: w.__setitem__((slice(1, None), 0), w[1:, 0] + 1),
    "mask": lambda w: w.__setitem__(np.asarray(w) > 2, 0.0),
}


@pytest.mark.parametrize("change", IN_PLACE.values(), ids=list(IN_PLACE))
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_an_operation_in_place_changes_the_network(change, dtype):
    """As it changes an array of NumPy."""
    start = np.array([[1.0, 2.0], [3.0, 4.0]], dtype)
    layers = Layer(2, dtype=dtype), Layer(2, dtype=dtype)
    projection = layers[0].project(layers[1], weights=start)
    weights = projection.weights
    answer, wanted = change(weights), change(start)
    assert answer is None or answer is weights
    assert (answer is None) == (wanted is None)
    links = [[a.connected(b).weight for b in layers[1]] for a in layers[0]]
    assert links == start.tolist() == weights.tolist() == projection.weights.tolist()


def test_a_part_of_the_weights_is_live_where_numpy_has_a_view():
    projection = Layer(2).project(Layer(3), weights=[[1, 2, 3], [4, 5, 6]])
    weights = projection.weights
    row, column, corner = weights[1], weights[:, 2], weights[1:][..., :2]
    row *= 10
    column -= 1
    corner[0, 1] = 7
    weights[0] += 100
    assert projection.weights.tolist() == [[101, 102, 102], [40, 7, 59]]
    assert (row.tolist(), column.tolist(), corner.tolist()) == ([40, 7, 59], [102, 59], [[40, 7]])
    for copied in (weights[[0, 1]], weights[weights > 50], weights * 1, weights.copy(), np.array(weights)):
        copied *= 0
    assert projection.weights.tolist() == [[101, 102, 102], [40, 7, 59]]


def test_what_cannot_be_live_cannot_be_written_to():
    weights = Layer(2).project(Layer(2), weights=1.0).weights
    for write in (
        lambda: operator.setitem(np.asarray(weights), (0, 0), 2.0),
        lambda: operator.setitem(weights.T, (0, 0), 2.0),
        lambda: weights.fill(2.0),
        weights.sort,
    ):
        with pytest.raises(ValueError, match="read-only"):
            write()
    with pytest.raises(ValueError, match="copy"):
        np.array(weights, copy=False)
    assert weights.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_an_array_takes_weights_in_place_and_at_places():
    weights = Layer(2).project(Layer(2), weights=[[1, 2], [3, 4]]).weights
    total = np.ones((2, 2))
    total += weights
    assert total.tolist() == [[2, 3], [4, 5]]
    np.add.at(weights, ([0, 0], [1, 1]), 1.0)
    assert weights.tolist() == [[1, 4], [3, 4]]
    quotient, left = np.divmod(weights, 2, out=(weights, None))
    assert quotient is weights
    assert (weights.tolist(), left.tolist()) == ([[0, 2], [1, 2]], [[1, 0], [1, 0]])


@pytest.mark.parametrize(
    "change",
    [
        lambda w: operator.imul(w, math.inf),
        lambda w: operator.iadd(w, [1.0, 2.0, 3.0]),
        lambda w: operator.iadd(w, "one"),
        lambda w: operator.iadd(w, np.ones((2, 2, 2))),
        lambda w: operator.setitem(w[0], 0, math.nan),
        lambda w: w[2],
    ],
)
def test_an_operation_in_place_that_fails_changes_nothing(change):
    a, b = Layer(2), Layer(2)
    weights = a.project(b, weights=1.0).weights
    with unchanged([*a, *b]), pytest.raises((ValueError, TypeError, IndexError)):
        change(weights)


def test_weights_behave_as_an_array():
    weights = Layer(2).project(Layer(2), weights=[[1, 2], [3, 4]]).weights
    assert (weights.dtype, weights.ndim, weights.size) == (np.float64, 2, 4)
    assert (weights.mean(), weights.max(axis=0).tolist()) == (2.5, [3, 4])
    assert [row.tolist() for row in weights] == [[1, 2], [3, 4]]
    assert str(weights) == str(np.array([[1.0, 2.0], [3.0, 4.0]]))
    with pytest.raises(AttributeError):
        _ = weights.means
    partial = Layer(2).project(Layer(2), ONE_TO_ONE, weights=[5, 6]).weights
    partial *= 2
    assert partial.tolist() == [10, 12]


def test_weights_that_are_tied_are_scaled_together_or_not_at_all():
    a, b = Layer(2), Layer(2)
    projection = a.project(b, weights=1.0)
    synapse.tie(projection)
    weights = projection.weights
    weights *= 3
    assert weights.tolist() == [[3, 3], [3, 3]]
    with unchanged([*a, *b]), pytest.raises(ArgumentError, match="tied"):
        weights += [[0, 1], [0, 0]]


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
        with pytest.raises(TopologyError, match=f"and {size} gater"):
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


@pytest.mark.parametrize("drawn", [1, 7, 100])
def test_random_pairs_do_not_depend_on_how_many_are_drawn_at_a_time(monkeypatch, drawn):
    mask = np.random.default_rng(5).random((8, 6)) < 0.3
    monkeypatch.setattr(_patterns, "DRAWN", drawn)
    sources, targets = _patterns.pairs_of(0.3, Layer(6), Layer(8), np.random.default_rng(5))
    assert np.array_equal(np.stack([targets, sources]), np.nonzero(mask))
