"""What the loops of lowering ask about two neurons."""

from __future__ import annotations

from typing import Any

from ...schema import INPUT


def is_together(m: Any, i: int, j: int) -> bool:
    """Whether two neurons belong to one network, so that their rows are their order."""
    return m.network[j] != 0 and m.network[i] == m.network[j]


def is_late(m: Any, i: int, j: int) -> bool:
    """Whether j, which is in the network of i, reads what i was in the previous
    step.
    """
    return i >= m.group_first[j] or m.synchronous[i] & m.synchronous[j] != 0


def is_clamped(m: Any, j: int, n: int, count: int) -> bool:
    """Whether j is an input without incoming connections: it gets no error."""
    stop = count if j + 1 == n else m.first_incoming[j + 1]
    return m.role[j] == INPUT and m.first_incoming[j] == stop


def is_like_previous(m: Any, j: int) -> bool:
    """Whether j and the neuron before it may be computed by one loop."""
    return (
        j > 0
        and m.network[j - 1] == m.network[j]
        and m.squash[j - 1] == m.squash[j]
        and m.role[j - 1] == m.role[j]
        and m.synchronous[j - 1] == m.synchronous[j]
    )
