"""What people see who open the page that learns for the first time, in a headless
Chromium."""

import json

import numpy as np
import pytest

import architect
from synapse import Model
from synapse.draw import explore

from .conftest import CHROMIUM, PLAYWRIGHT
from .helpers import until
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
    explore(xor(), path=path, learn=True)
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
    columns = ["Sales (kEUR)", "holiday"]
    net = Model.build("perceptron", columns, ["Sales (kEUR) +1"], hidden=[8]).whole()
    count = sum(len(layer) for layer in net.layers)
    for page in (opened(net, np.zeros((3, 2))), opened(net, None, learn=True)):
        labels = [label_of(page, n) for n in range(count)]
        assert not [text for text in labels if "\u2026" in text], json.dumps(labels)
    drawn = architect.Perceptron(2, 3, 1, seed=0)
    assert label_of(opened(drawn, None, learn=True), 2).startswith("hidden 0\n")


def test_the_picture_stays_at_the_end_of_a_task_and_shows_what_changed(opened):
    page = opened(xor(), None, learn=True)
    tab(page, "lessons")
    page.select_option("#lesson", "0")
    tab(page, "build")
    page.evaluate(f"void {GRAPH}.getElementById('c3').emit('tap')")
    page.fill("#form-weight", "-1.5")
    page.press("#form-weight", "Enter")
    assert page.evaluate(TAB) == "build", "the picture is not left"
    assert page.text_content("#task-strip").startswith("Done. Look at what changed")
    changed = f"{GRAPH}.elements('.changed').map((line) => line.id())"
    assert page.evaluate(changed) == ["c3"]
    weights = f"{GRAPH}.elements('.weight').map((one) => one.data('label'))"
    assert "0.00 \u2192 \u22121.50" in page.evaluate(weights)
    assert "2.00" in page.evaluate(weights)
    page.click("#task-strip")
    rows = page.eval_on_selector_all(".changes tr", CELLS)
    assert rows[1:] == [["one \u2192 go", "0", "\u22121.5"]]
    page.click("#next")  # the next step is shown as any other
    assert page.evaluate(changed) == []
    assert "\u22121.50" in page.evaluate(weights)


def test_before_any_step_the_first_row_is_shown(opened):
    page = opened(xor(), None, learn=True)
    page.select_option("#lesson", "0")
    assert [label_of(page, n) for n in range(5)] == [
        "weather\n0.00",
        "friend\n0.00",
        "far\n0.00",
        "one\n1.00",
        "go\n0.00",
    ]
    assert "Outputs, first row, before any step" in page.text_content("#numbers")
    net = lstm()
    net.activate([0.25, 0.5])  # what it was shown before is not lost
    page = opened(net, *lessons(), learn=True)
    assert label_of(page, 0).endswith("0.25")


def test_neurons_that_are_compared_are_not_faded(opened):
    page = opened(xor(), None, learn=True)
    page.select_option("#lesson", "6")
    page.evaluate(f"void {GRAPH}.getElementById('n1').emit('tap')")
    faint = f"{GRAPH}.nodes('.neuron').filter((one) => one.style('opacity') < 1)"
    assert page.evaluate(f"{faint}.length") == 0
    assert page.evaluate(f"{GRAPH}.elements('.line.dim').length") > 0


def test_large_numbers_have_a_power_of_ten(opened):
    net = architect.Elman(1, 3, 1, squash="identity", output_squash="identity", seed=0)
    page = opened(net, np.full((50, 1), 3.0), np.full((50, 1), 1e3), learn=True)
    tab(page, "learn")
    page.fill("#rate", "50")
    page.press("#rate", "Enter")
    tab(page, "data")
    page.click("#play")
    until(page, "document.getElementById('notice').textContent.includes('not finite')")
    texts = [label_of(page, n).split("\n")[-1] for n in range(len(net))]
    texts += page.evaluate(
        f"{GRAPH}.elements('.weight').map((one) => one.data('label'))"
    )
    texts += page.eval_on_selector_all(
        "#answers td, #numbers dd", "(all) => all.map((one) => one.textContent)"
    )
    assert any("e" in text for text in texts)
    assert max(map(len, texts)) <= len("not finite")
