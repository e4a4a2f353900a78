"""Send the errors of one step to all numbers on which a neuron depends, in the backward
pass of exact gradients.

The equations are in ``loops.py``. Errors within the step are added at `to_now`, and
errors for the previous step at `to_before`.
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
from ..lowering.flags import DENSE, LISTED, MEMORY, QUIET_GATER, SHARED, STEPPED
from ..online.read_order import at_gaters_step, at_self_gater_step, sends_error
from ..terms import (
    dense_terms,
    gated_terms,
    listed_terms,
    own_term,
    push_gater,
    push_source,
    stepped_terms,
)
from .states import (
    are_many,
    dense_alike,
    fill_tile,
    gain,
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
    """delta of consecutive neurons, whose pushed errors are reset. Returns 0 if all are
    finite.
    """
    none = splat(0.0, tapes.state)
    check = none
    # delta_j = f'_j A_j + the error in ``tapes.carried`` from its next state and the
    # cost
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
    """Send errors along a self-connection to the previous state, and to the gater."""
    of = tapes.error[back.slot + j], store
    gains = at_self_gater_step(store, j, back.now, back.before)
    to = tapes.carried, tapes.activation
    own_term(store, j, back.offset, gains, push_source, *of, *to)
    by = at_self_gater_step(store, j, back.to_now, back.to_before)
    own_term(store, j, back.before, by, push_gater, *of, tapes.pushed, tapes.state)


@lazy_part(*[INDEX] * 6, taped=True)
def push_gaters(store, tapes, r, runs, at, count, source, by):
    """Send errors to the gaters of a tile of runs, delta_j sum_i w_ij y_i."""
    fill_tile(store, tapes, r, runs, count, source)
    for k in range(count):
        tapes.pushed[by + store.run_gater[r + k * runs]] += (
            tapes.error[at + k] * tapes.tile[k]
        )


@inline
def take_errors(store, tapes, r, runs, at, count, gains):
    """Return the errors of a tile of neurons, scaled by their gaters, with 0 beyond the
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
        # delta_k sum_a w_ak y_a to the gater first, because `take_errors` reuses the
        # tile
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
def with_error(c, i, g, t, use, errors, at, *of):
    """Call `use` with the error of neuron t, whose errors start at `at`."""
    use(c, i, g, errors[at + t], *of)


@inline
def push_stepped(store, tapes, r, gap, start, stop, back):
    """Send the errors of neurons whose sources are shifted by one from neuron to
    neuron.
    """
    flags = store.run_flags[r]
    run = store, r, gap, stop - start
    of = tapes.error, back.slot + start, store, tapes.pushed, tapes.activation
    if store.run_kind[r] == SHARED and not flags & QUIET_GATER:
        at = sources_before(store, r, back.now, back.rows)
        by = at_gaters_step(flags, back.to_now, back.to_before)
        stepped_terms(*run, at, by, with_error, push_gater, *of)
    if sends_error(flags):
        to = errors_at(store, r, back)
        gains = at_gaters_step(flags, back.now, back.before)
        stepped_terms(*run, to, gains, with_error, push_source, *of)


@inline
def push_around(c, i, g, delta, store, pushed, ring):
    """Call `push_source` for a source in a ring, in which the first step follows the
    last.
    """
    push_source(c, i - ring if i >= ring else i, g, delta, store, pushed, None)


@inline
def push_run(store, tapes, r, delta, back):
    """Send an error along a run of one neuron."""
    flags = store.run_flags[r]
    places = places_of(store, r, 0, True)
    of = delta, store, tapes.pushed
    if store.run_kind[r] > LISTED and not flags & QUIET_GATER:
        at = sources_before(store, r, back.now, back.rows)
        by = at_gaters_step(flags, back.to_now, back.to_before)
        gated_terms(store, r, places, at, by, push_gater, *of, tapes.activation)
    if sends_error(flags):
        to = errors_at(store, r, back)
        if store.run_kind[r] == DENSE:
            dense_terms(store, r, places, to, 0, push_source, *of, None)
        elif store.run_kind[r] == LISTED and store.run_lag[r] == 0:
            listed_terms(store, r, store.source, to, 0, push_source, *of, None)
        elif store.run_kind[r] == LISTED:
            listed_terms(store, r, places, to, 0, push_around, *of, back.ring)
        else:
            gains = at_gaters_step(flags, back.now, back.before)
            gated_terms(store, r, places, to, gains, push_source, *of, tapes.activation)


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
    """Send the errors of neurons computed together to all numbers on which they depend,
    in this and the previous step.
    """
    runs = store.run_stop[start] - store.run_start[start]
    # all delta_j of these neurons have been computed, and the order only affects
    # rounding
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
    """Compute the errors of a block of neurons, and send them on. Return 0 if all are
    finite.
    """
    check = 0.0
    j = start
    while j < stop:
        many = are_many(store, j)
        end = store.alike_stop[j] if many else lone_stop(store, j, stop)
        check += compute_deltas(tapes, j, end, back)
        if many:
            propagate_alike(store, tapes, j, end, back)
        else:
            propagate_lone(store, tapes, j, end, back)
        j = end
    return check
