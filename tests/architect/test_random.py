"""Random topologies: as many connections of each kind as asked for, and no neuron left out."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, strategies as st

from architect import Random, delayed

from .helpers import INPUTS, echo, fall, forward, survives


@st.composite
def sizes_and_options(draw):
    inputs, hidden, outputs = (draw(st.integers(1, most)) for most in (4, 8, 3))
    half = hidden * (hidden - 1) // 2
    options = {
        "density": draw(st.floats(0.01, 1.0)),
        "self_connections": draw(st.integers(0, hidden)),
        "backward": draw(st.integers(0, half + hidden * outputs)),
        "gates": draw(st.integers(0, hidden)),  # each neuron has an incoming connection at least
    }
    return (inputs, hidden, outputs), options, draw(st.integers(0, 1000))


@given(sizes_and_options())
def test_it_has_what_was_asked_for(drawn):
    (n, h, m), options, seed = drawn
    net = Random(n, h, m, **options, seed=seed)
    place = {neuron: i for i, neuron in enumerate(net)}
    loops = [c for c in net.connections if c.source is c.target]
    back = delayed(net).connections
    ahead = len(net.connections) - len(loops) - len(back)
    pairs = n * (h + m) + h * (h - 1) // 2 + h * m
    assert len(net) == n + h + m
    assert len(loops) == options["self_connections"]
    assert len(back) == options["backward"]
    assert all(n <= place[c.target] < n + h for c in (*loops, *back))
    assert ahead >= round(options["density"] * pairs)
    assert ahead == round(options["density"] * pairs) or ahead <= n + 2 * h + m  # what joins, alone
    assert sum(c.gater is not None for c in net.connections) == options["gates"]


@given(sizes_and_options())
def test_every_neuron_is_on_a_way_from_inputs_to_outputs(drawn):
    sizes, options, seed = drawn
    net = Random(*sizes, **options, seed=seed)
    ahead = nx.DiGraph((c.source, c.target) for c in net.connections if c not in delayed(net).connections)
    for neuron in net.hidden[0]:
        assert any(nx.has_path(ahead, source, neuron) for source in net.input)
        assert any(nx.has_path(ahead, neuron, target) for target in net.output)
    assert all(neuron.outgoing for neuron in net.input)
    assert all(neuron.incoming for neuron in net.output)


@given(sizes_and_options())
def test_gaters_are_hidden_and_fire_first_where_they_can(drawn):
    sizes, options, seed = drawn
    net = Random(*sizes, **options, seed=seed)
    hidden = list(net.hidden[0])
    for connection in net.connections:
        if connection.gater is not None:
            assert connection.gater in hidden
    assert all(connection.target is hidden[0] for connection in delayed(net).gated)


@given(sizes_and_options())
def test_it_computes_what_its_connections_say(drawn):
    sizes, options, seed = drawn
    net = Random(*sizes, **options, bias_initializer="glorot", initializer="glorot", seed=seed)
    rows = np.random.default_rng(seed).normal(size=(5, sizes[0]))
    assert net.run(rows) == pytest.approx(forward(net, rows), abs=1e-11)


def test_the_seed_decides_on_everything():
    build = lambda seed: Random(3, 9, 2, density=0.4, gates=5, self_connections=3, backward=4, seed=seed)  # noqa: E731
    one, other, third = build(7), build(7), build(8)
    edges = lambda net: [(c.source.name, c.target.name, c.gater and c.gater.name) for c in net.connections]  # noqa: E731
    assert edges(one) == edges(other)
    assert edges(one) != edges(third)
    assert one.run(INPUTS).tobytes() == other.run(INPUTS).tobytes()


def test_self_connections_are_not_trained():
    net = Random(2, 4, 1, self_connections=4, seed=0)
    assert [n.self_connection.weight for n in net.hidden[0]] == [1.0] * 4
    assert not any(n.self_connection.trainable for n in net.hidden[0])


def test_it_trains_and_survives_a_file(tmp_path):
    net = Random(3, 20, 1, gates=10, self_connections=5, backward=30, seed=0)
    assert fall(net, *echo(net), rate=0.1, epochs=300) > 1.5
    assert survives(net, tmp_path / "net.synapse")
