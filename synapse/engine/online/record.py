"""Kernels of recordings, see ``synapse.record``."""

from __future__ import annotations

import math

import numpy as np

from .. import schema
from ..compiler.jit import inline
from ..compiler.rare import INDEX, rare
from ..lowering.flags import TRACED
from ..schema import NONE, WATCHABLE
from .reads import eligibility_of, extended_of, gain_of, influence_of
from .weigh import weight_of

UPDATED = len(schema.ACTIVATED_NUMBERS)
PARTS = UPDATED + len(schema.UPDATED_NUMBERS)
CONNECTIONS = len(schema.NEURON_NUMBERS)
PAIRS = CONNECTIONS + len(schema.CONNECTION_NUMBERS)
WEIGHT = WATCHABLE.index("weight")
SENSITIVITIES = WATCHABLE.index(schema.SENSITIVITY)


@inline
def bias_eligibility(m, j, r):
    """The trace of a bias; 1 in a neuron without traces that has activated."""
    return np.float64(
        m.bias_eligibility[j] if m.watched_flags[j] & TRACED else m.stamp[j] != 0
    )


@inline
def weight(m, c, r):
    """A weight, with its pending update."""
    return np.float64(weight_of(m, c, r))


@inline
def gain(m, c, r):
    """The present gain of a connection."""
    return gain_of(m, c)


@inline
def eligibility(m, c, r):
    """The eligibility of a connection, stored or computed."""
    return eligibility_of(m, m.watched_flags, c)


COMPUTED = {
    part.__name__: part for part in (bias_eligibility, weight, gain, eligibility)
}
"""Numbers that are not read from the column of their name; `r` is the run of a
connection."""


def _number_of(names):
    """Make the function ``number(m, what, row, r)``, which returns the number at the
    index ``what`` of ``schema.WATCHABLE``.
    """
    lines = ["def number(m, what, row, r):"]
    for name in names:
        value = f"{name}(m, row, r)" if name in COMPUTED else f"float64(m.{name}[row])"
        lines.append(f"    if what == {WATCHABLE.index(name)}: return {value}")
    scope = {**COMPUTED, "float64": np.float64, "nan": math.nan}
    exec(compile("\n".join([*lines, "    return nan"]), __file__, "exec"), scope)
    return inline(scope["number"])


neuron_number = _number_of(schema.NEURON_NUMBERS)
connection_number = _number_of(schema.CONNECTION_NUMBERS)


@inline
def extended_trace(m, pair):
    """The extended trace of a pair: stored or, if the gated neuron is not
    self-connected, computed.
    """
    trace = m.watched_pair[pair + schema.PAIR_TRACE]
    if trace != NONE:
        return np.float64(m.extended[trace])
    c = m.watched_pair[pair + schema.PAIR_ROW]
    k = m.watched_pair[pair + schema.PAIR_GATED]
    start = m.watched_pair[pair + schema.PAIR_FIRST]
    stop = m.watched_pair[pair + schema.PAIR_STOP]
    return extended_of(
        m, m.watched_flags, c, influence_of(m, m.watched_gate, start, stop, k)
    )


@inline
def note_neurons(m, quantity, at, begin, activated, only):
    """The number `quantity` of the recorded neurons. See `note`."""
    for i in range(m.log_place.neurons):
        j = m.watched[i]
        if j == NONE:
            if activated:
                m.log[at + i] = math.nan
        elif quantity < PARTS:
            m.log[at + i] = neuron_number(m, quantity, j, NONE)
        elif begin:
            m.log[at + i] = 0.0
        elif not activated and (only == NONE or only == j):
            m.log[at + i] = neuron_number(m, quantity, j, NONE)


@inline
def note_connections(m, quantity, at, activated):
    """The number `quantity` of the recorded connections."""
    for i in range(m.log_place.connections):
        c = m.watched_connection[i]
        if c != NONE:
            m.log[at + i] = connection_number(m, quantity, c, m.watched_run[i])
        elif activated:
            m.log[at + i] = math.nan


@inline
def note_pairs(m, at, activated):
    """The extended traces of the recorded pairs."""
    for i in range(m.log_place.pairs):
        if m.watched_pair[i * schema.PAIR_FIELDS + schema.PAIR_ROW] != NONE:
            m.log[at + i] = extended_trace(m, i * schema.PAIR_FIELDS)
        elif activated:
            m.log[at + i] = math.nan


@inline
def watches(m, span):
    """Whether a recording of this network is open."""
    return m.log_place.width != 0 and m.log_place.network == span.start


@rare(INDEX, INDEX, INDEX)
def note(m, begin, activated, only):
    """Record the watched numbers in the latest row, or in a new one with `begin`.

    With `activated`, all numbers are written. Otherwise neurons have propagated: only
    the numbers that a propagation changes are written, into an open row, and values of
    removed owners do not change. The parts of an error are those of a propagation
    within the step: of the neuron in row `only`, or of all (NONE).
    """
    if begin:
        m.log_place.steps += 1
        m.log_place.open = 1
    elif m.log_place.open == 0:
        return
    at = (m.log_place.steps - 1) * m.log_place.width
    for w in range(m.log_place.numbers):
        quantity = m.watched_what[w]
        if quantity < CONNECTIONS:
            if activated or quantity >= UPDATED:
                note_neurons(m, quantity, at, begin, activated, only)
            at += m.log_place.neurons
        elif quantity < PAIRS:
            if activated or quantity == WEIGHT:
                note_connections(m, quantity, at, activated)
            at += m.log_place.connections
        elif quantity < SENSITIVITIES:
            note_pairs(m, at, activated)
            at += m.log_place.pairs
        elif activated:
            for i in range(m.log_place.sensitivities):
                m.log[at + i] = math.nan  # see ``rtrl/loops.py``
