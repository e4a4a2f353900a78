import copy
import math
import pickle

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Neuron, cost, squash
from synapse.errors import ArgumentError, KindError, SynapseError, TopologyError, UnknownNameError

from .integrity import check_store
from .networks import lstm, unchanged, used


@cost.register
def mean_of_the_layer(target, output, derivative, outputs):
    error = target - output
    return error**2 / outputs, 2.0 * error * derivative / outputs


def linked():
    """Two layers that have taken a step."""
    a, b = Layer(2, name="a"), Layer(3, name="b")
    a.project(b, seed=1)
    a.activate([1.0, -1.0])
    b.activate()
    return a, b


# --- what it is ---------------------------------------------------------------------------------


def test_it_makes_neurons():
    layer = Layer(3, squash="tanh", bias=0.5, name="hidden")
    assert len(layer) == 3
    assert all(isinstance(neuron, Neuron) for neuron in layer)
    assert layer.squash is squash.tanh
    assert layer.biases.tolist() == [0.5, 0.5, 0.5]
    assert [neuron.name for neuron in layer] == ["hidden 0", "hidden 1", "hidden 2"]


def test_it_holds_neurons_that_exist():
    a, b = Neuron(name="a"), Neuron("tanh")
    layer = Layer([a, b], name="pair")
    assert list(layer) == [a, b]
    assert [neuron.name for neuron in layer] == ["a", "pair 1"]
    assert layer.squash is None


def test_it_takes_any_iterable():
    neurons = [Neuron() for _ in range(3)]
    assert list(Layer(neuron for neuron in neurons)) == neurons


def test_reprs():
    assert repr(Layer(3, name="hidden")) == "<Layer hidden, 3 neurons>"
    assert repr(Layer(1)) == "<Layer 1 neuron>"


def test_it_is_a_sequence():
    layer = Layer(4)
    assert layer[0] is next(iter(layer))
    assert layer[-1] is layer[3]
    assert isinstance(layer[1:3], Layer)
    assert list(layer[1:3]) == [layer[1], layer[2]]
    assert layer[2] in layer
    assert layer.index(layer[2]) == 2
    with pytest.raises(IndexError):
        layer[4]


@pytest.mark.parametrize("size", [0, -1, 1.5, "three", True, None])
def test_its_size_is_a_whole_number_above_zero(size):
    with pytest.raises((ArgumentError, KindError)):
        Layer(size)


def test_it_holds_a_neuron_once():
    a = Neuron()
    with pytest.raises(ArgumentError, match="twice"):
        Layer([a, a])


@pytest.mark.parametrize("held", [[1, 2], ["a"], [None], [Layer(1)], "ab"])
def test_it_holds_neurons(held):
    with pytest.raises(KindError):
        Layer(held)


def test_a_bias_is_finite_and_a_squash_known():
    with pytest.raises((ArgumentError, KindError)):
        Layer(2, bias=math.nan)
    with pytest.raises(UnknownNameError):
        Layer(2, squash="sigmoidal")


def test_a_name_is_a_string():
    with pytest.raises(KindError):
        Layer(2, name=3)


def test_its_precision_is_that_of_its_neurons():
    layer = Layer(2, bias=0.1, dtype=np.float32)
    assert layer.biases.dtype == np.float32


# --- its numbers --------------------------------------------------------------------------------


def test_numbers_are_copies_in_the_order_of_its_neurons():
    _, b = linked()
    assert b.activations.tolist() == [neuron.activation for neuron in b]
    assert b.states.tolist() == [neuron.state for neuron in b]
    for name in ("activations", "states", "biases"):
        with unchanged(b), pytest.raises(ValueError, match="read-only"):
            getattr(b, name)[0] = 9.0


def test_numbers_of_neurons_that_are_not_linked():
    layer = Layer([Neuron(bias=0.1), Neuron(bias=0.2)])
    assert layer.biases.tolist() == [0.1, 0.2]
    layer.biases = [0.3, 0.4]
    assert [neuron.bias for neuron in layer] == [0.3, 0.4]


def test_its_squash_can_be_set():
    layer = Layer([Neuron(), Neuron("tanh")])
    layer.squash = "identity"
    assert layer.squash is squash.identity
    layer.biases = [2.0, 3.0]
    assert layer.activate().tolist() == [2.0, 3.0]
    with unchanged(layer), pytest.raises(UnknownNameError):
        layer.squash = "sigmoidal"


def test_it_is_trainable_where_all_its_neurons_are():
    layer = Layer(2)
    assert layer.trainable
    layer[1].trainable = False
    assert not layer.trainable
    layer.trainable = True
    assert layer[1].trainable


# --- growing ------------------------------------------------------------------------------------


def test_a_neuron_can_be_appended():
    layer, neuron = Layer(2, name="hidden"), Neuron()
    layer.append(neuron)
    assert layer[-1] is neuron
    assert neuron.name == "hidden 2"
    layer.append(Layer(9)[8])
    assert layer[-1].name == "hidden 3"


@pytest.mark.parametrize("given", [None, 3, Layer(1)])
def test_only_neurons_are_appended(given):
    layer = Layer(2)
    with pytest.raises(KindError):
        layer.append(given)
    with pytest.raises(ArgumentError):
        layer.append(layer[0])
    assert len(layer) == 2


def test_appending_to_a_layer_of_a_network_adds_to_the_network():
    a, b = linked()
    net = Network(a, [], b)
    neuron = Neuron(bias=1.0)
    b.append(neuron)
    assert net.neurons[-1] is neuron
    assert net.activate([0.0, 0.0])[-1] == pytest.approx(1 / (1 + math.exp(-1)))
    a.append(Neuron())
    assert net.activate([0.0, 0.0, 0.0]).shape == (4,)
    assert repr(net) == "<Network 3-4, 7 neurons, 6 connections>"


def test_a_neuron_of_a_network_is_not_appended_elsewhere():
    a, b = linked()
    net = Network(a, [], b)
    other = Network(Layer(1), [], Layer(1))
    with unchanged(net), pytest.raises(TopologyError, match="belongs to"):
        other.output.append(b[0])
    assert len(other) == 2


def test_a_neuron_of_another_precision_is_not_appended_to_a_network():
    net = used(lstm(2, 2, 1))
    with unchanged(net), pytest.raises(TopologyError):
        net.hidden[0].append(Neuron(dtype=np.float32))
    assert len(net.hidden[0]) == 2


# --- a step -------------------------------------------------------------------------------------


def test_its_neurons_fire_in_turn():
    layer = Layer(3, squash="identity", bias=1.0)
    layer[0].project(layer[1], weight=1.0)
    layer[1].project(layer[2], weight=1.0)
    assert layer.activate().tolist() == [1.0, 2.0, 3.0]


def test_its_activations_can_be_given():
    layer = Layer(2)
    assert layer.activate([0.5, 0]).tolist() == layer.activations.tolist() == [0.5, 0.0]


def test_its_neurons_propagate_in_reverse():
    layer = Layer(2, squash="identity", bias=1.0)
    link = layer[0].project(layer[1], weight=2.0)
    layer.activate()
    layer.propagate(0.5, [2.0, 4.0])
    assert layer[1].error.responsibility == 1.0  # 4 - 3
    assert layer[0].error.projected == 2.0 + 1.0  # 2 * 1 from the later one, 2 - 1 of its own
    assert link.weight == 2.5


def test_without_targets_errors_come_from_later_neurons():
    a, b = linked()
    b.propagate(0.0, [1.0, 0.0, 1.0])
    c = Layer(2, name="c")
    c.project(a, seed=3)
    a.activate()
    b.activate()
    b.propagate(0.0, [1.0, 0.0, 1.0])
    a.propagate(0.0)
    assert all(neuron.error.projected != 0 for neuron in a)


WRONG = {
    "biases": [[1.0], [1.0, 2.0, 3.0, 4.0], 1.0, [[1.0, 2.0, 3.0]], [1, 2, math.nan], "abc", None],
    "activate": [[1.0], [1.0, 2.0, 3.0], 1.0, [[1.0, 2.0]], [1.0, math.inf], ["a", "b"]],
    "targets": [[1.0], [1.0, 2.0, 3.0, 4.0], 1.0, [1.0, 1.0, math.nan], ["a", "b", "c"]],
    "rate": [math.nan, math.inf, -1, "fast"],
}


@pytest.mark.parametrize(("where", "given"), [(name, one) for name, given in WRONG.items() for one in given])
def test_what_is_given_is_one_finite_number_a_neuron(where, given):
    a, b = linked()
    use = {
        "biases": lambda: setattr(b, "biases", given),
        "activate": lambda: a.activate(given),
        "targets": lambda: b.propagate(0.1, given),
        "rate": lambda: b.propagate(given, [1.0, 1.0, 1.0]),
    }[where]
    with unchanged([*a, *b]), pytest.raises((ArgumentError, KindError)):
        use()


def test_one_cost_for_all_its_neurons():
    layer = Layer([Neuron(), Neuron("tanh")])
    layer.activate()
    with unchanged(layer), pytest.raises(ArgumentError, match="logistic"):
        layer.propagate(0.1, [1.0, 1.0], "cross_entropy")
    layer.propagate(1.0, [1.0, 1.0])
    assert layer[0].bias == 0.125  # squared error, as one of them is not logistic


def test_clear_and_reset_reach_every_neuron():
    _, b = linked()
    b.clear()
    assert not b.activations.any()
    assert not b.states.any()
    found = []
    for seed in (1, 1, 2):
        b.reset(seed=seed)
        found.append((b.biases.tolist(), [c.weight for n in b for c in n.incoming]))
    assert found[0] == found[1] != found[2]
    b.reset(initializer="zeros")
    assert not b.biases.any()


@pytest.mark.parametrize("where", [lambda net: net, lambda net: net["hidden"]], ids=["network", "layer"])
def test_a_reset_leaves_what_learning_does_not_move(where):
    """Whatever is reset: the same rule for a neuron, a layer and a network."""
    a, b, c = Layer(2), Layer(3, name="hidden"), Layer(1)
    fixed, moved = a.project(b, trainable=False, seed=1), b.project(b, Layer.ALL_TO_ELSE, seed=2)
    own = b.project(b, weights=0.7)
    b.project(c, seed=3)
    net = Network(a, [b], c)
    b[1].trainable, b[1].bias = False, 0.25
    a.biases = [0.5, -0.5]
    for reset in (where(net).reset, a.reset, *(neuron.reset for neuron in net)):
        before = fixed.weights[:].copy(), own.weights[:].copy(), a.biases, b[1].bias
        free = moved.weights[:].copy(), np.delete(b.biases, 1)
        reset(seed=5)
        after = fixed.weights[:].copy(), own.weights[:].copy(), a.biases, b[1].bias
        assert str(after) == str(before)
        if reset == where(net).reset:
            assert (moved.weights[:] != free[0]).all()
            assert (np.delete(b.biases, 1) != free[1]).all()


def frozen_parts():
    """A network with everything that learning may not move; its fixed connections, and fixed neurons."""
    x, cells, copies, y = Layer(2), Layer(3, "noise", name="cells"), Layer(3, "identity"), Layer(2, name="y")
    entering = x.project(cells, seed=0)
    within = cells.project(cells, Layer.ALL_TO_ALL, self_connections=True, seed=1)
    copied = cells.project(copies, Layer.ONE_TO_ONE, weights=1.0, trainable=False)
    carousel = copies.project(copies)
    leaving = copies.project(y, seed=2)
    synapse.tie([entering[0], entering[3], leaving[1]])
    synapse.tie(cells[:2])
    net = Network(x, [cells, copies], y)
    entering[0].trainable = cells[0].trainable = False  # and what is tied to them
    within[0].trainable = False  # a self-connection
    y.freeze()
    links = {entering[0], entering[3], leaving[1], within[0], *copied, *carousel, *leaving}
    return net, links, {*cells[:2], *y}


RESETS = {
    "network": lambda net: net.reset(seed=5, initializer="normal"),
    "layers": lambda net: [layer.reset(seed=5, initializer="normal") for layer in net.layers],
    "slices": lambda net: [layer[:2].reset(seed=5, initializer="normal") for layer in net.layers],
    "neurons": lambda net: [neuron.reset(seed=5, initializer="normal") for neuron in net],
}


@pytest.mark.parametrize("reset", RESETS.values(), ids=list(RESETS))
def test_a_reset_draws_what_is_trainable_and_nothing_else(reset):
    """Neurons, connections, self-connections, carousels, ties, what is frozen, and random streams."""
    net, links, neurons = frozen_parts()
    for x in ([1.0, 0.5], [0.3, -0.2]):
        net.activate(x)
    store = net._store
    before = {one: one.weight for one in net.connections} | {one: one.bias for one in net}
    trainable, streams = [one.trainable for one in before], store["random"].tolist()
    reset(net)
    assert [one.trainable for one in before] == trainable
    assert store["random"].tolist() == streams
    assert all(one.weight == before[one] for one in links)
    assert all(one.bias == before[one] for one in (*neurons, *net.input))
    moved = {link for link in net.connections if link.weight != before[link]}
    assert moved <= {link for link in net.connections if link not in links}
    assert len(moved) == len(net.connections) - len(links) or reset is RESETS["slices"]
    assert any(link.source is link.target for link in moved)  # a self-connection that learns is forgotten
    assert not net.output.states.any()


@pytest.mark.parametrize(
    "name", ["LSTM", "GRU", "Elman", "Jordan", "NARX", "Liquid", "Random", "Hopfield", "Kohonen"]
)
def test_a_reset_of_an_architecture_leaves_what_is_not_trainable(name):
    sizes = {"Hopfield": (5,), "Kohonen": (2, (2, 2)), "Liquid": (2, 8, 1), "Random": (2, 6, 1)}
    more = {} if name == "Hopfield" else {"seed": 0}
    net = getattr(architect, name)(*sizes.get(name, (2, 3, 1)), **more)
    net.output.freeze()
    for reset in RESETS.values():
        weights = {link: link.weight for link in net.connections if not link.trainable}
        biases = {neuron: neuron.bias for neuron in net if not neuron.trainable}
        assert weights
        reset(net)
        assert all(link.weight == weight for link, weight in weights.items())
        assert all(neuron.bias == bias for neuron, bias in biases.items())


# --- frozen layers ------------------------------------------------------------------------------


def learns(net):
    return [link.trainable for link in net.connections], [neuron.trainable for neuron in net]


def test_a_frozen_layer_keeps_its_incoming_weights_and_its_biases():
    net = architect.Perceptron(2, 3, 1, seed=0)
    before = net.weights, net.biases
    net["hidden"].freeze()
    assert learns(net) == ([False] * 6 + [True] * 3, [True] * 2 + [False] * 3 + [True])
    for _ in range(3):
        net.activate([1.0, -0.5])
        net.propagate(0.5, [1.0])
    moved = net.weights != before[0], net.biases != before[1]
    assert [part.tolist() for part in moved] == [[False] * 6 + [True] * 3, [False] * 5 + [True]]
    net["hidden"].unfreeze()
    assert learns(net) == ([True] * 9, [True] * 6)
    net.activate([1.0, -0.5])
    net.propagate(0.5, [1.0])
    assert (net.weights != before[0]).all()


@pytest.mark.parametrize("options", [{}, {"style": "synaptic"}])
def test_unfreezing_restores_what_was_trainable(options):
    """Carousels and fixed copies do not become trainable, nor does what was set to be fixed."""
    net = architect.LSTM(2, 3, 1, seed=0, **options)
    net.connections[0].trainable = net.output[0].trainable = False
    own = net["cells"].project(Layer([net["cells"][0]]), Layer.ALL_TO_ALL, seed=1)  # learns
    before = learns(net)
    for layer in net.layers:
        layer.freeze()
    assert not any(map(any, learns(net)))
    assert not own.trainable
    for layer in net.layers:
        layer.freeze()  # a second time changes nothing
    for layer in net.layers:
        layer.unfreeze()
    assert learns(net) == before
    assert own.trainable
    assert not any(link.trainable for link in net.connections if link.source is link.target)
    for layer in net.layers:
        layer.unfreeze()
    assert learns(net) == before


def test_what_is_set_while_frozen_is_not_restored():
    net = architect.Perceptron(2, 2, 1, seed=0)
    layer, links = net["hidden"], net.connections
    layer.freeze()
    links[0].trainable, links[1].trainable = False, True
    layer[0].trainable, layer[1].trainable = False, True
    layer.unfreeze()
    assert learns(net) == ([False] + [True] * 5, [True, True, False, True, True])
    layer.freeze()
    layer.trainable, links[3].trainable = False, False
    layer.unfreeze()
    assert learns(net) == ([False, True, True, False, True, True], [True, True, False, False, True])


def test_self_connections_that_learn_are_frozen_and_restored():
    layer = Layer(2)
    learning, carousel = layer[:1].project(layer[:1], trainable=True), layer[1:].project(layer[1:])
    layer.freeze()
    assert not learning.trainable
    layer.unfreeze()
    assert (learning.trainable, carousel.trainable) == (True, False)


def test_what_is_tied_is_frozen_and_restored_together():
    net = architect.Perceptron(2, 2, 2, seed=0)
    links = net.connections
    synapse.tie([links[0], links[5]])
    synapse.tie([net["hidden"][0], net.output[1]])
    net["hidden"].freeze()
    assert learns(net) == ([False] * 4 + [True, False, True, True], [True, True, False, False, True, False])
    net.output.unfreeze()  # it has members of both
    assert learns(net) == ([True] + [False] * 3 + [True] * 4, [True, True, True, False, True, True])
    net["hidden"].unfreeze()
    assert all(map(all, learns(net)))


def test_frozen_and_unfrozen_parts_of_a_group_agree():
    net = architect.Perceptron(2, 2, 2, seed=0)
    links = net.connections
    links[1].trainable = False
    net["hidden"].freeze()
    synapse.tie([links[0], links[1]])  # both do not learn now, and both did, as the first of them
    net["hidden"].unfreeze()
    assert links[0].trainable == links[1].trainable == True  # noqa: E712
    check_store(net._store)


def test_what_is_made_later_is_not_frozen():
    _, b = linked()
    b.freeze()
    late = Layer(2).project(b)
    b.append(Neuron())
    assert late.trainable
    assert b[3].trainable
    assert not b[0].trainable


def test_layers_of_several_networks_and_none_are_frozen():
    layer = Layer([Neuron(), Neuron()])
    link = Neuron().project(layer[1])
    layer.freeze()
    assert not any(neuron.trainable for neuron in layer)
    assert not link.trainable
    layer.unfreeze()
    assert layer.trainable
    assert link.trainable


@pytest.mark.parametrize(
    "twin_of", [Network.clone, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))]
)
def test_a_copy_is_frozen_too_and_can_be_unfrozen(twin_of):
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    before = learns(net)
    net["cells"].freeze()
    twin = twin_of(net)
    assert learns(twin) == learns(net) != before
    twin["cells"].unfreeze()
    assert learns(twin) == before


def test_a_file_is_frozen_too_and_can_be_unfrozen(tmp_path):
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    before = learns(net)
    net["cells"].freeze()
    for name in ("net.json", "net.npz", "net.graphml"):
        synapse.save(net, tmp_path / name)
    *twins, plain = (synapse.load(tmp_path / f"net.{suffix}") for suffix in ("json", "npz", "graphml"))
    for twin in (*twins, plain):
        assert learns(twin) == learns(net) != before
        twin["cells"].unfreeze()
    for twin in twins:
        assert learns(twin) == before
    assert learns(plain) == learns(net)  # graphs keep what is trainable, not what was


def test_frozen_parts_stay_frozen_when_rows_move():
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    before = learns(net)
    net["cells"].freeze()
    frozen = learns(net)
    net.activate([1.0, 0.0])
    other = Layer(300).project(net.input[:1], seed=0)  # the larger store absorbs it
    assert other[0].source._store is net._store
    assert learns(net) == frozen
    net["cells"].unfreeze()
    assert learns(net) == before
    check_store(net._store)


def test_a_reset_of_a_layer_of_fixed_copies_keeps_them():
    net = architect.LSTM(2, 3, 1, style="standard", seed=0)
    fixed = [c for c in net.connections if not c.trainable]
    before = [c.weight for c in fixed]
    for layer in net.layers:
        layer.reset(seed=1)
        for neuron in layer:
            neuron.reset(seed=2)
    assert fixed
    assert [c.weight for c in fixed] == before


def test_a_failed_reset_of_a_layer_changes_nothing():
    _, b = linked()
    with unchanged(b), pytest.raises(UnknownNameError):
        b.reset(initializer="random")


@pytest.mark.parametrize("measure", ["mean_squared_error", "squared_error", "binary_misses", None])
@pytest.mark.parametrize("f", ["logistic", "identity"])
def test_the_outputs_of_a_network_propagate_as_a_layer(measure, f):
    """A mean is over all outputs, whichever verb is used."""
    nets = [architect.Perceptron(2, 3, 4, seed=1, output_squash=f) for _ in range(2)]
    for net in nets:
        net.activate([0.5, -1.0])
    nets[0].propagate(0.5, [0.1, 0.9, 0.4, 0.0], measure)
    nets[1].output.propagate(0.5, [0.1, 0.9, 0.4, 0.0], measure)
    for layer in reversed(nets[1].hidden):
        layer.propagate(0.5)
    assert nets[1].weights == pytest.approx(nets[0].weights, rel=1e-12)
    assert nets[1].biases == pytest.approx(nets[0].biases, rel=1e-12)


def test_a_registered_cost_of_a_layer_is_given_the_number_of_its_neurons():
    layer = Layer(4, "identity")
    layer.activate()
    layer.propagate(1.0, [1.0] * 4, mean_of_the_layer)
    assert layer.biases.tolist() == [0.5] * 4
    layer[0].clear()
    layer[0].activate()
    layer[0].propagate(1.0, 1.0, mean_of_the_layer)  # alone it is one output
    assert layer[0].bias == 0.5 + 2.0 * 0.5


def test_targets_of_a_layer_are_checked_as_those_of_a_network():
    layer = Layer(2)
    layer.activate()
    with unchanged(layer), pytest.raises(ArgumentError, match="between 0 and 1"):
        layer.propagate(0.1, [1.5, 0.0])


# --- its links ----------------------------------------------------------------------------------


def test_it_projects_to_neurons_layers_and_networks():
    layer = Layer(2)
    net = Network(Layer(3), [], Layer(1))
    assert len(layer.project(Neuron())) == 2
    assert len(layer.project(Layer(2))) == 4
    projection = layer.project(net)
    assert {connection.target for connection in projection} == set(net.input)


@pytest.mark.parametrize("target", [None, 3, "layer", [Neuron()]])
def test_it_projects_to_nothing_else(target):
    with pytest.raises(KindError):
        Layer(2).project(target)


def test_weights_follow_seed_and_initializer():
    def weights(**options):
        return np.asarray(Layer(3).project(Layer(2), **options).weights)

    assert np.array_equal(weights(seed=1), weights(seed=1))
    assert not np.array_equal(weights(seed=1), weights(seed=2))
    assert np.abs(weights(seed=1)).max() <= 0.1
    q = weights(seed=1, initializer="orthogonal")
    assert q.T @ q == pytest.approx(np.eye(2))
    with pytest.raises(UnknownNameError, match="glorot"):
        weights(initializer="random")
    with pytest.raises(SynapseError):
        weights(seed="one")


# --- layers that lose their neurons ------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_a_layer_that_has_lost_all_neurons_is_refused():
    net = architect.Perceptron(2, 1, 1, seed=0)
    layer = net["hidden"]
    net.remove(layer[0])
    outputs = net.run(np.eye(2))
    for use in (
        lambda: layer.append(Neuron(bias=5.0)),
        lambda: layer.project(net.output),
        lambda: layer.activations,
        layer.activate,
        lambda: layer.squash,
        lambda: setattr(layer, "biases", []),
        lambda: Network(Layer(1), [layer], Layer(1)),
        lambda: net.add(layer),
    ):
        with pytest.raises(TopologyError, match="has no neurons left"):
            use()
    assert repr(layer) == "<Layer hidden, 0 neurons>"
    assert [each.name for each in net.layers] == ["input", "output"]
    assert np.array_equal(net.run(np.eye(2)), outputs)


def test_a_layer_without_neurons_cannot_be_made():
    for made in ([], iter(())):
        with pytest.raises(ArgumentError, match="at least one neuron"):
            Layer(made)
    with pytest.raises(ArgumentError, match="at least one neuron"):
        _ = Layer(3)[3:]


def test_no_two_hidden_layers_get_one_name():
    net = architect.Perceptron(2, 2, 2, 2, 1, seed=0)
    for neuron in list(net["hidden 1"]):
        net.remove(neuron)
    assert [layer.name for layer in net.hidden] == ["hidden 2", "hidden 3"]
    net.add(Layer(1))
    net.add(Layer(1))
    assert [layer.name for layer in net.hidden] == ["hidden 2", "hidden 3", "hidden 4", "hidden 5"]


def test_a_neuron_that_becomes_an_input_has_no_error():
    neuron = Neuron("tanh")
    neuron.activate()
    neuron.propagate(0.1, 1.0)
    net = architect.Perceptron(1, 2, 1, seed=0)
    net.input.append(neuron)
    net.activate([0.1, 0.2])
    net.propagate(0.1, [0.5])
    assert (neuron.error.responsibility, neuron.error.projected, neuron.error.gated) == (0.0, 0.0, 0.0)
