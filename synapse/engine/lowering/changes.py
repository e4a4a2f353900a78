"""Incremental lowering: what has changed since the last lowering is lowered alone."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..._typing import Bools, Indices
from ..schema import CONNECTION, INPUT, NONE, PROGRAM
from .flags import GATED, MEMORY, STEPPED
from .runs import same_as_before, stretches

if TYPE_CHECKING:
    from ..store import Store


@dataclass
class Basis:
    """The facts from which a program was lowered, by row of that program."""

    connections: int  # number of lowered rows; later rows are new
    changed: Bools  # neurons whose incoming connections have changed since
    latest: Indices  # last of the earlier neurons that each one reads; NONE: none
    network: Indices
    pure: Bools  # inputs without incoming connections

    def note(self, targets: Indices | None) -> None:
        """Note a change of the incoming connections of these neurons, or of all."""
        if targets is None:
            self.changed[:] = True
        else:
            rows = np.asarray(targets)
            self.changed[rows[rows < len(self.changed)]] = True


def put(columns: dict[str, NDArray[Any]], name: str, values: NDArray[Any]) -> None:
    """Set a column of the program; where its length allows, in place, so that its address stays."""
    column = columns[name]
    if len(column) == len(values):
        column[:] = values
    else:
        columns[name] = values.astype(column.dtype)


class Moved(NamedTuple):
    """The order in which neurons have been sorted."""

    order: NDArray[np.int64]  # old rows by new ones
    new_row: Indices  # new rows by old ones, and NONE at the end

    def of(self, rows: Indices) -> Indices:
        """New rows of neurons; NONE for those that are gone, and for NONE."""
        return np.asarray(self.new_row.take(rows, mode="clip"))


class LastLowering(NamedTuple):
    """What the last lowering has found about each neuron, in the present order of neurons."""

    known: Bools  # whether the last lowering has seen it, in the present order
    changed: Bools
    first: NDArray[np.int64]  # its incoming connections, in the rows of the last lowering
    incoming: NDArray[np.int64]  # number of these
    learning: Indices
    own: NDArray[np.int64]  # its self-connection, counted from the first; negative: none
    self_gater: Indices
    flags: NDArray[np.uint8]
    first_run: NDArray[np.int64]
    runs: NDArray[np.int64]
    latest: Indices
    network: Indices
    pure: Bools


def look_back(store: Store, basis: Basis | None, moved: Moved | None) -> LastLowering:
    """Bring the facts of the last lowering into the present order of neurons; without one, none is known."""
    n, c = store.n_neurons, store.columns
    nodes = 0 if basis is None else len(basis.changed)
    old = np.arange(n) if moved is None else moved.order
    known = old < nodes
    whole = moved is None and n == nodes  # the neurons are those of the last lowering
    if not whole and not (np.diff(old[known]) > 0).all():
        known = np.zeros(n, bool)  # sorted anew: connections do not stay in order
    rows = old[known]

    def now(values: NDArray[Any], default: int = 0) -> NDArray[Any]:
        if whole:
            return values.copy()
        column = np.full(n, default, values.dtype)
        column[known] = values[rows]
        return column

    def neurons(values: Indices) -> Indices:
        return now(values if moved is None else moved.of(values), NONE)

    if basis is None:
        nothing, nobody = np.zeros(n, np.int64), np.full(n, NONE, np.uint32)
        return LastLowering(
            known, ~known, nothing, nothing, nothing, nothing - 1, nobody, nothing.astype(np.uint8),
            nothing, nothing, nobody, nobody, known,
        )  # fmt: skip
    first = c["first_incoming"].astype(np.int64)
    own = np.where(c["self_row"] == NONE, -1, c["self_row"] - first)
    first_run = c["first_run"].astype(np.int64)
    return LastLowering(
        known=known,
        changed=now(basis.changed) | ~known,
        first=now(first),
        incoming=now(np.append(first[1:], basis.connections)[:nodes] - first),
        learning=now(c["learning"]),
        own=now(own, -1),
        self_gater=neurons(c["self_gater"]),
        flags=now(c["flags"] & np.uint8(MEMORY | GATED)),
        first_run=now(first_run),
        runs=now(c["last_run"] - first_run),
        latest=neurons(basis.latest),
        network=now(basis.network),
        pure=now(basis.pure),
    )


def find_changed(store: Store, before: LastLowering, moved: Moved | None, basis: Basis | None) -> Bools:
    """Find the neurons whose incoming connections, or what is known about them, have changed."""
    changed = before.changed.copy()
    if basis is None or changed.all():
        return changed
    appended = store["target"][basis.connections :]
    changed[appended[appended != NONE]] = True
    if moved is not None:
        changed[_new_neighbours(store, before, moved, basis.connections)] = True
    other = (store["network"] != before.network) | (_pure_now(store, before, changed, basis) != before.pure)
    other &= before.known
    if other.any():
        changed |= other
        changed[_readers(store, other, basis.connections)] = True
    return changed


def incoming_rows(store: Store, before: LastLowering, changed: Bools, connections: int) -> NDArray[np.int64]:
    """Rows of the connections into changed neurons, of which the first `connections` have been lowered."""
    rows = np.append(
        spans(before.first[changed], before.incoming[changed]), np.arange(connections, store.n_connections)
    )
    alive: NDArray[np.int64] = rows[store["target"][rows] != NONE]
    return alive


def _pure_now(store: Store, before: LastLowering, changed: Bools, basis: Basis) -> Bools:
    rows = incoming_rows(store, before, changed, basis.connections)
    into = np.bincount(store["target"][rows], minlength=store.n_neurons)
    return np.asarray((store["role"] == INPUT) & (np.where(changed, into, before.incoming) == 0))


def _readers(store: Store, chosen: Bools, connections: int) -> Indices:
    """Targets of the lowered connections that start at chosen neurons, or are gated by them."""
    mask = np.append(chosen, False)
    reads = np.zeros(connections, bool)
    for name in ("source", "gater"):
        reads |= mask.take(store[name][:connections], mode="clip")
    target = store["target"][:connections][reads]
    return np.asarray(target[target != NONE])


def _new_neighbours(store: Store, before: LastLowering, moved: Moved, connections: int) -> Indices:
    """Targets of connections whose sources or gaters have become neighbours, or are no longer neighbours."""
    n, order = store.n_neurons, np.append(moved.order, -9)
    apart = np.append(order[1:] != order[:-1] + 1, False)  # the next neuron was not next before
    target, found = store["target"][:connections], []
    for name in ("source", "gater") if (before.flags & GATED).any() else ("source",):
        ends = store[name][:connections]
        rows = np.flatnonzero(apart.take(ends[:-1], mode="clip"))
        one, next_one = (np.minimum(ends[rows + i], n) for i in (0, 1))
        changed = (next_one == one + 1) != (order[next_one] == order[one] + 1)
        rows = rows[changed & (target[rows] == target[rows + 1]) & (target[rows] != NONE)]
        found.append(target[rows])
    return np.concatenate(found)


def spans(firsts: Indices, lengths: Indices) -> NDArray[np.int64]:
    """The indices ``first .. first + length`` of every pair, one after the other.

    >>> spans(np.array([0, 5]), np.array([2, 3])).tolist()
    [0, 1, 5, 6, 7]
    """
    lengths = lengths.astype(np.int64)
    ends: NDArray[np.int64] = lengths.cumsum()
    offsets = (firsts.astype(np.int64) - (ends - lengths)).repeat(lengths)
    return np.asarray(offsets + np.arange(len(offsets)), np.int64)


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
        shift = (c["first_incoming"] - before.first)[others].repeat(count[others])
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
            put(c, column.name, whole)
        put(c, "first_run", first)
        put(c, "last_run", last)


def replace_rows(store: Store, before: LastLowering, chosen: Bools, rows: NDArray[np.int64]) -> Part | None:
    """Replace the lowered connections into chosen neurons by these rows, which are in order.

    Connections into other neurons move up or down in long stretches. Returns None, and changes nothing, if
    there are so many that sorting all rows is faster.
    """
    into = np.bincount(store["target"][rows], minlength=store.n_neurons)
    count = np.where(chosen, into, before.incoming)
    first = np.cumsum(count) - count
    moving = _stretches(before, chosen, first)
    if len(moving) > MANY:
        return None
    to = spans(first[chosen], count[chosen])
    _move(store, moving, rows, to, int(count.sum()))
    return Part(store, chosen, to)


def _move(
    store: Store, moving: Stretches, rows: NDArray[np.int64], to: NDArray[np.int64], count: int
) -> None:
    """Move stretches of connections, then the connections `rows` to the rows `to`; `count` are left."""
    store._reserve_connections(count)
    single = {column.name: store.columns[column.name][rows] for column in CONNECTION}
    for name, values in single.items():
        column = store.columns[name]
        for first, stop, by in moving:
            column[first + by : stop + by] = column[first:stop]  # NumPy allows for the overlap
        column[to] = values
    store.n_connections = count
    for first, stop, by in moving:
        store.find_rows(first + by, stop + by)
    store.row_of[single["identity"]] = to


def _stretches(before: LastLowering, chosen: Bools, first: NDArray[np.int64]) -> Stretches:
    """First row, stop and shift of the connections that move together, in an order that overwrites none.

    Those that move up come last to first, those that move down first to last.
    """
    others = (~chosen & (before.incoming > 0)).nonzero()[0]
    by = first[others] - before.first[others]
    starts, lengths = stretches(same_as_before(by))
    lasts = starts + lengths - 1
    stop = before.first[others[lasts]] + before.incoming[others[lasts]]
    found = list(zip(before.first[others[starts]].tolist(), stop.tolist(), by[starts].tolist(), strict=True))
    return [one for one in reversed(found) if one[2] > 0] + [one for one in found if one[2] < 0]
