"""Exact gradients, optimizers and trainers see a shared number once."""

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

import synapse
from synapse import Neuron, Trainer, gradient, optimizers

from ..strategies import SMOOTH, Twin, specs
from ..ties import EXACT, added_up, free_twin, groups_of, numbers, perceptron, tie_at_random
from .helpers import built, learning, loss, sequences


@settings(max_examples=25)
@given(specs(squashes=SMOOTH, most=4), st.integers(0, 999))
def test_gradients_are_differences_by_the_shared_number(spec, seed):
    net = Twin(spec).net
    assume(net.connections)
    tie_at_random(net, seed, groups=2)
    inputs, targets = sequences(net, (5, 3), spec.seed)
    with np.errstate(all="ignore"):
        assume(np.abs([state for rows in inputs for state in net.run(rows)]).max() < 10)
    net.clear()
    found = gradient(net, inputs, targets, "squared_error")
    slopes = np.concatenate([found.weights, found.biases])
    assume(np.abs(slopes).max() < 100)
    learns = np.concatenate(learning(net))
    learns[len(net.weights) : len(net.weights) + len(net.input)] = False
    for slope, learnt, one in zip(slopes, learns, [*net.connections, *net], strict=True):
        if not learnt:
            assert slope == 0
            continue
        name = "bias" if isinstance(one, Neuron) else "weight"
        value, ends = getattr(one, name), []
        for width in (1e-5, -1e-5):
            setattr(one, name, value + width)
            ends.append(loss(net, inputs, targets, "squared_error"))
        setattr(one, name, value)
        assert slope == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-5)


@pytest.mark.parametrize("sort", ["perceptron", "elman", "lstm", "gru", "random"])
def test_gradients_are_sums_over_members(sort):
    net = tie_at_random(built(sort), 5)
    data = sequences(net, (6, 3))
    ours, parts = gradient(net, *data), gradient(free_twin(net), *data)
    of_links, of_neurons = groups_of(net)
    assert ours.weights == pytest.approx(added_up(of_links, parts.weights), **EXACT)
    assert ours.biases == pytest.approx(added_up(of_neurons, parts.biases), **EXACT)


def test_the_rule_and_the_gradient_are_compared_by_shared_numbers():
    net = tie_at_random(perceptron(), 1)
    inputs, targets = sequences(net, (1, 1))
    found = synapse.learning.compare_gradients(net, inputs, targets)
    assert found.relative_error < 1e-9
    assert found.weights["exact"] == pytest.approx(gradient(net, inputs, targets).weights, **EXACT)
    elman = built("elman")
    data = sequences(elman, (6,))
    synapse.tie(elman.connections[:12])
    exact, online = (
        np.append(*(found_by[name] for found_by in (compared.weights, compared.biases)))
        for compared in [synapse.learning.compare_gradients(elman, *data)]
        for name in ("exact", "rule")
    )
    once = np.concatenate([np.arange(1), np.arange(12, len(exact))])
    cosine = exact[once] @ online[once] / np.linalg.norm(exact[once]) / np.linalg.norm(online[once])
    assert synapse.learning.compare_gradients(elman, *data).cosine == pytest.approx(cosine, abs=1e-12)


def by_hand(net, inputs, targets, l2, clip, steps, rate):
    """SGD with a penalty and a clipped norm, by parameters: each shared one once."""
    of_links, of_neurons = groups_of(net)
    first = [np.unique(groups, return_index=True)[1] for groups in (of_links, of_neurons)]
    learns = learning(net)
    for _ in range(steps):
        found = gradient(net, inputs, targets)
        slopes = [found.weights + l2 * net.weights, found.biases]
        length = np.sqrt(sum((slope[once] ** 2).sum() for slope, once in zip(slopes, first, strict=True)))
        scale = min(1.0, clip / length)
        learns[1][: len(net.input)] = False
        net.weights = net.weights - rate * scale * slopes[0] * learns[0]
        net.biases = net.biases - rate * scale * slopes[1] * learns[1]


def test_an_optimizer_sees_a_shared_number_once():
    net = tie_at_random(built("elman"), 5)
    inputs, targets = sequences(net, (6, 6, 6))
    twin = net.clone()
    options = {"method": "bptt", "optimizer": optimizers.SGD(0.1), "batch_size": 3, "l2": 0.3, "clip": 0.1}
    Trainer(net, **options).train(inputs, targets, epochs=4, progress=False, seed=0)
    by_hand(twin, inputs, targets, 0.3, 0.1, 4, 0.1)
    assert numbers(net) == pytest.approx(numbers(twin), **EXACT)


OPTIMIZERS = {
    "adam": optimizers.Adam(0.01),
    "rprop": optimizers.Rprop(0.01),
    "momentum": optimizers.SGD(0.05, momentum=0.9),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("method", ["bptt", "online"])
def test_training_keeps_what_is_tied(name, method):
    net = tie_at_random(built("lstm"), 2)
    inputs, targets = sequences(net, (6, 4, 5, 3))
    trainer = Trainer(net, method=method, optimizer=OPTIMIZERS[name], batch_size=3, l1=0.001)
    before, groups = numbers(net), groups_of(net)
    first = trainer.train(inputs, targets, epochs=1, progress=False, seed=0).error
    assert trainer.train(inputs, targets, epochs=20, progress=False, seed=0).error < first
    for values, group in zip((net.weights, net.biases), groups, strict=True):
        assert values.tolist() == values[group].tolist()
    assert np.abs(numbers(net) - before).max() > 1e-3


def test_lbfgs():
    pytest.importorskip("scipy")
    net = tie_at_random(perceptron(), 2)
    inputs, targets = sequences(net, (8,))
    before = loss(net, inputs, targets, "squared_error")
    trainer = Trainer(net, method="bptt", optimizer=optimizers.LBFGS(), cost="squared_error")
    trainer.train(inputs, targets, epochs=20, progress=False, seed=0)
    assert loss(net, inputs, targets, "squared_error") < 0.9 * before
    assert net.weights.tolist() == net.weights[groups_of(net)[0]].tolist()


def test_dropout_and_the_best_weights_brought_back():
    net = tie_at_random(perceptron(), 2)
    inputs, targets = sequences(net, (12,))
    trainer = Trainer(net, method="bptt", optimizer=optimizers.Adam(0.1), dropout=0.3)
    trainer.train(inputs[0], targets[0], epochs=20, validation=0.25, patience=2, seed=0, progress=False)
    for values, group in zip((net.weights, net.biases), groups_of(net), strict=True):
        assert values.tolist() == values[group].tolist()
