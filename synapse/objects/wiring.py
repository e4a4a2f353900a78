"""All changes of structure: each is checked, then made in the store, then in the graph.

Neurons, layers and networks call these functions; no other code changes connections and
gates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import squash as squashes
from .._checks import counted
from .._typing import Bools, Indices, Ints
from ..engine.guard import InUse
from ..engine.schema import NONE
from ..engine.store import ConnectionBundle, Store, UnreadStore, every_pair
from ..errors import ArgumentError, TopologyError
from . import graph
from .connection import Connection, connection_at
from .order import Placement

if TYPE_CHECKING:
    from .neuron import Neuron
    from .stepping import Stepping


_row_of = attrgetter("_row")
_store_of = attrgetter("_store")

LOOK_UP = 4096
"""Largest number of connections without objects for which the graph is made, to look up
duplicates."""
MOST_BUNDLES = 64
"""Bundles among which duplicates are looked for; a store with more makes its
columns."""


def rows_of(neurons: Iterable[Neuron]) -> Ints:
    """Return the rows of neurons in their store; TopologyError if one of them has been
    removed.
    """
    rows = np.fromiter(map(_row_of, neurons), np.int64)
    if rows.min(initial=0) < 0:
        raise TopologyError(
            "One of the given neurons has been removed from its network. Omit it."
        )
    return rows


def rows_within(store: Store, chosen: NDArray[np.bool_]) -> Ints:
    """The rows of the connections between chosen neurons, in the order of creation.

    `chosen` is a mask with one entry more than there are neurons: False, for removed
    connections.
    """
    rows = store.row_of[: store.n_identities]
    rows = rows[rows != NONE]
    if not chosen[:-1].all():
        rows = rows[chosen[store["source"][rows]] & chosen[store["target"][rows]]]
    return np.asarray(rows, np.int64)


def crossings_of(members: Sequence[tuple[Store, Bools]]) -> dict[str, Any]:
    """Count the connections and gates that cross the border of some rows, and those
    that enter it.

    Also returns one example of each. The masks have one more entry, False, for removed
    ends and missing gaters.
    """
    counts: dict[str, Any] = {
        "crossings": 0,
        "_crossing": None,
        "entering": 0,
        "_entering": None,
    }
    for store, mine in members:
        if mine[:-1].all():
            continue  # the store has no other neurons
        ends = (
            np.minimum(store[end], store.n_neurons)
            for end in ("source", "target", "gater")
        )
        source, target, gater = (mine[rows] for rows in ends)
        gated = store["gater"] != NONE
        crossing = (source != target) | (gated & (gater != (source & target)))
        entering = target & (~source | (gated & ~gater))
        for count, example, rows in (
            ("crossings", "_crossing", np.flatnonzero(crossing)),
            ("entering", "_entering", np.flatnonzero(entering)),
        ):
            counts[count] += len(rows)
            if len(rows) and counts[example] is None:
                counts[example] = connection_at(store, int(store["identity"][rows[0]]))
    return counts


def require_closed(network: Stepping, doing: str) -> None:
    """Raise like :meth:`synapse.Topology.require_closed`, without the cost of making a
    table.
    """
    with InUse(network):
        store = network._store
        store.ready()
        if len(network) == store.n_neurons:
            return
        mine = np.zeros(store.n_neurons + 1, bool)
        mine[rows_of(network)] = True
        counts = crossings_of([(store, mine)])
        if counts["crossings"]:
            raise not_closed(
                repr(network), doing, counts["crossings"], counts["_crossing"]
            )


def not_closed(
    whose: str, doing: str, count: int, example: Connection | None
) -> TopologyError:
    """Return the error for neurons that are linked to others; `example` is one of
    `count` links.
    """
    return TopologyError(
        f"{whose} cannot be {doing}, because it has {counted(count, 'connection')} to"
        " or from neurons outside of it, or gated across its border, such as"
        f" {example!r}."
        " Disconnect or ungate them first, or build one network from all the layers."
    )


def join(neurons: Sequence[Neuron]) -> Store:
    """Move neurons into one store, the largest of theirs. The caller holds these stores
    in use.

    If one has been removed, dtypes differ, or a network that would move is recorded,
    TopologyError is raised.
    """
    return _joined({neuron._require() for neuron in neurons})


def _joined(stores: set[Store]) -> Store:
    if len(stores) == 1:
        return stores.pop()
    if len({store.dtype for store in stores}) > 1:
        kinds = sorted({store.dtype.name for store in stores})
        raise TopologyError(
            f"Neurons of {' and '.join(kinds)} cannot be connected. Build both with the"
            " same dtype."
        )
    largest, *others = sorted(stores, key=lambda store: (-store.size, store.serial))
    if any(store.recorder is not None for store in others):
        raise TopologyError(
            "A network that is being recorded cannot be connected to a larger one. End"
            " the recording first."
        )
    for store in others:
        graphs = largest.graph, store.graph
        places = (
            (0, 0)
            if graphs == (None, None)
            else (largest.n_neurons, largest.n_identities)
        )
        largest.absorb(store)
        graph.follow_absorbed(largest, graphs, *places)
    return largest


def find(source: Neuron, target: Neuron) -> Connection | None:
    """Return the connection from one neuron to another; None if there is none.

    Those that delay start at relays of the neuron, see :func:`find_all`.
    """
    store = source._store
    if store is not target._store:
        return None
    if store.graph is None:
        if not isinstance(store.edges, dict) and store.n_connections > LOOK_UP:
            rows = store.rows_into(target._row)
            rows = rows[store["source"][rows] == source._row]
            return (
                connection_at(store, int(store["identity"][rows[0]]))
                if len(rows)
                else None
            )
        graph.of(store)
    return store.graph._adj[source].get(target)  # type: ignore[no-any-return]


def find_all(
    source: Neuron, target: Neuron, delay: int | None = None
) -> list[Connection]:
    """Return the connections from one neuron to another, or those with this delay: the
    one without a delay, then those of its relays, the shortest delay first.
    """
    direct = find(source, target)
    found = [] if direct is None else [direct]
    store = source._store
    if store is target._store and not isinstance(store, UnreadStore):
        identities = store["identity"][_delayed_rows(store, source._row, target._row)]
        found += [connection_at(store, identity) for identity in identities.tolist()]
    return [link for link in found if delay is None or link.delay == delay]


def _delayed_rows(store: Store, source: int, target: int) -> Ints:
    """The rows of the connections by which relays of one neuron lead to another, the
    shortest delay first.

    Relays have none that a person has made: they are found by the neuron they delay.
    """
    relay = store["relay"]
    rows = np.empty(0, np.int64)
    if relay[source] or relay[target] or not relay.any():
        return rows
    rows = store.rows_into(target).astype(np.int64)
    rows = rows[relay[store["source"][rows]] > 1]
    if len(rows):
        before = np.arange(store.n_neurons)  # the neuron that each relay reads
        _, read, reader = relay_links(store)
        before[reader] = read
        origin = store["source"][rows].astype(np.int64)
        for _ in range(int(relay[origin].max())):
            origin = before[origin]
        rows = rows[origin == source]
    return np.asarray(rows[np.argsort(relay[store["source"][rows]])])


def connect(
    source: Neuron, target: Neuron, weight: float, trainable: bool, sign: int = 0
) -> Connection:
    """Connect two neurons that are not connected in this direction yet."""
    connection = (
        None
        if sign
        else _connect_unread(source._store, source, target, weight, trainable)
    )
    if connection is not None:
        return connection
    with InUse(source, target):
        store = source._require()
        joined = store is target._require()
        _refuse_relays([target])
        if joined and find(source, target) is not None:
            raise TopologyError(
                f"{source!r} is connected to {target!r} already. "
                "Set the weight of that connection, or disconnect first."
            )
        if not joined:
            store = join((source, target))
            connection = (
                None
                if sign
                else _connect_unread(store, source, target, weight, trainable)
            )
            if connection is not None:
                return connection
        placement = Placement(store, source._row, target._row)
        identity = store.add_connections(
            source._row, target._row, weight, trainable, sign
        )
        graph.follow_connected(store, identity, 1)
        placement.settle()
        return connection_at(store, identity)


def _connect_unread(
    store: Any, source: Neuron, target: Neuron, weight: float, trainable: bool
) -> Connection | None:
    """Connect two neurons of a store without columns; None if it is another, or they
    are connected.
    """
    if not isinstance(store, UnreadStore):
        return None
    with store.lock:
        mine = {type(store), source._store, target._store} == {UnreadStore, store}
        if not mine or store.bundles or (source, target) in store.links:
            return None
        connection = Connection(store, len(store.links))
        store.given[connection] = weight, trainable, None
        store.links[source, target] = connection  # this makes the connection
        return connection


def gate_unread(gater: Neuron, connection: Any) -> bool:
    """Let a neuron gate a connection of a store without columns; False if it is
    another, or it is gated.
    """
    store = connection._store if isinstance(connection, Connection) else None
    if not isinstance(store, UnreadStore):
        return False
    apart = gater._store is not store
    with InUse(gater, connection) if apart else store.lock:
        stores = {gater._store, connection._store}
        fits = all(isinstance(each, UnreadStore) for each in stores) and (
            apart or stores == {store}
        )
        if not fits or connection._store.given[connection][2] is not None:
            return False
        joined = _joined(stores)
        if not isinstance(joined, UnreadStore):
            return False
        joined.given[connection] = (*joined.given[connection][:2], gater)
        return True


def connect_many(
    sources: Sequence[Neuron],
    targets: Sequence[Neuron],
    pairs: tuple[Indices, Indices] | None,
    weights: NDArray[np.float64],
    trainable: bool,
    signs: NDArray[np.int8] | None = None,
) -> tuple[Store, int]:
    """Connect ``sources[pairs[0][i]]`` to ``targets[pairs[1][i]]``; returns store and
    first identity.

    Without `pairs`, every source is connected to every target. Pairs are overwritten,
    which saves memory.
    """
    stores = {*map(_store_of, sources), *map(_store_of, targets)}
    bundle = ConnectionBundle(list(sources), list(targets), pairs, weights, trainable)
    if signs is None and _are_new(stores) and not _may_repeat(stores, bundle):
        joined: Any = _joined(stores)
        first_identity = joined.bundled
        joined.bundles, joined.bundled = (
            {**joined.bundles, first_identity: bundle},
            first_identity + len(weights),
        )
        return joined, first_identity
    refuse(sources, targets, pairs)
    store = join((*sources, *targets))
    rows = [rows_of(ends).astype(np.uint32) for ends in (sources, targets)]
    if pairs is None:
        pairs = every_pair(*rows)
    else:
        for numbers, mine in zip(pairs, rows, strict=True):
            numbers[:] = mine[numbers]
    placement = Placement(store, *pairs)
    identity = store.add_connections(
        *pairs, weights, trainable, 0 if signs is None else signs
    )
    graph.follow_connected(store, identity, len(weights))
    placement.settle()
    return store, identity


def _are_new(stores: Iterable[Any]) -> bool:
    """Whether stores have no columns, and no single connections."""
    return all(isinstance(store, UnreadStore) and not store.links for store in stores)


def _may_repeat(stores: Iterable[Any], new: ConnectionBundle) -> bool:
    """Whether connections of a bundle may exist already, or there are too many bundles
    to find out.
    """
    sources = set(new.sources)
    targets = set(new.targets)
    bundles = [bundle for store in stores for bundle in store.bundles.values()]
    return len(bundles) >= MOST_BUNDLES or any(
        not targets.isdisjoint(old.targets) and not sources.isdisjoint(old.sources)
        for old in bundles
    )


def gate_bundle(gaters: Sequence[Neuron], projection: Any, place: Indices) -> bool:
    """Let ``gaters[place[i]]`` gate connection i of a bundle; False if it is none, or
    it is gated.
    """
    stores = {projection._store, *map(_store_of, gaters)}
    if not _are_new(stores) or projection._store.bundles[projection._first].gaters:
        return False
    joined: Any = _joined(stores)
    bundle = joined.bundles[projection._first]._replace(
        gaters=list(gaters), gates=place
    )
    joined.bundles = {**joined.bundles, projection._first: bundle}
    return True


def _refuse_relays(targets: Sequence[Neuron]) -> None:
    """Raise if a target is a relay, which has only the source that it delays."""
    for target, row in zip(targets, rows_of(targets).tolist(), strict=True):
        if not isinstance(target._store, UnreadStore) and target._store["relay"][row]:
            raise TopologyError(
                f"{target!r} only delays another neuron. Connect the source to that"
                " neuron."
            )


def refuse(
    sources: Sequence[Neuron],
    targets: Sequence[Neuron],
    pairs: tuple[Indices, Indices] | None,
) -> None:
    """Raise if a target is a relay, or a pair is connected already. The pairs must be
    distinct.
    """
    _refuse_relays(targets)
    for store in {*map(_store_of, sources)} & {*map(_store_of, targets)}:
        pairs = pairs or every_pair(np.arange(len(sources)), np.arange(len(targets)))
        from_rows = rows_of(sources)
        to_rows = rows_of(targets)
        of_source, of_target = (
            np.array([n._store is store for n in ends]) for ends in (sources, targets)
        )
        mine = of_source[pairs[0]] & of_target[pairs[1]]
        _refuse_linked(store, from_rows[pairs[0][mine]], to_rows[pairs[1][mine]])


def _refuse_linked(store: Store, sources: Indices, targets: Indices) -> None:
    """Raise if a pair of rows of one store is connected already."""
    here = np.zeros(store.n_neurons + 1, bool)
    there = np.zeros(store.n_neurons + 1, bool)
    here[sources] = True
    there[targets] = True
    removed = store.n_neurons  # entry of both masks for the ends of removed connections
    old_source, old_target = (
        np.minimum(store[name], removed) for name in ("source", "target")
    )
    near = np.flatnonzero(here[old_source] & there[old_target])
    if not len(near):
        return
    old = old_source[near].astype(np.int64) << 32 | old_target[near]
    for i in np.flatnonzero(np.isin(sources << 32 | targets, old)):
        source = store.views[sources[i]]
        target = store.views[targets[i]]
        raise TopologyError(
            f"{source!r} is connected to {target!r} already. A pair of neurons has at"
            " most one connection."
        )


def sign_of_new(source: Neuron, target: Neuron, sign: int, delay: int) -> int:
    """The sign of a new connection: the given one, or that of all connections from its
    source.

    A self-connection, which carries the state, does not have the sign of its neuron; a
    delayed connection of a neuron to itself, which carries the activation, does.
    """
    carries_state = source is target and not delay
    whole = (
        0
        if isinstance(source._store, UnreadStore) or carries_state
        else source.sign or 0
    )
    if sign and whole and sign != whole:
        raise ArgumentError(
            f"Expected the sign {whole:+d}, which all outgoing connections of"
            f" {source!r} have, got {sign:+d}. Set the sign of the neuron."
        )
    return sign or whole


def signs_of_new(
    sources: Sequence[Neuron],
    targets: Sequence[Neuron],
    pairs: tuple[Indices, Indices] | None,
    sign: int,
    delay: int,
) -> NDArray[np.int8] | None:
    """The signs of new connections, see :func:`sign_of_new`; None if none has one."""
    stores = {*map(_store_of, sources)}
    if all(
        isinstance(store, UnreadStore) or not store["outgoing_sign"].any()
        for store in stores
    ):
        count = len(sources) * len(targets) if pairs is None else len(pairs[0])
        return np.full(count, sign, np.int8) if sign else None
    source, target = (
        every_pair(np.arange(len(sources)), np.arange(len(targets)))
        if pairs is None
        else pairs
    )
    ends = zip(source.tolist(), target.tolist(), strict=True)
    return np.array(
        [sign_of_new(sources[i], targets[j], sign, delay) for i, j in ends], np.int8
    )


def disconnect(store: Store, identities: Ints) -> None:
    """Remove connections, and relays that only they needed. The caller holds the store
    in use.
    """
    unread: list[Neuron] = []
    if store["relay"].any():
        unread, unfed = _relays_at(store, store.row_of[identities].astype(np.int64))
        rows = rows_of(unfed)
        _attached(store, np.union1d(rows, readers_of(store, rows)))
    else:
        unfed = []
    cut(store, identities)
    if unfed:
        remove(unfed)
    remove_relays(store, unread)
    store.sweep()


def cut(store: Store, identities: Ints) -> None:
    """Remove connections, and nothing else."""
    graph.follow_disconnected(store, identities)
    store.remove_connections(identities)


def _relays_at(store: Store, rows: Ints) -> tuple[list[Neuron], list[Neuron]]:
    """The relays from which connections in these rows lead, and those into which they
    lead.
    """
    ends = (np.unique(store[end][rows]) for end in ("source", "target"))
    relays = (among[store["relay"][among] > 0] for among in ends)
    before, after = ([store.views[row] for row in among.tolist()] for among in relays)
    return before, after


def relay_links(store: Store) -> tuple[Ints, Ints, Ints]:
    """The rows of the connections into relays, of their sources, and of the relays."""
    relays = np.append(store["relay"] > 0, False)  # one entry more for removed ends
    rows = np.flatnonzero(relays[np.minimum(store["target"], store.n_neurons)])
    return rows, store["source"][rows], store["target"][rows]


def readers_of(store: Store, rows: Ints) -> Ints:
    """The rows of the relays that read these neurons, or one another."""
    _, source, target = relay_links(store)
    reader_rows = []
    latest = rows
    while len(latest := target[np.isin(source, latest)]):
        reader_rows.append(latest)
    return np.concatenate([rows[:0], *reader_rows]).astype(np.int64)


def remove_relays(store: Store, unread: Sequence[Neuron]) -> None:
    """Remove those of some neurons that are relays which nothing reads and which gate
    nothing.

    What such a relay has read goes too if nothing else needs it.
    """
    for relay in unread:
        neuron: Neuron | None = relay
        while neuron is not None and neuron._row >= 0 and store["relay"][neuron._row]:
            row = neuron._row
            if (store["source"] == row).any() or (store["gater"] == row).any():
                break
            into = np.flatnonzero(store["target"] == row)
            before = store.views[int(store["source"][into[0]])] if len(into) else None
            _take_out(store, [neuron], store["identity"][into])
            neuron = before


def _take_out(store: Store, neurons: Sequence[Neuron], identities: Ints) -> None:
    """Remove neurons and all their connections, and let their networks follow."""
    networks = (
        {graph.network_of(neuron) for neuron in neurons} if store.networks else set()
    )
    cut(store, identities)
    graph.follow_removed(store, neurons)
    store.remove_neurons(np.unique(rows_of(neurons)))
    for network in networks:
        if network is not None:
            network._drop_removed()


def require_ungated(store: Store, identities: Ints | int) -> None:
    """Raise TopologyError if one of the connections is gated already."""
    rows = np.atleast_1d(store.row_of[identities])
    taken = rows[store["gater"][rows] != NONE]
    if len(taken):
        connection = connection_at(store, int(store["identity"][taken[0]]))
        raise TopologyError(
            f"{connection!r} is gated by {connection.gater!r} already. "
            "A connection has at most one gater: ungate it first."
        )


def gate(gaters: Ints | int, store: Store, identities: Ints | int) -> None:
    """Let the neuron in the row ``gaters[i]`` gate the connection ``identities[i]``, or
    one of each.

    All are in one store, which is in use.
    """
    rows = store.row_of[identities]
    targets = store["target"][rows]
    placement = Placement(store, gaters, targets)
    store.touch()
    store["gater"][rows] = gaters
    placement.settle()


def ungate(gater: Neuron, connections: Sequence[Connection]) -> None:
    """Stop `gater` from gating connections."""
    for connection in connections:
        if connection.gater is not gater:
            by = (
                f"is gated by {connection.gater!r}"
                if connection.gater
                else "has no gater"
            )
            raise TopologyError(f"{gater!r} cannot ungate {connection!r}, which {by}.")
    store = gater._store
    rows = [connection._at for connection in connections]
    store.touch()
    store["gater"][rows] = NONE
    if rows and store["relay"][gater._row]:
        remove_relays(store, [gater])


def _attached(store: Store, rows: Ints) -> Bools:
    """Which connections lead to or from neurons in these rows; TopologyError if they
    gate any other.
    """
    # one entry more for removed ends and missing gaters
    gone = np.zeros(store.n_neurons + 1, bool)
    gone[rows] = True
    attached, target, gates = (
        gone.take(store[end], mode="clip") for end in ("source", "target", "gater")
    )
    attached |= target
    gates &= ~attached
    if gates.any():
        gater = store.views[int(store["gater"][np.flatnonzero(gates)[0]])]
        raise TopologyError(
            f"{gater!r} gates {counted(int(gates.sum()), 'connection')} of other"
            " neurons and cannot be removed. Ungate them first:"
            " neuron.ungate(*neuron.gated)."
        )
    return attached


def remove(neurons: Sequence[Neuron]) -> None:
    """Remove neurons of one store, their connections, and the relays that only these
    needed.

    The caller holds the store in use.
    """
    store = neurons[0]._store
    rows = np.unique(rows_of(neurons))
    if store["relay"].any():
        rows = np.union1d(rows, readers_of(store, rows))
    attached = _attached(store, rows)
    removed = [store.views[row] for row in rows.tolist()]
    unread, _ = _relays_at(store, np.flatnonzero(attached))
    gaters = store["gater"][attached]
    unread += [store.views[row] for row in np.unique(gaters[gaters != NONE]).tolist()]
    _take_out(store, removed, store["identity"][attached])
    remove_relays(store, unread)
    store.sweep()


def refuse_softmax(neurons: Sequence[Neuron]) -> None:
    """Raise if a neuron that is not an output has the squash softmax."""
    for store in {*map(_store_of, neurons)}:
        codes = (
            [born[2] for born in store.born]
            if isinstance(store, UnreadStore)
            else store["squash"]
        )
        for neuron in neurons if squashes.softmax.code in codes else ():
            if neuron.squash is squashes.softmax:
                raise no_output(neuron)


def no_output(neuron: Neuron) -> TopologyError:
    """Return the error for a neuron with the squash softmax."""
    return TopologyError(
        f"{neuron!r} is not an output: only the outputs of a network can have the"
        " squash softmax."
    )


def require_free(neurons: Iterable[Neuron]) -> None:
    """Raise if a neuron belongs to a network that is still in use."""
    for neuron in neurons:
        network = graph.network_of(neuron) if neuron._store.networks else None
        if network is not None:
            raise TopologyError(
                f"{neuron!r} belongs to {network!r} already. Networks do not share"
                " neurons: project from one to the other, build one network from all"
                " the layers, or copy a part:"
                " synapse.from_networkx(net.graph.subgraph(neurons))."
            )
