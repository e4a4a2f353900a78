"""Run steps and updates of the online rule that only read the connections of active
sources.

Between two activations of its source, a connection is a line in two numbers of its
target j, the columns ``quiet_step`` S and ``quiet_decay`` P::

    weight w = u + a S        trace e = a P

``weight`` and ``eligibility`` contain u and a. A step multiplies P by the weight of the
self-connection, and an update adds its step times P to S. If the source fires with y, a
grows by y / P, and u falls by S y / P, which preserves w. A row is *settled* (u = w, a
= e, S = 0, P = 1) before a sum loses digits. This is necessary if S / P, by which u and
a S differ from w in units of the trace, is above the mean weight of the row, or if P is
very small.

A weight with a sign stops at 0, which is not a line. Therefore, a row with signs has an
interval of S in which none of its weights passes 0, narrowed when a source fires. An
update by which S leaves it settles the row, with weights of the wrong sign at 0.
Because the interval is empty at first, the first error of a row settles it.

All rows are settled at the end of an epoch, before the context is cleared, and when a
step reads all connections since many sources are active. Therefore, these numbers
cannot be observed outside of a call, and the bits do not depend on how epochs are
divided into calls.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..by_source.active import (
    NOT_COUNTED,
    has_active,
    is_silent,
    list_active,
    part_stop,
)
from ..by_source.index import (
    GROUP,
    NOW,
    PAST,
    BySource,
    late_begin,
    like_index,
    prompt_begin,
    source_stop,
)
from ..language import (
    added,
    epsilon_of,
    in_order,
    inline,
    kernel,
    noinline,
    one_like,
    zero_like,
)
from ..lowering import flags as mark
from ..online import loops
from ..online.calls import (
    SPAN,
    Examples,
    Kernels,
    calls_by_float,
    epochs_examples,
)
from ..online.fire import fire
from ..online.loops import (
    clear_nothing,
    complete_updates,
    is_large,
    learn_online,
    propagate_by,
    run_epochs,
    set_inputs,
)
from ..online.propagate import compute_delta, compute_deltas, propagate_block
from ..online.read_order import frame_offset
from ..online.roles import RuleParts
from ..online.states import compute_states, trace_of
from ..online.steps import end_step
from ..online.ties import clip_to_sign
from ..store import Store
from .index import LEAKY, LEARNS_CARRY, ONE_TO_ONE, PUSHES, QuietIndex, QuietRows

PER_EVENT = 12
"""Number of connections that a step reads in the time of one connection of an active
source.
"""
READS, WAITS, STEPS = range(3)
"""Places in ``QuietRows.mode``. They contain whether steps now only read the
connections of active sources, how many steps must read all connections before that, and
how many steps of all calls have only read active ones.
"""
MIN_WAIT = 16
"""Number of steps that read all connections after rows have been settled for this
purpose.
"""
SAMPLE = 8
"""Number of weights in a row whose mean size is the row's limit until it is settled."""
MIN_DECAY = 2.0**-40
"""Smallest |P|, and the inverse of the largest one."""

QuietState: Any = namedtuple(  # type: ignore[misc]
    "QuietState",
    [*BySource._fields, *QuietRows._fields, "origin", "budget", "buffers"],
)
"""`QuietIndex` in a kernel, with the first row of the network, the largest number of
events in a step, and buffers for all weights and biases."""

Frames: Any = namedtuple("Frames", ["activation"])
"""Past activations, in the form that `list_active` expects."""


# --- rows -----------------------------------------------------------------------------


@inline
def settle_row(store, quiet, j):
    """Write the weights and traces of the connections into a neuron."""
    step = store.quiet_step[j]
    decay = store.quiet_decay[j]
    row = store.first_incoming[j]
    trace = store.first_trace[j]
    for t in range(store.learning[j]):
        eligibility = store.eligibility[trace + t]
        weight = store.weight[row + t] + step * eligibility
        if quiet.interval.size != 0:
            weight = clip_to_sign(store, row + t, weight)
        store.weight[row + t] = weight
        store.eligibility[trace + t] = eligibility * decay
    store.quiet_step[j] = 0.0
    store.quiet_decay[j] = 1.0


@inline
def limit_row(store, quiet, j):
    """Compute the limits within which a settled row does not have to be settled
    again.
    """
    i = j - quiet.origin
    row = store.first_incoming[j]
    trace = store.first_trace[j]
    n = store.learning[j]
    epsilon = epsilon_of(store.weight[row])
    size = zero_like(epsilon)
    # the largest relative loss of a weight's size by a step of -1, and of 1
    fall = rise = least = epsilon * epsilon * epsilon
    for t in range(n):
        room = abs(store.weight[row + t])
        size += room
        # a product with an integer would be a float64
        sign = store.sign[row + t] if quiet.interval.size != 0 else 0
        if sign != 0:
            eligibility = store.eligibility[trace + t]
            pull = eligibility if sign > 0 else -eligibility
            by_size = one_like(room) / (room + least)
            fall = max(fall, (pull - epsilon) * by_size)
            rise = max(rise, (-pull - epsilon) * by_size)
    quiet.limit[i] = size / max(n, 1)
    if quiet.interval.size != 0:
        quiet.interval[2 * i] = -1.0 / fall
        quiet.interval[2 * i + 1] = 1.0 / rise


@inline
def begin_row(store, quiet, j):
    """Begin to treat the connections into a neuron as quiet."""
    i = j - quiet.origin
    row = store.first_incoming[j]
    n = min(store.learning[j], SAMPLE)
    quiet.limit[i] = added(
        (abs(store.weight[row + t]) for t in range(n)), 0.0 * store.weight[row]
    ) / max(n, 1)
    quiet.carry[i] = store.weight[store.self_row[j]]
    if quiet.interval.size != 0:
        quiet.interval[2 * i] = 0.0
        quiet.interval[2 * i + 1] = 0.0


@noinline
def settle_all(store, quiet, span):
    """Write the weights and traces of all rows, after which steps read all
    connections.
    """
    if quiet.mode[READS] != 0:
        for j in range(span.start, span.stop):
            if quiet.form[j - quiet.origin] & LEAKY:
                settle_row(store, quiet, j)
    quiet.mode[READS] = 0
    quiet.mode[WAITS] = 0


@noinline
def begin_all(store, quiet, span):
    """Begin to read the connections of active sources only."""
    for j in range(span.start, span.stop):
        if quiet.form[j - quiet.origin] & LEAKY:
            begin_row(store, quiet, j)
    quiet.mode[READS] = 1


@inline
def settle_due(store, quiet, start, stop, is_due):
    """Write all numbers of the rows for which `is_due` does not return 0."""
    for begin in range(start, stop, GROUP):
        end = min(begin + GROUP, stop)
        if added(is_due(store, quiet, j) for j in range(begin, end)) != 0:
            for j in range(begin, end):
                if is_due(store, quiet, j) != 0:
                    settle_row(store, quiet, j)
                    limit_row(store, quiet, j)


@inline
def loses_digits(store, quiet, j):
    """Return a number other than 0 if sums of the row of a neuron would lose digits."""
    decay = abs(store.quiet_decay[j])
    is_far = abs(store.quiet_step[j]) > quiet.limit[j - quiet.origin] * decay
    return (decay < MIN_DECAY) + (decay > 1.0 / MIN_DECAY) + is_far


@inline
def decay_rows(store, quiet, start, stop):
    """Decay the traces into neurons, and settle rows that would lose digits."""
    if quiet.form[start - quiet.origin] & LEARNS_CARRY:
        for j in range(start, stop):
            i = j - quiet.origin
            c = store.self_row[j]
            ahead = store.quiet_step[j] * store.eligibility[c + quiet.place[2 * i]]
            quiet.carry[i] = store.weight[c] + ahead
    store.quiet_decay[start:stop] *= quiet.carry[
        start - quiet.origin : stop - quiet.origin
    ]
    settle_due(store, quiet, start, stop, loses_digits)


@inline
def passes_zero(store, quiet, j):
    """Return a number other than 0 if a weight of the row of a neuron loses its
    sign.
    """
    i = 2 * (j - quiet.origin)
    step = store.quiet_step[j]
    return (step < quiet.interval[i]) + (step > quiet.interval[i + 1])


# --- steps ----------------------------------------------------------------------------


@in_order
def read_and_trace(store, quiet, j, c, activation):
    """Return the weight of a connection into a neuron. If it learns, add the activation
    of its source to the trace.
    """
    i = j - quiet.origin
    weight = store.weight[c]
    if c >= quiet.place[2 * i + 1]:
        return weight
    trace = c + quiet.place[2 * i]
    step = store.quiet_step[j]
    eligibility = store.eligibility[trace]
    gain = activation / store.quiet_decay[j]
    now = weight + step * eligibility
    eligibility += gain
    weight -= step * gain
    store.eligibility[trace] = eligibility
    store.weight[c] = weight
    if quiet.interval.size != 0:
        zero = -(weight / eligibility)
        pull = store.sign[c] * eligibility
        if pull > 0.0:
            quiet.interval[2 * i] = max(quiet.interval[2 * i], zero)
        elif pull < 0.0:
            quiet.interval[2 * i + 1] = min(quiet.interval[2 * i + 1], zero)
    return now


@in_order
def send(store, quiet, start, stop, activation):
    """Add the activation of a source to the sums of its targets, and to the traces."""
    for q in range(start, stop):
        j = quiet.target[q]
        weight = read_and_trace(store, quiet, j, quiet.row[q], activation)
        quiet.sums[j - quiet.origin] += weight * activation


@inline
def send_prompt(store, quiet, start, stop):
    """Send the activations of neurons that have fired in this step."""
    while start < stop:
        end = min(part_stop(quiet, start), stop)
        if has_active(store, quiet, start, end, 0, NOW):
            for begin in range(start, end, GROUP):
                send_group(store, quiet, begin, min(begin + GROUP, end))
        start = end


@inline
def send_group(store, quiet, start, stop):
    """Send the activations of a group of neurons."""
    if is_silent(store, start, stop, 0):
        return
    for j in range(start, stop):
        i = j - quiet.origin
        activation = store.activation[j]
        if activation != 0.0:
            send(store, quiet, prompt_begin(quiet, i), late_begin(quiet, i), activation)


@inline
def compute_quiet_states(store, quiet, start, stop):
    """s_j = w_jj s_j(old) + b_j + the sum that active sources have sent."""
    origin = quiet.origin
    for j in range(start, stop):
        carry = quiet.carry[j - origin]
        old = store.state[j]
        store.old_state[j] = old
        store.state[j] = store.bias[j] + carry * old + quiet.sums[j - origin]
        quiet.sums[j - origin] = 0.0
        store.bias_eligibility[j] = carry * store.bias_eligibility[j] + 1.0
    if quiet.form[start - origin] & LEARNS_CARRY:
        for j in range(start, stop):
            read_and_trace(store, quiet, j, store.self_row[j], store.old_state[j])


@inline
def compute_one_to_one(store, start, stop):
    """Compute the states of neurons with one one-to-one connection."""
    row = store.run_first[store.run_start[start]] - start
    source = store.run_source[store.run_start[start]] - start
    for j in range(start, stop):
        store.old_state[j] = store.state[j]
        brought = store.weight[row + j] * store.activation[source + j]
        store.state[j] = store.bias[j] + brought
        store.pending_step[j] = 0.0


@inline
def list_earlier(store, quiet, span, due):
    """List the active sources among the neurons of earlier steps, which connections
    with lags read. `due` connections begin at those of this step.
    """
    ring = store.ring[span.start]
    start = store.ring_start[ring]
    lags = quiet.lags.size
    offset = span.stop - span.start - lags * (start - quiet.origin)
    for k in range(lags):
        at = frame_offset(store, store.ring_head, ring, quiet.lags[k])
        quiet.frames[k] = at
        due = list_active(
            Frames(store.past),
            quiet,
            start,
            store.ring_stop[ring],
            at,
            due,
            offset + k,
            lags,
            PAST,
        )


@inline
def send_listed(store, quiet, span):
    """Send the activations of the inputs, and those that are read one or more steps
    late.
    """
    n = span.stop - span.start
    lags = max(quiet.lags.size, 1)
    begin = store.ring_start[store.ring[span.start]] if quiet.lags.size != 0 else 0
    for q in range(1, quiet.active[0] + 1):
        i = quiet.active[q]
        # other neurons send to prompt connections when they have fired
        fires = span.inputs <= i < n
        start = late_begin(quiet, i) if fires else prompt_begin(quiet, i)
        if i < n:
            activation = store.activation[quiet.origin + i]
        else:
            read = quiet.frames[(i - n) % lags] + begin + (i - n) // lags
            activation = store.past[read]
        send(store, quiet, start, source_stop(quiet, i), activation)


@inline
def choose(store, quiet, span):
    """Decide whether a step only reads the connections of active sources, depending on
    the activity before it. Changing back takes some steps.
    """
    quiet.active[0] = 0
    due = list_active(store, quiet, span.start, span.stop, 0, 0, 0, 1, NOW)
    if quiet.lags.size != 0:
        list_earlier(store, quiet, span, due)
    few = quiet.active[0] != NOT_COUNTED
    if quiet.mode[READS] != 0:
        if not few:
            settle_all(store, quiet, span)
            quiet.mode[WAITS] = MIN_WAIT
    elif quiet.mode[WAITS] > 0:
        quiet.mode[WAITS] -= 1
    elif few:
        begin_all(store, quiet, span)


@inline
def step_network(store, quiet, span, inputs, row):
    """Make a step by the online rule. In a step that follows active sources, they send
    what quiet connections read.
    """
    set_inputs(store, span, inputs, row)
    start = span.start + span.inputs
    choose(store, quiet, span)
    follows = quiet.mode[READS] != 0
    if follows:
        quiet.mode[STEPS] += 1
        j = start
        while j < span.stop:
            stop = quiet.stop[j - quiet.origin]
            if quiet.form[j - quiet.origin] & LEAKY:
                decay_rows(store, quiet, j, stop)
            j = stop
        send_listed(store, quiet, span)
    while start < span.stop:
        stop = span.stop if store.synchronous[start] else store.block_stop[start]
        j = start
        while j < stop:
            end = min(stop, quiet.stop[j - quiet.origin]) if follows else stop
            form = quiet.form[j - quiet.origin] if follows else 0
            if form & LEAKY:
                compute_quiet_states(store, quiet, j, end)
            elif form & ONE_TO_ONE:
                compute_one_to_one(store, j, end)
            else:
                compute_states(store, j, end, start)
            j = end
        while start < stop:
            block_stop = store.block_stop[start]
            fire(store, start, block_stop)
            if follows:
                send_prompt(store, quiet, start, block_stop)
            start = block_stop
    end_step(store, span)


# --- updates --------------------------------------------------------------------------


@inline
def push_quiet(store, j):
    """Send the error of a neuron back to sources of this step."""
    delta = store.responsibility[j]
    step = store.quiet_step[j]
    if delta == 0.0:
        return
    for r in range(store.run_start[j], store.run_stop[j]):
        flags = store.run_flags[r]
        if flags & mark.SILENT:
            continue
        row = store.run_first[r]
        n = store.run_length[r]
        source = store.run_source[r]
        trace = trace_of(store, j, row)
        if flags & mark.FIXED:
            for c in range(row, row + n):
                store.pushed[store.source[c]] += delta * store.weight[c]
        elif store.run_kind[r] == mark.DENSE:
            for t in range(n):
                weight = store.weight[row + t] + step * store.eligibility[trace + t]
                store.pushed[source + t] += delta * weight
        else:
            for t in range(n):
                weight = store.weight[row + t] + step * store.eligibility[trace + t]
                store.pushed[store.source[row + t]] += delta * weight


@inline
def compute_quiet_deltas(store, start, stop, rate, traced):
    """Do the same as `compute_deltas` for neurons of one form, without a branch."""
    for j in range(start, stop):
        compute_delta(store, j, rate)
    if added(store.trainable_bias[j] != 0 for j in range(start, stop)) == 0:
        return
    for j in range(start, stop):
        bias = store.bias_destination[j]
        trace = store.bias_eligibility[j] if traced else one_like(bias)
        learned = bias + store.step[j] * trace
        store.bias_destination[j] = learned if store.trainable_bias[j] else bias


@inline
def propagate_quiet(store, quiet, start, stop, rate, keep_pending):
    """Compute the errors of a block of neurons, push them back, and update weights."""
    while stop > start:
        begin = max(start, quiet.start[stop - 1 - quiet.origin])
        form = quiet.form[begin - quiet.origin]
        if form & LEAKY:
            compute_quiet_deltas(store, begin, stop, rate, True)
            if form & PUSHES:
                for j in range(begin, stop):
                    push_quiet(store, j)
            store.quiet_step[begin:stop] += (
                store.step[begin:stop] * store.quiet_decay[begin:stop]
            )
            if quiet.interval.size != 0:
                settle_due(store, quiet, begin, stop, passes_zero)
        elif form & ONE_TO_ONE:
            compute_quiet_deltas(store, begin, stop, rate, False)
            if form & PUSHES:
                row = store.run_first[store.run_start[begin]] - begin
                source = store.run_source[store.run_start[begin]] - begin
                store.pushed[source + begin : source + stop] += (
                    store.responsibility[begin:stop]
                    * store.weight[row + begin : row + stop]
                )
        else:
            compute_deltas(store, begin, stop, rate, keep_pending)
            propagate_block(store, begin, stop, rate, keep_pending, True)
        stop = begin


@inline
def learn_step(store, quiet, span, rate):
    """Propagate, and allow updates to stay pending. If numbers are large, all rows are
    settled first.
    """
    if quiet.mode[READS] != 0 and is_large(store, span, rate, one_like(rate)):
        settle_all(store, quiet, span)
    if quiet.mode[READS] == 0:
        return learn_online(store, quiet.buffers, span, rate)
    propagate_by(propagate_quiet, store, quiet, span, rate, True)
    return True


@inline
def settle(store, quiet, span):
    """Write the weights and traces of all rows, and make the pending updates."""
    settle_all(store, quiet, span)
    complete_updates(store, None, span)


QUIET = RuleParts(step_network, learn_step, clear_nothing, settle)


@kernel
def train_network(store, scalar, span, connections, numbers, training, buffers):
    """Do the same as ``online.train_network``, with the parts of its `QuietIndex`."""
    budget = connections.target.size // PER_EVENT
    quiet = QuietState(*connections, *numbers, span.start, budget, buffers)
    return run_epochs(QUIET, store, quiet, span, training)


train_sparse = kernel(train_network.part)
"""The same kernel for sparse rows of inputs."""


def _examples(scalar: Any) -> Examples:
    floats = np.empty(0, type(scalar))
    few = np.empty(0, np.uint8)
    numbers = QuietRows._make((SPAN, few, SPAN, SPAN, SPAN, *[floats] * 4, SPAN))
    of_rows, of_sparse = epochs_examples(scalar)
    begin = 0, scalar, SPAN, like_index(), numbers
    return {train_network: (*begin, *of_rows), train_sparse: (*begin, *of_sparse)}


calls_for = calls_by_float(
    _examples,
    {loops.train_network: train_network, loops.train_sparse: train_sparse},
)


def kernels_for(store: Store, span: NDArray[np.int64], index: QuietIndex) -> Kernels:
    """Return the kernels that train the network in a span of a lowered store."""
    return Kernels(calls_for(store), store.address, store.scalar, span, *index)
