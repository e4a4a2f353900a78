"""Compute states, which are sums of a neuron's inputs, and the traces that are updated
with them.

The equations are on the page "The equations".

A loop over rows does not write the updates of a row at once, because the next sum makes
them as it reads the weights (`sum_packs`, `listed_term`). The section "Pending updates"
of ``docs/engine.md`` describes when this happens, and how weights are read until then.
The sums add their terms in one written order (`in_order`), whether an update is pending
or has been made before, and therefore have the same bits.
"""

from ..language import (
    INDEX,
    SCALAR,
    add_rows_products,
    added,
    by_case,
    for_each,
    in_order,
    inline,
    lanes_of,
    lazy_part,
    no_pack,
    no_short_pack,
    no_single,
    one_like,
    sum_in_four,
    totals,
    update_rows,
    zero_like,
)
from ..lowering import flags as mark
from ..schema import NONE
from ..terms import (
    brought,
    each_term,
    each_ungated,
    move,
    own_term,
    sum_of_gated,
    trace,
)
from .lists import is_listed, list_packs, sum_listed, sums_of_each
from .read_order import (
    has_lag,
    incoming_stop,
    keep_read,
    meet_sources,
    past_at,
    places_of,
    source_read,
)
from .ties import clip_to_signs

MAX_SINGLE_ADDS = 3
"""Connections of a run up to which they are added one by one. With 0, 2-3-1 takes 1.09
times as long online, by ``python -m benchmarks.variants single``. With 30, rows take
0.96 to 1.07 times as long. Both change bits."""
MIN_REGISTER_PACKS = 64
"""Connections of a run from which on packs are as long as a register. The load of such
a pack waits for the stores of the activations just computed, which are shorter.
By ``python -m benchmarks.variants packs``, rows take up to 1.15 times as long with 4,
and up to 1.41 times without such packs."""


@inline
def sources_now(store, j, r, lagged):
    """Return the column with the activations that a run into j reads in this step, and
    their offset there. Without `lagged`, no run of j has a lag.
    """
    if has_lag(store, r, lagged):
        return past_at(store, r, j)
    return store.activation, 0


@inline
def carry_state(store, j):
    """Return g_jj w_jj of a self-connected neuron, and start its influences with w_jj
    s_j for the gater of the self-connection and 0 for all others.
    """
    # [equation state: self-connection]
    carry = store.weight[store.self_row[j]]
    gater = store.self_gater[j]
    if gater != NONE:
        carry *= store.activation[gater]
    # [end]
    # [equation influence: self-connection]
    for p in range(store.influence_start[j], store.influence_stop[j]):
        store.influence[p] = (
            store.weight[store.self_row[j]] * store.state[j]
            if store.influence_self[p] != 0
            else zero_like(carry)
        )
    # [end]
    return carry


@inline
def trace_of(store, j, row):
    """Return the index of the eligibility of the incoming connection in this row."""
    return store.first_trace[j] + row - store.first_incoming[j]


@inline
def update_eligibility(store, j, carry, lagged):
    """eligibility e_ij = g_jj w_jj e_ij(old) + g_ij y_i, for the trainable
    connections.
    """
    of = trace, one_like(carry), carry, store.eligibility, trace_of(store, j, 0)
    for r in range(store.run_start[j], store.run_stop[j]):
        if not store.run_flags[r] & mark.FIXED:
            activations, at = sources_now(store, j, r, lagged)
            run = store, r, places_of(store, r, lagged), at, 0
            each_term(*run, *of, activations, store.activation)
    self_row = store.self_row[j]
    # [equation eligibility: self-connection and bias]
    if self_row != NONE and store.trainable[self_row]:
        own_term(store, j, 0, 0, *of, store.state, store.activation)
    store.bias_eligibility[j] = carry * store.bias_eligibility[j] + 1.0
    # [end]


@inline
def update_extended(store, k, carry, block):
    """extended x_ij^k = g_kk w_kk x_ij^k(old) + f'_j e_ij I_jk, for every j that gates
    k. Without a `block`, k activates alone.
    """
    for p in range(store.influence_start[k], store.influence_stop[k]):
        if store.influence_trace[p] == NONE:
            continue
        j = store.influence_gater[p]
        first = store.influence_trace[p]
        n = store.learning[j]
        # [equation extended]
        scale = store.derivative[j] * store.influence[p]
        if store.flags[j] & mark.TRACED:
            of = scale, carry, store.extended, first, store.eligibility, None
            for t in range(n):
                trace(t, store.first_trace[j] + t, None, *of)
            scale *= store.bias_eligibility[j]
            # [end]
        else:
            to = first - store.first_incoming[j]
            for r in range(store.run_start[j], store.run_stop[j]):
                if not store.run_flags[r] & mark.FIXED:
                    kept = store.flags[j] & mark.KEEPS or store.run_lag[r] != 0
                    if block is None or kept:
                        extend_as_read(store, r, to, scale, carry)
                    else:
                        extend_run(store, block, r, to, scale, carry)
        store.extended[first + n] = carry * store.extended[first + n] + scale


@inline
def extend_run(store, block, r, to, scale, carry):
    """Update the extended traces of an ungated run. Delayed sources before `block` have
    activated in this step.
    """
    row = store.run_first[r]
    n = store.run_length[r]
    of = scale, carry, store.extended, to
    delayed = store.run_flags[r] & mark.DELAYED
    if store.run_kind[r] == mark.LISTED:
        for c in range(row, row + n):
            i = store.source[c]
            late = delayed and i < block
            read = store.old_activation if late else store.activation
            trace(c, i, None, *of, read, None)
    else:
        source = store.run_source[r]
        fired = max(min(n, block - source), 0) if delayed else 0
        for t in range(fired):
            trace(row + t, source + t, None, *of, store.old_activation, None)
        for t in range(fired, n):
            trace(row + t, source + t, None, *of, store.activation, None)


@lazy_part(INDEX, INDEX, SCALAR, SCALAR)
def extend_as_read(store, r, to, scale, carry):
    """Do the same as `extend_run` for a run with a lag, or one that may have kept what
    it read.
    """
    row = store.run_first[r]
    for c in range(row, row + store.run_length[r]):
        read = scale * source_read(store, c)
        store.extended[to + c] = carry * store.extended[to + c] + read


@inline
def may_be_pending(store, r):
    """Return whether the updates of a dense or listed run may stay pending until its
    weights are next read.
    """
    return not store.run_flags[r] & mark.NEVER_PENDING


@inline
def apply_pending_updates(store, start, stop, activations):
    """Make the pending updates of some neurons, whose sources had these activations."""
    for j in range(start, stop):
        step = store.pending_step[j]
        if step == 0.0:
            continue
        store.pending_step[j] = 0.0
        for r in range(store.run_start[j], store.run_stop[j]):
            if store.run_kind[r] > mark.LISTED or not may_be_pending(store, r):
                continue
            of = move, step, store.weight, 0, activations, None
            each_ungated(store, r, store.source, 0, 0, *of)
            if store.ties.signed != 0:
                row = store.run_first[r]
                clip_to_signs(store, row, row + store.run_length[r])


@lazy_part(INDEX, INDEX)
def apply_signed_updates(store, start, stop):
    """Make the pending updates of neurons whose states are computed next. Sums do not
    enforce signs, because they would take longer.
    """
    apply_pending_updates(store, start, stop, store.old_activation)


@in_order
def listed_term(c, store, activations, at, places, step, pending):
    """Return the weighted activation of a scattered source, after making a `pending`
    update of the weight.
    """
    i = places[c]
    weight = store.weight[c]
    if pending:
        weight += step * store.old_activation[i]
        store.weight[c] = weight
    # [equation state: run without gates]
    return weight * activations[at + i]
    # [end]


@in_order
def add_pack(store, activations, sums, rows, q, source, left, steps, pending):
    """Add the products of `left` connections, from q on, of each row to its sum."""
    if pending:
        update_rows(
            store.weight, rows, q, steps, store.old_activation, source + q, left, sums
        )
    return add_rows_products(sums, activations, source + q, store.weight, rows, q, left)


@in_order
def sum_packs(store, activations, none, rows, n, source, steps, pending):
    """Return the sums of neurons with the same sources, each in one or two packs, see
    `sums_of_each`. An incomplete last pack is added to the second.
    """
    read = store, activations
    wide = lanes_of(none)
    sums = for_each(rows, none)
    others = sums
    even = n - n % (sums_of_each(rows, none) * wide)
    for q in range(0, even, sums_of_each(rows, none) * wide):
        sums = add_pack(*read, sums, rows, q, source, wide, steps, pending)
        if sums_of_each(rows, none) == 2:
            others = add_pack(
                *read, others, rows, q + wide, source, wide, steps, pending
            )
    whole = n - n % wide
    if even < whole:
        sums = add_pack(*read, sums, rows, even, source, wide, steps, pending)
    if whole < n:
        others = add_pack(*read, others, rows, whole, source, n - whole, steps, pending)
    return totals(sums, others)


@inline
def waits(store, j, r, count):
    """Return whether an update of run r into j, or of the same run into the neurons
    after it, is pending.
    """
    pending = False
    for i in range(j, j + count):
        pending |= store.pending_step[i] != 0.0
    return pending and may_be_pending(store, r)


@in_order
def ungated_sum(store, j, r, activations, at, lagged, lists):
    """Return the weighted inputs of `j` from an ungated run, after its pending
    updates, which read all of its sources; see `sources_now`.
    """
    if lists and is_listed(store, r) and not waits(store, j, r, 1):
        of = no_pack(store.weight), (store.run_first[r],), r
        return sum_listed(store, *of)[0]
    row = store.run_first[r]
    n = store.run_length[r]
    step = store.pending_step[j]
    pending = step != 0.0 and may_be_pending(store, r)
    if store.run_kind[r] == mark.DENSE and n > MAX_SINGLE_ADDS:
        of = (row,), n, at + store.run_source[r], (step,)
        if n >= MIN_REGISTER_PACKS:
            none = no_pack(store.weight)
            return by_case(sum_packs, pending, store, activations, none, *of)[0]
        few = no_short_pack(store.weight)
        return by_case(sum_packs, pending, store, activations, few, *of)[0]
    read = activations, at, places_of(store, r, lagged)
    of = zero_like(step), row, n, listed_term, store, *read, step
    return by_case(sum_in_four, pending, *of)


@inline
def compute_state(store, j, block, gated, lagged, lists=False):
    """state s_j = g_jj w_jj s_j(old) + b_j + sum_i g_ij w_ij y_i, and its traces; see
    `extend_run` and `sources_now`. Unless it is `gated`, j has no gates and traces.
    With `lists`, sources may be listed.
    """
    flags = store.flags[j]
    # [equation state]
    old = store.state[j]
    state = store.bias[j]
    none = zero_like(state)
    carry = none
    if gated and flags & mark.MEMORY:
        carry = carry_state(store, j)
        state += carry * old
    r = store.run_start[j]
    while r < store.run_stop[j]:  # programs unroll it
        activations, at = sources_now(store, j, r, lagged)
        if not gated or store.run_kind[r] <= mark.LISTED:
            state += ungated_sum(store, j, r, activations, at, lagged, lists)
        elif store.run_kind[r] != mark.SHARED:
            state += sum_of_gated(store, r, at, 0, none, activations, store.activation)
        # [end]
        else:
            # [equation influence: gated run]
            row = store.run_first[r]
            source = at + store.run_source[r]
            n = store.run_length[r]
            of = None, store, activations, None
            total = added((brought(row + t, source + t, *of) for t in range(n)), none)
            if store.run_influence[r] != NONE:
                store.influence[store.run_influence[r]] += total
            state += store.activation[store.run_gater[r]] * total
            # [end]
        r += 1
    store.pending_step[j] = 0.0
    if gated and flags & mark.TRACED:
        update_eligibility(store, j, carry, lagged)
    if gated and flags & mark.MEMORY:
        update_extended(store, j, carry, block)
    store.old_state[j] = old
    store.state[j] = state


@in_order
def add_four(store, j, r, none, lagged, listed=False):
    """Add the weighted inputs of four neurons from a run with the same sources, which
    are read once for all four. Pending updates are made first, but if the sources are
    `listed`, no update is pending.
    """
    n = store.run_length[r]
    activations, at = sources_now(store, j, r, lagged)
    row = store.run_first[r]
    runs = store.run_stop[j] - store.run_start[j]
    gap = store.run_first[r + runs] - row
    rows = tuple(row + k * gap for k in range(4))
    steps = tuple(store.pending_step[j + k] for k in range(4))
    pending = may_be_pending(store, r) and (
        steps[0] != 0.0 or steps[1] != 0.0 or steps[2] != 0.0 or steps[3] != 0.0
    )
    if listed:
        totals_of_four = sum_listed(store, none, rows, r)
    else:
        of = store, activations, none, rows, n, at + store.run_source[r], steps
        totals_of_four = by_case(sum_packs, pending, *of)
    for k, total in enumerate(totals_of_four):
        store.state[j + k] += total


@lazy_part(INDEX, INDEX)
def add_four_long(store, j, r):
    """Do the same as `add_four` for a run of many connections."""
    add_four(store, j, r, no_pack(store.weight), False)


@inline
def compute_four_states(store, j, lagged, listed):
    """Compute the states of four neurons with the same sources."""
    for i in range(j, j + 4):
        store.old_state[i] = store.state[i]
        store.state[i] = store.bias[i]
    for r in range(store.run_start[j], store.run_stop[j]):
        n = store.run_length[r]
        if listed and is_listed(store, r) and not waits(store, j, r, 4):
            add_four(store, j, r, no_pack(store.weight), False, True)
        elif n >= MIN_REGISTER_PACKS:
            if lagged:
                add_four(store, j, r, no_pack(store.weight), lagged)
            else:
                add_four_long(store, j, r)
        elif n > MAX_SINGLE_ADDS:
            add_four(store, j, r, no_short_pack(store.weight), lagged)
        else:
            add_four(store, j, r, no_single(store.weight), lagged)
    store.pending_step[j : j + 4] = 0.0


@lazy_part(INDEX, INDEX)
def compute_listed_states(store, start, stop):
    """Compute the states of neurons with the same sources, some of which are listed.
    Pending updates read all sources.
    """
    for r in range(store.run_start[start], store.run_stop[start]):
        number = store.run_list[r]
        if number != NONE and store.list_run[number] == r:
            list_packs(store, r, store.activation, 0)
    j = start
    while j < stop:
        if store.flags[j] & mark.FOUR:
            compute_four_states(store, j, False, True)
            j += 4
        else:
            compute_state(store, j, j, False, False, True)
            j += 1


@lazy_part(INDEX, INDEX, INDEX)
def compute_gated_states(store, start, stop, block):
    """Compute the states and traces of consecutive neurons in the block that begins
    with `block`.
    """
    for j in range(start, stop):
        if store.flags[j] & (mark.LAGGED | mark.KEEPS):
            compute_lagged_states(store, j, stop, block)
            break
        compute_state(store, j, block, True, False)


@lazy_part(INDEX, INDEX, INDEX)
def compute_lagged_states(store, start, stop, block):
    """Do the same as `compute_gated_states` if some of the neurons read past
    activations, or keep what they read.
    """
    j = start
    while j < stop:
        if store.flags[j] & mark.FOUR:
            compute_four_states(store, j, True, False)
            j += 4
        else:
            if store.flags[j] & mark.KEEPS:
                meet_sources(store, j)
            compute_state(store, j, block, True, True)
            j += 1
    for i in range(start, stop):
        if store.flags[i] & mark.KEEPS:
            keep_read(store, i, 0)
            store.kept_stamp[i] = store.clock[0] + 1 + (i - block)  # see `fire`


@inline
def compute_lone_state(store, j):
    """Compute the state and the traces of a neuron that activates alone, from what its
    connections keep of what it reads now.
    """
    if store.flags[j] & mark.KEEPS:
        meet_sources(store, j)
    keep_read(store, j, store.step_stamp[j])
    if store.flags[j] & mark.TRACED:
        update_lone_traces(store, j)
    store.old_state[j] = store.state[j]
    store.state[j] = added(
        (
            store.kept_gain[c] * (store.weight[c] * store.kept_source[c])
            for c in range(store.first_incoming[j], incoming_stop(store, j))
        ),
        store.bias[j],
    )


@lazy_part(INDEX)
def update_lone_traces(store, j):
    """Update the traces of a neuron that activates alone. What its self-connection
    keeps is the state.
    """
    carry = zero_like(store.bias[j])
    self_row = store.self_row[j]
    if self_row != NONE:
        carry_state(store, j)  # by another gain, if the gater is late
        carry = store.weight[self_row] * store.kept_gain[self_row]
        store.kept_source[self_row] = store.state[j]
    for r in range(store.run_start[j], store.run_stop[j]):
        row = store.run_first[r]
        p = store.run_influence[r]
        for c in range(row, row + store.run_length[r] if p != NONE else row):
            store.influence[p] += store.weight[c] * store.kept_source[c]
    for c in range(
        store.first_incoming[j], store.first_incoming[j] + store.learning[j]
    ):
        t = trace_of(store, j, c)
        store.eligibility[t] *= carry
        store.eligibility[t] += store.kept_gain[c] * store.kept_source[c]
    store.bias_eligibility[j] = carry * store.bias_eligibility[j] + 1.0
    update_extended(store, j, carry, None)


@inline
def compute_states(store, start, stop, block):
    """Compute the states of neurons in the block that begins with `block`."""
    if store.ties.signed != 0:
        apply_signed_updates(store, start, stop)
    j = start
    while j < stop:
        if store.flags[j] & mark.LISTS:
            alike_stop = min(store.alike_stop[j], stop)
            compute_listed_states(store, j, alike_stop)
            j = alike_stop
        elif store.flags[j] & (mark.FOUR | mark.LAGGED | mark.KEEPS) == mark.FOUR:
            compute_four_states(store, j, False, False)
            j += 4
        elif store.flags[j] & mark.WITH_GATES:
            compute_gated_states(store, j, stop, block)
            j = stop
        else:
            compute_state(store, j, block, False, False)
            j += 1
