"""Slopes along paths: against central differences through ``run``, and by hand."""

import numpy as np
import pytest
from hypothesis import assume, strategies as st

import architect
from synapse import Layer, Network
from synapse.analysis import contribution, effective_weights, error_flow, saliency
from synapse.errors import ArgumentError
from tests.helpers.cases import all_refused
from tests.helpers.groups import competing
from tests.helpers.networks import everything, perceptron, used
from tests.helpers.strategies import SMOOTH, Twin, delay_some, given_graphs, specs


def by_differences(net, rows, width=1e-5):
    """d output_t / d input_s, (T, m, T, n)."""
    rows = np.array(rows, float)
    slopes = np.empty((len(rows), len(net.output), *rows.shape))
    for place in np.ndindex(rows.shape):
        answers = []
        for sign in (1, -1):
            moved = rows.copy()
            moved[place] += sign * width
            net.clear()
            answers.append(net.run(moved))
        slopes[:, :, *place] = (answers[0] - answers[1]) / (2 * width)
    return slopes


def rows_for(net, steps=4, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (steps, len(net.input)))


def uneven():
    """Softmax outputs, of which one is fed by the input alone."""
    source = Layer(1)
    hidden = Layer(1)
    output = Layer(2, "softmax")
    source.project(hidden, weights=0.7), source.project(output, weights=-0.5)
    hidden.project(Layer([output[1]]), weights=1.5)
    return Network(source, [hidden], output)


NETWORKS = {
    "uneven": uneven,
    "outputs of a group that feed each other": lambda: competing(1, "softmax"),
    "groups connected within": lambda: competing(3, "maxout"),
    "lstm with peepholes": lambda: architect.LSTM(
        2, 3, 2, output_to_gates=True, style="synaptic", seed=1
    ),
    "softmax": lambda: architect.LSTM(
        2,
        3,
        3,
        output_squash="softmax",
        output_to_hidden=True,
        style="synaptic",
        seed=1,
    ),
}


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_saliency_is_the_derivative(make):
    net = make()
    net.weights = np.random.default_rng(2).uniform(-1, 1, len(net.weights))
    rows = rows_for(net)
    slopes = saliency(net, rows)
    assert slopes == pytest.approx(by_differences(net, rows), abs=1e-8)
    net.clear()
    net.run(rows)
    assert contribution(net)[0] == pytest.approx(slopes[-1][:, -1], abs=1e-14)
    squares = (slopes[-1][:, ::-1] ** 2).sum(axis=(0, 2)) / len(net.output)
    assert error_flow(net, rows) == pytest.approx(np.sqrt(squares), abs=1e-14)


def states_by_differences(net, rows, layer, width=1e-5):
    """|d s_T / d s_t| of a layer, by lag: a state is moved by the bias of its neuron in
    one step."""
    norms = []
    for moved in reversed(range(len(rows))):
        columns = []
        for neuron in layer:
            ends = []
            for step in (width, -width):
                net.clear()
                net.run(rows[:moved])
                neuron.bias += step
                net.activate(rows[moved])
                neuron.bias -= step
                net.run(rows[moved + 1 :])
                ends.append(layer.states)
            columns.append((ends[0] - ends[1]) / (2 * width))
        norms.append(np.sqrt((np.array(columns) ** 2).sum() / len(layer)))
    return norms


def test_error_flow_of_gated_states_is_their_derivative():
    net = architect.LSTM(2, 3, 2, output_to_gates=True, style="synaptic", seed=1)
    net.weights = np.random.default_rng(2).uniform(-1, 1, len(net.weights))
    rows = rows_for(net)
    for layer in (net["cells"], net["input gates"]):
        assert error_flow(net, rows, layer) == pytest.approx(
            states_by_differences(net, rows, layer), abs=1e-8
        )


def test_saliency_of_random_neurons_is_that_of_their_means_and_leaves_their_streams():
    net = architect.Elman(2, 4, 1, seed=0)
    net["hidden"].squash = "bernoulli"
    rows = rows_for(net)
    twin = net.clone()
    slopes = saliency(net, rows)
    assert np.array_equal(net.run(rows), twin.run(rows))
    twin.deterministic = True
    assert slopes == pytest.approx(by_differences(twin, rows), abs=1e-8)


@given_graphs(specs(squashes=SMOOTH), st.integers(1, 4))
def test_saliency_of_any_gated_graph_is_the_derivative(spec, steps):
    net = Twin(spec).net
    rows = rows_for(net, steps)
    wanted = by_differences(net, rows)
    assume(np.abs(wanted).max() < 1e3 and np.abs(net.run(rows)).max() < 1e3)
    assert saliency(net, rows) == pytest.approx(
        wanted, abs=1e-5 * max(1.0, np.abs(wanted).max())
    )


def delaying(seed, squash="tanh"):
    """A network with delays of one to four steps, and one of six."""
    net = architect.Elman(2, 4, 2, squash=squash, output_squash="identity", seed=seed)
    delay_some(net, seed)
    net.input[0].project(net.output[1], weight=0.4, delay=6)
    net.synchronous = seed % 2 == 1
    return net


@pytest.mark.full
@pytest.mark.parametrize("seed", range(6))
def test_saliency_and_error_flow_go_back_through_delays(seed):
    net = delaying(seed)
    rows = rows_for(net, 8)
    assert saliency(net, rows) == pytest.approx(by_differences(net, rows), abs=1e-7)
    assert error_flow(net, rows, net["hidden"]) == pytest.approx(
        states_by_differences(net, rows, net["hidden"]), abs=1e-7
    )


@pytest.mark.parametrize("seed", range(2))
def test_contribution_goes_back_through_delays(seed):
    """As saliency does, of linear neurons without gates."""
    net = delaying(seed, "identity")
    for link in net.connections:
        if link.gater:
            link.gater.ungate(link)
    rows = rows_for(net, 8)
    net.run(rows)
    by_lag = saliency(net, rows)[-1][:, ::-1].transpose(1, 0, 2)
    assert contribution(net, 7) == pytest.approx(by_lag, abs=1e-12)


def test_a_gater_of_another_network_stands_still():
    net = perceptron(2, 1)
    other = perceptron(1, 1)
    other.activate([1.0])
    other.output[0].gate(net.connections[0])
    assert effective_weights(net).gain.tolist() == [other.output[0].activation, 1.0]
    rows = rows_for(net)
    assert saliency(net, rows) == pytest.approx(by_differences(net, rows), abs=1e-8)


def test_what_cannot_be_analysed():
    net = used(perceptron(2, 2, 1))
    before = everything(net)
    all_refused(
        [
            (lambda: saliency(net, []), ArgumentError, ""),
            (lambda: saliency(net, [[1.0]]), ArgumentError, ""),
            (
                lambda: contribution(net, -1),
                ArgumentError,
                "a whole number, 0 or above",
            ),
        ]
    )
    assert everything(net) == before
