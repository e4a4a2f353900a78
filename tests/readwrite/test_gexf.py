"""Pictures and activations over time, for Gephi."""

import io
import sys
import xml.etree.ElementTree as ElementTree

import networkx as nx
import numpy as np
import pytest

import architect
from synapse import errors, readwrite, record

from .formats import NETWORKS, assert_twins


def test_gexf_has_activations_over_time():
    net = NETWORKS["perceptron"]()
    steps = np.arange(40.0).reshape(4, 10) / 7
    text = readwrite.gexf_data(net, steps)
    nodes = ElementTree.fromstring(text).iter("{http://www.gexf.net/1.2draft}node")
    told = [[one.attrib for one in node.iter() if one.get("start")] for node in nodes]
    assert [[float(one["value"]) for one in node] for node in told] == steps.T.tolist()
    assert (told[0][2]["start"], told[0][2]["end"]) == ("2.0", "3.0")
    assert_twins(net, readwrite.from_gexf_data(text))


@pytest.mark.parametrize(
    ("activations", "error", "sentence"),
    [
        ([[0.5]], errors.ArgumentError, r"shape \(T, 10\), got shape \(1, 1\)"),
        (np.zeros(10), errors.ArgumentError, r"got shape \(10,\)"),
        (np.full((2, 10), np.nan), errors.ArgumentError, "(to be|Expected) finite numbers, .* got nan"),
        ("x", errors.KindError, "(to be|Expected) finite numbers"),
    ],
)
def test_activations_that_do_not_fit(activations, error, sentence, tmp_path):
    with pytest.raises(error, match=sentence):
        readwrite.write_gexf(NETWORKS["perceptron"](), tmp_path / "net", activations)
    assert list(tmp_path.iterdir()) == []


def test_a_log_is_the_timeline():
    net = NETWORKS["perceptron"]()
    with record(net, "state", "activation", neurons=list(net)[::-1]) as log:
        net.run(np.ones((3, len(net.input))))
    assert readwrite.gexf_data(net, log) == readwrite.gexf_data(net, log.activation[:, ::-1])
    with record(net, neurons=net.output) as log:
        net.run(np.ones((3, len(net.input))))
    with pytest.raises(errors.ArgumentError, match="is not recorded"):
        readwrite.gexf_data(net, log)


# --- the module viz, by its schema: https://gexf.net/1.3/viz.xsd -----------------------------------------

GEXF, VIZ = "{http://www.gexf.net/1.2draft}", "{http://www.gexf.net/1.2draft/viz}"
LOOKS = {
    "node": {"color": "rgba", "position": "xyz", "size": ["value"]},
    "edge": {"color": "rgba", "thickness": ["value"], "shape": ["value"]},
}
EDGE_SHAPES = {"solid", "dotted", "dashed", "double"}


def looks(net, **options):
    """The viz elements of neurons and of connections: attributes by tag."""
    root = ElementTree.fromstring(readwrite.gexf_data(net, **options))
    return {
        kind: [
            {part.tag.removeprefix(VIZ): part.attrib for part in element if part.tag.startswith(VIZ)}
            for element in root.iter(f"{GEXF}{kind}")
        ]
        for kind in LOOKS
    }


@pytest.mark.parametrize("name", NETWORKS)
def test_looks_fit_the_schema(name):
    for kind, elements in looks(NETWORKS[name]()).items():
        for element in elements:
            assert {tag: sorted(values) for tag, values in element.items()} == {
                tag: sorted(names) for tag, names in LOOKS[kind].items()
            }
            assert all(0 <= int(element["color"][channel]) <= 255 for channel in "rgb")
            assert 0 <= float(element["color"]["a"]) <= 1
            if kind == "node":
                assert np.isfinite([float(element["position"][axis]) for axis in "xyz"]).all()
                assert float(element["size"]["value"]) > 0
            else:
                assert float(element["thickness"]["value"]) > 0
                assert element["shape"]["value"] in EDGE_SHAPES


def test_layers_have_places_and_colours_and_neurons_sizes_by_their_connections():
    net = architect.Perceptron(2, 3, 1, seed=0)
    nodes = looks(net)["node"]
    x = [float(node["position"]["x"]) for node in nodes]
    y = [float(node["position"]["y"]) for node in nodes]
    assert x[0] == x[1] < x[2] == x[3] == x[4] < x[5]
    assert y[0] > y[1]
    assert y[2] > y[3] > y[4]
    colours = [tuple(node["color"].values()) for node in nodes]
    assert len(set(colours)) == 3 == len({colours[0], colours[2], colours[5]})
    sizes = [float(node["size"]["value"]) for node in nodes]  # 3, 3, 3, 3, 3 and 3 connections
    assert len(set(sizes)) == 1
    net.input[0].disconnect(net.hidden[0][0])
    fewer = [float(node["size"]["value"]) for node in looks(net)["node"]]
    assert fewer[0] == fewer[2] < fewer[1] == fewer[3]


def test_colour_and_thickness_of_connections_show_the_weight_and_dashes_the_gates():
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    for link, look in zip(net.connections, looks(net)["edge"]):
        blue = int(look["color"]["b"]) - int(look["color"]["r"])
        if abs(link.weight) > 0.02:
            assert (blue > 0) == (link.weight > 0)
        assert (look["shape"]["value"] == "dashed") == (link.gater is not None)
    learnt = [
        (abs(link.weight), float(look["thickness"]["value"]))
        for link, look in zip(net.connections, looks(net)["edge"])
        if link.trainable
    ]
    thickness = [thick for _, thick in sorted(learnt)]
    assert thickness == sorted(thickness)
    assert thickness[-1] == 4.0 > thickness[0]


def test_another_layout():
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    circle = [node["position"] for node in looks(net, layout="circular")["node"]]
    places = np.array([[float(place["x"]), float(place["y"])] for place in circle])
    assert np.ptp(np.linalg.norm(places - places.mean(axis=0), axis=1)) < 1.0
    assert_twins(net, readwrite.from_gexf_data(readwrite.gexf_data(net, layout="circular")))
    with pytest.raises(errors.UnknownNameError, match="layout"):
        readwrite.gexf_data(net, layout="round")


@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_is_lost_and_networkx_reads_the_looks(name):
    net = NETWORKS[name]()
    text = readwrite.gexf_data(net)
    assert_twins(net, readwrite.from_gexf_data(text))
    graph = nx.read_gexf(io.BytesIO(text.encode()), node_type=int)
    assert [data["viz"]["position"]["x"] for _, data in sorted(graph.nodes(data=True))] == [
        float(node["position"]["x"]) for node in looks(net)["node"]
    ]


def test_the_same_network_gives_the_same_file_without_matplotlib(monkeypatch):
    net = NETWORKS["perceptron"]()
    first = readwrite.gexf_data(net)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert readwrite.gexf_data(net) == first
