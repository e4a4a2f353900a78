"""Moves that are summed while weights stand still: that they are those of single steps
is tested in `tests/learning/test_gradient.py`."""

import numpy as np
import pytest

import architect
from synapse import _cost, engine, initializers
from synapse.engine.online import Accumulator
from tests.helpers.networks import perceptron

CODE = _cost.get("squared_error").code


def peepholes():
    wide = initializers.uniform(0.8)
    return architect.LSTM(3, 4, 2, style="synaptic", initializer=wide, seed=1)


def test_everything_else_is_left_as_a_step_leaves_it():
    """Of one step: the errors, traces and activations are the same whether weights move
    or not."""
    net, twin = peepholes(), peepholes()
    rng = np.random.default_rng(0)
    row, targets = rng.uniform(-1, 1, 3), rng.random(2)
    net.activate(row), twin.activate(row)
    twin.propagate(0.3, targets, "squared_error")
    store, span = net._lowered()[1:]
    updates = Accumulator(store)
    rate = store.dtype.type(0.3)
    engine.online.propagate_targets(
        updates.address, store.scalar, span, targets, CODE, rate, 0
    )
    others = set(store.columns) - {"weight", "bias"}
    assert [n for n in others if not np.array_equal(store[n], twin._store[n])] == []
    for column, sums in (("weight", updates.weights), ("bias", updates.biases)):
        expected = pytest.approx(twin._store[column], rel=1e-15, abs=1e-16)
        assert store[column] + sums == expected


def test_an_accumulator_is_of_one_topology():
    net = perceptron(2, 3, 1, seed=1)
    net.activate([0.0, 0.0])
    updates = Accumulator(net._store)
    net.input[0].project(net.output[0])
    with pytest.raises(RuntimeError, match="topology has changed"):
        updates.address  # noqa: B018
