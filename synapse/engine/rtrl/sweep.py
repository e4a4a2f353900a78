"""Sweep back through one step, from a root or from the cost.

The numbers that have been pushed back are in ``adjoint``, see ``layout.py``.
"""

from ..functions.activations import SOFTMAX
from ..language import (
    INDEX,
    PLAN,
    SCALAR,
    SPAN,
    added,
    in_order,
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
    gaters_read,
    places_of,
    self_gater_read,
    sends_error,
    sources_at,
)
from ..schema import NONE
from ..terms import (
    dense_terms,
    each_term,
    gated_terms,
    listed_terms,
    move,
    own_term,
    push_gater,
    push_source,
)
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
    lag, to be added to the row of a source. They belong to this step, the previous one,
    or an earlier one.
    """
    if not store.run_flags[r] & mark.DELAYED:
        return adjoint_at(span, PUSHED)
    if lag > 1:
        return plan.counts.past + (lag - 2) * plan.counts.past_width
    return adjoint_at(span, PREVIOUS)


@in_order
def push_sources(store, plan, span, r, delta, walk):
    """Send an error along a run to its sources."""
    to = adjoint_of_sources(store, plan, span, r, store.run_lag[r])
    of = delta, store, plan.adjoint, gaters_read(store, r)
    walk(store, r, store.source, to, 0, push_source, *of)


@inline
def push_earlier(c, i, g, delta, store, plan, span, r):
    """Call `push_source` for a connection of a list with its own lag."""
    to = adjoint_of_sources(store, plan, span, r, store.delay[c])
    push_source(c, to + i, g, delta, store, plan.adjoint, None)


@inline
def push_run(store, plan, span, r, delta, ends):
    """Send an error along a run of connections, to its sources, its gaters or both."""
    if store.run_kind[r] > mark.LISTED:
        push_gated(store, plan, span, r, delta, ends)
    elif ends & SOURCES and store.run_kind[r] == mark.LISTED:
        of = delta, store, plan, span, r
        listed_terms(store, r, store.source, 0, 0, push_earlier, *of)
    elif ends & SOURCES:
        push_sources(store, plan, span, r, delta, dense_terms)


@lazy_part(PLAN, SPAN, INDEX, SCALAR, INDEX)
def push_gated(store, plan, span, r, delta, ends):
    """Do the same as `push_run` for a run with gaters."""
    if ends & SOURCES:
        push_sources(store, plan, span, r, delta, gated_terms)
    if ends & GATERS:
        by = adjoint_at(span, at_gaters_step(store.run_flags[r], GATED, PREVIOUS))
        j = store.target[store.run_first[r]]
        activations, at = sources_at(store, j, r, True)
        of = delta, store, plan.adjoint, activations
        gated_terms(store, r, places_of(store, r, True), at, by, push_gater, *of)


@lazy_part(PLAN, SPAN, INDEX, SCALAR, INDEX)
def push_memory(store, plan, span, j, delta, ends):
    """Send an error along a self-connection, to the previous state and to its gater."""
    of = delta, store, plan.adjoint
    if ends & SOURCES:
        to = adjoint_at(span, CARRIED)
        own_term(store, j, to, 0, push_source, *of, self_gater_read(store, j))
    if ends & GATERS:
        by = adjoint_at(span, at_self_gater_step(store, j, GATED, PREVIOUS))
        own_term(store, j, 0, by, push_gater, *of, store.old_state)


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
    """Convert the errors that were pushed to the activations of j's softmax group in
    this step to errors of its states.
    """
    start = store.group_first[j]
    stop = store.group_stop[j]
    softmax_vjp(plan, store.activation, adjoint_at(span, PUSHED), start, stop)
    softmax_vjp(plan, store.activation, adjoint_at(span, GATED), start, stop)


@inline
def carried_back(store, plan, span, k):
    """Return the error that has been pushed to a root's value one step earlier."""
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
    """Write d s_r / d s_j of all visits, and d s_r / d s_q one step earlier, to the
    places of this step.
    """
    if k >= plan.counts.states:  # a past activation, which does not visit neurons
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
    # more than the readings, because errors are also pushed to members of a group
    # without sensitivities
    for e in range(plan.met_first[k], plan.met_first[k + 1]):
        plan.adjoint[plan.met[e]] = 0.0


@in_order
def add_direct_of(store, j, step, target, to, biases, bias):
    """Add `step` times the direct effects of the parameters into a neuron on its state,
    which are g_ij y_i and 1 for the bias.

    The effect of the weight in row c is added at `to` + c of the column `target`.
    """
    of = move, step, target, to
    for r in range(store.run_start[j], store.run_stop[j]):
        if not store.run_flags[r] & mark.FIXED:
            activations, at = sources_at(store, j, r, True)
            run = store, r, places_of(store, r, True), at, 0
            each_term(*run, *of, activations, gaters_read(store, r))
    self_row = store.self_row[j]
    if self_row != NONE and store.trainable[self_row]:
        own_term(store, j, 0, 0, *of, store.old_state, self_gater_read(store, j))
    if store.trainable_bias[j]:
        biases[bias] += step


@noinline
def sweep_cost(store, plan, span, learning, rate):
    """Compute the errors of all neurons within the step, the updates by direct effects,
    and the errors of the previous step.
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
        # complete before it is sent on, because the last neurons are visited first
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
            # other parameters change in `move_through`, together with their earlier
            # effects
            if plan.direct_offset[j - span.start] == NONE:
                moved = rate * delta
                biases = store.bias_destination
                add_direct_of(store, j, moved, store.weight_destination, 0, biases, j)
    # the errors of the previous step's activations and states
    for k in range(plan.counts.roots):
        plan.old_error[k] = carried_back(store, plan, span, k)
    plan.adjoint[: plan.counts.adjoint] = 0.0
