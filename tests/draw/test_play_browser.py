"""The page that learns, in a headless Chromium: its numbers are Python's, for all kinds
of hands."""

import json
import warnings

import numpy as np
import pytest
from matplotlib.image import imread

import architect
import synapse
from synapse import Layer, Network, Neuron, Trainer, draw, optimizers, readwrite
from synapse.draw import explore
from synapse.draw._explore import part_of
from synapse.draw._link import packed
from synapse.draw._page_data import RECIPES

from .helpers import click, enter, hand_wired, play_until, press, until, xor
from .test_explore_browser import (
    GRAPH,
    MODEL,
    SCREENS,
    choose,
    click_on,
    emit,
    number,
    place_of,
)


def lstm():
    return architect.LSTM(2, 3, 1, style="synaptic", seed=0)


def lessons(width=2, sequences=4, steps=5):
    random = np.random.default_rng(3)
    return (
        random.normal(size=(sequences, steps, width)),
        random.integers(0, 2, (sequences, steps, 1)) * 1.0,
    )


def of(page):
    """The page's network, as Python reads it."""
    return readwrite.from_json_data(
        json.loads(page.evaluate("JSON.stringify(page.network)"))
    )


def weights(net):
    return [*net.weights, *(neuron.bias for neuron in net)]


def same(net, other):
    return np.allclose(weights(net), weights(other), rtol=0, atol=1e-12)


def saved(page, button, path):
    with page.expect_download() as download:
        page.click(button)
    download.value.save_as(path)
    return path


# What unfolds tells the page a moment later, which writes the rows then.
OFFERED = "document.getElementById('csv').value !== ''"


def tab(page, name):
    page.click(f"#tab-{name}")


def test_it_learns_by_pythons_numbers_and_python_goes_on(opened, tmp_path):
    net = lstm()
    inputs, targets = lessons()
    targets[1, 2] = np.nan
    page = opened(net, inputs, targets, learn=True)
    for field, value in (("#rate", "0.2"), ("#momentum", "0.5")):
        enter(page, field, value)
    page.select_option("#order", "in order")
    for _ in range(3):
        page.click("#epoch")
    result = Trainer(
        net, optimizer=optimizers.SGD(0.2, momentum=0.5), batch_size=1
    ).train(inputs, targets, epochs=3, shuffle=False, progress=False)
    assert same(of(page), net)
    assert page.evaluate("page.history") == pytest.approx(
        result.history["loss"], abs=1e-12
    )
    enter(page, "#momentum", "0")
    click(page, "#next", "#next", "#tab-keep")
    # in the middle of a sequence
    twin = synapse.load(saved(page, "#save", tmp_path / "net.json"))
    page.click("#next")
    twin.activate(inputs[0, 2])
    twin.propagate(0.2, targets[0, 2])
    assert same(of(page), twin)


def test_a_slider_and_steps_back_return_to_the_same_numbers(opened):
    page = opened(lstm(), *lessons(), learn=True)
    assert page.is_hidden("#step")
    page.click("#back")
    assert "first step" in page.text_content("#notice")
    state = "JSON.stringify([page.network, page.steps, page.cursor])"
    seen = [page.evaluate(state)]
    for count in range(45):
        if count == 20:
            enter(page, "#rate", "0.05")
        page.click("#next")
        seen.append(page.evaluate(state))

    def slide(step):
        page.evaluate(
            f"(() => {{ const slider = document.getElementById('step');"
            f" slider.value = {step}; slider.dispatchEvent(new Event('input')); }})()"
        )

    for step in (44, 3, 17, 0, 21, 45, 30, 22):
        slide(step)
        assert page.evaluate(state) == seen[step], step
    for step in (21, 20):
        page.click("#back")
        assert page.evaluate(state) == seen[step], step
    page.click("#next")  # from there, with the rate that is set now
    assert (page.evaluate("page.steps"), page.get_attribute("#step", "max")) == (
        21,
        "21",
    )
    page.focus("#step")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("page.steps") == 20

    play_until(page, "page.steps > 3000")
    last = page.evaluate("page.steps")
    final = page.evaluate(state)
    assert int(page.get_attribute("#step", "min")) >= last - 500
    slide(last - 400)
    assert page.evaluate("page.steps") >= last - 500
    slide(last)
    assert page.evaluate(state) == final
    page.click("#back")
    assert page.evaluate("page.steps") == last - 1


def test_it_says_why_each_weight_and_bias_moved(opened):
    for net in (lstm(), hand_wired()):
        inputs, targets = lessons(len(net.input))
        page = opened(net, inputs, targets, learn=True)
        for _ in range(8):
            page.click("#next")
        before = page.evaluate("page.network.connections.map((c) => c.weight)")
        biases = page.evaluate("page.network.neurons.map((n) => n.bias)")
        page.click("#next")
        after = page.evaluate(
            "page.network.connections.map((c) => [c.weight, c.trainable])"
        )
        page.click("#unfold-all")
        several = 0
        for c, (weight, learns) in enumerate(after):
            emit(page, f"c{c}", "tap")
            if not learns:
                assert "not trainable" in page.text_content("#numbers")
                continue
            several += check_reason(page, weight - before[c])
        assert several  # a gater's weights have several reasons
        learns = page.evaluate(
            "page.network.neurons.map((n) => [n.name, n.bias, n.trainableBias])"
        )
        for n, (name, bias, trainable) in enumerate(
            learns[len(net.input) :], len(net.input)
        ):
            choose(page, name)
            if trainable:
                check_reason(page, bias - biases[n])


def check_reason(page, moved):
    """Rate times the sum of error times trace is the move; returns whether there are
    several products."""
    rows = page.evaluate("""() => {
      const head = [...document.querySelectorAll("#numbers h3")]
        .find((title) => /^Why/.test(title.textContent));
      const cells = [...head.nextElementSibling.querySelectorAll("dd")];
      return cells.map(({ dataset }) => [dataset.name, Number(dataset.value)]); }""")
    named = dict(rows)
    errors = [value for name, value in rows if name.startswith("error of")]
    assert named["rate"] * np.dot(
        errors, [value for name, value in rows if name.startswith("\u00d7")]
    ) == pytest.approx(named["moved by"], abs=1e-12)
    assert named["moved by"] == pytest.approx(moved, abs=1e-12)
    return len(errors) > 1


def test_slow_motion_shows_activations_forward_and_errors_backward(page):
    page.select_option("#speed", "slow")
    before = page.evaluate("page.network.connections.map((c) => c.weight)")
    page.click("#next")
    for words in (
        "activations: input",
        "activations: hidden",
        "activations: output",
        "errors: output",
    ):
        until(
            page,
            f"document.getElementById('status').textContent.endsWith({json.dumps(words)})",
        )
    assert "δ" in page.evaluate(f"{GRAPH}.getElementById('n5').data('label')")
    assert page.evaluate(f"{GRAPH}.getElementById('n2').data('label')").find("δ") < 0
    until(
        page, "document.getElementById('status').textContent.includes('of this step')"
    )
    assert page.evaluate("page.network.connections.map((c) => c.weight)") != before


def drag(page, start, *ways):
    page.mouse.move(*start)
    page.mouse.down()
    for way in ways:
        page.mouse.move(*way, steps=5)
    page.mouse.up()


def spot(page, element, middle="renderedPosition"):
    return place_of(
        page, page.evaluate(f"{GRAPH}.getElementById('{element}').{middle}()")
    )


def test_a_mouse_builds_and_undoes(page):
    states = [page.evaluate("JSON.stringify(page.network)")]

    def done(condition):
        assert page.evaluate(condition)
        states.append(page.evaluate("JSON.stringify(page.network)"))

    tab(page, "build")
    drag(page, spot(page, "n0"), spot(page, "n5"))
    done("page.network.outputs[0].incoming.length === 4")
    drag(page, spot(page, "n4"), spot(page, "c0", "renderedMidpoint"))
    done("page.network.connections[0].gater === page.network.neurons[4]")
    x, y = spot(page, "n3")
    drag(page, (x, y), (x + 60, y + 50), (x, y))
    done("page.network.neurons[3].selfConnection.weight === 1")
    drag(page, (x, y), spot(page, "n0"))
    assert "An input takes its activation from the data" in page.text_content("#notice")
    page.click("#add")
    done("page.network.neurons.length === 7")
    click_on(page, "n2")
    page.select_option("#form-squash", "relu")
    done("page.network.neurons[2].squash === 'relu'")
    enter(page, "#form-bias", "many")
    assert 'got "many"' in page.text_content("#notice")
    page.click("#remove")
    done("page.network.neurons.length === 6")
    for state in reversed(states[:-1]):
        page.keyboard.press("Control+z")
        assert page.evaluate("JSON.stringify(page.network)") == state
    for state in states[1:]:
        page.keyboard.press("Control+Shift+Z")
        assert page.evaluate("JSON.stringify(page.network)") == state


def test_keys_alone_build_learn_and_keep(page):
    page.keyboard.press("4")  # the tab Build
    page.keyboard.press("a")
    assert page.evaluate("page.selected.name") == "hidden 3"
    page.focus("#form-connect")
    page.keyboard.type("output")
    press(page, "Shift+Tab", "Enter")
    assert page.evaluate("page.selected.target.name") == "output 0"
    page.focus("#form-weight")
    page.keyboard.press("Control+a")
    page.keyboard.type("0.75")
    page.keyboard.press("Tab")
    assert page.evaluate("page.selected.weight") == 0.75
    page.evaluate("document.activeElement.blur()")
    for key, condition in (
        ("ArrowRight", "page.steps === 1"),
        ("ArrowLeft", "page.steps === 0"),
        ("e", "page.epochs === 1"),
        ("Delete", "page.network.connections.length === 9"),
        ("u", "page.network.connections.length === 10"),
        ("r", "page.network.connections.length === 9"),
    ):
        page.keyboard.press(key)
        assert page.evaluate(condition), key
    press(page, "5", "ArrowLeft")
    assert page.evaluate("document.activeElement.id") == "tab-build"


def test_fingers_build_draw_and_learn(opened):
    page = opened(xor(), None, learn=True, **SCREENS["phone"])
    page.locator("#tab-build").tap()
    page.locator("#add").tap()
    assert page.evaluate("page.network.neurons.length") == 7
    page.touchscreen.tap(*spot(page, "n0"))
    page.select_option("#form-connect", label="hidden 3")
    page.locator("#form-connect-go").tap()
    assert page.evaluate("page.network.connections.length") == 10
    page.locator("#next").tap()
    page.locator("#tab-data").tap()
    page.select_option("#task", "pixels")
    page.locator("#pixel-grid button").nth(12).tap()
    assert (
        page.get_attribute("#pixel-grid button:nth-child(13)", "aria-pressed") == "true"
    )
    assert "answers" in page.text_content("#pixel-words")
    page.locator("#pixel-add").tap()
    assert page.evaluate("page.data.sequences.length") == 16


def test_every_recipe_is_built_by_its_program(page):
    for name in RECIPES:
        tab(page, "build")
        page.select_option("#recipe", name)
        click(page, "#start-from", "#tab-keep")
        names = {}
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            exec(page.input_value("#program"), names)
        built = names["net"]
        wanted = of(page)
        rows = np.random.default_rng(0).normal(size=(6, len(built.input)))
        assert np.allclose(built.run(rows), wanted.run(rows), rtol=0, atol=1e-15), name
        for net in (built, wanted):
            net.propagate(0.1, np.full(len(net.output), 0.5))
        assert same(built, wanted), name


def test_a_program_has_the_groups_of_a_layer_of_several_squashes(opened):
    source, output = Layer(1), Layer(1, "identity")
    competing = [*Layer(2, "winner"), *Layer(2, "winner")]
    lone = [Neuron("winner"), Neuron("winner")]
    hidden = Layer([Neuron("tanh"), *competing, Neuron("tanh"), *lone])
    source.project(hidden, seed=0)
    hidden.project(output, seed=1)
    net = Network(source, hidden, output)
    page = opened(net, None, learn=True)
    tab(page, "keep")
    names = {}
    exec(page.input_value("#program"), names)
    rows = np.random.default_rng(0).normal(size=(6, 1))
    assert np.allclose(names["net"].run(rows), net.run(rows), rtol=0, atol=1e-15)
    names["net"].activate([1.0])
    assert names["net"].hidden[0].activations[1:5].sum() == 2


HEADS = "(all) => all.map((one) => one.textContent)"


def test_a_lesson_ends_with_its_own_network_only(page):
    tab(page, "lessons")
    page.select_option("#lesson", "0")
    assert page.eval_on_selector_all("#answers .wrong", "(all) => all.length") == 2
    assert "2 of 8 rows" in page.text_content("#answer-words")
    page.click("#next")
    assert "The picture shows step 1." in page.text_content("#answer-words")
    assert "Outputs, step 1, with the weights as they are now" in page.text_content(
        "#numbers"
    )
    emit(page, "c1", "tap")
    tab(page, "build")
    enter(page, "#form-weight", "1")
    assert "Changed beyond the task: weight friend go." in page.text_content(
        "#lesson-strays"
    )
    page.click("#undo")
    emit(page, "c3", "tap")
    enter(page, "#form-weight", "-1.5")
    page.click("#task-strip")
    assert page.is_visible("#lesson-text .seen")
    page.click("#following")
    for name, field, value in (
        ("build", "#recipe", "LSTM 1-3-1"),
        ("data", "#task", "sine"),
    ):
        tab(page, name)
        page.select_option(field, value)
        if name == "build":
            page.click("#start-from")
        assert page.is_hidden("#task-strip")
        page.keyboard.press("Control+z")
        assert page.is_visible("#task-strip")
    page.keyboard.press("Control+z")
    assert page.input_value("#lesson") == "0"


def test_every_task_runs_and_every_lesson_begins(page):
    tab(page, "data")
    for name in page.eval_on_selector_all(
        "#task option", "(all) => all.map((one) => one.value)"
    ):
        page.select_option("#task", name)
        page.click("#epoch")
        assert page.evaluate("[page.epochs, page.data.name]") == [1, name]
        assert np.isfinite(page.evaluate("page.history")).all()
        assert page.locator("#answers tr").count() > 3
    tab(page, "lessons")
    for value in range(page.locator("#lesson option").count() - 1):
        page.select_option("#lesson", str(value))
        page.click("#next")
        assert page.text_content("#lesson-text .task")


def paste(page, text, targets="1"):
    page.fill("#csv", text)
    page.fill("#csv-targets", targets)
    page.click("#csv-use")


def test_pasted_rows_are_used_or_refused(page):
    click(page, "#tab-data", "#own summary")
    until(page, OFFERED)
    for text, targets, said in (
        ("a, b\n1, 2\n2, 3\nx, 4", "1", 'Line 4, column 1: expected a number, got "x"'),
        ("1, 2\n1", "1", "Line 2 has 1 cell, line 1 has 2"),
        ("", "1", "There are no rows"),
        ("a, b", "1", "no rows below the headings"),
        ("1\n2", "1", "Each row has one cell"),
        ("1, ann\n2, bob\n3, eve", "1", "has 3 different words. A target has"),
        ("ann, 1\nbob, 2\neve, 3", "1", "No column is left for the inputs"),
        ("1 2\n3 4", "2", "from 1 to 1 columns of targets"),
    ):
        paste(page, text, targets)
        assert said in page.text_content("#notice")
        assert page.evaluate("page.data.name") == "xor"
    paste(page, "1;2;0\n3;4;1\n\n5;6;1")
    assert page.evaluate("page.data.sequences") == [
        [[[1, 2], [0]], [[3, 4], [1]]],
        [[[5, 6], [1]]],
    ]
    paste(
        page,
        '\ufefflength;"colour, name";who;kind\n1,5;red;ann;setosa\n'
        ";blue;bob;virginica\n2,5;red;eve;setosa",
    )
    names = ["length", "colour, name", "kind", "kind"]
    rows = [[[1.5, 0, 1], [1, 0]], [[2, 1, 0], [0, 1]], [[2.5, 0, 1], [1, 0]]]
    assert page.evaluate("page.data.sequences") == [[row] for row in rows]
    assert "Left out: who" in page.text_content("#notice")
    assert page.eval_on_selector_all("#answers th[scope=col]", HEADS) == names
    page.fill("#csv", "")  # then it offers the rows that are learned
    click(page, "#own summary", "#own summary")
    until(page, "document.getElementById('csv').value.split('\\n').length >= 3")
    assert (
        page.input_value("#csv-targets"),
        page.input_value("#csv").splitlines()[:2],
    ) == ("1", ['length, "colour, name", kind', "1.5, red, setosa"])
    paste(page, "1 2 3 0 7")  # four inputs: another network
    page.click("#epoch")
    assert page.evaluate("page.network.inputs.length") == 4


def test_what_is_broken_is_refused_and_nothing_is_lost(opened, tmp_path):
    page = opened(lstm(), *lessons(), learn=True)
    path = tmp_path / "net.json"
    page.click("#epoch")
    before = page.evaluate("JSON.stringify(page.network)")
    whole = json.loads(page.evaluate("JSON.stringify(page.network)"))
    many = readwrite.json_data(architect.Perceptron(200, 101, 1, seed=0))
    tab(page, "keep")
    for text, said in (
        ("{", "not JSON"),
        (
            json.dumps({"nodes": [], "links": []}),
            "not a network in Synapse's JSON",
        ),
        (
            json.dumps({**whole, "layers": {"name": ["a"], "size": [3]}}),
            "layers do not fit",
        ),
        (
            json.dumps(
                {**whole, "connections": {**whole["connections"], "weight": ["x"] * 75}}
            ),
            "damaged",
        ),
        (
            json.dumps(
                {
                    **whole,
                    "extended": {"influence": [99], "connection": [0], "value": [1]},
                }
            ),
            "damaged",
        ),
        (json.dumps({**whole, "name": {"a": 1}}), "a name that is not a text"),
        (
            json.dumps({**whole, "connections": {"target": [], "weight": []}}),
            "or one is missing",
        ),
        (
            json.dumps(many),
            (
                "20301 connections are too many for this page, which works with at most"
                " 20000"
            ),
        ),
    ):
        path.write_text(text)
        # two cases have the same words
        page.evaluate("document.getElementById('notice').textContent = ''")
        page.set_input_files("#file", path)
        until(
            page,
            f"document.getElementById('notice').textContent.includes({json.dumps(said)})",
        )
        assert page.evaluate("JSON.stringify(page.network)") == before
    page.evaluate(
        "void (File.prototype.arrayBuffer = () => delete File.prototype.arrayBuffer"
        " && Promise.reject(0))"
    )
    page.set_input_files("#file", path)
    until(
        page, "document.getElementById('notice').textContent.includes('cannot be read')"
    )
    path.write_text(json.dumps(readwrite.json_data(xor())))
    page.set_input_files("#file", path)
    until(page, "page.network.neurons.length === 6")
    assert same(of(page), xor())


def test_divergence_stops_before_the_step(opened):
    net = architect.Elman(1, 3, 1, squash="identity", output_squash="identity", seed=0)
    page = opened(net, np.full((50, 1), 3.0), np.full((50, 1), 1e3), learn=True)
    enter(page, "#rate", "50")
    page.click("#play")
    until(page, "document.getElementById('notice').textContent.includes('not finite')")
    assert page.text_content("#play") == "Play"
    assert np.isfinite(weights(of(page))).all()


def test_the_address_holds_the_network_and_pages_do_not_meet(opened):
    page = opened(lstm(), None, learn=True)
    until(page, "location.hash.length > 100")
    address = page.evaluate("location.hash")
    page.click("#epoch")
    until(page, f"location.hash !== {json.dumps(address)}")  # it follows a moment later
    other = opened(xor(), None, learn=True, address=page.evaluate("location.hash"))
    until(other, "page.network.neurons.length > 6")
    np.testing.assert_allclose(of(other).weights, of(page).weights, rtol=1e-8)
    assert [type(of(each)) for each in (page, other)] == [architect.LSTM] * 2
    before = weights(of(page))
    other.click("#epoch")
    assert weights(of(page)) == before
    later = f"#{packed({'version': 3})}"
    newer = opened(xor(), None, learn=True, address=later)
    until(newer, "document.getElementById('notice').textContent.includes('newer')")
    broken = opened(xor(), None, learn=True, address="#abcd")
    until(
        broken, "document.getElementById('notice').textContent.includes('cannot read')"
    )
    assert same(of(broken), xor())


def test_a_link_of_python_opens_the_network_and_its_data(opened):
    net = lstm()
    inputs = np.random.default_rng(0).integers(0, 8, (2, 3, 2)) / 8.0
    link = draw.link(net, inputs, inputs[:, :, :1])
    page = opened(xor(), None, learn=True, address=f"#{link.partition('#')[2]}")
    until(page, f"page.network.neurons.length === {len(net)}")
    np.testing.assert_allclose(of(page).weights, net.weights, rtol=1e-8)
    assert page.evaluate("page.data.sequences") == [
        [[row.tolist(), row[:1].tolist()] for row in rows] for rows in inputs
    ]
    without = draw.link(xor()).partition("#")[2]
    fitting = opened(lstm(), None, learn=True, address=f"#{without}")
    until(fitting, "page.network.inputs.length === 2")
    assert fitting.evaluate("page.data.name") == "xor"


def test_a_link_holds_the_lesson(opened, page):
    tab(page, "lessons")
    page.select_option("#lesson", "2")
    until(page, "location.hash.length > 100")
    page.wait_for_timeout(1000)
    other = opened(xor(), None, learn=True, address=page.evaluate("location.hash"))
    until(other, "document.getElementById('lesson').value === '2'")
    assert not other.is_hidden("#task-strip")


def test_names_are_text_in_every_part(opened, tmp_path):
    nasty = "</script><img src=x onerror=alert(1)>"
    layer = Layer([Neuron(name=nasty), Neuron(name='")\nimport os')], name=nasty)
    output = Layer(1, name='"')
    layer.project(output, weights=0.5)
    page = opened(Network(layer, [], output, name=nasty), None, learn=True)
    click_on(page, "n0")
    for name in ("build", "data", "learn", "keep"):
        tab(page, name)
    assert nasty in page.text_content("#form")
    names = {}
    exec(page.input_value("#program"), names)
    assert [neuron.name for neuron in names["net"]][:2] == [nasty, '")\nimport os']
    drawing = saved(page, "#svg", tmp_path / "net.svg").read_text()
    assert "<img" not in drawing
    picture = imread(saved(page, "#png", tmp_path / "net.png"))
    # the selection, which dims the rest in the page, is not in the file
    page.keyboard.press("Escape")
    assert (
        np.abs(imread(saved(page, "#png", tmp_path / "other.png")) - picture).mean()
        < 1e-3
    )


def test_a_notebook_gets_the_network_back(chromium):
    pytest.importorskip("anywidget")
    net = lstm()
    page = chromium.new_page()
    inputs, targets = lessons()
    view = explore(net, inputs, targets=targets, learn=True)
    assert same(view.network, net)
    page.evaluate(part_of("widget.js").replace("export default", "globalThis.widget ="))
    model = MODEL.replace(
        "off() {}",
        "off() {}, set: (name, value) => { values[name] = value; }, save_changes() {}",
    )
    page.evaluate(
        model.replace("VALUES", json.dumps({"html": view.html, "numbers": view._data}))
        + "; 0"
    )
    frame = page.wait_for_selector("iframe").content_frame()
    frame.wait_for_selector("#graph canvas")
    frame.click("#epoch")
    until(page, "values.network?.clock > 0")
    view._repr_mimebundle_(include=None, exclude=None)
    view._widget.network = page.evaluate("values.network")
    assert same(view.network, of(frame))
    assert not same(view.network, net)
    page.close()


OUTSIDE = """() => [
  ...document.querySelectorAll("#bench *, footer *, aside *"),
].filter((one) => {
  const { left, right, width } = one.getBoundingClientRect();
  return width > 0 && !one.closest(".unseen") && (left < -1 || right > innerWidth + 1);
}).map((one) => one.id || one.textContent)"""
NAMELESS = """() => [
  ...document.querySelectorAll("button, input, select, textarea, canvas"),
].filter((one) =>
  !one.labels?.length && !one.getAttribute("aria-label") && !one.textContent.trim()
    && !one.closest("#graph, [hidden], [aria-hidden=true]")).map((one) => one.id)"""


def test_every_tab_fits_every_screen_and_has_names(opened):
    for size, options in {
        "small": SCREENS["phone"],
        "wide": {"viewport": {"width": 1280, "height": 800}},
    }.items():
        page = opened(xor(), None, learn=True, reduced_motion="reduce", **options)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for name in ("lessons", "learn", "data", "build", "keep"):
                tab(page, name)
                assert page.evaluate(OUTSIDE) == [], (size, name)
                assert page.evaluate(NAMELESS) == [], (size, name)
                assert page.evaluate(
                    "document.documentElement.scrollWidth <= innerWidth"
                )
        click_on(page, "n0")
        if size == "small":
            tab(page, "numbers")
        assert number(page, "activation") == 0
        page.click("#play")
        until(page, "page.epochs > 20")
