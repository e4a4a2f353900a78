"""Half-lives by simulation, spectral radii by the whole matrix and by differences."""

import math

import numpy as np
import pytest

import architect
from synapse import Layer, Network
from synapse.analysis import half_lives, spectral_radius
from synapse.errors import ArgumentError

from ..networks import lstm, perceptron, unchanged, used

ROWS = np.random.default_rng(0).uniform(-1, 1, (20, 2))


def keeper(weight):
    a, b = Layer(1), Layer(2, name="keeper")
    b[1].project(b[1], weight=weight)
    return Network(a, [], b)


@pytest.mark.parametrize("weight", [0.9, -0.7, 0.3])
def test_after_its_half_life_half_of_a_state_is_left(weight):
    net = keeper(weight)
    found = half_lives(net)
    assert found.name.tolist() == ["keeper 1"]
    net.output[1].state = 1.0
    net.run(np.zeros((5, 1)))
    assert abs(net.output[1].state) == pytest.approx(0.5 ** (5 / found.half_life[0]), abs=1e-12)


@pytest.mark.parametrize(("weight", "life"), [(1.0, math.inf), (-1.0, math.inf), (1.5, math.inf), (0.0, 0.0)])
def test_limits(weight, life):
    assert half_lives(keeper(weight)).half_life.tolist() == [life]


def test_of_a_gated_memory_the_mean_gain_counts():
    net = lstm(2, 3, 1)
    forget, cells = net["hidden 2"], net["hidden 3"]
    with unchanged(net):
        found = half_lives(net, ROWS)
    gains = []
    for row in ROWS:
        net.activate(row)
        gains.append([gate.activation for gate in forget])
    assert [net[j] for j in found.neuron.tolist()] == list(cells)
    assert found.gain == pytest.approx(np.mean(gains, axis=0), abs=1e-15)
    assert found.half_life == pytest.approx(math.log(2) / -np.log(np.mean(gains, axis=0)), rel=1e-12)
    assert half_lives(net).gain.tolist() == [cell.self_connection.gain for cell in cells]


def test_without_self_connections_there_is_nothing_to_list():
    assert len(half_lives(perceptron(2, 1))) == 0


def whole_radius(net):
    """Of the matrix of all effective weights."""
    number = {neuron: i for i, neuron in enumerate(net)}
    matrix = np.zeros((len(net), len(net)))
    for c in net.connections:
        matrix[number[c.target], number[c.source]] = c.weight * c.gain
    return np.abs(np.linalg.eigvals(matrix)).max()


@pytest.mark.parametrize(
    "make",
    [
        lambda: architect.Liquid(1, 30, 1, connections=150, gates=10, seed=0),
        lambda: architect.Random(2, 12, 2, backward=10, self_connections=4, gates=4, seed=0),
        lambda: lstm(2, 3, 1),
        lambda: architect.Elman(2, 4, 1, seed=0),
    ],
)
def test_radius_of_weights_is_that_of_the_whole_matrix(make):
    net = make()
    net.run(np.ones((3, len(net.input))))
    assert spectral_radius(net) == pytest.approx(whole_radius(net), abs=1e-7)
    assert spectral_radius(net) > 0.01


def test_it_is_what_reservoirs_are_scaled_by():
    net = architect.Liquid(1, 30, 1, connections=150, spectral_radius=0.8, seed=0)
    assert spectral_radius(net) == pytest.approx(0.8, abs=1e-9)


def test_without_loops_it_is_nought():
    assert spectral_radius(perceptron(3, 4, 2)) == 0.0
    assert spectral_radius(perceptron(3, 4, 2), of="step") == 0.0
    assert spectral_radius(Network(Layer(2), [], Layer(1))) == 0.0


def test_step_of_an_elman_network_is_slopes_times_context_weights():
    net = architect.Elman(2, 4, 1, seed=0)
    net.run(ROWS)
    hidden, context = net["hidden"], net["context"]
    weights = np.array([[i.connected(j).weight for i in context] for j in hidden])
    jacobian = np.diag([n.derivative for n in hidden]) @ weights
    assert spectral_radius(net, of="step") == pytest.approx(np.abs(np.linalg.eigvals(jacobian)).max())


def test_step_of_a_gated_memory_is_the_derivative_of_the_states():
    """Cells and gates that the cells feed: moved by differences, before the step is taken."""
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    net.weights = np.random.default_rng(3).uniform(-1, 1, len(net.weights))
    cells, width = net["cells"], 1e-6
    net.run(ROWS)
    before = {n: (n.state, n.activation) for n in net}

    def states(cell=None, by=0.0, state=True):
        for n, (s, y) in before.items():
            n.state, n.activation = s, y
        if cell is not None and state:
            cell.state += by
        elif cell is not None:
            cell.activation += by
        net.activate(ROWS[0])
        return np.array([n.activation for n in cells] + [n.state for n in cells])

    columns = [
        (states(cell, width, state) - states(cell, -width, state)) / (2 * width)
        for state in (False, True)
        for cell in cells
    ]
    states()
    wanted = np.abs(np.linalg.eigvals(np.array(columns).T)).max()
    assert spectral_radius(net, of="step") == pytest.approx(wanted, abs=1e-7)


def test_only_two_matrices_are_known():
    with pytest.raises(ArgumentError, match="'weights' or 'step'"):
        spectral_radius(used(perceptron(2, 1)), of="states")
