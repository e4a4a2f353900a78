"""Neurons that compete, whose states together determine the activation of each."""

from __future__ import annotations

from typing import Any

from ...functions.activations import SOFTMAX
from ...schema import OUTPUT
from .neighbours import is_like_previous


def competes(m: Any, j: int) -> bool:
    """Whether j may be of a group with others."""
    return m.group[j] != 0 or m.squash[j] == SOFTMAX


def find_groups(m: Any, n: int) -> None:
    """Find the groups: consecutive neurons of one network, squash and group.

    Softmax outputs of a network are one group. A neuron that competes with no other is
    a group of one.
    """
    start = 0
    for j in range(n):
        softmax = m.squash[j] == SOFTMAX and m.role[j] == OUTPUT and m.network[j] != 0
        grouped = is_like_previous(m, j) and (
            softmax or (m.group[j] != 0 and m.group[j] == m.group[j - 1])
        )
        if not grouped:
            start = j
        m.group_first[j] = start
    for j in range(n - 2, -1, -1):
        if m.group_first[j + 1] == m.group_first[j]:
            m.group_stop[j] = m.group_stop[j + 1]


def any_internal(m: Any, count: int) -> bool:
    """Whether a member of a group reads another, or is gated by a member."""
    for r in range(count):
        i = m.source[r]
        j = m.target[r]
        g = m.gater[r]
        start = m.group_first[j]
        stop = m.group_stop[j]
        if stop > start + 1 and (
            (i != j and start <= i and i < stop) or (start <= g and g < stop)
        ):
            return True
    return False
