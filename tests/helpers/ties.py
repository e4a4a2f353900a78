"""Networks with shared numbers, and what has to hold of them."""

import numpy as np
import pytest

import architect
import synapse
from tests.helpers.learners import learns
from tests.learning.helpers import learning

EXACT = {"abs": 1e-12, "rel": 1e-10}


def perceptron(**options):
    return architect.Perceptron(
        3, 5, 4, 2, seed=0, initializer=synapse.initializers.uniform(0.8), **options
    )


def tie_at_random(net, seed, groups=4):
    """Connections, and neurons, that are alike trainable are dealt into some groups;
    many stay alone."""
    rng = np.random.default_rng(seed)
    for items in (net.connections, list(net)[len(net.input) :]):
        for trainable in (True, False):
            chosen = [
                parameter
                for parameter in items
                if learns(parameter) is trainable and rng.random() < 0.7
            ]
            if chosen:
                synapse.tie(chosen, groups=rng.integers(0, groups, len(chosen)))
    return net


def groups_of(net):
    """Of each connection, and of each neuron, the place of the first that shares its
    number."""
    links = net.connections
    neurons = list(net)
    return tuple(
        np.array(
            [
                min(i, *(place[partner] for partner in item.tied if partner in place))
                if item.tied
                else i
                for i, item in enumerate(items)
            ],
            dtype=int,
        )
        for items in (links, neurons)
        for place in [{item: i for i, item in enumerate(items)}]
    )


def added_up(groups, values):
    """The sum over each one's group."""
    return np.array([values[groups == group].sum() for group in groups])


def numbers(net):
    return np.concatenate([net.weights, net.biases])


def everything(net):
    """All that an edit that is refused must leave alone."""
    return (
        numbers(net).tobytes(),
        *(groups.tobytes() for groups in groups_of(net)),
        *(flags.tobytes() for flags in learning(net)),
    )


def free_twin(net):
    """The same network and context, with nothing tied."""
    twin = net.clone()
    for items in filter(None, (twin.connections, list(twin))):
        synapse.untie(items)
    return twin


def assert_moves_add_up(net, free, act):
    """`act` on a network whose weights are tied moves them by the sum of what it does
    where they are not."""
    weights = net.weights
    biases = net.biases
    act(net), act(free)
    of_links, of_neurons = groups_of(net)
    assert net.weights == pytest.approx(
        weights + added_up(of_links, free.weights - weights), **EXACT
    )
    assert net.biases == pytest.approx(
        biases + added_up(of_neurons, free.biases - biases), **EXACT
    )
    free.weights = net.weights
    free.biases = net.biases
