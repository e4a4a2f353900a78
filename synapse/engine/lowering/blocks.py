"""Find blocks: consecutive neurons that activate together, and those whose runs have the same form."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..._typing import Bools, Indices
from ..delayed import is_delayed_in_order
from ..functions.activations import SOFTMAX
from ..schema import NONE, OUTPUT
from .changes import put, spans
from .flags import (
    DENSE,
    FIXED,
    FOUR,
    GRADIENT_SOURCE,
    LISTED,
    MEMORY,
    PAIRED,
    SHARED,
    STEPPED,
    TRACED,
    ZIPPED,
)
from .runs import stretches

if TYPE_CHECKING:
    from ..store import Store
    from .changes import Part


def find_latest(store: Store | Part) -> Indices:
    """The last one of the earlier neurons that each neuron reads; NONE: none."""
    after = np.zeros(store.n_neurons, np.int64)
    for before, target in _dependencies(store):
        if len(target):
            earlier = ~is_delayed_in_order(before, target)
            np.maximum.at(after, target[earlier], before[earlier].astype(np.int64) + 1)
    return (after - 1).astype(np.uint32)


def find_blocks(store: Store, latest: Indices) -> None:
    """Group consecutive neurons of one network and squash that do not depend on each other into blocks."""
    c, n = store.columns, store.n_neurons
    after = np.where(latest == NONE, 0, latest + 1)  # the first row at which a block with it may begin
    network, squash, role = store["network"], store["squash"], store["role"]
    _find_groups(store)
    change = np.ones(n, bool)
    change[1:] = (network[1:] != network[:-1]) | (squash[1:] != squash[:-1]) | (role[1:] != role[:-1])
    change |= network == 0
    starts = _block_starts(after.tolist(), change.tolist())
    stops = np.append(starts[1:], n)[: len(starts)]
    put(c, "block_first", starts.repeat(stops - starts))
    put(c, "block_stop", stops.repeat(stops - starts))


def _dependencies(store: Store | Part) -> list[tuple[Indices, Indices]]:
    """Pairs of a neuron and one that reads its activation.

    For a run with consecutive sources or gaters, the last one before the target is enough.
    """

    def last_before(first: Indices, length: Indices) -> Indices:
        first = first.astype(np.int64)
        return np.where(first < target, np.minimum(first + length, target) - 1, first)

    c = store.columns
    target = store["target"][c["run_first"]]
    length = c["run_length"]
    scattered = (c["run_kind"] == LISTED) | (c["run_kind"] == PAIRED)
    last = last_before(c["run_source"], length)
    single = ~scattered & (c["run_gater"] != NONE)
    gater = last_before(c["run_gater"], np.where(c["run_kind"] == ZIPPED, length, 1))
    listed = spans(c["run_first"][scattered], length[scattered])
    gated = listed[store["gater"][listed] != NONE]
    own = np.flatnonzero(c["self_gater"] != NONE)
    return [
        (last[~scattered], target[~scattered]),
        (gater[single], target[single]),
        (store["source"][listed], store["target"][listed]),
        (store["gater"][gated], store["target"][gated]),
        (c["self_gater"][own], own),
    ]


def _block_starts(after: list[int], change: list[bool]) -> NDArray[np.int64]:
    """Split greedily: a block ends before a neuron that depends on one of it."""
    starts: list[int] = []
    for row, (needed, changed) in enumerate(zip(after, change, strict=True)):
        if changed or needed > starts[-1]:
            starts.append(row)
    return np.array(starts, np.int64)


def _find_groups(store: Store) -> None:
    """Groups of consecutive neurons with one group and squash; softmax outputs of a network are one group."""
    c, n = store.columns, store.n_neurons
    network, squash, group = store["network"], store["squash"], store["group"].astype(np.int64)
    outputs = (squash == SOFTMAX) & (store["role"] == OUTPUT) & (network != 0)
    group = np.where(outputs, -network.astype(np.int64), group)
    starts = np.ones(n, bool)
    starts[1:] = (group[1:] == 0) | (group[1:] != group[:-1])
    starts[1:] |= (squash[1:] != squash[:-1]) | (network[1:] != network[:-1])
    first, lengths = stretches(~starts)
    put(c, "group_first", first.repeat(lengths))
    put(c, "group_stop", (first + lengths).repeat(lengths))


class _Ahead(NamedTuple):
    """For every run, its difference from the corresponding run of the next neuron."""

    target: Indices
    runs: Indices  # number of runs of every neuron
    step: Indices  # offset of the sources; 0 for listed ones
    gap: Indices  # offset of the connections
    fits: Bools  # whether both can belong to neurons that are computed together


def find_alike(store: Store, target: Indices) -> None:
    """Find consecutive neurons of a block with runs of the same form, which can be computed together.

    Run by run they have the same sources, or each has sources shifted by one from the previous neuron
    (`STEPPED`); lists and pairs may differ. Their connections are equally spaced. `target` are those of the
    runs.
    """
    c, n = store.columns, store.n_neurons
    ahead = _look_ahead(store, target)
    stops = np.flatnonzero(_apart(store, ahead)) + 1
    lengths = np.diff(stops, prepend=0)
    put(c, "alike_stop", stops.repeat(lengths))
    nth = np.arange(n) - (stops - lengths).repeat(lengths)
    of_first = np.arange(len(ahead.step)) - (nth * ahead.runs)[ahead.target]
    several = (lengths > 1).repeat(lengths)
    c["run_flags"][(ahead.step[of_first] == 1) & several[ahead.target]] |= STEPPED


def _look_ahead(store: Store, target: Indices) -> _Ahead:
    """Compare each run with the same run of the next neuron."""
    c = store.columns
    runs = c["last_run"].astype(np.int64) - c["first_run"]
    count = len(target)
    following = np.minimum(np.arange(count) + runs[target], count - 1)

    def further(name: str) -> Indices:
        values = c[name].astype(np.int64)
        return np.asarray(values[following] - values)

    listed = (c["run_kind"] != DENSE) & (c["run_kind"] != SHARED)
    step, gap = np.where(listed, 0, further("run_source")), further("run_first")
    fits = ((step == 0) | (step == 1)) & (gap > 0)
    fits &= (step == 0) | (c["run_kind"] == DENSE) | (further("run_gater") == 1)
    for name in ("run_kind", "run_flags", "run_length"):
        fits &= further(name) == 0
    return _Ahead(target, runs, step, gap, fits)


def _apart(store: Store, ahead: _Ahead) -> Bools:
    """Mask of the neurons that end a stretch."""
    c, n = store.columns, store.n_neurons
    target, runs, step, gap, fits = ahead
    alike = np.bincount(target[~fits], minlength=n) == 0
    alike[:-1] &= (runs[1:] == runs[:-1]) & (c["block_stop"][1:] == c["block_stop"][:-1])
    alike[:-1] &= c["flags"][1:] == c["flags"][:-1]
    alike[-1:] = False
    # Of three consecutive neurons, the third must differ from the second as the second from the first.
    before = np.maximum(np.arange(len(step)) - runs[target], 0)
    turns = np.bincount(target[(step != step[before]) | (gap != gap[before])], minlength=n) > 0
    apart: Bools = ~alike
    for j in np.flatnonzero(alike & turns).tolist():
        apart[j] = j > 0 and not apart[j - 1]
    return apart


def mark_gradient_sources(store: Store) -> None:
    """Mark neurons whose activations exact gradients sum over: see ``exact/accumulate.py``."""
    c, n = store.columns, store.n_neurons
    trained = (c["run_kind"] == DENSE) | (c["run_kind"] == SHARED)
    trained &= c["run_flags"] & (FIXED | STEPPED) == 0
    first, length = c["run_source"][trained].astype(np.int64), c["run_length"][trained]
    begun = np.bincount(first, minlength=n + 1) - np.bincount(first + length, minlength=n + 1)
    c["flags"][np.cumsum(begun[:n]) > 0] |= GRADIENT_SOURCE


def mark_fours(store: Store, target: Indices) -> None:
    """Mark neurons that can be computed with the next three: see ``weigh.weigh_four``."""
    c, n = store.columns, store.n_neurons
    other = (c["run_kind"] != DENSE) | (c["run_flags"] & STEPPED != 0)
    plain = np.bincount(target[other], minlength=n) == 0
    plain &= (c["flags"] & (MEMORY | TRACED) == 0) & (c["last_run"] > c["first_run"])
    c["flags"][plain & (c["alike_stop"] >= np.arange(n) + 4)] |= FOUR
