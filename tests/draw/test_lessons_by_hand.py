"""Each lesson of the page, done by mouse and keyboard as its task says, in a headless
Chromium. With SCREENSHOTS=FOLDER its end is photographed in both themes."""

import os
from pathlib import Path

import pytest

from .conftest import CHROMIUM, PLAYWRIGHT
from .helpers import until
from .test_explore_browser import GRAPH
from .test_play_browser import OFFERED, drag, spot, tab, xor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs Chromium (Debian: apt install chromium)"
    ),
    pytest.mark.skipif(not PLAYWRIGHT, reason="needs the extra `browser`"),
]


ENDED = "document.querySelector('#lesson-text .seen') !== null"


class Hands:
    """What a reader does, by the names of neurons."""

    def __init__(self, page):
        self.page = page

    def neuron(self, name):
        names = self.page.evaluate("page.network.neurons.map((one) => one.name)")
        return f"n{names.index(name)}"

    def link(self, source, target):
        pairs = self.page.evaluate(
            "page.network.connections.map((one) => [one.source.name, one.target.name])"
        )
        return f"c{pairs.index([source, target])}"

    def middle(self, source, target):
        """A place on a connection where no neuron is."""
        return spot(self.page, self.link(source, target), "renderedMidpoint")

    def weigh(self, source, target, weight):
        tab(self.page, "build")
        self.page.mouse.click(*self.middle(source, target))
        self.page.fill("#form-weight", str(weight))
        self.page.press("#form-weight", "Enter")
        self.page.keyboard.press("Escape")

    def delay(self, source, target, steps):
        tab(self.page, "build")
        self.page.mouse.click(*self.middle(source, target))
        self.page.fill("#form-delay", str(steps))
        self.page.press("#form-delay", "Enter")
        self.page.keyboard.press("Escape")

    def connect(self, source, target):
        tab(self.page, "build")
        x, y = spot(self.page, self.neuron(source))
        ways = [spot(self.page, self.neuron(target))]
        if source == target:  # away, and back to it
            ways.insert(0, (x + 60, y + 50))
        drag(self.page, (x, y), *ways)

    def gate(self, gater, source, target):
        tab(self.page, "build")
        here = spot(self.page, self.neuron(gater))
        drag(self.page, here, self.middle(source, target))

    def squash(self, name, function):
        tab(self.page, "build")
        self.page.mouse.click(*spot(self.page, self.neuron(name)))
        self.page.select_option("#form-squash", function)
        self.page.keyboard.press("Escape")

    def bias(self, name, number):
        tab(self.page, "build")
        self.page.mouse.click(*spot(self.page, self.neuron(name)))
        self.page.fill("#form-bias", str(number))
        self.page.press("#form-bias", "Enter")
        self.page.keyboard.press("Escape")

    def answer(self, *targets):
        """Replace question marks in the rows of the data."""
        tab(self.page, "data")
        self.page.click("#own summary")
        until(self.page, OFFERED)
        rows = self.page.input_value("#csv")
        for target in targets:
            rows = rows.replace("?", str(target), 1)
        self.page.fill("#csv", rows)
        self.page.click("#csv-use")

    def step(self, count=1):
        for _ in range(count):
            self.page.click("#next")

    def epoch(self, count=1):
        for _ in range(count):
            self.page.click("#epoch")

    def rate(self, number):
        tab(self.page, "learn")
        self.page.fill("#rate", str(number))
        self.page.press("#rate", "Enter")

    def play_until_done(self):
        self.page.select_option("#speed", "fast")
        self.page.click("#play")
        until(self.page, ENDED)

    def play_a_moment(self):
        self.page.select_option("#speed", "fast")
        self.page.click("#play")
        until(self.page, "page.epochs > 20")
        self.page.click("#play")


def decide(hands):
    hands.weigh("one", "go", -1.5)


def bend(hands):
    hands.play_a_moment()
    hands.squash("a", "relu")
    hands.squash("b", "relu")
    hands.play_until_done()


def follow_the_rule(hands):
    hands.step(8)


def find_a_rate(hands):
    hands.epoch(10)
    hands.rate(0.1)
    hands.play_until_done()


def connect_hidden(hands):
    hands.play_a_moment()
    hands.connect("any", "go")
    hands.connect("both", "go")
    hands.play_until_done()


def one_step(hands):
    hands.step()


def lead_around(hands):
    hands.connect("h1", "y")
    hands.step()


def remember(hands):
    hands.connect("cell", "cell")
    hands.step(6)


def protect(hands):
    hands.gate("gate", "x", "cell")
    hands.step(6)


def forget(hands):
    hands.gate("forget", "cell", "cell")
    hands.step(6)


def wire_a_block(hands):
    hands.connect("cell", "cell")
    hands.gate("in", "x", "cell")
    hands.gate("forget", "cell", "cell")
    hands.gate("out", "cell", "y")
    hands.step(6)


def carry_back(hands):
    hands.play_a_moment()
    hands.connect("h", "h")
    hands.play_until_done()


def fire(hands):
    hands.connect("spike", "voltage")
    hands.weigh("spike", "voltage", -1)
    hands.step(9)


def find_faces(hands):
    hands.bias("mouth", -0.5)


def mend_the_data(hands):
    hands.answer(1, 0)
    hands.play_until_done()


def be_surprised(hands):
    hands.step(9)


def pair(hands):
    hands.step(6)


def wait(hands):
    hands.delay("left", "both", 2)
    hands.step(8)


LESSONS = [
    decide,
    bend,
    follow_the_rule,
    find_a_rate,
    connect_hidden,
    one_step,
    lead_around,
    remember,
    protect,
    forget,
    wire_a_block,
    carry_back,
    fire,
    find_faces,
    mend_the_data,
    be_surprised,
    pair,
    wait,
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
def test_a_reader_does_what_the_task_says(opened, number):
    page = opened(xor(), None, learn=True)
    tab(page, "lessons")
    page.select_option("#lesson", str(number))
    page.wait_for_timeout(300)
    if "SCREENSHOTS" in os.environ:
        photograph(page, f"{number + 1}_begins")
    assert page.is_visible("#lesson-text .task")
    assert not page.is_visible("#lesson-text .seen")
    LESSONS[number](Hands(page))
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


def test_there_is_a_hand_for_every_lesson(opened):
    page = opened(xor(), None, learn=True)
    assert page.locator("#lesson option").count() - 1 == len(LESSONS)
    assert page.evaluate(f"{GRAPH}.nodes('.neuron').length") == 6
