"""Define a plan, which contains the sensitivities of one network, and the tables by
which kernels reach them and the store.
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._typing import Floats, Ints
from .. import schema
from ..lowering.flags import AT_ONCE, GATES, PENDING, TRACED
from ..lowering.ranges import concat_ranges
from ..records import Latest, Span
from ..redirected_table import RedirectedTable
from ..store import Store
from .layout import Layout
from .pattern import find_pattern

_PLACES = {column.name: i for i, column in enumerate(schema.PLAN)}
MAX_LAYOUTS = 2
"""Number of layouts that a network remembers. With two, a part that is frozen and
released in turn, or two trainers of parts that take turns, find their layouts again.
"""
MAX_KNOWN_CONNECTIONS = 1 << 16
"""Maximum number of connections in a store whose layouts stay in memory. With more
connections, a layout can be larger than all columns of the store.
"""
KnownLayouts = dict[Any, Layout]
"""Layouts by the values they depend on, with the latest last."""


class Plan:
    """The layout and the values of a network's sensitivities, for one topology.

    A plan does not keep the traces of the online rule, because its table of the store
    has copies of the flags without them. `span` belongs to the network, and `order` is
    the number of steps within which a parameter must reach a recurrent number to be
    kept, or None for any number. The store must be lowered. Raises TooLarge if that
    needs more than `maximum` bytes. `layouts` belong to the same network and order.
    """

    def __init__(
        self,
        store: Store,
        span: NDArray[np.int64],
        order: int | None,
        maximum: float = inf,
        layouts: KnownLayouts | None = None,
    ) -> None:
        self.store = store
        self.span = span
        self.topology = store.topology_version
        self.layout = _layout_of(
            store, span, order, maximum, {} if layouts is None else layouts
        )
        self.columns: dict[str, NDArray[Any]] = dict(self.layout.columns)
        for column in schema.PLAN:
            if column.name in self.layout.sizes:
                self.columns[column.name] = _zeros(
                    self.layout.sizes[column.name],
                    schema.numpy_dtype(column, store.dtype),
                )
        if self.layout.table is None:
            self._table = np.zeros(2 * len(schema.PLAN), np.int64)
            for name, array in self.layout.columns.items():
                self._enter(name, array)
            self.layout.table = self._table
        self._table = self.layout.table.copy()
        for name in self.layout.sizes:
            self._enter(name, self.columns[name])
        self.address = int(self._table.ctypes.data)
        self.untraced = without_traces(store)
        self._untraced = RedirectedTable(store, self.untraced)

    # --- the latest step --------------------------------------------------------------

    @property
    def step(self) -> int:
        """The number of the latest step that the sensitivities include, or 0 without
        steps.
        """
        return int(self.columns["latest"][Latest.STEP])

    @step.setter
    def step(self, step: int) -> None:
        self.columns["latest"][Latest.STEP] = step

    @property
    def is_open(self) -> bool:
        """Whether a step has been activated since the context was cleared."""
        return bool(self.columns["latest"][Latest.OPEN])

    def clear(self) -> None:
        """Clear all sensitivities, which treats the present context as given."""
        for name in schema.PLAN_CONTEXT:
            self.columns[name][:] = 0

    def clear_root(self, neuron: int) -> None:
        """Clear the sensitivities of a neuron, given as its number in the network, and
        of its past activations.
        """
        layout = self.layout
        lines = layout.roots[layout.line_root] == neuron
        indices = np.repeat(lines, layout.width[layout.line_class])
        copies = self.columns["sensitivity"][: 2 * layout.size].reshape(2, -1)
        copies[:, indices] = 0.0

    def renew(self, before: bool) -> None:
        """Compute the sensitivities after the latest step and, with `before`, also
        after the previous step.

        With `before`, no step is pending afterwards, and later sensitivities may differ
        in rounding.
        """
        c = self.columns
        latest = c["latest"]
        size = self.layout.size
        steps = int(latest[Latest.PENDING])
        if steps == 0:
            return
        from .loops import renew_sensitivities as run

        if not latest[Latest.RENEWED]:
            run(self.store.address, self.store.scalar, self.address, steps)
            latest[Latest.RENEWED] = 1
        if before:
            copies = c["sensitivity"].reshape(3, size)
            now = self.values.copy()
            run(self.store.address, self.store.scalar, self.address, steps - 1)
            copies[0] = now
            copies[1] = copies[2]
            depth = self.layout.depth
            direct = c["direct"].reshape(2 * depth, -1)
            # of the latest step, see `slot_of`
            slot = (int(latest[Latest.BASE]) * depth + steps - 1) % len(direct)
            direct[0] = direct[slot]
            latest[[Latest.BASE, Latest.PENDING]] = 0
            latest[[Latest.RENEWED, Latest.UNITS]] = 0

    # --- reading ----------------------------------------------------------------------

    @property
    def values(self) -> Floats:
        """The sensitivities of the latest step, line by line, after they have been
        renewed.
        """
        latest = self.columns["latest"]
        size = self.layout.size
        copy = 2 if latest[Latest.RENEWED] else int(latest[Latest.BASE])
        begin = copy * size
        return np.asarray(self.columns["sensitivity"][begin : begin + size])

    def indices(self, owner: Any, offset: Any, root: Any) -> NDArray[np.int64]:
        """Return the places in `values` of d (root) / d (parameter into a neuron), by
        numbers; ENDED: not kept.
        """
        layout = self.layout
        owner, offset, root = np.broadcast_arrays(owner, offset, root)
        line = layout.line_of(layout.class_of[owner], root)
        kept = line >= 0
        indices = np.full(line.shape, schema.ENDED, np.int64)
        entry = layout.direct_offset[owner[kept]] + offset[kept]
        indices[kept] = layout.line_offset[line[kept]] + layout.column[entry]
        return indices

    def of_parameter(self, target: int, offset: int) -> tuple[Ints, Floats]:
        """Return the neurons (numbers) with a sensitivity to a parameter into a neuron,
        and the sensitivities.
        """
        layout = self.layout
        if offset >= layout.count_of(target):
            return np.empty(0, np.int64), np.empty(0)
        indices = self.indices(target, offset, np.arange(layout.n_states))
        there = indices != schema.ENDED
        return layout.states[there], self.values[indices[there]]

    def matrix(self) -> tuple[Ints, Floats]:
        """Return the neuron of each parameter, and all sensitivities, shape (roots,
        parameters), with NaN for sensitivities that are not kept.
        """
        layout = self.layout
        counts = layout.count_of(np.arange(layout.pattern.size))
        counts[: int(self.span[Span.INPUTS])] = 0
        owners = np.repeat(np.arange(len(counts)), counts)
        offset = concat_ranges(np.zeros(len(counts), np.int64), counts)
        indices = self.indices(
            owners, offset, np.arange(len(layout.roots))[:, np.newaxis]
        )
        values = np.full(indices.shape, np.nan)
        there = indices != schema.ENDED
        values[there] = self.values[indices[there]]
        return owners, values

    def places_of(self, rows: Ints, neurons: Ints) -> NDArray[np.int64]:
        """Return the places in `values` for pairs of a connection and a neuron, given
        as rows, with ENDED for pairs that are not kept.
        """
        layout = self.layout
        c = self.store.columns
        indices = np.full(len(rows), schema.ENDED, np.int64)
        there = np.flatnonzero(
            (rows != schema.NONE) & np.isin(neurons - layout.origin, layout.states)
        )
        target = c["target"][rows[there]].astype(np.int64)
        offset = rows[there] - c["first_incoming"][target]
        trained = offset < c["learning"][target]
        there = there[trained]
        roots = np.searchsorted(layout.states, neurons[there] - layout.origin)
        indices[there] = self.indices(
            target[trained] - layout.origin, offset[trained], roots
        )
        return indices

    # --- tables for kernels -----------------------------------------------------------

    def _enter(self, name: str, array: NDArray[Any]) -> None:
        self._table[_PLACES[name]] = array.ctypes.data
        self._table[len(schema.PLAN) + _PLACES[name]] = len(array)

    def store_table(self, updates: Any = None) -> int:
        """Return the address of the store's table without traces, or with `updates`;
        read it before every call.
        """
        return self._untraced.renewed(updates)


def _layout_of(
    store: Store,
    span: NDArray[np.int64],
    order: int | None,
    maximum: float,
    layouts: KnownLayouts,
) -> Layout:
    """Return the layout of a network in a lowered store. The known layout is used if
    the same parameters learn as before, and each connection is in the same row.
    """
    names = "identity", "trainable", "trainable_bias"
    few = store.n_connections <= MAX_KNOWN_CONNECTIONS
    learning = [store[name].tobytes() for name in names] if few else ()
    key = store.structure_version, *learning
    layout = layouts.pop(key, None) if few else None
    if layout is None:
        layout = Layout(store, find_pattern(store, span, order, maximum), maximum)
        for other in [*layouts]:
            # the latest one stays, unless the structure has changed since
            if not few or len(layouts) == MAX_LAYOUTS or other[0] != key[0]:
                del layouts[other]
    if few:
        layouts[key] = layout
    return layout


def without_traces(store: Store) -> dict[str, NDArray[Any]]:
    """Return copies of a lowered store's flags with which steps leave traces unchanged
    and updates are never pending.
    """
    return {
        "flags": store["flags"] & ~np.uint32(TRACED | GATES | PENDING),
        # their updates are never pending
        "run_flags": store["run_flags"] | np.uint8(AT_ONCE),
        "influence_trace": np.full_like(store["influence_trace"], schema.NONE),
        "pull_stop": store["pull_start"].copy(),
    }


def _zeros(size: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return zeros that are aligned to a cache line, because storing a vector across
    two lines takes twice the time.
    """
    room = np.zeros(size * dtype.itemsize + schema.VECTOR_BYTES, np.uint8)
    begin = -room.ctypes.data % schema.VECTOR_BYTES
    return room[begin : begin + size * dtype.itemsize].view(dtype)
