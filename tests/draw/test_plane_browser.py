"""What the page that learns shows of data: a curve, pictures in neurons, noise,
held-out rows, and neurons that switch in a marked stretch, in a headless Chromium."""

import numpy as np
import pytest

import architect
from synapse import analysis

from .helpers import click, play_until, until, xor
from .test_explore_browser import GRAPH, SCREENS, choose
from .test_play_browser import lessons, lstm, of, tab

POINTS = """(path) => path.getAttribute("d").slice(1).split("L")
  .map((point) => point.split(" ").map(Number))"""


def curve(page):
    """The points of the output's curve, in pixels."""
    return np.array(page.eval_on_selector("#line .output", POINTS))


def test_lesson_2_draws_the_curve_it_speaks_of(page):
    page.select_option("#lesson", "1")
    assert page.is_visible("#line")
    assert np.ptp(curve(page)[:, 1]) < 0.2  # level, as 0.3 (x + 0.5) + 0.3 (0.5 - x)
    rings = "(all) => all.map((one) => [one.cx, one.cy].map((at) => at.baseVal.value))"
    places = np.array(page.eval_on_selector_all("#line circle", rings))
    assert places[:, 0].argsort().tolist() == list(range(5))
    assert places[2, 1] > places[1, 1] > places[0, 1]  # a valley: y counts downwards
    assert page.locator("#line .hidden").count() == 2
    tab(page, "build")
    for neuron in ("a", "b"):
        choose(page, neuron)
        page.select_option("#form-squash", "relu")
    tab(page, "learn")
    assert page.is_visible("#line")
    assert np.ptp(curve(page)[:, 1]) > 10
    tab(page, "lessons")
    page.select_option("#lesson", "3")
    assert page.is_hidden("#line")


# the colour in the middle of each neuron's picture, and left and right of it
SEEN = """(shift) => {
  const cy = document.getElementById("graph")._cyreg.cy;
  const gallery = document.getElementById("gallery");
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [gallery.width, gallery.height];
  const pen = copy.getContext("2d", { willReadFrequently: true });
  pen.drawImage(gallery, 0, 0);
  const ratio = gallery.width / gallery.clientWidth;
  return cy.nodes(".neuron").map((node) => {
    const { x, y } = node.renderedPosition();
    const [left, top] = [(x + shift * node.renderedWidth()) * ratio, y * ratio];
    return [...pen.getImageData(left, top, 1, 1).data];
  });
}"""


def test_each_neuron_has_a_picture_over_the_plane(opened, page):
    assert page.get_attribute("#pictures", "aria-pressed") == "true"
    page.screenshot()  # lets it draw
    left, right = (np.array(page.evaluate(SEEN, shift)) for shift in (-0.3, 0.3))
    assert (left[:, 3] == 255).all()
    assert (left[0] != right[0]).any()  # the first input, from left to right
    assert (left[1] == right[1]).all()  # the second one, from below
    before = page.evaluate(SEEN, 0.2)
    play_until(page, "page.history.at(-1) < 0.05")
    page.screenshot()
    after = page.evaluate(SEEN, 0.2)
    assert after[:2] == before[:2]
    assert all(after[n] != before[n] for n in range(2, 6))
    page.click("#pictures")
    assert not np.any(page.evaluate(SEEN, 0))
    page.click("#pictures")
    page.select_option("#speed", "slow")
    page.click("#next")  # shows activations
    page.screenshot()
    assert not np.any(page.evaluate(SEEN, 0))
    page.select_option("#lesson", "4")
    assert page.get_attribute("#pictures", "aria-pressed") == "true"  # as it was chosen
    page = opened(lstm(), *lessons(), learn=True)
    assert page.is_hidden("#pictures")  # sequences have no plane
    page = opened(architect.Perceptron(2, 3, 1, seed=0), [[0.0, 1.0]])
    assert page.locator("#pictures").count() == 0


def test_noise_and_held_out_rows(opened, page):
    tab(page, "data")
    page.select_option("#task", "circle")
    whole = page.evaluate("page.data.sequences")
    page.select_option("#held", "0.25")
    learned, held = page.evaluate("[page.data.sequences, page.data.test]")
    assert (len(learned), len(held), sorted(learned + held)) == (112, 38, sorted(whole))
    assert "112 rows. 38 more are held out." in page.text_content("#task-words")
    page.select_option("#noise", "0.1")
    noisy = np.array([one[0][0] for one in page.evaluate("page.data.sequences")])
    assert 0.15 < (noisy - np.array([one[0][0] for one in learned])).std() < 0.25, (
        "a tenth of the range of 2"
    )
    tab(page, "learn")
    play_until(page, "page.tested.length > 3")
    net, (epoch, error) = (
        of(page),
        page.evaluate("(({ epoch, error }) => [epoch, error])(page.tested.at(-1))"),
    )
    held = page.evaluate("page.data.test")
    rows, targets = (np.array([one[0][k] for one in held]) for k in (0, 1))
    outputs = np.array([net.activate(row) for row in rows])
    assert error == pytest.approx(
        (-np.log(np.where(targets > 0.5, outputs, 1 - outputs))).mean(), rel=1e-9
    )
    assert "Of the held-out rows" in page.text_content("#error-words")
    assert len(page.eval_on_selector("#errors .test", POINTS)) > 3
    page.click("#epoch")
    assert page.evaluate("page.tested.at(-1).epoch") == epoch + 1
    page.click("#back")
    assert page.evaluate("page.tested.at(-1).epoch") <= epoch
    until(page, "location.hash.length > 100")
    page.wait_for_timeout(700)
    other = opened(xor(), None, learn=True, address=page.evaluate("location.hash"))
    until(other, "page.data.name === 'circle'")
    assert other.evaluate("page.data.test") == held
    page.keyboard.press("Control+z")  # without noise
    assert sorted(page.evaluate("[...page.data.sequences, ...page.data.test]")) == (
        sorted(whole)
    )
    tab(page, "lessons")
    page.select_option("#lesson", "0")
    assert page.evaluate("[page.data.test.length, page.settings.noise]") == [0, "0"]


def test_a_single_sequence_cannot_be_split(opened):
    page = opened(xor(), None, learn=True, **SCREENS["phone"])
    tab(page, "data")
    page.select_option("#task", "sine")
    assert page.is_disabled("#held")
    assert page.evaluate(f"{GRAPH}.elements('.neuron').length") > 0


def test_a_search_of_a_page_that_learns_shows_what_it_finds(page):
    page.fill("#search", "hidden")
    texts = page.eval_on_selector_all(
        "#found li", "(all) => all.map((one) => one.textContent)"
    )
    assert texts == ["hidden (layer)", "hidden 0", "hidden 1", "hidden 2"]
    assert page.is_visible("#found")
    twice = """() => {
      const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
      return ids.filter((id, i) => ids.indexOf(id) !== i);
    }"""
    assert page.evaluate(twice) == []


def test_marks_list_the_neurons_that_python_lists(opened):
    net = architect.LSTM(1, 3, 1, style="synaptic", seed=2)
    rng = np.random.default_rng(0)
    rows = rng.normal(0.0, 0.2, (40, 1))
    rows[12:20] += 3.0
    rows[30:34] += 3.0
    page = opened(net, rows, rng.normal(size=(40, 1)), learn=True)
    click(page, "#tab-data", "#find summary")
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
    np.testing.assert_allclose(
        found[np.argsort(found[:, 0]), 1],
        wanted.correlation[np.argsort(wanted.neuron)],
        atol=1e-12,
    )
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
