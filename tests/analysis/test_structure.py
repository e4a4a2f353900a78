"""Loops and triads against networkx, patterns of gating by counting."""

import networkx as nx
import pytest
from hypothesis import given

import architect
from synapse import Layer, Network
from synapse.analysis import components, motifs

from ..networks import lstm, perceptron
from ..strategies import Twin, specs


@given(specs())
def test_triads_are_those_of_the_census(spec):
    net = Twin(spec).net
    plain = nx.DiGraph(net.graph.edges)
    plain.add_nodes_from(net.graph)
    plain.remove_edges_from(list(nx.selfloop_edges(plain)))
    wanted = nx.triadic_census(plain)
    assert motifs(net).triads == {k: n for k, n in wanted.items() if k not in ("003", "012", "102")}


@given(specs())
def test_components_are_those_of_the_graph_with_gates(spec):
    net = Twin(spec).net
    plain = nx.DiGraph(net.graph.edges)
    for gates in (False, True):
        if gates:
            plain.add_edges_from((c.gater, c.target) for c in net.connections if c.gater)
        groups = map(list, nx.strongly_connected_components(plain))
        wanted = [group for group in groups if len(group) > 1 or plain.has_edge(group[0], group[0])]
        found = components(net, gates=gates)
        assert [len(group) for group in found] == sorted(map(len, found), reverse=True)
        assert set(map(frozenset, found)) == set(map(frozenset, wanted))


def test_components_of_an_lstm():
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    (whole,) = components(net)
    assert whole == [*net["input gates"], *net["forget gates"], *net["cells"]]
    assert components(net, gates=False) == [[cell] for cell in net["cells"]]


@pytest.mark.parametrize("peepholes", [None, "all_to_all"])
def test_gating_patterns_of_an_lstm(peepholes):
    found = motifs(architect.LSTM(2, 3, 1, peepholes=peepholes, style="synaptic", seed=0)).gates
    assert found == {
        "all": 12,
        "forget": 3,
        "into memory": 6,
        "out of memory": 3,
        "peephole": 12 if peepholes else 0,
        "same source": 9 if peepholes else 6,
        "own": 0,
    }


def test_a_neuron_that_gates_its_own_input():
    net = perceptron(2, 1)
    net.output[0].gate(net.connections[0])
    assert motifs(net).gates["own"] == 1
    assert components(net) == [[net.output[0]]]


def test_networks_without_connections():
    net = Network(Layer(2), [], Layer(1))
    assert components(net) == []
    found = motifs(net)
    assert not any(found.triads.values())
    assert not any(found.gates.values())


def test_perceptron():
    """Two inputs, three hidden, one output."""
    found = {name: n for name, n in motifs(perceptron(2, 3, 1)).triads.items() if n}
    assert found == {"021D": 6, "021U": 6, "021C": 6}
    assert motifs(lstm(1, 1, 1)).gates["forget"] == 1
