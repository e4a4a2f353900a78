"""Half-lives by simulation, spectral radii by the whole matrix and by differences."""

import math

import numpy as np
import pytest
from hypothesis import assume

from synapse import Layer, Network
from synapse.analysis import half_lives, spectral_radius
from tests.helpers.networks import lstm, perceptron, unchanged
from tests.helpers.strategies import SMOOTH, Twin, given_graphs, specs

ROWS = np.random.default_rng(0).uniform(-1, 1, (20, 2))


def keeper(weight):
    a = Layer(1)
    b = Layer(2, name="keeper")
    b[1].project(b[1], weight=weight)
    return Network(a, [], b)


def test_after_its_half_life_half_of_a_state_is_left():
    for weight in (0.9, -0.7, 0.3):
        net = keeper(weight)
        table = half_lives(net)
        assert table.name.tolist() == ["keeper 1"]
        net.output[1].state = 1.0
        net.run(np.zeros((5, 1)))
        left = 0.5 ** (5 / table.half_life[0])
        assert abs(net.output[1].state) == pytest.approx(left, abs=1e-12)
    limits = {1.0: math.inf, -1.0: math.inf, 1.5: math.inf, 0.0: 0.0}
    found = {weight: half_lives(keeper(weight)).half_life[0] for weight in limits}
    assert found == limits
    assert len(half_lives(perceptron(2, 1))) == 0
    net = keeper(0.5)
    net.output[0].project(net.output[0], weight=0.25)
    assert half_lives(net).half_life.tolist() == [0.5, 1.0]  # neuron by neuron


def test_of_a_gated_memory_the_mean_gain_counts():
    net = lstm(2, 3, 1)
    cells = net["hidden 3"]
    with unchanged(net):
        table = half_lives(net, ROWS)
    gains = []
    for row in ROWS:
        net.activate(row)
        gains.append(net["hidden 2"].activations)
    mean = np.mean(gains, axis=0)
    assert [net[j] for j in table.neuron.tolist()] == list(cells)
    assert table.gain == pytest.approx(mean, abs=1e-15)
    assert table.half_life == pytest.approx(math.log(2) / -np.log(mean), rel=1e-12)
    latest = [cell.self_connection.gain for cell in cells]
    assert half_lives(net).gain.tolist() == latest


@given_graphs(specs())
def test_radius_of_weights_is_that_of_the_whole_matrix(spec):
    net = Twin(spec).net
    net.run(np.ones((3, len(net.input))))
    matrix = np.zeros((len(net), len(net)))
    for c in net.connections:
        place = net.neurons.index(c.target), net.neurons.index(c.source)
        matrix[place] = c.weight * c.gain
    radius = np.abs(np.linalg.eigvals(matrix)).max()
    # An eigenvalue that a matrix has n times is found to the n-th root of the
    # precision.
    assert spectral_radius(net) == pytest.approx(radius, rel=1e-3, abs=1e-2)


def test_loops_whose_connections_alternate_stay_whole():
    a = Layer(1)
    b = Layer(4, "identity")
    for source, target, weight in ((0, 1, 4.0), (2, 3, 0.5), (1, 0, 1.0), (3, 2, 0.5)):
        b[source].project(b[target], weight=weight)
    assert spectral_radius(Network(a, [], b)) == pytest.approx(2.0)  # the root of 4


@given_graphs(specs(squashes=SMOOTH))
def test_step_is_the_derivative_of_a_context_by_that_of_before(spec):
    """By differences of all states and activations, those that nothing reads
    included."""
    net = Twin(spec).net
    width = 1e-6
    row = np.full(len(net.input), 0.5)
    names = ("state", "activation")
    net.run([row, -row])
    free = list(net)[len(net.input) :]  # inputs are set
    before = np.array([[getattr(n, name) for n in free] for name in names])
    assume(np.abs(before).max() < 10)

    def after(moved):
        for name, values in zip(names, moved, strict=True):
            for neuron, value in zip(free, values, strict=True):
                setattr(neuron, name, value)
        net.activate(row)
        return np.array([getattr(n, name) for name in names for n in free])

    jacobian = []
    for place in np.ndindex(before.shape):
        step = np.zeros_like(before)
        step[place] = width
        jacobian.append((after(before + step) - after(before - step)) / (2 * width))
    after(before)
    wanted = np.abs(np.linalg.eigvals(np.array(jacobian).T)).max()
    assert spectral_radius(net, what="step") == pytest.approx(
        wanted, rel=1e-2, abs=2e-2
    )


def test_a_neuron_that_gates_its_own_input_hands_its_activation_on():
    net = perceptron(1, 1)
    net.weights = [4.0]
    net.output[0].gate(net.connections[0])
    net.run([[1.0], [1.0]])
    assert spectral_radius(net, what="step") == pytest.approx(
        4.0 * net.output[0].derivative
    )


def test_an_input_is_set_and_keeps_nothing():
    net = keeper(0.5)
    pairs = (net.input, net.input), (net.output, net.input), (net.input, net.output)
    for (source, target), weight in zip(pairs, (0.9, 3.0, 2.0), strict=True):
        source[0].project(target[0], weight=weight)
    net.run(ROWS[:, :1])
    assert spectral_radius(net, what="step") == pytest.approx(0.5)


def test_a_delayed_connection_counts_by_the_neuron_that_it_delays():
    """W is that of the graph; the Jacobian of a step has the past that is handed on:
    with d steps, the d-th root of the product along the loop."""
    for delay in (1, 2, 5):
        a, b = Layer(1), Layer(1, "identity")
        a.project(b, weights=1.0)
        b[0].project(b[0], weight=0.5, delay=delay)
        net = Network(a, b)
        net.activate([0.0])
        assert spectral_radius(net) == 0.5
        assert spectral_radius(net, "step") == pytest.approx(0.5 ** (1 / delay))
    a[0].project(b[0], weight=0.3, delay=3)
    b[0].project(b[0], weight=0.2, delay=3)  # one more of the same pair
    assert spectral_radius(net) == 0.7
