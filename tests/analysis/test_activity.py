"""Dead and saturated neurons, and distributions, counted by hand."""

import numpy as np
import pytest

import architect
from synapse import Layer, Network, record
from synapse.analysis import activation_distribution, activity, weight_distribution
from synapse.errors import ArgumentError, KindError, UnknownNameError

from ..networks import lstm, perceptron, unchanged, used

ROWS = np.random.default_rng(0).uniform(-1, 1, (20, 2))


def strange():
    """Outputs: alive, dead, saturated logistic, never moved relu, unconnected."""
    a, b = Layer(2), Layer(5, name="out")
    net = Network(a, [], b)
    a.project(Layer(list(b)[:4]), weights=[[1.0, 0.0, 90.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    b[2].bias, b[3].bias, b[3].squash = 200.0, -1.0, "relu"
    return net


def test_who_is_dead_and_who_saturated():
    found = activity(strange(), ROWS)
    assert found.dead.tolist() == [False, False, False, True, True, True, True]
    assert found.saturated.tolist() == [False, False, False, False, True, True, False]
    assert found.name.tolist()[2:] == [f"out {i}" for i in range(5)]


def test_statistics_are_those_of_the_activations_shown():
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    twin = net.clone()
    activations, slopes = [], []
    for row in ROWS:
        twin.activate(row)
        activations.append([n.activation for n in twin])
        slopes.append([n.derivative for n in twin])
    found = activity(net, ROWS, slope=0.2, share=0.5)
    assert found.mean == pytest.approx(np.mean(activations, axis=0), abs=1e-15)
    assert found.std == pytest.approx(np.std(activations, axis=0), abs=1e-15)
    flat = (np.abs(slopes) < 0.2).mean(axis=0)
    assert 0 < flat[2:].min() + flat[2:].max() < 2
    assert np.array_equal(found.flat[2:], flat[2:])
    assert np.array_equal(found.saturated[2:], flat[2:] >= 0.5)


def test_the_network_stays_as_it_was():
    net = used(lstm(2, 3, 1))
    with unchanged(net):
        activity(net, ROWS)
        activation_distribution(net, ROWS)


def test_the_context_is_cleared_first():
    fresh, old = architect.Elman(2, 3, 1, seed=0), architect.Elman(2, 3, 1, seed=0)
    old.run(ROWS)
    assert np.array_equal(activity(fresh, ROWS).mean, activity(old, ROWS).mean)


@pytest.mark.parametrize(
    "options", [{"still": -1.0}, {"slope": -0.1}, {"share": 1.5}, {"share": -0.5}, {"slope": np.nan}]
)
def test_bad_bounds(options):
    with pytest.raises(ArgumentError):
        activity(perceptron(2, 1), ROWS, **options)


def test_bad_inputs():
    with pytest.raises(ArgumentError, match="at least two steps"):
        activity(perceptron(2, 1), ROWS[:1])
    with pytest.raises(KindError, match="(to be|Expected) a Network"):
        activation_distribution(Layer(2), ROWS)


def test_weights_are_grouped_by_layers_and_self_connections_apart():
    net = architect.LSTM(
        2, 3, 1, hidden_to_hidden=True, peepholes=None, input_to_output=False, style="synaptic", seed=0
    )
    found = weight_distribution(net)
    assert found.group.tolist() == [
        "input -> input gates",
        "input -> forget gates",
        "input -> cells",
        "input -> output gates",
        "cells -> cells",
        "cells -> cells (self)",
        "cells -> output",
    ]
    assert found.n.tolist() == [6, 6, 6, 6, 6, 3, 3]
    weights = [c.weight for c in net.connections if c.source in list(net.input) and c.target in net["cells"]]
    assert found.mean[2] == pytest.approx(np.mean(weights), abs=1e-15)
    assert found.std[2] == pytest.approx(np.std(weights), abs=1e-15)
    quantiles = [found.least, found.quarter, found.median, found.three_quarters, found.greatest]
    assert [q[2] for q in quantiles] == pytest.approx(np.quantile(weights, [0, 0.25, 0.5, 0.75, 1]))
    assert [q[5] for q in quantiles] == [1.0] * 5


def test_activations_are_grouped_by_layer():
    net = perceptron(2, 3, 1)
    found = activation_distribution(net, ROWS)
    assert found.group.tolist() == ["input", "hidden", "output"]
    assert found.n.tolist() == [40, 60, 20]
    outputs = net.run(ROWS)
    assert (found.least[2], found.greatest[2]) == (outputs.min(), outputs.max())
    assert found.mean[0] == pytest.approx(ROWS.mean())


def test_without_connections_there_is_nothing_to_list():
    assert len(weight_distribution(Network(Layer(2), [], Layer(1)))) == 0


def equal(one, other):
    """Rounding depends on how arrays lie in memory."""
    if other.dtype.kind == "f":
        np.testing.assert_allclose(one, other, atol=1e-14)
    else:
        assert one.tolist() == other.tolist()


def test_a_log_is_analysed_as_the_run_that_it_recorded():
    net = strange()
    with record(net, "derivative", "activation", neurons=list(net)[::-1]) as log:
        net.run(ROWS)
    found, run = activity(net, log), activity(net, ROWS)
    for name, column in run.columns().items():
        equal(getattr(found, name), column)
    found, run = activation_distribution(net, log), activation_distribution(net, ROWS)
    for name, column in run.columns().items():
        equal(getattr(found, name), column)


def test_a_log_of_other_neurons_is_refused():
    net = strange()
    with record(net, neurons=net.output) as log:
        net.run(ROWS)
    with pytest.raises(ArgumentError, match="is not recorded"):
        activation_distribution(net, log)
    with record(net) as log:
        net.run(ROWS)
    with pytest.raises(UnknownNameError, match="derivative"):
        activity(net, log)
