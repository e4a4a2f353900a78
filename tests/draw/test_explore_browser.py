"""The explorer's page in a headless Chromium: what a person sees and does there."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pytest

import architect
from synapse import Layer, Network, Neuron, record, tie
from synapse.draw import explore
from synapse.draw._explore import part_of
from synapse.plasticity import RewardSTDP
from tests.helpers.cases import all_hold

from .helpers import enter, press, until

# where Cytoscape.js keeps what it draws
GRAPH = "document.getElementById('graph')._cyreg.cy"


def lstm():
    return architect.LSTM(2, 3, 1, style="synaptic", seed=0)


@pytest.fixture
def net():
    return lstm()


def rows(width=2, steps=6):
    return np.random.default_rng(1).normal(size=(steps, width))


def choose(page, name):
    enter(page, "#search", name)


def number(page, name):
    """A number of what is chosen, all its digits."""
    return float(page.get_attribute(f'#numbers dd[data-name="{name}"]', "data-value"))


def shows(page, expected):
    """Whether these numbers of what is chosen are shown, by name."""
    return {name: number(page, name) for name in expected} == expected


def word(page, name):
    return page.text_content(f'#numbers dd[data-name="{name}"]')


def ids(page, selector):
    return set(
        page.evaluate(f"{GRAPH}.elements('{selector}').map(element => element.id())")
    )


def emit(page, element, event):
    """As if it had been clicked: lines are thin."""
    page.evaluate(f"void {GRAPH}.getElementById('{element}').emit('{event}')")


def click_on(page, element):
    """Press the mouse where an element of the picture is."""
    spot = page.evaluate(f"{GRAPH}.getElementById('{element}').renderedPosition()")
    page.mouse.click(*place_of(page, spot))


def place_of(page, spot):
    box = page.locator("#graph").bounding_box()
    return box["x"] + spot["x"], box["y"] + spot["y"]


def connections_into(net, layer):
    return [(i, link) for i, link in enumerate(net.connections) if link.target in layer]


def test_stepping_and_playing_show_the_values_of_run(opened, net):
    from playwright.sync_api import expect

    sequence = rows()
    outputs = net.clone().run(sequence)[:, 0]
    page = opened(net, sequence)
    choose(page, "output 0")
    for t, output in enumerate(outputs, 1):
        assert (page.text_content("#status"), number(page, "activation")) == (
            f"step {t} of 6",
            output,
        )
        assert page.evaluate(
            f"{GRAPH}.getElementById('n14').data('label')"
        ) == f"output 0\n{output:.2f}".replace("-", "\u2212")
        page.keyboard.press("ArrowRight")
    for act, step in (("ArrowLeft", 5), ("Home", 1), ("End", 6)):
        page.keyboard.press(act)
        assert number(page, "activation") == outputs[step - 1]
    page.fill("#step", "4")
    page.click("#next")
    assert number(page, "activation") == outputs[4]
    page.click("#play")
    expect(page.locator("#status")).to_have_text("step 6 of 6")
    expect(page.locator("#play")).to_have_text("Play")


def test_every_number_of_a_neuron_and_a_connection(opened, net):
    sequence = rows()
    tie(net["cells"])
    cell = net["cells"][1]
    frozen = net.connections[-1]
    frozen.trainable = False
    page = opened(net, sequence, [[1.0]] * 2 + [[np.nan]] * 4)
    choose(page, cell.name)
    for t in range(2):
        page.fill("#step", str(t + 1))
        net.activate(sequence[t])
        net.propagate(0.0, [1.0])
        own = {
            name: getattr(cell, name)
            for name in ("activation", "state", "derivative", "bias")
        }
        errors = {
            name: getattr(cell.error, name)
            for name in ("responsibility", "projected", "gated")
        }
        assert shows(page, own | errors | {"bias eligibility": cell.bias_eligibility})
    choose(page, "output 0")
    assert number(page, "target") == 1.0
    page.fill("#step", "3")
    assert "This step has no target." in page.text_content("#numbers")
    page.fill("#step", "2")
    choose(page, cell.name)
    assert (
        number(page, "own gain"),
        word(page, "bias trainable"),
        word(page, "bias tied"),
    ) == (cell.self_connection.gain, "yes", "with 2 others")
    i, link = next((i, c) for i, c in enumerate(net.connections) if c.gater is not None)
    emit(page, f"c{i}", "tap")
    names = ("weight", "gain", "eligibility")
    assert shows(page, {name: getattr(link, name) for name in names})
    assert word(page, "gate").startswith(link.gater.name)
    assert word(page, "trainable") == "yes"
    emit(page, f"c{len(net.connections) - 1}", "tap")
    assert word(page, "trainable") == "no"


def test_traces_of_a_rule_of_synapses_of_a_connection(opened):
    net = Network(Layer(3), Layer(2, "spike", -0.5))
    net.input.project(net.output, weights=0.4, delay=1)
    net.rule = RewardSTDP(x=4.0, eligibility=9.0)
    sequence = (np.arange(15).reshape(5, 3) % 4 < 2).astype(float)
    with record(net, "activation", "state", "derivative", *net.rule.traces) as log:
        net.run(sequence, learn=True, modulator=np.ones(5))
    page = opened(net, log)
    emit(page, "c4", "tap")
    for step in (2, 5):
        page.fill("#step", str(step))
        for name in net.rule.traces:
            assert number(page, f"trace {name}") == pytest.approx(
                log[name][step - 1, 4], rel=1e-12
            )
    assert number(page, "trace eligibility") != 0.0


def test_extended_traces_and_sensitivities_by_neuron(opened):
    titles = "Extended traces (", "Sensitivities: d state / d weight ("
    for rule, name, title, other in (
        (None, "extended", *titles),
        ("rtrl", "sensitivity", *titles[::-1]),
    ):
        net = architect.LSTM(
            2, 2, 1, style="synaptic" if rule is None else "standard", seed=0
        )
        sequence = rows()
        net.rule = rule or net.rule
        page = opened(net, sequence)
        c, link = connections_into(net, net["input gates"])[0]
        emit(page, f"c{c}", "tap")
        words = page.text_content("#numbers")
        assert (title in words, other in words) == (True, False)
        for t in range(3):
            page.fill("#step", str(t + 1))
            net.activate(sequence[t])
            by_neuron = {n.name: value for n, value in getattr(link, name).items()}
            assert shows(page, by_neuron)
        assert by_neuron
        assert all(by_neuron.values())
        emit(page, f"c{connections_into(net, net.output)[0][0]}", "tap")
        assert title not in page.text_content("#numbers")


def test_gates_open_and_close(opened):
    a, gate, b = (
        Neuron(name="a"),
        Neuron(name="gate", squash="identity"),
        Neuron(name="b"),
    )
    gate.gate(a.project(b, weight=0.5))
    page = opened(Network(Layer([a, gate]), [], Layer([b])), [[1.0, 0.0], [1.0, 1.0]])
    assert page.evaluate(f"{GRAPH}.getElementById('v0').data('label')") == "0.50"

    def style(element, name):
        return page.evaluate(f"{GRAPH}.getElementById('{element}').style('{name}')")

    gate_opens, line = [], []
    for step in "12":
        page.fill("#step", step)
        gate_opens.append(float(style("gc0", "background-opacity")))
        line.append(float(style("c0", "line-opacity")))
    assert gate_opens == [0.0, 1.0]
    assert 0.25 <= line[0] < 0.4 < 0.8 < line[1]  # closed, it is faint, and can be seen
    assert style("c0", "line-style") == "dashed"
    assert float(style("c0", "width").removesuffix("px")) >= 1.5


def test_pointing_at_a_neuron_shows_its_numbers_at_every_step(opened, net):
    sequence = rows()
    outputs = net.clone().run(sequence)[:, 0]
    page = opened(net, sequence, np.full((6, 1), 0.5))
    spot = page.evaluate(f"{GRAPH}.getElementById('n14').renderedPosition()")
    page.mouse.move(*place_of(page, spot), steps=3)
    page.wait_for_selector("#tip", state="visible")
    assert page.text_content("#numbers h2") == "output 0"
    for t in (0, 1):
        shown = f"{outputs[t]:.6g}".replace("-", "\u2212")
        assert page.text_content("#tip") == f"output 0: {shown}, target 0.5"
        page.keyboard.press("ArrowRight")
    page.mouse.move(*place_of(page, {"x": 3, "y": 3}), steps=3)
    page.wait_for_selector("#tip", state="hidden")


def test_what_is_incoming_and_outgoing_is_highlighted(opened):
    net = architect.Perceptron(3, 4, 3, 2, seed=0)
    number = {neuron: f"n{i}" for i, neuron in enumerate(net)}
    lines = {connection: f"c{i}" for i, connection in enumerate(net.connections)}
    page = opened(net, rows(3))
    neuron = net.layers[1][2]
    click_on(page, number[neuron])
    assert (page.text_content("#numbers h2"), ids(page, ".lit")) == (
        neuron.name,
        {lines[c] for c in (*neuron.incoming, *neuron.outgoing)},
    )
    page.click("text=Incoming >> nth=0")
    assert ids(page, ".lit") == {lines[c] for c in neuron.outgoing}
    page.click("text=Whole paths >> nth=0")
    after = nx.descendants(net.graph, neuron)
    assert ids(page, ".neuron") - ids(page, ".dim") == {
        number[n] for n in after | {neuron}
    }
    page.keyboard.press("i")
    near = after | {neuron} | nx.ancestors(net.graph, neuron)
    assert ids(page, ".neuron") - ids(page, ".dim") == {number[n] for n in near}
    page.keyboard.press("Escape")
    assert not ids(page, ".lit, .dim, .chosen")


def sum_of_weights(net):
    """By the numbers of the layers of each pair that is connected."""
    layer_of = {neuron: i for i, layer in enumerate(net.layers) for neuron in layer}
    sums = Counter()
    for c in net.connections:
        sums[layer_of[c.source], layer_of[c.target]] += c.weight
    return sums


def test_layers_fold_and_unfold(opened, net):
    page = opened(net, rows())
    whole = ids(page, ".neuron, .connection")
    page.click("text=Fold >> nth=0")  # Fold all
    assert (len(ids(page, ".box")), ids(page, ".neuron, .connection")) == (6, set())
    sums = sum_of_weights(net)
    assert ids(page, ".bundle") == {f"bl{a}>l{b}" for a, b in sums}
    emit(page, "bl0>l3", "tap")
    assert number(page, "sum of weights") == pytest.approx(sums[0, 3], rel=1e-12)
    page.click('button[aria-label="Unfold cells"]')
    assert ids(page, ".neuron") == {
        f"n{i}" for i, neuron in enumerate(net) if neuron in list(net["cells"])
    }
    page.click("#unfold-all")
    assert ids(page, ".neuron, .connection") == whole
    emit(page, "n0", "dbltap")
    assert ids(page, ".box") == {"l0"}


def test_networks_of_more_than_100_connections_open_folded_and_are_all_there(opened):
    net = architect.GRU(3, 6, 2, seed=0)
    page = opened(net, rows(3))
    assert len(ids(page, ".box")) == len(net.layers)
    members = f"{GRAPH}.elements('.line').map(line => line.data('members').length)"
    assert sum(page.evaluate(members)) == len(net.connections) == 198
    page.click("#unfold-all")
    assert len(ids(page, ".connection")) == len(net.connections)
    page = opened(architect.Perceptron(3001, 1, seed=0), rows(3001, 1))
    page.click("#unfold-all")
    assert "3002 neurons are too many" in page.text_content("#notice")
    assert len(ids(page, ".box")) == 2
    page.click('button[aria-label="Unfold output"]')
    assert page.is_hidden("#notice")


def test_of_more_than_2000_connections_each_neuron_shows_its_own(opened):
    net = architect.LSTM(30, 30, 10, seed=0)
    page = opened(net, rows(30, 2))
    page.click("#unfold-all")
    count = len(net.connections)
    assert f"{count} connections are drawn as bundles" in page.text_content("#notice")
    assert len(ids(page, ".neuron")) == len(net)
    assert ids(page, ".line") == {f"bf{a}>f{b}" for a, b in sum_of_weights(net)}
    members = f"{GRAPH}.elements('.bundle').map(line => line.data('members').length)"
    assert sum(page.evaluate(members)) == count
    place = {connection: i for i, connection in enumerate(net.connections)}
    for neuron in (net["cells"][3], net["hidden"][0]):
        own = {neuron.self_connection, *neuron.incoming, *neuron.outgoing} - {None}
        choose(page, neuron.name)
        assert (ids(page, ".connection"), ids(page, ".connection.lit")) == (
            {f"c{place[c]}" for c in own},
            ids(page, ".connection"),
        )
    link = neuron.incoming[0]
    emit(page, f"c{place[link]}", "tap")
    assert (number(page, "weight"), ids(page, ".connection.chosen")) == (
        link.weight,
        ids(page, ".connection"),
    )
    page.keyboard.press("Escape")
    assert ids(page, ".connection") == set()
    page.click("#fold-all")
    page.click('button[aria-label="Unfold cells"]')  # few enough: one by one again
    assert page.is_hidden("#notice")
    assert ids(page, ".connection")


def test_keys_buttons_and_help(opened):
    page = opened(lstm(), rows())
    for button in page.locator("button").all():
        assert (
            button.text_content().strip() or button.get_attribute("aria-label") or ""
        ).strip()
    page.keyboard.press("?")
    assert page.is_visible("#overlay")
    page.keyboard.press("Escape")
    assert page.is_hidden("#overlay")
    page.keyboard.press("/")
    page.keyboard.type("cells 1")
    page.keyboard.press("Enter")
    assert page.text_content("#numbers h2") == "cells 1"
    page.keyboard.press("ArrowUp")
    assert page.text_content("#numbers h2") == "cells 0"
    level = page.evaluate(f"{GRAPH}.zoom()")
    page.keyboard.press("+")
    assert page.evaluate(f"{GRAPH}.zoom()") > level
    page.keyboard.press("f")
    assert page.evaluate(f"{GRAPH}.zoom()") == pytest.approx(level)
    press(page, "Escape", "g")
    assert not ids(page, ".gate")


def lit(page):
    """The neurons and boxes that stand out."""
    return ids(page, ".neuron, .box") - ids(page, ".dim")


def test_a_chosen_neuron_shows_what_gates_its_connections(opened, net):
    place = net.connections.index
    number = {neuron: f"n{i}" for i, neuron in enumerate(net)}
    page = opened(net, rows())
    cell = net["cells"][1]
    page.keyboard.press("g")  # not all gates
    choose(page, cell.name)
    links = [*cell.incoming, *cell.outgoing, cell.self_connection]
    gated_links = [c for c in links if c.gater is not None]
    assert len(gated_links) == 4
    assert {number[c.gater] for c in gated_links} <= lit(page)
    assert {f"gc{place(c)}" for c in gated_links} == ids(page, ".gate") - ids(
        page, ".dim"
    )
    assert {f"wc{place(c)}<{number[c.gater]}" for c in gated_links} == ids(
        page, ".wire"
    ) - ids(page, ".dim")
    link = gated_links[0]
    emit(page, f"c{place(link)}", "tap")
    assert {number[link.source], number[link.target], number[link.gater]} == lit(page)
    assert ids(page, ".gate") == {f"gc{place(link)}"}


def test_whole_paths_follow_gates(opened):
    before, gate, a, b, after = (
        Neuron(name=name) for name in ("before", "gate", "a", "b", "after")
    )
    before.project(gate, weight=1.0)
    gate.gate(a.project(b, weight=1.0))
    b.project(after, weight=1.0)
    net = Network(Layer([before, a]), [Layer([gate]), Layer([b])], Layer([after]))
    number = {neuron.name: f"n{i}" for i, neuron in enumerate(net)}
    page = opened(net, rows())
    page.keyboard.press("p")
    for name in (
        "before",
        "after",
        "gate",
    ):  # a gate's way leads on; its line is shown whole
        choose(page, name)
        assert {number[name] for name in ("before", "gate", "b", "after")} <= lit(page)
    choose(page, "a")
    assert number["before"] not in lit(page)


def test_the_folded_view_shows_the_gates_between_layers(opened, net):
    page = opened(net, rows())
    page.click("#fold-all")
    layer_of = {neuron: i for i, layer in enumerate(net.layers) for neuron in layer}
    gated_pairs = {
        (layer_of[c.source], layer_of[c.target], layer_of[c.gater])
        for c in net.connections
        if c.gater
    }
    assert gated_pairs
    assert (ids(page, ".gate"), ids(page, ".wire")) == (
        {f"gbl{a}>l{b}" for a, b, _ in gated_pairs},
        {f"wbl{a}>l{b}<l{g}" for a, b, g in gated_pairs},
    )
    emit(page, f"l{next(iter(gated_pairs))[1]}", "tap")
    assert {
        f"l{g}" for _, b, g in gated_pairs if b == next(iter(gated_pairs))[1]
    } <= lit(page)


SCREENS = {
    "wide": {"viewport": {"width": 1400, "height": 900}},
    "tablet": {"viewport": {"width": 1024, "height": 768}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        "is_mobile": True,
        "device_scale_factor": 2,
    },
}


def chain():
    """Five layers of one neuron, with connections past one and past all of them,
    forwards and backwards."""
    net = architect.Perceptron(1, 1, 1, 1, 1, seed=0)
    for source, target in ((0, 2), (0, 4), (1, 4), (3, 1)):
        net.layers[source].project(net.layers[target], seed=0)
    return net


NETS = {
    "perceptron": lambda: architect.Perceptron(784, 100, 10, seed=0),
    "lstm": lambda: architect.LSTM(2, 3, 1, seed=0),
    "lstm, folded": lambda: architect.LSTM(6, 8, 6, seed=0),
    "gru, folded": lambda: architect.GRU(3, 6, 2, seed=0),
    "chain with long connections": chain,
    "hopfield": lambda: architect.Hopfield(12),
}
LAID_OUT = f"""() => {{
  const cy = {GRAPH}, nodes = cy.elements(".neuron, .box, .weight");
  const boxes = nodes.map((node) =>
    node.renderedBoundingBox({{ includeOverlays: false }}));
  const window_ = {{ x1: 0, y1: 0, x2: cy.width(), y2: cy.height() }}, slack = 1;
  const outside = boxes.filter((box) => box.x1 < -slack || box.y1 < -slack
    || box.x2 > window_.x2 + slack || box.y2 > window_.y2 + slack);
  const covered = [];
  boxes.forEach((a, i) => boxes.slice(0, i).forEach((b, j) => {{
    const x = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
    const y = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
    if (x > 2 && y > 3)
      covered.push([nodes[i].data("label"), nodes[j].data("label"), x, y]);
  }}));
  const drawn = cy.elements().renderedBoundingBox();
  const middle = (a, b) => ({{ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }});
  const at = (p) => `${{p.x}} ${{p.y}} `;
  const wayOf = (line) => {{ // as Cytoscape.js draws it
    const bends = line.controlPoints()
      ?? [middle(line.sourceEndpoint(), line.targetEndpoint())];
    const between = bends.slice(1).map((bend, i) => middle(bend, bends[i]));
    const stops = [...between, line.targetEndpoint()];
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const curves = bends.map((bend, i) => `Q${{at(bend)}}${{at(stops[i])}}`).join("");
    path.setAttribute("d", `M${{at(line.sourceEndpoint())}}${{curves}}`);
    return Array.from({{ length: 60 }},
      (_, i) => path.getPointAtLength(i * path.getTotalLength() / 59));
  }};
  const behind = cy.elements(".line").filter((line) => {{
    const way = wayOf(line);
    const others = cy.elements(".box, .neuron").difference(line.connectedNodes());
    return others.some((box) => {{
      const {{ x, y }} = box.position();
      const width = box.width() / 2, height = box.height() / 2;
      return way.some((point) =>
        Math.abs(point.x - x) < width && Math.abs(point.y - y) < height);
    }});
  }});
  const fonts = nodes.map((node) => parseFloat(node.style("font-size")) * cy.zoom());
  const inside = (element) => {{
    const {{ left, right, top, bottom, width }} = element.getBoundingClientRect();
    return width > 0 && left >= 0 && top >= 0
      && right <= innerWidth + 0.5 && bottom <= innerHeight + 0.5;
  }};
  const parts = "header button, footer button, #step, #status, #search, #graph";
  const hidden = [...document.querySelectorAll(parts)]
    .filter((element) => getComputedStyle(element).display !== "none"
      && !inside(element));
  return {{
    behind: behind.map((line) => line.id()), outside: outside.length, covered,
    font: Math.min(...fonts), hidden: hidden.map((element) => element.id),
    nameless: nodes.filter((node) => !node.data("label")).length,
    neuron: Math.min(99, ...cy.elements(".neuron").map((node) => node.renderedWidth())),
    across: drawn.w / cy.width(), down: drawn.h / cy.height(),
    wide: document.documentElement.scrollWidth,
    drawn: cy.elements(".connection").length,
  }};
}}"""
CONTRAST = """() => {
  const luminance = (name) => {
    const style = getComputedStyle(document.documentElement);
    const colour = style.getPropertyValue(name).trim();
    const [r, g, b] = [1, 3, 5]
      .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const of = (names, grounds) => Math.min(...names.flatMap((name) =>
    grounds.map((ground) => ratio(luminance(name), luminance(ground)))));
  return { words: of(["--ink", "--faint"], ["--paper", "--surface"]),
    signs: of(["--positive", "--negative", "--above", "--below", "--gate"],
      ["--paper"]) };
}"""


@pytest.mark.parametrize("screen", SCREENS)
def test_pages_can_be_read_and_used_at_once(opened, screen):
    def check(net):
        network = NETS[net]()
        page = opened(network, rows(len(network.input), 3) > 0, **SCREENS[screen])
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot()  # lets it draw
            assert page.evaluate("document.documentElement.dataset.theme") == scheme
            contrast = page.evaluate(CONTRAST)
            assert contrast["words"] >= 4.5  # WCAG 2.2, 1.4.3 and 1.4.11
            assert contrast["signs"] >= 3
            evaluation = page.evaluate(LAID_OUT)
            # behind: lines that begin at another box than their own
            for wrong in ("covered", "hidden", "behind", "outside", "nameless"):
                assert not evaluation[wrong], wrong
            assert evaluation["font"] >= 9
            # 24: WCAG 2.2, 2.5.8
            assert evaluation["neuron"] >= (24 if screen == "phone" else 20)
            assert evaluation["drawn"] <= 100
            assert evaluation["wide"] <= SCREENS[screen]["viewport"]["width"]
            assert evaluation["down"] > 0.8 or (
                evaluation["across"] > 0.8 and net != "lstm"
            )
        assert page.text_content("#status") == "step 1 of 3"
        assert page.get_attribute("#legend", "open") is not None

    all_hold(check, list(NETS))


def test_on_a_phone_words_speak_of_touch_and_help_is_at_hand(opened):
    page = opened(lstm(), rows(), **SCREENS["phone"])
    assert page.text_content("#numbers p").startswith("Tap")
    assert "/" not in page.get_attribute("#search", "placeholder")
    page.locator("#theme").tap()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.locator("#help").tap()
    words = page.inner_text("#overlay")
    assert "Tap" in words
    assert not any(word in words for word in ("click", "Point", "wheel", "Space"))


MODEL = """
globalThis.handlers = {};
globalThis.values = VALUES;
const model = {
  get: (name) => values[name], on: (name, act) => { handlers[name] = act; }, off() {},
};
widget.render({ model, el: document.body });
"""


def test_a_widget_follows_the_network(chromium, net):
    page = chromium.new_page()
    view = explore(net, rows(), targets=np.ones((6, 1)))
    page.evaluate(part_of("widget.js").replace("export default", "globalThis.widget ="))
    page.evaluate(
        MODEL.replace("VALUES", json.dumps({"html": view.html, "numbers": view._data}))
    )
    frame = page.wait_for_selector("iframe").content_frame()
    frame.wait_for_selector("#graph canvas")
    net.run(rows())
    net.propagate(0.5, [1.0])
    net[0].outgoing[0].weight = -3.0
    view.update()
    page.evaluate(
        "(numbers) => { values.numbers = numbers; handlers['change:numbers'](); }",
        view._data,
    )
    until(frame, f"{GRAPH}.getElementById('c0').hasClass('negative')")
    net.clear()
    output = net.clone().run(rows())[0, 0]
    enter(frame, "#search", "output 0")
    assert number(frame, "activation") == output
    page.evaluate("handlers['change:numbers']()")
    frame.evaluate("postMessage({ activation: [] }, '*')")  # not from its owner
    assert number(frame, "activation") == output
    page.close()


@pytest.mark.usefixtures("chromium")
def test_the_pictures_in_the_gallery_are_of_this_code(tmp_path):
    """If the page has changed: ``python -m studies explorer_picture``. Fonts may differ
    a little."""
    draw = (
        "import pathlib, sys; from studies import explorer_picture as e;"
        " e.main(pathlib.Path(sys.argv[1]))"
    )
    root = Path(__file__).parents[2]  # Playwright drives one browser in a process
    subprocess.run(
        [sys.executable, "-c", draw, str(tmp_path)], cwd=root, check=True, timeout=300
    )
    gallery = root / "docs" / "gallery"
    for name in ("explorer.png", "play.png"):
        now, kept = (
            plt.imread(folder / name)[..., :3] for folder in (tmp_path, gallery)
        )
        assert now.shape == kept.shape, name
        assert np.mean(np.abs(now - kept).max(axis=2) > 0.2) < 0.01, name


# lines back and loops, with the names that they run through
STRUCK = """() => {
  const cy = document.getElementById("graph")._cyreg.cy, struck = [];
  const middle = (a, b) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const at = (p) => `${p.x} ${p.y} `;
  const pointsOf = (line) => {
    const bends = line.controlPoints();
    const between = bends.slice(1).map((bend, i) => middle(bend, bends[i]));
    const stops = [...between, line.targetEndpoint()];
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const curves = bends.map((bend, i) => `Q${at(bend)}${at(stops[i])}`).join("");
    path.setAttribute("d", `M${at(line.sourceEndpoint())}${curves}`);
    return Array.from({ length: 200 },
      (_, i) => path.getPointAtLength(i * path.getTotalLength() / 199));
  };
  const lies = (point, box) => point.x > box.x1 + 3 && point.x < box.x2 - 3
    && point.y > box.y1 + 3 && point.y < box.y2 - 3;
  cy.elements(".line").forEach((line) => {
    const [from, to] = [line.source(), line.target()];
    if (from.position("y") < to.position("y")) return;
    const points = pointsOf(line);
    cy.elements(".neuron").difference(from.id() === to.id() ? cy.collection() : from)
      .forEach((node) => {
        const box = node.boundingBox({ includeNodes: false, includeOverlays: false });
        if (points.filter((point) => lies(point, box)).length > 2)
          struck.push([line.id(), node.data("label")]);
      });
  });
  return struck;
}"""


def test_no_line_crosses_out_a_name(opened):
    narrow = {"viewport": {"width": 1000, "height": 800}}
    page = opened(architect.LSTM(1, 2, 1, seed=0), rows(1), **narrow)
    assert (
        page.evaluate(f"{GRAPH}.elements('.title.beside').length"),
        page.evaluate(STRUCK),
    ) == (9, [])
    for kind in ("neuron", "title"):  # words lie on grounds of their own, above lines
        grounds = f"{GRAPH}.elements('.{kind}').map((one) => one.style"
        assert set(page.evaluate(f"{grounds}('text-background-opacity'))")) == {"1"}
        assert min(map(float, set(page.evaluate(f"{grounds}('z-index'))")))) > 11
