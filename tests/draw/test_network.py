"""Networks as pictures: what is drawn for which neuron, connection and gate, and
where."""

import re
from importlib.util import find_spec
from itertools import combinations, pairwise

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Model, Network, Neuron, Topology, draw
from synapse.draw._bundles import bundles_of, draw_boxes
from synapse.errors import ArgumentError, ArgumentTypeError, UnknownNameError
from tests.helpers.cases import all_refused

from .helpers import (
    STANDARD,
    all_pictures_hold,
    artists_of,
    assert_readable,
    from_way,
    legend,
    paths,
    pixels,
    shown,
    strange_names,
)


def middles(ax, gid="neurons"):
    """The centre of each disc, in the order of the neurons, or of other marks."""
    return np.array([(p.min(axis=0) + p.max(axis=0)) / 2 for p in paths(ax, gid)])


def gate_marks(ax):
    return middles(ax, "gate marks")


def way_of(ax, net, link):
    """The line that is drawn for a connection."""
    places = dict(zip(net, middles(ax)))
    here, there = places[link.source], places[link.target]
    near = 0.3 if link.source is link.target else 1e-9
    ways = [
        way for way in paths(ax, "connections") if np.linalg.norm(way[0] - here) < near
    ]
    (way,) = [way for way in ways if np.linalg.norm(way[-1] - there) < near]
    return way


@pytest.mark.full
def test_discs_lines_and_marks_of_neurons_connections_and_gates():
    """Lines lead from source to target and round other neurons; marks lie on them, each
    by itself."""

    def check(name):
        net = STANDARD[name]()
        ax = draw.network(net, detail="connections")
        places = middles(ax)
        order = list(net)
        marks = gate_marks(ax)
        assert (len(places), len(paths(ax, "connections")), len(marks)) == (
            len(net),
            len(net.connections),
            sum(link.gater is not None for link in net.connections),
        )
        assert_readable(ax)
        for link in net.connections[:: 1 if len(net) < 30 else 53]:
            way = way_of(ax, net, link)
            others = np.delete(
                places, [order.index(link.source), order.index(link.target)], axis=0
            )
            assert min(from_way(place, way) for place in others) > 0.26, link
            if link.gater is not None:
                on_it = [mark for mark in marks if from_way(mark, way) < 1e-9]
                assert max(np.linalg.norm(mark - way[0]) for mark in on_it) > 0.3, link
        if name == "hand":
            assert (
                np.linalg.norm(marks[:, None] - marks, axis=-1) + np.eye(len(marks))
            ).min() > 0.15

    all_pictures_hold(
        check, ["perceptron", "lstm", "elman", "hand", "names", "hundred"]
    )


def test_layers_are_frames_with_their_names_above():
    net = architect.LSTM(2, 4, 1, style="synaptic", seed=0)
    ax = draw.network(net, color_bars=False)
    ax.figure.canvas.draw()
    names = {text.get_text(): text.get_window_extent() for text in ax.texts}
    places = dict(zip(net, ax.transData.transform(middles(ax))))
    for layer, frame in zip(net.layers, artists_of(ax, "frame"), strict=True):
        box = frame.get_window_extent()
        name = names[layer._label]
        assert all(box.contains(*places[neuron]) for neuron in layer)
        assert 0 <= name.y0 - box.y1 < 12
        assert name.x0 < (box.x0 + box.x1) / 2 < name.x1


def test_a_layer_with_many_connections_within_it_is_a_ring():
    net = architect.Liquid(2, 20, 1, connections=60, gates=5, seed=0)
    ax = draw.network(net)
    pool = middles(ax)[2:22]
    assert np.ptp(np.linalg.norm(pool - pool.mean(axis=0), axis=1)) < 1e-9
    assert np.linalg.norm(np.diff(pool, axis=0), axis=1).min() > 0.6
    assert all(np.isfinite(way_of(ax, net, link)).all() for link in net.connections)


@pytest.mark.full
def test_numbers_are_printed_in_discs_and_on_lines():
    def check(name):
        net = STANDARD[name]()
        net.activate(np.linspace(-0.4, 0.9, len(net.input)))
        ax = draw.network(net, numbers=True, color_bars=False)
        assert_readable(ax)
        texts = [(text.get_text(), text.get_position()) for text in ax.texts]
        for neuron, place in zip(net, middles(ax), strict=True):
            assert (f"{neuron.activation:.2f}", tuple(place)) in texts
        for link in net.connections:
            places = [place for text, place in texts if text == f"{link.weight:.2f}"]
            assert (
                min(from_way(place, way_of(ax, net, link)) for place in places) < 0.01
            ), link

    all_pictures_hold(check, ["perceptron", "elman", "names"])


def test_colour_and_width_show_the_weight():
    net = architect.Perceptron(1, 3, 1, seed=0)
    net.weights = [-1.0, 0.0, 0.25, 1.0, 0.5, -0.5]
    (lines,) = artists_of(draw.network(net), "connections")
    place = np.argsort(np.argsort(np.abs(net.weights), kind="stable"))
    colours = lines.get_edgecolors()[place]
    widths = np.array(lines.get_linewidths())[place]
    red_over_blue = (colours[:, 0] > colours[:, 2]).tolist()
    assert red_over_blue == [True, False, False, False, False, True]
    ranges = np.ptp(colours[:, :3], axis=1)
    assert ranges[1] == min(ranges) < 0.05
    assert widths[1] < widths[2] < widths[4] == widths[5] < widths[0] == widths[3]
    # this one does not set the scale
    net.connections[0].weight = -9.0
    net.connections[0].trainable = False
    (lines,) = artists_of(draw.network(net), "connections")
    assert sorted(lines.get_linewidths()) == pytest.approx(sorted(widths), rel=1e-2)


def test_dotted_lines_lead_from_gaters_to_marks_and_avoid_other_neurons():
    def check(name):
        net = STANDARD[name]()
        ax = draw.network(net)
        places = middles(ax)
        marks = gate_marks(ax)
        gaters = {
            i
            for i, neuron in enumerate(net)
            if any(link.gater is neuron for link in net.connections)
        }
        for line in paths(ax, "gates"):
            (gater,) = [i for i in gaters if np.allclose(places[i], line[0])]
            gaters.discard(gater)
            assert np.linalg.norm(marks - line[-1], axis=1).min() < 1e-9
            others = np.delete(places, gater, axis=0)
            far = [place for place in others if np.linalg.norm(place - line[-1]) > 0.6]
            assert min(from_way(place, line) for place in far) > 0.26
        assert not gaters

    all_pictures_hold(check, ["lstm", "hand"])


def test_one_neuron_gates_a_bundle_with_one_dotted_line_and_a_bar():
    net = architect.LSTM(7, 3, 2, style="synaptic", seed=0)
    ax = draw.network(net)
    gated = [link for link in net.connections if link.gater is not None]
    loops = [link for link in gated if link.source is link.target]
    bars = paths(ax, "gate bars")
    # outputs of a cell, inputs of a cell
    assert sorted(len(bar) for bar in bars) == [2] * 3 + [7] * 3
    assert (len(gated) - len(loops), len(paths(ax, "gates"))) == (
        sum(map(len, bars)),
        len(bars) + len(loops),
    )
    marks = gate_marks(ax)
    assert all(
        np.linalg.norm(marks - point, axis=1).min() < 1e-9
        for bar in bars
        for point in bar
    )
    for line in paths(ax, "gates"):
        mine = [
            bar for bar in bars if np.linalg.norm(bar - line[-1], axis=1).min() < 1e-9
        ]
        apart = [np.linalg.norm(bar - line[0], axis=1).min() for bar in mine]
        assert (
            np.linalg.norm(line[-1] - line[0]) == pytest.approx(min(apart, default=0.0))
            or not mine
        )


def test_a_gated_self_connection_is_marked_on_its_loop_apart_from_the_bundle():
    a = Layer(2)
    cell, gater = (Neuron() for _ in range(2))
    links = [*a.project(cell), cell.project(cell, weight=1.0)]
    for link in links:
        gater.gate(link)
    net = Network(a, [Layer([gater])], Layer([cell]))
    ax = draw.network(net)
    (bar,) = paths(ax, "gate bars")
    assert len(bar) == 2
    assert way_of(ax, net, links[-1])[:, 1].max() - gate_marks(ax)[:, 1].max() < 0.1


def test_a_gater_that_is_not_shown_leaves_a_mark_without_a_line():
    a, b, gater = (Neuron() for _ in range(3))
    gater.gate(a.project(b, weight=1.0))
    for detail in ("connections", "bundles"):
        ax = draw.network([a, b], detail=detail)
        assert (len(gate_marks(ax)), paths(ax, "gates")) == (1, [])


def test_backward_connections_run_above_or_below_the_discs():
    net = architect.Elman(2, 6, 1, seed=0)
    ax = draw.network(net)
    rim = np.abs(middles(ax)[:, 1]).max() + 0.26
    back = [
        link
        for link in net.connections
        if link.source in net["hidden"] and link.target in net["context"]
    ]
    heights = [way_of(ax, net, link)[:, 1] for link in back]
    assert min(np.abs(height).max() for height in heights) > rim
    assert [height.mean() > 0 for height in heights] == [True] * 3 + [False] * 3
    net = architect.Elman(2, 16, 1, seed=0)  # so large that these alone have arrowheads
    ax = draw.network(net, detail="connections")
    places = middles(ax)
    ends = [
        int(np.linalg.norm(places - head[0], axis=1).argmin())
        for head in paths(ax, "arrowheads")
    ]
    assert {net[i] for i in ends} == set(net["context"])


def test_resets_of_spiking_cells_return_beside_the_lines_that_lead_onward():
    inputs, voltages, spikes = Layer(2), Layer(6, name="voltages"), Layer(6)
    inputs.project(voltages, seed=0)
    voltages.project(spikes, "one_to_one", weights=1.0)
    spikes.project(voltages, "one_to_one", weights=-1.0)
    net = Network(inputs, [voltages], spikes)
    ax = draw.network(net)
    places = dict(zip(net, middles(ax)))
    for voltage, spike in zip(voltages, spikes, strict=True):
        way = way_of(ax, net, spike.connection_to(voltage))
        below = places[voltage][1] - way[:, 1]
        assert -1e-9 <= below.min() <= 0.15 < below.max() < 0.35
    tops = max(way[:, 1].max() for way in paths(ax, "connections"))
    assert tops < max(place[1] for place in places.values()) + 0.6  # no cable above


@pytest.mark.full
def test_pools_are_discs_that_springs_fill():
    net = architect.Liquid(2, 60, 1, connections=180, seed=0)
    places = dict(zip(net, middles(draw.network(net, detail="connections"))))
    pool = np.array([places[neuron] for neuron in net["pool"]])
    apart = np.linalg.norm(pool[:, None] - pool, axis=-1) + 9.0 * np.eye(60)
    assert apart.min() > 0.6
    assert 0.7 < np.ptp(pool[:, 0]) / np.ptp(pool[:, 1]) < 1.4
    lengths = [
        np.linalg.norm(places[link.source] - places[link.target])
        for link in net.connections
        if link.source in net["pool"] and link.target in net["pool"]
    ]
    assert np.mean(lengths) < 0.9 * apart[~np.eye(60, dtype=bool)].mean()
    assert places[net.input[0]][0] < pool[:, 0].min()
    assert pool[:, 0].max() < places[net.output[0]][0]


@pytest.mark.full
def test_springs_place_each_neuron_apart_and_in_the_same_place_again():
    edges = [(a, (a * 7 + k) % 45, 1.0) for a in range(45) for k in (1, 3, 8)]
    edges = [edge for edge in edges if edge[1] > 1]
    net = synapse.from_edges(edges, [0, 1], [44])
    assert len(net.layers) > 4
    assert detail_of(draw.network(net)) == "matrix"  # as layers, it is a tangle
    ax = draw.network(net, layout="spring")
    assert not artists_of(ax, "frame")
    assert pixels(ax.figure) == pixels(draw.network(net, layout="spring").figure)
    places = middles(ax)
    assert (
        np.linalg.norm(places[:, None] - places, axis=-1) + 9.0 * np.eye(45)
    ).min() > 0.6
    assert artists_of(draw.network(net, layout="layers"), "frame")


def test_dollars_underscores_and_line_feeds_are_shown_as_they_are():
    assert {r"$\alpha$", "$", "a_b $x^2$", "über Δt", "_x_", r"\$\frac{1}{0}$"} <= {
        text
        for text, _ in shown(draw.network(strange_names(), color_bars=False).figure)
    }


@pytest.mark.full
def test_discs_are_coloured_by_a_number():
    from matplotlib.colors import to_rgb

    net = architect.Perceptron(2, 3, 1, seed=0)
    net.biases = np.linspace(0.0, 3.0, 6)
    net.activate([0.0, 1.0])
    for colour in ("activation", "bias", "state"):
        ax = draw.network(net, color=colour)
        (discs,) = artists_of(ax, "neurons")
        values = [getattr(neuron, colour) for neuron in net]
        assert len({tuple(face) for face in discs.get_facecolor()}) == len(set(values))
        bars = {other.get_ylabel(): other.get_ylim() for other in ax.figure.axes}
        assert bars.keys() == {"", "weight", colour}
        low, high = bars[colour]
        assert low <= min(values) <= max(values) <= high
        assert colour != "bias" or low == -high  # white is 0
        texts = [text for text in ax.texts if text.get_text().isdigit()]
        for face, text in zip(discs.get_facecolor(), texts, strict=True):
            inks = np.array([to_rgb(text.get_color()), face[:3]]) @ [
                0.299,
                0.587,
                0.114,
            ]
            assert abs(inks[0] - inks[1]) > 0.3


def test_zero_weights_and_no_connections():
    net = architect.Perceptron(2, 3, 1, seed=0)
    net.weights = np.zeros(9)
    assert len(paths(draw.network(net), "connections")) == 9
    assert paths(draw.network(STANDARD["loose"]()), "connections") == []
    assert [text for text, _ in shown(draw.network(Neuron(name="alone")).figure)] == [
        "alone"
    ]


def test_neurons_without_a_network_stand_in_a_row_or_are_one_layer():
    a, b, elsewhere = (Neuron(name=name) for name in "abc")
    a.project(b, weight=0.5)
    b.project(Neuron())
    ax = draw.network([a, b, elsewhere])
    assert ((middles(ax) - middles(ax)[0]).tolist(), len(paths(ax, "connections"))) == (
        [[0, 0], [2, 0], [4, 0]],
        1,
    )
    many = [Neuron() for _ in range(30)]
    assert (
        np.diff(sorted(set(middles(draw.network(many))[:, 0]))).tolist(),
        len(artists_of(draw.network(many, detail="bundles"), "layer")),
    ) == ([1.0], 1)


DETAILS = {
    "lstm": "connections",
    "large": "bundles",
    "deep": "bundles",
    "liquid": "bundles",
    "stacked": "bundles",
    "crossing": "matrix",
    "planted": "matrix",
    "many layers": "matrix",
}


def planted(sizes=(60, 90, 75), seed=0):
    """Communities of these sizes, connected within, and their neurons by community."""
    rng = np.random.default_rng(seed)
    community = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    chance = np.where(community[:, None] == community, 0.1, 0.002)
    mask = (rng.random(chance.shape) < chance) & ~np.eye(len(community), dtype=bool)
    inputs, pool, output = Layer(2), Layer(len(community), name="pool"), Layer(1)
    pool.project(pool, mask, seed=0)
    inputs[0].project(pool[0])
    pool[0].project(output[0])
    return Network(inputs, [pool], output), community


def crossing():
    edges = [(a, (a * 7 + k) % 90) for a in range(90) for k in (1, 3, 8)]
    edges = [edge for edge in edges if edge[1] > 1]
    return synapse.from_edges(edges, [0, 1], [89], seed=0)


OTHERS = {
    "liquid": lambda: architect.Liquid(
        3, 60, 2, connections=240, gates=10, spectral_radius=0.9, seed=0
    ),
    "stacked": lambda: architect.LSTM(4, 10, 10, 2, seed=0),
    "crossing": crossing,
    "planted": lambda: planted()[0],
    "many layers": lambda: architect.Perceptron(*[15] * 14, seed=0),
}


def detail_of(ax):
    """What is drawn, by the artists."""
    if artists_of(ax, "sums"):
        return "matrix"
    is_bundled = " in bundles" in ax.get_title().replace("\n", " ")
    return "bundles" if is_bundled else "connections"


@pytest.mark.parametrize(
    "names",
    [
        ("lstm", "stacked", "planted"),
        pytest.param(tuple(DETAILS), marks=pytest.mark.full),
    ],
    ids=["each kind", "all"],
)
def test_the_size_of_a_network_decides_what_is_drawn_and_the_title_says_it(names):
    def check(name):
        net = (STANDARD | OTHERS)[name]()
        ax = draw.network(net)
        assert detail_of(ax) == DETAILS[name]
        title = ax.get_title().replace("\n", " ")
        assert (
            f"{len(net):,} neurons, {len(net.connections):,} connections in" in title
        ) == (DETAILS[name] != "connections")
        assert_readable(ax)
        assert (
            min(text.get_fontsize() for text in ax.texts if text.get_visible()) >= 7.0
        )
        if name == "liquid":
            for detail in ("connections", "bundles", "matrix"):
                assert detail_of(draw.network(net, detail=detail)) == detail
        if name == "crossing":  # which neither bundles nor a matrix have
            ax = draw.network(net, color="bias", layout="circular")
            assert detail_of(ax) == "connections"

    all_pictures_hold(check, names)


def bundles_by_hand(net):
    """Number, mean weight and number of gated connections of each pair of layers, from
    the graph; self-connections by themselves."""
    found = {}
    layer_of = {neuron: i for i, layer in enumerate(net.layers) for neuron in layer}
    for source, target, values in net.graph.edges(data=True):
        ends = layer_of[source], layer_of[target], source is target
        found.setdefault(ends, []).append(values)
    return sorted(
        (
            len(links),
            f"{np.mean([link['weight'] for link in links]):.2g}",
            sum(link.get("gater") is not None for link in links),
        )
        for links in found.values()
    )


def bundles_shown(ax):
    texts = [
        re.fullmatch(r"(\d+).*\nmean (\S+)(?:\n(\d+).*)?", text)
        for text in (
            artist.get_text().replace("\N{MINUS SIGN}", "-").replace(",", "")
            for artist in ax.texts
        )
    ]
    return sorted((int(t[1]), t[2], int(t[3] or 0)) for t in texts if t is not None)


@pytest.mark.parametrize(
    "names",
    [
        ("lstm", "stacked"),
        pytest.param(("large", "elman", "deep"), marks=pytest.mark.full),
    ],
    ids=["small", "large"],
)
def test_bundles_have_the_numbers_and_mean_weights_of_the_graph(names):
    def check(name):
        net = (STANDARD | OTHERS)[name]()
        ax = draw.network(net, detail="bundles")
        expected = bundles_by_hand(net)
        assert bundles_shown(ax) == expected
        (arrows,) = artists_of(ax, "connections")
        widths, colors = arrows.get_linewidths(), arrows.get_edgecolors()
        sizes, means, gated = zip(*expected)
        assert len(widths) == len(sizes)
        np.testing.assert_array_equal(
            np.unique(np.round(widths, 6)).size, np.unique(sizes).size
        )
        assert (colors[:, 2] > colors[:, 0]).sum() == sum(
            float(mean) > 0 for mean in means
        )
        assert bool(gate_marks(ax).size) == any(gated)

    all_pictures_hold(check, names)


def test_the_gates_of_a_bundle_that_has_few_are_drawn_one_by_one():
    net = OTHERS["liquid"]()
    ax = draw.network(net)
    gated = [link for link in net.connections if link.gater is not None]
    assert "10 gated ones apart" in ax.get_title()
    marks = gate_marks(ax)
    _, lines = artists_of(ax, "connections")  # bundles, and these
    ways = [path.vertices for path in lines.get_paths()]
    assert len(gated) == len(marks) == len(ways) == 10
    places = dict(zip(net, middles(ax)))
    for link in gated:
        ends = np.array([places[link.source], places[link.target]])
        (way,) = [way for way in ways if np.allclose(way[[0, -1]], ends)]
        (mark,) = [mark for mark in marks if from_way(mark, way) < 1e-9]
        ends = np.array([places[link.gater], mark])
        assert sum(np.allclose(line[[0, -1]], ends) for line in paths(ax, "gates")) == 1
    assert sorted(count for count, _, _ in bundles_shown(ax)) == [120, 180, 230]


def test_a_matrix_has_each_neuron_once_and_communities_together():
    net, community = planted()
    ax = draw.network(net)
    (image,) = artists_of(ax, "sums")
    values = image.get_array().filled(0.0)
    assert sorted(values[values != 0]) == sorted(net.weights)
    names = [text.get_text() for text in ax.texts]
    assert sorted(int(name.split(": ")[1]) for name in names) == [1, 2, 60, 75, 90]
    # degrees tell neurons apart: row and column sums are those of the neurons
    expected = {
        round(sum(link.weight for link in neuron.outgoing), 9): i
        for i, neuron in enumerate(net["pool"])
    }
    rows = [expected.get(round(float(total), 9), -1) for total in values.sum(axis=1)]
    order = community[[row for row in rows if row >= 0]]
    assert len(order) == len(set(rows) - {-1}) == 225
    assert np.count_nonzero(np.diff(order)) == 2


def test_many_neurons_share_rows_whose_squares_count_connections():
    net, _ = planted((300, 200, 110))
    ax = draw.network(net)
    (image,) = artists_of(ax, "sums")
    # two neurons in each row
    assert (image.get_array().sum(), image.get_array().shape) == (
        len(net.connections),
        (307, 307),
    )
    assert "connections of 2 \N{MULTIPLICATION SIGN} 2 neurons" in [
        other.get_ylabel() for other in ax.figure.axes
    ]


@pytest.mark.full
def test_layouts_that_take_minutes_are_refused_with_another_way(monkeypatch):
    from synapse.draw import _network, _places

    net = planted()[0]
    monkeypatch.setitem(_places.LARGEST_LAID_OUT, "spring", 200)
    with pytest.raises(ArgumentError, match=r"up to 200 neurons.*got 228.*net\.gexf"):
        draw.network(net, layout="spring")
    monkeypatch.setattr(_network, "MAX_LINES", 100)
    with pytest.raises(ArgumentError, match=r"up to 100 connections.*'matrix'.*gexf"):
        draw.network(net, layout="circular")
    steps = [_places._within(1e8, 200, range(n)) for n in (10, 1000, 2000, 2500)]
    assert steps == [200, 100, 25, 20]


def test_arrows_say_of_what_kind_a_projection_is():
    kinds = {
        "16": "all_to_all",
        "4 one to one": "one_to_one",
        "3, 19 %": np.eye(4, k=1) > 0,
    }

    def first_lines(net):
        ax = draw.network(net, detail="bundles")
        return {text.get_text().split("\n")[0] for text in ax.texts}

    for text, pattern in kinds.items():
        net = Network(Layer(4), [], Layer(4))
        net.input.project(net.output, pattern)
        assert text in first_lines(net)
    ring = architect.Perceptron(2, 3, 1, seed=0)
    ring["hidden"].project(ring["hidden"], "all_to_else", seed=0)
    ring["hidden"].project(ring["hidden"])
    assert {"3 to itself", "6 all to else"} <= first_lines(ring)


@pytest.mark.full
def test_by_layers_marks_of_gates_lie_on_arrows_and_dotted_lines_begin_at_boxes():
    def check(name):
        table = Topology.of(STANDARD[name]())
        ax = draw_boxes(table, bundles_of(table), None, "")
        assert_readable(ax)
        for mark in gate_marks(ax):
            assert (
                min(from_way(mark, arrow) for arrow in paths(ax, "connections")) < 1e-3
            )
        boxes = [
            box.get_extents().transformed(ax.transData.inverted())
            for box in artists_of(ax, "layer")
        ]
        for (x, y), *_ in paths(ax, "gates"):
            assert any(b.x0 - 1e-6 < x < b.x1 + 1e-6 and b.y0 < y < b.y1 for b in boxes)
        # they begin and end at the rims of boxes, and meet no other
        for x, y in np.concatenate([np.empty((0, 2)), *paths(ax, "connections")]):
            assert not any(
                b.x0 + 0.1 < x < b.x1 - 0.1 and b.y0 + 0.1 < y < b.y1 - 0.1
                for b in boxes
            )

    all_pictures_hold(check, ["lstm", "hand", "names", "loose", "large"])


NETWORKX = ("circular", "forceatlas2", "spectral", "spiral", "spring")
NETWORKX += ("kamada_kawai",) if find_spec("scipy") else ()


@pytest.fixture
def net():
    return architect.LSTM(2, 4, 1, style="synaptic", seed=0)


@pytest.mark.full
def test_layouts_of_networkx_give_each_neuron_a_place(net):
    def check(layout):
        ax = draw.network(net, layout=layout)
        places = middles(ax)
        assert places.shape == (len(net), 2)
        assert np.isfinite(places).all()
        # which puts neurons with the same neighbours in one place
        if layout != "spectral":
            assert len(np.unique(places.round(6), axis=0)) == len(net)
        assert len(paths(ax, "connections")) == len(net.connections)
        assert not artists_of(ax, "frame")
        if layout == "spring":  # which begins with random places
            assert pixels(draw.network(net, layout=layout).figure) == pixels(ax.figure)

    all_pictures_hold(check, NETWORKX)


def test_colours_show_layers_that_a_legend_names(net):
    ax = draw.network(net, layout="circular")
    (discs,) = artists_of(ax, "neurons")
    faces = [tuple(face) for face in discs.get_facecolor()]
    layers = Topology.of(net).layer.tolist()
    assert len(set(faces)) == len(net.layers) == len(set(zip(faces, layers)))
    assert legend(ax) == [layer._label for layer in net.layers]
    assert draw.network(net, layout="circular", color="bias").get_legend() is None


@pytest.mark.full
def test_discs_are_coloured_by_metadata():
    net = architect.Perceptron(2, 3, 1, seed=0)
    for neuron, cell_type, size in zip(
        net, ["motor", "inter", "motor", "inter", "a"], [1, 2, 1.0, 2, 3]
    ):
        neuron.metadata.update(kind=cell_type, size=size)
    for colour, same in (("kind", [(0, 2), (1, 3)]), ("size", [(0, 2), (1, 3)])):
        (discs,) = artists_of(draw.network(net, color=colour), "neurons")
        faces = [tuple(face) for face in discs.get_facecolor()]
        assert all(faces[i] == faces[j] for i, j in same)
        # the output has none
        assert (len(set(faces)), faces[5]) == (4, (1.0, 1.0, 1.0, 1.0))
    assert legend(draw.network(net, color="kind")) == ["motor", "inter", "a"]
    with pytest.raises(UnknownNameError, match="Did you mean 'kind'"):
        draw.network(net, color="kinds")


@pytest.mark.full
def test_a_function_is_given_the_graph_and_its_places_are_used(net):
    seen = []

    def by_number(graph):
        seen.append(graph)
        return {node: (float(node % 4), float(node // 4)) for node in graph}

    places = middles(draw.network(net, layout=by_number))
    (graph,) = seen
    order = list(net)
    table = Topology.of(net)
    assert (
        tuple(graph.nodes[i]["name"] for i in graph),
        [graph.nodes[i]["layer"] for i in graph],
    ) == (table.label, [table.layers[i] for i in table.layer])
    for link in net.connections:
        assert graph.edges[(order.index(link.source), order.index(link.target))][
            "strength"
        ] == abs(link.weight)
    np.testing.assert_allclose(
        (places - places[0]) / (places[1, 0] - places[0, 0]),
        [(i % 4, i // 4) for i in range(len(net))],
        atol=1e-6,
    )
    pair = Network(Layer(2), [], Layer(1))
    pair[0].gate(pair[1].project(pair[2]))
    draw.network(pair, layout=by_number)
    assert set(seen[1].edges) == {(1, 2), (0, 2)}  # what gates is near
    near = draw.network(
        net, layout=lambda graph: {i: (float(i // 4) + 1e-7 * i, 0.0) for i in graph}
    )
    assert np.ptp(middles(near)[:, 0]) < 20
    heap = draw.network(net, layout=lambda graph: dict.fromkeys(graph, (1.0, 1.0)))
    assert np.isfinite(middles(heap)).all()


def test_what_cannot_be_drawn(net):
    neuron, finite = Neuron(), "two finite numbers"
    wrong = [
        (UnknownNameError, r"named 'sprnig'.*spring", "sprnig"),
        (ArgumentTypeError, "name of a layout or a function", 3),
        (ArgumentTypeError, r"a function of \(graph\)", dict),
        (ArgumentError, "a place for each node 0 to", lambda graph: {0: (0, 0)}),
        (ArgumentError, finite, lambda graph: dict.fromkeys(graph, (0.0, np.nan))),
        (ArgumentError, finite, lambda graph: dict.fromkeys(graph, "x")),
        (UnknownNameError, "named 'dot'", "dot"),
        (UnknownNameError, "layout named 'matrix'", "matrix"),
    ]
    both = lambda: draw.network(net, layout="circular", detail="matrix")  # noqa: E731
    all_refused(
        [
            *(
                (
                    lambda layout=layout: draw.network(net, layout=layout),
                    error,
                    words,
                )
                for error, words, layout in wrong
            ),
            (both, ArgumentError, "Pass one of the two"),
            (
                lambda: draw.network(net, detail="bundle"),
                UnknownNameError,
                "detail named 'bundle'.*Did you mean 'bundles'",
            ),
            (
                lambda: draw.network(net, numbers=True, detail="bundles"),
                ArgumentError,
                "Pass one of the two",
            ),
            (
                lambda: draw.network(STANDARD["hundred"](), numbers=True),
                ArgumentError,
                "up to 100 weights",
            ),
            (
                lambda: draw.network(["a"]),
                ArgumentTypeError,
                "`network` must be a Network, or a sequence of neurons",
            ),
            (
                lambda: draw.network([neuron, neuron]),
                ArgumentError,
                "must be distinct",
            ),
            (
                lambda: draw.network(neuron, color="weight"),
                UnknownNameError,
                "named 'weight'",
            ),
        ]
    )


def test_long_names_are_not_cut_and_not_those_of_the_layer_above():
    columns = ["Sales (kEUR)", "holiday"]
    for model in ("gru", "perceptron"):
        net = Model.build(model, columns, ["Sales (kEUR) +1"], hidden=[8]).whole()
        ax = draw.network(net, detail="connections")
        shown = [" ".join(text.get_text().split()) for text in ax.texts]
        assert not [text for text in shown if "…" in text]
        assert [shown.count(name) for name in (*columns, "Sales (kEUR) +1")] == [
            2,
            2,
            2,
        ], shown


def test_groups_of_metadata_stand_in_place_of_layers():
    net = architect.Perceptron(2, 3, 3, 1, seed=0)
    for neuron, cell_type in zip(
        net,
        ["sensory", "sensory", "inter", "inter", "motor", "inter", "inter", "motor"],
    ):
        neuron.metadata["kind"] = cell_type
    heads = [text.get_text() for text in draw.network(net, groups="kind").texts]
    assert heads[:4] == ["sensory", "inter", "motor", "no kind"]
    assert {"sensory", "inter", "motor", "no kind", "4 neurons"} <= {
        text.get_text()
        for text in draw.network(net, groups="kind", detail="bundles").texts
    }
    with pytest.raises(
        UnknownNameError, match="metadata of neurons to group by.*Did you mean 'kind'"
    ):
        draw.network(net, groups="kinds")


def test_a_network_with_tall_cables_fills_the_axes_that_are_given():
    from matplotlib import pyplot

    net = architect.Perceptron(4, *[12] * 4, 4, seed=0)
    for earlier, later in combinations(net.layers, 2):
        later.project(earlier, seed=1)
    _, ax = pyplot.subplots(figsize=(9, 5))
    draw.network(net, ax, layout="layers", color_bars=False)
    assert np.ptp(ax.get_xlim()) / np.ptp(ax.get_ylim()) > 0.7 * 9 / 5


@pytest.mark.full
def test_unconnected_parts_of_a_layout_by_forces_are_near_each_other():
    steps = [
        (name, i, i + step)
        for name, n in (("a", 30), ("b", 12))
        for i in range(n)
        for step in (1, 3)
    ]
    source = [f"{name}{i}" for name, i, _ in steps]
    target = [f"{name}{i}" for name, _, i in steps]
    net = synapse.from_edges({"source": source, "target": target}, ["a0", "b0"], seed=0)
    for layout in ("spring", "kamada_kawai", "forceatlas2"):
        places = middles(draw.network(net, layout=layout))
        part_of = np.array([neuron.name[0] for neuron in net])
        a, b = (places[part_of == name] for name in "ab")
        between = np.linalg.norm(a[:, None] - b, axis=-1).min()
        assert 0.75 < between < 0.5 * np.ptp(a, axis=0).max(), layout


@pytest.mark.full
def test_names_of_free_places_do_not_run_into_each_other_and_lines_can_be_seen():
    names = [f"SMB{i:03d}" for i in range(300)]
    source, target = zip(
        *[(names[i], names[i + step]) for i in range(297) for step in (1, 2, 3)]
    )
    net = synapse.from_edges({"source": source, "target": target}, seed=0)
    ax = draw.network(
        net, layout=lambda graph: {i: (float(i % 30), -float(i // 30)) for i in graph}
    )
    ax.figure.canvas.draw()
    texts = [text for text in ax.texts if text.get_visible()]
    assert {text.get_text() for text in texts} == {neuron.name for neuron in net}
    boxes = sorted(
        (text.get_window_extent() for text in texts),
        key=lambda box: (round(box.y0), box.x0),
    )
    level = [(a, b) for a, b in pairwise(boxes) if round(a.y0) == round(b.y0)]
    assert len(level) > 250
    assert all(a.x1 <= b.x0 for a, b in level)
    (lines,) = artists_of(ax, "connections")
    assert min(lines.get_linewidths()) > 0.15
