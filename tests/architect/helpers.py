"""What the tests of every recipe use."""

import numpy as np
import pytest

import synapse

INPUTS = np.random.default_rng(0).normal(size=(9, 3))


def logistic(x):
    return 1 / (1 + np.exp(-x))


def matrix(source, target):
    """Weights (targets, sources) between two layers."""
    return np.array([[c.weight if (c := i.connected(j)) else 0.0 for i in source] for j in target])


def fixed(net, rate=0.5):
    """The weights and biases that learning is to leave alone, sorted; it does so for some steps."""

    def numbers():
        weights = [c.weight for c in net.connections if not c.trainable]
        return weights + [neuron.bias for neuron in net if not neuron.trainable]

    before = numbers()
    for row in INPUTS:
        net.activate(row)
        net.propagate(rate, [1.0, 0.0])
    assert numbers() == before
    return sorted(before)


def echo(net, count=12, steps=10):
    """Sequences of bits, and as target each bit of the step before: to be learnt by a memory."""
    bits = np.random.default_rng(1).integers(0, 2, (count, steps, len(net.input))).astype(float)
    targets = np.zeros((count, steps, len(net.output)))
    targets[:, 1:, 0] = bits[:, :-1, 0]
    return bits, targets


def fall(net, inputs, targets, rate, epochs):
    """By which factor training brings the error down."""
    trainer = synapse.Trainer(net, rate=rate)
    before = trainer.test(inputs, targets).error
    trainer.train(inputs, targets, epochs=epochs, seed=0, progress=False)
    return before / trainer.test(inputs, targets).error


def assert_gradient(net, row=INPUTS[0], target=(1.0, 0.0), width=1e-5):
    """A step moves what it may move by minus the gradient of its cost, here by differences."""

    def cost(weights, biases, rate=0.0):
        net.clear()
        net.weights, net.biases = weights, biases
        net.activate(row)
        return net.propagate(rate, target)

    old = [net.weights, net.biases]
    slopes = []
    for which in (0, 1):
        for i in range(len(old[which])):
            pair = [[values.copy() for values in old] for _ in range(2)]
            pair[0][which][i] += width
            pair[1][which][i] -= width
            slopes.append((cost(*pair[0]) - cost(*pair[1])) / (2 * width))
    cost(*old, rate=1.0)
    moves = np.concatenate([net.weights - old[0], net.biases - old[1]])
    free = [c.trainable for c in net.connections] + [n.trainable and n not in list(net.input) for n in net]
    assert np.abs(moves[free]).max() > 1e-3
    assert moves == pytest.approx(np.where(free, -np.array(slopes), 0.0), abs=1e-8)


def survives(net, path):
    """Whether a network that is saved and loaded in the midst of a sequence goes on alike."""
    rows = INPUTS[:, : len(net.input)]
    net.run(rows)
    synapse.save(net, path)
    twin = synapse.load(path)
    return twin.run(rows).tobytes() == net.run(rows).tobytes()


def forward(net, rows):
    """Outputs of any network, neuron by neuron: who has not fired yet shows its activation of before."""
    place = {neuron: i for i, neuron in enumerate(net)}
    links = [(place[c.source], place[c.target], place.get(c.gater), c.weight) for c in net.connections]
    states, y, n = np.zeros(len(net)), np.zeros(len(net)), len(net.input)
    answers = []
    for row in rows:
        y[:n] = row
        for j in range(n, len(net)):
            into = [
                w * (states if i == j else y)[i] * (1 if g is None else y[g])
                for i, k, g, w in links
                if k == j
            ]
            states[j] = net[j].bias + sum(into)
            y[j] = net[j].squash(states[j])
        answers.append(y[-len(net.output) :].copy())
    return np.array(answers)
