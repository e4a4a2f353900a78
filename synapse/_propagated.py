"""What the last propagation has left: the numbers that it used, from which the moves of weights follow.

They are those of that step until something activates, is set or is linked anew.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ._typing import Floats
from .connection import Connection, connection_at
from .engine.lowering.flags import GATES, MEMORY
from .engine.schema import NONE
from .engine.store import Store
from .neuron import Neuron


def seen_along(connection: Connection) -> tuple[float, float]:
    """The activation and the gain that the target saw when it last fired: y_i and g_ij.

    Along a self-connection the former is the old state.
    """
    source, target = connection.source, connection.target
    activation = target.old_state if source is target else connection._seen(source._row, target._row)
    return activation, connection._seen_gain()


def later_traces(connection: Connection) -> Iterator[tuple[Neuron, float]]:
    """The neurons k that the target j gates and that fired after it, each with the extended trace x_ij^k.

    A trace is kept for those with a self-connection. That of any other is f'_j e_ij I_jk, and I_jk
    is computed with the weights as they were before they moved.
    """
    store, target = connection._store, connection.target
    store.ready()
    j = target._row
    for neuron, extended in connection.extended.items():
        k = neuron._row
        if store["stamp"][k] <= store["stamp"][j]:
            continue
        if not store.columns["flags"][k] & MEMORY:
            extended = target.derivative * connection.eligibility * _influence(store, j, k)
        yield neuron, extended


def rounding_of(neuron: Neuron) -> float:
    """By which part of their size sums of the same numbers may differ."""
    return math.sqrt(np.finfo(neuron._store.dtype).eps)


def factored_error(neuron: Neuron) -> float:
    """The part of G_j that is owed to neurons without a self-connection, by the weights of then."""
    store = neuron._store
    store.ready()
    return float(_factored(store)[neuron._row])


def _influence(store: Store, gater: int, gated: int) -> float:
    """I_jk of a neuron without a self-connection, with the weights that it fired with."""
    rows = np.flatnonzero((store["gater"] == gater) & (store["target"] == gated))
    views = [connection_at(store, int(identity)) for identity in store["identity"][rows]]
    terms = [(view.weight - _moved(store, view)) * view._seen(view.source._row, gated) for view in views]
    return float(sum(terms))


def _moved(store: Store, connection: Connection) -> float:
    """How far the last propagation moved a weight into a neuron without a self-connection.

    The column `step` is rate (P_j + the part of G_j that factors), by which weights move along
    their eligibility; to it comes what the neuron owes to gated neurons that keep traces.
    """
    if not connection.trainable:
        return 0.0
    row = connection.target._row
    through = _through_traces(store, connection)
    rate = _rate(store, row) if through else 0.0
    return float(store["step"][row]) * connection.eligibility + rate * through


def _through_traces(store: Store, connection: Connection) -> float:
    """sum_k delta_k x_ij^k over the self-connected neurons that the target gates."""
    flags, total = store.columns["flags"], 0.0
    if not flags[connection.target._row] & GATES:
        return total
    for neuron, extended in connection.extended.items():
        if flags[neuron._row] & MEMORY:
            total += neuron.error.responsibility * extended
    return total


def _rate(store: Store, row: int) -> float:
    """The rate at which a neuron propagated last: its step by its error, or a neighbour's where that is 0."""
    error = store["projected"] + _factored(store)
    mine = store["network"] == store["network"][row]
    size = np.where(mine, np.abs(error), -1.0)
    other = row if size[row] > 1e-9 * size.max() else int(size.argmax())
    return float(store["step"][other] / error[other]) if error[other] else 0.0


def _factored(store: Store) -> Floats:
    """Of every neuron, the part of G_j that is owed to neurons without a self-connection."""
    columns, stamp = store.columns, store["stamp"]
    gater, gated = columns["influence_gater"], columns["influence_gated"]
    pulled = (columns["influence_trace"] != NONE) & (stamp[gater] < stamp[gated])
    pushed = store["responsibility"][gated] * columns["influence"] * pulled
    through = np.bincount(gater, pushed, minlength=store.n_neurons)
    return np.asarray(store["gated"] - store["derivative"] * through)
