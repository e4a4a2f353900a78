"""Weights and biases that are shared: set, learnt, kept, and let go."""

import copy

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import architect
import synapse
from synapse import Layer, Network, Neuron, Trainer, analysis, gradient, optimizers
from synapse.errors import ArgumentError, KindError, TopologyError

from .learning.helpers import built, learning, sequences
from .strategies import SMOOTH, Twin, specs

EXACT = {"abs": 1e-12, "rel": 1e-10}


def perceptron(**options):
    return architect.Perceptron(3, 5, 4, 2, seed=0, initializer=synapse.initializers.uniform(0.8), **options)


def tie_at_random(net, seed, groups=4):
    """Connections, and neurons, that are alike trainable are dealt into some groups; many stay alone."""
    rng = np.random.default_rng(seed)
    for items in (net.connections, list(net)[len(net.input) :]):
        for trainable in (True, False):
            chosen = [one for one in items if one.trainable is trainable and rng.random() < 0.7]
            if chosen:
                synapse.tie(chosen, groups=rng.integers(0, groups, len(chosen)))
    return net


def groups_of(net):
    """Of each connection, and of each neuron, the place of the first that shares its number."""
    links, neurons = net.connections, list(net)
    return tuple(
        np.array(
            [
                min(i, *(place[one] for one in item.tied if one in place)) if item.tied else i
                for i, item in enumerate(items)
            ]
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


# --- tying, and what is set -----------------------------------------------------------------------


def test_all_take_the_value_of_the_first():
    a, b = Layer(2), Layer(3)
    projection = a.project(b, weights=[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    links = list(projection)
    synapse.tie(links[1:3])
    assert projection.weights[:].tolist() == [[1.0, 4.0, 3.0], [4.0, 5.0, 6.0]]
    assert links[1].tied == (links[2],)
    assert links[0].tied == ()
    b.biases = [1.0, 2.0, 3.0]
    synapse.tie([b[2], b[0]])
    assert b.biases.tolist() == [3.0, 2.0, 3.0]
    assert b[0].tied == (b[2],)
    assert b[1].tied == ()


def test_a_projection_and_a_layer_by_groups():
    a, b = Layer(4), Layer(4)
    projection = a.project(b, seed=0)
    before = projection.weights[:]
    synapse.tie(projection, groups=np.tile(np.arange(4), 4))  # by source
    assert projection.weights[:].tolist() == np.tile(before[:, :1], 4).tolist()
    synapse.tie(b, groups=[5, -1, 5, -1])
    b.biases = [1.0, 2.0, 1.0, 2.0]
    b[2].bias = 7.0
    assert b.biases.tolist() == [7.0, 2.0, 7.0, 2.0]


def test_groups_are_joined():
    net = perceptron()
    links = net.connections
    synapse.tie(links[:3])
    synapse.tie(links[5:7])
    synapse.tie([links[8], links[6], links[2]])
    assert set(links[0].tied) == {links[i] for i in (1, 2, 5, 6, 8)}
    assert len({links[i].weight for i in (0, 1, 2, 5, 6, 8)}) == 1
    assert links[3].tied == ()
    synapse.tie([links[0], links[10], links[11]], groups=[1, 0, 0])
    assert len(links[0].tied) == 5
    assert links[10].tied == (links[11],)


def test_groups_that_one_call_brings_together():
    """Two numbers of one call share what they have in common already."""
    links = perceptron().connections
    synapse.tie(links[:2])
    synapse.tie([links[0], links[4], links[1], links[5], links[6]], groups=[0, 0, 1, 1, 2])
    assert set(links[4].tied) == {links[0], links[1], links[5]}
    assert links[6].tied == ()


@pytest.mark.parametrize("set_it", ["weight", "trainable", "field"])
def test_what_is_set_of_one_is_set_of_all(set_it):
    net = perceptron()
    links = net.connections
    synapse.tie(links[2:6])
    before = net.weights
    if set_it == "trainable":
        links[3].trainable = False
        assert [link.trainable for link in links[:7]] == [True, True, False, False, False, False, True]
        return
    if set_it == "weight":
        links[3].weight = 0.25
    else:
        net.graph[links[3].source][links[3].target]["weight"] = 0.25
    before[2:6] = 0.25
    assert net.weights.tolist() == before.tolist()


def test_biases_and_their_trainability():
    net = perceptron()
    layer = net.hidden[0]
    synapse.tie([layer[0], layer[3], net.output[1]])
    net.output[1].bias = 0.125
    layer[3].trainable = False
    assert [neuron.bias == 0.125 for neuron in layer] == [True, False, False, True, False]
    assert [neuron.trainable for neuron in layer] == [False, True, True, False, True]
    net.output.trainable = True
    assert layer.trainable


def test_arrays_set_part_of_a_group():
    net = perceptron()
    a, b = Layer(2), Layer(2)
    projection = a.project(b, weights=1.0)
    synapse.tie(projection, groups=[0, 0, 1, 1])
    projection.weights[0, 0] = 3.0
    assert projection.weights[:].tolist() == [[3.0, 1.0], [3.0, 1.0]]
    projection.weights *= 2.0
    assert projection.weights[:].tolist() == [[6.0, 2.0], [6.0, 2.0]]
    synapse.tie(net.hidden[0], groups=[0, 0, 1, 1, 2])
    synapse.tie([net.hidden[0][0], net.hidden[1][0]])
    net.hidden[0].biases = [1.0, 1.0, 2.0, 2.0, 3.0]
    assert net.hidden[1][0].bias == 1.0
    net.weights, net.biases = 0.5 * net.weights, 0.5 * net.biases
    assert net.hidden[0].biases.tolist() == [0.5, 0.5, 1.0, 1.0, 1.5]


def test_layers_in_two_stores():
    one, other = Layer(2), Layer(1)
    synapse.tie(one)
    mixed = Layer([*one, *other])
    mixed.biases = [1.0, 1.0, 2.0]
    with pytest.raises(ArgumentError, match="tied"):
        mixed.biases = [3.0, 4.0, 5.0]
    assert mixed.biases.tolist() == [1.0, 1.0, 2.0]


def test_values_that_disagree_are_refused():
    net = perceptron()
    synapse.tie(net.connections[:4])
    synapse.tie(net.hidden[0])
    before = everything(net)
    for name in ("weights", "biases"):
        with pytest.raises(ArgumentError, match=r"Those that are tied .* Got"):
            setattr(net, name, np.arange(len(getattr(net, name)), dtype=float))
    with pytest.raises(ArgumentError, match="tied"):
        net.hidden[0].biases = np.arange(5.0)
    a, b = Layer(2), Layer(2)
    projection = a.project(b, weights=1.0)
    synapse.tie(projection)
    with pytest.raises(ArgumentError, match="tied"):
        projection.weights = [[1.0, 2.0], [3.0, 4.0]]
    assert projection.weights[:].tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert everything(net) == before


def test_untying():
    net = perceptron()
    links = net.connections
    synapse.tie(links[:4])
    synapse.tie(net.hidden[0])
    weights = net.weights
    synapse.untie(links[1:2])
    links[0].weight = 9.0
    weights[[0, 2, 3]] = 9.0
    assert net.weights.tolist() == weights.tolist()
    assert links[1].tied == ()
    synapse.untie([links[0], links[2]])
    assert links[3].tied == ()  # a group of one is none
    synapse.untie(net.hidden[0])
    net.hidden[0].biases = np.arange(5.0)
    assert net.hidden[0].biases.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_networks_of_their_own_share_a_weight():
    """Twins that see different things and learn one weight: a siamese pair."""
    one, other = architect.Perceptron(2, 2, seed=0), architect.Perceptron(2, 2, seed=1)
    pairs = [*one.connections, *other.connections]
    synapse.tie(pairs, groups=np.tile(np.arange(4), 2))
    assert other.weights.tolist() == one.weights.tolist()
    for method in ("online", "bptt"):
        more = {"optimizer": optimizers.SGD(0.1)} if method == "bptt" else {}
        before = one.weights
        Trainer(one, method=method, **more).train([[1.0, 0.5]], [[1.0, 0.0]], epochs=2, progress=False)
        assert np.abs(one.weights - before).min() > 1e-4
        assert other.weights.tolist() == one.weights.tolist()
    twin = one.clone()
    twin.connections[0].weight = 5.0
    assert other.connections[0].weight == one.connections[0].weight != 5.0


# --- what is refused -------------------------------------------------------------------------------


def removed():
    net = perceptron()
    link = net.connections[0]
    link.source.disconnect(link.target)
    return net, [link, net.connections[0]], "removed"


def removed_neuron():
    net = perceptron()
    neuron = net.hidden[0][0]
    net.remove(neuron)
    return net, [net.output[0], neuron], "removed"


def half_frozen():
    net = perceptron()
    net.connections[2].trainable = False
    return net, net.connections[1:4], "trained together or not at all"


def half_frozen_biases():
    net = perceptron()
    net.output[0].trainable = False
    return net, net.output, "trained together or not at all"


def of_two_kinds():
    net = perceptron()
    return net, [net.connections[0], net.output[0]], "must be a Connection"


def of_two_floats():
    net, other = perceptron(), perceptron(dtype="float32")
    return net, [net.connections[0], other.connections[0]], "one dtype"


REFUSED = {
    "a removed connection": (removed, TopologyError),
    "a removed neuron": (removed_neuron, TopologyError),
    "one of them frozen": (half_frozen, ArgumentError),
    "one of their biases frozen": (half_frozen_biases, ArgumentError),
    "a connection and a neuron": (of_two_kinds, KindError),
    "two floats": (of_two_floats, TopologyError),
    "none": (lambda: (perceptron(), [], "Got none"), ArgumentError),
    "one alone": (lambda: ((net := perceptron()), net.connections[0], "must be a Projection"), KindError),
    "a number": (lambda: (perceptron(), 3, "must be a Projection"), KindError),
    "names": (lambda: (perceptron(), "ab", "Got 'a' in it"), KindError),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_tied(case):
    make, error = REFUSED[case]
    net, items, sentence = make()
    before = everything(net)
    with pytest.raises(error, match=sentence):
        synapse.tie(items)
    assert everything(net) == before


@pytest.mark.parametrize(
    ("groups", "error"),
    [([0, 1], ArgumentError), ([0.5, 1.5, 2.5], KindError), ([[0, 0, 1]], ArgumentError), ("abc", KindError)],
)
def test_groups_that_do_not_fit(groups, error):
    net = perceptron()
    before = everything(net)
    with pytest.raises(error, match="The groups of what is tied"):
        synapse.tie(net.connections[:3], groups=groups)
    assert everything(net) == before


def test_what_cannot_be_untied():
    with pytest.raises(KindError, match="What is untied"):
        synapse.untie(3)


def test_a_read_out_that_is_tied_is_not_fitted():
    net = architect.Elman(1, 3, 2, output_squash="identity", seed=0)
    synapse.tie(net.output)
    with pytest.raises(TopologyError, match="tied"):
        net.fit_readout([[0.0], [1.0]], [[1.0, 0.0], [0.0, 1.0]])


# --- the online rule -------------------------------------------------------------------------------


def free_twin(net):
    """The same network and context, with nothing tied."""
    twin = net.clone()
    synapse.untie(twin.connections)
    synapse.untie(list(twin))
    return twin


def assert_moves_add_up(net, free, act):
    """`act` on a network whose weights are tied moves them by the sum of what it does where they are not."""
    weights, biases = net.weights, net.biases
    act(net), act(free)
    of_links, of_neurons = groups_of(net)
    assert net.weights == pytest.approx(weights + added_up(of_links, free.weights - weights), **EXACT)
    assert net.biases == pytest.approx(biases + added_up(of_neurons, free.biases - biases), **EXACT)
    free.weights, free.biases = net.weights, net.biases


@settings(max_examples=40)
@given(specs(squashes=SMOOTH), st.integers(0, 999))
def test_a_step_of_any_gated_graph(spec, seed):
    net = Twin(spec).net
    assume(net.connections)
    tie_at_random(net, seed)
    free, rng = free_twin(net), np.random.default_rng(seed)
    for _ in range(4):
        inputs, targets = rng.uniform(-1, 1, spec.inputs), rng.random(spec.outputs)
        outputs = [one.activate(inputs) for one in (net, free)]
        assert outputs[0] == pytest.approx(outputs[1], **EXACT)
        assume(np.abs([neuron.state for neuron in net]).max() < 100)
        assert_moves_add_up(net, free, lambda one, t=targets: one.propagate(0.1, t, "squared_error"))


@settings(max_examples=15)
@given(specs(squashes=SMOOTH, most=5), st.integers(0, 999))
def test_neuron_by_neuron(spec, seed):
    """Called by hand, each neuron moves at once what it shares."""
    net = Twin(spec).net
    assume(net.connections)
    tie_at_random(net, seed)
    free = free_twin(net)
    for _ in range(3):
        for one in (net, free):
            for j, neuron in enumerate(one):
                neuron.activate(0.5 - 0.3 * j if j < spec.inputs else None)
        assume(np.abs([neuron.state for neuron in net]).max() < 100)
        for j in reversed(range(len(net))):
            target = 0.3 if j >= len(net) - spec.outputs else None
            assert_moves_add_up(
                net, free, lambda one, j=j, t=target: one[j].propagate(0.1, t, "squared_error")
            )


def test_a_layer_makes_one_step():
    """Its neurons send their errors with the weights as they were before all of them."""
    inputs, hidden, outputs = Layer(2), Layer(3, "tanh"), Layer(4, "tanh")
    inputs.project(hidden, seed=0)
    synapse.tie(hidden.project(outputs, seed=1), groups=np.tile(np.arange(3), 4))
    net = Network(inputs, [hidden], outputs)
    synapse.tie(outputs)
    whole, free = net.clone(), free_twin(net)
    for one in (net, whole, free):
        one.activate([0.5, -0.3])
    targets = [0.1, 0.4, -0.2, 0.9]
    assert_moves_add_up(net, free, lambda one: one.output.propagate(0.5, targets, "squared_error"))
    net.hidden[0].propagate(0.5)
    whole.propagate(0.5, targets, "squared_error")
    assert numbers(net) == pytest.approx(numbers(whole), **EXACT)


def test_an_error_in_a_layer_leaves_nothing_held():
    layer = Layer(2)
    a = Neuron()
    synapse.tie(a.project(layer, weight=0.5))
    a.activate(1.0), layer.activate()
    with pytest.raises(ArgumentError):
        layer.propagate(-1.0)
    before = layer[0].incoming[0].weight
    layer[1].propagate(0.5, target=1.0)
    assert layer[0].incoming[0].weight == layer[1].incoming[0].weight > before


@pytest.mark.parametrize("sort", ["perceptron", "elman", "lstm", "gru"])
def test_an_epoch_is_its_steps(sort):
    """Weights from inputs, which may wait inside an epoch, are shared there too."""
    net = tie_at_random(built(sort), 3)
    inputs, targets = sequences(net, (5, 4), seed=1)
    twin = net.clone()
    Trainer(net, rate=0.2).train(inputs, targets, epochs=1, shuffle=False, progress=False)
    for rows, aims in zip(inputs, targets, strict=True):
        twin.clear()
        for row, aim in zip(rows, aims, strict=True):
            twin.activate(row)
            twin.propagate(0.2, aim)
    assert numbers(net) == pytest.approx(numbers(twin), **EXACT)
    assert [one.tolist() for one in groups_of(net)] == [one.tolist() for one in groups_of(twin)]


def test_the_rule_is_the_gradient_by_the_shared_weight():
    """Where the online rule is exact: against differences of the cost, one shared number at a time."""
    net = tie_at_random(perceptron(squash="tanh", output_squash="logistic"), 1)
    row, aim = np.array([0.3, -0.8, 0.5]), np.array([1.0, 0.0])
    before = numbers(net)
    net.activate(row)
    net.propagate(1.0, aim, "squared_error")
    moved = numbers(net) - before
    net.weights, net.biases = before[: len(net.weights)], before[len(net.weights) :]

    def cost():
        return 0.5 * ((net.activate(row) - aim) ** 2).sum()

    for i, one in enumerate([*net.connections, *net]):
        if isinstance(one, Neuron) and one in net.input._neurons:
            continue
        name = "bias" if isinstance(one, Neuron) else "weight"
        value, ends = getattr(one, name), []
        for width in (1e-5, -1e-5):
            setattr(one, name, value + width)
            ends.append(cost())
        setattr(one, name, value)
        assert moved[i] == pytest.approx((ends[1] - ends[0]) / 2e-5, abs=1e-9)


def test_single_precision():
    net = tie_at_random(built("lstm", dtype="float32"), 3)
    free = free_twin(net)
    for one in (net, free):
        one.activate([0.1, 0.5, -0.3])
    weights = net.weights.astype(float)
    for one in (net, free):
        one.propagate(0.1, [1.0, 0.0])
    moves = added_up(groups_of(net)[0], free.weights - weights)
    assert net.weights == pytest.approx(weights + moves, abs=1e-5)


# --- exact gradients -------------------------------------------------------------------------------


def loss(net, inputs, targets):
    total = 0.0
    for rows, aims in zip(inputs, targets, strict=True):
        net.clear()
        total += 0.5 * ((net.run(rows) - aims) ** 2).sum()
    return total / len(inputs)


@settings(max_examples=25)
@given(specs(squashes=SMOOTH, most=4), st.integers(0, 999))
def test_gradients_are_differences_by_the_shared_number(spec, seed):
    net = Twin(spec).net
    assume(net.connections)
    tie_at_random(net, seed, groups=2)
    inputs, targets = sequences(net, (5, 3), spec.seed)
    with np.errstate(all="ignore"):
        assume(np.abs([state for rows in inputs for state in net.run(rows)]).max() < 10)
    net.clear()
    found = gradient(net, inputs, targets, "squared_error")
    slopes = np.concatenate([found.weights, found.biases])
    assume(np.abs(slopes).max() < 100)
    learns = np.concatenate(learning(net))
    learns[len(net.weights) : len(net.weights) + len(net.input)] = False
    for slope, learnt, one in zip(slopes, learns, [*net.connections, *net], strict=True):
        if not learnt:
            assert slope == 0
            continue
        name = "bias" if isinstance(one, Neuron) else "weight"
        value, ends = getattr(one, name), []
        for width in (1e-5, -1e-5):
            setattr(one, name, value + width)
            ends.append(loss(net, inputs, targets))
        setattr(one, name, value)
        assert slope == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-5)


@pytest.mark.parametrize("sort", ["perceptron", "elman", "lstm", "gru", "random"])
def test_gradients_are_sums_over_members(sort):
    net = tie_at_random(built(sort), 5)
    data = sequences(net, (6, 3))
    ours, parts = gradient(net, *data), gradient(free_twin(net), *data)
    of_links, of_neurons = groups_of(net)
    assert ours.weights == pytest.approx(added_up(of_links, parts.weights), **EXACT)
    assert ours.biases == pytest.approx(added_up(of_neurons, parts.biases), **EXACT)


def test_the_rule_and_the_gradient_are_compared_by_shared_numbers():
    net = tie_at_random(perceptron(), 1)
    inputs, targets = sequences(net, (1, 1))
    found = synapse.learning.compare_gradients(net, inputs, targets)
    assert found.relative_error < 1e-9
    assert found.weights["exact"] == pytest.approx(gradient(net, inputs, targets).weights, **EXACT)
    elman = built("elman")
    data = sequences(elman, (6,))
    synapse.tie(elman.connections[:12])
    exact, online = (
        np.append(*(found_by[name] for found_by in (compared.weights, compared.biases)))
        for compared in [synapse.learning.compare_gradients(elman, *data)]
        for name in ("exact", "online")
    )
    once = np.concatenate([np.arange(1), np.arange(12, len(exact))])
    cosine = exact[once] @ online[once] / np.linalg.norm(exact[once]) / np.linalg.norm(online[once])
    assert synapse.learning.compare_gradients(elman, *data).cosine == pytest.approx(cosine, abs=1e-12)


def by_hand(net, inputs, targets, l2, clip, steps, rate):
    """SGD with a penalty and a clipped norm, by parameters: each shared one once."""
    of_links, of_neurons = groups_of(net)
    first = [np.unique(groups, return_index=True)[1] for groups in (of_links, of_neurons)]
    learns = learning(net)
    for _ in range(steps):
        found = gradient(net, inputs, targets)
        slopes = [found.weights + l2 * net.weights, found.biases]
        length = np.sqrt(sum((slope[once] ** 2).sum() for slope, once in zip(slopes, first, strict=True)))
        scale = min(1.0, clip / length)
        learns[1][: len(net.input)] = False
        net.weights = net.weights - rate * scale * slopes[0] * learns[0]
        net.biases = net.biases - rate * scale * slopes[1] * learns[1]


def test_an_optimizer_sees_a_shared_number_once():
    net = tie_at_random(built("elman"), 5)
    inputs, targets = sequences(net, (6, 6, 6))
    twin = net.clone()
    options = {"method": "bptt", "optimizer": optimizers.SGD(0.1), "batch_size": 3, "l2": 0.3, "clip": 0.1}
    Trainer(net, **options).train(inputs, targets, epochs=4, progress=False)
    by_hand(twin, inputs, targets, 0.3, 0.1, 4, 0.1)
    assert numbers(net) == pytest.approx(numbers(twin), **EXACT)


OPTIMIZERS = {
    "adam": optimizers.Adam(0.01),
    "rprop": optimizers.Rprop(0.01),
    "momentum": optimizers.SGD(0.05, momentum=0.9),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("method", ["bptt", "online"])
def test_training_keeps_what_is_tied(name, method):
    net = tie_at_random(built("lstm"), 2)
    inputs, targets = sequences(net, (6, 4, 5, 3))
    trainer = Trainer(net, method=method, optimizer=OPTIMIZERS[name], batch_size=3, l1=0.001)
    before, groups = numbers(net), groups_of(net)
    first = trainer.train(inputs, targets, epochs=1, progress=False).error
    assert trainer.train(inputs, targets, epochs=20, progress=False).error < first
    for values, group in zip((net.weights, net.biases), groups, strict=True):
        assert values.tolist() == values[group].tolist()
    assert np.abs(numbers(net) - before).max() > 1e-3


def test_lbfgs():
    pytest.importorskip("scipy")
    net = tie_at_random(perceptron(), 2)
    inputs, targets = sequences(net, (8,))
    before = loss(net, inputs, targets)
    trainer = Trainer(net, method="bptt", optimizer=optimizers.LBFGS(), cost="squared_error")
    trainer.train(inputs, targets, epochs=20, progress=False)
    assert loss(net, inputs, targets) < 0.9 * before
    assert net.weights.tolist() == net.weights[groups_of(net)[0]].tolist()


def test_dropout_and_the_best_weights_brought_back():
    net = tie_at_random(perceptron(), 2)
    inputs, targets = sequences(net, (12,))
    trainer = Trainer(net, method="bptt", optimizer=optimizers.Adam(0.1), dropout=0.3)
    trainer.train(inputs[0], targets[0], epochs=20, validation=0.25, patience=2, seed=0, progress=False)
    for values, group in zip((net.weights, net.biases), groups_of(net), strict=True):
        assert values.tolist() == values[group].tolist()


# --- what else writes weights ------------------------------------------------------------------------


def test_new_random_weights_are_shared():
    net = tie_at_random(built("elman"), 2)
    groups, before = groups_of(net), net.weights
    net.reset(seed=3)
    assert (net.weights != before).mean() > 0.5
    assert net.weights.tolist() == net.weights[groups[0]].tolist()
    assert net.biases.tolist() == net.biases[groups[1]].tolist()
    net.hidden[0][1].reset(seed=4)
    net.hidden[0].reset(seed=5)
    assert net.weights.tolist() == net.weights[groups[0]].tolist()
    assert net.biases.tolist() == net.biases[groups[1]].tolist()


def test_a_reset_of_what_is_not_tied_draws_as_before():
    one, other = perceptron(), perceptron()
    synapse.tie(one.connections[:2])
    synapse.untie(one.connections[:2])
    one.reset(seed=3), other.reset(seed=3)
    assert numbers(one).tobytes() == numbers(other).tobytes()


def test_pruning_leaves_the_others_tied():
    net = tie_at_random(perceptron(), 2)
    small = analysis.prune(net, 0.4).network
    assert len(small.connections) < len(net.connections)
    values = small.weights
    assert values.tolist() == values[groups_of(small)[0]].tolist()
    assert any(link.tied for link in small.connections)


# --- copies and edits --------------------------------------------------------------------------------


@pytest.mark.parametrize("twin_of", [Network.clone, copy.deepcopy], ids=["clone", "deepcopy"])
def test_a_twin_is_tied_alike(twin_of):
    net = tie_at_random(built("lstm"), 2)
    for row in ([0.1, 0.2, 0.3], [0.5, -0.1, 0.0]):
        net.activate(row)
        net.propagate(0.1, [0.0, 1.0])
    twin = twin_of(net)
    assert everything(twin) == everything(net)
    for one in (net, twin):
        one.activate([0.3, 0.3, 0.3])
        one.propagate(0.1, [0.0, 1.0])
    assert numbers(twin).tobytes() == numbers(net).tobytes()


def test_stores_that_are_joined_keep_their_groups_apart():
    one, other = architect.Perceptron(2, 2, seed=0), architect.Perceptron(2, 2, seed=1)
    for net in (one, other):
        synapse.tie(net.connections[:2])
        synapse.tie(net.output)
    one.project(other)
    one.connections[0].weight, one.output[0].bias = 7.0, 8.0
    assert other.connections[0].weight != 7.0
    assert other.output.biases.tolist() == [other.output[0].bias] * 2 != [8.0, 8.0]
    assert len(other.connections[0].tied) == 1


def test_a_removed_connection_leaves_its_group():
    net = perceptron()
    links = net.connections
    synapse.tie(links[:3])
    links[1].source.disconnect(links[1].target)
    assert links[0].tied == (links[2],)
    again = net.input[1].project(net.hidden[0][0], weight=0.5)
    assert again.tied == ()
    links[2].source.disconnect(links[2].target)
    assert links[0].tied == ()


def test_a_removed_neuron_leaves_its_group():
    net = perceptron()
    synapse.tie([*net.hidden[0][:2], net.output[0]])
    neuron = net.hidden[0][1]
    net.remove(neuron)
    net.output[0].bias = 3.0
    assert net.hidden[0][0].bias == 3.0
    assert net.hidden[0][0].tied == (net.output[0],)


@settings(max_examples=25)
@given(specs(squashes=SMOOTH, most=6), st.lists(st.integers(0, 10**6), min_size=4, max_size=12))
def test_edits_and_steps_in_any_order(spec, edits):
    """Tie, untie, remove, project, freeze, step: members are equal, and steps add up."""
    net = Twin(spec).net
    for seed in edits:
        rng = np.random.default_rng(seed)
        edit(net, rng)
        if seed % 2:
            net.activate(rng.uniform(-1, 1, spec.inputs))
            assume(np.abs([neuron.state for neuron in net]).max() < 100)
            free, targets = free_twin(net), rng.random(spec.outputs)
            assert_moves_add_up(net, free, lambda one, t=targets: one.propagate(0.1, t, "squared_error"))
        for values, group in zip((net.weights, net.biases), groups_of(net), strict=True):
            assert values.tolist() == values[group].tolist()


def edit(net, rng):
    links = net.connections
    link = links[rng.integers(len(links))] if links else None
    kind = rng.integers(6)
    if kind == 0 or link is None:
        source, target = (net[int(j)] for j in rng.integers(len(net), size=2))
        if source.connected(target) is None:
            source.project(target, weight=0.3)
    elif kind == 1:
        link.source.disconnect(link.target)
    elif kind == 2:
        link.trainable = not link.trainable
    elif kind == 3:
        link.weight = rng.uniform(-0.5, 0.5)
    elif kind == 4:
        synapse.untie([link])
    else:
        tie_at_random(net, int(rng.integers(1000)), 3)


def test_self_connections_and_gated_ones_are_tied():
    net = built("lstm")
    own = [cell.self_connection for cell in net["cells"]]
    synapse.tie(own)
    own[0].trainable = True
    assert all(link.trainable for link in own)
    free, (inputs, targets) = free_twin(net), sequences(net, (5,))
    for row, aim in zip(inputs[0], targets[0], strict=True):
        for one in (net, free):
            one.activate(row)
        assert_moves_add_up(net, free, lambda one, t=aim: one.propagate(0.2, t))
    assert own[0].weight == own[1].weight != 1.0
