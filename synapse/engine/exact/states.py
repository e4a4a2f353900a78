"""Compute the states of one step for several samples at once, in the forward pass of
exact gradients.

Neurons whose runs have the same form are computed together, eight at a time if they
have the same sources. The equations are those of ``online/states.py``, and
``exact/loops.py`` describes the layout of the tapes.
"""

from ..language import (
    INDEX,
    add_products,
    added,
    in_order,
    inline,
    is_laned,
    lazy_part,
    load_sums,
    no_sums,
    spaced,
    splat,
    store_sums,
    sum_in_four,
    tile,
    times_plus,
    width,
)
from ..lowering.flags import (
    DENSE,
    GATED,
    LAGGED,
    LISTED,
    MEMORY,
    SHARED,
    STEPPED,
)
from ..online.lists import is_listed, listed_range
from ..online.read_order import at_gaters_step, at_self_gater_step
from ..terms import brought, own_term, stepped_terms, sum_of_gated
from .step import STEP, places_of, sources_at

PACK = (0,)
MAX_UNTILED_NEURONS = 4
"""Largest group of neurons that is not computed together, because most of a tile would
be empty. ``python -m benchmarks.variants exact.states.MAX_UNTILED_NEURONS``: rows take
0.99 to 1.27 times as long with a tenth, 0.84 to 1.80 times with ten times.
"""
MAX_UNTILED_PRODUCTS = 64
"""Largest number of products for which a part of a tile costs more than one sum for
each of its neurons. By ``python -m benchmarks.variants small``,
rows take 0.95 to 1.15 times as long with 0.
"""


# --- which neurons are computed together ----------------------------------------------


@inline
def are_many(store, j):
    """Return whether neurons from j on are computed together, instead of each by itself
    (lone).
    """
    return store.alike_stop[j] > j + MAX_UNTILED_NEURONS


@inline
def is_gated(store, j):
    """Return whether a neuron has an input that is gated, carried, or read with a
    lag.
    """
    return store.flags[j] & (MEMORY | GATED | LAGGED) != 0


@inline
def lone_stop(store, j, stop):
    """Return the end of the consecutive lone neurons that begin with `j`."""
    end = j + 1
    while end < stop and not are_many(store, end):
        end += 1
    return end


# --- runs of neurons that are computed together ---------------------------------------


@inline
def dense_alike(store, r):
    """Return whether the neurons have the same, consecutive sources in this run."""
    run_kind = store.run_kind[r]
    return (run_kind == DENSE or run_kind == SHARED) and not store.run_flags[
        r
    ] & STEPPED


@inline
def gap_of(store, r, runs, count):
    """Return the distance from neuron to neuron of the first connections in run r, for
    `count` neurons with `runs` runs each.
    """
    return store.run_first[r + runs] - store.run_first[r] if count > 1 else 0


@inline
def gaps_of(store, r, runs, count):
    """Return the distances of these neurons' first connections in run r from the first
    neuron's first connection.
    """
    return spaced(0, gap_of(store, r, runs, count), count)


@inline
def rows_of(store, r, runs, count):
    """Return these neurons' first connections in run r."""
    return spaced(store.run_first[r], gap_of(store, r, runs, count), count)


@inline
def gain(store, tapes, r, gains):
    """Return the gain of a run with one gater."""
    return tapes.activation[gains + store.run_gater[r]]


# --- states ---------------------------------------------------------------------------


@inline
def add(c, i, g, t, states, at, *of):
    """Add the contribution of a connection to the state of neuron t, whose states start
    at `at`.
    """
    states[at + t] += brought(c, i, g, *of)


@inline
def add_carried(store, tapes, j, step):
    """Add the state carried over by a self-connection: g_jj w_jj s_j(old)."""
    by = at_self_gater_step(store, j, step.now, step.before)
    of = j, tapes.new_state, step.offset, store, tapes.state, tapes.activation
    own_term(store, j, step.before, by, add, *of)


@in_order
def term(c, store, tapes, index_of, *where):
    """Return w_ij y_i of connection c, see `sum_of`."""
    return tapes.activation[index_of(store, c, *where)] * store.weight[c]


@in_order
def sum_of(store, tapes, row, n, index_of, *where):
    """Return sum_i w_ij y_i over `n` connections from `row` on. Connection c reads
    ``tapes.activation[index_of(store, c, *where)]``.
    """
    none = splat(0.0, tapes.state)
    return sum_in_four(none, row, n, term, store, tapes, index_of, *where)


@inline
def consecutive_at(store, c, first):
    """Return the index at which connection c of a run with consecutive sources reads;
    connection 0 would read at `first`.
    """
    return first + c


@inline
def listed_at(store, c, sources, places):
    """Return the index at which connection c of a run with listed sources reads."""
    return sources + places[c]


@inline
def dense_sum(store, tapes, row, n, sources):
    """sum_i w_ij y_i from consecutive sources."""
    if width(tapes.activation) == 1:
        return sum_of(store, tapes, row, n, consecutive_at, sources - row)
    return added(
        (tapes.activation[sources + q] * store.weight[row + q] for q in range(n)),
        splat(0.0, tapes.state),
    )


@inline
def add_sums(store, tapes, sums, source, n, row, gaps):
    """Add sum_i w_ij y_i of a tile of neurons with the same sources to their sums."""
    wide = width(tapes.activation)
    whole = n - n % wide
    for q in range(0, whole, wide):
        at = source + q
        sums = add_products(
            sums, tapes.activation, at, store.weight, row + q, gaps, wide
        )
    if whole < n:
        at = source + whole
        row += whole
        sums = add_products(
            sums, tapes.activation, at, store.weight, row, gaps, n - whole
        )
    return sums


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
        sums = add_products(
            sums, activations, source + q, weights, row + q, gaps, n - q
        )
    return sums


@inline
def add_run_sums(store, tapes, sums, run, gaps, source, lists):
    """Add sum_i w_ij y_i of a tile of neurons to their sums. `lists` is a run with the
    same sources, which may be listed, or None to read all.
    """
    row = store.run_first[run]
    if lists is not None and is_listed(store, lists):
        return add_listed_sums(store, tapes, sums, lists, source, row, gaps)
    return add_sums(store, tapes, sums, source, store.run_length[run], row, gaps)


@inline
def fill_tile(store, tapes, r, runs, count, source, lists=None):
    """Write sum_i w_ij y_i of a tile of `count` neurons with the same sources to
    ``tapes.tile``, see `add_run_sums`.
    """
    gaps = gaps_of(store, r, runs, count)
    none = no_sums(tapes.activation, PACK)
    of = none, r, gaps, source, lists
    store_sums(tapes.tile, 0, add_run_sums(store, tapes, *of), None)


@inline
def add_in_order(store, tapes, at, row, n, source):
    """Add sum_i w_ij y_i from consecutive sources to a state. Lanes add in the order of
    a whole tile.
    """
    if is_laned(tapes.new_state):
        state = tapes.new_state[at]
        for q in range(n):
            y = tapes.activation[source + q]
            state = times_plus(y, store.weight[row + q], state)
        tapes.new_state[at] = state
    else:
        tapes.new_state[at] += dense_sum(store, tapes, row, n, source)


@inline
def add_tile(store, tapes, r, runs, at, count, source, lists):
    """Add sum_i w_ij y_i of fewer neurons than a tile has, with the same sources, to
    the states from `at` on, see `add_run_sums`. With lanes, they are added in the order
    of whole tiles, which gives the same bits as tiles of any size.
    """
    n = store.run_length[r]
    if count * n > MAX_UNTILED_PRODUCTS:
        if is_laned(tapes.new_state):
            sums = load_sums(tapes.new_state, at, count)
            of = sums, r, gaps_of(store, r, runs, count), source, lists
            store_sums(tapes.new_state, at, add_run_sums(store, tapes, *of), count)
        else:
            fill_tile(store, tapes, r, runs, count, source, lists)
            tapes.new_state[at : at + count] += tapes.tile[:count]
    else:
        for k in range(count):
            row = store.run_first[r + k * runs]
            add_in_order(store, tapes, at + k, row, n, source)


@inline
def add_tiles(store, tapes, run_start, run_stop, runs, start, stop, step, lists):
    """Add the weighted inputs of consecutive neurons, which have `runs` runs each, from
    some of these without gates and with the same sources: tile by tile. The sums of
    whole tiles stay in registers. With `lists`, sources may be listed.
    """
    height = tile().neurons
    whole = stop - (stop - start) % height
    for j in range(start, whole, height):
        sums = load_sums(tapes.new_state, step.offset + j, None)
        for r in range(run_start, run_stop):
            source = sources_at(store, tapes, r, step) + store.run_source[r]
            run = r + (j - start) * runs
            of = run, gaps_of(store, run, runs, height), source, r if lists else None
            sums = add_run_sums(store, tapes, sums, *of)
        store_sums(tapes.new_state, step.offset + j, sums, None)
    for j in range(whole, stop, height):
        count = min(stop - j, height)
        for r in range(run_start, run_stop):
            source = sources_at(store, tapes, r, step) + store.run_source[r]
            of = step.offset + j, count, source, r if lists else None
            add_tile(store, tapes, r + (j - start) * runs, runs, *of)


@lazy_part(*[INDEX] * 5, STEP, taped=True)
def add_dense_runs(store, tapes, run_start, run_stop, runs, start, stop, step):
    """Do the same as `add_tiles` from sources that are all read."""
    add_tiles(store, tapes, run_start, run_stop, runs, start, stop, step, False)


@lazy_part(*[INDEX] * 5, STEP, taped=True)
def add_listed_runs(store, tapes, run_start, run_stop, runs, start, stop, step):
    """Do the same as `add_tiles` from sources some of which are listed."""
    add_tiles(store, tapes, run_start, run_stop, runs, start, stop, step, True)


@inline
def add_shared_run(store, tapes, r, runs, start, stop, step):
    """Add the weighted inputs of consecutive neurons from a run with the same sources
    and a gater for each neuron, tile by tile.
    """
    flags = store.run_flags[r]
    source = sources_at(store, tapes, r, step) + store.run_source[r]
    gains = at_gaters_step(flags, step.now, step.before)
    for j in range(start, stop, tile().neurons):
        count = min(stop - j, tile().neurons)
        run = r + (j - start) * runs
        fill_tile(store, tapes, run, runs, count, source)
        for k in range(count):
            weighted = tapes.tile[k] * gain(store, tapes, run + k * runs, gains)
            tapes.new_state[step.offset + j + k] += weighted


@inline
def ungated_sum(store, tapes, r, step, lagged):
    """Return the weighted inputs of a neuron from a run without gates; see
    `places_of`.
    """
    row = store.run_first[r]
    n = store.run_length[r]
    sources = sources_at(store, tapes, r, step)
    if store.run_kind[r] == DENSE:
        return dense_sum(store, tapes, row, n, sources + store.run_source[r])
    places = places_of(store, r, step.past, lagged)
    return sum_of(store, tapes, row, n, listed_at, sources, places)


@inline
def sum_of_run(store, tapes, r, step):
    """Return the weighted inputs of a neuron from one of its runs."""
    run_kind = store.run_kind[r]
    if run_kind <= LISTED:
        return ungated_sum(store, tapes, r, step, True)
    at = sources_at(store, tapes, r, step)
    by = at_gaters_step(store.run_flags[r], step.now, step.before)
    if run_kind == SHARED:
        row = store.run_first[r]
        of = row, store.run_length[r], at + store.run_source[r]
        return dense_sum(store, tapes, *of) * gain(store, tapes, r, by)
    none = splat(0.0, tapes.state)
    return sum_of_gated(store, r, at, by, none, tapes.activation, tapes.activation)


@lazy_part(*[INDEX] * 4, STEP, taped=True)
def add_run(store, tapes, r, runs, start, stop, step):
    """Add the weighted inputs of consecutive neurons from a run whose sources or gaters
    differ between them.
    """
    if dense_alike(store, r):
        add_shared_run(store, tapes, r, runs, start, stop, step)
    elif store.run_flags[r] & STEPPED:
        gap = gap_of(store, r, runs, stop - start)
        at = sources_at(store, tapes, r, step)
        by = at_gaters_step(store.run_flags[r], step.now, step.before)
        to = tapes.new_state, step.offset + start
        of = store, tapes.activation, tapes.activation
        stepped_terms(store, r, gap, stop - start, at, by, add, *to, *of)
    else:
        for t in range(stop - start):
            total = sum_of_run(store, tapes, r + t * runs, step)
            tapes.new_state[step.offset + start + t] += total


@lazy_part(INDEX, INDEX, STEP, taped=True)
def carry_states(store, tapes, start, stop, step):
    """Add the states that self-connections carry over."""
    for j in range(start, stop):
        add_carried(store, tapes, j, step)


@inline
def add_runs(store, tapes, run_start, run_stop, runs, start, stop, step, lists=False):
    """Add the weighted inputs from some of the `runs` runs of neurons computed
    together, run by run, except for adjacent dense runs, which are added at once.
    """
    add_dense = add_listed_runs if lists else add_dense_runs
    r = run_start
    while r < run_stop:
        first = r
        while (
            r < run_stop
            and store.run_kind[r] == DENSE
            and not store.run_flags[r] & STEPPED
        ):
            r += 1
        if r > first:
            add_dense(store, tapes, first, r, runs, start, stop, step)
        else:
            add_run(store, tapes, r, runs, start, stop, step)
            r += 1


@inline
def compute_alike_states(store, tapes, start, stop, step, lists=False):
    """state s_j = g_jj w_jj s_j(old) + b_j + sum_i g_ij w_ij y_i, of neurons computed
    together. With `lists`, sources may be listed.
    """
    # b_j first, because it overwrites the sum of the previous step
    for j in range(start, stop):
        tapes.new_state[step.offset + j] = splat(store.bias[j], tapes.state)
    # sum_i g_ij w_ij y_i
    run_start = store.run_start[start]
    run_stop = store.run_stop[start]
    add_runs(
        store,
        tapes,
        run_start,
        run_stop,
        run_stop - run_start,
        start,
        stop,
        step,
        lists,
    )
    # g_jj w_jj s_j(old)
    if store.flags[start] & MEMORY:
        carry_states(store, tapes, start, stop, step)


@inline
def compute_state(store, tapes, j, gated, step):
    """state s_j = g_jj w_jj s_j(old) + b_j + sum_i g_ij w_ij y_i of a neuron by itself.
    Unless it is `gated`, its inputs have no gates and lags.
    """
    state = splat(store.bias[j], tapes.state)
    for r in range(store.run_start[j], store.run_stop[j]):
        if gated:
            state += sum_of_run(store, tapes, r, step)
        else:
            state += ungated_sum(store, tapes, r, step, False)
    tapes.new_state[step.offset + j] = state
    if gated and store.flags[j] & MEMORY:
        add_carried(store, tapes, j, step)


@lazy_part(INDEX, INDEX, STEP, taped=True)
def compute_gated_states(store, tapes, start, stop, step):
    """Do the same as `compute_state` for consecutive gated neurons."""
    for j in range(start, stop):
        compute_state(store, tapes, j, True, step)


@inline
def compute_states(store, tapes, start, stop, step, lists=False):
    """Compute the states of a block of neurons. With `lists`, sources may be listed."""
    j = start
    while j < stop:
        end = j + 1
        if are_many(store, j):
            end = store.alike_stop[j]
            compute_alike_states(store, tapes, j, end, step, lists)
        elif is_gated(store, j):
            while end < stop and is_gated(store, end) and not are_many(store, end):
                end += 1
            compute_gated_states(store, tapes, j, end, step)
        else:
            compute_state(store, tapes, j, False, step)
        j = end


@inline
def commit_states(tapes, start, stop, step):
    """Store the states of all neurons for the next step, because copying all takes less
    time than finding self-connected neurons.
    """
    tapes.state[step.now + start : step.now + stop] = tapes.new_state[
        step.offset + start : step.offset + stop
    ]
