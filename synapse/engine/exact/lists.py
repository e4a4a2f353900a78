"""Steps without traces that read the packs of sources that are not all 0.

The lists are those of ``online/lists.py``, in the columns of the store, or in others
for several samples, whose single sources are listed, and for the exact
gradients of each thread. A list is walked in the order of the sums over all sources, so
no bit depends on it.

The gradient of a batch is summed for the touched packs only (`list_touched`): for
others it is 0, as it was. ``store.touched`` marks those of the batch, and those of the
batch before, whose sums have to be overwritten.
"""

from ..language import (
    INDEX,
    SPAN,
    flat,
    inline,
    is_laned,
    lazy_part,
    length_of,
    tile,
    width,
)
from ..lowering.flags import LISTS
from ..lowering.lists import SHARE
from ..online.lists import NEW, list_packs, list_some
from ..schema import NONE
from .activate import GATHERING, finish_states
from .states import are_many, compute_alike_states, compute_states
from .step import STEP, sources_at


@lazy_part(INDEX, INDEX, STEP, taped=True)
def compute_listed_states(store, tapes, start, stop, step):
    """Compute the states of a block of neurons, some of whose sources are listed."""
    j = start
    while j < stop:
        end = min(store.alike_stop[j], stop)
        if store.flags[j] & LISTS:
            list_sources(store, tapes, j, step)
        if store.flags[j] & LISTS and are_many(store, j):
            compute_alike_states(store, tapes, j, end, step, True)
        else:
            compute_states(store, tapes, j, end, step)
        j = end


@inline
def list_sources(store, tapes, j, step):
    """List the sources that neuron j is the first to read: in packs or, of several
    samples, singly.
    """
    for r in range(store.run_start[j], store.run_stop[j]):
        number = store.run_list[r]
        if number != NONE and store.list_run[number] == r:
            at = sources_at(store, tapes, r, step)
            if is_laned(tapes.activation):
                numbers = flat(tapes).activation
                of = 1, length_of(tapes.activation[at]), store.list_limit[number]
                store.list_count[number] = list_some(store, number, numbers, at, *of)
            else:
                list_packs(store, number, tapes.activation, at)


@inline
def packs_of_float(store):
    """Return how many sources an entry of the touched ones has: those whose gradient is
    summed together.
    """
    return tile().packs * width(store.activation)


@lazy_part(SPAN)
def list_touched(store, span):
    """List the sources that are marked, as many at a time as `packs_of_float` says; the
    last ones, if they are fewer, always are.
    """
    step = packs_of_float(store)
    for number in range(store.ties.lists):
        if span.start <= store.list_source[number] < span.stop:
            n = store.list_length[number]
            limit = n // (step * SHARE)
            count = list_some(store, number, store.touched, 0, step, 1, limit)
            if count >= 0 and n % step != 0:
                if count < limit:
                    store.listed[store.list_first[number] + count] = n - n % step
                count = count + 1 if count < limit else -1
            store.list_count[number] = count


@inline
def age_marks(store, span, fresh):
    """Take the marks of a batch, whose sums are in place, for those of the one before;
    unless they are `fresh`, sums before them are in place, too.
    """
    if store.ties.lists != 0:
        for j in range(span.start, span.stop):
            kept = store.touched[j] == NEW or (not fresh and store.touched[j] != 0.0)
            store.touched[j] = 1.0 if kept else 0.0


@inline
def compute(store, tapes, extra, start, stop, forward, step, lanes, ragged, due):
    """Compute states, activations and slopes, see `compute_all`."""
    if store.ties.lists == 0:
        compute_states(store, tapes, start, stop, forward)
    else:
        compute_listed_states(store, tapes, start, stop, forward)
    finish_states(store, tapes, start, stop, forward, step, lanes, ragged)


LISTING = GATHERING._replace(compute=compute)
"""Neurons read the sources that are listed, or all."""
