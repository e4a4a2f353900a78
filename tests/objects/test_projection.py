import math
import operator
from functools import partial
from operator import iadd

import numpy as np
import pytest

import synapse
from synapse import Layer, Network, Neuron
from synapse.errors import ArgumentError, ArgumentTypeError, SynapseError, TopologyError
from synapse.objects import projection
from tests.helpers.cases import Cases, all_refused
from tests.helpers.networks import unchanged


def joined(sources, targets, *pattern, **options):
    """Two layers, and a projection between them."""
    a, b = Layer(sources), Layer(targets)
    return a, b, a.project(b, *pattern, **options)


def ends(projection, source, target):
    """Pairs of indices."""
    return [
        (list(source).index(c.source), list(target).index(c.target)) for c in projection
    ]


def test_one_to_one_pairs_neurons_or_blocks_of_a_multiple():
    for sizes, pairs in (
        ((3, 3), [(0, 0), (1, 1), (2, 2)]),
        ((2, 4), [(0, 0), (0, 1), (1, 2), (1, 3)]),
        ((4, 2), [(0, 0), (1, 0), (2, 1), (3, 1)]),
    ):
        a, b, projection = joined(*sizes, "one_to_one")
        assert ends(projection, a, b) == pairs
    a, b = Layer(2), Layer(3)
    with pytest.raises(ArgumentError, match="2 and 3"):
        a.project(b, "one_to_one")
    assert not any(neuron.incoming for neuron in b)


def test_views_are_not_made_by_hand():
    ends = {
        synapse.Projection: (Layer(1), Layer(2)),
        synapse.Connection: (Neuron(), Neuron()),
    }
    all_refused(
        (
            partial(view, *arguments),
            ArgumentTypeError,
            rf"A {view.__name__} is made by (layer|neuron)\.project",
        )
        for view, both in ends.items()
        for arguments in ((), both)
    )


def test_pairs_can_be_listed_or_masked():
    every = np.array([[1, 1, 0, 0], [0, 1, 0, 1]])
    for sizes, pairs, weights, shown in (
        ((3, 2), ([2, 0, 2], [1, 1, 0]), [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
        ((2, 2), every, [[1, 2], [3, 4]], [3, 4, 1, 2]),
    ):
        a, b, projection = joined(*sizes, tuple(pairs), weights=weights)
        assert ends(projection, a, b) == list(zip(*pairs, strict=True))
        assert [link.weight for link in projection] == shown
        assert projection.weights[:].tolist() == shown
    a, b, projection = joined(2, 3, [[True, False, True], [False, False, True]])
    assert sorted(ends(projection, a, b)) == [(0, 0), (0, 2), (1, 2)]


def test_an_initializer_is_given_the_fans():
    """Of a sparse projection, the connections of a neuron on average, rounded up."""
    draws = []

    def noted(rng, shape, fan_in, fan_out):
        draws.append((shape, fan_in, fan_out))
        return np.zeros(shape)

    Layer(2).project(Layer(6), initializer=noted)
    every = np.repeat(range(2), 6)[:9], np.tile(range(6), 2)[:9]
    Layer(2).project(Layer(6), every, initializer=noted)
    assert draws == [((2, 6), 2, 6), ((9,), 2, 5)]


def test_a_kind_is_a_pattern_a_density_a_mask_or_pairs():
    a, b = Layer(2), Layer(3)
    pairs = [
        ([0, 1], [0]),
        ([0, 1],),
        ([0], [0], [0]),
        ([2], [0]),
        ([0], [3]),
        ([-1], [0]),
        ([0], [0.5]),
    ]
    others = [
        0.0,
        1.5,
        math.nan,
        True,
        "all to all",
        np.ones((3, 2), bool),
        np.ones((2, 3)),
        [True],
        {},
    ]
    refused = [
        *((pattern, ArgumentError, "[Aa] list of pairs") for pattern in pairs),
        *((pattern, (ArgumentError, ArgumentTypeError), None) for pattern in others),
        (([0, 1, 0], [2, 2, 2]), TopologyError, "twice"),
        (np.zeros((2, 3), bool), TopologyError, "at least one connection"),
    ]
    with unchanged([*a, *b]):
        all_refused(
            (partial(a.project, b, pattern), *expected)
            for pattern, *expected in refused
        )


def own_of(neurons):
    return [
        neuron.self_connection
        for neuron in neurons
        if neuron.self_connection is not None
    ]


def test_a_pattern_leaves_self_connections_out():
    for pattern in ("all_to_all", "all_to_else", 1.0, 0.5):
        layer, other = Layer(6), Layer(6)
        projection = layer.project(layer, pattern, seed=0)
        assert not own_of(layer)
        assert all(link.trainable for link in projection)
        assert projection.weights.shape == (len(projection),)
        assert 5 < len(projection) < 30 if pattern == 0.5 else len(projection) == 30
        if pattern != 0.5:
            other[:4].project(other[1:], pattern)  # layers that share neurons
            assert not own_of(other)
            assert sum(len(neuron.incoming) for neuron in other) == 4 * 5 - 3
    trio = Layer(3)
    assert len(trio[0].project(trio)) == 2


def test_one_to_one_with_a_part_of_itself_makes_no_self_connection():
    layer = Layer(4)
    # in blocks: 0 to 0 and 1, 1 to 2 and 3
    projection = layer[:2].project(layer, "one_to_one")
    assert ends(projection, layer, layer) == [(0, 1), (1, 2), (1, 3)]
    other = Layer(4)
    turned = other.project(Layer(list(other)[::-1]), "one_to_one")  # no carousels
    assert ends(turned, other, other) == [(0, 3), (1, 2), (2, 1), (3, 0)]
    assert all(link.trainable for link in turned)


def test_asked_for_self_connections_are_made_like_the_others():
    """Drawn and trainable: no neuron becomes an integrator that keeps all it
    receives."""
    for pattern in (
        "all_to_all",
        1.0,
        np.ones((3, 3), bool),
        (np.repeat(range(3), 3), np.tile(range(3), 3)),
    ):
        layer = Layer(3)
        projection = layer.project(
            layer, pattern, self_connections=True, initializer="normal", seed=0
        )
        assert (len(projection), len(own_of(layer))) == (9, 3)
        assert all(link.trainable for link in projection)
        weights = {abs(link.weight) for link in projection}
        assert (len(weights), max(weights) < 0.5) == (9, True)
        if isinstance(pattern, str) and pattern == "all_to_all":
            assert projection.weights.shape == (3, 3)


def test_a_mask_or_list_with_self_connections_asks_for_them_by_name():
    mask = np.eye(3, k=0, dtype=bool) | np.eye(3, k=1, dtype=bool)
    for pattern, noun in ((mask, "mask"), (([0, 1], [1, 1]), "list")):
        layer, other = Layer(3), Layer(3)
        sentence = f"The {noun} has . self-connections?. .* self_connections=True"
        with unchanged(layer), pytest.raises(ArgumentError, match=sentence):
            layer.project(layer, pattern)
        assert len(layer.project(other, pattern)) == len(
            layer.project(layer, pattern, self_connections=True)
        )
        assert own_of(layer)


@pytest.mark.parametrize("delay", [0, 1, np.full((3, 3), 2)])
def test_all_to_else_leaves_a_neuron_out_of_its_own_sources(delay):
    for ends, count in (("itself", 6), ("shared", 7), ("apart", 9)):
        layer = Layer(3)
        shared = Layer([*layer[1:], Neuron()])
        target = {"itself": layer, "shared": shared, "apart": Layer(3)}[ends]
        links = layer.project(target, "all_to_else", delay=delay)
        assert len(links) == count
        assert not any(link.source is link.target for link in links)
    layer = Layer(3)
    if np.any(delay):
        assert len(layer.project(layer, delay=delay)) == 9
    with unchanged(layer), pytest.raises(ArgumentError, match="all_to_all"):
        layer.project(layer, "all_to_else", delay=delay, self_connections=True)


def test_self_connections_are_asked_for_where_a_pattern_has_them():
    single = Layer(1)
    with unchanged(single), pytest.raises(TopologyError, match="self_connections=True"):
        single.project(single, "all_to_all")
    assert single.project(
        single, "all_to_all", self_connections=True
    ).weights.shape == (1, 1)


def test_a_matrix_without_a_kind_stands_for_all_of_its_pairs():
    weights = np.arange(1.0, 10.0).reshape(3, 3)
    layer = Layer(3)
    kinds = (
        (None, "`weights` .* `kind` .*got 1 from source 0 to target 0.*self_conn"),
        ("all_to_all", "got 1 from source 0 to target 0.*self_connections=True"),
        ("all_to_else", "got 1 from source 0 to target 0.*self_connections=True"),
        ("one_to_one", "`weights` .* `kind` .*got 2 from source 0 to target 1.*Leave"),
        (~np.eye(3, dtype=bool), "got 1 from source 0 to target 0.*self_conn"),
        (0.5, "`weights` of a projection whose kind is a density must be a number"),
    )
    rng = np.random.default_rng(0)
    state = rng.bit_generator.state
    with unchanged(layer):
        all_refused(
            (
                partial(layer.project, layer, kind, weights=weights, seed=rng),
                ArgumentError,
                words,
            )
            for kind, words in kinds
        )
    assert rng.bit_generator.state == state
    np.fill_diagonal(weights, 0.0)
    links = layer.project(layer, weights=weights)
    assert links.weights.tolist() == [4.0, 7.0, 2.0, 8.0, 3.0, 6.0]
    assert (links.trainable, own_of(layer)) == (True, [])
    other = Layer(3)
    weights[0] = np.nan
    assert len(other.project(other, weights=weights, self_connections=True)) == 6
    assert [neuron.self_connection is None for neuron in other] == [True, False, False]
    assert all(link.weight == 0.0 and link.trainable for link in own_of(other))
    with unchanged(other), pytest.raises(TopologyError, match="not all NaN"):
        other.project(Layer(3), weights=np.full((3, 3), np.nan))


def test_one_to_one_to_itself_makes_carousels_whatever_is_asked():
    for pattern, options in (
        ((), {}),
        ((), {"trainable": True}),
        (("one_to_one",), {"self_connections": True}),
        (("one_to_one",), {"self_connections": False}),
    ):
        layer = Layer(2)
        links = [
            (c.weight, c.trainable, c.source)
            for c in layer.project(layer, *pattern, **options)
        ]
        assert links == [(1.0, "trainable" in options, neuron) for neuron in layer]


def test_whether_it_is_trainable_is_read_and_set_for_all():
    a, b, projection = joined(2, 2, seed=0)
    assert projection.trainable
    projection[1].trainable = False
    assert projection.trainable  # the others learn
    projection.trainable = True
    assert [link.trainable for link in projection] == [True] * 4
    assert not b.project(b).trainable
    with unchanged([*a, *b]), pytest.raises(SynapseError):
        projection.trainable = None
    synapse.tie([projection[1], other := Layer(1).project(Layer(1), weights=0.0)[0]])
    a[0].disconnect(b[0])
    projection.trainable = False  # those left, and those tied to them
    assert not any(link.trainable for link in (*projection, other))


def test_weights_can_be_given():
    """Of a partial projection by pair or by connection."""
    for kind, weights, shown in (
        (None, 0.5, [[0.5, 0.5], [0.5, 0.5]]),
        (None, [[1, 2], [3, 4]], [[1, 2], [3, 4]]),
        (None, [1, 2, 3, 4], [[1, 3], [2, 4]]),
        ("one_to_one", [[1, math.nan], [0, 4]], [1, 4]),
        ("one_to_one", [1, 4], [1, 4]),
    ):
        assert np.array_equal(
            Layer(2).project(Layer(2), kind, weights=weights).weights, shown
        )


def test_weights_are_finite_numbers_in_the_shape_of_the_pattern():
    a, b = Layer(2), Layer(2)
    refused = [
        math.nan,
        [math.nan] * 4,
        [[1, math.inf], [0, 0]],
        [[1, math.nan], [math.inf, 0]],
        [[1, math.nan]],
        np.full((3, 3), math.nan),
        [1, 2, 3],
        np.ones((3, 2)),
        np.ones((2, 2, 1)),
        "one",
    ]
    errors = ArgumentError, ArgumentTypeError
    with unchanged([*a, *b]):
        all_refused(
            (partial(a.project, b, weights=weights), errors, None)
            for weights in (*refused, [[1, 2], [3]], object())
        )
    projection = a.project(b, weights=1.0)
    with unchanged([*a, *b]):
        all_refused(
            [
                (partial(setattr, projection, "weights", weights), errors, None)
                for weights in refused
            ]
        )


def test_weights_can_be_replaced_scaled_and_sliced():
    projection = Layer(2).project(Layer(2), weights=[[1, 2], [3, 4]])
    shown = []
    for change in (
        lambda: operator.imul(projection.weights, 2),
        lambda: setattr(projection, "weights", 1),
        lambda: operator.setitem(projection.weights, (slice(None), 1), [5, 6]),
        lambda: setattr(projection, "weights", projection.weights[1]),
    ):
        change()
        shown.append(projection.weights.tolist())
    assert shown == [[[2, 4], [6, 8]], [[1, 1]] * 2, [[1, 5], [1, 6]], [[1, 6]] * 2]


IN_PLACE = {
    "*=": lambda w: operator.imul(w, 2.0),
    "+=": lambda w: operator.iadd(w, [[1.0], [2.0]]),
    "by its transpose": lambda w: operator.iadd(w, w.T),
    "out, in part": lambda w: np.multiply(
        w, 2, out=w, where=[[True, False], [False, True]]
    ),
    "clip": lambda w: np.clip(w, 1.5, 3.5, out=w),
    "slice": lambda w: w.__setitem__((slice(1, None), 0), w[1:, 0] + 1),
    "mask": lambda w: w.__setitem__(np.asarray(w) > 2, 0.0),
}


def test_an_operation_in_place_changes_the_network():
    """As it changes an array of NumPy."""
    with Cases() as case:
        for name, change in IN_PLACE.items():
            start = np.array([[1.0, 2.0], [3.0, 4.0]])
            layers = Layer(2), Layer(2)
            projection = layers[0].project(layers[1], weights=start)
            weights = projection.weights
            with case(name):
                answer = change(weights)
                wanted = change(start)
                assert answer is (weights if wanted is start else None)
                links = [
                    [a.connection_to(b).weight for b in layers[1]] for a in layers[0]
                ]
                assert (
                    links
                    == start.tolist()
                    == weights.tolist()
                    == projection.weights.tolist()
                )


def test_a_part_of_the_weights_is_live_where_numpy_has_a_view():
    projection = Layer(2).project(Layer(3), weights=[[1, 2, 3], [4, 5, 6]])
    weights = projection.weights
    row = weights[1]
    column = weights[:, 2]
    corner = weights[1:][..., :2]
    row *= 10
    column -= 1
    corner[0, 1] = 7
    weights[0] += 100
    assert projection.weights.tolist() == [[101, 102, 102], [40, 7, 59]]
    assert (row.tolist(), column.tolist(), corner.tolist()) == (
        [40, 7, 59],
        [102, 59],
        [[40, 7]],
    )
    for copied in (
        weights[[0, 1]],
        weights[weights > 50],
        weights * 1,
        weights.copy(),
        np.array(weights),
    ):
        copied *= 0
    assert projection.weights.tolist() == [[101, 102, 102], [40, 7, 59]]


def test_places_of_weights_follow_edits_ties_signs_and_joins():
    """Each is written to before and after an edit, in a network that runs."""
    a, b = Layer(3), Layer(2)
    full, listed = a.project(b, seed=0), a.project(b, ([0, 2, 1], [1, 0, 0]), delay=1)
    expected = np.array(full.weights), np.array(listed.weights)

    def write(number):
        full.weights[0, 1] = listed.weights[1] = number
        full.weights[1:, 0] = [number, np.float64(number)]
        full.weights[2][:] = 2
        for written in (full, listed):
            written.weights += 1
        expected[0][0, 1] = expected[1][1] = number
        expected[0][1:, 0] = number
        expected[0][2] = 2
        for link, values in zip((full, listed), expected, strict=True):
            values += 1
            assert [c.weight for c in link] == values.T.reshape(-1).tolist()

    write(0.5)
    net = Network(a, b)
    net.run(np.ones((2, 3)))
    write(0.25)
    Layer(5).project(b[:1], seed=1)  # rows of another store
    net.run(np.ones((2, 3)))
    write(0.125)
    b[0].project(b[1], weight=1.0)
    write(0.75)
    synapse.tie([full[0], full[5]])
    full.weights[0, 0] = 3.0
    full.weights *= 2
    assert full.weights[2, 1] == 6.0
    with pytest.raises(SynapseError, match="tied"):
        full.weights[...] = np.arange(6.0).reshape(3, 2)
    with pytest.raises(SynapseError, match="tied"):
        full.weights += np.arange(6.0).reshape(3, 2)
    listed[1].sign = 1
    a[0].disconnect(b[1])
    all_refused(
        (partial(operator.setitem, *change), SynapseError, words)
        for words, *change in (
            ("sign", listed.weights, 1, -1.0),
            ("finite", listed.weights, 0, np.nan),
        )
    )
    with pytest.raises(SynapseError, match="removed"):
        full.weights[0, 0] = 1.0


def test_what_cannot_be_live_cannot_be_written_to():
    weights = Layer(2).project(Layer(2), weights=1.0).weights
    writes = {
        lambda: operator.setitem(np.asarray(weights), (0, 0), 2.0): "read-only",
        lambda: operator.setitem(weights.T, (0, 0), 2.0): "read-only",
        lambda: weights.fill(2.0): "read-only",
        weights.sort: "read-only",
        lambda: np.array(weights, copy=False): "copy",
    }
    all_refused((write, ValueError, words) for write, words in writes.items())
    assert weights.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_weights_behave_as_an_array_which_takes_them_in_place_and_at_places():
    weights = Layer(2).project(Layer(2), weights=[[1, 2], [3, 4]]).weights
    assert (weights.ndim, weights.mean()) == (2, 2.5)
    assert str(weights) == str(np.array([row.tolist() for row in weights]))
    total = np.ones((2, 2))
    total += weights
    assert total.tolist() == [[2, 3], [4, 5]]
    np.add.at(weights, ([0, 0], [1, 1]), 1.0)
    assert weights.tolist() == [[1, 4], [3, 4]]
    quotient, left = np.divmod(weights, 2, out=(weights, None))
    assert quotient is weights
    assert (weights.tolist(), left.tolist()) == ([[0, 2], [1, 2]], [[1, 0], [1, 0]])
    with pytest.raises(AttributeError):
        _ = weights.means


def test_an_operation_in_place_that_fails_changes_nothing():
    a, b, projection = joined(2, 2, weights=1.0)
    weights = projection.weights
    changes = (
        (operator.imul, weights, math.inf),
        (operator.iadd, weights, [1.0, 2.0, 3.0]),
        (operator.iadd, weights, "one"),
        (operator.iadd, weights, np.ones((2, 2, 2))),
        (operator.setitem, weights[0], 0, math.nan),
        (operator.getitem, weights, 2),
    )
    errors = ValueError, TypeError, IndexError
    with unchanged([*a, *b]):
        all_refused((partial(*change), errors, None) for change in changes)


def test_removed_connections_leave_the_others():
    a, b, projection = joined(2, 2)
    a[0].disconnect(b[0])
    assert len(projection) == 3
    assert [connection.source for connection in projection] == [a[1], a[0], a[1]]
    with pytest.raises(TopologyError, match="removed"):
        np.asarray(projection.weights)
    gates = Layer(2)
    gates.gate(projection, "input")
    assert gaters(gates, projection) == [0, 1, 1]


def gaters(layer, projection):
    return [list(layer).index(c.gater) for c in projection]


@pytest.mark.full
def test_connections_can_be_removed_while_a_projection_is_iterated():
    """The store gives others new numbers meanwhile."""
    projection = Layer(120).project(Layer(120), weights=1.0)
    for connection in projection:
        connection.source.disconnect(connection.target)
    assert len(projection) == 0


def test_a_layer_gates_what_comes_into_targets_or_leaves_sources():
    for sizes, gate_type, expected in (
        ((3, 2, 2), "input", [0, 0, 0, 1, 1, 1]),
        ((3, 2, 3), "output", [0, 1, 2, 0, 1, 2]),
        ((1, 4, 2), "input", [0, 0, 1, 1]),  # several neighbours each
        ((2, 2, 1), "input", [0, 0, 0, 0]),
        ((3, 3), "one_to_one", [0, 1, 2]),  # from a layer to itself
    ):
        *ends, gates = map(Layer, sizes)
        projection = ends[0].project(ends[-1])
        gates.gate(projection, gate_type)
        assert gaters(gates, projection) == expected


def test_of_a_sparse_projection_gates_go_by_target_and_source():
    # whose rows are in another order
    a = Layer(3)
    b = Layer(list(Layer(3))[::-1])
    mask = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 0]], bool)
    for source, target, kind, end in ((a, b, "input", 1), (b, a, "output", 0)):
        gates = Layer(3)
        projection = source.project(target, mask)
        gates.gate(projection, kind)
        pairs = ends(projection, source, target)
        assert gaters(gates, projection) == [pair[end] for pair in pairs]


def test_the_numbers_of_gaters_must_match():
    projection = Layer(3).project(Layer(2))
    all_refused(
        (partial(Layer(n).gate, projection, kind), TopologyError, f"and {n} gater")
        for n, kind in ((3, "input"), (2, "output"), (4, "one_to_one"), (4, "input"))
    )
    assert not any(connection.gater for connection in projection)


def test_a_pair_is_connected_once():
    a, b, other = Layer(2), Layer(2), Layer(2, dtype=np.float32)
    a[1].project(b[1], weight=0.5)
    for target, words in ((b, "already"), (other, "float32 and float64")):
        with unchanged([*a, *target]), pytest.raises(TopologyError, match=words):
            a.project(target)
    assert len(a[0].outgoing) == 0
    # the other pairs of neurons that are linked
    assert len(a.project(b, ([1, 0], [0, 1]))) == 2


def test_random_pairs_do_not_depend_on_how_many_are_drawn_at_a_time(monkeypatch):
    mask = np.random.default_rng(5).random((8, 6)) < 0.3
    for drawn in (1, 7, 100):
        monkeypatch.setattr(projection, "DRAWN", drawn)
        sources, targets = projection.pairs_of(
            0.3, Layer(6), Layer(8), np.random.default_rng(5)
        )
        assert np.array_equal(np.stack([targets, sources]), np.nonzero(mask))


@pytest.mark.full
def test_layers_composed_without_a_look_are_those_composed_with_one_at_every_step():
    def composed(seed, look):
        rng = np.random.default_rng(seed)
        told = []
        layers = [
            Layer(int(size), bias=size, name=f"{i}")
            for i, size in enumerate(rng.integers(1, 4, 6))
        ]
        made = [layers[0].project(layers[5], seed=seed)]
        for step, (source, target, gater, other) in enumerate(
            rng.integers(0, 6, (12, 4)).tolist()
        ):
            pattern = [None, 0.6, "all_to_all", "one_to_one"][step % 4]
            options = {"seed": step, "trainable": gater > 2}
            try:
                made.append(layers[source].project(layers[target], pattern, **options))
                layers[other].trainable_bias = gater > 3
                layers[gater].gate(
                    made[other % len(made)], ["input", "output", "one_to_one"][step % 3]
                )
                layers[source].append(Neuron(name=f"of {step}"))
            except (TopologyError, ArgumentError) as error:
                told.append(str(error))
            _ = [projection.weights.sum() for projection in made if rng.random() < look]
        net = Network(layers[0], [layers[1 + i] for i in rng.permutation(4)], layers[5])
        return (
            told,
            [(str(c), c.weight, str(c.gater), c.trainable) for c in net.connections],
            [[c.weight for c in projection] for projection in made],
            [(n.name, n.bias, n.trainable_bias) for n in net],
            net.run(np.ones((3, len(net.input)))).tolist(),
        )

    for seed in range(30):
        assert composed(seed, 0.0) == composed(seed, 1.0) == composed(seed, 0.1)


# --- weights that are set by hand -----------------------------------------------------


def made(kind, dtype="float64"):
    """Return a network with a projection whose weights anything, or not, may set."""
    a, b, c = (Layer(n, "identity", dtype=dtype) for n in (3, 2, 1))
    pattern = ([0, 1, 2], [1, 0, 1]) if kind == "listed" else None
    projection = a.project(b, pattern, seed=0, sign=1 if kind == "signed" else None)
    if kind == "interleaved":  # incoming connections of b are those of two projections
        c.project(b, seed=1, delay=1)
    b.project(c, seed=1)
    net = Network(a, b, c)
    if kind == "tied":
        synapse.tie([projection[0], projection[1]])
    if kind != "not lowered":
        net.activate([0.0, 1.0, 0.5])
    return net, projection


KINDS = ["full", "listed", "interleaved", "signed", "tied", "not lowered"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_arithmetic_in_place_sets_the_weights_that_connections_show(kind, dtype):
    _, projection = made(kind, dtype)
    for change in (
        lambda w: np.multiply(w, 2.0, out=w),
        lambda w: np.add(w, w, out=w),
        lambda w: np.add(1.0, w, out=w),
        lambda w: np.minimum(w, np.full(w.shape, 3.0), out=w),
    ):
        expected = np.array(projection.weights)
        change(expected)
        change(projection.weights)
        assert (np.asarray(projection.weights) == expected).all()
        assert [connection.weight for connection in projection] == expected.T.reshape(
            -1
        ).tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_what_weights_cannot_be_changes_none(kind):
    net, projection = made(kind)
    before = net.weights
    shape = projection.weights.shape
    errors = SynapseError, ValueError, TypeError
    for wrong in (np.inf, np.nan, np.full(shape, np.nan), np.zeros(7), "x", None):
        all_refused(
            [
                (partial(setattr, projection, "weights", wrong), errors, None),
                (partial(iadd, projection.weights, wrong), errors, None),
                (partial(setattr, projection[0], "weight", wrong), SynapseError, None),
            ]
        )
        assert (net.weights == before).all()
    if kind == "signed":
        all_refused(
            [
                (partial(setattr, projection[0], "weight", -1.0), SynapseError, "sign"),
                (partial(iadd, projection.weights, -10.0), SynapseError, "sign"),
            ]
        )
    assert (net.weights == before).all()
