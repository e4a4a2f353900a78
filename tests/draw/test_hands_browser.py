"""The page that learns forgives hands: what a drop hits, and what numbers may look
like, in a headless Chromium."""

import pytest

import architect

from .conftest import CHROMIUM, PLAYWRIGHT
from .helpers import until
from .test_explore_browser import SCREENS, emit, place_of
from .test_play_browser import drag, spot, tab, xor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs Chromium (Debian: apt install chromium)"
    ),
    pytest.mark.skipif(not PLAYWRIGHT, reason="needs the extra `browser`"),
]

# 35 points of the curve that is drawn, in pixels, without those on a neuron
POINTS_ON = """(id) => {
  const cy = document.getElementById("graph")._cyreg.cy;
  const line = cy.getElementById(id), nodes = cy.nodes(".neuron").toArray();
  const mix = (a, b, share) => ({
    x: a.x + share * (b.x - a.x), y: a.y + share * (b.y - a.y) });
  const from = line.sourceEndpoint(), to = line.targetEndpoint();
  const bends = line.controlPoints() ?? [mix(from, to, 0.5)];
  const stops = bends.slice(1).map((bend, i) => mix(bend, bends[i], 0.5));
  const ends = [from, ...stops, to];
  const isFree = ({ x, y }) => nodes.every((node) => {
    const middle = node.position();
    return Math.hypot(middle.x - x, middle.y - y) > node.width() / 2 + 2;
  });
  const points = Array.from({ length: 35 }, (_, i) => {
    const along = (i + 0.5) / 35 * bends.length;
    const at = Math.floor(along), share = along - at;
    const one = mix(ends[at], bends[at], share);
    return mix(one, mix(bends[at], ends[at + 1], share), share);
  });
  const pan = cy.pan(), zoom = cy.zoom();
  return points.filter(isFree)
    .map(({ x, y }) => ({ x: x * zoom + pan.x, y: y * zoom + pan.y }));
}"""


def test_a_gate_may_be_dropped_anywhere_on_a_line(opened):
    net = architect.Perceptron(1, 2, 1, seed=0)
    straight = net.hidden[0][0].connection_to(net.output[0])
    loop = net.hidden[0][1].project(net.hidden[0][1], weight=0.5)
    net.input.project(net.output, seed=0)
    bent = net.input[0].connection_to(net.output[0])
    page = opened(net, None, learn=True)
    tab(page, "build")
    gater = spot(page, "n1")
    for link in map(net.connections.index, (straight, loop, bent)):
        points = page.evaluate(POINTS_ON, f"c{link}")
        assert len(points) > 30
        hits, tried = 0, points if link == 5 else points[::4]
        for point in tried:
            drag(page, gater, place_of(page, point))
            gated = page.evaluate(
                "page.network.connections.map((one) => one.gater?.name ?? '')"
            )
            assert "hidden 0" in gated, (link, point)
            hits += gated[link] == "hidden 0"  # or a line that crosses it there
            page.click("#undo")
        assert hits > 0.8 * len(tried), link


def by_hand(page):
    """XOR's network from nothing: three hidden neurons, all connected by drags."""
    tab(page, "build")
    page.select_option("#recipe", "nothing")
    page.click("#start-from")
    for _ in range(3):
        page.click("#add")
    names = page.evaluate("page.network.neurons.map((one) => one.name)")
    number = {name: f"n{i}" for i, name in enumerate(names)}
    for i in range(3):
        for source, target in (
            ("input 0", f"hidden {i}"),
            ("input 1", f"hidden {i}"),
            (f"hidden {i}", "output 0"),
        ):
            page.keyboard.press("Escape")
            drag(page, spot(page, number[source]), spot(page, number[target]))
    return page.evaluate("page.network.connections.map((one) => one.weight)")


def test_a_network_drawn_by_hand_learns_and_has_the_same_weights_in_every_page(opened):
    page = opened(xor(), None, learn=True)
    drawn = by_hand(page)
    assert len(set(drawn)) == 9
    assert -1 < min(drawn) < -0.3 < 0.3 < max(drawn) < 1
    tab(page, "learn")
    page.click("#draw")
    again = opened(xor(), None, learn=True)
    assert by_hand(again) == drawn
    tab(again, "learn")
    again.click("#draw")
    weights = "page.network.connections.map((one) => one.weight)"
    assert again.evaluate(weights) == page.evaluate(weights) != drawn
    for _ in range(2):
        again.click("#draw")
        again.select_option("#speed", "fast")
        again.click("#play")
        until(again, "page.history.at(-1) < 0.05")
        epochs = again.evaluate("page.history.findIndex((error) => error < 0.05)")
        assert epochs < 5000, "of four rows each"
        again.click("#play")


def test_numbers_may_have_a_comma_and_any_minus(opened):
    page = opened(xor(), None, learn=True, **SCREENS["phone"])
    tab(page, "build")
    emit(page, "c0", "tap")
    assert page.get_attribute("#form-weight", "inputmode") == "text"  # with a minus
    for text, weight in (
        ("-0,5", -0.5),
        ("\u22121.25", -1.25),
        (" \u20132e-1 ", -0.2),
        (".5", 0.5),
    ):
        page.fill("#form-weight", text)
        page.press("#form-weight", "Enter")
        assert page.evaluate("page.selected.weight") == weight, text
    for text in ("", "0x10", "1,0,0", "1e999"):
        page.fill("#form-weight", text)
        page.press("#form-weight", "Enter")
        assert f'got "{text}"' in page.text_content("#notice")
        assert page.evaluate("page.selected.weight") == 0.5
    tab(page, "learn")
    page.fill("#rate", "0,25")
    page.press("#rate", "Enter")
    assert page.evaluate("page.settings.rate") == 0.25
    assert page.input_value("#rate") == "0.25"


def test_nothing_begins_with_a_rate_that_networks_by_hand_learn_with(opened):
    page = opened(xor(), None, learn=True)
    assert page.evaluate("page.settings.rate") == 0.3
    by_hand(page)
    assert page.input_value("#rate") == "0.1"
    for _ in range(8):  # of nine weights, each time other ones
        tab(page, "learn")
        page.click("#draw")
        page.select_option("#speed", "fast")
        page.click("#play")
        until(page, "page.history.at(-1) < 0.05")
        page.click("#play")


SHRUNK = "page.network.connections.forEach((one) => { one.weight *= 1e-6; })"
GROWN = "page.network.connections.forEach((one) => { one.weight *= 1e6; })"


@pytest.mark.parametrize(
    ("change", "words"),
    [(SHRUNK, "All weights have become nearly 0"), (GROWN, "A weight has grown to")],
)
def test_weights_that_collapse_or_explode_are_told_with_a_remedy(opened, change, words):
    page = opened(xor(), None, learn=True)
    page.select_option("#speed", "fast")
    page.evaluate("page.settings.rate = 0")  # so that they stay
    page.click("#play")
    until(page, "page.steps > 200")
    assert page.is_hidden("#notice")
    page.evaluate(change)
    until(page, f"document.getElementById('notice').textContent.includes('{words}')")
    page.click("#play")
    page.evaluate("page.settings.rate = 5")
    page.click("#remedy")
    largest = "Math.max(...page.network.connections.map((one) => Math.abs(one.weight)))"
    assert 0.1 < page.evaluate(largest) < 3
    assert page.evaluate("page.settings.rate") <= 1


def test_dots_of_gates_can_be_clicked(opened):
    """They choose the connection that is gated, at most of their points."""
    page = opened(architect.LSTM(2, 3, 1, style="synaptic", seed=0), None, learn=True)
    if page.get_attribute("#gates", "aria-pressed") == "false":
        page.click("#gates")
    wires = "document.getElementById('graph')._cyreg.cy.elements('.wire')"
    hits = tried = 0
    for wire in page.evaluate(f"{wires}.map((one) => one.id())")[::2]:
        page.keyboard.press("Escape")
        points = page.evaluate(POINTS_ON, wire)
        gates = page.evaluate(f"{wires}.getElementById('{wire}').data('gates')")
        for point in points[5:30:6]:
            page.keyboard.press("Escape")
            page.wait_for_timeout(300)  # two clicks in a moment would fold a layer
            page.mouse.click(*place_of(page, point))
            selected = page.evaluate("page.network.connections.indexOf(page.selected)")
            hits += f"c{selected}" == gates  # or what lies above it there
            tried += 1
    assert tried > 20
    assert hits > 0.6 * tried, (hits, tried)


def test_help_opens_at_its_head_and_headings_are_in_order(opened):
    page = opened(xor(), None, learn=True, viewport={"width": 900, "height": 420})
    page.click("#help")
    assert page.evaluate("document.getElementById('overlay').scrollTop") == 0
    page.keyboard.press("Escape")
    levels = """[...document.querySelectorAll("h1, h2, h3, h4")]
      .filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1]))"""
    for name in ("lessons", "learn", "data", "build", "keep"):
        tab(page, name)
        for chooses in (False, True):
            page.keyboard.press("Escape")
            if chooses:
                page.focus("#graph")
                page.keyboard.press("ArrowDown")
            found = page.evaluate(levels)
            steps = zip([0, *found], found, strict=False)
            assert all(after <= before + 1 for before, after in steps), (name, found)
