import contextlib
import copy
import gc
import math
import operator
import pickle
import weakref
from itertools import pairwise

import numpy as np
import pytest

from synapse import Layer, Network, Neuron, Projection
from synapse.errors import ArgumentError, KindError, SynapseError, TopologyError, UnknownNameError

from .networks import lstm, perceptron, unchanged, used


@pytest.fixture
def net():
    """A gated recurrent network that has learnt for some steps."""
    return used(lstm(2, 2, 2, seed=1, cell="tanh"))


# --- its parts ----------------------------------------------------------------------------------


def test_it_is_its_neurons_in_order():
    a, b, c = Layer(2), Layer(3), Layer(1)
    net = Network(a, [b], c)
    assert list(net) == net.neurons == [*a, *b, *c]
    assert len(net) == 6
    assert net[0] is a[0]
    assert net[-1] is c[0]
    assert net[1:3] == [a[1], b[0]]
    assert b[1] in net


def test_its_layers_have_names():
    net = Network(Layer(1), [Layer(1), Layer(1, name="cells")], Layer(1))
    assert [layer.name for layer in net.layers] == ["input", "hidden 1", "cells", "output"]
    assert net["cells"] is net.layers[2]
    three = Network(Layer(1), [Layer(1)], Layer(1))
    assert [layer.name for layer in three.layers] == ["input", "hidden", "output"]
    assert (net.input, net.hidden, net.output) == (net.layers[0], net.layers[1:3], net.layers[3])


def test_an_unknown_layer_lists_the_known_ones():
    net = Network(Layer(1), [], Layer(1))
    with pytest.raises(SynapseError, match="input, output"):
        net["hidden"]
    with pytest.raises(IndexError):
        net[2]


def test_its_repr_tells_layers_neurons_and_connections():
    assert repr(perceptron(2, 3, 1)) == "<Network 2-3-1, 6 neurons, 9 connections>"
    named = Network(Layer(1), [], Layer(1), name="XOR")
    assert named.name == "XOR"
    assert repr(named) == "<XOR 1-1, 2 neurons, 0 connections>"


def test_connections_come_in_the_order_of_making():
    a, b = Layer(2), Layer(2)
    late, early = b.project(b), a.project(b)
    net = Network(a, [], b)
    net.activate([0.0, 0.0])
    assert net.connections == [*late, *early]
    assert net.weights.tolist() == [connection.weight for connection in net.connections]


def test_connections_that_lead_elsewhere_are_not_its_own():
    a, b = Layer(1), Layer(1)
    net = Network(a, [], b)
    other = Network(Layer(1), [], Layer(1))
    net.project(other)
    b.project(Neuron())
    inside = a.project(b)
    assert net.connections == [inside[0]]
    assert other.connections == []


def test_weights_and_biases_are_copies_that_can_be_set(net):
    weights, biases = net.weights, net.biases
    for name in ("weights", "biases"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(net, name)[0] = 9.0
        with pytest.raises(ValueError, match="read-only"):
            setattr(net, name, operator.imul(getattr(net, name), 2.0))  # net.weights *= 2.0
    assert (net.weights == weights).all()
    net.weights, net.biases = 2 * weights, 3 * biases
    assert [connection.weight for connection in net.connections] == (2 * weights).tolist()
    assert [neuron.bias for neuron in net] == (3 * biases).tolist()


@pytest.mark.parametrize("name", ["weights", "biases"])
@pytest.mark.parametrize(
    "change", [lambda v: v[:-1], lambda v: [*v, 1], lambda v: [*v[:-1], math.nan], lambda v: "one"]
)
def test_weights_and_biases_are_one_finite_number_each(net, name, change):
    values = change(list(getattr(net, name)))
    with unchanged(net), pytest.raises((ArgumentError, KindError)):
        setattr(net, name, values)


@pytest.mark.parametrize(
    "parts",
    [
        (Layer(1), []),
        (Layer(1), [], None),
        (Layer(1), [], Neuron()),
        (None, [], Layer(1)),
        (Layer(1), [Neuron()], Layer(1)),
        (2, [3], 1),
    ],
)
def test_it_is_made_of_layers(parts):
    with pytest.raises((ArgumentError, KindError)):
        Network(*parts)


def test_a_neuron_stands_in_one_layer():
    a, b = Layer(2), Layer(1)
    with pytest.raises(TopologyError, match="got a neuron in two"):
        Network(a, [Layer([a[1]])], b)


def test_networks_do_not_share_neurons():
    first = perceptron(2, 3, 1)
    for parts in ((first.input, [], Layer(1)), (Layer(1), [Layer([first[3]])], Layer(1))):
        with unchanged(first), pytest.raises(TopologyError, match="belongs to"):
            Network(*parts)


def test_layers_of_two_precisions_make_no_network():
    a, b = Layer(1), Layer(1, dtype=np.float32)
    with pytest.raises(TopologyError, match="float32"):
        Network(a, [], b)
    assert a.name is b.name is None
    Network(a, [], Layer(1))


@pytest.mark.parametrize(
    ("links", "gates", "memory"),
    [
        ([(0, 1), (1, 2)], [], False),
        ([(0, 1), (1, 2), (1, 1)], [], True),
        ([(0, 1), (1, 2), (2, 1)], [], True),
        ([(0, 1), (1, 2)], [(0, (1, 2))], False),
        ([(0, 1), (1, 2)], [(2, (0, 1))], True),
        ([(0, 1), (1, 2)], [(1, (0, 1))], True),
    ],
)
def test_it_knows_whether_the_past_can_change_its_answer(links, gates, memory):
    layers = [Layer(1, bias=0.3), Layer(1, bias=0.3), Layer(1, bias=0.3)]
    made = {(i, j): layers[i][0].project(layers[j][0], weight=0.7) for i, j in links}
    for g, pair in gates:
        layers[g][0].gate(made[pair])
    net = Network(layers[0], [layers[1]], layers[2])
    assert net.has_memory is memory
    assert (net.activate([1.0]) != net.activate([1.0])).any() == memory


# --- a step -------------------------------------------------------------------------------------


def test_a_step_clamps_inputs_and_gives_outputs():
    net = perceptron(2, 3, 1, seed=1)
    outputs = net.activate([0.5, -0.5])
    assert outputs.shape == (1,)
    assert outputs[0] == net.output[0].activation
    assert net.input.activations.tolist() == [0.5, -0.5]


def test_what_it_gives_is_not_its_own_memory():
    net = perceptron(2, 3, 1, seed=1)
    outputs = net.activate([0.5, -0.5])
    outputs[0] = 9.0
    assert net.output[0].activation != 9.0


def test_inputs_may_be_of_any_kind():
    expected = perceptron(2, 3, 1, seed=1).activate([1.0, 0.0])
    arrays = [np.array([1, 0], kind) for kind in (np.int8, np.float32)]
    for inputs in ((1, 0), [True, False], *arrays, [np.float64(1), 0]):
        assert (perceptron(2, 3, 1, seed=1).activate(inputs) == expected).all()


def test_a_sequence_may_lie_anyhow_in_memory():
    xs = np.random.default_rng(0).normal(size=(6, 4))
    expected = perceptron(2, 3, 1, seed=1).run(np.ascontiguousarray(xs[::2, ::2]))
    frozen = np.ascontiguousarray(xs[::2, ::2])
    frozen.flags.writeable = False
    for given in (xs[::2, ::2], np.asfortranarray(xs[::2, ::2]), xs[::2, ::2].tolist(), frozen):
        assert (perceptron(2, 3, 1, seed=1).run(given) == expected).all()


def test_a_sequence_leaves_the_network_after_its_last_step():
    xs = np.random.default_rng(0).normal(size=(5, 2))
    whole, steps = lstm(2, 2, 1, seed=3), lstm(2, 2, 1, seed=3)
    outputs = whole.run(xs)
    assert outputs.shape == (5, 1)
    assert (outputs == [steps.activate(x) for x in xs]).all()
    assert [n.state for n in whole] == [n.state for n in steps]
    assert whole.run(np.empty((0, 2))).shape == (0, 1)


def test_without_inputs_its_input_neurons_fire_from_what_leads_to_them():
    first, second = perceptron(2, 2, seed=1), perceptron(2, 1, seed=2)
    first.project(second, "one_to_one", weights=1.0)
    second.input.squash = "identity"
    first.activate([1.0, 0.5])
    outputs = second.activate()
    assert second.input.activations == pytest.approx(first.output.activations)
    assert outputs == perceptron(2, 1, seed=2).activate(first.output.activations)


BAD_INPUTS = [
    [1.0],
    [1.0, 2.0, 3.0],
    [],
    1.0,
    [[1.0, 2.0]],
    [1.0, math.nan],
    [math.inf, 1.0],
    [1.0, None],
    ["a", "b"],
    "ab",
    [1.0, [2.0]],
]


BAD_ROWS = [[1.0, 2.0], [[1.0]], [[1.0, 2.0], [3.0]], [[1.0, 2.0], [3.0, math.nan]]]


@pytest.mark.parametrize(
    ("use", "given"),
    [
        *((Network.activate, inputs) for inputs in BAD_INPUTS),
        *((Network.run, inputs) for inputs in (*BAD_ROWS, 1.0, [[[1, 2, 3]]], None)),
        *((lambda net, target: net.propagate(0.1, target), target) for target in BAD_INPUTS),
        *(
            (lambda net, rate: net.propagate(rate, [0, 1]), r)
            for r in (math.nan, math.inf, -0.1, "fast", None)
        ),
    ],
)
def test_what_is_given_is_one_finite_number_a_neuron(net, use, given):
    with unchanged(net), pytest.raises((ArgumentError, KindError)):
        use(net, given)


def test_what_is_wrong_with_a_sequence_is_told_with_its_step(net):
    with pytest.raises(ArgumentError, match=r"\[1.0, nan\] in step 2"):
        net.run([[1.0, 2.0], [1.0, 2.0], [1.0, math.nan]])


def test_a_cost_is_known_and_fits_the_outputs(net):
    with unchanged(net), pytest.raises(UnknownNameError, match="squared_error"):
        net.propagate(0.1, [0.0, 1.0], "hinge")
    net.output.squash = "tanh"
    with unchanged(net), pytest.raises(ArgumentError, match="logistic"):
        net.propagate(0.1, [0.0, 1.0], "cross_entropy")


def test_propagating_tells_the_cost():
    net = perceptron(2, 3, 2, seed=1)
    (y, z) = net.activate([1.0, 0.0])
    assert net.propagate(0.0, [1.0, 0.0]) == pytest.approx(-math.log(y) - math.log(1 - z))
    assert net.propagate(0.0, [1.0, 0.0], "squared_error") == pytest.approx(((1 - y) ** 2 + z**2) / 2)


def test_learning_brings_the_cost_down():
    net = perceptron(2, 3, 1, seed=1)
    costs = []
    for _ in range(200):
        net.activate([1.0, 0.0])
        costs.append(net.propagate(0.5, [1.0]))
    assert costs[-1] < 0.1 * costs[0]


def test_a_network_of_single_precision_learns():
    a, b, c = (Layer(size, dtype=np.float32) for size in (2, 6, 1))
    a.project(b, seed=1)
    b.project(c, seed=2)
    net = Network(a, [b], c)
    twin = perceptron(2, 6, 1, seed=1)
    for one in (net, twin):
        for _ in range(20):
            one.activate([1.0, 0.5])
            one.propagate(0.5, [1.0])
    assert net.weights.dtype == np.float32
    assert net.weights == pytest.approx(twin.weights, abs=1e-5)


@pytest.mark.parametrize(
    "clear", [Network.clear, lambda net: [neuron.clear() for neuron in net]], ids=["network", "neurons"]
)
def test_clear_forgets_the_context_and_keeps_the_weights(net, clear):
    weights, biases = net.weights, net.biases
    clear(net)
    for neuron in net:
        assert neuron.bias_eligibility == 0
        assert neuron.state == neuron.old_state == neuron.activation == neuron.derivative == 0
        assert neuron.error.responsibility == neuron.error.projected == neuron.error.gated == 0
    for connection in net.connections:
        assert connection.eligibility == 0
        assert not any(connection.extended.values())
    assert (net.weights == weights).all()
    assert (net.biases == biases).all()


def test_a_cleared_network_learns_as_a_new_one():
    used_net, new = lstm(2, 2, 2, seed=1), lstm(2, 2, 2, seed=1)
    weights, biases = used_net.weights, used_net.biases
    used(used_net, seed=7)
    used_net.clear()
    used_net.weights, used_net.biases = weights, biases
    used(used_net), used(new)
    assert (used_net.weights == new.weights).all()
    assert (used_net.biases == new.biases).all()


def test_clear_of_one_network_leaves_its_neighbours_alone():
    first, second = perceptron(2, 2, seed=1), perceptron(2, 1, seed=2)
    first.project(second)
    used(first)
    used(second)
    with unchanged(first):
        second.clear()
    assert first.output.activations.all()


def test_reset_draws_weights_and_biases_anew(net):
    kept = [cell.self_connection.weight for cell in net.hidden[2]]
    net.reset(seed=1)
    first = net.weights, net.biases
    assert not net.output.activations.any()
    assert [cell.self_connection.weight for cell in net.hidden[2]] == kept
    assert not net.biases[:2].any()  # inputs have no bias
    assert net.biases[2:].all()
    net.reset(seed=2)
    assert not np.array_equal(net.weights, first[0])
    net.reset(seed=1)
    assert np.array_equal(net.weights, first[0])
    assert np.array_equal(net.biases, first[1])


def test_reset_keeps_what_is_not_trained(net):
    connection, neuron = net.connections[0], net.output[0]
    connection.trainable = neuron.trainable = False
    before = connection.weight, neuron.bias
    net.reset(seed=1)
    assert (connection.weight, neuron.bias) == before


def test_a_failed_reset_changes_nothing(net):
    with unchanged(net), pytest.raises(UnknownNameError):
        net.reset(initializer="random")
    with unchanged(net), pytest.raises(SynapseError):
        net.reset(seed="one")
    with unchanged(net), pytest.raises(ArgumentError):
        net.reset(initializer=lambda rng, shape, fan_in, fan_out: np.zeros(1))


# --- growing and shrinking ----------------------------------------------------------------------


def test_a_hidden_neuron_can_be_added():
    net = perceptron(2, 3, 1, seed=1)
    neuron = Neuron("identity", bias=2.0)
    layer = net.add(neuron)
    assert list(layer) == [neuron]
    assert net.neurons[-2] is neuron
    assert net.hidden[-1] is layer
    assert layer.name == "hidden 2"
    neuron.project(net.output[0], weight=1.0)
    before = net.activate([0.0, 0.0])
    neuron.bias = 3.0
    assert net.activate([0.0, 0.0]) > before


def test_a_layer_can_be_added():
    net = perceptron(2, 3, 1, seed=1)
    layer = net.add(Layer(2, name="more"))
    net.input.project(layer)
    layer.project(net.output)
    assert net["more"] is layer
    assert repr(net) == "<Network 2-3-2-1, 8 neurons, 15 connections>"


@pytest.mark.parametrize("given", [None, 3, "neuron", Network(Layer(1), [], Layer(1))])
def test_only_neurons_and_layers_are_added(net, given):
    with unchanged(net), pytest.raises(KindError):
        net.add(given)


def test_what_is_in_a_network_is_not_added_again(net):
    other = perceptron(1, 1)
    for given in (net[3], net.hidden[0], other.input, other[0]):
        with unchanged(net), unchanged(other), pytest.raises(TopologyError, match="belongs to"):
            net.add(given)


def test_a_neuron_of_another_precision_is_not_added(net):
    with unchanged(net), pytest.raises(TopologyError):
        net.add(Neuron(dtype=np.float32))
    assert len(net.hidden) == 4


def test_a_hidden_neuron_can_be_removed():
    net = perceptron(2, 3, 1, seed=1)
    neuron = net.hidden[0][1]
    net.remove(neuron)
    assert neuron not in net
    assert repr(net) == "<Network 2-2-1, 5 neurons, 6 connections>"
    smaller = perceptron(2, 2, 1)
    smaller.weights = net.weights
    assert net.activate([1.0, 2.0]) == pytest.approx(smaller.activate([1.0, 2.0]))


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_a_layer_goes_with_its_last_neuron():
    net = perceptron(2, 1, 1, seed=1)
    net.remove(net.hidden[0][0])
    assert net.hidden == ()
    assert repr(net) == "<Network 2-1, 3 neurons, 0 connections>"
    assert net.activate([1.0, 1.0]) == 0.5


@pytest.mark.parametrize(
    "use",
    [
        lambda layer: layer.activate(),
        lambda layer: layer.activate([]),
        lambda layer: layer.propagate(),
        lambda layer: layer.clear(),
        lambda layer: layer.reset(),
        lambda layer: layer.activations,
        lambda layer: layer.biases,
        lambda layer: layer.squash,
        lambda layer: layer.project(Layer(1)),
        lambda layer: Layer(1).project(layer),
        lambda layer: Network(Layer(1), [layer], Layer(1)),
        lambda layer: layer.append(Neuron()),
    ],
)
def test_a_layer_that_has_lost_its_neurons_does_nothing_or_says_so(use):
    net = perceptron(2, 1, 1, seed=1)
    layer = net.hidden[0]
    net.remove(layer[0])
    assert len(layer) == 0
    with contextlib.suppress(SynapseError):
        use(layer)


def test_inputs_and_outputs_are_not_removed(net):
    for neuron in (net.input[0], net.output[0], Neuron(), perceptron(1, 1, 1).hidden[0][0]):
        with unchanged(net), pytest.raises(TopologyError, match="not a hidden neuron"):
            net.remove(neuron)
    with pytest.raises(KindError):
        net.remove("cell")


def test_a_neuron_that_gates_others_is_not_removed(net):
    gater = net.hidden[0][0]
    with unchanged(net), pytest.raises(TopologyError, match="Ungate"):
        net.remove(gater)
    gater.ungate(*gater.gated)
    net.remove(gater)
    assert gater not in net


def test_a_neuron_that_gates_only_itself_can_be_removed():
    net = perceptron(1, 2, 1, seed=1)
    neuron = net.hidden[0][0]
    neuron.gate(neuron.project(neuron), *neuron.incoming)
    net.remove(neuron)
    assert len(net) == 3


def test_a_removed_neuron_is_not_removed_again():
    net = perceptron(1, 2, 1, seed=1)
    neuron = net.hidden[0][0]
    net.remove(neuron)
    with pytest.raises(TopologyError, match="removed"):
        net.remove(neuron)


def test_what_is_left_after_removals_goes_on_as_before():
    net = used(lstm(2, 3, 1, seed=2))
    loose = net.add(Neuron(name="loose"))[0]
    net.input[0].project(loose)
    twin = used(lstm(2, 3, 1, seed=2))
    net.remove(loose)
    used(net)
    used(twin)
    assert net.weights == pytest.approx(twin.weights, abs=1e-15)


# --- networks together --------------------------------------------------------------------------


def test_networks_project_to_networks_and_learn_through_them():
    first, second = perceptron(2, 3, 2, seed=1), perceptron(2, 3, 1, seed=5)
    bridge = first.project(second, "one_to_one", weights=1.0)
    assert isinstance(bridge, Projection)
    costs = []
    for _ in range(300):
        first.activate([1.0, -1.0])
        second.activate()
        costs.append(second.propagate(0.3, [1.0]))
        first.propagate(0.3)
    assert costs[-1] < 0.1 * costs[0]
    assert first.hidden[0][0].error.responsibility != 0


def test_a_network_gates_a_projection():
    first, second, gates = perceptron(1, 2, seed=1), perceptron(2, 1, seed=2), perceptron(1, 2, seed=3)
    bridge = first.project(second, "one_to_one", weights=1.0)
    gates.gate(bridge, "input")
    assert [connection.gater for connection in bridge] == list(gates.output)


def test_a_network_goes_on_when_a_larger_one_absorbs_its_store():
    small, alone = perceptron(1, 2, 1, seed=1), perceptron(1, 2, 1, seed=1)
    large = perceptron(4, 9, 3, seed=2)
    used(small), used(alone)
    small.project(large)
    used(small), used(alone)
    assert small.weights == pytest.approx(alone.weights, abs=1e-15)
    assert small.connections[0].source is small.input[0]


def test_two_networks_made_of_one_store_are_kept_apart():
    layers = [Layer(2) for _ in range(4)]
    for a, b in pairwise(layers):
        a.project(b, weights=0.5)
    second, first = Network(layers[2], [], layers[3]), Network(layers[0], [], layers[1])
    first.activate([1.0, 1.0])
    assert second.activate() == pytest.approx(second.output.activations)
    assert len(first.connections) == len(second.connections) == 4


# --- its life -----------------------------------------------------------------------------------


def test_a_network_that_nobody_holds_is_collected():
    net = used(lstm(2, 2, 1))
    assert net.graph
    watched = [weakref.ref(x) for x in (net, net[0], net.input, net.connections[0], net._store)]
    del net
    gc.collect()
    assert [reference() for reference in watched] == [None] * 5


def test_many_networks_leave_nothing_behind():
    def alive():
        gc.collect()
        return sum(type(x) in (Network, Layer, Neuron) for x in gc.get_objects())

    before = alive()
    for seed in range(5):
        used(lstm(2, 2, 1, seed=seed)).graph.copy()
    assert alive() == before


def test_its_neurons_are_free_when_it_is_gone():
    net = perceptron(2, 3, 1, seed=1)
    first, middle, last = net.layers
    outputs = net.activate([1.0, 2.0])
    del net
    gc.collect()
    again = Network(first, [], last)
    assert repr(again) == "<Network 2-1, 3 neurons, 0 connections>"
    middle.clear()  # it still projects to the outputs, as any neuron outside may
    assert again.activate([1.0, 2.0]) == again.output.activations == 0.5
    assert outputs != 0.5


def test_its_neurons_work_on_when_it_is_gone():
    net, twin = perceptron(2, 3, 1, seed=1), perceptron(2, 3, 1, seed=1)
    layers = net.layers
    expected = twin.activate([1.0, 2.0])
    twin.propagate(0.5, [1.0])
    del net
    gc.collect()
    layers[0].activate([1.0, 2.0])
    layers[1].activate()
    assert layers[2].activate() == pytest.approx(expected)
    layers[2].propagate(0.5, [1.0])
    layers[1].propagate(0.5)
    assert layers[1].biases == pytest.approx(twin.biases[2:5])


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_clone_shares_no_number_with_its_original(net, clone):
    other = clone(net)
    assert [n.activation for n in other] == [n.activation for n in net]
    with unchanged(net):
        used(other)
    with unchanged(other):
        used(net)
    assert (net.weights == other.weights).all()
