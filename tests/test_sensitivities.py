"""Sensitivities of networks that learn by rtrl, through edits of all kinds."""

import io
import random

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Neuron, gradient
from synapse.engine.rtrl import Layout

from .cases import every_case
from .integrity import check_store

NETWORKS = {
    "elman": lambda seed: architect.Elman(2, 4, 2, seed=seed),
    "jordan": lambda seed: architect.Jordan(2, 3, 2, seed=seed),
    "lstm": lambda seed: architect.LSTM(2, 2, 2, seed=seed),
    "random": lambda seed: architect.Random(2, 6, 2, gates=5, self_connections=3, backward=6, seed=seed),
    "softmax": lambda seed: architect.Elman(2, 3, 2, output_squash="softmax", seed=seed),
}


def sensitivities(net):
    """d s_r / d p by parameter and root; a bias is represented by its neuron."""
    found = {(link, root): value for link in net.connections for root, value in link.sensitivity.items()}
    return found | {(one, root): value for one in net for root, value in one.bias_sensitivity.items()}


def groups(net):
    """What shares a parameter, by parameter."""
    return {one: frozenset((one, *one.tied)) for one in (*net.connections, *net)}


def survivors(net, before, groups_before):
    """What sensitivities must be after an edit: sums over what is tied now, 0 where a tie was undone."""
    alive, now = set(net.connections) | set(net), groups(net)
    expected = {}
    for parameter, root in sensitivities(net):
        own, total, seen = now[parameter], 0.0, set()
        for member in own & groups_before.keys():
            group = groups_before[member]
            if group not in seen and group & alive <= own:
                total += before.get((member, root), 0.0)
            seen.add(group)
        expected[parameter, root] = total
    return expected


def require_exact(net, rng):
    """Summed over a sequence with constant weights, the updates are the gradient."""
    inputs = rng.uniform(-1, 1, (5, len(net.input)))
    targets = rng.dirichlet(np.ones(len(net.output)), 5)
    weights, biases, moved = net.weights, net.biases, []
    net.clear()
    for x, t in zip(inputs, targets, strict=True):
        net.activate(x)
        net.propagate(1.0, t)
        moved.append((net.weights - weights, net.biases - biases))
        net.weights, net.biases = weights, biases
    wanted = gradient(net, inputs[None], targets[None])
    scale = max(np.abs(wanted.weights).max(initial=0), np.abs(wanted.biases).max(), 1e-3)
    for at, slope in enumerate((wanted.weights, wanted.biases)):
        assert np.abs(sum(pair[at] for pair in moved) + slope).max(initial=0) < 1e-11 * scale


def step(net, rng, learn=True):
    net.activate(rng.uniform(-1, 1, len(net.input)))
    if learn:
        net.propagate(0.05, rng.dirichlet(np.ones(len(net.output))))


class Edits:
    """Random edits of one network; each does one thing, or nothing."""

    def __init__(self, net, seed):
        self.net, self.random, self.others = net, random.Random(seed), []

    def one(self, items):
        items = list(items)
        return self.random.choice(items) if items else None

    def inner(self):
        """Neurons that may be edited: those that compete stay as they are."""
        return [one for one in self.net if one.squash.name != "softmax" and one not in self.net.input]

    def connect(self):
        source, target = self.one(self.net), self.one(self.inner())
        if source.connected(target) is None:
            source.project(target, weight=self.random.uniform(-1, 1), trainable=True)

    def disconnect(self):
        link = self.one(self.net.connections)
        if link is not None:
            link.source.disconnect(link.target)

    def gate(self):
        link = self.one(one for one in self.net.connections if one.gater is None)
        if link is not None:
            self.one(self.inner()).gate(link)

    def ungate(self):
        link = self.one(one for one in self.net.connections if one.gater is not None)
        if link is not None:
            link.gater.ungate(link)

    def tie(self):
        links = [one for one in self.net.connections if one.trainable]
        if len(links) > 3:
            synapse.tie(self.random.sample(links, self.random.randint(2, 3)))

    def tie_biases(self):
        neurons = [one for one in self.inner() if one.trainable]
        if len(neurons) > 1:
            synapse.tie(self.random.sample(neurons, 2))

    def untie(self):
        tied = self.one(one for one in (*self.net.connections, *self.net) if one.tied)
        if tied is not None:
            synapse.untie([tied])

    def freeze(self):
        one = self.one((*self.net.connections, *self.inner()))
        one.trainable = not one.trainable

    def self_connect(self):
        neuron = self.one(self.inner())
        if neuron.connected(neuron) is None:
            neuron.project(neuron, weight=self.random.uniform(-0.9, 0.9))

    def append(self):
        neuron = Neuron("tanh", 0.1)
        self.one([*(layer.append for layer in self.net.hidden), self.net.add])(neuron)
        for other in self.random.sample(list(self.net), 2):
            if other is not neuron:
                other.project(neuron, weight=0.3)

    def append_output(self):
        if self.net.output[0].squash.name != "softmax":
            self.net.output.append(Neuron("logistic"))

    def remove(self):
        neuron = self.one(one for layer in self.net.hidden for one in layer if len(layer) > 1)
        if neuron is not None and not neuron.gated:
            self.net.remove(neuron)

    def absorb(self):
        """Another store is taken over: connections between networks, then none again."""
        other = architect.Elman(1, 2, 1, seed=0)
        other.activate([0.5])
        self.others.append(other)
        pair = self.random.sample([other.hidden[0][0], self.inner()[0]], 2)
        pair[0].project(pair[1])
        pair[0].disconnect(pair[1])

    def squash(self):
        self.one(self.inner()).squash = "tanh"

    def renumber(self):
        """So many connections come and go that the others get new identities."""
        a, b = Neuron(), Neuron()
        a.project(self.net[-1]), a.disconnect(self.net[-1])
        layers = Layer(80), Layer(80)
        a.project(layers[0]), a.project(b)
        links = layers[0].project(layers[1])
        for link in links:
            link.source.disconnect(link.target)
        self.others.append((a, b, layers))


NAMES = [name for name in vars(Edits) if not name.startswith("_") and name not in ("one", "inner")]


def edited(edits):
    """One random edit."""
    net, name = edits.net, edits.random.choice(NAMES)
    before, groups_before = sensitivities(net), groups(net)
    getattr(edits, name)()
    found, expected = sensitivities(net), survivors(net, before, groups_before)
    wrong = {key: (found[key], expected[key]) for key in found if found[key] != expected[key]}
    wrong = {key: pair for key, pair in wrong.items() if abs(pair[0] - pair[1]) > 1e-14 * abs(pair[1])}
    assert not wrong, (name, wrong)
    check_store(net._store)


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")  # connections in any direction
@pytest.mark.parametrize("sort", NETWORKS)
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 4))])
def test_edits_between_steps_keep_what_they_do_not_touch(sort, seed, monkeypatch):
    """Random edits after random parts of steps: others stay to the last bit, new ones are 0, and the
    gradient is exact again once the context is cleared."""
    rng, net = np.random.default_rng(seed), NETWORKS[sort](seed)
    monkeypatch.setattr(Layout, "_choose_depth", lambda *_: 1 + (len(sort) + seed) % 3)
    net.learning_rule = "rtrl"
    edits = Edits(net, seed)
    for _ in range(6):
        for _ in range(edits.random.randint(1, 2)):
            step(net, rng)
        net.activate(rng.uniform(-1, 1, len(net.input)))
        for _ in range(edits.random.randint(1, 3)):
            edited(edits)
        net.propagate(0.05, rng.dirichlet(np.ones(len(net.output))))
    require_exact(net, rng)


@every_case("steps", [1, 2, 3, 4])
@every_case("hidden", [4, 30])  # 30: steps are pending
def test_a_cleared_neuron_and_a_saved_network_after_any_number_of_steps(hidden, steps):
    net, twin = (architect.Elman(2, hidden, 2, seed=0) for _ in range(2))
    for one in (net, twin):
        one.learning_rule = "rtrl"
        for row in np.random.default_rng(0).uniform(-1, 1, (steps, 2)):
            one.activate(row)
    expected = list(sensitivities(twin).values())
    assert (twin._sensitivities.plan.layout.depth > 1) == (hidden == 30)
    synapse.save(net, io.BytesIO())
    assert list(sensitivities(net).values()) == pytest.approx(expected, rel=1e-9, abs=1e-15)
    for one in (net, twin):
        one.propagate(0.1, [0.2, 0.9])
        one.activate([0.5, -0.5])
    assert net.weights == pytest.approx(twin.weights, rel=1e-9)
    expected = sensitivities(twin)
    assert list(sensitivities(net).values()) == pytest.approx(list(expected.values()), rel=1e-9, abs=1e-15)
    _, cleared = next(iter(sensitivities(net)))
    cleared.clear()
    after = sensitivities(net)
    assert {root: value for (_, root), value in after.items() if root is cleared} == {cleared: 0.0}
    rest = [
        (value, before)
        for ((_, root), value), before in zip(after.items(), expected.values(), strict=True)
        if root is not cleared
    ]
    assert [value for value, _ in rest] == pytest.approx([before for _, before in rest], rel=1e-9, abs=1e-15)
