"""Training by real-time recurrent learning: exact on every architecture, a trainer like
the others, and what it needs, by reach."""

import gc
import tracemalloc
from functools import partial

import numpy as np
import pytest

import architect
from synapse import Trainer, initializers, optimizers
from synapse.errors import ArgumentTypeError, SynapseError, TopologyError
from synapse.learning import compare_gradients, rtrl_cost
from synapse.objects import sensitivities
from tests.helpers.cases import all_refused, every_case
from tests.helpers.networks import perceptron

from .helpers import learning, one_sequence, parameters, sequences

WIDE = {
    "initializer": initializers.uniform(0.8),
    "bias_initializer": initializers.uniform(0.8),
    "seed": 0,
}


NETWORKS = {
    "residual": lambda **o: architect.Residual(3, 4, 4, 2, **o),
    "elman": lambda **o: architect.Elman(3, 5, 2, **o),
    "jordan": lambda **o: architect.Jordan(3, 5, 2, context_decay=0.5, **o),
    "lstm": lambda **o: architect.LSTM(
        3, 4, 2, style="synaptic", peepholes="all_to_all", **o
    ),
    "lstm, recurrent": lambda **o: architect.LSTM(
        *(3, 4, 2),
        style="synaptic",
        hidden_to_hidden=True,
        output_to_hidden=True,
        output_to_gates=True,
        **o,
    ),
    "lstm, two layers": lambda **o: architect.LSTM(
        3, 3, 4, 2, style="synaptic", cells_per_block=2, **o
    ),
    "gru": lambda **o: architect.GRU(3, 5, 2, **o),
    "narx": lambda **o: architect.NARX(3, 5, 2, input_delay=3, output_delay=3, **o),
    "liquid": lambda **o: architect.Liquid(
        *(2, 12, 2), connections=40, gates=6, leak=0.5, train_pool=True, **o
    ),
    "random": lambda **o: architect.Random(
        *(3, 16, 2), density=0.3, gates=8, self_connections=4, backward=16, **o
    ),
    "convolutional": lambda **o: architect.Convolutional(
        6, 2, filters=(2, 3), hidden=(4,), **o
    ),
}


@every_case("name", NETWORKS)
@every_case(("dtype", "within"), [("float64", 1e-10), ("float32", 1e-4)])
def test_it_is_the_gradient_of_every_architecture(name, dtype, within):
    net = NETWORKS[name](**WIDE, dtype=dtype)
    comparison = compare_gradients(net, *sequences(net, (8, 3)), rule="rtrl")
    ours, theirs = (
        np.append(comparison.weights[side], comparison.biases[side])
        for side in ("rule", "exact")
    )
    assert np.abs(theirs).max() > 1e-3
    assert np.abs(ours - theirs).max() <= within * np.abs(theirs).max()


elman = partial(NETWORKS["elman"], **WIDE)


IN_ORDER = {"shuffle": False, "progress": False}


def test_one_update_a_sequence_is_backpropagation_through_time():
    net, twin = (elman() for _ in range(2))
    data = sequences(net, (7, 4, 5))
    for network, rule, size in ((net, "rtrl", "sequence"), (twin, "bptt", 1)):
        trainer = Trainer(network, rate=0.3, rule=rule, batch_size=size)
        trainer.train(*data, epochs=3, **IN_ORDER)
    assert np.abs(parameters(net) - parameters(twin)).max() < 1e-12


@every_case("size", [1, 3, 50])
def test_an_optimizer_gets_the_sum_of_some_steps(size):
    """Beside the same by hand: updates of single steps at a rate of 1, summed."""
    net, twin = (elman() for _ in range(2))
    adam = optimizers.Adam(0.01)
    inputs, targets = one_sequence(net, 11)
    targets[[2, 3]] = np.nan
    Trainer(net, rule="rtrl", optimizer=adam, batch_size=size).train(
        [inputs], [targets], epochs=1, **IN_ORDER
    )
    expected = parameters(net)
    twin.rule = "rtrl"
    state = adam.begin(expected, frozen=~np.concatenate(learning(net)))
    total = count = 0
    for t, (row, aim) in enumerate(zip(inputs, targets, strict=True)):
        twin.activate(row)
        if not np.isnan(aim).any():
            before = parameters(twin)
            twin.propagate(1.0, aim)
            total, count = total + before - parameters(twin), count + 1
            twin.weights, twin.biases = np.split(before, [len(twin.weights)])
        if count and (count == size or t == len(inputs) - 1):
            values = parameters(twin)
            state.step(values, total)
            twin.weights, twin.biases = np.split(values, [len(twin.weights)])
            total = count = 0
    assert np.abs(expected - parameters(twin)).max() < 1e-12


def test_sensitivities_of_frozen_weights_from_a_copy_that_learns_them():
    net, twin = (architect.Elman(2, 3, 1, seed=0) for _ in range(2))
    inputs = np.random.default_rng(0).uniform(-1, 1, (6, 2))
    for link in net.connections:
        link.trainable = False
    for link in twin.connections:
        link.trainable = True
    twin.rule = "rtrl"
    twin.run(inputs)
    for number, link in enumerate(twin.connections):
        states = []
        for change in (1e-6, -1e-6):
            moved = net.clone()
            moved.connections[number].weight += change
            moved.run(inputs)
            states.append({neuron.name: neuron.state for neuron in moved})
        assert link.sensitivity or link.target in twin.output
        for neuron, slope in link.sensitivity.items():
            difference = (states[0][neuron.name] - states[1][neuron.name]) / 2e-6
            assert abs(slope - difference) < 1e-8
    assert not any(link.trainable for link in net.connections)


# --- what it needs --------------------------------------------------------------------


def test_an_elman_network_needs_what_the_textbook_says():
    n = 15
    parameters = n * (7 + n + 1)
    # sweeps go back along the weights from the context, and along its copies: of the
    # whole layer, or of one neuron
    near = {"sensitivities": parameters, "products": parameters, "sweeps": n * (n + 1)}
    far = {
        "sensitivities": n * parameters,
        "products": n * n * parameters,
        "sweeps": 2 * n * n,
    }
    rows = rtrl_cost(architect.Elman(7, n, 7, seed=0))
    assert [*rows] == [1, 2, 3, None]
    for reach, row in rows.items():
        expected = near if reach == 1 else far
        assert {name: getattr(row, name) for name in expected} == expected
        assert (row.reach, row.direct, row.recurrent) == (reach, parameters, n)
        assert row.multiply_adds == row.sweeps + row.products + row.direct


@pytest.mark.full
@every_case("dtype", ["float64", "float32"])
@every_case("reach", [1, None])
def test_memory_is_what_a_plan_takes(dtype, reach):
    net = architect.Elman(7, 60, 7, seed=0, dtype=dtype)
    row = rtrl_cost(net, [reach])[reach]
    _, store, span = net._lowered()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        plan = sensitivities.made_plan(net, store, span, reach)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert plan.layout.size == row.sensitivities
    assert row.bytes == pytest.approx(taken, rel=0.1)


def test_what_does_not_fit_into_memory_is_a_row_with_its_size(monkeypatch):
    monkeypatch.setattr(sensitivities, "most_bytes", lambda: 50_000.0)
    table = rtrl_cost(architect.Elman(7, 15, 7, seed=0), (1, None))
    assert not table[1]._too_large
    assert f" {table[1].bytes / 1e3:.3g} kB " in repr(table)
    large = table[None]
    assert large._too_large
    assert large.bytes > 2 * 8 * 15 * 345
    assert (*large[1:3], large.multiply_adds) == (None, None, None)
    assert repr(table).splitlines()[-1].split()[:3] == ["None", "too", "large"]


def test_what_cannot_be_used_is_refused():
    net, joined = (perceptron(2, 3, 1) for _ in range(2))
    joined.project(perceptron(1, 1))
    words = "reach(es)?`? of rtrl_cost"
    all_refused(
        [
            (partial(rtrl_cost, [net]), ArgumentTypeError, "a Network"),
            (partial(rtrl_cost, joined), TopologyError, "Disconnect"),
            *(
                (partial(rtrl_cost, net, reaches), SynapseError, words)
                for reaches in (0, [0], ["2"], "12", [1.5])
            ),
        ]
    )
