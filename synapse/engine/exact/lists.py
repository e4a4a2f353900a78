"""Steps without traces that read the packs of sources that are not all 0.

The lists are those of ``online/lists.py``, in the columns of the store, or in others
for several samples, whose single sources are listed (`list_lanes`), and for the exact
gradients of each thread. A list is walked in the order of the sums over all sources, so
no bit depends on it.

The gradient of a batch is summed for the touched packs only (`list_touched`): for
others it is 0, as it was. ``store.touched`` marks those of the batch, and those of the
batch before, whose sums have to be overwritten.
"""

from ..language import (
    INDEX,
    SPAN,
    add_products,
    flat,
    inline,
    is_laned,
    lazy_part,
    length_of,
    load_sums,
    no_sums,
    splat,
    store_sums,
    width,
)
from ..lowering.flags import LISTS
from ..lowering.lists import SHARE
from ..online.lists import NEW, is_listed, list_packs, list_some, listed_range
from ..schema import NONE
from .activate import GATHERING, finish_states
from .states import (
    MAX_UNTILED_PRODUCTS,
    NEURONS,
    PACK,
    add_run,
    add_sums,
    add_tile,
    are_many,
    compute_states,
    dense_stop,
    gaps_of,
)
from .step import STEP, sources_at


@inline
def add_listed_sums(store, tapes, sums, r, source, row, gaps):
    """Add sum_i w_ij y_i of a tile of neurons to their sums, over the listed packs."""
    wide = width(tapes.activation)
    n = store.run_length[r]
    activations, weights = tapes.activation, store.weight
    entry, stop = listed_range(store, r)
    for k in range(entry, stop):
        q = store.listed[k]
        sums = add_products(sums, activations, source + q, weights, row + q, gaps, wide)
    q = n - n % wide
    if q < n:
        of = activations, source + q, weights, row + q
        sums = add_products(sums, *of, gaps, n - q)
    return sums


@inline
def add_tile_of(store, tapes, sums, r, run, runs, count, source):
    """Add sum_i w_ij y_i of `count` neurons, whose run `run` has the sources of run r,
    to the sums of a tile.
    """
    gaps = gaps_of(store, run, runs, count)
    row = store.run_first[run]
    if is_listed(store, r):
        return add_listed_sums(store, tapes, sums, r, source, row, gaps)
    return add_sums(store, tapes, sums, source, store.run_length[r], row, gaps)


@lazy_part(*[INDEX] * 4, STEP, taped=True)
def add_listed_runs(store, tapes, run_start, run_stop, start, stop, step):
    """Add the weighted inputs of consecutive neurons from some of their runs, as
    ``states.add_dense_runs`` does.
    """
    runs = store.run_stop[start] - store.run_start[start]
    whole = stop - (stop - start) % NEURONS
    for j in range(start, whole, NEURONS):
        sums = load_sums(tapes.new_state, step.offset + j)
        for r in range(run_start, run_stop):
            source = sources_at(store, tapes, r, step) + store.run_source[r]
            run = r + (j - start) * runs
            sums = add_tile_of(store, tapes, sums, r, run, runs, NEURONS, source)
        store_sums(tapes.new_state, step.offset + j, sums)
    count = stop - whole
    if count == 0:
        return
    for r in range(run_start, run_stop):
        source = sources_at(store, tapes, r, step) + store.run_source[r]
        run = r + (whole - start) * runs
        if is_listed(store, r) and count * store.run_length[r] > MAX_UNTILED_PRODUCTS:
            none = no_sums(tapes.activation, PACK)
            sums = add_tile_of(store, tapes, none, r, run, runs, count, source)
            store_sums(tapes.tile, 0, sums)
            tapes.new_state[step.offset + whole : step.offset + whole + count] += (
                tapes.tile[:count]
            )
        else:
            add_tile(store, tapes, run, runs, step.offset + whole, count, source)


@lazy_part(INDEX, INDEX, STEP, taped=True)
def compute_listed_states(store, tapes, start, stop, step):
    """Compute the states of a block of neurons, some of whose sources are listed."""
    j = start
    while j < stop:
        end = min(store.alike_stop[j], stop)
        if store.flags[j] & LISTS:
            list_sources(store, tapes, j, step)
        if store.flags[j] & LISTS and are_many(store, j):
            for i in range(j, end):
                tapes.new_state[step.offset + i] = splat(store.bias[i], tapes.state)
            r = store.run_start[j]
            while r < store.run_stop[j]:
                dense_end = dense_stop(store, r, store.run_stop[j])
                if dense_end > r:
                    add_listed_runs(store, tapes, r, dense_end, j, end, step)
                    r = dense_end
                else:
                    runs = store.run_stop[j] - store.run_start[j]
                    add_run(store, tapes, r, runs, j, end, step)
                    r += 1
        else:
            compute_states(store, tapes, j, end, step)
        j = end


@inline
def list_lanes(store, number, tapes, at):
    """List the sources of a range that are not 0 in all samples."""
    lanes = length_of(tapes.activation[at])
    limit = store.list_limit[number]
    of = flat(tapes).activation, at, 1, lanes, limit
    store.list_count[number] = list_some(store, number, *of)


@inline
def list_sources(store, tapes, j, step):
    """List the sources that neuron j is the first to read."""
    for r in range(store.run_start[j], store.run_stop[j]):
        number = store.run_list[r]
        if number != NONE and store.list_run[number] == r:
            at = sources_at(store, tapes, r, step)
            if is_laned(tapes.activation):
                list_lanes(store, number, tapes, at)
            else:
                list_packs(store, number, tapes.activation, at)


@inline
def packs_of_float(store):
    """Return how many sources an entry of the touched ones has: two packs."""
    return 2 * width(store.activation)


@lazy_part(SPAN)
def list_touched(store, span):
    """List the sources that are marked, two packs at a time; the last ones, if they are
    fewer, always are.
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
