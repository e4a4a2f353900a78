"""Positions of neurons by networkx, Graphviz and functions."""

import shutil
import stat
import sys

import networkx as nx
import numpy as np
import pytest

import architect
from synapse import Topology, draw
from synapse.errors import ArgumentError, KindError, MissingExtraError, UnknownNameError

from .helpers import STANDARD, outside, overlapping, part, paths, pixels
from .test_network import middles

NETWORKX = ("circular", "forceatlas2", "kamada_kawai", "spectral", "spiral", "spring")


@pytest.fixture
def net():
    return architect.LSTM(2, 4, 1, style="synaptic", seed=0)


@pytest.mark.parametrize("layout", NETWORKX)
def test_layouts_of_networkx_give_each_neuron_a_place(net, layout):
    if layout == "kamada_kawai":
        pytest.importorskip("scipy")
    ax = draw.network(net, layout=layout)
    places = middles(ax)
    assert places.shape == (len(net), 2)
    assert np.isfinite(places).all()
    if layout != "spectral":  # which puts neurons with the same neighbours in one place
        assert len(np.unique(places.round(6), axis=0)) == len(net)
    assert len(paths(ax, "connections")) == len(net.connections)
    assert not part(ax, "frame")


def test_the_same_layout_gives_the_same_picture(net):
    first, second = (pixels(draw.network(net, layout="spring").figure) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", ["lstm", "hand", "elman"])
def test_discs_of_a_circle_do_not_touch_and_texts_do_not_overlap(name):
    ax = draw.network(STANDARD[name](), layout="circular")
    places = middles(ax)
    apart = np.linalg.norm(places[:, None] - places, axis=-1) + 9 * np.eye(len(places))
    assert apart.min() > 0.6
    assert overlapping(ax.figure) == outside(ax.figure) == []


def test_colours_show_layers_that_a_legend_names(net):
    ax = draw.network(net, layout="circular")
    (discs,) = part(ax, "neurons")
    faces = [tuple(face) for face in discs.get_facecolor()]
    layers = Topology.of(net).layer.tolist()
    assert len(set(faces)) == len(net.layers) == len(set(zip(faces, layers)))
    legend = ax.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == [layer.label for layer in net.layers]
    coloured = draw.network(net, layout="circular", colour="bias")
    assert coloured.get_legend() is None


def test_a_function_is_given_the_graph_and_its_places_are_used(net):
    seen = []

    def by_number(graph):
        seen.append(graph)
        return {node: (float(node % 4), float(node // 4)) for node in graph}

    places = middles(draw.network(net, layout=by_number))
    (graph,) = seen
    assert isinstance(graph, nx.DiGraph)
    assert sorted(graph) == list(range(len(net)))
    order = list(net)
    table = Topology.of(net)
    assert tuple(graph.nodes[i]["name"] for i in graph) == table.names
    assert [graph.nodes[i]["layer"] for i in graph] == [table.layers[i] for i in table.layer]
    for link in net.connections:
        ends = order.index(link.source), order.index(link.target)
        assert graph.edges[ends]["strength"] == abs(link.weight)
        if link.gater is not None:
            assert graph.has_edge(order.index(link.gater), ends[1])
    steps = places - places[0]
    scale = steps[1, 0]
    assert scale > 0
    wanted = [(i % 4, i // 4) for i in range(len(net))]
    np.testing.assert_allclose(steps / scale, wanted, atol=1e-6)


def test_a_layout_draws_the_neurons_of_a_large_network():
    net = architect.LSTM(7, 15, 7, seed=0)
    assert len(paths(draw.network(net, layout="circular"), "neurons")) == len(net)
    with pytest.raises(ArgumentError, match="Give one of the two"):
        draw.network(net, layout="circular", blocks=True)


@pytest.mark.parametrize(
    ("layout", "error", "sentence"),
    [
        ("sprnig", UnknownNameError, r"named 'sprnig'.*spring"),
        (None, KindError, "name of a layout or a function"),
        (3, KindError, "name of a layout or a function"),
        (dict, KindError, r"a function of \(graph\)"),
        (lambda graph: {0: (0, 0)}, ArgumentError, "a place for each node 0 to"),
        (lambda graph: dict.fromkeys(graph, (0.0, np.nan)), ArgumentError, "two finite numbers"),
        (lambda graph: dict.fromkeys(graph, (0.0, 1.0, 2.0)), ArgumentError, "two finite numbers"),
        (lambda graph: dict.fromkeys(graph, "x"), ArgumentError, "two finite numbers"),
    ],
)
def test_layouts_that_do_not_fit(net, layout, error, sentence):
    with pytest.raises(error, match=sentence):
        draw.network(net, layout=layout)


def test_neurons_in_one_place_are_drawn(net):
    ax = draw.network(net, layout=lambda graph: dict.fromkeys(graph, (1.0, 1.0)))
    assert np.isfinite(middles(ax)).all()


def test_without_graphviz_a_sentence_says_so(net, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingExtraError, match=r"'dot' needs Graphviz, which is not installed"):
        draw.network(net, layout="dot")


PROGRAM = """#!{python}
import re, sys
text = sys.stdin.read()
assert sys.argv[1:] == ["-Tplain"] and text.startswith("digraph {{")
print("graph 1 3 4")
for node in re.findall(r";(?=(\\d+);)|}};?(\\d+);", text.replace("];", "];;")):
    i = int(node[0] or node[1])
    print(f"node {{i}} {{i * 0.5}} {{i % 3}} 0.5 0.5 {{i}} solid circle black lightgrey")
print("stop")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script")
def test_places_are_read_from_the_plain_output_of_graphviz(net, tmp_path, monkeypatch):
    program = tmp_path / "neato"
    program.write_text(PROGRAM.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    steps = np.diff(middles(draw.network(net, layout="neato"))[:, 0])
    assert np.ptp(steps) < 1e-9 < steps[0]
    program.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('no memory')\n")
    with pytest.raises(ArgumentError, match="could not compute the layout 'neato': no memory"):
        draw.network(net, layout="neato")


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("program", ["dot", "neato", "fdp", "sfdp", "twopi", "circo"])
def test_programs_of_graphviz_place_the_neurons(net, program):
    places = middles(draw.network(net, layout=program))
    assert len(np.unique(places.round(6), axis=0)) == len(net)
