"""How the page that learns shows a step: its speeds, errors on their way back, and the
explanation of a step that was gone back to, in a headless Chromium."""

import time

import pytest

import architect
import synapse

from .conftest import CHROMIUM, PLAYWRIGHT
from .helpers import hand_wired, until
from .test_explore_browser import GRAPH, choose, emit
from .test_play_browser import lessons, lstm, tab, xor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs Chromium (Debian: apt install chromium)"
    ),
    pytest.mark.skipif(not PLAYWRIGHT, reason="needs the extra `browser`"),
]

STATUS = "document.getElementById('status').textContent"


def test_there_are_speeds_between_slow_motion_and_many_steps_a_second(opened):
    page = opened(xor(), None, learn=True)
    paces = {}
    for speed in ("motion", "steps", "quick"):
        page.select_option("#speed", speed)
        page.click("#play")
        first = page.evaluate("page.steps") + 1
        until(page, f"page.steps >= {first}")
        began = time.monotonic()
        until(page, f"page.steps >= {first + 3}")
        paces[speed] = (time.monotonic() - began) / 3
        page.click("#play")
    assert 1 < paces["motion"] < 4.8  # the least of slow motion
    assert 0.4 < paces["steps"] < paces["motion"]
    assert 0.05 < paces["quick"] < paces["steps"]


# how far right the dots over the picture are, on average, beside what is shown then
WATCH = """() => {
  const veil = document.getElementById("veil"), copy = document.createElement("canvas");
  const pen = copy.getContext("2d", { willReadFrequently: true });
  const cy = document.getElementById("graph")._cyreg.cy;
  globalThis.seen = [];
  const look = () => {
    [copy.width, copy.height] = [veil.width, veil.height];
    pen.drawImage(veil, 0, 0);
    const { data } = pen.getImageData(0, 0, veil.width, veil.height), places = [];
    for (let i = 3; i < data.length; i += 4)
      if (data[i] > 200) places.push((i >> 2) % veil.width);
    const place = places.reduce((sum, x) => sum + x, 0) / places.length;
    globalThis.seen.push([
      document.getElementById("status").textContent.replace(/^[^:]*: /, ""),
      places.length ? place : null, cy.getElementById("n2").data("label"),
      document.getElementById("numbers").textContent,
    ]);
    requestAnimationFrame(look);
  };
  look();
}"""


def watched(page, phase):
    """What was seen in a phase of a step: places, labels, words of the panel."""
    until(page, f"{STATUS}.includes('of this step')")
    return [rest for status, *rest in page.evaluate("seen") if status == phase]


def test_errors_travel_back_along_lines_and_are_known_when_they_arrive(opened):
    page = opened(xor(), None, learn=True)
    page.select_option("#speed", "slow")
    choose(page, "hidden 0")
    page.evaluate(WATCH)
    page.click("#next")
    forward = watched(page, "activations: hidden")
    assert forward
    assert all("has not been computed yet" in words for *_, words in forward)
    back = watched(page, "errors: hidden")
    places = [place for place, *_ in back if place is not None]
    assert len(places) > 1
    assert places == sorted(places, reverse=True), "from the output to the left"
    for place, label, words in back:
        if place is not None:
            assert "δ" not in label
            assert "has not been computed yet" in words
            assert "It has not moved yet" in words
    place, label, words = back[-1]
    assert place is None
    assert "δ" in label
    assert "has not been computed yet" not in words


def test_an_error_goes_to_a_gater_along_its_dots_and_none_against_time(opened):
    net = architect.LSTM(1, 1, 1, seed=0)
    late = set(synapse.analysis.late_connections(net))
    page = opened(net, [[0.5], [1.0]], [[0.0], [1.0]], learn=True)
    page.select_option("#speed", "slow")
    page.click("#next")
    seen = set()
    until(page, f"{STATUS}.includes('errors: ')")
    flows = f"[{STATUS}, {GRAPH}.elements('.flow').map((line) => line.id())]"
    while "of this step" not in (seen_now := page.evaluate(flows))[0]:
        seen |= set(seen_now[1]) if "errors: " in seen_now[0] else set()
    assert any(one.startswith("w") for one in seen)
    lines = {i for i, c in enumerate(net.connections) if c not in late}
    assert {int(one[1:]) for one in seen if one[0] == "c"} <= lines


def test_a_motion_that_is_not_wanted_is_left_out(opened):
    page = opened(xor(), None, learn=True, reduced_motion="reduce")
    page.select_option("#speed", "slow")
    page.evaluate(WATCH)
    page.click("#next")
    back = watched(page, "errors: hidden")
    assert {place for place, *_ in back} == {None}
    assert "δ" in back[-1][1]


def test_steps_back_and_forth_keep_the_explanation(opened):
    for net in (lstm(), hand_wired()):
        page = opened(net, *lessons(len(net.input)), learn=True)
        page.click("#unfold-all")
        gated = next(i for i, c in enumerate(net.connections) if c.gater)
        emit(page, f"c{gated}", "tap")
        words = "document.getElementById('numbers').innerText"
        said = [page.evaluate(words)]
        for step in range(8):
            if step == 4:
                tab(page, "learn")
                page.fill("#rate", "0.05")
                page.press("#rate", "Enter")
            page.click("#next")
            said.append(page.evaluate(words))
        assert "Why did this weight move?" in said[-1]
        for step in (7, 6, 5, 4, 3, 2, 1, 0):
            page.click("#back")
            assert page.evaluate(words) == said[step], step
        for step in range(1, 9):
            page.evaluate(
                f"""(slider => {{
                  slider.value = {step};
                  slider.dispatchEvent(new Event("input"));
                }})(document.getElementById("step"))"""
            )
            assert page.evaluate(words) == said[step], step
