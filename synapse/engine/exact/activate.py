"""Compute the step of a network that leaves no traces, on tapes, for one sample or for
several.

The step is used by exact gradients (``loops.py``), by runs without traces and previews
of the next step (``runs.py``), and by streams (``streams.py``). The tapes store the
numbers of a step and of the previous step in two places, which a `Step` contains.
Therefore, a late source is read where the previous step left it.

A `Way` determines how the states of a block are summed: from all of their sources
(`GATHERING`), without the packs that are 0 if these are listed (``online/lists.py``),
or only from the active ones (``events.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..language import INDEX, flat, inline, is_laned, lazy_part, length_of
from ..lowering.flags import LISTS
from ..online.inputs import is_sparse
from ..online.lists import list_packs, list_some
from ..schema import NONE
from .fire import (
    apply_clamps,
    apply_dropout,
    clamp_inputs,
    fire,
    transpose_activations,
    zero_finished,
)
from .states import (
    commit_states,
    compute_states,
)
from .step import STEP, sources_at


class Way(NamedTuple):
    """The parts of a step that depend on how states are summed.

    They pass on a number, ``due``, which the step itself does not use.
    """

    # (store, tapes, extra, span, start, forward) -> due: inputs up to `start` have
    # activations
    begin: Callable[..., Any]
    # (store, extra, start, due) -> stop: the end of the neurons of one block that come
    # next
    next_part: Callable[..., Any]
    # (store, tapes, extra, start, stop, forward, step, lanes, ragged, due): their
    # states, activations and slopes
    compute: Callable[..., Any]
    # (store, tapes, extra, span, start, stop, forward, due) -> due: they have fired
    follow: Callable[..., Any]
    # (store, tapes, extra, span, forward, due): all have
    end: Callable[..., Any]
    # whether activations of several samples are stored sample by sample, too
    transposes: bool = True


@inline
def _begin(store, tapes, extra, span, start, forward):
    return 0


@inline
def _part(store, extra, start, due):
    return store.block_stop[start]


@lazy_part(INDEX, INDEX, STEP, taped=True)
def compute_listed_states(store, tapes, start, stop, step):
    """Compute the states of a block of neurons, some of whose sources are listed."""
    j = start
    while j < stop:
        if store.flags[j] & LISTS:
            list_sources(store, tapes, j, step)
        j = store.alike_stop[j]
    compute_states(store, tapes, start, stop, step, True)


@inline
def list_sources(store, tapes, j, step):
    """List the sources that neuron j is the first to read, in the columns of the store
    or of `table_with_lists`. One sample lists packs of sources, and several samples
    list single sources.
    """
    for r in range(store.run_start[j], store.run_stop[j]):
        number = store.run_list[r]
        if number != NONE and store.list_run[number] == r:
            at = sources_at(store, tapes, r, step)
            if is_laned(tapes.activation):
                lanes = length_of(tapes.activation[at])
                list_some(store, r, flat(tapes).activation, at, 1, lanes)
            else:
                list_packs(store, r, tapes.activation, at)


@inline
def _compute(store, tapes, extra, start, stop, forward, step, lanes, ragged, due):
    """Compute and store states, and then activations and slopes. Ended samples are
    reset first.
    """
    if store.ties.lists == 0:
        compute_states(store, tapes, start, stop, forward)
    else:
        compute_listed_states(store, tapes, start, stop, forward)
    if ragged:
        zero_finished(flat(tapes), start, stop, forward.offset, step, lanes)
    commit_states(tapes, start, stop, forward)
    fire(store, flat(tapes), start, stop, forward, step, lanes)


@inline
def _follow(store, tapes, extra, span, start, stop, forward, due):
    return due


@inline
def _end(store, tapes, extra, span, forward, due):
    pass


GATHERING = Way(_begin, _part, _compute, _follow, _end)
"""Every neuron reads all of its sources or, if they are listed, the sources that are
not 0, in the same order, which gives the same bits. It does not need ``extra``.
"""


@inline
def _drop(store, tapes, span, start, stop, step, forward, lanes):
    """Apply dropout to some neurons in this step."""
    masked_at = step * forward.rows - span.start
    apply_dropout(store, flat(tapes), start, stop, forward.now, masked_at, lanes)


@inline
def activate_by(
    way, store, tapes, extra, span, inputs, step, forward, lanes, ragged, masked
):
    """Set the inputs, unless they are empty, and activate all other neurons part by
    part, by a `Way`.

    `ragged` is whether some samples have ended, `masked` whether there is dropout.
    """
    start = span.start
    if is_sparse(inputs) or inputs.size > 0:
        clamp_inputs(
            store, tapes, span, inputs, step, forward.now, lanes, ragged, way.transposes
        )
        start += span.inputs
        if masked:
            _drop(store, tapes, span, span.start, start, step, forward, lanes)
            if way.transposes and lanes > 1:
                transpose_activations(
                    store, tapes, span.start, start, span, forward.now, lanes, True
                )
    due = way.begin(store, tapes, extra, span, start, forward)
    while start < span.stop:
        stop = way.next_part(store, extra, start, due)
        # s_j, y_j and f'_j
        way.compute(store, tapes, extra, start, stop, forward, step, lanes, ragged, due)
        # a clamped neuron keeps its value, masked or not
        if masked:
            _drop(store, tapes, span, start, stop, step, forward, lanes)
        if store.ties.clamped != 0:
            apply_clamps(store, flat(tapes), start, stop, forward.now, lanes)
        # at the end, because other neurons and the sums of the gradient read the same
        # numbers
        if way.transposes and lanes > 1:
            transpose_activations(
                store, tapes, start, stop, span, forward.now, lanes, True
            )
        due = way.follow(store, tapes, extra, span, start, stop, forward, due)
        start = stop
    way.end(store, tapes, extra, span, forward, due)
