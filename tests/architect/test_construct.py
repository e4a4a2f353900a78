"""A network is made of neurons that are wired already, whatever the order they are told in."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
from architect import construct, delayed
from synapse import Layer, Network, Neuron
from synapse.errors import KindError, TopologyError

from .helpers import INPUTS, fall, forward, survives


def wired(names, links, gates=()):
    """Neurons by name; a link "ab" leads from a to b, a gate "gab" is g on that connection."""
    neurons = {name: Neuron("tanh", name=name) for name in names}
    draw = np.random.default_rng(0)
    for a, b in links:
        neurons[a].project(neurons[b], weight=draw.normal())
    for g, a, b in gates:
        neurons[g].gate(neurons[a].connected(neurons[b]))
    return list(neurons.values())


def order(net):
    return "".join(neuron.name for neuron in net)


def pairs(connections):
    return [c.source.name + c.target.name for c in connections]


# --- the order -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "links", "gates", "found", "cut"),
    [
        ("xaby", ["xa", "ab", "by"], [], "xaby", []),
        ("ybax", ["xa", "ab", "by"], [], "xaby", []),
        ("xbay", ["xa", "xb", "ay", "by"], [], "xbay", []),  # a choice: as given
        ("xabcy", ["xa", "ab", "bc", "ca", "cy"], [], "xabcy", ["ca"]),
        ("ybcxa", ["xa", "ab", "bc", "ca", "cy"], [], "xabcy", ["ca"]),  # by distance from the inputs
        ("xbcay", ["xa", "xb", "xc", "ab", "bc", "ca", "cy"], [], "xbcay", ["ab"]),  # all alike: as given
        ("xcbay", ["xa", "xb", "xc", "ab", "bc", "ca", "cy"], [], "xcbay", ["ab", "bc"]),
        ("xabcy", ["xa", "xc", "ab", "bc", "ca", "cy"], [], "xabcy", ["ca"]),  # as given, which cuts fewer
        ("xbcay", ["xa", "xc", "ab", "bc", "ca", "cy"], [], "xcaby", ["bc"]),
        ("dxaby", ["xa", "ab", "ba", "bd", "dy"], [], "xabdy", ["ba"]),  # d is on no cycle, and waits
        ("xaby", ["xa", "aa", "ab", "by"], [], "xaby", []),  # a self-connection is no cut
        ("xahy", ["xa", "xh", "ah", "hy"], ["aah"], "xahy", []),
        ("xabhy", ["xa", "xh", "ab", "by"], ["hab"], "xahby", []),  # a gate before what it gates
        ("xbahy", ["xa", "xh", "xb", "ab", "by", "bh"], ["hab"], "xahby", ["bh"]),  # on a cycle too
        ("xaghy", ["xa", "xg", "xh", "ay", "ag", "ah"], ["gxa", "hxg"], "xhgay", ["ah", "ag"]),
    ],
)
def test_the_order_is_found_and_cycles_are_cut(names, links, gates, found, cut):
    net = construct(wired(names, links, gates))
    assert order(net) == found
    assert sorted(pairs(delayed(net).connections)) == sorted(cut)
    assert delayed(net).gated == ()


def test_gates_in_a_circle_are_cut_at_the_first_given():
    net = construct(wired("xghy", ["xg", "xh", "gy", "hy"], ["gxh", "hxg"]))
    assert order(net) == "xghy"
    assert pairs(delayed(net).gated) == ["xg"]


def test_what_gates_its_own_input_is_told():
    assert pairs(delayed(construct(wired("xay", ["xa", "ay"], ["axa"]))).gated) == ["xa"]


def test_inputs_and_outputs_may_be_told():
    x, z, _, y, b = neurons = wired("xzayb", ["xa", "za", "ab", "ba", "ay", "ax", "ya"])
    net = construct(neurons, inputs=[z, x], outputs=(b, y), name="Told")
    assert order(net) == "zxaby"
    assert sorted(pairs(delayed(net).connections)) == ["ax", "ba", "ya"]
    assert repr(net) == "<Told 2-1-2, 5 neurons, 7 connections>"


def test_an_input_that_is_told_may_lead_nowhere():
    x, y, z = wired("xyz", ["xy"])
    assert order(construct([x, y, z], [x, z])) == "xzy"


def test_gates_that_lead_nowhere_are_no_outputs():
    net = construct(wired("xgay", ["xg", "xa", "ay"], ["gay"]))
    assert [neuron.name for neuron in net.output] == ["y"]
    assert repr(net) == "<Network 1-2-1, 4 neurons, 3 connections>"


def test_without_hidden_neurons_inputs_lead_to_outputs():
    assert repr(construct(wired("xy", ["xy"]))) == "<Network 1-1, 2 neurons, 1 connection>"


# --- any wiring ----------------------------------------------------------------------------------


@st.composite
def wirings(draw):
    """Inputs x, outputs y, hidden neurons with links and gates anywhere among them; shuffled."""
    hidden = "abcdefg"[: draw(st.integers(1, 7))]
    some = lambda *what: draw(st.lists(st.tuples(*map(st.sampled_from, what)), unique=True))  # noqa: E731
    chain = [("x" + hidden)[i : i + 2] for i in range(len(hidden))]
    links = sorted({*chain, hidden[-1] + "y", *map("".join, some(hidden, hidden + "y"))})
    gates = {link: gater for gater, link in some(hidden, links)}
    names = "".join(draw(st.permutations("xy" + hidden)))
    return names, links, [gater + link for link, gater in gates.items()]


@given(wirings())
def test_whoever_can_fire_before_its_target_does(wiring):
    names, links, gates = wiring
    net = construct(wired(*wiring))
    before = nx.DiGraph([*links, *(gate[0] + gate[2] for gate in gates)])
    before.remove_edges_from(list(nx.selfloop_edges(before)))
    only_gates = nx.DiGraph(gate[0] + gate[2] for gate in gates)
    only_gates.remove_edges_from(list(nx.selfloop_edges(only_gates)))
    found = order(net)
    assert sorted(found) == sorted(names)
    for source, target in before.edges:
        if not nx.has_path(before, target, source):  # on no cycle
            assert found.index(source) < found.index(target)
    if nx.is_directed_acyclic_graph(only_gates):
        assert all(c.gater is c.target for c in delayed(net).gated)
    assert order(construct(wired(*wiring))) == found


@given(wirings())
def test_delayed_tells_all_that_acts_late(wiring):
    net = construct(wired(*wiring))
    found, links = order(net), net.connections
    late = [p for p in pairs(links) if found.index(p[0]) > found.index(p[1])]
    assert pairs(delayed(net).connections) == late
    gated = [c for c in links if c.gater is not None]
    held = [c for c in gated if found.index(c.gater.name) >= found.index(c.target.name)]
    assert delayed(net).gated == tuple(held)


@given(wirings())
def test_it_computes_what_its_connections_say(wiring):
    net = construct(wired(*wiring))
    assert net.run(INPUTS[:, :1]) == pytest.approx(forward(net, INPUTS[:, :1]), abs=1e-11)


@pytest.mark.parametrize("recipe", [architect.Perceptron, architect.Residual, architect.Jordan])
@pytest.mark.parametrize("seed", range(5))
def test_without_hidden_cycles_the_order_given_is_all_the_same(recipe, seed):
    net = recipe(3, 4, 4, 2, initializer="glorot", seed=seed)
    expected, neurons, inputs, outputs = taken_apart(net)
    del net
    again = construct(np.random.default_rng(seed).permutation(neurons), inputs, outputs)
    assert again.run(INPUTS) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("recipe", [architect.Elman, architect.LSTM])
@pytest.mark.parametrize("seed", range(3))
def test_an_order_that_works_is_kept(recipe, seed):
    net = recipe(3, 4, 2, initializer="glorot", seed=seed)
    expected, neurons, inputs, outputs = taken_apart(net)
    del net
    again = construct(neurons, inputs, outputs)
    assert again.neurons == neurons
    assert again.run(INPUTS) == pytest.approx(expected, abs=1e-13)


def taken_apart(net):
    """What it answers; and its neurons, which are free as soon as the caller forgets it."""
    expected = net.run(INPUTS)
    net.clear()
    return expected, net.neurons, list(net.input), list(net.output)


def test_it_trains_and_survives_a_file(tmp_path):
    """Exclusive or, by two neurons of which one gates the other: x is passed on, or not, or turned."""
    net = construct(wired("uvgay", ["ug", "vg", "ua", "va", "ga", "ay", "gy"], ["gay"]))
    rows = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert fall(net, rows, np.array([[0.0], [1.0], [1.0], [0.0]]), rate=0.1, epochs=2000) > 50
    assert survives(net, tmp_path / "net.synapse")


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "links", "says"),
    [
        ("ab", ["ab", "ba"], r"none is an input .* construct\(neurons, inputs="),
        ("xab", ["xa", "ab", "ba"], r"none is an output .* construct\(neurons, outputs="),
        ("xyabc", ["xy", "ab", "ba", "by", "bc"], "No way leads from the inputs to <Neuron a, tanh>"),
        ("xya", ["xy"], "<Neuron a, tanh> is connected to no other neuron"),
        ("xya", ["xy", "aa"], "<Neuron a, tanh> is connected to no other neuron"),
        ("", [], "at least one neuron as the"),
    ],
)
def test_a_wiring_that_makes_no_network_is_refused(names, links, says):
    neurons = wired(names, links)
    with pytest.raises(TopologyError, match=says):
        construct(neurons)


def test_a_neuron_that_is_left_out_is_named():
    x, a, g, y = wired("xagy", ["xa", "xg", "ay"], ["gay"])
    for some in ([x, a, y], [x, g, a], [a, g, y]):
        with pytest.raises(TopologyError, match="is wired to <Neuron [xgy], tanh>, which is not among"):
            construct(some)


def test_a_self_connection_gated_from_outside_names_the_gate():
    x, a, y, _ = wired("xayg", ["xa", "aa", "ay"], ["gaa"])
    with pytest.raises(TopologyError, match="<Neuron g, tanh>, which is not among"):
        construct([x, a, y])


def test_wrong_arguments_are_refused_and_nothing_has_changed():
    x, a, y = wired("xay", ["xa", "ay"])
    stranger = Neuron(name="stranger")
    wrong = [
        (([x, a, y, a],), TopologyError, "<Neuron a, tanh> is given twice among the neurons"),
        (([x, a, y], [x, x]), TopologyError, "<Neuron x, tanh> is given twice among the inputs"),
        (([x, a, y], [stranger]), TopologyError, "stranger, logistic> is one of the inputs but not"),
        (([x, a, y], None, [stranger]), TopologyError, "stranger, logistic> is one of the outputs but not"),
        (([x, a, y], [x], [x]), TopologyError, "<Neuron x, tanh> is both an input and an output"),
        (([x, a, y], [a]), TopologyError, "No way leads from the inputs to <Neuron x, tanh>"),
        (([x, a, y], []), TopologyError, "at least one neuron as the inputs of construct"),
        (([x, a, "y"],), KindError, "(to be|Expected) a Neuron, got 'y'"),
        ((7,), KindError, "(to be|Expected) neurons, got 7"),
    ]
    for arguments, error, says in wrong:
        with pytest.raises(error, match=says):
            construct(*arguments)
    assert order(construct([y, a, x])) == "xay"


def test_neurons_of_another_network_are_refused():
    x, y = wired("xy", ["xy"])
    net = Network(Layer([x]), [], Layer([y]))
    with pytest.raises(TopologyError, match="belongs to <Network 1-1"):
        construct([x, y])
    assert len(net) == 2


def test_delayed_looks_at_networks_only():
    with pytest.raises(KindError, match="(to be|Expected) a Network"):
        delayed(Neuron())
