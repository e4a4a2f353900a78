"""Delays given as arrays, and in units of time."""

import numpy as np
import pytest

import synapse
from synapse import Layer, Network
from synapse.errors import ArgumentError, TopologyError


def pools(composed):
    """Two layers with a connection for each pair, and a network that has run."""
    a = Layer(3, "tanh")
    b = Layer(4, "tanh")
    a.project(b, seed=0)
    net = Network(a, [], b) if composed else None
    if composed:
        net.run([[0.1, 0.2, 0.3]])
        net.clear()
    return a, b, net


def links_between(a, b):
    """The weight of each connection from one layer to another, by ends and delay."""
    return {
        (i, j, link.delay): link.weight
        for i, source in enumerate(a)
        for j, target in enumerate(b)
        for link in source.outgoing
        if link.target is target
    }


def test_of_one_delay_a_pair_has_one_connection():
    a, b, _ = pools(False)
    a.project(b, delay=np.full((3, 4), 2))
    for composed in (False, True):
        if composed:
            Network(a, [], b)
        with pytest.raises(TopologyError, match="already with the delay 2"):
            a.project(b, delay=np.where(np.eye(3, 4), 2, 3))
    a.project(b, delay=np.full((3, 4), 3))
    with pytest.raises(TopologyError, match="already."):
        a.project(b, delay=np.array([[5, 5, 5, 5], [5, 5, 5, 5], [5, 5, 5, 0]]))
    assert len(links_between(a, b)) == 3 * 12


@pytest.mark.parametrize(
    ("delay", "message"),
    [
        (np.ones((4, 3)), r"of shape \(3, 4\) or \(12,\), got .*4 rows of 3|4, 3"),
        (np.full(12, 1.8), r"whole number of steps.*got 1.8.*to_steps"),
        (np.full(12, -1), "got -1"),
        (np.full(12, 20_000), "got 20,?000"),
        (np.full((3, 4), np.nan), "got nan"),
    ],
)
def test_what_are_no_delays_is_refused(delay, message):
    a, b, _ = pools(False)
    with pytest.raises(ArgumentError, match=message):
        a.project(b, delay=delay)
    with pytest.raises(ArgumentError, match="itself needs a delay of 1"):
        b.project(b, delay=np.zeros((4, 4)))
    assert len(links_between(a, b)) == 12


def test_a_table_has_delays_in_milliseconds():
    edges = {
        "source": ["x", "x", "a", "a"],
        "target": ["a", "b", "b", "a"],
        "weight": [1.0, 0.5, -1.0, 0.2],
        "delay": [1.8, np.nan, 0.26, 0.1],
    }
    net = synapse.from_edges(edges, dt=0.1)
    assert sorted(link.delay for link in net.connections) == [0, 1, 3, 18]
    assert net["x"].connection_to(net["a"]).delay == 18
    assert net["a"].connection_to(net["b"]).delay == 3
    tuples = [("x", "a", {"delay": 1.8}), ("a", "y", 0.5)]
    assert synapse.from_edges(tuples, dt=0.1)["x"].outgoing[0].delay == 18
    with pytest.raises(ArgumentError, match="needs a column 'delay'"):
        synapse.from_edges([("x", "a")], dt=0.1)
    with pytest.raises(ArgumentError, match="dt"):
        synapse.from_edges(edges, dt=0.0)
