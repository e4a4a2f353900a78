"""Edit a store that has columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .._typing import Indices, Ints
from . import schema
from .draft import ConnectionBatch, Draft, Pair


class Written:
    """Receives edits of a store with columns, with the methods of a `Draft`.

    It does not refer to a store, because a store would otherwise refer to itself. One
    object, `WRITTEN`, serves all stores.
    """

    takes_single = False
    may_have_signs = True

    def n_made(self, store: Any) -> int:
        """Return how many connections have been made: the identity of the next."""
        return store.n_identities

    def has_squash(self, store: Any, lowest: int, highest: int) -> bool:
        """Return whether a neuron has an activation function with a code from `lowest`
        to `highest`.
        """
        codes = store["squash"]
        return bool(((codes >= lowest) & (codes <= highest)).any())

    def identities(self, store: Any, first_identity: int, count: int) -> Ints:
        """Return the identities of connections made together that still exist."""
        every = np.arange(first_identity, first_identity + count)
        return every[store.row_of[every] != schema.NONE]

    def _unknown(self, *asked: Any) -> None:
        """Return None: only columns can tell."""

    connects = are_apart = pairs_of = set_trainable = _unknown

    def connect(
        self,
        store: Any,
        pair: Pair,
        weight: float,
        trainable: bool,
        sign: int,
    ) -> Any:
        """Add a single connection; returns its handle."""
        source, target, delay = pair
        ends = source._row, target._row
        return store.edge(store.add_connections(*ends, weight, trainable, sign, delay))

    def add(self, store: Any, batch: ConnectionBatch) -> int:
        """Add connections; returns the identity of the first one."""
        signs = 0 if batch.signs is None else batch.signs
        return store.add_connections(
            *batch.rows(), batch.weights, batch.trainable, signs, batch.delay
        )

    def are_gated(self, store: Any, identities: Any) -> bool:
        """Return whether one of these connections has a gater."""
        return bool(store["gate"][store.row_of[identities]].any())

    def gate(self, store: Any, gater: Any, connections: Iterable[Any]) -> None:
        """Gate connections by a neuron."""
        store.touch()
        identities = [connection._identity for connection in connections]
        store["gate"][store.row_of[identities]] = gater._row + 1

    def gate_batch(
        self, store: Any, identities: Ints, gaters: Sequence[Any], gates: Indices
    ) -> None:
        """Gate the connection ``identities[i]`` by ``gaters[gates[i]]``."""
        store.touch()
        rows = np.array([gater._row for gater in gaters])
        store["gate"][store.row_of[identities]] = rows[gates] + 1

    def append(self, store: Any, draft: Draft) -> None:
        """Append the rows of neurons and connections that were composed here or in a
        store that this one absorbs. Connections come first, because rows of theirs
        alone are not read yet.
        """
        first_row = store.n_neurons
        count = sum(size for size, _, _, _ in draft.neurons)
        store.reserve_neurons(first_row + count)
        if draft.n_made():
            connections = draft.columns_of_connections(store.dtype, first_row)
            if store.n_identities:
                names = "source", "target", "weight", "trainable", "sign", "delay"
                ends = [connections[name] for name in (*names, "gate")]
                store.add_connections(*ends)
            else:
                store.adopt_connections(connections)
        start = store.add_rows(count)
        for size, squash, bias, trainable in draft.neurons:
            rows = slice(start, start + size)
            store.columns["squash"][rows] = squash
            store.columns["bias"][rows] = bias
            store.columns["trainable_bias"][rows] = trainable
            start += size


WRITTEN = Written()
"""The editor of every store with columns."""
