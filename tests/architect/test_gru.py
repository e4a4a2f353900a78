"""A GRU computes its equations, which are those of PyTorch, by neurons and gates alone."""

from itertools import pairwise

import numpy as np
import pytest

from architect import GRU

from .helpers import INPUTS, assert_gradient, echo, fall, fixed, logistic, matrix, survives


def step(unit, source, constant, x, h):
    """What the cells of a layer of units hold after a step."""
    update, _, reset, candidates, cells = unit
    z, r = (
        logistic(matrix(source, gates) @ x + matrix(cells, gates) @ h + gates.biases)
        for gates in (update, reset)
    )
    recurrent = matrix(cells, candidates) @ h + matrix(constant, candidates)[:, 0]
    n = np.tanh(matrix(source, candidates) @ x + candidates.biases + r * recurrent)
    return z * h + (1 - z) * n


@pytest.mark.parametrize("sizes", [(3, 4, 2), (3, 4, 5, 2)])
def test_it_computes_its_equations(sizes):
    net = GRU(*sizes, initializer="glorot", seed=1)
    sources = [net.input, *(unit.cells for unit in net.units)]
    held = [np.zeros(size) for size in sizes[1:-1]]
    for row in INPUTS:
        x = row
        for i, unit in enumerate(net.units):
            x = held[i] = step(unit, sources[i], net["constant"], x, held[i])
        answer = logistic(matrix(sources[-1], net.output) @ x + net.output.biases)
        assert net.activate(row) == pytest.approx(answer, abs=1e-13)


@pytest.mark.torch
@pytest.mark.parametrize("sizes", [(3, 4, 4), (3, 6, 6, 6)])
def test_with_the_weights_of_pytorch_it_answers_as_pytorch(sizes):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    peer = torch.nn.GRU(3, sizes[1], num_layers=len(sizes) - 2, dtype=torch.float64)
    net = GRU(*sizes, output_squash="identity", seed=0)
    sources = [net.input, *(unit.cells for unit in net.units)]
    for i, unit in enumerate(net.units):
        w, u, b, c = (
            getattr(peer, f"{name}_l{i}").detach().numpy().reshape(3, sizes[1], -1)
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        for k, layer in enumerate((unit.reset_gates, unit.update_gates, unit.candidates)):
            put(sources[i], layer, w[k])
            put(unit.cells, layer, u[k])
            layer.biases = (b[k] + c[k] * (k < 2))[:, 0]
        put(net["constant"], unit.candidates, c[2])
    put(sources[-1], net.output, np.eye(sizes[-1]))
    net.output.biases = np.zeros(sizes[-1])
    expected = peer(torch.tensor(INPUTS))[0].detach().numpy()
    assert np.abs(net.run(INPUTS) - expected).max() < 1e-12


def put(source, target, weights):
    for i, row in zip(target, weights, strict=True):
        for j, weight in zip(source, row, strict=True):
            j.connected(i).weight = weight


@pytest.mark.parametrize("sizes", [(3, 4, 2), (1, 2, 3, 1), (2, 5, 1, 3, 4)])
def test_it_has_the_connections_of_its_sizes(sizes):
    net = GRU(*sizes, seed=0)
    layers = sum(3 * below * n + 3 * n * n + 4 * n for below, n in pairwise(sizes[:-1]))
    assert len(net.connections) == layers + sizes[-2] * sizes[-1]
    assert len(net) == sizes[0] + 1 + 5 * sum(sizes[1:-1]) + sizes[-1]


def test_gates_gate_what_they_should():
    unit = GRU(3, 4, 2, seed=0).units[0]
    cell, candidate = unit.cells[1], unit.candidates[1]
    assert unit.update_gates[1].gated == (cell.self_connection,)
    assert unit.inverse_gates[1].gated == (candidate.connected(cell),)
    assert {c.target for c in unit.reset_gates[1].gated} == {candidate}
    assert len(unit.reset_gates[1].gated) == 4 + 1


def test_what_is_fixed_is_not_trained():
    net = GRU(3, 4, 2, seed=1)
    assert fixed(net) == [-1.0] * 4 + [0.0] * 4 + [1.0] * (4 + 4 + 4 + 1)
    assert net["inverse gates"].activations == pytest.approx(1 - net["update gates"].activations, abs=1e-15)


def test_its_first_step_learns_along_the_gradient():
    """Later ones leave out what would flow back along the connections from the cells."""
    assert_gradient(GRU(3, 4, 2, initializer="glorot", seed=1))
    assert_gradient(GRU(3, 4, 3, 2, initializer="glorot", seed=2))


def test_it_trains_and_survives_a_file(tmp_path):
    net = GRU(3, 8, 1, seed=0)
    assert fall(net, *echo(net), rate=0.03, epochs=600) > 1.5  # 2 to 20, by seeds and by rounding
    assert survives(net, tmp_path / "net.synapse")
