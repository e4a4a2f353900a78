"""Accumulate the updates of the online rule without changing weights.

In the accumulator's table, ``weight_destination`` and ``bias_destination`` are buffers.
Every kernel that takes a store's address also accepts the address of this table. With a
rate of 1, the sums are minus the gradient of the online rule. Members of a tie have
separate sums. All other numbers that a step writes (activations, traces) are in the
store.
"""

from __future__ import annotations

import numpy as np

from ..columns import aligned
from ..lowering.flags import AT_ONCE, PENDING
from ..records import Ties
from ..redirected_table import RedirectedTable
from ..schema import DESTINATIONS
from ..store import Store


class Accumulator(RedirectedTable):
    """Buffers for updates, and the table of addresses that directs kernels to them.

    The store is lowered if its topology has changed. `weights` and `biases` are the
    sums of the updates, by row of connections and of neurons, and `are_clear` tells
    whether a kernel has reset them.
    """

    def __init__(self, store: Store) -> None:
        store.ensure_lowered()
        self.weights = aligned(store.n_connections, store.dtype)
        self.biases = np.zeros(store.n_neurons, store.dtype)
        self.are_clear = True
        # shared values do not change, so they need no time
        ties = np.zeros_like(store["ties"])
        ties[Ties.SIGNED :] = store["ties"][Ties.SIGNED :]
        columns = {
            **dict(zip(DESTINATIONS, (self.weights, self.biases), strict=True)),
            "ties": ties,
            "flags": store["flags"] & ~np.uint32(PENDING),
            "run_flags": store["run_flags"]
            | np.uint8(AT_ONCE),  # updates of such runs are never pending
        }
        if store["ties"][Ties.LISTS]:
            ties[Ties.MARKED] = 1
            columns["touched"] = np.zeros(store.n_neurons, store.dtype)
        super().__init__(store, columns)

    def clear(self) -> None:
        """Reset the buffers to 0, unless they are. Later updates are added to them."""
        if not self.are_clear:
            self.weights[:] = self.biases[:] = 0.0
            if "touched" in self.columns:
                self.columns["touched"][:] = 0.0
        self.are_clear = False
