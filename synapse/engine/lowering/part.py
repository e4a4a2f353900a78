"""A part of a store that is lowered alone, and put into the program of the store."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..._typing import Bools, Indices
from ..schema import CONNECTION, NONE, PROGRAM
from .changes import LastLowering, Moved, spans
from .flags import STEPPED

if TYPE_CHECKING:
    from ..store import Store

RUN_COLUMNS = tuple(column for column in PROGRAM if column.axis == "run" and column.name != "run_influence")
_OF_CONNECTIONS = frozenset(column.name for column in CONNECTION)


Stretches = list[tuple[int, int, int]]
"""First row, stop and shift of connections that move together."""

MANY = 256
"""Number of stretches of rows from which on it is faster to sort all rows."""


class Part:
    """Some neurons of a store with their incoming connections, in a form that is lowered like a store.

    The columns of connections hold only theirs, the columns of neurons are those of the store. `chosen` is
    the mask of the neurons, `rows` are their connections in order; None: all connections of the store.
    """

    def __init__(self, store: Store, chosen: Bools, rows: Indices | None) -> None:
        self.store, self.chosen, self.rows = store, chosen, rows
        self.n_neurons, self.n_connections = store.n_neurons, store.n_connections
        self.columns: MutableMapping[str, NDArray[Any]] = ChainMap({}, store.columns)  # runs of its own

    def __getitem__(self, name: str) -> NDArray[Any]:
        column = self.store[name]
        return column if self.rows is None or name not in _OF_CONNECTIONS else column[self.rows]

    def rows_of(self, numbers: Indices) -> Indices:
        """Rows in the store of connections that are numbered within the part."""
        return numbers if self.rows is None else self.rows[numbers]

    def insert_runs(self, before: LastLowering, moved: Moved | None) -> None:
        """Put the runs of the part into the program of the store, beside those that have not changed."""
        new, c, chosen = self.columns, self.store.columns, self.chosen
        count = np.where(chosen, new["last_run"].astype(np.int64) - new["first_run"], before.runs)
        last = np.cumsum(count)
        first, others = last - count, ~chosen
        old = spans(before.first_run[others], before.runs[others])
        to, new_to = spans(first[others], count[others]), spans(first[chosen], count[chosen])
        shift = np.repeat((c["first_incoming"] - before.first)[others], count[others])
        for column in RUN_COLUMNS:
            values = c[column.name][old]
            if column.name == "run_first":
                values = values + shift
                new["run_first"] = self.rows_of(new["run_first"])
            elif column.name == "run_flags":
                values &= np.uint8(0xFF ^ STEPPED)
            elif moved is not None and column.name in ("run_source", "run_gater"):
                values = moved.of(values)
            whole = np.empty(len(to) + len(new_to), column.dtype)
            whole[to], whole[new_to] = values, new[column.name]
            c[column.name] = whole
        c["first_run"], c["last_run"] = first.astype(np.uint32), last.astype(np.uint32)


def replace_rows(store: Store, before: LastLowering, chosen: Bools, rows: NDArray[np.int64]) -> Part | None:
    """Replace the lowered connections into chosen neurons by these rows, which are in order.

    Connections into other neurons move up or down in long stretches. Returns None, and changes nothing, if
    there are so many that sorting all rows is faster.
    """
    into = np.bincount(store["target"][rows], minlength=store.n_neurons)
    count = np.where(chosen, into, before.incoming)
    first = np.cumsum(count) - count
    stretches = _stretches(before, chosen, first)
    if len(stretches) > MANY:
        return None
    to = spans(first[chosen], count[chosen])
    _move(store, stretches, rows, to, int(count.sum()))
    return Part(store, chosen, to)


def _move(
    store: Store, stretches: Stretches, rows: NDArray[np.int64], to: NDArray[np.int64], count: int
) -> None:
    """Move stretches of connections, then the connections `rows` to the rows `to`; `count` are left."""
    store._reserve(CONNECTION, count)
    single = {column.name: store.columns[column.name][rows] for column in CONNECTION}
    for name, values in single.items():
        column = store.columns[name]
        for first, stop, by in stretches:
            column[first + by : stop + by] = column[first:stop]  # NumPy allows for the overlap
        column[to] = values
    store.n_connections = count
    for first, stop, by in stretches:
        store.find_rows(first + by, stop + by)
    store.row_of[single["identity"]] = to


def _stretches(before: LastLowering, chosen: Bools, first: NDArray[np.int64]) -> Stretches:
    """First row, stop and shift of the connections that move together, in an order that overwrites none.

    Those that move up come last to first, those that move down first to last.
    """
    others = np.flatnonzero(~chosen & (before.incoming > 0))
    by = first[others] - before.first[others]
    starts = np.flatnonzero(np.diff(by, prepend=NONE))
    lasts = np.append(starts[1:], len(others))[: len(starts)] - 1
    stop = before.first[others[lasts]] + before.incoming[others[lasts]]
    found = list(zip(before.first[others[starts]].tolist(), stop.tolist(), by[starts].tolist(), strict=True))
    return [one for one in reversed(found) if one[2] > 0] + [one for one in found if one[2] < 0]
