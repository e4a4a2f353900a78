"""`synapse run`: rows of a table in, rows of outputs out."""

import os
import subprocess

import numpy as np
import pytest

import architect
from synapse.readwrite import save

from .command import ENVIRONMENT, complaints, done, line, process, refused


@pytest.fixture
def network(tmp_path):
    """A network with memory, whose inputs have names, in a context that is not clear."""
    network = architect.LSTM(2, 3, 2, style="synaptic", seed=0)
    network.input[0].name, network.input[1].name = "height", "width"
    network.activate([5.0, 5.0])
    save(network, tmp_path / "m.json")
    network.clear()
    return network


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("who,width,height\nann,1,0\nann,0.5,1\nbob,1,0\nbob,0.5,1\n")
    return path


STEPS = np.array([[0.0, 1.0], [1.0, 0.5]])


def answers(text):
    return np.array([row.split(",") for row in text.splitlines()[1:]], float)


def test_columns_by_name_from_a_cleared_context(capsys, network, data, tmp_path):
    printed = done(capsys, "run", tmp_path / "m.json", data)
    assert printed.splitlines()[0] == "output 0,output 1"
    np.testing.assert_array_equal(answers(printed), network.run(np.vstack([STEPS, STEPS])))


def test_the_context_is_cleared_before_each_sequence(capsys, network, data, tmp_path):
    alone = network.run(STEPS)
    printed = done(capsys, "run", tmp_path / "m.json", data, "--sequence", "who")
    np.testing.assert_array_equal(answers(printed), np.vstack([alone, alone]))


def test_columns_in_order(capsys, network, data, tmp_path):
    table = tmp_path / "other.csv"
    table.write_text("who,x,y\nann,0,1\nann,1,0.5\n")
    assert "to have 2 columns" in refused(capsys, "run", tmp_path / "m.json", table, "--in-order")
    printed = done(capsys, "run", tmp_path / "m.json", table, "--in-order", "--sequence", "who")
    np.testing.assert_array_equal(answers(printed), network.run(STEPS))


def test_columns_that_are_missing_are_named(capsys, network, tmp_path):
    table = tmp_path / "other.csv"
    table.write_text("height,weight\n0,1\n")
    sentence = refused(capsys, "run", tmp_path / "m.json", table)
    assert "no column 'width'" in sentence
    assert "'height', 'weight'" in sentence
    assert "--in-order" in sentence


def test_into_a_file(capsys, network, data, tmp_path):
    printed = done(capsys, "run", tmp_path / "m.json", data)
    assert done(capsys, "run", tmp_path / "m.json", data, "-o", tmp_path / "out.csv") == ""
    assert (tmp_path / "out.csv").read_text() == printed
    sentence = refused(capsys, "run", tmp_path / "m.json", data, "-o", tmp_path / "none" / "out.csv")
    assert sentence.startswith("Cannot write")


def test_as_a_process_in_a_pipe(network, data, tmp_path):
    piped = process("run", "m.json", "-", cwd=tmp_path, input=data.read_text())
    assert (piped.returncode, piped.stderr) == (0, "")
    np.testing.assert_array_equal(answers(piped.stdout), network.run(np.vstack([STEPS, STEPS])))
    missing = process("run", "m.json", "none.csv", cwd=tmp_path)
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr == "synapse: Cannot read 'none.csv': No such file or directory.\n"


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_reader_that_has_seen_enough(network, tmp_path):
    (tmp_path / "long.csv").write_text("height,width\n" + "1,2\n" * 100_000)  # more than a pipe holds
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = line("run", "m.json", "long.csv")
    with subprocess.Popen(command, **pipes, cwd=tmp_path, env=ENVIRONMENT) as running:
        assert running.stdout.readline() == b"output 0,output 1\n"
        running.stdout.close()
        assert complaints(running.stderr.read().decode()) == ""
        assert running.wait(60) == 141


def test_a_table_is_not_written_as_something_else(capsys, tmp_path):
    sentence = refused(capsys, "run", "none.json", "none.csv", "-o", tmp_path / "x.png", code=2)
    assert sentence.endswith("x.png' must be .csv or .txt.")
