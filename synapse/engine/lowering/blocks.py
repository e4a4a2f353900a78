"""Find blocks: consecutive neurons that activate together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..._typing import Indices
from ..delayed import is_delayed_in_order
from ..functions.activations import SOFTMAX
from ..schema import NONE, OUTPUT
from .changes import spans
from .flags import LISTED, PAIRED, ZIPPED

if TYPE_CHECKING:
    from ..store import Store
    from .part import Part


def find_latest(store: Store | Part) -> Indices:
    """The last one of the earlier neurons that each neuron reads; NONE: none."""
    after = np.zeros(store.n_neurons, np.int64)
    for before, target in _dependencies(store):
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
    lengths = np.diff(np.append(starts, n))
    c["block_first"] = np.repeat(starts, lengths).astype(np.uint32)
    c["block_stop"] = np.repeat(np.append(starts[1:], n), lengths).astype(np.uint32)


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
    first = np.flatnonzero(starts)
    lengths = np.diff(np.append(first, n))
    c["group_first"] = np.repeat(first, lengths).astype(np.uint32)
    c["group_stop"] = np.repeat(first + lengths, lengths).astype(np.uint32)
