"""Run steps whose cost follows activity, because connections of silent neurons are not
read.

With ``GATHERING``, each target reads all of its sources. Where most sources are exactly
0, as with spikes, ReLU and winners, it is faster to scatter, which means that each
active source adds its activation times its weight to the sums of its targets. Both
compute

    state s_j = w_jj s_j(old) + b_j + sum_i w_ij y_i

with the terms of a sum in another order. `BySource` lists the connections by source. As
soon as a source has fired, its events are added, those of connections that are read one
step late to the sums of the next step. If there are longer delays, they are added when
the next step begins, after the events of earlier steps.
Each frame of the network's past has a list of the neurons that were active, from which
a step adds delayed activations.

Gathered runs are added to all neurons of the same form in a part at once. One-to-one
projections, whose source and gater are at a constant distance, become passes over
consecutive numbers. A step writes all numbers of a neuron if it is one of the last two
of a call, or if they can be observed. All other steps only write the values needed by
later steps.

Short blocks of neurons that only read events are computed together, as if they did not
send anything to each other. Then the activations that some have sent are added, one
after the other, and their targets are computed again (`follow_in_order`).

Because all activations are stored, every neuron can still gather. If the events of a
step prove more expensive than gathering, the step gathers from this block on.

In lists by neuron, the number of neuron j of the network is in the row
``j - events.origin``.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from ..by_source.active import (
    NOT_COUNTED,
    add_active,
    has_active,
    is_silent,
    list_active,
    list_part,
    part_of,
    part_stop,
)
from ..by_source.index import (
    GROUP,
    NOW,
    PART,
    PART_BITS,
    PAST,
    BySource,
    lagged_source,
    late_begin,
    like_index,
    prompt_begin,
    source_stop,
)
from ..functions import activations
from ..language import added, by_case, inline, kernel, noinline, prefetch
from ..lowering.flags import SHARED, STEPPED
from ..online.calls import ROW, SPAN, Examples, calls_by_float
from ..online.read_order import at_gaters_step, at_self_gater_step
from ..schema import NONE
from . import runs
from .activate import Way
from .event_index import (
    CARRYING,
    EQUAL,
    FIRST_RUN,
    MIXED,
    OPEN,
    RECEIVING,
    SELF,
    EventRows,
)
from .fire import can_skip_derivatives, fire, fire_without_derivatives
from .runs import RunParts, advance, next_frame, run_rows
from .states import add_runs, commit_states, compute_states
from .step import Step, sources_at

PER_EVENT = 3
"""Number of connections that are gathered in the time of one event, measured as 2.2.
``python -m benchmarks.variants exact.events.PER_EVENT``: rows take 1.01 to 1.03 times
as long with a tenth, 1.13 to 4.43 times with ten times."""
PIECE = 256
"""Neurons of short blocks that are computed together."""
AHEAD = 3
"""Number of sources by which connections are fetched ahead of their events."""
FETCHED = 128
"""Number of a source's connections that are fetched ahead. The processor fetches
further connections by itself.
"""
LINE = 16
"""Numbers of four bytes that are fetched at once."""

EventState: Any = namedtuple(  # type: ignore[misc]
    "EventState", [*BySource._fields, *EventRows._fields, "origin", "budget"]
)
"""`EventIndex` in a kernel, where it is called ``events``, with the first row of the
network and the number of events that cost as much as gathering.
"""


# --- states ---------------------------------------------------------------------------
#
# A state consists of the sums to which events have been added, the value that a
# self-connection carries over, and runs that are gathered.


@inline
def has_own_states(store, code):
    """Return whether the states of such neurons, between the first and the last steps
    of a call, are not their activations.
    """
    return code != activations.IDENTITY or store.ties.clamped != 0


@inline
def compute_states_by_events(store, tapes, events, start, stop, step):
    """Compute the states of a piece of a block from the sums of events, and from runs
    that are gathered.
    """
    j = start
    while j < stop:
        form = events.form[j - events.origin]
        end = min(events.form_stop[j - events.origin], part_stop(events, j), stop)
        if form & CARRYING:
            carry_states(store, tapes, events, j, end, step)
        else:
            add_events(store, tapes, events, j, end, step)
        if form & MIXED:
            gather_runs(store, tapes, events, j, end, step)
        j = end


@inline
def is_touched(events, step, j):
    """Return whether events may have been added to neurons in this neuron's part."""
    first = sums_of(events, step.number) >> PART_BITS
    every = events.touched[first + events.parts.size]
    return events.touched[first + part_of(events, j)] | every != 0


@inline
def has_events(events, step, j):
    """Return whether events may have been added to neurons of one form and part."""
    receives = events.form[j - events.origin] & RECEIVING != 0
    return receives and is_touched(events, step, j)


@inline
def add_events(store, tapes, events, start, stop, step):
    """s_j = b_j + the sum of events."""
    biases = aligned_at(events, 0, start)
    if has_events(events, step, start):
        sums = sums_of(events, step.number) - events.origin
        for j in range(start, stop):
            state = events.aligned[biases + j] + events.sums[sums + j]
            tapes.new_state[step.offset + j] = state
    else:
        tapes.new_state[step.offset + start : step.offset + stop] = events.aligned[
            biases + start : biases + stop
        ]


@inline
def aligned_at(events, slot, j):
    """Return the offset from the rows of neurons in the part of neuron j to their
    numbers in a slot.
    """
    return events.block[slot * events.parts.size + part_of(events, j)] - events.origin


@inline
def carry_states(store, tapes, events, start, stop, step):
    """s_j = g_jj w_jj s_j(old) + b_j + the sum of events."""
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
    receives = has_events(events, step, start)
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
        gains = at_self_gater_step(store, start, step.now, step.before) + gater - start
    biases = aligned_at(events, 0, start)
    weights = aligned_at(events, SELF, start)
    sums = sums_of(events, step.number) - events.origin
    for j in range(start, stop):
        carried = events.aligned[weights + j] * states[step.before + j]
        if gated:
            carried *= tapes.activation[gains + j]
        if receives:
            carried += events.sums[sums + j]
        tapes.new_state[step.offset + j] = events.aligned[biases + j] + carried


@inline
def is_one_to_one(store, r):
    """Return whether each neuron of several has one source in this run, and the next
    neuron has the next source. The same must hold for the gaters.
    """
    return store.run_length[r] == 1 and store.run_flags[r] & STEPPED != 0


@inline
def add_one_to_one(store, tapes, events, r, weights, start, stop, step):
    """Add the weighted inputs of neurons from a one-to-one run; ``events.aligned`` has
    their weights from `weights` on.
    """
    source = sources_at(store, tapes, r, step) + store.run_source[r] - start
    if store.run_kind[r] == SHARED:
        flags = store.run_flags[r]
        gater = at_gaters_step(flags, step.now, step.before) + store.run_gater[r]
        for j in range(start, stop):
            gained = tapes.activation[gater - start + j] * events.aligned[weights + j]
            brought = gained * tapes.activation[source + j]
            tapes.new_state[step.offset + j] += brought
    else:
        for j in range(start, stop):
            brought = tapes.activation[source + j] * events.aligned[weights + j]
            tapes.new_state[step.offset + j] += brought


@inline
def gather_runs(store, tapes, events, start, stop, step):
    """Add the weighted inputs of neurons from runs that are gathered."""
    j = start
    while j < stop:
        alike_stop = min(stop, store.alike_stop[j])
        runs = store.run_stop[j] - store.run_start[j]
        slot = FIRST_RUN
        for r in range(store.run_start[j], store.run_stop[j]):
            if events.skipped[r]:
                continue
            if is_one_to_one(store, r) and slot < slots_of(events):
                weights = aligned_at(events, slot, j)
                add_one_to_one(store, tapes, events, r, weights, j, alike_stop, step)
                slot += 1
            else:
                add_runs(store, tapes, r, r + 1, runs, j, alike_stop, step)
        j = alike_stop


@inline
def slots_of(events):
    """Return how many slots ``events.aligned`` has."""
    return events.block.size // events.parts.size


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
    n = events.form.size
    for j in range(span.start, span.stop):
        i = j - events.origin
        events.aligned[i] = store.bias[j]
        if events.form[i] & CARRYING:
            events.aligned[SELF * n + i] = store.weight[store.self_row[j]]
        if events.form[i] & MIXED:
            slot = FIRST_RUN
            for r in range(store.run_start[j], store.run_stop[j]):
                is_aligned = is_one_to_one(store, r) and not events.skipped[r]
                if is_aligned and slot < slots_of(events):
                    events.aligned[slot * n + i] = store.weight[store.run_first[r]]
                    slot += 1
    equal = 0
    for slot in range(slots_of(events)):
        for part_index in range(events.parts.size):
            equal = find_equal(events, slot, part_index, equal)


@inline
def find_equal(events, slot, part_index, equal):
    """Use the place of a number for a slot of a part in which all numbers are equal to
    it. The first `equal` numbers have a place already. Returns how many have one
    afterwards.
    """
    n = events.form.size
    shift = part_index << PART_BITS
    at = slot * events.parts.size + part_index
    begin, stop = slot * n + shift, slot * n + min(shift + PART, n)
    events.block[at] = slot * n
    number = events.aligned[begin]
    if added(events.aligned[q] != number for q in range(begin, stop)) > 0:
        return equal
    to = slots_of(events) * n
    for k in range(min(equal + 1, EQUAL)):
        if k == equal:
            events.aligned[to : to + PART] = number
        if events.aligned[to] == number:
            events.block[at] = to - shift
            return max(equal, k + 1)
        to += PART
    return equal


# --- events ---------------------------------------------------------------------------


@inline
def fetch(events, start, stop):
    """Begin to fetch connections that are read soon."""
    for q in range(start, min(stop, start + FETCHED), LINE):
        prefetch(events.target, q)
        prefetch(events.weight, q)


@inline
def copy_weights(store, events, number, start, stop):
    """Copy the weights of connections, unless `number` shows that this call has done
    so.
    """
    if not events.copied[number]:
        for q in range(start, stop):
            events.weight[q] = store.weight[events.row[q]]
        events.copied[number] = 1


@inline
def sums_of(events, number):
    """Return where the sums of the step of this number begin."""
    return (number & 1) * ((events.parts.size + 1) << PART_BITS)


@inline
def scatter(events, sums, start, stop, activation):
    """Add the events of a source to the sums of its targets, which begin at `sums`."""
    if events.touched[(sums >> PART_BITS) + events.parts.size]:
        for q in range(start, stop):
            events.sums[sums + events.target[q]] += activation * events.weight[q]
    else:
        for q in range(start, stop):
            i = sums + events.target[q]
            events.sums[i] += activation * events.weight[q]
            events.touched[i >> PART_BITS] = 1


@inline
def sends_late(events):
    """Return whether late connections are added as soon as their source has fired."""
    return events.lags.size == 0


@inline
def send(events, i, begin, activation, step):
    """Add the events of a source when it has fired, from the connection `begin` on."""
    late = late_begin(events, i)
    scatter(events, sums_of(events, step.number), begin, late, activation)
    if sends_late(events):
        after = sums_of(events, step.number + 1)
        scatter(events, after, late, source_stop(events, i), activation)


@inline
def fetch_listed(events, k, n):
    """Begin to fetch what the source at place k of the list sends when it has fired, if
    at least k are listed.
    """
    if k <= n:
        i = events.active[k]
        stop = source_stop(events, i) if sends_late(events) else late_begin(events, i)
        fetch(events, prompt_begin(events, i), stop)


@inline
def fetch_first(events, first, n):
    """Begin to fetch what the first few sources from place `first` on send, before they
    do.
    """
    for k in range(first, first + AHEAD):
        fetch_listed(events, k, n)


@inline
def scatter_late(store, tapes, events, now, number):
    """Add the activations that the listed sources send to late connections to the sums
    of the step of this number. Activations begin at `now`.
    """
    n = events.active[0]
    for k in range(1, n + 1):
        soon = events.active[min(k + AHEAD, n)]
        fetch(events, late_begin(events, soon), source_stop(events, soon))
        i = events.active[k]
        start, stop = late_begin(events, i), source_stop(events, i)
        copy_weights(store, events, i, prompt_begin(events, i), stop)
        activation = tapes.activation[now + events.origin + i]
        scatter(events, sums_of(events, number), start, stop, activation)


@inline
def scatter_listed(store, tapes, events, listed, step):
    """Add the activations of sources that were listed after the first `listed` ones."""
    n = events.active[0]
    fetch_first(events, listed + 1, n)
    for k in range(listed + 1, n + 1):
        fetch_listed(events, k + AHEAD, n)
        i = events.active[k]
        start = prompt_begin(events, i)
        copy_weights(store, events, i, start, source_stop(events, i))
        activation = tapes.activation[step.now + events.origin + i]
        send(events, i, start, activation, step)


@inline
def begin_sums(events, step):
    """Begin a step, before which its sums only contain late events. If it probably has
    at least one event per neuron, parts are not marked.
    """
    parts = events.parts.size
    n = events.form.size
    are_many = events.active[0] * (events.target.size // n) > n
    events.touched[(sums_of(events, step.number) >> PART_BITS) + parts] |= are_many
    after = sums_of(events, step.number + 1) >> PART_BITS
    events.touched[after : after + parts] = 0
    events.touched[after + parts] = are_many


@inline
def clear_all(events):
    """Clear all sums, with those of late connections."""
    events.sums[: events.sums.size] = 0.0


@inline
def clear_sums(events, step, start, stop):
    """Clear the sums of neurons that have been computed, or gather instead."""
    sums = sums_of(events, step.number) - events.origin
    events.sums[sums + start : sums + stop] = 0.0


@inline
def clear_touched(events, step, start, stop):
    """Clear the sums of neurons that have been computed, by part."""
    while start < stop:
        end = min(part_stop(events, start), stop)
        if is_touched(events, step, start):
            clear_sums(events, step, start, end)
        start = end


# --- active neurons -------------------------------------------------------------------


@inline
def list_at(store, ring, frame):
    """Return the offset of a frame's list in ``events.earlier``. The list of this step
    follows those of the frames.
    """
    return frame * (1 + store.ring_stop[ring] - store.ring_start[ring])


@inline
def add_to_list(tapes, events, at, ring_start, start, stop, read):
    """Add the neurons that are not 0 to a list, counted from `ring_start`; activations
    begin at `read`.
    """
    n = events.earlier[at]
    for begin in range(start, stop, GROUP):
        end = min(begin + GROUP, stop)
        if not is_silent(tapes, begin, end, read):
            for j in range(begin, end):
                if tapes.activation[read + j] != 0.0:
                    n += 1
                    events.earlier[at + n] = j - ring_start
    events.earlier[at] = n


@inline
def list_past(store, tapes, events, span, step):
    """List the neurons that are not 0, for all frames of the network and its latest
    step.
    """
    ring = store.ring[span.start]
    start, stop = store.ring_start[ring], store.ring_stop[ring]
    frames = store.ring_frames[ring]
    for frame in range(frames + 1):
        at = list_at(store, ring, frame)
        read = step.past + store.ring_first[ring] + frame * (stop - start) - start
        if frame == frames:
            read = step.now
        events.earlier[at] = 0
        add_to_list(tapes, events, at, start, start, stop, read)


@inline
def advance_by_events(store, tapes, events, span, step):
    """Advance the past of a network by a step. Only numbers that are not 0, or were not
    0 before, are written.
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
    at = list_at(store, ring, head)
    latest = list_at(store, ring, store.ring_frames[ring])
    for k in range(at + 1, at + 1 + events.earlier[at]):
        i = events.earlier[k]
        tapes.activation[to + i] = 0.0
        tapes.activation[copy + i] = 0.0
    n = events.earlier[latest]
    for k in range(1, n + 1):
        i = events.earlier[latest + k]
        activation = tapes.activation[step.before + start + i]
        tapes.activation[to + i] = activation
        tapes.activation[copy + i] = activation
        events.earlier[at + k] = i
    events.earlier[at] = n
    events.earlier[latest] = 0


@inline
def frame_of_lag(store, tapes, ring, lag):
    """Return the frame of a ring that a lag reads in this step."""
    frames = store.ring_frames[ring]
    return (tapes.head[ring] + frames + 1 - lag) % frames


@inline
def scatter_lagged(store, tapes, events, span, step):
    """Add the activations that sources have sent in earlier steps, and return the
    number of events.
    """
    due = 0
    ring = store.ring[span.start]
    width = store.ring_stop[ring] - store.ring_start[ring]
    for number in range(events.lags.size):
        frame = frame_of_lag(store, tapes, ring, events.lags[number])
        listed = list_at(store, ring, frame)
        read = step.past + store.ring_first[ring] + frame * width
        for k in range(listed + 1, listed + 1 + events.earlier[listed]):
            i = events.earlier[k]
            activation = tapes.activation[read + i]
            due += scatter_over_lag(store, events, span, i, number, activation, step)
    return due


@inline
def scatter_over_lag(store, events, span, i, number, activation, step):
    """Add the events of neuron i of the ring over the lag of this number, and return
    how many they are. The weights of its connections are copied for all lags together.
    """
    neurons = span.stop - span.start
    first = lagged_source(events, neurons, i, 0)
    after_last = lagged_source(events, neurons, i + 1, 0)
    begins = prompt_begin(events, first), prompt_begin(events, after_last)
    copy_weights(store, events, neurons + i, *begins)
    source = lagged_source(events, neurons, i, number)
    start, stop = late_begin(events, source), source_stop(events, source)
    scatter(events, sums_of(events, step.number), start, stop, activation)
    return stop - start


# --- the way --------------------------------------------------------------------------
# The parts of the way pass on the number of events in the step so far. Above the
# budget, it is `gathering_from` the end of the block, because blocks gather as a whole.


@inline
def gathering_from(events, start):
    """Return a code that replaces a number of events if neurons from `start` on
    gather.
    """
    return events.budget + 1 + start - events.origin


@inline
def gathers(events, start, due):
    """Return whether neurons from `start` on gather."""
    return events.budget < due <= gathering_from(events, start)


@inline
def _begin(store, tapes, events, span, start, step):
    """Add the events of previous steps and of the inputs, and return their number."""
    due = 0
    begin_sums(events, step)
    if events.lags.size > 0:
        due = scatter_lagged(store, tapes, events, span, step)
    if events.active[0] == NOT_COUNTED or due > events.budget:
        clear_all(events)
        due = gathering_from(events, span.start)
    else:
        if not sends_late(events):
            scatter_late(store, tapes, events, step.before, step.number)
        events.active[0] = 0
    return follow_parts(store, tapes, events, span, span.start, start, step, due)


@inline
def _part(store, events, start, due):
    """Return the end of the next piece, which consists of neurons of one part or of
    short blocks. Neurons that compete, and all neurons of a block that gather, are
    computed together.
    """
    stop = store.block_stop[start]
    if gathers(events, start, due) or (
        activations.FIRST_GROUPED <= store.squash[start] <= activations.LAST_GROUPED
    ):
        return stop
    end = part_stop(events, start)
    is_open = events.form[start - events.origin] & OPEN and store.ties.clamped == 0
    if is_open and due <= events.budget:
        limit = min(end, start + PIECE, events.form_stop[start - events.origin])
        if stop < limit:
            last = store.block_stop[limit - 1]
            return limit if last == limit else store.block_first[limit - 1]
    return min(stop, end)


@inline
def has_short_blocks(store, start, stop):
    """Return whether a piece has several blocks."""
    return store.block_stop[start] < stop


@inline
def here(start, step):
    """Return a step whose new states overwrite the states of other parts, which keeps
    this memory in the cache.
    """
    return Step(
        step.now,
        step.before,
        0 - start,
        step.rows,
        step.past,
        step.whole,
        step.whole_before,
        step.number,
    )


@inline
def _compute(store, tapes, events, start, stop, step, row, lanes, ragged, due):
    of = here(start, step)
    if gathers(events, start, due):
        if not (step.whole_before or has_own_states(store, store.squash[start])):
            tapes.state[step.before + start : step.before + stop] = tapes.activation[
                step.before + start : step.before + stop
            ]
        compute_states(store, tapes, start, stop, of)
    else:
        compute_states_by_events(store, tapes, events, start, stop, of)
        if has_short_blocks(store, start, stop):
            fire_without_derivatives(store, tapes, start, stop, of)
            return
        clear_touched(events, step, start, stop)
    if step.whole or not can_skip_derivatives(store.squash[start]):
        commit_states(tapes, start, stop, of)
        fire(store, tapes, start, stop, of, row, lanes)
    else:
        if has_own_states(store, store.squash[start]):
            keep_carried(tapes, events, start, stop, of)
        fire_without_derivatives(store, tapes, start, stop, of)


@inline
def _follow(store, tapes, events, span, start, stop, step, due):
    """Add the events of neurons that have fired, and return the number of events so
    far.
    """
    if not has_short_blocks(store, start, stop):
        return follow_parts(store, tapes, events, span, start, stop, step, due)
    of = here(start, step)
    if has_active(tapes, events, start, stop, step.now, NOW | PAST):
        due = follow_in_order(store, tapes, events, span, start, stop, of, due)
    clear_touched(events, step, start, stop)
    if step.whole:
        write_all(store, tapes, start, stop, of)
    elif has_own_states(store, store.squash[start]):
        keep_carried(tapes, events, start, stop, of)
    return due


@noinline
def write_all(store, tapes, start, stop, step):
    """Write all numbers of neurons of short blocks."""
    commit_states(tapes, start, stop, step)
    fire(store, tapes, start, stop, step, 0, 1)


@inline
def follow_in_order(store, tapes, events, span, start, stop, step, due):
    """Add the events of neurons in short blocks. Neurons that receive events from other
    neurons in these blocks fire again.
    """
    n = add_active(tapes, events, start, stop, step.now, events.active[0], 0, 1, NOW)
    k = events.active[0] + 1
    fetch_first(events, k, n)
    while k <= n:
        fetch_listed(events, k + AHEAD, n)
        i = events.active[k]
        q, end = prompt_begin(events, i), source_stop(events, i)
        due += end - q
        copy_weights(store, events, i, q, end)
        end = late_begin(events, i)
        activation = tapes.activation[step.now + events.origin + i]
        changes = 0
        while q < end and events.origin + events.target[q] < stop:
            j = events.origin + events.target[q]
            was_active = tapes.activation[step.now + j] != 0.0
            scatter(events, sums_of(events, step.number), q, q + 1, activation)
            # computed again, since it has got events
            compute_states_by_events(store, tapes, events, j, j + 1, step)
            fire_without_derivatives(store, tapes, j, j + 1, step)
            changes += was_active != (tapes.activation[step.now + j] != 0.0)
            q += 1
        send(events, i, q, activation, step)
        if changes > 0:
            begin = events.origin + i + 1
            n = add_active(tapes, events, begin, stop, step.now, k, 0, 1, NOW)
        k += 1
    events.active[0] = n
    list_latest(store, tapes, events, span, start, stop, step)
    if due > events.budget:
        due = give_up(store, events, span, stop, step)
    return due


@inline
def follow_parts(store, tapes, events, span, start, stop, step, due):
    """Add the events of active neurons that are not connected to each other within the
    step.
    """
    begin = start
    while begin < stop:
        end = min(part_stop(events, begin), stop)
        if has_active(tapes, events, begin, end, step.now, NOW | PAST):
            list_latest(store, tapes, events, span, begin, end, step)
            if due <= events.budget:
                listed = events.active[0]
                due = list_part(tapes, events, begin, end, step.now, due, 0, 1, NOW)
                due = send_listed(store, tapes, events, span, listed, end, step, due)
        begin = end
    return due


@inline
def list_latest(store, tapes, events, span, start, stop, step):
    """List the active neurons of this step in the ring's list."""
    if events.lags.size > 0:
        ring = store.ring[span.start]
        begin = store.ring_start[ring]
        at = list_at(store, ring, store.ring_frames[ring])
        end = min(stop, store.ring_stop[ring])
        add_to_list(tapes, events, at, begin, max(start, begin), end, step.now)


@inline
def send_listed(store, tapes, events, span, listed, stop, step, due):
    """Add the events of the sources up to `stop` that were listed after the first
    `listed` ones, unless there are too many. Returns the number of events so far.
    """
    if due > events.budget:
        return give_up(store, events, span, stop, step)
    scatter_listed(store, tapes, events, listed, step)
    return due


@inline
def give_up(store, events, span, stop, step):
    """Gather from the end of the block before `stop` on, and return the code."""
    events.active[0] = NOT_COUNTED
    stop = store.block_stop[stop - 1]
    clear_sums(events, step, stop, span.stop)
    return gathering_from(events, stop)


@inline
def list_all(store, tapes, events, span, step):
    """List the active sources of a gathered step or of the context, and add the events
    of their late connections.
    """
    clear_all(events)
    events.active[0] = 0
    list_active(tapes, events, span.start, span.stop, step.now, 0, 0, 1, NOW)
    if sends_late(events):
        scatter_late(store, tapes, events, step.now, step.number + 1)


@inline
def _end(store, tapes, events, span, step, due):
    """List the active sources of a step that has gathered, because the next step may
    scatter.
    """
    if due > events.budget:
        list_all(store, tapes, events, span, step)


BY_EVENTS = Way(_begin, _part, _compute, _follow, _end)


# --- runs -----------------------------------------------------------------------------


@inline
def _begin_run(store, tapes, events, span, step):
    """Begin a call, before which weights and activations may have changed."""
    events.copied[: events.copied.size] = 0
    align_numbers(store, events, span)
    events.touched[: events.touched.size] = 0
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
    """Do the same as ``runs.run_untraced``, by events."""
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
    numbers = EventRows(floats, few, few, few, SPAN, listed, floats, few, floats, SPAN)
    begin = 0, scalar, 0, 0, SPAN, SPAN, like_index(), numbers
    return {run_untraced: (*begin, True, ROW, ROW)}


calls_for = calls_by_float(_examples, {runs.run_untraced: run_untraced})
