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
                late = late_connections(net)
                assert order(net) == expected_order
                assert sorted(pairs(late.connections)) == sorted(cut)
                assert late.gated == ()


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
    for names, links, gates, shown in (
        ("xgay", ["xg", "xa", "ay"], ["gay"], "1-2-1, 4 neurons, 3 connections"),
        ("xy", ["xy"], [], "1-1, 2 neurons, 1 connection"),
    ):
        assert repr(construct(wired(names, links, gates))) == f"<Network {shown}>"


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
    of_gates = {gate[0] + gate[2] for gate in gates if gate[0] != gate[2]}
    before = nx.DiGraph([*(link for link in links if link[0] != link[1]), *of_gates])
    ordered = order(net)
    late = late_connections(net)
    assert sorted(ordered) == sorted(names)
    for source, target in before.edges:
        if not nx.has_path(before, target, source):  # on no cycle
            assert ordered.index(source) < ordered.index(target)
    if nx.is_directed_acyclic_graph(nx.DiGraph(of_gates)):
        assert all(c.gater is c.target for c in late.gated)
    place = {neuron: i for i, neuron in enumerate(net)}
    links = net.connections
    assert late.connections == tuple(
        c for c in links if place[c.source] > place[c.target]
    )
    assert late.gated == tuple(
        c for c in links if c.gater and place[c.gater] >= place[c.target]
    )
    rows = INPUTS[:, :1]
    assert net.run(rows) == pytest.approx(forward(net, rows), abs=1e-11)


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
        # each neuron has an incoming connection at least
        "gates": draw(st.integers(0, hidden)),
        "seed": draw(st.integers(0, 1000)),
    }
    return (inputs, hidden, outputs), options


@given(sizes_and_options())
def test_a_random_network_has_what_was_asked_for(drawn):
    """Every neuron is on a way, and gaters fire first where they can."""
    (n, h, m), options = drawn
    net = Random(*(n, h, m), **options, bias_initializer="glorot", initializer="glorot")
    links = net.connections
    late = late_connections(net)
    loops = [c for c in links if c.source is c.target]
    cut = {*loops, *late.connections}
    forward_links = [c for c in links if c not in cut]
    hidden = net.hidden[0]
    assert len(net) == n + h + m
    assert len(loops) == options["self_connections"]
    assert len(late.connections) == options["backward"]
    assert all(c.target in hidden for c in cut)
    asked = round(options["density"] * (n * (h + m) + h * (h - 1) // 2 + h * m))
    # what joins, alone
    assert asked <= len(forward_links) <= max(asked, n + 2 * h + m)
    assert sum(c.gater is not None for c in links) == options["gates"]
    assert not any(c.trainable or c.weight != 1 for c in loops)
    ahead = nx.DiGraph((c.source, c.target) for c in forward_links)
    for neuron in hidden:
        assert any(nx.has_path(ahead, source, neuron) for source in net.input)
        assert any(nx.has_path(ahead, neuron, target) for target in net.output)
    assert all(neuron.outgoing for neuron in net.input)
    assert all(neuron.incoming for neuron in net.output)
    assert {c.gater for c in links} <= {None, *hidden}
    assert all(c.target is hidden[0] for c in late.gated)
    rows = np.random.default_rng(options["seed"]).normal(size=(5, n))
    assert net.run(rows) == pytest.approx(forward(net, rows), abs=1e-11)


def test_every_hidden_neuron_may_gate_an_output():
    nets = [Random(1, 3, 1, density=1.0, gates=10, seed=seed) for seed in range(20)]
    gaters = [(net, link.gater) for net in nets for link in net.output[0].incoming]
    assert {net.hidden[0].index(gater) for net, gater in gaters} == {0, 1, 2}
