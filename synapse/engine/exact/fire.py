"""Compute activations and derivatives of one step for several samples at once, in the
forward pass of exact gradients.

Functions that depend on the number of lanes get tapes of single numbers (`flat`).
"""

from ..functions import activations, compiled, single
from ..functions.compiled import activate_range, compete, custom, fire_random, identity
from ..language import (
    INDEX,
    TAPES,
    by_sample,
    by_type,
    flat,
    inline,
    lazy_part,
    opaque,
    transpose,
)
from ..lowering.flags import GRADIENT_SOURCE
from ..online.inputs import is_sparse
from ..schema import ENDED
from .step import STEP

logistic = by_type(single.logistic, compiled.logistic)
tanh = by_type(single.tanh, compiled.tanh)
COMMON = activations.LOGISTIC, activations.TANH, activations.IDENTITY
"""Squashes whose loops are part of every kernel. The others are lazy parts."""


@inline
def fire(store, tapes, start, stop, forward, step, lanes):
    """activation y_j = f_j(s_j), and the slope, of consecutive neurons with the same
    squash.
    """
    code = store.squash[start]
    n = (stop - start) * lanes
    at = (forward.offset + start) * lanes
    to = (forward.now + start) * lanes
    if code in COMMON:
        for common, function in zip(COMMON, (logistic, tanh, identity), strict=True):
            if code == common:
                for q in range(n):
                    tapes.activation[to + q], tapes.slope[to + q] = function(
                        tapes.new_state[at + q]
                    )
    elif code in activations.GROUPED:
        fire_groups(store, tapes, start, stop, forward, lanes)
    elif code in activations.RANDOM:
        fire_random(
            store,
            code,
            start,
            stop,
            lanes,
            tapes.new_state,
            at,
            tapes.activation,
            tapes.slope,
            to,
        )
    elif code < activations.FIRST_CUSTOM:
        activate_range(
            code, store, tapes.new_state, at, tapes.activation, tapes.slope, to, n
        )
    else:
        fire_custom(store, tapes, start, stop, forward, step, lanes)


@inline
def can_skip_derivatives(code):
    """Return whether `fire_without_derivatives` computes this squash, which is the case
    for identity, relu, and squashes that are 1 above 0 and otherwise 0.
    """
    return (
        code == activations.IDENTITY
        or code == activations.RELU
        or code == activations.STEP
        or (activations.FIRST_SPIKE <= code <= activations.LAST_SPIKE)
    )


@inline
def fire_without_derivatives(store, tapes, start, stop, forward):
    """Fire one sample without derivatives, which take a large part of the time with the
    squashes of `can_skip_derivatives`.
    """
    code = store.squash[start]
    at = forward.offset + start
    to = forward.now + start
    if code == activations.IDENTITY:
        tapes.activation[to : to + stop - start] = tapes.new_state[
            at : at + stop - start
        ]
    elif code == activations.RELU:
        for q in range(stop - start):
            state = tapes.new_state[at + q]
            tapes.activation[to + q] = state if state > 0.0 else 0.0
    else:
        for q in range(stop - start):
            tapes.activation[to + q] = 1.0 if tapes.new_state[at + q] > 0.0 else 0.0


@lazy_part(TAPES, INDEX, INDEX, STEP, INDEX, INDEX)
def fire_custom(store, tapes, start, stop, forward, step, lanes):
    """Activate by a registered function, which is not called for ended samples, as it
    might raise.
    """
    code = store.squash[start]
    for j in range(start, stop):
        for lane in range(lanes):
            at = (forward.offset + j) * lanes + lane
            to = (forward.now + j) * lanes + lane
            if tapes.row[step * lanes + lane] == ENDED:
                tapes.activation[to] = 0.0
                tapes.slope[to] = 0.0
            else:
                tapes.activation[to], tapes.slope[to] = custom(
                    store, tapes.failed, code, tapes.new_state[at]
                )


@lazy_part(TAPES, INDEX, INDEX, STEP, INDEX)
def fire_groups(store, tapes, start, stop, forward, lanes):
    """Activate groups of neurons that compete."""
    code = store.squash[start]
    j = start
    while j < stop:
        group_stop = store.group_stop[j]
        for lane in range(lanes):
            compete(
                store,
                code,
                tapes.state,
                tapes.activation,
                tapes.slope,
                (forward.now + store.group_first[j]) * lanes + lane,
                (forward.now + group_stop) * lanes,
                lanes,
            )
        j = group_stop


@lazy_part(TAPES, *[INDEX] * 5)
def apply_dropout(store, tapes, start, stop, now, masked_at, lanes):
    """Apply dropout by multiplying activations and derivatives by the mask of each
    step, neuron and sample. The mask of neuron j in this step is at `masked_at` + j.
    """
    to = (now + start) * lanes
    at = (masked_at + start) * lanes
    for q in range((stop - start) * lanes):
        tapes.activation[to + q] *= tapes.mask[at + q]
        tapes.slope[to + q] *= tapes.mask[at + q]


@lazy_part(TAPES, *[INDEX] * 4)
def apply_clamps(store, tapes, start, stop, now, lanes):
    """Set the activations of clamped neurons. Their derivatives are 0, which stops
    errors.
    """
    for j in range(start, stop):
        if store.clamped[j]:
            for q in range((now + j) * lanes, (now + j + 1) * lanes):
                tapes.activation[q] = store.clamp[j]
                tapes.slope[q] = 0.0


@lazy_part(TAPES, *[INDEX] * 4)
def zero_clamped_errors(store, tapes, start, stop, to, lanes):
    """Zero the errors of clamped outputs."""
    for j in range(start, stop):
        if store.clamped[j]:
            tapes.signal[to + (j - start) * lanes : to + (j - start + 1) * lanes] = 0.0


@inline
def zero_finished(tapes, start, stop, offset, step, lanes):
    """Set ended samples to 0, because they could grow without bound."""
    for lane in range(opaque(lanes)):
        if tapes.row[step * lanes + lane] == ENDED:
            for j in range(start, stop):
                tapes.new_state[(offset + j) * lanes + lane] = 0.0


@inline
def clamp_inputs(store, tapes, span, inputs, step, now, lanes, ragged, transposes):
    """Copy a row of `inputs`, which may be sparse, to the input neurons of every
    sample. If it is `ragged`, ended samples get 0. If it `transposes`, both orders of
    several samples are read.
    """
    n = span.inputs
    if is_sparse(inputs):
        clamp_sparse_inputs(tapes, span, inputs, step, now, lanes)
        return
    if not transposes and 4 * n <= lanes:
        numbers = flat(tapes)
        for i in range(n):
            to = (now + span.start + i) * lanes
            for lane in range(lanes):
                row = tapes.row[step * lanes + lane]
                ended = ragged and row == ENDED
                value = 0.0 if ended else inputs[row * n + i]
                numbers.activation[to + lane] = value
        return
    values = by_sample(tapes)
    rows = span.stop - span.start
    begin = (now + span.start) * lanes
    for lane in range(opaque(lanes)):
        row = tapes.row[step * lanes + lane]
        to = begin + lane * rows
        if row != ENDED:
            values[to : to + n] = inputs[row * n : row * n + n]
        else:
            values[to : to + n] = 0.0
    if lanes > 1:
        # a whole square if it fits, because the neurons after the inputs are computed
        # later
        stop = span.start + (lanes if n < lanes <= rows else n)
        transpose_activations(store, tapes, span.start, stop, span, now, lanes, False)


@inline
def clamp_sparse_inputs(tapes, span, inputs, step, now, lanes):
    """Do the same as `clamp_inputs` with a sparse row. For several samples, write both
    orders of the numbers.
    """
    values, columns, starts = inputs
    numbers, ordered = flat(tapes), by_sample(tapes)
    begin = now + span.start
    rows = span.stop - span.start
    numbers.activation[begin * lanes : (begin + span.inputs) * lanes] = 0.0
    for lane in range(opaque(lanes)):
        to = begin * lanes + lane * rows
        ordered[to : to + span.inputs] = 0.0
        row = tapes.row[step * lanes + lane]
        if row != ENDED:
            for k in range(starts[row], starts[row + 1]):
                numbers.activation[(begin + columns[k]) * lanes + lane] = values[k]
                ordered[to + columns[k]] = values[k]


@inline
def transpose_activations(store, tapes, start, stop, span, now, lanes, to_samples):
    """Transpose activations. With `to_samples`, neurons become consecutive, for the
    sums of the gradient. Otherwise, inputs that are set by sample are transposed to
    lanes.
    """
    numbers = flat(tapes)
    rows = span.stop - span.start
    begin = (now + span.start) * lanes - span.start
    j = start
    while j < stop:
        if to_samples and not store.flags[j] & GRADIENT_SOURCE:
            j += 1
        elif stop - start >= lanes:
            j = min(j, stop - lanes)  # the last square overlaps the one before
            side_by_side = numbers.activation, (now + j) * lanes, lanes
            one_by_one = numbers.transposed, begin + j, rows
            if to_samples:
                transpose(*one_by_one, *side_by_side, tapes.activation)
            else:
                transpose(*side_by_side, *one_by_one, tapes.activation)
            j += lanes
        else:
            for lane in range(lanes):
                at = (now + j) * lanes + lane
                to = begin + lane * rows + j
                if to_samples:
                    numbers.transposed[to] = numbers.activation[at]
                else:
                    numbers.activation[at] = numbers.transposed[to]
            j += 1
