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


@pytest.mark.parametrize("name", ["lstm", "hand"])
def test_marks_of_gates_lie_on_what_is_gated_and_lines_lead_to_them(name):
    net = STANDARD[name]()
    ax = draw.network(net)
    marks = np.array([(m.min(axis=0) + m.max(axis=0)) / 2 for m in paths(ax, "gate marks")])
    gated = [link for link in net.connections if link.gater is not None]
    places, order = middles(ax), list(net)
    (lines,) = part(ax, "gates")
    for link, mark, line in zip(gated, marks, lines.get_segments()):
        way = way_of(ax, net, link)
        assert from_way(mark, way) < 1e-9
        assert np.linalg.norm(way - way[0], axis=1).max() > 0.3 < np.linalg.norm(mark - way[0])
        np.testing.assert_allclose(line, [places[order.index(link.gater)], mark], atol=1e-12)
    apart = np.linalg.norm(marks[:, None] - marks, axis=-1) + np.eye(len(marks))
    assert apart.min() > 0.15


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
    assert sorted(set(x)) == [0.0, 1.0]
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
    assert {"20 neurons", "60 neurons", "5 neurons", "to itself 60", "all to all 100"} <= set(said(ax))


@pytest.mark.parametrize(
    ("kind", "text"),
    [("all_to_all", "all to all 16"), ("one_to_one", "one to one 4"), (np.eye(4, k=1) > 0, "19 % of all 3")],
)
def test_arrows_say_of_what_kind_a_projection_is(kind, text):
    source, target = Layer(4), Layer(4)
    source.project(target, kind)
    assert text in said(draw.network(Network(source, [], target), blocks=True))


def test_links_within_a_layer_are_loops_with_their_kind():
    assert {"to itself 3", "all to else 6"} <= set(said(draw.network(hand_wired(), blocks=True)))


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
