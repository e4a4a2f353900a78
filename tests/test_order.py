"""The order of activation, found on plain numbers."""

import networkx as nx
from hypothesis import given, strategies as st

from synapse._order import find_order

PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=40, unique=True)


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
    order, together = find_order(12, [*links, (10, 0), (9, 11)], [], [10], [11]), cycles(links)
    rank = {neuron: place for place, neuron in enumerate(order.neurons)}
    depth = dict(zip(order.neurons, order.depths, strict=True))
    for i, j in links:
        if (i, j) not in together and i != j:
            assert depth[i] < depth[j]
        elif rank[i] < rank[j]:
            assert depth[i] <= depth[j]


def test_a_long_chain_and_a_long_cycle_need_no_recursion():
    chain = [(i, i + 1) for i in range(20_000)]
    assert find_order(20_002, chain, [], [0], [20_001]).neurons == list(range(1, 20_001))
    ring = find_order(20_002, [*chain, (20_000, 1)], [], [0], [20_001])
    assert ring.depths == sorted(ring.depths)
    assert len(ring.neurons) == 20_000
