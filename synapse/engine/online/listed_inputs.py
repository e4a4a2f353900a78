"""Kernels of networks most of whose inputs are 0, such as those of a stream of words: a
step reads and learns the connections of listed inputs only.

In the tables of their calls, the runs that lead from the inputs have no connections
(``InputLists``), so the parts of an ordinary step compute everything else.
"""

import math

import numpy as np

from ..language import added, inline, kernel, max_float_of, zero_like
from ..status import DIVERGED, DONE, FAILED, REFUSED
from .fire import clamp_neuron, fire, tick
from .gradient_traces import scale_slope
from .loops import propagate_network
from .states import compute_states
from .step_formulas import share_of_step

_share_of_step = inline(share_of_step)


@inline
def are_finite(values, scalar):
    """Return whether inputs have finite values in the float of the store."""
    maximum = max_float_of(scalar)
    return added(not abs(values[k]) <= maximum for k in range(values.size)) == 0


@inline
def step_listed(store, span, readers, inputs, values, outputs, scalar):
    """Compute the outputs for inputs that are 0 but for listed ones; returns a status.

    `readers` are the rows of the neurons to which all inputs project, and the rows of
    their connections from the first input.
    """
    store.failed[0] = 0.0
    rows, firsts = readers
    start = span.start + span.inputs
    r = 0
    while start < span.stop:
        stop = store.block_stop[start]
        compute_states(store, None, start, stop)
        while r < rows.size and rows[r] < stop:
            first = firsts[r]
            total = added(
                (
                    store.weight[first + inputs[k]] * values[k]
                    for k in range(inputs.size)
                ),
                zero_like(scalar),
            )
            store.state[rows[r]] += total
            r += 1
        fire(store, None, start, stop)
        start = stop
    outputs[: span.outputs] = store.activation[span.stop - span.outputs : span.stop]
    return DONE if store.failed[0] == 0.0 else FAILED


@kernel
def peek_listed(store, scalar, span, readers, inputs, values, outputs):
    """Compute the outputs for listed inputs, in a table with copies of what a step
    writes.
    """
    if not are_finite(values, scalar):
        return REFUSED
    return step_listed(store, span, readers, inputs, values, outputs, scalar)


@kernel
def activate_listed(store, scalar, span, readers, inputs, values, outputs, latest):
    """Activate with listed inputs.

    `latest` are the inputs of the previous such step, after their number and the time
    of its end. If something has activated since, all inputs are set to 0.
    """
    if not are_finite(values, scalar):
        return REFUSED
    untouched = latest[1] == store.clock[0]
    count = latest[0] if untouched else span.inputs
    now = tick(store, 1)
    for q in range(count):
        i = latest[2 + q] if untouched else q
        clamp_neuron(store, span.start + i, zero_like(scalar), now)
    store.stamp[span.start] = now
    for k in range(inputs.size):
        clamp_neuron(store, span.start + inputs[k], values[k], now)
        latest[2 + k] = inputs[k]
    status = step_listed(store, span, readers, inputs, values, outputs, scalar)
    latest[0] = inputs.size
    latest[1] = store.clock[0]
    return status


@kernel
def learn_listed(
    store, scalar, span, readers, inputs, values, rest, errors, sums, settings, squared
):
    """Do what `learn_by_adagrad` does after a step with listed inputs.

    `rest` are the rows of all other connections. `sums` are the sums of squares by
    connection and by neuron, and a buffer for the changes of the listed inputs.
    """
    rows, firsts = readers
    squares, bias_squares, changes = sums
    weight, rate, keep, bound = settings
    start = span.start + span.inputs
    slopes, biases = store.weight_destination, store.bias_destination
    for q in range(rest.size):
        slopes[rest[q]] = 0.0
    biases[start : span.stop] = 0.0
    store.projected[span.stop - span.outputs : span.stop] = errors[: span.outputs]
    propagate_network(store, span, scalar, False)

    total = added((np.float64(slopes[rest[q]]) ** 2 for q in range(rest.size)), 0.0)
    for j in range(start, span.stop):
        total += np.float64(biases[j]) ** 2
    for r in range(rows.size):
        for k in range(inputs.size):
            total += (np.float64(store.step[rows[r]]) * values[k]) ** 2
    if not math.isfinite(total):
        return DIVERGED

    decrease = 0.0
    for q in range(rest.size):
        slope = slopes[rest[q]]
        slopes[rest[q]] = scale_slope(slope, squares, rest[q], keep)
        decrease += np.float64(slope) * slopes[rest[q]]
    for j in range(start, span.stop):
        slope = biases[j]
        biases[j] = scale_slope(slope, bias_squares, j, keep)
        decrease += np.float64(slope) * biases[j]
    n = inputs.size
    for r in range(rows.size):
        for k in range(n):
            slope = store.step[rows[r]] * values[k]
            change = scale_slope(slope, squares, firsts[r] + inputs[k], keep)
            changes[r * n + k] = change
            decrease += np.float64(slope) * change
    limit = added(
        (
            errors[o] * errors[o] if squared else abs(errors[o])
            for o in range(span.outputs)
        ),
        0.0,
    )
    step = rate * weight * _share_of_step(rate, bound, decrease, limit)
    for q in range(rest.size):
        store.weight[rest[q]] += step * slopes[rest[q]]
    store.bias[start : span.stop] += step * biases[start : span.stop]
    for r in range(rows.size):
        for k in range(n):
            store.weight[firsts[r] + inputs[k]] += step * changes[r * n + k]
    return DONE
