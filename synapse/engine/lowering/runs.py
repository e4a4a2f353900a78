"""Runs: consecutive connections that are summed in one loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..._typing import Bools, Indices
from ..delayed import is_delayed_in_order
from ..schema import NONE
from . import flags as flag

if TYPE_CHECKING:
    from ..store import Store
    from .changes import Part

SHORT = 4
"""Runs shorter than this are merged into a list: a loop over indices is faster than many tiny loops."""
SHORT_BY_A_LIST = 16
"""Runs shorter than this become part of a list next to them: a list costs less than another loop."""

Cut = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]
"""For each run, its first index among the links, its length and its kind."""


class _Connections(NamedTuple):
    """The connections of all runs, without self-connections, in the order of their rows."""

    rows: Indices
    source: Indices
    target: Indices
    gater: Indices
    flags: NDArray[np.uint8]
    gated: Bools
    memory: Bools  # the target is self-connected
    alike: Bools  # follows the previous one, and differs from it only in source and gater


def connection_flags(store: Store | Part, pure: Bools) -> NDArray[np.uint8]:
    """Flags of every connection for its run; `pure` are the inputs without incoming connections."""
    source, target, gater = store["source"], store["target"], store["gater"]
    gated = gater != NONE
    gater = np.where(gated, gater, target) if gated.any() else target
    network = store["network"]
    known: Bools = np.full(len(source), bool(network.all()))
    if network.size and not (network == network[0]).all():
        known = (network[target] != 0) & (network[source] == network[target])
        known &= network[gater] == network[target]
    delayed = known & is_delayed_in_order(source, target)
    delayed_gate = known & gated & is_delayed_in_order(gater, target)
    flags = np.zeros(len(source), np.uint8)
    for mask, one in (
        (delayed, flag.DELAYED),
        (delayed_gate, flag.DELAYED_GATE),
        (pure[source] | delayed, flag.SILENT),
        (gated & pure[gater], flag.QUIET_GATER),
        (store["trainable"] == 0, flag.FIXED),
        (~known, flag.UNORDERED),
        (store["tie"] != 0, flag.TIED),
    ):
        flags |= mask * np.uint8(one)
    return flags


def find_runs(store: Store | Part, flags: NDArray[np.uint8]) -> None:
    """Split the connections (self-connections aside) into runs of one kind."""
    links = _links(store, flags)
    first, length, kind = _list_short(links, *_cut(links))
    c, n, target = store.columns, store.n_neurons, links.target[first]
    c["run_kind"] = kind
    c["run_flags"] = links.flags[first]
    c["run_first"] = links.rows[first]
    c["run_length"] = length.astype(np.uint32)
    c["run_source"] = links.source[first]
    c["run_gater"] = links.gater[first]
    c["first_run"] = target.searchsorted(np.arange(n)).astype(np.uint32)
    c["last_run"] = target.searchsorted(np.arange(n), "right").astype(np.uint32)


def _links(store: Store | Part, flags: NDArray[np.uint8]) -> _Connections:
    """Collect the connections of all runs."""
    others = store["source"] != store["target"]
    chosen: Any = slice(None) if others.all() else np.flatnonzero(others)
    source, target, gater = (store[name][chosen] for name in ("source", "target", "gater"))
    rows, flags, gated = np.arange(len(others), dtype=np.uint32)[chosen], flags[chosen], gater != NONE
    alike = same_as_before(target) & same_as_before(flags) & same_as_before(gated)
    if len(rows) < len(others):
        alike &= _next_to(rows)
    memory = (store.columns["flags"][target] & flag.MEMORY) != 0
    return _Connections(rows, source, target, gater, flags, gated, memory, alike)


def same_as_before(values: NDArray[Any], step: int = 0) -> Bools:
    """Whether each value equals the previous one, or is above it by `step`."""
    same = np.zeros(len(values), bool)
    np.equal(values[1:], values[:-1] + values.dtype.type(step) if step else values[:-1], out=same[1:])
    return same


def _next_to(values: Indices) -> Bools:
    """Whether each value is one above the previous one."""
    return same_as_before(values, 1)


def _cut(links: _Connections) -> Cut:
    """Runs with consecutive sources, and one gater or consecutive gaters."""
    neighbours = links.alike & _next_to(links.source)
    dense = neighbours & same_as_before(links.gater)
    zipped = np.zeros(len(dense), bool)
    if links.gated.any():
        zipped = neighbours & _next_to(links.gater) & ~links.memory & links.gated
        # A zip may only start outside of a dense run with the same gater.
        zipped &= ~dense & ~np.append(dense[1:], False) & ~np.append(False, dense[:-1])
    first, length = stretches(dense | zipped)
    is_zip = np.zeros(len(first), bool)
    is_zip[length > 1] = zipped[first[length > 1] + 1]
    kind = np.full(len(first), flag.DENSE, np.uint8)
    kind[links.gated[first]] = flag.SHARED
    kind[is_zip] = flag.ZIPPED
    return first, length, kind


def _list_short(
    links: _Connections, first: NDArray[np.int64], length: NDArray[np.int64], kind: NDArray[Any]
) -> Cut:
    """Merge consecutive short runs, if they differ only in sources and gaters, and then those next to lists.

    Gated runs of a self-connected target are not merged, because each belongs to one influence.
    """
    own = links.gated[first] & links.memory[first]
    short = (length < SHORT) & ~own
    first, length, kind = _join(links, first, length, kind, short[1:] & short[:-1])
    listed = (kind == flag.LISTED) | (kind == flag.PAIRED)
    own = links.gated[first] & links.memory[first]
    short = listed | ((length < SHORT_BY_A_LIST) & ~own)
    return _join(links, first, length, kind, short[1:] & short[:-1] & (listed[1:] | listed[:-1]))


def _join(
    links: _Connections, first: NDArray[np.int64], length: NDArray[np.int64], kind: NDArray[Any], pairs: Bools
) -> Cut:
    """Merge runs with the previous ones, where `pairs` (from the second run on) is true, into lists."""
    if not pairs.any():
        return first, length, kind
    joined = np.append(False, pairs & links.alike[first[1:]])[: len(first)]
    begin, count = stretches(joined)
    last = begin + count - 1
    length = first[last] + length[last] - first[begin]
    first, kind, several = first[begin], kind[begin], count > 1
    kind[several] = np.where(links.gated[first[several]], flag.PAIRED, flag.LISTED)
    return first, length, kind


def stretches(joined: Bools) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First index and length of each stretch of items that are joined to the previous one."""
    first = (~joined).nonzero()[0]
    length = np.empty_like(first)
    length[:-1] = first[1:] - first[:-1]
    length[-1:] = len(joined) - first[-1:]
    return first, length
