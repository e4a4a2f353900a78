"""The store owns every number of a set of connected neurons."""

from __future__ import annotations

import ctypes
import threading
import weakref
from collections.abc import MutableMapping, Sequence
from itertools import chain, count
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._typing import Bools, Indices
from . import schema
from .follower import Follower
from .functions.activations import FUNCTIONS
from .guard import Deferred, InUse, making_views
from .lowering.lower import lower
from .lowering.program import Program, Traces
from .records import LogPlace, Ties
from .view import REMOVED
from .watcher import Watcher

SPARE = 4096
"""Removed rows and identities that a store tolerates before it is compacted."""

FEW = 1 << 14
"""Rows up to which columns double as they grow."""

Names = Sequence[str | None]

_serials = count()
_versions = count(1)


class StoreColumns(dict[str, NDArray[Any]]):
    """The columns of a store by name; `moved` are those whose addresses its table does
    not have yet.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        super().__init__(_EMPTY[dtype])
        self.moved: set[str] = set()  # a new table has the address 0 for empty columns

    def __setitem__(self, name: str, column: NDArray[Any]) -> None:
        super().__setitem__(name, column)
        self.moved.add(name)

    def update(self, columns: Any) -> None:  # type: ignore[override]
        """Let these arrays be columns."""
        super().update(columns)
        self.moved.update(columns)


class Store:
    """Flat arrays: one column per number, one row per neuron or connection.

    Objects that users hold are views of rows. Rows of neurons change only when lowering
    sorts them or another store absorbs this one; the views are updated then.
    Connections have an identity that does not change when their rows move. `dtype` is
    the float of the store.
    """

    def __init__(self, dtype: Any = np.float64) -> None:
        self.serial = next(_serials)
        # held by the thread that steps, trains or edits, see ``guard.py``
        self.lock = threading.RLock()
        self.dtype = np.dtype(dtype)
        unit = self.dtype.type(1)
        # Python's own float is passed fastest
        self.unit: Any = 1.0 if isinstance(unit, float) else unit
        self.n_neurons = 0
        self.n_connections = 0  # rows, including removed ones until the next lowering
        self.n_runs = 0
        self.n_removed = 0  # neurons and connections that the next lowering removes
        self.columns = StoreColumns(self.dtype)
        # the columns of neurons, one array for all of a dtype
        self.blocks = [
            np.empty((len(names), 0), self.columns[names[0]].dtype)
            for names in BLOCK_NAMES
        ]
        self.columns["clock"] = np.zeros(1, np.uint64)
        self.columns["failed"] = np.zeros(schema.FAILURE)
        self.columns["log_place"] = np.zeros(len(LogPlace), np.uint64)
        self.columns["ties"] = np.zeros(len(Ties), np.uint64)
        self.any_untraced = False  # whether a network in it has run without traces
        self.absorbed = False  # by another store, which has taken over its contents
        self.calls: Any = (
            None  # kernels of single steps, once one has run: ``online/calls.py``
        )
        self.single_calls: Any = (
            None  # those for neurons; None: each looks for its network's rule first
        )
        self.recorder: Watcher | None = None  # of one of its networks
        # by identity of a connection; NONE: removed
        self.row_of = np.empty(0, np.uint32)
        self.n_identities = 0
        self.views: list[Any] = []  # the neuron objects, by row
        self.names: list[str | None] = []
        self.networks: dict[int, weakref.ref[Any]] = {}
        self.followers: weakref.WeakSet[Follower] = weakref.WeakSet()
        # connection objects by identity; a dict once there is a graph, which holds them
        # all
        self.edges: MutableMapping[int, Any] = weakref.WeakValueDictionary()
        self.graph: Any = None  # the objects' graph, once looked at
        # which relays graphs leave out, after the version for which that is so
        self.delays: tuple[int, Any] = (0, None)
        self.notes: Any = (
            None  # metadata of neurons and connections, once there are any
        )
        # The first changes with every change of structure and of what learns, and
        # differs between stores: it identifies a topology. The second is that of the
        # structure alone.
        self.topology_version = self.structure_version = next(_versions)
        self.program = Program(version=0)
        # How many connections were lowered, and which of their rows have been removed
        # since; None after any other change: see ``lowering/edits.py``.
        self.laid_out = 0
        self.removed_rows: list[int] | None = None
        self.table = np.zeros(2 * len(schema.TABLE), np.uint64)
        self.address = int(self.table.ctypes.data)

    @property
    def _store(self) -> Store:
        return self  # so that a store can be held as its views are

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A column, cut to its length. Do not hold it: columns move when they grow."""
        column = self.columns[name]
        axis = _AXES[name]
        if axis == "neuron":
            return column[: self.n_neurons]
        if axis == "run":
            return column[: self.n_runs]
        return column[: self.n_connections] if axis == "connection" else column

    def __reduce_ex__(self, protocol: Any) -> Any:
        # A copy would keep the address of this store's memory, and kernels would write
        # to it.
        raise TypeError(
            "Neurons, layers and connections cannot be copied or pickled by themselves."
            " Copy their network: network.clone(), copy.deepcopy(network) or"
            " pickle.dumps(network)."
        )

    # --- growing ----------------------------------------------------------------------

    def _hold(self, parts: Sequence[NDArray[Any]], rows: int) -> None:
        """Let the columns of neurons be parts of new arrays for so many rows, which
        begin with these.
        """
        # Padded to an odd number of 8 rows: columns 4096 bytes apart would compete for
        # the same cache lines.
        blocks = [
            np.empty((len(columns), (-(-rows // 8) | 1) * 8), columns.dtype)
            for columns in parts
        ]
        for block, columns in zip(blocks, parts, strict=True):
            block[:, : columns.shape[1]] = columns
        self.columns.update(
            dict(zip(_OF_NEURONS, chain.from_iterable(blocks), strict=True))
        )
        self.blocks = blocks

    @property
    def size(self) -> int:
        """How many neurons and connections it has, removed ones included."""
        return self.n_neurons + self.n_connections

    def add_neurons(self, views: Sequence[Any], names: Names = ()) -> int:
        """Append a neuron for each view, with the defaults; returns the first row."""
        self.touch()
        start = self.n_neurons
        stop = self.n_neurons + len(views)
        self._reserve_neurons(stop)
        for block, defaults in zip(self.blocks, _DEFAULTS, strict=True):
            block[:, start:stop] = defaults
        self.n_neurons = stop
        self.views += views
        self.names += names or [None] * len(views)
        return start

    def _reserve_neurons(self, rows: int) -> None:
        if rows > self.blocks[0].shape[1]:
            self._hold(
                [block[:, : self.n_neurons] for block in self.blocks],
                _room(self.n_neurons, rows),
            )

    def _reserve_connections(self, rows: int) -> None:
        """Ensure capacity for so many rows: columns grow one by one, so that only one
        is in memory twice.
        """
        if rows > len(self.columns[schema.CONNECTION[-1].name]):  # which grows last
            for column in schema.CONNECTION:
                self.columns[column.name] = _with_room(self.columns[column.name], rows)

    def add_connections(
        self,
        sources: Indices | int,
        targets: Indices | int,
        weights: NDArray[np.floating[Any]] | float,
        trainable: NDArray[np.bool_] | bool = True,
        signs: NDArray[np.int8] | int = 0,
    ) -> int:
        """Append connections, or a single one, with checked arguments; returns the
        first identity.
        """
        self._touch_connections()
        start = self.n_connections
        identity = self.n_identities
        count = 1
        rows: Any = start
        places: Any = identity
        numbers = rows
        if not isinstance(sources, int):
            count = len(sources)
            rows = slice(start, start + count)
            places = slice(identity, identity + count)
            numbers = np.arange(start, start + count, dtype=np.uint32)
        self._reserve_connections(start + count)
        self.row_of = _with_room(self.row_of, identity + count)
        values = {
            "source": sources,
            "target": targets,
            "weight": weights,
            "trainable": trainable,
            "sign": signs,
            "identity": numbers + (identity - start),
        }
        for name, default in _NEW_CONNECTION:
            self.columns[name][rows] = values.get(name, default)
        self.row_of[places] = numbers
        self.n_connections += count
        self.n_identities += count
        return identity

    def rows_into(self, row: int) -> Indices:
        """The rows of the connections into the neuron in a row."""
        if self.removed_rows is None:
            return np.flatnonzero(self["target"] == row)
        # As they were lowered, and those that have been added since.
        firsts = self.columns["first_incoming"]
        start = int(firsts[row])
        stop = int(firsts[row + 1]) if row + 1 < len(firsts) else self.laid_out
        rows = np.arange(start, stop)
        if self.n_connections > self.laid_out:
            rows = np.append(rows, np.arange(self.laid_out, self.n_connections))
        leads_there: Bools = self["target"][rows] == row
        return rows[leads_there]

    def adopt_connections(self, columns: dict[str, NDArray[Any]]) -> None:
        """Take over the columns of all connections, in a store that has none; others
        get their defaults.
        """
        self.touch()
        count = len(columns["weight"])
        columns, adopted = (
            {**columns, "identity": np.arange(count, dtype=np.uint32)},
            {},
        )
        for name, default in _NEW_CONNECTION:
            dtype = self.columns[name].dtype
            if name in columns:
                column = np.ascontiguousarray(columns[name], dtype)
                adopted[name] = column if column.flags.writeable else column.copy()
            else:
                adopted[name] = (
                    np.full(count, default, dtype)
                    if default
                    else np.zeros(count, dtype)
                )
        self.columns.update(adopted)
        self.n_connections = self.n_identities = count
        self.row_of = self.columns["identity"].copy()

    def remove_connections(self, identities: Indices) -> None:
        """Mark connections as removed; the next lowering removes their rows."""
        rows = self.row_of[identities]
        self._touch_connections()
        if len(rows) > SPARE:
            self.removed_rows = None
        elif self.removed_rows is not None:
            self.removed_rows += rows.tolist()
        self._leave("connection", rows)
        self.row_of[identities] = schema.NONE
        with making_views:
            for identity in identities.tolist() if self.edges else ():
                view = self.edges.pop(identity, None)
                if view is not None:
                    view._moved(self, REMOVED)  # the identity may be used again
        self.n_removed += len(identities)

    def remove_neurons(self, rows: Indices) -> None:
        """Mark neurons as removed, whose connections have been removed before."""
        self.touch()
        for row in rows.tolist():
            self.views[row]._moved(self, REMOVED)
            self.views[row] = None
        self._leave("neuron", rows)
        self.n_removed += len(rows)

    def _leave(self, axis: str, rows: Indices) -> None:
        """Take removed rows out of their groups, and let them refer to no other
        rows.
        """
        # a single one is faster as an integer
        places = rows.item() if len(rows) == 1 else rows
        for column in _LEFT:
            if column.axis == axis:
                self.columns[column.name][places] = column.default

    def sweep(self) -> None:
        """Lower now if most rows of the store have been removed."""
        if self.n_removed > max(SPARE, (self.n_neurons + self.n_connections) // 2):
            self.ready()

    def renumber(self) -> None:
        """Give connections new identities, in the same order, if most are unused."""
        if self.n_identities <= 2 * self.n_connections + SPARE:
            return
        alive = np.flatnonzero(self.row_of[: self.n_identities] != schema.NONE)
        new = np.full(self.n_identities + 1, schema.NONE, np.uint32)
        new[alive] = np.arange(len(alive), dtype=np.uint32)
        with making_views:
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

    def follow(self, follower: Follower) -> None:
        """Tell an object with identities when they are renumbered, or move to another
        store.
        """
        self.followers.add(follower)

    def touch(self) -> None:
        """Announce a change of topology; the program is lowered again before the next
        step.
        """
        self.removed_rows = None
        self._touch_connections()

    def _touch_connections(self) -> None:
        """Announce that connections have been added or removed, and nothing else."""
        self.topology_version = self.structure_version = next(_versions)

    def forget_single_calls(self) -> None:
        """Let each neuron that is stepped alone look for the rule of its network
        again.
        """
        self.single_calls = None

    def touch_learning(self) -> None:
        """Announce a change of what learns, and of nothing else."""
        self.removed_rows = None
        self.topology_version = next(_versions)

    # --- merging ----------------------------------------------------------------------

    def absorb(self, other: Store) -> None:
        """Take over every neuron and connection of another store of the same float, and
        update its views.

        Rows are appended first and published at the end, so that an error leaves both
        stores unchanged. The caller holds both in use, so Ctrl-C is deferred.
        """
        if other.dtype != self.dtype:
            raise ValueError(
                f"stores of {self.dtype} and {other.dtype} cannot be joined"
            )
        if isinstance(other, UnreadStore) and not other.links and not other.bundles:
            other.move_to(self, other.write_neurons(self))
            return
        self.touch()
        other.touch()
        self.forget_single_calls()  # its networks may step as wholes
        self.any_untraced |= other.any_untraced
        others = other.program.traces(other).shifted(self.n_neurons, self.n_identities)
        kept = self.program.pending.joined(others)
        self._append(other)
        self._shift_appended(other)
        self._adopt(other, kept)

    def _shift_appended(self, other: Store) -> None:
        """Let the numbers in the appended rows continue those of this store."""
        begin = {"neuron": self.n_neurons, "connection": self.n_connections}
        count = {"neuron": other.n_neurons, "connection": other.n_connections}
        offsets: dict[schema.Kind | None, int] = {
            schema.ROW: self.n_neurons,
            schema.IDENTITY: self.n_identities,
            schema.NETWORK: self._highest_network(),
            schema.TIME: int(
                self["clock"][0]
            ),  # preserves the observed order in each store
        }
        for column in _SHIFTED:
            start = begin[column.axis]
            added = self.columns[column.name][start : start + count[column.axis]]
            group = column.kind is schema.GROUP
            offset = (
                self._highest(column.name, start) if group else offsets[column.kind]
            )
            if offset:
                added[added != column.default] += added.dtype.type(offset)

    def _highest(self, name: str, count: int) -> int:
        """Largest number of a group, or of a tie, in the first rows."""
        return int(self.columns[name][:count].max(initial=0))

    def _highest_network(self) -> int:
        return max(self._highest("network", self.n_neurons), *self.networks, 0)

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

    def network_at(self, row: int) -> Any:
        """The network of the neuron in a row; None if it is in none, or nobody holds
        it.
        """
        reference = self.networks.get(int(self["network"][row]))
        return None if reference is None else reference()

    def join_group(self, rows: Indices) -> None:
        """Make these neurons a group that competes, without others."""
        self.touch()
        self["group"][rows] = 1 + self._highest("group", self.n_neurons)

    def _append(self, other: Store) -> None:
        neurons = self.n_neurons + other.n_neurons
        connections = self.n_connections + other.n_connections
        self._reserve_neurons(neurons)
        self._reserve_connections(connections)
        self.row_of = _with_room(self.row_of, self.n_identities + other.n_identities)
        for block, others in zip(self.blocks, other.blocks, strict=True):
            block[:, self.n_neurons : neurons] = others[:, : other.n_neurons]
        for column in schema.CONNECTION:
            self.columns[column.name][self.n_connections : connections] = other[
                column.name
            ]

    def _adopt(self, other: Store, kept: Traces) -> None:
        """Publish the appended rows, and update everything that refers to the other
        store.
        """
        neurons = self.n_neurons
        identities = self.n_identities
        networks = self._highest_network()
        moved = other.row_of[: other.n_identities].copy()
        moved[moved != schema.NONE] += np.uint32(self.n_connections)
        self.views += other.views
        self.names += other.names
        self.n_neurons += other.n_neurons
        self.n_connections += other.n_connections
        self.n_removed += other.n_removed
        self.n_identities += other.n_identities
        self.row_of[identities : self.n_identities] = moved
        self["clock"][0] += other["clock"][0]
        self.networks |= {
            number + networks: network for number, network in other.networks.items()
        }
        for view in other.views:
            if view is not None:
                view._moved(self, view._row + neurons)
        with making_views:
            for identity, edge in list(other.edges.items()):
                edge._moved(self, identity + identities)
                self.edges[identity + identities] = edge
        for follower in list(other.followers):
            follower._moved(self, identities)
            self.followers.add(follower)
        self.program = Program(0, kept, self.program.made)
        self.touch()
        other.absorbed = True

    # --- copying ----------------------------------------------------------------------

    def copied(self, views: list[Any]) -> Store:
        """Make a store of other views with the same rows, identities and program, which
        has been lowered.
        """
        copy = Store(self.dtype)
        copy._hold(
            [block[:, : self.n_neurons] for block in self.blocks], self.n_neurons
        )
        copy.columns.update({name: self[name].copy() for name in _COPIED})
        copy.row_of = self.row_of.copy()
        copy.names = self.names.copy()
        copy.views = views
        for name in ("n_neurons", "n_connections", "n_runs", "n_identities"):
            setattr(copy, name, getattr(self, name))
        for row, view in enumerate(views):
            view._moved(copy, row)
        copy.renew_table()
        copy.program = Program(copy.topology_version, made=True)
        copy.laid_out = copy.n_connections
        copy.removed_rows = []
        return copy

    # --- stepping ---------------------------------------------------------------------

    def ready(self) -> int:
        """Lower if the topology has changed; returns the address of the table for
        kernels.
        """
        if self.program.version != self.topology_version:
            with InUse(self):
                # else another thread has done so
                if self.program.version != self.topology_version:
                    self._lower()
        return self.address

    def _lower(self) -> None:
        # its views have rows of another store now, see `guard.consistent_read`
        if self.absorbed:
            raise RuntimeError(
                "This store has been absorbed by another. Read from that one."
            )
        version = self.topology_version
        lower(self)
        self.renumber()
        self.n_removed = 0
        if self.recorder is not None:
            self.recorder.follow()
        self.renew_table()
        # last, so that lowering starts over after a failure
        self.program = Program(version, made=True)

    def renew_table(self) -> None:
        """Enter the present addresses and lengths of the columns into the table for
        kernels.
        """
        if len(self.columns["functions"]) < len(FUNCTIONS):  # none is ever removed
            self.columns["functions"] = np.array(FUNCTIONS, np.uint64)
        for name in self.columns.moved:
            column = self.columns[name]
            # this is faster than `column.ctypes.data`; an empty array has no address
            size = len(column)
            address = (
                ctypes.addressof(ctypes.c_char.from_buffer(column.data)) if size else 0
            )
            for place in _PLACES[name]:
                self.table[place] = address
                self.table[len(schema.TABLE) + place] = size
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
        views = [self.views[i] for i in order]
        names = [self.names[i] for i in order]
        self._hold(blocks, len(order))
        self.n_neurons = len(order)
        self.views = views
        self.names = names
        for name, rows in ends.items():
            self[name][:] = rows
        for row, view in enumerate(self.views):
            view._moved(self, row)


class ConnectionBundle(NamedTuple):
    """Connections made together: i leads from ``sources[pairs[0][i]]`` to
    ``targets[pairs[1][i]]``.

    Without `pairs`, every source leads to every target, in the order of
    :func:`every_pair`.
    """

    sources: Sequence[Any]
    targets: Sequence[Any]
    pairs: tuple[Indices, Indices] | None
    weights: NDArray[np.floating[Any]]
    trainable: bool
    gaters: Sequence[Any] = ()
    # the index of each connection's gater, if they are gated
    gates: Indices = np.empty(0, np.uint32)


class UnreadStore(Store):
    """The store of neurons and connections whose numbers nothing has read yet, which
    has no columns.

    It holds the objects with the few numbers that they were made with, and either
    single connections or bundles of them. One assignment adds a single connection or a
    gate, so that Ctrl-C cannot divide it. A store that absorbs this one takes these
    numbers. Otherwise, reading a column, or another attribute that only an ordinary
    store has, makes it one. Names that no store has, as a debugger tries, change
    nothing.
    """

    n_removed = 0
    graph = None
    notes = None
    recorder = None
    absorbed = False
    bundled = 0  # connections in bundles
    # by first identity; replaced, never changed
    bundles: dict[int, ConnectionBundle] = {}  # noqa: RUF012
    networks: dict[int, Any] = {}  # noqa: RUF012
    followers: Any = frozenset()

    def __init__(
        self,
        views: list[Any],
        dtype: np.dtype[Any],
        names: list[str | None],
        squash: int,
        bias: Any,
    ) -> None:
        self.serial = next(_serials)
        self.lock = threading.RLock()
        self.dtype = dtype
        self.views = views
        self.names = names
        # of neurons made together: the first, their number, squash, bias or biases, and
        # whether these learn
        self.born = [(views[0], len(views), squash, bias, True)]
        # connections by their ends, in the order of creation
        self.links: dict[tuple[Any, Any], Any] = {}
        # weight, trainable and gater by connection
        self.given: dict[Any, tuple[float, bool, Any]] = {}

    @property
    def size(self) -> int:
        """How many neurons and connections it has."""
        return len(self.views) + len(self.links) + self.bundled

    def follow(self, follower: Follower) -> None:
        """Tell an object with identities when they are renumbered, or move to another
        store.
        """
        self.followers |= {follower}

    def __getattr__(self, name: str) -> Any:
        if name not in _ATTRIBUTES:
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}"
            )
        with self.lock, Deferred():
            # otherwise another thread has been faster
            if isinstance(self, UnreadStore):
                read = Store(self.dtype)
                self.write_neurons(read)
                if self.links:
                    self._write_links(read)
                if self.bundles:
                    self._write_bundles(read)
                read.followers.update(self.followers)
                read.serial = self.serial
                read.lock = self.lock
                read.absorbed = self.absorbed
                self.__dict__ = vars(read)
                self.__class__ = Store  # type: ignore[assignment]
        return getattr(self, name)

    def write_neurons(self, store: Store) -> int:
        """Append its neurons to an ordinary store; returns the first row."""
        start = store.add_neurons(self.views, self.names)
        columns = [store.columns[name] for name in ("squash", "bias", "trainable_bias")]
        for view, size, *numbers in self.born:
            begin = start + view._row
            for column, number in zip(columns, numbers, strict=True):
                column[begin : begin + size] = number
        return start

    def set_trainable(self, views: list[Any], learns: bool) -> bool:
        """Set whether the biases of neurons made together learn; False if these are
        others.
        """
        for place, (view, size, *numbers) in enumerate(self.born):
            if view is views[0] and self.views[view._row : view._row + size] == views:
                self.born[place] = (view, size, *numbers[:-1], learns)
                return True
        return False

    def _write_bundles(self, store: Store) -> None:
        source, target = (np.empty(self.bundled, np.uint32) for _ in range(2))
        gater = np.full(self.bundled, schema.NONE, np.uint32)
        trainable = np.empty(self.bundled, np.uint8)
        weight = aligned(self.bundled, store.dtype)
        for start, (
            sources,
            targets,
            pairs,
            weights,
            learns,
            gaters,
            gates,
        ) in self.bundles.items():
            rows = slice(start, start + len(weights))
            ends = [
                np.array([view._row for view in views], np.uint32)
                for views in (sources, targets)
            ]
            source[rows], target[rows] = (
                every_pair(*ends) if pairs is None else map(np.take, ends, pairs)
            )
            trainable[rows] = learns
            weight[rows] = weights
            if gaters:
                gater[rows] = np.array([view._row for view in gaters])[gates]
        names = "source", "target", "gater", "trainable", "weight"
        store.adopt_connections(
            dict(zip(names, (source, target, gater, trainable, weight), strict=True))
        )

    def _write_links(self, store: Store) -> None:
        # Not by zip(*...), which makes an object for each of them, and so lets Python
        # collect garbage.
        sources = np.array([source._row for source, _ in self.links])
        targets = np.array([target._row for _, target in self.links])
        numbers_of_links = [self.given[edge] for edge in self.links.values()]
        weights, trainable = (
            np.array([numbers[i] for numbers in numbers_of_links]) for i in (0, 1)
        )
        store.add_connections(sources, targets, weights, trainable)
        store.edges = dict(enumerate(self.links.values()))
        gaters = [
            schema.NONE if gater is None else gater._row
            for _, _, gater in numbers_of_links
        ]
        store.columns["gater"][: len(gaters)] = gaters

    def move_to(self, store: Store, start: int) -> None:
        """Let its neurons be those of another store, from this row on."""
        for row, view in enumerate(self.views, start):
            view._moved(store, row)
        self.views = []
        self.names = []
        self.born = []
        self.absorbed = True

    def absorb(self, other: Any) -> None:
        """Take over the neurons and connections of another store; an unread one gets no
        columns for that.
        """
        new = isinstance(other, UnreadStore) and other.dtype == self.dtype
        if not new or (self.links and other.bundles) or (self.bundles and other.links):
            super().absorb(other)
            return
        start = len(self.views)
        links = other.links
        for identity, edge in enumerate(links.values(), len(self.links)):
            edge._moved(self, identity)
        self.views += other.views
        self.names += other.names
        self.born += other.born
        self.links |= links
        self.given |= other.given
        for follower in other.followers:
            follower._moved(self, self.bundled)
        self.bundles = self.bundles | {
            self.bundled + i: bundle for i, bundle in other.bundles.items()
        }
        self.followers, self.bundled = (
            self.followers | other.followers,
            self.bundled + other.bundled,
        )
        other.links = {}
        other.given = {}
        other.bundles = {}
        other.followers = frozenset()
        other.move_to(self, start)


def every_pair(sources: Indices, targets: Indices) -> tuple[Indices, Indices]:
    """Every source with every target, those of the first target first, as two new
    arrays.
    """
    source, target = np.empty((2, len(targets), len(sources)), np.uint32)
    source[:] = sources
    target[:] = targets[:, None]
    return source.reshape(-1), target.reshape(-1)


class RedirectedTable:
    """A store's table for kernels, in which `columns` are others, such as buffers; for
    one topology.
    """

    def __init__(self, store: Store, columns: dict[str, NDArray[Any]]) -> None:
        self.store = store
        self.topology = store.topology_version
        self._columns = columns  # the table has their addresses only
        places = np.array([_PLACES[name][0] for name in columns])
        self._places = np.concatenate([places, places + len(schema.TABLE)])
        numbers = [array.ctypes.data for array in columns.values()] + [
            len(a) for a in columns.values()
        ]
        self._numbers = np.array(numbers, np.uint64)
        self.table = np.empty_like(store.table)
        self._address = int(self.table.ctypes.data)

    def renewed(self, base: RedirectedTable | None = None) -> int:
        """The address, after taking the other columns of the store, or of `base`, as
        they are now.
        """
        if self.topology != self.store.topology_version:
            raise RuntimeError("The topology has changed since the table was made.")
        if base is not None:
            base.renewed()
        self.table[:] = (base or self.store).table
        self.table[self._places] = self._numbers
        return self._address

    @property
    def address(self) -> int:
        """The address for kernels; read it before every call, because the store's
        columns can move.
        """
        return self.renewed()


def _room(length: int, rows: int) -> int:
    """Return the capacity of columns of this length that have to grow to some rows,
    with a reserve.
    """
    return max(rows, length + (max(8, length) if length < FEW else length // 16))


def aligned(size: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Zeros that start at a cache line, because vectors across two lines take twice the
    time to load.
    """
    memory = np.zeros(size * dtype.itemsize + schema.VECTOR_BYTES, np.uint8)
    offset = -memory.ctypes.data % schema.VECTOR_BYTES
    return memory[offset : offset + size * dtype.itemsize].view(dtype)


def _with_room(array: NDArray[Any], rows: int) -> NDArray[Any]:
    """Return `array` if it has so many rows, otherwise a longer copy with a reserve."""
    if rows <= len(array):
        return array
    grown = aligned(_room(max(len(array), 32), rows), array.dtype)
    grown[: len(array)] = array
    return grown


_NUMBERS = {
    dtype: [column for column in schema.NEURON if column.dtype == dtype]
    for dtype in schema.TYPES
}
BLOCK_NAMES = [
    [column.name for column in columns] for columns in _NUMBERS.values() if columns
]
"""The columns of neurons in each array of ``store.blocks``."""
_OF_NEURONS = [*chain.from_iterable(BLOCK_NAMES)]
_DEFAULTS = [
    np.array([[column.default] for column in columns])
    for columns in _NUMBERS.values()
    if columns
]
_EMPTY = {
    dtype: {
        column.name: np.empty(0, schema.numpy_dtype(column, dtype))
        for column in schema.COLUMNS
    }
    for dtype in schema.SIDE_BY_SIDE
}
_NEW_CONNECTION = [(column.name, column.default) for column in schema.CONNECTION]
_AXES = {column.name: column.axis for column in schema.COLUMNS}
_PLACES = {column.name: [i] for i, column in enumerate(schema.TABLE)}
for _name, _column in schema.DESTINATIONS.items():
    _PLACES[_column] += _PLACES[_name]
_KINDS = (schema.ROW, schema.IDENTITY, schema.NETWORK, schema.TIME, schema.GROUP)
_SHIFTED = tuple(column for column in schema.COLUMNS if column.kind in _KINDS)
_OWN = ("connection", "store", *schema.LOWERED)
_COPIED = [column.name for column in schema.COLUMNS if column.axis in _OWN]
_LEFT = tuple(
    column for column in schema.COLUMNS if column.kind in (schema.ROW, schema.GROUP)
)


_ATTRIBUTES = frozenset(vars(Store()))
"""What an ordinary store has and an unread one gets."""
