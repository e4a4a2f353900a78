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
from .gradient_traces import scale_slopes, step_of_adagrad
from .loops import propagate_network
from .states import compute_states


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


@inline
def set_listed(store, span, inputs, values, latest, scalar):
    """Set the inputs. `latest` are those of the previous such step, after their number
    and the time of its end. If something has activated since, all are set.
    """
    untouched = latest[1] == store.clock[0]
    now = tick(store, 1)
    for q in range(latest[0] if untouched else span.inputs):
        i = span.start + (latest[2 + q] if untouched else q)
        if untouched:  # inputs have no numbers but these
            store.old_activation[i] = store.activation[i]
            store.activation[i] = zero_like(scalar)
        else:
            clamp_neuron(store, i, zero_like(scalar), now)
    store.stamp[span.start] = now
    for k in range(inputs.size):
        store.activation[span.start + inputs[k]] = values[k]
        latest[2 + k] = inputs[k]
    latest[0] = inputs.size


@kernel
def learn_listed(
    store,
    scalar,
    span,
    readers,
    rest,
    latest,
    inputs,
    values,
    targets,
    errors,
    changes,
    squares,
    settings,
    squared,
):
    """Do what `learn_by_adagrad` does, with listed inputs.

    `rest` are the rows of all other connections. The sums of squares are those of
    connections from each input, in the order of targets, by row, and by neuron;
    `changes` is memory for connections from the listed inputs.
    """
    if not are_finite(values, scalar):
        return REFUSED
    set_listed(store, span, inputs, values, latest, scalar)
    status = step_listed(store, span, readers, inputs, values, errors, scalar)
    latest[1] = store.clock[0]
    if status != DONE:
        return status
    n = span.outputs
    errors[:n] = targets[:n] - errors[:n]

    start = span.start + span.inputs
    slopes, biases = store.weight_destination, store.bias_destination
    for q in range(rest.size):
        slopes[rest[q]] = 0.0
    biases[start : span.stop] = 0.0
    store.projected[span.stop - n : span.stop] = errors[:n]
    propagate_network(store, span, scalar, False)

    rows, firsts = readers
    total = added((np.float64(values[k]) ** 2 for k in range(inputs.size)), 0.0)
    total *= added(
        (np.float64(store.step[rows[r]]) ** 2 for r in range(rows.size)), 0.0
    )
    total += added((np.float64(slopes[rest[q]]) ** 2 for q in range(rest.size)), 0.0)
    total += added((np.float64(biases[j]) ** 2 for j in range(start, span.stop)), 0.0)
    if not math.isfinite(total):
        return DIVERGED

    by_input, by_weight, by_bias = squares
    decay = settings[2]
    decrease = scale_slopes(biases, start, by_bias, start, span.stop - start, decay)
    for q in range(rest.size):
        c = rest[q]
        decrease += scale_slopes(slopes, c, by_weight, c, 1, decay)
    count = rows.size
    for k in range(inputs.size):
        for r in range(count):
            changes[k * count + r] = store.step[rows[r]] * values[k]
        of_input = by_input, inputs[k] * count, count, decay
        decrease += scale_slopes(changes, k * count, *of_input)

    step = step_of_adagrad(errors, span.outputs, settings, squared, decrease)
    for q in range(rest.size):
        store.weight[rest[q]] += step * slopes[rest[q]]
    store.bias[start : span.stop] += step * biases[start : span.stop]
    for r in range(count):
        for k in range(inputs.size):
            store.weight[firsts[r] + inputs[k]] += step * changes[k * count + r]
    return DONE
