"""Groups: neurons that compete, of which the largest state wins."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Neuron, Trainer, squashes
from synapse.errors import TopologyError, TopologyWarning
from synapse.learning import compare_gradients
from tests.helpers.cases import every_case
from tests.helpers.groups import Walk, competing, sequences
from tests.helpers.reference import Reference

INPUTS = np.random.default_rng(0).normal(size=(20, 4))


def maxout(pieces=3, units=5, seed=0, dtype=np.float64):
    """A network of maxout units: each sums a group of which one neuron speaks."""
    rng = np.random.default_rng(seed)
    source = Layer(4, "identity", dtype=dtype)
    groups = [Layer(pieces, "maxout", dtype=dtype) for _ in range(units)]
    output = Layer(2, "identity", dtype=dtype)
    for group in groups:
        source.project(group, initializer="normal", seed=rng)
        group.biases = rng.normal(size=pieces)
    unit = Layer(units, "identity", dtype=dtype)
    for group, neuron in zip(groups, unit, strict=True):
        group.project(neuron, weights=1.0, trainable=False)
    unit.trainable_bias = False
    unit.project(output, initializer="normal", seed=rng)
    return Network(source, [*groups, unit], output), groups, unit


def weights(source, target):
    return np.array([[i.connection_to(j).weight for i in source] for j in target])


def test_maxout_units_say_the_largest_state_of_their_group():
    net, groups, unit = maxout()
    into = [weights(net.input, group) for group in groups]
    out = weights(unit, net.output)
    for row in INPUTS:
        largest = [
            (w @ row + group.biases).max()
            for w, group in zip(into, groups, strict=True)
        ]
        assert net.activate(row) == pytest.approx(out @ largest, abs=1e-14)
        assert unit.activations == pytest.approx(largest, abs=1e-14)
        for group in groups:
            assert np.flatnonzero(group.activations).tolist() == [group.states.argmax()]


def test_alone_a_neuron_has_won():
    neuron = Neuron("winner", bias=-3.0)
    assert (neuron.activate(), Neuron("maxout", bias=-3.0).activate()) == (1.0, -3.0)
    assert (
        squashes.winner(-3.0),
        squashes.maxout(-3.0),
        squashes.maxout.derivative(-3.0),
    ) == (1.0, -3.0, 1.0)


def test_an_epoch_is_its_steps():
    stepped = maxout()[0]
    other = maxout()[0]
    targets = np.random.default_rng(1).normal(size=(20, 2))
    for row, target in zip(INPUTS, targets, strict=True):
        stepped.activate(row)
        stepped.propagate(0.01, target)
    Trainer(other, 0.01).train(INPUTS, targets, epochs=1, shuffle=False)
    assert other.weights == pytest.approx(stepped.weights, abs=1e-12)


def test_joining_networks_keeps_groups_apart():
    sender = maxout(seed=1)[0]
    other = maxout(seed=2)[0]
    expected = other.clone().run(INPUTS)
    sender.output.project(other.input, seed=0)
    assert other.run(INPUTS) == pytest.approx(expected, abs=1e-14)


# --- membership -----------------------------------------------------------------------


def one_group():
    """Three neurons that compete, the second and third states being the larger ones."""
    source, group = Layer(1), Layer(3, "winner", name="W")
    output = Layer(1, "identity")
    source.project(group, weights=[[1.0, 3.0, 2.0]])
    group.project(output, weights=1.0)
    return source, group, output


def test_sorting_keeps_a_group_together():
    """A neuron between two members: one of them reads the other's activation late."""
    source, group, output = one_group()
    between = Layer(1, "tanh", name="X")
    group[0].project(between[0], weight=0.3)
    between[0].project(group[2], weight=0.1)
    early = Layer(1, "tanh", name="E")
    early[0].project(group[1], weight=0.2)
    source.project(early, weights=0.5)
    net = Network(source, [group, between, early], output)
    net.sort_layers()
    names = [neuron.name for neuron in net.neurons]
    assert names == ["input 0", "E 0", "W 0", "W 1", "W 2", "X 0", "output 0"]
    net.activate([1.0])
    assert group.activations.tolist() == [0.0, 1.0, 0.0]


def test_construct_keeps_a_group_together():
    source, group, output = one_group()
    between = Neuron("tanh", name="X")
    group[0].project(between, weight=0.3)
    between.project(group[2], weight=0.1)
    net = architect.construct([*output, between, *group, *source])
    assert [neuron.name for neuron in net.hidden[0]] == ["W 0", "W 1", "W 2", "X"]
    net.activate([1.0])
    assert group.activations.tolist() == [0.0, 1.0, 0.0]


def test_a_neuron_that_is_appended_competes():
    source, group, output = one_group()
    net = Network(source, group, output)
    for layer in (group, Layer(2, "winner")):
        neuron = Neuron("winner", bias=9.0)
        layer.append(neuron)
        assert layer.activate()[-1] == 1.0
        assert layer.activations.sum() == 1.0
    net.activate([1.0])
    assert group.activations.tolist() == [0.0, 0.0, 0.0, 1.0]
    group.append(Neuron("tanh"))  # a neighbour that does not compete
    other = Layer(2, "winner", bias=[0.0, 20.0])
    for neuron in list(other):  # they stay a group
        group.append(neuron)
    net.activate([1.0])
    assert group.activations.tolist() == [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0]


def test_a_layer_that_finds_its_place_parts_no_group():
    """A group of two layers: a new layer that would move between them stays behind, and
    is late."""
    source, group, output = one_group()
    parts = Layer(list(group)[:1]), Layer(list(group)[1:])
    net = Network(source, [*parts], output)
    late = net.add(Layer(1, "tanh"))
    parts[0].project(late, seed=0)
    with pytest.warns(TopologyWarning, match="reads it one step late"):
        late.project(parts[1], seed=1)
    net.activate([1.0])
    assert group.activations.tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("seed", range(20))
def test_sorting_random_networks_changes_only_what_is_late(seed):
    net = competing(seed)
    before = [
        [*layer] for layer in net.layers if layer.squash and layer.squash._grouped
    ]
    rows = np.random.default_rng(seed).normal(size=(6, len(net.input)))
    net.sort_layers()
    place = {neuron: k for k, neuron in enumerate(net)}
    for group in before:
        places = sorted(place[neuron] for neuron in group)
        assert places == list(range(places[0], places[0] + len(group)))
    for row in rows:
        net.activate(row)
        for group in before:
            active = sum(neuron.activation != 0.0 for neuron in group)
            assert active <= 1 or group[0].squash is squashes.softmax


# --- members that are connected and gated within their group: see each other one step
# late ----------


def two_softmax_outputs():
    source = Layer(1)
    output = Layer(2, "softmax")
    source.project(output, weights=[[1.0, -1.0]])
    output[0].project(output[1], weight=0.8)
    return Network(source, [], output)


def maxout_within():
    x = Layer(2)
    h = Layer(3, "maxout")
    y = Layer(1, "identity")
    x.project(h, seed=0)
    h.project(h, "all_to_else", seed=1)
    h.project(y, seed=2)
    return Network(x, [h], y)


WITHIN = {
    "two softmax outputs": two_softmax_outputs,
    "all to else": maxout_within,
    **{f"random {seed}": lambda seed=seed: competing(seed) for seed in range(64)},
}
LENGTHS = [(5,), (3, 6), (4, 1, 7), range(1, 10), [4] * 17]
"""One sequence, several of different lengths, and as many as fill lanes."""


def lengths_of(name):
    return LENGTHS[sum(map(ord, name)) % len(LENGTHS)]


@every_case("name", WITHIN)
def test_the_gradient_is_exact_and_depends_on_no_earlier_call(name):
    net = WITHIN[name]()
    data = sequences(net, lengths_of(name))
    for window in (None, 2):
        loss, slopes = Walk(net).gradient(*data, window=window)
        gradients = [synapse.gradient(net, *data, window=window)]
        synapse.gradient(net, *sequences(net, lengths_of(name), seed=1))
        gradients.append(synapse.gradient(net, *data, window=window))
        fresh, second = (
            np.concatenate([[gradient.loss], gradient.weights, gradient.biases])
            for gradient in gradients
        )
        assert (fresh == second).all()
        expected = np.append(loss, slopes)
        assert np.abs(fresh - expected).max() < 1e-11 * max(1.0, np.abs(expected).max())


@pytest.mark.full
@every_case("name", WITHIN)
def test_sensitivities_are_exact(name):
    net = WITHIN[name]()
    data = sequences(net, lengths_of(name))
    comparison = compare_gradients(net, *data, rule="rtrl")
    _, expected = Walk(net).gradient(*data)
    ours = np.append(comparison.weights["rule"], comparison.biases["rule"])
    assert np.abs(ours - expected).max() < 1e-11 * max(1.0, np.abs(expected).max())


@every_case("name", WITHIN)
def test_the_online_rule_learns_as_the_reference(name):
    net = WITHIN[name]()
    rate = 0.02
    number = {neuron: k for k, neuron in enumerate(net)}
    reference = Reference()
    for neuron, j in number.items():
        reference.add(j, neuron.squash.name, neuron.bias)
        reference.units[j].trainable = neuron.trainable_bias
    for number_of_layer, layer in enumerate(list(net.layers)[1:]):
        for neuron in layer if layer.squash._grouped else ():
            reference.units[number[neuron]].group = number_of_layer

    def ends_of(link):
        source = number[link.source]
        return (source, link.delay) if link.delay else source, number[link.target]

    for link in net.connections:
        ends = ends_of(link)
        reference.connect(*ends, link.weight, link.trainable)
        if link.gater is not None:
            reference.gate(number[link.gater], *ends)
    inputs, targets = (sequence[0] for sequence in sequences(net, (10,)))
    cost = (
        "categorical_cross_entropy"
        if net.output.squash is squashes.softmax
        else "squared_error"
    )
    cost = "cross_entropy" if net.output.squash is squashes.logistic else cost
    order = list(range(len(net)))
    for row, aims in zip(inputs, np.nan_to_num(targets, nan=0.0), strict=True):
        if cost == "categorical_cross_entropy" and not aims.any():
            aims = np.eye(len(aims))[0]
        reference.step(order, row.tolist())
        reference.learn(
            order, rate, aims.tolist(), cost, net.output.cost_weights.tolist()
        )
        net.activate(row)
        net.propagate(rate, aims)
    links = [reference.links[ends_of(link)].weight for link in net.connections]
    assert net.weights == pytest.approx(links, abs=1e-12)
    assert net.biases == pytest.approx(
        [unit.bias for unit in reference.units.values()], abs=1e-12
    )


def test_a_group_of_which_one_member_reads_its_neighbours_is_not_divided():
    """The second layer competes as a whole, though only its last neuron depends on the
    first."""
    source = Layer(1)
    reader = Layer(2, "maxout")
    other = Layer(3, "maxout")
    out = Layer(1, "identity")
    early = Layer(1, "tanh")
    for layer in (reader, other):
        source.project(layer, seed=3)
    reader.project(Layer([other[2]]), weights=2.0)
    other.project(out, seed=4)
    other.project(early, seed=5)
    early.project(out, seed=6)
    net = Network(source, [early, reader, other], out)
    data = sequences(net, (6, 4))
    assert net.clone().run(data[0][0]) == pytest.approx(
        Walk(net).run(data[0][0]), abs=1e-14
    )
    comparison = compare_gradients(net, *data, rule="rtrl")
    (_, expected) = Walk(net).gradient(*data)
    for side in ("rule", "exact"):
        assert np.append(
            comparison.weights[side], comparison.biases[side]
        ) == pytest.approx(expected, abs=1e-12)


def test_members_that_read_each_other_are_not_stepped_one_by_one():
    net = two_softmax_outputs()
    net.input.activate([1.0])
    with pytest.raises(
        TopologyError, match="so they activate together. Call network.activate"
    ):
        net.output[0].activate()
    with pytest.raises(TopologyError, match="activate together"):
        net.output.propagate(0.1, [1.0, 0.0])
    net.output[0].disconnect(net.output[1])
    net.output.activate()
    net.output[1].gate(net.connections[0])
    with pytest.raises(TopologyError, match="activate together"):
        net.output[1].activate()
