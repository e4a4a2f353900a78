"""Delays on tapes: runs without traces, looks, gradients and trainings compute what
networks do in which plain neurons delay."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Trainer, gradient, initializers
from tests.helpers.cases import all_hold
from tests.helpers.relays import with_plain_relays
from tests.helpers.strategies import delay_some

from ..learning.helpers import differences, learning, sequences


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


def weights_of(net, links):
    return np.array([link.weight for link in links])


def gradients(net, links, neurons, *data, **options):
    """The loss, and its gradient by some connections and neurons."""
    result = gradient(net, *data, **options)
    place = {link: k for k, link in enumerate(net.connections)}
    row = {neuron: k for k, neuron in enumerate(net)}
    return np.concatenate(
        [
            [result.loss],
            result.weights[[place[link] for link in links]],
            result.biases[[row[neuron] for neuron in neurons]],
        ]
    )


def close(ours, theirs, within=1e-12):
    scale = max(1.0, np.abs(theirs).max())
    assert np.abs(ours - theirs).max() <= within * scale


@pytest.mark.parametrize("together", [False, True])
def test_gradients_are_those_of_relays(together):
    """Through every delay, from a context and in windows, of several sequences side by
    side and of one."""

    def same(seed):
        net = delayed(seed, together)
        relayed = with_plain_relays(net)
        inputs, targets = sequences(net, (40, 17, 1, 23), seed)
        net.run(inputs[1])
        relayed.net.run(inputs[1])
        parts = [*net.connections], [*net]
        for data in ((inputs, targets), (inputs[0], targets[0])):
            for window in (None, 1, 4):
                for context in (False, True):
                    options = {"window": window, "keep_context": context}
                    close(
                        gradients(net, *parts, *data, **options),
                        gradients(
                            relayed.net,
                            relayed.links,
                            relayed.neurons,
                            *data,
                            **options,
                        ),
                    )

    all_hold(same, range(8))


def test_gradients_are_differences_of_the_loss():
    net = delayed(3)
    inputs, targets = sequences(net, (20, 7))
    result = gradient(net, inputs, targets, "squared_error")
    weights, biases = learning(net)
    biases[: len(net.input)] = False
    for name, learn in (("weights", weights), ("biases", biases)):
        slopes = differences(net, name, learn, inputs, targets, "squared_error")
        assert getattr(result, name) == pytest.approx(slopes, abs=1e-6)


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
    parts = [*net.connections], [*net]
    theirs = relayed.links, relayed.neurons
    for data in ((inputs, targets), (inputs[0], targets[0])):
        for window in (None, 5):
            close(
                gradients(net, *parts, *data, window=window),
                gradients(relayed.net, *theirs, *data, window=window),
            )
    outputs = np.concatenate(
        [net.run(inputs[0][:11], traces=False), net.run(inputs[0][11:], traces=False)]
    )
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


@pytest.mark.full
@pytest.mark.parametrize("together", [False, True])
def test_steps_without_traces_and_looks_are_those_of_relays(together):
    """In pieces, too; and steps with traces go on from there."""

    def same(seed):
        net = delayed(seed, together)
        relayed = with_plain_relays(net).net
        if seed % 3 == 0:
            for each in (net, relayed):
                each.layers[-2][4].clamp(0.3)
        rows = np.random.default_rng(seed).normal(size=(24, 3))
        ours = [
            net.run(rows[:1], traces=False),
            net.run(rows[1:4], traces=False),
            [net.peek(rows[4])],
            net.run(rows[4:16], traces=False),
            net.run(rows[16:20]),
            net.run(rows[20:], traces=False),
        ]
        theirs = relayed.run(rows)
        close(np.concatenate(ours), np.insert(theirs, 4, theirs[4], axis=0))

    all_hold(same, range(15))


@pytest.mark.full
@pytest.mark.parametrize("batch_size", [1, 3])
def test_trainings_are_those_of_relays(batch_size):
    """In compiled loops, by windows."""

    def same(seed):
        net = delayed(seed)
        relayed = with_plain_relays(net)
        inputs, targets = sequences(net, (19, 40, 6, 6, 12), seed)
        for each in (net, relayed.net):
            trainer = Trainer(
                each, rule="bptt", batch_size=batch_size, window=9, rate=0.05
            )
            trainer.train(inputs, targets, epochs=3, seed=1)
        close(weights_of(net, net.connections), weights_of(net, relayed.links), 1e-10)

    all_hold(same, range(4))
