"""Accumulate the updates of the online rule without changing weights.

The kernels read ``weight`` and ``bias`` and add every update to ``weight_destination`` and
``bias_destination``. In a store's table these are the same columns. An `Accumulator` has its own table,
in which they are two buffers that start at 0. Every kernel that takes a store's address also takes this one,
and then learns without changing weights:

    moves = Accumulator(store)                # of a store that is ready, which the caller has in use
    train_network(moves.address, store.unit, ...)  # with a rate of 1: minus the gradient of the online rule
    moves.weights, moves.biases               # sums over all steps since `clear`, by row of the store

Tied numbers are not summed: each member's row has its own updates. No updates are pending
(`propagate.apply_pending`): when a call returns, all are in the buffers. Everything else that a step writes
(activations, errors, traces, the clock, a recording) is written to the store.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..lowering.flags import PENDING, TIED
from ..schema import DESTINATIONS, TABLE
from ..store import Store

_PLACES = {column.name: i for i, column in enumerate(TABLE)}


class Accumulator:
    """Buffers for updates, and the table of addresses that directs kernels to them.

    The store is lowered if its topology has changed. An accumulator is valid for one topology: until
    ``store.topology_version`` changes. `weights` and `biases` are the sums of the updates, by row of
    connections and of neurons.
    """

    def __init__(self, store: Store) -> None:
        store.ready()
        self.store, self.topology = store, store.topology_version
        self.weights = np.zeros(store.n_connections, store.dtype)
        self.biases = np.zeros(store.n_neurons, store.dtype)
        columns = {
            **dict(zip(DESTINATIONS, (self.weights, self.biases), strict=True)),
            "ties": np.zeros_like(store["ties"]),  # nothing that is shared changes: no time for it
            "flags": store["flags"] & ~np.uint8(PENDING),
            "run_flags": store["run_flags"] | np.uint8(TIED),  # updates of such runs are never pending
        }
        self._columns: dict[int, NDArray[np.generic]] = {_PLACES[name]: columns[name] for name in columns}
        self._table = np.empty_like(store.table)

    @property
    def address(self) -> int:
        """The address of a table for kernels: the store's present table, except the destinations.

        Read it before every call, because columns can move, as those of a recording do when they grow.
        """
        return int(self.table.ctypes.data)

    @property
    def table(self) -> NDArray[np.uint64]:
        """That table."""
        if self.topology != self.store.topology_version:
            raise RuntimeError("The topology has changed since the accumulator was made.")
        self._table[:] = self.store.table
        for place, array in self._columns.items():
            self._table[place], self._table[len(TABLE) + place] = array.ctypes.data, len(array)
        return self._table

    def clear(self) -> None:
        """Reset the buffers to 0."""
        self.weights[:] = 0.0
        self.biases[:] = 0.0
