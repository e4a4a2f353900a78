"""Training by real-time recurrent learning: exact on every architecture, and a trainer like the others."""

import itertools

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer, gradient, initializers, optimizers
from synapse.errors import ArgumentError
from synapse.learning import compare_gradients

from ..engine.test_jit import run
from ..networks import GOLDEN, from_golden
from .helpers import learning, one_sequence, parameters, sequences

WIDE = {"initializer": initializers.uniform(0.8), "bias_initializer": initializers.uniform(0.8), "seed": 0}


def lstm(*sizes, style="synaptic", **options):
    return architect.LSTM(*sizes, style=style, **WIDE, **options)


def liquid(**options):
    return architect.Liquid(2, 12, 2, connections=40, gates=6, leak=0.5, train_pool=True, **WIDE, **options)


def convolutional():
    """Filters that look at an image and at what the network has just said."""
    net = architect.Convolutional(6, 2, filters=(2, 3), squash="tanh", hidden=(4,), **WIDE)
    net.output.project(net.hidden[0], 0.4, seed=1)
    net.hidden[-1].project(net.hidden[1], 0.4, seed=2)
    return net


def random(seed):
    options = {**WIDE, "seed": seed}
    return architect.Random(3, 16, 2, density=0.3, gates=8, self_connections=4, backward=16, **options)


NETWORKS = {
    "perceptron": lambda: architect.Perceptron(3, 5, 4, 2, **WIDE),
    "residual": lambda: architect.Residual(3, 4, 4, 2, **WIDE),
    "elman": lambda: architect.Elman(3, 6, 2, **WIDE),
    "elman, two layers": lambda: architect.Elman(3, 4, 5, 2, **WIDE),
    "jordan": lambda: architect.Jordan(3, 5, 2, **WIDE),
    "jordan, decay": lambda: architect.Jordan(3, 5, 2, context_decay=0.5, **WIDE),
    **{
        f"lstm, {style}, {peepholes}": lambda style=style, peepholes=peepholes: lstm(
            3, 4, 2, style=style, peepholes=peepholes
        )
        for style in ("synaptic", "standard")
        for peepholes in (None, "one_to_one", "all_to_all")
    },
    "lstm, recurrent": lambda: lstm(
        3, 4, 2, hidden_to_hidden=True, output_to_hidden=True, output_to_gates=True, input_to_output=True
    ),
    "lstm, no forget gates": lambda: lstm(3, 4, 2, forget_gates=False),
    "lstm, wide blocks": lambda: lstm(3, 3, 2, cells_per_block=3),
    "lstm, squashed cells": lambda: lstm(3, 4, 2, cell_squash="tanh"),
    "lstm, two layers": lambda: lstm(3, 3, 4, 2),
    "lstm, standard, two layers": lambda: lstm(3, 3, 4, 2, style="standard"),
    "gru": lambda: architect.GRU(3, 5, 2, **WIDE),
    "gru, two layers": lambda: architect.GRU(3, 4, 3, 2, **WIDE),
    "narx": lambda: architect.NARX(3, 5, 2, input_delay=3, output_delay=3, **WIDE),
    "liquid": liquid,
    "random 0": lambda: random(0),
    "random 1": lambda: random(1),
    "random 2": lambda: random(2),
    "convolutional": convolutional,
}
by_network = pytest.mark.parametrize("name", NETWORKS)


def exact(net, *data, within=1e-10, **options):
    found = compare_gradients(net, *data, method="rtrl", **options)
    ours, theirs = (np.append(found.weights[side], found.biases[side]) for side in ("rule", "exact"))
    assert np.abs(theirs).max() > 1e-3
    assert np.abs(ours - theirs).max() <= within * np.abs(theirs).max()


# --- it is the exact gradient -----------------------------------------------------------------------------


@by_network
def test_it_is_the_gradient_of_every_architecture(name):
    net = NETWORKS[name]()
    exact(net, *sequences(net, (8, 3)))


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize("cost", ["squared_error", "cross_entropy"])
def test_it_is_the_gradient_of_the_golden_networks(name, cost):
    net, _ = from_golden(name)
    exact(net, GOLDEN[name]["inputs"], GOLDEN[name]["targets"], cost)


@pytest.mark.parametrize("name", ["elman", "lstm, standard, one_to_one", "gru", "random 0", "liquid"])
def test_shared_and_frozen_parameters(name):
    net = NETWORKS[name]()
    rng = np.random.default_rng(0)
    for connection in net.connections[::7]:
        connection.trainable = False
    for neuron in list(net)[len(net.input) :: 5]:
        neuron.trainable = False
    free = [c for c in net.connections if c.trainable]
    shared = [free[i] for i in rng.permutation(len(free))[: len(free) // 2]]
    synapse.tie(shared, groups=rng.integers(0, 3, len(shared)))
    free = [neuron for neuron in list(net)[len(net.input) :] if neuron.trainable]
    synapse.tie(free[::2])
    inputs, targets = sequences(net, (8, 3))
    targets[0][[0, 1, 5]] = np.nan
    exact(net, inputs, targets)


@pytest.mark.parametrize("name", ["elman", "lstm, standard, one_to_one", "gru", "random 0", "jordan"])
def test_single_precision(name):
    net = NETWORKS[name]()
    options = {**WIDE, "dtype": "float32"}
    builds = {
        "elman": lambda: architect.Elman(3, 6, 2, **options),
        "lstm, standard, one_to_one": lambda: architect.LSTM(3, 4, 2, peepholes="one_to_one", **options),
        "gru": lambda: architect.GRU(3, 5, 2, **options),
        "random 0": lambda: architect.Random(3, 9, 2, gates=8, backward=9, **options),
        "jordan": lambda: architect.Jordan(3, 5, 2, **options),
    }
    net = builds[name]()
    exact(net, *sequences(net, (8, 3)), within=2e-5)


@pytest.mark.parametrize(
    "build",
    [
        lambda: architect.Elman(3, 5, 4, output_squash="softmax", **WIDE),
        lambda: architect.Jordan(3, 5, 4, output_squash="softmax", **WIDE),
        lambda: architect.Jordan(3, 5, 4, context_decay=0.3, output_squash="softmax", **WIDE),
    ],
)
def test_softmax_outputs(build):
    net = build()
    inputs, targets = sequences(net, (8, 3))
    exact(net, inputs, [aims / aims.sum(axis=1, keepdims=True) for aims in targets])


def test_softmax_outputs_that_gate_the_next_step():
    net = architect.Jordan(3, 5, 4, output_squash="softmax", **WIDE)
    hidden = net.hidden[-1]
    for k, neuron in enumerate(hidden):
        net.output[k % 4].gate(*neuron.incoming[:3])
        neuron.project(neuron, weight=0.5, trainable=True)
    net.output[1].gate(hidden[0].self_connection)
    inputs, targets = sequences(net, (8, 3))
    exact(net, inputs, [aims / aims.sum(axis=1, keepdims=True) for aims in targets])


def test_random_neurons_count_as_deterministic():
    net = architect.Elman(3, 5, 2, **WIDE)
    net.hidden[0].squash = "bernoulli"
    exact(net, *sequences(net, (8,)))
    net.deterministic = True
    exact(net, *sequences(net, (8,)))


@pytest.mark.parametrize("cost", ["squared_error", "mean_squared_error", "cross_entropy", "binary_misses"])
def test_every_cost(cost):
    net = architect.GRU(3, 4, 2, **WIDE)
    inputs, targets = sequences(net, (8, 3))
    if cost == "binary_misses":
        targets = [np.round(aims) for aims in targets]
    exact(net, inputs, targets, cost)


@pytest.mark.torch
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", ["elman", "lstm, standard, all_to_all", "gru", "random 1", "narx"])
def test_automatic_differentiation_finds_the_same(name):
    torch = pytest.importorskip("torch")
    net = NETWORKS[name]()
    inputs, targets = one_sequence(net, 8)
    module = synapse.to_torch(net)
    outputs = module(torch.tensor(inputs))
    (0.5 * (outputs - torch.tensor(targets)) ** 2).sum().backward()
    found = compare_gradients(net, inputs, targets, "squared_error", method="rtrl")
    learn = [c.trainable for c in net.connections], [neuron.trainable for neuron in net]
    for part, parameter, chosen in zip((found.weights, found.biases), (module.weight, module.bias), learn):
        theirs = parameter.grad.numpy()[: len(part)][chosen]
        assert part["rule"][chosen] == pytest.approx(theirs, abs=1e-12, rel=1e-10)


# --- orders ------------------------------------------------------------------------------------------------


def test_higher_orders_are_nearer():
    net = architect.GRU(3, 6, 2, **WIDE)
    data = sequences(net, (20, 20))
    errors = [compare_gradients(net, *data, method="rtrl", order=n).relative_error for n in (1, 2, 3, 4)]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 1e-3
    assert errors[-1] < 1e-12


def test_the_order_is_part_of_the_result():
    net = architect.GRU(2, 3, 1, seed=0)
    data = sequences(net, (4,))
    found = compare_gradients(net, *data, method="rtrl", order=2)
    assert (found.method, found.order) == ("rtrl", 2)
    assert repr(found).startswith("<GradientComparison of rtrl, order 2: cosine ")
    assert repr(compare_gradients(net, *data, method="rtrl")).startswith("<GradientComparison of rtrl: ")
    for options, problem in (
        ({"method": "bptt"}, "online.*rtrl"),
        ({"order": 2}, "order is for"),
        ({"method": "rtrl", "order": 0}, "above 0"),
    ):
        with pytest.raises(ArgumentError, match=problem):
            compare_gradients(net, *data, **options)


# --- the trainer -------------------------------------------------------------------------------------------


def elman(**options):
    return architect.Elman(3, 5, 2, **{**WIDE, **options})


def trained(net, data, *, trainer=None, **options):
    options = {"progress": False, "shuffle": False, "epochs": 3, **options}
    result = Trainer(net, method="rtrl", **(trainer or {})).train(*data, **options)
    return parameters(net), result


@pytest.mark.parametrize("order", [1, None])
@pytest.mark.parametrize("name", ["elman", "lstm, synaptic, all_to_all", "gru", "random 0", "softmax"])
def test_steps_from_python_are_those_of_the_trainer(name, order):
    def build():
        if name == "softmax":
            return architect.Jordan(3, 5, 4, output_squash="softmax", **WIDE)
        return NETWORKS[name]()

    net, twin = build(), build()
    inputs, targets = sequences(net, (7, 4))
    if name == "softmax":
        targets = [aims / aims.sum(axis=1, keepdims=True) for aims in targets]
    targets[0][2] = np.nan
    expected, _ = trained(net, (inputs, targets), trainer={"rate": 0.3, "order": order}, epochs=2)
    twin.learning_rule = "rtrl", order
    for _ in range(2):
        for rows, aims in zip(inputs, targets, strict=True):
            twin.clear()
            for row, aim in zip(rows, aims, strict=True):
                twin.activate(row)
                if not np.isnan(aim).all():
                    twin.propagate(0.3, aim)
    assert np.abs(parameters(twin) - expected).max() < 1e-12


def test_one_update_a_sequence_is_backpropagation_through_time():
    net, twin = elman(), elman()
    data = sequences(net, (7, 4, 5))
    ours, _ = trained(net, data, trainer={"rate": 0.3, "batch_size": "sequence"})
    Trainer(twin, rate=0.3, method="bptt", batch_size=1).train(*data, epochs=3, shuffle=False, progress=False)
    assert np.abs(ours - parameters(twin)).max() < 1e-12


@pytest.mark.parametrize("size", [1, 2, 3, 50])
@pytest.mark.parametrize("make", [optimizers.SGD, lambda: optimizers.Adam(0.01), optimizers.Rprop])
def test_an_optimizer_gets_the_sum_of_some_steps(size, make):
    """Beside the same by hand: updates of single steps at a rate of 1, summed."""
    net, twin = elman(), elman()
    inputs, targets = one_sequence(net, 11)
    targets[[2, 3]] = np.nan
    options = {"rate": 0.2} if make is optimizers.SGD else {}
    found, _ = trained(
        net, ([inputs], [targets]), trainer={"optimizer": make(), "batch_size": size, **options}, epochs=1
    )
    twin.learning_rule = "rtrl"
    state, total, count = None, 0.0, 0
    aimed = (~np.isnan(targets)).all(axis=1)
    for t, (row, aim) in enumerate(zip(inputs, targets, strict=True)):
        twin.activate(row)
        if aimed[t]:
            before = parameters(twin)
            twin.propagate(1.0, aim)
            total, count = total + before - parameters(twin), count + 1
            twin.weights, twin.biases = np.split(before, [len(twin.weights)])
        if count and (count == size or t == len(inputs) - 1):
            values, learn = parameters(twin), np.concatenate(learning(twin))
            state = state or make().begin(values, frozen=~learn)
            state.step(values, total, options.get("rate"))
            twin.weights, twin.biases = np.split(values, [len(twin.weights)])
            total, count = 0.0, 0
    assert np.abs(found - parameters(twin)).max() < 1e-12


@pytest.mark.parametrize("cuts", [[0, 20], [0, 1, 20], [0, 7, 8, 15, 20]])
@pytest.mark.parametrize("options", [{}, {"optimizer": optimizers.Adam(0.01), "batch_size": 4}])
def test_a_stream_may_be_cut_anywhere(cuts, options):
    inputs, targets = one_sequence(elman(), 20)
    if options and cuts != [0, 20]:
        cuts = [4 * round(cut / 4) for cut in cuts]  # batches end with the pieces of a stream
        cuts = sorted(set(cuts))
    pieces = [(inputs[a:b], targets[a:b]) for a, b in itertools.pairwise(cuts)]
    whole, stream = elman(), elman()
    Trainer(whole, method="rtrl", **options).train(inputs, targets, epochs=1, progress=False)
    Trainer(stream, method="rtrl", **options).train(pieces, progress=False)
    assert (parameters(whole) == parameters(stream)).all()


def test_a_stream_goes_on_where_a_call_has_ended():
    inputs, targets = one_sequence(elman(), 20)
    whole, parts = elman(), elman()
    Trainer(whole, method="rtrl").train(inputs, targets, epochs=1, progress=False)
    trainer = Trainer(parts, method="rtrl")
    for piece in (slice(9), slice(9, 20)):
        trainer.train(inputs[piece], targets[piece], epochs=1, progress=False)
    assert (parameters(whole) == parameters(parts)).all()


def test_a_function_may_be_called_after_every_step():
    net, twin = elman(), elman()
    data = sequences(net, (7, 4))
    expected, _ = trained(net, data)
    seen = []
    found, _ = trained(twin, data, on_step=seen.append)
    assert (found == expected).all()
    assert len(seen) == 3 * 11


def everything(order=None):
    """Every bit of a training: numbers, errors, sensitivities."""
    net = random(0)
    net.learning_rule = "rtrl", order
    inputs, targets = one_sequence(net, 30)
    result = Trainer(net, rate=0.3).train([inputs], [targets], epochs=5, progress=False)
    net.run(inputs)
    known = [value for c in net.connections for value in c.sensitivity.values()]
    return np.concatenate([parameters(net), result.history["error"], known]).tobytes()


def test_another_process_finds_the_same_bits():
    found = everything()
    assert found == everything()
    code = "from tests.learning.test_rtrl import everything; print(everything().hex())"
    assert bytes.fromhex(run("-c", code, PYTHONHASHSEED="1")) == found


def test_comparing_changes_nothing():
    net = architect.GRU(3, 4, 2, **WIDE)
    net.learning_rule = "rtrl"
    inputs, targets = one_sequence(net, 6)
    net.run(inputs)
    before = [dict(c.sensitivity) for c in net.connections]
    compare_gradients(net, inputs, targets, method="rtrl", order=1)
    compare_gradients(net, inputs, targets)
    gradient(net, inputs, targets)
    assert [dict(c.sensitivity) for c in net.connections] == before
    assert net.learning_rule == ("rtrl", None)
