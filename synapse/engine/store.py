"""Store every number of a set of connected neurons. The store owns these numbers."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from itertools import repeat
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .._typing import Indices
from . import schema
from .columns import (
    BLOCK_DEFAULTS,
    COPIED,
    LEFT,
    MAX_UNREAD,
    NEW_CONNECTION,
    SHIFTED,
    copied,
    has_numbers,
    room,
    with_room,
    write,
    zeros,
)
from .draft import Draft
from .follower import REMOVED, IdentityObserver
from .locking import DeferredInterrupt, ExclusiveAccess, gc_paused, handles_lock
from .lowering.lower import lower
from .lowering.program import Program, Traces
from .store_rows import Names, StoreRows
from .written import WRITTEN


class Store(StoreRows):
    """Flat arrays, with one column per number, and one row per neuron or connection.

    Objects that users hold are handles of rows. Rows of neurons change only when
    lowering sorts them or another store absorbs this one; the handles are updated then.
    Connections have an identity that does not change when their rows move.

    All code that reads or edits numbers calls :meth:`make_columns` first. The contexts
    of ``locking.py`` and :meth:`ensure_lowered` do so, whereas
    ``ExclusiveAccess(..., columns=False)`` is only for composing.
    """

    __slots__ = ()

    edge_type: ClassVar[type[Any]]
    """Class of the handles of connections."""

    def make_columns(self) -> None:
        """Make the columns of all that has been composed, unless there are columns.

        If memory runs out, the store is as it was before.
        """
        if self.editor is not WRITTEN:
            self._write_draft()

    def _write_draft(self) -> None:
        with self.lock, DeferredInterrupt():
            draft = self.editor
            # otherwise another thread has been faster
            if isinstance(draft, Draft):
                self._make_empty_columns()
                self.program = Program(version=0)
                if draft.neurons:
                    WRITTEN.append(self, draft)
                edges = draft.released()
                self.edges = (
                    weakref.WeakValueDictionary(edges)
                    if draft.batches or not edges
                    else edges
                )
                self.editor = WRITTEN

    # --- composing --------------------------------------------------------------------

    def add_neurons(self, handles: Sequence[Any], names: Names = ()) -> int:
        """Append a neuron for each handle, with the defaults; returns the first row."""
        start = self.add_rows(len(handles))
        self.handles += handles
        self.names += names or [None] * len(handles)
        return start

    def add_rows(self, count: int) -> int:
        """Append rows of neurons with the defaults; returns the first one."""
        self.touch()
        start = self.n_neurons
        stop = start + count
        self.reserve_neurons(stop)
        for block, defaults in zip(self.blocks, BLOCK_DEFAULTS, strict=True):
            block[:, start:stop] = defaults
        self.n_neurons = stop
        return start

    def reserve_neurons(self, rows: int) -> None:
        """Ensure capacity for `rows` rows."""
        if rows > self.blocks[0].shape[1]:
            self._hold(
                [block[:, : self.n_neurons] for block in self.blocks],
                room(self.n_neurons, rows),
            )

    def _reserve_connections(self, rows: int) -> None:
        """Ensure capacity for `rows` rows: columns grow one by one, so that only one is
        in memory twice.
        """
        if rows > len(self.columns[schema.CONNECTION[-1].name]):  # which grows last
            for column in schema.CONNECTION:
                self.columns[column.name] = with_room(self.columns[column.name], rows)

    def add_connections(
        self,
        sources: Indices | int,
        targets: Indices | int,
        weights: NDArray[np.floating[Any]] | float,
        trainable: NDArray[np.bool_] | bool = True,
        signs: NDArray[np.int8] | int = 0,
        delays: Indices | int = 0,
        gates: Indices | int = 0,
    ) -> int:
        """Append connections, or a single one, with checked arguments; returns the
        first identity.
        """
        self._touch_connections()
        start = self.n_connections
        identity = self.n_identities
        count = 1
        rows: Any = start
        indices: Any = identity
        numbers = rows
        if not isinstance(sources, int):
            count = len(sources)
            rows = slice(start, start + count)
            indices = slice(identity, identity + count)
            numbers = np.arange(start, start + count, dtype=np.uint32)
        self._reserve_connections(start + count)
        self.row_of = with_room(self.row_of, identity + count)
        values = {
            "source": sources,
            "target": targets,
            "weight": weights,
            "trainable": trainable,
            "sign": signs,
            "delay": delays,
            "gate": gates,
            "identity": numbers + (identity - start),
        }
        for name, default in NEW_CONNECTION:
            value = values.get(name, default)
            column = self.columns[name]
            if count > 1:
                write(column[rows], value)
            elif type(value) is not int or value or column[rows]:
                column[rows] = value
        self.row_of[indices] = numbers
        self.n_connections += count
        self.n_identities += count
        return identity

    def adopt_connections(self, columns: dict[str, NDArray[Any]]) -> None:
        """Take over the columns of all connections, in a store without connections.
        Missing columns get their defaults.
        """
        self.touch()
        count = len(columns["weight"])
        columns, adopted = (
            {**columns, "identity": np.arange(count, dtype=np.uint32)},
            {},
        )
        for name, default in NEW_CONNECTION:
            dtype = self.columns[name].dtype
            if name in columns and (default or has_numbers(columns[name])):
                column = np.ascontiguousarray(columns[name], dtype)
                adopted[name] = column if column.flags.writeable else column.copy()
            else:
                adopted[name] = (
                    np.full(count, default, dtype) if default else zeros(count, dtype)
                )
        self.columns.update(adopted)
        self.n_connections = self.n_identities = count
        self.row_of = self.columns["identity"].copy()

    def new_network(self, network: Any) -> int:
        """Number a new network of neurons of this store.

        Neurons of a deleted network keep their order until another network takes them:
        no number may depend on when Python collects an object.
        """
        for number in [
            number for number, other in self.networks.items() if other() is None
        ]:
            del self.networks[number]
        number = self._highest_network() + 1
        self.networks[number] = weakref.ref(network)
        return number

    def join_group(self, rows: Indices) -> None:
        """Make these neurons a group that competes, without others."""
        self.touch()
        self["group"][rows] = 1 + self._highest("group", self.n_neurons)

    # --- removing ---------------------------------------------------------------------

    def remove_connections(self, identities: Indices) -> None:
        """Mark connections as removed; the next lowering removes their rows."""
        rows = self.row_of[identities]
        self._touch_connections()
        if self.removed_rows is not None:
            self.removed_rows.append(rows)
        self._leave("connection", rows)
        self.row_of[identities] = schema.NONE
        with handles_lock:
            for identity in identities.tolist() if self.edges else ():
                handle = self.edges.pop(identity, None)
                if handle is not None:
                    handle._moved(self, REMOVED)  # the identity may be used again
        self.n_removed += len(identities)

    def remove_neurons(self, rows: Indices) -> None:
        """Mark neurons as removed, whose connections have been removed before."""
        self.touch()
        for row in rows.tolist():
            self.handles[row]._moved(self, REMOVED)
            self.handles[row] = None
        self._leave("neuron", rows)
        self.n_removed += len(rows)

    def _leave(self, axis: str, rows: Indices) -> None:
        """Take removed rows out of their groups, and let them refer to no other
        rows.
        """
        # a single one is faster as an integer
        selected = rows.item() if len(rows) == 1 else rows
        for column in LEFT:
            if column.axis == axis:
                self.columns[column.name][selected] = column.default

    def compact_if_sparse(self) -> None:
        """Lower now if most rows of the store have been removed."""
        if self.n_removed > (self.n_neurons + self.n_connections) // 2:
            self.ensure_lowered()

    def renumber(self) -> None:
        """Give connections new identities, in the same order."""
        alive = np.flatnonzero(self.row_of[: self.n_identities] != schema.NONE)
        new = np.full(self.n_identities + 1, schema.NONE, np.uint32)
        new[alive] = np.arange(len(alive), dtype=np.uint32)
        with handles_lock:
            edges = {int(new[identity]): edge for identity, edge in self.edges.items()}
            row_of, identity = self.row_of[alive], new[self["identity"]]
            self["identity"][:] = identity
            self.row_of = row_of
            self.n_identities = len(alive)
            self.edges = (
                edges
                if isinstance(self.edges, dict)
                else weakref.WeakValueDictionary(edges)
            )
            for number, edge in edges.items():
                edge._moved(self, number)
        for follower in list(self.followers):
            follower._renumbered(new)

    def follow(self, follower: IdentityObserver) -> None:
        """Tell an object with identities when they are renumbered, or move to another
        store.
        """
        if not isinstance(self.followers, weakref.WeakSet):
            self.followers = weakref.WeakSet()
        self.followers.add(follower)

    # --- merging ----------------------------------------------------------------------

    def absorb(self, other: Store) -> tuple[int, int]:
        """Take over every neuron and connection of another store of the same float, and
        update its handles; returns their first row and identity.

        Rows are appended first and published at the end, so that an error leaves both
        stores unchanged. The caller holds both in use, so Ctrl-C is deferred.
        """
        composed = other.editor
        if composed is WRITTEN:
            self.make_columns()
        offsets = len(self.handles), self.editor.n_made(self)
        if not isinstance(composed, Draft):
            self._absorb_columns(other)
            return offsets
        self.editor.append(self, composed)
        if self.editor is WRITTEN:
            other.edges = composed.released()
        self._take_over_handles(other, *offsets)
        other.editor = Draft()
        other.handles, other.names = [], []
        return offsets

    def _absorb_columns(self, other: Store) -> None:
        self.touch()
        other.touch()
        others = other.program.traces(other).shifted(
            self.n_neurons, self.n_identities, int(self["clock"][0])
        )
        kept = self.program.pending.joined(others)
        self._append(other)
        self._shift_appended(other)
        self._adopt(other, kept)

    def _shift_appended(self, other: Store) -> None:
        """Offset the numbers in the appended rows, to continue those of this store."""
        begin = {"neuron": self.n_neurons, "connection": self.n_connections}
        count = {"neuron": other.n_neurons, "connection": other.n_connections}
        offsets: dict[schema.Kind | None, int] = {
            schema.ROW: self.n_neurons,
            schema.GATE: self.n_neurons,
            schema.IDENTITY: self.n_identities,
            schema.NETWORK: self._highest_network(),
            schema.TIME: int(
                self["clock"][0]
            ),  # preserves the observed order in each store
        }
        for column in SHIFTED:
            start = begin[column.axis]
            added = self.columns[column.name][start : start + count[column.axis]]
            group = column.kind is schema.GROUP
            offset = (
                self._highest(column.name, start) if group else offsets[column.kind]
            )
            if offset:
                added[added != column.default] += added.dtype.type(offset)

    def _highest(self, name: str, count: int) -> int:
        """Return the largest number of a group, or of a tie, in the first rows."""
        return int(self.columns[name][:count].max(initial=0))

    def _highest_network(self) -> int:
        return max(self._highest("network", self.n_neurons), *self.networks, 0)

    def _append(self, other: Store) -> None:
        neurons = self.n_neurons + other.n_neurons
        connections = self.n_connections + other.n_connections
        self.reserve_neurons(neurons)
        self._reserve_connections(connections)
        self.row_of = with_room(self.row_of, self.n_identities + other.n_identities)
        for block, others in zip(self.blocks, other.blocks, strict=True):
            block[:, self.n_neurons : neurons] = others[:, : other.n_neurons]
        for column in schema.CONNECTION:
            rows = self.columns[column.name][self.n_connections : connections]
            write(rows, other[column.name])

    def _adopt(self, other: Store, kept: Traces) -> None:
        """Publish the appended rows, and update everything that refers to the other
        store.
        """
        neurons = self.n_neurons
        identities = self.n_identities
        networks = self._highest_network()
        moved = other.row_of[: other.n_identities].copy()
        moved[moved != schema.NONE] += np.uint32(self.n_connections)
        self.n_neurons += other.n_neurons
        self.n_connections += other.n_connections
        self.n_removed += other.n_removed
        self.n_identities += other.n_identities
        self.row_of[identities : self.n_identities] = moved
        self["clock"][0] += other["clock"][0]
        self.networks |= {
            number + networks: network for number, network in other.networks.items()
        }
        self._take_over_handles(other, neurons, identities)
        self.program = Program(0, kept, self.program.made, freezes=True)
        self.touch()

    def _take_over_handles(
        self, other: Store, first_row: int, first_identity: int
    ) -> None:
        """Rebind everything that refers to rows and identities of the other store to
        those here.
        """
        self.handles += other.handles
        self.names += other.names
        for handle in other.handles:
            if handle is not None:
                handle._moved(self, handle._row + first_row)
        if other.edges:
            with handles_lock:
                for identity, edge in list(other.edges.items()):
                    edge._moved(self, identity + first_identity)
                    self.edges[identity + first_identity] = edge
        for follower in list(other.followers):
            follower._moved(self, first_identity)
            self.follow(follower)
        other.absorbed = True

    # --- handles of connections -------------------------------------------------------

    @classmethod
    def make_edges_of(cls, handles: type[Any]) -> None:
        """Set the class of the handles of connections, which the engine does not
        know.
        """
        cls.edge_type = handles

    def edge(self, identity: int) -> Any:
        """Return the connection with this identity; there is one object for each."""
        handle = self.edges.get(identity)
        if handle is None:
            with handles_lock:
                handle = self.edges.get(identity)
                if handle is None:
                    handle = self.edge_type(self, identity)
                    # otherwise it was removed meanwhile; readers look again
                    made = identity < self.n_identities
                    if made and self.row_of[identity] != schema.NONE:
                        self.edges[identity] = handle
        return handle

    def held_edges(self, identities: Sequence[int]) -> list[Any]:
        """Return the connections with these identities, made all at once; from now on
        the store holds all it has.

        Its graph holds them anyway, and a dict is faster than weak references.
        """
        with handles_lock, gc_paused():
            if not isinstance(self.edges, dict):
                self.edges = dict(self.edges.items())
            edges = self.edges
            new = [identity for identity in identities if identity not in edges]
            edges.update(zip(new, map(self.edge_type, repeat(self), new), strict=True))
            return list(map(edges.__getitem__, identities))

    # --- copying ----------------------------------------------------------------------

    def copied(self, handles: list[Any]) -> Store:
        """Make a store of other handles with the same rows, identities and program,
        which has been lowered.
        """
        copy = Store(self.dtype)
        copy.make_columns()
        copy._hold(
            [block[:, : self.n_neurons] for block in self.blocks], self.n_neurons
        )
        copy_of = copied if self.n_connections >= MAX_UNREAD else np.ndarray.copy
        copy.columns.update({name: copy_of(self[name]) for name in COPIED})
        copy.row_of = self.row_of.copy()
        copy.names = self.names.copy()
        copy.handles = handles
        for name in ("n_neurons", "n_connections", "n_runs", "n_identities"):
            setattr(copy, name, getattr(self, name))
        for row, handle in enumerate(handles):
            handle._moved(copy, row)
        if self.notes is not None:
            self.notes.copy_to(copy)
        copy.renew_table()
        copy.program = Program(copy.topology_version, made=True)
        copy.n_lowered = copy.n_connections
        copy.removed_rows = []
        return copy

    # --- stepping ---------------------------------------------------------------------

    def ensure_lowered(self) -> int:
        """Lower if the topology has changed; returns the address of the table for
        kernels.
        """
        if self.program.version != self.topology_version:
            with ExclusiveAccess(self):
                self.lower_in_use()
        return self.address

    def lower_in_use(self) -> int:
        """Do the same as `ensure_lowered`, for a caller that has the store in use."""
        if self.program.version != self.topology_version:
            self._lower()
        return self.address

    def _lower(self) -> None:
        # its handles have rows of another store now, see `locking.consistent_read`
        if self.absorbed:
            raise RuntimeError(
                "This store has been absorbed by another. Read from that one."
            )
        version = self.version_of_part
        lower(self)
        if self.n_identities - self.n_connections > self.n_connections:
            self.renumber()
        self.n_removed = 0
        self.renew_table()
        # last, so that lowering starts over after a failure
        if version != self.topology_version:  # the part whose turn it is has its own
            self.topology_version = version
            self.parts = self.parts[0], version, self.parts[2]
        self.program = Program(version, made=True, structure=self.structure_version)
