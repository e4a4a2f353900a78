"""`synapse draw`: pictures and pages of a model."""

import subprocess
import sys

import pytest

import architect
from synapse.readwrite import save

from ..full_disk import full_disk
from .command import ENVIRONMENT, done, process, refused

WITHOUT = """
import sys
sys.modules["matplotlib"] = None  # as if it were not installed
from synapse.cli import main
sys.exit(main(["draw", "m.json", "-o", "x.png"]))
"""


@pytest.fixture
def model(tmp_path):
    save(architect.LSTM(2, 3, 1, style="synaptic", seed=0), tmp_path / "m.json")
    return tmp_path / "m.json"


@pytest.mark.parametrize(("ending", "begins"), [(".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_pictures(capsys, model, tmp_path, ending, begins):
    pytest.importorskip("matplotlib")
    assert done(capsys, "draw", model, "-o", tmp_path / f"x{ending}") == ""
    written = (tmp_path / f"x{ending}").read_bytes()
    assert written.startswith(begins)
    assert (b">cells</text>" if ending == ".svg" else b"/CIDFontType2") in written  # text that can be edited


def test_as_a_process(model, tmp_path):
    pytest.importorskip("matplotlib")
    drawn = process("draw", "m.json", "-o", "x.png", cwd=tmp_path, env={**ENVIRONMENT, "PYTHONWARNINGS": ""})
    assert (drawn.returncode, drawn.stdout) == (0, "")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_pages(capsys, model, tmp_path):
    page = tmp_path / "x.html"
    assert done(capsys, "draw", model, "-o", page) == ""
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    without = page.read_bytes()
    (tmp_path / "d.csv").write_text("a,b\n0.25,0.5\n")
    done(capsys, "draw", model, "-o", page, "--data", tmp_path / "d.csv", "--in-order")
    assert page.read_bytes() != without
    assert "no column" in refused(capsys, "draw", model, "-o", page, "--data", tmp_path / "d.csv")


def test_endings(capsys, model, tmp_path):
    for name in ("x", "x.txt"):
        assert ".svg" in refused(capsys, "draw", model, "-o", tmp_path / name, code=2)
    assert ".html" in refused(capsys, "draw", model, "-o", tmp_path / "x.png", "--data", "d.csv", code=2)


def test_the_output_may_be_the_last_argument_as_of_convert(capsys, model, tmp_path):
    pytest.importorskip("matplotlib")
    for command, name in (("draw", "x.svg"), ("convert", "x.npz")):
        written = tmp_path / name
        done(capsys, command, model, "-o", written)
        content = written.read_bytes()
        written.unlink()
        done(capsys, command, model, written)
        assert written.read_bytes()[:100] == content[:100]
        assert "got none" in refused(capsys, command, model, code=2)
        assert "Expected one file" in refused(capsys, command, model, "a.svg", "-o", "b.svg", code=2)


def test_missing_values_of_a_sequence_are_mended(capsys, model, tmp_path):
    (tmp_path / "d.csv").write_text("a;b\n0,25;0,5\n;1\n")
    options = [tmp_path / "x.html", "--data", tmp_path / "d.csv", "--in-order"]
    assert "--fill forward" in refused(capsys, "draw", model, *options)
    done(capsys, "draw", model, *options, "--fill", "forward")
    assert (tmp_path / "x.html").exists()


def test_where_nothing_can_be_written(capsys, model, tmp_path):
    pytest.importorskip("matplotlib")
    assert "No such file" in refused(capsys, "draw", model, "-o", tmp_path / "none" / "x.svg")


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf", ".html"])
def test_on_a_full_disk_the_old_file_stays(capsys, model, tmp_path, ending):
    pytest.importorskip("matplotlib")
    path = tmp_path / f"x{ending}"
    path.write_text("old")
    before = sorted(tmp_path.iterdir())
    with full_disk():
        sentence = refused(capsys, "draw", model, "-o", path)
    assert sentence == f"Cannot write '{path}': File too large."
    assert path.read_text() == "old"
    assert sorted(tmp_path.iterdir()) == before


def test_without_matplotlib_it_says_what_to_install(model, tmp_path):
    options = {"capture_output": True, "text": True, "timeout": 120, "cwd": tmp_path, "env": ENVIRONMENT}
    drawn = subprocess.run([sys.executable, "-c", WITHOUT], check=False, **options)
    assert (drawn.returncode, drawn.stdout) == (1, "")
    (sentence,) = drawn.stderr.splitlines()
    assert sentence.startswith("synapse: ")
    assert "synapse-neurons[draw]" in sentence
