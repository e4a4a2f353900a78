"""Sensitivities of networks that learn by rtrl, through edits of all kinds."""

import random

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Neuron

from .integrity import check_store
from .kept_sensitivities import groups, require_exact, sensitivities, survivors

NETWORKS = {
    "elman": lambda seed: architect.Elman(2, 4, 2, seed=seed),
    "jordan": lambda seed: architect.Jordan(2, 3, 2, seed=seed),
    "lstm": lambda seed: architect.LSTM(2, 2, 2, seed=seed),
    "random": lambda seed: architect.Random(2, 6, 2, gates=5, self_connections=3, backward=6, seed=seed),
    "softmax": lambda seed: architect.Elman(2, 3, 2, output_squash="softmax", seed=seed),
}
every_network = pytest.mark.parametrize("sort", NETWORKS)


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
        self.one(self.net.hidden).append(neuron)
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


def edited(edits, check=True):
    """One random edit; returns its name."""
    net, name = edits.net, edits.random.choice(NAMES)
    before, groups_before = (sensitivities(net), groups(net)) if check else ({}, {})
    getattr(edits, name)()
    if check:
        found, expected = sensitivities(net), survivors(net, before, groups_before)
        wrong = {key: (found[key], expected[key]) for key in found if found[key] != expected[key]}
        wrong = {key: pair for key, pair in wrong.items() if abs(pair[0] - pair[1]) > 1e-14 * abs(pair[1])}
        assert not wrong, (name, wrong)
    check_store(net._store)
    return name


@every_network
@pytest.mark.parametrize("seed", range(6))
def test_edits_between_steps_keep_what_they_do_not_touch(sort, seed):
    """Random edits after random parts of steps: others stay to the last bit, new ones are 0, and the
    gradient is exact again once the context is cleared."""
    rng, net = np.random.default_rng(seed), NETWORKS[sort](seed)
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
