"""The order of activation: where new layers go, what is late without need, and orders from connections."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import networkx as nx
import numpy as np

from .._checks import counted, level_of_caller
from .._typing import Bools, Indices, Ints
from ..engine.store import Store
from ..errors import TopologyWarning

if TYPE_CHECKING:
    from .network import Network
    from .neuron import Neuron


Pairs = Iterable[tuple[int, int]]
Ways = list[set[int]]
"""Targets of each neuron."""


class Relations(NamedTuple):
    """Neurons of a network that should activate before others, by their places in its order.

    ``before[i]`` is the source of a connection into ``after[i]``, or gates one into it.
    """

    before: Ints
    after: Ints

    def where(self, chosen: Bools) -> Relations:
        """Return the chosen relations."""
        return Relations(self.before[chosen], self.after[chosen])

    def numbered(self, numbers: Ints) -> Relations:
        """Return these relations with other numbers of the neurons."""
        return Relations(numbers[self.before], numbers[self.after])


def relations_of(network: Network) -> Relations:
    """The relations between different neurons of a network."""
    store, n = network._store, network._store.n_neurons
    mine = np.append(store["network"] == network._number_now, False)  # one entry more for removed ends
    target, found = np.minimum(store["target"], n), []
    for name in ("source", "gater"):
        end = np.minimum(store[name], n)
        rows = np.flatnonzero(mine[end] & mine[target] & (end != target))
        found.append((end[rows], target[rows]))
    before, after = (np.concatenate(ends) for ends in zip(*found, strict=True))
    position = store["position"].astype(np.int64)
    return Relations(position[before], position[after])


def late_pairs(store: Store, before: Indices | int, after: Indices | int) -> dict[Network, Relations]:
    """By network, the new relations between rows of a store, if one of them is late in the present order."""
    numbers, position = store["network"], store["position"]
    late = (position[before] > position[after]) & (numbers[before] == numbers[after])
    if not np.count_nonzero(late):  # this is faster for a single relation than `any`
        return {}
    before, after = np.atleast_1d(before, after)
    number = np.where((numbers[before] == numbers[after]) & (before != after), numbers[before], 0)
    found = {}
    for one in np.unique(number[late]):
        reference = store.networks.get(int(one))
        network = None if reference is None else reference()
        if network is not None:
            mine = number == one
            ends = (position[rows[mine]].astype(np.int64) for rows in (before, after))
            found[network] = Relations(*ends)
    return found


class Placement:
    """What new connections or gates between neurons of one store ask for; found before they are made."""

    def __init__(self, store: Store, before: Indices | int, after: Indices | int) -> None:
        pairs = late_pairs(store, before, after) if store.networks else {}
        self._found = [(network, new, relations_of(network)) for network, new in pairs.items()]

    def settle(self) -> None:
        """Move layers that are new in their network, and warn of what arrives late nevertheless."""
        for network, new, known in self._found:
            settle(network, known, new)


def settle(network: Network, known: Relations, new: Relations) -> None:
    """Move layers that have not activated yet, and warn if a new relation is late without need."""
    layers, sizes = network._layers, [len(layer) for layer in network._layers]
    loose = {i for i, layer in enumerate(layers) if any(layer is one for one in network._loose)}
    layer_of = np.repeat(np.arange(len(sizes)), sizes)
    order = ordered_layers(len(sizes), loose, known.numbered(layer_of), new.numbered(layer_of))
    if order != list(range(len(sizes))):
        firsts = np.cumsum([0, *sizes])
        place = np.empty(len(layer_of), np.int64)
        place[np.concatenate([np.arange(firsts[i], firsts[i + 1]) for i in order])] = np.arange(len(place))
        network._renumber([layers[i] for i in order])
        known, new = known.numbered(place), new.numbered(place)
    warn_of_late(network, known, new)


def ordered_layers(count: int, loose: Collection[int], known: Relations, new: Relations) -> list[int]:
    """Order the layers 0 to ``count - 1`` so that new relations lead forward, as far as possible.

    Layers keep their order where they have a known relation, so that no connection changes its timing; so do
    all layers that are not loose.

    >>> nothing = Relations(np.zeros(0, int), np.zeros(0, int))
    >>> ordered_layers(4, {2}, nothing, Relations(np.array([2]), np.array([1])))
    [0, 2, 1, 3]
    """
    order = list(range(count))
    earlier: list[set[int]] = [set() for _ in order]  # layers that activate before each one
    fixed = [i for i in order if i not in loose]
    for one, other in [*pairwise(fixed), *((0, i) for i in loose), *((i, count - 1) for i in loose)]:
        earlier[other].add(one)
    late = []
    for is_new, relations in enumerate((known, new)):
        for pair in np.unique(relations.before * count + relations.after).tolist():
            one, other = divmod(pair, count)
            if is_new and one > other:
                late.append((one, other))
            elif one != other:
                earlier[max(one, other)].add(min(one, other))
    for source, target in late:
        order = _with_before(order, earlier, source, target)
        if order.index(source) < order.index(target):
            earlier[target].add(source)
    return order


def _with_before(order: list[int], earlier: Sequence[Collection[int]], source: int, target: int) -> list[int]:
    """Move `source`, with what must activate before it, before `target`, if that is possible."""
    place = {layer: i for i, layer in enumerate(order)}
    moving, left = {source}, [source]
    while left:
        found = {one for one in earlier[left.pop()] if place[one] >= place[target]} - moving
        moving |= found
        left += found
    if place[source] < place[target] or target in moving:
        return order
    at = place[target]
    ahead = [layer for layer in order[at:] if layer in moving]
    return [*order[:at], *ahead, *(layer for layer in order[at:] if layer not in moving)]


def warn_of_late(network: Network, known: Relations, new: Relations) -> None:
    """Warn if a new relation is late although its neurons lie on no common cycle.

    Connections from outputs, or to inputs, are always late. If several are made at once, a late one passes as
    part of a cycle if any of their targets leads to its source, and its target to any of their sources.
    """
    count, inputs = len(network), len(network.input)
    outputs = count - len(network.output)

    def acting(relations: Relations) -> Relations:
        return relations.where((relations.before < outputs) & (relations.after >= inputs))

    late = acting(new.where(new.before > new.after))
    if not len(late.before):
        return
    ways = acting(Relations(*map(np.concatenate, zip(known, new, strict=True))))
    reached = _reached(count, late.after, ways.before, ways.after)
    leads = _reached(count, late.before, ways.after, ways.before)
    needless = late.where(~(reached[late.before] & leads[late.after]))
    if len(needless.before):
        one, other = (network[int(ends[0])] for ends in needless)
        warnings.warn(
            f"{one!r} activates after {other!r}, which reads it one step late, although they lie on no "
            f"common cycle ({counted(len(needless.before), 'such pair')}). If it is to act in the same step, "
            "call network.sort(), or give a new layer a place: network.add(layer, before=...).",
            TopologyWarning,
            stacklevel=level_of_caller(),
        )


def _reached(count: int, start: Ints, before: Ints, after: Ints) -> Bools:
    """Which neurons can be reached from some neurons, themselves included."""
    seen = np.zeros(count, bool)
    seen[start], size = True, 0
    while size < (size := int(seen.sum())):
        seen[after[seen[before]]] = True
    return seen


def attached(network: Network, neurons: Iterable[Neuron]) -> tuple[Relations, Relations]:
    """The relations of a network without some neurons, and those between these neurons and the others."""
    every, store = relations_of(network), network._store
    mine = np.zeros(len(network), bool)
    mine[store["position"][[neuron._row for neuron in neurons]]] = True
    one, other = mine[every.before], mine[every.after]
    return every.where(one == other), every.where(one != other)


def sorted_layers(network: Network) -> list[list[int]]:
    """Find layers in which nothing is late without need: places of neurons, in the order of their layers.

    Neurons on a common cycle keep their order. Layers whose neurons must activate in turns become one.
    """
    sizes, relations = [len(layer) for layer in network._layers], relations_of(network)
    count, layer_of = sum(sizes), np.repeat(np.arange(len(sizes)), sizes).tolist()
    pairs = list(zip(relations.before.tolist(), relations.after.tolist(), strict=True))
    ways = must_precede(count, pairs, range(sizes[0]), range(count - sizes[-1], count))
    between = [(layer_of[i], layer_of[j]) for i, targets in enumerate(ways) for j in targets]
    blocks = sort_again(len(sizes), between)
    order = sort_again(count, [(i, j) for i, targets in enumerate(ways) for j in targets])
    rank = {i: place for place, (i,) in enumerate(order)}
    firsts = np.cumsum([0, *sizes]).tolist()
    return [
        sorted((i for k in block for i in range(firsts[k], firsts[k + 1])), key=rank.__getitem__)
        for block in blocks
    ]


# --- orders of pairs of numbers ----------------------------------------------------------


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
