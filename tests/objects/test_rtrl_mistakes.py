"""Networks that learn by rtrl, used wrongly: one clear sentence, and nothing has
changed."""

from functools import partial

import numpy as np
import pytest

import architect
import synapse
from synapse import Neuron, Trainer, analysis, gradient, optimizers
from synapse.errors import ArgumentError, FunctionError, SynapseError, TopologyError
from synapse.learning import fit_readout
from synapse.objects import sensitivities
from tests.helpers.cases import all_hold, all_refused

RNG = np.random.default_rng(0)
ROWS = RNG.uniform(-1, 1, (4, 6, 2))
TARGETS = RNG.random((4, 6, 1))


def learner(rule="rtrl", architecture=architect.Elman, **options):
    net = architecture(2, 3, 1, seed=0, **options)
    net.rule = rule
    return net


def values(net):
    """All sensitivities."""
    links = [list(link.sensitivity.values()) for link in net.connections]
    return links + [list(neuron.bias_sensitivity.values()) for neuron in net]


def whole(net):
    """All that must stay as it is."""
    return synapse.readwrite.json_data(net)


def steps(net, count=3):
    for row, target in zip(ROWS[0][:count], TARGETS[0][:count], strict=True):
        net.activate(row)
        net.propagate(0.1, target)


WRONG = [
    ({"of_network": rule}, '`rule` of a network must be "online", "rtrl", a pair such')
    for rule in ("bptt", None, ["rtrl", 2], ("rtrl", 2, 3), np.zeros(2))
]
WRONG += [
    ({"of_network": ("rtrl", order)}, "`reach` of rtrl")
    for order in (0, -1, 1.5, True, "2")
]
WRONG += [
    ({"of_network": ("online", 2)}, '`reach` is for rule="rtrl"'),
    ({"reach": 2.0}, "`reach` of rtrl"),
    ({"rule": "bptt", "reach": 1}, '`reach` is for rule="rtrl"'),
    ({"optimizer": optimizers.LBFGS()}, "LBFGS|L-BFGS"),
    ({"dropout": 0.5, "optimizer": optimizers.Adam()}, "Dropout needs"),
    ({"window": 3}, "window"),
]


def test_rules_and_options_that_do_not_exist():
    net = learner(("rtrl", 2))
    steps(net)
    before = whole(net)

    def call(options):
        if "of_network" in options:
            net.rule = options["of_network"]
        Trainer(net, **{"rule": "rtrl", **options})

    weighed = partial(
        Trainer(net).train, ROWS, TARGETS, sample_weights=np.ones(4), progress=False
    )
    calls = [(partial(call, options), SynapseError, words) for options, words in WRONG]
    all_refused([*calls, (weighed, SynapseError, "weights")])
    assert (net.rule, whole(net)) == (("rtrl", 2), before)


def test_a_network_that_is_or_becomes_too_large_keeps_what_it_has(monkeypatch):
    net = learner()
    large = architect.Elman(2, 30, 1, seed=0)
    steps(net)
    monkeypatch.setattr(sensitivities, "most_bytes", lambda: 0.0)
    before = whole(large)
    sentence = "of .* at reach None need .* GB, but this machine has 0 GB. Pass"
    with pytest.raises(ArgumentError, match=sentence):
        large.rule = "rtrl"
    with pytest.raises(ArgumentError, match=sentence):
        Trainer(large, rule="rtrl").train(ROWS, TARGETS, progress=False)
    assert (large.rule, whole(large)) == (("online", None), before)
    neuron = Neuron("tanh")
    net.hidden[-1].append(neuron)
    net.input[0].project(neuron, weight=0.1)
    for act in (lambda: net.activate(ROWS[0][0]), lambda: net.propagate(0.1, [0.5])):
        with pytest.raises(ArgumentError, match="this machine has 0 GB"):
            act()
    assert net.clone().rule == ("rtrl", None)
    net.remove(neuron)
    monkeypatch.undo()
    twin = learner()
    steps(twin)
    assert values(net) == values(twin)
    for network in (net, twin):
        network.activate(ROWS[0][3])
        network.propagate(0.1, TARGETS[0][3])
    assert net.weights.tobytes() == twin.weights.tobytes()


def test_networks_that_are_connected_with_others():
    net = learner()
    other = architect.Perceptron(1, 2, 1, seed=0)
    steps(net)
    weights = net.weights
    kept = values(net)
    link = other.output[0].project(net.hidden[-1][0])
    sentence = "cannot be trained by rtrl, because it has 1 connection "
    for act in (
        lambda: net.activate(ROWS[0][0]),
        lambda: net.run(ROWS),
        lambda: net.propagate(0.1, [0.5]),
        lambda: Trainer(net).train(ROWS, TARGETS, progress=False),
        lambda: setattr(net, "rule", ("rtrl", 1)),
        lambda: setattr(other, "rule", "rtrl"),
    ):
        with pytest.raises(TopologyError, match=sentence):
            act()
    assert np.array_equal(net.weights, weights)
    other.activate([0.5])
    link.source.disconnect(link.target)
    assert values(net) == kept  # nothing is lost
    net.propagate(0.1, TARGETS[0][2])


@pytest.mark.parametrize("place", [-1, -2])
def test_a_squash_that_raises_in_the_middle_of_a_step(place):
    """The context is that of the failed step: there is nothing to learn from until it
    is cleared."""

    @synapse.squashes.register
    def fragile_now_and_then(state):
        if abs(state) > 100.0:
            raise ValueError("too large")
        return state, 1.0

    net = learner()
    layer = net.layers[place]
    layer.squash = fragile_now_and_then
    steps(net)
    weights = net.weights
    biases = layer.biases
    layer.biases = np.full(len(layer), 1000.0)
    with pytest.raises(FunctionError, match="too large"):
        net.activate(ROWS[0][3])
    layer.biases = biases
    with pytest.raises(TopologyError, match="Call network.activate first"):
        net.propagate(0.1, [0.5])
    assert np.array_equal(net.weights, weights)
    assert not any(v for row in values(net) for v in row)
    net.clear()
    again_like_new(net)


def again_like_new(net):
    """After `clear` it works as a network with the same weights that has done nothing
    before."""
    twin = architect.Elman(2, 3, 1, seed=0)
    for ours, theirs in zip(net.layers, twin.layers, strict=True):
        theirs.squash = ours[0].squash
    twin.rule = "rtrl"
    twin.weights = net.weights
    twin.biases = net.biases
    for network in (net, twin):
        steps(network)
    assert net.weights.tobytes() == twin.weights.tobytes()
    assert np.isfinite([v for row in values(net) for v in row]).all()


def refused_explanation(net):
    with pytest.raises(ArgumentError, match="was by rtrl"):
        analysis.explain(net.connections[0])


LOOKS = {
    "test": lambda net: Trainer(net).test(ROWS, TARGETS),
    "gradient": lambda net: gradient(net, ROWS, TARGETS),
    "fit_readout": lambda net: fit_readout(net, ROWS, TARGETS),
    "saliency": lambda net: analysis.saliency(net, ROWS[0]),
    "explain": refused_explanation,
    "half_lives": analysis.half_lives,
    "draw": lambda net: analysis.error_flow(net, ROWS[0]),
    "look": lambda net: (repr(net), net.graph.number_of_edges(), net.clone()),
}


def test_what_runs_a_network_leaves_no_sensitivities_of_another_context():
    """Where the context is as before, they are too; otherwise they are those of the new
    context, or 0."""
    all_hold(after_a_look, LOOKS)


def after_a_look(look):
    net = learner()
    net.output.squash = "identity"
    net.run(ROWS[0])
    before = values(net)
    context = whole(net)["neurons"]["state"]
    look(net)
    if whole(net)["neurons"]["state"] == context:
        assert values(net) == before
        net.propagate(0.1, TARGETS[0][0])
    else:
        twin = learner()
        twin.output.squash = "identity"
        twin.weights = net.weights
        twin.biases = net.biases
        twin.run(ROWS[-1])
        assert values(net) == values(twin) or not any(
            v for row in values(net) for v in row
        )
    twin = net.clone()
    for network in (net, twin):
        steps(network)
    assert net.weights.tobytes() == twin.weights.tobytes()


def test_a_trainer_of_another_order_beside_the_rule_of_the_network():
    """Each follows its own sensitivities, and forgets them when the other has
    stepped."""
    nets = learner(), learner("online")
    for net in nets:
        trainer = Trainer(net, 0.05, rule="rtrl", reach=1)
        for i in range(3):
            trainer.train(ROWS[i], TARGETS[i], epochs=1, progress=False)
            net.clear()
    assert nets[0].weights.tobytes() == nets[1].weights.tobytes()
