"""The frozen table of a network's structure, and the order of activation, found on
plain numbers."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
import synapse
from synapse import Layer, Network, Neuron, Topology, tie
from synapse.engine.lowering import orders
from synapse.errors import TopologyError
from synapse.objects.edits import require_closed
from synapse.objects.order import find_order, must_precede, topological_order
from tests.helpers.cases import all_refused
from tests.helpers.networks import lstm, used


@pytest.fixture
def net():
    return used(lstm(2, 2, 1, seed=1))


def test_parameters_are_those_that_learning_moves_and_count_once():
    a, b, c = Layer(2), Layer(3), Layer(2, "softmax")
    projection = a.project(b, seed=0)
    b.project(c, seed=1)
    net = Network(a, [b], c)
    table = Topology.of(net)
    assert table._softmax.tolist() == [False] * 5 + [True] * 2
    assert table.parameters == 6 + 6 + 3 + 2  # no bias of an input
    tie(list(projection)[:4])
    tie(list(b))
    assert Topology.of(net).parameters == 3 + 6 + 1 + 2
    net.connections[-1].trainable = c[1].trainable_bias = False
    b[0].project(a[0])
    # an input that something leads into has a bias
    assert Topology.of(net).parameters == 3 + 6 + 1 + 1 + 1
    assert Topology.of([]).parameters == 0


@pytest.mark.parametrize("column", ["sign", "delay", "weight", "source", "bias"])
def test_columns_are_read_only(net, column):
    with pytest.raises(ValueError, match="read-only"):
        getattr(Topology.of(net), column)[0] = 1


def test_connections_across_the_border_are_counted_and_refused(net):
    assert Topology.of(net)._require_closed("saved")._n_boundary == 0
    require_closed(net, "saved")
    outside = Neuron(name="outside")
    net.output[0].project(outside)
    outside.gate(net.connections[0])
    # a gate of the network, on a connection outside
    net.output[0].gate(outside.project(Neuron()))
    table = Topology.of(net)
    assert (table._n_boundary, table._n_entering, table.gater[0]) == (3, 1, -2)
    saved = r"cannot be saved, because it has 3 connections .*ungate"
    all_refused(
        [
            (
                partial(table._require_closed, "run", outward=False),
                TopologyError,
                r"cannot be run, because it has 1 connection ",
            ),
            (partial(table._require_closed, "saved"), TopologyError, saved),
            (partial(require_closed, net, "saved"), TopologyError, saved),
        ]
    )


def test_the_ordinary_graph_has_integers_and_scalars(net):
    ordinary = synapse.to_networkx(net)
    assert list(ordinary) == list(range(len(net)))
    for i, neuron in enumerate(net):
        assert ordinary.nodes[i].items() >= dict(net.graph.nodes[neuron]).items()
        assert type(ordinary.nodes[i]) is dict
    values = [v for *_, d in ordinary.edges(data=True) for v in d.values()]
    assert {type(value) for value in values} <= {int, float, bool, str}


def test_it_does_not_wait_for_a_step_of_another_thread(net):
    with net._store.lock, ThreadPoolExecutor(1) as pool:  # as during an epoch
        assert pool.submit(Topology.of, net).result(timeout=60).neurons == len(net)


def test_gates_as_edges_are_marked_and_read_back():
    """Also where gater and target are connected, and where a neuron gates its own
    self-connection."""
    a, b, gater, gated = (Neuron(name=name) for name in ("a", "b", "gater", "own"))
    ends = ((a, b), (gated, b), (a, gated), (gated, gated), (a, gater))
    links = [source.project(target) for source, target in ends]
    gater.gate([links[0], links[1]])  # twice the same target
    gated.gate(links[3])
    net = architect.construct([a, gater, gated, b])
    table = Topology.of(net)
    place = {neuron.name: i for i, neuron in enumerate(net)}
    graph = synapse.to_networkx(table, gates=True)
    marks = {(u, v): data for u, v, data in graph.edges(data=True) if "gates" in data}
    pure = (place["gater"], place["b"])
    both = (place["own"], place["own"])
    assert marks.keys() == {pure, both}
    assert marks[pure] == {"gate": True, "synapse_part": "gate", "gates": 2}
    assert (marks[both]["gates"], marks[both]["gater"]) == (1, place["own"])
    assert "gate" not in marks[both]
    assert graph.number_of_edges() == synapse.to_networkx(table).number_of_edges() + 1
    rows, again = (
        sorted(zip(each.source, each.target, each.gater, each.weight, strict=True))
        for each in (table, Topology.of(synapse.from_networkx(graph)))
    )
    assert rows == again
    gater.ungate(list(gater.gated))
    assert not gater.gated


PAIRS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=40, unique=True
)


def cycles(pairs):
    """The pairs of neurons that lie on a common cycle."""
    groups = nx.strongly_connected_components(nx.DiGraph(pairs))
    return {(i, j) for group in groups for i in group for j in group}


@given(PAIRS, PAIRS)
def test_only_what_lies_on_cycles_leads_backward(links, gates):
    order = find_order(12, links, gates, [10], [11])
    assert sorted(order.neurons) == list(range(10))
    rank = {neuron: place for place, neuron in enumerate(order.neurons)}
    backward = {(i, j) for i, j in [*links, *gates] if i != j and rank[i] > rank[j]}
    assert backward <= cycles([*links, *gates])
    assert not {pair for pair in gates if pair in backward} - cycles(gates)


@given(PAIRS)
def test_the_depth_rises_from_cycle_to_cycle_and_never_falls(links):
    order = find_order(12, [*links, (10, 0), (9, 11)], [], [10], [11])
    together = cycles(links)
    rank = {neuron: place for place, neuron in enumerate(order.neurons)}
    depth = dict(zip(order.neurons, order.depths, strict=True))
    for i, j in links:
        if (i, j) not in together and i != j:
            assert depth[i] < depth[j]
        elif rank[i] < rank[j]:
            assert depth[i] <= depth[j]


def test_compiled_loops_find_the_same_order(monkeypatch):
    rng = np.random.default_rng(0)
    for size in rng.integers(2, 40, 60).tolist():
        links, gates = (
            rng.integers(0, size, (int(rng.integers(0, 4 * size)), 2)) for _ in range(2)
        )
        inputs = [0]
        outputs = range(size - 1, size)
        both_orders = []
        for limit in (1 << 30, -1):
            monkeypatch.setattr(orders, "COMPILE_THRESHOLD", limit)
            pairs = must_precede(size, links, inputs, outputs)
            again = [group.tolist() for group in topological_order(size, gates)]
            both_orders.append(
                (find_order(size, links, gates, inputs, outputs), pairs.tolist(), again)
            )
        assert both_orders[0] == both_orders[1]
