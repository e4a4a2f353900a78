"""Training by real-time recurrent learning: exact on every architecture, and a trainer
like the others."""

import numpy as np

import architect
from synapse import Trainer, initializers, optimizers
from synapse.learning import compare_gradients
from tests.helpers.cases import every_case

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


def exact(net, *data, within=1e-10, **options):
    comparison = compare_gradients(net, *data, rule="rtrl", **options)
    ours, theirs = (
        np.append(comparison.weights[side], comparison.biases[side])
        for side in ("rule", "exact")
    )
    assert np.abs(theirs).max() > 1e-3
    assert np.abs(ours - theirs).max() <= within * np.abs(theirs).max()


@every_case("name", NETWORKS)
@every_case(("dtype", "within"), [("float64", 1e-10), ("float32", 1e-4)])
def test_it_is_the_gradient_of_every_architecture(name, dtype, within):
    net = NETWORKS[name](**WIDE, dtype=dtype)
    exact(net, *sequences(net, (8, 3)), within=within)


def elman():
    return NETWORKS["elman"](**WIDE)


def trained(net, data, *, trainer=None, **options):
    options = {"progress": False, "shuffle": False, "epochs": 3, **options}
    result = Trainer(net, rule="rtrl", **(trainer or {})).train(*data, **options)
    return parameters(net), result


def test_one_update_a_sequence_is_backpropagation_through_time():
    net = elman()
    twin = elman()
    data = sequences(net, (7, 4, 5))
    ours, _ = trained(net, data, trainer={"rate": 0.3, "batch_size": "sequence"})
    Trainer(twin, rate=0.3, rule="bptt", batch_size=1).train(
        *data, epochs=3, shuffle=False, progress=False
    )
    assert np.abs(ours - parameters(twin)).max() < 1e-12


@every_case("size", [1, 3, 50])
def test_an_optimizer_gets_the_sum_of_some_steps(size):
    """Beside the same by hand: updates of single steps at a rate of 1, summed."""
    net = elman()
    twin = elman()
    adam = optimizers.Adam(0.01)
    inputs, targets = one_sequence(net, 11)
    targets[[2, 3]] = np.nan
    expected, _ = trained(
        net,
        ([inputs], [targets]),
        trainer={"optimizer": adam, "batch_size": size},
        epochs=1,
    )
    twin.rule = "rtrl"
    state = adam.begin(expected, frozen=~np.concatenate(learning(net)))
    total = 0.0
    count = 0
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
            total = 0.0
            count = 0
    assert np.abs(expected - parameters(twin)).max() < 1e-12


def test_sensitivities_of_frozen_weights_from_a_copy_that_learns_them():
    net = architect.Elman(2, 3, 1, seed=0)
    inputs = np.random.default_rng(0).uniform(-1, 1, (6, 2))
    for link in net.connections:
        link.trainable = False
    twin = net.clone()
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
