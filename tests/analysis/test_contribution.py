"""Slopes along paths: against central differences through ``run``, and by hand."""

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import architect
from synapse import Layer, Network, Neuron
from synapse.analysis import contribution, effective_weights, saliency
from synapse.errors import ArgumentError, KindError, TopologyError

from ..networks import everything, lstm, perceptron, unchanged, used
from ..strategies import SMOOTH, Twin, specs


def by_differences(net, rows, width=1e-5):
    """d output_t / d input_s, (T, m, T, n)."""
    rows = np.array(rows, float)
    found = np.empty((len(rows), len(net.output), *rows.shape))
    for place in np.ndindex(rows.shape):
        answers = []
        for sign in (1, -1):
            moved = rows.copy()
            moved[place] += sign * width
            net.clear()
            answers.append(net.run(moved))
        found[:, :, *place] = (answers[0] - answers[1]) / (2 * width)
    return found


def rows_for(net, steps=4, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (steps, len(net.input)))


NETWORKS = {
    "perceptron": lambda: perceptron(3, 4, 2, seed=1),
    "no hidden layer": lambda: perceptron(2, 3, seed=1),
    "lstm": lambda: lstm(2, 3, 2, seed=1),
    "lstm with peepholes": lambda: architect.LSTM(2, 3, 2, output_to_gates=True, style="synaptic", seed=1),
    "elman": lambda: architect.Elman(2, 4, 2, seed=1),
    "gru": lambda: architect.GRU(2, 3, 2, seed=1),
    "random": lambda: architect.Random(
        2, 8, 2, gates=5, self_connections=3, backward=6, squash="tanh", seed=1
    ),
    "softmax": lambda: architect.LSTM(
        2, 3, 3, output_squash="softmax", output_to_hidden=True, style="synaptic", seed=1
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_saliency_is_the_derivative(name):
    net = NETWORKS[name]()
    net.weights = np.random.default_rng(2).uniform(-1, 1, len(net.weights))
    rows = rows_for(net)
    assert saliency(net, rows) == pytest.approx(by_differences(net, rows), abs=1e-8)


@given(specs(squashes=SMOOTH), st.integers(1, 4))
def test_saliency_of_any_gated_graph_is_the_derivative(spec, steps):
    net = Twin(spec).net
    rows = rows_for(net, steps)
    wanted = by_differences(net, rows)
    assume(np.abs(wanted).max() < 1e3 and np.abs(net.run(rows)).max() < 1e3)
    assert saliency(net, rows) == pytest.approx(wanted, abs=1e-5 * max(1.0, np.abs(wanted).max()))


def test_saliency_leaves_the_network_as_it_was():
    net = used(lstm(2, 3, 2))
    with unchanged(net):
        saliency(net, rows_for(net))


def test_nothing_reaches_back_in_time():
    found = saliency(architect.LSTM(2, 3, 1, style="synaptic", seed=0), np.ones((5, 2)))
    for t in range(5):
        assert not found[t, :, t + 1 :].any()


def test_contribution_is_the_saliency_of_the_last_step():
    for make in NETWORKS.values():
        net = make()
        rows = rows_for(net)
        net.clear()
        net.run(rows)
        assert contribution(net)[0] == pytest.approx(saliency(net, rows)[-1][:, -1], abs=1e-14)


def test_contribution_steps_back_is_the_saliency_where_the_network_stands_still():
    """Of linear neurons without gates the slopes of all steps are alike."""
    net = architect.Elman(2, 4, 2, squash="identity", output_squash="identity", seed=1)
    rows = rows_for(net, 5)
    net.run(rows)
    exact = saliency(net, rows)[-1]
    assert contribution(net, 4) == pytest.approx(exact[:, ::-1].transpose(1, 0, 2), abs=1e-14)


def test_contribution_of_a_perceptron_is_a_product_of_matrices():
    net = perceptron(3, 4, 2)
    net.activate([0.1, -0.5, 1.0])
    first, second = (
        np.array([[i.connected(j).weight for i in a] for j in b])
        for a, b in zip(net.layers, net.layers[1:], strict=False)
    )
    slopes = [np.diag([n.derivative for n in layer]) for layer in net.layers[1:]]
    assert contribution(net)[0] == pytest.approx(slopes[1] @ second @ slopes[0] @ first, abs=1e-15)


def test_a_path_through_a_gate_counts():
    a, b, out = Neuron(), Neuron(), Neuron("identity")
    b.gate(a.project(out, weight=2.0))
    net = Network(Layer([a, b]), [], Layer([out]))
    net.activate([3.0, 5.0])
    assert contribution(net)[0].tolist() == [[10.0, 6.0]]


def test_unconnected_neurons_have_no_part():
    net = Network(Layer(2), [Layer(2)], Layer(1))
    net.activate([1.0, 2.0])
    assert not contribution(net, 2).any()
    assert not saliency(net, [[1.0, 2.0]]).any()


def test_a_gater_of_another_network_stands_still():
    net, other = perceptron(2, 1), perceptron(1, 1)
    other.activate([1.0])
    other.output[0].gate(net.connections[0])
    rows = rows_for(net)
    gain = other.output[0].activation
    assert effective_weights(net).gain.tolist() == [gain, 1.0]
    assert saliency(net, rows) == pytest.approx(by_differences(net, rows), abs=1e-8)


def test_effective_weights_are_those_that_connections_show():
    net = used(lstm(2, 3, 2))
    found = effective_weights(net)
    for i, connection in enumerate(net.connections):
        assert net[int(found.source[i])] is connection.source
        assert net[int(found.target[i])] is connection.target
        assert found.effective[i] == connection.weight * connection.gain


def test_single_precision():
    net = architect.LSTM(2, 3, 1, seed=0, dtype=np.float32, style="synaptic")
    twin = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    twin.weights, twin.biases = net.weights, net.biases
    rows = rows_for(net)
    assert saliency(net, rows) == pytest.approx(saliency(twin, rows), abs=1e-6)


@pytest.mark.parametrize("rows", [[], [[1.0]], [[1.0, np.nan]], [[1.0, 2.0, 3.0]]])
def test_bad_inputs_change_nothing(rows):
    net = used(perceptron(2, 2, 1))
    before = everything(net)
    with pytest.raises(ArgumentError):
        saliency(net, rows)
    assert everything(net) == before


def test_bad_arguments():
    net = perceptron(2, 1)
    with pytest.raises(KindError, match="(to be|Expected) a Network"):
        contribution(net.output)
    with pytest.raises(KindError, match="(to be|Expected) a Network"):
        saliency([1], [[1.0]])
    with pytest.raises(KindError, match="(to be|Expected) a whole number"):
        contribution(net, 1.5)
    with pytest.raises(ArgumentError, match="(to be|Expected) a whole number, 0 or above"):
        contribution(net, -1)


def test_softmax_outputs_that_feed_each_other_are_refused():
    net = perceptron(2, 2)
    net.output[0].project(net.output[1], weight=1.0)
    net.output.squash = "softmax"
    with pytest.raises(TopologyError, match="softmax outputs that affect each other"):
        contribution(net)
