"""`synapse convert`, `draw`, `info` and `run`: what they make of a model's file."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import architect
from synapse import Layer, Network
from synapse.readwrite import load, save

from .command import (
    ENVIRONMENT,
    answers,
    args,
    complaints,
    done,
    line,
    process,
    refused,
    told,
)

STEPS = np.array([[0.0, 1.0], [1.0, 0.5]])


@pytest.fixture
def network(tmp_path):
    """A network with memory, whose inputs have names, saved in a context that is not
    clear."""
    network = architect.LSTM(2, 3, 2, style="synaptic", seed=0)
    network.input[0].name = "height"
    network.input[1].name = "width"
    network.activate([5.0, 5.0])
    save(network, tmp_path / "m.json")
    network.clear()
    return network


@pytest.fixture
def model(network, tmp_path):
    return tmp_path / "m.json"


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("who,width,height\nann,1,0\nann,0.5,1\nbob,1,0\nbob,0.5,1\n")
    return path


# --- convert --------------------------------------------------------------------------


def test_formats_are_told_where_endings_do_not(capsys, network, tmp_path):
    links, old, made = (tmp_path / name for name in ("links", "old.npz", "a"))
    save(network, links, "node_link")
    save(network, old, "synaptic")
    done(capsys, "convert", links, made, *args("--from node_link --to npz"))
    np.testing.assert_array_equal(load(made, "npz").run(STEPS), network.run(STEPS))
    assert "Cannot read" in refused(capsys, "info", old)
    done(capsys, "convert", old, tmp_path / "b.json", "--from", "synaptic")


def test_what_cannot_be_converted_or_drawn(capsys, model, tmp_path):
    done(capsys, "convert", model, tmp_path / "x.py")
    a = Layer(1)
    b = Layer(1, squash="softsign")
    a.project(b, weights=1.0)
    save(Network(a, [], b), tmp_path / "soft.json")
    before = sorted(tmp_path.iterdir())

    def convert(name, *more, source=model):
        return ["convert", source, tmp_path / name, *more]

    no_reader = "^Cannot read .* format python cannot be read"
    soft = tmp_path / "soft.json"
    cases = [
        (convert("x.txt"), 1, r"^Cannot write .*\.graphml"),
        (convert("y.json", source=tmp_path / "x.py"), 1, no_reader),
        (convert("none/x.npz"), 1, "No such file"),
        (convert("s", "--to", "synaptic", source=soft), 1, "^Cannot write"),
        (["convert", model], 2, "required: OUT"),
        (["draw", model, tmp_path / "x.txt"], 2, r"\.svg"),
        (["draw", model, tmp_path / "none" / "x.html"], 1, "No such file"),
        (["play", model, "-o", tmp_path / "x.png"], 2, r"\.html"),
        (["play", tmp_path / "none.json"], 1, "No such file"),
    ]
    told(capsys, cases)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.slow
def test_a_warning_is_a_sentence(tmp_path):
    a = Layer(1)
    b = Layer(1)
    a.project(b, weights=1.0)
    b.project(b, weights=0.5)
    save(Network(a, [], b), tmp_path / "m.json")
    finished = process(
        *args("convert m.json s.json --to synaptic"), cwd=tmp_path, env=None
    )
    assert finished.returncode == 0
    (sentence,) = finished.stderr.splitlines()
    assert sentence.startswith(
        "synapse: warning: Synaptic will read 1 as the weight of 1 self-connection,"
    )


# --- draw -----------------------------------------------------------------------------


@pytest.mark.full
def test_pictures_and_pages(capsys, model, tmp_path):
    pytest.importorskip("matplotlib")
    for ending, begins, text in (
        (".svg", b"<?xml", b">cells</text>"),
        (".pdf", b"%PDF", b"/CIDFontType2"),
    ):
        path = tmp_path / f"x{ending}"
        assert done(capsys, "draw", model, path) == ""
        assert path.read_bytes().startswith(begins)
        assert text in path.read_bytes(), "text that can be edited"
    page = tmp_path / "x.html"
    assert done(capsys, "draw", model, page) == ""
    assert page.read_bytes().startswith(b"<!DOCTYPE html>")


# --- info -----------------------------------------------------------------------------


def info(capsys, network, folder):
    """The facts and the table of layers that `synapse info` prints."""
    save(network, folder / "model.synapse")
    facts, layers, *more = done(capsys, "info", folder / "model.synapse").split("\n\n")
    pairs = [line.split("  ", 1) for line in "\n".join([facts, *more]).splitlines()]
    return {field: value.strip() for field, value in pairs}, layers.splitlines()


def test_info(capsys, tmp_path):
    network = architect.LSTM(2, 3, 1, peepholes=None, style="synaptic", seed=0)
    facts, layers = info(capsys, network, tmp_path)
    expected = {"name": "LSTM", "sizes": "2-3-3-3-3-1", "neurons": "15"}
    expected |= {"connections": "32", "parameters": "42", "memory": "yes"}
    expected |= {"self-connections": "3", "gated connections": "12"}
    expected |= {"gating neurons": "9"}
    assert {name: facts[name] for name in expected} == expected
    assert layers[2].split() == ["input", "gates", "3", "logistic"]
    network = architect.Perceptron(2, 3, 1, seed=0, dtype=np.float32)
    network.connections[0].trainable = network.hidden[0][1].trainable_bias = False
    facts, _ = info(capsys, network, tmp_path)
    assert (facts["memory"], facts["dtype"]) == ("no", "float32")
    assert int(facts["parameters"]) == 9 + 4 - 2, "what learning can change"
    network = architect.Convolutional((6, 6), 2, filters=(4,), seed=0)
    facts, _ = info(capsys, network, tmp_path)
    shared = 4 * 9 + 4 + 2 * (4 * 16 + 1)
    assert int(facts["parameters"]) == shared, "shared ones count once"


def test_a_name_cannot_drive_the_terminal(capsys, tmp_path):
    inputs = Layer(1)
    output = Layer(3, squash="tanh", name="a\nb\x1b[31m")
    output[1].squash = "relu"
    inputs.project(output, weights=1.0)
    network = Network(inputs, [], output, name="Größe")
    odd = {"targets": 3, "error": {"a": None}, "rows": []}
    network.metadata = {**odd, "a\nb": "\x1b[31m"}
    facts, layers = info(capsys, network, tmp_path)
    assert facts["name"] == "Größe"
    assert facts[r"'a\nb'"].isprintable()
    assert layers[-1].startswith(r"'a\nb\x1b[31m'  ")
    assert layers[-1].split("  ")[-1] == "tanh, relu", "each squash of a layer once"


def test_what_is_no_model_is_refused(capsys, tmp_path):
    path = tmp_path / "no model"
    whole = tmp_path / "half.synapse"
    save(architect.Perceptron(2, 3, 1, seed=0), whole)
    half = whole.read_bytes()[:-100]
    for content in (b"", b"\xff\xfe\x00", b'{"format": "synapse"}', half):
        path.write_bytes(content)
        assert refused(capsys, "info", path).startswith(
            f"Cannot read {str(path)!r}: "
        ), content[:20]
    told(capsys, [(["info", tmp_path], 1, "^Cannot read")])


# --- run ------------------------------------------------------------------------------


@pytest.mark.full
def test_columns_by_name_or_in_order_from_a_cleared_context(
    capsys, network, model, data, tmp_path
):
    printed = done(capsys, "run", model, data)
    assert printed.splitlines()[0] == "output 0,output 1"
    expected = network.run(np.vstack([STEPS, STEPS]))
    np.testing.assert_array_equal(answers(printed), expected)
    assert (
        done(capsys, "run", model, data, "-o", tmp_path / "out.csv"),
        (tmp_path / "out.csv").read_text(),
    ) == ("", printed)
    other = tmp_path / "other.csv"
    other.write_text("who,x,y\nann,0,1\nann,1,0.5\n")
    network.clear()
    ordered = done(capsys, "run", model, other, *args("--in-order --sequence who"))
    np.testing.assert_array_equal(answers(ordered), network.run(STEPS))
    names = "no columns? 'height'.*It has 'who', 'x', 'y'.*--in-order"
    suffixes = r"x\.png' must be \.csv, \.txt, \.parquet or \.xlsx\.$"
    written = ["run", model, data, "-o"]
    cases = [
        (["run", model, other, "--in-order"], 1, "must have 2 columns"),
        (["run", model, other], 1, names),
        ([*written, tmp_path / "none" / "out.csv"], 1, "^Cannot write"),
        ([*written, tmp_path / "x.png"], 2, suffixes),
    ]
    told(capsys, cases)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_as_processes_in_a_pipe(network, data, tmp_path):
    piped = process(*args("run m.json -"), cwd=tmp_path, input=data.read_text())
    assert (piped.returncode, piped.stderr) == (0, "")
    expected = network.run(np.vstack([STEPS, STEPS]))
    np.testing.assert_array_equal(answers(piped.stdout), expected)
    # more than a pipe holds
    (tmp_path / "long.csv").write_text("height,width\n" + "1,2\n" * 100_000)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(
        line("run", "m.json", "long.csv"), **pipes, cwd=tmp_path, env=ENVIRONMENT
    ) as running:
        assert running.stdout.readline() == b"output 0,output 1\n"
        running.stdout.close()  # a reader that has seen enough
        assert (complaints(running.stderr.read().decode()), running.wait(60)) == (
            "",
            141,
        )


def test_play_writes_a_page_that_learns_and_opens_it(
    capsys, model, tmp_path, monkeypatch
):
    opened = []
    path = tmp_path / "page.html"
    monkeypatch.setattr("webbrowser.open", lambda address: bool(opened.append(address)))
    assert done(capsys, "play", model, "-o", path) == ""
    assert not opened
    assert '"learn":{' in path.read_text(encoding="utf-8")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    said = done(capsys, "play")
    assert opened == [Path(said.split()[0]).as_uri()]
    assert "Open the file yourself." in said
