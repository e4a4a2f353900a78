"""Sweeps back through one step: from a root, and from the cost.

``adjoint`` holds what has been pushed back, see ``layout.py``.
"""

from ..functions.activations import SOFTMAX
from ..language import (
    INDEX,
    PLAN,
    SCALAR,
    SPAN,
    add_scaled,
    added,
    inline,
    lazy_part,
    noinline,
    one_like,
    zero_like,
)
from ..lowering import flags as mark
from ..online.read_order import (
    at_gaters_step,
    at_self_gater_step,
    gater_read,
    gaters_read,
    places_of,
    sends_error,
    sources_at,
)
from ..schema import NONE
from .layout import CARRIED, GATED, PREVIOUS, PUSHED
from .pattern import GATERS, SOURCES


@inline
def adjoint_at(span, quarter):
    """Return the offset of a quarter of ``adjoint``, to be added to the row of a
    neuron.
    """
    return quarter * (span.stop - span.start) - span.start


@inline
def adjoint_of_sources(store, plan, span, r, lag):
    """Return the offset in ``adjoint`` of the activations that a run reads with this
    lag, to be added to the row of a source: of this step, of the previous one, or from
    longer ago.
    """
    if not store.run_flags[r] & mark.DELAYED:
        return adjoint_at(span, PUSHED)
    if lag > 1:
        return plan.counts.past + (lag - 2) * plan.counts.past_width
    return adjoint_at(span, PREVIOUS)


@inline
def push_run(store, plan, span, r, delta, ends):
    """Send an error along a run of connections, to its sources, its gaters or both."""
    if store.run_kind[r] > mark.LISTED:
        push_gated(store, plan, span, r, delta, ends)
    elif ends & SOURCES:
        row = store.run_first[r]
        n = store.run_length[r]
        to = adjoint_of_sources(store, plan, span, r, store.run_lag[r])
        if store.run_kind[r] == mark.LISTED:
            for c in range(row, row + n):
                to = adjoint_of_sources(store, plan, span, r, store.delay[c])
                plan.adjoint[to + store.source[c]] += delta * store.weight[c]
        else:
            add_scaled(
                plan.adjoint, to + store.run_source[r], delta, store.weight, row, n
            )


@lazy_part(PLAN, SPAN, INDEX, SCALAR, INDEX)
def push_gated(store, plan, span, r, delta, ends):
    """`push_run` for a run with gaters: to its sources, scaled by these, and to its
    gaters, delta w_ij y_i.
    """
    run_kind = store.run_kind[r]
    row = store.run_first[r]
    n = store.run_length[r]
    gater = store.run_gater[r]
    if ends & SOURCES:
        to = adjoint_of_sources(store, plan, span, r, store.run_lag[r])
        gains = gaters_read(store, r)
        source = to + store.run_source[r]
        if run_kind == mark.SHARED:
            add_scaled(plan.adjoint, source, delta * gains[gater], store.weight, row, n)
        elif run_kind == mark.ZIPPED:
            plan.adjoint[source : source + n] += (
                delta * gains[gater : gater + n] * store.weight[row : row + n]
            )
        else:
            for c in range(row, row + n):
                plan.adjoint[to + store.source[c]] += (
                    delta * gains[store.gate[c] - 1] * store.weight[c]
                )
    if ends & GATERS:
        to = adjoint_at(span, at_gaters_step(store.run_flags[r], GATED, PREVIOUS))
        activations, offset = sources_at(store, r)
        source = offset + store.run_source[r]
        if run_kind == mark.SHARED:
            total = added(
                (store.weight[row + t] * activations[source + t] for t in range(n)),
                zero_like(delta),
            )
            plan.adjoint[to + gater] += delta * total
        elif run_kind == mark.ZIPPED:
            for t in range(n):
                weighted_error = delta * store.weight[row + t]
                plan.adjoint[to + gater + t] += weighted_error * activations[source + t]
        else:
            for c in range(row, row + n):
                plan.adjoint[to + store.gate[c] - 1] += (
                    delta * store.weight[c] * activations[offset + store.source[c]]
                )


@lazy_part(PLAN, SPAN, INDEX, SCALAR, INDEX)
def push_memory(store, plan, span, j, delta, ends):
    """Send an error along a self-connection, to the previous state and to its gater."""
    weight = store.weight[store.self_row[j]]
    gater = store.self_gater[j]
    carry = weight
    if gater != NONE:
        carry *= gater_read(store, gater, j)
        if ends & GATERS:
            to = adjoint_at(span, at_self_gater_step(store, gater, j, GATED, PREVIOUS))
            plan.adjoint[to + gater] += delta * weight * store.old_state[j]
    if ends & SOURCES:
        plan.adjoint[adjoint_at(span, CARRIED) + j] += delta * carry


@inline
def softmax_vjp(plan, activation, at, start, stop):
    """Convert errors of the activations of a softmax group to errors of its states: y_i
    (e_i - sum_k y_k e_k).
    """
    mean = added(
        (activation[k] * plan.adjoint[at + k] for k in range(start, stop)),
        zero_like(plan.adjoint[at + start]),
    )
    plan.adjoint[at + start : at + stop] = activation[start:stop] * (
        plan.adjoint[at + start : at + stop] - mean
    )


@lazy_part(PLAN, SPAN, INDEX)
def mix_group(store, plan, span, j):
    """Make what has been pushed in this step to the softmax group of `j` errors of its
    states.
    """
    start = store.group_first[j]
    stop = store.group_stop[j]
    softmax_vjp(plan, store.activation, adjoint_at(span, PUSHED), start, stop)
    softmax_vjp(plan, store.activation, adjoint_at(span, GATED), start, stop)


@inline
def carried_back(store, plan, span, k):
    """Return the error that has been pushed to a root as it was one step earlier."""
    # [equation carry]
    pushed = plan.adjoint[plan.root_adjoint[k]]
    if k >= plan.counts.states:  # a past activation
        return pushed
    row = plan.root[k]
    carried = plan.adjoint[adjoint_at(span, CARRIED) + row]
    if store.squash[row] != SOFTMAX:
        return plan.old_derivative[k] * pushed + carried
    # [end]
    previous = adjoint_at(span, PREVIOUS)
    mean = added(
        (
            store.old_activation[i] * plan.adjoint[previous + i]
            for i in range(store.group_first[row], store.group_stop[row])
        ),
        zero_like(carried),
    )
    return store.old_activation[row] * (pushed - mean) + carried


@inline
def sweep_root(store, plan, span, k, visits, readings):
    """Write d s_r / d s_j of all visits, and d s_r / d s_q one step earlier, of the
    step at these places.
    """
    if k >= plan.counts.states:  # a past activation, which visits nothing
        plan.adjoint[plan.root_before[k]] = 1.0
    # [equation sweep]
    begin = plan.visit_start[k]
    pushed = adjoint_at(span, PUSHED)
    gated = adjoint_at(span, GATED)
    for v in range(begin, plan.visit_start[k + 1]):
        j = plan.visit[v]
        if v == begin:
            delta = one_like(plan.adjoint[0])
        else:
            if plan.visit_soft[v]:
                mix_group(store, plan, span, j)
            slope = (
                one_like(plan.adjoint[0])
                if store.squash[j] == SOFTMAX
                else store.derivative[j]
            )
            delta = slope * (plan.adjoint[pushed + j] + plan.adjoint[gated + j])
            plan.adjoint[pushed + j] = 0.0
            plan.adjoint[gated + j] = 0.0
        plan.visit_delta[visits + v] = delta
        if delta != 0.0:
            for o in range(plan.op_first[v], plan.op_first[v + 1]):
                r = plan.op_run[o]
                if r != NONE:
                    push_run(store, plan, span, r, delta, plan.op_role[o])
                else:
                    push_memory(store, plan, span, j, delta, plan.op_role[o])
    for e in range(plan.reading_first[k], plan.reading_first[k + 1]):
        plan.reading_value[readings + e] = carried_back(
            store, plan, span, plan.reading[e]
        )
    # [end]
    # more than the readings: members of a group that nothing moves are pushed to, too
    for e in range(plan.met_first[k], plan.met_first[k + 1]):
        plan.adjoint[plan.met[e]] = 0.0


@inline
def add_direct_of(store, j, step, target, to, biases, bias):
    """Add how the parameters into a neuron move its state within the step, g_ij y_i and
    1, times `step`.

    That of the weight in row c is added at `to` + c of the column `target`.
    """
    for r in range(store.run_start[j], store.run_stop[j]):
        if not store.run_flags[r] & mark.FIXED:
            update_run(store, r, step, target, to)
    self_row = store.self_row[j]
    if self_row != NONE and store.trainable[self_row]:
        gain = one_like(store.bias[j])
        gater = store.self_gater[j]
        if gater != NONE:
            gain = gater_read(store, gater, j)
        target[to + self_row] += step * gain * store.old_state[j]
    if store.trainable_bias[j]:
        biases[bias] += step


@inline
def update_run(store, r, step, target, to):
    """`add_direct_of` for the weights of a run."""
    run_kind = store.run_kind[r]
    row = store.run_first[r]
    n = store.run_length[r]
    activations, source_offset = sources_at(store, r)
    if run_kind == mark.LISTED:
        places = places_of(store, r, True)
        for c in range(row, row + n):
            target[to + c] += step * activations[source_offset + places[c]]
        return
    gains = gaters_read(store, r)
    source = source_offset + store.run_source[r]
    if run_kind == mark.DENSE or run_kind == mark.SHARED:
        if run_kind == mark.SHARED:
            step *= gains[store.run_gater[r]]
        add_scaled(target, to + row, step, activations, source, n)
    elif run_kind == mark.ZIPPED:
        gater = store.run_gater[r]
        target[to + row : to + row + n] += (
            step * gains[gater : gater + n] * activations[source : source + n]
        )
    else:
        for c in range(row, row + n):
            target[to + c] += (
                step
                * gains[store.gate[c] - 1]
                * activations[source_offset + store.source[c]]
            )


@noinline
def sweep_cost(store, plan, span, learning, rate):
    """Compute the errors of all neurons within the step, updates by what is direct, and
    the errors of the step before.
    """
    pushed = adjoint_at(span, PUSHED)
    gated = adjoint_at(span, GATED)
    for back in range(span.stop - learning):
        j = span.stop - 1 - back
        soft = store.squash[j] == SOFTMAX
        if soft and j + 1 == store.group_stop[j]:
            mix_group(store, plan, span, j)
        slope = one_like(plan.adjoint[0]) if soft else store.derivative[j]
        projected = slope * plan.adjoint[pushed + j] + store.projected[j]
        through = slope * plan.adjoint[gated + j]
        delta = projected + through
        # complete before it is sent on: neurons are visited last one first
        store.responsibility[j] = delta
        store.projected[j] = projected
        store.gated[j] = through
        if delta != 0.0:
            for r in range(store.run_start[j], store.run_stop[j]):
                flags = store.run_flags[r]
                ends = SOURCES if sends_error(flags) else 0
                if store.run_kind[r] > mark.LISTED and not flags & mark.QUIET_GATER:
                    ends |= GATERS
                push_run(store, plan, span, r, delta, ends)
            if store.flags[j] & mark.MEMORY:
                push_memory(store, plan, span, j, delta, SOURCES | GATERS)
            # others move in `move_through`, together with what came before
            if plan.direct_offset[j - span.start] == NONE:
                moved = rate * delta
                biases = store.bias_destination
                add_direct_of(store, j, moved, store.weight_destination, 0, biases, j)
    # what the activations and states of the step before are to become
    for k in range(plan.counts.roots):
        plan.old_error[k] = carried_back(store, plan, span, k)
    plan.adjoint[: plan.counts.adjoint] = 0.0
