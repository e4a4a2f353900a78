"""What people see who open the page that learns for the first time, and how it shows a
step: its speeds, errors on their way back, and the explanation of a step that was gone
back to; in a headless Chromium."""

import json
import time

import numpy as np
import pytest

import architect
import synapse
from synapse import Model
from synapse.draw import explore

from .helpers import click, enter, hand_wired, until, xor
from .test_explore_browser import GRAPH, SCREENS, choose, emit
from .test_play_browser import OFFERED, drag, lessons, lstm, spot, tab

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


def test_canvas_panel_and_table_show_one_value(opened, page):
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
    enter(page, "#form-weight", "0.1")
    page.keyboard.press("Escape")
    assert answered(page, 2) == pytest.approx([0.2] * 3)
    page = opened(lstm(), *lessons(), learn=True)
    page.select_option("#order", "in order")
    tab(page, "data")
    for step in range(4):
        page.click("#next")
        assert answered(page, 2 + step) == pytest.approx(
            [page.evaluate(f"page.answers()[0][{step}][0]")] * 3, abs=0.005
        )


def test_the_task_of_every_lesson_is_in_sight_on_a_telephone(opened):
    page = opened(xor(), None, learn=True, **SCREENS["phone"])
    for value in range(page.locator("#lesson option").count() - 1):
        page.select_option("#lesson", str(value))
        box = page.locator("#lesson-text .task").bounding_box()
        for y in (box["y"] + 8, box["y"] + box["height"] - 8):
            at = f"document.elementFromPoint({box['x'] + 9}, {y}).className"
            assert page.evaluate(at) == "task", value


def test_a_drag_that_ends_at_nothing_says_so(page):
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
    net = Model.build(
        "perceptron", ["Sales (kEUR)", "holiday"], ["Sales (kEUR) +1"], hidden=[8]
    ).whole()
    count = sum(len(layer) for layer in net.layers)
    for page in (opened(net, np.zeros((3, 2))), opened(net, None, learn=True)):
        labels = [label_of(page, n) for n in range(count)]
        assert not [text for text in labels if "\u2026" in text], json.dumps(labels)
    assert label_of(
        opened(architect.Perceptron(2, 3, 1, seed=0), None, learn=True), 2
    ).startswith("hidden 0\n")


def test_the_picture_stays_at_the_end_of_a_task_and_shows_what_changed(page):
    tab(page, "lessons")
    page.select_option("#lesson", "0")
    tab(page, "build")
    page.evaluate(f"void {GRAPH}.getElementById('c3').emit('tap')")
    enter(page, "#form-weight", "-1.5")
    assert page.evaluate(TAB) == "build", "the picture is not left"
    assert page.text_content("#task-strip").startswith("Done. Look at what changed")
    changed = f"{GRAPH}.elements('.changed').map((line) => line.id())"
    assert page.evaluate(changed) == ["c3"]
    weights = f"{GRAPH}.elements('.weight').map((one) => one.data('label'))"
    assert "0.00 \u2192 \u22121.50" in page.evaluate(weights)
    assert "2.00" in page.evaluate(weights)
    page.click("#task-strip")
    assert page.eval_on_selector_all(".changes tr", CELLS)[1:] == [
        ["one \u2192 go", "0", "\u22121.5"]
    ]
    page.click("#next")  # the next step is shown as any other
    assert page.evaluate(changed) == []
    assert "\u22121.50" in page.evaluate(weights)


def test_before_any_step_the_first_row_is_shown(opened, page):
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


def test_neurons_that_are_compared_are_not_faded(page):
    page.select_option("#lesson", "6")
    page.evaluate(f"void {GRAPH}.getElementById('n1').emit('tap')")
    faint = f"{GRAPH}.nodes('.neuron').filter((one) => one.style('opacity') < 1)"
    assert page.evaluate(f"{faint}.length") == 0
    assert page.evaluate(f"{GRAPH}.elements('.line.dim').length") > 0


def test_large_numbers_have_a_power_of_ten(opened):
    net = architect.Elman(1, 3, 1, squash="identity", output_squash="identity", seed=0)
    page = opened(net, np.full((50, 1), 3.0), np.full((50, 1), 1e3), learn=True)
    tab(page, "learn")
    enter(page, "#rate", "50")
    click(page, "#tab-data", "#play")
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "viewport",
    [{"width": 1200, "height": 760}, {"width": 390, "height": 844}],
    ids=["screen", "telephone"],
)
def test_axe_finds_nothing_serious(opened, viewport, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = opened(
        lstm(),
        *lessons(),
        learn=True,
        viewport=viewport,
        color_scheme=scheme,
        bypass_csp=True,
    )
    found = []
    for name in ("learn", "data", "own", "build", "keep", "lessons"):
        tab(page, "data" if name == "own" else name)
        if name == "own":  # with fields for a new row, and a wrong entry
            page.click("#own summary")
            until(page, OFFERED)
            page.fill(
                "#csv", "height,sport,kind\n" + "1.6,run,child\n1.8,row,adult\n" * 2
            )
            page.click("#csv-use")
            page.fill("#ask-0", "tall")
        if name == "lessons":
            page.select_option("#lesson", "14")  # with rows, whose strips have colours
        results = axe.Axe().run(page).response
        assert results["passes"]
        found += [
            (name, each["id"], each["nodes"][0]["target"])
            for each in results["violations"]
            if each["impact"] in ("serious", "critical")
        ]
    assert not found


STATUS = "document.getElementById('status').textContent"


def test_there_are_speeds_between_slow_motion_and_many_steps_a_second(page):
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


def test_errors_travel_back_along_lines_and_are_known_when_they_arrive(page):
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
                enter(page, "#rate", "0.05")
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
