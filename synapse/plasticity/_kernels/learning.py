"""The pass of a rule over the synapses of a network, and the loop over rows.

A pass is compiled for the functions of one rule and result_of by its address, as the
equation of an optimizer is. The loop is one for all rules.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..._typing import Floats, Ints
from ...engine import schema
from ...engine.language import (
    Kernel,
    added,
    call_equation,
    inline,
    kernel,
    one_like,
    span_of,
    store_at,
    strict_fp,
    zero_like,
)
from ...engine.lowering import flags as mark
from ...engine.online.inputs import begin_inputs, end_inputs
from ...engine.online.loops import (
    check_rows,
    compute_output_errors,
    cost_of_step,
    propagate_network,
    step_online,
)
from ...engine.online.read_order import (
    frame_offset,
    gain_read,
    gaters_read,
    places_of,
    self_gater_read,
    sources_at,
)
from ...engine.online.ties import (
    after_updates,
    before_updates,
    clip_to_sign,
    clip_to_signs,
)
from ...engine.status import DIVERGED, DONE, FAILED, ROW
from .._names import (
    COUNT,
    FRAMES,
    HEAD,
    HIGH,
    KEEP,
    LOW,
    OF_SOURCE,
    OF_TARGET,
    RATE,
    ROWS,
    SHIFTS,
    STEP,
    SUM_OF_SIZES,
    TRIES,
    WIDTH,
)

SUM, MEAN, LATEST = range(3)
"""Kinds of traces."""
NO_MODULATOR = -1
GROUP = 3
"""Numbers of a group: its lag, and its first and last source, the last not included."""
ACTIVATIONS_PER_LOOK = 32
"""Number of activations that are examined together, by one turn of a loop with vector
registers: most are silent."""
LATE = -1
"""In place of a lag: the previous activation, by the order of activation."""

Call = tuple[Any, tuple[int, ...]]
"""A function, and its arguments: places among the values of a synapse."""


@dataclass(frozen=True)
class TraceForm:
    """A trace as a pass is compiled for it. As it is no tuple, functions that receive
    it are compiled for its fields.
    """

    number: int  # among all traces of the rule
    side: int  # see `_names.SIDES`
    kind: int
    place: int  # among the traces of neurons, or of synapses
    decay: int  # the place of its decay among the numbers of a pass, see RATE
    gain: int  # and of its gain
    function: Call


@dataclass(frozen=True)
class PassForm:
    """A rule as a pass is compiled for it, see `TraceForm`."""

    step: Call | None  # at every step
    on_pre: Call | None  # where the source is active
    on_post: Call | None  # where the target is
    traces: tuple[TraceForm, ...]
    of_neurons: tuple[TraceForm, ...]
    of_synapses: tuple[TraceForm, ...]
    settings: tuple[int, ...]  # places among the numbers of a pass, see RATE
    numbers: tuple[int, ...]  # places of all numbers
    sized: bool  # changes are those of the size of a weight
    # the place, after all traces of synapses, of the trace in which changes are summed
    eligibility: int | None
    # signs are read for each synapse, which keeps its loop from vector registers;
    # otherwise a loop of its own enforces them
    one_by_one: bool
    bounded: bool  # so a weight can hide that a change was not finite
    scaled: bool  # the weights into a neuron to a sum
    by_events: bool  # only synapses are visited where something happens
    gained: bool  # a function asks for the gain


class PassArrays(NamedTuple):
    """What a pass reads and writes beside the store: floats of its kind, and whole
    numbers.
    """

    numbers: Floats  # see RATE
    post_row: Ints  # by neuron: the row whose activation is `post`
    third: Floats  # by neuron: the modulator; empty without one
    clock: Ints  # see HEAD
    units: Floats  # traces of neurons, by trace, frame and neuron
    synapses: Floats  # traces of synapses, by trace and row of a connection
    # of rules of events, by row: the step, by COUNT, in which its eligibility is due
    due: Ints
    # connections that learn, by group, of one lag, and source: the groups (LATE: those
    # one step late), where each source begins, and pairs of a row and its target
    lags: Ints
    outgoing: Ints
    outgoing_pairs: Ints


class Fixed(NamedTuple):
    """Numbers that are the same for all synapses, read once for a pass."""

    numbers: Any  # see RATE
    head: Any
    after: Any  # the frame that is the head after this step
    frames: Any
    width: Any
    rows: Any
    start: Any  # the first neuron, and the first connection, of the network
    base: Any
    count: Any


class Place(NamedTuple):
    """Where a synapse finds the traces of its source."""

    frame: Any  # as its delay says
    source: Any  # counted from the first neuron of the network


@inline
def activations_ago(store, start, lag):
    """Return the column with the activations of all neurons that a lag reads, and the
    offset of the rows in it.
    """
    if lag == 0:
        return store.activation, 0
    if abs(lag) == 1:
        return store.old_activation, 0
    return store.past, frame_offset(store, store.ring_head, store.ring[start], lag)


@inline
def frame_ago(head, frames, lag):
    """Return the frame of the traces of neurons of some steps ago."""
    return head - lag if head >= lag else head - lag + frames


@inline
def decayed(arrays, keep, trace, row, count):
    """Return an eligibility as this step reads it; rules of events decay it late."""
    if arrays.due.size == 0:
        return trace
    steps = zero_like(trace) + (count - arrays.due[row])
    return trace * math.pow(keep, steps)


@strict_fp
def sign_of(store, c, weight):
    """Return the sign of a connection; without one, that of its weight."""
    sign = one_like(weight)
    if weight < 0.0:
        sign = -sign
    if store.ties.signed != 0:
        if store.sign[c] != 0:
            sign = zero_like(weight) + store.sign[c]
    return sign


@strict_fp
def wrong_if_infinite(number):
    """Return 0 for a finite number, NaN for others."""
    return zero_like(number) * number


@strict_fp
def result_of(function, values):
    """Call a function of the user with what its signature asks for; NaN if it
    raises.
    """
    of, chosen = function
    return of(*tuple(values[k] for k in chosen))[1]


@strict_fp
def renewed(trace, fixed, before, new):
    """Return a trace as the next step reads it."""
    decay = fixed.numbers[trace.decay]
    gain = fixed.numbers[trace.gain]
    if trace.kind == LATEST:
        return gain * new if new != 0.0 else decay * before
    return decay * before + gain * new


@inline
def unit_at(trace, fixed, frame, i):
    """Return where the trace of a neuron is."""
    return (trace.place * fixed.frames + frame) * fixed.width + i


@inline
def trace_at(trace, arrays, fixed, c, of_target, at):
    """Return a trace as a synapse reads it in this step."""
    if trace.side == OF_SOURCE:
        return arrays.units[unit_at(trace, fixed, at.frame, at.source)]
    if trace.side == OF_TARGET:
        return of_target[1][trace.number]
    return arrays.synapses[trace.place * fixed.rows + c - fixed.base]


@inline
def values_of(form, arrays, fixed, c, weight, sign, seen):
    """Return the values of all names, settings and traces; what no function asks
    for is not computed.
    """
    pre, gain, of_target, at = seen
    return (
        *(pre, *of_target[0], weight, sign * weight, sign, gain),
        *tuple(fixed.numbers[k] for k in form.settings),
        *tuple(
            trace_at(trace, arrays, fixed, c, of_target, at) for trace in form.traces
        ),
    )


@strict_fp
def moved(form, fixed, weight, sign, change):
    """Return a weight after a change, within its bounds."""
    if not form.bounded:
        return weight + fixed.numbers[RATE] * change
    low, high = fixed.numbers[LOW], fixed.numbers[HIGH]
    if form.sized:
        size = sign * weight + fixed.numbers[RATE] * change
        return sign * min(max(size, low), high)
    return min(max(weight + fixed.numbers[RATE] * change, low), high)


@strict_fp
def changed(form, function, occurs, arrays, fixed, c, weight, total, sign, seen):
    """Return a weight after a function of the rule, and the sum of changes."""
    if function is None:
        return weight, total
    if occurs:
        values = values_of(form, arrays, fixed, c, weight, sign, seen)
        change = result_of(function, values)
        total = total + change
        if form.eligibility is None:
            weight = moved(form, fixed, weight, sign, change)
    return weight, total


@strict_fp
def learn_synapse(form, store, arrays, fixed, c, seen, writes):
    """Change one weight and its traces, if it `writes`. Returns NaN if something is
    not finite that is not seen in the weights after a run, otherwise 0.
    """
    before = store.weight[c]
    sign = one_like(before)
    if form.one_by_one:
        sign = sign_of(store, c, before)
    pre, _, of_target, _ = seen
    weight = before
    total = zero_like(before)
    fires = of_target[0][0] != 0.0
    of = arrays, fixed, c
    weight, total = changed(form, form.step, True, *of, weight, total, sign, seen)
    weight, total = changed(
        form, form.on_pre, pre != 0.0, *of, weight, total, sign, seen
    )
    weight, total = changed(form, form.on_post, fires, *of, weight, total, sign, seen)
    wrong = wrong_if_infinite(total)
    if form.eligibility is not None:
        row = c - fixed.base
        at = form.eligibility * fixed.rows + row
        keep = fixed.numbers[KEEP]
        trace = decayed(arrays, keep, arrays.synapses[at], row, fixed.count)
        weight = moved(form, fixed, weight, sign, of_target[0][5] * trace)
        trace = keep * (trace + total)
        wrong += wrong_if_infinite(trace)
        if writes:
            arrays.synapses[at] = trace
            if form.by_events:
                arrays.due[row] = fixed.count + 1
    for of_synapse in form.of_synapses:
        values = values_of(form, arrays, fixed, c, before, sign, seen)
        new = result_of(of_synapse.function, values)
        wrong += wrong_if_infinite(new)
        if writes:
            place = of_synapse.place * fixed.rows + c - fixed.base
            earlier = arrays.synapses[place]
            arrays.synapses[place] = renewed(of_synapse, fixed, earlier, new)
    if form.one_by_one:
        if store.ties.signed != 0:
            weight = clip_to_sign(store, c, weight)
    if writes:
        store.weight[c] = weight
    if form.by_events:
        return wrong + wrong_if_infinite(weight)
    return wrong if form.bounded else zero_like(wrong)


@inline
def learn_run(form, store, arrays, fixed, r, of_target, j, writes):
    """Learn the synapses of a run; returns NaN if one is not finite."""
    row = store.run_first[r]
    n = store.run_length[r]
    late = 1 if store.run_flags[r] & mark.DELAYED != 0 else 0
    activations, offset = sources_at(store, j, r, True)
    wrong = 0.0
    ungated = one_like(store.bias[j])
    if store.run_kind[r] == mark.DENSE:
        source = store.run_source[r]
        lag = max(store.run_lag[r], late)
        frame = frame_ago(fixed.head, fixed.frames, lag)
        for t in range(n):
            at = Place(frame, source + t - fixed.start)
            seen = activations[offset + source + t], ungated, of_target, at
            wrong += learn_synapse(form, store, arrays, fixed, row + t, seen, writes)
        return wrong
    gains_of_run = gaters_read(store, r)
    places = places_of(store, r, True)
    for c in range(row, row + n):
        i = store.source[c]
        gain = ungated
        if form.gained:
            if store.gate[c] != 0:
                gain = gains_of_run[store.gate[c] - 1]
        lag = max(store.delay[c], late)
        at = Place(frame_ago(fixed.head, fixed.frames, lag), i - fixed.start)
        seen = activations[offset + places[c]], gain, of_target, at
        wrong += learn_synapse(form, store, arrays, fixed, c, seen, writes)
    return wrong


@inline
def learn_carousel(form, store, arrays, fixed, row, of_target, j, writes):
    """Learn the self-connection of a neuron, which carries its state."""
    gain = one_like(store.bias[j])
    if store.gate[row] != 0:
        gain = self_gater_read(store, j)[store.gate[row] - 1]
    seen = store.old_state[j], gain, of_target, Place(fixed.head, j - fixed.start)
    return learn_synapse(form, store, arrays, fixed, row, seen, writes)


@inline
def visits_all(form, of_target):
    """Return whether something happens at all synapses of a target."""
    if not form.by_events:
        return True
    return of_target[0][0] != 0.0 or (
        form.eligibility is not None and of_target[0][5] != 0.0
    )


@inline
def learn_from(form, store, arrays, fixed, key, pre, at, writes):
    """Learn the synapses from a source at which its activation arrives, but for
    those of targets at which all are visited.
    """
    wrong = 0.0
    for k in range(arrays.outgoing[key], arrays.outgoing[key + 1]):
        c = arrays.outgoing_pairs[2 * k]
        j = arrays.outgoing_pairs[2 * k + 1]
        of_target = numbers_of(form, store, arrays, fixed, j)
        if not visits_all(form, of_target):
            gain = one_like(pre)
            if form.gained:
                gain = zero_like(pre) + gain_read(store, c)
            seen = pre, gain, of_target, at
            wrong += learn_synapse(form, store, arrays, fixed, c, seen, writes)
    return wrong


@inline
def learn_arrivals(form, store, arrays, fixed, group, writes):
    """Learn the synapses of a group at which something arrives."""
    lag = arrays.lags[GROUP * group]
    activations, offset = activations_ago(store, fixed.start, lag)
    frame = frame_ago(fixed.head, fixed.frames, abs(lag))
    wrong = 0.0
    stop = arrays.lags[GROUP * group + 2]
    for begin in range(arrays.lags[GROUP * group + 1], stop, ACTIVATIONS_PER_LOOK):
        end = min(begin + ACTIVATIONS_PER_LOOK, stop)
        size = added(
            (abs(activations[offset + fixed.start + i]) for i in range(begin, end)),
            zero_like(fixed.numbers[RATE]),
        )
        if size != 0.0:
            for i in range(begin, end):
                pre = activations[offset + fixed.start + i]
                if pre != 0.0:
                    of = group * fixed.width + i, pre, Place(frame, i), writes
                    wrong += learn_from(form, store, arrays, fixed, *of)
    return wrong


@inline
def target_trace(trace, arrays, fixed, i):
    """Return a trace of a target; 0 for those of others."""
    if trace.side == OF_TARGET:
        return arrays.units[unit_at(trace, fixed, fixed.head, i)]
    return zero_like(fixed.numbers[RATE])


@inline
def numbers_of(form, store, arrays, fixed, j):
    """Return the numbers of a target, and its traces."""
    i = j - fixed.start
    third = zero_like(store.bias[j])
    if arrays.third.size != 0:
        third = arrays.third[i]
    of_neuron = (
        store.activation[arrays.post_row[i]],
        store.state[j],
        store.derivative[j],
        store.bias[j],
        store.responsibility[j],
        third,
    )
    return of_neuron, tuple(target_trace(of, arrays, fixed, i) for of in form.traces)


@inline
def renew_neurons(form, store, arrays, fixed, lag, targets):
    """Write the traces of what a lag reads into the next frame, which no connection
    reads; those of targets begin with the neuron `targets`. Returns NaN if one is
    not finite.
    """
    activations, offset = activations_ago(store, fixed.start, lag)
    frame = frame_ago(fixed.head, fixed.frames, lag)
    less = frame_ago(fixed.head, fixed.frames, lag - 1)
    after = frame_ago(fixed.after, fixed.frames, lag)
    wrong = 0.0
    for trace in form.of_neurons:
        for i in range(0 if trace.side == OF_SOURCE else targets, fixed.width):
            # no connection reads others, which may have no past
            if lag < 2 or store.longest_delay[fixed.start + i] >= lag:
                pre = activations[offset + fixed.start + i]
                zero = zero_like(pre)
                of_target = numbers_of(form, store, arrays, fixed, fixed.start + i)
                seen = pre, zero, of_target, Place(frame, i)
                values = values_of(form, arrays, fixed, 0, zero, zero, seen)
                new = result_of(trace.function, values)
                before = arrays.units[unit_at(trace, fixed, frame, i)]
                renewed_trace = renewed(trace, fixed, before, new)
                arrays.units[unit_at(trace, fixed, after, i)] = renewed_trace
                wrong += wrong_if_infinite(renewed_trace)
                if lag != 0:
                    if renewed_trace != arrays.units[unit_at(trace, fixed, less, i)]:
                        arrays.clock[SHIFTS] = 0
    return wrong


@inline
def scale_weights(store, fixed, j):
    """Scale the weights into a neuron that learn to a sum of sizes. Returns NaN if
    that is not finite.
    """
    wanted = fixed.numbers[SUM_OF_SIZES]
    total = zero_like(wanted)
    row = store.first_incoming[j]
    for c in range(row, row + store.learning[j]):
        total += abs(store.weight[c])
    if total != 0.0:
        store.weight[row : row + store.learning[j]] *= wanted / total
    return wrong_if_infinite(total)


@inline
def bound_tied(form, store, fixed):
    """Give tied weights the sum of their changes, within the bounds. Returns NaN if
    one is not finite.
    """
    after_updates(store)
    wrong = 0.0
    for s in range(store.ties.ranges):
        for c in range(store.tied[s], store.tied[s] + store.tied_length[s]):
            weight = store.weight[c]
            wrong += wrong_if_infinite(weight)
            sign = sign_of(store, c, weight)
            store.weight[c] = moved(form, fixed, weight, sign, zero_like(weight))
    return wrong


@inline
def learn_all(form, store, arrays, fixed, of, writes):
    """Learn all synapses, or only try."""
    wrong = 0.0
    for j in range(of.learning, of.stop):
        of_target = numbers_of(form, store, arrays, fixed, j)
        if visits_all(form, of_target):
            for r in range(store.run_start[j], store.run_stop[j]):
                if not store.run_flags[r] & mark.FIXED:
                    wrong += learn_run(
                        form, store, arrays, fixed, r, of_target, j, writes
                    )
                    if not form.one_by_one:
                        if store.ties.signed != 0 and writes:
                            row = store.run_first[r]
                            clip_to_signs(store, row, row + store.run_length[r])
        row = store.self_row[j]
        if row != schema.NONE:
            if store.trainable[row] != 0:
                at = row, of_target, j, writes
                wrong += learn_carousel(form, store, arrays, fixed, *at)
        if form.scaled:
            if writes:
                wrong += scale_weights(store, fixed, j)
    if form.by_events:
        for group in range(arrays.lags.size // GROUP):
            wrong += learn_arrivals(form, store, arrays, fixed, group, writes)
    return wrong


def made_pass(form: PassForm) -> Kernel:
    """Return the pass of a rule, which kernels call by its address."""

    def learn(store, scalar, span, *passed):
        arrays = PassArrays(*passed)
        frames = arrays.clock[FRAMES]
        # After steps that were not learned, the traces of a lag are others than those
        # that a lag less had before. Once they are the same again, as all of them are
        # at first, one frame is written in place of one for each lag.
        follows = store.stamp[span.start] == arrays.clock[STEP] + arrays.clock[WIDTH]
        lags = 1 if follows and arrays.clock[SHIFTS] != 0 else frames // 2
        arrays.clock[SHIFTS] = 1
        fixed = Fixed(
            tuple(arrays.numbers[k] for k in form.numbers),
            arrays.clock[HEAD],
            frame_ago(arrays.clock[HEAD], frames, frames - lags),
            frames,
            arrays.clock[WIDTH],
            arrays.clock[ROWS],
            span.start,
            store.first_incoming[span.start],
            arrays.clock[COUNT],
        )
        wrong = renew_neurons(form, store, arrays, fixed, 0, span.learning - span.start)
        for lag in range(1, lags):
            wrong += renew_neurons(form, store, arrays, fixed, lag, fixed.width)
        if form.by_events:
            if arrays.clock[TRIES] != 0:
                wrong += learn_all(form, store, arrays, fixed, span, False)
        if wrong == 0.0:
            before_updates(store)
            wrong += learn_all(form, store, arrays, fixed, span, True)
        if wrong == 0.0 and store.ties.ranges != 0:
            wrong += bound_tied(form, store, fixed)
        if wrong != 0.0:
            return False
        if form.by_events:
            arrays.clock[COUNT] += 1
        arrays.clock[HEAD] = fixed.after
        return True

    return kernel(learn)


@inline
def fill_modulators(store, third, modulators, at, row, width):
    """Write the modulator of each neuron in this step: a number of a row, or an
    activation.
    """
    for j in range(at.size):
        place = at[j]
        if place >= 0:
            third[j] = modulators[row * width + place]
        elif place != NO_MODULATOR:
            third[j] = store.activation[NO_MODULATOR - 1 - place]


@kernel
def learn_rows(table, scalar, bounds, address, data, passed):
    """Activate and learn once for each row of `outputs`, or learn from the latest step
    if ``activates`` is False; returns a status and the summed cost.

    `data` are inputs, outputs, targets, the cost, modulators, where each neuron finds
    its own among them, and whether to activate.
    """
    store = store_at(table, scalar)
    of = span_of(bounds)
    inputs, outputs, targets, cost, modulators, places, activates = data
    arrays = PassArrays(*passed)
    store.failed[0] = 0.0
    total = 0.0
    n = of.outputs
    steps = outputs.size // n
    if activates:
        status = check_rows(store, of, inputs, outputs, scalar)
        if status != DONE:
            return status, total
        begin_inputs(store, of, inputs)
    status = DONE
    width = modulators.size // max(steps, 1)
    arguments = (table, scalar, bounds, *passed)
    for row in range(steps):
        if activates:
            step_online(store, None, of, inputs, row)
            outputs[row * n : row * n + n] = store.activation[of.stop - n : of.stop]
        if targets.size > 0:
            total += cost_of_step(store, of, targets, row, cost)
            compute_output_errors(store, of, targets, row, cost)
            propagate_network(store, of, zero_like(scalar), False)
        if store.failed[0] != 0.0:
            store.failed[ROW] = row
            status = FAILED
            break
        fill_modulators(store, arrays.third, modulators, places, row, width)
        if not call_equation(address, arguments, arguments):
            status = DIVERGED
            break
        arrays.clock[STEP] = store.stamp[of.start]
    if activates:
        end_inputs(store, of)
    return status, total
