"""Where layers activate: new ones where nothing arrives late without need; others move only if asked to."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .._checks import counted, level_of_caller
from .._typing import Bools, Indices, Ints
from ..engine.store import Store
from ..errors import TopologyWarning
from ._order import must_precede, sort_again

if TYPE_CHECKING:
    from .network import Network
    from .neuron import Neuron


class Relations(NamedTuple):
    """Neurons of a network that should activate before others, by their places in its order.

    ``before[i]`` is the source of a connection into ``after[i]``, or gates one into it.
    """

    before: Ints
    after: Ints

    def where(self, chosen: Bools) -> Relations:
        return Relations(self.before[chosen], self.after[chosen])

    def numbered(self, numbers: Ints) -> Relations:
        """The same with other numbers of the neurons."""
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


def late_pairs(store: Store, before: Indices, after: Indices) -> dict[Network, Relations]:
    """By network, the new relations between rows of a store, if one of them is late in the present order."""
    numbers, position = store["network"], store["position"]
    number = numbers[before]
    within = (number != 0) & (number == numbers[after]) & (before != after)
    if not within.any():
        return {}
    before, after, number = before[within], after[within], number[within]
    found = {}
    for one in np.unique(number[position[before] > position[after]]):
        reference = store.networks.get(int(one))
        network = None if reference is None else reference()
        if network is not None:
            mine = number == one
            ends = (position[rows[mine]].astype(np.int64) for rows in (before, after))
            found[network] = Relations(*ends)
    return found


class Placement:
    """What new connections or gates between neurons of one store ask for; found before they are made."""

    def __init__(self, store: Store, before: Indices, after: Indices) -> None:
        pairs = late_pairs(store, before, after)
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
        network._layers = [layers[i] for i in order]
        network._renumber()
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
        pairs = np.unique(np.stack(relations, axis=1), axis=0) if len(relations.before) else ()
        for one, other in map(tuple, pairs):
            if is_new and one > other:
                late.append((int(one), int(other)))
            elif one != other:
                earlier[max(one, other)].add(int(min(one, other)))
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
