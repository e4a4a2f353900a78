"""What people see who open the page that learns for the first time, in a headless
Chromium."""

import json

import numpy as np
import pytest

import architect
from synapse.draw import explore
from synapse.tables.table_model import TableModel

from .conftest import CHROMIUM, PLAYWRIGHT
from .test_explore_browser import GRAPH, SCREENS
from .test_play_browser import drag, lessons, lstm, spot, tab, xor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs Chromium (Debian: apt install chromium)"
    ),
    pytest.mark.skipif(not PLAYWRIGHT, reason="needs the extra `browser`"),
]

TAB = "document.body.dataset.tab"
CELLS = "(rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"


def label_of(page, neuron):
    return page.evaluate(f"{GRAPH}.getElementById('n{neuron}').data('label')")


def test_it_opens_on_lessons_for_who_opens_it_first(opened, chromium, tmp_path):
    path = tmp_path / "learn.html"
    explore(xor(), None, path, learn=True)
    context = chromium.new_context()
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.evaluate(TAB) == "lessons"
    assert page.is_visible("#following")
    page.goto("about:blank")
    page.goto(path.as_uri())
    assert page.evaluate(TAB) == "learn"
    context.close()
    # it has data of its own
    assert opened(lstm(), *lessons(), learn=True).evaluate(TAB) == "learn"


def answered(page, column):
    """The output in a row of the table, the canvas, and the panel."""
    cells = page.eval_on_selector_all("#answers tr", CELLS)
    picture = label_of(page, page.evaluate("page.network.neurons.length - 1")).split(
        "\n"
    )[-1]
    panel = page.eval_on_selector_all(
        "#numbers dd", "(all) => all.map((one) => one.dataset.value)"
    )[-1]
    return [
        float(text.replace("\u2212", "-"))
        for text in (cells[column][-2], picture, panel)
    ]


def test_canvas_panel_and_table_show_one_value(opened):
    page = opened(xor(), None, learn=True)
    page.select_option("#lesson", "2")
    page.select_option("#speed", "normal")
    for _ in range(2):
        page.click("#next")
        assert answered(page, 2) == pytest.approx(
            [page.evaluate("page.answers()[0][0][0]")] * 3, abs=0.005
        )
        assert "1 of 1 row is off by more than 0.01" in page.text_content(
            "#answer-words"
        )
    page.evaluate(f"{GRAPH}.getElementById('c0').emit('tap')")
    tab(page, "build")
    page.fill("#form-weight", "0.1")
    page.press("#form-weight", "Enter")
    page.keyboard.press("Escape")
    assert answered(page, 2) == pytest.approx([0.2] * 3)
    page = opened(lstm(), *lessons(), learn=True)
    page.select_option("#order", "in order")
    tab(page, "data")
    for step in range(4):
        page.click("#next")
        values = answered(page, 2 + step)
        assert values == pytest.approx(
            [page.evaluate(f"page.answers()[0][{step}][0]")] * 3, abs=0.005
        )


def test_the_task_of_every_lesson_is_in_sight_on_a_telephone(opened):
    page = opened(
        xor(),
        None,
        learn=True,
        **SCREENS["phone"] | {"viewport": {"width": 390, "height": 844}},
    )
    for value in range(page.locator("#lesson option").count() - 1):
        page.select_option("#lesson", str(value))
        box = page.locator("#lesson-text .task").bounding_box()
        for y in (box["y"] + 8, box["y"] + box["height"] - 8):
            at = f"document.elementFromPoint({box['x'] + 9}, {y}).className"
            assert page.evaluate(at) == "task", value


def test_a_drag_that_ends_at_nothing_says_so(opened):
    page = opened(xor(), None, learn=True)
    tab(page, "build")
    before = page.evaluate("JSON.stringify(page.network)")
    x, y = spot(page, "n5")
    drag(page, spot(page, "n4"), (x, y - 150), (x - 20, y - 150))
    assert "there is no neuron or connection here" in page.text_content("#notice")
    page.click("#fold-all")
    page.click("#layers li:last-child button:last-child")  # the outputs are unfolded
    drag(page, spot(page, "n5"), spot(page, "l1"))
    assert "Unfold the layer" in page.text_content("#notice")
    assert page.evaluate("JSON.stringify(page.network)") == before


def test_names_of_columns_are_whole(opened):
    net = TableModel(
        "perceptron", [8], ["Sales (kEUR)", "holiday"], ["Sales (kEUR) +1"]
    ).whole()
    count = sum(len(layer) for layer in net.layers)
    for page in (opened(net, np.zeros((3, 2))), opened(net, None, learn=True)):
        labels = [label_of(page, n) for n in range(count)]
        assert not [text for text in labels if "\u2026" in text], json.dumps(labels)
    drawn = architect.Perceptron(2, 3, 1, seed=0)
    assert label_of(opened(drawn, None, learn=True), 2).startswith("hidden 0\n")
