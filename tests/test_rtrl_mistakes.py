"""Networks that learn by rtrl, used wrongly: one clear sentence, and nothing has changed."""

import _thread
import threading

import numpy as np
import pytest

import architect
import synapse
from synapse import Network, Neuron, Trainer, _sensitivities, analysis, draw, gradient, optimizers
from synapse.errors import ArgumentError, DivergenceError, FunctionError, SynapseError, TopologyError
from synapse.learning import compare_gradients, fit_readout

RNG = np.random.default_rng(0)
ROWS, TARGETS = RNG.uniform(-1, 1, (4, 6, 2)), RNG.random((4, 6, 1))


@synapse.squash.register
def fragile_now_and_then(state):
    """A squash that raises."""
    if abs(state) > 100.0:
        raise ValueError("too large")
    return state, 1.0


def learner(rule="rtrl", kind=architect.Elman, **options):
    net = kind(2, 3, 1, seed=0, **options)
    net.learning_rule = rule
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


# --- settings --------------------------------------------------------------------------------------

RULES = {
    "another": ("bptt", 'learning_rule of a network to be "online", "rtrl" or a pair'),
    "none": (None, 'to be "online", "rtrl" or a pair'),
    "list": (["rtrl", 2], 'to be "online", "rtrl" or a pair'),
    "long": (("rtrl", 2, 3), 'to be "online", "rtrl" or a pair'),
    "zero": (("rtrl", 0), "order of rtrl"),
    "negative": (("rtrl", -1), "order of rtrl"),
    "fraction": (("rtrl", 1.5), "order of rtrl"),
    "truth": (("rtrl", True), "order of rtrl"),
    "text": (("rtrl", "2"), "order of rtrl"),
    "online": (("online", 2), 'order is for method="rtrl"'),
    "array": (np.zeros(2), 'to be "online", "rtrl" or a pair'),
}


@pytest.mark.parametrize(("rule", "sentence"), RULES.values(), ids=RULES)
def test_rules_that_do_not_exist(rule, sentence):
    net = learner(("rtrl", 2))
    steps(net)
    before = whole(net)
    with pytest.raises(SynapseError, match=sentence):
        net.learning_rule = rule
    assert (net.learning_rule, whole(net)) == (("rtrl", 2), before)


TRAINERS = {
    "order": ({"order": 0}, "order of rtrl"),
    "fraction": ({"order": 2.0}, "order of rtrl"),
    "other method": ({"method": "bptt", "order": 1}, 'order is for method="rtrl"'),
    "search": ({"optimizer": optimizers.LBFGS()}, "LBFGS|L-BFGS"),
    "dropout": ({"dropout": 0.5, "optimizer": optimizers.Adam()}, "Dropout needs"),
    "window": ({"window": 3}, "window"),
    "threads": ({"threads": 2}, "threads"),
}


@pytest.mark.parametrize(("options", "sentence"), TRAINERS.values(), ids=TRAINERS)
def test_options_that_do_not_belong_to_it(options, sentence):
    net = architect.Elman(2, 3, 1, seed=0)
    before = whole(net)
    with pytest.raises(SynapseError, match=sentence):
        Trainer(net, **{"method": "rtrl", **options})
    assert whole(net) == before


def test_weights_of_samples():
    net = architect.Elman(2, 3, 1, seed=0)
    before = whole(net)
    with pytest.raises(SynapseError, match="weights"):
        Trainer(net, method="rtrl").train(ROWS, TARGETS, sample_weights=np.ones(4), progress=False)
    assert whole(net) == before


def test_a_network_too_large_for_the_memory(monkeypatch):
    net = architect.Elman(2, 30, 1, seed=0)
    before = whole(net)
    monkeypatch.setattr(_sensitivities, "most_bytes", lambda: 1e5)
    sentence = "of .* at order None need 0.00[0-9]+ GB, but this machine has 0.0001 GB. Give a lower"
    with pytest.raises(ArgumentError, match=sentence):
        net.learning_rule = "rtrl"
    with pytest.raises(ArgumentError, match=sentence):
        Trainer(net, method="rtrl").train(ROWS, TARGETS, progress=False)
    assert (net.learning_rule, whole(net)) == (("online", None), before)
    net.learning_rule = ("rtrl", 1)
    net.run(ROWS[0])


def test_a_network_that_has_become_too_large_keeps_what_it_has(monkeypatch):
    net = learner()
    steps(net)
    monkeypatch.setattr(_sensitivities, "most_bytes", lambda: 0.0)
    neuron = Neuron("tanh")
    net.hidden[-1].append(neuron)
    net.input[0].project(neuron, weight=0.1)
    for act in (lambda: net.activate(ROWS[0][0]), lambda: net.propagate(0.1, [0.5])):
        with pytest.raises(ArgumentError, match="this machine has 0 GB"):
            act()
    assert net.clone().learning_rule == ("rtrl", None)
    net.remove(neuron)
    monkeypatch.undo()
    twin = learner()
    steps(twin)
    assert values(net) == values(twin)
    for one in (net, twin):
        one.activate(ROWS[0][3])
        one.propagate(0.1, TARGETS[0][3])
    assert net.weights.tobytes() == twin.weights.tobytes()


def test_networks_that_are_connected_with_others():
    net, other = learner(), architect.Perceptron(1, 2, 1, seed=0)
    steps(net)
    weights, kept = net.weights, values(net)
    link = other.output[0].project(net.hidden[-1][0])
    sentence = "cannot be trained by rtrl alone: 1 connection"
    for act in (
        lambda: net.activate(ROWS[0][0]),
        lambda: net.run(ROWS),
        lambda: net.propagate(0.1, [0.5]),
        lambda: Trainer(net).train(ROWS, TARGETS, progress=False),
        lambda: setattr(net, "learning_rule", ("rtrl", 1)),
        lambda: setattr(other, "learning_rule", "rtrl"),
    ):
        with pytest.raises(TopologyError, match=sentence):
            act()
    assert np.array_equal(net.weights, weights)
    other.activate([0.5])
    link.source.disconnect(link.target)
    assert values(net) == kept  # nothing is lost
    net.propagate(0.1, TARGETS[0][2])


# --- steps -----------------------------------------------------------------------------------------


def test_a_learning_step_needs_an_activation_before_it():
    net = learner()
    sentence = "has not been activated .* nothing to learn from. Call network.activate first"

    def refused():
        before = whole(net)
        with pytest.raises(TopologyError, match=sentence):
            net.propagate(0.1, [0.5])
        assert whole(net) == before

    refused()
    steps(net)
    net.clear()
    refused()
    steps(net)
    net.learning_rule = "rtrl"  # set again: the present context counts as given
    refused()
    net.activate(ROWS[0][0])
    net.propagate(0.1, [0.5])
    Trainer(net, method="online").train(ROWS, TARGETS, epochs=1, progress=False)
    refused()  # its latest step was one of the online rule


def test_neurons_and_layers_are_not_stepped_alone():
    net, free = learner(), Neuron()
    free.project(Neuron())
    free.project(net.output[0]), free.disconnect(net.output[0])  # another store is absorbed
    steps(net)
    before = whole(net)
    neuron, layer = net.hidden[-1][0], net.hidden[-1]
    for act in (
        neuron.activate,
        lambda: neuron.activate(0.5),
        lambda: neuron.propagate(0.1),
        layer.activate,
        lambda: layer.activate([0.1, 0.2, 0.3]),
        lambda: layer.propagate(0.1),
        lambda: net.output.propagate(0.1, [0.5]),
    ):
        with pytest.raises(TopologyError, match="cannot be stepped by itself, because .* learns by rtrl"):
            act()
    assert whole(net) == before
    free.activate(0.5)
    net.learning_rule = "online"
    neuron.activate()


def test_neurons_of_a_deleted_network_are_free():
    net = learner()
    layers = list(net.layers)
    steps(net)
    del net
    import gc

    gc.collect()
    layers[-1][0].activate()
    Network(layers[0], layers[1:-1], layers[-1]).activate([0.1, 0.2])


@pytest.mark.parametrize("rule", ["rtrl", ("rtrl", 1)], ids=str)
def test_one_neuron_that_is_cleared(rule):
    """Its sensitivities are 0, others stay; also of the neuron that activates last."""
    net = learner(rule, architect.LSTM)
    net.output[0].project(net.output[0], weight=0.5)
    steps(net)
    for neuron in (net.output[0], next(iter(net.connections[-1].sensitivity), net.hidden[1][0])):
        before = [(link, link.sensitivity) for link in net.connections]
        neuron.clear()
        for link, own in before:
            assert link.sensitivity == {**own, **({neuron: 0.0} if neuron in own else {})}
    net.propagate(0.1, [0.5])


@pytest.mark.parametrize("place", ["hidden", "output"])
def test_a_squash_that_raises_in_the_middle_of_a_step(place):
    """The context is that of the failed step: there is nothing to learn from until it is cleared."""
    net = learner()
    layer = net.output if place == "output" else net.hidden[-1]
    layer.squash = "fragile_now_and_then"
    steps(net)
    weights, biases = net.weights, layer.biases
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
    """After `clear` it works as a network with the same weights that has done nothing before."""
    twin = architect.Elman(2, 3, 1, seed=0)
    for ours, theirs in zip(net.layers, twin.layers, strict=True):
        theirs.squash = ours[0].squash
    twin.learning_rule = "rtrl"
    twin.weights, twin.biases = net.weights, net.biases
    for one in (net, twin):
        steps(one)
    assert net.weights.tobytes() == twin.weights.tobytes()
    assert np.isfinite([v for row in values(net) for v in row]).all()


def test_divergence_changes_no_weight_and_clear_restores():
    net = learner()
    for layer in net.layers[1:]:
        layer.squash = "identity"
    steps(net)
    weights = net.weights
    net.weights = big = np.where(weights == 1.0, 1.0, 1e200)
    with np.errstate(all="ignore"):
        for row in ROWS[0]:
            net.activate(row)
            cost = net.propagate(0.1, [0.5])
        assert not np.isfinite(cost)
        assert np.array_equal(net.weights, big)
        with pytest.raises(DivergenceError):
            Trainer(net, 0.1).train(ROWS, TARGETS, epochs=1, progress=False)
    net.weights = weights
    net.clear()
    again_like_new(net)


# --- what runs a network besides -------------------------------------------------------------------


def refused_explanation(net):
    with pytest.raises(ArgumentError, match="was by rtrl"):
        analysis.explain(net.connections[0])


LOOKS = {
    "test": lambda net: Trainer(net).test(ROWS, TARGETS),
    "gradient": lambda net: gradient(net, ROWS, TARGETS),
    "compare_gradients": lambda net: compare_gradients(net, ROWS, TARGETS),
    "fit_readout": lambda net: fit_readout(net, ROWS, TARGETS),
    "activity": lambda net: analysis.activity(net, ROWS[0]),
    "saliency": lambda net: analysis.saliency(net, ROWS[0]),
    "explain": refused_explanation,
    "distribution": lambda net: analysis.activation_distribution(net, ROWS[0]),
    "half_lives": analysis.half_lives,
    "spectral_radius": analysis.spectral_radius,
    "draw": lambda net: draw.sensitivity(net, ROWS[0]),
    "look": lambda net: (repr(net), net.graph.number_of_edges(), net.clone()),
}


@pytest.mark.parametrize("look", LOOKS)
def test_what_runs_a_network_leaves_no_sensitivities_of_another_context(look):
    """Where the context is as before, they are too; otherwise they are those of the new context, or 0."""
    net = learner()
    net.output.squash = "identity"
    net.run(ROWS[0])
    before, context = values(net), whole(net)["neurons"]["state"]
    LOOKS[look](net)
    if whole(net)["neurons"]["state"] == context:
        assert values(net) == before
        net.propagate(0.1, TARGETS[0][0])
    else:
        twin = learner()
        twin.output.squash = "identity"
        twin.weights, twin.biases = net.weights, net.biases
        twin.run(ROWS[-1])
        assert values(net) == values(twin) or not any(v for row in values(net) for v in row)
    twin = net.clone()
    for one in (net, twin):
        steps(one)
    assert net.weights.tobytes() == twin.weights.tobytes()


def test_validation_leaves_context_and_sensitivities():
    """A stream with a validation in between learns as without one."""
    nets = learner(), learner()
    for net, options in zip(nets, ({}, {"validation": (ROWS, TARGETS)}), strict=True):
        Trainer(net, 0.05).train(ROWS[0], TARGETS[0], epochs=3, progress=False, **options)
    assert nets[0].weights.tobytes() == nets[1].weights.tobytes()
    assert values(nets[0]) == values(nets[1])


def test_a_trainer_of_another_order_beside_the_rule_of_the_network():
    """Each follows its own sensitivities, and forgets them when the other has stepped."""
    nets = learner(), learner("online")
    for net in nets:
        trainer = Trainer(net, 0.05, method="rtrl", order=1)
        for i in range(3):
            trainer.train(ROWS[i], TARGETS[i], epochs=1, progress=False)
            net.clear()
    assert nets[0].weights.tobytes() == nets[1].weights.tobytes()


def test_a_callback_edits_between_epochs_and_steps():
    net = learner()
    born = []

    def edit(_):
        neuron = Neuron("tanh", 0.1)
        net.hidden[-1].append(neuron)
        net.input[0].project(neuron, weight=0.1)
        neuron.project(net.output[0], weight=0.1)
        born.append(neuron)

    Trainer(net, 0.1).train(ROWS, TARGETS, epochs=2, callbacks=[edit], progress=False)
    Trainer(net, 0.1).train(ROWS[0], TARGETS[0], epochs=1, on_step=edit, progress=False)
    adam = Trainer(net, optimizer=optimizers.Adam(0.01), batch_size=4)
    adam.train(ROWS[0], TARGETS[0], epochs=3, callbacks=[edit], progress=False)
    assert len(born) == 2 + 6 + 3
    assert all(neuron.outgoing[0].weight != 0.1 for neuron in born[:2])
    assert np.isfinite(net.weights).all()


def test_interrupting_a_long_pass_leaves_a_network_that_works():
    net = learner(kind=architect.LSTM)
    rows, targets = np.tile(ROWS[0], (20000, 1)), np.tile(TARGETS[0], (20000, 1))
    Trainer(net, 0.01).train(ROWS, TARGETS, epochs=1, progress=False)
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    try:
        stopped = Trainer(net, 0.01).train(rows, targets, epochs=1000, progress=False).stopped
    finally:
        timer.cancel()
    assert stopped == "interrupted"
    assert np.isfinite([v for row in values(net) for v in row]).all()
    net.clear()
    twin = net.clone()
    for one in (net, twin):
        steps(one)
    assert net.weights.tobytes() == twin.weights.tobytes()
