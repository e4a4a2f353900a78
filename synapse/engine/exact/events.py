"""Steps whose cost follows activity: connections of silent neurons are not
read.

``GATHERING`` lets each target read all of its sources. Where most sources are exactly
0, as spikes, ReLU and winners are, it is faster to scatter: each active source adds its
activation times its weight to the sums of its targets. Both are

    state s_j = w_jj s_j(old) + b_j + sum_i w_ij y_i

with the terms of a sum in another order. `BySource` lists the connections by
source. Those that are read one step late come first: they are added before the first
block, the others as soon as their source has fired. Those of a longer lag are listed by
lag and source: each frame of the network's past has a list of the neurons that were
active, and a step adds what these have sent to it.

Runs that are gathered are added to neurons of a part at once, where they are alike:
those of one-to-one projections, whose source and gater are at a constant distance, are
passes over consecutive numbers. A step writes all numbers of a neuron if it is one of
the last two of a call, or somebody looks at it. Others write what steps read.

Every neuron can still gather, since all activations are in their place. A step whose
events would cost more than that gathers, from the block on at which it turns out.

A number of neuron j of the network is in the row ``j - f.origin`` of lists by neuron.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..by_source.active import BITS, GROUP, NOT_COUNTED, is_silent, list_active
from ..by_source.index import NOW, BySource, build, concat_rows, like_index
from ..functions import activations
from ..language import added, by_case, inline, kernel
from ..lowering.flags import (
    DENSE,
    LISTED,
    MEMORY,
    SHARED,
    STEPPED,
    UNORDERED,
)
from ..online.calls import ROW, SPAN, Examples, calls_by_float
from ..online.read_order import at_gaters_step, at_self_gater_step
from ..read_order import Attributes, are_together, is_delayed_in_order
from ..records import Span
from ..schema import NONE
from ..store import Store
from . import runs
from .activate import Way
from .fire import can_skip_derivatives, fire, fire_without_derivatives
from .runs import RunParts, advance, next_frame, run_rows
from .states import add_runs, commit_states, compute_states
from .step import Step, sources_at

MIN_CONNECTIONS = 4096
"""Listed connections below which the kernel is not worth its compilation. By events,
1,000 to 80,000 connections take 0.04 to 0.7 times as long at up to 5 % active, and 0.63
to 1.34 times at 20 % or more, whatever the length of runs. ``python -m
benchmarks.constants exact.events.MIN_CONNECTIONS``: rows take 0.99 to 1.02 times as
long with a tenth, 1.02 to 3.33 times with ten times."""
MAX_SCATTERED_SOURCES = 4
"""Sources of a dense run that may follow activity. ``python -m benchmarks.constants
exact.events.MAX_SCATTERED_SOURCES``: neither a tenth nor ten times changes the time of
a row by more than a tenth. Without a limit, 300,000 sparse connections beside an active
dense layer of 300 take 3.7 times as long; if no dense run follows activity, 60,000
beside 3,000 one to one take 6 times. Lists of packs (``online/lists.py``) are of dense
runs of 64 sources and more, and save nothing here."""
PER_EVENT = 3
"""How many connections are gathered in the time of one event: 2.2 by measurement.
``python -m benchmarks.constants exact.events.PER_EVENT``: rows take 1.01 to 1.03 times
as long with a tenth, 1.13 to 4.43 times with ten times."""
LOOK = 128
"""Neurons that are looked at together for one that is to be remembered."""
PER_COPY = 4
"""Connections whose weights are copied in the time by which one event is slower that
looks up its weight."""
PART_BITS = 10
"""The logarithm of `PART`."""
PART = 1 << PART_BITS
"""Neurons that are computed at once, so that their sums are in the cache until they
have fired."""
MAX_ALIGNED = 4
"""One-to-one runs of a neuron, up to which their weights are laid side by side with
those of its neighbours."""
SELF = 1
FIRST_RUN = 2
EQUAL = 16
"""Numbers that have a place for those that are equal in a part: fewer bytes are read,
and these stay in the cache."""
COPIED = -1
"""In place of the number of events of a call: the weights are by source, too."""
RECEIVING = 1
CARRYING = 2
MIXED = 4
"""Flags in `EventRows.form`: its block has connections by source; a self-connection
carries its state; it has runs that are gathered."""


class EventRows(NamedTuple):
    """Numbers of the neurons of a network that is stepped by events."""

    # during a call that has had many events: the weights
    weight: NDArray[Any]
    events: NDArray[np.int64]  # how many a call has had; COPIED: there are the weights
    skipped: NDArray[np.uint8]  # by run: whether its connections are here
    form: NDArray[np.uint8]  # by neuron: of what its state is the sum
    # where the neurons of the same form end, whose self-connections have gaters one
    # after the other, or none
    form_stop: NDArray[np.int64]
    part_sends: NDArray[np.uint8]  # by part: whether any connections begin there
    part_active: NDArray[np.uint8]  # by part: whether it may not have been 0
    touched: NDArray[np.uint8]  # by group: whether it has got events
    # by frame of the ring, which the neurons have that are read with lags: which of
    # them are not 0 there, after their number
    earlier: NDArray[np.uint32]
    sums: NDArray[Any]  # what events have added, by neuron
    # numbers that steps read of neurons one after the other: in slots, by neuron, the
    # bias, the weight of the self-connection (`SELF`), and those of the gathered
    # one-to-one runs (from `FIRST_RUN` on); behind them numbers that are equal for all
    # neurons of a part, `PART` times each
    aligned: NDArray[Any]
    # by slot and part: where the number of neuron 0 would be, if that part began there
    block: NDArray[np.int64]


class EventIndex(NamedTuple):
    """Connections that follow activity, as kernels take them."""

    connections: BySource
    rows: EventRows


def build_index(store: Store, span: NDArray[np.int64]) -> EventIndex | None:
    """Return the connections of a lowered store's network by source; None if all are
    gathered faster.
    """
    start = int(span[Span.START])
    stop = int(span[Span.STOP])
    c = store.columns
    start_run = int(c["run_start"][start])
    runs = np.arange(start_run, int(c["run_stop"][stop - 1]))
    silent = activations.may_be_silent(c["squash"][start:stop])
    is_ordered = c["run_flags"][runs] & UNORDERED == 0
    listed = (c["run_kind"][runs] == LISTED) & is_ordered
    chosen = runs[listed]
    lengths = c["run_length"][chosen].astype(np.int64)
    total = int(lengths.sum())
    if total < MIN_CONNECTIONS:
        return None
    # Neurons that have nothing but such runs and short ones from silent sources, or any
    # from spikes if few neurons have those.
    run_start, run_stop = (
        c[end][start:stop].astype(np.int64) - start_run
        for end in ("run_start", "run_stop")
    )
    neuron_of = np.repeat(np.arange(stop - start), run_stop - run_start)
    short = (c["run_kind"][runs] == DENSE) & is_ordered
    few = c["alike_stop"][start:stop] - np.arange(start, stop) <= MAX_SCATTERED_SOURCES
    spikes = np.isin(c["squash"][start:stop], activations.SPIKES)
    of_spikes = short & few[neuron_of]
    of_spikes[of_spikes] = _are_all(c, runs[of_spikes], spikes, start)
    short &= c["run_length"][runs] <= MAX_SCATTERED_SOURCES
    short[short] = _are_all(c, runs[short], silent, start)
    short |= of_spikes
    scattered = np.concatenate([[0], np.cumsum(listed | short)])
    gathers = scattered[run_stop] - scattered[run_start] != run_stop - run_start
    loops = c["flags"][start:stop] & MEMORY != 0
    listed |= short & ~gathers[neuron_of]

    chosen = runs[listed]
    n = stop - start
    rows = concat_rows(c, chosen)
    others = len(rows) - total  # all of them from silent sources
    active = silent[c["source"][rows] - np.uint32(start)]
    if 2 * (np.count_nonzero(active) - others) < total:
        return None
    connections = build(c, start, stop, chosen, rows, 2)
    skipped = np.zeros(len(c["run_kind"]), np.uint8)
    skipped[chosen] = 1
    receives = np.zeros(n, bool)
    receives[neuron_of[listed]] = True
    receives = _by_block(receives, c["block_first"][start:stop])
    form = RECEIVING * receives + CARRYING * loops + MIXED * gathers
    part_sends = _any_of_parts(connections.sends)
    slots = FIRST_RUN + _one_to_one_runs(c, neuron_of, runs, skipped)
    numbers = EventRows(
        weight=np.empty(len(rows), store.dtype),
        events=np.zeros(1, np.int64),
        skipped=skipped,
        form=form.astype(np.uint8),
        form_stop=_form_stops(store, start, stop, form) + start,
        part_sends=part_sends,
        part_active=np.zeros_like(part_sends),
        touched=np.zeros_like(connections.sends),
        earlier=np.zeros(_size_of_earlier(c, start, connections.lags), np.uint32),
        sums=np.zeros(stop - start, store.dtype),
        aligned=np.zeros(slots * n + EQUAL * PART, store.dtype),
        block=np.zeros(slots * len(part_sends), np.int64),
    )
    return EventIndex(connections, numbers)


def _size_of_earlier(c: Any, start: int, lags: NDArray[np.int64]) -> int:
    """Return how many numbers the lists by frame of the network's ring have."""
    if len(lags) == 0:
        return 0
    ring = c["ring"][start]
    width = int(c["ring_stop"][ring]) - int(c["ring_start"][ring])
    return int(c["ring_frames"][ring]) * (1 + width)


def _are_all(
    c: Any, runs: NDArray[np.int64], chosen: NDArray[np.bool_], start: int
) -> NDArray[np.bool_]:
    """Return whether all sources of these dense runs are among those chosen."""
    before = np.concatenate([[0], np.cumsum(chosen)])
    begin = c["run_source"][runs].astype(np.int64) - start
    length = c["run_length"][runs]
    return np.asarray(before[begin + length] - before[begin] == length)


def _any_of_parts(groups: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return, by part, whether it has such a group."""
    begins = np.arange(0, len(groups), PART // GROUP)
    return np.logical_or.reduceat(groups, begins).astype(np.uint8)


def _by_block(
    any_of: NDArray[np.bool_], block: NDArray[np.uint32]
) -> NDArray[np.bool_]:
    """Return, by neuron, whether its block has any."""
    begins = np.flatnonzero(np.append(True, block[1:] != block[:-1]))
    has = np.logical_or.reduceat(any_of, begins)
    return np.asarray(np.repeat(has, np.diff(begins, append=len(block))))


def _form_stops(
    store: Store, start: int, stop: int, form: NDArray[Any]
) -> NDArray[np.int64]:
    """Return, for each neuron, where the neurons of its form end. The gaters of their
    self-connections are one after the other, and all are read in the same step, or
    there are none.
    """
    gater = store.columns["self_gater"][start:stop].astype(np.int64)
    has_gater = gater != NONE
    neuron = np.arange(start, stop)
    gater[~has_gater] = neuron[~has_gater]
    together = are_together(Attributes(store), gater, neuron)
    kind = 2 * has_gater + is_delayed_in_order(gater, neuron, together)
    changed = (kind[1:] != kind[:-1]) | (form[1:] != form[:-1])
    changed |= has_gater[1:] & (gater[1:] != gater[:-1] + 1)
    changes = np.flatnonzero(changed) + 1
    begins = np.concatenate([[0], changes])
    stops = np.concatenate([changes, [len(form)]])
    return np.repeat(stops, stops - begins).astype(np.int64)


def _one_to_one_runs(
    c: Any,
    neuron_of: NDArray[np.int64],
    runs: NDArray[np.int64],
    skipped: NDArray[np.uint8],
) -> int:
    """Return the largest number of one-to-one runs of a neuron that are gathered, up to
    a limit.
    """
    is_single = (c["run_length"][runs] == 1) & (c["run_flags"][runs] & STEPPED != 0)
    single = neuron_of[is_single & (skipped[runs] == 0)]
    return min(int(np.bincount(single).max(initial=0)), MAX_ALIGNED)


EventState: Any = namedtuple(  # type: ignore[misc]
    "EventState", [*BySource._fields, *EventRows._fields, "origin", "budget"]
)
"""`EventIndex` in a kernel, which calls it ``events``; the first row of the network,
and how many events cost as much as gathering."""


# --- who is active --------------------------------------------------------------------


@inline
def list_all(store, tapes, events, span, step):
    """List the active sources of a step that was not made by events, or of the
    context.
    """
    events.active[0] = 0
    list_active(tapes, events, span.start, span.stop, step.now, 0, 0, 1, NOW)


# --- who was active -------------------------------------------------------------------


@inline
def list_of(store, ring, frame):
    """Return the offset of the list of a frame in ``events.earlier``."""
    return frame * (1 + store.ring_stop[ring] - store.ring_start[ring])


@inline
def list_frame(store, tapes, events, ring, frame, read):
    """List the neurons that are not 0 in a frame, whose activations begin at `read`.
    They are in active parts.
    """
    to = list_of(store, ring, frame)
    start = store.ring_start[ring]
    n = 0
    begin = start
    while begin < store.ring_stop[ring]:
        part_index = (begin - events.origin) >> PART_BITS
        part_stop = events.origin + ((part_index + 1) << PART_BITS)
        if events.part_active[part_index] == 0:
            begin = part_stop
            continue
        end = min(begin + LOOK, part_stop, store.ring_stop[ring])
        if not is_silent(tapes, begin, end, read):
            for j in range(begin, end):
                if tapes.activation[read + j] != 0.0:
                    n += 1
                    events.earlier[to + n] = j - start
        begin = end
    events.earlier[to] = n


@inline
def mark_active(events, value):
    """Mark all parts: 0 if their activations are 0, 1 if they may not be."""
    events.part_active[: events.part_active.size] = value


@inline
def list_past(store, tapes, events, span, step):
    """List the neurons that are not 0, for all frames of the network."""
    ring = store.ring[span.start]
    width = store.ring_stop[ring] - store.ring_start[ring]
    first = step.past + store.ring_first[ring] - store.ring_start[ring]
    mark_active(events, 1)
    for frame in range(store.ring_frames[ring]):
        list_frame(store, tapes, events, ring, frame, first + frame * width)


@inline
def advance_by_events(store, tapes, events, span, step):
    """Advance the past of a network by a step; only what is not 0 is written, and what
    was not.
    """
    if events.lags.size == 0:
        advance(store, tapes, events, span, step)
        return
    ring = store.ring[span.start]
    start = store.ring_start[ring]
    width = store.ring_stop[ring] - start
    head = next_frame(store, tapes, ring)
    to = step.past + store.ring_first[ring] + head * width
    copy = to + store.ring_frames[ring] * width
    at = list_of(store, ring, head)
    for k in range(at + 1, at + 1 + events.earlier[at]):
        i = events.earlier[k]
        tapes.activation[to + i] = 0.0
        tapes.activation[copy + i] = 0.0
    list_frame(store, tapes, events, ring, head, step.before)
    mark_active(events, 0)
    for k in range(at + 1, at + 1 + events.earlier[at]):
        i = events.earlier[k]
        activation = tapes.activation[step.before + start + i]
        tapes.activation[to + i] = activation
        tapes.activation[copy + i] = activation


# --- events ---------------------------------------------------------------------------


@inline
def scatter(store, events, start, stop, activation):
    """Add the events of one source to the sums of its targets."""
    if events.events[0] == COPIED:
        for q in range(start, stop):
            i = events.target[q] - events.origin
            events.sums[i] += activation * events.weight[q]
            events.touched[i >> BITS] = 1
    else:
        events.events[0] += stop - start
        for q in range(start, stop):
            i = events.target[q] - events.origin
            events.sums[i] += activation * store.weight[events.row[q]]
            events.touched[i >> BITS] = 1


@inline
def copy_weights(store, events):
    """Copy all weights to those by source, once looking them up has cost a call more
    time than this copy.
    """
    if events.events[0] > events.row.size // PER_COPY:
        for q in range(events.row.size):
            events.weight[q] = store.weight[events.row[q]]
        events.events[0] = COPIED


@inline
def scatter_late(store, tapes, events, step):
    """Add what sources have sent in the previous step."""
    for k in range(1, events.active[0] + 1):
        i = events.active[k]
        activation = tapes.activation[step.before + events.origin + i]
        scatter(store, events, events.late[i], events.prompt[i], activation)


@inline
def scatter_lagged(store, tapes, events, span, step):
    """Add what sources have sent in earlier steps; returns the number of events."""
    due = 0
    lags = events.lags.size
    ring = store.ring[span.start]
    frames = store.ring_frames[ring]
    width = store.ring_stop[ring] - store.ring_start[ring]
    past = step.past + store.ring_first[ring]
    for number in range(lags):
        frame = (tapes.head[ring] + frames + 1 - events.lags[number]) % frames
        at = list_of(store, ring, frame)
        read = past + frame * width
        for k in range(at + 1, at + 1 + events.earlier[at]):
            i = events.earlier[k]
            source = span.stop - span.start + i * lags + number
            begin, end = events.late[source], events.late[source + 1]
            scatter(store, events, begin, end, tapes.activation[read + i])
            due += end - begin
    return due


@inline
def scatter_prompt(store, tapes, events, listed, step):
    """Add what the sources send that were listed after the first `listed` ones."""
    for k in range(listed + 1, events.active[0] + 1):
        i = events.active[k]
        activation = tapes.activation[step.now + events.origin + i]
        scatter(store, events, events.prompt[i], events.late[i + 1], activation)


@inline
def clear_sums(events, start, stop):
    """Clear the incomplete sums of neurons that gather instead."""
    events.sums[start - events.origin : stop - events.origin] = 0.0


# --- the states of a piece ------------------------------------------------------------


@inline
def has_events(events, start, stop):
    """Return whether events have been added to neurons of a part since it was computed,
    and clear the marks of this.
    """
    offset = start - events.origin
    last = stop - events.origin
    if events.form[offset] & RECEIVING == 0:
        return False
    if (offset | last) & (GROUP - 1):  # a group that another part has, too
        return True
    any_touched = 0
    for group in range(offset >> BITS, last >> BITS):
        any_touched |= events.touched[group]
        events.touched[group] = 0
    return any_touched != 0


@inline
def add_events(store, tapes, events, start, stop, step):
    """s_j = b_j and what events have added."""
    offset = start - events.origin
    biases = aligned_at(events, 0, offset)
    if has_events(events, start, stop):
        for t in range(stop - start):
            state = events.aligned[biases + t] + events.sums[offset + t]
            tapes.new_state[step.offset + start + t] = state
            events.sums[offset + t] = 0.0
    else:
        tapes.new_state[step.offset + start : step.offset + stop] = events.aligned[
            biases : biases + stop - start
        ]


@inline
def aligned_at(events, slot, i):
    """Return the offset of the numbers of neuron i and those after it in its part."""
    return events.block[slot * events.part_sends.size + (i >> PART_BITS)] + i


@inline
def has_own_states(store, code):
    """Return whether the states of such neurons, between the first and the last steps
    of a call, are not their activations.
    """
    return code != activations.IDENTITY or store.ties.clamped != 0


@inline
def carry_states(store, tapes, events, start, stop, step):
    """s_j = g_jj w_jj s_j(old) + b_j and what events have added."""
    block = start, stop, step
    if step.whole_before or has_own_states(store, store.squash[start]):
        carry_from(store, tapes, events, tapes.state, *block)
    else:
        carry_from(store, tapes, events, tapes.activation, *block)


@inline
def carry_from(store, tapes, events, states, start, stop, step):
    """Carry states as `carry_states` does, from the column with the states of the step
    before.
    """
    receives = has_events(events, start, stop)
    of = store, tapes, events, states, start, stop, step
    # one loop for each case, which has no branch
    if store.self_gater[start] != NONE:
        by_case(carry_by, receives, *of, True)
    else:
        by_case(carry_by, receives, *of, False)


@inline
def carry_by(store, tapes, events, states, start, stop, step, gated, receives):
    """Carry states for one of the cases of `carry_from`."""
    gains = 0
    if gated:
        gater = store.self_gater[start]
        gains = at_self_gater_step(store, start, step.now, step.before) + gater
    offset = start - events.origin
    biases = aligned_at(events, 0, offset)
    weights = aligned_at(events, SELF, offset)
    old = step.before + start
    for t in range(stop - start):
        carried = events.aligned[weights + t] * states[old + t]
        if gated:
            carried *= tapes.activation[gains + t]
        if receives:
            carried += events.sums[offset + t]
            events.sums[offset + t] = 0.0
        tapes.new_state[step.offset + start + t] = events.aligned[biases + t] + carried


@inline
def is_one_to_one(store, r):
    """Return whether each neuron of several has one source in this run, and that of the
    next neuron is the next one; so are the gaters.
    """
    return store.run_length[r] == 1 and store.run_flags[r] & STEPPED != 0


@inline
def add_one_to_one(store, tapes, events, r, weights, start, stop, step):
    """Add the weighted inputs of neurons from a one-to-one run; ``events.aligned`` has
    their weights from `weights` on.
    """
    flags = store.run_flags[r]
    source = sources_at(store, tapes, r, step) + store.run_source[r]
    if store.run_kind[r] == SHARED:
        gater = at_gaters_step(flags, step.now, step.before) + store.run_gater[r]
        for t in range(stop - start):
            gained = tapes.activation[gater + t] * events.aligned[weights + t]
            brought = gained * tapes.activation[source + t]
            tapes.new_state[step.offset + start + t] += brought
    else:
        for t in range(stop - start):
            brought = tapes.activation[source + t] * events.aligned[weights + t]
            tapes.new_state[step.offset + start + t] += brought


@inline
def gather_runs(store, tapes, events, start, stop, step):
    """Add the weighted inputs of neurons from runs that are gathered."""
    slots = events.block.size // events.part_sends.size
    j = start
    while j < stop:
        alike_stop = min(stop, store.alike_stop[j])
        runs = store.run_stop[j] - store.run_start[j]
        slot = FIRST_RUN
        for r in range(store.run_start[j], store.run_stop[j]):
            if events.skipped[r]:
                continue
            if is_one_to_one(store, r):
                slot += 1
                if slot <= slots:
                    weights = aligned_at(events, slot - 1, j - events.origin)
                    add_one_to_one(
                        store, tapes, events, r, weights, j, alike_stop, step
                    )
                    continue
            add_runs(store, tapes, r, r + 1, runs, j, alike_stop, step)
        j = alike_stop


@inline
def compute_states_by_events(store, tapes, events, start, stop, step):
    """Compute the states of a piece of a block: what events have added, and runs that
    are gathered.
    """
    j = start
    while j < stop:
        form = events.form[j - events.origin]
        end = min(events.form_stop[j - events.origin], stop)
        if form & CARRYING:
            carry_states(store, tapes, events, j, end, step)
        else:
            add_events(store, tapes, events, j, end, step)
        if form & MIXED:
            gather_runs(store, tapes, events, j, end, step)
        j = end


@inline
def keep_carried(tapes, events, start, stop, step):
    """Store the states that self-connections carry over to the next step."""
    j = start
    while j < stop:
        end = min(events.form_stop[j - events.origin], stop)
        if events.form[j - events.origin] & CARRYING:
            commit_states(tapes, j, end, step)
        j = end


@inline
def align_numbers(store, events, span):
    """Copy the biases and weights of neurons one after the other, so that those of
    neighbours are side by side.
    """
    n = events.sums.size
    parts = events.part_sends.size
    slots = events.block.size // parts
    for j in range(span.start, span.stop):
        i = j - events.origin
        events.aligned[i] = store.bias[j]
        if events.form[i] & CARRYING:
            events.aligned[SELF * n + i] = store.weight[store.self_row[j]]
        if events.form[i] & MIXED:
            slot = FIRST_RUN
            for r in range(store.run_start[j], store.run_stop[j]):
                if slot < slots and not events.skipped[r] and is_one_to_one(store, r):
                    events.aligned[slot * n + i] = store.weight[store.run_first[r]]
                    slot += 1
    equal = 0
    for slot in range(slots):
        for part_index in range(parts):
            equal = find_equal(events, slot, part_index, equal)


@inline
def find_equal(events, slot, part_index, equal):
    """Use the place of a number for a slot of a part, if all of its numbers are this
    one. `equal` numbers have a place before; returns how many have one then.
    """
    n = events.sums.size
    slots = events.block.size // events.part_sends.size
    begin = slot * n + (part_index << PART_BITS)
    stop = slot * n + min((part_index + 1) << PART_BITS, n)
    events.block[slot * events.part_sends.size + part_index] = slot * n
    number = events.aligned[begin]
    if added(events.aligned[q] != number for q in range(begin, stop)) > 0:
        return equal
    for k in range(equal + 1):
        if k == EQUAL:
            return equal
        offset = slots * n + (k << PART_BITS)
        if k == equal:
            events.aligned[offset : offset + PART] = number
        if events.aligned[offset] == number:
            events.block[slot * events.part_sends.size + part_index] = offset - (
                part_index << PART_BITS
            )
            return max(equal, k + 1)
    return equal


# --- the way --------------------------------------------------------------------------
#
# What its parts pass on is the number of events of the step so far. Above the budget,
# it is `gathering_from` the end of the block: whole blocks gather.


@inline
def gathering_from(events, start):
    """Return, in place of a number of events, that neurons from `start` on gather."""
    return events.budget + 1 + start - events.origin


@inline
def gathers(events, start, due):
    """Return whether neurons from `start` on gather."""
    return events.budget < due <= gathering_from(events, start)


@inline
def _follow(store, tapes, events, span, start, stop, step, due):
    """Add the events of neurons that have fired; returns the number of events by
    now.
    """
    part_index = (start - events.origin) >> PART_BITS
    if stop <= events.origin + ((part_index + 1) << PART_BITS) and (
        not events.part_sends[part_index] or is_silent(tapes, start, stop, step.now)
    ):
        return due
    while part_index <= (stop - 1 - events.origin) >> PART_BITS:
        events.part_active[part_index] = 1
        part_index += 1
    if due > events.budget:
        return due
    listed = events.active[0]
    due = list_active(tapes, events, start, stop, step.now, due, 0, 1, NOW)
    if due > events.budget:
        stop = store.block_stop[start]
        clear_sums(events, stop, span.stop)
        return gathering_from(events, stop)
    scatter_prompt(store, tapes, events, listed, step)
    return due


@inline
def _begin(store, tapes, events, span, start, step):
    """Add the events of previous steps, and of the inputs; returns their number."""
    due = 0
    copy_weights(store, events)
    if events.lags.size > 0:
        due = scatter_lagged(store, tapes, events, span, step)
    if events.active[0] == NOT_COUNTED or due > events.budget:
        clear_sums(events, span.start, span.stop)
        return gathering_from(events, span.start)
    scatter_late(store, tapes, events, step)
    events.active[0] = 0
    return _follow(store, tapes, events, span, span.start, start, step, due)


@inline
def _part(store, events, start, due):
    """Return the end of the next piece, of one part. Neurons that compete are computed
    together, and all of a block that gather.
    """
    stop = store.block_stop[start]
    if gathers(events, start, due) or (
        activations.FIRST_GROUPED <= store.squash[start] <= activations.LAST_GROUPED
    ):
        return stop
    part_index = (start - events.origin) >> PART_BITS
    return min(stop, events.origin + ((part_index + 1) << PART_BITS))


@inline
def _compute(store, tapes, events, start, stop, step, row, lanes, ragged, due):
    # new states are where those of other parts were: they stay in the cache
    here = Step(
        step.now,
        step.before,
        0 - start,
        step.rows,
        step.past,
        step.whole,
        step.whole_before,
        step.number,
    )
    if gathers(events, start, due):
        if not (step.whole_before or has_own_states(store, store.squash[start])):
            tapes.state[step.before + start : step.before + stop] = tapes.activation[
                step.before + start : step.before + stop
            ]
        compute_states(store, tapes, start, stop, here)
    else:
        compute_states_by_events(store, tapes, events, start, stop, here)
    if step.whole or not can_skip_derivatives(store.squash[start]):
        commit_states(tapes, start, stop, here)
        fire(store, tapes, start, stop, here, row, lanes)
    else:
        if has_own_states(store, store.squash[start]):
            keep_carried(tapes, events, start, stop, here)
        fire_without_derivatives(store, tapes, start, stop, here)


@inline
def _end(store, tapes, events, span, step, due):
    """List the active sources of a step that has gathered: the next one may scatter."""
    if due > events.budget:
        list_all(store, tapes, events, span, step)


BY_EVENTS = Way(_begin, _part, _compute, _follow, _end)


# --- runs -----------------------------------------------------------------------------


@inline
def _begin_run(store, tapes, events, span, step):
    """Begin a call, before which weights and activations may have changed."""
    events.events[0] = 0
    align_numbers(store, events, span)
    clear_sums(events, span.start, span.stop)
    list_all(store, tapes, events, span, step)
    if events.lags.size > 0:
        list_past(store, tapes, events, span, step)


SCATTERED = RunParts(BY_EVENTS, _begin_run, advance_by_events)


@kernel
def run_untraced(
    store,
    scalar,
    tapes,
    rows,
    span,
    latest,
    connections,
    numbers,
    looks,
    inputs,
    outputs,
):
    """``runs.run_untraced`` by events."""
    return run_rows(
        SCATTERED,
        store,
        tapes,
        EventState(
            *connections,
            *numbers,
            span.start,
            connections.target.size // PER_EVENT,
        ),
        span,
        rows,
        latest,
        looks,
        inputs,
        outputs,
        scalar,
    )


def _examples(scalar: Any) -> Examples:
    floats = np.empty(0, type(scalar))
    few = np.empty(0, np.uint8)
    listed = np.empty(0, np.uint32)
    numbers = EventRows._make(
        (floats, SPAN, few, few, SPAN, few, few, few, listed, floats, floats, SPAN)
    )
    begin = 0, scalar, 0, 0, SPAN, SPAN, like_index(), numbers
    return {run_untraced: (*begin, True, ROW, ROW)}


calls_for = calls_by_float(_examples, {runs.run_untraced: run_untraced})
