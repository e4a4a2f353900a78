"""Networks that a callback edits while they are trained by batches."""

import warnings

import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
import synapse
from synapse import Trainer, optimizers
from synapse.errors import ArgumentError
from tests.helpers.cases import every_case

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(10, 4, 2))
TARGETS = RNG.random((10, 4, 1))
WAYS = {
    "bptt": {"rule": "bptt", "optimizer": optimizers.Adam(0.05)},
    "dropout": {"rule": "bptt", "optimizer": optimizers.Adam(0.05), "dropout": 0.2},
    "search": {"rule": "bptt", "optimizer": optimizers.LBFGS()},
    "online": {"rule": "online", "optimizer": optimizers.Adam(0.05)},
}
every_way = every_case("way", WAYS)


def trained(edit, way, epochs=5):
    """A network edited after its second epoch, and its weights after every epoch."""
    if way == "search":
        pytest.importorskip("scipy")
    net = architect.Elman(2, 3, 1, seed=0)
    seen = []

    def callback(news):
        if news.epoch == 2:
            edit(net)
        seen.append(
            {(link.source, link.target): link.weight for link in net.connections}
        )

    trainer = Trainer(net, batch_size=None if way == "search" else 4, **WAYS[way])
    trainer.train(
        INPUTS, TARGETS, epochs=epochs, callbacks=[callback], progress=False, seed=0
    )
    return net, seen


OPTIMIZERS = [
    optimizers.SGD(0.1, momentum=0.9),
    optimizers.AdamW(0.05, weight_decay=0.1),
    optimizers.RMSprop(0.01),
    optimizers.Rprop(),
]


@given(
    optimizer=st.sampled_from(OPTIMIZERS),
    rule=st.sampled_from(["bptt", "online"]),
    plan=st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(["freeze", "unfreeze", "flip"])),
        max_size=6,
    ),
)
def test_whatever_is_not_trainable_does_not_move_whenever_it_is_set(
    optimizer, rule, plan
):
    """With momentum, moments and decay of every optimizer, and layers frozen between
    epochs."""
    net = architect.LSTM(2, 2, 1, seed=0)
    steps = iter(plan)
    wrong = []
    state = {}

    def callback(news):
        for owner, (fixed, value) in state.items():
            now = owner.bias if isinstance(owner, synapse.Neuron) else owner.weight
            wrong.extend([owner] if fixed and now != value else [])
        place, do = next(steps, (None, None))
        layer = net.layers[place % len(net.layers)] if do else None
        if do == "flip":
            layer.trainable_bias = not layer.trainable_bias
            link = layer[0].incoming[0] if layer[0].incoming else net.connections[0]
            link.trainable = not link.trainable
        elif do:
            getattr(layer, do)()
        state.update(
            {link: (not link.trainable, link.weight) for link in net.connections}
        )
        state.update(
            {neuron: (not neuron.trainable_bias, neuron.bias) for neuron in net}
        )

    callback(None)
    trainer = Trainer(net, rule=rule, optimizer=optimizer, batch_size=5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nothing may be left that learns
        trainer.train(
            INPUTS, TARGETS, epochs=6, callbacks=[callback], progress=False, seed=0
        )
    assert not wrong
    assert not any(
        link.trainable for link in net.connections if link.source is link.target
    )


def test_the_cost_still_goes_with_the_outputs():
    net = architect.Elman(2, 3, 1, seed=0)
    trainer = Trainer(net)
    net.output.squash = "identity"
    for call in (trainer.train, trainer.test):
        with pytest.raises(ArgumentError, match="needs logistic outputs"):
            call(INPUTS, TARGETS)


LARGER = (
    ("online", lambda net, big: net.output.project(big.input, seed=0)),
    ("bptt", lambda net, big: synapse.tie([net.connections[0], big.connections[0]])),
)


@every_case(("rule", "join"), LARGER)
def test_the_best_weights_come_back_to_a_network_that_was_joined_to_a_larger_one(
    rule, join
):
    net = architect.Elman(2, 3, 1, seed=0)
    big = architect.Perceptron(10, 20, 1, seed=1)
    best = []
    others = []

    def join_and_spoil(news):
        if news.epoch == 1:
            best.append((net.weights, net.biases))
            join(net, big)
            others.append(big.weights)
        # the first one may be tied
        net.weights = np.append(net.weights[:1], 5.0 + net.weights[1:])

    trainer = Trainer(net, rate=1e-9, rule=rule)
    trainer.train(
        INPUTS,
        TARGETS,
        epochs=4,
        patience=3,
        callbacks=[join_and_spoil],
        progress=False,
        seed=0,
    )
    assert net.weights == pytest.approx(best[0][0], abs=1e-6)
    assert net.biases == pytest.approx(best[0][1], abs=1e-6)
    assert big.weights[1:] == pytest.approx(others[0][1:], abs=1e-6)


def test_the_best_weights_come_back_after_connections_got_other_numbers():
    net = architect.Perceptron(2, 3, 1, seed=0)
    best = []

    def rewire(news):
        if news.epoch > 1:
            return
        best.append(net.weights)
        for _ in range(6000):
            net.input[0].project(net.output[0])
            net.input[0].disconnect(net.output[0])
        net.input[1].disconnect(net["hidden"][1])
        net.activate([0.0, 1.0])
        net.weights = 5.0 + net.weights

    trainer = Trainer(net, rate=1e-9)
    trainer.train(
        INPUTS[0],
        TARGETS[0],
        epochs=4,
        patience=3,
        callbacks=[rewire],
        progress=False,
        seed=0,
    )
    assert net._store.n_identities < 100
    assert net.weights == pytest.approx(np.delete(best[0], 3), abs=1e-6)
