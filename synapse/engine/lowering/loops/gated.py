"""Gates: how they divide runs, and how they act on neurons with a memory."""

from __future__ import annotations

from typing import Any

from ...schema import NONE
from ..flags import (
    DELAYED,
    DELAYED_GATE,
    GATED,
    GATES,
    MEMORY,
    QUIET_GATER,
    TRACED,
    UNORDERED,
    ZIPPED,
)
from .neighbours import is_clamped, is_late, is_together
from .ranges import Pair


def flags_of_gater(m: Any, j: int, g: int, flags: int, work: Any) -> int:
    """The flags of a run into j with those that its gater g adds."""
    if work[g] != 0:
        flags |= QUIET_GATER
    if not flags & UNORDERED and is_late(m, g, j):
        flags |= DELAYED_GATE
    return flags


def advances(m: Any, j: int, r: int, t: int, flags: int) -> bool:
    """Whether a connection goes on with run t, of single connections whose gaters
    advance with the sources.

    Into a neuron with memory, each run has one gater: it belongs to one influence.
    """
    if t < m.first_run[j] or m.flags[j] & MEMORY:
        return False
    length = m.run_length[t]
    return (
        m.run_flags[t] == flags
        and m.run_gater[t] + length == m.gater[r]
        and m.run_source[t] + length == m.source[r]
        and (length == 1 or m.run_kind[t] == ZIPPED)
    )


def count_influences(m: Any, n: int, count: int, work: Any) -> Pair:
    """Count how many influences there are at most: neurons with memory, and gated runs
    into them.
    """
    influences = 0
    for j in range(n):
        if m.flags[j] & MEMORY:
            influences += 1
            for t in range(m.first_run[j], m.last_run[j]):
                influences += m.run_gater[t] != NONE
    return influences, 0


def find_influences(m: Any, n: int, count: int, work: Any) -> Pair:
    """Pairs of a gater and a self-connected neuron that it gates; returns the numbers
    of pairs and pulls.
    """
    stop = 0
    for j in range(n):
        m.first_influence[j] = stop
        if m.flags[j] & MEMORY:
            stop = list_gaters(m, j, stop)
            number_runs(m, j)
        m.last_influence[j] = stop
        for q in range(m.first_influence[j], stop):
            describe_influence(m, q, j, n, count)
    return stop, list_pulls(m, n, stop)


def list_gaters(m: Any, j: int, stop: int) -> int:
    """List the gaters of connections into j in order, each once, from `stop` on;
    returns where they end.
    """
    start = stop
    for t in range(m.first_run[j], m.last_run[j]):
        stop = insert_gater(m, m.run_gater[t], start, stop)
    return insert_gater(m, m.self_gater[j], start, stop)


def insert_gater(m: Any, g: int, start: int, stop: int) -> int:
    """Insert a gater into the list from `start` to `stop`, if it is not there; returns
    where this ends.
    """
    q = stop
    while q > start and m.influence_gater[q - 1] > g:
        q -= 1
    if g == NONE or (q > start and m.influence_gater[q - 1] == g):
        return stop
    for k in range(stop, q, -1):
        m.influence_gater[k] = m.influence_gater[k - 1]
    m.influence_gater[q] = g
    return stop + 1


def number_runs(m: Any, j: int) -> None:
    """Let the gated runs into j have the numbers of their influences."""
    q = start = m.first_influence[j]
    for t in range(m.first_run[j], m.last_run[j]):
        g = m.run_gater[t]
        if g != NONE:
            if m.influence_gater[q] > g:  # trainable runs are in order, then fixed ones
                q = start
            while m.influence_gater[q] != g:
                q += 1
            m.run_influence[t] = q


def describe_influence(m: Any, q: int, j: int, n: int, count: int) -> None:
    """Find out whether a gater of j gets an error from it, and count its pulls."""
    g = m.influence_gater[q]
    # in different networks, stamps tell at run time
    late = is_late(m, g, j) if is_together(m, g, j) else g == j
    heard = not late and not is_clamped(m, g, n, count)
    m.influence_gated[q] = j
    m.influence_self[q] = m.self_gater[j] == g
    m.influence_trace[q] = 0 if heard else NONE
    m.last_pull[g] += heard


def list_pulls(m: Any, n: int, influences: int) -> int:
    """List by gater the influences from which it gets an error; returns how many. As
    yet, ``last_pull`` is the number of each gater.
    """
    pulls = 0
    for j in range(n):
        number = m.last_pull[j]
        m.first_pull[j] = m.last_pull[j] = pulls
        pulls += number
    for q in range(influences):
        if m.influence_trace[q] != NONE:
            g = m.influence_gater[q]
            m.pull[m.last_pull[g]] = q
            m.last_pull[g] += 1
            m.flags[g] |= GATES
    return pulls


def place_traces(m: Any, n: int, count: int, work: Any) -> Pair:
    """Decide which neurons store traces, and assign their rows. Returns how many of
    both kinds.

    These are self-connected, or gate memory while their eligibility must be stored. The
    second kind is that of extended traces. `count` is the number of influences.
    """
    for j in range(n):
        work[j] = 0
    for q in range(count):  # gates memory in another network, where rows give no order
        if m.network[m.influence_gater[q]] != m.network[m.influence_gated[q]]:
            work[m.influence_gater[q]] = 1
    traces = 0
    for j in range(n):
        m.first_trace[j] = traces
        hard = m.flags[j] & GATED
        for t in range(m.first_run[j], m.last_run[j]):
            hard |= m.run_flags[t] & (UNORDERED | DELAYED if work[j] else UNORDERED)
        if m.flags[j] & MEMORY or (hard and m.flags[j] & GATES):
            m.flags[j] |= TRACED
            traces += m.learning[j]
    extended = 0
    for q in range(count):
        if m.influence_trace[q] != NONE:
            m.influence_trace[q] = extended
            extended += m.learning[m.influence_gater[q]] + 1
    return traces, extended
