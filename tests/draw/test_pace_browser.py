"""How the page that learns shows a step: its speeds, errors on their way back, and the
explanation of a step that was gone back to, in a headless Chromium."""

import time

import pytest

import architect

from .conftest import CHROMIUM, PLAYWRIGHT
from .helpers import hand_wired
from .test_explore_browser import GRAPH, choose, emit
from .test_play_browser import lessons, lstm, tab, until, xor

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
    assert 1 < paces["motion"] < 2.5
    assert 0.4 < paces["steps"] < 0.8
    assert 0.05 < paces["quick"] < 0.3


INKED = """() => {
  const veil = document.getElementById("veil");
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [veil.width, veil.height];
  const pen = copy.getContext("2d", { willReadFrequently: true });
  pen.drawImage(veil, 0, 0);
  const { data } = pen.getImageData(0, 0, veil.width, veil.height);
  const ratio = veil.width / veil.clientWidth, places = [];
  for (let i = 3; i < data.length; i += 4)
    if (data[i] > 200) places.push((i >> 2) % veil.width / ratio);
  return places.length ? places.reduce((sum, x) => sum + x, 0) / places.length : null;
}"""  # how far right the dots over the picture are, on average


def test_errors_travel_back_along_lines_and_are_known_when_they_arrive(opened):
    page = opened(xor(), None, learn=True)
    page.select_option("#speed", "slow")
    choose(page, "hidden 0")
    page.click("#next")
    until(page, f"{STATUS}.endsWith('activations: hidden')")
    assert "has not been computed yet" in page.text_content("#numbers")
    until(page, f"{STATUS}.endsWith('errors: hidden')")
    until(page, f"({INKED})() !== null")
    assert "has not been computed yet" in page.text_content("#numbers")
    assert "It has not moved yet" in page.text_content("#numbers")
    label = f"{GRAPH}.getElementById('n2').data('label')"
    assert "δ" not in page.evaluate(label)
    places = [page.evaluate(INKED)]
    while (place := page.evaluate(INKED)) is not None:
        places.append(place)
    assert len(places) > 3
    assert places == sorted(places, reverse=True), "from the output to the left"
    until(page, f"{label}.includes('δ')")
    assert "has not been computed yet" not in page.text_content("#numbers")
    until(page, f"{STATUS}.includes('error 0')")
    assert page.evaluate(INKED) is None


def test_an_error_goes_to_a_gater_along_its_dots_and_none_against_time(opened):
    net = architect.LSTM(1, 1, 1, seed=0)
    late = set(architect.delayed(net))
    page = opened(net, [[0.5], [1.0]], [[0.0], [1.0]], learn=True)
    page.select_option("#speed", "slow")
    page.click("#next")
    seen = set()
    until(page, f"{STATUS}.includes('errors: ')")
    flows = f"{GRAPH}.elements('.flow').map((line) => line.id())"
    while "errors: " in page.evaluate(STATUS):
        seen |= set(page.evaluate(flows))
    assert any(one.startswith("w") for one in seen)
    lines = {i for i, c in enumerate(net.connections) if c not in late}
    assert {int(one[1:]) for one in seen if one[0] == "c"} <= lines


def test_a_motion_that_is_not_wanted_is_left_out(opened):
    page = opened(xor(), None, learn=True, reduced_motion="reduce")
    page.select_option("#speed", "slow")
    page.click("#next")
    until(page, f"{STATUS}.endsWith('errors: hidden')")
    assert page.evaluate(INKED) is None
    label = f"{GRAPH}.getElementById('n2').data('label')"
    assert "δ" in page.evaluate(label)


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
