"""Loops against networkx, patterns of gating by counting."""

import networkx as nx

import architect
from synapse.analysis import components, gate_motifs
from tests.helpers.networks import perceptron
from tests.helpers.strategies import Twin, given_graphs, specs


@given_graphs(specs())
def test_components_are_those_of_the_graph_with_gates(spec):
    """The largest first, and neurons of each in their order."""
    net = Twin(spec).net
    plain = nx.DiGraph(net.graph.edges)
    gates = [(c.gater, c.target) for c in net.connections if c.gater]
    for with_gates in (False, True):
        plain.add_edges_from(gates if with_gates else [])
        wanted = [
            sorted(group, key=net.neurons.index)
            for group in map(list, nx.strongly_connected_components(plain))
            if len(group) > 1 or plain.has_edge(group[0], group[0])
        ]
        found = components(net, gates=with_gates)
        sizes = [len(group) for group in found]
        assert sizes == sorted(sizes, reverse=True)
        assert {*map(tuple, found)} == {*map(tuple, wanted)}


def test_a_neuron_that_gates_its_own_input():
    net = perceptron(2, 1)
    net.output[0].gate(net.connections[0])
    assert gate_motifs(net)["own"] == 1
    net.input[1].gate(net.connections[1])
    assert gate_motifs(net)["own"] == 2
    assert components(net) == [[net.output[0]]]


def test_gating_patterns_of_an_lstm():
    motifs = gate_motifs(
        architect.LSTM(2, 3, 1, peepholes="all_to_all", style="synaptic", seed=0)
    )
    kinds = {"all": 12, "forget": 3, "into memory": 6, "out of memory": 3, "own": 0}
    assert motifs == {**kinds, "peephole": 12, "same source": 9}


def test_neurons_of_a_loop_are_in_their_order():
    net = architect.Perceptron(1, 8, 1, seed=0)
    net[1].project(net[8])
    net[8].project(net[1])
    assert components(net) == [[net[1], net[8]]]
