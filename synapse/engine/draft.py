"""Store composed networks as plain lists until columns are first needed.

Edits go to ``store.editor``. Until there are columns, this is a `Draft`, which is an
editor of its store, and afterwards a `Written`, which has the same methods. With
columns from the start, ``Neuron()`` would take 29 µs instead of 2, and two neurons with
a connection 220 instead of 11.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._typing import Indices, Ints
from .columns import aligned, zeros

Neuron = Any
"""The handle of a neuron, which has a ``_row``."""

MAX_BATCHES = 64
"""Batches among which connected pairs are looked for; a store with more makes its
columns. ``python -m benchmarks.variants draft.MAX_BATCHES``: rows take 0.99 to 1.40
times as long with a tenth, 0.99 to 1.03 times with ten times."""


NONE_YET: Any = MappingProxyType({})
"""Replaces dicts that a draft makes with their first entry, because most neurons are
created alone and connected in the store of others."""


DraftNeurons = tuple[int, int, Any, bool]
"""Neurons made together: how many, the code of their activation function, the bias of
all or of each, and whether biases learn. A plain tuple, because a named one takes as
long to make as a fifth of a neuron."""

Pair = tuple[Neuron, Neuron, int]
"""The ends of a single connection, and its delay."""


class ConnectionBatch(NamedTuple):
    """Connections made together: i leads from ``sources[pairs[0][i]]`` to
    ``targets[pairs[1][i]]``.

    Without `pairs`, every source leads to every target, in the order of
    :func:`every_pair`.
    """

    sources: Sequence[Neuron]
    targets: Sequence[Neuron]
    pairs: tuple[Indices, Indices] | None
    weights: NDArray[np.floating[Any]]
    trainable: bool
    signs: NDArray[np.int8] | None
    delay: int | Ints = 0  # one for all, or one for each
    gaters: Sequence[Neuron] = ()
    # the index of each connection's gater, if they are gated
    gates: Indices = np.empty(0, np.uint32)

    def rows(self) -> tuple[Indices, Indices]:
        """Return the present rows of each connection's source and target, as new
        arrays.
        """
        ends = [
            np.fromiter(map(attrgetter("_row"), handles), np.uint32)
            for handles in (self.sources, self.targets)
        ]
        if self.pairs is None:
            return every_pair(*ends)
        return ends[0].take(self.pairs[0]), ends[1].take(self.pairs[1])


class Draft:
    """The neurons and connections of a store without columns, in the order of creation.

    Connections lead from handle to handle, because the rows of handles change when
    stores are joined. The identity of a connection is its number in the order of
    creation.
    """

    __slots__ = (
        "batched",
        "batches",
        "gaters",
        "neurons",
        "pairs",
        "takes_single",
    )

    may_have_signs = False  # neurons; connections may

    def __init__(self, neurons: list[DraftNeurons] | None = None) -> None:
        self.neurons = neurons or []
        # Handles of single connections, by their ends and delay, and their gaters, by
        # identity.
        self.pairs: dict[Pair, Any] = NONE_YET
        self.gaters: dict[int, Neuron] = NONE_YET
        self.batches: dict[int, ConnectionBatch] = NONE_YET  # by first identity
        self.batched = 0  # connections in batches
        self.takes_single = False  # whether one assignment adds a connection or a gate

    def n_made(self, store: Any = None) -> int:
        """Return how many connections have been made: the identity of the next."""
        return len(self.pairs) + self.batched

    def has_squash(self, store: Any, lowest: int, highest: int) -> bool:
        """Return whether a neuron has an activation function with a code from `lowest`
        to `highest`.
        """
        return any(lowest <= squash <= highest for _, squash, _, _ in self.neurons)

    def identities(self, store: Any, first_identity: int, count: int) -> Ints:
        """Return the identities of the connections of a batch that still exist."""
        return np.arange(first_identity, first_identity + count)

    def connect(
        self, store: Any, pair: Pair, weight: float, trainable: bool, sign: int
    ) -> Any:
        """Add a single connection; returns its handle. One assignment adds it, so
        Ctrl-C cannot divide it.
        """
        pairs = self.pairs or self._begin_singles()
        numbers = weight if trainable and not sign else (weight, trainable, sign)
        pairs[pair] = handle = store.edge_type(
            store, len(pairs) + self.batched, numbers
        )
        return handle

    def _begin_singles(self) -> dict[Pair, Any]:
        self.pairs, self.gaters = {}, {}
        self.takes_single = not self.batches
        return self.pairs

    def connects(self, pair: Pair) -> bool | None:
        """Return whether there is this connection; None if there are batches."""
        return None if self.batches else pair in self.pairs

    def are_gated(self, store: Any, identities: Any) -> bool:
        """Return whether a single connection, or all of a batch, have a gater."""
        identity = identities[0]
        batch = self.batches.get(identity)
        return identity in self.gaters or (batch is not None and bool(batch.gaters))

    def gate(self, store: Any, gater: Neuron, connections: Iterable[Any]) -> None:
        """Gate single connections by a neuron."""
        for connection in connections:
            self.gaters[connection._identity] = gater

    def add(self, store: Any, batch: ConnectionBatch) -> int:
        """Add connections; returns the identity of the first one."""
        identity = self.n_made()
        if not self.batches:
            self.batches = {}
        self.takes_single = False
        self.batches[identity] = batch
        self.batched += len(batch.weights)
        return identity

    def gate_batch(
        self, store: Any, identities: Ints, gaters: Sequence[Neuron], gates: Indices
    ) -> None:
        """Gate the connection ``identities[i]`` of a batch by ``gaters[gates[i]]``."""
        first_identity = int(identities[0])
        self.batches[first_identity] = self.batches[first_identity]._replace(
            gaters=gaters, gates=gates
        )

    def pairs_of(self, first_identity: int) -> tuple[Indices, Indices]:
        """Return the numbers of each connection's source and target in the batch with
        this first identity.
        """
        batch = self.batches[first_identity]
        every = map(np.arange, (len(batch.sources), len(batch.targets)))
        return batch.pairs or every_pair(*every)

    def are_apart(
        self, sources: Sequence[Neuron], targets: Sequence[Neuron], delay: int | Ints
    ) -> bool:
        """Return whether surely no source is connected to a target with this delay."""
        if self.pairs or len(self.batches) >= MAX_BATCHES:
            return False
        one_of_sources, one_of_targets = set(sources), set(targets)
        return not any(
            not one_of_targets.isdisjoint(batch.targets)
            and not one_of_sources.isdisjoint(batch.sources)
            and np.isin(batch.delay, delay).any()
            for batch in self.batches.values()
        )

    def set_trainable(self, rows: Ints, learns: bool) -> bool:
        """Set whether the biases of neurons made together learn, and return False if
        these rows belong to other neurons.
        """
        start = 0
        for index, (size, *values, _) in enumerate(self.neurons):
            stop = start + size
            if rows.tolist() == [*range(start, stop)]:
                self.neurons[index] = size, *values, learns
                return True
            start = stop
        return False

    def append(self, store: Any, other: Draft) -> None:
        """Append those of another draft, whose identities continue these."""
        offset = self.n_made()
        self.neurons += other.neurons
        if not other.n_made():
            return
        if other.pairs:
            (self.pairs or self._begin_singles()).update(other.pairs)
            for handle in other.pairs.values():
                handle._moved(store, offset + handle._identity)
        for identity, gater in other.gaters.items():
            self.gaters[offset + identity] = gater
        moved = {offset + identity: batch for identity, batch in other.batches.items()}
        self.batches = self.batches | moved
        self.takes_single = bool(self.pairs) and not self.batches
        self.batched += other.batched

    def released(self) -> dict[int, Any]:
        """Return the handles of single connections by identity. Columns have their
        numbers now.
        """
        handles = {handle._identity: handle for handle in self.pairs.values()}
        for handle in handles.values():
            handle._drafted = None
        return handles

    def columns_of_connections(
        self, dtype: np.dtype[Any], first_row: int
    ) -> dict[str, NDArray[Any]]:
        """Return the columns of all connections, if the handles' first row is
        `first_row`.
        """
        count = self.n_made()
        columns: dict[str, NDArray[Any]] = {
            "source": np.empty(count, np.uint32),
            "target": np.empty(count, np.uint32),
            "gate": zeros(count, np.uint32),
            "trainable": np.empty(count, np.uint8),
            "sign": zeros(count, np.int8),
            "delay": zeros(count, np.uint32),
            "weight": aligned(count, dtype),
        }
        if self.pairs:
            self._write_single(columns)
        for start, batch in self.batches.items():
            _write_batch(batch, columns, slice(start, start + len(batch.weights)))
        if first_row:
            columns["source"] += np.uint32(first_row)
            columns["target"] += np.uint32(first_row)
            gate = columns["gate"]
            gate[gate != 0] += np.uint32(first_row)
        return columns

    def _write_single(self, columns: dict[str, NDArray[Any]]) -> None:
        # Not by zip(*...), which makes an object for each of them, and so lets Python
        # collect garbage.
        made = [handle._drafted for handle in self.pairs.values()]
        rows: Any = slice(None)
        if self.batches:
            rows = [handle._identity for handle in self.pairs.values()]
        columns["source"][rows] = [source._row for source, _, _ in self.pairs]
        columns["target"][rows] = [target._row for _, target, _ in self.pairs]
        columns["delay"][rows] = [delay for _, _, delay in self.pairs]
        columns["trainable"][rows] = 1
        if any(type(numbers) is tuple for numbers in made):
            whole = [n if type(n) is tuple else (n, True, 0) for n in made]
            columns["trainable"][rows] = [learns for _, learns, _ in whole]
            columns["sign"][rows] = [sign for _, _, sign in whole]
            made = [weight for weight, _, _ in whole]
        columns["weight"][rows] = made
        gates = [gater._row + 1 for gater in self.gaters.values()]
        columns["gate"][[*self.gaters]] = gates


def _write_batch(
    batch: ConnectionBatch, columns: dict[str, NDArray[Any]], rows: slice
) -> None:
    """Write the connections of a batch into these rows of columns."""
    columns["source"][rows], columns["target"][rows] = batch.rows()
    columns["weight"][rows] = batch.weights
    columns["trainable"][rows] = batch.trainable
    if not isinstance(batch.delay, int) or batch.delay:
        columns["delay"][rows] = batch.delay
    if batch.signs is not None:
        columns["sign"][rows] = batch.signs
    if batch.gaters:
        gates = np.array([handle._row + 1 for handle in batch.gaters])
        columns["gate"][rows] = gates[batch.gates]


def every_pair(sources: Indices, targets: Indices) -> tuple[Indices, Indices]:
    """Return every source with every target, those of the first target first, as two
    new arrays.
    """
    source, target = np.empty((2, len(targets), len(sources)), np.uint32)
    source[:] = sources
    target[:] = targets[:, None]
    return source.reshape(-1), target.reshape(-1)
