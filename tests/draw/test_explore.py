"""The explorer's page, read without a browser: whole in itself, true to the network, safe."""

import base64
import hashlib
import io
import json
import re
import sys
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest

import architect
from synapse import Layer, Network, Neuron, Trainer, record, tie
from synapse.draw import explore
from synapse.errors import ArgumentError, KindError, TopologyError, UnknownNameError
from tests.readwrite.nets import same

MODULE = sys.modules["synapse.draw.explore"]  # the package's name is the function

NASTY = [
    "</script><script>alert(1)</script>",
    "\"quoted' & <b>",
    "two\nlines\u2028three",
    "ñ 神経 \U0001f9e0",
    "\ud800",
]


def lstm():
    return architect.LSTM(3, 4, 2, style="synaptic", seed=0)


def rows(width, steps=6):
    return np.random.default_rng(1).normal(size=(steps, width))


def page_of(net, sequence, targets=None):
    page = io.StringIO()
    explore(net, sequence, page, targets)
    return page.getvalue()


class Elements(HTMLParser):
    """Tags with their attributes, and what stands in scripts and styles."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, text):
        if self.tags and self.tags[-1][0] in ("script", "style"):
            self.texts.append((self.tags[-1], text))

    def scripts(self):
        return [
            text
            for (tag, kind), text in self.texts
            if tag == "script" and "type" not in kind and text.strip()
        ]


def data_of(page):
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(text)


def test_the_page_holds_the_numbers_of_run():
    net, sequence = lstm(), rows(3)
    net.run(rows(3, 2))  # nothing is left of it
    data = data_of(page_of(net, sequence))
    net.clear()
    twin = net.clone()
    assert data["steps"] == 6
    outputs = np.array([step[-2:] for step in data["activation"][1:]])
    assert (outputs == twin.run(sequence)).all()
    assert data["activation"][0] == [neuron.activation for neuron in net]
    assert data["state"][0] == [neuron.state for neuron in net]
    for t in (0, 5):
        net.activate(sequence[t]) if t == 0 else net.run(sequence[1:])
        assert data["state"][t + 1] == [neuron.state for neuron in net]
        assert data["derivative"][t + 1] == [neuron.derivative for neuron in net]
        assert data["eligibility"][t + 1] == [connection.eligibility for connection in net.connections]


def gated():
    """A gate with and one without memory, into cells with and without one; a frozen weight, two tied."""
    net = lstm()
    net["input gates"][0].project(net["input gates"][0], weight=0.5)
    net["forget gates"][1].gate(net[0].connected(net["output gates"][2]))
    net["output gates"][1].incoming[0].trainable = False
    tie(net[1].outgoing[:3])
    tie(net["cells"][:2])
    return net


def pairs_of(data, step, name="extended"):
    """Extended traces, or sensitivities, as a page has them, by connection and neuron."""
    columns = data[name]
    pairs = zip(columns["connection"], columns["neuron"], strict=True)
    return dict(zip(pairs, columns["values"][step], strict=True))


def test_the_page_holds_every_trace():
    net, sequence = gated(), rows(3)
    data, number = data_of(page_of(net, sequence)), {neuron: i for i, neuron in enumerate(net)}
    for t in range(7):
        shown = pairs_of(data, t)
        for c, connection in enumerate(net.connections):
            assert data["eligibility"][t][c] == connection.eligibility
            for neuron, trace in connection.extended.items():
                assert shown.get((c, number[neuron]), 0.0) == trace
        assert data["bias_eligibility"][t] == [neuron.bias_eligibility for neuron in net]
        net.run(sequence[t : t + 1])
    assert all(any(step) for step in zip(*data["extended"]["values"], strict=True))
    assert data["sensitivity"] is None


@pytest.mark.parametrize("order", [None, 1])
def test_the_page_holds_every_sensitivity(order):
    net, sequence = gated(), rows(3)
    net.learning_rule = ("rtrl", order)
    net.activate([0.1, 0.2, 0.3])
    net.clear()
    data, number = data_of(page_of(net, sequence)), {neuron: i for i, neuron in enumerate(net)}
    with record(net, "activation", "state", "derivative", "sensitivity") as log:
        for t in range(7):
            found = pairs_of(data, t, "sensitivity")
            for c, connection in enumerate(net.connections):
                for neuron, value in connection.sensitivity.items():
                    assert found.get((c, number[neuron]), 0.0) == value
            net.run(sequence[t : t + 1])
    assert all(any(step) for step in zip(*data["sensitivity"]["values"], strict=True))
    recorded = data_of(page_of(net, log))["sensitivity"]
    assert recorded["values"][0] == [None] * len(recorded["connection"])
    pairs = zip(recorded["connection"], recorded["neuron"], recorded["values"][6], strict=True)
    assert {(c, n): value for c, n, value in pairs if (c, n) in found} == pairs_of(data, 6, "sensitivity")


def test_a_page_begins_without_the_sensitivities_of_what_ran_before():
    net, sequence = architect.Elman(3, 2, 1, seed=0), rows(3)
    net.learning_rule = "rtrl"
    net.run(sequence[:2])
    page = data_of(page_of(net, sequence[2:]))
    assert not any(page["sensitivity"]["values"][0])
    net.clear()
    assert page["sensitivity"] == data_of(page_of(net, sequence[2:]))["sensitivity"]


def test_a_log_shows_a_run_that_continues_from_a_context():
    net, sequence = lstm(), rows(3)
    net.run(sequence)
    twin = net.clone()
    with record(net, "activation", "state", "derivative") as log:
        outputs = net.run(sequence)
    assert [step[-2:] for step in data_of(page_of(net, log))["activation"][1:]] == outputs.tolist()
    assert (twin.run(sequence) == outputs).all()


def test_the_page_holds_the_errors_of_targets():
    net, sequence, targets = gated(), rows(3), np.random.default_rng(2).random((6, 2))
    targets[2] = np.nan
    net.propagate(0.0, [1.0, 0.0])
    data, weights = data_of(page_of(net, sequence, targets)), net.weights
    for t in range(7):
        aimed = t not in (0, 3)
        for error in ("responsibility", "projected", "gated"):
            assert data[error][t] == ([getattr(neuron.error, error) for neuron in net] if aimed else None)
        assert data["target"][t] == (targets[t - 1].tolist() if aimed else None)
        if t < 6:
            net.activate(sequence[t])
            if t != 2:
                net.propagate(0.0, targets[t])
    assert (net.weights == weights).all()


@pytest.mark.parametrize("targets", [None, np.full((6, 2), np.nan)], ids=["none", "NaN"])
def test_without_targets_there_are_no_errors_and_none_are_left_from_before(targets):
    net = lstm()
    net.activate([0.1, 0.2, 0.3])
    net.propagate(0.0, [1.0, 0.0])
    data = data_of(page_of(net, rows(3), targets))
    assert data["responsibility"] is data["projected"] is data["gated"] is data["target"] is None


def test_an_error_of_0_is_shown_where_there_is_a_target():
    data = data_of(page_of(architect.Perceptron(3, 2, seed=0), rows(3), rows(2) > 0))
    assert data["gated"][1:] == [[0.0] * 5] * 6


def test_the_page_tells_who_is_tied():
    net = gated()
    data = data_of(page_of(net, rows(3)))
    assert data["connections"]["tied"] == [len(connection.tied) for connection in net.connections]
    assert data["neurons"]["tied"] == [len(neuron.tied) for neuron in net]
    data = data_of(page_of(lstm(), rows(3)))
    assert data["connections"]["tied"] == data["neurons"]["tied"] == []


def test_random_neurons_draw_what_run_would_draw():
    net = architect.Perceptron(2, 4, 1, seed=0)
    net.hidden[0].squash = "noise"
    net.reseed(3)
    data = data_of(page_of(net, rows(2)))
    assert [step[-1] for step in data["activation"][1:]] == net.run(rows(2))[:, 0].tolist()


def test_the_page_holds_the_topology():
    net = lstm()
    data = data_of(page_of(net, rows(3)))
    number = {neuron: i for i, neuron in enumerate(net)}
    columns = data["connections"]
    for i, connection in enumerate(net.connections):
        assert columns["source"][i] == number[connection.source]
        assert columns["target"][i] == number[connection.target]
        assert columns["gater"][i] == number.get(connection.gater, -1)
        assert columns["weight"][i] == connection.weight
        assert columns["trainable"][i] == connection.trainable
    assert [(layer["name"], layer["count"]) for layer in data["layers"]] == [
        (layer.name, len(layer)) for layer in net.layers
    ]
    assert data["neurons"]["name"] == [neuron.name for neuron in net]
    assert data["neurons"]["bias"] == net.biases.tolist()


def test_the_network_stays_as_it_is():
    net = lstm()
    net.run(rows(3, 2))
    before = net.clone()
    page_of(net, rows(3))
    assert same(before, net.clone())


def test_the_page_loads_nothing_from_elsewhere():
    page = page_of(lstm(), rows(3))
    elements = Elements(page)
    assert not [
        tag for tag, attributes in elements.tags if {"src", "href", "action", "data"} & set(attributes)
    ]
    assert "url(" not in "".join(text for (tag, _), text in elements.texts if tag == "style")
    (policy,) = (a["content"] for _, a in elements.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in policy
    digests = re.findall(r"'sha256-(.*?)'", policy)
    scripts = elements.scripts()
    assert len(scripts) == len(digests) == 2
    for script, digest in zip(scripts, digests, strict=True):
        assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() == digest


def test_the_licence_of_the_library_is_in_the_page():
    page = page_of(lstm(), rows(3))
    assert "The Cytoscape Consortium" in page
    assert "Permission is hereby granted, free of charge" in page


def nasty():
    layer = Layer([Neuron(name=name) for name in NASTY], name=NASTY[0])
    output = Layer(1, name=NASTY[1])
    layer.project(output, weights=0.5)
    return Network(layer, [], output, name=NASTY[0])


def test_names_cannot_break_out_of_the_data():
    page = page_of(nasty(), rows(len(NASTY)))
    page.encode()
    assert "<script>alert" not in page
    assert data_of(page)["neurons"]["name"][:5] == NASTY
    (data,) = (text for (_, kind), text in Elements(page).texts if kind.get("type") and text.strip())
    assert not set("<>&\u2028\n") & set(data)


def test_the_same_network_gives_the_same_page():
    assert page_of(lstm(), rows(3)) == page_of(lstm(), rows(3))


def test_numbers_that_are_not_finite_are_left_out():
    net = architect.Perceptron(1, 1, seed=0)
    net.output.squash = "identity"
    net.weights = [1e308]
    data = data_of(page_of(net, [[1e10]]))
    assert data["activation"][1][1] is None


def test_a_sequence_of_no_steps_shows_the_network_as_it_is():
    net = lstm()
    net.run(rows(3))
    data = data_of(page_of(net, np.empty((0, 3))))
    assert data["steps"] == 0
    assert data["activation"] == [[neuron.activation for neuron in net]]


def test_traces_are_left_out_where_they_would_be_too_many():
    net = architect.Perceptron(50, 40, 1, seed=0)
    assert data_of(page_of(net, rows(50, 2)))["eligibility"] is not None
    assert data_of(page_of(net, rows(50, 120)))["eligibility"] is None
    net = architect.LSTM(5, 10, 5, style="synaptic", seed=0)
    few, most = (data_of(page_of(net, rows(5, steps))) for steps in (9, 180))
    assert len(few["extended"]["connection"]) > len(net.connections)
    assert most["eligibility"] is not None
    assert most["extended"] is None


@pytest.mark.parametrize(
    ("net", "sequence", "error"),
    [
        ("net", [[0.0] * 3], KindError),
        (lstm(), [0.0] * 3, ArgumentError),
        (lstm(), [[0.0] * 4], ArgumentError),
        (lstm(), [[0.0, np.nan, 0.0]], ArgumentError),
        (lstm(), "sequence", KindError),
    ],
    ids=["no network", "one row", "wrong width", "NaN", "words"],
)
def test_wrong_arguments_are_refused_and_nothing_is_written(net, sequence, error, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old")
    with pytest.raises(error):
        explore(net, sequence, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("targets", "error"),
    [
        ([[0.0] * 2] * 2, ArgumentError),
        ([[0.0] * 3], ArgumentError),
        ([[0.0, np.nan]], ArgumentError),
        ([[0.0, 2.0]], ArgumentError),
        ("no", KindError),
    ],
    ids=["too many", "wrong width", "half a target", "none of the cost", "words"],
)
def test_wrong_targets_are_refused_and_nothing_is_written(targets, error, tmp_path):
    with pytest.raises(error):
        explore(lstm(), [[0.0] * 3], tmp_path / "page.html", targets)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("path", "error"), [(3, KindError), (".", ArgumentError)])
def test_wrong_paths_are_refused(path, error):
    with pytest.raises(error, match="path"):
        explore(lstm(), [[0.0] * 3], path)


def test_a_network_linked_to_others_is_refused(tmp_path):
    net, other = lstm(), lstm()
    net.project(other)
    with pytest.raises(TopologyError, match="outside"):
        explore(net, rows(3), tmp_path / "page.html")
    assert not list(tmp_path.iterdir())


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old")
    explore(lstm(), rows(3), str(path))
    assert path.read_text(encoding="utf-8") == page_of(lstm(), rows(3))
    assert list(tmp_path.iterdir()) == [path]


def test_the_page_holds_the_numbers_of_a_log():
    net, sequence = lstm(), rows(3)
    targets = np.random.default_rng(2).random((len(sequence), 2))
    run = data_of(page_of(net.clone(), sequence, targets))
    names = "activation", "state", "derivative", "bias_eligibility", "error", "projected", "gated"
    with record(net, *names, "eligibility", "extended") as log:
        for row, target in zip(sequence, targets, strict=True):
            net.activate(row)
            net.propagate(0.0, target)
    page = data_of(page_of(net, log))
    for name in ("activation", "state", "derivative", "bias_eligibility", "responsibility", "eligibility"):
        assert page[name][1:] == run[name][1:]
        assert set(page[name][0]) == {None}
    traces = [
        dict(zip(zip(e["connection"], e["neuron"], strict=True), e["values"][-1], strict=True))
        for e in (page["extended"], run["extended"])
    ]
    assert {pair: traces[0][pair] for pair in traces[1]} == pytest.approx(traces[1], abs=1e-14)
    with record(net) as log:
        net.run(sequence)
    with pytest.raises(UnknownNameError, match="state"):
        page_of(net, log)
    with pytest.raises(ArgumentError, match="leave out the targets"):
        page_of(net, log, targets)


# --- in a notebook ------------------------------------------------------------------------------------


def test_without_a_path_nothing_is_written_and_the_page_is_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    view = explore(lstm(), rows(3))
    assert view.html == page_of(lstm(), rows(3))
    assert not list(tmp_path.iterdir())
    assert explore(lstm(), rows(3), "page.html") is None
    assert repr(view) == f"<Explorer of {lstm()!r}>"


def test_a_notebook_shows_the_page_in_a_sandbox():
    view = explore(nasty(), rows(len(NASTY)))
    (frame,) = (attributes for tag, attributes in Elements(view._repr_html_()).tags)
    assert frame["sandbox"] == "allow-scripts"
    assert frame["srcdoc"] == view.html
    assert "src" not in frame


def test_without_anywidget_there_is_the_frame_alone(monkeypatch):
    view = explore(lstm(), rows(3))
    monkeypatch.setattr(MODULE, "find_spec", lambda name: None)
    assert view._repr_mimebundle_(include=None, exclude=None) is None


def test_a_view_follows_the_network():
    net = lstm()
    view = explore(net, rows(3), targets=rows(2) > 0)
    trainer = Trainer(net)
    trainer.train(rows(3), rows(2) > 0, epochs=2, callbacks=[view.update], progress=False)
    assert view.html != page_of(lstm(), rows(3), rows(2) > 0)
    view.update()
    assert view.html == page_of(net, rows(3), rows(2) > 0)
    net.connections[0].weight = 0.125
    view.update()
    assert data_of(view.html)["connections"]["weight"][0] == 0.125


def test_a_training_updates_a_view_at_most_ten_times_a_second(monkeypatch):
    net, clock = lstm(), [100.0]
    monkeypatch.setattr(MODULE, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    view, seen = explore(net, rows(3)), []
    for clock[0] in (100.0, 100.05, 100.2):
        net.connections[0].weight = clock[0]
        view.update(object())
        seen.append(data_of(view.html)["connections"]["weight"][0])
    assert seen == [100.0, 100.0, 100.2]


def test_a_widget_gets_numbers_and_after_an_edit_another_page():
    pytest.importorskip("anywidget")
    net = lstm()
    view = explore(net, rows(3))
    bundle = view._repr_mimebundle_(include=None, exclude=None)
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "application/vnd.jupyter.widget-view+json" in bundle
    widget, page = view._widget, view._widget.html
    net.connections[0].weight = 0.125
    view.update()
    assert widget.numbers["connections"]["weight"][0] == 0.125
    assert widget.html == page
    link = net.connections[0]
    link.source.disconnect(link.target)
    view.update()
    assert widget.html == view.html != page
    assert not any(word in str(widget._esm) for word in ("eval", "innerHTML", "import"))
