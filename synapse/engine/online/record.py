"""Kernels of recordings, see ``synapse.record``."""

import math

import numpy as np

from .. import schema
from ..language import INDEX, inline, lazy_part
from ..language.source import define
from ..lowering.flags import TRACED
from ..schema import NONE, WATCHABLE
from .read_order import eligibility_of, extended_of, gain_of, influence_of
from .states import weight_of

UPDATED = len(schema.ACTIVATED_NUMBERS)
PARTS = UPDATED + len(schema.UPDATED_NUMBERS)
CONNECTIONS = len(schema.NEURON_NUMBERS)
PAIRS = CONNECTIONS + len(schema.CONNECTION_NUMBERS)
WEIGHT = WATCHABLE.index("weight")
SENSITIVITIES = WATCHABLE.index(schema.SENSITIVITY)


@inline
def bias_eligibility(store, j, r):
    """Return the trace of a bias; 1 in a neuron without traces that has activated."""
    return np.float64(
        store.bias_eligibility[j]
        if store.watched_flags[j] & TRACED
        else store.stamp[j] != 0
    )


@inline
def weight(store, c, r):
    """Return a weight, with its pending update, or that of a quiet connection."""
    j = store.target[c]
    offset = c - store.first_incoming[j]
    if store.quiet_step[j] != 0.0 and offset < store.learning[j]:
        trace = store.eligibility[store.first_trace[j] + offset]
        return np.float64(store.weight[c] + store.quiet_step[j] * trace)
    return np.float64(weight_of(store, c, r))


@inline
def gain(store, c, r):
    """Return the present gain of a connection."""
    return gain_of(store, c)


@inline
def eligibility(store, c, r):
    """Return the eligibility of a connection, stored or computed."""
    j = store.target[c]
    decay = store.quiet_decay[j]
    learns = c - store.first_incoming[j] < store.learning[j]
    return eligibility_of(store, store.watched_flags, c) * (decay if learns else 1.0)


COMPUTED = {
    part.__name__: part for part in (bias_eligibility, weight, gain, eligibility)
}
"""Numbers that are not read from the column of their name; `r` is the run of a
connection."""


def _number_of(names):
    """Make the function ``number(store, variable, row, r)``, which returns the number
    at the index ``variable`` of ``schema.WATCHABLE``.
    """
    lines = ["def number(store, what, row, r):"]
    for name in names:
        value = (
            f"{name}(store, row, r)"
            if name in COMPUTED
            else f"float64(store.{name}[row])"
        )
        lines.append(f"    if what == {WATCHABLE.index(name)}: return {value}")
    scope = {**COMPUTED, "float64": np.float64, "nan": math.nan}
    return inline(define("number", "\n".join([*lines, "    return nan"]), scope))


neuron_number = _number_of(schema.NEURON_NUMBERS)
connection_number = _number_of(schema.CONNECTION_NUMBERS)


@inline
def extended_trace(store, pair):
    """Return the extended trace of a pair: stored or, if the gated neuron is not
    self-connected, computed.
    """
    trace = store.watched_pair[pair + schema.PAIR_TRACE]
    if trace != NONE:
        return np.float64(store.extended[trace])
    c = store.watched_pair[pair + schema.PAIR_ROW]
    start = store.watched_pair[pair + schema.PAIR_START]
    stop = store.watched_pair[pair + schema.PAIR_STOP]
    return extended_of(
        store,
        store.watched_flags,
        c,
        influence_of(store, store.watched_gate, start, stop),
    )


@inline
def record_neurons(store, variable, at, begin, activated, neuron):
    """Record the number `variable` of the recorded neurons. See `record_row`."""
    for i in range(store.log_layout.neurons):
        j = store.watched[i]
        if j == NONE:
            if activated:
                store.log[at + i] = math.nan
        elif variable < PARTS:
            store.log[at + i] = neuron_number(store, variable, j, NONE)
        elif begin:
            store.log[at + i] = 0.0
        elif not activated and (neuron == NONE or neuron == j):
            store.log[at + i] = neuron_number(store, variable, j, NONE)


@inline
def record_connections(store, variable, at, activated):
    """Record the number `variable` of the recorded connections."""
    for i in range(store.log_layout.connections):
        c = store.watched_connection[i]
        if c != NONE:
            store.log[at + i] = connection_number(
                store, variable, c, store.watched_run[i]
            )
        elif activated:
            store.log[at + i] = math.nan


@inline
def record_pairs(store, at, activated):
    """Record the extended traces of the recorded pairs."""
    for i in range(store.log_layout.pairs):
        if store.watched_pair[i * schema.PAIR_FIELDS + schema.PAIR_ROW] != NONE:
            store.log[at + i] = extended_trace(store, i * schema.PAIR_FIELDS)
        elif activated:
            store.log[at + i] = math.nan


@inline
def is_recorded(store, span):
    """Return whether a recording of this network is open."""
    return store.log_layout.width != 0 and store.log_layout.network == span.start


@lazy_part(INDEX, INDEX, INDEX)
def record_row(store, begin, activated, neuron):
    """Record the watched numbers in the latest row, or in a new one with `begin`.

    With `activated`, all numbers are written. Otherwise neurons have propagated: only
    the numbers that a propagation changes are written, into an open row, and values of
    removed owners do not change. The parts of an error are those of a propagation
    within the step: of the neuron in row `neuron`, or of all (NONE).
    """
    if begin:
        store.log_layout.steps += 1
        store.log_layout.open = 1
    elif store.log_layout.open == 0:
        return
    at = (store.log_layout.steps - 1) * store.log_layout.width
    trace = 0
    for w in range(store.log_layout.numbers):
        variable = store.watched_what[w]
        if variable < CONNECTIONS:
            if activated or variable >= UPDATED:
                record_neurons(store, variable, at, begin, activated, neuron)
            at += store.log_layout.neurons
        elif variable < PAIRS:
            if activated or variable >= WEIGHT:
                record_connections(store, variable, at, activated)
            at += store.log_layout.connections
        elif variable < SENSITIVITIES:
            record_pairs(store, at, activated)
            at += store.log_layout.pairs
        elif variable > SENSITIVITIES:
            store.log[at : at + store.log_layout.connections] = store.watched_trace[
                trace : trace + store.log_layout.connections
            ]
            at += store.log_layout.connections
            trace += store.log_layout.connections
        elif activated:
            store.log[at : at + store.log_layout.sensitivities] = math.nan
