"""How much of an error reaches earlier steps, against derivatives by hand."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, draw
from synapse.errors import ArgumentError, KindError
from synapse.initializers import uniform

from ..networks import unchanged, used
from .helpers import outside, overlapping

INPUTS = np.random.default_rng(0).normal(size=(7, 2))


def carousel(weight=1.0) -> Network:
    """One cell that keeps `weight` of its state."""
    source, cell, sink = Layer(2), Layer(1, "identity", name="cell"), Layer(1, "identity")
    source.project(cell, weights=0.5)
    cell.project(cell, weights=weight)
    cell.project(sink, weights=2.0)
    return Network(source, [cell], sink)


def elman_by_hand(net, inputs):
    """|d s_T / d s_t| of the hidden layer, by the chain rule."""
    hidden, context, first = net["hidden"], net["context"], net.input
    w = np.array([[a.connected(b).weight for a in first] for b in hidden])
    u = np.array([[a.connected(b).weight for a in context] for b in hidden])
    y, states = np.zeros(len(hidden)), []
    for x in inputs:
        states.append(w @ x + u @ y + hidden.biases)
        y = 1 / (1 + np.exp(-states[-1]))
    jacobian, norms = np.eye(len(hidden)), []
    for before in [*states[-2::-1], states[0]]:
        norms.append(np.sqrt((jacobian**2).sum() / len(hidden)))
        f = 1 / (1 + np.exp(-before))  # a state depends on that of the step before through its activation
        jacobian = jacobian @ u @ np.diag(f * (1 - f))
    return np.array(norms)


@pytest.mark.parametrize("weight", [1.0, 0.5, -0.9])
def test_a_cell_keeps_its_error_as_its_self_connection_says(weight):
    found = draw.sensitivity(carousel(weight), INPUTS, "cell")
    np.testing.assert_allclose(found, np.abs(weight) ** np.arange(7), rtol=1e-8)


def test_outputs_by_inputs():
    np.testing.assert_allclose(
        draw.sensitivity(carousel(0.5), INPUTS), np.sqrt(2) * 0.5 ** np.arange(7), rtol=1e-8
    )


def test_an_elman_unit_against_the_chain_rule():
    net = architect.Elman(2, 4, 1, seed=0, initializer=uniform(1.0))
    np.testing.assert_allclose(draw.sensitivity(net, INPUTS, "hidden"), elman_by_hand(net, INPUTS), rtol=1e-7)


def test_tiny_errors_have_their_digits_too():
    net = architect.Elman(2, 4, 1, initializer="uniform", bias_initializer="uniform", seed=0)
    inputs = np.random.default_rng(1).normal(size=(60, 2))
    found = draw.sensitivity(net, inputs, net["hidden"])
    assert found[-1] < 1e-60
    np.testing.assert_allclose(found, elman_by_hand(net, inputs), rtol=1e-6)


def test_gated_cells_against_differences_of_the_whole_run():
    net = architect.LSTM(2, 3, 2, seed=0, initializer=uniform(1.0), output_to_hidden=True, style="synaptic")
    h, expected = 1e-5, []
    for t in range(len(INPUTS) - 1, -1, -1):
        jacobian = np.empty((2, 2))
        for i in range(2):
            ends = []
            for side in (h, -h):
                moved = INPUTS.copy()
                moved[t, i] += side
                net.clear()
                ends.append(net.run(moved)[-1])
            jacobian[:, i] = (ends[0] - ends[1]) / (2 * h)
        expected.append(np.sqrt((jacobian**2).sum() / 2))
    np.testing.assert_allclose(draw.sensitivity(net, INPUTS), expected, rtol=1e-6)


def test_tied_biases_are_moved_one_by_one():
    net = architect.Elman(2, 4, 1, initializer=uniform(0.8), seed=1)
    synapse.tie(net["hidden"])
    with unchanged(net):
        found = draw.sensitivity(net, INPUTS, "hidden")
    np.testing.assert_allclose(found, elman_by_hand(net, INPUTS), rtol=1e-6)


def test_single_precision():
    one, two = (architect.Elman(2, 3, 1, seed=0, dtype=dtype) for dtype in ("float32", "float64"))
    found, exact = (draw.sensitivity(net, INPUTS[:4], "hidden") for net in (one, two))
    np.testing.assert_allclose(found, exact, rtol=0.05)


def test_nothing_returns_through_a_network_without_memory():
    net = architect.Perceptron(2, 3, 1, seed=0)
    found = draw.sensitivity(net, INPUTS)
    assert found[0] > 0
    assert found[1:].tolist() == [0.0] * 6
    assert len(draw.error_flow(net, INPUTS).lines) == 1


def test_the_network_is_left_as_it_was_and_learns_on_as_if_nothing_had_been():
    net, twin = (used(architect.LSTM(2, 3, 1, style="synaptic", seed=0)) for _ in range(2))
    with unchanged(net):
        draw.sensitivity(net, INPUTS, "cells")
        draw.sensitivity(net, INPUTS)
    for one in (net, twin):
        one.activate([1.0, 0.0])
        one.propagate(0.5, [1.0])
    assert net.weights.tolist() == twin.weights.tolist()


def test_several_networks_in_one_picture():
    lstm = architect.LSTM(2, 3, 1, seed=0, forget_gates=False, peepholes=None, style="synaptic")
    elman = architect.Elman(2, 6, 1, initializer="uniform", bias_initializer="uniform", seed=0)
    ax = draw.error_flow({"cells": (lstm, "cells"), "Elman unit": (elman, elman["hidden"])}, INPUTS)
    cells, units = (line.get_ydata() for line in ax.lines)
    np.testing.assert_allclose(cells, 1.0, rtol=1e-8)
    assert (np.diff(np.log10(units)) < -1).all()
    assert ax.get_yscale() == "log"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["cells", "Elman unit"]
    assert overlapping(ax.figure) == outside(ax.figure) == []


def test_the_axis_ends_where_errors_have_vanished():
    net = architect.Elman(2, 4, 1, initializer="uniform", bias_initializer="uniform", seed=0)
    inputs = np.random.default_rng(1).normal(size=(60, 2))
    ax = draw.error_flow((net, "hidden"), inputs)
    low, high = ax.get_ylim()
    assert (low, 1.0 < high < 10.0) == (1e-12, True)
    short = draw.error_flow((net, "hidden"), inputs[:4])
    assert short.get_ylim()[0] > 1e-12


def test_refuses():
    net, other = carousel(), carousel()
    with pytest.raises(KindError, match="Expected a Network"):
        draw.sensitivity(net["cell"], INPUTS)
    for layer in (other["cell"], Layer(1), 3):
        with pytest.raises(
            ArgumentError, match="Expected the layer that errors flow through to be a layer of"
        ):
            draw.sensitivity(net, INPUTS, layer)
    with pytest.raises(ArgumentError, match="has no layer named 'cells'"):
        draw.error_flow((net, "cells"), INPUTS)
    with pytest.raises(ArgumentError, match="at least one step"):
        draw.sensitivity(net, np.empty((0, 2)))
    with pytest.raises(ArgumentError, match="(to be|Expected) finite"):
        draw.sensitivity(net, [[np.inf, 0.0]])
    with pytest.raises(ArgumentError, match="Expected 1 to 8 networks, got 0"):
        draw.error_flow({}, INPUTS)
