"""Files that are opened on the page, or dropped on it: networks, and a person's own
table, whose rows and answers stay in its units; in a headless Chromium."""

import base64
import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

import architect
import synapse
from synapse import Model, draw, readwrite
from synapse.tables._row_models import predict_rows

from .helpers import click, until, xor
from .test_play_browser import OFFERED, lessons, lstm, of, same, saved, tab

STUDIES = Path(__file__).resolve().parents[2] / "studies"
DROP = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name));
  const event = (type) => document.body.dispatchEvent(
    new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  event("dragover");
  const marked = document.body.classList.contains("dropping");
  event("drop");
  return marked && !document.body.classList.contains("dropping");
}"""


def drop(page, path):
    assert page.evaluate(
        DROP, [path.name, base64.b64encode(path.read_bytes()).decode()]
    )
    page.wait_for_timeout(300)


@pytest.mark.parametrize("end", ["json", "npz", "synapse"])
def test_a_dropped_file_of_the_library_opens(page, tmp_path, end):
    net = architect.LSTM(2, 4, 1, style="synaptic", seed=5)
    net["cells"].trainable_bias = False
    net.connections[3].trainable = False
    net.connections[4].sign = 1 if net.connections[4].weight > 0 else -1
    net.run(lessons()[0][0])
    path = tmp_path / f"net.{end}"
    synapse.save(net, path)
    drop(page, path)
    twin = of(page)
    assert same(twin, net)
    assert [neuron.name for neuron in twin] == [neuron.name for neuron in net]
    for ours, theirs in zip(net.connections, twin.connections, strict=True):
        assert (ours.trainable, ours.sign) == (theirs.trainable, theirs.sign)
        assert str(ours.gater) == str(theirs.gater)
    net.clear()
    twin.clear()
    rows = lessons()[0][1]
    np.testing.assert_allclose(twin.run(rows), net.run(rows), atol=1e-12)


def test_a_trainer_and_float32_open_too(opened, tmp_path):
    net = architect.Perceptron(2, 3, 1, seed=1, dtype=np.float32)
    synapse.save(synapse.Trainer(net, 0.1), tmp_path / "trainer.npz")
    page = opened(lstm(), None, learn=True)
    drop(page, tmp_path / "trainer.npz")
    assert np.allclose(of(page).weights, net.weights)


@pytest.mark.filterwarnings("ignore::synapse.readwrite.SynapticWarning")
def test_a_network_of_synaptic_opens(page, tmp_path):
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=2)
    path = tmp_path / "synaptic.json"
    path.write_text(json.dumps(readwrite.synaptic_data(net)))
    page.set_input_files("#file", path)
    until(page, f"page.network.connections.length === {len(net.connections)}")
    twin = of(page)
    rows = lessons()[0][0]
    wanted = readwrite.from_synaptic_data(json.loads(path.read_text()))
    wanted.clear()
    twin.clear()
    np.testing.assert_allclose(twin.run(rows), wanted.run(rows), atol=1e-12)


@pytest.mark.parametrize(
    "path",
    sorted((STUDIES / "papers" / "minimal").glob("*.json")),
    ids=lambda p: p.stem,
)
def test_dropped_networks_of_languages_open(page, path):
    """Outputs that read outputs, carried states, and delays."""
    net = synapse.load(path)
    drop(page, path)
    twin = of(page)
    assert same(twin, net)
    rows = np.eye(len(net.input))[[0, *[1] * 4, *[len(net.input) - 1] * 4]]
    np.testing.assert_allclose(twin.run(rows), net.run(rows), atol=1e-12)


def test_a_dropped_table_is_offered_scaled_and_waits(opened, tmp_path):
    path = tmp_path / "rain.csv"
    rows = "".join(f"{990 + 10 * k},{k % 2},{k * k}\n" for k in range(6))
    path.write_text("pressure,calm,rain\n" + rows)
    page = opened(xor(), [[0, 0]], [[0]], learn=True)
    drop(page, path)
    said = page.text_content("#notice")
    assert "6 rows. Inputs: pressure, calm. Target: rain, the last column." in said
    assert page.evaluate("page.data.sequences.length") == 1  # nothing has changed yet
    page.click("#remedy")
    assert page.evaluate("[page.data.name, page.steps]") == ["own", 0]
    samples = page.evaluate("page.data.sequences.flat()")
    values = np.array([[*inputs, *targets] for inputs, targets in samples])
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(values.std(axis=0), 1)
    assert page.evaluate(
        "[...page.network.inputs, ...page.network.outputs].map(({ name }) => name)"
    ) == ["pressure", "calm", "rain"]  # the network's own, renamed
    assert "pressure (1015 ± 17.0783)" in page.text_content("#task-words")
    click(page, "#tab-learn", "#play")
    until(page, "page.steps > 40")


def test_targets_of_0_and_1_stay_as_they_are(opened, tmp_path):
    path = tmp_path / "either.csv"
    path.write_text("a,b,either\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n")
    page = opened(lstm(), *lessons(), learn=True)
    drop(page, path)
    page.click("#remedy")
    samples = page.evaluate("page.data.sequences.flat()")
    assert samples[1] == [[-1, 1], [1]]


def test_what_is_no_network_says_so_and_changes_nothing(opened, tmp_path):
    page = opened(lstm(), *lessons(), learn=True)
    before = page.evaluate("JSON.stringify(page.network)")
    synapse.save(architect.Perceptron(2, 3, 1, seed=1), tmp_path / "whole.npz")
    whole = (tmp_path / "whole.npz").read_bytes()
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    rng = np.random.default_rng(0)
    files = {
        "other.npz": (tmp_path / "other.npz").read_bytes(),
        "short.npz": whole[: len(whole) // 2],
        "words.json": b"hello",
        "list.json": b"[1, 2]",
        "synaptic.json": b'{"neurons": [{}], "connections": [{"from": 3}]}',
        "one.csv": b"1\n2\n",
    }
    for k in range(30):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 8):
            damaged[place] = rng.integers(0, 256)
        files[f"damaged {k}.npz"] = bytes(damaged)
    for name, content in files.items():
        path = tmp_path / name
        path.write_bytes(content)
        page.evaluate("document.getElementById('notice').textContent = ''")
        drop(page, path)
        if name.startswith("damaged"):  # what opens is a network that can be read
            assert of(page) is not None
        else:
            assert page.text_content("#notice"), name
            assert page.evaluate("JSON.stringify(page.network)") == before, name


SPORTS = ["swim", "run", "row"]
HEADS = "(rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
VALUES = "document.getElementById('ask-answer').dataset.values"


def people(kinds):
    """A table with decimal commas, a column of words, and two missing cells; its rows
    as numbers, and its targets: a class of so many, or a price."""
    random = np.random.default_rng(kinds)
    rows, lines = [], ["height (cm);year;sport;" + ("price" if kinds == 0 else "kind")]
    for i in range(12):
        height, year = round(float(random.uniform(140, 190)), 2), 2000 + i
        sport = SPORTS[i % 3]
        price = 1e5 + 1000.5 * height
        target = price if kinds == 0 else f"kind {i % kinds}"
        cells = ["" if i == 4 else height, year, "" if i == 7 else sport, target]
        rows.append(cells)
        lines.append(";".join(str(cell).replace(".", ",") for cell in cells))
    heights = [row[0] for row in rows if row[0] != ""]
    matrix = [
        [
            np.median(heights) if height == "" else height,
            year,
            *(float(sport == word) for word in sorted(SPORTS)),
        ]
        for height, year, sport, _ in rows
    ]
    return "\n".join(lines), np.array(matrix), [row[-1] for row in rows]


def asked(page, *cells):
    """Type a row; its answer in the table's units, with all digits."""
    for i, cell in enumerate(cells):
        if cell in SPORTS:
            page.select_option(f"#ask-{i}", cell)
        else:
            page.fill(f"#ask-{i}", cell)
    return [float(number) for number in page.evaluate(VALUES).split()]


def dropped(page, tmp_path, text):
    path = tmp_path / "people.csv"
    path.write_text(text)
    drop(page, path)
    page.click("#remedy")


@pytest.mark.parametrize("kinds", [0, 2, 3])
def test_a_table_stays_in_its_units_and_python_predicts_the_same(
    opened, page, tmp_path, kinds
):
    text, matrix, targets = people(kinds)
    dropped(page, tmp_path, text)
    for _ in range(20):
        page.click("#epoch")
    steps = page.evaluate("page.steps")
    before = page.evaluate("JSON.stringify(page.network)")
    tab(page, "data")
    rows = page.eval_on_selector_all("#answers tr", HEADS)
    assert rows[1][:4] == [
        "height (cm)",
        "year",
        "sport",
        text.split("\n")[0][-5:].strip(";"),
    ]
    assert [float(row[0]) for row in rows[2:]] == pytest.approx(matrix[:, 0])
    assert [row[1] for row in rows[2:]] == [str(2000 + i) for i in range(12)]
    assert rows[9][2] == "\u2013"
    if kinds:
        assert [row[3] for row in rows[2:]] == targets
    else:
        assert [float(row[3]) for row in rows[2:]] == pytest.approx(targets, rel=1e-5)
    new = [[163.5, 2004.0, 0.0, 1.0, 0.0], [np.median(matrix[:, 0]), 2011.0, 0, 0, 0]]
    answers = [asked(page, "163,5", "2004", "run")]
    words = page.text_content("#ask-answer")
    page.select_option("#ask-2", "")
    answers.append(asked(page, "", "2011"))
    assert "Empty fields count as the median" in page.text_content("#ask-words")
    assert (
        page.evaluate("page.steps"),
        page.evaluate("JSON.stringify(page.network)"),
    ) == (steps, before)

    tab(page, "keep")
    path = saved(page, "#save", tmp_path / "people.json")
    model = synapse.load(path)
    assert isinstance(model, Model)
    words_of = [f"sport={word}" for word in sorted(SPORTS)]
    assert model.inputs == ["height (cm)", "year", *words_of]
    np.testing.assert_allclose(model.run(new), answers, rtol=1e-12)
    scale = synapse.Scale(5)
    scale.add(matrix)
    np.testing.assert_allclose(model.scale.mean[:2], scale.mean[:2])
    np.testing.assert_allclose(model.scale.deviation[:2], scale.deviation[:2])
    outputs = np.array(page.evaluate("page.answers()"))[:, 0]
    if kinds:
        assert model.classes == sorted(set(targets))
        assert f"kind: {model.predict(new[:1])[0]}\n" in words
        np.testing.assert_allclose(model.run(matrix), outputs, rtol=1e-12)
        assert model.predict(matrix).tolist() == [row[4] for row in rows[2:]]
    else:
        units = outputs * model.target_scale.deviation + model.target_scale.mean
        np.testing.assert_allclose(model.predict(matrix), units, rtol=1e-12)
        assert [float(row[4]) for row in rows[2:]] == pytest.approx(
            model.predict(matrix).ravel(), rel=1e-3
        )
    # the table itself, as `synapse run` reads it
    predicted = predict_rows(
        model,
        pytest.importorskip("pandas").read_csv(io.StringIO(text), sep=";", decimal=","),
    )[model.outputs]
    np.testing.assert_allclose(predicted, model.run(matrix), rtol=1e-12)
    model.fit(matrix, targets, epochs=2, progress=False)  # and goes on

    until(page, "location.hash.length > 100")
    page.wait_for_timeout(600)
    other = opened(xor(), None, learn=True, address=page.evaluate("location.hash"))
    until(other, "page.network.inputs.length === 5")
    tab(other, "data")
    again = other.eval_on_selector_all("#answers tr", HEADS)
    assert [row[:4] for row in again] == [row[:4] for row in rows]
    assert asked(other, "163,5", "2004", "run") == pytest.approx(answers[0], rel=1e-6)
    other.click("#own summary")
    until(other, OFFERED)
    offered = list(
        csv.reader(io.StringIO(other.input_value("#csv")), skipinitialspace=True)
    )
    assert offered[0] == text.split("\n")[0].split(";")
    assert [float(row[0]) for row in offered[1:]] == pytest.approx(matrix[:, 0])
    # the file opens too, beside the rows that are there
    drop(other, path)
    tab(other, "data")
    assert asked(other, "163,5", "2004", "run") == pytest.approx(answers[0], rel=1e-12)
    assert other.eval_on_selector_all("#answers tr", HEADS)[3][:4] == rows[3][:4]


def test_a_wrong_entry_gets_a_sentence(page, tmp_path):
    dropped(page, tmp_path, people(0)[0])
    assert "Type a row" in page.text_content("#ask-words")
    for entry, said in (
        ("tall", 'height (cm) must be a number, got "tall".'),
        ("1,6,5", 'height (cm) must be a number, got "1,6,5".'),
        ("400", "height (cm) is beyond the rows, where it goes from"),
    ):
        page.fill("#ask-0", entry)
        assert said in page.text_content("#ask-words")
        assert page.text_content("#ask-answer") == "" or entry == "400"
    tab(page, "build")
    page.evaluate("page.network.outputs[0].squash = 'tanh'")
    tab(page, "keep")
    network = synapse.load(saved(page, "#save", tmp_path / "alone.json"))
    assert isinstance(network, synapse.Network)
    assert "its outputs have the squash tanh" in page.text_content("#notice")
    tab(page, "data")
    page.select_option("#task", "xor")
    assert page.is_hidden("#ask")
    tab(page, "keep")
    plain = synapse.load(saved(page, "#save", tmp_path / "plain.json"))
    assert isinstance(plain, synapse.Network)


def test_a_model_of_python_opens_in_its_units(opened, tmp_path):
    text, matrix, targets = people(3)
    names = ["height (cm)", "year", *(f"sport={word}" for word in sorted(SPORTS))]
    model = Model.build(
        "Perceptron", names, ["kind"], sorted(set(targets)), hidden=[3], seed=0
    )
    model.fit(matrix, targets, epochs=30, progress=False)
    page = opened(model, matrix, targets, learn=True)
    rows = page.eval_on_selector_all("#answers tr", HEADS)
    # beside many inputs, targets and outputs come first
    assert ([row[0] for row in rows[2:]], [row[1] for row in rows[2:]]) == (
        targets,
        model.predict(matrix).tolist(),
    )
    row = [160.0, 2003.0, 0.0, 0.0, 1.0]
    assert asked(page, *[f"{number:g}" for number in row]) == pytest.approx(
        model.run([row])[0], rel=1e-12
    )

    # without rows, by a link and by a file; a table is then read in the model's units
    path = tmp_path / "model.npz"
    model.metadata["encoding"] = {
        "medians": {"height (cm)": 165.0, "year": 2005.0},
        "words": {"sport": sorted(SPORTS)},
    }
    synapse.save(model, path)
    link = draw.link(model).partition("#")[2]
    page = opened(xor(), None, learn=True, address=f"#{link}")
    until(page, "page.network.inputs.length === 5")
    other = opened(xor(), None, learn=True)
    drop(other, path)
    for each, near in ((page, 1e-6), (other, 1e-12)):
        tab(each, "data")
        assert "This model has no rows here" in each.text_content("#task-words")
        answer = asked(each, "160", "2003", "swim")
        assert answer == pytest.approx(model.run([row])[0], rel=near)
        dropped(each, tmp_path, text)
        assert each.evaluate("page.data.sequences.length") == 12
        answer = asked(each, "160", "2003", "swim")
        assert answer == pytest.approx(model.run([row])[0], rel=near)


def test_what_an_address_cannot_hold_is_said(opened, tmp_path):
    page = opened(architect.Perceptron(2, 3, 1, seed=0), None, learn=True)
    random = np.random.default_rng(0)
    rows = "\n".join(
        ",".join(map(repr, row)) for row in random.normal(size=(600, 3)).tolist()
    )
    dropped(page, tmp_path, "a,b,c\n" + rows)
    tab(page, "keep")
    words = "document.getElementById('link-words').textContent"
    until(page, f"{words}.includes('but not the 600 rows')")
    other = opened(xor(), None, learn=True, address=page.evaluate("location.hash"))
    until(other, "page.data.model?.isEmpty === true")
