"""`synapse convert`: from every format that is read to every one that is written."""

import json
import runpy

import numpy as np
import pytest

import architect
from synapse import Layer, Network, cli
from synapse.readwrite import read_npz, save, write_node_link, write_synaptic

from .command import done, process, refused

ROWS = [[0.0, 1.0], [1.0, 0.5], [0.2, 0.1]]
BACK = [".json", ".synapse", ".npz", ".graphml", ".gexf", ".cyjs"]


@pytest.fixture
def network():
    return architect.LSTM(2, 3, 1, style="synaptic", seed=0)


@pytest.fixture
def model(network, tmp_path):
    path = tmp_path / "model.json"
    save(network, path)
    return path


def answers(capsys, path, folder):
    """What `synapse run` answers to ROWS."""
    table = folder / "rows.csv"
    table.write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b in ROWS))
    printed = done(capsys, "run", "--in-order", path, table)
    return np.array([[float(cell) for cell in row.split(",")] for row in printed.splitlines()[1:]])


@pytest.mark.parametrize("ending", [*BACK, ".JSON", ".NPZ"])
def test_what_is_read_back_answers_the_same(capsys, network, model, tmp_path, ending):
    path = tmp_path / f"twin{ending}"
    assert done(capsys, "convert", model, path) == ""
    np.testing.assert_array_equal(answers(capsys, path, tmp_path), network.run(ROWS))


def test_between_formats_without_our_own(capsys, network, model, tmp_path):
    for source, target in [("model.json", "a.graphml"), ("a.graphml", "b.npz"), ("b.npz", "c.synapse")]:
        done(capsys, "convert", tmp_path / source, tmp_path / target)
    np.testing.assert_array_equal(answers(capsys, tmp_path / "c.synapse", tmp_path), network.run(ROWS))


@pytest.mark.parametrize("name", ["synaptic", "node_link", "cytoscape"])
def test_json_is_known_by_its_content(capsys, network, model, tmp_path, name):
    path = tmp_path / "other.json"
    done(capsys, "convert", model, path, "--to", name)
    assert "format" not in json.loads(path.read_text())
    np.testing.assert_allclose(answers(capsys, path, tmp_path), network.run(ROWS), rtol=1e-12)


def test_neataptic_is_read(capsys, tmp_path):
    node = {"bias": 0.5, "squash": "IDENTITY", "mask": 1}
    nodes = [{**node, "type": "input"}, {**node, "type": "input"}, {**node, "type": "output"}]
    links = [{"from": i, "to": 2, "weight": 2.0, "gater": None} for i in (0, 1)]
    document = {"nodes": nodes, "connections": links, "input": 2, "output": 1, "dropout": 0}
    (tmp_path / "n.json").write_text(json.dumps(document))
    expected = [[0.5 + 2 * (a + b)] for a, b in ROWS]
    np.testing.assert_allclose(answers(capsys, tmp_path / "n.json", tmp_path), expected)


@pytest.mark.parametrize("ending", [".py", ".c", ".js", ".dot", ".gv", ".csv"])
def test_programs_and_drawings_are_written(capsys, model, tmp_path, ending):
    done(capsys, "convert", model, tmp_path / f"x{ending}")
    assert (tmp_path / f"x{ending}").stat().st_size > 100


def test_a_program_answers_the_same(capsys, network, model, tmp_path):
    done(capsys, "convert", model, tmp_path / "program.py")
    program = runpy.run_path(str(tmp_path / "program.py"))["Network"]()
    np.testing.assert_allclose([program.step(row) for row in ROWS], network.run(ROWS), rtol=1e-12)


def test_onnx(capsys, model, tmp_path):
    onnx = pytest.importorskip("onnx")
    done(capsys, "convert", model, tmp_path / "x.onnx")
    onnx.checker.check_model(str(tmp_path / "x.onnx"))


def test_formats_are_told_where_endings_do_not(capsys, network, tmp_path):
    write_node_link(network, tmp_path / "links")
    write_synaptic(network, tmp_path / "old.npz")
    done(capsys, "convert", tmp_path / "links", tmp_path / "a", "--from", "node_link", "--to", "npz")
    np.testing.assert_array_equal(read_npz(tmp_path / "a").run(ROWS), network.run(ROWS))
    assert "Cannot read" in refused(capsys, "info", tmp_path / "old.npz")
    done(capsys, "convert", tmp_path / "old.npz", tmp_path / "b.json", "--from", "synaptic")


def test_an_unknown_ending_lists_those_known(capsys, model, tmp_path):
    for name in ("x.txt", "x"):
        sentence = refused(capsys, "convert", model, tmp_path / name, code=2)
        assert ".graphml" in sentence
        assert not (tmp_path / name).exists()


def test_what_is_only_written_is_not_read(capsys, model, tmp_path):
    done(capsys, "convert", model, tmp_path / "x.py")
    sentence = refused(capsys, "convert", tmp_path / "x.py", tmp_path / "y.json", code=2)
    assert "can be written, not read" in sentence


def test_an_unknown_format_is_wrong_usage(capsys, model, tmp_path):
    with pytest.raises(SystemExit) as stop:
        cli.main(["convert", str(model), str(tmp_path / "x"), "--to", "neataptic"])
    assert stop.value.code == 2


def test_what_a_format_cannot_hold_is_refused_and_nothing_written(capsys, tmp_path):
    a, b = Layer(1), Layer(1, squash="softsign")
    a.project(b, weights=1.0)
    save(Network(a, [], b), tmp_path / "m.json")
    sentence = refused(capsys, "convert", tmp_path / "m.json", tmp_path / "s.json", "--to", "synaptic")
    assert sentence.startswith(f"Cannot write {str(tmp_path / 's.json')!r}: ")
    assert not (tmp_path / "s.json").exists()


def test_a_folder_that_is_not_there(capsys, model, tmp_path):
    assert "No such file" in refused(capsys, "convert", model, tmp_path / "none" / "x.npz")


def test_a_warning_is_a_sentence(tmp_path):
    a, b = Layer(1), Layer(1)
    a.project(b, weights=1.0)
    b.project(b, weights=0.5)
    save(Network(a, [], b), tmp_path / "m.json")
    finished = process("convert", "m.json", "s.json", "--to", "synaptic", cwd=tmp_path, env=None)
    assert finished.returncode == 0
    (sentence,) = finished.stderr.splitlines()
    assert sentence.startswith("synapse: warning: 1 self-connection(s)")
