"""All changes of structure. Each change is checked before it is made in the store, and
then in the graph.

Neurons, layers and networks call these functions. All changes of connections and gates
are made here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import squashes
from .._checks import pluralize
from .._typing import Bools, Indices, Ints
from ..engine.draft import ConnectionBatch, every_pair
from ..engine.locking import ExclusiveAccess
from ..engine.schema import MAX_DELAYS, NONE
from ..engine.store import Store
from ..errors import ArgumentError, TopologyError
from . import graph
from .order import NO_PLACEMENT, Placement

if TYPE_CHECKING:
    from .handles import (
        ConnectionHandle,
        NeuronHandle,
        Neurons,
    )

R = TypeVar("R")


_row_of = attrgetter("_row")
_store_of = attrgetter("_store")

LOOK_UP = 4096
"""Maximum number of connections without objects for which the graph is made to find
duplicates. According to ``python -m benchmarks.variants edits.LOOK_UP``, rows take
0.38 to 1.87 times as long with a tenth, and 0.99 to 3.19 times with ten times."""


def rows_of(neurons: Iterable[NeuronHandle]) -> Ints:
    """Return the rows of neurons in their store, or raise TopologyError if one of them
    has been removed.
    """
    rows = np.fromiter(map(_row_of, neurons), np.int64)
    if rows.min(initial=0) < 0:
        raise TopologyError(
            "One of the given neurons has been removed from its network. Omit it."
        )
    return rows


def rows_within(store: Store, chosen: NDArray[np.bool_]) -> Ints:
    """Return the rows of the connections between chosen neurons, in the order of
    creation.

    `chosen` is a mask with one entry per neuron, followed by False for removed
    connections.
    """
    rows = store.row_of[: store.n_identities]
    rows = rows[rows != NONE]
    if not chosen[:-1].all():
        rows = rows[chosen[store["source"][rows]] & chosen[store["target"][rows]]]
    return np.asarray(rows, np.int64)


def crossings_of(members: Sequence[tuple[Store, Bools]]) -> dict[str, Any]:
    """Count the connections and gates that cross the border of some rows, and those
    that lead into them.

    Also returns one example of each. The masks have one more entry, False, for removed
    ends and missing gaters.
    """
    counts: dict[str, Any] = {
        "_n_boundary": 0,
        "_crossing": None,
        "_n_entering": 0,
        "_entering": None,
    }
    for store, inside in members:
        if inside[:-1].all():
            continue  # the store has no other neurons
        source, target, gater = (
            inside.take(rows, mode="clip") for rows in store.ends()
        )
        gated = store["gate"] != 0
        crossing = (source != target) | (gated & (gater != (source & target)))
        entering = target & (~source | (gated & ~gater))
        for count, example, rows in (
            ("_n_boundary", "_crossing", np.flatnonzero(crossing)),
            ("_n_entering", "_entering", np.flatnonzero(entering)),
        ):
            counts[count] += len(rows)
            if len(rows) and counts[example] is None:
                counts[example] = store.edge(int(store["identity"][rows[0]]))
    return counts


def require_closed(network: Neurons, doing: str) -> None:
    """Raise the error of ``Topology._require_closed`` without the cost of making a
    table.
    """
    with ExclusiveAccess(network):
        store = next(iter(network))._store
        store.ensure_lowered()
        if len(network) == store.n_neurons:
            return
        inside = np.zeros(store.n_neurons + 1, bool)
        inside[rows_of(network)] = True
        counts = crossings_of([(store, inside)])
        if counts["_n_boundary"]:
            raise not_closed(
                repr(network), doing, counts["_n_boundary"], counts["_crossing"]
            )


def not_closed(
    whose: str, doing: str, count: int, example: ConnectionHandle | None
) -> TopologyError:
    """Return the error for neurons that are linked to others. `example` is one of
    `count` links.
    """
    return TopologyError(
        f"{whose} cannot be {doing}, because it has {pluralize(count, 'connection')} to"
        " or from neurons outside of it, or gated across its border, such as"
        f" {example!r}. Disconnect or ungate them first, or build one network from all"
        " the layers."
    )


def join(neurons: Neurons) -> Store:
    """Move neurons into the largest of their stores. The caller has all of their stores
    in use.

    Raises TopologyError if a neuron has been removed, if dtypes differ, or if a network
    that would move is being recorded.
    """
    return _joined({neuron._require() for neuron in neurons})


def _joined(stores: set[Store]) -> Store:
    if len(stores) == 1:
        return stores.pop()
    # the largest first, and equal ones by age
    largest, *others = sorted(
        stores,
        key=lambda store: (
            -len(store.handles) - store.editor.n_made(store),
            store.serial,
        ),
    )
    for store in others:
        if store.dtype != largest.dtype:
            kinds = sorted({store.dtype.name, largest.dtype.name})
            raise TopologyError(
                f"Neurons of {' and '.join(kinds)} cannot be connected. Build both with"
                " the same dtype."
            )
        if store.recorder is not None:
            raise TopologyError(
                "A network that is being recorded cannot be connected to a larger one."
                " End the recording first."
            )
    for store in others:
        graphs = largest.graph, store.graph
        offsets = largest.absorb(store)
        if graphs != (None, None):
            graph.follow_absorbed(largest, graphs, *offsets)
    return largest


def find(source: NeuronHandle, target: NeuronHandle, delay: int | None = None) -> Any:
    """Return the connection from one neuron to another with a delay, by default the
    shortest, or None if there is none.
    """
    found = find_all(source, target, delay)
    return found[0] if found else None


def are_connected(source: NeuronHandle, target: NeuronHandle, delay: int) -> bool:
    """Return whether a connection with this delay leads from one neuron to another in
    the same store.
    """
    connected = source._store.editor.connects((source, target, delay))
    if connected is None:
        links = _all_between(source._store, source, target)
        connected = any([link.delay == delay for link in links])
    return connected


def find_all(
    source: NeuronHandle, target: NeuronHandle, delay: int | None = None
) -> list[Any]:
    """Return the connections from one neuron to another, the shortest delay first, by
    default with all delays.
    """
    store = source._store
    if store is not target._store:
        return []
    links = _all_between(store, source, target)
    return [link for link in links if delay is None or link.delay == delay]


def _all_between(store: Store, source: NeuronHandle, target: NeuronHandle) -> list[Any]:
    """Return the connections between two neurons of a store, after making its
    columns.
    """
    store.make_columns()
    is_large = not isinstance(store.edges, dict) and store.n_connections > LOOK_UP
    if store.graph is None and is_large:
        rows = store.rows_into(target._row)
        rows = rows[store["source"][rows] == source._row]
        rows = rows[np.argsort(store["delay"][rows])]
        identities = store["identity"][rows].tolist()
        return [store.edge(identity) for identity in identities]
    return graph.edges_between(source, target)


def connect(
    source: NeuronHandle,
    target: NeuronHandle,
    weight: float,
    trainable: bool,
    sign: int = 0,
    delay: int = 0,
) -> Any:
    """Connect two neurons that are not yet connected in this direction with this
    delay.
    """
    store = source._store
    pair = source, target, delay
    # A draft needs no deferral of Ctrl-C, which would take as long as all the rest.
    if not (store.busy or store.turns):
        with store.lock:
            draft: Any = store.editor
            if (
                draft.takes_single
                and source._store is store is target._store
                and pair not in draft.pairs
            ):
                return draft.connect(store, pair, weight, trainable, sign)
    with ExclusiveAccess(source, target, columns=False):
        return _connect(source, target, weight, trainable, sign, delay)


def _connect(
    source: NeuronHandle,
    target: NeuronHandle,
    weight: float,
    trainable: bool,
    sign: int,
    delay: int,
) -> Any:
    store = source._require()
    if target._require() is not store:
        store = _joined({store, target._store})
    elif are_connected(source, target, delay):
        raise TopologyError(
            f"{source!r} is connected to {target!r} already{_by(delay)}."
            " Set the weight of that connection, or disconnect first."
        )
    placement = _placement_of_one(store, source, target, delay)
    pair = source, target, delay
    connection = store.editor.connect(store, pair, weight, trainable, sign)
    if store.graph is not None:
        graph.follow_connected(store, connection._identity, 1)
    placement.place_new_layers()
    return connection


def _placement_of_one(
    store: Store, source: NeuronHandle, target: NeuronHandle, delay: int
) -> Placement:
    """Return the placement of a single connection, which moves nothing if it leads
    forward.
    """
    position = store["position"] if store.networks and not delay else None
    before, after = source._row, target._row
    if position is None or position.item(before) <= position.item(after):
        return NO_PLACEMENT
    return Placement(store, before, after)


def _by(delay: int) -> str:
    """Return the words for a delay in messages, which are empty without a delay."""
    return f" with the delay {delay}" if delay else ""


def connect_many(
    sources: Neurons,
    targets: Neurons,
    pairs: tuple[Indices, Indices] | None,
    weights: NDArray[np.float64],
    trainable: bool,
    signs: NDArray[np.int8] | None = None,
    delay: int | Ints = 0,
) -> tuple[Store, int]:
    """Connect ``sources[pairs[0][i]]`` to ``targets[pairs[1][i]]``, and return the
    store and the first identity. The caller has the stores in use.

    Without `pairs`, every source is connected to every target.
    """
    store = _joined({*map(_store_of, sources), *map(_store_of, targets)})
    ends = [*sources], [*targets], pairs
    batch = ConnectionBatch(*ends, weights, trainable, signs, delay)
    placement = NO_PLACEMENT
    if store.networks and not np.all(delay):
        at_once = np.broadcast_to(np.equal(delay, 0), len(weights))
        placement = Placement(store, *(rows[at_once] for rows in batch.rows()))
    identity = store.editor.add(store, batch)
    graph.follow_connected(store, identity, len(weights))
    placement.place_new_layers()
    return store, identity


def refuse(
    sources: Neurons,
    targets: Neurons,
    pairs: tuple[Indices, Indices] | None,
    delay: int | Ints,
) -> None:
    """Raise an error if a pair is already connected with this delay. The pairs must be
    distinct, and the caller has their neurons in use.
    """
    for store in {*map(_store_of, sources)} & {*map(_store_of, targets)}:
        if not store.editor.are_apart(sources, targets, delay):
            store.make_columns()
            _refuse_pairs(store, sources, targets, pairs, delay)


def _refuse_pairs(
    store: Store,
    sources: Neurons,
    targets: Neurons,
    pairs: tuple[Indices, Indices] | None,
    delay: int | Ints,
) -> None:
    """Raise an error if pairs within one store are already connected."""
    pairs = pairs or every_pair(np.arange(len(sources)), np.arange(len(targets)))
    from_rows = rows_of(sources)
    to_rows = rows_of(targets)
    of_source, of_target = (
        np.array([n._store is store for n in ends]) for ends in (sources, targets)
    )
    inside = of_source[pairs[0]] & of_target[pairs[1]]
    steps = np.broadcast_to(delay, len(inside))[inside]
    _refuse_linked(store, from_rows[pairs[0][inside]], to_rows[pairs[1][inside]], steps)


def _refuse_linked(
    store: Store, sources: Indices, targets: Indices, delays: Ints
) -> None:
    """Raise an error if a pair of rows in a store is already connected with its
    delay.
    """
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

    def keys(start: Indices, stop: Indices, steps: Indices) -> Ints:
        pairs = start.astype(np.int64) * store.n_neurons + stop
        return pairs * (MAX_DELAYS + 1) + steps

    old = keys(old_source[near], old_target[near], store["delay"][near])
    for i in np.flatnonzero(np.isin(keys(sources, targets, delays), old)):
        source = store.handles[sources[i]]
        target = store.handles[targets[i]]
        raise TopologyError(
            f"{source!r} is connected to {target!r} already{_by(delays[i])}. A pair of"
            " neurons has at most one connection of a delay."
        )


def sign_of_new(
    source: NeuronHandle, target: NeuronHandle, sign: int, delay: int
) -> int:
    """Return the sign of a new connection, which is the given sign, or that of all
    connections from its source.

    A self-connection does not take the sign of its neuron, because it carries the
    state. A neuron's delayed connection to itself does, because it carries the
    activation.
    """
    carries_state = source is target and not delay
    may_be_signed = source._store.editor.may_have_signs and not carries_state
    whole = (source.sign or 0) if may_be_signed else 0
    if sign and whole and sign != whole:
        raise ArgumentError(
            f"Expected the sign {whole:+d}, which all outgoing connections of"
            f" {source!r} have, got {sign:+d}. Set the sign of the neuron."
        )
    return sign or whole


def signs_of_new(
    sources: Neurons,
    targets: Neurons,
    pairs: tuple[Indices, Indices] | None,
    sign: int,
    delay: int,
) -> NDArray[np.int8] | None:
    """Return the signs of new connections, or None if no connection has a sign, see
    :func:`sign_of_new`.
    """
    stores = {*map(_store_of, sources)}
    if not any(
        store.editor.may_have_signs and store["outgoing_sign"].any() for store in stores
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
    """Remove connections. The caller has the store in use."""
    graph.follow_disconnected(store, identities)
    store.remove_connections(identities)
    store.compact_if_sparse()


def set_delay(store: Store, name: str, row: int, delay: int) -> None:
    """Set the delay of the connection in this row. The caller has the store in use."""
    old = store[name].item(row)
    if delay == old:
        return
    source, target = (
        store.handles[store[end].item(row)] for end in ("source", "target")
    )
    if source is target and not (old and delay):
        raise TopologyError(
            f"{store.edge(store['identity'].item(row))!r} carries the"
            " state if its delay is 0, and otherwise the activation, so this delay"
            f" cannot change from {old} to {delay}. Disconnect it, and project again."
        )
    if are_connected(source, target, delay):
        by = _by(delay) or " without a delay"
        raise TopologyError(
            f"{source!r} is connected to {target!r} already{by}. Disconnect that"
            " connection first."
        )
    placement = _placement_of_one(store, source, target, delay)
    identities = np.array([store["identity"].item(row)])
    graph.follow_disconnected(store, identities)
    store.touch()
    store["delay"][row] = delay
    graph.follow_connected(store, int(identities[0]), 1)
    placement.place_new_layers()


def gate(gater: NeuronHandle, connections: Sequence[ConnectionHandle]) -> None:
    """Gate connections that have no gater by a neuron."""
    store = gater._store
    if len(connections) == 1 and not (store.busy or store.turns):
        with store.lock:
            if (
                store.editor.takes_single
                and gater._store is store is connections[0]._store
            ):
                return _gate(gater, connections)
    with ExclusiveAccess(gater, *connections, columns=False):
        return _gate(gater, connections)


def _gate(gater: NeuronHandle, connections: Sequence[Any]) -> None:
    gater._require()
    store: Store = gater._store
    apart = False
    for connection in connections:
        at, identity = connection._store, connection._identity
        apart |= at is not store
        if identity < 0 or at.editor.are_gated(at, [identity]):
            connection._require()
            at.make_columns()
            require_ungated(at, identity)
    if apart:
        store = _joined({store, *map(_store_of, connections)})
    placement = NO_PLACEMENT
    if store.networks:
        identities = [connection._identity for connection in connections]
        placement = _placement_of_gates(store, [gater], identities, 0)
    store.editor.gate(store, gater, connections)
    placement.place_new_layers()


def gate_projection(gaters: Neurons, gater_indices: Ints, projection: Any) -> None:
    """Gate connection i of a projection by ``gaters[gater_indices[i]]``, if no
    connection has a gater yet. The caller has the stores in use.
    """
    store = projection._store
    if store.editor.are_gated(store, projection._existing()):
        store.make_columns()
        require_ungated(store, projection._identities())
    store = _joined({projection._store, *map(_store_of, gaters)})
    identities = projection._existing()
    placement = (
        _placement_of_gates(store, gaters, identities, gater_indices)
        if store.networks
        else NO_PLACEMENT
    )
    store.editor.gate_batch(store, identities, [*gaters], gater_indices)
    placement.place_new_layers()


def _placement_of_gates(
    store: Store,
    gaters: Sequence[NeuronHandle],
    identities: Ints | Sequence[int],
    gates: Ints | int,
) -> Placement:
    """Return the placement that is needed to gate each connection ``identities[i]`` by
    ``gaters[gates[i]]``.
    """
    targets = store["target"][store.row_of[identities]]
    before = np.broadcast_to(rows_of(gaters)[gates], targets.shape)
    return Placement(store, before, targets)


def require_ungated(store: Store, identities: Ints | int) -> None:
    """Raise TopologyError if one of the connections already has a gater."""
    rows = np.atleast_1d(store.row_of[identities])
    taken = rows[store["gate"][rows] != 0]
    if len(taken):
        connection = store.edge(int(store["identity"][taken[0]]))
        raise TopologyError(
            f"{connection!r} is gated by {connection.gater!r} already. A connection"
            " has at most one gater. Ungate it first."
        )


def ungate(gater: NeuronHandle, connections: Sequence[ConnectionHandle]) -> None:
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
    store["gate"][rows] = 0


def _attached(store: Store, rows: Ints) -> Bools:
    """Return the mask of connections to or from neurons in these rows, or raise
    TopologyError if the neurons gate any other connection.
    """
    # one entry more for removed ends and missing gaters
    gone = np.zeros(store.n_neurons + 1, bool)
    gone[rows] = True
    attached, target, gates = (gone.take(end, mode="clip") for end in store.ends())
    attached |= target
    gates &= ~attached
    if gates.any():
        gater = store.handles[store.gaters(np.flatnonzero(gates)[0])]
        raise TopologyError(
            f"{gater!r} gates {pluralize(int(gates.sum()), 'connection')} of other"
            " neurons and cannot be removed. Ungate them first:"
            " neuron.ungate(*neuron.gated)."
        )
    return attached


def remove(neurons: Neurons) -> None:
    """Remove neurons of one store and their connections, and update their networks.

    The caller has the store in use.
    """
    store = neurons[0]._store
    rows = np.unique(rows_of(neurons))
    attached = _attached(store, rows)
    networks = (
        {graph.network_of(neuron) for neuron in neurons} if store.networks else set()
    )
    identities = store["identity"][attached]
    graph.follow_disconnected(store, identities)
    store.remove_connections(identities)
    graph.follow_removed(store, neurons)
    for network in networks:
        if network is not None:
            network._keep_step_number(neurons)
    store.remove_neurons(rows)
    for network in networks:
        if network is not None:
            network._drop_removed()
    store.compact_if_sparse()


def refuse_softmax(neurons: Neurons) -> None:
    """Raise an error if a neuron with the squash softmax is not an output."""
    for store in {*map(_store_of, neurons)}:
        softmax = squashes.softmax.code
        for neuron in (
            neurons if store.editor.has_squash(store, softmax, softmax) else ()
        ):
            if neuron.squash is squashes.softmax:
                raise no_output(neuron)


def no_output(neuron: NeuronHandle) -> TopologyError:
    """Return the error for a neuron with the squash softmax."""
    return TopologyError(
        f"{neuron!r} cannot have the squash softmax, because it is not an output of"
        " its network."
    )


def require_free(neurons: Iterable[NeuronHandle]) -> None:
    """Raise an error if a neuron belongs to a network that is still in use."""
    for neuron in neurons:
        network = graph.network_of(neuron) if neuron._store.networks else None
        if network is not None:
            raise TopologyError(
                f"{neuron!r} belongs to {network!r} already. Networks do not share"
                " neurons: project from one to the other, build one network from all"
                " the layers, or copy a part:"
                " synapse.from_networkx(net.graph.subgraph(neurons))."
            )
