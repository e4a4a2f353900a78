"""Exact gradients, forward pass: activations and slopes of one step, for several
samples at once.
"""

from __future__ import annotations

from ..functions import activations, compiled, single
from ..functions.compiled import activate_range, compete, custom, fire_random, identity
from ..language.decorators import by_type, inline
from ..language.lazy_parts import INDEX, lazy_part
from ..language.packs import by_sample, flat, transpose
from ..language.words import opaque
from ..lowering.flags import GRADIENT_SOURCE
from ..schema import ENDED
from .step import STEP

logistic = by_type(single.logistic, compiled.logistic)
tanh = by_type(single.tanh, compiled.tanh)


@inline
def fire(store, tapes, start, stop, forward, step, lanes):
    """activation y_j = f_j(s_j), and the slope, of consecutive neurons with one
    squash.
    """
    code = store.squash[start]
    n = (stop - start) * lanes
    state = flat(tapes.new_state)
    activation = flat(tapes.activation)
    slope = flat(tapes.slope)
    at = (forward.offset + start) * lanes
    to = (forward.now + start) * lanes
    if code == activations.LOGISTIC:
        for q in range(n):
            activation[to + q], slope[to + q] = logistic(state[at + q])
    elif code == activations.TANH:
        for q in range(n):
            activation[to + q], slope[to + q] = tanh(state[at + q])
    elif code == activations.IDENTITY:
        for q in range(n):
            activation[to + q], slope[to + q] = identity(state[at + q])
    elif code in activations.GROUPED:
        fire_groups(store, tapes, start, stop, forward, lanes)
    elif code in activations.RANDOM:
        fire_random(store, code, start, stop, lanes, state, at, activation, slope, to)
    elif code < activations.FIRST_CUSTOM:
        activate_range(code, store, state, at, activation, slope, to, n)
    else:
        fire_custom(store, tapes, start, stop, forward, step, lanes)


@inline
def is_spike(code):
    """Return whether this is 1 above 0, else 0."""
    return code == activations.STEP or (
        activations.FIRST_SPIKE <= code <= activations.LAST_SPIKE
    )


@inline
def can_skip_derivatives(code):
    """Return whether `fire_without_derivatives` computes this squash."""
    return code == activations.IDENTITY or code == activations.RELU or is_spike(code)


@inline
def fire_without_derivatives(store, tapes, start, stop, forward):
    """Fire one sample without derivatives, which take a large part of the time with
    these squashes: see `can_skip_derivatives`.
    """
    code = store.squash[start]
    at = forward.offset + start
    to = forward.now + start
    if code == activations.IDENTITY:
        for q in range(stop - start):
            tapes.activation[to + q] = tapes.new_state[at + q]
    elif code == activations.RELU:
        for q in range(stop - start):
            state = tapes.new_state[at + q]
            tapes.activation[to + q] = state if state > 0.0 else 0.0
    else:
        for q in range(stop - start):
            tapes.activation[to + q] = 1.0 if tapes.new_state[at + q] > 0.0 else 0.0


@lazy_part(INDEX, INDEX, STEP, INDEX, INDEX, taped=True)
def fire_custom(store, tapes, start, stop, forward, step, lanes):
    """Activate by a registered function, which is not called for ended samples, as it
    might raise.
    """
    code = store.squash[start]
    state = flat(tapes.new_state)
    activation = flat(tapes.activation)
    slope = flat(tapes.slope)
    for j in range(start, stop):
        for lane in range(lanes):
            at = (forward.offset + j) * lanes + lane
            to = (forward.now + j) * lanes + lane
            if tapes.row[step * lanes + lane] == ENDED:
                activation[to] = 0.0
                slope[to] = 0.0
            else:
                activation[to], slope[to] = custom(store, tapes.failed, code, state[at])


@lazy_part(INDEX, INDEX, STEP, INDEX, taped=True)
def fire_groups(store, tapes, start, stop, forward, lanes):
    """Activate groups of neurons that compete."""
    code = store.squash[start]
    state = flat(tapes.state)
    activation = flat(tapes.activation)
    slope = flat(tapes.slope)
    j = start
    while j < stop:
        group_stop = store.group_stop[j]
        for lane in range(lanes):
            member = (forward.now + store.group_first[j]) * lanes + lane
            end = (forward.now + group_stop) * lanes
            compete(store, code, state, activation, slope, member, end, lanes)
        j = group_stop


@lazy_part(*[INDEX] * 5, taped=True)
def apply_dropout(store, tapes, start, stop, now, masked_at, lanes):
    """Apply dropout: multiply activations and slopes by the mask of each step, neuron
    and sample. That of neuron j in this step is at `masked_at` + j.
    """
    activation = flat(tapes.activation)
    slope = flat(tapes.slope)
    mask = flat(tapes.mask)
    to = (now + start) * lanes
    at = (masked_at + start) * lanes
    for q in range((stop - start) * lanes):
        activation[to + q] *= mask[at + q]
        slope[to + q] *= mask[at + q]


@lazy_part(*[INDEX] * 4, taped=True)
def apply_clamps(store, tapes, start, stop, now, lanes):
    """Set the activations of clamped neurons; slopes of 0 let no error through."""
    activation = flat(tapes.activation)
    slope = flat(tapes.slope)
    for j in range(start, stop):
        if store.clamped[j]:
            for q in range((now + j) * lanes, (now + j + 1) * lanes):
                activation[q] = store.clamp[j]
                slope[q] = 0.0


@lazy_part(*[INDEX] * 4, taped=True)
def zero_clamped_errors(store, tapes, start, stop, to, lanes):
    """Zero the errors of clamped outputs."""
    signal = flat(tapes.signal)
    for j in range(start, stop):
        if store.clamped[j]:
            for q in range(to + (j - start) * lanes, to + (j - start + 1) * lanes):
                signal[q] = 0.0


@inline
def zero_finished(tapes, start, stop, offset, step, lanes):
    """Set ended samples to 0, so that they cannot grow without bound."""
    state = flat(tapes.new_state)
    for lane in range(opaque(lanes)):
        if tapes.row[step * lanes + lane] == ENDED:
            for j in range(start, stop):
                state[(offset + j) * lanes + lane] = 0.0


@inline
def clamp_inputs(tapes, span, inputs, step, now, lanes):
    """Copy a row of `inputs` to the input neurons of every sample; 0 for ended
    samples.
    """
    values = by_sample(tapes)
    n = span.inputs
    rows = span.stop - span.start
    begin = (now + span.start) * lanes
    for lane in range(opaque(lanes)):
        row = tapes.row[step * lanes + lane]
        to = begin + lane * rows
        if row != ENDED:
            for i in range(n):
                values[to + i] = inputs[row * n + i]
        else:
            for i in range(n):
                values[to + i] = 0.0
    if lanes > 1:
        transpose_samples(tapes, n, begin, rows, lanes)


@inline
def transpose_samples(tapes, n, offset, rows, lanes):
    """Transpose the first n activations of every sample from ``tapes.transposed`` to
    ``tapes.activation``.
    """
    activation = flat(tapes.activation)
    transposed = flat(tapes.transposed)
    i = 0
    while i < n:
        if n >= lanes:
            i = min(i, n - lanes)  # the last square overlaps the one before
            to = offset + i * lanes
            square = tapes.activation
            transpose(activation, to, lanes, transposed, offset + i, rows, square)
            i += lanes
        else:
            for lane in range(lanes):
                value = transposed[offset + lane * rows + i]
                activation[offset + i * lanes + lane] = value
            i += 1


@inline
def transpose_activations(store, tapes, start, stop, span, now, lanes):
    """Transpose activations for the sums of the gradient, so that those of a sample are
    consecutive.
    """
    activation = flat(tapes.activation)
    transposed = flat(tapes.transposed)
    rows = span.stop - span.start
    begin = (now + span.start) * lanes - span.start
    j = start
    while j < stop:
        if not store.flags[j] & GRADIENT_SOURCE:
            j += 1
        elif stop - start >= lanes:
            j = min(j, stop - lanes)  # the last square overlaps the one before
            source = (now + j) * lanes
            square = tapes.activation
            transpose(transposed, begin + j, rows, activation, source, lanes, square)
            j += lanes
        else:
            for lane in range(lanes):
                value = activation[(now + j) * lanes + lane]
                transposed[begin + lane * rows + j] = value
            j += 1
