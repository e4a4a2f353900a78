"""`synapse info`: what it prints, and how it refuses."""

import numpy as np
import pytest

import architect
from synapse import Layer, Network, cli
from synapse.readwrite import save

from . import command


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
    save(architect.LSTM(2, 3, 1, peepholes=None, style="synaptic", seed=0), path)
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


def test_parameters_that_are_shared_count_once(capsys, tmp_path):
    facts, _ = info(capsys, architect.Convolutional((6, 6), 2, filters=(4,), seed=0), tmp_path)
    assert int(facts["parameters"]) == 4 * 9 + 4 + 2 * (4 * 16 + 1)
    assert int(facts["connections"]) == 16 * 4 * 9 + 2 * 4 * 16


def test_parameters_are_what_learning_can_move(capsys, tmp_path):
    network = architect.Perceptron(2, 3, 1, seed=0)
    connections, biases = 9, 4
    assert int(info(capsys, network, tmp_path)[0]["parameters"]) == connections + biases
    network.connections[0].trainable = False
    network.hidden[0][1].trainable = False
    assert int(info(capsys, network, tmp_path)[0]["parameters"]) == connections + biases - 2


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


def refused(capsys, path):
    """The one sentence with which `synapse info` refuses a file."""
    sentence = command.refused(capsys, "info", path)
    assert sentence.startswith(f"Cannot read {str(path)!r}: ")
    return sentence


def test_a_missing_file_and_a_folder_are_refused(capsys, tmp_path):
    assert "No such file" in refused(capsys, tmp_path / "none.synapse")
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
