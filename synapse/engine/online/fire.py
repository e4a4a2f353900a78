"""Compute activations of single neurons, of groups, and of random neurons."""

from ..functions import activations, compiled, single
from ..functions.compiled import (
    activate_range,
    compete,
    custom,
    fire_random,
    largest_of,
)
from ..functions.elementary import exp
from ..language import INDEX, added, by_type, inline, lazy_part, reset, zero_like
from ..lowering.flags import KEEPS, TRACED, WITH_GATES
from ..schema import NONE
from .read_order import LATEST, has_kept, keep_read, meet_sources

logistic = by_type(single.logistic, compiled.logistic)
"""The derivative is above 0 at every state, even in float32, because a derivative of 0
means that the activation was set (``loops.signal_of``).
"""


@inline
def tick(store, n):
    """Advance the clock by `n` activations, and return the time of the first one."""
    now = store.clock[0] + 1
    store.clock[0] += n
    return now


@inline
def clear_error(store, j):
    """Reset the errors of the previous step."""
    store.responsibility[j] = 0.0
    store.pushed[j] = 0.0
    store.pushed_gated[j] = 0.0
    store.pushed_traced[j] = 0.0


@inline
def begin_step(store, j, now):
    """Begin a new activation by resetting the errors and recording the order of
    activation.
    """
    store.old_activation[j] = store.activation[j]
    clear_error(store, j)
    store.stamp[j] = now


@lazy_part(INDEX)
def advance_ring(store, ring):
    """Advance a ring at the beginning of a step, after which the present activations
    count as the previous step's.
    """
    head = store.ring_head[ring] + 1
    if head == store.ring_frames[ring]:
        head = 0
    start = store.ring_start[ring]
    width = store.ring_stop[ring] - start
    frame = store.ring_first[ring] + head * width
    copy = frame + store.ring_frames[ring] * width
    for t in range(width):
        store.past[frame + t] = store.activation[start + t]
        store.past[copy + t] = store.activation[start + t]
    store.ring_head[ring] = head
    store.ring_steps[ring] += 1


@inline
def begin_lone_step(store, j):
    """Begin the activation of a single neuron. If the neuron has already activated in
    the network's present step, or all have been cleared, a new step of the network
    begins.
    """
    latest = max(store.stamp[j], store.cleared_stamp[j])
    if latest >= store.step_stamp[j] or (
        store.stamp[j] == 0 and is_network_cleared(store, j)
    ):
        if store.network[j] != 0:
            note_step(store, j, store.clock[0] + 1)
        if store.ring[j] != NONE:
            advance_ring(store, store.ring[j])


@lazy_part(INDEX, INDEX)
def note_step(store, j, begin):
    """Record the beginning of a step for all neurons in the network of j, whose
    connections keep what they have read before.
    """
    i = first_of_network(store, j)
    while i < store.ties.neurons and store.network[i] == store.network[j]:
        if not has_kept(store, i):
            keep_read(store, i, LATEST)
            store.kept_stamp[i] = store.stamp[i]
        store.step_stamp[i] = begin
        i += 1


@inline
def first_of_network(store, j):
    """Return the first neuron in the network of j."""
    while j > 0 and store.network[j - 1] == store.network[j]:
        j -= 1
    return j


@inline
def is_network_cleared(store, j):
    """Return whether all neurons in the network of j have been cleared."""
    i = first_of_network(store, j)
    n = store.ties.neurons
    while i < n and store.network[i] == store.network[j] and store.stamp[i] == 0:
        i += 1
    return i == n or store.network[i] != store.network[j]


@inline
def clamp_neuron(store, j, value, now):
    """Set the activation of an input. Because its derivative is 0, the input receives
    no error and does not learn.
    """
    if store.flags[j] & KEEPS:
        meet_sources(store, j)
    begin_step(store, j, now)
    store.activation[j] = value
    store.derivative[j] = 0.0


@lazy_part(INDEX, INDEX)
def apply_clamps(store, start, stop):
    """Set the activations of clamped neurons, and their derivatives to 0, which stops
    errors.
    """
    for j in range(start, stop):
        if store.clamped[j]:
            store.activation[j] = store.clamp[j]
            store.derivative[j] = 0.0


@lazy_part(INDEX, INDEX)
def zero_clamped_errors(store, start, stop):
    """Zero the errors of clamped outputs."""
    for j in range(start, stop):
        if store.clamped[j]:
            store.projected[j] = 0.0


@inline
def fire_group(store, j):
    """Compute the activations of all neurons of the group of j."""
    of_states = store.state, store.activation, store.derivative
    members = store.group_first[j], store.group_stop[j], 1
    compete(store, store.squash[j], *of_states, *members)


@inline
def fire(store, start, stop):
    """activation y_j = f_j(s_j) of consecutive neurons with the same squash."""
    code = store.squash[start]
    now = tick(store, stop - start)
    for j in range(start, stop):
        begin_step(store, j, now + (j - start))
    # [equation state: activation]
    if code == activations.LOGISTIC:
        for j in range(start, stop):
            store.activation[j], store.derivative[j] = logistic(store.state[j])
    # [end]
    elif code in activations.GROUPED:
        j = start
        while j < stop:
            fire_group(store, j)
            j = store.group_stop[j]
    elif code in activations.RANDOM:
        fire_random(
            store,
            code,
            start,
            stop,
            1,
            store.state,
            start,
            store.activation,
            store.derivative,
            start,
        )
    elif code < activations.FIRST_CUSTOM:
        activate_range(
            code,
            store,
            store.state,
            start,
            store.activation,
            store.derivative,
            start,
            stop - start,
        )
    else:
        fire_registered(store, start, stop)
    if store.ties.clamped != 0:
        apply_clamps(store, start, stop)


@lazy_part(INDEX)
def fire_member(store, j):
    """Activate one neuron of a group by itself. Until the other neurons activate too,
    they keep their activations of the previous step, because late connections read
    these.
    """
    code = store.squash[j]
    start = store.group_first[j]
    stop = store.group_stop[j]
    begin_step(store, j, tick(store, 1))
    waiting = added(store.stamp[k] < store.step_stamp[j] for k in range(start, stop))
    if waiting == 0:
        fire_group(store, j)
        return
    best = start
    for k in range(start, stop):
        if store.state[k] > store.state[best]:
            best = k
    total = added(
        (exp(store.state[k] - store.state[best]) for k in range(start, stop)),
        zero_like(store.state[best]),
    )
    for k in range(start, stop):
        if store.stamp[k] >= store.step_stamp[j]:
            if code == activations.SOFTMAX:
                value = exp(store.state[k] - store.state[best]) / total
                store.activation[k] = value
                store.derivative[k] = value * (1.0 - value)
            elif k == best:
                store.activation[k], store.derivative[k] = largest_of(
                    code, store.state[k]
                )
            else:
                store.activation[k] = 0.0
                store.derivative[k] = 0.0


@lazy_part(INDEX, INDEX)
def fire_registered(store, start, stop):
    """Activate by a registered function."""
    for j in range(start, stop):
        store.activation[j], store.derivative[j] = custom(
            store, store.failed, store.squash[j], store.state[j]
        )


@inline
def clear_neuron(store, j):
    """Clear the state, activation, errors and traces of a neuron."""
    if store.stamp[j] != 0 and store.step_stamp[j] != 0:
        store.cleared_stamp[j] = store.stamp[j]
    reset(store, j)
    if store.flags[j] & WITH_GATES:
        clear_traces(store, j)
    if store.longest_delay[j] != 0:
        clear_past(store, j)


@lazy_part(INDEX)
def clear_past(store, j):
    """Clear the past activations of a neuron."""
    ring = store.ring[j]
    width = store.ring_stop[ring] - store.ring_start[ring]
    first = store.ring_first[ring] + j - store.ring_start[ring]
    for frame in range(2 * store.ring_frames[ring]):
        store.past[first + frame * width] = 0.0


@lazy_part(INDEX)
def clear_traces(store, j):
    """Clear the traces of a neuron."""
    n = store.learning[j]
    if store.flags[j] & TRACED:
        store.eligibility[store.first_trace[j] : store.first_trace[j] + n] = 0.0
    for p in range(store.influence_start[j], store.influence_stop[j]):
        store.influence[p] = 0.0
        if store.influence_trace[p] != NONE:
            store.extended[
                store.influence_trace[p] : store.influence_trace[p]
                + store.learning[store.influence_gater[p]]
                + 1
            ] = 0.0
    for q in range(store.pull_start[j], store.pull_stop[j]):
        trace = store.influence_trace[store.pull[q]]
        store.extended[trace : trace + n + 1] = 0.0


@inline
def clear_all_traces(store, span):
    """Clear the traces of a network."""
    for j in range(span.start, span.stop):
        if store.flags[j] & WITH_GATES:
            store.bias_eligibility[j] = 0.0
            clear_traces(store, j)
