import copy
import gc
import operator
import pickle
import re
import warnings
import weakref
from contextlib import nullcontext
from itertools import pairwise
from random import Random

import networkx as nx
import numpy as np
import pytest

import architect
from synapse import Layer, Network, Neuron, Topology, record
from synapse.analysis import late_connections
from synapse.errors import ArgumentTypeError, TopologyError, TopologyWarning
from tests.helpers.networks import lstm, perceptron, unchanged, used
from tests.helpers.strategies import Twin, given_graphs, specs


@pytest.fixture
def net():
    """A gated recurrent network that has learnt for some steps."""
    return used(lstm(2, 2, 2, seed=1, cell="tanh"))


def test_connections_that_lead_elsewhere_are_not_its_own():
    a = Layer(1)
    b = Layer(1)
    net = Network(a, [], b)
    other = Network(Layer(1), [], Layer(1))
    net.project(other)
    b.project(Neuron())
    inside = a.project(b)
    assert net.connections == [inside[0]]
    assert other.connections == []


def test_weights_and_biases_are_copies_that_can_be_set(net):
    weights = net.weights
    biases = net.biases
    for name in ("weights", "biases"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(net, name)[0] = 9.0
        with pytest.raises(ValueError, match="read-only"):
            # net.weights *= 2.0
            setattr(net, name, operator.imul(getattr(net, name), 2.0))
    assert (net.weights == weights).all()
    net.weights = 2 * weights
    net.biases = 3 * biases
    assert [connection.weight for connection in net.connections] == (
        2 * weights
    ).tolist()
    assert [neuron.bias for neuron in net] == (3 * biases).tolist()


def test_networks_do_not_share_neurons_nor_have_one_twice_or_of_two_precisions():
    a = Layer(2)
    b = Layer(1, dtype=np.float32)
    for layers, words in (
        ((a, [Layer([a[1]])], Layer(1)), "got a neuron in two"),
        ((a, [], b), "float32"),
    ):
        with pytest.raises(TopologyError, match=words):
            Network(*layers)
    assert a.name is b.name is None
    owner = perceptron(2, 3, 1)
    for parts in (
        (owner.input, [], Layer(1)),
        (Layer(1), [Layer([owner[3]])], Layer(1)),
    ):
        with unchanged(owner), pytest.raises(TopologyError, match="belongs to"):
            Network(*parts)


def test_it_knows_whether_the_past_can_change_its_answer():
    for links, gates, memory in (
        ([(0, 1), (1, 2)], [], False),
        ([(0, 1), (1, 2), (1, 1)], [], True),
        ([(0, 1), (1, 2), (2, 1)], [], True),
        ([(0, 1), (1, 2)], [(0, (1, 2))], False),
        ([(0, 1), (1, 2)], [(2, (0, 1))], True),
        ([(0, 1), (1, 2)], [(1, (0, 1))], True),
    ):
        layers = [Layer(1, bias=0.3), Layer(1, bias=0.3), Layer(1, bias=0.3)]
        made = {
            (i, j): layers[i][0].project(layers[j][0], weight=0.7) for i, j in links
        }
        for g, pair in gates:
            layers[g][0].gate(made[pair])
        net = Network(layers[0], [layers[1]], layers[2])
        assert net.has_memory is memory, (links, gates)
        assert (net.activate([1.0]) != net.activate([1.0])).any() == memory, (
            links,
            gates,
        )


def test_clear_forgets_the_context_and_keeps_the_weights(net):
    twin = net.clone()
    numbers = (net.weights.tolist(), net.biases.tolist())
    net.clear()
    for neuron in twin:
        neuron.clear()
    for network in (net, twin):
        for neuron in network:
            assert neuron.bias_eligibility == 0
            assert (
                neuron.state
                == neuron._old_state
                == neuron.activation
                == neuron.derivative
                == 0
            )
            assert (
                neuron.error.responsibility
                == neuron.error.projected
                == neuron.error.gated
                == 0
            )
        for connection in network.connections:
            assert connection.eligibility == 0
            assert not any(connection.extended.values())
        assert (network.weights.tolist(), network.biases.tolist()) == numbers


def test_clear_of_one_network_leaves_its_neighbours_alone():
    sender = perceptron(2, 2, seed=1)
    second = perceptron(2, 1, seed=2)
    sender.project(second)
    used(sender)
    used(second)
    with unchanged(sender):
        second.clear()
    assert sender.output.activations.all()


def test_reset_draws_in_the_order_of_making():
    a = Layer(2)
    b = Layer(2)
    c = Layer(1)
    b.project(c), a[1].project(b), a[0].project(b)  # laid out in another order
    net = Network(a, [b], c)
    every = range(6)
    draws = []

    def counting(rng, shape, fan_in, fan_out):
        draws.append((shape, fan_in, fan_out))
        return np.arange(shape[0])

    net.activate([0.0, 0.0])
    for resettable, drawn in ((net, every), (b, every[2:]), (b[0], every[2::2])):
        net.weights = np.full(6, 9.0)
        resettable.reset_parameters(initializer=counting)
        expected = np.full(6, 9.0)
        expected[list(drawn)] = range(len(drawn))
        assert net.weights.tolist() == expected.tolist(), resettable
    sizes = [(count, 2, 2) for pair in ((6, 3), (4, 2), (2, 1)) for count in pair]
    # on average
    assert draws == [((count,), fan_in, fan_out) for count, fan_in, fan_out in sizes]


def test_what_is_in_a_network_or_of_another_precision_is_not_added(net):
    other = perceptron(1, 1)
    for taken in (net[3], net.hidden[0], other.input, other[0]):
        with (
            unchanged(net),
            unchanged(other),
            pytest.raises(TopologyError, match="belongs to"),
        ):
            net.add(taken)
    with unchanged(net), pytest.raises(TopologyError, match="float32"):
        net.add(Neuron(dtype=np.float32))
    assert len(net.hidden) == 4


SPLITS = {
    "added first": lambda net, new, a, b: (
        net.add(new),
        a.project(new),
        new.project(b),
    ),
    "added first, led on first": lambda net, new, a, b: (
        net.add(new),
        new.project(b),
        a.project(new),
    ),
    "connected first": lambda net, new, a, b: (
        a.project(new),
        new.project(b),
        net.add(new),
    ),
    "before its target": lambda net, new, a, b: (
        net.add(new, before=b),
        a.project(new),
        new.project(b),
    ),
}


@pytest.mark.full
@pytest.mark.parametrize("way", SPLITS)
def test_a_perceptron_stays_feed_forward_when_its_connections_are_split(way):
    net = perceptron(2, 3, 2, 1)
    random = Random(0)
    for k in range(80):
        link = random.choice(net.connections)
        new = Neuron("identity")
        old = net.weights
        SPLITS[way](net, new, link.source, link.target)
        # in the order of creation
        assert net.weights[: len(old)].tolist() == old.tolist()
        link.source.disconnect(link.target)
        if k % 20 == 0:
            used(net)  # its order is fixed now
    assert late_connections(net) == ((), ())
    assert not net.has_memory
    assert [list(net.graph), len(net)] == [list(net), 88]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_a_new_connection_is_late_without_need_whether_looked_up_or_reasoned(seed):
    """In a network that has stepped a path is sought from neuron to neuron; the warning
    is that of all relations together."""
    rng = np.random.default_rng(seed)
    net = perceptron(2, 12, 2, seed=0)
    for link in net.connections:
        if rng.random() < 0.6:
            link.source.disconnect(link.target)
    for source, target in rng.integers(0, 16, (20, 2)):
        if not net[source].connection_to(net[target]):
            net[source].project(net[target], weight=0.1)
    twin = net.clone()
    for source, target in rng.integers(0, 16, (30, 2)):
        warned = []
        for each in (net, twin):
            each.activate([0.0, 1.0])
            if each is twin:
                each._store.touch()
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                if not each[source].connection_to(each[target]):
                    each[source].project(each[target], weight=0.1)
            warned.append([str(warning.message) for warning in seen])
        assert warned[0] == warned[1]


def test_a_layer_moves_past_unconnected_ones_until_the_network_activates():
    """A whole layer, by connections and by gates; what is on a cycle stays late,
    without a warning."""
    net = perceptron(1, 2, 2, 1)
    lower, second = net.hidden
    new = net.add(Layer(2, name="new"))
    net.input.project(new), new.project(lower)
    assert net.layers == (net.input, new, lower, second, net.output)
    gates = net.add(Layer(1, name="gates"))
    gates[0].gate(new[0].outgoing[0])
    assert net.layers[2:4] == (gates, lower)
    second.project(new)  # closes a cycle
    assert len(late_connections(net).connections) == 4
    net.activate([1.0])
    late = net.add(Layer(1, name="late"))
    net.activate([1.0])
    order = list(net)
    with pytest.warns(
        TopologyWarning, match=r"late 0.* activates after .*no common cycle.*net.*sort"
    ):
        late.project(gates)
    assert list(net) == order
    between = net.add(Layer(1, name="between"))
    # are late in any place between the two
    (net.output.project(between), between.project(net.input))
    assert (net.layers[0].name, net.layers[-1].name) == ("input", "output")
    for wrong in (net.input, Neuron()):
        with unchanged(net), pytest.raises(TopologyError, match="before"):
            net.add(Neuron(), before=wrong)


def test_layers_in_a_given_order_stay_and_are_sorted_when_asked():
    """Layers whose neurons activate in turns become one; copies and recordings
    follow."""
    x = Layer(1)
    odd = Layer(2)
    even = Layer(3)
    y = Layer(1)
    net = Network(x, odd, even, y)
    chain = [x[0], even[0], odd[0], even[1], odd[1], even[2], y[0]]
    for layer, other in pairwise(chain):
        with pytest.warns(TopologyWarning) if other in odd else nullcontext():
            layer.project(other, weight=0.5)
    assert (len(late_connections(net).connections), net.hidden) == (2, (odd, even))
    with record(net, "activation") as log:
        net.activate([1.0])
        net.sort_layers()
        outputs = net.activate([0.5])
    assert (list(net), net.hidden) == (chain, (even,))
    assert log.activation[1].tolist() == [neuron.activation for neuron in log.neurons]
    assert net.clone().output.activations == outputs


@given_graphs(specs())
def test_sorted_networks_have_late_connections_only_on_cycles(spec):
    net = Twin(spec).net
    net.sort_layers()
    table = Topology.of(net)
    order = list(net)
    outputs = len(net) - spec.outputs
    pairs = [
        *zip(table.source, table.target, strict=True),
        *zip(table.gater, table.target, strict=True),
    ]
    graph = nx.DiGraph(
        (i, j) for i, j in pairs if 0 <= i < outputs and j >= spec.inputs
    )
    group = {
        i: k
        for k, component in enumerate(nx.strongly_connected_components(graph))
        for i in component
    }
    assert all(i < j or group[i] == group[j] for i, j in graph.edges)
    net.sort_layers()
    assert list(net) == order


def test_an_attribute_that_is_misspelt_is_not_set():
    class Labelled(Network):
        """A class of a user, which may have attributes of its own."""

    net = architect.GRU(2, 3, 1, seed=0)
    labelled = Labelled(Layer(1), Layer(1))
    labelled.labels = "a", "b"
    for owned, wrong, hint in (
        (
            net,
            "weigths",
            "A Network has no attribute 'weigths' to set. Did you mean 'weights'?",
        ),
        (net, "learningRate", "A Network has no attribute 'learningRate' to set."),
        (net, "loss", "A Network has no attribute 'loss' to set. Use synapse.Tr"),
        (labelled, "deterministc", "Did you mean 'deterministic'?"),
        (
            net.output,
            "bias",
            "A Layer has no attribute 'bias' to set. Use layer.biases.",
        ),
    ):
        with unchanged(net), pytest.raises(AttributeError, match=re.escape(hint)):
            setattr(owned, wrong, 1.0)
    assert labelled.labels == ("a", "b")


def test_inputs_and_outputs_are_removed_except_the_last(net):
    """What a removed input has sent is 0, so the outputs are those of a network that
    gets 0 there."""
    twin = net.clone()
    for link in twin.input[0].outgoing:
        link.weight = 0.0
    net.remove(net.input[0])
    for step in range(3):
        assert net.activate([0.3 * step]) == pytest.approx(
            twin.activate([7.0, 0.3 * step])
        )
    net.remove(net.output[1])
    assert net.activate([0.5]) == pytest.approx(twin.activate([7.0, 0.5])[:1])
    for neuron in (
        net.input[0],
        net.output[0],
        Neuron(),
        perceptron(1, 1, 1).hidden[0][0],
    ):
        with (
            unchanged(net),
            pytest.raises(
                TopologyError, match="is not a neuron of|is the last neuron of"
            ),
        ):
            net.remove(neuron)
    with pytest.raises(ArgumentTypeError):
        net.remove("cell")


def test_a_neuron_that_gates_others_is_not_removed(net):
    gater = net.hidden[0][0]
    with unchanged(net), pytest.raises(TopologyError, match="Ungate"):
        net.remove(gater)
    gater.ungate(*gater.gated)
    net.remove(gater)
    assert gater not in net
    with pytest.raises(TopologyError, match="removed"):
        net.remove(gater)


def test_the_network_holds_its_connections_once_all_were_listed():
    net = perceptron(2, 3, 1, seed=1)
    few = [weakref.ref(link) for link in net.connections[:2]]
    gc.collect()
    assert not any(link() for link in few)
    every = [weakref.ref(link) for link in net.connections]
    gc.collect()
    assert [link() for link in every] == net.connections


def test_a_network_that_nobody_holds_is_collected():
    net = used(lstm(2, 2, 1))
    assert net.graph
    watched = [
        weakref.ref(x) for x in (net, net[0], net.input, net.connections[0], net._store)
    ]
    del net
    gc.collect()
    assert [reference() for reference in watched] == [None] * 5


def test_its_neurons_are_free_when_it_is_gone():
    net = perceptron(2, 3, 1, seed=1)
    source, middle, last = net.layers
    outputs = net.activate([1.0, 2.0])
    del net
    gc.collect()
    again = Network(source, [], last)
    assert repr(again) == "<Network 2-1, 3 neurons, 0 connections>"
    middle.clear()  # it still projects to the outputs, as any neuron outside may
    assert again.activate([1.0, 2.0]) == again.output.activations == 0.5
    assert outputs != 0.5


def test_a_clone_shares_no_number_with_its_original(net):
    for clone in (
        Network.clone,
        copy.copy,
        copy.deepcopy,
        lambda net: pickle.loads(pickle.dumps(net)),
    ):
        other = clone(net)
        assert [n.activation for n in other] == [n.activation for n in net]
        with unchanged(net):
            used(other)
        with unchanged(other):
            used(net)
        assert (net.weights == other.weights).all()


def test_sorting_keeps_the_layers_of_a_cycle_in_their_order():
    net = architect.Perceptron(1, 2, 2, 1, seed=0)
    lower, second = net.layers[1:3]
    second.project(lower)
    net.add(late := Layer(1))
    late.project(lower)
    net.sort_layers()
    assert list(net.layers[2:4]) == [lower, second]


def test_a_network_projects_and_gates_by_its_output_layer():
    source = Layer(3)
    target = Layer(2)
    net = architect.Perceptron(2, 2, seed=0)
    net.gate(source.project(target), "input")
    gaters = [connection.gater for neuron in target for connection in neuron.incoming]
    assert gaters == [net.output[0]] * 3 + [net.output[1]] * 3
    net.project(target)
    assert {link.source for link in target[0].incoming} == {*source, *net.output}
