"""A plan: the sensitivities of one network, and the tables by which kernels reach them and the store."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..lowering.changes import spans
from ..lowering.flags import GATES, TIED, TRACED, WAITING
from ..schema import FIRST, NONE, PLAN, STOP, TABLE, numpy_dtype
from ..store import Store
from .layout import Layout
from .pattern import find_pattern

_PLACES = {column.name: i for i, column in enumerate(PLAN)}
_STORE_PLACES = {column.name: i for i, column in enumerate(TABLE)}


class Plan:
    """The layout and the numbers of the sensitivities of a network, for one topology.

    A plan does not keep the traces of the online rule: its table of the store has copies of the flags without
    them. `span` is that of the network, `order` the number of steps within which a parameter must reach a
    recurrent number to be kept (None: any). The store has been lowered. Raises TooLarge if that needs more
    than `most` bytes.
    """

    def __init__(self, store: Store, span: NDArray[np.uint64], order: int | None, most: float = inf) -> None:
        self.store, self.span, self.topology = store, span, store.topology_version
        self.layout = Layout(store, find_pattern(store, span, order, most), most)
        self.columns: dict[str, NDArray[Any]] = dict(self.layout.columns)
        for column in PLAN:
            if column.name in self.layout.sizes:
                dtype = numpy_dtype(column, store.dtype)
                self.columns[column.name] = np.zeros(self.layout.sizes[column.name], dtype)
        self._table = np.zeros(2 * len(PLAN), np.uint64)
        for name, array in self.columns.items():
            self._enter(name, array)
        self.address = int(self._table.ctypes.data)
        untraced = {
            "flags": store["flags"] & ~np.uint8(TRACED | GATES | WAITING),
            "run_flags": store["run_flags"] | np.uint8(TIED),  # their updates are never pending
            "influence_trace": np.full_like(store["influence_trace"], NONE),
            "last_pull": store["first_pull"].copy(),
        }
        self._untraced = untraced  # the tables have their addresses only
        places = np.array([_STORE_PLACES[name] for name in untraced])
        self._places = np.concatenate([places, places + len(TABLE)])
        numbers = [array.ctypes.data for array in untraced.values()] + [len(a) for a in untraced.values()]
        self._numbers = np.array(numbers, np.uint64)
        self._store_table = np.empty_like(store.table)
        self._store_address = int(self._store_table.ctypes.data)

    def forget_traces(self) -> None:
        """Clear the traces of the online rule in the network, which steps by this plan leave as they are."""
        for name, places in _places_of_traces(self.store, self.span):
            self.store.columns[name][places] = 0.0

    def note(self, places: NDArray[np.uint64]) -> None:
        """Set the places of the sensitivities to record."""
        self.columns["noted"] = places
        self._enter("noted", places)

    def _enter(self, name: str, array: NDArray[Any]) -> None:
        self._table[_PLACES[name]] = array.ctypes.data
        self._table[len(PLAN) + _PLACES[name]] = len(array)

    def store_table(self, moves: Any = None) -> int:
        """The address of a table of the store without traces of the online rule.

        With an accumulator `moves`, updates are added to its buffers. Read it before every call, because
        columns can move.
        """
        self._store_table[:] = self.store.table if moves is None else moves.table
        self._store_table[self._places] = self._numbers
        return self._store_address


def _places_of_traces(store: Store, span: NDArray[np.uint64]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Where a network has traces of the online rule, by column."""
    c, first, stop = store.columns, int(span[FIRST]), int(span[STOP])
    traced = first + np.flatnonzero(c["flags"][first:stop] & TRACED)
    yield "eligibility", spans(c["first_trace"][traced], c["learning"][traced])
    yield "bias_eligibility", traced
    gaters = c["influence_gater"]
    pairs = np.flatnonzero((c["influence_trace"] != NONE) & (gaters >= first) & (gaters < stop))
    lengths = c["learning"][gaters[pairs]].astype(np.int64) + 1
    yield "extended", spans(c["influence_trace"][pairs], lengths)
