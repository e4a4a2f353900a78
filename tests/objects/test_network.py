import gc
import re
import weakref

import networkx as nx
import numpy as np
import pytest

import architect
from synapse import Layer, Network, Neuron, Topology
from synapse.analysis import late_connections
from synapse.errors import TopologyError, TopologyWarning
from tests.helpers.networks import lstm, perceptron, unchanged, used
from tests.helpers.strategies import Twin, given_graphs, specs


def test_connections_that_lead_elsewhere_are_not_its_own():
    a, b = Layer(1), Layer(1)
    net = Network(a, b)
    other = Network(Layer(1), [], Layer(1))
    net.project(other)
    b.project(Neuron())
    inside = a.project(b)
    assert (net.connections, other.connections) == ([inside[0]], [])


def test_reset_draws_in_the_order_of_making():
    a, b, c = Layer(2), Layer(2), Layer(1)
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


def test_a_neuron_that_gates_others_is_not_removed():
    net = used(lstm(2, 2, 2, seed=1, cell="tanh"))
    gater = net.hidden[0][0]
    with unchanged(net), pytest.raises(TopologyError, match="Ungate"):
        net.remove(gater)
    gater.ungate(*gater.gated)
    net.remove(gater)
    assert gater not in net
    with pytest.raises(TopologyError, match="removed"):
        net.remove(gater)


@pytest.mark.full
def test_the_network_holds_its_connections_once_all_were_listed():
    net = perceptron(2, 3, 1, seed=1)
    few = [weakref.ref(link) for link in net.connections[:2]]
    gc.collect()
    assert not any(link() for link in few)
    every = [weakref.ref(link) for link in net.connections]
    gc.collect()
    assert [link() for link in every] == net.connections


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


def test_sorting_keeps_the_layers_of_a_cycle_in_their_order():
    net = architect.Perceptron(1, 2, 2, 1, seed=0)
    lower, second = net.layers[1:3]
    second.project(lower)
    net.add(late := Layer(1))
    late.project(lower)
    net.sort_layers()
    assert list(net.layers[2:4]) == [lower, second]


def test_a_network_projects_and_gates_by_its_output_layer():
    source, target = Layer(3), Layer(2)
    net = architect.Perceptron(2, 2, seed=0)
    net.gate(source.project(target), "input")
    assert [
        connection.gater for neuron in target for connection in neuron.incoming
    ] == [net.output[0]] * 3 + [net.output[1]] * 3
    net.project(target)
    assert {link.source for link in target[0].incoming} == {*source, *net.output}
