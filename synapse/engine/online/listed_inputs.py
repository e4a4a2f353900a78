"""Run steps of networks in which most inputs are 0, for example on a stream of words.
Such steps only read and train the connections of the inputs in a sparse row.

In the tables of their calls, the runs that lead from the inputs have no connections
(``InputLists``), and the parts of an ordinary step compute everything else. One row for
each neuron that reads the inputs is enough to find an input's connections. In contrast,
an index by source (``engine/by_source``) would add two numbers for each weight to read.
"""

import math

import numpy as np

from ..language import LINE, added, inline, kernel, prefetch, zero_like
from ..status import DIVERGED, DONE
from .fire import clamp_neuron, fire, tick
from .gradient_traces import errors_of_sample, scale_slopes, step_of_adagrad
from .loops import ONLINE, propagate_network, run_rows
from .states import compute_states


@inline
def step_listed(store, readers, span, inputs, row):
    """Make a step with the only row of `inputs`, as the ``step_network`` of a rule.

    `readers` are the rows of the neurons to which all inputs project, the rows of their
    connections from the first input, and the memory of `set_listed`. If this memory is
    empty, the inputs are not set, because a step on copies does not need their
    activations.
    """
    values, columns, starts = inputs
    n = starts[1]
    rows, firsts, latest = readers
    if latest.size > 0:
        set_listed(store, span, values, columns[:n], latest)
    start = span.start + span.inputs
    r = 0
    while start < span.stop:
        stop = store.block_stop[start]
        compute_states(store, start, stop, start)
        while r < rows.size and rows[r] < stop:
            total = added(
                (store.weight[firsts[r] + columns[k]] * values[k] for k in range(n)),
                zero_like(store.bias[0]),
            )
            store.state[rows[r]] += total
            r += 1
        fire(store, start, stop)
        start = stop
    if latest.size > 0:
        latest[1] = store.clock[0]


@inline
def set_listed(store, span, values, columns, latest):
    """Set the inputs. `latest` contains their number in the previous such step, the
    time at which that step ended, and the inputs of that step. If any neuron has
    activated since, all inputs are set.
    """
    untouched = latest[1] == store.clock[0]
    now = tick(store, 1)
    for q in range(latest[0] if untouched else span.inputs):
        i = span.start + (latest[2 + q] if untouched else q)
        if untouched:  # inputs have no numbers but these
            store.old_activation[i] = store.activation[i]
            store.activation[i] = 0.0
        else:
            clamp_neuron(store, i, 0.0, now)
    store.stamp[span.start] = now
    for k in range(columns.size):
        store.activation[span.start + columns[k]] = values[k]
        latest[2 + k] = columns[k]
    latest[0] = columns.size


LISTED = ONLINE._replace(step_network=step_listed)


@kernel
def peek_listed(store, scalar, span, readers, sample, outputs):
    """Compute the outputs for a sample, in a table with copies of the columns that a
    step writes. Returns a status.
    """
    return run_rows(LISTED, store, readers, span, sample, outputs, scalar)


@kernel
def learn_listed(
    store,
    scalar,
    span,
    readers,
    rest,
    sample,
    targets,
    errors,
    changes,
    squares,
    settings,
    squared,
):
    """Learn like `learn_by_adagrad`, but only for the inputs in a sample.

    `rest` contains the rows of all other connections. The three arrays of sums of
    squares belong to the connections from each input, in the order of targets, to rows
    of connections, and to neurons. `changes` is memory like the first array, for the
    inputs in the sample.
    """
    values, columns, starts = sample
    rows, firsts, _ = readers
    by_input, by_weight, by_bias = squares
    n = starts[1]
    count = rows.size
    for k in range(n):  # the sums are fetched before they are read
        for r in range(0, count + LINE, LINE):
            prefetch(by_input, columns[k] * count + r)
    status = errors_of_sample(
        LISTED, store, readers, scalar, span, sample, targets, errors
    )
    if status != DONE:
        return status
    start = span.start + span.inputs
    slopes, biases = store.weight_destination, store.bias_destination
    for q in range(rest.size):
        slopes[rest[q]] = 0.0
    biases[start : span.stop] = 0.0
    store.projected[span.stop - span.outputs : span.stop] = errors[: span.outputs]
    propagate_network(store, span, scalar, False)

    total = added((np.float64(values[k]) ** 2 for k in range(n)), 0.0)
    total *= added(
        (np.float64(store.step[rows[r]]) ** 2 for r in range(rows.size)), 0.0
    )
    total += added((np.float64(slopes[rest[q]]) ** 2 for q in range(rest.size)), 0.0)
    total += added((np.float64(biases[j]) ** 2 for j in range(start, span.stop)), 0.0)
    if not math.isfinite(total):
        return DIVERGED

    decay = settings[2]
    decrease = scale_slopes(biases, start, by_bias, start, span.stop - start, decay)
    for q in range(rest.size):
        c = rest[q]
        decrease += scale_slopes(slopes, c, by_weight, c, 1, decay)
    for k in range(n):
        change = changes[k]
        for r in range(count):
            change[r] = store.step[rows[r]] * values[k]
        decrease += scale_slopes(change, 0, by_input[columns[k]], 0, count, decay)

    step = step_of_adagrad(errors, span.outputs, settings, squared, decrease)
    for q in range(rest.size):
        store.weight[rest[q]] += step * slopes[rest[q]]
    store.bias[start : span.stop] += step * biases[start : span.stop]
    for r in range(count):
        for k in range(n):
            store.weight[firsts[r] + columns[k]] += step * changes[k, r]
    return DONE
