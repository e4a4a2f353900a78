"""The pass of a rule over the synapses of a network, and the loop over rows.

A pass is compiled for the functions of one rule and result_of by its address, as the
equation of an optimizer is. The loop is one for all rules.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ...engine import schema
from ...engine.language.decorators import Kernel, inline, kernel, strict_fp
from ...engine.language.memory import call_equation, span_of, store_at
from ...engine.language.program import PartOptions
from ...engine.language.words import max_float_of, one_like, zero_like
from ...engine.lowering import flags as mark
from ...engine.online.inputs import begin_inputs, end_inputs
from ...engine.online.loops import (
    check_rows,
    compute_output_errors,
    cost_of_step,
    propagate_network,
    step_online,
)
from ...engine.online.propagate import activations_of
from ...engine.online.read_order import (
    frame_offset,
    gain_read,
    gater_read,
    gaters_read,
)
from ...engine.online.record import is_recorded, record_row
from ...engine.online.ties import (
    after_updates,
    before_updates,
    clip_to_sign,
    clip_to_signs,
)
from ...engine.status import DIVERGED, DONE, FAILED, ROW
from .._names import OF_BOTH, OF_SOURCE, OF_TARGET

SUM, MEAN, LATEST = range(3)
"""Kinds of traces."""
NO_MODULATOR = -1
GROUP = 3
"""Numbers of a group: its lag, and its first and last source, the last not included."""
ACTIVATIONS_PER_LOOK = 16
"""Number of activations that are examined together: most are silent."""
LATE = -1
"""In place of a lag: the previous activation, by the order of activation."""

HEAD, FRAMES, WIDTH, ROWS, STEP, COUNT = range(6)
"""Places of ``clock``: the frame of the present traces of sources, the numbers of
frames, of neurons and of connections of the network, the latest step that was learned,
and how many have been."""

RATE, LOW, HIGH, KEEP, SUM_OF_SIZES = range(5)
"""Places of ``options``: the factor of changes, the bounds of weights, by what the
eligibility decays in a step, and the sum of sizes to which a target's weights are
scaled (0: they are not)."""


Call = tuple[Any, tuple[int, ...]]
"""A function, and its arguments: places among the values of a synapse."""


class TraceForm(NamedTuple):
    """A trace as a pass is compiled for it."""

    side: int  # see `_names.SIDES`
    kind: int
    place: int  # among the traces of its side
    function: Call


class PassForm(NamedTuple):
    """A rule as a pass is compiled for it."""

    step: Call | None  # at every step
    on_pre: Call | None  # where the source is active
    on_post: Call | None  # where the target is
    traces: tuple[TraceForm, ...]
    settings: int  # how many
    sized: bool  # changes are those of the size of a weight
    eligible: bool  # changes are summed in an eligibility trace
    # signs are read for each synapse, which keeps its loop from vector registers;
    # otherwise a loop of its own enforces them
    one_by_one: bool
    bounded: bool  # so a weight can hide that a change was not finite
    scaled: bool  # the weights into a neuron to a sum
    by_events: bool  # only synapses are visited where something happens
    gained: bool  # a function asks for the gain


class PassArrays(NamedTuple):
    """What a pass reads and writes beside the store."""

    options: Any  # see RATE
    settings: Any
    decays: Any  # by trace
    gains: Any  # by trace: the factor of what is added
    post_row: Any  # by neuron: the row whose activation is `post`
    third: Any  # by neuron: the modulator; empty without one
    clock: Any  # see HEAD
    sources: Any  # traces of sources, by trace, frame and neuron
    targets: Any  # traces of targets, by trace and neuron
    synapses: Any  # traces of synapses, by trace and row of a connection
    eligibility: Any  # by row of a connection
    # of rules of events, by row: the step, by COUNT, in which its eligibility is due
    due: Any
    # connections that learn, by group, of one lag, and source: the groups (LATE: those
    # one step late), where each source begins, and rows
    lags: Any
    outgoing: Any
    outgoing_rows: Any
    outgoing_targets: Any


class Constants(NamedTuple):
    """Numbers that are the same for all synapses, read once for a pass."""

    settings: Any
    rate: Any
    low: Any
    high: Any
    keep: Any
    decays: Any
    gains: Any


class Place(NamedTuple):
    """Where a synapse finds its traces."""

    frame: Any  # of the traces of sources, as its delay says
    source: Any  # counted from the first neuron of the network
    target: Any
    row: Any  # counted from the first connection of the network


@inline
def activations_ago(store, start, lag):
    """Return the column with the activations of all neurons that a lag reads, and the
    offset of the rows in it.
    """
    if lag == LATE:
        return store.old_activation, 0
    if lag == 0:
        return store.activation, 0
    return store.past, frame_offset(store, store.ring_head, store.ring[start], lag)


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


def made_pass(form: PassForm) -> Kernel:
    """Return the pass of a rule, which kernels call by its address."""
    sized = form.sized
    eligible = form.eligible
    traces = form.traces
    settings = tuple(range(form.settings + 1))  # the last one is dt
    numbers = tuple(range(len(traces)))
    of_neurons = tuple(k for k in numbers if traces[k].side != OF_BOTH)
    of_synapses = tuple(k for k in numbers if traces[k].side == OF_BOTH)
    sides = tuple(trace.side for trace in traces)
    places = tuple(trace.place for trace in traces)
    kinds = tuple(trace.kind for trace in traces)
    summed = tuple(trace.function for trace in traces)
    step = form.step
    on_pre = form.on_pre
    on_post = form.on_post
    one_by_one = form.one_by_one
    bounded = form.bounded
    scaled = form.scaled
    by_events = form.by_events
    gained = form.gained

    @strict_fp
    def result_of(function, values):
        """Call a function of the user with what its signature asks for."""
        of, chosen = function
        return of(*tuple(values[k] for k in chosen))

    @strict_fp
    def renewed(k, fixed, before, new):
        """Return a trace as the next step reads it."""
        if kinds[k] == LATEST:
            latest = fixed.gains[k] * new
            return latest if new != 0.0 else fixed.decays[k] * before
        return fixed.decays[k] * before + fixed.gains[k] * new

    @inline
    def trace_at(k, arrays, at):
        """Return a trace as a synapse reads it in this step."""
        n = arrays.clock[WIDTH]
        if sides[k] == OF_SOURCE:
            frames = places[k] * arrays.clock[FRAMES]
            return arrays.sources[(frames + at.frame) * n + at.source]
        if sides[k] == OF_TARGET:
            return arrays.targets[places[k] * n + at.target]
        return arrays.synapses[places[k] * arrays.clock[ROWS] + at.row]

    @inline
    def values_of(arrays, fixed, pre, weight, sign, gain, of_target, at):
        """Return the values of all names, settings and traces; what no function asks
        for is not computed.
        """
        of_synapse = weight, sign * weight, sign, gain, fixed.settings[form.settings]
        traced = tuple(trace_at(k, arrays, at) for k in numbers)
        return (pre, *of_target, *of_synapse, *fixed.settings, *traced)

    @strict_fp
    def moved(fixed, weight, sign, change):
        """Return a weight after a change, within its bounds."""
        if not bounded:
            return weight + fixed.rate * change
        if sized:
            size = sign * weight + fixed.rate * change
            return sign * min(max(size, fixed.low), fixed.high)
        return min(max(weight + fixed.rate * change, fixed.low), fixed.high)

    @strict_fp
    def changed(function, occurs, arrays, fixed, weight, total, seen):
        """Return a weight after a function of the rule, and the sum of changes."""
        pre, sign, gain, of_target, at = seen
        if function is None:
            return weight, total
        if occurs:
            values = values_of(arrays, fixed, pre, weight, sign, gain, of_target, at)
            change = result_of(function, values)
            total = total + change
            if not eligible:
                weight = moved(fixed, weight, sign, change)
        return weight, total

    @strict_fp
    def learn_synapse(store, arrays, fixed, c, pre, gain, of_target, at):
        """Change one weight and its traces. Returns 0, or 1 if a change is not finite,
        which bounds would hide.
        """
        before = store.weight[c]
        sign = one_like(before)
        if one_by_one:
            sign = sign_of(store, c, before)
        seen = pre, sign, gain, of_target, at
        weight = before
        total = zero_like(before)
        fires = of_target[0] != 0.0
        weight, total = changed(step, True, arrays, fixed, weight, total, seen)
        weight, total = changed(on_pre, pre != 0.0, arrays, fixed, weight, total, seen)
        weight, total = changed(on_post, fires, arrays, fixed, weight, total, seen)
        if eligible:
            trace = arrays.eligibility[at.row]
            if by_events:
                steps = arrays.clock[COUNT] - arrays.due[at.row]
                trace *= math.pow(fixed.keep, zero_like(trace) + steps)
                arrays.due[at.row] = arrays.clock[COUNT] + 1
            weight = moved(fixed, weight, sign, of_target[5] * trace)
            arrays.eligibility[at.row] = fixed.keep * (trace + total)
        for k in of_synapses:
            values = values_of(arrays, fixed, pre, before, sign, gain, of_target, at)
            new = result_of(summed[k], values)
            total = total + new
            arrays.synapses[places[k] * arrays.clock[ROWS] + at.row] = renewed(
                k, fixed, trace_at(k, arrays, at), new
            )
        if one_by_one:
            if store.ties.signed != 0:
                weight = clip_to_sign(store, c, weight)
        store.weight[c] = weight
        if bounded:
            return 0.0 if abs(total) <= max_float_of(total) else 1.0
        return 0.0

    @inline
    def learn_run(store, arrays, fixed, r, origin, of_target, j):
        """Learn the synapses of a run; returns the number of changes that are
        not finite.
        """
        start, base = origin
        row = store.run_first[r]
        n = store.run_length[r]
        late = 1 if store.run_flags[r] & mark.DELAYED != 0 else 0
        lag = store.run_lag[r]
        frame = arrays.clock[HEAD] - (lag if lag != 0 else late)
        if frame < 0:
            frame += arrays.clock[FRAMES]
        activations, offset = activations_of(store, r, True)
        total = 0.0
        ungated = one_like(store.bias[j])
        if store.run_kind[r] == mark.DENSE:
            source = store.run_source[r]
            for t in range(n):
                at = Place(frame, source + t - start, j - start, row + t - base)
                pre = activations[offset + source + t]
                of = arrays, fixed, row + t, pre, ungated, of_target, at
                total += learn_synapse(store, *of)
            return total
        gains = gaters_read(store, r)
        for c in range(row, row + n):
            i = store.source[c]
            gain = ungated
            if gained:
                if store.gater[c] != schema.NONE:
                    gain = gains[store.gater[c]]
            at = Place(frame, i - start, j - start, c - base)
            pre = activations[offset + i]
            total += learn_synapse(store, arrays, fixed, c, pre, gain, of_target, at)
        return total

    @inline
    def learn_carousel(store, arrays, fixed, origin, of_target, j):
        """Learn the self-connection of a neuron, which carries its state."""
        start, base = origin
        row = store.self_row[j]
        gain = one_like(store.bias[j])
        if store.gater[row] != schema.NONE:
            gain = gater_read(store, store.gater[row], j)
        at = Place(arrays.clock[HEAD], j - start, j - start, row - base)
        of = arrays, fixed, row, store.old_state[j], gain, of_target, at
        return learn_synapse(store, *of)

    @inline
    def visits_all(of_target):
        """Return whether something happens at all synapses of a target."""
        if not by_events:
            return True
        return of_target[0] != 0.0 or (eligible and of_target[5] != 0.0)

    @inline
    def learn_from(store, arrays, fixed, origin, key, i, frame, pre):
        """Learn the synapses from a source at which its activation arrives."""
        start, base = origin
        total = 0.0
        for k in range(arrays.outgoing[key], arrays.outgoing[key + 1]):
            c = arrays.outgoing_rows[k]
            j = arrays.outgoing_targets[k]
            of_target = numbers_of(store, arrays, start, j)
            if not visits_all(of_target):
                gain = one_like(pre)
                if gained:
                    gain = zero_like(pre) + gain_read(store, c)
                at = Place(frame, i, j - start, c - base)
                of = arrays, fixed, c, pre, gain, of_target, at
                total += learn_synapse(store, *of)
        return total

    @inline
    def learn_arrivals(store, arrays, fixed, origin, group):
        """Learn the synapses of a group at which something arrives, but for those of
        targets at which all are visited.
        """
        start = origin[0]
        n = arrays.clock[WIDTH]
        lag = arrays.lags[GROUP * group]
        activations, offset = activations_ago(store, start, lag)
        frame = arrays.clock[HEAD] - abs(lag)
        if frame < 0:
            frame += arrays.clock[FRAMES]
        total = 0.0
        stop = arrays.lags[GROUP * group + 2]
        for begin in range(arrays.lags[GROUP * group + 1], stop, ACTIVATIONS_PER_LOOK):
            end = min(begin + ACTIVATIONS_PER_LOOK, stop)
            size = zero_like(fixed.rate)
            for i in range(begin, end):
                size += abs(activations[offset + start + i])
            if size != 0.0:
                for i in range(begin, end):
                    pre = activations[offset + start + i]
                    if pre != 0.0:
                        key = group * n + i
                        of = arrays, fixed, origin, key, i, frame, pre
                        total += learn_from(store, *of)
        return total

    @inline
    def numbers_of(store, arrays, start, j):
        """Return the numbers of a target."""
        third = zero_like(store.bias[j])
        if arrays.third.size != 0:
            third = arrays.third[j - start]
        return (
            store.activation[arrays.post_row[j - start]],
            store.state[j],
            store.derivative[j],
            store.bias[j],
            store.responsibility[j],
            third,
        )

    @inline
    def renew_neurons(store, arrays, fixed, start, targets):
        """Step the traces of sources and of targets, which begin with the neuron
        `targets`.
        """
        n = arrays.clock[WIDTH]
        frames = arrays.clock[FRAMES]
        head = arrays.clock[HEAD]
        after = head + 1 if head + 1 < frames else 0
        for k in of_neurons:
            for i in range(0 if sides[k] == OF_SOURCE else targets, n):
                of_target = numbers_of(store, arrays, start, start + i)
                pre = store.activation[start + i]
                zero = zero_like(pre)
                at = Place(head, i, i, 0)
                values = values_of(arrays, fixed, pre, zero, zero, zero, of_target, at)
                new = result_of(summed[k], values)
                total = renewed(k, fixed, trace_at(k, arrays, at), new)
                if sides[k] == OF_SOURCE:
                    arrays.sources[(places[k] * frames + after) * n + i] = total
                else:
                    arrays.targets[places[k] * n + i] = total
        arrays.clock[HEAD] = after

    @inline
    def scale_weights(store, arrays, j):
        """Scale the weights into a neuron that learn to a sum of sizes."""
        wanted = arrays.options[SUM_OF_SIZES]
        total = zero_like(wanted)
        row = store.first_incoming[j]
        for c in range(row, row + store.learning[j]):
            total += abs(store.weight[c])
        if wanted != 0.0 and total != 0.0:
            for c in range(row, row + store.learning[j]):
                store.weight[c] *= wanted / total

    @inline
    def bound_tied(store, fixed):
        """Give tied weights the sum of their changes, within the bounds."""
        after_updates(store)
        for s in range(store.ties.ranges):
            for c in range(store.tied[s], store.tied[s] + store.tied_length[s]):
                weight = store.weight[c]
                sign = sign_of(store, c, weight)
                store.weight[c] = moved(fixed, weight, sign, zero_like(weight))

    def learn(table, scalar, span, *passed):
        store = store_at(table, scalar)
        of = span_of(span)
        arrays = PassArrays(*passed)
        fixed = Constants(
            tuple(arrays.settings[k] for k in settings),
            arrays.options[RATE],
            arrays.options[LOW],
            arrays.options[HIGH],
            arrays.options[KEEP],
            tuple(arrays.decays[k] for k in numbers),
            tuple(arrays.gains[k] for k in numbers),
        )
        origin = of.start, store.first_incoming[of.start]
        before_updates(store)
        total = 0.0
        for j in range(of.learning, of.stop):
            of_target = numbers_of(store, arrays, of.start, j)
            stop = store.run_stop[j] if visits_all(of_target) else store.run_start[j]
            for r in range(store.run_start[j], stop):
                if not store.run_flags[r] & mark.FIXED:
                    total += learn_run(store, arrays, fixed, r, origin, of_target, j)
                    if not one_by_one:
                        if store.ties.signed != 0:
                            row = store.run_first[r]
                            clip_to_signs(store, row, row + store.run_length[r])
            row = store.self_row[j]
            if row != schema.NONE:
                if store.trainable[row] != 0:
                    total += learn_carousel(store, arrays, fixed, origin, of_target, j)
            if scaled:
                scale_weights(store, arrays, j)
        if by_events:
            for group in range(arrays.lags.size // GROUP):
                total += learn_arrivals(store, arrays, fixed, origin, group)
            arrays.clock[COUNT] += 1
        if store.ties.ranges != 0:
            bound_tied(store, fixed)
        renew_neurons(store, arrays, fixed, of.start, of.learning - of.start)
        return total == 0.0

    return Kernel(learn, PartOptions())


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
def learn_rows(table, scalar, span, address, data, passed):
    """Activate and learn once for each row of `outputs`, or learn from the latest step
    if ``activates`` is False; returns a status and the summed cost.

    `data` are inputs, outputs, targets, the cost, modulators, where each neuron finds
    its own among them, and whether to activate.
    """
    store = store_at(table, scalar)
    of = span_of(span)
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
    arguments = (table, scalar, span, *passed)
    for row in range(steps):
        if activates:
            step_online(store, None, of, inputs, row)
            for o in range(n):
                outputs[row * n + o] = store.activation[of.stop - n + o]
        if targets.size > 0:
            total += cost_of_step(store, of, targets, row, cost)
            compute_output_errors(store, of, targets, row, cost)
            propagate_network(store, of, zero_like(scalar), False)
        if store.failed[0] != 0.0:
            store.failed[ROW] = row
            status = FAILED
            break
        fill_modulators(store, arrays.third, modulators, places, row, width)
        arrays.clock[STEP] = store.stamp[of.start]
        if not call_equation(address, arguments, arguments):
            status = DIVERGED
            break
        if is_recorded(store, of):
            record_row(store, False, False, schema.NONE)
    if activates:
        end_inputs(store, of)
    return status, total
