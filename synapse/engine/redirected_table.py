"""Replace some columns in a store's table, for kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import schema
from .columns import TABLE_SLOTS
from .store import Store


class RedirectedTable:
    """A store's table for kernels, in which `columns` are replaced, for example by
    buffers, for one topology.
    """

    def __init__(self, store: Store, columns: dict[str, NDArray[Any]]) -> None:
        self.store = store
        self.topology = store.topology_version
        self.columns = columns  # the table has their addresses only
        slots = np.array([TABLE_SLOTS[name][0] for name in columns])
        self._slots = np.concatenate([slots, slots + len(schema.TABLE)])
        numbers = [array.ctypes.data for array in columns.values()] + [
            len(a) for a in columns.values()
        ]
        self._numbers = np.array(numbers, np.uint64)
        self.table = np.empty_like(store.table)
        self._copied: tuple[int, RedirectedTable | None] | None = None
        self._address = int(self.table.ctypes.data)

    def renewed(self, base: RedirectedTable | None = None) -> int:
        """Return the address, after taking the other columns of the store, or of
        `base`, as they are now.
        """
        if self.topology != self.store.topology_version:
            raise RuntimeError("The topology has changed since the table was made.")
        if base is not None:
            base.renewed()
        present = self.store.table_version, base
        if self._copied != present:
            self.table[:] = (base or self.store).table
            self.table[self._slots] = self._numbers
            self._copied = present
        return self._address

    @property
    def address(self) -> int:
        """The address for kernels; read it before every call, because the store's
        columns can move.
        """
        return self.renewed()
