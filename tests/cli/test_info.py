"""The `synapse` command: what it prints, and how it refuses."""

import os
import subprocess
import sys

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, cli
from synapse.readwrite import save


def run(*arguments, **options):
    command = [sys.executable, "-m", "synapse", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


def info(capsys, network, folder):
    """The facts and the table of layers that `synapse info` prints."""
    path = folder / "model.synapse"
    save(network, path)
    assert cli.main(["info", str(path)]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    facts, layers = printed.out.split("\n\n")
    return dict(line.split("  ", 1) for line in facts.splitlines()), layers.splitlines()


def test_info_prints_all_of_a_memory_network(capsys, tmp_path):
    path = tmp_path / "lstm.synapse"
    save(architect.LSTM(2, 3, 1, peepholes=None, seed=0), path)
    assert cli.main(["info", str(path)]) == 0
    assert capsys.readouterr().out == (
        "name               LSTM\n"
        "sizes              2-3-3-3-3-1\n"
        "neurons            15\n"
        "connections        32\n"
        "self-connections   3\n"
        "gated connections  12\n"
        "gating neurons     9\n"
        "parameters         42\n"
        "memory             yes\n"
        "dtype              float64\n"
        "\n"
        "layer         neurons  squash\n"
        "input               2  identity\n"
        "input gates         3  logistic\n"
        "forget gates        3  logistic\n"
        "cells               3  logistic\n"
        "output gates        3  logistic\n"
        "output              1  logistic\n"
    )


def test_info_of_a_network_without_memory_in_float32(capsys, tmp_path):
    facts, _ = info(capsys, architect.Perceptron(2, 3, 1, seed=0, dtype=np.float32), tmp_path)
    facts = {what: value.strip() for what, value in facts.items()}
    assert facts["memory"] == "no"
    assert facts["dtype"] == "float32"
    assert facts["self-connections"] == facts["gated connections"] == facts["gating neurons"] == "0"


def test_parameters_are_what_learning_can_move(capsys, tmp_path):
    network = architect.Perceptron(2, 3, 1, seed=0)
    connections, biases = 9, 4
    assert parameters(capsys, network, tmp_path) == connections + biases
    network.connections[0].trainable = False
    network.hidden[0][1].trainable = False
    assert parameters(capsys, network, tmp_path) == connections + biases - 2


def parameters(capsys, network, folder):
    return int(info(capsys, network, folder)[0]["parameters"])


def test_a_layer_of_many_squashes_names_each_once(capsys, tmp_path):
    inputs, output = Layer(1, squash="identity"), Layer(3, squash="tanh")
    output[1].squash = "relu"
    inputs.project(output, weights=1.0)
    _, layers = info(capsys, Network(inputs, [], output), tmp_path)
    assert layers[-1].split("  ")[-1] == "tanh, relu"


def test_a_name_cannot_drive_the_terminal(capsys, tmp_path):
    inputs, output = Layer(1), Layer(1, name="a\nb\x1b[31m")
    inputs.project(output, weights=1.0)
    facts, layers = info(capsys, Network(inputs, [], output, name="Größe"), tmp_path)
    assert facts["name"].strip() == "Größe"
    assert layers[-1].startswith(r"'a\nb\x1b[31m'  ")


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"synapse {synapse.__version__}\n"


def refused(capsys, path):
    """The one sentence with which `synapse info` refuses a file."""
    assert cli.main(["info", str(path)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (sentence,) = printed.err.splitlines()
    assert sentence.startswith(f"synapse: Cannot read {str(path)!r}: ")
    assert sentence.endswith(".")
    return sentence


def test_a_missing_file_is_refused(capsys, tmp_path):
    assert "No such file" in refused(capsys, tmp_path / "none.synapse")


def test_a_folder_is_refused(capsys, tmp_path):
    refused(capsys, tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"\xff\xfe\x00", b"[]", b"{}", b'{"format": "synapse"}', b"PK\x03\x04", b"[" * 100_000],
    ids=["empty", "text", "bytes", "list", "object", "head alone", "zip", "deep"],
)
def test_a_file_that_is_no_model_is_refused(capsys, tmp_path, content):
    path = tmp_path / "no model"
    path.write_bytes(content)
    refused(capsys, path)


def test_half_a_model_is_refused(capsys, tmp_path):
    path = tmp_path / "half.synapse"
    save(architect.Perceptron(2, 3, 1, seed=0), path)
    path.write_bytes(path.read_bytes()[:-100])
    refused(capsys, path)


@pytest.mark.parametrize("arguments", [[], ["info"], ["inform", "x"], ["info", "--no", "x"]])
def test_wrong_usage_is_shown_the_right_one(capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert "usage: synapse" in capsys.readouterr().err


def test_the_module_is_the_command(tmp_path):
    save(architect.Perceptron(2, 1, seed=0), tmp_path / "p.synapse")
    done = run("info", tmp_path / "p.synapse")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Perceptron" in done.stdout
    done = run("info", tmp_path / "none")
    assert done.returncode == 2
    assert done.stdout == ""


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
@pytest.mark.parametrize("arguments", [["--version"], ["info", "p.synapse"]])
def test_a_reader_that_leaves_is_no_error(tmp_path, arguments):
    save(architect.Perceptron(2, 1, seed=0), tmp_path / "p.synapse")
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "synapse", *arguments]
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run(
            command,
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    assert done.stderr == ""
    assert done.returncode in (0, cli.BROKEN_PIPE)  # argparse heeds no failure to write a version
