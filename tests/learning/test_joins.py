"""Two networks that are joined, cut and trained in parts agree with networks that are
built anew."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
from synapse import Layer, Network, Neuron, Trainer
from synapse.errors import SynapseError

pytestmark = pytest.mark.filterwarnings(
    "ignore::synapse.errors.TopologyWarning", "ignore::synapse.errors.TrainingWarning"
)
RULES = ("online", "bptt", "rtrl")
RECIPES = (
    lambda seed: architect.Perceptron(2, 3, 1, seed=seed),
    lambda seed: architect.LSTM(2, 2, 1, style="synaptic", seed=seed),
    lambda seed: architect.Elman(2, 3, 1, seed=seed),
    lambda seed: architect.Random(2, 4, 1, gates=2, backward=2, seed=seed),
)


def links_into(net):
    """All connections into a network, also from another one."""
    self_connections = [neuron.connection_to(neuron) for neuron in net]
    return [link for neuron in net for link in neuron.incoming] + [
        link for link in self_connections if link
    ]


def anew(nets):
    """The same networks of new neurons, and the new one of each neuron and
    connection."""
    twin_of = {}
    twins = []
    links = {}
    for net in nets:
        layers = []
        for layer in net.layers:
            for neuron in layer:
                twin_of[neuron] = Neuron(neuron.squash.name, neuron.bias)
                twin_of[neuron].trainable_bias = neuron.trainable_bias
            layers.append(Layer([twin_of[neuron] for neuron in layer], name=layer.name))
        twins.append(Network(*layers))
    for link in [link for net in nets for link in links_into(net)]:
        source = twin_of[link.source]
        target = twin_of[link.target]
        links[link] = source.project(
            target, weight=link.weight, trainable=link.trainable
        )
    for link, twin in links.items():
        if link.gater is not None:
            twin_of[link.gater].gate(twin)
    return twins, twin_of, links


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
    trainer = Trainer(
        net,
        0.05,
        rule=rule,
        only=[net.hidden[0]] if only_hidden and net.hidden else None,
    )
    data = rng.normal(size=(4, 2)), rng.random((4, 1))
    trainer.train(*data, epochs=2, progress=False, seed=0)


def done(call, *arguments):
    """Whether a call is not refused."""
    try:
        call(*arguments)
    except SynapseError:
        return False
    return True


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
            assert net.activate(row) == pytest.approx(
                twin.activate(row), rel=1e-12, abs=1e-12
            )
        for net, twin in zip(nets[::-1], twins[::-1], strict=True):
            assert done(net.propagate, 0.1, target) == done(twin.propagate, 0.1, target)
    rule = pick(RULES, rng)
    only_hidden = rng.integers(2)
    chosen = rng.integers(2)
    outcomes = [
        done(train, pair[chosen], rule, only_hidden, np.random.default_rng(seed))
        for pair in (nets, twins)
    ]
    assert outcomes[0] == outcomes[1]
    for neuron, twin in twin_of.items():
        assert neuron.bias == pytest.approx(twin.bias, rel=1e-12, abs=1e-12)
    for link, twin in links.items():
        assert link.weight == pytest.approx(twin.weight, rel=1e-12, abs=1e-12)
