"""The explorer's page in a headless Chromium: what a person sees and does there."""

import io
import shutil

import networkx as nx
import numpy as np
import pytest

import architect
from synapse import Layer, Network, Neuron, tie
from synapse.draw import explore

playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra `browser`")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian: apt install chromium)"),
]

GRAPH = "document.getElementById('graph')._cyreg.cy"  # where Cytoscape.js keeps what it draws


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, tmp_path):
    """Opens pages; at the end nothing may have gone wrong in them, nor been asked of the net."""
    contexts, complaints = [], []

    def open_page(net, sequence, targets=None, **options):
        path = tmp_path / "page.html"
        explore(net, sequence, path, targets)
        contexts.append(chromium.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on(
            "request",
            lambda request: None if request.url == path.as_uri() else complaints.append(request.url),
        )
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def lstm():
    return architect.LSTM(2, 3, 1, style="synaptic", seed=0)


def rows(width=2, steps=6):
    return np.random.default_rng(1).normal(size=(steps, width))


def choose(page, name):
    page.fill("#search", name)
    page.press("#search", "Enter")


def number(page, name):
    """A number of what is chosen, all its digits."""
    return float(page.get_attribute(f'#numbers dd[data-name="{name}"]', "data-value"))


def ids(page, selector):
    return set(page.evaluate(f"{GRAPH}.elements('{selector}').map(element => element.id())"))


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


def test_stepping_shows_the_values_of_run(opened):
    net, sequence = lstm(), rows()
    outputs = net.clone().run(sequence)[:, 0]
    page = opened(net, sequence)
    choose(page, "output 0")
    for t, output in enumerate(outputs, 1):
        page.keyboard.press("ArrowRight")
        assert page.text_content("#status") == f"step {t} of 6"
        assert number(page, "activation") == output
        label = page.evaluate(f"{GRAPH}.getElementById('n14').data('label')")
        assert label == f"output 0\n{output:.2f}".replace("-", "\u2212")
    page.keyboard.press("ArrowLeft")
    assert number(page, "activation") == outputs[4]
    page.keyboard.press("Home")
    assert number(page, "activation") == net.output[0].activation
    page.keyboard.press("End")
    assert number(page, "activation") == outputs[5]
    page.fill("#step", "2")
    assert number(page, "activation") == outputs[1]
    page.click("#next")
    assert number(page, "activation") == outputs[2]


def test_playing_goes_to_the_end_and_stops(opened):
    page = opened(lstm(), rows(steps=2))
    page.click("#play")
    playwright.expect(page.locator("#status")).to_have_text("step 2 of 2")
    playwright.expect(page.locator("#play")).to_have_text("Play")


def test_every_number_of_a_neuron_and_a_connection(opened):
    net, sequence = lstm(), rows()
    page = opened(net, sequence, np.ones((6, 1)))
    cell = net["cells"][1]
    choose(page, cell.name)
    for t in range(2):
        page.keyboard.press("ArrowRight")
        net.activate(sequence[t])
        net.propagate(0.0, [1.0])
        for name in ("activation", "state", "derivative", "bias"):
            assert number(page, name) == getattr(cell, name)
        assert number(page, "bias eligibility") == cell.bias_eligibility
        for name in ("responsibility", "projected", "gated"):
            assert number(page, name) == getattr(cell.error, name)
    assert number(page, "own gain") == cell.self_connection.gain
    i, link = next((i, c) for i, c in enumerate(net.connections) if c.gater is not None)
    emit(page, f"c{i}", "tap")
    for name in ("weight", "gain", "eligibility"):
        assert number(page, name) == getattr(link, name)
    assert page.text_content('#numbers dd[data-name="gate"]').startswith(link.gater.name)


def test_extended_traces_by_neuron(opened):
    net, sequence = lstm(), rows()
    page = opened(net, sequence)
    c, link = next((c, link) for c, link in enumerate(net.connections) if link.target in net["input gates"])
    emit(page, f"c{c}", "tap")
    assert "Extended traces" in page.text_content("#numbers")
    for t in range(3):
        page.keyboard.press("ArrowRight")
        net.activate(sequence[t])
        for neuron, trace in link.extended.items():
            assert number(page, neuron.name) == trace
            assert trace != 0
    emit(page, next(f"c{c}" for c, link in enumerate(net.connections) if not link.extended), "tap")
    assert "Extended traces" not in page.text_content("#numbers")


def test_sensitivities_by_neuron(opened):
    net, sequence = architect.LSTM(2, 2, 1, seed=0), rows()
    net.learning_rule = "rtrl"
    page = opened(net, sequence)
    c, link = next((c, link) for c, link in enumerate(net.connections) if link.target in net["input gates"])
    emit(page, f"c{c}", "tap")
    assert "Sensitivities: d state / d weight (4)" in page.text_content("#numbers")
    assert "Extended traces" not in page.text_content("#numbers")
    for t in range(3):
        page.keyboard.press("ArrowRight")
        net.activate(sequence[t])
        for neuron, sensitivity in link.sensitivity.items():
            assert number(page, neuron.name) == sensitivity
            assert sensitivity != 0
    emit(page, next(f"c{c}" for c, link in enumerate(net.connections) if link.target in net.output), "tap")
    assert "Sensitivities" not in page.text_content("#numbers")


def test_what_is_frozen_and_what_is_tied(opened):
    net = lstm()
    tied, frozen = net[0].outgoing[:3], net[1].outgoing[0]
    tie(tied)
    tie(net["cells"][:2])
    frozen.trainable = False
    page, place = opened(net, rows()), net.connections.index

    def told(name):
        cell = page.locator(f'#numbers dd[data-name="{name}"]')
        return cell.text_content() if cell.count() else None

    emit(page, f"c{place(tied[1])}", "tap")
    assert (told("trainable"), told("tied")) == ("yes", "with 2 others")
    emit(page, f"c{place(frozen)}", "tap")
    assert (told("trainable"), told("tied")) == ("no", None)
    choose(page, net["cells"][0].name)
    assert (told("bias trainable"), told("bias tied")) == ("yes", "with 1 other")


def test_gates_open_and_close(opened):
    a, gate, b = Neuron(name="a"), Neuron(name="gate", squash="identity"), Neuron(name="b")
    link = a.project(b, weight=0.5)
    gate.gate(link)
    net = Network(Layer([a, gate]), [], Layer([b]))
    page = opened(net, [[1.0, 0.0], [1.0, 1.0]])
    opens, width = [], []
    for _ in range(2):
        page.keyboard.press("ArrowRight")
        opens.append(page.evaluate(f"{GRAPH}.getElementById('g0').style('background-opacity')"))
        width.append(float(page.evaluate(f"{GRAPH}.getElementById('c0').style('line-opacity')")))
    assert list(map(float, opens)) == [0.0, 1.0]
    assert width[0] < 0.2 < 0.8 < width[1]


def test_pointing_at_a_neuron_shows_its_numbers(opened):
    page = opened(lstm(), rows())
    spot = page.evaluate(f"{GRAPH}.getElementById('n0').renderedPosition()")
    page.mouse.move(*place_of(page, spot), steps=3)
    page.wait_for_selector("#tip", state="visible")
    assert page.text_content("#numbers h2") == "input 0"
    page.mouse.move(*place_of(page, {"x": 3, "y": 3}), steps=3)
    page.wait_for_selector("#tip", state="hidden")


def test_what_is_upstream_and_downstream_is_highlighted(opened):
    net = architect.Perceptron(3, 4, 3, 2, seed=0)
    number = {neuron: f"n{i}" for i, neuron in enumerate(net)}
    lines = {connection: f"c{i}" for i, connection in enumerate(net.connections)}
    page = opened(net, rows(3))
    neuron = net.layers[1][2]
    click_on(page, number[neuron])
    assert page.text_content("#numbers h2") == neuron.name
    assert ids(page, ".lit") == {lines[c] for c in (*neuron.incoming, *neuron.outgoing)}
    page.keyboard.press("u")
    assert ids(page, ".lit") == {lines[c] for c in neuron.outgoing}
    page.keyboard.press("a")
    after = nx.descendants(net.graph, neuron)
    assert ids(page, ".neuron") - ids(page, ".dim") == {number[n] for n in after | {neuron}}
    page.keyboard.press("u")
    near = after | {neuron} | nx.ancestors(net.graph, neuron)
    assert ids(page, ".neuron") - ids(page, ".dim") == {number[n] for n in near}
    page.keyboard.press("Escape")
    assert not ids(page, ".lit, .dim, .chosen")


def test_layers_fold_and_unfold(opened):
    net = lstm()
    page = opened(net, rows())
    whole = ids(page, ".neuron, .connection")
    page.click("text=Fold >> nth=0")  # Fold all
    assert len(ids(page, ".box")) == 6
    assert not ids(page, ".neuron, .connection")
    layer_of = {neuron: i for i, layer in enumerate(net.layers) for neuron in layer}
    pairs = [(layer_of[c.source], layer_of[c.target]) for c in net.connections]
    assert ids(page, ".bundle") == {f"bl{a}>l{b}" for a, b in pairs}
    emit(page, "bl0>l3", "tap")
    entering = [c.weight for c in net.connections if (layer_of[c.source], layer_of[c.target]) == (0, 3)]
    assert number(page, "sum of weights") == pytest.approx(sum(entering), rel=1e-12)
    page.click('button[aria-label="Unfold cells"]')
    assert ids(page, ".neuron") == {f"n{i}" for i, neuron in enumerate(net) if neuron in list(net["cells"])}
    page.click("#unfold-all")
    assert ids(page, ".neuron, .connection") == whole
    emit(page, "n0", "dbltap")
    assert ids(page, ".box") == {"l0"}


def test_two_thousand_connections_are_all_there(opened):
    net = architect.LSTM(10, 20, 5, style="synaptic", seed=0)
    page = opened(net, rows(10))
    assert len(net.connections) > 2000
    assert len(ids(page, ".connection")) == len(net.connections)


def test_a_network_too_large_to_draw_opens_folded(opened):
    page = opened(architect.Perceptron(210, 100, 2, seed=0), rows(210, 1))
    assert len(ids(page, ".box")) == 3
    page.click("#unfold-all")
    assert "21200 connections are too many" in page.text_content("#notice")
    assert len(ids(page, ".box")) == 3
    page.click('button[aria-label="Unfold output"]')
    assert page.is_hidden("#notice")
    assert len(ids(page, ".neuron")) == 2


def test_names_are_only_text(opened):
    nasty = [
        "</script><script>alert(1)</script>",
        "<img src=x onerror=alert(2)>",
        "two\nlines \"'&",
        "神経 ñ",
    ]
    layer = Layer([Neuron(name=name) for name in nasty], name=nasty[1])
    output = Layer(1, name=nasty[0])
    layer.project(output, weights=0.5)
    page = opened(Network(layer, [], output, name=nasty[0]), rows(4))
    assert page.text_content("#title") == nasty[0]
    for name in nasty:
        page.evaluate("document.getElementById('graph').focus()")
        page.keyboard.press("ArrowDown")
        assert page.text_content("#numbers h2") == name
    page.fill("#search", "alert")
    assert page.locator("#found li").count() == 5  # two layers, three neurons
    page.keyboard.press("Escape")
    page.click("#fold-all")


def test_keys_and_help(opened):
    page = opened(lstm(), rows())
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
    page.keyboard.press("g")
    gated = [i for i, connection in enumerate(lstm().connections) if connection.gater is not None]
    shown = page.get_attribute("#gates", "aria-pressed") == "true"
    assert ids(page, ".gate") == ({f"g{i}" for i in gated} if shown else set())


def test_touch(opened):
    page = opened(lstm(), rows(), has_touch=True, viewport={"width": 390, "height": 800})
    spot = page.evaluate(f"{GRAPH}.getElementById('n14').renderedPosition()")
    page.touchscreen.tap(*place_of(page, spot))
    assert page.text_content("#numbers h2") == "output 0"
    page.locator("#next").tap()
    assert page.text_content("#status") == "step 1 of 6"


def test_buttons_have_names(opened):
    page = opened(lstm(), rows())
    for button in page.locator("button").all():
        assert (button.text_content().strip() or button.get_attribute("aria-label") or "").strip()


def pixels(page):
    """The picture of the network, shape (height, width, 3), 0 to 1."""
    image = pytest.importorskip("matplotlib.image")
    return image.imread(io.BytesIO(page.locator("#graph").screenshot()))[..., :3]


@pytest.mark.parametrize(("scheme", "brightness"), [("light", 1.0), ("dark", 0.09)])
def test_the_picture_is_not_empty_light_and_dark(opened, scheme, brightness):
    page = opened(lstm(), rows(), color_scheme=scheme)
    page.keyboard.press("End")
    page.wait_for_timeout(300)  # Cytoscape.js draws with the next frames
    picture = pixels(page)
    paper = picture[2, 2]
    assert paper.mean() == pytest.approx(brightness, abs=0.03)
    drawn = np.abs(picture - paper).max(axis=2) > 0.1
    assert drawn.mean() > 0.01
    columns = drawn.any(axis=0)
    assert columns[: len(columns) // 4].any()
    assert columns[-len(columns) // 4 :].any()
    page.keyboard.press("t")
    page.wait_for_timeout(300)
    assert pixels(page)[2, 2].mean() == pytest.approx(1.09 - brightness, abs=0.03)
