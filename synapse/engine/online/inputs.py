"""How the inputs of a network are set in a call of several steps."""

from __future__ import annotations

from ..language.decorators import inline
from ..language.lazy_parts import ARRAY, INDEX, SPAN, lazy_part
from ..schema import NONE
from .record import is_recorded


@inline
def begin_inputs(store, span):
    """Begin a call of several steps: from the second on, inputs get activations only,
    if nobody reads their other numbers before `end_inputs`.
    """
    store.input_rows.sets = store.ring[span.start] == NONE and not is_recorded(
        store, span
    )


@lazy_part(SPAN, ARRAY, INDEX)
def set_many_inputs(store, span, inputs, row):
    """Clamp the inputs, column by column; in a later step of a call, set their
    activations only.
    """
    n = span.inputs
    start = span.start
    for t in range(n):
        store.old_activation[start + t] = store.activation[start + t]
    for t in range(n):
        store.activation[start + t] = inputs[row * n + t]
    store.stamp[start] = store.clock[0] + 1
    store.clock[0] += n
    if store.input_rows.sets > 1:
        store.input_rows.sets = 3
        return
    for column in (
        store.derivative,
        store.responsibility,
        store.pushed,
        store.pushed_gated,
        store.pushed_traced,
    ):
        for t in range(n):
            column[start + t] = 0.0
    write_stamps(store, span)
    if store.input_rows.sets != 0:
        store.input_rows.sets = 2


@inline
def write_stamps(store, span):
    """Write the stamps of inputs, which follow from the first one's."""
    first = store.stamp[span.start]
    for t in range(span.inputs):
        store.stamp[span.start + t] = first + t


@inline
def end_inputs(store, span):
    """End a call of several steps: the stamps of inputs follow from the first one's."""
    if store.input_rows.sets > 2:
        write_stamps(store, span)
    store.input_rows.sets = 0
