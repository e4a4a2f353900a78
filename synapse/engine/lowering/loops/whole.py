"""Do most of lowering in one call, and all of it after an edit that does not move
traces.
"""

from __future__ import annotations

from typing import Any

from ...language.source import define
from ...records import Ties
from ...schema import CONNECTION, INPUT, NONE
from ..flags import GATES, MEMORY, TRACED
from .blocks import join_neurons
from .gated import find_influences, locate_traces
from .neighbours import is_memory
from .ranges import Pair, count_ordered, find_ranges, list_ranges, survey
from .runs import find_runs

KEEP, SORT, NUMBER = 1, 2, 4
"""Tasks that Python may have before connections are lowered, which are to copy the
traces, because their places change, to sort the neurons, or to number the groups of
tied members.
"""


def lower_rows(store: Any, n: int, count: int, work: Any, row_of: Any) -> Pair:
    """Sort connections, and divide them into runs. Returns the tasks that Python has to
    do first, and the combined flags of all neurons. At the end, `work` begins with the
    numbers of connections and runs.

    ``work[0]`` contains the tasks that Python has done, and ``work[1]`` the number of
    connections at the last lowering. If traces have not been kept, they stay in their
    places. If no traces have to be made, the neurons that are computed together are
    found, too.
    """
    done = work[0]
    tied, _ = survey(store, n, count, work)
    ordered, _ = count_ordered(store, n, count, work)
    moves = store.ties[Ties.DELAYS] != 0 or (
        done & KEEP == 0 and moves_traces(store, n, count, work[1], work)
    )
    needs = (KEEP * moves | SORT * (ordered < n) | NUMBER * (tied != 0)) & ~done
    if needs != 0:
        return needs, 0
    _, place = find_ranges(store, n, count, work)
    if place != 0:
        count = move_connections(store, n, count, place, work, row_of)
        list_ranges(store, 0, count, 2 * n, work)
    runs, flags = find_runs(store, n, count, work)
    if flags & MEMORY and done & KEEP == 0:
        find_influences(store, n, count, work)
        locate_traces(store, n, store.influence_stop[n - 1], work)
    if not flags & MEMORY or done & KEEP == 0:
        join_neurons(store, n, count, work)
    work[0] = count
    work[1] = runs
    return 0, flags


def moves_traces(store: Any, n: int, count: int, lowered: int, work: Any) -> bool:
    """Return whether a connection has been added or removed since the last lowering
    whose target has traces, or gates, or is an input. All else must be unchanged.
    """
    moves = False
    stop = lowered
    for j in range(n - 1, -1, -1):
        decides = store.flags[j] & (MEMORY | TRACED | GATES) != 0
        work[j] = decides or store.role[j] == INPUT
        for r in range(store.first_incoming[j], stop):
            moves |= store.target[r] != j and work[j] != 0
        stop = store.first_incoming[j]
    for r in range(lowered, count):
        j = store.target[r]
        moves |= j != NONE and (work[j] != 0 or is_memory(store, r))
    return moves


def move(column: Any, start: int, stop: int, rows: int, room: int, work: Any) -> None:
    """Move a column of connections from ``work[rows + r]`` to each row r. Floats are
    moved as the integers with their bits.
    """
    for r in range(start, stop):
        work[room + r] = column[work[rows + r]]
    for r in range(start, stop):
        # a page of zeros does not take memory until it is written
        if column[r] != work[room + r]:
            column[r] = work[room + r]


_MOVES = [
    f"    move(store.{c.name}, start, stop, rows, room, work)" for c in CONNECTION
]
move_columns = define(
    "move_columns",
    "\n".join(["def move_columns(store, start, stop, rows, room, work):", *_MOVES]),
    {"move": move},
)


def move_connections(
    store: Any, n: int, count: int, place: int, work: Any, row_of: Any
) -> int:
    """Move connections to the rows that `find_ranges` has determined, and return the
    number of connections that are left.
    """
    start = work[place]
    stop = work[place + 1]
    move_columns(store, start, stop, place + 3 - start, 2 * n - start, work)
    for r in range(start, stop):
        row_of[store.identity[r]] = r
    return work[place + 2]
