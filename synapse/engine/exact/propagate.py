"""Exact gradients, backward pass: send the errors of one step to everything a neuron
depends on.

The equations are in ``loops.py``. Errors within the step are added at `to_now`, those
for the previous step at `to_before`.
"""

from ..language import (
    INDEX,
    TAPES,
    added,
    inline,
    lazy_part,
    load_tile,
    push_products,
    splat,
    tile,
    total,
    width,
)
from ..lowering.flags import DENSE, LISTED, MEMORY, QUIET_GATER, SHARED, STEPPED, ZIPPED
from ..online.read_order import at_gaters_step, at_self_gater_step, sends_error
from ..schema import NONE
from .states import (
    dense_alike,
    dense_sum,
    fill_tile,
    gain,
    is_lone,
    lone_stop,
    rows_of,
)
from .step import STEP_BACK, errors_at, places_of, sources_before


@lazy_part(TAPES, *[INDEX] * 5)
def compute_softmax_deltas(store, tapes, start, stop, now, to_now, lanes):
    """f'_j A_j of a softmax group, whose activations all depend on all states: y_j (A_j
    - sum_i y_i A_i).
    """
    j = start
    while j < stop:
        group_stop = store.group_stop[j]
        for lane in range(lanes):
            mean = added(
                (
                    tapes.activation[(now + i) * lanes + lane]
                    * tapes.pushed[(to_now + i) * lanes + lane]
                    for i in range(j, group_stop)
                ),
                0.0,
            )
            # the slope becomes y_j, so that `compute_deltas` completes the product
            for i in range(j, group_stop):
                at = (to_now + i) * lanes + lane
                y = tapes.activation[(now + i) * lanes + lane]
                tapes.pushed[at] = tapes.pushed[at] - mean
                tapes.slope[(now + i) * lanes + lane] = y
        j = group_stop


@inline
def compute_deltas(tapes, start, stop, back):
    """delta of a stretch of neurons; pushed errors are reset. Returns 0 if all are
    finite.
    """
    none = splat(0.0, tapes.state)
    check = none
    # delta_j = f'_j A_j + what its next state and the cost left in ``tapes.carried``
    for j in range(start, stop):
        through = tapes.slope[back.now + j] * tapes.pushed[back.to_now + j]
        tapes.error[back.slot + j] = through + tapes.carried[back.offset + j]
        tapes.carried[back.offset + j] = none
        tapes.pushed[back.to_now + j] = none
    # infinity and NaN times 0 are NaN
    for j in range(start, stop):
        check = check + tapes.error[back.slot + j] * none
    return total(check)


@inline
def push_memory(store, tapes, j, back):
    """Send errors along a self-connection: to the previous state, and to the gater."""
    delta = tapes.error[back.slot + j]
    weight = store.weight[store.self_row[j]]
    gater = store.self_gater[j]
    if gater == NONE:
        tapes.carried[back.offset + j] = delta * weight
        return
    gain_at = at_self_gater_step(store, gater, j, back.now, back.before) + gater
    to = at_self_gater_step(store, gater, j, back.to_now, back.to_before) + gater
    tapes.carried[back.offset + j] = delta * tapes.activation[gain_at] * weight
    tapes.pushed[to] += delta * tapes.state[back.before + j] * weight


@lazy_part(*[INDEX] * 6, taped=True)
def push_gaters(store, tapes, r, runs, at, count, source, by):
    """Send errors to the gaters of a tile of runs: delta_j sum_i w_ij y_i."""
    fill_tile(store, tapes, r, runs, count, source)
    for k in range(count):
        tapes.pushed[by + store.run_gater[r + k * runs]] += (
            tapes.error[at + k] * tapes.tile[k]
        )


@inline
def take_errors(store, tapes, r, runs, at, count, gains):
    """Return the errors of a tile of neurons, scaled by their gaters; 0 beyond the
    first `count`.
    """
    tapes.tile[:count] = tapes.error[at : at + count]
    if store.run_kind[r] == SHARED:
        for k in range(count):
            tapes.tile[k] = tapes.tile[k] * gain(store, tapes, r + k * runs, gains)
    for k in range(count, tile().neurons):
        tapes.tile[k] = splat(0.0, tapes.state)
    return load_tile(tapes.tile)


@inline
def push_tile(store, tapes, j, count, back):
    """Send the errors of a tile of neurons with the same sources along their dense
    runs.
    """
    runs = store.run_stop[j] - store.run_start[j]
    step = width(tapes.activation)
    for r in range(store.run_start[j], store.run_stop[j]):
        if not dense_alike(store, r):
            continue
        flags = store.run_flags[r]
        n = store.run_length[r]
        source = store.run_source[r]
        rows = rows_of(store, r, runs, count)
        sources = sources_before(store, r, back.now, back.rows)
        to = errors_at(store, r, back)
        gains = at_gaters_step(flags, back.now, back.before)
        by = at_gaters_step(flags, back.to_now, back.to_before)
        # delta_k sum_a w_ak y_a to the gater, first: `take_errors` reuses the tile
        if store.run_kind[r] == SHARED and not flags & QUIET_GATER:
            at = back.slot + j
            push_gaters(store, tapes, r, runs, at, count, sources + source, by)
        # delta_k g_ik w_ik to the sources
        if sends_error(flags):
            errors = take_errors(store, tapes, r, runs, back.slot + j, count, gains)
            to += source
            whole = n - n % step
            left = n - whole
            for q in range(0, whole, step):
                push_products(tapes.pushed, to + q, errors, store.weight, rows, q, step)
            if left > 0:
                at = to + whole
                push_products(tapes.pushed, at, errors, store.weight, rows, whole, left)


@inline
def push_stepped(store, tapes, r, gap, start, stop, back):
    """Send the errors of neurons whose sources are shifted by one from neuron to
    neuron.
    """
    flags = store.run_flags[r]
    row = store.run_first[r]
    shared = store.run_kind[r] == SHARED
    sources = sources_before(store, r, back.now, back.rows)
    to = errors_at(store, r, back)
    gains = at_gaters_step(flags, back.now, back.before)
    by = at_gaters_step(flags, back.to_now, back.to_before)
    source = store.run_source[r]
    gater = store.run_gater[r]
    error = back.slot + start
    for q in range(store.run_length[r]):
        if shared and not flags & QUIET_GATER:
            for t in range(stop - start):
                weight = store.weight[row + q + t * gap]
                through = tapes.activation[sources + source + q + t] * weight
                tapes.pushed[by + gater + t] += tapes.error[error + t] * through
        if sends_error(flags) and shared:
            for t in range(stop - start):
                gained = (
                    tapes.activation[gains + gater + t]
                    * store.weight[row + q + t * gap]
                )
                tapes.pushed[to + source + q + t] += tapes.error[error + t] * gained
        elif sends_error(flags):
            for t in range(stop - start):
                sent = tapes.error[error + t] * store.weight[row + q + t * gap]
                tapes.pushed[to + source + q + t] += sent


@inline
def push_dense(store, tapes, row, n, delta, to):
    """Send an error to consecutive sources."""
    for q in range(n):
        tapes.pushed[to + q] += delta * store.weight[row + q]


@inline
def push_ungated(store, tapes, r, delta, back):
    """Send an error along a run without gates."""
    flags = store.run_flags[r]
    row = store.run_first[r]
    n = store.run_length[r]
    to = errors_at(store, r, back)
    if not sends_error(flags):
        return
    if store.run_kind[r] == DENSE:
        push_dense(store, tapes, row, n, delta, to + store.run_source[r])
    else:
        places = places_of(store, r, 0, True)
        for q in range(row, row + n):
            at = to + places[q]
            if at >= back.ring:
                at -= back.ring
            tapes.pushed[at] += delta * store.weight[q]


@inline
def push_shared(store, tapes, r, delta, back):
    """Send an error along a run with one gater, and to the gater."""
    flags = store.run_flags[r]
    row = store.run_first[r]
    n = store.run_length[r]
    source = store.run_source[r]
    if not flags & QUIET_GATER:
        sources = sources_before(store, r, back.now, back.rows) + source
        by = at_gaters_step(flags, back.to_now, back.to_before) + store.run_gater[r]
        tapes.pushed[by] += delta * dense_sum(store, tapes, row, n, sources)
    if sends_error(flags):
        to = errors_at(store, r, back) + source
        gained = delta * gain(
            store, tapes, r, at_gaters_step(flags, back.now, back.before)
        )
        push_dense(store, tapes, row, n, gained, to)


@inline
def push_run(store, tapes, r, delta, back):
    """Send an error along a run of one neuron."""
    run_kind = store.run_kind[r]
    if run_kind <= LISTED:
        push_ungated(store, tapes, r, delta, back)
        return
    if run_kind == SHARED:
        push_shared(store, tapes, r, delta, back)
        return
    flags = store.run_flags[r]
    row = store.run_first[r]
    sources = sources_before(store, r, back.now, back.rows)
    to = errors_at(store, r, back)
    gains = at_gaters_step(flags, back.now, back.before)
    by = at_gaters_step(flags, back.to_now, back.to_before)
    source = store.run_source[r]
    gater = store.run_gater[r]
    for q in range(store.run_length[r]):
        i = source + q if run_kind == ZIPPED else store.source[row + q]
        g = gater + q if run_kind == ZIPPED else store.gate[row + q] - 1
        weighted_error = delta * store.weight[row + q]
        if sends_error(flags):
            tapes.pushed[to + i] += weighted_error * tapes.activation[gains + g]
        if not flags & QUIET_GATER:
            tapes.pushed[by + g] += weighted_error * tapes.activation[sources + i]


@lazy_part(*[INDEX] * 4, STEP_BACK, taped=True)
def push_apart(store, tapes, r, runs, start, stop, back):
    """Send the errors of consecutive neurons along a run whose sources differ between
    them.
    """
    if store.run_flags[r] & STEPPED:
        gap = store.run_first[r + runs] - store.run_first[r]
        push_stepped(store, tapes, r, gap, start, stop, back)
    else:
        for j in range(start, stop):
            push_run(
                store, tapes, r + (j - start) * runs, tapes.error[back.slot + j], back
            )


@lazy_part(INDEX, INDEX, STEP_BACK, taped=True)
def push_memories(store, tapes, start, stop, back):
    """Send the errors of consecutive neurons along their self-connections."""
    for j in range(start, stop):
        push_memory(store, tapes, j, back)


@inline
def propagate_alike(store, tapes, start, stop, back):
    """Send the errors of neurons computed together to everything they depend on, in
    this and the previous step.
    """
    runs = store.run_stop[start] - store.run_start[start]
    # all delta_j of these neurons are known, so the order matters for rounding only
    if store.flags[start] & MEMORY:
        push_memories(store, tapes, start, stop, back)
    for j in range(start, stop, tile().neurons):
        push_tile(store, tapes, j, min(stop - j, tile().neurons), back)
    for r in range(store.run_start[start], store.run_stop[start]):
        if not dense_alike(store, r):
            push_apart(store, tapes, r, runs, start, stop, back)


@lazy_part(INDEX, INDEX, STEP_BACK, taped=True)
def propagate_lone(store, tapes, start, stop, back):
    """Send the errors of consecutive neurons, each by itself."""
    for j in range(start, stop):
        if store.flags[j] & MEMORY:
            push_memory(store, tapes, j, back)
        for r in range(store.run_start[j], store.run_stop[j]):
            push_run(store, tapes, r, tapes.error[back.slot + j], back)


@inline
def propagate_all(store, tapes, start, stop, back):
    """Compute the errors of a block of neurons, and send them on; returns 0 if all are
    finite.
    """
    check = 0.0
    j = start
    while j < stop:
        lone = is_lone(store, j)
        end = lone_stop(store, j, stop) if lone else store.alike_stop[j]
        check += compute_deltas(tapes, j, end, back)
        if lone:
            propagate_lone(store, tapes, j, end, back)
        else:
            propagate_alike(store, tapes, j, end, back)
        j = end
    return check
