"""Networks as pictures: what is drawn for which neuron, connection and gate."""

import numpy as np
import pytest

import architect
from synapse import Layer, Network, Neuron, draw
from synapse.errors import ArgumentError, KindError, UnknownNameError

from .helpers import (
    STANDARD,
    from_way,
    hand_wired,
    outside,
    overlapping,
    part,
    paths,
    pixels,
    shown,
    strange_names,
)

NEURON_BY_NEURON = ["perceptron", "lstm", "elman", "hand", "names", "hundred"]


def middles(ax):
    """The centre of each disc, in the order of the neurons."""
    return np.array([(disc.min(axis=0) + disc.max(axis=0)) / 2 for disc in paths(ax, "neurons")])


def way_of(ax, net, link):
    """The line that is drawn for a connection."""
    places, order = middles(ax), list(net)
    here, there = places[order.index(link.source)], places[order.index(link.target)]
    near = 0.3 if link.source is link.target else 1e-9
    ways = [way for way in paths(ax, "connections") if np.linalg.norm(way[0] - here) < near]
    (way,) = [way for way in ways if np.linalg.norm(way[-1] - there) < near]
    return way


@pytest.mark.parametrize("name", NEURON_BY_NEURON)
def test_a_disc_a_neuron_and_a_line_a_connection(name):
    net = STANDARD[name]()
    ax = draw.network(net)
    assert len(paths(ax, "neurons")) == len(net)
    assert len(paths(ax, "connections")) == len(net.connections)
    assert len(paths(ax, "gate marks")) == sum(link.gater is not None for link in net.connections)


@pytest.mark.parametrize("name", ["perceptron", "lstm", "elman", "hand"])
def test_a_line_leads_from_source_to_target_and_round_other_neurons(name):
    net = STANDARD[name]()
    ax = draw.network(net)
    places, order = middles(ax), list(net)
    for link in net.connections:
        way = way_of(ax, net, link)
        ends = {order.index(link.source), order.index(link.target)}
        others = np.delete(places, list(ends), axis=0)
        assert min(from_way(place, way) for place in others) > 0.26, link


def test_layers_stand_from_left_to_right_and_their_neurons_from_top_to_bottom():
    net = architect.Perceptron(2, 3, 1, seed=0)
    x, y = middles(draw.network(net)).T
    assert x.tolist() == [0, 0, 2, 2, 2, 4]
    assert y.tolist() == [0.5, -0.5, 1, 0, -1, 0]


def test_layers_are_frames_with_their_names_above():
    net = architect.LSTM(2, 4, 1, style="synaptic", seed=0)
    ax = draw.network(net, colour_bars=False)
    ax.figure.canvas.draw()
    frames = [frame.get_window_extent() for frame in part(ax, "frame")]
    places = ax.transData.transform(middles(ax))
    names = [next(text for text in ax.texts if text.get_text() == layer.label) for layer in net.layers]
    assert len(frames) == len(net.layers)
    for layer, frame, name in zip(net.layers, frames, names):
        mine = [place for place, neuron in zip(places, net) if neuron in layer]
        assert all(frame.x0 < x < frame.x1 and frame.y0 < y < frame.y1 for x, y in mine)
        box = name.get_window_extent()
        assert 0 <= box.y0 - frame.y1 < 12
        assert box.x0 < (frame.x0 + frame.x1) / 2 < box.x1


def test_a_layer_with_many_connections_within_it_is_a_ring():
    net = architect.Liquid(2, 20, 1, connections=60, gates=5, seed=0)
    ax = draw.network(net)
    pool = middles(ax)[2:22]
    radii = np.linalg.norm(pool - pool.mean(axis=0), axis=1)
    assert np.ptp(radii) < 1e-9
    apart = np.linalg.norm(np.diff(pool, axis=0), axis=1)
    assert apart.min() > 0.6
    for link in net.connections:
        way = way_of(ax, net, link)
        assert np.isfinite(way).all()


def test_text_and_lines_are_proportional_to_the_axes():
    from matplotlib import pyplot

    def measured(width):
        with draw.style():
            figure, axes = pyplot.subplots(1, 2, figsize=(width, width / 3), layout="constrained")
        net = architect.LSTM(2, 4, 1, style="synaptic", seed=0)
        for ax, blocks in zip(axes, (False, True)):
            draw.network(net, ax, blocks=blocks, colour_bars=False).set_title("")
        figure.canvas.draw()
        sizes = []
        for ax in axes:
            (x0, _), (x1, _) = ax.transData.transform([[0, 0], [1, 0]])
            texts = [text.get_fontsize() for text in ax.texts]
            (lines,) = part(ax, "connections") or [None]
            widths = lines.get_linewidths() if lines else [arrow.get_lw() for arrow in part(ax, "projection")]
            sizes.append(np.array([*texts, *widths]) / (x1 - x0))
        pyplot.close(figure)
        return np.concatenate(sizes)

    np.testing.assert_allclose(measured(8.0), measured(16.0), rtol=1e-6)


@pytest.mark.parametrize("blocks", [False, True])
def test_text_in_svg_and_pdf_files_stays_text(blocks, tmp_path):
    ax = draw.network(architect.LSTM(2, 4, 1, style="synaptic", seed=0), blocks=blocks)
    with draw.style():
        ax.figure.savefig(tmp_path / "net.svg")
        ax.figure.savefig(tmp_path / "net.pdf")
    svg = (tmp_path / "net.svg").read_text()
    assert ">input gates</text>" in svg
    assert ">LSTM</text>" in svg
    pdf = (tmp_path / "net.pdf").read_bytes()
    assert b"/CIDFontType2" in pdf
    assert b"/Type3" not in pdf


def test_colour_and_width_show_the_weight():
    net = architect.Perceptron(1, 3, 1, seed=0)
    net.weights = [-1.0, 0.0, 0.25, 1.0, 0.5, -0.5]
    ax = draw.network(net)
    (lines,) = part(ax, "connections")
    order = np.argsort(np.abs(net.weights), kind="stable")
    colours, widths = np.empty((6, 4)), np.empty(6)
    colours[order], widths[order] = lines.get_edgecolors(), lines.get_linewidths()
    red, blue = colours[:, 0], colours[:, 2]
    assert (red > blue).tolist() == [True, False, False, False, False, True]
    assert np.ptp(colours[1, :3]) < 0.05
    assert np.ptp(colours[1, :3]) == min(np.ptp(colours[:, :3], axis=1))
    assert widths[1] < widths[2] < widths[4] == widths[5] < widths[0] == widths[3]


def test_the_scale_is_that_of_the_weights_that_learn():
    net = architect.Elman(1, 2, 1, seed=0)
    ax = draw.network(net)
    bar = next(other for other in ax.figure.axes if other is not ax)
    learnt = [abs(link.weight) for link in net.connections if link.trainable]
    assert bar.get_ylim() == pytest.approx((-max(learnt), max(learnt)))
    assert max(abs(net.weights)) == 1.0 > max(learnt)


def gate_marks(ax):
    """The middles of the marks of gates."""
    return np.array([(m.min(axis=0) + m.max(axis=0)) / 2 for m in paths(ax, "gate marks")])


@pytest.mark.parametrize("name", ["lstm", "hand"])
def test_each_gated_connection_has_a_mark_on_it(name):
    net = STANDARD[name]()
    ax = draw.network(net)
    marks = gate_marks(ax)
    for link in net.connections:
        if link.gater is not None:
            way = way_of(ax, net, link)
            on_it = [mark for mark in marks if from_way(mark, way) < 1e-9]
            assert on_it, link
            assert min(np.linalg.norm(mark - way[0]) for mark in on_it) > 0.3
    alone = marks if name == "hand" else np.empty((0, 2))
    apart = np.linalg.norm(alone[:, None] - alone, axis=-1) + np.eye(len(alone))
    assert apart.min(initial=1.0) > 0.15


@pytest.mark.parametrize("name", ["lstm", "hand"])
def test_dotted_lines_lead_from_gaters_to_marks_and_avoid_other_neurons(name):
    net = STANDARD[name]()
    ax = draw.network(net)
    places, marks, order = middles(ax), gate_marks(ax), list(net)
    gaters = {order.index(link.gater) for link in net.connections if link.gater is not None}
    for line in paths(ax, "gates"):
        (gater,) = [i for i in gaters if np.allclose(places[i], line[0])]
        gaters.discard(gater)
        assert np.linalg.norm(marks - line[-1], axis=1).min() < 1e-9
        far = [place for place in np.delete(places, gater, axis=0) if np.linalg.norm(place - line[-1]) > 0.6]
        assert min(from_way(place, line) for place in far) > 0.26
    assert not gaters


def test_one_neuron_gates_a_bundle_with_one_dotted_line_and_a_bar():
    net = architect.LSTM(7, 3, 2, style="synaptic", seed=0)
    ax = draw.network(net)
    gated = [link for link in net.connections if link.gater is not None]
    loops = [link for link in gated if link.source is link.target]
    bars = paths(ax, "gate bars")
    assert sorted(len(bar) for bar in bars) == [2] * 3 + [7] * 3  # outputs of a cell, inputs of a cell
    assert len(gated) - len(loops) == sum(map(len, bars))
    assert len(paths(ax, "gates")) == len(bars) + len(loops)
    marks = gate_marks(ax)
    assert all(np.linalg.norm(marks - point, axis=1).min() < 1e-9 for bar in bars for point in bar)


def test_a_gater_that_is_not_shown_leaves_a_mark_without_a_line():
    a, b, outsider = Neuron(), Neuron(), Neuron()
    outsider.gate(a.project(b, weight=1.0))
    for blocks in (False, True):
        ax = draw.network([a, b], blocks=blocks)
        assert len(part(ax, "gate mark" if blocks else "gate marks")) == 1
        assert not paths(ax, "gates")
        assert not part(ax, "gate")


def test_backward_connections_run_above_or_below_the_discs():
    net = architect.Elman(2, 6, 1, seed=0)
    ax = draw.network(net)
    rim = np.abs(middles(ax)[:, 1]).max() + 0.26
    back = [
        link for link in net.connections if link.source in net["hidden"] and link.target in net["context"]
    ]
    heights = [np.abs(way_of(ax, net, link)[:, 1]).max() for link in back]
    assert min(heights) > rim
    assert [way_of(ax, net, link)[:, 1].mean() > 0 for link in back] == [True] * 3 + [False] * 3


def test_self_connections_are_loops_that_stay_clear_of_the_next_neuron():
    net = hand_wired()
    ax = draw.network(net)
    for neuron in net["ring"]:
        way = way_of(ax, net, neuron.self_connection)
        place = middles(ax)[list(net).index(neuron)]
        assert 0.25 < (way[:, 1] - place[1]).max() < 1 - 0.26


@pytest.mark.parametrize("name", STANDARD)
def test_no_texts_overlap_and_none_is_cut_off(name):
    ax = draw.network(STANDARD[name]())
    assert overlapping(ax.figure) == outside(ax.figure) == []


def test_labels():
    texts = [text for text, _ in shown(draw.network(hand_wired(), colour_bars=False).figure)]
    assert sorted(texts) == sorted(["Network", "0", "0", "1", "2", "says", "in", "ring", "out"])


def test_dollars_underscores_and_line_feeds_are_shown_as_they_are():
    for blocks in (False, True):
        ax = draw.network(strange_names(), blocks=blocks, colour_bars=False)
        texts = {text for text, _ in shown(ax.figure)}
        assert r"$\alpha$" in texts
        if not blocks:
            assert {"$", "a_b $x^2$", "über Δt", "_x_", r"\$\frac{1}{0}$"} <= texts


@pytest.mark.parametrize("colour", ["activation", "bias", "state"])
def test_discs_are_coloured_by_a_number(colour):
    net = architect.Perceptron(2, 3, 1, seed=0)
    net.activate([0.0, 1.0])
    ax = draw.network(net, colour=colour)
    (discs,) = part(ax, "neurons")
    values = [getattr(neuron, colour) for neuron in net]
    assert len({tuple(face) for face in discs.get_facecolor()}) == len(set(values))
    assert {other.get_ylabel() for other in ax.figure.axes} == {"", "weight", colour}


def test_zero_weights_and_no_connections():
    net = architect.Perceptron(2, 3, 1, seed=0)
    net.weights = np.zeros(9)
    assert len(paths(draw.network(net), "connections")) == 9
    assert paths(draw.network(STANDARD["loose"]()), "connections") == []
    ax = draw.network(Neuron(name="alone"))
    assert len(paths(ax, "neurons")) == 1
    assert [text for text, _ in shown(ax.figure)] == ["alone"]


def test_neurons_without_a_network_stand_in_a_row():
    a, b = Neuron(name="a"), Neuron(name="b")
    a.project(b, weight=0.5)
    elsewhere = Neuron(name="c")
    b.project(Neuron())
    ax = draw.network([a, b, elsewhere])
    assert middles(ax).tolist() == [[0, 0], [2, 0], [4, 0]]
    assert len(paths(ax, "connections")) == 1


def test_many_neurons_without_a_network_are_one_layer():
    x, y = middles(draw.network([Neuron() for _ in range(30)])).T
    assert sorted(set(x)) == [-0.5, 0.5]
    assert len(set(y)) == 15
    (box,) = part(draw.network([Neuron() for _ in range(30)], blocks=True), "layer")
    assert box.get_width() > 0


def test_connections_both_ways_within_a_folded_layer_do_not_hide_each_other():
    neurons = [Neuron() for _ in range(30)]
    neurons[0].project(neurons[15], weight=1.0)
    neurons[15].project(neurons[0], weight=1.0)
    one, other = (way[:, 1].max() - way[0, 1] for way in paths(draw.network(neurons), "connections"))
    assert sorted([one > 0.3, other > 0.3]) == [False, True]


# --- layer by layer -------------------------------------------------------------------------------


def said(ax):
    return sorted(text.get_text().replace("\n", " ") for text in ax.texts)


def test_large_networks_are_drawn_by_layers():
    net = architect.LSTM(20, 60, 5, style="synaptic", seed=0)
    ax = draw.network(net)
    assert len(part(ax, "layer")) == 6
    assert len(part(ax, "projection")) == 10
    assert len(part(ax, "gate mark")) == len(part(ax, "gate")) == 3
    assert {"20 neurons", "60 neurons", "5 neurons", "60 to itself", "100"} <= set(said(ax))
    assert "Numbers of connections, all to all unless noted" in said(ax)
    assert [len(dots.get_paths()) for dots in part(ax, "dots")] == [20, 60, 60, 60, 60, 5]


def test_gated_networks_are_drawn_by_layers_sooner():
    assert part(draw.network(architect.LSTM(7, 15, 7, seed=0)), "projection")
    assert not part(draw.network(architect.Perceptron(20, 70, 10, seed=0)), "projection")
    assert not part(draw.network(architect.LSTM(7, 15, 7, seed=0), blocks=False), "projection")


@pytest.mark.parametrize(
    ("kind", "text"),
    [("all_to_all", "16"), ("one_to_one", "4 one to one"), (np.eye(4, k=1) > 0, "3 19 % of all")],
)
def test_arrows_say_of_what_kind_a_projection_is(kind, text):
    source, target = Layer(4), Layer(4)
    source.project(target, kind)
    assert text in said(draw.network(Network(source, [], target), blocks=True))


def test_links_within_a_layer_are_loops_with_their_kind():
    assert {"3 to itself", "6 all to else"} <= set(said(draw.network(hand_wired(), blocks=True)))


@pytest.mark.parametrize("name", ["lstm", "elman", "hand", "large"])
def test_marks_of_gates_lie_on_arrows_and_dotted_lines_begin_at_boxes(name):
    ax = draw.network(STANDARD[name](), blocks=True)
    arrows = [arrow.get_path().vertices for arrow in part(ax, "projection")]
    for mark in part(ax, "gate mark"):
        place = np.ravel(mark.get_data())
        assert min(from_way(place, arrow) for arrow in arrows) < 1e-3
    boxes = [box.get_extents().transformed(ax.transData.inverted()) for box in part(ax, "layer")]
    for line in part(ax, "gate"):
        start = line.get_xydata()[0]
        assert any(
            b.x0 - 0.02 < start[0] < b.x1 + 0.02 and b.y0 - 0.02 < start[1] < b.y1 + 0.02 for b in boxes
        )


@pytest.mark.parametrize("name", ["lstm", "elman", "hand", "names", "loose"])
def test_small_networks_by_layers_can_be_read_too(name):
    ax = draw.network(STANDARD[name](), blocks=True)
    assert overlapping(ax.figure) == outside(ax.figure) == []


# --- what all pictures hold to --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lstm", "large"])
def test_the_same_network_gives_the_same_picture(name):
    first, second = (pixels(draw.network(STANDARD[name]()).figure) for _ in range(2))
    assert first == second


def test_the_network_stays_as_it_was():
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    net.activate([0.0, 1.0])
    before = net.weights.tolist(), [(n.state, n.activation, n.name) for n in net]
    draw.network(net, colour="state")
    assert before == (net.weights.tolist(), [(n.state, n.activation, n.name) for n in net])


@pytest.mark.parametrize("given", [3, None, "net", ["a"], object()])
def test_refuses_what_is_no_network(given):
    with pytest.raises(KindError, match="Expected a Network, or a sequence of neurons"):
        draw.network(given)


def test_refuses_none_twice_and_unknown_numbers():
    neuron = Neuron()
    for given in ([], [neuron, neuron]):
        with pytest.raises(ArgumentError, match="at least one, and each given once"):
            draw.network(given)
    with pytest.raises(UnknownNameError, match=r"named 'weight'\. Known: activation, bias, state\."):
        draw.network(neuron, colour="weight")
