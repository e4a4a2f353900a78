"""The store: owner of every number of a set of connected neurons."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .lower import lower
from .program import Program
from .schema import COLUMNS, CONNECTION, FAILED, FUNCTIONS, NEURON, NONE, Column, numpy_dtype

Rows = NDArray[np.integer[Any]]


class Store:
    """Flat arrays, a column a number, a row a neuron or a connection.

    Objects that users hold are views of rows. Neuron rows change only when lowering sorts them
    or another store absorbs this one, and the views are re-pointed then; connections are known
    by an identity that outlives the moving of their rows.

    Parameters
    ----------
    dtype : numpy dtype
        The float of the store.
    """

    def __init__(self, dtype: Any = np.float64) -> None:
        self.dtype = np.dtype(dtype)
        self.unit = self.dtype.type(1)
        self.n_neurons = 0
        self.n_connections = 0  # rows, removed ones included until the next lowering
        self.columns: dict[str, NDArray[Any]] = {
            column.name: np.empty(0, numpy_dtype(column, self.dtype)) for column in COLUMNS
        }
        self.columns["clock"] = np.zeros(1, np.uint64)
        self.columns["failed"] = np.zeros(FAILED)
        self.columns["log_place"] = np.zeros(3, np.uint64)
        self.recorder: Any = None  # what wants to hear before steps are made
        self.row_of = np.empty(0, np.uint32)  # by identity of a connection; NONE: removed
        self.n_identities = 0
        self.views: list[Any] = []  # the neuron objects, by row
        self.names: list[str | None] = []
        self.networks: dict[int, weakref.ref[Any]] = {}
        self.projections: weakref.WeakSet[Any] = weakref.WeakSet()
        self.edges: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
        self.graph: Any = None  # the objects' graph, once looked at
        self.topology_version = 1
        self.program = Program(version=0)
        self.table = np.zeros(2 * len(COLUMNS), np.uint64)
        self.address = int(self.table.ctypes.data)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A column, cut to its length. Not to be kept: columns move when they grow."""
        column = self.columns[name]
        axis = _AXES[name]
        if axis == "neuron":
            return column[: self.n_neurons]
        return column[: self.n_connections] if axis == "connection" else column

    def __reduce_ex__(self, protocol: Any) -> Any:
        # A copy would keep the address of this store's memory, and kernels would write to it.
        raise TypeError(
            "Neurons, layers and connections cannot be copied or pickled by themselves. "
            "Copy their network: network.clone(), copy.deepcopy(network) or pickle.dumps(network)."
        )

    # --- growing ---------------------------------------------------------------------------

    def _reserve(self, table: Sequence[Column], rows: int) -> None:
        """Make room for `rows` rows in these columns, and some more so that appending stays cheap."""
        capacity = len(self.columns[table[0].name])
        if rows <= capacity:
            return
        capacity = max(rows, capacity + (capacity if capacity < 1 << 14 else capacity // 8))
        for column in table:
            grown = np.empty(capacity, numpy_dtype(column, self.dtype))
            old = self.columns[column.name]
            grown[: len(old)] = old
            self.columns[column.name] = grown

    def add_neurons(self, count: int) -> int:
        """Append `count` neurons with default numbers; returns the first row."""
        first = self.n_neurons
        self._reserve(NEURON, first + count)
        for column in NEURON:
            self.columns[column.name][first : first + count] = column.default
        self.n_neurons += count
        self.views.extend([None] * count)
        self.names.extend([None] * count)
        self.touch()
        return first

    def add_connections(
        self,
        sources: Rows,
        targets: Rows,
        weights: NDArray[np.floating[Any]] | float,
        trainable: NDArray[np.bool_] | bool = True,
    ) -> int:
        """Append connections, whose arguments have been checked; returns the first identity."""
        first, count = self.n_connections, len(sources)
        self._reserve(CONNECTION, first + count)
        rows = slice(first, first + count)
        identity = self.n_identities
        for name, value in (
            ("source", sources),
            ("target", targets),
            ("weight", weights),
            ("gater", NONE),
            ("trainable", trainable),
            ("tie", 0),
            ("identity", np.arange(identity, identity + count, dtype=np.uint32)),
        ):
            self.columns[name][rows] = value
        self.n_connections += count
        self._add_identities(np.arange(first, first + count, dtype=np.uint32))
        self.touch()
        return identity

    def _add_identities(self, rows: NDArray[np.uint32]) -> None:
        needed = self.n_identities + len(rows)
        if needed > len(self.row_of):
            grown = np.full(max(needed, 2 * len(self.row_of)), NONE, np.uint32)
            grown[: self.n_identities] = self.row_of[: self.n_identities]
            self.row_of = grown
        self.row_of[self.n_identities : needed] = rows
        self.n_identities = needed

    def remove_connections(self, identities: Rows) -> None:
        """Leave tombstones, which the next lowering sweeps away."""
        rows = self.row_of[identities]
        for name in ("source", "target", "gater"):
            self.columns[name][rows] = NONE
        self.columns["tie"][rows] = 0
        self.row_of[identities] = NONE
        self.touch()

    def touch(self) -> None:
        """The topology has changed: the program is lowered anew before the next step."""
        self.topology_version += 1

    # --- merging ---------------------------------------------------------------------------

    def absorb(self, other: Store) -> None:
        """Take over every neuron and connection of another store, and re-point its views.

        Raises
        ------
        ValueError
            If the stores keep different floats.
        """
        if other.dtype != self.dtype:
            raise ValueError(f"stores of {self.dtype} and {other.dtype} cannot be joined")
        kept = self.program.traces(self)
        kept += [trace.shifted(self.n_neurons, self.n_identities) for trace in other.program.traces(other)]
        neurons, connections, identities = self.n_neurons, self.n_connections, self.n_identities
        networks = max(self.networks, default=0)
        self._append(NEURON, other, neurons, other.n_neurons)
        self._append(CONNECTION, other, connections, other.n_connections)
        self.n_neurons += other.n_neurons
        self.n_connections += other.n_connections
        for name, offset in (
            ("source", neurons),
            ("target", neurons),
            ("gater", neurons),
            ("identity", identities),
        ):
            added = self.columns[name][connections : self.n_connections]
            added[added != NONE] += np.uint32(offset)
        for name, count, offset in (
            ("network", neurons, networks),
            ("group", neurons, self._highest("group", neurons)),
            ("bias_tie", neurons, self._highest("bias_tie", neurons)),
            ("tie", connections, self._highest("tie", connections)),
        ):
            added = self[name][count:]
            added[added != 0] += np.uint32(offset)
        stamps = self.columns["stamp"][neurons : self.n_neurons]
        stamps[stamps != 0] += self["clock"][0]  # both orders stay as observed
        self["clock"][0] += other["clock"][0]
        moved = other.row_of[: other.n_identities].copy()
        moved[moved != NONE] += np.uint32(connections)
        self._add_identities(moved)
        self._adopt(other, neurons, identities, networks)
        self.program = Program(0, kept)
        self.touch()

    def _highest(self, name: str, count: int) -> int:
        """The highest number of a group, or of a tie, in the first rows."""
        return int(self.columns[name][:count].max(initial=0))

    def join_group(self, rows: Rows) -> None:
        """These neurons compete from now on, and with no others."""
        self["group"][rows] = 1 + self._highest("group", self.n_neurons)
        self.touch()

    def _append(self, table: Sequence[Column], other: Store, first: int, count: int) -> None:
        self._reserve(table, first + count)
        for column in table:
            self.columns[column.name][first : first + count] = other.columns[column.name][:count]

    def _adopt(self, other: Store, neurons: int, identities: int, networks: int) -> None:
        """Re-point everything that looks at the other store."""
        self.views += other.views
        self.names += other.names
        for view in other.views:
            view._store = self
            view._row += neurons
        for number, network in other.networks.items():
            self.networks[number + networks] = network
        for projection in list(other.projections):
            projection._moved(self, identities)
            self.projections.add(projection)
        for identity, edge in list(other.edges.items()):
            edge._store = self
            edge._identity = identity + identities
            self.edges[identity + identities] = edge

    # --- stepping --------------------------------------------------------------------------

    def ready(self) -> int:
        """Lower if the topology has changed; returns the address of the table that kernels take."""
        if self.program.version != self.topology_version:
            lower(self)
            self._renew_table()
        return self.address

    def _renew_table(self) -> None:
        self.columns["functions"] = np.array(FUNCTIONS, np.uint64)
        for i, column in enumerate(COLUMNS):
            array = self.columns[column.name]
            self.table[i] = array.ctypes.data
            self.table[len(COLUMNS) + i] = len(array)

    def sort_neurons(self, order: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Bring the neurons into this order (rows left out are dropped); returns new rows by old."""
        new_row = np.full(self.n_neurons + 1, NONE, np.uint32)
        new_row[order] = np.arange(len(order), dtype=np.uint32)
        for column in NEURON:
            self.columns[column.name] = self[column.name][order]
        self.n_neurons = len(order)
        for name in ("source", "target", "gater"):
            rows = self[name]
            rows[:] = new_row[np.minimum(rows, len(new_row) - 1)]
        self.views = [self.views[i] for i in order]
        self.names = [self.names[i] for i in order]
        for row, view in enumerate(self.views):
            view._row = row
        return new_row

    def sort_connections(self, order: NDArray[np.int64]) -> None:
        """Bring the connections into this order; rows left out are dropped."""
        for column in CONNECTION:
            self.columns[column.name] = self[column.name][order]
        self.n_connections = len(order)
        self.row_of[self["identity"]] = np.arange(len(order), dtype=np.uint32)

    @property
    def memory(self) -> int:
        """Bytes held by all columns."""
        return sum(array.nbytes for array in self.columns.values()) + self.row_of.nbytes


_AXES = {column.name: column.axis for column in COLUMNS}
