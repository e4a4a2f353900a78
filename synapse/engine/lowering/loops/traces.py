"""Traces across lowerings: what each belongs to, and where it lies in a new program."""

from __future__ import annotations

from typing import Any

from ...schema import NONE
from ..flags import MEMORY, TRACED
from .ranges import Pair


def read_traces(m: Any, n: int, count: int, work: Any) -> Pair:
    """List what the traces of the program belong to; `count` is the number of its
    neurons.

    The lists have room for all neurons and pairs: self-connected neurons; the
    identities of their self-connections; those of connections with eligibility traces;
    gaters and gated neurons of pairs that have extended traces; and of each of these,
    the number of its pair beside the identity of its connection, NONE for the bias,
    which is last in a pair. Returns how many self-connections and pairs there are.
    """
    memory = 0
    pairs = 0
    at = 2 * count
    influences = m.last_influence[count - 1]
    for j in range(count):
        if m.flags[j] & MEMORY:
            work[memory] = j
            work[count + memory] = m.identity[m.self_row[j]]
            memory += 1
        if m.flags[j] & TRACED:
            for r in range(m.first_incoming[j], m.first_incoming[j] + m.learning[j]):
                work[at] = m.identity[r]
                at += 1
    gater = at
    gated = at + influences
    at += 2 * influences
    for q in range(influences):
        if m.influence_trace[q] != NONE:
            g = m.influence_gater[q]
            work[gater + pairs] = g
            work[gated + pairs] = m.influence_gated[q]
            for r in range(m.first_incoming[g], m.first_incoming[g] + m.learning[g]):
                work[at] = pairs
                work[at + 1] = m.identity[r]
                at += 2
            work[at] = pairs
            work[at + 1] = NONE
            at += 2
            pairs += 1
    return memory, pairs


def place_kept(m: Any, n: int, count: int, work: Any) -> Pair:
    """Find the places in the program of the traces of an earlier one.

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
    mark = 9
    memory = 9 + n
    gater = 9 + n + selves
    gated = gater + pairs
    pair = gater + 2 * pairs
    identities_at = gater + 2 * pairs + extended
    eligible_at = identities_at + selves
    extending = identities_at + selves + eligible
    rows = selves + eligible + extended  # the row of an identity is so much further
    for t in range(selves):
        j = work[memory + t]
        r = work[identities_at + rows + t]
        if j != NONE and r != NONE and m.self_row[j] == r:
            work[mark + j] |= MEMORY
    kept = 0
    for t in range(eligible):
        r = work[eligible_at + rows + t]
        if r == NONE:
            continue
        j = m.target[r]
        place = r - m.first_incoming[j]
        momentary = m.flags[j] & (TRACED | MEMORY) == TRACED
        work[mark + j] |= TRACED
        # those of a neuron without memory are renewed at its next activation
        if (momentary or work[mark + j] & MEMORY) and place < m.learning[j]:
            work[eligible_at + kept] = t
            work[eligible_at + rows + kept] = m.first_trace[j] + place
            kept += 1
    work[0] = eligible_at + rows
    work[3] = eligible_at
    work[6] = kept
    q = 0
    before = -1
    last = 0
    for t in range(pairs):
        g = work[gater + t]
        j = work[gated + t]
        present = NONE
        if g != NONE and j != NONE and work[mark + j] & MEMORY:
            if j != before or g < last:
                q = m.first_influence[j]
            while q < m.last_influence[j] and m.influence_gater[q] < g:
                q += 1
            if (
                q < m.last_influence[j]
                and m.influence_gater[q] == g
                and m.influence_trace[q] != NONE
            ):
                present = q
            before = j
            last = g
        work[gater + t] = present
    kept = 0
    for t in range(extended):
        q = work[gater + work[pair + t]]
        if q == NONE:
            continue
        g = m.influence_gater[q]
        place = m.learning[g]
        r = work[extending + rows + t]
        if work[extending + t] != NONE:
            place = r - m.first_incoming[g]
            if r == NONE or place < 0 or place >= m.learning[g]:
                continue  # gone, fixed or, in a file, of another neuron than the gater
        work[extending + kept] = t
        work[extending + rows + kept] = m.influence_trace[q] + place
        kept += 1
    work[2] = extending + rows
    work[5] = extending
    work[8] = kept
    kept = 0
    for t in range(pairs):
        q = work[gater + t]
        if q != NONE:
            work[gated + kept] = t
            work[gater + kept] = q
            kept += 1
    work[1] = gater
    work[4] = gated
    work[7] = kept
    new = 0
    for j in range(n):
        flags = m.flags[j]
        had = work[mark + j]
        if (flags & MEMORY and not had & MEMORY) or (
            flags & (TRACED | MEMORY) == TRACED
            and m.learning[j] != 0
            and not had & TRACED
        ):
            work[mark + new] = j
            new += 1
    return new, 0
