"""The recipes: what they build, and that a few lines of NumPy compute the same."""

import numpy as np
import pytest

import architect
from synapse import gate, squash
from synapse.errors import ArgumentError

from .helpers import INPUTS, logistic, matrix


def test_a_perceptron_is_a_chain_of_matrices():
    net = architect.Perceptron(3, 5, 4, 2, squash="tanh", output_squash="identity", seed=1)
    a, b, c, d = net.layers
    for row in INPUTS:
        hidden = np.tanh(matrix(b, c) @ np.tanh(matrix(a, b) @ row + b.biases) + c.biases)
        assert net.activate(row) == pytest.approx(matrix(c, d) @ hidden + d.biases, abs=1e-14)
    assert repr(net) == "<Perceptron 3-5-4-2, 14 neurons, 43 connections>"


def test_an_elman_network_sees_its_hidden_layer_of_the_step_before():
    net = architect.Elman(3, 4, 2, seed=1)
    x, context, hidden, y = net.layers
    past = np.zeros(4)
    for row in INPUTS:
        past = logistic(matrix(x, hidden) @ row + matrix(context, hidden) @ past + hidden.biases)
        assert net.activate(row) == pytest.approx(logistic(matrix(hidden, y) @ past + y.biases), abs=1e-14)
    assert repr(net) == "<Elman 3-4-2, 13 neurons, 40 connections>"


def test_the_copy_into_the_context_is_not_trained():
    net = architect.Elman(3, 4, 2, seed=1)
    for row in INPUTS:
        net.activate(row)
        net.propagate(0.5, [1.0, 0.0])
    copies = [
        hidden.connected(context) for hidden, context in zip(net["hidden"], net["context"], strict=True)
    ]
    assert [c.weight for c in copies] == [1.0] * 4
    assert net["context"].biases.tolist() == [0.0] * 4


@pytest.mark.parametrize("peepholes", ["all_to_all", "one_to_one", None])
@pytest.mark.parametrize("forget_gates", [True, False])
@pytest.mark.parametrize("per_block", [1, 2])
def test_an_lstm_computes_the_blocks_of_its_equations(peepholes, forget_gates, per_block):
    options = {"peepholes": peepholes, "forget_gates": forget_gates, "cells_per_block": per_block}
    net = architect.LSTM(3, 4, 2, cell_squash="tanh", seed=2, style="synaptic", **options)
    x, y = net.input, net.output
    block = net.blocks[0]
    cells, size = block.cells, 4 * per_block
    state, out = np.zeros(size), np.zeros(size)
    spread = np.repeat(np.arange(4), per_block)
    for row in INPUTS:

        def gated(layer, out, row=row):
            return logistic(matrix(x, layer) @ row + matrix(cells, layer) @ out + layer.biases)[spread]

        enter = gated(block.input_gates, out)
        keep = gated(block.forget_gates, out) if forget_gates else 1.0
        state = keep * state + enter * (matrix(x, cells) @ row) + cells.biases
        out = np.tanh(state)
        leave = gated(block.output_gates, out)
        expected = logistic(matrix(cells, y) @ (leave * out) + matrix(x, y) @ row + y.biases)
        assert net.activate(row) == pytest.approx(expected, abs=1e-13)


def test_an_lstm_has_its_layers_by_name():
    net = architect.LSTM(2, 3, 4, 1, style="synaptic", seed=0)
    names = ["input gates 1", "forget gates 1", "cells 1", "output gates 1"]
    assert [layer.name for layer in net.hidden][:4] == names
    assert net["cells 2"] is net.blocks[1].cells
    assert repr(net).startswith("<LSTM 2-3-4-1, ")
    with pytest.raises(ArgumentError, match="cells 2"):
        net["cells 3"]


@pytest.mark.parametrize(
    ("options", "connections"),
    [
        ({}, 110 + 4),
        ({"peepholes": None}, 62 + 4),
        ({"input_to_output": False}, 104 + 4),
        ({"hidden_to_hidden": True}, 110 + 4 + 12),
        ({"output_to_hidden": True}, 110 + 4 + 8),
        ({"output_to_gates": True}, 110 + 4 + 24),
    ],
)
def test_options_connect_as_in_synaptic(options, connections):
    assert len(architect.LSTM(3, 4, 2, seed=0, style="synaptic", **options).connections) == connections


def test_gates_gate_what_they_should():
    net = architect.LSTM(3, 4, 2, style="synaptic", seed=0)
    block = net.blocks[0]
    assert {c.target for c in block.input_gates[1].gated} == {block.cells[1]}
    assert [c.source for c in block.output_gates[2].gated] == [block.cells[2]] * 2
    assert block.forget_gates[3].gated == (block.cells[3].self_connection,)
    assert not block.cells[3].self_connection.trainable
    assert gate.INPUT == "input"


def test_weights_and_biases_start_within_a_tenth():
    net = architect.LSTM(3, 20, 2, style="synaptic", seed=0)
    trained = np.array([c.weight for c in net.connections if c.trainable])
    assert 0.09 < np.abs(trained).max() <= 0.1
    assert net["forget gates"].biases.tolist() == [1.0] * 20
    assert 0 < np.abs(net["cells"].biases).max() <= 0.1
    assert net.input.biases.tolist() == [0.0] * 3


def test_squash_is_that_of_every_neuron_but_the_inputs():
    net = architect.Perceptron(2, 3, 1, squash=squash.relu, seed=0)
    assert [layer.squash.name for layer in net.layers] == ["identity", "relu", "relu"]
