"""Carry traces across lowerings by finding the owner of each trace and its place in the
new program.
"""

from __future__ import annotations

from typing import Any

from ...schema import INPUT, NONE
from ..flags import MEMORY, TRACED
from .ranges import Pair

MARKS = 9
"""Offset of the neurons' numbers in the memory of `locate_kept`."""


def read_traces(store: Any, n: int, count: int, work: Any) -> Pair:
    """List the owners of the program's traces. `count` is the number of its neurons.

    The lists have room for all neurons and pairs. They contain self-connected neurons,
    the identities of their self-connections, the identities of connections with
    eligibility traces, and the gaters and gated neurons of pairs with extended traces.
    For each extended trace, they contain the number of its pair and the identity of its
    connection, or NONE for the bias, which is last in a pair. Returns the numbers of
    self-connections and pairs.
    """
    memory = 0
    pairs = 0
    at = 2 * count
    influences = store.influence_stop[count - 1]
    for j in range(count):
        if store.flags[j] & MEMORY:
            work[memory] = j
            work[count + memory] = store.identity[store.self_row[j]]
            memory += 1
        if store.flags[j] & TRACED:
            for r in range(
                store.first_incoming[j], store.first_incoming[j] + store.learning[j]
            ):
                work[at] = store.identity[r]
                at += 1
    gater = at
    gated = at + influences
    at += 2 * influences
    for q in range(influences):
        if store.influence_trace[q] != NONE:
            g = store.influence_gater[q]
            work[gater + pairs] = g
            work[gated + pairs] = store.influence_gated[q]
            for r in range(
                store.first_incoming[g], store.first_incoming[g] + store.learning[g]
            ):
                work[at] = pairs
                work[at + 1] = store.identity[r]
                at += 2
            work[at] = pairs
            work[at + 1] = NONE
            at += 2
            pairs += 1
    return memory, pairs


def locate_kept(store: Any, n: int, count: int, work: Any) -> Pair:
    """Find the places of an earlier program's traces in this program.

    `work` begins with the numbers of self-connections, eligibility traces, pairs and
    extended traces. From the tenth number on, it has a 0 for each neuron, and the
    lists: neurons, gaters, gated neurons, pairs, all identities, and the present rows
    of these. Afterwards, the first three numbers are where it lists new places of
    eligibility traces, influences and extended traces, the next three where it lists
    which of the earlier ones they are, and the last three how many. Returns how many
    neurons, listed from the tenth number on, have a self-connection or traces that they
    did not have before.
    """
    selves = work[0]
    eligible = work[1]
    pairs = work[2]
    extended = work[3]
    memory = MARKS + n
    gater = memory + selves
    gated = gater + pairs
    pair = gated + pairs
    self_identity = pair + extended
    eligible_identity = self_identity + selves
    extended_identity = eligible_identity + eligible
    self_row = extended_identity + extended
    eligible_row = self_row + selves
    extended_row = eligible_row + eligible
    # mark the neurons whose self-connection is that of the earlier program
    for t in range(selves):
        j = work[memory + t]
        r = work[self_row + t]
        if j != NONE and r != NONE and store.self_row[j] == r:
            work[MARKS + j] |= MEMORY
    work[6] = locate_eligible(store, eligible_identity, eligible_row, eligible, work)
    locate_influences(store, gater, gated, pairs, work)
    work[8] = locate_extended(
        store, gater, pair, extended_identity, extended_row, extended, work
    )
    work[7] = list_influences(gater, gated, pairs, work)
    work[0] = eligible_row
    work[1] = gater
    work[2] = extended_row
    work[3] = eligible_identity
    work[4] = gated
    work[5] = extended_identity
    return list_new(store, n, work), 0


def locate_eligible(store: Any, identity: int, row: int, count: int, work: Any) -> int:
    """Replace identities by the numbers of the eligibility traces that stay, and rows
    by their places; mark their neurons. Returns how many stay.
    """
    kept = 0
    for t in range(count):
        r = work[row + t]
        if r == NONE:
            continue
        j = store.target[r]
        offset = r - store.first_incoming[j]
        work[MARKS + j] |= TRACED
        # those of a neuron without memory are renewed at its next activation
        momentary = store.flags[j] & (TRACED | MEMORY) == TRACED
        stays = momentary or work[MARKS + j] & MEMORY != 0
        if stays and offset < store.learning[j]:
            work[identity + kept] = t
            work[row + kept] = store.first_trace[j] + offset
            kept += 1
    return kept


def locate_influences(
    store: Any, gater: int, gated: int, count: int, work: Any
) -> None:
    """Replace gaters by the present influences of these pairs, or NONE if they are
    gone. Pairs are in order of gated neurons, and of gaters.
    """
    q = 0
    before = -1
    last = 0
    for t in range(count):
        g = work[gater + t]
        j = work[gated + t]
        work[gater + t] = NONE
        if g == NONE or j == NONE or not work[MARKS + j] & MEMORY:
            continue
        if j != before or g < last:
            q = store.influence_start[j]
        before = j
        last = g
        while q < store.influence_stop[j] and store.influence_gater[q] < g:
            q += 1
        present = q < store.influence_stop[j] and store.influence_gater[q] == g
        if present and store.influence_trace[q] != NONE:
            work[gater + t] = q


def locate_extended(
    store: Any,
    influence: int,
    pair: int,
    identity: int,
    row: int,
    count: int,
    work: Any,
) -> int:
    """Replace identities by the numbers of the extended traces that stay, and rows by
    their places. Returns how many stay.
    """
    kept = 0
    for t in range(count):
        q = work[influence + work[pair + t]]
        if q == NONE:
            continue
        g = store.influence_gater[q]
        offset = store.learning[g]
        r = work[row + t]
        if work[identity + t] != NONE:
            offset = r - store.first_incoming[g]
            if r == NONE or offset < 0 or offset >= store.learning[g]:
                continue  # gone, fixed or, in a file, of another neuron than the gater
        work[identity + kept] = t
        work[row + kept] = store.influence_trace[q] + offset
        kept += 1
    return kept


def list_influences(influence: int, number: int, count: int, work: Any) -> int:
    """Leave out the pairs that are gone, and return the number of pairs that stay."""
    kept = 0
    for t in range(count):
        q = work[influence + t]
        if q != NONE:
            work[number + kept] = t
            work[influence + kept] = q
            kept += 1
    return kept


def list_new(store: Any, n: int, work: Any) -> int:
    """List the neurons whose memory or traces are new, in place of the marks."""
    new = 0
    for j in range(n):
        had = work[MARKS + j]
        remembers = store.flags[j] & MEMORY != 0 and had & MEMORY == 0
        # an input is set, and therefore its bias has no effect
        learns = store.learning[j] != 0 or store.role[j] != INPUT
        momentary = store.flags[j] & (TRACED | MEMORY) == TRACED
        traces = momentary and learns and had & TRACED == 0
        if remembers or traces:
            work[MARKS + new] = j
            new += 1
    return new
