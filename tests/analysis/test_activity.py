"""Dead and saturated neurons, counted by hand."""

import numpy as np
import pytest

import architect
from synapse import Layer, Network
from synapse.analysis import activity
from synapse.errors import ArgumentError
from tests.helpers.cases import all_refused

ROWS = np.random.default_rng(0).uniform(-1, 1, (20, 2))


def strange():
    """Outputs: alive, dead, saturated logistic, never moved relu, unconnected."""
    a = Layer(2)
    b = Layer(5, name="out")
    net = Network(a, [], b)
    a.project(Layer(list(b)[:4]), weights=[[1.0, 0.0, 90.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    b[2].bias = 200.0
    b[3].bias = -1.0
    b[3].squash = "relu"
    return net


def test_who_is_dead_and_who_saturated():
    table = activity(strange(), ROWS)
    assert table.dead.tolist() == [False, False, False, True, True, True, True]
    assert table.saturated.tolist() == [False, False, False, False, True, True, False]
    assert table.name.tolist()[2:] == [f"out {i}" for i in range(5)]


def test_statistics_are_those_of_the_activations_shown():
    # with rising and falling slopes
    net = architect.Elman(2, 4, 1, squash="gaussian", seed=0)
    net.biases = np.random.default_rng(1).uniform(-1, 1, len(net))
    twin = net.clone()
    activations = []
    slopes = []
    for row in ROWS:
        twin.activate(row)
        activations.append([n.activation for n in twin])
        slopes.append([n.derivative for n in twin])
    table = activity(net, ROWS, slope=0.2, fraction=0.5)
    assert table.mean == pytest.approx(np.mean(activations, axis=0), abs=1e-15)
    assert table.std == pytest.approx(np.std(activations, axis=0), abs=1e-15)
    flat = (np.abs(slopes) < 0.2).mean(axis=0)
    assert 0 < flat[2:].min() + flat[2:].max() < 2
    assert np.array_equal(table.flat[2:], flat[2:])
    assert np.array_equal(table.saturated[2:], flat[2:] >= 0.5)


def test_the_context_is_cleared_first():
    fresh = architect.Elman(2, 3, 1, seed=0)
    old = architect.Elman(2, 3, 1, seed=0)
    old.run(ROWS)
    assert np.array_equal(activity(fresh, ROWS).mean, activity(old, ROWS).mean)


def test_bounds_belong_to_what_they_bound():
    net = strange()
    exact = activity(net, ROWS, still=0.0, slope=0.0)
    assert exact.dead.tolist()[5:] == [True, True]
    assert not exact.flat.any()
    assert not exact.saturated.any()  # no slope is below 0
    always = activity(net, ROWS, fraction=1.0)
    assert always.saturated.tolist() == [False] * 4 + [True] * 2 + [False]
    # inputs have no slope
    assert (
        activity(net, ROWS, fraction=0.0).saturated.tolist() == [False] * 2 + [True] * 5
    )
    all_refused(
        [
            (lambda: activity(net, ROWS, still=-1.0), ArgumentError, "still"),
            (lambda: activity(net, ROWS, slope=-0.1), ArgumentError, "slope"),
            (lambda: activity(net, ROWS, fraction=1.5), ArgumentError, "fraction"),
            (lambda: activity(net, ROWS[:1]), ArgumentError, "at least two steps"),
        ]
    )
