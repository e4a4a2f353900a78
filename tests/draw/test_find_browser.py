"""Neurons that switch in a marked stretch, on the page as in Python."""

import numpy as np
import pytest

import architect
from synapse import analysis

from .conftest import CHROMIUM, PLAYWRIGHT
from .helpers import until
from .test_explore_browser import GRAPH
from .test_play_browser import of, tab

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs Chromium (Debian: apt install chromium)"
    ),
    pytest.mark.skipif(not PLAYWRIGHT, reason="needs the extra `browser`"),
]


def test_marks_list_the_neurons_that_python_lists(opened):
    net = architect.LSTM(1, 3, 1, style="synaptic", seed=2)
    rng = np.random.default_rng(0)
    rows = rng.normal(0.0, 0.2, (40, 1))
    rows[12:20] += 3.0
    rows[30:34] += 3.0
    page = opened(net, rows, rng.normal(size=(40, 1)), learn=True)
    tab(page, "data")
    page.click("#find summary")
    words = "document.getElementById('found-words').textContent"
    until(page, f"{words}.includes('Mark the steps')")
    cells = page.locator("#marks button")
    assert cells.count() == 40
    for begin, end in ((12, 19), (30, 33)):
        cells.nth(end).scroll_into_view_if_needed()
        for step in range(begin, end + 1):
            box = cells.nth(step).bounding_box()
            page.mouse.move(box["x"] + 7, box["y"] + 12)
            if step == begin:
                page.mouse.down()
        page.mouse.up()
    marks = page.eval_on_selector_all(
        "#marks button",
        "(all) => all.map((one) => one.getAttribute('aria-pressed') === 'true')",
    )
    assert np.flatnonzero(marks).tolist() == [*range(12, 20), *range(30, 34)]

    wanted = analysis.switching(of(page), rows, marks)
    found = np.array(page.evaluate("page.switching"))
    np.testing.assert_array_equal(found[:4, 0], wanted.neuron[:4])
    order = np.argsort(found[:, 0])
    theirs = wanted.correlation[np.argsort(wanted.neuron)]
    np.testing.assert_allclose(found[order, 1], theirs, atol=1e-12)
    lit = page.evaluate(f"{GRAPH}.nodes('.switching').map((one) => one.id())")
    strong = wanted.neuron[np.abs(wanted.correlation) >= 0.7]
    assert sorted(lit) == sorted(f"n{number}" for number in strong)
    assert len(strong) > 0

    page.click("#switching button")
    assert page.evaluate("document.querySelector('#numbers h2')") is not None
    page.focus("#marks button")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")  # also by keys
    assert cells.nth(1).get_attribute("aria-pressed") == "true"
