"""The page that learns forgives hands: what a drop hits, and what numbers may look
like. Each lesson is done by mouse and keyboard as its task says; with
SCREENSHOTS=FOLDER its end is photographed in both themes. In a headless Chromium."""

import os
from pathlib import Path

import pytest

import architect

from .helpers import click, enter, play_until, until, xor
from .test_explore_browser import GRAPH, SCREENS, emit, place_of
from .test_play_browser import OFFERED, drag, spot, tab

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


def test_a_network_drawn_by_hand_learns_and_has_the_same_weights_in_every_page(
    opened, page
):
    drawn = by_hand(page)
    assert len(set(drawn)) == 9
    assert -1 < min(drawn) < -0.3 < 0.3 < max(drawn) < 1
    click(page, "#tab-learn", "#draw")
    again = opened(xor(), None, learn=True)
    assert by_hand(again) == drawn
    click(again, "#tab-learn", "#draw")
    weights = "page.network.connections.map((one) => one.weight)"
    assert again.evaluate(weights) == page.evaluate(weights) != drawn
    for _ in range(2):
        again.click("#draw")
        again.select_option("#speed", "fast")
        again.click("#play")
        until(again, "page.history.at(-1) < 0.05")
        assert (
            again.evaluate("page.history.findIndex((error) => error < 0.05)") < 5000
        ), "of four rows each"
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
        enter(page, "#form-weight", text)
        assert page.evaluate("page.selected.weight") == weight, text
    for text in ("", "0x10", "1,0,0", "1e999"):
        enter(page, "#form-weight", text)
        assert f'got "{text}"' in page.text_content("#notice")
        assert page.evaluate("page.selected.weight") == 0.5
    tab(page, "learn")
    enter(page, "#rate", "0,25")
    assert (page.evaluate("page.settings.rate"), page.input_value("#rate")) == (
        0.25,
        "0.25",
    )


def test_nothing_begins_with_a_rate_that_networks_by_hand_learn_with(page):
    assert page.evaluate("page.settings.rate") == 0.3
    by_hand(page)
    assert page.input_value("#rate") == "0.1"
    for _ in range(8):  # of nine weights, each time other ones
        click(page, "#tab-learn", "#draw")
        play_until(page, "page.history.at(-1) < 0.05")


SHRUNK = "page.network.connections.forEach((one) => { one.weight *= 1e-6; })"
GROWN = "page.network.connections.forEach((one) => { one.weight *= 1e6; })"


@pytest.mark.parametrize(
    ("change", "words"),
    [(SHRUNK, "All weights have become nearly 0"), (GROWN, "A weight has grown to")],
)
def test_weights_that_collapse_or_explode_are_told_with_a_remedy(page, change, words):
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


ENDED = "document.querySelector('#lesson-text .seen') !== null"


class Hands:
    """What a reader does, by the names of neurons."""

    def __init__(self, page):
        self.page = page

    def neuron(self, name):
        names = self.page.evaluate("page.network.neurons.map((one) => one.name)")
        return spot(self.page, f"n{names.index(name)}")

    def middle(self, source, target):
        """A place on a connection where no neuron is."""
        pairs = self.page.evaluate(
            "page.network.connections.map((one) => [one.source.name, one.target.name])"
        )
        return spot(self.page, f"c{pairs.index([source, target])}", "renderedMidpoint")

    def enter(self, what, place, number):
        """Give what is at a place a weight, a delay or a bias."""
        tab(self.page, "build")
        self.page.mouse.click(*place)
        enter(self.page, f"#form-{what}", str(number))
        self.page.keyboard.press("Escape")

    def weigh(self, source, target, weight):
        self.enter("weight", self.middle(source, target), weight)

    def delay(self, source, target, steps):
        self.enter("delay", self.middle(source, target), steps)

    def bias(self, name, number):
        self.enter("bias", self.neuron(name), number)

    def connect(self, source, target):
        tab(self.page, "build")
        x, y = self.neuron(source)
        away = [(x + 60, y + 50)] if source == target else []  # and back to it
        drag(self.page, (x, y), *away, self.neuron(target))

    def gate(self, gater, source, target):
        tab(self.page, "build")
        drag(self.page, self.neuron(gater), self.middle(source, target))

    def squash(self, name, function):
        tab(self.page, "build")
        self.page.mouse.click(*self.neuron(name))
        self.page.select_option("#form-squash", function)
        self.page.keyboard.press("Escape")

    def answer(self, *targets):
        """Replace question marks in the rows of the data."""
        click(self.page, "#tab-data", "#own summary")
        until(self.page, OFFERED)
        rows = self.page.input_value("#csv")
        for target in targets:
            rows = rows.replace("?", str(target), 1)
        self.page.fill("#csv", rows)
        self.page.click("#csv-use")

    def step(self, count=1):
        click(self.page, *["#next"] * count)

    def epoch(self, count):
        click(self.page, *["#epoch"] * count)

    def rate(self, number):
        tab(self.page, "learn")
        enter(self.page, "#rate", str(number))

    def play_until_done(self):
        self.page.select_option("#speed", "fast")
        self.page.click("#play")
        until(self.page, ENDED)

    def play_a_moment(self):
        play_until(self.page, "page.epochs > 20")


LESSONS = [
    [(Hands.weigh, "one", "go", -1.5)],
    [
        (Hands.play_a_moment,),
        (Hands.squash, "a", "relu"),
        (Hands.squash, "b", "relu"),
        (Hands.play_until_done,),
    ],
    [(Hands.step, 8)],
    [(Hands.epoch, 10), (Hands.rate, 0.1), (Hands.play_until_done,)],
    [
        (Hands.play_a_moment,),
        (Hands.connect, "any", "go"),
        (Hands.connect, "both", "go"),
        (Hands.play_until_done,),
    ],
    [(Hands.step,)],
    [(Hands.connect, "h1", "y"), (Hands.step,)],
    [(Hands.connect, "cell", "cell"), (Hands.step, 6)],
    [(Hands.gate, "gate", "x", "cell"), (Hands.step, 6)],
    [(Hands.gate, "forget", "cell", "cell"), (Hands.step, 6)],
    [
        (Hands.connect, "cell", "cell"),
        (Hands.gate, "in", "x", "cell"),
        (Hands.gate, "forget", "cell", "cell"),
        (Hands.gate, "out", "cell", "y"),
        (Hands.step, 6),
    ],
    [(Hands.play_a_moment,), (Hands.connect, "h", "h"), (Hands.play_until_done,)],
    [
        (Hands.connect, "spike", "voltage"),
        (Hands.weigh, "spike", "voltage", -1),
        (Hands.step, 9),
    ],
    [(Hands.bias, "mouth", -0.5)],
    [(Hands.answer, 1, 0), (Hands.play_until_done,)],
    [(Hands.step, 9)],
    [(Hands.step, 6)],
    [(Hands.delay, "left", "both", 2), (Hands.step, 8)],
]


def photograph(page, name):
    """Both themes, for people who look at them."""
    folder = Path(os.environ["SCREENSHOTS"])
    folder.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(200)
        page.screenshot(path=folder / f"{name}_{scheme}.png")
    page.emulate_media(color_scheme="light")


@pytest.mark.parametrize("number", range(len(LESSONS)))
def test_a_reader_does_what_the_task_says(page, number):
    tab(page, "lessons")
    page.select_option("#lesson", str(number))
    page.wait_for_timeout(300)
    if "SCREENSHOTS" in os.environ:
        photograph(page, f"{number + 1}_begins")
    assert page.is_visible("#lesson-text .task")
    assert not page.is_visible("#lesson-text .seen")
    hands = Hands(page)
    for act, *arguments in LESSONS[number]:
        act(hands, *arguments)
    until(page, ENDED)  # after the slow motion of the last step
    page.wait_for_timeout(100)
    if "SCREENSHOTS" in os.environ:
        photograph(page, f"{number + 1}_changed")
    if page.is_visible("#task-strip"):  # the picture can be looked at before
        assert page.text_content("#task-strip").startswith("Done.")
        page.click("#task-strip")
    assert page.is_visible("#lesson-text .seen"), page.text_content("#notice")
    assert page.is_hidden("#lesson-strays")
    if "SCREENSHOTS" in os.environ:
        photograph(page, f"{number + 1}_ends")


def test_there_is_a_hand_for_every_lesson(page):
    assert (
        page.locator("#lesson option").count() - 1,
        page.evaluate(f"{GRAPH}.nodes('.neuron').length"),
    ) == (len(LESSONS), 6)
