"""Networks whose groups are connected and gated within, and their steps by definition.

`Walk` imports nothing of the library: it reads a network's objects once, and computes
its steps with complex numbers, neuron by neuron. The derivative by a parameter is the
imaginary part that a tiny imaginary step leaves in the cost, exact up to rounding;
everything is computed for all parameters at once."""

from __future__ import annotations

import warnings

import numpy as np

from synapse import Layer, Network
from synapse.errors import TopologyWarning

COMPETING = "maxout", "winner", "softmax"
TINY = 1e-30
FORMULAS = {
    "identity": lambda s: s,
    "tanh": np.tanh,
    "logistic": lambda s: 1.0 / (1.0 + np.exp(-s)),
    "ramp": lambda s: np.where(s.real < 1.0, np.where(s.real > 0.0, s, 0.0), 1.0),
}


def competing(seed, outputs=None, dtype="float64"):
    """A random network with groups whose members are connected, gated and delayed
    within the group."""
    rng = np.random.default_rng(seed)
    last = outputs or rng.choice(
        ["softmax", "maxout", "winner", "identity", "logistic"]
    )
    layers = [Layer(int(rng.integers(1, 4)), dtype=dtype)]
    for _ in range(rng.integers(1, 4)):
        squash = rng.choice(["maxout", "maxout", "winner", "tanh"])
        layers.append(Layer(int(rng.integers(2, 6)), str(squash), dtype=dtype))
    layers.append(Layer(int(rng.integers(2, 5)), str(last), dtype=dtype))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TopologyWarning)
        links = [
            link for i, layer in enumerate(layers) for link in _into(layers, i, rng)
        ]
        net = Network(layers[0], layers[1:-1], layers[-1])
        neurons = [neuron for layer in layers[1:] for neuron in layer]
        for number in rng.permutation(len(links))[: len(links) // 3]:
            link = links[number]
            alike = (
                [n for n in neurons if n.squash is link.target.squash]
                if rng.random() < 0.5
                else neurons
            )
            alike[rng.integers(len(alike))].gate(link)
    if seed % 2:
        layers[-1].cost_weights = rng.uniform(0.1, 3.0, len(layers[-1]))
    for layer in layers[1:]:
        layer.biases = rng.normal(0.0, 0.5, len(layer))
    for link in net.connections:
        if link.trainable:
            link.weight = rng.normal(0.0, 0.5)
    return net


def _into(layers, i, rng):
    """Make random connections into a layer, from before, within and behind it."""
    for neuron in layers[i] if i else []:
        for source in layers[i - 1]:
            if rng.random() < 0.8:
                yield source.project(neuron, weight=0.1)
        if rng.random() < 0.3:
            yield neuron.project(neuron, weight=0.3, trainable=bool(rng.random() < 0.7))
        for other in layers[i]:
            if other is not neuron and rng.random() < 0.6:
                delay = int(rng.integers(1, 3)) if rng.random() < 0.2 else 0
                yield other.project(neuron, weight=0.1, delay=delay)
        behind = [late for layer in layers[i + 1 :] for late in layer]
        if rng.random() < 0.3 and behind:
            yield behind[rng.integers(len(behind))].project(neuron, weight=0.1)


def sequences(net, lengths, seed=0):
    """Inputs and targets of several sequences; some steps have no target."""
    rng = np.random.default_rng(seed)
    inputs = [rng.normal(size=(length, len(net.input))) for length in lengths]
    targets = [rng.dirichlet(np.ones(len(net.output)), length) for length in lengths]
    for aims in targets:
        aims[rng.random(len(aims)) < 0.2] = np.nan
    return inputs, targets


class Walk:
    """A network's steps by definition, for all parameters with their imaginary steps at
    once."""

    def __init__(self, net):
        self.neurons = list(net)
        place = {neuron: k for k, neuron in enumerate(self.neurons)}
        self.inputs = len(net.input)
        self.outputs = len(net.output)
        self.links = [
            (
                place[c.source],
                place[c.target],
                -1 if c.gater is None else place[c.gater],
                c.delay,
            )
            for c in net.connections
        ]
        weights = np.array([c.weight for c in net.connections])
        biases = np.array([n.bias for n in self.neurons])
        self.factors = np.array([n.cost_weight for n in net.output])
        self.squash = [n.squash.name for n in self.neurons]
        self.blocks = self._blocks(net)
        steps = 1j * TINY * np.eye(len(weights) + len(biases))
        self.weights = weights[:, None] + steps[: len(weights)]
        self.biases = biases[:, None] + steps[len(weights) :]
        trained = [c.trainable for c in net.connections]
        trained += [
            n.trainable_bias and k >= self.inputs for k, n in enumerate(self.neurons)
        ]
        self.trained = np.array(trained)
        self.clear()

    def _blocks(self, net):
        """The neurons after the inputs, those that compete together."""
        blocks = []
        for layer in list(net.layers)[1:]:
            members = [self.neurons.index(neuron) for neuron in layer]
            groups = self.squash[members[0]] in COMPETING
            blocks += [members] if groups else [[k] for k in members]
        return blocks

    def clear(self):
        self.y = np.zeros((len(self.neurons), self.weights.shape[1]), complex)
        self.s = np.zeros_like(self.y)
        longest = max((delay for *_, delay in self.links), default=0)
        self.past = [self.s.copy()] * longest  # of the steps before, the latest first

    def step(self, row):
        """Activate; returns the activations of the outputs, shape (outputs,)."""
        self.past = [self.y.copy(), *self.past][: len(self.past)]
        self.y[: self.inputs] = np.asarray(row)[:, None]
        for block in self.blocks:
            states = [self._state(k) for k in block]  # before any of them fires
            for k, state in zip(block, states, strict=True):
                self.s[k] = state
            self._fire(block)
        return self.y[-self.outputs :, 0].real.copy()

    def _state(self, k):
        state = self.biases[k].copy()
        for number, (source, target, gater, delay) in enumerate(self.links):
            if target == k:
                read = self.s[k] if source == k else self.y[source]
                read = self.past[delay - 1][source] if delay else read
                gain = 1.0 if gater < 0 else self.y[gater]
                state += self.weights[number] * gain * read
        return state

    def _fire(self, block):
        squash = self.squash[block[0]]
        states = self.s[block]
        if squash == "softmax":
            shares = np.exp(states - states.real.max(axis=0))
            self.y[block] = shares / shares.sum(axis=0)
        elif squash in COMPETING:
            largest = np.arange(len(block))[:, None] == states.real.argmax(axis=0)
            self.y[block] = largest * (states if squash == "maxout" else 1.0)
        else:
            self.y[block[0]] = FORMULAS[squash](states[0])

    def run(self, rows):
        return np.array([self.step(row) for row in rows])

    def cost(self, targets):
        """The cost of the latest step, for every parameter."""
        total = np.zeros(self.y.shape[1], complex)
        kinds = set(self.squash[-self.outputs :])
        for k, target in enumerate(targets):
            y, s = (
                values[len(self.neurons) - self.outputs + k]
                for values in (self.y, self.s)
            )
            if np.isnan(target):
                continue
            if kinds == {"softmax"}:
                value = -target * np.log(y) if target else 0.0
            elif kinds == {"logistic"}:
                # By the state, as 1 - y of a large one has no digits left.
                value = target * np.log1p(np.exp(-s)) + (1.0 - target) * np.log1p(
                    np.exp(s)
                )
            else:
                value = (target - y) ** 2 / 2
            total += self.factors[k] * value
        return total

    def gradient(self, inputs, targets, window=None):
        """The mean over sequences of their costs, and its derivatives by all weights
        and biases."""
        total = 0.0
        for rows, aims in zip(inputs, targets, strict=True):
            self.clear()
            for t, (row, aim) in enumerate(zip(rows, aims, strict=True)):
                # what comes from the window before counts as given
                if window and t % window == 0:
                    self.y, self.s, *self.past = (
                        values.real.astype(complex)
                        for values in (self.y, self.s, *self.past)
                    )
                self.step(row)
                total = total + self.cost(aim) / len(inputs)
        return float(total[0].real), np.where(self.trained, total.imag / TINY, 0.0)
