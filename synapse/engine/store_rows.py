"""Represent the rows of a store, with its columns, their table for kernels, and their
versions.
"""

from __future__ import annotations

import ctypes
import weakref
from _thread import RLock
from collections.abc import Collection, MutableMapping, Sequence
from itertools import chain, count
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .._typing import Bools, Indices
from . import schema
from .columns import (
    AXES,
    BLOCK_NAMES,
    OF_NEURONS,
    TABLE_SLOTS,
    StoreColumns,
)
from .draft import NONE_YET, Draft, DraftNeurons
from .functions.activations import FUNCTIONS
from .records import InputRows, Ties
from .written import Written

Names = Sequence[str | None]

_serials = count()
_versions = count(1)
ALL_LEARN: tuple[int, int, dict[int, int]] = (0, 0, {})
"""For :meth:`StoreRows.learn_part`: the part that learns, the version it had then, and
the versions of all parts since the latest edit."""
DOUBLE = np.dtype(np.float64)
NOT_YET: Any = None
"""In place of the columns that :meth:`Store.make_columns` makes."""


class NoProgram:
    """Replaces the program of a store without columns, and has no version."""

    version = 0
    single_calls = None


class StoreRows:
    """A store as far as locks, lowering and kernels see it: one column per number, one
    row per neuron or connection.

    A new store has no rows, and its columns are not made yet: its `editor` is a draft,
    which lists the neurons and connections that are composed. `dtype` is the float of
    the store.
    """

    __slots__ = (
        "__weakref__",
        "absorbed",
        "address",
        "blocks",
        "busy",
        "columns",
        "dtype",
        "edges",
        "editor",
        "followers",
        "graph",
        "handles",
        "lock",
        "n_connections",
        "n_identities",
        "n_lowered",
        "n_neurons",
        "n_removed",
        "n_runs",
        "names",
        "networks",
        "notes",
        "parts",
        "program",
        "recorder",
        "removed_rows",
        "row_of",
        "scalar",
        "serial",
        "structure_version",
        "table",
        "table_version",
        "topology_version",
        "turns",
    )

    def __init__(
        self,
        dtype: Any = DOUBLE,
        handles: list[Any] | None = None,
        names: list[str | None] | None = None,
        neurons: list[DraftNeurons] | None = None,
    ) -> None:
        self.serial = next(_serials)
        # held by the thread that steps, trains or edits, see ``locking.py``
        self.lock: Any = RLock()  # typeshed leaves out `_is_owned`
        self.busy = False  # whether it may be held for more than a moment
        # of the threads that wait for the lock: a list once one has
        self.turns: Any = ()
        self.dtype = DOUBLE if dtype is DOUBLE else np.dtype(dtype)
        self.handles: list[Any] = handles or []  # the neuron objects, by row
        self.names: list[str | None] = names or []
        # what edits go to: the draft, or the columns once there are any
        self.editor: Draft | Written = Draft(neurons)
        # Connection objects by identity, once there are columns: all of them in a dict
        # if single ones have been composed, and once there is a graph; else those that
        # somebody holds.
        self.edges: MutableMapping[int, Any] = NONE_YET
        self.graph: Any = None  # the objects' graph, once looked at
        # a WeakSet once there are any
        self.followers: Collection[Any] = ()
        # metadata of neurons and connections, once there are any
        self.notes: Any = None
        # the `Recorder` of one of its networks, see ``objects/recording.py``
        self.recorder: Any = None
        self.absorbed = False  # by another store, which has taken over its contents
        # The first changes with every change of structure and of what learns, and
        # differs between stores: it identifies a topology. The second is that of the
        # structure alone.
        self.topology_version = self.structure_version = next(_versions)
        self.parts = ALL_LEARN
        self.program: Any = NoProgram
        self.networks: dict[int, weakref.ref[Any]] = NONE_YET  # by number
        self.columns: StoreColumns = NOT_YET

    def _make_empty_columns(self) -> None:
        """Begin with columns without rows, and with all that refers to them."""
        scalar = self.dtype.type(1)
        # 1 of its float, which tells kernels the type; Python's own is passed fastest
        self.scalar: Any = 1.0 if isinstance(scalar, float) else scalar
        # Rows of the columns, those of connections with removed ones until the next
        # lowering, and how many rows it removes.
        self.n_neurons = self.n_connections = self.n_runs = self.n_removed = 0
        # How many connections were lowered, and which of their rows have been removed
        # since; None after any other change: see ``lowering/edits.py``.
        self.n_lowered = 0
        self.removed_rows: list[Indices] | None = None
        # rows of connections by identity; NONE: removed
        self.n_identities = 0
        self.row_of: NDArray[np.uint32] = np.empty(0, np.uint32)
        self.columns = StoreColumns(self.dtype)
        # the columns of neurons, one array for all of a dtype
        self.blocks: list[NDArray[Any]] = [
            np.empty((len(names), 0), self.columns[names[0]].dtype)
            for names in BLOCK_NAMES
        ]
        self.columns["clock"] = np.zeros(1, np.uint64)
        self.columns["failed"] = np.zeros(schema.FAILURE)
        self.columns["ties"] = np.zeros(len(Ties), np.uint64)
        self.columns["input_rows"] = np.zeros(len(InputRows), np.int64)
        self.networks = {}
        # for kernels, which get its address
        self.table: NDArray[np.uint64] = np.zeros(2 * len(schema.TABLE), np.uint64)
        self.table_version = 0  # changes with it
        self.address = int(self.table.ctypes.data)

    def make_columns(self) -> None:
        """Make the columns of composed neurons and connections, see ``store.py``."""
        raise NotImplementedError

    @property
    def _store(self) -> Self:
        return self  # so that a store can be held as its handles are

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a column, cut to its length. Do not hold it: columns move when they
        grow.
        """
        column = self.columns[name]
        axis = AXES[name]
        if axis == "neuron":
            return column[: self.n_neurons]
        if axis == "run":
            return column[: self.n_runs]
        return column[: self.n_connections] if axis == "connection" else column

    def gaters(self, rows: Any = slice(None)) -> NDArray[np.uint32]:
        """Return the rows of some connections' gaters, with NONE for connections
        without one.
        """
        gaters: NDArray[np.uint32] = self["gate"][rows] - np.uint32(1)
        return gaters

    def ends(self, rows: Any = slice(None)) -> tuple[NDArray[np.uint32], ...]:
        """Return the rows of sources, targets and gaters of some connections."""
        return self["source"][rows], self["target"][rows], self.gaters(rows)

    def __reduce_ex__(self, protocol: Any) -> Any:
        # A copy would keep the address of this store's memory, and kernels would write
        # to it.
        raise TypeError(
            "Neurons, layers and connections cannot be copied or pickled without"
            " their network. Use network.clone(), copy.deepcopy(network) or"
            " pickle.dumps(network)."
        )

    def _hold(self, parts: Sequence[NDArray[Any]], rows: int) -> None:
        """Reallocate the columns of neurons for `rows` rows, keeping their contents."""
        # Padded to an odd number of 8 rows: columns 4096 bytes apart would compete for
        # the same cache lines.
        blocks = [
            np.empty((len(columns), (-(-rows // 8) | 1) * 8), columns.dtype)
            for columns in parts
        ]
        for block, columns in zip(blocks, parts, strict=True):
            block[:, : columns.shape[1]] = columns
        self.columns.update(
            dict(zip(OF_NEURONS, chain.from_iterable(blocks), strict=True))
        )
        self.blocks = blocks

    def rows_into(self, row: int) -> Indices:
        """Return the rows of the connections into the neuron in a row."""
        if self.removed_rows is None:
            return np.flatnonzero(self["target"] == row)
        # As they were lowered, and those that have been added since.
        firsts = self.columns["first_incoming"]
        stop = int(firsts[row + 1]) if row + 1 < len(firsts) else self.n_lowered
        rows = np.arange(int(firsts[row]), stop)
        if self.n_connections > self.n_lowered:
            rows = np.append(rows, np.arange(self.n_lowered, self.n_connections))
        leads_there: Bools = self["target"][rows] == row
        return rows[leads_there]

    def counted_rows(self, column: schema.Column, start: int, stop: int) -> Any:
        """Return the rows of a counting column for the neurons in some rows, which are
        their own, or those of the connections into them.
        """
        if column.axis == "neuron":
            return slice(start, stop)
        target = self["target"]
        return np.flatnonzero((target >= start) & (target < stop))

    def touch(self) -> None:
        """Announce a change of topology; the program is lowered again before the next
        step.
        """
        self.removed_rows = None
        self._touch_connections()

    def _touch_connections(self) -> None:
        """Announce that connections have been added or removed, and nothing else."""
        self.topology_version = self.structure_version = next(_versions)

    def clear_single_calls(self) -> None:
        """Clear the rule of each neuron that is stepped alone, which then looks up the
        rule of its network again.
        """
        self.program.single_calls = None

    def touch_learning(self) -> None:
        """Announce a change in the parameters that learn, and of nothing else."""
        self.removed_rows = None
        self.topology_version = next(_versions)

    def learn_part(self, number: int) -> None:
        """Announce that only a part learns for now, by its number, or everything by 0.

        A version also identifies the parameters that learn. Until the next edit, each
        part has its own version, and objects that have been prepared for it are valid
        in each of its turns. It gets the version back when its rows are in their order
        again, which is when the store is lowered.
        """
        self.removed_rows = None
        before, version, versions = self.parts
        if version != self.topology_version:  # edited since
            versions = {}
        versions.setdefault(before, self.topology_version)
        if number not in versions or versions[number] != self.program.version:
            self.topology_version = next(_versions)
            versions.setdefault(number, self.topology_version)
        else:  # lowered for it
            self.topology_version = versions[number]
        self.parts = number, self.topology_version, versions

    @property
    def version_of_part(self) -> int:
        """Version that the topology has once the store is lowered."""
        number, version, versions = self.parts
        return (
            versions[number]
            if version == self.topology_version
            else self.topology_version
        )

    def network_at(self, row: int) -> Any:
        """Return the network of the neuron in a row; None if there is none, or it is
        not referenced any more.
        """
        reference = self.networks.get(int(self["network"][row]))
        return None if reference is None else reference()

    def renew_table(self) -> None:
        """Enter the present addresses and lengths of the columns into the table for
        kernels.
        """
        self.table_version += 1
        if len(self.columns["functions"]) < len(FUNCTIONS):  # none is ever removed
            self.columns["functions"] = np.array(FUNCTIONS, np.uint64)
        for name in self.columns.moved:
            column = self.columns[name]
            # this is faster than `column.ctypes.data`; an empty array has no address
            size = len(column)
            address = (
                ctypes.addressof(ctypes.c_char.from_buffer(column.data)) if size else 0
            )
            for slot in TABLE_SLOTS[name]:
                self.table[slot] = address
                self.table[len(schema.TABLE) + slot] = size
        self.columns.moved.clear()

    def sort_neurons(
        self, order: NDArray[np.int64], new_row: NDArray[np.uint32]
    ) -> None:
        """Reorder the neurons (rows left out are dropped); `new_row` has the new rows
        by the old ones.
        """
        blocks = [block.take(order, axis=1) for block in self.blocks]
        names_of_ends = schema.of_kind(schema.ROW, schema.CONNECTION)
        ends = {name: new_row.take(self[name], mode="clip") for name in names_of_ends}
        if self["gate"].any():
            new_gate = np.roll(new_row, 1) + np.uint32(1)  # the first is that of none
            ends["gate"] = new_gate.take(self["gate"])
        handles = [self.handles[i] for i in order]
        names = [self.names[i] for i in order]
        self._hold(blocks, len(order))
        self.n_neurons = len(order)
        self.handles = handles
        self.names = names
        for name, rows in ends.items():
            self[name][:] = rows
        for row, handle in enumerate(self.handles):
            handle._row = row  # in the same store
