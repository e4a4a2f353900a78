"""Find an order in which neurons can activate, from their connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

import networkx as nx

Pairs = Iterable[tuple[int, int]]
Ways = list[set[int]]
"""Targets of each neuron."""


class Order(NamedTuple):
    """The hidden neurons in order of activation, and the depth of each of them.

    The depth never decreases along a connection that leads forward. It increases by 1 from one group of
    neurons on common cycles to the next, and within such a group with the distance from the inputs.
    """

    neurons: list[int]
    depths: list[int]


def find_order(
    count: int, links: Pairs, gates: Pairs, inputs: Collection[int], outputs: Collection[int]
) -> Order:
    """Find the order of activation of neurons 0 to ``count - 1``; see :func:`architect.construct`.

    Parameters
    ----------
    count : int
        Number of neurons.
    links : iterable of (source, target)
        Connections, including self-connections.
    gates : iterable of (gater, target)
        Gater and target of every gated connection.
    inputs, outputs : collection of int
        Neurons that activate first and last.

    >>> find_order(4, [(0, 1), (1, 2), (2, 1), (2, 3)], [], inputs=[0], outputs=[3])
    Order(neurons=[1, 2], depths=[1, 2])
    """
    inputs, outputs = set(inputs), set(outputs)
    ways, gating = (_acting(count, pairs, inputs, outputs) for pairs in (links, gates))
    gating = _without_cycles(gating, _groups(gating), [range(count)])
    near = _distances(ways, inputs)
    ranks = [_ranks(gating, lambda i: (near[i], i)), _ranks(gating, lambda i: (0, i))]
    ways = [targets | gated for targets, gated in zip(ways, gating, strict=True)]
    groups = _groups(ways)
    order = _sorted(_without_cycles(ways, groups, ranks), lambda i: (0, i))
    depths = _depths(ways, order, groups, near)
    found = [i for i in order if i not in inputs and i not in outputs]
    return Order(found, [depths[i] for i in found])


def must_precede(count: int, pairs: Pairs, inputs: Collection[int], outputs: Collection[int]) -> Ways:
    """Return the neurons before which each of the neurons 0 to ``count - 1`` must activate.

    Sources and gaters precede their targets. Only neurons on a common cycle keep their present order.

    >>> must_precede(4, [(0, 2), (2, 1), (1, 3), (3, 1)], inputs=[0], outputs=[])
    [{2}, {3}, {1}, set()]
    """
    ways = _acting(count, pairs, set(inputs), set(outputs))
    groups, found = _groups(ways), [set[int]() for _ in range(count)]
    for i, targets in enumerate(ways):
        for j in targets:
            one, other = (j, i) if groups[i] == groups[j] and i > j else (i, j)
            found[one].add(other)
    return found


def sort_again(count: int, pairs: Pairs) -> list[list[int]]:
    """Sort 0 to ``count - 1`` so that every pair leads forward; those on a common cycle form one group.

    >>> sort_again(4, [(0, 3), (3, 1), (1, 2), (2, 1)])
    [[0], [3], [1, 2]]
    """
    ways = _acting(count, pairs, set(), set())
    number = _groups(ways)
    members: dict[int, list[int]] = {}
    for i in range(count):
        members.setdefault(number[i], []).append(i)
    groups = {old: new for new, old in enumerate(members)}  # by their first members
    between = _acting(len(groups), ((groups[number[i]], groups[number[j]]) for i, j in pairs), set(), set())
    found = list(members.values())
    return [found[i] for i in _sorted(between, lambda i: (0, i))]


def _acting(count: int, pairs: Pairs, inputs: set[int], outputs: set[int]) -> Ways:
    """Return the pairs that affect the order: connections from outputs or to inputs are always delayed."""
    ways: Ways = [set() for _ in range(count)]
    for i, j in pairs:
        if i != j and i not in outputs and j not in inputs:
            ways[i].add(j)
    return ways


def _distances(ways: Ways, inputs: Iterable[int]) -> list[int]:
    """Count the connections from the nearest input to each neuron; `len(ways)` if no input reaches it."""
    near, layer, far = [len(ways)] * len(ways), set(inputs), 0
    while layer:
        for i in layer:
            near[i] = far
        far += 1
        layer = {j for i in layer for j in ways[i] if near[j] == len(ways)}
    return near


def _graph(ways: Ways) -> nx.DiGraph[int]:
    """The graph of these pairs; its nodes are all neurons in ascending order."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(ways)))
    graph.add_edges_from((i, j) for i, targets in enumerate(ways) for j in targets)
    return graph


def _sorted(ways: Ways, key: Callable[[int], tuple[int, int]]) -> list[int]:
    """Sort the neurons topologically, with ties broken by key."""
    return list(nx.lexicographical_topological_sort(_graph(ways), key))


def _ranks(gating: Ways, key: Callable[[int], tuple[int, int]]) -> list[int]:
    """Return the rank of every neuron in an order by key, in which gaters precede the neurons they gate."""
    ranks = [0] * len(gating)
    for rank, i in enumerate(_sorted(gating, key)):
        ranks[i] = rank
    return ranks


def _groups(ways: Ways) -> list[int]:
    """Number the strongly connected components; returns the number of each neuron's."""
    group = [0] * len(ways)
    for number, members in enumerate(nx.strongly_connected_components(_graph(ways))):
        for i in members:
            group[i] = number
    return group


def _without_cycles(ways: Ways, groups: Sequence[int], orders: Sequence[Sequence[int]]) -> Ways:
    """Remove the pairs that lead backward within a group, using the order that removes the fewest."""
    inside = [(i, j) for i, targets in enumerate(ways) for j in targets if groups[i] == groups[j]]
    cut = [Counter(groups[i] for i, j in inside if order[i] > order[j]) for order in orders]
    best = {
        group: min(zip(cut, orders, strict=True), key=lambda pair: pair[0][group])[1] for group in set(groups)
    }
    opened = [set(targets) for targets in ways]
    for i, j in inside:
        order = best[groups[i]]
        if order[i] > order[j]:
            opened[i].discard(j)
    return opened


def _depths(ways: Ways, order: Sequence[int], groups: Sequence[int], near: Sequence[int]) -> list[int]:
    """Compute the depth of every neuron from the connections that lead forward in the order."""
    depths, passed = [0] * len(ways), [False] * len(ways)
    for i in order:
        passed[i] = True
        for j in ways[i]:
            if not passed[j]:
                depths[j] = max(depths[j], depths[i] + (groups[i] != groups[j] or near[i] < near[j]))
    return depths
