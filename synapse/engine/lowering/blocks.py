"""Which neurons fire together, and which of them are computed together: the second part of lowering."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..._typing import Indices
from ..functions.activations import SOFTMAX
from ..schema import NONE, OUTPUT
from .flags import (
    DENSE,
    FIXED,
    FOUR,
    HEARD,
    LISTED,
    MEMORY,
    PAIRED,
    SHARED,
    STEPPED,
    TRACED,
    ZIPPED,
)
from .program import spans

if TYPE_CHECKING:
    from ..store import Store


def find_blocks(store: Store) -> None:
    """Neighbours that do not wait for each other, in one network and of one squash, fire together."""
    c, n = store.columns, store.n_neurons
    after = np.zeros(n, np.int64)  # the first row at which a block with this neuron may begin
    for before, target in _dependencies(store):
        earlier = before < target
        np.maximum.at(after, target[earlier], before[earlier].astype(np.int64) + 1)
    network, squash, role = store["network"], store["squash"], store["role"]
    _find_groups(store)
    change = np.ones(n, bool)
    change[1:] = (network[1:] != network[:-1]) | (squash[1:] != squash[:-1]) | (role[1:] != role[:-1])
    change |= network == 0
    starts = _block_starts(after.tolist(), change.tolist())
    lengths = np.diff(np.append(starts, n))
    c["block_first"] = np.repeat(starts, lengths).astype(np.uint32)
    c["block_stop"] = np.repeat(np.append(starts[1:], n), lengths).astype(np.uint32)


def _dependencies(store: Store) -> list[tuple[Indices, Indices]]:
    """Pairs of a neuron and one that reads its activation.

    Of a run with neighbouring sources or gaters, the last before the target is enough.
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
    """Greedily: a block goes on until a neuron waits for one of its own."""
    starts: list[int] = []
    for row, (needed, changed) in enumerate(zip(after, change, strict=True)):
        if changed or needed > starts[-1]:
            starts.append(row)
    return np.array(starts, np.int64)


def _find_groups(store: Store) -> None:
    """Neighbours of one group and squash; the softmax outputs of a network are one, too."""
    c, n = store.columns, store.n_neurons
    network, squash, group = store["network"], store["squash"], store["group"].astype(np.int64)
    outputs = (squash == SOFTMAX) & (store["role"] == OUTPUT) & (network != 0)
    group = np.where(outputs, -network.astype(np.int64), group)
    starts = np.ones(n, bool)
    starts[1:] = (group[1:] == 0) | (group[1:] != group[:-1])
    starts[1:] |= (squash[1:] != squash[:-1]) | (network[1:] != network[:-1])
    first = np.flatnonzero(starts)
    lengths = np.diff(np.append(first, n))
    c["group_first"] = np.repeat(first, lengths).astype(np.uint32)
    c["group_stop"] = np.repeat(first + lengths, lengths).astype(np.uint32)


def find_alike(store: Store) -> None:
    """Stretches of neurons that fire together and have runs alike, so that they can be computed together.

    Run by run they have the same sources, or each has those one further than the neuron before (`STEPPED`);
    lists and pairs may differ. Their connections lie equally far apart.
    """
    c, n = store.columns, store.n_neurons
    runs = c["last_run"].astype(np.int64) - c["first_run"]
    here = np.arange(len(c["run_kind"]))
    target = store["target"][c["run_first"]]
    there = np.minimum(here + runs[target], len(here) - 1)  # the same run of the next neuron, if alike

    def further(name: str) -> Indices:
        values = c[name].astype(np.int64)
        return np.asarray(values[there] - values)

    listed = (c["run_kind"] != DENSE) & (c["run_kind"] != SHARED)
    step, gap = np.where(listed, 0, further("run_source")), further("run_first")
    fits = ((step == 0) | (step == 1)) & (gap > 0)
    fits &= (step == 0) | (c["run_kind"] == DENSE) | (further("run_gater") == 1)
    for name in ("run_kind", "run_flags", "run_length"):
        fits &= further(name) == 0
    alike = np.bincount(target[~fits], minlength=n) == 0
    alike[:-1] &= (runs[1:] == runs[:-1]) & (c["block_stop"][1:] == c["block_stop"][:-1])
    alike[:-1] &= c["flags"][1:] == c["flags"][:-1]
    alike[-1:] = False
    # Of three in a row, the third must differ from the second as that does from the first.
    before = np.maximum(here - runs[target], 0)
    turns = np.bincount(target[(step != step[before]) | (gap != gap[before])], minlength=n) > 0
    apart = ~alike
    for j in np.flatnonzero(alike & turns).tolist():
        apart[j] = j > 0 and not apart[j - 1]
    stops = np.flatnonzero(apart) + 1
    lengths = np.diff(stops, prepend=0)
    c["alike_stop"] = np.repeat(stops, lengths).astype(np.uint32)
    nth = np.arange(n) - np.repeat(stops - lengths, lengths)
    of_first = here - (nth * runs)[target]
    c["run_flags"][(step[of_first] == 1) & np.repeat(lengths > 1, lengths)[target]] |= STEPPED


def mark_heard(store: Store) -> None:
    """Mark the neurons whose activations the sums of an exact gradient need: see ``exact/accumulate.py``."""
    c, n = store.columns, store.n_neurons
    trained = (c["run_kind"] == DENSE) | (c["run_kind"] == SHARED)
    trained &= c["run_flags"] & (FIXED | STEPPED) == 0
    first, length = c["run_source"][trained].astype(np.int64), c["run_length"][trained]
    begun = np.bincount(first, minlength=n + 1) - np.bincount(first + length, minlength=n + 1)
    c["flags"][np.cumsum(begun[:n]) > 0] |= HEARD


def mark_fours(store: Store) -> None:
    """Mark the neurons that can be weighed together with the next three: see ``weigh.weigh_four``."""
    c, n = store.columns, store.n_neurons
    other = (c["run_kind"] != DENSE) | (c["run_flags"] & STEPPED != 0)
    plain = np.bincount(store["target"][c["run_first"][other]], minlength=n) == 0
    plain &= (c["flags"] & (MEMORY | TRACED) == 0) & (c["last_run"] > c["first_run"])
    c["flags"][plain & (c["alike_stop"] >= np.arange(n) + 4)] |= FOUR
