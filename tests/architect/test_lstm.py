"""The LSTM of the style "standard" computes its equations; that of Synaptic is in test_architectures."""

import numpy as np
import pytest

from architect import LSTM
from synapse.errors import ArgumentError, UnknownNameError

from .helpers import INPUTS, assert_gradient, echo, fall, fixed, logistic, matrix, survives


def standard(*sizes, seed=1, **options):
    return LSTM(*sizes, style="standard", initializer="glorot", seed=seed, **options)


def step(block, source, x, h, c):
    """Hidden activations and cells of a layer of blocks after a step."""
    i, f, g, cells, o, _, hidden = block

    def total(layer, held):
        sums = matrix(source, layer) @ x + matrix(hidden, layer) @ h + layer.biases
        return sums + matrix(cells, layer) @ held

    keep = logistic(total(f, c)) if f is not None else 1.0
    new = keep * c + logistic(total(i, c)) * np.tanh(total(g, 0 * c))
    return logistic(total(o, new)) * np.tanh(new), new


@pytest.mark.parametrize("sizes", [(3, 4, 2), (3, 4, 5, 2)])
@pytest.mark.parametrize("peepholes", ["usual", None, "one_to_one", "all_to_all"])
@pytest.mark.parametrize("forget_gates", [True, False])
def test_it_computes_its_equations(sizes, peepholes, forget_gates):
    net = standard(*sizes, peepholes=peepholes, forget_gates=forget_gates)
    sources = [net.input, *(block.hidden for block in net.blocks)]
    held = [(np.zeros(size), np.zeros(size)) for size in sizes[1:-1]]
    for row in INPUTS:
        x = row
        for k, block in enumerate(net.blocks):
            held[k] = step(block, sources[k], x, *held[k])
            x = held[k][0]
        answer = logistic(matrix(sources[-1], net.output) @ x + net.output.biases)
        assert net.activate(row) == pytest.approx(answer, abs=1e-13)


@pytest.mark.parametrize(("peepholes", "more"), [("usual", 0), ("one_to_one", 3 * 4), ("all_to_all", 3 * 16)])
def test_it_has_the_connections_of_its_sizes(peepholes, more):
    net = standard(3, 4, 2, peepholes=peepholes)
    assert len(net.connections) == 4 * (3 + 4) * 4 + 4 * 4 + 4 * 2 + more
    assert repr(net).startswith("<LSTM 3-4-2, 33 neurons, ")
    assert len(standard(3, 4, 2, peepholes=peepholes, input_to_output=True).connections) == (
        len(net.connections) + 3 * 2
    )


def test_gates_gate_what_they_should():
    block = standard(3, 4, 2).blocks[0]
    cell = block.cells[1]
    assert block.input_gates[1].gated == (block.candidates[1].connected(cell),)
    assert block.forget_gates[1].gated == (cell.self_connection,)
    assert block.output_gates[1].gated == (block.squashed_cells[1].connected(block.hidden[1]),)


def test_layers_have_their_names_and_squashes():
    net = standard(2, 3, 4, 1, cell_squash="softsign")
    assert net["squashed cells 2"] is net.blocks[1].squashed_cells
    assert [layer.squash.name for layer in net.blocks[0]] == [
        *("logistic", "logistic", "softsign", "identity", "logistic", "softsign", "identity")
    ]


def test_what_is_fixed_is_not_trained():
    assert fixed(standard(3, 4, 2)) == [0.0] * 12 + [1.0] * 16


def test_its_first_step_learns_along_the_gradient():
    """Later ones leave out what would flow back along the connections from the hidden layer."""
    assert_gradient(standard(3, 4, 2))
    assert_gradient(standard(3, 4, 3, 2, peepholes="all_to_all"))


def test_it_trains_and_survives_a_file(tmp_path):
    net = LSTM(3, 8, 1, style="standard", seed=0)
    assert fall(net, *echo(net), rate=0.1, epochs=600) > 1.5
    assert survives(net, tmp_path / "net.synapse")


def test_the_style_of_the_textbooks_is_the_default():
    one, other = LSTM(3, 4, 2, seed=1), LSTM(3, 4, 2, style="standard", peepholes=None, seed=1)
    assert (one.weights == other.weights).all()
    assert one.blocks[0]._fields == other.blocks[0]._fields
    assert "candidates" in one.blocks[0]._fields


def test_the_style_of_synaptic_has_its_defaults():
    one = LSTM(3, 4, 2, style="synaptic", seed=1)
    other = LSTM(
        *(3, 4, 2), style="synaptic", peepholes="all_to_all", input_to_output=True, cell_squash="logistic",
        initializer="uniform", bias_initializer="uniform", seed=1,
    )  # fmt: skip
    assert (one.weights == other.weights).all()
    assert one.blocks[0]._fields == ("input_gates", "forget_gates", "cells", "output_gates")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"style": "modern"}, UnknownNameError, "synaptic"),
        ({"style": "standard", "cells_per_block": 2}, ArgumentError, "cells_per_block"),
        ({"style": "standard", "hidden_to_hidden": True}, ArgumentError, "hidden_to_hidden"),
        ({"style": "standard", "output_to_hidden": True}, ArgumentError, "output_to_hidden"),
        ({"style": "standard", "output_to_gates": True}, ArgumentError, "output_to_gates"),
        ({"style": "standard", "peepholes": "some"}, ArgumentError, "usual"),
    ],
)
def test_wrong_options_are_refused(options, error, words):
    with pytest.raises(error, match=words):
        LSTM(3, 4, 2, **options)
