"""Exact gradients, forward pass: activations and slopes of one step, for several
samples at once.
"""

from __future__ import annotations

from ..compiler.jit import by_type, inline
from ..compiler.lanes import by_sample, flat, rolled
from ..compiler.rare import INDEX, rare
from ..compiler.tiles import transpose
from ..functions import activations, compiled, single
from ..functions.compiled import chance, compete, custom, identity, squash_stretch
from ..lowering.flags import GRADIENT_SOURCE
from ..schema import ENDED

logistic, tanh = (
    by_type(single.logistic, compiled.logistic),
    by_type(single.tanh, compiled.tanh),
)


@inline
def fire(m, u, first, last, offset, step, now, lanes):
    """activation y_j = f_j(s_j), and the slope, of consecutive neurons with one
    squash.
    """
    code = m.squash[first]
    n = (last - first) * lanes
    state = flat(u.weighed)
    activation = flat(u.activation)
    slope = flat(u.slope)
    at = (offset + first) * lanes
    to = (now + first) * lanes
    if code == activations.LOGISTIC:
        for q in range(n):
            activation[to + q], slope[to + q] = logistic(state[at + q])
    elif code == activations.TANH:
        for q in range(n):
            activation[to + q], slope[to + q] = tanh(state[at + q])
    elif code == activations.IDENTITY:
        for q in range(n):
            activation[to + q], slope[to + q] = identity(state[at + q])
    elif activations.FIRST_GROUPED <= code <= activations.LAST_GROUPED:
        fire_groups(m, u, first, last, offset, now, lanes)
    elif activations.FIRST_RANDOM <= code <= activations.LAST_RANDOM:
        chance(m, code, first, last, lanes, state, at, activation, slope, to)
    elif code < activations.FIRST_CUSTOM:
        squash_stretch(code, m, state, at, activation, slope, to, n)
    else:
        fire_custom(m, u, first, last, offset, step, now, lanes)


@rare(*[INDEX] * 6, taped=True)
def fire_custom(m, u, first, last, offset, step, now, lanes):
    """Activate by a registered function, which is not called for ended samples, as it
    might raise.
    """
    code = m.squash[first]
    state = flat(u.weighed)
    activation = flat(u.activation)
    slope = flat(u.slope)
    for j in range(first, last):
        for lane in range(lanes):
            q = (now + j) * lanes + lane
            if u.row[step * lanes + lane] == ENDED:
                activation[q] = 0.0
                slope[q] = 0.0
            else:
                activation[q], slope[q] = custom(
                    m, u.failed, code, state[(offset + j) * lanes + lane]
                )


@rare(*[INDEX] * 5, taped=True)
def fire_groups(m, u, first, last, offset, now, lanes):
    """Activate groups of neurons that compete."""
    for j in range(first, last):
        u.state[now + j] = u.weighed[offset + j]
    code = m.squash[first]
    state = flat(u.state)
    activation = flat(u.activation)
    slope = flat(u.slope)
    j = first
    while j < last:
        after = m.group_stop[j]
        for lane in range(lanes):
            one = (now + m.group_first[j]) * lanes + lane
            end = (now + after) * lanes
            compete(m, code, state, activation, slope, one, end, lanes)
        j = after


@rare(*[INDEX] * 5, taped=True)
def drop(m, u, first, last, now, rows, lanes):
    """Dropout: multiply activations and slopes by the mask of each step, neuron and
    sample.
    """
    activation = flat(u.activation)
    slope = flat(u.slope)
    mask = flat(u.mask)
    for q in range((now + first) * lanes, (now + last) * lanes):
        activation[q] *= mask[q - rows * lanes]
        slope[q] *= mask[q - rows * lanes]


@rare(*[INDEX] * 4, taped=True)
def hold_clamped(m, u, first, last, now, lanes):
    """Set the activations of clamped neurons; slopes of 0 let no error through."""
    activation = flat(u.activation)
    slope = flat(u.slope)
    for j in range(first, last):
        if m.clamped[j]:
            for q in range((now + j) * lanes, (now + j + 1) * lanes):
                activation[q] = m.clamp[j]
                slope[q] = 0.0


@rare(*[INDEX] * 4, taped=True)
def silence_clamped(m, u, first, last, to, lanes):
    """Clamped outputs have no error."""
    signal = flat(u.signal)
    for j in range(first, last):
        if m.clamped[j]:
            for q in range(to + (j - first) * lanes, to + (j - first + 1) * lanes):
                signal[q] = 0.0


@inline
def rest(u, first, last, offset, step, lanes):
    """Set ended samples to 0, so that they cannot grow without bound."""
    state = flat(u.weighed)
    for lane in range(rolled(lanes)):
        if u.row[step * lanes + lane] == ENDED:
            for j in range(first, last):
                state[(offset + j) * lanes + lane] = 0.0


@inline
def clamp_inputs(u, span, inputs, step, now, lanes):
    """Copy a row of `inputs` to the input neurons of every sample; 0 for ended
    samples.
    """
    values = by_sample(u)
    n = span.inputs
    rows = span.stop - span.first
    first = (now + span.first) * lanes
    for lane in range(rolled(lanes)):
        row = u.row[step * lanes + lane]
        to = first + lane * rows
        if row != ENDED:
            for i in range(n):
                values[to + i] = inputs[row * n + i]
        else:
            for i in range(n):
                values[to + i] = 0.0
    if lanes > 1:
        lay_side_by_side(u, n, first, rows, lanes)


@inline
def lay_side_by_side(u, n, first, rows, lanes):
    """Transpose the first n activations of every sample from ``u.transposed`` to
    ``u.activation``.
    """
    activation = flat(u.activation)
    transposed = flat(u.transposed)
    i = 0
    while i < n:
        if n >= lanes:
            i = min(i, n - lanes)  # the last square overlaps the one before
            transpose(
                activation,
                first + i * lanes,
                lanes,
                transposed,
                first + i,
                rows,
                u.activation,
            )
            i += lanes
        else:
            for lane in range(lanes):
                activation[first + i * lanes + lane] = transposed[
                    first + lane * rows + i
                ]
            i += 1


@inline
def transpose_activations(m, u, first, last, span, now, lanes):
    """Transpose activations for the sums of the gradient, so that those of a sample are
    consecutive.
    """
    activation = flat(u.activation)
    transposed = flat(u.transposed)
    rows = span.stop - span.first
    begin = (now + span.first) * lanes - span.first
    j = first
    while j < last:
        if not m.flags[j] & GRADIENT_SOURCE:
            j += 1
        elif last - first >= lanes:
            j = min(j, last - lanes)
            transpose(
                transposed,
                begin + j,
                rows,
                activation,
                (now + j) * lanes,
                lanes,
                u.activation,
            )
            j += lanes
        else:
            for lane in range(lanes):
                transposed[begin + lane * rows + j] = activation[
                    (now + j) * lanes + lane
                ]
            j += 1
