"""A network of neurons that are wired already, whatever the order they are told in, or
at random."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, strategies as st

from architect import Random, construct
from synapse import Neuron
from synapse.analysis import late_connections
from synapse.errors import TopologyError
from tests.helpers.cases import Cases

from .helpers import INPUTS, forward


def wired(names, links, gates=()):
    """Neurons by name; a link "ab" leads from a to b, a gate "gab" is g on that
    connection."""
    neurons = {name: Neuron("tanh", name=name) for name in names}
    draw = np.random.default_rng(0)
    for a, b in links:
        neurons[a].project(neurons[b], weight=draw.normal())
    for g, a, b in gates:
        neurons[g].gate(neurons[a].connection_to(neurons[b]))
    return list(neurons.values())


def order(net):
    return "".join(neuron.name for neuron in net)


def pairs(connections):
    return [c.source.name + c.target.name for c in connections]


ORDERS = [
    ("xaby", ["xa", "ab", "by"], [], "xaby", []),
    ("ybax", ["xa", "ab", "by"], [], "xaby", []),
    ("xbay", ["xa", "xb", "ay", "by"], [], "xbay", []),  # a choice: as given
    ("xabcy", ["xa", "ab", "bc", "ca", "cy"], [], "xabcy", ["ca"]),
    (
        "ybcxa",
        ["xa", "ab", "bc", "ca", "cy"],
        [],
        "xabcy",
        ["ca"],
    ),  # by distance from the inputs
    (
        "xbcay",
        ["xa", "xb", "xc", "ab", "bc", "ca", "cy"],
        [],
        "xbcay",
        ["ab"],
    ),  # all alike: as given
    ("xcbay", ["xa", "xb", "xc", "ab", "bc", "ca", "cy"], [], "xcbay", ["ab", "bc"]),
    (
        "xabcy",
        ["xa", "xc", "ab", "bc", "ca", "cy"],
        [],
        "xabcy",
        ["ca"],
    ),  # as given, which cuts fewer
    ("xbcay", ["xa", "xc", "ab", "bc", "ca", "cy"], [], "xcaby", ["bc"]),
    (
        "dxaby",
        ["xa", "ab", "ba", "bd", "dy"],
        [],
        "xabdy",
        ["ba"],
    ),  # d is on no cycle, and waits
    ("xaby", ["xa", "aa", "ab", "by"], [], "xaby", []),  # a self-connection is no cut
    ("xahy", ["xa", "xh", "ah", "hy"], ["aah"], "xahy", []),
    (
        "xabhy",
        ["xa", "xh", "ab", "by"],
        ["hab"],
        "xahby",
        [],
    ),  # a gate before what it gates
    (
        "xbahy",
        ["xa", "xh", "xb", "ab", "by", "bh"],
        ["hab"],
        "xahby",
        ["bh"],
    ),  # on a cycle too
    (
        "xaghy",
        ["xa", "xg", "xh", "ay", "ag", "ah"],
        ["gxa", "hxg"],
        "xhgay",
        ["ah", "ag"],
    ),
]


def test_the_order_is_found_and_cycles_are_cut():
    with Cases() as case:
        for names, links, gates, expected_order, cut in ORDERS:
            with case(names, links, gates):
                net = construct(wired(names, links, gates))
                assert order(net) == expected_order
                assert sorted(pairs(late_connections(net).connections)) == sorted(cut)
                assert late_connections(net).gated == ()


def test_gates_in_a_circle_are_cut_at_the_first_given():
    net = construct(wired("xghy", ["xg", "xh", "gy", "hy"], ["gxh", "hxg"]))
    assert order(net) == "xghy"
    assert pairs(late_connections(net).gated) == ["xg"]


def test_inputs_and_outputs_may_be_told():
    x, z, _, y, b = neurons = wired("xzayb", ["xa", "za", "ab", "ba", "ay", "ax", "ya"])
    net = construct(neurons, inputs=[z, x], outputs=(b, y), name="Told")
    assert order(net) == "zxaby"
    assert sorted(pairs(late_connections(net).connections)) == ["ax", "ba", "ya"]
    assert repr(net) == "<Network 'Told' 2-1-2, 5 neurons, 7 connections>"


def test_ends_that_are_told_or_found():
    x, y, z = wired("xyz", ["xy"])
    # an input that is told may lead nowhere
    assert order(construct([x, y, z], [x, z])) == "xzy"
    # a gate that leads nowhere is no output
    net = construct(wired("xgay", ["xg", "xa", "ay"], ["gay"]))
    assert repr(net) == "<Network 1-2-1, 4 neurons, 3 connections>"
    assert (
        repr(construct(wired("xy", ["xy"]))) == "<Network 1-1, 2 neurons, 1 connection>"
    )


@st.composite
def wirings(draw):
    """Inputs x, outputs y, hidden neurons with links and gates anywhere among them;
    shuffled."""
    hidden = "abcdefg"[: draw(st.integers(1, 7))]

    def some(*values):
        return draw(st.lists(st.tuples(*map(st.sampled_from, values)), unique=True))

    chain = [("x" + hidden)[i : i + 2] for i in range(len(hidden))]
    links = sorted(
        {*chain, hidden[-1] + "y", *map("".join, some(hidden, hidden + "y"))}
    )
    gates = {link: gater for gater, link in some(hidden, links)}
    names = "".join(draw(st.permutations("xy" + hidden)))
    return names, links, [gater + link for link, gater in gates.items()]


@given(wirings())
def test_whoever_can_fire_before_its_target_does(wiring):
    """What cannot acts late, which `late_connections` lists; and the network computes
    what its connections say."""
    names, links, gates = wiring
    net = construct(wired(*wiring))
    before = nx.DiGraph([*links, *(gate[0] + gate[2] for gate in gates)])
    before.remove_edges_from(list(nx.selfloop_edges(before)))
    only_gates = nx.DiGraph(gate[0] + gate[2] for gate in gates)
    only_gates.remove_edges_from(list(nx.selfloop_edges(only_gates)))
    ordered = order(net)
    assert sorted(ordered) == sorted(names)
    for source, target in before.edges:
        if not nx.has_path(before, target, source):  # on no cycle
            assert ordered.index(source) < ordered.index(target)
    if nx.is_directed_acyclic_graph(only_gates):
        assert all(c.gater is c.target for c in late_connections(net).gated)
    links = net.connections
    late = [p for p in pairs(links) if ordered.index(p[0]) > ordered.index(p[1])]
    assert pairs(late_connections(net).connections) == late
    gated = [c for c in links if c.gater is not None]
    late_gates = [
        c for c in gated if ordered.index(c.gater.name) >= ordered.index(c.target.name)
    ]
    assert late_connections(net).gated == tuple(late_gates)
    assert net.run(INPUTS[:, :1]) == pytest.approx(
        forward(net, INPUTS[:, :1]), abs=1e-11
    )


def test_a_wiring_that_makes_no_network_is_refused():
    for names, links, says in (
        (
            "ab",
            ["ab", "ba"],
            r"No neuron can be an input.* construct\(neurons, inputs=",
        ),
        (
            "xab",
            ["xa", "ab", "ba"],
            r"No neuron can be an output.* construct\(neurons, outputs=",
        ),
        (
            "xyabc",
            ["xy", "ab", "ba", "by", "bc"],
            "No path leads from the inputs to <Neuron a, tanh>",
        ),
        ("xya", ["xy"], "<Neuron a, tanh> is connected to no other neuron"),
        ("xya", ["xy", "aa"], "<Neuron a, tanh> is connected to no other neuron"),
        ("", [], "must have at least one neuron"),
    ):
        neurons = wired(names, links)
        with pytest.raises(TopologyError, match=says):
            construct(neurons)


def test_a_neuron_that_is_left_out_is_named():
    x, a, g, y = wired("xagy", ["xa", "xg", "ay"], ["gay"])
    loop = wired("xayg", ["xa", "aa", "ay"], ["gaa"])
    for some in ([x, a, y], [x, g, a], [a, g, y], loop[:3]):
        with pytest.raises(
            TopologyError, match="is wired to <Neuron [xgy], tanh>, which is not among"
        ):
            construct(some)


@st.composite
def sizes_and_options(draw):
    inputs, hidden, outputs = (draw(st.integers(1, most)) for most in (4, 8, 3))
    half = hidden * (hidden - 1) // 2
    options = {
        "density": draw(st.floats(0.01, 1.0)),
        "self_connections": draw(st.integers(0, hidden)),
        "backward": draw(st.integers(0, half + hidden * outputs)),
        "gates": draw(
            st.integers(0, hidden)
        ),  # each neuron has an incoming connection at least
    }
    return (inputs, hidden, outputs), options, draw(st.integers(0, 1000))


@given(sizes_and_options())
def test_it_has_what_was_asked_for(drawn):
    (n, h, m), options, seed = drawn
    net = Random(n, h, m, **options, seed=seed)
    place = {neuron: i for i, neuron in enumerate(net)}
    loops = [c for c in net.connections if c.source is c.target]
    back = late_connections(net).connections
    ahead = len(net.connections) - len(loops) - len(back)
    pairs = n * (h + m) + h * (h - 1) // 2 + h * m
    assert len(net) == n + h + m
    assert len(loops) == options["self_connections"]
    assert len(back) == options["backward"]
    assert all(n <= place[c.target] < n + h for c in (*loops, *back))
    assert ahead >= round(options["density"] * pairs)
    # what joins, alone
    assert ahead == round(options["density"] * pairs) or ahead <= n + 2 * h + m
    assert sum(c.gater is not None for c in net.connections) == options["gates"]
    assert not any(c.trainable or c.weight != 1 for c in loops)


@given(sizes_and_options())
def test_every_neuron_is_on_a_way_and_gaters_fire_first_where_they_can(drawn):
    sizes, options, seed = drawn
    net = Random(
        *sizes, **options, bias_initializer="glorot", initializer="glorot", seed=seed
    )
    ahead = nx.DiGraph(
        (c.source, c.target)
        for c in net.connections
        if c not in late_connections(net).connections
    )
    hidden = list(net.hidden[0])
    for neuron in hidden:
        assert any(nx.has_path(ahead, source, neuron) for source in net.input)
        assert any(nx.has_path(ahead, neuron, target) for target in net.output)
    assert all(neuron.outgoing for neuron in net.input)
    assert all(neuron.incoming for neuron in net.output)
    assert {c.gater for c in net.connections} <= {None, *hidden}
    assert all(
        connection.target is hidden[0] for connection in late_connections(net).gated
    )
    rows = np.random.default_rng(seed).normal(size=(5, sizes[0]))
    assert net.run(rows) == pytest.approx(forward(net, rows), abs=1e-11)


def test_every_hidden_neuron_may_gate_an_output():
    nets = [Random(1, 3, 1, density=1.0, gates=10, seed=seed) for seed in range(20)]
    places = {
        net.hidden[0].index(link.gater)
        for net in nets
        for link in net.output[0].incoming
    }
    assert places == {0, 1, 2}
