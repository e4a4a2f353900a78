"""The recorder behind :func:`synapse.record`: memory for the rows that kernels write, and their layout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from .. import engine
from .._typing import Floats, Ints
from ..engine.guard import Deferred, whole
from ..engine.lowering.changes import spans
from ..engine.lowering.flags import MEMORY
from ..engine.reach import Plan
from ..engine.schema import (
    CONNECTION_NUMBERS,
    NEURON_NUMBERS,
    NONE,
    PAIR_FIELDS,
    PAIR_NUMBERS,
    SENSITIVITY,
    WATCHABLE,
    WATCHED_NETWORK,
    WATCHED_OPEN,
    WATCHED_STEPS,
)
from ..engine.store import Store
from ..errors import TopologyError
from ._sensitivity_places import places_of
from .connection import Connection
from .network import Network
from .neuron import Neuron

Pair = tuple[Connection, Neuron]
"""A connection, and a neuron that its target gates, or whose state it has a sensitivity to."""

AT_ONCE, ROOM = 256, 1 << 20
"""Minimum number of steps in an allocation, unless fewer steps already have this many numbers."""


class Recorder:
    """Rows of numbers of neurons, connections and pairs, one row per step; the ``recorder`` of a store.

    `columns` are names of columns of the store (see ``schema.WATCHABLE``). The caller of a method other than
    `begin`, `close` and `rows` holds the lock of the store.
    """

    def __init__(
        self,
        network: Network,
        columns: Sequence[str],
        neurons: tuple[Neuron, ...],
        connections: tuple[Connection, ...],
        pairs: tuple[Pair, ...],
        sensitive: tuple[Pair, ...],
    ) -> None:
        self.network = network
        self.columns = tuple(sorted(columns, key=SENSITIVITY.__eq__))  # in each row, sensitivities are last
        self.neurons, self.connections, self.pairs, self.sensitive = neurons, connections, pairs, sensitive
        ends = np.cumsum([0, *(len(self.owners(name)) for name in self.columns)]).tolist()
        self.places = {name: slice(*ends[i : i + 2]) for i, name in enumerate(self.columns)}
        self.width: int = ends[-1]
        self._chunks: list[Floats] = []  # rows that are no longer in the memory of the kernels
        self._called: set[Neuron] | None = None  # neurons called one by one in the latest step
        self._followed: WeakSet[Plan] = WeakSet()  # they know which sensitivities to record

    def owners(self, column: str) -> tuple[Any, ...]:
        """The owners of a column's numbers: the neurons, the connections or the pairs."""
        if column in NEURON_NUMBERS:
            return self.neurons
        if column in CONNECTION_NUMBERS:
            return self.connections
        return self.pairs if column in PAIR_NUMBERS else self.sensitive

    @property
    def _store(self) -> Store:
        return self.network._store

    @property
    def active(self) -> bool:
        """Whether the recording is active."""
        return self._store.recorder is self

    def records(self, network: Network) -> bool:
        """Whether this network is recorded, and not another one of the store."""
        return network._number_now == self.network._number_now

    def owns(self, neuron: Neuron) -> bool:
        """Whether a neuron of the store is in the recorded network."""
        return bool(self._store["network"][neuron._row] == self.network._number_now)

    @whole
    def begin(self) -> None:
        """Start the recording."""
        store = self._store
        if store.recorder is not None:
            raise TopologyError(
                f"{self.network!r}, or one that is joined to it, is being recorded already. "
                "Record all that you want at once."
            )
        store.ready()
        what = [WATCHABLE.index(column) for column in self.columns]
        store.columns["watched_what"] = np.array(what, np.uint8)
        counts = len(what), len(self.neurons), len(self.connections), len(self.pairs), len(self.sensitive)
        store.columns["log_place"][:] = self.width, 0, 0, 0, *counts
        self._followed.clear()
        self.follow()
        self._renew(self._least)
        store.recorder = self

    @whole
    def close(self) -> None:
        """End the recording; a second call has no effect."""
        store = self._store
        if not self.active:
            return
        self._take()
        store.recorder = None
        store.columns["log_place"][:] = 0
        self._renew(0)

    def follow(self) -> None:
        """Give the kernels the rows to record; called when lowering has moved them."""
        columns = self._store.columns
        neurons = [neuron._row if neuron._row >= 0 else NONE for neuron in self.neurons]
        columns["watched"] = np.array(neurons, np.uint32)
        columns["watched_flags"] = columns["flags"].copy()
        rows = self._rows_of(self.connections)
        columns["watched_connection"] = rows
        columns["watched_run"] = self._runs_of(rows)
        self._follow_pairs()
        columns["log_place"][WATCHED_NETWORK] = self.network._anchor._row

    def _rows_of(self, connections: Sequence[Connection]) -> NDArray[np.uint32]:
        """The rows of connections; NONE for removed ones."""
        store = self._store
        row_of = np.append(store.row_of[: store.n_identities], np.uint32(NONE))
        return row_of[np.fromiter((one._identity for one in connections), np.int64, len(connections))]

    def _runs_of(self, rows: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """The run of each row; NONE for rows in no run."""
        columns = self._store.columns
        run = np.full(self._store.n_connections + 1, NONE, np.uint32)
        lengths = columns["run_length"]
        run[spans(columns["run_first"], lengths)] = np.repeat(np.arange(len(lengths)), lengths)
        return run[np.minimum(rows, self._store.n_connections)]

    def _follow_pairs(self) -> None:
        """The rows of pairs, see ``schema.PAIR_TRACE``."""
        store, columns = self._store, self._store.columns
        gated = np.flatnonzero(store["gater"] != NONE)
        key = store["gater"][gated].astype(np.int64) << 32 | store["target"][gated]
        order = np.argsort(key, kind="stable")
        columns["watched_gate"] = gated[order].astype(np.uint32)
        fields = np.full((len(self.pairs), PAIR_FIELDS), NONE, np.uint32)
        rows = self._rows_of([connection for connection, _ in self.pairs]).astype(np.int64)
        neurons = np.array([neuron._row for _, neuron in self.pairs], np.int64)
        there = np.flatnonzero((rows != NONE) & (neurons >= 0))
        rows, neurons = rows[there], neurons[there]
        pair = store["target"][rows].astype(np.int64) << 32 | neurons
        first, stop = (np.searchsorted(key[order], pair, side) for side in ("left", "right"))
        trace = self._traces_of(rows, neurons)
        exists = np.where(columns["flags"][neurons] & MEMORY, trace != NONE, first < stop)
        fields[there] = np.stack([trace, np.where(exists, rows, NONE), neurons, first, stop], axis=1)
        columns["watched_pair"] = fields.reshape(-1)

    def _traces_of(self, rows: Ints, gated: Ints) -> Ints:
        """Indices of the extended traces of pairs; NONE for traces that are not stored."""
        columns, target = self._store.columns, self._store["target"][rows].astype(np.int64)
        kept = np.flatnonzero(columns["influence_trace"] != NONE)
        key = columns["influence_gater"][kept].astype(np.int64) << 32 | columns["influence_gated"][kept]
        order = np.argsort(key)
        kept, key = np.append(kept[order], 0), np.append(key[order], -1)
        place = np.searchsorted(key[:-1], target << 32 | gated)
        offset = rows - columns["first_incoming"][target]
        found = (key[place] == (target << 32 | gated)) & (offset < columns["learning"][target])
        if not found.any():
            return np.full(len(rows), NONE, np.int64)
        return np.where(found, columns["influence_trace"][kept[place]].astype(np.int64) + offset, NONE)

    def follow_plan(self, network: Network, plan: Plan) -> None:
        """Tell the kernels of a plan which sensitivities to record; called before they run."""
        if not self.sensitive or plan in self._followed or not self.records(network):
            return
        rows = self._rows_of([connection for connection, _ in self.sensitive]).astype(np.int64)
        neurons = np.array([neuron._row for _, neuron in self.sensitive], np.int64)
        plan.note(places_of(plan, rows, neurons))
        self._followed.add(plan)

    # --- memory ----------------------------------------------------------------------------

    @property
    def _least(self) -> int:
        """Minimum number of steps for which memory is allocated."""
        return max(2, min(AT_ONCE, ROOM // max(1, self.width)))

    def make_room(self, steps: int) -> None:
        """Ensure memory for `steps` more steps; called before they run."""
        place, self._called = self._store.columns["log_place"], None
        rows = int(place[WATCHED_STEPS]) + steps
        if rows * self.width > len(self._store.columns["log"]):
            latest = self._present()[-1:]  # it may still be propagated, if the new steps raise an error
            self._renew(max(steps, self._least) + len(latest), latest)

    def _renew(self, steps: int, latest: Floats | None = None) -> None:
        """Allocate memory for this number of steps after the `latest` rows."""
        store, memory = self._store, self._memory(steps).reshape(-1)
        with Deferred():
            if latest is not None:
                memory[: latest.size] = latest.reshape(-1)
                self._take(len(latest))
            store.columns["log"] = memory
            store._renew_table()

    def _memory(self, steps: int) -> Floats:
        """Allocate memory for this number of rows."""
        try:
            return np.empty((steps, self.width))
        except MemoryError:
            raise MemoryError(
                f"Recording {steps} steps of {self.width} numbers takes {8e-9 * steps * self.width:.3g} GB. "
                "Record fewer neurons or connections, or fewer steps at a time."
            ) from None

    def _present(self) -> Floats:
        """The rows in the present memory of the kernels."""
        if not self.active:
            return np.empty((0, self.width))
        columns = self._store.columns
        steps = int(columns["log_place"][WATCHED_STEPS])
        return columns["log"][: steps * self.width].reshape(steps, self.width)

    def _take(self, without: int = 0) -> None:
        """Copy the rows that the kernels have written, except the last ones, which stay in their memory."""
        present = self._present()
        if len(present) > without:
            self._chunks.append(present[: len(present) - without].copy())
        self._store.columns["log_place"][WATCHED_STEPS] = without

    @whole
    def steps(self) -> int:
        """Number of rows."""
        return sum(map(len, self._chunks)) + len(self._present())

    @whole
    def rows(self) -> Floats:
        """All rows, shape (steps, width)."""
        return np.concatenate([np.empty((0, self.width)), *self._chunks, self._present()])

    # --- steps that no kernel records ------------------------------------------------------

    def step_over(self) -> None:
        """End the latest step, because the context has changed: a later propagation does not belong to it."""
        self._store.columns["log_place"][WATCHED_OPEN] = 0
        self._called = None

    def activated(self, neuron: Neuron) -> None:
        """Record the activation of a single neuron; its second activation in a step starts a new step."""
        store, called = self._store, self._called
        if not self.owns(neuron):
            return
        begin = called is None or neuron in called
        if begin:
            self.make_room(1)
        engine.online.note_step(store.ready(), store.unit, begin, True, NONE)
        self._called = {neuron} if called is None or begin else called
        self._called.add(neuron)

    def propagated(self, neuron: Neuron) -> None:
        """Record the propagation of a single neuron."""
        if self.owns(neuron):
            store = self._store
            engine.online.note_step(store.ready(), store.unit, False, False, neuron._row)

    def updated(self) -> None:
        """Record new weights and biases in the latest step, to which an update belongs."""
        store = self._store
        store.ready()
        present = self._present()
        rows = present if len(present) else (self._chunks or [present])[-1]
        for name, watched in (("weight", "watched_connection"), ("bias", "watched")):
            if len(rows) and name in self.columns:
                there = store.columns[watched] != NONE
                rows[-1, self.places[name]][there] = store[name][store.columns[watched][there]]

    def add(self, numbers: dict[str, Floats]) -> None:
        """Append steps of an exact gradient, with `numbers` of all neurons, shape (steps, neurons).

        Weights and biases are the present ones; gains follow from activations. Other numbers are NaN.
        """
        rows = self._memory(len(numbers["activation"]))
        rows[...] = np.nan
        with Deferred():
            self._take()
            self.step_over()
            self._chunks.append(rows)
        columns = self._store.columns
        for name, place in self.places.items():
            if name in NEURON_NUMBERS or name in CONNECTION_NUMBERS:
                watched = columns["watched" if name in NEURON_NUMBERS else "watched_connection"]
                there = np.flatnonzero(watched != NONE)
                rows[:, place][:, there] = self._exact(name, watched[there].astype(np.int64), numbers)

    def _exact(self, name: str, rows: Ints, numbers: dict[str, Floats]) -> Any:
        """A number of these rows of neurons or connections in steps of an exact gradient."""
        store, first = self._store, self.network._anchor._row
        if name in numbers:
            return numbers[name][:, rows - first]
        if name in ("weight", "bias"):
            return store[name][rows]
        if name != "gain":
            return np.nan
        gater = store["gater"][rows].astype(np.int64)
        gains = np.ones((len(numbers["activation"]), len(rows)))
        gains[:, gater != NONE] = numbers["activation"][:, gater[gater != NONE] - first]
        return gains
