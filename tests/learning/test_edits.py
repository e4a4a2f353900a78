"""Networks that a callback edits while they are trained, and networks that are joined,
cut and trained in parts, against networks that are built anew."""

import itertools
import warnings
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
import synapse
from synapse import Layer, Network, Neuron, Trainer, optimizers
from synapse.errors import ArgumentError, SynapseError
from tests.helpers.cases import all_refused, every_case
from tests.helpers.learners import learns

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(10, 4, 2))
TARGETS = RNG.random((10, 4, 1))
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
    fixed = {}

    def callback(news):
        values = {link: link.weight for link in net.connections}
        values |= {neuron: neuron.bias for neuron in net}
        wrong.extend(owner for owner in fixed if fixed[owner] != values[owner])
        for place, do in itertools.islice(steps, 1):
            layer = net.layers[place % len(net.layers)]
            if do == "flip":
                layer.trainable_bias = not layer.trainable_bias
                link = (layer[0].incoming or net.connections)[0]
                link.trainable = not link.trainable
            else:
                getattr(layer, do)()
        fixed.clear()
        fixed.update({owner: values[owner] for owner in values if not learns(owner)})

    callback(None)
    options = {"epochs": 6, "callbacks": [callback], "progress": False, "seed": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nothing may be left that learns
        Trainer(net, rule=rule, optimizer=optimizer, batch_size=5).train(
            INPUTS, TARGETS, **options
        )
    assert not wrong
    loops = [link for link in net.connections if link.source is link.target]
    assert not any(map(learns, loops))


def test_the_cost_still_goes_with_the_outputs():
    net = architect.Elman(2, 3, 1, seed=0)
    trainer = Trainer(net)
    net.output.squash = "identity"
    all_refused(
        (partial(call, INPUTS, TARGETS), ArgumentError, "needs logistic outputs")
        for call in (trainer.train, trainer.test)
    )


PATIENT = {"epochs": 4, "patience": 3, "progress": False, "seed": 0}
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

    def join_and_spoil(news):
        if news.epoch == 1:
            best.extend([net.weights, net.biases])
            join(net, big)
            best.append(big.weights[1:])
        # the first one may be tied
        net.weights = np.append(net.weights[:1], 5.0 + net.weights[1:])

    Trainer(net, rate=1e-9, rule=rule).train(
        INPUTS, TARGETS, callbacks=[join_and_spoil], **PATIENT
    )
    after = np.concatenate([net.weights, net.biases, big.weights[1:]])
    assert after == pytest.approx(np.concatenate(best), abs=1e-6)


def test_the_best_weights_come_back_after_connections_got_other_numbers():
    net = architect.Perceptron(2, 3, 1, seed=0)
    best = []

    def rewire(news):
        if best:
            return
        best.extend(net.weights)
        for _ in range(1100):
            net.input[0].project(net.output[0])
            net.input[0].disconnect(net.output[0])
        net.activate([0.0, 1.0])
        net.weights = 5.0 + net.weights

    result = Trainer(net, rate=1e-9).train(
        INPUTS[0], TARGETS[0], callbacks=[rewire], **PATIENT
    )
    assert net._store.n_identities < 100
    assert result.restored
    assert net.weights == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize(
    "edit",
    [
        lambda net: net.input[1].disconnect(net["hidden"][1]),
        lambda net: setattr(net["hidden"][1], "squash", "tanh"),
        lambda net: setattr(net.connections[0], "delay", 2),
    ],
    ids=["cut", "squash", "delay"],
)
def test_a_network_that_was_edited_after_its_best_epoch_keeps_its_last_weights(edit):
    net = architect.Perceptron(2, 3, 1, seed=0)

    def cut(news):
        if news.epoch == 1:
            edit(net)
            net.weights = 5.0 + net.weights
        news.network.biases = float(news.epoch) * np.ones(6)

    result = Trainer(net, rate=1e-9).train(
        INPUTS[0], TARGETS[0], callbacks=[cut], **PATIENT
    )
    assert (result.best_epoch, result.restored) == (1, False)
    assert "epoch 1, the best one, do not fit" in repr(result)
    assert net.biases[2:] == pytest.approx(result.epochs, abs=1e-6)
    assert net.weights.min() > 3.0


@pytest.mark.parametrize("rule", ["online", "bptt", "rtrl"])
@pytest.mark.parametrize("batch_size", [1, 99])
@pytest.mark.parametrize("held_out", [{}, {"validation": 0.25}])
def test_the_loss_is_that_of_the_weights_that_come_back(rule, batch_size, held_out):
    x = np.linspace(-1.0, 1.0, 12)[:, None]
    net = architect.Perceptron(1, 4, 1, output_squash="identity", seed=0)
    trainer = Trainer(net, rule=rule, optimizer="adam", rate=0.2, batch_size=batch_size)
    options = {"epochs": 60, "patience": 4, "seed": 0, "progress": False}
    result = trainer.train(x, np.sin(2 * x), **options, **held_out)
    left = len(x) - 3 * bool(held_out)
    assert result.restored
    assert result.loss == pytest.approx(
        trainer.test(x[:left], np.sin(2 * x[:left])).loss, rel=1e-12
    )
    chosen = result.history["validation_loss" if held_out else "loss_at_end"]
    assert min(chosen) == chosen[result.best_epoch - 1]


# --- joined networks ------------------------------------------------------------------


RULES = ("online", "bptt", "rtrl")
RECIPES = (
    lambda seed: architect.Perceptron(2, 3, 1, seed=seed),
    lambda seed: architect.LSTM(2, 2, 1, style="synaptic", seed=seed),
    lambda seed: architect.Elman(2, 3, 1, seed=seed),
    lambda seed: architect.Random(2, 4, 1, gates=2, backward=2, seed=seed),
)


def links_into(net):
    """All connections into a network, also from another one."""
    loops = [neuron.self_connection for neuron in net if neuron.self_connection]
    return [link for neuron in net for link in neuron.incoming] + loops


def anew(nets):
    """The same networks of new neurons, and the new one of each neuron and
    connection."""
    twin_of = {}
    twins = []
    links = {}
    for net in nets:
        for neuron in net:
            twin_of[neuron] = Neuron(neuron.squash.name, neuron.bias)
            twin_of[neuron].trainable_bias = neuron.trainable_bias
        layers = [
            Layer([*map(twin_of.get, layer)], name=layer.name) for layer in net.layers
        ]
        twins.append(Network(*layers))
    for link in [link for net in nets for link in links_into(net)]:
        ends = twin_of[link.source], twin_of[link.target]
        links[link] = ends[0].project(ends[1], link.weight, trainable=link.trainable)
    for link, twin in links.items():
        if link.gater is not None:
            twin_of[link.gater].gate(twin)
    return twins, twin_of, links


NEAR = {"rel": 1e-12, "abs": 1e-12}


def pick(items, rng):
    return items[rng.integers(len(items))]


def edit(nets, rng):
    """One change of one or both networks, a step, or a training."""
    network, other = (nets[i] for i in rng.integers(0, 2, 2))
    hidden = [neuron for layer in network.hidden for neuron in layer]
    links = links_into(other)
    if not hidden or not links:
        return
    neuron = pick(list(network), rng)
    link = pick(links, rng)
    change = rng.integers(6)
    if change == 0:
        neuron.project(pick(list(other)[2:], rng), weight=float(rng.uniform(-0.8, 0.8)))
    elif change == 1:
        neuron.gate(link)
    elif change == 2:
        network.remove(pick(hidden, rng))
    elif change == 3:
        link.source.disconnect(link.target)
    elif change == 4:
        for net in nets:
            net.activate(rng.normal(size=2))
    else:
        train(network, pick(RULES, rng), rng.integers(2), rng)


def train(net, rule, only_hidden, rng):
    only = [net.hidden[0]] if only_hidden and net.hidden else None
    Trainer(net, 0.05, rule=rule, only=only).train(
        rng.normal(size=(4, 2)), rng.random((4, 1)), epochs=2, progress=False, seed=0
    )


def done(call, *arguments):
    """Whether a call is not refused."""
    with suppress(SynapseError):
        call(*arguments)
        return True


@pytest.mark.filterwarnings(
    "ignore::synapse.errors.TopologyWarning", "ignore::synapse.errors.TrainingWarning"
)
@given(st.integers(0, 2**32))
def test_joined_networks_and_parts_learn_as_those_that_are_built_anew(seed):
    rng = np.random.default_rng(seed)
    nets = [RECIPES[rng.integers(4)](int(rng.integers(99))) for _ in range(2)]
    for _ in range(6):
        done(edit, nets, rng)
    twins, twin_of, links = anew(nets)
    for net in (*nets, *twins):
        net.clear()
    for row, target in zip(rng.normal(size=(3, 2)), rng.random((3, 1)), strict=True):
        for net, twin in zip(nets, twins, strict=True):
            assert net.activate(row) == pytest.approx(twin.activate(row), **NEAR)
        for net, twin in zip(nets[::-1], twins[::-1], strict=True):
            assert done(net.propagate, 0.1, target) == done(twin.propagate, 0.1, target)
    rule = pick(RULES, rng)
    only_hidden, chosen = rng.integers(2, size=2)
    outcomes = [
        done(train, pair[chosen], rule, only_hidden, np.random.default_rng(seed))
        for pair in (nets, twins)
    ]
    assert outcomes[0] == outcomes[1]
    biases = [(neuron.bias, twin.bias) for neuron, twin in twin_of.items()]
    weights = [(link.weight, twin.weight) for link, twin in links.items()]
    ours, theirs = np.transpose(biases + weights)
    assert ours == pytest.approx(theirs, **NEAR)


def test_without_weights_of_the_best_epoch_nothing_is_said_of_edits():
    """A training that is continued has no weights of epochs that kept none."""
    net = architect.Perceptron(1, 2, 1, seed=0)
    trainer = Trainer(net, rule="bptt", rate=lambda epoch: 0.5 if epoch < 3 else 0.0)
    data = [[1.0], [1.0]], [[0.0], [1.0]]
    options = {"validation": ([[1.0]], [[1.0]]), "seed": 0, "progress": False}
    trainer.train(*data, epochs=3, restore_best=False, **options)
    options.pop("seed")
    result = trainer.train(*data, epochs=4, resume=True, **options)
    assert (result.best_epoch, result.restored) == (None, False)
    assert "edited" not in repr(result)
