"""Values used by the last propagation, from which the updates of weights follow.

They are valid until a neuron activates, a value is set, or the structure changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from .._typing import Floats
from ..engine.delayed import (
    Attributes,
    activation_read,
    activations_read,
    extended_of,
    gain_read,
    is_delayed_by_stamp,
)
from ..engine.lowering.flags import GATES, MEMORY
from ..engine.schema import NONE
from ..engine.store import Store
from .connection import Connection, connection_at
from .neuron import Neuron


def read_along(connection: Connection) -> tuple[float, float]:
    """Return the activation y_i and the gain g_ij that the target used when it last activated.

    For a self-connection, the first value is the old state.
    """
    source, target = connection.source, connection.target
    m = Attributes(connection._store)
    read = target.old_state if source is target else float(activation_read(m, source._row, target._row))
    return read, float(gain_read(m, connection._at))


def later_traces(connection: Connection) -> Iterator[tuple[Neuron, float]]:
    """Iterate over the neurons k that the target j gates and that activated after it, with traces x_ij^k.

    The trace is stored for neurons with a self-connection. For others it is f'_j e_ij I_jk, where I_jk
    is computed with the weights before their update.
    """
    store, target = connection._store, connection.target
    store.ready()
    j, m = target._row, Attributes(store)
    for neuron, extended in connection.extended.items():
        k = neuron._row
        if is_delayed_by_stamp(m, j, k):
            continue
        if not m.flags[k] & MEMORY:
            extended = float(extended_of(m, m.flags, connection._at, _influence(store, j, k)))
        yield neuron, extended


def rounding_of(neuron: Neuron) -> float:
    """Return the relative difference up to which two sums of the same numbers count as equal."""
    return math.sqrt(np.finfo(neuron._store.dtype).eps)


def factored_error(neuron: Neuron) -> float:
    """Return the part of G_j that comes from neurons without a self-connection, by the weights used then."""
    store = neuron._store
    store.ready()
    return float(_factored(store)[neuron._row])


def _influence(store: Store, gater: int, gated: int) -> float:
    """Compute I_jk of a neuron without a self-connection, with the weights it activated with."""
    rows = np.flatnonzero((store["gater"] == gater) & (store["target"] == gated))
    views = [connection_at(store, int(identity)) for identity in store["identity"][rows]]
    weights = np.array([view.weight - _moved(store, view) for view in views])
    return float(weights @ activations_read(Attributes(store), store["source"][rows], gated))


def _moved(store: Store, connection: Connection) -> float:
    """Compute the last update of a weight into a neuron without a self-connection.

    The column `step` is rate (P_j + the part of G_j that factors); its product with the eligibility is one
    part of the update. The other part comes from gated neurons with stored traces.
    """
    if not connection.trainable:
        return 0.0
    row = connection.target._row
    through = _through_traces(store, connection)
    rate = _rate(store, row) if through else 0.0
    return float(store["step"][row]) * connection.eligibility + rate * through


def _through_traces(store: Store, connection: Connection) -> float:
    """Compute sum_k delta_k x_ij^k over the self-connected neurons k that the target gates."""
    flags, total = store.columns["flags"], 0.0
    if not flags[connection.target._row] & GATES:
        return total
    for neuron, extended in connection.extended.items():
        if flags[neuron._row] & MEMORY:
            total += neuron.error.responsibility * extended
    return total


def _rate(store: Store, row: int) -> float:
    """Compute the rate of the last propagation: step over error of a neuron, or of another if it is 0."""
    error = store["projected"] + _factored(store)
    mine = store["network"] == store["network"][row]
    size = np.where(mine, np.abs(error), -1.0)
    other = row if size[row] > 1e-9 * size.max() else int(size.argmax())
    return float(store["step"][other] / error[other]) if error[other] else 0.0


def _factored(store: Store) -> Floats:
    """Return, for every neuron, the part of G_j that comes from neurons without a self-connection."""
    columns = store.columns
    gater, gated = columns["influence_gater"], columns["influence_gated"]
    pulled = (columns["influence_trace"] != NONE) & ~is_delayed_by_stamp(Attributes(store), gater, gated)
    pushed = store["responsibility"][gated] * columns["influence"] * pulled
    through = np.bincount(gater, pushed, minlength=store.n_neurons)
    return np.asarray(store["gated"] - store["derivative"] * through)
