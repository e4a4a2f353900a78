"""What the tests of every recipe use."""

import numpy as np

INPUTS = np.random.default_rng(0).normal(size=(9, 3))


def logistic(x):
    return 1 / (1 + np.exp(-x))


def matrix(source, target):
    """Weights (targets, sources) between two layers."""
    links = [[i.connection_to(j) for i in source] for j in target]
    return np.array([[link.weight if link else 0.0 for link in row] for row in links])


def fixed(net, rate=0.5):
    """The weights and biases that learning is to leave alone, sorted; it does so for
    some steps."""

    def numbers():
        weights = [c.weight for c in net.connections if not c.trainable]
        return weights + [neuron.bias for neuron in net if not neuron.trainable_bias]

    before = numbers()
    for row in INPUTS:
        net.activate(row)
        net.propagate(rate, [1.0, 0.0])
    assert numbers() == before
    return sorted(before)


def forward(net, rows):
    """Outputs of any network, neuron by neuron: who has not fired yet shows its
    activation of before."""
    place = {neuron: i for i, neuron in enumerate(net)}
    links = [
        (place[c.source], place[c.target], place.get(c.gater), c.weight)
        for c in net.connections
    ]
    states = np.zeros(len(net))
    y = np.zeros(len(net))
    n = len(net.input)
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
