"""What has been composed in a store before anything needs columns: plain lists."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._typing import Indices, Ints
from . import schema
from .columns import aligned

Neuron = Any
"""The handle of a neuron, which has a ``_row``."""

MAX_BATCHES = 64
"""Batches among which connected pairs are looked for; a store with more makes its
columns. ``python -m benchmarks.constants draft.MAX_BATCHES``: rows take 0.99 to 1.40
times as long with a tenth, 0.99 to 1.03 times with ten times."""


NONE_YET: Any = MappingProxyType({})
"""In place of dicts that a draft makes with their first entry: most neurons are created
alone and connected in the store of others."""


class DraftNeurons(NamedTuple):
    """Neurons made together."""

    size: int
    squash: int  # the code of their activation function
    bias: Any  # of all, or of each
    trainable: bool  # whether their biases learn


class DraftConnection(NamedTuple):
    """The values of a single connection."""

    weight: float
    trainable: bool
    sign: int
    delay: int


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
    delay: int = 0
    gaters: Sequence[Neuron] = ()
    # the index of each connection's gater, if they are gated
    gates: Indices = np.empty(0, np.uint32)


class Draft:
    """The neurons and connections of a store without columns, in the order of creation.

    Connections lead from handle to handle, because the rows of handles change when
    stores are joined. The identity of a connection is its number in the order of
    creation.
    """

    __slots__ = (
        "batched",
        "batches",
        "connections",
        "delays",
        "gaters",
        "neurons",
        "pairs",
    )

    def __init__(self, *neurons: DraftNeurons) -> None:
        self.neurons = [*neurons]
        # The identities of single connections, by their ends and delay, and their
        # values and gaters, by identity; values that no key has are not a connection.
        self.pairs: dict[tuple[Neuron, Neuron, int], int] = NONE_YET
        self.connections: dict[int, DraftConnection] = NONE_YET
        self.gaters: dict[int, Neuron] = NONE_YET
        self.batches: dict[int, ConnectionBatch] = NONE_YET  # by first identity
        self.batched = 0  # connections in batches
        self.delays: tuple[int, ...] = (0,)  # of single connections, in order

    @property
    def n_connections(self) -> int:
        """How many connections there are, and the identity of the next one."""
        return len(self.pairs) + self.batched

    def connect(
        self,
        source: Neuron,
        target: Neuron,
        weight: float,
        trainable: bool,
        sign: int,
        delay: int,
    ) -> int:
        """Add a single connection; returns its identity. The last statement adds it, so
        Ctrl-C cannot divide it.
        """
        identity = len(self.pairs) + self.batched
        if not self.pairs:
            self.pairs, self.connections, self.gaters = {}, {}, {}
        if delay not in self.delays:
            self.delays = tuple(sorted((*self.delays, delay)))
        self.connections[identity] = DraftConnection(weight, trainable, sign, delay)
        self.pairs[source, target, delay] = identity
        return identity

    def find(self, source: Neuron, target: Neuron, delay: int | None) -> list[int]:
        """Return the identities of single connections between two neurons of a delay,
        or of all, the shortest first.
        """
        delays = self.delays if delay is None else (delay,)
        keys = ((source, target, steps) for steps in delays)
        return [self.pairs[key] for key in keys if key in self.pairs]

    def gate(self, identity: int, gater: Neuron) -> None:
        """Gate a single connection by a neuron."""
        self.gaters[identity] = gater

    def add(self, batch: ConnectionBatch) -> int:
        """Add connections; returns the identity of the first one."""
        identity = self.n_connections
        if not self.batches:
            self.batches = {}
        self.batches[identity] = batch
        self.batched += len(batch.weights)
        return identity

    def gate_batch(
        self, first_identity: int, gaters: Sequence[Neuron], gates: Indices
    ) -> None:
        """Gate connection i of the batch with this first identity by
        ``gaters[gates[i]]``.
        """
        batch = self.batches[first_identity]
        self.batches[first_identity] = batch._replace(gaters=gaters, gates=gates)

    def may_connect(
        self, sources: Sequence[Neuron], targets: Sequence[Neuron], delay: int
    ) -> bool:
        """Return whether a source may be connected to a target with this delay: False
        if none is, True if only columns can tell.
        """
        if self.pairs or len(self.batches) >= MAX_BATCHES:
            return True
        one_of_sources, one_of_targets = set(sources), set(targets)
        return any(
            batch.delay == delay
            and not one_of_targets.isdisjoint(batch.targets)
            and not one_of_sources.isdisjoint(batch.sources)
            for batch in self.batches.values()
        )

    def set_trainable(self, rows: Ints, learns: bool) -> bool:
        """Set whether the biases of neurons made together learn; False if the neurons
        in these rows are others.
        """
        start = 0
        for index, made in enumerate(self.neurons):
            stop = start + made.size
            if np.array_equal(rows, np.arange(start, stop)):
                self.neurons[index] = made._replace(trainable=learns)
                return True
            start = stop
        return False

    def append(self, other: Draft) -> None:
        """Append those of another draft, whose identities continue these."""
        offset = self.n_connections
        self.neurons += other.neurons
        if other.pairs and not self.pairs:
            self.pairs, self.connections, self.gaters = {}, {}, {}
        for key, identity in other.pairs.items():
            self.connections[offset + identity] = other.connections[identity]
            self.pairs[key] = offset + identity
        self.delays = tuple(sorted({*self.delays, *other.delays}))
        for identity, gater in other.gaters.items():
            self.gaters[offset + identity] = gater
        moved = {offset + identity: batch for identity, batch in other.batches.items()}
        self.batches = self.batches | moved
        self.batched += other.batched

    def columns_of_connections(
        self, dtype: np.dtype[Any], first_row: int
    ) -> dict[str, NDArray[Any]]:
        """Return the columns of all connections, if the handles' first row is
        `first_row`.
        """
        count = self.n_connections
        columns: dict[str, NDArray[Any]] = {
            "source": np.empty(count, np.uint32),
            "target": np.empty(count, np.uint32),
            "gater": np.full(count, schema.NONE, np.uint32),
            "trainable": np.empty(count, np.uint8),
            "sign": np.zeros(count, np.int8),
            "delay": np.zeros(count, np.uint32),
            "weight": aligned(count, dtype),
        }
        if self.pairs:
            self._write_single(columns)
        for start, batch in self.batches.items():
            rows = slice(start, start + len(batch.weights))
            _write_batch(
                batch, {name: column[rows] for name, column in columns.items()}
            )
        if first_row:
            columns["source"] += np.uint32(first_row)
            columns["target"] += np.uint32(first_row)
            gated = columns["gater"] != schema.NONE
            columns["gater"][gated] += np.uint32(first_row)
        return columns

    def _write_single(self, columns: dict[str, NDArray[Any]]) -> None:
        # Not by zip(*...), which makes an object for each of them, and so lets Python
        # collect garbage.
        identities = [*self.pairs.values()]
        values = [self.connections[identity] for identity in identities]
        rows: Any = slice(None) if not self.batches else identities
        columns["source"][rows] = [source._row for source, *_ in self.pairs]
        columns["target"][rows] = [target._row for _, target, _ in self.pairs]
        columns["weight"][rows] = [value.weight for value in values]
        columns["trainable"][rows] = [value.trainable for value in values]
        columns["sign"][rows] = [value.sign for value in values]
        columns["delay"][rows] = [value.delay for value in values]
        gaters = [gater._row for gater in self.gaters.values()]
        columns["gater"][[*self.gaters]] = gaters


def _write_batch(batch: ConnectionBatch, columns: dict[str, NDArray[Any]]) -> None:
    """Write the connections of a batch into their rows of columns."""
    ends = [
        np.array([handle._row for handle in handles], np.uint32)
        for handles in (batch.sources, batch.targets)
    ]
    columns["source"][:], columns["target"][:] = (
        every_pair(*ends) if batch.pairs is None else map(np.take, ends, batch.pairs)
    )
    columns["weight"][:] = batch.weights
    columns["trainable"][:] = batch.trainable
    columns["delay"][:] = batch.delay
    if batch.signs is not None:
        columns["sign"][:] = batch.signs
    if batch.gaters:
        columns["gater"][:] = np.array([handle._row for handle in batch.gaters])[
            batch.gates
        ]


def every_pair(sources: Indices, targets: Indices) -> tuple[Indices, Indices]:
    """Return every source with every target, those of the first target first, as two
    new arrays.
    """
    source, target = np.empty((2, len(targets), len(sources)), np.uint32)
    source[:] = sources
    target[:] = targets[:, None]
    return source.reshape(-1), target.reshape(-1)
