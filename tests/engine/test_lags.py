"""Delays on tapes: runs without traces, looks, gradients and trainings compute what
networks do in which plain neurons delay."""

import itertools

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Trainer, gradient, initializers
from tests.helpers.cases import all_hold
from tests.helpers.relays import with_plain_relays
from tests.helpers.strategies import delay_some

from ..learning.helpers import sequences


def delayed(seed, together=False, dtype="float64"):
    """A random network with gates, memories, late connections and delays."""
    net = architect.Random(
        3,
        9,
        2,
        gates=5,
        self_connections=2,
        backward=6,
        seed=seed,
        initializer=initializers.uniform(0.8),
        dtype=dtype,
    )
    for source, target, delay in delay_some(net, seed, 12):
        if together and source is target and delay == 1:  # relays cannot do this
            source.disconnect(target, delay=1)
    net.synchronous = together
    return net


def gradients(net, links, neurons, *data, **options):
    """The loss, and its gradient by some connections and neurons."""
    result = gradient(net, *data, **options)
    slopes = dict(zip(net.connections, result.weights, strict=True))
    slopes |= dict(zip(net, result.biases, strict=True))
    return np.array([result.loss, *(slopes[each] for each in (*links, *neurons))])


def close(ours, theirs, within=1e-12):
    scale = max(1.0, np.abs(theirs).max())
    assert np.abs(ours - theirs).max() <= within * scale


def gradients_are_close(net, relayed, inputs, targets, **options):
    """Of several sequences side by side and of one."""
    theirs = relayed.net, relayed.links, relayed.neurons
    for data in ((inputs, targets), (inputs[0], targets[0])):
        ours = gradients(net, [*net.connections], [*net], *data, **options)
        close(ours, gradients(*theirs, *data, **options))


@pytest.mark.parametrize("together", [False, True])
def test_gradients_are_those_of_relays(together):
    """Through every delay, from a context and in windows, of several sequences side by
    side and of one."""

    def same(seed):
        net = delayed(seed, together)
        relayed = with_plain_relays(net)
        inputs, targets = sequences(net, (40, 17, 1, 23), seed)
        for each in (net, relayed.net):
            each.run(inputs[1])
        for window, context in itertools.product((None, 1, 4), (False, True)):
            options = {"window": window, "keep_context": context}
            gradients_are_close(net, relayed, inputs, targets, **options)

    all_hold(same, range(4))


@pytest.mark.parametrize("frozen", [False, True])
def test_neurons_that_read_many_delays(frozen):
    """Their short runs are read, pushed and summed in one pass."""
    rng = np.random.default_rng(0)
    x = Layer(3)
    h = Layer(14, "tanh")
    y = Layer(2)
    delays = rng.integers(1, 13, (14, 14)) * (rng.random((14, 14)) < 0.6)
    x.project(h, seed=1)
    for delay in range(1, 13):
        links = h.project(h, delays == delay, delay=delay, seed=delay)
        if frozen and delay < 3:
            links.trainable = False
    h.project(y, delay=4, seed=2)
    net = Network(x, [h], y)
    relayed = with_plain_relays(net)
    inputs, targets = sequences(net, (30, 30, 30, 12))
    for window in (None, 5):
        gradients_are_close(net, relayed, inputs, targets, window=window)
    parts = np.split(inputs[0], [11])
    outputs = np.concatenate([net.run(part, traces=False) for part in parts])
    close(outputs, relayed.net.run(inputs[0]))


def test_what_dropout_dropped_arrives_later():
    """The target of a delay of two reads the activations that were recorded."""
    x, h, y = Layer(2), Layer(6, "identity"), Layer(1, "identity")
    x.project(h, seed=0)
    links = h.project(y, delay=2, seed=1)
    net = Network(x, [h], y)
    inputs, targets = sequences(net, (15,))
    with synapse.record(net, "activation", "state") as log:
        Trainer(net, rule="bptt", dropout=0.5, rate=1e-300).train(
            inputs, targets, epochs=1, seed=0
        )
    hidden = log["activation"][:, 2:8]
    assert 0.2 < np.mean(hidden == 0.0) < 0.8
    late = np.vstack([np.zeros((2, 6)), hidden[:-2]])
    close(log["state"][:, 8], late @ links.weights.ravel() + y[0].bias)


def test_what_a_network_reads_of_another_stays_while_it_runs():
    """A source outside of the network does not activate; its past is read."""
    net = architect.Perceptron(1, 2, 1, seed=0)
    other = synapse.Neuron("identity")
    for number in range(1, 7):
        other.activate(float(number))
    other.project(net.hidden[0][0], weight=1.0)
    other.project(net.hidden[0][1], weight=1.0, delay=3)
    other.project(net.output[0], weight=1.0, delay=2)
    rows = np.zeros((5, 1))
    first = net.peek([0.0])
    before = net.run(rows, traces=False)
    assert np.array_equal(first, before[0])
    close(before, net.run(rows))
    close(before, np.repeat(before[:1], 5, axis=0))
