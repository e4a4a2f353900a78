"""Files that are opened on the page, or dropped on it, in a headless Chromium."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

import architect
import synapse
from synapse import readwrite

from .conftest import CHROMIUM, PLAYWRIGHT
from .helpers import until
from .test_play_browser import lessons, lstm, of, same, xor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs Chromium (Debian: apt install chromium)"
    ),
    pytest.mark.skipif(not PLAYWRIGHT, reason="needs the extra `browser`"),
]

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
    content = base64.b64encode(path.read_bytes()).decode()
    assert page.evaluate(DROP, [path.name, content])
    page.wait_for_timeout(300)


def ready(page):
    return page.evaluate("page.network.connections.length")


@pytest.mark.parametrize("end", ["json", "npz", "synapse"])
def test_a_dropped_file_of_the_library_opens(opened, tmp_path, end):
    net = architect.LSTM(2, 4, 1, style="synaptic", seed=5)
    net["cells"].trainable_bias = False
    net.connections[3].trainable = False
    net.connections[4].sign = 1 if net.connections[4].weight > 0 else -1
    net.run(lessons()[0][0])
    path = tmp_path / f"net.{end}"
    synapse.save(net, path)
    page = opened(xor(), None, learn=True)
    drop(page, path)
    twin = of(page)
    assert same(twin, net)
    assert [neuron.name for neuron in twin] == [neuron.name for neuron in net]
    for ours, theirs in zip(net.connections, twin.connections, strict=True):
        assert ours.trainable == theirs.trainable
        assert ours.sign == theirs.sign
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
def test_a_network_of_synaptic_opens(opened, tmp_path):
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=2)
    path = tmp_path / "synaptic.json"
    path.write_text(json.dumps(readwrite.synaptic_data(net)))
    page = opened(xor(), None, learn=True)
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
def test_dropped_networks_of_languages_open(opened, path):
    """Outputs that read outputs, carried states, and delays."""
    net = synapse.load(path)
    page = opened(xor(), None, learn=True)
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
    named = page.evaluate(
        "[...page.network.inputs, ...page.network.outputs].map(({ name }) => name)"
    )
    assert named == ["pressure", "calm", "rain"]  # the network's own, renamed
    assert "pressure (1015 ± 17.0783)" in page.text_content("#task-words")
    page.click("#tab-learn")
    page.click("#play")
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
