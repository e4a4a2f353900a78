"""The order of activation: positions of new layers, unnecessarily late connections, and
orders that follow from connections.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._checks import pluralize, warn
from .._typing import Bools, Indices, Ints
from ..engine.lowering import orders
from ..engine.schema import INPUT, OUTPUT
from ..engine.store import Store
from ..errors import TopologyWarning
from . import groups

if TYPE_CHECKING:
    from .handles import NetworkHandle, NeuronHandle, Neurons


Pairs = Sequence[tuple[int, int]] | NDArray[Any]


class Relations(NamedTuple):
    """Pairs of neurons by their positions in a network. The first neuron, a source or
    gater, should activate before the second.
    """

    before: Ints
    after: Ints

    def where(self, chosen: Bools) -> Relations:
        """Return the chosen relations."""
        return Relations(self.before[chosen], self.after[chosen])

    def numbered(self, numbers: Ints) -> Relations:
        """Return the relations with other numbers for the neurons."""
        return Relations(numbers[self.before], numbers[self.after])


def relations_of(network: NetworkHandle) -> Relations:
    """Return the relations between different neurons of a network."""
    store = network._store
    n = network._store.n_neurons
    # one entry more for removed ends
    inside = np.append(store["network"] == network._number_now, False)
    source, target, gater = (np.minimum(end, n) for end in store.ends())
    pairs = []
    for end in (source, gater):
        related = inside[end] & inside[target] & (end != target)
        if end is source:  # but not where past activations are read
            related &= store["delay"] == 0
        rows = np.flatnonzero(related)
        pairs.append((end[rows], target[rows]))
    before, after = (np.concatenate(ends) for ends in zip(*pairs, strict=True))
    position = store["position"].astype(np.int64)
    return Relations(position[before], position[after])


def late_pairs(
    store: Store, before: Indices | int, after: Indices | int
) -> dict[NetworkHandle, Relations]:
    """Return the new relations between rows of a store by network, if one of them is
    late in the present order.
    """
    numbers, position = store["network"], store["position"]
    late = (position[before] > position[after]) & (numbers[before] == numbers[after])
    if not late.any():
        return {}
    before, after = np.atleast_1d(before, after)
    number = np.where(
        (numbers[before] == numbers[after]) & (before != after), numbers[before], 0
    )
    relations = {}
    for network_number in np.unique(number[late]):
        reference = store.networks.get(int(network_number))
        network = None if reference is None else reference()
        if network is not None:
            inside = number == network_number
            ends = (position[rows[inside]].astype(np.int64) for rows in (before, after))
            relations[network] = Relations(*ends)
    return relations


MAX_TRIED = 100
"""Number of neurons from which a path is sought before all relations are read. Without
a search, a backward edit of 2,000,000 connections takes 7 times as long as with it, but
one of 50,000 the same time."""


def is_on_cycle(network: NetworkHandle, new: Relations) -> bool:
    """Return whether a new late relation must be late, because it closes a cycle of
    connections and no layer may move.

    Large networks have short cycles. A path is therefore found by visiting few neurons,
    whereas `relations_of` reads all connections, which is faster for several relations.
    """
    if network.synchronous:
        return True
    fast = network._store.removed_rows is not None  # to find sources of a neuron
    if network._unplaced or len(new.before) > 1 or not fast:
        return False
    (before,), (after,) = new
    row_of = [network[int(position)]._row for position in (after, before)]
    return bool(before <= after) or _path_found(network._store, *row_of)


def _path_found(store: Store, source: int, target: int) -> bool:
    """Return whether a path of connections from one neuron to another is found within a
    network, going backward.
    """
    role = store["role"]
    may_send = (store["network"] == store["network"][source]) & (role != OUTPUT)
    may_receive = role != INPUT
    seen = ~may_send
    waiting = deque([target])
    for _ in range(MAX_TRIED):
        if not waiting:
            return False
        row = waiting.popleft()
        if not may_receive[row]:
            continue
        into = store.rows_into(row)
        sources = store["source"][into[store["delay"][into] == 0]]
        if may_send[source] and (sources == source).any():
            return True
        sources = sources[~seen[sources]]
        seen[sources] = True
        waiting.extend(sources.tolist())
    return False


class Placement:
    """The layer moves and warnings that new connections or gates between neurons of one
    store need, found before they are made.
    """

    def __init__(
        self,
        store: Store | None = None,
        before: Indices | int = 0,
        after: Indices | int = 0,
    ) -> None:
        pairs = {} if store is None else late_pairs(store, before, after)
        self._found = [
            (network, new, relations_of(network))
            for network, new in pairs.items()
            if not is_on_cycle(network, new)
        ]

    def place_new_layers(self) -> None:
        """Move layers that are new in their network, and warn of connections and gates
        that still arrive late.
        """
        for network, new, relations in self._found:
            place_new_layers(network, relations, new)


NO_PLACEMENT = Placement()
"""The placement of changes in a store without networks, which need no moves."""


def place_new_layers(network: NetworkHandle, placed: Relations, new: Relations) -> None:
    """Move layers that have not activated yet, and warn if a new relation is
    unnecessarily late.
    """
    if network.synchronous:
        return
    layers = network._layers
    sizes = [len(layer) for layer in network._layers]
    unplaced = {
        i
        for i, layer in enumerate(layers)
        if any(layer is loose_layer for loose_layer in network._unplaced)
    }
    layer_of = np.repeat(np.arange(len(sizes)), sizes)
    order = ordered_layers(
        len(sizes), unplaced, placed.numbered(layer_of), new.numbered(layer_of)
    )
    moved = [layers[i] for i in order]
    if order != list(range(len(sizes))) and groups.parted_by(moved) is None:
        firsts = np.cumsum([0, *sizes])
        position = np.empty(len(layer_of), np.int64)
        position[
            np.concatenate([np.arange(firsts[i], firsts[i + 1]) for i in order])
        ] = np.arange(len(position))
        network._renumber(moved)
        placed, new = placed.numbered(position), new.numbered(position)
    warn_of_late(network, placed, new)


def ordered_layers(
    count: int, unplaced: Collection[int], known: Relations, new: Relations
) -> list[int]:
    """Order the layers 0 to ``count - 1`` so that new relations lead forward as far as
    possible.

    Layers that are not loose keep their order. Layers with a known relation do so, too,
    because their timing would change.
    """
    order = list(range(count))
    # layers that activate before each one
    earlier: list[set[int]] = [set() for _ in order]
    for before, after in [
        *pairwise([i for i in order if i not in unplaced]),
        *((0, i) for i in unplaced),
        *((i, count - 1) for i in unplaced),
    ]:
        earlier[after].add(before)
    late = []
    for is_new, relations in enumerate((known, new)):
        for pair in np.unique(relations.before * count + relations.after).tolist():
            before, after = divmod(pair, count)
            if is_new and before > after:
                late.append((before, after))
            elif before != after:
                earlier[max(before, after)].add(min(before, after))
    for source, target in late:
        order = _with_before(order, earlier, source, target)
        if order.index(source) < order.index(target):
            earlier[target].add(source)
    return order


def _with_before(
    order: list[int], earlier: Sequence[Collection[int]], source: int, target: int
) -> list[int]:
    """Move `source` before `target` if possible, with all layers that must activate
    before it.
    """
    position = {layer: i for i, layer in enumerate(order)}
    moving = {source}
    left = [source]
    while left:
        needed = {
            layer
            for layer in earlier[left.pop()]
            if position[layer] >= position[target]
        } - moving
        moving |= needed
        left += needed
    if position[source] < position[target] or target in moving:
        return order
    at = position[target]
    ahead = [layer for layer in order[at:] if layer in moving]
    return [
        *order[:at],
        *ahead,
        *(layer for layer in order[at:] if layer not in moving),
    ]


def warn_of_late(network: NetworkHandle, placed: Relations, new: Relations) -> None:
    """Warn if a new relation is late although its neurons lie on no common cycle.

    Connections from outputs, or to inputs, are always late. Several relations that are
    made together may share a cycle.
    """
    count = len(network)
    inputs = len(network.input)
    outputs = count - len(network.output)

    def acting(relations: Relations) -> Relations:
        return relations.where(
            (relations.before < outputs) & (relations.after >= inputs)
        )

    late = acting(new.where(new.before > new.after))
    if not len(late.before):
        return
    ways = acting(Relations(*map(np.concatenate, zip(placed, new, strict=True))))
    reached = _reached(count, late.after, ways.before, ways.after)
    leads = _reached(count, late.before, ways.after, ways.before)
    needless = late.where(~(reached[late.before] & leads[late.after]))
    if len(needless.before):
        before, after = (network[int(ends[0])] for ends in needless)
        warn(
            f"{before!r} activates after {after!r}, which reads it one step late,"
            " although they lie on no common cycle"
            f" ({pluralize(len(needless.before), 'such pair')}). To let it act in the"
            " same step, call network.sort_layers(), or give a new layer a place:"
            " network.add(layer, before=...).",
            TopologyWarning,
        )


def doubled_pairs(store: Store, start: int, stop: int) -> tuple[Ints, Ints]:
    """Return the rows of sources and targets of pairs with two connections that are
    both one step late. One has the delay 1, and the other is late because of the order
    or the clock.

    The network has the rows from `start` on, in the order of activation.
    """
    source, target, delay = (store[name] for name in ("source", "target", "delay"))
    near = np.flatnonzero(delay == 1)
    if not len(near):
        return near, near
    inside = (target >= start) & (target < stop)
    near = near[inside[near]]
    before, after = (end[near].astype(np.int64) for end in (source, target))
    together = store["synchronous"]
    group = store["group_first"]
    late = (before > after) | (group[before] == group[after])
    late |= (together[before] & together[after]) != 0
    late &= before != after
    before, after = before[late], after[late]
    if not len(before):
        return before, after
    rows = np.flatnonzero(inside & (delay == 0))
    direct = source[rows].astype(np.int64) << 32 | target[rows]
    both = np.isin(before << 32 | after, direct)
    return before[both], after[both]


def warn_of_doubled(of: str, store: Store, before: Ints, after: Ints) -> None:
    """Warn of the pairs of :func:`doubled_pairs`, whose connections act as one. `of`
    describes the network.
    """
    source, target = (store.handles[int(ends[0])] for ends in (before, after))
    reason = (
        "because the network is synchronous"
        if store["synchronous"][after[0]]
        else "by the order of activation"
    )
    warn(
        f"{of}: two connections lead from {source!r} to {target!r}, one with the"
        f" delay 1 and one that is late by one step {reason}, and therefore both act"
        f" in the same step ({pluralize(len(before), 'such pair')}). Remove one:"
        " source.disconnect(target, delay=1). A connection that acts one step after"
        " the late one has the delay 2.",
        TopologyWarning,
    )


def _reached(count: int, start: Ints, before: Ints, after: Ints) -> Bools:
    """Return which neurons some neurons can reach, including themselves."""
    seen = np.zeros(count, bool)
    seen[start] = True
    size = 0
    while size < (size := int(seen.sum())):
        seen[after[seen[before]]] = True
    return seen


def are_joined(network: NetworkHandle, neurons: Neurons) -> bool:
    """Return whether neurons have a connection or a gate. Otherwise they cannot make
    anything late.
    """
    store = network._store
    rows = np.array([neuron._row for neuron in neurons])
    return any(bool(np.isin(end, rows).any()) for end in store.ends())


def attached(
    network: NetworkHandle, neurons: Iterable[NeuronHandle]
) -> tuple[Relations, Relations]:
    """Return the relations of a network without some neurons, and the relations between
    these neurons and the others.
    """
    every = relations_of(network)
    inside = np.zeros(len(network), bool)
    inside[network._store["position"][[neuron._row for neuron in neurons]]] = True
    within = inside[every.before] == inside[every.after]
    return every.where(within), every.where(~within)


def sorted_layers(network: NetworkHandle) -> list[list[int]]:
    """Find layers in which nothing is unnecessarily late, as positions of neurons in
    the order of their layers.
    """
    sizes = [len(layer) for layer in network._layers]
    count = sum(sizes)
    layer_of = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    keys = groups.keys_of(list(network), sizes[0], sizes[-1])
    first_member = groups.first_members(keys)
    pairs = must_precede(
        count,
        _between_groups(paired(*relations_of(network)), first_member),
        range(sizes[0]),
        range(count - sizes[-1], count),
    )
    # the layers of a group of several layers are merged
    parted = np.flatnonzero(layer_of != layer_of[first_member])
    ends = paired(layer_of[parted], layer_of[first_member[parted]])
    blocks = topological_order(
        len(sizes), np.concatenate([layer_of[pairs], ends, ends[:, ::-1]])
    )
    rank = np.empty(count, np.int32)
    rank[np.concatenate(topological_order(count, pairs))] = np.arange(count)
    layer_starts = np.cumsum([0, *sizes]).tolist()
    return [
        sorted(
            (i for k in block for i in range(layer_starts[k], layer_starts[k + 1])),
            key=lambda i: (rank[first_member[i]], i),
        )
        for block in blocks
    ]


def _between_groups(pairs: Pairs, first_member: Ints) -> NDArray[np.int32]:
    """Return the pairs between the first members of groups, which activate as one."""
    every = np.asarray(pairs, np.int64).reshape(-1, 2)
    return first_member.astype(np.int32).take(every)


# --- orders of pairs of numbers -------------------------------------------------------


def paired(before: Indices, after: Indices) -> NDArray[np.int32]:
    """Return pairs of numbers in shape (pairs, 2), as the compiled loops need them."""
    pairs = np.empty((len(before), 2), np.int32)
    pairs[:, 0] = before
    pairs[:, 1] = after
    return pairs


class Order(NamedTuple):
    """The hidden neurons in order of activation, and the depth of each of them.

    Depth increases from the neurons on a common cycle to the next ones, and within a
    cycle from the inputs on.
    """

    neurons: list[int]
    depths: list[int]


def find_order(
    count: int,
    links: Pairs,
    gates: Pairs,
    inputs: Collection[int],
    outputs: Collection[int],
    keys: Ints | None = None,
) -> Order:
    """Find the order of activation of neurons 0 to ``count - 1``, see
    :func:`architect.construct`.

    `links` are the sources and targets of all connections, and `gates` the gaters and
    targets of the gated connections. Neurons with the same key in `keys` stay together
    unless it is 0.

    >>> find_order(4, [(0, 1), (1, 2), (2, 1), (2, 3)], [], inputs=[0], outputs=[3])
    Order(neurons=[1, 2], depths=[1, 2])
    """
    first_member = np.arange(count) if keys is None else groups.first_members(keys)
    ways, gating = (
        PrecedenceGraph(count, _between_groups(pairs, first_member), inputs, outputs)
        for pairs in (links, gates)
    )
    near = ways.distances(inputs)
    neurons = np.arange(count)
    gating = gating.without_cycles(gating.components(), [neurons])
    ranks = [gating.sorted(np.lexsort((neurons, near))), gating.sorted(neurons)]
    if len(gating.target):
        ways = PrecedenceGraph(
            count, np.unique(np.concatenate([ways.pairs, gating.pairs]), axis=0)
        )
    components = ways.components()
    acyclic = ways.without_cycles(components, [np.argsort(rank) for rank in ranks])
    order = acyclic.sorted(neurons)
    depths = ways.depths(order, components, near)
    position = np.empty(count, np.int64)
    position[order] = neurons
    order = order[np.lexsort((order, position[first_member[order]]))]
    ends = np.zeros(count, bool)
    ends[[*inputs, *outputs]] = True
    hidden = order[~ends[order]]
    return Order(hidden.tolist(), depths[first_member[hidden]].tolist())


def must_precede(
    count: int, pairs: Pairs, inputs: Collection[int], outputs: Collection[int]
) -> NDArray[np.int32]:
    """Return the pairs in which the first neuron must activate before the second, shape
    (pairs, 2).

    Sources and gaters precede their targets. Only neurons on a common cycle keep their
    present order.
    """
    ways = PrecedenceGraph(count, pairs, inputs, outputs)
    component = ways.components()
    acting = ways.pairs
    before, after = acting.T
    turned = (component[before] == component[after]) & (before > after)
    return np.where(turned[:, None], acting[:, ::-1], acting)


def topological_order(count: int, pairs: Pairs) -> list[Ints]:
    """Sort 0 to ``count - 1`` so that every pair leads forward. Numbers on a common
    cycle stay together.
    """
    ways = PrecedenceGraph(count, pairs)
    _, first_ways, component = np.unique(
        ways.components(), return_index=True, return_inverse=True
    )
    # by their first members
    number = np.argsort(np.argsort(first_ways))[component].astype(np.int32)
    members = np.split(
        np.argsort(number, kind="stable"), np.cumsum(np.bincount(number))[:-1]
    )
    between = PrecedenceGraph(len(members), number[ways.pairs])
    return [members[i] for i in between.sorted(np.arange(len(members))).tolist()]


class PrecedenceGraph:
    """Pairs (before, after) of 0 to ``count - 1`` for fast loops, without pairs from
    outputs, to inputs, or of equal numbers.
    """

    def __init__(
        self,
        count: int,
        pairs: Pairs,
        inputs: Collection[int] = (),
        outputs: Collection[int] = (),
    ) -> None:
        every = np.asarray(pairs, np.int32).reshape(-1, 2)
        self.count = count
        offset = np.zeros(count + 2, np.int32)
        target = np.empty(len(every), np.int32)
        is_first, last = np.zeros((2, count + 1), np.uint8)
        is_first[[*inputs]] = 1
        last[[*outputs]] = 1
        orders.run(
            orders.lay_out,
            count + len(every),
            len(every),
            every,
            is_first,
            last,
            offset,
            target,
        )
        self.offset = offset[: count + 1]
        self.target = target[: offset[count]]

    @property
    def pairs(self) -> NDArray[np.int32]:
        """Pairs in ascending order of their first numbers, shape (pairs, 2)."""
        before = np.repeat(np.arange(self.count, dtype=np.int32), np.diff(self.offset))
        return paired(before, self.target)

    def _run(self, loop: Callable[..., None], *arguments: Any) -> None:
        size = self.count + len(self.target)
        orders.run(loop, size, self.count, self.offset, self.target, *arguments)

    def _memory(self, arrays: int) -> Any:
        return np.zeros((arrays, self.count + 1), np.int32)

    def distances(self, inputs: Collection[int]) -> Any:
        """Count the connections from the nearest input to each neuron, or return
        `count` if no input reaches it.
        """
        near, queue = self._memory(2)
        near[:] = self.count
        queue[: len(inputs)] = [*inputs]
        near[queue[: len(inputs)]] = 0
        self._run(orders.find_distances, near, queue, len(inputs))
        return near[: self.count]

    def components(self) -> Any:
        """Number the strongly connected components, and return the number of each
        neuron's component.
        """
        component, *memory = self._memory(6)
        component[:] = -1
        self._run(orders.find_groups, component, *memory)
        return component[: self.count]

    def sorted(self, member: Indices) -> Any:
        """Sort the neurons topologically. If several may come next, the first of them
        in `member` does.
        """
        if not len(self.target):
            return np.asarray(member, np.int32)
        rank, by_rank, waiting, heap, order = self._memory(5)
        by_rank[: self.count] = member
        rank[member] = np.arange(self.count)
        self._run(orders.sort_by_rank, rank, by_rank, waiting, heap, order)
        return order[: self.count]

    def without_cycles(
        self, components: NDArray[np.int32], ranks: Sequence[Indices]
    ) -> PrecedenceGraph:
        """Leave out the pairs that lead backward within a component, by the ranks for
        which these are fewest.
        """
        every = np.array(ranks, np.int32)
        cuts = self._memory(len(ranks))
        kept = PrecedenceGraph(self.count, ())
        left = np.empty_like(self.target)
        self._run(orders.cut_cycles, components, every, cuts, kept.offset, left)
        kept.target = left[: kept.offset[-1]]
        return kept

    def depths(self, order: Indices, components: Indices, near: Indices) -> Any:
        """Compute the depth of every neuron from the connections that lead forward in
        the order.
        """
        depth, passed = self._memory(2)
        self._run(orders.find_depths, order, components, near, depth, passed)
        return depth
