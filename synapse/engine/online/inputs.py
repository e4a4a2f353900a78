"""Set the inputs of a network, for many inputs, sparse inputs, and calls of several
steps.

Rows of inputs are an array, or a tuple of three arrays: the numbers that are not 0,
their columns, and the offsets at which the rows begin, with the end (CSR).
"""

from ..language import (
    ARRAY,
    INDEX,
    INDICES,
    SPAN,
    TupleKind,
    added,
    inline,
    known,
    lazy_part,
    word,
)
from ..schema import NONE
from .fire import clamp_neuron, tick
from .steps import count_steps


@word(lambda inputs: isinstance(inputs, tuple))
def is_sparse(t, inputs):
    """Return whether rows of inputs are sparse."""
    return known(isinstance(inputs.kind, TupleKind))


@inline
def begin_inputs(store, span, inputs):
    """Begin a call whose steps, from the second on, only set the activations of the
    inputs, unless a ring reads the other columns of inputs before `end_inputs`.
    """
    if is_sparse(inputs) or store.ties.lists != 0:
        store.input_rows.sets = 0 if store.ring[span.start] != NONE else 1


@lazy_part(SPAN, ARRAY, INDEX)
def set_many_inputs(store, span, inputs, row):
    """Set the inputs column by column. In later steps of a call, only set their
    activations.
    """
    n = span.inputs
    start = span.start
    store.old_activation[start : start + n] = store.activation[start : start + n]
    store.activation[start : start + n] = inputs[row * n : row * n + n]
    store.stamp[start] = tick(store, n)
    if store.input_rows.sets > 1:
        store.input_rows.sets = 3
    else:
        clear_inputs(store, span)


@inline
def clear_inputs(store, span):
    """Write all columns of inputs that have been set, except their activations."""
    n = span.inputs
    start = span.start
    for column in (
        store.derivative,
        store.responsibility,
        store.pushed,
        store.pushed_gated,
        store.pushed_traced,
    ):
        used = added(column[start + t] != 0.0 for t in range(n))
        if used != 0:  # reading takes less time than writing
            column[start : start + n] = 0.0
    write_stamps(store, span)
    if store.input_rows.sets != 0:
        store.input_rows.sets += 1


@lazy_part(SPAN, ARRAY, INDICES, INDICES, INDEX)
def set_sparse_inputs(store, span, values, columns, starts, row):
    """Set the inputs to a sparse row. From the third step of a call on, only inputs
    that are not 0 in this step or in the two previous steps are written.
    """
    n = span.inputs
    start = span.start
    if store.input_rows.sets > 2:
        before, latest = store.input_rows.before, store.input_rows.latest
        for k in range(starts[before], starts[before + 1]):
            store.old_activation[start + columns[k]] = 0.0
        for k in range(starts[latest], starts[latest + 1]):
            i = start + columns[k]
            store.old_activation[i] = store.activation[i]
            store.activation[i] = 0.0
        store.stamp[start] = tick(store, n)
    elif span.learning < start + n:
        now = tick(store, n)
        for t in range(n):
            clamp_neuron(store, start + t, 0.0, now + t)
    else:
        store.old_activation[start : start + n] = store.activation[start : start + n]
        store.activation[start : start + n] = 0.0
        store.stamp[start] = tick(store, n)
        clear_inputs(store, span)
    store.input_rows.before = store.input_rows.latest
    store.input_rows.latest = row
    for k in range(starts[row], starts[row + 1]):
        store.activation[start + columns[k]] = values[k]


@inline
def write_stamps(store, span):
    """Write the stamps of the inputs, which follow from the first input's stamp."""
    first = store.stamp[span.start]
    for t in range(span.inputs):
        store.stamp[span.start + t] = first + t


@inline
def end_inputs(store, span):
    """End a call, in which the stamps of the inputs follow from the first input's
    stamp.
    """
    if store.input_rows.sets != 0:
        if store.input_rows.sets > 2:
            write_stamps(store, span)
        store.input_rows.sets = 0
        start = span.start
        count_steps(store, start, start + span.inputs, store.input_rows.steps)
        store.input_rows.steps = 0
