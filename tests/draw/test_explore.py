"""The explorer's page, and the drawing of a notebook, read without a browser: true to
the network, safe."""

import base64
import hashlib
import io
import json
import re
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

import architect
from synapse import Layer, Model, Network, Neuron, Scale, Trainer, draw, record, tie
from synapse.draw import explore
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    TopologyError,
)
from synapse.plasticity import RewardSTDP
from synapse.readwrite import from_json_data
from tests.helpers.cases import all_hold, all_refused
from tests.helpers.networks import unchanged, used
from tests.readwrite.nets import same

MODULE = sys.modules["synapse.draw._explore"]  # the package's name is the function

NASTY = [
    "</script><script>alert(1)</script>",
    "\"quoted' & <b>",
    "two\nlines\u2028three",
    "ñ 神経 \U0001f9e0",
    "\ud800",
]


def lstm():
    return architect.LSTM(3, 4, 2, style="synaptic", seed=0)


@pytest.fixture
def net():
    return lstm()


def rows(width, steps=6):
    return np.random.default_rng(1).normal(size=(steps, width))


def page_of(net, sequence, targets=None):
    page = io.StringIO()
    explore(net, sequence, targets, path=page)
    return page.getvalue()


class Elements(HTMLParser):
    """Tags with their attributes, and what stands in scripts and styles."""

    def __init__(self, page):
        super().__init__()
        self.tags = []
        self.texts = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, text):
        if self.tags and self.tags[-1][0] in ("script", "style"):
            self.texts.append((self.tags[-1], text))

    def scripts(self):
        return [
            text
            for (tag, attributes), text in self.texts
            if tag == "script" and "type" not in attributes and text.strip()
        ]


def data_of(page):
    (text,) = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL
    )
    return json.loads(text)


def gated():
    """A gate with and one without memory, into cells with and without one; a frozen
    weight, two tied."""
    net = lstm()
    net["input gates"][0].project(net["input gates"][0], weight=0.5)
    net["forget gates"][1].gate(net[0].connection_to(net["output gates"][2]))
    net["output gates"][1].incoming[0].trainable = False
    tie(net[1].outgoing[:3])
    tie(net["cells"][:2])
    return net


def pairs_of(data, step, name="extended"):
    """Extended traces, or sensitivities, as a page has them, by connection and
    neuron."""
    columns = data[name]
    pairs = zip(columns["connection"], columns["neuron"], strict=True)
    return dict(zip(pairs, columns["values"][step], strict=True))


def test_the_page_holds_the_numbers_of_every_step():
    net = gated()
    sequence = rows(3)
    net.run(rows(3, 2))  # nothing is left of it
    data = data_of(page_of(net, sequence))
    number = {neuron: i for i, neuron in enumerate(net)}
    net.clear()
    for t in range(7):
        for name in ("activation", "state", "derivative", "bias_eligibility"):
            assert data[name][t] == [getattr(neuron, name) for neuron in net]
        shown = pairs_of(data, t)
        for c, connection in enumerate(net.connections):
            assert data["eligibility"][t][c] == connection.eligibility
            for neuron, trace in connection.extended.items():
                assert shown.get((c, number[neuron]), 0.0) == trace
        net.run(sequence[t : t + 1])
    assert all(any(step) for step in zip(*data["extended"]["values"], strict=True))
    assert (data["steps"], data["sensitivity"]) == (6, None)


def test_the_page_holds_every_sensitivity():
    def check(order):
        net = gated()
        sequence = rows(3)
        net.rule = ("rtrl", order)
        net.activate([0.1, 0.2, 0.3])  # of which nothing is left
        data = data_of(page_of(net, sequence))
        number = {neuron: i for i, neuron in enumerate(net)}
        net.clear()
        with record(net, "activation", "state", "derivative", "sensitivity") as log:
            for t in range(7):
                drawn = pairs_of(data, t, "sensitivity")
                for c, connection in enumerate(net.connections):
                    for neuron, value in connection.sensitivity.items():
                        assert drawn.get((c, number[neuron]), 0.0) == value
                net.run(sequence[t : t + 1])
        assert all(
            any(step) for step in zip(*data["sensitivity"]["values"], strict=True)
        )
        recorded = data_of(page_of(net, log))["sensitivity"]
        assert recorded["values"][0] == [None] * len(recorded["connection"])
        pairs = zip(
            recorded["connection"],
            recorded["neuron"],
            recorded["values"][6],
            strict=True,
        )
        assert {(c, n): value for c, n, value in pairs if (c, n) in drawn} == drawn

    all_hold(check, [None, 1])


def test_the_page_holds_the_topology():
    net = gated()
    number = {None: -1, **{neuron: i for i, neuron in enumerate(net)}}
    expected = {
        "connections": {
            "source": [number[link.source] for link in net.connections],
            "target": [number[link.target] for link in net.connections],
            "gater": [number[link.gater] for link in net.connections],
            "weight": [link.weight for link in net.connections],
            "trainable": [link.trainable for link in net.connections],
            "tied": [len(link.tied) for link in net.connections],
        },
        "neurons": {
            "name": [neuron.name for neuron in net],
            "bias": net.biases.tolist(),
            "tied": [len(neuron.tied) for neuron in net],
        },
    }
    data = data_of(page_of(net, rows(3)))
    for part, columns in expected.items():
        assert {name: data[part][name] for name in columns} == columns
    assert [(layer["name"], layer["count"]) for layer in data["layers"]] == [
        (layer.name, len(layer)) for layer in net.layers
    ]


def test_the_network_stays_as_it_is_and_gives_the_same_page(net):
    net.run(rows(3, 2))
    before = net.clone()
    page = page_of(net, rows(3))
    assert same(before, net.clone())
    assert page_of(net, rows(3)) == page


def test_the_page_loads_nothing_from_elsewhere():
    page = page_of(lstm(), rows(3))
    licence = "The Cytoscape Consortium.*Permission is hereby granted, free of charge"
    assert re.search(licence, page, re.DOTALL)
    elements = Elements(page)
    assert not [
        tag
        for tag, attributes in elements.tags
        if {"src", "href", "action", "data"} & set(attributes)
    ]
    assert "url(" not in "".join(
        text for (tag, _), text in elements.texts if tag == "style"
    )
    (policy,) = (
        a["content"]
        for _, a in elements.tags
        if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in policy
    digests = re.findall(r"'sha256-(.*?)'", policy)
    scripts = [hashlib.sha256(text.encode()).digest() for text in elements.scripts()]
    assert [base64.b64encode(script).decode() for script in scripts] == digests
    assert len(digests) == 2


def nasty():
    layer = Layer([Neuron(name=name) for name in NASTY], name=NASTY[0])
    output = Layer(1, name=NASTY[1])
    layer.project(output, weights=0.5)
    return Network(layer, [], output, name=NASTY[0])


def test_numbers_that_are_not_finite_are_left_out():
    net = architect.Perceptron(1, 1, output_squash="identity", seed=0)
    net.weights = [1e308]
    assert data_of(page_of(net, [[1e10]]))["activation"][1][1] is None


def test_without_a_sequence_the_network_is_shown_as_it_is(net):
    net.activate([1.0, 0.0, 1.0])
    data = data_of(explore(net).html)
    assert (data["steps"], data["activation"]) == (
        0,
        [[neuron.activation for neuron in net]],
    )


def test_what_is_wrong_is_refused_and_nothing_is_written(tmp_path):
    path = tmp_path / "page.html"
    linked = lstm()
    row = [[0.0] * 3]
    path.write_text("old")
    linked.project(lstm())
    all_refused(
        [
            (
                lambda: explore(lstm(), [0.0] * 3, path=path),
                ArgumentError,
                "a row|rows|shape",
            ),
            (
                lambda: explore(lstm(), [[0.0, np.nan, 0.0]], path=path),
                ArgumentError,
                "finite",
            ),
            (
                lambda: explore(lstm(), row, [[0.0] * 2] * 2, path=path),
                ArgumentError,
                "",
            ),
            (
                lambda: explore(lstm(), row, [[0.0] * 3], path=path),
                ArgumentError,
                "2 targets",
            ),
            (
                lambda: explore(lstm(), row, [[0.0, 2.0]], path=path),
                ArgumentError,
                "cross_entropy",
            ),
            (lambda: explore(linked, row, path=path), TopologyError, "outside"),
            (lambda: explore(lstm(), row, path=3), ArgumentTypeError, "path"),
            (lambda: explore(lstm(), row, path), ArgumentTypeError, "path="),
            (
                lambda: explore(lstm(), None, [[0.0] * 2], path=path),
                ArgumentError,
                "need the `inputs`",
            ),
            (
                lambda: explore(lstm(), None, [[0.0] * 2], path=path, learn=True),
                ArgumentError,
                "need the `inputs`",
            ),
        ]
    )
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    explore(lstm(), rows(3), path=str(path))
    assert path.read_text(encoding="utf-8") == page_of(lstm(), rows(3))
    assert list(tmp_path.iterdir()) == [path]


def test_without_a_path_nothing_is_written_and_a_notebook_shows_the_page_in_a_sandbox(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    view = explore(nasty(), rows(len(NASTY)))
    assert view.html == page_of(nasty(), rows(len(NASTY)))
    assert not list(tmp_path.iterdir())
    (frame,) = (attributes for tag, attributes in Elements(view._repr_html_()).tags)
    assert (frame["sandbox"], frame["srcdoc"]) == ("allow-scripts", view.html)
    assert "src" not in frame
    monkeypatch.setattr(MODULE, "find_spec", lambda name: None)
    assert view._repr_mimebundle_(include=None, exclude=None) is None


def test_a_view_follows_the_network(net):
    view = explore(net, rows(3), targets=rows(2) > 0)
    Trainer(net).train(
        rows(3), rows(2) > 0, epochs=2, callbacks=[view.update], progress=False
    )
    assert view.html != page_of(lstm(), rows(3), rows(2) > 0)
    view.update()
    assert view.html == page_of(net, rows(3), rows(2) > 0)


def test_a_widget_gets_numbers_and_after_an_edit_another_page(net):
    pytest.importorskip("anywidget")
    view = explore(net, rows(3))
    bundle = view._repr_mimebundle_(include=None, exclude=None)
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "application/vnd.jupyter.widget-view+json" in bundle
    widget = view._widget
    page = widget.html
    net.connections[0].weight = 0.125
    view.update()
    assert (widget.numbers["connections"]["weight"][0], widget.html) == (0.125, page)
    link = net.connections[0]
    loop = net["cells"][0].self_connection
    for edit in (
        lambda: link.source.disconnect(link.target),
        lambda: loop.gater.ungate(loop),
    ):
        page = widget.html
        edit()
        view.update()
        assert widget.html == view.html != page
    assert not any(word in str(widget._esm) for word in ("eval", "innerHTML", "import"))


SVG = "{http://www.w3.org/2000/svg}"


def drawn(net):
    # raises where a tag or a sign is wrong
    return ElementTree.fromstring(net._repr_html_())


def tips(drawing, tag):
    return [element.findtext(f"{SVG}title") for element in drawing.iter(f"{SVG}{tag}")]


def test_every_neuron_and_connection_is_drawn_with_its_numbers():
    net = used(architect.LSTM(2, 3, 1, style="synaptic", seed=0))
    net[0].name = NASTY[0]
    with unchanged(net):
        drawing = drawn(net)
    assert [
        float(re.search(r"activation (\S+)", tip)[1]) for tip in tips(drawing, "circle")
    ] == pytest.approx([neuron.activation for neuron in net], rel=1e-5)
    for line, connection in zip(tips(drawing, "path"), net.connections, strict=True):
        assert line.startswith(f"{connection.source.name} → {connection.target.name}\n")
        assert [
            float(re.search(rf"{name} (\S+)", line)[1]) for name in ("weight", "gain")
        ] == pytest.approx([connection.weight, connection.gain], rel=1e-5)


def test_of_a_large_network_each_layer_is_a_box():
    net = architect.LSTM(10, 20, 1, style="synaptic", seed=0)
    net.run(np.ones((2, 10)))
    drawing = drawn(net)
    assert tips(drawing, "rect")[-1].startswith("output, 1 neuron\n")
    means = [f"{layer.activations.mean():.6g}" for layer in net.layers]
    assert [tip.split()[-1] for tip in tips(drawing, "rect")] == means
    assert not tips(drawing, "circle")
    name = {neuron: layer.name for layer in net.layers for neuron in layer}
    expected = {}
    for connection in net.connections:
        pair = f"{name[connection.source]} → {name[connection.target]}"
        expected.setdefault(pair, []).append(connection.weight)
    shown = dict(tip.split("\n") for tip in tips(drawing, "path"))
    assert shown.keys() == expected.keys()
    for pair, weights in expected.items():
        assert [
            *map(float, re.match(r"(\d+) connections, sum (\S+)", shown[pair]).groups())
        ] == pytest.approx([len(weights), sum(weights)], rel=1e-5)


def test_connections_stay_within_the_drawing():
    for net in (architect.LSTM(2, 3, 1, seed=0), architect.LSTM(10, 20, 5, seed=0)):
        drawing = drawn(net)
        (box,) = (element.get("viewBox") for element in drawing.iter(f"{SVG}svg"))
        left, top, width, height = map(float, box.split())
        for path in drawing.iter(f"{SVG}path"):
            points = np.array(re.findall(r"[-\d.]+", path.get("d")), float).reshape(
                -1, 2
            )
            bends = points[1:-1:2]
            from_corner = np.concatenate(
                [points[:: len(points) - 1], (bends[1:] + bends[:-1]) / 2]
            ) - [left, top]
            assert (from_corner >= 0).all()
            assert (from_corner <= [width, height]).all()


def test_a_network_that_is_linked_to_others_is_drawn_alone():
    net = architect.Perceptron(2, 2, seed=0)
    other = architect.Perceptron(2, 2, seed=0)
    net.project(other)
    other.gate(net.output.project(net.output, "one_to_one"), "one_to_one")
    assert len(tips(drawn(net), "path")) == len(net.connections) == 6


def test_a_page_that_learns_holds_the_network_and_its_sequences(net):
    sequences = [rows(3), rows(3)[:2]]
    targets = [np.full((6, 2), 0.5), [[np.nan] * 2, [1.0, np.nan]]]
    view = explore(net, sequences, targets=targets, learn=True)
    learning = data_of(view.html)["learn"]
    assert same(from_json_data(learning["network"]), net)
    assert same(view.network, net)
    sequence, second = learning["sequences"]
    assert sequence == [[row, [0.5, 0.5]] for row in rows(3).tolist()]
    assert [aim for _, aim in second] == [None, [1.0, None]]
    other = lstm()
    large = architect.Perceptron(200, 101, 1, seed=0)
    other.rule = "rtrl"
    with record(net, "activation", "state", "derivative") as log:
        net.run(rows(3))
    all_refused(
        [
            (
                lambda: explore(net, log, learn=True),
                ArgumentError,
                "cannot learn from a log",
            ),
            (
                lambda: explore(large, learn=True),
                ArgumentError,
                "at most 20000 connections, got 20301",
            ),
            (lambda: explore(other, learn=True), ArgumentError, "by the online rule"),
            (
                lambda: explore(net, sequences, targets=[[]], learn=True),
                ArgumentError,
                "2 sequences, got 1",
            ),
            (lambda: explore(net, [], learn=True), ArgumentError, "at least one row"),
        ]
    )


def test_a_page_of_a_model_has_its_scales_and_rows_in_the_units_of_the_data():
    model = Model.build(
        "Perceptron", ["area", "age"], ["kind"], ["flat", "house"], seed=0
    )
    area = [[50.0, 3.0], [150.0, 40.0], [70.0, np.pi]]
    kinds = ["flat", "house", "flat"]
    model.fit(area, kinds, epochs=1, progress=False)
    learning = data_of(explore(model, area, kinds, learn=True).html)["learn"]
    assert (learning["model"]["scale"], learning["model"]["classes"]) == (
        model.scale._as_json(),
        ["flat", "house"],
    )
    one_hot = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    assert learning["sequences"] == [[list(pair)] for pair in zip(area, one_hot)]
    shown = data_of(explore(model, area, kinds).html)
    assert shown["activation"][1][:2] == model.scale.standard(area)[0].tolist()
    assert shown["target"][2] == [0.0, 1.0]
    assert explore(model, area).network is not model.network
    series = Model(
        architect.Elman(1, 2, 1, output_squash="identity", seed=0),
        target_scale=Scale(1, lags=[(1,)]),
    )
    assert data_of(explore(Model(lstm()), rows(3), learn=True).html)["learn"][
        "sequences"
    ] == [[[row, None] for row in rows(3).tolist()]]
    all_refused(
        [
            (lambda: explore(model, area, ["flat", "hut"] * 2), ArgumentError, "hut"),
            (lambda: explore(series, learn=True), ArgumentError, "without lags"),
            (lambda: draw.link(series), ArgumentError, "without lags"),
        ]
    )


def test_traces_of_a_rule_of_synapses_are_in_the_page():
    net = Network(Layer(3), Layer(2, "spike", -0.5))
    net.input.project(net.output, weights=0.4, delay=1)
    net.rule = RewardSTDP(x=4.0, eligibility=9.0)
    sequence = (np.arange(15).reshape(5, 3) % 4 < 2).astype(float)
    net.run(sequence, learn=True, modulator=np.zeros(5))
    with record(net, "activation", "state", "derivative", *net.rule.traces) as log:
        net.run(sequence, learn=True, modulator=np.ones(5))
    shown = data_of(page_of(net, log))["traces"]
    assert [*shown] == ["y", "x", "eligibility"]
    for name, (begins, *values) in shown.items():
        assert begins == [None] * 6
        np.testing.assert_allclose(values, log[name], rtol=1e-5, atol=1e-12)
        assert np.any(log[name])
    # without a log the context is cleared, and nothing is learned
    shown = data_of(page_of(net, sequence))["traces"]
    assert [*shown] == ["y", "x", "eligibility"]
    assert all(not np.any(values) for values in shown.values())
    assert data_of(page_of(gated(), rows(3)))["traces"] == {}


def test_names_cannot_break_out_of_the_data():
    page = page_of(nasty(), rows(len(NASTY)))
    page.encode()
    assert "<script>alert" not in page
    assert data_of(page)["neurons"]["name"][:5] == NASTY
    (data,) = (
        text
        for (_, attributes), text in Elements(page).texts
        if attributes.get("type") and text.strip()
    )
    assert not set("<>&\u2028\n") & set(data)
