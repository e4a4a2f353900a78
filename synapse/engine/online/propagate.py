"""Send errors from a neuron to earlier ones, and update its weights, by the online
rule.

The equations are on the page "The equations". Updates are added to
``weight_destination`` and ``bias_destination``, which are ``weight`` and ``bias``
unless updates are accumulated (``accumulator.py``).
"""

from ..language import (
    INDEX,
    NUMBER,
    inline,
    lazy_part,
    no_pack,
    zero_like,
)
from ..lowering import flags as mark
from ..schema import NONE
from ..terms import (
    dense_terms,
    gated_terms,
    listed_terms,
    move,
    push_gater,
    push_source,
)
from .lists import is_listed, update_listed
from .read_order import (
    eligibility_of,
    gain_read,
    gaters_read,
    has_kept,
    is_delayed_by_stamp,
    places_of,
    source_read,
    sources_at,
    sources_read,
)
from .states import may_be_pending, trace_of
from .ties import clip_to_signs


@inline
def update_traced(store, j, row, n, step):
    """Update the weights of a run along stored traces."""
    trace = trace_of(store, j, row)
    store.weight_destination[row : row + n] += (
        step * store.eligibility[trace : trace + n]
    )


@inline
def push_back(store, r, delta, walk):
    """Send the error of a neuron to the sources of a run."""
    if not store.run_flags[r] & mark.SILENT:
        gains = gaters_read(store, r)
        walk(
            store, r, store.source, 0, 0, push_source, delta, store, store.pushed, gains
        )


@inline
def push_gaters(store, j, r, delta, lagged):
    """Send the error of a neuron to the gaters of a run."""
    quiet = store.run_flags[r] & (mark.DELAYED_GATE | mark.QUIET_GATER)
    if not quiet and not store.flags[j] & mark.MEMORY:
        activations, at = sources_at(store, j, r, lagged)
        of = delta, store, store.pushed_gated, activations
        places = places_of(store, r, lagged)
        gated_terms(store, r, places, at, 0, push_gater, *of)


@inline
def propagate_run(store, j, r, delta, step, lagged, gated, walk, may_wait):
    """Push an error to the sources of a run, then update its weights, or leave the
    updates pending if they `may_wait`. Unless it is `gated`, the neuron has no traces.
    """
    push_back(store, r, delta, walk)
    if store.run_flags[r] & mark.FIXED or (may_wait and may_be_pending(store, r)):
        return
    if gated and store.flags[j] & mark.TRACED:
        update_traced(store, j, store.run_first[r], store.run_length[r], step)
        return
    activations, at = sources_at(store, j, r, lagged)
    run = store, r, places_of(store, r, lagged), at, 0
    of = step, store.weight_destination, 0, activations, gaters_read(store, r)
    walk(*run, move, *of)


@lazy_part(INDEX, INDEX, INDEX)
def enforce_signs(store, start, stop, keep_pending):
    """Enforce the signs of weights into neurons, except for weights that are tied or,
    with `keep_pending`, pending.
    """
    for j in range(start, stop):
        stays_pending = keep_pending != 0 and not store.flags[j] & (
            mark.GATES | mark.TRACED
        )
        for r in range(store.run_start[j], store.run_stop[j]):
            row = store.run_first[r]
            pending = (
                stays_pending
                and store.run_kind[r] <= mark.LISTED
                and may_be_pending(store, r)
            )
            if (
                store.tie[row] == 0
                and not store.run_flags[r] & mark.FIXED
                and not pending
            ):
                clip_to_signs(store, row, row + store.run_length[r])
        if store.flags[j] & mark.MEMORY and store.tie[store.self_row[j]] == 0:
            clip_to_signs(store, store.self_row[j], store.self_row[j] + 1)


@lazy_part(INDEX, INDEX, NUMBER, NUMBER)
def propagate_any_run(store, j, r, delta, step):
    """Propagate along a run by what its connections have kept. Stamps tell whether its
    sources and gaters receive an error.
    """
    flags = store.run_flags[r]
    row = store.run_first[r]
    for c in range(row, row + store.run_length[r]):
        i = store.source[c]
        late = store.run_lag[r] != 0 or is_delayed_by_stamp(store, i, j)
        if not late and not flags & mark.SILENT:
            store.pushed[i] += delta * gain_read(store, c) * store.weight[c]
        if store.gate[c] != 0 and not store.flags[j] & mark.MEMORY:
            g = store.gate[c] - 1
            if not flags & mark.QUIET_GATER and not is_delayed_by_stamp(store, g, j):
                through = store.weight[c] * source_read(store, c)
                store.pushed_gated[g] += delta * through
        if not flags & mark.FIXED:
            moved = step * eligibility_of(store, store.flags, c)
            store.weight_destination[c] += moved


@inline
def push_influences(store, k, delta):
    """Push the part delta_k I_jk of G_j, for every j that gates the self-connected
    k.
    """
    # [equation error: through self-connections]
    for p in range(store.influence_start[k], store.influence_stop[k]):
        gater = store.influence_gater[p]
        if store.influence_trace[p] != NONE and not is_delayed_by_stamp(
            store, gater, k
        ):
            store.pushed_traced[gater] += delta * store.influence[p]
    # [end]


@inline
def pulled_step(store, j, rule, rate):
    """rate delta_k of the self-connected k of an influence, for an update along x_ij^k.

    It is 0 if the gater j has activated after k, because delta_k belongs to an earlier
    activation of j.
    """
    k = store.influence_gated[rule]
    return (
        zero_like(rate)
        if is_delayed_by_stamp(store, j, k)
        else rate * store.responsibility[k]
    )


@inline
def pull_extended(store, j, rate):
    """Update through gates by rate * sum_k delta_k x_ij^k."""
    row = store.first_incoming[j]
    n = store.learning[j]
    for q in range(store.pull_start[j], store.pull_stop[j]):
        p = store.pull[q]
        # [equation learning: through gates]
        step = pulled_step(store, j, p, rate)
        if step == 0.0:
            continue
        trace = store.influence_trace[p]
        store.weight_destination[row : row + n] += (
            step * store.extended[trace : trace + n]
        )
        if store.trainable_bias[j]:
            store.bias_destination[j] += step * store.extended[trace + n]
        # [end]


@inline
def compute_deltas(store, start, stop, rate, keep_pending):
    """Compute the errors delta_j = P_j + G_j of a block of neurons, and update their
    biases.

    P_j = f'_j sum_k delta_k g_jk w_jk + the cost's -dE/ds, which is in ``projected``;
    G_j = f'_j sum_k delta_k I_jk. Later neurons have already pushed both sums. With
    `keep_pending`, the step of pending updates is stored.
    """
    for j in range(start, stop):
        flags = store.flags[j]
        step = compute_delta(store, j, rate)
        store.pending_step[j] = (
            step
            if keep_pending and not flags & (mark.GATES | mark.TRACED)
            else zero_like(step)
        )
        # [equation learning: bias]
        if store.trainable_bias[j]:
            store.bias_destination[j] += (
                step * store.bias_eligibility[j] if flags & mark.TRACED else step
            )
        # [end]


@inline
def compute_delta(store, j, rate):
    """Compute the error of a neuron. Returns the rate times the part of the error that
    multiplies eligibilities.
    """
    # [equation error: sum of both parts]
    derivative = store.derivative[j]
    projected = derivative * store.pushed[j] + store.projected[j]
    gated_directly = derivative * store.pushed_gated[j]
    gated = gated_directly + derivative * store.pushed_traced[j]
    step = rate * (projected + gated_directly)
    store.responsibility[j] = projected + gated
    store.projected[j] = projected
    store.gated[j] = gated
    # [end]
    store.pushed[j] = 0.0
    store.pushed_gated[j] = 0.0
    store.pushed_traced[j] = 0.0
    store.step[j] = step
    return step


@inline
def propagate_neuron(
    store, j, rate, keep_pending, gated, lagged, lists=False, kept=False
):
    """Push an error to earlier neurons, then learn: dw_ij = rate (P_j e_ij + sum_k
    delta_k x_ij^k). Without `lagged`, no run of j has a lag. Unless it is `gated`, j
    has no gates and traces. With `lists`, sources may be listed. With `kept`, all
    connections have kept what they read.
    """
    delta = store.responsibility[j]
    step = store.step[j]
    flags = store.flags[j]
    may_wait = keep_pending and not (gated and flags & (mark.GATES | mark.TRACED))
    if may_wait and flags & mark.PENDING:
        return
    if delta != 0.0 or step != 0.0:
        for r in range(store.run_start[j], store.run_stop[j]):
            layout = store.run_kind[r]
            of = store, j, r, delta, step, lagged, gated
            if lists and is_listed(store, r):
                push_back(store, r, delta, dense_terms)
                if not store.run_flags[r] & mark.FIXED:
                    read = sources_read(store, r)
                    update_listed(store, no_pack(store.weight), read, r, step)
            elif kept or store.run_flags[r] & mark.UNORDERED:
                propagate_any_run(store, j, r, delta, step)
            elif layout == mark.DENSE:
                propagate_run(*of, dense_terms, may_wait)
            elif not gated or layout == mark.LISTED:
                propagate_run(*of, listed_terms, may_wait)
            else:
                push_gaters(store, j, r, delta, lagged)
                propagate_run(*of, gated_terms, False)
        if gated and flags & mark.MEMORY:
            self_row = store.self_row[j]
            if store.trainable[self_row]:
                store.weight_destination[self_row] += (
                    step * store.eligibility[trace_of(store, j, self_row)]
                )
            push_influences(store, j, delta)
    if gated and flags & mark.GATES:
        pull_extended(store, j, rate)


@lazy_part(INDEX, INDEX, NUMBER, INDEX)
def propagate_gated(store, start, stop, rate, keep_pending):
    """Propagate consecutive neurons by `propagate_neuron`, the last one first, and then
    set weights with a wrong sign to 0.
    """
    for back in range(stop - start):
        j = stop - 1 - back
        if store.flags[j] & mark.LAGGED:
            propagate_lagged(store, j, rate, keep_pending)
        else:
            propagate_neuron(store, j, rate, keep_pending != 0, True, False)
        if (
            store.ties.signed != 0
            and not (keep_pending != 0 and store.flags[j] & mark.PENDING)
            and (store.step[j] != 0.0 or store.flags[j] & mark.GATES)
        ):
            enforce_signs(store, j, j + 1, keep_pending)


@lazy_part(INDEX, NUMBER, INDEX)
def propagate_lagged(store, j, rate, keep_pending):
    """Propagate a neuron that reads past activations, by `propagate_neuron`."""
    propagate_neuron(store, j, rate, keep_pending != 0, True, True)


@lazy_part(INDEX, NUMBER)
def propagate_kept(store, j, rate):
    """Propagate a neuron, by `propagate_neuron`, whose connections have kept what they
    read.
    """
    propagate_neuron(store, j, rate, False, True, True, False, True)
    if store.ties.signed != 0:
        enforce_signs(store, j, j + 1, 0)


@inline
def propagate_alone(store, j, rate):
    """Propagate a neuron whose error has been computed, for any order in which neurons
    have activated.
    """
    if has_kept(store, j):
        propagate_kept(store, j, rate)
    else:
        propagate_block(store, j, j + 1, rate, False, False)


@lazy_part(INDEX, NUMBER, INDEX)
def propagate_listed(store, j, rate, keep_pending):
    """Propagate a plain neuron by `propagate_neuron`. If some of its sources are
    listed, updates do not stay pending, because the next sum would have to read more
    than its own list.
    """
    lists = False
    for r in range(store.run_start[j], store.run_stop[j]):
        lists |= is_listed(store, r)
    if lists:
        store.pending_step[j] = 0.0
        propagate_neuron(store, j, rate, False, False, False, True)
    else:
        propagate_neuron(store, j, rate, keep_pending != 0, False, False)


@inline
def propagate_block(store, start, stop, rate, keep_pending, lists):
    """Push the errors of a block of neurons and update their weights, beginning with
    the last neuron.
    """
    j = stop
    signed = store.ties.signed != 0
    while j > start:
        if signed or store.flags[j - 1] & mark.WITH_GATES:
            propagate_gated(store, start, j, rate, keep_pending)
            j = start
        elif (
            lists
            and store.ties.lists != 0
            and store.input_rows.listed != 0
            and store.flags[j - 1] & mark.LISTS
        ):
            j -= 1
            propagate_listed(store, j, rate, keep_pending)
        else:
            j -= 1
            propagate_neuron(store, j, rate, keep_pending, False, False)
