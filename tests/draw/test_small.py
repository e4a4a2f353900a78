"""What a notebook shows of a network: well-formed, small, true to its numbers."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import architect
from synapse import Layer, Network, Neuron

SVG = "{http://www.w3.org/2000/svg}"


def drawn(net):
    return ElementTree.fromstring(net._repr_html_())  # raises where a tag or a sign is wrong


def tips(drawing, tag):
    return [element.findtext(f"{SVG}title") for element in drawing.iter(f"{SVG}{tag}")]


def test_every_neuron_and_connection_is_drawn_with_its_numbers():
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    net.activate([1.0, -1.0])
    drawing = drawn(net)
    assert [float(re.search(r"activation (\S+)", tip)[1]) for tip in tips(drawing, "circle")] == [
        pytest.approx(neuron.activation, rel=1e-5) for neuron in net
    ]
    lines = tips(drawing, "path")
    assert len(lines) == len(net.connections)
    for line, connection in zip(lines, net.connections, strict=True):
        assert line.startswith(f"{connection.source.name} → {connection.target.name}\n")
        assert float(re.search(r"weight (\S+)", line)[1]) == pytest.approx(connection.weight, rel=1e-5)
        assert float(re.search(r"gain (\S+)", line)[1]) == pytest.approx(connection.gain, rel=1e-5)


def test_of_a_large_network_each_layer_is_a_box():
    net = architect.LSTM(10, 20, 5, style="synaptic", seed=0)
    drawing = drawn(net)
    assert len(tips(drawing, "rect")) == 6
    assert not tips(drawing, "circle")
    name = {neuron: layer.name for layer in net.layers for neuron in layer}
    expected = {}
    for connection in net.connections:
        pair = f"{name[connection.source]} → {name[connection.target]}"
        expected.setdefault(pair, []).append(connection.weight)
    shown = dict(tip.split("\n") for tip in tips(drawing, "path"))
    assert shown.keys() == expected.keys()
    for pair, weights in expected.items():
        count, total = re.match(r"(\d+) connections, sum (\S+)", shown[pair]).groups()
        assert int(count) == len(weights)
        assert float(total) == pytest.approx(sum(weights), rel=1e-5)


@pytest.mark.parametrize(
    "net",
    [
        architect.Perceptron(1, 1, seed=0),
        architect.LSTM(6, 8, 6, style="synaptic", seed=0),
        architect.Perceptron(*[1] * 40, seed=0),
        architect.Perceptron(300, 200, 10, seed=0),
    ],
    ids=repr,
)
def test_it_is_small(net):
    (drawing,) = drawn(net).iter(f"{SVG}svg")
    assert 0 < int(drawing.get("width")) <= 640
    assert 0 < int(drawing.get("height")) <= 300
    assert len(net._repr_html_()) < 150_000


def test_names_are_text():
    nasty = '</title><script>alert("1")</script>'
    net = Network(Layer([Neuron(name=nasty)], name=nasty), [], Layer(1), name=nasty)
    drawing = drawn(net)
    assert not list(drawing.iter("script"))
    assert not list(drawing.iter(f"{SVG}script"))
    assert tips(drawing, "circle")[0].startswith(nasty)


def test_a_network_that_is_linked_to_others_is_drawn_alone():
    net, other = architect.Perceptron(2, 2, seed=0), architect.Perceptron(2, 2, seed=0)
    net.project(other)
    other.gate(net.output.project(net.output, "one_to_one"), "one_to_one")
    assert len(tips(drawn(net), "path")) == len(net.connections) == 6


def test_drawing_changes_nothing():
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    net.run(np.ones((2, 2)))
    twin = net.clone()
    net._repr_html_()
    assert (net.run(np.ones((2, 2))) == twin.run(np.ones((2, 2)))).all()
