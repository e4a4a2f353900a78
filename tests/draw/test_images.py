"""Rasters, Hinton diagrams, sensitivities and recordings of spikes: what their squares,
pixels and marks show."""

from itertools import product

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Neuron, draw, record
from synapse.errors import ArgumentError, ArgumentTypeError, UnknownNameError
from tests.helpers.cases import all_refused

from .helpers import (
    all_pictures_hold,
    artists_of,
    assert_readable,
    hand_wired,
    paths,
    shown,
)

RNG = np.random.default_rng(0)


def rows_of(ax):
    return [text.get_text() for text in ax.get_yticklabels()]


@pytest.mark.full
def test_a_raster_has_a_row_a_neuron_and_zero_in_the_middle_of_colours_of_both_signs():
    values = RNG.random((7, 3))
    ax = draw.raster(values, ["a", "$b_1$", "c\nd"])
    (image,) = ax.images
    np.testing.assert_array_equal(image.get_array(), values.T)
    assert {"a", "$b_1$", "c d", "step", "activation"} <= {
        text for text, _ in shown(ax.figure)
    }
    (image,) = draw.raster([[-1.0, 3.0]]).images
    assert (image.norm.vmin, image.norm.vmax) == (-3.0, 3.0)
    assert min(image.cmap(image.norm(0.0))[:3]) > 0.98
    for odd in (np.full((4, 2), np.nan), [[np.inf, 1.0]], [[5.0]]):
        ax = draw.raster(odd)
        ax.figure.canvas.draw()
        assert ax.images[0].get_array().count() == np.isfinite(odd).sum()
        assert max(ax.images[0].cmap.get_bad()[:3]) < 0.7, "white is zero"
        assert all(place == round(place) for place in ax.get_xticks())


@pytest.mark.full
def test_names_that_would_be_too_small_to_read_are_left_out():
    from matplotlib import pyplot

    _, small = pyplot.subplots(figsize=(4, 2))
    assert draw.raster(RNG.random((5, 40)), ax=small).get_ylabel() == "neuron"
    assert "39" not in rows_of(small)
    large = draw.hinton(RNG.random((40, 40)))
    assert rows_of(large)[-1] == "39"
    assert min(text.get_size() for text in large.get_yticklabels()) >= 5


@pytest.mark.full
def test_layers_are_set_apart_and_named():
    net = architect.LSTM(2, 4, 1, style="synaptic", seed=0)
    with record(net) as log:
        net.run(RNG.random((20, 2)))
    for ax in (draw.raster(log.activation, net), draw.raster(log)):
        assert [
            line.get_ydata()[0] for line in ax.lines if len(line.get_xdata()) == 2
        ] == [1.5, 5.5, 9.5, 13.5, 17.5]
        # named once
        assert ([text.get_text() for text in ax.texts], rows_of(ax)) == (
            [layer.name for layer in net.layers],
            [str(i) for layer in net.layers for i in range(len(layer))],
        )
        assert_readable(ax)
    net = architect.Perceptron(150, *[1] * 6, 40, 1, 1, seed=0)
    ax = draw.raster(RNG.random((30, len(net))), net)
    assert "input 0" not in [text for text, _ in shown(ax.figure)]
    assert_readable(ax)


def test_a_log_of_some_has_their_names():
    net = architect.LSTM(2, 3, 1, seed=0)
    with record(net, "weight", connections=net.connections[:2]) as log:
        net.run(RNG.random((6, 2)))
    ax = draw.raster(log)
    assert rows_of(ax) == log.labels("weight")
    assert "weight" in {text for text, _ in shown(ax.figure)}
    with record(net, neurons=list(net)[::-1]) as log:
        net.run(RNG.random((6, 2)))
    assert rows_of(draw.raster(log)) == [neuron.name for neuron in net][::-1]


def squares(ax):
    """By (row, column): the area of a square, and whether it is blue."""
    (weights,) = artists_of(ax, "weights")
    by_place = {}
    for path, (red, _, blue, _) in zip(weights.get_paths(), weights.get_facecolor()):
        low = path.vertices.min(axis=0)
        high = path.vertices.max(axis=0)
        column, row = np.round((low + high) / 2).astype(int).tolist()
        by_place[row, column] = np.prod(high - low), blue > red
    return by_place


@pytest.mark.full
def test_areas_are_magnitudes_and_colours_signs():
    matrix = np.array([[1.0, -0.25, 0.0], [0.5, 0.01, -1.0]])
    by_place = squares(draw.hinton(matrix))
    assert set(by_place) == {(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)}
    full = by_place[0, 0][0]
    for place, (area, blue) in by_place.items():
        assert area == pytest.approx(full * abs(matrix[place]))
        assert blue == (matrix[place] > 0)
    assert 0.7 < full < 1.0
    (single, _), (two, _) = (
        squares(draw.hinton([[0.5]], scale=scale))[0, 0] for scale in (0.5, 1.0)
    )
    assert single == pytest.approx(2 * two)
    assert squares(draw.hinton([[7.0]], scale=0.5))[0, 0][0] == pytest.approx(single)
    (crosses,) = artists_of(draw.hinton([[1.0, np.nan], [-np.inf, 0.5]]), "not finite")
    assert crosses.get_xydata().tolist() == [[1, 0], [0, 1]]


def test_a_projection_brings_its_names_and_white_where_nothing_is_connected():
    source = Layer(2, name="in_$")
    target = Layer(3, name="out")
    ax = draw.hinton(
        source.project(
            target, np.array([[True, False, True], [False, True, False]]), seed=0
        )
    )
    assert len(paths(ax, "connections")) == 3
    assert {place: blue for place, (_, blue) in squares(ax).items()} == {
        (i, j): source[i].connection_to(target[j]).weight > 0
        for i, j in ((0, 0), (0, 2), (1, 1))
    }
    assert {"in_$", "in_$ 0", "in_$ 1", "out", "out 0", "out 2"} <= {
        text for text, _ in shown(ax.figure)
    }


def learning(net, order=None, steps=4):
    net.rule = ("rtrl", order)
    net.run(RNG.random((steps, len(net.input))))
    return net


def matrix_by_hand(net):
    """A column for each trainable parameter, neuron by neuron; NaN where there is no
    sensitivity."""
    rows = {}
    columns = []
    for neuron in list(net)[len(net.input) :]:
        into = sorted((c for c in neuron.incoming if c.trainable), key=lambda c: c._at)
        columns += [c.sensitivity for c in into]
        columns += [neuron.bias_sensitivity] if neuron.trainable_bias else []
    for neuron in net:
        if any(neuron in column for column in columns):
            rows[neuron] = [column.get(neuron, np.nan) for column in columns]
    return np.array(list(rows.values()))


def tied_and_frozen():
    net = architect.LSTM(2, 3, 1, seed=0)
    synapse.tie(net["cells"][0].incoming[:2])
    net["forget gates"].trainable_bias = False
    net["cells"][1].incoming[0].trainable = False
    return net


def test_the_image_is_what_connections_and_neurons_show():
    def check(make, order):
        net = learning(make(), order)
        (image,) = draw.sensitivities(net).images
        np.testing.assert_array_equal(
            image.get_array().filled(np.nan), matrix_by_hand(net)
        )
        assert image.cmap.get_bad().tolist() == [1, 1, 1, 1]
        assert image.norm.vmax == -image.norm.vmin == np.abs(image.get_array()).max()
        ax = draw.sensitivities(net, scale=0.5, color_bars=False)
        assert (len(ax.figure.axes), ax.images[0].norm.vmax) == (1, 0.5)

    all_pictures_hold(check, list(product((hand_wired, tied_and_frozen), (None, 1))))


def of_types(count, letters=6):
    """Neurons of this many types, each with three connections of one sign."""
    rng = np.random.default_rng(0)
    source = np.repeat(np.arange(3 * count), 3)
    pairs = {(i, j) for i, j in zip(source, rng.integers(1, 3 * count, len(source)))}
    edges = [(int(i), int(j), -1.0 if i % 3 else 2.0) for i, j in sorted(pairs)]
    types = [
        f"{'type' * letters}"[:letters] + f" {i % count}" for i in range(3 * count)
    ]
    return synapse.from_edges(
        edges, [0], [3 * count - 1], neurons={"name": range(3 * count), "type": types}
    )


def test_a_matrix_has_the_sum_of_weights_of_each_pair_of_groups():
    net = of_types(5)
    ax = draw.matrix(net, groups="type")
    (image,) = artists_of(ax, "sums")
    sums = image.get_array()
    titles = rows_of(ax)
    assert titles == [text.get_text() for text in ax.get_xticklabels()]
    expected = {}
    for link in net.connections:
        ends = link.source.metadata["type"], link.target.metadata["type"]
        expected[ends] = expected.get(ends, 0.0) + link.weight
    for (i, source), (j, target) in product(enumerate(titles), repeat=2):
        if (source, target) in expected:
            assert sums[i, j] == pytest.approx(expected[source, target])
        else:
            assert sums.mask[i, j]
    assert image.norm.vmin == -image.norm.vmax == -max(map(abs, expected.values()))
    (image,) = artists_of(draw.matrix(net, groups="type", scale=0.5), "sums")
    assert (image.norm.vmin, image.norm.vmax) == (-0.5, 0.5)


def test_a_matrix_has_gains_and_leaves_out_what_only_gates():
    a, b, gate = Neuron(name="a"), Neuron(name="b"), Neuron("identity", 3.0, name="g")
    gate.gate(a.project(b, weight=2.0))
    net = synapse.Network(Layer([a]), [Layer([gate])], Layer([b]))
    net.activate([1.0])
    ax = draw.matrix(net)
    assert (rows_of(ax), artists_of(ax, "sums")[0].get_array()[0, 1]) == (
        ["input", "output"],
        6.0,
    )
    assert [
        axes.get_ylabel()
        for drawn in (ax, draw.matrix(of_types(3), groups="type"))
        for axes in drawn.figure.axes[1:]
    ] == ["sum of weights \N{MULTIPLICATION SIGN} gain", "sum of weights"]


@pytest.mark.full
def test_a_matrix_of_many_types_can_be_read():
    def check(count, letters):
        ax = draw.matrix(of_types(count, letters), groups="type")
        assert_readable(ax)
        assert len(rows_of(ax)) == count
        assert min(text.get_size() for text in ax.get_yticklabels()) >= 5

    all_pictures_hold(check, [(1, 3), (2, 30), (8, 1), (30, 6), (45, 30)])


def test_what_cannot_be_drawn():
    net = architect.LSTM(2, 3, 1, seed=0)
    with record(net, "state", "weight") as log:
        net.run(RNG.random((6, 2)))
    steps, scale = (
        "a row for each step and a column for each neuron",
        "`scale` of hinton",
    )
    rule = "a network that keeps sensitivities"
    recurrence = "`network` must be a network with a recurrent neuron"
    perceptron = architect.Perceptron(2, 3, 1, seed=0)
    perceptron.rule = "rtrl"
    all_refused(
        [
            (lambda: draw.raster([1.0, 2.0]), ArgumentError, steps),
            (lambda: draw.raster(np.zeros((0, 3))), ArgumentError, steps),
            (
                lambda: draw.raster("abc"),
                ArgumentTypeError,
                "`values` must be a matrix",
            ),
            (
                lambda: draw.raster([[0, 1]], Layer(3)),
                ArgumentError,
                r"one for each row or column of the values",
            ),
            (
                lambda: draw.raster([[0]], Neuron()),
                ArgumentTypeError,
                "`neurons` must be a Network, a Layer",
            ),
            (
                lambda: draw.raster(log),
                ArgumentError,
                r"Pass one of them: log\.state or log\.weight",
            ),
            (
                lambda: draw.hinton("weights"),
                ArgumentTypeError,
                "`weights` must be a Projection or a matrix",
            ),
            (
                lambda: draw.hinton([1.0, 2.0]),
                ArgumentError,
                "a row for each source and a column",
            ),
            (
                lambda: draw.hinton([[1.0]], sources=["a", "b", "c"]),
                ArgumentError,
                "got 3",
            ),
            (lambda: draw.hinton([[1.0]], scale=0), ArgumentError, scale),
            (lambda: draw.matrix(net, groups="type"), UnknownNameError, "'type'"),
            (lambda: draw.matrix(net, scale=0), ArgumentError, "`scale` of matrix"),
            (lambda: draw.matrix([[1.0]]), ArgumentTypeError, "a Network, or a seq"),
            (lambda: draw.sensitivities(net), ArgumentError, rule),
            (lambda: draw.sensitivities(perceptron), ArgumentError, recurrence),
        ]
    )


def recorded(steps=30, adaptive=2):
    net = architect.Spiking(2, 4, 1, adaptive=adaptive, seed=0)
    with synapse.record(net) as log:
        net.run(np.random.default_rng(0).uniform(0.0, 2.0, (steps, 2)))
    return net, log


def test_every_spike_is_a_mark_below_its_own_neuron():
    net, log = recorded()
    ax = draw.spikes(log, np.full((30, 1), np.nan))
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["input", "voltages", "spikes", "adaptation", "output"]
    fired = log.of(net["spikes"], "activation") == 1.0
    (marks,) = ax.collections
    places = np.array([segment[0] for segment in marks.get_segments()])
    assert len(places) == fired.sum() > 10
    assert np.array_equal(np.sort(places[:, 0]), np.sort(np.nonzero(fired)[0]))
    assert len(np.unique(places[:, 1])) == fired.any(axis=0).sum()
    # 2 inputs, 4 voltages, 2 adaptations and the output with its targets are lines
    assert len(ax.lines) == 10


def test_delays_have_no_rows():
    """The delay is longer than the network has neurons."""
    inputs, fired = Layer(2, name="in"), Layer(1, "spike", -0.5, name="out")
    inputs.project(fired, weights=1.0, delay=20)
    net = Network(inputs, fired)
    with synapse.record(net) as log:
        net.run(np.eye(30, 2))
    assert log.activation.shape == (30, 3)
    ax = draw.spikes(log)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["in", "out"]
    ax = draw.traces(log)
    assert [line.get_label() for line in ax.lines] == ["in 0", "in 1", "out 0"]


def test_chosen_groups_have_bands_in_their_order_and_milliseconds():
    net, log = recorded()
    with synapse.record(net, neurons=net["spikes"]) as part:
        net.run(np.random.default_rng(0).uniform(0.0, 2.0, (30, 2)))
    groups = {"two": net["spikes"][2:], "one": [net["spikes"][1]]}
    ax = draw.spikes(part, groups=groups, dt=0.5)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["two", "one"]
    fired = [part.of(group) == 1.0 for group in groups.values()]
    assert [len(marks.get_segments()) for marks in ax.collections] == [
        spikes.sum() for spikes in fired if spikes.any()
    ]
    assert (ax.get_xlabel(), ax.xaxis.get_major_formatter()(20.0)) == (
        "time (ms)",
        "10",
    )
    rates = [f"{spikes.mean() * 2000:,.0f} Hz" for spikes in fired if spikes.any()]
    assert [text.get_text() for text in ax.texts if "Hz" in text.get_text()] == rates
    layers = draw.spikes(log, groups=[net["spikes"], net["voltages"]])
    names = [text.get_text() for text in layers.get_yticklabels()]
    assert names == ["spikes", "voltages"]
    all_refused(
        [
            (lambda: draw.spikes(part), ArgumentError, "is not recorded"),
            (lambda: draw.spikes(part, groups=[]), ArgumentError, "none"),
            (lambda: draw.spikes(part, groups=[3]), ArgumentTypeError, "Layer"),
            (
                lambda: draw.spikes(part, groups={"a": [net.output[0]]}),
                ArgumentError,
                "not recorded",
            ),
            (lambda: draw.spikes(part, groups=groups, dt=0), ArgumentError, "dt"),
        ]
    )
