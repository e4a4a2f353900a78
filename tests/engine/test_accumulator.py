"""Moves that are summed while weights stand still are those that the online rule
makes."""

import numpy as np
import pytest

import architect
from synapse import _cost, engine, initializers
from synapse.engine.online import Accumulator
from tests.helpers.cases import all_hold
from tests.helpers.networks import lstm, perceptron
from tests.helpers.strategies import Twin, crowded
from tests.helpers.ties import groups_of, tie_at_random

from ..learning.helpers import by_steps

CODE = _cost.get("squared_error").code
WIDE = initializers.uniform(0.8)

NETS = {
    "perceptron": lambda: perceptron(3, 5, 4, 2, seed=1),
    "wide": lambda: perceptron(19, 12, 3, seed=1),
    "lstm": lambda: lstm(2, 3, 2, seed=1),
    "peepholes": lambda: architect.LSTM(
        3, 4, 2, style="synaptic", initializer=WIDE, seed=1
    ),
    "stacked": lambda: architect.LSTM(2, 3, 3, 2, initializer=WIDE, seed=1),
    "elman": lambda: architect.Elman(3, 5, 2, seed=1),
    "gru": lambda: architect.GRU(3, 4, 2, seed=1),
    "tied": lambda: tie_at_random(perceptron(3, 5, 4, 2, seed=1), 3),
    "tied peepholes": lambda: tie_at_random(
        architect.LSTM(3, 4, 2, style="synaptic", seed=1), 5
    ),
    **{f"crowd {seed}": lambda seed=seed: Twin(crowded(seed)).net for seed in range(8)},
}


def data(net, steps=7, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (steps, len(net.input))), rng.random(
        (steps, len(net.output))
    )


def moves_of(net, updates):
    """By the network's connections and neurons, in float64."""
    return (
        updates.weights[net._connection_rows()].astype(float),
        updates.biases[net._rows()].astype(float),
    )


def accumulated(net, inputs, targets, rate=1.0, clear=True):
    """One compiled pass in which updates are summed."""
    store, span = net._lowered()[1:]
    updates = Accumulator(store)
    steps = len(inputs)
    control = np.zeros(2, np.int64)
    engine.online.train_network(
        updates.address,
        store.scalar,
        span,
        (
            inputs.reshape(-1),
            targets.reshape(-1),
            np.ones(steps, np.uint8),
            np.array([0, steps], np.int64),
            np.zeros((1, 1), np.int64),
            0 if clear else 1,
        ),
        CODE,
        np.full(1, rate, store.dtype),
        True,
        np.empty(128),
        control,
        np.empty(1),
        -np.inf,
        tuple(engine.online.NOTHING_RENEWED),
        (
            *(np.empty(size) for size in (store.n_connections, store.n_neurons)),
            engine.online.new_batch(),
        ),
    )
    assert control[1] == steps
    return updates


def shared(net, weights, biases):
    """Every member of a tie has the sum of all."""
    return [
        np.bincount(groups, values, len(groups))[groups]
        for groups, values in zip(groups_of(net), (weights, biases), strict=True)
    ]


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::synapse.errors.TrainingWarning")
def test_the_sum_is_what_single_steps_would_move():
    all_hold(compare_with_single_steps, NETS)


def compare_with_single_steps(build):
    net = build()
    twin = build()
    inputs, targets = data(net)
    before = (net.weights, net.biases)
    expected = by_steps(twin, [inputs], [targets], "squared_error")
    updates = shared(net, *moves_of(net, accumulated(net, inputs, targets)))
    assert (net.weights == before[0]).all()
    assert (net.biases == before[1]).all()
    assert not net._store["pending_step"].any()
    for ours, theirs in zip(updates, expected, strict=True):
        assert ours == pytest.approx(-theirs, rel=1e-9, abs=1e-12)


def test_everything_else_is_left_as_a_step_leaves_it():
    """Of one step: the errors, traces and activations are the same whether weights move
    or not."""
    net = NETS["peepholes"]()
    twin = NETS["peepholes"]()
    inputs, targets = data(net, 1)
    net.activate(inputs[0]), twin.activate(inputs[0])
    twin.propagate(0.3, targets[0], "squared_error")
    store, span = net._lowered()[1:]
    updates = Accumulator(store)
    rate = store.dtype.type(0.3)
    engine.online.propagate_targets(
        updates.address, store.scalar, span, targets[0], CODE, rate, 0
    )
    for name in set(store.columns) - {"weight", "bias"}:
        assert np.array_equal(store[name], twin._store[name]), name
    for ours, theirs in zip(("weights", "biases"), ("weight", "bias"), strict=True):
        assert store[theirs] + getattr(updates, ours) == pytest.approx(
            twin._store[theirs], rel=1e-15, abs=1e-16
        )


def test_an_accumulator_is_of_one_topology():
    net = perceptron(2, 3, 1, seed=1)
    net.activate([0.0, 0.0])
    updates = Accumulator(net._store)
    net.input[0].project(net.output[0])
    with pytest.raises(RuntimeError, match="topology has changed"):
        updates.address  # noqa: B018
