"""Dead and saturated neurons, counted by hand."""

import numpy as np
import pytest

import architect
from synapse import Layer, Network
from synapse.analysis import activity
from synapse.errors import ArgumentError

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
    """From a cleared context on."""
    # with rising and falling slopes
    net = architect.Elman(2, 4, 1, squash="gaussian", seed=0)
    net.biases = np.random.default_rng(1).uniform(-1, 1, len(net))
    twin = net.clone()
    net.run(ROWS)
    activations = []
    slopes = []
    for row in ROWS:
        twin.activate(row)
        activations.append([n.activation for n in twin])
        slopes.append([n.derivative for n in twin])
    table = activity(net, ROWS, slope=0.2, fraction=0.5)
    assert table.mean == pytest.approx(np.mean(activations, axis=0), abs=1e-15)
    assert table.std == pytest.approx(np.std(activations, axis=0), abs=1e-15)
    flat = (np.abs(slopes) < 0.2).mean(axis=0)[2:]
    assert 0 < flat.min() + flat.max() < 2
    assert np.array_equal(table.flat[2:], flat)
    assert np.array_equal(table.saturated[2:], flat >= 0.5)


def test_bounds_belong_to_what_they_bound():
    net = strange()
    exact = activity(net, ROWS, still=0.0, slope=0.0)
    assert exact.dead.tolist()[5:] == [True, True]
    assert not exact.flat.any()
    assert not exact.saturated.any()  # no slope is below 0
    for fraction, expected in (
        (1.0, [False] * 4 + [True] * 2 + [False]),
        (0.0, [False] * 2 + [True] * 5),  # inputs have no slope
    ):
        assert activity(net, ROWS, fraction=fraction).saturated.tolist() == expected
    for options in ({"still": -1.0}, {"slope": -0.1}, {"fraction": 1.5}):
        with pytest.raises(ArgumentError, match=next(iter(options))):
            activity(net, ROWS, **options)
    with pytest.raises(ArgumentError, match="at least two steps"):
        activity(net, ROWS[:1])
