"""Neurons that compete, whose states together determine the activation of each."""

from __future__ import annotations

from typing import Any

from ...functions.activations import SOFTMAX
from ...schema import OUTPUT
from .neighbours import is_like_previous


def competes(store: Any, j: int) -> bool:
    """Return whether j may be of a group with others."""
    return store.group[j] != 0 or store.squash[j] == SOFTMAX


def find_groups(store: Any, n: int) -> None:
    """Find the groups: consecutive neurons of one network, squash and group.

    Softmax outputs of a network are one group. A neuron that competes with no other is
    a group of one.
    """
    start = 0
    for j in range(n):
        softmax = (
            store.squash[j] == SOFTMAX
            and store.role[j] == OUTPUT
            and store.network[j] != 0
        )
        grouped = is_like_previous(store, j) and (
            softmax or (store.group[j] != 0 and store.group[j] == store.group[j - 1])
        )
        if not grouped:
            start = j
        store.group_first[j] = start
    for j in range(n - 2, -1, -1):
        if store.group_first[j + 1] == store.group_first[j]:
            store.group_stop[j] = store.group_stop[j + 1]


def any_internal(store: Any, count: int) -> bool:
    """Return whether a member of a group reads another, or is gated by a member."""
    for r in range(count):
        i = store.source[r]
        j = store.target[r]
        g = store.gater[r]
        start = store.group_first[j]
        stop = store.group_stop[j]
        if stop > start + 1 and (
            (i != j and start <= i and i < stop and store.delay[r] == 0)
            or (start <= g and g < stop)
        ):
            return True
    return False
