"""Kernels of activations: of single neurons, of groups, and of random neurons."""

from __future__ import annotations

from ..compiler.jit import by_type, inline, reset
from ..compiler.rare import INDEX, rare
from ..functions import activations, compiled, single
from ..functions.compiled import chance, compete, custom, squash_stretch
from ..lowering.flags import TRACED, WITH_GATES
from ..schema import NONE

logistic = by_type(single.logistic, compiled.logistic)
"""Its slope is above 0 at every state, in float32 too: a slope of 0 means that the
activation was set (``loops.signal_of``)."""


@inline
def tick(m, n):
    """Advance the clock by `n` activations; returns the time of the first."""
    now = m.clock[0] + 1
    m.clock[0] += n
    return now


@inline
def forget_error(m, j):
    """Reset the errors of the previous step."""
    m.responsibility[j] = 0.0
    m.pushed[j] = 0.0
    m.pushed_gated[j] = 0.0
    m.pushed_traced[j] = 0.0


@inline
def begin_step(m, j, now):
    """Bookkeeping of every new activation: reset errors, and record the order of
    activation.
    """
    m.old_activation[j] = m.activation[j]
    forget_error(m, j)
    m.stamp[j] = now


@inline
def clamp_neuron(m, j, value, now):
    """Set the activation of an input. Its derivative is 0, so it gets no error and does
    not learn.
    """
    begin_step(m, j, now)
    m.activation[j] = value
    m.derivative[j] = 0.0


@rare(INDEX, INDEX)
def hold_clamped(m, start, last):
    """Set the activations of clamped neurons; derivatives of 0 let no error through."""
    for j in range(start, last):
        if m.clamped[j]:
            m.activation[j] = m.clamp[j]
            m.derivative[j] = 0.0


@rare(INDEX, INDEX)
def silence_clamped(m, start, last):
    """Clamped outputs have no error."""
    for j in range(start, last):
        if m.clamped[j]:
            m.projected[j] = 0.0


@inline
def fire(m, p, start, last):
    """activation y_j = f_j(s_j) of consecutive neurons with one squash; no `p` is
    needed.
    """
    code = m.squash[start]
    now = tick(m, last - start)
    for j in range(start, last):
        begin_step(m, j, now + (j - start))
    # [equation state: activation]
    if code == activations.LOGISTIC:
        for j in range(start, last):
            m.activation[j], m.derivative[j] = logistic(m.state[j])
    # [end]
    elif activations.FIRST_GROUPED <= code <= activations.LAST_GROUPED:
        j = start
        while j < last:
            stop = m.group_stop[j]
            compete(
                m, code, m.state, m.activation, m.derivative, m.group_first[j], stop, 1
            )
            j = stop
    elif activations.FIRST_RANDOM <= code <= activations.LAST_RANDOM:
        chance(
            m, code, start, last, 1, m.state, start, m.activation, m.derivative, start
        )
    elif code < activations.FIRST_CUSTOM:
        squash_stretch(
            code, m, m.state, start, m.activation, m.derivative, start, last - start
        )
    else:
        fire_registered(m, start, last)
    if m.ties.clamped != 0:
        hold_clamped(m, start, last)


@rare(INDEX, INDEX)
def fire_registered(m, start, last):
    """Activate by a registered function."""
    for j in range(start, last):
        m.activation[j], m.derivative[j] = custom(m, m.failed, m.squash[j], m.state[j])


@inline
def clear_neuron(m, j):
    """Clear the context: state, activation, errors, traces."""
    reset(m, j)
    if m.flags[j] & WITH_GATES:
        clear_traces(m, j)


@rare(INDEX)
def clear_traces(m, j):
    """Clear the traces of a neuron."""
    n = m.learning[j]
    if m.flags[j] & TRACED:
        for t in range(n):
            m.eligibility[m.first_trace[j] + t] = 0.0
    for p in range(m.first_influence[j], m.last_influence[j]):
        m.influence[p] = 0.0
        if m.influence_trace[p] != NONE:
            for t in range(m.learning[m.influence_gater[p]] + 1):
                m.extended[m.influence_trace[p] + t] = 0.0
    for q in range(m.first_pull[j], m.last_pull[j]):
        trace = m.influence_trace[m.pull[q]]
        for t in range(n + 1):
            m.extended[trace + t] = 0.0


@inline
def clear_all_traces(m, span):
    """Clear the traces of a network."""
    for j in range(span.start, span.stop):
        if m.flags[j] & WITH_GATES:
            m.bias_eligibility[j] = 0.0
            clear_traces(m, j)
