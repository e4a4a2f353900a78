"""Networks of several sorts, data for them, and gradients as vectors."""

import numpy as np

import architect
from synapse import Layer, Network, _cost, initializers
from tests.helpers.cases import every_case
from tests.helpers.strategies import delay_some


def delays(inputs=3, outputs=2, seed=0, **options):
    """A random network in which some connections have delays."""
    net = architect.Random(
        inputs, 8, outputs, gates=5, backward=5, seed=seed, **options
    )
    delay_some(net, seed, 12)
    return net


SORTS = {
    "perceptron": lambda **options: architect.Perceptron(3, 5, 4, 2, **options),
    "elman": lambda **options: architect.Elman(3, 5, 2, **options),
    "lstm": lambda **options: architect.LSTM(3, 4, 2, style="synaptic", **options),
    "two layers": lambda **options: architect.LSTM(
        3, 4, 3, 2, hidden_to_hidden=True, style="synaptic", **options
    ),
    "gru": lambda **options: architect.GRU(3, 4, 2, **options),
    "random": lambda **options: architect.Random(
        3, 9, 2, gates=8, self_connections=3, backward=9, **options
    ),
    "delays": delays,
}
by_sort = every_case("sort", SORTS)


def built(sort, seed=0, **options):
    return SORTS[sort](seed=seed, initializer=initializers.uniform(0.8), **options)


def sequences(net, lengths=(6,), seed=0):
    """Inputs and targets of several sequences."""
    rng = np.random.default_rng(seed)
    return (
        [rng.uniform(-1, 1, (length, len(net.input))) for length in lengths],
        [rng.random((length, len(net.output))) for length in lengths],
    )


def one_sequence(net, length=6, seed=0):
    (inputs,), (targets,) = sequences(net, (length,), seed)
    return inputs, targets


def growing():
    """A network whose cell grows tenfold at each step, and two sequences: only the
    short one has an input.

    Side by side with the long one, the cell of the short one would leave the finite
    range after its end."""
    source, cell, out = Layer(1), Layer(1, "identity"), Layer(1)
    for ends, weight in ((source, cell), 1.0), ((cell, cell), 10.0), ((cell, out), 0.5):
        ends[0].project(ends[1], weights=weight)
    few, many = np.ones((2, 1)), np.zeros((400, 1))
    return Network(source, [cell], out), ([few, many], [few, many + 0.5])


def both(result):
    """Loss and slopes as one vector."""
    return np.concatenate([[result.loss], result.weights, result.biases])


def same_bits(ours, theirs):
    assert both(ours).tobytes() == both(theirs).tobytes()


def parameters(net):
    return np.concatenate([net.weights, net.biases])


def loss(net, inputs, targets, cost_name):
    """The mean over sequences of the summed cost, by running the network."""
    cost = _cost.get(cost_name)
    total = 0.0
    for rows, aims in zip(inputs, targets, strict=True):
        net.clear()
        pairs = zip(aims, net.run(rows), strict=True)
        total += sum(cost(t, y) for t, y in pairs if not np.isnan(t).all())
    return total / len(inputs)


def differences(net, name, learn, *data, width=1e-5):
    """dE / d(weights or biases) by central differences; 0 of those that are not
    trained."""
    values = getattr(net, name)
    slopes = np.zeros(len(learn))
    for i in np.flatnonzero(learn):
        ends = []
        for sign in (1, -1):
            moved = values.copy()
            moved[i] += sign * width
            setattr(net, name, moved)
            ends.append(loss(net, *data))
        slopes[i] = (ends[0] - ends[1]) / (2 * width)
    setattr(net, name, values)
    return slopes


def by_steps(net, inputs, targets, cost=None):
    """The rule's moves at a rate of 1, each taken back before the next step; mean over
    sequences."""
    before = parameters(net)
    slopes = np.zeros(len(before))
    for rows, aims in zip(inputs, targets):
        net.clear()
        for x, t in zip(rows, aims):
            net.activate(x)
            net.propagate(1.0, t, cost)
            slopes += (before - parameters(net)) / len(inputs)
            net.weights, net.biases = np.split(before, [len(net.weights)])
    return np.split(slopes, [len(net.weights)])


def learning(net):
    """Which weights and which biases are trained."""
    return (
        np.array([connection.trainable for connection in net.connections], bool),
        np.array([neuron.trainable_bias for neuron in net], bool),
    )
